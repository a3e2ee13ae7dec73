"""pick: choosing one of several values by an index, eagerly, on tapes, in source and in words."""

import math

import pytest
from tapes import fresh, needs

import engine
from engine import Value, formula, gradient, pick

inf, nan = math.inf, math.nan


def weights(*numbers):
    return [Value(x, label=f"w{k}") for k, x in enumerate(numbers)]


def test_the_whole_gradient_goes_to_the_value_that_is_chosen():
    w, index = weights(5.0, 6.0, 7.0), Value(2.0, label="index")
    y = 3.0 * pick(w, index)
    y.backward()
    assert y.data == 21.0
    assert [p.grad for p in (*w, index)] == [0.0, 0.0, 3.0, 0.0]


def test_a_plain_index_returns_the_value_itself():
    w = weights(5.0, 6.0)
    assert pick(w, 1) is w[1] and pick(iter(w), 0.0) is w[0]
    assert pick([5.0, 6.0], True) == 6.0
    assert pick([1.0, 2.0], Value(1.0)).operation.name == "pick"


def test_second_derivatives():
    x, y, index = Value(3.0), Value(4.0), Value(1.0)
    [first] = gradient(pick([x * x, y * y * y], index), [y])
    [second] = gradient(first, [y])
    assert (first.data, second.data) == (48.0, 24.0)


@pytest.mark.parametrize("index", [3, -1, 1.5, nan, inf, Value(3.0), Value(-1.0)])
def test_out_of_range_names_both_numbers(index):
    shown = index.data if isinstance(index, Value) else index
    digits = repr(float(shown)).removesuffix(".0")
    with pytest.raises(IndexError, match="0 to 2") as error:
        pick(weights(5.0, 6.0, 7.0), index)
    assert f"pick of 3 values at index {digits}" in str(error.value).replace(f"{shown}.0", digits)


def test_no_values():
    with pytest.raises(ValueError, match="give it at least one"):
        pick([], 0)


@pytest.mark.parametrize("backend", ["numba", "numpy"])
@pytest.mark.parametrize("fuse", [True, False])
@pytest.mark.parametrize("n", [1, 3, 40])
def test_on_a_tape_each_row_chooses(backend, fuse, n):
    """Of parameters (a gather, its gradient scattered), of varying numbers, and of both mixed."""
    needs(backend)
    np = pytest.importorskip("numpy")
    w, v = weights(0.5, -1.5, 2.0), Value(3.0)

    def loss(i, x):
        return pick(w, i) * x + pick([x * x, v * x, v], i) * v + pick([w[0], x, 1.0], i)

    tape = engine.record(loss, [0.0, 1.0], fuse=fuse, backend=backend)
    rows = np.array([[k % 3, 0.3 * k - 1.0] for k in range(n)])
    losses, sums = [], {p: 0.0 for p in tape.parameters}
    for row in rows.tolist():
        for p in sums:
            p.grad = 0.0
        one = loss(*map(Value, row))
        one.backward()
        losses.append(one.data)
        sums = {p: total + p.grad for p, total in sums.items()}
    numbers = [p.data for p in tape.parameters]
    mean, slopes = tape.value_and_gradient(numbers, rows)
    assert mean == pytest.approx(sum(losses) / n, rel=1e-13)
    assert slopes.tolist() == pytest.approx([x / n for x in sums.values()], rel=1e-12, abs=1e-14)
    np.testing.assert_allclose(tape.forward(rows), losses, rtol=1e-13)
    np.testing.assert_allclose(tape.gradients(rows)[1].mean(axis=0), slopes, atol=1e-13)
    assert tape.input_gradients(rows)[1][:, 0].tolist() == [0.0] * n


def test_a_pick_of_parameters_is_one_instruction_and_its_gradient_another():
    pytest.importorskip("numpy")
    from engine.tape.kernels.plan import PICK, SCATTER

    w = [Value(float(k)) for k in range(27)]
    plan = engine.record(lambda i: pick(w, i), [1.0])._plan("parameters", True)
    assert sorted(plan.code[:, 0].tolist()) == [PICK, SCATTER]


@pytest.mark.parametrize("backend", ["numba", "numpy"])
@pytest.mark.parametrize("fuse", [True, False])
@pytest.mark.parametrize("index", [3.0, -1.0, 0.5, nan])
def test_on_a_tape_the_row_is_named(backend, fuse, index):
    needs(backend)
    pytest.importorskip("numpy")
    w = weights(5.0, 6.0, 7.0)
    tape = engine.record(lambda i, x: pick(w, i) * x, [0.0, 1.0], fuse=fuse, backend=backend)
    for replay in (tape.forward, tape.replay, tape.gradients, tape.input_gradients):
        with pytest.raises(IndexError, match="row 2: pick of 3 values at index .* 0 to 2"):
            replay([[0.0, 1.0], [2.0, 1.0], [index, 1.0]])
    assert [p.grad for p in w] == [0.0, 0.0, 0.0]


def test_an_index_that_is_computed():
    pytest.importorskip("numpy")
    w = weights(5.0, 6.0, 7.0)
    tape = engine.record(lambda x: pick(w, engine.floor(x * 2.0)), [0.0])
    assert tape.forward([[0.0], [0.7], [1.3]]).tolist() == [5.0, 6.0, 7.0]
    _, slopes = tape.value_and_gradient([5.0, 6.0, 7.0], [[0.0], [0.7], [1.3], [0.9]])
    assert slopes.tolist() == [0.25, 0.5, 0.25]
    with pytest.raises(IndexError, match="row 1: pick of 3 values at index 4"):
        tape.value_and_gradient([5.0, 6.0, 7.0], [[0.0], [2.2]])


@pytest.mark.parametrize("language", ["python", "numpy"])
def test_source(language):
    pytest.importorskip("numpy")
    w = weights(5.0, 6.0, 7.0)
    tape = engine.record(lambda i, x: pick(w, i) * x, [0.0, 1.0])
    found = {}
    exec(compile(tape.source(language), "exported", "exec"), found)
    value, slopes = found["value_and_gradient"](1.0, 2.0, *[p.data for p in tape.parameters])
    by_parameter = dict(zip(tape.parameters, slopes[2:]))
    assert float(value) == 12.0 and [float(by_parameter[p]) for p in w] == [0.0, 2.0, 0.0]
    assert math.isnan(found["value"](3.0, 2.0, *[p.data for p in tape.parameters]))


def test_words_and_pictures():
    w, index = weights(*map(float, range(12))), Value(1.0, label="index")
    y = pick(w, index)
    assert formula.expression(y) == "pick(w0, w1, w2, …, index)"
    y.backward()
    assert y.why(w[1]).startswith("w1.grad = 1")
    assert "pick" in engine.draw(y).svg
    assert sum(step.contribution for step in y.steps()) == 1.0


def test_without_numba_and_with_a_loop_in_python():
    pytest.importorskip("numpy")
    found = fresh("""if True:
        import sys
        sys.modules["numba"] = None
        import engine
        w = [engine.Value(x) for x in (5.0, 6.0)]
        tape = engine.record(lambda i: engine.pick(w, i), [0.0])
        print(tape.forward([[1.0], [0.0]]).tolist())
        try:
            tape.forward([[2.0]])
        except IndexError as error:
            print(error)
    """)
    shown = "row 0: pick of 2 values at index 2: give a whole number from 0 to 1"
    assert found.splitlines() == ["[6.0, 5.0]", shown]
