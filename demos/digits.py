"""Handwritten digits: 8×8 pictures read by a 64-32-10 network, tested on a third of them.

Softmax cross-entropy, Adam, minibatches of 32, all in plain Python: 2,410 parameters, a graph for
each picture. `--compiled` records that graph once and replays it. No weight decay, no L2.

>>> len(network(seed=0).parameters())
2410
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nn
from demos import data, learning, show
from demos.data import Labels, Rows


def network(seed: int) -> nn.MLP:
    return nn.MLP(64, [32, 10], activation="tanh", seed=seed)


def main(argv: Sequence[str] | None = None) -> dict[str, Any]:
    parser = show.options(__doc__, name="digits", epochs=(12, "times through the training data"))
    parser.add_argument(
        "--quick", action="store_true", help="300 pictures, 6 epochs: about 85 %% right"
    )
    parser.add_argument("--compiled", action="store_true", help="record the loss and replay it")
    args = parser.parse_args(argv)
    (train, train_digits), (test, test_digits) = data.split(*data.digits(), seed=args.seed)
    if args.quick:
        train, train_digits, args.epochs = train[:300], train_digits[:300], 6
    net = network(args.seed)
    history = nn.fit(
        net,
        train,
        train_digits,
        loss=nn.cross_entropy,
        optimizer=nn.Adam(net.parameters(), 0.01),
        epochs=args.epochs,
        batch_size=32,
        seed=args.seed,
        compiled=args.compiled,
    )
    show.finished(history)
    right = learning.accuracy(net, train, train_digits), learning.accuracy(net, test, test_digits)
    print(
        show.table(
            ["pictures", "number", "right"],
            [
                ["seen in training", len(train), f"{right[0]:.1%}"],
                ["held out", len(test), f"{right[1]:.1%}"],
            ],
        )
    )
    parameters, seconds = len(net.parameters()), history.times[-1]
    print(f"\n{parameters} parameters, {len(history.loss)} epochs, {seconds:.1f} s")
    same = learning.report_saving(net, network(args.seed + 1), args.out / "digits.json", test)
    pictures(net, test, test_digits, args.out)
    return {"train": right[0], "test": right[1], "same": same, "net": net}


def pictures(net: nn.MLP, test: Rows, labels: Labels, out: Path) -> None:
    """Draw held-out digits with the answers, those misread first, and the hidden weights."""
    figure, axes = show.figure(10.0, 3.1, columns=2)
    if figure is None:
        return
    from matplotlib.colors import LinearSegmentedColormap

    answers = [learning.largest(scores) for scores in net.predict(test)]
    wrong = [answer != label for answer, label in zip(answers, labels)]
    chosen = sorted(range(len(test)), key=lambda i: not wrong[i])[:32]
    ink = LinearSegmentedColormap.from_list("ink", [show.PAPER, show.INK])
    titles = [f"{labels[i]} as {answers[i]}" if wrong[i] else f"{labels[i]}" for i in chosen]
    _tiles(axes[0], [test[i] for i in chosen], ink, 0.0, 1.0, titles, [wrong[i] for i in chosen])
    axes[0].set_title(f"held out: {sum(wrong)} of {len(wrong)} misread")
    signs = LinearSegmentedColormap.from_list("signs", [show.NEGATIVE, show.PAPER, show.POSITIVE])
    weights = [[w.data for w in neuron.w] for neuron in net.layers[0].neurons]
    top = sorted(abs(w) for row in weights for w in row)[-40]
    _tiles(axes[1], weights, signs, -top, top, [""] * 32, [False] * 32)
    axes[1].set_title("weights of the 32 hidden neurons (orange +, blue −)")
    show.save(figure, out, "digits.png")


def _tiles(
    axes: Any,
    images: Sequence[Sequence[float]],
    colours: Any,
    low: float,
    high: float,
    titles: Sequence[str],
    wrong: Sequence[bool],
) -> None:
    """Draw pictures of 8×8 in rows of eight, the titles of the wrong ones in colour."""
    for k, image in enumerate(images):
        x, y = 10.0 * (k % 8), 11.5 * (k // 8)
        pixels = [image[i : i + 8] for i in range(0, 64, 8)]
        axes.imshow(
            pixels,
            cmap=colours,
            vmin=low,
            vmax=high,
            extent=(x, x + 8.4, y + 8.4, y),
            interpolation="nearest",
        )
        axes.text(
            x + 4.2,
            y + 9.9,
            titles[k],
            ha="center",
            va="center",
            size=7,
            color=show.POSITIVE if wrong[k] else show.ZERO,
        )
    axes.set(xlim=(-1, 80), ylim=(46, -1), aspect="equal")
    axes.set_axis_off()


if __name__ == "__main__":
    sys.exit(show.program(main))
