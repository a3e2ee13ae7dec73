"""Many neurons in each layer: every neuron of the next layer has an opinion, and the opinions are added.

    ∂C/∂a_k = Σ_j  w_jk · σ'(z_j) · ∂C/∂a'_j

w_jk is the weight by which neuron j of a layer reads neuron k of the layer before. In the engine
the sum over j is literal: a_k has one child for each neuron j, and backward() adds one contribution
for each of them to a_k.grad. (The notes write z = Wᵀx in one place and BP2 with the transpose of w
in another; with w_jk as above it is z = Wx.)

>>> net, cost = build([2, 3, 2], seed=0)
>>> rows = opinions(net, cost)
>>> len(rows), {row[0] for row in rows} == {"a0", "a1", "a2"}
(6, True)
"""

import math
import random
from collections.abc import Sequence
from typing import Any

import engine
import nn
from demos import show
from engine import Value


def build(sizes: Sequence[int], seed: int) -> tuple[dict[str, Any], Value]:
    """A sigmoid network layer by layer, and the cost of one example after backward()."""
    chance = random.Random(seed)
    net = nn.MLP(sizes[0], list(sizes[1:]), activation="sigmoid", output="sigmoid", seed=seed)
    activations = [[Value(chance.uniform(-1.0, 1.0), f"x{k}") for k in range(sizes[0])]]
    for layer in net.layers:
        activations.append(layer(activations[-1]))
    for k, a in enumerate(activations[-2]):
        a.label = f"a{k}"
    targets = [chance.choice((0.0, 1.0)) for _ in range(sizes[-1])]
    cost = nn.squared_error(activations[-1], targets)
    cost.label = "C"
    cost.backward()
    return {"net": net, "activations": activations, "targets": targets}, cost


def opinions(built: dict[str, Any], cost: Value) -> list[tuple[str, str, float, float]]:
    """For each neuron k before the last layer and each neuron j in it: the term by the formula, and by the engine."""
    layer, before, outputs = (
        built["net"].layers[-1],
        built["activations"][-2],
        built["activations"][-1],
    )
    found: dict[tuple[int, int], float] = {}
    for step in cost.steps():
        for k, a in enumerate(before):
            if step.parent is a:
                found[k, [output.parents[0] for output in outputs].index(step.node)] = (
                    step.contribution
                )
    rows = []
    for k, a in enumerate(before):
        for j in range(len(outputs)):
            z = (
                sum(w.data * x.data for w, x in zip(layer.neurons[j].w, before))
                + layer.neurons[j].b.data
            )
            s = 1.0 / (1.0 + math.exp(-z))
            term = layer.neurons[j].w[k].data * s * (1.0 - s) * 2.0 * (s - built["targets"][j])
            rows.append((a.label, f"output {j}", term, found[k, j]))
    return rows


def main(argv: Sequence[str] | None = None) -> dict[str, Any]:
    parser = show.options(
        __doc__,
        inputs=(2, "inputs"),
        hidden=(3, "neurons of the hidden layer"),
        outputs=(2, "neurons of the last layer"),
    )
    args = parser.parse_args(argv)
    built, cost = build([args.inputs, args.hidden, args.outputs], args.seed)
    rows = opinions(built, cost)
    print(show.table(["neuron", "opinion of", "by the formula", "by the engine"], rows))
    print("\nTheir sums, one for each neuron:\n")
    sums = [
        (a.label, sum(row[2] for row in rows if row[0] == a.label), a.grad)
        for a in built["activations"][-2]
    ]
    print(show.table(["neuron", "sum of the opinions", "grad"], sums))
    first = built["activations"][-2][0]
    print("\n" + cost.why(first))
    show.save(engine.draw(cost, module=built["net"]), args.out, "layer_sums.svg")
    return {"opinions": rows, "sums": sums}


if __name__ == "__main__":
    main()
