"""fit(compiled=True) descends along the same gradients as fit without, and hands the numbers back whenever it stops."""

import contextlib
import random

import pytest

import engine
import nn

pytest.importorskip("numpy", reason="recording needs NumPy")

DRAW = random.Random(2)
INPUTS = [[DRAW.uniform(-1, 1), DRAW.uniform(-1, 1)] for _ in range(30)]


def trained(outputs, loss, targets, compiled):
    net = nn.MLP(2, [5, outputs], seed=4)
    history = nn.fit(
        net,
        INPUTS,
        targets,
        loss=loss,
        optimizer=nn.Adam(net.parameters(), 0.02),
        epochs=5,
        batch_size=8,
        progress=False,
        compiled=compiled,
    )
    return history.loss, [p.data for p in net.parameters()]


@pytest.mark.parametrize(
    ("outputs", "loss", "targets"),
    [
        (1, nn.squared_error, [x * y for x, y in INPUTS]),
        (1, nn.max_margin, [1 if x > y else -1 for x, y in INPUTS]),
        (1, nn.binary_cross_entropy, [int(x > y) for x, y in INPUTS]),
        (2, nn.squared_error, [[x, y] for x, y in INPUTS]),
        (3, nn.cross_entropy, [k % 3 for k in range(30)]),
    ],
)
def test_compiled_training_is_training(outputs, loss, targets):
    losses, weights = trained(outputs, loss, targets, compiled=False)
    fast_losses, fast_weights = trained(outputs, loss, targets, compiled=True)
    assert fast_losses == pytest.approx(losses, rel=1e-9)
    assert fast_weights == pytest.approx(weights, rel=1e-9, abs=1e-12)


PRODUCTS = [x * y for x, y in INPUTS]


def by_products(compiled, kind=lambda p: nn.Adam(p, 0.02), freeze=False, clip=False, **options):
    """Training on the products: history, parameters and their gradients, what the optimizer remembers."""
    net = nn.MLP(2, [5, 1], seed=4)
    optimizer = kind(net.parameters())
    if freeze:
        optimizer.freeze(net.layers[0].parameters())
    if clip:
        options["before_step"] = lambda: nn.clip_by_norm(net.parameters(), 0.1)
    history = nn.fit(
        net,
        INPUTS,
        PRODUCTS,
        loss=nn.squared_error,
        optimizer=optimizer,
        batch_size=8,
        progress=False,
        compiled=compiled,
        **{"epochs": 5, **options},
    )
    return (
        history,
        [p.data for p in net.parameters()],
        [p.grad for p in net.parameters()],
        optimizer.state_dict(),
    )


@pytest.mark.parametrize(
    "options",
    [
        {"l2": 0.1},
        {"freeze": True},
        {"clip": True},
        {"clip": True, "freeze": True, "l2": 0.01},
        {"kind": lambda p: nn.SGD(p, lambda step: 0.1 / (1 + step), 0.9, weight_decay=0.1)},
    ],
)
def test_penalties_clipping_freezing_decay_and_schedules_work_alike(options):
    history, weights, grads, state = by_products(False, **options)
    fast_history, fast_weights, fast_grads, fast_state = by_products(True, **options)
    assert fast_history.loss == pytest.approx(history.loss, rel=1e-9)
    assert fast_weights == pytest.approx(weights, rel=1e-9, abs=1e-12)
    assert fast_grads == pytest.approx(
        grads, rel=1e-7, abs=1e-12
    )  # the values have those of the last step
    assert fast_state.pop("kind") == state.pop("kind") and fast_state.keys() == state.keys()
    for name, actual in fast_state.items():
        assert actual == pytest.approx(state[name], rel=1e-7, abs=1e-12)


def test_a_run_in_two_parts_has_the_bits_of_a_run_in_one(tmp_path):
    whole = by_products(True)
    by_products(True, epochs=2, checkpoint=tmp_path / "run.json")
    parts = by_products(True, checkpoint=tmp_path / "run.json")
    assert parts[0].loss == whole[0].loss and parts[1:] == whole[1:]


def test_an_optimizer_with_a_step_of_its_own_is_given_the_values():
    class Signs(nn.SGD):
        def step(self):
            for p in self.parameters:
                p.data -= 0.01 * (p.grad > 0) - 0.01 * (p.grad < 0)
            self.steps += 1

    assert by_products(True, Signs)[1] == pytest.approx(by_products(False, Signs)[1], rel=1e-9)


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_what_interrupts_an_epoch_loses_nothing(error):
    """After the fifth step everything stands where a run of five steps leaves it."""

    def stopped(steps, raises):
        net, met = nn.MLP(2, [5, 1], seed=4), []
        optimizer = nn.Adam(net.parameters(), lambda step: met.append(step) or rate(step))

        def rate(step):
            if step == steps:
                raise raises
            return 0.02

        returns = raises is KeyboardInterrupt  # Ctrl-C ends a run, and its history is returned
        with contextlib.nullcontext() if returns else pytest.raises(raises):
            history = nn.fit(
                net,
                INPUTS,
                PRODUCTS,
                loss=nn.squared_error,
                optimizer=optimizer,
                epochs=5,
                batch_size=8,
                progress=False,
                compiled=True,
            )
            assert len(history.loss) == 1 and history.stopped == "Ctrl-C after 1 of 5 epochs"
        return [p.data for p in net.parameters()], optimizer.state_dict()

    def plain(steps):
        net = nn.MLP(2, [5, 1], seed=4)
        optimizer = nn.Adam(net.parameters(), 0.02)
        groups = [group for epoch in range(5) for group in nn.batches(30, 8, 0, epoch)]
        for group in groups[:steps]:
            net.zero_grad()
            for i in group:
                nn.squared_error(net(INPUTS[i]), PRODUCTS[i]).backward()
            for p in net.parameters():
                p.grad /= len(group)
            optimizer.step()
        return [p.data for p in net.parameters()], optimizer.state_dict()

    weights, state = stopped(5, error)
    expected, remembered = plain(5)
    assert weights == pytest.approx(expected, rel=1e-9)
    assert state["steps"] == 5 and state["mean"] == pytest.approx(
        remembered["mean"], rel=1e-7, abs=1e-12
    )
    assert all(type(x) is float for x in [*weights, *state["mean"]])


def test_a_loss_that_leaves_the_numbers_stops_the_run_before_the_step():
    net = nn.Neuron(2, "linear", seed=0)
    optimizer = nn.SGD(net.parameters(), 1e3)
    with pytest.raises(ArithmeticError, match="lower the learning rate"):
        nn.fit(
            net,
            INPUTS,
            PRODUCTS,
            loss=nn.squared_error,
            optimizer=optimizer,
            epochs=2000,
            progress=False,
            compiled=True,
        )
    assert 1 < optimizer.steps < 2000


@pytest.mark.slow
def test_large_digits_are_learned_and_read_where_they_were_held_out():
    pytest.importorskip("numba")
    from demos import train_big

    result = train_big.main(["--rows", "3000", "--epochs", "6"])
    assert result["seen"] > 0.8 and result["unseen"] > 0.75  # a tenth would be chance
    assert len(result["net"].parameters()) == 25450


@pytest.mark.parametrize(
    ("loss", "sizes", "targets"),
    [
        (nn.cross_entropy, [3], [0, 1, 5]),
        (nn.max_margin, [1], [1, -1, 5]),
        (nn.binary_cross_entropy, [1], [0, 1, 5]),
    ],
)
def test_a_target_that_a_loss_refuses_is_refused(loss, sizes, targets):
    net = nn.MLP(1, sizes, seed=0)
    with pytest.raises(ValueError):
        nn.fit(
            net,
            [[1.0], [2.0], [3.0]],
            targets,
            loss=loss,
            optimizer=nn.SGD(net.parameters()),
            epochs=1,
            compiled=True,
            progress=False,
        )


def test_a_target_that_a_loss_refuses_is_found_wherever_it_stands():
    net = nn.MLP(1, [1], seed=0)
    rows, signs = [[float(i)] for i in range(1200)], [1, -1] * 599 + [1, 5]
    with pytest.raises(ValueError, match="not 5"):
        nn.fit(
            net,
            rows,
            signs,
            loss=nn.max_margin,
            optimizer=nn.SGD(net.parameters()),
            epochs=1,
            compiled=True,
            progress=False,
        )


def test_text_is_no_number():
    net = nn.MLP(1, [1], seed=0)
    with pytest.raises(TypeError, match="not text"):
        nn.fit(
            net,
            [["1"], ["2"]],
            [1.0, 2.0],
            loss=nn.squared_error,
            optimizer=nn.SGD(net.parameters()),
            epochs=1,
            compiled=True,
            progress=False,
        )


def test_a_loss_that_asks_python_for_its_target_is_refused():
    net = nn.MLP(1, [1], seed=0)
    by_python = lambda a, y: engine.softplus(-a) if y == 1 else engine.softplus(a)  # noqa: E731
    with pytest.raises(ValueError, match="engine.where"):
        nn.fit(
            net,
            [[1.0], [-1.0]],
            [1, 0],
            loss=by_python,
            optimizer=nn.SGD(net.parameters()),
            epochs=1,
            compiled=True,
            progress=False,
        )


@pytest.mark.parametrize("compiled", [False, True])
def test_a_parameter_of_the_optimizer_alone_is_trained_with_the_mean_gradient_and_no_penalty(
    compiled,
):
    """Two steps on (scale·w·x - y)², worked out by hand; `unused` is in no loss, and its old grad is no gradient."""
    scale, unused, line = engine.Value(2.0), engine.Value(7.0), nn.Neuron(1, "linear", seed=0)
    line.w[0].data = w = 0.5
    optimizer = nn.SGD([*line.parameters(), scale, unused], 0.01)
    optimizer.freeze([line.b])
    for p in optimizer.parameters:
        p.grad = 5.0
    with pytest.warns(UserWarning, match="no loss depends on Value"):
        nn.fit(
            line,
            [[1.0], [3.0]],
            [2.0, -1.0],
            loss=lambda a, y: (scale * a - y) ** 2,
            optimizer=optimizer,
            epochs=2,
            l2=0.1,
            compiled=compiled,
            progress=False,
        )
    s = 2.0
    for _ in range(2):
        errors = [(s * w * x - y, x) for x, y in ((1.0, 2.0), (3.0, -1.0))]
        by_w = sum(2.0 * e * s * x for e, x in errors) / 2 + 2.0 * 0.1 * w
        by_s = sum(2.0 * e * w * x for e, x in errors) / 2
        w, s = w - 0.01 * by_w, s - 0.01 * by_s
    assert (line.w[0].data, scale.data) == pytest.approx((w, s), rel=1e-12)
    assert (line.w[0].grad, scale.grad) == pytest.approx((by_w, by_s), rel=1e-12)
    assert (unused.data, unused.grad) == (7.0, 0.0)


def test_a_model_of_one_number_and_rows_of_rows():
    class Line(nn.Module):
        def __init__(self):
            self.slope = engine.Value(0.0)

        def __call__(self, x):
            return self.slope * x

    line = Line()
    nn.fit(
        line,
        [1.0, 2.0],
        [3.0, 6.0],
        loss=nn.squared_error,
        optimizer=nn.SGD(line.parameters(), 0.1),
        epochs=60,
        compiled=True,
        progress=False,
    )
    assert line.slope.data == pytest.approx(3.0, rel=1e-9)
    with pytest.raises(ValueError, match="flatten"):
        nn.fit(
            line,
            [[[1.0]], [[2.0]]],
            [3.0, 6.0],
            loss=nn.squared_error,
            optimizer=nn.SGD(line.parameters()),
            epochs=1,
            compiled=True,
            progress=False,
        )
