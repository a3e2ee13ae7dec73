"""What the debugger knows and decides; it prints nothing, so a program can drive it as well.

>>> from engine import Value
>>> x = Value(3.0, label="x")
>>> session = Session(x * x)
>>> session.step(), x.grad
(Stop(start=0, end=1, reasons=[], steps=[...]), 3.0)
>>> session.step(); session.back(2); x.grad
Stop(start=1, end=2, reasons=[], steps=[...])
Stop(start=2, end=0, reasons=[], steps=[...])
0.0

The whole pass is computed first, as data (the *trail*), so a moment is a position in the trail:
going forward writes the `after` of a step into the parent's grad, going back its `before`, bit for
bit.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from traceback import walk_tb
from typing import Any, NamedTuple

from ..diagnosis import Zeros, origin_of_nan
from ..explain import Step, account, arrivals, nan_lines, numbered, stale, steps
from ..foreign import Foreign, as_values, by_original
from ..formula import bracketed, name
from ..graph import local_derivatives, topological_order
from ..options import named
from ..printing import number, printable
from ..value import Value
from .evaluate import Formula, Refused, read

_STEP_FIELDS = ("local", "upstream", "contribution", "before", "after")
_PASS = (
    "pass_"  # what `pass`, which no expression of Python may contain, is called while it is read
)


class Stop(NamedTuple):
    """A move from position `start` to `end`, its steps, and the reasons why it stopped, if any."""

    start: int
    end: int
    reasons: list[str]
    steps: list[Step]


@dataclass
class Breakpoint:
    """A place to stop: where the sweep reaches a node; at a leaf, where a contribution arrives."""

    number: int
    place: str
    nodes: frozenset[Value]
    condition: str = ""
    formula: Formula | None = None
    temporary: bool = False
    ignored: int = 0
    hits: int = 0
    counts: Callable[[int], bool] = lambda hits: True  # whether to stop at this hit


@dataclass
class Watch:
    """A number to stop at when it changes; `data` are the values' data that it depends on."""

    number: int
    text: str
    measure: Callable[[], float]
    old: float = math.nan
    data: dict[str, float] = field(default_factory=dict)
    condition: str = ""
    formula: Formula | None = None
    hits: int = 0
    counts: Callable[[int], bool] = lambda hits: True


class Session:
    """One backward pass under inspection.

    It changes the grads of the graph and calls values without labels by their variables' names,
    for the time being. `close()` puts everything back as it was; `close(keep=True)`, once all steps
    are done, leaves the grads as backward() would. `pass_number` counts the backward passes of a
    script, `pass_before` holds the gradients of the pass before, by label, and `interrupted` is
    asked after every step whether to stop.
    """

    def __init__(self, root: Foreign, names: Mapping[str, Any] | None = None):
        self.root = root = as_values(root)
        self.order, self.leaves = topological_order(root)
        self.final: dict[Value, float] = {leaf: leaf.grad for leaf in self.leaves}
        try:
            self.stale: list[Value] = stale(self.order)
            self.trail = list(steps(root, self.final))
        except Exception as error:
            _note_node(error)
            raise
        self.forward_only = root.grad == 0.0
        self.carried = [leaf for leaf in self.leaves if leaf.grad and not leaf.constant]
        self._grads = [(node, node.grad) for node in (*self.order, *self.leaves)]
        self._named = self._label_by_variable(named(names))
        self._index()
        self.position = 0
        self.pass_number = 1
        self.pass_before: dict[str, float] = {}
        self.interrupted: Callable[[], bool] = lambda: False
        self.breakpoints: dict[int, Breakpoint] = {}
        self.watches: dict[int, Watch] = {}
        self.displays: dict[int, str] = {}
        self._count = 0
        self._seed()

    def _label_by_variable(self, names: Mapping[str, Any]) -> list[Value]:
        """Label the values without labels by their variables, until the session closes."""
        nodes = by_original([*self.order, *self.leaves])
        taken, labelled = {node.label for node in nodes.values()}, []
        for key, value in names.items():
            node = nodes.get(id(value))
            if node is None or node.label or node.constant:
                continue
            if key not in taken and not key.startswith("_"):
                node.label = key
                labelled.append(node)
        return labelled

    def _index(self) -> None:
        self.labels: dict[str, list[Value]] = {}
        self.numbers: dict[Value, int] = numbered(self.root)
        self._nodes = list(self.numbers)
        for node in self._nodes:
            if node.label:
                self.labels.setdefault(node.label, []).append(node)
        self.arrivals: dict[Value, list[Step]] = arrivals(self.trail)
        self.starts: dict[Value, int] = {}
        for step in self.trail:
            self.starts.setdefault(step.node, step.index)
        self.zeros = Zeros(self.order, self.final)
        self._idle: dict[int, list[Value]] = self.zeros.at(self.trail)

    def _seed(self) -> None:
        for node in self.order:
            node.grad = 0.0
        self.root.grad = self.root.grad + 1.0

    def close(self, keep: bool = False) -> None:
        """Put labels and grads back; with `keep`, after the last step, leave backward()'s grads."""
        for watch in self.watches.values():
            watch.data = {path: self._data(path) for path in watch.data}
        if keep and self.done:
            for node in self.leaves:
                node.grad = self.final.get(node, node.grad)
        else:
            for node, grad in self._grads:
                node.grad = grad
        for node in self._named:
            node.label = ""

    # -- the position --------------------------------------------------------------------------

    @property
    def done(self) -> bool:
        """Whether every step is taken."""
        return self.position == len(self.trail)

    @property
    def last(self) -> Step | None:
        """The step that was just taken."""
        return self.trail[self.position - 1] if self.position else None

    @property
    def node(self) -> Value:
        """The current node: the next to send contributions, or the last one at the end."""
        if not self.trail:
            return self.root
        node: Value = self.trail[min(self.position, len(self.trail) - 1)].node
        return node

    def complete(self, node: Value) -> bool:
        """Return whether every contribution to the grad of `node` has arrived."""
        return self.completed_at(node) <= self.position

    def completed_at(self, node: Value) -> int:
        """Return the position at which the last contribution to `node` has arrived."""
        return self.arrivals[node][-1].index + 1 if node in self.arrivals else 0

    def final_grad(self, node: Value) -> float:
        """Return the grad that `node` has at the end of the pass."""
        return self.arrivals[node][-1].after if node in self.arrivals else node.grad

    def idle(self, position: int) -> list[Value]:
        """Return the nodes whose turn is at this position and that send nothing."""
        return self._idle.get(position, [])

    @property
    def nan_origin(self) -> str:
        """Where the nan began that the root is; "" if it is none."""
        root = self.root
        return origin_of_nan([root]) if root.data != root.data else ""

    # -- moving --------------------------------------------------------------------------------

    def step(self, count: int = 1) -> Stop:
        """Take the next `count` steps, or as many as there are up to a stop."""
        return self._run(self.position + count)

    def next(self, count: int = 1) -> Stop:
        """Take every step out of the next node, or out of the next `count` nodes."""
        end = self.position
        while count and end < len(self.trail):
            node, count = self.trail[end].node, count - 1
            while end < len(self.trail) and self.trail[end].node is node:
                end += 1
        return self._run(end)

    def until(self, place: str) -> Stop:
        """Run until the gradient of the values at `place` is complete."""
        return self._run(max([self.position, *map(self.completed_at, self.find(place))]))

    def proceed(self) -> Stop:
        """Run on to a breakpoint or a change of a watch, or to the end."""
        return self._run(len(self.trail))

    def back(self, count: int = 1) -> Stop:
        """Take back `count` steps, or as many as there are up to a stop."""
        return self._run(self.position - count)

    def previous(self) -> Stop:
        """Take back every step out of the node that sent last."""
        return self._run(self.starts[self.last.node] if self.last else 0)

    def retreat(self) -> Stop:
        """Run back to a breakpoint or a change of a watch, or to the start."""
        return self._run(0)

    def restart(self) -> Stop:
        """Go back to the start, whatever there is to stop at."""
        self.goto(0)
        return Stop(0, 0, [], [])

    def goto(self, position: int) -> Stop:
        """Go to where `position` steps are taken, whatever there is to stop at."""
        start, target = self.position, max(0, min(position, len(self.trail)))
        try:
            while self.position != target:
                self._move(1 if target > self.position else -1)
        except KeyboardInterrupt:
            self._repair()
            raise
        low, high = sorted((start, target))
        return Stop(start, target, [], self.trail[low:high])

    def _run(self, target: int) -> Stop:
        target, start = max(0, min(target, len(self.trail))), self.position
        direction, reasons = (1 if target > start else -1), list[str]()
        for watch in self.watches.values():
            watch.old = watch.measure()
        try:
            while self.position != target and not reasons:
                self._move(direction)
                reasons = [*self._changes(), *self._hits()]
                if self.interrupted():
                    reasons.append("Ctrl-C")
        except KeyboardInterrupt:
            self._repair()
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

    def _repair(self) -> None:
        """Make the grads those of this position: a move may have been interrupted half-way."""
        if self.last:
            self.last.parent.grad = self.last.after
        if not self.done:
            coming = self.trail[self.position]
            coming.parent.grad = coming.before

    # -- breakpoints and watches ---------------------------------------------------------------

    def add_breakpoint(
        self, place: str, condition: str = "", temporary: bool = False
    ) -> Breakpoint:
        """Stop at `place`, where `condition` is not 0; raise Refused for what is not there."""
        point = Breakpoint(0, place, frozenset(self.places(place)), temporary=temporary)
        self.set_condition(point, condition)
        point.number = self.next_number()  # nothing that is refused takes a number
        self.breakpoints[point.number] = point
        return point

    def set_condition(self, point: Breakpoint | Watch, text: str) -> None:
        """Let it stop only where the formula `text` is not 0; always, if the text is empty."""
        formula = self.formula(text) if text else None
        if formula:
            formula(self.lookup)  # a name that does not exist is refused now
        point.condition, point.formula = text, formula

    def breakpoint(self, text: str) -> Breakpoint:
        """Return the breakpoint with this number; raise Refused where there is none."""
        point = self.breakpoints.get(int(text)) if text.isdecimal() and len(text) < 9 else None
        if point is None:
            raise Refused(
                f"there is no breakpoint {printable(text) or 'without a number'}: "
                "info breakpoints lists them"
            )
        return point

    def add_watch(self, text: str) -> Watch:
        """Stop when the formula `text` changes; `nan` and `inf` stop when the first one arrives."""
        shown = text if text in ("nan", "inf") else self.graded(text)
        watch = Watch(0, shown, lambda: math.nan)
        self.measure_here(watch)
        watch.old = watch.measure()
        watch.number = self.next_number()
        self.watches[watch.number] = watch
        return watch

    def add_display(self, text: str) -> int:
        """Show the formula `text` at every stop; return its number."""
        shown = self.graded(text)
        self.value(shown)
        self.displays[self.next_number()] = shown
        return self._count

    def inherit(self, other: "Session") -> list[str]:
        """Take over the stops of an earlier pass; return the reasons to stop before the first step.

        A stop that has no place in this graph waits for a graph that has. Between two passes a
        watch sees changes of data, not that gradients start afresh.
        """
        self._count, self.displays = other._count, other.displays
        self.breakpoints, self.watches = other.breakpoints, other.watches
        self.pass_before = {
            label: other.final_grad(nodes[0])
            for label, nodes in other.labels.items()
            if len(nodes) == 1
        }
        for point in self.breakpoints.values():
            try:
                point.nodes = self.nodes_at(point)
                self.set_condition(point, point.condition)
            except Refused:
                point.nodes = frozenset()
        return [*self._changes_between(), *self._hits()]

    def nodes_at(self, point: Breakpoint) -> frozenset[Value]:
        """Return where in this graph a breakpoint stands; raise Refused where it has no place."""
        return frozenset(self.places(point.place))

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
        for stops in (self.breakpoints, self.watches, self.displays):
            if stops.pop(key, None) is not None:
                return
        raise Refused(
            f"there is nothing with number {printable(text)}: "
            "info breakpoints and info watch list them"
        )

    def next_number(self) -> int:
        """Return the number of the next breakpoint, watch or display."""
        self._count += 1
        return self._count

    def measure_here(self, watch: Watch) -> None:
        """Let a watch measure in this graph; raise Refused for a name that does not exist in it."""
        if watch.text in ("nan", "inf"):
            bad = math.isnan if watch.text == "nan" else math.isinf
            watch.measure = lambda: float(
                self.last is not None and (bad(self.last.contribution) or bad(self.last.after))
            )
            return
        formula = self.formula(self.graded(watch.text))
        paths: list[str] = []
        formula(lambda path: paths.append(path) or self.lookup(path))  # type: ignore[func-returns-value]
        watch.data = {path: self._data(path) for path in paths if self._split(path)[1] == "data"}
        watch.measure = lambda: formula(self.lookup)

    def _data(self, path: str) -> float:
        try:
            return self.lookup(path)
        except Refused:  # not in this graph
            return math.nan

    def _changes_between(self) -> Iterable[str]:
        """Yield what watches of data have to say at the start of a pass."""
        for watch in self.watches.values():
            old, data = watch.old, watch.data
            try:
                self.measure_here(watch)
                self.set_condition(watch, watch.condition)
            except Refused:
                watch.measure = lambda: math.nan
                continue
            watch.old = watch.measure()
            changed = any(_differ(x, watch.data.get(path, x)) for path, x in data.items())
            if changed and _differ(old, watch.old):
                yield _changed(watch, old)

    def _changes(self) -> Iterable[str]:
        for watch in self.watches.values():
            old, new = watch.old, watch.measure()
            watch.old = new
            if watch.text in ("nan", "inf"):
                if new and self.last and self._is_met(watch):
                    arrived_in = self.short(self.last.parent)
                    yield f"watch {watch.number}: {watch.text} arrived in {arrived_in}.grad"
            elif _differ(old, new) and self._is_met(watch):
                yield _changed(watch, old)

    def _is_met(self, point: Breakpoint | Watch) -> bool:
        """Return whether the condition holds here, for as many hits as it takes."""
        if point.formula and not point.formula(self.lookup):
            return False
        point.hits += 1
        return point.counts(point.hits)

    def _hits(self) -> Iterable[str]:
        for point in list(self.breakpoints.values()):
            if not self._at(point) or not self._is_met(point):
                continue
            if point.ignored:
                point.ignored -= 1
                continue
            if point.temporary:
                del self.breakpoints[point.number]
            condition = f" if {printable(point.condition)}" if point.condition else ""
            idle = [node for node in self.idle(self.position) if node in point.nodes]
            nothing = f"; {self.zeros.sentence(idle[0])}" if idle else ""
            more = f", and {len(idle) - 1:,} more send nothing" if len(idle) > 1 else ""
            yield f"breakpoint {point.number}: {printable(point.place)}{condition}{nothing}{more}"

    def _at(self, point: Breakpoint) -> bool:
        last = self.last
        if last and not last.parent.parents and last.parent in point.nodes:
            return True
        if any(node in point.nodes for node in self.idle(self.position)):
            return True
        if self.done:
            return False
        coming = self.trail[self.position].node
        return coming in point.nodes and self.starts[coming] == self.position

    # -- names and numbers ---------------------------------------------------------------------

    def find(self, place: str) -> list[Value]:
        """Return the values with a label, the one with a number (#7), or `node` or `parent`."""
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
        matches = [node for node in self._nodes if printable(node.label) == place and place]
        if matches:
            return matches
        raise Refused(
            (f"there is no value {printable(place)}" if place else "name a value")
            + ": w and info leaves list them; #7 is the one with number 7"
        )

    def one(self, place: str) -> Value:
        """Return the only value with this name; raise Refused where there are several."""
        nodes = self.find(place)
        if len(nodes) > 1:
            several = ", ".join(f"#{self.numbers[node]}" for node in nodes[:8])
            raise Refused(
                f"{len(nodes)} values are called {printable(place)}: "
                f"take one by its number, {several}"
            )
        return nodes[0]

    def places(self, place: str) -> list[Value]:
        """Return the nodes with a label or number, of an operation, or made on a line of source."""
        try:
            return self.find(place)
        except Refused as refused:
            filename, line = _file_and_line(place)
            nodes = [node for node in self.order if place in _operation_names(node)]
            nodes = nodes or self.made_at(filename, line)
            if nodes:
                return nodes
            if line:
                raise Refused(self._no_value_at(place, filename)) from None
            raise Refused(
                f"{refused}; an operation (tanh) or a line (main.py:6) will do, too"
            ) from None

    def made_at(self, filename: str, line: int) -> list[Value]:
        """Return the nodes that a line of a source file made."""
        if not line:
            return []
        return [
            node
            for node in self._nodes
            if (site := node.created_at) and site.line == line and _is_file(site, filename)
        ]

    def _no_value_at(self, place: str, filename: str) -> str:
        """Say that a line made no value of this graph, and which lines did."""
        sites = [site for node in self._nodes if (site := node.created_at)]
        lines = sorted({site.line for site in sites if _is_file(site, filename)})
        files = sorted({PurePath(site.filename).name for site in sites})
        where = (
            f"those of that file come from {'line' if len(lines) == 1 else 'lines'} "
            + _listed([str(line) for line in lines])
            if lines
            else f"its values come from {_listed(files) or 'no file'}"
        )
        return f"no value of this graph was made at {printable(place)}: {printable(where, 200)}"

    def lookup(self, path: str) -> float:
        """Return the number that a name of a formula stands for: a bare label is its data."""
        prefix, attribute = self._split(path)
        if attribute == _PASS:
            return float(self.pass_number)
        if not prefix:
            return float(getattr(self.last, attribute)) if self.last else math.nan
        if prefix in ("node", "parent") and not self.last and prefix not in self.labels:
            return math.nan
        node = self.one(prefix)
        if attribute == "previous":
            return self.pass_before.get(node.label, math.nan)
        return float(getattr(node, attribute))

    def _split(self, path: str) -> tuple[str, str]:
        """Return the value that a name of a formula speaks of ("" for none), and the attribute."""
        prefix, _, attribute = path.rpartition(".")
        if path in self.labels:
            return path, "data"
        if prefix and attribute in ("data", "grad", "previous"):
            return prefix, attribute
        return ("", path) if path in (*_STEP_FIELDS, _PASS) else (path, "data")

    def formula(self, text: str) -> Formula:
        """Return a formula as a function of a lookup; a label that is no word is read as a name."""
        if re.sub(r"\.(data|grad|previous)$", "", text) in self.labels:
            return lambda lookup: lookup(text)
        return read(re.sub(r"(?<![\w.#])pass(?![\w.])", _PASS, text))

    def graded(self, text: str) -> str:
        """Return `text`; after watch and display a bare name means its grad."""
        bare = text in self.labels or (text.startswith("#") and text[1:].isdecimal())
        return text + ".grad" if bare else text

    def value(self, text: str) -> float:
        """Return what a formula comes to at this position."""
        return self.formula(text)(self.lookup)

    def why(self, node: Value, depth: int = 1) -> list[str]:
        """Return the sum behind a grad at this position, and how many terms are still to come."""
        position = self.position
        here = self.arrivals if depth > 1 else {node: self.arrivals.get(node, [])}
        so_far = {
            parent: arrived
            for parent, steps in here.items()
            if (arrived := [step for step in steps if step.index < position])
        }
        lines = account(self.root, node, so_far, self.zeros, depth)
        lines += nan_lines(self.root, node, self.trail[:position])
        waiting = len(self.arrivals.get(node, ())) - len(so_far.get(node, ()))
        return lines + [f"   {waiting} more to come"] * bool(waiting)

    def called(self, node: Value) -> str:
        """Return the name of a node, with its number where it has no label."""
        return printable(name(node) if node.label else f"#{self.numbers[node]} {name(node)}", 40)

    def short(self, node: Value) -> str:
        """Return the label, a short expression in brackets, or the number that commands take."""
        text = bracketed(node)
        spelled = (
            node.label or node.constant or (node.parents and len(text) < 16 and "…" not in text)
        )
        return text if spelled else f"#{self.numbers[node]}"


def _file_and_line(place: str) -> tuple[str, int]:
    filename, _, line = place.rpartition(":")
    return filename, int(line) if line.isdecimal() and len(line) < 9 else 0


def _is_file(site: Any, filename: str) -> bool:
    return site.filename == filename or PurePath(site.filename).name == filename


def _operation_names(node: Value) -> tuple[str, ...]:
    return (node.operation.name, node.operation.symbol) if node.operation else ()


def _listed(texts: list[str]) -> str:
    return ", ".join(texts[:8]) + ", …" * (len(texts) > 8)


def _differ(old: float, new: float) -> bool:
    """Return whether two numbers differ; nan is nan."""
    return old != new and (old == old or new == new)


def _changed(watch: Watch, old: float) -> str:
    return (
        f"watch {watch.number}: {printable(watch.text)} was {number(old)}, is {number(watch.old)}"
    )


def by_a_rule(error: Exception) -> bool:
    """Return whether an error comes from where a rule was called."""
    frames = walk_tb(error.__traceback__)
    return any(frame.f_code is local_derivatives.__code__ for frame, _ in frames)


def _note_node(error: Exception) -> None:
    """Add to an error of a forward or a rule which node it belongs to, and where that was made."""
    for frame, _ in reversed(list(walk_tb(error.__traceback__))):
        node = frame.f_locals.get("node")
        if isinstance(node, Value) and frame.f_globals.get("__name__", "").startswith("engine."):
            error.add_note(f"in the backward pass, at {node!r}, made at {node.created_at}")
            return
