# What type checkers and editors are shown of the functions that are rows of operations.py: a
# signature and a line each. Nothing here runs; tests/test_types.py compares it with what does.
# mypy: disable-error-code=override
from typing import overload

from .operation import Operation
from .types import Number
from .value import Value

class _Unary(Operation):
    """An operation of one operand: a float for a float, a Value for a Value."""

    @overload
    def __call__(self, x: float, /) -> float: ...
    @overload
    def __call__(self, x: Value, /) -> Value: ...

class _Binary(Operation):
    """An operation of two operands: a float for floats, a Value where one of them is a Value."""

    @overload
    def __call__(self, x: float, y: float, /) -> float: ...
    @overload
    def __call__(self, x: Value, y: Number, /) -> Value: ...
    @overload
    def __call__(self, x: Number, y: Value, /) -> Value: ...

class _Angle(Operation):
    """The operation atan2, whose operands come in the order y, x."""

    @overload
    def __call__(self, y: float, x: float, /) -> float: ...
    @overload
    def __call__(self, y: Value, x: Number, /) -> Value: ...
    @overload
    def __call__(self, y: Number, x: Value, /) -> Value: ...

class _Choice(Operation):
    """The operation where: a float for floats, a Value where one of the three is a Value."""

    @overload
    def __call__(self, condition: float, x: float, y: float, /) -> float: ...
    @overload
    def __call__(self, condition: Value, x: Number, y: Number, /) -> Value: ...
    @overload
    def __call__(self, condition: Number, x: Value, y: Number, /) -> Value: ...
    @overload
    def __call__(self, condition: Number, x: Number, y: Value, /) -> Value: ...

exp: _Unary
"""Return eˣ."""
exp2: _Unary
"""Return 2ˣ."""
expm1: _Unary
"""Return eˣ - 1, with all digits near x = 0."""
log: _Unary
"""Return the natural logarithm of x; -inf at 0, nan below."""
log2: _Unary
"""Return the logarithm of x to base 2."""
log10: _Unary
"""Return the logarithm of x to base 10."""
log1p: _Unary
"""Return log(1 + x), with all digits near x = 0."""
sqrt: _Unary
"""Return the square root of x; nan below 0."""
cbrt: _Unary
"""Return the cube root of x, which is negative where x is."""
square: _Unary
"""Return x²."""
reciprocal: _Unary
"""Return 1/x; inf at 0."""
erf: _Unary
"""Return the error function of x, (2/√π) ∫₀ˣ exp(-t²) dt."""
erfc: _Unary
"""Return 1 - erf(x), with all digits where x is large."""
sin: _Unary
"""Return the sine of x, in radians."""
cos: _Unary
"""Return the cosine of x, in radians."""
tan: _Unary
"""Return the tangent of x, in radians."""
asin: _Unary
"""Return the arc sine of x, from -π/2 to π/2."""
acos: _Unary
"""Return the arc cosine of x, from 0 to π."""
atan: _Unary
"""Return the arc tangent of x, from -π/2 to π/2."""
sinh: _Unary
"""Return the hyperbolic sine of x."""
cosh: _Unary
"""Return the hyperbolic cosine of x."""
tanh: _Unary
"""Return the hyperbolic tangent of x, from -1 to 1."""
asinh: _Unary
"""Return the inverse hyperbolic sine of x."""
acosh: _Unary
"""Return the inverse hyperbolic cosine of x; nan below 1."""
atanh: _Unary
"""Return the inverse hyperbolic tangent of x; nan beyond ±1."""
sigmoid: _Unary
"""Return the logistic function 1/(1 + e⁻ˣ), from 0 to 1."""
softplus: _Unary
"""Return log(1 + eˣ), a smooth relu."""
relu: _Unary
"""Return x where x > 0, else 0."""
silu: _Unary
"""Return x·sigmoid(x), also known as swish."""
gelu: _Unary
"""Return x·Φ(x), Φ being the normal distribution: the exact one, not the tanh formula."""
step: _Unary
"""Return 1 where x > 0, else 0; its slope is 0."""
sign: _Unary
"""Return -1, 0 or 1; its slope is 0."""
floor: _Unary
"""Return the largest whole number up to x; its slope is 0."""
ceil: _Unary
"""Return the smallest whole number from x on; its slope is 0."""
trunc: _Unary
"""Return x without its fraction; its slope is 0."""
atan2: _Angle
"""Return the angle of the point (x, y), from -π to π: atan2(y, x)."""
copysign: _Binary
"""Return |x| with the sign of y."""
fmod: _Binary
"""Return the remainder of x/y that has the sign of x."""
hypot: _Binary
"""Return √(x² + y²), without overflow."""
logaddexp: _Binary
"""Return log(eˣ + eʸ), without overflow."""
maximum: _Binary
"""Return the larger of two; at a tie each has a slope of ½."""
minimum: _Binary
"""Return the smaller of two; at a tie each has a slope of ½."""
where: _Choice
"""Return x where the condition is not 0, else y."""
