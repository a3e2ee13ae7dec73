"""The stepper: a page that plays the backward pass, one contribution at a time.

>>> from engine import Value
>>> a, b = Value(-2.0, label="a"), Value(3.0, label="b")
>>> page = stepper(a * b + a)
>>> page
<Page of 9 steps>

One file that asks no network: the graph and every step as data, a script that paints step k from data alone.
"""

import ast
import base64
import hashlib
import html
import inspect
import json
import os
import re
import tempfile
from collections.abc import Iterator
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

from ..backward import backward
from ..explain import expression, name, number, numbered, printable, steps
from ..graph import topological_order
from ..value import Value
from .place import place

MOST_VALUES = 300
MINUS = "−"
CHIPS = {"*": "×", "-": MINUS, "/": "÷", "sum": "Σ", "dot": "Σ w·a", "prod": "Π", "<=": "≤", ">=": "≥"}
_TOO_LARGE = ("{:,} values are more than a page shows ({} at most): step through a part of the graph, "
              "such as one neuron, or one example of the loss")


class Page:
    """A finished page: its `html`, and `save(path)`."""

    def __init__(self, html: str, count: int, picture: Any = None):
        self.html, self._count, self._root = html, count, picture

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the page, whole or not at all; returns the path. Raises ValueError unless it ends in .html."""
        target = Path(path)
        if target.suffix.lower() not in (".html", ".htm"):
            raise ValueError(f"a stepper page is an .html file, not {target.name!r}: write {target.stem}.html")
        write_whole(target, self.html)
        return target

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """A frame that may run its script and nothing else; viewers that strip frames show the picture."""
        frame = (f'<iframe sandbox="allow-scripts" title="Backward pass, step by step" width="100%" height="720" '
                 f'style="border:0" srcdoc="{html.escape(self.html)}"></iframe>')
        bundle = {"text/html": frame, "text/plain": repr(self)}
        try:
            from . import draw  # type: ignore[attr-defined,unused-ignore]
            bundle["image/svg+xml"] = draw(self._root).svg
        except (ImportError, ValueError):  # no picture of it
            pass
        return bundle

    def __repr__(self) -> str:
        return f"<Page of {self._count} steps>"


def write_whole(path: Path, content: str) -> None:
    """Write a temporary file beside `path` and rename it, so that nobody ever sees half a file."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(content)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def stepper(root: Value, *, forward: bool = False, title: str = "") -> Page:
    """A page on which the backward pass of `root` is played; `forward=True` plays the forward pass first.

    >>> x = Value(3.0, label="x")
    >>> "x.grad" in stepper(x * x).html
    True

    It starts from zero whatever the grads are, and changes nothing. Raises ValueError above 300 values.
    """
    content = data(root, forward=forward, title=title)
    return Page(_page(content), len(content["frames"]), root)


def data(root: Value, *, forward: bool = False, title: str = "") -> dict[str, Any]:
    """All that the page shows, as plain data: cards, edges, the frames of the film, the lines of the loop."""
    order, leaves = topological_order(root)
    if len(order) + len(leaves) > MOST_VALUES:
        raise ValueError(_TOO_LARGE.format(len(order) + len(leaves), MOST_VALUES))
    film = _Film(root)
    frames = [frame._asdict() for frame in film.frames(forward)]
    return {"title": printable(title, 120) or printable(_title(root), 120), "frames": frames, "code": _loop()[0],
            **_placed([_card(node, i, film) for node, i in film.nodes.items()],
                      [film.edge(node, slot) for node, slot in film.edges])}


def _title(root: Value) -> str:
    return f"{expression(root) if root.parents else name(root)} = {text(root.data)}"


def _card(node: Value, i: int, film: "_Film") -> dict[str, Any]:
    """A card is higher where more than one contribution arrives, whatever its grad is now."""
    words = f"{expression(node)} = {text(node.data)}" if node.parents else f"{name(node)}: a leaf, {text(node.data)}"
    symbol = node.operation.symbol if node.operation else ""
    return {"id": i, "name": name(node), "symbol": printable(CHIPS.get(symbol, symbol), 10), "note": _note(node),
            "leaf": not node.parents, "root": node is film.root, "data": text(node.data), "tip": printable(words, 400),
            "size": [144.0, 94.0 if len(film.terms.get(node, [])) > 1 else 80.0]}


def _note(node: Value) -> str:
    """To the right in the header: the plain numbers that an operation took."""
    plain = [text(parent.data) for parent in node.parents if parent.constant]
    return ", ".join(plain[:2]) + ", …" * (len(plain) > 2) if node.parents else "leaf"


def _placed(cards: list[dict[str, Any]], edges: list[dict[str, Any]]) -> dict[str, Any]:
    """Every card and every edge's pill gets the centre at which it stands, and a wire its way around others."""
    sizes = {f"c{box['id']}": box["size"] for box in cards} | {f"p{box['id']}": box["size"] for box in edges}
    ends = [end for e in edges for end in ((f"c{e['parent']}", f"p{e['id']}"), (f"p{e['id']}", f"c{e['node']}"))]
    centres, ways = place(sizes, ends)
    for card in cards:
        card["at"] = _rounded(centres[f"c{card['id']}"])
    for edge in edges:
        way = ways.get((f"p{edge['id']}", f"c{edge['node']}"), [])
        edge["at"] = _rounded(centres[f"p{edge['id']}"])
        edge["bend"] = [_rounded(point) for point in reversed(way[1:-1])]
    return {"cards": cards, "edges": edges}


def _rounded(point: tuple[float, float]) -> list[float]:
    return [round(x, 1) for x in point]


class Frame(NamedTuple):
    """One step of the film. `grad` is what the card's grad becomes, `exact` the same with all digits."""

    kind: str
    node: int | None = None
    edge: int | None = None
    say: str = ""
    rule: str = ""
    sum: str = ""
    lines: tuple[int, ...] = ()
    grad: str = ""
    exact: str = ""
    bar: float = 0.0
    share: str = ""
    weight: float = 0.0
    terms: str = ""


class _Film:
    """The frames in order. Nothing of the graph is changed."""

    def __init__(self, root: Value):
        self.root, self.lines = root, _loop()[1]
        self.nodes = {node: i for node, i in numbered(root).items() if not node.constant or node is root}
        self.order, _ = topological_order(root)
        ends = [(node, slot) for node in self.order for slot, p in enumerate(node.parents) if p in self.nodes]
        self.edges = {end: i for i, end in enumerate(ends)}
        self.locals = {node: node.local_derivatives() for node in self.order}
        self.symbols = {node: _symbols(node) for node in self.order}
        self.steps = list(steps(root))
        sizes = [abs(x) for step in self.steps for x in (step.after, step.contribution)]
        self.largest = max([1.0, *(size for size in sizes if size < float("inf"))])
        self.terms: dict[Value, list[float]] = {}

    def edge(self, node: Value, slot: int) -> dict[str, Any]:
        """What flows from a node to one of its parents: the local derivative in symbols and as a number."""
        return {"id": self.edges[node, slot], "node": self.nodes[node], "parent": self.nodes[node.parents[slot]],
                "local": text(self.locals[node][slot]), "rule": printable(self.equation(node, slot), 400),
                "size": [90.0, 32.0]}

    def equation(self, node: Value, slot: int) -> str:
        """`∂(a·b)/∂a = b = 3`; where the symbols are the number already, the number alone."""
        left = f"∂{_called(node)}/∂{_called(node.parents[slot])}"
        parts = (left, self.symbols[node][slot], text(self.locals[node][slot]))
        return " = ".join(dict.fromkeys(part for part in parts if part))

    def frames(self, forward: bool) -> Iterator[Frame]:
        if forward:
            yield Frame("ready", say="The forward pass: from the leaves, every operation computes its data.")
            for node in self.order:
                yield Frame("compute", self.nodes[node], say=f"Compute {_called(node)}.",
                            rule=f"{expression(node)} = {text(node.data)}")
        yield Frame("ready", say="Every grad starts at 0. The backward pass walks the order in reverse, from the root.")
        yield self._arrival("seed", self.root, 1.0, say=f"The seed: {_called(self.root)} changes as fast as itself.",
                            rule=f"∂{_called(self.root)}/∂{_called(self.root)} = 1", share=1.0)
        after = {self.root: 1.0}
        waiting = iter(self.steps)
        step = next(waiting, None)
        for node in reversed(self.order):
            yield self._visit(node, after.get(node, 0.0))
            while step is not None and step.node is node:
                after[step.parent] = step.after
                yield self._send(step)
                step = next(waiting, None)
        yield Frame("done", say="Done: every grad is the sum of all contributions that arrived.")

    def _visit(self, node: Value, grad: float) -> Frame:
        who = _called(node)
        if grad == 0.0:
            return Frame("skip", self.nodes[node], say=f"Visit {who}. Its grad is 0, so it has nothing to pass on.",
                         rule=f"{who}.grad = 0", lines=self.lines["skip"])
        first = "It is the root: its grad is the seed." if node is self.root else (
            f"Everything that uses {who} has sent its share, so its grad is final.")
        return Frame("visit", self.nodes[node], say=f"Visit {who}. {first}",
                     rule=f"{who}.grad = {text(grad)}", lines=self.lines["visit"])

    def _send(self, step: Any) -> Frame:
        node, parent = _called(step.node), _called(step.parent)
        edge = self.edges[step.node, step.slot]
        return self._arrival(
            "send", step.parent, step.after, edge=edge, share=step.contribution,
            say=f"{node} sends its share to {parent}:  {self.equation(step.node, step.slot)}",
            rule=f"{parent}.grad += {text(step.upstream)} × {_bracketed(step.local)} = {text(step.contribution)}",
            sum=f"{parent}.grad: {text(step.before)} → {text(step.after)}")

    def _arrival(self, kind: str, to: Value, grad: float, *, share: float, **texts: Any) -> Frame:
        self.terms.setdefault(to, []).append(share)
        terms = self.terms[to]
        return Frame(kind, self.nodes[to], lines=self.lines[kind], grad=text(grad), exact=repr(grad),
                     bar=self._part(grad), share=signed(share), weight=self._part(share),
                     terms=_sum(terms) if len(terms) > 1 else "", **texts)

    def _part(self, x: float) -> float:
        """`x` as a part of the largest, from -1 to 1; nan fills nothing."""
        return 0.0 if x != x else round(max(-1.0, min(1.0, x / self.largest)), 6)


def _symbols(node: Value) -> list[str]:
    """The local derivatives in symbols: the node's own rule, called with named Values in place of numbers."""
    assert node.operation is not None
    z = Value(node.data, label=name(node))
    xs = [p if p.constant else Value(p.data, label=name(p)) for p in node.parents]
    try:
        return [name(d) if isinstance(d, Value) else text(float(d))
                for d in node.operation.local_derivatives(node.data, z, *xs)()]
    except Exception:  # somebody's own rule that knows numbers only
        return [""] * len(node.parents)


def _called(node: Value) -> str:
    """The name of a node; an expression of several operands in brackets."""
    words = name(node)
    held = node.label or not node.parents or (words[0].isalpha() and words.endswith(")"))
    return words if held else f"({words})"


def text(x: float) -> str:
    """Four significant digits with a true minus sign."""
    return number(x).replace("-", MINUS)


def signed(x: float) -> str:
    return "+" * (x > 0.0) + text(x)


def _bracketed(x: float) -> str:
    return f"({text(x)})" if x < 0 else text(x)


def _sum(terms: list[float]) -> str:
    shown = [f"{MINUS if term < 0 else '+'} {text(abs(term))}" for term in terms[1:3]]
    return " ".join(["=", text(terms[0]), *shown, *["…"] * (len(terms) > 3)])


@cache
def _loop() -> tuple[list[str], dict[str, tuple[int, ...]]]:
    """The lines of the backward loop, from its source, and which of them each kind of frame runs."""
    source = inspect.getsource(backward)
    loop = ast.parse(source).body[0].body[-1]  # type: ignore[attr-defined]
    start, lines = loop.lineno, source.splitlines()
    over_nodes = loop.body[0]
    nothing, over_parents = over_nodes.body
    share, add = over_parents.body
    margin = len(lines[start - 1]) - len(lines[start - 1].lstrip())
    at = {"seed": (loop,), "visit": (over_nodes,), "skip": (nothing, nothing.body[0]), "send": (share, add)}
    return ([line[margin:] for line in lines[start - 1:]],
            {kind: tuple(part.lineno - start for part in parts) for kind, parts in at.items()})


def _page(content: dict[str, Any]) -> str:
    """The assets with the data in them; their hashes are all that the browser is allowed to run."""
    parts = {asset: resources.files(__package__).joinpath("assets", asset).read_text("utf-8")
             for asset in ("page.html", "page.css", "page.js")}
    style, script = parts["page.css"], parts["page.js"]
    policy = (f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; "
              "base-uri 'none'; form-action 'none'")
    fillings = {"POLICY": policy, "TITLE": html.escape(content["title"]), "STYLE": style, "SCRIPT": script,
                "DATA": _inert(content)}  # all in one pass, so that a label can't ask for another filling
    return re.sub(r"\{\{([A-Z]+)\}\}", lambda mark: fillings[mark[1]], parts["page.html"])


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


def _inert(content: dict[str, Any]) -> str:
    """JSON that can't end the element it stands in."""
    found = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        found = found.replace(sign, f"\\u{ord(sign):04x}")
    return found
