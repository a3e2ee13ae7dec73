"""A network as it is drawn on a blackboard: neurons in columns, a wire for every weight.

>>> from engine import Value, weighted_sum
>>> w, x, b = Value(2.0, label="w"), Value(3.0, label="x"), Value(1.0)
>>> y = weighted_sum([w], [x], b).tanh()
>>> y.backward()
>>> network(y).count('class="wire')
1

The colour of a neuron says the sign of its gradient, the shade how large it is. The neurons with
the largest gradients, the most wrong, have a ring and a tag with the number.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from math import inf, isfinite
from typing import NamedTuple

from ..formula import name
from ..graph import topological_order
from ..printing import columns, printable
from ..types import Node
from ..value import Value
from .neurons import Neuron, neurons, operation_of
from .scene import cut, rebuilt_data, sign, text
from .svg import CELL, CHARACTER, DARK, LIGHT, escaped

RADIUS, ROW, TOP, MARGIN, RING = 15.0, 42.0, 64.0, 16.0, 5.0
BESIDE = 71.0  # pixels for a label beside a circle, at most
WIDE, NARROW = 200.0, 130.0  # between two columns: where there is room, and at least
MOST_NEURONS, MOST_WIRES, RINGS = 400, 10_000, 3
KEYS = (
    '<g class="neg"><rect class="key" y="-3" width="22" height="6" rx="2"/></g>'
    '<text x="28" y="4">negative</text>'
    '<g class="pos"><rect class="key" x="94" y="-3" width="22" height="6" rx="2"/></g>'
    '<text x="122" y="4">positive</text>'
)
INDENT, LINE = 190.0, 15  # where the legend's text begins, behind the keys; and its lines

Point = tuple[float, float]


class Circle(NamedTuple):
    """An input, a neuron, or the root where it is not a neuron."""

    value: Node
    column: int
    label: str
    neuron: Neuron | None


class Wire(NamedTuple):
    """A weight between two circles; `weight` is None where the root only uses its operand."""

    start: Node
    end: Node
    weight: Node | None
    back: float  # what flows back along it: the contribution to the start's gradient


class Drawing(NamedTuple):
    """Everything that is painted."""

    root: Node
    circles: Mapping[Node, Circle]
    wires: Sequence[Wire]
    by: str  # what colours the wires: "weight" or "gradient"
    is_swept: bool
    rebuilt: Mapping[Node, float]  # the data that no longer follows from the leaves
    centres: Mapping[Node, Point]
    gap: float  # between two columns


def network(
    root: Value,
    *,
    names: Mapping[Node, str] | None = None,
    wires: str = "auto",
    theme: str = "auto",
) -> str:
    """Return the network under `root` as SVG; `wires` are coloured by "weight" or by "gradient".

    Raises ValueError where there are no neurons (engine.weighted_sum makes one), or more than can
    be read.
    """
    order, _ = topological_order(root)
    every = neurons(order)
    _check_size(every)
    if wires not in ("auto", "weight", "gradient"):
        raise ValueError(f"wires {wires!r}: take 'auto', 'weight' or 'gradient'")
    is_swept = any(node.grad != 0.0 for node in order)
    by = ("gradient" if is_swept else "weight") if wires == "auto" else wires
    circles = _circles(root, order, every, names or {})
    gap, centres = _places(root, circles)
    all_wires = _wires(root, every, circles)
    rebuilt = rebuilt_data(order)
    return _paint(Drawing(root, circles, all_wires, by, is_swept, rebuilt, centres, gap), theme)


def _check_size(every: Sequence[Neuron]) -> None:
    if not every:
        raise ValueError(
            "view='network' draws neurons, and there are none here: a neuron is a "
            "weighted_sum, or a sum of products of weights and inputs; view='graph' draws any graph"
        )
    count = sum(len(neuron.weights) for neuron in every)
    if len(every) > MOST_NEURONS or count > MOST_WIRES:
        raise ValueError(
            f"{len(every):,} neurons with {count:,} weights are too many to read ({MOST_NEURONS} "
            f"and {MOST_WIRES:,} at most): draw the loss of one example, or collapse='layers'"
        )


# -- circles and wires
# -------------------------------------------------------------------------------------------------


def _circles(
    root: Node, order: Iterable[Node], every: Iterable[Neuron], names: Mapping[Node, str]
) -> dict[Node, Circle]:
    """Return every circle by its value; a neuron stands one column right of its last input."""
    neuron_of = {neuron.output: neuron for neuron in every}
    column: dict[Node, int] = {}
    for node in order:
        behind = max([column.get(parent, 0) for parent in node.parents])
        column[node] = behind + 1 if node in neuron_of else behind
    circles: dict[Node, Circle] = {}
    for neuron in every:
        for x in neuron.inputs:
            if x not in neuron_of and x not in circles:
                label = names.get(x) or x.label or text(x.data)
                circles[x] = Circle(x, column.get(x, 0), label, None)
    for output, neuron in neuron_of.items():
        label = neuron.title(names) or name(output)
        circles[output] = Circle(output, column[output], label, neuron)
    if root not in circles:
        label = names.get(root) or root.label or operation_of(root).symbol
        circles[root] = Circle(root, column[root] + 1, label, None)
    return circles


def _wires(root: Node, every: Iterable[Neuron], circles: Mapping[Node, Circle]) -> list[Wire]:
    wires = []
    for neuron in every:
        grad = float(neuron.sum.grad)  # of the sum: through the slope of the activation
        for x, weight, slope in zip(neuron.inputs, neuron.weights, neuron.slopes()):
            wires.append(Wire(x, neuron.output, weight, grad * slope if grad else 0.0))
    if circles[root].neuron is None:
        used = {wire.start for wire in wires}
        last = [neuron.output for neuron in every if neuron.output not in used]
        wires += [Wire(output, root, None, float(output.grad)) for output in last]
    return wires


def _places(root: Node, circles: Mapping[Node, Circle]) -> tuple[float, dict[Node, Point]]:
    """Return how far columns are apart, and the centre of every circle.

    Columns come closer where the picture then fits a notebook's cell.
    """
    standing: dict[int, list[Node]] = {}
    for value, circle in circles.items():
        standing.setdefault(circle.column, []).append(value)
    tallest = max(map(len, standing.values()))
    first = [circles[x] for x in standing[min(standing)]]
    beside = [_label_width(circle) for circle in first if not circle.neuron]
    left = MARGIN + max(beside, default=0.0) + 6 + RADIUS
    room = CELL - left - _right_of(circles[root])
    gap = min(WIDE, max(NARROW, room / max(1, len(standing) - 1)))
    centres = {}
    for i, column in enumerate(sorted(standing)):
        top = (tallest - len(standing[column])) / 2
        for row, value in enumerate(standing[column]):
            centres[value] = (round(left + i * gap, 1), TOP + (top + row) * ROW)
    return gap, centres


def _label_width(circle: Circle) -> float:
    return CHARACTER * columns(_short_label(circle))


def _short_label(circle: Circle) -> str:
    """Return as much of a label as fits beside a circle."""
    return cut(circle.label, BESIDE, 11)


def _right_of(root: Circle) -> float:
    """Return the room that the last circle, its label and the margins take, from its centre on."""
    return RADIUS + 8 + _label_width(root) + 2 * MARGIN


# -- painting
# -------------------------------------------------------------------------------------------------


def _paint(drawing: Drawing, theme: str) -> str:
    body = _painted_wires(drawing) + _painted_circles(drawing) + _captions(drawing)
    root, centres, legend = drawing.circles[drawing.root], drawing.centres, _legend(drawing)
    width = max(
        max(x for x, _ in centres.values()) + _right_of(root),
        INDENT + CHARACTER * max(map(len, legend)) + 2 * MARGIN,
    )
    more = LINE * (len(legend) - 1)
    height = max(y for _, y in centres.values()) + ROW + 26 + more
    lines = "".join(
        f'<text x="{INDENT:g}" y="{4 + LINE * i}">{escaped(line)}</text>'
        for i, line in enumerate(legend)
    )
    title = f"the network of {printable(root.label, 60)} = {text(drawing.root.data)}"
    summary = f"{len(drawing.circles)} circles, {len(drawing.wires)} wires"
    if not drawing.is_swept:
        summary += ", forward only"
    ident = "cn" + hashlib.sha256(f"{body}{drawing.by}{theme}".encode()).hexdigest()[:8]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" id="{ident}" class="{ident}" role="img" '
        f'aria-labelledby="{ident}-t {ident}-d" viewBox="0 0 {width:.0f} {height:g}" '
        f'width="{width:.0f}" height="{height:g}"><title id="{ident}-t">{escaped(title)}</title>'
        f'<desc id="{ident}-d">{escaped(summary)}</desc><style>{_style(theme, ident)}</style>'
        f'<rect class="bg" width="100%" height="100%" rx="10"/>{body}'
        f'<g transform="translate({MARGIN:g} {height - 20 - more:g})">{KEYS}{lines}</g></svg>\n'
    )


def _legend(drawing: Drawing) -> list[str]:
    """Return the lines of the legend."""
    if drawing.rebuilt:
        return [
            "stale: a leaf was changed after the forward pass;",
            "dashed: circles whose data no longer follows",
        ]
    if not drawing.is_swept:
        return ["forward only: call backward() to see gradients. wires: the weights"]
    flow = "the gradient that flows back along them"
    wires = flow if drawing.by == "gradient" else "the weights"
    return [f"wires: {wires}; a ring: the most wrong"]


def _captions(drawing: Drawing) -> str:
    """Return above each column what the names of its neurons begin with, where they agree."""
    prefixes: dict[float, set[str]] = {}
    for value, circle in drawing.circles.items():
        prefix = circle.label.rpartition(".")[0] if circle.neuron else ""
        prefixes.setdefault(drawing.centres[value][0], set()).add(prefix)
    captions = {x: min(several) for x, several in prefixes.items() if len(several) == 1}
    return "".join(
        f'<text class="caption" x="{x:g}" y="24">{escaped(cut(caption, drawing.gap - 20, 11))}'
        "</text>"
        for x, caption in captions.items()
        if caption
    )


def _painted_wires(drawing: Drawing) -> str:
    """Return the wires, the weakest first, so that the strongest are on top."""
    strengths = [_strength(wire, drawing.by) for wire in drawing.wires]
    largest = max([abs(x) for x in strengths if isfinite(x)], default=0.0) or 1.0
    weakest_first = sorted(
        zip(drawing.wires, strengths), key=lambda pair: abs(pair[1]) if pair[1] == pair[1] else 0.0
    )
    return "".join(_painted_wire(drawing, wire, x, largest) for wire, x in weakest_first)


def _strength(wire: Wire, by: str) -> float:
    if by == "gradient":
        return wire.back
    return float(wire.weight.data) if wire.weight is not None else 1.0


def _painted_wire(drawing: Drawing, wire: Wire, strength: float, largest: float) -> str:
    part, bend = _root_of_part(strength, largest), 0.4 * drawing.gap
    (x1, y1), (x2, y2) = drawing.centres[wire.start], drawing.centres[wire.end]
    tooltip = f"{drawing.circles[wire.start].label} to {drawing.circles[wire.end].label}"
    if wire.weight is not None:
        tooltip += f"; weight {text(wire.weight.data)}"
    if drawing.is_swept:
        tooltip += f"; passes back {text(wire.back)}"
    return (
        f'<g class="{sign(strength)}"><title>{escaped(printable(tooltip, 200))}</title>'
        f'<path class="wire" stroke-width="{0.5 + 3.0 * part:.1f}" '
        f'stroke-opacity="{0.12 + 0.83 * part:.2f}" '
        f'd="M{x1 + RADIUS:g} {y1:g}C{x1 + bend:g} {y1:g} {x2 - bend:g} {y2:g} '
        f'{x2 - RADIUS:g} {y2:g}"/></g>\n'
    )


def _root_of_part(x: float, largest: float) -> float:
    """Return the root of a number's part of the largest, so that small ones are seen too."""
    return min(1.0, abs(x) / largest) ** 0.5 if x == x else 1.0


def _painted_circles(drawing: Drawing) -> str:
    grads = {
        value: abs(value.grad)
        for value, circle in drawing.circles.items()
        if circle.neuron and value.grad == value.grad
    }
    largest = max([grad for grad in grads.values() if grad < inf], default=0.0) or 1.0
    worst = sorted(grads, key=lambda value: -grads[value])[:RINGS]
    ringed = {value for value in worst if drawing.is_swept and grads[value] > 0.0}
    return "".join(
        _painted_circle(drawing, circle, largest, has_ring=value in ringed)
        for value, circle in drawing.circles.items()
    )


def _painted_circle(drawing: Drawing, circle: Circle, largest: float, has_ring: bool) -> str:
    value, (x, y) = circle.value, drawing.centres[circle.value]
    shows_grad = drawing.is_swept and circle.neuron is not None
    shade = 0.55 * _root_of_part(value.grad, largest) if shows_grad else 0.0
    kind = sign(value.grad) if shows_grad else "zero"
    tooltip = f"{circle.label}: data {text(value.data)}, grad "
    tooltip += text(value.grad) if drawing.is_swept else "–"
    if value in drawing.rebuilt:
        kind += " stale"
        tooltip += f"; stale: built again, its data would be {text(drawing.rebuilt[value])}"
    parts = [
        f'<g class="{kind}"><title>{escaped(printable(tooltip, 200))}</title>'
        f'<circle class="base" cx="{x:g}" cy="{y:g}" r="{RADIUS:g}"/>'
        f'<circle class="dot" cx="{x:g}" cy="{y:g}" r="{RADIUS:g}" fill-opacity="{shade:.2f}"/>',
        _ring(x, y, value.grad, drawing.gap) if has_ring else "",
        f'<text class="mid ink" x="{x:g}" y="{y + 3.5:g}">{_short_number(value.data)}</text>',
    ]
    label, is_root = escaped(_short_label(circle)), value is drawing.root
    if is_root:
        parts.append(f'<text class="ink" x="{x + RADIUS + 8:g}" y="{y + 4:g}">{label}</text>')
    elif circle.neuron is None:
        parts.append(f'<text class="ink end" x="{x - RADIUS - 6:g}" y="{y + 4:g}">{label}</text>')
    return "".join([*parts, "</g>\n"])


def _ring(x: float, y: float, grad: float, gap: float) -> str:
    """Return the ring of a neuron that is among the most wrong, and its gradient on a tag.

    The tag covers the wires and ends before the circles of the column to the left.
    """
    right, room = x - RADIUS - 11, gap - 2 * RADIUS - 11 - RING
    tag = f"grad {text(grad)}"
    if CHARACTER * len(tag) + 12 > room:
        tag = text(grad)
    width = CHARACTER * len(tag) + 12
    return (
        f'<circle class="ring" cx="{x:g}" cy="{y:g}" r="{RADIUS + RING:g}"/>'
        f'<rect class="tag" x="{right - width:.1f}" y="{y - 9:g}" width="{width:.1f}" '
        'height="18" rx="9"/>'
        f'<text class="wrong" x="{right - width / 2:.1f}" y="{y + 4:g}">{tag}</text>'
    )


def _short_number(x: float) -> str:
    """Return two digits or so, for a circle has room for five characters."""
    size = abs(x)
    if size < 9.995:
        short = f"{x:.2f}"
    elif 9_999 < size < inf:
        short = f"{x:.0e}".replace("e+0", "e")
    else:
        short = f"{x:.0f}"
    if size < 0.995:
        short = short.replace("0.", ".", 1)
    return short.replace("-", "−")


def _style(theme: str, ident: str) -> str:
    if theme not in ("auto", "light", "dark"):
        raise ValueError(f"theme {theme!r}: take 'auto', 'light' or 'dark'")
    shapes = (
        ".X{font-family:ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace}"
        ".X text{font-size:11px}"
        ".X .mid{text-anchor:middle;font-size:10px}.X .end{text-anchor:end}.X .wire{fill:none}"
        ".X .base,.X .dot{stroke-width:1.3}.X .ring{fill:none;stroke-width:2}"
        ".X .wrong,.X .caption{text-anchor:middle}.X .wrong{font-weight:700}.X .tag{stroke-width:1}"
    )
    light, dark = _colours(LIGHT), _colours(DARK)
    both = f"{light}@media(prefers-color-scheme:dark){{{dark}}}"
    colours = {"light": light, "dark": dark, "auto": both}[theme]
    return (shapes + colours).replace(".X", f".{ident}")


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
