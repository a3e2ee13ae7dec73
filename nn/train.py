"""Training: `fit`, its history and checkpoints, and the gradients of single examples.

>>> from nn import MLP, SGD, squared_error
>>> net = MLP(1, [1], seed=0)
>>> history = fit(net, [[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0], loss=squared_error,
...               optimizer=SGD(net.parameters(), 0.1, momentum=0.9), epochs=300, progress=False)
>>> [round(value.data, 6) for value in net.parameters()]
[2.0, 1.0]
"""

import random
import reprlib
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine import total

from . import files
from .interrupts import assign_all
from .losses import Loss
from .module import Module
from .optim import SGD, Optimizer
from .progress import COMPILING, faster, notice
from .progress import progress as progress_display
from .trainer import Trainer


@dataclass
class History:
    """The course of a run: after each epoch the mean loss over it, and the seconds since the start.

    >>> History([0.5, 0.25], [0.1, 0.2])
    History(2 epochs, loss 0.5 → 0.25, 0.2 s)
    """

    loss: list[float] = field(default_factory=list)
    times: list[float] = field(default_factory=list)

    def plot(self, path: str | Path, title: str = "loss over epochs") -> Path:
        """Draw the loss over the epochs into a picture file, of the kind that its suffix says.

        The scale is logarithmic where the loss falls by more than a factor of 20. Raises
        ModuleNotFoundError, with what to install, where matplotlib is missing.
        """
        try:
            from matplotlib.figure import Figure
        except ImportError:
            install = "this picture needs matplotlib: pip install matplotlib"
            raise ModuleNotFoundError(install) from None
        line, ink, grey, grid, paper = "#a94300", "#22252b", "#626773", "#e2e0d9", "#fbfaf7"
        figure = Figure(figsize=(6.4, 3.8), facecolor=paper, layout="constrained")  # inches
        axes: Any = figure.add_subplot(facecolor=paper)
        axes.plot(range(1, len(self.loss) + 1), self.loss, color=line, linewidth=1.8)
        if min(self.loss) > 0.0 and max(self.loss) > 20.0 * min(self.loss):
            axes.set_yscale("log")
        axes.grid(axis="y", color=grid, linewidth=0.8)
        axes.set_title(title, loc="left", color=ink, fontsize=12)
        axes.set_xlabel("epoch", color=grey)
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.tick_params(which="both", colors=grey, length=0, labelsize=9)
        axes.spines[:].set_visible(False)
        axes.margins(x=0.02)
        figure.savefig(path, dpi=144)
        return Path(path)

    def __repr__(self) -> str:
        if not self.loss:
            return "History(0 epochs)"
        return (
            f"History({len(self.loss)} epochs, loss {self.loss[0]:.4g} → {self.loss[-1]:.4g}, "
            f"{self.times[-1]:.1f} s)"
        )


def example_gradients(
    model: Module, inputs: Iterable[Any], targets: Iterable[Any], *, loss: Loss
) -> list[dict[str, float]]:
    """Return each single example's own gradient of the loss, by the parameters' names.

    >>> from nn import Neuron, squared_error
    >>> neuron = Neuron(1, "linear", seed=0)
    >>> neuron.w[0].data = 1.0
    >>> example_gradients(neuron, [[1.0], [2.0]], [0.0, 3.0], loss=squared_error)
    [{'w0': 2.0, 'b': 2.0}, {'w0': -4.0, 'b': -2.0}]

    Every grad is left as it was. Gradient descent follows the `average_gradient` of the result.
    """
    trainer, gradients = Trainer(model, inputs, targets, loss, SGD(model.parameters())), []
    before = trainer.snapshot()
    try:
        for i in range(len(trainer.inputs)):
            trainer.gradient([i])
            gradients.append(model.named_gradient())
        assign_all(before)
    except BaseException:
        assign_all(before)
        raise
    return gradients


def average_gradient(gradients: Sequence[dict[str, float]]) -> dict[str, float]:
    """Return the mean of gradients, name by name.

    >>> average_gradient([{"w": 2.0, "b": 2.0}, {"w": -4.0, "b": -2.0}])
    {'w': -1.0, 'b': 0.0}
    """
    return {name: total([one[name] for one in gradients]) / len(gradients) for name in gradients[0]}


def batches(examples: int, size: int | None, seed: int, epoch: int) -> list[list[int]]:
    """Return the indices of the examples in the order and groups of an epoch; epochs count from 0.

    >>> batches(5, 2, seed=0, epoch=0)
    [[1, 0], [3, 4], [2]]
    >>> batches(3, None, seed=0, epoch=0)
    [[0, 1, 2]]

    Without a size all are one batch, in order. The order depends on seed and epoch alone, so a run
    that is resumed meets the same batches.
    """
    order = list(range(examples))
    if size is None:
        return [order]
    random.Random(f"{seed} {epoch}").shuffle(order)
    return [order[start : start + size] for start in range(0, examples, size)]


def fit(
    model: Module,
    inputs: Iterable[Any],
    targets: Iterable[Any],
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
    """Train by gradient descent: a step of the optimizer along the mean gradient of each batch.

    >>> from nn import MLP, Adam, max_margin
    >>> net = MLP(1, [4, 1], seed=1)
    >>> optimizer = Adam(net.parameters(), 0.1)
    >>> history = fit(net, [[-1.0], [1.0]], [-1, 1], loss=max_margin, optimizer=optimizer,
    ...               epochs=30, progress=False)
    >>> len(history.loss), history.loss[-1]
    (30, 0.0)

    `loss(model(x), target)` is called for each example; rows are read by position. `batch_size`
    None takes all examples at once; a number takes that many, shuffled anew each epoch (see
    `batches`). `l2` adds l2·Σp² to each batch's loss. `before_step` is called when the gradients
    are there: the place to clip them. With a `checkpoint` file every epoch is saved there, and a
    run that was killed goes on from it to the same final bits. `compiled` records the loss once and
    replays it: parameters then have their numbers when an epoch ends and when `before_step` is
    called; with a Dask `client` (True: one of its own) the rows are spread over its workers.

    Raises ValueError where inputs and targets don't pair up, or the optimizer has none of the
    model's parameters, and ArithmeticError when the loss is not finite.
    """
    _check_at_least_1(epochs, "epochs")
    _check_at_least_1(1 if batch_size is None else batch_size, "batch_size")
    if client and not compiled:
        raise ValueError("a client replays rows: write compiled=True with it")
    problem = model, inputs, targets, loss, optimizer, l2, before_step
    with notice(COMPILING if compiled and progress else ""):
        trainer = _compiled(*problem, client) if compiled else Trainer(*problem)
    history, examples = History(), len(trainer.inputs)
    run = {"seed": str(seed), "batch_size": int(batch_size or 0), "examples": examples}
    if checkpoint is not None and Path(checkpoint).exists():
        history = _resume(checkpoint, model, optimizer, run)
    start = time.perf_counter() - (history.times[-1] if history.times else 0.0)
    with progress_display(epochs, progress, "" if compiled else faster()) as report:
        for epoch in range(len(history.loss), epochs):
            groups = batches(examples, batch_size, seed, epoch)
            losses = trainer.epoch(groups, epoch, report)
            summed = total([loss * len(group) for loss, group in zip(losses, groups)])
            history.loss.append(float(summed) / examples)
            history.times.append(time.perf_counter() - start)
            report(epoch + 1, history.loss[-1])
            if checkpoint is not None:
                _save(checkpoint, model, optimizer, history, run)
    return history


def _compiled(*arguments: Any) -> Trainer:
    """Return what trains from a tape; its module is loaded on first use."""
    from .compiled import CompiledTrainer

    return CompiledTrainer(*arguments)


def _save(
    path: str | Path, model: Module, optimizer: Optimizer, history: History, run: dict[str, Any]
) -> None:
    state = {"optimizer": optimizer.state_dict(), "parameters": model.weights()}
    files.write(path, {"run": run, "loss": history.loss, "times": history.times, **state})


def _resume(path: str | Path, model: Module, optimizer: Optimizer, run: dict[str, Any]) -> History:
    """Set model and optimizer to a checkpoint. Raises ValueError, and changes nothing, if unfit."""
    saved, shown = files.read(path), repr(str(path))
    if saved.keys() != {"run", "loss", "times", "optimizer", "parameters"}:
        raise ValueError(f"{shown} is not a checkpoint of fit: remove it, or give another path")
    if saved["run"] != run:
        other = reprlib.repr(saved["run"])
        raise ValueError(f"{shown} is of another run, {other}, not {run}: give another path")
    try:
        loss = files.finite_numbers(saved["loss"], "loss")
        times = files.finite_numbers(saved["times"], "times", len(loss))
        changes = optimizer.state_changes(saved["optimizer"])
        changes += model.weight_changes(saved["parameters"])
    except ValueError as error:
        raise ValueError(f"{shown}: {error}") from None
    assign_all(changes)
    return History(loss, times)


def _check_at_least_1(number: int, name: str) -> None:
    if not hasattr(number, "__index__") or number < 1:
        raise ValueError(f"{name} is {number!r}: it must be a whole number of 1 or more")
