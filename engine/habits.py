"""Habits from micrograd, PyTorch and NumPy: for each, one line that says what to write here.

Value gets an attribute for each name in the first table, which raises AttributeError with the line.

>>> from engine import Value
>>> Value(2.0, label="x").item()
Traceback (most recent call last):
    ...
AttributeError: a Value has no 'item': write v.data
"""

import operator
from collections.abc import Callable, Iterable
from numbers import Complex
from reprlib import repr as short
from sys import _getframe as _frame
from typing import Any, NoReturn

from . import graph
from .operation import OPERATIONS
from .printing import printable
from .real import real
from .value import Value, outside

_ONE_NUMBER = "a Value is one number and has no shape; for several, use a list of Values"
_STAYS = "leave it out: a Value is one Python float, on no device and of no other type"
_PRIMITIVE = "for one of your own, @engine.primitive(rule=…)"

_OF_A_VALUE = {  # what others call it: what to write here
    **dict.fromkeys(["item", "numpy", "tolist", "value"], "write v.data"),
    **dict.fromkeys(["detach", "clone"], "write Value(v.data) for a leaf with the same number"),
    **dict.fromkeys(["shape", "size", "ndim", "dim", "T", "view", "reshape"], _ONE_NUMBER),
    **dict.fromkeys(["to", "cpu", "cuda", "device", "dtype", "double"], _STAYS),
    "requires_grad": "every leaf has a gradient; give the optimizer only those that it may change",
    "requires_grad_": "leave it out: every leaf has a gradient",
    "retain_grad": "leave it out: every node keeps its grad after backward()",
    "zero_grad": "write v.grad = 0.0, or zero_grad() of the module or the optimizer",
    "zero_": "write v.grad = 0.0",
    "is_leaf": "write not v.parents",
    "grad_fn": "write v.operation, or v.local_derivatives()",
    "gradient": "write v.grad after backward(), or engine.gradient(root, [v])",
    "_children": "write v.parents",
    "op": "write v.operation, which is None at a leaf",
    "name": "write v.label",
    "children": "write v.parents for the operands; a node does not know who uses it",
    "add": "write v + w",
    "sub": "write v - w",
    "mul": "write v * w",
    "div": "write v / w",
    "neg": "write -v",
    "pow": "write v ** w",
    "abs": "write abs(v)",
    "max": "write engine.maximum(v, w), or max(values)",
    "min": "write engine.minimum(v, w), or min(values)",
    "sum": "write engine.total(values)",
    "mean": "write engine.mean(values)",
    "softmax": "write engine.softmax(values)",
}
_LIST = "write a list of Values: [Value(x) for x in numbers]"
_NO_MODE = "leave it out: no gradient is computed before backward(); v.data is a plain number"
_OF_THE_ENGINE = {
    **dict.fromkeys(["tensor", "Tensor", "Variable", "Parameter"], "write engine.Value(2.0)"),
    **dict.fromkeys(["array", "zeros", "ones", "randn", "rand", "arange", "linspace"], _LIST),
    **dict.fromkeys(["no_grad", "enable_grad", "set_grad_enabled", "inference_mode"], _NO_MODE),
    **dict.fromkeys(["nn", "optim", "MLP", "Module", "SGD", "Adam"], "write import nn"),
    "grad": "write engine.gradient(root, [x]), or engine.derivative(f) for a function",
    "value_and_grad": "write engine.record(f, example).value_and_gradient(parameters, rows)",
    "autograd": "write root.backward(), or engine.gradient(root, [x])",
    "jit": "write engine.record(f, example)",
    "manual_seed": "write random.seed(0), or give seed= to a model",
    "detect_anomaly": "write engine.anomaly()",
    "gradcheck": "write engine.check_gradients(f, *values)",
    "gradgradcheck": "write engine.check_gradients(engine.derivative(f), x)",
    "jacrev": "write engine.jacobian(f, xs)",
    "jacfwd": "write engine.jacobian(f, xs)",
    "Function": _PRIMITIVE,
    "custom_vjp": _PRIMITIVE,
    "abs": "write abs(v)",
    "pow": "write v ** w",
    "power": "write v ** w",
    "add": "write v + w",
    "multiply": "write v * w",
    "sum": "write engine.total(values)",
    "prod": "write engine.product(values)",
    "max": "write engine.maximum(v, w), or max(values)",
    "min": "write engine.minimum(v, w), or min(values)",
    "dot": "write engine.weighted_sum(weights, inputs)",
    "arcsin": "write engine.asin(v)",
    "arccos": "write engine.acos(v)",
    "arctan": "write engine.atan(v)",
    "arctan2": "write engine.atan2(y, x)",
    "arcsinh": "write engine.asinh(v)",
    "arccosh": "write engine.acosh(v)",
    "arctanh": "write engine.atanh(v)",
}


class Absent:
    """An attribute of other libraries' values: read or set, it says what to write here.

    A subclass of Value, which has a `__dict__`, may still have one of that name.

    A `__getattr__` of Value would say it, too, but then Python 3.11 no longer caches where slots
    are: a step of the small GPT took 1.4 times as long.
    """

    def __init__(self, name: str, remedy: str):
        self.name, self.message = name, f"a Value has no {name!r}: {remedy}"

    def __get__(self, node: Value | None, owner: type[Value]) -> Any:
        if self.name in (own := getattr(node, "__dict__", {})):
            return own[self.name]
        raise AttributeError(self.message)

    def __set__(self, node: Value, x: Any) -> None:
        if not hasattr(node, "__dict__"):
            raise AttributeError(self.message)
        node.__dict__[self.name] = x


def _visible(node: Value) -> list[str]:
    return [name for name in object.__dir__(node) if name not in _OF_A_VALUE]


for _name, _remedy in _OF_A_VALUE.items():
    setattr(Value, _name, Absent(_name, _remedy))
setattr(Value, "__dir__", _visible)  # noqa: B010 - for Tab and debuggers, which list what there is


def remedy(name: str) -> str:
    """Return what to write for a name that others have in place of one of the engine's, or "".

    >>> remedy("no_grad")
    ': leave it out: no gradient is computed before backward(); v.data is a plain number'
    """
    return f": {_OF_THE_ENGINE[name]}" if name in _OF_THE_ENGINE else ""


def no_number(x: Any) -> TypeError:
    """Return the error for what is no real number."""
    what = f"the {type(x).__name__} {short(x)}"
    return TypeError(f"a Value holds one real number, not {what}: {_for_a_number(x)}")


def _for_a_number(x: Any) -> str:
    """Return what to write for a number in place of what was given."""
    if isinstance(x, (str, bytes)):
        return f"write float({short(x)})"
    if isinstance(x, Complex):
        return "take its .real or .imag"
    if hasattr(x, "local_derivatives"):
        return "it is a Value already; use it as it is, or its number, .data"
    if getattr(x, "shape", None) == ():
        return "write .item() behind it"
    if hasattr(x, "__len__") or hasattr(x, "shape"):
        return "make one Value for each number in it, in a list: [v * 2.0 for v in values]"
    return "give an int or a float"


def as_float(node: Value, number: Any) -> float:
    """Return a number assigned to a node's data as a float, or raise TypeError, which names it."""
    try:
        return real(number)
    except TypeError as error:
        slip = f"write {_label(node) or 'p'}.data -= …; " if isinstance(number, Value) else ""
        raise TypeError(f"{_called(node, '.data = …')}: {slip}{error}") from None


def no_label(label: Any) -> NoReturn:
    """Refuse a label that is no str; micrograd gives the parents in its place."""
    if isinstance(label, (tuple, set, list)):
        raise no_parents()
    text = "" if label is None else str(label)
    raise TypeError(f"a label is a str, not {label!r}: write label={text!r}")


def no_parents() -> TypeError:
    """Return the error for Value(data, (a, b), "+"), which is how micrograd makes a node."""
    leaf = "Value(data, label) makes a leaf"
    return TypeError(f"{leaf}: an operator or a function makes a node; {_PRIMITIVE}")


def no_rule(node: Value, function: Any) -> NoReturn:
    """Refuse `out._backward = f`, which is how micrograd defines an operation."""
    raise AttributeError(f"_backward can't be set, a node has its operation's rule: {_PRIMITIVE}")


def no_float(node: Value) -> NoReturn:
    """Refuse float(v), which math.sin(v) asks for."""
    instead = "write v.data for the number, or engine.sin(v) in place of math.sin(v)"
    raise TypeError(f"{node!r} would lose its graph as a float: {instead}")


def copied(node: Value) -> tuple[Any, ...]:
    """Return how copy and pickle make a leaf anew. An interior node would need its graph."""
    if node.parents:
        what = f"{node!r} can't be copied or pickled without its graph"
        raise TypeError(f"{what}: take Value(v.data) for a leaf")
    own = getattr(node, "__dict__", None), {"grad": node.grad}
    return type(node), (node.data, node.label), own


def send(node: Value) -> Callable[[], None]:
    """Return micrograd's `_backward` of a node: called, it sends its contributions."""

    def _backward() -> None:
        for parent, local in zip(node.parents, node.local_derivatives() if node.grad else ()):
            parent.grad += node.grad * local

    return _backward


def make_grads_floats(leaves: Iterable[Value]) -> list[float]:
    """Make the grads of the leaves floats, for a sweep to add to, and return them.

    Raises TypeError for one that is no number, before any is changed.
    """
    grads = [(leaf, _grad(leaf)) for leaf in leaves]
    for leaf, grad in grads:
        leaf.grad = grad
    return [grad for _, grad in grads]


def _grad(leaf: Value) -> float:
    try:
        return real(leaf.grad)
    except TypeError:
        grad = type(leaf.grad).__name__
        remedy = f"write {_label(leaf) or 'p'}.grad = 0.0, or call zero_grad()"
        what = f".grad is a {grad}, not a number"
        raise TypeError(f"{_called(leaf, what)}: {remedy}") from None


def _called(node: Value, what: str) -> str:
    """Return what is wrong with a node; without a label it is p, with its number and its place."""
    if node.label:
        return f"{_label(node)}{what}"
    return f"p{what}, where p is Value({node.data:.4g}), made at {node.created_at}"


def _label(node: Value) -> str:
    return printable(node.label)


# What Python's operators call where a NumPy number stands on their left.
_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "divide": operator.truediv,
    "floor_divide": operator.floordiv,
    "remainder": operator.mod,
    "power": operator.pow,
    "less": operator.lt,
    "less_equal": operator.le,
    "greater": operator.gt,
    "greater_equal": operator.ge,
    "equal": operator.eq,
    "not_equal": operator.ne,
}


def apply_ufunc(node: Value, ufunc: Any, method: str, *operands: Any, **options: Any) -> Any:
    """Return what NumPy asks a Value for: an operator behind a NumPy number, and nothing else.

    >>> import numpy
    >>> from engine import Value
    >>> numpy.float32(3.0) * Value(2.0)
    *(data=6, grad=0)
    """
    name = ufunc.__name__
    if name not in _OPERATORS or method != "__call__" or options:
        instead = _OF_THE_ENGINE.get(name)
        if name in OPERATIONS:
            letters = ", ".join("vwxyz"[: OPERATIONS[name].arity])
            instead = f"write engine.{name}({letters})"
        raise TypeError(f"numpy.{name} would lose the graph: {instead or 'use v.data'}")
    node = _OPERATORS[name](*[_operand(x) for x in operands])
    if isinstance(node, Value):
        frame = outside(_frame(1))
        node._code, node._offset = frame.f_code, frame.f_lasti
    return node


def _operand(x: Any) -> Any:
    """Return a Value as it is; a NumPy number, which comes as an array without axes, as a float."""
    if x.__class__ is Value or isinstance(x, Value):
        return x
    return real(x.item() if getattr(x, "shape", None) == () else x)


# Names of the micrograd lecture, for notebooks that walk the graph; what math and NumPy ask for.
for _name, _answer in {
    "_prev": property(graph.parents),
    "_op": property(lambda node: node.operation.symbol if node.operation else ""),
    "_backward": property(send, no_rule),
    "__float__": no_float,
    "__reduce__": copied,
    "__array_ufunc__": apply_ufunc,
}.items():
    setattr(Value, _name, _answer)
