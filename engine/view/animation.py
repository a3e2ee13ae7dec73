"""What a stepper page shows, as plain data: the graph, its cards and edges, and every frame.

>>> from engine import Value
>>> a, b = Value(-2.0, label="a"), Value(3.0, label="b")
>>> shown = animation(Graph(a * b))
>>> [frame["kind"] for frame in shown["frames"]]
['start', 'compute', 'ready', 'seed', 'skip', 'visit', 'send', 'send', 'done']
>>> shown["nodes"]["data"], shown["nodes"]["parents"], shown["nodes"]["slopes"]
([-2.0, 3.0, -6.0], [[0, 1]], [3.0, -2.0])

The numbers of the nodes are the only ones: all others on the page are computed from them.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, replace
from math import isfinite
from typing import Any, TypedDict

from ..foreign import Presumed, Unknown, by_original
from ..formula import UNNAMED, bracketed
from ..location import place as place_of
from ..printing import printable
from ..types import Node
from .collapse import Group
from .frames import (
    Frame,
    Frames,
    Notation,
    edge_count,
    edge_numbers,
    is_leaf,
    loop_lines,
    loop_source,
    number_of,
)
from .layered import Placed, Point
from .layout import place
from .neurons import Neuron, operation_of, used_once
from .picture import LARGEST, MOST, NamesParameters, names_by_value
from .scene import Card, Pill, Scene
from .selection import Graph, select

CARDS = 300  # at most
SHORT = 10  # characters of an expression that can stand three times in a rule
STALE = (
    "Stale: a leaf's data was changed after the forward pass, which these numbers are from. "
    "Build the graph again."
)
_SUBSCRIPT = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


class Nodes(TypedDict):
    """The graph itself, leaves first; interior nodes have parents, and a slope for each of these.

    `slopes` are those of all interior nodes, one after the other. A number that is not finite is a
    text. Slopes that are presumed, and nan where a slope is unknown, are shown with a `?`. Names
    are as beside ∂ and .grad; `at` is where each node was made, as an index into `places`.
    """

    data: list[float | str]
    parents: list[list[int]]
    slopes: list[float | str]
    presumed: list[int]
    unknown: bool
    operations: list[str]
    constants: list[int]
    names: list[str]
    places: list[str]
    at: list[int]
    root: int


class LeafData(TypedDict):
    """A leaf whose number can be changed on the page; `learns` whether it is a parameter."""

    node: int
    name: str
    learns: bool


class UseData(TypedDict):
    """One use of a neuron, by the numbers of nodes.

    `products` are those of a sum that is spelled out, each with the slot of its weight; `bias` is
    the addition of the bias and its slot there, or nothing.
    """

    sum: int
    output: int
    products: list[tuple[int, int]]
    bias: tuple[int, int] | tuple[()]


class CardData(TypedDict):
    """A card on the page; `room` is how many characters of its name it shows.

    `outputs` are the nodes whose data and grad it has, as sums where they are several. `inside` are
    all nodes of a group, `uses` its neurons. `at` is its place in the layout from left to right,
    `down` in that from top to bottom.
    """

    id: int
    name: str
    room: int
    symbol: str
    note: str
    leaf: bool
    root: bool
    sum: bool
    outputs: list[int]
    inside: list[int]
    uses: list[UseData]
    tip: str
    size: list[float]
    at: list[float]
    down: list[float]


class EdgeData(TypedDict):
    """An edge on the page, from a card to one of its parents.

    It carries what the edges `sends` of the graph carry; the product of the slopes of `chain` is
    its local derivative, where it has one. Edges of the graph are numbered as `slopes` are.
    """

    id: int
    node: int
    parent: int
    sends: list[int]
    chain: list[int]
    count: str
    operand: str
    tip: str
    size: list[float]
    at: list[float]
    bend: list[int]
    down: list[float]
    bend_down: list[int]


class Animation(TypedDict):
    """All that a page shows; a frame is a `frames.Frame` as a dict, of what is not empty.

    `lines` are those of `code` that each kind of frame runs, `steps` is how many frames of the
    backward pass are played at first.
    """

    title: str
    note: str
    frames: list[dict[str, Any]]
    steps: int
    code: list[str]
    lines: dict[str, tuple[int, ...]]
    cards: list[CardData]
    edges: list[EdgeData]
    nodes: Nodes
    leaves: list[LeafData]
    names: list[list[str]]


def animation(
    graph: Graph,
    *,
    title: str = "",
    names: Mapping[str, Any] | None = None,
    module: NamesParameters | None = None,
    collapse: str = "auto",
) -> Animation:
    """Return all that the page shows: cards, edges, the frames of both passes, the loop.

    Raises ValueError where there would be more than 300 cards.
    """
    numbers = graph.numbers
    given = names_by_value(by_original(numbers), names, module)
    scene = _scene(graph, given, collapse)
    invented = _all_names(scene, graph, given)
    notation = Notation(invented, numbers)
    frames = Frames(scene, notation)
    both = [*frames.forward(), *frames.backward()]
    across, down = _places(scene, frames)
    return {
        "title": printable(title, 120) or _title(graph.root, notation),
        "note": STALE if scene.state == "stale" else "",
        "frames": [_given(frame) for frame in both],
        "steps": frames.count(),
        "code": loop_source(),
        "lines": dict(loop_lines()),
        "cards": [
            _card(card, (across.cards[i], down.cards[i]), notation)
            for i, card in enumerate(scene.cards)
        ],
        "edges": _edges(scene, graph, (across, down), notation),
        "nodes": _nodes(numbers, invented),
        "leaves": _leaves(numbers, notation, module),
        "names": _explained(scene, invented, notation),
    }


def _given(frame: Frame) -> dict[str, Any]:
    """Return the fields of a frame that say something."""
    return {name: x for name, x in asdict(frame).items() if x not in ("", None)}


def _nodes(numbers: Mapping[Node, int], names: Mapping[Node, str] = UNNAMED) -> Nodes:
    interior = [node for node in numbers if node.parents]
    slopes = [slope for node in interior for slope in node.local_derivatives()]
    places = [printable(place_of(node), 80) for node in numbers]
    index = {place: i for i, place in enumerate(dict.fromkeys(places))}
    return {
        "data": [_finite(node.data) for node in numbers],
        "parents": [[numbers[parent] for parent in node.parents] for node in interior],
        "slopes": [_finite(slope) for slope in slopes],
        "presumed": [i for i, slope in enumerate(slopes) if isinstance(slope, Presumed)],
        "unknown": any(isinstance(slope, Unknown) for slope in slopes),
        "operations": [operation_of(node).name for node in interior],
        "constants": [i for node, i in numbers.items() if _is_plain(node)],
        "names": ["" if _is_plain(node) else bracketed(node, names) for node in numbers],
        "places": [*index],
        "at": [index[place] for place in places],
        "root": len(numbers) - 1,
    }


def _is_plain(node: Node) -> bool:
    return node.constant and not node.parents


def _finite(x: float) -> float | str:
    """Return a number that JSON can have; of another its name."""
    return float(x) if isfinite(x) else repr(x + 0.0) if x == x else "nan"


def _leaves(
    numbers: Mapping[Node, int], notation: Notation, module: NamesParameters | None
) -> list[LeafData]:
    """Return the leaves that are no constants.

    A module's parameters learn, without a module what has a label.
    """
    parameters = set(module.named_parameters().values()) if module else None
    return [
        {
            "node": i,
            "name": printable(notation.names.get(leaf) or leaf.label or f"leaf {i}"),
            "learns": leaf in parameters if parameters else bool(leaf.label),
        }
        for leaf, i in numbers.items()
        if not leaf.parents and not leaf.constant
    ]


def _explained(scene: Scene, names: Mapping[Node, str], notation: Notation) -> list[list[str]]:
    """Return the names that were made for the page, each with what it stands for."""
    return [
        [names[card.node], notation.expression(card.node).removeprefix(f"{names[card.node]} = ")]
        for card in scene.cards
        if names.get(card.node, "").startswith("v") and card.node.parents
    ]


class _PillScene(Scene):
    """A scene with a pill on every edge, however many there are: something travels along each."""

    is_bare = False


def _scene(graph: Graph, names: Mapping[Node, str], collapse: str) -> Scene:
    if len(graph.order) + graph.edges > MOST:
        raise ValueError(_too_large(f"{len(graph.numbers):,} values", may_collapse=False))
    level = graph.level(collapse)
    drawn = len(graph.order) + sum(not leaf.constant for leaf in graph.leaves)
    if level == "values" and drawn > CARDS:
        raise ValueError(_too_large(f"{drawn:,} values", may_collapse=bool(graph.neurons)))
    selection = select(graph, names, level=level)
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


def _all_names(scene: Scene, graph: Graph, given: Mapping[Node, str]) -> dict[Node, str]:
    """Return names for values without a label.

    Given ones, a neuron's, a group's, and v₁, v₂, … for leaves and long expressions.
    """
    names = _neuron_names(graph, given) | _output_names(scene)
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


def _neuron_names(graph: Graph, names: Mapping[Node, str]) -> dict[Node, str]:
    """Return names for the sum and the output of each neuron that is used once."""
    single = used_once(graph.neurons, names)
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


def _title(root: Node, notation: Notation) -> str:
    name = notation.expression(root) if root.parents else notation.name(root)
    return f"{printable(name, 100)} = {number_of('v', notation.numbers[root])}"


# -- cards and edges
# -------------------------------------------------------------------------------------------------


def _places(scene: Scene, frames: Frames) -> tuple[Placed, Placed]:
    """Return where everything stands, from left to right and from top to bottom.

    A card is higher where more than one contribution arrives, whatever its grad is now.
    """
    arriving = Counter(id(pill.parent) for pill in scene.pills)
    for card in scene.cards:
        terms = arriving[id(card)] + (card.node is frames.root)
        card.fixed_height = 94.0 if terms > 1 else 80.0
    return place(scene), place(replace(scene, direction="TB"))


def _card(card: Card, centres: tuple[Point, Point], notation: Notation) -> CardData:
    node = card.node
    outputs = node.outputs if isinstance(node, Group) else [node]
    return {
        "id": card.number,
        "name": notation.name(node),
        "room": _room(card),
        "symbol": card.chip,
        "note": card.note,
        "leaf": is_leaf(node),
        "root": card.is_root,
        "sum": card.kind == "layer",
        "outputs": [notation.numbers[output] for output in outputs],
        "inside": [notation.numbers[x] for x in node.members] if isinstance(node, Group) else [],
        "uses": [_use(x, notation) for x in node.uses] if isinstance(node, Group) else [],
        "tip": _tooltip(card, notation),
        "size": [card.width, card.height],
        "at": _rounded(centres[0]),
        "down": _rounded(centres[1]),
    }


def _use(neuron: Neuron, notation: Notation) -> UseData:
    numbers, bias = notation.numbers, neuron.bias_edge()
    is_shown = bias is not None and not _is_plain(bias[0].parents[bias[1]])
    return {
        "sum": numbers[neuron.sum],
        "output": numbers[neuron.output],
        "products": [
            (numbers[product], int(product.parents[0] is not neuron.weights[i]))
            for product, i in neuron.products.items()
        ],
        "bias": (numbers[bias[0]], bias[1]) if bias is not None and is_shown else (),
    }


def _room(card: Card) -> int:
    """Return how many characters of its name a card shows, beside the chip and the note."""
    chip = max(20.0, 10 + 6.7 * len(card.chip)) + 2 if card.chip else 0.0
    note = 6.7 * len(card.note) + 6 if card.note else 0.0
    return int((card.width - 15 - chip - note) / 7.9)


def _tooltip(card: Card, notation: Notation) -> str:
    node, data = card.node, number_of("d", card.number)
    if isinstance(node, Group):
        return f"{node.label}: one card for a {node.kind}, {len(node.members)} values inside"
    if node.parents:
        return f"{printable(notation.expression(node), 400)} = {data}"
    return f"{notation.name(node)}: a leaf, {data}"


def _edges(
    scene: Scene, graph: Graph, placed: tuple[Placed, Placed], notation: Notation
) -> list[EdgeData]:
    """Return the edges by their numbers."""
    numbers = edge_numbers(scene.pills)
    edge_of = graph.edge_numbers
    edges = [
        _edge(pill, numbers[id(pill)], i, placed, edge_of, notation)
        for i, pill in enumerate(scene.pills)
    ]
    return sorted(edges, key=lambda edge: edge["id"])


def _edge(
    pill: Pill,
    number: int,
    position: int,
    placed: tuple[Placed, Placed],
    edge_of: Mapping[tuple[Node, int], int],
    notation: Notation,
) -> EdgeData:
    """Return an edge; its bends go from the child to the pill, the way that a grad travels."""
    across, down = placed
    sends = [edge_of[edge.node, edge.slot] for edge in pill.behind]
    return {
        "id": number,
        "node": pill.child.number,
        "parent": pill.parent.number,
        "sends": sends,
        "chain": [edge_of[edge] for edge in _chain(pill)],
        "count": "" if pill.is_single else edge_count(pill),
        "operand": pill.operand,
        "tip": notation.equation(pill, number),
        "size": [pill.width, pill.height],
        "at": _rounded(across.pills[position]),
        "bend": _bends(across, position),
        "down": _rounded(down.pills[position]),
        "bend_down": _bends(down, position),
    }


def _bends(placed: Placed, position: int) -> list[int]:
    """Return x, y, x, y, … of the points of an edge's curves, from child to parent.

    Both ends are left out.
    """
    points = [(round(x), round(y)) for x, y in reversed(placed.bends.get(position, []))]
    return [number for point in _joined(points)[1:-1] for number in point]


def _joined(points: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the points of curves with those joined that go on along one level."""
    joined = points[:4]
    for i in range(4, len(points), 3):
        across, down = zip(*joined[-4:], *points[i : i + 3])
        if len({*across}) == 1 or len({*down}) == 1:
            joined[-2:] = points[i + 1 : i + 3]
        else:
            joined += points[i : i + 3]
    return joined


def _chain(pill: Pill) -> list[tuple[Node, int]]:
    """Return the edges of the graph whose slopes make the local derivative of a pill.

    From the output of a neuron to an operand these are two, that of the sum and the activation's.
    """
    if not pill.is_single:
        return []
    [edge] = pill.behind
    uses = pill.step.node.uses if isinstance(pill.step.node, Group) else []
    inside = [use for use in uses if edge.node in (use.sum, *use.inside)]
    activations = [(use.output, 0) for use in inside if use.output is not use.sum]
    return [(edge.node, edge.slot), *activations]


def _rounded(point: Point) -> list[float]:
    return [round(x, 1) for x in point]
