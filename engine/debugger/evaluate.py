"""Formulas typed at the debugger's prompt: arithmetic on labels, parsed and never run as code.

>>> formula = read("abs(a.grad) * 2 > 5")
>>> formula({"a.grad": -3.0}.__getitem__)
1.0
>>> read("open('f')")
Traceback (most recent call last):
    ...
engine.debugger.evaluate.Refused: a formula is arithmetic over labels ...; this is not: open('f')
"""

import ast
import math
import operator
import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from ..formula import OPERATORS
from ..operation import OPERATIONS
from ..printing import printable

Lookup = Callable[[str], float]
Formula = Callable[[Lookup], float]
LONGEST = 200  # characters

_OPERATORS: dict[str, Callable[..., float]] = {
    **OPERATORS,
    "UAdd": lambda x: x,
    "Not": lambda x: float(not x),
    "Eq": operator.eq,
    "NotEq": operator.ne,
}
_FUNCTIONS: dict[str, Callable[..., float]] = {
    **{name: row for name, row in OPERATIONS.items() if row.arity == 1},
    "abs": abs,
    "isnan": lambda x: float(x != x),
    "isinf": lambda x: float(math.isinf(x)),
}
_EXTREMES: dict[str, Callable[..., float]] = {"min": min, "max": max}  # of two operands or more


class Refused(ValueError):
    """What was typed can't be done; the message says why and what to type instead."""


def read(text: str) -> Formula:
    """Return the formula as a function of a lookup, which gives the number behind a name.

    A name is a label, `x` or `layer0.neuron1.w2`, or the number of a node, `#7`, each alone or with
    `.data` or `.grad`. Raises Refused for anything but arithmetic.

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


def _formula(tree: ast.AST) -> Formula:
    """Return the function of one part. Raises KeyError or ValueError for what is not listed."""
    return _PARTS[type(tree)](tree)


def _operator(tree: ast.AST) -> Callable[..., float]:
    return _OPERATORS[type(tree).__name__]


def _constant(tree: ast.Constant) -> Formula:
    if type(tree.value) not in (int, float):
        raise ValueError
    number = float(tree.value)  # type: ignore[arg-type]
    return lambda lookup: number


def _binary(tree: ast.BinOp) -> Formula:
    function, left, right = _operator(tree.op), _formula(tree.left), _formula(tree.right)
    return lambda lookup: function(left(lookup), right(lookup))


def _unary(tree: ast.UnaryOp) -> Formula:
    function, operand = _operator(tree.op), _formula(tree.operand)
    return lambda lookup: function(operand(lookup))


def _boolean(tree: ast.BoolOp) -> Formula:
    parts, every = [_formula(part) for part in tree.values], isinstance(tree.op, ast.And)
    return lambda lookup: float((all if every else any)(part(lookup) for part in parts))


def _compare(tree: ast.Compare) -> Formula:
    tests = [_operator(test) for test in tree.ops]
    parts = [_formula(part) for part in (tree.left, *tree.comparators)]

    def compared(lookup: Lookup) -> float:
        numbers = [part(lookup) for part in parts]
        return float(all(test(*pair) for test, pair in zip(tests, pairwise(numbers))))

    return compared


def _call(tree: ast.Call) -> Formula:
    if not isinstance(tree.func, ast.Name) or tree.keywords:
        raise ValueError
    name, parts = tree.func.id, [_formula(part) for part in tree.args]
    if len(parts) == 1:
        function = _FUNCTIONS[name]
    elif len(parts) > 1:
        function = _EXTREMES[name]
    else:
        raise ValueError
    return lambda lookup: function(*[part(lookup) for part in parts])


def _name(tree: ast.AST) -> Formula:
    path = re.sub(r"\bnumber_(\d+)_", r"#\1", _path(tree))
    return lambda lookup: lookup(path)


def _path(tree: ast.AST) -> str:
    """Return `layer0.neuron1.w2` as text: a label may have dots, and no attribute is looked up."""
    if isinstance(tree, ast.Attribute):
        return f"{_path(tree.value)}.{tree.attr}"
    if isinstance(tree, ast.Name):
        return tree.id
    raise ValueError


_PARTS: dict[type, Callable[[Any], Formula]] = {
    ast.Constant: _constant,
    ast.BinOp: _binary,
    ast.UnaryOp: _unary,
    ast.BoolOp: _boolean,
    ast.Compare: _compare,
    ast.Call: _call,
    ast.Name: _name,
    ast.Attribute: _name,
}
