"""Learn backpropagation by mending a small engine.

python -m demos.workshop list      the exercises
python -m demos.workshop watch     check a file whenever it is saved
python -m demos.workshop hint      a hint for the current exercise
"""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from demos import show

from .commands import SUMMARIES
from .workspace import DEFAULT, Workspace


def parser(command: str) -> argparse.ArgumentParser:
    """Return the parser; only the module of the command that is called is loaded."""
    top = argparse.ArgumentParser(
        prog="python -m demos.workshop",
        description="Learn backpropagation by mending a small engine.",
    )
    top.add_argument("--folder", type=Path, help=f"your folder (default: {DEFAULT})")
    top.add_argument("--short", action="store_true", help="the track of 90 minutes: 1 to 5, and 7")
    commands = top.add_subparsers(dest="command", metavar="COMMAND")
    for name, summary in SUMMARIES.items():
        sub = commands.add_parser(name, help=summary, description=summary)
        hidden: dict[str, Any] = {"default": argparse.SUPPRESS, "help": argparse.SUPPRESS}
        sub.add_argument("--folder", type=Path, **hidden)  # it may stand behind the command, too
        sub.add_argument("--short", action="store_true", **hidden)
        if name == command:
            import_module(f".commands.{name}", __package__).arguments(sub)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status; without one, list the exercises."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    command = next((word for word in arguments if word in SUMMARIES), "list")
    if command not in arguments and not {"-h", "--help"} & set(arguments):
        arguments.append(command)
    options = parser(command).parse_args(arguments)
    workspace = Workspace(options.folder, options.short)
    if workspace.progress.notice:
        print(show.filled(workspace.progress.notice), file=sys.stderr)
    module = import_module(f".commands.{options.command}", __package__)
    status: int = module.run(options, workspace)
    return status


if __name__ == "__main__":
    sys.exit(show.program(main))
