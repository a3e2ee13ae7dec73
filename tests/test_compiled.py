"""fit(compiled=True) descends along the same gradients as fit without."""

import random

import pytest

import nn

pytest.importorskip("numpy", reason="recording needs NumPy")

DRAW = random.Random(2)
INPUTS = [[DRAW.uniform(-1, 1), DRAW.uniform(-1, 1)] for _ in range(30)]


def trained(outputs, loss, targets, compiled):
    net = nn.MLP(2, [5, outputs], seed=4)
    history = nn.fit(net, INPUTS, targets, loss=loss, optimizer=nn.Adam(net.parameters(), 0.02), epochs=5,
                     batch_size=8, progress=False, compiled=compiled)
    return history.loss, [p.data for p in net.parameters()]


@pytest.mark.parametrize(("outputs", "loss", "targets"), [
    (1, nn.squared_error, [x * y for x, y in INPUTS]),
    (1, nn.max_margin, [1 if x > y else -1 for x, y in INPUTS]),
    (1, nn.binary_cross_entropy, [int(x > y) for x, y in INPUTS]),
    (2, nn.squared_error, [[x, y] for x, y in INPUTS]),
    (3, nn.cross_entropy, [k % 3 for k in range(30)]),
])
def test_compiled_training_is_training(outputs, loss, targets):
    losses, weights = trained(outputs, loss, targets, compiled=False)
    fast_losses, fast_weights = trained(outputs, loss, targets, compiled=True)
    assert fast_losses == pytest.approx(losses, rel=1e-9)
    assert fast_weights == pytest.approx(weights, rel=1e-9, abs=1e-12)
