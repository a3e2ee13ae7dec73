"""Examples of different lengths, compiled: a tape for each length, made when it is first met.

A tape is the program of one length. Those of all lengths share the parameters, and a minibatch that
mixes lengths is replayed length by length: its mean loss and gradient are the means of all its
examples.

>>> import numpy
>>> from engine import Value, total
>>> from nn import Module, squared_error
>>> class Scaled(Module):
...     def __init__(self):
...         self.w = Value(2.0)
...     def forward(self, x):
...         return self.w * total(x)
>>> source = ByLength(Scaled(), squared_error, [[1.0], [1.0, 2.0], [3.0]], [2.0, 5.0, 6.0])
>>> source.mean(numpy.array([2.0]), [0, 1, 2])  # 2·1 and 2·3 are right, 2·(1 + 2) is 1 too much
(0.3333333333333333, array([2.]))
>>> len(source.shards)
2
"""

from collections.abc import Iterable, Sequence
from typing import Any

from engine import Value

from ..losses import Loss
from ..module import Module
from ..optim import Array
from .sources import RowLoss, Shard, refusing_frozen_branches, rows_of

Lengths = tuple[int | None, int | None]  # of an example's inputs and targets; None: a single number


def lengths(inputs: Sequence[Any], targets: Sequence[Any]) -> list[Lengths]:
    """Return for each example how many inputs and how many targets it has.

    >>> lengths([[1.0, 2.0], [3.0]], [0, 1])
    [(2, None), (1, None)]
    """
    return [(length(x), length(y)) for x, y in zip(inputs, targets, strict=True)]


def length(x: Any) -> int | None:
    """Return how many numbers a list has; None for a single number."""
    return len(x) if hasattr(x, "__len__") else None


class ByLength:
    """Examples of different lengths. `parameters` are those of the model, then `others`."""

    def __init__(
        self,
        model: Module,
        loss: Loss,
        inputs: Sequence[Any],
        targets: Sequence[Any],
        l2: float = 0.0,
        others: Iterable[Value] = (),
    ):
        self.model, self.loss, self.l2 = model, loss, l2
        self.inputs, self.targets = inputs, targets
        self.parameters = list(dict.fromkeys([*model.parameters(), *others]))
        self.index = {p: i for i, p in enumerate(self.parameters)}
        self.kinds, self.places, self.examples = by_kind(inputs, targets)
        self.shards: dict[Lengths, tuple[Shard, Array]] = {}

    def shard(self, kind: Lengths) -> tuple[Shard, Array]:
        """Return the rows and the tape of a length, and which of the parameters the tape has."""
        if kind not in self.shards:
            indices = self.examples[kind]
            inputs, targets = ([part[i] for i in indices] for part in (self.inputs, self.targets))
            self._make(kind, rows_of(inputs, targets))
        return self.shards[kind]

    def _make(self, kind: Lengths, rows: Array) -> None:
        with refusing_frozen_branches():
            shard = Shard(RowLoss(self.model, self.loss, *kind, self.l2), rows)
        self.shards[kind] = shard, _indices(shard.parameters, self.index)

    def mean(self, data: Array, group: Sequence[int]) -> tuple[float, Array]:
        """Return the mean loss of a group of examples, and its gradient, at such parameters."""
        import numpy

        loss, slopes = 0.0, numpy.zeros(len(self.parameters))
        for kind, members in _sorted(group, self.kinds).items():
            shard, where = self.shard(kind)
            mean, gradient = shard.mean(data[where], [self.places[i] for i in members])
            loss += mean * len(members)
            slopes[where] += gradient * len(members)
        return loss / len(group), slopes / len(group)

    def loss_of(self, data: Array, i: int) -> float:
        """Return the loss of one example."""
        shard, where = self.shard(self.kinds[i])
        return shard.loss_of(data[where], self.places[i])

    def validate(self, inputs: Sequence[Any], targets: Sequence[Any]) -> float:
        """Return the mean loss of other examples, at the present numbers of the parameters."""
        _, _, examples = by_kind(inputs, targets)
        summed = 0.0
        for kind, indices in examples.items():
            rows = rows_of([inputs[i] for i in indices], [targets[i] for i in indices])
            if kind not in self.shards and kind not in self.examples:
                self._make(kind, rows)
            summed += float(self.shard(kind)[0].tape.forward(rows).sum())
        return summed / len(inputs)


def by_kind(
    inputs: Sequence[Any], targets: Sequence[Any]
) -> tuple[list[Lengths], list[int], dict[Lengths, list[int]]]:
    """Return each example's lengths, its place among its kind, and the examples of each kind."""
    kinds, examples = lengths(inputs, targets), dict[Lengths, list[int]]()
    places = []
    for i, kind in enumerate(kinds):
        alike = examples.setdefault(kind, [])
        places.append(len(alike))
        alike.append(i)
    return kinds, places, examples


def _sorted(group: Sequence[int], kinds: list[Lengths]) -> dict[Lengths, list[int]]:
    """Return the examples of a group by their lengths, in order."""
    groups: dict[Lengths, list[int]] = {}
    for i in group:
        groups.setdefault(kinds[i], []).append(i)
    return groups


def _indices(parameters: Sequence[Value], index: dict[Value, int]) -> Array:
    import numpy

    strange = [p for p in parameters if p not in index]
    if strange:
        raise ValueError(
            f"{strange[0]!r} is in the loss of some lengths, and neither the model nor the "
            "optimizer has it: make it an attribute of the model"
        )
    return numpy.array([index[p] for p in parameters], int)
