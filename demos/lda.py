"""Linear discriminant analysis: one Gaussian for each class, one covariance for all, by maximum likelihood.

    log p(x, class) = log π - ½ log det(2πΣ) - ½ (x - μ)ᵀ Σ⁻¹ (x - μ)

The means and the covariance are parameters, and the likelihood of the data is a graph over them:
two measures of the iris, three classes. Σ⁻¹ is written so that it stays positive, dᵀΣ⁻¹d = a²(d₀ +
t d₁)² + c²d₁² with a = e^α and c = e^γ. Gradients raise the likelihood until they are gone; the
closed form, class means and the pooled covariance, is what they arrive at.

>>> found = fit(*flowers(), steps=3)
>>> len(found["means"]), len(found["covariance"])
(3, 2)
"""

import math
from collections.abc import Sequence
from typing import Any

import engine
import nn
from demos import show
from demos.data import iris
from engine import Value

Matrix = list[list[float]]


def flowers() -> tuple[Matrix, list[int]]:
    """Petal length and petal width in centimetres, and the species."""
    rows, species, _ = iris()
    return [row[2:] for row in rows], species


def closed_form(rows: Matrix, labels: list[int]) -> tuple[Matrix, Matrix]:
    """The means of the classes, and the mean square around them over all rows."""
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


def loss(means: list[list[Value]], shape: list[Value], rows: Matrix, labels: list[int]) -> Value:
    """The mean of -log p(x | class); `shape` holds α, t, γ."""
    a, t, c = engine.exp(shape[0]), shape[1], engine.exp(shape[2])
    each = []
    for row, kind in zip(rows, labels):
        d0, d1 = row[0] - means[kind][0], row[1] - means[kind][1]
        each.append(engine.square(a * (d0 + t * d1)) + engine.square(c * d1))
    value: Value = math.log(2.0 * math.pi) - shape[0] - shape[2] + 0.5 * engine.mean(each)
    return value


def fit(rows: Matrix, labels: list[int], steps: int) -> dict[str, Any]:
    """Gradient descent with momentum, from the mean of all rows and the unit covariance."""
    middle = [math.fsum(column) / len(column) for column in zip(*rows)]
    means = [
        [Value(m, f"μ{kind}{i}") for i, m in enumerate(middle)] for kind in sorted(set(labels))
    ]
    shape = [Value(0.0, name) for name in ("α", "t", "γ")]
    parameters = [*[m for row in means for m in row], *shape]
    optimizer = nn.SGD(parameters, learning_rate=0.12, momentum=0.7)
    losses = []
    for _ in show.progress(steps, "raising the likelihood"):
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


def accuracy(means: Matrix, covariance: Matrix, rows: Matrix, labels: list[int]) -> float:
    """The share of rows whose nearest mean, by the covariance, is that of their class (all priors are ⅓)."""
    inverse = _inverse(covariance)

    def distance(row: list[float], mean: list[float]) -> float:
        d = [x - m for x, m in zip(row, mean)]
        return sum(d[i] * inverse[i][j] * d[j] for i in range(2) for j in range(2))

    nearest = [min(range(3), key=lambda kind: distance(row, means[kind])) for row in rows]
    return sum(k == kind for k, kind in zip(nearest, labels)) / len(rows)


def main(argv: Sequence[str] | None = None) -> dict[str, Any]:
    args = show.options(__doc__, steps=(300, "steps of gradient descent")).parse_args(argv)
    rows, labels = flowers()
    found, (means, covariance) = fit(rows, labels, args.steps), closed_form(rows, labels)
    table = [
        (f"μ of {name}, {measure}", found["means"][k][i], means[k][i])
        for k, name in enumerate(("setosa", "versicolor", "virginica"))
        for i, measure in enumerate(("length", "width"))
    ]
    table += [
        (f"Σ {i}{j}", found["covariance"][i][j], covariance[i][j])
        for i, j in ((0, 0), (0, 1), (1, 1))
    ]
    print(show.table(["parameter", "maximum likelihood", "closed form"], table))
    share = accuracy(found["means"], found["covariance"], rows, labels)
    print(f"\n{share:.1%} of the flowers are nearest to their own species")
    figure, axes = show.figure(6.0, 4.6)
    if figure:
        for kind, (name, colour) in enumerate(
            (("setosa", show.ZERO), ("versicolor", show.NEGATIVE), ("virginica", show.POSITIVE))
        ):
            axes.scatter(
                *zip(*[r for r, k in zip(rows, labels) if k == kind]),
                color=colour,
                label=name,
                alpha=0.5,
            )
            axes.plot(
                *found["means"][kind], marker="+", markersize=16, markeredgewidth=3, color=colour
            )
        axes.set(
            title="Means by maximum likelihood", xlabel="petal length, cm", ylabel="petal width, cm"
        )
        axes.legend()
    show.save(figure, args.out, "lda.png")
    return {**found, "closed_means": means, "closed_covariance": covariance, "accuracy": share}


if __name__ == "__main__":
    main()
