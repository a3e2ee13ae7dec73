"""Running a program over rows of examples: with numba on all cores, with NumPy where numba is missing.

>>> from engine import Value
>>> from engine.tape.program import Plan
>>> from engine.tape.recording import recorded
>>> plan = Plan(recorded(lambda x: Value(2.0) * x, [3.0]), "parameters", fuse=True)
>>> values, gradient, finite = run(plan, numpy().array([2.0]), numpy().array([[1.0], [3.0]]))
>>> values.tolist(), gradient.tolist(), finite
([[2.0, 6.0]], [2.0], True)
"""

import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from threading import local
from typing import Any

from . import kernels
from .jit import HAS_NUMBA, numpy
from .program import Plan

np = numpy()
_CACHE = 1 << 20  # bytes of the buffer: about what a core keeps close
_PAYS = 2_000_000  # instructions × examples from which a second thread is worth waking
_ROOM = 4 * int(kernels.REACH)  # numbers of the buffer that a tile of sums grows in
_kept = local()  # the buffer of each thread


def run(
    plan: Plan, parameters: Any, rows: Any, threads: int | None = None, numba: bool = HAS_NUMBA
) -> tuple[Any, Any, bool]:
    """The results (one row each: the value, then the gradients kept per example), the mean gradient, all finite?"""
    out, total = np.zeros((plan.results.size, rows.shape[0])), np.zeros(plan.outputs.size)
    if not numba:
        from .lanes import replay

        return (
            out,
            total,
            replay(plan, parameters, rows, max(lanes_of(plan, rows.shape[0]), 1024), out, total),
        )
    uniforms = _run(plan, parameters, rows, out, total, threads)
    return (
        out,
        total,
        bool(kernels.finish(out, total, uniforms, plan.hoisted, plan.uniform_results)),
    )


def _run(plan: Plan, parameters: Any, rows: Any, out: Any, total: Any, threads: int | None) -> Any:
    """Sum into `out` and `total`; the uniform numbers."""
    n = rows.shape[0]
    lanes = lanes_of(plan, n)
    work = (plan.code.shape[0] + plan.dot.shape[0]) * n
    blocks = -(-n // lanes)
    workers = min(blocks, threads or (_cores() if work > _PAYS else 1))
    if workers < 2:
        return _stretch(plan, parameters, rows, lanes, out, total, 0, n)
    bounds = [blocks * w // workers * lanes for w in range(workers)] + [n]
    totals = [total, *(np.zeros_like(total) for _ in range(workers - 1))]
    parts = [
        _pool().submit(_stretch, plan, parameters, rows, lanes, out, each, *ends)
        for each, *ends in zip(totals, bounds, bounds[1:])
    ]
    uniforms = [part.result() for part in parts]
    total += sum(totals[1:])
    return uniforms[0]


def lanes_of(plan: Plan, n: int) -> int:
    """How many examples go side by side: 8 to 128, so that the buffer stays in the cache; one goes alone."""
    if n <= 1:
        return 1
    fitting = max(
        8, min(128, _CACHE // (8 * plan.rows) // 32 * 32 or _CACHE // (8 * plan.rows) // 8 * 8)
    )
    needed = -(-n // 8) * 8 if n <= 128 else 128
    return min(fitting, needed)


def _stretch(
    plan: Plan, parameters: Any, rows: Any, lanes: int, out: Any, total: Any, start: int, stop: int
) -> Any:
    uniforms = plan.uniforms.copy()
    kernels.replay(
        parameters,
        rows,
        start,
        stop,
        lanes,
        out,
        total,
        uniforms,
        _buffer(plan.rows * lanes + _ROOM),
        plan.parameter_slots,
        plan.uniform_code,
        plan.uniform_dot,
        plan.code,
        plan.dot,
        plan.columns,
        plan.splats,
        plan.results,
    )
    return uniforms


def _buffer(size: int) -> Any:
    """Room for `size` floats; each thread keeps one of a usual size."""
    if size > _CACHE:
        return _aligned(size)
    if getattr(_kept, "size", -1) < size:
        _kept.room, _kept.size = _aligned(size), size
    return _kept.room


def _aligned(size: int) -> Any:
    """Room for `size` floats that begins with a line of the cache, so that no vector straddles two."""
    room = np.empty(size + 8)
    start = -(room.ctypes.data // 8) % 8
    return room[start : start + size]


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_cores(), thread_name_prefix="replay")
