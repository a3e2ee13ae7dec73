"""The lane part in NumPy, for machines without numba: every instruction works on whole rows of the buffer.

>>> from engine.tape.kernels.arithmetic import CODES
>>> operate(CODES["relu"], numpy().array([-1.0, 2.0]), None, None).tolist()
[0.0, 2.0]
"""

from functools import cache
from typing import Any

from ..operation import OPERATIONS
from .jit import numpy
from .kernels.arithmetic import CODES, NAMES
from .kernels.plan import RDOT, SDOT, VDOT, Plan


def replay(plan: Plan, parameters: Any, rows: Any, width: int, out: Any, total: Any) -> bool:
    """Results into `out`, the mean gradient into `total`, `width` rows at a time; whether all is finite."""
    np = numpy()
    with np.errstate(all="ignore"):
        uniforms = _uniforms(plan, parameters, total)
        for start in range(0, rows.shape[0], width):
            block = rows[start : start + width]
            buffer = np.empty((plan.registers, block.shape[0]))
            buffer[plan.broadcasts[:, 1]] = uniforms[plan.broadcasts[:, 0], None]
            buffer[plan.loads[:, 1]] = block[:, plan.loads[:, 0]].T
            _run(plan.code, plan.terms, uniforms, buffer, total)
            kept = plan.results >= 0
            out[kept, start : start + width] = buffer[plan.results[kept]]
        total /= max(rows.shape[0], 1)
        total[plan.hoisted[:, 0]] += uniforms[plan.hoisted[:, 1]]
        out[plan.uniform_results[:, 0]] = uniforms[plan.uniform_results[:, 1], None]
    return bool(np.isfinite(out).all() and np.isfinite(total).all())


def _uniforms(plan: Plan, parameters: Any, total: Any) -> Any:
    """The uniform part is a program like the other, with a single lane."""
    uniforms = plan.uniforms.copy()
    uniforms[plan.parameter_slots[:, 1]] = parameters[plan.parameter_slots[:, 0]]
    _run(plan.uniform_code, plan.uniform_terms, uniforms, uniforms[:, None], total)
    return uniforms


def _run(code: Any, dot: Any, uniforms: Any, buffer: Any, total: Any) -> None:
    np = numpy()
    for op, d, a, b, c in code.tolist():
        if op == SDOT:
            buffer[d] = uniforms[dot[a:b, 0]] @ buffer[dot[a:b, 1]]
        elif op == VDOT:
            buffer[d] += (buffer[dot[a:b, 0]] * buffer[dot[a:b, 1]]).sum(axis=0)
        elif op == RDOT:
            np.add.at(total, dot[a:b, 0], buffer[dot[a:b, 1]] @ buffer[d])
        else:
            buffer[d] = operate(op, buffer[a], buffer[b], buffer[c])


def operate(op: int, x: Any, y: Any, z: Any) -> Any:
    """One operation on rows: by NumPy's own function, or number by number with the engine's."""
    function = _functions().get(op)
    if function is not None:
        return function(
            *(x, y, z)[: function.__code__.co_argcount]
            if hasattr(function, "__code__")
            else (x, y)[: function.nin]
        )
    operation = OPERATIONS[NAMES[op]]
    operands = [row.tolist() for row in (x, y, z)[: operation.arity]]
    return numpy().array([operation.forward(*numbers) for numbers in zip(*operands)])


@cache
def _functions() -> dict[int, Any]:
    np = numpy()
    table = {
        "add": np.add,
        "subtract": np.subtract,
        "multiply": np.multiply,
        "divide": np.divide,
        "negative": np.negative,
        "absolute": np.abs,
        "relu": lambda x: np.where(x <= 0.0, 0.0, x),
        "maximum": lambda x, y: np.where((x >= y) | (x != x), x, y),
        "minimum": lambda x, y: np.where((x <= y) | (x != x), x, y),
        "greater": lambda x, y: (x > y) * 1.0,
        "greater_equal": lambda x, y: (x >= y) * 1.0,
        "where": lambda x, y, z: np.where(x != 0.0, y, z),
        "masked": lambda x, y: np.where(x != 0.0, x * y, 0.0),
        "guard": lambda x, y: np.where(x == x, y, np.nan),
        "step": lambda x: np.where(x == x, x > 0.0, x),
        "exp": np.exp,
        "log": np.log,
        "sqrt": np.sqrt,
        "sin": np.sin,
        "cos": np.cos,
        "tanh": np.tanh,
        "sinh": np.sinh,
        "cosh": np.cosh,
        "log1p": np.log1p,
        "expm1": np.expm1,
        "floor": np.floor,
        "ceil": np.ceil,
        "trunc": np.trunc,
        "hypot": np.hypot,
        "atan2": np.arctan2,
        "copysign": np.copysign,
    }
    return {CODES[name]: function for name, function in table.items()}
