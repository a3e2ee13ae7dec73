"""The debugger's session: forwards and backwards to the same bits, stops where it should, gives back what it borrowed."""

import math
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import Value
from engine.debugger import Session
from engine.debugger.evaluate import Refused
from engine.graph import topological_order
from tests.strategies import programs, run


def bits(root):
    order, leaves = topological_order(root)
    return [struct.pack("<d", node.grad) for node in (*order, *leaves)]


def grads(root):
    order, leaves = topological_order(root)
    return [node.grad for node in (*order, *leaves)]


def small():
    a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    c = a * b
    d = c + a
    c.label, d.label = "c", "d"
    return a, b, c, d


@settings(max_examples=60, deadline=None)
@given(programs(), st.lists(st.integers(-7, 9), max_size=12))
def test_to_the_end_and_back_restores_every_gradient_bit_for_bit(program, moves):
    leaves, root = run(program)
    leaves[0].grad = 0.1 + 0.2
    untouched = bits(root)
    session = Session(root)
    history = [bits(root)]
    while not session.done:
        session.step()
        history.append(bits(root))
    for position in reversed(range(len(history) - 1)):
        session.back()
        assert bits(root) == history[position]
    for move in moves:
        session.step(move) if move > 0 else session.back(-move)
        assert bits(root) == history[session.position]
    session.restart()
    assert bits(root) == history[0]
    session.close()
    assert bits(root) == untouched


@settings(max_examples=60, deadline=None)
@given(programs())
def test_at_the_end_stands_what_backward_leaves(program):
    leaves, root = run(program)
    again, same = run(program)
    leaves[0].grad = again[0].grad = 0.7
    session = Session(root)
    session.proceed()
    session.close(keep=True)
    same.backward()
    assert all(
        x == y or (math.isnan(x) and math.isnan(y))
        for x, y in zip(grads(root), grads(same), strict=True)
    )


def test_moves():
    a, b, c, d = small()
    session = Session(d)
    assert (d.grad, c.grad, a.grad, b.grad) == (1.0, 0.0, 0.0, 0.0)
    session.next()
    assert (c.grad, a.grad, session.node) == (1.0, 1.0, c)
    session.step()
    assert a.grad == -2.0 and session.complete(a) and not session.complete(b)
    assert session.step().end == session.step().end == 4 and session.done
    session.previous()
    assert (session.position, a.grad, b.grad) == (2, 1.0, 0.0)
    session.until("b")
    assert b.grad == 2.0
    assert session.retreat().end == 0 and a.grad == 0.0


def test_closing_early_gives_everything_back():
    a, b, _c, d = small()
    d.backward()
    before = grads(d)
    session = Session(d)
    session.step(3)
    session.close(keep=True)
    assert grads(d) == before and a.grad == -2.0 and b.grad == 2.0


def test_names_of_variables_are_borrowed():
    x = Value(2.0)
    y = x * x
    session = Session(y, {"x": x, "y": y, "_hidden": x, "other": 3})
    assert session.find("x") == [x] and session.find("y") == [y]
    session.close()
    assert x.label == y.label == ""


def test_a_taken_name_is_not_borrowed():
    x, other = Value(2.0, label="x"), Value(3.0)
    session = Session(x * other, {"x": other})
    assert session.find("x") == [x] and other.label == ""


def test_a_breakpoint_stops_where_the_sweep_reaches_a_node():
    _a, b, c, d = small()
    session = Session(d)
    session.add_breakpoint("c")
    stop = session.proceed()
    assert (stop.end, stop.reasons) == (2, ["breakpoint 1: c"]) and c.grad == 1.0
    assert session.proceed().end == 4 and b.grad == 2.0
    assert session.retreat().end == 2


def test_breakpoints_on_an_operation_a_number_and_a_line():
    *_, d = small()
    session = Session(d)
    line = d.created_at.line
    for place in ("multiply", "*", "#2", f"test_debugger_session.py:{line - 1}"):
        assert [node.label for node in session.places(place)] == ["c"]
    with pytest.raises(Refused, match="nowhere"):
        session.add_breakpoint("nowhere")
    with pytest.raises(Refused):
        session.add_breakpoint("test_debugger_session.py:999999")


def test_conditions_ignore_and_temporary():
    x = Value(2.0, label="x")
    y = x + x + x + x
    session = Session(y)
    point = session.add_breakpoint("x", "x.grad >= 2")
    assert session.proceed().end == session.position and x.grad == 2.0
    session.restart()
    point.ignored = 1
    session.proceed()
    assert x.grad == 3.0
    session.restart()
    session.clear("")
    session.add_breakpoint("x", temporary=True)
    session.proceed()
    assert x.grad == 1.0 and not session.breakpoints
    session.proceed()
    assert x.grad == 4.0


def test_watches_stop_on_a_change_both_ways():
    a, _b, _c, d = small()
    session = Session(d)
    session.add_watch("a")
    assert session.proceed().reasons == ["watch 1: a was 0, is 1"]
    assert session.proceed().reasons == ["watch 1: a was 1, is -2"]
    assert session.retreat().reasons == ["watch 1: a was -2, is 1"] and a.grad == 1.0


def test_watch_nan_and_inf():
    x = Value(0.0, label="x")
    session = Session(x.sqrt() * 2.0)
    session.add_watch("nan")
    session.add_watch("inf")
    assert session.proceed().reasons == ["watch 2: inf arrived in x.grad"]


@pytest.mark.parametrize("forward", [True, False])
def test_ctrl_c_stops_a_long_run_where_it_is(forward):
    a, _b, c, d = small()
    session = Session(d)
    moved, counts = session._move, iter(range(9))

    def interrupted(direction):
        if next(counts) == 2:  # between the grad and the position
            session.trail[session.position - (direction < 0)].parent.grad = math.pi
            raise KeyboardInterrupt
        moved(direction)

    if not forward:
        session.proceed()
    session._move = interrupted
    stop = session.proceed() if forward else session.retreat()
    assert (stop.end, stop.reasons) == (2, ["Ctrl-C"]) and (a.grad, c.grad) == (1.0, 1.0)
    session._move = moved
    session.retreat()
    assert (a.grad, c.grad) == (0.0, 0.0)


@pytest.mark.parametrize("text", ["b ogus", "#99", "#-1", "", "x" * 30_000, "parent"])
def test_a_name_that_is_not_there(text):
    *_, d = small()
    with pytest.raises(Refused) as caught:
        Session(d).one(text)
    assert len(str(caught.value)) < 300


def test_shared_labels_ask_for_a_number():
    x, y = Value(1.0, label="w"), Value(2.0, label="w")
    session = Session(x * y)
    assert len(session.find("w")) == 2
    with pytest.raises(Refused, match="#0, #1"):
        session.one("w")


def test_a_leaf_and_a_flat_root_have_nothing_to_step_through():
    x = Value(2.0, label="x")
    session = Session(x)
    assert session.done and x.grad == 1.0 and session.proceed().steps == []
    session.close()
    assert x.grad == 0.0


class Counted(list):
    """A list that counts how often it is read."""

    reads = 0

    def __getitem__(self, index):
        type(self).reads += 1
        return super().__getitem__(index)


def test_a_hundred_thousand_nodes_cost_what_is_moved_and_no_more():
    x, y = Value(1.0, label="x"), Value(0.0, label="y")
    h = x
    for number in range(100_000):
        h = h + y
        h.label = f"h{number}"
    session = Session(h)
    session.trail = Counted(session.trail)
    session.next()
    assert Counted.reads < 20
    session.until("h99990")
    assert Counted.reads < 200 and session.find("h99990")[0].grad == 1.0
    session.proceed()
    assert Counted.reads < 1_000_000 and (x.grad, y.grad) == (1.0, 100_000.0)
