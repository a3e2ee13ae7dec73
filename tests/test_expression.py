"""Expressions are read against a list of what is allowed; everything else is an error with a caret and a remedy."""

import math

import pytest

from engine.cli.expression import ExpressionError, build, numbers

GIVEN = {"a": -2.0, "b": 3.0}


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("a*b", -6.0),
        ("a + b", 1.0),
        ("-a", 2.0),
        ("+a", -2.0),
        ("a - b", -5.0),
        ("a / b", -2 / 3),
        ("b ** 3", 27.0),
        ("b ** a", 1 / 9),
        ("b // 2", 1.0),
        ("b % 2", 1.0),
        ("tanh(a)", math.tanh(-2)),
        ("abs(a)", 2.0),
        ("max(a, b)", 3.0),
        ("where(a > b, a, log(b))", math.log(3)),
        ("total([a, b, 4])", 5.0),
        ("pi*b", math.pi * 3),
        ("d = a*b; e = a + b; d*e", -6.0),
        ("clamp(a, low=-1, high=1)", -1.0),
        ("weighted_sum([a], [b], 1)", -5.0),
        ("mean([a, b])", 0.5),
        ("leaky_relu(a, 0.5)", -1.0),
        ("(a) <= b", 1.0),
        ("2*3*a", -12.0),
    ],
)
def test_value(text, data):
    used = {
        name: x
        for name, x in GIVEN.items()
        if name
        in text.replace("tanh", "")
        .replace("abs", "")
        .replace("max", "")
        .replace("total", "")
        .replace("clamp", "")
        .replace("leaky_relu", "")
    }
    assert build(text, used).data == pytest.approx(data, rel=1e-15)


def test_names_become_labels_and_gradients_flow():
    root = build("d = a*b; e = a + b; d*e", GIVEN)
    root.backward()
    d, e = root.parents
    a, b = d.parents
    assert [v.label for v in (a, b, d, e)] == ["a", "b", "d", "e"]
    assert (a.grad, b.grad) == (-3.0, -8.0)  # 2ab + b² and a² + 2ab
    assert root.created_at is None


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ("a*bb + b", 2, "did you mean b?"),
        ("a*zz", 2, "as in zz=2.0"),
        ("tahn(a)", 0, "did you mean tan?"),
        ("a + tanh", 4, "tanh is a function"),
        ("tanh(a, b)", 0, "takes 1 operand, not 2"),
        ("a()", 0, "is a value"),
        ("2a", 0, "write * for a product"),
        ("a*(b", 2, "never closed"),
        ("a b)", 3, "unmatched"),
        ("", 0, "empty"),
        ("a^b", 0, "write **"),
        ("a.data", 0, "attributes are not read"),
        ("a.tanh()", 0, "tanh(x)"),
        ("[x for x in a]", 0, "a comprehension"),
        ("'x'*a", 0, "a text in quotes"),
        ("f'{a}'", 0, "quotes"),
        ("a if b > 0 else 2", 0, "where("),
        ("a < b < 1", 0, "one comparison"),
        ("a == b", 0, "compare with <"),
        ("lambda: a", 0, "a function can't be made"),
        ("import os", 0, "a statement"),
        ("a; b", 0, "without a name"),
        ("a = 3; a*b", 0, "has a value already"),
        ("a[0]", 0, "is not read"),
        ("a, b", 0, "one expression"),
        ("__import__('os').system('ls')", 0, "not read"),
        ("eval(a)", 0, "no function eval"),
        ("print(a)", 0, "no function"),
        ("1e999*a", 0, "beyond the largest float"),
        ("9" * 400 + "*a", 0, "beyond the largest float"),
        ("9" * 5000 + "*a", 0, "beyond the largest float"),
        ("1j*a", 0, "not a number"),
        ("True*a", 0, "not a number"),
        ("clamp(a, b, 1)", 0, "plain numbers"),
        ("sum([])*a*b", 0, ""),
        ("clamp(*a)", 6, "name each one"),
        ("漢 * a", 0, "漢 has no value"),
        ("a + \x07", 4, ""),
        ("a\x00b", 0, ""),
        ("\ud800", 0, "no expression has"),
        ("2 + 3", 0, "not used"),
        ("a", 0, "b is given a value but not used"),
        ("max(a, b) and 1", 0, "and, or"),
        ("a *", 3, "an operand is missing"),
        ("a b", 2, "an operator"),
        ("a·b", 0, "write * for a product: a*b"),
        ("a − b", 2, "on a keyboard"),
        ("a*b²", 3, "on a keyboard"),
        ("model:a", 0, "model.py:loss"),
        ("total([a b])", 7, "write * for a product"),
        ("sum(a, b)", 0, "sum takes a list: write sum([a, b])"),
        ("a if b", 0, "where("),
        ("print a", 0, "is missing here"),
        ("a @ b", 0, "@ is not read"),
        ("(a := 3)", 1, "in front"),
        ("{a: b}", 0, "a dictionary"),
        ("a + ...", 4, ""),
    ],
)
def test_error_points_at_the_column(text, column, words):
    if text == "sum([])*a*b":
        assert build(text, GIVEN).data == 0.0
        return
    with pytest.raises(ExpressionError) as caught:
        build(text, GIVEN)
    assert caught.value.column == column, str(caught.value)
    assert words in caught.value.message
    shown, caret, *_ = str(caught.value).split("\n")
    assert caret.strip() == "^"
    assert not any(c < " " or "\ud800" <= c <= "\udfff" for c in shown)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 10_000 + "a" + ")" * 10_000,
        "-" * 9_000 + "a",
        "a" + "+a" * 5_000,
        "a" + "**a" * 3_000,
        "tanh(" * 3_000 + "a",
        "[" * 10_000,
        "not " * 4_000 + "a",
        "a if " * 3_000 + "a",
        "a" * 50_000,
    ],
)
def test_monsters_are_plain_errors(text):
    with pytest.raises(ExpressionError) as caught:
        build(text, {"a": 1.0})
    assert len(str(caught.value)) < 600


def test_huge_exponents_are_floats_not_integers():
    assert build("9**9**9**9*a", {"a": 1.0}).data == math.inf


def test_caret_stands_under_wide_characters():
    with pytest.raises(ExpressionError) as caught:
        build("漢*字字", {"漢": 1.0})
    assert str(caught.value).split("\n")[1] == "   ^"


def test_numbers():
    assert numbers(["w=-3", "x=2e-1", "β=inf"]) == {"w": -3.0, "x": 0.2, "β": math.inf}


@pytest.mark.parametrize(
    "pair", ["w", "=3", "w=", "w=x", "1w=3", "w=1_0", "if=3", "a b=3", "w=1/3", "w=" + "9" * 500]
)
def test_what_is_no_number_is_an_error(pair):
    with pytest.raises(ExpressionError, match="NAME=NUMBER|not a number"):
        numbers([pair])


def test_two_values_for_one_name_are_an_error():
    with pytest.raises(ExpressionError, match="w has two values"):
        numbers(["w=1", "w=2"])
