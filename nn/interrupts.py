"""Ctrl-C may come between any two instructions: what belongs together is set at once.

>>> from engine import Value
>>> x, y = Value(1.0), Value(2.0)
>>> assign_all([(x, "data", 3.0), (y, "data", 4.0)])
>>> x.data, y.data
(3.0, 4.0)
"""

from collections import deque
from collections.abc import Iterable
from itertools import starmap

Change = tuple[object, str, object]  # an object, the name of an attribute, its new value


def assign_all(changes: Iterable[Change]) -> None:
    """Set the attributes, all of them or none: no KeyboardInterrupt comes between two of them.

    Python handles signals between the bytecodes of the main thread, and this is one call that runs
    in C from end to end, where no attribute has a setter in Python. It costs no more than a loop.
    """
    deque(starmap(setattr, list(changes)), maxlen=0)
