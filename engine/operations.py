"""Every primitive, written down once: its forward on floats, its rule, its convention at the edges.

How to read a row
    name, symbol    what errors, pictures and debuggers call it
    forward         floats in, a float out; total, for ieee.py answers where Python would raise
    rule            `lambda z, x, y: lambda: (∂z/∂x, ∂z/∂y)` for z = forward(x, y): the outer function
                    takes the numbers of the forward pass, the inner one, the *closure*, remembers those
                    that it needs and returns one local derivative per parent (the expert's VJP is node.grad
                    times these)
    slopes          in place of a rule, where the local derivatives are the same numbers everywhere

One rule serves twice. A node calls it with floats; `gradient()` calls it with the node and its parents
themselves, and then the closure returns Values, which can be differentiated again. So a rule
    never branches on an operand in Python (the branch would be frozen): it uses `where`, `step`, `sign`;
    never writes `/` or `**` between operands (they raise on floats): it uses `divide`, `power`, `reciprocal`.

Conventions at the edges: a kink takes the middle or the flat side (abs, relu, maximum), a branch not taken
sends nothing, and a function whose value is nan has slopes of nan. Where a row is silent, PyTorch's float64.
Formulas: Abramowitz and Stegun, Handbook of Mathematical Functions, chapters 4 and 7.

>>> tanh(0.5)
0.46211715726000974
>>> tanh.rule(tanh(0.5), 0.5)()
(0.7864477329659274,)
"""

import math
from collections.abc import Callable, Iterable
from functools import lru_cache
from types import CodeType, MethodType
from typing import Any

from . import ieee
from .ieee import inf, nan, real

Closure = Callable[[], tuple[Any, ...]]
Rule = Callable[..., Closure]


class Operation:
    """A primitive: `forward` on floats, and the `rule` that makes a node's chain-rule closure.

    >>> multiply.forward(3.0, 4.0), multiply.rule(12.0, 3.0, 4.0)()
    (12.0, (4.0, 3.0))

    Called with plain numbers it returns a float; called with a Value among them it returns a Value.
    `arity` is the number of operands (None: any), `parameters` the plain numbers that belong to the operation
    itself, as 3.0 does in x**3. `domain` is False for arithmetic and selection, where a nan in the value does
    not mean that there is no slope.
    """

    __slots__ = ("arity", "domain", "forward", "name", "parameters", "rule", "symbol")

    def __init__(self, name: str, symbol: str, forward: Callable[..., float], rule: Rule, *,
                 arity: int | None, parameters: tuple[float, ...] = (), domain: bool = True):
        self.name, self.symbol, self.forward, self.rule = name, symbol, forward, rule
        self.arity, self.parameters, self.domain = arity, parameters, domain

    def __call__(self, *operands: Any) -> Any:
        for operand in operands:  # operands that know what to do with an operation do it: a Value makes a node
            if operand.__class__ is not float and hasattr(operand, "__operate__"):
                return operand.__operate__(self, operands)
        return self.forward(*map(real, operands))

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        """An operation in a class body is a method, as a function would be."""
        return self if instance is None else MethodType(self, instance)

    def __repr__(self) -> str:
        return f"<operation {self.name}{self.parameters or ''}>"

    def local_derivatives(self, data: float, z: Any, *xs: Any) -> Closure:
        """The closure at a point: of floats, or of Values; where the value is nan, so is every slope."""
        if data != data and self.domain:
            return _constant(self.name, (nan,) * len(xs))
        return self.rule(z, *xs)


OPERATIONS: dict[str, Operation] = {}  # every fixed primitive, by name
FAMILIES: dict[str, Callable[..., Operation]] = {}  # makers of primitives that carry parameters, by name


def operation(name: str, symbol: str, forward: Callable[..., float], rule: Rule | None = None, *,
              slopes: tuple[float, ...] = (), arity: int | None = None, domain: bool = True) -> Operation:
    """Enter a row into the table."""
    if rule is None:
        closure = _constant(name, slopes)  # one closure serves every node
        rule, arity = lambda z, x, y=None: closure, len(slopes)
    OPERATIONS[name] = made = Operation(name, symbol, forward, _named(rule, name), arity=arity, domain=domain)
    return made


def function(name: str, forward: Callable[[float], float], rule: Rule | None = None, *,
             slope: float = 0.0) -> Operation:
    """Enter a function of one operand, which is its own symbol."""
    return operation(name, name, forward, rule, slopes=(slope,), arity=1)


def _constant(name: str, slopes: tuple[float, ...]) -> Closure:
    closure = lambda: slopes  # noqa: E731
    closure.__code__ = closure.__code__.replace(co_name=name, co_qualname=name)
    return closure


def _named(rule: Rule, name: str) -> Rule:
    """Call the closure that `rule` returns by the operation's name, so that a debugger can break on it."""
    code = rule.__code__
    constants = (constant.replace(co_name=name, co_qualname=name) if isinstance(constant, CodeType) else constant
                 for constant in code.co_consts)
    rule.__code__ = code.replace(co_consts=tuple(constants))
    return rule


# -- arithmetic ----------------------------------------------------------------------------------------------

add = operation("add", "+", lambda x, y: x + y, slopes=(1.0, 1.0), domain=False)
subtract = operation("subtract", "-", lambda x, y: x - y, slopes=(1.0, -1.0), domain=False)
multiply = operation("multiply", "*", lambda x, y: x * y,
                     lambda z, x, y: lambda x=x, y=y: (y, x), arity=2, domain=False)  # defaults: smaller than cells
divide = operation("divide", "/", ieee.divide,
                   lambda z, x, y: lambda: (reciprocal(y), -divide(z, y)), arity=2, domain=False)
negative = operation("negative", "-", lambda x: -x, slopes=(-1.0,), domain=False)
absolute = operation("absolute", "abs", abs, lambda z, x: lambda: (sign(x),), arity=1)
floor_divide = operation("floor_divide", "//", ieee.floor_divide, slopes=(0.0, 0.0))
modulo = operation("modulo", "%", ieee.modulo,  # x - n·y with a whole number n, which z gives back exactly
                   lambda z, x, y: lambda: (1.0, -floor(divide(x - z, y) + 0.5)), arity=2)
fmod = operation("fmod", "fmod", ieee.fmod, lambda z, x, y: lambda: (1.0, -floor(divide(x - z, y) + 0.5)), arity=2)

# Both operands are Values. No slope along the base where the exponent is 0, none along the exponent at 0**y
# for y ≥ 0 (the limits); along the exponent of a negative base there is no real logarithm, so nan.
raise_to = operation(
    "power", "**", ieee.power,
    lambda z, x, y: lambda: (where(y, y * raise_to(x, y - 1.0), 0.0),
                             where(x, z * log(x), where(y < 0.0, z * log(x), 0.0))), arity=2)

# -- comparison and choice: flat wherever they have a slope ---------------------------------------------------

less = operation("less", "<", lambda x, y: float(x < y), slopes=(0.0, 0.0))
less_equal = operation("less_equal", "<=", lambda x, y: float(x <= y), slopes=(0.0, 0.0))
greater = operation("greater", ">", lambda x, y: float(x > y), slopes=(0.0, 0.0))
greater_equal = operation("greater_equal", ">=", lambda x, y: float(x >= y), slopes=(0.0, 0.0))
where = operation("where", "where", lambda condition, x, y: x if condition else y,
                  lambda z, condition, x, y: lambda: (0.0, where(condition, 1.0, 0.0), where(condition, 0.0, 1.0)),
                  arity=3, domain=False)
share = operation("share", "share", lambda g, local: g * local if g else 0.0,  # a grad of 0 sends nothing, not 0·inf
                  lambda z, g, local: lambda: (local, g), arity=2, domain=False)
step = function("step", lambda x: x if x != x else float(x > 0.0))
sign = function("sign", lambda x: x if x != x or x == 0.0 else math.copysign(1.0, x))
floor = function("floor", ieee.whole(math.floor))
ceil = function("ceil", ieee.whole(math.ceil))
trunc = function("trunc", ieee.whole(math.trunc))

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
square = function("square", lambda x: x * x, lambda z, x: lambda: (2.0 * x,))
reciprocal = function("reciprocal", lambda x: ieee.divide(1.0, x), lambda z, x: lambda: (-square(z),))

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
softplus = function("softplus", lambda x: ieee.logaddexp(x, 0.0), lambda z, x: lambda: (sigmoid(x),))
relu = function("relu", lambda x: x if x > 0.0 or x != x else 0.0, lambda z, x: lambda: (step(x),))
silu = function("silu", lambda x: x * ieee.sigmoid(x),
                lambda z, x: lambda: (sigmoid(x) * (1.0 + x * sigmoid(-x)),))
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
atan2 = operation("atan2", "atan2", math.atan2,
                  lambda z, y, x: lambda: _turn(y, x, hypot(x, y)), arity=2)
copysign = operation("copysign", "copysign", math.copysign,
                     lambda z, x, y: lambda: (sign(x) * copysign(1.0, y), 0.0), arity=2)
logaddexp = operation("logaddexp", "logaddexp", ieee.logaddexp,
                      lambda z, x, y: lambda: (sigmoid(x - y), sigmoid(y - x)), arity=2)


def _turn(y: Any, x: Any, radius: Any) -> tuple[Any, Any]:
    """The slopes of atan2: x/r² and -y/r², divided twice so that r² cannot overflow; (0, 0) at the origin."""
    return (where(radius, divide(divide(x, radius), radius), 0.0),
            where(radius, -divide(divide(y, radius), radius), 0.0))


# -- functions of many: one node each, however many parents ----------------------------------------------------

def _forward_weighted_sum(*xs: float) -> float:
    """b + w₀a₀ + w₁a₁ + … of the operands w…, a…, b, by plain additions from left to right."""
    n, z = len(xs) // 2, xs[-1]
    for weight, value in zip(xs[:n], xs[n:]):  # noqa: B905 - xs[n:] ends with the bias
        z += weight * value
    return z


def _others(xs: tuple[Any, ...]) -> tuple[Any, ...]:
    """For each x the product of all the others, without dividing, so that zeros do no harm."""
    before, after = [1.0], [1.0]
    for x, y in zip(xs[:-1], reversed(xs[1:]), strict=True):
        before.append(before[-1] * x)
        after.append(after[-1] * y)
    return tuple([x * y for x, y in zip(before, reversed(after), strict=True)])


_weighted_sum = operation("weighted_sum", "dot", _forward_weighted_sum,
                          lambda z, *xs: lambda: xs[len(xs) // 2:-1] + xs[:len(xs) // 2] + (1.0,), domain=False)
_total = operation("total", "sum", lambda *xs: ieee.add_up(xs), lambda z, *xs: lambda: (1.0,) * len(xs), domain=False)
_mean = operation("mean", "mean", lambda *xs: ieee.add_up(xs) / len(xs),
                  lambda z, *xs: lambda: (1.0 / len(xs),) * len(xs), domain=False)
_product = operation("product", "prod", lambda *xs: ieee.product(xs), lambda z, *xs: lambda: _others(xs), domain=False)
_logsumexp = operation("logsumexp", "logsumexp", lambda *xs: ieee.logsumexp(xs),
                       lambda z, *xs: lambda: tuple([exp(x - z) for x in xs]))


def weighted_sum(weights: Iterable[Any], inputs: Iterable[Any], bias: Any = 0.0) -> Any:
    """bias + Σ wᵢ·aᵢ as one node: what a neuron computes before its activation.

    >>> weighted_sum([1.0, 2.0], [3.0, 4.0], bias=5.0)
    16.0

    Its parents are the weights, the inputs, the bias. Raises ValueError where the lengths differ.
    """
    weights, inputs = list(weights), list(inputs)
    if len(weights) != len(inputs):
        raise ValueError(f"{len(weights)} weights for {len(inputs)} inputs: give one weight for each input")
    return _weighted_sum(*weights, *inputs, bias)


def total(values: Iterable[Any]) -> Any:
    """The sum of the values as one node; 0.0 for none.

    >>> total([1.0, 2.0, 3.0])
    6.0
    """
    return _total(*values)


def mean(values: Iterable[Any]) -> Any:
    """The arithmetic mean of the values as one node. Raises ValueError for none.

    >>> mean([1.0, 2.0, 6.0])
    3.0
    """
    return _mean(*_some(values, "mean"))


def product(values: Iterable[Any]) -> Any:
    """The product of the values as one node; 1.0 for none.

    >>> product([2.0, 3.0, 4.0])
    24.0
    """
    return _product(*values)


def logsumexp(values: Iterable[Any]) -> Any:
    """log Σ exp(xᵢ) as one node, without overflow. Raises ValueError for no values.

    >>> logsumexp([1000.0, 1000.0])
    1000.6931471805599
    """
    return _logsumexp(*_some(values, "logsumexp"))


def softmax(values: Iterable[Any]) -> list[Any]:
    """Positive shares that sum to one: exp(xᵢ - logsumexp(x)) for each value.

    >>> softmax([0.0, 0.0])
    [0.5, 0.5]
    """
    values = list(values)
    scale = logsumexp(values) if values else 0.0
    return [exp(value - scale) for value in values]


def _some(values: Iterable[Any], name: str) -> list[Any]:
    found = list(values)
    if not found:
        raise ValueError(f"{name} of no values is not defined: give it at least one")
    return found


# -- families: a plain number that belongs to the operation is its parameter, not a parent ----------------------

def family(maker: Callable[..., Operation]) -> Callable[..., Operation]:
    """Enter a maker of operations; the same parameters give the same operation. (+ 0.0 makes -0.0 a 0.0.)"""
    made = lru_cache(maxsize=1024)(maker)
    FAMILIES[maker.__name__] = make = lambda *parameters: made(*[real(number) + 0.0 for number in parameters])
    return make


def _with(name: str, symbol: str, parameters: tuple[float, ...], forward: Callable[[float], float],
          rule: Rule) -> Operation:
    return Operation(name, symbol, forward, _named(rule, name), arity=1, parameters=parameters)


@family
def power_of(p: float) -> Operation:
    """x**p; x**0 is flat, also at 0."""
    return _with("power", f"**{p:g}", (p,), lambda x: ieee.power(x, p),
                 lambda z, x: lambda: (p * power(x, p - 1.0) if p else 0.0,))


@family
def leaky_relu_of(slope: float) -> Operation:
    """The slope at the kink is the left one, as PyTorch's."""
    return _with("leaky_relu", "leaky_relu", (slope,), lambda x: x if x > 0.0 else slope * x,
                 lambda z, x: lambda: (where(x > 0.0, 1.0, slope),))


@family
def elu_of(alpha: float) -> Operation:
    """The slope at the kink is the left one, as PyTorch's."""
    return _with("elu", "elu", (alpha,), lambda x: x if x > 0.0 else alpha * ieee.expm1(x),
                 lambda z, x: lambda: (where(x > 0.0, 1.0, alpha * exp(x)),))


@family
def clamp_of(low: float, high: float) -> Operation:
    """At a bound the slope is 1, as PyTorch's."""
    return _with("clamp", "clamp", (low, high), lambda x: low if x < low else high if x > high else x,
                 lambda z, x: lambda: (1.0 * (x >= low) * (x <= high),))


def power(x: Any, y: Any) -> Any:
    """x**y: a plain exponent belongs to the operation, a Value exponent is a parent.

    >>> power(-2.0, 3.0), power(-2.0, 0.5)
    (-8.0, nan)
    """
    return raise_to(x, y) if hasattr(y, "__operate__") else power_of(y)(x)


def leaky_relu(x: Any, slope: float = 0.01) -> Any:
    """x where x > 0, else slope·x.

    >>> leaky_relu(-2.0, slope=0.5)
    -1.0
    """
    return leaky_relu_of(slope)(x)


def elu(x: Any, alpha: float = 1.0) -> Any:
    """x where x > 0, else alpha·(eˣ - 1). Clevert, Unterthiner and Hochreiter 2015.

    >>> elu(-1000.0), elu(2.0)
    (-1.0, 2.0)
    """
    return elu_of(alpha)(x)


def clamp(x: Any, low: float = -inf, high: float = inf) -> Any:
    """x, but not below low nor above high. Raises ValueError where low > high.

    >>> clamp(7.0, 0.0, 1.0)
    1.0
    """
    if real(low) > real(high):
        raise ValueError(f"clamp between {low!r} and {high!r}: the lower bound comes first")
    return clamp_of(low, high)(x)
