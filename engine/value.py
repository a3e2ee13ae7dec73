"""Value: one number that remembers how it was computed.

>>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
>>> c = a * b + a
>>> c.backward()
>>> a, b
(a(data=2, grad=-2), b(data=-3, grad=2))
"""

import sys
from collections.abc import Iterator
from typing import Any

from . import explain, functions, operations
from .backward import backward
from .explain import Site, Step
from .operation import OPERATIONS, Closure, Operation
from .real import real

_frame = sys._getframe
_ENGINE = frozenset(__file__.replace("value.py", f"{name}.py")  # the modules that make nodes on a user's behalf
                    for name in ("value", "operation", "operations", "functions", "calculus", "check", "primitive"))
watchers: list[Any] = []  # engine.anomaly() listens here: .made(node), .before_backward(root)
decisions: list[list["Value"]] = []  # engine.record() collects here the comparisons that Python branched on


def _made(operation: Operation, parents: tuple["Value", ...], z: float, closure: Closure) -> "Value":
    """The node z = operation(parents). It notes the instruction of the user's code that asked for it."""
    node = _new(Value)
    node.data = z
    node.grad = 0.0
    node.label = ""
    node.parents = parents
    node.operation = operation
    node.local_derivatives = closure
    frame = _frame(2)
    while frame.f_code.co_filename in _ENGINE and frame.f_back:
        frame = frame.f_back
    node._code, node._offset = frame.f_code, frame.f_lasti
    if watchers:
        watchers[-1].made(node)
    return node


def _unary(operation: Operation) -> Any:
    """A method of one operand: what `Value.__operate__` does, unrolled for speed."""
    def method(self: "Value") -> "Value":
        x = self.data
        z = operation.forward(x)
        return _made(operation, (self,), z, operation.rule(z, x) if z == z else operation.local_derivatives(z, z, x))
    return method


def _methods(names: str) -> list[Any]:
    return [_unary(OPERATIONS[name]) for name in names.split()]


def _binary(operation: Operation) -> Any:
    """An operator of two operands: what `Value.__operate__` does, unrolled for speed."""
    forward, rule = operation.forward, operation.rule

    def operator(self: "Value", other: Any) -> "Value":
        if other.__class__ is not Value:
            other = lift(other)
        x, y = self.data, other.data
        z = forward(x, y)
        closure = rule(z, x, y) if z == z else operation.local_derivatives(z, z, x, y)
        return _made(operation, (self, other), z, closure)
    return operator


def _reflected(operation: Operation) -> Any:
    """The operator where a plain number comes first, as in `2.0 - value`."""
    return lambda self, other: operation.of((other, self))


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
    local_derivatives: Closure | None

    def __init__(self, data: Any, label: str = ""):
        if not isinstance(label, str):
            raise TypeError(f"a label is a str, not {label!r}: write label={str(label)!r}")
        self.data, self.grad, self.label = real(data), 0.0, label
        self.parents = ()
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
        closure = operation.rule(z, *numbers) if z == z else operation.local_derivatives(z, z, *numbers)
        return _made(operation, operands, z, closure)

    __add__, __radd__ = _binary(operations.add), _reflected(operations.add)
    __sub__, __rsub__ = _binary(operations.subtract), _reflected(operations.subtract)
    __mul__, __rmul__ = _binary(operations.multiply), _reflected(operations.multiply)
    __truediv__, __rtruediv__ = _binary(operations.divide), _reflected(operations.divide)
    __floordiv__, __rfloordiv__ = _binary(operations.floor_divide), _reflected(operations.floor_divide)
    __mod__, __rmod__ = _binary(operations.modulo), _reflected(operations.modulo)
    __pow__, __rpow__ = functions.power, _reflected(operations.raise_to)
    __lt__, __le__ = _binary(operations.less), _binary(operations.less_equal)
    __gt__, __ge__ = _binary(operations.greater), _binary(operations.greater_equal)
    __neg__, __abs__ = _unary(operations.negative), _unary(operations.absolute)
    exp, exp2, expm1, log, log2, log10, log1p = _methods("exp exp2 expm1 log log2 log10 log1p")
    sqrt, cbrt, square, reciprocal, erf, erfc = _methods("sqrt cbrt square reciprocal erf erfc")
    sin, cos, tan, asin, acos, atan = _methods("sin cos tan asin acos atan")
    sinh, cosh, tanh, asinh, acosh, atanh = _methods("sinh cosh tanh asinh acosh atanh")
    sigmoid, softplus, relu, silu, gelu = _methods("sigmoid softplus relu silu gelu")
    step, sign, floor, ceil, trunc = _methods("step sign floor ceil trunc")
    leaky_relu, elu, clamp = functions.leaky_relu, functions.elu, functions.clamp

    def backward(self) -> None:
        """Add to every leaf's grad the derivative of this Value by that leaf; interior grads are made afresh.

        >>> x = Value(3.0)
        >>> (x * x).backward()
        >>> x.grad
        6.0
        """
        for watcher in watchers:
            watcher.before_backward(self)
        backward(self)

    def steps(self) -> Iterator[Step]:
        """Every contribution of the backward pass in order, as data; touches no grad."""
        return explain.steps(self)

    def why(self, x: "Value", depth: int = 1) -> str:
        """The sum behind x.grad as text, a line for each contribution, followed upstream to `depth`."""
        return explain.why(self, x, depth)

    @property
    def created_at(self) -> Site | None:
        """Where it was made: the first frame outside engine/, with the exact subexpression."""
        return explain.site(self._code, self._offset)

    def __repr__(self) -> str:
        return explain.describe(self)

    def __format__(self, spec: str) -> str:
        return format(self.data, spec) if spec else repr(self)

    def __pos__(self) -> "Value":
        return self

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
        return _restored, (type(self), self.data, self.label, self.grad)

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


_new = Value.__new__
_COMPARISONS = (operations.less, operations.less_equal, operations.greater, operations.greater_equal)


def lift(x: Any) -> Value:
    """`x` itself if it is a Value, else the plain number as a constant leaf."""
    return x if isinstance(x, Value) else Constant(x)


def _restored(kind: type[Value], data: float, label: str, grad: float) -> Value:
    leaf = kind(data, label)
    leaf.grad = grad
    return leaf
