"""What comes of a run: what the container hands to the judge.

>>> Outcome({"x.grad": 6.0}, complete=True).stopped
''
"""

from typing import Any, NamedTuple


class Outcome(NamedTuple):
    """What came of a run: the numbers, what stopped it, and what was being measured then."""

    numbers: dict[str, Any]
    stopped: str = ""  # "time", "flood", "memory", "crash", or what the probe calls it
    column: str = ""
    failure: dict[str, Any] = {}  # noqa: RUF012 - what the probe says of an error
    complete: bool = False
