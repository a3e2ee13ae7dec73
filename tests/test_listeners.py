"""Listeners: each hears what happens in its own thread, all of them and nothing else."""

import gc
import threading
import tracemalloc
import warnings

import pytest

import engine
from engine import Value, anomaly
from engine.graph import listeners
from engine.listeners import Listener


class Log(Listener):
    """Keeps what it hears."""

    def __init__(self):
        self.nodes, self.roots, self.comparisons = [], [], []

    def made(self, node):
        self.nodes.append(node)

    def before_backward(self, root):
        self.roots.append(root)

    def decided(self, comparison):
        self.comparisons.append(comparison)


def in_another_thread(task):
    """Run the task in a thread of its own, and raise here what it raises."""
    errors = []

    def run():
        try:
            task()
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(30)
    if errors:
        raise errors[0]


def test_every_listener_of_the_thread_hears_everything():
    x = Value(2.0)
    with Log() as outer, Log() as inner:
        y = x * x
        z = engine.total([y, 1.0, x])
        z.backward()
        assert x > 1.0
    for log in (outer, inner):
        assert log.nodes == [y, z, log.comparisons[0]]
        assert log.roots == [z]
        assert log.comparisons[0].operation.name == "greater"
    assert listeners == []


@pytest.mark.parametrize(
    "make",
    [
        lambda x: x + 1.0,
        lambda x: 1.0 - x,
        lambda x: x**3,
        lambda x: 2.0**x,
        lambda x: -x,
        lambda x: x.exp(),
        lambda x: engine.exp(x),
        lambda x: engine.clamp(x, 0.0, 1.0),
        lambda x: engine.where(x, x, 1.0),
        lambda x: engine.total([x, x]),
        lambda x: engine.weighted_sum([x], [x], x),
        lambda x: engine.primitive(rule=lambda z, x: (1.0,))(same)(x),
    ],
)
def test_every_way_to_make_a_node_is_heard_with_its_place(make):
    x = Value(0.5)
    with Log() as log:
        node = make(x)
    assert log.nodes == [node]
    assert node.created_at.filename == __file__ and node.created_at.function == "<lambda>"


def same(x):
    return x


def test_a_listener_hears_nothing_of_other_threads():
    with Log() as log:
        in_another_thread(lambda: (Value(1.0) * 2.0).backward())
        mine = Value(1.0) * 2.0
    assert log.nodes == [mine] and log.roots == []


def test_anomaly_speaks_inside_record():
    w = Value(0.0, label="w")
    with pytest.raises(FloatingPointError, match="-inf in log of w"), anomaly():
        engine.record(lambda x: engine.log(w) * x, [1.0])
    with pytest.raises(FloatingPointError, match="-inf in log of w"):
        engine.record(lambda x: _under_anomaly(w) * x, [1.0])
    assert listeners == []


def _under_anomaly(w):
    with anomaly():
        return engine.log(w)


def test_anomaly_speaks_while_another_thread_records_or_has_one_of_its_own():
    entered, done = threading.Event(), threading.Event()

    def other():
        with anomaly(nan=False, inf=False), Log():
            entered.set()
            done.wait(30)

    thread = threading.Thread(target=other)
    thread.start()
    entered.wait(30)
    try:
        with pytest.raises(FloatingPointError), anomaly():
            engine.log(Value(0.0))
    finally:
        done.set()
        thread.join(30)


def test_two_threads_that_record_take_only_their_own_parameters():
    pytest.importorskip("numpy")
    both = threading.Barrier(2, timeout=300)
    tapes = {}

    def record(name):
        w = Value(3.0, label=name)

        def function(x):
            both.wait()
            product = w * x
            both.wait()
            return product * w

        tapes[name] = engine.record(function, [2.0])

    threads = [threading.Thread(target=record, args=(name,)) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert {name: [p.label for p in tape.parameters] for name, tape in tapes.items()} == {
        "a": ["a"],
        "b": ["b"],
    }


def test_branches_of_another_thread_are_not_warned_of():
    pytest.importorskip("numpy")

    def function(x):
        in_another_thread(lambda: bool(x > 0.0))
        return x * 2.0

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        engine.record(function, [1.0])


def test_a_node_of_plus_and_times_is_one_object_of_the_collector():
    x, m, b = Value(1.0), Value(0.999), Value(0.001)
    y = x
    gc.collect()
    gc.disable()
    try:
        before = len(gc.get_objects())
        for _ in range(1000):
            y = y * m + b
        after = len(gc.get_objects())
    finally:
        gc.enable()
    assert 2000 <= after - before <= 2010


def test_a_node_of_plus_and_times_takes_at_most_160_bytes():
    y, m, b = Value(1.0), Value(0.999), Value(0.001)
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for _ in range(5000):
        y = y * m + b
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (after - before) / 10_000 <= 160
