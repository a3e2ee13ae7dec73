"""The backward pass: the chain rule along every edge, and at every node the sum over its children.

A breakpoint on the line with += shows `node`, `parent`, `local`, `contribution` and `parent.grad`.

>>> from engine import Value
>>> x = Value(3.0, label="x")
>>> y = x * x
>>> backward(y)
>>> x
x(data=3, grad=6)
"""

from typing import Any

from .graph import local_derivatives, parents, prepared


def backward(root: Any, *, retain_graph: bool = True) -> None:
    """Add to every leaf's grad the derivative of `root` by that leaf; interior grads start at 0.

    Reverse mode: `grad` is the expert's adjoint, a `contribution` a term of a vector-Jacobian
    product (Griewank and Walther 2008, ch. 3). A graph can be run again: `retain_graph` is ignored.
    Threads that share interior nodes would mix their sums: use `steps`, `gradient` or a graph each.
    """
    with prepared(root) as order:
        for node in reversed(order):
            if node.grad == 0.0:  # nothing to pass on
                continue
            for parent, local in zip(parents(node), local_derivatives(node)):
                contribution = node.grad * local  # the chain rule
                parent.grad += contribution  # the sum over children
