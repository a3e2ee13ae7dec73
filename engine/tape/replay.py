"""Running a program over rows of examples: with numba on all cores, with NumPy where numba is missing.

>>> from engine import Value
>>> from engine.tape.program import Plan
>>> from engine.tape.recording import recorded
>>> plan = Plan(recorded(lambda x: Value(2.0) * x, [3.0]), "parameters", fuse=True)
>>> values, gradient = run(plan, numpy().array([2.0]), numpy().array([[1.0], [3.0]]))
>>> values.tolist(), gradient.tolist()
([[2.0, 6.0]], [2.0])
"""

import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

from . import kernels
from .jit import HAS_NUMBA, numpy
from .program import Plan

_CACHE = 1 << 19  # bytes of the buffer: about what a core keeps close
_PAYS = 2_000_000  # instructions × examples from which a second thread is worth waking


def run(plan: Plan, parameters: Any, rows: Any, threads: int | None = None, numba: bool = HAS_NUMBA) -> tuple[Any, Any]:
    """The results (one row each: the value, then the gradients kept per example) and the mean gradient."""
    np = numpy()
    out, total = np.zeros((plan.results.size, rows.shape[0])), np.zeros(plan.outputs.size)
    uniforms = plan.uniforms.copy()
    uniforms[plan.parameter_slots] = parameters[plan.parameter_numbers]
    if plan.uniform_code.size:
        kernels.run_one(plan.uniform_code, plan.uniform_dot, uniforms, uniforms, total)
    if rows.shape[0] == 1:
        _run_one(plan, uniforms, rows, out, total)
    elif rows.shape[0]:
        _run_many(plan, uniforms, rows, out, total, threads, numba)
    if plan.uniform_results.size:
        out[plan.uniform_results] = uniforms[plan.uniform_result_slots][:, None]
    return out, _mean(plan, uniforms, total, rows.shape[0])


def _mean(plan: Plan, uniforms: Any, total: Any, n: int) -> Any:
    """Sums over the examples become means; what is the same for every example was left out of the sums."""
    mean = total / max(n, 1)
    mean[plan.hoisted_to] += uniforms[plan.hoisted_from]
    return mean


def _run_one(plan: Plan, uniforms: Any, rows: Any, out: Any, total: Any) -> None:
    buffer = numpy().zeros(plan.rows)
    buffer[plan.splat_rows] = uniforms[plan.splat_slots]
    buffer[plan.column_rows] = rows[0, plan.columns]
    kernels.run_one(plan.code, plan.dot, uniforms, buffer, total)
    out[:, 0] = numpy().where(plan.results >= 0, buffer[plan.results], 0.0)


def _run_many(plan: Plan, uniforms: Any, rows: Any, out: Any, total: Any, threads: int | None, numba: bool) -> None:
    n = rows.shape[0]
    lanes = lanes_of(plan, n)
    if not numba:
        from .lanes import run_blocks

        run_blocks(plan, uniforms, rows, max(lanes, 1024), out, total)
        return
    blocks = -(-n // lanes)
    work = (plan.code.shape[0] + plan.dot.shape[0]) * n
    workers = min(blocks, threads or (_cores() if work > _PAYS else 1))
    bounds = [n if w == workers else blocks * w // workers * lanes for w in range(workers + 1)]
    if workers == 1:
        total += _stretch(plan, uniforms, rows, lanes, out, 0, n)
        return
    parts = [_pool().submit(_stretch, plan, uniforms, rows, lanes, out, *ends) for ends in zip(bounds, bounds[1:])]  # noqa: RUF007
    for part in parts:
        total += part.result()


def lanes_of(plan: Plan, n: int) -> int:
    """How many examples go side by side: 8 to 128, so that the buffer stays in the cache."""
    fitting = max(8, min(128, _CACHE // (8 * plan.rows) // 32 * 32 or _CACHE // (8 * plan.rows) // 8 * 8))
    needed = -(-n // 8) * 8 if n <= 64 else -(-n // 32) * 32
    return min(fitting, needed)


def _stretch(plan: Plan, uniforms: Any, rows: Any, lanes: int, out: Any, start: int, stop: int) -> Any:
    np = numpy()
    buffer, total = _aligned(plan.rows * lanes), np.zeros(plan.outputs.size)
    buffer.reshape(plan.rows, lanes)[plan.splat_rows] = uniforms[plan.splat_slots][:, None]
    kernels.run_blocks(plan.code, plan.dot, uniforms, buffer, lanes, rows, plan.columns, plan.column_rows, plan.results,
                       out, total, start, stop)
    return total


def _aligned(size: int) -> Any:
    """Room for `size` floats that begins with a line of the cache, so that no vector straddles two."""
    room = numpy().empty(size + 8)
    start = -(room.ctypes.data // 8) % 8
    return room[start:start + size]


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_cores(), thread_name_prefix="replay")
