"""The four equations in matrices are the engine's gradients, to 1e-12, for random shapes, activations and costs."""

import itertools
import random

import pytest

from demos import four_equations as demo

np = pytest.importorskip("numpy")


@pytest.mark.parametrize(
    ("activation", "cost"), list(itertools.product(demo.ACTIVATIONS, demo.COSTS))
)
def test_matrices_and_engine_agree(activation, cost):
    rng = random.Random(f"{activation} {cost}")
    alive = 0
    for _ in range(5):
        sizes = [rng.randint(1, 6) for _ in range(rng.randint(1, 4))] + [rng.randint(2, 5)]
        network = demo.build(sizes, activation, cost, seed=rng.randrange(10**6))
        lines = demo.compare(network)
        assert demo.difference(lines) <= 1e-12, (
            sizes,
            max(lines, key=lambda line: abs(line.matrices - line.engine)),
        )
        count = sum(
            n * (m + 2) for m, n in itertools.pairwise(sizes)
        )  # δ, bias and m weights for each neuron
        assert len(lines) == count
        alive += any(line.matrices for line in lines)  # relu neurons may all be off
    assert alive >= 3


def test_a_wrong_equation_would_show():
    network = demo.build([2, 3, 2], "sigmoid", "squared_error", seed=0)
    lines = [line._replace(matrices=line.matrices + 1e-9) for line in demo.compare(network)]
    assert demo.difference(lines) > 1e-12


def test_activations_have_the_slopes_that_differences_give():
    for function, slope in demo.ACTIVATIONS.values():
        for z in (-1.3, 0.4, 2.1):
            assert slope(z) == pytest.approx(
                (function(z + 1e-6) - function(z - 1e-6)) / 2e-6, rel=1e-8, abs=1e-9
            )


def test_the_demo_prints_both_sides(tmp_path, capsys):
    result = demo.main(["--networks", "3", "--out", str(tmp_path)])
    out = capsys.readouterr().out
    assert {line.equation for line in result["lines"]} == {"BP1", "BP2", "BP3", "BP4"}
    assert "by matrices" in out and all(row[2] <= 1e-12 for row in result["networks"])
    assert (tmp_path / "four_equations.svg").exists()
