"""What one example wants, what all want on average; and how often to step: after all, after some, after each.

Backpropagation gives the wish of a single example: how much, and in which direction, it would
change each weight. Gradient descent averages the wishes of all examples before each step; with
minibatches fewer gradients are averaged (stochastic gradient descent), so an epoch has more steps
and each of them is rougher. No weight decay, no L2.

>>> [plan[0] for plan in plans(60)]
['all 60 at once', 'minibatches of 10', 'one at a time']
"""

from collections.abc import Sequence
from typing import Any

import nn
from demos import data, learning, show


def network(seed: int) -> nn.MLP:
    return nn.MLP(2, [8, 1], activation="tanh", seed=seed)


def plans(points: int) -> list[tuple[str, int | None]]:
    return [(f"all {points} at once", None), ("minibatches of 10", 10), ("one at a time", 1)]


def wishes(
    net: nn.MLP, rows: list[list[float]], targets: list[int]
) -> tuple[list[dict[str, float]], dict[str, float]]:
    """The gradient of every example by itself, and their average."""
    each = nn.example_gradients(net, rows, targets, loss=nn.binary_cross_entropy)
    return each, nn.average_gradient(each)


def main(argv: Sequence[str] | None = None) -> dict[str, Any]:
    parser = show.options(
        __doc__,
        points=(60, "points"),
        epochs=(40, "times through the points"),
        rate=(0.3, "learning rate, the same for all three"),
    )
    parser.add_argument("--quick", action="store_true", help="30 points, 10 epochs")
    args = parser.parse_args(argv)
    points, epochs = (30, 10) if args.quick else (args.points, args.epochs)
    rows, signs = data.moons(points, noise=0.1, seed=args.seed)
    targets = [(sign + 1) // 2 for sign in signs]
    each, average = wishes(network(args.seed), rows, targets)
    names = list(average)[:2] + list(average)[-2:]
    print(
        "What the first examples would do to four of the weights (-gradient), and the average of all:\n"
    )
    table = [[f"example {i}", *[-wish[name] for name in names]] for i, wish in enumerate(each[:5])]
    print(
        show.table(["wish of", *names], [*table, ["average", *[-average[name] for name in names]]])
    )
    runs = []
    for words, size in plans(points):
        net = network(args.seed)
        optimizer = nn.SGD(net.parameters(), args.rate)
        history = nn.fit(
            net,
            rows,
            targets,
            loss=nn.binary_cross_entropy,
            optimizer=optimizer,
            epochs=epochs,
            batch_size=size,
            seed=args.seed,
        )
        right = learning.accuracy(net, rows, targets, lambda logit: int(logit > 0.0))
        runs.append((words, optimizer.steps, history, right))
    print()
    print(
        show.table(
            ["average over", "steps", "last loss", "right", "seconds"],
            [
                [words, steps, h.loss[-1], f"{right:.1%}", round(h.times[-1], 2)]
                for words, steps, h, right in runs
            ],
        )
    )
    pictures(each, average, names, runs, args.out)
    return {"each": each, "average": average, "runs": runs}


def pictures(
    each: Sequence[dict[str, float]],
    average: dict[str, float],
    names: Sequence[str],
    runs: Sequence[tuple[str, int, nn.History, float]],
    out: Any,
) -> None:
    figure, axes = show.figure(13.0, 4.2, columns=3)
    if figure is None:
        return
    for row, name in enumerate(names):
        for wish in each:
            colour = show.POSITIVE if wish[name] < 0.0 else show.NEGATIVE
            axes[0].plot(
                [-wish[name]] * 2, [row - 0.25, row + 0.25], color=colour, alpha=0.35, linewidth=1.5
            )
        axes[0].scatter(
            [-average[name]],
            [row],
            color=show.INK,
            s=70,
            zorder=3,
            marker="D",
            label="" if row else "average: the step",
        )
    axes[0].axvline(0.0, color=show.ZERO, linewidth=0.8)
    axes[0].set(
        yticks=range(len(names)),
        ylim=(-0.95, len(names) - 0.5),
        xlabel="change it wishes for",
        title="each example's wish (a bar)",
        yticklabels=[name.replace("layer", "l").replace("neuron", "n") for name in names],
    )
    axes[0].legend(loc="lower right", frameon=True, facecolor=show.PAPER, edgecolor="none")
    for (words, _, history, _), colour in zip(runs, (show.NEGATIVE, show.INK, show.POSITIVE)):
        axes[1].plot(
            range(1, len(history.loss) + 1), history.loss, color=colour, linewidth=2, label=words
        )
        axes[2].plot(history.times, history.loss, color=colour, linewidth=2, label=words)
    axes[1].set(xlabel="epoch", ylabel="mean loss", title="loss over epochs", ylim=(0, None))
    axes[2].set(xlabel="seconds", title="loss over time", ylim=(0, None))
    axes[1].legend()
    show.save(figure, out, "descent.png")


if __name__ == "__main__":
    main()
