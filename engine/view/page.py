"""The stepper: a page that plays the backward pass, one contribution at a time.

>>> from engine import Value
>>> a, b = Value(-2.0, label="a"), Value(3.0, label="b")
>>> page = stepper(a * b + a)
>>> page
<Page of 9 steps>

One file that asks no network: the graph and every step as data, the graph once more as rows of
JavaScript, which compute it anew when a leaf is changed, and a script that paints step k from these
numbers alone.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..foreign import Foreign, as_values
from ..javascript import arithmetic, rows
from ..options import flag, string
from ..printing import printable
from .animation import Animation, CardData, EdgeData, animation
from .frames import MARK
from .html import assembled, asset, framed, save_html, script_of
from .picture import NamesParameters, draw
from .selection import Graph
from .show import Shown

STYLES = ("theme.css", "page.css")
SCRIPTS = (
    "text.js",
    "numbers.js",
    "elements.js",
    "graph.js",
    "player.js",
    "why.js",
    "panel.js",
    "ask.js",
    "learn.js",
    "page.js",
)  # in this order they are one script
UNFOLD = "unfold.js"  # of a page with neurons or layers, the last


class Page(Shown):
    """A finished page: its `html`, `show()`, which opens it, and `save(path)`."""

    file = "stepper.html"

    def __init__(self, content: Animation, forward: bool, live: bool, graph: Graph, **options: Any):
        rows, why = _rows(graph) if live else (None, "")
        self.html = _page({**content, "forward": forward, "why": why}, rows)
        self._root, self._options = graph.root, options
        kinds = [frame["kind"] for frame in content["frames"]]
        self._count = content["steps"] + (kinds.index("ready") if forward else 0)
        self._height = _height([*content["cards"], *content["edges"]])

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the page, whole or not at all, and return the path.

        Raises ValueError unless it ends in .html.
        """
        return save_html(path, self.html, "a stepper page")

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """Return a frame that may run its script and nothing else, and a picture instead of it.

        Some viewers take frames out.
        """
        frame = framed(self.html, "Backward pass, step by step", self._height)
        bundle = {"text/html": frame, "text/plain": repr(self)}
        with suppress(ValueError):  # too large for a picture
            picture = draw(self._root, **self._options)._repr_mimebundle_()
            bundle["image/svg+xml"] = picture["image/svg+xml"]
        return bundle

    def __repr__(self) -> str:
        return f"<Page of {self._count} steps>"


def _height(boxes: Iterable[CardData | EdgeData]) -> int:
    """Return how high the frame in a notebook is: as the graph and what is around it, in reason."""
    heights = [(box["at"][1], box["size"][1] / 2) for box in boxes]
    top = min(centre - half for centre, half in heights)
    bottom = max(centre + half for centre, half in heights)
    return round(min(760.0, max(600.0, bottom - top + 480.0)))


def stepper(
    root: Foreign,
    *,
    forward: bool = False,
    live: bool = True,
    title: str = "",
    names: Mapping[str, Any] | None = None,
    module: NamesParameters | None = None,
    collapse: str = "auto",
) -> Page:
    """Return a page on which the backward pass of `root` is played.

    >>> from engine import Value
    >>> x = Value(3.0, label="x")
    >>> "x.grad" in stepper(x * x).html
    True

    The page can play the forward pass first, and does from the start with `forward=True`. It starts
    from zero whatever the grads are, and changes nothing. On it every leaf can be changed, and
    all numbers follow; `live=False` leaves that out. `names`, `module` and `collapse` are
    those of draw: of a collapsed graph a step is what crosses the border of a neuron or layer, and
    where several edges cross it between the same two cards, their sum. Raises ValueError above 300
    cards.
    """
    is_first, is_live = flag("forward", forward), flag("live", live)
    title = string("title", title, "Two neurons")
    graph = Graph(as_values(root))
    content = animation(graph, title=title, names=names, module=module, collapse=collapse)
    return Page(content, is_first, is_live, graph, names=names, module=module, collapse=collapse)


def _rows(graph: Graph) -> tuple[list[str] | None, str]:
    """Return the rows of the graph, or None and why it has none."""
    try:
        return rows(graph.order, graph.numbers), ""
    except TypeError as error:
        return None, f"No leaf can be changed on this page: {printable(str(error), 200)}."


def _page(content: Mapping[str, Any], rows: Sequence[str] | None) -> str:
    """Return the assets with the data in them."""
    has_groups = any(card["uses"] for card in content["cards"])
    script = _script(map(asset, [*SCRIPTS, *[UNFOLD] * has_groups]), rows)
    title = _plain(content["title"])
    return assembled("page.html", STYLES, script, title, _with_tables(content))


def _script(parts: Iterable[str], rows: Sequence[str] | None) -> str:
    """Return the script: the graph as rows, which see only its arithmetic, then the parts."""
    if rows is None:
        return script_of(parts, "null")
    table = "\n".join(rows)
    program = f"(() => {{\n{arithmetic(table)}\nconst v = [];\nconst rows = [\n{table}\n];\n"
    return script_of(parts, program + "return { v, rows };\n})()")


def _plain(title: str) -> str:
    """Return a title without the number in it, which is filled in when the page runs."""
    return title.partition(f" = {MARK}")[0]


def _with_tables(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content with its lists of records as tables, which name each field once."""
    return {**content, **{name: _table(content[name]) for name in ("frames", "cards", "edges")}}


def _table(records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    fields = [*dict.fromkeys(field for record in records for field in record)]
    return {
        "fields": fields,
        "rows": [[record.get(field) for field in fields] for record in records],
    }
