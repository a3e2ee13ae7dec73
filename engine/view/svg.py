"""A placed scene painted as SVG: cards, pills, wires, a legend.

>>> from engine import Value
>>> from engine.view.layered import layered
>>> from engine.view.scene import Scene
>>> scene = Scene.of(Value(2.0, label="<x>") * 3)
>>> painted = paint(scene, layered(scene))
>>> painted.startswith("<svg "), "&lt;x&gt;" in painted
(True, True)
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from xml.sax.saxutils import escape

from .layered import Placed, Point
from .scene import LINE, Card, Pill, Row, Scene, chip_width, cut, sum_lines, sum_text

MARGIN = 16.0
CELL = 700.0  # the width of a notebook's cell on a small screen
CHARACTER = 6.63  # the width of one, at 11 pixels
PRINT = {
    "bg": "#ffffff",
    "ink": "#000000",
    "soft": "#444444",
    "card": "#ffffff",
    "line": "#888888",
    "head": "#f2f2f2",
    "chip": "#222222",
    "on": "#ffffff",
    "pos": "#000000",
    "pos-bg": "#dddddd",
    "neg": "#000000",
    "neg-bg": "#ffffff",
    "zero": "#555555",
    "zero-bg": "#ffffff",
    "nan": "#000000",
    "nan-bg": "#ffffff",
    "old": "#444444",
}
LIGHT = {
    "bg": "#fbfaf7",
    "ink": "#1f2430",
    "soft": "#626878",
    "card": "#ffffff",
    "line": "#c9ccd4",
    "head": "#f1f0ec",
    "chip": "#363c4a",
    "on": "#ffffff",
    "pos": "#a94300",
    "pos-bg": "#fbe6d6",
    "neg": "#0062a3",
    "neg-bg": "#dcebf7",
    "zero": "#626773",
    "zero-bg": "#eeeff2",
    "nan": "#b3126a",
    "nan-bg": "#fbe3ef",
    "old": "#6b3fa0",
}
DARK = {
    "bg": "#15171c",
    "ink": "#e9ebf0",
    "soft": "#9aa2b1",
    "card": "#1f232b",
    "line": "#434a57",
    "head": "#272c36",
    "chip": "#cfd4de",
    "on": "#15171c",
    "pos": "#f5a35c",
    "pos-bg": "#43291a",
    "neg": "#6cbcf5",
    "neg-bg": "#182f45",
    "zero": "#9aa2b1",
    "zero-bg": "#2c313a",
    "nan": "#ff7ab8",
    "nan-bg": "#431a30",
    "old": "#c3a6ff",
}
SHAPES = """\
.cr{font-family:ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace}
.cr text{font-size:12px;white-space:pre;unicode-bidi:isolate}\
.cr .card{stroke-width:1.2}.cr .root .card{stroke-width:2}
.cr .name{font-weight:700;font-size:13px}.cr .k{font-size:11px}\
.cr .end{text-anchor:end}.cr .mid{text-anchor:middle}
.cr .b{font-weight:700}.cr .s{font-size:10px}\
.cr .wire{fill:none;stroke-linecap:round}.cr .zero .wire{stroke-dasharray:3 4}
.cr .nan .wire{stroke-dasharray:8 3}\
.cr .neg .tip{stroke-width:1.4;stroke-linejoin:round}\
.cr .stale .card{stroke-dasharray:5 3}.cr .pill{stroke-width:1}
.cr .cancel .wire{stroke-dasharray:none}
"""
KEYS = (
    '<g class="neg"><path class="tip" d="M0 0l9 -4.5v9z"/>'
    '<rect class="bar" x="9" y="-3" width="13" height="6" rx="2"/></g>'
    '<text class="soft k" x="28" y="4">negative</text>'
    '<g class="pos"><path class="tip" d="M100 0l9 -4.5v9z"/>'
    '<rect class="bar" x="109" y="-3" width="13" height="6" rx="2"/></g>'
    '<text class="soft k" x="128" y="4">positive</text>'
)


def paint(scene: Scene, placed: Placed, theme: str = "auto") -> str:
    """Return the picture as one SVG element: for the same scene the same bytes.

    Coordinates are in pixels.
    """
    ident = _identifier(scene, placed, theme)
    return framed(scene, placed, theme, "".join(painted(scene, placed, ident)), ident=ident)


def painted(scene: Scene, placed: Placed, ident: str) -> list[str]:
    """Return an element for every edge, then one for every card."""
    into, out = _ports(scene, placed)
    in_order = _with_terms_as_pills_arrive(scene, into)
    cards = [_card(card, at, ident) for card, at in zip(in_order, placed.cards)]
    return [*_edges(scene, placed, into, out, ident), *cards]


def framed(
    scene: Scene, placed: Placed, theme: str, body: str, more: str = "", ident: str = ""
) -> str:
    """Return the elements of a scene as an SVG, with its legend; `more` are rules of style."""
    check_theme(theme)
    ident = ident or _identifier(scene, placed, theme + body)
    left, top, right, bottom = _bounds(scene, placed)
    legend_y = bottom - top + MARGIN + 26
    legend_width = _indent(scene) + CHARACTER * len(_legend_text(scene))
    width = _number(max(right - left, legend_width) + 2 * MARGIN)
    height = _number(legend_y + 22)
    style = (_style(theme) + more).replace(".cr", "." + ident).replace("IDENT", ident)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" id="{ident}" class="cr {ident}" role="img" '
        f'aria-labelledby="{ident}-t {ident}-d" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}"><title id="{ident}-t">{escaped(scene.title)}</title>'
        f'<desc id="{ident}-d">{escaped(scene.summary)}</desc><style>{style}</style>'
        f'<rect class="bg" width="100%" height="100%" rx="10"/>'
        f'<g transform="translate({_point((MARGIN - left, MARGIN - top))})">{body}</g>'
        f'<g transform="translate({_point((MARGIN, legend_y))})">{_legend(scene)}</g></svg>\n'
    )


def _identifier(scene: Scene, placed: Placed, theme: str) -> str:
    """Return an id of its own for each picture, for several may be on one page."""
    cards, pills = [card.tooltip for card in scene.cards], [pill.tooltip for pill in scene.pills]
    texts = [scene.title, scene.summary, *cards, *pills]
    return "cr" + hashlib.sha256(repr((texts, placed, theme)).encode()).hexdigest()[:8]


def _with_terms_as_pills_arrive(scene: Scene, into: Sequence[Point]) -> list[Card]:
    """Return the cards, the terms of each sum in the order in which its pills stand.

    The sweep adds them in another order, which `why` has; the grad is that of the sweep.
    """
    arriving: dict[int, list[tuple[float, str]]] = {}
    for pill, (_, y) in zip(scene.pills, into):
        if pill.sent:
            amount = pill.contribution.partition(" ")[0].removeprefix("+")
            arriving.setdefault(id(pill.parent), []).append((y, amount))
    cards = []
    for card in scene.cards:
        sent = [
            amount for _, amount in sorted(arriving.get(id(card), ()), key=lambda pair: pair[0])
        ]
        if sorted(card.terms[card.is_root :][: len(sent)]) == sorted(sent):
            rest = card.terms[card.is_root :][len(sent) :]
            terms = [*card.terms[: card.is_root], *sent, *rest]
            old, new = (f" = {sum_text(x)};" if x else ";" for x in (card.terms, terms))
            tooltip = f"{card.tooltip};".replace(old, new, 1).removesuffix(";")
            card = replace(card, terms=terms, tooltip=tooltip)
        cards.append(card)
    return cards


def check_theme(theme: str) -> None:
    """Raise ValueError for a theme that there is not."""
    if theme not in ("auto", "light", "dark", "print"):
        raise ValueError(f"theme {theme!r}: use 'auto', 'light', 'dark' or 'print'")


def _style(theme: str) -> str:
    return SHAPES + themed(theme, _colours)


def themed(theme: str, colours: Callable[[dict[str, str]], str]) -> str:
    """Return the rules of a theme; "auto" follows the reader's, and is black on white on paper."""
    if theme == "auto":
        dark = "@media(prefers-color-scheme:dark){" + colours(DARK) + "}"
        return colours(LIGHT) + dark + "@media print{" + colours(PRINT) + "}"
    return colours({"light": LIGHT, "dark": DARK, "print": PRINT}[theme])


def _colours(c: dict[str, str]) -> str:
    """Return rules with literal colours, for some renderers paint var(--x) black."""
    rules = [
        f".cr .bg{{fill:{c['bg']}}}.cr text{{fill:{c['ink']}}}"
        f".cr .card{{fill:{c['card']};stroke:{c['line']}}}"
        f".cr .head{{fill:{c['head']}}}.cr .root .card{{stroke:{c['ink']}}}"
        f".cr .soft{{fill:{c['soft']}}}"
        f".cr .stale .card{{stroke:{c['old']}}}.cr .old{{fill:{c['old']}}}"
        f".cr .chip{{fill:{c['chip']}}}.cr .on{{fill:{c['on']}}}.cr .axis{{stroke:{c['line']}}}"
    ]
    for kind in ("pos", "neg", "zero", "nan"):
        rules.append(
            f".cr .{kind} .wire{{stroke:{c[kind]}}}"
            f".cr .{kind} .tip,.cr .{kind} .bar,.cr .{kind} .g{{fill:{c[kind]}}}"
            f".cr .{kind} .pill{{fill:{c[kind + '-bg']};stroke:{c[kind]}}}"
        )
        rules.append(f".cr .node .is-{kind}.is-{kind}{{fill:{c[kind]}}}")
    # A negative sign shows without colour, too: its arrow is hollow.
    rules.append(f".cr .neg .tip{{fill:{c['bg']};stroke:{c['neg']}}}")
    if c is PRINT:
        rules.append(f".cr .neg .bar{{fill:{c['bg']};stroke:{c['neg']};stroke-width:1}}")
    return "".join(rules)


# -- cards
# -------------------------------------------------------------------------------------------------


def _card(card: Card, centre: Point, ident: str) -> str:
    corner = centre[0] - card.width / 2, centre[1] - card.height / 2
    kinds = [card.sign, *["root"] * card.is_root, *["stale"] * bool(card.rebuilt_text)]
    return (
        f'<g class="node {" ".join(kinds)}" id="{ident}-n{card.number}" '
        f'transform="translate({_point(corner)})">'
        f"<title>{escaped(card.tooltip)}</title>"
        f'<rect class="card" width="{_number(card.width)}" height="{_number(card.height)}" rx="9"/>'
        f"{_one_line(card) if card.is_small else _header(card) + _rows(card) + _bar(card)}</g>\n"
    )


def _one_line(card: Card) -> str:
    """Return name, data and grad of a leaf that is one of very many."""
    texts = (
        ("s b", 8.0, cut(card.name, 76, 10)),
        ("s end", card.width * 0.68, card.data),
        ("g b s end", card.width - 8, card.grad),
    )
    return "".join(
        f'<text class="{kind}" x="{_number(x)}" y="17">{escaped(shown)}</text>'
        for kind, x, shown in texts
    )


def _header(card: Card) -> str:
    """Return the chip with the operation, the name, the note."""
    right, start, chip, note = _number(card.width - 0.8), 8.0, "", ""
    if card.chip:
        width = chip_width(card.chip)
        start = width + 13
        chip = (
            f'<rect class="chip" x="6" y="4" width="{_number(width)}" height="18" rx="9"/>'
            f'<text class="on b mid" x="{_number(6 + width / 2)}" y="17.2">'
            f"{escaped(card.chip)}</text>"
        )
    if card.note:
        x = _number(card.width - 8)
        note = f'<text class="soft s end" x="{x}" y="17">{escaped(card.note)}</text>'
    return (
        f'<path class="head" d="M.8 26V9Q.8 .8 9 .8H{_number(card.width - 9)}'
        f'Q{right} .8 {right} 9V26z"/>{chip}'
        f'<text class="name" x="{_number(start)}" y="17.5">{escaped(card.title)}</text>{note}'
    )


def _rows(card: Card) -> str:
    """Return data and grad, each with a line below it where there is more to say."""
    every, right = "Σ " if card.is_sum else "", _number(card.width - 10)
    grad_y = 74 if card.rebuilt_text else 60
    rows = [
        f'<text class="soft k" x="10" y="41">{every}data</text>'
        f'<text class="end" x="{right}" y="41">{escaped(card.data)}</text>'
        f'<text class="soft k" x="10" y="{grad_y}">{every}grad</text>'
        f'<text class="g b end" x="{right}" y="{grad_y}">{escaped(card.grad)}</text>'
    ]
    if card.rebuilt_text:
        rows.append(
            f'<text class="old s end" x="{right}" y="55">{escaped(card.rebuilt_text)}</text>'
        )
    y = grad_y + 15.0
    for line in sum_lines(card):
        rows.append(_small(right, y, line))
        y += LINE
    if card.per_output:
        rows.append(_small(right, y, card.per_output))
        y += LINE
    if card.rows_text:
        rows.append(_small(right, y + 2, card.rows_text))
    if card.shows_rows:
        rows.append(_parameters(card, y + 2))
    return "".join(rows)


def _small(right: str, y: float, line: str) -> str:
    return f'<text class="soft s end" x="{right}" y="{_number(y)}">{escaped(line)}</text>'


def _parameters(card: Card, y: float) -> str:
    """Return a table of the weights and biases inside a card, with their gradients."""
    middle, right = _number(card.width * 0.62), _number(card.width - 10)
    head = (
        f'<text class="soft s" x="10" y="{_number(y)}">inside</text>'
        f'<text class="soft s end" x="{middle}" y="{_number(y)}">data</text>'
        f'<text class="soft s end" x="{right}" y="{_number(y)}">grad</text>'
    )
    lines = [_parameter(row, y + LINE * (i + 1), middle, right) for i, row in enumerate(card.rows)]
    return "".join([head, *lines])


def _parameter(row: Row, y: float, middle: str, right: str) -> str:
    shown = escaped(cut(row.name, 56, 10))
    return (
        f'<text class="s" x="10" y="{_number(y)}">{shown}</text>'
        f'<text class="s end" x="{middle}" y="{_number(y)}">{escaped(row.data)}</text>'
        f'<text class="s end is-{row.sign}" x="{right}" y="{_number(y)}">{escaped(row.grad)}</text>'
    )


def _bar(card: Card) -> str:
    """Return the gradient as a bar to the left or to the right; of several, from least to largest.

    Its length is the root, so that small ones are seen too.
    """
    middle, half, base = card.width / 2, card.width / 2 - 10, card.height - 9
    axis = (
        f'<path class="axis" d="M10 {_number(base)}H{_number(card.width - 10)}'
        f'M{_point((middle, base - 3))}v6"/>'
    )
    if not card.per_output:
        return axis + _one_bar(card.bar, middle, half, base)
    low = _one_bar(min(card.bar_from, 0.0), middle, half, base, " is-neg")
    return axis + low + _one_bar(max(card.bar, 0.0), middle, half, base, " is-pos")


def _one_bar(part: float, middle: float, half: float, base: float, kind: str = "") -> str:
    if not part:
        return ""
    length = abs(part) ** 0.5 * half
    start = middle - length if part < 0.0 else middle
    return (
        f'<rect class="bar{kind}" x="{_number(start)}" y="{_number(base - 2)}" '
        f'width="{_number(length)}" height="4" rx="1.5"/>'
    )


# -- edges
# -------------------------------------------------------------------------------------------------


def _edges(
    scene: Scene, placed: Placed, into: Sequence[Point], out: Sequence[Point], ident: str
) -> list[str]:
    if scene.is_bare:  # the thick ones on top
        thin_first = sorted(enumerate(scene.pills), key=lambda item: item[1].stroke)
        return [
            _wire(scene, pill, into[i], out[i], placed.bends.get(i), f"{ident}-e{i}")
            for i, pill in thin_first
        ]
    return [
        _edge(scene, pill, placed.pills[i], into[i], out[i], placed.bends.get(i), f"{ident}-e{i}")
        for i, pill in enumerate(scene.pills)
    ]


def _ports(scene: Scene, placed: Placed) -> tuple[list[Point], list[Point]]:
    """Return where each wire meets its parent (on the right) and its child (on the left).

    Ports and wires are computed along the flow; in a picture from top to bottom the two
    coordinates are swapped when they are written.
    """
    centre = {id(card): _along(scene, at) for card, at in zip(scene.cards, placed.cards)}
    into: list[Point] = [(0.0, 0.0)] * len(scene.pills)
    out = list(into)
    for ports, end, side in ((into, "parent", 0.5), (out, "child", -0.5)):
        edges_at: dict[int, list[int]] = {}
        for i, pill in enumerate(scene.pills):
            edges_at.setdefault(id(getattr(pill, end)), []).append(i)
        for key, edges in edges_at.items():
            card = getattr(scene.pills[edges[0]], end)
            length, breadth = _along(scene, (card.width, card.height))
            x, y = centre[key]
            heights = {i: _height(scene, placed, centre, i, end) for i in edges}
            edges.sort(key=lambda i: (heights[i], scene.pills[i].step.slot))
            gap = min(16.0, (breadth - 30) / max(1, len(edges) - 1))
            for place, i in enumerate(edges):
                ports[i] = (x + side * length, y + gap * (place - (len(edges) - 1) / 2))
    return into, out


def _along(scene: Scene, point: Point) -> Point:
    """Return a point along the flow and across it; or one along the flow as x and y."""
    return (point[1], point[0]) if scene.direction == "TB" else point


def _height(scene: Scene, placed: Placed, centre: dict[int, Point], i: int, end: str) -> float:
    """Return how high a wire comes from: its last bend, the pill, or else the other card."""
    pill, bend = scene.pills[i], placed.bends.get(i)
    if bend and (end == "child" or scene.is_bare):
        return _along(scene, bend[2 if end == "parent" else -3])[1]
    if not scene.is_bare:
        return _along(scene, placed.pills[i])[1]
    return centre[id(pill.child if end == "parent" else pill.parent)][1]


def _wire(
    scene: Scene, pill: Pill, into: Point, out: Point, bend: list[Point] | None, ident: str
) -> str:
    """Return an edge where there are too many for pills."""
    stroke = pill.stroke * min(0.8, (100 / len(scene.pills)) ** 0.5)  # the more of them the thinner
    crowded = 26.0 / max(
        1, scene.crowds.get(id(pill.child), 0), scene.crowds.get(id(pill.parent), 0)
    )
    stroke = max(0.4, min(stroke, 0.8 * crowded)) if crowded < 2.0 else stroke
    length, half = 5 + stroke, 2 + stroke * 0.7
    start = (into[0] + length, into[1])
    kind, opacity = f"edge {pill.sign}{_cancels(pill)}", 0.3 + pill.stroke / 6.5
    return (
        f'<g class="{kind}" id="{ident}" opacity="{opacity:.2f}">'
        f"<title>{escaped(pill.tooltip)}</title>"
        f'<path class="wire" stroke-width="{stroke:.2f}" d="{_curve(scene, start, bend, out)}"/>'
        f"{_arrow(scene, into, length, half)}</g>\n"
    )


def _edge(
    scene: Scene,
    pill: Pill,
    centre: Point,
    into: Point,
    out: Point,
    bend: list[Point] | None,
    ident: str,
) -> str:
    """Return an edge with its pill."""
    u, v = _along(scene, centre)
    half_pill = _along(scene, (pill.width, pill.height))[0] / 2
    length, half = 7 + pill.stroke, 3 + pill.stroke * 0.8
    before = _curve(scene, (into[0] + length, into[1]), None, (u - half_pill, v))
    behind = _curve(scene, (u + half_pill, v), bend, out)
    corner = centre[0] - pill.width / 2, centre[1] - pill.height / 2
    kind = f"edge {pill.sign}{_cancels(pill)}"
    return (
        f'<g class="{kind}" id="{ident}"><title>{escaped(pill.tooltip)}</title>'
        f'<path class="wire" stroke-width="{_number(pill.stroke)}" d="{before}{behind}"/>'
        f"{_arrow(scene, into, length, half)}"
        f'<rect class="pill" x="{_number(corner[0])}" y="{_number(corner[1])}" '
        f'width="{_number(pill.width)}" height="{_number(pill.height)}" rx="8"/>'
        f"{_pill_text(pill, centre)}</g>\n"
    )


def _cancels(pill: Pill) -> str:
    """Return a class for a wire whose sum is 0 and whose terms are not: it is not dashed."""
    return " cancel" if pill.sign == "zero" and any(pill.parts) else ""


def _pill_text(pill: Pill, centre: Point) -> str:
    """Return the local derivative, and below it what it adds."""
    x, y = _number(centre[0]), centre[1]
    times = "× " if pill.is_single else ""
    local_y = _number(y - 4 if pill.contribution else y + 3.5)
    lines = f'<text class="soft s mid" x="{x}" y="{local_y}">{times}{escaped(pill.local)}</text>'
    if pill.contribution:
        contribution = escaped(pill.contribution)
        lines += f'<text class="g b mid" x="{x}" y="{_number(y + 10)}">{contribution}</text>'
    return lines


def _arrow(scene: Scene, at: Point, length: float, half: float) -> str:
    """Return the arrow's head, at the parent: that is the way a gradient goes."""
    side, across = _along(scene, (length, -half)), _along(scene, (0.0, 2 * half))
    start = _point(_along(scene, at))
    return f'<path class="tip" d="M{start}l{_point(side)}l{_point(across)}z"/>'


def _curve(scene: Scene, a: Point, bend: list[Point] | None, b: Point) -> str:
    """Return a curve between two points, with bends around the cards in between.

    It starts and ends level.
    """
    middle = (a[0] + b[0]) / 2
    inner = [_along(scene, point) for point in bend[1:-1]] if bend else [(middle, 0.0)] * 2
    points = [a, (inner[0][0], a[1]), *inner[1:-1], (inner[-1][0], b[1]), b]
    start, *rest = [_point(_along(scene, point)) for point in points]
    return f"M{start}C{' '.join(rest)}"


# -- the legend
# -------------------------------------------------------------------------------------------------


def _legend_text(scene: Scene) -> str:
    if scene.state == "forward only":
        pills = "" if scene.is_bare else "pill: × local derivative"
        return f"forward only: call backward() to see gradients. {pills}"
    if scene.state == "stale":
        return (
            "stale: a leaf was changed after the forward pass; "
            "dashed: cards whose data no longer follows"
        )
    if scene.is_bare:
        text = "wire: the thicker, the more it adds to grad; its tooltip has the numbers"
    elif scene.state == "under way":
        text = "pill: × local derivative, = what it has added so far"
    else:
        text = "pill: × local derivative, = what it adds to grad"
    sums = "; Σ data, Σ grad: over all outputs"
    return text + sums if any(card.is_sum for card in scene.cards) else text


def _legend(scene: Scene) -> str:
    x, text = _number(_indent(scene)), escaped(_legend_text(scene))
    keys = "" if scene.state == "forward only" else KEYS
    return f'{keys}<text class="soft k" x="{x}" y="4">{text}</text>'


def _indent(scene: Scene) -> float:
    """Return where the legend's text begins: behind the keys, if there are any."""
    return 0.0 if scene.state == "forward only" else 208.0


def _bounds(scene: Scene, placed: Placed) -> tuple[float, float, float, float]:
    """Return left, top, right and bottom of all cards, pills and bends of wires."""
    boxes: list[tuple[Card | Pill, Point]] = [
        *zip(scene.cards, placed.cards),
        *zip(scene.pills, placed.pills),
    ]
    points = [
        *[point for bend in placed.bends.values() for point in bend],
        *[(x - box.width / 2, y - box.height / 2) for box, (x, y) in boxes],
        *[(x + box.width / 2, y + box.height / 2) for box, (x, y) in boxes],
    ]
    xs, ys = zip(*points)
    return min(xs), min(ys), max(xs), max(ys)


def escaped(text: str) -> str:
    """Return text that somebody chose as text: nothing in it is markup."""
    return escape(text, {'"': "&quot;"})


def _number(x: float) -> str:
    return f"{x:.1f}".removesuffix(".0")


def _point(point: Point) -> str:
    return f"{_number(point[0])} {_number(point[1])}"
