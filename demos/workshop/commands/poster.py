"""`poster`: the poster and the debugger card, as SVG and PDF."""

import argparse
from pathlib import Path

from .. import poster
from ..terminal import say
from ..workspace import Workspace


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the folder that the files go to."""
    parser.add_argument(
        "--out", type=Path, default=Path("out"), metavar="FOLDER", help="folder (default: out)"
    )


def run(options: argparse.Namespace, workspace: Workspace) -> int:
    """Write the four files."""
    for line in poster.write(options.out):
        say(line)
    return 0
