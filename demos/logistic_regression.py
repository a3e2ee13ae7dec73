"""Logistic regression on real flowers: versicolor or virginica, by one neuron.

    P(virginica | x) = σ(w·x + b)

The cost is the cross-entropy. Its gradient has a short form, Σ (a - y) x over the rows, which the
engine's sums reproduce term by term. A small L2 term (λ/2 |w|², said here because the notes ask for
it) keeps the answer finite and unique, so that Newton's method on the same cost, which shares no
code with the engine, ends at the same weights.

>>> found = fit(*flowers(), steps=5, decay=0.01)
>>> len(found["w"]), found["losses"][-1] < found["losses"][0]
(4, True)
"""

import math
from collections.abc import Sequence
from typing import Any

import engine
import nn
from demos import show
from demos.data import iris
from engine import Value


def flowers() -> tuple[list[list[float]], list[int]]:
    """The 100 flowers of the two species, each measure shifted to mean 0 and scaled to variance 1; 1 is virginica."""
    rows, species, _ = iris()
    chosen = [(row, kind - 1) for row, kind in zip(rows, species) if kind > 0]
    columns = list(zip(*[row for row, _ in chosen]))
    means = [math.fsum(column) / len(column) for column in columns]
    spread = [
        math.sqrt(math.fsum((x - m) ** 2 for x in column) / len(column))
        for column, m in zip(columns, means)
    ]
    return [[(x - m) / s for x, m, s in zip(row, means, spread)] for row, _ in chosen], [
        kind for _, kind in chosen
    ]


def cost(
    w: Sequence[Value], b: Value, rows: list[list[float]], targets: list[int], decay: float
) -> Value:
    """The mean cross-entropy of the rows and the L2 term."""
    each = [
        nn.binary_cross_entropy(engine.weighted_sum(w, row, b), y) for row, y in zip(rows, targets)
    ]
    value: Value = engine.mean(each) + 0.5 * decay * nn.l2(w)
    return value


def fit(rows: list[list[float]], targets: list[int], steps: int, decay: float) -> dict[str, Any]:
    """Gradient descent with momentum from zero; the gradient at the start is kept to be compared."""
    w, b = [Value(0.0, f"w{i}") for i in range(len(rows[0]))], Value(0.0, "b")
    optimizer = nn.SGD([*w, b], learning_rate=0.3, momentum=0.9)
    losses, first = [], None
    for _ in show.progress(steps, "going down the loss"):
        optimizer.zero_grad()
        value = cost(w, b, rows, targets, decay)
        value.backward()
        first = first or [p.grad for p in (*w, b)]
        losses.append(value.data)
        optimizer.step()
    return {"w": [p.data for p in w], "b": b.data, "losses": losses, "first": first}


def accuracy(w: Sequence[float], b: float, rows: list[list[float]], targets: list[int]) -> float:
    right = sum(
        (math.fsum(v * x for v, x in zip(w, row)) + b > 0.0) == bool(y)
        for row, y in zip(rows, targets)
    )
    return right / len(rows)


def main(argv: Sequence[str] | None = None) -> dict[str, Any]:
    parser = show.options(
        __doc__, steps=(300, "steps of gradient descent"), decay=(0.01, "λ of the L2 term")
    )
    args = parser.parse_args(argv)
    rows, targets = flowers()
    found = fit(rows, targets, args.steps, args.decay)
    names = ["sepal length", "sepal width", "petal length", "petal width"]
    by_hand = [
        math.fsum((0.5 - y) * row[i] for row, y in zip(rows, targets)) / len(rows) for i in range(4)
    ]
    print(
        show.table(
            ["measure", "first gradient", "mean of (a - y)x", "weight"],
            zip(names, found["first"], by_hand, found["w"]),
        )
    )
    share = accuracy(found["w"], found["b"], rows, targets)
    print(
        f"\nloss {found['losses'][0]:.4f} at the start, {found['losses'][-1]:.6f} at the end; {share:.0%} right"
    )
    figure, axes = show.figure()
    if figure:
        scores = [math.fsum(v * x for v, x in zip(found["w"], row)) + found["b"] for row in rows]
        for kind, colour, name in (
            (0, show.NEGATIVE, "versicolor"),
            (1, show.POSITIVE, "virginica"),
        ):
            shown = [s for s, y in zip(scores, targets) if y == kind]
            axes.scatter(
                shown,
                [1.0 / (1.0 + math.exp(-s)) for s in shown],
                color=colour,
                label=name,
                alpha=0.7,
            )
        axes.set(
            title="What the neuron answers to each flower", xlabel="w·x + b", ylabel="P(virginica)"
        )
        axes.legend()
    show.save(figure, args.out, "logistic_regression.png")
    return {**found, "by_hand": by_hand, "accuracy": share}


if __name__ == "__main__":
    main()
