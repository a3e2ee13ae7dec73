"""`quiz`: random expressions, and every gradient worked out."""

import argparse
import sys
from pathlib import Path

from engine import write_file

from .. import quiz
from ..terminal import say
from ..workspace import Workspace


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the seed, the level, the number of questions and the printed page."""
    parser.add_argument("--seed", type=int, default=1, help="which quiz of a level (default: 1)")
    parser.add_argument(
        "--level", type=int, choices=quiz.LEVELS, default=1, help="1 easy, 3 hard (default: 1)"
    )
    parser.add_argument("--count", type=_count, default=6, help="how many (default: 6)")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write a page to print instead")


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= quiz.MOST:
        raise argparse.ArgumentTypeError(f"{text} is out of range: 1 to {quiz.MOST} questions")
    return int(text)


def run(options: argparse.Namespace, workspace: Workspace) -> int:
    """Print the questions and, when Enter is pressed, the answers; or write the page."""
    asked = quiz.questions(options.seed, options.level, options.count)
    title = f"Gradients: level {options.level}, quiz {options.seed}"
    if options.html is not None:
        write_file(options.html, quiz.html_page(asked, title))
        say(f"{options.html}: open it in a browser and print it; the answers begin on a new sheet")
        return 0
    questions, answers = quiz.terminal_pages(asked, title)
    say(questions)
    if sys.stdin.isatty() and sys.stdout.isatty():
        say("\nEnter shows the answers.")
        sys.stdin.readline()
    say("\n" + answers)
    return 0
