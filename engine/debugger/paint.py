"""Lines with colours where the terminal has them, and with letters that it can write.

>>> import io
>>> out = io.StringIO()
>>> Painter(out).write([("a.grad", "name"), (" += 3", "plus")])
>>> out.getvalue()
'a.grad += 3\\n'

Colours come from rich, if it is installed, the output is a terminal and NO_COLOR is not set. They are picked
to be read on a light ground as well as on a dark one: contrast is at least 4.5 : 1 on both.
"""

import os
import sys
from typing import Any

Line = list[tuple[str, str]]  # pieces of text, each with the name of a style or ""

STYLES = {"name": "bold", "plus": "#c05600", "minus": "#0078c8", "dim": "#767676", "head": "bold",
          "warn": "bold #c05600",
          "good": "#1d863e", "error": "bold #d93a3a", "place": "#767676", "caret": "#c05600"}
_ASCII = str.maketrans({"×": "*", "·": "*", "∂": "d", "Σ": "sum", "→": "->", "…": "...", "–": "-", "−": "-", "✓": "ok",
                        "▸": ">", "│": "|", "²": "^2", "³": "^3", "≤": "<=", "≥": ">=", "½": "1/2",
                        "√": "sqrt", "π": "pi"})


class Painter:
    """Writes lines to a stream: with colours, or plain; in Unicode, or in ASCII."""

    def __init__(self, stream: Any = None):
        self.stream = stream or sys.stdout
        self.console = _console(self.stream)
        self.encoding = getattr(self.stream, "encoding", None) or "utf-8"

    def write(self, line: Line | str) -> None:
        pieces = [(line, "")] if isinstance(line, str) else line
        pieces = [(self.legible(text), style) for text, style in pieces]
        if self.console is None:
            self.stream.write("".join(text for text, _ in pieces).rstrip() + "\n")
            return
        from rich.text import Text

        self.console.print(Text.assemble(*[(text, STYLES.get(style, "")) for text, style in pieces]), soft_wrap=True)

    def legible(self, text: str) -> str:
        """`text` in letters that the stream's encoding has."""
        if _carries(self.encoding, text):
            return text
        return text.translate(_ASCII).encode(self.encoding, "replace").decode(self.encoding, "replace")


def _carries(encoding: str, text: str) -> bool:
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _console(stream: Any) -> Any:
    if os.environ.get("NO_COLOR") or not getattr(stream, "isatty", lambda: False)():
        return None
    try:
        from rich.console import Console
    except ImportError:
        return None
    return Console(file=stream, highlight=False, markup=False, emoji=False)
