"""The main job: two networks learn, one weight is explained, the pictures are there."""

import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from demos import tour


@pytest.fixture(scope="module")
def job(tmp_path_factory):
    out = tmp_path_factory.mktemp("tour")
    return tour.main(["--out", str(out), "--quiet"]), out


def test_moons_and_irises_are_learned(job):
    results, _ = job
    assert results["moons"].right == 1.0 and results["moons"].held_out >= 0.95
    assert results["iris"].held_out >= 0.95 and len(results["iris"].rows) == 51
    assert all(
        results[name].history.loss[-1] < 0.2 * results[name].history.loss[0]
        for name in ("moons", "iris")
    )


def test_the_neuron_and_the_small_graph_have_the_numbers_of_the_lecture(job):
    results, _ = job
    neuron, f = results["neuron"], results["graph"]
    assert [round(p.grad, 9) for p in neuron.parameters()] == [
        1.0,
        0.0,
        0.5,
    ]  # 1 - tanh² = ½, times x0 = 2, x1 = 0
    d, e = f.parents
    a, b = d.parents
    assert (f.data, a.grad, b.grad, d.grad, e.grad) == (-6.0, -3.0, -8.0, 1.0, -6.0)


def test_the_weight_is_explained_by_its_true_gradient(job):
    np = pytest.importorskip("numpy")
    results, _ = job
    net = results["iris"].net
    row, label = tour.hardest(results["iris"])
    (w1, b1), (w2, b2) = [
        (
            np.array([[w.data for w in n.w] for n in layer.neurons]),
            np.array([n.b.data for n in layer.neurons]),
        )
        for layer in net.layers
    ]
    hidden = np.tanh(w1 @ np.array(row) + b1)
    probabilities = np.exp(w2 @ hidden + b2)
    probabilities /= probabilities.sum()
    slopes = np.outer(
        probabilities - np.eye(3)[label], hidden
    )  # of cross-entropy by the last weights
    j, k = np.unravel_index(np.abs(slopes).argmax(), slopes.shape)
    assert results["weight"].label == f"layer1.neuron{j}.w{k}"
    assert results["weight"].grad == pytest.approx(slopes[j, k], rel=1e-10)
    assert results["loss"].data == pytest.approx(-np.log(probabilities[label]), rel=1e-10)


@pytest.mark.drawing
@pytest.mark.parametrize("name", ["neuron.svg", "graph.svg"])
def test_the_drawings_are_there(job, name):
    _, out = job
    root = ET.fromstring((out / name).read_text(encoding="utf-8"))
    assert root.tag.endswith("svg")


@pytest.mark.parametrize("name", ["boundary.png", "loss.png"])
def test_the_plots_are_there(job, name):
    pytest.importorskip("matplotlib")
    _, out = job
    assert (out / name).read_bytes().startswith(b"\x89PNG")


def test_it_goes_on_without_matplotlib(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    tour.main(["--out", str(tmp_path), "--quiet", "--moons-epochs", "1", "--iris-epochs", "1"])
    assert "pip install matplotlib" in capsys.readouterr().out
    assert sorted(p.name for p in tmp_path.iterdir()) == ["graph.svg", "neuron.svg"]


def test_what_is_printed_can_be_checked(tmp_path, capsys):
    tour.main(["--out", str(tmp_path), "--moons-epochs", "2", "--iris-epochs", "2"])
    out, err = capsys.readouterr()
    assert (
        "a=tanh(data=0.7071, grad=1)" in out and "f=*(data=-6, grad=1)" in out and ".grad = " in out
    )
    assert "epoch 2/2  loss" in err and "held out" in out


def test_a_terminal_that_has_no_delta_gets_a_question_mark(tmp_path):
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "demos.tour",
            "--quiet",
            "--out",
            str(tmp_path),
            "--moons-epochs",
            "1",
            "--iris-epochs",
            "1",
        ],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
    )
    assert done.returncode == 0, done.stderr.decode()
    assert b".grad = " in done.stdout
