"""Stop at the first nan or inf, and say where it was made.

>>> from engine import Value, log
>>> with anomaly():
...     log(Value(0.0, label="x"))
Traceback (most recent call last):
    ...
FloatingPointError: -inf in log(data=-inf, grad=0), made at <doctest engine.anomaly[1]>:2 by log of x(data=0, grad=0)
"""

import math
from typing import Any

from .explain import describe, number, steps
from .value import watchers


class anomaly:
    """A context in which the first nan or inf, forward or backward, raises FloatingPointError.

    `limit` also stops at the first |grad| above it. The message names the node, its operation and the user's
    line. The backward pass is walked as data first, so that no grad has changed when it raises. Contexts nest: the
    innermost rules.
    """

    def __init__(self, nan: bool = True, inf: bool = True, limit: float | None = None):
        self.nan, self.inf, self.limit = nan, inf, limit

    def __enter__(self) -> "anomaly":
        watchers.append(self)
        return self

    def __exit__(self, *error: Any) -> None:
        watchers.remove(self)

    def made(self, node: Any) -> None:
        """Called with every node that is made."""
        if self._bad(node.data):
            operands = ", ".join(describe(parent) for parent in node.parents)
            raise FloatingPointError(f"{number(node.data)} in {_where(node)} by {node.operation.name} of {operands}")

    def before_backward(self, root: Any) -> None:
        """Called with the root of every backward pass before it starts."""
        for step in steps(root):
            for x, what in ((step.contribution, "a contribution to the gradient"), (step.after, "the gradient")):
                if self._bad(x) or (self.limit is not None and abs(x) > self.limit):
                    raise FloatingPointError(f"{number(x)} in {what} of {_where(step.parent)}, "
                                             f"while differentiating {_where(step.node)}")

    def _bad(self, x: float) -> bool:
        return (self.nan and x != x) or (self.inf and math.isinf(x))


def _where(node: Any) -> str:
    return f"{describe(node)}, made at {node.created_at}"
