"""`progress`: what you have done so far; with --class, what a whole room has."""

import argparse
from pathlib import Path

from .. import class_view
from ..catalog import EXERCISES
from ..terminal import bar, say, styled
from ..workspace import Workspace
from . import prepare


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the name under which a teacher finds this learner, and the folder of a room."""
    parser.add_argument("--name", help="write this name into progress.json, for the teacher")
    parser.add_argument(
        "--class", dest="room", type=Path, metavar="FOLDER", help="sum up a room's progress files"
    )


def run(options: argparse.Namespace, workspace: Workspace) -> int:
    """Print a bar, and a line for each exercise that was begun."""
    if options.room is not None:
        return class_view.run(options.room)
    progress = workspace.progress
    if options.name is not None:
        prepare(workspace)
        progress.content["name"] = options.name
        progress.save()
    if progress.content["name"]:
        say(styled(str(progress.content["name"]), "bold"))
    done = sum(progress.passed(e.number) for e in EXERCISES)
    say(bar(done, len(EXERCISES)))
    for e in EXERCISES:
        if str(e.number) in progress.content["exercises"]:
            say(_line(e.number, e.title, progress.record(e.number)))
    return 0


def _line(number: int, title: str, record: dict[str, object]) -> str:
    mark = styled("✓", "good") if record["passed"] else " "
    hints = f", hints: {record['hints']}" if record["hints"] else ""
    shown = ", solution shown" if record["solution"] and not record["passed"] else ""
    return f"{mark} {number:>2}  {title:<52}checks: {record['checks']}{hints}{shown}"
