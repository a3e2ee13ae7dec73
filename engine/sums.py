"""Functions of a list of values: sums, products, and what is made of them. Each is one node, however long the list.

>>> from engine import Value
>>> total([Value(1.0), 2.0, 3.0]), mean([1.0, 2.0])
(sum(data=6, grad=0), 1.5)
"""

from collections.abc import Iterable
from sys import _getframe as _frame
from typing import Any

from . import operations
from .operations import divide, exp, subtract, weigh
from .value import Constant, Value, make, outside


def weighted_sum(weights: Iterable[Any], inputs: Iterable[Any], bias: Any = 0.0) -> Any:
    """bias + Σ wᵢ·aᵢ as one node: what a neuron computes before its activation.

    >>> weighted_sum([1.0, 2.0], [3.0, 4.0], bias=5.0)
    16.0

    Its parents are the weights, the inputs, the bias. Raises ValueError where the lengths differ.
    """
    weights, inputs = tuple(weights), tuple(inputs)
    if len(weights) != len(inputs):
        raise ValueError(
            f"{len(weights)} weights for {len(inputs)} inputs: give one weight for each input"
        )
    w = [x._data for x in weights if x.__class__ is Value]
    a = [x._data for x in inputs if x.__class__ is Value or x.__class__ is Constant]
    if len(w) + len(a) < 2 * len(weights) or bias.__class__ is not Value:  # or plain numbers
        return operations.weighted_sum.apply((*weights, *inputs, bias))
    # Else what `apply_operation` would do, unrolled for speed: networks are made of little else.
    parents, numbers = (*weights, *inputs, bias), (*w, *a, bias._data)
    z = weigh(w, a, bias._data)
    return make(operations.weighted_sum, parents, numbers, z, outside(_frame(1)))


def total(values: Iterable[Any]) -> Any:
    """The sum of the values as one node; 0.0 for none.

    >>> total([1.0, 2.0, 3.0])
    6.0
    """
    return operations.total.apply(tuple(values))


def mean(values: Iterable[Any]) -> Any:
    """The arithmetic mean of the values as one node. Raises ValueError for none.

    >>> mean([1.0, 2.0, 6.0])
    3.0
    """
    return operations.mean.apply(_some(values, "mean"))


def product(values: Iterable[Any]) -> Any:
    """The product of the values as one node; 1.0 for none.

    >>> product([2.0, 3.0, 4.0])
    24.0
    """
    return operations.product.apply(tuple(values))


def logsumexp(values: Iterable[Any]) -> Any:
    """log Σ exp(xᵢ) as one node, without overflow. Raises ValueError for no values.

    >>> logsumexp([1000.0, 1000.0])
    1000.6931471805599
    """
    return operations.logsumexp.apply(_some(values, "logsumexp"))


def softmax(values: Iterable[Any]) -> list[Any]:
    """Positive shares that sum to one: exp(xᵢ) / Σ exp(xⱼ) for each value; none for none.

    >>> softmax([1000.0, 1000.0])
    [0.5, 0.5]

    logsumexp is taken out first, which changes no share: then no exp overflows.
    """
    values = tuple(values)
    if not values:
        return []
    level = logsumexp(values)
    parts = [exp(subtract(value, level)) for value in values]
    whole = total(parts)
    return [divide(part, whole) for part in parts]


def _some(values: Iterable[Any], name: str) -> tuple[Any, ...]:
    found = tuple(values)
    if not found:
        raise ValueError(f"{name} of no values is not defined: give it at least one")
    return found
