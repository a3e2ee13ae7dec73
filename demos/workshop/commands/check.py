"""`check`: what is right in an exercise, and what is not yet."""

import argparse
import sys
from pathlib import Path

from ..catalog import exercise
from ..checker import check
from ..judge import Verdict
from ..marked import line_of_turn
from ..terminal import bar, say, say_filled, styled
from ..workspace import Workspace
from . import chosen, exercise_number, number_argument, prepare


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add N, --file and --json."""
    number_argument(parser)
    parser.add_argument(
        "--file", type=Path, help="check this file, a script or a notebook; nothing is recorded"
    )
    parser.add_argument("--json", action="store_true", help="print the verdict as JSON")


def run(options: argparse.Namespace, workspace: Workspace) -> int:
    """Check one exercise, print the verdict and write the progress; 0 if it has passed."""
    number, file = _which(options, workspace)
    try:
        verdict = check(number, file)
    except OSError as error:
        print(f"{file}: {error.strerror}", file=sys.stderr)
        return 2
    if options.file is None:
        record(workspace, verdict)
    if options.json:
        print(verdict.as_json())
    else:
        show(verdict, file, workspace)
    return 0 if verdict.passed else 1


def _which(options: argparse.Namespace, workspace: Workspace) -> tuple[int, Path]:
    """Return the number and the file of the exercise to check."""
    if options.file is None:
        if options.json:
            workspace.prepare()
        else:
            prepare(workspace)
        number = chosen(options, workspace)
        return number, workspace.file(number)
    number = options.number
    if number is None:
        try:
            number = exercise_number(options.file.name)
        except argparse.ArgumentTypeError:
            number = workspace.current()
    return number, options.file


def record(workspace: Workspace, verdict: Verdict) -> None:
    """Write down that an exercise was checked."""
    workspace.progress.checked(verdict.exercise, verdict.passed, verdict.mistakes)
    workspace.progress.save()


def show(verdict: Verdict, file: Path, workspace: Workspace, key: str = "") -> None:
    """Print a verdict: the message first, and where Python stopped after it.

    `key` is the key that asks for a hint, where there is one.
    """
    e = exercise(verdict.exercise)
    mark = styled("✓", "good") if verdict.passed else styled("✗", "bad")
    line = line_of_turn(file)
    place = f"{file}:{line}" if line else str(file)
    say(f"{mark} {styled(f'{e.number}  {e.title}', 'bold')}    {styled(place, 'dim')}\n")
    say_filled(verdict.message, "  ")
    if verdict.traceback:
        say()
        for frame in verdict.traceback:
            say(styled(f"    {frame}", "dim"))
    say()
    if verdict.passed:
        done = sum(map(workspace.progress.passed, workspace.numbers))
        say(f"  {bar(done, len(workspace.numbers))}")
    say(f"  {styled(_next(verdict, workspace, key), 'dim')}")


def _next(verdict: Verdict, workspace: Workspace, key: str) -> str:
    """Return what to do now."""
    if not verdict.passed:
        if key:
            return f"A hint: press {key}"
        return f"A hint: python -m demos.workshop hint {verdict.exercise}"
    number = workspace.beside(verdict.exercise, 1)
    if number is None:
        return "That was the last one."
    return f"Next: {number}  {exercise(number).title}    {workspace.file(number)}"
