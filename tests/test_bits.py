"""The same bits on every interpreter: numbers of + - × ÷ √ and comparisons, which IEEE 754 rounds alike.

golden/bits.json was written by CPython 3.11 on x86-64 (`python tests/test_bits.py` writes it anew);
the Python of browsers and every other one has to find the same numbers, to the last bit.
"""

import json
import sys
from fractions import Fraction
from pathlib import Path

import pytest

import engine
import nn
from engine import Value, gradient

GOLDEN = Path(__file__).parent / "golden" / "bits.json"
POINT = {"rational": [0.3, -1.7, 0.9], "fraction": [1.1, 2.3, -0.7], "chain": [0.1, 0.7, -0.3]}


# Whole numbers beside the operands: a Fraction stays one.
def rational(a, b, c):
    return (a * b + c) / (a - c * c) - b / (2 * c + 5) * (a + b * b)


def fraction(a, b, c):
    return 1 / (a + 1 / (b + 1 / (c + a * b)))


def chain(a, b, c):
    for _ in range(12):
        a, b, c = a * b - c, b - c / 3, c + a / 8
    return a + b * c


PROGRAMS = {function.__name__: function for function in (rational, fraction, chain)}


def derived(name):
    """The value, the gradient by the loop, and the second derivatives, at POINT."""
    leaves = [Value(x) for x in POINT[name]]
    root = PROGRAMS[name](*leaves)
    root.backward()
    second = [each for first in gradient(root, leaves) for each in gradient(first, leaves)]
    return [root.data, *(leaf.grad for leaf in leaves), *(value.data for value in second)]


def trained():
    """The losses of a network of relu and its weights, after a training in exact steps."""
    net = nn.MLP(2, [3, 1], activation="relu", seed=1)
    for i, parameter in enumerate(net.parameters()):
        parameter.data = (i * 7 % 11 - 5) / 8.0
    rows, targets = [[0.5, -1.0], [1.5, 0.25], [-0.75, 1.0]], [1.0, -0.5, 0.25]
    optimizer = nn.SGD(net.parameters(), 0.01, momentum=0.5)
    loss = nn.squared_error
    history = nn.fit(net, rows, targets, loss=loss, optimizer=optimizer, epochs=20, progress=False)
    return [*history.loss, *(parameter.data for parameter in net.parameters())]


def rounded():
    """Square roots, maxima, where, weighted sums: a value and the gradients of its leaves."""
    leaves = [Value(x) for x in (2.0, 0.3, -1.9, 5.5)]
    a, b, c, d = leaves
    root = engine.weighted_sum([a, b], [engine.sqrt(a + d), engine.maximum(b, c)], bias=d)
    root = root / engine.sqrt(engine.total([a * a, b * b, c * c])) + engine.where(c > a, b, d / b)
    root.backward()
    return [root.data, *(leaf.grad for leaf in leaves)]


def measured():
    return {name: derived(name) for name in PROGRAMS} | {"trained": trained(), "rounded": rounded()}


def test_the_numbers_agree_to_the_last_bit():
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    found = {name: [x.hex() for x in numbers] for name, numbers in measured().items()}
    assert found == golden
    assert sum(map(len, golden.values())) > 70


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_golden_numbers_are_those_of_exact_fractions(name):
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))[name]
    value, *slopes = map(float.fromhex, golden[:4])
    point = list(map(Fraction, POINT[name]))
    f, h = PROGRAMS[name], Fraction(1, 10**9)
    assert value == pytest.approx(float(f(*point)), rel=1e-12)
    for i, slope in enumerate(slopes):
        up, down = point.copy(), point.copy()
        up[i], down[i] = point[i] + h, point[i] - h
        assert slope == pytest.approx(float((f(*up) - f(*down)) / (2 * h)), rel=1e-9)


if __name__ == "__main__":
    text = json.dumps(
        {name: [x.hex() for x in each] for name, each in measured().items()}, indent=1
    )
    GOLDEN.write_text(text + "\n", encoding="utf-8", newline="\n")
    sys.exit(0)
