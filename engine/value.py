"""Value: one number that remembers how it was computed.

>>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
>>> c = a * b + a
>>> c.backward()
>>> a, b
(a(data=2, grad=-2), b(data=-3, grad=2))
"""

from collections.abc import Callable, Iterator
from importlib import import_module
from operator import attrgetter
from sys import _getframe as _frame
from threading import get_ident
from types import FrameType
from typing import TYPE_CHECKING, Any

from . import graph, operations
from .backward import backward
from .graph import listeners, listening
from .operation import OPERATIONS, Operation
from .real import real

if TYPE_CHECKING:
    from .explain import Step
    from .methods import Methods
    from .types import Number
else:
    Methods = object  # methods.pyi tells editors and type checkers what the class gets in a loop

_MAKERS = "value operation operations functions sums calculus check primitive habits"  # for a user
_ENGINE = {f"{__file__.removesuffix('value.py')}{name}.py" for name in _MAKERS.split()}


def make(
    operation: Operation, parents: "tuple[Value, ...]", xs: tuple[float, ...], z: float, frame: Any
) -> "Value":
    """Return the node z = operation(xs), xs being the parents' numbers, for the code of `frame`."""
    node = _new(Value)
    if len(parents) == 2:
        (node._first, node._second), (node._x, node._y) = parents, xs
    else:
        node._first, node._second, node._x = parents, None, xs
    node._data = node._z = z
    node.grad, node._label, node.operation = 0.0, "", operation
    node._code, node._offset = frame.f_code, frame.f_lasti
    if listeners:
        announce(node, frame)
    return node


def binary(
    operation: Operation,
) -> "tuple[Callable[[Value, Number], Value], Callable[[Value, Number], Value]]":
    """Return an operator and its reflection, for `2.0 - value`: `make`, unrolled for speed."""
    forward = operation.forward

    def operator(self: "Value", other: Any, depth: int = 1) -> "Value":
        if other.__class__ is not Value:
            other = lift(other)
        node = _new(Value)
        node._first, node._second = self, other
        node._x = x = self._data
        node._y = y = other._data
        node._data = node._z = forward(x, y)
        node.grad, node._label, node.operation = 0.0, "", operation
        frame = _frame(depth)
        node._code, node._offset = frame.f_code, frame.f_lasti
        if listeners:
            announce(node, frame)
        return node

    return operator, lambda self, other: operator(lift(other), self, 2)


def unary(names: str) -> "list[Callable[[Value], Value]]":
    """Return a method of one operand for each name."""

    def method_of(operation: Operation) -> "Callable[[Value], Value]":
        forward = operation.forward

        def method(self: "Value") -> "Value":
            x = self._data
            return make(operation, (self,), (x,), forward(x), _frame(1))

        method.__name__, method.__qualname__ = operation.name, f"Value.{operation.name}"
        method.__doc__ = f"Return engine.{operation.name} of this Value."
        return method

    return [method_of(OPERATIONS[name]) for name in names.split()]


def announce(node: "Value", frame: FrameType) -> None:
    """Tell this thread's listeners; the engine listens where it makes nodes on a user's behalf."""
    for listener in [*listeners]:  # another thread may come or go meanwhile
        if listener.thread in (get_ident(), None):
            frame = outside(frame)
            node._code, node._offset = frame.f_code, frame.f_lasti
            listener.made(node)


def outside(frame: Any) -> FrameType:
    """Return the frame of the user's code that asked for this, through the engine."""
    while frame.f_code.co_filename in _ENGINE and frame.f_back:
        frame = frame.f_back
    return frame


class Value(Methods):
    """A number in a graph: its `data`, its `grad`, and, unless it is a leaf, how it came about.

    >>> x = Value(2, label="x")
    >>> y = x ** 3
    >>> y.parents, y.local_derivatives()
    ((x(data=2, grad=0),), (12.0,))

    `data` is the expert's primal; `grad`, the adjoint or cotangent, is the derivative of the last
    root of `backward()` by it, at a leaf the sum over all calls. `parents` are the operands in
    order, duplicates kept; `local_derivatives()` gives the slope along each. A leaf has none, and
    None for `operation`; it is `constant` if it was a plain number that met a Value. `==` and
    `hash` go by identity: `Value(3.0) == 3.0` is False, write `v.data == 3.0`. `<`, `<=`, `>` and
    `>=` give Values, 1.0 or 0.0. Raises TypeError for no real number, or a label that is no str.
    """

    # One object a node: Python's garbage collector walks every object of a growing graph, again and
    # again. Two operands stand in _first and _second, their numbers in _x and _y, the result in _z.
    # For any other count _second is None, _first and _x are tuples. _code, _offset: the place.
    __slots__ = ("_data", "grad", "_label", "operation", "_first", "_second", "_x", "_y", "_z",
                 "_code", "_offset")  # fmt: skip
    constant = False

    def __init__(self, data: float, label: str = "", *others: Any):
        if others:
            raise _later("habits").no_parents()
        self._data, self.grad, self.label, self.operation = real(data), 0.0, label, None
        self._first, self._second, self._z = (), None, 0.0
        frame = outside(_frame(1))
        self._code, self._offset = frame.f_code, frame.f_lasti

    @staticmethod
    def apply_operation(operation: Operation, operands: tuple[Any, ...]) -> "Value":
        """Return the node that an operation makes of its operands, one of them at least a Value."""
        parents = tuple([lift(x) for x in operands])
        xs = tuple([x._data for x in parents])
        return make(operation, parents, xs, operation.forward(*xs), outside(_frame(1)))

    # fmt: off
    if not TYPE_CHECKING:
        __add__, __radd__ = binary(operations.add)
        __sub__, __rsub__ = binary(operations.subtract)
        __mul__, __rmul__ = binary(operations.multiply)
        __truediv__, __rtruediv__ = binary(operations.divide)
        __floordiv__, __rfloordiv__ = binary(operations.floor_divide)
        __mod__, __rmod__ = binary(operations.modulo)
        __rpow__ = binary(operations.raise_to)[1]
        __lt__, __gt__ = binary(operations.less)[0], binary(operations.greater)[0]
        __le__, __ge__ = binary(operations.less_equal)[0], binary(operations.greater_equal)[0]
        __neg__, __abs__ = unary("negative absolute")
        exp, exp2, expm1, log, log2, log10, log1p = unary("exp exp2 expm1 log log2 log10 log1p")
        sqrt, cbrt, square, reciprocal, erf, erfc = unary("sqrt cbrt square reciprocal erf erfc")
        sin, cos, tan, asin, acos, atan = unary("sin cos tan asin acos atan")
        sinh, cosh, tanh, asinh, acosh, atanh = unary("sinh cosh tanh asinh acosh atanh")
        sigmoid, softplus, relu, silu, gelu = unary("sigmoid softplus relu silu gelu")
        step, sign, floor, ceil, trunc = unary("step sign floor ceil trunc")
        parents = property(graph.parents)
    # fmt: on

    def __pow__(self, exponent: "Number") -> "Value":
        """Return self**exponent: a plain exponent belongs to the operation, a Value is a parent."""
        if isinstance(exponent, Value):
            return operations.raise_to(self, exponent)
        operation, x = operations.power_of(real(exponent)), self._data
        return make(operation, (self,), (x,), operation.forward(x), _frame(1))

    backward = backward
    local_derivatives = graph.local_derivatives

    def steps(self) -> "Iterator[Step]":
        """Return every contribution of the backward pass in order, as data; touch no grad."""
        return _later("explain").steps(self)

    def why(self, x: "Value", depth: int = 1) -> str:
        """Return the sum behind x.grad as text, a line a contribution, followed up to `depth`."""
        return _later("explain").why(self, x, depth)

    def _set_data(self, number: Any) -> None:
        self._data = number if type(number) is float else _later("habits").as_float(self, number)

    def _set_label(self, label: str) -> None:
        self._label = label if isinstance(label, str) else _later("habits").no_label(label)

    if not TYPE_CHECKING:  # the getters are C functions: fast, and no debugger stops in them
        data = property(attrgetter("_data"), _set_data, doc="The number. A leaf's may be changed.")
        label = property(attrgetter("_label"), _set_label, doc="The name in texts and pictures.")
        created_at = property(lambda v: _later("location").site(v._code, v._offset), doc="A Site.")

    def __repr__(self) -> str:
        return _later("printing").describe(self)

    def __format__(self, spec: str) -> str:
        return format(self._data, spec) if spec else repr(self)

    def __pos__(self) -> "Value":
        return self

    def __bool__(self) -> bool:
        if self.operation in _COMPARISONS:
            for listener in listening() if listeners else ():
                listener.decided(self)
            return self._data != 0.0
        raise TypeError(f"{self!r} is neither true nor false: compare it (v > 0), or use v.data")


class Constant(Value):
    """The leaf that a plain number became when it met a Value. It has no place."""

    __slots__ = ()
    constant = True


_new = Value.__new__
_COMPARISONS = [OPERATIONS[name] for name in ("less", "less_equal", "greater", "greater_equal")]


def lift(x: "float | Value") -> Value:
    """Return `x` itself if it is a Value, else the plain number as a constant leaf."""
    if isinstance(x, Value):
        return x
    leaf = _new(Constant)
    leaf._data, leaf.grad, leaf._label, leaf.operation = real(x), 0.0, "", None
    leaf._first, leaf._second, leaf._z, leaf._code, leaf._offset = (), None, 0.0, None, 0
    return leaf


def _later(chapter: str) -> Any:  # one that stands on this one
    return import_module(f"engine.{chapter}")
