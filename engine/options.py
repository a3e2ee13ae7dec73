"""Options of the tools: one of the wrong type is refused in a line that says what to give.

>>> flag("live", True), whole("depth", 2)
(True, 2)
>>> whole("depth", 1.5)
Traceback (most recent call last):
    ...
TypeError: depth 1.5: give a whole number of 0 or more
"""

from collections.abc import Mapping
from reprlib import repr as short
from typing import Any

from .printing import printable

_NAMES = "give a dict of names and values, names={'w': value} or names=locals()"


def refused(option: str, given: Any, remedy: str) -> TypeError:
    """Return the error for an option of the wrong type, with what to give in its place."""
    return TypeError(f"{option} {printable(short(given), 60)}: {remedy}")


def flag(option: str, given: Any) -> bool:
    """Return an option that is on or off. Raises TypeError for anything else, as for "no"."""
    if given is None or hasattr(given, "__len__") or given not in (True, False):
        raise refused(option, given, "give True or False")
    return bool(given)


def whole(option: str, given: Any, least: int = 0) -> int:
    """Return an option that counts something.

    Raises TypeError for anything else, ValueError for one below `least`.
    """
    wrong = refused(option, given, f"give a whole number of {least} or more")
    if not hasattr(given, "__index__"):
        raise wrong
    if given < least:
        raise ValueError(*wrong.args)
    return int(given)


def string(option: str, given: Any, example: str) -> str:
    """Return an option that is a text. Raises TypeError for anything else."""
    if not isinstance(given, str):
        raise refused(option, given, f"give a str, such as {option}={example!r}")
    return given


def named(given: Any) -> Mapping[str, Any]:
    """Return `names=`, what values are called, as a dict; of None an empty one.

    >>> named(["w"])
    Traceback (most recent call last):
        ...
    TypeError: names ['w']: give a dict of names and values, names={'w': value} or names=locals()
    """
    names = {} if given is None else given
    if not hasattr(names, "keys") or not all(isinstance(name, str) for name in names):
        raise refused("names", given, _NAMES)
    return dict(names)
