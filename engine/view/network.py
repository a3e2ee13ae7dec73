"""A network as it is drawn on a blackboard: a scene whose cards are circles, in columns.

>>> from engine import Value, weighted_sum
>>> from engine.view.scene import Scene
>>> w, x, b = Value(2.0, label="w"), Value(3.0, label="x"), Value(1.0)
>>> y = weighted_sum([w], [x], b).tanh()
>>> y.backward()
>>> network(Scene.of(y, level="uses")).count('class="wire"')
1

The colour of a neuron says the sign of its gradient, the shade how large it is. The neurons with
the largest gradients, the most wrong, have a ring and a tag with the number. A wire is a weight.
What is negative is dashed, so that signs show without colour.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from math import inf, isfinite
from typing import NamedTuple

from ..printing import columns, printable
from .scene import Card, Pill, Scene, cut, shown, sign, text
from .svg import CELL, CHARACTER, check_theme, escaped, themed

LISTED = 24  # weights in a tooltip
RADIUS, ROW, TOP, MARGIN, RING = 15.0, 52.0, 68.0, 16.0, 5.0
WIDE_ROW = 96.0  # from top to bottom: labels and tags are beside the circles
TAG = 12.0  # the height of the tag on a ring
BESIDE = 71.0  # pixels for a label beside a circle, at most
WIDE, NARROW = 200.0, 130.0  # between two columns: where there is room, and at least
CLEAR = RADIUS + 8.0  # how far a wire stays away from the circles that it passes
MOST_CIRCLES, MOST_WIRES, RINGS = 500, 10_000, 3
WIRES = ("weight", "gradient", "weight gradient")
KEYS = (
    '<g class="neg"><path class="wire key" stroke-width="4" d="M0 0h22"/></g>'
    '<text x="28" y="4">negative</text>'
    '<g class="pos"><path class="wire key" stroke-width="4" d="M94 0h22"/></g>'
    '<text x="122" y="4">positive</text>'
)
INDENT, LINE = 190.0, 15  # where the legend's text begins, behind the keys; and its lines

Point = tuple[float, float]


class Drawing(NamedTuple):
    """Everything that is painted, from left to right: `centres` by the numbers of the cards."""

    scene: Scene
    by: str  # what colours the wires: one of WIRES
    centres: Mapping[int, Point]
    column: Mapping[int, int]
    block: Mapping[int, int]  # which of several networks a circle belongs to
    gap: float  # between two columns

    @property
    def is_swept(self) -> bool:
        """Whether there are gradients to show."""
        return self.scene.state != "forward only"

    @property
    def is_down(self) -> bool:
        """Whether it runs from top to bottom."""
        return self.scene.direction == "TB"

    def at(self, card: Card) -> Point:
        """Return the centre of a circle where it is painted."""
        return _turned(self.centres[card.number], self.is_down)


def network(scene: Scene, *, wires: str = "auto", theme: str = "auto") -> str:
    """Return a scene of neurons as SVG.

    `wires` are coloured by "weight", by "gradient", which is what flows back along them, or by
    "weight gradient". Raises ValueError where there are no neurons (engine.weighted_sum makes one),
    or more than can be read.
    """
    check_theme(theme)
    if wires not in ("auto", *WIRES):
        raise ValueError(f"wires {wires!r}: use 'auto', 'weight', 'gradient' or 'weight gradient'")
    is_swept = scene.state != "forward only"
    by = ("gradient" if is_swept else "weight") if wires == "auto" else wires
    return _paint(placed(scene, by), theme)


def placed(scene: Scene, by: str = "weight") -> Drawing:
    """Return a scene of neurons with its circles in their places; raises as `network` does."""
    _check_size(scene)
    column, block = _columns(scene), _blocks(scene)
    gap, centres = _places(scene, column, block)
    return Drawing(scene, by, centres, column, block, gap)


def wire_paths(drawing: Drawing) -> list[str]:
    """Return the curve of each wire, as SVG has it."""
    heights = _heights(drawing)
    return [_way(drawing, pill, heights) for pill in drawing.scene.pills]


def captions(drawing: Drawing) -> list[tuple[list[Card], str]]:
    """Return neurons that stand in one column, and what their names begin with, if they agree."""
    named: dict[tuple[int, int], list[Card]] = {}
    for card in drawing.scene.cards:
        if card.kind == "neuron":
            at = drawing.block.get(card.number, 0), drawing.column[card.number]
            named.setdefault(at, []).append(card)
    prefixes = [{card.name.rpartition(".")[0] for card in cards} for cards in named.values()]
    both = zip(named.values(), prefixes)
    return [(cards, prefix.pop()) for cards, prefix in both if len(prefix) == 1 and any(prefix)]


def _check_size(scene: Scene) -> None:
    if not any(_is_neuron(card) for card in scene.cards):
        raise ValueError(
            "view='network' draws neurons, and there are none here: a neuron is a "
            "weighted_sum, or a sum of products of weights and inputs; view='graph' draws any graph"
        )
    circles, wires = len(scene.cards), len(scene.pills)
    if circles > MOST_CIRCLES or wires > MOST_WIRES:
        raise ValueError(
            f"{circles:,} circles and {wires:,} wires are too many to read ({MOST_CIRCLES} and "
            f"{MOST_WIRES:,} at most): draw the loss of one example, or collapse='layers'"
        )


def _is_neuron(card: Card) -> bool:
    return card.kind in ("neuron", "layer")


# -- places
# -------------------------------------------------------------------------------------------------


def _columns(scene: Scene) -> dict[int, int]:
    """Return the column of every circle: one right of its last operand; a leaf beside its user."""
    parents: dict[int, list[int]] = {card.number: [] for card in scene.cards}
    users: dict[int, list[int]] = {card.number: [] for card in scene.cards}
    for pill in scene.pills:
        parents[pill.child.number].append(pill.parent.number)
        users[pill.parent.number].append(pill.child.number)
    column: dict[int, int] = {}
    for card in scene.cards:  # parents before children
        column[card.number] = 1 + max([column[x] for x in parents[card.number]], default=-1)
    for number, used in users.items():
        if used and not parents[number]:
            column[number] = min(column[user] for user in used) - 1
    return column


def _blocks(scene: Scene) -> dict[int, int]:
    """Return for each circle of a network which of the networks in the picture it belongs to.

    Circles that are wired to each other are of one network; what several of them use has no block.
    """
    block = {card.number: card.number for card in scene.cards if _is_neuron(card)}

    def first(number: int) -> int:
        while block[number] != number:
            number = block[number]
        return number

    for pill in scene.pills:
        if pill.child.number in block and pill.parent.number in block:
            block[first(pill.child.number)] = first(pill.parent.number)
    block = {number: first(number) for number in block}
    number_of = {root: i for i, root in enumerate(dict.fromkeys(block.values()))}
    found = {number: number_of[root] for number, root in block.items()}
    near: dict[int, set[int]] = {}
    for pill in scene.pills:
        if pill.parent.kind in ("leaf", "constant") and pill.child.number in found:
            near.setdefault(pill.parent.number, set()).add(found[pill.child.number])
    return found | {leaf: min(of) for leaf, of in near.items() if len(of) == 1}


def _places(
    scene: Scene, column: Mapping[int, int], block: Mapping[int, int]
) -> tuple[float, dict[int, Point]]:
    """Return how far columns are apart, and the centre of every circle, from left to right.

    Columns come closer where the picture then fits a notebook's cell.
    """
    is_down = scene.direction == "TB"
    standing: dict[int, list[Card]] = {}
    for card in scene.cards:
        standing.setdefault(column[card.number], []).append(card)
    row_of = _rows(standing, block)
    first = [card for card in standing[min(standing)] if not _is_neuron(card)]
    left = MARGIN + max(map(_label_width, first), default=0.0) + 6 + RADIUS
    if is_down:
        left = TOP
    room = CELL - left - _right_of(scene)
    gap = min(WIDE, max(NARROW, room / max(1, len(standing) - 1))) if not is_down else NARROW
    pitch, top = (WIDE_ROW, MARGIN + 90.0) if is_down else (ROW, TOP)
    return gap, {
        card.number: (round(left + i * gap, 1), top + row_of[card.number] * pitch)
        for i, number in enumerate(sorted(standing))
        for card in standing[number]
    }


def _rows(standing: Mapping[int, Sequence[Card]], block: Mapping[int, int]) -> dict[int, float]:
    """Return the row of every circle.

    Networks stand below each other; what several of them use is in the middle.
    """
    blocks = sorted({*block.values()})
    height = {
        one: max(sum(block.get(x.number) == one for x in cards) for cards in standing.values())
        for one in blocks
    }
    between = 0.75 if len(blocks) > 1 else 0.0
    total = max(
        [
            sum(height.values()) + between * max(0, len(blocks) - 1),
            *[len(cards) for cards in standing.values()],
        ]
    )
    start, top = {}, 0.0
    for one in blocks:
        start[one] = top
        top += height[one] + between
    row_of = {}
    for cards in standing.values():
        of_block: dict[int | None, list[Card]] = {}
        for card in cards:
            of_block.setdefault(block.get(card.number), []).append(card)
        is_mixed = None in of_block and len(of_block) > 1
        stacks = {None: list(cards)} if is_mixed else of_block
        for of, stack in stacks.items():
            free = (total if of is None else height[of]) - len(stack)
            begin = free / 2 + (0.0 if of is None else start[of])
            for i, card in enumerate(stack):
                row_of[card.number] = begin + i
    return row_of


def _turned(point: Point, is_down: bool) -> Point:
    return (point[1], point[0]) if is_down else point


def _label_width(card: Card) -> float:
    return CHARACTER * columns(_short_label(card))


def _label(card: Card) -> str:
    """Return what a circle is called; of an operation without a label the operation."""
    if card.kind in ("rest", "operation"):
        is_named = card.node.label or (card.kind == "operation" and "(" not in card.name)
        return card.name if is_named else card.chip
    return card.name


def _short_label(card: Card) -> str:
    """Return as much of a label as fits beside a circle."""
    return cut(_label(card), BESIDE, 11)


def _right_of(scene: Scene) -> float:
    """Return the room that the last circle, its label and the margins take, from its centre on."""
    root = next((card for card in scene.cards if card.is_root), scene.cards[-1])
    return RADIUS + 8 + _label_width(root) + 2 * MARGIN


# -- painting
# -------------------------------------------------------------------------------------------------


def _paint(drawing: Drawing, theme: str) -> str:
    body = _painted_wires(drawing) + _painted_circles(drawing) + _captions(drawing)
    scene, legend = drawing.scene, _legend(drawing)
    points = [drawing.at(card) for card in scene.cards]
    width = max(
        max(x for x, _ in points) + max(_right_of(scene), 80.0 * drawing.is_down),
        INDENT + CHARACTER * max(map(len, legend)) + 2 * MARGIN,
    )
    more = LINE * (len(legend) - 1)
    height = max(y for _, y in points) + ROW + 26 + more
    lines = "".join(
        f'<text x="{INDENT:g}" y="{4 + LINE * i}">{escaped(line)}</text>'
        for i, line in enumerate(legend)
    )
    root = next((card for card in scene.cards if card.is_root), scene.cards[-1])
    title = f"the network of {printable(_label(root), 60)} = {root.data}"
    summary = f"{len(scene.cards)} circles, {len(scene.pills)} wires"
    if not drawing.is_swept:
        summary += ", forward only"
    ident = "cn" + hashlib.sha256(f"{body}{drawing.by}{theme}".encode()).hexdigest()[:8]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" id="{ident}" class="{ident}" role="img" '
        f'aria-labelledby="{ident}-t {ident}-d" viewBox="0 0 {width:.0f} {height:g}" '
        f'width="{width:.0f}" height="{height:g}"><title id="{ident}-t">{escaped(title)}</title>'
        f'<desc id="{ident}-d">{escaped(summary)}</desc>'
        f"<style>{_style(drawing, theme, ident)}</style>"
        f'<rect class="bg" width="100%" height="100%" rx="10"/>{body}'
        f'<g transform="translate({MARGIN:g} {height - 20 - more:g})">{KEYS}{lines}</g></svg>\n'
    )


def _legend(drawing: Drawing) -> list[str]:
    """Return the lines of the legend."""
    if drawing.scene.state == "stale":
        return [
            "stale: a leaf was changed after the forward pass;",
            "dashed: circles whose data no longer follows",
        ]
    if not drawing.is_swept:
        return ["forward only: call backward() to see gradients. wires: the weights"]
    what = {
        "gradient": "the gradient that flows back along them",
        "weight": "the weights",
        "weight gradient": "the gradients of the weights",
    }[drawing.by]
    ring = "; a ring: the most wrong" if _most_wrong(drawing) else ""
    return [f"wires: {what}{ring}"]


def _captions(drawing: Drawing) -> str:
    """Return above each column what the names of its neurons begin with, where they agree."""
    is_single = len({*drawing.block.values()}) < 2
    painted = []
    for cards, caption in captions(drawing):
        x, y = min(drawing.centres[card.number] for card in cards)
        shown = escaped(cut(caption, drawing.gap - 20, 11))
        y = 24.0 if is_single else y - RADIUS - RING - 18
        if drawing.is_down:
            x, y = drawing.at(cards[0])
            x, y = x - RADIUS - 14, y + 4
        kind = "caption down" if drawing.is_down else "caption"
        painted.append(f'<text class="{kind}" x="{x:g}" y="{y:g}">{shown}</text>')
    return "".join(painted)


def _painted_wires(drawing: Drawing) -> str:
    """Return the wires, the weakest first, so that the strongest are on top."""
    pills = drawing.scene.pills
    strengths = [_strength(pill, drawing.by) for pill in pills]
    largest = max([abs(x) for x in strengths if isfinite(x)], default=0.0) or 1.0
    weakest_first = sorted(
        zip(pills, strengths), key=lambda pair: abs(pair[1]) if pair[1] == pair[1] else 0.0
    )
    heights = _heights(drawing)
    return "".join(_painted_wire(drawing, pill, x, largest, heights) for pill, x in weakest_first)


def _heights(drawing: Drawing) -> dict[int, list[float]]:
    """Return where the circles of each column stand, from the top on."""
    heights: dict[int, list[float]] = {}
    for card in drawing.scene.cards:
        y = drawing.centres[card.number][1]
        heights.setdefault(drawing.column[card.number], []).append(y)
    return {column: sorted(ys) for column, ys in heights.items()}


def _strength(pill: Pill, by: str) -> float:
    """Return what colours a wire; 0 where it has no weight of its own."""
    if by == "gradient":
        return float(pill.step.contribution) if pill.sent else 0.0
    if pill.weight is None:
        return 0.0
    return float(pill.weight.node.data if by == "weight" else pill.weight.node.grad)


def _painted_wire(
    drawing: Drawing,
    pill: Pill,
    strength: float,
    largest: float,
    ways: Mapping[int, Sequence[float]],
) -> str:
    part = _root_of_part(strength, largest)
    tooltip = f"{_label(pill.parent)} to {_label(pill.child)}"
    if pill.weight is not None:
        tooltip += f"; weight {pill.weight.data}"
        if drawing.is_swept:
            tooltip += f", its grad {pill.weight.grad}"
            if pill.weight.elsewhere:
                tooltip += f" ({shown(pill.weight.elsewhere)} from elsewhere)"
    elif not pill.is_single:
        tooltip += f"; {pill.local}"
    if drawing.is_swept:
        tooltip += f"; passes back {shown(pill.step.contribution)}" if pill.sent else "; not sent"
    return (
        f'<g class="{sign(strength)}"><title>{escaped(printable(tooltip, 240))}</title>'
        f'<path class="wire" stroke-width="{0.5 + 3.0 * part:.1f}" '
        f'stroke-opacity="{0.12 + 0.83 * part:.2f}" d="{_way(drawing, pill, ways)}"/></g>\n'
    )


def _way(drawing: Drawing, pill: Pill, ways: Mapping[int, Sequence[float]]) -> str:
    """Return a curve from circle to circle that passes between those of the columns it crosses."""
    start, end = drawing.centres[pill.parent.number], drawing.centres[pill.child.number]
    first, last = drawing.column[pill.parent.number], drawing.column[pill.child.number]
    points = [(start[0] + RADIUS, start[1])]
    for column in range(first + 1, last):
        x = start[0] + (column - first) * drawing.gap
        straight = start[1] + (end[1] - start[1]) * (column - first) / (last - first)
        y = _free(straight, ways.get(column, ()))
        points += [(x - CLEAR, y), (x + CLEAR, y)]
    points.append((end[0] - RADIUS, end[1]))
    bend = 0.4 * drawing.gap
    curve = f"M{_pair(points[0], drawing)}"
    for (x1, y1), (x2, y2) in pairwise(points):
        reach = min(bend, abs(x2 - x1) / 2) if len(points) > 2 else bend - RADIUS
        inner = (x1 + reach, y1), (x2 - reach, y2), (x2, y2)
        curve += "C" + " ".join(_pair(point, drawing) for point in inner)
    return curve


def _pair(point: Point, drawing: Drawing) -> str:
    x, y = _turned(point, drawing.is_down)
    return f"{round(x, 1):g} {round(y, 1):g}"


def _free(y: float, circles: Sequence[float]) -> float:
    """Return the height nearest to `y` at which a wire touches no circle of a column."""
    if all(abs(y - other) >= CLEAR for other in circles):
        return y
    places = [(a + b) / 2 for a, b in pairwise(circles) if b - a >= 2 * CLEAR]
    places += [circles[0] - CLEAR, circles[-1] + CLEAR]
    return min(places, key=lambda place: abs(place - y))


def _root_of_part(x: float, largest: float) -> float:
    """Return the root of a number's part of the largest, so that small ones are seen too."""
    return min(1.0, abs(x) / largest) ** 0.5 if x == x else 1.0


def _largest_grad(cards: Iterable[Card]) -> float:
    sizes = [abs(float(card.node.grad)) for card in cards if _is_neuron(card)]
    return max([size for size in sizes if size < inf], default=0.0) or 1.0


def _most_wrong(drawing: Drawing) -> set[int]:
    """Return the numbers of the neurons that get a ring.

    At most three and at most half of all, each with a third of the largest gradient at least.
    """
    sizes = {
        card.number: abs(float(card.node.grad))
        for card in drawing.scene.cards
        if _is_neuron(card) and card.node.grad == card.node.grad
    }
    if not drawing.is_swept or not sizes:
        return set()
    worst = sorted(sizes, key=lambda number: -sizes[number])[: min(RINGS, len(sizes) // 2)]
    return {number for number in worst if 3.0 * sizes[number] >= max(sizes.values()) > 0.0}


def _painted_circles(drawing: Drawing) -> str:
    largest, ringed = _largest_grad(drawing.scene.cards), _most_wrong(drawing)
    return "".join(
        _painted_circle(drawing, card, largest, has_ring=card.number in ringed)
        for card in drawing.scene.cards
    )


def _painted_circle(drawing: Drawing, card: Card, largest: float, has_ring: bool) -> str:
    x, y = drawing.at(card)
    grad = float(card.node.grad)
    shows_grad = drawing.is_swept and _is_neuron(card)
    shade = 0.55 * _root_of_part(grad, largest) if shows_grad else 0.0
    kind = sign(grad) if shows_grad else "zero"
    tooltip = f"{_label(card)}: data {card.data}, grad {card.grad}"
    if card.per_output:
        tooltip += f", {card.per_output}"
    tooltip += card.nothing
    for row in card.rows[:LISTED]:
        tooltip += f"; {row.name} = {row.data}, grad {row.grad}"
    if len(card.rows) > LISTED:
        tooltip += f"; and {len(card.rows) - LISTED} more"
    if card.rebuilt_text and card.rebuilt is not None:
        kind += " stale"
        tooltip += f"; stale: built again, its data would be {text(card.rebuilt)}"
    parts = [
        f'<g class="{kind}"><title>{escaped(printable(tooltip, 1_200))}</title>'
        f'<circle class="base" cx="{x:g}" cy="{y:g}" r="{RADIUS:g}"/>'
        f'<circle class="dot" cx="{x:g}" cy="{y:g}" r="{RADIUS:g}" fill-opacity="{shade:.2f}"/>',
        _ring(x, y, grad, drawing.is_down) if has_ring else "",
        _number_in(x, y, card.node.data),
        _painted_label(drawing, card, x, y),
    ]
    return "".join([*parts, "</g>\n"])


def _painted_label(drawing: Drawing, card: Card, x: float, y: float) -> str:
    """Return the label of an input or of the root beside its circle; neurons are in tooltips."""
    label = escaped(_short_label(card))
    if card.is_root:
        return f'<text class="ink" x="{x + RADIUS + 8:g}" y="{y + 4:g}">{label}</text>'
    if _is_neuron(card):
        return ""
    if drawing.is_down or drawing.column[card.number] > min(drawing.column.values()):
        above = y - RADIUS - 6
        return f'<text class="above ink" x="{x:g}" y="{above:g}">{label}</text>'
    return f'<text class="ink end" x="{x - RADIUS - 6:g}" y="{y + 4:g}">{label}</text>'


def _ring(x: float, y: float, grad: float, is_down: bool) -> str:
    """Return the ring of a neuron that is among the most wrong, and its gradient on a tag.

    The tag is where no wire arrives: above the circle, or, from top to bottom, beside it.
    """
    tag = f"{text(grad)}"
    width = 6.03 * len(tag) + 10
    left, top = x - width / 2, y - RADIUS - RING - TAG
    if is_down:
        left, top = x + RADIUS + RING + 2, y - TAG / 2
    return (
        f'<circle class="ring" cx="{x:g}" cy="{y:g}" r="{RADIUS + RING:g}"/>'
        f'<rect class="tag" x="{left:.1f}" y="{top:g}" width="{width:.1f}" '
        f'height="{TAG:g}" rx="6"/>'
        f'<text class="wrong" x="{left + width / 2:.1f}" y="{top + 9.5:g}">{tag}</text>'
    )


def _number_in(x: float, y: float, data: float) -> str:
    """Return the data inside a circle, smaller where it is long, so that it stays off the rim."""
    number = _short_number(data)
    size = f' style="font-size:{44 / len(number):.1f}px"' if len(number) > 4 else ""
    return f'<text class="mid ink" x="{x:g}" y="{y + 3.5:g}"{size}>{number}</text>'


def _short_number(x: float) -> str:
    """Return two digits or so, for a circle has room for five characters.

    >>> [_short_number(x) for x in (0.0, -1.0, 0.004, -0.3, 12.34, 12345.0, -1e300)]
    ['0', '−1', '4e-3', '−.30', '12', '1e4', '−1e300']
    """
    size = abs(x)
    if size < 1e4 and x == int(x):
        short = f"{x:.0f}"
    elif size < 0.005 or 9_999 < size < inf:
        mantissa, _, exponent = f"{x:.0e}".partition("e")
        short = f"{mantissa}e{int(exponent)}"
    elif size < 9.995:
        short = f"{x:.2f}"
    else:
        short = f"{x:.0f}"
    if 0.0 < size < 0.995 and "e" not in short:
        short = short.replace("0.", ".", 1)
    minus = short.startswith("-")
    return "−" + short[1:] if minus else short


def _style(drawing: Drawing, theme: str, ident: str) -> str:
    """Return the rules of style. A sign shows without colour, too: what is negative is dashed.

    In a stale graph a dashed circle is one whose data no longer follows.
    """
    circles = "" if drawing.scene.state == "stale" else ".X .neg .dot{stroke-dasharray:3 2}"
    shapes = (
        ".X{font-family:ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace}"
        ".X text{font-size:11px}"
        ".X .mid{text-anchor:middle;font-size:10px}.X .end{text-anchor:end}.X .wire{fill:none}"
        ".X .base,.X .dot{stroke-width:1.3}.X .ring{fill:none;stroke-width:2}"
        ".X .wrong,.X .caption,.X .above{text-anchor:middle}.X .tag{stroke-width:1}"
        ".X .wrong{font-weight:700;font-size:10px}.X .down{text-anchor:end}"
        f".X .neg .wire{{stroke-dasharray:5 2.5}}{circles}"
    )
    return (shapes + themed(theme, _colours)).replace(".X", f".{ident}")


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
    if c["pos"] == c["neg"]:
        last += ".X .neg .dot{fill:none}"
    return "".join([*rules, last])
