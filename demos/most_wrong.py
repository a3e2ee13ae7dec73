"""Which neuron is most wrong? The one with the largest gradient: it affects the cost the most.

After backward(), the grad of a neuron's activation says how much the cost would change if that
neuron alone answered differently. Ranked by |grad|, the neurons that stand first are those that
learning should change most. To check the claim, every activation is nudged by a little and the cost
computed again.

>>> rows = ranking(*build([2, 4, 1], seed=0))
>>> [abs(row[1]) for row in rows] == sorted([abs(row[1]) for row in rows], reverse=True)
True
"""

import random
from collections.abc import Sequence
from typing import Any

import engine
import nn
from demos import show
from engine import Value

NUDGE = 1e-6


def build(sizes: Sequence[int], seed: int) -> tuple[nn.MLP, list[list[Value]], float, Value]:
    """A tanh network, its activations layer by layer for one example, the target, the cost after backward()."""
    chance = random.Random(seed)
    net = nn.MLP(sizes[0], list(sizes[1:]), activation="tanh", seed=seed)
    activations = [[Value(chance.uniform(-1.0, 1.0), f"x{k}") for k in range(sizes[0])]]
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
    """Hidden neurons by |grad|, largest first: name, grad by the engine, slope of the nudged cost."""
    rows = []
    for number, layer in enumerate(activations[1:-1]):
        for k, a in enumerate(layer):
            up = _nudged(net, activations, target, number, k, +NUDGE)
            down = _nudged(net, activations, target, number, k, -NUDGE)
            rows.append((a.label, a.grad, (up - down) / (2.0 * NUDGE)))
    return sorted(rows, key=lambda row: -abs(row[1]))


def _nudged(
    net: nn.MLP, activations: list[list[Value]], target: float, number: int, k: int, nudge: float
) -> float:
    """The cost where neuron k of a layer answers by `nudge` more than it does."""
    x: Any = [a.data for a in activations[number + 1]]
    x[k] += nudge
    for layer in net.layers[number + 1 :]:
        x = [a.data if isinstance(a, Value) else a for a in layer(x)]
    return float((x[0] - target) ** 2)


def main(argv: Sequence[str] | None = None) -> dict[str, Any]:
    parser = show.options(__doc__, hidden=(6, "neurons of each hidden layer"))
    args = parser.parse_args(argv)
    net, activations, target, cost = build([2, args.hidden, args.hidden, 1], args.seed)
    rows = ranking(net, activations, target, cost)
    print(show.table(["neuron", "grad", "slope when nudged"], rows))
    print(f"\nmost wrong: {rows[0][0]}\n")
    print(cost.why(next(a for layer in activations for a in layer if a.label == rows[0][0])))
    show.save(engine.draw(cost, view="network", module=net), args.out, "most_wrong.svg")
    return {"ranking": rows}


if __name__ == "__main__":
    main()
