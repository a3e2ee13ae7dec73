"""The gradient check: right rules pass, every wrong rule is named, edges are reported as what they are."""

import math
import random

import pytest

import engine
from engine import Value, check_gradients
from engine.operation import OPERATIONS
from engine.operations import clamp_of, elu_of, leaky_relu_of, power_of

POINTS = {"acosh": 1.7, "atanh": 0.4, "asin": 0.4, "acos": 0.4, "where": 1.0}
SKIPPED = {"share"}  # not for users; in the table because gradient() multiplies by it
ROWS = [
    *(op for name, op in OPERATIONS.items() if name not in SKIPPED),
    power_of(3.0),
    power_of(-0.5),
    leaky_relu_of(0.1),
    elu_of(1.5),
    clamp_of(-3.0, 3.0),
]


def operands(operation):
    count = operation.arity or 5
    first = POINTS.get(operation.name, 0.7)
    return [first, 1.3, 0.45, 2.2, 0.9][:count]


@pytest.mark.parametrize("operation", ROWS, ids=repr)
def test_built_in_rules_are_right(operation):
    report = check_gradients(lambda *xs: operation(*xs), *operands(operation))
    assert report.ok and not report.undecided, str(report)


@pytest.mark.parametrize(
    "mutation",
    [lambda d: d + 0.01, lambda d: 1.5 * d + 0.1, lambda d: -d - 1e-3, lambda d: math.nan],
)
@pytest.mark.parametrize("operation", ROWS, ids=repr)
def test_a_wrong_rule_is_named(operation, mutation, monkeypatch):
    right = operation.rule
    wrong = lambda z, *xs: tuple(mutation(d) for d in right(z, *xs))  # noqa: E731
    xs = operands(operation)
    monkeypatch.setattr(operation, "rule", wrong)
    report = check_gradients(lambda *xs: operation.apply(xs), *xs)
    assert not report.ok
    assert report.culprit is operation
    assert operation.name in str(report)


def test_the_culprit_is_found_among_others(monkeypatch):
    right = engine.tanh.rule
    monkeypatch.setattr(engine.tanh, "rule", lambda z, x: (1.0 - right(z, x)[0],))
    report = check_gradients(lambda a, b: engine.sin(engine.tanh(a * b) + b) * a, 0.4, 0.8)
    assert not report.ok and report.culprit.name == "tanh"
    assert "rule of tanh" in str(report) and "test_check.py" in str(report)


def test_a_wrong_slope_that_is_small_beside_others_is_found(monkeypatch):
    monkeypatch.setattr(engine.sin, "rule", lambda z, x: (engine.cos(x) * (1.0 + 1e-4),))
    assert check_gradients(lambda x: 1000.0 * x + engine.sin(x), 0.5).culprit is engine.sin


@pytest.mark.parametrize(
    ("f", "at", "verdict"),
    [
        (engine.relu, 0.0, "kink"),
        (abs, 0.0, "ok"),
        (engine.sqrt, 0.0, "not finite"),
        (engine.log, 0.0, "not finite"),
        (engine.floor, 2.0, "jump"),
        (engine.step, 0.0, "jump"),
        (engine.log, -1.0, "not finite"),
        (lambda x: engine.exp(x), 800.0, "not finite"),
        (lambda x: engine.clamp(x, 0.0, 1.0), 1.0, "kink"),
        (lambda x: 1.0 / x, 0.0, "not finite"),
    ],
)
def test_edges_are_reported_as_what_they_are(f, at, verdict):
    report = check_gradients(f, at)
    assert report.ok, str(report)
    assert report.rows[0].verdict == verdict, str(report)


def test_a_slope_beyond_those_on_both_sides_of_a_kink_is_wrong(monkeypatch):
    monkeypatch.setattr(OPERATIONS["absolute"], "rule", lambda z, x: (2.0,))
    assert not check_gradients(OPERATIONS["absolute"], 0.0).ok


@pytest.mark.parametrize(
    ("f", "at", "exact"),
    [
        (lambda x: x + 1e12, 1.0, 1.0),  # differences drown in the rounding of 1e12
        (lambda x: engine.tanh(x), 25.0, 1.0 / math.cosh(25.0) ** 2),
        (lambda x: engine.erfc(x), 6.0, -2.0 / math.sqrt(math.pi) * math.exp(-36.0)),
    ],
)
def test_the_referee_decides_where_differences_cannot(f, at, exact):
    pytest.importorskip("mpmath")
    [row] = check_gradients(f, at).rows
    assert row.verdict == "ok" and row.numeric == pytest.approx(exact, rel=1e-12)


@pytest.mark.parametrize(
    ("f", "at"),
    [
        (engine.tanh, [45.0]),
        (engine.sigmoid, [100.0]),
        (engine.erf, [20.0]),
        (lambda a, b: engine.logsumexp([a, b]), [0.0, 100.0]),
        (engine.floor, [1000.0]),
        (engine.ceil, [1e5]),
        (engine.trunc, [-1e4]),
        (engine.reciprocal, [1e-8]),
    ],
)
def test_what_is_right_is_not_blamed_where_digits_run_out(f, at):
    assert check_gradients(f, *at).ok


def test_the_referee_convicts_a_saturated_rule(monkeypatch):
    pytest.importorskip("mpmath")
    monkeypatch.setattr(
        engine.tanh,
        "rule",
        lambda z, x: (engine.square(engine.reciprocal(engine.cosh(x))) * 2.0,),
    )
    assert check_gradients(engine.tanh, 25.0).culprit is engine.tanh


def test_a_graph_that_lost_a_part_is_told_from_a_wrong_rule():
    report = check_gradients(lambda x: x * Value(x.data), 3.0)
    assert not report.ok and report.culprit is None and "does not hold all" in str(report)


def test_chance_in_the_function_is_noticed():
    rng = random.Random(0)
    report = check_gradients(lambda x: x * rng.random(), 3.0)
    assert not report.ok and "each time" in str(report)


def test_values_are_used_as_they_are_and_left_as_they_were():
    w = Value(0.5, label="w")
    w.grad = 7.0
    report = check_gradients(lambda v: v * w * w, w)
    assert (
        report.ok and report.rows[0].name == "w" and report.rows[0].analytic == pytest.approx(0.75)
    )
    assert (w.data, w.grad) == (0.5, 7.0)


def test_a_network_is_checked():
    nn = pytest.importorskip("nn")
    net = nn.MLP(2, [3, 1], activation="tanh", seed=0)
    report = check_gradients(lambda *_: nn.squared_error(net([0.5, -1.0]), 1.0), *net.parameters())
    assert report.ok and len(report.rows) == 13 and "layer0.neuron0.w0" in str(report)


def test_bad_input_is_refused_in_words():
    with pytest.raises(ValueError, match="tolerance=0"):
        check_gradients(lambda x: x, 1.0, tolerance=0.0)
    with pytest.raises(ValueError, match="0 values"):
        check_gradients(lambda: Value(1.0))


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x**3,
        lambda x: x**5 + 1,
        lambda x: x * x * x,
        lambda x: engine.tanh(x) ** 3,
        lambda x: engine.square(x) * x,
        lambda x: engine.relu(x) ** 2,
        lambda x: engine.relu(x) * x,
        lambda x: abs(x) * x,
        lambda x: engine.relu(-x) ** 2,
    ],
)
def test_what_is_flat_at_zero_is_right(f):
    assert check_gradients(f, 0.0).ok
