"""A check: the container runs the probe, and the judge says what its numbers mean.

>>> from .catalog import exercise
>>> check(5, exercise(5).solution).passed
True
"""

from pathlib import Path

from .container import run
from .judge import Verdict, judge
from .limits import SECONDS


def check(number: int, path: Path, seconds: float = SECONDS) -> Verdict:
    """Return the verdict on a learner's file. Raises OSError if it can't be read."""
    return judge(number, run(number, path, seconds))
