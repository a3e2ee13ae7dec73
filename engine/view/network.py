"""A network as it is drawn on a blackboard: neurons in columns, a wire for every weight.

>>> from engine import Value, weighted_sum
>>> w, x, b = Value(2.0, label="w"), Value(3.0, label="x"), Value(1.0)
>>> y = weighted_sum([w], [x], b).tanh()
>>> y.backward()
>>> network(y).count('class="wire')
1

A neuron's colour is its gradient: which way it would have to move, and how much it matters. The
ones whose gradient is largest, the most wrong, wear a ring and say their number.
"""

import hashlib
from math import inf
from typing import Any, NamedTuple

from ..formula import name
from ..graph import topological_order
from ..printing import columns, printable
from .neurons import Neuron, neurons
from .scene import changed, cut, sign, text
from .svg import CELL, DARK, LIGHT, t

RADIUS, ROW, TOP, MARGIN, RING = 15.0, 42.0, 64.0, 16.0, 5.0
CHARACTER = 6.63  # the width of one, at 11 pixels
BESIDE = 71.0  # pixels for a label beside a circle, at most
WIDE, NARROW = 200.0, 130.0  # between two columns: where there is room, and at least
MOST_NEURONS, MOST_WIRES, RINGS = 400, 10_000, 3
KEYS = (
    '<g class="neg"><rect class="key" y="-3" width="22" height="6" rx="2"/></g><text x="28" y="4">negative</text>'
    '<g class="pos"><rect class="key" x="94" y="-3" width="22" height="6" rx="2"/></g>'
    '<text x="122" y="4">positive</text>'
)
INDENT = 190.0  # of the legend's words, behind the keys


class Dot(NamedTuple):
    """A circle: an input, a neuron, or the root where it is not a neuron."""

    value: Any
    column: int
    label: str
    neuron: Neuron | None


class Wire(NamedTuple):
    """A weight between two circles; `weight` is None where the root only uses its operand."""

    start: Any
    end: Any
    weight: Any
    back: float  # what flows back along it: the contribution to the start's gradient


def network(
    root: Any, *, names: dict[Any, str] | None = None, wires: str = "auto", theme: str = "auto"
) -> str:
    """The network under `root` as SVG; `wires` are coloured by "weight" or by "gradient".

    Raises ValueError where there are no neurons (engine.weighted_sum makes one), or more than can
    be read.
    """
    order, _ = topological_order(root)
    found = neurons(order)
    if not found:
        raise ValueError(
            "view='network' draws neurons, and there are none here: a neuron is a "
            "weighted_sum, or a sum of products of weights and inputs; view='graph' draws any graph"
        )
    count = sum(len(neuron.weights) for neuron in found)
    if len(found) > MOST_NEURONS or count > MOST_WIRES:
        raise ValueError(
            f"{len(found):,} neurons with {count:,} weights are too many to read ({MOST_NEURONS} and "
            f"{MOST_WIRES:,} at most): draw the loss of one example, or collapse='layers'"
        )
    swept = any(node.grad != 0.0 for node in order)
    if wires not in ("auto", "weight", "gradient"):
        raise ValueError(f"wires {wires!r}: take 'auto', 'weight' or 'gradient'")
    by = ("gradient" if swept else "weight") if wires == "auto" else wires
    dots = _dots(root, order, found, names or {})
    return _paint(root, dots, _wires(root, found, dots), by, swept, changed(order), theme)


def _dots(
    root: Any, order: list[Any], found: list[Neuron], names: dict[Any, str]
) -> dict[Any, Dot]:
    """Every circle by its value; a neuron stands one column right of the last of its inputs."""
    made = {neuron.output: neuron for neuron in found}
    column: dict[Any, int] = {}
    for node in order:
        column[node] = max([column.get(parent, 0) for parent in node.parents]) + (node in made)
    dots: dict[Any, Dot] = {}
    for neuron in found:
        for x in neuron.inputs:
            if x not in made and x not in dots:
                dots[x] = Dot(x, column.get(x, 0), names.get(x) or x.label or text(x.data), None)
    for output, neuron in made.items():
        dots[output] = Dot(output, column[output], neuron.called(names) or name(output), neuron)
    if root not in dots:
        dots[root] = Dot(
            root, column[root] + 1, names.get(root) or root.label or root.operation.symbol, None
        )
    return dots


def _wires(root: Any, found: list[Neuron], dots: dict[Any, Dot]) -> list[Wire]:
    wires = []
    for neuron in found:
        for x, weight, slope in zip(neuron.inputs, neuron.weights, neuron.slopes()):
            wires.append(
                Wire(x, neuron.output, weight, neuron.sum.grad * slope if neuron.sum.grad else 0.0)
            )
    if dots[root].neuron is None:
        used = {wire.start for wire in wires}
        wires += [
            Wire(neuron.output, root, None, neuron.output.grad)
            for neuron in found
            if neuron.output not in used
        ]
    return wires


def _places(root: Any, dots: dict[Any, Dot]) -> dict[Any, tuple[float, float]]:
    """Return the centre of every circle; columns come closer where that fits a notebook's cell."""
    standing: dict[int, list[Any]] = {}
    for value, dot in dots.items():
        standing.setdefault(dot.column, []).append(value)
    tall = max(map(len, standing.values()))
    beside = [_label_width(dots[x]) for x in standing[min(standing)] if not dots[x].neuron]
    left = MARGIN + max(beside, default=0.0) + 6 + RADIUS
    room = CELL - left - _right_of(dots[root])
    gap = min(WIDE, max(NARROW, room / max(1, len(standing) - 1)))
    at = {}
    for i, column in enumerate(sorted(standing)):
        top = (tall - len(standing[column])) / 2
        for row, value in enumerate(standing[column]):
            at[value] = (round(left + i * gap, 1), TOP + (top + row) * ROW)
    return at


def _label_width(dot: Dot) -> float:
    return CHARACTER * columns(_brief_label(dot))


def _right_of(root: Dot) -> float:
    """Return the room that the last circle, its label and the margins take, from its centre on."""
    return RADIUS + 8 + _label_width(root) + 2 * MARGIN


def _gap(at: dict[Any, tuple[float, float]]) -> float:
    """Return how far two columns are apart."""
    xs = sorted({x for x, _ in at.values()})
    return xs[1] - xs[0] if len(xs) > 1 else WIDE


def _paint(
    root: Any,
    dots: dict[Any, Dot],
    wires: list[Wire],
    by: str,
    swept: bool,
    now: dict[Any, float],
    theme: str,
) -> str:
    at = _places(root, dots)
    body = (
        _painted_wires(wires, dots, at, by, swept)
        + _painted_dots(root, dots, at, swept, now)
        + _captions(dots, at)
    )
    legend = _legend(by, swept, bool(now))
    lines = "".join(
        f'<text x="{INDENT:g}" y="{4 + 15 * i}">{t(line)}</text>' for i, line in enumerate(legend)
    )
    wide = max(
        max(x for x, _ in at.values()) + _right_of(dots[root]),
        INDENT + CHARACTER * max(map(len, legend)) + 2 * MARGIN,
    )
    high = max(y for _, y in at.values()) + ROW + 26 + 15 * (len(legend) - 1)
    say = f"{len(dots)} circles, {len(wires)} wires" + ("" if swept else ", forward only")
    title = f"the network of {printable(dots[root].label, 60)} = {text(root.data)}"
    ident = "cn" + hashlib.sha256(f"{body}{by}{theme}".encode()).hexdigest()[:8]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" id="{ident}" class="{ident}" role="img" '
        f'aria-labelledby="{ident}-t {ident}-d" viewBox="0 0 {wide:.0f} {high:g}" width="{wide:.0f}" '
        f'height="{high:g}"><title id="{ident}-t">{t(title)}</title>'
        f'<desc id="{ident}-d">{t(say)}</desc><style>{_style(theme, ident)}</style>'
        f'<rect class="bg" width="100%" height="100%" rx="10"/>{body}'
        f'<g transform="translate({MARGIN:g} {high - 20 - 15 * (len(legend) - 1):g})">{KEYS}{lines}</g></svg>\n'
    )


def _legend(by: str, swept: bool, is_stale: bool) -> list[str]:
    """Return the lines of the legend."""
    if is_stale:
        return [
            "stale: a leaf was changed after the forward pass;",
            "dashed: circles whose data no longer follows",
        ]
    if not swept:
        return ["forward only: call backward() to see gradients. wires: the weights"]
    wires = "the gradient that flows back along them" if by == "gradient" else "the weights"
    return [f"wires: {wires}; a ring: the most wrong"]


def _captions(dots: dict[Any, Dot], at: dict[Any, tuple[float, float]]) -> str:
    """Above each column what its neurons' names begin with, where they agree."""
    begins: dict[float, set[str]] = {}
    room = _gap(at) - 20
    for value, dot in dots.items():
        begins.setdefault(at[value][0], set()).add(
            dot.label.rpartition(".")[0] if dot.neuron else ""
        )
    return "".join(
        f'<text class="caption" x="{x:g}" y="24">{t(cut(found.pop(), room, 11))}</text>'
        for x, found in begins.items()
        if len(found) == 1 and "" not in found
    )


def _painted_wires(
    wires: list[Wire],
    dots: dict[Any, Dot],
    at: dict[Any, tuple[float, float]],
    by: str,
    swept: bool,
) -> str:
    size = [_strength(wire, by) for wire in wires]
    top = max([abs(x) for x in size if x - x == 0.0], default=0.0) or 1.0
    lines, bend = [], 0.4 * _gap(at)
    for wire, x in sorted(
        zip(wires, size), key=lambda pair: abs(pair[1]) if pair[1] == pair[1] else 0.0
    ):
        share = min(1.0, abs(x) / top) ** 0.5 if x == x else 1.0
        (x1, y1), (x2, y2) = at[wire.start], at[wire.end]
        words = f"{dots[wire.start].label} to {dots[wire.end].label}"
        words += f"; weight {text(wire.weight.data)}" if wire.weight is not None else ""
        words += f"; passes back {text(wire.back)}" if swept else ""
        lines.append(
            f'<g class="{sign(x)}"><title>{t(printable(words, 200))}</title><path class="wire" stroke-width="'
            f'{0.5 + 3.0 * share:.1f}" stroke-opacity="{0.12 + 0.83 * share:.2f}" '
            f'd="M{x1 + RADIUS:g} {y1:g}C{x1 + bend:g} {y1:g} {x2 - bend:g} {y2:g} {x2 - RADIUS:g} {y2:g}"/>'
            "</g>\n"
        )
    return "".join(lines)


def _strength(wire: Wire, by: str) -> float:
    if by == "gradient":
        return wire.back
    return float(wire.weight.data) if wire.weight is not None else 1.0


def _painted_dots(
    root: Any,
    dots: dict[Any, Dot],
    at: dict[Any, tuple[float, float]],
    swept: bool,
    now: dict[Any, float],
) -> str:
    grads = {
        value: abs(value.grad)
        for value, dot in dots.items()
        if dot.neuron and value.grad == value.grad
    }
    top = max([g for g in grads.values() if g < float("inf")], default=0.0) or 1.0
    wrong = (
        [v for v in sorted(grads, key=lambda v: -grads[v])[:RINGS] if grads[v] > 0.0]
        if swept
        else []
    )
    parts = []
    for value, dot in dots.items():
        x, y = at[value]
        kind, words = sign(value.grad) if swept and dot.neuron else "zero", _tip(dot, swept)
        if value in now:
            kind, words = (
                f"{kind} stale",
                f"{words}; stale: built again, its data would be {text(now[value])}",
            )
        parts += [
            f'<g class="{kind}"><title>{t(printable(words, 200))}</title>'
            f'<circle class="base" cx="{x:g}" cy="{y:g}" r="{RADIUS:g}"/>'
            f'<circle class="dot" cx="{x:g}" cy="{y:g}" r="{RADIUS:g}" '
            f'fill-opacity="{_shade(dot, top) if swept else 0.0:.2f}"/>',
            _ring(x, y, value.grad, _gap(at)) if value in wrong else "",
            f'<text class="mid ink" x="{x:g}" y="{y + 3.5:g}">{t(_brief(value.data))}</text>',
        ]
        if dot.neuron is None or value is root:
            side, anchor = (x + RADIUS + 8, "") if value is root else (x - RADIUS - 6, " end")
            parts.append(
                f'<text class="ink{anchor}" x="{side:g}" y="{y + 4:g}">{t(_brief_label(dot))}</text>'
            )
        parts.append("</g>\n")
    return "".join(parts)


def _tip(dot: Dot, swept: bool) -> str:
    return (
        f"{dot.label}: data {text(dot.value.data)}, grad {text(dot.value.grad) if swept else '–'}"
    )


def _shade(dot: Dot, top: float) -> float:
    """How full the colour of a circle is: by the root of its part of the largest gradient; inputs have none."""
    share = min(1.0, abs(dot.value.grad) / top) ** 0.5 if dot.value.grad == dot.value.grad else 1.0
    return 0.55 * share if dot.neuron else 0.0


def _ring(x: float, y: float, grad: float, gap: float) -> str:
    """Return the ring of a neuron that is among the most wrong, and its gradient on a tag.

    The tag covers the wires and ends before the circles of the column to the left.
    """
    right, room = x - RADIUS - 11, gap - 2 * RADIUS - 11 - RING
    words = f"grad {text(grad)}"
    if CHARACTER * len(words) + 12 > room:
        words = text(grad)
    width = CHARACTER * len(words) + 12
    return (
        f'<circle class="ring" cx="{x:g}" cy="{y:g}" r="{RADIUS + RING:g}"/>'
        f'<rect class="tag" x="{right - width:.1f}" y="{y - 9:g}" width="{width:.1f}" height="18" rx="9"/>'
        f'<text class="wrong" x="{right - width / 2:.1f}" y="{y + 4:g}">{t(words)}</text>'
    )


def _brief_label(dot: Dot) -> str:
    """As much of a label as fits beside a circle."""
    return cut(dot.label, BESIDE, 11)


def _brief(x: float) -> str:
    """Two digits or so, for a circle has room for five characters."""
    size = abs(x)
    words = (
        f"{x:.2f}"
        if size < 9.995
        else f"{x:.0e}".replace("e+0", "e")
        if 9_999 < size < inf
        else f"{x:.0f}"
    )
    return (
        words.replace("-", "−").replace("0.", ".", 1) if size < 0.995 else words.replace("-", "−")
    )


def _style(theme: str, ident: str) -> str:
    if theme not in ("auto", "light", "dark"):
        raise ValueError(f"theme {theme!r}: take 'auto', 'light' or 'dark'")
    shapes = (
        ".X{font-family:ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace}.X text{font-size:11px}"
        ".X .mid{text-anchor:middle;font-size:10px}.X .end{text-anchor:end}.X .wire{fill:none}"
        ".X .base,.X .dot{stroke-width:1.3}.X .ring{fill:none;stroke-width:2}"
        ".X .wrong,.X .caption{text-anchor:middle}.X .wrong{font-weight:700}.X .tag{stroke-width:1}"
    )
    light, dark = _colours(LIGHT), _colours(DARK)
    style = shapes + {"light": light, "dark": dark}.get(
        theme, f"{light}@media(prefers-color-scheme:dark){{{dark}}}"
    )
    return style.replace(".X", f".{ident}")


def _colours(c: dict[str, str]) -> str:
    rules = [
        f".X .bg{{fill:{c['bg']}}}.X text{{fill:{c['soft']}}}.X .ink{{fill:{c['ink']}}}"
        f".X .base{{fill:{c['card']}}}"
    ]
    last = f".X .stale .dot{{stroke:{c['old']};stroke-dasharray:4 2}}"
    for kind in ("pos", "neg", "zero", "nan"):
        rules.append(
            f".X .{kind} .wire,.X .{kind} .ring{{stroke:{c[kind]}}}"
            f".X .{kind} .dot{{fill:{c[kind]};stroke:{c[kind]}}}"
            f".X .{kind} .key,.X .{kind} .wrong{{fill:{c[kind]}}}"
            f".X .{kind} .tag{{fill:{c[kind + '-bg']};stroke:{c[kind]}}}"
        )
    return "".join([*rules, last])
