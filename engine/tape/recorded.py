"""A Value while a function of it is recorded: whoever reads its number is noted, with the line.

The function runs once, so what Python makes of a number is the same on every replay. A class of its
own does it, because `Value.data` must stay the C function that it is.

>>> from engine import Value
>>> x = Value(3.0)
>>> with Recorder([x]) as recorder:
...     y = x * 2.0 if x.data > 0.0 else x
>>> [READ in message for message in recorder.hazards().values()]
[True]
"""

from collections.abc import Iterable
from os import sep
from pathlib import Path
from sys import _getframe as _frame
from types import FrameType
from typing import TYPE_CHECKING, Any, Self

from ..graph import listening, topological_order
from ..listeners import Listener
from ..location import Site, site
from ..value import Value

_ENGINE = f"{Path(__file__).parents[1]}{sep}"
_WHERE = "write engine.where(condition, a, b), which chooses anew for every row"
READ = f"reads a number of the example, and the tape keeps it: use the Value itself, or {_WHERE}"
COMPARED = f"compares objects, and the tape keeps the answer: {_WHERE}, with x - 1.0 for x != 1.0"
LOOKED_UP = f"looks up an object, not a number, and the tape keeps the answer: {_WHERE}"
BRANCHED = f"decided a branch, and the tape keeps the way it went for the example: {_WHERE}"


class FrozenBranchWarning(UserWarning):
    """Python read a number, or took a branch, while a function was recorded: the tape keeps it."""


class Recorded(Value):
    """A leaf that is not an input, such as a parameter."""

    __slots__ = ()

    if not TYPE_CHECKING:
        data = property(lambda self: _told(self, READ)._data, Value.data.fset)

    def __eq__(self, other: object) -> bool:
        return _told(self, COMPARED) is other

    __hash__ = Value.__hash__


class Varying(Recorded):
    """An input or a node. A dict or a set of parameters is usual; one of these is looked up in."""

    __slots__ = ()

    def __hash__(self) -> int:
        return Value.__hash__(_told(self, LOOKED_UP))


def _told(value: Value, message: str) -> Value:
    """Note that the user's code, and not the engine, asks a recorded Value for its number."""
    frame: FrameType = _frame(2)
    if not frame.f_code.co_filename.startswith(_ENGINE):
        for listener in listening():
            if isinstance(listener, Recorder):
                listener.reads.append((site(frame.f_code, frame.f_lasti), message))
    return value


class Recorder(Listener):
    """Keeps the nodes that the function makes, and what Python learned of their numbers."""

    records = True

    def __init__(self, inputs: Iterable[Value], parameters: Iterable[Value] = ()) -> None:
        self.inputs = list(inputs)
        self.parameters = [x for x in parameters if x.__class__ is Value]
        self.nodes: list[Value] = []
        self.decisions: list[Value] = []
        self.reads: list[tuple[Site | None, str]] = []

    def __enter__(self) -> Self:
        try:
            for leaf in self.inputs:
                leaf.__class__ = Varying
            for leaf in self.parameters:
                leaf.__class__ = Recorded
            return super().__enter__()
        except BaseException:
            self._restore()
            raise

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        self._restore()

    def _restore(self) -> None:
        for node in (*self.inputs, *self.parameters, *self.nodes):
            node.__class__ = Value

    def made(self, node: Value) -> None:
        self.nodes.append(node)
        node.__class__ = Varying

    def decided(self, comparison: Value) -> None:
        self.decisions.append(comparison)

    def hazards(self) -> dict[tuple[str, int], str]:
        """Return what the tape keeps though it may change: a message for each line of the user."""
        found: dict[tuple[str, int], str] = {}
        depends = dict.fromkeys([*self.inputs, *self.parameters], True)
        branches = [(node.created_at, BRANCHED) for node in self.decisions if _on(node, depends)]
        for place, message in (*branches, *self.reads):
            if place:
                code = place.text[place.column : place.end_column] or place.text.strip()
                shown = f"{place.short}: `{code}` {message}"
                found.setdefault((place.filename, place.line), shown)
        return found


def _on(node: Value, depends: dict[Value, bool]) -> bool:
    """Return whether a node depends on such leaves; what is found out is kept."""
    for each in topological_order(node)[0] if node not in depends else ():
        depends[each] = any(depends.get(parent, False) for parent in each.parents)
    return depends[node]
