"""`list`: the exercises, and which of them have passed."""

import argparse

from ..catalog import exercise
from ..terminal import say, styled
from ..workspace import Workspace


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add no option."""


def run(options: argparse.Namespace, workspace: Workspace) -> int:
    """Print one line an exercise, the current one marked, and how to begin."""
    current = workspace.current()
    for number in workspace.numbers:
        e = exercise(number)
        passed = workspace.progress.passed(number)
        mark = styled("✓", "good") if passed else styled(">", "now") if number == current else " "
        say(f"{mark} {number:>2}  {e.title:<52}{e.minutes:>3} min")
    if not workspace.progress.content["exercises"]:
        say("\nBegin with  python -m demos.workshop watch")
    return 0
