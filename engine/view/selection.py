"""What of a graph is drawn: its values, or groups of them, and a step for every edge between them.

>>> from engine import Value
>>> x = Value(3.0, label="x")
>>> y = x * x
>>> selection = select(y)
>>> [box is x or box is y for box in selection.boxes], len(selection.steps), selection.state
([True, True], 2, 'forward only')

The order and the neurons of a graph are found once, by `Graph`; all that follows walks down.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from ..explain import Step
from ..graph import topological_order
from ..types import Node
from ..value import Value
from .collapse import Unsent, collapsed, with_repeats_bundled, with_running_sums
from .neurons import Neuron, inside_part, neurons, operation_of, output_names


class Graph:
    """A graph that is to be drawn: its order and leaves, and its neurons once they are needed."""

    def __init__(self, root: Value):
        self.root = root
        self.order, self.leaves = topological_order(root)

    @cached_property
    def neurons(self) -> list[Neuron]:
        """The neurons of the whole graph, in the order of computation."""
        return neurons(self.order)

    @property
    def edges(self) -> int:
        """How many edges there are, those to plain numbers among them."""
        return sum(len(node.parents) for node in self.order)


class Selection(NamedTuple):
    """What of a graph is drawn: values or groups as boxes, and a step for every edge.

    `parts` are the contributions of the edges that one step stands for, by child and parent.
    """

    root: Value
    names: Mapping[Node, str]
    steps: list[Step]
    state: str
    boxes: list[Node]
    rebuilt: Mapping[Node, float]
    constants: bool
    level: str
    parts: Mapping[tuple[Node, Node], list[float]]


def select(
    root: Value,
    names: Mapping[Node, str] | None = None,
    constants: bool = False,
    level: str = "values",
    part: Container[Node] | None = None,
    to_come: Iterable[Step] = (),
    graph: Graph | None = None,
) -> Selection:
    """Return the boxes and steps of a scene; no card is made yet.

    `names` override labels, `constants` gives plain numbers boxes of their own, `part` are the
    values that are drawn, and the edges of `to_come` have not sent yet. `level` is "values", or
    "neurons" or "layers", which are then one box each, or "uses", a box for every use of a neuron
    and one for all that follows the last neurons.
    """
    graph = graph or Graph(root)
    order: Sequence[Node] = graph.order
    every = graph.neurons
    names = output_names(every, names or {}) | dict(names or {})
    rebuilt, waiting = rebuilt_data(order), {(step.node, step.slot) for step in to_come}
    state = "stale" if rebuilt else "under way" if waiting else _swept(root, order)
    inputs = {x for neuron in every for x in neuron.inputs} if level == "uses" else set()
    drawn = [x for x in [*graph.leaves, *order] if not x.constant or constants or x in inputs]
    boxes: list[Node] = [*drawn] if root in drawn else [*drawn, root]
    steps = _edges(root, order, set(boxes), waiting)
    if part is not None:
        boxes = [node for node in boxes if node in part]
        steps = [step for step in steps if step.node in part and step.parent in part]
        steps = with_running_sums(steps, root)
        every = [neuron for neuron in inside_part(every, part)]
    parts: dict[tuple[Node, Node], list[float]] = {}
    if level != "values":
        boxes, steps, parts = collapsed(root, every, boxes, steps, level, names)
    steps, repeats = with_repeats_bundled(steps)
    return Selection(
        root, names, steps, state, boxes, rebuilt, constants, level, {**parts, **repeats}
    )


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
) -> list[Step]:
    """Return a step for every edge in the order of the sweep; one that carries nothing adds 0.

    From the first edge on that waits, nothing has been sent: what a grad is at that moment may
    still be cancelled by what is to come.
    """
    grads = {root: 1.0}
    steps: list[Step] = []
    is_to_come = False
    for node in reversed(order):
        upstream = grads.get(node, 0.0)
        for slot, (parent, local) in enumerate(zip(node.parents, node.local_derivatives())):
            is_waiting = (node, slot) in waiting
            is_to_come = is_to_come or is_waiting
            sent = 0.0 if is_to_come else upstream
            local = local if isinstance(local, float) else float(local)
            contribution = sent * local if sent else 0.0
            before = grads.get(parent, 0.0)
            grads[parent] = before + contribution
            if parent in drawn:
                make = Unsent if is_waiting else Step
                numbers = local, sent, contribution, before, grads[parent]
                steps.append(make(len(steps), node, parent, slot, *numbers))
    return steps
