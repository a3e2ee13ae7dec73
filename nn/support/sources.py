"""Where compiled training gets its gradients: from a tape here, or from a Dask cluster.

A row is an example's inputs followed by its targets. Dask keeps a shard of the rows, and a tape of
the loss, on each of its workers. A shard is made by a task, so Dask makes it again elsewhere when
its worker dies.

>>> from nn import Neuron, squared_error
>>> RowLoss(Neuron(1, seed=1), squared_error, inputs=1)(0.0, 2.0)
square(data=4, grad=0)
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine import Number, record

from ..losses import Loss
from ..losses import l2 as sum_of_squares
from ..module import Module
from ..optim import Array


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


class Cluster:
    """Shards on the workers of a Dask client (True: of its own), one for each worker there is."""

    def __init__(self, client: Any, row_loss: RowLoss, rows: Any):
        self.client = local_client() if client is True else client
        if getattr(self.client, "status", "") != "running":
            raise ValueError(f"{client!r} is no open Dask client: write client=Client(), or True")
        self.tape = Shard(row_loss, rows[:1]).tape
        self.parameters = self.tape.parameters  # every tape has them in this order
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


def local_client() -> Any:
    """Return a client with workers on this machine, which import the script that runs."""
    script = getattr(sys.modules["__main__"], "__file__", None)
    if script and "__name__" not in Path(script).read_text(encoding="utf-8", errors="replace"):
        raise RuntimeError(
            "client=True starts processes that import this script: call fit inside "
            '`if __name__ == "__main__":`'
        )
    try:
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise ImportError("client= needs Dask: pip install distributed") from error
    return Client(LocalCluster(threads_per_worker=1, dashboard_address=None))
