"""What a primitive is: a forward on floats and a rule, entered as a row into the table of operations.py.

>>> from engine.operations import multiply
>>> multiply(3.0, 4.0), multiply.rule(12.0, 3.0, 4.0)()
(12.0, (4.0, 3.0))
"""

import math
from collections.abc import Callable
from functools import lru_cache
from types import CodeType, FunctionType
from typing import Any

from .real import real

Closure = Callable[[], tuple[Any, ...]]
Rule = Callable[..., Closure]


class Operation:
    """A primitive: called with plain numbers it returns a float, with a Value among them a Value.

    >>> from engine.operations import multiply
    >>> multiply(2.0, 3.0), multiply.name, multiply.symbol, multiply.arity
    (6.0, 'multiply', '*', 2)

    `arity` is the number of operands (None: any), `parameters` the plain numbers that belong to the operation
    itself, as 3.0 does in x**3. `domain` is False for arithmetic and selection, which have slopes even where
    the value is nan. `rule` serves floats and Values; a node, which has floats alone, calls `closure`, the same
    rule without the detour. What the closure gives is what others call the VJP, before the product with grad.
    """

    __slots__ = ("arity", "closure", "domain", "forward", "name", "parameters", "rule", "symbol")

    def __init__(self, name: str, symbol: str, forward: Callable[..., float], rule: Rule, arity: int | None,
                 parameters: tuple[float, ...] = (), domain: bool = True):
        self.name, self.symbol, self.forward, self.rule = name, symbol, forward, named(rule, name)
        self.closure = self.rule  # a row of the table has a quicker one, see `on_floats`
        self.arity, self.parameters, self.domain = arity, parameters, domain

    def __call__(self, *operands: Any) -> Any:
        return self.of(operands)

    def of(self, operands: tuple[Any, ...]) -> Any:
        """Operands that know what to do with an operation do it (a Value makes a node); numbers go forward."""
        if self.arity not in (None, len(operands)):
            raise TypeError(f"{self.name} takes {self.arity} operand{'s' * (self.arity != 1)}, not {len(operands)}")
        for operand in operands:
            if operand.__class__ is not float and hasattr(operand, "__operate__"):
                return operand.__operate__(self, operands)
        return self.forward(*map(real, operands))

    def __repr__(self) -> str:
        return f"<operation {self.name}{self.parameters or ''}>"

    def local_derivatives(self, data: float, z: Any, *xs: Any) -> Closure:
        """The closure at a point, of floats or of Values; where a function's value is nan, so are its slopes."""
        return self.rule(z, *xs) if data == data or not self.domain else _constant(self.name, (math.nan,) * len(xs))


OPERATIONS: dict[str, Operation] = {}  # every fixed primitive, by name
FAMILIES: dict[str, Callable[..., Operation]] = {}  # makers of primitives that carry parameters, by name


def operation(name: str, symbol: str, forward: Callable[..., float], rule: Rule | None = None,
              arity: int | None = None, *, slopes: tuple[float, ...] = (), domain: bool = True) -> Operation:
    """Enter a row into the table."""
    if rule is None:
        closure = _constant(name, slopes)  # one closure serves every node
        rule = lambda z, x, y=None: closure  # noqa: E731
        arity = len(slopes)
    OPERATIONS[name] = made = _entered(Operation(name, symbol, forward, rule, arity, domain=domain))
    return made


def function(name: str, forward: Callable[[float], float], rule: Rule | None = None) -> Operation:
    """Enter a function of one operand, which is its own symbol; without a rule it is flat."""
    return operation(name, name, forward, rule, 1, slopes=(0.0,))


def family(name: str, maker: Callable[..., Operation]) -> Callable[..., Operation]:
    """Enter a maker of operations; the same parameters give the same operation. (+ 0.0 makes -0.0 a 0.0.)"""
    made = lru_cache(maxsize=1024)(lambda *parameters: _entered(maker(*parameters)))
    FAMILIES[name] = make = lambda *parameters: made(*[real(number) + 0.0 for number in parameters])
    return make


FLOATS: dict[str, Any] = {}  # the words of the table as a node's closure understands them: `exp` is exp's forward


def rebound(function: Any, names: dict[str, Any]) -> Any:
    """A rule, or another function of operations.py, once more: the same code, in which names mean what `names` says.

    Where `exp` means the operation, a rule takes floats and Values alike; where it means that operation's forward,
    the rule goes straight to the numbers, and so does a person who steps into it.
    """
    if function.__module__ != "engine.operations":
        return function
    return FunctionType(function.__code__, names, function.__name__, function.__defaults__, function.__closure__)


def on_floats(word: Any) -> Any:
    """What a word of the table means where all numbers are floats."""
    if isinstance(word, Operation):
        return word.forward
    return rebound(word, FLOATS) if isinstance(word, FunctionType) else word


def _entered(made: Operation) -> Operation:
    made.closure = rebound(made.rule, FLOATS)
    return made


def _constant(name: str, slopes: tuple[float, ...]) -> Closure:
    return named(lambda: lambda: slopes, name)()


def named(rule: Rule, name: str) -> Rule:
    """Call the closure that `rule` returns by the operation's name, so that a debugger can break on it: `rule` itself
    is changed."""
    constants = (constant.replace(co_name=name, co_qualname=name) if isinstance(constant, CodeType) else constant
                 for constant in rule.__code__.co_consts)
    rule.__code__ = rule.__code__.replace(co_consts=tuple(constants))
    return rule
