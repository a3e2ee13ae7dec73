"""`solution`: what stands in the marked place of the solution."""

import argparse

from ..catalog import exercise
from ..marked import turn
from ..terminal import say, styled
from ..workspace import Workspace
from . import chosen, number_argument, prepare


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add N and --whole."""
    number_argument(parser)
    parser.add_argument("--whole", action="store_true", help="print the whole file")


def run(options: argparse.Namespace, workspace: Workspace) -> int:
    """Print the solution, and write down that it was seen."""
    prepare(workspace)
    number = chosen(options, workspace)
    e = exercise(number)
    workspace.progress.solution_seen(number)
    workspace.progress.save()
    if options.whole:
        say(e.solution.read_text(encoding="utf-8").rstrip("\n"))
        return 0
    say(styled(f"{number}  {e.title}: the marked place", "bold"))
    say()
    say(turn(e.solution))
    return 0
