"""What the demos that train have in common: accuracy, standardised columns, a check of saving.

>>> largest([0.1, 2.0, -1.0])
1
"""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import nn
from demos import show
from demos.data import Rows


def largest(scores: Sequence[float]) -> int:
    """Return the class with the largest score."""
    return max(range(len(scores)), key=scores.__getitem__)


def sign(score: float) -> int:
    """Return the class of a single score: +1 above 0, else -1."""
    return 1 if score > 0.0 else -1


def accuracy(
    net: nn.Module, rows: Rows, labels: Sequence[int], decide: Callable[[Any], int] = largest
) -> float:
    """Return the fraction of rows whose label `decide` reads from the network's output."""
    answers = [decide(output) for output in net.predict(rows)]
    return sum(answer == label for answer, label in zip(answers, labels)) / len(rows)


def report_saving(net: nn.Module, other: nn.Module, path: Path, rows: Rows) -> bool:
    """Save a network, load it into another, and return whether all outputs are the same."""
    net.save(path)
    same = other.load(path).predict(rows) == net.predict(rows)
    answers = "the same" if same else "OTHER"
    print(f"saved: {path}")
    print(f"loaded into a new network: {answers} answers to {len(rows)} rows")
    return same


def standardised(by: Rows) -> Callable[[Rows], Rows]:
    """Return a function that shifts and scales columns as `by` needs it for mean 0 and variance 1.

    >>> standardised([[0.0], [2.0]])([[4.0]])
    [[3.0]]
    """
    columns = list(zip(*by))
    means = [math.fsum(column) / len(column) for column in columns]
    deviations = [
        math.sqrt(math.fsum((x - m) ** 2 for x in column) / len(column))
        for column, m in zip(columns, means)
    ]
    return lambda rows: [[(x - m) / d for x, m, d in zip(row, means, deviations)] for row in rows]


def plot_loss(axes: Any, losses: Sequence[float]) -> None:
    """Plot the loss over the epochs into the axes of a figure."""
    axes.plot(range(1, len(losses) + 1), losses, color=show.POSITIVE, linewidth=2)
    axes.set(xlabel="epoch", ylabel="mean loss", title="loss over epochs", ylim=(0, None))
