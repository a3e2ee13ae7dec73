"""The tour: a neuron explained, two networks trained, and every picture that goes with them.

A neuron runs forward and backward and is drawn. A network learns to tell two moons apart, another
one the three species of Fisher's irises, from two thirds of the flowers; the last third, held out,
tells what it has learned. Then one weight is asked why its gradient is what it is.

>>> neuron, out = small_neuron()
>>> print(f"{out.data:.4f}", [f"{w.grad:.4f}" for w in neuron.w])
0.7071 ['1.0000', '0.0000']
"""

import io
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import engine
import nn
from demos import show
from demos.data import Labels, Rows, iris, moons, split
from engine import Value


def small_graph() -> Any:
    """The README's small graph, after backward: b is used twice, and its gradient is a sum."""
    a, b = Value(-2.0, label="a"), Value(3.0, label="b")
    d = a * b
    e = a + b
    f = d * e
    d.label, e.label, f.label = "d", "e", "f"
    f.backward()
    return f


def small_neuron() -> tuple[nn.Neuron, Any]:
    """The tanh neuron of the micrograd lecture, spelled out, after backward."""
    neuron = nn.Neuron(2, activation="tanh", expanded=True)
    neuron.w[0].data, neuron.w[1].data, neuron.b.data = -3.0, 1.0, 6.8813735870195432
    out = neuron([Value(2.0, label="x0"), Value(0.0, label="x1")])
    out.label = "a"
    out.backward()
    return neuron, out


def train_moons(seed: int, epochs: int, progress: bool = True) -> dict[str, Any]:
    """Learn two moons, as micrograd's demo does: hinge loss, a little L2, all 337 parameters of 2-16-16-1."""
    rows, signs = moons(100, noise=0.1, seed=seed)
    net = nn.MLP(2, [16, 16, 1], activation="relu", seed=seed)
    optimizer = nn.Adam(net.parameters(), learning_rate=falling(0.05, epochs * 5))
    start = time.perf_counter()
    history = nn.fit(
        net,
        rows,
        signs,
        loss=nn.max_margin,
        optimizer=optimizer,
        epochs=epochs,
        batch_size=20,
        seed=seed,
        l2=1e-4,
        progress=progress,
    )
    fresh = moons(200, noise=0.1, seed=seed + 1)
    return {
        "net": net,
        "rows": rows,
        "labels": signs,
        "history": history,
        "seconds": time.perf_counter() - start,
        "train": accuracy(net, rows, signs, side),
        "held_out": accuracy(net, *fresh, side),
    }


def train_iris(seed: int, epochs: int, progress: bool = True) -> dict[str, Any]:
    """Learn the species of two thirds of the irises; measures come in standard deviations from their mean."""
    rows, species, names = iris()
    (train, train_species), (test, test_species) = split(rows, species, seed=seed)
    scale = standard(train)
    net = nn.MLP(4, [8, 3], activation="tanh", seed=seed)
    optimizer = nn.Adam(net.parameters(), learning_rate=falling(0.05, epochs * 10))
    start = time.perf_counter()
    history = nn.fit(
        net,
        scale(train),
        train_species,
        loss=nn.cross_entropy,
        optimizer=optimizer,
        epochs=epochs,
        batch_size=10,
        seed=seed,
        l2=1e-3,
        progress=progress,
    )
    return {
        "net": net,
        "names": names,
        "history": history,
        "seconds": time.perf_counter() - start,
        "test": list(zip(scale(test), test_species)),
        "train": accuracy(net, scale(train), train_species, largest),
        "held_out": accuracy(net, scale(test), test_species, largest),
    }


def falling(rate: float, steps: int) -> Callable[[int], float]:
    """A learning rate that falls in a straight line, to a tenth of itself at the last step."""
    return lambda step: rate * (1.0 - 0.9 * min(step / steps, 1.0))


def standard(rows: Rows) -> Callable[[Rows], Rows]:
    """A function that moves and scales every column as these rows need it for mean 0 and variance 1."""
    columns = list(zip(*rows))
    means = [sum(column) / len(rows) for column in columns]
    spreads = [
        (sum((x - m) ** 2 for x in column) / len(rows)) ** 0.5 for column, m in zip(columns, means)
    ]
    return lambda more: [[(x - m) / s for x, m, s in zip(row, means, spreads)] for row in more]


def side(score: float) -> int:
    return 1 if score > 0.0 else -1


def largest(logits: Sequence[float]) -> int:
    return max(range(len(logits)), key=logits.__getitem__)


def accuracy(net: nn.Module, rows: Rows, labels: Labels, decide: Callable[[Any], int]) -> float:
    """The share of rows that the network gets right."""
    answers = [decide(output) for output in net.predict(rows)]
    return sum(answer == label for answer, label in zip(answers, labels)) / len(rows)


# -- pictures
# ------------------------------------------------------------------------------------------------


def boundary(net: nn.MLP, rows: Rows, signs: Labels, steps: int = 90) -> Any:
    """The points of the moons on the plane, which is coloured by the network's score; its zero is the line."""
    figure, axes = show.figure(6.4, 4.6)
    if figure is None:
        return None
    from matplotlib.colors import LinearSegmentedColormap

    (left, right), (low, high) = [(min(column) - 0.45, max(column) + 0.45) for column in zip(*rows)]
    xs = [left + (right - left) * i / (steps - 1) for i in range(steps)]
    ys = [low + (high - low) * i / (steps - 1) for i in range(steps)]
    scores = [net.predict([[x, y] for x in xs]) for y in ys]
    colours = LinearSegmentedColormap.from_list(
        "signs", ["#9cc4e4", "#dcebf7", show.PAPER, "#fbe6d6", "#efb48a"]
    )
    axes.contourf(
        xs,
        ys,
        scores,
        levels=[-1e9, *[k / 4 for k in range(-8, 9)], 1e9],
        cmap=colours,
        vmin=-2.2,
        vmax=2.2,
    )
    axes.contour(
        xs, ys, scores, levels=[-1.0, 1.0], colors=show.ZERO, linewidths=0.8, linestyles="dashed"
    )
    axes.contour(xs, ys, scores, levels=[0.0], colors=show.INK, linewidths=1.6)
    for sign, colour in ((-1, show.NEGATIVE), (1, show.POSITIVE)):
        points = [row for row, label in zip(rows, signs) if label == sign]
        axes.scatter(
            *zip(*points),
            s=30,
            color=colour,
            edgecolor="white",
            linewidth=0.8,
            label=f"{sign:+d}",
            zorder=3,
        )
    axes.set(
        title="Two moons: the score of a 2-16-16-1 network", xticks=[], yticks=[], aspect="equal"
    )
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.set_xlabel(
        "solid line: score 0      dashed: the margins −1 and +1", color=show.ZERO, fontsize=9
    )
    axes.legend(loc="lower right", frameon=False, labelcolor=show.INK)
    return figure


def curves(found: dict[str, nn.History]) -> Any:
    """The loss of each run over its epochs, side by side."""
    figure, axes = show.figure(9.0, 3.4, columns=len(found))
    if figure is None:
        return None
    from matplotlib.ticker import LogLocator

    for plot, (title, history) in zip(axes, found.items()):
        plot.plot(range(1, len(history.loss) + 1), history.loss, color=show.POSITIVE, linewidth=1.8)
        plot.set(title=title, xlabel="epoch", yscale="log")
        plot.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        plot.yaxis.set_major_formatter("{x:g}")
        plot.minorticks_off()
        plot.grid(axis="y", color="#e6e4dd", linewidth=0.7)
    axes[0].set_ylabel("mean loss of the epoch")
    return figure


# -- on the screen
# -------------------------------------------------------------------------------------------


def hardest(run: dict[str, Any]) -> tuple[list[float], int]:
    """The flower, of those held out, on which the network is most wrong."""
    losses = [nn.cross_entropy(run["net"].predict([row])[0], label) for row, label in run["test"]]
    row, label = run["test"][largest(losses)]
    return row, label


def explain(run: dict[str, Any], row: list[float], label: int) -> tuple[Value, Value, str]:
    """The loss of one flower, the weight of the last layer that it moves most, and why by so much."""
    net = run["net"]
    net.zero_grad()
    hidden = named(net.layers[0](row), [f"hidden{k}" for k in range(8)])
    logits = named(net.layers[1](hidden), run["names"])
    loss = nn.cross_entropy(logits, label)
    named([loss, loss.parents[0]], ["loss", "logsumexp"])
    loss.backward()
    weight = max(
        (w for neuron in net.layers[1].neurons for w in neuron.w), key=lambda w: abs(w.grad)
    )
    return loss, weight, loss.why(weight, depth=2)


def named(values: list[Value], names: Sequence[str]) -> list[Value]:
    for value, name in zip(values, names):
        value.label = name
    return values


def line(name: str, run: dict[str, Any]) -> list[str]:
    return [
        name,
        str(len(run["net"].parameters())),
        f"{run['history'].loss[-1]:.4f}",
        f"{run['train']:.1%}",
        f"{run['held_out']:.1%}",
        f"{run['seconds']:.1f}",
    ]


def main(argv: Sequence[str] | None = None) -> dict[str, Any]:
    parser = show.options(
        __doc__, moons_epochs=(100, "epochs of the moons"), iris_epochs=(60, "epochs of the irises")
    )
    parser.add_argument("--quiet", action="store_true", help="no progress")
    args = parser.parse_args(argv)
    out: Path = args.out
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # where the terminal's encoding has no ∂

    print("1. A neuron and a small graph, forward and backward")
    neuron, a = small_neuron()
    graph = small_graph()
    for value in (a, *neuron.parameters(), graph):
        print(f"   {value!r}")
    show.save(engine.draw(a), out, "neuron.svg")
    show.save(engine.draw(graph), out, "graph.svg")

    print("\n2. Two moons: 100 points, a 2-16-16-1 network, hinge loss")
    two = train_moons(args.seed, args.moons_epochs, not args.quiet)
    print("\n3. Irises: 99 flowers to learn from, 51 held out, a 4-8-3 network, cross-entropy")
    three = train_iris(args.seed, args.iris_epochs, not args.quiet)
    print()
    print(
        show.table(
            ["network", "parameters", "loss", "train", "held out", "seconds"],
            [line("moons", two), line("iris", three)],
        )
    )

    flower = hardest(three)
    loss, weight, why = explain(three, *flower)
    print(
        f"\n4. The hardest flower held out, a {three['names'][flower[1]]}, has a loss of {loss:.4f}. It moves "
        f"{weight.label} most. Why?"
    )
    print(why)
    print()
    show.save(boundary(two["net"], two["rows"], two["labels"]), out, "boundary.png")
    show.save(
        curves(
            {
                "Two moons: hinge loss + L2": two["history"],
                "Iris: cross-entropy + L2": three["history"],
            }
        ),
        out,
        "loss.png",
    )
    return {
        "neuron": neuron,
        "graph": graph,
        "moons": two,
        "iris": three,
        "loss": loss,
        "weight": weight,
    }


if __name__ == "__main__":
    main()
