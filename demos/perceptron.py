"""The perceptron: its loss, its rule, and when it stops.

    loss of a row = max(0, -y (w·x + b)),   y = ±1

Its gradient is -y x where the row is on the wrong side and 0 where it is not: one step of gradient
descent of size 1 on one row is Rosenblatt's rule of 1958, w += y x. If a plane separates the rows,
and none is nearer to it than γ, the rule makes at most (R/γ)² mistakes, where R is the length of
the longest row (Novikoff 1962).

>>> result = train(*separable(40, seed=2))
>>> result["history"][-1], result["mistakes"] <= result["bound"]
(0, True)
"""

import math
import random
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import engine
from demos import show
from demos.data import Labels, Rows
from engine import Value

PLANE = (0.6, -0.8)  # the true plane goes through the origin; its normal has length 1
GAP = 0.15


def separable(n: int, seed: int) -> tuple[Rows, Labels]:
    """Return n points of [-1, 1]², none nearer than GAP to the true plane, and the side of each."""
    rng = random.Random(seed)
    rows: Rows = []
    while len(rows) < n:
        point = [rng.uniform(-1.0, 1.0), rng.uniform(-1.0, 1.0)]
        if abs(_side(point)) >= GAP:
            rows.append(point)
    return rows, [1 if _side(point) > 0.0 else -1 for point in rows]


def _side(point: Sequence[float]) -> float:
    return PLANE[0] * point[0] + PLANE[1] * point[1]


def loss(w: Sequence[Value], b: Value, row: Sequence[float], y: int) -> Value:
    """Return the perceptron's loss of one row."""
    value: Value = engine.relu(-y * engine.weighted_sum(w, row, b))
    return value


def train(rows: Rows, labels: Labels, epochs: int = 1000) -> dict[str, Any]:
    """Apply Rosenblatt's rule by the engine's gradients until an epoch passes without a mistake."""
    w, b = [Value(0.0, "w0"), Value(0.0, "w1")], Value(0.0, "b")
    history: list[int] = []  # the mistakes of each epoch
    while len(history) < epochs and (not history or history[-1]):
        mistakes = 0
        for row, y in zip(rows, labels):
            if y * (sum(p.data * x for p, x in zip(w, row)) + b.data) <= 0.0:
                mistakes += 1
                _step(w, b, row, y)
        history.append(mistakes)
    longest = max(math.hypot(*row, 1.0) for row in rows)  # with the 1 that b multiplies
    return {
        "w": [p.data for p in w],
        "b": b.data,
        "mistakes": sum(history),
        "history": history,
        "bound": (longest / GAP) ** 2,
    }


def _step(w: Sequence[Value], b: Value, row: Sequence[float], y: int) -> None:
    """Step down the loss by its gradient; at its kink, a score of 0, the rule takes -y x."""
    for p in (*w, b):
        p.grad = 0.0
    score = engine.weighted_sum(w, row, b)
    (loss(w, b, row, y) if score.data != 0.0 else -y * score).backward()
    for p in (*w, b):
        p.data -= p.grad


def main(argv: Sequence[str] | None = None) -> dict[str, Any]:
    args = show.options(__doc__, name="perceptron", rows=(100, "points")).parse_args(argv)
    rows, labels = separable(args.rows, args.seed)
    result = train(rows, labels)
    print(show.table(["epoch", "mistakes"], enumerate(result["history"], 1)))
    print(f"\n{result['mistakes']} mistakes in all; Novikoff's bound is {result['bound']:.0f}")
    picture(rows, labels, result["w"], result["b"], args.out)
    return result


def picture(rows: Rows, labels: Labels, w: Sequence[float], b: float, out: Path) -> None:
    """Draw the points and the line w·x + b = 0."""
    figure, axes = show.figure(5.0, 4.6)
    if figure is None:
        return
    for y, colour in ((-1, show.NEGATIVE), (1, show.POSITIVE)):
        points = [row for row, label in zip(rows, labels) if label == y]
        axes.scatter([p[0] for p in points], [p[1] for p in points], color=colour, label=f"{y:+d}")
    square = w[0] ** 2 + w[1] ** 2
    foot = (-b * w[0] / square, -b * w[1] / square)  # the point of the line nearest to the origin
    axes.axline(foot, (foot[0] - w[1], foot[1] + w[0]), color=show.INK)
    axes.set(title="Where the perceptron stopped", xlim=(-1.05, 1.05), ylim=(-1.05, 1.05))
    axes.legend()
    show.save(figure, out, "perceptron.png")


if __name__ == "__main__":
    sys.exit(show.program(main))
