"""Linear regression: gradient descent meets the closed form, and the variance is a parameter too.

    y = β₀ + β₁x₁ + … + βₙxₙ + noise of variance σ²

The parameters are the β and σ²: their number, length of β + 1, is fixed however many rows there
are. Least squares has the closed form (XᵀX)⁻¹Xᵀy. The same numbers come out of maximum likelihood:
gradient descent on the mean negative log-likelihood, ½ log(2πσ²) + (y - ŷ)²/(2σ²) for a row, until
the gradient is zero. No weight decay: nothing pulls β to zero.

>>> rows, answers = random_data(60, [0.5, -2.0, 1.0], 0.3, seed=1)
>>> result, (beta, variance) = fit(rows, answers, steps=400), closed_form(rows, answers)
>>> [abs(b - c) < 1e-9 for b, c in zip(result["beta"], beta)]
[True, True, True]
"""

import math
import random
import sys
from collections.abc import Sequence
from typing import Any

import engine
from demos import show
from demos.data import Rows
from engine import Value


def random_data(n: int, beta: Sequence[float], sigma: float, seed: int) -> tuple[Rows, list[float]]:
    """Return n rows with an input for each slope of β, and their answers with normal noise."""
    rng = random.Random(seed)
    rows = [[rng.gauss(0.0, 1.0) for _ in beta[1:]] for _ in range(n)]
    return rows, [
        beta[0] + sum(b * x for b, x in zip(beta[1:], row)) + rng.gauss(0.0, sigma) for row in rows
    ]


def closed_form(rows: Rows, answers: list[float]) -> tuple[list[float], float]:
    """Return β by the normal equations, solved by elimination, and the mean squared error."""
    full = [[1.0, *row] for row in rows]
    n = len(full[0])
    system = [
        [math.fsum(r[i] * r[j] for r in full) for j in range(n)]
        + [math.fsum(r[i] * y for r, y in zip(full, answers))]
        for i in range(n)
    ]
    for i in range(n):
        pivot = max(range(i, n), key=lambda k: abs(system[k][i]))
        system[i], system[pivot] = system[pivot], system[i]
        for k in range(n):
            if k != i:
                factor = system[k][i] / system[i][i]
                system[k] = [a - factor * b for a, b in zip(system[k], system[i])]
    beta = [system[i][n] / system[i][i] for i in range(n)]
    errors = [y - sum(b * x for b, x in zip(beta, r)) for r, y in zip(full, answers)]
    return beta, math.fsum(e * e for e in errors) / len(errors)


def loss(beta: Sequence[Value], log_variance: Value, rows: Rows, answers: list[float]) -> Value:
    """Return the mean negative log-likelihood of the rows."""
    errors = [
        engine.square(engine.weighted_sum(beta[1:], row, beta[0]) - y)
        for row, y in zip(rows, answers)
    ]
    value: Value = 0.5 * (
        math.log(2.0 * math.pi) + log_variance + engine.mean(errors) / engine.exp(log_variance)
    )
    return value


def fit(rows: Rows, answers: list[float], steps: int) -> dict[str, Any]:
    """Go down the loss by β and log σ².

    The step of β is scaled by σ², because its gradient has σ² in the denominator.
    """
    beta = [Value(0.0, f"β{i}") for i in range(len(rows[0]) + 1)]
    log_variance = Value(0.0, "log σ²")
    losses = []
    for _ in show.progress(steps, "gradient descent"):
        cost = loss(beta, log_variance, rows, answers)
        for p in (*beta, log_variance):
            p.grad = 0.0
        cost.backward()
        losses.append(cost.data)
        for p in beta:
            p.data -= 0.5 * math.exp(log_variance.data) * p.grad
        log_variance.data -= 0.5 * log_variance.grad
    return {
        "beta": [p.data for p in beta],
        "variance": math.exp(log_variance.data),
        "losses": losses,
    }


def main(argv: Sequence[str] | None = None) -> dict[str, Any]:
    parser = show.options(
        __doc__,
        name="linear_regression",
        rows=(80, "rows of data", 5),
        steps=(400, "steps of gradient descent"),
    )
    args = parser.parse_args(argv)
    rows, answers = random_data(args.rows, [0.5, -2.0, 1.0], 0.3, args.seed)
    result, (beta, variance) = fit(rows, answers, args.steps), closed_form(rows, answers)
    table = [(f"β{i}", b, c) for i, (b, c) in enumerate(zip(result["beta"], beta))]
    print(
        show.table(
            ["parameter", "gradient descent", "closed form"],
            [*table, ("σ²", result["variance"], variance)],
        )
    )
    print(f"\n{len(beta) + 1} parameters, β and the variance: for {args.rows} rows or a million.")
    figure, axes = show.figure()
    if figure:
        least = 0.5 * (math.log(2.0 * math.pi * variance) + 1.0)
        axes.semilogy(
            [max(value - least, 1e-17) for value in result["losses"]], color=show.NEGATIVE
        )
        axes.set(
            title="How far the loss is above the closed form's", xlabel="step", ylabel="difference"
        )
    show.save(figure, args.out, "linear_regression.png")
    return {**result, "closed": beta, "closed_variance": variance}


if __name__ == "__main__":
    sys.exit(show.program(main))
