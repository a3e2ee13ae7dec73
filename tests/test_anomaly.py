"""The first nan, inf or too large gradient stops the program and says where it was made."""

import math

import pytest

import engine
from engine import Value


def test_forward_names_the_operation_and_the_line():
    x = Value(-1.0, label="x")
    with pytest.raises(FloatingPointError, match="nan.*log.*test_anomaly.py"), engine.anomaly():
        engine.log(x)
    assert math.isnan(engine.log(x).data)  # outside the context, total again


def test_inf_can_be_let_pass():
    with engine.anomaly(inf=False):
        assert engine.exp(Value(1000.0)).data == math.inf
    with pytest.raises(FloatingPointError, match="inf"), engine.anomaly():
        engine.exp(Value(1000.0))


def test_backward_raises_before_any_grad_has_changed():
    x = Value(0.0, label="x")
    y = engine.sqrt(x) * 2
    x.grad = 0.125
    with pytest.raises(FloatingPointError, match="x"), engine.anomaly():
        y.backward()
    assert (x.grad, y.grad) == (0.125, 0.0)


def test_a_limit_on_gradients():
    x = Value(2.0, label="x")
    with engine.anomaly(limit=100.0):
        (x * 50).backward()
    with pytest.raises(FloatingPointError, match="x"), engine.anomaly(limit=10.0):
        (x * 50).backward()
