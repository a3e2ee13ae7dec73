"""Both modes of the network of the notes against NumPy's matrices, and their work against counted edges."""

import pytest

from demos import two_modes as demo

np = pytest.importorskip("numpy")


def matrices(net):
    """(weights, biases) of each layer."""
    return [
        (
            np.array([[w.data for w in neuron.w] for neuron in layer.neurons]),
            np.array([neuron.b.data for neuron in layer.neurons]),
        )
        for layer in net.layers
    ]


def activations(layers, x):
    outputs = [x]
    for w, b in layers:
        outputs.append(1.0 / (1.0 + np.exp(-(w @ outputs[-1] + b))))
    return outputs


def gradient_by_matrices(sizes, seed):
    """∇C by BP1 to BP4, in the order of the parameters: for each neuron its weights, then its bias."""
    net, inputs, _ = demo.network(sizes, seed)
    layers = matrices(net)
    a = activations(layers, np.array([x.data for x in inputs]))
    y = np.arange(sizes[-1]) % 2.0
    delta, rows = 2.0 * (a[-1] - y) * a[-1] * (1.0 - a[-1]), []
    for number in reversed(range(len(layers))):
        rows.insert(0, np.column_stack([np.outer(delta, a[number]), delta]).ravel())
        delta = (layers[number][0].T @ delta) * a[number] * (1.0 - a[number])
    return np.concatenate(rows)


def jacobian_by_matrices(sizes, seed):
    """σ'(z)·w of every layer, multiplied."""
    net, inputs, _ = demo.network(sizes, seed)
    layers = matrices(net)
    a = activations(layers, np.array([x.data for x in inputs]))
    product = np.eye(sizes[0])
    for (w, _), out in zip(layers, a[1:]):
        product = (out * (1.0 - out))[:, None] * (w @ product)
    return product


def edges(sizes, output=None, source=None):
    """Contributions of one sweep, by listing the edges of the graph: (layer, neuron) is a neuron's a."""
    listed = []
    for layer in range(1, len(sizes)):
        for j in range(sizes[layer]):
            z, a = ("z", layer, j), ("a", layer, j)
            listed += [((("a", layer - 1, k), z)) for k in range(sizes[layer - 1])]
            listed += [((("w", layer, j, k), z)) for k in range(sizes[layer - 1])]
            listed += [(("b", layer, j), z), (z, a)]
    if source is not None:  # forward: every edge whose parent depends on the source
        reached = {source}
        for parent, child in listed:
            if parent in reached:
                reached.add(child)
        return sum(parent in reached for parent, _ in listed)
    reached = {output}  # reverse: every edge whose child leads to the output
    for parent, child in reversed(listed):
        if child in reached:
            reached.add(parent)
    return sum(child in reached for _, child in listed)


@pytest.mark.parametrize(("sizes", "seed"), [([2, 3, 2], 0), ([1, 1], 1), ([4, 5, 3, 2], 7)])
def test_both_modes_give_the_gradient_of_the_matrices(sizes, seed):
    rows, _, _ = demo.gradients(sizes, seed)
    expected = gradient_by_matrices(sizes, seed).tolist()
    assert [row[1] for row in rows] == pytest.approx(expected, rel=1e-13)
    assert [row[2] for row in rows] == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize(("sizes", "seed"), [([2, 8, 8, 3], 0), ([5, 4, 2], 3), ([1, 2, 6], 2)])
def test_both_modes_give_the_jacobian_of_the_matrices(sizes, seed):
    by_forward, by_reverse, _, _ = demo.jacobians(sizes, seed)
    expected = jacobian_by_matrices(sizes, seed)
    assert np.array(by_forward) == pytest.approx(expected, rel=1e-13)
    assert np.array(by_reverse) == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("sizes", [[3, 2], [1, 4, 1], [2, 8, 8, 3], [6, 2, 3, 4, 1]])
def test_work_is_the_number_of_edges(sizes):
    _, _, by_forward, by_reverse = demo.jacobians(sizes, 0)
    last = len(sizes) - 1
    assert by_forward == sum(edges(sizes, source=("a", 0, k)) for k in range(sizes[0]))
    assert by_reverse == sum(edges(sizes, output=("a", last, j)) for j in range(sizes[-1]))
    assert demo.formulas(sizes) == (by_forward, by_reverse)


def test_the_demo_prints_and_draws(tmp_path, capsys):
    pytest.importorskip("matplotlib")
    result = demo.main(["--quick", "--out", str(tmp_path)])
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 80 + len(str(tmp_path))
    assert "one sweep in reverse mode, 17 in forward mode" in out
    assert (
        len(result["gradients"]) == 17 and result["contributions"][0] < result["contributions"][1]
    )
    assert (tmp_path / "two_modes.png").exists()
    assert [row.reverse < row.forward for row in result["inputs"]] == [
        False,
        False,
        True,
        True,
        True,
    ]
    assert all(row.forward < row.reverse for row in result["outputs"])
