"""Parametric and nonparametric models: how many numbers each keeps as the data grows.

A parametric model keeps a fixed number of parameters: once they are known, P(x|θ, D) = P(x|θ), and
the data is not needed any more. OLS keeps its β and a variance, a network with fixed architecture
(and no weight decay) its weights. A nonparametric model keeps the data: k nearest neighbours,
kernel regression. Kernel regression is a limit of parametric models: regression on more and more
random features approaches it. (In both of these L2 is used: λ = 0.1 times Σw².)

>>> [row[1:] for row in counts([10, 1000])]
[(3, 22, 20, 20), (3, 22, 2000, 2000)]
"""

import math
import random
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import engine
import nn
from demos import show
from engine import Value

PENALTY, WIDTH = 0.1, 0.5  # λ, and the width of the Gaussian kernel


def curve(n: int, seed: int) -> tuple[list[float], list[float]]:
    """Return n points of a noisy sine: their x in order, and their y."""
    rng = random.Random(seed)
    xs = sorted(rng.uniform(-3.0, 3.0) for _ in range(n))
    return xs, [math.sin(1.5 * x) + rng.gauss(0.0, 0.15) for x in xs]


def counts(sizes: Sequence[int]) -> list[tuple[int, int, int, int, int]]:
    """Return how many numbers OLS, a 1-7-1 network, kernel regression and k-NN keep of n points."""
    network = len(nn.MLP(1, [7, 1], seed=0).parameters())
    return [(n, 2 + 1, network, 2 * n, 2 * n) for n in sizes]


def nearest(x: float, points: Sequence[tuple[float, float]], k: int = 3) -> float:
    """Return the mean of the k nearest points. Raises ValueError where there are none."""
    if not points:
        raise ValueError("no neighbours: the data is gone")
    near = sorted(points, key=lambda point: abs(point[0] - x))[:k]
    return sum(y for _, y in near) / len(near)


def kernel_regression(np: Any, xs: Any, ys: Any, at: Any) -> Any:
    """Predict `at` by kernel ridge regression, Gaussian kernel: a coefficient for each point."""

    def kernel(a: Any, b: Any) -> Any:
        return np.exp(-0.5 * ((a[:, None] - b[None, :]) / WIDTH) ** 2)

    return kernel(at, xs) @ np.linalg.solve(kernel(xs, xs) + PENALTY * np.eye(len(xs)), ys)


def features(np: Any, count: int, seed: int) -> Any:
    """Return `count` random cosines; the mean of their products is the Gaussian kernel.

    Source: Rahimi and Recht, Random features for large-scale kernel machines (2007).
    """
    rng = np.random.default_rng(seed)
    frequency = rng.normal(0.0, 1.0 / WIDTH, count)
    phase = rng.uniform(0.0, 2.0 * math.pi, count)
    return lambda x: math.sqrt(2.0 / count) * np.cos(np.multiply.outer(x, frequency) + phase)


def by_features(np: Any, xs: Any, ys: Any, count: int, seed: int) -> tuple[Any, Any]:
    """Return random features, and the weights of ridge regression on them in closed form."""
    phi = features(np, count, seed)
    design = phi(xs)
    if count > len(xs):  # the same weights by the smaller of the two systems
        return phi, design.T @ np.linalg.solve(design @ design.T + PENALTY * np.eye(len(xs)), ys)
    return phi, np.linalg.solve(design.T @ design + PENALTY * np.eye(count), design.T @ ys)


def slope_at_solution(np: Any, xs: Any, ys: Any, count: int, seed: int) -> float:
    """Return the engine's largest |gradient| of Σ(prediction - y)² + λΣw² at the closed form.

    It is 0, up to rounding, where the closed form is right.
    """
    phi, weights = by_features(np, xs, ys, count, seed)
    w = [Value(float(x), label=f"w{i}") for i, x in enumerate(weights)]
    predictions = [engine.weighted_sum(w, row) for row in phi(xs).tolist()]
    loss = nn.squared_error(predictions, ys.tolist()) + PENALTY * nn.l2(w)
    loss.backward()
    return max(abs(p.grad) for p in w)


def approach(
    np: Any, xs: Any, ys: Any, at: Any, widths: Sequence[int], draws: int
) -> list[tuple[int, float]]:
    """Return for each number of features the mean distance from kernel regression."""
    limit = kernel_regression(np, xs, ys, at)
    rows = []
    for count in widths:
        distances = []
        for seed in range(draws):
            phi, weights = by_features(np, xs, ys, count, seed)
            distances.append(np.sqrt(np.mean((phi(at) @ weights - limit) ** 2)))
        rows.append((count, float(np.mean(distances))))
    return rows


def main(argv: Sequence[str] | None = None) -> dict[str, Any]:
    parser = show.options(
        __doc__,
        name="parametric",
        points=(40, "points"),
        epochs=(400, "epochs of the network"),
    )
    parser.add_argument("--quick", action="store_true", help="100 epochs, fewer features")
    args = parser.parse_args(argv)
    np = show.load("numpy", "kernel regression")
    xs, ys = curve(args.points, args.seed)
    net = nn.MLP(1, [7, 1], activation="tanh", seed=args.seed)
    history = nn.fit(
        net,
        [[x] for x in xs],
        ys,
        loss=nn.squared_error,
        optimizer=nn.Adam(net.parameters(), 0.03),
        epochs=100 if args.quick else args.epochs,
    )
    show.finished(history)
    numbers = counts([10, 100, 1000, 10000])
    print("Numbers that each model keeps:\n")
    print(show.table(["points", "OLS", "network 1-7-1", "kernel regression", "k-NN"], numbers))
    predictions = without_data(net, xs, ys)
    widths = [4, 16, 64, 256] if args.quick else [4, 16, 64, 256, 1024, 4096]
    at, x, y = np.linspace(-3.0, 3.0, 121), np.array(xs), np.array(ys)
    distances = approach(np, x, y, at, widths, draws=8)
    print("\nRegression on random features, and its distance from kernel regression:\n")
    print(show.table(["features", "distance"], distances))
    slope = slope_at_solution(np, x, y, 16, args.seed)
    print(f"\nAt the closed form with 16 features the engine's largest gradient is {slope:.1g}.")
    pictures(np, net, x, y, at, numbers, distances, args.out)
    return {"counts": numbers, "distances": distances, "slope": slope, **predictions}


def without_data(net: nn.MLP, xs: list[float], ys: list[float]) -> dict[str, Any]:
    """Predict by both kinds of model with the data and after it is deleted."""
    points = list(zip(xs, ys))
    before, before_nearest = net.predict([[0.5]])[0], nearest(0.5, points)
    points.clear()
    after = net.predict([[0.5]])[0]
    try:
        after_nearest = f"{nearest(0.5, points):.6g}"
    except ValueError as error:
        after_nearest = str(error)
    print("\nP(x|θ, D) = P(x|θ): predictions at 0.5 with the data D, and without it:\n")
    rows = [["network", before, f"{after:.6g}"], ["3-NN", before_nearest, after_nearest]]
    print(show.table(["model", "with D", "without D"], rows))
    return {"before": before, "after": after, "nearest_without": after_nearest}


def pictures(
    np: Any,
    net: nn.MLP,
    x: Any,
    y: Any,
    at: Any,
    numbers: Sequence[Sequence[int]],
    distances: Sequence[tuple[int, float]],
    out: Path,
) -> None:
    """Draw what models keep, their predictions, and the distances from kernel regression."""
    figure, axes = show.figure(13.0, 4.2, columns=3)
    if figure is None:
        return
    sizes = [row[0] for row in numbers]
    for i, (label, colour) in enumerate(
        [
            ("OLS", show.NEGATIVE),
            ("network 1-7-1", show.INK),
            ("kernel regression, k-NN", show.POSITIVE),
        ],
        start=1,
    ):
        axes[0].loglog(
            sizes,
            [row[i] for row in numbers],
            color=colour,
            linewidth=2,
            marker="o",
            label=label,
        )
    axes[0].set(xlabel="points of data", title="numbers a model keeps")
    axes[0].legend()
    limit = kernel_regression(np, x, y, at)
    axes[1].scatter(x, y, s=14, color=show.ZERO, label="data")
    for count, alpha in ((4, 0.35), (16, 0.6), (256, 1.0)):
        phi, weights = by_features(np, x, y, count, 0)
        axes[1].plot(
            at,
            phi(at) @ weights,
            color=show.NEGATIVE,
            alpha=alpha,
            linewidth=1.6,
            label=f"{count} features",
        )
    axes[1].plot(
        at,
        limit,
        color=show.POSITIVE,
        linewidth=2.2,
        linestyle=(0, (4, 2)),
        label="kernel regression",
    )
    axes[1].plot(
        at,
        net.predict([[float(t)] for t in at]),
        color=show.INK,
        linewidth=1.2,
        label="network 1-7-1",
    )
    axes[1].set(xlabel="x", title="predictions", ylim=(-2.6, 2.2))
    axes[1].legend(ncols=2, fontsize=8, loc="lower center")
    axes[2].loglog(
        *zip(*distances),
        color=show.NEGATIVE,
        marker="o",
        linewidth=2,
        label="random features",
    )
    axes[2].loglog(
        [distances[0][0], distances[-1][0]],
        [distances[0][1], distances[0][1] * math.sqrt(distances[0][0] / distances[-1][0])],
        color=show.ZERO,
        linestyle="--",
        linewidth=1,
        label="1/√features",
    )
    axes[2].set(xlabel="random features", title="distance from kernel regression")
    axes[2].legend()
    show.save(figure, out, "parametric.png")


if __name__ == "__main__":
    sys.exit(show.program(main))
