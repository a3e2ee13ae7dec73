"""`list`: the exercises, and which of them have passed."""

import argparse

from ..catalog import EXERCISES
from ..terminal import say, styled
from ..workspace import Workspace


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add no option."""


def run(options: argparse.Namespace, workspace: Workspace) -> int:
    """Print one line an exercise, the current one marked."""
    current = workspace.progress.current()
    for e in EXERCISES:
        passed = workspace.progress.passed(e.number)
        mark = styled("✓", "good") if passed else styled(">", "now") if e.number == current else " "
        track = "" if e.short else "  (3 hours)"
        say(f"{mark} {e.number:>2}  {e.title:<52}{e.minutes:>3} min{track}")
    return 0
