"""Functions of lists on a tape: recorded at one example and replayed far from it, they are what they are eagerly."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import engine
import nn
from engine import Value, record

pytest.importorskip("numpy")

FUNCTIONS = {
    "total": engine.total,
    "mean": engine.mean,
    "product": engine.product,
    "logsumexp": engine.logsumexp,
    "softmax 0": lambda xs: engine.softmax(xs)[0],
    "softmax 2": lambda xs: engine.softmax(xs)[2],
    "weighted_sum": lambda xs: engine.weighted_sum(xs[:1], xs[1:2], xs[2]),
    "squared_error": lambda xs: nn.squared_error(xs, [1.0, -2.0, 0.5]),
    "max_margin": lambda xs: nn.max_margin(xs[0] - xs[1] * xs[2], 1),
    "cross_entropy": lambda xs: nn.cross_entropy(xs, 1),
    "binary_cross_entropy": lambda xs: nn.binary_cross_entropy(xs[0] + xs[1] - xs[2], 1),
}
FAR = [0.0, 1.0, -1.0, 1e3, -1e3, 740.0, -740.0, -741.0, 1e-3, 30.0]
ROWS = st.lists(st.lists(st.sampled_from(FAR), min_size=3, max_size=3), min_size=1, max_size=6)
EXAMPLES = st.lists(st.sampled_from(FAR), min_size=3, max_size=3)


def close(x, y, row=()):
    """Equal up to the rounding of sums, which a tape may do in another order."""
    rounding = 1e-15 * sum(map(abs, row)) + 1e-300
    return (
        x == y
        or (math.isnan(x) and math.isnan(y))
        or math.isclose(x, y, rel_tol=1e-12, abs_tol=rounding)
    )


@pytest.mark.parametrize("name", FUNCTIONS)
@settings(max_examples=25)
@given(example=EXAMPLES, rows=ROWS)
def test_recorded_anywhere_replayed_anywhere(name, example, rows):
    function = FUNCTIONS[name]
    tape = record(lambda *xs: function(list(xs)), example)
    equal = [[x, x, x] for x in (0.0, 1e3, -740.0)]
    rows = [*rows, *equal, *[row[::-1] for row in rows]]
    for row, replayed in zip(rows, tape.forward(rows), strict=True):
        assert close(replayed, function([Value(x) for x in row]).data, row), (example, row)


@pytest.mark.parametrize("name", FUNCTIONS)
@settings(max_examples=25)
@given(example=EXAMPLES, row=EXAMPLES)
def test_gradients_recorded_anywhere(name, example, row):
    """The gradient by parameters that are added to the inputs: eagerly, and by a replay."""
    function, shifts = FUNCTIONS[name], [Value(0.0) for _ in range(3)]

    def shifted(*xs):
        return function([x + shift for x, shift in zip(xs, shifts, strict=True)])

    tape = record(shifted, example)
    tape.replay([row])
    replayed = [shift.grad for shift in shifts]
    for shift in shifts:
        shift.grad = 0.0
    shifted(*row).backward()
    assert all(close(x, shift.grad, row) for x, shift in zip(replayed, shifts, strict=True)), (
        example,
        row,
        replayed,
        [shift.grad for shift in shifts],
    )
