"""Optimisers against steps worked out by hand, and against PyTorch where it is installed."""

import json
import math
import warnings

import pytest

import nn
from engine import Value

GRADS = [[1.0, -2.0], [0.5, 0.25], [-3.0, 1e-3], [0.0, 7.0], [2.0, -1.0]]


def run(optimizer, grads=GRADS):
    """The parameters after each of the gradients."""
    actual = []
    for row in grads:
        for p, grad in zip(optimizer.parameters, row):
            p.grad = grad
        optimizer.step()
        actual.append([p.data for p in optimizer.parameters])
    return actual


def leaves():
    return [Value(1.0), Value(-0.5)]


def test_plain_descent():
    assert run(nn.SGD(leaves(), 0.5), [[1.0, -2.0], [2.0, 0.0]]) == [[0.5, 0.5], [-0.5, 0.5]]


def test_momentum_by_hand():
    # v: 1, 0.5·1 + 1 = 1.5, 0.5·1.5 + 1 = 1.75; p: 1 - 0.1·v
    actual = run(nn.SGD([Value(1.0)], 0.1, momentum=0.5), [[1.0]] * 3)
    assert [p for (p,) in actual] == pytest.approx([0.9, 0.75, 0.575], abs=1e-15)


def test_adam_by_its_paper():
    actual = run(nn.Adam(leaves(), 0.1, 0.8, 0.95, 1e-6))
    for place, start in enumerate((1.0, -0.5)):
        m = v = 0.0
        p = start
        for t, row in enumerate(GRADS, 1):  # algorithm 1 of Kingma and Ba
            g = row[place]
            m, v = 0.8 * m + 0.2 * g, 0.95 * v + 0.05 * g * g
            p -= 0.1 * (m / (1 - 0.8**t)) / (math.sqrt(v / (1 - 0.95**t)) + 1e-6)
            assert actual[t - 1][place] == pytest.approx(p, rel=1e-13)


@pytest.mark.parametrize(
    "ours, theirs, options",
    [
        (lambda p: nn.SGD(p, 0.1), "SGD", {"lr": 0.1}),
        (lambda p: nn.SGD(p, 0.1, momentum=0.9), "SGD", {"lr": 0.1, "momentum": 0.9}),
        (lambda p: nn.SGD(p, 0.1, weight_decay=0.2), "SGD", {"lr": 0.1, "weight_decay": 0.2}),
        (lambda p: nn.Adam(p), "Adam", {}),
        (
            lambda p: nn.Adam(p, 0.05, 0.7, 0.9, 1e-3),
            "Adam",
            {"lr": 0.05, "betas": (0.7, 0.9), "eps": 1e-3},
        ),
        (lambda p: nn.Adam(p, 0.05, weight_decay=0.3), "AdamW", {"lr": 0.05, "weight_decay": 0.3}),
    ],
)
def test_steps_are_pytorchs(ours, theirs, options):
    torch = pytest.importorskip("torch")
    tensor = torch.tensor([1.0, -0.5], dtype=torch.float64, requires_grad=True)
    other = getattr(torch.optim, theirs)([tensor], **options)
    for actual, row in zip(run(ours(leaves())), GRADS):
        tensor.grad = torch.tensor(row, dtype=torch.float64)
        other.step()
        assert actual == pytest.approx(tensor.tolist(), rel=1e-12)


def test_weight_decay_is_off_by_default_and_shrinks_when_on():
    assert (
        run(nn.SGD(leaves(), 0.5), [[0.0, 0.0]])
        == run(nn.Adam(leaves(), 0.5), [[0.0, 0.0]])
        == [[1.0, -0.5]]
    )
    for optimizer in (
        nn.SGD(leaves(), 0.5, 0.9, weight_decay=0.5),
        nn.Adam(leaves(), 0.5, weight_decay=0.5),
    ):
        assert run(optimizer, [[0.0, 0.0]] * 2) == [[0.75, -0.375], [0.5625, -0.28125]]


def test_the_learning_rate_may_be_a_function_of_the_step():
    actual = run(nn.SGD([Value(0.0)], lambda step: 2.0**-step), [[1.0]] * 4)
    assert [p for (p,) in actual] == [-1.0, -1.5, -1.75, -1.875]


def test_nothing_is_kept_on_the_values():
    p = Value(1.0)
    run(nn.Adam([p]), [[1.0]])
    assert not hasattr(p, "__dict__") and p.grad == 1.0


def test_zero_grad():
    optimizer = nn.SGD(leaves())
    run(optimizer)
    optimizer.zero_grad()
    assert [p.grad for p in optimizer.parameters] == [0.0, 0.0]


@pytest.mark.parametrize(
    "kind", [lambda p: nn.SGD(p, 0.1, 0.9, weight_decay=0.1), lambda p: nn.Adam(p, 0.1)]
)
def test_frozen_parameters_stay_and_so_does_what_is_remembered_of_them(kind):
    x, y = leaves()
    optimizer = kind([x, y])
    optimizer.freeze([x])
    run(optimizer)
    assert x.data == 1.0 and y.data != -0.5 and optimizer.frozen() == [x]
    assert all(numbers[0] == 0.0 and numbers[1] != 0.0 for numbers in optimizer.state.values())
    optimizer.unfreeze([x])
    run(optimizer)
    assert x.data != 1.0


@pytest.mark.parametrize(
    "kind",
    [
        lambda p: nn.SGD(p, lambda step: 0.1 / (1 + step), 0.9, weight_decay=0.01),
        lambda p: nn.Adam(p, 0.1),
        lambda p: nn.Adam(p, lambda step: 0.1 / (1 + step), weight_decay=0.3),
    ],
)
def test_steps_on_arrays_have_the_bits_of_steps_on_values(kind):
    numpy = pytest.importorskip("numpy")
    draw = numpy.random.default_rng(0)
    start, grads = draw.normal(size=300), draw.normal(size=(6, 300))
    values, arrays = ([Value(x) for x in start.tolist()] for _ in range(2))
    by_value, by_array = kind(values), kind(arrays)
    by_value.freeze(values[3:9])
    by_array.freeze(arrays[3:9])
    data, memory = start, [numpy.zeros(300) for _ in by_array.memory]
    for row, expected in zip(grads, run(by_value, grads.tolist())):
        data, *memory = by_array.step_arrays(data, row, memory)
        by_array.steps += 1
        assert data.tolist() == expected
    assert [numbers.tolist() for numbers in memory] == list(by_value.state.values())
    assert data[3:9].tolist() == start[3:9].tolist()
    assert [p.data for p in arrays] == start.tolist()  # they are left alone


def test_arrays_overflow_as_quietly_as_floats():
    numpy = pytest.importorskip("numpy")
    [[expected]] = run(nn.Adam([Value(1.0)], 0.1), [[1e200]])
    zero, optimizer = numpy.zeros(1), nn.Adam([Value(1.0)], 0.1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        data, *_ = optimizer.step_arrays(zero + 1.0, zero + 1e200, [zero] * 4)
    assert data.tolist() == [expected]


def test_freezing_a_stranger_is_refused():
    with pytest.raises(ValueError, match="not a parameter"):
        nn.SGD(leaves()).freeze([Value(1.0)])


def test_clipping_by_norm_keeps_the_direction():
    x, y = leaves()
    x.grad, y.grad = 3.0, -4.0
    assert nn.clip_by_norm([x, y], 10.0) == 5.0 and (x.grad, y.grad) == (3.0, -4.0)
    assert nn.clip_by_norm([x, y], 1.0) == 5.0
    assert (x.grad, y.grad) == pytest.approx((0.6, -0.8), abs=1e-15)
    x.grad, y.grad = 3e200, 4e200  # squares would overflow
    assert nn.clip_by_norm([x, y], 5.0) == pytest.approx(5e200) and x.grad == pytest.approx(3.0)


def test_clipping_by_value():
    values = [Value(0.0) for _ in range(5)]
    for p, grad in zip(values, (-7.0, 7.0, 0.5, math.inf, math.nan)):
        p.grad = grad
    nn.clip_by_value(values, 2.0)
    assert [p.grad for p in values[:4]] == [-2.0, 2.0, 0.5, 2.0] and math.isnan(
        values[4].grad
    )  # a nan is not hidden


@pytest.mark.parametrize(
    "kind", [lambda p: nn.SGD(p, 0.1, 0.9), lambda p: nn.Adam(p, lambda t: 0.1 / (1 + t))]
)
def test_a_state_through_json_goes_on_to_the_same_bits(kind):
    whole = run(kind(leaves()), GRADS * 2)
    first = kind(leaves())
    run(first)
    second = kind([Value(p.data) for p in first.parameters])
    second.load_state_dict(json.loads(json.dumps(first.state_dict())))
    assert run(second) == whole[5:]


def test_a_state_says_which_parameters_are_frozen():
    first = nn.Adam(leaves())
    first.freeze(first.parameters[1:])
    second = nn.Adam(leaves())
    second.load_state_dict(json.loads(json.dumps(first.state_dict())))
    assert second.frozen() == second.parameters[1:]
    run(second)
    assert second.parameters[0].data != 1.0 and second.parameters[1].data == -0.5


@pytest.mark.parametrize("name", ["float16", "float32", "float64", "int64", "longdouble"])
@pytest.mark.parametrize(
    "use",
    [
        lambda p: nn.SGD(p, 0.1, 0.9, weight_decay=0.1).step(),
        lambda p: nn.Adam(p, 0.1).step(),
        lambda p: nn.clip_by_norm(p, 1.0),
        lambda p: nn.clip_by_value(p, 2.3),
    ],
)
def test_numbers_of_numpy_in_a_grad_are_taken_as_floats(use, name):
    numpy = pytest.importorskip("numpy")
    of_numpy, of_python = leaves(), leaves()
    for p, q, grad in zip(of_numpy, of_python, (3.0, -5.0)):
        p.grad, q.grad = getattr(numpy, name)(grad), grad
    use(of_numpy)
    use(of_python)
    assert [(p.data, float(p.grad)) for p in of_numpy] == [(p.data, p.grad) for p in of_python]
    assert {type(p.data) for p in of_numpy} == {float}


def test_the_state_of_an_optimizer_is_of_floats():
    numpy = pytest.importorskip("numpy")
    optimizer = nn.Adam(leaves(), 0.1)
    run(optimizer, [[numpy.float32(1.0), numpy.float64(2.0)]] * 2)
    assert json.loads(json.dumps(optimizer.state_dict())) == optimizer.state_dict()


def broken_states():
    good = nn.Adam(leaves()).state_dict()
    yield from (
        None,
        [],
        {},
        nn.SGD(leaves()).state_dict(),
        good | {"extra": 1},
        {k: good[k] for k in list(good)[1:]},
    )
    yield from (good | {"steps": bad} for bad in (-1, 0.5, "3", True, None, math.nan, math.inf))
    yield from (
        good | {"mean": bad}
        for bad in ([], [0.0], [0.0] * 3, [0.0, True], [0.0, "0"], [0.0, math.nan], 0.0)
    )
    yield from (good | {"frozen": bad} for bad in ([2], [-1], [0.5], ["0"], 0, None))
    yield good | {"mean": [9.0, 9.0], "square": [math.inf, 0.0]}


@pytest.mark.parametrize("state", list(broken_states()), ids=lambda state: str(state)[:60])
def test_a_state_that_does_not_fit_changes_nothing(state):
    optimizer = nn.Adam(leaves())
    run(optimizer)
    before = optimizer.state_dict()
    with pytest.raises(ValueError):
        optimizer.load_state_dict(state)
    assert optimizer.state_dict() == before


@pytest.mark.parametrize(
    "wrong, kind",
    [
        (lambda: nn.SGD([]), ValueError),
        (lambda: nn.SGD([1.0]), TypeError),
        (lambda: nn.SGD([Value(1.0) * 2]), TypeError),
        (lambda: nn.SGD(leaves()[:1] * 2), ValueError),
        (lambda: nn.SGD(leaves(), -0.1), ValueError),
        (lambda: nn.SGD(leaves(), math.nan), ValueError),
        (lambda: nn.SGD(leaves(), momentum=1.0), ValueError),
        (lambda: nn.Adam(leaves(), beta2=1.0), ValueError),
        (lambda: nn.Adam(leaves(), epsilon=-1.0), ValueError),
        (lambda: nn.SGD(leaves(), weight_decay=-1.0), ValueError),
        (lambda: nn.clip_by_norm(leaves(), -1.0), ValueError),
    ],
)
def test_impossible_settings_are_refused(wrong, kind):
    with pytest.raises(kind):
        wrong()


def test_rates_are_floats_and_parameters_are_a_list():
    import numpy

    for rate in (numpy.float32(0.5), 1, lambda t: numpy.float32(0.5)):
        p = Value(1.0)
        p.grad = 1.0
        nn.SGD([p], rate).step()
        assert type(p.data) is float
    with pytest.raises(TypeError, match=r"write SGD\(net.parameters\(\)\)"):
        nn.SGD(nn.MLP(1, [1]), 0.1)
    with pytest.raises(TypeError, match="not the str"):
        nn.SGD([Value(1.0)], "0.1")
    with pytest.raises(ValueError, match="above 0"):
        nn.Adam([Value(1.0)], epsilon=0.0)


@pytest.mark.parametrize(
    ("call", "right"),
    [
        (lambda net, optimizer: nn.SGD(net), "SGD(net.parameters())"),
        (lambda net, optimizer: nn.Adam(net.layers), "Adam(net.parameters())"),
        (lambda net, optimizer: nn.SGD(net.parameters), "SGD(net.parameters())"),
        (lambda net, optimizer: nn.SGD(net.named_parameters()), "SGD(net.parameters())"),
        (lambda net, optimizer: nn.clip_by_norm(net, 1), "clip_by_norm(net.parameters(), 1.0)"),
        (lambda net, optimizer: nn.clip_by_value([net], 1), "clip_by_value(net.parameters(), 1.0)"),
        (lambda net, optimizer: optimizer.freeze(net), "optimizer.freeze(module.parameters())"),
        (
            lambda net, optimizer: optimizer.unfreeze(net.layers),
            "optimizer.unfreeze(module.parameters())",
        ),
        (lambda net, optimizer: nn.l2(net), "l2(net.parameters())"),
    ],
)
def test_a_module_in_place_of_parameters_is_refused_with_the_call_that_is_meant(call, right):
    net = nn.MLP(2, [1], seed=0)
    optimizer = nn.SGD(net.parameters())
    with pytest.raises(TypeError) as caught:
        call(net, optimizer)
    assert str(caught.value).endswith(f" is not a parameter: write {right}")
    assert not optimizer.frozen()
