"""Neuron, Layer, MLP: a = σ(z) with z = b + w₀x₀ + w₁x₁ + …, in layers, and layers in a row.

Weights are w_jk with j the neuron and k its input, as the notes on backpropagation have them.

>>> MLP(3, [4, 4, 1], seed=7).layers[0].neurons[1].w[2].label
'layer0.neuron1.w2'
"""

import math
import random
from collections.abc import Callable, Iterable
from operator import index
from typing import Any, Generic, TypeVar

import engine
from engine import Number, Value, weighted_sum

from .module import Module
from .support.habits import Parameters

Activation = str | Callable[[Any], Any]
Seed = int | random.Random | None
Outputs = TypeVar("Outputs")

_NAMES = "relu leaky_relu elu gelu silu softplus tanh sigmoid sin"
_FUNCTIONS: dict[Any, Any] = {name: getattr(engine, name) for name in _NAMES.split()}
_FUNCTIONS["linear"] = lambda z: z
_METHODS = {  # the same for a Value: a net takes 0.8 of the time
    key: getattr(Value, name, function)
    for name, function in _FUNCTIONS.items()
    for key in (name, function)
}
_RECTIFIERS = {key for name in _NAMES.split()[:6] for key in (name, _FUNCTIONS[name])}


class _Network(Module, Generic[Outputs]):
    """What neurons, layers and MLPs share: a number of inputs, which every call checks."""

    inputs: int

    def __call__(self, x: Iterable[Number], *more: Any) -> Outputs:
        this = f"this {type(self).__name__} takes"
        if more or not hasattr(x, "__iter__"):
            raise TypeError(f"{this} its inputs as one list: write net([1.0, 2.0])")
        try:
            numbers = tuple([self._operand(number) for number in x])
        except TypeError:
            if any(map(_is_row, x)):
                instead = "write net.predict(rows), or [net(row) for row in rows]"
                raise TypeError(f"{this} one example, a list of numbers: {instead}") from None
            raise
        if (n := len(numbers)) != self.inputs:
            raise ValueError(f"{this} {self.inputs} inputs, not {n}: give it one number for each")
        return self.forward(numbers)

    def forward(self, x: tuple[Any, ...]) -> Outputs:
        """Return the outputs for inputs that are Values already, or plain numbers all of them."""
        raise NotImplementedError


class Neuron(_Network[Value]):
    """activation(b + Σ wᵢ·xᵢ): a list `w` of weights, a bias `b`.

    >>> neuron = Neuron(2, activation="tanh", seed=1)
    >>> neuron.w[0].data, neuron.w[1].data, neuron.b.data = -3.0, 1.0, 6.8813735870195432
    >>> neuron([2.0, 0.0])
    tanh(data=0.7071, grad=0)

    z is one node, or, where `expanded` is true, a node for each product and each addition: the same
    number, bit for bit. An activation is a name or a function of one Value. `seed` is an int, a
    random.Random to draw from, or None for another start each time. Weights are drawn as suits the
    activation, see `starting_range`; the bias starts at 0.
    """

    def __init__(
        self, inputs: int, activation: Activation = "relu", *, seed: Seed = None,
        expanded: bool = False, siblings: int = 1, nonlin: bool | None = None,
    ):  # fmt: skip
        if nonlin is not None:
            raise TypeError('nonlin is of micrograd: write activation="linear" for nonlin=False')
        self.inputs = _count(inputs, "inputs")
        self.activation, self.expanded = _known(activation), expanded
        bound, rng = starting_range(inputs, siblings, activation), _generator(seed)
        self.w: list[Value] = Parameters(
            Value(bound * (2.0 * rng.random() - 1.0)) for _ in range(inputs)
        )
        self.b = Value(0.0)
        self.label_parameters()

    def forward(self, x: tuple[Any, ...]) -> Value:
        z: Any = self.b
        if self.expanded:
            for w, a in zip(self.w, x):
                z = z + w * a
        else:
            z = weighted_sum(self.w, x, z)
        named: dict[Any, Any] = _METHODS if z.__class__ is Value else _FUNCTIONS
        activated: Value = named.get(self.activation, self.activation)(z)
        return activated

    def __repr__(self) -> str:
        return f"Neuron({self.inputs}, {_name(self.activation)})"


class Layer(_Network[list[Value]]):
    """Neurons side by side that read the same inputs; a call returns the list of their outputs."""

    def __init__(
        self, inputs: int, outputs: int, activation: Activation = "relu", *, seed: Seed = None,
        expanded: bool = False,
    ):  # fmt: skip
        self.inputs, self.outputs = _count(inputs, "inputs"), _count(outputs, "outputs")
        rng = _generator(seed)
        options: Any = {"seed": rng, "expanded": expanded, "siblings": outputs}
        self.neurons = [Neuron(inputs, activation, **options) for _ in range(outputs)]
        self.label_parameters()

    def forward(self, x: tuple[Any, ...]) -> list[Value]:
        return [neuron.forward(x) for neuron in self.neurons]

    def __repr__(self) -> str:
        return f"Layer({self.inputs}, {self.outputs}, {_name(self.neurons[0].activation)})"


class MLP(_Network[Value | list[Value]]):
    """A multilayer perceptron: layers in a row, each reading the outputs of the one before.

    >>> net = MLP(2, [16, 16, 1], activation="relu", seed=0)
    >>> net([1.0, 2.0, 3.0])
    Traceback (most recent call last):
        ...
    ValueError: this MLP takes 2 inputs, not 3: give it one number for each

    `sizes` counts the neurons of each layer; `activation` is for all layers but the last, whose is
    `output`. A call returns one Value where the last layer has one neuron, else a list. The same
    seed gives the same bits.
    """

    def __init__(
        self, inputs: int, sizes: Iterable[int] = (), activation: Activation = "relu",
        output: Activation = "linear", *, seed: Seed = None, expanded: bool = False,
    ):  # fmt: skip
        self.inputs, self.sizes = _count(inputs, "inputs"), _counts(sizes)
        self.activation, self.output = _known(activation), output
        rng, widths = _generator(seed), (inputs, *self.sizes)
        activations = [activation] * (len(self.sizes) - 1) + [output]
        self.layers = [
            Layer(before, width, kind, seed=rng, expanded=expanded)
            for before, width, kind in zip(widths, self.sizes, activations)
        ]
        self.label_parameters()

    def forward(self, x: tuple[Any, ...]) -> Value | list[Value]:
        for layer in self.layers:
            x = tuple(layer.forward(x))
        return x[0] if len(x) == 1 else list(x)

    def __repr__(self) -> str:
        activation, output = _name(self.activation), _name(self.output)
        return f"MLP({self.inputs}, {list(self.sizes)}, activation={activation}, output={output})"


class Sequential(Module):
    """Modules and functions in a row, each reading the outputs of the one before.

    >>> net = Sequential(Layer(2, 3, "linear", seed=1), engine.tanh, Layer(3, 1, "linear", seed=2))
    >>> print(f"{net([1.0, -1.0]):.4f}")
    -0.2482

    A function, or the name of an activation, is applied to each output; engine.softmax to them all.
    A call returns one Value where there is one output, else a list. The row may be a list, too.
    """

    def __init__(self, *layers: Activation | list[Activation]):
        row: Any = layers[0] if len(layers) == 1 and isinstance(layers[0], list) else layers
        self.layers: list[Any] = [_FUNCTIONS.get(_known(layer), layer) for layer in row]
        self.label_parameters()

    def forward(self, x: Any) -> Any:
        for layer in self.layers:
            of_all = isinstance(layer, Module) or layer is engine.softmax
            x = [layer(z) for z in x] if hasattr(x, "__iter__") and not of_all else layer(x)
        return x[0] if isinstance(x, list) and len(x) == 1 else x

    def __repr__(self) -> str:
        return f"Sequential({', '.join(map(_name, self.layers))})"


def starting_range(inputs: int, outputs: int, activation: Activation) -> float:
    """Return the largest weight to start with; weights are drawn evenly from minus to plus that.

    Then signals neither fade nor grow. For the relu family √(6/inputs), a variance of 2/inputs: He
    et al., Delving Deep into Rectifiers, 2015. For all others √(6/(inputs + outputs)): Glorot and
    Bengio, Understanding the difficulty of training deep feedforward neural networks, 2010.
    """
    return math.sqrt(6.0 / (inputs if activation in _RECTIFIERS else inputs + outputs))


def _is_row(x: Any) -> bool:
    return isinstance(x, (list, tuple)) or getattr(x, "ndim", 0) > 0


def _known(activation: Activation) -> Activation:
    """Return the activation. Raises ValueError for a name that is not one."""
    if activation in _FUNCTIONS if isinstance(activation, str) else callable(activation):
        return activation
    names = ", ".join(_FUNCTIONS)
    raise ValueError(f"unknown activation {activation!r}: take one of {names}, or a function")


def _name(activation: Activation) -> str:
    if isinstance(activation, str):
        return f'"{activation}"'
    return getattr(activation, "name", getattr(activation, "__name__", repr(activation)))


def _generator(seed: Seed) -> random.Random:
    if isinstance(seed, random.Random):
        return seed
    return random.Random(None if seed is None else index(seed))


def _counts(sizes: Iterable[int]) -> tuple[int, ...]:
    if isinstance(sizes, (str, bytes)) or not isinstance(sizes, Iterable):
        raise TypeError(f"sizes is a list of the layers' sizes, not {sizes!r}: write [{sizes!r}]")
    if counts := tuple([_count(size, "neurons of a layer") for size in sizes]):
        return counts
    raise ValueError("sizes is empty: an MLP has at least one layer, as in MLP(2, [1])")


def _count(n: Any, what: str) -> int:
    if not hasattr(n, "__index__"):
        remedy = f": write MLP({n[0]!r}, {n[1:]!r})" if isinstance(n, list) and n else ""
        raise TypeError(f"the number of {what} is a whole number, not {n!r}{remedy}")
    if index(n) < 1:
        raise ValueError(f"the number of {what} is {n}: it must be 1 or more")
    return index(n)
