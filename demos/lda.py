"""Linear discriminant analysis: a Gaussian for each class, one covariance, by maximum likelihood.

    log p(x, class) = log π - ½ log det(2πΣ) - ½ (x - μ)ᵀ Σ⁻¹ (x - μ)

The means and the covariance are parameters, and the likelihood of the data is a graph over them:
two measures of the iris, three classes. Σ⁻¹ is written so that it stays positive, dᵀΣ⁻¹d = a²(d₀ +
t d₁)² + c²d₁² with a = e^α and c = e^γ. Gradient descent arrives at the closed form: the means of
the classes and the pooled covariance.

>>> result = fit(*flowers(), steps=3)
>>> len(result["means"]), len(result["covariance"])
(3, 2)
"""

import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import engine
import nn
from demos import show
from demos.data import SPECIES, Labels, Rows, iris
from engine import Value

Matrix = list[list[float]]


def flowers() -> tuple[Rows, Labels]:
    """Return petal length and petal width in centimetres, and the species."""
    rows, species, _ = iris()
    return [row[2:] for row in rows], species


def closed_form(rows: Rows, labels: Labels) -> tuple[Matrix, Matrix]:
    """Return the means of the classes, and the covariance around them over all rows."""
    means = [
        [
            math.fsum(column) / len(column)
            for column in zip(*[r for r, k in zip(rows, labels) if k == kind])
        ]
        for kind in sorted(set(labels))
    ]
    off = [[x - m for x, m in zip(row, means[kind])] for row, kind in zip(rows, labels)]
    return means, [
        [math.fsum(d[i] * d[j] for d in off) / len(off) for j in range(2)] for i in range(2)
    ]


def loss(means: list[list[Value]], shape: list[Value], rows: Rows, labels: Labels) -> Value:
    """Return the mean of -log p(x | class); `shape` is α, t, γ."""
    a, t, c = engine.exp(shape[0]), shape[1], engine.exp(shape[2])
    each = []
    for row, kind in zip(rows, labels):
        d0, d1 = row[0] - means[kind][0], row[1] - means[kind][1]
        each.append(engine.square(a * (d0 + t * d1)) + engine.square(c * d1))
    value: Value = math.log(2.0 * math.pi) - shape[0] - shape[2] + 0.5 * engine.mean(each)
    return value


def fit(rows: Rows, labels: Labels, steps: int) -> dict[str, Any]:
    """Go down the loss with momentum, from the mean of all rows and the unit covariance."""
    middle = [math.fsum(column) / len(column) for column in zip(*rows)]
    means = [
        [Value(m, f"μ{kind}{i}") for i, m in enumerate(middle)] for kind in sorted(set(labels))
    ]
    shape = [Value(0.0, name) for name in ("α", "t", "γ")]
    parameters = [*[m for row in means for m in row], *shape]
    optimizer = nn.SGD(parameters, learning_rate=0.12, momentum=0.7)
    losses = []
    for _ in show.progress(steps, "gradient descent"):
        optimizer.zero_grad()
        value = loss(means, shape, rows, labels)
        value.backward()
        losses.append(value.data)
        optimizer.step()
    aa, t, cc = math.exp(2.0 * shape[0].data), shape[1].data, math.exp(2.0 * shape[2].data)
    precision = [[aa, aa * t], [aa * t, aa * t * t + cc]]
    return {
        "means": [[m.data for m in row] for row in means],
        "covariance": _inverse(precision),
        "losses": losses,
        "grads": [p.grad for p in parameters],
    }


def _inverse(m: Matrix) -> Matrix:
    det = m[0][0] * m[1][1] - m[0][1] * m[1][0]
    return [[m[1][1] / det, -m[0][1] / det], [-m[1][0] / det, m[0][0] / det]]


def accuracy(means: Matrix, covariance: Matrix, rows: Rows, labels: Labels) -> float:
    """Return the fraction of rows that are nearest, by the covariance, to the mean of their class.

    All classes have the prior ⅓.
    """
    inverse = _inverse(covariance)

    def distance(row: list[float], mean: list[float]) -> float:
        d = [x - m for x, m in zip(row, mean)]
        return sum(d[i] * inverse[i][j] * d[j] for i in range(2) for j in range(2))

    nearest = [min(range(3), key=lambda kind: distance(row, means[kind])) for row in rows]
    return sum(k == kind for k, kind in zip(nearest, labels)) / len(rows)


def main(argv: Sequence[str] | None = None) -> dict[str, Any]:
    parser = show.options(__doc__, name="lda", steps=(300, "steps of gradient descent"))
    args = parser.parse_args(argv)
    rows, labels = flowers()
    result, (means, covariance) = fit(rows, labels, args.steps), closed_form(rows, labels)
    table = [
        (f"μ of {name}, {measure}", result["means"][k][i], means[k][i])
        for k, name in enumerate(SPECIES)
        for i, measure in enumerate(("length", "width"))
    ]
    table += [
        (f"Σ {i}{j}", result["covariance"][i][j], covariance[i][j])
        for i, j in ((0, 0), (0, 1), (1, 1))
    ]
    print(show.table(["parameter", "maximum likelihood", "closed form"], table))
    right = accuracy(result["means"], result["covariance"], rows, labels)
    print(f"\n{right:.1%} of the flowers are nearest to their own species")
    picture(rows, labels, result["means"], args.out)
    return {**result, "closed_means": means, "closed_covariance": covariance, "accuracy": right}


def picture(rows: Rows, labels: Labels, means: Matrix, out: Path) -> None:
    """Draw the flowers by species, and the means as crosses."""
    figure, axes = show.figure(6.0, 4.6)
    if figure is None:
        return
    for kind, colour in enumerate((show.ZERO, show.NEGATIVE, show.POSITIVE)):
        points = [row for row, label in zip(rows, labels) if label == kind]
        axes.scatter(*zip(*points), color=colour, label=SPECIES[kind], alpha=0.5)
        axes.plot(*means[kind], marker="+", markersize=16, markeredgewidth=3, color=colour)
    axes.set(
        title="Means by maximum likelihood", xlabel="petal length, cm", ylabel="petal width, cm"
    )
    axes.legend()
    show.save(figure, out, "lda.png")


if __name__ == "__main__":
    sys.exit(show.program(main))
