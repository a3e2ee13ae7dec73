"""Training: `fit`, and the gradients of single examples.

>>> from nn import MLP, SGD, squared_error
>>> net = MLP(1, [1], seed=0)
>>> history = fit(net, [[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0], loss=squared_error,
...               optimizer=SGD(net.parameters(), 0.1, momentum=0.9), epochs=300, progress=False)
>>> [round(value.data, 6) for value in net.parameters()]
[2.0, 1.0]
"""

import hashlib
import random
import time
from array import array
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from engine import total

from . import files
from .history import History
from .interrupts import assign_all
from .losses import Loss
from .module import Module
from .optim import SGD, Optimizer
from .progress import COMPILING, faster, notice, print_line
from .progress import progress as progress_display
from .trainer import Trainer


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
    model: Module, inputs: Iterable[Any], targets: Iterable[Any], *, loss: Loss,
    optimizer: Optimizer, epochs: int, batch_size: int | None = None, seed: int | None = 0,
    progress: bool = True, compiled: bool = False, l2: float = 0.0,
    before_step: Callable[[], object] | None = None,
    on_epoch: Callable[[History], object] | None = None,
    validation: tuple[Iterable[Any], Iterable[Any]] | None = None, stop_after: int | None = None,
    checkpoint: str | Path | None = None, client: Any = None,
) -> History:  # fmt: skip
    """Train by gradient descent: a step of the optimizer along the mean gradient of each batch.

    >>> from nn import MLP, Adam, max_margin
    >>> net = MLP(1, [4, 1], seed=1)
    >>> optimizer = Adam(net.parameters(), 0.1)
    >>> history = fit(net, [[-1.0], [1.0]], [-1, 1], loss=max_margin, optimizer=optimizer,
    ...               epochs=30, progress=False)
    >>> len(history.loss), history.loss[-1]
    (30, 0.0)

    `loss(model(x), target)` is called for each example; rows are read by position. `batch_size`
    None takes all examples at once; a number takes that many, in an order of `seed` and the epoch
    (see `batches`). Every call with the same seed begins with the same order; seed=None goes on
    with the orders of seed 0 where the optimizer's steps are, as in a loop over fit(epochs=1).
    `l2` adds l2·Σp² to each batch's loss. `before_step` is called when the gradients are there: the
    place to clip them.

    `validation`, inputs and targets, gives each epoch a validation loss; with `stop_after=k` the
    run ends after k epochs without a better one, and the model has the best epoch's weights.
    `on_epoch` is called with the history after each epoch, and stops the run by returning True.
    Ctrl-C ends it too, after a whole step, and the history so far is returned.

    With a `checkpoint` file every epoch is saved there, and a run that was killed goes on from it
    to the same final bits. `compiled` records the loss once and replays it: parameters then have
    their numbers when an epoch ends and when `before_step` is called; examples are compared with
    Python's own losses all along. With a Dask `client` (True: one of its own) the rows are spread
    over its workers.

    Raises ValueError where inputs and targets don't pair up, the optimizer has none of the model's
    parameters, or the loss depends on none; and ArithmeticError when the loss or a gradient is not
    finite. Warns of leaves of the loss that nothing trains, and of parameters that it never
    reaches.
    """
    _check_at_least_1(epochs, "epochs")
    _check_at_least_1(1 if batch_size is None else batch_size, "batch_size")
    _check_at_least_1(1 if stop_after is None else stop_after, "stop_after")
    if client and not compiled:
        raise ValueError("a client replays rows: write compiled=True with it")
    if stop_after is not None and validation is None:
        raise ValueError("stop_after counts epochs by their validation loss: give validation too")
    problem = model, inputs, targets, loss, optimizer, l2, before_step, validation
    with notice(COMPILING if compiled and progress else ""):
        trainer = _compiled(*problem, client) if compiled else Trainer(*problem)
    history, best, run = History(), list[float](), dict[str, Any]()
    if checkpoint is not None:
        run |= {"seed": str(seed), "batch_size": int(batch_size or 0)}
        run |= {"validation": str(validation is not None), "examples": len(trainer.inputs)}
        run |= {"data": digest(trainer.inputs, trainer.targets)}
        run |= {"frozen": ", ".join(trainer.names[p] for p in optimizer.frozen())}
        history, best = _resume(checkpoint, model, optimizer, run, epochs)
    start = time.perf_counter() - (history.times[-1] if history.times else 0.0)
    with progress_display(epochs, progress, "" if compiled else faster()) as report:
        try:
            while len(history.loss) < epochs and not _is_over(history, stop_after):
                done = len(history.loss)
                groups = _groups(trainer, batch_size, seed, done)
                losses = trainer.epoch(groups, done, report)
                summed = total([loss * len(group) for loss, group in zip(losses, groups)])
                history.loss.append(float(summed) / len(trainer.inputs))
                if validation is not None:
                    history.validation.append(trainer.validate())
                    if history.best_epoch == done + 1:
                        best = [p.data for p in trainer.trained]
                history.times.append(time.perf_counter() - start)
                report(done + 1, history.loss[-1])
                if checkpoint is not None:
                    _save(checkpoint, model, optimizer, history, best, run)
                if on_epoch is not None and on_epoch(history) in (True,):
                    history.stopped = "on_epoch returned True"
            trainer.finish()
        except KeyboardInterrupt:
            history.stopped = "Ctrl-C"
            for column in (history.loss, history.validation):  # it may come between two columns
                del column[len(history.times) :]
            if progress:
                print_line(f"Ctrl-C: fit returns after {len(history.loss)} of {epochs} epochs")
    if stop_after is not None and best:
        assign_all([(p, "data", x) for p, x in zip(trainer.trained, best)])
    return history


def _is_over(history: History, stop_after: int | None) -> bool:
    """Return whether to stop before the next epoch; the history then says why."""
    if stop_after is not None and len(history.loss) - (history.best_epoch or 0) >= stop_after:
        history.stopped = f"no better validation loss in {stop_after} epochs"
    return bool(history.stopped)


def _groups(
    trainer: Trainer, batch_size: int | None, seed: int | None, done: int
) -> list[list[int]]:
    """Return the batches of the next epoch; without a seed the optimizer's steps count epochs."""
    examples = len(trainer.inputs)
    if seed is None:
        seed, done = 0, trainer.optimizer.steps // -(-examples // (batch_size or examples))
    return batches(examples, batch_size, seed, done)


def _compiled(*arguments: Any) -> Trainer:
    """Return what trains from a tape; its module is loaded on first use."""
    from .compiled import CompiledTrainer

    return CompiledTrainer(*arguments)


_COLUMNS = ("loss", "times", "validation")  # of a History, in this order


def _save(
    path: str | Path, model: Module, optimizer: Optimizer, history: History, best: list[float],
    run: dict[str, Any],
) -> None:  # fmt: skip
    columns = {name: getattr(history, name) for name in _COLUMNS}
    state = {"optimizer": optimizer.state_dict(), "parameters": model.weights()}
    files.write(path, {"run": run, **columns, "best": best, **state})


def _resume(
    path: str | Path, model: Module, optimizer: Optimizer, run: dict[str, Any], epochs: int
) -> tuple[History, list[float]]:
    """Set model and optimizer to a checkpoint, if there is one; return history and best weights.

    Raises ValueError, and changes nothing, where it is of another run, and FileNotFoundError where
    its folder is missing.
    """
    if not Path(path).parent.is_dir():
        raise FileNotFoundError(f"the folder of the checkpoint {str(path)!r} is not there")
    if not Path(path).exists():
        return History(), []
    saved, shown = files.read(path), repr(str(path))
    if saved.keys() != {"run", *_COLUMNS, "best", "optimizer", "parameters"}:
        raise ValueError(f"{shown} is not a checkpoint of fit: remove it, or give another path")
    try:
        other = saved["run"] if isinstance(saved["run"], dict) else {}
        for name in run:
            if other.get(name) != run[name]:
                differs = f"its {name} is {str(other.get(name))!r:.200}, not {str(run[name])!r}"
                raise ValueError(f"it is of another run, {differs}: give another path")
        columns = [files.finite_numbers(saved[name], name) for name in _COLUMNS]
        if len(columns[0]) != len(columns[1]) or len(columns[2]) not in (0, len(columns[0])):
            raise ValueError("its columns have different lengths")
        if len(columns[0]) > epochs:
            raise ValueError(f"{len(columns[0])} epochs are done, and epochs={epochs} are fewer")
        best = files.finite_numbers(saved["best"], "best")
        changes = optimizer.state_changes(saved["optimizer"])
        changes += model.weight_changes(saved["parameters"])
    except ValueError as error:
        raise ValueError(f"{shown}: {error}") from None
    assign_all(changes)
    return History(columns[0], columns[1], columns[2]), best


def digest(*columns: Iterable[Any]) -> str:
    """Return a text that tells data apart: the same numbers have the same, in any container."""
    found = hashlib.sha256()
    for rows in columns:
        for row in rows:
            try:
                found.update(array("d", row if hasattr(row, "__iter__") else [row]).tobytes())
            except TypeError:  # not numbers alone
                found.update(repr(row).encode("utf-8", "replace"))
    return found.hexdigest()[:16]


def _check_at_least_1(number: int, name: str) -> None:
    if not hasattr(number, "__index__") or number < 1:
        raise ValueError(f"{name} is {number!r}: it must be a whole number of 1 or more")
