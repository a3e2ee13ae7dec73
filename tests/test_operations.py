"""Every row of the table of operations, against 50-digit arithmetic and against the conventions at the edges."""

import json
import math
from itertools import product
from pathlib import Path

import pytest

import engine
from engine import Value
from engine.operations import FAMILIES, OPERATIONS

inf, nan = math.inf, math.nan
ROWS = json.loads(
    (Path(__file__).parent / "reference" / "operations.json").read_text(encoding="utf-8")
)["rows"]
WIDE = {"erf", "erfc", "gelu", "silu", "softplus", "sigmoid", "logaddexp"}  # 32 ulp; all others 4
SPECIAL = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    2.0,
    -2.0,
    0.5,
    -3.0,
    710.0,
    -710.0,
    5e-324,
    -5e-324,
    1e308,
    -1e308,
    inf,
    -inf,
    nan,
]
PARAMETERS = {
    "power_of": (2.5, -1.0, 0.0, 0.1),
    "leaky_relu_of": (0.1,),
    "elu_of": (1.5,),
    "clamp_of": ((-1.0, 1.0),),
}


def operation_of(row):
    name = row["operation"]
    return OPERATIONS[name] if name in OPERATIONS else FAMILIES[name](*row["parameters"])


def every_operation():
    yield from OPERATIONS.values()
    for name, choices in PARAMETERS.items():
        for choice in choices:
            yield FAMILIES[name](*(choice if isinstance(choice, tuple) else (choice,)))


def ulps(actual, true):
    return abs(actual - true) / math.ulp(true)


def same(a, b):
    return a == b or (a != a and b != b)


def ident(row):
    return f"{row['operation']}{tuple(row['operands'])}"


def test_every_operation_has_reference_rows():
    assert {row["operation"] for row in ROWS} == set(OPERATIONS) | set(FAMILIES)
    assert set(PARAMETERS) == set(FAMILIES)


@pytest.mark.parametrize("row", ROWS, ids=ident)
def test_value_and_slopes(row):
    operation = operation_of(row)
    allowed = 32 if row["operation"] in WIDE else 4
    z = operation.forward(*row["operands"])
    assert ulps(z, row["value"]) <= allowed
    slopes = operation.rule(z, *row["operands"])
    assert len(slopes) == len(row["slopes"])
    for slope, true in zip(slopes, row["slopes"]):
        assert type(slope) is float
        assert ulps(slope, true) <= allowed


@pytest.mark.parametrize("row", [row for row in ROWS if row["kind"] == "smooth"], ids=ident)
def test_second_and_third_derivatives(row):
    xs = [Value(x) for x in row["operands"]]
    first = engine.gradient(operation_of(row)(*xs), xs)
    for slopes, true in zip([engine.gradient(slope, xs) for slope in first], row["second"]):
        assert [s.data for s in slopes] == pytest.approx(true, rel=1e-10, abs=1e-13)
    for i, (x, slope) in enumerate(zip(xs, first)):
        [second] = engine.gradient(slope, [x])
        [third] = engine.gradient(second, [x])
        assert third.data == pytest.approx(row["third"][i], rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("operation", list(every_operation()), ids=repr)
def test_total_at_special_numbers(operation):
    """No operand makes a forward or a rule raise, and both give floats."""
    for xs in product(SPECIAL, repeat=operation.arity or 3):
        z = operation.forward(*xs)
        assert type(z) is float, xs
        node = operation(*map(Value, xs))
        slopes = node.local_derivatives()
        assert [type(slope) for slope in slopes] == [float] * len(xs), xs
        if z == z or not operation.domain:  # a node asks the same rule, to the last bit
            assert all(map(same, slopes, operation.rule(z, *xs))), xs
        if operation.domain and z != z:
            assert all(slope != slope for slope in slopes), xs


@pytest.mark.parametrize("operation", list(every_operation()), ids=repr)
def test_the_rule_bears_the_name_of_its_operation(operation):
    assert operation.rule.__code__.co_name == operation.name
    names = operation.rule.__code__.co_varnames
    assert names[0] == "z" and (operation.arity is None or len(names) >= operation.arity + 1)


@pytest.mark.parametrize("operation", list(every_operation()), ids=repr)
def test_plain_numbers_give_floats_and_values_give_values(operation):
    xs = (0.5,) * (operation.arity or 3)
    plain, node = operation(*xs), operation(*map(Value, xs))
    assert type(plain) is float
    assert type(node) is Value
    assert same(plain, node.data)
    assert node.operation is operation


EDGES = [  # CONVENTIONS: operation on Values, operands, value, gradients
    (engine.relu, (0.0,), 0.0, (0.0,)),
    (engine.relu, (nan,), nan, (nan,)),
    (abs, (0.0,), 0.0, (0.0,)),
    (engine.maximum, (1.0, 1.0), 1.0, (0.5, 0.5)),
    (engine.minimum, (1.0, 1.0), 1.0, (0.5, 0.5)),
    (engine.maximum, (nan, 1.0), nan, (nan, nan)),
    (engine.maximum, (1.0, nan), nan, (nan, nan)),
    (lambda x: x**0, (0.0,), 1.0, (0.0,)),
    (lambda x, y: x**y, (0.0, 0.0), 1.0, (0.0, 0.0)),
    (lambda x, y: x**y, (0.0, 2.0), 0.0, (0.0, 0.0)),
    (lambda x, y: x**y, (0.0, -1.0), inf, (-inf, -inf)),
    (lambda x, y: x**y, (-2.0, 3.0), -8.0, (12.0, nan)),
    (lambda x: x**0.5, (-2.0,), nan, (nan,)),
    (lambda x: x**0.5, (-inf,), inf, (0.0,)),
    (lambda x: x**0.5, (-0.0,), 0.0, (inf,)),
    (
        lambda x: x**0.1,
        (0.0,),
        0.0,
        (inf,),
    ),  # 0.1 - 1 is rounded, so inside, the slope is 0.1·z / x
    (lambda x: x**0.1, (inf,), inf, (0.0,)),
    (lambda x: x**-0.1, (inf,), 0.0, (-0.0,)),
    (lambda x, y: x**y, (0.0, 0.1), 0.0, (inf, 0.0)),
    (lambda x, y: x**y, (inf, 0.1), inf, (0.0, inf)),
    (lambda x, y: x**y, (inf, inf), inf, (inf, inf)),
    (engine.sqrt, (0.0,), 0.0, (inf,)),
    (engine.log, (0.0,), -inf, (inf,)),
    (engine.log, (-1.0,), nan, (nan,)),
    (engine.atanh, (2.0,), nan, (nan,)),
    (engine.acosh, (0.5,), nan, (nan,)),
    (lambda x: 1 / x, (0.0,), inf, (-inf,)),
    (lambda x: 1 / x, (-0.0,), -inf, (-inf,)),
    (engine.exp, (710.0,), inf, (inf,)),
    (engine.tanh, (1000.0,), 1.0, (0.0,)),
    (engine.sigmoid, (1000.0,), 1.0, (0.0,)),
    (engine.sigmoid, (-1000.0,), 0.0, (0.0,)),
    (engine.hypot, (0.0, 0.0), 0.0, (0.0, 0.0)),
    (engine.atan2, (0.0, 0.0), 0.0, (0.0, 0.0)),
    (lambda x: engine.where(x > 0, engine.log(x), 0), (0.0,), 0.0, (0.0,)),
    (lambda x: engine.clamp(x, -1.0, 1.0), (1.0,), 1.0, (1.0,)),
    (lambda x: engine.clamp(x, -1.0, 1.0), (-1.0,), -1.0, (1.0,)),
    (lambda x: engine.clamp(x, -1.0, 1.0), (nan,), nan, (nan,)),
    (lambda x: engine.leaky_relu(x, 0.1), (0.0,), 0.0, (0.1,)),
    (lambda x: engine.elu(x, 0.5), (0.0,), 0.0, (0.5,)),
    (lambda x, y: engine.product([x, y]), (0.0, 3.0), 0.0, (3.0, 0.0)),
]


@pytest.mark.parametrize(("f", "operands", "value", "gradients"), EDGES)
def test_convention(f, operands, value, gradients):
    xs = [Value(x) for x in operands]
    z = f(*xs)
    z.backward()
    assert same(z.data, value)
    assert all(same(x.grad, true) for x, true in zip(xs, gradients)), [x.grad for x in xs]
    slopes = engine.gradient(z, xs)
    assert all(same(slope.data, true) for slope, true in zip(slopes, gradients)), slopes


def test_a_zero_gradient_sends_nothing_but_keeps_second_derivatives():
    x = Value(0.0)
    [first] = engine.gradient((3 * x) ** 2, [x])
    [second] = engine.gradient(first, [x])
    assert (first.data, second.data) == (0.0, 18.0)


def test_tanh_keeps_its_digits_where_one_minus_its_square_would_not():
    x = Value(6.7)
    engine.tanh(x).backward()
    true = 6.060558083321291e-06  # 1 / cosh(6.7)**2, by mpmath
    assert x.grad == pytest.approx(true, rel=1e-12)


def test_a_parameter_is_not_a_parent():
    x = Value(2.0)
    for node in (x**3, engine.leaky_relu(x, 0.1), engine.elu(x, 2.0), engine.clamp(x, 0, 1)):
        assert node.parents == (x,)
    assert (x**3).operation.parameters == (3.0,)
    assert (x**3).operation is (x**3).operation


@pytest.mark.parametrize(
    "call",
    [
        lambda: engine.clamp(1.0, 2.0, 1.0),
        lambda: engine.clamp(1.0, nan, 1.0),
        lambda: engine.mean([]),
        lambda: engine.logsumexp([]),
        lambda: engine.weighted_sum([1.0], [1.0, 2.0]),
    ],
)
def test_what_is_not_defined_is_refused(call):
    with pytest.raises(ValueError, match="give|first"):
        call()


def test_functions_of_lists():
    xs = [Value(1.0), Value(2.0), Value(4.0)]
    assert engine.total(xs).data == 7.0
    assert engine.mean(xs).data == pytest.approx(7 / 3, rel=1e-16)
    assert engine.product(iter(xs)).data == 8.0
    shares = engine.softmax(xs)
    assert sum(probability.data for probability in shares) == pytest.approx(1.0, rel=1e-15)
    for numbers in ([1e17, 1e17], [1e15, 1e15 + 1.0], [-800.0, -800.5]):  # the largest is taken out
        probability = 1.0 / (1.0 + math.exp(numbers[0] - numbers[1]))
        for values in (numbers, list(map(Value, numbers))):
            actual = [x if isinstance(x, float) else x.data for x in engine.softmax(values)]
            assert actual == pytest.approx([1.0 - probability, probability], rel=1e-15)
    assert engine.total([]) == 0.0 and engine.product([]) == 1.0 and engine.softmax([]) == []


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: engine.exp(), "exp takes 1 operand, not 0"),
        (lambda: engine.exp(1.0, 2.0), "exp takes 1 operand, not 2"),
        (lambda: engine.atan2(Value(1.0)), "atan2 takes 2 operands, not 1"),
        (lambda: engine.where(1, 2), "where takes 3 operands, not 2"),
        (lambda: engine.maximum(*[Value(1.0)] * 3), "maximum takes 2 operands, not 3"),
    ],
)
def test_a_wrong_number_of_operands_is_named(call, words):
    with pytest.raises(TypeError, match=words):
        call()


@pytest.mark.parametrize("name", ["total", "mean", "product", "logsumexp", "softmax"])
def test_loose_numbers_in_place_of_a_list_are_refused_with_the_call_that_is_meant(name):
    function, a, b = getattr(engine, name), Value(1.0), Value(2.0)
    for loose in ((a, b), (1.0, 2.0, 3.0), ([a], b)):
        with pytest.raises(TypeError) as caught:
            function(*loose)
        count = len(loose)
        assert (
            str(caught.value) == f"{name} takes one list, not {count} values: write {name}([a, b])"
        )


def test_loose_numbers_to_weighted_sum_and_pick_are_refused_with_the_call_that_is_meant():
    a, b = Value(1.0), Value(2.0)
    for loose in ((1.0, 2.0), ([a], 2.0), (a, [b]), (a, b, a, b), ([a], [b], 0.0, 1.0)):
        with pytest.raises(TypeError, match=r"write weighted_sum\(\[w0, w1\], \[x0, x1\], bias\)$"):
            engine.weighted_sum(*loose)
    for loose in ((a, b, 1), ([a, b],)):
        with pytest.raises(TypeError, match=r"write pick\(\[a, b\], 1\)$"):
            engine.pick(*loose)
