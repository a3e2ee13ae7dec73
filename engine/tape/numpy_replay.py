"""Running a program with NumPy, where numba is missing: every instruction works on whole registers.

Sums go through einsum, not through @: a BLAS library shares a product among as many threads as
there are cores, and the last bits of a sum depend on how many.

>>> from engine.tape.kernels.arithmetic import CODES
>>> operate(CODES["relu"], np.array([-1.0, 2.0]), None, None).tolist()
[0.0, 2.0]
"""

from collections.abc import Callable
from functools import cache
from typing import Any

from ..operation import OPERATIONS
from .jit import numpy
from .kernels.arithmetic import CODES, EXP, NAMES
from .kernels.plan import EXPS, PICK, RDOT, SCATTER, SDOT, VDOT, Plan

np = numpy()


def replay(plan: Plan, parameters: Any, rows: Any, width: int, out: Any, total: Any) -> bool:
    """Write the results to `out` and the mean gradient to `total`; return whether all is finite.

    The examples go through the registers `width` at a time.
    """
    with np.errstate(all="ignore"):
        uniforms = _uniforms(plan, parameters, total)
        kept = plan.results >= 0
        for start in range(0, rows.shape[0], width):
            block = rows[start : start + width]
            registers = np.empty((plan.registers, block.shape[0]))
            registers[plan.broadcasts[:, 1]] = uniforms[plan.broadcasts[:, 0], None]
            registers[plan.loads[:, 1]] = block[:, plan.loads[:, 0]].T
            _run(plan.code, plan.terms, uniforms, registers, total)
            out[kept, start : start + width] = registers[plan.results[kept]]
        total /= rows.shape[0]
        total[plan.hoisted[:, 0]] += uniforms[plan.hoisted[:, 1]]
        out[plan.uniform_results[:, 0]] = uniforms[plan.uniform_results[:, 1], None]
    return bool(np.isfinite(out).all() and np.isfinite(total).all())


def _uniforms(plan: Plan, parameters: Any, total: Any) -> Any:
    """Return the numbers in all slots.

    The uniform part is a program like the other, for one example.
    """
    uniforms = plan.uniforms.copy()
    uniforms[plan.parameter_slots[:, 1]] = parameters[plan.parameter_slots[:, 0]]
    _run(plan.uniform_code, plan.uniform_terms, uniforms, uniforms[:, None], total)
    return uniforms


def _run(code: Any, terms: Any, uniforms: Any, registers: Any, total: Any) -> None:
    for op, d, a, b, c in code.tolist():
        if op < SDOT:
            registers[d] = operate(op, registers[a], registers[b], registers[c])
            continue
        first, second = terms[a:b].T
        if op >= PICK:
            _choose(op, d, registers[c], first, second, uniforms, registers, total)
            continue
        if op == SDOT:
            registers[d] = np.einsum("i,ij->j", uniforms[first], registers[second])
        elif op == VDOT:
            registers[d] += np.einsum("ij,ij->j", registers[first], registers[second])
        elif op == RDOT:
            np.add.at(total, first, np.einsum("ij,j->i", registers[second], registers[d]))


def _choose(
    op: int,
    d: int,
    index: Any,
    first: Any,
    second: Any,
    uniforms: Any,
    registers: Any,
    total: Any,
) -> None:
    """Set or add to what an index chooses in each example; nan where it is out of range."""
    inside = (index >= 0.0) & (index < first.size) & (index == np.floor(index))
    chosen = np.where(inside, index, 0.0).astype(int)
    if op == SCATTER:
        asked = inside & (first[chosen] >= 0)
        np.add.at(total, first[chosen][asked], registers[d][asked])
    else:
        columns = np.arange(index.size)
        numbers = uniforms[first[chosen]] if op == PICK else registers[second[chosen], columns]
        registers[d] = np.where(inside, numbers, np.nan)


def operate(op: int, x: Any, y: Any, z: Any) -> Any:
    """Return op(x, y, z) of whole registers.

    By NumPy, or number by number with the engine's function.
    """
    n, function = _functions().get(EXP if op == EXPS else op, (0, None))
    if function:
        return function(*(x, y, z)[:n])
    operation = OPERATIONS[NAMES[op]]
    operands = [register.tolist() for register in (x, y, z)[: operation.arity]]
    return np.array([operation.forward(*numbers) for numbers in zip(*operands)])


def _with_our_nan(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a function whose own nan is positive, as the engine's is: copysign reads its sign."""

    def call(x: Any) -> Any:
        z = function(x)
        return np.where((z == z) | (x != x), z, np.nan)

    return call


def _gaussian(x: Any) -> Any:
    """Return exp(-x²/2) as engine/ieee.py does, with the digits that x² loses by rounding."""
    x = np.minimum(np.abs(x), 40.0)
    a = 134217729.0 * x - (134217729.0 * x - x)
    lost = a * a - x * x + (x - a) * (x + a)
    return np.exp(-0.5 * x * x) * (1.0 - 0.5 * lost)


@cache
def _functions() -> dict[int, tuple[int, Callable[..., Any]]]:
    """Return, by code, the number of operands and the function in NumPy, if it has our edges."""
    one = {
        "negative": np.negative,
        "absolute": np.abs,
        "relu": lambda x: np.where(x <= 0.0, 0.0, x),
        "step": lambda x: np.where(x == x, x > 0.0, x),
        "exp": np.exp,
        "log": _with_our_nan(np.log),
        "sqrt": _with_our_nan(np.sqrt),
        "sin": _with_our_nan(np.sin),
        "cos": _with_our_nan(np.cos),
        "tanh": np.tanh,
        "sinh": np.sinh,
        "cosh": np.cosh,
        "log1p": _with_our_nan(np.log1p),
        "expm1": np.expm1,
        "gaussian": _gaussian,
        "floor": np.floor,
        "ceil": np.ceil,
        "trunc": np.trunc,
    }
    two = {
        "add": np.add,
        "subtract": np.subtract,
        "multiply": np.multiply,
        "divide": np.divide,
        "maximum": lambda x, y: np.where((x >= y) | (x != x), x, y),
        "minimum": lambda x, y: np.where((x <= y) | (x != x), x, y),
        "greater": lambda x, y: (x > y) * 1.0,
        "greater_equal": lambda x, y: (x >= y) * 1.0,
        "masked": lambda x, y: np.where(x != 0.0, x * y, 0.0),
        "guard": lambda x, y: np.where(x == x, y, np.nan),
        "hypot": np.hypot,
        "atan2": np.arctan2,
        "copysign": np.copysign,
    }
    three = {"where": lambda x, y, z: np.where(x != 0.0, y, z)}
    return {
        CODES[name]: (n, function)
        for n, functions in enumerate((one, two, three), start=1)
        for name, function in functions.items()
    }
