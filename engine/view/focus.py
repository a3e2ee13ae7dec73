"""A part of a graph: what lies around a value, or on the paths between two.

>>> from engine import Value
>>> x = Value(2.0); y = x.exp(); z = y.sin()
>>> [node is x or node is y for node in around([y, z], x, 1)], len(between([y, z], x, z))
([True, True], 3)

The effort is linear in the number of edges, and `around` stops where its part outgrows `most`.
"""

from collections.abc import Iterable, Sequence
from math import inf

from ..types import Node


def around(order: Sequence[Node], value: Node, depth: int, most: float = inf) -> dict[Node, None]:
    """Return the values at most `depth` edges away from `value`, the nearest first.

    Raises ValueError where `value` is not in the graph.
    """
    children: dict[Node, list[Node]] = {}
    for node in order:
        for parent in node.parents:
            children.setdefault(parent, []).append(node)
    if value not in children and (not order or value is not order[-1]):
        raise ValueError(f"around {value!r}: it is not in this graph")
    part, frontier = {value: None}, [value]
    while frontier and depth > 0 and len(part) <= most:
        near = (other for node in frontier for other in (*node.parents, *children.get(node, ())))
        frontier = _add(near, part, most)
        depth -= 1
    return part


def _add(nodes: Iterable[Node], part: dict[Node, None], most: float) -> list[Node]:
    """Add to `part` the nodes that are not in it, until it is too large, and return them."""
    added = []
    for node in nodes:
        if node not in part:
            part[node] = None
            added.append(node)
            if len(part) > most:
                break
    return added


def between(order: Sequence[Node], first: Node, last: Node) -> dict[Node, None]:
    """Return the values on the paths from `first` to `last`, which uses it.

    Raises ValueError where there is no path.
    """
    after: dict[Node, None] = {first: None}
    for node in order:
        if node is not first and any(parent in after for parent in node.parents):
            after[node] = None
    before: dict[Node, None] = {last: None}
    for node in reversed(order):
        if node in before:
            before.update(dict.fromkeys(parent for parent in node.parents if parent in after))
    if last not in after or (last not in order and last is not first):
        raise ValueError(
            f"between {first!r} and {last!r}: no path leads from the first to the second; "
            "name the one that was computed earlier first"
        )
    return {node: None for node in after if node in before}
