"""Ctrl-C may come between any two instructions: changes are made all together or not at all.

>>> from engine import Value
>>> assign_all([(x := Value(1.0), "data", 3.0), (x, "grad", 2.0)])
>>> x
Value(data=3, grad=2)
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
