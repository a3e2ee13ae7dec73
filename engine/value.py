"""Value: one number that remembers how it was computed.

>>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
>>> c = a * b + a
>>> c.backward()
>>> a, b
(a(data=2, grad=-2), b(data=-3, grad=2))
"""

import sys
from collections.abc import Callable, Iterator
from typing import Any

from . import explain, operations
from .backward import backward as sweep
from .explain import Site, Step
from .ieee import real
from .operations import Closure, Operation

_ENGINE = frozenset(__file__.replace("value.py", f"{name}.py")  # the modules that make nodes for a user
                    for name in ("value", "operations", "calculus", "check"))
_frame = sys._getframe
watchers: list[Any] = []  # engine.anomaly() listens here: .made(node), .before_backward(root)


def _made(operation: Operation, parents: tuple["Value", ...], z: float, closure: Closure) -> "Value":
    """The node z = operation(parents), which notes the user's frame that asked for it."""
    node = _new(Value)
    node.data = z
    node.grad = 0.0
    node.label = ""
    node.parents = parents
    node.operation = operation
    node.local_derivatives = closure
    frame = _frame(2)
    while frame.f_code.co_filename in _ENGINE:
        frame = frame.f_back
    node._code, node._offset = frame.f_code, frame.f_lasti
    if watchers:
        watchers[-1].made(node)
    return node


def _method(operation: Operation) -> Any:
    """The method behind a function or an operator of one Value: `Value.__operate__` for one operand, for speed."""
    forward, rule = operation.forward, operation.rule

    def method(self: "Value") -> "Value":
        x = self.data
        z = forward(x)
        return _made(operation, (self,), z, rule(z, x) if z == z else operation.local_derivatives(z, z, x))

    return method


def _operator(operation: Operation) -> Any:
    """The method behind an operator of two: `Value.__operate__` for two operands, for speed."""
    forward, rule = operation.forward, operation.rule

    def operator(self: "Value", other: Any) -> "Value":
        if other.__class__ is not Value:
            other = lift(other)
        x, y = self.data, other.data
        z = forward(x, y)
        return _made(operation, (self, other), z, rule(z, x, y) if z == z else operation.local_derivatives(z, z, x, y))

    return operator


def _reflected(operation: Operation) -> Callable[["Value", Any], "Value"]:
    """The method behind `2.0 - value`, where the plain number comes first."""
    return lambda self, other: _node(operation, (other, self))


class Value:
    """A number in a graph: its `data`, its `grad`, and, unless it is a leaf, how it came about.

    >>> x = Value(2, label="x")
    >>> y = x ** 3
    >>> y.parents, y.local_derivatives()
    ((x(data=2, grad=0),), (12.0,))

    `data` is the expert's primal, `grad` the adjoint or cotangent: the derivative of the last root that
    `backward()` was called on (for a leaf: the sum over all calls). `parents` are the operands in order,
    duplicates kept. `local_derivatives` is the chain-rule closure; it remembers the numbers of the forward
    pass, so that changing a leaf's data later cannot corrupt a gradient. At a leaf, `operation` and
    `local_derivatives` are None; `constant` marks the leaf that a plain number became.

    `==` and `hash` go by identity; `<`, `<=`, `>`, `>=` give Values that are 1.0 or 0.0. Raises TypeError for
    anything but a real number, and for a label that is not a str.
    """

    __slots__ = ("data", "grad", "label", "parents", "operation", "local_derivatives", "_code", "_offset")
    constant = False
    __array_ufunc__ = None  # NumPy's scalars leave `numpy.float64(2) * value` to us

    data: float
    grad: float
    label: str
    parents: tuple["Value", ...]
    operation: Operation | None
    local_derivatives: Closure | None

    def __init__(self, data: Any, label: str = ""):
        if not isinstance(label, str):
            raise TypeError(f"a label is a str, not {label!r}: write label={str(label)!r}")
        self.data = real(data)
        self.grad = 0.0
        self.label = label
        self.parents = ()
        self.operation = self.local_derivatives = None
        frame = _frame(1)
        while frame.f_code.co_filename in _ENGINE:
            frame = frame.f_back
        self._code, self._offset = frame.f_code, frame.f_lasti

    @staticmethod
    def __operate__(operation: Operation, operands: tuple[Any, ...]) -> "Value":
        """The node that `operation` makes of its operands, of which one at least is a Value."""
        parents = operands if set(map(type, operands)) == _ALL_VALUES else tuple(map(lift, operands))
        numbers = [parent.data for parent in parents]
        z = operation.forward(*numbers)
        return _made(operation, parents, z, operation.local_derivatives(z, z, *numbers))

    # -- operators -------------------------------------------------------------------------------------------

    __add__, __radd__ = _operator(operations.add), _reflected(operations.add)
    __sub__, __rsub__ = _operator(operations.subtract), _reflected(operations.subtract)
    __mul__, __rmul__ = _operator(operations.multiply), _reflected(operations.multiply)
    __truediv__, __rtruediv__ = _operator(operations.divide), _reflected(operations.divide)
    __floordiv__, __rfloordiv__ = _operator(operations.floor_divide), _reflected(operations.floor_divide)
    __mod__, __rmod__ = _operator(operations.modulo), _reflected(operations.modulo)
    __lt__, __le__ = _operator(operations.less), _operator(operations.less_equal)
    __gt__, __ge__ = _operator(operations.greater), _operator(operations.greater_equal)
    __pow__, __rpow__ = operations.power, _reflected(operations.raise_to)
    __neg__, __abs__ = _method(operations.negative), _method(operations.absolute)

    def __pos__(self) -> "Value":
        return self

    # -- functions as methods: x.exp() is exp(x) -------------------------------------------------------------

    exp, exp2, expm1 = _method(operations.exp), _method(operations.exp2), _method(operations.expm1)
    log, log2, log10, log1p = _method(operations.log), _method(operations.log2), _method(operations.log10), _method(operations.log1p)
    sqrt, cbrt, square, reciprocal = _method(operations.sqrt), _method(operations.cbrt), _method(operations.square), _method(operations.reciprocal)
    sin, cos, tan = _method(operations.sin), _method(operations.cos), _method(operations.tan)
    asin, acos, atan = _method(operations.asin), _method(operations.acos), _method(operations.atan)
    sinh, cosh, tanh = _method(operations.sinh), _method(operations.cosh), _method(operations.tanh)
    asinh, acosh, atanh = _method(operations.asinh), _method(operations.acosh), _method(operations.atanh)
    sigmoid, softplus, relu = _method(operations.sigmoid), _method(operations.softplus), _method(operations.relu)
    silu, gelu, erf, erfc = _method(operations.silu), _method(operations.gelu), _method(operations.erf), _method(operations.erfc)
    step, sign = _method(operations.step), _method(operations.sign)
    floor, ceil, trunc = _method(operations.floor), _method(operations.ceil), _method(operations.trunc)
    leaky_relu, elu, clamp = operations.leaky_relu, operations.elu, operations.clamp

    # -- gradients, and why they are what they are -----------------------------------------------------------

    def backward(self) -> None:
        """Add to every leaf's grad the derivative of this Value by that leaf.

        >>> x = Value(3.0)
        >>> (x * x).backward()
        >>> x.grad
        6.0

        Interior grads are made afresh; leaves accumulate until their grad is set to 0.0.
        """
        for watcher in watchers:
            watcher.before_backward(self)
        sweep(self)

    def steps(self) -> Iterator[Step]:
        """Every contribution of the backward pass in order, as data; touches no grad.

        >>> x = Value(3.0, label="x")
        >>> [step.contribution for step in (x * x).steps()]
        [3.0, 3.0]
        """
        return explain.steps(self)

    def why(self, x: "Value", depth: int = 1) -> str:
        """The sum behind x.grad, one line a contribution, followed upstream to `depth`.

        >>> x = Value(3.0, label="x")
        >>> y = x * x
        >>> y.backward()
        >>> print(y.why(x).splitlines()[0])
        x.grad = 6
        """
        return explain.why(self, x, depth)

    @property
    def created_at(self) -> Site | None:
        """Where it was made: the first frame outside engine/, with the exact subexpression; None if unknown."""
        return explain.site(self._code, self._offset)

    # -- as an object ----------------------------------------------------------------------------------------

    def __repr__(self) -> str:
        return explain.describe(self)

    def __format__(self, spec: str) -> str:
        return format(self.data, spec) if spec else repr(self)

    def __bool__(self) -> bool:
        if self.operation in _COMPARISONS:
            return self.data != 0.0
        raise TypeError(f"{self!r} is neither true nor false: compare it (v > 0), or use its number (v.data)")

    def __float__(self) -> float:
        raise TypeError(f"{self!r} would lose its graph as a float: write v.data for the number, or for a "
                        "function that keeps the graph engine.sin(v) in place of math.sin(v)")

    def __reduce__(self) -> tuple[Any, ...]:
        if self.parents:
            raise TypeError(f"{self!r} can't be copied or pickled without its graph: take Value(v.data) for a leaf")
        return _restored, (type(self), self.data, self.label, self.grad)

    # -- names of the micrograd lecture, for notebooks that walk the graph themselves ------------------------

    @property
    def _prev(self) -> tuple["Value", ...]:
        return self.parents

    @property
    def _op(self) -> str:
        return self.operation.symbol if self.operation else ""

    def _backward(self) -> None:
        if self.local_derivatives and self.grad:
            for parent, local in zip(self.parents, self.local_derivatives(), strict=True):
                parent.grad += self.grad * local


_new = Value.__new__
_node = Value.__operate__
_ALL_VALUES = {Value}
_COMPARISONS = (operations.less, operations.less_equal, operations.greater, operations.greater_equal)


class Constant(Value):
    """The leaf that a plain number became when it was used as an operand."""

    __slots__ = ()
    constant = True


def lift(x: Any) -> Value:
    """`x` itself if it is a Value, else the plain number as a constant leaf."""
    return x if isinstance(x, Value) else Constant(x)


def _restored(kind: type[Value], data: float, label: str, grad: float) -> Value:
    leaf = kind(data, label)
    leaf.grad = grad
    return leaf
