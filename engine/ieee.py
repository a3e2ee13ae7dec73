"""Total arithmetic on floats: real numbers in, a real number out, whatever the operands.

Python raises at `1.0 / 0.0` and `math.exp(710)`, and answers `(-2.0) ** 0.5` with a complex number.
The functions here answer as IEEE 754 and C's libm do: inf where a value is too large or at a pole,
nan where there is no real value.

>>> divide(1.0, -0.0), exp(710.0), power(-2.0, 0.5)
(-inf, inf, nan)
"""

import math
from collections.abc import Callable, Iterable
from functools import reduce
from operator import add

# fmt: off
inf, nan, ROOT_HALF = math.inf, math.nan, math.sqrt(0.5)

def _total(function: Callable[[float], float]) -> Callable[[float], float]:
    """Return a function of math with nan outside its domain, inf beyond the largest float."""
    def total(x: float) -> float:
        try:
            return function(x)
        except ValueError:
            return nan
        except OverflowError:  # only sinh overflows to the negative side
            return -inf if function is math.sinh and x < 0.0 else inf
    return total

def _logarithm(function: Callable[[float], float], pole: float = 0.0) -> Callable[[float], float]:
    return lambda x: function(x) if x > pole else (-inf if x == pole else nan)

def whole(function: Callable[[float], int]) -> Callable[[float], float]:
    """Return floor, ceil or trunc from float to float; inf, nan and the sign of -0.0 stay."""
    return lambda x: math.copysign(function(x), x) if math.isfinite(x) else x

exp, expm1, exp2 = _total(math.exp), _total(math.expm1), _total(math.exp2)
log, log2, log10 = _logarithm(math.log), _logarithm(math.log2), _logarithm(math.log10)
log1p = _logarithm(math.log1p, pole=-1.0)
sin, cos, tan = _total(math.sin), _total(math.cos), _total(math.tan)
asin, acos, acosh = _total(math.asin), _total(math.acos), _total(math.acosh)
sinh, cosh, sqrt = _total(math.sinh), _total(math.cosh), _total(math.sqrt)
floor, ceil, trunc = whole(math.floor), whole(math.ceil), whole(math.trunc)

def atanh(x: float) -> float:
    return math.atanh(x) if -1.0 < x < 1.0 else (math.copysign(inf, x) if abs(x) == 1.0 else nan)

def divide(x: float, y: float) -> float:
    if y != 0.0:
        return x / y
    return nan if x == 0.0 or x != x else math.copysign(inf, x) * math.copysign(1.0, y)

def reciprocal(x: float) -> float: return 1.0 / x if x != 0.0 else math.copysign(inf, x)
def square(x: float) -> float: return x * x
def floor_divide(x: float, y: float) -> float: return x // y if y != 0.0 else divide(x, y)
def modulo(x: float, y: float) -> float: return x % y if y != 0.0 else nan
def fmod(x: float, y: float) -> float: return nan if y == 0.0 or abs(x) == inf else math.fmod(x, y)
def less(x: float, y: float) -> float: return float(x < y)
def less_equal(x: float, y: float) -> float: return float(x <= y)
def greater(x: float, y: float) -> float: return float(x > y)
def greater_equal(x: float, y: float) -> float: return float(x >= y)
def sign(x: float) -> float: return x if x != x or x == 0.0 else math.copysign(1.0, x)
def where(condition: float, x: float, y: float) -> float: return x if condition else y
def clamp(x: float, a: float, b: float) -> float: return a if x < a else b if x > b else x
def masked(g: float, local: float) -> float: return g * local if g else 0.0
def add_up(xs: Iterable[float]) -> float: return reduce(add, xs, 0.0)  # sum() compensates in 3.12

def power(x: float, y: float) -> float:
    """Return C's pow: real, with signed infinities at the pole of a negative exponent."""
    try:
        return math.pow(x, y)
    except ValueError:
        if x != 0.0:
            return nan  # a negative base to a fraction is no real number
    except OverflowError:
        pass
    return -inf if math.copysign(1.0, x) < 0.0 and y % 2.0 == 1.0 else inf

def sigmoid(x: float) -> float:
    e = math.exp(-abs(x))  # of a negative number: no overflow
    return 1.0 / (1.0 + e) if x >= 0.0 else e / (1.0 + e)

def sech(x: float) -> float:
    e = math.exp(-abs(x))  # cosh(x) would overflow
    return 2.0 * e / (1.0 + e * e)

def lost(x: float) -> float:
    """Return what x * x loses by rounding: a, the upper half of x, has an exact square (Dekker)."""
    a = 134217729.0 * x - (134217729.0 * x - x)  # 2²⁷ + 1
    return a * a - x * x + (x - a) * (x + a)

def gaussian(x: float) -> float:
    """Return exp(-x²/2). Rounding x² alone would cost x² units in the last place."""
    x = min(abs(x), 40.0)  # from 39 on it is 0
    return math.exp(-0.5 * x * x) * (1.0 - 0.5 * lost(x))

def normal_cdf(x: float) -> float:
    """Return Φ(x); for x < 0, erfc(t) is corrected by x²/2 - t², which the rounding of t made."""
    t = -x * ROOT_HALF
    p = 0.5 * math.erfc(t)
    return p * (1.0 - (0.5 * x * x - t * t) - (0.5 * lost(x) - lost(t))) if -40.0 < x < 0.0 else p

def logsumexp(*xs: float) -> float:
    """Return log Σ exp(x); the largest x is taken out, so nothing overflows or is lost."""
    rest = list(xs)
    peak = rest.pop(rest.index(max(rest)))
    if math.isfinite(peak):
        return peak + math.log1p(add_up([exp(x - peak) for x in rest]))
    return peak + add_up(rest) if any(x != x for x in xs) else peak
