"""The poster and the debugger card: two sheets of 1024 × 768, made from the engine's own output.

>>> from demos.workshop.poster import card, poster
>>> "+3" in poster() and "parent.grad += contribution" in poster(), "predict [X]" in card()
(True, True)

Both can be projected and printed: no letter is smaller than 20 pixels. The picture on the poster is
`engine.draw` of x·x, twice its size, the loop is read from engine/backward.py, the commands on the
card are the debugger's help. No program but Python is needed for the SVG files.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from textwrap import fill
from xml.sax.saxutils import escape

from demos import show
from engine import Value, write_file
from engine.debugger.terminal import HELP, HELP_INDENT
from engine.view.frames import loop_source
from engine.view.layered import Placed, Point, layered
from engine.view.layout import place
from engine.view.picture import converted
from engine.view.scene import Card, Pill, Scene
from engine.view.svg import MARGIN, paint

WIDTH, HEIGHT = 1024, 768
LEAST = 20.0  # pixels of a letter
SCALE = 2.0  # of the engine's picture, whose smallest letters have 10 pixels
COMMAND = 9  # where the commands stand in a line of the debugger's help
EM = 0.602  # the width of a character, as a part of the font's size
FONT = "'DejaVu Sans Mono',Menlo,Consolas,monospace"
SOFT, LINE = "#626878", "#c9ccd4"
RULES = (
    ("a + b", "1 and 1"),
    ("a · b", "b and a"),
    ("a²", "2 · a"),
    ("z = exp(a)", "z"),
    ("z = tanh(a)", "1 − z²"),
    ("relu(a)", "1 if a > 0, else 0"),
)  # tests/test_workshop_room.py holds them to engine/operations.py
THREE = (
    ("Seed", "the root changes as fast as itself: root.grad = 1"),
    ("Order", "a node sends when everything that uses it has sent"),
    ("Sum", "+= and never =, and zero before the next backward()"),
)


def write(folder: Path) -> Iterator[str]:
    """Write both sheets as SVG and, where a converter is installed, as PDF; yield what to say."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, svg in (("poster", poster()), ("debugger-card", card())):
        yield str(write_file(folder / f"{name}.svg", svg))
        try:
            yield str(write_file(folder / f"{name}.pdf", converted(svg, ".pdf")))
        except ImportError as error:
            yield f"no {name}.pdf: {error}"


# -- the sheets
# -------------------------------------------------------------------------------------------------


def poster() -> str:
    """Return the poster: a picture, the loop, the local derivatives, three sentences."""
    return _sheet(
        "Backpropagation on one page",
        [
            _text(40, 52, "Backpropagation on one page", 34, "b"),
            _picture(74),
            _text(40, 308, "A box is a value. An arrow carries grad × local derivative. The"),
            _text(40, 336, "gradient of a value is the sum of what arrives: here 3 + 3 = 6."),
            *_loop(360),
            _text(40, 572, "Local derivatives", LEAST, "soft"),
            *_rules(602),
            *_sentences(678),
        ],
    )


def card() -> str:
    """Return the card with the commands of the debugger."""
    lines = HELP.splitlines()
    rows = [line for line in lines if line[COMMAND - 1] == " "]
    formula = fill(" ".join(lines[len(rows) :]), 80).splitlines()
    return _sheet(
        "The gradient debugger",
        [
            _text(30, 48, "The gradient debugger", 30, "b"),
            _text(430, 48, "engine.debug(root)", 22, "soft"),
            *(part for i, line in enumerate(rows) for part in _command(82 + 25.7 * i, line)),
            *(_text(30, 82 + 25.7 * i, line, LEAST) for i, line in enumerate(formula, len(rows))),
        ],
    )


def _sheet(title: str, parts: Iterable[str]) -> str:
    style = (
        f"text{{font-family:{FONT};fill:{show.INK};white-space:pre}}"
        f".b{{font-weight:700}}.soft{{fill:{SOFT}}}.now{{fill:{show.POSITIVE}}}"
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
        f'height="{HEIGHT}" role="img"><title>{escape(title)}</title><style>{style}</style>\n'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{show.PAPER}"/>\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )


def _text(x: float, y: float, text: str, size: float = LEAST + 2, kind: str = "") -> str:
    name = f' class="{kind}"' if kind else ""
    indent = len(text) - len(text.lstrip())  # a converter may leave out spaces
    x, text = x + EM * size * indent, text.lstrip()
    return f'<text x="{x:g}" y="{y:g}" font-size="{size:g}"{name}>{escape(text)}</text>'


# -- the poster's parts
# -------------------------------------------------------------------------------------------------


def _picture(top: float) -> str:
    """Return the engine's picture of x·x at 3, in the middle of the sheet."""
    x = Value(3.0, label="x")
    y = x * x
    y.label = "y"
    y.backward()
    scene = Scene.of(y)
    picture = enlarged(scene, layered(scene))  # the same bytes on every computer
    width = float(picture.partition(' width="')[2].partition('"')[0])
    return picture.replace("<svg ", f'<svg x="{(WIDTH - width) / 2:g}" y="{top:g}" ', 1)


def tall_picture(root: Value) -> str:
    """Return the picture of a graph for a page that is projected: from top to bottom, enlarged."""
    scene = Scene.of(root)
    scene.direction = "TB"
    return enlarged(scene, place(scene))


def enlarged(scene: Scene, placed: Placed) -> str:
    """Return the engine's picture of a graph, twice its size and without its legend."""
    boxes: list[tuple[Point, Card | Pill]] = []
    boxes += [*zip(placed.cards, scene.cards), *zip(placed.pills, scene.pills)]
    bends = [point for points in placed.bends.values() for point in points]
    width = _span([(at[0], box.width) for at, box in boxes] + [(x, 0.0) for x, _ in bends]) + 4.0
    height = _span([(at[1], box.height) for at, box in boxes] + [(y, 0.0) for _, y in bends]) + 4.0
    picture = paint(scene, placed, "light").strip()
    inside = picture[picture.index(">") + 1 :].replace('class="bg"', 'class="bg" opacity="0"', 1)
    classes = picture.partition(' class="')[2].partition('"')[0]
    return (
        f'<svg width="{SCALE * width:g}" height="{SCALE * height:g}" overflow="hidden" '
        f'viewBox="{MARGIN - 2:g} {MARGIN - 2:g} {width:g} {height:g}" class="{classes}">{inside}'
    )


def _span(places: Iterable[tuple[float, float]]) -> float:
    """Return how far boxes reach, from their centres and sizes."""
    ends = [(centre - size / 2, centre + size / 2) for centre, size in places]
    return max(high for _, high in ends) - min(low for low, _ in ends)


def _loop(top: float) -> Iterator[str]:
    """Yield the lines of the backward loop in a frame; the line that sums is marked."""
    lines = [line[4:] for line in loop_source()[1:]]
    yield (
        f'<rect x="40" y="{top:g}" width="{WIDTH - 80}" height="{26 * len(lines) + 18}" rx="9" '
        f'fill="#fff" stroke="{LINE}"/>'
    )
    for i, line in enumerate(lines):
        yield _text(58, top + 30 + 26 * i, line, LEAST, "b now" if "+=" in line else "")


def _rules(top: float) -> Iterator[str]:
    """Yield the table of local derivatives, two lines of three."""
    for i, (operation, slopes) in enumerate(RULES):
        x, y = (40, 332, 652)[i % 3], top + 32 * (i // 3)
        yield _text(x, y, operation, LEAST, "b")
        yield _text(x + EM * LEAST * (len(operation) + 1), y, slopes, LEAST, "now")


def _sentences(top: float) -> Iterator[str]:
    for i, (word, sentence) in enumerate(THREE):
        yield _text(40, top + 32 * i, f"{i + 1} {word}", LEAST, "b")
        yield _text(150, top + 32 * i, sentence, LEAST)


# -- the card's parts
# -------------------------------------------------------------------------------------------------


def _command(y: float, line: str) -> Iterator[str]:
    """Yield a line of the help: the group, the command, what it does."""
    at = HELP_INDENT if line[HELP_INDENT - 1] == " " else len(line)
    group, command, meaning = line[:COMMAND].strip(), line[COMMAND:at].rstrip(), line[at:]
    if group:
        yield _text(30, y, group, LEAST, "now")
    yield _text(30 + EM * LEAST * COMMAND, y, command, LEAST, "b")
    if meaning:
        yield _text(30 + EM * LEAST * HELP_INDENT, y, meaning, LEAST)
