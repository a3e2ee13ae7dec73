"""Training on many machines: Dask keeps the rows on its workers and starts again what a lost worker was doing.

Each worker holds a shard of the rows and a tape of the loss. For a step it is sent the parameters
and returns the sum of its examples' losses and gradients, so that the mean over all is the mean
that one machine would find. A shard is made by a task, so Dask makes it anew elsewhere when its
worker dies.

>>> import numpy
>>> from nn import MLP, squared_error
>>> shard = Shard(Recipe(MLP(1, [1], seed=1), squared_error, 1), numpy.array([[1.0, 2.0], [0.0, 1.0]]))
>>> shard.sums(numpy.array([1.0, 0.0]), [0, 1])  # w·x + b with w = 1, b = 0: residuals -1 and -1
(2.0, array([-2., -4.]))
"""

from collections.abc import Sequence
from typing import Any

from .compiled import Recipe


class Shard:
    """Some of the rows, and a tape of the loss: it lives on a worker, and travels as what it is made from."""

    def __init__(self, recipe: Recipe, rows: Any):
        from engine import record

        self.recipe, self.rows = recipe, rows
        self.tape = record(recipe.of_row, rows[0].tolist(), threads=1)
        places = {p: i for i, p in enumerate(recipe.model.parameters())}
        self.places = [places[p] for p in self.tape.parameters]

    def __reduce__(self) -> tuple[Any, ...]:
        return Shard, (self.recipe, self.rows)

    def sums(self, parameters: Any, chosen: Sequence[int]) -> tuple[float, Any]:
        """The summed loss and gradient of the chosen rows, at the parameters of the model in its order."""
        gradient = parameters * 0.0
        mean, slopes = self.tape.value_and_gradient(
            parameters[self.places], self.rows[list(chosen)]
        )
        gradient[self.places] = slopes
        return mean * len(chosen), gradient * len(chosen)


class Cluster:
    """The rows in shards on the workers of a Dask client, one for each worker that is there at the start."""

    def __init__(self, client: Any, recipe: Recipe, rows: Any):
        self.client = embedded() if client is True else client
        self.parameters = recipe.model.parameters()
        count = max(1, min(len(rows), len(self.client.scheduler_info(n_workers=-1)["workers"])))
        self.bounds = [len(rows) * k // count for k in range(count + 1)]
        self.shards = [
            self.client.submit(Shard, recipe, rows[a:b], pure=False)
            for a, b in zip(self.bounds, self.bounds[1:])
        ]

    def mean(self, data: Any, group: Sequence[int]) -> tuple[float, Any]:
        """The mean loss of a group of rows and its gradient, at the numbers `data` of the parameters."""
        sums = self.client.gather(
            [
                self.client.submit(Shard.sums, shard, data, chosen, pure=False)
                for shard, chosen in zip(self.shards, self._split(group))
                if chosen
            ]
        )
        return float(sum(loss for loss, _ in sums) / len(group)), sum(
            slopes for _, slopes in sums
        ) / len(group)

    def _split(self, group: Sequence[int]) -> list[list[int]]:
        """The members of a group by shard, counted from its first row."""
        return [[i - a for i in group if a <= i < b] for a, b in zip(self.bounds, self.bounds[1:])]


def embedded() -> Any:
    """A client with workers of its own on this machine."""
    try:
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise ImportError("client= needs Dask: pip install distributed") from error
    return Client(LocalCluster(threads_per_worker=1, dashboard_address=None))
