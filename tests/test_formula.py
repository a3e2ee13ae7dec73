"""Formulas: what is printed, read back by a reader of its own, is what was computed, in the same order."""

import ast
import math
import re

import pytest
from formulas import python
from hypothesis import given, settings
from hypothesis import strategies as st

import engine
from engine import Value, formula
from engine.formula import Symbol, bracketed, expression, name
from engine.view.export import dot, mermaid

# Trees are tuples: ("add", ("x",), 2.0). `build` makes the graph of one, `read` reads one from a text.
BINARY = {
    "add": lambda x, y: x + y,
    "subtract": lambda x, y: x - y,
    "multiply": lambda x, y: x * y,
    "divide": lambda x, y: x / y,
    "floor_divide": lambda x, y: x // y,
    "modulo": lambda x, y: x % y,
    "power": lambda x, y: x**y,
    "less": lambda x, y: x < y,
    "less_equal": lambda x, y: x <= y,
    "greater": lambda x, y: x > y,
    "greater_equal": lambda x, y: x >= y,
    "maximum": engine.maximum,
    "copysign": engine.copysign,
}
UNARY = {
    "negative": lambda x: -x,
    "absolute": abs,
    "reciprocal": engine.reciprocal,
    "exp": engine.exp,
    "relu": engine.relu,
}
OPERATORS = {
    ast.Add: "add",
    ast.Sub: "subtract",
    ast.Mult: "multiply",
    ast.Div: "divide",
    ast.FloorDiv: "floor_divide",
    ast.Mod: "modulo",
    ast.Pow: "power",
    ast.USub: "negative",
    ast.Lt: "less",
    ast.LtE: "less_equal",
    ast.Gt: "greater",
    ast.GtE: "greater_equal",
}
EXPONENTS = [2.0, 3.0, -1.0, 0.5, -0.5, 1 / 3, -2 / 3, 10.0, 2.0000001]
LETTERS = [("x",), ("y",), ("z",)]
PLAIN = [2.0, 0.25, 1e9, -3.0, -0.5]


def build(tree, leaves):
    """The graph of a tree; a plain number stays one."""
    if not isinstance(tree, tuple):
        return tree
    if len(tree) == 1:
        return leaves[tree[0]]
    operands = [build(operand, leaves) for operand in tree[1:]]
    return (BINARY | UNARY)[tree[0]](*operands)


def read(node):
    """The tree of a formula, from Python's own tree of its translation."""
    if isinstance(node, ast.Constant):
        return float(node.value)
    if isinstance(node, ast.Name):
        return (node.id,)
    if isinstance(node, ast.Call):
        called = {"abs": "absolute"}.get(node.func.id, node.func.id)
        return (called, *map(read, node.args))
    if isinstance(node, ast.UnaryOp):
        operand = read(node.operand)
        return -operand if isinstance(operand, float) else (OPERATORS[type(node.op)], operand)
    if isinstance(node, ast.Compare):
        [test], [right] = node.ops, node.comparators
        return (OPERATORS[type(test)], read(node.left), read(right))
    left, right = read(node.left), read(node.right)
    if isinstance(node.op, ast.Div) and isinstance(left, float):
        return left / right if isinstance(right, float) else ("reciprocal", right)
    return (OPERATORS[type(node.op)], left, right)


def trees(depth):
    """Trees that print differently if they are different: no number is divided, no number negated."""
    if not depth:
        return st.sampled_from(LETTERS)
    below = trees(depth - 1)
    either = st.one_of(below, below, st.sampled_from(PLAIN))
    return st.one_of(
        st.sampled_from(LETTERS),
        st.tuples(st.sampled_from(sorted(UNARY)), below),
        st.tuples(st.sampled_from(sorted(BINARY)), below, either).filter(
            lambda tree: tree[0] != "power" or not isinstance(tree[2], float)
        ),
        st.tuples(st.sampled_from(["add", "subtract", "multiply", "modulo"]), either, below),
        st.tuples(st.just("power"), below, st.sampled_from(EXPONENTS)),
    )


def leaves():
    return {letter: Value(data, label=letter) for letter, data in zip("xyz", (0.7, -1.3, 2.9))}


@settings(max_examples=400)
@given(trees(3))
def test_a_name_that_is_read_back_is_the_graph(tree):
    node = build(tree, leaves())
    text = name(node)
    assert read(ast.parse(python(text), mode="eval").body) == tree, text
    assert bracketed(node) == text or bracketed(node).startswith("(") or "…" in bracketed(node)


@pytest.mark.parametrize("side", [0, 1])
def test_every_operation_inside_every_other(side):
    """On the left and on the right of those with two operands; Python itself turns `2.0 < x` into `x > 2.0`."""
    x, y = ("x",), ("y",)
    inners = [(op, x, y) for op in BINARY] + [(op, x) for op in UNARY]
    inners += [("power", x, p) for p in EXPONENTS] + [-3.0]
    for inner in inners:
        for outer in BINARY:
            tree = (outer, ("z",), inner) if side else (outer, inner, ("z",))
            if isinstance(inner, float) and outer not in ("add", "subtract", "multiply"):
                continue
            text = name(build(tree, leaves()))
            assert read(ast.parse(python(text), mode="eval").body) == tree, text
        for outer in UNARY if not isinstance(inner, float) else ():
            text = name(build((outer, inner), leaves()))
            assert read(ast.parse(python(text), mode="eval").body) == (outer, inner), text


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda x, y, z: x - (y - z), "x - (y - z)"),
        (lambda x, y, z: x - (y + z), "x - (y + z)"),
        (lambda x, y, z: x + (y - z), "x + (y - z)"),
        (lambda x, y, z: x - y - z, "x - y - z"),
        (lambda x, y, z: x / (y * z), "x / (y·z)"),
        (lambda x, y, z: x / y * z, "(x / y)·z"),
        (lambda x, y, z: x * (y / z), "x·(y / z)"),
        (lambda x, y, z: x / (y / z), "x / (y / z)"),
        (lambda x, y, z: x % (y * z), "x % (y·z)"),
        (lambda x, y, z: x // y % z, "(x // y) % z"),
        (lambda x, y, z: -(x + y), "-(x + y)"),
        (lambda x, y, z: -x * y, "-x·y"),
        (lambda x, y, z: -(x * y), "-(x·y)"),
        (lambda x, y, z: x - -y, "x - (-y)"),
        (lambda x, y, z: x + -3, "x + (-3)"),
        (lambda x, y, z: x * -3, "x·(-3)"),
        (lambda x, y, z: (-x) ** 2, "(-x)²"),
        (lambda x, y, z: -(x**2), "-x²"),
        (lambda x, y, z: (x * y) ** 2, "(x·y)²"),
        (lambda x, y, z: (x**2) ** 3, "(x²)³"),
        (lambda x, y, z: 2 ** (3**x), "2**(3**x)"),
        (lambda x, y, z: (2**x) ** y, "(2**x)**y"),
        (lambda x, y, z: x**-y, "x**(-y)"),
        (lambda x, y, z: x**0.5, "x**0.5"),
        (lambda x, y, z: x**-0.5, "x**(-0.5)"),
        (lambda x, y, z: x ** (1 / 3), "x**(1/3)"),
        (lambda x, y, z: x**-12, "x⁻¹²"),
        (lambda x, y, z: abs(x - y), "|x - y|"),
        (lambda x, y, z: engine.square(x + y), "(x + y)²"),
        (lambda x, y, z: engine.reciprocal(-x), "1 / (-x)"),
        (lambda x, y, z: (x < y) * z, "(x < y)·z"),
        (lambda x, y, z: x <= -y, "x ≤ -y"),
        (lambda x, y, z: engine.where(x > y, x, y), "where(x > y, x, y)"),
        (lambda x, y, z: engine.clamp(x, -1.0, 1.0), "clamp(x, -1, 1)"),
        (lambda x, y, z: engine.leaky_relu(x, 0.125) * y, "leaky_relu(x, 0.125)·y"),
        (lambda x, y, z: engine.total([x, y - z, -x]), "x + (y - z) + (-x)"),
        (lambda x, y, z: engine.total([x]), "total(x)"),
        (lambda x, y, z: engine.product([x, y + z]), "x·(y + z)"),
        (lambda x, y, z: engine.mean([x, y + z]), "mean(x, y + z)"),
        (lambda x, y, z: engine.total([x] * 9), "x + x + x + x + x + x + x + x + …"),
        (lambda x, y, z: engine.weighted_sum([x, y], [z, x + 1.0], y), "x·z + y·(x + 1) + y"),
        (lambda x, y, z: engine.weighted_sum([x], [y]), "x·y"),
        (lambda x, y, z: engine.weighted_sum([x] * 5, [y] * 5, z), "x·y + x·y + x·y + … + z"),
        (lambda x, y, z: engine.weighted_sum([x], [y], Value(0.0)), "x·y + 0"),
        (lambda x, y, z: ((x + 1) * 2 + 1) * 2 + 1, "(… + 1)·2 + 1"),
    ],
)
def test_how_it_is_written(make, text):
    node = make(*[Value(float(i), label=label) for i, label in enumerate("xyz", 2)])
    assert name(node) == text
    node.label = "n"
    assert expression(node) == f"n = {text}" and name(node) == bracketed(node) == "n"


@pytest.mark.drawing
def test_different_exponents_are_written_differently():
    x = Value(2.0, label="x")
    exponents = [2.0, 2.0000001, 2.0 + 2**-51, 0.5, 1 / 3, 0.3333333333333333 + 2**-54, -2.0, 1e16]
    nodes = [x**p for p in exponents]
    for texts in (
        [name(node) for node in nodes],
        [repr(node) for node in nodes],
        [re.sub(r"<[^>]*>", " ", engine.draw(node).svg) for node in nodes],
    ):
        assert len(set(texts)) == len(exponents)


def test_rules_are_written_as_nodes_are():
    x = Value(2.0, label="x")
    for node, text in (
        (engine.square(x), "x²"),
        (abs(x), "|x|"),
        (x**2, "x²"),
        (x % 3.0, "x % 3"),
        (engine.gradient(x * x, [x])[0], None),
    ):
        letters = [formula.symbol(parent) for parent in node.parents]
        assert name(node) == formula.forward(node.operation, letters) == (text or name(node))


def test_names_in_brackets_where_a_rule_needs_them():
    x = Value(2.0, label="x")
    y = (x + 1.0) ** 3
    assert formula.slopes(y.operation, [formula.symbol(y.parents[0])]) == ("3·(x + 1)²",)
    assert formula.slopes("square", [Symbol("x + 1", formula.SUM)]) == ("2·(x + 1)",)
    assert formula.slopes("square", ["x + 1"]) == ("2·x + 1",)  # a str is one name


def test_the_numbers_of_rules():
    assert [formula.constant(x).text for x in (0.5, -0.5, 1 / 3, 2.5, math.log(2.0), -1e300)] == [
        "½",
        "-½",
        "1/3",
        "2.5",
        "log(2)",
        "-1e+300",
    ]
    assert [formula.constant(x).text for x in (math.inf, -math.inf, math.nan)] == [
        "inf",
        "-inf",
        "nan",
    ]


def test_a_name_too_long_is_cut_inside_its_brackets():
    x = Value(2.0, label="a name of many letters")
    assert (
        bracketed(x * 2 + x) == "(… + a name of many lett…)"
        and bracketed((x * 2 + x).tanh()) == "tanh(…)"
    )


def test_the_rule_of_a_users_operation_is_written_in_all_operators():
    @engine.primitive(rule=lambda z, x, y: (y * x ** (y - 1.0) / 2.0, abs(-x) ** 0.5 + (x <= y)))
    def own(x, y):
        return x**y

    assert formula.rule(own) == "∂z/∂x = y·x**(y - 1) / 2, ∂z/∂y = |-x|**0.5 + (x ≤ y)"


@pytest.mark.parametrize("p", [2.0000001, 1.9999999, -2.0000001, 3.0000001, 0.50000001])
def test_no_place_rounds_an_exponent_to_another(p):
    x = Value(1.5, label="x")
    y, z = x**p, (x**p).exp()
    y.backward()
    z.backward()
    whole = "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"
    picture, page = engine.draw(z), engine.stepper(z).html
    page = page.replace("tanh(x)²", "").replace("1 - z²", "")  # the usual mistakes, in words
    shown = [repr(y), name(y), expression(z), engine.text(z), z.why(x), formula.rule(y.operation)]
    shown += [picture.svg, dot(picture.scene), mermaid(picture.scene), page]
    for text in shown:
        assert not any(digit in text for digit in whole)
    assert repr(p - 1.0) in formula.rule(y.operation)
    for text in (repr(y), name(y), expression(z), picture.svg, dot(picture.scene), page):
        assert repr(p) in text.replace("\u2212", "-")
