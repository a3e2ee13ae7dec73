"""The tour: a neuron explained, two networks trained, and every picture that goes with them.

A neuron runs forward and backward and is drawn. A network learns to tell two moons apart, another
one the three species of Fisher's irises, from two thirds of the flowers; the last third is held out
for the test. Then the gradient of one weight is explained, term by term.

>>> neuron, out = small_neuron()
>>> print(f"{out.data:.4f}", [f"{w.grad:.4f}" for w in neuron.w])
0.7071 ['1.0000', '0.0000']
"""

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import nn
from demos import learning, show
from demos.data import Labels, Rows, iris, moons, split
from engine import Value


class Run(NamedTuple):
    """A network that was trained: how, on what, and how often it is right."""

    net: nn.MLP
    history: nn.History
    seconds: float
    right: float  # the fraction of the rows it learned from
    held_out: float  # and of others
    rows: Rows  # the moons' points, or the flowers held out
    labels: Labels
    names: list[str]  # of the classes


def small_graph() -> Value:
    """Return the README's small graph after backward: b is used twice, so its gradient is a sum."""
    a, b = Value(-2.0, label="a"), Value(3.0, label="b")
    d = a * b
    e = a + b
    f: Value = d * e
    d.label, e.label, f.label = "d", "e", "f"
    f.backward()
    return f


def small_neuron() -> tuple[nn.Neuron, Value]:
    """Return the tanh neuron of the micrograd lecture and its output, after backward."""
    neuron = nn.Neuron(2, activation="tanh", expanded=True)
    neuron.w[0].data, neuron.w[1].data, neuron.b.data = -3.0, 1.0, 6.8813735870195432
    out = neuron([Value(2.0, label="x0"), Value(0.0, label="x1")])
    out.label = "a"
    out.backward()
    return neuron, out


def train_moons(seed: int, epochs: int, progress: bool = True) -> Run:
    """Learn two moons as micrograd's demo does: hinge loss, a little L2, 2-16-16-1."""
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
    show.finished(history)
    seconds = time.perf_counter() - start
    right = learning.accuracy(net, rows, signs, learning.sign)
    held_out = learning.accuracy(net, *moons(200, noise=0.1, seed=seed + 1), learning.sign)
    return Run(net, history, seconds, right, held_out, rows, signs, ["-1", "+1"])


def train_iris(seed: int, epochs: int, progress: bool = True) -> Run:
    """Learn the species of two thirds of the irises, whose measures are standardised."""
    rows, species, names = iris()
    (train, train_species), (test, test_species) = split(rows, species, seed=seed)
    scale = learning.standardised(train)
    train, test = scale(train), scale(test)
    net = nn.MLP(4, [8, 3], activation="tanh", seed=seed)
    optimizer = nn.Adam(net.parameters(), learning_rate=falling(0.05, epochs * 10))
    start = time.perf_counter()
    history = nn.fit(
        net,
        train,
        train_species,
        loss=nn.cross_entropy,
        optimizer=optimizer,
        epochs=epochs,
        batch_size=10,
        seed=seed,
        l2=1e-3,
        progress=progress,
    )
    show.finished(history)
    seconds = time.perf_counter() - start
    right = learning.accuracy(net, train, train_species)
    held_out = learning.accuracy(net, test, test_species)
    return Run(net, history, seconds, right, held_out, test, test_species, names)


def falling(rate: float, steps: int) -> Callable[[int], float]:
    """Return a learning rate that falls linearly to a tenth of itself at the last step."""
    return lambda step: rate * (1.0 - 0.9 * min(step / steps, 1.0))


# -- pictures
# ------------------------------------------------------------------------------------------------


def boundary(net: nn.MLP, rows: Rows, signs: Labels, steps: int = 90) -> Any:
    """Draw the moons on the plane, which has the colour of the network's score."""
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


def curves(histories: dict[str, nn.History]) -> Any:
    """Draw the loss of each run over its epochs, side by side."""
    figure, axes = show.figure(9.0, 3.4, columns=len(histories))
    if figure is None:
        return None
    from matplotlib.ticker import LogLocator

    for plot, (title, history) in zip(axes, histories.items()):
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


def hardest(run: Run) -> tuple[list[float], int]:
    """Return the row with the largest cross-entropy, and its label."""
    outputs = run.net.predict(run.rows)
    losses = [nn.cross_entropy(logits, label) for logits, label in zip(outputs, run.labels)]
    i = learning.largest(losses)
    return run.rows[i], run.labels[i]


def explain(run: Run, row: list[float], label: int) -> tuple[Value, Value, str]:
    """Return the loss of one flower, the last layer's weight with the largest grad, and why."""
    net = run.net
    net.zero_grad()
    hidden = labelled(net.layers[0](row), [f"hidden{k}" for k in range(8)])
    logits = labelled(net.layers[1](hidden), run.names)
    loss = nn.cross_entropy(logits, label)
    loss.backward()
    weights = [(w, logit) for n, logit in zip(net.layers[1].neurons, logits) for w in n.w]
    weight, logit = max(weights, key=lambda pair: abs(pair[0].grad))
    return loss, weight, f"{loss.why(weight)}\n\n{loss.why(logit)}"


def labelled(values: list[Value], labels: Sequence[str]) -> list[Value]:
    for value, label in zip(values, labels):
        value.label = label
    return values


def report(name: str, run: Run) -> list[str]:
    """Return a row of the table of networks."""
    return [
        name,
        f"{len(run.net.parameters())}",
        f"{run.history.loss[-1]:.4f}",
        f"{run.right:.1%}",
        f"{run.held_out:.1%}",
        f"{run.seconds:.1f}",
    ]


def main(argv: Sequence[str] | None = None) -> dict[str, Any]:
    parser = show.options(
        __doc__,
        name="tour",
        moons_epochs=(100, "epochs of the moons"),
        iris_epochs=(60, "epochs of the irises"),
    )
    parser.add_argument("--quick", action="store_true", help="20 epochs of each")
    parser.add_argument("--quiet", action="store_true", help="no progress")
    args = parser.parse_args(argv)
    if args.quick:
        args.moons_epochs = args.iris_epochs = 20
    out: Path = args.out

    print("1. A neuron and a small graph, forward and backward")
    neuron, a = small_neuron()
    graph = small_graph()
    for value in (a, *neuron.parameters(), graph):
        print(f"   {value!r}")
    show.draw(a, out, "neuron.svg")
    show.draw(graph, out, "graph.svg")

    print("\n2. Two moons: 100 points, a 2-16-16-1 network, hinge loss", flush=True)
    two = train_moons(args.seed, args.moons_epochs, not args.quiet)
    print("\n3. Irises: 99 flowers to learn from, 51 held out, a 4-8-3 network, cross-entropy\n")
    three = train_iris(args.seed, args.iris_epochs, not args.quiet)
    heads = ["network", "parameters", "loss", "train", "held out", "seconds"]
    print(show.table(heads, [report("moons", two), report("iris", three)]))

    row, label = hardest(three)
    loss, weight, why = explain(three, row, label)
    flower = f"4. The hardest flower held out, a {three.names[label]}, has a loss of {loss:.4f}."
    print()
    show.say(f"{flower} Of the last layer's weights {weight.label} has the largest gradient. Why?")
    print(f"\n{why}\n")
    show.save(boundary(two.net, two.rows, two.labels), out, "boundary.png")
    histories = {
        "Two moons: hinge loss + L2": two.history,
        "Iris: cross-entropy + L2": three.history,
    }
    show.save(curves(histories), out, "loss.png")
    return {
        "neuron": neuron,
        "graph": graph,
        "moons": two,
        "iris": three,
        "loss": loss,
        "weight": weight,
    }


if __name__ == "__main__":
    sys.exit(show.program(main))
