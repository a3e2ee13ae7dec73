"""Slopes by differences: closed forms, honest errors, and nan where floats show no slope."""

import math
import random

import pytest

from engine.differences import slope

SMOOTH = [  # a function and its derivative
    (math.exp, math.exp),
    (math.sin, math.cos),
    (lambda x: x**5 - 3.0 * x, lambda x: 5.0 * x**4 - 3.0),
    (lambda x: 1.0 / (1.0 + x * x), lambda x: -2.0 * x / (1.0 + x * x) ** 2),
    (math.tanh, lambda x: 1.0 / math.cosh(x) ** 2),
]


@pytest.mark.parametrize("side", [0.0, -1.0, 1.0])
@pytest.mark.parametrize("thorough", [False, True])
def test_the_error_is_no_smaller_than_it_says(side, thorough):
    chance = random.Random(1)
    for g, derivative in SMOOTH:
        for _ in range(50):
            x = chance.uniform(-3.0, 3.0) * 10.0 ** chance.randint(-6, 0)
            seen, true = slope(g, x, side=side, thorough=thorough), derivative(x)
            assert abs(seen.value - true) <= seen.error + 1e-15 * abs(true)
            assert seen.error <= 1e-6 * max(1.0, abs(true))


@pytest.mark.parametrize("size", [1e-290, 1e-30, 1.0, 1e30, 1e290])
def test_any_scale(size):
    seen = slope(lambda x: math.sin(x / size), 0.7 * size)
    assert seen.value * size == pytest.approx(math.cos(0.7), rel=1e-9)


@pytest.mark.parametrize(
    ("g", "x", "left", "right"),
    [
        (abs, 0.0, -1.0, 1.0),
        (lambda x: max(x, 0.0), 0.0, 0.0, 1.0),
        (lambda x: abs(x) * x, 0.0, 0.0, 0.0),
        (lambda x: max(x, 1.0), 1.0, 0.0, 1.0),
    ],
)
def test_sides_of_a_kink(g, x, left, right):
    for side, true in ((-1.0, left), (1.0, right)):
        seen = slope(g, x, side=side)
        assert abs(seen.value - true) <= seen.error < 1e-6


@pytest.mark.parametrize(
    ("g", "x", "side"),
    [
        (lambda x: math.sqrt(x) if x >= 0.0 else math.nan, 0.0, 1.0),  # grows without end
        (lambda x: math.sqrt(x) if x >= 0.0 else math.nan, 0.0, 0.0),  # nothing on the left
        (math.floor, 2.0, 0.0),  # jumps
        (lambda x: math.sin(1e20 * x), 0.3, 0.0),  # narrower than floats
        (lambda x: math.nan, 1.0, 0.0),
    ],
)
def test_no_slope(g, x, side):
    seen = slope(g, x, side=side)
    assert math.isnan(seen.value) and seen.error == math.inf


def test_large_noise_does_not_make_a_plateau_of_what_never_settles():
    assert math.isnan(slope(lambda x: math.sin(1e20 * x), 0.3, noise=1e5).value)


def test_underflow_is_part_of_the_error():
    seen = slope(lambda x: x * x, 1e-170)
    assert abs(seen.value - 2e-170) <= seen.error
    seen = slope(lambda x: x * 1e-200, 1e-150)
    assert abs(seen.value - 1e-200) <= seen.error


def test_a_thorough_look_leaves_no_width_out():
    """Between 1 and 1e-200 the function bends at 1e-100: it has no slope there, and 1e100 at both ends."""

    def g(x):
        return math.floor(x / 1e-100)

    assert slope(g, 1e-200, side=1.0).value == pytest.approx(1e100, rel=1e-3)
    assert slope(g, 1e-200, side=1.0, thorough=True).value == 0.0


def test_narrow_differences_outvote_wide_ones_which_are_kept():
    seen = slope(lambda x: x + 1e-5 * math.sin(1e9 * x), 0.3, noise=1e-12)
    assert seen.value == pytest.approx(1.0 + 1e4 * math.cos(1e9 * 0.3), rel=1e-3)
    [(wide, _)] = seen.wider
    assert wide == pytest.approx(1.0, abs=1e-2)


def test_rounding_before_the_function_widens_the_error():
    def g(x):
        return math.sin((x + 1e9) - 1e9)

    seen = slope(g, 0.1, noise=2.0**-52 * 1e9)
    assert abs(seen.value - math.cos(0.1)) <= seen.error
