"""The debugger's session: forwards and backwards to the same bits, stops where it should, gives back what it borrowed."""

import io
import math
import signal
import struct
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine import Value
from engine.debugger import Debugger, Session
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
    assert session.proceed().reasons == ["watch 1: a.grad was 0, is 1"]
    assert session.proceed().reasons == ["watch 1: a.grad was 1, is -2"]
    assert session.retreat().reasons == ["watch 1: a.grad was -2, is 1"] and a.grad == 1.0


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


def test_a_negative_zero_that_a_leaf_held_comes_back():
    x, y = Value(2.0, label="x"), Value(3.0, label="y")
    x.grad = y.grad = -0.0
    root = x * 0.0 + y
    before = bits(root)
    session = Session(root)
    session.proceed()
    session.restart()
    assert math.copysign(1.0, x.grad) == math.copysign(1.0, y.grad) == -1.0
    session.close()
    assert bits(root) == before


def test_nothing_that_is_refused_takes_a_number():
    *_, d = small()
    session = Session(d)
    for wrong in (
        lambda: session.add_breakpoint("nowhere"),
        lambda: session.add_breakpoint("a", "nothing > 3"),
        lambda: session.add_breakpoint("a", "3 +"),
        lambda: session.add_watch("nothing"),
        lambda: session.add_watch("a +"),
        lambda: session.add_display("nothing"),
    ):
        with pytest.raises(Refused):
            wrong()
    assert session.add_breakpoint("a").number == 1
    assert session.add_watch("a").number == 2 and session.add_display("a") == 3
    assert not session.breakpoints.keys() & session.watches.keys()


def test_a_line_without_values_is_told_with_the_lines_that_have_some():
    *_, d = small()
    line, name = d.created_at.line, "test_debugger_session.py"
    session = Session(d)
    with pytest.raises(Refused) as caught:
        session.places(f"{name}:{line + 5}")
    assert str(caught.value) == (
        f"no value of this graph was made at {name}:{line + 5}: those of that file come from lines "
        f"{line - 2}, {line - 1}, {line}"
    )
    with pytest.raises(Refused, match=rf"other\.py:3: its values come from {name}"):
        session.places("other.py:3")


def test_a_condition_decides_whether_to_stop_and_hits_count_what_it_lets_stop():
    x = Value(2.0, label="x")
    session = Session(x + x + x + x)
    point = session.add_breakpoint("x", "x.grad == 2")
    assert session.proceed().end == session.arrivals[x][1].index + 1
    assert (point.hits, session.proceed().reasons, session.done) == (1, [], True)
    session.set_condition(point, "")
    assert session.retreat().reasons == ["breakpoint 1: x"] and x.grad == 3.0
    session.set_condition(point, "x.grad == 1 or x.grad == 3")
    assert session.retreat().reasons == ["breakpoint 1: x if x.grad == 1 or x.grad == 3"]
    assert x.grad == 1.0


def test_a_condition_is_asked_after_the_contribution_has_arrived():
    a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    session = Session(a * b + a)
    session.add_breakpoint("a", "a.grad != 0")
    assert session.proceed().end == session.arrivals[a][0].index + 1


def test_ignore_counts_down_and_the_hits_up():
    x = Value(2.0, label="x")
    session = Session(x + x + x + x)
    point = session.add_breakpoint("x")
    point.ignored = 2
    session.proceed()
    assert (x.grad, point.ignored, point.hits) == (3.0, 0, 3)


def test_a_breakpoint_at_an_interior_node_stops_before_its_first_contribution_only():
    a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    c = a * b
    c.label = "c"
    session = Session(c + a)
    session.add_breakpoint("c")
    stops = []
    while not session.done:
        stops.append(session.proceed().end)
    assert stops == [session.starts[c], len(session.trail)]


def test_until_stops_where_the_last_contribution_has_arrived_and_not_later():
    x, y = Value(2.0, label="x"), Value(3.0, label="y")
    session = Session(
        (x * y + x) * 2.0
    )  # x gets a term from the sum, then from the product, then y
    stop = session.until("x")
    assert stop.end == session.arrivals[x][-1].index + 1 < len(session.trail)
    assert session.complete(x) and not session.complete(y) and x.grad == 8.0
    assert session.until("x").end == stop.end  # complete already: no move


def test_until_stops_at_breakpoints_on_the_way():
    x, y = Value(2.0, label="x"), Value(3.0, label="y")
    session = Session((x * y + x) * 2.0)
    session.add_breakpoint("x")
    assert session.until("y").reasons == ["breakpoint 1: x"] and x.grad == 2.0


def test_restart_goes_past_every_stop_and_leaves_them():
    a, _b, _c, d = small()
    a.grad = 0.5
    session = Session(d)
    point = session.add_breakpoint("a")
    session.add_watch("b")
    while not session.done:
        session.proceed()
    hits = point.hits
    assert session.restart() == (0, 0, [], []) and session.position == 0
    assert grads(d) == [0.0, 1.0, 0.5, 0.0] and point.hits == hits
    assert session.proceed().reasons == ["breakpoint 1: a"] and a.grad == 1.5


def test_goto_goes_both_ways_past_every_stop():
    *_, d = small()
    session = Session(d)
    session.add_breakpoint("a")
    history = [bits(d)]
    while not session.done:
        session.goto(session.position + 1)
        history.append(bits(d))
    for position in (0, 3, 1, 4, 99, 2, -5):
        stop = session.goto(position)
        assert stop.end == session.position == max(0, min(position, 4)) and stop.reasons == []
        assert bits(d) == history[session.position]


def test_one_step_back_restores_the_one_gradient_that_it_changed():
    a, b, c, d = small()
    a.grad, b.grad = 0.1, 0.2
    session = Session(d)
    session.step(3)
    assert (a.grad, b.grad, c.grad) == (0.1 + 1.0 - 3.0, 0.2, 1.0)
    stop = session.back()
    assert (stop.start, stop.end, stop.steps) == (3, 2, session.trail[2:3])
    assert (a.grad, b.grad, c.grad) == (0.1 + 1.0, 0.2, 1.0)


def test_previous_takes_back_what_the_last_node_has_sent_and_no_more():
    a, _b, c, d = small()
    session = Session(d)
    session.step(3)
    assert session.previous().end == session.starts[c] == 2 and a.grad == 1.0
    assert session.previous().end == session.starts[d] == 0 and a.grad == 0.0


def test_a_watch_compares_with_the_step_before_not_with_the_start_of_the_run():
    x = Value(2.0, label="x")
    session = Session(x + x + x + x)
    session.add_watch("x.grad > 2.5")
    assert session.proceed().reasons == ["watch 1: x.grad > 2.5 was 0, is 1"] and x.grad == 3.0
    assert session.proceed().reasons == [] and session.done
    assert session.retreat().reasons == ["watch 1: x.grad > 2.5 was 1, is 0"] and x.grad == 2.0


def test_a_watch_of_nan_sees_one_nan_become_another_number_and_no_change_of_nan():
    x = Value(-1.0, label="x")
    session = Session(x.log() + x.log() + x)
    session.add_watch("x")
    reasons = []
    while not session.done:
        reasons += session.proceed().reasons
    assert [reason.rpartition(" was ")[2] for reason in reasons] == ["0, is 1", "1, is nan"]


def test_ctrl_c_is_asked_for_after_every_step():
    *_, d = small()
    session = Session(d)
    answers = iter([False, True, False, False])
    session.interrupted = lambda: next(answers)
    assert session.proceed() == (0, 2, ["Ctrl-C"], session.trail[:2])
    assert session.proceed().end == 4


def test_an_error_in_a_rule_says_where_its_node_was_made():
    from engine.operation import Operation

    def rule(z, x):
        raise ArithmeticError("no slope today")

    x = Value(2.0, label="x")
    y = Operation("odd", "odd", lambda x: x, rule)(x)
    y.label = "y"
    with pytest.raises(ArithmeticError, match="no slope today") as caught:
        Session(y * 2.0, {"x": x})
    [note] = caught.value.__notes__
    assert note.startswith("in the backward pass, at y=odd(") and "test_debugger_session.py" in note
    assert (x.grad, x.label) == (0.0, "x")


COMMANDS = [
    *("s", "s 2", "n", "n 2", "c", "back", "back 2", "rs 3", "rn", "rc", "restart", "goto 2"),
    *("unt #0", "unt node", "b #0", "tbreak #1", "b multiply", "b #1 if #0.grad > 0", "watch #0"),
    *("watch nan", "cl", "cl 1", "cl 2", "ignore 1 2", "condition 1 #0.grad < 1", "display #1"),
    *(
        "b #2",
        "info outputs #0",
        "goto 1",
        "w",
        "why #0 3",
        "when #0",
        "info inputs",
        "info leaves",
        "l",
        "p #0",
        "goto 99",
        "nonsense",
    ),
    *("predict #0", "1", "unt", "", "goto 0", "info watch", "watch #0.grad * 2"),
]


class Pressed:
    """Ctrl-C once, as a signal at the n-th move or write, or as an exception within a move."""

    def __init__(self, random, session):
        self.session, self.moved, self.out = session, session._move, io.StringIO()
        self.kind = random.choice(["never", "before", "within", "after", "raised", "write"])
        self.left = random.randint(1, 40 if self.kind == "write" else 9)

    def arm(self):
        self.session._move = self.move
        return self

    def now(self):
        self.left -= 1
        return self.left == 0

    def move(self, direction):
        kind = self.kind if self.kind not in ("never", "write") and self.now() else ""
        if kind in ("within", "raised"):  # the grad is written, the position isn't
            step = self.session.trail[self.session.position - (direction < 0)]
            step.parent.grad = step.after if direction > 0 else step.before
        if kind == "raised":  # as in a program that takes no signals
            raise KeyboardInterrupt
        if kind in ("before", "within"):
            signal.raise_signal(signal.SIGINT)
        self.moved(direction)
        if kind == "after":
            signal.raise_signal(signal.SIGINT)

    def write(self, text):
        if self.kind == "write" and self.now():
            signal.raise_signal(signal.SIGINT)
        self.out.write(text)

    def flush(self):
        pass


@pytest.fixture
def heard():
    """A suite that runs in the background ignores Ctrl-C: here it is heard."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def stepped(root):
    """The bits of all grads at every position, by plain stepping, and those after the session."""
    plain, history = Session(root), [bits(root)]
    while not plain.done:
        plain.step()
        history.append(bits(root))
    plain.close()
    return history


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(programs(longest=8), st.integers(0, 2**32))
def test_after_any_commands_every_gradient_is_that_of_plain_stepping(heard, program, seed):
    """2,000 random sequences, ten a graph, Ctrl-C anywhere in them: the same bits."""
    random = Random(seed)
    leaves, root = run(program)
    leaves[0].grad, leaves[-1].grad = -0.0, 0.3
    untouched, history = bits(root), stepped(root)

    class Checked(Debugger):
        def postcmd(self, stop, line):
            assert bits(root) == history[self.session.position], line
            return super().postcmd(stop, line)

    for _ in range(10):
        session = Session(root)
        commands = random.choices(COMMANDS, k=random.randint(1, 12))
        typed = io.StringIO("\n".join([*commands, "p #0", ""]))
        pressed = Pressed(random, session).arm()
        debugger = Checked(session, stdin=typed, stdout=pressed)
        with debugger.interrupts:
            debugger.interact()
        assert bits(root) == history[session.position], commands
        session.close()
        assert bits(root) == untouched, commands


def dead_ends():
    """Two nodes that send nothing: z between two steps, k after the last one."""
    x, w = Value(2.0, label="x"), Value(-3.0, label="w")
    k = x * 7.0
    z = x * w
    root = k.step() + z.relu() * 3.0 + w.exp()
    k.label, z.label = "k", "z"
    return x, w, k, z, root


def test_a_breakpoint_stops_at_a_node_that_sends_nothing():
    _x, _w, k, z, root = dead_ends()
    session = Session(root)
    session.add_breakpoint("z")
    stop = session.proceed()
    [reason] = stop.reasons
    assert reason.startswith("breakpoint 1: z; z = x·w sends nothing, for z.grad = 0, for ∂")
    assert z in session.idle(stop.end) and z.grad == 0.0
    assert all(session.order.index(step.node) > session.order.index(z) for step in stop.steps)
    assert session.proceed().reasons == [] and session.done
    if stop.end < len(session.trail):
        assert session.retreat().end == stop.end
    session.restart()
    session.clear("")
    session.add_breakpoint("k")
    stop = session.proceed()
    assert stop.reasons[0].startswith("breakpoint 2: k; k = x·7 sends nothing")
    assert k in session.idle(stop.end)


def test_a_breakpoint_on_several_tells_how_many_send_nothing_there():
    x = Value(-1.0, label="x")
    root = (x * 2.0).relu() + (x * 3.0).relu() + x.exp()
    session = Session(root)
    session.add_breakpoint("multiply")
    reasons = []
    while not session.done:
        reasons += session.proceed().reasons
    assert len(reasons) in (1, 2) and all("send" in reason for reason in reasons)


def test_what_sends_nothing_is_told_once_and_its_condition_is_asked():
    *_, z, root = dead_ends()
    session = Session(root)
    point = session.add_breakpoint("z", "z.grad > 0")
    assert session.proceed().reasons == [] and session.done and point.hits == 0
    session.restart()
    session.set_condition(point, "z.grad == 0")
    assert len(session.proceed().reasons) == 1 and point.hits == 1 and z.grad == 0.0
