"""The usual mistakes of a backward pass, each as a sweep that makes it: a wrong answer is known by its numbers.

>>> from engine import Value
>>> x = Value(3.0, label="x")
>>> likely(x * x, x, 3.0)
'the last contribution only: += where = was used?'
"""

import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ..graph import topological_order

Locals = Callable[[Any], Iterable[float]]


def close(x: float, y: float) -> bool:
    """Equal to the digits that a person types."""
    return x == y or (x != x and y != y) or math.isclose(x, y, rel_tol=5e-3, abs_tol=1e-12)


def likely(root: Any, x: Any, answer: float) -> str:
    """The usual mistake that would give `answer` for the gradient of `x`, or "" if none of them does.

    >>> from engine import Value
    >>> h = Value(2.0, label="h")
    >>> likely(h.tanh(), h, 0.0360)
    'the slope of tanh is 1 - tanh(x)²: was the square left out?'
    """
    right = _sweep(root)[x]
    return next(
        (
            sentence
            for sentence, grads in _mistakes(root, right, x)
            if close(grads, answer) and not close(grads, right)
        ),
        "",
    )


def _mistakes(root: Any, right: float, x: Any) -> Iterator[tuple[str, float]]:
    yield (
        "the last contribution only: += where = was used?",
        _sweep(root, add=lambda old, new: new)[x],
    )
    yield "one factor only: was the upstream gradient left out?", _sweep(root, upstream=False)[x]
    yield "the product rule: ∂(x·y)/∂x is y, not x. Swapped?", _sweep(root, slopes=_unswapped)[x]
    yield (
        "the slope of tanh is 1 - tanh(x)²: was the square left out?",
        _sweep(root, slopes=_of("tanh", _no_square))[x],
    )
    yield (
        "the slope of tanh taken at its input: 1 - z², where z is the output?",
        _sweep(root, slopes=_of("tanh", lambda node, x: 1.0 - x * x))[x],
    )
    yield (
        "the slope of exp is exp(x), its output: was its input taken?",
        _sweep(root, slopes=_of("exp", lambda node, x: x))[x],
    )
    yield (
        "the slope of relu is 0 on the left: was 1 taken everywhere?",
        _sweep(root, slopes=_of("relu", lambda node, x: 1.0))[x],
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
    root: Any,
    seed: float = 1.0,
    order: list[Any] | None = None,
    upstream: bool = True,
    once: bool = False,
    slopes: Locals | None = None,
    add: Callable[[float, float], float] = lambda old, new: old + new,
) -> dict[Any, float]:
    """The gradients of a sweep with one thing done otherwise."""
    nodes, leaves = topological_order(root)
    grads = dict.fromkeys([*leaves, *nodes], 0.0)
    grads[root] = seed
    for node in order or reversed(nodes):
        if grads[node] == 0.0:
            continue
        pairs = list(
            zip(node.parents, slopes(node) if slopes else node.local_derivatives(), strict=True)
        )
        for parent, local in dict(pairs).items() if once else pairs:
            grads[parent] = add(grads[parent], grads[node] * local if upstream else local)
    return grads


def _unswapped(node: Any) -> Iterable[float]:
    slopes: tuple[float, ...] = node.local_derivatives()
    return reversed(slopes) if node.operation.name == "multiply" else slopes


def _of(name: str, slope: Callable[[Any, float], float]) -> Locals:
    """The local derivatives, but for one operation a wrong slope in terms of the node and its operand's data."""
    return lambda node: (
        (slope(node, node.parents[0].data),)
        if node.operation.name == name
        else node.local_derivatives()
    )


def _no_square(node: Any, x: float) -> float:
    return float(1.0 - node.data)


def _preorder(root: Any) -> list[Any]:
    """Every node as it is first met from the root, whoever else still uses it."""
    seen, stack = dict[Any, None](), [root]
    while stack:
        node = stack.pop()
        if node not in seen and node.parents:
            seen[node] = None
            stack += reversed(node.parents)
    return list(seen)
