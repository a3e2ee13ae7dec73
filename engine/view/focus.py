"""A part of a graph: what lies around a value, or on the paths between two.

>>> from engine import Value
>>> x = Value(2.0); y = x.exp(); z = y.sin()
>>> [node is x or node is y for node in around([y, z], x, 1)], len(between([y, z], x, z))
([True, True], 3)
"""

from typing import Any


def around(order: list[Any], value: Any, depth: int) -> dict[Any, None]:
    """The values that are at most `depth` edges away from `value`. Raises ValueError where it is not in the graph."""
    near: dict[Any, list[Any]] = {}
    for node in order:
        for parent in node.parents:
            near.setdefault(node, []).append(parent)
            near.setdefault(parent, []).append(node)
    if value not in near:
        raise ValueError(f"around {value!r}: it is not in this graph")
    found, edge = {value: None}, [value]
    for _ in range(depth):
        edge = [other for node in edge for other in dict.fromkeys(near[node]) if other not in found]
        found.update(dict.fromkeys(edge))
    return found


def between(order: list[Any], first: Any, last: Any) -> dict[Any, None]:
    """The values on the paths from `first` to `last`, which uses it. Raises ValueError where there is no path."""
    after: dict[Any, None] = {first: None}
    for node in order:
        if node is not first and any(parent in after for parent in node.parents):
            after[node] = None
    wanted: dict[Any, None] = {last: None}
    for node in reversed(order):
        if node in wanted:
            wanted.update(dict.fromkeys(parent for parent in node.parents if parent in after))
    if last not in after or (last not in order and last is not first):
        raise ValueError(
            f"between {first!r} and {last!r}: no path leads from the first to the second; "
            "name the one that was computed earlier first"
        )
    return {node: None for node in after if node in wanted}
