"""`notebooks`: a notebook of each exercise, made from the scripts."""

import argparse
from pathlib import Path

from ..catalog import EXERCISES
from ..notebook import notebook_of
from ..terminal import say
from ..workspace import Workspace


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add --out."""
    parser.add_argument("--out", type=Path, help="folder (default: notebooks, in your folder)")


def run(options: argparse.Namespace, workspace: Workspace) -> int:
    """Write the notebooks that are not there yet; one that is there may hold somebody's work."""
    out = options.out or workspace.folder / "notebooks"
    out.mkdir(parents=True, exist_ok=True)
    for e in EXERCISES:
        file = out / f"{e.name}.ipynb"
        if file.exists():
            say(f"kept:    {file}")
            continue
        file.write_text(notebook_of(e), encoding="utf-8", newline="\n")
        say(f"written: {file}")
    return 0
