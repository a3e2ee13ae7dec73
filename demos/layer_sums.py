"""Many neurons in each layer: a neuron's gradient is a sum over the neurons that read it.

    ∂C/∂a_k = Σ_j  w_jk · σ'(z_j) · ∂C/∂a'_j

w_jk is the weight by which neuron j of a layer reads neuron k of the layer before. In the engine
the sum over j is literal: a_k has one child for each neuron j, and backward() adds one contribution
for each of them to a_k.grad. (The notes write z = Wᵀx in one place and BP2 with the transpose of w
in another; with w_jk as above it is z = Wx.)

>>> rows = contributions(build([2, 3, 2], seed=0))
>>> len(rows), {row[0] for row in rows} == {"a0", "a1", "a2"}
(6, True)
"""

import math
import random
import sys
from collections.abc import Sequence
from typing import Any, NamedTuple

import nn
from demos import show
from engine import Value


class Network(NamedTuple):
    """A sigmoid network after backward(): its activations, the inputs first, and its cost."""

    net: nn.MLP
    activations: list[list[Value]]
    targets: list[float]
    cost: Value


def build(sizes: Sequence[int], seed: int) -> Network:
    """Return a network of these sizes after one example, forward and backward."""
    rng = random.Random(seed)
    net = nn.MLP(sizes[0], list(sizes[1:]), activation="sigmoid", output="sigmoid", seed=seed)
    activations = [[Value(rng.uniform(-1.0, 1.0), f"x{k}") for k in range(sizes[0])]]
    for layer in net.layers:
        activations.append(layer(activations[-1]))
    for k, a in enumerate(activations[-2]):
        a.label = f"a{k}"
    targets = [rng.choice((0.0, 1.0)) for _ in range(sizes[-1])]
    cost = nn.squared_error(activations[-1], targets)
    cost.label = "C"
    cost.backward()
    return Network(net, activations, targets, cost)


def contributions(network: Network) -> list[tuple[str, str, float, float]]:
    """Return each term: neuron k, output j, by the formula, by the engine."""
    *_, before, outputs = network.activations
    by_engine = _contributions_of_the_engine(network)
    rows = []
    for k, a in enumerate(before):
        for j in range(len(outputs)):
            neuron = network.net.layers[-1].neurons[j]
            z = sum(w.data * x.data for w, x in zip(neuron.w, before)) + neuron.b.data
            s = 1.0 / (1.0 + math.exp(-z))
            term = neuron.w[k].data * s * (1.0 - s) * 2.0 * (s - network.targets[j])
            rows.append((a.label, f"output {j}", term, by_engine[k, j]))
    return rows


def _contributions_of_the_engine(network: Network) -> dict[tuple[int, int], float]:
    """Return the contribution along each edge from the z of output j to neuron k before it."""
    *_, before, outputs = network.activations
    sums = [output.parents[0] for output in outputs]  # z of every output
    return {
        (k, sums.index(step.node)): step.contribution
        for step in network.cost.steps()
        for k, a in enumerate(before)
        if step.parent is a
    }


def main(argv: Sequence[str] | None = None) -> dict[str, Any]:
    parser = show.options(
        __doc__,
        name="layer_sums",
        inputs=(2, "inputs"),
        hidden=(3, "neurons of the hidden layer"),
        outputs=(2, "neurons of the last layer"),
    )
    args = parser.parse_args(argv)
    network = build([args.inputs, args.hidden, args.outputs], args.seed)
    rows, before = contributions(network), network.activations[-2]
    print(show.table(["neuron", "contribution of", "by the formula", "by the engine"], rows))
    print("\nTheir sums, one for each neuron:\n")
    sums = [(a.label, sum(row[2] for row in rows if row[0] == a.label), a.grad) for a in before]
    print(show.table(["neuron", "sum of contributions", "grad"], sums))
    print("\n" + network.cost.why(before[0]))
    show.draw(network.cost, args.out, "layer_sums.svg", module=network.net)
    return {"contributions": rows, "sums": sums}


if __name__ == "__main__":
    sys.exit(show.program(main))
