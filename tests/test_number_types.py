"""Numbers of other types in `.data`: NumPy's, Fraction, Decimal, int. Whatever reads them computes with floats.

The reference is the same program on float(x): every number of the graph must be equal to its bits and a Python float.
"""

import math
import random
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import programs, run

import engine
import nn
from engine import Value
from engine.graph import topological_order

TYPES = [
    np.uint8,
    np.int8,
    np.int64,
    np.float16,
    np.float32,
    np.float64,
    np.longdouble,
    np.bool_,
    Fraction,
    Decimal,
    int,
    bool,
]


def number(kind, x):
    """The float x as one of a type, or one near it that the type has."""
    if kind in (np.uint8,):
        return kind(int(abs(x) * 60) % 256)
    if kind in (np.int8, np.int64, int):
        return kind(int(x * 40))
    return kind(x)


def bits(x):
    """What tells floats apart, nan from nan not."""
    assert type(x) is float
    return "nan" if x != x else x.hex()


def everything(root):
    """Every number of a graph after one sweep: data, slopes, grads."""
    root.backward()
    order, leaves = topological_order(root)
    return [
        (bits(v.data), bits(v.grad), [bits(slope) for slope in v.local_derivatives()])
        for v in leaves + order
    ]


@settings(max_examples=300)
@given(programs(), st.lists(st.sampled_from(TYPES), min_size=5, max_size=5))
def test_programs_compute_with_floats(program, kinds):
    numbers = [number(kind, x) for kind, x in zip(kinds, program[0], strict=False)]
    typed = [Value(0.0, f"x{i}") for i in range(len(numbers))]
    for leaf, x in zip(typed, numbers, strict=True):
        leaf.data = x
    floats = [Value(float(x), f"x{i}") for i, x in enumerate(numbers)]
    _, root = run(program, typed)
    _, reference = run(program, floats)
    first = everything(root)
    assert first == everything(reference)
    if math.isfinite(root.data) and len(first) > 1:
        contributions = [[bits(step.contribution) for step in y.steps()] for y in (root, reference)]
        assert contributions[0] == contributions[1]
        for x, y in zip(
            engine.gradient(root, typed), engine.gradient(reference, floats), strict=True
        ):
            assert bits(x.data) == bits(y.data)


@settings(max_examples=100)
@given(st.lists(st.floats(-2.0, 2.0), min_size=5, max_size=5), st.sampled_from(TYPES))
def test_weighted_sums_and_functions_of_lists(data, kind):
    def graph(leaves):
        w, a = leaves[:2], leaves[2:4]
        z = engine.weighted_sum(w, a, leaves[4])
        parts = [engine.total(leaves), engine.mean(leaves), engine.product(leaves)]
        parts += [engine.logsumexp(leaves), *engine.softmax(leaves[:3]), z]
        parts += [engine.where(leaves[0] > leaves[1], z, leaves[2]), leaves[3] ** 2]
        return engine.total(parts)

    leaves, floats = [Value(0.0) for _ in data], [Value(float(number(kind, x))) for x in data]
    for leaf, x in zip(leaves, data, strict=True):
        leaf.data = number(kind, x)
    assert everything(graph(leaves)) == everything(graph(floats))


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.__module__ + "." + kind.__name__)
def test_networks_pictures_files_and_tapes(kind, tmp_path):
    rows = [[0.5, -1.0], [1.5, 0.25]]

    def network(convert):
        net, numbers = nn.MLP(2, [3, 1], activation="tanh", seed=1), random.Random(4)
        for p in net.parameters():
            p.data = convert(number(kind, numbers.uniform(-2.0, 2.0)))
        return net

    net, reference = network(lambda x: x), network(float)
    assert all(type(p.data) is float for p in net.parameters())
    loss, expected = net(rows[0]) ** 2, reference(rows[0]) ** 2
    assert everything(loss) == everything(expected)
    assert "<svg" in engine.draw(loss, module=net).svg and "<html" in engine.stepper(loss).html
    net.save(tmp_path / "net.json")
    loaded = nn.MLP(2, [3, 1], activation="tanh", seed=2)
    loaded.load(tmp_path / "net.json")
    assert [p.data for p in loaded.parameters()] == [p.data for p in reference.parameters()]
    tape = engine.record(lambda *row: net(row) ** 2, rows[1])
    assert tape.forward(rows).tolist() == pytest.approx(
        [(reference(row) ** 2).data for row in rows], rel=1e-14
    )
    for p in net.parameters():
        p.data -= np.float32(0.1) * p.grad
        p.grad = kind(0)
    assert all(type(p.data) is float for p in net.parameters())
    engine.draw(net(rows[0]))
    nn.fit(net, rows, [1.0, 0.0], loss=lambda y, t: (y - t) ** 2, epochs=2, progress=False,
           optimizer=nn.SGD(net.parameters()), checkpoint=tmp_path / "c.json")  # fmt: skip
    assert all(type(p.data) is type(p.grad) is float for p in net.parameters())
