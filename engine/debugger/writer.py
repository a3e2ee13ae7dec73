"""Lines with colours where the terminal has them, with letters that it can write, no wider than it is.

>>> import io
>>> out = io.StringIO()
>>> Painter(out).write([("a.grad", "name"), (" += 3", "plus")])
>>> out.getvalue()
'a.grad += 3\\n'

Colours come from rich, if it is installed, the output is a terminal and NO_COLOR is not set. They
are picked to be read on a light ground as well as on a dark one: contrast is at least 4.5 : 1 on
both.
"""

import os
import re
import sys
from typing import Any

from ..explain import columns, printable

Line = list[tuple[str, str]]  # pieces of text, each with the name of a style or ""
GAP = "   "  # between the columns of a table

STYLES = {
    "name": "bold",
    "plus": "#c05600",
    "minus": "#0078c8",
    "dim": "#767676",
    "head": "bold",
    "warn": "bold #c05600",
    "good": "#1d863e",
    "error": "bold #d93a3a",
    "caret": "#c05600",
}
_ASCII = str.maketrans(
    {
        "×": "*",
        "·": "*",
        "∂": "d",
        "Σ": "sum",
        "→": "->",
        "…": "...",
        "–": "-",
        "−": "-",
        "✓": "ok",
        "▸": ">",
        "│": "|",
        "²": "^2",
        "³": "^3",
        "≤": "<=",
        "≥": ">=",
        "½": "1/2",
        "√": "sqrt",
        "π": "pi",
    }
)


class Painter:
    """Writes lines to a stream: with colours, or plain; in Unicode, or in ASCII."""

    def __init__(self, stream: Any = None):
        self.stream = stream or sys.stdout
        self.console = _console(self.stream)
        self.encoding = getattr(self.stream, "encoding", None) or "utf-8"

    @property
    def width(self) -> int:
        """The columns of the terminal, up to what an eye follows; 80 where there is none."""
        try:
            return min(os.get_terminal_size(self.stream.fileno()).columns, 120)
        except (OSError, AttributeError, ValueError):
            return 80

    def write(self, *parts: Line | str, indent: int = 4) -> None:
        """One line, if its parts have room on it; else those that haven't stand below. A str is parted into words."""
        lines = [
            line for part in parts for line in (words(part) if isinstance(part, str) else [part])
        ]
        legible = [[(self.legible(text), style) for text, style in line] for line in lines]
        for line in folded(legible, self.width, indent):
            self._print(line)

    def _print(self, line: Line) -> None:
        if self.console is None:
            self.stream.write("".join(text for text, _ in line).rstrip() + "\n")
            return
        from rich.text import Text

        self.console.print(
            Text.assemble(*[(text, STYLES.get(style, "")) for text, style in line]), soft_wrap=True
        )

    def legible(self, text: str) -> str:
        """`text` in letters that the stream's encoding has."""
        if _carries(self.encoding, text):
            return text
        return (
            text.translate(_ASCII).encode(self.encoding, "replace").decode(self.encoding, "replace")
        )


def words(text: str, style: str = "") -> list[Line]:
    """Prose as parts: a line may end behind every word."""
    return [[(word, style)] for word in re.findall(r"\s*\S+", text)]


def folded(parts: list[Line], width: int, indent: int) -> list[Line]:
    """The parts on as few lines as hold them, the later ones indented.

    >>> folded([[("a = 1", "")], [("   b = 2", "name")]], 10, 4)
    [[('a = 1', '')], [('    ', ''), ('b = 2', 'name')]]
    """
    lines: list[Line] = [[]]
    for part in parts:
        if lines[-1] and _wide(lines[-1]) + _wide(part) > width:
            (text, style), *rest = part
            lines.append([(" " * indent, ""), (text.lstrip(), style), *rest])
        else:
            lines[-1] = lines[-1] + part
    return lines


def table(rows: list[Line], width: int) -> list[Line]:
    """Cells below one another; of the first column, which holds the names, as much as there is room for.

    >>> table([[("a·b", ""), ("grad 1", "")], [("a", "head"), ("grad -10", "")]], 80)
    [[('a·b   ', ''), ('grad 1', '')], [('a     ', 'head'), ('grad -10', '')]]
    """
    wide = [max(columns(text) for text, _ in column) for column in zip(*rows, strict=True)]
    wide[:1] = [
        min(first, max(16, width - sum(wide[1:]) - len(GAP) * (len(wide) - 1)))
        for first in wide[:1]
    ]
    return [
        [
            *((_filled(text, size) + GAP, style) for (text, style), size in zip(row[:-1], wide)),
            row[-1],
        ]
        for row in rows
    ]


def _filled(text: str, size: int) -> str:
    text = printable(text, size)
    return text + " " * (size - columns(text))


def many(count: int, one: str, several: str = "") -> str:
    """A count and its noun.

    >>> many(1, "leaf", "leaves"), many(2000, "step")
    ('1 leaf', '2,000 steps')
    """
    return f"{count:,} {one if count == 1 else several or one + 's'}"


def _wide(line: Line) -> int:
    return sum(columns(text) for text, _ in line)


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
