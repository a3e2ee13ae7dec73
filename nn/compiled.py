"""Training from a tape: the loss of one example is recorded once, and replayed for every batch.

`fit(..., compiled=True)` comes here. During an epoch the parameters, their gradients and the
optimizer's state are arrays; the Values are up to date again when the epoch ends, however it ends.

>>> from nn import MLP, SGD, squared_error
>>> net = MLP(1, [1], seed=0)
>>> net.set_weights({"layer0.neuron0.w0": 1.0, "layer0.neuron0.b": 0.0})
>>> data, optimizer = ([[1.0], [2.0]], [2.0, 2.0]), SGD(net.parameters(), 0.5)
>>> CompiledTrainer(net, *data, squared_error, optimizer).epoch([[0], [1]])  # as in trainer.py
[1.0, 9.0]
"""

import math
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from .losses import l2 as sum_of_squares
from .optim import Array, Optimizer
from .support.interrupts import Change, assign_all
from .support.lengths import ByLength, Lengths, lengths
from .support.sources import (
    Cluster,
    RowLoss,
    Shard,
    naming_the_example,
    refusing_frozen_branches,
    rows_of,
)
from .trainer import Trainer

EVERY = 3000  # rows are replayed for each example that is compared: 4 % of the time of an epoch


@dataclass(eq=False)
class CompiledTrainer(Trainer):
    """Takes the steps on arrays, with gradients from a tape, or from tapes on a Dask `client`.

    `values` are all Values that take part, the optimizer's first; `data` and `grad` are their
    numbers from the start of an epoch to its end, `memory` is the optimizer's.
    """

    client: Any = None

    def __post_init__(self) -> None:
        super().__post_init__()
        kinds = [*dict.fromkeys(lengths(self.inputs, self.targets))]
        rows = rows_of(self.inputs, self.targets) if len(kinds) == 1 else None
        self._try_targets()
        self.source = self._recorded(kinds, rows)
        parts = [*self.optimizer.parameters, *self.source.parameters, *self.trained]
        self.values = list(dict.fromkeys(parts))
        index = {value: i for i, value in enumerate(self.values)}
        self.in_loss = _array([index[p] for p in self.source.parameters], int)
        self.of_model = _array([index[p] for p in self.penalised], int)
        self.compared, self.replayed = 0, EVERY
        self.read_values()
        n = len(self.inputs)
        for i in sorted({n * k // 16 for k in range(16)} | {n - 1}):
            self._compare(i)
        self.reach.note(self.source.parameters)
        self.reach.close(self.optimizer.frozen())

    def _recorded(self, kinds: list[Lengths], rows: Array | None) -> Cluster | Shard | ByLength:
        """Return the tape, or what makes one for each length of the examples."""
        if self.example_loss(0).data:
            self.reach.refuse_detached()
        if rows is None:
            if self.client:
                raise ValueError(
                    f"examples of {len(kinds)} lengths: leave out client=, or pad them"
                )
            others = self.optimizer.parameters
            return ByLength(self.model, self.loss, self.inputs, self.targets, self.l2, others)
        row_loss = RowLoss(self.model, self.loss, *kinds[0], self.l2)
        with refusing_frozen_branches():
            return Cluster(self.client, row_loss, rows) if self.client else Shard(row_loss, rows)

    def epoch(self, groups: Sequence[Sequence[int]], *arguments: Any) -> list[float]:
        self.read_values()
        try:
            losses = super().epoch(groups, *arguments)
            self.write_values()
        except BaseException:  # also one that comes before the Values are written
            self.write_values()
            raise
        self.replayed += sum(map(len, groups))
        while self.replayed >= EVERY:
            self.replayed -= EVERY
            self._compare_next()
        return losses

    def read_values(self) -> None:
        """Make arrays of the Values' numbers and of the optimizer's state."""
        self.data = _array([p.data for p in self.values])
        self.grad = _array([p.grad for p in self.values])
        self.memory = [_array(numbers) for numbers in self.optimizer.state.values()]

    def write_values(self) -> None:
        """Bring the Values and the optimizer's state up to date."""
        data = [(p, "data", x) for p, x in zip(self.values, self.data.tolist())]
        grad = [(p, "grad", x) for p, x in zip(self.values, self.grad.tolist())]
        state = dict(zip(self.optimizer.memory, [m.tolist() for m in self.memory]))
        assign_all([*data, *grad, (self.optimizer, "state", state)])

    def snapshot(self) -> list[Change]:
        return [(self, "data", self.data), (self, "grad", self.grad)]

    def gradient(self, group: Sequence[int]) -> float:
        with naming_the_example(group, self.example_loss):
            loss, slopes = self.source.mean(self.data[self.in_loss], group)
        grad = 0.0 * self.data
        grad[self.in_loss] = slopes
        self.grad = grad
        return loss

    def moment(self) -> "tuple[float, array[float], array[float]]":
        self.read_values()  # a checkpoint may have set them
        return super().moment()

    def numbers(self) -> "tuple[array[float], array[float]]":
        return array("d", self.data[self.of_model]), array("d", self.grad[self.of_model])

    def change_parameters(self, group: Sequence[int]) -> None:
        """Step on the arrays; `before_step`, and an optimizer with its own `step`, use Values."""
        if self.before_step is not None:
            self._on_values(self.before_step)
        self.check_gradient(group)
        if getattr(self.optimizer.step, "__func__", None) is not Optimizer.step:
            return self._on_values(self.optimizer.step)
        n, data, steps = len(self.optimizer.parameters), self.data.copy(), self.optimizer.steps
        data[:n], *memory = self.optimizer.step_arrays(data[:n], self.grad[:n], self.memory)
        changes = [(self, "data", data), (self, "memory", memory)]
        assign_all([*changes, (self.optimizer, "steps", steps + 1)])

    def _on_values(self, function: Callable[[], object]) -> None:
        self.write_values()
        try:
            function()
            self.read_values()
        except BaseException:
            self.read_values()
            raise

    def check_gradient(self, group: Sequence[int]) -> None:
        if not math.isfinite(self.grad.sum()):  # or its sum overflows, and none is named
            self.write_values()
            super().check_gradient(group)

    def fault(self, *arguments: Any) -> ArithmeticError:
        self.write_values()
        return super().fault(*arguments)

    def validate(self) -> float:
        return self.source.validate(*self.validation) - self._penalty()

    def finish(self) -> None:
        self.read_values()
        self._compare_next()

    def _compare_next(self) -> None:
        """Compare one more example, of those spread over all the data by the golden ratio."""
        self.compared += 1
        self._compare(int(len(self.inputs) * (self.compared * 0.6180339887498949 % 1.0)))

    def _compare(self, i: int) -> None:
        """Raise ValueError where the tape and Python find different losses of an example."""
        with naming_the_example([i], self.example_loss):
            recorded = self.source.loss_of(self.data[self.in_loss], i) - self._penalty()
        own = self.example_loss(i).data
        if not math.isfinite(own) or math.isclose(recorded, own, rel_tol=1e-6, abs_tol=1e-9):
            return
        reason = "Python decided by a number of it, or by one that has changed since: write "
        reason += "engine.where(condition, a, b), or leave out compiled=True"
        if any(self.example_loss(i).data != own for _ in range(8)):
            reason = "it draws random numbers, and a tape keeps them: leave out compiled=True"
        what = f"example {i} has a loss of {own:.6g}, but {recorded:.6g} recorded from the first"
        raise ValueError(f"{what}; {reason}")

    def _penalty(self) -> float:
        return self.l2 * sum_of_squares([p.data for p in self.penalised]) if self.l2 else 0.0

    def _try_targets(self) -> None:
        """Let the loss refuse a target that is no class or no sign: a tape takes any number."""
        outputs = self.model(self.inputs[0])
        kinds = dict.fromkeys(y for y in self.targets if not hasattr(y, "__len__"))
        for target in kinds if len(kinds) < 1000 else ():  # with more of them they are measures
            self.loss(outputs, target)


def _array(numbers: Sequence[float], kind: type = float) -> Array:
    import numpy

    return numpy.array(numbers, kind)
