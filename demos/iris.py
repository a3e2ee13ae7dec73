"""Iris: three species told apart by four measures, tested on a third of the flowers.

A 4-8-3 network of tanh neurons, softmax cross-entropy, Adam, minibatches of 16. A third of the
flowers is held out for the test. The measures are shifted and scaled to mean 0 and standard
deviation 1, both computed from the training flowers. No weight decay, no L2.

>>> network(seed=0)
MLP(4, [8, 3], activation="tanh", output="linear")
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nn
from demos import data, learning, show


def network(seed: int) -> nn.MLP:
    return nn.MLP(4, [8, 3], activation="tanh", seed=seed)


def confusion(answers: Sequence[int], labels: Sequence[int], count: int) -> list[list[int]]:
    """Return how often each class got each answer: a row for a class, a column for an answer."""
    pairs = list(zip(labels, answers))
    return [[pairs.count((label, answer)) for answer in range(count)] for label in range(count)]


def main(argv: Sequence[str] | None = None) -> dict[str, Any]:
    parser = show.options(__doc__, name="iris", epochs=(60, "times through the training data"))
    parser.add_argument("--quick", action="store_true", help="25 epochs")
    parser.add_argument("--compiled", action="store_true", help="record the loss and replay it")
    args = parser.parse_args(argv)
    rows, species, names = data.iris()
    (train, train_species), (test, test_species) = data.split(rows, species, seed=args.seed)
    scale = learning.standardised(train)
    train, test = scale(train), scale(test)
    net = network(args.seed)
    history = nn.fit(
        net,
        train,
        train_species,
        loss=nn.cross_entropy,
        optimizer=nn.Adam(net.parameters(), 0.02),
        epochs=25 if args.quick else args.epochs,
        batch_size=16,
        seed=args.seed,
        compiled=args.compiled,
    )
    show.finished(history)
    answers = [learning.largest(scores) for scores in net.predict(test)]
    counts = confusion(answers, test_species, len(names))
    right = learning.accuracy(net, train, train_species), learning.accuracy(net, test, test_species)
    print(
        show.table(
            ["flowers", "number", "right"],
            [
                ["seen in training", len(train), f"{right[0]:.1%}"],
                ["held out", len(test), f"{right[1]:.1%}"],
            ],
        )
    )
    print()
    print(show.table(["held out", *names], [[name, *row] for name, row in zip(names, counts)]))
    parameters, seconds = len(net.parameters()), history.times[-1]
    print(f"\n{parameters} parameters, {len(history.loss)} epochs, {seconds:.1f} s")
    same = learning.report_saving(net, network(args.seed + 1), args.out / "iris.json", test)
    picture(counts, names, history, args.out)
    return {"train": right[0], "test": right[1], "confusion": counts, "same": same, "net": net}


def picture(counts: list[list[int]], names: list[str], history: nn.History, out: Path) -> None:
    """Draw the loss over the epochs and the confusion matrix."""
    figure, axes = show.figure(10.0, 4.0, columns=2)
    if figure is None:
        return
    learning.plot_loss(axes[0], history.loss)
    total = max(map(sum, counts))
    for i, row in enumerate(counts):
        for j, count in enumerate(row):
            colour = show.NEGATIVE if i == j else show.POSITIVE
            axes[1].add_patch(_square(j, i, colour, count / total))
            axes[1].text(
                j,
                i,
                str(count),
                ha="center",
                va="center",
                size=15,
                color="white" if count > total / 2 else show.INK,
            )
    axes[1].set(
        xlim=(-0.55, 2.55),
        ylim=(2.55, -0.55),
        xticks=range(3),
        yticks=range(3),
        xticklabels=names,
        yticklabels=names,
        xlabel="the network's answer",
        ylabel="the flower",
        aspect="equal",
        title="held-out flowers",
    )
    axes[1].tick_params(length=0)
    for side in axes[1].spines.values():
        side.set_visible(False)
    show.save(figure, out, "iris.png")


def _square(x: float, y: float, colour: str, weight: float) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle(
        (x - 0.47, y - 0.47), 0.94, 0.94, facecolor=colour, alpha=0.06 + 0.9 * weight, linewidth=0
    )


if __name__ == "__main__":
    sys.exit(show.program(main))
