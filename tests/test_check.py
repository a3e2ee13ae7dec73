"""The gradient check: right rules pass, every wrong rule is named, edges are reported as what they are."""

import importlib.util
import math
import random
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

import engine
from engine import Value, check_gradients
from engine.operation import FAMILIES, OPERATIONS
from engine.operations import clamp_of, elu_of, leaky_relu_of, power_of
from tests.strategies import programs, run

try:
    import mpmath
except ImportError:
    mpmath = None

POINTS = {"acosh": 1.7, "atanh": 0.4, "asin": 0.4, "acos": 0.4, "where": 1.0}
SKIPPED = {"masked"}  # not for users; in the table because gradient() multiplies by it
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
    last = 2.0 if operation.name == "pick" else 0.9  # an index
    return [first, 1.3, 0.45, 2.2, last][:count]


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


# -- where digits run out: at any scale, with 1,150 digits and without, no right rule is called wrong

MANY = {"weighted_sum": 5, "total": 3, "mean": 3, "product": 3, "logsumexp": 3, "pick": 3}
NUMBERS = {  # the parameters of families
    "power_of": [(3.0,), (-2.0,), (0.5,), (2.5,), (-0.3,)],
    "leaky_relu_of": [(0.1,)],
    "elu_of": [(1.0,), (0.5,)],
    "clamp_of": [(-3.0, 3.0)],
}


@pytest.fixture(params=["mpmath", "no mpmath"])
def digits(request, monkeypatch):
    """The check with mpmath, and as if it were not installed."""
    if request.param == "mpmath":
        pytest.importorskip("mpmath")
    else:
        monkeypatch.setitem(sys.modules, "mpmath", None)
    return request.param


def functions():
    """The functions of tests/reference/make.py, in mpmath and with no code of ours."""
    path = Path(__file__).parent / "reference" / "make.py"
    spec = importlib.util.spec_from_file_location("make", path)
    make = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make)
    return {name: function for name, (function, _) in {**make.SMOOTH, **make.KINKED}.items()}


TRUE = functions() if mpmath else {}
needs_mpmath = pytest.mark.skipif(not mpmath, reason="needs mpmath")


def any_number(rng):
    """A number of any size: half of them from 1e-300 to 1e300, half where functions bend."""
    if rng.random() < 0.5:
        return rng.choice((-1.0, 1.0)) * 10.0 ** rng.uniform(-300.0, 300.0)
    return rng.uniform(-50.0, 50.0)


def any_case(name, rng):
    """An operation, its parameters, and operands of any size."""
    parameters = rng.choice(NUMBERS[name]) if name in FAMILIES else ()
    operation = FAMILIES[name](*parameters) if name in FAMILIES else OPERATIONS[name]
    xs = [any_number(rng) for _ in range(operation.arity or MANY[name])]
    chosen = {"where": [1.0, *xs[1:]], "pick": [*xs[:2], rng.choice((0.0, 1.0))]}
    return operation, parameters, chosen.get(name, xs)


def true_slope(function, xs, i):
    """∂function/∂xᵢ by a difference of 1,300 digits; None where it has none."""
    with mpmath.workdps(1300):
        h = mpmath.mpf(10) ** -450

        def at(side):
            return mpmath.mpf(
                function(*[mpmath.mpf(x) + side * h * (k == i) for k, x in enumerate(xs)])
            )

        try:
            left, right = (at(0) - at(-1)) / h, (at(1) - at(0)) / h
        except (ArithmeticError, ValueError, TypeError):
            return None
        alike = abs(left - right) <= mpmath.mpf(10) ** -12 * max(abs(left), abs(right))
        return float((left + right) / 2) if alike else None


@needs_mpmath
@pytest.mark.parametrize("name", sorted({*OPERATIONS, *FAMILIES}))
def test_no_operation_is_wronged_at_any_scale(name, digits):
    """Who is called wrong has a slope that is wrong, by differences of 1,300 digits."""
    rng = random.Random(name)
    for _ in range(12):
        operation, parameters, xs = any_case(name, rng)
        report = check_gradients(lambda *values, f=operation: f(*values), *xs)
        if report.ok:
            continue
        assert report.culprit is operation, str(report)
        slopes = [
            (row.analytic, true_slope(TRUE[name], [*xs, *parameters], i))
            for i, row in enumerate(report.rows)
        ]
        assert any(
            true is not None and not abs(slope - true) <= 1e-6 * abs(true) + 1e-322
            for slope, true in slopes
        ), str(report)


def with_wrong_slope(operation, slot, mutation, monkeypatch):
    right = operation.rule

    def wrong(z, *xs):
        return tuple([mutation(d) if k == slot else d for k, d in enumerate(right(z, *xs))])

    monkeypatch.setattr(operation, "rule", wrong)


@needs_mpmath
@pytest.mark.parametrize("name", sorted({*OPERATIONS, *FAMILIES} - SKIPPED))
def test_a_wrong_rule_is_never_called_right_at_any_scale(name, monkeypatch):
    rng = random.Random(name)
    for _ in range(12):
        operation, _, xs = any_case(name, rng)
        z = operation.forward(*xs)
        slopes = operation(*map(Value, xs)).local_derivatives()
        slot = rng.randrange(len(xs))
        if not (math.isfinite(z) and 1e-300 < abs(slopes[slot]) < math.inf):
            continue
        mutation = rng.choice(
            [lambda d: 1.0001 * d, lambda d: -d, lambda d: 0.0, lambda d: math.nan]
        )
        with monkeypatch.context() as patch:
            with_wrong_slope(operation, slot, mutation, patch)
            report = check_gradients(lambda *values, f=operation: f(*values), *xs)
        assert not report.ok or (report.undecided and report.doubts), str(report)


@pytest.mark.parametrize(
    ("f", "at"),
    [
        (lambda x: engine.sin((x + 1e9) - 1e9), 0.1),
        (lambda x: engine.sin((x + 1e15) - 1e15), 0.1),
        (lambda x: engine.exp((x - 1e12) + 1e12) * x, 0.3),
        (lambda x: engine.total([1e14, x, -1e14]) * x, 0.7),
        (lambda x: x * x, 1e-170),
        (lambda x: x**2, 1e-200),
        (lambda x: x * x * 1e300, 1e-170),
        (engine.erfc, 27.0),
        (engine.sin, 1e300),
        (engine.tan, 1.3e126),
        (engine.floor, 1e300),
        (lambda x: x // 3.7, 1e217),
        (lambda x: x % -0.48, 5.2e207),
        (lambda x: (-40.2) ** x, -2.4e184),
        (lambda x: x // 8e-251, 0.0),
        (lambda x: engine.atan2(engine.log(x), x), 0.0),
        (lambda x: x, 1e-170),
        (lambda x: 3.0, 1e-170),
    ],
)
def test_right_functions_are_not_wronged(f, at, digits):
    assert check_gradients(f, at).ok, str(check_gradients(f, at))


def test_a_slope_that_rounding_hides_near_a_root_is_not_called_wrong():
    """At 5e-39 the slope is 2e12, but cosh of the root is 1.0 for as far as differences look."""
    report = check_gradients(lambda x: engine.cosh(engine.cbrt(x)), 4.6471837838413685e-39)
    assert report.ok and [row.verdict for row in report.rows] == ["cannot decide"]


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(programs(longest=10))
def test_random_graphs_are_right(program):
    report = check_gradients(lambda *xs: run(program, list(xs))[1], *program[0])
    assert report.ok, str(report)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(programs(longest=10))
def test_random_graphs_are_right_without_mpmath(program):
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "mpmath", None)
        report = check_gradients(lambda *xs: run(program, list(xs))[1], *program[0])
    assert report.ok, str(report)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: engine.copysign(x, x),  # |x| with the sign of x, which is x
        lambda x: engine.relu(x) - engine.relu(-x),
        lambda x: engine.relu(x) + engine.minimum(x, 0.0) * 1.5,
    ],
)
def test_kinks_that_do_not_add_up_are_nobodys_fault(f):
    [row] = check_gradients(f, 0.0).rows
    assert row.verdict == "cannot decide" and row.reason.endswith("has a kink here")


@pytest.mark.parametrize("other", [0.0, 5.0])
def test_a_condition_that_is_0_at_the_point_alone_is_nobodys_fault(other):
    """where(x, x, 0) is x, but at 0 the constant was taken, whose slope is 0."""
    [row] = check_gradients(lambda x: engine.where(x, x, other * x), 0.0).rows
    assert row.verdict == "cannot decide" and "the condition of where(" in row.reason
    assert check_gradients(lambda x: engine.where(x, x, other * x), 0.5).ok


def test_a_forward_that_rounds_its_argument_is_not_taken_for_a_wrong_rule():
    @engine.primitive(rule=lambda z, x: engine.cos(x))
    def coarse(x):
        return math.sin((x + 1e12) - 1e12)

    report = check_gradients(coarse, 0.1)
    assert report.ok and report.rows[0].verdict == "cannot decide"
    assert "differences" in report.rows[0].reason and report.doubts


@pytest.mark.parametrize(
    ("f", "at", "reason"),
    [
        (engine.floor, 2.0, "the function jumps here"),
        (engine.log, -1.0, "its value is not finite"),
        (engine.sqrt, 0.0, "its slope is not finite here"),
    ],
)
def test_a_report_says_why_it_cannot_decide(f, at, reason):
    report = check_gradients(f, at)
    assert report.rows[0].reason == reason
    assert str(report).startswith(f"cannot decide: {reason}")
    assert [row.operation for row in report.doubts] == [f]


def test_a_report_says_how_good_differences_are(monkeypatch):
    monkeypatch.setitem(sys.modules, "mpmath", None)
    report = check_gradients(lambda x, y: engine.tanh(x) + y, 25.0, 1.0)
    assert report.ok and [row.verdict for row in report.rows] == ["cannot decide", "ok"]
    assert "; cannot decide 1 gradient and 1 local derivative" in str(report)
    assert "only; pip install mpmath decides more" in report.rows[0].reason


# -- large functions: the time grows with the size, not with its square


@pytest.mark.parametrize("many_inputs", [False, True])
@pytest.mark.parametrize("name", ["total", "mean", "product", "logsumexp", "weighted_sum"])
def test_work_grows_with_the_size(name, many_inputs, monkeypatch):
    operation, numbers = OPERATIONS[name], 0
    forward = operation.forward

    def counted(*xs):
        nonlocal numbers
        numbers += len(xs)
        return forward(*xs)

    def work(n):
        nonlocal numbers
        xs = [1.0 + 1e-4 * i for i in range(n)]
        values = xs if many_inputs else xs[:1]
        numbers = 0
        report = check_gradients(
            lambda *v: operation.apply((*v, *map(Value, xs[len(v) :]))), *values
        )
        assert report.ok and not report.undecided and not report.doubts, str(report)
        return numbers

    monkeypatch.setattr(operation, "forward", counted)
    assert work(1601) <= 8 * work(401)  # the square would be 16


def test_a_wide_operation_is_checked_at_some_operands_and_at_all_together(monkeypatch):
    xs = [0.1 * i for i in range(300)]
    for slot in (0, 150, 299):
        with monkeypatch.context() as patch:
            with_wrong_slope(OPERATIONS["total"], slot, lambda d: d + 0.01, patch)
            report = check_gradients(lambda x: engine.total([x, *map(Value, xs[1:])]), 0.5)
        assert report.culprit is OPERATIONS["total"]
        assert any("(300 together)" in row.name for row in report.faults)


def test_a_function_of_many_inputs_is_checked_at_some_and_at_all_together():
    xs = [0.1 * i for i in range(1000)]
    report = check_gradients(lambda *v: engine.total(v), *xs)
    assert report.ok and len(report.rows) < 300 and report.rows[-1].name == "(1,000 together)"
    lost = check_gradients(lambda *v: engine.total([*v[:-1], Value(v[-1].data)]), *xs)
    assert not lost.ok and "does not hold all" in str(lost)


def test_a_value_that_is_given_twice_is_two_arguments():
    v = Value(3.0, label="v")
    report = check_gradients(lambda x, y: x - 2.0 * y, v, v)
    assert report.ok and [row.analytic for row in report.rows] == [1.0, -2.0]
    assert v.data == 3.0 and v.grad == 0.0
