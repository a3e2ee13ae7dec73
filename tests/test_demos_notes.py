"""The demos of what the notes describe, each against matrices or a closed form that shares no code with it."""

import pytest

from demos import (
    chain_network,
    layer_sums,
    lda,
    linear_regression,
    logistic_regression,
    most_wrong,
    perceptron,
)

np = pytest.importorskip("numpy")


def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))


@pytest.mark.parametrize("layers", [1, 2, 5])
def test_chain_network(layers, tmp_path, capsys):
    result = chain_network.main(["--layers", str(layers), "--seed", "3", "--out", str(tmp_path)])
    _, values, target = chain_network.build(layers, 3)
    a, kept = values["a0"].data, []
    for k in range(1, layers + 1):
        kept.append(a)
        a = sigmoid(values[f"w{k}"].data * a + values[f"b{k}"].data)
    outputs = [*kept[1:], a]
    delta, true = 2.0 * (a - target), {}
    for k in range(layers, 0, -1):
        delta *= outputs[k - 1] * (1.0 - outputs[k - 1])
        true |= {f"∂C/∂w{k}": kept[k - 1] * delta, f"∂C/∂b{k}": delta}
        delta *= values[f"w{k}"].data
    true["∂C/∂a0"] = delta
    for name, by_formulas, by_engine in result["products"]:
        assert by_formulas == pytest.approx(true[name], rel=1e-12)
        assert by_engine == pytest.approx(true[name], rel=1e-12)
    for _, _, by_formula, by_engine in result["factors"]:
        assert by_engine == pytest.approx(by_formula, rel=1e-12)
    assert (tmp_path / "chain_network.svg").exists()
    assert "grad" in capsys.readouterr().out


def test_layer_sums(tmp_path):
    result = layer_sums.main(["--hidden", "4", "--outputs", "3", "--out", str(tmp_path)])
    network = layer_sums.build([2, 4, 3], 0)
    before = np.array([a.data for a in network.activations[1]])
    layer = network.net.layers[-1]
    w = np.array([[p.data for p in neuron.w] for neuron in layer.neurons])
    out = sigmoid(w @ before + np.array([neuron.b.data for neuron in layer.neurons]))
    delta = 2.0 * (out - np.array(network.targets)) * out * (1.0 - out)
    terms = (w * delta[:, None]).T  # row k, column j: what output j contributes to neuron k
    assert [row[3] for row in result["contributions"]] == pytest.approx(
        terms.ravel().tolist(), rel=1e-12
    )
    assert [row[2] for row in result["contributions"]] == pytest.approx(
        terms.ravel().tolist(), rel=1e-12
    )
    assert [row[2] for row in result["sums"]] == pytest.approx((w.T @ delta).tolist(), rel=1e-12)


def test_most_wrong(tmp_path):
    result = most_wrong.main(["--hidden", "4", "--out", str(tmp_path)])
    net, activations, target, _ = most_wrong.build([2, 4, 4, 1], 0)
    values = [np.array([a.data for a in layer]) for layer in activations]
    delta, true = 2.0 * (values[-1] - target), {}
    for number in (2, 1):
        w = np.array([[p.data for p in neuron.w] for neuron in net.layers[number].neurons])
        grad = w.T @ delta
        true |= {f"layer{number - 1}.neuron{k}": g for k, g in enumerate(grad)}
        delta = grad * (1.0 - values[number] ** 2)
    assert {name: grad for name, grad, _ in result["ranking"]} == pytest.approx(true, rel=1e-12)
    sizes = [abs(grad) for _, grad, _ in result["ranking"]]
    assert sizes == sorted(sizes, reverse=True)
    for _, grad, quotient in result["ranking"]:
        assert quotient == pytest.approx(grad, rel=1e-6, abs=1e-8)


def test_linear_regression(tmp_path):
    result = linear_regression.main(["--rows", "50", "--steps", "400", "--out", str(tmp_path)])
    rows, answers = linear_regression.random_data(50, [0.5, -2.0, 1.0], 0.3, 0)
    x = np.column_stack([np.ones(50), np.array(rows)])
    beta, *_ = np.linalg.lstsq(x, np.array(answers), rcond=None)
    assert result["beta"] == pytest.approx(beta.tolist(), abs=1e-10)
    assert result["closed"] == pytest.approx(beta.tolist(), abs=1e-12)
    assert result["variance"] == pytest.approx(
        np.mean((np.array(answers) - x @ beta) ** 2), rel=1e-10
    )


def test_logistic_regression(tmp_path):
    result = logistic_regression.main(["--steps", "1500", "--out", str(tmp_path)])
    rows, targets = logistic_regression.flowers()
    x, y = np.column_stack([np.array(rows), np.ones(len(rows))]), np.array(targets)
    assert np.mean(x[:, :4], axis=0) == pytest.approx(np.zeros(4), abs=1e-12)
    first = x.T @ (0.5 - y) / len(y)
    assert result["first"] == pytest.approx(first.tolist(), abs=1e-12)
    theta, penalty = np.zeros(5), 0.01 * np.diag([1.0, 1.0, 1.0, 1.0, 0.0])
    for _ in range(30):  # Newton's method
        a = sigmoid(x @ theta)
        hessian = (x * (a * (1.0 - a))[:, None]).T @ x / len(y) + penalty
        theta -= np.linalg.solve(hessian, x.T @ (a - y) / len(y) + penalty @ theta)
    assert [*result["w"], result["b"]] == pytest.approx(theta.tolist(), abs=1e-10)
    assert result["accuracy"] >= 0.95


@pytest.mark.parametrize("seed", range(5))
def test_perceptron(seed, tmp_path):
    result = perceptron.main(["--seed", str(seed), "--out", str(tmp_path)])
    rows, labels = perceptron.separable(100, seed)
    w, wrong, total = np.zeros(3), 1, 0
    while wrong:  # Rosenblatt's rule
        wrong = 0
        for row, y in zip(np.column_stack([np.array(rows), np.ones(len(rows))]), labels):
            if y * (w @ row) <= 0.0:
                w += y * row
                wrong += 1
        total += wrong
    assert [*result["w"], result["b"]] == pytest.approx(w.tolist(), abs=1e-12)
    assert (result["mistakes"], result["history"][-1]) == (total, 0)
    assert result["mistakes"] <= result["bound"]


def test_lda(tmp_path):
    result = lda.main(["--out", str(tmp_path)])
    rows, labels = lda.flowers()
    x, y = np.array(rows), np.array(labels)
    means = np.array([x[y == k].mean(axis=0) for k in range(3)])
    off = x - means[y]
    assert np.array(result["means"]) == pytest.approx(means, abs=1e-10)
    assert np.array(result["covariance"]) == pytest.approx(off.T @ off / len(x), abs=1e-10)
    assert max(map(abs, result["grads"])) < 1e-9
    assert result["accuracy"] == 0.96
