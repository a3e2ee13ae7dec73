"""Optimizers: how a gradient changes the parameters; their state is not kept on the Values.

>>> x = Value(1.0)
>>> optimizer = SGD([x], learning_rate=0.1)
>>> (x * x).backward()
>>> optimizer.step()
>>> x.data, optimizer.state
(0.8, {'velocity': [2.0]})
"""

import math
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from engine import Value

from .module import number
from .support.habits import Remedied, listed
from .support.history import draw
from .support.interrupts import Change, assign_all

Rate = float | Callable[[int], float]
Array = Any  # a NumPy array of floats, one for each parameter; or a single float


class Optimizer(Remedied):
    """A formula for a parameter's next number by its gradient, and the state that it needs.

    `learning_rate`, or `lr`, is a number, or a function of the step, which counts from 0. With
    `weight_decay` each step also subtracts rate·weight_decay·parameter (Loshchilov and Hutter,
    Decoupled Weight Decay Regularization, 2019). For L2 add `nn.l2` to the loss.

    A subclass names in `memory` what it remembers of each parameter, and defines `formula`.
    """

    memory: tuple[str, ...] = ()

    def __init__(
        self, parameters: Iterable[Value], learning_rate: Rate, weight_decay: float = 0.0,
        lr: Rate | None = None,
    ):  # fmt: skip
        self.parameters = _distinct(parameters, type(self).__name__)
        rate = learning_rate if lr is None else lr
        self.learning_rate = rate if callable(rate) else _from_0(rate, "learning_rate")
        self.weight_decay = _from_0(weight_decay, "weight_decay")
        self.steps, self._frozen = 0, set[Value]()
        self.state = {name: [0.0] * len(self.parameters) for name in self.memory}

    def formula(self, grad: Array, *memory: Array) -> tuple[Array, ...]:
        """Return the direction to go against, and the new memory, for floats and for arrays."""
        raise NotImplementedError(f"{type(self).__name__} needs a method formula(self, grad)")

    @property
    def lr(self) -> Rate:
        """The learning rate, by its other name."""
        return self.learning_rate

    @lr.setter
    def lr(self, rate: Rate) -> None:
        self.learning_rate = rate

    def rate(self) -> float:
        """Return the learning rate of the next step."""
        rate = self.learning_rate
        return number(rate(self.steps) if callable(rate) else rate)

    def step(self) -> None:
        """Change each parameter's data by its grad; frozen parameters stay."""
        rate, new = self.rate(), []
        for p, *memory in zip(self.parameters, *self.state.values()):
            stays = p in self._frozen
            new.append(
                (p.data, *memory) if stays else self._next(rate, p.data, float(p.grad), *memory)
            )
        data, *columns = zip(*new)
        changes = [(p, "data", x) for p, x in zip(self.parameters, data)]
        state = dict(zip(self.memory, map(list, columns)))
        assign_all([*changes, (self, "state", state), (self, "steps", self.steps + 1)])

    def step_arrays(self, data: Array, grad: Array, memory: Sequence[Array]) -> tuple[Array, ...]:
        """Return what a step makes of arrays with an element a parameter; nothing changes."""
        import numpy

        with numpy.errstate(all="ignore"):  # floats don't warn of infinities either
            new = self._next(self.rate(), data, grad, *memory)
        if self._frozen:
            frozen = numpy.array([p in self._frozen for p in self.parameters])
            new = tuple(numpy.where(frozen, a, b) for a, b in zip((data, *memory), new))
        return new

    def _next(self, rate: float, data: Array, grad: Array, *memory: Array) -> tuple[Array, ...]:
        """Return a parameter's next data and memory."""
        direction, *memory_after = self.formula(grad, *memory)
        if self.weight_decay:
            direction = direction + self.weight_decay * data
        return data - rate * direction, *memory_after

    def zero_grad(self) -> None:
        """Set every parameter's grad to 0.0."""
        assign_all((p, "grad", 0.0) for p in self.parameters)

    def freeze(self, parameters: Iterable[Value]) -> None:
        """Leave these parameters, and what is remembered of them, as they are from now on."""
        self._frozen |= self._own(parameters, "freeze")

    def unfreeze(self, parameters: Iterable[Value]) -> None:
        """Change frozen parameters again from now on."""
        self._frozen -= self._own(parameters, "unfreeze")

    def frozen(self) -> list[Value]:
        """Return the parameters that are frozen."""
        return [p for p in self.parameters if p in self._frozen]

    def _own(self, parameters: Iterable[Value], name: str) -> set[Value]:
        chosen = listed(parameters, f"optimizer.{name}(module.parameters())")
        own = set(self.parameters)
        for p in chosen:
            if p not in own:
                raise ValueError(f"{p!r} is not a parameter of this optimizer")
        return set(chosen)

    def state_dict(self) -> dict[str, Any]:
        """Return the state as plain data for JSON, without what the program sets, as the rate."""
        frozen = [float(p in self._frozen) for p in self.parameters]
        memory = {name: list(numbers) for name, numbers in self.state.items()}
        return {"kind": type(self).__name__, "steps": self.steps, "frozen": frozen, **memory}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over a state of `state_dict`. Raises ValueError before, where it does not fit."""
        assign_all(self.state_changes(state))

    def state_changes(self, state: dict[str, Any]) -> list[Change]:
        kind, names = type(self).__name__, {"kind", "steps", "frozen", *self.memory}
        if not isinstance(state, dict) or state.keys() != names or state["kind"] != kind:
            raise ValueError(f"not the state of {kind}, which has {', '.join(sorted(names))}")
        count, [steps] = len(self.parameters), finite_numbers([state["steps"]], "steps")
        memory = {name: finite_numbers(state[name], name, count) for name in self.memory}
        flags = finite_numbers(state["frozen"], "frozen", count)
        if not 0 <= steps <= 2**53 or steps % 1:
            raise ValueError(f"steps is {steps}, which is no count")
        frozen = {p for p, flag in zip(self.parameters, flags) if flag}
        return [(self, "state", memory), (self, "_frozen", frozen), (self, "steps", int(steps))]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self.parameters)} parameters, step {self.steps})"


class SGD(Optimizer):
    """Stochastic gradient descent: p ← p - rate·v with the velocity v ← momentum·v + grad.

    Polyak 1964; in this form Sutskever, Martens, Dahl and Hinton 2013, and PyTorch.
    """

    memory = ("velocity",)

    def __init__(
        self, parameters: Iterable[Value], learning_rate: Rate = 0.01, momentum: float = 0.0,
        *, weight_decay: float = 0.0, lr: Rate | None = None,
    ):  # fmt: skip
        super().__init__(parameters, learning_rate, weight_decay, lr)
        self.momentum = _from_0(momentum, "momentum", below=1.0)

    def formula(self, grad: Array, *memory: Array) -> tuple[Array, ...]:
        velocity = self.momentum * memory[0] + grad
        return velocity, velocity


class RMSprop(Optimizer):
    """Every parameter moves at its own pace: rate·grad/√square, a moving average of grad².

    Tieleman and Hinton, Lecture 6.5 of Neural Networks for Machine Learning, 2012.
    """

    memory = ("square",)

    def __init__(
        self, parameters: Iterable[Value], learning_rate: Rate = 0.01, decay: float = 0.99,
        epsilon: float = 1e-8, *, weight_decay: float = 0.0, lr: Rate | None = None,
    ):  # fmt: skip
        super().__init__(parameters, learning_rate, weight_decay, lr)
        self.decay, self.epsilon = _from_0(decay, "decay", below=1.0), _from_0(epsilon, "epsilon")

    def formula(self, grad: Array, *memory: Array) -> tuple[Array, ...]:
        square = _average(self.decay, memory[0], grad * grad)
        return grad / (_root(square) + self.epsilon), square


class Adam(Optimizer):
    """Adaptive moments: every parameter moves at its own pace, rate·mean/√square.

    Mean and square are moving averages of the gradient and its square. As they start at 0, each is
    divided by the same average of ones, which is 1 - βᵗ after t steps of that parameter. Kingma and
    Ba, Adam: A Method for Stochastic Optimization, 2015; with `weight_decay` it is AdamW.
    """

    memory = ("mean", "square", "mean_of_ones", "square_of_ones")

    def __init__(
        self, parameters: Iterable[Value], learning_rate: Rate = 0.001, beta1: float = 0.9,
        beta2: float = 0.999, epsilon: float = 1e-8, *, weight_decay: float = 0.0,
        lr: Rate | None = None,
    ):  # fmt: skip
        super().__init__(parameters, learning_rate, weight_decay, lr)
        self.beta1, self.beta2 = (_from_0(b, "a beta", below=1.0) for b in (beta1, beta2))
        self.epsilon = _from_0(epsilon, "epsilon")

    def formula(self, grad: Array, *memory: Array) -> tuple[Array, ...]:
        mean, square, ones1, ones2 = memory
        mean, square = _average(self.beta1, mean, grad), _average(self.beta2, square, grad * grad)
        ones1, ones2 = _average(self.beta1, ones1, 1.0), _average(self.beta2, ones2, 1.0)
        direction = mean / ones1 / (_root(square / ones2) + self.epsilon)
        return direction, mean, square, ones1, ones2


class Schedule:
    """A learning rate as a function of the step, which counts from 0; `steps` is its length."""

    def __init__(self, rate: Callable[[int], float], steps: int):
        self.rate, self.steps = rate, steps
        if not hasattr(steps, "__index__") or steps < 1:
            raise ValueError(f"steps is {steps!r}: a schedule has a whole number of 1 or more")

    def __call__(self, step: int) -> float:
        return self.rate(step)

    def plot(self, path: str | Path) -> Path:
        """Draw the rate of each step into a picture file. Needs matplotlib."""
        rates = {"rate": [self(t) for t in range(self.steps + 1)]}
        return draw(path, rates, "learning rate", "step")


def cosine(first: float, steps: int, last: float = 0.0) -> Schedule:
    """Return a rate that falls from `first` to `last` along half a cosine, and then stays.

    >>> [round(cosine(1.0, steps=4)(t), 3) for t in range(6)]
    [1.0, 0.854, 0.5, 0.146, 0.0, 0.0]

    Loshchilov and Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts, 2017.
    """
    half = (first - last) / 2.0
    return Schedule(lambda t: last + half * (1.0 + math.cos(math.pi * min(t / steps, 1.0))), steps)


def warm_up(rate: Rate, steps: int) -> Schedule:
    """Return a rate that rises in equal parts for some steps; then `rate`, a number or a function.

    >>> [round(warm_up(cosine(1.0, steps=2), steps=4)(t), 3) for t in range(7)]
    [0.25, 0.5, 0.75, 1.0, 1.0, 0.5, 0.0]

    Goyal et al., Accurate, Large Minibatch SGD: Training ImageNet in 1 Hour, 2017.
    """
    after: Callable[[int], float] = rate if callable(rate) else lambda t: rate
    rising = Schedule(lambda t: after(max(t - steps, 0)) * min((t + 1) / steps, 1.0), steps)
    rising.steps += getattr(rate, "steps", steps)
    return rising


def clip_by_norm(parameters: Iterable[Value], limit: float) -> float:
    """Shorten the gradient to the length `limit` where it is longer; return the length that it had.

    Its direction stays. Raises ArithmeticError for a nan or an infinity. Pascanu, Mikolov and
    Bengio, On the difficulty of training recurrent neural networks, 2013.
    """
    parameters = listed(parameters, "clip_by_norm(net.parameters(), 1.0)")
    for p in parameters:
        if not math.isfinite(p.grad):
            remedy = "`with engine.anomaly():` finds where it was made"
            raise ArithmeticError(f"no length of a gradient with {p!r}: {remedy}")
    length = math.hypot(*[p.grad for p in parameters])
    if length > _from_0(limit, "limit"):
        assign_all([(p, "grad", float(p.grad) * (limit / length)) for p in parameters])
    return length


def clip_by_value(parameters: Iterable[Value], limit: float) -> None:
    """Bring every grad between -limit and limit; a nan stays."""
    _from_0(limit, "limit")
    parameters = listed(parameters, "clip_by_value(net.parameters(), 1.0)")
    grads = [(p, p.grad) for p in parameters]
    assign_all((p, "grad", max(-limit, min(limit, g)) if g == g else g) for p, g in grads)


def finite_numbers(content: Any, name: str, count: int | None = None) -> list[float]:
    """Return a list that was read. Raises ValueError unless it holds `count` finite numbers."""
    numbers: list[Any] = content if isinstance(content, list) else [None]
    finite = [type(x) in (int, float) and math.isfinite(x) for x in numbers]
    if count not in (None, len(numbers)) or not all(finite):
        raise ValueError(f"{name} is not a list of {count or ''} finite numbers")
    return [float(x) for x in numbers]


def _average(beta: float, old: Array, new: Array) -> Array:
    return beta * old + (1.0 - beta) * new


def _root(x: Array) -> Array:
    return math.sqrt(x) if isinstance(x, float) else x**0.5  # of an array NumPy takes the same root


def _distinct(parameters: Iterable[Value], name: str) -> list[Value]:
    """Return the parameters as a list. Raises where they are none, not leaf Values, or repeated."""
    distinct = listed(parameters, f"{name}(net.parameters())")
    for p in distinct:
        if p.parents:
            raise TypeError(f"{p!r} is not a leaf Value: write {name}(net.parameters())")
    if not distinct or len(set(distinct)) < len(distinct):
        raise ValueError("an optimizer takes at least one parameter, and each only once")
    return distinct


def _from_0(x: Any, name: str, below: float = math.inf) -> float:
    """Return a setting as a float. Raises ValueError if it is below 0 or not below the bound."""
    x = number(x)
    if x == 0.0 and name == "epsilon":
        raise ValueError("epsilon is 0.0, and a grad of 0 divided by it: take one above 0")
    if not 0.0 <= x < below:
        raise ValueError(f"{name} is {x!r}: it must be at least 0 and less than {below:g}")
    return float(x)
