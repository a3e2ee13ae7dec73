"""Running a program over rows of examples: with numba on all cores, else with NumPy.

>>> from engine import Value
>>> from engine.tape.planner import make_plan
>>> from engine.tape.recording import recorded
>>> plan = make_plan(recorded(lambda x: Value(2.0) * x, [3.0]), "parameters", fuse=True)
>>> result = run(plan, np.array([2.0]), np.array([[1.0], [3.0]]), threads=1, compiled=True)
>>> result.values.tolist(), result.gradient.tolist(), result.finite
([[2.0, 6.0]], [2.0], True)
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise
from threading import local
from typing import Any, NamedTuple

from .jit import numpy
from .kernels.interpreter import finish, replay_single
from .kernels.interpreter import replay as replay_parts
from .kernels.plan import Plan
from .kernels.tiles import REACH
from .single import single_of

np = numpy()
_CACHE = 1 << 21  # bytes of the buffer: about what a core keeps close
_PART = 1_000_000  # instructions × examples of a part: worth a thread of its own
_PER_GRADIENT = 1_000  # as many more for each gradient: then putting totals aside takes under 1 %
_MOST_PARTS = 64
_ROOM = 4 * int(REACH)  # numbers of the buffer that a tile of sums grows in
_kept = local()  # the buffer of each thread


class Result(NamedTuple):
    """What a replay returns."""

    values: Any  # one row each: the value, then the gradients kept per example
    gradient: Any  # the mean of those that are summed over the examples
    finite: bool  # whether all numbers are


def run(plan: Plan, parameters: Any, rows: Any, threads: int | None, compiled: bool) -> Result:
    """Return the values and the mean gradient at `parameters`; of no rows the gradient is 0."""
    n = rows.shape[0]
    out = np.zeros((plan.results.size, n))
    if n == 0:
        return Result(out, np.zeros(plan.gradients), True)
    if compiled:
        return _run_compiled(plan, parameters, rows, threads, out)
    from .numpy_replay import replay

    total = np.zeros(plan.gradients)
    finite = replay(plan, parameters, rows, max(block_size(plan, n), 1024), out, total)
    return Result(out, total, finite)


def _run_compiled(plan: Plan, parameters: Any, rows: Any, threads: int | None, out: Any) -> Result:
    """Sum the examples by parts, then the parts in their order, whatever threads do them."""
    if len(rows) == 1:
        return _run_single(plan, parameters, rows[0], out)
    width = block_size(plan, len(rows))
    part = part_size(plan, len(rows), width)
    totals = np.zeros((-(-len(rows) // part), plan.gradients))

    def work(first: int, last: int) -> Any:
        U, V = plan.uniforms.copy(), _buffer(plan.registers * width + _ROOM)
        replay_parts(plan.program, parameters, rows, width, part, first, last, out, totals, U, V)
        return U

    uniforms = _divided(work, len(totals), threads)
    finite = finish(out, totals, uniforms, plan.hoisted, plan.uniform_results)
    return Result(out, totals[0], finite)


def _run_single(plan: Plan, parameters: Any, row: Any, out: Any) -> Result:
    program, room = single_of(plan)
    totals, uniforms = np.zeros((1, plan.gradients)), plan.uniforms.copy()
    buffer = _buffer(room)
    replay_single(program, parameters, row, out, totals[0], uniforms, buffer)
    finite = finish(out, totals, uniforms, plan.hoisted, plan.uniform_results)
    return Result(out, totals[0], finite)


def _divided(work: Callable[[int, int], Any], parts: int, threads: int | None) -> Any:
    """Run work(first, last) for all parts, divided among threads; return what the first returns."""
    workers = min(parts, threads or _cores()) if parts > 1 else 1
    if workers < 2:
        return work(0, parts)
    bounds = [parts * w // workers for w in range(workers + 1)]
    jobs = [_pool().submit(work, *ends) for ends in pairwise(bounds)]
    results = [job.result() for job in jobs]  # of all: an error of any is raised
    return results[0]


def block_size(plan: Plan, n: int) -> int:
    """Return how many examples go side by side: 8 to 128, so that the buffer stays in the cache.

    One alone.
    """
    if n <= 1:
        return 1
    fitting = _CACHE // (8 * plan.registers)
    fitting = max(8, min(128, fitting // 32 * 32 or fitting // 8 * 8))
    return min(fitting, -(-n // 8) * 8)


def part_size(plan: Plan, n: int, width: int) -> int:
    """Return how many examples a part has: whole blocks, and the same for any number of threads."""
    work = _PART + _PER_GRADIENT * plan.gradients
    if plan.size * n < 2 * work:
        return n
    return -(-max(work // plan.size, n // _MOST_PARTS, 1) // width) * width


def _buffer(size: int) -> Any:
    """Return room for `size` floats; each thread keeps one of a usual size."""
    if size > _CACHE:
        return _aligned(size)
    if getattr(_kept, "size", -1) < size:
        _kept.room, _kept.size = _aligned(size), size
    return _kept.room


def _aligned(size: int) -> Any:
    """Return room for `size` floats from a line of the cache on: no vector straddles two."""
    room = np.empty(size + 8)
    start = -(room.ctypes.data // 8) % 8
    return room[start : start + size]


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _pool() -> ThreadPoolExecutor:
    """Return the threads of this process.

    A fork of it has none of them, and would wait for them for ever.
    """
    return _pool_of(os.getpid())


@cache
def _pool_of(process: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_cores(), thread_name_prefix="replay")
