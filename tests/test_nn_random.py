"""Random small models, trained here and by a second implementation on NumPy's matrices.

And 200 random models in which Python decides by a number: a tape refuses them, or trains them right.
"""

import math
import random
import warnings

import pytest

import engine
import nn
from engine import Value

np = pytest.importorskip("numpy")


# -- the second implementation: matrices, gradients by hand, optimizers by their papers -------------


class Matrices:
    """out = (W₂·σ(W₁x + b₁) + b₂)·(s where x₀ > 0, else 1), for a batch at a time."""

    ACTIVATIONS = {
        "tanh": (np.tanh, lambda z, a: 1.0 - a * a),
        "relu": (lambda z: np.maximum(z, 0.0), lambda z, a: (z > 0) * 1.0),
        "sigmoid": (lambda z: 1.0 / (1.0 + np.exp(-z)), lambda z, a: a * (1.0 - a)),
        "sin": (np.sin, lambda z, a: np.cos(z)),
    }

    def __init__(self, model, activation, loss):
        self.p = {
            "W1": np.array([[w.data for w in row] for row in model.rows]),
            "b1": np.array([b.data for b in model.dict["bias"]]),
            "W2": np.array([[w.data for w in row] for row in model.last.w]),
            "b2": np.array([b.data for b in model.last.b]),
            "s": np.array(model.s.data),
        }
        if model.tied:
            del self.p["W2"]
        self.activation, self.loss = self.ACTIVATIONS[activation], loss

    def gradient(self, x, y, l2):
        p, (act, slope) = self.p, self.activation
        tied = "W2" not in p
        W2 = p["W1"].T if tied else p["W2"]
        z = x @ p["W1"].T + p["b1"]
        a = act(z)
        raw = a @ W2.T + p["b2"]
        positive = (x[:, :1] > 0) * 1.0
        factor = positive * p["s"] + (1.0 - positive)
        losses, by_out = self.loss(raw * factor, y)
        by_out = by_out / len(x)
        by_raw = by_out * factor
        g = {"s": (by_out * raw * positive).sum(), "b2": by_raw.sum(0)}
        by_z = by_raw @ W2 * slope(z, a)
        by_W2 = by_raw.T @ a
        g["W1"], g["b1"] = by_z.T @ x, by_z.sum(0)
        if tied:
            g["W1"] = g["W1"] + by_W2.T
        else:
            g["W2"] = by_W2
        penalty = sum((l2 * p[name] ** 2).sum() for name in p)
        return losses.mean() + penalty, {name: g[name] + 2.0 * l2 * p[name] for name in p}


def squared(out, y):
    return ((out - y) ** 2).sum(1), 2.0 * (out - y)


def huber(out, y):
    e = out - y
    small = np.abs(e) <= 1.0
    return np.where(small, e * e / 2, np.abs(e) - 0.5).sum(1), np.where(small, e, np.sign(e))


def cross_entropy(out, y):
    top = out.max(1, keepdims=True)
    exps = np.exp(out - top)
    hot = np.eye(out.shape[1])[y]
    probability = exps / exps.sum(1, keepdims=True)
    return np.log(exps.sum(1)) + top[:, 0] - (out * hot).sum(1), probability - hot


def stepper(kind, rate, decay):
    """A step of an optimizer for one array; `state` is a dict of its own for each."""

    def step(p, g, t, state):
        if kind == "SGD":
            direction = g
        elif kind == "momentum":
            state["v"] = direction = 0.9 * state.get("v", 0.0) + g
        elif kind == "RMSprop":
            state["s"] = 0.99 * state.get("s", 0.0) + 0.01 * g * g
            direction = g / (np.sqrt(state["s"]) + 1e-8)
        else:
            state["m"] = 0.9 * state.get("m", 0.0) + 0.1 * g
            state["s"] = 0.999 * state.get("s", 0.0) + 0.001 * g * g
            n = state["n"] = state.get("n", 0) + 1
            root = np.sqrt(state["s"] / (1 - 0.999**n))
            direction = state["m"] / (1 - 0.9**n) / (root + 1e-8)
        return p - rate(t) * (direction + decay * p)

    return step


# -- the same, of Values in containers --------------------------------------------------------------


class Random(nn.Module):
    def __init__(self, rng, inputs, hidden, outputs, activation, tied, python):
        def leaf():
            return Value(rng.uniform(-1.0, 1.0))

        self.rows = [[leaf() for _ in range(inputs)] for _ in range(hidden)]
        self.dict = {"bias": [leaf() for _ in range(hidden)]}
        self.last = Plain()
        columns = [list(column) for column in zip(*self.rows)]  # the same Values: tied weights
        own = [[leaf() for _ in range(hidden)] for _ in range(outputs)]
        self.last.w = columns if tied else own
        self.last.b = tuple(leaf() for _ in range(outputs))
        self.s, self.tied, self.python = leaf(), tied, python
        self.activation = getattr(engine, activation)

    def forward(self, x):
        biases = self.dict["bias"]
        a = [self.activation(engine.weighted_sum(row, x, b)) for row, b in zip(self.rows, biases)]
        raw = [engine.weighted_sum(row, a, b) for row, b in zip(self.last.w, self.last.b)]
        if self.python:
            return [z * self.s for z in raw] if x[0] > 0 else raw
        return [z * engine.where(engine.lift(x[0]) > 0.0, self.s, 1.0) for z in raw]


class Plain:
    pass


OPTIMIZERS = {
    "SGD": nn.SGD,
    "momentum": lambda p, rate, **o: nn.SGD(p, rate, momentum=0.9, **o),
    "RMSprop": nn.RMSprop,
    "Adam": nn.Adam,
}
LOSSES = [
    (nn.squared_error, squared),
    (nn.huber, huber),
    (nn.cross_entropy, cross_entropy),
]
ARRAYS = {"rows": "W1", "dict": "b1", "last.w": "W2", "last.b": "b2", "s": "s"}


def case(seed):
    """Train one random model three ways; return the largest difference, with what it was."""
    rng = random.Random(seed)
    tied = rng.random() < 0.3
    inputs, hidden = rng.randint(1, 3), rng.randint(1, 4)
    outputs = inputs if tied else rng.randint(1, 3)
    activation = rng.choice(list(Matrices.ACTIVATIONS))
    ours, theirs = rng.choice(LOSSES)
    kind = rng.choice(list(OPTIMIZERS))
    decay, l2 = rng.choice([0.0, 0.1]), rng.choice([0.0, 0.01])
    n = rng.randint(2, 9)
    size, epochs, order = rng.choice([None, 1, 2, 4]), rng.randint(2, 5), rng.randint(0, 99)
    x = np.array([[rng.uniform(-2.0, 2.0) for _ in range(inputs)] for _ in range(n)])
    if ours is nn.cross_entropy:
        y = np.array([rng.randrange(outputs) for _ in range(n)])
    else:
        y = np.array([[rng.uniform(-1.0, 1.0) for _ in range(outputs)] for _ in range(n)])
    rate = rng.choice(
        [
            lambda t: 0.02,
            nn.cosine(0.03, steps=6),
            nn.warm_up(0.02, steps=3),
            lambda t: 0.05 / (1 + t),
        ]
    )
    fixed = rng.choice(["", "rows", "last.b", "dict", "s"])

    def start(python=False):
        return Random(random.Random(seed), inputs, hidden, outputs, activation, tied, python)

    def is_fixed(name):
        return bool(fixed) and ARRAYS.get(fixed) == array_of(name, tied)

    second = Matrices(start(), activation, theirs)
    step, states, losses, t = stepper(kind, rate, decay), {name: {} for name in second.p}, [], 0
    for epoch in range(epochs):
        summed = 0.0
        for group in nn.batches(n, size, order, epoch):
            loss, g = second.gradient(x[group], y[group], l2)
            summed += loss * len(group)
            for name in second.p:
                if not fixed or ARRAYS[fixed] != name:
                    second.p[name] = step(second.p[name], g[name], t, states[name])
            t += 1
        losses.append(summed / n)

    worst = 0.0
    for compiled, python in ((False, False), (True, False), (False, True)):
        model = start(python)
        optimizer = OPTIMIZERS[kind](model.parameters(), rate, weight_decay=decay)
        frozen = [p for name, p in model.named_parameters().items() if is_fixed(name)]
        optimizer.freeze(frozen)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            if python and not (x[:, 0] > 0).any():
                warnings.simplefilter("ignore")  # no example reaches s
            history = nn.fit(
                model,
                x.tolist(),
                y.tolist(),
                loss=ours,
                optimizer=optimizer,
                epochs=epochs,
                batch_size=size,
                seed=order,
                l2=l2,
                progress=False,
                compiled=compiled,
            )
        second_weights = [number for array in second.p.values() for number in array.ravel()]
        first_weights = np.concatenate([np.ravel(a) for a in arrays(model).values()])
        differences = [*(first_weights - second_weights), *(np.array(history.loss) - losses)]
        worst = max(worst, *map(abs, differences))
    return worst, (kind, activation, ours.__name__, tied, fixed)


def array_of(name, tied):
    for start, array in ARRAYS.items():
        if name.startswith(start.replace("rows", "row")):
            return array
    raise LookupError(name)


def arrays(model):
    found = Matrices(model, "tanh", None).p
    return found


@pytest.mark.parametrize("seed", range(60))
def test_a_random_model_is_trained_as_by_matrices(seed):
    difference, what = case(seed)
    assert difference <= 1e-12, what


# -- branches ---------------------------------------------------------------------------------------

CONDITIONS = [
    "x[0] > 0",
    "x[0] == -999.0",
    "x[0] != 1.0",
    "x[0] in (1.0, 2.0)",
    "x[0] in {1.0, 2.0}",
    "x[0] not in [-999.0]",
    "max(x) > 1",
    "x[0] > x[-1]",
    "x == sorted(x)",
    "lift(x[0]).data > 0",
    "lift(x[-1]).data == -999.0",
    "(s.w * x[0]).data > 0",
    "(s.w * x[0]) > s.v",
    "s.w.data > 0",
    "s.w > s.v",
    "s.w.data > s.v.data",
    "tanh(s.w * x[0]).data > 0.1",
    "not lift(x[0]) > 0",
    "min(s.w, s.v).data > 0",
    "{1.0: True}.get(x[0], False)",
    "int(lift(x[0]).data) % 2",
    "round(lift(x[0]).data * 3) == 3",
    "s.w * lift(x[0]) >= s.v and lift(x[-1]) > 0",
    "True",
    "len(x) > 1",
]
RESULTS = [
    "s.w * x[0]",
    "s.v",
    "s.w * x[0] + s.v",
    "s.v * x[-1]",
    "s.w * s.w",
    "s.w * lift(x[0]).data",
]
WHERE = ["where(lift(x[0]) > 0.0, {}, {})", "maximum({}, {})", "where(lift(x[0]) + 999.0, {}, {})"]


class Branching(nn.Module):
    def __init__(self, function, rng):
        self.function = function
        self.w, self.v = Value(rng.uniform(-1.0, 1.0)), Value(rng.uniform(-1.0, 1.0))

    def forward(self, x):
        return self.function(self, list(x))


def branching(seed):
    """Return whether a random model is refused; raise AssertionError where it is trained wrongly."""
    rng = random.Random(seed)
    one, other = rng.sample(RESULTS, 2)
    template = rng.choice(["({0}) if ({2}) else ({1})"] * 5 + WHERE)
    source = template.format(one, other, rng.choice(CONDITIONS))
    scope = vars(engine) | {"where": engine.where, "maximum": engine.maximum, "tanh": engine.tanh}
    function = eval(f"lambda s, x: {source}", {**scope, "lift": engine.lift})
    n, rare = rng.randint(2, 40), rng.random() < 0.5
    numbers = [1.0, 2.0, -1.0, 0.5, *([] if rare else [-999.0])]
    inputs = [[rng.choice(numbers), rng.choice(numbers)] for _ in range(n)]
    if rare:
        inputs[rng.randrange(n)][0] = -999.0
    targets = [rng.choice([0, 1]) for _ in range(n)]
    options = {"epochs": rng.randint(1, 6), "batch_size": rng.choice([None, 2]), "progress": False}
    rate, start = rng.choice([0.1, 0.5]), rng.random()
    trained = []
    for compiled in (False, True):
        model = Branching(function, random.Random(start))
        optimizer = nn.SGD(model.parameters(), rate)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                loss, run = nn.binary_cross_entropy, {**options, "compiled": compiled}
                history = nn.fit(model, inputs, targets, loss=loss, optimizer=optimizer, **run)
            except ValueError as error:
                assert compiled and "compiled=True" in str(error), source
                return True
        trained.append([model.w.data, model.v.data, *history.loss])
    assert trained[0] == pytest.approx(trained[1], rel=1e-9, abs=1e-12), source
    return False


def test_200_random_models_with_a_branch_are_refused_or_right():
    refused = [branching(seed) for seed in range(200)]
    assert 40 < sum(refused) < 180  # both happen, and often


# -- the cost of the comparisons --------------------------------------------------------------------


def test_the_comparisons_cost_few_per_cent_of_an_epoch_of_the_digits():
    """By counts: an epoch replays 1,198 rows, and compares an example for every so many of them."""
    from demos import data, digits
    from nn.compiled import CompiledTrainer

    (rows, labels), _ = data.split(*data.digits(), seed=0)
    net = digits.network(0)
    trainer = CompiledTrainer(net, rows, labels, nn.cross_entropy, nn.Adam(net.parameters(), 0.01))
    before = trainer.compared
    for epoch in range(10):
        trainer.epoch(nn.batches(len(rows), 32, 0, epoch))
    compared = trainer.compared - before
    assert math.ceil(10 * len(rows) / 3000) <= compared <= 10 * len(rows) / 3000 + 1
