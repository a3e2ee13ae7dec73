"""A replay is the graph: on random graphs with every operation, edge points and branches included."""

import math
import random

import pytest
from tapes import needs

import engine
from engine import Value
from engine.operations import FAMILIES, OPERATIONS

pytest.importorskip("numpy", reason="recording needs NumPy")

# Their library functions differ from Python's in the last digits (docs/replay.md names them).
INEXACT = {"hypot"}
THEIR_SLOPES = {"atan", "asinh", "atan2"}  # have hypot in their rules
EDGES = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    2.0,
    0.5,
    -2.0,
    3.0,
    710.0,
    -1000.0,
    1e-300,
    1e308,
    math.inf,
    -math.inf,
    math.nan,
]
FAMILY_PARAMETERS = {
    "power_of": [(0,), (1,), (2,), (3,), (-1,), (0.5,)],
    "leaky_relu_of": [(0.01,)],
    "elu_of": [(1.5,)],
    "clamp_of": [(-1.0, 0.0), (0.0, 1.0)],
}


def an_operation(draw):
    chance = draw.random()
    if chance < 0.35:
        return OPERATIONS[draw.choice(["add", "subtract", "multiply", "divide", "relu", "maximum"])]
    if chance < 0.5:
        name = draw.choice(sorted(FAMILY_PARAMETERS))
        return FAMILIES[name](*draw.choice(FAMILY_PARAMETERS[name]))
    return OPERATIONS[
        draw.choice(
            [name for name in OPERATIONS if name not in INEXACT | THEIR_SLOPES | {"masked"}]
        )
    ]


def graph_of(seed, inputs, parameters):
    """A random graph: the same for the same seed, whatever the numbers."""
    draw = random.Random(seed)
    pool = [*inputs, *parameters]
    for _ in range(draw.randint(3, 30)):
        operation = an_operation(draw)
        arity = (
            draw.choice([1, 3, 5, 7])
            if operation.name == "weighted_sum"
            else operation.arity or draw.choice([1, 3])
        )
        operands = [
            draw.choice(pool) if draw.random() < 0.85 else draw.choice([0.0, 1.0, 2.0, -1.5])
            for _ in range(arity)
        ]
        if not any(isinstance(x, Value) for x in operands):
            operands[0] = pool[0]
        if operation.name == "pick":
            operands = [*operands[:2], operands[0], pool[0] > 0.0]  # the index changes with the row
        pool.append(operation.apply(tuple(operands)))
    return engine.total(pool[-6:]) if draw.random() < 0.5 else pool[-1]


def number(draw, edges):
    return draw.choice(EDGES) if edges and draw.random() < 0.3 else draw.uniform(-2.0, 2.0)


def plain(seed, row, parameters, used):
    """Value and gradients by the engine itself, and for each the sum of the magnitudes that went into it."""
    inputs = [Value(x) for x in row]
    for p in parameters:
        p.grad = 0.0
    root = graph_of(seed, inputs, parameters)
    root.backward()
    magnitude = {}
    for step in root.steps():
        magnitude[step.parent] = magnitude.get(step.parent, 0.0) + abs(step.contribution)
    leaves = [*used, *inputs]
    return [root.data, *(x.grad for x in leaves)], [
        abs(root.data),
        *(magnitude.get(x, 0.0) for x in leaves),
    ]


def same(x, y):
    return x == y or (x != x and y != y)


def replays(seeds, fuse, backend, edges=True):
    """For each seed, new numbers twice: what the engine finds, what the tape finds, and the magnitudes."""
    for seed in seeds:
        draw = random.Random(1000 + seed)
        parameters = [Value(number(draw, edges)) for _ in range(3)]
        tape = engine.record(
            lambda *xs, s=seed, ps=parameters: graph_of(s, xs, ps),
            [number(draw, edges) for _ in range(3)],
            fuse=fuse,
            backend=backend,
        )
        for _ in range(2):
            row = [number(draw, edges) for _ in range(3)]
            for p in parameters:
                p.data = number(draw, edges)
            wanted, sizes = plain(seed, row, parameters, tape.parameters)
            numbers = [p.data for p in tape.parameters]
            mean, gradient = tape.value_and_gradient(numbers, [row])
            _, by_input = tape.input_gradients([row], numbers)
            values, by_parameter = tape.gradients([row, row, row], numbers)
            yield seed, wanted, [mean, *gradient, *by_input[0]], sizes
            yield seed, wanted[: 1 + len(numbers)], [values[2], *by_parameter[2]], sizes


def test_unfused_the_tape_rounds_exactly_as_the_graph_does():
    needs("numba")
    for seed, wanted, found, _ in replays(range(1000), fuse=False, backend="numba"):
        assert all(map(same, wanted, found)), (seed, wanted, found)


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["numba", "numpy"])
def test_fused_the_tape_is_within_1e_13_of_the_sum_of_magnitudes(backend):
    needs(backend)
    for seed, wanted, found, sizes in replays(range(1000), fuse=True, backend=backend, edges=False):
        for x, y, size in zip(wanted, found, sizes):
            assert same(x, y) or abs(x - y) <= 1e-13 * max(size, abs(x)), (seed, x, y, size)


def test_fused_edges_meet_the_same_nans_and_infinities():
    needs("numba")
    for seed, wanted, found, _ in replays(range(300), fuse=True, backend="numba"):
        for x, y in zip(wanted, found):
            if not (math.isfinite(x) and math.isfinite(y)):
                assert same(x, y), (seed, wanted, found)


@pytest.mark.parametrize("name", sorted(INEXACT))
def test_the_functions_that_differ_differ_in_the_last_digits_only(name):
    needs("numba")
    operation, draw = OPERATIONS[name], random.Random(2)
    tape = engine.record(lambda x, y: operation.apply((x, y)[: operation.arity]), [1.0, 1.0])
    rows = [[draw.uniform(-9.0, 9.0), draw.uniform(-9.0, 9.0)] for _ in range(500)]
    for row, z in zip(rows, tape.forward(rows)):
        expected = operation.forward(*row[: operation.arity])
        assert abs(z - expected) <= 2 * math.ulp(expected)


def test_a_branch_not_taken_sends_nothing():
    w = Value(2.0)
    tape = engine.record(lambda x: engine.where(x > 0.0, engine.log(w * x), 0.0), [1.0])
    mean, gradient = tape.value_and_gradient([2.0], [[0.0], [-1.0]])
    assert (mean, gradient.tolist()) == (0.0, [0.0])
