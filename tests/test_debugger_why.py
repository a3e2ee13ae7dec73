"""`why` says what is known of a gradient, in and after a pass, and no more."""

import re

import pytest

from engine import Value
from engine.debugger import Session


def terms(text):
    """The lines of an answer without the places."""
    return [re.sub(r" +test_\w+\.py:\d+", "", line) for line in text.splitlines()]


def example():
    x, w = Value(2.0, label="x"), Value(3.0, label="w")
    z = x * w
    y = z + x
    z.label, y.label = "z", "y"
    return x, w, z, y


def test_a_gradient_that_was_cleared():
    x, _w, _z, y = example()
    y.backward()
    x.grad = 0.0
    assert terms(y.why(x)) == [
        "x.grad = 0",
        "   +1  from y = z + x    ∂y/∂x = 1",
        "   +3  from z = x·w      ∂z/∂x = 3",
        "   none of these terms is in it: the grad was set since, or its pass is not over",
    ]


def test_a_pass_that_is_not_over():
    x, _w, _z, y = example()
    y.grad, x.grad = 1.0, 1.0  # as where a debugger stands behind the first of two sums
    assert terms(y.why(x))[-1].startswith("   the last 1 of these terms is not in it:")
    h = x * 1.0 + x * 1.0 + x * 1.0 + x * 1.0
    h.grad = 1.0
    assert terms(h.why(x))[-1].startswith("   the last 3 of these terms are not in it:")


def test_an_interior_value_after_two_roots():
    _x, _w, z, y = example()
    other = z * 5.0
    y.backward()
    other.backward()
    assert terms(y.why(z)) == [
        "z.grad = 5",
        "   +1  from y = z + x    ∂y/∂z = 1",
        "   +4  not from a backward() of y: each makes interior grads afresh",
    ]
    assert terms(other.why(z))[1:] == ["   +5  from other = z·5    ∂other/∂z = 5"]


def test_a_leaf_after_two_roots():
    x, _w, z, y = example()
    y.backward()
    (z * 5.0).backward()
    assert terms(y.why(x))[-1] == (
        "   +15  from elsewhere, such as another backward(); grad = 0.0 starts afresh"
    )


def test_a_complete_sum_needs_no_remark():
    x, w, z, y = example()
    y.backward()
    for node in (x, w, z, y):
        assert not re.search("elsewhere|not from|in it|before", y.why(node, depth=3))


def test_in_the_debugger_what_a_leaf_held_before_is_a_term():
    x, _w, _z, y = example()
    x.grad = 0.25
    session = Session(y)
    session.step(2)
    assert [line.strip() for line in terms("\n".join(session.why(x)))] == [
        "x.grad = 1.25",
        "+1  from y = z + x    ∂y/∂x = 1",
        "+0.25  there before this backward(): zero_grad() clears",
        "1 more to come",
    ]


@pytest.mark.parametrize("wrong", [3.0, None, "x", [1.0]])
def test_what_is_not_a_value(wrong):
    with pytest.raises(TypeError, match=r"why takes a Value of the graph, not \w+: y.why\(x\)"):
        example()[-1].why(wrong)
