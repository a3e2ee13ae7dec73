"""What Python learns of a recorded number is noted with the line, and nothing else is."""

import linecache
import warnings

import pytest

import engine
from engine import Value

pytest.importorskip("numpy")

W = Value(2.0, label="w")


def by_data(x, y):
    return x * W if (x + y).data > 0.0 else y  # here


def by_input_data(x, y):
    return x * W * x.data  # here


def by_equality(x, y):
    return y if x == -999.0 else x * W  # here


def by_inequality(x, y):
    return y if x != y else x * W  # here


def by_list(x, y):
    return y if x in [0.0, 1.0] else x * W  # here


def by_set(x, y):
    return y if x in {0.0, 1.0} else x * W  # here


def by_dict(x, y):
    return {1.0: y}.get(x, x * W)  # here


def by_branch(x, y):
    return x * W if x > y else y  # here


def by_max(x, y):
    return max(x, y) * W  # here


HAZARDS = [
    by_data,
    by_input_data,
    by_equality,
    by_inequality,
    by_list,
    by_set,
    by_dict,
    by_branch,
    by_max,
]


@pytest.mark.parametrize("function", HAZARDS)
def test_a_number_that_python_learns_warns_once_with_the_line(function):
    with pytest.warns(engine.FrozenBranchWarning, match="engine.where") as caught:
        engine.record(function, [1.0, 3.0])
    assert [w.filename for w in caught] == [__file__]
    assert "# here" in linecache.getline(__file__, caught[0].lineno)
    assert function.__code__.co_firstlineno == caught[0].lineno - 1


@pytest.mark.parametrize(
    "function",
    [
        lambda x, y: x * W if W.data > 0.0 else y,
        lambda x, y: x * W if W > 0.0 else y,
    ],
)
def test_leaves_that_are_named_as_parameters_are_watched_too(function):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        engine.record(function, [1.0, 3.0])
    with pytest.warns(engine.FrozenBranchWarning):
        engine.record(function, [1.0, 3.0], parameters=[W])


@pytest.mark.parametrize(
    "function",
    [
        lambda x, y: engine.where(x - 1.0, x, y) * W,
        lambda x, y: engine.gradient(W * x * x, [x])[0],
        lambda x, y: engine.derivative(lambda t: engine.tanh(W * t))(x),
        lambda x, y: engine.softmax([x, y])[0] * W,
        lambda x, y: engine.hessian(lambda a, b: a * b * W, [x, y])[0][1],
        lambda x, y: {W: x}[W] * y,
    ],
)
def test_what_the_engine_reads_for_itself_is_no_hazard(function):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tape = engine.record(function, [1.0, 3.0], parameters=[W])
    rows = [[1.0, 3.0], [2.0, -1.0]]
    own = [function(*map(Value, row)).data for row in rows]
    assert tape.forward(rows).tolist() == pytest.approx(own, rel=1e-12)


@pytest.mark.parametrize("fails", [False, True])
def test_every_value_is_an_ordinary_one_afterwards(fails):
    kept = []

    def function(x):
        kept.extend([x, x * W])
        if fails:
            raise LookupError
        return kept[1]

    try:
        engine.record(function, [1.0], parameters=[W])
    except LookupError:
        assert fails
    assert {type(v) for v in (*kept, W)} == {Value}
    assert kept[1].data == 2.0 and kept[0] != 1.0 and kept[0] not in {1.0}
