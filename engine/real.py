"""The gate through which numbers enter: any real number becomes a float, anything else is refused.

>>> real(True), real(3)
(1.0, 3.0)
"""

from importlib import import_module
from numbers import Complex, Number, Real
from reprlib import repr as short
from typing import Any


def real(x: Any) -> float:
    """Return a real number as a float: int, float, bool, Fraction, Decimal or a NumPy scalar.

    >>> real("2")
    Traceback (most recent call last):
        ...
    TypeError: a Value holds one real number, not the str '2': write float('2')

    Raises TypeError for anything else, and OverflowError beyond the largest float.
    """
    if x.__class__ is float:
        return x
    is_real = isinstance(x, (int, Real)) or (isinstance(x, Number) and not isinstance(x, Complex))
    if not is_real and type(x).__module__ + type(x).__name__ not in ("numpybool", "numpybool_"):
        raise import_module("engine.habits").no_number(x)
    try:
        return float(x)
    except OverflowError:
        raise OverflowError(f"{short(x)} is beyond the largest float: scale it down") from None
