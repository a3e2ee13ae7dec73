"""Ctrl-C between any two instructions of nn leaves a state that a run without it passes through."""

import contextlib
import random
import signal
import sys

import pytest

import nn
from nn.support.interrupts import assign_all
from nn.trainer import Trainer

ROWS, TARGETS = [[0.0], [1.0], [2.0], [-1.0]], [1.0, 3.0, 2.0, 0.0]
OPTIONS = {"epochs": 1, "batch_size": 2, "progress": False, "loss": nn.squared_error}


READS = {"parts", "_search", "_attributes", "_singular", "_is_parameter"}  # they change nothing
FILES = (
    "trainer.py",
    "compiled.py",
    "optim.py",
    "module.py",
    "train.py",
    "checkpoint.py",
    "interrupts.py",
)


def press_ctrl_c(action, instant=None):
    """Run an action with a Ctrl-C before the given instruction of nn; return all that it executed.

    What sets a Value's data counts as nn; a function that writes files has tests of its own.
    """
    executed = []

    def trace(frame, event, arg):
        folder, _, file = frame.f_code.co_filename.replace("\\", "/").rpartition("/")
        if frame.f_code.co_name in READS:
            return None
        if not (
            (folder.endswith(("nn", "support")) and file in FILES)
            or frame.f_code.co_name == "_set_data"
        ):
            return None
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        if event == "opcode":
            executed.append((frame.f_code, frame.f_lasti))
            if len(executed) == instant:
                signal.raise_signal(signal.SIGINT)
        return trace

    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.settrace(trace)
    try:
        action()
    finally:
        sys.settrace(None)
        signal.signal(signal.SIGINT, handler)
    return executed


def instants(make, limit=None):
    """For every instruction that an action executes one of the times, at random; or so many of these."""
    times = {}
    for instant, instruction in enumerate(press_ctrl_c(make()[-1]), 1):
        times.setdefault(instruction, []).append(instant)
    rng = random.Random(0)
    chosen = [rng.choice(each) for each in times.values()]
    return rng.sample(chosen, limit or len(chosen))


def state(model, optimizer):
    numbers = [(p.data, p.grad) for p in model.parameters()]
    return numbers, optimizer.state_dict()


class OwnStep(nn.Adam):
    def step(self):
        super().step()


def start(optimizer=nn.Adam):
    net = nn.MLP(1, [2, 1], activation="tanh", seed=3)
    return net, optimizer(net.parameters(), 0.1)


def trainer(kind=Trainer, optimizer=nn.Adam, **options):
    net, optimizer = start(optimizer)
    return kind(net, ROWS, TARGETS, nn.squared_error, optimizer, **options)


GROUPS = nn.batches(4, 2, seed=0, epoch=0)


def steps(kind=Trainer, **options):
    """The state before the first step, and after each."""
    one = trainer(kind, **options)
    states = [state(one.model, one.optimizer)]
    for group in GROUPS:
        one.epoch([group])
        states.append(state(one.model, one.optimizer))
    assert len({repr(each) for each in states}) == 3
    return states


@pytest.mark.slow
@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize(
    "options", [{"l2": 0.01}, {"before_step": lambda: None}, {"optimizer": OwnStep}]
)
def test_training_is_before_a_step_or_after_it(compiled, options):
    kind = Trainer
    if compiled:
        pytest.importorskip("numpy")
        from nn.compiled import CompiledTrainer as kind
    allowed = steps(kind, **options)

    def make():
        one = trainer(kind, **options)
        return one, lambda: one.epoch(GROUPS)

    reached = set()
    for instant in instants(make):
        one, action = make()
        with pytest.raises(KeyboardInterrupt):
            press_ctrl_c(action, instant)
        reached.add(allowed.index(state(one.model, one.optimizer)))
        assert all(type(x) is float for numbers in one.optimizer.state.values() for x in numbers)
    assert reached == {0, 1, 2}


def test_an_error_leaves_the_state_before_the_step():
    net, optimizer = start()
    (before, *_), calls = steps(), []

    def loss(outputs, target):
        calls.append(target)
        if len(calls) == 2:
            raise LookupError
        return nn.squared_error(outputs, target)

    with pytest.raises(LookupError):
        nn.fit(net, ROWS, TARGETS, **{**OPTIONS, "optimizer": optimizer, "loss": loss})
    assert state(net, optimizer) == before


def test_a_checkpoint_is_taken_over_whole_or_not_at_all(tmp_path):
    path = tmp_path / "run.json"
    done, optimizer = start()
    nn.fit(done, ROWS, TARGETS, optimizer=optimizer, checkpoint=path, **OPTIONS)
    numbers, remembered = state(done, optimizer)
    after = [(data, 0.0) for data, _ in numbers], remembered

    def make():
        net, optimizer = start()
        run = {**OPTIONS, "optimizer": optimizer, "checkpoint": path}
        return net, optimizer, lambda: nn.fit(net, ROWS, TARGETS, **run)

    reached = []
    for instant in instants(make, 200):
        net, optimizer, action = make()
        with contextlib.suppress(KeyboardInterrupt):  # fit returns, once it is under way
            press_ctrl_c(action, instant)
        reached.append([state(*start()), after].index(state(net, optimizer)))
    assert set(reached) == {0, 1}


def test_a_run_that_writes_checkpoints_is_interrupted_by_nothing_but_ctrl_c(tmp_path):
    path, allowed = tmp_path / "run.json", steps()

    def make():
        path.unlink(missing_ok=True)
        net, optimizer = start()
        run = {**OPTIONS, "optimizer": optimizer, "checkpoint": path}
        return net, optimizer, lambda: nn.fit(net, ROWS, TARGETS, **run)

    for instant in instants(make, 100):
        net, optimizer, action = make()
        with contextlib.suppress(KeyboardInterrupt):  # fit returns, once it is under way
            press_ctrl_c(action, instant)
        assert state(net, optimizer) in allowed
        assert [file.name for file in tmp_path.iterdir()] in ([], ["run.json"])


@pytest.mark.parametrize(
    "change",
    [
        lambda net, optimizer: net.set_weights(dict.fromkeys(net.weights(), 0.5)),
        lambda net, optimizer: net.zero_grad(),
        lambda net, optimizer: optimizer.zero_grad(),
        lambda net, optimizer: optimizer.step(),
        lambda net, optimizer: optimizer.freeze(net.parameters()),
        lambda net, optimizer: optimizer.load_state_dict(nn.Adam(net.parameters()).state_dict()),
        lambda net, optimizer: nn.clip_by_norm(net.parameters(), 0.1),
        lambda net, optimizer: nn.clip_by_value(net.parameters(), 0.1),
    ],
)
def test_each_change_is_made_whole_or_not_at_all(change):
    def make():
        net, optimizer = start()
        for p in net.parameters():
            p.grad = 1.0
        optimizer.step()
        return net, optimizer, lambda: change(net, optimizer)

    net, optimizer, action = make()
    before = state(net, optimizer)
    press_ctrl_c(action)
    after = state(net, optimizer)
    assert before != after
    for instant in instants(make):
        net, optimizer, action = make()
        with pytest.raises(KeyboardInterrupt):
            press_ctrl_c(action, instant)
        assert state(net, optimizer) in (before, after)


@pytest.mark.slow
def test_gradients_of_examples_leave_the_grads_as_they_were():
    def make():
        net, _ = start()
        for p in net.parameters():
            p.grad = 42.0
        return net, lambda: nn.example_gradients(net, ROWS, TARGETS, loss=nn.squared_error)

    for instant in instants(make):
        net, action = make()
        with pytest.raises(KeyboardInterrupt):
            press_ctrl_c(action, instant)
        assert {p.grad for p in net.parameters()} == {42.0}


def test_a_change_that_cannot_be_computed_changes_nothing():
    net, _ = start()
    before = net.weights()
    with pytest.raises(ZeroDivisionError):
        assign_all((p, "data", 1.0 / (i - 3)) for i, p in enumerate(net.parameters()))
    assert net.weights() == before
