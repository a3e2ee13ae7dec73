# What type checkers and editors are shown of the methods that are made in a loop: a signature
# and a line each. Nothing here runs; tests/test_types.py compares it with what does.
from types import CodeType
from typing import Any

from .location import Site
from .operation import Operation
from .types import Number
from .value import Value

class Methods:
    """What Value gets by assignment: its slots, and the methods that are made in a loop."""

    data: float
    grad: float
    label: str
    operation: Operation | None
    _first: Any
    _second: Any
    _x: Any
    _y: Any
    _code: CodeType | None

    @property
    def created_at(self) -> Site | None:
        """Where it was made: the first frame outside engine/, with the exact subexpression."""

    @property
    def parents(self) -> tuple[Value, ...]:
        """The operands in order, duplicates kept; none at a leaf."""

    def __add__(self, other: Number) -> Value:
        """Return self + other."""

    def __radd__(self, other: float) -> Value:
        """Return other + self."""

    def __sub__(self, other: Number) -> Value:
        """Return self - other."""

    def __rsub__(self, other: float) -> Value:
        """Return other - self."""

    def __mul__(self, other: Number) -> Value:
        """Return self × other."""

    def __rmul__(self, other: float) -> Value:
        """Return other × self."""

    def __truediv__(self, other: Number) -> Value:
        """Return self / other; dividing by 0 gives inf or nan."""

    def __rtruediv__(self, other: float) -> Value:
        """Return other / self; dividing by 0 gives inf or nan."""

    def __floordiv__(self, other: Number) -> Value:
        """Return the floor of self / other; its slope is 0."""

    def __rfloordiv__(self, other: float) -> Value:
        """Return the floor of other / self; its slope is 0."""

    def __mod__(self, other: Number) -> Value:
        """Return the remainder of self / other that has the sign of other."""

    def __rmod__(self, other: float) -> Value:
        """Return the remainder of other / self that has the sign of self."""

    def __rpow__(self, other: float) -> Value:
        """Return other to the power of self."""

    def __lt__(self, other: Number) -> Value:
        """Return 1 where self < other, else 0, as a Value that `if` understands."""

    def __le__(self, other: Number) -> Value:
        """Return 1 where self ≤ other, else 0, as a Value that `if` understands."""

    def __gt__(self, other: Number) -> Value:
        """Return 1 where self > other, else 0, as a Value that `if` understands."""

    def __ge__(self, other: Number) -> Value:
        """Return 1 where self ≥ other, else 0, as a Value that `if` understands."""

    def __neg__(self) -> Value:
        """Return -self."""

    def __abs__(self) -> Value:
        """Return the absolute value; its slope at 0 is 0."""

    def exp(self) -> Value:
        """Return eˣ."""

    def exp2(self) -> Value:
        """Return 2ˣ."""

    def expm1(self) -> Value:
        """Return eˣ - 1, with all digits near x = 0."""

    def log(self) -> Value:
        """Return the natural logarithm of this Value x; -inf at 0, nan below."""

    def log2(self) -> Value:
        """Return the logarithm of this Value x to base 2."""

    def log10(self) -> Value:
        """Return the logarithm of this Value x to base 10."""

    def log1p(self) -> Value:
        """Return log(1 + x), with all digits near x = 0."""

    def sqrt(self) -> Value:
        """Return the square root of this Value x; nan below 0."""

    def cbrt(self) -> Value:
        """Return the cube root of this Value x, which is negative where x is."""

    def square(self) -> Value:
        """Return x²."""

    def reciprocal(self) -> Value:
        """Return 1/x; inf at 0."""

    def erf(self) -> Value:
        """Return the error function of this Value x, (2/√π) ∫₀ˣ exp(-t²) dt."""

    def erfc(self) -> Value:
        """Return 1 - erf(x), with all digits where x is large."""

    def sin(self) -> Value:
        """Return the sine of this Value x, in radians."""

    def cos(self) -> Value:
        """Return the cosine of this Value x, in radians."""

    def tan(self) -> Value:
        """Return the tangent of this Value x, in radians."""

    def asin(self) -> Value:
        """Return the arc sine of this Value x, from -π/2 to π/2."""

    def acos(self) -> Value:
        """Return the arc cosine of this Value x, from 0 to π."""

    def atan(self) -> Value:
        """Return the arc tangent of this Value x, from -π/2 to π/2."""

    def sinh(self) -> Value:
        """Return the hyperbolic sine of this Value x."""

    def cosh(self) -> Value:
        """Return the hyperbolic cosine of this Value x."""

    def tanh(self) -> Value:
        """Return the hyperbolic tangent of this Value x, from -1 to 1."""

    def asinh(self) -> Value:
        """Return the inverse hyperbolic sine of this Value x."""

    def acosh(self) -> Value:
        """Return the inverse hyperbolic cosine of this Value x; nan below 1."""

    def atanh(self) -> Value:
        """Return the inverse hyperbolic tangent of this Value x; nan beyond ±1."""

    def sigmoid(self) -> Value:
        """Return the logistic function 1/(1 + e⁻ˣ), from 0 to 1."""

    def softplus(self) -> Value:
        """Return log(1 + eˣ), a smooth relu."""

    def relu(self) -> Value:
        """Return x where x > 0, else 0."""

    def silu(self) -> Value:
        """Return x·sigmoid(x), also known as swish."""

    def gelu(self) -> Value:
        """Return x·Φ(x), Φ being the normal distribution: the exact one, not the tanh formula."""

    def leaky_relu(self, slope: float = 0.01) -> Value:
        """Return x where x > 0, else slope·x."""

    def elu(self, alpha: float = 1.0) -> Value:
        """Return x where x > 0, else alpha·(eˣ - 1)."""

    def clamp(self, low: float = ..., high: float = ...) -> Value:
        """Return x, but not below low nor above high."""

    def step(self) -> Value:
        """Return 1 where x > 0, else 0; its slope is 0."""

    def sign(self) -> Value:
        """Return -1, 0 or 1; its slope is 0."""

    def floor(self) -> Value:
        """Return the largest whole number up to x; its slope is 0."""

    def ceil(self) -> Value:
        """Return the smallest whole number from x on; its slope is 0."""

    def trunc(self) -> Value:
        """Return x without its fraction; its slope is 0."""
