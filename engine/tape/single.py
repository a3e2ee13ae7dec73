"""The program for a single example, made of the one for blocks when a single row is first replayed.

What is put side by side, and how, is told in kernels/single.py.

>>> from engine import Value, weighted_sum
>>> from engine.tape.planner import make_plan
>>> from engine.tape.recording import recorded
>>> w = [Value(float(k)) for k in range(8)]
>>> plan = make_plan(recorded(lambda *x: weighted_sum(w, x), [1.0] * 8), "nothing", fuse=True)
>>> [(int(row[0]) == SPAN, int(row[3] - row[4])) for row in single_program(plan).program[5]]
[(True, 8)]
"""

from typing import Any, NamedTuple

from ..operation import OPERATIONS
from .jit import numpy
from .kernels.arithmetic import NAMES
from .kernels.plan import EXPS, SDOT, SPAN, Plan  # noqa: F401 - the doctest compares with SPAN
from .kernels.single import line_up, move, neighbours, rename

np = numpy()


class Single(NamedTuple):
    """The arrays that `replay_single` reads, and how many numbers its buffer needs."""

    program: tuple[Any, ...]
    room: int


def single_of(plan: Plan) -> Single:
    """Return the program of a plan for a single example, which is made once and kept with it."""
    kept: dict[str, Any] = vars(plan)
    if "single" not in kept:
        kept["single"] = single_program(plan)
    single: Single = kept["single"]
    return single


def single_program(plan: Plan) -> Single:
    """Return the same program with neighbouring operations in neighbouring registers.

    A row of its code is as `line_up` writes it.
    """
    code, terms = plan.code.astype(np.int64), plan.terms.astype(np.int64)
    levels, now, count = rename(code, terms, _arities(), plan.registers)
    order = np.lexsort((np.arange(len(code)), code[:, 0], levels))
    code, levels = code[order], levels[order]
    place = neighbours(code, terms, count)
    move(code, terms, _arities(), place)
    out = np.empty((len(code), 10), np.int64)
    rows = line_up(code, terms, levels, _arities(), out)
    results = np.where(plan.results >= 0, place[now[plan.results]], -1)
    program = (
        plan.parameter_slots,
        plan.uniform_code,
        plan.uniform_terms,
        _with_places(plan.loads, place),
        _with_places(plan.broadcasts, place),
        out[:rows].astype(np.int32),
        terms.astype(np.int32),
        results,
        int(count),
    )
    return Single(program, int(count + 3 * out[:rows, 5].max(initial=1)))  # for repeated operands


def _with_places(pairs: Any, place: Any) -> Any:
    return np.column_stack([pairs[:, 0], place[pairs[:, 1]]]).astype(np.int64)


def _arities() -> Any:
    """Return how many operands each operation that is no sum has, by its code."""
    arity = np.zeros(SDOT, np.int64)
    for code, name in enumerate(NAMES):
        arity[code] = OPERATIONS[name].arity if name in OPERATIONS else 2  # guard
    arity[EXPS] = 1
    return arity
