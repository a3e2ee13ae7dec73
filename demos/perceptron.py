"""The perceptron: its loss, its rule, and that it stops where the data can be separated.

    loss of a row = max(0, -y (w·x + b)),   y = ±1

Its gradient is -y x where the row is on the wrong side and 0 where it is not: one step of gradient
descent of size 1 on one row is Rosenblatt's rule of 1958, w += y x. Novikoff proved in 1962 that on
data which a plane through a gap of width 2γ separates the rule makes at most (R/γ)² mistakes, R
being the length of the longest row.

>>> result = train(*separable(40, seed=2))
>>> result["mistakes_last_epoch"], result["mistakes"] <= result["bound"]
(0, True)
"""

import math
import random
from collections.abc import Sequence
from typing import Any

import engine
from demos import show
from engine import Value

PLANE = (0.6, -0.8)  # the true plane goes through the origin; its normal has length 1
GAP = 0.15


def separable(n: int, seed: int) -> tuple[list[list[float]], list[int]]:
    """n points of the square [-1, 1]², none nearer than GAP to the true plane, and the side that each is on."""
    chance = random.Random(seed)
    rows: list[list[float]] = []
    while len(rows) < n:
        point = [chance.uniform(-1.0, 1.0), chance.uniform(-1.0, 1.0)]
        if abs(_side(point)) >= GAP:
            rows.append(point)
    return rows, [1 if _side(point) > 0.0 else -1 for point in rows]


def _side(point: Sequence[float]) -> float:
    return PLANE[0] * point[0] + PLANE[1] * point[1]


def loss(w: Sequence[Value], b: Value, row: Sequence[float], y: int) -> Value:
    value: Value = engine.relu(-y * engine.weighted_sum(w, row, b))
    return value


def train(rows: list[list[float]], labels: list[int], epochs: int = 1000) -> dict[str, Any]:
    """Rosenblatt's rule by the engine's gradients until an epoch passes without a mistake."""
    w, b = [Value(0.0, "w0"), Value(0.0, "w1")], Value(0.0, "b")
    mistakes, history = 0, []
    for _ in range(epochs):
        wrong = 0
        for row, y in zip(rows, labels):
            if y * (sum(p.data * x for p, x in zip(w, row)) + b.data) <= 0.0:
                wrong += 1
                _step(w, b, row, y)
        mistakes += wrong
        history.append(wrong)
        if wrong == 0:
            break
    longest = max(
        math.sqrt(row[0] ** 2 + row[1] ** 2 + 1.0) for row in rows
    )  # with the 1 that b multiplies
    return {
        "w": [p.data for p in w],
        "b": b.data,
        "mistakes": mistakes,
        "mistakes_last_epoch": history[-1],
        "history": history,
        "bound": (longest / GAP) ** 2,
    }


def _step(w: Sequence[Value], b: Value, row: Sequence[float], y: int) -> None:
    """One step of size 1 down the loss. At a score of exactly 0 the loss has a kink, and the rule takes -y x there."""
    for p in (*w, b):
        p.grad = 0.0
    score = engine.weighted_sum(w, row, b)
    (loss(w, b, row, y) if score.data != 0.0 else -y * score).backward()
    for p in (*w, b):
        p.data -= p.grad


def main(argv: Sequence[str] | None = None) -> dict[str, Any]:
    args = show.options(__doc__, rows=(100, "points")).parse_args(argv)
    rows, labels = separable(args.rows, args.seed)
    result = train(rows, labels)
    print(show.table(["epoch", "mistakes"], enumerate(result["history"], 1)))
    print(f"\n{result['mistakes']} mistakes in all; Novikoff's bound is {result['bound']:.0f}")
    figure, axes = show.figure(5.0, 4.6)
    if figure:
        for y, colour in ((-1, show.NEGATIVE), (1, show.POSITIVE)):
            axes.scatter(
                *zip(*[row for row, label in zip(rows, labels) if label == y]),
                color=colour,
                label=f"{y:+d}",
            )
        w, b = result["w"], result["b"]
        axes.axline(
            (-b * w[0] / (w[0] ** 2 + w[1] ** 2), -b * w[1] / (w[0] ** 2 + w[1] ** 2)),
            (
                -b * w[0] / (w[0] ** 2 + w[1] ** 2) - w[1],
                -b * w[1] / (w[0] ** 2 + w[1] ** 2) + w[0],
            ),
            color=show.INK,
        )
        axes.set(title="Where the perceptron stopped", xlim=(-1.05, 1.05), ylim=(-1.05, 1.05))
        axes.legend()
    show.save(figure, args.out, "perceptron.png")
    return result


if __name__ == "__main__":
    main()
