"""Where the client wants to stop: lines, labels and operations, data, the first nan or inf.

>>> from engine import Value
>>> stops = Stops(Pass(Value(0.0)), tell=print)
>>> stops.set_functions({"breakpoints": [{"name": "tanh", "hitCondition": "% 2"}]})
{'breakpoints': [{'id': 1, 'verified': False, 'message': 'stops at tanh, once a backward() ...'}]}

The stops themselves are breakpoints and watches of the session, which hands them to the next one.
"""

import operator
import re
from collections.abc import Callable, Sequence
from pathlib import PurePath
from typing import Any

from ...printing import printable
from ..evaluate import Refused
from ..session import Breakpoint, Session, Watch
from .places import Counting, FirstWatch, LineBreakpoint, Pass, dots, file_of, line_of
from .protocol import Arguments, Body, take

LINES, FUNCTIONS = "breakpoint", "function breakpoint"  # these are also reasons of `stopped`
DATA, EXCEPTIONS = "data breakpoint", "exception"
FILTERS = [
    {"filter": "nan", "label": "first nan in a gradient", "default": False},
    {"filter": "inf", "label": "first inf in a gradient", "default": False},
]
_COMPARISONS: dict[str, Callable[[int, int], Any]] = {
    "": operator.ge,
    ">=": operator.ge,
    ">": operator.gt,
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    "==": operator.eq,
    "%": lambda hits, count: count and hits % count == 0,
}


class Stops:
    """The stops of a client, by kind, in `session`, which is that of the last pass.

    `tell` is called with the body of a `breakpoint` event when the state of a stop has changed.
    """

    def __init__(self, session: Pass, tell: Callable[[Body], None]):
        self.session, self.tell = session, tell
        self.counting = Counting()
        self.kinds: dict[int, str] = {}
        self.started = False
        self._numbers: dict[tuple[str, str], list[int]] = {}
        self._verified: dict[int, bool] = {}
        self._mistakes: dict[int, str] = {}  # in a condition or a hit count

    # -- requests ------------------------------------------------------------------------------

    def set_lines(self, arguments: Arguments) -> Body:
        """Answer setBreakpoints: those of one file."""
        path = take(take(arguments, "source", dict), "path", str)
        asked = take(arguments, "breakpoints", list, [])
        points = [(self._line_breakpoint(path, each), each) for each in map(_object, asked)]
        return self._replace(LINES, file_of(path), points)

    def set_functions(self, arguments: Arguments) -> Body:
        """Answer setFunctionBreakpoints: labels and operations."""
        asked = [_object(each) for each in take(arguments, "breakpoints", list)]
        points = [(Breakpoint(0, take(each, "name", str), frozenset()), each) for each in asked]
        return self._replace(FUNCTIONS, "", points)

    def set_data(self, arguments: Arguments) -> Body:
        """Answer setDataBreakpoints: formulas."""
        asked = [_object(each) for each in take(arguments, "breakpoints", list)]
        points = [(Watch(0, take(each, "dataId", str), _nothing), each) for each in asked]
        return self._replace(DATA, "", points)

    def set_exceptions(self, arguments: Arguments) -> Body:
        """Answer setExceptionBreakpoints: the first nan, the first inf."""
        known = {each["filter"] for each in FILTERS}
        filters = [name for name in take(arguments, "filters", list) if name in known]
        points = [(FirstWatch(0, name, _nothing), dict[str, Any]()) for name in filters]
        return self._replace(EXCEPTIONS, "", points)

    def data_info(self, arguments: Arguments) -> Body:
        """Answer dataBreakpointInfo: whether a name stands for a number that can change."""
        name = take(arguments, "name", str)
        try:
            text = self.session.graded(name)
            self.session.value(text)
        except Refused as refused:
            return {"dataId": None, "description": str(refused)}
        changes = f"when {printable(text)} changes"
        return {
            "dataId": text,
            "description": changes,
            "accessTypes": ["write"],
            "canPersist": True,
        }

    def locations(self, arguments: Arguments) -> Body:
        """Answer breakpointLocations: the subexpressions that made values."""
        path = take(take(arguments, "source", dict), "path", str)
        first = self.counting.our_line(take(arguments, "line", int))
        last = self.counting.our_line(take(arguments, "endLine", int, None) or first)
        return {
            "breakpoints": [
                self._dot(path, line, *dot)
                for (file, line), made in sorted(self.session.made.items(), key=lambda x: x[0])
                if file == file_of(path) and first <= line <= last
                for dot in sorted(dots(made).items())
            ]
        }

    def _dot(self, path: str, line: int, column: int, span: tuple[int, int]) -> Body:
        text = line_of(path, line)
        return {
            "line": self.counting.line(line),
            "column": self.counting.column(text, column),
            "endLine": self.counting.line(line),
            "endColumn": self.counting.column(text, span[1]),
        }

    def _line_breakpoint(self, path: str, asked: Arguments) -> LineBreakpoint:
        line = self.counting.our_line(take(asked, "line", int))
        column = take(asked, "column", int, None)
        if column is not None:
            column = self.counting.our_column(line_of(path, line), column)
        place = f"{PurePath(path).name}:{line}"
        return LineBreakpoint(0, place, frozenset(), path=path, line=line, column=column)

    # -- in the session ------------------------------------------------------------------------

    def _replace(
        self, kind: str, source: str, points: Sequence[tuple[Any, Arguments]]
    ) -> dict[str, Any]:
        """Put stops in the place of those of the same kind and source; return how they are."""
        options = [self._options(asked) for _, asked in points]  # the malformed changes nothing
        for number in self._numbers.pop((kind, source), []):
            self.forget(number)
        self._numbers[kind, source] = numbers = []
        for (point, _), (condition, counts, mistake) in zip(points, options, strict=True):
            point.number = self.session.next_number()
            point.condition, point.counts = condition, counts
            self._mistakes[point.number] = mistake
            numbers.append(point.number)
            self.kinds[point.number] = kind
            held = self.session.watches if isinstance(point, Watch) else self.session.breakpoints
            held[point.number] = point
        return {"breakpoints": [self._state(number) for number in numbers]}

    def _options(self, asked: Arguments) -> tuple[str, Callable[[int], bool], str]:
        """Return the condition of a stop, which hits count, and what is wrong with them, if any."""
        condition = take(asked, "condition", str, "").strip()
        hits = take(asked, "hitCondition", str, "").strip()
        try:
            self.session.formula(condition or "1")
            return condition, counter(hits) if hits else _always, ""
        except Refused as refused:
            return condition, _never, str(refused)

    def forget(self, number: int) -> None:
        """Remove a stop."""
        self.kinds.pop(number, None)
        self.session.watches.pop(number, None)
        self.session.breakpoints.pop(number, None)

    def _state(self, number: int) -> Body:
        """Return a stop as the client is told of it: verified, or with the reason why not."""
        point: Any = self.session.breakpoints.get(number) or self.session.watches[number]
        problem = placed(self.session, point)
        if problem and not self.started:
            problem = _waiting(point)
        problem = self._mistakes[number] or problem
        self._verified[number] = not problem
        state = {"id": number, "verified": not problem, "message": problem}
        if isinstance(point, LineBreakpoint):
            state["line"] = self.counting.line(point.line)
        return state if problem else {key: state[key] for key in state if key != "message"}

    def enter(self, session: Pass) -> None:
        """Go on in the session of the next pass; tell of the stops that have a place now."""
        self.session, self.started = session, True
        for number in [n for n in self.kinds if not self._verified.get(n)]:
            state = self._state(number)
            if state["verified"]:
                self.tell({"reason": "changed", "breakpoint": state})

    def tell_removed(self) -> None:
        """Tell of the stops that were removed at the console."""
        held = {**self.session.breakpoints, **self.session.watches}
        for number in [n for n in self.kinds if n not in held]:
            self.forget(number)
            self.tell({"reason": "removed", "breakpoint": {"id": number, "verified": False}})


def _waiting(point: Any) -> str:
    """Return when a stop will have its place: there is no graph yet to look for it in."""
    if isinstance(point, LineBreakpoint):
        return "stops when a value of this line has its turn in a backward()"
    if isinstance(point, Watch):
        return f"stops when {printable(point.text)} changes, once a backward() has it"
    called = printable(point.place)
    return f"stops at {called}, once a backward() has a value or an operation of that name"


def placed(session: Session, point: Any) -> str:
    """Give a stop its place in this graph; return why it has none, "" if it has."""
    try:
        if isinstance(point, Watch):
            session.measure_here(point)
            point.old = point.measure()
        else:
            point.nodes = session.nodes_at(point)
        session.set_condition(point, point.condition)
    except Refused as refused:
        if isinstance(point, Watch):
            point.measure = _nothing
        else:
            point.nodes = frozenset()
        return str(refused)
    return ""


def counter(text: str) -> Callable[[int], bool]:
    """Return which hits count: 3 (from the third on), >= 3, == 3, < 3, % 3 (every third).

    Raises Refused for anything else.

    >>> [hits for hits in range(1, 8) if counter("% 3")(hits)]
    [3, 6]
    """
    match = re.fullmatch(r"([<>=%]?=?)\s*(\d{1,9})", text)
    if not match or match[1] not in _COMPARISONS:
        raise Refused(f"a hit count is a number, as in 3, == 3, > 3 or % 3, not {printable(text)}")
    compare, count = _COMPARISONS[match[1]], int(match[2])
    return lambda hits: bool(compare(hits, count))


def _object(asked: Any) -> dict[str, Any]:
    if not isinstance(asked, dict):
        raise Refused(f"a breakpoint is an object, not {asked!r:.40}")
    return asked


def _always(hits: int) -> bool:
    return True


def _never(hits: int) -> bool:
    return False


def _nothing() -> float:
    return float("nan")
