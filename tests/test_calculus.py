"""Gradients as Values: closed forms, graphs they leave alone, what they can't reach."""

import math

import pytest

import engine
import nn
from engine import Value, derivative, gradient, jvp
from engine.graph import topological_order


def test_first_and_second_derivatives_of_a_product():
    x, y = Value(3.0), Value(4.0)
    dx, dy = gradient(x * x * y, [x, y])
    assert (dx.data, dy.data) == (24.0, 9.0)
    assert [g.data for g in gradient(dx, [x, y])] == [8.0, 6.0]
    assert [g.data for g in gradient(dy, [x, y])] == [6.0, 0.0]


def test_no_grad_is_touched():
    x = Value(3.0)
    y = x * x
    x.grad, y.grad = 7.0, 8.0
    gradient(y, [x])
    assert (x.grad, y.grad) == (7.0, 8.0)


def test_interior_values_the_root_and_the_unreachable():
    x, z = Value(3.0), Value(1.0)
    h = x * x
    y = h * h
    dh, dy, dz = gradient(y, [h, y, z])
    assert (dh.data, dy.data, dz.data) == (18.0, 1.0, 0.0)
    assert dz.constant


def test_a_gradient_walks_only_edges_that_lead_to_what_was_asked():
    """The other edge has an infinite slope, and a rule that cannot be used: neither is looked at."""

    @engine.primitive(rule=lambda z, x, y: (2.0, math.inf))
    def steep(x, y):
        return 2.0 * x

    @engine.primitive(rule=lambda z, x: 1 / 0)
    def broken(x):
        return x

    x, y = Value(1.0), Value(4.0)
    with engine.anomaly():
        assert gradient(steep(x, y), [x])[0].data == 2.0
        assert gradient(x * x + broken(y), [x])[0].data == 2.0
        assert gradient(broken(y), [x])[0].data == 0.0
    with pytest.raises(FloatingPointError), engine.anomaly():
        gradient(steep(x, y), [y])
    with pytest.raises(ZeroDivisionError):
        gradient(broken(y), [y])


@pytest.mark.parametrize(
    ("f", "n", "x", "true"),
    [
        (lambda x: x**5, 3, 2.0, 240.0),
        (engine.sin, 4, 0.7, math.sin(0.7)),
        (engine.exp, 6, 1.0, math.e),
        (lambda x: 1 / x, 3, 2.0, -6 / 16),
        (lambda x: 7.0, 1, 2.0, 0.0),
        (engine.tanh, 0, 0.5, math.tanh(0.5)),
    ],
)
def test_derivatives_of_any_order(f, n, x, true):
    assert derivative(f, n)(x) == pytest.approx(true, rel=1e-12)
    assert type(derivative(f, n)(x)) is float
    assert isinstance(derivative(f, n)(Value(x)), Value)


def test_a_derivative_of_a_derivative():
    assert derivative(derivative(lambda x: x**4))(3.0) == 108.0


def test_a_negative_order_is_refused():
    with pytest.raises(ValueError, match="from 0"):
        derivative(engine.sin, -1)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda x: engine.gradient(x * x, x), r"write gradient\(root, \[x\]\)"),
        (lambda x: engine.gradient(3.0, [x]), "a graph starts at a Value"),
        (lambda x: engine.hessian(x * x, [x]), r"takes a function.*gradient\(root, \[x\]\)"),
        (lambda x: engine.jacobian(lambda a: a * a, x), r"write \[x\]"),
        (lambda x: engine.jacobian(lambda a: a * a, 3.0), r"write \[x\]"),
        (lambda x: derivative(x * x, 1), "takes a function"),
        (lambda x: engine.hessian(lambda a: [a, a], [x]), "a list.*jacobian"),
        (lambda x: derivative(lambda a: [a, a])(x), "a list.*jacobian"),
        (lambda x: derivative(engine.sin, 3.0), r"write derivative\(f\)\(3.0\)"),
    ],
)
def test_what_is_mixed_up_is_told_apart(call, words):
    with pytest.raises(TypeError, match=words):
        call(Value(2.0))


def test_what_a_gradient_is_made_of_has_the_place_of_its_caller():
    x = Value(0.5)
    [slope] = gradient(engine.tanh(x) * x**2.5, [x])
    [curvature] = gradient(slope, [x])
    for root in (slope, curvature):
        order, _ = topological_order(root)
        assert {node.created_at.filename for node in order} == {__file__}
    assert curvature.created_at.text.strip() == "[curvature] = gradient(slope, [x])"


def test_perturbations_are_not_confused():
    """Each argument is a point of its own, which still depends on what the caller gave."""
    assert derivative(lambda x: x * derivative(lambda y: x + y)(x))(5.0) == 1.0
    assert derivative(lambda x: x * derivative(lambda y: x * y * y)(x))(5.0) == 150.0  # of 2x³: 6x²
    v = Value(3.0)
    assert numbers(engine.jacobian(lambda x, y: x - y, [v, v])) == [[1.0, -1.0]]
    assert numbers(engine.jacobian(lambda x: [x * v, v], [v])) == [[3.0], [0.0]]
    assert numbers(engine.hessian(lambda a: a * a * v, [v])) == [[6.0]]
    assert numbers(engine.hessian(lambda a, b: a * a * b, [v, v])) == [[6.0, 6.0], [6.0, 0.0]]
    product = engine.hessian_vector_product(lambda a, b: a * a * b, [v, v], [1.0, -1.0])
    assert numbers([product]) == [[0.0, 6.0]]
    [[outer]] = engine.jacobian(lambda x: x * engine.jacobian(lambda y: x * y, [v])[0][0], [v])
    assert outer.data == 6.0  # of x·x
    [through] = gradient(derivative(lambda x: x**3)(v), [v])
    assert through.data == 18.0  # the point depends on v: 6v


def numbers(rows):
    return [[entry.data for entry in row] for row in rows]


def test_a_derivative_that_depends_on_a_value_is_a_value():
    w = Value(2.0)
    residual = derivative(lambda x: w * x**2)(3) + 3 * w
    (residual * residual).backward()
    assert w.grad == 324.0  # r = 6w + 3w; 2r·9
    assert derivative(lambda x: 3.0 * x**2)(3) == 18.0
    assert type(derivative(lambda x: x * x)(3)) is float


@pytest.mark.parametrize(
    ("f", "n", "at", "right"),
    [
        (lambda x: engine.where(x > 0, engine.log(x), 0.0), 2, -1.0, 0.0),
        (lambda x: engine.where(x > 0, engine.log(x), 0.0), 2, 0.0, 0.0),
        (lambda x: engine.where(x > 0, engine.log(x), 0.0) * x, 2, -1.0, 0.0),
        (lambda x: engine.where(x > 0, engine.sqrt(x), x * x), 3, -2.0, 0.0),
        (lambda x: engine.where(x > 0, engine.sqrt(x), x * x), 2, 0.0, 2.0),
        (lambda x: x * engine.where(x < 1, x, engine.acos(x)), 2, 0.5, 2.0),
        (lambda x: x * engine.where(x < 1, x, engine.log(-x)), 2, 0.5, 2.0),
        (lambda x: x ** Value(3.0), 3, 0.0, 6.0),
        (lambda x: x ** Value(2.0), 2, 0.0, 2.0),
        (engine.elu, 3, 710.0, 0.0),
    ],
)
def test_a_branch_not_taken_sends_nothing_at_any_order(f, n, at, right):
    assert engine.lift(derivative(f, n)(at)).data == right
    x = Value(at)
    slope = f(x)
    for _ in range(n - 1):
        [slope] = gradient(slope, [x])
    slope.backward()
    assert x.grad == right
    x = Value(at)
    slope = jvp(f, [x], [1.0])[1]  # reverse over forward
    for _ in range(n - 1):
        [slope] = gradient(slope, [x])
    assert slope.data == right


def test_an_infinite_gradient_of_a_choice_reaches_the_other_branch_as_in_backward():
    x, v, w = Value(-1.0), Value(5.0), Value(0.0)
    root = engine.sqrt(engine.where(x > 0, v, w))
    root.backward()
    slopes = [slope.data for slope in gradient(root, [v, w])]
    assert math.isnan(v.grad) and math.isnan(slopes[0])  # inf·0, and w gets inf·1
    assert w.grad == slopes[1] == math.inf


def test_a_mixed_derivative_may_be_infinite():
    (a, b), (c, _) = numbers(engine.hessian(lambda x, y: x * engine.sqrt(y), [0.0, 0.0]))
    assert (a, b, c) == (0.0, math.inf, math.inf)


def test_a_tape_keeps_both_branches_of_a_derivative():
    pytest.importorskip("numpy")

    def slope(x):
        return gradient(engine.where(x > 0, x * x * x, 5.0 * x), [x])[0]

    tape = engine.record(slope, [2.0])
    assert tape.forward([[2.0], [-2.0], [3.0]]).tolist() == [12.0, 5.0, 27.0]


@pytest.mark.parametrize(
    ("f", "x"),
    [
        (engine.log, -1.0),
        (engine.sqrt, -2.0),
        (engine.acosh, 0.5),
        (lambda x: x**0.5, -4.0),
        (lambda x: engine.log(x) * x, -3.0),
    ],
)
def test_outside_the_domain_derivatives_of_every_order_are_nan(f, x):
    assert all(math.isnan(derivative(f, n)(x)) for n in (1, 2, 3))


FAR = [-800.0, -2.0, -1e-3, 0.5, 3.0, 700.0]
RECORDED = [
    engine.log,
    engine.gelu,
    lambda x: x**0.5,
    lambda x: engine.where(x > 0, engine.log(x), x * x),
    lambda x: engine.where(x > 0, engine.sqrt(x), engine.exp(x)),
    lambda x: engine.relu(x) ** 2,
]


@pytest.mark.parametrize("example", [0.5, -2.0, math.nan])
@pytest.mark.parametrize("f", RECORDED)
def test_a_recorded_derivative_is_that_of_each_row_and_not_of_the_example(f, example):
    """In the domain or outside, whichever branch is taken: the example decides nothing."""
    pytest.importorskip("numpy")
    for g in (
        derivative(f),
        derivative(f, 2),
        lambda x: engine.hessian(f, [x])[0][0],
        lambda x: engine.jvp(f, [x], [1.0])[1],
    ):
        replayed = engine.record(g, [example]).forward([[x] for x in FAR])
        for x, found in zip(FAR, replayed.tolist()):
            true = g(Value(x))
            true = true.data if isinstance(true, Value) else true
            assert found == pytest.approx(true, rel=1e-12, nan_ok=True), x


def test_a_network_in_place_of_its_parameters_is_refused_with_the_call_that_is_meant():
    net = nn.MLP(2, [1], seed=0)
    with pytest.raises(TypeError, match=r"write gradient\(root, net\.parameters\(\)\)$"):
        gradient(net([1.0, 2.0]), net)
