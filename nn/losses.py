"""Losses: how wrong the outputs for one example are, as one Value (or a float), and accuracy.

>>> squared_error([0.5, 1.0], [1.0, 0.0])
1.25
>>> round(cross_entropy([2.0, 0.0], 0), 6)
0.126928
"""

from collections.abc import Iterable, Sequence
from numbers import Real
from typing import Any, Protocol, overload

from engine import Number, Value, clamp, logsumexp, mean, pick, relu, softplus, square, total

from .module import Module, in_order

Floats = float | Sequence[float]


class Loss(Protocol):
    """How wrong a model's outputs for one example are; `fit` calls loss(outputs, target)."""

    def __call__(self, outputs: Any, target: Any, /) -> Number: ...


@overload
def squared_error(outputs: Floats, targets: Floats) -> float: ...
@overload
def squared_error(outputs: Any, targets: Any) -> Value: ...
def squared_error(outputs: Any, targets: Any) -> Any:
    """Return Σ (a - y)² over the outputs, C₀ of the notes: a sum, without ½ and not a mean.

    >>> squared_error(3.0, 1.0)
    4.0

    Both are lists of the same length, or both single. Raises ValueError where the lengths differ.
    """
    squares = [square(difference) for difference in _differences(outputs, targets)]
    return squares[0] if len(squares) == 1 else total(squares)


@overload
def mean_squared_error(outputs: Floats, targets: Floats) -> float: ...
@overload
def mean_squared_error(outputs: Any, targets: Any) -> Value: ...
def mean_squared_error(outputs: Any, targets: Any) -> Any:
    """Return the mean of (a - y)² over the outputs, as PyTorch's MSELoss does.

    >>> mean_squared_error([3.0, 1.0], [1.0, 1.0])
    2.0
    """
    return mean([square(difference) for difference in _differences(outputs, targets)])


@overload
def huber(outputs: Floats, targets: Floats, delta: float = 1.0) -> float: ...
@overload
def huber(outputs: Any, targets: Any, delta: float = 1.0) -> Value: ...
def huber(outputs: Any, targets: Any, delta: float = 1.0) -> Any:
    """Return Σ ½e² over the errors e = a - y, but δ·(|e| - ½δ) where |e| is above δ.

    >>> huber(0.5, 0.0), huber(3.0, 0.0)
    (0.125, 2.5)

    An outlier pulls no harder than δ. Huber, Robust Estimation of a Location Parameter, 1964.
    """
    sizes = [abs(difference) for difference in _differences(outputs, targets)]
    return total(
        [near * (size - 0.5 * near) for size in sizes for near in [clamp(size, 0.0, delta)]]
    )


@overload
def max_margin(score: Floats, sign: float) -> float: ...
@overload
def max_margin(score: Any, sign: Number) -> Value: ...
def max_margin(score: Any, sign: Number) -> Any:
    """Return max(0, 1 - sign·score): 0 for an example on its right side by a margin of 1.

    >>> max_margin(0.25, -1), max_margin(3.0, 1)
    (1.25, 0.0)

    `sign` is -1 or +1. The hinge loss of Cortes and Vapnik, Support-vector networks, 1995.
    """
    sign = _single(sign, "max_margin")
    if not isinstance(sign, Value) and sign not in (-1, 1):
        raise ValueError(f"max_margin takes a sign of -1 or +1, not {sign!r}")
    return relu(1.0 - sign * _single(score, "max_margin"))


@overload
def cross_entropy(logits: Floats, index: int) -> float: ...
@overload
def cross_entropy(logits: Any, index: Number) -> Value: ...
def cross_entropy(logits: Any, index: Any) -> Any:
    """Return -log softmax(logits)[index], the logsumexp of logit - logits[index] over all logits.

    >>> cross_entropy([0.0, 0.0], 1)
    0.6931471805599453

    Raises ValueError for an index that is not 0 … len(logits) - 1. (An index that is a Value, as on
    a tape where it changes from row to row, picks its logit by `engine.pick`.) Bridle 1990; Bishop,
    Pattern Recognition and Machine Learning, 2006, section 4.3.4.
    """
    scores = _listed(logits)
    target: Any = index[0] if hasattr(index, "__len__") and len(index) == 1 else index
    if isinstance(target, Value):
        picked = pick(scores, target)
        return logsumexp([score - picked for score in scores])
    if not isinstance(target, Real) or target != target // 1:
        advice = ": of a one-hot list write row.index(1)" if hasattr(target, "__len__") else ""
        raise TypeError(f"cross_entropy takes the number of a class, not {target!r}{advice}")
    k, n = int(float(target)), len(scores)
    if not 0 <= k < n:
        raise ValueError(f"class {k} of {n} logits: classes run from 0 to {n - 1}")
    others = [score - scores[k] for i, score in enumerate(scores) if i != k]
    return logsumexp([0.0, *others]) if others else scores[k] - scores[k]


@overload
def mean_cross_entropy(logits: Sequence[Floats], indices: Sequence[int]) -> float: ...
@overload
def mean_cross_entropy(logits: Any, indices: Any) -> Value: ...
def mean_cross_entropy(logits: Any, indices: Any) -> Any:
    """Return the mean of `cross_entropy` over the positions of a sequence, one index each.

    >>> mean_cross_entropy([[0.0, 0.0], [2.0, 0.0]], [1, 0])
    0.41003759580458574

    Raises ValueError where the lengths differ.
    """
    if len(logits) != len(indices):
        what = f"{len(logits)} positions but {len(indices)} indices"
        raise ValueError(f"{what}: give the index of one class for each position")
    return mean([cross_entropy(row, index) for row, index in zip(logits, indices)])


@overload
def binary_cross_entropy(logit: Floats, target: float) -> float: ...
@overload
def binary_cross_entropy(logit: Any, target: Number) -> Value: ...
def binary_cross_entropy(logit: Any, target: Number) -> Any:
    """Return -log of the probability that sigmoid(logit) gives to the target, from 0 to 1.

    >>> binary_cross_entropy(0.0, 1), binary_cross_entropy(-1000.0, 0)
    (0.6931471805599453, 0.0)

    target·softplus(-logit) + (1 - target)·softplus(logit), which neither overflows nor cancels.
    Bishop 2006, 4.3.2.
    """
    z = _single(logit, "binary_cross_entropy")
    target = _single(target, "binary_cross_entropy")
    if not isinstance(target, Value):
        if not 0 <= target <= 1:
            raise ValueError(f"binary_cross_entropy takes a target from 0 to 1, not {target!r}")
        if target in (0, 1):
            return softplus(-z if target else z)
    return target * softplus(-z) + (1.0 - target) * softplus(z)


@overload
def l2(parameters: Iterable[float]) -> float: ...
@overload
def l2(parameters: Iterable[Value]) -> Value: ...
def l2(parameters: Iterable[Number]) -> Any:
    """Return Σ p² over the parameters: times a small number, what L2 regularisation adds to a loss.

    >>> l2([3.0, 4.0])
    25.0
    """
    return total([p * p for p in parameters])


def accuracy(model: Module, inputs: Iterable[Any], targets: Iterable[Any]) -> float:
    """Return the fraction of examples whose class the model finds, from 0 to 1.

    >>> from nn import MLP
    >>> accuracy(MLP(1, [2], seed=0), [[0.0], [1.0]], [0, 1])
    0.5

    Of several outputs the largest is the class; a single one is a score, above 0 for a class above
    0 (1 of 0 and 1, or of -1 and 1).
    """
    answers, classes = model.predict(inputs), in_order(targets)
    if len(answers) != len(classes) or not answers:
        raise ValueError(f"{len(answers)} inputs and {len(classes)} targets: give as many of both")
    return sum(_is_right(answer, y) for answer, y in zip(answers, classes)) / len(answers)


def _is_right(outputs: Any, target: Any) -> bool:
    target = _single(target, "accuracy")
    if len(_listed(outputs)) > 1:
        return bool(max(range(len(outputs)), key=outputs.__getitem__) == target)
    score = _single(outputs, "accuracy")
    return bool(score == score and (score > 0.0) == (target > 0))


def _differences(outputs: Any, targets: Any) -> list[Any]:
    a, y = _listed(outputs), _listed(targets)
    if len(a) != len(y):
        raise ValueError(f"{len(a)} outputs but {len(y)} targets: give one target for each output")
    return [output - target for output, target in zip(a, y)]


def _listed(values: Any) -> Sequence[Any]:
    return values if hasattr(values, "__len__") else [values]


def _single(value: Any, name: str) -> Any:
    """Return a number, also one that stands alone in a list, as in a row of shape (n, 1)."""
    if not hasattr(value, "__len__"):
        return value
    if len(value) != 1:
        remedy = "give the network one output, and each example one target"
        raise ValueError(f"{name} takes one output, not {len(value)}: {remedy}")
    return value[0]
