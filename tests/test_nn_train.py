"""fit against a loop by hand and NumPy's matrices; what one example wants; runs that are killed and go on."""

import contextlib
import io
import math
import os
import random
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

import engine
import nn
from demos.data import moons
from engine import Value, mean, square, total

ROOT = Path(__file__).parents[1]
ROWS = [[0.0, 1.0], [1.0, 0.5], [-1.0, 2.0], [0.25, -1.0], [2.0, 0.0]]
TARGETS = [1.0, -1.0, 0.5, 0.0, 2.0]


def net(seed=3):
    return nn.MLP(2, [4, 1], activation="tanh", seed=seed)


def numbers(model):
    return [p.data for p in model.parameters()]


def quiet(model, epochs=4, optimizer=None, **options):
    return nn.fit(
        model,
        ROWS,
        TARGETS,
        **{
            "loss": nn.squared_error,
            "epochs": epochs,
            "progress": False,
            "optimizer": optimizer or nn.SGD(model.parameters(), 0.05),
            **options,
        },
    )


def seen(**options):
    """A fit that shows its progress."""
    return quiet(net(), **{"progress": True, **options})


@pytest.mark.parametrize("size", [None, 1, 2, 3, 5, 50])
@pytest.mark.parametrize("strength", [0.0, 0.01])
def test_fit_is_a_loop_that_one_could_write(size, strength):
    fitted, byhand = net(), net()
    history = quiet(fitted, batch_size=size, seed=7, l2=strength)
    losses = []
    for epoch in range(4):
        summed = 0.0
        for group in nn.batches(5, size, 7, epoch):
            loss = mean([square(byhand(ROWS[i]) - TARGETS[i]) for i in group])
            loss = loss + strength * total([p * p for p in byhand.parameters()])
            byhand.zero_grad()
            loss.backward()
            for p in byhand.parameters():
                p.data -= 0.05 * p.grad
            summed += loss.data * len(group)
        losses.append(summed / 5)
    assert numbers(fitted) == pytest.approx(numbers(byhand), rel=1e-12, abs=1e-14)
    assert history.loss == pytest.approx(losses, rel=1e-12)
    assert len(history.times) == 4 and history.times == sorted(history.times)


def test_gradient_descent_on_a_line_is_that_of_matrices():
    np = pytest.importorskip("numpy")
    line = nn.Neuron(2, "linear", seed=1)
    theta = np.array(numbers(line))
    quiet(line, epochs=20)
    design = np.array([[*row, 1.0] for row in ROWS])
    for _ in range(20):
        theta = theta - 0.05 * 2.0 * design.T @ (design @ theta - np.array(TARGETS)) / 5
    np.testing.assert_allclose(numbers(line), theta, rtol=1e-12)


def test_batches_take_every_example_once_in_an_order_of_seed_and_epoch():
    for size in (1, 2, 3, 7, 10, 99):
        groups = nn.batches(10, size, 0, 0)
        assert sorted(i for group in groups for i in group) == list(range(10))
        assert [len(group) for group in groups[:-1]] == [size] * (len(groups) - 1) and len(
            groups[-1]
        ) <= size
    assert nn.batches(10, 3, 0, 0) == nn.batches(10, 3, 0, 0)
    assert nn.batches(10, 3, 0, 0) != nn.batches(10, 3, 0, 1) != nn.batches(10, 3, 1, 1)
    assert nn.batches(4, None, 5, 9) == [[0, 1, 2, 3]]


def test_the_same_seed_trains_to_the_same_bits_and_another_does_not():
    one, two, other = net(), net(), net()
    for model, seed in ((one, 0), (two, 0), (other, 1)):
        quiet(model, batch_size=2, seed=seed)
    assert numbers(one) == numbers(two) != numbers(other)


def test_the_mean_of_what_each_example_wants_is_the_gradient_of_the_batch():
    model = net()
    for p in model.parameters():
        p.grad = 42.0
    wishes = nn.example_gradients(model, ROWS, TARGETS, loss=nn.squared_error)
    assert all(p.grad == 42.0 for p in model.parameters())  # left as they were
    model.zero_grad()
    mean([nn.squared_error(model(x), y) for x, y in zip(ROWS, TARGETS)]).backward()
    average = nn.average_gradient(wishes)
    assert list(average) == list(model.named_parameters()) and len(wishes) == 5
    assert list(average.values()) == pytest.approx(
        [p.grad for p in model.parameters()], rel=1e-12, abs=1e-15
    )
    model.zero_grad()
    nn.squared_error(model(ROWS[3]), TARGETS[3]).backward()
    assert wishes[3] == model.named_gradient()


def test_before_step_sees_the_averaged_gradient_and_may_change_it():
    model, norms = net(), []
    start = numbers(model)
    quiet(
        model, epochs=1, before_step=lambda: norms.append(nn.clip_by_norm(model.parameters(), 1e-3))
    )
    moved = math.dist(start, numbers(model))
    assert norms[0] > 1e-3 and moved == pytest.approx(0.05 * 1e-3, rel=1e-9)


def test_frozen_layers_stay_through_a_fit():
    model = net()
    optimizer = nn.Adam(model.parameters(), 0.05)
    optimizer.freeze(model.layers[0].parameters())
    first, last = numbers(model.layers[0]), numbers(model.layers[1])
    quiet(model, optimizer=optimizer)
    assert numbers(model.layers[0]) == first and numbers(model.layers[1]) != last


def test_two_moons_are_learned_to_the_last_point():
    rows, signs = moons(100, 0.1, seed=0)
    model = nn.MLP(2, [16, 16, 1], seed=0)
    nn.fit(
        model,
        rows,
        signs,
        loss=nn.max_margin,
        optimizer=nn.Adam(model.parameters(), 0.02),
        epochs=40,
        batch_size=10,
        progress=False,
    )
    assert all(score * sign > 0.0 for score, sign in zip(model.predict(rows), signs))


class Labelled:
    """Rows that are indexed by labels, as those of pandas are."""

    def __init__(self, rows):
        self.rows = rows

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, label):
        raise KeyError(label)

    def __iter__(self):
        return iter(["a", "b"])

    def __array__(self, *options, **more):
        return pytest.importorskip("numpy").array(self.rows)


class Countable:
    """An iterator with a length."""

    def __init__(self, rows):
        self.rows = iter(rows)
        self.length = len(rows)

    def __len__(self):
        return self.length

    def __iter__(self):
        return self.rows


def pandas_frame(rows):
    pandas = pytest.importorskip("pandas")
    shuffled = [3, 0, 4, 1, 2]  # labels that pair other rows than the positions do
    if isinstance(rows[0], list):
        return pandas.DataFrame(rows, index=shuffled, columns=["x0", "x1"])
    return pandas.Series(rows, index=shuffled[::-1])


def polars_frame(rows):
    polars = pytest.importorskip("polars")
    if isinstance(rows[0], list):
        return polars.DataFrame(rows, schema=["x0", "x1"], orient="row")
    return polars.Series(rows)


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize(
    "kind",
    [
        tuple,
        Labelled,
        Countable,
        lambda rows: (row for row in rows),
        lambda rows: pytest.importorskip("numpy").array(rows),
        lambda rows: pytest.importorskip("torch").tensor(rows, dtype=float),
        pandas_frame,
        polars_frame,
    ],
)
def test_whatever_has_rows_in_order_is_read_by_position(kind, compiled):
    if compiled:
        pytest.importorskip("numpy")
    expected, model = net(), net()
    options = {"loss": nn.squared_error, "epochs": 3, "batch_size": 2, "progress": False}
    for one, rows, targets in (
        (expected, ROWS, TARGETS),
        (model, kind(ROWS), kind(TARGETS)),
    ):
        optimizer = nn.SGD(one.parameters(), 0.05)
        nn.fit(one, rows, targets, optimizer=optimizer, compiled=compiled, **options)
    assert numbers(model) == numbers(expected)
    assert model.predict(kind(ROWS)) == expected.predict(ROWS)
    each = nn.example_gradients(model, kind(ROWS), kind(TARGETS), loss=nn.squared_error)
    assert each == nn.example_gradients(expected, ROWS, TARGETS, loss=nn.squared_error)


# -- checkpoints ---------------------------------------------------------------------------------------------

KINDS = [lambda p: nn.SGD(p, lambda t: 0.1 / (1 + t), 0.9), lambda p: nn.Adam(p, 0.05)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_in_two_parts_has_the_bits_of_a_run_in_one(tmp_path, kind):
    whole, parts = net(), net()
    full = quiet(whole, epochs=9, optimizer=kind(whole.parameters()), batch_size=2)
    path = tmp_path / "run.json"
    quiet(parts, epochs=4, optimizer=kind(parts.parameters()), batch_size=2, checkpoint=path)
    fresh = net(seed=99)  # another process starts from anywhere
    history = quiet(
        fresh, epochs=9, optimizer=kind(fresh.parameters()), batch_size=2, checkpoint=path
    )
    assert numbers(fresh) == numbers(whole) and history.loss == full.loss
    other = net(seed=1)
    again = quiet(
        other, epochs=9, optimizer=kind(other.parameters()), batch_size=2, checkpoint=path
    )
    assert again.loss == full.loss  # nothing is left to do


def test_a_run_whose_numbers_numpy_touched_writes_its_checkpoints(tmp_path):
    numpy = pytest.importorskip("numpy")
    model = net()

    def touch():
        for p in model.parameters():
            p.data -= numpy.float32(0.01) * p.grad
            p.grad = numpy.float32(p.grad)

    options = {
        "before_step": touch,
        "batch_size": numpy.int64(2),
        "checkpoint": tmp_path / "a.json",
    }
    quiet(model, epochs=2, **options)
    assert len(quiet(model, epochs=3, **options).loss) == 3
    assert {type(p.data) for p in model.parameters()} == {float}


KILLED = """
import sys, time, nn
net = nn.MLP(2, [4, 1], activation="tanh", seed=3)
pause = (lambda: time.sleep(0.02)) if sys.argv[2] == "slow" else None
nn.fit(net, [[0.0, 1.0], [1.0, 0.5], [-1.0, 2.0]], [1.0, -1.0, 0.5], loss=nn.squared_error, epochs=40, batch_size=2,
       optimizer=nn.Adam(net.parameters(), 0.05), progress=False, checkpoint=sys.argv[1], before_step=pause)
print([p.data.hex() for p in net.parameters()])
"""


def test_a_run_that_is_killed_goes_on_to_the_same_bits(tmp_path):
    def start(path, pace):
        return subprocess.Popen(
            [sys.executable, "-c", KILLED, str(path), pace],
            cwd=ROOT,
            text=True,
            stdout=subprocess.PIPE,
        )

    expected, _ = start(tmp_path / "whole.json", "fast").communicate(timeout=300)
    path = tmp_path / "killed.json"
    victim = start(path, "slow")
    deadline = time.monotonic() + 300
    while not path.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    victim.kill()
    victim.communicate(timeout=300)
    done = len(engine.read_json(path)["loss"])
    assert 1 <= done < 40
    rest, _ = start(path, "fast").communicate(timeout=300)
    assert rest == expected and "0x" in rest


def test_a_checkpoint_of_another_run_is_refused_and_nothing_changes(tmp_path):
    path, model = tmp_path / "run.json", net()
    quiet(model, batch_size=2, checkpoint=path)
    before = path.read_bytes()
    other = nn.MLP(2, [3, 1], seed=0)
    started, optimizer = numbers(other), nn.SGD(other.parameters())
    for options in ({"seed": 1, "batch_size": 2}, {"batch_size": 3}, {"batch_size": 2}):
        with pytest.raises(ValueError):
            quiet(other, optimizer=optimizer, checkpoint=path, **options)
    with pytest.raises(ValueError, match="Adam"):
        quiet(model, optimizer=nn.Adam(model.parameters()), batch_size=2, checkpoint=path)
    assert numbers(other) == started and optimizer.steps == 0 and path.read_bytes() == before


def test_a_checkpoint_whose_weights_do_not_fit_leaves_the_optimizer_too(tmp_path):
    path, model = tmp_path / "run.json", net()
    quiet(model, checkpoint=path)  # 17 parameters
    other = nn.Neuron(16)  # as many, of other names
    optimizer = nn.SGD(other.parameters(), 0.05)
    with pytest.raises(ValueError, match="another network"):
        quiet(other, optimizer=optimizer, checkpoint=path)
    assert optimizer.steps == 0 and set(optimizer.state["velocity"]) == {0.0}


def test_the_clock_of_a_run_that_goes_on_goes_on(tmp_path):
    path = tmp_path / "run.json"
    quiet(net(), epochs=2, checkpoint=path)
    saved = engine.read_json(path)
    engine.write_json(path, saved | {"times": [500.0, 1000.0]})
    times = quiet(net(), epochs=3, checkpoint=path).times
    assert times[:2] == [500.0, 1000.0] and 1000.0 < times[2] < 1100.0


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"run": NaN}', "[" * 100_000, '{"run": {}, "run": {}}']
)
def test_a_broken_checkpoint_is_refused(tmp_path, text):
    path = tmp_path / "run.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"run\.json"):
        quiet(net(), checkpoint=path)


def test_a_checkpoint_with_broken_history_is_refused(tmp_path):
    path, model = tmp_path / "run.json", net()
    quiet(model, checkpoint=path)
    saved = engine.read_json(path)
    for bad in ({"loss": "x"}, {"loss": [1.0]}, {"times": [True] * 4}, {"loss": [[1.0]] * 4}):
        engine.write_json(path, saved | bad)
        with pytest.raises(ValueError, match=r"run\.json"):
            quiet(net(), checkpoint=path)


# -- what is refused, what is shown --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options", [{"epochs": 0}, {"epochs": 1.5}, {"batch_size": 0}, {"batch_size": -1}]
)
def test_impossible_numbers_are_refused(options):
    with pytest.raises(ValueError, match="1 or more"):
        quiet(net(), **options)


@pytest.mark.parametrize("rows, targets", [([], []), (ROWS, TARGETS[:-1]), (ROWS[:2], TARGETS)])
def test_rows_and_targets_come_in_pairs(rows, targets):
    model = net()
    with pytest.raises(ValueError, match=f"{len(rows)} inputs and {len(targets)} targets"):
        nn.fit(
            model,
            rows,
            targets,
            loss=nn.squared_error,
            optimizer=nn.SGD(model.parameters()),
            epochs=1,
        )


def test_a_loss_that_leaves_the_numbers_stops_the_run():
    model = nn.Neuron(2, "linear", seed=0)
    with pytest.raises(ArithmeticError, match="lower the learning rate"):
        quiet(model, epochs=2000, optimizer=nn.SGD(model.parameters(), 1e3))


@pytest.mark.parametrize("compiled", [False, True])
def test_a_loss_that_is_no_number_stops_the_run_before_before_step(compiled):
    if compiled:
        pytest.importorskip("numpy")
    model, calls = nn.Neuron(2, "linear", seed=0), []
    model.b.data = 1e200
    with pytest.raises(ArithmeticError):
        quiet(model, compiled=compiled, before_step=lambda: calls.append(1))
    assert not calls


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("bad", [math.nan, math.inf])
@pytest.mark.parametrize(
    "kind", [list, tuple, lambda rows: pytest.importorskip("numpy").array(rows)]
)
def test_a_number_in_the_data_that_is_not_finite_is_named(kind, bad, compiled):
    if compiled:
        pytest.importorskip("numpy")
    for row, column, name in (
        (2, 1, "inputs[2]"),
        (4, 0, "inputs[4]"),
        (3, None, "targets[3]"),
    ):
        rows, targets = [list(x) for x in ROWS], list(TARGETS)
        if column is None:
            targets[row] = bad
        else:
            rows[row][column] = rows[4][1] = bad  # the first is named
        model = nn.Neuron(2, "linear", seed=0)
        start = numbers(model)
        with pytest.raises(
            ArithmeticError, match=re.escape(f"{name} has a {bad}; leave that row out")
        ):
            nn.fit(
                model,
                kind(rows),
                kind(targets),
                loss=nn.squared_error,
                optimizer=nn.SGD(model.parameters()),
                epochs=1,
                progress=False,
                compiled=compiled,
            )
        assert numbers(model) == start


def test_a_bad_number_that_the_loss_does_not_use_is_no_error():
    model = nn.Neuron(1, "linear", seed=0)
    loss = lambda a, y: (a - y) ** 2 if y == y else 0.0 * a  # noqa: E731 - nan is "unknown"
    optimizer = nn.SGD(model.parameters())
    nn.fit(
        model,
        [[1.0], [2.0]],
        [1.0, math.nan],
        loss=loss,
        optimizer=optimizer,
        epochs=1,
        progress=False,
    )
    assert optimizer.steps == 1


def test_progress_in_plain_lines_on_standard_error(capsys):
    seen(epochs=30)
    out, err = capsys.readouterr()
    lines = err.splitlines()
    assert out == "" and 10 <= len(lines) <= 12
    assert lines[0].startswith("epoch  1/30  loss ") and lines[-1].startswith("epoch 30/30  loss ")


def test_progress_in_a_notebook_is_one_line_that_is_written_over(capsys, monkeypatch):
    class OutStream(io.StringIO):
        pass

    OutStream.__module__ = "ipykernel.iostream"
    monkeypatch.setattr(sys, "stderr", OutStream())
    seen(epochs=30)
    shown = capsys.readouterr().out
    assert sys.stderr.getvalue() == "" and shown.count("\n") == 1 and shown.endswith(" s\n")
    assert 10 <= shown.count("\r") <= 12 and shown.startswith("\repoch  1/30  loss ")


def test_without_progress_nothing_is_printed(capsys):
    quiet(net())
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("show", [True, False])
def test_a_long_run_hints_once_at_the_faster_way(capsys, monkeypatch, show):
    monkeypatch.setattr("nn.support.progress.LONG", 0.0)
    seen(epochs=5, progress=show)
    assert capsys.readouterr().err.count("compiled=True") == show


def everything(master):
    """What was written to a terminal that is closed by now: one read may give the first part alone."""
    while True:
        try:
            part = os.read(master, 100_000)
        except OSError:  # so Linux says that there is no more
            return
        if not part:
            return
        yield part


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs a terminal")
def test_a_bar_where_someone_watches(monkeypatch):
    pytest.importorskip("rich")
    monkeypatch.setenv("TERM", "xterm")
    master, slave = os.openpty()
    with os.fdopen(slave, "w") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        seen(epochs=3)
    shown = b"".join(everything(master)).decode()
    os.close(master)
    assert "training" in shown and "3/3" in shown and "loss" in shown


def test_history():
    assert repr(nn.History([0.5, 0.25], [1.0, 2.0])) == "History(2 epochs, loss 0.5 → 0.25, 2.0 s)"
    assert repr(nn.History()) == "History(0 epochs)"


def test_history_draws_its_curve(tmp_path):
    pytest.importorskip("matplotlib")
    path = nn.History([1.0, 0.1, 0.01], [1.0, 2.0, 3.0]).plot(tmp_path / "loss.png")
    assert path.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "draw",
    [
        lambda path: nn.History([1.0], [1.0]).plot(path),
        lambda path: nn.cosine(0.1, steps=5).plot(path),
    ],
)
def test_a_curve_is_drawn_whole_or_not_at_all(tmp_path, monkeypatch, draw):
    figure = pytest.importorskip("matplotlib.figure").Figure
    path = tmp_path / "loss.png"
    assert draw(path) == path
    before = path.read_bytes()

    def full(self, target, **options):
        if isinstance(target, io.BytesIO):
            target.write(b"half of it")
        else:
            Path(target).write_bytes(b"half of it")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(figure, "savefig", full)
    with pytest.raises(OSError, match="No space left"):
        draw(path)
    assert path.read_bytes() == before
    monkeypatch.undo()
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        draw(tmp_path / "none" / "loss.png")


def test_without_matplotlib_the_curve_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install matplotlib"):
        nn.History([1.0], [1.0]).plot(tmp_path / "loss.png")


def test_memory_does_not_grow_with_the_collector_off():
    import gc
    import tracemalloc

    model = net()
    rows, targets = [[random.Random(1).random()] * 2] * 10, [1.0] * 10
    gc.disable()
    try:

        def run(epochs):
            return nn.fit(
                model,
                rows,
                targets,
                loss=nn.squared_error,
                optimizer=nn.SGD(model.parameters()),
                epochs=epochs,
                progress=False,
            )

        run(100)  # until Python's stores of small objects are filled
        tracemalloc.start()
        run(5)
        before, _ = tracemalloc.get_traced_memory()
        run(200)
        after, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    finally:
        gc.enable()
    assert after - before < 20_000  # 100 bytes a step; a step's graph has over 10,000


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        (
            {"optimizer": nn.SGD([Value(0.0)])},
            ValueError,
            "none of the optimizer's parameters is the model's",
        ),
        ({"optimizer": nn.SGD}, TypeError, "an instance"),
        ({"loss": "mse"}, TypeError, "nn.squared_error"),
        ({"epochs": 2.0}, ValueError, "whole number"),
        ({"batch_size": math.nan}, ValueError, "whole number"),
        ({"client": True}, ValueError, "compiled=True"),
        ({"loss": lambda a, y: [a]}, TypeError, "one Value, not a list"),
        ({"loss": lambda a, y: 1.0}, TypeError, "one Value, not a float"),
    ],
)
def test_what_cannot_train_is_refused(options, error, words):
    with pytest.raises(error, match=words):
        quiet(net(), **options)


@pytest.mark.parametrize("seed", [1732500000123456789, (1, 2), "a"])
def test_a_run_with_any_seed_goes_on(tmp_path, seed):
    for epochs in (2, 4):
        model = net()
        history = quiet(
            model, epochs=epochs, seed=seed, batch_size=2, checkpoint=tmp_path / "run.json"
        )
    assert len(history.loss) == 4


def test_a_bar_moves_within_an_epoch(monkeypatch):
    class Bar(contextlib.nullcontext):
        completed = []

        def add_task(self, text, total, loss):
            assert total == 1

        def update(self, task, completed, loss):
            self.completed.append(completed)

    monkeypatch.setattr("nn.support.progress._bar", Bar)
    seen(epochs=1, batch_size=len(ROWS) // 2)
    assert Bar.completed == pytest.approx([1 / 3, 2 / 3, 1])


def test_a_notice_is_printed_only_when_it_takes_long(capsys):
    from nn.support.progress import notice

    with notice("a moment", seconds=60.0), notice("", seconds=0.0):
        pass
    assert capsys.readouterr().err == ""
    with notice("a moment", seconds=0.0):
        time.sleep(0.2)
    assert capsys.readouterr().err == "a moment\n"
