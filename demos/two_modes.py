"""Two modes: the same chain rule read from the cost backwards, or from one weight forwards.

    reverse   a sweep from one output: its derivatives by all inputs
              contribution = node.grad · local
    forward   a sweep from one input: the derivatives of all outputs
              contribution = local · tangent

Both follow the same edges and multiply by the same local derivatives, so they agree to rounding.
What differs is how often one has to sweep. A cost has one output and as many inputs as there are
weights: reverse mode computes ∇C in one sweep, forward mode needs a sweep for each weight. For a
function of one input with many outputs it is the other way round. Work is counted in contributions:
one multiplication and one addition, along one edge.

>>> [row] = table_of_work([(2, 1)], hidden=3, seed=0)
>>> row.forward, row.reverse
(44, 50)
"""

import sys
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import engine
import nn
from demos import show
from engine import Value
from engine.forward import forward
from engine.graph import topological_order


class Work(NamedTuple):
    """The contributions that a Jacobian of n inputs and m outputs takes, counted and by formula."""

    inputs: int
    outputs: int
    forward: int
    forward_formula: int
    reverse: int
    reverse_formula: int


def network(sizes: Sequence[int], seed: int) -> tuple[nn.MLP, list[Value], list[Value]]:
    """Return a network of sigmoid neurons, its inputs and its outputs for one example."""
    net = nn.MLP(sizes[0], list(sizes[1:]), activation="sigmoid", output="sigmoid", seed=seed)
    inputs = [Value(0.1 + 0.7 * k / sizes[0], f"x{k}") for k in range(sizes[0])]
    outputs = inputs
    for layer in net.layers:
        outputs = layer(outputs)
    return net, inputs, outputs


def reverse_sweep(root: Value) -> int:
    """Run backward() and return the number of its contributions; the grads are in the leaves."""
    root.backward()
    order, _ = topological_order(root)
    return sum(len(node.parents) for node in order if node.grad != 0.0)


def forward_sweep(root: Value, leaf: Value) -> tuple[dict[Value, float], int]:
    """Return the tangents of all nodes along one leaf, and the number of contributions."""
    tangents = forward(root, {leaf: 1.0})
    order, _ = topological_order(root)
    return tangents, sum(tangents[parent] != 0.0 for node in order for parent in node.parents)


def gradients(sizes: Sequence[int], seed: int) -> tuple[list[tuple[str, float, float]], int, int]:
    """Return ∂C/∂w for each weight and bias, and the number of contributions, by both modes."""
    net, _, outputs = network(sizes, seed)
    cost = nn.squared_error(outputs, [float(k % 2) for k in range(sizes[-1])])
    parameters = net.parameters()
    reverse_work, forward_work = reverse_sweep(cost), 0
    rows = []
    for p in parameters:
        tangents, work = forward_sweep(cost, p)
        forward_work += work
        rows.append((p.label, p.grad, tangents[cost]))
    return rows, reverse_work, forward_work


def jacobians(
    sizes: Sequence[int], seed: int
) -> tuple[list[list[float]], list[list[float]], int, int]:
    """Return ∂output/∂input a row an output, and the number of contributions, by both modes."""
    _, inputs, outputs = network(sizes, seed)
    root = engine.total(outputs)  # one root over all outputs, for the order alone
    edges = len(outputs)  # its own edges, which belong to no output
    by_forward, forward_work = [], 0
    for x in inputs:
        tangents, work = forward_sweep(root, x)
        by_forward.append([tangents[output] for output in outputs])
        forward_work += work - edges
    by_reverse, reverse_work = [], 0
    for output in outputs:
        for x in inputs:
            x.grad = 0.0
        reverse_work += reverse_sweep(output)
        by_reverse.append([x.grad for x in inputs])
    return [list(row) for row in zip(*by_forward)], by_reverse, forward_work, reverse_work


def formulas(sizes: Sequence[int]) -> tuple[int, int]:
    """Return the contributions that both modes take for the Jacobian, by counting edges.

    A neuron with n inputs has 2n + 1 edges into z (weights, inputs, bias) and one into a = σ(z). A
    forward sweep starts at one input: it uses one edge of each neuron of the first layer, then the
    n inputs of each later neuron, but no weight or bias. A reverse sweep starts at one output: it
    uses all edges of that neuron and of all neurons before.
    """
    n, first = sizes[:2]
    forward_edges = 2 * first + sum(m * (k + 1) for k, m in pairwise(sizes[1:]))
    before = sum(m * (2 * k + 2) for k, m in pairwise(sizes[:-1]))
    return n * forward_edges, sizes[-1] * (2 * sizes[-2] + 2 + before)


def table_of_work(shapes: Sequence[tuple[int, int]], hidden: int, seed: int) -> list[Work]:
    """Return the work of both modes for networks of n inputs, two hidden layers and m outputs."""
    rows = []
    for n, m in shapes:
        sizes = [n, hidden, hidden, m]
        _, _, by_forward, by_reverse = jacobians(sizes, seed)
        expected = formulas(sizes)
        rows.append(Work(n, m, by_forward, expected[0], by_reverse, expected[1]))
    return rows


def main(argv: Sequence[str] | None = None) -> dict[str, Any]:
    parser = show.options(__doc__, name="two_modes", hidden=(8, "neurons in each hidden layer"))
    parser.add_argument("--quick", action="store_true", help="at most 16 inputs or outputs")
    args = parser.parse_args(argv)
    rows, reverse_work, forward_work = gradients([2, 3, 2], args.seed)
    print("∇C of a network 2-3-2: one sweep in reverse mode, 17 in forward mode\n")
    print(show.table(["parameter", "∂C/∂p, reverse", "∂C/∂p, forward"], rows))
    apart = max(abs(a - b) for _, a, b in rows)
    print(
        f"\nlargest difference {apart:.1g}; contributions: reverse {reverse_work}, "
        f"forward {forward_work}"
    )
    sizes = [1, 2, 4, 8, 16] if args.quick else [1, 2, 4, 8, 16, 32, 64]
    more_inputs = table_of_work([(n, 1) for n in sizes], args.hidden, args.seed)
    more_outputs = table_of_work([(1, m) for m in sizes], args.hidden, args.seed)
    print(
        f"\nContributions for all ∂output/∂input of a network n-{args.hidden}-{args.hidden}-m:"
        "\nforward mode in n sweeps, reverse mode in m\n"
    )
    print(show.table(HEADS, [_line(row) for row in [*more_inputs, *more_outputs[1:]]]))
    pictures(more_inputs, more_outputs, args.out)
    return {
        "gradients": rows,
        "contributions": (reverse_work, forward_work),
        "inputs": more_inputs,
        "outputs": more_outputs,
    }


HEADS = ["n", "m", "forward", "by formula", "reverse", "by formula", "less work"]


def _line(row: Work) -> list[Any]:
    return [*row, "forward" if row.forward < row.reverse else "reverse"]


def pictures(more_inputs: Sequence[Work], more_outputs: Sequence[Work], out: Any) -> None:
    figure, axes = show.figure(10.0, 4.2, columns=2)
    if figure is None:
        return
    for panel, rows, column, words in (
        (axes[0], more_inputs, 0, "one output, n inputs: reverse mode wins"),
        (axes[1], more_outputs, 1, "one input, m outputs: forward mode wins"),
    ):
        sizes = [row[column] for row in rows]
        panel.plot(
            sizes,
            [row.forward for row in rows],
            "o-",
            color=show.POSITIVE,
            label="forward: n sweeps",
        )
        panel.plot(
            sizes,
            [row.reverse for row in rows],
            "o-",
            color=show.NEGATIVE,
            label="reverse: m sweeps",
        )
        panel.set(xlabel=("inputs n", "outputs m")[column], title=words, ylim=(0, None))
        panel.legend()
    axes[0].set_ylabel("contributions (a product and a sum each)")
    show.save(figure, out, "two_modes.png")


if __name__ == "__main__":
    sys.exit(show.program(main))
