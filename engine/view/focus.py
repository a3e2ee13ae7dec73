"""A part of a graph: what lies around a value, or on the paths between two.

>>> from engine import Value
>>> x = Value(2.0); y = x.exp(); z = y.sin()
>>> [node is x or node is y for node in around([y, z], x, 1)], len(between([y, z], x, z))
([True, True], 3)

The effort is linear in the number of edges, and `around` stops where its part outgrows `most`. No
object is made for a node outside of the part: Python's garbage collector would walk all of them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import inf

from ..types import Node


def around(order: Sequence[Node], value: Node, depth: int, most: float = inf) -> dict[Node, None]:
    """Return the values at most `depth` edges away from `value`, the nearest first."""
    first: dict[Node, Node] = {}  # of the children of a node, and for most nodes the only one
    others: dict[Node, list[Node]] = {}
    for node in order:
        for parent in node.parents:
            if first.setdefault(parent, node) is not node:
                others.setdefault(parent, []).append(node)
    part, frontier = {value: None}, [value]
    while frontier and depth > 0 and len(part) <= most:
        frontier = _add(_neighbours(frontier, first, others), part, most)
        depth -= 1
    return part


def _neighbours(
    nodes: Iterable[Node], first: Mapping[Node, Node], others: Mapping[Node, list[Node]]
) -> Iterator[Node]:
    """Yield the parents and the children of each node."""
    for node in nodes:
        yield from node.parents
        if node in first:
            yield first[node]
        yield from others.get(node, ())


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
    is_new = after.keys().isdisjoint
    for node in order:
        if not is_new(node.parents):
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
