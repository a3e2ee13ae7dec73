"""Ctrl-C may come between any two instructions: what belongs together is set whole or not at all.

>>> from engine import Value
>>> x, y = Value(1.0), Value(2.0)
>>> assign_all([(x, "data", 3.0), (y, "data", 4.0)])
>>> x.data, y.data
(3.0, 4.0)
"""

from collections.abc import Iterable

Change = tuple[object, str, object]  # an object, the name of an attribute, its new value


def assign_all(changes: Iterable[Change]) -> None:
    """Set the attributes; if an interrupt comes between two of them, set all before it goes on."""
    changes = list(changes)
    try:
        for thing, name, value in changes:
            setattr(thing, name, value)
    except BaseException:
        for thing, name, value in changes:
            setattr(thing, name, value)
        raise
