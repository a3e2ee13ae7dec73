"""Draw the picture of docs/architecture.md: every module of the engine, above what it imports.

The floors are computed from the imports, so the picture follows the code; a test fails where it
does not. Written as architecture.svg, which follows the light or dark scheme of the page around it,
and as architecture-dark.svg for pages that choose.

>>> floors()[0]
['ieee', 'real', 'graph', 'types', 'differences']
>>> print(imports()["backward"])
{'graph'}
"""

import ast
import sys
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from html import escape
from pathlib import Path

from demos import show
from engine import write_file

ENGINE = show.ROOT / "engine"
ROLES = {  # every module of the engine and every package in it, with its role in a few words
    "ieee": "total arithmetic on floats",
    "real": "the gate for numbers",
    "graph": "order, seed, cleared grads",
    "types": "Node, Number",
    "operation": "what a primitive is",
    "backward": "the loop",
    "forward": "the loop the other way",
    "listeners": "who is told of new nodes",
    "printing": "safe text, digits",
    "options": "wrong options",
    "operations": "forwards and rules",
    "location": "places in the source",
    "files": "the one writer of files",
    "value": "Value, its operators",
    "functions": "clamp, elu, leaky_relu",
    "foreign": "graphs of others",
    "formula": "nodes and rules as text",
    "javascript": "graphs as JavaScript",
    "sums": "total, softmax, …",
    "diagnosis": "why 0, why nan",
    "explain": "steps, why, text",
    "primitive": "operations of your own",
    "tape": "record and replay",
    "calculus": "gradient, jvp, …",
    "anomaly": "stop at a nan",
    "check": "check gradients",
    "differences": "slopes by differences",
    "exact": "slopes in many digits",
    "view": "pictures, the page",
    "debugger": "step in a terminal",
    "cli": "expressions, doctor",
    "habits": "remedies for slips",
    "__init__": "import engine",
    "__main__": "python -m engine",
}
ROUTES = {  # the walks of docs/architecture.md: the modules in the order in which they are entered
    "gradient": ("value", "graph", "backward", "operations", "explain"),
    "label": ("value", "formula", "printing", "view", "debugger"),
    "training row": ("nn", "sums", "value", "backward", "nn"),
    "recorded program": ("tape", "listeners", "graph", "operations", "tape"),
}
LIGHT = {
    "bg": "#fbfaf7", "ink": "#1f2430", "soft": "#626878", "room": "#ffffff", "line": "#c9ccd4",
    "heart": "#fbe6d6", "on": "#ffffff", "gradient": "#a94300", "label": "#0062a3",
    "training row": "#b3126a", "recorded program": "#6b3fa0",
}  # fmt: skip
DARK = {
    "bg": "#15171c", "ink": "#e9ebf0", "soft": "#9aa2b1", "room": "#1f232b", "line": "#434a57",
    "heart": "#43291a", "on": "#15171c", "gradient": "#f5a35c", "label": "#6cbcf5",
    "training row": "#ff7ab8", "recorded program": "#c3a6ff",
}  # fmt: skip
WIDTH, MARGIN, GAP, HEIGHT, ROOF = 1200, 16, 10, 64, 84  # pixels


@cache
def imports() -> dict[str, set[str]]:
    """Return, for each module and each package of the engine, which of the others it imports."""
    rooms: dict[str, set[str]] = {}
    for file in sorted(ENGINE.rglob("*.py")):
        parts = file.relative_to(ENGINE).with_suffix("").parts
        rooms.setdefault(parts[0], set()).update(_imported(file, len(parts)))
    return {room: (names & rooms.keys()) - {room} for room, names in rooms.items()}


def _imported(file: Path, depth: int) -> Iterator[str]:
    """Yield what a file imports from the engine's own folder; `depth` is 1 for a file in it."""
    waiting: list[ast.AST] = [ast.parse(file.read_text(encoding="utf-8"))]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.ImportFrom) and node.level == depth:
            yield from [node.module.split(".")[0]] if node.module else [a.name for a in node.names]
        elif not (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"):
            waiting += ast.iter_child_nodes(node)


def heart() -> set[str]:
    """Return the modules without which a Value does not work: engine/value.py and its imports."""
    below, waiting = set[str](), ["value"]
    while waiting:
        room = waiting.pop()
        below.add(room)
        waiting += imports()[room] - below
    return below


def floors() -> list[list[str]]:
    """Return the modules by floor: 0 imports nothing of the engine, each other only from below."""
    below = imports()
    rooms = sorted(below, key=[*ROLES, *below].index)
    level: dict[str, int] = {}
    while len(level) < len(rooms):
        ready = [room for room in rooms if room not in level and below[room] <= level.keys()]
        if not ready:
            raise ValueError(f"a circle of imports: {sorted(set(rooms) - set(level))}")
        level |= {
            room: 1 + max((level[name] for name in below[room]), default=-1) for room in ready
        }
    return [[room for room in rooms if level[room] == n] for n in range(max(level.values()) + 1)]


def paint(theme: str = "auto") -> str:
    """Return the picture as SVG: light and dark by the reader's page, or "dark" alone."""
    storeys = floors()
    bottom = ROOF + (len(storeys) + 1) * (HEIGHT + GAP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="ar" role="img" '
        f'viewBox="0 0 {WIDTH} {bottom + 92}" width="{WIDTH}" height="{bottom + 92}">',
        "<title>The modules of chainrule, each on a floor above its imports</title>",
        f"<style>{_style(theme)}</style>",
        f'<rect class="bg" width="{WIDTH}" height="{bottom + 92}"/>',
        f'<path class="room" d="M{MARGIN} {ROOF}L{WIDTH / 2:g} 8L{WIDTH - MARGIN} {ROOF}Z"/>',
        _text(WIDTH / 2, 52, "demos", "name"),
        _text(WIDTH / 2, 70, "programs that use engine and nn"),
    ]
    parts += _floor(["nn"], ROOF + GAP, {"nn": "networks, optimizers, fit: from engine's names"})
    heart_of = heart()
    for n, storey in enumerate(reversed(storeys), 1):
        parts += _floor(storey, ROOF + GAP + n * (HEIGHT + GAP), ROLES, heart_of)
    return "\n".join([*parts, *_legend(bottom + 24), "</svg>", ""])


def _floor(
    rooms: Sequence[str], top: float, roles: dict[str, str], shaded: Iterable[str] = ()
) -> Iterator[str]:
    width = (WIDTH - 2 * MARGIN - GAP * (len(rooms) - 1)) / len(rooms)
    for i, room in enumerate(rooms):
        left, below = MARGIN + i * (width + GAP), imports().get(room, {"the names of engine"})
        tip = escape(f"{room} imports {', '.join(sorted(below)) or 'nothing of the engine'}")
        kind = "room heart" if room in shaded else "room"
        yield f"<g><title>{tip}</title>"
        box = f'x="{left:.1f}" y="{top}" width="{width:.1f}" height="{HEIGHT}" rx="4"'
        yield f'<rect class="{kind}" {box}/>'
        yield _text(left + width / 2, top + 20, room, "name")
        yield _text(left + width / 2, top + 36, roles.get(room, ""))
        yield from _badges(room, left + width / 2, top + 51)
        yield "</g>"


def _badges(room: str, x: float, y: float) -> Iterator[str]:
    """Yield a mark for each time that a walk enters the room: its initial and the stop's number."""
    stops = [
        (walk, f"{walk[0].upper()}{n}")
        for walk, rooms in ROUTES.items()
        for n, name in enumerate(rooms, 1)
        if name == room
    ]
    for i, (walk, mark) in enumerate(stops):
        yield from _badge(walk, mark, x + (i - (len(stops) - 1) / 2) * 32, y)


def _badge(walk: str, mark: str, x: float, y: float) -> Iterator[str]:
    at = f'x="{x - 14:.1f}" y="{y - 8}" width="28" height="16"'
    yield f'<rect class="{_kind(walk)}" {at} rx="8"/>'
    yield _text(x, y + 4, mark, "mark")


def _legend(top: float) -> Iterator[str]:
    """Yield a line for the walks, one for the shade, and one for how to read the floors."""
    for i, walk in enumerate(ROUTES):
        left = MARGIN + 20 + i * 240
        yield from _badge(walk, f"{walk[0].upper()}1", left, top)
        yield _text(left + 22, top + 4, f"a {walk}, stop by stop", "left")
    at = f'x="{MARGIN + 6}" y="{top + 16}" width="28" height="16"'
    yield f'<rect class="room heart" {at} rx="4"/>'
    yield _text(MARGIN + 42, top + 28, "the heart: value and the modules that it imports", "left")
    rule = "A module imports only from the floors below its own."
    yield _text(MARGIN + 6, top + 54, rule, "left")


def _text(x: float, y: float, text: str, kind: str = "role") -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}">{escape(text)}</text>'


def _kind(walk: str) -> str:
    return walk.split()[0]


def _style(theme: str) -> str:
    fonts = (
        ".ar{font-family:ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace}"
        ".ar .room{stroke-width:1.2}.ar text{text-anchor:middle;font-size:11px}"
        ".ar .name{font-size:14px;font-weight:700}"
        ".ar .left{text-anchor:start;font-size:12px}.ar .mark{font-weight:700}"
    )
    if theme == "dark":
        return fonts + _colours(DARK)
    return f"{fonts}{_colours(LIGHT)}@media(prefers-color-scheme:dark){{{_colours(DARK)}}}"


def _colours(colours: dict[str, str]) -> str:
    walks = "".join(f".ar .{_kind(walk)}{{fill:{colours[walk]}}}" for walk in ROUTES)
    return (
        f".ar .bg{{fill:{colours['bg']}}}.ar text{{fill:{colours['ink']}}}"
        f".ar .role{{fill:{colours['soft']}}}.ar .mark{{fill:{colours['on']}}}"
        f".ar .room{{fill:{colours['room']};stroke:{colours['line']}}}"
        f".ar .heart{{fill:{colours['heart']}}}{walks}"
    )


def main(argv: Sequence[str] | None = None) -> None:
    default = show.ROOT / "docs" / "pictures"
    out = show.documentation(__doc__, "architecture", default).parse_args(argv).out
    print(write_file(out / "architecture.svg", paint()))
    print(write_file(out / "architecture-dark.svg", paint("dark")))


if __name__ == "__main__":
    sys.exit(show.program(main))
