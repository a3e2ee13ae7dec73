"""Neurons, layers, MLPs: against NumPy matrices; where weights start; what is refused."""

import hashlib
import math
import random
import subprocess
import sys
from pathlib import Path

import pytest

import nn
from engine import Value, gelu
from nn.layers import starting_range

np = pytest.importorskip("numpy")

ACTIVATIONS = {  # activation and its slope, in NumPy
    "relu": (lambda z: np.maximum(z, 0.0), lambda z: (z > 0.0) * 1.0),
    "tanh": (np.tanh, lambda z: 1.0 / np.cosh(z) ** 2),
    "sigmoid": (lambda z: 1.0 / (1.0 + np.exp(-z)), lambda z: np.exp(-z) / (1.0 + np.exp(-z)) ** 2),
    "leaky_relu": (
        lambda z: np.where(z > 0.0, z, 0.01 * z),
        lambda z: np.where(z > 0.0, 1.0, 0.01),
    ),
    "softplus": (lambda z: np.log1p(np.exp(z)), lambda z: 1.0 / (1.0 + np.exp(-z))),
    "linear": (lambda z: z, np.ones_like),
}


def matrices(net):
    return [
        (
            np.array([[w.data for w in n.w] for n in layer.neurons]),
            np.array([n.b.data for n in layer.neurons]),
        )
        for layer in net.layers
    ]


def by_matrices(net, x, y):
    """Output, cost Σ(a-y)² and its gradients (δ aᵀ, δ) of each layer: BP1 to BP4 of the notes."""
    a, zs, activations = np.array(x), [], [np.array(x)]
    kinds = [ACTIVATIONS[net.activation]] * (len(net.layers) - 1) + [ACTIVATIONS[net.output]]
    for (w, b), (f, _) in zip(matrices(net), kinds):
        zs.append(w @ a + b)
        a = f(zs[-1])
        activations.append(a)
    delta = 2.0 * (a - np.array(y)) * kinds[-1][1](zs[-1])
    gradients = []
    for i in reversed(range(len(zs))):
        gradients.insert(0, (np.outer(delta, activations[i]), delta))
        if i:
            delta = (matrices(net)[i][0].T @ delta) * kinds[i - 1][1](zs[i - 1])
    return a, float(((a - np.array(y)) ** 2).sum()), gradients


@pytest.mark.parametrize("expanded", [False, True])
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("sizes", [[3], [1, 1, 1], [4, 5, 2], [16, 16, 1]])
def test_forward_and_gradients_equal_the_matrices(sizes, activation, expanded):
    rng = random.Random(len(sizes) * 100 + sizes[0])
    net = nn.MLP(3, sizes, activation=activation, output="sigmoid", seed=rng, expanded=expanded)
    for p in net.parameters():
        p.data += rng.uniform(-0.2, 0.2)
    x, y = (
        [rng.uniform(-1.0, 1.0) for _ in range(3)],
        [rng.random() for _ in range(sizes[-1])],
    )
    out = net(x)
    cost = nn.squared_error(out, y if sizes[-1] > 1 else y[0])
    cost.backward()
    a, c, gradients = by_matrices(net, x, y)
    np.testing.assert_allclose(
        [v.data for v in (out if sizes[-1] > 1 else [out])], a, rtol=1e-12, atol=1e-14
    )
    assert cost.data == pytest.approx(c, rel=1e-12)
    for layer, (dw, db) in zip(net.layers, gradients):
        np.testing.assert_allclose(
            [[w.grad for w in n.w] for n in layer.neurons], dw, rtol=1e-12, atol=1e-13
        )
        np.testing.assert_allclose([n.b.grad for n in layer.neurons], db, rtol=1e-12, atol=1e-13)


def test_expanded_is_the_same_number_in_single_steps():
    one, other = nn.Neuron(9, "linear", seed=2), nn.Neuron(9, "linear", seed=2, expanded=True)
    x = [random.Random(1).uniform(-1, 1) * 10.0**k for k in range(-4, 5)]
    a, b = one(x), other(x)
    assert a.data.hex() == b.data.hex()
    assert a.operation.name == "weighted_sum" and len(a.parents) == 19
    assert b.operation.name == "add" and [p.operation.name for p in b.parents] == [
        "add",
        "multiply",
    ]


def test_one_weighted_sum_and_one_activation_a_neuron():
    out = nn.Neuron(2, "tanh", seed=0)([1.0, 2.0])
    assert out.operation.name == "tanh" and out.parents[0].operation.name == "weighted_sum"
    assert nn.Neuron(2, "linear", seed=0)([1.0, 2.0]).operation.name == "weighted_sum"


def test_inputs_become_constants_once_for_all_neurons():
    first, second = nn.Layer(2, 2, "linear", seed=0)([1.5, 2])
    assert (
        first.parents[2] is second.parents[2]
        and first.parents[2].constant
        and first.parents[3].data == 2.0
    )
    x = [Value(1.5), Value(2.0)]
    assert nn.Layer(2, 1, "linear", seed=0)(x)[0].parents[2] is x[0]


def test_shapes_of_answers():
    assert isinstance(nn.MLP(3, [4, 4, 1], seed=0)([2.0, 3.0, -1.0]), Value)
    assert [type(v) for v in nn.MLP(3, [4, 2], seed=0)([2.0, 3.0, -1.0])] == [Value, Value]
    assert len(nn.Layer(3, 1, seed=0)([1.0, 2.0, 3.0])) == 1


@pytest.mark.parametrize(
    "part", [nn.MLP(3, [2, 1]), nn.Layer(3, 2), nn.Neuron(3), nn.Neuron(3, expanded=True)]
)
@pytest.mark.parametrize("x", [[1.0, 2.0], [1.0] * 4, []])
def test_a_wrong_number_of_inputs_is_named(part, x):
    with pytest.raises(ValueError, match=rf"takes 3 inputs, not {len(x)}"):
        part(x)
    with pytest.raises(ValueError, match=rf"takes 3 inputs, not {len(x)}"):
        part.predict([x])


@pytest.mark.parametrize(
    "wrong, kind",
    [
        (lambda: nn.MLP(2, []), ValueError),
        (lambda: nn.MLP(2, 3), TypeError),
        (lambda: nn.MLP(0, [1]), ValueError),
        (lambda: nn.MLP(2, [3, 0]), ValueError),
        (lambda: nn.MLP(2, [-1]), ValueError),
        (lambda: nn.MLP(2, [1.5]), TypeError),
        (lambda: nn.MLP(2, "12"), TypeError),
        (lambda: nn.Neuron(2, "rellu"), ValueError),
        (lambda: nn.MLP(2, [1], output="softmax"), ValueError),
    ],
)
def test_impossible_networks_are_refused(wrong, kind):
    with pytest.raises(kind):
        wrong()


def test_a_function_may_be_the_activation():
    out = nn.Neuron(1, lambda z: gelu(z) + 1.0, seed=0)([2.0])
    assert out.operation.name == "add" and out.parents[0].operation.name == "gelu"


def test_weights_start_within_the_range_of_the_papers_and_fill_it():
    assert starting_range(50, 20, "relu") == math.sqrt(
        6 / 50
    )  # He et al. 2015: variance 2 / fan-in
    assert starting_range(50, 20, "tanh") == math.sqrt(
        6 / 70
    )  # Glorot and Bengio 2010: 2 / (fan-in + fan-out)
    for activation, variance in (
        ("relu", 2 / 50),
        ("tanh", 2 / 70),
        ("sigmoid", 2 / 70),
        ("silu", 2 / 50),
    ):
        layer = nn.Layer(50, 20, activation, seed=3)
        weights = [w.data for n in layer.neurons for w in n.w]
        assert max(map(abs, weights)) <= math.sqrt(3 * variance)
        assert sum(w * w for w in weights) / 1000 == pytest.approx(
            variance, rel=0.1
        )  # 5 standard errors: 0.14
        assert all(n.b.data == 0.0 for n in layer.neurons)


def test_seeds():
    def numbers(seed):
        return [p.data for p in nn.MLP(2, [3, 1], seed=seed).parameters()]

    assert numbers(1) == numbers(1) != numbers(2)
    assert numbers(None) != numbers(None)
    state = random.getstate()
    numbers(None)
    assert random.getstate() == state  # nobody else's chance is touched


def test_the_same_seed_gives_the_same_bits_in_another_process():
    code = (
        "import hashlib, nn; net = nn.MLP(2, [16, 16, 1], seed=42); net([1.0, 2.0]).backward();"
        "print(hashlib.sha256(repr([(p.data, p.grad) for p in net.parameters()]).encode()).hexdigest())"
    )
    net = nn.MLP(2, [16, 16, 1], seed=42)
    net([1.0, 2.0]).backward()
    here = hashlib.sha256(repr([(p.data, p.grad) for p in net.parameters()]).encode()).hexdigest()
    there = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        check=True,
    )
    assert there.stdout.strip() == here


def test_the_first_weights_of_seed_0_are_those_of_random():
    rng = random.Random(0)
    expected = [math.sqrt(6 / 3) * (2.0 * rng.random() - 1.0) for _ in range(3)]
    assert [w.data for w in nn.Neuron(3, "relu", seed=0).w] == expected


def test_what_a_repr_says():
    assert (
        repr(nn.MLP(2, [3, 1], "tanh", "sigmoid"))
        == 'MLP(2, [3, 1], activation="tanh", output="sigmoid")'
    )
    assert repr(nn.Layer(2, 3)) == 'Layer(2, 3, "relu")' and repr(nn.Neuron(2, gelu)).startswith(
        "Neuron(2, "
    )


def test_a_line_of_nn_is_where_a_neuron_was_made():
    site = nn.Neuron(1, seed=0)([1.0]).created_at
    assert site.filename.endswith("layers.py")


def test_inputs_are_one_list():
    net = nn.MLP(2, [3, 1], seed=0)
    for call in (
        lambda: net(1.0),
        lambda: net(1.0, 2.0),
        lambda: net(Value(1.0)),
        lambda: net.predict([1.0, 2.0]),
    ):
        with pytest.raises(TypeError, match="as one list"):
            call()
    with pytest.raises(TypeError, match="whole number, not 4.0"):
        nn.MLP(2, [4.0, 1])
