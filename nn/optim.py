"""Optimisers: what to do with the gradients. All that they remember is kept here, nothing on the Values.

>>> from engine import Value
>>> x = Value(1.0)
>>> optimizer = SGD([x], learning_rate=0.1)
>>> (x * x).backward()
>>> optimizer.step()
>>> x.data
0.8
"""

import math
import reprlib
from collections.abc import Callable, Iterable
from typing import Any

from engine import Value

from .module import number as plain

Rate = float | Callable[[int], float]


class Optimizer:
    """A formula that turns a parameter's gradient into its next number, and the memory it needs for that.

    `learning_rate` is a number, or a function of the step, which counts from 0. With `weight_decay`
    each step also takes away rate·weight_decay·parameter, apart from the gradient (Loshchilov and
    Hutter, Decoupled Weight Decay Regularization, 2019); it is off by default. For L2 add `nn.l2`
    to the loss.
    """

    memory: tuple[str, ...] = ()  # the names of what is remembered, a number for each parameter

    def __init__(self, parameters: Iterable[Value], learning_rate: Rate, weight_decay: float = 0.0):
        self.parameters = _distinct(parameters)
        self.learning_rate = learning_rate
        if not callable(learning_rate):
            self.learning_rate = _at_least_0(learning_rate, "learning_rate")
        self.weight_decay = _at_least_0(weight_decay, "weight_decay")
        self.steps = 0
        self.state = {name: [0.0] * len(self.parameters) for name in self.memory}
        self._frozen: set[int] = set()

    def formula(self, grad: Any, *memory: Any) -> tuple[Any, ...]:
        """The direction to go against, and the new memory. Element by element: arrays serve as well as floats."""
        raise NotImplementedError

    def rate(self) -> float:
        """The learning rate of the step to come."""
        return plain(
            self.learning_rate(self.steps) if callable(self.learning_rate) else self.learning_rate
        )

    def step(self) -> None:
        """Change each parameter's data by its grad; frozen parameters stay."""
        rate, memory = self.rate(), tuple(self.state.values())
        for i, (p, *before) in enumerate(zip(self.parameters, *memory)):
            if i in self._frozen:
                continue
            p.data, *after = self._next(rate, p.data, p.grad, *before)
            for numbers, number in zip(memory, after):
                numbers[i] = number
        self.steps += 1

    def move(self, data: Any, grad: Any) -> Any:
        """The same step on arrays of all parameters' data and grad: the new data. No Value is touched.

        >>> import numpy
        >>> SGD([Value(1.0), Value(2.0)], learning_rate=0.5).move(numpy.array([1.0, 2.0]), numpy.array([4.0, 0.0]))
        array([-1.,  2.])

        What is remembered becomes arrays too; `settle` makes lists of them again.
        """
        import numpy

        old = [data, *map(numpy.asarray, self.state.values())]
        with numpy.errstate(all="ignore"):  # floats don't warn of infinities either
            new = self._next(self.rate(), data, grad, *old[1:])
        for numbers, before in zip(new, old):
            numbers[list(self._frozen)] = before[list(self._frozen)]
        self.state = dict(zip(self.memory, new[1:]))
        self.steps += 1
        return new[0]

    def settle(self) -> None:
        """Keep what is remembered in lists of floats, after steps on arrays."""
        self.state = {name: [float(x) for x in numbers] for name, numbers in self.state.items()}

    def _next(self, rate: float, data: Any, grad: Any, *memory: Any) -> tuple[Any, ...]:
        """What a parameter's number and its memory become."""
        direction, *kept = self.formula(grad, *memory)
        return data - rate * (
            direction + self.weight_decay * data if self.weight_decay else direction
        ), *kept

    def zero_grad(self) -> None:
        """Set every parameter's grad to 0.0."""
        for p in self.parameters:
            p.grad = 0.0

    def freeze(self, parameters: Iterable[Value]) -> None:
        """From now on leave these parameters, and what is remembered of them, as they are.

        >>> x, y = Value(1.0), Value(1.0)
        >>> optimizer = SGD([x, y], learning_rate=0.5)
        >>> optimizer.freeze([x])
        >>> (x * y).backward()
        >>> optimizer.step()
        >>> x.data, y.data
        (1.0, 0.5)
        """
        self._frozen |= self._places(parameters)

    def unfreeze(self, parameters: Iterable[Value]) -> None:
        """Let frozen parameters move again."""
        self._frozen -= self._places(parameters)

    def frozen(self) -> list[Value]:
        """The parameters that stay as they are."""
        return [p for i, p in enumerate(self.parameters) if i in self._frozen]

    def _places(self, parameters: Iterable[Value]) -> set[int]:
        place = {p: i for i, p in enumerate(self.parameters)}
        wanted = list(parameters)
        for p in wanted:
            if p not in place:
                raise ValueError(f"{p!r} is not a parameter of this optimiser")
        return {place[p] for p in wanted}

    def state_dict(self) -> dict[str, Any]:
        """All that is remembered, as plain data for JSON: with the parameters, enough to go on to the same bits.

        The learning rate and its like belong to the program and are not in it.
        """
        return {
            "kind": type(self).__name__,
            "steps": self.steps,
            "frozen": sorted(self._frozen),
            **{name: list(numbers) for name, numbers in self.state.items()},
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Remember what `state_dict` gave. Raises ValueError, and changes nothing, where it does not fit."""
        expected = {"kind", "steps", "frozen", *self.memory}
        if (
            not isinstance(state, dict)
            or state.keys() != expected
            or state["kind"] != type(self).__name__
        ):
            raise ValueError(
                f"not the state of {type(self).__name__}, which has {', '.join(sorted(expected))}"
            )
        count = len(self.parameters)
        memory = {name: _numbers(state[name], count, name) for name in self.memory}
        frozen = {_whole(i, count - 1, "frozen") for i in _list(state["frozen"], "frozen")}
        self.steps = _whole(state["steps"], 2**53, "steps")
        self.state, self._frozen = memory, frozen

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self.parameters)} parameters, step {self.steps})"


class SGD(Optimizer):
    """Stochastic gradient descent: p ← p - rate·v with the velocity v ← momentum·v + grad.

    >>> x = Value(3.0)
    >>> optimizer = SGD([x], learning_rate=0.5, momentum=0.5)
    >>> for _ in range(3):
    ...     x.grad = 1.0
    ...     optimizer.step()
    >>> x.data, optimizer.state
    (0.875, {'velocity': [1.75]})

    Polyak 1964; in this form Sutskever, Martens, Dahl and Hinton 2013, and PyTorch.
    """

    memory = ("velocity",)

    def __init__(
        self,
        parameters: Iterable[Value],
        learning_rate: Rate = 0.01,
        momentum: float = 0.0,
        *,
        weight_decay: float = 0.0,
    ):
        super().__init__(parameters, learning_rate, weight_decay)
        self.momentum = _below_1(momentum, "momentum")

    def formula(self, grad: Any, *memory: Any) -> tuple[Any, ...]:
        (velocity,) = memory
        velocity = self.momentum * velocity + grad
        return velocity, velocity


class Adam(Optimizer):
    """Adaptive moments: every parameter has its own pace, rate·mean/√square, both free of their start at 0.

    >>> x = Value(1.0)
    >>> optimizer = Adam([x], learning_rate=0.1)
    >>> x.grad = 123.0
    >>> optimizer.step()
    >>> round(x.data, 9)
    0.9

    Kingma and Ba, Adam: A Method for Stochastic Optimization, 2015; with `weight_decay` it is
    AdamW.
    """

    memory = ("mean", "square")

    def __init__(
        self,
        parameters: Iterable[Value],
        learning_rate: Rate = 0.001,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-8,
        *,
        weight_decay: float = 0.0,
    ):
        super().__init__(parameters, learning_rate, weight_decay)
        self.beta1, self.beta2 = _below_1(beta1, "beta1"), _below_1(beta2, "beta2")
        self.epsilon = _at_least_0(epsilon, "epsilon")
        if self.epsilon == 0.0:
            raise ValueError(
                "epsilon is 0.0, by which the step of a grad of 0 would be divided: give a number above 0"
            )

    def formula(self, grad: Any, *memory: Any) -> tuple[Any, ...]:
        mean, square = memory
        t = self.steps + 1
        mean = self.beta1 * mean + (1.0 - self.beta1) * grad
        square = self.beta2 * square + (1.0 - self.beta2) * (grad * grad)
        spread = _root(square / (1.0 - self.beta2**t))
        return mean / (1.0 - self.beta1**t) / (spread + self.epsilon), mean, square


def clip_by_norm(parameters: Iterable[Value], limit: float) -> float:
    """Shorten the gradient to the length `limit` where it is longer; the length that it had.

    >>> x, y = Value(0.0), Value(0.0)
    >>> x.grad, y.grad = 3.0, 4.0
    >>> clip_by_norm([x, y], 1.0), round(x.grad, 9), round(y.grad, 9)
    (5.0, 0.6, 0.8)

    Its direction stays. Pascanu, Mikolov and Bengio, On the difficulty of training recurrent neural
    networks, 2013.
    """
    parameters = list(parameters)
    length = math.hypot(*[p.grad for p in parameters])
    if length > _at_least_0(limit, "limit"):
        for p in parameters:
            p.grad *= limit / length
    return length


def clip_by_value(parameters: Iterable[Value], limit: float) -> None:
    """Bring every grad between -limit and limit.

    >>> x = Value(0.0)
    >>> x.grad = -7.0
    >>> clip_by_value([x], 2.0)
    >>> x.grad
    -2.0
    """
    _at_least_0(limit, "limit")
    for p in parameters:
        p.grad = max(-limit, min(limit, p.grad)) if p.grad == p.grad else p.grad


def _root(x: Any) -> Any:
    return math.sqrt(x) if isinstance(x, float) else x**0.5  # of an array NumPy takes the same root


def _distinct(parameters: Iterable[Value]) -> list[Value]:
    if not hasattr(parameters, "__iter__"):
        raise TypeError(f"{parameters!r} is no list of parameters: write SGD(net.parameters())")
    found = list(parameters)
    for p in found:
        if not isinstance(p, Value) or p.parents:
            raise TypeError(
                f"{p!r} is not a leaf Value: give the parameters, as in SGD(net.parameters())"
            )
    if not found or len(set(found)) < len(found):
        raise ValueError("an optimiser takes at least one parameter, and each only once")
    return found


def _at_least_0(number: float, name: str) -> float:
    number = plain(number)
    if not 0.0 <= number < math.inf:
        raise ValueError(f"{name} is {number!r}: it must be a finite number of 0 or more")
    return number


def _below_1(number: float, name: str) -> float:
    number = plain(number)
    if not 0.0 <= number < 1.0:
        raise ValueError(f"{name} is {number!r}: it must be at least 0 and less than 1")
    return number


def _list(found: Any, name: str) -> list[Any]:
    if not isinstance(found, list):
        raise ValueError(f"{name} is {reprlib.repr(found)}, which is not a list")
    return found


def _numbers(found: Any, count: int, name: str) -> list[float]:
    numbers = _list(found, name)
    if len(numbers) != count or not all(type(x) is float and math.isfinite(x) for x in numbers):
        raise ValueError(f"{name} is not a list of {count} finite numbers, one for each parameter")
    return list(numbers)


def _whole(found: Any, largest: int, name: str) -> int:
    if type(found) not in (int, float) or not 0 <= found <= largest or found != int(found):
        raise ValueError(
            f"{name} has {reprlib.repr(found)}, which is not a whole number from 0 to {largest}"
        )
    return int(found)
