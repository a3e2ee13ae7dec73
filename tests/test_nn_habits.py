"""Habits from PyTorch and micrograd work, or are answered with what to write here."""

import copy
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

import nn
from engine import Value

ROOT = Path(__file__).parents[1]


def net():
    return nn.MLP(2, [3, 1], seed=0)


@pytest.mark.parametrize(
    ("habit", "error", "remedy"),
    [
        (lambda: nn.Linear(2, 3), AttributeError, "nn.Layer(2, 3, activation="),
        (lambda: nn.ReLU(), AttributeError, 'activation="relu"'),
        (lambda: nn.MSELoss(), AttributeError, "nn.mean_squared_error"),
        (lambda: nn.HuberLoss(), AttributeError, "nn.huber"),
        (lambda: nn.CrossEntropyLoss(), AttributeError, "nn.cross_entropy"),
        (lambda: nn.Softmax(dim=1), AttributeError, "nn.cross_entropy takes logits"),
        (lambda: nn.functional.relu(1.0), AttributeError, "engine.relu"),
        (lambda: nn.DataLoader, AttributeError, "batch_size=20"),
        (lambda: nn.BCEWithLogitsLoss(), AttributeError, "nn.binary_cross_entropy"),
        (lambda: nn.Parameter(0.0), AttributeError, "Value(0.0)"),
        (lambda: net().state_dict(), AttributeError, "weights()"),
        (lambda: net().load_state_dict({}), AttributeError, "set_weights"),
        (lambda: net().train(), AttributeError, "leave it out"),
        (lambda: net().eval(), AttributeError, "predict(rows)"),
        (lambda: net().to("cuda"), AttributeError, "leave it out"),
        (lambda: net().requires_grad_(False), AttributeError, "optimizer.freeze"),
        (lambda: nn.SGD([Value(1.0)]).param_groups, AttributeError, "optimizer.learning_rate"),
        (lambda: nn.Neuron(2, nonlin=False), TypeError, 'activation="linear"'),
        (lambda: nn.MLP([2, 3, 1]), TypeError, "write MLP(2, [3, 1])"),
        (lambda: nn.MLP(2), ValueError, "MLP(2, [1])"),
    ],
)
def test_a_habit_is_answered_in_one_line(habit, error, remedy):
    with pytest.raises(error) as caught:
        habit()
    message = str(caught.value)
    assert remedy in message and "\n" not in message and len(message) < 120


@pytest.mark.parametrize("thing", [nn, net(), nn.SGD([Value(1.0)])])
def test_any_other_name_is_missing_as_ever(thing):
    with pytest.raises(AttributeError, match="has no 'wieghts'$") as caught:
        _ = thing.wieghts
    assert caught.value.name == "wieghts" and caught.value.obj is thing  # for "did you mean"
    assert not hasattr(thing, "wieghts") and getattr(thing, "wieghts", 5) == 5


def test_all_public_names_are_found_by_tab_and_suggested():
    assert set(nn.__all__) <= set(dir(nn))
    for wrong, right in (("Adm", "Adam"), ("cross_entropi", "cross_entropy"), ("Modul", "Module")):
        program = f"import nn\nnn.{wrong}"
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True
        )
        assert f"nn has no '{wrong}'. Did you mean: '{right}'?" in done.stderr


def test_zero_grad_works_as_ever():
    model = net()
    optimizer = nn.SGD(model.parameters(), lr=0.1)
    for owner in (model, optimizer):
        model([1.0, 2.0]).backward()
        owner.zero_grad()
        assert all(p.grad == 0.0 for p in model.parameters())


@pytest.mark.parametrize("kind", [nn.SGD, nn.Adam])
@pytest.mark.parametrize("rate", [0.25, lambda step: 1.0 / (2 + step)])
def test_lr_is_another_name_of_the_learning_rate(kind, rate):
    ours, theirs = Value(1.0), Value(1.0)
    for p, optimizer in ((ours, kind([ours], rate)), (theirs, kind([theirs], lr=rate))):
        for _ in range(3):
            p.grad = 0.5
            optimizer.step()
    assert ours.data == theirs.data != 1.0
    with pytest.raises(ValueError, match="learning_rate is -1"):
        kind([ours], lr=-1.0)


def test_lr_is_read_and_changed_between_steps():
    p = Value(1.0)
    optimizer = nn.SGD([p], lr=0.5)
    p.grad = 1.0
    optimizer.step()
    optimizer.lr = optimizer.lr / 10
    optimizer.step()
    assert p.data == 1.0 - 0.5 - 0.05 and optimizer.learning_rate == optimizer.lr == 0.05


def test_a_module_with_forward_alone_is_called_predicts_and_is_trained():
    class Line(nn.Module):
        def __init__(self):
            self.slope, self.offset = Value(1.0), Value(0.0)

        def forward(self, x):
            return self.slope * x + self.offset

    line = Line()
    assert line(3.0).data == 3.0 and line.predict([2.0, 5.0]) == [2.0, 5.0]
    data = {"inputs": [0.0, 1.0, 2.0], "targets": [1.0, 3.0, 5.0]}
    options = {"loss": nn.squared_error, "epochs": 300, "progress": False}
    nn.fit(line, **data, optimizer=nn.SGD(line.parameters(), lr=0.1, momentum=0.5), **options)
    assert (line.slope.data, line.offset.data) == pytest.approx((2.0, 1.0))


def test_a_module_without_forward_says_what_it_needs():
    with pytest.raises(NotImplementedError, match=r"Module needs a method forward\(self, x\)"):
        nn.Module()(1.0)


def test_named_parameters_are_a_dict_and_a_loop_over_pairs_is_told_so():
    parameters = net().named_parameters()
    assert type(parameters) is dict and parameters["layer0.neuron0.w1"].label == "layer0.neuron0.w1"
    assert [name for name, _ in parameters.items()] == list(parameters)
    with pytest.raises(
        TypeError, match=r"write for name, value in net.named_parameters\(\).items\(\)"
    ):
        for _name, _value in parameters:
            pass
    neuron = nn.Neuron(2, seed=0)  # w0, w1, b: names of two letters would be unpacked in silence
    with pytest.raises(TypeError, match="items"):
        for _name, _value in neuron.named_parameters():
            pass


def test_names_that_leave_a_module_are_plain_strings():
    model = net()
    for name in (*model.weights(), *model.named_gradient(), *(p.label for p in model.parameters())):
        assert type(name) is str
    assert list(copy.deepcopy(model.named_parameters())) == list(model.named_parameters())
    assert pickle.loads(pickle.dumps(model)).weights() == model.weights()


@pytest.mark.parametrize(
    ("wrong", "error", "remedy"),
    [
        (
            {"model": lambda x: x[0]},
            TypeError,
            r"model is a Module, such as nn\.MLP\(2, \[3, 1\]\)",
        ),
        ({"model": nn.MLP}, TypeError, "model is a Module"),
        ({"targets": ["cat"]}, TypeError, r"not the str 'cat'"),
        ({"targets": ["cat"], "loss": nn.cross_entropy}, TypeError, r"names\.index\(name\)"),
    ],
)
def test_what_fit_cannot_take_is_named_with_the_remedy(wrong, error, remedy):
    model = net()
    given = {"model": model, "inputs": [[1.0, 2.0]], "targets": [1.0], "loss": nn.squared_error}
    with pytest.raises(error, match=remedy):
        nn.fit(**given | wrong, optimizer=nn.SGD(model.parameters()), epochs=1, progress=False)


def test_an_activation_that_no_layer_would_use_is_checked_too():
    with pytest.raises(ValueError, match="unknown activation 'Relu'"):
        nn.MLP(2, [1], activation="Relu")


@pytest.mark.parametrize("rows", [[[1.0, 2.0]], [(1.0, 2.0), (3.0, 4.0)]])
def test_a_network_that_is_given_rows_says_what_takes_them(rows):
    with pytest.raises(TypeError, match=r"one example.*net\.predict\(rows\), or \[net\(row\)"):
        net()(rows)
    numpy = pytest.importorskip("numpy")
    with pytest.raises(TypeError, match=r"one example.*net\.predict\(rows\)"):
        net()(numpy.array(rows))
    with pytest.raises(TypeError, match="not the str 'a'"):
        net()("ab")


def test_a_sequence_of_layers_may_be_a_list_and_what_is_no_layer_is_named():
    layers = [nn.Layer(2, 3, "tanh", seed=0), "relu", nn.Layer(3, 1, "linear", seed=1)]
    rows = [[1.0, 2.0]]
    assert nn.Sequential(layers).predict(rows) == nn.Sequential(*layers).predict(rows)
    with pytest.raises(ValueError, match=r"unknown activation \['relu'\]"):
        nn.MLP(2, [2, 1], activation=["relu"])
