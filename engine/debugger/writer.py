r"""Lines in colours where the terminal has them, in letters that it has, no wider than it is.

>>> import io
>>> out = io.StringIO()
>>> Writer(out).write([("a.grad", "name"), (" += 3", "plus")])
>>> out.getvalue()
'a.grad += 3\n'

Colours come from rich, if it is installed, the output is a terminal and NO_COLOR is not set. They
can be read on a light ground as well as on a dark one: where a terminal has 256 colours or more,
the contrast is at least 4.45 : 1 on both; the 16 colours of ANSI have no such pair, so there most
text keeps the colour of the terminal's own.
"""

import os
import re
import sys
from typing import Any

from ..printing import columns, printable

Line = list[tuple[str, str]]  # pieces of text, each with the name of a style or ""
GAP = "   "  # between the columns of a table

STYLES = {  # for terminals of 16 million colours, of 256, of 16
    "name": ("bold", "bold", "bold"),
    "plus": ("#c05600", "color(130)", "magenta"),
    "minus": ("#0078c8", "color(63)", "bright_blue"),
    "dim": ("#767676", "color(243)", ""),
    "head": ("bold", "bold", "bold"),
    "warn": ("bold #c05600", "bold color(130)", "bold magenta"),
    "good": ("#1d863e", "color(29)", "bold"),
    "error": ("bold #d93a3a", "bold color(131)", "bold bright_red"),
    "caret": ("#c05600", "color(130)", "magenta"),
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
        "≤": "<=",
        "≥": ">=",
        "½": "1/2",
        "√": "sqrt",
        "π": "pi",
    }
)
_SUPERSCRIPTS = re.compile("[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_DIGITS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


class Writer:
    """Writes lines to a stream: with colours, or plain; in Unicode, or in ASCII."""

    def __init__(self, stream: Any = None):
        self.stream = stream or sys.stdout
        self.console = _console(self.stream)
        self.encoding = getattr(self.stream, "encoding", None) or "utf-8"

    @property
    def width(self) -> int:
        """The columns of the terminal, at most 120 for the reader's eye; 80 where there is none."""
        try:
            return min(os.get_terminal_size(self.stream.fileno()).columns, 120)
        except (OSError, AttributeError, ValueError):
            return 80

    def write(self, *parts: Line | str, indent: int = 4) -> None:
        """Write one line; parts that do not fit go on lines of their own, indented.

        A part is never divided, but for a str: it may be divided after every word.
        """
        lines = [
            line
            for part in parts
            for line in (split_words(part) if isinstance(part, str) else [part])
        ]
        shown = [
            [(encodable(text, self.encoding), style) for text, style in line] for line in lines
        ]
        for line in fold(shown, self.width, indent):
            self._print(line)

    def _print(self, line: Line) -> None:
        if self.console is None:
            self.stream.write("".join(text for text, _ in line).rstrip() + "\n")
            return
        from rich.text import Text

        pieces = [(text, self.style(name)) for text, name in line]
        self.console.print(Text.assemble(*pieces), soft_wrap=True)

    def style(self, name: str) -> str:
        """Return what rich calls a style on a terminal with as many colours as this one."""
        if name not in STYLES:
            return ""
        colours = {"truecolor": 0, "256": 1}.get(self.console.color_system or "", 2)
        return STYLES[name][colours]


def encodable(text: str, encoding: str) -> str:
    """Return `text` in letters that an encoding has; our own signs in ASCII if it lacks one.

    >>> encodable("∂y/∂x = 3·x²", "ascii"), encodable("x²", "latin-1")
    ('dy/dx = 3*x**2', 'x²')
    """
    if _can_encode(encoding, text):
        return text
    text = _SUPERSCRIPTS.sub(lambda digits: "**" + digits[0].translate(_DIGITS), text)
    return text.translate(_ASCII).encode(encoding, "replace").decode(encoding, "replace")


def split_words(text: str, style: str = "") -> list[Line]:
    """Return prose as parts, one for each word, so that a line may end behind every word."""
    return [[(word, style)] for word in re.findall(r"\s*\S+", text)]


def fold(parts: list[Line], width: int, indent: int) -> list[Line]:
    """Return the parts on as few lines as hold them, the later lines indented.

    >>> fold([[("a = 1", "")], [("   b = 2", "name")]], 10, 4)
    [[('a = 1', '')], [('    ', ''), ('b = 2', 'name')]]
    """
    lines: list[Line] = [[]]
    for part in parts:
        if lines[-1] and _line_columns(lines[-1]) + _line_columns(part) > width:
            (text, style), *rest = part
            lines.append([(" " * indent, ""), (text.lstrip(), style), *rest])
        else:
            lines[-1] = lines[-1] + part
    return lines


def table(rows: list[Line], width: int) -> list[Line]:
    """Return rows with their cells aligned; the first column, of names, is cut to the room left.

    >>> table([[("a·b", ""), ("grad 1", "")], [("a", "head"), ("grad -10", "")]], 80)
    [[('a·b   ', ''), ('grad 1', '')], [('a     ', 'head'), ('grad -10', '')]]
    """
    widths = [max(columns(text) for text, _ in column) for column in zip(*rows, strict=True)]
    others = sum(widths[1:]) + len(GAP) * (len(widths) - 1)
    widths[:1] = [min(first, max(16, width - others)) for first in widths[:1]]
    return [
        [
            *((_padded(text, size) + GAP, style) for (text, style), size in zip(row[:-1], widths)),
            row[-1],
        ]
        for row in rows
    ]


def _padded(text: str, size: int) -> str:
    text = printable(text, size)
    return text + " " * (size - columns(text))


def _line_columns(line: Line) -> int:
    return sum(columns(text) for text, _ in line)


def _can_encode(encoding: str, text: str) -> bool:
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _console(stream: Any) -> Any:
    """Return a console of rich's, or None where there is no terminal, no rich, or NO_COLOR."""
    if os.environ.get("NO_COLOR") or not getattr(stream, "isatty", lambda: False)():
        return None
    try:
        from rich.console import Console
    except ImportError:
        return None
    return Console(file=stream, highlight=False, markup=False, emoji=False)
