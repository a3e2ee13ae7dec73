"""The gate through which numbers enter: any real number becomes a float, anything else is refused.

>>> real(True), real(3)
(1.0, 3.0)
"""

import reprlib
from numbers import Complex, Number, Real
from typing import Any


def real(x: Any) -> float:
    """The real number `x` as a float: int, float, bool, Fraction, Decimal or a NumPy scalar.

    >>> real("2")
    Traceback (most recent call last):
        ...
    TypeError: a Value holds one real number, not the str '2': write float('2')

    Raises TypeError for anything else, and OverflowError for an int or Fraction beyond the largest
    float.
    """
    if x.__class__ is float:
        return x
    if (
        isinstance(x, (int, Real))
        or (isinstance(x, Number) and not isinstance(x, Complex))
        or _is_numpy_bool(x)
    ):
        try:
            return float(x)
        except OverflowError:
            raise OverflowError(
                f"{reprlib.repr(x)} is beyond the largest float, 1.8e308: scale it down"
            ) from None
    raise TypeError(
        f"a Value holds one real number, not the {type(x).__name__} {reprlib.repr(x)}: {_remedy(x)}"
    )


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
