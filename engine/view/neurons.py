"""Neurons, found by their structure: a weighted sum, and the activation that is its only user.

>>> from engine import Value, weighted_sum
>>> from engine.graph import topological_order
>>> w, x, b = Value(2.0), Value(3.0), Value(1.0)
>>> one, expanded = weighted_sum([w], [x], b), (w * x + b).tanh()
>>> [
...     len(neuron.inside)
...     for root in (one, expanded)
...     for neuron in neurons(topological_order(root)[0])
... ]
[1, 2]

The sum is one node, or it is spelled out: additions, each the only use of what it adds, over
products of a leaf, the weight, with an input, and at most one leaf more, the bias. Labels decide
nothing.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from ..operation import OPERATIONS, Operation
from ..types import Node

ACTIVATIONS = {
    "relu",
    "leaky_relu",
    "elu",
    "gelu",
    "silu",
    "sigmoid",
    "softplus",
    "tanh",
    "step",
    "sign",
    "clamp",
    "erf",
}


class Neuron(NamedTuple):
    """One use of a neuron: its sum and output, the operands of the sum, the nodes in between."""

    sum: Node
    output: Node  # the activation; the sum itself where there is none
    weights: tuple[Node, ...]
    inputs: tuple[Node, ...]
    bias: Node | None  # None where nothing but products is added
    inside: tuple[Node, ...]
    products: Mapping[Node, int] = {}  # where the sum is spelled out: each product and its position

    @property
    def parameters(self) -> tuple[Node, ...]:
        """The weights, then the bias if there is one."""
        return self.weights if self.bias is None else (*self.weights, self.bias)

    def slopes(self) -> list[float]:
        """Return the derivative of the sum by each input: the weights of the forward pass."""
        if not self.products:
            return list(self.sum.local_derivatives()[len(self.weights) : 2 * len(self.weights)])
        slopes = []
        for product, weight in zip(self.products, self.weights):
            by_first, by_second = product.local_derivatives()
            slopes.append(by_second if product.parents[0] is weight else by_first)
        return slopes

    def slot(self, node: Node, slot: int) -> int:
        """Return an operand's position among w…, a…, b, the operands of a weighted sum.

        `node` is one of those inside, and `slot` the operand's position there.
        """
        if not self.products:
            return slot
        if node not in self.products:
            return 2 * len(self.weights)
        i = self.products[node]
        return i if node.parents[slot] is self.weights[i] else i + len(self.weights)

    def activation_slope(self) -> float:
        """Return the derivative of the output by the sum."""
        return 1.0 if self.output is self.sum else float(self.output.local_derivatives()[0])

    def title(self, names: Mapping[Node, str]) -> str:
        """Return the output's name, else what the names of the parameters begin with."""
        return names.get(self.output) or self.output.label or self.prefix(names)

    def prefix(self, names: Mapping[Node, str]) -> str:
        """Return the name of the last parameter without its last part: of `n.w2` it is `n`."""
        last = self.parameters[-1]
        return (names.get(last) or last.label).rpartition(".")[0]


def operation_of(node: Node) -> Operation:
    """Return the operation of a node that is not a leaf."""
    assert node.operation is not None
    return node.operation


def neurons(order: Iterable[Node]) -> list[Neuron]:
    """Return the neurons of a graph in the order of computation; the effort is linear."""
    order = list(order)
    only_user = _only_users(order)
    sums = _sums(order, only_user)
    terms = {
        node: _terms(node, sums)
        for node in order
        if node in sums and only_user.get(node) not in sums
    }
    usual = _usual_slot([product for part in terms.values() for product in part.products])
    every = []
    for node in order:
        user = only_user.get(node)
        output = user if user is not None and _is_activation(user) else node
        if operation_of(node).name == "weighted_sum":
            every.append(_from_weighted_sum(node, output))
        elif node in terms and terms[node].products:
            every.append(_from_terms(node, output, terms[node], usual))
    # A weight belongs to one input: a node that takes it twice is no neuron.
    return [neuron for neuron in every if len(set(neuron.weights)) == len(neuron.weights)]


def used_once(order: Iterable[Node], names: Mapping[Node, str]) -> dict[str, Neuron]:
    """Return the neurons that are used once, by what the names of their parameters begin with."""
    uses: dict[str, list[Neuron]] = {}
    for neuron in neurons(order):
        uses.setdefault(neuron.prefix(names), []).append(neuron)
    return {prefix: several[0] for prefix, several in uses.items() if prefix and len(several) == 1}


def output_names(order: Iterable[Node], names: Mapping[Node, str]) -> dict[Node, str]:
    """Return names for the outputs that have no label: those of their neurons."""
    return {
        neuron.output: prefix
        for prefix, neuron in used_once(order, names).items()
        if not neuron.output.label
    }


def _only_users(order: list[Node]) -> dict[Node, Node]:
    """Return the node that uses it for every interior node that is used once."""
    count, user = dict.fromkeys(order, 0), {}
    for node in order:
        for parent in node.parents:
            if parent in count:
                count[parent] += 1
                user[parent] = node
    return {node: user[node] for node, uses in count.items() if uses == 1}


def _from_weighted_sum(node: Node, output: Node) -> Neuron:
    weights = tuple(node.parents[: len(node.parents) // 2])
    inputs = tuple(node.parents[len(weights) : -1])
    return Neuron(node, output, weights, inputs, node.parents[-1], inside=(node,))


def _is_activation(node: Node) -> bool:
    """Whether it is an activation, or a user's own function of one operand."""
    name = operation_of(node).name
    is_users_own = name not in OPERATIONS and name != "power"
    return len(node.parents) == 1 and (name in ACTIVATIONS or is_users_own)


# -- sums that are spelled out
# -------------------------------------------------------------------------------------------------


class Terms(NamedTuple):
    """What a sum is made of, from left to right."""

    additions: list[Node]
    products: list[Node]
    leaves: list[Node]


def _sums(order: list[Node], only_user: Mapping[Node, Node]) -> dict[Node, int]:
    """Return the additions of nothing but products, each with its number of biases: 0 or 1."""
    sums: dict[Node, int] = {}
    for node in order:
        if operation_of(node).name in ("add", "total"):
            biases = sum(_biases(term, only_user, sums) for term in node.parents)
            if biases < 2:
                sums[node] = biases
    return sums


def _biases(term: Node, only_user: Mapping[Node, Node], sums: Mapping[Node, int]) -> int:
    """Return how many biases a term adds; 2 if it can't be part of a neuron, which has one."""
    if not term.parents:
        return 0 if term.constant else 1
    if term not in only_user:
        return 2
    return sums.get(term, 0 if _is_product(term) else 2)


def _is_product(node: Node) -> bool:
    return (
        operation_of(node).name == "multiply"
        and bool(_weight_slots(node))
        and node.parents[0] is not node.parents[1]
    )


def _weight_slots(product: Node) -> list[int]:
    """Return the slots of a product in which a weight can stand."""
    return [slot for slot, x in enumerate(product.parents) if not x.parents and not x.constant]


def _terms(node: Node, sums: Mapping[Node, int]) -> Terms:
    """Return the additions, the products and the leaves below a sum."""
    terms = Terms([], [], [])
    stack = [node]
    while stack:
        term = stack.pop()
        if term in sums:
            terms.additions.append(term)
            stack += reversed(term.parents)
        else:
            (terms.products if term.parents else terms.leaves).append(term)
    return terms


def _usual_slot(products: list[Node]) -> int:
    """Return the slot of the weight in most products.

    In a product of two leaves either could be the weight, in the others only one.
    """
    certain = [slots[0] for slots in map(_weight_slots, products) if len(slots) == 1]
    return 1 if 2 * sum(certain) > len(certain) else 0


def _from_terms(node: Node, output: Node, terms: Terms, usual: int) -> Neuron:
    weights, inputs = [], []
    for product in terms.products:
        slots = _weight_slots(product)
        slot = slots[0] if len(slots) == 1 else usual
        weights.append(product.parents[slot])
        inputs.append(product.parents[1 - slot])
    return Neuron(
        node,
        output,
        tuple(weights),
        tuple(inputs),
        bias=next((leaf for leaf in terms.leaves if not leaf.constant), None),
        inside=(*terms.additions, *terms.products),
        products={product: i for i, product in enumerate(terms.products)},
    )
