"""Training from a tape: the loss of one example is recorded once, and replayed for every batch.

`fit(..., compiled=True)` comes here. A row of the tape is an example's inputs followed by its
targets. During an epoch the parameters, their gradients and what the optimiser remembers are
arrays; the Values rest, and have their numbers back when the epoch ends, however it ends.

>>> from nn import MLP, SGD, squared_error
>>> net = MLP(1, [2, 1], seed=1)
>>> before = (net([0.0]).data ** 2 + (net([1.0]).data - 1.0) ** 2) / 2
>>> training = Training(net, [[0.0], [1.0]], [0.0, 1.0], squared_error, SGD(net.parameters(), 0.1))
>>> [loss] = training.epoch([[0, 1]])
>>> abs(loss - before) < 1e-12, (net([0.0]).data ** 2 + (net([1.0]).data - 1.0) ** 2) / 2 < before
(True, True)
"""

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from engine import lift

from .losses import l2
from .optim import Optimizer
from .train import must_be_finite

if TYPE_CHECKING:
    from .module import Module


class Recipe(NamedTuple):
    """What the loss of a row is made from; `targets` is 0 where the target is a single number."""

    model: "Module"
    loss: Callable[[Any, Any], Any]
    inputs: int
    targets: int = 0
    l2: float = 0.0
    bare: bool = False  # whether the model takes a number, and not a list of one

    def of_row(self, *row: Any) -> Any:
        """The loss as a function of a row's numbers, with the penalty on the parameters, which no row changes."""
        target = list(row[self.inputs :]) if self.targets else row[self.inputs]
        loss = self.loss(self.model(row[0] if self.bare else list(row[: self.inputs])), target)
        return loss + self.l2 * l2(self.model.parameters()) if self.l2 else loss


class Machine:
    """The rows and a tape on this machine: the mean loss of a group of rows and its gradient."""

    def __init__(self, recipe: Recipe, rows: Any):
        from engine import record

        self.rows, self.everything = rows, list(range(len(rows)))
        self.tape = record(recipe.of_row, rows[0].tolist())
        self.parameters = self.tape.parameters
        self.mean(
            [p.data for p in self.parameters], self.everything[:2]
        )  # what has to be compiled is compiled now

    def mean(self, data: Any, group: Sequence[int]) -> tuple[float, Any]:
        """At the numbers `data` of `parameters`."""
        found: tuple[float, Any] = self.tape.value_and_gradient(
            data, self.rows if group == self.everything else self.rows[group]
        )
        return found


class Training:
    """The parameters as arrays, from the start of an epoch to its end."""

    def __init__(
        self,
        model: "Module",
        inputs: Sequence[Any],
        targets: Sequence[Any],
        loss: Callable[[Any, Any], Any],
        optimizer: Optimizer,
        penalty: float = 0.0,
        before_step: Callable[[], object] | None = None,
        client: Any = None,
    ):
        rows = table(inputs, targets)
        _check(model(inputs[0]), targets, loss)
        recipe = Recipe(
            model,
            loss,
            _width(inputs[0]),
            _width(targets[0]) if hasattr(targets[0], "__len__") else 0,
            penalty,
            bare=not hasattr(inputs[0], "__len__"),
        )
        self.source = _source(recipe, rows, client)
        self._compare(recipe, inputs, targets, rows)
        self.optimizer, self.before_step = optimizer, before_step
        self.values = list(
            dict.fromkeys([*model.parameters(), *self.source.parameters, *optimizer.parameters])
        )
        self.trained, self.found, self.moved = map(
            self._places, (model.parameters(), self.source.parameters, optimizer.parameters)
        )

    def _compare(
        self, recipe: Recipe, inputs: Sequence[Any], targets: Sequence[Any], rows: Any
    ) -> None:
        """For one example of each kind of target the tape has the loss that Python finds, which may ask y == 1."""
        import numpy

        first = {
            rows[i, recipe.inputs :].tobytes(): i for i in reversed(range(min(len(rows), 1000)))
        }
        data = numpy.array([p.data for p in self.source.parameters])
        penalty = recipe.l2 * l2([p.data for p in recipe.model.parameters()]) if recipe.l2 else 0.0
        for i in sorted(first.values())[:12]:
            recorded, _ = self.source.mean(data, [i])
            own = lift(recipe.loss(recipe.model(inputs[i]), targets[i])).data + penalty
            if math.isfinite(own) and not math.isclose(recorded, own, rel_tol=1e-6, abs_tol=1e-9):
                raise ValueError(
                    f"example {i} has a loss of {own:.6g}, but {recorded:.6g} recorded from the first: "
                    "Python decided by a number of it; write engine.where(condition, a, b) instead"
                )

    def epoch(self, groups: Sequence[Sequence[int]]) -> list[float]:
        """A step for each group of examples; the loss before each."""
        self._take()
        try:
            return [self._step(group) for group in groups]
        finally:
            self._give()

    def _step(self, group: Sequence[int]) -> float:
        loss: float
        loss, gradient = self.source.mean(self.data[self.found], group)
        self.grad[self.trained] = self.grad[self.moved] = 0.0
        self.grad[self.found] = gradient
        must_be_finite(loss, self.optimizer)
        if self.before_step is not None:
            self._give()
            self.before_step()
            self._take()
        self._move()
        return loss

    def _move(self) -> None:
        """A step of the optimiser; one that has a `step` of its own is given the Values."""
        if type(self.optimizer).step is Optimizer.step:
            self.data[self.moved] = self.optimizer.move(
                self.data[self.moved], self.grad[self.moved]
            )
        else:
            self._give()
            self.optimizer.step()
            self._take()

    def _places(self, parameters: Sequence[Any]) -> Any:
        import numpy

        place = {p: i for i, p in enumerate(self.values)}
        return numpy.array([place[p] for p in parameters], int)

    def _take(self) -> None:
        import numpy

        self.data = numpy.array([p.data for p in self.values])
        self.grad = numpy.array([p.grad for p in self.values])

    def _give(self) -> None:
        for p, data, grad in zip(self.values, self.data.tolist(), self.grad.tolist()):
            p.data, p.grad = data, grad
        self.optimizer.settle()


def _check(outputs: Any, targets: Sequence[Any], loss: Callable[[Any, Any], Any]) -> None:
    """Let the loss itself refuse a target that is none, a class or a sign: on the tape targets are numbers like any."""
    kinds = dict.fromkeys(y for y in targets if not hasattr(y, "__len__"))
    for target in kinds if len(kinds) < 1000 else ():  # with more of them they are measures
        loss(outputs, target)


def _source(recipe: Recipe, rows: Any, client: Any) -> Any:
    """Where mean losses and gradients come from: a tape here, or a Dask `client` (True: an embedded cluster)."""
    if client is None or client is False:
        return Machine(recipe, rows)
    from .cluster import Cluster

    return Cluster(client, recipe, rows)


def table(inputs: Sequence[Any], targets: Sequence[Any]) -> Any:
    """An array with a row for each example: its inputs, then its targets."""
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


def _width(row: Any) -> int:
    return len(row) if hasattr(row, "__len__") else 1
