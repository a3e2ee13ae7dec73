"""Total arithmetic: IEEE 754 and C's libm where Python would raise, Python's own bits everywhere else."""

import ctypes
import math
import sys
from itertools import product

import pytest

from engine import ieee

inf, nan = math.inf, math.nan
SPECIAL = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    -0.5,
    2.0,
    -2.0,
    3.0,
    -3.0,
    2.5,
    710.0,
    -710.0,
    746.0,
    -746.0,
    5e-324,
    -5e-324,
    1e308,
    -1e308,
    1e300,
    -1e300,
    2.0**53,
    -(2.0**53) - 2.0,
    inf,
    -inf,
    nan,
]
OF_ONE = [
    "exp",
    "expm1",
    "exp2",
    "log",
    "log2",
    "log10",
    "log1p",
    "sin",
    "cos",
    "tan",
    "asin",
    "acos",
    "acosh",
    "sinh",
    "cosh",
    "sqrt",
    "atanh",
]
OF_TWO = ["divide", "floor_divide", "modulo", "power", "fmod"]


def bits(x):
    """A float as text in which the sign of zero shows and nan equals nan."""
    return repr(x) if x == x else "nan"


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda: ieee.divide(1.0, 0.0), inf),
        (lambda: ieee.divide(1.0, -0.0), -inf),
        (lambda: ieee.divide(-1.0, 0.0), -inf),
        (lambda: ieee.divide(-1.0, -0.0), inf),
        (lambda: ieee.divide(0.0, 0.0), nan),
        (lambda: ieee.divide(nan, 0.0), nan),
        (lambda: ieee.divide(inf, -0.0), -inf),
        (lambda: ieee.divide(inf, inf), nan),
        (lambda: ieee.divide(-0.0, 3.0), -0.0),
        (lambda: ieee.floor_divide(1.0, 0.0), inf),
        (lambda: ieee.modulo(1.0, 0.0), nan),
        (lambda: ieee.fmod(1.0, 0.0), nan),
        (lambda: ieee.fmod(inf, 1.0), nan),
        (lambda: ieee.fmod(1.0, inf), 1.0),
        (lambda: ieee.power(-2.0, 0.5), nan),
        (lambda: ieee.power(0.0, -1.0), inf),
        (lambda: ieee.power(-0.0, -1.0), -inf),
        (lambda: ieee.power(-0.0, -2.0), inf),
        (lambda: ieee.power(-0.0, -0.5), inf),
        (lambda: ieee.power(-inf, 0.5), inf),
        (lambda: ieee.power(-0.0, 0.5), 0.0),
        (lambda: ieee.power(1e200, 2.0), inf),
        (lambda: ieee.power(-1e200, 3.0), -inf),
        (lambda: ieee.power(-1e200, 2.0), inf),
        (lambda: ieee.power(nan, 0.0), 1.0),
        (lambda: ieee.power(1.0, nan), 1.0),
        (lambda: ieee.power(-1e-200, -3.0), -inf),
        (lambda: ieee.power(1e-200, 2.0), 0.0),
        (lambda: ieee.power(-1.0, inf), 1.0),
        (lambda: ieee.exp(710.0), inf),
        (lambda: ieee.exp(-746.0), 0.0),
        (lambda: ieee.exp2(1024.0), inf),
        (lambda: ieee.expm1(710.0), inf),
        (lambda: ieee.sinh(711.0), inf),
        (lambda: ieee.sinh(-711.0), -inf),
        (lambda: ieee.cosh(-711.0), inf),
        (lambda: ieee.log(0.0), -inf),
        (lambda: ieee.log(-0.0), -inf),
        (lambda: ieee.log(-1.0), nan),
        (lambda: ieee.log1p(-1.0), -inf),
        (lambda: ieee.log1p(-2.0), nan),
        (lambda: ieee.sqrt(-1.0), nan),
        (lambda: ieee.sqrt(-0.0), -0.0),
        (lambda: ieee.asin(2.0), nan),
        (lambda: ieee.acosh(0.0), nan),
        (lambda: ieee.atanh(1.0), inf),
        (lambda: ieee.atanh(-1.0), -inf),
        (lambda: ieee.atanh(2.0), nan),
        (lambda: ieee.sin(inf), nan),
        (lambda: ieee.floor(-0.0), -0.0),
        (lambda: ieee.ceil(-0.5), -0.0),
        (lambda: ieee.trunc(-0.5), -0.0),
        (lambda: ieee.floor(0.5), 0.0),
        (lambda: ieee.floor(-0.5), -1.0),
        (lambda: ieee.floor(inf), inf),
        (lambda: ieee.ceil(nan), nan),
        (lambda: ieee.floor(1e300), 1e300),
        (lambda: ieee.sigmoid(-1000.0), 0.0),
        (lambda: ieee.sigmoid(1000.0), 1.0),
        (lambda: ieee.sigmoid(nan), nan),
        (lambda: ieee.logsumexp(inf, 1.0), inf),
        (lambda: ieee.logsumexp(-inf, -inf), -inf),
        (lambda: ieee.logsumexp(inf, -inf), inf),
        (lambda: ieee.logsumexp(nan, inf), nan),
        (lambda: ieee.logsumexp(1.0, nan), nan),
        (lambda: ieee.logsumexp(1e308, 1e308), 1e308),
        (lambda: ieee.logsumexp(-1e308, 5.0), 5.0),
        (lambda: ieee.logsumexp(-40.0, 0.0), 4.248354255291589e-18),  # log1p(e⁻⁴⁰), by mpmath
    ],
)
def test_where_python_raises_or_turns_complex(call, expected):
    assert bits(call()) == bits(expected)


@pytest.mark.parametrize("name", OF_ONE)
def test_functions_of_one_are_total_and_agree_with_python_where_it_answers(name):
    for x in SPECIAL:
        ours = getattr(ieee, name)(x)
        assert type(ours) is float, x
        try:
            assert bits(ours) == bits(getattr(math, name)(x)), x
        except (ValueError, OverflowError):
            assert not math.isfinite(ours), x


PYTHON = {
    "divide": lambda x, y: x / y,
    "floor_divide": lambda x, y: x // y,
    "modulo": lambda x, y: x % y,
    "power": math.pow,
    "fmod": math.fmod,
}


@pytest.mark.parametrize("name", OF_TWO)
def test_functions_of_two_are_total_and_agree_with_python_where_it_answers(name):
    for x, y in product(SPECIAL, repeat=2):
        ours = getattr(ieee, name)(x, y)
        assert type(ours) is float, (x, y)
        try:
            assert bits(ours) == bits(PYTHON[name](x, y)), (x, y)
        except (ValueError, OverflowError, ZeroDivisionError):
            assert not math.isfinite(ours), (x, y)


@pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="reads pow, sinh, … out of the C library of Linux"
)
def test_the_edges_are_those_of_libm():
    libm = ctypes.CDLL("libm.so.6")
    for name, ours, arity in [
        ("pow", ieee.power, 2),
        ("fmod", ieee.fmod, 2),
        ("sinh", ieee.sinh, 1),
        ("cosh", ieee.cosh, 1),
        ("exp", ieee.exp, 1),
        ("expm1", ieee.expm1, 1),
        ("log", ieee.log, 1),
        ("log1p", ieee.log1p, 1),
        ("log2", ieee.log2, 1),
        ("log10", ieee.log10, 1),
        ("atanh", ieee.atanh, 1),
        ("acosh", ieee.acosh, 1),
        ("floor", ieee.floor, 1),
        ("ceil", ieee.ceil, 1),
        ("trunc", ieee.trunc, 1),
    ]:
        theirs = getattr(libm, name)
        theirs.restype, theirs.argtypes = ctypes.c_double, [ctypes.c_double] * arity
        for xs in product(SPECIAL, repeat=arity):
            assert ours(*xs) == pytest.approx(theirs(*xs), rel=1e-15, abs=0.0, nan_ok=True), (
                name,
                xs,
            )
            if ours(*xs) == 0.0:
                assert bits(ours(*xs)) == bits(theirs(*xs)), (name, xs)


def test_sums_are_plain_additions_from_the_left():
    assert ieee.add_up([1e16, 1.0, 1.0, -1e16]) == 0.0  # a compensated sum gives 2
    assert ieee.add_up([]) == 0.0
