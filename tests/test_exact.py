"""Forwards and slopes in many digits: what floats cannot see, and none where there is none."""

import math
import sys

import pytest

import engine
from engine.exact import exact_forward, exact_slope
from engine.operation import FAMILIES, OPERATIONS


def at_x(x):
    return [x]


@pytest.mark.parametrize(
    ("operation", "x", "true"),
    [
        (engine.tanh, 350.0, 4.0 * math.exp(-700.0)),
        (engine.sin, 1e22, 0.5232147853951389),  # cos(1e22), a known hard case of reduction
        (engine.square, 1e-170, 2e-170),
        (engine.erf, 1e300, 0.0),
        (engine.reciprocal, 1e-200, -math.inf),
        (engine.floor, 0.5, 0.0),
        (engine.cbrt, -8.0, 1.0 / 12.0),
    ],
)
def test_slopes(operation, x, true):
    pytest.importorskip("mpmath")
    assert exact_slope(exact_forward(operation), at_x, x) == pytest.approx(true, rel=1e-15)


def test_steps_that_are_narrow_beside_another_operand():
    """1e100 // y jumps at every change of y by 9e-100: between, it is flat."""
    pytest.importorskip("mpmath")
    floor_divide = exact_forward(OPERATIONS["floor_divide"])
    assert exact_slope(floor_divide, lambda y: [1e100, y], 3.1) == 0.0


@pytest.mark.parametrize(
    ("operation", "x"),
    [
        (OPERATIONS["absolute"], 0.0),
        (engine.relu, 0.0),
        (engine.floor, 1e300),
        (engine.sqrt, 0.0),
        (engine.log, -1.0),
        (engine.log, 0.0),
        (engine.cbrt, 0.0),
    ],
)
def test_no_slope(operation, x):
    pytest.importorskip("mpmath")
    assert math.isnan(exact_slope(exact_forward(operation), at_x, x))


def test_every_operation_has_a_forward_that_gives_its_number():
    pytest.importorskip("mpmath")
    families = [
        make(*(0.5, 2.0)[: 2 if name == "clamp_of" else 1]) for name, make in FAMILIES.items()
    ]
    for operation in [*OPERATIONS.values(), *families]:
        xs = [1.75, 0.25, 0.5, 2.0, 1.5][: operation.arity or 5]
        xs = [0.5] if operation.name in ("asin", "acos", "atanh") else xs
        xs = [*xs[:4], 3.0] if operation.name == "pick" else xs
        forward = exact_forward(operation)
        assert forward is not None, operation
        assert float(forward(*xs)) == pytest.approx(operation.forward(*xs), rel=1e-14), operation


def test_none_for_an_operation_of_a_user_and_without_mpmath(monkeypatch):
    @engine.primitive(rule=lambda z, x: 1.0)
    def own(x):
        return x

    assert exact_forward(own) is None
    monkeypatch.setitem(sys.modules, "mpmath", None)
    assert exact_forward(engine.exp) is None
    assert math.isnan(exact_slope(None, at_x, 1.0))
    assert math.isnan(exact_slope(lambda x: x, at_x, 1.0))
