"""`diff`: what was changed in an exercise."""

import argparse
import difflib

from ..catalog import exercise
from ..terminal import say, styled
from ..workspace import Workspace
from . import chosen, number_argument, prepare

COLOURS = {"+": "good", "-": "bad", "@": "now"}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add N and --solution."""
    number_argument(parser)
    parser.add_argument("--solution", action="store_true", help="compare with the solution instead")


def run(options: argparse.Namespace, workspace: Workspace) -> int:
    """Print the lines that differ from the start, or from the solution."""
    prepare(workspace)
    number = chosen(options, workspace)
    e = exercise(number)
    other = e.solution if options.solution else e.start
    if options.solution:
        workspace.progress.solution_seen(number)
        workspace.progress.save()
    lines = list(
        difflib.unified_diff(
            other.read_text(encoding="utf-8").splitlines(),
            workspace.file(number).read_text(encoding="utf-8", errors="replace").splitlines(),
            "the solution" if options.solution else "the start",
            str(workspace.file(number)),
            lineterm="",
        )
    )
    for line in lines:
        style = COLOURS.get(line[:1])
        say(styled(line, style) if style else line)
    if not lines:
        same = "the solution" if options.solution else "at the start"
        say(f"{workspace.file(number)} is as {same}")
    return 0
