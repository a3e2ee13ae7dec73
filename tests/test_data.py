"""The data that ships: counts and sums from the literature, and the curves of the moons."""

import math
from collections import Counter

import pytest

from demos.data import digits, iris, moons, names, split


def test_iris_has_the_means_of_fishers_paper_not_of_the_file_with_two_slips():
    rows, species, names = iris()
    assert [round(math.fsum(column) / 150, 4) for column in zip(*rows)] == [
        5.8433,
        3.0573,
        3.7580,
        1.1993,
    ]
    assert (rows[34], rows[37]) == ([4.9, 3.1, 1.5, 0.2], [4.9, 3.6, 1.4, 0.1])
    assert Counter(names[s] for s in species) == {"setosa": 50, "versicolor": 50, "virginica": 50}


def test_iris_has_the_extremes_and_deviations_that_every_description_prints():
    rows, _, _ = iris()
    columns = list(zip(*rows))
    assert [(min(c), max(c)) for c in columns] == [(4.3, 7.9), (2.0, 4.4), (1.0, 6.9), (0.1, 2.5)]
    means = [math.fsum(c) / 150 for c in columns]
    variances = [math.fsum((x - m) ** 2 for x in c) / 149 for c, m in zip(columns, means)]
    assert [round(math.sqrt(v), 2) for v in variances] == [0.83, 0.44, 1.77, 0.76]


def test_each_reading_is_fresh():
    iris()[0][0][0] = iris()[2][0] = None
    assert (iris()[0][0][0], iris()[2][0]) == (5.1, "setosa")


def test_digits_has_the_counts_of_the_repository():
    rows, labels = digits()
    assert [labels.count(d) for d in range(10)] == [
        178,
        182,
        177,
        183,
        181,
        182,
        181,
        179,
        174,
        180,
    ]
    assert {len(row) for row in rows} == {64}
    assert all(0.0 <= ink <= 1.0 for row in rows for ink in row)


def test_digits_unscaled_counts_dots():
    inked, _ = digits(scaled=False)
    assert sum(map(sum, inked)) == 561718.0
    assert max(map(max, inked)) == 16.0
    assert [[x / 16.0 for x in row] for row in inked] == digits()[0]


def test_the_first_digit_is_a_zero_the_right_way_up():
    """The array that scikit-learn's user guide prints for its first digit, and the hole in its middle."""
    inked, _ = digits(scaled=False)
    assert inked[0][:24] == [
        0,
        0,
        5,
        13,
        9,
        1,
        0,
        0,
        0,
        0,
        13,
        15,
        10,
        15,
        5,
        0,
        0,
        3,
        15,
        2,
        0,
        11,
        8,
        0,
    ]
    assert ["".join(".#"[x >= 5] for x in inked[0][8 * r : 8 * r + 8]) for r in range(8)] == [
        "..###...",
        "..#####.",
        "..#..##.",
        "..#..##.",
        ".##..##.",
        "..#..##.",
        "..####..",
        "..###...",
    ]


def test_both_sets_are_scikit_learns():
    datasets = pytest.importorskip("sklearn.datasets")
    theirs = datasets.load_iris()
    assert (iris()[0], iris()[1]) == (theirs.data.tolist(), theirs.target.tolist())
    theirs = datasets.load_digits()
    assert digits(scaled=False) == (theirs.data.tolist(), theirs.target.tolist())


@pytest.mark.parametrize("n", [2, 3, 10, 101])
def test_moons_without_noise_lie_on_the_two_half_circles(n):
    rows, labels = moons(n, noise=0.0, seed=n)
    assert Counter(labels) == {-1: n // 2, 1: n - n // 2}
    for (x, y), label in zip(rows, labels):
        (cx, cy) = (0.0, 0.0) if label == -1 else (1.0, 0.5)
        assert math.hypot(x - cx, y - cy) == pytest.approx(1.0, abs=1e-12)
        assert (y - cy) * -label >= -1e-12


def test_moons_noise_is_a_standard_deviation():
    rows, labels = moons(20_000, noise=0.3, seed=1)
    clean, _ = moons(20_000, noise=0.0, seed=1)
    errors = [a - b for row, point in zip(rows, clean) for a, b in zip(row, point)]
    assert math.fsum(errors) / len(errors) == pytest.approx(0.0, abs=0.01)
    assert math.sqrt(math.fsum(e * e for e in errors) / len(errors)) == pytest.approx(0.3, rel=0.02)
    assert labels[:50] != sorted(labels[:50])


def test_moons_depend_on_nothing_but_the_seed():
    assert moons(50, 0.2, seed=7) == moons(50, 0.2, seed=7)
    assert moons(50, 0.2, seed=7) != moons(50, 0.2, seed=8)


@pytest.mark.parametrize(
    ("n", "noise"), [(1, 0.1), (0, 0.1), (10, -0.1), (10, math.nan), (10, math.inf)]
)
def test_moons_refuses_what_it_cannot_draw(n, noise):
    with pytest.raises(ValueError, match=r"n=.*noise=.*at least 2"):
        moons(n, noise)


def test_split_keeps_every_row_with_its_label_and_the_share_of_every_class():
    rows = [[float(i)] for i in range(90)]
    labels = [0] * 60 + [1] * 30
    (learn, learn_labels), (test, test_labels) = split(rows, labels, seed=3)
    assert (Counter(learn_labels), Counter(test_labels)) == ({0: 40, 1: 20}, {0: 20, 1: 10})
    assert sorted(learn + test) == rows
    assert all(
        labels[int(row[0])] == label for row, label in zip(learn + test, learn_labels + test_labels)
    )
    assert learn_labels != sorted(learn_labels)


def test_split_depends_on_nothing_but_the_seed():
    rows, species, _ = iris()
    assert split(rows, species, seed=1) == split(rows, species, seed=1)
    assert split(rows, species, seed=1) != split(rows, species, seed=2)


@pytest.mark.parametrize("share", [0.0, 1.0, -0.5, 2, math.nan])
def test_split_refuses_a_share_outside_0_and_1(share):
    with pytest.raises(ValueError, match="held_out"):
        split([[1.0]], [0], held_out=share)


def test_split_refuses_rows_without_labels():
    with pytest.raises(ValueError, match="2 rows but 1 labels"):
        split([[1.0], [2.0]], [0])


def test_names():
    train, held_out = names(seed=3)
    every = train + held_out
    assert len(every) == len(set(every)) == 5163 and len(held_out) == 516
    assert all(name.isascii() and name.isalpha() and name.islower() for name in every)
    assert {"aaron", "meredith", "zulma"} <= set(every) and max(map(len, every)) < 16
    assert names(seed=3) == (train, held_out) != names(seed=4)
