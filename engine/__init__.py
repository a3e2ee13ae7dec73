"""chainrule's engine: Values, their graph, and the gradients that flow back through it.

>>> import engine
>>> a, b = engine.Value(-4.0, label="a"), engine.Value(2.0, label="b")
>>> c = (a * b).tanh() + b ** 2
>>> c.backward()
>>> print(f"{c:.4f} {b.grad:.4f}")
3.0000 4.0000

Reading order: value, operations, ieee, graph, backward, and forward beside it; then explain and
calculus; then whatever you like.
"""

from importlib import import_module
from sys import modules
from typing import TYPE_CHECKING, Any

from . import habits  # noqa: F401 - tells Value what others call its attributes
from .anomaly import anomaly
from .calculus import derivative, gradient
from .explain import Step, text, why
from .functions import clamp, elu, leaky_relu
from .location import Site
from .primitive import primitive
from .sums import logsumexp, mean, pick, product, softmax, total, weighted_sum
from .types import Node, Number
from .value import Value, lift

if TYPE_CHECKING:  # what an editor shows; it runs as the rows of a table, or is loaded on first use
    from .calculus import hessian, hessian_vector_product, jacobian, jvp
    from .check import check_gradients
    from .debugger import debug
    from .files import read_json, write_file, write_json
    from .signatures import *  # noqa: F403
    from .tape import FrozenBranchWarning, record
    from .tape import Tape as Tape
    from .view import draw, draw_dot, stepper
    from .view.training import film
else:
    from .operations import (
        acos,
        acosh,
        asin,
        asinh,
        atan,
        atan2,
        atanh,
        cbrt,
        ceil,
        copysign,
        cos,
        cosh,
        erf,
        erfc,
        exp,
        exp2,
        expm1,
        floor,
        fmod,
        gelu,
        hypot,
        log,
        log1p,
        log2,
        log10,
        logaddexp,
        maximum,
        minimum,
        reciprocal,
        relu,
        sigmoid,
        sign,
        silu,
        sin,
        sinh,
        softplus,
        sqrt,
        square,
        step,
        tan,
        tanh,
        trunc,
        where,
    )

__all__ = [
    "FrozenBranchWarning",
    "Node",
    "Number",
    "Site",
    "Step",
    "Value",
    "acos",
    "acosh",
    "anomaly",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "cbrt",
    "ceil",
    "check_gradients",
    "clamp",
    "copysign",
    "cos",
    "cosh",
    "debug",
    "derivative",
    "draw",
    "draw_dot",
    "elu",
    "erf",
    "erfc",
    "exp",
    "exp2",
    "expm1",
    "film",
    "floor",
    "fmod",
    "gelu",
    "gradient",
    "hessian",
    "hessian_vector_product",
    "hypot",
    "jacobian",
    "jvp",
    "leaky_relu",
    "lift",
    "log",
    "log10",
    "log1p",
    "log2",
    "logaddexp",
    "logsumexp",
    "maximum",
    "mean",
    "minimum",
    "pick",
    "primitive",
    "product",
    "read_json",
    "reciprocal",
    "record",
    "relu",
    "sigmoid",
    "sign",
    "silu",
    "sin",
    "sinh",
    "softmax",
    "softplus",
    "sqrt",
    "square",
    "step",
    "stepper",
    "tan",
    "tanh",
    "text",
    "total",
    "trunc",
    "weighted_sum",
    "where",
    "why",
    "write_file",
    "write_json",
]

_ON_FIRST_USE = {  # what needs more than the heart is imported when it is first asked for
    "jacobian": "calculus",
    "hessian": "calculus",
    "hessian_vector_product": "calculus",
    "jvp": "calculus",
    "check_gradients": "check",
    "record": "tape",
    "Tape": "tape",
    "FrozenBranchWarning": "tape",
    "draw": "view",
    "draw_dot": "view",
    "film": "view.training",
    "stepper": "view",
    "debug": "debugger",
    "read_json": "files",
    "write_file": "files",
    "write_json": "files",
}


def __dir__() -> list[str]:
    """Return every name, also of what is not loaded yet: for Tab, and for "did you mean"."""
    return sorted({*globals(), *_ON_FIRST_USE})


if not TYPE_CHECKING:  # a type checker would take every misspelt name for an Any

    def __getattr__(name: str) -> Any:
        if name not in _ON_FIRST_USE:
            instead = import_module("engine.habits").remedy(name)
            this = modules[__name__]
            raise AttributeError(f"engine has no {name!r}{instead}", name=name, obj=this)
        loaded = globals()[name] = getattr(import_module(f"engine.{_ON_FIRST_USE[name]}"), name)
        return loaded
