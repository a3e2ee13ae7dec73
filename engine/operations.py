"""Every primitive, written down once: its forward on floats, its rule, its convention at the edges.

How to read a row
    name, symbol    what errors, pictures and debuggers call it
    forward         floats in, a float out; ieee answers where Python would raise
    rule            `lambda z, x, y: lambda: (∂z/∂x, ∂z/∂y)` for z = forward(x, y). The outer function takes the
                    numbers of the forward pass; the inner one, the *closure*, remembers those that it needs
                    (`x=x` in the busiest rows remembers x as well as a closure cell does, in less memory)
    slopes          instead of a rule: the same local derivatives everywhere

One rule serves twice: a node calls it with floats, and its words mean the forwards; `gradient()` calls it with the
node and its parents themselves, and the closure returns Values, which can be differentiated again. So a rule
    never branches on an operand in Python (the branch would be frozen): it uses `where`, `step`, `sign`;
    never writes `/` or `**` between operands (they raise on floats): it uses `divide`, `reciprocal`, `square`.
At the edges a kink takes the flat side or the middle, a branch not taken sends nothing, a function whose value is
nan has slopes of nan; else as PyTorch. Formulas: Abramowitz and Stegun, Handbook of Mathematical Functions, ch. 4, 7.

>>> exp2(3.0), exp2.rule(8.0, 3.0)()
(8.0, (5.545177444479562,))
"""

import math
from itertools import accumulate, repeat
from operator import mul, sub
from typing import Any

from . import ieee
from .ieee import inf
from .operation import FAMILIES, FLOATS, OPERATIONS, Closure, Operation, family, function, named, on_floats, operation  # noqa: F401

# -- arithmetic ----------------------------------------------------------------------------------------------
add = operation("add", "+", lambda x, y: x + y, slopes=(1.0, 1.0), domain=False)
subtract = operation("subtract", "-", lambda x, y: x - y, slopes=(1.0, -1.0), domain=False)
multiply = operation("multiply", "*", lambda x, y: x * y, lambda z, x, y: lambda x=x, y=y: (y, x), 2, domain=False)
divide = operation("divide", "/", ieee.divide, lambda z, x, y: lambda: (reciprocal(y), -divide(z, y)), 2, domain=False)
negative = operation("negative", "-", lambda x: -x, slopes=(-1.0,), domain=False)
absolute = operation("absolute", "abs", abs, lambda z, x: lambda: (sign(x),), arity=1)
floor_divide = operation("floor_divide", "//", ieee.floor_divide, slopes=(0.0, 0.0))
modulo = operation("modulo", "%", ieee.modulo,  # x - n·y with a whole number n, which z gives back exactly
                   lambda z, x, y: lambda: (1.0, -floor(divide(x - z, y) + 0.5)), arity=2)
fmod = operation("fmod", "fmod", ieee.fmod, lambda z, x, y: lambda: (1.0, -floor(divide(x - z, y) + 0.5)), arity=2)

# Both operands are Values. No slope along the base where the exponent is 0, none along the exponent at 0**y
# for y ≥ 0 (the limits); along the exponent of a negative base there is no real logarithm, so nan.
raise_to = operation(
    "power", "**", ieee.power, arity=2, rule=
    lambda z, x, y: lambda: (by_x(z, x, y, raise_to(x, y - 1)), where(x, z * log(x), where(y < 0.0, z * log(x), 0.0))))


def by_x(z: Any, x: Any, y: Any, lower: Any) -> Any:
    """y·x**(y - 1), of which `lower` is the power; y·z / x where y - 1 rounds digits of y away and x is no edge."""
    return where(share((absolute(x) > 0.0) * (absolute(x) < inf), y - 1.0 + 1.0 - y), divide(y * z, x), share(y, lower))


# -- comparison and choice: flat wherever they have a slope ---------------------------------------------------
less = operation("less", "<", lambda x, y: float(x < y), slopes=(0.0, 0.0))
less_equal = operation("less_equal", "<=", lambda x, y: float(x <= y), slopes=(0.0, 0.0))
greater = operation("greater", ">", lambda x, y: float(x > y), slopes=(0.0, 0.0))
greater_equal = operation("greater_equal", ">=", lambda x, y: float(x >= y), slopes=(0.0, 0.0))
where = operation("where", "where", ieee.where, lambda z, condition, x, y: lambda: (
    0.0, where(condition, 1.0, 0.0), where(condition, 0.0, 1.0)), arity=3, domain=False)
share = operation("share", "share", ieee.share, lambda z, g, local: lambda: (local, g), arity=2, domain=False)
step = function("step", lambda x: float(x > 0.0) if x == x else x)
sign = function("sign", ieee.sign)
floor, ceil, trunc = function("floor", ieee.floor), function("ceil", ieee.ceil), function("trunc", ieee.trunc)

# -- exponentials, logarithms, roots --------------------------------------------------------------------------
exp = function("exp", ieee.exp, lambda z, x: lambda: (z,))
exp2 = function("exp2", ieee.exp2, lambda z, x: lambda: (z * math.log(2.0),))
expm1 = function("expm1", ieee.expm1, lambda z, x: lambda: (exp(x),))  # z + 1 would lose digits at -40
log = function("log", ieee.log, lambda z, x: lambda: (reciprocal(x),))
log2 = function("log2", ieee.log2, lambda z, x: lambda: (reciprocal(x * math.log(2.0)),))
log10 = function("log10", ieee.log10, lambda z, x: lambda: (reciprocal(x * math.log(10.0)),))
log1p = function("log1p", ieee.log1p, lambda z, x: lambda: (reciprocal(1.0 + x),))
sqrt = function("sqrt", ieee.sqrt, lambda z, x: lambda: (divide(0.5, z),))
cbrt = function("cbrt", math.cbrt, lambda z, x: lambda: (reciprocal(3.0 * square(z)),))
square = function("square", ieee.square, lambda z, x: lambda: (2.0 * x,))
reciprocal = function("reciprocal", ieee.reciprocal, lambda z, x: lambda: (-square(z),))

# -- trigonometric and hyperbolic -----------------------------------------------------------------------------
sin = function("sin", ieee.sin, lambda z, x: lambda: (cos(x),))
cos = function("cos", ieee.cos, lambda z, x: lambda: (-sin(x),))
tan = function("tan", ieee.tan, lambda z, x: lambda: (1.0 + square(z),))
asin = function("asin", ieee.asin, lambda z, x: lambda: (reciprocal(sqrt((1.0 - x) * (1.0 + x))),))
acos = function("acos", ieee.acos, lambda z, x: lambda: (-reciprocal(sqrt((1.0 - x) * (1.0 + x))),))
atan = function("atan", math.atan, lambda z, x: lambda: (square(reciprocal(hypot(1.0, x))),))
sinh = function("sinh", ieee.sinh, lambda z, x: lambda: (cosh(x),))
cosh = function("cosh", ieee.cosh, lambda z, x: lambda: (sinh(x),))
tanh = function("tanh", math.tanh, lambda z, x: lambda: (square(reciprocal(cosh(x))),))  # 1 - z² loses digits
asinh = function("asinh", math.asinh, lambda z, x: lambda: (reciprocal(hypot(1.0, x)),))
acosh = function("acosh", ieee.acosh, lambda z, x: lambda: (reciprocal(sqrt(x - 1.0) * sqrt(x + 1.0)),))
atanh = function("atanh", ieee.atanh, lambda z, x: lambda: (reciprocal((1.0 - x) * (1.0 + x)),))

# -- activations and the error function -----------------------------------------------------------------------
sigmoid = function("sigmoid", ieee.sigmoid, lambda z, x: lambda: (z * sigmoid(-x),))  # 1 - z loses digits
softplus = function("softplus", lambda x: ieee.logsumexp(x, 0.0), lambda z, x: lambda: (sigmoid(x),))
relu = function("relu", lambda x: x if x > 0.0 or x != x else 0.0, lambda z, x: lambda x=x: (1.0 * (x > 0.0),))
silu = function("silu", lambda x: x * ieee.sigmoid(x), lambda z, x: lambda: (sigmoid(x) * (1.0 + x * sigmoid(-x)),))
erf = function("erf", math.erf, lambda z, x: lambda: (_ERF * exp(-square(x)),))
erfc = function("erfc", math.erfc, lambda z, x: lambda: (-_ERF * exp(-square(x)),))
gelu = function("gelu", lambda x: 0.5 * x * math.erfc(-x * _ROOT_HALF),  # x Φ(x), exact: no tanh approximation
                lambda z, x: lambda: (0.5 * erfc(-x * _ROOT_HALF) + x * (_BELL * exp(-0.5 * square(x))),))
_ERF, _ROOT_HALF, _BELL = 2.0 / math.sqrt(math.pi), math.sqrt(0.5), 1.0 / math.sqrt(2.0 * math.pi)

# -- functions of two -----------------------------------------------------------------------------------------
maximum = operation("maximum", "max", lambda x, y: x if x >= y or x != x else y,
                    lambda z, x, y: lambda: (0.5 * ((x > y) + (x >= y)), 0.5 * ((y > x) + (y >= x))), arity=2)
minimum = operation("minimum", "min", lambda x, y: x if x <= y or x != x else y,
                    lambda z, x, y: lambda: (0.5 * ((x < y) + (x <= y)), 0.5 * ((y < x) + (y <= x))), arity=2)
hypot = operation("hypot", "hypot", math.hypot,
                  lambda z, x, y: lambda: (where(z, divide(x, z), 0.0), where(z, divide(y, z), 0.0)), arity=2)
atan2 = operation("atan2", "atan2", math.atan2, lambda z, y, x: lambda: _turn(y, x, hypot(x, y)), arity=2)
copysign = operation("copysign", "copysign", math.copysign,
                     lambda z, x, y: lambda: (sign(x) * copysign(1.0, y), 0.0), arity=2)
logaddexp = operation("logaddexp", "logaddexp", ieee.logsumexp,
                      lambda z, x, y: lambda: (sigmoid(x - y), sigmoid(y - x)), arity=2)


def _turn(y: Any, x: Any, r: Any) -> tuple[Any, Any]:
    """The slopes of atan2: x/r² and -y/r², divided twice so that r² cannot overflow; (0, 0) at the origin."""
    return where(r, divide(divide(x, r), r), 0.0), where(r, -divide(divide(y, r), r), 0.0)


# -- functions of many: one node each, however many parents ----------------------------------------------------

def weigh(weights: Any, inputs: Any, z: float) -> float:
    """z + w₀a₀ + w₁a₁ + …, by plain additions from left to right."""
    for term in map(mul, weights, inputs):
        z += term
    return z


def weighed(weights: Any, inputs: Any) -> Closure:
    """The closure of a weighted sum of w…, a…, b: along a weight the slope is its input, and the other way round."""
    return lambda slopes=(*inputs, *weights, 1.0): slopes


def _shares(parts: tuple[Any, ...]) -> tuple[Any, ...]:
    """The parts divided by their own sum, so that the rounding of z cancels."""
    return tuple(map(divide, parts, repeat(total(*parts))))


def _others(xs: tuple[Any, ...]) -> tuple[Any, ...]:
    """For each x the product of those before it times that of those after it: no division, so zeros do no harm."""
    return tuple(map(mul, accumulate(xs[:-1], mul, initial=1.0), reversed([*accumulate(xs[:0:-1], mul, initial=1.0)])))


named(weighed, "weighted_sum")
weighted_sum = operation("weighted_sum", "dot", lambda *xs: weigh(xs, xs[len(xs) // 2:-1], xs[-1]),
                         lambda z, *xs: weighed(xs[:len(xs) // 2], xs[len(xs) // 2:-1]), domain=False)
total = operation("total", "sum", ieee.total, lambda z, *xs: lambda: (1.0,) * len(xs), domain=False)
mean = operation("mean", "mean", lambda *xs: ieee.total(*xs) / len(xs),
                  lambda z, *xs: lambda: (1.0 / len(xs),) * len(xs), domain=False)
product = operation("product", "prod", ieee.product, lambda z, *xs: lambda: _others(xs), domain=False)
logsumexp = operation("logsumexp", "logsumexp", ieee.logsumexp,
                      lambda z, *xs: lambda: _shares(tuple(map(exp, map(sub, xs, repeat(z))))))


# -- families: a plain number that belongs to the operation is its parameter, not a parent ---------------------
power_of = family("power_of", lambda p: Operation(  # x**0 is flat, also at 0
    "power", f"**{p!r}".removesuffix(".0"), lambda x: ieee.power(x, p), arity=1, parameters=(p,), rule=
    lambda z, x: lambda: (by_x(z, x, p, power_of(p - 1)(x)) if p - 1.0 + 1.0 != p else p and p * power_of(p - 1)(x),)))
leaky_relu_of = family("leaky_relu_of", lambda slope: Operation(  # at the kink the left slope, as PyTorch's
    "leaky_relu", "leaky_relu", lambda x: x if x > 0.0 else slope * x,
    lambda z, x: lambda: (where(x > 0.0, 1.0, slope),), 1, (slope,)))
elu_of = family("elu_of", lambda alpha: Operation(  # at the kink the left slope, as PyTorch's
    "elu", "elu", lambda x: x if x > 0.0 else alpha * ieee.expm1(x),
    lambda z, x: lambda: (where(x > 0.0, 1.0, alpha * exp(x)),), 1, (alpha,)))
clamp_of = family("clamp_of", lambda low, high: Operation(  # at a bound the slope is 1, as PyTorch's
    "clamp", "clamp", lambda x: low if x < low else high if x > high else x,
    lambda z, x: lambda: (1.0 * (x >= low) * (x <= high),), 1, (low, high)))

# What the words above mean in the closure of a node, where all numbers are floats.
FLOATS.update({name: on_floats(word) for name, word in globals().items()}, power_of=ieee.power_of)
