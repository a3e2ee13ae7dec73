"""The stepper: a page that plays the backward pass, one contribution at a time.

>>> from engine import Value
>>> a, b = Value(-2.0, label="a"), Value(3.0, label="b")
>>> page = stepper(a * b + a)
>>> page
<Page of 9 steps>

One file that asks no network: the graph and every step as data, a script that paints step k from
data alone.
"""

import base64
import hashlib
import html
import json
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from importlib import resources
from pathlib import Path
from typing import Any

from ..files import write_file
from ..printing import printable
from ..value import Value
from .film import film
from .picture import draw

# An exported notebook says what its theme is, but not in CSS's own property, which frames and images go by.
THEME = "".join(
    f'[data-jp-theme-light="{is_light}"] .jp-OutputArea-output{{color-scheme:{scheme}}}'
    for is_light, scheme in (("true", "light"), ("false", "dark"))
)


class Page:
    """A finished page: its `html`, and `save(path)`."""

    def __init__(self, content: dict[str, Any], root: Value, **options: Any):
        self.html, self._root, self._options = _page(content), root, options
        kinds = [frame["kind"] for frame in content["frames"]]
        self._count = len(kinds) - (0 if content["forward"] else kinds.index("ready"))
        self._height = _height(content["cards"] + content["edges"])

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the page, whole or not at all; returns the path. Raises ValueError unless it ends in .html."""
        target = Path(path)
        if target.suffix.lower() not in (".html", ".htm"):
            raise ValueError(
                f"a stepper page is an .html file, not {target.name!r}: write {printable(target.stem)}.html"
            )
        return write_file(target, self.html)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """A frame that may run its script and nothing else; viewers that strip frames show the picture."""
        frame = (
            f'<style>{THEME}</style><iframe sandbox="allow-scripts" title="Backward pass, step by step" width="100%" '
            f'height="{self._height}" style="border:0" srcdoc="{html.escape(self.html)}"></iframe>'
        )
        bundle = {"text/html": frame, "text/plain": repr(self)}
        with suppress(ValueError):  # too large for a picture
            bundle["image/svg+xml"] = draw(self._root, **self._options).svg
        return bundle

    def __repr__(self) -> str:
        return f"<Page of {self._count} steps>"


def _height(boxes: list[dict[str, Any]]) -> int:
    """How high the frame in a notebook is: the graph as it is, with controls and words around; within reason."""
    edges: list[float] = [
        box["at"][1] + half * box["size"][1] for box in boxes for half in (-0.5, 0.5)
    ]
    return round(min(760.0, max(600.0, max(edges) - min(edges) + 450.0)))


def stepper(
    root: Value,
    *,
    forward: bool = False,
    title: str = "",
    names: Mapping[str, Any] | None = None,
    module: Any = None,
    collapse: str = "auto",
) -> Page:
    """A page on which the backward pass of `root` is played.

    >>> x = Value(3.0, label="x")
    >>> "x.grad" in stepper(x * x).html
    True

    The page can play the forward pass first, and does from the start with `forward=True`. It starts
    from zero whatever the grads are, and changes nothing. `names`, `module` and `collapse` are
    those of draw: of a collapsed graph a step is what crosses the border of a neuron or layer, and
    where several edges cross it between the same two cards, their sum. Raises ValueError above 300
    cards.
    """
    content = film(root, title=title, names=names, module=module, collapse=collapse)
    return Page(
        {**content, "forward": forward}, root, names=names, module=module, collapse=collapse
    )


def _page(content: dict[str, Any]) -> str:
    """The assets with the data in them; their hashes are all that the browser is allowed to run."""
    parts = {
        asset: resources.files(__package__).joinpath("assets", asset).read_text("utf-8")
        for asset in ("page.html", "page.css", "page.js")
    }
    style, script = parts["page.css"], parts["page.js"]
    policy = (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    fillings = {
        "POLICY": policy,
        "TITLE": html.escape(content["title"]),
        "STYLE": style,
        "SCRIPT": script,
        "DATA": _inert(content),
    }  # all in one pass, so that a label can't ask for another filling
    return re.sub(r"\{\{([A-Z]+)\}\}", lambda mark: fillings[mark[1]], parts["page.html"])


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode(
        "ascii"
    )


def _inert(content: dict[str, Any]) -> str:
    """JSON that can't end the element it stands in."""
    found = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        found = found.replace(sign, f"\\u{ord(sign):04x}")
    return found
