"""Recording and replaying: shapes, parameters, sums over rows, what is frozen, threads, memory, depth."""

import gc
import itertools
import linecache
import math
import os
import random
import subprocess
import sys
import threading
import tracemalloc
import warnings
from pathlib import Path

import pytest
from tapes import fresh, needs

import engine
from engine import Value
from engine.tape import FrozenBranchWarning

np = pytest.importorskip("numpy", reason="recording needs NumPy")
from engine.tape.kernels import interpreter  # noqa: E402
from engine.tape.kernels.plan import RDOT, SDOT  # noqa: E402


def regression():
    """(w·x + b - y)² and its parameters."""
    w, b = Value(2.0, label="w"), Value(0.5, label="b")
    return engine.record(lambda x, y: (w * x + b - y) ** 2, [1.0, 3.0]), w, b


def network(n=6):
    """Two hidden units of relu, as matrices and as a tape."""
    draw = np.random.default_rng(0)
    weights = [[Value(x) for x in row] for row in draw.normal(size=(2, n)).tolist()]
    out = [Value(x) for x in draw.normal(size=2).tolist()]

    def loss(*row):
        hidden = [engine.weighted_sum(ws, row[:n]).relu() for ws in weights]
        return (engine.weighted_sum(out, hidden) - row[n]) ** 2

    return engine.record(loss, [0.0] * (n + 1)), draw.normal(size=(300, n + 1))


def by_matrices(tape, rows):
    numbers = np.array([p.data for p in tape.parameters])
    w, v = numbers[:12].reshape(2, 6), numbers[12:]
    x, y = rows[:, :6], rows[:, 6]
    z = x @ w.T
    e = np.maximum(z, 0) @ v - y
    gw = (2 * e[:, None] * v * (z > 0)).T @ x / len(rows)
    gv = np.maximum(z, 0).T @ (2 * e) / len(rows)
    return e**2, np.concatenate([gw.ravel(), gv])


@pytest.mark.parametrize("backend", ["numba", "numpy"])
@pytest.mark.parametrize("fuse", [True, False])
@pytest.mark.parametrize("count", [1, 2, 7, 64, 65, 300])
def test_losses_and_mean_gradient_are_those_of_matrices(backend, fuse, count):
    needs(backend)
    tape, rows = network()
    again = engine.record(lambda x: x, [0.0])
    assert again.forward([[4.0]]).tolist() == [4.0]
    tape._fuse, tape._numba = fuse, backend == "numba"
    losses, gradient = by_matrices(tape, rows[:count])
    np.testing.assert_allclose(tape.replay(rows[:count]), losses, rtol=1e-12)
    np.testing.assert_allclose([p.grad for p in tape.parameters], gradient, rtol=1e-11, atol=1e-13)
    mean, slopes = tape.value_and_gradient([p.data for p in tape.parameters], rows[:count])
    assert mean == pytest.approx(losses.mean(), rel=1e-12)
    np.testing.assert_allclose(slopes, gradient, rtol=1e-11, atol=1e-13)
    _, by_row = tape.gradients(rows[:count])
    np.testing.assert_allclose(by_row.mean(axis=0), gradient, rtol=1e-11, atol=1e-13)


def layers(sizes):
    """A network of tanh, as a tape with the summed square of its outputs for loss, and by matrices."""
    draw = np.random.default_rng(1)
    weights = [draw.normal(size=(n, m + 1)) for m, n in itertools.pairwise(sizes)]
    values = [[[Value(x) for x in row] for row in block] for block in weights]

    def loss(*a):
        for block in values:
            a = [engine.weighted_sum(row[:-1], a, row[-1]).tanh() for row in block]
        return engine.total([x * x for x in a])

    def matrices(rows):
        acts = [rows]
        for block in weights:
            acts.append(np.tanh(acts[-1] @ block[:, :-1].T + block[:, -1]))
        g, slopes = 2 * acts[-1], []
        for block, a, z in zip(weights[::-1], acts[-2::-1], acts[::-1]):
            g = g * (1 - z * z)
            slopes.insert(0, np.column_stack([g.T @ a, g.sum(axis=0)]) / len(rows))
            g = g @ block[:, :-1]
        order = [p for block in values for row in block for p in row]
        return (
            (acts[-1] ** 2).sum(axis=1),
            dict(zip(order, np.concatenate([s.ravel() for s in slopes]))),
            g,
        )

    return engine.record(loss, [0.1] * sizes[0], threads=1), matrices, draw


@pytest.mark.parametrize("backend", ["numba", "numpy"])
@pytest.mark.parametrize("sizes", [[3, 4, 1], [5, 9, 4, 6], [8, 16, 11]])
@pytest.mark.parametrize("count", [1, 3, 8, 100, 131])
def test_layers_are_computed_four_neurons_at_a_time_to_the_numbers_of_matrices(
    backend, sizes, count
):
    needs(backend)
    tape, matrices, draw = layers(sizes)
    tape._numba = backend == "numba"
    rows = draw.normal(size=(count, sizes[0]))
    losses, gradient, by_input = matrices(rows)
    np.testing.assert_allclose(tape.forward(rows), losses, rtol=1e-12)
    mean, slopes = tape.value_and_gradient([p.data for p in tape.parameters], rows)
    assert mean == pytest.approx(losses.mean(), rel=1e-12)
    np.testing.assert_allclose(
        slopes, [gradient[p] for p in tape.parameters], rtol=1e-9, atol=1e-13
    )
    np.testing.assert_allclose(tape.input_gradients(rows)[1], by_input, rtol=1e-9, atol=1e-13)
    code = tape._plan("parameters", True).code
    heads = np.flatnonzero((code[:, 0] >= SDOT) & (code[:, 4] == 4))
    fours = sum(n // 4 for n in sizes[1:])
    assert (code[heads, 0] == RDOT).sum() == fours
    assert (code[heads, 0] == SDOT).sum() >= fours  # and those of the gradients between layers
    assert all((code[k : k + 4, 0] == code[k, 0]).all() for k in heads)


def test_parameters_come_in_order_of_first_use_and_their_present_data_counts():
    tape, w, b = regression()
    assert tape.parameters == [w, b]
    assert tape.replay([[1.0, 3.0], [2.0, 4.0]]).tolist() == [0.25, 0.25]
    assert (w.grad, b.grad) == (0.5, 0.0)  # the means of 2·(-½)·1 and 2·½·2, of -1 and 1
    w.data = 3.0
    assert tape.replay([[1.0, 3.0]]).tolist() == [0.25]
    assert (w.grad, b.grad) == (1.5, 1.0)  # added to what was there


def test_input_gradients_and_forward():
    tape, *_ = regression()
    losses, slopes = tape.input_gradients([[1.0, 3.0], [2.0, 4.0]])
    assert (losses.tolist(), slopes.tolist()) == ([0.25, 0.25], [[-2.0, 1.0], [2.0, -1.0]])
    assert tape.forward([[1.0, 3.0]], [1.0, 0.0]).tolist() == [4.0]
    assert tape.replay(np.empty((0, 2))).shape == (0,)


@pytest.mark.parametrize(
    ("rows", "error", "words"),
    [
        ([1.0, 3.0], ValueError, r"\(2,\).*\(examples, 2\)"),
        ([[1.0, 2.0, 3.0]], ValueError, r"\(1, 3\).*\(examples, 2\)"),
        ([["a", "b"]], TypeError, "dtype"),
        ([[1j, 2j]], TypeError, "complex"),
    ],
)
def test_wrong_rows_are_refused(rows, error, words):
    with pytest.raises(error, match=words):
        regression()[0].replay(rows)


def test_read_only_rows_need_no_other_kernel():
    tape, *_ = regression()
    rows = np.array([[1.0, 3.0], [2.0, 4.0]])
    tape.replay(rows)
    known = list(getattr(interpreter.replay, "signatures", []))
    rows.flags.writeable = False
    assert tape.replay(rows).tolist() == [0.25, 0.25]
    assert list(getattr(interpreter.replay, "signatures", [])) == known


def test_wrong_parameters_and_results_are_refused():
    with pytest.raises(ValueError, match=r"\(3,\).*\(2,\)"):
        regression()[0].value_and_gradient([1.0, 2.0, 3.0], [[1.0, 3.0]])
    with pytest.raises(TypeError, match="one result"):
        engine.record(lambda x: [x, x], [1.0])


def test_values_stand_for_their_numbers_among_parameters():
    w, v = Value(3.0), Value(-1.0)
    tape = engine.record(lambda x: w * x + v, [1.0])
    mean, slopes = tape.value_and_gradient(tape.parameters, [[2.0], [4.0]])
    assert (mean, slopes.tolist()) == (8.0, [3.0, 1.0]) and w.grad == 0.0
    assert tape.forward([[2.0]], [5.0, v]).tolist() == [9.0]


@pytest.mark.parametrize("arguments", [(lambda x: x, 3.0), (lambda x: x, Value(3.0)), (3.0, [3.0])])
def test_what_is_no_function_of_an_example_is_refused(arguments):
    with pytest.raises(TypeError, match=r"write record\(lambda x: x \* x, \[3\.0\]\)"):
        engine.record(*arguments)


def test_a_branch_on_an_input_warns_with_the_users_line():
    def bend(x):
        if x > 0.0:  # this line
            return x * 2.0
        return x

    with pytest.warns(FrozenBranchWarning, match="x > 0.0") as caught:
        tape = engine.record(bend, [1.0])
    assert caught[0].filename == __file__
    assert "this line" in linecache.getline(__file__, caught[0].lineno)
    assert tape.forward([[-3.0]]).tolist() == [-6.0]  # frozen


def test_no_warning_where_the_branch_is_on_a_parameter_or_replays():
    w = Value(2.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tape = engine.record(lambda x: engine.where(x > 0.0, x, w) if w > 1.0 else x, [1.0])
        engine.record(
            lambda x: engine.maximum(x, 0.0) + abs(x) + x.clamp(0.0, 1.0) + x.relu(), [1.0]
        )
    assert tape.forward([[3.0], [-3.0]]).tolist() == [3.0, 2.0]


def test_what_does_not_depend_on_the_example_runs_once_per_replay():
    ws = [Value(float(i)) for i in range(50)]
    tape = engine.record(lambda x: x * ws[0] + 0.1 * engine.total([w * w for w in ws]), [1.0])
    plan = tape._plan("parameters", True)
    assert (
        plan.code.shape[0] < 8
    )  # of the lane part; the squares and their slopes are in the uniform part
    mean, gradient = tape.value_and_gradient([w.data for w in tape.parameters], [[1.0], [3.0]])
    np.testing.assert_allclose(gradient, [2.0, *(0.2 * i for i in range(1, 50))], rtol=1e-12)
    assert mean == pytest.approx(0.1 * sum(i * i for i in range(50)))


@pytest.mark.parametrize(
    "spelling",
    [
        lambda w, x: engine.weighted_sum(w, x),
        lambda w, x: sum(a * b for a, b in zip(w, x)),
        lambda w, x: engine.total([b * a for a, b in zip(w, x)]),
    ],
)
def test_sums_of_products_are_fused_however_they_are_spelled(spelling):
    w = [Value(0.1 * i) for i in range(20)]
    tape = engine.record(lambda *x: spelling(w, x), [1.0] * 20)
    assert tape._plan("nothing", True).code.shape[0] == 1
    assert tape.forward([[1.0] * 20]).tolist() == pytest.approx([19.0])


def test_two_tapes_in_two_threads_find_what_they_find_one_after_the_other():
    tapes = [network() for _ in range(2)]
    alone = [
        tape.value_and_gradient([p.data for p in tape.parameters], rows) for tape, rows in tapes
    ]
    together = [None, None]

    def work(k):
        tape, rows = tapes[k]
        for _ in range(50):
            together[k] = tape.value_and_gradient([p.data for p in tape.parameters], rows)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for (mean, gradient), (value, slopes) in zip(alone, together):
        assert mean == value and (gradient == slopes).all()


def test_a_thousand_replays_leave_memory_flat():
    tape, rows = network()
    tape.replay(rows)
    gc.collect()
    gc.disable()
    tracemalloc.start()
    try:
        for k in range(1010):
            tape.replay(rows)
            if k == 9:
                before = tracemalloc.get_traced_memory()[0]
        after = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
        gc.enable()
    assert after - before < 20_000


def test_a_deep_chain_records_and_replays():
    needs("numba")

    def chain(x):
        for _ in range(50_000):
            x = x * 1.0001 + 0.5
        return x

    tape = engine.record(chain, [1.0])
    _, slopes = tape.input_gradients([[1.0]])
    assert slopes[0, 0] == pytest.approx(1.0001**50_000, rel=1e-9)


def test_a_primitive_of_the_user_is_recorded_by_its_forward_or_refused():
    from engine.operation import Operation

    cube = Operation("cube", "cube", lambda x: x * x * x, lambda z, x: (3.0 * x * x,))
    tape = engine.record(lambda x: cube(x), [2.0])
    assert [part.tolist() for part in tape.input_gradients([[3.0]])] == [[27.0], [[27.0]]]
    opaque = Operation("opaque", "opaque", lambda x: math.sin(x), lambda z, x: (engine.cos(x),))
    with pytest.raises(TypeError, match="opaque"):
        engine.record(lambda x: opaque(x), [2.0])


def test_without_numba_numpy_replays_to_the_same_numbers():
    found = fresh("""if True:
        import sys
        sys.modules["numba"] = None  # what `import numba` finds where it is not installed
        import engine
        w = [engine.Value(x) for x in (0.5, -1.5, 2.0)]
        tape = engine.record(lambda x, y: (w[0] * x + w[1] * engine.tanh(x) + w[2] - y) ** 2, [0.0, 0.0])
        rows = [[0.1 * k, 0.3 * k - 2.0] for k in range(20)]
        mean, gradient = tape.value_and_gradient([0.5, -1.5, 2.0], rows)
        losses = tape.replay(rows)
        print(mean, *gradient, *losses, *(p.grad for p in w))
        try:
            engine.record(lambda x: x, [1.0], backend="numba")
        except ImportError as error:
            assert "pip install numba" in str(error)
        else:
            raise AssertionError("numba was not hidden")
    """)
    x = 0.1 * np.arange(20)
    e = 0.5 * x - 1.5 * np.tanh(x) + 2.0 - (3.0 * x - 2.0)
    gradient = [2.0 * (e * slope).mean() for slope in (x, np.tanh(x), 1.0)]
    wanted = [(e**2).mean(), *gradient, *e**2, *gradient]
    np.testing.assert_allclose(
        [float(text) for text in found.split()], wanted, rtol=1e-12, atol=1e-12
    )


def test_recording_leaves_the_garbage_collector_as_it_was():
    def failing(x):
        raise KeyError("the user's own")

    try:
        for switch, on in ((gc.enable, True), (gc.disable, False)):
            switch()
            engine.record(lambda x: x * x, [1.0])
            assert gc.isenabled() is on
            with pytest.raises(KeyError):
                engine.record(failing, [1.0])
            assert gc.isenabled() is on
    finally:
        gc.enable()


def test_infinities_that_meet_warn_of_nothing():
    w = Value(math.inf)
    tape = engine.record(lambda x: w * x + w * w, [1.0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mean, gradient = tape.value_and_gradient([math.inf], [[-1.0], [2.0]])
    assert math.isnan(mean)
    assert gradient[0] == math.inf


def wide_tape(threads):
    rng = random.Random(0)
    weights = [[Value(rng.uniform(-1.0, 1.0)) for _ in range(8)] for _ in range(32)]

    def loss(*xs):
        hidden = [engine.tanh(engine.weighted_sum(row, xs)) for row in weights]
        return engine.total([h * h for h in hidden])

    return engine.record(loss, [0.5] * 8, threads=threads)


def test_the_bits_do_not_depend_on_the_threads():
    rows = np.random.default_rng(0).standard_normal((8000, 8))
    tapes = [wide_tape(threads) for threads in (1, 2, 3, 7)]
    results = [tape.value_and_gradient([p.data for p in tape.parameters], rows) for tape in tapes]
    first, gradient = results[0]
    for value, other in results[1:]:
        assert value == first and (other == gradient).all()
    exact = np.array([[p.data for p in tapes[0].parameters]]).reshape(32, 8)
    hidden = np.tanh(rows @ exact.T)
    expected = (2.0 * hidden * (1.0 - hidden**2)).T @ rows / len(rows)
    assert gradient.reshape(32, 8) == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("backend", ["numba", "numpy"])
def test_no_rows_add_nothing(backend):
    if backend == "numba":
        pytest.importorskip("numba")
    w = Value(3.0)
    tape = engine.record(lambda x: (x * w) ** 2 + 0.5 * w * w, [1.0], backend=backend)
    none = np.zeros((0, 1))
    assert tape.replay(none).size == 0 and w.grad == 0.0
    value, gradient = tape.value_and_gradient([3.0], none)
    assert value == 0.0 and gradient.tolist() == [0.0]
    assert tape.forward(none).size == 0
    assert [part.shape for part in tape.gradients(none)] == [(0,), (0, 1)]
    tape.replay([[1.0]])
    assert w.grad == 9.0


FORKING = """\
import multiprocessing, sys
import numpy
from tests.test_tape_replay import wide_tape

def train(seed):
    rows = numpy.random.default_rng(seed).standard_normal((8000, 8))
    tape = wide_tape(2)
    return tape.value_and_gradient([p.data for p in tape.parameters], rows)[0]

if __name__ == "__main__":
    before = train(0)
    with multiprocessing.get_context("fork").Pool(2) as pool:
        print(pool.map(train, [0, 0]) == [before, before])
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_process_replays(tmp_path):
    root = Path(__file__).resolve().parent.parent
    (tmp_path / "forking.py").write_text(FORKING, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(tmp_path / "forking.py")],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(root), str(root / "tests")])},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.stdout == "True\n", done.stderr
