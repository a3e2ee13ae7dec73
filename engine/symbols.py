"""Rules in symbols: the same rules that numbers and Values go through, given letters.

>>> rule("tanh")
'∂z/∂x = (1 / cosh(x))²'
>>> rule("multiply")
'∂z/∂x = y, ∂z/∂y = x'
>>> from engine import Value
>>> slopes((Value(2.0) ** 3).operation, ["w"])
('3·w²',)

Nothing is written down twice: a Symbol answers an operation with its text, so what is shown is what
is computed.
"""

import math
from collections.abc import Sequence
from fractions import Fraction
from types import FunctionType
from typing import Any

from . import operations
from .operation import OPERATIONS, Operation

_LOOSE, _SUM, _PRODUCT, _SIGN, _POWER, _TIGHT = range(6)
_INFIX = {
    "add": (" + ", _SUM),
    "subtract": (" - ", _SUM),
    "multiply": ("·", _PRODUCT),
    "divide": (" / ", _PRODUCT),
    "less": (" < ", _LOOSE),
    "less_equal": (" ≤ ", _LOOSE),
    "greater": (" > ", _LOOSE),
    "greater_equal": (" ≥ ", _LOOSE),
}
_CONSTANTS = {
    math.log(2.0): "ln 2",
    math.log(10.0): "ln 10",
    2.0 / math.sqrt(math.pi): "2/√π",
    math.sqrt(0.5): "√½",
    1.0 / math.sqrt(2.0 * math.pi): "1/√(2π)",
    0.5: "½",
}
_SUPERSCRIPT = str.maketrans("0123456789-.", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻·")
_WORDS = {**vars(operations), "by_x": lambda z, x, y, lower: y * lower}  # letters lose no digits
_LETTERS = {
    "where": ("condition", "x", "y"),
    "share": ("g", "local"),
    "atan2": ("y", "x"),
    "weighted_sum": ("w₀", "w₁", "a₀", "a₁", "b"),
}
_MANY = ("x₀", "x₁", "x₂")


class Symbol:
    """A piece of a formula: its text, and how tightly that holds together."""

    __slots__ = ("text", "tightness")

    def __init__(self, text: str, tightness: int = _TIGHT):
        self.text, self.tightness = text, tightness

    @staticmethod
    def apply_operation(operation: Operation, operands: tuple[Any, ...]) -> Any:
        return _spelled(operation, operands)

    def __add__(self, other: Any) -> Any:
        return operations.add.apply((self, other))

    def __radd__(self, other: Any) -> Any:
        return operations.add.apply((other, self))

    def __sub__(self, other: Any) -> Any:
        return operations.subtract.apply((self, other))

    def __rsub__(self, other: Any) -> Any:
        return operations.subtract.apply((other, self))

    def __mul__(self, other: Any) -> Any:
        return operations.multiply.apply((self, other))

    def __rmul__(self, other: Any) -> Any:
        return operations.multiply.apply((other, self))

    def __truediv__(self, other: Any) -> Any:
        return operations.divide.apply((self, other))

    def __rtruediv__(self, other: Any) -> Any:
        return operations.divide.apply((other, self))

    def __neg__(self) -> Any:
        return operations.negative.apply((self,))

    def __abs__(self) -> Any:
        return operations.absolute.apply((self,))

    def __lt__(self, other: Any) -> Any:
        return operations.less.apply((self, other))

    def __le__(self, other: Any) -> Any:
        return operations.less_equal.apply((self, other))

    def __gt__(self, other: Any) -> Any:
        return operations.greater.apply((self, other))

    def __ge__(self, other: Any) -> Any:
        return operations.greater_equal.apply((self, other))

    def __pow__(self, exponent: float) -> Any:
        return operations.power_of(exponent).apply((self,))

    def __repr__(self) -> str:
        return self.text


def rule(operation: Operation | str, names: Sequence[str] = ()) -> str:
    """The local derivatives of an operation, as formulas.

    >>> rule("divide")
    '∂z/∂x = 1 / y, ∂z/∂y = -(z / y)'

    `operation` is one, such as `node.operation`, or the name of a built-in one. `names` are what to
    call the operands. Raises KeyError for a name that no operation has.
    """
    letters = _letters(operation, names)
    return ", ".join(
        f"∂z/∂{letter} = {text}"
        for letter, text in zip(letters, slopes(operation, letters), strict=True)
    )


def slopes(
    operation: Operation | str, names: Sequence[str] = (), result: str = "z"
) -> tuple[str, ...]:
    """The formula of each local derivative, in the order of the operands.

    >>> slopes("exp"), slopes("sin", ["t"])
    (('z',), ('cos(t)',))

    `result` is what to call the value itself. A user's rule that can't be spelled in symbols (it
    asks for a number) is shown as "?".
    """
    operation, letters = _found(operation), _letters(operation, names)
    found = spelled(operation, letters, result)
    return ("?",) * len(letters) if found is None else tuple([_text(slope) for slope in found])


def spelled(operation: Operation, letters: Sequence[str], result: str) -> tuple[Any, ...] | None:
    """The local derivatives as Symbols, or numbers where they are the same everywhere; None for a rule that asks
    for numbers.

    >>> spelled(OPERATIONS["power"], ["a", "b"], "c")[0]
    b·a^(b - 1)
    """
    try:
        rule = _reread(getattr(operation.rule, "__wrapped__", operation.rule))
        found: tuple[Any, ...] = rule(Symbol(result), *map(Symbol, letters), *operation.parameters)
        return found
    except (TypeError, ValueError, ArithmeticError, AttributeError):
        return None


def _reread(rule: Any) -> Any:
    """A rule of the table once more, in which names mean what _WORDS says."""
    if rule.__module__ != "engine.operations":
        return rule
    return FunctionType(rule.__code__, _WORDS, rule.__name__, rule.__defaults__, rule.__closure__)


def formula(operation: Operation | str, names: Sequence[str] = ()) -> str:
    """The operation itself, on letters.

    >>> formula("multiply"), formula("tanh"), formula("square")
    ('x·y', 'tanh(x)', 'x²')
    """
    operation = _found(operation)
    return _text(
        _spelled(
            operation, tuple([Symbol(letter) for letter in _letters(operation, names)]), plain=True
        )
    )


def _found(operation: Operation | str) -> Operation:
    return OPERATIONS[operation] if isinstance(operation, str) else operation


def _letters(operation: Operation | str, names: Sequence[str]) -> tuple[str, ...]:
    operation = _found(operation)
    if names:
        return tuple(names)
    if operation.arity is None:
        return _LETTERS.get(operation.name, _MANY)
    return _LETTERS.get(operation.name, ("x", "y", "z", "u", "v", "w")[: operation.arity])


def _spelled(operation: Operation, operands: tuple[Any, ...], plain: bool = False) -> Any:
    """What an operation makes of symbols; factors of 1 are left out unless `plain`."""
    if operation.name == "multiply" and not plain and 1.0 in operands:
        return operands[operands[0] == 1.0]
    if operation.name in _INFIX:
        return _between(operands[0], operands[1], *_INFIX[operation.name])
    writer = _WRITERS.get(operation.name)
    return writer(operation, *operands) if writer else _call(operation, *operands)


def _between(x: Any, y: Any, sign: str, tightness: int) -> Symbol:
    right = tightness + (sign not in ("·", " + "))
    return Symbol(_text(x, tightness) + sign + _text(y, right), tightness)


def _call(operation: Operation, *operands: Any) -> Symbol:
    return Symbol(f"{operation.name}({', '.join(map(_text, operands))})")


def _power(operation: Operation, x: Any, y: Any = None) -> Symbol:
    if y is not None:
        return Symbol(f"{_text(x, _TIGHT)}^{_text(y, _TIGHT)}", _POWER)
    exponent = operation.parameters[0]
    return (
        x
        if exponent == 1.0
        else Symbol(_text(x, _TIGHT) + f"{exponent:g}".translate(_SUPERSCRIPT), _POWER)
    )


def _where(operation: Operation, condition: Any, x: Any, y: Any) -> Symbol:
    test = _text(condition)
    if not any(sign in test for sign in "<>≤≥") and test != "condition":
        test += " ≠ 0"
    return Symbol(f"{_text(x, _SUM)} if {test} else {_text(y, _SUM)}", _LOOSE)


def _weighted(operation: Operation, *xs: Any) -> Symbol:
    half = len(xs) // 2
    products = [f"{_text(w, _PRODUCT)}·{_text(a, _PRODUCT)}" for w, a in zip(xs[:half], xs[half:])]
    return Symbol(" + ".join([*products, _text(xs[-1])]), _SUM)


_WRITERS: dict[str, Any] = {
    "square": lambda operation, x: Symbol(_text(x, _TIGHT) + "²", _POWER),
    "reciprocal": lambda operation, x: Symbol("1 / " + _text(x, _SIGN), _PRODUCT),
    "negative": lambda operation, x: Symbol("-" + _text(x, _SIGN), _SIGN),
    "absolute": lambda operation, x: Symbol(f"|{_text(x)}|"),
    "floor_divide": lambda operation, x, y: Symbol(
        f"floor({_text(x, _PRODUCT)} / {_text(y, _SIGN)})"
    ),
    "modulo": lambda operation, x, y: Symbol(
        f"{_text(x, _PRODUCT)} mod {_text(y, _SIGN)}", _PRODUCT
    ),
    "share": lambda operation, g, local: Symbol(
        f"{_text(g, _PRODUCT)}·{_text(local, _PRODUCT)}", _PRODUCT
    ),
    "power": _power,
    "where": _where,
    "weighted_sum": _weighted,
    "total": lambda operation, *xs: Symbol(" + ".join(_text(x, _SUM) for x in xs), _SUM),
    "product": lambda operation, *xs: Symbol("·".join(_text(x, _PRODUCT) for x in xs), _PRODUCT),
}


def _text(x: Any, needed: int = _LOOSE) -> str:
    """The text of a symbol or of a number, in brackets where it would not hold together."""
    if not isinstance(x, Symbol):
        return _number(float(x))
    return x.text if x.tightness >= needed else f"({x.text})"


def _number(x: float) -> str:
    if abs(x) in _CONSTANTS:
        return "-" * (x < 0.0) + _CONSTANTS[abs(x)]
    fraction = Fraction(x).limit_denominator(12)
    if fraction.denominator > 1 and float(fraction) == x:
        return str(fraction)
    return f"{x:.4g}"
