"""Gradient descent: the gradients of single examples, their average, and how often to step.

Backpropagation gives the gradient of one example: how its loss changes with each weight. Gradient
descent steps along the negative average of the examples' gradients. Over all examples that is one
step an epoch; over minibatches (stochastic gradient descent) an epoch has more steps, each along a
rougher estimate of the average. No weight decay, no L2.

>>> [name for name, batch_size in plans(60)]
['all 60 at once', 'minibatches of 10', 'one at a time']
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import nn
from demos import data, learning, show

Gradient = dict[str, float]  # by the name of the parameter


class Run(NamedTuple):
    """One way to train: how often it stepped, what the loss did, how many points are right."""

    name: str
    steps: int
    history: nn.History
    accuracy: float


def network(seed: int) -> nn.MLP:
    return nn.MLP(2, [8, 1], activation="tanh", seed=seed)


def plans(points: int) -> list[tuple[str, int | None]]:
    """Return the batch sizes to compare, each with its name."""
    return [(f"all {points} at once", None), ("minibatches of 10", 10), ("one at a time", 1)]


def gradients(net: nn.MLP, rows: data.Rows, targets: list[int]) -> tuple[list[Gradient], Gradient]:
    """Return the gradient of every example by itself, and their average."""
    each = nn.example_gradients(net, rows, targets, loss=nn.binary_cross_entropy)
    return each, nn.average_gradient(each)


def train(name: str, batch_size: int | None, rows: data.Rows, targets: list[int], args: Any) -> Run:
    """Train a new network with batches of this size."""
    net = network(args.seed)
    optimizer = nn.SGD(net.parameters(), args.rate)
    history = nn.fit(
        net,
        rows,
        targets,
        loss=nn.binary_cross_entropy,
        optimizer=optimizer,
        epochs=args.epochs,
        batch_size=batch_size,
        seed=args.seed,
    )
    show.finished(history)
    accuracy = learning.accuracy(net, rows, targets, lambda logit: int(logit > 0.0))
    return Run(name, optimizer.steps, history, accuracy)


def main(argv: Sequence[str] | None = None) -> dict[str, Any]:
    parser = show.options(
        __doc__,
        name="descent",
        points=(60, "points", 2),
        epochs=(40, "times through the points"),
        rate=(0.3, "learning rate, the same for all three"),
    )
    parser.add_argument("--quick", action="store_true", help="30 points, 10 epochs")
    args = parser.parse_args(argv)
    if args.quick:
        args.points, args.epochs = 30, 10
    rows, signs = data.moons(args.points, noise=0.1, seed=args.seed)
    targets = [(sign + 1) // 2 for sign in signs]
    each, average = gradients(network(args.seed), rows, targets)
    names = list(average)[:2] + list(average)[-2:]
    print("The change of four weights that each of the first examples asks for")
    print("(its negative gradient), and the average over all examples:\n")
    table = [[f"{i}", *[-gradient[name] for name in names]] for i, gradient in enumerate(each[:5])]
    table.append(["average", *[-average[name] for name in names]])
    print(show.table(["example", *map(short, names)], table))
    runs = [train(name, size, rows, targets, args) for name, size in plans(args.points)]
    print()
    print(
        show.table(
            ["average over", "steps", "last loss", "right", "seconds"],
            [
                [
                    r.name,
                    r.steps,
                    r.history.loss[-1],
                    f"{r.accuracy:.1%}",
                    f"{r.history.times[-1]:.2f}",
                ]
                for r in runs
            ],
        )
    )
    pictures(each, average, names, runs, args.out)
    return {"each": each, "average": average, "runs": runs}


def short(name: str) -> str:
    """Return a parameter's name with the layer and the neuron as letters.

    >>> short("layer0.neuron3.w1")
    'l0.n3.w1'
    """
    return name.replace("layer", "l").replace("neuron", "n")


def pictures(
    each: Sequence[Gradient],
    average: Gradient,
    names: Sequence[str],
    runs: Sequence[Run],
    out: Path,
) -> None:
    """Draw the examples' gradients of a few weights, and the losses over epochs and over time."""
    figure, axes = show.figure(13.0, 4.2, columns=3)
    if figure is None:
        return
    for row, name in enumerate(names):
        for gradient in each:
            change = -gradient[name]
            colour = show.POSITIVE if change > 0.0 else show.NEGATIVE
            place = [row - 0.25, row + 0.25]
            axes[0].plot([change] * 2, place, color=colour, alpha=0.35, linewidth=1.5)
        label = "" if row else "average: the step"
        axes[0].scatter(
            [-average[name]], [row], color=show.INK, s=70, zorder=3, marker="D", label=label
        )
    axes[0].axvline(0.0, color=show.ZERO, linewidth=0.8)
    axes[0].set(
        yticks=range(len(names)),
        ylim=(-0.95, len(names) - 0.5),
        xlabel="negative gradient",
        title="gradients of single examples (bars)",
        yticklabels=[short(name) for name in names],
    )
    axes[0].legend(loc="lower right")
    for run, colour in zip(runs, (show.NEGATIVE, show.INK, show.POSITIVE)):
        loss, times = run.history.loss, run.history.times
        epochs = range(1, len(loss) + 1)
        axes[1].plot(epochs, loss, color=colour, linewidth=2, label=run.name)
        axes[2].plot(times, loss, color=colour, linewidth=2)
    axes[1].set(xlabel="epoch", ylabel="mean loss", title="loss over epochs", ylim=(0, None))
    axes[2].set(xlabel="seconds", title="loss over time", ylim=(0, None))
    axes[1].legend()
    show.save(figure, out, "descent.png")


if __name__ == "__main__":
    sys.exit(show.program(main))
