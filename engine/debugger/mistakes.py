"""The table of the usual mistakes of a backward pass; each is known by the numbers that it gives.

>>> from engine import Value
>>> x = Value(3.0, label="x")
>>> usual_mistake((x - 1.0) * 7.0, x, 14.0)
'an earlier backward() is still in it: was zero_grad() forgotten?'
>>> gradients(x * x, MISTAKES["no_seed"].ways[0])[x]
0.0

The `predict` of the debugger and the checker of the workshop (demos/workshop) read this table. A
mistake is a sweep with one thing done otherwise, and that in several ways where programs differ in
how they make it. Two mistakes at once are two of these changes together.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple

from ..graph import topological_order
from ..value import Value

Edge = tuple[Value, Value, float]  # a node, one of its parents, the local derivative between them
Edges = Callable[[Value, Callable[[Value], list[Edge]]], Iterable[Edge]]
Slope = Callable[[Value], Iterable[float]]

MOST = 10_000  # contributions; a sweep that goes along every path is stopped there


class Way(NamedTuple):
    """What one sweep does otherwise; the default of each field is what is right."""

    edges: Edges | None = None  # the order in which contributions are sent
    slopes: dict[str, Slope] | None = None  # local derivatives, by the name of the operation
    seed: float = 1.0
    upstream: bool = True  # whether a contribution has the factor node.grad
    once: bool = False  # whether a parent that stands twice counts once
    assigned: bool = False  # `=` for `+=`
    sweeps: int = 1
    cleared: bool = True  # whether the grads inside the graph start at 0 in each sweep


RIGHT = Way()


class Mistake(NamedTuple):
    """One usual mistake: what to say of it, and the ways in which programs make it."""

    sentence: str
    ways: tuple[Way, ...]


def close(x: float, y: float) -> bool:
    """Return whether two numbers are equal to the digits that a person types."""
    return x == y or (x != x and y != y) or math.isclose(x, y, rel_tol=5e-3, abs_tol=1e-12)


def usual_mistake(root: Value, x: Value, answer: float) -> str:
    """Return the usual mistake that gives `answer` for the gradient of `x`, "" if none does.

    Where several give it, all are named: one number alone can't tell them apart.

    >>> from engine import Value
    >>> h = Value(2.0, label="h")
    >>> usual_mistake(h.tanh(), h, 0.0360)
    'the slope of tanh is 1 - tanh(x)²: was the square left out?'
    """
    right = gradients(root)[x]
    if close(right, answer):
        return ""
    sentences = [MISTAKES[key].sentence for key in keys_of(root, x, answer)]
    if not sentences and close(answer, -right):
        sentences = ["the sign"]
    if not sentences and close(answer, x.data):
        sentences = ["its data, not its gradient"]
    return " Or ".join(sentences)


def keys_of(root: Value, x: Value, answer: float) -> list[str]:
    """Return the keys of all mistakes of the table that give `answer` for the gradient of `x`."""
    return [
        key
        for key, mistake in MISTAKES.items()
        if any(close(gradients(root, way).get(x, math.nan), answer) for way in mistake.ways)
    ]


def gradients(root: Value, way: Way = RIGHT) -> dict[Value, float]:
    """Return the gradients that a sweep gives, by node; {} if it takes more than MOST steps."""
    nodes, leaves = topological_order(root)
    grads = dict.fromkeys([*leaves, *nodes], 0.0)
    for _ in range(way.sweeps):
        if way.cleared:
            grads |= dict.fromkeys(nodes, 0.0)
        grads[root] = way.seed
        edges = (way.edges or _in_order)(root, lambda node: _edges(node, way))
        sent = 0
        for node, parent, local in islice(edges, MOST):
            contribution = grads[node] * local if way.upstream else local
            grads[parent] = contribution if way.assigned else grads[parent] + contribution
            sent += 1
        if sent == MOST:
            return {}
    return grads


def both(first: Way, second: Way) -> Way | None:
    """Return two changes together; None if they change the same thing.

    >>> both(Way(seed=0.0), Way(upstream=False)) == Way(seed=0.0, upstream=False)
    True
    """
    changed: dict[str, Any] = {}
    for way in (first, second):
        for field, value in way._asdict().items():
            if value != Way._field_defaults[field]:
                if field == "slopes" and not set(changed.get(field, {})) & set(value):
                    value = changed.get(field, {}) | value
                elif field in changed:
                    return None
                changed[field] = value
    return Way(**changed)


def _edges(node: Value, way: Way) -> list[Edge]:
    """Return the edges from a node to its parents, as this way has them."""
    name = node.operation.name if node.operation else ""
    slope = (way.slopes or {}).get(name)
    slopes = slope(node) if slope else node.local_derivatives()
    pairs = list(zip(node.parents, slopes, strict=True))
    return [(node, *pair) for pair in (dict(pairs).items() if way.once else pairs)]


# -- orders. Each function takes the root and the function that gives the edges of a node.


def _in_order(root: Value, edges: Callable[[Value], list[Edge]]) -> Iterator[Edge]:
    """Yield the edges in the right order: every child of a node before the node."""
    for node in reversed(topological_order(root)[0]):
        yield from edges(node)


def _forward(root: Value, edges: Callable[[Value], list[Edge]]) -> Iterator[Edge]:
    for node in topological_order(root)[0]:
        yield from edges(node)


def _nodes(found: Callable[[Value], Iterable[Value]]) -> Edges:
    """Return the order in which nodes are visited as `found` has it, each with all its edges."""

    def order(root: Value, edges: Callable[[Value], list[Edge]]) -> Iterator[Edge]:
        for node in found(root):
            yield from edges(node)

    return order


def _first_met(first: bool, deep: bool = True, again: bool = False, early: bool = False) -> Edges:
    """Return the order in which nodes are met from the root.

    Depth first or breadth first, the first parent first or the last. A node that is met again is
    visited again only if `again` says so. `early` notes a node when it is put on the list of what
    waits, and not when it is taken from it.
    """

    def found(root: Value) -> Iterator[Value]:
        noted, waiting = {root: early}, [root]
        while waiting:
            node = waiting.pop(-1 if deep else 0)
            if noted.get(node) and not (again or early):
                continue
            noted[node] = True
            yield node
            for parent in reversed(node.parents) if first == deep else node.parents:
                if again or not noted.get(parent):
                    noted[parent] = noted.get(parent, False) or early
                    waiting.append(parent)

    return _nodes(found)


def _recursion(again: bool) -> Edges:
    """Return the order of a function that calls itself for the parent after each contribution."""

    def order(root: Value, edges: Callable[[Value], list[Edge]]) -> Iterator[Edge]:
        seen, waiting = {root}, [iter(edges(root))]
        while waiting:
            edge = next(waiting[-1], None)
            if edge is None:
                waiting.pop()
                continue
            yield edge
            if again or edge[1] not in seen:
                seen.add(edge[1])
                waiting.append(iter(edges(edge[1])))

    return order


# -- wrong slopes


def _swapped(node: Value) -> Iterable[float]:
    return reversed(node.local_derivatives())


def _slope(operation: str, slope: Callable[[float, float], float]) -> Way:
    """Return the way that has `slope`, a function of operand and result, for an operation."""
    return Way(slopes={operation: lambda node: (slope(node.parents[0].data, node.data),)})


MISTAKES = {
    "assign": Mistake(
        "only the last contribution is there: was = written for +=?", (Way(assigned=True),)
    ),
    "parents_as_set": Mistake(
        "a parent that is used twice gets two contributions: were parents kept in a set?",
        (Way(once=True),),
    ),
    "naive_recursion": Mistake(
        "a node has sent more than once: does backward call itself for each parent?",
        (
            Way(edges=_first_met(first=True, again=True)),
            Way(edges=_first_met(first=False, again=True)),
            Way(edges=_first_met(first=True, deep=False, again=True)),
            Way(edges=_recursion(again=True)),
        ),
    ),
    "forward_order": Mistake(
        "the leaves came first: the order of backward begins at the root",
        (Way(edges=_forward),),
    ),
    "pre_order": Mistake(
        "a node has sent before all that use it had: was the order wrong?",
        (
            Way(edges=_first_met(first=True)),
            Way(edges=_first_met(first=False)),
            Way(edges=_first_met(first=False, early=True)),
            Way(edges=_first_met(first=True, deep=False)),
            Way(edges=_recursion(again=False)),
        ),
    ),
    "no_seed": Mistake(
        "nothing arrived: without the seed, root.grad = 1, every gradient stays 0",
        (Way(seed=0.0),),
    ),
    "no_upstream": Mistake(
        "the local derivative alone: was the upstream gradient, node.grad, left out?",
        (Way(upstream=False),),
    ),
    "product_unswapped": Mistake(
        "the product rule: ∂(x·y)/∂x is y, not x. Swapped?", (Way(slopes={"multiply": _swapped}),)
    ),
    "tanh_without_square": Mistake(
        "the slope of tanh is 1 - tanh(x)²: was the square left out?",
        (_slope("tanh", lambda x, z: 1.0 - z),),
    ),
    "tanh_of_input": Mistake(
        "the slope of tanh taken at its input: 1 - z², where z is the output?",
        (_slope("tanh", lambda x, z: 1.0 - x * x),),
    ),
    "exp_is_input": Mistake(
        "the slope of exp is exp(x), its output: was its input taken?",
        (_slope("exp", lambda x, z: x),),
    ),
    "relu_always_one": Mistake(
        "the slope of relu is 0 on the left: was 1 taken everywhere?",
        (_slope("relu", lambda x, z: 1.0),),
    ),
    "backward_twice": Mistake(
        "an earlier backward() is still in it: was zero_grad() forgotten?",
        (Way(sweeps=2), Way(sweeps=2, cleared=False)),
    ),
}
