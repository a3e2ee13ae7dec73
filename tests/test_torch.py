"""Against PyTorch's float64, where it is installed (`pip install torch==2.13.0`): values, gradients, edges."""

import math

import pytest

import engine
from engine import Value

torch = pytest.importorskip(
    "torch", reason="PyTorch is not installed: these comparisons are optional"
)
F = torch.nn.functional
inf, nan = math.inf, math.nan

POINTS = [-2.3, -0.8, -0.3, 0.4, 0.9, 1.7, 3.2]
ONE = {  # ours: (theirs, points)
    "exp": (torch.exp, POINTS),
    "exp2": (torch.exp2, POINTS),
    "expm1": (torch.expm1, POINTS),
    "log": (torch.log, [0.2, 1.0, 5.0]),
    "log2": (torch.log2, [0.2, 1.0, 5.0]),
    "log10": (torch.log10, [0.2, 1.0, 5.0]),
    "log1p": (torch.log1p, [-0.5, 0.2, 3.0]),
    "sqrt": (torch.sqrt, [0.3, 2.0, 9.0]),
    "square": (torch.square, POINTS),
    "reciprocal": (torch.reciprocal, POINTS),
    "sin": (torch.sin, POINTS),
    "cos": (torch.cos, POINTS),
    "tan": (torch.tan, POINTS),
    "asin": (torch.asin, [-0.7, 0.1, 0.9]),
    "acos": (torch.acos, [-0.7, 0.1, 0.9]),
    "atan": (torch.atan, POINTS),
    "sinh": (torch.sinh, POINTS),
    "cosh": (torch.cosh, POINTS),
    "tanh": (torch.tanh, POINTS),
    "asinh": (torch.asinh, POINTS),
    "acosh": (torch.acosh, [1.2, 2.0, 30.0]),
    "atanh": (torch.atanh, [-0.7, 0.1, 0.9]),
    "sigmoid": (torch.sigmoid, POINTS),
    "softplus": (F.softplus, POINTS),
    "relu": (torch.relu, [*POINTS, 0.0, nan]),
    "gelu": (F.gelu, POINTS),
    "leaky_relu": (F.leaky_relu, [*POINTS, 0.0]),
    "elu": (F.elu, [*POINTS, 0.0]),
    "silu": (F.silu, POINTS),
    "erf": (torch.erf, POINTS),
    "erfc": (torch.erfc, POINTS),
    "sign": (torch.sign, [*POINTS, 0.0]),
    "floor": (torch.floor, POINTS),
    "ceil": (torch.ceil, POINTS),
    "trunc": (torch.trunc, POINTS),
}
TWO = {
    "maximum": torch.maximum,
    "minimum": torch.minimum,
    "atan2": torch.atan2,
    "hypot": torch.hypot,
    "copysign": torch.copysign,
    "fmod": torch.fmod,
    "logaddexp": torch.logaddexp,
}
MANY = {
    "total": torch.sum,
    "mean": torch.mean,
    "product": torch.prod,
    "logsumexp": lambda t: torch.logsumexp(t, 0),
}
PAIRS = [(0.7, 1.9), (-0.7, 1.9), (2.5, -0.6), (-2.5, -0.6), (1.5, 1.5)]
OPERATORS = {
    "+": lambda x, y: x + y,
    "-": lambda x, y: x - y,
    "*": lambda x, y: x * y,
    "/": lambda x, y: x / y,
    "%": lambda x, y: x % y,
}


def ours(f, xs):
    values = [Value(x) for x in xs]
    z = f(*values)
    z.backward()
    return [z.data, *(v.grad for v in values)]


def theirs(f, xs):
    tensors = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in xs]
    z = f(*tensors)
    z.backward()
    return [z.item(), *(0.0 if t.grad is None else t.grad.item() for t in tensors)]


def close(expected):
    return pytest.approx(expected, rel=1e-13, abs=1e-14, nan_ok=True)


@pytest.mark.parametrize("name", ONE)
def test_functions_of_one(name):
    counterpart, points = ONE[name]
    for x in points:
        if name == "relu" and x != x:
            assert all(map(math.isnan, ours(engine.relu, [x])))  # CONVENTIONS: never hide a nan
        else:
            assert ours(getattr(engine, name), [x]) == close(theirs(counterpart, [x])), x


@pytest.mark.parametrize("name", TWO)
def test_functions_of_two(name):
    for pair in PAIRS:
        assert ours(getattr(engine, name), pair) == close(theirs(TWO[name], pair)), pair


@pytest.mark.parametrize("name", OPERATORS)
def test_operators(name):
    for pair in PAIRS:
        assert ours(OPERATORS[name], pair) == close(theirs(OPERATORS[name], pair)), pair


@pytest.mark.parametrize(
    ("x", "y"), [(1.3, 2.7), (0.2, -1.5), (0.0, 2.0), (0.0, 0.0), (0.0, 1.0), (2.0, 0.0)]
)
def test_powers(x, y):
    assert ours(lambda a, b: a**b, [x, y]) == close(theirs(torch.pow, [x, y]))
    assert ours(lambda a: a**y, [x]) == close(theirs(lambda a: a**y, [x]))


@pytest.mark.parametrize("name", MANY)
def test_functions_of_many(name):
    xs = [0.5, -1.5, 3.0, 0.25]
    assert ours(lambda *v: getattr(engine, name)(v), xs) == close(
        theirs(lambda *t: MANY[name](torch.stack(t)), xs)
    )


def test_softmax():
    xs = [0.5, -1.5, 3.0]
    assert ours(lambda *v: engine.softmax(v)[1], xs) == close(
        theirs(lambda *t: torch.softmax(torch.stack(t), 0)[1], xs)
    )


@pytest.mark.parametrize("x", [-1.0, 0.3, 1.0, 2.0, -2.0])
def test_clamp_at_and_beyond_its_bounds(x):
    assert ours(lambda v: engine.clamp(v, -1.0, 1.0), [x]) == close(
        theirs(lambda t: torch.clamp(t, -1.0, 1.0), [x])
    )


def test_where():
    for x in (0.5, -0.5):
        assert ours(lambda v: engine.where(v > 0, v * v, 3 * v), [x]) == theirs(
            lambda t: torch.where(t > 0, t * t, 3 * t), [x]
        )


def test_higher_orders():
    def f(x, exp, tanh):
        return tanh(x * x) * exp(-x) / (x * x + 1.0)

    x, t = Value(0.6), torch.tensor(0.6, dtype=torch.float64, requires_grad=True)
    mine, other = f(x, engine.exp, engine.tanh), f(t, torch.exp, torch.tanh)
    for _ in range(4):
        [mine] = engine.gradient(mine, [x])
        [other] = torch.autograd.grad(other, t, create_graph=True)
        assert mine.data == pytest.approx(other.item(), rel=1e-11)


def sanity(x):
    z = 2 * x + 2 + x
    q = z.relu() + z * x
    h = (z * z).relu()
    return h + q + q * x


def more(a, b):
    c = a + b
    d = a * b + b**3
    c = c + (c + 1)
    c = c + (1 + c + (-a))
    d = d + (d * 2 + (b + a).relu())
    d = d + (3 * d + (b - a).relu())
    e = c - d
    f = e**2
    return f / 2.0 + 10.0 / f


def test_the_expressions_of_micrograds_own_tests():
    assert ours(sanity, [-4.0]) == theirs(sanity, [-4.0]) == [-20.0, 46.0]
    assert ours(more, [-4.0, 2.0]) == close(theirs(more, [-4.0, 2.0]))
