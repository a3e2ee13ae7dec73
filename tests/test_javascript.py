"""Graphs as JavaScript, run by node, against the engine's own numbers; erf against mpmath."""

import json
import math
import shutil
import subprocess

import pytest

import engine
from engine import Value
from engine.explain import numbered
from engine.javascript import ARITHMETIC, literal, rows
from engine.operations import OPERATIONS

POINTS = [-2.75, -1.5, -0.3, 0.2, 0.75, 1.25, 3.5]


def node(program):
    """What `result`, an array of numbers, is after the program."""
    found = shutil.which("node")
    if not found:
        pytest.skip("no node")
    show = "console.log(`[${result.map(String).join(', ')}]`);"
    done = subprocess.run(
        [found, "-"], input=program + show, capture_output=True, text=True, check=True, timeout=300
    )
    return json.loads(done.stdout)


def program(root):
    """JavaScript that ends with all data, then all local derivatives, of a graph."""
    numbers = numbered(root)
    order = [x for x in numbers if x.parents]
    data = ", ".join(literal(x.data) for x in numbers if not x.parents)
    table = "\n".join(rows(order, numbers))
    run = "for (const [i, forward] of rows) v[i] = forward();"
    slopes = "const result = [...v, ...rows.flatMap((row) => row[2]())];"
    return f"{ARITHMETIC}\nconst v = [{data}];\nconst rows = [{table}];\n{run}\n{slopes}\n"


def numbers_of(root):
    order = list(numbered(root))
    return [x.data for x in order] + [s for x in order for s in x.local_derivatives()]


def test_every_operation():
    values = [Value(x) for x in POINTS]
    results = []
    for operation in OPERATIONS.values():
        count = operation.arity or 5  # w, w, a, a, b
        for i in range(len(values)):
            results.append(operation(*[values[(i + 2 * k) % len(values)] for k in range(count)]))
    families = [x**3 for x in values] + [x**-1.5 for x in values]
    families += [engine.clamp(x, -1.0, 1.0) for x in values]
    families += [x.leaky_relu(0.2) for x in values] + [x.elu(0.7) for x in values]
    root = engine.total([*results, *families])
    true, found = numbers_of(root), node(program(root))
    assert len(found) == len(true)
    wrong = [x for x in zip(found, true) if x[0] != pytest.approx(x[1], rel=4e-15, nan_ok=True)]
    assert wrong == []


def test_erf_and_normal_cdf_to_the_last_digits():
    mpmath = pytest.importorskip("mpmath", reason="the true values come from mpmath")
    points = [i / 8 for i in range(-60, 61)]
    names = {
        "erf": mpmath.erf,
        "erfc": mpmath.erfc,
        "normal_cdf": lambda x: mpmath.erfc(-x / mpmath.sqrt(2)) / 2,
    }
    calls = ", ".join(f"{name}({literal(x)})" for name in names for x in points)
    found = node(f"{ARITHMETIC}\nconst result = [{calls}];")
    with mpmath.workdps(40):
        true = [float(function(mpmath.mpf(x))) for function in names.values() for x in points]
    assert found == pytest.approx(true, rel=4e-15)


def test_an_operation_of_the_users_is_refused():
    @engine.primitive(rule=lambda z, x: z)
    def float_only(x):
        return math.exp(x)

    with pytest.raises(TypeError, match="float_only is an operation of your own"):
        rows([float_only(Value(1.5))])


def test_constants_keep_all_their_digits():
    x = Value(2.0)
    [row] = rows([x * (1 / 3)])
    assert "0.3333333333333333" in row
    assert literal(float("nan")) == "NaN" and literal(-0.0) == "(-0.0)"
