r"""Places in the user's source: the exact subexpression that made a node, as data and as text.

>>> print(*excerpt(Site("user.py", 3, 4, 9, "f", "h = x * w + x")), sep="\n")
user.py:3   h = x * w + x
                ^^^^^
"""

import linecache
import re
import sys
from pathlib import PurePath
from types import CodeType
from typing import Any, NamedTuple

from .printing import columns, printable
from .types import Node

Positions = list[tuple[int | None, ...]]  # line, last line, column, last column of each instruction


class Site(NamedTuple):
    """A place in the user's source: line from 1, columns from 0 into `text`, the whole line."""

    filename: str
    line: int
    column: int
    end_column: int
    function: str
    text: str

    def __str__(self) -> str:
        return self.named(self.filename)

    @property
    def short(self) -> str:
        """The file without its folder and the line: `user.py:3`; in a notebook `cell 3, line 2`."""
        return self.named(PurePath(self.filename).name)

    def named(self, file: str) -> str:
        """Return the place in a file of this name, unless it is in a cell of a notebook."""
        cell = _cell(self.filename)
        return f"cell {cell}, line {self.line}" if cell else f"{printable(file, 200)}:{self.line}"


def _cell(filename: str) -> str:
    """Return the number of the notebook's cell whose code has this file's name; "" for other files.

    The name is made of the code's hash; IPython's compiler knows when it was run last.
    """
    known = re.match(r"<ipython-input-(\d+)-", filename)
    shell: Any = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if not known and hasattr(shell, "compile") and hasattr(shell.compile, "format_code_name"):
        _, name = shell.compile.format_code_name(filename) or ("", "")
        known = re.fullmatch(r"In\[(\d+)\]", name)
    return known[1] if known else ""


def site(code: CodeType | None, offset: int) -> Site | None:
    """Return the place of the instruction at `offset` in a code object; None without code."""
    if code is None:
        return None
    line, end_line, column, end_column = _positions(code)[offset // 2]
    line = line or code.co_firstlineno
    text = linecache.getline(code.co_filename, line).rstrip("\n")
    start = _characters(text, column or 0)
    end = _characters(text, end_column) if end_column and end_line == line else len(text)
    return Site(code.co_filename, line, start, end, code.co_name, text)


_cache: dict[int, tuple[CodeType, Positions]] = {}  # with the code, so that its id stays its own


def _positions(code: CodeType) -> Positions:
    """Return the positions of all instructions of `code`, cached: it may make 10,000 nodes."""
    if id(code) not in _cache:
        if len(_cache) > 99:
            _cache.clear()
        _cache[id(code)] = code, list(code.co_positions())
    return _cache[id(code)][1]


def _characters(text: str, column: int) -> int:
    """Return a column in characters; Python counts columns in bytes of utf-8."""
    return len(text.encode("utf-8", "replace")[:column].decode("utf-8", "ignore"))


def excerpt(at: Site, width: int = 76) -> list[str]:
    """Return the source line and, below it, the subexpression underlined; of a long line a part."""
    label = at.short
    text, indent = at.text.strip(), len(at.text) - len(at.text.lstrip())
    if not text:
        return [label]
    start, end = max(at.column - indent, 0), at.end_column - indent
    room = max(24, width - columns(label) - 3)
    skipped = max(0, min(start - 8, len(text) - room)) if end > room else 0
    shown = printable("…" * bool(skipped) + text[skipped + bool(skipped) :], room)
    before, marked = shown[: start - skipped], shown[start - skipped : end - skipped]
    margin = " " * (columns(label) + 3 + columns(before))
    return [f"{label}   {shown}", margin + "^" * columns(marked)]


def place(node: Node) -> str:
    """Return where a node was made, in short: file and line, or "" for a constant."""
    at = node.created_at
    return at.short if at else ""
