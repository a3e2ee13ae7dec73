"""Examples of different lengths: one tape for each, and minibatches that mix them averaged right."""

import random

import pytest

import nn
from engine import Value, tanh, weighted_sum

np = pytest.importorskip("numpy", reason="compiled=True needs NumPy")
from nn.compiled import CompiledTrainer  # noqa: E402
from nn.support.lengths import by_kind  # noqa: E402


class Recurrent(nn.Module):
    """h = tanh(W·(x, h) + b) over the numbers of a list; the output weights the last h."""

    def __init__(self, width, seed):
        rng = random.Random(seed)
        self.cells = [nn.Neuron(1 + width, "tanh", seed=rng) for _ in range(width)]
        self.out = [Value(rng.uniform(-1.0, 1.0)) for _ in range(width)]

    def forward(self, xs):
        h = [0.0] * len(self.cells)
        for x in xs:
            h = [tanh(weighted_sum(cell.w, [x, *h], cell.b)) for cell in self.cells]
        return weighted_sum(self.out, h)


def sequences(count=14, seed=0):
    rng = random.Random(seed)
    inputs = [[rng.uniform(-1.0, 1.0) for _ in range(rng.randint(1, 4))] for _ in range(count)]
    return inputs, [sum(xs) for xs in inputs]


def names(count=14, seed=0):
    rng = random.Random(seed)
    tokens = [[4, *(rng.randrange(4) for _ in range(rng.randint(1, 3)))] for _ in range(count)]
    return tokens, [[*row[1:], 4] for row in tokens]


MODELS = {
    "recurrent": (lambda: Recurrent(3, seed=1), sequences, nn.squared_error),
    "gpt": (lambda: nn.GPT(5, block=4, width=4, heads=2, seed=1), names, nn.mean_cross_entropy),
}


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("group", [[0], [3, 1, 4, 1, 5, 9, 2, 6], list(range(14))])
def test_a_mixed_minibatch_has_the_mean_gradient_of_its_examples(name, group):
    make, data, loss = MODELS[name]
    model, (inputs, targets) = make(), data()
    assert len({len(x) for x in inputs}) > 2
    sums = dict.fromkeys(model.parameters(), 0.0)
    losses = []
    for i in group:
        model.zero_grad()
        one = loss(model(inputs[i]), targets[i])
        one.backward()
        losses.append(one.data)
        sums = {p: sums[p] + p.grad for p in sums}
    trainer = CompiledTrainer(model, inputs, targets, loss, nn.SGD(model.parameters(), 0.1))
    trainer.read_values()
    mean = trainer.gradient(group)
    found = dict(zip(trainer.values, trainer.grad.tolist()))
    assert mean == pytest.approx(sum(losses) / len(group), rel=1e-13)
    for p, wanted in sums.items():
        assert found[p] == pytest.approx(wanted / len(group), rel=1e-13, abs=1e-13)


@pytest.mark.parametrize("name", MODELS)
def test_compiled_and_eager_training_end_alike(name):
    make, data, loss = MODELS[name]
    ends = []
    for compiled in (False, True):
        model, (inputs, targets) = make(), data()
        history = nn.fit(
            model, inputs, targets, loss=loss, optimizer=nn.Adam(model.parameters(), 0.05),
            epochs=4, batch_size=3, l2=1e-3, compiled=compiled, progress=False,
            validation=(inputs[:5], targets[:5]),
        )  # fmt: skip
        ends.append([*history.loss, *history.validation, *model.weights().values()])
        assert history.loss[-1] < history.loss[0]
    assert ends[0] == pytest.approx(ends[1], rel=1e-9, abs=1e-12)


def test_a_tape_for_each_length_is_made_when_it_is_first_met():
    make, _data, loss = MODELS["recurrent"]
    model = make()
    inputs = [[0.1] * n for n in [1] * 10 + [2] * 20 + [3]]
    targets = [0.0] * 31
    trainer = CompiledTrainer(model, inputs, targets, loss, nn.SGD(model.parameters(), 0.1))
    shards = trainer.source.shards
    before = len(shards)
    tapes = {kind: shard.tape for kind, (shard, _) in shards.items()}
    for _ in range(3):
        trainer.epoch([[0, 10, 30], [1, 11]])
    assert before <= len(shards) == 3
    assert all(shards[kind][0].tape is tape for kind, tape in tapes.items())


def test_a_validation_of_lengths_that_training_has_not():
    make, data, loss = MODELS["recurrent"]
    model, (inputs, targets) = make(), data()
    longer = [[0.1] * 6, [0.2] * 6, [0.5]], [0.6, 1.2, 0.5]
    history = nn.fit(
        model, inputs, targets, loss=loss, optimizer=nn.SGD(model.parameters(), 0.0),
        epochs=1, compiled=True, progress=False, validation=longer,
    )  # fmt: skip
    wanted = [loss(model(x), y).data for x, y in zip(*longer)]
    assert history.validation == pytest.approx([sum(wanted) / 3], rel=1e-12)


def test_a_resumed_run_ends_in_the_same_bits(tmp_path):
    make, data, loss = MODELS["gpt"]

    def run(epochs, path):
        model, (inputs, targets) = make(), data()
        nn.fit(
            model, inputs, targets, loss=loss, optimizer=nn.Adam(model.parameters(), 0.05),
            epochs=epochs, batch_size=4, compiled=True, progress=False, checkpoint=path,
        )  # fmt: skip
        return model.weights()

    whole = run(4, tmp_path / "whole.json")
    run(2, tmp_path / "parts.json")
    assert run(4, tmp_path / "parts.json") == whole == run(4, tmp_path / "again.json")


def test_what_cannot_be_is_refused():
    make, data, loss = MODELS["recurrent"]
    model, (inputs, targets) = make(), data()
    lost = Value(1.0, label="lost")

    def strange(output, target):
        return loss(output * lost, target)

    with pytest.raises(ValueError, match="lost.*make it an attribute of the model"):
        CompiledTrainer(model, inputs, targets, strange, nn.SGD(model.parameters(), 0.1))
    with pytest.raises(ValueError, match="lengths: leave out client="):
        nn.fit(
            model, inputs, targets, loss=loss, optimizer=nn.SGD(model.parameters(), 0.1),
            epochs=1, compiled=True, progress=False, client=object(),
        )  # fmt: skip


def test_examples_by_kind():
    kinds, places, examples = by_kind([[1.0], [1.0, 2.0], [3.0]], [0, 1, [2]])
    assert kinds == [(1, None), (2, None), (1, 1)]
    assert places == [0, 0, 0] and examples == {(1, None): [0], (2, None): [1], (1, 1): [2]}


def test_many_steps_leave_memory_flat():
    import gc
    import tracemalloc

    make, data, loss = MODELS["gpt"]
    model, (inputs, targets) = make(), data()
    trainer = CompiledTrainer(model, inputs, targets, loss, nn.Adam(model.parameters(), 0.01))
    groups = [[i] for i in range(14)]
    trainer.epoch(groups * 3)
    gc.collect()
    tracemalloc.start()
    try:
        trainer.epoch(groups * 10)
        before = tracemalloc.get_traced_memory()[0]
        trainer.epoch(groups * 40)
        after = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert after - before < 20_000


@pytest.mark.parametrize("batch_size", [None, 2])
@pytest.mark.parametrize("wrong", ["inputs", "targets"])
def test_an_index_out_of_range_is_named_with_its_example(wrong, batch_size):
    """Not with its row among the examples of its length, or of its batch."""
    gpt = nn.GPT(5, block=4, width=4, heads=2, seed=0)
    data = {
        "inputs": [[k % 5] * (1 + k % 3) for k in range(30)],
        "targets": [[1] * (1 + k % 3) for k in range(30)],
    }
    data[wrong][23] = [9] * 3
    options = {"loss": nn.mean_cross_entropy, "epochs": 1, "progress": False, "compiled": True}
    with pytest.raises(
        IndexError, match="^example 23: (pick of 5 values at index 9|class 9 of 5 logits)"
    ):
        optimizer = nn.SGD(gpt.parameters())
        nn.fit(gpt, **data, optimizer=optimizer, batch_size=batch_size, **options)
