"""Modules: names, prediction without a graph, and weights in files, hostile ones too."""

import copy
import json
import math
import os
import pickle
import re
import sys

import pytest

import nn
from engine import Value
from nn.transformer import Row


def net():
    return nn.MLP(2, [3, 1], activation="tanh", seed=5)


def bits(module):
    return [p.data.hex() for p in module.parameters()]


def test_names_are_dotted_zero_based_and_on_the_values():
    names = net().named_parameters()
    assert list(names) == [f"layer0.neuron{j}.{p}" for j in range(3) for p in ("w0", "w1", "b")] + [
        f"layer1.neuron0.{p}" for p in ("w0", "w1", "w2", "b")
    ]
    assert all(value.label == name for name, value in names.items())
    assert len(nn.MLP(3, [4, 4, 1]).parameters()) == 41  # the micrograd lecture's count


def test_a_shared_parameter_is_counted_once():
    two = nn.Layer(1, 2, seed=0)
    two.neurons[1].b = two.neurons[0].b
    assert list(two.named_parameters()) == ["neuron0.w0", "neuron0.b", "neuron1.w0"]


def test_modules_of_one_s_own_are_found_and_predict():
    class Pair(nn.Module):
        def __init__(self):
            self.scale, self.inner, self.rate = Value(3.0), nn.Neuron(1, "linear", seed=0), 0.5
            self.last = self.scale * 2.0  # not a leaf: no parameter

        def __call__(self, x):
            return self.scale * self.inner(x)

    pair = Pair()
    assert list(pair.named_parameters()) == ["scale", "inner.w0", "inner.b"]
    pair.inner.w[0].data, pair.inner.b.data = 2.0, 1.0
    assert pair.predict([[5.0]]) == [33.0]


def test_gradients_by_name_and_back_to_zero():
    n = nn.Neuron(1, "linear", seed=0)
    (n([4.0]) * 2.0).backward()
    assert n.named_gradient() == {"w0": 8.0, "b": 2.0}
    n.zero_grad()
    assert n.named_gradient() == {"w0": 0.0, "b": 0.0}


@pytest.mark.parametrize("expanded", [False, True])
@pytest.mark.parametrize(
    "activation", ["relu", "tanh", "sigmoid", "leaky_relu", "elu", "gelu", "silu", "softplus"]
)
def test_predict_gives_the_numbers_of_a_call_and_makes_no_value(activation, expanded, monkeypatch):
    model = nn.MLP(3, [4, 2], activation=activation, output="sigmoid", seed=3, expanded=expanded)
    rows = [[0.5, -1.0, 2.0], [0.0, 3.0, -0.25]]
    wanted = [[v.data for v in model(row)] for row in rows]
    monkeypatch.setattr("engine.value.make", None)  # whoever makes a node now fails
    assert model.predict(rows) == wanted
    with pytest.raises(TypeError):
        model(rows[0])


def test_predict_takes_rows_of_numpy():
    numpy = pytest.importorskip("numpy")
    answers = net().predict(numpy.array([[1.0, 2.0]]))
    assert type(answers[0]) is float and answers == net().predict([[1.0, 2.0]])


def test_copies_and_pickles_are_whole_and_apart():
    one = net()
    for other in (copy.deepcopy(one), pickle.loads(pickle.dumps(one))):
        assert bits(other) == bits(one)
        other.parameters()[0].data += 1.0
        assert bits(other) != bits(one)


EXTREMES = [
    0.1 + 0.2,
    5e-324,
    -0.0,
    sys.float_info.max,
    -sys.float_info.min,
    1 / 3,
    1e23,
    0.0,
    -1.0,
    2.0**-1074 * 3,
]


def test_a_file_gives_every_bit_back(tmp_path):
    one, other = net(), net()
    for p, number in zip(one.parameters(), EXTREMES * 2):
        p.data = number
    path = tmp_path / "weights.json"
    one.save(path)
    assert other.load(path) is other
    assert bits(other) == bits(one)
    assert (
        b"\r" not in path.read_bytes()
        and json.loads(path.read_text("utf-8"))["layer0.neuron0.w1"] == 5e-324
    )
    assert [p.name for p in tmp_path.iterdir()] == ["weights.json"]


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_saving_refuses_what_is_not_finite_and_leaves_the_file(tmp_path, bad):
    model, path = net(), tmp_path / "weights.json"
    model.save(path)
    before = path.read_bytes()
    model.layers[1].neurons[0].w[2].data = bad
    with pytest.raises(ValueError, match=re.escape("layer1.neuron0.w2")):
        model.save(path)
    assert path.read_bytes() == before and len(list(tmp_path.iterdir())) == 1


def test_a_write_that_fails_leaves_the_old_file_and_no_litter(tmp_path, monkeypatch):
    model, path = net(), tmp_path / "weights.json"
    model.save(path)
    before = path.read_bytes()

    def fail(*_):
        raise OSError("disk on fire")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="fire"):
        model.save(path)
    assert path.read_bytes() == before and len(list(tmp_path.iterdir())) == 1


def hostile():
    """Each fault with a piece of what the error must say."""
    good = {name: 0.5 for name in net().named_parameters()}
    text, first = json.dumps(good), "layer0.neuron0.w0"
    for token in (
        "NaN",
        "Infinity",
        "-Infinity",
        "1e999",
        "-1e999",
        "1" + "0" * 400,
        "true",
        "null",
        '"nan"',
        '"0.5"',
        '"1_000"',
        "[0.5]",
        "{}",
    ):
        yield text.replace("0.5", token, 1), "not a finite number"
    yield text.replace("0.5", "1_000", 1), "delimiter"
    yield "9" * 5000, "not a finite number"
    yield text[:-1] + f', "{first}": 0.5}}', "twice"
    yield text.replace(first, "layer0.neuron9.w0"), "unknown 'layer0.neuron9.w0'"
    yield json.dumps({k: v for k, v in good.items() if k != first}), "missing 'layer0.neuron0.w0'"
    yield json.dumps(good | {"\x1b[31mextra\n": 1.0}), r"'\x1b[31mextra\n'"
    yield json.dumps(dict.fromkeys(nn.MLP(2, [4, 1]).named_parameters(), 0.5)), "another network"
    yield "[" * 100_000, "nested too deeply"
    yield '{"a":' * 100_000, "nested too deeply"
    yield "[" * 100_000 + "]" * 100_000, "nested too deeply"
    yield "[0.5]", "expected an object"
    yield "", "line 1"
    yield text[:-5], "line 1"
    yield "{}", "0 were found"
    yield "\ud800", "utf-8"


@pytest.mark.parametrize("case", range(len(list(hostile()))))
def test_hostile_files_are_refused_with_the_reason_and_change_nothing(tmp_path, case):
    text, reason = list(hostile())[case]
    path, model = tmp_path / "weights.json", net()
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    before = bits(model)
    with pytest.raises(ValueError) as caught:
        model.load(path)
    message = str(caught.value)
    assert reason in message and "weights.json" in message
    assert bits(model) == before
    assert len(message) < 500 + len(str(path)) and "\x1b" not in message


def test_a_folder_that_is_not_there_is_named_as_it_was_given(tmp_path):
    path = tmp_path / "nowhere" / "weights.json"
    with pytest.raises(FileNotFoundError) as caught:
        net().save(path)
    assert caught.value.filename == str(path) and ".part" not in str(caught.value)


def test_a_missing_file_says_so(tmp_path):
    with pytest.raises(FileNotFoundError):
        net().load(tmp_path / "nothing.json")


@pytest.mark.parametrize("weights", [None, [], 1.0, {"w0": 1.0, "b": True}, {"w0": 1, "b": 1.0}])
def test_set_weights_takes_finite_floats_by_name_only(weights):
    neuron = nn.Neuron(1, seed=0)
    before = bits(neuron)
    with pytest.raises(ValueError):
        neuron.set_weights(weights)
    assert bits(neuron) == before


@pytest.mark.parametrize("name", ["float16", "float32", "float64"])
def test_weights_that_numpy_changed_are_floats_again(tmp_path, name):
    numpy = pytest.importorskip("numpy")
    kind, model = getattr(numpy, name), net()
    for p in model.parameters():
        p.grad = kind(0.5)
        p.data -= kind(0.1) * p.grad
    weights = model.weights()
    assert {type(x) for x in [*weights.values(), *model.named_gradient().values()]} == {float}
    assert all(type(x) is float for x in model.predict([[kind(1.0), 2.0]]))
    model.save(tmp_path / "weights.json")
    assert net().load(tmp_path / "weights.json").weights() == weights
    other = net()
    other.set_weights({key: kind(x) for key, x in weights.items()})
    assert {type(p.data) for p in other.parameters()} == {float}
    assert [p.data for p in other.parameters()] == [float(kind(x)) for x in weights.values()]


def test_two_parameters_of_one_name_are_refused():
    class Twins(nn.Module):
        def __init__(self):
            self.w0, self.w = Value(1.0), [Value(2.0)]

    with pytest.raises(ValueError, match="one name"):
        Twins().parameters()


def test_predict_takes_numbers_only():
    with pytest.raises(TypeError, match="not the str"):
        nn.MLP(2, [1], seed=0).predict(["12"])


@pytest.mark.parametrize("make", [lambda: nn.Neuron(2, seed=1), lambda: Row(2, seed=1)])
def test_a_number_in_place_of_a_weight_is_refused_with_the_call_that_is_meant(make):
    module = make()
    before = list(module.w)
    with pytest.raises(TypeError, match=r"^w\[0\] is a param.* write w\[0\]\.data = 0\.5$"):
        module.w[0] = 0.5
    with pytest.raises(TypeError, match=r"^w\[i\] is a parameter.* write w\[i\]\.data = 0\.25$"):
        module.w[:] = [0.25, 1]
    assert module.w == before and module.parameters()[:2] == before
    module.w[1] = shared = Value(2.0)  # tied to another
    module.w[:1] = [shared]
    assert module.w == [shared, shared]
    twin = copy.deepcopy(module)
    assert [w.data for w in twin.w] == [2.0, 2.0]
    with pytest.raises(TypeError, match="is a parameter"):
        twin.w[-1] = 3
    assert type(module.plain().w[0]) is float
