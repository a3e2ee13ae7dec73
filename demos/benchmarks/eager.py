"""Build a graph, run it backward, drop it: the eager engine beside other engines.

They are micrograd, XAD, PyTorch and the barest engine (bare.py). All have the same numbers, and
before a time is printed all gradients must agree to nine digits.

python -m demos.benchmarks eager [--quick] [--only gpt] [--against CHECKOUT]
"""

import math
import operator
import random
import statistics
import sys
import timeit
import tracemalloc
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import nn
from demos import show
from demos.benchmarks import small_gpt
from demos.benchmarks.bare import Bare
from demos.benchmarks.rounds import Contestant, Run, Turns, in_processes, peers
from demos.data import moons
from engine import Value, mean

OURS, BARE = "chainrule", "bare engine"
ALPHA, RATE = 1e-4, 0.01
Weights = list[list[tuple[list[float], float]]]  # layer, neuron, (w, b)


class Task(NamedTuple):
    """A program that contestants run, each in a process of its own (trial.py)."""

    title: str
    prepare: Callable[[str], Run]  # from a contestant's name; the run returns what must agree
    contestants: tuple[str, ...]  # besides this engine
    base: str = OURS  # whose time is 1.00


def main(quick: bool = False, only: str = "", against: str = "") -> None:
    """Print every table, or the one that `only` names."""
    here, processes = peers(), 3 if quick else 9
    print(
        f"\nCPU time on one core, medians of {processes} processes, with the garbage collector on "
        "and\noff. A ratio is time over the time of the line that says 1.00; in brackets the"
        "\nleast and the greatest."
    )
    for name in [only] if only else TABLES:
        if name in TASKS:
            compare(name, here, processes, against)
        elif name == "memory":
            memory(here, against)
        else:
            creation_site()


def compare(name: str, here: list[str], processes: int, against: str = "") -> None:
    """Time the contestants of a task that are installed; print milliseconds and ratios."""
    task = TASKS[name]
    contestants = _contestants(
        [OURS, *(x for x in task.contestants if x in (*here, BARE))], against
    )
    print(f"\n{task.title}", flush=True)
    turns = in_processes(name, contestants, processes)
    _agree({label: turn.result for label, turn in turns.items()})
    rows = [[label, *_cells(turn, turns[task.base])] for label, turn in turns.items()]
    heads = ["", "GC on", "ratio", "", "off", "ratio", ""]
    print(show.table(heads, rows))
    if other := next((x for x in contestants if x.checkout), None):
        on, off = (
            _ratios(turns[OURS], turns[other.label], collector) for collector in (True, False)
        )
        print(f"here / there: {_spread(on)} with GC on, {_spread(off)} off")


def _contestants(names: list[str], against: str) -> list[Contestant]:
    contestants = [Contestant(name, name) for name in names]
    if against:
        contestants.insert(1, Contestant("other checkout", OURS, against))
    return contestants


def _cells(turn: Turns, base: Turns) -> list[str]:
    cells = []
    for collector in (True, False):
        ratios = _ratios(turn, base, collector)
        cells.append(f"{1000 * statistics.median(turn.seconds[collector]):.1f} ms")
        cells.append(f"{statistics.median(ratios):.2f}")
        cells.append("" if turn is base else f"({min(ratios):.2f}–{max(ratios):.2f})")
    return cells


def _ratios(turn: Turns, base: Turns, collector: bool) -> list[float]:
    """Return the ratio of every process to the one of the base that ran in the same round."""
    return [a / b for a, b in zip(turn.seconds[collector], base.seconds[collector])]


def _spread(ratios: list[float]) -> str:
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})"


# -- a small GPT, spelled out
# ---------------------------------------------------------------------------------


def gpt_step(contestant: str) -> Run:
    return small_gpt.step(Bare if contestant == BARE else Value)


# -- the moons step
# ------------------------------------------------------------------------------------------


def moons_step(contestant: str) -> Run:
    """Return a training step of a 2-16-16-1 relu network on 100 points: hinge loss, L2, SGD."""
    rows, signs = moons(100, 0.1, seed=0)
    net = nn.MLP(2, [16, 16, 1], seed=0)
    if contestant == OURS:
        return our_step(net, rows, signs)
    weights = [[([w.data for w in n.w], n.b.data) for n in layer.neurons] for layer in net.layers]
    return STEPS[contestant](weights, rows, signs)


def our_step(net: nn.MLP, rows: Any, signs: Any) -> Run:
    optimizer, parameters = nn.SGD(net.parameters(), RATE), net.parameters()

    def step() -> list[float]:
        loss = mean([nn.max_margin(net(x), y) for x, y in zip(rows, signs)]) + ALPHA * nn.l2(
            parameters
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return [p.grad for p in parameters]

    return step


def micrograd_step(weights: Weights, rows: Any, signs: Any) -> Run:
    """Return the step as in micrograd's own demo, on its own MLP."""
    from micrograd.engine import Value as Their
    from micrograd.nn import MLP

    net = MLP(2, [16, 16, 1])
    for layer, numbers in zip(net.layers, weights):
        for neuron, (w, b) in zip(layer.neurons, numbers):
            neuron.w, neuron.b = [Their(x) for x in w], Their(b)

    def step() -> list[float]:
        scores = [net(list(map(Their, x))) for x in rows]
        losses = [(1 + -y * score).relu() for y, score in zip(signs, scores)]
        loss = sum(losses) * (1.0 / len(losses)) + ALPHA * sum(p * p for p in net.parameters())
        net.zero_grad()
        loss.backward()
        for p in net.parameters():
            p.data -= RATE * p.grad
        return [p.grad for p in net.parameters()]

    return step


def xad_step(weights: Weights, rows: Any, signs: Any) -> Run:
    """Return the step on XAD's C++ tape through its Python package, neuron by neuron."""
    from xad import math as functions
    from xad.adj_1st import Real, Tape

    numbers = _flat(weights)

    def step() -> list[float]:
        fresh = iter(
            numbers
        )  # a Real has no way to change its number: XAD takes new ones each step
        layers = [
            [([Real(next(fresh)) for _ in w], Real(next(fresh))) for w, _ in layer]
            for layer in weights
        ]
        parameters = _flat(layers)
        with Tape() as tape:
            tape.registerInputs(parameters)
            tape.newRecording()
            loss = _hinge_and_l2(layers, parameters, rows, signs, lambda z: functions.max(z, 0.0))
            tape.registerOutput(loss)
            loss.setDerivative(1.0)
            tape.computeAdjoints()
            grads = [float(p.getDerivative()) for p in parameters]
        numbers[:] = [p - RATE * grad for p, grad in zip(numbers, grads)]
        return grads

    return step


def torch_step(weights: Weights, rows: Any, signs: Any) -> Run:
    """Return the step with a 0-dimensional tensor a number, which PyTorch is not made for."""
    import torch

    torch.set_num_threads(1)

    def leaf(x: float) -> Any:
        return torch.tensor(x, dtype=torch.float64, requires_grad=True)

    layers = [[([leaf(x) for x in w], leaf(b)) for w, b in layer] for layer in weights]
    parameters = _flat(layers)

    def step() -> list[float]:
        loss = _hinge_and_l2(layers, parameters, rows, signs, torch.relu)
        for p in parameters:
            p.grad = None
        loss.backward()
        with torch.no_grad():
            for p in parameters:
                p -= RATE * p.grad
        return [p.grad.item() for p in parameters]

    return step


STEPS = {"micrograd": micrograd_step, "xad": xad_step, "torch": torch_step}


def _flat(layers: Any) -> list[Any]:
    return [p for layer in layers for w, b in layer for p in (*w, b)]


def _hinge_and_l2(
    layers: Any, parameters: list[Any], rows: Any, signs: Any, relu: Callable[[Any], Any]
) -> Any:
    losses = [relu(1.0 - y * _score(layers, x, relu)) for x, y in zip(rows, signs)]
    return _sum(losses) * (1.0 / len(losses)) + ALPHA * _sum([p * p for p in parameters])


def _score(layers: Any, x: Any, relu: Callable[[Any], Any]) -> Any:
    for layer in layers[:-1]:
        x = [relu(_weighted(w, x, b)) for w, b in layer]
    w, b = layers[-1][0]
    return _weighted(w, x, b)


def _weighted(w: Any, x: Any, b: Any) -> Any:
    for weight, value in zip(w, x):
        b = b + weight * value
    return b


def _sum(values: list[Any]) -> Any:
    result = values[0]
    for value in values[1:]:
        result = result + value
    return result


# -- graphs of plain + and ×, and of functions
# ---------------------------------------------------------------------------------


def random_graph(contestant: str) -> Run:
    """Return a run over additions and products alone, which every engine has."""
    return partial(_fresh, KINDS[contestant], "dag", random_plan(leaves=100, nodes=20_000))


def function_graph(contestant: str) -> Run:
    return partial(_fresh, KINDS[contestant], "functions", 20_000)


def chains(contestant: str) -> Run:
    return partial(_fresh, KINDS[contestant], "chains", 50, 400)


def random_plan(leaves: int, nodes: int) -> list[tuple[Callable[[Any, Any], Any], int, int]]:
    """Return for each node its operation and the indices of its operands.

    They are drawn beforehand, so that only the engine is timed.
    """
    rng = random.Random(0)
    operations = (operator.add, operator.mul)
    return [
        (rng.choice(operations), rng.randrange(leaves + i), rng.randrange(leaves + i))
        for i in range(nodes)
    ]


class Ours:
    """The programs of the tasks, and this engine's names for leaves, functions and gradients."""

    leaf: Callable[[float], Any] = staticmethod(Value)

    def leaves(self, numbers: list[float]) -> list[Any]:
        return [self.leaf(x) for x in numbers]

    def gradients(self, root: Any, leaves: list[Any]) -> list[float]:
        root.backward()
        return [leaf.grad for leaf in leaves]

    def dag(self, plan: list[tuple[Callable[[Any, Any], Any], int, int]]) -> list[float]:
        leaves = self.leaves([math.sin(k) / 3.0 for k in range(100)])
        nodes = list(leaves)
        for operation, i, j in plan:
            nodes.append(operation(nodes[i], nodes[j]))
        return self.gradients(_halved(nodes[-500:]), leaves)

    def functions(self, count: int) -> list[float]:
        """Apply six operations to two earlier nodes, again and again; all values stay within ±5."""
        exp, tanh, log, sin = (self.function(name) for name in ("exp", "tanh", "log", "sin"))
        rng, leaves = random.Random(0), self.leaves([math.sin(k) / 3.0 for k in range(100)])
        nodes = list(leaves)
        for _ in range(count // 6):
            x, y = nodes[rng.randrange(len(nodes))], nodes[rng.randrange(len(nodes))]
            bounded = tanh(x)
            positive = exp(bounded)
            nodes += [bounded, positive, sin(y), log(positive), y / positive, positive**1.5]
        return self.gradients(_halved(nodes[-500:]), leaves)

    def function(self, name: str) -> Callable[[Any], Any]:
        return operator.methodcaller(name)

    def chains(self, count: int, length: int) -> list[float]:
        return [self.chain(length) for _ in range(count)][-1]

    def chain(self, length: int) -> list[float]:
        y, m, b = leaves = self.leaves([1.0, 0.999, 0.001])
        for _ in range(length):
            y = y * m + b
        return self.gradients(y, leaves)


class Micrograd(Ours):
    def __init__(self) -> None:
        from micrograd.engine import Value as Their

        self.leaf = Their


class Torch(Ours):
    def function(self, name: str) -> Callable[[Any], Any]:
        import torch

        function: Callable[[Any], Any] = getattr(torch, name)
        return function

    def leaf(self, x: float) -> Any:
        import torch

        return torch.tensor(x, dtype=torch.float64, requires_grad=True)

    def gradients(self, root: Any, leaves: list[Any]) -> list[float]:
        root.backward()
        return [0.0 if leaf.grad is None else leaf.grad.item() for leaf in leaves]


class Xad(Ours):
    def __init__(self) -> None:
        from xad.adj_1st import Tape

        self.tape = Tape()
        self.tape.activate()

    def leaves(self, numbers: list[float]) -> list[Any]:
        from xad.adj_1st import Real

        leaves = [Real(x) for x in numbers]
        self.tape.clearAll()
        self.tape.registerInputs(leaves)
        self.tape.newRecording()
        return leaves

    def gradients(self, root: Any, leaves: list[Any]) -> list[float]:
        self.tape.registerOutput(root)
        root.setDerivative(1.0)
        self.tape.computeAdjoints()
        return [float(leaf.getDerivative()) for leaf in leaves]

    def function(self, name: str) -> Callable[[Any], Any]:
        from xad import math as functions

        function: Callable[[Any], Any] = getattr(functions, name)
        return function

    def functions(self, count: int) -> list[float]:
        try:
            return super().functions(count)
        finally:
            self.tape.deactivate()

    def dag(self, plan: Any) -> list[float]:
        try:
            return super().dag(plan)
        finally:
            self.tape.deactivate()

    def chains(self, count: int, length: int) -> list[float]:
        try:
            return super().chains(count, length)
        finally:
            self.tape.deactivate()


def _fresh(kind: Callable[[], Any], task: str, *arguments: Any) -> Any:
    return getattr(kind(), task)(*arguments)


KINDS: dict[str, type[Ours]] = {OURS: Ours, "micrograd": Micrograd, "xad": Xad, "torch": Torch}


def _halved(nodes: list[Any]) -> Any:
    """Return the sum of the nodes, pair by pair, so that no engine meets a long chain."""
    while len(nodes) > 1:
        nodes = [a + b for a, b in zip(nodes[::2], nodes[1::2])] + nodes[len(nodes) // 2 * 2 :]
    return nodes[0]


# -- memory, and what it costs to remember the line
# ----------------------------------------------------------


def memory(here: list[str], against: str = "") -> dict[str, float]:
    """Print and return the bytes of an interior node over y = y*m + b, by tracemalloc."""
    contestants = _contestants([OURS, *(name for name in here if name == "micrograd")], against)
    turns = in_processes("memory", contestants, 1)
    sizes = {label: turn.result[0] for label, turn in turns.items()}
    print("\nMemory of y = y*m + b, 10,000 times, by tracemalloc (it can't see into C++):")
    print("bytes per node, the mean of + and ×, with the place of creation")
    rows = [[label, f"{sizes[label]:.0f}", f"{sizes[label] / sizes[OURS]:.2f}"] for label in sizes]
    print(show.table(["", "bytes per node", "ratio"], rows))
    return sizes


def node_size(contestant: str) -> Run:
    return lambda: [bytes_per_node(KINDS[contestant](), 10_000)]


def bytes_per_node(kind: Ours, length: int) -> float:
    y, m, b = kind.leaves([1.0, 0.999, 0.001])
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for _ in range(length):
        y = y * m + b
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return (after - before) / (2 * length)


def creation_site(repeats: int = 20_000) -> None:
    """Print what noting the place costs: an instruction for each node, a line when it is asked."""
    x, y = Value(2.0), Value(3.0)
    times = {
        "make a node (x*y)": _best(lambda: x * y, repeats),
        "of it, note the place": _best(_place, repeats) - _best(_no_place, repeats),
        "ask for created_at": _best(lambda: (x * y).created_at, repeats // 100),
    }
    whole = times["make a node (x*y)"]
    print("\nWhat it costs that every node knows its place in the source")
    print(
        show.table(
            ["", "part of making a node"],
            [[name, f"{t / whole:.2f}"] for name, t in times.items()],
        )
    )


def _place() -> tuple[Any, int]:
    frame = sys._getframe(1)
    return frame.f_code, frame.f_lasti


def _no_place() -> tuple[Any, int]:
    return None, 0


def _best(run: Run, repeats: int) -> float:
    return min(timeit.repeat(run, number=repeats, repeat=5)) / repeats


# -- all of it
# --------------------------------------------------------------------------------------------------

TASKS = {
    "gpt": Task(
        "A step of a small GPT, 76,000 nodes of + × ÷ ** exp log relu, forward and back",
        gpt_step,
        (BARE,),
        BARE,
    ),
    "moons": Task(
        "The moons step: 2-16-16-1 relu, 100 examples, hinge loss + L2, with SGD",
        moons_step,
        ("micrograd", "xad", "torch"),
    ),
    "graph": Task(
        "A random graph of 20,000 nodes, + and ×, over 100 leaves",
        random_graph,
        ("micrograd", "xad", "torch"),
    ),
    "functions": Task(
        "A graph of 20,000 functions: exp, tanh, log, sin, ÷, ** (micrograd lacks them)",
        function_graph,
        ("xad", "torch"),
    ),
    "chains": Task(
        "50 chains of 400 steps y = y*m + b (micrograd recurses and fails beyond 494)",
        chains,
        ("micrograd", "xad", "torch"),
    ),
}
TABLES = (*TASKS, "memory", "place")
TRIALS: dict[str, Callable[[str], Run]] = {name: task.prepare for name, task in TASKS.items()}
TRIALS["memory"] = node_size


def _agree(gradients: dict[str, Any]) -> None:
    """Raise ArithmeticError unless all have this engine's gradients, to nine digits."""
    for name, gradient in gradients.items():
        for ours, theirs in zip(gradients[OURS], gradient, strict=True):
            if not math.isclose(ours, theirs, rel_tol=1e-9, abs_tol=1e-12):
                raise ArithmeticError(f"{name} has a gradient of {theirs!r}, chainrule {ours!r}")
