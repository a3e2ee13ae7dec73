"""The forward sweep: the same rules as in backward.py, read from the leaves to the root.

`backward` asks how one root depends on every node. `forward` asks how every node changes when the
leaves change in one direction. It follows the same edges and multiplies by the same local
derivatives, parents before children, and at every node it sums over the parents.

>>> from engine import Value
>>> x = Value(3.0, label="x")
>>> y = x * x
>>> tangents = forward(y, {x: 1.0})
>>> tangents[y]
6.0
"""

from collections.abc import Mapping
from typing import Any

from .graph import local_derivatives, parents, topological_order


def forward(root: Any, direction: Mapping[Any, float]) -> dict[Any, float]:
    """Return the tangent of every node under `root`, for leaves that change along `direction`.

    A leaf that `direction` does not name stands still: its tangent is 0. No grad is touched.
    Forward-mode automatic differentiation: one sweep computes the product of the Jacobian and one
    vector, the expert's JVP. Griewank and Walther, Evaluating Derivatives, 2008, ch. 3.
    """
    order, leaves = topological_order(root)
    tangents = dict.fromkeys([*leaves, *order], 0.0) | dict(direction)
    for node in order:
        for parent, local in zip(parents(node), local_derivatives(node)):
            if local == 0.0 or tangents[parent] == 0.0:  # nothing to pass on
                continue
            contribution = local * tangents[parent]  # the chain rule
            tangents[node] += contribution  # the sum over parents
    return tangents
