"""Expressions typed on a command line become graphs: parsed, and never run as code.

>>> root = build("d = a*b; e = a + b; d*e", {"a": -2.0, "b": 3.0})
>>> root.backward()
>>> root, [parent.label for parent in root.parents]
(*(data=-6, grad=1), ['d', 'e'])
>>> build("w*y", {"w": 2.0})
Traceback (most recent call last):
    ...
engine.cli.expression.ExpressionError: w*y
  ^
y has no value: give it one, as in y=2.0
"""

import ast
import inspect
import math
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from keyword import iskeyword
from typing import NoReturn

from .. import functions, operations, sums
from ..formula import OPERATORS
from ..graph import topological_order
from ..operation import OPERATIONS
from ..printing import columns, plural, printable
from ..types import Number
from ..value import Value

LONGEST, DEEPEST = 20_000, 200  # characters, and brackets or operators inside one another

_OPERATORS: dict[str, Callable[..., Number]] = {
    **OPERATORS,
    "Pow": functions.power,  # a plain exponent is no operand
    "UAdd": lambda x: x,
}
_OF_LISTS = {
    name: getattr(sums, name)
    for name in ("total", "mean", "product", "logsumexp", "weighted_sum", "pick")
}
_INTERNAL = {
    *(operation.name for operation in OPERATORS.values()),
    "absolute",
    "masked",
    "sech",
    "normal_cdf",
    "gaussian",
}
FUNCTIONS: dict[str, Callable[..., Number]] = {
    **{name: row for name, row in OPERATIONS.items() if name not in _INTERNAL},
    **_OF_LISTS,
    "sum": sums.total,
    "abs": operations.absolute,
    "max": operations.maximum,
    "min": operations.minimum,
    "pow": functions.power,
    "leaky_relu": functions.leaky_relu,
    "elu": functions.elu,
    "clamp": functions.clamp,
}
_REMEDIES: dict[type[ast.AST], str] = {
    ast.BitXor: "^ is not a power here: write **",
    ast.Attribute: "methods and attributes are not read here: write tanh(x) in place of x.tanh()",
    ast.IfExp: "if … else would freeze one branch: write where(x > 0, a, b)",
    ast.BoolOp: "and, or are not read here: write minimum(a, b), maximum(a, b) of the two "
    "comparisons",
    ast.Not: "not is not read here: turn the comparison round",
    ast.Eq: "== is not read here: compare with <, <=, > or >=",
    ast.NotEq: "!= is not read here: compare with <, <=, > or >=",
    ast.List: "a list stands only in a function of many, as in total([a, b])",
    ast.Tuple: "one expression, please; several parts are separated by ; and all but the last "
    "have a name",
    ast.Lambda: "a function can't be made here: write the expression itself",
    ast.Starred: "* in front of an operand is not read here: name each one",
    ast.NamedExpr: "write the assignment in front: d = a*b; d + 1",
}


class ExpressionError(ValueError):
    """What is wrong with an expression, where (the column, from 0), and what to write instead.

    >>> print(ExpressionError("a + bb", 4, "bb has no value: give it one, as in bb=2.0"))
    a + bb
        ^
    bb has no value: give it one, as in bb=2.0
    """

    def __init__(self, line: str, column: int, message: str):
        self.line, self.column, self.message = line, column, message
        super().__init__(f"{_pointed(line, column)}\n{message}")


def _pointed(line: str, column: int) -> str:
    """Return the part of a line around a column, and a caret under that column."""
    start = max(0, column - 60)
    shown = ("…" if start else "") + printable(line[start : start + 100], 100)
    before = shown[: column - start + bool(start)]
    return f"{shown}\n{' ' * columns(before)}^"


def build(text: str, values: Mapping[str, float]) -> Value:
    """Return the graph of an expression: a labelled leaf for every name that has a value.

    >>> build("tanh(w*x + b)", {"w": -3.0, "x": 2.0, "b": 6.8813})
    tanh(data=0.7071, grad=0)

    The name of an assignment becomes a label. Operators, comparisons, numbers, pi, names and the
    engine's functions are read; anything else raises ExpressionError, which points at its column.
    Nothing of the text is run by Python.
    """
    reader = _Reader(text.strip(), values)
    root = reader.read()
    for node in topological_order(root)[0]:
        node._code = None  # the line in this file that made it is of no use to the user
    return root


def numbers(pairs: Iterable[str]) -> dict[str, float]:
    """Return the values given as NAME=NUMBER.

    >>> numbers(["w=-3", "x=2e-1"])
    {'w': -3.0, 'x': 0.2}
    """
    values: dict[str, float] = {}
    for pair in pairs:
        name, sign, digits = pair.partition("=")
        name = unicodedata.normalize("NFKC", name.strip())
        if not sign or not name.isidentifier() or iskeyword(name):
            column = 0 if not sign or not name else _first_odd(name)
            raise ExpressionError(pair, column, "a value is given as NAME=NUMBER, as in w=-3")
        if name in values:
            raise ExpressionError(pair, 0, f"{printable(name)} has two values: give it one")
        values[name] = _number(pair, len(pair) - len(digits), digits)
    return values


def _first_odd(name: str) -> int:
    return next((i for i in range(len(name)) if not name[: i + 1].isidentifier()), 0)


def _number(pair: str, column: int, digits: str) -> float:
    try:
        if len(digits) > 400 or "_" in digits:
            raise ValueError
        return float(digits)
    except ValueError:
        raise ExpressionError(
            pair, column, "this is not a number: write it as in w=-3 or w=2.5e-3"
        ) from None


class _Reader:
    """Reads one expression into a graph."""

    def __init__(self, text: str, values: Mapping[str, float]):
        self.lines = text.splitlines() or [""]
        self.text, self.values = text, values
        self.known: dict[str, Value] = {}  # leaves that were met, and names that were assigned
        self.depth = 0

    def read(self) -> Value:
        *assignments, last = self.statements()
        for statement in assignments:
            self.assign(statement)
        root = self.assign(last) if isinstance(last, ast.Assign) else self.one(last)
        unused = [name for name in self.values if name not in self.known]
        if unused:
            raise self.error(
                None,
                f"{_list(unused)} {'is' if len(unused) == 1 else 'are'} given a value but not "
                f"used: the names in it are {_list(self.known) or 'none'}",
            )
        if not isinstance(root, Value):
            raise self.error(
                None, "there is no name in it, so nothing to take a gradient by: write 2*x and x=3"
            )
        return root

    def statements(self) -> list[ast.stmt]:
        if len(self.text) > LONGEST:
            raise self.error(
                None,
                f"{len(self.text):,} characters are too many: {LONGEST:,} at most; write a file "
                "model.py, and draw model.py:loss",
            )
        try:
            statements = ast.parse(self.text).body
        except SyntaxError as error:
            raise ExpressionError(
                self.line(error.lineno or 1), max(0, (error.offset or 1) - 1), _advice(error)
            ) from None
        except (RecursionError, MemoryError):
            raise self.error(None, _too_deep()) from None
        except ValueError:
            raise self.error(None, "it holds a character that no expression has") from None
        if not statements:
            raise self.error(None, 'the expression is empty: write one, as in "w*x + b"')
        return statements

    def line(self, number: int) -> str:
        return self.lines[min(number, len(self.lines)) - 1]

    def error(self, node: ast.AST | None, message: str) -> ExpressionError:
        line = self.line(getattr(node, "lineno", 1))
        column = len(
            line.encode("utf-8", "replace")[: getattr(node, "col_offset", 0)].decode(
                "utf-8", "ignore"
            )
        )
        return ExpressionError(line, column, message)

    def assign(self, statement: ast.stmt) -> Value:
        """Read `d = a*b`: the name becomes the label of what was computed."""
        if not isinstance(statement, ast.Assign):
            raise self.error(
                statement, "only the last part may go without a name: write d = … in front of it"
            )
        target = statement.targets[0]
        if len(statement.targets) > 1 or not isinstance(target, ast.Name):
            raise self.error(target, "one name stands in front of =, as in d = a*b")
        if target.id in self.known or target.id in self.values:
            raise self.error(target, f"{target.id} has a value already: take another name")
        value = self.value(statement.value)
        node = self.known[target.id] = value if isinstance(value, Value) else Value(value)
        node.label = node.label or target.id
        return node

    def one(self, statement: ast.stmt) -> Number:
        if isinstance(statement, ast.AnnAssign):
            raise self.error(
                statement, ": is not read here; a Value of a file is named as in model.py:loss"
            )
        if not isinstance(statement, ast.Expr):
            raise self.error(
                statement,
                "this is a statement, not an expression: write a formula, as in tanh(w*x + b)",
            )
        return self.value(statement.value)

    def value(self, node: ast.AST) -> Number:
        """Return a Value, or a float where no name is involved."""
        read = getattr(self, f"read_{type(node).__name__}", self.refuse)
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.error(node, _too_deep())
        result: Number = read(node)
        self.depth -= 1
        return result

    def refuse(self, node: ast.AST, place: ast.AST | None = None) -> NoReturn:
        remedy = _REMEDIES.get(type(node))
        raise self.error(
            place or node,
            remedy
            or f"{_described(node)} is not read here: write operators, numbers, names "
            "and functions, as in tanh(w*x + b)",
        )

    def read_Constant(self, node: ast.Constant) -> float:
        if type(node.value) not in (int, float):
            raise self.error(node, f"{_described(node)} is not a number")
        try:
            number = float(node.value)  # type: ignore[arg-type]
        except OverflowError:
            number = math.inf
        if number == math.inf:
            raise self.error(node, "this number is beyond the largest float, 1.8e308")
        return number

    def read_Name(self, node: ast.Name) -> Number:
        name = node.id
        if name in self.known:
            return self.known[name]
        if name in self.values:
            self.known[name] = Value(self.values[name], label=name)
            return self.known[name]
        if name == "pi":
            return math.pi
        if name in FUNCTIONS:
            raise self.error(node, f"{name} is a function: write {name}(x)")
        if "·" in name:  # which Python takes for a letter
            raise self.error(node, f"write * for a product: {printable(name.replace('·', '*'))}")
        near = get_close_matches(name, [*self.values, *self.known], 1)
        hint = f"did you mean {near[0]}? Or give it one" if near else "give it one"
        raise self.error(
            node, f"{printable(name)} has no value: {hint}, as in {printable(name)}=2.0"
        )

    def read_BinOp(self, node: ast.BinOp) -> Number:
        apply = _OPERATORS.get(type(node.op).__name__) or self.refuse(node.op, node)
        return apply(self.value(node.left), self.value(node.right))

    def read_UnaryOp(self, node: ast.UnaryOp) -> Number:
        apply = _OPERATORS.get(type(node.op).__name__) or self.refuse(node.op, node)
        if isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant):
            return -self.value(node.operand)
        return apply(self.value(node.operand))

    def read_Compare(self, node: ast.Compare) -> Number:
        if len(node.ops) > 1:
            raise self.error(node, "one comparison at a time: minimum(a < b, b < c) says both")
        apply = _OPERATORS.get(type(node.ops[0]).__name__) or self.refuse(node.ops[0], node)
        return apply(self.value(node.left), self.value(node.comparators[0]))

    def read_Call(self, node: ast.Call) -> Number:
        if not isinstance(node.func, ast.Name):
            self.refuse(node.func)
        name = node.func.id
        function = FUNCTIONS.get(name) or self.unknown(node.func, name)
        operands = [self.operand(argument, name) for argument in node.args]
        options = {option.arg or "**": self.value(option.value) for option in node.keywords}
        wrong = _mismatch(function, name, operands, options)
        if wrong:
            raise self.error(node, wrong)
        try:
            return function(*operands, **options)
        except ValueError as error:
            raise self.error(node, str(error)) from None
        except TypeError:
            raise self.error(
                node, f"{name}: its bounds and slopes are plain numbers, not names"
            ) from None

    def operand(self, node: ast.expr, name: str) -> Number | list[Number]:
        if isinstance(node, ast.List | ast.Tuple) and FUNCTIONS[name] in _OF_LISTS.values():
            return [self.value(element) for element in node.elts]
        return self.value(node)

    def unknown(self, node: ast.AST, name: str) -> NoReturn:
        if name in self.values or name in self.known:
            raise self.error(
                node, f"{name} is a value, not a function: write {name}*( for a product"
            )
        near = get_close_matches(name, FUNCTIONS, 1)
        hint = f"did you mean {near[0]}?" if near else f"there are {_list(sorted(FUNCTIONS))}"
        raise self.error(node, f"there is no function {printable(name)}: {hint}")


def _mismatch(
    function: Callable[..., Number],
    name: str,
    operands: Sequence[Number | list[Number]],
    options: Mapping[str, Number],
) -> str:
    """Return what is wrong with the operands of a call; empty if nothing is."""
    arity = getattr(function, "arity", None)
    if arity is not None and (len(operands) != arity or options):
        return f"{name} takes {plural(arity, 'operand')}, not {len(operands) + len(options)}"
    if function in _OF_LISTS.values() and not isinstance(operands[0] if operands else None, list):
        return f"{name} takes a list: write {name}([a, b])"
    if arity is None:
        try:
            inspect.signature(function).bind(*operands, **options)
        except TypeError as error:
            return f"{name}: {error}"
    return ""


def _advice(error: SyntaxError) -> str:
    """Return the remedy for a common syntax error; for another what Python says of it."""
    message = str(error.msg)
    if "invalid decimal literal" in message or "forgot a comma" in message:
        message = "two operands without an operator: write * for a product, as in 2*x"
    elif "too many nested" in message or "too many levels" in message:
        message = _too_deep()
    elif "Exceeds the limit" in message:
        message = "this number is beyond the largest float, 1.8e308"
    elif "expected 'else'" in message:
        message = _REMEDIES[ast.IfExp]
    elif message == "invalid syntax" or "Missing parentheses" in message:
        message = "an operator or an operand is missing here: write it, as in w*x + b"
    elif "invalid character" in message or "non-printable" in message:
        message += ": write what is on a keyboard, as in 2*x**3 - 1"
    elif "cannot assign" in message or "Maybe you meant '=='" in message:
        message = "one name stands in front of =, as in d = a*b; and no == is read here"
    return message


def _too_deep() -> str:
    return f"this is nested more than {DEEPEST} deep: name a part of it first, as in d = a*b; d + 1"


def _described(node: ast.AST) -> str:
    """Return what a part of an expression is called in a message."""
    if isinstance(node, ast.Constant):
        return {
            "str": "a text in quotes",
            "bytes": "a text in quotes",
            "complex": "a complex number",
        }.get(type(node.value).__name__, repr(node.value))
    return {
        "Subscript": "[…]",
        "JoinedStr": "a text in quotes",
        "ListComp": "a comprehension",
        "Dict": "a dictionary",
        "GeneratorExp": "a comprehension",
        "Invert": "~",
        "MatMult": "@",
    }.get(type(node).__name__, "this")


def _list(names: Iterable[str]) -> str:
    return ", ".join(printable(name) for name in names)
