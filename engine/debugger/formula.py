"""Formulas typed at the debugger's prompt: arithmetic over labels, `.data` and `.grad`, parsed, never evaluated.

>>> formula = read("abs(a.grad) * 2 > 5")
>>> formula({"a.grad": -3.0}.__getitem__)
1.0
>>> read("open('f')")
Traceback (most recent call last):
    ...
engine.debugger.formula.Refused: a formula is arithmetic over labels (or #7), .data and .grad; this is not: open('f')
"""

import ast
import math
import operator
import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from .. import ieee
from ..printing import printable

Lookup = Callable[[str], float]
Formula = Callable[[Lookup], float]
LONGEST = 200  # characters

_BINARY: dict[type, Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: ieee.divide,
    ast.FloorDiv: ieee.floor_divide,
    ast.Mod: ieee.modulo,
    ast.Pow: ieee.power,
}
_UNARY: dict[type, Callable[[float], float]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Not: lambda x: float(not x),
}
_COMPARE: dict[type, Callable[[float, float], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_CALLS: dict[str, Callable[..., float]] = {
    "abs": abs,
    "min": min,
    "max": max,
    "sqrt": ieee.sqrt,
    "exp": ieee.exp,
    "log": ieee.log,
    "tanh": math.tanh,
    "isnan": lambda x: float(x != x),
    "isinf": lambda x: float(math.isinf(x)),
}


class Refused(ValueError):
    """What was typed can't be done; the message says why and what to type instead."""


def read(text: str) -> Formula:
    """The formula as a function of a lookup from names (`x`, `x.grad`, `layer0.neuron1.w2.data`, `#7.grad`) to floats.

    >>> read("2 ** 0.5 + x")(lambda name: 1.0)
    2.414213562373095
    """
    if len(text) > LONGEST:
        raise Refused(f"a formula has at most {LONGEST} characters, this one has {len(text):,}")
    try:
        tree = ast.parse(re.sub(r"#(\d+)", r"number_\1_", text.strip()), mode="eval")
        return _formula(tree.body)
    except (SyntaxError, ValueError, ArithmeticError, RecursionError, MemoryError, KeyError):
        raise Refused(
            "a formula is arithmetic over labels (or #7), .data and .grad; this is not: "
            + printable(text)
        ) from None


def _formula(tree: Any) -> Formula:
    """The function of one part; raises KeyError or ValueError for whatever is not on the list."""
    return _PARTS[type(tree)](tree)


def _constant(tree: ast.Constant) -> Formula:
    if type(tree.value) not in (int, float):
        raise ValueError
    number = float(tree.value)  # type: ignore[arg-type]
    return lambda lookup: number


def _binary(tree: ast.BinOp) -> Formula:
    function, left, right = _BINARY[type(tree.op)], _formula(tree.left), _formula(tree.right)
    return lambda lookup: function(left(lookup), right(lookup))


def _unary(tree: ast.UnaryOp) -> Formula:
    function, operand = _UNARY[type(tree.op)], _formula(tree.operand)
    return lambda lookup: function(operand(lookup))


def _choice(tree: ast.BoolOp) -> Formula:
    parts, every = [_formula(part) for part in tree.values], isinstance(tree.op, ast.And)
    return lambda lookup: float((all if every else any)(part(lookup) for part in parts))


def _compare(tree: ast.Compare) -> Formula:
    tests = [_COMPARE[type(op)] for op in tree.ops]
    parts = [_formula(part) for part in (tree.left, *tree.comparators)]

    def compared(lookup: Lookup) -> float:
        numbers = [part(lookup) for part in parts]
        return float(all(test(*pair) for test, pair in zip(tests, pairwise(numbers))))

    return compared


def _call(tree: ast.Call) -> Formula:
    if not isinstance(tree.func, ast.Name) or tree.keywords:
        raise ValueError
    function, parts = _CALLS[tree.func.id], [_formula(part) for part in tree.args]
    if len(parts) < 1 + (tree.func.id in ("min", "max")) or (
        len(parts) > 1 and tree.func.id not in ("min", "max")
    ):
        raise ValueError
    return lambda lookup: function(*[part(lookup) for part in parts])


def _name(tree: Any) -> Formula:
    path = re.sub(r"\bnumber_(\d+)_", r"#\1", _path(tree))
    return lambda lookup: lookup(path)


def _path(tree: Any) -> str:
    """`layer0.neuron1.w2` as text: a label may have dots, so attributes are letters here and nothing is looked up."""
    if isinstance(tree, ast.Attribute):
        return f"{_path(tree.value)}.{tree.attr}"
    if isinstance(tree, ast.Name):
        return tree.id
    raise ValueError


_PARTS: dict[type, Callable[[Any], Formula]] = {
    ast.Constant: _constant,
    ast.BinOp: _binary,
    ast.UnaryOp: _unary,
    ast.BoolOp: _choice,
    ast.Compare: _compare,
    ast.Call: _call,
    ast.Name: _name,
    ast.Attribute: _name,
}
