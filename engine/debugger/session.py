"""What the debugger knows and decides; it prints nothing, so a program can drive it as well as a person.

>>> from engine import Value
>>> x = Value(3.0, label="x")
>>> session = Session(x * x)
>>> session.step(), x.grad
(Stop(start=0, end=1, reasons=[], steps=[...]), 3.0)
>>> session.step(); session.back(2); x.grad
Stop(start=1, end=2, reasons=[], steps=[...])
Stop(start=2, end=0, reasons=[], steps=[...])
0.0

The whole pass is computed first, as data (the *trail*), so that a moment is a position in the
trail: going forward writes each step's `after` into the parent's grad, going back its `before`, bit
for bit.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any, NamedTuple

from ..explain import Step, account, arrivals, numbered, stale, steps
from ..formula import bracketed, name
from ..graph import topological_order
from ..printing import number, printable
from ..value import Value
from .evaluate import Formula, Refused, read

_OF_STEP = ("local", "upstream", "contribution", "before", "after")


class Stop(NamedTuple):
    """Where a move went: from position `start` to `end`, and why it stopped short; the steps in between."""

    start: int
    end: int
    reasons: list[str]
    steps: list[Step]


@dataclass
class Breakpoint:
    """A place to stop: where the sweep reaches one of `nodes`; at a leaf, where a contribution arrives."""

    number: int
    place: str
    nodes: frozenset[Value]
    condition: str = ""
    formula: Formula | None = None
    temporary: bool = False
    ignored: int = 0
    hits: int = 0


@dataclass
class Watch:
    """A number to stop at when it changes."""

    number: int
    text: str
    measure: Callable[[], float]
    old: float = field(default=math.nan)


class Session:
    """One backward pass under inspection.

    It borrows the grads of the graph (and gives variables' names to values without labels, for the
    time being). `close()` returns everything as it was; `close(keep=True)`, once all steps are
    done, leaves the grads as backward() would.
    """

    def __init__(self, root: Value, names: Mapping[str, Any] | None = None):
        self.root = root
        self.order, self.leaves = topological_order(root)
        self.stale = stale(self.order)
        self.forward_only = root.grad == 0.0
        self._grads = [(node, node.grad) for node in (*self.order, *self.leaves)]
        self.carried = [leaf for leaf in self.leaves if leaf.grad and not leaf.constant]
        self.final = {leaf: leaf.grad for leaf in self.leaves if leaf.grad}
        self.trail = list(steps(root, self.final))
        self._borrowed = self._name(names or {})
        self._index()
        self.position = 0
        self.breakpoints: dict[int, Breakpoint] = {}
        self.watches: dict[int, Watch] = {}
        self.displays: dict[int, str] = {}
        self._count = 0
        self._seed()

    def _name(self, names: Mapping[str, Any]) -> list[Value]:
        """Call the values without labels by their variables, until the session closes."""
        nodes = {*self.order, *self.leaves}
        taken, borrowed = {node.label for node in nodes}, []
        for key, node in names.items():
            nameless = (
                isinstance(node, Value) and node in nodes and not node.label and not node.constant
            )
            if nameless and key not in taken and not key.startswith("_"):
                node.label = key
                borrowed.append(node)
        return borrowed

    def _index(self) -> None:
        self.labels: dict[str, list[Value]] = {}
        self.numbers = numbered(self.root)
        self._nodes = list(self.numbers)
        for node in self._nodes:
            if node.label:
                self.labels.setdefault(node.label, []).append(node)
        self.arrivals = arrivals(self.trail)
        self.starts: dict[Value, int] = {}
        for step in self.trail:
            self.starts.setdefault(step.node, step.index)

    def _seed(self) -> None:
        for node in self.order:
            node.grad = 0.0
        self.root.grad = self.root.grad + 1.0

    def close(self, keep: bool = False) -> None:
        """Return what was borrowed; `keep` leaves the grads as backward() would if every step is done."""
        if keep and self.done:
            for node in self.leaves:
                node.grad = self.final.get(node, node.grad)
        else:
            for node, grad in self._grads:
                node.grad = grad
        for node in self._borrowed:
            node.label = ""

    # -- where we are
    # ------------------------------------------------------------------------------------------

    @property
    def done(self) -> bool:
        return self.position == len(self.trail)

    @property
    def last(self) -> Step | None:
        """The step that was just taken."""
        return self.trail[self.position - 1] if self.position else None

    @property
    def node(self) -> Value:
        """The node whose turn it is: the next to send, or the last to have sent."""
        if not self.trail:
            return self.root
        return self.trail[min(self.position, len(self.trail) - 1)].node  # type: ignore[no-any-return]

    def complete(self, node: Value) -> bool:
        """Has everything that uses `node` sent its share?"""
        return self.completed_at(node) <= self.position

    def completed_at(self, node: Value) -> int:
        return self.arrivals[node][-1].index + 1 if node in self.arrivals else 0

    # -- moving
    # --------------------------------------------------------------------------------------------------

    def step(self, count: int = 1) -> Stop:
        return self._run(self.position + count)

    def next(self, count: int = 1) -> Stop:
        """Every contribution out of the next node, or the next few."""
        end = self.position
        while count and end < len(self.trail):
            node, count = self.trail[end].node, count - 1
            while end < len(self.trail) and self.trail[end].node is node:
                end += 1
        return self._run(end)

    def until(self, place: str) -> Stop:
        """Run until the gradient is complete."""
        return self._run(max([self.position, *map(self.completed_at, self.find(place))]))

    def proceed(self) -> Stop:
        return self._run(len(self.trail))

    def back(self, count: int = 1) -> Stop:
        return self._run(self.position - count)

    def previous(self) -> Stop:
        """Take back every contribution out of the node that sent last."""
        return self._run(self.starts[self.last.node] if self.last else 0)

    def retreat(self) -> Stop:
        return self._run(0)

    def restart(self) -> Stop:
        while self.position:
            self._move(-1)
        return Stop(0, 0, [], [])

    def _run(self, target: int) -> Stop:
        target, start = max(0, min(target, len(self.trail))), self.position
        direction, reasons = (1 if target > start else -1), list[str]()
        for watch in self.watches.values():
            watch.old = watch.measure()
        try:
            while self.position != target and not reasons:
                self._move(direction)
                reasons = [*self._changes(), *self._hits()]
        except KeyboardInterrupt:
            self._settle()
            reasons = ["Ctrl-C"]
        low, high = sorted((start, self.position))
        return Stop(start, self.position, reasons, self.trail[low:high])

    def _move(self, direction: int) -> None:
        if direction > 0:
            step = self.trail[self.position]
            step.parent.grad = step.after
        else:
            step = self.trail[self.position - 1]
            step.parent.grad = step.before
        self.position += direction

    def _settle(self) -> None:
        """Make the grads those of this position, in case a move was interrupted between its two halves."""
        if self.last:
            self.last.parent.grad = self.last.after
        if not self.done:
            coming = self.trail[self.position]
            coming.parent.grad = coming.before

    # -- breakpoints and watches
    # ---------------------------------------------------------------------------------

    def add_breakpoint(
        self, place: str, condition: str = "", temporary: bool = False
    ) -> Breakpoint:
        made = Breakpoint(self._next(), place, frozenset(self.places(place)), temporary=temporary)
        self.condition(made, condition)
        self.breakpoints[made.number] = made
        return made

    def condition(self, breakpoint: Breakpoint, text: str) -> None:
        formula = self.formula(text) if text else None
        if formula:
            formula(
                lambda name: self.lookup(name, trial=True)
            )  # a name that does not exist is told now
        breakpoint.condition, breakpoint.formula = text, formula

    def breakpoint(self, text: str) -> Breakpoint:
        found = self.breakpoints.get(int(text)) if text.isdecimal() and len(text) < 9 else None
        if found is None:
            raise Refused(
                f"there is no breakpoint {printable(text) or 'without a number'}: "
                "info breakpoints lists them"
            )
        return found

    def add_watch(self, text: str) -> Watch:
        made = Watch(self._next(), text, self._measure(text))
        made.old = made.measure()
        self.watches[made.number] = made
        return made

    def add_display(self, text: str) -> int:
        shown = self.graded(text)
        self.value(shown)
        self.displays[self._next()] = shown
        return self._count

    def inherit(self, other: "Session") -> None:
        """Take over the stops of an earlier pass; one that has no place in this graph waits for a graph that has."""
        self._count, self.displays = other._count, other.displays
        self.breakpoints, self.watches = other.breakpoints, other.watches
        for point in self.breakpoints.values():
            try:
                point.nodes = frozenset(self.places(point.place))
                self.condition(point, point.condition)
            except Refused:
                point.nodes = frozenset()
        for watch in self.watches.values():
            try:
                watch.measure = self._measure(watch.text)
            except Refused:
                watch.measure = lambda: math.nan

    @property
    def armed(self) -> bool:
        """Whether there is anything to stop at."""
        return bool(self.breakpoints or self.watches)

    def clear(self, text: str) -> None:
        """Remove a breakpoint, watch or display by its number; all breakpoints without one."""
        if not text:
            self.breakpoints.clear()
            return
        key = int(text) if text.isdecimal() and len(text) < 9 else 0
        for table in (self.breakpoints, self.watches, self.displays):
            if table.pop(key, None) is not None:
                return
        raise Refused(
            f"there is nothing with number {printable(text)}: info breakpoints and info watch list them"
        )

    def _next(self) -> int:
        self._count += 1
        return self._count

    def _measure(self, text: str) -> Callable[[], float]:
        if text in ("nan", "inf"):
            bad = math.isnan if text == "nan" else math.isinf
            return lambda: float(
                self.last is not None and (bad(self.last.contribution) or bad(self.last.after))
            )
        formula = self.formula(self.graded(text))
        formula(self.lookup)  # a name that does not exist is told now
        return lambda: formula(self.lookup)

    def _changes(self) -> Iterable[str]:
        for watch in self.watches.values():
            old, new = watch.old, watch.measure()
            watch.old = new
            if watch.text in ("nan", "inf"):
                if new and self.last:
                    yield f"watch {watch.number}: {watch.text} arrived in {self.short(self.last.parent)}.grad"
            elif old != new and (old == old or new == new):
                yield f"watch {watch.number}: {printable(watch.text)} was {number(old)}, is {number(new)}"

    def _hits(self) -> Iterable[str]:
        for point in list(self.breakpoints.values()):
            if not self._at(point) or (point.formula and not point.formula(self.lookup)):
                continue
            point.hits += 1
            if point.ignored:
                point.ignored -= 1
                continue
            if point.temporary:
                del self.breakpoints[point.number]
            yield f"breakpoint {point.number}: {printable(point.place)}" + (
                f" if {printable(point.condition)}" if point.condition else ""
            )

    def _at(self, point: Breakpoint) -> bool:
        last = self.last
        if last and not last.parent.parents and last.parent in point.nodes:
            return True
        if self.done:
            return False
        coming = self.trail[self.position].node
        return coming in point.nodes and self.starts[coming] == self.position

    # -- names and numbers
    # -----------------------------------------------------------------------------------------

    def find(self, place: str) -> list[Value]:
        """The values with a label, or the one with a number (#7), or `node` and `parent` of the last step."""
        place = place.strip()
        if place in self.labels:
            return self.labels[place]
        if (
            place.startswith("#")
            and place[1:].isdecimal()
            and len(place) < 12
            and int(place[1:]) < len(self._nodes)
        ):
            return [self._nodes[int(place[1:])]]
        if place == "node":
            return [self.node]
        if place == "parent" and self.last:
            return [self.last.parent]
        matching = [node for node in self._nodes if printable(node.label) == place and place]
        if matching:
            return matching
        raise Refused(
            f"there is no value {printable(place) or 'without a name'}: w and info leaves list them; "
            "#7 is the one with number 7"
        )

    def one(self, place: str) -> Value:
        found = self.find(place)
        if len(found) > 1:
            several = ", ".join(f"#{self.numbers[node]}" for node in found[:8])
            raise Refused(
                f"{len(found)} values are called {printable(place)}: take one by its number, {several}"
            )
        return found[0]

    def places(self, place: str) -> list[Value]:
        """The nodes of a breakpoint: by label or number, by operation, or by the line they were born on."""
        try:
            return self.find(place)
        except Refused as refused:
            found = [
                node
                for node in self.order
                if node.operation and place in (node.operation.name, node.operation.symbol)
            ]
            found = found or self.born(*_file_and_line(place))
            if not found:
                raise Refused(
                    f"{refused}; an operation (tanh) or a line (main.py:6) will do, too"
                ) from None
            return found

    def born(self, filename: str, line: int) -> list[Value]:
        if not line:
            return []
        return [
            node
            for node in self._nodes
            if (made := node.created_at)
            and made.line == line
            and (made.filename == filename or PurePath(made.filename).name == filename)
        ]

    def lookup(self, path: str, trial: bool = False) -> float:
        """The number that a name stands for in a formula: a bare label is its data."""
        prefix, _, attribute = path.rpartition(".")
        if prefix and attribute in ("data", "grad") and path not in self.labels:
            if prefix in ("node", "parent") and not self.last and prefix not in self.labels:
                return math.nan
            return float(getattr(self.one(prefix), attribute))
        if path in _OF_STEP and path not in self.labels:
            return float(getattr(self.last, path)) if self.last else math.nan
        return self.one(path).data

    def formula(self, text: str) -> Formula:
        """What was typed, as a function of a lookup. A label that is no word, as in `my loss.grad`, stands alone."""
        alone = text.removesuffix(".grad").removesuffix(".data") in self.labels
        return (lambda lookup: lookup(text)) if alone else read(text)

    def graded(self, text: str) -> str:
        """After watch and display a bare name means its grad."""
        bare = text in self.labels or (text.startswith("#") and text[1:].isdecimal())
        return text + ".grad" if bare else text

    def value(self, text: str) -> float:
        """What a formula comes to now."""
        return self.formula(text)(self.lookup)

    def why(self, node: Value, depth: int = 1) -> list[str]:
        """The sum behind a grad as far as it has come, and how much is still on the way."""
        position = self.position
        so_far = (
            {
                node: [step for step in here if step.index < position]
                for node, here in self.arrivals.items()
            }
            if depth > 1
            else {node: [s for s in self.arrivals.get(node, []) if s.index < position]}
        )
        lines = account(self.root, node, {key: here for key, here in so_far.items() if here}, depth)
        waiting = len(self.arrivals.get(node, ())) - len(so_far.get(node, ()))
        return lines + [f"   {waiting} more to come"] * bool(waiting)

    def called(self, node: Value) -> str:
        """Its name, with its number where it has no label."""
        return printable(name(node) if node.label else f"#{self.numbers[node]} {name(node)}", 40)

    def short(self, node: Value) -> str:
        """A short name: the label, a short expression in brackets, or the number that commands take as well."""
        text = bracketed(node)
        spelled = (
            node.label or node.constant or (node.parents and len(text) < 16 and "…" not in text)
        )
        return text if spelled else f"#{self.numbers[node]}"


def _file_and_line(place: str) -> tuple[str, int]:
    filename, _, line = place.rpartition(":")
    return filename, int(line) if line.isdecimal() and len(line) < 9 else 0
