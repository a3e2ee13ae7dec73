"""Derivatives within derivatives against closed forms, and high orders where a branch is not taken.

Polynomials in whole numbers: all arithmetic is exact, so equality is to the bit.
"""

from hypothesis import given, settings
from hypothesis import strategies as st

import engine
from engine import Value, derivative, gradient, hessian, jacobian, jvp, where
from engine.calculus import hessian_vector_product

WHOLE = st.integers(-3, 3).map(float)
POLYNOMIALS = st.dictionaries(
    st.tuples(st.integers(0, 3), st.integers(0, 3)), WHOLE, min_size=1, max_size=5
)  # {(i, j): c} for the sum of c·xⁱ·yʲ


def at(p, x, y):
    """The polynomial at numbers or Values, by products alone."""
    total = 0.0
    for (i, j), c in p.items():
        term = c
        for factor in [x] * i + [y] * j:
            term = term * factor
        total = total + term
    return total


def by_x(p):
    return {(i - 1, j): c * i for (i, j), c in p.items() if i}


def by_y(p):
    return {(i, j - 1): c * j for (i, j), c in p.items() if j}


@settings(max_examples=150)
@given(POLYNOMIALS, WHOLE)
def test_a_derivative_within_a_derivative(p, x):
    def outer(a):  # a·∂p/∂y at (a, a): the inner variable is another one than a
        return a * derivative(lambda y: at(p, a, y))(a)

    p_y = by_y(p)
    assert derivative(outer)(x) == at(p_y, x, x) + x * (at(by_x(p_y), x, x) + at(by_y(p_y), x, x))
    second = derivative(lambda a: derivative(lambda y: at(p, a, y), 2)(a))(x)
    assert second == at(by_x(by_y(p_y)), x, x) + at(by_y(by_y(p_y)), x, x)


@settings(max_examples=150)
@given(POLYNOMIALS, WHOLE)
def test_one_value_as_several_arguments_and_within_the_function(p, x):
    v = Value(x)
    [row] = jacobian(lambda a, b: at(p, a, b) * v, [v, v])
    assert [s.data for s in row] == [at(by_x(p), x, x) * x, at(by_y(p), x, x) * x]
    [[entry]] = hessian(lambda a: at(p, a, v), [v])
    assert entry.data == at(by_x(by_x(p)), x, x)
    rows = hessian(lambda a, b: at(p, a, b) + v, [v, v])
    mixed = at(by_x(by_y(p)), x, x)
    assert [[s.data for s in row] for row in rows] == [
        [at(by_x(by_x(p)), x, x), mixed],
        [mixed, at(by_y(by_y(p)), x, x)],
    ]
    product = hessian_vector_product(lambda a, b: at(p, a, b), [v, v], [1.0, -2.0])
    assert [s.data for s in product] == [
        a - 2.0 * b for a, b in ([s.data for s in r] for r in rows)
    ]
    # What comes out still depends on v: by every argument and by v itself.
    [again] = gradient(row[0] + 0.0 * v, [v])
    p_x = by_x(p)
    assert again.data == at(p_x, x, x) + x * (at(by_x(p_x), x, x) + at(by_y(p_x), x, x))


@settings(max_examples=150)
@given(POLYNOMIALS, WHOLE, WHOLE)
def test_a_jvp_within_a_jvp_and_a_gradient_within_a_jvp(p, x, direction):
    def inner(a):
        return jvp(lambda y: at(p, a, y), [a], [1.0])[1]  # ∂p/∂y at (a, a)

    p_y = by_y(p)
    slope = at(by_x(p_y), x, x) + at(by_y(p_y), x, x)
    value, tangent = jvp(inner, [x], [direction])
    assert float(getattr(value, "data", value)) == at(p_y, x, x)
    assert float(getattr(tangent, "data", tangent)) == slope * direction
    _, tangent = jvp(lambda a: derivative(lambda y: at(p, a, y))(a), [x], [direction])
    assert float(getattr(tangent, "data", tangent)) == slope * direction
    result = derivative(inner)(x)
    assert float(getattr(result, "data", result)) == slope


# Functions and points outside of their domains, or at their edges, or where they overflow.
OUTSIDE = {
    "log": (engine.log, st.floats(-5.0, -0.0)),
    "log2": (engine.log2, st.floats(-5.0, -0.0)),
    "log10": (engine.log10, st.floats(-5.0, -0.0)),
    "log1p": (engine.log1p, st.floats(-5.0, -1.0)),
    "sqrt": (engine.sqrt, st.floats(-5.0, -0.0)),
    "reciprocal": (engine.reciprocal, st.just(0.0)),
    "division": (lambda x: 1.0 / (x * x), st.just(0.0)),
    "power": (lambda x: x**0.5, st.floats(-5.0, -0.0)),
    "negative power": (lambda x: x**-1.5, st.floats(-5.0, 0.0)),
    "power of Values": (lambda x: x ** (x * 0.5 + 0.25), st.floats(-5.0, -0.1)),
    "asin": (engine.asin, st.floats(1.0, 5.0)),
    "acosh": (engine.acosh, st.floats(-5.0, 1.0)),
    "atanh": (engine.atanh, st.floats(1.0, 5.0)),
    "overflow": (lambda x: engine.exp(x * x * 1e4), st.floats(1.0, 5.0)),
    "cbrt": (engine.cbrt, st.just(0.0)),
    "below": (lambda x: engine.log(engine.sqrt(x) - 10.0) * x, st.floats(-5.0, 5.0)),
}
TAKEN = [
    lambda x: x * x * x - 2.0 * x,
    lambda x: engine.sin(x) * x,
    lambda x: engine.exp(x) + 1.0,
    lambda x: engine.tanh(x) ** 2,
    lambda x: 0.0 * x + 3.0,
]


@settings(max_examples=300)
@given(st.data(), st.sampled_from(sorted(OUTSIDE)), st.sampled_from(TAKEN), st.booleans())
def test_a_branch_not_taken_sends_nothing_at_any_order(data, name, taken, first):
    other, points = OUTSIDE[name]
    x = data.draw(points)

    def f(x):
        condition = x < 1e9  # true, and recorded
        if first:
            return where(condition, taken(x), other(x))
        return where(1.0 - condition, other(x), taken(x))

    for n in (1, 2, 3):
        assert derivative(f, n)(x) == derivative(taken, n)(x)
    by_two = hessian(lambda a, b: f(a) * b + f(b), [x, x])
    alone = hessian(lambda a, b: taken(a) * b + taken(b), [x, x])
    assert [[s.data for s in row] for row in by_two] == [[s.data for s in row] for row in alone]
    v = Value(x)
    f(v).backward()
    assert v.grad == derivative(taken)(x)
    tangents = [
        float(getattr(t, "data", t)) for t in (jvp(f, [x], [2.0])[1], jvp(taken, [x], [2.0])[1])
    ]
    assert tangents[0] == tangents[1]
