"""Graphs of other engines: read once into Values, so that all tools show them.

>>> class Number:  # as in many a lesson: parents and local derivatives
...     def __init__(self, data, parents=(), local_derivatives=(), operation=""):
...         self.data, self.grad, self.parents = data, 0.0, parents
...         self.local_derivatives, self.operation = local_derivatives, operation
>>> x = Number(3.0)
>>> y = as_values(Number(9.0, (x, x), (3.0, 3.0), "*"))
>>> y, y.local_derivatives(), y.parents[0] is y.parents[1], original(y.parents[0]) is x
(*(data=9, grad=0), (3.0, 3.0), True, True)

Such an object has `data`, `grad` and its parents; local derivatives, the name of its operation and
a `label` are used where it has them. It is read and never changed; no method of it is called, but
for parents and local derivatives that are methods. The effort is linear, and nothing recurses.

What it does not say is unknown, and written `?`: the slopes where it has only a function that
adds to the grads, as micrograd's `_backward`; the name where there is none. Two things are known
without being said. An operation with a name of the engine's table, whose number agrees with the
table, has the slopes of the table; they are written `3?`, as `_backward` may do otherwise. And if
exactly one operation has this number and these slopes, then that is its name.
"""

import math
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

from . import operations
from .operation import OPERATIONS, Operation
from .printing import number, printable
from .real import real
from .types import Node
from .value import Value

PARENTS = ("parents", "_prev", "_children")  # of a lesson's Value, of micrograd, of microgpt
SLOPES = ("local_derivatives", "local_grads", "_local_grads")
NAMES = ("operation", "op", "_op")
REQUIRED = f"data, grad and parents (or {', '.join(PARENTS[1:])})"
SPELLINGS = {
    "+": operations.add,
    "-": operations.subtract,
    "*": operations.multiply,
    "×": operations.multiply,
    "/": operations.divide,
    "**": operations.raise_to,
    "sub": operations.subtract,
    "mul": operations.multiply,
    "div": operations.divide,
    "pow": operations.raise_to,
    "neg": operations.negative,
}  # what is not the name of an operation in lower case
USUAL = [
    OPERATIONS[name]
    for names in (
        "add subtract multiply divide maximum minimum",
        "negative absolute exp log tanh sigmoid relu sqrt sin cos",
    )
    for name in names.split()
]  # what an operation without a name may be


class Unknown(float):
    """A number that nobody can know: nan, written `?`; what is computed from it is unknown, too.

    >>> 2.0 * UNKNOWN + 1.0, f"{UNKNOWN:>4.1f}"
    (?, '   ?')
    """

    def __format__(self, spec: str) -> str:
        return _with_mark("?", spec)

    def __repr__(self) -> str:
        return "?"

    def _unknown(self, *_: float) -> "Unknown":
        return self

    __str__ = __repr__
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = _unknown
    __neg__ = __abs__ = __pos__ = _unknown


class Presumed(float):
    """A slope that the name of an operation implies and nothing confirms: written `3?`.

    >>> f"{Presumed(3.0):>6.4g}", 2.0 * Presumed(3.0)
    ('    3?', 6.0)
    """

    def __format__(self, spec: str) -> str:
        kind = re.sub(r"^.?[<>=^]|(?<![.\d])\d+", "", spec)
        return _with_mark(f"{float(self):{kind}}?", spec)


UNKNOWN = Unknown("nan")


def _with_mark(text: str, spec: str) -> str:
    """Return a number that is text already, as wide as the format asks for."""
    field = re.match(r"(?:.?([<>=^]))?[-+ ]?(\d*)", spec)
    assert field is not None
    return f"{text:{(field[1] or '>').replace('=', '>')}{field[2]}}"


class Foreign(Protocol):
    """An object of another engine; its parents have one of several names, see PARENTS."""

    @property
    def data(self) -> Any:
        """The number."""

    @property
    def grad(self) -> Any:
        """The gradient; None is 0."""


class Copy(Value):
    """What an object of another engine is read into; `original` is that object."""

    __slots__ = ("original",)
    original: Any


def as_values(root: Foreign) -> Value:
    """Return a graph of another engine as Values; a Value as it is.

    Raises TypeError for what is no graph, ValueError for one with a circle.
    """
    if isinstance(root, Value):
        return root
    copies: dict[int, Copy] = {}
    waiting = [
        _Reading(root, f"a graph starts at a Value, such as a loss, or at what has {REQUIRED}")
    ]
    begun = {id(root)}
    while waiting:
        reading = waiting[-1]
        unread = (p for p in reading.rest if id(p) not in copies and not isinstance(p, Value))
        parent = next(unread, reading)
        if parent is reading:  # all parents are there
            copies[id(reading.original)] = reading.copied(copies)
            waiting.pop()
        elif id(parent) in begun:
            raise ValueError(
                f"{_called(parent)} is computed from itself: a graph has no circles, "
                "so make each node from nodes that are there already"
            )
        else:
            begun.add(id(parent))
            waiting.append(_Reading(parent, f"each parent of {reading} needs {REQUIRED}"))
    return copies[id(root)]


def _instead(x: Any) -> str:
    """Return what to give in place of a list of Values, or of a network."""
    if isinstance(x, (list, tuple)) and any(isinstance(value, Value) for value in x):
        return "; give one of its Values, as in draw(values[0]), or engine.total(values)"
    if callable(x) and hasattr(x, "parameters"):
        return "; give what it returns, as in draw(net(x))"
    return ""


def original(node: Node) -> Any:
    """Return the object that a node was read from; a Value that was not is its own original."""
    return getattr(node, "original", node)


def by_original(nodes: Iterable[Any]) -> dict[int, Any]:
    """Return the nodes by the ids of the objects that a person knows them as."""
    return {id(original(node)): node for node in nodes}


# -- one object
# -------------------------------------------------------------------------------------------------


class _Reading:
    """What an object says of itself; `rest` goes through the parents that are still to be read."""

    def __init__(self, x: Any, requirement: str):
        missing = [name for name in ("data", "grad") if not hasattr(x, name)]
        attribute = next((name for name in PARENTS if hasattr(x, name)), "")
        if missing or not attribute:
            kind = printable(type(x).__name__)
            lacks = f"{kind} has no {(*missing, 'parents')[0]}"
            raise TypeError(f"{requirement}: {lacks}{_instead(x)}")
        self.original = x
        self.data = _number(x.data, x, "data")
        self.grad = 0.0 if x.grad is None else _number(x.grad, x, "grad")
        self.name = _name(x)
        self.slopes = _slopes(x)
        self.parents = self._ordered(getattr(x, attribute), attribute)
        self.rest: Iterator[Any] = iter(self.parents)

    def __repr__(self) -> str:
        return _called(self.original)

    def _ordered(self, parents: Any, attribute: str) -> list[Any]:
        """Return the parents in order; those of a set as the number says, if no slopes do.

        A set has no order and holds a parent once that was used twice, as in x*x. It is sorted by
        label and number; then the operation may need the other order, or the parent twice.
        """
        try:
            given = list(parents() if callable(parents) else parents)
        except TypeError:
            shown = printable(repr(parents), 24)
            raise TypeError(f"{self}.{attribute} is {shown}: make it a tuple of nodes") from None
        if self.slopes or not isinstance(parents, (set, frozenset)):
            return given
        given.sort(key=lambda p: (_label(p), str(getattr(p, "data", ""))))
        orders = [given, given[::-1], given * 2 if len(given) == 1 else given]
        return next((order for order in orders if self._agrees(order)), given)

    def _agrees(self, parents: list[Any]) -> bool:
        """Whether the operation with this name makes this number of the parents' numbers."""
        numbers = [getattr(p, "data", None) for p in parents]
        xs = [float(x) if isinstance(x, (int, float)) else math.nan for x in numbers]
        return any(_is_close(row.forward(*xs), self.data) for row in _named(self.name, len(xs)))

    def copied(self, copies: dict[int, Copy]) -> Copy:
        """Return the node of our own kind, given those of the parents."""
        parents = tuple([copies.get(id(p), p) for p in self.parents])
        xs = tuple([p.data for p in parents])
        node = Copy.__new__(Copy)
        node.operation = self._operation(xs) if parents else None
        if node.operation and not _is_close(node.operation.forward(*xs), self.data):
            xs = (math.nan,) * len(xs)  # it comes of other numbers, which nobody has kept
        two = len(parents) == 2
        node._first, node._second = parents if two else (parents, None)
        node._x, node._y = xs if two else (xs, 0.0)
        node._data = node._z = self.data
        node.grad, node._label, node._code, node._offset = self.grad, _label(self.original), None, 0
        node.original = self.original
        return node

    def _operation(self, xs: tuple[float, ...]) -> Operation:
        """Return the operation: that of the engine's table, as far as name and numbers say so."""
        slopes = self._padded(len(xs))
        rows = _named(self.name, len(xs)) if self.name else self._usual(xs, slopes)
        if not rows:
            return _recorded(self.data, slopes, f"{self.name}?")
        row, z = rows[0], self.data
        if not _is_close(row.forward(*xs), z):  # a leaf was changed since, or the number is wrong
            return _recorded(z, slopes, row, row.forward)
        right = _floats(row.rule(z, *xs))
        if not self.slopes:
            slopes = [Presumed(slope) for slope in right]
        is_known = all(map(_is_close, slopes, right))
        return _recorded(z, slopes, row, is_known=is_known)

    def _padded(self, count: int) -> list[float]:
        """Return one slope a parent; where there are fewer, as in a set, the loop of `zip` ends."""
        return [*self.slopes[:count], *[UNKNOWN] * (count - len(self.slopes))]

    def _usual(self, xs: tuple[float, ...], slopes: list[float]) -> list[Operation]:
        """Return the operation that alone has this number and these slopes, if there is one."""
        rows = [row for row in USUAL if row.arity == len(xs)]
        if len(xs) == 1 and self.data and abs(power := slopes[0] * xs[0] / self.data) < 100.0:
            rows.append(operations.power_of(round(power, 9)))
        fitting = [
            row
            for row in rows
            if _is_close(z := row.forward(*xs), self.data)
            and all(map(_is_close, _floats(row.rule(z, *xs)), slopes))
        ]
        return fitting if len(fitting) == 1 else []


def _recorded(
    z: float,
    slopes: Iterable[float],
    row: Operation | str,
    forward: Callable[..., float] | None = None,
    is_known: bool = False,
) -> Operation:
    """Return the operation of one node, whose slopes are these numbers.

    `row` is the operation of the table, or the name of another. Its result is z; `forward` is given
    where that is not what comes of the parents' numbers. If the slopes are known to be those of the
    table, formulas are written by its rule.
    """
    numbers = tuple(slopes)
    rule = lambda z, *xs: numbers  # noqa: E731
    make = forward or (lambda *_: z)
    if isinstance(row, str):
        return Operation(row, row, make, rule, domain=False)
    if is_known:
        rule.__wrapped__ = getattr(row.rule, "__wrapped__", row.rule)  # type: ignore[attr-defined]
    entry = Operation(row.name, row.symbol, make, rule, row.parameters, domain=False)
    entry.arity = row.arity
    return entry


def _named(name: str, count: int) -> list[Operation]:
    """Return the operation of the table that is called so and takes so many operands, if any."""
    exponent = re.fullmatch(r"\*\*\(?(-?\d+\.?\d*(?:e-?\d+)?)\)?", name)
    if exponent:
        row: Operation | None = operations.power_of(float(exponent[1]))
    elif name == "-" and count == 1:
        row = operations.negative
    else:
        row = SPELLINGS.get(name) or OPERATIONS.get(name.lower())
    return [row] if row and row.arity == count else []


# -- attributes
# -------------------------------------------------------------------------------------------------


def _number(x: Any, owner: Any, attribute: str) -> float:
    try:
        return real(x)
    except TypeError as error:
        raise TypeError(f"{_called(owner)}.{attribute}: {error}") from None


def _name(x: Any) -> str:
    """Return what an object calls its operation; "" where it does not say."""
    name = next((name for key in NAMES if (name := getattr(x, key, None))), "")
    name = name if isinstance(name, str) else getattr(name, "symbol", "")
    return printable(name, 24) if isinstance(name, str) else ""


def _label(x: Any) -> str:
    label = getattr(x, "label", "")
    return label if isinstance(label, str) else ""


def _slopes(x: Any) -> list[float]:
    """Return the local derivatives; what is not filled in yet, None or ..., is unknown."""
    given = next((given for key in SLOPES if (given := getattr(x, key, None)) is not None), ())
    given = given() if callable(given) else given
    blanks = (None, ..., NotImplemented)
    try:
        slopes = list(given)
    except TypeError:
        raise TypeError(
            f"the local derivatives of {_called(x)} are {printable(repr(given), 24)}: "
            "give a tuple, one number a parent"
        ) from None
    return [UNKNOWN if s in blanks else _number(s, x, "local_derivatives") for s in slopes]


def _called(x: Any) -> str:
    """Return what to call an object in a message: its label, or its class and its number."""
    if label := _label(x):
        return printable(label)
    data = getattr(x, "data", None)
    kind = type(x).__name__
    return f"{kind}({number(data)})" if isinstance(data, (int, float)) else f"a {kind}"


def _floats(slopes: Iterable[Any]) -> list[float]:
    return [float(slope) for slope in slopes]


def _is_close(x: float, y: float) -> bool:
    """Return whether two numbers differ by rounding alone; nan is nan, and unknown nothing."""
    if isinstance(x, Unknown) or isinstance(y, Unknown):
        return False
    return (x != x and y != y) or math.isclose(x, y, rel_tol=1e-9, abs_tol=1e-12)
