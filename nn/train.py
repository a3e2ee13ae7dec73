"""Training: `fit`, and the gradients of single examples.

>>> from nn import MLP, Adam, max_margin
>>> net = MLP(1, [4, 1], seed=1)
>>> optimizer = Adam(net.parameters(), 0.1)
>>> fit(net, [[-1.0], [1.0]], [-1, 1], loss=max_margin, optimizer=optimizer, epochs=30,
...     progress=False).loss[-1]
0.0
"""

import random
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from engine import total

from .losses import Loss
from .module import Module
from .optim import SGD, Optimizer
from .support.checkpoint import identity, resume, save
from .support.cluster import refuse_unguarded
from .support.history import History, Moment
from .support.interrupts import assign_all
from .support.progress import COMPILING, Report, faster, notice, print_line
from .support.progress import progress as progress_display
from .trainer import Trainer


def fit(
    model: Module, inputs: Iterable[Any], targets: Iterable[Any], *, loss: Loss,
    optimizer: Optimizer, epochs: int, batch_size: int | None = None, seed: int | None = 0,
    progress: bool = True, compiled: bool = False, l2: float = 0.0,
    before_step: Callable[[], object] | None = None,
    on_epoch: Callable[[History], object] | None = None,
    validation: tuple[Iterable[Any], Iterable[Any]] | None = None, stop_after: int | None = None,
    checkpoint: str | Path | None = None, client: Any = None, record: int | None = None,
) -> History:  # fmt: skip
    """Train by gradient descent: a step of the optimizer along the mean gradient of each batch.

    `loss(model(x), target)` is called for each example; rows are read by position. `batch_size`
    None takes all examples at once, a number that many. Every call with the same `seed` begins with
    the same order of the examples; seed=None goes on, with the orders of seed 0, where the
    optimizer's steps are. `l2` adds l2·Σp² to each batch's loss. `before_step` is called when the
    gradients are there, `on_epoch` with the history after each epoch: True stops the run. Ctrl-C
    stops it after a whole step; the history so far is returned, if an epoch has ended.

    `validation` has inputs and targets. With `stop_after=k` the run ends after k epochs without a
    better validation loss, with the weights of the best. With a `checkpoint` file every epoch is
    saved there, and a run that was killed goes on from it to the same final bits. `compiled`
    records the loss once, and compares the tape with Python's losses all along; parameters have
    their numbers when an epoch ends and for `before_step`. With a Dask `client` (True: one of its
    own) the rows are spread over its workers.

    `record=k` keeps a `Moment` of the run at its start, after every k epochs and at its end, in
    history.moments: the parameters, and the gradient there of what is minimised, the mean loss of
    all examples. That is one more pass over the data for each, without a step, and 16 bytes for
    each parameter. `nn.film` shows them; a checkpoint has them too.

    Raises ValueError where something does not fit, or the loss depends on no parameter, and
    ArithmeticError when the loss or a gradient is not finite. Warns of leaves of the loss that
    nothing trains, and of parameters that it never reaches.
    """
    counts = {"epochs": epochs, "batch_size": batch_size, "stop_after": stop_after}
    for name, count in {**counts, "record": record}.items():
        if count is not None and (not hasattr(count, "__index__") or count < 1):
            raise ValueError(f"{name} is {count!r}: it must be a whole number of 1 or more")
    if client and not compiled:
        raise ValueError("a client replays rows: write compiled=True with it")
    if client is True:
        refuse_unguarded()
    if stop_after is not None and validation is None:
        raise ValueError("stop_after counts epochs by their validation loss: give validation too")
    problem = model, inputs, targets, loss, optimizer, l2, before_step, validation
    with notice(COMPILING if compiled and progress else ""):
        trainer = _compiled(*problem, client) if compiled else Trainer(*problem)
    history, best, run = History(), list[float](), dict[str, Any]()
    if checkpoint is not None:
        run = identity(trainer, seed, batch_size)
        history, best = resume(checkpoint, model, optimizer, run, epochs)
    history.examples = (trainer.inputs, trainer.targets) if record else None
    start = time.perf_counter() - (history.times[-1] if history.times else 0.0)
    with progress_display(epochs, progress, "" if compiled else faster()) as report:
        try:
            _keep_moment(trainer, history, record)
            while len(history.loss) < epochs and not _is_over(history, stop_after):
                groups = _groups(trainer, batch_size, seed, len(history.loss))
                _epoch(trainer, history, groups, report, start)
                _keep_moment(trainer, history, record)
                if history.best_epoch == len(history.loss):
                    best = [p.data for p in trainer.trained]
                if checkpoint is not None:
                    save(checkpoint, model, optimizer, {**vars(history), "run": run, "best": best})
                if on_epoch is not None and on_epoch(history) in (True,):  # no path of a picture
                    history.stopped = "on_epoch returned True"
            _keep_moment(trainer, history, record and 1)
            trainer.finish()
        except KeyboardInterrupt:
            if not history.times:
                raise
            history.stopped = f"Ctrl-C after {len(history.times)} of {epochs} epochs"
            for column in (history.loss, history.validation):  # it may come between two columns
                del column[len(history.times) :]
            if progress:
                print_line(f"fit returns: {history.stopped}")
    if stop_after is not None and best:
        assign_all([(p, "data", x) for p, x in zip(trainer.trained, best)])
    return history


def _compiled(*arguments: Any) -> Trainer:
    """Return what trains from a tape; its module is loaded on first use."""
    from .compiled import CompiledTrainer

    return CompiledTrainer(*arguments)


def _epoch(
    trainer: Trainer, history: History, groups: list[list[int]], report: Report, start: float
) -> None:
    """Train through the examples once, and append what that gives to the history."""
    done = len(history.loss)
    losses = trainer.epoch(groups, done, report)
    summed = total([loss * len(group) for loss, group in zip(losses, groups)])
    history.loss.append(float(summed) / len(trainer.inputs))
    if trainer.validation is not None:
        history.validation.append(trainer.validate())
    history.times.append(time.perf_counter() - start)
    report(done + 1, history.loss[-1])


def _keep_moment(trainer: Trainer, history: History, every: int | None) -> None:
    """Append the present moment, if it is the first or `every` so many epochs, and is not there."""
    done, kept = len(history.times), history.moments
    if every and (not kept or (done % every == 0 and done > kept[-1].epoch)):
        kept.append(Moment(done, *trainer.moment()))


def _is_over(history: History, stop_after: int | None) -> bool:
    """Return whether to stop before the next epoch; the history then says why."""
    if stop_after is not None and len(history.loss) - history.best_epoch >= stop_after:
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


def batches(examples: int, size: int | None, seed: int, epoch: int) -> list[list[int]]:
    """Return the indices of the examples in the order and groups of an epoch; epochs count from 0.

    >>> batches(5, 2, seed=0, epoch=0)
    [[1, 0], [3, 4], [2]]

    Without a size all are one batch, in order. The order depends on seed and epoch alone, so a run
    that is resumed meets the same batches.
    """
    order = list(range(examples))
    if size is None:
        return [order]
    random.Random(f"{seed} {epoch}").shuffle(order)
    return [order[start : start + size] for start in range(0, examples, size)]


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
    """Return the mean of gradients, name by name."""
    return {name: total([one[name] for one in gradients]) / len(gradients) for name in gradients[0]}
