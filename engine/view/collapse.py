"""Large graphs made small: one card for a neuron, or for a layer, and the sums at its border still hold.

A neuron is found by its structure, a weighted sum and the activation that is its only user; its weights are
inside if nobody else uses them. Applications with the same weights are one neuron, neurons with the same inputs
one layer.

>>> from engine import Value, weighted_sum
>>> w, x, b = Value(2.0), Value(3.0), Value(1.0)
>>> found = neurons([weighted_sum([w], [x], b)])
>>> [len(neuron.weights) for neuron in found]
[1]
"""

from collections.abc import Iterable
from graphlib import CycleError, TopologicalSorter
from typing import Any, NamedTuple

from ..explain import Step
from ..ieee import add_up
from ..operation import OPERATIONS

ACTIVATIONS = {"relu", "leaky_relu", "elu", "gelu", "silu", "sigmoid", "softplus", "tanh", "step", "sign", "clamp",
               "erf"}


class Neuron(NamedTuple):
    """One application of a neuron: the sum, what came of it, and the sum's operands."""

    sum: Any
    output: Any
    weights: tuple[Any, ...]
    inputs: tuple[Any, ...]
    bias: Any


class Unsent(Step):
    """An edge of a sweep under way that has not sent all of its share yet: its contribution is what has come so far."""

    __slots__ = ()


class Group:
    """What stands for several values in a scene; it has what a scene asks of a node."""

    def __init__(self, kind: str, label: str, chip: str, note: str):
        self.kind, self.label, self.chip, self.note = kind, label, chip, note
        self.members: list[Any] = []
        self.outputs: list[Any] = []
        self.applications = 0  # weighted sums inside
        self.data = self.grad = 0.0
        self.parents: tuple[Any, ...] = ()
        self.operation, self.constant = self, False
        self.symbol = chip


def neurons(order: Iterable[Any]) -> list[Neuron]:
    """The neurons of a graph in the order in which they were computed."""
    order = list(order)
    users: dict[Any, list[Any]] = {}
    for node in order:
        for parent in node.parents:
            users.setdefault(parent, []).append(node)
    found = []
    for node in order:
        if node.operation.name == "weighted_sum":
            half, only = len(node.parents) // 2, users.get(node, [])
            output = only[0] if len(only) == 1 and _activates(only[0]) else node
            found.append(Neuron(node, output, node.parents[:half], node.parents[half:-1], node.parents[-1]))
    return found


def _activates(node: Any) -> bool:
    name = node.operation.name
    return len(node.parents) == 1 and (name in ACTIVATIONS or not (name in OPERATIONS or name == "power"))


def level(count: int, order: list[Any], wanted: Any) -> str:
    """How a graph of so many values is drawn: by values, neurons or layers."""
    if wanted in (None, False, "none", "values"):
        return "values"
    if wanted in ("neuron", "neurons", "layer", "layers"):
        return str(wanted).rstrip("s") + "s"
    if wanted != "auto":
        raise ValueError(f"collapse {wanted!r}: take 'auto', 'none', 'neurons' or 'layers'")
    if count <= 60 or not any(node.operation.name == "weighted_sum" for node in order):
        return "values"
    return "neurons" if count <= 300 else "layers"


def contracted(root: Any, order: list[Any], shown: list[Any], steps: list[Step], level: str,
               names: dict[Any, str]) -> tuple[list[Any], list[Step]]:
    """The boxes in the place of the values, in topological order, and a step for what crosses their borders."""
    found = neurons(order)
    for merge in dict.fromkeys((level, "neurons", "none")):  # a recurrent net goes round in circles when it is merged
        box = _boxes(found, shown, order, steps, merge, names)
        try:
            return _crossing(root, shown, steps, box, merge)
        except CycleError:
            continue
    raise AssertionError("single neurons make no circle")


def _boxes(found: list[Neuron], shown: list[Any], order: list[Any], steps: list[Step], merge: str,
           names: dict[Any, str]) -> dict[Any, Any]:
    """For every value the box that it is drawn in: itself, or a group."""
    groups: dict[Any, Group] = {}
    box: dict[Any, Any] = {node: node for node in shown}
    neurons_of: dict[Group, set[Any]] = {}
    layer_of: dict[Any, Any] = {}
    for neuron in found:
        key = _key(neuron, merge, layer_of)
        if key not in groups:
            groups[key] = _group(neuron, merge, names, sum(group.kind == "layer" for group in groups.values()))
        box[neuron.sum] = box[neuron.output] = groups[key]
        groups[key].applications += 1
        neurons_of.setdefault(groups[key], set()).add((neuron.weights, neuron.bias))
    _swallow_parameters(box, found, steps)
    for node in shown:
        if box[node] is not node:
            box[node].members.append(node)
    for group, inside in neurons_of.items():
        group.note = f"{len(inside)} neuron{'s' * (len(inside) > 1)}" if merge == "layers" else ""
    return box


def _key(neuron: Neuron, merge: str, layer_of: dict[Any, Any]) -> Any:
    own = (neuron.weights, neuron.bias)
    if merge == "layers":
        inputs = tuple(x.data if x.constant else x for x in neuron.inputs)  # plain numbers are lifted for each neuron
        return layer_of.setdefault(own, inputs)
    return neuron.sum if merge == "none" else own


def _group(neuron: Neuron, merge: str, names: dict[Any, str], number: int) -> Group:
    called = _named(neuron, names)
    chip = "Σ w·a" if neuron.output is neuron.sum else neuron.output.operation.symbol
    if merge == "layers":
        return Group("layer", called.rpartition(".")[0] or f"layer {number}", chip, "")
    return Group("neuron", called or "neuron", chip, "")


def _named(neuron: Neuron, names: dict[Any, str]) -> str:
    """What neuron's bias is called without its own last part; a label of the output comes first."""
    own = names.get(neuron.output) or neuron.output.label
    return own or (names.get(neuron.bias) or neuron.bias.label).rpartition(".")[0]


def _swallow_parameters(box: dict[Any, Any], found: list[Neuron], steps: list[Step]) -> None:
    """Weights and biases go inside the group that is their only user; inputs stay outside."""
    users: dict[Any, set[Any]] = {}
    for step in steps:
        users.setdefault(step.parent, set()).add(box[step.node])
    inputs = {x for neuron in found for x in neuron.inputs}
    for neuron in found:
        for parameter in (*neuron.weights, neuron.bias):
            if parameter in box and not parameter.parents and parameter not in inputs and len(users[parameter]) == 1:
                box[parameter] = box[neuron.sum]


def _crossing(root: Any, shown: list[Any], steps: list[Step], box: dict[Any, Any],
              merge: str) -> tuple[list[Any], list[Step]]:
    before: dict[Any, dict[Any, None]] = {box[node]: {} for node in shown}
    edges: dict[Any, list[Step]] = {}
    for step in steps:
        child, parent = box[step.node], box[step.parent]
        if child is not parent or _turns(step):
            before[child][parent] = None
            several = merge == "layers" or (isinstance(child, Group) and child.applications > 1)
            key = (child, parent) if several else (child, parent, step.node, step.slot)
            edges.setdefault(key, []).append(step)
    boxes = list(TopologicalSorter(before).static_order())
    place = {found: i for i, found in enumerate(boxes)}
    crossing = [_step(key[0], key[1], found) for key, found in edges.items()]
    crossing.sort(key=lambda step: -place[step.node])
    _outputs(root, shown, steps, box)
    summed = running(crossing, box[root])
    _totals(steps, summed, boxes, root)
    summed = _as_swept(steps, summed)
    leaves_first = sorted(boxes, key=lambda node: bool(node.parents) or isinstance(node, Group))
    return leaves_first, summed


def _turns(step: Step) -> bool:
    """Whether a neuron takes what a neuron has made: inside one group, that is a circle."""
    made = step.parent.operation
    return step.node.operation.name == "weighted_sum" and bool(made) and (
        made.name == "weighted_sum" or _activates(step.parent))


def _step(child: Any, parent: Any, found: list[Step]) -> Step:
    """One step for the edges between two boxes; a single edge keeps its local derivative, from output to operand."""
    first, share = found[0], add_up([step.contribution for step in found])
    if len(found) > 1:
        kind = Unsent if any(isinstance(step, Unsent) for step in found) else Step
        return kind(0, child, parent, len(found), float("nan"), float("nan"), share, 0.0, 0.0)
    local = first.local
    if isinstance(child, Group) and child.kind == "neuron" and first.node.operation.name == "weighted_sum":
        local *= _activation_slope(first.node, child)
    return first._replace(node=child, parent=parent, local=local)


def _activation_slope(node: Any, group: Group) -> float:
    for member in group.members:
        if member.parents == (node,):
            return float(member.local_derivatives()[0])
    return 1.0


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
    last = {step.parent: i for i, step in enumerate(crossing)}
    found = list(crossing)
    for box, i in last.items():
        [own] = box.outputs if isinstance(box, Group) and len(box.outputs) == 1 else [box]
        if own in arrived:
            found[i] = found[i]._replace(after=arrived[own])
    return found


def _outputs(root: Any, shown: list[Any], steps: list[Step], box: dict[Any, Any]) -> None:
    """Which values of a group are seen from outside."""
    seen = {root: None, **{step.parent: None for step in steps if box[step.node] is not box[step.parent]}}
    for node in shown:
        if node in seen and box[node] is not node:
            box[node].outputs.append(node)


def _totals(steps: list[Step], crossing: list[Step], boxes: list[Any], root: Any) -> None:
    """A group's grad is the sum over its outputs: what crosses its border, and what came from elsewhere."""
    arrived = {step.parent: step.after for step in steps}
    at_border = {step.parent: step.after for step in crossing}
    for group in boxes:
        if isinstance(group, Group):
            group.data = group.outputs[0].data if len(group.outputs) == 1 else add_up([x.data for x in group.outputs])
            here = at_border.get(group, 1.0 if root in group.outputs else 0.0)
            elsewhere = [x.grad - arrived.get(x, float(x is root)) for x in group.outputs
                         if x.grad != arrived.get(x, float(x is root))]
            group.grad = group.outputs[0].grad if len(group.outputs) == 1 else here + sum(elsewhere)
