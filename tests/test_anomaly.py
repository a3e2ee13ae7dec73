"""engine.anomaly(): the first nan or inf raises, names its node and the user's line, and changes nothing."""

import math
import sys
import threading
import traceback

import pytest

import engine
from engine import Value, anomaly


def line():
    """The line in this file from which it is called."""
    return sys._getframe(1).f_lineno


def test_a_nan_in_the_forward_pass():
    x = Value(-1.0, label="x")
    with pytest.raises(FloatingPointError) as caught, anomaly():
        here = line() + 1
        x.log()
    for part in ("nan", "log", "x(data=-1", f"test_anomaly.py:{here}"):
        assert part in str(caught.value)


def test_an_inf_in_the_forward_pass():
    x = Value(0.0, label="pole")
    with pytest.raises(FloatingPointError, match=r"inf.*divide.*pole\(data=0"), anomaly():
        1 / x
    with pytest.raises(FloatingPointError, match="-inf"), anomaly():
        engine.log(x)


def test_each_kind_can_be_allowed():
    x = Value(0.0)
    with anomaly(inf=False):
        assert math.isinf(engine.log(x).data)
        with pytest.raises(FloatingPointError, match="nan"):
            engine.log(x - 1)
    with anomaly(nan=False):
        assert math.isnan(engine.log(x - 1).data)
        with pytest.raises(FloatingPointError, match="inf"):
            engine.log(x)
    with anomaly(nan=False, inf=False):
        engine.log(x), engine.log(x - 1)


def test_an_inf_in_the_backward_pass_touches_no_grad():
    x = Value(0.0, label="x")
    x.grad = 0.25
    h = x * 3
    here = line() + 1
    y = h.sqrt()
    h.grad, y.grad = 7.0, 8.0
    with pytest.raises(FloatingPointError) as caught, anomaly():
        y.backward()
    for part in ("inf", "gradient", "sqrt", f"test_anomaly.py:{here}"):
        assert part in str(caught.value)
    assert (x.grad, h.grad, y.grad) == (0.25, 7.0, 8.0)


def test_a_nan_in_the_backward_pass_names_the_first_node():
    x = Value(0.0, label="x")
    y = x.sqrt() * x.square().sqrt()  # values are fine: 0, and slopes inf·0
    with pytest.raises(FloatingPointError, match="sqrt"), anomaly(inf=False):
        (y + x.sqrt() * 2 - x.sqrt() * 2).backward()
    assert x.grad == 0.0


def test_a_limit_on_gradients():
    x = Value(10.0, label="x")
    with anomaly(limit=1e6):
        (x**3).backward()
        with pytest.raises(
            FloatingPointError,
            match=r"1e\+10, above the limit of 1e\+06, in the gradient of x\(data=10",
        ):
            (x**10).backward()
    assert x.grad == 300.0


def test_a_limit_is_on_the_sum_and_not_on_its_terms():
    x = Value(1.0, label="x")
    with anomaly(limit=4.5):
        (x * -5 + x * 3).backward()  # 3, then 3 - 5
        assert x.grad == -2.0
        with pytest.raises(FloatingPointError, match="-7, above the limit of 4.5"):
            (x * -5).backward()
    assert x.grad == -2.0


def test_a_value_without_a_label_is_named_by_its_expression():
    x = Value(0.5, label="x")
    with pytest.raises(FloatingPointError, match=r"nan in log of x - 1 \(data=-0.5"), anomaly():
        (x - 1).log()
    x.data = 0.0
    with pytest.raises(FloatingPointError, match=r"gradient of x·3 \(data=0"), anomaly():
        (x * 3).sqrt().backward()


def test_outside_nothing_raises_and_errors_leave_the_context():
    x = Value(0.0)
    with pytest.raises(ZeroDivisionError), anomaly():
        1 / 0
    y = engine.log(x)
    y.backward()
    assert (y.data, x.grad) == (-math.inf, math.inf)


def test_contexts_nest_the_innermost_rules():
    x = Value(0.0)
    with anomaly():
        with anomaly(inf=False):
            engine.log(x)
        with pytest.raises(FloatingPointError):
            engine.log(x)
    engine.log(x)


def test_a_sound_computation_is_the_same_inside():
    def grads():
        x = Value(2.0)
        y = (x * 3).tanh() * engine.exp(x)
        y.backward()
        return y.data, x.grad

    plain = grads()
    with anomaly(limit=1e9):
        assert grads() == plain


def test_plain_numbers_that_are_infinite_are_the_users_own():
    with anomaly():
        assert engine.clamp(Value(2.0), -math.inf, math.inf).data == 2.0
        assert engine.minimum(Value(2.0), math.inf).data == 2.0


def test_the_innermost_context_rules_backward_too():
    x = Value(0.0)
    with anomaly(), anomaly(nan=False, inf=False):
        engine.sqrt(x).backward()
    assert x.grad == math.inf


def test_another_threads_numbers_are_its_own():
    errors = []
    with anomaly():
        thread = threading.Thread(target=lambda: errors.append(Value(-1.0).log().data))
        thread.start()
        thread.join()
    assert errors[0] != errors[0]


def test_the_limit_is_for_what_a_leaf_has_gathered():
    x = Value(1.0)
    with anomaly(limit=10.0):
        (x * 9).backward()
        with pytest.raises(FloatingPointError, match="18, above the limit of 10"):
            (x * 9).backward()
    assert x.grad == 9.0


def test_no_frame_holds_the_error_that_it_raised():
    """Such a circle would keep the graph until the garbage collector runs."""
    with pytest.raises(FloatingPointError) as caught, anomaly():
        Value(-1.0).log()
    frames = [frame for frame, _ in traceback.walk_tb(caught.value.__traceback__)][1:]
    assert frames and not any(
        value is caught.value for frame in frames for value in frame.f_locals.values()
    )
