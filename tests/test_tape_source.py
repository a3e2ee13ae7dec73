"""Exported source, run in each language whose tools are here, against the engine's own numbers."""

import ctypes
import json
import math
import random
import re
import shutil
import subprocess
from itertools import product

import pytest

import engine
from engine import Value
from engine.javascript import ARITHMETIC, literal
from engine.operations import OPERATIONS

np = pytest.importorskip("numpy", reason="recording needs NumPy")

LABEL = 'a"; import os #'
ROWS = [[0.3, -0.7], [1.1, 0.4], [-0.9, 1.6]]


def small_network():
    draw = random.Random(5)
    w = [Value(draw.uniform(-1, 1), label=LABEL) for _ in range(6)]

    def loss(x, y):
        h = [engine.weighted_sum(w[:2], [x, y], 0.1).tanh(), (w[2] * x + w[3] * y).relu()]
        z = h[0] * w[4] + h[1] * w[5]
        more = (
            engine.sigmoid(z)
            + engine.log(1.5 + x * x)
            + engine.exp(-y) / 3.0
            + engine.maximum(x, y)
            + abs(x - y)
        )
        return (
            (z - y) ** 2
            + 0.1 * more
            + engine.where(x > y, x, w[0])
            + engine.logsumexp([x, y, z])
            + engine.erf(x)
        )

    return engine.record(loss, [0.5, 0.5])


def wanted(tape, row):
    mean, slopes = tape.value_and_gradient([p.data for p in tape.parameters], [row])
    return mean, [*tape.input_gradients([row])[1][0], *slopes]


def arguments(tape, row):
    return [*row, *(p.data for p in tape.parameters)]


def namespace(text):
    found = {}
    exec(compile(text, "exported", "exec"), found)
    return found


@pytest.mark.parametrize("language", ["python", "numpy", "jax", "torch", "c", "javascript"])
def test_the_source_has_no_names_but_v_and_no_text_of_the_users(language):
    text = small_network().source(language)
    assert LABEL not in text and "import os" not in text
    keyword = {"c": "double", "javascript": "function"}.get(language, "def")
    body = text[text.index(f"{keyword} value(") :]
    assigned = re.findall(r"^ +(?:double |const )?(\w+) = ", body, re.M)
    assert assigned and all(re.fullmatch(r"v\d+", name) for name in assigned)


@pytest.mark.parametrize("language", ["python", "numpy"])
def test_python_and_numpy(language):
    if language == "numpy":
        pytest.importorskip("scipy", reason="erf in NumPy's source comes from SciPy")
    tape = small_network()
    run = namespace(tape.source(language))
    for row in ROWS:
        value, gradient = run["value_and_gradient"](*arguments(tape, row))
        mean, slopes = wanted(tape, row)
        assert (
            value == pytest.approx(mean, rel=1e-13) and run["value"](*arguments(tape, row)) == value
        )
        assert np.array(gradient, float).tolist() == pytest.approx(slopes, rel=1e-12)


def test_constants_are_folded():
    tape = engine.record(
        lambda x: x * engine.exp(engine.cos(engine.lift(2.0)) + 1.0) + engine.lift(3.0) * 2.0, [1.0]
    )
    body = tape.source("python").split("def value(v0):")[1].split("def")[0]
    assert body.split() == [
        "v1",
        "=",
        "v0",
        "*",
        repr(math.exp(math.cos(2.0) + 1.0)),
        "v2",
        "=",
        "v1",
        "+",
        "6.0",
        "return",
        "v2",
    ]


def test_jax_and_its_own_gradient():
    jax = pytest.importorskip("jax", reason="JAX is not installed")
    tape = small_network()
    run = namespace(tape.source("jax"))
    for row in ROWS:
        given = arguments(tape, row)
        value, gradient = run["value_and_gradient"](*map(jax.numpy.float64, given))
        theirs = jax.grad(run["value"], argnums=tuple(range(len(given))))(
            *map(jax.numpy.float64, given)
        )
        mean, slopes = wanted(tape, row)
        assert float(value) == pytest.approx(mean, rel=1e-12)
        assert [float(g) for g in gradient] == pytest.approx(slopes, rel=1e-11)
        assert [float(g) for g in theirs] == pytest.approx(slopes, rel=1e-11)


def test_torch_and_its_own_gradient():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    tape = small_network()
    run = namespace(tape.source("torch"))
    for row in ROWS:
        leaves = [
            torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in arguments(tape, row)
        ]
        value, gradient = run["value_and_gradient"](*leaves)
        run["value"](*leaves).backward()
        mean, slopes = wanted(tape, row)
        assert value.item() == pytest.approx(mean, rel=1e-12)
        assert [float(g) for g in gradient] == pytest.approx(slopes, rel=1e-11)
        assert [x.grad.item() for x in leaves] == pytest.approx(slopes, rel=1e-11)


def test_c(tmp_path):
    compiler = shutil.which("gcc") or shutil.which("cc")
    if not compiler:
        pytest.skip("no C compiler")
    tape = small_network()
    library = tmp_path / "tape.so"
    subprocess.run(
        [
            compiler,
            "-x",
            "c",
            "-",
            "-O2",
            "-ffp-contract=off",
            "-shared",
            "-fPIC",
            "-o",
            str(library),
            "-lm",
        ],
        input=tape.source("c"),
        text=True,
        check=True,
        timeout=300,
    )
    function = ctypes.CDLL(str(library)).value_and_gradient
    function.restype = ctypes.c_double
    for row in ROWS:
        given = arguments(tape, row)
        into = (ctypes.c_double * len(given))()
        value = function((ctypes.c_double * len(given))(*given), into)
        mean, slopes = wanted(tape, row)
        assert value == pytest.approx(mean, rel=1e-13)
        assert list(into) == pytest.approx(slopes, rel=1e-12)


def node(program):
    """What a program prints as JSON, read by Python; Infinity and NaN are spelled as Python does."""
    found = shutil.which("node")
    if not found:
        pytest.skip("no node")
    done = subprocess.run(
        [found, "-"], input=program, capture_output=True, text=True, check=True, timeout=300
    )
    return json.loads(done.stdout)


SHOW = """
const shown = (x) => Array.isArray(x) ? `[${x.map(shown).join(", ")}]` : Object.is(x, -0) ? "-0.0" : String(x);
console.log(shown(calls));
"""


def calls(name, rows):
    numbers = [", ".join(map(literal, row)) for row in rows]
    return f"[{', '.join(f'{name}({row})' for row in numbers)}]"


def test_javascript():
    tape = small_network()
    given = [arguments(tape, row) for row in ROWS]
    both = f"[{calls('value', given)}, {calls('value_and_gradient', given)}]"
    values, full = node(tape.source("javascript") + f"const calls = {both};" + SHOW)
    for row, value, (same, gradient) in zip(ROWS, values, full, strict=True):
        mean, slopes = wanted(tape, row)
        assert value == same == pytest.approx(mean, rel=1e-13)
        assert gradient == pytest.approx(slopes, rel=1e-12)


def test_javascript_at_the_edges():
    """Every operation of one or two operands, at nan, inf, zeros of both signs and large numbers."""
    parts, points = [], []
    for operation in OPERATIONS.values():
        if operation.arity in (1, 2):
            tape = engine.record(lambda *xs, f=operation: f(*xs), [0.5] * operation.arity)
            rows = list(product(EDGES, repeat=operation.arity))
            body = tape.source("javascript").split("function value_and_gradient", 1)[1]
            calls_ = calls("value_and_gradient", rows)
            parts.append(f"(() => {{ function value_and_gradient{body} return {calls_}; }})()")
            points.append((operation, rows))
    text = ARITHMETIC + f"const calls = [{', '.join(parts)}];" + SHOW
    for (operation, rows), results in zip(points, node(text), strict=True):
        for xs, (value, slopes) in zip(rows, results, strict=True):
            leaves = [*map(Value, xs)]
            root = operation(*leaves)
            root.backward()
            for found, true in zip((value, *slopes), (root.data, *(x.grad for x in leaves))):
                assert found == pytest.approx(true, rel=1e-11, nan_ok=True), (operation, xs)


EDGES = [math.nan, math.inf, -math.inf, 0.0, -0.0, 1.5, -30.0, 1.7e308]


def _number_of(language):
    """What the language calls with: a function that makes its numbers of floats."""
    if language == "torch":
        torch = pytest.importorskip("torch", reason="PyTorch is not installed")
        return lambda x: torch.tensor(x, dtype=torch.float64)
    if language == "jax":
        return pytest.importorskip("jax", reason="JAX is not installed").numpy.float64
    if language == "numpy":
        pytest.importorskip("scipy", reason="erf in NumPy's source comes from SciPy")
    return np.float64 if language == "numpy" else float


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("language", ["python", "numpy", "jax", "torch"])
def test_every_operation_at_the_edges(language):
    """sign(nan) was 0 in PyTorch's."""
    number = _number_of(language)
    for operation in OPERATIONS.values():
        if operation.arity not in ((1,) if language == "jax" else (1, 2)):
            continue
        tape = engine.record(lambda *xs, f=operation: f(*xs), [0.5] * operation.arity)
        run = namespace(tape.source(language))["value_and_gradient"]
        for xs in product(EDGES, repeat=operation.arity):
            leaves = [*map(Value, xs)]
            root = operation(*leaves)
            root.backward()
            value, slopes = run(*map(number, xs))
            for found, true in zip((value, *slopes), (root.data, *(x.grad for x in leaves))):
                assert float(found) == pytest.approx(true, rel=1e-11, nan_ok=True), (operation, xs)


def test_another_language_is_refused():
    with pytest.raises(ValueError, match="fortran"):
        small_network().source("fortran")
