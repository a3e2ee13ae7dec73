"""One neuron in each layer: the chain rule, factor by factor.

    z = w·a + b     a' = σ(z)     C = (a' - y)²

The derivative of C by w is the product of three factors, ∂z/∂w · ∂a'/∂z · ∂C/∂a' =
a · σ'(z) · 2(a' - y). Each factor is a local derivative of the engine, met on the way back from C;
b and the activation of the layer before share the last two factors. Every layer repeats this.

>>> rows = factors(*build(layers=1, seed=0))
>>> [row[0] for row in rows]
['∂C/∂a1', '∂a1/∂z1', '∂z1/∂w1', '∂z1/∂b1', '∂z1/∂a0']
"""

import math
import random
import sys
from collections.abc import Sequence
from typing import Any

import engine
from demos import show
from engine import Value

Values = dict[str, Value]  # by label


def build(layers: int, seed: int) -> tuple[Value, Values, float]:
    """Return the cost of one example through a chain of sigmoid neurons, its Values, the target."""
    rng = random.Random(seed)
    target = 1.0
    a = Value(rng.uniform(0.2, 0.8), label="a0")
    values = {"a0": a}
    for layer in range(1, layers + 1):
        w = Value(rng.uniform(-1.5, 1.5), f"w{layer}")
        b = Value(rng.uniform(-0.5, 0.5), f"b{layer}")
        z = w * a + b
        a = engine.sigmoid(z)
        z.label, a.label = f"z{layer}", f"a{layer}"
        values |= {node.label: node for node in (w, b, z, a)}
    cost: Value = (a - target) ** 2
    cost.label = "C"
    cost.backward()
    return cost, values, target


def factors(cost: Value, values: Values, target: float) -> list[tuple[str, str, float, float]]:
    """Return for each factor its name, its formula, the formula's number and the engine's."""
    last = _last_layer(values)
    output = values[f"a{last}"]
    slope = 2.0 * (output.data - target)
    rows = [(f"∂C/∂a{last}", f"2(a{last} - y)", slope, _local(cost, output))]
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


def products(values: Values, target: float) -> list[tuple[str, float, float]]:
    """Return ∂C/∂w and ∂C/∂b of every layer: the product of the formulas, and the engine's grad."""
    last = _last_layer(values)
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


def _last_layer(values: Values) -> int:
    return max(int(label[1:]) for label in values)


def _local(node: Value, ancestor: Value) -> float:
    """Return ∂node/∂ancestor: the product of the local derivatives between the two."""
    [slope] = engine.gradient(node, [ancestor])
    return slope.data


def main(argv: Sequence[str] | None = None) -> dict[str, Any]:
    parser = show.options(__doc__, name="chain_network", layers=(2, "neurons in the chain"))
    args = parser.parse_args(argv)
    cost, values, target = build(args.layers, args.seed)
    factor_rows, product_rows = factors(cost, values, target), products(values, target)
    print(show.table(["factor", "formula", "by the formula", "by the engine"], factor_rows))
    print("\nThe product of the factors from C down to a weight is its gradient:\n")
    print(show.table(["gradient", "by the formulas", "by the engine"], product_rows))
    print("\nThe same sums, step by step, in the order of backward():\n")
    print(engine.text(cost))
    show.draw(cost, args.out, "chain_network.svg")
    return {"factors": factor_rows, "products": product_rows}


if __name__ == "__main__":
    sys.exit(show.program(main))
