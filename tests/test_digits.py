"""Digits: values and derivatives of every operation at floats of every size, against 60-digit arithmetic."""

import math
from itertools import islice

import pytest

import engine
from engine import Value, derivative, gradient, operations
from engine.operations import FAMILIES, OPERATIONS

mp = pytest.importorskip("mpmath")
import closed_forms  # noqa: E402 - it needs mpmath
from closed_forms import DIGITS, FAMILY, KINKED, MANY, SECOND, SMOOTH, TWO, ulps  # noqa: E402

LIMIT = 32  # units in the last place
COUNT = 450  # operands for each operation

ONE = {**SMOOTH, **KINKED, **FAMILY}
SUBNORMAL = 2.3e-308


# What is worse, and how much: for these operands, at the value (0) or the slope by operand 1 or 2.
def _silu(i, z, x):
    if x < -708.0:  # sigmoid(x) is subnormal: half a unit of it, times x
        return -x
    return 1e4 if i and abs(x + 1.2785) < 0.1 else LIMIT  # the slope is 0 at -1.2785, its terms not


def _gelu(i, z, x):
    if x < -37.0:
        return -x
    return 1e4 if i and abs(x + 0.7518) < 0.1 else LIMIT  # likewise


def _gaussian(i, z, x):
    return abs(x) if abs(x) > 37.0 else LIMIT  # its slope is -x·z, and z is subnormal


def _logaddexp(i, z, x, y):
    if i:
        return max(LIMIT, abs(x - y))  # x - y is rounded, and exp of it a slope
    return 1e4 if abs(z) < 0.1 else LIMIT  # it is 0 where exp(x) + exp(y) is 1


def _of_z(i, z, x, y):
    return math.inf if i == 2 and abs(z) < SUBNORMAL else LIMIT  # the slope is made of z


WORSE = {
    "silu": _silu,
    "gelu": _gelu,
    "gaussian": _gaussian,
    "logaddexp": _logaddexp,
    "divide": _of_z,
    "power": _of_z,
}
ITS_WORDS = {
    "divide": "x/y",
    "power": "x**y",
    "gaussian": "subnormal",
}  # what the docstring calls them


def test_every_operation_has_a_closed_form():
    named = {name for name, operation in OPERATIONS.items() if operation.arity in (1, 2)}
    assert {*SMOOTH, *KINKED, *TWO} == named
    assert {name for name, *_ in FAMILY} == set(FAMILIES)


def test_the_docstring_says_what_is_worse():
    assert f"{LIMIT} units in the last place" in operations.__doc__
    assert all(ITS_WORDS.get(name, name) in operations.__doc__ for name in WORSE)


@pytest.mark.parametrize("name", ONE, ids=str)
def test_a_function_of_one_number(name):
    operation = (
        OPERATIONS[name] if name in ONE and name in OPERATIONS else FAMILIES[name[0]](*name[1:])
    )
    for x in islice(closed_forms.numbers(7), COUNT):
        _compare(name, operation, ONE[name], (x,), DIGITS)


@pytest.mark.parametrize("name", TWO)
def test_a_function_of_two_numbers(name):
    digits = MANY if name in ("floor_divide", "modulo", "fmod") else DIGITS
    for xs in islice(closed_forms.pairs(11), COUNT):
        _compare(name, OPERATIONS[name], TWO[name], xs, digits)


def _compare(name, operation, functions, xs, digits):
    z = operation.forward(*xs)
    if z != z:
        return
    allowed = WORSE.get(name, lambda i, z, *xs: LIMIT)
    with mp.workdps(digits):
        for i, (found, f) in enumerate(zip((z, *operation.rule(z, *xs)), functions)):
            true = f(*map(mp.mpf, xs))
            if isinstance(true, mp.mpc):  # along the exponent of a negative base
                assert found != found
                continue
            assert ulps(found, true) <= allowed(i, z, *xs), (i, xs, found, float(true))


# Second and third derivatives are 0 here and there, where terms of the size of 1 cancel.
CANCELS = {"asin", "acos", "atan", "atanh", "asinh", "tanh", "sech", "sigmoid", "softplus", "silu"}
CANCELS |= {"gaussian", "erf", "erfc", "normal_cdf", "gelu"}


@pytest.mark.parametrize("name", SMOOTH)
def test_second_and_third_derivatives(name):
    for x in islice(closed_forms.numbers(5), COUNT // 2):
        node = OPERATIONS[name](leaf := Value(x))
        if node.data != node.data:
            continue
        for f in SMOOTH[name][1:]:
            [node] = gradient(node, [leaf])
            with mp.workdps(DIGITS):
                true = float(f(mp.mpf(x)))
            allowed = 2e-15 if name in CANCELS and abs(x) < 5.0 else 0.0
            assert _close(node.data, true, allowed), (x, node.data, true)


@pytest.mark.parametrize("name", SECOND)
def test_second_derivatives_of_functions_of_two_numbers(name):
    for xs in islice(closed_forms.pairs(3), COUNT // 2):
        leaves = [*map(Value, xs)]
        first, second = gradient(OPERATIONS[name](*leaves), leaves)
        found = [*gradient(first, leaves), gradient(second, leaves)[1]]
        r = math.hypot(*xs)  # 1/r - x²/r³ cancels where y is small, so does the like of atan2
        allowed = {"hypot": 1e-15 / r, "atan2": 1e-15 / r / r if r > 1e-150 else math.inf}.get(
            name, 0.0
        )
        if name == "hypot" and 1.0 / r == math.inf:  # both terms overflow
            allowed = math.inf
        for node, f in zip(found, SECOND[name], strict=True):
            with mp.workdps(DIGITS):
                true = float(f(*map(mp.mpf, xs)))
            assert _close(node.data, true, allowed), (xs, node.data, true)


def _close(found, true, allowed):
    """Within 64 units, or as close as its terms are; a subnormal number has few digits, and x³ is a factor."""
    if math.isinf(allowed) or (not math.isfinite(found) and abs(true) > 1e300):  # a term overflows
        return True
    return ulps(found, true) <= 64 or abs(found - true) <= max(allowed, 110_000 * 5e-324)


EXAMPLES = [  # slopes that were 0 or far off; what is right is from mpmath
    (engine.log10, (8.99e307,), (4.8308614e-309,)),
    (engine.log2, (1.7e308,), (8.4864414e-309,)),
    (engine.hypot, (1.7e308, 1.7e308), (math.sqrt(0.5), math.sqrt(0.5))),
    (engine.hypot, (3e-320, 4e-320), (0.6, 0.8)),
    (engine.atan2, (1.7e308, 1.7e308), (2.9411765e-309, -2.9411765e-309)),
    (engine.atan2, (1e-200, 1e-200), (5e199, -5e199)),
    (engine.erf, (20.5,), (3.468957982e-183,)),
    (engine.gelu, (-30.0,), (-4.416031691e-195,)),
    (lambda x, y: x % y, (1.0, -math.inf), (1.0, 1.0)),
    (lambda x, y: x % y, (-1.0, math.inf), (1.0, 1.0)),
    (lambda x, y: x % y, (1.0, math.inf), (1.0, 0.0)),
    (lambda x, y: x % y, (1.7e308, -1e308), (1.0, 2.0)),
    (engine.fmod, (1.0, -math.inf), (1.0, 0.0)),
    (lambda x, y: x // y, (1.0, -math.inf), (0.0, 0.0)),
]


@pytest.mark.parametrize(("f", "numbers", "slopes"), EXAMPLES)
def test_slopes_at_the_ends_of_the_range(f, numbers, slopes):
    leaves = [*map(Value, numbers)]
    f(*leaves).backward()
    assert [x.grad for x in leaves] == pytest.approx(slopes, rel=1e-7, abs=0.0)


@pytest.mark.parametrize(
    ("f", "n", "x", "true"),
    [
        (engine.tanh, 2, 250.0, -5.699661e-217),
        (engine.tanh, 2, -250.0, 5.699661e-217),
        (engine.tanh, 3, 711.0, 0.0),
        (engine.tanh, 3, -1e308, 0.0),
        (engine.gelu, 3, 1e200, 0.0),
        (engine.gelu, 3, -1e308, 0.0),
        (engine.erf, 3, 1e308, 0.0),
        (engine.elu, 3, 710.0, 0.0),
    ],
)
def test_higher_derivatives_far_out(f, n, x, true):
    assert derivative(f, n)(x) == pytest.approx(true, rel=1e-5, abs=0.0)


def test_gelu_keeps_its_digits_left_of_minus_five():
    with mp.workdps(DIGITS):
        for x in (-5.5, -12.3, -25.0, -37.1):
            assert ulps(engine.gelu(x), SMOOTH["gelu"][0](mp.mpf(x))) <= 4
