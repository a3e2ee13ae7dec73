"""What recording leaves out and puts together: instructions are counted, and numbers are those of the graph."""

import math

import pytest
from tapes import needs

import engine
from engine import Value, lift
from engine.operations import OPERATIONS

np = pytest.importorskip("numpy", reason="recording needs NumPy")
from engine.tape.kernels.arithmetic import CODES, NAMES, value_of  # noqa: E402
from engine.tape.kernels.plan import EXPS, RDOT, SDOT, VDOT  # noqa: E402

SUMS = {SDOT: "sdot", VDOT: "vdot", RDOT: "rdot", EXPS: "exp"}


def instructions(function, example, wanted="nothing", fuse=False):
    """The names of the instructions that run for each example."""
    plan = engine.record(function, example)._plan(wanted, fuse)
    return sorted((SUMS | dict(enumerate(NAMES)))[op] for op in plan.code[:, 0].tolist())


def test_what_is_computed_twice_is_computed_once():
    twice = instructions(lambda x, y: engine.exp(x * y) + engine.exp(x * y), [1.0, 2.0])
    assert twice == ["add", "exp", "multiply"]
    turned = instructions(lambda x, y: (x * y + 3.0) * (3.0 + y * x), [1.0, 2.0])
    assert turned == ["add", "multiply", "multiply"]
    different = instructions(lambda x, y: (x - y) / (y - x), [1.0, 2.0])
    assert different == ["divide", "subtract", "subtract"]


def test_the_gradient_reuses_the_forward_pass():
    # d exp(x)/dx is exp(x) itself, and d sigmoid(x)/dx = z·sigmoid(-x) needs one sigmoid more.
    assert instructions(lambda x: x.exp(), [1.0], "inputs").count("exp") == 1
    assert instructions(lambda x: x.sigmoid(), [1.0], "inputs").count("sigmoid") == 2
    source = engine.record(lambda x: x.exp() * x.exp(), [1.0]).source("python")
    assert source.count("= exp(v") == 2  # once in each of its two functions


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda x: x * 1.0 + x.exp(), ["add", "exp"]),
        (lambda x: x / 1.0 + x.exp(), ["add", "exp"]),
        (lambda x: x ** lift(1.0) + x.exp(), ["add", "exp"]),
        (lambda x: x - 0.0 + x.exp(), ["add", "exp"]),
        (lambda x: -(-x) + x.exp(), ["add", "exp"]),
        (lambda x: engine.where(lift(2.0) > 1.0, x, x.sin()) + x.exp(), ["add", "exp"]),
        (lambda x: engine.where(lift(1.0) > 2.0, x.sin(), x) + x.exp(), ["add", "exp"]),
        (lambda x: x + lift(2.0).exp() * 3.0, ["add"]),
        (lambda x: x + 0.0, ["add"]),  # turns -0.0 into 0.0
        (lambda x: x - lift(-0.0), ["subtract"]),  # the same
    ],
)
def test_what_changes_nothing_is_no_instruction(function, expected):
    assert instructions(function, [1.0]) == expected


@pytest.mark.parametrize("backend", ["numba", "numpy"])
def test_zeros_keep_their_signs(backend):
    needs(backend)

    def signs(function):
        values = engine.record(function, [1.0], backend=backend).forward([[-0.0], [0.0]])
        return [math.copysign(1.0, z) for z in values]

    assert signs(lambda x: x + 0.0) == [1.0, 1.0]
    assert signs(lambda x: x - lift(-0.0)) == [1.0, 1.0]
    assert signs(lambda x: x - 0.0) == [-1.0, 1.0]
    assert signs(lambda x: x + lift(-0.0)) == [-1.0, 1.0]
    assert signs(lambda x: x * 1.0) == [-1.0, 1.0]


def test_what_no_result_needs_is_not_computed():
    def waste(x, y):
        (x * y).exp().sin()
        return x * y

    assert instructions(waste, [1.0, 2.0]) == ["multiply"]
    w = Value(2.0)
    both = instructions(lambda x: (w * x).exp(), [1.0], "all")
    assert both.count("masked") == 2  # exp(w·x) times w, and times x
    assert instructions(lambda x: (w * x).exp(), [1.0], "inputs").count("masked") == 1
    by_w = instructions(lambda x: x.exp() * 3.0 + w, [1.0], "parameters")
    assert by_w == ["add", "exp", "multiply"]


def test_a_sum_of_three_is_one_instruction_and_one_of_two_is_not():
    xs = [1.0, 2.0, 3.0, 4.0]
    assert instructions(lambda a, b, c, d: a - b - c, xs, fuse=True) == ["sdot"]
    assert instructions(lambda a, b, c, d: a - (b - (c - d)), xs, fuse=True) == ["sdot"]
    assert instructions(lambda a, b, c, d: a * b + c * d - a, xs, fuse=True) == ["sdot", "vdot"]
    assert instructions(lambda a, b, c, d: a - b, xs, fuse=True) == ["subtract"]
    assert instructions(lambda a, b, c, d: (a + b + c).exp() + (a + b), xs, fuse=True) == [
        "add",  # a + b is used by both sums, so it stays
        "add",
        "add",
        "exp",
    ]


@pytest.mark.parametrize("backend", ["numba", "numpy"])
@pytest.mark.parametrize(
    ("function", "value", "gradient"),  # at a, b, c, d = 1, 2, 3, 5 by hand
    [
        (lambda a, b, c, d: a - b - c, -4.0, [1.0, -1.0, -1.0, 0.0]),
        (lambda a, b, c, d: a - (b - (c - d)), -3.0, [1.0, -1.0, 1.0, -1.0]),
        (lambda a, b, c, d: -(a * b) - (-(c * d)), 13.0, [-2.0, -1.0, 5.0, 3.0]),
        (lambda a, b, c, d: 2.0 - a * b + (c - a * d), -2.0, [-7.0, -1.0, 1.0, -1.0]),
        (lambda a, b, c, d: -(a - (-b)) + (-c - d), -11.0, [-1.0, -1.0, -1.0, -1.0]),
        (lambda a, b, c, d: d - (a * b - c * (a - d)), -9.0, [1.0, -1.0, -4.0, -2.0]),
    ],
)
def test_the_terms_of_a_sum_have_their_signs(backend, function, value, gradient):
    needs(backend)
    point = [1.0, 2.0, 3.0, 5.0]
    tape = engine.record(function, [0.5] * 4, backend=backend)
    values, by_input = tape.input_gradients([point, point])
    assert (values.tolist(), by_input.tolist()) == ([value] * 2, [gradient] * 2)
    weights = [Value(x) for x in point]
    trained = engine.record(lambda x: function(*weights) * x, [1.0], backend=backend)
    order = [weights.index(p) for p in trained.parameters]
    mean, slopes = trained.value_and_gradient([point[i] for i in order], [[1.0], [3.0]])
    assert mean == 2.0 * value
    assert slopes.tolist() == [2.0 * gradient[i] for i in order]


@pytest.mark.parametrize("backend", ["numba", "numpy"])
def test_where_a_function_is_nan_its_gradient_is_nan(backend):
    """The product of the gradient and the slope, 0 · 1/x, would be 0 or infinite: the engine says nan."""
    needs(backend)
    tape = engine.record(lambda x: x.log(), [1.0], backend=backend, fuse=False)
    fused = engine.record(lambda x: x.log(), [1.0], backend=backend)
    x = Value(-1.0)
    x.log().backward()
    assert math.isnan(x.grad)
    for each in (tape, fused):
        values, slopes = each.input_gradients([[-1.0], [2.0]])
        assert math.isnan(values[0]) and math.isnan(slopes[0, 0])
        assert (values[1], slopes[1, 0]) == (math.log(2.0), 0.5)


@pytest.mark.parametrize("backend", ["numba", "numpy"])
def test_what_is_not_finite_is_run_again_as_the_graph_does(backend):
    """With fusion 0 · inf is nan; the graph sends nothing where the gradient is 0."""
    needs(backend)
    w = Value(2.0)
    tape = engine.record(lambda x: engine.where(x > 0.0, 0.0, w * x) + w, [1.0], backend=backend)
    rows = [[math.inf], [-3.0]]
    assert np.isnan(_fused(tape, rows)).any()  # so the second run matters
    mean, slopes = tape.value_and_gradient([2.0], rows)
    assert (mean, slopes.tolist()) == (-1.0, [-0.5])  # means of 2 and -4; of 1 and -2
    assert tape.gradients(rows)[1].tolist() == [[1.0], [-2.0]]


def _fused(tape, rows):
    """The gradient that the fused program finds by itself."""
    from engine.tape.replay import run

    plan = tape._plan("parameters", True)
    numbers = np.array([p.data for p in tape.parameters])
    return run(plan, numbers, np.array(rows), None, tape._numba).gradient


def test_the_codes_of_operations_are_those_of_their_names():
    for name, code in CODES.items():
        if name in OPERATIONS:
            operation = OPERATIONS[name]
            operands = [0.6, 0.7, 0.8][: operation.arity]
            expected = operation.forward(*operands)
            result = value_of(code, *operands, *[0.0] * (3 - len(operands)))
            assert result == expected or (name == "acosh" and math.isnan(result))


@pytest.mark.parametrize("backend", ["numba", "numpy"])
@pytest.mark.parametrize("name", sorted(set(CODES) & set(OPERATIONS)))
def test_every_operation_by_itself(backend, name):
    """In a block, alone, and of numbers that no example changes: the forward of the engine, to 2 ulp."""
    needs(backend)
    operation = OPERATIONS[name]
    points = [-2.5, -0.0, 0.3, 0.75, 1.0, 4.0]
    rows = [[x, y, z][: operation.arity] for x in points for y in points for z in (0.5, -3.0)]
    example = rows[0]
    tape = engine.record(lambda *xs: operation.apply(xs), example, backend=backend)
    for row, z in zip(rows, tape.forward(rows)):
        expected = operation.forward(*row)
        alone = tape.forward([row])[0]
        constants = [Value(x) for x in row]
        uniform = engine.record(lambda x, c=constants: operation.apply(tuple(c)) + x, [0.0])
        for result in (z, alone, uniform.forward([[-0.0]])[0]):
            assert _close(result, expected), (row, result, expected)


def _close(x, y):
    if y != y or math.isinf(y):
        return x == y or (x != x and y != y)
    return abs(x - y) <= 2.0 * math.ulp(y)
