"""Stop at the first nan or inf, and say where it was made.

>>> from engine import Value, log
>>> with anomaly():
...     log(Value(0.0, label="x"))
Traceback (most recent call last):
    ...
FloatingPointError: -inf in log of x(data=0, grad=0)
  made at
    <doctest engine.anomaly[1]>:2   log(Value(0.0, label="x"))
                                    ^^^^^^^^^^^^^^^^^^^^^^^^^^

>>> x = Value(0.0, label="x")
>>> h = x ** 0.5
>>> try:
...     with anomaly():
...         h.backward()
... except FloatingPointError as error:
...     print(error)
inf in a contribution to the gradient of x(data=0, grad=0)
  while differentiating x**0.5 (data=0, grad=1), made at
    <doctest engine.anomaly[3]>:1   h = x ** 0.5
                                        ^^^^^^^^
"""

import math
from typing import Any

from .explain import Step, steps
from .formula import expression, name
from .graph import listening, topological_order
from .listeners import Listener
from .location import excerpt
from .printing import describe, number, printable


class anomaly(Listener):
    """A context in which the first nan or inf, forward or backward, raises FloatingPointError.

    `limit` also stops at the first |grad| above it. The message names the node, its operation and
    the user's line, with the exact subexpression underlined; a note adds where the other end of the
    edge was made. The backward pass is walked as data first, so that no grad has changed when it
    raises. Contexts nest: the innermost rules.
    """

    def __init__(self, nan: bool = True, inf: bool = True, limit: float | None = None):
        if limit is not None and not limit > 0.0:
            raise ValueError(
                f"limit is the largest |grad| to let pass, a number above 0, not {limit!r}"
            )
        self.nan, self.inf, self.limit = nan, inf, limit

    def made(self, node: Any) -> None:
        """Raise for a node whose data is bad; called with every node when it is made."""
        if self._bad(node.data) and self._rules():
            raise _while_computing(node)

    def before_backward(self, root: Any) -> None:
        """Raise for a gradient that would be bad; called with the root before a backward pass."""
        if not self._rules():
            return
        for step in steps(root, {leaf: leaf.grad for leaf in topological_order(root)[1]}):
            for x, what in (
                (step.contribution, "a contribution to the gradient"),
                (step.after, "the gradient"),
            ):
                if self._bad(x):
                    raise _while_differentiating(step, f"{number(x)} in {what}")
            if self.limit is not None and abs(step.after) > self.limit:
                raise _while_differentiating(
                    step,
                    f"{number(step.after)}, above the limit of {number(self.limit)}, in "
                    "the gradient",
                )

    def _rules(self) -> bool:
        """Whether this is the innermost context of its thread."""
        return [each for each in listening() if isinstance(each, anomaly)][-1] is self

    def _bad(self, x: float) -> bool:
        return (self.nan and x != x) or (self.inf and math.isinf(x))


def _while_computing(node: Any) -> FloatingPointError:
    operands = ", ".join(_described(parent) for parent in node.parents[:8])
    error = FloatingPointError(
        "\n".join(
            [
                f"{number(node.data)} in {node.operation.name} of {operands}",
                "  made at",
                *_source(node),
            ]
        )
    )
    _note(error, node, node.parents)
    return error


def _while_differentiating(step: Step, what: str) -> FloatingPointError:
    node = step.node
    error = FloatingPointError(
        "\n".join(
            [
                f"{what} of {_described(step.parent)}",
                f"  while differentiating {printable(expression(node), 32)} "
                f"(data={number(node.data)}, grad={number(step.upstream)}), made at",
                *_source(node),
            ]
        )
    )
    error.add_note(
        f"by the chain rule: {number(step.upstream)} × {number(step.local)} = "
        f"{number(step.contribution)}"
    )
    _note(error, node, (step.parent,))
    return error


def _note(error: FloatingPointError, culprit: Any, operands: tuple[Any, ...]) -> None:
    """Where the operands were made, if on another line: a nan often begins there."""
    for node in dict.fromkeys(operands[:8]):
        if not node.constant and _line(node) != _line(culprit):
            error.add_note("\n".join([f"{_described(node)} was made at", *_source(node)]))


def _described(node: Any) -> str:
    """Its repr, but where nobody gave it a name, the expression that it is."""
    if node.label or not node.parents:
        return describe(node)
    return f"{printable(name(node), 32)} (data={number(node.data)}, grad={number(node.grad)})"


def _line(node: Any) -> tuple[str, int] | None:
    site = node.created_at
    return (site.filename, site.line) if site else None


def _source(node: Any) -> list[str]:
    site = node.created_at
    return ["    " + line for line in excerpt(site)] if site else ["    an unknown place"]
