"""The gate through which numbers enter: any real number becomes a float, anything else is refused.

>>> real(True), real(3)
(1.0, 3.0)
"""

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
    if x.__class__ in (float, bool):
        return float(x)
    if not isinstance(x, Number) or (isinstance(x, Complex) and not isinstance(x, Real)):
        name = f"{type(x).__module__}.{type(x).__name__}"
        if name not in ("numpy.bool", "numpy.bool_"):
            what = f"the {type(x).__name__} {short(x)}"
            raise TypeError(f"a Value holds one real number, not {what}: {_remedy(x)}")
    try:
        return float(x)
    except OverflowError:
        limit = "beyond the largest float, 1.8e308: scale it down"
        raise OverflowError(f"{short(x)} is {limit}") from None


def _remedy(x: Any) -> str:
    if isinstance(x, (str, bytes)):
        return f"write float({short(x)})"
    if isinstance(x, Complex):
        return "take its .real or .imag"
    if hasattr(x, "local_derivatives"):
        return "it is a Value already; use it as it is, or its number, .data"
    if hasattr(x, "__len__") or hasattr(x, "shape"):
        return "make one Value for each number in it, in a list: [v * 2.0 for v in values]"
    return "give an int or a float"
