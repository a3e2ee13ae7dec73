"""Training from a tape: the loss of one example is recorded once, and replayed for every batch.

`fit(..., compiled=True)` comes here. During an epoch the parameters, their gradients and the
optimizer's state are arrays; the Values are up to date again when the epoch ends, however it ends.

>>> from nn import MLP, SGD, squared_error
>>> net = MLP(1, [2, 1], seed=1)
>>> before = (net([0.0]).data ** 2 + (net([1.0]).data - 1.0) ** 2) / 2
>>> problem = Problem(net, [[0.0], [1.0]], [0.0, 1.0], squared_error, SGD(net.parameters(), 0.1))
>>> [loss] = CompiledTrainer(problem).epoch([[0, 1]])
>>> abs(loss - before) < 1e-12, (net([0.0]).data ** 2 + (net([1.0]).data - 1.0) ** 2) / 2 < before
(True, True)
"""

import math
from collections.abc import Sequence
from typing import Any, Protocol

from engine import Value, lift

from .losses import l2
from .optim import Optimizer
from .shard import RowLoss, Shard
from .trainer import Problem, Trainer


class Source(Protocol):
    """Where mean losses and gradients come from: a shard on this machine, or a cluster of them."""

    parameters: list[Value]

    def mean(self, data: Any, group: Sequence[int]) -> tuple[float, Any]:
        """Return the mean loss of a group of rows and its gradient, at the numbers `data` of `parameters`."""


class CompiledTrainer(Trainer):
    """Takes the steps of an epoch on arrays, with gradients from a tape.

    `values` are all Values that take part, the optimizer's first; `data` and `grad` are their
    numbers from the start of an epoch to its end.
    """

    def __init__(self, problem: Problem, client: Any = None):
        rows = table(problem.inputs, problem.targets)
        import numpy

        super().__init__(problem)
        _try_targets(problem)
        x, y = problem.inputs[0], problem.targets[0]
        row_loss = RowLoss(
            problem.model,
            problem.loss,
            _length(x) or 1,
            _length(y),
            problem.l2,
            single=not hasattr(x, "__len__"),
        )
        self.source = _source(row_loss, rows, client)
        self._compare(row_loss, rows)
        self.values = list(
            dict.fromkeys(
                [
                    *problem.optimizer.parameters,
                    *self.source.parameters,
                    *problem.model.parameters(),
                ]
            )
        )
        place = {value: i for i, value in enumerate(self.values)}
        self.used = numpy.array([place[p] for p in self.source.parameters], int)  # by the loss

    def begin(self) -> None:
        import numpy

        self.data = numpy.array([p.data for p in self.values])
        self.grad = numpy.array([p.grad for p in self.values])

    def end(self) -> None:
        for p, data, grad in zip(self.values, self.data.tolist(), self.grad.tolist()):
            p.data, p.grad = data, grad
        self.problem.optimizer.settle()

    def step(self, group: Sequence[int]) -> float:
        loss, gradient = self.source.mean(self.data[self.used], group)
        self.grad[:] = 0.0
        self.grad[self.used] = gradient
        self.check_finite(loss)
        if self.problem.before_step is not None:
            self.end()
            self.problem.before_step()
            self.begin()
        self._move()
        return loss

    def _move(self) -> None:
        """Take the optimizer's step; one with a `step` of its own takes it on the Values."""
        optimizer = self.problem.optimizer
        if type(optimizer).step is Optimizer.step:
            n = len(optimizer.parameters)
            self.data[:n] = optimizer.move(self.data[:n], self.grad[:n])
        else:
            self.end()
            optimizer.step()
            self.begin()

    def _compare(self, row_loss: RowLoss, rows: Any) -> None:
        """Raise ValueError where the tape has another loss than the example, one for each kind of target.

        So a loss or a model that decides in Python, as `if y == 1` does, is refused.
        """
        import numpy

        problem = self.problem
        first = {
            rows[i, row_loss.inputs :].tobytes(): i for i in reversed(range(min(len(rows), 1000)))
        }
        data = numpy.array([p.data for p in self.source.parameters])
        penalty = (
            problem.l2 * l2([p.data for p in problem.model.parameters()]) if problem.l2 else 0.0
        )
        for i in sorted(first.values())[:12]:
            recorded, _ = self.source.mean(data, [i])
            loss = problem.loss(problem.model(problem.inputs[i]), problem.targets[i])
            own = lift(loss).data + penalty
            if math.isfinite(own) and not math.isclose(recorded, own, rel_tol=1e-6, abs_tol=1e-9):
                raise ValueError(
                    f"example {i} has a loss of {own:.6g}, but {recorded:.6g} recorded from the first: "
                    "Python decided by a number of it; write engine.where(condition, a, b) instead"
                )


def _try_targets(problem: Problem) -> None:
    """Let the loss refuse a target that is no class or no sign: on the tape a target is a number like any."""
    outputs = problem.model(problem.inputs[0])
    kinds = dict.fromkeys(y for y in problem.targets if not hasattr(y, "__len__"))
    for target in kinds if len(kinds) < 1000 else ():  # with more of them they are measures
        problem.loss(outputs, target)


def _source(row_loss: RowLoss, rows: Any, client: Any) -> Source:
    """Return the source of gradients: a tape here, or a Dask `client` (True: workers on this machine)."""
    if client is None or client is False:
        return Shard(row_loss, rows)
    from .cluster import Cluster

    return Cluster(client, row_loss, rows)


def table(inputs: Sequence[Any], targets: Sequence[Any]) -> Any:
    """Return an array with a row for each example: its inputs, then its targets."""
    try:
        import numpy
    except ImportError as error:
        raise ImportError(
            "compiled=True needs NumPy, and numba to be fast: pip install numpy numba"
        ) from error
    parts = [numpy.asarray(part) for part in (inputs, targets)]
    if any(part.dtype.kind in "SU" for part in parts):
        raise TypeError("inputs and targets are numbers, not text: write float(x) for each")
    if any(part.ndim > 2 for part in parts):
        raise ValueError("an example is a list of numbers, without lists in it: flatten it")
    columns = [part.astype(float).reshape(len(inputs), -1) for part in parts]
    return numpy.concatenate(columns, axis=1)


def _length(numbers: Any) -> int:
    """Return how many numbers a list has; 0 for a single number."""
    return len(numbers) if hasattr(numbers, "__len__") else 0
