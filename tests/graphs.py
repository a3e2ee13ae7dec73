"""Thirty graphs with every operation, branches and shared leaves, each a function of its leaves."""

import random
from collections.abc import Callable
from typing import NamedTuple

import engine
import nn
from engine.operations import OPERATIONS


class Graph(NamedTuple):
    """`build` makes the root of its leaves, Values with these numbers and labels."""

    build: Callable
    numbers: list
    collapse: str = "none"

    def root(self, numbers=None):
        leaves = [engine.Value(x, label=f"x{i}") for i, x in enumerate(numbers or self.numbers)]
        return self.build(*leaves)


def _sum_of(operations):
    """A weighted sum of single operations on three shared leaves."""

    def build(*xs):
        parts = []
        for i, operation in enumerate(operations):
            count = operation.arity or 5
            parts.append(operation(*[xs[(i + k) % len(xs)] for k in range(count)]) * (i + 1.0))
        return engine.total(parts)

    return build


def _random(seed):
    """A graph of twenty operations, each on any two of what is there."""

    def build(*xs):
        draw, values = random.Random(seed), list(xs)
        for _ in range(20):
            a, b = draw.choice(values), draw.choice(values)
            make = draw.choice(
                [
                    lambda a, b: a * b,
                    lambda a, b: a + b,
                    lambda a, b: a - 0.5 * b,
                    lambda a, b: (a * 0.3).tanh() + b,
                    lambda a, b: engine.where(a > b, a, b * 2.0),
                    lambda a, b: engine.maximum(a, b),
                    lambda a, b: engine.sin(a) * b.cos(),
                    lambda a, b: a.sigmoid() / (1.5 + b * b),
                    lambda a, b: engine.clamp(a, -2.0, 2.0) + engine.relu(b),
                    lambda a, b: engine.logsumexp([a, b, 0.5]),
                ]
            )
            values.append(engine.clamp(make(a, b), -50.0, 50.0))
        return engine.mean(values[-4:])

    return build


def _network(collapse, seed):
    net = nn.MLP(2, [3, 2, 1], activation="tanh", seed=seed)
    weights = [p.data for p in net.parameters()]

    def build(*xs):
        parameters, i = list(xs[2:]), 0
        row = list(xs[:2])
        for width in (3, 2, 1):
            outputs = []
            for _ in range(width):
                n = len(row)
                w, b, i = parameters[i : i + n], parameters[i + n], i + n + 1
                z = engine.weighted_sum(w, row, b)
                outputs.append(z.tanh() if width > 1 else z)
            row = outputs
        return (row[0] - 0.5) ** 2

    return Graph(build, [0.7, -1.2, *weights], collapse)


def _all():
    rows = list(OPERATIONS.values())
    chunks = [rows[i : i + 4] for i in range(0, len(rows), 4)]
    graphs = [Graph(_sum_of(chunk), [0.7, -1.3, 1.9]) for chunk in chunks]
    graphs += [_network(level, 3) for level in ("none", "neurons", "layers")]
    graphs.append(Graph(lambda x, y: x**3 + y**-1.5 + x**0.5 + 2.0**y, [1.2, 0.8]))
    graphs.append(Graph(lambda x, y: x.leaky_relu(0.2) * y.elu(0.7) + x * x, [-0.5, -0.25]))
    graphs += [Graph(_random(seed), [0.4, -0.9, 1.6]) for seed in range(30 - len(graphs))]
    return graphs


GRAPHS = _all()


def edits(graph, count, seed):
    """Random changes, each of one leaf; and the numbers of all leaves after each."""
    draw, numbers, changes, after = random.Random(seed), list(graph.numbers), [], []
    for _ in range(count):
        i = draw.randrange(len(numbers))
        x = draw.choice([round(draw.uniform(-3, 3), 2), draw.uniform(-3, 3), 0.0, 1.0, numbers[0]])
        numbers[i] = x
        changes.append((i, x))
        after.append(list(numbers))
    return changes, after
