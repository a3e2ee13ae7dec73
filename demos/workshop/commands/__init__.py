"""The commands, one module each.

A module of this package has two functions. `arguments(parser)` adds the options of the command to
an argparse parser. `run(options, workspace)` does the work, prints, and returns the exit status:
0, or 1 for an exercise that has not passed. The module is loaded when its command is called.
"""

import argparse
import re

from ..catalog import EXERCISES, exercise
from ..terminal import say
from ..workspace import Workspace

SUMMARIES = {
    "list": "the exercises, and which of them have passed",
    "check": "check an exercise: what is right, and what is not yet",
    "watch": "check an exercise whenever its file is saved",
    "hint": "a hint; call it again for the next one",
    "diff": "what you have changed in an exercise",
    "reset": "put an exercise back to its start; your file is kept",
    "progress": "what you have done so far",
    "solution": "the solution of an exercise",
    "predict": "a game: say the number before you see it",
    "notebooks": "make a notebook of each exercise",
}
SUMMARIES |= {  # for the teacher
    "poster": "the poster and the debugger card, as SVG and PDF",
    "quiz": "random expressions, and every gradient worked out",
}


def number_argument(parser: argparse.ArgumentParser) -> None:
    """Add the argument N: the number of an exercise, or its name."""
    parser.add_argument(
        "number",
        metavar="N",
        nargs="?",
        type=exercise_number,
        help="the exercise (default: the current one)",
    )


def exercise_number(text: str) -> int:
    """Return the number in 5, 05, forks or 05_forks.py. Raises ArgumentTypeError for another."""
    names = {e.name: e.number for e in EXERCISES} | {e.name[3:]: e.number for e in EXERCISES}
    name = text.removesuffix(".py").removesuffix(".ipynb")
    try:
        return names[name] if name in names else exercise(int(name)).number
    except ValueError as error:
        reason = str(error) if re.fullmatch(r"-?\d+", name) else f"there is no exercise {text!r}"
        raise argparse.ArgumentTypeError(f"{reason}: python -m demos.workshop lists them") from None


def chosen(options: argparse.Namespace, workspace: Workspace) -> int:
    """Return the exercise that was named, or else the current one."""
    number: int | None = options.number
    return workspace.current() if number is None else number


def prepare(workspace: Workspace) -> None:
    """Copy the exercises that the learner does not have yet, and say so the first time."""
    copied = workspace.prepare()
    if copied == len(EXERCISES):
        say(f"Ten exercises are now in {workspace.folder}: edit them there.\n")
