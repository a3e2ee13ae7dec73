"""A shard: rows of the data, and a tape of the loss that gives their mean loss and its gradient.

A row is an example's inputs followed by its targets. On one machine a single shard holds all rows;
nn/cluster.py keeps one on each worker.

>>> import numpy
>>> from nn import MLP, squared_error
>>> row_loss = RowLoss(MLP(1, [1], seed=1), squared_error, inputs=1)
>>> shard = Shard(row_loss, numpy.array([[1.0, 2.0], [0.0, 1.0]]))
>>> shard.mean(numpy.array([1.0, 0.0]), [0, 1])  # w·x + b with w = 1, b = 0: residuals -1 and -1
(1.0, array([-1., -2.]))
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine import Number, record

from .losses import Loss
from .losses import l2 as sum_of_squares
from .module import Module


@dataclass(frozen=True)
class RowLoss:
    """The loss as a function of a row's numbers; `targets` is 0 where a target is a single number."""

    model: Module
    loss: Loss
    inputs: int
    targets: int = 0
    l2: float = 0.0
    single: bool = False  # whether the model is called with a number, not with a list

    def __call__(self, *row: Number) -> Number:
        x = row[0] if self.single else list(row[: self.inputs])
        target = list(row[self.inputs :]) if self.targets else row[self.inputs]
        loss = self.loss(self.model(x), target)
        return loss + self.l2 * sum_of_squares(self.model.parameters()) if self.l2 else loss


class Shard:
    """Rows of the data and a tape of their loss, whose parameters are in `parameters`."""

    def __init__(self, row_loss: RowLoss, rows: Any, threads: int | None = None):
        self.rows, self.tape = rows, record(row_loss, rows[0].tolist(), threads=threads)
        self.parameters = self.tape.parameters
        self._all = list(range(len(rows)))

    def mean(self, data: Any, group: Sequence[int]) -> tuple[float, Any]:
        """Return the mean loss of a group of rows and its gradient, at the numbers `data` of the parameters."""
        rows = self.rows if group == self._all else self.rows[group]
        mean: tuple[float, Any] = self.tape.value_and_gradient(data, rows)
        return mean
