"""Training on many machines: Dask keeps a shard of the rows, and a tape of the loss, on each of its workers.

For a step a worker is sent the parameters and returns the sums of its examples' losses and
gradients: their mean is that of one machine. A shard is made by a task, so Dask makes it again
elsewhere when its worker dies.

>>> import numpy
>>> from nn import MLP, squared_error
>>> shard = WorkerShard(RowLoss(MLP(1, [1], seed=1), squared_error, 1), numpy.array([[1.0, 2.0], [0.0, 1.0]]))
>>> shard.sums(numpy.array([1.0, 0.0]), [0, 1])  # w·x + b with w = 1, b = 0: residuals -1 and -1
(2.0, array([-2., -4.]))
"""

from collections.abc import Sequence
from typing import Any

from .shard import RowLoss, Shard


class WorkerShard(Shard):
    """A shard on a worker; it is sent as what it is made from, and records its tape where it arrives."""

    def __init__(self, row_loss: RowLoss, rows: Any):
        super().__init__(row_loss, rows, threads=1)
        self.row_loss = row_loss
        place = {p: i for i, p in enumerate(row_loss.model.parameters())}
        self.places = [place[p] for p in self.parameters]

    def __reduce__(self) -> tuple[Any, ...]:
        return WorkerShard, (self.row_loss, self.rows)

    def sums(self, data: Any, group: list[int]) -> tuple[float, Any]:
        """Return the summed loss and gradient of a group of rows, at the numbers of the model's parameters."""
        mean, slopes = self.mean(data[self.places], group)
        gradient = data * 0.0
        gradient[self.places] = slopes
        return mean * len(group), gradient * len(group)


class Cluster:
    """The rows in shards on the workers of a Dask client, one for each worker that is there at the start."""

    def __init__(self, client: Any, row_loss: RowLoss, rows: Any):
        self.client = local_client() if client is True else client
        self.parameters = row_loss.model.parameters()
        workers = len(self.client.scheduler_info(n_workers=-1)["workers"])
        count = max(1, min(len(rows), workers))
        self.bounds = [len(rows) * k // count for k in range(count + 1)]
        self.shards = [
            self.client.submit(WorkerShard, row_loss, rows[a:b], pure=False)
            for a, b in zip(self.bounds, self.bounds[1:])
        ]

    def mean(self, data: Any, group: Sequence[int]) -> tuple[float, Any]:
        """Return the mean loss of a group of rows and its gradient, at the numbers `data` of `parameters`."""
        tasks = [
            self.client.submit(WorkerShard.sums, shard, data, chosen, pure=False)
            for shard, chosen in zip(self.shards, self._split(group))
            if chosen
        ]
        losses, gradients = zip(*self.client.gather(tasks))
        return float(sum(losses)) / len(group), sum(gradients) / len(group)

    def _split(self, group: Sequence[int]) -> list[list[int]]:
        """Return the members of a group by shard, counted from the shard's first row."""
        return [[i - a for i in group if a <= i < b] for a, b in zip(self.bounds, self.bounds[1:])]


def local_client() -> Any:
    """Return a client with workers of its own on this machine."""
    try:
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise ImportError("client= needs Dask: pip install distributed") from error
    return Client(LocalCluster(threads_per_worker=1, dashboard_address=None))
