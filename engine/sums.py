"""Functions of a list of values: sums, products, what is made of them, and a choice among them.

>>> from engine import Value
>>> total([Value(1.0), 2.0, 3.0]), mean([1.0, 2.0])
(sum(data=6, grad=0), 1.5)
"""

from collections.abc import Iterable
from functools import reduce
from sys import _getframe as _frame
from typing import TYPE_CHECKING, Any, overload

from . import operations
from .operations import divide, exp, floor, maximum, subtract, weigh
from .real import real
from .value import Constant, Value, make, outside

if TYPE_CHECKING:
    from .types import Number


@overload
def weighted_sum(weights: Iterable[float], inputs: Iterable[float], bias: float = 0.0) -> float: ...
@overload
def weighted_sum(
    weights: "Iterable[Number]", inputs: "Iterable[Number]", bias: "Number" = 0.0
) -> Value: ...
def weighted_sum(
    weights: Iterable[Any], inputs: Iterable[Any], bias: Any = 0.0, *loose: Any
) -> Any:
    """Return bias + Σ wᵢ·aᵢ as one node: what a neuron computes before its activation.

    >>> weighted_sum([1.0, 2.0], [3.0, 4.0], bias=5.0)
    16.0

    Its parents are the weights, the inputs, the bias. Raises ValueError where the lengths differ.
    """
    try:
        weights, inputs = tuple(weights), tuple(inputs)
    except TypeError:
        if hasattr(weights, "__iter__") and hasattr(inputs, "__iter__"):
            raise  # the error of an iterator itself
        raise _no_lists() from None
    if loose:
        raise _no_lists()
    if len(weights) != len(inputs):
        raise ValueError(
            f"{len(weights)} weights for {len(inputs)} inputs: give one weight for each input"
        )
    parents, n = (*weights, *inputs, bias), len(weights)
    xs = tuple([x._data for x in parents if x.__class__ is Value or x.__class__ is Constant])
    if len(xs) < len(parents):  # plain numbers are among them
        return operations.weighted_sum.apply(parents)
    # Else what `apply_operation` would do, unrolled for speed: networks are made of little else.
    z = weigh(xs[:n], xs[n:], xs[-1])
    return make(operations.weighted_sum, parents, xs, z, outside(_frame(1)))


def _no_lists() -> TypeError:
    lists = "takes a list of weights and a list of inputs"
    return TypeError(f"weighted_sum {lists}: write weighted_sum([w0, w1], [x0, x1], bias)")


@overload
def total(values: Iterable[float]) -> float: ...
@overload
def total(values: "Iterable[Number]") -> Value: ...
def total(values: Iterable[Any], *loose: Any) -> Any:
    """Return the sum of the values as one node; 0.0 for none.

    >>> total([1.0, 2.0, 3.0])
    6.0
    """
    return operations.total.apply(_listed(values, "total", loose))


@overload
def mean(values: Iterable[float]) -> float: ...
@overload
def mean(values: "Iterable[Number]") -> Value: ...
def mean(values: Iterable[Any], *loose: Any) -> Any:
    """Return the arithmetic mean of the values as one node. Raises ValueError for none.

    >>> mean([1.0, 2.0, 6.0])
    3.0
    """
    return operations.mean.apply(_some(values, "mean", loose))


@overload
def product(values: Iterable[float]) -> float: ...
@overload
def product(values: "Iterable[Number]") -> Value: ...
def product(values: Iterable[Any], *loose: Any) -> Any:
    """Return the product of the values as one node; 1.0 for none.

    >>> product([2.0, 3.0, 4.0])
    24.0
    """
    return operations.product.apply(_listed(values, "product", loose))


@overload
def logsumexp(values: Iterable[float]) -> float: ...
@overload
def logsumexp(values: "Iterable[Number]") -> Value: ...
def logsumexp(values: Iterable[Any], *loose: Any) -> Any:
    """Return log Σ exp(xᵢ) as one node, without overflow. Raises ValueError for no values.

    >>> logsumexp([1000.0, 1000.0])
    1000.6931471805599
    """
    return operations.logsumexp.apply(_some(values, "logsumexp", loose))


@overload
def softmax(values: Iterable[float]) -> list[float]: ...
@overload
def softmax(values: "Iterable[Number]") -> list[Value]: ...
def softmax(values: Iterable[Any], *loose: Any) -> list[Any]:
    """Return exp(xᵢ) / Σ exp(xⱼ) for each value, positive and summing to one; [] for no values.

    >>> softmax([1000.0, 1000.0])
    [0.5, 0.5]

    The largest is subtracted first, so that no exp overflows. It is rounded down, for `floor` has
    no slope: what is subtracted changes no quotient, and no gradient.
    """
    values = _listed(values, "softmax", loose)
    if not values:
        return []
    level = floor(reduce(maximum, values))
    parts = [exp(subtract(value, level)) for value in values]
    whole = total(parts)
    return [divide(part, whole) for part in parts]


@overload
def pick(values: Iterable[float], index: float) -> float: ...
@overload
def pick(values: "Iterable[Number]", index: float) -> "Number": ...
@overload
def pick(values: "Iterable[Number]", index: Value) -> Value: ...
def pick(values: Iterable[Any], index: Any = None, *loose: Any) -> Any:
    """Return values[index]; where the index is a Value, as a node, which chooses on a tape anew.

    >>> pick([5.0, 6.0, 7.0], 1)
    6.0
    >>> index = Value(2.0, label="index")
    >>> pick([5.0, 6.0, 7.0], index)
    pick(data=7, grad=0)

    The index counts from 0 and has no slope: the whole gradient goes to the value that is chosen.
    For a plain index that value is returned itself, and no node is made. Raises IndexError for an
    index that no value has, with both numbers; so does a tape, with the row.
    """
    if index is None or loose:
        raise TypeError("pick takes one list and an index: write pick([a, b], 1)")
    values = _some(values, "pick")
    number = index._data if isinstance(index, Value) else real(index)
    if number not in range(len(values)):
        raise IndexError(out_of_range(number, len(values)))
    return operations.pick(*values, index) if isinstance(index, Value) else values[int(number)]


def out_of_range(index: float, count: int) -> str:
    """Return what is wrong with an index that none of `count` values has, and the remedy."""
    digits = repr(index).removesuffix(".0")
    return f"pick of {count} values at index {digits}: give a whole number from 0 to {count - 1}"


def _some(values: Iterable[Any], name: str, loose: tuple[Any, ...] = ()) -> tuple[Any, ...]:
    operands = _listed(values, name, loose)
    if not operands:
        raise ValueError(f"{name} of no values is not defined: give it at least one")
    return operands


def _listed(values: Iterable[Any], name: str, loose: tuple[Any, ...] = ()) -> tuple[Any, ...]:
    """Return the values as a tuple; `loose` are those that were given one by one, which raises."""
    if loose:
        count = len(loose) + 1
        raise TypeError(f"{name} takes one list, not {count} values: write {name}([a, b])")
    if not hasattr(values, "__iter__"):
        raise TypeError(f"{name} takes a list of values, not {values!r}: write {name}([a, b])")
    return tuple(values)
