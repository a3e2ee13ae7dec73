"""Gradients explained: the step table and why() to the letter on a graph of small whole numbers, worked by hand.

d = a·b + 2a = -2 and z = d²: ∂z/∂d arrives as -2 twice, ∂z/∂a is (b + 2)·2d = 4, ∂z/∂b is a·2d = -8.
"""

import io
import re
import sys
from typing import NamedTuple

import pytest
from hostile import LABELS

import engine
from engine import Step, Value, text
from engine.explain import TERMS, numbered, steps
from engine.formula import expression, name


class Small(NamedTuple):
    a: Value
    b: Value
    c: Value
    d: Value
    z: Value
    line: int


@pytest.fixture
def small():
    a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    line = sys._getframe().f_lineno + 1
    c = a * b
    d = c + a * 2
    z = d * d
    c.label, d.label, z.label = "c", "d", "z"
    return Small(a, b, c, d, z, line)


def state(small):
    nodes = numbered(small.z)
    return [
        (node.data, node.grad, node.label, node.parents, node.local_derivatives()) for node in nodes
    ]


def test_the_steps_to_the_number(small):
    a, b, c, d, z, _ = small
    double = d.parents[1]
    assert list(
        z.steps()
    ) == [  # index, node, parent, slot, local, upstream, contribution, before, after
        Step(0, z, d, 0, -2.0, 1.0, -2.0, 0.0, -2.0),
        Step(1, z, d, 1, -2.0, 1.0, -2.0, -2.0, -4.0),
        Step(2, d, c, 0, 1.0, -4.0, -4.0, 0.0, -4.0),
        Step(3, d, double, 1, 1.0, -4.0, -4.0, 0.0, -4.0),
        Step(4, double, a, 0, 2.0, -4.0, -8.0, 0.0, -8.0),  # the constant 2 takes no step
        Step(5, c, a, 0, -3.0, -4.0, 12.0, -8.0, 4.0),
        Step(6, c, b, 1, 2.0, -4.0, -8.0, 0.0, -8.0),
    ]
    assert Step._fields == (
        "index",
        "node",
        "parent",
        "slot",
        "local",
        "upstream",
        "contribution",
        "before",
        "after",
    )


def test_the_table_to_the_letter(small):
    assert (
        text(small.z)
        == """\
step  node  parent  upstream  × local  = contribution  parent's grad
   1  z     d              1       -2              -2  0 → -2
   2  z     d              1       -2              -2  -2 → -4
   3  d     c             -4        1              -4  0 → -4
   4  d     a·2           -4        1              -4  0 → -4
   5  a·2   a             -4        2              -8  0 → -8
   6  c     a             -4       -3             +12  -8 → 4
   7  c     b             -4        2              -8  0 → -8"""
    )


def test_steps_are_pure_and_start_at_zero_whatever_the_grads_are(small):
    first = list(small.z.steps())
    for node in numbered(small.z):
        node.grad = 17.0
    before = state(small)
    assert list(small.z.steps()) == first
    text(small.z), small.z.why(small.a, depth=3)
    assert state(small) == before


def test_steps_of_a_leaf_and_behind_a_zero():
    x = Value(2.0)
    assert list(x.steps()) == []
    y = engine.relu(x - 5) * 3
    assert [step.index for step in y.steps()] == [
        0,
        1,
    ]  # relu passes 0 to x - 5, which sends nothing on
    y.backward()
    assert x.grad == 0.0


def test_steps_can_be_left_in_the_middle(small):
    for step in small.z.steps():
        assert step.index == 0
        break
    assert [node.grad for node in numbered(small.z)] == [0.0] * 7


def test_why_to_the_letter(small):
    a, *_, z, line = small
    z.backward()
    assert (
        z.why(a)
        == f"""\
a.grad = 4
    -8  from a·2        ∂(a·2)/∂a = 2    test_explain.py:{line + 1}
   +12  from c = a·b    ∂c/∂a = -3       test_explain.py:{line}"""
    )
    assert (
        z.why(a, depth=2)
        == f"""\
a.grad = 4
    -8  from a·2        ∂(a·2)/∂a = 2    test_explain.py:{line + 1}
        (a·2).grad = -4
           -4  from d = c + a·2    ∂d/∂(a·2) = 1    test_explain.py:{line + 1}
   +12  from c = a·b    ∂c/∂a = -3       test_explain.py:{line}
        c.grad = -4
           -4  from d = c + a·2    ∂d/∂c = 1    test_explain.py:{line + 1}"""
    )


def test_why_of_the_root_names_the_seed(small):
    small.z.backward()
    assert small.z.why(small.z) == "z.grad = 1\n   +1  the seed: ∂z/∂z = 1"


def test_why_before_backward_says_what_to_call(small):
    assert "call backward()" in small.z.why(small.a)


def test_why_accounts_for_a_second_backward(small):
    small.z.backward()
    small.z.backward()
    lines = small.z.why(small.a).splitlines()
    assert lines[0] == "a.grad = 8"
    assert (
        lines[-1] == "    +4  from elsewhere, such as another backward(); grad = 0.0 starts afresh"
    )


def test_the_terms_of_why_add_up(small):
    small.z.backward()
    (small.a * 5).backward()
    first, *terms = small.z.why(small.a).splitlines()
    assert first == "a.grad = 9"
    assert sum(float(term.split()[0]) for term in terms) == 9.0


def test_why_says_that_a_graph_is_stale(small):
    small.z.backward()
    assert "stale" not in small.z.why(small.a)
    small.a.data = 5.0
    assert "stale" in small.z.why(small.a)
    assert small.z.why(small.a).startswith("a.grad = 4")


def test_why_of_a_stranger_is_refused(small):
    with pytest.raises(ValueError, match="is not in the graph"):
        small.z.why(Value(1.0, label="stranger"))


def test_why_of_a_sum_of_thousands_stays_readable_and_adds_up():
    x = Value(1.0, label="x")
    y = engine.total([x] * 5000)
    y.backward()
    first, *terms = y.why(x).splitlines()
    assert first == "x.grad = 5000" and len(terms) < 50
    assert sum(float(term.split()[0]) for term in terms) == 5000.0


def test_numbering_is_leaves_as_they_were_met_then_the_interior(small):
    assert [name(node) for node in numbered(small.z)] == ["a", "b", "2", "c", "a·2", "d", "z"]
    assert list(numbered(small.z).values()) == list(range(7))


@pytest.mark.parametrize("label", LABELS, ids=ascii)
def test_hostile_labels_are_inert_in_every_text(label):
    x = Value(2.0, label=label)
    y = x * x
    y.label = label
    y.backward()
    for shown in (repr(x), repr(y), text(y), y.why(x, depth=2), name(y), expression(y), str(x)):
        controls = [
            c
            for c in shown
            if c != "\n" and (c < " " or "\x7f" <= c <= "\x9f" or "\ud800" <= c <= "\udfff")
        ]
        assert not controls
        assert len(shown) < 2_000
        shown.encode("utf-8")
    assert "\n" not in repr(x) + name(y) + expression(y)
    assert len(text(y).splitlines()) == 3
    if label.isprintable() and len(label) < 20:
        assert label in repr(x) and label in y.why(x)


def example():
    x, w = Value(-3.0, label="x"), Value(-3.0, label="w")
    z = x * w
    s = z + x
    z.label, s.label = "z", "s"
    return x, w, z, s


def test_why_is_aligned_and_names_edge_slope_and_line():
    x, _w, z, s = example()
    s.backward()
    first = z.created_at.line
    assert s.why(x).splitlines() == [
        "x.grad = -2",
        f"   +1  from s = z + x    ∂s/∂x = 1     test_explain.py:{first + 1}",
        f"   -3  from z = x·w      ∂z/∂x = -3    test_explain.py:{first}",
    ]


def test_why_follows_upstream():
    x, _w, _z, s = example()
    s.backward()
    assert [re.sub(r" +test_explain.*", "", line) for line in s.why(x, depth=3).splitlines()] == [
        "x.grad = -2",
        "   +1  from s = z + x    ∂s/∂x = 1",
        "       s.grad = 1",
        "          +1  the seed: ∂s/∂s = 1",
        "   -3  from z = x·w      ∂z/∂x = -3",
        "       z.grad = 1",
        "          +1  from s = z + x    ∂s/∂z = 1",
        "              s.grad = 1",
        "                 +1  the seed: ∂s/∂s = 1",
    ]


def test_a_sum_of_thousands_is_cut_and_still_adds_up():
    x = Value(1.0, label="x")
    y = x
    for _ in range(1000):
        y = y + x
    y.backward()
    lines = y.why(x).splitlines()
    assert len(lines) == TERMS + 2 and lines[-1].strip() == f"+977  from {1001 - TERMS:,} more"


def test_a_nan_is_told_once_where_it_came_from():
    x = Value(-1.0, label="x")
    y = x.log() * 2.0 + x
    y.backward()
    assert [re.sub("  +.*", "", line.strip()) for line in y.why(x).splitlines()] == [
        "x.grad = nan",
        "+1",
        "+nan",
        f"nan comes from log(x) at test_explain.py:{y.created_at.line}: log(-1) = nan",
    ]
    assert "elsewhere" not in y.why(x)


def test_a_nan_from_another_sweep_is_told():
    x, _w, _z, s = example()
    s.backward()
    x.grad = float("nan")
    assert (
        s.why(x).splitlines()[-1]
        == "   +nan  from elsewhere, such as another backward(); grad = 0.0 starts afresh"
    )


def test_an_infinite_term_leaves_those_too_many_to_show_finite():
    x = Value(0.0, label="x")
    h = Value(0.0)
    for _ in range(100):
        h = h + x * 2.0
    y = h + x.sqrt()
    y.backward()
    _first, *terms = y.why(x).splitlines()
    assert (
        "+inf" in terms[0] and terms[-1].strip() == f"+{2 * (101 - TERMS)}  from {101 - TERMS} more"
    )


def test_depth_does_not_explode():
    h = x = Value(1.0, label="x")
    for _ in range(60):
        h = h + h
    h.backward()
    assert len(h.why(x, depth=100).splitlines()) <= 401


def test_steps_can_start_from_sums_that_are_there():
    x, _w, _z, s = example()
    grads = {x: 10.0}
    assert [step.after for step in steps(s, grads) if step.parent is x] == [11.0, 8.0] and grads[
        x
    ] == 8.0
    assert x.grad == 0.0


def without_places(text):
    return [re.sub(r" +test_explain.*", "", line) for line in text.splitlines()]


def test_why_calls_an_unlabelled_value_by_its_variable():
    x = Value(1.0)
    y = x * 2.0
    z = y * x
    z.backward()
    assert without_places(z.why(x, depth=2)) == [
        "x.grad = 4",
        "   +2  from z = y·x    ∂z/∂x = 2",
        "       z.grad = 1",
        "          +1  the seed: ∂z/∂z = 1",
        "   +2  from y = x·2    ∂y/∂x = 2",
        "       y.grad = 1",
        "          +1  from z = y·x    ∂z/∂y = 1",
    ]
    assert [line.split()[1:3] for line in text(z).splitlines()[1:]] == [
        ["z", "y"],
        ["z", "x"],
        ["y", "x"],
    ]
    assert z.label == y.label == x.label == ""


def test_a_leaf_without_any_name_is_an_expression_and_no_number():
    y = Value(1.0) * 2.0
    y.backward()
    assert without_places(y.why(y.parents[0])) == [
        "Value(1).grad = 2",
        "   +2  from y = Value(1)·2    ∂y/∂Value(1) = 2",
    ]


GLOBAL, SHADOWED = Value(5.0), Value(6.0)


def test_labels_win_and_locals_come_before_globals():
    first, w = Value(2.0), Value(3.0, label="second")
    second = first  # the name of another: not used, and "first" was bound first in any case
    xs = [Value(7.0), first]
    SHADOWED = 1.0
    y = first * w + GLOBAL + xs[0] + globals()["SHADOWED"]
    y.backward()
    assert y.why(second).startswith("first.grad = 3\n")
    assert y.why(w).startswith("second.grad = 2\n")
    assert y.why(GLOBAL).startswith("GLOBAL.grad = 1\n")
    assert y.why(xs[0]).startswith("xs[0].grad = 1\n")
    assert SHADOWED and y.why(globals()["SHADOWED"]).startswith("Value(6).grad = 1\n")


def test_what_is_no_variable_names_nothing():
    x = Value(1.0)
    y = x * 2.0
    y.backward()
    names = {"y": y, "\x1b[31m": x, "a b": x, 3: x, "_": x, "__x": x}
    assert eval("y.why(y.parents[0])", names).startswith("Value(1).grad = 2\n")
    names["梯"] = x
    assert eval("y.why(y.parents[0])", names).startswith("梯.grad = 2\n")


def test_objects_of_the_caller_are_not_asked_anything():
    class Hostile:
        def __getattr__(self, name):
            raise SystemExit

        __eq__ = __hash__ = __len__ = __iter__ = __getattr__

    hostile, x = Hostile(), Value(1.0)
    y = x * 2.0
    y.backward()
    assert hostile is not None and y.why(x).startswith("x.grad = 2\n")


def test_why_keeps_no_frame():
    import gc
    import weakref

    class Local:
        pass

    def scope():
        local, x = Local(), Value(1.0)
        y = x * 2.0
        y.backward()
        return weakref.ref(local), y.why(x), text(y)

    gc.disable()
    try:
        assert scope()[0]() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1", "cp437", "utf-8"])
def test_printing_never_raises_whatever_the_encoding(encoding, monkeypatch):
    x = Value(3.0, label="梯∂")
    y = (x**2) * x**0.5 + engine.tanh(x) / 2.0
    y.backward()
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding))
    print(y.why(x, depth=3))
    print(text(y), x, repr(y), engine.check_gradients(lambda x: x * x, 3.0))
    print(y.why(y))
    sys.stdout.flush()
    shown = raw.getvalue().decode(encoding)
    monkeypatch.undo()
    assert "contribution" in shown
    assert ("梯∂" in shown) is (encoding == "utf-8")
    assert ("?d.grad" in shown) is (encoding != "utf-8")
    assert ("?d**2" in shown) is (encoding != "utf-8")
