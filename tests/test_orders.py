"""Higher orders: Jacobians, Hessians and Hessian-vector products against 50-digit arithmetic and closed forms."""

import math

import pytest

import engine
from engine import Value, hessian, hessian_vector_product, jacobian

mp = pytest.importorskip("mpmath")


def rosenbrock(x, y):
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


def beale(x, y):
    return (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2


def himmelblau(x, y):
    return (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2


def network(tanh):
    """A 2-3-1 network at a fixed example, as a function of its 13 weights; C = (a - y)²."""

    def cost(*p):
        hidden = [tanh(p[3 * j] * 0.5 + p[3 * j + 1] * -1.25 + p[3 * j + 2]) for j in range(3)]
        return (tanh(p[9] * hidden[0] + p[10] * hidden[1] + p[11] * hidden[2] + p[12]) - 0.75) ** 2

    return cost


WEIGHTS = [0.3, -0.8, 0.1, 0.9, 0.25, -0.4, -0.6, 0.7, 0.2, 1.1, -0.5, 0.45, 0.05]


def exact(f, xs):
    """The Hessian by differences of 100 digits with h = 1e-25: good to about 50."""
    with mp.workdps(100):
        h, point = mp.mpf(10) ** -25, [mp.mpf(x) for x in xs]

        def at(i, j, a, b):
            moved = list(point)
            moved[i] += a * h
            moved[j] += b * h
            return f(*moved)

        return [
            [
                float(
                    (at(i, j, 1, 1) - at(i, j, 1, -1) - at(i, j, -1, 1) + at(i, j, -1, -1))
                    / (4 * h * h)
                )
                for j in range(len(xs))
            ]
            for i in range(len(xs))
        ]


CASES = [
    (rosenbrock, rosenbrock, (-1.2, 1.0)),
    (rosenbrock, rosenbrock, (0.0, 0.0)),
    (beale, beale, (1.3, 0.7)),
    (beale, beale, (3.0, 0.5)),
    (himmelblau, himmelblau, (-2.8, 3.1)),
    (himmelblau, himmelblau, (0.0, 0.0)),
    (network(engine.tanh), network(mp.tanh), WEIGHTS),
]


@pytest.mark.parametrize(("f", "reference", "xs"), CASES)
def test_hessians_against_fifty_digits(f, reference, xs):
    actual = [[entry.data for entry in row] for row in hessian(f, xs)]
    expected = exact(reference, xs)
    scale = max(abs(x) for row in expected for x in row)
    for row, other in zip(actual, expected, strict=True):
        assert row == pytest.approx(other, rel=1e-12, abs=1e-14 * scale)


def test_the_hessian_of_rosenbrock_in_closed_form():
    x, y = -1.2, 1.0
    rows = [[entry.data for entry in row] for row in hessian(rosenbrock, [x, y])]
    assert rows[0] == pytest.approx([1200 * x * x - 400 * y + 2, -400 * x], rel=1e-14)
    assert rows[1] == pytest.approx([-400 * x, 200.0], rel=1e-14)


@pytest.mark.parametrize(("f", "reference", "xs"), CASES)
def test_a_hessian_times_a_vector_without_the_hessian(f, reference, xs):
    vector = [math.sin(i + 1.0) for i in range(len(xs))]
    actual = [entry.data for entry in hessian_vector_product(f, xs, vector)]
    rows = exact(reference, xs)
    expected = [math.fsum(a * v for a, v in zip(row, vector)) for row in rows]
    scale = max(abs(x) for row in rows for x in row)
    assert actual == pytest.approx(expected, rel=1e-11, abs=1e-13 * scale)


def test_a_jacobian_is_a_row_for_each_output():
    rows = jacobian(lambda r, t: [r * engine.cos(t), r * engine.sin(t)], [2.0, 0.5])
    c, s = math.cos(0.5), math.sin(0.5)
    assert [entry.data for row in rows for entry in row] == pytest.approx(
        [c, -2 * s, s, 2 * c], rel=1e-15
    )
    assert [[e.data for e in row] for row in jacobian(lambda x: 3.0 * x, [1.0])] == [[3.0]]


def test_what_comes_out_can_be_differentiated_again():
    x = Value(0.7)
    [[second]] = hessian(lambda x: x**5, [x])
    [third] = engine.gradient(second, [x])
    assert third.data == pytest.approx(60 * 0.7**2, rel=1e-14)
    assert x.grad == 0.0


def test_a_constant_function_has_flat_slopes_and_lengths_are_checked():
    assert [[e.data for e in row] for row in hessian(lambda x, y: 3.0, [1.0, 2.0])] == [
        [0.0, 0.0],
        [0.0, 0.0],
    ]
    with pytest.raises(ValueError, match="1 numbers for 2"):
        hessian_vector_product(rosenbrock, [1.0, 2.0], [1.0])
