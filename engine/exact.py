"""The operations and their slopes in many digits, by mpmath, where those of floats are too few.

>>> from engine.operations import tanh
>>> slope = exact_slope(exact_forward(tanh), lambda x: [x], 350.0)  # in floats tanh is 1.0 here
>>> library() is None or 3.9e-304 < slope < 4e-304
True

Everything here gives None or nan where mpmath is not installed or does not know the operation.
"""

import math
from collections.abc import Callable
from typing import Any

from .operation import Operation

PRECISIONS = ((160, -60), (1150, -400))  # digits and width: beside 1e-400 every float is large

_SAME_NAME = (
    *("exp", "expm1", "log", "log10", "log1p", "sqrt", "erf", "erfc", "hypot", "floor", "ceil"),
    *("sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sign"),
    *("sinh", "cosh", "tanh", "asinh", "acosh", "atanh"),
)


def library() -> Any:
    """Return the module mpmath, or None where it is not installed."""
    try:
        import mpmath
    except ImportError:
        return None
    return mpmath


def exact_forward(operation: Operation) -> Callable[..., Any] | None:
    """Return the forward of an operation in mpmath; None where it is not known, or no mpmath."""
    mpmath = library()
    if mpmath is None or operation.__class__ is not Operation:  # a user's own
        return None
    if operation.name in _SAME_NAME:
        forward = getattr(mpmath.mp, operation.name)
    else:
        forward = _by_another_name(mpmath.mp, operation.parameters).get(operation.name)
    return forward and (lambda *xs: forward(*map(mpmath.mpf, xs)))


def _by_another_name(mp: Any, p: tuple[float, ...]) -> dict[str, Callable[..., Any]]:
    """Return the forwards that mpmath has by another name; `p` are the operation's parameters."""

    def sigmoid(x: Any) -> Any:
        return 1 / (1 + mp.exp(-x))

    def many(*xs: Any) -> Any:
        return mp.log(mp.fsum(map(mp.exp, xs)))

    return {
        "add": lambda x, y: x + y,
        "subtract": lambda x, y: x - y,
        "multiply": lambda x, y: x * y,
        "divide": lambda x, y: x / y,
        "negative": lambda x: -x,
        "absolute": abs,
        "masked": lambda g, x: g * x,
        "power": (lambda x: x ** p[0]) if p else (lambda x, y: x**y),
        "cbrt": lambda x: mp.sign(x) * mp.cbrt(abs(x)),
        "exp2": lambda x: mp.mpf(2) ** x,
        "log2": lambda x: mp.log(x, 2),
        "square": lambda x: x * x,
        "reciprocal": lambda x: 1 / x,
        "sech": mp.sech,
        "gaussian": lambda x: mp.exp(-x * x / 2),
        "normal_cdf": lambda x: mp.erfc(-x / mp.sqrt(2)) / 2,
        "sigmoid": sigmoid,
        "softplus": lambda x: mp.log1p(mp.exp(x)),
        "silu": lambda x: x * sigmoid(x),
        "relu": lambda x: max(x, 0),
        "leaky_relu": lambda x: x if x > 0 else p[0] * x,
        "elu": lambda x: x if x > 0 else p[0] * mp.expm1(x),
        "gelu": lambda x: x * mp.erfc(-x / mp.sqrt(2)) / 2,
        "clamp": lambda x: min(max(x, p[0]), p[1]),
        "maximum": max,
        "minimum": min,
        "step": lambda x: mp.mpf(x > 0),
        "trunc": lambda x: mp.sign(x) * mp.floor(abs(x)),
        "copysign": lambda x, y: abs(x) * (1 if y > 0 else -1),
        "less": lambda x, y: mp.mpf(x < y),
        "less_equal": lambda x, y: mp.mpf(x <= y),
        "greater": lambda x, y: mp.mpf(x > y),
        "greater_equal": lambda x, y: mp.mpf(x >= y),
        "where": lambda c, x, y: x if c else y,
        "pick": lambda *xs: dict(enumerate(xs[:-1])).get(mp.nint(xs[-1]), mp.nan),
        "logaddexp": many,
        "logsumexp": many,
        "weighted_sum": lambda *xs: xs[-1] + mp.fdot(xs[: len(xs) // 2], xs[len(xs) // 2 : -1]),
        "total": lambda *xs: mp.fsum(xs),
        "mean": lambda *xs: mp.fsum(xs) / len(xs),
        "product": lambda *xs: mp.fprod(xs),
        "floor_divide": lambda x, y: mp.floor(x / y),
        "modulo": lambda x, y: x - y * mp.floor(x / y),
        "fmod": lambda x, y: x - y * mp.sign(x / y) * mp.floor(abs(x / y)),
    }


def exact_slope(
    f: Callable[..., Any] | None, line: Callable[[Any], list[Any]], point: float
) -> float:
    """Return the slope of f(*line(x)) at x = point by differences of many digits.

    It is nan where f is None, or has no slope: a kink, a jump, a pole, no real value.
    """
    if f is None or library() is None:
        return math.nan
    ordinary = all(x == 0.0 or 1e-9 < abs(x) < 1e9 for x in (point, *line(point)))
    for digits, exponent in PRECISIONS if ordinary else PRECISIONS[1:]:
        slope = _difference(f, line, point, digits, exponent)
        if not math.isnan(slope):
            return slope
    return math.nan


def _difference(
    f: Callable[..., Any],
    line: Callable[[Any], list[Any]],
    point: float,
    digits: int,
    exponent: int,
) -> float:
    """Return a central difference of width 10**exponent; nan if it is none or has too few digits.

    It is none where f is not real, where both sides differ (a kink, a jump), or where it grows as
    the width shrinks.
    """
    mpmath = library()
    with mpmath.workdps(digits):
        try:
            x, h = mpmath.mpf(point), mpmath.mpf(10) ** exponent
            low, here, high, near = (f(*line(x + k * h)) for k in (-1, 0, 1, mpmath.mpf(0.5)))
            slopes = (here - low) / h, (high - here) / h, (near - here) / h * 2
            apart, size = max(slopes) - min(slopes), max(map(abs, slopes))
            if size * h <= abs(here) * mpmath.mpf(10) ** (50 - digits):  # too few digits are left
                flat = (digits, exponent) == PRECISIONS[-1] and size < mpmath.mpf(10) ** -340
                return 0.0 if flat else math.nan
            alike = apart <= size * mpmath.mpf(10) ** -10 < math.inf
            return float((high - low) / (2 * h)) if alike else math.nan
        except (ArithmeticError, ValueError, TypeError):
            return math.nan
