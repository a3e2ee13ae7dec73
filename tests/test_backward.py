"""The sweep against closed forms, against 60-digit sums of its own terms, and against itself as data and as Values."""

import gc
import math
import os
import subprocess
import sys
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction

import hypothesis
import mpmath
import pytest
from hypothesis import given, settings
from strategies import programs, run

import engine
from engine import Value
from engine.graph import topological_order
from engine.operations import OPERATIONS


def same(a, b):
    return a == b or (a != a and b != b)


def process(code, **environment):
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
        env={**os.environ, **environment},
    ).stdout


def test_the_readme_expression_of_micrograd():
    a, b = Value(-4.0), Value(2.0)
    c, d = a + b, a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    e = c - d
    g = e**2 / 2.0
    g += 10.0 / e**2
    g.backward()
    assert (f"{g.data:.4f}", f"{a.grad:.4f}", f"{b.grad:.4f}") == (
        "24.7041",
        "138.8338",
        "645.5773",
    )


def test_one_value_used_twice_by_one_node():
    x = Value(3.0)
    y = x * x
    assert y.parents == (x, x)
    assert [step.slot for step in y.steps()] == [0, 1]
    y.backward()
    assert x.grad == 6.0


@pytest.mark.parametrize("f", [lambda h, x: h + h * x, lambda h, x: h * x + h])
def test_forks_in_both_orders(f):
    x = Value(2.0)
    h = x * x
    f(h, x).backward()
    assert x.grad == 2 * 2.0 + 3 * 2.0**2  # d/dx (x² + x³)


def test_leaves_accumulate_and_interior_grads_are_fresh():
    x = Value(3.0)
    h = x * x
    y = h * 2
    y.backward()
    y.backward()
    assert (x.grad, h.grad, y.grad) == (24.0, 2.0, 1.0)


def test_two_losses_that_share_a_node():
    x = Value(3.0)
    h = x * x
    (h * 2).backward()
    (h * 5).backward()
    assert x.grad == 2 * 3.0 * 2 + 2 * 3.0 * 5


def test_a_graph_extended_after_backward():
    x = Value(3.0)
    y = x * x
    y.backward()
    x.grad = 0.0
    z = y * y
    z.backward()
    assert x.grad == 4 * 3.0**3


def test_seeds():
    leaf = Value(2.0)
    assert leaf.backward() is None
    leaf.backward()
    assert leaf.grad == 2.0
    root = Value(1.0) + 1
    root.backward()
    root.backward()
    assert root.grad == 1.0


def test_the_closure_remembers_the_forward_pass():
    x, y = Value(3.0), Value(4.0)
    z = x * y
    x.data, y.data = 100.0, 200.0
    z.backward()
    assert (x.grad, y.grad) == (4.0, 3.0)


def test_a_zero_gradient_sends_nothing():
    x = Value(0.0)
    engine.where(x > 0, engine.log(x), 0).backward()
    assert x.grad == 0.0


def _area(x, y):
    return x * y


def test_an_error_in_the_sweep_leaves_the_leaves_as_they_were():
    x, y = Value(2.0), Value(3.0)
    x.grad, y.grad = 0.125, -0.0
    early = engine.primitive(rule=lambda z, x, y: 1 / 0)(_area)(x, y)
    late = early * early
    with pytest.raises(ZeroDivisionError) as caught:
        late.backward()
    assert (x.grad, math.copysign(1.0, y.grad)) == (0.125, -1.0)
    assert (early.grad, late.grad) == (0.0, 0.0)
    assert f"test_backward.py:{early.created_at.line}" in caught.value.__notes__[0]


@settings(max_examples=200, deadline=None)
@given(programs())
def test_sweep_steps_and_gradient_agree(program):
    leaves, root = run(program)
    after = {}
    for step in root.steps():
        assert same(step.before + step.contribution, step.after)
        assert same(step.upstream * step.local, step.contribution)
        assert same(step.before, after.get(step.parent, 0.0))
        after[step.parent] = step.after
    assert all(leaf.grad == 0.0 for leaf in leaves)
    slopes = engine.gradient(root, leaves)
    root.backward()
    order, _ = topological_order(root)
    for leaf, slope in zip(leaves, slopes):
        assert same(leaf.grad, slope.data)
    for node in {*leaves, *order} - {root}:
        if node in after:
            assert same(after[node], node.grad)
        else:
            assert node.grad == 0.0


@settings(max_examples=200, deadline=None)
@given(programs())
def test_sums_are_exact_within_the_rounding_of_their_additions(program):
    """Grads against the sum over all edges in 60 digits, from the engine's own local derivatives."""
    leaves, root = run(program)
    root.backward()
    order, _ = topological_order(root)
    with mpmath.workdps(60):
        exact, bound = {root: mpmath.mpf(1)}, {root: mpmath.mpf(0)}
        for node in reversed(order):
            g, slack = exact.get(node, mpmath.mpf(0)), bound.get(node, mpmath.mpf(0))
            locals_ = node.local_derivatives()
            if not all(map(math.isfinite, locals_)) or abs(g) > 1e150 or 0 < abs(g) < 1e-150:
                return  # beyond this point it is the conventions at the edges that are tested, elsewhere
            for parent, local in zip(node.parents, locals_):
                term = g * mpmath.mpf(local)
                exact[parent] = exact.get(parent, 0) + term
                bound[parent] = (
                    bound.get(parent, 0)
                    + slack * abs(local)
                    + (abs(term) + abs(exact[parent])) * 2.3e-16
                )
        for leaf in leaves:
            assert abs(mpmath.mpf(leaf.grad) - exact.get(leaf, 0)) <= bound.get(
                leaf, 0
            ) * 1.01 + mpmath.mpf(1e-290)


DEEP = """
from engine import Value
m, b, y = Value(0.999999), Value(1e-6), Value(1.0)
first = y
for _ in range(1_000_000):
    y = y * m + b
y.backward()
print(first.grad, b.grad)
del y
print("freed")
"""


def test_a_million_multiply_adds_at_default_limits():
    numbers, freed = process(DEEP).splitlines()
    first, b = map(float, numbers.split())
    assert first == pytest.approx(math.exp(1e6 * math.log1p(-1e-6)), rel=1e-9)
    assert b == pytest.approx((1 - first) / 1e-6, rel=1e-9)
    assert freed == "freed"


def test_the_same_bits_in_every_process():
    code = (
        "import nn; n = nn.MLP(3, [4, 4, 1], activation='tanh', seed=3); y = n([.1, .2, .3]); y.backward(); "
        "print([p.grad.hex() for p in n.parameters()])"
    )
    assert process(code, PYTHONHASHSEED="1") == process(code, PYTHONHASHSEED="2")


def test_memory_stays_flat_with_the_garbage_collector_off():
    m, x = Value(0.5), Value(2.0)

    def step():
        y = x
        for _ in range(50):
            y = engine.tanh(y * m + x) ** 2
        y.backward()

    gc.collect()
    gc.disable()
    try:
        tracemalloc.start()
        for _ in range(100):  # Python's own stocks of small objects fill up first
            step()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(100):
            step()
        grown = tracemalloc.get_traced_memory()[0] - before
        assert gc.collect() == 0
    finally:
        tracemalloc.stop()
        gc.enable()
    assert grown < 5_000  # one node a step would be 26,000


def test_a_node_is_small():
    m, b, y = Value(0.999), Value(0.001), Value(1.0)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(5_000):
        y = y * m + b
    each = (tracemalloc.get_traced_memory()[0] - before) / 10_000
    tracemalloc.stop()
    assert 100 < each <= 400


WHOLE = [
    OPERATIONS[name]
    for name in (
        "add",
        "subtract",
        "multiply",
        "negative",
        "square",
        "total",
        "product",
        "weighted_sum",
    )
]
RULES = {  # the same operations on whole numbers, with their slopes, written down a second time
    "add": lambda x, y: (x + y, (1, 1)),
    "subtract": lambda x, y: (x - y, (1, -1)),
    "multiply": lambda x, y: (x * y, (y, x)),
    "negative": lambda x: (-x, (-1,)),
    "square": lambda x: (x * x, (2 * x,)),
    "total": lambda *xs: (sum(xs), (1,) * len(xs)),
    "product": lambda *xs: (
        math.prod(xs),
        tuple(math.prod(xs[:i] + xs[i + 1 :]) for i in range(len(xs))),
    ),
    "weighted_sum": lambda v, w, x, y, b: (v * x + w * y + b, (x, y, v, w, 1)),
}


def whole_slopes(program, root):
    """∂result/∂leaves for one result of a program, carried forward in whole numbers of any size; the largest on the way."""
    data, instructions = program
    rows = [(round(x), [int(i == k) for k in range(len(data))]) for i, x in enumerate(data)]
    largest = 0
    for operation, operands in instructions:
        xs = [rows[x] if isinstance(x, int) else (round(x), [0] * len(data)) for x in operands]
        value, slopes = RULES[operation.name](*[x for x, _ in xs])
        terms = [[slope * d for d in row] for slope, (_, row) in zip(slopes, xs)]
        rows.append((value, [sum(column) for column in zip(*terms)]))
        largest = max(largest, abs(value), *(abs(t) for term in terms for t in term))
    return rows[root][1], largest


@settings(max_examples=200, deadline=None)
@given(programs(operations=WHOLE, longest=8), hypothesis.strategies.data())
def test_whole_numbers_are_exact_through_several_losses_and_passes(program, data):
    """Two losses on shared nodes, a second backward, a graph extended after backward: exact sums of whole numbers."""
    leaves, instructions = program
    program = (
        [float(round(x)) for x in leaves],
        [
            (f, tuple(x if isinstance(x, int) else float(round(x)) for x in xs))
            for f, xs in instructions
        ],
    )
    last = len(leaves) + len(instructions) - 1
    other = data.draw(hypothesis.strategies.integers(len(leaves), last))
    hypothesis.assume(whole_slopes(program, last)[1] < 2**40)
    nodes = [Value(x) for x in program[0]]
    results = list(nodes)
    for operation, operands in program[1]:
        results.append(operation(*[results[x] if isinstance(x, int) else x for x in operands]))
    root, shared = results[last], results[other]  # `shared` may lie inside the graph of `root`
    extended = root * 3 + shared
    hypothesis.assume(
        all(
            abs(x) < 2**48
            for step in extended.steps()
            for x in (step.local, step.contribution, step.after)
        )
    )
    for loss in (root, shared, root, extended):
        loss.backward()
    first, second = whole_slopes(program, last)[0], whole_slopes(program, other)[0]
    assert [leaf.grad for leaf in nodes] == [5 * p + 2 * q for p, q in zip(first, second)]


def test_a_grad_that_is_no_number_is_named_and_nothing_changes():
    a, w = Value(2.0, label="a"), Value(3.0, label="w")
    y = a * w
    a.grad, w.grad = 1, None
    for slip in (None, "0", Value(1.0), 1j):
        w.grad = slip
        with pytest.raises(TypeError, match=r"^w\.grad is a .*write w\.grad = 0\.0.*zero_grad"):
            y.backward()
        assert (a.grad, w.grad, y.grad) == (1, slip, 0.0)
    unnamed = Value(5.0)
    unnamed.grad = None
    with pytest.raises(TypeError, match=r"Value\(5\), made at .*test_backward\.py:\d+: .*p\.grad"):
        (unnamed * 2.0).backward()
    with pytest.raises(TypeError, match="is a NoneType"):
        unnamed.backward()


def test_a_grad_of_another_kind_of_number_becomes_a_float():
    numpy = pytest.importorskip("numpy")
    for number in (
        3,
        True,
        numpy.float32(0.1),
        numpy.float64(0.1),
        numpy.uint8(200),
        Fraction(1, 4),
    ):
        x = Value(2.0)
        x.grad = number
        (x * 200.0).backward()
        assert (type(x.grad), x.grad) == (float, float(number) + 200.0)


def test_a_graph_may_be_run_again_with_pytorchs_option_or_without():
    x = Value(3.0)
    y = x * x
    y.backward(retain_graph=True)
    assert x.grad == 6.0
    y.backward()
    assert x.grad == 12.0
    with pytest.raises(TypeError):
        y.backward(1.0)


def test_threads_that_share_a_graph_are_right_by_steps_and_by_gradient():
    """Each thread has a root of its own over interior nodes of all: Σ c·h over 40 shared h = sin(k·x)."""
    x = Value(0.7, label="x")
    shared = [engine.sin(x * k) for k in range(1, 41)]
    slope = sum(k * math.cos(0.7 * k) for k in range(1, 41))
    roots = [engine.total([h * c for h in shared]) for c in range(1, 9)]

    def by_steps(root):
        return [step.after for step in root.steps() if step.parent is x][-1]

    def by_gradient(root):
        return engine.gradient(root, [x])[0].data

    def by_a_graph_of_its_own(c):
        own = Value(0.7)
        engine.total([engine.sin(own * k) * c for k in range(1, 41)]).backward()
        return own.grad

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # threads change places as often as they can
    try:
        with ThreadPoolExecutor(8) as pool:
            for function, arguments in (
                (by_steps, roots),
                (by_gradient, roots),
                (by_a_graph_of_its_own, range(1, 9)),
            ):
                for _ in range(5):
                    results = list(pool.map(function, arguments))
                    assert results == pytest.approx([c * slope for c in range(1, 9)], rel=1e-12)
    finally:
        sys.setswitchinterval(interval)
    assert x.grad == 0.0 and all(h.grad == 0.0 for h in shared)
