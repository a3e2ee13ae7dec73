"""Every primitive, written down once: its forward on floats, its rule, its convention at the edges.

How to read a row
    name, symbol    what errors, pictures and debuggers call it
    forward         floats in, a float out; ieee answers where Python would raise
    rule            `lambda z, x, y: (∂z/∂x, ∂z/∂y)` for z = forward(x, y)

Given floats, a rule returns floats: so a node asks. Given the node and its parents themselves, it
returns Values, which can be differentiated again: so `gradient()` asks. Therefore a rule
    never branches on an operand in Python (that would freeze the branch): it uses `where`, `sign`;
    never writes `/` or `**` between operands (they raise on floats): it uses `divide`, `square`.
At the edges a kink takes the flat side or the middle, a branch not taken sends nothing, a function
whose value is nan has slopes of nan; else as PyTorch. Formulas: Abramowitz and Stegun, Handbook of
Mathematical Functions, chapters 4 and 7. Values and slopes are good to 32 units in the last place,
but where terms cancel (slopes of silu at -1.28 and of gelu at -0.75, logaddexp and logsumexp at 0),
in slopes of the form exp(-|x - y|) (of the last two: |x - y| units), and where a subnormal number
has too few digits (silu below -708, gelu below -37, slopes of x/y and x**y along y). So are higher
derivatives; where one of their terms overflows, they are inf or nan.

>>> exp2(3.0), exp2.rule(8.0, 3.0)
(8.0, (5.545177444479562,))
"""

import math
import operator
from itertools import accumulate, repeat
from typing import Any

from . import ieee
from .ieee import inf
from .operation import FAMILIES, OPERATIONS, Operation, family, function, operation  # noqa: F401

# fmt: off
# -- arithmetic ----------------------------------------------------------------------------------
add = operation("add", "+", operator.add, lambda z, x, y: (1.0, 1.0), domain=False)
subtract = operation("subtract", "-", operator.sub, lambda z, x, y: (1.0, -1.0), domain=False)
multiply = operation("multiply", "*", operator.mul, lambda z, x, y: (y, x), domain=False)
divide = operation("divide", "/", ieee.divide,
                   lambda z, x, y: (reciprocal(y), -divide(z, y)), domain=False)
negative = operation("negative", "-", operator.neg, lambda z, x: (-1.0,), domain=False)
absolute = operation("absolute", "abs", abs, lambda z, x: (sign(x),))
floor_divide = operation("floor_divide", "//", ieee.floor_divide, lambda z, x, y: (0.0, 0.0))
modulo = operation("modulo", "%", ieee.modulo, lambda z, x, y: (1.0, -floor_divide(x, y)))
fmod = operation("fmod", "fmod", ieee.fmod,  # x - n·y with a whole number n, which z gives back
                 lambda z, x, y: (1.0, -floor(divide(x - z, y) + 0.5)))

def by_x(z: Any, x: Any, y: Any, lower: Any) -> Any:
    """Return y·x**(y - 1), of which `lower` is the power; y·z / x where y - 1 loses digits of y."""
    lost = where(masked(absolute(x) < inf, x), y - 1.0 + 1.0 - y, 0.0)  # none at 0 and at inf
    return where(lost, divide(y * z, x), masked(y, lower))

# No slope along the base where the exponent is 0, nor along the exponent at 0**y for y ≥ 0 (the
# limits); along the exponent of a negative base there is no real logarithm.
def _power(z: Any, x: Any, y: Any) -> tuple[Any, Any]:
    along_y = where(x, z * log(x), where(y < 0.0, z * log(x), 0.0))
    return by_x(z, x, y, raise_to(x, y - 1)), along_y
raise_to = operation("power", "**", ieee.power, _power)

# -- comparison and choice: flat wherever they have a slope ---------------------------------------
less = operation("less", "<", ieee.less, lambda z, x, y: (0.0, 0.0))
less_equal = operation("less_equal", "<=", ieee.less_equal, lambda z, x, y: (0.0, 0.0))
greater = operation("greater", ">", ieee.greater, lambda z, x, y: (0.0, 0.0))
greater_equal = operation("greater_equal", ">=", ieee.greater_equal, lambda z, x, y: (0.0, 0.0))
where = operation("where", "where", ieee.where, lambda z, condition, x, y: (
    0.0, where(condition, 1.0, 0.0), where(condition, 0.0, 1.0)), domain=False)
masked = operation("masked", "·", ieee.masked, lambda z, g, local: (local, g), domain=False)
step = function("step", lambda x: float(x > 0.0) if x == x else x, lambda z, x: (0.0,))
sign = function("sign", ieee.sign, lambda z, x: (0.0,))
floor = function("floor", ieee.floor, lambda z, x: (0.0,))
ceil = function("ceil", ieee.ceil, lambda z, x: (0.0,))
trunc = function("trunc", ieee.trunc, lambda z, x: (0.0,))

# -- exponentials, logarithms, roots --------------------------------------------------------------
exp = function("exp", ieee.exp, lambda z, x: (z,))
exp2 = function("exp2", ieee.exp2, lambda z, x: (z * math.log(2.0),))
expm1 = function("expm1", ieee.expm1, lambda z, x: (exp(x),))  # z + 1 would lose digits at -40
log = function("log", ieee.log, lambda z, x: (reciprocal(x),))
log2 = function("log2", ieee.log2, lambda z, x: (divide(1.0 / math.log(2.0), x),))
log10 = function("log10", ieee.log10, lambda z, x: (divide(1.0 / math.log(10.0), x),))
log1p = function("log1p", ieee.log1p, lambda z, x: (reciprocal(1.0 + x),))
sqrt = function("sqrt", ieee.sqrt, lambda z, x: (divide(0.5, z),))
cbrt = function("cbrt", math.cbrt, lambda z, x: (reciprocal(3.0 * square(z)),))
square = function("square", ieee.square, lambda z, x: (2.0 * x,))
reciprocal = function("reciprocal", ieee.reciprocal, lambda z, x: (-square(z),))

# -- trigonometric and hyperbolic -----------------------------------------------------------------
sin = function("sin", ieee.sin, lambda z, x: (cos(x),))
cos = function("cos", ieee.cos, lambda z, x: (-sin(x),))
tan = function("tan", ieee.tan, lambda z, x: (1.0 + square(z),))
asin = function("asin", ieee.asin, lambda z, x: (reciprocal(sqrt((1.0 - x) * (1.0 + x))),))
acos = function("acos", ieee.acos, lambda z, x: (-reciprocal(sqrt((1.0 - x) * (1.0 + x))),))
atan = function("atan", math.atan, lambda z, x: (square(reciprocal(hypot(1.0, x))),))
sinh = function("sinh", ieee.sinh, lambda z, x: (cosh(x),))
cosh = function("cosh", ieee.cosh, lambda z, x: (sinh(x),))
tanh = function("tanh", math.tanh, lambda z, x: (square(sech(x)),))  # 1 - z² loses digits
sech = function("sech", ieee.sech, lambda z, x: (-z * tanh(x),))
asinh = function("asinh", math.asinh, lambda z, x: (reciprocal(hypot(1.0, x)),))
acosh = function("acosh", ieee.acosh, lambda z, x: (reciprocal(sqrt(x - 1.0) * sqrt(x + 1.0)),))
atanh = function("atanh", ieee.atanh, lambda z, x: (reciprocal((1.0 - x) * (1.0 + x)),))

# -- activations and the error function -----------------------------------------------------------
sigmoid = function("sigmoid", ieee.sigmoid, lambda z, x: (z * sigmoid(-x),))  # 1 - z loses digits
softplus = function("softplus", lambda x: ieee.logsumexp(x, 0.0), lambda z, x: (sigmoid(x),))
relu = function("relu", lambda x: x if x > 0.0 or x != x else 0.0, lambda z, x: (1.0 * (x > 0.0),))
silu = function("silu", lambda x: x * ieee.sigmoid(x),
                lambda z, x: (sigmoid(x) * (1.0 + x * sigmoid(-x)),))
gaussian = function("gaussian", ieee.gaussian, lambda z, x: (where(z, -x * z, 0.0),))  # exp(-x²/2)
erf = function("erf", math.erf, lambda z, x: (_ERF * square(gaussian(x)),))
erfc = function("erfc", math.erfc, lambda z, x: (-_ERF * square(gaussian(x)),))
normal_cdf = function("normal_cdf", ieee.normal_cdf, lambda z, x: (_BELL * gaussian(x),))  # Φ(x)
gelu = function("gelu", lambda x: x * ieee.normal_cdf(x),
                lambda z, x: (normal_cdf(x) + x * (_BELL * gaussian(x)),))
_ERF, _BELL = 2.0 / math.sqrt(math.pi), 1.0 / math.sqrt(2.0 * math.pi)

# -- functions of two -----------------------------------------------------------------------------
maximum = operation("maximum", "max", lambda x, y: x if x >= y or x != x else y, lambda z, x, y: (
    0.5 * ((x > y) + (x >= y)), 0.5 * ((y > x) + (y >= x))))
minimum = operation("minimum", "min", lambda x, y: x if x <= y or x != x else y, lambda z, x, y: (
    0.5 * ((x < y) + (x <= y)), 0.5 * ((y < x) + (y <= x))))
copysign = operation("copysign", "copysign", math.copysign,
                     lambda z, x, y: (sign(x) * copysign(1.0, y), 0.0))
logaddexp = operation("logaddexp", "logaddexp", ieee.logsumexp,
                      lambda z, x, y: (sigmoid(x - y), sigmoid(y - x)))

def _scale(r: Any) -> Any:
    """Return a power of two near 1/r: times it, numbers of the size of r are near 1, unrounded."""
    return exp2(-_within_1000(floor(log2(r))))

def _hypot(z: Any, x: Any, y: Any) -> tuple[Any, Any]:
    s = _scale(z)
    r = hypot(s * x, s * y)
    return where(z, divide(s * x, r), 0.0), where(z, divide(s * y, r), 0.0)

def _atan2(z: Any, y: Any, x: Any) -> tuple[Any, Any]:
    s = _scale(hypot(x, y))
    r2 = square(s * x) + square(s * y)
    return where(r2, s * divide(s * x, r2), 0.0), where(r2, -(s * divide(s * y, r2)), 0.0)

hypot = operation("hypot", "hypot", math.hypot, _hypot)  # x/r and y/r; (0, 0) at the origin
atan2 = operation("atan2", "atan2", math.atan2, _atan2)  # x/r² and -y/r²; likewise

# -- functions of many: one node each, however many parents ----------------------------------------
def weigh(weights: Any, inputs: Any, z: float) -> float:
    """Return z + w₀a₀ + w₁a₁ + …, by plain additions from left to right."""
    for term in map(operator.mul, weights, inputs):
        z += term
    return z

def _logsumexp(z: Any, *xs: Any) -> tuple[Any, ...]:
    """Return the softmax: exp(x - z) divided by their own sum, which cancels the rounding of z."""
    below = map(where, map(less, xs, repeat(inf)), map(operator.sub, xs, repeat(z)), repeat(0.0))
    parts = tuple(map(exp, below))  # an x of inf has the whole share
    return tuple(map(divide, parts, repeat(total(*parts))))

def _product(z: Any, *xs: Any) -> tuple[Any, ...]:
    """Return for each x the product of the others: no division, so zeros do no harm."""
    before = accumulate(xs[:-1], operator.mul, initial=1.0)
    after = [*accumulate(xs[:0:-1], operator.mul, initial=1.0)]
    return tuple(map(operator.mul, before, reversed(after)))

weighted_sum = operation("weighted_sum", "dot",  # of w…, a…, b: the slope of a weight is its input
                         lambda *xs: weigh(xs, xs[len(xs) // 2:-1], xs[-1]), domain=False, rule=
                         lambda z, *xs: xs[len(xs) // 2:-1] + xs[:len(xs) // 2] + (1.0,))
total = operation("total", "sum", lambda *xs: ieee.add_up(xs),
                  lambda z, *xs: (1.0,) * len(xs), domain=False)
mean = operation("mean", "mean", lambda *xs: ieee.add_up(xs) / len(xs),
                 lambda z, *xs: (1.0 / len(xs),) * len(xs), domain=False)
product = operation("product", "prod", lambda *xs: math.prod(xs, start=1.0), _product, domain=False)
logsumexp = operation("logsumexp", "logsumexp", ieee.logsumexp, _logsumexp)
pick = operation("pick", "pick",  # of xs…, index; nan out of range, which engine.pick refuses
                 lambda *xs: dict(enumerate(xs[:-1])).get(xs[-1], math.nan), domain=False, rule=
                 lambda z, *xs: (*[where(xs[-1] - k, 0.0, 1.0) for k in range(len(xs) - 1)], 0.0))

# -- families: plain numbers that belong to an operation, its parameters, come after the operands --
power_of = family("power_of", "power", ieee.power, lambda z, x, p: (  # x**0 is flat, also at 0
    by_x(z, x, p, power_of(p - 1)(x)) if p - 1.0 + 1.0 != p else p and p * power_of(p - 1)(x),))
leaky_relu_of = family("leaky_relu_of", "leaky_relu", lambda x, slope: x if x > 0.0 else slope * x,
                       lambda z, x, slope: (where(x > 0.0, 1.0, slope),))  # 0: left, as PyTorch's
elu_of = family("elu_of", "elu", lambda x, alpha: x if x > 0.0 else alpha * ieee.expm1(x),
                lambda z, x, alpha: (where(x > 0.0, 1.0, alpha * exp(x)),))  # at 0 likewise
clamp_of = family("clamp_of", "clamp", ieee.clamp,  # at a bound the slope is 1, as PyTorch's
                  lambda z, x, low, high: (1.0 * (x >= low) * (x <= high),))
_within_1000 = clamp_of(-1000.0, 1000.0)
