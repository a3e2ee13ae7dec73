"""The data of the demos: three real sets that ship beside this file, and two moons of points.

Rows are lists of floats and labels are ints, ready for a network; where they come from stands in
README.md here.

>>> rows, species, names = iris()
>>> len(rows), rows[0], names[species[0]]
(150, [5.1, 3.5, 1.4, 0.2], 'setosa')
"""

import csv
import math
import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

Row = TypeVar("Row")
Rows = list[list[float]]
Labels = list[int]

FOLDER = Path(__file__).parent
SPECIES = ["setosa", "versicolor", "virginica"]


def iris() -> tuple[Rows, Labels, list[str]]:
    """Return 150 irises: four measures of each, its species, and the names of the species.

    >>> rows, species, names = iris()
    >>> rows[100], names[species[100]]
    ([6.3, 3.3, 6.0, 2.5], 'virginica')

    A row is sepal length, sepal width, petal length and petal width in centimetres; a species is an
    index of the names. The measures are by Edgar Anderson, published by R. A. Fisher (1936).
    """
    table = _table("iris.csv")
    return (
        [[float(x) for x in row[:4]] for row in table],
        [SPECIES.index(row[4]) for row in table],
        SPECIES[:],
    )


def digits(scaled: bool = True) -> tuple[Rows, Labels]:
    """Return 1,797 pictures of handwritten digits, 8 × 8 pixels, and the digit of each.

    >>> rows, labels = digits()
    >>> len(rows), len(rows[0]), labels[:10]
    (1797, 64, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])

    A row holds the pixels line by line from the top left. Ink runs from 0 to 16, or from 0 to 1
    when scaled.
    """
    table = _table("digits.csv")
    full = 16.0 if scaled else 1.0
    return [[int(x) / full for x in row[:64]] for row in table], [int(row[64]) for row in table]


def moons(n: int = 100, noise: float = 0.1, seed: int = 0) -> tuple[Rows, Labels]:
    """Return n points of two half circles that reach into each other, labelled -1 and +1.

    >>> moons(4, noise=0.0)[1]
    [1, -1, -1, 1]

    The upper moon (-1) is (cos t, sin t), the lower one (+1) is (1 - cos t, ½ - sin t), for equal
    steps of t from 0 to π: the curves of scikit-learn's make_moons, where `noise` too is the
    standard deviation of the normal error that is added to each coordinate. The points come
    shuffled. The same seed gives the same points; they are not scikit-learn's points, whose random
    numbers are NumPy's.
    """
    if n < 2 or not 0.0 <= noise < math.inf:
        raise ValueError(
            f"moons(n={n}, noise={noise}): n is at least 2, noise is finite and not negative"
        )
    upper = [([math.cos(t), math.sin(t)], -1) for t in _angles(n // 2)]
    lower = [([1.0 - math.cos(t), 0.5 - math.sin(t)], +1) for t in _angles(n - n // 2)]
    rng = random.Random(seed)
    points = upper + lower
    rng.shuffle(points)
    rows = [[x + rng.gauss(0.0, noise) for x in point] for point, _ in points]
    return rows, [label for _, label in points]


def names(seed: int = 0, held_out: float = 0.1) -> tuple[list[str], list[str]]:
    """Return 5,163 first names in small letters, shuffled: those to learn from, those held out.

    >>> train, test = names()
    >>> len(train), len(test), "meredith" in train + test
    (4647, 516, True)

    From the census of the United States of 1990. The same seed gives the same parts.
    """
    shuffled = (FOLDER / "names.txt").read_text(encoding="utf-8").split()
    random.Random(seed).shuffle(shuffled)
    count = round(held_out * len(shuffled))
    return shuffled[count:], shuffled[:count]


def split(
    rows: Sequence[Row], labels: Sequence[int], seed: int = 0, held_out: float = 1 / 3
) -> tuple[tuple[list[Row], Labels], tuple[list[Row], Labels]]:
    """Split the data: rows and labels to learn from, then rows and labels held out for the test.

    >>> rows, species, _ = iris()
    >>> (train, train_species), (test, test_species) = split(rows, species)
    >>> len(train), len(test), test_species.count(0)
    (99, 51, 17)

    The same fraction of every class is held out, rounded; both parts are shuffled. The same seed
    gives the same parts.
    """
    if len(rows) != len(labels):
        raise ValueError(
            f"split: {len(rows)} rows but {len(labels)} labels; give one label to each row"
        )
    if not 0.0 < held_out < 1.0:
        raise ValueError(
            f"split: held_out={held_out}; give a fraction, more than 0 and less than 1"
        )
    order = list(range(len(rows)))
    random.Random(seed).shuffle(order)
    wanted = {label: round(held_out * count) for label, count in Counter(labels).items()}
    learn: list[int] = []
    test: list[int] = []
    for i in order:
        (test if wanted[labels[i]] > 0 else learn).append(i)
        wanted[labels[i]] -= 1
    return ([rows[i] for i in learn], [labels[i] for i in learn]), (
        [rows[i] for i in test],
        [labels[i] for i in test],
    )


def _table(name: str) -> list[list[str]]:
    """Return the lines of a csv file, without its heading."""
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))[1:]


def _angles(n: int) -> list[float]:
    """Return n equal steps from 0 to π, both ends included."""
    return [math.pi * i / max(n - 1, 1) for i in range(n)]
