"""A step of training: the mean gradient over a group of examples, and the optimizer's step along it.

>>> from nn import MLP, SGD, squared_error
>>> net = MLP(1, [1], seed=0)
>>> net.set_weights({"layer0.neuron0.w0": 1.0, "layer0.neuron0.b": 0.0})
>>> problem = Problem(net, [[1.0], [2.0]], [2.0, 2.0], squared_error, SGD(net.parameters(), 0.5))
>>> Trainer(problem).epoch([[0], [1]])  # w = 1 misses 2 by 1; w = 2, b = 1 miss 2 by 3
[1.0, 9.0]
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from engine import Value, total

from .losses import Loss
from .losses import l2 as sum_of_squares
from .module import Module
from .optim import Optimizer
from .progress import Report


@dataclass(frozen=True)
class Problem:
    """What is trained, on which examples, by which loss and optimizer: what every step needs."""

    model: Module
    inputs: Sequence[Any]
    targets: Sequence[Any]
    loss: Loss
    optimizer: Optimizer
    l2: float = 0.0
    before_step: Callable[[], object] | None = None

    def check(self) -> None:
        """Raise where the parts do not fit: training would change nothing, or something else, silently."""
        check_pairs(self.inputs, self.targets)
        if not callable(self.loss):
            raise TypeError(
                "loss is a function of outputs and target, such as nn.squared_error, "
                f"not {self.loss!r}"
            )
        if isinstance(self.optimizer, type) or not hasattr(self.optimizer, "parameters"):
            raise TypeError(
                "optimizer is one that was made, such as nn.SGD(net.parameters(), 0.1), "
                f"not {self.optimizer!r}"
            )
        if not set(self.optimizer.parameters) & set(self.model.parameters()):
            raise ValueError(
                "none of the optimiser's parameters is the model's: make one for it, as in "
                "nn.SGD(net.parameters(), 0.1)"
            )
        if not self.l2 >= 0.0:
            raise ValueError(f"l2 is {self.l2!r}: the strength of a penalty is 0 or more")


class Trainer:
    """Takes the steps of an epoch; here with a graph for every example."""

    def __init__(self, problem: Problem):
        self.problem = problem
        self.trained = list(
            dict.fromkeys([*problem.model.parameters(), *problem.optimizer.parameters])
        )

    def epoch(
        self, groups: Sequence[Sequence[int]], number: int = 0, report: Report | None = None
    ) -> list[float]:
        """Take a step for each group of examples; return the loss before each.

        After every step but the last, `report` is told how many epochs are done, and the loss.
        """
        losses: list[float] = []
        self.begin()
        try:
            for group in groups:
                losses.append(self.step(group))
                if report is not None and len(losses) < len(groups):
                    report(number + len(losses) / len(groups), losses[-1])
        finally:
            self.end()
        return losses

    def begin(self) -> None:
        """Prepare for steps that read and write something else than the Values."""

    def end(self) -> None:
        """Bring the Values up to date."""

    def step(self, group: Sequence[int]) -> float:
        """Descend along the gradient of the mean loss of a group; return that loss."""
        problem = self.problem
        loss = self._mean_gradient(group)
        if problem.l2:
            penalty: Value = problem.l2 * sum_of_squares(problem.model.parameters())
            penalty.backward()
            loss += penalty.data
        self.check_finite(loss)
        if problem.before_step is not None:
            problem.before_step()
        problem.optimizer.step()
        return loss

    def _mean_gradient(self, group: Sequence[int]) -> float:
        """Leave the gradient of the mean loss in each grad. A graph is dropped before the next is built."""
        problem = self.problem
        for p in self.trained:
            p.grad = 0.0
        losses = []
        for i in group:
            loss = example_loss(problem.model, problem.inputs[i], problem.targets[i], problem.loss)
            loss.backward()
            losses.append(loss.data)
        for p in self.trained:
            p.grad /= len(group)
        return float(total(losses)) / len(group)

    def check_finite(self, loss: float) -> None:
        """Raise ArithmeticError, before the step, where there is nothing to descend from."""
        if not math.isfinite(loss):
            raise ArithmeticError(
                f"the loss is {loss} before step {self.problem.optimizer.steps}: lower the learning "
                "rate, or clip gradients; `with engine.anomaly():` finds the first bad number"
            )


def example_loss(model: Module, x: Any, target: Any, loss: Loss) -> Value:
    """Return the loss of one example. Raises TypeError where it is not one Value."""
    value = loss(model(x), target)
    if not isinstance(value, Value):
        raise TypeError(
            f"an example's loss is one Value, not a {type(value).__name__}: let loss(outputs, target) "
            "add up what is wrong"
        )
    return value


def check_pairs(inputs: Sequence[Any], targets: Sequence[Any]) -> None:
    """Raise ValueError unless there is a target for each input, and at least one."""
    if len(inputs) != len(targets) or not len(inputs):
        raise ValueError(
            f"{len(inputs)} inputs and {len(targets)} targets: give as many of both, and at least one"
        )
