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
products of a leaf, the weight, with an input, and at most one leaf more, the bias. A sum that is
spelled out is a neuron where it has a bias or an activation, or where neurons stand before or
behind it; any other, such as Σ 2·x, is just a sum. A softplus that no neuron takes is a loss, not
an activation. Labels decide nothing but the last doubt about which of two leaves is the weight.
"""

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
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

    def bias_edge(self) -> tuple[Node, int] | None:
        """Return the node that adds the bias, and the bias's slot there; None without a bias."""
        for node in (self.sum, *self.inside):
            if self.bias is not None and self.bias in node.parents and node not in self.products:
                return node, len(node.parents) - 1 - node.parents[::-1].index(self.bias)
        return None

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
    weight_slot = _weight_slots(list(terms.values()))
    every = []
    for node in order:
        user = only_user.get(node)
        output = user if user is not None and _is_activation(user) else node
        if operation_of(node).name == "weighted_sum":
            every.append(_from_weighted_sum(node, output))
        elif node in terms and terms[node].products:
            every.append(_from_terms(node, output, terms[node], weight_slot))
    # A weight belongs to one input: a node that takes it twice is no neuron.
    every = [neuron for neuron in every if len(set(neuron.weights)) == len(neuron.weights)]
    return _without_losses(_without_plain_sums(every))


def _without_plain_sums(every: Sequence[Neuron]) -> list[Neuron]:
    """Return the neurons without sums of products that no neuron stands before or behind."""
    outputs = {neuron.output for neuron in every}
    near: set[Node] = set()  # the outputs of neurons, and what neurons take
    for neuron in every:
        if _is_certain(neuron) or not outputs.isdisjoint(neuron.inputs):
            near.add(neuron.output)
    for neuron in reversed(every):
        if neuron.output in near:
            near.update(neuron.inputs)
    return [neuron for neuron in every if neuron.output in near]


def _is_certain(neuron: Neuron) -> bool:
    is_one_node = not neuron.products
    return is_one_node or neuron.bias is not None or neuron.output is not neuron.sum


def _without_losses(every: Sequence[Neuron]) -> list[Neuron]:
    """Return the neurons, without a softplus that no other neuron takes: it is a loss."""
    taken = {x for neuron in every for x in neuron.inputs}
    return [
        neuron._replace(output=neuron.sum)
        if operation_of(neuron.output).name == "softplus" and neuron.output not in taken
        else neuron
        for neuron in every
    ]


def inside_part(every: Iterable[Neuron], part: Container[Node]) -> list[Neuron]:
    """Return the neurons of which a part of the graph has all but perhaps the activation."""
    return [
        neuron if neuron.output in part else neuron._replace(output=neuron.sum)
        for neuron in every
        if neuron.sum in part and all(node in part for node in neuron.inside)
    ]


def used_once(every: Iterable[Neuron], names: Mapping[Node, str]) -> dict[str, Neuron]:
    """Return the neurons that are used once, by what the names of their parameters begin with."""
    uses: dict[str, list[Neuron]] = {}
    for neuron in every:
        uses.setdefault(neuron.prefix(names), []).append(neuron)
    return {prefix: several[0] for prefix, several in uses.items() if prefix and len(several) == 1}


def output_names(every: Iterable[Neuron], names: Mapping[Node, str]) -> dict[Node, str]:
    """Return names for the outputs of neurons that have no label: what their neuron is called."""
    return {
        neuron.output: prefix
        for prefix, neuron in used_once(every, names).items()
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
        and bool(_slots(node))
        and node.parents[0] is not node.parents[1]
    )


def _slots(product: Node) -> list[int]:
    """Return the slots of a product in which a weight can stand: those of its leaves."""
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


def _weight_slots(sums: Sequence[Terms]) -> dict[Node, int]:
    """Return for each product the slot of its weight.

    In a product of two leaves either could be it. A leaf that is a weight in one product is so in
    all, so that leaves that meet in products fall into two sides; one of them are the weights.
    """
    products = [product for terms in sums for product in terms.products]
    slot = {product: _slots(product)[0] for product in products}
    certain = [product for product in products if len(_slots(product)) == 1]
    doubtful = [product for product in products if len(_slots(product)) == 2]
    known = {product.parents[slot[product]] for product in certain}
    usual = 2 * sum(slot[product] for product in certain) > len(certain)
    biases = _biases_beside(sums)
    for connected, side in _two_sides(doubtful):
        weights = _side_of_weights(connected, side, known, biases, usual if certain else None)
        for product in connected:
            slot[product] = 0 if side[product.parents[0]] == weights else 1
    return slot


def _biases_beside(sums: Sequence[Terms]) -> dict[Node, set[Node]]:
    """Return for each leaf in a product the biases of the sums that it is in."""
    beside: dict[Node, set[Node]] = {}
    for terms in sums:
        biases = [leaf for leaf in terms.leaves if not leaf.constant]
        for product in terms.products if biases else ():
            for leaf in product.parents:
                beside.setdefault(leaf, set()).update(biases)
    return beside


def _two_sides(products: Sequence[Node]) -> list[tuple[list[Node], dict[Node, int]]]:
    """Return the products that leaves connect, each with the side, 0 or 1, of every leaf in them.

    Side 0 is that of the first leaf. In a circle of odd length the sides are not told apart.
    """
    uses: dict[Node, list[Node]] = {}
    for product in products:
        for leaf in product.parents:
            uses.setdefault(leaf, []).append(product)
    connections, side = [], dict[Node, int]()
    for leaf in uses:
        if leaf in side:
            continue
        connected: dict[Node, None] = {}
        side[leaf], stack = 0, [leaf]
        while stack:
            one = stack.pop()
            for product in uses[one]:
                connected[product] = None
                other = product.parents[1 if product.parents[0] is one else 0]
                if other not in side:
                    side[other] = 1 - side[one]
                    stack.append(other)
        connections.append((list(connected), side))
    return connections


def _side_of_weights(
    products: Sequence[Node],
    side: Mapping[Node, int],
    known: Container[Node],
    biases: Mapping[Node, set[Node]],
    usual: int | None,
) -> int:
    """Return the side of the weights, 0 or 1, by the first of these that tells them apart.

    What is a weight in another product; a weight is beside one bias, an input beside several; an
    example has fewer inputs than weights; the usual slot; a label that begins with w.
    """
    leaves = {leaf: side[leaf] for product in products for leaf in product.parents}
    counts = (
        Counter(where for leaf, where in leaves.items() if leaf in known),
        Counter(1 - where for leaf, where in leaves.items() if len(biases.get(leaf, ())) > 1),
        Counter() if any(leaf in biases for leaf in leaves) else Counter(leaves.values()),
        Counter(side[product.parents[usual]] for product in products if usual is not None),
        Counter(where for leaf, where in leaves.items() if leaf.label[:1] in ("w", "W")),
    )
    for votes in counts:
        if votes[0] != votes[1]:
            return 0 if votes[0] > votes[1] else 1
    return side[products[0].parents[0]]


def _from_terms(node: Node, output: Node, terms: Terms, weight_slot: Mapping[Node, int]) -> Neuron:
    weights, inputs = [], []
    for product in terms.products:
        slot = weight_slot[product]
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
