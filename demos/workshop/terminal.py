"""What the commands print: colours where the terminal has them, plain text elsewhere.

>>> styled("right", "good")
'right'
"""

import os
import shutil
import sys
import textwrap
from pathlib import Path

STYLES = {"good": "1;32", "bad": "1;31", "now": "1;36", "dim": "2", "bold": "1"}
SPELLED_OUT = str.maketrans("✓✗█░×·–∂", "+x#.x*-d") | {ord("²"): "^2", ord("³"): "^3"}


def styled(text: str, style: str) -> str:
    """Return a text with the codes of its colour; the text alone where colours are not wanted."""
    return f"\x1b[{STYLES[style]}m{text}\x1b[0m" if coloured() else text


def coloured() -> bool:
    """Return whether the standard output is a terminal that shows colours."""
    return (
        sys.stdout.isatty()
        and "NO_COLOR" not in os.environ
        and os.environ.get("TERM") != "dumb"
        and (os.name != "nt" or "WT_SESSION" in os.environ or "ANSICON" in os.environ)
    )


def encodable(text: str) -> str:
    """Return a text that the standard output can encode: signs that it lacks are spelled out."""
    encoding = sys.stdout.encoding or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        text = text.translate(SPELLED_OUT).encode(encoding, "replace").decode(encoding)
    return text


def say(text: str = "") -> None:
    """Print a text and end the line."""
    print(encodable(text), flush=True)


def say_part(text: str) -> None:
    """Print a text without ending the line."""
    print(encodable(text), end="", flush=True)


def say_filled(text: str, indent: str = "") -> None:
    """Print the lines of a text, each broken to fit the terminal; commands stay whole."""
    width = min(100, shutil.get_terminal_size().columns) - 1
    for line in text.split("\n"):
        if "python -m" in line or line.startswith("    "):
            say(indent + line)
        else:
            say(
                "\n".join(
                    textwrap.wrap(line, width, initial_indent=indent, subsequent_indent=indent)
                )
            )


def ask(question: str) -> str | None:
    """Return what is typed after a question; None if the input has ended."""
    say_part(question)
    line = sys.stdin.readline()
    if not line.endswith("\n"):
        say()
    return line.strip() if line else None


def near(path: Path) -> str:
    """Return a path as seen from the current folder, if it is below it."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def clear() -> None:
    """Clear the screen of a terminal; print an empty line elsewhere."""
    say_part("\x1b[2J\x1b[H" if coloured() else "\n")


def bar(done: int, total: int) -> str:
    """Return a bar with what is done.

    >>> bar(3, 10)
    '███░░░░░░░  3 of 10'
    """
    return f"{styled('█' * done, 'good')}{'░' * (total - done)}  {done} of {total}"
