"""Every row of the tables in docs/edges.md is run: forward, backward, as steps, as Values, and on a tape."""

import importlib.util
import math
import re
from pathlib import Path
from typing import NamedTuple

import pytest

import engine
import nn
from engine import Value

PAGE = Path(__file__).resolve().parent.parent / "docs" / "edges.md"
NAMES = {name: getattr(engine, name) for name in engine.__all__} | {
    "abs": abs,
    "cross_entropy": nn.cross_entropy,
    "binary_cross_entropy": nn.binary_cross_entropy,
}


class Row(NamedTuple):
    function: str
    at: dict[str, float]
    expected: list[str]  # value and gradient, or second derivatives


def rows(text, head):
    """Return the rows of the tables that begin with this heading."""
    found, inside = [], False
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("| ").split(" | ")]
        if line.startswith("| function"):
            inside = head in cells
        elif inside and line.startswith("| `"):
            at = dict(pair.split(" = ") for pair in cells[1].split(", "))
            found.append(Row(cells[0].strip("`"), {k: float(v) for k, v in at.items()}, cells[2:4]))
    return found


TEXT = PAGE.read_text(encoding="utf-8")
FIRST, SECOND = rows(TEXT, "gradient"), rows(TEXT, "second derivatives")


def numbers(text):
    return [
        0.5 * (-1 if part[0] == "-" else 1) if "½" in part else float(part)
        for part in re.split("[,;] ", text)
    ]


def same(a, b):
    return a == b or (math.isnan(a) and math.isnan(b))


def all_same(ours, expected):
    return len(ours) == len(expected) and all(map(same, ours, expected))


def function(row):
    """Return the row's function of its variables; the text is the page's own."""
    return eval(f"lambda {', '.join(row.at)}: {row.function}", dict(NAMES))


def identity(row):
    return f"{row.function} at {row.at}"


def test_the_page_has_its_tables():
    assert len(FIRST) >= 46 and len(SECOND) >= 7
    lines = [line for line in TEXT.splitlines() if line.startswith("| `")]
    assert len(lines) == len(FIRST) + len(SECOND), "a row that no test reads"


@pytest.mark.parametrize("row", FIRST, ids=identity)
def test_value_and_gradient(row):
    value, gradient = row.expected[0], numbers(row.expected[1])
    inputs = [Value(x, label=name) for name, x in row.at.items()]
    root = function(row)(*inputs)
    assert same(root.data, float(value))
    if value[0] in "+-" and float(value) == 0.0:
        assert math.copysign(1.0, root.data) == float(value + "1")
    sums = dict.fromkeys(inputs, 0.0)
    for step in root.steps():
        if step.parent in sums:
            sums[step.parent] += step.contribution
    assert all_same(list(sums.values()), gradient)
    assert all_same([g.data for g in engine.gradient(root, inputs)], gradient)
    root.backward()
    assert all_same([x.grad for x in inputs], gradient)


@pytest.mark.parametrize(
    "row",
    [row for row in FIRST if not row.function.startswith(("1 / x", "x **"))],  # Python's own raise
    ids=identity,
)
def test_plain_numbers_give_the_value_too(row):
    assert same(float(_number(function(row)(*row.at.values()))), float(row.expected[0]))


def _number(result):
    return result.data if isinstance(result, Value) else result  # logsumexp gives Values


@pytest.mark.skipif(importlib.util.find_spec("numpy") is None, reason="numpy is not installed")
@pytest.mark.parametrize("row", FIRST, ids=identity)
def test_on_a_tape(row):
    point = list(row.at.values())
    tape = engine.record(function(row), point)
    [value], [gradient] = tape.input_gradients([point])
    assert same(float(value), float(row.expected[0]))
    assert same(float(tape.forward([point])[0]), float(row.expected[0]))
    assert all_same(gradient.tolist(), numbers(row.expected[1]))


@pytest.mark.parametrize("row", SECOND, ids=identity)
def test_second_derivatives(row):
    hessian = engine.hessian(function(row), list(row.at.values()))
    assert all_same([entry.data for line in hessian for entry in line], numbers(row.expected[0]))


def test_a_wrong_row_would_be_seen():
    [row] = rows(
        "| function | at | value | gradient | why |\n|---|\n| `relu(x)` | x = 0 | 0 | 1 | |",
        "gradient",
    )
    with pytest.raises(AssertionError):
        test_value_and_gradient(row)
    [row] = rows(
        "| function | at | second derivatives | why |\n| `x * y` | x = 0, y = 1 | 0, 1; 0, 0 | |",
        "second derivatives",
    )
    with pytest.raises(AssertionError):
        test_second_derivatives(row)
