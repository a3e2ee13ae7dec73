"""The code of the micrograd lecture, unchanged but for the import: what a learner types from the video runs."""

import math

import pytest

import engine
from engine import Value


def lecture_neuron():
    x1, x2 = Value(2.0, label="x1"), Value(0.0, label="x2")
    w1, w2 = Value(-3.0, label="w1"), Value(1.0, label="w2")
    b = Value(6.8813735870195432, label="b")
    x1w1 = x1 * w1
    x1w1.label = "x1*w1"
    x2w2 = x2 * w2
    x2w2.label = "x2*w2"
    x1w1x2w2 = x1w1 + x2w2
    x1w1x2w2.label = "x1*w1 + x2*w2"
    n = x1w1x2w2 + b
    n.label = "n"
    return x1, x2, w1, w2, n


def test_the_small_graph():
    a = Value(2.0, label="a")
    b = Value(-3.0, label="b")
    c = Value(10.0, label="c")
    e = a * b
    e.label = "e"
    d = e + c
    d.label = "d"
    f = Value(-2.0, label="f")
    L = d * f
    L.label = "L"
    L.backward()
    assert (L.data, L._op, set(L._prev)) == (-8.0, "*", {d, f})
    assert [v.grad for v in (L, d, f, e, c, a, b)] == [1.0, -2.0, 4.0, -2.0, -2.0, 6.0, -4.0]


def test_the_neuron_with_tanh():
    x1, x2, w1, w2, n = lecture_neuron()
    o = n.tanh()
    o.label = "o"
    o.backward()
    assert o.data == pytest.approx(1 / math.sqrt(2), abs=1e-15)
    assert [v.grad for v in (x1, w1, x2, w2)] == pytest.approx([-1.5, 1.0, 0.5, 0.0], abs=1e-14)


def test_the_neuron_with_tanh_spelled_out():
    x1, x2, w1, w2, n = lecture_neuron()
    e = (2 * n).exp()
    o = (e - 1) / (e + 1)
    o.backward()
    assert [v.grad for v in (x1, w1, x2, w2)] == pytest.approx([-1.5, 1.0, 0.5, 0.0], abs=1e-13)


def test_backward_by_hand_over_a_topological_order():
    x1, _, _, _, n = lecture_neuron()
    o = n.tanh()
    topo, visited = [], set()

    def build_topo(v):
        if v not in visited:
            visited.add(v)
            for child in v._prev:
                build_topo(child)
            topo.append(v)

    build_topo(o)
    o.grad = 1.0
    for node in reversed(topo):
        node._backward()
    by_hand = [v.grad for v in topo]
    for v in topo:
        v.grad = 0.0
    o.backward()
    assert [v.grad for v in topo] == by_hand
    assert by_hand[topo.index(x1)] == pytest.approx(-1.5, abs=1e-14)


def test_trace_as_in_the_notebook():
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

    *_, n = lecture_neuron()
    nodes, edges = trace(n)
    assert len(nodes) == 9 and len(edges) == 8
    assert sorted(v._op for v in nodes) == [""] * 5 + ["*", "*", "+", "+"]
    assert all(f"{v.label} | data {v.data:.4f} | grad {v.grad:.4f}" for v in nodes)


def test_the_bug_of_the_lecture_is_not_here():
    a = Value(3.0, label="a")
    b = a + a
    b.backward()
    assert a.grad == 2.0
    a, b = Value(-2.0), Value(3.0)
    d, e = a * b, a + b
    f = d * e
    f.backward()
    assert (a.grad, b.grad) == (-3.0, -8.0)  # ∂(a²b + ab²): 2ab + b², a² + 2ab


def test_the_first_training_loop():
    nn = pytest.importorskip("nn")
    xs = [[2.0, 3.0, -1.0], [3.0, -1.0, 0.5], [0.5, 1.0, 1.0], [1.0, 1.0, -1.0]]
    ys = [1.0, -1.0, -1.0, 1.0]
    n = nn.MLP(3, [4, 4, 1])
    assert len(n.parameters()) == 41
    n = nn.MLP(3, [4, 4, 1], activation="tanh", seed=1)
    losses = []
    for _ in range(20):
        ypred = [n(x) for x in xs]
        loss = sum((yout - ygt) ** 2 for ygt, yout in zip(ys, ypred))
        for p in n.parameters():
            p.grad = 0.0
        loss.backward()
        for p in n.parameters():
            p.data += -0.05 * p.grad
        losses.append(loss.data)
    assert losses[-1] < 0.2 * losses[0]


def test_draw_dot():
    graphviz = pytest.importorskip("graphviz")
    *_, n = lecture_neuron()
    dot = engine.draw_dot(n)
    assert isinstance(dot, graphviz.Digraph)
    assert all(label in dot.source for label in ("x1*w1", "data -6.0000", "grad 0.0000"))


def test_the_sanity_check_of_its_test_suite():
    x = Value(-4.0)
    z = 2 * x + 2 + x
    q = z.relu() + z * x
    h = (z * z).relu()
    y = h + q + q * x
    y.backward()
    assert (y.data, x.grad) == (-20.0, 46.0)
