"""Parametric against nonparametric: does the number of things a model keeps grow with the data?

A parametric model keeps a fixed number of parameters: once they are known, P(x|θ, D) = P(x|θ), and
the data can be thrown away. OLS keeps its β and a variance, a network with fixed architecture (and
no weight decay) its weights. A nonparametric model keeps the data: k nearest neighbours, kernel
regression. And yet the one is the limit of the other: regression on more and more random features
approaches kernel regression. (There, in both, L2 is used: λ = 0.1 times Σw².)

>>> [row[1:] for row in counts([10, 1000])]
[(3, 22, 20, 20), (3, 22, 2000, 2000)]
"""

import math
import random
from collections.abc import Sequence
from typing import Any

import engine
import nn
from demos import show
from engine import Value

PENALTY, WIDTH = 0.1, 0.5  # λ, and the width of the Gaussian kernel


def curve(n: int, seed: int) -> tuple[list[float], list[float]]:
    """n points of a noisy sine."""
    chance = random.Random(seed)
    xs = sorted(chance.uniform(-3.0, 3.0) for _ in range(n))
    return xs, [math.sin(1.5 * x) + chance.gauss(0.0, 0.15) for x in xs]


def counts(sizes: Sequence[int]) -> list[tuple[int, int, int, int, int]]:
    """For n points, how many numbers are kept by OLS, by a 1-7-1 network, by kernel regression and by k-NN."""
    network = len(nn.MLP(1, [7, 1], seed=0).parameters())
    return [(n, 2 + 1, network, 2 * n, 2 * n) for n in sizes]


def nearest(x: float, kept: Sequence[tuple[float, float]], k: int = 3) -> float:
    """The mean of the k nearest points that were kept. Raises ValueError where none were."""
    if not kept:
        raise ValueError(
            "k nearest neighbours of no data: without its data this model knows nothing"
        )
    near = sorted(kept, key=lambda point: abs(point[0] - x))[:k]
    return sum(y for _, y in near) / len(near)


def kernel_regression(np: Any, xs: Any, ys: Any, at: Any) -> Any:
    """Kernel ridge regression with a Gaussian kernel: one coefficient for each point of data."""

    def kernel(a: Any, b: Any) -> Any:
        return np.exp(-0.5 * ((a[:, None] - b[None, :]) / WIDTH) ** 2)

    return kernel(at, xs) @ np.linalg.solve(kernel(xs, xs) + PENALTY * np.eye(len(xs)), ys)


def features(np: Any, count: int, seed: int) -> Any:
    """`count` random cosines, whose products are the Gaussian kernel on average. Rahimi and Recht 2007."""
    chance = np.random.default_rng(seed)
    frequency, phase = (
        chance.normal(0.0, 1.0 / WIDTH, count),
        chance.uniform(0.0, 2.0 * math.pi, count),
    )
    return lambda x: math.sqrt(2.0 / count) * np.cos(np.multiply.outer(x, frequency) + phase)


def by_features(np: Any, xs: Any, ys: Any, count: int, seed: int) -> tuple[Any, Any]:
    """Ridge regression on random features: the features, and their weights in closed form."""
    phi = features(np, count, seed)
    design = phi(xs)
    if count > len(xs):  # the same weights by the smaller of the two systems
        return phi, design.T @ np.linalg.solve(design @ design.T + PENALTY * np.eye(len(xs)), ys)
    return phi, np.linalg.solve(design.T @ design + PENALTY * np.eye(count), design.T @ ys)


def slope_at_solution(np: Any, xs: Any, ys: Any, count: int, seed: int) -> float:
    """The engine's largest |gradient| of Σ(prediction - y)² + λΣw² at the closed form: 0 where that is right."""
    phi, weights = by_features(np, xs, ys, count, seed)
    w = [Value(float(x), label=f"w{i}") for i, x in enumerate(weights)]
    predictions = [engine.weighted_sum(w, row) for row in phi(xs).tolist()]
    loss = nn.squared_error(predictions, ys.tolist()) + PENALTY * nn.l2(w)
    loss.backward()
    return max(abs(p.grad) for p in w)


def approach(
    np: Any, xs: Any, ys: Any, at: Any, widths: Sequence[int], draws: int
) -> list[tuple[int, float]]:
    """For each number of features, how far the prediction is from kernel regression, on average over draws."""
    limit = kernel_regression(np, xs, ys, at)
    rows = []
    for count in widths:
        apart = []
        for seed in range(draws):
            phi, weights = by_features(np, xs, ys, count, seed)
            apart.append(np.sqrt(np.mean((phi(at) @ weights - limit) ** 2)))
        rows.append((count, float(np.mean(apart))))
    return rows


def main(argv: Sequence[str] | None = None) -> dict[str, Any]:
    parser = show.options(__doc__, points=(40, "points"), epochs=(400, "epochs of the network"))
    parser.add_argument("--quick", action="store_true", help="100 epochs, fewer features")
    args = parser.parse_args(argv)
    np = show.numpy("kernel regression needs")
    xs, ys = curve(args.points, args.seed)
    net = nn.MLP(1, [7, 1], activation="tanh", seed=args.seed)
    nn.fit(
        net,
        [[x] for x in xs],
        ys,
        loss=nn.squared_error,
        optimizer=nn.Adam(net.parameters(), 0.03),
        epochs=100 if args.quick else args.epochs,
    )
    kept = counts([10, 100, 1000, 10000])
    print(show.table(["points", "OLS", "network 1-7-1", "kernel regression", "k-NN"], kept))
    forgotten = forget(net, xs, ys)
    widths = [4, 16, 64, 256] if args.quick else [4, 16, 64, 256, 1024, 4096]
    at, x, y = np.linspace(-3.0, 3.0, 121), np.array(xs), np.array(ys)
    rows = approach(np, x, y, at, widths, draws=8)
    print(
        "\nMore and more random features, and how far their regression is from kernel regression:\n"
    )
    print(show.table(["features", "distance"], rows))
    slope = slope_at_solution(np, x, y, 16, args.seed)
    print(f"\nAt the closed form with 16 features the engine's largest gradient is {slope:.1g}.")
    pictures(np, net, x, y, at, kept, rows, args.out)
    return {"counts": kept, "distances": rows, "slope": slope, **forgotten}


def forget(net: nn.MLP, xs: list[float], ys: list[float]) -> dict[str, Any]:
    """Throw the data away, and ask both models again."""
    kept = list(zip(xs, ys))
    before = net.predict([[0.5]]), nearest(0.5, kept)
    kept.clear()
    after = net.predict([[0.5]])
    try:
        said = f"{nearest(0.5, kept):.6g}"
    except ValueError as error:
        said = str(error)
    print(
        "\nP(x|θ, D) = P(x|θ): what is answered at 0.5 with the data, and when it is thrown away:\n"
    )
    print(
        show.table(
            ["model", "with D", "without D"],
            [["network", before[0][0], f"{after[0]:.6g}"], ["3-NN", before[1], said]],
        )
    )
    return {"before": before[0], "after": after, "nearest_without": said}


def pictures(
    np: Any,
    net: nn.MLP,
    x: Any,
    y: Any,
    at: Any,
    kept: Sequence[Sequence[int]],
    rows: Sequence[tuple[int, float]],
    out: Any,
) -> None:
    figure, axes = show.figure(13.0, 4.2, columns=3)
    if figure is None:
        return
    sizes = [row[0] for row in kept]
    for i, (words, colour, style) in enumerate(
        [
            ("OLS", show.NEGATIVE, "-"),
            ("network 1-7-1", show.INK, "-"),
            ("kernel regression, k-NN", show.POSITIVE, "-"),
        ],
        start=1,
    ):
        axes[0].loglog(
            sizes,
            [row[i] for row in kept],
            style,
            color=colour,
            linewidth=2,
            marker="o",
            label=words,
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
    axes[1].set(xlabel="x", title="one curve, many models", ylim=(-2.6, 2.2))
    axes[1].legend(ncols=2, fontsize=8, loc="lower center")
    axes[2].loglog(
        *zip(*rows),
        color=show.NEGATIVE,
        marker="o",
        linewidth=2,
        label="distance to kernel regression",
    )
    axes[2].loglog(
        [rows[0][0], rows[-1][0]],
        [rows[0][1], rows[0][1] * math.sqrt(rows[0][0] / rows[-1][0])],
        color=show.ZERO,
        linestyle="--",
        linewidth=1,
        label="1/√features",
    )
    axes[2].set(xlabel="random features", title="the limit of many parameters")
    axes[2].legend()
    show.save(figure, out, "parametric.png")


if __name__ == "__main__":
    main()
