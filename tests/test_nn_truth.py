"""Training says what it does: each case in which a run went on, and did something else."""

import collections
import contextlib
import dataclasses
import functools
import math
import random
import signal
import types
import warnings

import pytest

import engine
import nn
from engine import Value, derivative, gradient, hessian, jacobian


def numpy():
    return pytest.importorskip("numpy")


BOTH = pytest.mark.parametrize("compiled", [False, True])


def fitted(model, inputs, targets, loss=nn.squared_error, optimizer=None, **options):
    if options.get("compiled"):
        numpy()
    optimizer = optimizer or nn.SGD(model.parameters(), 0.1)
    options = {"epochs": 1, "progress": False, **options}
    return nn.fit(model, inputs, targets, loss=loss, optimizer=optimizer, **options)


@contextlib.contextmanager
def silent():
    """A block in which nothing warns."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


class Model(nn.Module):
    """A module of a function of itself and x, with the parts that are given by name."""

    def __init__(self, function, **parts):
        self.function = function
        vars(self).update(parts)

    def forward(self, x):
        return self.function(self, x)


def line(**parts):
    return Model(lambda s, x: s.w * x, w=Value(1.0), **parts)


# -- 1: what Python decides while the loss is recorded ----------------------------------------------


def missing(s, x):
    return s.m if x[0] == -999.0 else s.w * x[0]


SENTINEL = [[1.0], [-1.0], [-999.0], [2.0], [-999.0], [-2.0]], [1, 0, 1, 1, 0, 0]


def test_a_row_that_python_treats_on_its_own_is_trained_right_or_refused():
    def start():
        return Model(missing, w=Value(1.0), m=Value(0.5))

    eager = start()
    fitted(eager, *SENTINEL, nn.binary_cross_entropy, epochs=3)
    w, m = 1.0, 0.5  # by hand, with σ(z) - y for the slope by the logit
    for _ in range(3):
        by_w = by_m = 0.0
        for [x], y in zip(*SENTINEL):
            error = 1.0 / (1.0 + math.exp(-(m if x == -999.0 else w * x))) - y
            by_w, by_m = by_w + (x != -999.0) * error * x, by_m + (x == -999.0) * error
        w, m = w - 0.1 * by_w / 6, m - 0.1 * by_m / 6
    assert (eager.w.data, eager.m.data) == pytest.approx((w, m), rel=1e-12)
    other = start()
    with pytest.raises(
        ValueError, match=r"test_nn_truth.py:\d+: `x\[0\] == -999.0` compares objects"
    ):
        fitted(other, *SENTINEL, nn.binary_cross_entropy, epochs=3, compiled=True)
    assert (other.w.data, other.m.data) == (1.0, 0.5)


@pytest.mark.parametrize(
    "function",
    [
        lambda s, x: s.w * x if engine.lift(x).data > 0 else -x,
        lambda s, x: s.w * x if (s.w * x).data > 0 else 0.0 * s.w,
        lambda s, x: s.w * x if s.w.data > 0 else x,
        lambda s, x: s.w * x if s.w > 0 else x,
        lambda s, x: s.w * x if engine.lift(x) > 0 else x,
        lambda s, x: s.w * x if x in (1.0, 2.0) else x,
        lambda s, x: s.w * x if x in {1.0, 2.0} else x,
        lambda s, x: s.w * {1.0: 2.0}.get(x, 1.0) * x,
    ],
)
def test_a_number_that_python_learns_is_refused_with_its_line(function):
    numpy()
    model = Model(function, w=Value(1.0))
    with pytest.raises(ValueError, match=r"test_nn_truth.py:\d+: `.*engine.where"):
        fitted(model, [1.0, 2.0, 3.0], [1.0, 2.0, 3.0], compiled=True)
    assert model.w.data == 1.0


def test_a_number_of_python_that_changes_in_training_is_found_by_the_comparisons():
    numpy()
    model = Model(lambda s, x: s.w * x * s.heat, w=Value(1.0), heat=1.0)

    def cool(history):
        model.heat = 0.5

    with pytest.raises(ValueError, match="changed since"):
        fitted(model, [1.0, 2.0], [1.0, 1.0], compiled=True, epochs=3, on_epoch=cool)


def test_a_row_in_the_middle_that_has_a_type_of_its_own_is_found():
    numpy()
    inputs = [1.0] * 100
    inputs[50] = 2
    model = Model(lambda s, x: s.w * (x if isinstance(x, (float, Value)) else 9.0), w=Value(1.0))
    with pytest.raises(ValueError, match="example 50 has a loss of 81, but 4 recorded"):
        fitted(model, inputs, [0.0] * 100, compiled=True)


def test_the_same_branch_by_where_is_trained_as_without_a_tape():
    numpy()

    def by_where(s, x):
        known = engine.where(x[0] + 999.0, x[0], 0.0)
        return engine.where(x[0] + 999.0, s.w * known, s.m)

    trained = []
    for compiled in (False, True):
        model = Model(by_where, w=Value(0.0), m=Value(0.5))
        with silent():
            fitted(model, *SENTINEL, nn.binary_cross_entropy, epochs=3, compiled=compiled)
        trained.append((model.w.data, model.m.data))
    assert trained[0] == pytest.approx(trained[1], rel=1e-12)


# -- 2: parameters that vanish -----------------------------------------------------------------------


class Plain:
    """A layer of someone who does not know of Module."""

    def __init__(self):
        self.w = Value(3.0)

    def __call__(self, x):
        return self.w * x


@dataclasses.dataclass(slots=True)
class Slotted:
    w: Value
    other: Value | None


class OfTheClass(nn.Module):
    scale = Value(1.0)

    def forward(self, x):
        return self.scale * x


@pytest.mark.parametrize(
    "part, names",
    [
        ([[Value(1.0), Value(2.0)], [Value(3.0)]], ["part0.0", "part0.1", "part1.0"]),
        ({"a": Value(1.0), "b": nn.Neuron(1)}, ["part.a", "part.b.w0", "part.b.b"]),
        ([{"a": (Value(1.0),)}], ["part0.a0"]),
        (types.SimpleNamespace(w=Value(1.0)), ["part.w"]),
        (Plain(), ["part.w"]),
        ([Plain(), Plain()], ["part0.w", "part1.w"]),
        (OfTheClass(), ["part.scale"]),
        (collections.namedtuple("Pair", "a b")(Value(1.0), Value(2.0)), ["part0", "part1"]),
        (Slotted(Value(1.0), None), ["part.w"]),
        (collections.deque([Value(1.0), nn.Neuron(1)]), ["part0", "part1.w0", "part1.b"]),
        (collections.OrderedDict(z=Value(1.0), a=Value(2.0)), ["part.z", "part.a"]),
    ],
)
def test_parameters_are_found_in_containers_in_order(part, names):
    model = Model(lambda s, x: x, part=part)
    assert list(model.named_parameters()) == names
    numbers = {name: float(i) for i, name in enumerate(names)}
    model.set_weights(numbers)
    assert model.weights() == numbers


def test_parameters_are_found_in_arrays_of_values():
    numpy = pytest.importorskip("numpy")
    grid = numpy.array([[Value(1.0), Value(2.0)], [Value(3.0), Value(4.0)]])
    model = Model(lambda s, x: s.grid[1, 0] * x, grid=grid, rates=numpy.array([0.5, 0.25]))
    assert list(model.named_parameters()) == ["grid0.0", "grid0.1", "grid1.0", "grid1.1"]
    assert model.predict([2.0]) == [6.0]
    model.set_weights({name: 5.0 for name in model.named_parameters()})
    assert grid[0, 1].data == 5.0 and model.predict([2.0]) == [10.0]


def test_a_set_has_no_order_and_is_refused():
    with pytest.raises(TypeError, match="part is a set, which has no order: write a list"):
        Model(None, part={Value(1.0)}).parameters()


def test_a_model_may_keep_its_optimizer():
    model = line()
    model.optimizer = nn.SGD(model.parameters())
    model.optimizer.freeze(model.parameters())
    assert list(model.named_parameters()) == ["w"]


def test_modules_in_a_circle_are_found_once():
    a, b = line(), line()
    a.other, b.other = b, a
    assert list(a.named_parameters()) == ["w", "other.w"]
    assert a.predict([2.0]) == [2.0]


def test_the_list_bias_keeps_its_name():
    model = Model(None, bias=[Value(0.0)], layers=[Value(1.0)], loss=[Value(2.0)])
    assert list(model.named_parameters()) == ["bias0", "layer0", "loss0"]


STRANGER = Value(0.5, label="stranger")


@BOTH
@pytest.mark.parametrize(
    "model, name",
    [
        (lambda: Model(lambda s, x: s.w * x + STRANGER, w=Value(1.0)), "stranger"),
        (lambda: Model(lambda s, x: s.w * x + s.v, w=Value(1.0), v=Value(2.0) * 0.1), "data=2"),
        (
            lambda: Model(
                lambda s, x: s.f(s.w * x), w=Value(1.0), f=(lambda v: lambda z: v * z)(Value(4.0))
            ),
            "data=4",
        ),
    ],
)
def test_a_leaf_of_the_loss_that_belongs_to_nobody_is_named(model, name, compiled):
    with pytest.warns(
        UserWarning, match=f"depends on .*{name}.*nothing trains or saves it"
    ) as warnings:
        fitted(model(), [1.0, 2.0], [1.0, 2.0], compiled=compiled)
    assert {warning.filename for warning in warnings} == {__file__}
    with pytest.warns(UserWarning, match=name):  # one example, met twice
        fitted(model(), [1.0], [1.0], compiled=compiled, epochs=2)


@BOTH
def test_leaves_of_one_evaluation_and_inputs_that_are_values_warn_of_nothing(compiled):
    with silent():
        fitted(
            Model(lambda s, x: s.w * x + Value(0.0), w=Value(1.0)),
            [1.0, 2.0],
            [1.0, 2.0],
            compiled=compiled,
        )
        slope = Model(lambda s, x: derivative(lambda t: s.w * t * t)(x), w=Value(1.0))
        fitted(slope, [1.0, 2.0], [1.0, 2.0], compiled=compiled)
        if not compiled:
            rows = [[Value(1.0)], [Value(2.0)]]
            fitted(nn.MLP(1, [1], seed=0), rows, [1.0, 2.0], epochs=3)


@BOTH
def test_parameters_that_no_loss_reaches_are_named_unless_they_are_frozen(compiled):
    model = line(idle=nn.Neuron(2))
    with pytest.warns(UserWarning, match="no loss depends on idle.w0, idle.w1, idle.b: "):
        fitted(model, [1.0], [1.0], compiled=compiled)
    optimizer = nn.SGD(model.parameters())
    optimizer.freeze(model.idle.parameters())
    with silent():
        fitted(model, [1.0], [1.0], optimizer=optimizer, compiled=compiled)


def test_a_parameter_that_only_some_examples_reach_is_no_stranger():
    with silent():
        fitted(Model(missing, w=Value(0.0), m=Value(0.5)), *SENTINEL, nn.binary_cross_entropy)


# -- 3: StopIteration --------------------------------------------------------------------------------


def stop(*_):
    raise StopIteration("here")


@BOTH
@pytest.mark.parametrize(
    "options",
    [
        {"before_step": stop},
        {"loss": stop},
        {"on_epoch": stop},
        {"optimizer": nn.SGD([W := Value(1.0)], stop)},
    ],
)
def test_stop_iteration_propagates(options, compiled):
    model = Model(lambda s, x: s.w * x, w=W)
    with pytest.raises(StopIteration, match="here"):
        fitted(model, [1.0, 2.0], [1.0, 2.0], compiled=compiled, epochs=3, **options)


# -- 4: frozen, and thawed ---------------------------------------------------------------------------


@pytest.mark.parametrize("arrays", [False, True])
def test_the_first_steps_of_adam_after_unfreeze_are_as_long_as_the_rate(arrays):
    np = numpy()
    p, other = Value(0.0), Value(0.0)
    optimizer = nn.Adam([p, other], 0.01)
    optimizer.freeze([p])
    moved = []
    for step in range(1010):
        if step == 1000:
            optimizer.unfreeze([p])
        p.grad = other.grad = 1.0
        before = p.data
        if arrays:
            memory = [np.array(column) for column in optimizer.state.values()]
            data, *memory = optimizer.step_arrays(
                np.array([p.data, other.data]), np.ones(2), memory
            )
            p.data, other.data = data.tolist()
            optimizer.state = dict(zip(optimizer.memory, [column.tolist() for column in memory]))
        else:
            optimizer.step()
        moved.append(before - p.data)
    assert moved[:1000] == [0.0] * 1000
    assert moved[1000:] == pytest.approx([0.01] * 10, rel=1e-6)


def test_a_checkpoint_does_not_override_what_the_program_froze(tmp_path):
    path = tmp_path / "run.json"

    def run(frozen, epochs):
        net = nn.MLP(1, [2, 1], activation="tanh", seed=0)
        optimizer = nn.Adam(net.parameters())
        optimizer.freeze(net.layers[0].parameters()[:frozen])
        fitted(net, [[1.0]], [1.0], optimizer=optimizer, epochs=epochs, checkpoint=path)

    run(2, 2)
    with pytest.raises(ValueError, match="frozen is 'layer0.neuron0.w0, layer0.neuron0.b', not ''"):
        run(0, 4)
    run(2, 4)
    assert len(engine.read_json(path)["loss"]) == 4


# -- 5: derivatives that depend on parameters --------------------------------------------------------


def test_the_gradient_flows_through_a_derivative():
    w = Value(2.0)
    r = derivative(lambda x: w * x**2)(3.0) + 3.0 * w  # 6w + 3w
    (r**2).backward()
    assert w.grad == 324.0
    assert type(derivative(lambda x: 2.0 * x**2)(3.0)) is float


def test_the_gradient_flows_through_a_jacobian_and_a_hessian():
    w = Value(2.0)
    [[slope]] = jacobian(lambda x: [w * x**2], [3.0])  # 6w
    [[curvature]] = hessian(lambda x: w**2 * x**2, [3.0])  # 2w²
    assert [g.data for g in gradient(slope * curvature, [w])] == [36.0 * w.data**2]


# -- 6: predict --------------------------------------------------------------------------------------

Pair = collections.namedtuple("Pair", "mean spread")


def accumulated(s, x):
    result = Value(0.0)
    for w in s.w:
        result = result + w * x
    return result


@pytest.mark.parametrize(
    "function, parts, expected",
    [
        (accumulated, {"w": [Value(1.0), Value(2.0)]}, 6.0),
        (lambda s, x: s.w["a"] * x, {"w": {"a": Value(3.0)}}, 6.0),
        (lambda s, x: s.w["a"]([x]), {"w": {"a": nn.MLP(1, [1], seed=0)}}, None),
        (lambda s, x: s.f(x), {"f": (lambda w: lambda x: w * x)(Value(2.5))}, 5.0),
        (lambda s, x: s.f(x), {"f": functools.partial(lambda w, x: w * x, Value(2.5))}, 5.0),
        (lambda s, x: Pair(s.w * x, s.w), {"w": Value(2.0)}, Pair(4.0, 2.0)),
        (lambda s, x: {"a": s.w * x, "b": [s.w]}, {"w": Value(2.0)}, {"a": 4.0, "b": [2.0]}),
        (lambda s, x: (s.w * x, None, "text"), {"w": Value(2.0)}, (4.0, None, "text")),
        (lambda s, x: (s.w * x).tanh(), {"w": Value(0.0)}, 0.0),
        (lambda s, x: s.w([x]), {"w": nn.Neuron(1, lambda z: z.tanh(), seed=0)}, None),
        (lambda s, x: gradient(s.w * s.w * x, [s.w])[0], {"w": Value(3.0)}, 12.0),
        (lambda s, x: derivative(lambda t: s.w * t * t)(x), {"w": Value(3.0)}, 12.0),
        (lambda s, x: s.w**0.5, {"w": Value(-1.0)}, math.nan),
        (lambda s, x: s.w / 0.0, {"w": Value(1.0)}, math.inf),
        (lambda s, x: s.w > x, {"w": Value(3.0)}, 1.0),
        (lambda s, x: x, {"enter": nn.Neuron(1)}, 2.0),
        (lambda s, x: s.enter([x]), {"enter": nn.MLP(1, [1], seed=0)}, None),
        (lambda s, x: s.kept * x, {"w": (W2 := Value(3.0)), "kept": W2 * 2.0}, 12.0),
    ],
)
def test_predictions_are_plain_numbers_in_the_shape_that_the_model_returns(
    function, parts, expected
):
    model = Model(function, **parts)
    [answer] = model.predict([2.0])
    if expected is None:
        expected = function(model, 2.0).data
    assert type(answer) is type(expected)
    assert repr(answer) == repr(expected)  # nan too


def test_a_prediction_of_something_else_is_refused_in_one_line():
    with pytest.raises(TypeError, match="not the object") as caught:
        Model(lambda s, x: object()).predict([1.0])
    assert "\n" not in str(caught.value)


def test_an_error_of_the_model_is_raised_as_it_is():
    with pytest.raises(LookupError, match="mine") as caught:
        Model(lambda s, x: {}["mine"]).predict([1.0])
    assert caught.value.__context__ is None


# -- 7 and 8: gradients that are no numbers, losses that are detached --------------------------------


@BOTH
@pytest.mark.parametrize("clip", [False, True])
def test_a_gradient_that_is_no_number_takes_no_step_and_says_where_it_was_born(compiled, clip):
    """The root of a squared error, at an example that is right: 1 / (2√0) times 0."""
    model = line()
    root = lambda o, y: engine.sqrt((o - y) ** 2)  # noqa: E731
    before = (lambda: nn.clip_by_norm(model.parameters(), 1.0)) if clip else None
    with pytest.raises(ArithmeticError) as caught:
        fitted(model, [2.0, 1.0], [1.0, 1.0], root, compiled=compiled, before_step=before)
    text = str(caught.value)
    if clip:
        assert "no length of a gradient with" in text and "anomaly" in text
    else:
        assert text.startswith("the gradient of w is nan before step 0; in example 1, inf in")
        assert "differentiating sqrt" in text and "test_nn_truth.py" in text
    assert model.w.data == 1.0 and model.w.grad == 0.0


def test_an_infinity_is_not_clipped_to_a_nan():
    p, q = Value(0.0, label="p"), Value(0.0)
    p.grad, q.grad = math.inf, math.nan
    with pytest.raises(ArithmeticError, match="p\\(data=0, grad=inf\\)"):
        nn.clip_by_norm([p, q], 1.0)
    assert p.grad == math.inf


def test_a_loss_that_is_no_number_says_where_it_was_born():
    with pytest.raises(ArithmeticError, match=r"(?s)example 1, nan in log.*test_nn_truth"):
        fitted(line(), [1.0, -1.0], [0.0, 0.0], lambda o, y: engine.log(o))


@BOTH
@pytest.mark.parametrize(
    "loss",
    [
        lambda o, y: Value(3.0) * y,
        lambda o, y: engine.lift(2.0 * 3.0) + 0.0 * Value(1.0),
    ],
)
def test_a_detached_loss_is_refused_in_the_first_step(loss, compiled):
    model = line()
    with pytest.raises(ValueError, match="the loss depends on no parameter"):
        fitted(model, [1.0, 2.0], [1.0, 2.0], loss, compiled=compiled)


def test_a_loss_of_the_number_alone_is_refused():
    with pytest.raises(ValueError, match="the loss depends on no parameter"):
        fitted(line(), [1.0, 2.0], [3.0, 4.0], lambda o, y: Value((o.data - y) ** 2))


def test_examples_beyond_a_margin_may_have_a_loss_of_nothing():
    def hinge(o, y):
        return 1.0 - o * y if o.data * y < 1.0 else Value(0.0)

    model = line()
    with silent():
        fitted(model, [5.0, 0.5], [1.0, 1.0], hinge, batch_size=1, epochs=2)
    assert model.w.data > 1.0


# -- 9: orders, starts, numbers of NumPy, shapes -----------------------------------------------------


def test_a_loop_over_single_epochs_goes_on_without_a_seed_and_repeats_with_one():
    def run(calls, epochs, seed):
        net, seen = line(), []
        optimizer = nn.SGD(net.parameters(), 0.01)
        loss = lambda o, y: seen.append(y) or nn.squared_error(o, y)  # noqa: E731
        for _ in range(calls):
            fitted(
                net,
                [float(i) for i in range(7)],
                list(range(7)),
                loss,
                optimizer,
                epochs=epochs,
                batch_size=2,
                seed=seed,
            )
        return seen, net.w.data

    once, many = run(1, 4, 0), run(4, 1, None)
    assert once == many == run(1, 4, None) and len({*map(tuple, (once[0][:7], once[0][7:14]))}) == 2
    repeated, _ = run(4, 1, 3)
    assert repeated[:7] * 4 == repeated


def test_the_start_is_that_of_the_activation_by_name_or_by_function():
    for name in ("relu", "gelu", "leaky_relu", "tanh"):
        by_name = nn.MLP(3, [4, 1], activation=name, seed=1)
        by_function = nn.MLP(3, [4, 1], activation=getattr(engine, name), seed=1)
        assert by_name.weights() == by_function.weights()
        assert by_name.predict([[1.0, 2.0, 3.0]]) == by_function.predict([[1.0, 2.0, 3.0]])


def test_numbers_of_numpy_are_weights_batch_sizes_and_seeds():
    np = numpy()
    nets = [nn.MLP(2, [2, 1], seed=np.int64(3)), nn.MLP(2, [2, 1], seed=3)]
    for p in nets[0].parameters():
        p.data = np.float32(p.data)
    nets[1].set_weights(nets[0].weights())
    options = {"epochs": np.int64(2), "batch_size": np.int32(2), "seed": np.int64(5)}
    fitted(nets[0], [[1.0, 2.0]] * 3, [0.0, 1.0, 2.0], **options)
    fitted(nets[1], [[1.0, 2.0]] * 3, [0.0, 1.0, 2.0], epochs=2, batch_size=2, seed=5)
    assert nets[0].weights() == nets[1].weights()


@BOTH
@pytest.mark.parametrize(
    "loss, targets, outputs",
    [
        (nn.squared_error, [0.5, 1.0], 1),
        (nn.mean_squared_error, [0.5, 1.0], 1),
        (nn.huber, [0.5, 1.0], 1),
        (nn.binary_cross_entropy, [0.0, 1.0], 1),
        (nn.max_margin, [-1.0, 1.0], 1),
        (nn.cross_entropy, [0.0, 1.0], 2),
    ],
)
def test_targets_of_one_column_train_as_targets_of_none(loss, targets, outputs, compiled):
    np = numpy()
    weights = []
    for shape in ((2,), (2, 1)):
        net = nn.MLP(2, [3, outputs], activation="tanh", seed=0)
        rows = np.array([[1.0, 2.0], [0.5, -1.0]])
        fitted(net, rows, np.array(targets).reshape(shape), loss, compiled=compiled, epochs=3)
        weights.append(list(net.weights().values()))
    assert weights[0] == pytest.approx(weights[1], rel=1e-12)


# -- 10: small things --------------------------------------------------------------------------------


@BOTH
def test_a_missing_folder_is_found_before_the_first_epoch(tmp_path, compiled):
    calls = []
    with pytest.raises(FileNotFoundError, match="folder of the checkpoint"):
        fitted(
            line(),
            [1.0],
            [1.0],
            checkpoint=tmp_path / "none" / "run.json",
            before_step=lambda: calls.append(1),
            compiled=compiled,
        )
    assert not calls


def test_other_data_and_fewer_epochs_are_noticed_when_a_run_goes_on(tmp_path):
    path = tmp_path / "run.json"
    options = {"checkpoint": path, "batch_size": 1}
    fitted(line(), [1.0, 2.0], [1.0, 2.0], epochs=3, **options)
    with pytest.raises(ValueError, match="its data is .*: give another path"):
        fitted(line(), [1.0, 2.5], [1.0, 2.0], epochs=4, **options)
    with pytest.raises(ValueError, match="3 epochs are done, and epochs=2 are fewer"):
        fitted(line(), [1.0, 2.0], [1.0, 2.0], epochs=2, **options)
    np = numpy()
    assert len(fitted(line(), np.array([1, 2]), (1, 2), epochs=4, **options).loss) == 4


def test_a_number_in_place_of_a_parameter_is_refused():
    model = line()
    for number in (0, 1.5):
        with pytest.raises(
            TypeError, match=r"w is a parameter: to set its number, write \.w\.data"
        ):
            model.w = number
    model.w = Value(3.0)
    model.rate = 0.5
    model.rate = 0.25
    assert model.w.data == 3.0


def test_classes_may_be_whole_floats_and_of_a_one_hot_list_the_remedy_is_said():
    assert nn.cross_entropy([2.0, 0.0], 1.0) == nn.cross_entropy([2.0, 0.0], 1)
    for wrong in ([0, 1], (0, 1)):
        with pytest.raises(TypeError, match=r"write row.index\(1\)"):
            nn.cross_entropy([2.0, 0.0], wrong)
    for wrong in (0.5, math.nan, "1"):
        with pytest.raises(TypeError, match="the number of a class"):
            nn.cross_entropy([2.0, 0.0], wrong)


@BOTH
def test_a_step_that_is_replaced_is_called(compiled):
    model = line()
    optimizer = nn.SGD(model.parameters(), 0.1)

    def step():
        model.w.data += 1.0
        optimizer.steps += 1

    optimizer.step = step
    fitted(model, [1.0], [5.0], optimizer=optimizer, epochs=3, compiled=compiled)
    assert model.w.data == 4.0 and optimizer.steps == 3


def test_dropout_is_not_frozen_into_a_tape():
    numpy()
    rng = random.Random(0)
    model = Model(lambda s, x: s.w * x * rng.choice([0.0, 2.0]), w=Value(0.25))
    with pytest.raises(ValueError, match="it draws random numbers"):
        fitted(model, [1.0] * 20, [1.0] * 20, compiled=True)
    fitted(model, [1.0] * 20, [1.0] * 20)


def test_a_random_primitive_can_be_differentiated():
    rng = random.Random(1)

    @engine.primitive(rule=lambda z, x: (1.0,))
    def noisy(x):
        return x + rng.random()

    x = Value(1.0)
    y = noisy(x) * 3.0
    assert gradient(y, [x])[0].data == 3.0
    x.data = 2.0
    with pytest.raises(RuntimeError, match="stale"):
        gradient(y, [x])


# -- 11: what people look for first ------------------------------------------------------------------

ROWS, TARGETS = [0.0, 1.0, 2.0, 3.0], [1.0, 2.0, 2.5, 5.0]


@BOTH
def test_the_best_weights_are_kept_and_the_history_says_which_epoch(compiled):
    """The validation asks for w = 1.2; training goes from 0.5 through it to 1.5."""
    model, weights = Model(lambda s, x: s.w * x, w=Value(0.5)), []
    history = fitted(
        model,
        ROWS,
        TARGETS,
        validation=([1.0, 2.0], [1.2, 2.4]),
        stop_after=3,
        epochs=100,
        optimizer=nn.SGD(model.parameters(), 0.01),
        on_epoch=lambda history: weights.append(model.w.data),
        compiled=compiled,
    )
    expected = [((w - 1.2) ** 2 + (2 * w - 2.4) ** 2) / 2 for w in weights]
    assert history.validation == pytest.approx(expected, rel=1e-9, abs=1e-15)
    best = expected.index(min(expected))
    assert history.best_epoch == best + 1 and model.w.data == weights[best]
    assert len(weights) == best + 4 and history.stopped == "no better validation loss in 3 epochs"
    assert f"best after epoch {best + 1}" in repr(history)


@BOTH
def test_the_penalty_is_no_part_of_the_validation_loss(compiled):
    model = line()
    history = fitted(model, [1.0], [1.0], validation=([1.0], [2.0]), l2=0.5, compiled=compiled)
    assert history.validation == pytest.approx([(model.w.data - 2.0) ** 2], rel=1e-12)


def test_a_run_with_validation_in_two_parts_has_the_bits_of_a_run_in_one(tmp_path):
    def run(epochs, path):
        model = Model(lambda s, x: s.w * x, w=Value(0.5))
        optimizer = nn.Adam(model.parameters(), 0.05)
        options = {"validation": ([1.0], [1.2]), "stop_after": 5, "batch_size": 3}
        history = fitted(
            model, ROWS, TARGETS, optimizer=optimizer, epochs=epochs, checkpoint=path, **options
        )
        return model.w.data, history.loss, history.validation, history.stopped

    whole = run(60, tmp_path / "whole.json")
    assert whole[3] and len(whole[1]) < 60
    for epochs in (2, len(whole[1]) - 2, 60, 60):
        parts = run(epochs, tmp_path / "parts.json")
    assert parts == whole


@BOTH
def test_on_epoch_is_called_with_the_history_and_stops_the_run_by_true(compiled):
    model, seen = line(), []

    def on_epoch(history):
        seen.append((len(history.loss), model.w.data))
        return len(seen) == 3

    history = fitted(model, ROWS, TARGETS, epochs=9, on_epoch=on_epoch, compiled=compiled)
    assert [epoch for epoch, _ in seen] == [1, 2, 3] and seen[-1][1] == model.w.data
    assert len(history.loss) == 3 and history.stopped == "on_epoch returned True"
    path = fitted(line(), ROWS, TARGETS, epochs=2, on_epoch=lambda h: "a path", compiled=compiled)
    assert len(path.loss) == 2


@BOTH
def test_ctrl_c_returns_the_history_so_far_after_a_whole_step(compiled, capsys):
    model, steps = line(), []

    def press():
        steps.append(1)
        if len(steps) == 6:
            signal.raise_signal(signal.SIGINT)

    optimizer = nn.SGD(model.parameters(), 0.01)
    history = fitted(
        model,
        ROWS,
        TARGETS,
        optimizer=optimizer,
        epochs=9,
        batch_size=1,
        before_step=press,
        compiled=compiled,
        progress=True,
    )
    other = line()
    again = nn.SGD(other.parameters(), 0.01)
    for i in [i for epoch in (0, 1) for [i] in nn.batches(4, 1, 0, epoch)][:5]:
        again.zero_grad()
        nn.squared_error(other(ROWS[i]), TARGETS[i]).backward()
        again.step()
    assert len(history.loss) == len(history.times) == 1 and optimizer.steps == 5
    assert model.w.data == pytest.approx(other.w.data, rel=1e-12)
    assert history.stopped == "Ctrl-C after 1 of 9 epochs" in repr(history)
    assert "fit returns: Ctrl-C after 1 of 9 epochs" in capsys.readouterr().err


@pytest.mark.parametrize(
    "options, words",
    [
        ({"stop_after": 2}, "give validation too"),
        ({"stop_after": 0, "validation": ([1.0], [1.0])}, "1 or more"),
        ({"validation": ([1.0], [])}, "1 validation inputs and 0 targets"),
    ],
)
def test_impossible_validation_is_refused(options, words):
    with pytest.raises(ValueError, match=words):
        fitted(line(), [1.0], [1.0], **options)


def test_a_history_lists_its_columns_and_draws_itself(tmp_path):
    pytest.importorskip("matplotlib")
    history = nn.History([4.0, 2.0], [0.1, 0.2], [5.0, 3.0])
    columns = history.columns()
    assert columns == {
        "epoch": [1, 2],
        "loss": [4.0, 2.0],
        "validation": [5.0, 3.0],
        "seconds": [0.1, 0.2],
    }
    assert list(nn.History([1.0], [0.1]).columns()) == ["epoch", "loss", "seconds"]
    assert history._repr_png_().startswith(b"\x89PNG")
    text = history.plot(tmp_path / "loss.svg").read_text(encoding="utf-8")
    assert "training" in text and "validation" in text
    assert "validation" not in nn.History([1.0], [0.1]).plot(tmp_path / "one.svg").read_text(
        "utf-8"
    )


# -- 12: layers in a row, losses, optimizers, schedules ----------------------------------------------


def test_sequential_is_the_mlp_of_its_layers():
    mlp = nn.MLP(2, [3, 1], activation="tanh", seed=1)
    layers = nn.Layer(2, 3, "linear"), engine.tanh, nn.Layer(3, 1, "linear")
    net = nn.Sequential(*layers)
    assert list(net.named_parameters())[:2] == ["layer0.neuron0.w0", "layer0.neuron0.w1"]
    assert list(net.named_parameters())[-1] == "layer2.neuron0.b"
    net.set_weights(dict(zip(net.named_parameters(), mlp.weights().values())))
    rows = [[1.0, 2.0], [-0.5, 0.25]]
    assert net.predict(rows) == mlp.predict(rows)
    assert [net(row).data for row in rows] == mlp.predict(rows)
    fitted(net, rows, [0.0, 1.0], epochs=3)
    fitted(mlp, rows, [0.0, 1.0], epochs=3)
    assert net.predict(rows) == mlp.predict(rows)


def test_sequential_takes_names_functions_modules_and_softmax():
    net = nn.Sequential("relu", lambda z: z * 2.0, nn.Layer(2, 2, "linear", seed=0), engine.softmax)
    answers = net.predict([[1.0, -1.0]])[0]
    assert sum(answers) == pytest.approx(1.0) and len(answers) == 2
    assert repr(net).startswith("Sequential(") and "softmax" in repr(net)
    with pytest.raises(ValueError, match="unknown activation"):
        nn.Sequential("rely")


def test_losses_are_those_of_pytorch():
    torch = pytest.importorskip("torch")
    outputs, targets = [0.5, -3.0, 1.0], [0.0, 1.0, 1.0]
    for ours, theirs, scale in (
        (nn.mean_squared_error, torch.nn.MSELoss(), 1.0),
        (nn.huber, torch.nn.HuberLoss(), 3.0),
        (lambda a, y: nn.huber(a, y, delta=0.25), torch.nn.HuberLoss(delta=0.25), 3.0),
    ):
        values = [Value(x) for x in outputs]
        loss = ours(values, targets)
        loss.backward()
        tensor = torch.tensor(outputs, dtype=torch.float64, requires_grad=True)
        other = theirs(tensor, torch.tensor(targets, dtype=torch.float64)) * scale
        other.backward()
        assert loss.data == pytest.approx(other.item(), rel=1e-14)
        assert [v.grad for v in values] == pytest.approx(tensor.grad.tolist(), rel=1e-14, abs=1e-15)
        assert ours(outputs, targets) == loss.data


def test_huber_by_hand():
    assert nn.huber(0.5, 0.0) == 0.125 and nn.huber(-3.0, 0.0) == 2.5
    assert nn.huber([0.5, 3.0], [0.0, 0.0]) == 2.625


def test_accuracy_counts_classes_and_signs():
    scores = [[2.0, 1.0], [0.0, 1.0], [1.0, 3.0], [5.0, 0.0]]
    same = nn.Sequential(lambda z: z)
    assert nn.accuracy(same, scores, [0, 1, 0, 0]) == 0.75
    assert nn.accuracy(same, [0.5, -0.5, 2.0, math.nan], [1, 0, 0, 0]) == 0.5
    assert nn.accuracy(same, [0.5, -0.5, 2.0], [1, -1, -1]) == pytest.approx(2 / 3)
    np = numpy()
    assert nn.accuracy(same, np.array(scores), np.array([[0.0], [1.0], [0.0], [0.0]])) == 0.75
    with pytest.raises(ValueError, match="1 inputs and 2 targets"):
        nn.accuracy(same, [1.0], [1, 1])


def test_schedules_by_their_formulas(tmp_path):
    rate = nn.cosine(0.5, steps=8, last=0.1)
    for t in range(12):
        share = min(t / 8, 1.0)
        assert rate(t) == pytest.approx(0.1 + 0.4 * (1 + math.cos(math.pi * share)) / 2, rel=1e-14)
    warm = nn.warm_up(rate, steps=4)
    assert [warm(t) for t in range(4)] == pytest.approx([0.125, 0.25, 0.375, 0.5])
    assert [warm(t) for t in range(4, 9)] == [rate(t) for t in range(5)] and warm.steps == 12
    assert [nn.warm_up(0.2, steps=2)(t) for t in range(4)] == [0.1, 0.2, 0.2, 0.2]
    p = Value(0.0)
    optimizer = nn.SGD([p], warm)
    p.grad = 1.0
    optimizer.step()
    assert p.data == -0.125
    for wrong in (0, 1.5, -1):
        with pytest.raises(ValueError, match="1 or more"):
            nn.cosine(0.1, steps=wrong)
        with pytest.raises(ValueError, match="1 or more"):
            nn.warm_up(0.1, steps=wrong)
    pytest.importorskip("matplotlib")
    assert warm.plot(tmp_path / "rate.svg").stat().st_size > 1000
