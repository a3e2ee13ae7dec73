"""`reset`: an exercise as it was at the start; the learner's file is kept beside it."""

import argparse

from ..catalog import exercise
from ..terminal import ask, say
from ..workspace import Workspace
from . import number_argument, prepare


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add N and --yes."""
    number_argument(parser)
    parser.add_argument("--yes", action="store_true", help="do not ask")


def run(options: argparse.Namespace, workspace: Workspace) -> int:
    """Ask, keep the old file under another name, and copy the start."""
    if options.number is None:
        say("Which one? python -m demos.workshop reset 5")
        return 2
    prepare(workspace)
    file = workspace.file(options.number)
    if file.read_bytes() == exercise(options.number).start.read_bytes():
        say(f"{file} is as at the start")
        return 0
    answer = "y" if options.yes else ask(f"Put {file} back to its start? [y/N] ") or "n"
    if answer.lower() not in ("y", "yes"):
        say("Nothing was changed.")
        return 1
    kept = workspace.reset(options.number)
    say(f"{file} is as at the start. Your file is kept: {kept}")
    return 0
