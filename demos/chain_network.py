"""One neuron in each layer: the chain rule, factor by factor.

    z = w·a + b     a' = σ(z)     C = (a' - y)²

The derivative of C by w is the product of three factors, ∂z/∂w · ∂a'/∂z · ∂C/∂a' = a · σ'(z) · 2(a'
- y). Each of them is a local derivative of the engine, found on the way back from C; b and the
activation of the layer before have the same last two factors. The rest of the network repeats this,
one layer at a time.

>>> shown = factors(*build(layers=1, seed=0))
>>> [row[0] for row in shown]
['∂C/∂a1', '∂a1/∂z1', '∂z1/∂w1', '∂z1/∂b1', '∂z1/∂a0']
"""

import math
import random
from collections.abc import Sequence
from typing import Any

import engine
from demos import show
from engine import Value


def build(layers: int, seed: int) -> tuple[Value, dict[str, Value], float]:
    """The cost of one example through a chain of sigmoid neurons, its Values by name, and the target."""
    chance = random.Random(seed)
    target = 1.0
    a = Value(chance.uniform(0.2, 0.8), label="a0")
    values = {"a0": a}
    for layer in range(1, layers + 1):
        w, b = (
            Value(chance.uniform(-1.5, 1.5), f"w{layer}"),
            Value(chance.uniform(-0.5, 0.5), f"b{layer}"),
        )
        z = w * a + b
        a = engine.sigmoid(z)
        z.label, a.label = f"z{layer}", f"a{layer}"
        values |= {node.label: node for node in (w, b, z, a)}
    cost = (a - target) ** 2
    cost.label = "C"
    cost.backward()
    return cost, values, target


def factors(
    cost: Value, values: dict[str, Value], target: float
) -> list[tuple[str, str, float, float]]:
    """For each factor its name, the notes' formula, the formula's number, the engine's local derivative."""
    last = max(int(name[1:]) for name in values)
    rows = [
        (
            f"∂C/∂a{last}",
            f"2(a{last} - y)",
            2.0 * (values[f"a{last}"].data - target),
            _local(cost, values[f"a{last}"]),
        )
    ]
    for layer in range(last, 0, -1):
        w, b, z, a = (values[f"{name}{layer}"] for name in "wbza")
        before = values[f"a{layer - 1}"]
        s = 1.0 / (1.0 + math.exp(-z.data))
        rows += [
            (f"∂a{layer}/∂z{layer}", f"σ'(z{layer})", s * (1.0 - s), _local(a, z)),
            (f"∂z{layer}/∂w{layer}", f"a{layer - 1}", before.data, _local(z, w)),
            (f"∂z{layer}/∂b{layer}", "1", 1.0, _local(z, b)),
            (f"∂z{layer}/∂a{layer - 1}", f"w{layer}", w.data, _local(z, before)),
        ]
    return rows


def products(values: dict[str, Value], target: float) -> list[tuple[str, float, float]]:
    """∂C/∂w and ∂C/∂b of every layer: the product of the formulas, and the engine's grad."""
    last = max(int(name[1:]) for name in values)
    delta = 2.0 * (values[f"a{last}"].data - target)
    rows = []
    for layer in range(last, 0, -1):
        s = 1.0 / (1.0 + math.exp(-values[f"z{layer}"].data))
        delta *= s * (1.0 - s)
        before = values[f"a{layer - 1}"]
        rows += [
            (f"∂C/∂w{layer}", before.data * delta, values[f"w{layer}"].grad),
            (f"∂C/∂b{layer}", delta, values[f"b{layer}"].grad),
        ]
        delta *= values[f"w{layer}"].data
    return [*rows, ("∂C/∂a0", delta, values["a0"].grad)]


def _local(node: Value, ancestor: Value) -> float:
    """∂node/∂ancestor: the local derivatives along the way, multiplied; between them lie the sums and products."""
    [slope] = engine.gradient(node, [ancestor])
    return slope.data


def main(argv: Sequence[str] | None = None) -> dict[str, Any]:
    parser = show.options(__doc__, layers=(2, "neurons in the chain"))
    args = parser.parse_args(argv)
    cost, values, target = build(args.layers, args.seed)
    shown, whole = factors(cost, values, target), products(values, target)
    print(show.table(["factor", "formula", "by the formula", "by the engine"], shown))
    print("\nThe product of the factors from C down to a weight is its gradient:\n")
    print(show.table(["gradient", "by the formulas", "by the engine"], whole))
    print("\nStep by step, as backward() adds it up:\n")
    print(engine.text(cost))
    show.save(engine.draw(cost), args.out, "chain_network.svg")
    return {"factors": shown, "products": whole}


if __name__ == "__main__":
    main()
