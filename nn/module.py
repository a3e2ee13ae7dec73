"""Module: anything that has parameters. It finds them, names them, saves them, and predicts without a graph.

>>> from engine import Value
>>> class Line(Module):
...     def __init__(self):
...         self.slope, self.offset = Value(2.0), Value(1.0)
...     def __call__(self, x):
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
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from engine import Value, lift

from . import files

Self = TypeVar("Self", bound="Module")


class Module:
    """Something that is called with an example and has parameters: the leaf Values among its attributes.

    An attribute may be a Value, another Module, or a list of either. The list `neurons` gives the
    names `neuron0`, `neuron1`, …, the list `w` gives `w0`, `w1`, …; a part of a part is joined by a
    dot.
    """

    enter = staticmethod(
        lift
    )  # how a number comes in: as a constant leaf, made once for all neurons that use it

    def __call__(self, x: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} needs a method __call__(self, x)")

    def named_parameters(self) -> dict[str, Value]:
        """Every parameter by its name, in order; one that stands in two places has its first name.

        >>> from nn import MLP
        >>> list(MLP(2, [1]).named_parameters())
        ['layer0.neuron0.w0', 'layer0.neuron0.w1', 'layer0.neuron0.b']
        """
        names: dict[Value, str] = {}
        for name, value in _parameters_of(self):
            names.setdefault(value, name)
        found = {name: value for value, name in names.items()}
        if len(found) < len(names):
            raise ValueError(
                f"two parameters of this {type(self).__name__} would have one name, as a list w and an "
                "attribute w0 have: call one of the two something else"
            )
        return found

    def parameters(self) -> list[Value]:
        """Every parameter once, in order: neuron by neuron its weights, then its bias."""
        return list(self.named_parameters().values())

    def label_parameters(self) -> None:
        """Write each parameter's name on it as its label, where pictures and debuggers show it."""
        for name, value in self.named_parameters().items():
            value.label = name

    def zero_grad(self) -> None:
        """Set every parameter's grad to 0.0: leaves add up what each backward() brings."""
        for value in self.parameters():
            value.grad = 0.0

    def named_gradient(self) -> dict[str, float]:
        """∇C: every parameter's grad by name, as the last backward() left it."""
        return {name: value.grad for name, value in self.named_parameters().items()}

    def predict(self, rows: Iterable[Any]) -> list[Any]:
        """What the module answers for each row, as plain floats; no graph is built.

        >>> from nn import MLP
        >>> MLP(3, [4, 2], seed=1).predict([[0.0, 0.0, 0.0]])
        [[0.0, 0.0]]

        The same code runs as in training, on a copy that has plain numbers in place of Values.
        """
        plain = _plain(self)
        return [plain(row) for row in rows]

    def weights(self) -> dict[str, float]:
        """Every parameter's number by name: what `save` writes. Raises ValueError for a nan or an infinity."""
        numbers = {name: value.data for name, value in self.named_parameters().items()}
        for name, number in numbers.items():
            if not math.isfinite(number):
                raise ValueError(
                    f"{name} is {number}: weights that are not finite are not worth saving"
                )
        return numbers

    def set_weights(self, numbers: dict[str, float]) -> None:
        """Give every parameter the number under its name; gradients stay as they are.

        Raises ValueError, and leaves the module unchanged, where a name is missing or unknown or
        where a number is not a finite float.
        """
        parameters = self.named_parameters()
        _compare(parameters, numbers)
        for name, number in numbers.items():
            if type(number) is not float or not math.isfinite(number):
                raise ValueError(f"{name} is {reprlib.repr(number)}, which is not a finite number")
        for name, value in parameters.items():
            value.data = numbers[name]

    def save(self, path: str | Path) -> None:
        """Write every parameter into a JSON file, a name and a number a line; `load` gives the same bits back.

        The file appears whole or not at all. Raises ValueError for a nan or an infinity.
        """
        files.write(path, self.weights())

    def load(self: Self, path: str | Path) -> Self:
        """Read the parameters from a file that `save` wrote into this module, and return it.

        Raises ValueError, and leaves the module unchanged, where the file is not one of this
        module's shape.
        """
        numbers = files.read(path)
        try:
            self.set_weights(numbers)
        except ValueError as error:
            raise ValueError(f"{str(path)!r}: {error}") from None
        return self


def _parameters_of(module: Module) -> Iterator[tuple[str, Value]]:
    for name, thing in vars(module).items():
        if isinstance(thing, (list, tuple)):
            for i, part in enumerate(thing):
                yield from _found(f"{name.removesuffix('s') or name}{i}", part)
        else:
            yield from _found(name, thing)


def _found(name: str, thing: Any) -> Iterator[tuple[str, Value]]:
    if isinstance(thing, Module):
        for rest, value in _parameters_of(thing):
            yield f"{name}.{rest}", value
    elif isinstance(thing, Value) and not thing.parents and not thing.constant:
        yield name, thing


def _plain(thing: Any) -> Any:
    """A copy of a module, or of a list of them, that has each Value's number in place of the Value."""
    if isinstance(thing, Value):
        return thing.data
    if isinstance(thing, (list, tuple)):
        return [_plain(part) for part in thing]
    if not isinstance(thing, Module):
        return thing
    twin = copy.copy(thing)
    vars(twin).update({name: _plain(part) for name, part in vars(thing).items()}, enter=number)
    return twin


def number(x: Any) -> float:
    """A plain number, or a Value's, as a float. Raises TypeError for anything else, a str too."""
    return lift(x).data


def _compare(expected: dict[str, Any], found: Any) -> None:
    if not isinstance(found, dict):
        raise ValueError(f"weights are numbers by name, not {reprlib.repr(found)}")
    missing = [name for name in expected if name not in found]
    unknown = [name for name in found if name not in expected]
    if missing or unknown:
        raise ValueError(
            f"{len(expected)} parameters are expected and {len(found)} were found, missing "
            f"{_some(missing)}, unknown {_some(unknown)}: these weights are of another network"
        )


def _some(names: list[str]) -> str:
    return (
        ", ".join(map(reprlib.repr, names[:3])) + (", …" if len(names) > 3 else "")
        if names
        else "none"
    )
