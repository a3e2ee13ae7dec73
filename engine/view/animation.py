"""What a stepper page shows, as plain data: cards, edges, and a frame for every step.

>>> from engine import Value
>>> a, b = Value(-2.0, label="a"), Value(3.0, label="b")
>>> frames = animation(a * b)["frames"]
>>> [frame["kind"] for frame in frames]
['start', 'compute', 'ready', 'seed', 'visit', 'send', 'send', 'done']
>>> print(frames[5]["say"])
a·b sends its contribution to a:  ∂(a·b)/∂a = b = 3
>>> print(frames[5]["numbers"])
a.grad += 1 × 3 = 3
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, TypedDict

from ..diagnosis import Zeros
from ..foreign import by_original
from ..graph import topological_order
from ..printing import printable
from ..types import Node
from ..value import Value
from .collapse import Group, collapse_level
from .frames import Frames, Notation, edge_count, edge_numbers, is_leaf, loop_source
from .layered import Placed, Point
from .layout import place
from .neurons import neurons, used_once
from .picture import LARGEST, MOST, NamesParameters, names_by_value
from .scene import Card, Pill, Scene, nothing_sent, select, text

CARDS = 300  # at most
SHORT = 10  # characters of an expression that can stand three times in a rule
STALE = (
    "Stale: a leaf's data was changed after the forward pass, which these numbers are from. "
    "Build the graph again."
)
_SUBSCRIPT = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


class CardData(TypedDict):
    """A card on the page; `room` is how many characters of its name it shows."""

    id: int
    name: str
    room: int
    symbol: str
    note: str
    leaf: bool
    root: bool
    data: str
    sum: bool
    tip: str
    size: list[float]
    at: list[float]


class EdgeData(TypedDict):
    """An edge on the page: from a node to one of its parents."""

    id: int
    node: int
    parent: int
    local: str
    tip: str
    size: list[float]
    at: list[float]
    bend: list[list[float]]


class Animation(TypedDict):
    """All that a page shows; a frame is a `frames.Frame` as a dict."""

    title: str
    note: str
    frames: list[dict[str, Any]]
    code: list[str]
    cards: list[CardData]
    edges: list[EdgeData]


def animation(
    root: Value,
    *,
    title: str = "",
    names: Mapping[str, Any] | None = None,
    module: NamesParameters | None = None,
    collapse: str = "auto",
) -> Animation:
    """Return all that the page shows: cards, edges, the frames of both passes, the loop.

    Raises ValueError where there would be more than 300 cards.
    """
    order, leaves = topological_order(root)
    given = names_by_value(by_original([*leaves, *order]), names, module)
    scene = _scene(root, given, collapse)
    notation = Notation(_all_names(scene, root, given))
    frames = Frames(scene, root, notation)
    both = [*frames.forward(), *frames.backward()]
    arrived = {node: len(terms) for node, terms in frames.terms.items()}
    placed = _place(scene, arrived)
    return {
        "title": printable(title or _title(root, notation), 120),
        "note": STALE if scene.state == "stale" else "",
        "frames": [asdict(frame) for frame in both],
        "code": loop_source(),
        "cards": [
            _card(card, at, notation, frames.idle) for card, at in zip(scene.cards, placed.cards)
        ],
        "edges": _edges(scene, placed, notation),
    }


class _PillScene(Scene):
    """A scene with a pill on every edge, however many there are: something travels along each."""

    is_bare = False


def _scene(root: Value, names: Mapping[Node, str], collapse: str) -> Scene:
    order, leaves = topological_order(root)
    values = len(order) + len(leaves)
    if len(order) + sum(len(node.parents) for node in order) > MOST:
        raise ValueError(_too_large(f"{values:,} values", may_collapse=False))
    level = collapse_level(values, order, collapse)
    drawn = len(order) + sum(not leaf.constant for leaf in leaves)
    if level == "values" and drawn > CARDS:
        raise ValueError(_too_large(f"{drawn:,} values", may_collapse=bool(neurons(order))))
    selection = select(root, names, level=level)
    cards, edges = len(selection.boxes), len(selection.steps)
    if cards > CARDS or cards + edges > LARGEST:
        what = f"{cards:,} cards and {edges:,} edges"
        raise ValueError(_too_large(what, may_collapse=level == "neurons"))
    return _PillScene.of_selection(selection)


def _too_large(what: str, may_collapse: bool) -> str:
    layers = "collapse='layers' makes one card of a layer; " if may_collapse else ""
    return (
        f"{what} are more than a page shows ({CARDS} cards, {LARGEST:,} with edges): {layers}"
        "stepper(value) of an inner value, such as one neuron or one example's loss, plays that "
        "part; engine.text(root) lists every step, engine.debug(root) goes through them"
    )


# -- names
# -------------------------------------------------------------------------------------------------


def _all_names(scene: Scene, root: Value, given: Mapping[Node, str]) -> dict[Node, str]:
    """Return names for values without a label.

    Given ones, a neuron's, a group's, and v₁, v₂, … for leaves and long expressions.
    """
    names = _neuron_names(root, given) | _output_names(scene)
    names = {node: name for node, name in names.items() if not node.label} | dict(given)
    notation = Notation(names)
    count = 0
    for card in scene.cards:
        node = card.node
        if node.label or node in names or node.constant:
            continue
        if not node.parents or len(notation.name(node)) > min(_room(card), SHORT):
            count += 1
            names[node] = f"v{count}".translate(_SUBSCRIPT)
    return names


def _neuron_names(root: Value, names: Mapping[Node, str]) -> dict[Node, str]:
    """Return names for the sum and the output of each neuron that is used once."""
    single = used_once(topological_order(root)[0], names)
    sums = {neuron.sum: f"{prefix}.z" for prefix, neuron in single.items()}
    return sums | {neuron.output: prefix for prefix, neuron in single.items()}


def _output_names(scene: Scene) -> dict[Node, str]:
    """Return names for the outputs of groups: the group's, with a number if there are several."""
    groups = [card.node for card in scene.cards if isinstance(card.node, Group)]
    return {
        output: f"{group.label}[{i}]" if group.is_sum else group.label
        for group in groups
        for i, output in enumerate(group.outputs)
    }


def _title(root: Value, notation: Notation) -> str:
    name = notation.expression(root) if root.parents else notation.name(root)
    return f"{name} = {text(root.data)}"


# -- cards and edges
# -------------------------------------------------------------------------------------------------


def _place(scene: Scene, arrived: Mapping[Node, int]) -> Placed:
    """Return where everything stands.

    A card is higher where more than one contribution arrives, whatever its grad is now.
    """
    for card in scene.cards:
        card.fixed_height = 94.0 if arrived.get(card.node, 0) > 1 else 80.0
    return place(scene)


def _card(card: Card, centre: Point, notation: Notation, idle: Zeros) -> CardData:
    return {
        "id": card.number,
        "name": notation.name(card.node),
        "room": _room(card),
        "symbol": card.chip,
        "note": card.note,
        "leaf": is_leaf(card.node),
        "root": card.is_root,
        "data": text(card.node.data),
        "sum": card.kind == "layer",
        "tip": printable(_tooltip(card.node, notation) + nothing_sent(card.node, idle), 400),
        "size": [card.width, card.height],
        "at": _rounded(centre),
    }


def _room(card: Card) -> int:
    """Return how many characters of its name a card shows, beside the chip and the note."""
    chip = max(20.0, 10 + 6.7 * len(card.chip)) + 2 if card.chip else 0.0
    note = 6.7 * len(card.note) + 6 if card.note else 0.0
    return int((card.width - 15 - chip - note) / 7.9)


def _tooltip(node: Node, notation: Notation) -> str:
    if isinstance(node, Group):
        return f"{node.label}: one card for a {node.kind}, {len(node.members)} values inside"
    if node.parents:
        return f"{notation.expression(node)} = {text(node.data)}"
    return f"{notation.name(node)}: a leaf, {text(node.data)}"


def _edges(scene: Scene, placed: Placed, notation: Notation) -> list[EdgeData]:
    """Return the edges by their numbers."""
    numbers = edge_numbers(scene.pills)
    edges = [
        _edge(pill, numbers[id(pill)], centre, placed.bends.get(i, []), notation)
        for i, (pill, centre) in enumerate(zip(scene.pills, placed.pills, strict=True))
    ]
    return sorted(edges, key=lambda edge: edge["id"])


def _edge(
    pill: Pill, number: int, centre: Point, bend: Sequence[Point], notation: Notation
) -> EdgeData:
    """Return an edge; its bends go from the child to the pill, the way that a grad travels."""
    return {
        "id": number,
        "node": pill.child.number,
        "parent": pill.parent.number,
        "local": f"× {text(pill.step.local)}" if pill.is_single else edge_count(pill),
        "tip": printable(notation.equation(pill), 400),
        "size": [pill.width, pill.height],
        "at": _rounded(centre),
        "bend": [_rounded(point) for point in bend[-2:0:-1]],
    }


def _rounded(point: Point) -> list[float]:
    return [round(x, 1) for x in point]
