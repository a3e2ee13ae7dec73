"""Why a gradient is 0 or nan: which nodes send nothing, for which reason, and where a nan began."""

import math
import re

import pytest
from hypothesis import given, settings

import nn
from engine import Value, log, logsumexp, maximum, mean, product, text, total, weighted_sum, where
from engine.debugger import Session
from engine.debugger.adapter.views import View
from engine.diagnosis import first_nan, made_of, operands, origin_of_nan
from engine.explain import numbered, zeros
from engine.graph import topological_order
from tests.strategies import programs, run

INF, NAN = math.inf, math.nan


def line(node):
    return f"test_diagnosis.py:{node.created_at.line}"


def dead():
    x, w = Value(2.0, label="x"), Value(-3.0, label="w")
    z = x * w
    h = z.relu()
    y = h * 3.0 + 1.0
    z.label, h.label, y.label = "z", "h", "y"
    return x, w, z, h, y


# -- what sends nothing


def test_the_table_of_steps_says_it_at_its_place():
    _x, _w, _z, h, y = dead()
    assert [row.split()[0] for row in text(y).splitlines()] == ["step", "1", "2", "3", "z"]
    assert text(y).splitlines()[-1] == (
        f"      z = x·w sends nothing, for z.grad = 0, for ∂h/∂z = 0 at {line(h)}"
    )


def test_a_dead_gradient_says_why():
    x, w, z, h, y = dead()
    y.backward()
    assert y.why(w).splitlines() == [
        "w.grad = 0",
        f"    0  z = x·w sends nothing, for z.grad = 0, for ∂h/∂z = 0 at {line(h)}",
    ]
    assert y.why(w, depth=5).splitlines()[:4] == [
        *y.why(w).splitlines(),
        "       z.grad = 0",
        f"          +0  from h = relu(z)    ∂h/∂z = 0    {line(h)}",
    ]
    assert "sends nothing" not in y.why(z) + y.why(h)
    assert zeros(y).children(x) == [z] == zeros(y).children(w)


def test_the_reason_is_followed_to_the_slope_that_is_zero():
    x = Value(2.0, label="x")
    a = x * 5.0
    b = a + 1.0
    c = b.exp()
    d = c * 0.0
    y = d + x
    for node, label in zip((a, b, c, d), "abcd", strict=True):
        node.label = label
    idle = zeros(y)
    assert idle.nodes == {a, b, c}
    assert idle.reason(c) == f"c.grad = 0, for ∂d/∂c = 0 at {line(d)}"
    assert idle.reason(b) == f"b.grad = 0, for c.grad = 0, for ∂d/∂c = 0 at {line(d)}"
    assert idle.reason(a) == f"a.grad = 0, for b.grad = 0, for …, for ∂d/∂c = 0 at {line(d)}"


def test_a_chain_of_thousands_has_a_short_reason():
    x = Value(2.0, label="x")
    h = x
    for _ in range(5_000):
        h = h + 1.0
    y = (h - 9_999.0).relu() + 1.0
    idle = zeros(y)
    deepest = idle.children(x)[0]
    assert len(idle.sentence(deepest)) < 200
    assert idle.reason(deepest) == (
        "(x + 1).grad = 0, for (x + 1 + 1).grad = 0, for …, "
        f"for the slope of relu is 0 at {line(y)}"
    )
    assert text(y).count("sends nothing") == 5_001  # in a time that grows with their number


def test_long_names_give_way_to_operations():
    net = nn.MLP(2, [1, 1], "tanh", seed=1)
    net.layers[1].neurons[0].w[0].data = 0.0
    loss = (net([1.0, 2.0]) * 2.0).exp() + 1.0
    loss.backward()
    [row, reason] = loss.why(net.parameters()[0]).splitlines()
    assert row == "layer0.neuron0.w0.grad = 0" and len(reason) < 160
    assert re.search(
        r" sends nothing, for its grad is 0, for tanh\(…\)\.grad = 0, "
        r"for the slope of weighted sum is 0 at layers\.py:\d+$",
        reason,
    )


def test_contributions_that_cancel():
    x = Value(2.0, label="x")
    z = x * 3.0
    y = z * 4.0 - z * 4.0
    z.label = "z"
    assert zeros(y).sentence(z) == (
        "z = x·3 sends nothing, for z.grad = 0, for its contributions cancel: "
        "-4 from (z·4), +4 from (z·4)"
    )


def test_a_product_below_the_smallest_float():
    x = Value(1.0, label="x")
    z = x * 2.0
    h = z * 1e-200
    y = h * 1e-200
    z.label, h.label = "z", "h"
    assert zeros(y).reason(z) == (
        f"z.grad = 0, for h.grad × ∂h/∂z = 1e-200 × 1e-200 underflows to 0 at {line(h)}"
    )


def test_several_causes_are_named_two_and_counted():
    x = Value(-1.0, label="x")
    z = x * 1.0
    z.label = "z"
    heads = [z.relu(), z.step(), z.sign(), z.floor()]
    for head, label in zip(heads, "fghk", strict=True):
        head.label = label
    y = total(heads)
    reason = zeros(y).reason(z)
    assert reason.startswith("z.grad = 0, for ∂") and reason.endswith(" and 2 more")
    assert reason.count("= 0 at") == 2


def test_a_branch_that_is_not_taken():
    x = Value(2.0, label="x")
    a, b = x * 3.0, x * 5.0
    a.label, b.label = "a", "b"
    y = where(x > 0.0, a, b)
    y.label = "y"
    assert zeros(y).reason(b) == f"b.grad = 0, for ∂y/∂b = 0 at {line(y)}"
    y.backward()
    assert [text.split()[0] for text in y.why(x).splitlines()[1:]] == ["+3", "0", "0"]


def test_what_was_computed_from_plain_numbers_alone():
    x = Value(2.0, label="x")
    k = total([1.0, Value(2.0) * 0.0 + 1.0]) * 0.0
    plain = Value.apply_operation(x.exp().operation, (3.0,))
    y = plain * x
    idle = zeros(y)
    assert idle.nodes == {plain} and k not in idle.nodes
    assert idle.sentence(plain) == (
        "exp(3) sends nothing, for it was computed from plain numbers alone"
    )


def test_many_children_that_send_nothing_are_counted():
    x = Value(-1.0, label="x")
    y = total([(x * float(i)).relu() for i in range(1, 21)])
    y.backward()
    lines = y.why(x).splitlines()
    assert len(lines) == 8 and lines[-1] == "    0  from 14 more, which send nothing"


@settings(max_examples=60, deadline=None)
@given(programs())
def test_what_sends_nothing_is_what_backward_skips(program):
    _leaves, root = run(program)
    idle = zeros(root)
    senders = {step.node for step in root.steps()}
    order, _ = topological_order(root)
    assert idle.nodes == set(order) - senders
    root.backward()
    for node in order:
        if node in idle.nodes:
            assert node.grad == 0.0 or all(parent.constant for parent in node.parents)
            assert idle.reason(node)
            assert "sends nothing" in idle.sentence(node)
    turns = [node for _, nodes in sorted(idle.at(root.steps()).items()) for node in nodes]
    assert turns == [node for node in reversed(order) if node in idle.nodes]


# -- where a nan began


def nan_by_subtraction():
    a, b = Value(INF, label="a"), Value(INF, label="b")
    d = a - b
    d.label = "d"
    return d, (d * 2.0).tanh() + a, "d = a - b", "inf - inf"


def nan_by_multiplication():
    a, b = Value(0.0, label="a"), Value(INF, label="b")
    d = a * b
    return d, d.exp(), "a·b", "0·inf"


def nan_by_logarithm():
    x = Value(-6.0, label="x")
    d = x.log()
    return d, d * d + x, "log(x)", "log(-6)"


def nan_by_power():
    x = Value(-2.0, label="x")
    d = x**0.5
    return d, d + 1.0, "x**0.5", "(-2)**0.5"


def nan_by_division():
    a, b = Value(0.0, label="a"), Value(0.0, label="b")
    d = a / b
    return d, -d, "a / b", "0 / 0"


def nan_within_a_neuron():
    w = [Value(float(i), label=f"w{i}") for i in range(5)]
    d = weighted_sum(w, [1.0, 2.0, 3.0, INF, -INF], -1.0)
    return d, d.tanh(), None, "inf + (-inf)"


def nan_within_a_product_of_a_neuron():
    w = [Value(float(i), label=f"w{i}") for i in range(3)]
    d = weighted_sum(w, [INF, 2.0, 3.0], -1.0)
    return d, d.tanh(), None, "0·inf"


def nan_within_a_sum():
    x = [Value(x) for x in (1.0, -INF, 3.0, INF, 5.0)]
    d = total(x)
    return d, d + 1.0, None, "-inf + inf"


def nan_within_a_mean():
    x = [Value(x) for x in (INF, 3.0, -INF)]
    d = mean(x)
    return d, d + 1.0, None, "inf + (-inf)"


def nan_within_a_product():
    x = [Value(x) for x in (2.0, INF, 0.0, 3.0)]
    d = product(x)
    return d, d + 1.0, None, "inf·0"


@pytest.mark.parametrize(
    "make", [make for name, make in list(globals().items()) if name.startswith("nan_")]
)
def test_the_first_nan_and_what_it_was_made_of(make):
    d, root, name, made = make()
    assert math.isnan(d.data) and all(not math.isnan(x) for x in operands(d))
    assert first_nan(root) is d and made_of(d) == made
    origin = origin_of_nan([root])
    assert origin.endswith(f" at {line(d)}: {made} = nan")
    assert name is None or origin.startswith(f"{name} at ")


def test_a_leaf_that_is_nan_and_a_plain_number_that_is():
    x, w = Value(NAN, label="x"), Value(2.0, label="w")
    y = w * x + w
    assert origin_of_nan([y]) == f"x at {line(x)}: its data is nan"
    h = w * NAN
    assert origin_of_nan([h + 1.0]) == f"w·nan at {line(h)}: 2·nan = nan"


def test_a_branch_that_was_not_taken_is_not_blamed():
    x, inf = Value(-1.0, label="x"), Value(INF, label="big")
    unused = log(x)
    d = inf - inf
    d.label = "d"
    y = where(x > 0.0, unused, d)
    assert first_nan(y) is d


def test_of_several_the_first_is_told():
    x = Value(-1.0, label="x")
    first, second = x.log(), x.sqrt()
    assert first_nan(maximum(second, first) + first) in (first, second)
    assert first_nan(first + second) is first
    assert first_nan(x) is None and origin_of_nan([x]) == ""


def test_a_stale_leaf_is_quoted_as_it_was_in_the_forward_pass():
    x = Value(-6.0, label="x")
    y = x.log() + 1.0
    x.data = 3.0
    assert made_of(first_nan(y)) == "log(-6)"


def test_a_nan_that_began_in_the_backward_pass():
    x, c = Value(2.0, label="x"), Value(0.0, label="c")
    z = x * c
    z.label = "z"
    y = z.sqrt() + x
    y.backward()
    assert not math.isnan(y.data) and z.grad == INF and math.isnan(x.grad)
    assert y.why(x).splitlines()[-1] == (
        f"   nan comes from z = x·c at {line(z)}: z.grad × ∂z/∂x = inf × 0 = nan"
    )
    assert "nan" not in y.why(c) + y.why(z)


def test_a_finite_gradient_of_a_root_that_is_nan():
    a, b = Value(INF, label="a"), Value(INF, label="b")
    d = a - b
    d.backward()
    assert d.why(b).splitlines()[1:] == [
        f"   -1  from d = a - b    ∂d/∂b = -1    {line(d)}",
        f"   d is nan, from d = a - b at {line(d)}: inf - inf = nan",
    ]


def test_a_sum_of_infinities_in_the_backward_pass():
    x = Value(0.0, label="x")
    y = x.sqrt() - x.sqrt()
    y.backward()
    assert math.isnan(x.grad)
    assert origin_of_nan([y], y.steps()).endswith(": x.grad = -inf + inf = nan")


def test_a_nan_in_a_leaf_from_before_is_not_explained():
    x = Value(2.0, label="x")
    y = x * 3.0
    y.backward()
    x.grad = NAN
    assert "nan comes" not in y.why(x)


def test_a_session_knows_where_the_nan_of_its_root_began():
    d, root, _name, _made = nan_by_subtraction()
    assert Session(root).nan_origin == f"d = a - b at {line(d)}: inf - inf = nan"
    assert Session(dead()[-1]).nan_origin == ""


@settings(max_examples=60, deadline=None)
@given(programs())
def test_of_any_graph_the_origin_is_nan_and_its_operands_are_not(program):
    _leaves, root = run(program)
    first = first_nan(root)
    assert (first is None) == (root.data == root.data)
    if first is not None and first.parents:
        assert math.isnan(first.data) and first in numbered(root)
        assert not any(math.isnan(parent.data) for parent in first.parents if not parent.constant)
        assert made_of(first)


def test_logsumexp_is_quoted_as_a_whole():
    x = Value(NAN, label="x")
    y = logsumexp([x, 1.0])
    assert made_of(y) == "logsumexp(nan, 1)"


def test_a_nan_times_zero_comes_from_the_nan():
    x = Value(-1.0, label="x")
    first = x.log()
    assert first_nan(first * 0.0) is first


def test_the_turn_of_a_node_that_sends_nothing_is_between_two_steps():
    x = Value(-1.0, label="x")
    z = x * 2.0
    y = z.relu() * 3.0 + x.exp() * 5.0
    trail = list(y.steps())
    [(position, nodes)] = zeros(y).at(trail).items()
    assert nodes == [z]
    order = [node for node in reversed(topological_order(y)[0])]
    before, after = trail[position - 1].node, trail[position:]
    assert order.index(before) < order.index(z)
    assert all(order.index(step.node) > order.index(z) for step in after)


def test_an_editor_shows_what_sends_nothing_among_the_terms_of_a_sum():
    *_, h, y = dead()
    view = View(Session(y), y)
    inside = view.variables(view.evaluate("w")["variablesReference"])["variables"]
    assert [(each["name"], each["value"]) for each in inside[2:]] == [
        ("z = x·w", f"sends nothing, for z.grad = 0, for ∂h/∂z = 0 at {line(h)}")
    ]
