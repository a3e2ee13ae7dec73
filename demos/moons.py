"""Two moons: a network with fixed architecture bends a line between two classes.

The demo of micrograd: 100 points in two half circles that reach into each other, a 2-16-16-1
network of relu neurons, the max-margin loss max(0, 1 - y·score), full batches, a learning rate that
falls from 1 to 0.1. L2 is used: 0.0001·Σp² is added to the loss, as there. (Without L2 or weight
decay: --l2 0.)

>>> len(network(seed=0).parameters())
337
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nn
from demos import data, learning, show
from demos.data import Labels, Rows


def network(seed: int) -> nn.MLP:
    return nn.MLP(2, [16, 16, 1], activation="relu", seed=seed)


def train(
    net: nn.MLP,
    rows: Rows,
    signs: Labels,
    epochs: int,
    l2: float,
    compiled: bool,
    record: int | None = None,
) -> nn.History:
    optimizer = nn.SGD(net.parameters(), learning_rate=lambda step: 1.0 - 0.9 * step / epochs)
    return nn.fit(
        net,
        rows,
        signs,
        loss=nn.max_margin,
        optimizer=optimizer,
        epochs=epochs,
        l2=l2,
        compiled=compiled,
        record=record,
    )


def main(argv: Sequence[str] | None = None) -> dict[str, Any]:
    parser = show.options(
        __doc__,
        name="moons",
        points=(100, "points", 2),
        epochs=(100, "steps, each over all points"),
        l2=(1e-4, "the factor of Σp² in the loss"),
    )
    parser.add_argument("--quick", action="store_true", help="40 points, 40 epochs")
    parser.add_argument("--compiled", action="store_true", help="record the loss and replay it")
    parser.add_argument("--film", action="store_true", help="a page of the run, epoch by epoch")
    args = parser.parse_args(argv)
    points, epochs = (40, 40) if args.quick else (args.points, args.epochs)
    rows, signs = data.moons(points, noise=0.1, seed=args.seed)
    net = network(args.seed)
    before = learning.accuracy(net, rows, signs, learning.sign)
    history = train(net, rows, signs, epochs, args.l2, args.compiled, 1 if args.film else None)
    show.finished(history)
    after = learning.accuracy(net, rows, signs, learning.sign)
    print(
        show.table(
            ["network", "loss", "right"],
            [
                ["before", history.loss[0], f"{before:.1%}"],
                ["after", history.loss[-1], f"{after:.1%}"],
            ],
        )
    )
    print(
        f"{len(net.parameters())} parameters, {len(history.loss)} epochs, {history.times[-1]:.1f} s"
    )
    same = learning.report_saving(net, network(args.seed + 1), args.out / "moons.json", rows)
    picture(net, rows, signs, history, args.out)
    if args.film:
        print(f"film: {nn.film(net, history, title='Two moons').save(args.out / 'moons.html')}")
    return {"accuracy": after, "loss": history.loss, "same": same, "net": net}


def picture(net: nn.MLP, rows: Rows, signs: Labels, history: nn.History, out: Path) -> None:
    """Draw the network's score over the plane with the points, and the loss over the epochs."""
    figure, axes = show.figure(10.0, 3.6, columns=2)
    if figure is None:
        return
    from matplotlib.colors import LinearSegmentedColormap

    xs, ys = [-1.5 + 4.0 * i / 79 for i in range(80)], [-1.0 + 2.5 * i / 59 for i in range(60)]
    grid = [[max(-3.0, min(3.0, s)) for s in net.predict([[x, y] for x in xs])] for y in ys]
    colours = LinearSegmentedColormap.from_list("signs", ["#9cc6e6", show.PAPER, "#f1bd94"])
    axes[0].contourf(xs, ys, grid, levels=24, cmap=colours, vmin=-3.0, vmax=3.0)
    axes[0].contour(
        xs,
        ys,
        grid,
        levels=[-1.0, 0.0, 1.0],
        colors=show.INK,
        linewidths=[0.8, 1.8, 0.8],
        linestyles=["dashed", "solid", "dashed"],
    )
    for sign, colour, marker in ((1, show.POSITIVE, "o"), (-1, show.NEGATIVE, "s")):
        axes[0].scatter(
            *zip(*[row for row, s in zip(rows, signs) if s == sign]),
            c=colour,
            marker=marker,
            s=26,
            edgecolors="white",
            linewidths=0.7,
            label=f"{sign:+d}",
            zorder=3,
        )
    axes[0].legend(loc="lower left", frameon=False)
    axes[0].set(title="score 0 (solid) and the margin ±1 (dashed)", aspect="equal")
    learning.plot_loss(axes[1], history.loss)
    show.save(figure, out, "moons.png")


if __name__ == "__main__":
    sys.exit(show.program(main))
