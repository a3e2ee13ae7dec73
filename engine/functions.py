"""Functions that take plain numbers besides their operand: an exponent, a slope, bounds.

>>> from engine import Value
>>> clamp(7.0, 0.0, 1.0), leaky_relu(Value(-2.0), slope=0.5)
(1.0, leaky_relu(data=-1, grad=0))
"""

from math import inf
from typing import TYPE_CHECKING, Any, overload

from .operations import clamp_of, elu_of, leaky_relu_of, power_of, raise_to
from .real import real
from .value import Value

if TYPE_CHECKING:
    from .types import Number


@overload
def power(x: float, y: float) -> float: ...
@overload
def power(x: "Value", y: "Number") -> "Value": ...
@overload
def power(x: "Number", y: "Value") -> "Value": ...
def power(x: Any, y: Any) -> Any:
    """Return x**y: a plain exponent belongs to the operation, a Value exponent is a parent.

    >>> power(-2.0, 3.0), power(-2.0, 0.5)
    (-8.0, nan)
    """
    return raise_to(x, y) if hasattr(y, "apply_operation") else power_of(real(y))(x)


@overload
def leaky_relu(x: float, slope: float = 0.01) -> float: ...
@overload
def leaky_relu(x: "Value", slope: float = 0.01) -> "Value": ...
def leaky_relu(x: Any, slope: float = 0.01) -> Any:
    """Return x where x > 0, else slope·x. Maas, Hannun and Ng 2013.

    >>> leaky_relu(-2.0, slope=0.5)
    -1.0
    """
    return leaky_relu_of(real(slope))(x)


@overload
def elu(x: float, alpha: float = 1.0) -> float: ...
@overload
def elu(x: "Value", alpha: float = 1.0) -> "Value": ...
def elu(x: Any, alpha: float = 1.0) -> Any:
    """Return x where x > 0, else alpha·(eˣ - 1). Clevert, Unterthiner and Hochreiter 2015.

    >>> elu(-1000.0), elu(2.0)
    (-1.0, 2.0)
    """
    return elu_of(real(alpha))(x)


@overload
def clamp(x: float, low: float = -inf, high: float = inf) -> float: ...
@overload
def clamp(x: "Value", low: float = -inf, high: float = inf) -> "Value": ...
def clamp(x: Any, low: float = -inf, high: float = inf) -> Any:
    """Return x, but not below low nor above high.

    Raises ValueError where low > high, or one is nan.

    >>> clamp(7.0, 0.0, 1.0)
    1.0
    """
    if not real(low) <= real(high):
        raise ValueError(f"clamp between {low!r} and {high!r}: the lower bound comes first")
    return clamp_of(real(low), real(high))(x)


for _method in (leaky_relu, elu, clamp):
    setattr(Value, _method.__name__, _method)
