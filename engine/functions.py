"""Functions that take a list of values, or plain numbers that are not operands, and check them.

>>> from engine import Value
>>> total([Value(1.0), 2.0, 3.0]), clamp(7.0, 0.0, 1.0)
(sum(data=6, grad=0), 1.0)
"""

from collections.abc import Iterable
from math import inf
from typing import Any

from . import operations
from .operations import clamp_of, elu_of, exp, leaky_relu_of, power_of, raise_to
from .real import real


def weighted_sum(weights: Iterable[Any], inputs: Iterable[Any], bias: Any = 0.0) -> Any:
    """bias + Σ wᵢ·aᵢ as one node: what a neuron computes before its activation.

    >>> weighted_sum([1.0, 2.0], [3.0, 4.0], bias=5.0)
    16.0

    Its parents are the weights, the inputs, the bias. Raises ValueError where the lengths differ.
    """
    weights, inputs = tuple(weights), tuple(inputs)
    if len(weights) != len(inputs):
        raise ValueError(f"{len(weights)} weights for {len(inputs)} inputs: give one weight for each input")
    return operations.weighted_sum.of((*weights, *inputs, bias))


def total(values: Iterable[Any]) -> Any:
    """The sum of the values as one node; 0.0 for none.

    >>> total([1.0, 2.0, 3.0])
    6.0
    """
    return operations.total.of(tuple(values))


def mean(values: Iterable[Any]) -> Any:
    """The arithmetic mean of the values as one node. Raises ValueError for none.

    >>> mean([1.0, 2.0, 6.0])
    3.0
    """
    return operations.mean.of(_some(values, "mean"))


def product(values: Iterable[Any]) -> Any:
    """The product of the values as one node; 1.0 for none.

    >>> product([2.0, 3.0, 4.0])
    24.0
    """
    return operations.product.of(tuple(values))


def logsumexp(values: Iterable[Any]) -> Any:
    """log Σ exp(xᵢ) as one node, without overflow. Raises ValueError for no values.

    >>> logsumexp([1000.0, 1000.0])
    1000.6931471805599
    """
    return operations.logsumexp.of(_some(values, "logsumexp"))


def softmax(values: Iterable[Any]) -> list[Any]:
    """Positive shares that sum to one: exp(xᵢ - logsumexp(x)) for each value; none for none.

    >>> softmax([0.0, 0.0])
    [0.5, 0.5]
    """
    values = tuple(values)
    scale = logsumexp(values) if values else 0.0
    return [exp(value - scale) for value in values]


def _some(values: Iterable[Any], name: str) -> tuple[Any, ...]:
    found = tuple(values)
    if not found:
        raise ValueError(f"{name} of no values is not defined: give it at least one")
    return found


def power(x: Any, y: Any) -> Any:
    """x**y: a plain exponent belongs to the operation, a Value exponent is a parent.

    >>> power(-2.0, 3.0), power(-2.0, 0.5)
    (-8.0, nan)
    """
    return raise_to(x, y) if hasattr(y, "__operate__") else power_of(y)(x)


def leaky_relu(x: Any, slope: float = 0.01) -> Any:
    """x where x > 0, else slope·x. Maas, Hannun and Ng 2013.

    >>> leaky_relu(-2.0, slope=0.5)
    -1.0
    """
    return leaky_relu_of(slope)(x)


def elu(x: Any, alpha: float = 1.0) -> Any:
    """x where x > 0, else alpha·(eˣ - 1). Clevert, Unterthiner and Hochreiter 2015.

    >>> elu(-1000.0), elu(2.0)
    (-1.0, 2.0)
    """
    return elu_of(alpha)(x)


def clamp(x: Any, low: float = -inf, high: float = inf) -> Any:
    """x, but not below low nor above high. Raises ValueError where low > high.

    >>> clamp(7.0, 0.0, 1.0)
    1.0
    """
    if real(low) > real(high):
        raise ValueError(f"clamp between {low!r} and {high!r}: the lower bound comes first")
    return clamp_of(low, high)(x)
