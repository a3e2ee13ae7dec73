"""The backward pass: the chain rule along every edge, and at every node the sum over its children.

Put one breakpoint on the line with += and you see all there is to see: `node`, `parent`, `local`,
`contribution` and the running sum `parent.grad`.

>>> from engine import Value
>>> x = Value(3.0, label="x")
>>> y = x * x
>>> backward(y)
>>> x
x(data=3, grad=6)
"""

from typing import Any

from .graph import prepared


def backward(root: Any) -> None:
    """Add to every leaf's grad the derivative of `root` by that leaf; interior grads start at 0.

    Reverse-mode automatic differentiation: `grad` is the expert's adjoint, a `contribution` one
    term of a vector-Jacobian product. Griewank and Walther, Evaluating Derivatives, 2008, ch. 3.
    """
    with prepared(root) as order:
        for node in reversed(order):
            if node.grad == 0.0:  # nothing to pass on
                continue
            for parent, local in zip(node.parents, node.local_derivatives()):
                contribution = node.grad * local  # the chain rule
                parent.grad += contribution  # the sum over children
