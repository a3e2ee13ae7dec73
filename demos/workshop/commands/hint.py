"""`hint`: one hint more at each call."""

import argparse

from ..catalog import exercise
from ..marked import hints
from ..terminal import say, say_filled, styled
from ..workspace import Workspace
from . import chosen, number_argument, prepare


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add N."""
    number_argument(parser)


def run(options: argparse.Namespace, workspace: Workspace) -> int:
    """Print the hints up to the next one, and write down how many."""
    prepare(workspace)
    show(chosen(options, workspace), workspace)
    return 0


def show(number: int, workspace: Workspace) -> None:
    """Print one hint more than the last time; all of them once all have been shown."""
    every = hints(number)
    shown = min(workspace.progress.record(number)["hints"] + 1, len(every))
    workspace.progress.hinted(number, shown)
    workspace.progress.save()
    say(styled(f"{number}  {exercise(number).title}", "bold"))
    for i, text in enumerate(every[:shown], 1):
        say()
        say(styled(f"  Hint {i} of {len(every)}", "now"))
        say_filled(text, "  ")
