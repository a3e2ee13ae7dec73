"""nn.GPT against the barest engine, against PyTorch's matrices, and against what it promises."""

import math
import random

import pytest

import engine
import nn
from engine import Value
from nn.transformer import Attention, Embedding, Memory, rms_norm

TINY = {"block": 4, "width": 4, "heads": 2}


def tiny(vocabulary=5, seed=1, **more):
    return nn.GPT(vocabulary, **(TINY | more), seed=seed)


def test_value_and_gradient_are_those_of_the_barest_engine():
    from demos.benchmarks.bare import Bare
    from demos.benchmarks.small_gpt import SmallGPT

    bare, gpt = SmallGPT(Bare, seed=3), nn.GPT(27, seed=0)
    for p, q in zip(gpt.parameters(), bare.parameters, strict=True):
        p.data = 4.0 * q.data  # far from flat
        q.data = p.data
    tokens = [26, *(ord(letter) - ord("a") for letter in "ann")]
    loss = nn.mean_cross_entropy(gpt(tokens), [*tokens[1:], 26])
    loss.backward()
    theirs = bare.loss("ann")
    theirs.backward()
    assert loss.data == pytest.approx(theirs.data, rel=1e-12)
    for p, q in zip(gpt.parameters(), bare.parameters):
        assert p.grad == pytest.approx(q.grad, rel=1e-12, abs=1e-14)


def test_value_and_gradient_are_those_of_matrices():
    np = pytest.importorskip("numpy")
    from demos.benchmarks import gpt as benchmark

    rows = benchmark.rows_of_names(1)[:, [0, 1, 2, 9, 10, 17]]
    rows[0, 3:] = [*rows[0, 1:3], 26]
    vector = np.random.default_rng(0).normal(0.0, 0.3, 4192)
    loss, gradient = benchmark.ours(vector, rows)()
    wanted, slopes = benchmark.numpy_step(vector, rows)
    assert loss == pytest.approx(wanted, rel=1e-12)
    np.testing.assert_allclose(gradient, slopes, atol=1e-12)
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    loss, gradient = benchmark.in_torch(vector, rows)()
    assert loss == pytest.approx(wanted, rel=1e-10)
    np.testing.assert_allclose(gradient, torch.tensor(slopes), atol=1e-10)


@pytest.mark.parametrize("batch", [1, 6])
def test_a_tape_has_the_loss_and_gradient_of_the_graphs(batch):
    np = pytest.importorskip("numpy")
    gpt, rng = tiny(layers=2), random.Random(0)
    tape = engine.record(lambda *row: nn.mean_cross_entropy(gpt(row[:3]), row[3:]), [0.0] * 6)
    rows = [[float(rng.randrange(5)) for _ in range(6)] for _ in range(batch)]
    losses, gpt_parameters = [], gpt.parameters()
    gpt.zero_grad()
    for row in rows:
        loss = nn.mean_cross_entropy(gpt(row[:3]), [int(x) for x in row[3:]])
        loss.backward()
        losses.append(loss.data)
    mean, slopes = tape.value_and_gradient([p.data for p in tape.parameters], rows)
    assert mean == pytest.approx(sum(losses) / batch, rel=1e-13)
    np.testing.assert_allclose(slopes, [p.grad / batch for p in tape.parameters], atol=1e-14)
    assert len(gpt_parameters) - len(tape.parameters) == 4  # the last position is never reached


def test_parameters_are_named():
    names = list(tiny().named_parameters())
    assert len(names) == 5 * 4 + 4 * 4 + 4 * 16 + 16 * 4 + 4 * 16 + 5 * 4
    for name in (
        "token.row4.w3",
        "layer0.attention.query3.w1",
        "layer0.mlp.widen15.w0",
        "head4.w3",
    ):
        assert name in names
    gpt = tiny()
    assert gpt.layers[0].attention.mix[2].w[1].label == "layer0.attention.mix2.w1"


def test_the_same_seed_gives_the_same_weights_and_a_file_the_same_bits(tmp_path):
    one, other = tiny(seed=7), tiny(seed=8)
    assert one.weights() == tiny(seed=7).weights() != other.weights()
    one.save(tmp_path / "gpt.json")
    assert other.load(tmp_path / "gpt.json").predict([[1, 2]]) == one.predict([[1, 2]])


def test_a_position_sees_what_stands_before_it_and_nothing_behind():
    gpt = tiny()
    long, short = gpt.predict([[1, 2, 3, 4], [1, 2]])
    assert long[:2] == short
    assert gpt.predict([[1, 3, 3, 4]])[0][2] != long[2]


def test_a_part_by_itself():
    embedding = Embedding(3, 2, seed=0)
    chosen = embedding(Value(2.0))
    assert [x.data for x in chosen] == [w.data for w in embedding.rows[2].w]
    assert [x.data for x in rms_norm([Value(3.0), Value(4.0)])] == pytest.approx(
        [3 / math.sqrt(12.50001), 4 / math.sqrt(12.50001)], rel=1e-14
    )
    attention, memory = Attention(4, heads=2, seed=0), Memory([], [], [])
    alone = attention([1.0, 2.0, 3.0, 4.0], memory)  # one position takes all from itself
    mixed = [row(memory.values[0]) for row in attention.mix]
    assert [x.data for x in alone] == pytest.approx([x.data for x in mixed], rel=1e-14)
    attention([0.5, 0.0, 1.0, -1.0], memory)
    for shares in memory.weights[1]:
        assert sum(share.data for share in shares) == pytest.approx(1.0, rel=1e-14)


def test_attention_maps_are_the_shares_of_the_graph():
    gpt, memories = tiny(), tiny().memories()
    maps = gpt.attention([1, 2, 3])
    for place, token in enumerate([1, 2, 3]):
        gpt.read(token, place, memories)
    for head in range(2):
        for place in range(3):
            shares = [share.data for share in memories[0].weights[place][head]]
            assert maps[0][head][place] == pytest.approx(shares, rel=1e-13)


def test_generate_makes_no_graph_and_follows_the_temperature(monkeypatch):
    gpt = tiny()
    drawn = gpt.generate([0], rng=random.Random(3))
    assert drawn == gpt.generate([0], rng=random.Random(3)) and len(drawn) == 4
    likeliest = gpt.generate([0], temperature=0.0)
    row = gpt.predict([[0]])[0][0]
    assert likeliest[0] == max(range(5), key=row.__getitem__)
    assert gpt.generate([0], temperature=1e-3, rng=random.Random(0)) == likeliest
    assert gpt.generate([0], temperature=0.0, end=likeliest[0]) == []
    one = tiny(block=1)
    for p in one.parameters():
        p.data *= 8.0
    shares, rng = [0] * 5, random.Random(0)
    for _ in range(400):
        shares[one.generate([0], rng=rng)[0]] += 1
    expected = engine.softmax(one.predict([[0]])[0][0])
    assert max(expected) > 0.3
    assert [n / 400 for n in shares] == pytest.approx(expected, abs=0.08)

    def none(*_):
        raise AssertionError("a graph was built")

    monkeypatch.setattr("engine.value.make", none)
    monkeypatch.setattr("engine.sums.make", none)
    gpt.generate([0], rng=random.Random(0))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: nn.GPT(5, width=6, heads=4), "a width of 6 can't be shared by 4 heads"),
        (lambda: tiny()([0] * 5), "5 tokens for a GPT of 1 to 4 positions"),
        (lambda: tiny()([]), "0 tokens"),
        (lambda: tiny().generate([0] * 5), "5 tokens"),
        (lambda: tiny().generate([0], temperature=-1.0), "temperature is -1.0"),
        (lambda: nn.GPT(0), "it must be 1 or more"),
        (lambda: nn.mean_cross_entropy([[0.0, 1.0]], [1, 0]), "1 positions but 2 indices"),
    ],
)
def test_what_is_wrong_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_a_token_that_there_is_not():
    with pytest.raises(IndexError, match="pick of 5 values at index 5"):
        tiny()([5])
