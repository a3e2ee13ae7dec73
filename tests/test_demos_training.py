"""The demos that train, with small budgets: what each one teaches, and its numbers against NumPy."""

import math

import pytest

import nn
from demos import __main__ as demos
from demos import data, descent, digits, iris, learning, moons, parametric

np = pytest.importorskip("numpy")


def test_the_moons_are_separated_and_the_saved_network_answers_the_same(tmp_path, capsys):
    found = moons.main(["--out", str(tmp_path)])
    assert found["accuracy"] == 1.0 and found["same"]
    rows, signs = data.moons(100, noise=0.1, seed=0)
    assert [moons.decide(_answer(found["net"], row, "relu")[0]) for row in rows] == signs
    assert "100.0%" in capsys.readouterr().out


def test_iris_is_learned_from_two_thirds(tmp_path):
    found = iris.main(["--out", str(tmp_path)])
    assert found["test"] >= 0.95 and found["same"]
    counts = np.array(found["confusion"])
    assert counts.sum() == 51 and np.trace(counts) / 51 == found["test"]
    rows, species, _ = data.iris()
    (seen, _), (held, labels) = data.split(rows, species, seed=0)
    test = (np.array(held) - np.mean(seen, axis=0)) / np.std(seen, axis=0)
    answers = [int(np.argmax(_answer(found["net"], row, "tanh"))) for row in test]
    assert np.mean(np.array(answers) == np.array(labels)) == pytest.approx(found["test"], abs=0)


def test_digits_with_the_whole_budget(tmp_path):
    """95 % of a third that training never saw; from a tape, which makes it seconds."""
    pytest.importorskip("numba")
    found = digits.main(["--compiled", "--out", str(tmp_path)])
    assert found["test"] >= 0.95
    (_, _), (test, _) = data.split(*data.digits(), seed=0)
    assert len(test) == 599 and found["same"]


def test_digits_with_a_small_budget(tmp_path):
    found = digits.main(["--quick", "--out", str(tmp_path)])
    assert found["test"] >= 0.8 and found["same"]  # a tenth would be chance
    (_, _), (test, held) = data.split(*data.digits(), seed=0)
    answers = [int(np.argmax(_answer(found["net"], row, "tanh"))) for row in test]
    assert np.mean(np.array(answers) == np.array(held)) == pytest.approx(found["test"], abs=0)


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


def test_wishes_and_their_average_are_the_gradients_that_matrices_give():
    rows, signs = data.moons(30, noise=0.1, seed=3)
    targets = [(sign + 1) // 2 for sign in signs]
    net = descent.network(3)
    each, average = descent.wishes(net, rows, targets)
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
    assert np.array([list(wish.values()) for wish in each]) == pytest.approx(
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
    found = parametric.main(["--quick", "--out", str(tmp_path)])
    assert found["before"] == found["after"] and "without its data" in found["nearest_without"]
    assert [row[1] for row in found["counts"]] == [3] * 4 and [
        row[2] for row in found["counts"]
    ] == [22] * 4
    assert [row[4] for row in found["counts"]] == [20, 200, 2000, 20000]
    distances = [distance for _, distance in found["distances"]]
    assert distances == sorted(distances, reverse=True) and distances[-1] < 0.1 * distances[0]
    assert found["slope"] < 1e-10  # the engine agrees with the closed form


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
    with pytest.raises(ValueError, match="no data"):
        parametric.nearest(0.0, [])


def test_scaling_is_by_the_training_rows():
    assert learning.scaled([[4.0]], [[0.0], [2.0]]) == [[3.0]]
    assert math.isclose(
        sum(x for [x] in learning.scaled([[1.0], [5.0], [9.0]], [[1.0], [5.0], [9.0]])), 0.0
    )


def test_the_demos_are_listed_and_run(tmp_path, capsys):
    assert demos.main([]) == 0
    listed = capsys.readouterr().out
    assert all(name in listed for name in demos.present()) and "Two moons" in listed
    assert demos.main(["parametric", "four_equations", "--quick", "--out", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert (
        "== parametric" in out
        and "== four_equations" in out
        and (tmp_path / "four_equations.svg").exists()
    )
    assert demos.main(["moon"]) == 2
    assert "did you mean moons" in capsys.readouterr().err


@pytest.mark.parametrize("demo", [moons, iris, digits, descent, parametric])
def test_help_says_what_is_taught(demo, capsys):
    with pytest.raises(SystemExit) as stop:
        demo.main(["--help"])
    assert stop.value.code == 0
    assert demo.__doc__.partition("\n")[0] in capsys.readouterr().out


def _answer(net, row, activation):
    """The network by matrices."""
    function = {"relu": lambda z: np.maximum(z, 0.0), "tanh": np.tanh}[activation]
    a = np.array(row)
    for layer in net.layers:
        z = np.array([[w.data for w in n.w] for n in layer.neurons]) @ a + [
            n.b.data for n in layer.neurons
        ]
        a = z if layer is net.layers[-1] else function(z)
    return a
