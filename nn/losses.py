"""Losses: how wrong the outputs for one example are, as one Value (or a float), and accuracy.

>>> squared_error([0.5, 1.0], [1.0, 0.0])
1.25
"""

from collections.abc import Callable, Iterable, Sequence
from numbers import Real
from typing import Any, Protocol, overload

from engine import Number, Value, clamp, logsumexp, mean, pick, relu, softplus, square, total

from .module import Module, in_order
from .support.habits import listed

Floats = float | Sequence[float]


class Loss(Protocol):
    """How wrong a model's outputs for one example are; `fit` calls loss(outputs, target)."""

    def __call__(self, outputs: Any, target: Any, /) -> Number: ...


class _Typed(Protocol):
    """A loss that returns a float, given floats."""

    @overload
    def __call__(self, outputs: Floats, target: Floats, /, **options: float) -> float: ...
    @overload
    def __call__(self, outputs: Any, target: Any, /, **options: float) -> Value: ...


def _loss(function: Callable[..., Any]) -> _Typed:
    return function


@_loss
def squared_error(outputs: Any, targets: Any) -> Any:
    """Return Σ (a - y)² over the outputs, C₀ of the notes: a sum, without ½ and not a mean.

    Both are lists of the same length, or both single. Raises ValueError where the lengths differ.
    """
    squares = [square(error) for error in _errors(outputs, targets)]
    return squares[0] if len(squares) == 1 else total(squares)


@_loss
def mean_squared_error(outputs: Any, targets: Any) -> Any:
    """Return the mean of (a - y)² over the outputs, as PyTorch's MSELoss does.

    >>> mean_squared_error([3.0, 1.0], [1.0, 1.0])
    2.0
    """
    return mean([square(error) for error in _errors(outputs, targets)])


@_loss
def huber(outputs: Any, targets: Any, delta: float = 1.0) -> Any:
    """Return Σ ½e² over the errors e = a - y, but δ·(|e| - ½δ) where |e| is above δ.

    >>> huber(0.5, 0.0), huber(3.0, 0.0)
    (0.125, 2.5)

    The slope of an outlier is δ. Huber, Robust Estimation of a Location Parameter, 1964.
    """
    sizes = [abs(error) for error in _errors(outputs, targets)]
    near = [clamp(size, 0.0, delta) for size in sizes]
    return total([least * (size - 0.5 * least) for least, size in zip(near, sizes)])


@_loss
def max_margin(score: Any, sign: Any) -> Any:
    """Return max(0, 1 - sign·score): 0 for an example on its right side by a margin of 1.

    >>> max_margin(0.25, -1), max_margin(3.0, 1)
    (1.25, 0.0)

    `sign` is -1 or +1. The hinge loss of Cortes and Vapnik, Support-vector networks, 1995.
    """
    z, y = _single(score, "max_margin"), _single(sign, "max_margin")
    if not isinstance(y, Value) and y not in (-1, 1):
        raise ValueError(f"max_margin takes a sign of -1 or +1, not {y!r}")
    return relu(1.0 - y * z)


@_loss
def cross_entropy(logits: Any, index: Any) -> Any:
    """Return -log softmax(logits)[index], the logsumexp of logit - logits[index] over all logits.

    >>> cross_entropy([0.0, 0.0], 1)
    0.6931471805599453

    Raises ValueError for an index that is not 0 … len(logits) - 1. (An index that is a Value, as on
    a tape where it changes from row to row, picks its logit by `engine.pick`.) Bridle 1990; Bishop,
    Pattern Recognition and Machine Learning, 2006, section 4.3.4.
    """
    scores = _listed(logits)
    k: Any = index[0] if hasattr(index, "__len__") and len(index) == 1 else index
    if isinstance(k, Value):
        picked = pick(scores, k)
        return logsumexp([score - picked for score in scores])
    whole = isinstance(k, Real) and float(k).is_integer()
    if not whole:
        remedy = "of a one-hot list write row.index(1), of a name names.index(name)"
        raise TypeError(f"cross_entropy takes the number of a class, not {k!r}: {remedy}")
    if not 0 <= k < len(scores):
        last = len(scores) - 1
        raise ValueError(f"class {k} of {last + 1} logits: classes run from 0 to {last}")
    right = scores[int(float(k))]
    others = [score - right for i, score in enumerate(scores) if i != k]
    return logsumexp([0.0, *others]) if others else right - right


@overload
def mean_cross_entropy(logits: Sequence[Floats], indices: Sequence[int]) -> float: ...
@overload
def mean_cross_entropy(logits: Any, indices: Any) -> Value: ...
def mean_cross_entropy(logits: Any, indices: Any) -> Any:
    """Return the mean of `cross_entropy` over the positions of a sequence, one index each.

    >>> mean_cross_entropy([[0.0, 0.0], [2.0, 0.0]], [1, 0])
    0.4100375958014589

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
    z, y = _single(logit, "binary_cross_entropy"), _single(target, "binary_cross_entropy")
    if not isinstance(y, Value):
        if not 0 <= y <= 1:
            raise ValueError(f"binary_cross_entropy takes a target from 0 to 1, not {y!r}")
        if y in (0, 1):
            return softplus(-z if y else z)
    return y * softplus(-z) + (1.0 - y) * softplus(z)


@overload
def l2(parameters: Iterable[float]) -> float: ...
@overload
def l2(parameters: Iterable[Value]) -> Value: ...
def l2(parameters: Iterable[Number]) -> Any:
    """Return Σ p² over the parameters: times a small number, what L2 regularisation adds to a loss.

    >>> l2([3.0, 4.0])
    25.0
    """
    return total([p * p for p in listed(parameters, "l2(net.parameters())", (Value, Real))])


def accuracy(model: Module, inputs: Iterable[Any], targets: Iterable[Any]) -> float:
    """Return the fraction of examples whose class the model finds, from 0 to 1.

    >>> from nn import MLP
    >>> accuracy(MLP(1, [2], seed=0), [[0.0], [1.0]], [0, 1])
    0.5

    Of several outputs the largest is the class; a single one is a score, and above 0 for class 1.
    """
    answers, classes = model.predict(inputs), in_order(targets)
    if len(answers) != len(classes) or not answers:
        raise ValueError(f"{len(answers)} inputs and {len(classes)} targets: give as many of both")
    return sum(_is_right(answer, y) for answer, y in zip(answers, classes)) / len(answers)


def _is_right(outputs: Any, target: Any) -> bool:
    scores, y = _listed(outputs), _single(target, "accuracy")
    if len(scores) > 1:
        return bool(max(range(len(scores)), key=scores.__getitem__) == y)
    return bool(scores[0] == scores[0] and (scores[0] > 0.0) == (y > 0))  # nan is wrong


def _errors(outputs: Any, targets: Any) -> list[Any]:
    a, y = _listed(outputs), _listed(targets)
    if len(a) != len(y):
        raise ValueError(f"{len(a)} outputs but {len(y)} targets: give one target for each output")
    return [output - target for output, target in zip(a, y)]


def _listed(values: Any) -> Sequence[Any]:
    return values if hasattr(values, "__len__") and not isinstance(values, str) else [values]


def _single(values: Any, name: str) -> Any:
    if len(listed := _listed(values)) != 1:
        remedy = "give the network one output, and an example one target"
        raise ValueError(f"{name} takes one output, not {len(listed)}: {remedy}")
    return listed[0]
