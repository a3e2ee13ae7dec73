"""Logistic regression on real flowers: versicolor or virginica, by one neuron.

    P(virginica | x) = σ(w·x + b)

The cost is the mean cross-entropy. Its gradient by w is the mean of (a - y) x over the rows, where
a is the neuron's answer; the engine arrives at the same numbers. L2 is used: λ/2·|w|² is added to
the cost, which keeps the minimum finite and unique. (Newton's method on the same cost ends at the
same weights; a test does it.)

>>> result = fit(*flowers(), steps=5, decay=0.01)
>>> len(result["w"]), result["losses"][-1] < result["losses"][0]
(4, True)
"""

import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import engine
import nn
from demos import learning, show
from demos.data import Labels, Rows, iris
from engine import Value


def flowers() -> tuple[Rows, Labels]:
    """Return the 100 flowers of two species with standardised measures, and 1 for virginica."""
    rows, species, _ = iris()
    chosen = [row for row, kind in zip(rows, species) if kind > 0]
    return learning.standardised(chosen)(chosen), [kind - 1 for kind in species if kind > 0]


def cost(w: Sequence[Value], b: Value, rows: Rows, targets: Labels, decay: float) -> Value:
    """Return the mean cross-entropy of the rows and the L2 term."""
    each = [
        nn.binary_cross_entropy(engine.weighted_sum(w, row, b), y) for row, y in zip(rows, targets)
    ]
    value: Value = engine.mean(each) + 0.5 * decay * nn.l2(w)
    return value


def fit(rows: Rows, targets: Labels, steps: int, decay: float) -> dict[str, Any]:
    """Go down the cost with momentum from zero; the result has the first gradient too."""
    w, b = [Value(0.0, f"w{i}") for i in range(len(rows[0]))], Value(0.0, "b")
    optimizer = nn.SGD([*w, b], learning_rate=0.3, momentum=0.9)
    losses, first = [], None
    for _ in show.progress(steps, "gradient descent"):
        optimizer.zero_grad()
        value = cost(w, b, rows, targets, decay)
        value.backward()
        first = first or [p.grad for p in (*w, b)]
        losses.append(value.data)
        optimizer.step()
    return {"w": [p.data for p in w], "b": b.data, "losses": losses, "first": first}


def scores(w: Sequence[float], b: float, rows: Rows) -> list[float]:
    """Return w·x + b for every row."""
    return [math.fsum(v * x for v, x in zip(w, row)) + b for row in rows]


def main(argv: Sequence[str] | None = None) -> dict[str, Any]:
    parser = show.options(
        __doc__,
        name="logistic_regression",
        steps=(300, "steps of gradient descent"),
        decay=(0.01, "λ of the L2 term"),
    )
    args = parser.parse_args(argv)
    rows, targets = flowers()
    result = fit(rows, targets, args.steps, args.decay)
    names = ["sepal length", "sepal width", "petal length", "petal width"]
    formula = [
        math.fsum((0.5 - y) * row[i] for row, y in zip(rows, targets)) / len(rows) for i in range(4)
    ]
    heads = ["measure", "first gradient", "mean of (a - y)x", "weight"]
    print(show.table(heads, zip(names, result["first"], formula, result["w"])))
    z = scores(result["w"], result["b"], rows)
    right = sum((score > 0.0) == bool(y) for score, y in zip(z, targets)) / len(rows)
    first, last = result["losses"][0], result["losses"][-1]
    print(f"\nloss {first:.4f} at the start, {last:.6f} at the end; {right:.0%} right")
    picture(z, targets, args.out)
    return {**result, "formula": formula, "accuracy": right}


def picture(z: list[float], targets: Labels, out: Path) -> None:
    """Draw the neuron's answer to each flower over its z."""
    figure, axes = show.figure()
    if figure is None:
        return
    for target, colour, name in (
        (0, show.NEGATIVE, "versicolor"),
        (1, show.POSITIVE, "virginica"),
    ):
        xs = [score for score, y in zip(z, targets) if y == target]
        ys = [engine.sigmoid(x) for x in xs]
        axes.scatter(xs, ys, color=colour, label=name, alpha=0.7)
    axes.set(
        title="What the neuron answers to each flower", xlabel="w·x + b", ylabel="P(virginica)"
    )
    axes.legend()
    show.save(figure, out, "logistic_regression.png")


if __name__ == "__main__":
    sys.exit(show.program(main))
