"""`draw`: from a graph to a picture that can be shown, saved, put on a page.

>>> from engine import Value
>>> x = Value(3.0, label="x")
>>> draw(x * 2)
<Picture of x·2: 2 values, 1 edge>
"""

import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, cast

from ..explain import Step
from ..files import write_file
from ..foreign import Foreign, as_values, by_original
from ..options import flag, named, refused, whole
from ..printing import plural, printable
from ..types import Node
from . import export, film, focus
from .layered import Placed
from .layout import place
from .network import network
from .rows import in_rows
from .scene import Scene
from .selection import Graph, known_level, select
from .show import Shown
from .svg import CELL, paint
from .tikz import tikz

WRITERS = {
    ".dot": export.dot,
    ".gv": export.dot,
    ".mmd": export.mermaid,
    ".mermaid": export.mermaid,
    ".json": export.json,
}
LARGEST = 2_000  # cards and edges; above it a picture can't be read, and dot gets slow
MOST = 250_000  # values and edges that are collapsed into fewer cards, which takes seconds
READABLE = 0.7  # of its size, the least at which the text of a picture can be read
MOST_PIXELS, MOST_AREA = 32_000, 120e6  # of a PNG: Cairo's largest side, and what fits in memory
SIZE = re.compile(r' width="([\d.]+)" height="([\d.]+)"')
FULL = 60  # values of a part that are drawn one by one


class NamesParameters(Protocol):
    """What `module=` takes: an nn.Module, or whatever names its parameters as one does."""

    def named_parameters(self) -> Mapping[str, Any]:
        """Return the parameters by their names."""


class Picture(Shown):
    """A drawn graph: `.svg` is its text, `.show()` opens it, `.save(path)` writes a file.

    Notebooks show it.
    """

    file = "picture.svg"

    def __init__(self, scene: Scene, svg: str, placed: Placed | None = None, theme: str = "auto"):
        self.scene, self.svg, self.placed, self.theme = scene, svg, placed, theme

    def save(self, path: str | Path) -> Path:
        """Write the picture, whole or not at all, and return the path.

        The suffix says the format: .svg, .dot, .mmd, .json, .tex (TikZ), .png, .pdf, or .gif, which
        plays the backward pass. The last three need cairosvg or the program rsvg-convert, and .gif
        Pillow. Raises ValueError for another suffix, ImportError where something is missing.
        """
        path = Path(path)
        suffix = path.suffix.lower()
        if suffix == ".gif":
            return write_file(path, self._gif())
        is_converted = suffix in (".png", ".pdf")
        return write_file(path, converted(self.svg, suffix) if is_converted else self._text(suffix))

    def animated(self) -> "Picture":
        """Return a picture that plays the backward pass, one contribution after the other.

        Its SVG moves by CSS alone, so that slides and pages show it without a script. It starts
        from zero whatever the grads are. Raises ValueError for more than 200 edges.
        """
        placed = self._placed("an animation")
        svg = film.animated(self.scene, placed, self.theme)
        return Picture(self.scene, svg, placed, self.theme)

    def _gif(self) -> bytes:
        placed = self._placed("a .gif file")
        theme = "light" if self.theme == "auto" else self.theme
        frames = film.frames(self.scene, placed, theme)
        return film.gif([converted(frame, ".png") for frame in frames])

    def _placed(self, what: str) -> Placed:
        if self.placed is None:
            raise ValueError(f"{what} shows cards: use view='graph', with collapse='neurons'")
        return self.placed

    def _text(self, suffix: str) -> str:
        if suffix == ".svg":
            return self.svg
        if suffix == ".tex":
            return tikz(paint(self.scene, self._placed("a .tex file"), "light"))
        if suffix not in WRITERS:
            is_page = suffix in (".html", ".htm")
            advice = "; engine.stepper(root).save() writes pages" if is_page else ""
            raise ValueError(
                f"can't save a picture as {printable(suffix, 20) or 'a file without suffix'}: "
                f"end its name in .svg, .png, .pdf, .gif, .tex, .dot, .mmd or .json{advice}"
            )
        return WRITERS[suffix](self.scene).rstrip("\n") + "\n"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"image/svg+xml": _in_a_cell(self.svg), "text/plain": repr(self)}

    def __repr__(self) -> str:
        last, what = self.scene.cards[-1], "value" if self.scene.level == "values" else "card"
        cards, edges = plural(len(self.scene.cards), what), plural(self.scene.edges, "edge")
        called = printable(last.name, 40) if last.title else last.chip
        return f"<Picture of {called or 'a value'}: {cards}, {edges}>"


def _in_a_cell(svg: str) -> str:
    """Return the picture as a notebook shows it: no wider than a cell, if it stays readable there.

    JupyterLab puts an SVG into an image, which it cuts off at the border of the cell.
    """
    width, height = _size(svg)
    scale = CELL / width
    if not READABLE <= scale < 1.0:
        return svg
    return SIZE.sub(f' width="{CELL:g}" height="{height * scale:.1f}"', svg, count=1)


def _size(svg: str) -> tuple[float, float]:
    """Return the width and the height of a picture in pixels."""
    found = SIZE.search(svg)
    return (float(found[1]), float(found[2])) if found else (1.0, 1.0)


def draw(
    root: Foreign,
    *,
    names: Mapping[str, Any] | None = None,
    module: NamesParameters | None = None,
    collapse: str = "auto",
    theme: str = "auto",
    constants: bool = False,
    around: Foreign | None = None,
    depth: int = 2,
    between: tuple[Foreign, Foreign] | None = None,
    view: str = "graph",
    wires: str = "auto",
    direction: str = "LR",
    to_come: Iterable[Step] = (),
) -> Picture:
    """Return the graph of `root` as a picture: data, grads, and what each edge adds to a grad.

    >>> a, b = Value(2.0), Value(3.0)  # doctest: +SKIP
    >>> draw(a * b, names=locals()).save("product.svg")  # doctest: +SKIP

    Changes nothing in the graph. `names` (as locals() gives them) and `module` name values that
    have no label; `theme` is "auto", "light", "dark" or "print"; `constants` draws plain numbers as
    cards of their own. `collapse` is "none", "neurons", "layers" or "auto": above 60 values one
    card for a neuron, above 300 one for a layer. `around` a value draws what is at most `depth`
    edges away from it, `between=(a, b)` the paths from a to b; what comes in from outside is
    "elsewhere".
    `view="network"` draws neurons as circles in columns, with `wires` coloured by "gradient",
    "weight" or "weight gradient", and takes all other options, too. `direction` is "LR" or, with
    the leaves at the top, "TB". In a sweep that is under way, `to_come` are the steps that are
    still to be taken: their edges are drawn as not sent. Raises
    ValueError for more than 2,000 cards and edges, which no one could read.
    """
    root = as_values(root)
    graph = Graph(root)
    order = graph.order
    values = len(order) + len(graph.leaves)
    _check_options(view, direction, wires, collapse)
    is_whole, has_constants = around is None and between is None, flag("constants", constants)
    if is_whole and len(order) + graph.edges > MOST:
        raise _too_large(f"{values:,} values", graph.edges)
    nodes = by_original([*graph.leaves, *order])
    part = _part(order, nodes, around, whole("depth", depth), between)
    if part is not None:
        _check_size(part, has_constants, MOST)
    is_small = part is not None and view == "graph" and len(part) <= FULL
    level = "values" if is_small else _level(graph, view, collapse)
    if level == "values" and part is None and len(order) + graph.edges > LARGEST:
        raise _too_large(f"{values:,} values", graph.edges)
    if part is not None and level == "values":
        _check_size(part, has_constants, LARGEST)
    called = names_by_value(nodes, names, module)
    selection = select(graph, called, has_constants, level, part, _steps(to_come))
    if view == "graph" and len(selection.boxes) + len(selection.steps) > LARGEST:
        raise _too_large(f"{len(selection.boxes):,} cards", len(selection.steps))
    scene = Scene.of_selection(selection)
    scene.direction = direction
    if view == "network":
        return Picture(scene, network(scene, wires=wires, theme=theme))
    placed = in_rows(scene, place(scene))
    return Picture(scene, paint(scene, placed, theme), placed, theme)


def _level(graph: Graph, view: str, collapse: str) -> str:
    """Return what a card or circle stands for: in a network, by itself, each use of a neuron."""
    if view == "network" and collapse in ("auto", "none", None, False):
        return "uses"
    return graph.level(collapse)


def _check_options(view: str, direction: str, wires: str, collapse: str) -> None:
    known_level(collapse)
    if view not in ("graph", "network"):
        raise ValueError(f"view {view!r}: use 'graph' or 'network'")
    if view == "graph" and wires != "auto":
        raise ValueError(f"wires {wires!r}: only view='network' has wires of several kinds")
    if direction not in ("LR", "TB"):
        raise ValueError(
            f"direction {direction!r}: use 'LR' (left to right) or 'TB' (top to bottom)"
        )


def _part(
    order: Sequence[Node],
    nodes: Mapping[int, Any],
    around: Foreign | None,
    depth: int,
    between: tuple[Foreign, Foreign] | None,
) -> dict[Node, None] | None:
    """Return the values that `around` or `between` ask for; `nodes` is from `by_original`."""
    if between is not None:
        if not isinstance(between, (tuple, list)) or len(between) != 2:
            raise refused("between", between, "give two values of the graph, between=(a, b)")
        first, last = [_member("between", value, nodes) for value in between]
        return focus.between(order, first, last)
    if around is None:
        return None
    return focus.around(order, _member("around", around, nodes), depth, MOST)


def _member(option: str, value: Foreign, nodes: Mapping[int, Any]) -> Node:
    """Return the node of the graph that an option names."""
    if id(value) in nodes:
        return cast(Node, nodes[id(value)])
    if not hasattr(value, "data"):
        raise refused(option, value, "give a value of the graph, such as root.parents[0]")
    raise ValueError(
        f"{option} {value!r}: it is not in this graph; give a value that the root was computed from"
    )


def _steps(to_come: Iterable[Step]) -> list[Step]:
    """Return the steps that are still to be taken."""
    steps = list(to_come) if hasattr(to_come, "__iter__") else None
    if steps is None or not all(isinstance(step, Step) for step in steps):
        raise refused("to_come", to_come, "give steps, such as list(root.steps())[k:]")
    return steps


def _check_size(part: Mapping[Node, None], constants: bool, most: int) -> None:
    """Raise ValueError where a part has more than `most` values and edges, before any is drawn."""
    shown = {node for node in part if constants or not node.constant}
    edges = sum(parent in shown for node in part for parent in node.parents)
    if len(shown) + edges > most:
        raise _too_large(f"{len(shown):,} values", edges)


def _too_large(what: str, edges: int) -> ValueError:
    return ValueError(
        f"a graph of {what} and {edges:,} edges is too large to read: draw a part of it, "
        "draw(root, around=value, depth=2) or draw(root, between=(a, b)), or collapse='layers'; "
        f"up to {LARGEST:,} cards and edges"
    )


def names_by_value(
    nodes: Mapping[int, Any],
    names: Mapping[str, Any] | None,
    module: NamesParameters | None,
) -> dict[Node, str]:
    """Return names for values without a label: the caller's variables, a module's parameters.

    `nodes` are those of the graph, from `by_original`.
    """
    if isinstance(module, type):
        raise refused("module", module, "it is a class; give the network, module=net")
    if module is not None and not hasattr(module, "named_parameters"):
        raise TypeError(
            f"module: a {type(module).__name__} has no named_parameters(), as an nn.Module has; "
            "names={'w': value} names values too"
        )
    parameters = module.named_parameters() if module is not None else {}
    return {
        node: name
        for name, value in {**parameters, **named(names)}.items()
        for node in [nodes.get(id(value))]
        if node is not None and not node.label and not name.startswith("_")
    }


def converted(svg: str, suffix: str) -> bytes:
    """Return an SVG as PNG or PDF: by cairosvg, else by the program rsvg-convert."""
    try:
        import cairosvg
    except (ImportError, OSError):  # OSError: the package is here, its library is not
        return _by_program(svg, suffix[1:])
    svg = svg.replace("ui-monospace,", "")  # it looks at the first of the fonts alone
    convert = cairosvg.svg2png if suffix == ".png" else cairosvg.svg2pdf
    scale = {"scale": _zoom(svg)} if suffix == ".png" else {}
    return bytes(convert(bytestring=svg.encode(), **scale))


def _zoom(svg: str) -> float:
    """Return how much larger than in pixels a PNG is drawn: twice, or as much as Cairo can."""
    width, height = _size(svg)
    by_side = MOST_PIXELS / max(width, height)
    return float(f"{min(2.0, by_side, (MOST_AREA / (width * height)) ** 0.5):.4g}")


def _by_program(svg: str, form: str) -> bytes:
    program = shutil.which("rsvg-convert")
    if program is None:
        raise ImportError(f"a .{form} file needs cairosvg: pip install cairosvg, or save as .svg")
    zoom = [f"--zoom={_zoom(svg):g}"] if form == "png" else []
    return subprocess.run(
        [program, f"--format={form}", *zoom],
        input=svg.encode(),
        capture_output=True,
        check=True,
        timeout=60,
    ).stdout
