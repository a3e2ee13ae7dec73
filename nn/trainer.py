"""The steps of training: the mean gradient over a group of examples, and a step along it.

>>> from nn import MLP, SGD, squared_error
>>> net = MLP(1, [1], seed=0)
>>> net.set_weights({"layer0.neuron0.w0": 1.0, "layer0.neuron0.b": 0.0})
>>> trainer = Trainer(net, [[1.0], [2.0]], [2.0, 2.0], squared_error, SGD(net.parameters(), 0.5))
>>> trainer.epoch([[0], [1]])  # w = 1 misses 2 by 1; then w = 2 and b = 1 miss 2 by 3
[1.0, 9.0]
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

from engine import Value, total

from .interrupts import Change, assign_all
from .losses import Loss
from .losses import l2 as sum_of_squares
from .module import Module, in_order
from .optim import Optimizer
from .progress import Report


@dataclass(eq=False)
class Trainer:
    """What is trained, on which examples, by which loss and optimizer; a graph for each example.

    Raises TypeError or ValueError where they do not fit together.
    """

    model: Module
    inputs: Any  # rows in order, of any kind; read by position
    targets: Any
    loss: Loss
    optimizer: Optimizer
    l2: float = 0.0
    before_step: Callable[[], object] | None = None

    def __post_init__(self) -> None:
        self.inputs, self.targets = in_order(self.inputs), in_order(self.targets)
        m, n = len(self.inputs), len(self.targets)
        if m != n or not m:
            raise ValueError(f"{m} inputs and {n} targets: give as many of both, and at least one")
        example = "nn.SGD(net.parameters(), 0.1)"
        if not callable(self.loss):
            raise TypeError(f"loss is a function, such as nn.squared_error, not {self.loss!r}")
        if isinstance(self.optimizer, type) or not hasattr(self.optimizer, "parameters"):
            raise TypeError(f"optimizer is an instance, {example}, not {self.optimizer!r}")
        parameters = self.model.parameters()
        if not set(self.optimizer.parameters) & set(parameters):
            raise ValueError(f"none of the optimizer's parameters is the model's: write {example}")
        if not self.l2 >= 0.0:
            raise ValueError(f"l2 is {self.l2!r}: the strength of a penalty is 0 or more")
        self.trained = list(dict.fromkeys([*parameters, *self.optimizer.parameters]))

    def epoch(
        self, groups: Sequence[Sequence[int]], number: int = 0, report: Report | None = None
    ) -> list[float]:
        """Take a step for each group of examples; return the loss before each.

        After every step but the last, `report` is told how many epochs are done, and the loss.
        """
        losses: list[float] = []
        for group in groups:
            losses.append(self.step(group))
            if report is not None and len(losses) < len(groups):
                report(number + len(losses) / len(groups), losses[-1])
        return losses

    def step(self, group: Sequence[int]) -> float:
        """Descend along the gradient of the mean loss of a group of examples; return that loss.

        What interrupts it, be it an error or Ctrl-C, leaves all as before the step, or as after it.
        """
        before, steps = self.snapshot(), self.optimizer.steps
        try:
            loss = self.gradient(group)
            self.check_finite(loss, group)
            self.change_parameters()
        except BaseException:
            if self.optimizer.steps == steps:
                assign_all(before)
            raise
        return loss

    def snapshot(self) -> list[Change]:
        """Return the changes that bring back the present numbers."""
        data = [(p, "data", p.data) for p in self.trained]
        return [*data, *((p, "grad", p.grad) for p in self.trained)]

    def check_finite(self, loss: float, group: Sequence[int]) -> None:
        """Raise ArithmeticError where there is nothing to descend from, with the likely reason."""
        if math.isfinite(loss):
            return
        what = f"the loss is {loss} before step {self.optimizer.steps}"
        for name, rows in (("inputs", self.inputs), ("targets", self.targets)):
            for i in sorted(group):
                numbers = rows[i] if hasattr(rows[i], "__iter__") else [rows[i]]
                for x in numbers:
                    if isinstance(x, Real) and not math.isfinite(x):
                        remedy = "leave that row out, or fill in a number"
                        raise ArithmeticError(f"{what}: {name}[{i}] has a {x}; {remedy}")
        raise ArithmeticError(
            f"{what}: lower the learning rate, or clip gradients; `with engine.anomaly():` finds "
            "the first bad number"
        )

    def gradient(self, group: Sequence[int]) -> float:
        """Leave the gradient of the mean loss in each grad, and return that loss.

        Leaves add up, so each graph is dropped before the next is built.
        """
        for p in self.trained:
            p.grad = 0.0
        losses = []
        for i in group:
            loss = self.loss(self.model(self.inputs[i]), self.targets[i])
            if not isinstance(loss, Value):
                what = f"an example's loss is one Value, not a {type(loss).__name__}"
                raise TypeError(f"{what}: let the loss return a sum")
            loss.backward()
            losses.append(loss.data)
        for p in self.trained:
            p.grad /= len(group)
        mean = float(total(losses)) / len(group)
        if self.l2:
            penalty: Value = self.l2 * sum_of_squares(self.model.parameters())
            penalty.backward()
            mean += penalty.data
        return mean

    def change_parameters(self) -> None:
        """Call `before_step`, and let the optimizer take its step."""
        if self.before_step is not None:
            self.before_step()
        self.optimizer.step()
