"""The order of a graph, and graphs that changed since they were made."""

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
