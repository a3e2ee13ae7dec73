"""Replay a recorded graph, beside matrices, C and other engines, on one core.

python -m demos.benchmarks replay [--quick] [--only chain]
"""

import ctypes
import os
import random
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import engine
from engine import Value
from nn import MLP, Adam, batches, cross_entropy

from .rounds import Run, best_times

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")  # before NumPy is loaded: one core for everybody

L2 = 1e-4


def main(quick: bool = False, only: str = "", against: str = "") -> None:
    """Print every table, or the one that `only` names."""
    if against:
        print("--against is for eager: replay is timed here alone")
    rounds = 3 if quick else 15
    for name in [only] if only else TABLES:
        TABLES[name](rounds)
        print(flush=True)


def show(
    title: str,
    runs: dict[str, Run],
    rounds: int,
    repeat: int = 1,
    unit: float = 1.0,
    what: str = "",
) -> dict[str, float]:
    """Print times relative to the first, each the best of interleaved rounds of `repeat` runs."""

    def repeated(run: Run) -> Run:
        return lambda: [run() for _ in range(repeat)]

    for run in runs.values():
        run()
    best = best_times({name: repeated(run) for name, run in runs.items()}, rounds)
    first = next(iter(best.values()))
    print(title)
    for name, seconds in best.items():
        print(f"  {name:<34}{seconds / repeat * unit:10.3g} {what:<8}{seconds / first:7.2f} ×")
    return best


def installed(*names: str) -> list[str]:
    """Return the peers that are installed; say how to install the others."""
    for name in names:
        if not find_spec(name):
            print(f"  {name} is not installed and left out: pip install {name}")
    return [name for name in names if find_spec(name)]


# -- moons: 2-16-16-1, 100 examples, max-margin loss and L2
# -----------------------------------------------------


def moons(rounds: int) -> None:
    import numpy as np

    rng = np.random.default_rng(0)
    rows = rng.standard_normal((100, 3))
    rows[:, 2] = np.sign(rows[:, 2])
    net = MLP(2, [16, 16, 1], seed=1)
    parameters = net.parameters()

    def loss(x: Value, y: Value, sign: Value) -> Any:
        score: Any = net([x, y])
        return (1.0 - sign * score).relu() + L2 * engine.total([p * p for p in parameters])

    start = time.process_time()
    tape = engine.record(loss, rows[0].tolist(), threads=1)
    vector = np.array([p.data for p in parameters])
    tape.value_and_gradient(vector, rows)
    print(f"moons: recorded and compiled in {time.process_time() - start:.2f} s")
    shapes = [(16, 2), (16, 16), (1, 16)]
    runs: dict[str, Run] = {
        "tape.value_and_gradient": lambda: tape.value_and_gradient(vector, rows),
        "NumPy, matrix form": lambda: by_matrices(vector, rows, shapes),
    }
    runs |= in_c(vector, rows) | in_jax(vector, rows, shapes)
    runs |= in_casadi(vector, rows, shapes) | in_heyoka(vector, rows)
    for name, run in runs.items():
        must_agree(name, run(), by_matrices(vector, rows, shapes))
    runs["tape.replay (Values in and out)"] = lambda: tape.replay(rows)
    show(
        "moons step, value and gradient, 100 examples",
        runs,
        rounds,
        repeat=200,
        unit=1e6,
        what="µs",
    )


def must_agree(name: str, result: Any, expected: tuple[float, Any]) -> None:
    """Raise ArithmeticError unless loss and gradient are as expected."""
    import numpy as np

    for part, wanted in zip(result, expected, strict=True):
        if not np.allclose(part, wanted, rtol=1e-9, atol=1e-12):
            raise ArithmeticError(f"{name} computes something else than NumPy's matrices")


def with_l2(value: Any, gradient: Any, vector: Any) -> tuple[float, Any]:
    """Add the L2 term and its gradient, for engines that work row by row."""
    return float(value) + L2 * float(vector @ vector), gradient + 2.0 * L2 * vector


def layers_of(vector: Any, shapes: list[tuple[int, int]]) -> list[tuple[Any, Any]]:
    """Return weights and biases by layer from parameters neuron by neuron: w…, b."""
    layers, at = [], 0
    for n, m in shapes:
        block = vector[at : at + n * (m + 1)].reshape((n, m + 1))
        layers.append((block[:, :m].T, block[:, m]))
        at += n * (m + 1)
    return layers


def by_matrices(vector: Any, rows: Any, shapes: list[tuple[int, int]]) -> tuple[float, Any]:
    import numpy as np

    (w1, b1), (w2, b2), (w3, b3) = layers_of(vector, shapes)
    x, sign = rows[:, :2], rows[:, 2:]
    h = np.maximum(x @ w1 + b1, 0.0)
    k = np.maximum(h @ w2 + b2, 0.0)
    margin = 1.0 - sign * (k @ w3 + b3)
    value = np.maximum(margin, 0.0).mean() + L2 * (vector @ vector)
    g3 = np.where(margin > 0.0, -sign, 0.0) / len(rows)
    g2 = g3 @ w3.T * (k > 0.0)
    g1 = g2 @ w2.T * (h > 0.0)
    parts = [
        np.column_stack([g.T @ a, g.sum(axis=0)]).ravel() for g, a in ((g1, x), (g2, h), (g3, k))
    ]
    return float(value), np.concatenate(parts) + 2.0 * L2 * vector


C_SOURCE = """
#include <string.h>
double step(const double *p, const double *rows, int n, double *out) {
    const double *w1 = p, *w2 = p + 48, *w3 = p + 320;
    double value = 0.0;
    memset(out, 0, 337 * sizeof(double));
    for (int e = 0; e < n; e++) {
        const double *x = rows + 3 * e;
        double h[16], k[16], gk[16], gh[16] = {0}, z = w3[16];
        for (int i = 0; i < 16; i++) {
            double s = w1[3*i+2] + w1[3*i] * x[0] + w1[3*i+1] * x[1];
            h[i] = s > 0 ? s : 0;
        }
        for (int i = 0; i < 16; i++) {
            double s = w2[17*i+16];
            for (int j = 0; j < 16; j++) s += w2[17*i+j] * h[j];
            k[i] = s > 0 ? s : 0;
            z += w3[i] * k[i];
        }
        double margin = 1 - x[2] * z;
        if (!(margin > 0)) continue;
        value += margin;
        double g = -x[2] / n;
        out[336] += g;
        for (int i = 0; i < 16; i++) { out[320+i] += g * k[i]; gk[i] = k[i] > 0 ? g * w3[i] : 0; }
        for (int i = 0; i < 16; i++) {
            for (int j = 0; j < 16; j++) {
                out[48+17*i+j] += gk[i] * h[j];
                gh[j] += gk[i] * w2[17*i+j];
            }
            out[48+17*i+16] += gk[i];
        }
        for (int i = 0; i < 16; i++) {
            double d = h[i] > 0 ? gh[i] : 0;
            out[3*i] += d * x[0]; out[3*i+1] += d * x[1]; out[3*i+2] += d;
        }
    }
    value /= n;
    for (int i = 0; i < 337; i++) { value += 1e-4 * p[i] * p[i]; out[i] += 2e-4 * p[i]; }
    return value;
}
"""


def compiled_c(source: str) -> ctypes.CDLL:
    """Return a library of C source, compiled with all optimisations."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    library = str(Path(tempfile.mkdtemp()) / "step.so")
    options = ["-O3", "-march=native", "-ffast-math", "-shared", "-fPIC", "-o", library, "-lm"]
    command = [str(compiler), "-x", "c", "-", *options]
    subprocess.run(command, input=source, text=True, check=True, timeout=60)
    return ctypes.CDLL(library)


def in_c(vector: Any, rows: Any) -> dict[str, Run]:
    """Return the step written by hand in C, example by example, compiled with all optimisations."""
    import numpy as np

    if not (shutil.which("gcc") or shutil.which("cc")):
        print("  no C compiler: hand-written C is left out")
        return {}
    step, out = compiled_c(C_SOURCE).step, np.zeros(vector.size)
    step.restype = ctypes.c_double
    pointers = [ctypes.c_void_p(array.ctypes.data) for array in (vector, rows, out)]

    def run(kept: Any = out) -> object:  # the pointers alone would not keep the array alive
        return step(pointers[0], pointers[1], len(rows), pointers[2]), kept

    return {"C by hand, -O3 native, fast-math": run}


def in_jax(vector: Any, rows: Any, shapes: list[tuple[int, int]]) -> dict[str, Run]:
    if not installed("jax"):
        return {}
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)

    def loss(v: Any, data: Any) -> Any:
        (w1, b1), (w2, b2), (w3, b3) = layers_of(v, shapes)
        k = jnp.maximum(jnp.maximum(data[:, :2] @ w1 + b1, 0.0) @ w2 + b2, 0.0)
        return jnp.maximum(1.0 - data[:, 2:] * (k @ w3 + b3), 0.0).mean() + L2 * (v @ v)

    function, v, data = jax.jit(jax.value_and_grad(loss)), jnp.array(vector), jnp.array(rows)
    return {"JAX, matrix form": lambda: jax.block_until_ready(function(v, data))}


def in_casadi(vector: Any, rows: Any, shapes: list[tuple[int, int]]) -> dict[str, Run]:
    """Return the scalar graph of an example in CasADi's virtual machine, mapped over the rows."""
    if not installed("casadi"):
        return {}
    import casadi as ca
    import numpy as np

    p, x = ca.SX.sym("p", vector.size), ca.SX.sym("x", 3)
    h, at = x[:2], 0
    for k, (n, m) in enumerate(shapes):
        block = ca.reshape(p[at : at + n * (m + 1)], m + 1, n).T
        z = block[:, :m] @ h + block[:, m]
        h, at = (ca.fmax(z, 0) if k < 2 else z), at + n * (m + 1)
    value = ca.fmax(1 - x[2] * h, 0)
    one = ca.Function("one", [p, x], [value, ca.gradient(value, p)])
    given: tuple[Any, ...] = np.tile(vector, len(rows)), rows.ravel()
    values: Any = np.empty(len(rows))
    slopes: Any = np.empty((len(rows), vector.size))
    buffer: Any  # reads and writes these arrays: the fastest way in and out
    buffer, trigger = one.map(len(rows)).buffer()
    for i, array in enumerate(given):
        buffer.set_arg(i, memoryview(array))
    for i, array in enumerate((values, slopes.ravel())):
        buffer.set_res(i, memoryview(array))

    def run(kept: Any = (buffer, given)) -> object:  # CasADi would not keep them alive
        trigger()
        return with_l2(values.mean(), slopes.mean(axis=0), vector)

    return {"CasADi VM": run}


def in_heyoka(vector: Any, rows: Any) -> dict[str, Run]:
    if not installed("heyoka"):
        return {}
    import heyoka as hk
    import numpy as np

    ps = hk.make_vars(*[f"p{i}" for i in range(vector.size)])
    x, y, sign = hk.make_vars("x", "y", "s")
    a, at = [x, y], 0
    for k, n in enumerate((16, 16, 1)):
        z = []
        for _ in range(n):
            z.append(hk.sum([ps[at + j] * u for j, u in enumerate(a)] + [ps[at + len(a)]]))
            at += len(a) + 1
        a = [hk.relu(u) for u in z] if k < 2 else z
    loss = hk.relu(1.0 - sign * a[0])
    start = time.process_time()
    outputs = [loss, *hk.diff_tensors([loss], diff_args=ps, diff_order=1).gradient]
    function = hk.cfunc(outputs, vars=[*ps, x, y, sign], compact_mode=True)
    print(f"  heyoka compiled in {time.process_time() - start:.2f} s")
    given = np.ascontiguousarray(np.vstack([np.repeat(vector[:, None], len(rows), axis=1), rows.T]))
    out = np.empty((len(outputs), len(rows)))

    def run() -> object:
        mean = function(inputs=given, outputs=out).mean(axis=1)
        return with_l2(mean[0], mean[1:], vector)

    return {"heyoka, compact_mode": run}


# -- classifiers
# ------------------------------------------------------------------------------------------------


def classifier_64(rounds: int) -> None:
    classifier(64, 4096, rounds)


def classifier_784(rounds: int) -> None:
    classifier(784, 1024, max(3, rounds // 3))


def classifier(inputs: int, batch: int, rounds: int) -> None:
    import numpy as np

    rng = np.random.default_rng(0)
    rows = rng.standard_normal((batch, inputs + 1))
    labels = rng.integers(0, 10, batch)
    rows[:, -1] = labels
    net = MLP(inputs, [32, 10], seed=1)
    tape = engine.record(
        lambda *row: cross_entropy(net(list(row[:-1])), row[-1]), rows[0].tolist(), threads=1
    )
    order = {p: i for i, p in enumerate(tape.parameters)}
    vector = np.array([p.data for p in tape.parameters])
    places = [order[p] for p in net.parameters()]

    def matrices() -> tuple[float, Any]:
        (w1, b1), (w2, b2) = layers_of(vector[places], [(32, inputs), (10, 32)])
        x = rows[:, :-1]
        h = np.maximum(x @ w1 + b1, 0.0)
        z = h @ w2 + b2
        z = z - z.max(axis=1, keepdims=True)
        e = np.exp(z)
        total = e.sum(axis=1, keepdims=True)
        value = (np.log(total[:, 0]) - z[np.arange(batch), labels]).mean()
        g2 = e / total
        g2[np.arange(batch), labels] -= 1.0
        g2 /= batch
        g1 = g2 @ w2.T * (h > 0.0)
        parts = [np.column_stack([g.T @ a, g.sum(axis=0)]).ravel() for g, a in ((g1, x), (g2, h))]
        return float(value), np.concatenate(parts)

    assert np.allclose(
        tape.value_and_gradient(vector, rows)[1][places], matrices()[1], rtol=1e-7, atol=1e-10
    )
    show(
        f"{inputs}-32-10, batch {batch}, per example",
        {
            "tape.value_and_gradient": lambda: tape.value_and_gradient(vector, rows),
            "NumPy, matrix form": matrices,
        },
        rounds,
        unit=1e6 / batch,
        what="µs",
    )


# -- graphs that do not fuse
# ------------------------------------------------------------------------------------


def random_dag(
    nodes: int, leaves: list[Any], relu: Callable[[Any], Any], maximum: Callable[[Any, Any], Any]
) -> Any:
    """Return the root of a graph of + − × ÷ relu and maximum; operands are mostly recent nodes."""
    rng, pool = random.Random(0), list(leaves)
    for _ in range(nodes - 1):
        x, y = pool[-1 - min(int(rng.expovariate(0.02)), len(pool) - 1)], rng.choice(pool)
        kind = rng.randrange(6)
        pool.append(
            x + y
            if kind == 0
            else x - y
            if kind == 1
            else 0.5 * x * y
            if kind == 2
            else x / (2.0 + relu(y))
            if kind == 3
            else relu(x)
            if kind == 4
            else maximum(x, y)
        )
        if len(pool) > 40 and rng.random() < 0.5:
            pool[-1] = pool[-1] * 0.5 + pool[-2] * 0.5
    return pool[-1]


def dags(rounds: int) -> None:
    for nodes in (10_000, 100_000):
        dag(nodes, 3 if nodes > 50_000 else rounds)


def dag(nodes: int, rounds: int) -> None:
    import numpy as np

    batch, n = 256, 20
    rows = np.random.default_rng(0).standard_normal((batch, n))
    start = time.process_time()
    tape = engine.record(
        lambda *xs: random_dag(nodes, list(xs), engine.relu, engine.maximum),
        rows[0].tolist(),
        threads=1,
    )
    recorded = time.process_time() - start
    count = tape._graph.kinds.size
    tape.input_gradients(rows[:2])
    print(
        f"recorded {count:,} nodes: {recorded / count * 1e6:.1f} µs a node, with its program "
        f"{(time.process_time() - start) / count * 1e6:.1f}"
    )
    runs: dict[str, Run] = {"tape.input_gradients": lambda: tape.input_gradients(rows)}
    if installed("casadi"):
        import casadi as ca

        xs = ca.SX.sym("x", n)
        value = random_dag(nodes, [xs[i] for i in range(n)], lambda x: ca.fmax(x, 0), ca.fmax)
        function = ca.Function("f", [xs], [value, ca.gradient(value, xs)]).map(batch)
        given = ca.DM(rows.T)
        runs["CasADi VM"] = lambda: function(given)
        assert np.allclose(
            np.array(function(given)[0]).ravel(), tape.forward(rows), rtol=1e-6, atol=1e-9
        )
    show(
        f"random graph of {count:,} nodes, batch {batch}, per node and example",
        runs,
        rounds,
        unit=1e9 / batch / count,
        what="ns",
    )


def chain(rounds: int) -> None:
    import numpy as np

    length = 500_000  # two operations each

    def links(x: Any) -> Any:
        for _ in range(length):
            x = x * 0.999999 + 0.25
        return x

    start = time.process_time()
    tape = engine.record(links, [1.0], threads=1)
    row = np.array([[1.0]])
    tape.input_gradients(row)
    print(
        f"recorded a chain of 1,000,000 nodes: {time.process_time() - start:.2f} µs a node, "
        "with its program"
    )
    runs: dict[str, Run] = {"tape.input_gradients": lambda: tape.input_gradients(row)}
    if installed("casadi"):
        import casadi as ca

        x = ca.SX.sym("x")
        value = links(x)
        function = ca.Function("f", [x], [value, ca.gradient(value, x)])
        runs["CasADi VM"] = lambda: function(1.0)
    show("chain of 1,000,000 nodes, batch 1, per node", runs, 3, unit=1e3, what="ns")


def recording(rounds: int) -> None:
    """Print what recording costs a node: the same for every number of nodes."""
    for nodes in (20_000, 200_000) if rounds <= 3 else (20_000, 200_000, 2_000_000):
        start = time.process_time()

        def links(x: Any, steps: int = nodes // 2) -> Any:
            for _ in range(steps):
                x = x * 0.999999 + 0.25
            return x

        tape = engine.record(links, [1.0], threads=1)
        recorded = time.process_time() - start
        tape.input_gradients([[1.0], [2.0]])
        print(
            f"recording {nodes:9,} nodes: {recorded / nodes * 1e6:5.2f} µs a node, "
            "with program and replay "
            f"{(time.process_time() - start) / nodes * 1e6:5.2f}"
        )
    print(peak())


def peak() -> str:
    try:
        import resource
    except ImportError:
        return ""
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return f"peak memory of this run {kilobytes / 2**20:.1f} GiB"


# -- training: what it costs to compare examples with Python's own losses
# --------------------------------------------------------------------------------------


def training(rounds: int) -> None:
    from demos import data, digits
    from nn.compiled import CompiledTrainer

    (train, labels), _ = data.split(*data.digits(), seed=0)
    net = digits.network(0)
    optimizer = Adam(net.parameters(), 0.01)
    trainer = CompiledTrainer(net, train, labels, cross_entropy, optimizer)
    groups = batches(len(train), 32, 0, 0)

    def epochs(compare: bool) -> None:
        for _ in range(10):
            if not compare:
                trainer.replayed = 0  # rows since the last comparison
            trainer.epoch(groups)

    runs: dict[str, Run] = {
        "without comparing": lambda: epochs(False),
        "comparing examples": lambda: epochs(True),
    }
    best = show("an epoch of digits.py --compiled", runs, rounds, unit=100.0, what="ms")
    cost = best["comparing examples"] / best["without comparing"] - 1.0
    print(f"  the comparisons cost {cost:.1%} of an epoch")


TABLES: dict[str, Callable[[int], None]] = {
    "moons": moons,
    "classifier": classifier_64,
    "classifier-784": classifier_784,
    "dags": dags,
    "chain": chain,
    "recording": recording,
    "training": training,
}

if __name__ == "__main__":
    main()
