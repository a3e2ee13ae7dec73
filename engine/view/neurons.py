"""Neurons, found by their structure and never by their names: a weighted sum and the activation that is its only user.

>>> from engine import Value, weighted_sum
>>> from engine.graph import topological_order
>>> w, x, b = Value(2.0), Value(3.0), Value(1.0)
>>> one, spelled = weighted_sum([w], [x], b), (w * x + b).tanh()
>>> [len(neuron.inside) for root in (one, spelled) for neuron in neurons(topological_order(root)[0])]
[1, 2]

The sum is one node, or it is spelled out: additions, each the only use of what it adds, over
products of a leaf, the weight, with an input, and at most one leaf more, the bias.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from ..operation import OPERATIONS

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
    """One application of a neuron: the sum, what came of it, the sum's operands, and the nodes that add it up."""

    sum: Any
    output: Any
    weights: tuple[Any, ...]
    inputs: tuple[Any, ...]
    bias: Any  # None where nothing but products is added
    inside: tuple[Any, ...]
    products: Mapping[Any, int] = {}  # where the sum is spelled out: every product, and which it is

    @property
    def parameters(self) -> tuple[Any, ...]:
        return self.weights if self.bias is None else (*self.weights, self.bias)

    def slopes(self) -> list[float]:
        """The derivative of the sum by each input: the weights, as they were in the forward pass."""
        if not self.products:
            return list(self.sum.local_derivatives()[len(self.weights) : 2 * len(self.weights)])
        return [
            product.local_derivatives()[product.parents[0] is w]
            for product, w in zip(self.products, self.weights)
        ]

    def slot(self, node: Any, slot: int) -> int:
        """Where an operand of one of the nodes would stand among w…, a…, b, the operands of a weighted sum."""
        if not self.products:
            return slot
        if node not in self.products:
            return 2 * len(self.weights)
        i = self.products[node]
        return i + len(self.weights) * (node.parents[slot] is not self.weights[i])

    def activation_slope(self) -> float:
        """The derivative of the output by the sum."""
        return 1.0 if self.output is self.sum else float(self.output.local_derivatives()[0])

    def called(self, names: Mapping[Any, str]) -> str:
        """A label of the output, else what the last parameter is called without its own last part."""
        return names.get(self.output) or self.output.label or self.family(names)

    def family(self, names: Mapping[Any, str]) -> str:
        last = self.parameters[-1]
        return (names.get(last) or last.label).rpartition(".")[0]


def neurons(order: Iterable[Any]) -> list[Neuron]:
    """The neurons of a graph in the order in which they were computed. The effort is linear."""
    order = list(order)
    only = _only_users(order)
    sums = _sums(order, only)
    terms = {
        node: _terms(node, sums) for node in order if node in sums and only.get(node) not in sums
    }
    usual = _usual_slot([product for found in terms.values() for product in found[1]])
    found = []
    for node in order:
        output = only[node] if node in only and _activates(only[node]) else node
        if node.operation.name == "weighted_sum":
            found.append(_whole(node, output))
        elif node in terms and terms[node][1]:
            found.append(_spelled(node, output, *terms[node], usual))
    return [
        neuron for neuron in found if len(set(neuron.weights)) == len(neuron.weights)
    ]  # each weight has one input


def used_once(order: Iterable[Any], names: Mapping[Any, str]) -> dict[str, Neuron]:
    """The neurons that are used once, by the names that their parameters give them."""
    uses: dict[str, list[Neuron]] = {}
    for neuron in neurons(order):
        uses.setdefault(neuron.family(names), []).append(neuron)
    return {family: found[0] for family, found in uses.items() if family and len(found) == 1}


def output_names(order: Iterable[Any], names: Mapping[Any, str]) -> dict[Any, str]:
    """Outputs without a label are called as their neurons are."""
    return {
        neuron.output: family
        for family, neuron in used_once(order, names).items()
        if not neuron.output.label
    }


def _only_users(order: list[Any]) -> dict[Any, Any]:
    """For every node that is used once the node that uses it."""
    count, user = dict.fromkeys(order, 0), {}
    for node in order:
        for parent in node.parents:
            if parent in count:
                count[parent] += 1
                user[parent] = node
    return {node: user[node] for node, times in count.items() if times == 1}


def _whole(node: Any, output: Any) -> Neuron:
    half = len(node.parents) // 2
    return Neuron(
        node, output, node.parents[:half], node.parents[half:-1], node.parents[-1], (node,)
    )


def _activates(node: Any) -> bool:
    name = node.operation.name
    return len(node.parents) == 1 and (
        name in ACTIVATIONS or not (name in OPERATIONS or name == "power")
    )


def _sums(order: list[Any], only: dict[Any, Any]) -> dict[Any, int]:
    """The additions that add up nothing but products, and how many biases each has come to: none or one."""
    sums: dict[Any, int] = {}
    for node in order:
        if node.operation.name in ("add", "total"):
            biases = sum(_biases(term, only, sums) for term in node.parents)
            if biases < 2:
                sums[node] = biases
    return sums


def _biases(term: Any, only: dict[Any, Any], sums: dict[Any, int]) -> int:
    """How many biases a term brings in; more than a neuron has where it can't be a part of one."""
    if not term.parents:
        return not term.constant
    if term not in only:
        return 2
    return sums.get(term, 2 * (not _is_product(term)))


def _is_product(node: Any) -> bool:
    return (
        node.operation.name == "multiply"
        and bool(_weights(node))
        and node.parents[0] is not node.parents[1]
    )


def _weights(product: Any) -> list[int]:
    """The slots of a product in which a weight can stand."""
    return [slot for slot, x in enumerate(product.parents) if not x.parents and not x.constant]


def _terms(node: Any, sums: dict[Any, int]) -> tuple[list[Any], list[Any], list[Any]]:
    """The additions, the products and the leaves below a sum, from left to right."""
    additions: list[Any] = []
    products: list[Any] = []
    leaves: list[Any] = []
    stack = [node]
    while stack:
        term = stack.pop()
        if term in sums:
            additions.append(term)
            stack += reversed(term.parents)
        else:
            (products if term.parents else leaves).append(term)
    return additions, products, leaves


def _usual_slot(products: list[Any]) -> int:
    """Where weights stand in this graph, for products of two leaves: as in the products that leave no doubt."""
    certain = [slots[0] for slots in map(_weights, products) if len(slots) == 1]
    return int(2 * sum(certain) > len(certain))


def _spelled(
    node: Any, output: Any, additions: list[Any], products: list[Any], leaves: list[Any], usual: int
) -> Neuron:
    slots = [found[0] if len(found) == 1 else usual for found in map(_weights, products)]
    pairs = [
        (product.parents[slot], product.parents[1 - slot]) for product, slot in zip(products, slots)
    ]
    weights, inputs = zip(*pairs)
    bias = next((leaf for leaf in leaves if not leaf.constant), None)
    return Neuron(
        node,
        output,
        weights,
        inputs,
        bias,
        (*additions, *products),
        {product: i for i, product in enumerate(products)},
    )
