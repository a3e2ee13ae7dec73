"""`progress`: what you have done so far."""

import argparse

from ..catalog import EXERCISES
from ..terminal import say, styled
from ..workspace import Workspace


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the name under which a teacher finds this learner."""
    parser.add_argument("--name", help="write this name into progress.json, for the teacher")


def run(options: argparse.Namespace, workspace: Workspace) -> int:
    """Print a bar, and a line for each exercise that was begun."""
    progress = workspace.progress
    if options.name is not None:
        progress.content["name"] = options.name
        progress.save()
    done = sum(progress.passed(e.number) for e in EXERCISES)
    say(f"{styled('█' * done, 'good')}{'░' * (len(EXERCISES) - done)}  {done} of {len(EXERCISES)}")
    for e in EXERCISES:
        if str(e.number) in progress.content["exercises"]:
            say(_line(e.number, e.title, progress.record(e.number)))
    return 0


def _line(number: int, title: str, record: dict[str, object]) -> str:
    mark = styled("✓", "good") if record["passed"] else " "
    hints = f", hints: {record['hints']}" if record["hints"] else ""
    return f"{mark} {number:>2}  {title:<52}checks: {record['checks']}{hints}"
