"""Painting a placed scene as SVG: cards, pills, wires, a legend. Nothing here knows what a gradient is.

>>> from engine import Value
>>> from engine.view.layered import layered
>>> from engine.view.scene import Scene
>>> scene = Scene.of(Value(2.0, label="<x>") * 3)
>>> painted = paint(scene, layered(scene))
>>> painted.startswith("<svg "), "&lt;x&gt;" in painted
(True, True)
"""

import hashlib
from xml.sax.saxutils import escape

from .layered import Placed, Point
from .scene import Card, Pill, Scene, chip_width, summed

MARGIN = 16.0
CELL = 700.0  # the width of a notebook's cell on a small screen
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
SHAPES = """.cr{font-family:ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace}
.cr text{font-size:12px;white-space:pre;unicode-bidi:isolate}.cr .card{stroke-width:1.2}.cr .root .card{stroke-width:2}
.cr .name{font-weight:700;font-size:13px}.cr .k{font-size:11px}.cr .end{text-anchor:end}.cr .mid{text-anchor:middle}
.cr .b{font-weight:700}.cr .s{font-size:10px}.cr .wire{fill:none;stroke-linecap:round}.cr .zero .wire{stroke-dasharray:3 4}
.cr .nan .wire{stroke-dasharray:8 3}.cr .stale .card{stroke-dasharray:5 3}.cr .pill{stroke-width:1}
"""


def paint(scene: Scene, placed: Placed, theme: str = "auto") -> str:
    """The picture as one SVG element, the same bytes for the same scene. Coordinates are in pixels."""
    if theme not in ("auto", "light", "dark"):
        raise ValueError(f"theme {theme!r}: take 'auto', 'light' or 'dark'")
    texts = [
        scene.title,
        scene.summary,
        *[card.tip for card in scene.cards],
        *[pill.tip for pill in scene.pills],
    ]
    ident = "cr" + hashlib.sha256(repr((texts, placed, theme)).encode()).hexdigest()[:8]
    body = "".join(
        [
            *_edges(scene, placed, ident),
            *[_card(card, at, ident) for card, at in zip(scene.cards, placed.cards)],
        ]
    )
    width, height = _extent(scene, placed)
    left, top = _least(scene, placed)
    legend_y = height + MARGIN + 26
    wide, high = max(width, _indent(scene) + 6.63 * len(_words(scene))) + 2 * MARGIN, legend_y + 22
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" id="{ident}" class="cr {ident}" role="img" '
        f'aria-labelledby="{ident}-t {ident}-d" viewBox="0 0 {_n(wide)} {_n(high)}" width="{_n(wide)}" '
        f'height="{_n(high)}"><title id="{ident}-t">{t(scene.title)}</title>'
        f'<desc id="{ident}-d">{t(scene.summary)}</desc><style>{_style(theme).replace(".cr", "." + ident)}</style>'
        f'<rect class="bg" width="100%" height="100%" rx="10"/>'
        f'<g transform="translate({_n(MARGIN - left)} {_n(MARGIN - top)})">{body}</g>'
        f'<g transform="translate({_n(MARGIN)} {_n(legend_y)})">{_legend(scene)}</g></svg>\n'
    )


def _style(theme: str) -> str:
    if theme == "auto":
        return (
            SHAPES + _colours(LIGHT) + "@media(prefers-color-scheme:dark){" + _colours(DARK) + "}"
        )
    return SHAPES + _colours(DARK if theme == "dark" else LIGHT)


def _colours(c: dict[str, str]) -> str:
    """Literal colours, for some renderers paint var(--x) black."""
    rules = [
        f".cr .bg{{fill:{c['bg']}}}.cr text{{fill:{c['ink']}}}.cr .card{{fill:{c['card']};stroke:{c['line']}}}"
        f".cr .head{{fill:{c['head']}}}.cr .root .card{{stroke:{c['ink']}}}.cr .soft{{fill:{c['soft']}}}"
        f".cr .stale .card{{stroke:{c['old']}}}.cr .old{{fill:{c['old']}}}"
        f".cr .chip{{fill:{c['chip']}}}.cr .on{{fill:{c['on']}}}.cr .axis{{stroke:{c['line']}}}"
    ]
    for kind in ("pos", "neg", "zero", "nan"):
        rules.append(
            f".cr .{kind} .wire{{stroke:{c[kind]}}}.cr .{kind} .tip,.cr .{kind} .bar,.cr .{kind} .g"
            f"{{fill:{c[kind]}}}.cr .{kind} .pill{{fill:{c[kind + '-bg']};stroke:{c[kind]}}}"
        )
    return "".join(rules)


def _card(card: Card, at: Point, ident: str) -> str:
    x, y = at[0] - card.width / 2, at[1] - card.height / 2
    kinds = card.sign + " root" * card.is_root + " stale" * bool(card.now)
    return (
        f'<g class="node {kinds}" id="{ident}-n{card.number}" transform="translate({_n(x)} {_n(y)})">'
        f"<title>{t(card.tip)}</title>"
        f'<rect class="card" width="{_n(card.width)}" height="{_n(card.height)}" rx="9"/>'
        f"{_header(card)}{_rows(card)}{_bar(card)}</g>\n"
    )


def _header(card: Card) -> str:
    """The chip with the operation, the name, the note."""
    w, start, chip = card.width, 8.0, ""
    if card.chip:
        width = chip_width(card.chip)
        start = width + 13
        chip = (
            f'<rect class="chip" x="6" y="4" width="{_n(width)}" height="18" rx="9"/>'
            f'<text class="on b mid" x="{_n(6 + width / 2)}" y="17.2">{t(card.chip)}</text>'
        )
    note = (
        f'<text class="soft s end" x="{_n(w - 8)}" y="17">{t(card.note)}</text>'
        if card.note
        else ""
    )
    return (
        f'<path class="head" d="M.8 26V9Q.8 .8 9 .8H{_n(w - 9)}Q{_n(w - 0.8)} .8 {_n(w - 0.8)} 9V26z"/>{chip}'
        f'<text class="name" x="{_n(start)}" y="17.5">{t(card.title)}</text>{note}'
    )


def _rows(card: Card) -> str:
    """data and grad, each with a line below it where there is more to say."""
    every, right, grad = "Σ " * card.is_sum, _n(card.width - 10), 74 if card.now else 60
    rows = [
        f'<text class="soft k" x="10" y="41">{every}data</text>'
        f'<text class="end" x="{right}" y="41">{t(card.data)}</text>'
        f'<text class="soft k" x="10" y="{grad}">{every}grad</text>'
        f'<text class="g b end" x="{right}" y="{grad}">{t(card.grad)}</text>'
    ]
    if card.now:
        rows.append(f'<text class="old s end" x="{right}" y="55">{t(card.now)}</text>')
    if len(card.terms) > 1:
        rows.append(
            f'<text class="soft s end" x="{right}" y="{grad + 15}">{t(summed(card))}</text>'
        )
    return "".join(rows)


def _bar(card: Card) -> str:
    """The gradient as a bar to the left or to the right; its length is the root, so that small ones are seen too."""
    middle, half, base = card.width / 2, card.width / 2 - 10, card.height - 9
    length = abs(card.share) ** 0.5 * half
    start = middle - length * (card.share < 0.0)
    bar = f'<rect class="bar" x="{_n(start)}" y="{_n(base - 2)}" width="{_n(length)}" height="4" rx="1.5"/>'
    axis = f'<path class="axis" d="M10 {_n(base)}H{_n(card.width - 10)}M{_n(middle)} {_n(base - 3)}v6"/>'
    return axis + bar * bool(card.share)


def _edges(scene: Scene, placed: Placed, ident: str) -> list[str]:
    into, out = _ports(scene, placed)
    if scene.bare:  # the thick ones on top
        return [
            _wire(scene, pill, into[i], out[i], placed.bends.get(i), f"{ident}-e{i}")
            for i, pill in sorted(enumerate(scene.pills), key=lambda item: item[1].stroke)
        ]
    return [
        _edge(scene, pill, placed.pills[i], into[i], out[i], placed.bends.get(i), f"{ident}-e{i}")
        for i, pill in enumerate(scene.pills)
    ]


def _ports(scene: Scene, placed: Placed) -> tuple[list[Point], list[Point]]:
    """Where each wire meets its parent (on the right side) and its child (on the left), in the order of the pills.

    Ports and wires are drawn along the flow; in a picture from top to bottom `_p` swaps the two
    coordinates.
    """
    centre = {id(card): _along(scene, at) for card, at in zip(scene.cards, placed.cards)}
    into: list[Point] = [(0.0, 0.0)] * len(scene.pills)
    out = list(into)
    for ports, end, side in ((into, "parent", 0.5), (out, "child", -0.5)):
        groups: dict[int, list[int]] = {}
        for i, pill in enumerate(scene.pills):
            groups.setdefault(id(getattr(pill, end)), []).append(i)
        for key, members in groups.items():
            card = getattr(scene.pills[members[0]], end)
            length, breadth = _along(scene, (card.width, card.height))
            x, y = centre[key]
            members.sort(
                key=lambda i: (_height(scene, placed, centre, i, end), scene.pills[i].step.slot)
            )
            gap = min(16.0, (breadth - 30) / max(1, len(members) - 1))
            for place, i in enumerate(members):
                ports[i] = (x + side * length, y + gap * (place - (len(members) - 1) / 2))
    return into, out


def _along(scene: Scene, point: Point) -> Point:
    return (point[1], point[0]) if scene.direction == "TB" else point


def _height(scene: Scene, placed: Placed, centre: dict[int, Point], i: int, end: str) -> float:
    """How high a wire comes from: its last bend, the pill, or, where there are none, the card over there."""
    pill, bend = scene.pills[i], placed.bends.get(i)
    if bend and (end == "child" or scene.bare):
        return _along(scene, bend[2 if end == "parent" else -3])[1]
    if not scene.bare:
        return _along(scene, placed.pills[i])[1]
    return centre[id(pill.child if end == "parent" else pill.parent)][1]


def _wire(
    scene: Scene, pill: Pill, into: Point, out: Point, bend: list[Point] | None, ident: str
) -> str:
    """An edge where there are too many for pills."""
    stroke = pill.stroke * min(0.8, (100 / len(scene.pills)) ** 0.5)  # the more of them the thinner
    tip, half = 5 + stroke, 2 + stroke * 0.7
    start = (into[0] + tip, into[1])
    return (
        f'<g class="edge {pill.sign}" id="{ident}" opacity="{0.3 + pill.stroke / 6.5:.2f}"><title>{t(pill.tip)}</title>'
        f'<path class="wire" stroke-width="{stroke:.2f}" d="{_way(scene, start, bend, out)}"/>'
        f"{_tip(scene, into, tip, half)}</g>\n"
    )


def _edge(
    scene: Scene,
    pill: Pill,
    at: Point,
    into: Point,
    out: Point,
    bend: list[Point] | None,
    ident: str,
) -> str:
    x, y = at
    u, v = _along(scene, at)
    length = _along(scene, (pill.width, pill.height))[0] / 2
    tip, half = 7 + pill.stroke, 3 + pill.stroke * 0.8
    way = _way(scene, (into[0] + tip, into[1]), None, (u - length, v)) + _way(
        scene, (u + length, v), bend, out
    )
    times = "× " if pill.single else ""
    words = f'<text class="soft s mid" x="{_n(x)}" y="{_n(y - 4 if pill.contribution else y + 3.5)}">{times}{t(pill.local)}</text>'
    if pill.contribution:
        words += f'<text class="g b mid" x="{_n(x)}" y="{_n(y + 10)}">{t(pill.contribution)}</text>'
    return (
        f'<g class="edge {pill.sign}" id="{ident}"><title>{t(pill.tip)}</title>'
        f'<path class="wire" stroke-width="{_n(pill.stroke)}" d="{way}"/>{_tip(scene, into, tip, half)}'
        f'<rect class="pill" x="{_n(x - pill.width / 2)}" y="{_n(y - pill.height / 2)}" width="{_n(pill.width)}" '
        f'height="{_n(pill.height)}" rx="8"/>{words}</g>\n'
    )


def _tip(scene: Scene, at: Point, length: float, half: float) -> str:
    """The arrow's head, at the parent: that is the way a gradient goes."""
    side, across = _along(scene, (length, -half)), _along(scene, (0.0, 2 * half))
    return f'<path class="tip" d="M{_p(_along(scene, at))}l{_p(side)}l{_p(across)}z"/>'


def _way(scene: Scene, a: Point, bend: list[Point] | None, b: Point) -> str:
    """A curve between two points; with bends, its way around the cards in between. It starts and ends level."""
    inner = (
        [_along(scene, point) for point in bend[1:-1]] if bend else [((a[0] + b[0]) / 2, 0.0)] * 2
    )
    points = [a, (inner[0][0], a[1]), *inner[1:-1], (inner[-1][0], b[1]), b]
    return f"M{_p(_along(scene, a))}C" + " ".join(_p(_along(scene, point)) for point in points[1:])


def _words(scene: Scene) -> str:
    """The sentence of the legend."""
    if scene.state == "forward only":
        return "forward only: call backward() to see gradients. " + "pill: × local derivative" * (
            not scene.bare
        )
    if scene.state == "stale":
        return "stale: a leaf was changed after the forward pass; dashed: cards whose data no longer follows"
    words = (
        "wire: the thicker, the more it adds to grad; its tooltip has the numbers"
        if scene.bare
        else "pill: × local derivative, = what it has added so far"
        if scene.state == "under way"
        else "pill: × local derivative, = what it adds to grad"
    )
    return words + "; Σ data, Σ grad: over all outputs" * any(card.is_sum for card in scene.cards)


def _legend(scene: Scene) -> str:
    words = f'<text class="soft k" x="{_n(_indent(scene))}" y="4">{t(_words(scene))}</text>'
    keys = (
        '<g class="neg"><rect class="bar" y="-3" width="22" height="6" rx="2"/></g>'
        '<text class="soft k" x="28" y="4">negative</text>'
        '<g class="pos"><rect class="bar" x="100" y="-3" width="22" height="6" rx="2"/></g>'
        '<text class="soft k" x="128" y="4">positive</text>'
    )
    return words if scene.state == "forward only" else keys + words


def _indent(scene: Scene) -> float:
    return 0.0 if scene.state == "forward only" else 208.0


def _boxes(scene: Scene, placed: Placed) -> list[tuple[float, float, float, float]]:
    """What takes room: cards, pills, and the bends of wires, as left, top, right and bottom."""
    things: list[tuple[Card | Pill, Point]] = [
        *zip(scene.cards, placed.cards),
        *zip(scene.pills, placed.pills),
    ]
    return [
        *[
            (x - box.width / 2, y - box.height / 2, x + box.width / 2, y + box.height / 2)
            for box, (x, y) in things
        ],
        *[(x, y, x, y) for bend in placed.bends.values() for x, y in bend],
    ]


def _least(scene: Scene, placed: Placed) -> Point:
    boxes = _boxes(scene, placed)
    return min(box[0] for box in boxes), min(box[1] for box in boxes)


def _extent(scene: Scene, placed: Placed) -> Point:
    boxes, (left, top) = _boxes(scene, placed), _least(scene, placed)
    return max(box[2] for box in boxes) - left, max(box[3] for box in boxes) - top


def t(words: str) -> str:
    """User text as text: nothing in it is markup."""
    return escape(words, {'"': "&quot;"})


def _n(x: float) -> str:
    return f"{x:.1f}".removesuffix(".0")


def _p(point: Point) -> str:
    return f"{_n(point[0])} {_n(point[1])}"
