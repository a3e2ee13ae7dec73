"""Large graphs made small: one card for a neuron or for a layer, with sums that still hold.

Weights and biases are inside if nobody else uses them, and stay readable: a group keeps them as its
`parameters`. Uses with the same weights are one neuron; neurons with the same inputs, whose outputs
go to the same neurons, are one layer.

>>> from engine import Value, weighted_sum
>>> from engine.view.scene import Scene
>>> w, x, b = Value(2.0), Value(3.0, label="x"), Value(1.0)
>>> y = weighted_sum([w], [x], b).tanh(); y.label = "y"
>>> [(card.title, card.kind) for card in Scene.of(y, level="neurons").cards]
[('x', 'leaf'), ('y', 'neuron')]
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from math import nan

from ..explain import Step
from ..ieee import add_up
from ..printing import plural
from ..types import Node
from .neurons import Neuron, operation_of

REPEATS = 12  # edges between the same two values that have a pill each


class Group:
    """What stands for several values in a scene, and is a Node to it.

    `kind` is "neuron", "layer", or "rest": all that is computed from the last neurons.
    """

    parents: tuple[Node, ...] = ()
    operation = None
    created_at = None
    constant = False

    def __init__(self, kind: str, label: str, chip: str):
        self.kind, self.label, self.chip = kind, label, chip
        self.members: list[Node] = []
        self.uses: list[Neuron] = []
        self.outputs: list[Node] = []  # the values that are seen from outside: one for each use
        self.parameters: dict[Node, float] = {}  # inside it: what its members added to each grad
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

    def parameter_name(self, parameter: Node, names: Mapping[Node, str]) -> str:
        """Return a weight's or bias's name without that of the group, else w0, w1, … or b."""
        if label := names.get(parameter) or parameter.label:
            return label.rpartition(".")[2] if self.kind == "neuron" else label
        [neuron] = [neuron for neuron in self.uses if parameter in neuron.parameters][:1]
        is_bias = parameter is neuron.bias
        return "b" if is_bias else f"w{neuron.weights.index(parameter)}"

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
Edge = tuple[Node, Node, int]  # of a picture: child, parent, slot


def edge_of(step: Step) -> Edge:
    """Return which edge of a picture a step is."""
    return step.node, step.parent, step.slot


def collapsed(
    root: Node,
    every: Sequence[Neuron],
    shown: Sequence[Node],
    steps: Sequence[Step],
    level: str,
    names: Mapping[Node, str],
) -> tuple[list[Node], list[Step], dict[Edge, list[Step]]]:
    """Return boxes in the place of the values, in topological order, and the steps between them.

    The third has the edges of the graph that each of these steps stands for.
    """
    # Merged, a recurrent network may become a circle: then its neurons or their uses stay apart.
    for merge in dict.fromkeys(("uses",) if level == "uses" else (level, "neurons", "none")):
        box_of = _boxes(root, every, shown, steps, merge, names)
        try:
            return _borders(root, shown, steps, box_of, merge)
        except CycleError:
            continue
    raise AssertionError("single neurons make no circle")


# -- which box a value is in
# -------------------------------------------------------------------------------------------------


def _boxes(
    root: Node,
    every: Sequence[Neuron],
    shown: Sequence[Node],
    steps: Sequence[Step],
    merge: str,
    names: Mapping[Node, str],
) -> dict[Node, Node]:
    """Return for every value the box that it is drawn in: itself, or a group."""
    groups: dict[object, Group] = {}
    box_of: dict[Node, Node] = {node: node for node in shown}
    key_of = _keys(every, steps, merge, names)
    titles = Counter[str]()
    for neuron in every:
        key = key_of[neuron.sum]
        if key not in groups:
            groups[key] = _group(neuron, merge, names, len(groups), titles)
        group = groups[key]
        box_of |= dict.fromkeys((*neuron.inside, neuron.output), group)
        group.uses.append(neuron)
        group.outputs.append(neuron.output)
    if merge == "uses" and box_of.get(root) is root and root.parents:
        rest = Group("rest", names.get(root) or root.label, operation_of(root).symbol)
        rest.outputs.append(root)
        box_of |= dict.fromkeys(_behind(every, shown, steps), rest) | {root: rest}
    _move_parameters_inside(box_of, every, steps, merge)
    for node in shown:
        box = box_of[node]
        if isinstance(box, Group):
            box.members.append(node)
    return box_of


def _behind(every: Sequence[Neuron], shown: Sequence[Node], steps: Sequence[Step]) -> list[Node]:
    """Return what is computed from neurons, and that no neuron takes."""
    inside = {node for neuron in every for node in (*neuron.inside, neuron.output)}
    before, behind = {*inside}, {*inside}
    for step in steps:  # from the root to the leaves
        if step.node in before:
            before.add(step.parent)
    for step in reversed(steps):
        if step.parent in behind:
            behind.add(step.node)
    return [node for node in shown if node in behind and node not in before]


def _keys(
    every: Sequence[Neuron], steps: Iterable[Step], merge: str, names: Mapping[Node, str]
) -> dict[Node, object]:
    """Return for the sum of each neuron what all neurons of one group have in common."""
    if merge in ("none", "uses"):
        return {neuron.sum: neuron.sum for neuron in every}
    if merge == "neurons":
        return {neuron.sum: neuron.parameters for neuron in every}
    takers = _takers(every, steps)
    key_of: dict[Node, object] = {}
    layers: dict[object, list[_Layer]] = {}
    layer_of: dict[tuple[Node, ...], _Layer] = {}
    for neuron in every:
        if neuron.parameters not in layer_of:
            # plain numbers are another constant for each neuron
            inputs = tuple(x.data if x.constant else x for x in neuron.inputs)
            title, mask = neuron.prefix(names), takers.get(neuron.output, 0)
            found = next((x for x in layers.get(inputs, ()) if x.takes(title, mask)), None)
            if found is None:
                found = _Layer()
                layers.setdefault(inputs, []).append(found)
            found.add(title, mask)
            layer_of[neuron.parameters] = found
        key_of[neuron.sum] = layer_of[neuron.parameters]
    return key_of


class _Layer:
    """Neurons with the same inputs, none of them of another network."""

    def __init__(self) -> None:
        self.titles: set[str] = set()
        self.mask = 0

    def takes(self, title: str, mask: int) -> bool:
        """Whether a neuron of that name, taken by the neurons of the mask, belongs here."""
        is_taken_alike = bool(mask & self.mask) or mask == self.mask == 0
        return is_taken_alike and (not title or title not in self.titles)

    def add(self, title: str, mask: int) -> None:
        """Count a neuron as one of the layer."""
        self.titles.add(title)
        self.mask |= mask


def _takers(every: Sequence[Neuron], steps: Iterable[Step]) -> dict[Node, int]:
    """Return for each value the neurons that take it, however it gets there, as bits."""
    number = {parameters: i for i, parameters in enumerate({x.parameters: 0 for x in every})}
    bit = {
        node: 1 << number[neuron.parameters]
        for neuron in every
        for node in (*neuron.inside, neuron.output)
    }
    takers: dict[Node, int] = {}
    for step in steps:  # from the root to the leaves
        taken = bit.get(step.node) or takers.get(step.node, 0)
        takers[step.parent] = takers.get(step.parent, 0) | taken
    return {neuron.output: takers.get(neuron.output, 0) for neuron in every}


def _group(
    neuron: Neuron, merge: str, names: Mapping[Node, str], number: int, titles: Counter[str]
) -> Group:
    """Return a group for a neuron and those like it, with a name that no other has."""
    title = neuron.title(names)
    chip = "Σ w·a" if neuron.output is neuron.sum else operation_of(neuron.output).symbol
    kind = "layer" if merge == "layers" else "neuron"
    title = title.rpartition(".")[0] if merge == "layers" else title
    titles[title] += 1
    again = f" ({titles[title]})" if titles[title] > 1 else ""
    return Group(kind, title + again if title else f"{kind} {number}", chip)


def _move_parameters_inside(
    box_of: dict[Node, Node], every: Sequence[Neuron], steps: Iterable[Step], merge: str
) -> None:
    """Put weights and biases into the group that is their only user; inputs stay outside.

    Where each use has a box of its own, they are in that of their first use.
    """
    users: dict[Node, set[Node]] = {}
    for step in steps:
        users.setdefault(step.parent, set()).add(box_of[step.node])
    inputs = {x for neuron in every for x in neuron.inputs}
    for neuron in every:
        group = box_of[neuron.sum]
        assert isinstance(group, Group)
        for parameter in neuron.parameters:
            is_free = parameter in box_of and not parameter.parents and parameter not in inputs
            if is_free and (merge == "uses" or users.get(parameter) == {group}):
                group.parameters.setdefault(parameter, 0.0)
                if box_of[parameter] is parameter:
                    box_of[parameter] = group
    for step in steps:
        user = box_of[step.node]
        if isinstance(user, Group) and step.parent in user.parameters:
            user.parameters[step.parent] += step.contribution


# -- what crosses the borders
# -------------------------------------------------------------------------------------------------


def _borders(
    root: Node,
    shown: Sequence[Node],
    steps: Sequence[Step],
    box_of: Mapping[Node, Node],
    merge: str,
) -> tuple[list[Node], list[Step], dict[Edge, list[Step]]]:
    """Return the boxes, leaves first, the steps between them, and what is behind each step.

    Raises CycleError.
    """
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
        if isinstance(parent, Group) and step.parent in parent.parameters:
            continue  # the group that a weight is in has its sum
        if child is not parent or _is_recurrence(step, neuron_of):
            parents[child][parent] = None
            is_used_often = isinstance(child, Group) and len(child.uses) > 1
            is_rest = isinstance(child, Group) and child.kind == "rest"
            is_one_of_many = not (merge == "layers" or is_used_often or is_rest)
            edge = (step.node, step.slot) if is_one_of_many else ()
            edges.setdefault((child, parent, *edge), []).append(step)
    boxes = _topological(parents)
    position = {box: i for i, box in enumerate(boxes)}
    borders, behind = [], {}
    for several in edges.values():
        borders.append(border := _border_step(several, box_of, neuron_of))
        behind[edge_of(border)] = several
    borders.sort(key=lambda step: -position[step.node])
    borders = with_running_sums(borders, box_of.get(root, root))  # the root may not be drawn
    _set_sums(steps, borders, boxes, root)
    leaves_first = sorted(boxes, key=lambda node: bool(node.parents) or isinstance(node, Group))
    return leaves_first, _ending_as_swept(steps, borders), behind


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
    if first.node not in neuron_of:
        step = first._replace(node=child, parent=parent)
        if not isinstance(child, Group):
            return step
        if isinstance(first, UNSENT):
            return UnsentBundle(*step._replace(slot=1, local=nan))
        return step._replace(local=first.contribution, upstream=1.0)  # the root's grad is 1
    neuron = neuron_of[first.node]
    slot = neuron.slot(first.node, first.slot)
    local = first.local * neuron.activation_slope()
    return first._replace(node=child, parent=parent, slot=slot, local=local)


# -- sums
# -------------------------------------------------------------------------------------------------


def with_repeats_bundled(
    steps: Sequence[Step],
) -> tuple[list[Step], dict[Edge, list[Step]]]:
    """Return one step for more than 12 edges between the same two boxes, and which these are."""
    pairs: dict[tuple[Node, Node], list[Step]] = {}
    for step in steps:
        pairs.setdefault((step.node, step.parent), []).append(step)
    many = {pair: of for pair, of in pairs.items() if len(of) > REPEATS}
    bundled: list[Step] = []
    behind: dict[Edge, list[Step]] = {}
    for step in steps:
        of = many.get((step.node, step.parent))
        if of is None:
            bundled.append(step)
        elif step is of[0]:
            bundled.append(bundle := _bundle(of))
            behind[edge_of(bundle)] = of
    return bundled, behind


def _bundle(steps: Sequence[Step]) -> Step:
    """Return one step for several edges between the same two boxes."""
    first, last = steps[0], steps[-1]
    kind = UnsentBundle if any(isinstance(step, UNSENT) for step in steps) else Bundle
    total = add_up([step.contribution for step in steps])
    numbers = (nan, first.upstream, total, first.before, last.after)
    return kind(first.index, first.node, first.parent, len(steps), *numbers)


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
