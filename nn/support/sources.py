"""Where compiled training gets its gradients: from a tape here, or from a Dask cluster.

A row is an example's inputs followed by its targets. Dask keeps a shard of the rows, and a tape of
the loss, on each of its workers. A shard is made by a task, so Dask makes it again elsewhere when
its worker dies.

>>> from nn import Neuron, squared_error
>>> RowLoss(Neuron(1, seed=1), squared_error, inputs=1)(0.0, 2.0)
square(data=4, grad=0)
"""

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from engine import FrozenBranchWarning, Number, record

from ..losses import Loss
from ..losses import l2 as sum_of_squares
from ..module import Module
from ..optim import Array
from .cluster import local_client


@dataclass(frozen=True)
class RowLoss:
    """The loss as a function of a row. None for `inputs` or `targets` means a single number."""

    model: Module
    loss: Loss
    inputs: int | None
    targets: int | None = None
    l2: float = 0.0

    def __call__(self, *row: Number) -> Number:
        n = 1 if self.inputs is None else self.inputs
        x = row[0] if self.inputs is None else list(row[:n])
        target = row[n] if self.targets is None else list(row[n:])
        loss = self.loss(self.model(x), target)
        return loss + self.l2 * sum_of_squares(self.model.parameters()) if self.l2 else loss


class Shard:
    """Rows of the data and a tape of their loss; it is sent to a worker as what it is made from."""

    def __init__(self, row_loss: RowLoss, rows: Any, threads: int | None = None):
        self.made_from, self.rows = (row_loss, rows, threads), rows
        known = row_loss.model.parameters()
        self.tape = record(row_loss, rows[0].tolist(), threads=threads, parameters=known)
        self.parameters = self.tape.parameters
        self._all = list(range(len(rows)))

    def __reduce__(self) -> tuple[Any, ...]:
        return Shard, self.made_from

    def mean(self, data: Array, group: Sequence[int]) -> tuple[float, Array]:
        """Return the mean loss of a group of rows and its gradient, at the parameters' numbers."""
        rows = self.rows if group == self._all else self.rows[group]
        mean: tuple[float, Array] = self.tape.value_and_gradient(data, rows)
        return mean

    def loss_of(self, data: Array, i: int) -> float:
        """Return the loss of one row."""
        loss, _ = self.tape.value_and_gradient(data, self.rows[i : i + 1])
        return float(loss)

    def validate(self, inputs: Sequence[Any], targets: Sequence[Any]) -> float:
        """Return the mean loss of other examples, at the present numbers of the parameters."""
        return float(self.tape.forward(rows_of(inputs, targets)).mean())


class Cluster:
    """Shards on the workers of a Dask client (True: of its own), one for each worker there is."""

    def __init__(self, client: Any, row_loss: RowLoss, rows: Any):
        self.client = local_client() if client is True else client
        if getattr(self.client, "status", "") != "running":
            raise ValueError(f"{client!r} is no open Dask client: write client=Client(), or True")
        self.here = Shard(row_loss, rows)  # to compare and validate
        self.parameters = self.here.parameters  # every tape has them in this order
        workers = len(self.client.scheduler_info(n_workers=-1)["workers"])
        count = max(1, min(len(rows), workers))
        self.bounds = [len(rows) * k // count for k in range(count + 1)]
        parts = [rows[a:b] for a, b in zip(self.bounds, self.bounds[1:])]
        submit = self.client.submit
        self.shards = [submit(Shard, row_loss, part, 1, pure=False) for part in parts]

    def mean(self, data: Array, group: Sequence[int]) -> tuple[float, Array]:
        """Return what a single shard with all rows would."""
        bounds, submit = zip(self.bounds, self.bounds[1:]), self.client.submit
        groups = [[i - a for i in group if a <= i < b] for a, b in bounds]
        used = [(shard, part) for shard, part in zip(self.shards, groups) if part]
        tasks = [submit(Shard.mean, shard, data, part, pure=False) for shard, part in used]
        means = [(*mean, len(part)) for mean, (_, part) in zip(self.client.gather(tasks), used)]
        loss, gradient = (sum(mean[k] * mean[2] for mean in means) / len(group) for k in (0, 1))
        return float(loss), gradient

    def loss_of(self, data: Array, i: int) -> float:
        """Return the loss of one row."""
        return self.here.loss_of(data, i)

    def validate(self, inputs: Sequence[Any], targets: Sequence[Any]) -> float:
        """Return the mean loss of other examples, at the present numbers of the parameters."""
        return self.here.validate(inputs, targets)


def rows_of(inputs: Sequence[Any], targets: Sequence[Any]) -> Array:
    """Return an array with a row for each example: its inputs, then its targets."""
    try:
        import numpy
    except ImportError as error:
        raise ImportError("compiled=True needs NumPy and numba: pip install numpy numba") from error
    parts = [numpy.asarray(part) for part in (inputs, targets)]
    if any(part.dtype.kind in "SU" for part in parts):
        raise TypeError("inputs and targets are numbers, not text: write float(x) for each")
    if any(part.ndim > 2 for part in parts):
        raise ValueError("an example is a list of numbers, without lists in it: flatten it")
    columns = [part.astype(float).reshape(len(inputs), -1) for part in parts]
    return numpy.concatenate(columns, axis=1)


@contextmanager
def refusing_frozen_branches() -> Iterator[None]:
    """Raise ValueError where Python learns a number that is recorded, with the line."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", FrozenBranchWarning)
        try:
            yield
        except FrozenBranchWarning as warning:
            raise ValueError(f"compiled=True would train wrongly: {warning}") from None


@contextmanager
def naming_the_example(group: Sequence[int], compute: Callable[[int], object]) -> Iterator[None]:
    """Where a tape refuses an index in one of its rows, raise IndexError with the example."""
    try:
        yield
    except IndexError:
        for i in group:
            try:
                compute(i)
            except (IndexError, ValueError) as error:
                raise IndexError(f"example {i}: {error}") from None
        raise
