"""The usual mistakes of a backward pass, each as a sweep that makes it, known by its numbers.

>>> from engine import Value
>>> x = Value(3.0, label="x")
>>> usual_mistake(x * x, x, 3.0)
'the last contribution only: += where = was used?'
"""

import math
from collections.abc import Callable, Iterable, Iterator

from ..graph import topological_order
from ..value import Value

LocalDerivatives = Callable[[Value], Iterable[float]]


def close(x: float, y: float) -> bool:
    """Return whether two numbers are equal to the digits that a person types."""
    return x == y or (x != x and y != y) or math.isclose(x, y, rel_tol=5e-3, abs_tol=1e-12)


def usual_mistake(root: Value, x: Value, answer: float) -> str:
    """Return the usual mistake that gives `answer` for the gradient of `x`, "" if none does.

    >>> from engine import Value
    >>> h = Value(2.0, label="h")
    >>> usual_mistake(h.tanh(), h, 0.0360)
    'the slope of tanh is 1 - tanh(x)²: was the square left out?'
    """
    right = _sweep(root)[x]
    return next(
        (
            sentence
            for sentence, grad in _mistakes(root, right, x)
            if close(grad, answer) and not close(grad, right)
        ),
        "",
    )


def _mistakes(root: Value, right: float, x: Value) -> Iterator[tuple[str, float]]:
    yield (
        "the last contribution only: += where = was used?",
        _sweep(root, add=lambda old, new: new)[x],
    )
    yield "one factor only: was the upstream gradient left out?", _sweep(root, upstream=False)[x]
    yield (
        "the product rule: ∂(x·y)/∂x is y, not x. Swapped?",
        _sweep(root, locals_of=_swapped_product)[x],
    )
    yield (
        "the slope of tanh is 1 - tanh(x)²: was the square left out?",
        _sweep(root, locals_of=_instead("tanh", lambda node, x: 1.0 - node.data))[x],
    )
    yield (
        "the slope of tanh taken at its input: 1 - z², where z is the output?",
        _sweep(root, locals_of=_instead("tanh", lambda node, x: 1.0 - x * x))[x],
    )
    yield (
        "the slope of exp is exp(x), its output: was its input taken?",
        _sweep(root, locals_of=_instead("exp", lambda node, x: x))[x],
    )
    yield (
        "the slope of relu is 0 on the left: was 1 taken everywhere?",
        _sweep(root, locals_of=_instead("relu", lambda node, x: 1.0))[x],
    )
    yield (
        "a parent that is used twice sends twice: were parents kept in a set?",
        _sweep(root, once=True)[x],
    )
    yield (
        "every user has to send first: was the graph walked in the wrong order?",
        _sweep(root, order=_preorder(root))[x],
    )
    yield "an earlier backward() is still in it: was zero_grad() forgotten?", 2.0 * right
    yield "the sign", -right
    yield (
        "nothing arrived: without the seed, root.grad = 1, every gradient stays 0",
        _sweep(root, seed=0.0)[x],
    )
    yield "its data, not its gradient", x.data


def _sweep(
    root: Value,
    seed: float = 1.0,
    order: list[Value] | None = None,
    upstream: bool = True,
    once: bool = False,
    locals_of: LocalDerivatives | None = None,
    add: Callable[[float, float], float] = lambda old, new: old + new,
) -> dict[Value, float]:
    """Return the gradients of a sweep with one thing done otherwise."""
    nodes, leaves = topological_order(root)
    grads = dict.fromkeys([*leaves, *nodes], 0.0)
    grads[root] = seed
    for node in order or reversed(nodes):
        if grads[node] == 0.0:
            continue
        local_derivatives = locals_of(node) if locals_of else node.local_derivatives()
        pairs = list(zip(node.parents, local_derivatives, strict=True))
        for parent, local in dict(pairs).items() if once else pairs:
            grads[parent] = add(grads[parent], grads[node] * local if upstream else local)
    return grads


def _swapped_product(node: Value) -> Iterable[float]:
    slopes = node.local_derivatives()
    return reversed(slopes) if _is(node, "multiply") else slopes


def _instead(name: str, slope: Callable[[Value, float], float]) -> LocalDerivatives:
    """Return a function for the local derivatives that is wrong for one operation.

    `slope` gives the wrong slope from the node and the data of its operand.
    """
    return lambda node: (
        (slope(node, node.parents[0].data),) if _is(node, name) else node.local_derivatives()
    )


def _is(node: Value, name: str) -> bool:
    return node.operation is not None and node.operation.name == name


def _preorder(root: Value) -> list[Value]:
    """Return every node as it is first met from the root, whoever else still uses it."""
    seen, stack = dict[Value, None](), [root]
    while stack:
        node = stack.pop()
        if node not in seen and node.parents:
            seen[node] = None
            stack += reversed(node.parents)
    return list(seen)
