"""What of a graph is drawn: its values, or groups of them, and a step for every edge between them.

>>> from engine import Value
>>> x = Value(3.0, label="x")
>>> y = x * x
>>> selection = select(Graph(y))
>>> [box is x or box is y for box in selection.boxes], len(selection.steps), selection.state
([True, True], 2, 'forward only')

The order and the neurons of a graph are found once, by `Graph`, which all that follows reads.
"""

from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from functools import cached_property
from itertools import chain
from typing import Any, NamedTuple, cast

from ..diagnosis import Zeros
from ..explain import Step, zeros
from ..graph import topological_order
from ..types import Node
from ..value import Value
from .collapse import Edge, Unsent, collapsed, edge_of, with_repeats_bundled, with_running_sums
from .neurons import Neuron, inside_part, neurons, operation_of, output_names

ALONE = 300  # values around a single neuron that are drawn one by one


class Graph:
    """A graph that is to be drawn: its order and leaves, and what is found in it, once."""

    def __init__(self, root: Value):
        self.root = root
        self.order, self.leaves = topological_order(root)

    @cached_property
    def neurons(self) -> list[Neuron]:
        """The neurons of the whole graph, in the order of computation."""
        return neurons(self.order)

    @cached_property
    def numbers(self) -> dict[Any, int]:
        """The number of each node: leaves as they are met, then the others."""
        return {node: i for i, node in enumerate([*self.leaves, *self.order])}

    @cached_property
    def edge_numbers(self) -> dict[tuple[Node, int], int]:
        """The number of each edge, by its node and the position of the operand."""
        every = [(node, slot) for node in self.order for slot in range(len(node.parents))]
        return {edge: i for i, edge in enumerate(every)}

    @cached_property
    def edges(self) -> int:
        """How many edges there are, those to plain numbers among them."""
        return sum(len(node.parents) for node in self.order)

    def zeros(self, names: Mapping[Node, str]) -> Zeros:
        """Return which nodes send nothing in the backward pass, and why."""
        return zeros(self.root, names, self.order)

    def level(self, collapse: str | bool | None) -> str:
        """Return what a card stands for: "values", "neurons" or "layers"."""
        if (level := known_level(collapse)) != "auto":
            return level
        values = len(self.order) + len(self.leaves)
        if values <= 60 or not self.neurons:
            return "values"
        if len(self.neurons) == 1 and values <= ALONE:  # one neuron is shown, not hidden
            return "values"
        return "neurons" if values <= 300 else "layers"


def known_level(collapse: str | bool | None) -> str:
    """Return "values", "neurons", "layers" or "auto". Raises ValueError for anything else."""
    if collapse in (None, False, "none", "values"):
        return "values"
    if collapse in ("neuron", "neurons", "layer", "layers"):
        return str(collapse).rstrip("s") + "s"
    if collapse != "auto":
        raise ValueError(f"collapse {collapse!r}: use 'auto', 'none', 'neurons' or 'layers'")
    return "auto"


class Selection(NamedTuple):
    """What of a graph is drawn: values or groups as boxes, and a step for every edge.

    `behind` are the edges of the graph that a step stands for, where it is not one of these itself.
    """

    graph: Graph
    names: Mapping[Node, str]
    steps: list[Step]
    state: str
    boxes: list[Node]
    rebuilt: Mapping[Node, float]
    constants: bool
    level: str
    behind: Mapping[Edge, list[Step]]

    @property
    def root(self) -> Value:
        """The root of the whole graph, which need not be drawn."""
        return self.graph.root


def select(
    graph: Graph,
    names: Mapping[Node, str] | None = None,
    constants: bool = False,
    level: str = "values",
    part: Collection[Node] | None = None,
    to_come: Iterable[Step] = (),
) -> Selection:
    """Return the boxes and steps of a scene; no card is made yet.

    `names` override labels, `constants` gives plain numbers boxes of their own, `part` are the
    values that are drawn, and the edges of `to_come` have not sent yet. `level` is "values", or
    "neurons" or "layers", which are then one box each, or "uses", a box for every use of a neuron
    and one for all that follows the last neurons.
    """
    root, order = graph.root, cast(Sequence[Node], graph.order)
    every = graph.neurons if level != "values" or _has_dotted(graph, names or {}) else []
    names = output_names(every, names or {}) | dict(names or {})
    rebuilt, waiting = rebuilt_data(order), {(step.node, step.slot) for step in to_come}
    state = "stale" if rebuilt else "under way" if waiting else _swept(root, order)
    inputs = {x for neuron in every for x in neuron.inputs} if level == "uses" else set()
    every_node = chain(graph.leaves, order)
    some = every_node if part is None else [node for node in every_node if node in part]
    boxes: list[Node] = [x for x in some if not x.constant or constants or x in inputs or x is root]
    steps = _edges(root, order, set(boxes), waiting, part)
    if part is not None:
        steps = with_running_sums(steps, root)
        every = inside_part(every, part)
    behind: dict[Edge, list[Step]] = {}
    if level != "values":
        boxes, steps, behind = collapsed(root, every, boxes, steps, level, names)
    steps, repeats = with_repeats_bundled(steps)
    for edge, several in repeats.items():
        behind[edge] = [one for step in several for one in behind.get(edge_of(step), [step])]
    return Selection(graph, names, steps, state, boxes, rebuilt, constants, level, behind)


def _has_dotted(graph: Graph, names: Mapping[Node, str]) -> bool:
    """Return whether a name has a part before its last, which names the neuron of a parameter."""
    labels = (node.label for node in chain(graph.leaves, graph.order))
    return any("." in name for name in chain(names.values(), labels))


def _swept(root: Node, order: Iterable[Node]) -> str:
    is_swept = root.grad != 0.0 or any(node.grad != 0.0 for node in order)
    return "swept" if is_swept else "forward only"


def rebuilt_data(order: Iterable[Node]) -> dict[Node, float]:
    """Return the data of a graph built again from its leaves as they are now, where it differs.

    >>> from engine import Value
    >>> x = Value(2.0); y = x * 3; x.data = 5.0
    >>> rebuilt_data([y])[y]
    15.0
    """
    rebuilt: dict[Node, float] = {}
    for node in order:
        numbers = [rebuilt.get(parent, float(parent.data)) for parent in node.parents]
        data = float(operation_of(node).forward(*numbers))
        are_both_nan = data != data and node.data != node.data
        if data != node.data and not are_both_nan:
            rebuilt[node] = data
    return rebuilt


def _edges(
    root: Node,
    order: Sequence[Node],
    drawn: Container[Node],
    waiting: Container[tuple[Node, int]],
    part: Collection[Node] | None,
) -> list[Step]:
    """Return a step for every edge in the order of the sweep; one that carries nothing adds 0.

    Of a part these are the edges inside of it, and the sweep ends with the last node of the part.

    From the first edge on that waits, nothing has been sent: what a grad is at that moment may
    still be cancelled by what is to come.
    """
    grads = {root: 1.0}
    steps: list[Step] = []
    is_to_come = False
    left = len(order) if part is None else sum(bool(node.parents) for node in part)
    for node in reversed(order):
        if not left:
            break
        is_inside = part is None or node in part
        left -= is_inside
        upstream = grads.get(node, 0.0)
        for slot, (parent, local) in enumerate(zip(node.parents, node.local_derivatives())):
            is_waiting = (node, slot) in waiting
            is_to_come = is_to_come or is_waiting
            sent = 0.0 if is_to_come else upstream
            local = local if isinstance(local, float) else float(local)
            contribution = sent * local if sent else 0.0
            before = grads.get(parent, 0.0)
            grads[parent] = before + contribution
            if is_inside and parent in drawn:
                make = Unsent if is_waiting else Step
                numbers = local, sent, contribution, before, grads[parent]
                steps.append(make(len(steps), node, parent, slot, *numbers))
    return steps
