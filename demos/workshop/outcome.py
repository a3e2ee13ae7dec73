"""What comes of a run: what the container hands to the judge.

>>> Outcome({"x.grad": 6.0}, complete=True).stopped
''
"""

from collections.abc import Sequence
from typing import Any, NamedTuple


class Outcome(NamedTuple):
    """What came of a run: the numbers, what stopped it, and what was being measured then."""

    numbers: dict[str, Any]
    stopped: str = ""  # "time", "flood", "memory", "crash", or what the probe calls it
    column: str = ""
    failure: dict[str, Any] = {}  # noqa: RUF012 - what the probe says of an error
    complete: bool = False


def outcome(facts: Sequence[dict[str, Any]], stopped: str = "") -> Outcome:
    """Return what the facts of the probe say of a run that was stopped, or that ended by itself.

    >>> outcome([{"begin": "y"}], "time").column, outcome([{"begin": "y"}]).stopped
    ('y', 'exits')
    """
    numbers = {fact["column"]: fact["number"] for fact in facts if "column" in fact}
    begun = [fact["begin"] for fact in facts if "begin" in fact]
    failure: dict[str, Any] = next((fact for fact in facts if "error" in fact), {})
    complete = any("end" in fact for fact in facts)
    stopped = "" if complete else stopped
    if not stopped and not complete:
        stopped = failure.get("error", "exits")
    column = begun[-1] if begun and stopped else ""
    return Outcome(numbers, stopped, column, failure, complete)
