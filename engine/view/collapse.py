"""Large graphs made small: one card for a neuron, or for a layer, and the sums at its border still hold.

Weights and biases are inside if nobody else uses them. Applications with the same weights are one
neuron, neurons with the same inputs one layer.

>>> from engine import Value, weighted_sum
>>> from engine.view.scene import Scene
>>> w, x, b = Value(2.0), Value(3.0, label="x"), Value(1.0)
>>> y = weighted_sum([w], [x], b).tanh(); y.label = "y"
>>> [(card.title, card.kind) for card in Scene.of(y, level="neurons").cards]
[('x', 'leaf'), ('y', 'neuron')]
"""

from graphlib import CycleError, TopologicalSorter
from math import nan
from typing import Any

from ..explain import Step
from ..ieee import add_up
from ..printing import plural
from .neurons import Neuron, neurons


class Group:
    """What stands for several values in a scene; it has what a scene asks of a node."""

    def __init__(self, kind: str, label: str, chip: str, note: str):
        self.kind, self.label, self.chip, self.note = kind, label, chip, note
        self.members: list[Any] = []
        self.applications: list[Neuron] = []
        self.outputs: list[
            Any
        ] = []  # one for each application: the values that are seen from outside
        self.data = self.grad = 0.0
        self.parents: tuple[Any, ...] = ()
        self.operation, self.constant = self, False
        self.symbol = chip

    @property
    def is_sum(self) -> bool:
        """Whether data and grad are sums over several outputs."""
        return len(self.outputs) > 1


class Bundle(Step):
    """What crosses a border along several edges: `slot` counts them, and no local derivative is that of all."""

    __slots__ = ()


class Unsent(Step):
    """An edge of a sweep under way that has not sent yet."""

    __slots__ = ()


class UnsentBundle(Bundle):
    """Several edges of which one at least has not sent yet: the contribution is what has come so far."""

    __slots__ = ()


UNSENT = (Unsent, UnsentBundle)


def level(count: int, order: list[Any], wanted: Any) -> str:
    """How a graph of so many values is drawn: by values, neurons or layers."""
    if wanted in (None, False, "none", "values"):
        return "values"
    if wanted in ("neuron", "neurons", "layer", "layers"):
        return str(wanted).rstrip("s") + "s"
    if wanted != "auto":
        raise ValueError(f"collapse {wanted!r}: take 'auto', 'none', 'neurons' or 'layers'")
    if count <= 60 or not neurons(order):
        return "values"
    return "neurons" if count <= 300 else "layers"


def contracted(
    root: Any,
    order: list[Any],
    shown: list[Any],
    steps: list[Step],
    level: str,
    names: dict[Any, str],
) -> tuple[list[Any], list[Step]]:
    """The boxes in the place of the values, in topological order, and a step for what crosses their borders."""
    found = neurons(order)
    for merge in dict.fromkeys(
        (level, "neurons", "none")
    ):  # a recurrent net goes round in circles when it is merged
        box = _boxes(found, shown, order, steps, merge, names)
        try:
            return _crossing(root, shown, steps, box, merge)
        except CycleError:
            continue
    raise AssertionError("single neurons make no circle")


def _boxes(
    found: list[Neuron],
    shown: list[Any],
    order: list[Any],
    steps: list[Step],
    merge: str,
    names: dict[Any, str],
) -> dict[Any, Any]:
    """For every value the box that it is drawn in: itself, or a group."""
    groups: dict[Any, Group] = {}
    box: dict[Any, Any] = {node: node for node in shown}
    layer_of: dict[Any, Any] = {}
    for neuron in found:
        key = _key(neuron, merge, layer_of)
        if key not in groups:
            groups[key] = _group(neuron, merge, names, len(groups))
        box |= dict.fromkeys((*neuron.inside, neuron.output), groups[key])
        groups[key].applications.append(neuron)
        groups[key].outputs.append(neuron.output)
    _swallow_parameters(box, found, steps)
    for node in shown:
        if box[node] is not node:
            box[node].members.append(node)
    for group in groups.values():
        group.note = _note(group)
    return box


def _note(group: Group) -> str:
    """How many neurons a layer has, or how often a neuron was used."""
    count, uses = len({neuron.parameters for neuron in group.applications}), len(group.applications)
    if group.kind == "layer":
        return plural(count, "neuron")
    return f"{uses}×" if uses > 1 else ""


def _key(neuron: Neuron, merge: str, layer_of: dict[Any, Any]) -> Any:
    own = neuron.parameters
    if merge == "layers":
        inputs = tuple(
            x.data if x.constant else x for x in neuron.inputs
        )  # plain numbers are lifted for each neuron
        return layer_of.setdefault(own, inputs)
    return neuron.sum if merge == "none" else own


def _group(neuron: Neuron, merge: str, names: dict[Any, str], number: int) -> Group:
    called = neuron.called(names)
    chip = "Σ w·a" if neuron.output is neuron.sum else neuron.output.operation.symbol
    if merge == "layers":
        return Group("layer", called.rpartition(".")[0] or f"layer {number}", chip, "")
    return Group("neuron", called or f"neuron {number}", chip, "")


def _swallow_parameters(box: dict[Any, Any], found: list[Neuron], steps: list[Step]) -> None:
    """Weights and biases go inside the group that is their only user; inputs stay outside."""
    users: dict[Any, set[Any]] = {}
    for step in steps:
        users.setdefault(step.parent, set()).add(box[step.node])
    inputs = {x for neuron in found for x in neuron.inputs}
    for neuron in found:
        for parameter in neuron.parameters:
            if (
                parameter in box
                and not parameter.parents
                and parameter not in inputs
                and len(users[parameter]) == 1
            ):
                box[parameter] = box[neuron.sum]


def _crossing(
    root: Any, shown: list[Any], steps: list[Step], box: dict[Any, Any], merge: str
) -> tuple[list[Any], list[Step]]:
    before: dict[Any, dict[Any, None]] = {box[node]: {} for node in shown}
    edges: dict[Any, list[Step]] = {}
    made_by = {
        node: neuron
        for group in before
        if isinstance(group, Group)
        for neuron in group.applications
        for node in (*neuron.inside, neuron.output)
    }
    for step in steps:
        child, parent = box[step.node], box[step.parent]
        if child is not parent or _turns(step, made_by):
            before[child][parent] = None
            several = merge == "layers" or (
                isinstance(child, Group) and len(child.applications) > 1
            )
            key = (child, parent) if several else (child, parent, step.node, step.slot)
            edges.setdefault(key, []).append(step)
    boxes = _sorted(before)
    place = {found: i for i, found in enumerate(boxes)}
    crossing = [_step(key[0], key[1], found, made_by) for key, found in edges.items()]
    crossing.sort(key=lambda step: -place[step.node])
    summed = running(crossing, box.get(root, root))  # of a part of a graph, the root may be outside
    _totals(steps, summed, boxes, root)
    summed = _as_swept(steps, summed)
    leaves_first = sorted(boxes, key=lambda node: bool(node.parents) or isinstance(node, Group))
    return leaves_first, summed


def _sorted(before: dict[Any, dict[Any, None]]) -> list[Any]:
    """Boxes after those that they use, else in the order in which they were computed. Raises CycleError."""
    place = {box: i for i, box in enumerate(before)}
    sorter = TopologicalSorter(before)
    sorter.prepare()
    found: list[Any] = []
    while sorter:
        ready = sorted(sorter.get_ready(), key=place.__getitem__)
        found += ready
        sorter.done(*ready)
    return found


def _turns(step: Step, made_by: dict[Any, Neuron]) -> bool:
    """Whether a neuron takes what a neuron has made: inside one group, that is a circle."""
    return step.parent in made_by and made_by[step.parent] is not made_by.get(step.node)


def _step(child: Any, parent: Any, found: list[Step], made_by: dict[Any, Neuron]) -> Step:
    """One step for the edges between two boxes; a single edge keeps its local derivative, from output to operand."""
    first, share = found[0], add_up([step.contribution for step in found])
    if len(found) > 1 or (isinstance(child, Group) and child.is_sum):
        kind = UnsentBundle if any(isinstance(step, UNSENT) for step in found) else Bundle
        return kind(0, child, parent, len(found), nan, nan, share, 0.0, 0.0)
    if not isinstance(child, Group):
        return first._replace(node=child, parent=parent)
    neuron = made_by[first.node]
    return first._replace(
        node=child,
        parent=parent,
        slot=neuron.slot(first.node, first.slot),
        local=first.local * neuron.activation_slope(),
    )


def running(steps: list[Step], root: Any) -> list[Step]:
    """Steps numbered afresh, each with the running sum of its parent's grad."""
    grads = {root: 1.0}
    found = []
    for index, step in enumerate(steps):
        before = grads.get(step.parent, 0.0)
        grads[step.parent] = before + step.contribution
        found.append(step._replace(index=index, before=before, after=grads[step.parent]))
    return found


def _as_swept(steps: list[Step], crossing: list[Step]) -> list[Step]:
    """The last step at a box ends at the sum that the sweep itself made, in its own order: no last digit differs."""
    arrived = {step.parent: step.after for step in steps}
    found = list(crossing)
    ended = set()
    for i, step in reversed(list(enumerate(crossing))):
        box = step.parent
        [own] = box.outputs if isinstance(box, Group) and len(box.outputs) == 1 else [box]
        if own in arrived and box not in ended:
            silent = step.contribution == 0.0  # what arrives before it makes the sum
            found[i] = step._replace(
                after=arrived[own], before=arrived[own] if silent else step.before
            )
            if not silent:
                ended.add(box)
    return found


def _totals(steps: list[Step], crossing: list[Step], boxes: list[Any], root: Any) -> None:
    """A group's grad is the sum over its outputs: what crosses its border, and what came from elsewhere."""
    arrived = {step.parent: step.after for step in steps}
    at_border = {step.parent: step.after for step in crossing}
    for group in boxes:
        if isinstance(group, Group):
            group.data = (
                group.outputs[0].data
                if len(group.outputs) == 1
                else add_up([x.data for x in group.outputs])
            )
            here = at_border.get(group, 1.0 if root in group.outputs else 0.0)
            elsewhere = [
                x.grad - arrived.get(x, float(x is root))
                for x in group.outputs
                if x.grad != arrived.get(x, float(x is root))
            ]
            group.grad = group.outputs[0].grad if len(group.outputs) == 1 else here + sum(elsewhere)
