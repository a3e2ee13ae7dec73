"""Handwritten digits: 8×8 pictures read by a 64-32-10 network, tested on a third that it has not seen.

Softmax cross-entropy, Adam, minibatches of 32, all in plain Python: 2,410 parameters, a graph for
each picture. `--compiled` records that graph once and replays it. No weight decay, no L2.

>>> len(network(seed=0).parameters())
2410
"""

from collections.abc import Sequence
from typing import Any

import nn
from demos import data, learning, show


def network(seed: int) -> nn.MLP:
    return nn.MLP(64, [32, 10], activation="tanh", seed=seed)


def main(argv: Sequence[str] | None = None) -> dict[str, Any]:
    parser = show.options(__doc__, epochs=(12, "times through the training data"))
    parser.add_argument(
        "--quick", action="store_true", help="300 pictures, 6 epochs: about 85 %% right"
    )
    parser.add_argument(
        "--compiled", action="store_true", help="record the loss once and replay it"
    )
    args = parser.parse_args(argv)
    (train, digits), (test, held) = data.split(*data.digits(), seed=args.seed)
    if args.quick:
        train, digits, args.epochs = train[:300], digits[:300], 6
    net = network(args.seed)
    history = nn.fit(
        net,
        train,
        digits,
        loss=nn.cross_entropy,
        optimizer=nn.Adam(net.parameters(), 0.01),
        epochs=args.epochs,
        batch_size=32,
        seed=args.seed,
        compiled=args.compiled,
    )
    shares = [learning.accuracy(net, train, digits), learning.accuracy(net, test, held)]
    print(
        show.table(
            ["pictures", "number", "right"],
            [
                ["seen in training", len(train), f"{shares[0]:.1%}"],
                ["held out", len(test), f"{shares[1]:.1%}"],
            ],
        )
    )
    print(
        f"\n{len(net.parameters())} parameters, {len(history.loss)} epochs, {history.times[-1]:.1f} s"
    )
    same = learning.survives_saving(net, network(args.seed + 1), args.out / "digits.json", test)
    pictures(net, test, held, args.out)
    return {"train": shares[0], "test": shares[1], "same": same, "net": net}


def pictures(net: nn.MLP, test: Sequence[Sequence[float]], held: Sequence[int], out: Any) -> None:
    """Held-out digits with the answers, those misread first; and what the hidden neurons look for."""
    figure, axes = show.figure(10.0, 3.3, columns=2)
    if figure is None:
        return
    from matplotlib.colors import LinearSegmentedColormap

    answers = [learning.choice(scores) for scores in net.predict(test)]
    order = sorted(range(len(test)), key=lambda i: answers[i] == held[i])[:32]
    ink = LinearSegmentedColormap.from_list("ink", [show.PAPER, show.INK])
    titles = [
        f"{held[i]}" if answers[i] == held[i] else f"{held[i]} as {answers[i]}" for i in order
    ]
    wrong = [answers[i] != held[i] for i in order]
    _tiles(axes[0], [test[i] for i in order], ink, 0.0, 1.0, titles, wrong)
    axes[0].set_title(
        f"held out: {sum(a != b for a, b in zip(answers, held))} of {len(held)} misread"
    )
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
    """Pictures of 8×8 in rows of eight."""
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
    main()
