"""Is a derivative right? Analytic beside numeric, for the whole function and for every operation in it by itself.

>>> from engine import tanh
>>> print(check_gradients(lambda w, x: tanh(w * x) + x, 0.5, -2.0))
ok: 2 gradients and 3 operations agree with differences
input         analytic          numeric  verdict
x0       -0.8399486832    -0.8399486832  ok
x1         1.209987171      1.209987171  ok

Numbers come from central differences at many widths, extrapolated (Richardson), the width with the
smallest error estimate winning. Where that estimate is too wide to decide, a referee is asked:
50-digit arithmetic, if mpmath is installed. Points at which there is nothing to compare (a kink, a
jump, an infinity) are reported as what they are.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from .explain import steps
from .formula import expression
from .graph import topological_order
from .location import place
from .operation import Operation
from .printing import encodable, plural, printable
from .value import Value, lift

Function = Callable[[float], float]
EPSILON = 2.0**-52
RIGHT = ("ok", "kink")


class Row(NamedTuple):
    """One comparison: a derivative by the rules, the same by differences, how sure that is, and what follows.

    verdict is "ok", "wrong", "kink" (between the slopes on both sides), "jump" (the function has no
    slope here), "not finite" (nothing to compare with) or "undecided" (the differences are too
    rough).
    """

    name: str
    analytic: float
    numeric: float
    error: float
    verdict: str
    operation: Operation | None = None
    where: str = ""


@dataclass
class Report:
    """What check_gradients found; its str is for people.

    `ok` says that nothing wrong was found. `culprit` is the first operation whose rule is wrong,
    None if none is. `rows` compare the whole function, one for each input; `faults` are the local
    derivatives that are wrong.
    """

    rows: list[Row]
    operations: int = 0
    faults: list[Row] = field(default_factory=list)
    repeatable: bool = True

    @property
    def ok(self) -> bool:
        return (
            self.repeatable and not self.faults and all(row.verdict != "wrong" for row in self.rows)
        )

    @property
    def culprit(self) -> Operation | None:
        return self.faults[0].operation if self.faults else None

    @property
    def undecided(self) -> list[Row]:
        """The inputs at which there was nothing to compare, or not sharply enough."""
        return [row for row in self.rows if row.verdict not in (*RIGHT, "wrong")]

    def __str__(self) -> str:
        lines = [self._verdict(), *_table("input", self.rows), *self._faults()]
        return encodable("\n".join(lines))

    def _verdict(self) -> str:
        if not self.repeatable:
            return "wrong: the function gives another number each time it is called, so there is nothing to compare"
        if self.culprit is not None:
            return f"wrong: the rule of {self.culprit.name}, at {self.faults[0].where}"
        if not self.ok:
            return (
                "wrong: each operation is right by itself, so the graph does not hold all that the function "
                "computes (a Value made of x.data? a number read before it was changed?)"
            )
        unsure = f"; {len(self.undecided)} could not be judged here" if self.undecided else ""
        return (
            f"ok: {plural(len(self.rows), 'gradient')} and {plural(self.operations, 'operation')} agree with "
            f"differences{unsure}"
        )

    def _faults(self) -> list[str]:
        return ["", *_table("local derivative", self.faults[:20])] if self.faults else []


def check_gradients(f: Callable[..., Any], *values: Any, tolerance: float = 1e-6) -> Report:
    """Compare the gradient of f(*values) with differences, and each operation's rule with its own forward.

    >>> report = check_gradients(lambda x: x.exp() * x, 1.0)
    >>> report.ok, report.culprit
    (True, None)

    `values` are numbers, or Values, which are passed on as they are (so f may also use them by
    itself); f returns one Value. Never raises for a wrong derivative; no grad is touched.
    `tolerance` is relative to the derivative. Raises ValueError for no values or a tolerance that
    is not positive. Ridders, Accurate computation of F'(x) and F'(x)F''(x), 1982.
    """
    if not values or not tolerance > 0.0:
        raise ValueError(
            f"check_gradients of {len(values)} values to tolerance={tolerance}: give it a value and a "
            "positive tolerance"
        )
    points = [x if isinstance(x, Value) else Value(x) for x in values]
    root = lift(f(*points))
    grads: dict[Any, float] = {}
    for _ in steps(root, grads):
        pass
    order, _ = topological_order(root)
    rows = [
        _judged(
            _name(x, i),
            grads.get(x, 0.0),
            _along(f, points, i),
            x.data,
            _exact_slope(order, root, x),
            tolerance,
        )
        for i, x in enumerate(points)
    ]
    return Report(
        rows, len(order), list(_faults(order, tolerance)), _same(root.data, _number(f(*points)))
    )


def _faults(order: Iterable[Value], tolerance: float) -> Iterator[Row]:
    """Every local derivative that is not the slope of its operation's forward."""
    for node in order:
        operation, xs = node.operation, tuple([parent.data for parent in node.parents])
        assert operation is not None
        for slot, local in enumerate(node.local_derivatives()):
            name, forward = (
                f"∂{operation.name}/∂{_name(node.parents[slot], slot)}",
                _slice(operation.forward, xs, slot),
            )
            row = _judged(
                name, local, forward, xs[slot], _exact_local(operation, xs, slot), tolerance
            )
            if row.verdict == "wrong":
                yield row._replace(
                    operation=operation,
                    where=f"{printable(expression(node))} {place(node)}".rstrip(),
                )


def _judged(
    name: str,
    analytic: float,
    g: Function,
    x: float,
    referee: Callable[[], float],
    tolerance: float,
) -> Row:
    """Compare one derivative with the slope of g at x."""
    numeric, error = slope(g, x)
    if not math.isfinite(g(x)):
        return Row(name, analytic, numeric, error, "not finite")
    if not error <= tolerance * max(abs(analytic), abs(numeric)):
        exact = referee()
        if math.isfinite(exact) and (math.isfinite(analytic) or not math.isfinite(numeric)):
            numeric, error = exact, 0.0
    if abs(analytic - numeric) <= tolerance * max(abs(analytic), abs(numeric)) + error:
        sure = error <= tolerance * max(abs(analytic), abs(numeric), 1.0)
        return Row(name, analytic, numeric, error, "ok" if sure else "undecided")
    verdict = _at_an_edge(analytic, g, x, tolerance)
    return Row(
        name, analytic, numeric, error, "wrong" if verdict == "ok" and error == 0.0 else verdict
    )


def _at_an_edge(analytic: float, g: Function, x: float, tolerance: float) -> str:
    """Why a derivative is not the central slope: the function has a kink, a jump or a pole here, or it is wrong."""
    if any(_jumps(g, x, side) for side in (-1.0, 1.0)):
        return "jump" if math.isfinite(analytic) else "not finite"
    one_sided = [slope(g, x, side) for side in (-1.0, 1.0)]
    known = [estimate for estimate, error in one_sided if error <= 1e-3 * max(abs(estimate), 1.0)]
    rough = any(math.isfinite(estimate) for estimate, _ in one_sided) and len(known) < 2
    if (
        rough or not known
    ):  # a slope that grows without end, as sqrt's at 0, or a border of the domain
        return "undecided" if math.isfinite(analytic) else "not finite"
    low, high = min(known), max(known)
    apart = high - low > 1e-3 * max(abs(low), abs(high))
    margin = tolerance * max(abs(low), abs(high), apart) + sum(
        error for _, error in one_sided if error < math.inf
    )
    if low - margin <= analytic <= high + margin:
        return "kink" if apart else "ok"
    return "wrong"


def _jumps(g: Function, x: float, side: float) -> bool:
    """Does g differ from g(x) by as much however near one comes? A square root's slope grows, but it does not."""
    near, nearer = [abs(g(x + side * max(abs(x), 1.0) * h) - g(x)) for h in (1e-7, 1e-13)]
    return nearer > 0.5 * near > 1e-12 * abs(g(x)) and nearer > 0.0


def slope(g: Function, x: float, side: float = 0.0) -> tuple[float, float]:
    """The derivative of g at x by differences, and an estimate of the error; `side` ±1 looks to one side only.

    >>> estimate, error = slope(math.exp, 0.0)
    >>> abs(estimate - 1.0) <= error < 1e-9
    True

    (nan, inf) where g has no finite value on either side.
    """
    best, scale = (math.nan, math.inf), abs(g(x)) / max(abs(x), 1.0)
    for size in dict.fromkeys((max(abs(x), 1.0), abs(x) or 1.0)):
        for k in range(1, 12):
            estimate = _richardson(g, x, size * 10.0**-k, side)
            best = min(best, estimate, key=lambda each: each[1] / max(scale, 1e-300, abs(each[0])))
            if best[1] <= 1e-12 * abs(best[0]):
                return best
    return best


def _richardson(g: Function, x: float, h: float, side: float) -> tuple[float, float]:
    """Differences at h, h/2, h/4, extrapolated to 0; and as the error the last correction and the rounding."""
    power = (
        1.0 if side else 2.0
    )  # the error of a one-sided difference shrinks like h, of a central one like h²
    raw = [_difference(g, x, h / 2.0**k, side) for k in range(3)]
    if not all(math.isfinite(d) for d in raw):
        return math.nan, math.inf
    first = [b + (b - a) / (2.0**power - 1.0) for a, b in ((raw[0], raw[1]), (raw[1], raw[2]))]
    factor = 3.0 if side else 15.0
    estimate = first[1] + (first[1] - first[0]) / factor
    rounding = 8.0 * EPSILON * (abs(g(x + h)) + abs(g(x - h if not side else x))) / h
    return estimate, abs(estimate - first[1]) + rounding


def _difference(g: Function, x: float, h: float, side: float) -> float:
    low, high = (x, x + side * h) if side else (x - h, x + h)
    return (g(high) - g(low)) / (high - low) if high != low else math.nan


def _along(f: Callable[..., Any], points: list[Value], i: int) -> Function:
    """f as a function of its i-th argument alone; the leaf has its own number again afterwards."""

    def g(x: float) -> float:
        before = points[i].data
        points[i].data = x
        try:
            return _number(f(*points))
        finally:
            points[i].data = before

    return g


def _slice(forward: Callable[..., float], xs: tuple[float, ...], slot: int) -> Function:
    def g(x: float) -> float:
        try:
            return forward(*xs[:slot], x, *xs[slot + 1 :])
        except (ArithmeticError, ValueError):  # a user's own forward, outside its domain
            return math.nan

    return g


def _number(y: Any) -> float:
    return lift(y).data


def _same(x: float, y: float) -> bool:
    return x == y or (x != x and y != y)


# -- the referee: the same forward in 50-digit arithmetic
# --------------------------------------------------------

_SAME_NAME = frozenset(
    (
        "exp",
        "expm1",
        "log",
        "log10",
        "log1p",
        "sqrt",
        "cbrt",
        "sin",
        "cos",
        "tan",
        "asin",
        "acos",
        "atan",
        "sinh",
        "cosh",
        "tanh",
        "asinh",
        "acosh",
        "atanh",
        "erf",
        "erfc",
        "hypot",
        "atan2",
        "floor",
        "ceil",
        "sign",
    )
)


def _exact(operation: Operation) -> Callable[..., Any] | None:
    """The forward of an operation in mpmath; None where there is none for it, or no mpmath."""
    try:
        import mpmath
    except ImportError:
        return None
    mp, p = mpmath.mp, operation.parameters
    if operation.__class__ is not Operation:
        return None  # a user's own
    if operation.name in _SAME_NAME:
        return getattr(mp, operation.name)  # type: ignore[no-any-return]

    def sigmoid(x: Any) -> Any:
        return 1 / (1 + mp.exp(-x))

    def many(*xs: Any) -> Any:
        return mp.log(mp.fsum(map(mp.exp, xs)))

    table: dict[str, Callable[..., Any]] = {
        "add": lambda x, y: x + y,
        "subtract": lambda x, y: x - y,
        "multiply": lambda x, y: x * y,
        "divide": lambda x, y: x / y,
        "negative": lambda x: -x,
        "absolute": abs,
        "share": lambda g, x: g * x,
        "power": (lambda x: x ** p[0]) if p else (lambda x, y: x**y),
        "exp2": lambda x: mp.mpf(2) ** x,
        "log2": lambda x: mp.log(x, 2),
        "square": lambda x: x * x,
        "reciprocal": lambda x: 1 / x,
        "sigmoid": sigmoid,
        "softplus": lambda x: mp.log1p(mp.exp(x)),
        "silu": lambda x: x * sigmoid(x),
        "relu": lambda x: max(x, 0),
        "leaky_relu": lambda x: x if x > 0 else p[0] * x,
        "elu": lambda x: x if x > 0 else p[0] * mp.expm1(x),
        "gelu": lambda x: x * mp.erfc(-x / mp.sqrt(2)) / 2,
        "clamp": lambda x: min(max(x, p[0]), p[1]),
        "maximum": max,
        "minimum": min,
        "where": lambda c, x, y: x if c else y,
        "logaddexp": many,
        "logsumexp": many,
        "weighted_sum": lambda *xs: xs[-1] + mp.fdot(xs[: len(xs) // 2], xs[len(xs) // 2 : -1]),
        "total": lambda *xs: mp.fsum(xs),
        "mean": lambda *xs: mp.fsum(xs) / len(xs),
        "product": lambda *xs: mp.fprod(xs),
        "floor_divide": lambda x, y: mp.floor(x / y),
        "modulo": lambda x, y: x - y * mp.floor(x / y),
        "fmod": lambda x, y: x - y * mp.sign(x / y) * mp.floor(abs(x / y)),
    }
    return table.get(operation.name)


def _exact_local(operation: Operation, xs: tuple[float, ...], slot: int) -> Callable[[], float]:
    def referee() -> float:
        forward = _exact(operation)
        if forward is None:
            return math.nan
        return _derivative(lambda x: forward(*xs[:slot], x, *xs[slot + 1 :]), xs[slot])

    return referee


def _exact_slope(order: list[Value], root: Value, x: Value) -> Callable[[], float]:
    """The derivative of a whole graph, run again in 50-digit arithmetic with another number at the leaf x."""

    def referee() -> float:
        forwards = [_exact(node.operation) for node in order if node.operation]
        if None in forwards:
            return math.nan

        def run(number: Any) -> Any:
            data: dict[Value, Any] = {x: number}
            for node, forward in zip(order, forwards, strict=True):
                assert forward is not None
                data[node] = forward(*[data.get(parent, parent.data) for parent in node.parents])
            return data.get(root, root.data)

        return _derivative(run, x.data)

    return referee


def _derivative(g: Callable[[Any], Any], x: float) -> float:
    """By a central difference, h = 1e-20, of 60 digits; nan where it is no real number, or sides or steps differ."""
    import mpmath

    with mpmath.workdps(60):
        try:
            h = mpmath.mpf(10) ** -20 * max(1, abs(mpmath.mpf(x)))
            low, here, high = (g(mpmath.mpf(x) + k * h) for k in (-1, 0, 1))
            if abs(high - low) < mpmath.mpf(10) ** -45 * abs(here):
                return math.nan  # so flat that even 60 digits hold too few of the difference
            left, right, near = (
                (here - low) / h,
                (high - here) / h,
                (g(x + h / 2) - g(x - h / 2)) / h,
            )
            apart = max(left, right, near) - min(left, right, near)
            alike = apart <= mpmath.mpf(10) ** -10 * max(abs(left), abs(right))
            return float((left + right) / 2) if alike else math.nan
        except (
            ArithmeticError,
            ValueError,
            TypeError,
        ):  # a pole, an edge of the domain, a complex number
            return math.nan


# -- how it is shown
# ---------------------------------------------------------------------------------------------


def _name(x: Value, i: int) -> str:
    return printable(x.label, 30) or f"x{i}"


def _table(head: str, rows: Iterable[Row]) -> list[str]:
    rows = list(rows)
    wide = max([len(head), *(len(row.name) for row in rows)])
    return [
        f"{head:{wide}}  {'analytic':>15}  {'numeric':>15}  verdict",
        *(
            f"{row.name:{wide}}  {row.analytic:>15.10g}  {row.numeric:>15.10g}  {_words(row)}"
            for row in rows
        ),
    ]


def _words(row: Row) -> str:
    doubt = f" (differences are good to {row.error:.1g} only)" if row.verdict == "undecided" else ""
    return row.verdict + doubt + (f"  {row.where}" if row.where else "")
