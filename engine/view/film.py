"""What a stepper page plays, as plain data: cards, edges, and a frame for every step of the forward and backward pass.

>>> from engine import Value
>>> a, b = Value(-2.0, label="a"), Value(3.0, label="b")
>>> frames = film(a * b)["frames"]
>>> [frame["kind"] for frame in frames]
['start', 'compute', 'ready', 'seed', 'visit', 'send', 'send', 'done']
>>> print(frames[5]["say"], frames[5]["numbers"], sep="\\n")
a·b sends its share to a:  ∂(a·b)/∂a = b = 3
a.grad += 1 × 3 = 3
"""

import ast
import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any, NamedTuple

from ..backward import backward
from ..explain import steps
from ..formula import SUM, Symbol, constant, derivatives, expression, forward, name, symbol
from ..graph import topological_order
from ..printing import plural, printable
from ..value import Value
from . import collapse as collapsing
from .collapse import Group
from .layout import place
from .neurons import neurons, used_once
from .picture import LARGEST, MOST, _named
from .scene import MINUS, Card, Pill, Scene, select, sign, signed, text

CARDS = 300  # at most
SHORT = 10  # characters of an expression that can stand three times in a rule
TERMS = 6  # of a sum that are spelled out
STALE = "Stale: a leaf's data was changed after the forward pass, which these numbers are from. Build the graph again."
_SUBSCRIPT = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def film(
    root: Value,
    *,
    title: str = "",
    names: Mapping[str, Any] | None = None,
    module: Any = None,
    collapse: str = "auto",
) -> dict[str, Any]:
    """All that the page shows: cards, edges, the frames of both passes, the lines of the loop.

    Raises ValueError where there would be more than 300 cards.
    """
    with _labels() as label:
        for value, words in _named(names, module).items():
            label(value, words)
        scene = _scene(root, collapse)
        _name_the_rest(scene, root, label)
        made = _Film(scene, root)
        frames = [frame._asdict() for frame in (*made.forward(), *made.backward())]
        return {
            "title": printable(title or _title(root), 120),
            "note": STALE if scene.state == "stale" else "",
            "frames": frames,
            "code": _loop()[0],
            **made.placed(),
        }


@contextmanager
def _labels() -> Iterator[Callable[[Any, str], None]]:
    """Labels for a while, so that every expression on the page is spelled with them."""
    before: dict[Any, str] = {}

    def label(value: Any, words: str) -> None:
        before.setdefault(value, value.label)
        value.label = words

    try:
        yield label
    finally:
        for value, words in before.items():
            value.label = words


def _name_the_rest(scene: Scene, root: Value, label: Callable[[Any, str], None]) -> None:
    """Names for values without a label: a neuron's, a group's, v₁, v₂, … for leaves and long expressions."""
    for value, words in (_neurons(root) | _outputs(scene)).items():
        if not value.label:
            label(value, words)
    count = 0
    for card in scene.cards:
        node = card.node
        if not (node.label or node.constant) and (
            not node.parents or len(name(node)) > min(_room(card), SHORT)
        ):
            count += 1
            label(node, f"v{count}".translate(_SUBSCRIPT))


def _neurons(root: Value) -> dict[Any, str]:
    """The sum and the output of a neuron that is used once are called as its parameters are."""
    single = used_once(topological_order(root)[0], {})
    sums = {neuron.sum: f"{called}.z" for called, neuron in single.items()}
    return sums | {neuron.output: called for called, neuron in single.items()}


def _outputs(scene: Scene) -> dict[Any, str]:
    """What a neuron or layer hands on is called like its card, with a number where there is more than one."""
    groups = [card.node for card in scene.cards if isinstance(card.node, Group)]
    return {
        output: group.label + f"[{i}]" * (len(group.outputs) > 1)
        for group in groups
        for i, output in enumerate(group.outputs)
    }


class _Staged(Scene):
    """The scene of a picture, but with a pill on every edge: something travels along each of them."""

    bare = False


def _scene(root: Value, collapse: str) -> Scene:
    order, leaves = topological_order(root)
    if len(order) + sum(len(node.parents) for node in order) > MOST:
        raise ValueError(_too_large(f"{len(order) + len(leaves):,} values", False))
    level = collapsing.level(len(order) + len(leaves), order, collapse)
    count = len(order) + sum(not leaf.constant for leaf in leaves)
    if level == "values" and count > CARDS:
        raise ValueError(_too_large(f"{count:,} values", neurons(order)))
    selection = select(root, level=level)
    cards, edges = len(selection.boxes), len(selection.steps)
    if cards > CARDS or cards + edges > LARGEST:
        raise ValueError(_too_large(f"{cards:,} cards and {edges:,} edges", level == "neurons"))
    return _Staged.of_selection(selection)


def _too_large(what: str, collapsible: object) -> str:
    layers = "collapse='layers' makes one card of a layer; " if collapsible else ""
    return (
        f"{what} are more than a page shows ({CARDS} cards, {LARGEST:,} with edges): {layers}"
        "stepper(value) of an inner value, such as one neuron or one example's loss, plays that part; "
        "engine.text(root) lists every step, engine.debug(root) goes through them"
    )


def _title(root: Value) -> str:
    return f"{expression(root) if root.parents else name(root)} = {text(root.data)}"


def _card(card: Card) -> dict[str, Any]:
    return {
        "id": card.number,
        "name": name(card.node),
        "room": _room(card),
        "symbol": card.chip,
        "note": card.note,
        "leaf": _is_leaf(card.node),
        "root": card.is_root,
        "data": text(card.node.data),
        "sum": card.kind == "layer",
        "tip": printable(_tip(card.node), 400),
        "size": [card.width, card.height],
    }


def _room(card: Card) -> int:
    """How many characters of its name a card shows, beside the chip and the note."""
    chip = max(20.0, 10 + 6.7 * len(card.chip)) + 2 if card.chip else 0.0
    note = 6.7 * len(card.note) + 6 if card.note else 0.0
    return int((card.width - 15 - chip - note) / 7.9)


def _is_leaf(node: Any) -> bool:
    return not node.parents and not isinstance(node, Group)


def _tip(node: Any) -> str:
    if isinstance(node, Group):
        return f"{node.label}: one card for a {node.kind}, {len(node.members)} values inside"
    return (
        f"{expression(node)} = {text(node.data)}"
        if node.parents
        else f"{name(node)}: a leaf, {text(node.data)}"
    )


def _rounded(point: tuple[float, float]) -> list[float]:
    return [round(x, 1) for x in point]


class Frame(NamedTuple):
    """One step of the film. `rule` is in symbols, `numbers` the same in numbers; `grad` is what the card's grad
    becomes, `exact` the same with all digits; `bar` and `weight` are parts of the largest number,
    from -1 to 1."""

    kind: str
    node: int | None = None
    edge: int | None = None
    say: str = ""
    rule: str = ""
    numbers: str = ""
    sum: str = ""
    lines: tuple[int, ...] = ()
    grad: str = ""
    exact: str = ""
    sign: str = ""
    bar: float = 0.0
    terms: str = ""
    share: str = ""
    way: str = ""
    weight: float = 0.0


class _Film:
    """The frames in order, made of a scene. Nothing of the graph is changed."""

    def __init__(self, scene: Scene, root: Value):
        self.scene, self.lines = scene, _loop()[1]
        self.cards = {card.node: card for card in scene.cards}
        self.root = next(card.node for card in scene.cards if card.is_root)
        self.order = [node for node in self.cards if not _is_leaf(node)]
        pills = sorted(scene.pills, key=lambda pill: (pill.child.number, pill.step.slot))
        self.edges = {id(pill): i for i, pill in enumerate(pills)}
        self.slopes = {node: _slopes(node) for node in self.order if not isinstance(node, Group)}
        self.out: dict[Any, list[Pill]] = {node: [] for node in self.order}
        for pill in scene.pills:
            self.out[pill.step.node].append(pill)
        self.shares = _shares(scene, root)
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
        cards = [
            {**_card(card), "at": _rounded(at)}
            for card, at in zip(self.scene.cards, where.cards, strict=True)
        ]
        edges = [
            {
                **self.edge(pill),
                "at": _rounded(at),
                "bend": [_rounded(point) for point in way[-2:0:-1]],
            }
            for i, (pill, at) in enumerate(zip(self.scene.pills, where.pills, strict=True))
            for way in [where.bends.get(i, [])]
        ]
        return {"cards": cards, "edges": sorted(edges, key=lambda edge: int(edge["id"]))}

    def edge(self, pill: Pill) -> dict[str, Any]:
        """What flows from a node to one of its parents: by what its grad is multiplied, or how many edges it sums."""
        words = f"× {text(pill.step.local)}" if pill.single else _edges(pill)
        return {
            "id": self.edges[id(pill)],
            "node": pill.child.number,
            "parent": pill.parent.number,
            "local": words,
            "tip": printable(self.equation(pill), 400),
            "size": [pill.width, pill.height],
        }

    def equation(self, pill: Pill) -> str:
        """`∂(a·b)/∂a = b = 3`; where the symbols are the number already, or a border is crossed, the number alone."""
        node, parent, slot = pill.step.node, pill.step.parent, pill.step.slot
        if not pill.single:
            return f"the sum over {_edges(pill)}"
        plain = not isinstance(node, Group) and not isinstance(parent, Group)
        symbols = self.slopes[node][slot] if plain else ""
        return f"{_by_operand(pill)} = {_equals(symbols, text(pill.step.local))}"

    def forward(self) -> Iterator[Frame]:
        yield Frame(
            "start",
            say="The forward pass: every operation computes its data, from the leaves to the root.",
        )
        for node in self.order:
            rule, numbers = _computed(node)
            yield Frame(
                "compute",
                self.cards[node].number,
                say=f"Compute {name(node)}.",
                rule=rule,
                numbers=numbers,
            )

    def backward(self) -> Iterator[Frame]:
        yield Frame(
            "ready",
            say="Every grad starts at 0. The backward pass walks the order in reverse, from the root.",
        )
        yield self._arrival(
            "seed",
            self.root,
            1.0,
            share=1.0,
            numbers=f"{_called(self.root)}.grad = 1",
            say=f"The seed: {name(self.root)} changes as fast as itself.",
            rule=f"{_slope(self.root, self.root)} = 1",
        )
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
        return Frame(
            "skip",
            self.cards[node].number,
            lines=self.lines["skip"],
            numbers=f"{_called(node)}.grad = 0",
            say=f"Visit {name(node)}. Its grad is 0, so it has nothing to pass on.",
        )

    def _visit(self, node: Any, grad: float) -> Frame:
        who = name(node)
        first = (
            "It is the root: its grad is the seed."
            if node is self.root
            else (f"Everything that uses {who} has sent its share, so its grad is final.")
        )
        return Frame(
            "visit",
            self.cards[node].number,
            say=f"Visit {who}. {first}",
            numbers=f"{_called(node)}.grad = {text(grad)}",
            lines=self.lines["visit"],
        )

    def _send(self, pill: Pill, grad: float) -> Frame:
        step, to = pill.step, f"{_called(pill.step.parent)}.grad"
        if pill.single:
            say = f":  {self.equation(pill)}"
            rule = f"{_called(step.node)}.grad × {_by_operand(pill)}"
            numbers = f"{text(grad)} × {_bracketed(step.local)}"
        else:
            say = f" along {_edges(pill)}." + " This step is their sum." * (pill.edges > 1)
            rule = f"{'Σ ' * (pill.edges > 1)}grad × local, over {_edges(pill)}"
            numbers = _sum(self.shares.get((step.node, step.parent), []))
        return self._arrival(
            "send",
            step.parent,
            step.after,
            edge=self.edges[id(pill)],
            share=step.contribution,
            say=f"{name(step.node)} sends its share to {name(step.parent)}{say}",
            rule=f"{to} += {rule}",
            numbers=f"{to} += {_equals(numbers, text(step.contribution))}",
            sum=f"{to}: {text(step.before)} → {text(step.after)}",
        )

    def _arrival(self, kind: str, to: Any, grad: float, *, share: float, **texts: Any) -> Frame:
        terms = self.terms.setdefault(to, [])
        terms.append(share)
        return Frame(
            kind,
            self.cards[to].number,
            lines=self.lines[kind],
            grad=text(grad),
            exact=repr(grad),
            sign=sign(grad),
            bar=self._part(grad),
            terms=_under(terms),
            share=signed(share),
            way=sign(share),
            weight=self._part(share),
            **texts,
        )

    def _part(self, x: float) -> float:
        """`x` as a part of the largest, from -1 to 1; nan fills nothing."""
        return 0.0 if x != x else round(max(-1.0, min(1.0, x / self.largest)), 6)


def _shares(scene: Scene, root: Value) -> dict[tuple[Any, Any], list[float]]:
    """The contributions from card to card, where at least one of the two stands for several values."""
    box = {
        value: card.node
        for card in scene.cards
        if isinstance(card.node, Group)
        for value in card.node.members
    }
    found: dict[tuple[Any, Any], list[float]] = {}
    for step in steps(root) if box else ():
        ends = box.get(step.node, step.node), box.get(step.parent, step.parent)
        found.setdefault(ends, []).append(step.contribution)
    return found


def _edges(pill: Pill) -> str:
    return plural(max(1, pill.edges), "edge")


def _slopes(node: Value) -> list[str]:
    """The local derivatives in symbols; "" where a rule can't be spelled."""
    assert node.operation is not None
    found = derivatives(node.operation, [symbol(x) for x in node.parents], symbol(node))
    if found is None:
        return [""] * len(node.parents)
    return [x.inside(SUM) if isinstance(x, Symbol) else constant(x).text for x in found]


def _once(words: str, letters: list[str]) -> str:
    """A formula in which no letter that brings its own brackets stands in brackets once more."""
    for letter in letters:
        if letter.startswith("("):
            words = words.replace(f"({letter})", letter)
    return words


def _slope(node: Any, parent: Any) -> str:
    return f"∂{_called(node)}/∂{_called(parent)}"


def _by_operand(pill: Pill) -> str:
    """Return the name of a local derivative; `∂(a·a)/∂(first operand)`, for ∂(a·a)/∂a is another number."""
    node, parent = pill.step.node, pill.step.parent
    return f"∂{_called(node)}/∂({pill.operand})" if pill.operand else _slope(node, parent)


def _computed(node: Any) -> tuple[str, str]:
    """What the forward pass makes of a node, in symbols and in numbers; a layer shows the sum of its outputs."""
    if isinstance(node, Group):
        outputs = len(node.outputs)
        what = f"the sum of its {outputs} outputs" if outputs > 1 else "its output"
        return f"{node.label}: {len(node.members)} values inside", f"{what} = {text(node.data)}"
    numbers = [_bracketed(parent.data) for parent in node.parents]
    words = printable(_once(forward(node.operation, numbers), numbers), 160).replace("-", MINUS)
    return printable(expression(node), 200), f"= {_equals(words, text(node.data))}"


def _equals(words: str, number: str) -> str:
    """`b = 3`, or the number alone where the words say no more."""
    return number if words.replace("-", MINUS) in ("", number) else f"{words} = {number}"


def _called(node: Any) -> str:
    """The name of a node as it stands beside ∂ and .grad; an expression of several operands in brackets."""
    words = name(node)
    held = node.label or not node.parents or (words[0].isalpha() and words.endswith(")"))
    return words if held else f"({words})"


def _bracketed(x: float) -> str:
    return f"({text(x)})" if x < 0 else text(x)


def _under(terms: list[float]) -> str:
    """The sum as it stands under a grad; one term is the grad itself."""
    words = f"= {_sum(terms)}"
    return "" if len(terms) < 2 else words if len(words) <= 20 else f"= Σ of {len(terms)} terms"


def _sum(terms: list[float]) -> str:
    shown = [f"{MINUS if term < 0 else '+'} {text(abs(term))}" for term in terms[1:TERMS]]
    return " ".join(
        [*map(text, terms[:1]), *shown, *[f"+ {len(terms) - TERMS} more"] * (len(terms) > TERMS)]
    )


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
    at = {
        "seed": (loop,),
        "visit": (over_nodes,),
        "skip": (nothing, nothing.body[0]),
        "send": (share, add),
    }
    return (
        [line[margin:] for line in lines[start - 1 :]],
        {kind: tuple(part.lineno - start for part in parts) for kind, parts in at.items()},
    )
