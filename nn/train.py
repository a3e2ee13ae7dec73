"""Training: what each example wants, the average of that over a batch, and `fit`, which follows it.

>>> from nn import MLP, SGD, squared_error
>>> net = MLP(1, [1], seed=0)
>>> history = fit(net, [[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0], loss=squared_error,
...               optimizer=SGD(net.parameters(), 0.1, momentum=0.9), epochs=300, progress=False)
>>> [round(value.data, 6) for value in net.parameters()]
[2.0, 1.0]
"""

import math
import random
import reprlib
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine import Value, total

from . import files
from .losses import l2 as squares
from .module import Module
from .optim import Optimizer
from .progress import COMPILING, hint, patience, progress

Loss = Callable[[Any, Any], Any]
Descent = Callable[
    [Sequence[Sequence[int]]], Iterable[float]
]  # for groups of examples a step each; the losses before


@dataclass
class History:
    """What a run leaves: after each epoch the mean loss over it, and the seconds since the start.

    >>> History([0.5, 0.25], [0.1, 0.2])
    History(2 epochs, loss 0.5 → 0.25, 0.2 s)
    """

    loss: list[float] = field(default_factory=list)
    times: list[float] = field(default_factory=list)

    def plot(self, path: str | Path, title: str = "loss over epochs") -> Path:
        """Draw the loss over the epochs into a picture file, of the kind that its suffix says.

        Raises ModuleNotFoundError, with what to install, where matplotlib is missing.
        """
        from .plots import curve

        return curve(self.loss, Path(path), title)

    def __repr__(self) -> str:
        if not self.loss:
            return "History(0 epochs)"
        return (
            f"History({len(self.loss)} epochs, loss {self.loss[0]:.4g} → {self.loss[-1]:.4g}, "
            f"{self.times[-1]:.1f} s)"
        )


def example_gradients(
    model: Module, inputs: Sequence[Any], targets: Sequence[Any], *, loss: Loss
) -> list[dict[str, float]]:
    """What each single example wants: its own gradient of the loss, by the parameters' names.

    >>> from nn import Neuron, squared_error
    >>> neuron = Neuron(1, "linear", seed=0)
    >>> neuron.w[0].data = 1.0
    >>> example_gradients(neuron, [[1.0], [2.0]], [0.0, 3.0], loss=squared_error)
    [{'w0': 2.0, 'b': 2.0}, {'w0': -4.0, 'b': -2.0}]

    Every grad is left as it was. `average_gradient` of the result is what gradient descent follows.
    """
    _paired(inputs, targets)
    parameters = model.parameters()
    before = [p.grad for p in parameters]
    wishes = []
    try:
        for x, y in zip(inputs, targets):
            model.zero_grad()
            loss(model(x), y).backward()
            wishes.append(model.named_gradient())
    finally:
        for p, grad in zip(parameters, before):
            p.grad = grad
    return wishes


def average_gradient(gradients: Sequence[dict[str, float]]) -> dict[str, float]:
    """The mean of gradients, name by name.

    >>> average_gradient([{"w": 2.0, "b": 2.0}, {"w": -4.0, "b": -2.0}])
    {'w': -1.0, 'b': 0.0}
    """
    return {name: total([one[name] for one in gradients]) / len(gradients) for name in gradients[0]}


def batches(examples: int, size: int | None, seed: int, epoch: int) -> list[list[int]]:
    """The indices of the examples, in the order and the groups in which an epoch, from 0, takes them.

    >>> batches(5, 2, seed=0, epoch=0)
    [[1, 0], [3, 4], [2]]
    >>> batches(3, None, seed=0, epoch=0)
    [[0, 1, 2]]

    Without a size all are one batch, in order. The order depends on seed and epoch alone: a run
    that goes on after a stop takes the same turns.
    """
    order = list(range(examples))
    if size is None:
        return [order]
    random.Random(f"{seed} {epoch}").shuffle(order)
    return [order[start : start + size] for start in range(0, examples, size)]


def fit(
    model: Module,
    inputs: Sequence[Any],
    targets: Sequence[Any],
    *,
    loss: Loss,
    optimizer: Optimizer,
    epochs: int,
    batch_size: int | None = None,
    seed: int = 0,
    progress: bool = True,
    compiled: bool = False,
    l2: float = 0.0,
    before_step: Callable[[], object] | None = None,
    checkpoint: str | Path | None = None,
    client: Any = None,
) -> History:
    """Gradient descent: for each batch the average of its examples' gradients, and a step of the optimiser.

    >>> from nn import MLP, Adam, max_margin
    >>> net = MLP(1, [4, 1], seed=1)
    >>> history = fit(net, [[-1.0], [1.0]], [-1, 1], loss=max_margin, optimizer=Adam(net.parameters(), 0.1),
    ...               epochs=30, progress=False)
    >>> len(history.loss), history.loss[-1]
    (30, 0.0)

    `loss(model(x), target)` is called for each example. `batch_size` None takes all examples at
    once; a number takes that many, shuffled anew each epoch (see `batches`). `l2` adds l2·Σp² to
    each batch's loss. `before_step` is called when the gradients are there: the place to clip them.
    With a `checkpoint` file every epoch is saved there, and a run that was killed goes on from it
    to the same final bits. `compiled` records the loss once and replays it: parameters then have
    their numbers when an epoch ends and when `before_step` is called; with a Dask `client` (True:
    one of its own) the rows are spread over its workers.

    Raises ValueError where inputs and targets don't pair up, or the optimiser has none of the
    model's parameters, and ArithmeticError when the loss is not finite.
    """
    _paired(inputs, targets)
    _at_least_1(epochs, "epochs")
    _at_least_1(1 if batch_size is None else batch_size, "batch_size")
    _belong(model, loss, optimizer)
    if not l2 >= 0.0:
        raise ValueError(f"l2 is {l2!r}: the strength of a penalty is 0 or more")
    if client and not compiled:
        raise ValueError("a client replays rows: write compiled=True with it")
    given = model, inputs, targets, loss, optimizer, l2, before_step
    with patience(COMPILING if compiled and progress else ""):
        descend = _compiled(*given, client) if compiled else _eager(*given)
    history = History()
    run = {"seed": str(seed), "batch_size": batch_size or 0, "examples": len(inputs)}
    if checkpoint is not None and Path(checkpoint).exists():
        history = _resume(checkpoint, model, optimizer, run)
    start = time.perf_counter() - (history.times[-1] if history.times else 0.0)
    with _progress(epochs, progress, "" if compiled else hint()) as report:
        for epoch in range(len(history.loss), epochs):
            groups = batches(len(inputs), batch_size, seed, epoch)
            losses = []
            for one in descend(groups):
                losses.append(one)
                if len(losses) < len(groups):
                    report(epoch + len(losses) / len(groups), one)
            history.loss.append(_mean(losses, groups))
            history.times.append(time.perf_counter() - start)
            report(epoch + 1, history.loss[-1])
            if checkpoint is not None:
                _save(checkpoint, model, optimizer, history, run)
    return history


_progress = progress  # under this name also where an argument is called progress


def must_be_finite(loss: float, optimizer: Optimizer) -> None:
    """Raise ArithmeticError, before the step, where there is nothing to go down from."""
    if not math.isfinite(loss):
        raise ArithmeticError(
            f"the loss is {loss} before step {optimizer.steps}: lower the learning rate, or clip "
            "gradients; `with engine.anomaly():` finds the first bad number"
        )


def _eager(
    model: Module,
    inputs: Sequence[Any],
    targets: Sequence[Any],
    loss: Loss,
    optimizer: Optimizer,
    l2: float,
    before_step: Callable[[], object] | None,
) -> Descent:
    """A graph for every example."""
    parameters = model.parameters()
    moved = list(dict.fromkeys([*parameters, *optimizer.parameters]))

    def step(group: Sequence[int]) -> float:
        found = _average(model, moved, [(inputs[i], targets[i]) for i in group], loss)
        if l2:
            penalty = l2 * squares(parameters)
            penalty.backward()
            found += penalty.data
        must_be_finite(found, optimizer)
        if before_step is not None:
            before_step()
        optimizer.step()
        return found

    return lambda groups: map(step, groups)


def _average(
    model: Module, parameters: Sequence[Value], examples: Sequence[tuple[Any, Any]], loss: Loss
) -> float:
    """The mean loss, its gradient in each grad: leaves add up, so each graph is dropped before the next is built."""
    for p in parameters:
        p.grad = 0.0
    losses = []
    for x, y in examples:
        one = loss(model(x), y)
        if not isinstance(one, Value):
            raise TypeError(
                f"an example's loss is one Value, not a {type(one).__name__}: let loss(outputs, target) "
                "add up what is wrong"
            )
        one.backward()
        losses.append(one.data)
    for p in parameters:
        p.grad /= len(examples)
    return float(total(losses)) / len(examples)


def _compiled(
    model: Module,
    inputs: Sequence[Any],
    targets: Sequence[Any],
    loss: Loss,
    optimizer: Optimizer,
    l2: float,
    before_step: Callable[[], object] | None,
    client: Any,
) -> Descent:
    """The same by a recorded tape; see nn/compiled.py."""
    from .compiled import Training

    return Training(model, inputs, targets, loss, optimizer, l2, before_step, client).epoch


def _mean(losses: Sequence[float], groups: Sequence[Sequence[int]]) -> float:
    """The mean over the examples, of which the last group may have fewer."""
    summed = total([loss * len(group) for loss, group in zip(losses, groups)])
    return float(summed) / sum(map(len, groups))


def _save(
    path: str | Path, model: Module, optimizer: Optimizer, history: History, run: dict[str, Any]
) -> None:
    files.write(
        path,
        {
            "run": run,
            "loss": history.loss,
            "times": history.times,
            "optimizer": optimizer.state_dict(),
            "parameters": model.weights(),
        },
    )


def _resume(path: str | Path, model: Module, optimizer: Optimizer, run: dict[str, Any]) -> History:
    """Put model and optimiser where the file left them; either all of it fits or nothing changes."""
    saved = files.read(path)
    if saved.keys() != {"run", "loss", "times", "optimizer", "parameters"}:
        raise ValueError(
            f"{str(path)!r} is not a checkpoint of fit: remove it, or give another path"
        )
    if saved["run"] != run:
        raise ValueError(
            f"{str(path)!r} is of another run, with {reprlib.repr(saved['run'])}, not {run}: "
            "give another path"
        )
    before = optimizer.state_dict()
    try:
        history = History(_floats(saved["loss"]), _floats(saved["times"], len(saved["loss"])))
        optimizer.load_state_dict(saved["optimizer"])
        model.set_weights(saved["parameters"])
    except ValueError as error:
        optimizer.load_state_dict(before)
        raise ValueError(f"{str(path)!r}: {error}") from None
    return history


def _floats(found: Any, count: int | None = None) -> list[float]:
    if (
        not isinstance(found, list)
        or {type(x) for x in found} - {float}
        or count not in (None, len(found))
    ):
        raise ValueError("the history is not a loss and a time for each epoch")
    return found


def _paired(inputs: Sequence[Any], targets: Sequence[Any]) -> None:
    if len(inputs) != len(targets) or not len(inputs):
        raise ValueError(
            f"{len(inputs)} inputs and {len(targets)} targets: give as many of both, and at least one"
        )


def _belong(model: Module, loss: Any, optimizer: Any) -> None:
    """Training with what belongs to something else would change nothing, silently."""
    if not callable(loss):
        raise TypeError(
            f"loss is a function of outputs and target, such as nn.squared_error, not {loss!r}"
        )
    if isinstance(optimizer, type) or not hasattr(optimizer, "parameters"):
        raise TypeError(
            f"optimizer is one that was made, such as nn.SGD(net.parameters(), 0.1), not {optimizer!r}"
        )
    if not set(optimizer.parameters) & set(model.parameters()):
        raise ValueError(
            "none of the optimiser's parameters is the model's: make one for it, as in "
            "nn.SGD(net.parameters(), 0.1)"
        )


def _at_least_1(number: int, name: str) -> None:
    if not hasattr(number, "__index__") or number < 1:
        raise ValueError(f"{name} is {number!r}: it must be a whole number of 1 or more")
