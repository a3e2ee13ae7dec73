"""The code of the micrograd lecture runs here unchanged: names, calls and the notebook's own trace()."""

import pytest

import nn
from engine import Value, draw_dot


def trace(root):
    nodes, edges = set(), set()

    def build(v):
        if v not in nodes:
            nodes.add(v)
            for child in v._prev:
                edges.add((child, v))
                build(child)

    build(root)
    return nodes, edges


def neuron():
    x1, x2 = Value(2.0, label="x1"), Value(0.0, label="x2")
    w1, w2 = Value(-3.0, label="w1"), Value(1.0, label="w2")
    b = Value(6.8813735870195432, label="b")
    x1w1 = x1 * w1
    x2w2 = x2 * w2
    x1w1x2w2 = x1w1 + x2w2
    n = x1w1x2w2 + b
    n.label = "n"
    return (x1, w1, x2, w2), n


def test_tanh_and_its_spelling_by_exp():
    for spelled in (lambda n: n.tanh(), lambda n: ((2 * n).exp() - 1) / ((2 * n).exp() + 1)):
        leaves, n = neuron()
        o = spelled(n)
        o.backward()
        assert o.data == pytest.approx(0.7071067811865477, rel=1e-14)
        assert [leaf.grad for leaf in leaves] == pytest.approx([-1.5, 1.0, 0.5, 0.0], rel=1e-13)


def test_backward_by_hand():
    leaves, n = neuron()
    o = n.tanh()
    o.grad = 1.0
    topo, visited = [], set()

    def build_topo(v):
        if v not in visited:
            visited.add(v)
            for child in v._prev:
                build_topo(child)
            topo.append(v)

    build_topo(o)
    for node in reversed(topo):
        node._backward()
    assert [leaf.grad for leaf in leaves] == pytest.approx([-1.5, 1.0, 0.5, 0.0], rel=1e-13)


def test_trace_and_draw_dot():
    pytest.importorskip("graphviz")
    _, n = neuron()
    o = n.tanh()
    nodes, edges = trace(o)
    assert len(nodes) == 10 and len(edges) == 9
    assert {v._op for v in nodes} == {"", "*", "+", "tanh"}
    assert "x1" in draw_dot(o).source


def test_the_training_loop():
    n = nn.MLP(3, [4, 4, 1], activation="tanh", output="tanh", seed=1)
    assert len(n.parameters()) == 41
    xs = [[2.0, 3.0, -1.0], [3.0, -1.0, 0.5], [0.5, 1.0, 1.0], [1.0, 1.0, -1.0]]
    ys = [1.0, -1.0, -1.0, 1.0]
    losses = []
    for _ in range(60):
        ypred = [n(x) for x in xs]
        loss = sum((yout - ygt) ** 2 for ygt, yout in zip(ys, ypred))
        for p in n.parameters():
            p.grad = 0.0
        loss.backward()
        for p in n.parameters():
            p.data += -0.1 * p.grad
        losses.append(loss.data)
    assert losses[-1] < 0.05 < losses[0]
