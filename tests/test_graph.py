"""The order of a graph, and graphs that changed since they were made."""

import random

import pytest
from hypothesis import given, settings
from strategies import programs, run

import engine
from engine import Value
from engine.explain import numbered, stale
from engine.graph import topological_order


@settings(max_examples=100, deadline=None)
@given(programs())
def test_parents_come_first_and_everything_once(program):
    _, root = run(program)
    order, leaves = topological_order(root)
    place = {node: i for i, node in enumerate(order)}
    assert len(place) == len(order) and len(set(leaves)) == len(leaves)
    assert all(not leaf.parents for leaf in leaves)
    assert (order or leaves)[-1] is root
    for node in order:
        assert node.parents
        assert all(place[parent] < place[node] for parent in node.parents if parent.parents)
        assert all(parent in leaves for parent in node.parents if not parent.parents)


def recursive(root):
    """Return the order and the leaves as a textbook has it: depth first, first operand first."""
    order, leaves, seen = [], [], set()

    def visit(node):
        if node not in seen:
            seen.add(node)
            for parent in node.parents:
                visit(parent)
            (order if node.parents else leaves).append(node)

    visit(root)
    return order, leaves


@pytest.mark.parametrize("seed", range(60))
def test_the_order_is_that_of_the_recursion(seed):
    """Operands of one, two and many, used again and again: bits of a sum depend on the order."""
    rng = random.Random(seed)
    nodes = [Value(rng.random()) for _ in range(5)]
    for _ in range(150):
        a, b = rng.choices(nodes[-40:], k=2)
        some = rng.choices(nodes, k=rng.randint(1, 9))
        nodes.append(rng.choice([a.relu(), a * b, b + 2.0, engine.total(some)]))
    root = engine.mean(rng.sample(nodes, rng.randint(1, 30)))
    assert topological_order(root) == recursive(root)


@pytest.mark.parametrize("width", [1, 2, 3, 3000])
def test_depth_and_width_cost_no_recursion(width):
    x = Value(0.5)
    for _ in range(3000):
        x = x.tanh()
    root = engine.total([x * float(k) for k in range(width)])
    order, leaves = topological_order(root)
    assert len(order) == 3000 + width + 1 and leaves[0] is order[0].parents[0]


def test_the_order_of_a_small_graph():
    a, b = Value(1.0), Value(2.0)
    c = a * b
    d = c + a
    assert topological_order(d) == ([c, d], [a, b])
    assert topological_order(a) == ([], [a])
    assert numbered(d) == {a: 0, b: 1, c: 2, d: 3}


def test_a_changed_leaf_makes_a_graph_stale():
    x = Value(2.0)
    y = x * x + 1
    assert stale(topological_order(y)[0]) == []
    x.data = 5.0
    assert stale(topological_order(y)[0]) == [y.parents[0]]
    with pytest.raises(RuntimeError, match="stale.*build the graph again"):
        engine.gradient(y, [x])
    x.data = 2.0
    assert engine.gradient(y, [x])[0].data == 4.0


def test_nan_is_not_stale():
    x = Value(float("nan"))
    assert stale(topological_order(x * 2)[0]) == []


@pytest.mark.parametrize("root", [3.0, "loss", None, [1.0]])
def test_a_graph_starts_at_a_value(root):
    for use in (engine.draw, engine.text, engine.stepper, engine.draw_dot):
        with pytest.raises(TypeError, match="a graph starts at a Value"):
            use(root)
