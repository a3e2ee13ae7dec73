"""Total arithmetic on floats: real numbers in, a real number out, whatever the operands.

Python raises at `1.0 / 0.0` and `math.exp(710)`, and answers `(-2.0) ** 0.5` with a complex number. A graph
that a learner is looking at must survive all three, so the functions here answer as IEEE 754 and C's libm
do: inf where a value is too large or at a pole, nan where there is no real value. Nothing here raises but
`real`, the gate through which numbers enter.

>>> divide(1.0, -0.0), exp(710.0), power(-2.0, 0.5)
(-inf, inf, nan)
"""

import math
import reprlib
from collections.abc import Callable, Iterable
from numbers import Complex, Number, Real
from typing import Any

inf, nan = math.inf, math.nan


def real(x: Any) -> float:
    """The real number `x` as a float: int, float, bool, Fraction, Decimal or a NumPy scalar.

    >>> real(True), real("2")
    Traceback (most recent call last):
        ...
    TypeError: a Value holds one real number, not the str '2': write float('2')

    Raises TypeError for anything else, and OverflowError for an int or Fraction beyond the largest float.
    """
    if x.__class__ is float:
        return x  # type: ignore[no-any-return]
    if isinstance(x, Real) or (isinstance(x, Number) and not isinstance(x, Complex)) or _is_numpy_bool(x):
        try:
            return float(x)  # type: ignore[arg-type]
        except OverflowError:
            raise OverflowError(f"{reprlib.repr(x)} is beyond the largest float, 1.8e308: scale it down") from None
    raise TypeError(f"a Value holds one real number, not the {type(x).__name__} {reprlib.repr(x)}: {_remedy(x)}")


def _is_numpy_bool(x: Any) -> bool:
    return type(x).__module__ == "numpy" and type(x).__name__ in ("bool", "bool_")


def _remedy(x: Any) -> str:
    if isinstance(x, (str, bytes)):
        return f"write float({reprlib.repr(x)})"
    if isinstance(x, Complex):
        return "take its .real or .imag"
    if hasattr(x, "local_derivatives"):
        return "it is a Value already; use it as it is, or its number, .data"
    if hasattr(x, "__len__") or hasattr(x, "shape"):
        return "make one Value for each number in it"
    return "give an int or a float"


def _total(function: Callable[..., float]) -> Callable[..., float]:
    """`function` of the math module with nan outside its domain and an infinity beyond the largest float."""

    def total(*xs: float) -> float:
        try:
            return function(*xs)
        except ValueError:
            return nan
        except OverflowError:  # of these functions, only the odd sinh overflows to the negative side
            return -inf if function is math.sinh and xs[0] < 0.0 else inf

    return total


exp, expm1, exp2 = _total(math.exp), _total(math.expm1), _total(math.exp2)
sin, cos, tan = _total(math.sin), _total(math.cos), _total(math.tan)
asin, acos, acosh = _total(math.asin), _total(math.acos), _total(math.acosh)
sinh, cosh, sqrt, fmod = _total(math.sinh), _total(math.cosh), _total(math.sqrt), _total(math.fmod)


def _logarithm(function: Callable[[float], float], pole: float = 0.0) -> Callable[[float], float]:
    return lambda x: function(x) if x > pole else (-inf if x == pole else nan)


log, log2, log10 = _logarithm(math.log), _logarithm(math.log2), _logarithm(math.log10)
log1p = _logarithm(math.log1p, pole=-1.0)


def atanh(x: float) -> float:
    return math.atanh(x) if -1.0 < x < 1.0 else (math.copysign(inf, x) if abs(x) == 1.0 else nan)


def divide(x: float, y: float) -> float:
    if y != 0.0:
        return x / y
    return nan if x == 0.0 or x != x else math.copysign(inf, x) * math.copysign(1.0, y)


def floor_divide(x: float, y: float) -> float:
    return x // y if y != 0.0 else divide(x, y)


def modulo(x: float, y: float) -> float:
    return x % y if y != 0.0 else nan


def power(x: float, y: float) -> float:
    """C's pow: real, with signed infinities at the pole of a negative exponent."""
    try:
        return math.pow(x, y)
    except ValueError:
        if x != 0.0:
            return nan  # a negative base to a fraction is no real number
    except OverflowError:
        pass
    return -inf if math.copysign(1.0, x) < 0.0 and y % 2.0 == 1.0 else inf


def whole(function: Callable[[float], int]) -> Callable[[float], float]:
    """math's floor, ceil or trunc, floats to floats: inf and nan pass through, -0.0 keeps its sign."""
    return lambda x: math.copysign(function(x), x) if math.isfinite(x) else x


def sigmoid(x: float) -> float:
    if x >= 0.0:
        return 1.0 / (1.0 + math.exp(-x))
    e = math.exp(x)
    return e / (1.0 + e)


def add_up(numbers: Iterable[float]) -> float:
    """Plain additions from left to right: the built-in sum compensates since Python 3.12, to other bits."""
    result = 0.0
    for number in numbers:
        result += number
    return result


def product(numbers: Iterable[float]) -> float:
    return math.prod(numbers, start=1.0)


def logaddexp(x: float, y: float) -> float:
    return logsumexp((x, y))


def logsumexp(numbers: tuple[float, ...]) -> float:
    """log Σ exp(xᵢ), with the largest taken out so that nothing overflows."""
    peak = max(numbers)
    if any(number != number for number in numbers):
        return nan
    if math.isinf(peak):
        return peak
    return peak + math.log(add_up(math.exp(number - peak) for number in numbers))
