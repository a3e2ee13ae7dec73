"""The value of one operation on single numbers, and the codes of operations on the tape.

>>> CODES["multiply"], value_of(CODES["multiply"], 3.0, 4.0, 0.0)
(2, 12.0)
"""

# mypy: disallow-untyped-defs=False, disallow-incomplete-defs=False, disallow-untyped-calls=False
# mypy: check-untyped-defs=False
# ruff: noqa: SIM905 - names are read more easily in a string

import math

from ...ieee import ROOT_HALF
from ...operation import OPERATIONS
from ..jit import jit_part, numpy, why_no_numba

np = numpy()

# The order of the names is the order of the codes. Up to `guard` the code is arithmetic and choice,
# which is folded when a tape is recorded; from `step` on it is a call of the mathematical library.
ADD, SUB, MUL, DIV, NEG, ABS, RELU, MAX, MIN = range(9)
GT, GE, WHERE, MASKED, GUARD = range(9, 14)
STEP, SIGN, FLOOR, CEIL, TRUNC, FLOORDIV, MOD, FMOD = range(14, 22)
POW, EXP, EXP2, EXPM1, LOG, LOG2, LOG10, LOG1P, SQRT, CBRT = range(22, 32)
SIN, COS, TAN, ASIN, ACOS, ATAN = range(32, 38)
SINH, COSH, TANH, ASINH, ACOSH, ATANH = range(38, 44)
SIGMOID, ERF, ERFC, GAUSSIAN, NORMAL_CDF, HYPOT, ATAN2, COPYSIGN = range(44, 52)
NAMES = (
    "add subtract multiply divide negative absolute relu maximum minimum greater greater_equal "
    "where masked guard step sign floor ceil trunc floor_divide modulo fmod "
    "power exp exp2 expm1 log log2 log10 log1p sqrt cbrt sin cos tan asin acos atan "
    "sinh cosh tanh asinh acosh atanh sigmoid erf erfc gaussian normal_cdf hypot atan2 copysign"
).split()
CODES = {name: code for code, name in enumerate(NAMES)}


@jit_part
def _python_mod(x, y):
    if y == 0.0:
        return math.nan
    r = np.fmod(x, y)
    if r == 0.0:
        return math.copysign(0.0, y)
    return r + y if (y < 0.0) != (r < 0.0) else r


@jit_part
def _python_floordiv(x, y):
    if y == 0.0:
        return x / y
    mod = np.fmod(x, y)
    div = (x - mod) / y
    if mod != 0.0 and (y < 0.0) != (mod < 0.0):
        div -= 1.0
    if div == 0.0:
        return math.copysign(0.0, x / y)
    whole = np.floor(div)
    return whole + 1.0 if div - whole > 0.5 else whole


@jit_part
def _sigmoid(x):
    e = math.exp(-abs(x))
    return 1.0 / (1.0 + e) if x >= 0.0 else e / (1.0 + e)


@jit_part
def _lost(x):
    """Return what x * x loses by rounding, as engine/ieee.py does; so the two that follow."""
    a = 134217729.0 * x - (134217729.0 * x - x)
    return a * a - x * x + (x - a) * (x + a)


@jit_part
def _gaussian(x):
    x = 40.0 if abs(x) > 40.0 else abs(x)
    return math.exp(-0.5 * x * x) * (1.0 - 0.5 * _lost(x))


@jit_part
def _normal_cdf(x):
    t = -x * ROOT_HALF
    p = 0.5 * math.erfc(t)
    if -40.0 < x < 0.0:
        return p * (1.0 - (0.5 * x * x - t * t) - (0.5 * _lost(x) - _lost(t)))
    return p


@jit_part
def call(op, x, y):
    """Return the value of an operation that is a call of the mathematical library."""
    if op == EXP:
        z = math.exp(x)
    elif op == TANH:
        z = math.tanh(x)
    elif op == COSH:
        z = math.cosh(x)
    elif op == LOG:
        z = math.log(x)
    elif op == SIGMOID:
        z = _sigmoid(x)
    elif op == SQRT:
        z = math.sqrt(x)
    elif op == SIN:
        z = math.sin(x)
    elif op == COS:
        z = math.cos(x)
    elif op == POW:
        z = math.pow(x, y)
    elif op == STEP:
        z = x if x != x else (1.0 if x > 0.0 else 0.0)
    elif op == SIGN:
        z = x if x != x or x == 0.0 else math.copysign(1.0, x)
    elif op == FLOOR:
        z = np.floor(x)
    elif op == CEIL:
        z = np.ceil(x)
    elif op == TRUNC:
        z = np.trunc(x)
    elif op == FLOORDIV:
        z = _python_floordiv(x, y)
    elif op == MOD:
        z = _python_mod(x, y)
    elif op == FMOD:
        z = np.fmod(x, y)
    elif op == EXP2:
        z = math.pow(2.0, x)
    elif op == EXPM1:
        z = math.expm1(x)
    elif op == LOG2:
        z = np.log2(x)
    elif op == LOG10:
        z = math.log10(x)
    elif op == LOG1P:
        z = math.log1p(x)
    elif op == CBRT:
        z = np.cbrt(x)
    elif op == TAN:
        z = math.tan(x)
    elif op == ASIN:
        z = math.asin(x)
    elif op == ACOS:
        z = math.acos(x)
    elif op == ATAN:
        z = math.atan(x)
    elif op == SINH:
        z = math.sinh(x)
    elif op == ASINH:
        z = math.asinh(x)
    elif op == ACOSH:
        z = math.acosh(x)
    elif op == ATANH:
        z = math.atanh(x)
    elif op == ERF:
        z = math.erf(x)
    elif op == ERFC:
        z = math.erfc(x)
    elif op == GAUSSIAN:
        z = _gaussian(x)
    elif op == NORMAL_CDF:
        z = _normal_cdf(x)
    elif op == HYPOT:
        z = math.hypot(x, y)
    elif op == ATAN2:
        z = math.atan2(x, y)
    elif op == COPYSIGN:
        z = math.copysign(x, y)
    else:
        z = math.nan
    return z if z == z or x != x else math.nan  # a processor's own is negative, the engine's is not


@jit_part
def arithmetic(op, x, y, z):
    """Return the value of an operation up to `guard`; guard(x, y) is y, but nan where x is nan."""
    if op == ADD:
        return x + y
    if op == SUB:
        return x - y
    if op == MUL:
        return x * y
    if op == DIV:
        return x / y
    if op == NEG:
        return -x
    if op == ABS:
        return abs(x)
    if op == RELU:
        return x if x > 0.0 or x != x else 0.0
    if op == MAX:
        return x if x >= y or x != x else y
    if op == MIN:
        return x if x <= y or x != x else y
    if op == GT:
        return 1.0 if x > y else 0.0
    if op == GE:
        return 1.0 if x >= y else 0.0
    if op == WHERE:
        return y if x != 0.0 else z
    if op == MASKED:
        return x * y if x != 0.0 else 0.0
    return y if x == x else math.nan


def value_of(op: int, x: float, y: float, z: float) -> float:
    """Return the value of any operation from Python, by the engine's own functions."""
    if op == GUARD:
        return y if x == x else math.nan
    operation = OPERATIONS[NAMES[int(op)]]
    return operation.forward(*map(float, (x, y, z)[: operation.arity]))


folded = (
    value_of if why_no_numba() else arithmetic
)  # arithmetic() in Python would raise at 1.0 / 0.0
