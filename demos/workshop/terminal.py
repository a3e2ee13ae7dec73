"""What the commands print: colours where the terminal has them, plain text elsewhere.

>>> styled("right", "good")
'right'
"""

import os
import shutil
import sys
import textwrap

STYLES = {"good": "1;32", "bad": "1;31", "now": "1;36", "dim": "2", "bold": "1"}


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


def say(text: str = "") -> None:
    """Print a text; characters that the terminal's encoding lacks are replaced."""
    encoding = sys.stdout.encoding or "utf-8"
    print(text.encode(encoding, "replace").decode(encoding), flush=True)


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


def ask(question: str) -> str:
    """Return what is typed after a question; "" if the input has ended."""
    say_part(question)
    answer = sys.stdin.readline()
    if not answer.endswith("\n"):
        say()
    return answer.strip()


def say_part(text: str) -> None:
    """Print a text without ending the line."""
    encoding = sys.stdout.encoding or "utf-8"
    print(text.encode(encoding, "replace").decode(encoding), end="", flush=True)


def clear() -> None:
    """Clear the screen of a terminal; print an empty line elsewhere."""
    say("\x1b[2J\x1b[H" if coloured() else "")
