"""What the commands print: colours where the terminal has them, plain text elsewhere.

>>> styled("right", "good")
'right'
"""

import os
import sys

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
