"""why, steps, text and sites: the sum behind a gradient, word for word, and the place it came from."""

import re

import pytest

from engine import Value, text
from engine.explain import TERMS
from engine.formula import held
from engine.location import Site, excerpt


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
        f"   +1  from s = z + x    ∂s/∂x = 1     test_why.py:{first + 1}",
        f"   -3  from z = x·w      ∂z/∂x = -3    test_why.py:{first}",
    ]


def test_why_follows_upstream():
    x, _w, _z, s = example()
    s.backward()
    assert [re.sub(r" +test_why.*", "", line) for line in s.why(x, depth=3).splitlines()] == [
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


def test_what_came_from_elsewhere_is_a_term():
    x, _w, _z, s = example()
    s.backward()
    s.backward()
    assert (
        "   -2  from elsewhere: another backward() or root; grad = 0.0 starts afresh"
        in s.why(x).splitlines()
    )


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
    ]
    assert "elsewhere" not in y.why(x)


def test_a_nan_from_another_sweep_is_told():
    x, _w, _z, s = example()
    s.backward()
    x.grad = float("nan")
    assert (
        s.why(x).splitlines()[-1]
        == "   +nan  from elsewhere: another backward() or root; grad = 0.0 starts afresh"
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


def test_forward_only_stale_and_strangers():
    x, w, z, s = example()
    assert "forward only" in s.why(x)
    s.backward()
    x.data = 5.0
    assert s.why(w).splitlines()[-1].startswith("stale:")
    with pytest.raises(ValueError, match="not in the graph"):
        z.why(s)


def test_the_exact_subexpression():
    x, w = Value(0.0, label="x"), Value(2.0)
    h = x * w + (x * 3.0) ** 0.5
    source, carets = excerpt(h.parents[1].created_at)
    assert source[carets.index("^") :].rstrip() == "(x * 3.0) ** 0.5" and len(carets) == len(source)


def test_of_a_long_line_the_part_around_the_subexpression_is_shown():
    line = "total = " + " + ".join(f"term{number} * weight{number}" for number in range(20))
    start = line.index("term17")
    source, carets = excerpt(Site("user.py", 3, start, start + 17, "f", line), 60)
    assert (
        source[carets.index("^") : carets.index("^") + len(carets.strip())] == "term17 * weight17"
    )
    assert len(source) <= 60 and source.startswith("user.py:3   …") and "term16" not in carets


def test_a_name_too_long_is_cut_inside_its_brackets():
    x = Value(2.0, label="a name of many letters")
    assert held(x * 2 + x) == "(… + a name of many lett…)" and held((x * 2 + x).tanh()) == "tanh(…)"


def test_wide_letters_and_no_source():
    assert excerpt(Site("梯.py", 1, 4, 9, "f", "梯 = x * w"))[1] == " " * 15 + "^" * 5
    assert excerpt(Site("<stdin>", 1, 0, 3, "f", "")) == ["<stdin>:1"]


def test_the_table():
    *_, s = example()
    assert text(s).splitlines()[1:3] == [
        "   1  s     z              1        1              +1  0 → 1",
        "   2  s     x              1        1              +1  0 → 1",
    ]


def test_steps_can_start_from_sums_that_are_there():
    x, _w, _z, s = example()
    from engine.explain import steps

    grads = {x: 10.0}
    assert [step.after for step in steps(s, grads) if step.parent is x] == [11.0, 8.0] and grads[
        x
    ] == 8.0
    assert x.grad == 0.0
