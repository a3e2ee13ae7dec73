"""Which neuron is most wrong? The one with the largest gradient: it affects the cost the most.

After backward(), the grad of a neuron's activation says how fast the cost changes with that
activation alone. Ranked by |grad|, the first neurons are those that learning should change most.
Difference quotients check it: every activation is moved a little and the cost computed again.

>>> rows = ranking(*build([2, 4, 1], seed=0))
>>> [abs(row[1]) for row in rows] == sorted([abs(row[1]) for row in rows], reverse=True)
True
"""

import random
import sys
from collections.abc import Sequence
from typing import Any

import nn
from demos import show
from engine import Value

STEP = 1e-6  # of the difference quotients


def build(sizes: Sequence[int], seed: int) -> tuple[nn.MLP, list[list[Value]], float, Value]:
    """Return a tanh network, its activations, the target and the cost, after backward."""
    rng = random.Random(seed)
    net = nn.MLP(sizes[0], list(sizes[1:]), activation="tanh", seed=seed)
    activations = [[Value(rng.uniform(-1.0, 1.0), f"x{k}") for k in range(sizes[0])]]
    for number, layer in enumerate(net.layers):
        activations.append(layer(activations[-1]))
        for k, a in enumerate(activations[-1]):
            a.label = f"layer{number}.neuron{k}"
    target = 1.0
    cost = (activations[-1][0] - target) ** 2
    cost.label = "C"
    cost.backward()
    return net, activations, target, cost


def ranking(
    net: nn.MLP, activations: list[list[Value]], target: float, cost: Value
) -> list[tuple[str, float, float]]:
    """Return the hidden neurons, largest |grad| first: name, grad, difference quotient."""
    rows = []
    for number, layer in enumerate(activations[1:-1]):
        for k, a in enumerate(layer):
            up = _cost_at(net, activations, target, number, k, +STEP)
            down = _cost_at(net, activations, target, number, k, -STEP)
            rows.append((a.label, a.grad, (up - down) / (2.0 * STEP)))
    return sorted(rows, key=lambda row: -abs(row[1]))


def _cost_at(
    net: nn.MLP, activations: list[list[Value]], target: float, number: int, k: int, step: float
) -> float:
    """Return the cost where the activation of neuron k of a layer is larger by `step`."""
    x = [a.data for a in activations[number + 1]]
    x[k] += step
    for layer in net.layers[number + 1 :]:
        x = [a.data for a in layer(x)]
    return float((x[0] - target) ** 2)


def main(argv: Sequence[str] | None = None) -> dict[str, Any]:
    parser = show.options(__doc__, name="most_wrong", hidden=(6, "neurons of each hidden layer"))
    args = parser.parse_args(argv)
    net, activations, target, cost = build([2, args.hidden, args.hidden, 1], args.seed)
    rows = ranking(net, activations, target, cost)
    print(show.table(["neuron", "grad", "difference quotient"], rows))
    print(f"\nmost wrong: {rows[0][0]}\n")
    print(cost.why(next(a for layer in activations for a in layer if a.label == rows[0][0])))
    show.draw(cost, args.out, "most_wrong.svg", view="network", module=net)
    return {"ranking": rows}


if __name__ == "__main__":
    sys.exit(show.program(main))
