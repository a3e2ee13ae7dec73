"""What a primitive is: a forward on floats and a rule, entered as a row into operations.py.

>>> from engine.operations import multiply
>>> multiply(3.0, 4.0), multiply.rule(12.0, 3.0, 4.0), multiply.symbol, multiply.arity
(12.0, (4.0, 3.0), '*', 2)
"""

from collections.abc import Callable
from functools import lru_cache
from importlib import import_module
from inspect import Signature, signature
from types import FunctionType
from typing import TYPE_CHECKING, Any, overload

from .real import real

if TYPE_CHECKING:
    from .types import Number
    from .value import Value

Forward = Callable[..., float]
Rule = Callable[..., tuple[Any, ...]]


class Operation:
    """A primitive: called with plain numbers it returns a float, with a Value among them a Value.

    `arity` is the number of operands (None: any), `parameters` the plain numbers of the operation
    itself, as 3.0 is in x**3. `domain` is False for arithmetic and selection, which have
    slopes even where the value is nan. grad times what the rule returns is the expert's VJP.
    """

    arity: int | None

    def __init__(
        self, name: str, symbol: str, forward: Forward, rule: Rule,
        parameters: tuple[float, ...] = (), *, domain: bool = True,
    ):  # fmt: skip
        self.name, self.symbol, self.forward, self.rule = name, symbol, forward, named(rule, name)
        self.parameters, self.domain = parameters, domain
        code = rule.__code__  # it takes z and the operands; flag 4: any number of them
        self.arity = None if code.co_flags & 4 else code.co_argcount - 1 - len(parameters)
        self.__doc__ = f"Return {name} of plain numbers as a float, and of Values as a Value."

    @overload
    def __call__(self, *operands: float) -> float: ...  # type: ignore[overload-overlap]
    @overload
    def __call__(self, *operands: "Number") -> "Value": ...
    def __call__(self, *operands: Any) -> Any:
        for operand in operands:
            if operand.__class__ is not float:
                return self.apply(operands)
        return self.forward(*operands) if len(operands) == self.arity else self.apply(operands)

    def apply(self, operands: tuple[Any, ...]) -> Any:
        """Return a float for plain numbers; an operand with `apply_operation` handles the call."""
        if self.arity not in (None, len(operands)):
            count = import_module("engine.printing").plural(self.arity, "operand")
            raise TypeError(f"{self.name} takes {count}, not {len(operands)}")
        for operand in operands:
            if operand.__class__ is not float and hasattr(operand, "apply_operation"):
                return operand.apply_operation(self, operands)
        return self.forward(*map(real, operands))

    @property
    def __signature__(self) -> Any:  # what help() and notebooks show: the rule's, without z
        names = [*signature(self.rule, follow_wrapped=False).parameters.values()][1:][: self.arity]
        return Signature([name.replace(annotation=Signature.empty) for name in names])

    def __repr__(self) -> str:
        return f"<operation {self.name}{self.parameters or ''}>"


OPERATIONS: dict[str, Operation] = {}  # every fixed primitive, by name
FAMILIES: dict[str, Callable[..., Operation]] = {}  # makers of primitives with parameters, by name


def operation(
    name: str, symbol: str, forward: Forward, rule: Rule, domain: bool = True
) -> Operation:
    """Enter a row into the table."""
    OPERATIONS[name] = entry = Operation(name, symbol, forward, rule, domain=domain)
    return entry


def function(name: str, forward: Forward, rule: Rule) -> Operation:
    """Enter a function of one operand, which is its own symbol."""
    return operation(name, name, forward, rule)


def family(key: str, name: str, forward: Forward, rule: Rule) -> Callable[..., Operation]:
    """Enter operations that differ by plain numbers, which come after the operand."""

    @lru_cache(maxsize=1024)
    def member(*parameters: float) -> Operation:
        parameters = tuple([p + 0.0 for p in parameters])  # -0.0 is 0.0
        symbol = f"**{parameters[0]!r}".removesuffix(".0") if name == "power" else name
        slopes = bound(rule, parameters)
        return Operation(name, symbol, bound(forward, parameters), slopes, parameters)

    named(rule, name)
    FAMILIES[key] = member
    return member


def bound(function: Any, parameters: tuple[float, ...]) -> Any:
    """Return a function whose last arguments have the parameters as their defaults."""
    own = FunctionType(function.__code__, function.__globals__, function.__name__, parameters)
    own.__wrapped__ = function  # type: ignore[attr-defined]  # for those who read the rule itself
    return own


def named(rule: Rule, name: str) -> Rule:
    """Call the code of a rule by the operation's name, so that a debugger can break on it."""
    rule.__code__ = rule.__code__.replace(co_name=name, co_qualname=name)
    return rule
