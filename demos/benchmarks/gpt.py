"""A small GPT: the loss and gradient of a name, in scalars and in matrices, on one core.

All contestants compute the same numbers from the same 4,192 weights: they must agree to nine digits
before a time is printed. A row of tokens is followed by the tokens that it should predict.

python -m demos.benchmarks gpt [--quick] [--only names]
"""

import ctypes
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import engine
import nn

from . import small_gpt
from .bare import Bare
from .replay import compiled_c, installed
from .rounds import Run, best_times

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")  # before NumPy is loaded: one core for everybody

BATCH = 64
NAME = "meredith"
WIDTH, HEADS = small_gpt.WIDTH, small_gpt.HEADS
ROOT = Path(__file__).parents[2]
Result = tuple[float, Any]  # the mean loss, and its gradient by all weights


def main(quick: bool = False, only: str = "", against: str = "") -> None:
    """Print every table, or the one that `only` names."""
    if against:
        print("--against is for eager: the GPT is timed here alone")
    for name in [only] if only else TABLES:
        TABLES[name](quick)
        print(flush=True)


def rows_of_names(count: int) -> Any:
    """Return tokens and following tokens of `count` names of eight letters, the first NAME."""
    import numpy as np

    letters = np.random.default_rng(0).integers(0, 26, (count, len(NAME)))
    letters[0] = [ord(letter) - ord("a") for letter in NAME]
    ends = np.full((count, 1), small_gpt.BOUNDARY)
    return np.concatenate([ends, letters, letters, ends], axis=1).astype(float)


# -- the contestants
# ------------------------------------------------------------------------------------------


def weights_of(vector: Any, lib: Any = None) -> dict[str, Any]:
    """Return the matrices of the weights, by name, from one vector."""
    matrices, at = {}, 0
    for name, (rows, columns) in small_gpt.SHAPES.items():
        matrices[name] = vector[at : at + rows * columns].reshape((rows, columns))
        at += rows * columns
    return matrices


def bare(vector: Any, rows: Any) -> Run:
    return _eager(small_gpt.SmallGPT(Bare), vector, lambda model: model.loss(NAME))


def ours(vector: Any, rows: Any) -> Run:
    tokens, following = rows[0].astype(int).reshape(2, -1).tolist()
    gpt = nn.GPT(small_gpt.TOKENS, seed=0)
    loss: Callable[[Any], Any] = lambda model: nn.mean_cross_entropy(model(tokens), following)  # noqa: E731
    return _eager(gpt, vector, loss)


def _eager(model: Any, vector: Any, loss: Callable[[Any], Any]) -> Run:
    parameters = model.parameters() if callable(model.parameters) else model.parameters
    for p, x in zip(parameters, vector.tolist(), strict=True):
        p.data = x

    def run() -> Result:
        for p in parameters:
            p.grad = 0.0
        root = loss(model)
        root.backward()
        return root.data, [p.grad for p in parameters]

    return run


def recorded(vector: Any, rows: Any) -> Run:
    """Return a replay of the tape of one name; its result is sorted as the weights are, once."""
    gpt = nn.GPT(small_gpt.TOKENS, seed=0)
    tape = record(gpt, rows)
    order = {p: i for i, p in enumerate(gpt.parameters())}
    places = [order[p] for p in tape.parameters]  # without those of positions that no name has
    data = vector[places]

    def run() -> Result:
        return tape.value_and_gradient(data, rows)

    run.places = places  # type: ignore[attr-defined]
    return run


def record(gpt: nn.GPT, rows: Any) -> engine.Tape:
    n = rows.shape[1] // 2

    def loss(*row: Any) -> Any:
        return nn.mean_cross_entropy(gpt(row[:n]), row[n:])

    return engine.record(loss, rows[0].tolist(), threads=1)


def by_hand_in_numpy(vector: Any, rows: Any) -> Run:
    return lambda: numpy_step(vector, rows)


def numpy_step(vector: Any, rows: Any) -> Result:
    """Return loss and gradient by NumPy's matrices, the backward pass written by hand."""
    import numpy as np

    p, n = weights_of(vector), rows.shape[1] // 2
    tokens, following = rows[:, :n].astype(int), rows[:, n:].astype(int)

    def norm(x: Any) -> tuple[Any, Any]:
        scale = 1.0 / np.sqrt((x * x).mean(axis=-1, keepdims=True) + 1e-5)
        return x * scale, scale

    def norm_back(y: Any, scale: Any, g: Any) -> Any:
        return scale * (g - y * (g * y).mean(axis=-1, keepdims=True))

    def heads(x: Any) -> Any:
        return x.reshape(len(x), n, HEADS, -1).transpose(0, 2, 1, 3)

    def whole(x: Any) -> Any:
        return x.transpose(0, 2, 1, 3).reshape(len(x), n, WIDTH)

    root = (WIDTH // HEADS) ** 0.5
    x, s0 = norm(p["token"][tokens] + p["position"][:n])
    a, s1 = norm(x)
    q, k, v = (heads(a @ p[name].T) for name in ("query", "key", "value"))
    scores = q @ k.swapaxes(2, 3) / root + np.triu(np.full((n, n), -np.inf), 1)
    e = np.exp(scores - scores.max(axis=-1, keepdims=True))
    attention = e / e.sum(axis=-1, keepdims=True)
    taken = whole(attention @ v)
    y = x + taken @ p["mix"].T
    b, s2 = norm(y)
    h = np.maximum(b @ p["widen"].T, 0.0)
    out = y + h @ p["narrow"].T
    logits = out @ p["head"].T
    logits -= logits.max(axis=-1, keepdims=True)
    exponentials = np.exp(logits)
    total = exponentials.sum(axis=-1, keepdims=True)
    wanted = np.take_along_axis(logits, following[..., None], axis=-1)
    loss = float((np.log(total) - wanted).mean())

    g = exponentials / total
    places = following[..., None]
    np.put_along_axis(g, places, np.take_along_axis(g, places, -1) - 1.0, -1)
    g /= following.size
    d: dict[str, Any] = {}

    def back(name: str, g: Any, x: Any) -> Any:
        d[name] = g.reshape(-1, g.shape[-1]).T @ x.reshape(-1, x.shape[-1])
        return g @ p[name]

    dy = back("head", g, out)
    dh = back("narrow", dy, h) * (h > 0.0)
    dy = dy + norm_back(b, s2, back("widen", dh, b))
    dtaken = heads(back("mix", dy, taken))
    dattention = dtaken @ v.swapaxes(2, 3)
    from_sum = (dattention * attention).sum(axis=-1, keepdims=True)
    dscores = attention * (dattention - from_sum) / root
    dq, dk = dscores @ k, dscores.swapaxes(2, 3) @ q
    dv = attention.swapaxes(2, 3) @ dtaken
    da = sum(back(name, whole(g), a) for name, g in (("query", dq), ("key", dk), ("value", dv)))
    de = norm_back(x, s0, dy + norm_back(a, s1, da))
    d["token"], d["position"] = np.zeros_like(p["token"]), np.zeros_like(p["position"])
    np.add.at(d["token"], tokens.ravel(), de.reshape(-1, WIDTH))
    d["position"][:n] = de.sum(axis=0)
    return loss, np.concatenate([d[name].ravel() for name in small_gpt.SHAPES])


def matrix_loss(lib: Any, vector: Any, tokens: Any, following: Any, mask: Any) -> Any:
    """Return the mean loss in matrices of a library, PyTorch or JAX, which differentiates it."""
    p, n = weights_of(vector), tokens.shape[1]

    def norm(x: Any) -> Any:
        return x / lib.sqrt((x * x).mean(-1)[..., None] + 1e-5)

    def heads(x: Any) -> Any:
        return x.reshape((len(tokens), n, HEADS, -1)).swapaxes(1, 2)

    x = norm(p["token"][tokens] + p["position"][:n])
    a = norm(x)
    q, k, v = (heads(a @ p[name].T) for name in ("query", "key", "value"))
    scores = q @ k.swapaxes(2, 3) / (WIDTH // HEADS) ** 0.5 + mask
    attention = lib.softmax(scores, -1)
    x = x + (attention @ v).swapaxes(1, 2).reshape((len(tokens), n, WIDTH)) @ p["mix"].T
    h = norm(x) @ p["widen"].T
    x = x + (h * (h > 0.0)) @ p["narrow"].T
    logits = x @ p["head"].T
    chosen = logits.reshape((-1, small_gpt.TOKENS))[lib.arange(following.size), following.ravel()]
    return (lib.logsumexp(logits, -1).ravel() - chosen).mean()


def in_torch(vector: Any, rows: Any) -> Run:
    return _in_torch(vector, rows, lambda function: function)


def in_torch_compiled(vector: Any, rows: Any) -> Run:
    import torch

    return _in_torch(vector, rows, torch.compile)


def _in_torch(vector: Any, rows: Any, compiled: Callable[[Any], Any]) -> Run:
    import torch

    torch.set_num_threads(1)
    n = rows.shape[1] // 2
    leaf = torch.tensor(vector, requires_grad=True)
    tokens, following = torch.tensor(rows[:, :n]).long(), rows[:, n:].astype(int)
    mask = torch.full((n, n), -torch.inf, dtype=torch.float64).triu(1)
    loss = compiled(lambda v: matrix_loss(torch, v, tokens, following, mask))

    def run() -> Result:
        leaf.grad = None
        root = loss(leaf)
        root.backward()
        return root.item(), leaf.grad

    return run


def in_jax(vector: Any, rows: Any) -> Run:
    import jax
    import numpy as np

    jax.config.update("jax_enable_x64", True)
    n = rows.shape[1] // 2
    mask = np.triu(np.full((n, n), -np.inf), 1)

    class Lib:
        """The functions that the loss needs, by the names that PyTorch has for them."""

        sqrt, arange = staticmethod(jax.numpy.sqrt), staticmethod(jax.numpy.arange)
        softmax = staticmethod(jax.nn.softmax)
        logsumexp = staticmethod(jax.scipy.special.logsumexp)

    tokens, following = rows[:, :n].astype(int), rows[:, n:].astype(int)
    step = jax.jit(jax.value_and_grad(lambda v: matrix_loss(Lib, v, tokens, following, mask)))
    data = jax.numpy.array(vector)
    return lambda: jax.block_until_ready(step(data))


def in_c(vector: Any, rows: Any) -> Run:
    """Return the step written by hand in C, matrix loops over a name at a time."""
    import numpy as np

    source = (Path(__file__).parent / "small_gpt.c").read_text(encoding="utf-8")
    step, out = compiled_c(source).step, np.zeros(vector.size)
    step.restype = ctypes.c_double
    arrays = vector, np.ascontiguousarray(rows), out
    weights, data, gradient = [ctypes.c_void_p(array.ctypes.data) for array in arrays]
    count, n = rows.shape[0], rows.shape[1] // 2

    def run(kept: Any = arrays) -> Result:  # the pointers alone would not keep the arrays alive
        return step(weights, data, count, n, gradient), out

    return run


# -- the tables
# -----------------------------------------------------------------------------------------------


def names(quick: bool) -> None:
    """Print the CPU time of a name: value and gradient, one at a time and 64 side by side."""
    import numpy as np

    rows = rows_of_names(BATCH)
    model = small_gpt.SmallGPT(Bare)
    vector = np.array([p.data for p in model.parameters])
    runs: dict[str, tuple[Run, int]] = {}
    for label, make, batches in _contestants(quick):
        for batch in batches:
            title = f"{label}, batch {batch}" if len(batches) > 1 else label
            runs[title] = make(vector, rows[:batch]), batch
    _must_agree(runs, vector, rows)
    seconds = _times(runs, 3 if quick else 9)
    base = seconds["the barest engine, eager"]
    hand = seconds.get("C by hand, batch 1", 0.0)
    print("value and gradient of a name of eight letters; CPU time on one core, collector off")
    print(f"  {'':<34}{'µs a name':>10}{'as fast as bare':>17}{'time of C':>11}")
    for title, each in seconds.items():
        of_c = f"{each / hand:9.2f} ×" if hand else ""
        print(f"  {title:<34}{1e6 * each:10.1f}{base / each:15,.0f} ×{of_c}")


def _contestants(quick: bool) -> list[tuple[str, Callable[[Any, Any], Run], tuple[int, ...]]]:
    contestants: list[tuple[str, Callable[[Any, Any], Run], tuple[int, ...]]] = [
        ("the barest engine, eager", bare, (1,)),
        ("chainrule, eager", ours, (1,)),
        ("chainrule, recorded", recorded, (1, BATCH)),
        ("NumPy, matrices by hand", by_hand_in_numpy, (1, BATCH)),
    ]
    peers = installed("torch", "jax")
    if "torch" in peers:
        contestants.append(("PyTorch, matrix form", in_torch, (1, BATCH)))
        if not quick:
            contestants.append(("PyTorch, compiled", in_torch_compiled, (1, BATCH)))
    if "jax" in peers:
        contestants.append(("JAX, matrix form, jit", in_jax, (1, BATCH)))
    if shutil.which("gcc") or shutil.which("cc"):
        contestants.append(("C by hand", in_c, (1, BATCH)))
    else:
        print("  no C compiler: hand-written C is left out")
    return contestants


def _must_agree(runs: dict[str, tuple[Run, int]], vector: Any, rows: Any) -> None:
    """Raise ArithmeticError unless everyone has the loss and gradient of NumPy's matrices."""
    import numpy as np

    for title, (run, batch) in runs.items():
        result: Any = run()
        loss, gradient = result
        wanted, slopes = numpy_step(vector, rows[:batch])
        slopes = slopes[getattr(run, "places", slice(None))]
        if not np.allclose(loss, wanted, rtol=1e-9) or not np.allclose(
            gradient, slopes, atol=1e-10
        ):
            raise ArithmeticError(f"{title} computes something else than NumPy's matrices")


def _times(runs: dict[str, tuple[Run, int]], rounds: int) -> dict[str, float]:
    """Return the least CPU seconds of a name, each run repeated until it takes 20 ms."""
    repeats = {}
    for title, (run, _) in runs.items():
        start = time.process_time()
        run()
        repeats[title] = max(1, int(0.02 / max(time.process_time() - start, 1e-5)))

    def repeated(run: Run, count: int) -> Run:
        return lambda: [run() for _ in range(count)]

    many = {title: repeated(run, repeats[title]) for title, (run, _) in runs.items()}
    best = best_times(many, rounds, collector=False)
    return {title: best[title] / repeats[title] / batch for title, (_, batch) in runs.items()}


RECORDING = """if True:
    import time
    start = time.process_time()
    from demos.benchmarks import gpt
    import nn
    imported = time.process_time()
    rows, model = gpt.rows_of_names(1), nn.GPT(27, seed=0)
    tape = gpt.record(model, rows)
    recorded = time.process_time()
    tape.value_and_gradient([p.data for p in tape.parameters], rows)
    replayed = time.process_time()
    again = gpt.record(model, rows)
    again.value_and_gradient([p.data for p in again.parameters], rows)
    end = time.process_time()
    print(imported - start, recorded - imported, replayed - recorded, end - replayed)
"""
TRAINING = """if True:
    import time
    import nn
    from demos import data, gpt
    names, _ = data.names()
    model = nn.GPT(gpt.TOKENS, seed=0)
    inputs, targets = gpt.examples((names * 3)[:{steps}])
    nn.fit(model, inputs, targets, loss=nn.mean_cross_entropy, epochs=1, batch_size=1,
           optimizer=nn.Adam(model.parameters(), 0.01), compiled=True, progress=False)
    print(time.process_time())
"""


def recording(quick: bool) -> None:
    """Print what recording and planning take in a new process, without kernels on disk and with."""
    folder = tempfile.mkdtemp()
    print("a tape of one name; CPU seconds in a new process")
    print(f"  {'':<30}{'import':>8}{'record':>8}{'plan, compile':>15}{'a second tape':>15}")
    for label in ("cold, no kernels on disk", "warm"):
        numbers = _fresh(RECORDING, NUMBA_CACHE_DIR=folder)
        print(
            f"  {label:<30}{numbers[0]:8.2f}{numbers[1]:8.2f}{numbers[2]:15.2f}{numbers[3]:15.2f}"
        )
    shutil.rmtree(folder)


def training(quick: bool) -> None:
    """Print the CPU time of training, from `python` to the last step, with kernels on disk."""
    print("Adam, a name a step, everything included; CPU seconds of a new process")
    _fresh(TRAINING.format(steps=20))
    for steps in (1_000,) if quick else (1_000, 10_000):
        print(f"  {steps:7,} steps{_fresh(TRAINING.format(steps=steps))[0]:8.2f}")


def _fresh(code: str, **environment: str) -> list[float]:
    """Return the numbers that a new process prints."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return [float(text) for text in done.stdout.split()]


TABLES: dict[str, Callable[[bool], None]] = {
    "names": names,
    "tapes": recording,
    "training": training,
}
