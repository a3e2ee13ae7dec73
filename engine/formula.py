"""Formulas as text: nodes as expressions of what they were computed from, rules on letters.

>>> from engine import Value
>>> x = Value(2.0, label="x")
>>> name((x - (x - 1)) * x), expression(x.exp() ** 2)
('(x - (x - 1))·x', 'exp(x)²')
>>> rule("multiply"), rule("tanh")
('∂z/∂x = y, ∂z/∂y = x', '∂z/∂x = (1 / cosh(x))²')

One table says how an operation is written. The names of nodes fill it with the names of their
parents; a rule, which numbers and Values go through, is called with Symbols, and a Symbol answers
an operation with its text. So no derivative is written twice: what is shown is what is computed.

Brackets stand where Python would need them to compute the same operations in the same order, and
in a few more places where an eye would. A whole exponent is written `x²`, any other `x**0.5`.
"""

import math
from collections.abc import Mapping, Sequence
from functools import reduce
from types import FunctionType, MappingProxyType
from typing import Any, NamedTuple

from . import operations
from .operation import OPERATIONS, Operation
from .printing import number, printable
from .types import Node

Names = Mapping[Any, str]  # what to call nodes that have no label
UNNAMED: Names = MappingProxyType({})

# How tightly the parts of a text bind, loosest first.
COMPARISON, SUM, QUOTIENT, SIGN, PRODUCT, POWER, ATOM = range(7)


class Form(NamedTuple):
    """How an operation is written: its text, how tightly that binds, and what its operands need."""

    pattern: str
    precedence: int
    needs: tuple[int, ...]  # an operand that binds less tightly gets brackets


FORMS = {
    "less": Form("{} < {}", COMPARISON, (SUM, SUM)),
    "less_equal": Form("{} ≤ {}", COMPARISON, (SUM, SUM)),
    "greater": Form("{} > {}", COMPARISON, (SUM, SUM)),
    "greater_equal": Form("{} ≥ {}", COMPARISON, (SUM, SUM)),
    "add": Form("{} + {}", SUM, (SUM, QUOTIENT)),
    "subtract": Form("{} - {}", SUM, (SUM, QUOTIENT)),
    "divide": Form("{} / {}", QUOTIENT, (SIGN, POWER)),
    "floor_divide": Form("{} // {}", QUOTIENT, (PRODUCT, POWER)),
    "modulo": Form("{} % {}", QUOTIENT, (PRODUCT, POWER)),
    "reciprocal": Form("1 / {}", QUOTIENT, (POWER,)),
    "negative": Form("-{}", SIGN, (POWER,)),
    "multiply": Form("{}·{}", PRODUCT, (SIGN, POWER)),
    "masked": Form("{}·{}", PRODUCT, (SIGN, POWER)),
    "square": Form("{}²", POWER, (ATOM,)),
    "power": Form("{}**{}", POWER, (ATOM, ATOM)),
    "absolute": Form("|{}|", ATOM, (COMPARISON,)),
    "sech": Form("1 / cosh({})", QUOTIENT, (COMPARISON,)),
    "gaussian": Form("exp(-½·{}²)", ATOM, (ATOM,)),
}  # every other operation is a call, `tanh(x)`
OPERATORS = {
    "Add": operations.add,
    "Sub": operations.subtract,
    "Mult": operations.multiply,
    "Div": operations.divide,
    "FloorDiv": operations.floor_divide,
    "Mod": operations.modulo,
    "Pow": operations.raise_to,
    "USub": operations.negative,
    "Lt": operations.less,
    "LtE": operations.less_equal,
    "Gt": operations.greater,
    "GtE": operations.greater_equal,
}  # what an operator means in an expression that is typed, by its class in Python's module ast
CHAINS = {"total": "add", "product": "multiply"}  # of many operands, joined from left to right
TERMS, OPERANDS = 3, 8  # of a weighted sum, of another operation of many, that a name spells out

_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_LETTERS = {
    "where": ("condition", "x", "y"),
    "masked": ("g", "local"),
    "atan2": ("y", "x"),
    "weighted_sum": ("w₀", "w₁", "a₀", "a₁", "b"),
    "pick": ("x₀", "x₁", "x₂", "index"),
}
_MANY = ("x₀", "x₁", "x₂")
_NAMES = {  # letters lose no digits
    **vars(operations),
    "by_x": lambda z, x, y, lower: y * lower,
    "_scale": lambda r: 1.0,
}


class Symbol:
    """A piece of a formula: its text, and how tightly that binds."""

    __slots__ = ("precedence", "text")

    def __init__(self, text: str, precedence: int = ATOM):
        self.text, self.precedence = text, precedence

    def inside(self, needed: int) -> str:
        """Return the text as an operand, in brackets unless it binds as tightly as needed."""
        return self.text if self.precedence >= needed else f"({self.text})"

    @staticmethod
    def apply_operation(operation: Operation, operands: tuple[Any, ...]) -> "Symbol":
        """Return an operation that was called with symbols as a symbol."""
        return applied(operation, *operands)

    def __add__(self, other: "Symbol | float") -> "Symbol":
        return applied(operations.add, self, other)

    def __radd__(self, other: "Symbol | float") -> "Symbol":
        return applied(operations.add, other, self)

    def __sub__(self, other: "Symbol | float") -> "Symbol":
        return applied(operations.subtract, self, other)

    def __rsub__(self, other: "Symbol | float") -> "Symbol":
        return applied(operations.subtract, other, self)

    def __mul__(self, other: "Symbol | float") -> "Symbol":
        return applied(operations.multiply, self, other)

    def __rmul__(self, other: "Symbol | float") -> "Symbol":
        return applied(operations.multiply, other, self)

    def __truediv__(self, other: "Symbol | float") -> "Symbol":
        return applied(operations.divide, self, other)

    def __rtruediv__(self, other: "Symbol | float") -> "Symbol":
        return applied(operations.divide, other, self)

    def __neg__(self) -> "Symbol":
        return applied(operations.negative, self)

    def __abs__(self) -> "Symbol":
        return applied(operations.absolute, self)

    def __lt__(self, other: "Symbol | float") -> "Symbol":
        return applied(operations.less, self, other)

    def __le__(self, other: "Symbol | float") -> "Symbol":
        return applied(operations.less_equal, self, other)

    def __gt__(self, other: "Symbol | float") -> "Symbol":
        return applied(operations.greater, self, other)

    def __ge__(self, other: "Symbol | float") -> "Symbol":
        return applied(operations.greater_equal, self, other)

    def __pow__(self, exponent: "Symbol | float") -> "Symbol":
        if isinstance(exponent, Symbol):
            return applied(operations.raise_to, self, exponent)
        return applied(operations.power_of(exponent), self)

    def __repr__(self) -> str:
        return self.text


REST, ZERO = Symbol("…"), Symbol("0")  # what is left out; a plain 0

# -- how an operation is written
# ---------------------------------------------------------------------------------------------


def applied(operation: Operation, *operands: Symbol | float) -> Symbol:
    """Return an operation on the symbols and numbers of a rule; leave out factors of 1."""
    symbols = [x if isinstance(x, Symbol) else constant(x) for x in operands]
    if operation.name == "multiply" and 1.0 in operands:
        return symbols[1 if operands[0] == 1.0 else 0]
    if operation.name == "power" and operation.parameters == (1.0,):
        return symbols[0]
    return written(operation, symbols)


def written(operation: Operation, operands: Sequence[Symbol]) -> Symbol:
    """Return an operation on symbols as one symbol.

    >>> x, y = Symbol("x"), Symbol("y")
    >>> written(OPERATIONS["modulo"], [x, written(OPERATIONS["multiply"], [x, y])])
    x % (x·y)
    """
    if operation.name == "weighted_sum":
        return _weighted_sum(operands)
    if operation.name in CHAINS and len(operands) > 1:
        return _chain(CHAINS[operation.name], operands)
    if operation.name == "power" and operation.parameters:
        return Symbol(operands[0].inside(ATOM) + _exponent(operation.parameters[0]), POWER)
    if operation.name in FORMS:
        return _filled(FORMS[operation.name], operands)
    texts = [*(x.text for x in operands), *map(number, operation.parameters)]
    return Symbol(f"{operation.name}({', '.join(texts)})")


def _filled(form: Form, operands: Sequence[Symbol]) -> Symbol:
    first, *others = [x.inside(need) for x, need in zip(operands, form.needs, strict=True)]
    if form.precedence != COMPARISON:  # a + (-b), but a < -b
        others = [f"({text})" if text.startswith("-") else text for text in others]
    return Symbol(form.pattern.format(first, *others), form.precedence)


def _chain(name: str, operands: Sequence[Symbol]) -> Symbol:
    return reduce(lambda x, y: _filled(FORMS[name], (x, y)), operands)


def _weighted_sum(operands: Sequence[Symbol]) -> Symbol:
    """Return w₀·a₀ + w₁·a₁ + … + b, from the operands w…, a…, b; a b of 0 is left out."""
    half = len(operands) // 2
    terms = [
        w if w is REST else _chain("multiply", (w, a))
        for w, a in zip(operands[:half], operands[half:-1], strict=True)
    ]
    return _chain("add", terms if terms and operands[-1] is ZERO else [*terms, operands[-1]])


def _exponent(p: float) -> str:
    """Return a plain exponent, with digits enough to tell it from every other.

    >>> _exponent(2.0), _exponent(-1.0), _exponent(-0.5), _exponent(1 / 3), _exponent(2.0000001)
    ('²', '⁻¹', '**(-0.5)', '**(1/3)', '**2.0000001')
    """
    digits = repr(p).removesuffix(".0")
    if digits.lstrip("-").isdigit():
        return digits.translate(_SUPERSCRIPT)
    fraction = _fraction(p)
    return f"**({fraction or digits})" if fraction or p < 0.0 else f"**{digits}"


_CONSTANTS = {
    0.5: Symbol("½"),
    math.log(2.0): Symbol("log(2)"),
    1.0 / math.log(2.0): Symbol("1/log(2)", QUOTIENT),
    1.0 / math.log(10.0): Symbol("1/log(10)", QUOTIENT),
    2.0 / math.sqrt(math.pi): Symbol("2/√π", QUOTIENT),
    1.0 / math.sqrt(2.0 * math.pi): Symbol("1/√(2π)", QUOTIENT),
}


def constant(x: float) -> Symbol:
    """Return a number that stands in a rule: a well-known one by its name, else four digits.

    >>> constant(0.5), constant(1 / 3), constant(-2.5)
    (½, 1/3, -2.5)
    """
    if x < 0.0:
        return Symbol("-" + constant(-x).inside(POWER), SIGN)
    if x in _CONSTANTS:
        return _CONSTANTS[x]
    fraction = _fraction(x)
    return Symbol(fraction, QUOTIENT) if fraction else Symbol(number(x))


def _fraction(x: float) -> str:
    """Return a number without short decimals as a fraction of small numbers; "" if it is none."""
    if len(repr(x)) < 9 or not abs(x) < 100.0:
        return ""
    return next((f"{round(x * n)}/{n}" for n in range(3, 13) if round(x * n) / n == x), "")


# -- nodes
# ---------------------------------------------------------------------------------------------


def symbol(node: Node, depth: int = 3, names: Names = UNNAMED) -> Symbol:
    """Return what to call a node: its label, a leaf's number, or the expression that it is.

    The expression goes down to labels, and at most `depth` operations; what is below is `…`.
    `names` are for nodes without a label.
    """
    if label := node.label or names.get(node):
        return Symbol(printable(label))
    if not node.parents:
        return ZERO if node.constant and node.data == 0.0 else numeral(node.data)
    return _operation(node, depth - 1, names) if depth else REST


def numeral(x: float) -> Symbol:
    """Return a number as a symbol, in four digits; a negative one gets brackets as an operand."""
    digits = number(x)
    return Symbol(digits, SIGN if digits.startswith("-") else ATOM)


def _operation(node: Node, depth: int, names: Names) -> Symbol:
    """Return a node as its operation on the names of its parents."""
    assert node.operation is not None
    operands = [REST if x is None else symbol(x, depth, names) for x in _operands(node)]
    return written(node.operation, operands)


def _operands(node: Node) -> list[Node | None]:
    """Return the operands to spell out; None stands for those that are too many."""
    parents, half = node.parents, len(node.parents) // 2
    if node.operation is operations.weighted_sum and half > TERMS:
        weights, inputs = parents[:TERMS], parents[half : half + TERMS]
        return [*weights, None, *inputs, None, parents[-1]]
    if node.operation is operations.pick and len(parents) > OPERANDS:
        return [*parents[:TERMS], None, parents[-1]]
    return [*parents[:OPERANDS], *[None] * (len(parents) > OPERANDS)]


def name(node: Node, names: Names = UNNAMED) -> str:
    """Return what to call a node in text.

    >>> from engine import Value
    >>> x = Value(2.0, label="x")
    >>> name((x + 1) * x), name(x.exp()), name(x - -3.0)
    ('(x + 1)·x', 'exp(x)', 'x - (-3)')
    """
    return symbol(node, names=names).text


def bracketed(node: Node, names: Names = UNNAMED) -> str:
    """Return the name of a node before `.grad` or behind `∂`: in brackets unless it is one word.

    >>> from engine import Value
    >>> x = Value(2.0, label="x")
    >>> bracketed(x + 1), bracketed((x * 1.25 + x * 1.5 + x * 1.75).tanh())
    ('(x + 1)', 'tanh(… + … + x·1.75)')
    """
    shown = next(
        (short for depth in (3, 2) if len((short := symbol(node, depth, names)).text) <= 24),
        symbol(node, 1, names),
    )
    return Symbol(printable(shown.text, 24), shown.precedence).inside(ATOM)


def expression(node: Node, names: Names = UNNAMED) -> str:
    """Return a node as one operation on its parents, `z = x·w` or `x·w`; of a leaf the name."""
    if not node.parents:
        return name(node, names)
    text, label = _operation(node, 2, names).text, node.label or names.get(node)
    return f"{printable(label)} = {text}" if label else text


# -- operations and their rules, on letters
# ---------------------------------------------------------------------------------------------


def rule(operation: Operation | str, names: Sequence[str | Symbol] = ()) -> str:
    """Return the local derivatives of an operation, as formulas.

    >>> rule("divide")
    '∂z/∂x = 1 / y, ∂z/∂y = -(z / y)'

    `operation` is one, such as `node.operation`, or the name of a built-in one. `names` are what to
    call the operands. Raises KeyError for a name that no operation has.
    """
    letters = _symbols(_named(operation), names)
    return ", ".join(
        f"∂z/∂{letter.inside(ATOM)} = {text}"
        for letter, text in zip(letters, slopes(operation, letters), strict=True)
    )


def slopes(
    operation: Operation | str, names: Sequence[str | Symbol] = (), result: str | Symbol = "z"
) -> tuple[str, ...]:
    """Return the formula of each local derivative, in the order of the operands.

    >>> slopes("exp"), slopes("sin", ["t"])
    (('z',), ('cos(t)',))

    `result` is what to call the value itself. The rule of a primitive that can't be written on
    letters (it asks for a number) is shown as "?".
    """
    operation = _named(operation)
    letters = _symbols(operation, names)
    symbols = derivatives(operation, letters, result)
    if symbols is None:
        return ("?",) * len(letters)
    return tuple([x.text if isinstance(x, Symbol) else constant(x).text for x in symbols])


def derivatives(
    operation: Operation, names: Sequence[str | Symbol], result: str | Symbol
) -> tuple[Symbol | float, ...] | None:
    """Return the local derivatives as symbols, and as numbers where they are the same everywhere.

    >>> derivatives(OPERATIONS["power"], ["a", "b"], "c")[0]
    b·a**(b - 1)

    None for a rule that asks for numbers.
    """
    z = result if isinstance(result, Symbol) else Symbol(result)
    try:
        return _called(operation, z, _symbols(operation, names))
    except (TypeError, ValueError, ArithmeticError, AttributeError):
        return None


def forward(operation: Operation | str, names: Sequence[str | Symbol] = ()) -> str:
    """Return the operation itself, on letters.

    >>> forward("multiply"), forward("tanh"), forward("square")
    ('x·y', 'tanh(x)', 'x²')
    """
    operation = _named(operation)
    return written(operation, _symbols(operation, names)).text


def _called(operation: Operation, z: Symbol, operands: Sequence[Symbol]) -> tuple[Any, ...]:
    """Return what the rule of an operation gives for symbols."""
    rule = _rebound(getattr(operation.rule, "__wrapped__", operation.rule), _NAMES)
    slopes: tuple[Any, ...] = rule(z, *operands, *operation.parameters)
    return slopes


def _rebound(function: Any, names: Mapping[str, Any]) -> Any:
    """Return a rule of operations.py again: the same code, whose names mean what `names` says."""
    if function.__module__ != operations.__name__:
        return function
    return FunctionType(
        function.__code__,
        dict(names),
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )


def _named(operation: Operation | str) -> Operation:
    return OPERATIONS[operation] if isinstance(operation, str) else operation


def _symbols(operation: Operation, names: Sequence[str | Symbol]) -> list[Symbol]:
    """Return the operands' names as symbols; letters where there are none."""
    usual = _MANY if operation.arity is None else ("x", "y", "z", "u", "v", "w")[: operation.arity]
    letters = names or _LETTERS.get(operation.name, usual)
    return [x if isinstance(x, Symbol) else Symbol(x) for x in letters]
