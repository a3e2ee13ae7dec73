"""The four equations of backpropagation: by NumPy's matrices, and by the engine's gradients.

    BP1  δᴸ = ∇ₐC ⊙ σ'(zᴸ)                    the error of the last layer
    BP2  δˡ = ((wˡ⁺¹)ᵀ δˡ⁺¹) ⊙ σ'(zˡ)         the error of every layer before it
    BP3  ∂C/∂bˡⱼ = δˡⱼ
    BP4  ∂C/∂wˡⱼₖ = aˡ⁻¹ₖ δˡⱼ

w_jk is the weight by which neuron j reads input k, so z = w·a + b. (The notes slip twice: they
write z = Wᵀx, where BP2 has the transpose of that w; and ∂C/∂bᵢ = δⱼ, where both indices are the
same neuron's, j.) In the engine δˡⱼ is the grad of the Value z of neuron j in layer l.

>>> sorted(ACTIVATIONS)
['gelu', 'relu', 'sigmoid', 'sin', 'softplus', 'tanh']
>>> sorted(COSTS)
['cross_entropy', 'quartic', 'squared_error']
"""

import math
import random
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import engine
import nn
from demos import show
from engine import Value


class Network(NamedTuple):
    """A network after backward(): z and a of every layer, the inputs as a[0], and the cost."""

    net: nn.MLP
    z: list[list[Value]]
    a: list[list[Value]]
    cost: Value
    activation: str
    cost_name: str
    targets: list[float]


class Comparison(NamedTuple):
    """One number of one equation, by matrices and by the engine."""

    equation: str
    symbol: str
    matrices: float
    engine: float


def _phi(z: float) -> float:
    return 0.5 * math.erfc(-z / math.sqrt(2.0))


Function = Callable[[float], float]
ACTIVATIONS: dict[str, tuple[Function, Function]] = {  # σ and σ', number by number
    "sigmoid": (
        lambda z: 1.0 / (1.0 + math.exp(-z)),
        lambda z: math.exp(-z) / (1.0 + math.exp(-z)) ** 2,
    ),
    "tanh": (math.tanh, lambda z: 1.0 - math.tanh(z) ** 2),
    "relu": (lambda z: max(z, 0.0), lambda z: float(z > 0.0)),
    "softplus": (lambda z: math.log(1.0 + math.exp(z)), lambda z: 1.0 / (1.0 + math.exp(-z))),
    "sin": (math.sin, math.cos),
    "gelu": (
        lambda z: z * _phi(z),
        lambda z: _phi(z) + z * math.exp(-z * z / 2.0) / math.sqrt(2.0 * math.pi),
    ),
}


def _softmax_minus(np: Any, a: Any, y: Any) -> Any:
    probabilities = np.exp(a) / np.exp(a).sum()
    return probabilities * y.sum() - y


Cost = Callable[[Sequence[Value], Sequence[float]], Value]
CostGradient = Callable[[Any, Any, Any], Any]  # of NumPy, the outputs and the targets, as arrays
COSTS: dict[str, tuple[Cost, CostGradient]] = {  # C and ∇ₐC
    "squared_error": (nn.squared_error, lambda np, a, y: 2.0 * (a - y)),
    "quartic": (
        lambda a, y: engine.total([(p - q) ** 4 for p, q in zip(a, y)]),
        lambda np, a, y: 4.0 * (a - y) ** 3,
    ),
    "cross_entropy": (lambda a, y: nn.cross_entropy(a, list(y).index(1.0)), _softmax_minus),
}


def build(sizes: Sequence[int], activation: str, cost: str, seed: int) -> Network:
    """Return a random network after one example, forward and backward."""
    rng = random.Random(seed)
    net = nn.MLP(sizes[0], sizes[1:], activation=activation, output=activation, seed=seed)
    for p in net.parameters():
        p.data = rng.uniform(-1.0, 1.0)
    targets = [0.0] * sizes[-1]
    targets[rng.randrange(sizes[-1])] = 1.0
    a = [[Value(rng.uniform(-1.0, 1.0), f"a0_{k}") for k in range(sizes[0])]]
    z = []
    for number, layer in enumerate(net.layers, start=1):
        a.append(layer(a[-1]))
        z.append([out.parents[0] for out in a[-1]])
        for j, (inside, out) in enumerate(zip(z[-1], a[-1])):
            inside.label, out.label = f"z{number}_{j}", f"a{number}_{j}"
    root = COSTS[cost][0](a[-1], targets)
    root.label = "C"
    root.backward()
    return Network(net, z, a, root, activation, cost, targets)


def by_matrices(network: Network) -> list[tuple[Any, Any]]:
    """Return δ and ∂C/∂w of each layer by the four equations, from weights, inputs and targets."""
    np = show.load("numpy", "the four equations in matrices")
    function, slope = map(np.vectorize, ACTIVATIONS[network.activation], [[float]] * 2)
    w = [
        np.array([[p.data for p in neuron.w] for neuron in layer.neurons])
        for layer in network.net.layers
    ]
    b = [np.array([neuron.b.data for neuron in layer.neurons]) for layer in network.net.layers]
    a, z = [np.array([x.data for x in network.a[0]])], []
    for weights, biases in zip(w, b):
        z.append(weights @ a[-1] + biases)
        a.append(function(z[-1]))
    gradient = COSTS[network.cost_name][1](np, a[-1], np.array(network.targets))
    deltas = [gradient * slope(z[-1])]  # BP1
    for level in range(len(w) - 2, -1, -1):
        deltas.insert(0, (w[level + 1].T @ deltas[0]) * slope(z[level]))  # BP2
    return [(delta, np.outer(delta, before)) for delta, before in zip(deltas, a)]  # BP3, BP4


def compare(network: Network) -> list[Comparison]:
    """Return every number of the four equations beside the engine's."""
    lines = []
    last = len(network.z)
    for level, (delta, weights) in enumerate(by_matrices(network), start=1):
        error = "BP1" if level == last else "BP2"
        for j, neuron in enumerate(network.net.layers[level - 1].neurons):
            d, z = float(delta[j]), network.z[level - 1][j]
            lines.append(Comparison(error, f"δ{level}_{j}", d, z.grad))
            lines.append(Comparison("BP3", f"∂C/∂b{level}_{j}", d, neuron.b.grad))
            lines += [
                Comparison("BP4", f"∂C/∂w{level}_{j}{k}", float(weights[j, k]), w.grad)
                for k, w in enumerate(neuron.w)
            ]
    return sorted(lines, key=lambda line: line.equation)


def difference(lines: Sequence[Comparison]) -> float:
    """Return the largest difference, relative where the number is above 1."""
    return max(abs(line.matrices - line.engine) / max(abs(line.matrices), 1.0) for line in lines)


def random_networks(count: int, seed: int) -> list[tuple[str, int, float]]:
    """Return for random networks their description, how many numbers, the largest difference."""
    rows = []
    for i in range(count):
        rng = random.Random(f"{seed} {i}")
        sizes = [rng.randint(1, 6) for _ in range(rng.randint(2, 5))]
        activation, cost = rng.choice(sorted(ACTIVATIONS)), rng.choice(sorted(COSTS))
        lines = compare(build(sizes, activation, cost, seed=rng.randrange(10**6)))
        rows.append(
            (f"{'-'.join(map(str, sizes))} {activation}, {cost}", len(lines), difference(lines))
        )
    return rows


def main(argv: Sequence[str] | None = None) -> dict[str, Any]:
    parser = show.options(
        __doc__, name="four_equations", networks=(20, "random networks to compare")
    )
    args = parser.parse_args(argv)
    network = build([2, 3, 2], "sigmoid", "squared_error", args.seed)
    lines = compare(network)
    print(show.table(["equation", "number", "by matrices", "by the engine"], lines))
    rows = random_networks(args.networks, args.seed)
    print("\nThe same for networks of random sizes, depths, activations and costs:\n")
    print(show.table(["network", "numbers", "largest difference"], rows))
    picture(network, args.out)
    show.draw(network.cost, args.out, "four_equations.svg", module=network.net)
    return {"lines": lines, "networks": rows}


def picture(network: Network, out: Path) -> None:
    """Draw the network as circles and lines, with each equation's numbers where they belong."""
    figure, axes = show.figure(10.0, 5.6)
    if figure is None:
        return
    columns = [[x.grad for x in network.a[0]], *[[z.grad for z in layer] for layer in network.z]]
    places = [
        [(2.6 * i, (len(column) - 1) / 2.0 - k) for k in range(len(column))]
        for i, column in enumerate(columns)
    ]
    for level, layer in enumerate(network.net.layers):
        for j, neuron in enumerate(layer.neurons):
            for k, w in enumerate(neuron.w):
                _edge(axes, places[level][k], places[level + 1][j], w.grad)
    for level, column in enumerate(columns):
        for k, delta in enumerate(column):
            bias = network.net.layers[level - 1].neurons[k].b.grad if level else None
            _neuron(axes, places[level][k], delta, bias, network.a[level][k].label)
    headings = [
        "inputs a⁰",
        *["BP2  δ = (wᵀδ) ⊙ σ'(z)"] * (len(columns) - 2),
        "BP1  δ = ∇ₐC ⊙ σ'(z)",
    ]
    for i, text in enumerate(headings):
        axes.text(2.6 * i, 1.75, text, ha="center", size=11, weight="bold")
    axes.text(
        2.6,
        -1.95,
        "BP3  ∂C/∂b = δ: the number below each neuron is its bias's gradient, the same as in it.\n"
        "BP4  ∂C/∂wⱼₖ = aₖδⱼ: on each line. Orange is positive, blue negative, width by size.",
        ha="center",
        va="center",
        size=10,
        linespacing=1.5,
    )
    axes.set(xlim=(-0.7, 2.6 * (len(columns) - 1) + 0.7), ylim=(-2.3, 2.0))
    axes.set_axis_off()
    show.save(figure, out, "four_equations.png")


def _colour(x: float) -> str:
    return show.POSITIVE if x > 0.0 else show.NEGATIVE if x < 0.0 else show.ZERO


def _edge(axes: Any, start: tuple[float, float], end: tuple[float, float], gradient: float) -> None:
    axes.plot(
        *zip(start, end),
        color=_colour(gradient),
        linewidth=1.0 + 6.0 * math.sqrt(abs(gradient)),
        alpha=0.45,
        zorder=1,
        solid_capstyle="round",
    )
    fraction = 0.76  # near the neuron that a line ends in, where lines don't cross
    x, y = [p + fraction * (q - p) for p, q in zip(start, end)]
    axes.text(
        x,
        y,
        f"{gradient:+.3f}",
        ha="center",
        va="center",
        size=8,
        color=_colour(gradient),
        zorder=2,
        bbox={"facecolor": show.PAPER, "edgecolor": "none", "pad": 1.2},
    )


def _neuron(
    axes: Any, place: tuple[float, float], delta: float, bias: float | None, label: str
) -> None:
    colour = _colour(delta) if bias is not None else show.ZERO
    axes.scatter(*place, s=1900, c=show.PAPER, edgecolors=colour, linewidths=2.2, zorder=3)
    text = f"{delta:+.3f}" if bias is not None else label.replace("0_", "")
    axes.text(*place, text, ha="center", va="center", size=9.5, color=colour, zorder=4)
    if bias is not None:
        axes.text(
            place[0],
            place[1] - 0.36,
            f"∂C/∂b {bias:+.3f}",
            ha="center",
            size=8,
            color=colour,
            zorder=4,
        )


if __name__ == "__main__":
    sys.exit(show.program(main))
