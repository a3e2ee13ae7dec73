"""Module: what has parameters. It lists, names and saves them, and predicts without a graph.

>>> from engine import Value
>>> class Line(Module):
...     def __init__(self):
...         self.slope, self.offset = Value(2.0), Value(1.0)
...     def forward(self, x):
...         return self.slope * x + self.offset
>>> line = Line()
>>> line.named_parameters()
{'slope': Value(data=2, grad=0), 'offset': Value(data=1, grad=0)}
>>> line.predict([0.0, 1.5])
[1.0, 4.0]
"""

import copy
import math
import reprlib
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from importlib import import_module
from numbers import Real
from pathlib import Path
from types import FunctionType, MethodType, ModuleType
from typing import Any, NoReturn, Self, cast

from engine import Value, lift, read_json, write_json

from .support.habits import Remedied
from .support.interrupts import Change, assign_all


class Module(Remedied):
    """A function of an example that has parameters: the leaf Values among its attributes.

    They are found in modules and other objects, in lists, tuples, dicts and arrays of objects, at
    any depth, and in the attributes of its class. The list `neurons` gives the names neuron0,
    neuron1, …, the list `w` gives w0, w1, …; a part of a part is joined by a dot.
    """

    _operand = staticmethod(lift)  # an input becomes a constant leaf, once for all that use it

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Return the outputs for an example. A subclass defines this, or `forward`."""
        return self.forward(*args, **kwargs)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} needs a method forward(self, x)")

    def __setattr__(self, name: str, thing: Any) -> None:
        if isinstance(thing, Real) and _is_parameter(vars(self).get(name)):
            raise TypeError(f"{name} is a parameter: to set its number, write .{name}.data = …")
        super().__setattr__(name, thing)

    def named_parameters(self) -> dict[str, Value]:
        """Return every parameter by its name, in order; one in two places has its first name.

        >>> from nn import MLP
        >>> list(MLP(2, [1]).named_parameters())
        ['layer0.neuron0.w0', 'layer0.neuron0.w1', 'layer0.neuron0.b']
        """
        named = [(name, part) for name, part in parts(self) if _is_parameter(part)]
        parameters: dict[str, Value] = {_Name(name): value for name, value in named}
        if len(parameters) < len(named):
            raise ValueError(
                f"two parameters of this {type(self).__name__} have one name, as those of a list w "
                "and an attribute w0 do: call one of the two something else"
            )
        return parameters

    def parameters(self) -> list[Value]:
        """Return every parameter once, in order: neuron by neuron its weights, then its bias."""
        return list(self.named_parameters().values())

    def label_parameters(self) -> None:
        """Write each parameter's name on it as its label, where pictures and debuggers show it."""
        for name, value in self.named_parameters().items():
            value.label = str(name)

    def zero_grad(self) -> None:
        """Set every parameter's grad to 0.0: leaves add up what each backward() brings."""
        assign_all((value, "grad", 0.0) for value in self.parameters())

    def named_gradient(self) -> dict[str, float]:
        """Return ∇C: every parameter's grad by name, as the last backward() left it."""
        return {str(name): float(value.grad) for name, value in self.named_parameters().items()}

    def predict(self, rows: Iterable[Any]) -> list[Any]:
        """Return the module's outputs for each row, with plain floats in place of Values.

        >>> from nn import MLP
        >>> MLP(3, [4, 2], seed=1).predict([[0.0, 0.0, 0.0]])
        [[0.0, 0.0]]

        A copy of the module that has numbers for Values runs, and makes no graph. Code that fails
        on numbers, such as z.tanh() or a gradient, runs with the Values themselves.
        """
        rows = in_order(rows)
        with suppress(Exception):
            plain = self.plain()
            return [_plain(plain(row)) for row in rows]
        return [_plain(self(row)) for row in rows]

    def plain(self) -> Self:
        """Return a copy that has plain numbers in place of Values: it builds no graph.

        >>> from nn import Neuron
        >>> neuron = Neuron(1, seed=1)
        >>> neuron([0.0]), neuron.plain()([0.0])
        (relu(data=0, grad=0), 0.0)
        """
        return cast(Self, _with_numbers(self))

    def weights(self) -> dict[str, float]:
        """Return every parameter's number by name. Raises ValueError for a nan or an infinity."""
        numbers = {str(name): value.data for name, value in self.named_parameters().items()}
        for name, x in numbers.items():
            if not math.isfinite(x):
                raise ValueError(f"{name} is {x}: weights that are not finite are not worth saving")
        return numbers

    def set_weights(self, numbers: dict[str, float]) -> None:
        """Set every parameter to the number under its name; gradients stay as they are.

        Raises ValueError, and leaves the module unchanged, where a name is missing or unknown or
        where a number is not a finite float.
        """
        assign_all(self.weight_changes(numbers))

    def weight_changes(self, numbers: Any) -> list[Change]:
        """Return what `set_weights` changes."""
        parameters = self.named_parameters()
        if not isinstance(numbers, dict):
            raise ValueError(f"weights are numbers by name, not {reprlib.repr(numbers)}")
        missing = reprlib.repr([name for name in parameters if name not in numbers])[1:-1]
        unknown = reprlib.repr([name for name in numbers if name not in parameters])[1:-1]
        if missing or unknown:
            raise ValueError(
                f"{len(parameters)} parameters are expected and {len(numbers)} were found, missing "
                f"{missing or 'none'}, unknown {unknown or 'none'}: these weights are of another "
                "network"
            )
        for name, x in numbers.items():
            if isinstance(x, int) or not isinstance(x, Real) or not math.isfinite(x):
                raise ValueError(f"{name} is {reprlib.repr(x)}, which is not a finite number")
        return [(value, "data", float(numbers[name])) for name, value in parameters.items()]

    def save(self, path: str | Path) -> None:
        """Write every parameter into a JSON file, whole or not at all; `load` reads the same bits.

        Raises ValueError for a nan or an infinity.
        """
        write_json(path, self.weights())

    def load(self, path: str | Path) -> Self:
        """Read the parameters from a file that `save` wrote into this module, and return it.

        Raises ValueError, and changes nothing, where the file is not of a module of this shape.
        """
        numbers = read_json(path)
        try:
            self.set_weights(numbers)
        except ValueError as error:
            raise ValueError(f"{str(path)!r}: {error}") from None
        return self


class _Name(str):
    """The name of a parameter; `for name, value in net.named_parameters()` would take it apart."""

    def __iter__(self) -> NoReturn:
        raise TypeError("this is a dict: write for name, value in net.named_parameters().items()")


def number(x: Any) -> float:
    """Return a plain number, or a Value's, as a float. Raises TypeError for anything else."""
    return lift(x).data


def in_order(rows: Any) -> Sequence[Any]:
    """Return rows as a sequence, by their positions: a Series or a DataFrame has other indices."""
    if hasattr(rows, "__array__"):  # of NumPy, pandas, polars, PyTorch, JAX
        return cast(Sequence[Any], import_module("numpy").asarray(rows))
    return rows if hasattr(rows, "__getitem__") else list(rows)


# Numbers and text; code, in whose closures nobody looks.
_WITHOUT_PARTS = (float, int, complex, str, bytes, type, FunctionType, MethodType, ModuleType)


def parts(thing: Any, name: str = "", nested: bool = False, seen: Any = None) -> Iterator[Any]:
    """Yield a module or a container, and every part of it, each once with its name, in order.

    >>> [name for name, _ in parts({"a": [Value(1.0), [Value(2.0)]]})]
    ['', 'a', 'a0', 'a1', 'a1.0']

    Raises TypeError for a set of Values or modules, which has no order.
    """
    seen = {} if seen is None else seen
    if thing is None or isinstance(thing, _WITHOUT_PARTS) or id(thing) in seen:
        return
    seen[id(thing)] = thing  # kept, so that no other has its id
    yield name, thing
    if isinstance(thing, Value):
        return
    new = [x for x in thing if id(x) not in seen] if isinstance(thing, (set, frozenset)) else []
    if any(isinstance(x, (Value, Module)) for x in new):
        raise TypeError(f"{name} is a set, which has no order: write a list")
    listed = isinstance(thing, (list, tuple, deque)) or _of_objects(thing)
    inside: Any = enumerate(thing) if listed else _attributes(thing).items()
    stem = _singular(name) if listed and not nested else f"{name}." if name else ""
    for key, part in inside:
        yield from parts(part, f"{stem}{key}", listed, seen)


def _of_objects(thing: Any) -> bool:
    """Return whether it is an array of NumPy whose elements are Python's objects."""
    return getattr(getattr(thing, "dtype", None), "kind", "") == "O"


def _attributes(thing: Any) -> dict[str, Any]:
    """Return a dict itself, or the attributes of an object, those of a module's class first."""
    if isinstance(thing, dict):
        return thing
    of_module = type(thing).__mro__[::-1] if isinstance(thing, Module) else ()
    kinds = [kind for kind in of_module if kind not in Module.__mro__]
    shared = [(name, part) for kind in kinds for name, part in vars(kind).items() if name[0] != "_"]
    useful = (Value, Module, list, tuple, dict)
    slots = [name for kind in type(thing).__mro__ for name in getattr(kind, "__slots__", ())]
    own = {name: getattr(thing, name, None) for name in slots} | getattr(thing, "__dict__", {})
    return {name: part for name, part in shared if isinstance(part, useful)} | own


def _singular(name: str) -> str:
    """Return the name of one of a list: layer of layers, but bias of bias."""
    return (
        name if name.endswith(("bias", "ss", "axis", "basis")) else name.removesuffix("s") or name
    )


def _is_parameter(part: Any) -> bool:
    return isinstance(part, Value) and not part.parents and not part.constant


def _plain(outputs: Any) -> Any:
    """Return outputs with floats in place of Values and numbers, in the same containers."""
    if outputs is None or isinstance(outputs, str):
        return outputs
    if isinstance(outputs, dict):
        return {key: _plain(part) for key, part in outputs.items()}
    if isinstance(outputs, (list, tuple)):
        plain = [_plain(part) for part in outputs]
        return type(outputs)(*plain) if hasattr(outputs, "_fields") else type(outputs)(plain)
    return _plain(outputs.tolist()) if hasattr(outputs, "tolist") else number(outputs)


def _with_numbers(module: Module) -> Module:
    """Return a copy of a module with each Value's number in its place, for inputs of numbers."""
    memo = {id(part): part.data for _, part in parts(module) if isinstance(part, Value)}
    twin = copy.deepcopy(module, memo)
    for _, part in parts(twin):
        if isinstance(part, Module):
            vars(part)["_operand"] = number
    return twin
