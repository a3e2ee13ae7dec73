"""Why a gradient is 0 or nan: the nodes that send nothing, and the value where a nan began.

>>> from engine import Value
>>> x, w = Value(-2.0, label="x"), Value(3.0, label="w")
>>> z = x * w; z.label = "z"
>>> h = z.relu(); h.label = "h"
>>> Zeros([z, h], {h: 1.0}).reason(z).partition(" at ")[0]
'z.grad = 0, for ∂h/∂z = 0'
>>> made_of((x - 1.0).log())
'log(-3)'
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from .formula import CHAINS, UNNAMED, Names, bracketed, expression, numeral, written
from .graph import topological_order
from .location import place
from .operation import OPERATIONS, Operation
from .printing import number, printable

if TYPE_CHECKING:
    from .explain import Step
    from .value import Value

LINKS, CAUSES = 3, 2  # of one reason that are spelled out
LONGEST = 28  # characters of a name's derivative that help


# -- nodes that send nothing
# ---------------------------------------------------------------------------------------------


class Use(NamedTuple):
    """One edge, seen from the operand: the node that uses it, and the operand's slot there."""

    child: "Value"
    slot: int


class Zeros:
    """The nodes that send nothing in a backward pass: their grad is 0 when the sweep reaches them.

    `order` is the topological order of the graph, and `grads` has the grads at the end of the pass.
    A node that was computed from plain numbers alone sends nothing, too. Nothing is changed.
    """

    def __init__(
        self, order: "Sequence[Value]", grads: "Mapping[Any, float]", names: Names = UNNAMED
    ):
        self._order, self._grads, self._names = order, grads, names
        self.nodes = frozenset([node for node in order if self._sends_nothing(node)])
        self._ends: dict[Value, Value] = {}

    def _sends_nothing(self, node: "Value") -> bool:
        return self._grads.get(node, 0.0) == 0.0 or all(x.constant for x in node.parents)

    @cached_property
    def _uses(self) -> "dict[Value, list[Use]]":
        """The edges by their operands, in the order of the sweep."""
        uses: dict[Value, list[Use]] = {}
        for child in reversed(self._order):
            for slot, parent in enumerate(child.parents):
                uses.setdefault(parent, []).append(Use(child, slot))
        return uses

    def children(self, x: "Value") -> "list[Value]":
        """Return the children of `x` that send nothing."""
        return [child for child in dict.fromkeys(self._children(x)) if child in self.nodes]

    def at(self, steps: "Iterable[Step]") -> "dict[int, list[Value]]":
        """Return the nodes that send nothing by how many of the steps come before their turn."""
        counts = Counter(step.node for step in steps)
        turns: dict[int, list[Value]] = {}
        position = 0
        for node in reversed(self._order):
            if node in self.nodes:
                turns.setdefault(position, []).append(node)
            position += counts[node]
        return turns

    def sentence(self, node: "Value") -> str:
        """Return `z = x·w sends nothing, for z.grad = 0, for ∂h/∂z = 0 at main.py:3`."""
        what = printable(expression(node, self._names), 32)
        return f"{what} sends nothing, for {self.reason(node)}"

    def reason(self, node: "Value") -> str:
        """Return why a node sends nothing, up to the first slope that is 0."""
        if self._grads.get(node, 0.0) != 0.0:
            return "it was computed from plain numbers alone"
        links, end = [self._grad(node, "its grad is 0")], self._end(node)
        while node is not end and len(links) < LINKS - 1:
            links.append(self._cause(node))
            node = self._uses[node][0].child
        shown = [*links, *["…"] * (node is not end), self._cause(end)]
        return ", for ".join(shown)

    def _end(self, node: "Value") -> "Value":
        """Follow the first child until one of the children sends; remember where that is."""
        path = []
        while node not in self._ends and self.nodes.issuperset(children := self._children(node)):
            path.append(node)
            node = children[0]
        end = self._ends.get(node, node)
        self._ends.update(dict.fromkeys(path, end))
        return end

    def _children(self, node: "Value") -> "list[Value]":
        return [use.child for use in self._uses.get(node, ())]

    def _grad(self, node: "Value", otherwise: str = "") -> str:
        """Return `z.grad = 0`; for a long name `otherwise`, or the operation in its place."""
        text = f"{bracketed(node, self._names)}.grad = 0"
        return text if len(text) <= LONGEST else otherwise or f"the grad of {_called(node)} is 0"

    def _cause(self, node: "Value") -> str:
        """Return why what arrives at a node comes to 0: what cancels, or why each term is 0."""
        uses = self._uses.get(node, [])
        sent = [(use, self._contribution(use)) for use in uses if use.child not in self.nodes]
        terms = [
            f"{amount:+.4g} from {bracketed(use.child, self._names)}"
            for use, amount in sent
            if amount
        ]
        if terms:
            rest = f" and {len(terms) - 4:,} more" if len(terms) > 4 else ""
            return f"its contributions cancel: {', '.join(terms[:4])}{rest}"
        waiting = [self._grad(use.child) for use in uses if use.child in self.nodes]
        causes = [*dict.fromkeys([*(self._slope(node, use) for use, _ in sent), *waiting])]
        more = [f"{len(causes) - CAUSES:,} more"] if len(causes) > CAUSES else []
        return " and ".join([*causes[:CAUSES], *more])

    def _contribution(self, use: Use) -> float:
        return self._grads[use.child] * self._local(use)

    def _local(self, use: Use) -> float:
        return float(use.child.local_derivatives()[use.slot])

    def _slope(self, node: "Value", use: Use) -> str:
        """Return a slope that is 0; or a product that is too small for a float."""
        child, local = bracketed(use.child, self._names), self._local(use)
        slope = f"∂{child}/∂{bracketed(node, self._names)}"
        where = f" at {site}" if (site := place(use.child)) else ""
        if local == 0.0:
            short = (
                f"{slope} = 0"
                if len(slope) <= LONGEST
                else f"the slope of {_called(use.child)} is 0"
            )
            return short + where
        product = f"{number(self._grads[use.child])} × {number(local)}"
        return f"{child}.grad × {slope} = {product} underflows to 0{where}"


def _called(node: "Value") -> str:
    return node.operation.name.replace("_", " ") if node.operation else "a leaf"


# -- where a nan began
# ---------------------------------------------------------------------------------------------


def origin_of_nan(
    nodes: "Iterable[Value]", steps: "Iterable[Step]" = (), names: Names = UNNAMED
) -> str:
    """Return where a nan began, `d = a - b at main.py:3: inf - inf = nan`; "" where there is none.

    That is the first value that is nan among those which the first of `nodes` that is nan was
    computed from; where none of them is nan, the first of the steps that makes a grad nan.
    """
    for node in nodes:
        first = first_nan(node)
        if first is not None:
            return _born(first, names)
    for step in steps:
        if step.after != step.after and step.before == step.before:
            return _arrived(step, names)
    return ""


def first_nan(root: "Value") -> "Value | None":
    """Return the first value that is nan among those that made `root` nan; None if it is none."""
    if root.data == root.data:
        return None
    order, leaves = topological_order(root)
    reached, first = {root}, root
    for node in reversed(order):
        if node in reached:
            reached.update(nans := _nan_parents(node))
            first = first if nans else node
    return next((leaf for leaf in leaves if leaf in reached), first)


def _nan_parents(node: "Value") -> "list[Value]":
    """Return the parents that made a node nan: of a `where` the branch that was taken."""
    slopes = zip(node.parents, operands(node), node.local_derivatives(), strict=True)
    nans = [(parent, slope) for parent, x, slope in slopes if x != x and not parent.constant]
    return [parent for parent, slope in nans if slope != 0.0] or [parent for parent, _ in nans]


def operands(node: "Value") -> tuple[float, ...]:
    """Return the numbers that a node was computed from in the forward pass."""
    return node._x if node._second is None else (node._x, node._y)


def made_of(node: "Value") -> str:
    """Return what a node is in numbers: `inf - inf`; of a long sum the part that is nan."""
    assert node.operation is not None
    operation, numbers = _part(node.operation, operands(node))
    return printable(written(operation, [*map(numeral, numbers)]).text, 80)


def _part(operation: Operation, numbers: Sequence[float]) -> tuple[Operation, Sequence[float]]:
    """Return the first addition or multiplication within an operation of many that gives nan."""
    whole, chain = (operation, numbers), CHAINS.get(operation.name, "add")
    if operation.name == "weighted_sum":
        half = len(numbers) // 2
        pairs = [*zip(numbers[:half], numbers[half:-1], strict=True)]
        for w, a in pairs:
            if w * a != w * a:
                return OPERATIONS["multiply"], (w, a)
        numbers = [numbers[-1], *(w * a for w, a in pairs)]
    elif operation.name not in (*CHAINS, "mean"):
        return whole
    so_far, *rest = numbers
    for x in rest:
        before, so_far = so_far, OPERATIONS[chain].forward(so_far, x)
        if so_far != so_far:
            return OPERATIONS[chain], (before, x)
    return whole


def _born(node: "Value", names: Names) -> str:
    where = f" at {site}" if (site := place(node)) else ""
    how = f"{made_of(node)} = nan" if node.parents else "its data is nan"
    return f"{printable(expression(node, names), 48)}{where}: {how}"


def _arrived(step: "Step", names: Names) -> str:
    """Return what made a grad nan in the backward pass."""
    child, parent = bracketed(step.node, names), bracketed(step.parent, names)
    where = f" at {site}" if (site := place(step.node)) else ""
    if step.contribution == step.contribution:
        terms = [numeral(step.before), numeral(step.contribution)]
        how = f"{parent}.grad = {written(OPERATIONS['add'], terms)}"
    else:
        product = f"{number(step.upstream)} × {number(step.local)}"
        how = f"{child}.grad × ∂{child}/∂{parent} = {product}"
    return f"{printable(expression(step.node, names), 48)}{where}: {how} = nan"
