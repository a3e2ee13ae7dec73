"""A user's own operations do all that the built-in ones do, and faults in them are named."""

import math

import pytest

import engine
from engine import Value, check_gradients, derivative, gradient


@engine.primitive(rule=lambda z, x: (3.0 * x * x,))
def cube(x):
    return x * x * x


@engine.primitive(rule=lambda z, x, y: (z * y, z * x), symbol="e^")
def exp_of_product(x, y):
    return math.exp(x * y)


def test_five_lines_make_an_operation():
    x = Value(2.0, label="x")
    y = cube(x)
    y.backward()
    assert (y.data, x.grad, y.operation.name, y.operation.symbol) == (8.0, 12.0, "cube", "cube")
    assert cube(3) == 27.0 and exp_of_product.symbol == "e^"


def test_it_differentiates_again():
    assert [derivative(cube, n)(2.0) for n in range(5)] == [8.0, 12.0, 12.0, 6.0, 0.0]
    x, y = Value(0.3), Value(0.7)
    [slope] = gradient(exp_of_product(x, y), [x])
    [mixed] = gradient(slope, [y])
    assert mixed.data == pytest.approx((1.0 + 0.21) * math.exp(0.21), rel=1e-14)


def test_it_steps_and_explains_itself():
    x = Value(2.0, label="x")
    y = cube(x) + x
    y.backward()
    assert [step.local for step in y.steps()] == [1.0, 1.0, 12.0]
    assert "cube(x)" in y.why(x) and "test_primitive.py" in str(y.created_at)


def test_its_rule_is_known_in_symbols():
    from engine import formula

    assert formula.rule(cube) == "∂z/∂x = 3·x·x"


@pytest.mark.drawing
def test_it_draws():
    svg = engine.draw(cube(Value(2.0, label="x"))).svg
    assert "cube" in svg


def test_it_is_checked_like_the_built_in_ones():
    assert check_gradients(lambda x, y: exp_of_product(cube(x), y), 0.6, 1.1).ok

    @engine.primitive(rule=lambda z, x: 2.0 * x * x)
    def wrong_cube(x):
        return x**3

    report = check_gradients(wrong_cube, 2.0)
    assert not report.ok and report.culprit is wrong_cube and "rule of wrong_cube" in str(report)


def test_a_single_number_will_do_for_one_operand():
    @engine.primitive(rule=lambda z, x: 1.0)
    def same(x):
        return x

    assert derivative(same)(4.0) == 1.0


def test_whole_numbers_become_floats():
    @engine.primitive(rule=lambda z, x: 0)
    def rounded(x):
        return round(x)

    z = rounded(Value(2.6))
    assert type(z.data) is float and z.local_derivatives() == (0.0,)


def _with(forward, rule):
    return lambda: engine.primitive(forward, rule=rule)


def tanh(x):
    return x


def total(x):
    return x


def nothing():
    return 1.0


def any_number(*xs):
    return 0.0


def two(x, y):
    return x


@pytest.mark.parametrize(
    ("make", "kind", "words"),
    [
        (_with(tanh, lambda z, x: 1.0), ValueError, "tanh is the name of a built-in"),
        (_with(total, lambda z, x: 1.0), ValueError, "total is the name of a built-in"),
        (_with(lambda x: x, lambda z, x: 1.0), ValueError, "define it with def"),
        (_with(two, None), TypeError, "has no rule"),
        (_with(two, lambda z, x: 1.0), TypeError, "takes z and 2 operands: write lambda z, x, y"),
        (_with(nothing, lambda z: 1.0), TypeError, "takes no operand"),
        (_with(any_number, lambda z, *xs: xs), TypeError, "one by one"),
    ],
)
def test_a_faulty_definition_is_refused_in_words(make, kind, words):
    with pytest.raises(kind, match=words):
        make()


def test_faults_in_use_are_named():
    with pytest.raises(TypeError, match="cube takes 1 operand, not 2"):
        cube(Value(1.0), 2.0)

    @engine.primitive(rule=lambda z, x, y: (1.0,))
    def short(x, y):
        return x + y

    with pytest.raises(TypeError, match="rule of short returned 1 derivative for 2 operands"):
        short(Value(1.0), 2.0).backward()

    @engine.primitive(rule=lambda z, x: (1.0,))
    def silent(x):
        return None

    with pytest.raises(TypeError, match="silent must return one real number"):
        silent(Value(1.0))


def test_a_rule_that_holds_on_to_a_value_gives_no_node_for_a_grad():
    w = Value(3.0)

    @engine.primitive(rule=lambda z, x: (w * x,))
    def bent(x):
        return x * x

    with pytest.raises(TypeError, match="Value"):
        bent(Value(2.0)).backward()
