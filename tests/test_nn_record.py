"""`fit(..., record=k)`: the moments of a run, against matrices in NumPy and plain loops."""

import json
import math

import pytest

import nn
from nn.support.history import Moment, saved_moments

np = pytest.importorskip("numpy", reason="the true gradients are products of matrices")

ROWS = [[0.2, -1.0], [1.5, 0.3], [-0.7, 0.8], [0.1, 0.1], [-1.2, -0.4]]
TARGETS = [1.0, -0.5, 0.3, 0.0, 2.0]
BOTH = pytest.mark.parametrize("compiled", [False, True])


def run(epochs=5, record=1, compiled=False, net=None, **options):
    net = net or nn.MLP(2, [3, 1], activation="tanh", seed=4)
    optimizer = options.pop("optimizer", None) or nn.SGD(net.parameters(), 0.1, momentum=0.5)
    history = nn.fit(
        net, ROWS, TARGETS, loss=nn.squared_error, optimizer=optimizer, epochs=epochs,
        record=record, compiled=compiled, progress=False, **options,
    )  # fmt: skip
    return net, history


def truth(weights, l2=0.0):
    """The mean loss of a 2-3-1 network of tanh, and its gradient, by matrices."""
    first, last = np.reshape(weights[:9], (3, 3)), np.array(weights[9:])
    x, y = np.array(ROWS), np.array(TARGETS)
    hidden = np.tanh(x @ first[:, :2].T + first[:, 2])
    error = hidden @ last[:3] + last[3] - y
    slope = 2.0 * error / len(y)
    back = (slope[:, None] * last[:3]) * (1.0 - hidden**2)
    by_first = np.hstack([back.T @ x, back.sum(0)[:, None]])
    gradient = [*by_first.ravel(), *(slope @ hidden), slope.sum()]
    penalty = np.array(weights)
    return (error**2).mean() + l2 * penalty @ penalty, gradient + 2.0 * l2 * penalty


@BOTH
@pytest.mark.parametrize("options", [{}, {"l2": 0.03}, {"batch_size": 2}])
def test_a_moment_has_the_gradient_of_all_examples_where_the_parameters_are(compiled, options):
    net, history = run(compiled=compiled, **options)
    assert [moment.epoch for moment in history.moments] == [0, 1, 2, 3, 4, 5]
    for moment in history.moments:
        loss, gradient = truth(moment.weights, options.get("l2", 0.0))
        assert moment.loss == pytest.approx(loss, rel=1e-12)
        assert list(moment.gradient) == pytest.approx(list(gradient), rel=1e-11, abs=1e-13)
    assert list(history.moments[-1].weights) == [p.data for p in net.parameters()]
    start = nn.MLP(2, [3, 1], activation="tanh", seed=4).parameters()
    assert list(history.moments[0].weights) == [p.data for p in start]


@BOTH
def test_recording_changes_nothing_else(compiled):
    (net, history), (other, without) = run(compiled=compiled), run(record=None, compiled=compiled)
    assert history.loss == without.loss and without.moments == [] and without.examples is None
    assert net.weights() == other.weights() and net.named_gradient() == other.named_gradient()
    assert history.examples == (ROWS, TARGETS)


@BOTH
@pytest.mark.parametrize(("record", "epochs"), [(2, [0, 2, 4, 5]), (5, [0, 5]), (9, [0, 5])])
def test_every_so_many_epochs_and_the_last(compiled, record, epochs):
    net, history = run(record=record, compiled=compiled)
    assert [moment.epoch for moment in history.moments] == epochs
    assert list(history.moments[-1].weights) == [p.data for p in net.parameters()]


@pytest.mark.parametrize("record", [0, -1, 1.5, "1"])
def test_bad_values(record):
    net = nn.MLP(2, [3, 1], seed=4)
    before = net.weights()
    with pytest.raises(ValueError, match="record is .* whole number of 1 or more"):
        run(record=record, net=net)
    assert net.weights() == before


@BOTH
def test_a_run_that_was_stopped_has_the_moments_of_one_that_was_not(compiled, tmp_path):
    path = tmp_path / "run.json"
    run(epochs=3, record=2, compiled=compiled, checkpoint=path)
    assert [one[0] for one in json.loads(path.read_text("utf-8"))["moments"]] == [0, 2]
    net, history = run(epochs=6, record=2, compiled=compiled, checkpoint=path)
    whole_net, whole = run(epochs=6, record=2, compiled=compiled)
    assert history.moments == whole.moments and net.weights() == whole_net.weights()


@BOTH
def test_a_run_goes_on_that_was_not_recorded_at_first(compiled, tmp_path):
    path = tmp_path / "run.json"
    run(epochs=3, record=None, compiled=compiled, checkpoint=path)
    content = json.loads(path.read_text("utf-8"))
    del content["moments"]  # as files of older versions are
    path.write_text(json.dumps(content), "utf-8")
    _, history = run(epochs=5, compiled=compiled, checkpoint=path)
    _, whole = run(epochs=5, compiled=compiled)
    assert history.moments == whole.moments[3:]


@pytest.mark.parametrize(
    ("moments", "message"),
    [
        ("x", "its moments are not a list"),
        ([[0]], "its moments are not those of 13 parameters"),
        ([[0, "AAAA"]], "its moments are not those of 13 parameters"),
        ([[0, 7]], "its moments are not those of 13 parameters"),
        ([None], "its moments are not those of 13 parameters"),
    ],
)
def test_a_broken_checkpoint_is_told_and_changes_nothing(moments, message, tmp_path):
    path = tmp_path / "run.json"
    run(epochs=2, checkpoint=path)
    content = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps({**content, "moments": moments}), "utf-8")
    net = nn.MLP(2, [3, 1], activation="tanh", seed=4)
    before = net.weights()
    with pytest.raises(ValueError, match=message):
        run(net=net, checkpoint=path)
    assert net.weights() == before


def test_moments_are_saved_bit_for_bit():
    numbers = [0.1 + 0.2, 5e-324, -0.0, 1.7976931348623157e308]
    [moment] = saved_moments([Moment(7, math.inf, numbers, [-math.inf] * 4).saved()], 4)
    assert (moment.epoch, moment.loss) == (7, math.inf)
    assert [x.hex() for x in moment.weights] == [x.hex() for x in numbers]
    assert list(moment.gradient) == [-math.inf] * 4
    for epochs in ([1, 1], [2, 1]):
        saved = [Moment(epoch, 1.0, [1.0], [1.0]).saved() for epoch in epochs]
        with pytest.raises(ValueError, match="do not rise"):
            saved_moments(saved, 1)
    with pytest.raises(ValueError, match="epoch of a moment is -1"):
        saved_moments([[-1, Moment(0, 1.0, [1.0], [1.0]).saved()[1]]], 1)


@BOTH
def test_ctrl_c_keeps_what_is_recorded(compiled):
    def stop(history):
        if len(history.loss) == 3:
            raise KeyboardInterrupt

    _, history = run(compiled=compiled, on_epoch=stop)
    assert [moment.epoch for moment in history.moments] == [0, 1, 2, 3]
    assert history.stopped == "Ctrl-C after 3 of 5 epochs"


@BOTH
def test_ctrl_c_while_a_moment_is_recorded_leaves_all_as_before(compiled):
    calls = []

    def loss(outputs, target):
        calls.append(target)
        if len(calls) == stop:
            raise KeyboardInterrupt
        return nn.squared_error(outputs, target)

    net = nn.MLP(2, [3, 1], activation="tanh", seed=4)
    for parameter in net.parameters():
        parameter.grad = 7.0
    before, stop = net.weights(), 3
    with pytest.raises(KeyboardInterrupt):
        nn.fit(
            net, ROWS, TARGETS, loss=loss, optimizer=nn.SGD(net.parameters()), epochs=2, record=1,
            progress=False, compiled=compiled,
        )  # fmt: skip
    assert net.weights() == before and set(net.named_gradient().values()) == {7.0}


def test_a_run_that_stops_by_itself_has_its_last_moment():
    net, history = run(
        epochs=200, record=50, validation=(ROWS, [-y for y in TARGETS]), stop_after=3
    )
    assert history.stopped and history.moments[-1].epoch == len(history.loss) < 200
    best = [p.data for p in net.parameters()]
    assert best != list(history.moments[-1].weights), "the model has the weights of its best epoch"
