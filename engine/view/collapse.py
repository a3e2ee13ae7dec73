"""Large graphs made small: one card for a neuron or for a layer, with sums that still hold.

Weights and biases are inside if nobody else uses them. Uses with the same weights are one neuron,
neurons with the same inputs one layer.

>>> from engine import Value, weighted_sum
>>> from engine.view.scene import Scene
>>> w, x, b = Value(2.0), Value(3.0, label="x"), Value(1.0)
>>> y = weighted_sum([w], [x], b).tanh(); y.label = "y"
>>> [(card.title, card.kind) for card in Scene.of(y, level="neurons").cards]
[('x', 'leaf'), ('y', 'neuron')]
"""

from collections.abc import Iterable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from math import nan

from ..explain import Step
from ..ieee import add_up
from ..printing import plural
from ..types import Node
from .neurons import Neuron, neurons, operation_of


class Group:
    """What stands for several values in a scene, and is a Node to it."""

    parents: tuple[Node, ...] = ()
    operation = None
    created_at = None
    constant = False

    def __init__(self, kind: str, label: str, chip: str):
        self.kind, self.label, self.chip = kind, label, chip
        self.members: list[Node] = []
        self.uses: list[Neuron] = []
        self.outputs: list[Node] = []  # the values that are seen from outside: one for each use
        self.data = self.grad = 0.0

    @property
    def is_sum(self) -> bool:
        """Whether data and grad are sums over several outputs."""
        return len(self.outputs) > 1

    @property
    def note(self) -> str:
        """How many neurons a layer has, or how often a neuron is used."""
        if self.kind == "layer":
            return plural(len({neuron.parameters for neuron in self.uses}), "neuron")
        return f"{len(self.uses)}×" if len(self.uses) > 1 else ""

    def local_derivatives(self) -> tuple[float, ...]:
        """Return (): a group has no parents, the steps of a scene say what it passes on."""
        return ()


class Bundle(Step):
    """The sum over several edges between two boxes.

    `slot` is how many they are. There is no one local derivative.
    """

    __slots__ = ()


class Unsent(Step):
    """An edge of a sweep under way that has not sent yet."""

    __slots__ = ()


class UnsentBundle(Bundle):
    """Several edges of which some have not sent yet: the contribution is what has arrived."""

    __slots__ = ()


UNSENT = (Unsent, UnsentBundle)


def collapse_level(count: int, order: Sequence[Node], collapse: str | bool | None) -> str:
    """Return how a graph of `count` values is drawn: by "values", "neurons" or "layers"."""
    if collapse in (None, False, "none", "values"):
        return "values"
    if collapse in ("neuron", "neurons", "layer", "layers"):
        return str(collapse).rstrip("s") + "s"
    if collapse != "auto":
        raise ValueError(f"collapse {collapse!r}: take 'auto', 'none', 'neurons' or 'layers'")
    if count <= 60 or not neurons(order):
        return "values"
    return "neurons" if count <= 300 else "layers"


def collapsed(
    root: Node,
    order: Sequence[Node],
    shown: Sequence[Node],
    steps: Sequence[Step],
    level: str,
    names: Mapping[Node, str],
) -> tuple[list[Node], list[Step]]:
    """Return boxes in the place of the values, in topological order, and the steps between them."""
    every = neurons(order)
    # Merged, a recurrent network may become a circle: then its neurons or their uses stay apart.
    for merge in dict.fromkeys((level, "neurons", "none")):
        box_of = _boxes(every, shown, steps, merge, names)
        try:
            return _borders(root, shown, steps, box_of, merge)
        except CycleError:
            continue
    raise AssertionError("single neurons make no circle")


# -- which box a value is in
# -------------------------------------------------------------------------------------------------


def _boxes(
    every: Sequence[Neuron],
    shown: Sequence[Node],
    steps: Sequence[Step],
    merge: str,
    names: Mapping[Node, str],
) -> dict[Node, Node]:
    """Return for every value the box that it is drawn in: itself, or a group."""
    groups: dict[object, Group] = {}
    box_of: dict[Node, Node] = {node: node for node in shown}
    layer_of: dict[tuple[Node, ...], object] = {}
    for neuron in every:
        key = _key(neuron, merge, layer_of)
        group = groups.setdefault(key, _group(neuron, merge, names, len(groups)))
        box_of |= dict.fromkeys((*neuron.inside, neuron.output), group)
        group.uses.append(neuron)
        group.outputs.append(neuron.output)
    _move_parameters_inside(box_of, every, steps)
    for node in shown:
        box = box_of[node]
        if isinstance(box, Group):
            box.members.append(node)
    return box_of


def _key(neuron: Neuron, merge: str, layer_of: dict[tuple[Node, ...], object]) -> object:
    """Return what all neurons of one group have in common."""
    if merge == "layers":  # plain numbers are another constant for each neuron
        inputs = tuple(x.data if x.constant else x for x in neuron.inputs)
        return layer_of.setdefault(neuron.parameters, inputs)
    return neuron.sum if merge == "none" else neuron.parameters


def _group(neuron: Neuron, merge: str, names: Mapping[Node, str], number: int) -> Group:
    title = neuron.title(names)
    chip = "Σ w·a" if neuron.output is neuron.sum else operation_of(neuron.output).symbol
    if merge == "layers":
        return Group("layer", title.rpartition(".")[0] or f"layer {number}", chip)
    return Group("neuron", title or f"neuron {number}", chip)


def _move_parameters_inside(
    box_of: dict[Node, Node], every: Sequence[Neuron], steps: Iterable[Step]
) -> None:
    """Put weights and biases into the group that is their only user; inputs stay outside."""
    users: dict[Node, set[Node]] = {}
    for step in steps:
        users.setdefault(step.parent, set()).add(box_of[step.node])
    inputs = {x for neuron in every for x in neuron.inputs}
    for neuron in every:
        for parameter in neuron.parameters:
            is_free = parameter in box_of and not parameter.parents and parameter not in inputs
            if is_free and len(users[parameter]) == 1:
                box_of[parameter] = box_of[neuron.sum]


# -- what crosses the borders
# -------------------------------------------------------------------------------------------------


def _borders(
    root: Node,
    shown: Sequence[Node],
    steps: Sequence[Step],
    box_of: Mapping[Node, Node],
    merge: str,
) -> tuple[list[Node], list[Step]]:
    """Return the boxes, leaves first, and the steps between them. Raises CycleError."""
    parents: dict[Node, dict[Node, None]] = {box_of[node]: {} for node in shown}
    neuron_of = {
        node: neuron
        for group in parents
        if isinstance(group, Group)
        for neuron in group.uses
        for node in (*neuron.inside, neuron.output)
    }
    edges: dict[object, list[Step]] = {}
    for step in steps:
        child, parent = box_of[step.node], box_of[step.parent]
        if child is not parent or _is_recurrence(step, neuron_of):
            parents[child][parent] = None
            is_used_often = isinstance(child, Group) and len(child.uses) > 1
            is_one_of_many = not (merge == "layers" or is_used_often)
            edge = (step.node, step.slot) if is_one_of_many else ()
            edges.setdefault((child, parent, *edge), []).append(step)
    boxes = _topological(parents)
    position = {box: i for i, box in enumerate(boxes)}
    borders = [_border_step(group, box_of, neuron_of) for group in edges.values()]
    borders.sort(key=lambda step: -position[step.node])
    borders = with_running_sums(borders, box_of.get(root, root))  # the root may not be drawn
    _set_sums(steps, borders, boxes, root)
    leaves_first = sorted(boxes, key=lambda node: bool(node.parents) or isinstance(node, Group))
    return leaves_first, _ending_as_swept(steps, borders)


def _topological(parents: Mapping[Node, Iterable[Node]]) -> list[Node]:
    """Return boxes after those that they use, else in the order of computation.

    Raises CycleError.
    """
    position = {box: i for i, box in enumerate(parents)}
    sorter = TopologicalSorter(parents)
    sorter.prepare()
    boxes: list[Node] = []
    while sorter:
        ready = sorted(sorter.get_ready(), key=position.__getitem__)
        boxes += ready
        sorter.done(*ready)
    return boxes


def _is_recurrence(step: Step, neuron_of: Mapping[Node, Neuron]) -> bool:
    """Whether a neuron takes another's output; if both are in one group, that is a circle."""
    return step.parent in neuron_of and neuron_of[step.parent] is not neuron_of.get(step.node)


def _border_step(
    steps: Sequence[Step], box_of: Mapping[Node, Node], neuron_of: Mapping[Node, Neuron]
) -> Step:
    """Return one step for the edges between two boxes.

    A single edge keeps its local derivative: from the neuron's output to the operand.
    """
    first = steps[0]
    child, parent = box_of[first.node], box_of[first.parent]
    if len(steps) > 1 or (isinstance(child, Group) and child.is_sum):
        contribution = add_up([step.contribution for step in steps])
        kind = UnsentBundle if any(isinstance(step, UNSENT) for step in steps) else Bundle
        return kind(0, child, parent, len(steps), nan, nan, contribution, 0.0, 0.0)
    if not isinstance(child, Group):
        return first._replace(node=child, parent=parent)
    neuron = neuron_of[first.node]
    slot = neuron.slot(first.node, first.slot)
    local = first.local * neuron.activation_slope()
    return first._replace(node=child, parent=parent, slot=slot, local=local)


# -- sums
# -------------------------------------------------------------------------------------------------


def with_running_sums(steps: Iterable[Step], root: Node) -> list[Step]:
    """Return steps numbered afresh, each with the running sum of its parent's grad."""
    grads = {root: 1.0}
    numbered = []
    for index, step in enumerate(steps):
        before = grads.get(step.parent, 0.0)
        grads[step.parent] = before + step.contribution
        numbered.append(step._replace(index=index, before=before, after=grads[step.parent]))
    return numbered


def _ending_as_swept(steps: Iterable[Step], borders: Sequence[Step]) -> list[Step]:
    """Return the borders, the last one at each box ending at the sum that the sweep made.

    The sweep adds in another order, so that the last digits would differ.
    """
    arrived = {step.parent: step.after for step in steps}
    ending = list(borders)
    ended = set()
    for i, step in reversed(list(enumerate(borders))):
        box = step.parent
        output = box.outputs[0] if isinstance(box, Group) and not box.is_sum else box
        if output in arrived and box not in ended:
            after = arrived[output]
            adds_nothing = step.contribution == 0.0  # then an earlier one makes the sum
            before = after if adds_nothing else step.before
            ending[i] = step._replace(after=after, before=before)
            if not adds_nothing:
                ended.add(box)
    return ending


def _set_sums(
    steps: Iterable[Step], borders: Iterable[Step], boxes: Iterable[Node], root: Node
) -> None:
    """Set each group's data and grad to the sums over its outputs.

    The grad is what crosses the border, and what came from elsewhere.
    """
    arrived = {step.parent: step.after for step in steps}
    at_border = {step.parent: step.after for step in borders}
    for group in boxes:
        if not isinstance(group, Group):
            continue
        if not group.is_sum:
            [output] = group.outputs
            group.data, group.grad = output.data, output.grad
            continue
        group.data = add_up([output.data for output in group.outputs])
        group.grad = at_border.get(group, 1.0 if root in group.outputs else 0.0)
        seeds = {output: 1.0 if output is root else 0.0 for output in group.outputs}
        sums = [(x.grad, arrived.get(x, seed)) for x, seed in seeds.items()]
        group.grad += sum(grad - known for grad, known in sums if grad != known)
