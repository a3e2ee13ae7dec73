"""The forward sweep and jvp against closed forms, dual numbers, complex steps and 50 digits."""

import cmath
import math
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

import engine
from engine import Value, gradient, jacobian, jvp
from engine.forward import forward
from engine.graph import topological_order
from tests.strategies import programs, run


@dataclass
class Dual:
    """x + x'ε with ε² = 0: forward mode once more, with rules of its own."""

    x: float
    t: float = 0.0

    def __add__(self, other):
        return Dual(self.x + dual(other).x, self.t + dual(other).t)

    def __mul__(self, other):
        other = dual(other)
        return Dual(self.x * other.x, self.t * other.x + self.x * other.t)

    def __truediv__(self, other):
        return Dual(self.x / other.x, (self.t * other.x - self.x * other.t) / other.x**2)

    def __sub__(self, other):
        return self + dual(other) * -1.0

    __radd__, __rmul__ = __add__, __mul__

    def sin(self):
        return Dual(math.sin(self.x), math.cos(self.x) * self.t)

    def exp(self):
        return Dual(math.exp(self.x), math.exp(self.x) * self.t)

    def tanh(self):
        return Dual(math.tanh(self.x), self.t / math.cosh(self.x) ** 2)


def dual(x):
    return x if isinstance(x, Dual) else Dual(x)


def rosenbrock(x, y):
    return (1.0 - x) * (1.0 - x) + 100.0 * (y - x * x) * (y - x * x)


def tangled(x, y, z):
    """Shared nodes, a node that is used twice by one child, an input that comes back late."""
    a = x * y + z
    b = a.tanh() * a
    c = (b * b + x).sin() + a
    return [c * y, (c * c + b) / (a * a + 1.0), z * 2.0 - c.tanh().exp()]


# -- the loop itself


def test_the_loop_is_read_beside_backward():
    """Both sweeps have the same lines: an order, a skip, a product and a sum."""
    x, y = Value(3.0), Value(4.0)
    z = x * y + x
    assert forward(z, {x: 1.0})[z] == 5.0
    assert forward(z, {y: 1.0})[z] == 3.0
    assert forward(z, {x: 2.0, y: -1.0})[z] == 7.0
    z.backward()
    assert (x.grad, y.grad) == (5.0, 3.0)


def test_no_grad_is_read_or_touched():
    x = Value(3.0)
    y = x * x
    x.grad, y.grad = 7.0, 8.0
    assert forward(y, {x: 1.0})[y] == 6.0
    assert (x.grad, y.grad) == (7.0, 8.0)


def test_a_tangent_of_zero_sends_nothing():
    """∂√x/∂x at 0 is infinite; a leaf that stands still contributes nothing, not 0·inf."""
    x, y = Value(0.0), Value(2.0)
    z = engine.sqrt(x) + y
    assert forward(z, {y: 1.0})[z] == 1.0
    assert forward(z, {x: 0.0, y: 1.0})[z] == 1.0
    assert forward(z, {x: 1.0})[z] == math.inf


@pytest.mark.slow
def test_depth_costs_nothing():
    x = Value(1.0)
    y = x
    for _ in range(1_000_000):
        y = y + x
    assert forward(y, {x: 1.0})[y] == 1_000_001.0


def test_a_deep_function_of_numbers_and_of_values():
    def chain(x):
        for _ in range(100_000):
            x = 0.99999 * x
        return x

    expected = 0.99999**100_000
    assert jvp(chain, [1.0], [1.0])[1] == pytest.approx(expected, rel=1e-10)
    assert jvp(chain, [Value(1.0)], [1.0])[1].data == pytest.approx(expected, rel=1e-10)


@given(programs(), st.data())
def test_forward_and_reverse_agree_on_random_graphs(program, data):
    """Σ grad·v is the tangent along v, up to the rounding of the terms that were added."""
    leaves, root = run(program)
    direction = data.draw(
        st.lists(st.floats(-2.0, 2.0), min_size=len(leaves), max_size=len(leaves))
    )
    order, _ = topological_order(root)
    locals_ = {node: node.local_derivatives() for node in order}
    if not all(math.isfinite(x) for slopes in locals_.values() for x in slopes):
        return  # 0·inf is skipped at one end of an edge or at the other
    tangent = forward(root, dict(zip(leaves, direction)))[root]
    root.backward()
    reverse = math.fsum(leaf.grad * v for leaf, v in zip(leaves, direction))
    size = {leaf: abs(v) for leaf, v in zip(leaves, direction)}  # the same sums of absolute values
    for node in order:
        size[node] = math.fsum(
            abs(x) * size.get(p, 0.0) for p, x in zip(node.parents, locals_[node])
        )
    bound = 2.0**-52 * 8 * (len(order) + 8) * size[root] + 1e-300
    assert abs(tangent - reverse) <= bound or not math.isfinite(size[root] * bound)


# -- jvp against other computations


@pytest.mark.parametrize("xs", [(0.3, -1.25, 0.75), (1.5, 2.0, -0.5), (0.0, 0.0, 0.0)])
@pytest.mark.parametrize("vector", [(1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.5, -2.0, 3.0)])
def test_jvp_against_dual_numbers(xs, vector):
    expected = tangled(*map(Dual, xs, vector))
    values, tangents = jvp(tangled, xs, vector)
    assert values == pytest.approx([y.x for y in expected], rel=1e-14)
    assert tangents == pytest.approx([y.t for y in expected], rel=1e-13, abs=1e-15)


@pytest.mark.parametrize(
    ("f", "reference", "x"),
    [
        (lambda x: engine.exp(engine.sin(x)) / x, lambda x: cmath.exp(cmath.sin(x)) / x, 0.7),
        (lambda x: engine.log(x) * x**2.5, lambda x: cmath.log(x) * x**2.5, 3.1),
        (lambda x: engine.atan(x) + 1 / x, lambda x: cmath.atan(x) + 1 / x, -0.4),
        (lambda x: engine.cosh(x * x) ** 0.5, lambda x: cmath.cosh(x * x) ** 0.5, 1.2),
    ],
)
def test_jvp_against_complex_steps(f, reference, x):
    """f(x + ih) = f(x) + ih·f'(x) + O(h²): no difference is taken, so no digit is lost."""
    value, tangent = jvp(f, [x], [1.0])
    assert value == pytest.approx(reference(x).real, rel=1e-15)
    assert tangent == pytest.approx(reference(complex(x, 1e-150)).imag / 1e-150, rel=1e-14)


def test_jvp_against_fifty_digits():
    mp = pytest.importorskip("mpmath")
    xs, vector = [0.4, 1.7], [1.5, -0.25]
    with mp.workdps(50):
        x, y = map(mp.mpf, xs)
        reference = mp.diff(
            lambda t: mp.erf((x + t * vector[0]) * (y + t * vector[1])) * mp.gamma(y - y + 3), 0
        )
    _, tangent = jvp(lambda x, y: engine.erf(x * y) * 2.0, xs, vector)
    assert tangent == pytest.approx(float(reference), rel=1e-15)


def test_jvp_of_a_known_function():
    x, y = -1.2, 1.0
    value, tangent = jvp(rosenbrock, [x, y], [0.5, 2.0])
    by_x, by_y = -2.0 * (1.0 - x) - 400.0 * x * (y - x * x), 200.0 * (y - x * x)
    assert value == pytest.approx(24.2, rel=1e-14)
    assert tangent == pytest.approx(0.5 * by_x + 2.0 * by_y, rel=1e-14)


def test_columns_of_the_jacobian():
    xs = [0.3, -1.25, 0.75]
    rows = jacobian(tangled, xs)
    for i in range(3):
        _, column = jvp(tangled, xs, [float(i == k) for k in range(3)])
        assert column == pytest.approx([row[i].data for row in rows], rel=1e-13)


# -- what comes in and what comes out


def test_numbers_give_floats():
    value, tangent = jvp(lambda x: x * x, [3], [True])
    assert (value, tangent) == (9.0, 6.0) and type(value) is type(tangent) is float
    assert jvp(lambda x: 7.0, [1.0], [1.0]) == (7.0, 0.0)
    assert jvp(lambda x: x, [1.0], [2.0]) == (1.0, 2.0)
    assert jvp(lambda x, y: [x, 2.0, x * y], [1.0, 3.0], [1.0, 1.0]) == (
        [1.0, 2.0, 3.0],
        [1.0, 0.0, 4.0],
    )
    assert jvp(lambda x: [], [1.0], [1.0]) == ([], [])


@pytest.mark.parametrize("along", [1.0, Value(1.0)])
@pytest.mark.parametrize("point", [2.0, Value(2.0)])
@pytest.mark.parametrize("weight", [3.0, Value(3.0)])
def test_a_value_anywhere_gives_values(along, point, weight):
    value, tangent = jvp(lambda x: weight * x * x, [point], [along])
    kind = Value if Value in (type(along), type(point), type(weight)) else float
    assert type(value) is type(tangent) is kind
    assert engine.lift(tangent).data == 12.0


def test_what_does_not_depend_on_the_points_has_a_tangent_of_zero():
    w = Value(2.0)
    value, tangent = jvp(lambda x: w, [1.0], [1.0])
    assert value is w and tangent.data == 0.0
    h = w * w
    _, tangent = jvp(lambda x: h * x, [3.0], [1.0])
    assert tangent.data == 4.0
    assert gradient(tangent, [w])[0].data == 4.0


def test_the_tangent_can_be_differentiated_again():
    """∂/∂w of d(w·x²)/dx = 2x, d²(x³)/dx² = 6x: reverse over forward."""
    w, x = Value(2.0), Value(3.0)
    value, tangent = jvp(lambda x: w * x * x, [x], [1.0])
    assert [g.data for g in gradient(tangent, [w, x])] == [6.0, 4.0]
    assert [g.data for g in gradient(value, [w, x])] == [9.0, 12.0]
    tangent.backward()
    assert (w.grad, x.grad) == (6.0, 4.0)


def test_forward_over_reverse_is_a_hessian_times_a_vector():
    xs, vector = [-1.2, 1.0], [0.5, 2.0]

    def slopes(*points):
        return gradient(rosenbrock(*points), points)

    values, product = jvp(slopes, xs, vector)
    x, y = xs
    by_hand = [(1200 * x * x - 400 * y + 2) * 0.5 - 400 * x * 2.0, -400 * x * 0.5 + 200.0 * 2.0]
    assert product == pytest.approx(by_hand, rel=1e-13)
    assert values == pytest.approx(
        [-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)], rel=1e-13
    )
    assert all(type(entry) is float for entry in product)


@pytest.mark.parametrize(("order", "expected"), [(1, 48.0), (2, 72.0), (3, 72.0)])
def test_forward_over_forward(order, expected):
    """x⁴ · 1.5 at 2: nested, each jvp has a point of its own."""

    def slope(f):
        return lambda x: jvp(f, [x], [1.0])[1]

    f = lambda x: 1.5 * x**4  # noqa: E731
    for _ in range(order):
        f = slope(f)
    assert f(2.0) == expected


# -- one argument is not the other, also where both are the same Value


def test_perturbations_are_not_confused():
    v = Value(3.0)
    assert jvp(lambda x: x * jvp(lambda y: x + y, [x], [1.0])[1], [5.0], [1.0]) == (5.0, 1.0)
    assert jvp(lambda x: x * jvp(lambda y: x * y, [2.0], [1.0])[1], [5.0], [1.0]) == (25.0, 10.0)
    assert [t.data for t in jvp(lambda x, y: [x - y, x * y], [v, v], [1.0, 0.0])[1]] == [1.0, 3.0]
    assert jvp(lambda x: v * x, [v], [1.0])[1].data == 3.0  # the v of the closure stands still
    inner = jvp(lambda x: x * jvp(lambda y: x * y * y, [v], [1.0])[1], [v], [1.0])[1]
    assert inner.data == 36.0  # the derivative of x·2xv is 4xv


def test_the_sign_of_zero_and_infinities_pass_through_a_value_point():
    for x in (0.0, -0.0, math.inf, -math.inf):
        value, tangent = jvp(lambda x: x, [Value(x)], [1.0])
        assert (math.copysign(1.0, value.data), abs(value.data)) == (math.copysign(1.0, x), abs(x))
        assert tangent.data == 1.0


@given(programs(longest=12), st.data())
def test_values_have_the_numbers_that_floats_have(program, data):
    xs = program[0]
    vector = data.draw(st.lists(st.floats(-2.0, 2.0), min_size=len(xs), max_size=len(xs)))

    def f(*points):
        return run(program, list(points))[1]

    value, tangent = jvp(f, xs, vector)
    values, tangents = jvp(f, list(map(Value, xs)), vector)
    assert value == values.data or value != value
    assert tangent == tangents.data or (tangent != tangent and tangents.data != tangents.data)


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: jvp(lambda x: x, [1.0], [1.0, 2.0]), ValueError, "2 numbers for 1 arg"),
        (lambda: jvp(lambda x: x, 1.0, [1.0]), TypeError, r"write \[x\] for 1.0"),
        (lambda: jvp(lambda x: x, [1.0], 1.0), TypeError, r"the vector is a list: write \[x\]"),
        (lambda: jvp(Value(1.0), [1.0], [1.0]), TypeError, "takes a function"),
        (lambda: jvp(lambda x: x, [1.0], ["1"]), TypeError, "write float"),
        (lambda: jvp(lambda x: "y", [1.0], [1.0]), TypeError, "write float"),
    ],
)
def test_what_is_mixed_up_is_refused(call, error, text):
    with pytest.raises(error, match=text):
        call()
