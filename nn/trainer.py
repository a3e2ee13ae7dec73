"""The steps of training: the mean gradient over a group of examples, and a step along it.

>>> from nn import SGD, Neuron, squared_error
>>> neuron = Neuron(1, "linear", seed=0)
>>> Trainer(neuron, [[0.0]], [2.0], squared_error, SGD(neuron.parameters())).epoch([[0]])
[4.0]
"""

import math
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

from engine import Value, anomaly, total

from .losses import Loss
from .losses import l2 as sum_of_squares
from .module import Module, in_order, number
from .optim import Optimizer
from .reach import Reach
from .support.interrupts import Change, assign_all
from .support.progress import Report


@dataclass(eq=False)
class Trainer:
    """What is trained, on which examples, by which loss and optimizer; a graph for each example."""

    model: Module
    inputs: Any  # rows in order, of any kind; read by position
    targets: Any
    loss: Loss
    optimizer: Optimizer
    l2: float = 0.0
    before_step: Callable[[], object] | None = None
    validation: Any = None  # inputs and targets, or None

    def __post_init__(self) -> None:
        if not isinstance(self.model, Module):
            raise TypeError(f"model is a Module, such as nn.MLP(2, [3, 1]), not {self.model!r}")
        self.inputs, self.targets = _pairs(self.inputs, self.targets)
        if self.validation is not None:
            self.validation = _pairs(self.validation[0], self.validation[1], "validation ")
        example, named = "nn.SGD(net.parameters(), 0.1)", self.model.named_parameters()
        if not callable(self.loss):
            raise TypeError(f"loss is a function, such as nn.squared_error, not {self.loss!r}")
        if isinstance(self.optimizer, type) or not hasattr(self.optimizer, "parameters"):
            raise TypeError(f"optimizer is an instance, {example}, not {self.optimizer!r}")
        self.penalised = list(named.values())
        self.names = {p: p.label or repr(p) for p in self.optimizer.parameters}
        if not set(self.names) & set(self.penalised):
            raise ValueError(f"none of the optimizer's parameters is the model's: write {example}")
        if not self.l2 >= 0.0:
            raise ValueError(f"l2 is {self.l2!r}: the strength of a penalty is 0 or more")
        self.names |= {p: str(name) for name, p in named.items()}
        self.trained, self.reach = list(self.names), Reach(self.names)

    def epoch(
        self, groups: Sequence[Sequence[int]], done: int = 0, report: Report | None = None
    ) -> list[float]:
        """Take a step for each group of examples; return the loss before each."""
        losses: list[float] = []
        for group in groups:
            losses.append(self.step(group))
            if report is not None and len(losses) < len(groups):
                report(done + len(losses) / len(groups), losses[-1])
        self.reach.close(self.optimizer.frozen())
        return losses

    def step(self, group: Sequence[int]) -> float:
        """Descend along the gradient of the mean loss of a group of examples; return that loss.

        What interrupts it, an error or Ctrl-C, leaves all as before the step, or as after it.
        """
        before, steps = self.snapshot(), self.optimizer.steps
        try:
            loss = self.gradient(group)
            if not math.isfinite(loss):
                remedy = ": lower the learning rate, or clip gradients"
                raise self.fault(f"the loss is {loss}", group, remedy)
            self.change_parameters(group)
        except BaseException:
            if self.optimizer.steps == steps:
                assign_all(before)
            raise
        return loss

    def snapshot(self) -> list[Change]:
        """Return the changes that bring back the present numbers."""
        changes: list[Change] = [(p, "data", p.data) for p in self.trained]
        return changes + [(p, "grad", p.grad) for p in self.trained]

    def fault(self, what: str, group: Sequence[int], remedy: str = "") -> ArithmeticError:
        """Return the error for a number that is not finite, with the place where it was made."""
        what = f"{what} before step {self.optimizer.steps}"
        data = [("inputs", i, self.inputs[i]) for i in sorted(group)]
        data += [("targets", i, self.targets[i]) for i in sorted(group)]
        for name, i, row in data:
            for x in row if hasattr(row, "__iter__") else [row]:
                if isinstance(x, Real) and not math.isfinite(x):
                    remedy = "leave that row out, or fill in a number"
                    return ArithmeticError(f"{what}: {name}[{i}] has a {x}; {remedy}")
        for p in self.trained:
            p.grad = 0.0
        for i in group:
            try:
                with anomaly():
                    self.example_loss(i).backward()
            except FloatingPointError as error:
                return ArithmeticError(f"{what}{remedy}; in example {i}, {error}")
        return ArithmeticError(f"{what}{remedy}")

    def example_loss(self, i: int) -> Value:
        """Return the loss of one example, with its graph."""
        x, y = self.inputs[i], self.targets[i]
        loss = self.loss(self.model(x), y)
        if isinstance(loss, Value):
            self.reach.add(loss, [x, y])
            return loss
        what = f"an example's loss is one Value, not a {type(loss).__name__}"
        raise TypeError(f"{what}: let the loss return a sum")

    def gradient(self, group: Sequence[int]) -> float:
        """Leave the gradient of the mean loss in each grad, and return that loss."""
        for p in self.trained:
            p.grad = 0.0
        losses = []
        for i in group:  # leaves add up, so each graph is dropped before the next is built
            loss = self.example_loss(i)
            loss.backward()
            losses.append(loss.data)
        if any(losses):  # a loss of 0.0 may well depend on nothing, as beyond a margin
            self.reach.refuse_detached()
        for p in self.trained:
            p.grad /= len(group)
        mean = float(total(losses)) / len(group)
        if self.l2:
            penalty: Value = self.l2 * sum_of_squares(self.penalised)
            penalty.backward()
            mean += penalty.data
        return mean

    def moment(self) -> "tuple[float, array[float], array[float]]":
        """Return the mean loss of all examples, the model's parameters, and the gradient there."""
        before = self.snapshot()
        try:
            loss = self.gradient(range(len(self.inputs)))
            weights, gradient = self.numbers()
            assign_all(before)
        except BaseException:
            assign_all(before)
            raise
        return loss, weights, gradient

    def numbers(self) -> "tuple[array[float], array[float]]":
        """Return the present numbers of the model's parameters, and their grads."""
        ours = self.penalised
        return array("d", [p.data for p in ours]), array("d", [p.grad for p in ours])

    def change_parameters(self, group: Sequence[int]) -> None:
        """Call `before_step`, and let the optimizer take its step if the gradient is finite."""
        if self.before_step is not None:
            self.before_step()
        self.check_gradient(group)
        self.optimizer.step()

    def check_gradient(self, group: Sequence[int]) -> None:
        """Raise ArithmeticError for a gradient that is nan or infinite, with its parameter."""
        for p in self.trained:
            if not math.isfinite(p.grad):
                raise self.fault(f"the gradient of {self.names[p]} is {p.grad}", group)

    def validate(self) -> float:
        """Return the mean loss over the validation examples."""
        losses = [number(self.loss(self.model(x), y)) for x, y in zip(*self.validation)]
        return float(total(losses)) / len(losses)

    def finish(self) -> None:
        """Do what is to be done after the last epoch."""


def _pairs(inputs: Any, targets: Any, what: str = "") -> tuple[Sequence[Any], Sequence[Any]]:
    inputs, targets = in_order(inputs), in_order(targets)
    m, n = len(inputs), len(targets)
    if m != n or not m:
        raise ValueError(f"{m} {what}inputs and {n} targets: give as many of both, at least one")
    return inputs, targets
