"""A check: the container runs the probe, and the judge says what its numbers mean.

>>> from .catalog import exercise
>>> check(5, exercise(5).solution).passed
True
"""

import re
from pathlib import Path

from .catalog import exercise
from .container import run
from .judge import Verdict, judge
from .limits import SECONDS
from .terminal import near


def check(number: int, path: Path, seconds: float = SECONDS) -> Verdict:
    """Return the verdict on a learner's file. Raises OSError if it can't be read."""
    verdict = judge(number, run(number, path, seconds))
    return verdict._replace(message=_from_here(verdict.message, number, path))


def _from_here(message: str, number: int, path: Path) -> str:
    """Return a message whose commands name the learner's file, wherever it is.

    For a notebook they are what to write into a cell.
    """
    own = f"workshop/{exercise(number).file_name}"
    if path.suffix == ".ipynb":
        cell = r"in a new cell, from engine import draw; draw(\1())"
        message = re.sub(rf"python -m engine draw {own}:(\w+) -o \S+", cell, message)
        return message.replace(f"python -i {own}", "a new cell")
    name = near(path)
    quoted = f'"{name}"' if " " in name else name
    return message.replace(own, quoted)
