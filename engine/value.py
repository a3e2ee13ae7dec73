"""Value: one number that remembers how it was computed.

>>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
>>> c = a * b + a
>>> c.backward()
>>> a, b
(a(data=2, grad=-2), b(data=-3, grad=2))
"""

from collections.abc import Iterator
from sys import _getframe as _frame
from typing import Any

from . import explain, functions, location, operations, printing
from .backward import backward
from .explain import Step
from .graph import watchers
from .operation import OPERATIONS, Closure, Operation
from .real import real

_ENGINE = frozenset(f"{__file__.removesuffix('value.py')}{name}.py" for name in (  # these make nodes on a user's behalf
    "value", "operation", "operations", "functions", "sums", "calculus", "check", "primitive"))
decisions: list[list["Value"]] = []  # engine.record() collects here the comparisons that Python branched on


def made(operation: Operation, parents: tuple["Value", ...], z: float, closure: Closure) -> "Value":
    """The node z = operation(parents). It notes the instruction of the user's code that asked for it."""
    if z.__class__ is not float:  # somebody set a leaf's data to something else
        z = real(z)
    node = _new(Value)
    node.data, node.grad, node.label = z, 0.0, ""
    node.parents, node.operation, node.local_derivatives = parents, operation, closure
    frame = _frame(2)
    while (code := frame.f_code).co_filename in _ENGINE and frame.f_back:
        frame = frame.f_back
    node._code, node._offset = code, frame.f_lasti
    if watchers:
        watchers[-1].made(node)
    return node


def _unary(names: str) -> list[Any]:
    """Methods of one operand: what `Value.__operate__` does, unrolled for speed."""
    def of(operation: Operation) -> Any:
        forward, closure_of = operation.forward, operation.closure
        def method(self: "Value") -> "Value":
            x = self.data
            z = forward(x)
            closure = closure_of(z, x) if z == z else operation.local_derivatives(z, z, x)
            return made(operation, (self,), z, closure)
        method.__qualname__, method.__doc__ = f"Value.{operation.name}", f"engine.{operation.name} of this Value."
        return method
    return [of(OPERATIONS[name]) for name in names.split()]


def _binary(operation: Operation) -> tuple[Any, Any]:
    """An operator of two operands, unrolled likewise, and its reflection, for `2.0 - value`."""
    forward, closure_of = operation.forward, operation.closure

    def operator(self: "Value", other: Any) -> "Value":
        if other.__class__ is not Value:
            other = lift(other)
        x, y = self.data, other.data
        z = forward(x, y)
        closure = closure_of(z, x, y) if z == z else operation.local_derivatives(z, z, x, y)
        return made(operation, (self, other), z, closure)
    return operator, lambda self, other: operator(lift(other), self)


class Value:
    """A number in a graph: its `data`, its `grad`, and, unless it is a leaf, how it came about.

    >>> x = Value(2, label="x")
    >>> y = x ** 3
    >>> y.parents, y.local_derivatives()
    ((x(data=2, grad=0),), (12.0,))

    `data` is the expert's primal. `grad`, the adjoint or cotangent, is the derivative of the last root that
    `backward()` was called on; at a leaf, the sum over all calls. `parents` are the operands in order, duplicates
    kept. `local_derivatives`, the chain-rule closure, remembers the numbers of the forward pass, so that a
    leaf's data can change later without corrupting a gradient. A leaf has no parents, and None for `operation`
    and `local_derivatives`; it is `constant` if it was a plain number that met a Value.

    `==` and `hash` go by identity; `<`, `<=`, `>`, `>=` give Values that are 1.0 or 0.0. Raises TypeError for
    anything but a real number, and for a label that is not a str.
    """

    __slots__ = ("data", "grad", "label", "parents", "operation", "local_derivatives", "_code", "_offset")
    __array_ufunc__ = None  # NumPy leaves `numpy.float64(2) * value` to us
    constant = False
    data: float
    grad: float
    label: str
    parents: tuple["Value", ...]
    operation: Operation | None
    local_derivatives: Any  # Closure, or None at a leaf

    def __init__(self, data: Any, label: str = ""):
        if not isinstance(label, str):
            raise TypeError(f"a label is a str, not {label!r}: write label={str(label)!r}")
        self.data, self.grad, self.label, self.parents = real(data), 0.0, label, ()
        self.operation = self.local_derivatives = None
        frame: Any = _frame(1)
        while frame.f_code.co_filename in _ENGINE and frame.f_back:
            frame = frame.f_back
        self._code, self._offset = frame.f_code, frame.f_lasti

    @staticmethod
    def __operate__(operation: Operation, operands: tuple[Any, ...]) -> "Value":
        """The node that an operation makes of its operands, of which one at least is a Value."""
        numbers = [x.data for x in operands if x.__class__ is Value or x.__class__ is Constant]
        if len(numbers) < len(operands):  # plain numbers are among them
            operands = tuple([lift(x) for x in operands])
            numbers = [x.data for x in operands]
        z = operation.forward(*numbers)
        closure = operation.closure(z, *numbers) if z == z else operation.local_derivatives(z, z, *numbers)
        return made(operation, operands, z, closure)

    __add__, __radd__ = _binary(operations.add)
    __sub__, __rsub__ = _binary(operations.subtract)
    __mul__, __rmul__ = _binary(operations.multiply)
    __truediv__, __rtruediv__ = _binary(operations.divide)
    __floordiv__, __rfloordiv__ = _binary(operations.floor_divide)
    __mod__, __rmod__ = _binary(operations.modulo)
    __pow__, __rpow__ = functions.power, _binary(operations.raise_to)[1]
    __lt__, __gt__ = _binary(operations.less)[0], _binary(operations.greater)[0]
    __le__, __ge__ = _binary(operations.less_equal)[0], _binary(operations.greater_equal)[0]
    __neg__, __abs__ = _unary("negative absolute")
    exp, exp2, expm1, log, log2, log10, log1p = _unary("exp exp2 expm1 log log2 log10 log1p")
    sqrt, cbrt, square, reciprocal, erf, erfc = _unary("sqrt cbrt square reciprocal erf erfc")
    sin, cos, tan, asin, acos, atan = _unary("sin cos tan asin acos atan")
    sinh, cosh, tanh, asinh, acosh, atanh = _unary("sinh cosh tanh asinh acosh atanh")
    sigmoid, softplus, relu, silu, gelu = _unary("sigmoid softplus relu silu gelu")
    step, sign, floor, ceil, trunc = _unary("step sign floor ceil trunc")
    leaky_relu, elu, clamp = functions.leaky_relu, functions.elu, functions.clamp

    def backward(self) -> None:
        """Add to every leaf's grad the derivative of this Value by that leaf; interior grads are made afresh.

        >>> x = Value(3.0)
        >>> (x * x).backward()
        >>> x.grad
        6.0
        """
        backward(self)

    def steps(self) -> Iterator[Step]:
        """Every contribution of the backward pass in order, as data; touches no grad."""
        return explain.steps(self)

    def why(self, x: "Value", depth: int = 1) -> str:
        """The sum behind x.grad as text, a line for each contribution, followed upstream to `depth`."""
        return explain.why(self, x, depth)

    @property
    def created_at(self) -> location.Site | None:
        """Where it was made: the first frame outside engine/, with the exact subexpression."""
        return location.site(self._code, self._offset)

    def __repr__(self) -> str: return printing.describe(self)

    def __format__(self, spec: str) -> str: return format(self.data, spec) if spec else repr(self)

    def __pos__(self) -> "Value": return self

    def __bool__(self) -> bool:
        if self.operation in _COMPARISONS:
            for decided in decisions:
                decided.append(self)
            return self.data != 0.0
        raise TypeError(f"{self!r} is neither true nor false: compare it (v > 0), or use its number (v.data)")

    def __float__(self) -> float:
        raise TypeError(f"{self!r} would lose its graph as a float: write v.data for the number, or a function that "
                        "keeps the graph, engine.sin(v) in place of math.sin(v)")

    def __reduce__(self) -> tuple[Any, ...]:
        if self.parents:
            raise TypeError(f"{self!r} can't be copied or pickled without its graph: take Value(v.data) for a leaf")
        return type(self), (self.data, self.label), (getattr(self, "__dict__", None), {"grad": self.grad})

    # Names of the micrograd lecture, for notebooks that walk the graph themselves.
    _prev = property(lambda self: self.parents)
    _op = property(lambda self: self.operation.symbol if self.operation else "")

    def _backward(self) -> None:
        if self.local_derivatives and self.grad:
            for parent, local in zip(self.parents, self.local_derivatives()):
                parent.grad += self.grad * local


class Constant(Value):
    """The leaf that a plain number became when it met a Value."""

    __slots__ = ()
    constant = True

    def __init__(self, data: Any, label: str = ""):
        self.data, self.grad, self.label, self.parents = real(data), 0.0, label, ()
        self.operation = self.local_derivatives = self._code = None
        self._offset = 0


_new = Value.__new__
_COMPARISONS = (operations.less, operations.less_equal, operations.greater, operations.greater_equal)


def lift(x: Any) -> Value:
    """`x` itself if it is a Value, else the plain number as a constant leaf."""
    return x if isinstance(x, Value) else Constant(x)
