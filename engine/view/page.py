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
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

from ..backward import backward
from ..explain import expression, name, number, printable
from ..graph import topological_order
from ..value import Value
from . import collapse as collapsing
from .collapse import Group
from .layout import place
from .picture import LARGEST, _named
from .scene import Card, Pill, Scene

MOST_VALUES = 300  # cards
MINUS = "−"
_TOO_LARGE = ("{:,} values are more than a page shows ({} at most): step through a part of the graph, "
              "such as one neuron, or one example of the loss")


class Page:
    """A finished page: its `html`, and `save(path)`."""

    def __init__(self, html: str, count: int, picture: Any = None, **options: Any):
        self.html, self._count, self._root, self._options = html, count, picture, options

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
            bundle["image/svg+xml"] = draw(self._root, **self._options).svg
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


def stepper(root: Value, *, forward: bool = False, title: str = "", names: Mapping[str, Any] | None = None,
            module: Any = None, collapse: str = "auto") -> Page:
    """A page on which the backward pass of `root` is played; `forward=True` plays the forward pass first.

    >>> x = Value(3.0, label="x")
    >>> "x.grad" in stepper(x * x).html
    True

    It starts from zero whatever the grads are, and changes nothing. `names`, `module` and `collapse` are those of
    draw: of a collapsed graph a step is what crosses the border of a neuron or layer. Raises ValueError above 300
    cards.
    """
    content = data(root, forward=forward, title=title, names=names, module=module, collapse=collapse)
    return Page(_page(content), len(content["frames"]), root, names=names, module=module, collapse=collapse)


def data(root: Value, *, forward: bool = False, title: str = "", names: Mapping[str, Any] | None = None,
         module: Any = None, collapse: str = "auto") -> dict[str, Any]:
    """All that the page shows, as plain data: cards, edges, the frames of the film, the lines of the loop."""
    with _labelled(_named(names, module)):
        scene = _scene(root, collapse)
        with _labelled(_outputs(scene)):
            film = _Film(scene)
            frames = [frame._asdict() for frame in film.frames(forward)]
            return {"title": printable(title, 120) or printable(_title(root), 120), "frames": frames,
                    "code": _loop()[0], **film.placed()}


@contextmanager
def _labelled(names: dict[Any, str]) -> Iterator[None]:
    """Values without a label have one meanwhile, so that every expression on the page is spelled with it."""
    for value, label in names.items():
        value.label = label
    try:
        yield
    finally:
        for value in names:
            value.label = ""


def _outputs(scene: Scene) -> dict[Any, str]:
    """What a neuron or layer hands on is called like its card, with a number where there is more than one."""
    groups = [card.node for card in scene.cards if isinstance(card.node, Group)]
    return {output: group.label + f"[{i}]" * (len(group.outputs) > 1)
            for group in groups for i, output in enumerate(group.outputs) if not output.label}


class _Staged(Scene):
    """The scene of a picture, but with a pill on every edge: something travels along each of them."""

    bare = False


def _scene(root: Value, collapse: str) -> Scene:
    order, leaves = topological_order(root)
    count = len(order) + len(leaves)
    level = collapsing.level(count, order, collapse)
    if level == "values" and count > MOST_VALUES:
        raise ValueError(_TOO_LARGE.format(count, MOST_VALUES))
    scene = _Staged.of(root, level=level)
    cards = len(scene.cards)
    if cards > MOST_VALUES or cards + len(scene.pills) > LARGEST:
        raise ValueError(_TOO_LARGE.format(cards, MOST_VALUES))
    return scene


def _title(root: Value) -> str:
    return f"{expression(root) if root.parents else name(root)} = {text(root.data)}"


def _card(card: Card) -> dict[str, Any]:
    return {"id": card.number, "name": name(card.node), "symbol": card.chip, "note": card.note,
            "leaf": _is_leaf(card.node), "root": card.is_root, "data": text(card.node.data),
            "tip": printable(_tip(card.node), 400), "size": [card.width, card.height]}


def _is_leaf(node: Any) -> bool:
    return not node.parents and not isinstance(node, Group)


def _tip(node: Any) -> str:
    if isinstance(node, Group):
        return f"{node.label}: one card for a {node.kind}, {len(node.members)} values inside; {_computed(node)}"
    return f"{expression(node)} = {text(node.data)}" if node.parents else f"{name(node)}: a leaf, {text(node.data)}"


def _computed(node: Any) -> str:
    """What the forward pass makes of a node; a layer shows the sum of its outputs."""
    if not isinstance(node, Group):
        return f"{expression(node)} = {text(node.data)}"
    outputs = len(node.outputs)
    return f"{f'the sum of its {outputs} outputs' if outputs > 1 else 'its output'} = {text(node.data)}"


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
    """The frames in order, made of a scene. Nothing of the graph is changed."""

    def __init__(self, scene: Scene):
        self.scene, self.lines = scene, _loop()[1]
        self.cards = {card.node: card for card in scene.cards}
        self.root = next(card.node for card in scene.cards if card.is_root)
        self.order = [node for node in self.cards if not _is_leaf(node)]
        pills = sorted(scene.pills, key=lambda pill: (pill.child.number, pill.step.slot))
        self.edges = {id(pill): i for i, pill in enumerate(pills)}
        self.symbols = {node: _symbols(node) for node in self.order if not isinstance(node, Group)}
        self.out: dict[Any, list[Pill]] = {node: [] for node in self.order}
        for pill in scene.pills:
            self.out[pill.step.node].append(pill)
        sizes = [abs(x) for pill in scene.pills for x in (pill.step.after, pill.step.contribution)]
        self.largest = max([1.0, *(size for size in sizes if size < float("inf"))])
        self.terms: dict[Any, list[float]] = {}

    def placed(self) -> dict[str, Any]:
        """Cards and pills with the centres at which they stand, and each wire's way around others.

        A card is higher where more than one contribution arrives, whatever its grad is now.
        """
        for node, card in self.cards.items():
            card.tall = 94.0 if len(self.terms.get(node, [])) > 1 else 80.0
        where = place(self.scene)
        cards = [{**_card(card), "at": _rounded(at)} for card, at in zip(self.scene.cards, where.cards, strict=True)]
        edges = [{**self.edge(pill), "at": _rounded(at), "bend": [_rounded(point) for point in way[-2:0:-1]]}
                 for i, (pill, at) in enumerate(zip(self.scene.pills, where.pills, strict=True))
                 for way in [where.bends.get(i, [])]]
        return {"cards": cards, "edges": sorted(edges, key=lambda edge: int(edge["id"]))}

    def edge(self, pill: Pill) -> dict[str, Any]:
        """What flows from a node to one of its parents: the local derivative in symbols and as a number."""
        local = {"local": text(pill.step.local)} if _is_single(pill) else {"local": "", "many": _edges(pill)}
        return {"id": self.edges[id(pill)], "node": pill.child.number, "parent": pill.parent.number, **local,
                "rule": printable(self.equation(pill), 400), "size": [pill.width, pill.height]}

    def equation(self, pill: Pill) -> str:
        """`∂(a·b)/∂a = b = 3`; where the symbols are the number already, or a border is crossed, the number alone."""
        node, parent, slot = pill.step.node, pill.step.parent, pill.step.slot
        if not _is_single(pill):
            return f"the sum over {_edges(pill)}"
        plain = not isinstance(node, Group) and not isinstance(parent, Group)
        parts = (f"∂{_called(node)}/∂{_called(parent)}", self.symbols[node][slot] if plain else "",
                 text(pill.step.local))
        return " = ".join(dict.fromkeys(part for part in parts if part))

    def frames(self, forward: bool) -> Iterator[Frame]:
        if forward:
            yield Frame("ready", say="The forward pass: from the leaves, every operation computes its data.")
            for node in self.order:
                yield Frame("compute", self.cards[node].number, say=f"Compute {_called(node)}.", rule=_computed(node))
        yield Frame("ready", say="Every grad starts at 0. The backward pass walks the order in reverse, from the root.")
        yield self._arrival("seed", self.root, 1.0, say=f"The seed: {_called(self.root)} changes as fast as itself.",
                            rule=f"∂{_called(self.root)}/∂{_called(self.root)} = 1", share=1.0)
        after = {self.root: 1.0}
        for node in reversed(self.order):
            grad, pills = after.get(node, 0.0), self.out[node]
            silent = grad == 0.0 and all(pill.step.contribution == 0.0 for pill in pills)
            yield self._skip(node) if silent else self._visit(node, grad)
            for pill in [] if silent else pills:
                after[pill.step.parent] = pill.step.after
                yield self._send(pill, grad)
        yield Frame("done", say="Done: every grad is the sum of all contributions that arrived.")

    def _skip(self, node: Any) -> Frame:
        who = _called(node)
        return Frame("skip", self.cards[node].number, rule=f"{who}.grad = 0", lines=self.lines["skip"],
                     say=f"Visit {who}. Its grad is 0, so it has nothing to pass on.")

    def _visit(self, node: Any, grad: float) -> Frame:
        who = _called(node)
        first = "It is the root: its grad is the seed." if node is self.root else (
            f"Everything that uses {who} has sent its share, so its grad is final.")
        return Frame("visit", self.cards[node].number, say=f"Visit {who}. {first}",
                     rule=f"{who}.grad = {text(grad)}", lines=self.lines["visit"])

    def _send(self, pill: Pill, grad: float) -> Frame:
        step = pill.step
        node, parent = _called(step.node), _called(step.parent)
        product = f"{text(grad)} × {_bracketed(step.local)} = " if _is_single(pill) else ""
        return self._arrival(
            "send", step.parent, step.after, edge=self.edges[id(pill)], share=step.contribution,
            say=f"{node} sends its share to {parent}:  {self.equation(pill)}",
            rule=f"{parent}.grad += {product}{text(step.contribution)}",
            sum=f"{parent}.grad: {text(step.before)} → {text(step.after)}")

    def _arrival(self, kind: str, to: Any, grad: float, *, share: float, **texts: Any) -> Frame:
        self.terms.setdefault(to, []).append(share)
        terms = self.terms[to]
        return Frame(kind, self.cards[to].number, lines=self.lines[kind], grad=text(grad), exact=repr(grad),
                     bar=self._part(grad), share=signed(share), weight=self._part(share),
                     terms=_sum(terms) if len(terms) > 1 else "", **texts)

    def _part(self, x: float) -> float:
        """`x` as a part of the largest, from -1 to 1; nan fills nothing."""
        return 0.0 if x != x else round(max(-1.0, min(1.0, x / self.largest)), 6)


def _is_single(pill: Pill) -> bool:
    """Whether a pill is a grad times a local derivative; what leaves a layer, or a neuron used often, is a sum."""
    node = pill.step.node
    alone = not isinstance(node, Group) or (node.kind == "neuron" and len(node.outputs) == 1)
    return alone and pill.edges <= 1


def _edges(pill: Pill) -> str:
    count = max(1, pill.edges)
    return f"{count} edge{'s' * (count != 1)}"


def _symbols(node: Value) -> list[str]:
    """The local derivatives in symbols: the node's own rule, called with named Values in place of numbers."""
    assert node.operation is not None
    z = Value(node.data, label=_called(node))
    xs = [p if p.constant else Value(p.data, label=_called(p)) for p in node.parents]
    try:
        return [name(d) if isinstance(d, Value) else text(float(d))
                for d in node.operation.local_derivatives(node.data, z, *xs)()]
    except Exception:  # somebody's own rule that knows numbers only
        return [""] * len(node.parents)


def _called(node: Any) -> str:
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
