"""Is a derivative right? Analytic beside numeric, for a function and each operation in it.

>>> from engine import tanh
>>> print(check_gradients(lambda w, x: tanh(w * x) + x, 0.5, -2.0))
ok: 2 gradients and 3 operations agree with differences
input         analytic          numeric  verdict
x0       -0.8399486832    -0.8399486832  ok
x1         1.209987171      1.209987171  ok

Numbers come from differences at many widths, with an estimate of their error. Where that is too
large, differences are taken in up to 1,150 digits, if mpmath is installed. What is still open then
is reported as "cannot decide", with the reason: a jump, an infinity, digits that ran out.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any, NamedTuple

from .differences import NO_SLOPE, ROUNDING, TINY, Function, Slope, quotients, slope
from .exact import exact_forward, exact_slope, library
from .explain import steps
from .formula import expression
from .graph import topological_order
from .location import place
from .operation import Operation
from .operations import greater, greater_equal, less, less_equal, where
from .printing import encodable, plural, printable
from .value import Value, lift

RIGHT = ("ok", "kink")
COMPARISONS = (less, less_equal, greater, greater_equal)  # their 0 is not theirs at one point alone
WIDE, SAMPLE = 16, 8  # of more than 16 operands 8 are checked, and all together
EDGES = 400_000  # inputs × edges of a graph; beyond it a sample of the inputs, and all together
LARGEST = 2_000  # edges of what is computed again in many digits


class Row(NamedTuple):
    """One comparison: a derivative by the rules, the same by differences, and what follows.

    verdict is "ok", "wrong" or "kink" (between the slopes on both sides); or, where there is
    nothing to compare with, "jump" (the function has no slope here), "not finite" or "cannot
    decide", of which `reason` says why.
    """

    name: str
    analytic: float
    numeric: float
    error: float
    verdict: str
    operation: Operation | None = None
    where: str = ""
    reason: str = ""


@dataclass
class Report:
    """What check_gradients saw; its str is for people.

    `ok` says that nothing wrong was seen. `culprit` is the first operation whose rule is wrong,
    None if none is. `rows` compare the whole function: one for each input, or, where that would
    take too long, for a sample of the inputs and for all together. `faults` are the local
    derivatives that are wrong, `doubts` those that could not be decided; `operations` counts the
    operations that have no doubts.
    """

    rows: list[Row]
    operations: int = 0
    faults: list[Row] = field(default_factory=list)
    repeatable: bool = True
    doubts: list[Row] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing wrong was seen."""
        return (
            self.repeatable and not self.faults and all(row.verdict != "wrong" for row in self.rows)
        )

    @property
    def culprit(self) -> Operation | None:
        """The first operation whose rule is wrong; None if none is."""
        return self.faults[0].operation if self.faults else None

    @property
    def undecided(self) -> list[Row]:
        """The inputs at which nothing could be decided."""
        return [row for row in self.rows if _is_open(row)]

    def __str__(self) -> str:
        lines = [self._verdict(), *_table("input", self.rows), *self._locals()]
        return encodable("\n".join(lines))

    def _verdict(self) -> str:
        if not self.repeatable:
            return (
                "wrong: the function gives another number each time it is called, so there is "
                "nothing to compare"
            )
        if self.culprit is not None:
            return f"wrong: the rule of {self.culprit.name}, at {self.faults[0].where}"
        if not self.ok:
            return (
                "wrong: each operation is right by itself, so the graph does not hold all that the "
                "function computes (a Value made of x.data? a number read before it was changed?)"
            )
        judged = len(self.rows) - len(self.undecided)
        if not judged:
            return f"cannot decide: {self.rows[0].reason}"
        open_rows = ((self.undecided, "gradient"), (self.doubts, "local derivative"))
        left = [plural(len(rows), what) for rows, what in open_rows if rows]
        return (
            f"ok: {plural(judged, 'gradient')} and {plural(self.operations, 'operation')} agree "
            f"with differences" + (f"; cannot decide {' and '.join(left)}" if left else "")
        )

    def _locals(self) -> list[str]:
        shown = [*self.faults, *self.doubts][:20]
        return ["", *_table("local derivative", shown)] if shown else []


def check_gradients(f: Callable[..., Any], *values: Any, tolerance: float = 1e-6) -> Report:
    """Compare the gradient of f(*values), and the rule of each operation, with differences.

    >>> report = check_gradients(lambda x: x.exp() * x, 1.0)
    >>> report.ok, report.culprit
    (True, None)

    `values` are numbers, or Values, which are passed on as they are (so f may also use them by
    itself); of a Value that is given twice the second is a point of its own. f returns one Value.
    Never raises for a wrong derivative; no grad is touched.
    `tolerance` is relative to the derivative. Raises ValueError for no values or a tolerance that
    is not positive. Ridders, Accurate computation of F'(x) and F'(x)F''(x), 1982.
    """
    if not values or not tolerance > 0.0:
        raise ValueError(
            f"check_gradients of {len(values)} values to tolerance={tolerance}: give it a value "
            "and a positive tolerance"
        )
    points: list[Value] = []
    for x in values:
        number = x.data if isinstance(x, Value) else x
        points.append(x if isinstance(x, Value) and x not in points else Value(number))
    root = lift(f(*points))
    order, _ = topological_order(root)
    of_nodes = [list(_local_rows(node, tolerance)) for node in order]
    local = [row for rows in of_nodes for row in rows]
    faults = [row for row in local if row.verdict == "wrong"]
    doubts = [row for row in local if _is_open(row)]
    clear = sum(not any(map(_is_open, rows)) for rows in of_nodes)
    whole = _Whole(f, points, list(dict.fromkeys(points)), root, order)
    rows = list(_input_rows(whole, tolerance, [] if faults else local))
    return Report(rows, clear, faults, _same(root.data, _number(f(*points))), doubts)


# -- what is compared: every operation by itself, and the whole function


class _Line(NamedTuple):
    """A line through all operands: their numbers as a function of one, which is x at the point."""

    name: str
    at: Callable[[Any], list[Any]]
    x: float
    slope: float  # the derivative along the line, by the rules


def _lines(
    names: Sequence[str], xs: list[float], slopes: Sequence[float], most: int, sample: int
) -> Iterator[_Line]:
    """Return the lines to compare along: each operand by itself.

    Of more than `most` operands the `sample` with the largest derivatives, and all together in a
    random direction. So the time grows with their number, not with its square.
    """
    slots = range(len(xs))
    few = slots if len(xs) <= most else sorted(slots, key=lambda i: -abs(slopes[i]))[:sample]
    for i in sorted(few):
        yield _Line(names[i], partial(_replaced, xs, i), xs[i], slopes[i])
    if len(xs) > most:
        signs = Random(0)
        direction = [signs.choice((-1.0, 1.0)) * (abs(x) or 1.0) for x in xs]
        slope = sum(d * v for d, v in zip(slopes, direction))
        yield _Line(f"({len(xs):,} together)", partial(_shifted, xs, direction), 0.0, slope)


def _replaced(xs: list[float], i: int, x: Any) -> list[Any]:
    return [*xs[:i], x, *xs[i + 1 :]]


def _shifted(xs: list[float], direction: list[float], t: Any) -> list[Any]:
    return [x + t * v for x, v in zip(xs, direction)]


def _local_rows(node: Value, tolerance: float) -> Iterator[Row]:
    """Compare the local derivatives of a node with the slopes of its operation's forward."""
    operation, xs = node.operation, [parent.data for parent in node.parents]
    assert operation is not None
    slopes = node.local_derivatives()
    noise = _noise(node, slopes)
    names = [_name(parent, slot) for slot, parent in enumerate(node.parents)]
    exact = exact_forward(operation) if len(xs) <= LARGEST else None
    for line in _lines(names, xs, slopes, WIDE, SAMPLE):
        case = _Case(line.slope, _along(operation.forward, line), line.x, noise, tolerance)
        row = _judged(case, partial(exact_slope, exact, line.at, line.x), final=True)
        if not all(map(math.isfinite, xs)):
            row = row._replace(verdict="not finite", reason="an operand is not finite")
        if row.verdict == "wrong" and _hides(operation.name, *xs[:2]):
            row = _open(row, "its steps are narrower than differences can see")
        if row.verdict != "ok":
            where = f"{printable(expression(node))} {place(node)}".rstrip()
            row = row._replace(operation=operation, where=where)
        yield row._replace(name=f"∂{operation.name}/∂{line.name}")


def _hides(name: str, x: float, y: float = 1.0) -> bool:
    """Return whether steps or waves of an operation are narrower here than differences resolve."""
    if name == "power":  # a negative base has a power at whole exponents only, and large floats are
        return x < 0.0 and abs(y) > 2.0**36
    period = y if name in ("floor_divide", "modulo", "fmod") else 1.0
    return name in _PERIODIC and abs(x) > 2.0**36 * abs(period)


_PERIODIC = ("floor", "ceil", "trunc", "floor_divide", "modulo", "fmod", "sin", "cos", "tan")


class _Whole(NamedTuple):
    """The function with its arguments, the leaves among them, and the graph that it built."""

    f: Callable[..., Any]
    points: list[Value]
    leaves: list[Value]
    root: Value
    order: list[Value]

    def value(self, *numbers: float) -> float:
        """Return what f gives for other numbers of the leaves, which get their own back."""
        before = [leaf.data for leaf in self.leaves]
        try:
            self._put(numbers)
            return _number(self.f(*self.points))
        finally:
            self._put(before)

    def _put(self, numbers: Iterable[float]) -> None:
        for leaf, number in zip(self.leaves, numbers):
            leaf.data = number

    def graph(self, forwards: list[Callable[..., Any]], *numbers: Any) -> Any:
        """Return what the recorded graph gives there, by other forwards of its operations."""
        data: dict[Value, Any] = dict(zip(self.leaves, numbers))
        for node, forward in zip(self.order, forwards, strict=True):
            data[node] = forward(*[data.get(parent, parent.data) for parent in node.parents])
        return data.get(self.root, self.root.data)


def _input_rows(whole: _Whole, tolerance: float, local: list[Row]) -> Iterator[Row]:
    """Compare the gradient of the whole function with its slopes along the inputs.

    `local` are the rows of the operations, which may explain why a slope differs.
    """
    grads: dict[Any, float] = {}
    for _ in steps(whole.root, grads):
        pass
    noise = 0.0
    for node in whole.order:
        noise += abs(grads.get(node, 0.0)) * _noise(node, node.local_derivatives())
    noise = noise if noise == noise else math.inf
    xs, slopes = [x.data for x in whole.leaves], [grads.get(x, 0.0) for x in whole.leaves]
    names = [_name(x, whole.points.index(x)) for x in whole.leaves]
    edges = len(xs) + sum(len(node.parents) for node in whole.order)
    most = max(SAMPLE, EDGES // edges)
    exact = _exact_graph(whole) if edges <= LARGEST else None
    for line in _lines(names, xs, slopes, most, most):
        case = _Case(line.slope, _along(whole.value, line), line.x, noise, tolerance)
        row = _judged(case, partial(exact_slope, exact, line.at, line.x), final=False)
        if row.verdict == "wrong" and local and _holds_all(whole, line):
            row = _open(row, reason) if (reason := _excuse(whole.order, local)) else row
        yield row._replace(name=line.name)


def _holds_all(whole: _Whole, line: _Line) -> bool:
    """Return whether near the point the graph gives what the function gives."""
    forwards = [node.operation.forward for node in whole.order if node.operation]
    here = whole.root.data
    for x in (line.x + size * (abs(line.x) or 1.0) for size in (-(2.0**-10), 2.0**-10)):
        there = whole.value(*line.at(x))
        if not abs(whole.graph(forwards, *line.at(x)) - there) > 1e-3 * abs(there - here):
            return True
    return False


def _excuse(order: list[Value], local: list[Row]) -> str:
    """Return why a slope may differ from a derivative although every rule is right, or "".

    A local derivative may not show in differences, or it is one of many at a kink: |x| has 0 at 0,
    but the two sides of a kink do not add up to what a function of kinks does.
    """
    for row in local:
        if row.reason:
            return f"of {row.name} {row.reason}"
    for node in order:
        xs = [parent.data for parent in node.parents]
        if (
            node.operation is where
            and xs[0] == 0.0
            and node.parents[0].operation not in COMPARISONS
        ):
            return f"the condition of {printable(expression(node))} is 0 here alone"
        for line in _lines(["" for _ in xs], xs, xs, WIDE, SAMPLE):
            g = _along(node.operation.forward, line)  # type: ignore[union-attr]
            left, right = (slope(g, line.x, side=side) for side in (-1.0, 1.0))
            error = left.error + right.error + 1e-3 * abs(right.value)
            if not abs(left.value - right.value) <= error:
                return f"{printable(expression(node))} has a kink here"
    return ""


def _along(f: Callable[..., float], line: _Line) -> Function:
    """Return f along a line; nan where a user's own f refuses."""

    def g(x: float) -> float:
        try:
            return f(*line.at(x))
        except (ArithmeticError, ValueError, IndexError):
            return math.nan

    return g


def _noise(node: Value, slopes: Sequence[float]) -> float:
    """Return what rounding may cost the data of a node, its operands being exact."""
    size = abs(node.data) + sum(abs(d * parent.data) for d, parent in zip(slopes, node.parents))
    return ROUNDING * (size if math.isfinite(size) else abs(node.data)) + TINY


# -- the verdict


class _Case(NamedTuple):
    """One derivative, and the function of one number whose slope at x it is to be."""

    analytic: float
    g: Function
    x: float
    noise: float
    tolerance: float

    def near(self, other: float, error: float = TINY) -> bool:
        """Return whether the derivative is `other`, to the tolerance and to that error."""
        apart, size = abs(self.analytic - other), max(abs(self.analytic), abs(other))
        return self.analytic == other or apart <= self.tolerance * size + error < math.inf

    def row(self, verdict: str, seen: Slope, reason: str = "") -> Row:
        """Return the row of a report."""
        return Row("", self.analytic, seen.value, seen.error, verdict, reason=reason)


def _judged(case: _Case, exact: Callable[[], float], final: bool) -> Row:
    """Compare one derivative with differences, and where they are too rough, with the exact slope.

    `final` says that the exact slope is that of g itself. Otherwise it is that of the recorded
    graph, which can confirm but not convict.
    """
    analytic, g, x, noise, tolerance = case
    if not math.isfinite(g(x)):
        return case.row("not finite", NO_SLOPE, "its value is not finite")
    seen = slope(g, x, noise)
    near = case.near(seen.value, seen.error)
    flat = analytic == seen.value == 0.0
    if near and seen.error <= tolerance * max(abs(analytic), abs(seen.value)):
        return case.row("ok", seen)
    small = flat or seen.error <= tolerance * seen.scale  # beside what g does around x
    if near and small and not final:
        return case.row("ok", seen)
    known = exact() if final or near or math.isinf(seen.error) else math.nan
    if case.near(known) or (final and not math.isnan(known)):
        hidden = "" if near or math.isinf(seen.error) else "differences do not show it"
        return case.row("ok" if case.near(known) else "wrong", Slope(known, 0.0), hidden)
    if near:
        return case.row(*(("ok", seen) if small else ("cannot decide", seen, _rough(seen.error))))
    verdict, reason = _at_an_edge(case)
    return case.row(verdict, seen, reason)


def _at_an_edge(case: _Case) -> tuple[str, str]:
    """Return why a derivative is not the central slope: a kink, a jump, a pole, or it is wrong."""
    analytic, g, x, noise, tolerance = case
    endless = ("not finite", "its slope is not finite here")
    if any(_jumps(g, x, side) for side in (-1.0, 1.0)):
        return ("jump", "the function jumps here") if math.isfinite(analytic) else endless
    sides = [slope(g, x, noise, side, thorough=True) for side in (-1.0, 1.0)]
    size = max(abs(analytic) if math.isfinite(analytic) else 0.0, *(s.scale for s in sides))
    settled = [s for s in sides if s.error <= 1e-3 * s.scale or s.scale == 0.0]
    known = [s for s in settled if s.error <= 1e-3 * size]
    if not known or any(s.scale > 0.0 and s not in known for s in sides):
        unsettled = "cannot decide", "differences do not settle"
        return unsettled if math.isfinite(analytic) else endless
    low, high = min(s.value for s in known), max(s.value for s in known)
    error, size = sum(s.error for s in known), max(abs(low), abs(high))
    if low - tolerance * size - error <= analytic <= high + tolerance * size + error:
        if high - low > 1e-3 * size:
            return "kink", ""
        exact = error <= tolerance * max(s.scale for s in sides)
        return ("ok", "") if exact else ("cannot decide", _rough(error))
    if any(case.near(*wider) for s in sides for wider in s.wider) or _climbs(case, size):
        return "cannot decide", "wide and narrow differences disagree"
    return "wrong", ""


def _climbs(case: _Case, narrow: float) -> bool:
    """Return whether g is flat here, but over wider distances grows about as the derivative says.

    So does a function that rounds its argument, as sin((x + 1e12) - 1e12) does.
    """
    seen = [q for _, q, _, _ in quotients(case.g, case.x, max(abs(case.x), 1.0), 0.0, 0.0)]
    close = 0.25 * abs(case.analytic)
    return narrow == 0.0 and any(abs(q - case.analytic) < close for q in seen)


def _rough(error: float) -> str:
    advice = "" if library() else "; pip install mpmath decides more"
    return f"differences are good to {error:.1g} only{advice}"


def _jumps(g: Function, x: float, side: float) -> bool:
    """Return whether g differs from g(x) by as much however near one comes, as no root does."""
    near, nearer = [abs(g(x + side * max(abs(x), 1.0) * h) - g(x)) for h in (1e-7, 1e-13)]
    return nearer > 0.5 * near > 1e-12 * abs(g(x)) and nearer > 0.0


def _open(row: Row, reason: str) -> Row:
    return row._replace(verdict="cannot decide", reason=reason)


def _is_open(row: Row) -> bool:
    return row.verdict not in (*RIGHT, "wrong")


def _exact_graph(whole: _Whole) -> Callable[..., Any] | None:
    """Return the recorded graph as a function in mpmath; None if an operation is not known."""
    forwards = [exact_forward(node.operation) for node in whole.order if node.operation]
    known = [forward for forward in forwards if forward is not None]
    return partial(whole.graph, known) if len(known) == len(forwards) else None


# -- how it is shown


def _name(x: Value, i: int) -> str:
    return printable(x.label, 30) or f"x{i}"


def _number(y: Any) -> float:
    return lift(y).data


def _same(x: float, y: float) -> bool:
    return x == y or (x != x and y != y)


def _table(head: str, rows: Iterable[Row]) -> list[str]:
    rows = list(rows)
    wide = max([len(head), *(len(row.name) for row in rows)])
    return [
        f"{head:{wide}}  {'analytic':>15}  {'numeric':>15}  verdict",
        *(
            f"{row.name:{wide}}  {row.analytic:>15.10g}  {row.numeric:>15.10g}  {_shown(row)}"
            for row in rows
        ),
    ]


def _shown(row: Row) -> str:
    verdict = f"cannot decide: {row.reason}" if _is_open(row) else row.verdict
    return verdict + (f"  {row.where}" if row.where else "")
