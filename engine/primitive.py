"""Operations of your own: a forward on floats and a rule; all tools work with them as with ours.

>>> from engine import Value, derivative
>>> @primitive(rule=lambda z, x: (3.0 * x * x,))
... def cube(x):
...     return x * x * x
>>> y = cube(Value(2.0, label="x"))
>>> y, y.local_derivatives(), derivative(cube, n=2)(2.0)
(cube(data=8, grad=0), (12.0,), 12.0)

The rule is given the result z and the operands, and returns one local derivative for each operand.
It is called with floats for a node, and with Values by `gradient`, so that its result can be
differentiated again: write it with the engine's functions (engine.exp, not math.exp), and
`engine.where` in place of `if`. The forward sees floats only.
"""

import inspect
from collections.abc import Callable
from typing import Any, overload

from .functions import clamp, elu, leaky_relu
from .operation import FAMILIES, OPERATIONS, Operation, Rule
from .printing import plural
from .real import real

_BUILT_IN = {
    *(row.name for row in OPERATIONS.values()),
    *OPERATIONS,
    *FAMILIES,
    *(f.__name__ for f in (clamp, elu, leaky_relu)),
    "softmax",
    "power",
}


class Primitive(Operation):
    """An operation that a user made. What its rule returns is checked."""

    __signature__: Any = None  # the forward's


@overload
def primitive(
    forward: Callable[..., float], *, rule: Callable[..., Any], symbol: str | None = None
) -> Primitive: ...
@overload
def primitive(
    forward: None = None, *, rule: Callable[..., Any], symbol: str | None = None
) -> Callable[[Callable[..., float]], Primitive]: ...
def primitive(
    forward: Callable[..., float] | None = None,
    *,
    rule: Any = None,
    symbol: str | None = None,
) -> Any:
    """Make an operation of a function on floats: `@engine.primitive(rule=…)` in front of it.

    >>> @primitive(rule=lambda z, x, y: (y, x), symbol="×")
    ... def area(x, y):
    ...     return x * y
    >>> area(2.0, 3.0), area
    (6.0, <operation area>)

    `rule(z, *operands)` returns a tuple with a local derivative for each operand, or, for one
    operand, the derivative by itself. Raises TypeError where there is no rule, or where the numbers
    of operands differ; ValueError for a name that is taken by a built-in operation.
    """
    if forward is None:
        return lambda function: primitive(function, rule=rule, symbol=symbol)
    name = getattr(forward, "__name__", "")
    if rule is None:
        raise TypeError(
            f"{name or repr(forward)} has no rule: write @engine.primitive(rule=lambda z, x: (…,)) "
            "in front of it, with a derivative for each operand"
        )
    _check_name(name)
    arity = _operands(forward, name, 0)
    if _operands(rule, f"the rule of {name}", 1) != arity:
        raise TypeError(
            f"the rule of {name} takes z and {plural(arity, 'operand')}: write "
            f"lambda z, {', '.join(inspect.signature(forward).parameters)}: (…)"
        )
    entry = Primitive(name, symbol or name, _forward(forward, name), _rule(rule, name, arity))
    entry.arity, entry.__doc__ = arity, forward.__doc__
    entry.__signature__ = inspect.signature(forward)
    return entry


def _check_name(name: str) -> None:
    if not name.isidentifier():
        raise ValueError(f"a primitive needs a name, and {name!r} is none: define it with def")
    if name in _BUILT_IN:
        raise ValueError(f"{name} is the name of a built-in operation: call yours something else")


def _operands(function: Callable[..., Any], name: str, before: int) -> int:
    """How many operands a function takes, by its signature, beyond those `before` them."""
    parameters = inspect.signature(function).parameters.values()
    if any(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD, p.KEYWORD_ONLY) for p in parameters):
        raise TypeError(f"{name} must name its operands one by one: no *, no keywords")
    if len(parameters) <= before:
        raise TypeError(f"{name} takes no operand: it needs at least one")
    return len(parameters) - before


def _forward(forward: Callable[..., float], name: str) -> Callable[..., float]:
    def checked(*xs: float) -> float:
        z = forward(*xs)
        if z.__class__ is float:
            return z
        try:
            return real(z)
        except TypeError as error:
            raise TypeError(f"{name} must return one real number: {error}") from None

    return checked


def _rule(rule: Callable[..., Any], name: str, arity: int) -> Rule:
    def slopes(z: Any, *xs: Any) -> tuple[Any, ...]:
        locals_ = rule(z, *xs)
        if not isinstance(locals_, (tuple, list)):
            locals_ = (locals_,)
        if len(locals_) != arity:
            raise TypeError(
                f"the rule of {name} returned {plural(len(locals_), 'derivative')} for "
                f"{plural(arity, 'operand')}: return one for each"
            )
        graph = any(
            hasattr(x, "apply_operation") for x in (z, *xs)
        )  # gradient() asks: Values in, Values out
        return tuple([x if graph and hasattr(x, "apply_operation") else real(x) for x in locals_])

    return slopes
