"""The demos that train, with small budgets: what each one teaches, and its numbers against NumPy."""

import pytest

import nn
from demos import data, descent, digits, gpt, iris, learning, moons, parametric

np = pytest.importorskip("numpy")


def test_the_moons_are_separated_and_the_saved_network_answers_the_same(tmp_path, capsys):
    result = moons.main(["--out", str(tmp_path)])
    assert result["accuracy"] == 1.0 and result["same"]
    rows, signs = data.moons(100, noise=0.1, seed=0)
    assert [learning.sign(_answer(result["net"], row, "relu")[0]) for row in rows] == signs
    assert "100.0%" in capsys.readouterr().out


def test_the_moons_on_film(tmp_path, capsys):
    result = moons.main(["--quick", "--compiled", "--film", "--out", str(tmp_path)])
    page = tmp_path / "moons.html"
    assert f"film: {page}" in capsys.readouterr().out and result["same"]
    assert "<title>Two moons</title>" in page.read_text("utf-8")
    assert page.stat().st_size < 340_000  # 40 epochs of 337 parameters


def test_iris_is_learned_from_two_thirds(tmp_path):
    result = iris.main(["--out", str(tmp_path)])
    assert result["test"] >= 0.95 and result["same"]
    counts = np.array(result["confusion"])
    assert counts.sum() == 51 and np.trace(counts) / 51 == result["test"]
    rows, species, _ = data.iris()
    (seen, _), (held, labels) = data.split(rows, species, seed=0)
    test = (np.array(held) - np.mean(seen, axis=0)) / np.std(seen, axis=0)
    answers = [int(np.argmax(_answer(result["net"], row, "tanh"))) for row in test]
    assert np.mean(np.array(answers) == np.array(labels)) == pytest.approx(result["test"], abs=0)


@pytest.mark.slow
def test_digits_with_the_whole_budget(tmp_path):
    """95 % of a third that training never saw; from a tape, which makes it seconds."""
    pytest.importorskip("numba")
    result = digits.main(["--compiled", "--out", str(tmp_path)])
    assert result["test"] >= 0.95
    (_, _), (test, _) = data.split(*data.digits(), seed=0)
    assert len(test) == 599 and result["same"]


@pytest.mark.slow
def test_digits_with_a_small_budget(tmp_path):
    result = digits.main(["--quick", "--out", str(tmp_path)])
    assert result["test"] >= 0.8 and result["same"]  # a tenth would be chance
    (_, _), (test, held) = data.split(*data.digits(), seed=0)
    answers = [int(np.argmax(_answer(result["net"], row, "tanh"))) for row in test]
    assert np.mean(np.array(answers) == np.array(held)) == pytest.approx(result["test"], abs=0)


@pytest.mark.parametrize("demo", [moons, iris])
def test_compiled_training_says_the_same(demo, tmp_path):
    pytest.importorskip("numba")
    pytest.importorskip("nn.compiled")
    plain, fast = (
        demo.main(["--quick", "--out", str(tmp_path)]),
        demo.main(["--quick", "--compiled", "--out", str(tmp_path)]),
    )
    for p, q in zip(plain["net"].parameters(), fast["net"].parameters(), strict=True):
        assert p.data == pytest.approx(q.data, rel=1e-6, abs=1e-9)


def test_gradients_of_examples_and_their_average_are_those_of_matrices():
    rows, signs = data.moons(30, noise=0.1, seed=3)
    targets = [(sign + 1) // 2 for sign in signs]
    net = descent.network(3)
    each, average = descent.gradients(net, rows, targets)
    x, y = np.array(rows), np.array(targets)
    w1 = np.array([[w.data for w in n.w] for n in net.layers[0].neurons])
    w2 = np.array([w.data for w in net.layers[1].neurons[0].w])
    hidden = np.tanh(x @ w1.T + [n.b.data for n in net.layers[0].neurons])
    delta = 1.0 / (1.0 + np.exp(-(hidden @ w2 + net.layers[1].neurons[0].b.data))) - y
    below = delta[:, None] * w2 * (1.0 - hidden**2)
    expected = np.hstack(
        [np.concatenate([below[:, j : j + 1] * x, below[:, j : j + 1]], axis=1) for j in range(8)]
        + [delta[:, None] * hidden, delta[:, None]]
    )
    assert np.array([list(gradient.values()) for gradient in each]) == pytest.approx(
        expected, rel=1e-10, abs=1e-14
    )
    assert list(average.values()) == pytest.approx(expected.mean(axis=0), rel=1e-10, abs=1e-14)


def test_descent_counts_its_steps(tmp_path):
    runs = descent.main(["--quick", "--out", str(tmp_path)])["runs"]
    assert [steps for _, steps, _, _ in runs] == [10, 30, 300]
    assert all(h.loss[-1] < h.loss[0] and len(h.times) == 10 for _, _, h, _ in runs)


def test_full_batch_descent_is_gradient_descent_in_numpy():
    rows, targets = [[0.5, -1.0], [1.5, 0.25], [-0.75, 0.5]], [1, 0, 1]
    neuron = nn.MLP(2, [1], seed=0)
    w = np.array([p.data for p in neuron.parameters()])
    nn.fit(
        neuron,
        rows,
        targets,
        loss=nn.binary_cross_entropy,
        optimizer=nn.SGD(neuron.parameters(), 0.3),
        epochs=20,
        progress=False,
    )
    design = np.hstack([np.array(rows), np.ones((3, 1))])
    for _ in range(20):
        w = w - 0.3 * design.T @ (1.0 / (1.0 + np.exp(-design @ w)) - targets) / 3
    assert [p.data for p in neuron.parameters()] == pytest.approx(w, rel=1e-12)


def test_parametric_against_nonparametric(tmp_path):
    result = parametric.main(["--quick", "--out", str(tmp_path)])
    assert result["before"] == result["after"] and "the data is gone" in result["nearest_without"]
    assert [row[1] for row in result["counts"]] == [3] * 4 and [
        row[2] for row in result["counts"]
    ] == [22] * 4
    assert [row[4] for row in result["counts"]] == [20, 200, 2000, 20000]
    distances = [distance for _, distance in result["distances"]]
    assert distances == sorted(distances, reverse=True) and distances[-1] < 0.1 * distances[0]
    assert result["slope"] < 1e-10  # the engine agrees with the closed form


def test_random_features_reach_kernel_regression():
    xs, ys = map(np.array, parametric.curve(20, seed=1))
    at = np.linspace(-2.0, 2.0, 9)
    gram = np.exp(-0.5 * ((xs[:, None] - xs) / 0.5) ** 2) + 0.1 * np.eye(20)
    cross = np.exp(-0.5 * ((at[:, None] - xs) / 0.5) ** 2)
    assert parametric.kernel_regression(np, xs, ys, at) == pytest.approx(
        cross @ np.linalg.inv(gram) @ ys, rel=1e-10
    )
    [(_, near)] = parametric.approach(np, xs, ys, at, [60000], draws=1)
    assert near < 0.02
    narrow, wide = (
        parametric.by_features(np, xs, ys, n, seed=0) for n in (19, 21)
    )  # both forms of the solution
    for phi, weights in (narrow, wide):
        design = phi(xs)
        assert design.T @ (design @ weights - ys) + 0.1 * weights == pytest.approx(
            0.0 * weights, abs=1e-10
        )


def test_k_nearest_neighbours():
    assert parametric.nearest(0.0, [(0.1, 1.0), (-0.2, 3.0), (0.3, 5.0), (9.0, 100.0)]) == 3.0
    with pytest.raises(ValueError, match="no neighbours"):
        parametric.nearest(0.0, [])


def test_standardising_is_by_the_training_rows():
    scale = learning.standardised([[0.0, 10.0], [2.0, 30.0]])
    assert scale([[1.0, 20.0], [2.0, 10.0]]) == [[0.0, 0.0], [1.0, -1.0]]


def test_accuracy_counts():
    class Same:
        def predict(self, rows):
            return [row[0] for row in rows]

    rows, signs = [[1.0], [-2.0], [3.0], [-4.0]], [1, -1, -1, -1]
    assert learning.accuracy(Same(), rows, signs, learning.sign) == 0.75
    assert learning.largest([0.0, 3.0, 1.0]) == 1


def _answer(net, row, activation):
    """Return the outputs of the network by matrices."""
    function = {"relu": lambda z: np.maximum(z, 0.0), "tanh": np.tanh}[activation]
    a = np.array(row)
    for layer in net.layers:
        z = np.array([[w.data for w in n.w] for n in layer.neurons]) @ a + [
            n.b.data for n in layer.neurons
        ]
        a = z if layer is net.layers[-1] else function(z)
    return a


@pytest.mark.slow
def test_the_gpt_with_a_small_budget(tmp_path, capsys):
    pytest.importorskip("numba")
    result = gpt.main(["--quick", "--out", str(tmp_path)])
    assert result["bits"] < result["frequencies"] - 0.1 and result["same"]
    names, held_out = data.names(seed=0)
    assert result["pairs"] == pytest.approx(_bits_of_pairs(names[:480], held_out[:40]), rel=1e-12)
    losses = []
    for name in held_out[:40]:  # what the network says, and the loss by softmax
        tokens, following = gpt.encode(name)
        rows = np.array(result["gpt"].predict([tokens])[0])
        chances = np.exp(rows) / np.exp(rows).sum(axis=1, keepdims=True)
        losses.append(-np.log2(chances[range(len(following)), following]).mean())
    assert result["bits"] == pytest.approx(np.mean(losses), rel=1e-9)
    assert len(result["names"]) == 20 and all(
        name.isalpha() for name in filter(None, result["names"])
    )
    text = capsys.readouterr().out
    assert "names a second" in text and f"{result['why'].weight}.grad = " in text
    moved = gpt.read(result["gpt"], "meredith") and result["gpt"].named_gradient()
    assert abs(moved[result["why"].weight]) == max(map(abs, moved.values()))
    for name in ("gpt.png", "gpt_attention.png", "gpt_head.svg", "gpt.json"):
        assert (tmp_path / name).stat().st_size > 10_000


def _bits_of_pairs(names, held_out):
    counts = np.ones((27, 27))
    for name in names:
        for pair in zip(*gpt.encode(name)):
            counts[pair] += 1
    chances = counts / counts.sum(axis=1, keepdims=True)
    return np.mean([np.mean([-np.log2(chances[p]) for p in zip(*gpt.encode(n))]) for n in held_out])


def test_the_gpt_trains_eagerly_as_from_a_tape(tmp_path):
    pytest.importorskip("numba")
    names, _ = data.names(seed=1)
    short = [name for name in names if len(name) < 5][:8]
    ends = []
    for eager in (False, True):
        net = nn.GPT(gpt.TOKENS, block=5, width=4, heads=2, seed=1)
        plan = gpt.course(8, 4, len(short))
        assert plan.steps == 8
        history = gpt.train(net, short, short[:2], plan, seed=1, eager=eager)
        ends.append([*history.loss, *net.weights().values()])
    assert ends[0] == pytest.approx(ends[1], rel=1e-8, abs=1e-10)


def test_a_course_of_steps():
    assert gpt.course(10, 4, 1000) == (40, 1, 4)
    assert gpt.course(1000, 16, 4647).epochs == 3
