"""Losses against closed forms: value and slope."""

import math

import pytest

import nn
from engine import Value, gradient


def slopes(f, *numbers):
    leaves = [Value(x) for x in numbers]
    out = f(*leaves)
    out.backward()
    return out.data, [leaf.grad for leaf in leaves]


def test_squared_error_is_a_sum_without_a_half():
    value, grads = slopes(lambda a, b: nn.squared_error([a, b], [1.0, 0.0]), 0.5, 2.0)
    assert value == 0.25 + 4.0 and grads == [-1.0, 4.0]
    assert slopes(lambda a: nn.squared_error(a, 1.0), 3.0) == (4.0, [4.0])
    assert slopes(lambda a: nn.squared_error(a, [1.0]), 3.0) == (4.0, [4.0])
    assert slopes(lambda a: nn.squared_error([a], 1.0), 3.0) == (4.0, [4.0])


def test_squared_error_names_both_lengths():
    with pytest.raises(ValueError, match="2 outputs but 3 targets"):
        nn.squared_error([1.0, 2.0], [1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="2 outputs but 1 targets"):
        nn.squared_error([1.0, 2.0], 1.0)


@pytest.mark.parametrize(
    "score, sign, value, slope",
    [
        (0.25, 1, 0.75, -1.0),
        (0.25, -1, 1.25, 1.0),
        (2.0, 1, 0.0, 0.0),
        (-3.0, -1, 0.0, 0.0),
        (-3.0, 1, 4.0, -1.0),
    ],
)
def test_max_margin(score, sign, value, slope):
    assert slopes(lambda s: nn.max_margin(s, sign), score) == (value, [slope])


@pytest.mark.parametrize("sign", [0, 2, 0.5, math.nan])
def test_max_margin_takes_signs_only(sign):
    with pytest.raises(ValueError, match="-1 or"):
        nn.max_margin(Value(1.0), sign)


def softmax(numbers):
    return [1.0 / math.fsum(math.exp(other - x) for other in numbers) for x in numbers]


@pytest.mark.parametrize(
    "logits", [[0.0, 0.0], [1.0, -2.0, 0.5], [30.0, 0.0, -30.0], [700.0, 699.0]]
)
def test_cross_entropy_is_minus_log_of_softmax_and_its_slope_is_softmax_minus_one_hot(logits):
    for index in range(len(logits)):
        value, grads = slopes(lambda *xs, k=index: nn.cross_entropy(xs, k), *logits)
        assert value == pytest.approx(
            math.log(math.fsum(math.exp(x - logits[index]) for x in logits)), abs=2e-13
        )
        assert grads == pytest.approx(
            [p - (k == index) for k, p in enumerate(softmax(logits))], abs=1e-13
        )


def test_cross_entropy_with_an_index_that_is_a_value():
    for index in range(3):
        plain = slopes(lambda *xs, k=index: nn.cross_entropy(xs, k), 1.0, -2.0, 0.5)
        value, grads = slopes(
            lambda *xs: nn.cross_entropy(xs[:3], xs[3]), 1.0, -2.0, 0.5, float(index)
        )
        assert (value, grads[:3]) == (pytest.approx(plain[0]), pytest.approx(plain[1])) and grads[
            3
        ] == 0.0


@pytest.mark.parametrize("index", [-1, 3, 10])
def test_cross_entropy_refuses_a_class_that_is_not_there(index):
    with pytest.raises(ValueError, match="from 0 to 2"):
        nn.cross_entropy([1.0, 2.0, 3.0], index)


def test_cross_entropy_refuses_half_a_class():
    with pytest.raises(TypeError):
        nn.cross_entropy([1.0, 2.0], 0.5)


@pytest.mark.parametrize("target", [0, 1, 0.25, True])
@pytest.mark.parametrize("logit", [-40.0, -2.0, 0.0, 0.5, 40.0])
def test_binary_cross_entropy(logit, target):
    mp = pytest.importorskip("mpmath")
    mp.mp.dps = 40
    p = 1 / (1 + mp.exp(-mp.mpf(logit)))
    expected = -(target * mp.log(p) + (1 - target) * mp.log(1 - p))
    value, (slope,) = slopes(lambda x: nn.binary_cross_entropy(x, target), logit)
    assert value == pytest.approx(float(expected), rel=1e-14)
    assert slope == pytest.approx(float(p - target), rel=1e-14)


@pytest.mark.parametrize(
    "logit, target, value, slope", [(1e4, 0, 1e4, 1.0), (1e4, 1, 0.0, 0.0), (-1e4, 1, 1e4, -1.0)]
)
def test_binary_cross_entropy_does_not_overflow(logit, target, value, slope):
    assert slopes(lambda x: nn.binary_cross_entropy(x, target), logit) == (value, [slope])


def test_binary_cross_entropy_with_a_target_that_is_a_value():
    value, grads = slopes(nn.binary_cross_entropy, 0.5, 0.25)
    assert value == pytest.approx(math.log1p(math.exp(0.5)) - 0.125) and grads[1] == pytest.approx(
        -0.5
    )


@pytest.mark.parametrize("target", [-0.1, 1.1, math.nan])
def test_binary_cross_entropy_refuses_a_target_outside(target):
    with pytest.raises(ValueError, match="from 0 to 1"):
        nn.binary_cross_entropy(Value(0.0), target)


@pytest.mark.parametrize("loss", [nn.max_margin, nn.binary_cross_entropy])
def test_a_list_of_outputs_is_refused_where_one_is_needed(loss):
    with pytest.raises(ValueError, match="one output"):
        loss([Value(1.0), Value(2.0)], 1)


def test_l2():
    assert slopes(lambda a, b: nn.l2([a, b]), 3.0, -4.0) == (25.0, [6.0, -8.0])


def test_losses_can_be_differentiated_twice():
    x = Value(0.3)
    (first,) = gradient(nn.binary_cross_entropy(x, 1), [x])
    (second,) = gradient(first, [x])
    p = 1.0 / (1.0 + math.exp(-0.3))
    assert second.data == pytest.approx(p * (1.0 - p), rel=1e-14)
