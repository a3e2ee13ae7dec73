"""What the demos that train have in common: how often a network is right, and whether a saved one answers the same.

>>> choice([0.1, 2.0, -1.0])
1
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import nn
from demos import show


def choice(scores: Sequence[float]) -> int:
    """The class with the highest score."""
    return max(range(len(scores)), key=lambda k: scores[k])


def accuracy(
    net: nn.Module,
    rows: Sequence[Any],
    labels: Sequence[int],
    decide: Callable[[Any], int] = choice,
) -> float:
    """The share of rows for which the network decides on the label."""
    return sum(decide(scores) == label for scores, label in zip(net.predict(rows), labels)) / len(
        rows
    )


def survives_saving(net: nn.Module, twin: nn.Module, path: Path, rows: Sequence[Any]) -> bool:
    """Save the network, load it into a fresh one of the same shape, and compare all answers, bit for bit."""
    path.parent.mkdir(parents=True, exist_ok=True)
    net.save(path)
    same = twin.load(path).predict(rows) == net.predict(rows)
    print(
        f"saved: {path}; loaded into a fresh network, it gives {'the same' if same else 'OTHER'} "
        f"answers to {len(rows)} rows"
    )
    return same


def scaled(rows: Sequence[Sequence[float]], by: Sequence[Sequence[float]]) -> list[list[float]]:
    """Rows with mean 0 and spread 1 in every column, as measured on the rows `by`."""
    columns = list(zip(*by))
    means = [sum(column) / len(column) for column in columns]
    spreads = [
        (sum((x - m) ** 2 for x in column) / len(column)) ** 0.5
        for column, m in zip(columns, means)
    ]
    return [[(x - m) / s for x, m, s in zip(row, means, spreads)] for row in rows]


def curve(axes: Any, losses: Sequence[float]) -> None:
    """The loss over the epochs, into the axes of a figure."""
    axes.plot(range(1, len(losses) + 1), losses, color=show.POSITIVE, linewidth=2)
    axes.set(xlabel="epoch", ylabel="mean loss", title="loss over epochs", ylim=(0, None))
