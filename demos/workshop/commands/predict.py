"""`predict`: a game of fifteen questions, each on something that many believe."""

import argparse
import random

from ..catalog import FOLDER
from ..misconceptions import MISCONCEPTIONS, Misconception, right, shown
from ..terminal import ask, near, say, say_filled, styled
from ..workspace import Workspace


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the number of a question, and --seed."""
    parser.add_argument(
        "question",
        nargs="?",
        type=int,
        choices=range(1, len(MISCONCEPTIONS) + 1),
        metavar="N",
        help=f"one question alone, 1 to {len(MISCONCEPTIONS)}",
    )
    parser.add_argument("--seed", type=int, help="another order of the questions")


def run(options: argparse.Namespace, workspace: Workspace) -> int:
    """Ask until the questions or the answers end, and count."""
    asked = list(range(len(MISCONCEPTIONS)))
    if options.question is not None:
        asked = [options.question - 1]
    elif options.seed is not None:
        random.Random(options.seed).shuffle(asked)
    say_filled("Say the number before you see it. Enter alone shows it, q leaves.")
    points = total = 0
    for place, i in enumerate(asked, 1):
        say()
        got = question(f"{place} of {len(asked)}", i + 1, MISCONCEPTIONS[i])
        if got is None:
            break
        points, total = points + got, total + 1
    say()
    say(f"{points} of {total} predicted.")
    return 0


def question(heading: str, number: int, m: Misconception) -> bool | None:
    """Ask one question and show the answer; None if the player leaves."""
    say(styled(heading, "now"))
    say_filled(m.told(m.question), "  ")
    while True:
        text = ask("  ? ")
        if text is None or text.lower() in ("q", "quit", "exit"):
            return None
        answer = number_in(text)
        if answer is not None or not text:
            break
        say("  A number, please, such as 0.75; Enter alone shows the answer.")
    won = answer is not None and right(answer, m.number())
    say_filled(reply(answer, won, m), "  ")
    say(styled(f"  The picture: {near(FOLDER / 'pictures' / f'{number:02}.svg')}", "dim"))
    say(styled(f"  Step through it: {m.command}", "dim"))
    return won


def reply(answer: float | None, won: bool, m: Misconception) -> str:
    """Return what is said to an answer."""
    if won:
        return f"{styled('Right', 'good')}: {shown(m.number())}. {m.told(m.why)}"
    usual = answer is not None and right(answer, m.usual())
    also = f" {shown(m.usual())} is what those say who believe: {m.belief}." if usual else ""
    return f"It is {styled(shown(m.number()), 'bad')}.{also} {m.told(m.why)}"


def number_in(text: str) -> float | None:
    """Return the number that was typed; a comma may stand for the point.

    >>> number_in("0,75"), number_in("3.8e6"), number_in("half")
    (0.75, 3800000.0, None)
    """
    try:
        return float(text.replace(",", ".", 1))
    except ValueError:
        return None
