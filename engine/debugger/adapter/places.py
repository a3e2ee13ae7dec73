"""Where the values of a pass were made: lines and columns as editors count them, breakpoints there.

>>> code = "h = a*b + a"
>>> dots([(4, 7), (4, 11)])  # a*b is marked at its first letter, the sum behind a*b, at its plus
{4: (4, 7), 7: (4, 11)}
>>> outermost([(4, 7), (4, 11)])
{(4, 11)}
"""

import linecache
import math
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from ...location import Site
from ...value import Value
from ..evaluate import Refused
from ..session import Breakpoint, Session, Watch

Span = tuple[int, int]  # columns of a subexpression, from 0, in characters


@dataclass
class LineBreakpoint(Breakpoint):
    """A breakpoint on a line of a file; with a column, on one subexpression of it."""

    path: str = ""
    line: int = 0
    column: int | None = None  # from 0, in characters


class FirstWatch(Watch):
    """A watch of the first nan, or of the first inf, in a pass."""


class Pass(Session):
    """A session that knows its values by their lines, and `heard`, who asks for stops in it."""

    def __init__(self, root: Value, names: Mapping[str, Any] | None = None):
        super().__init__(root, names)
        self.heard: Callable[[Pass], None] = lambda session: None

    def inherit(self, other: Session) -> list[str]:
        reasons = super().inherit(other)
        self.heard(self)
        return reasons

    def nodes_at(self, point: Breakpoint) -> frozenset[Value]:
        if isinstance(point, LineBreakpoint):
            return frozenset(self.on_line(point))
        return super().nodes_at(point)

    def on_line(self, point: LineBreakpoint) -> list[Value]:
        """Return the values that a line has made, one for each time that it was executed.

        Without a column these are the outermost subexpressions, else the one that has its dot there
        or before. Raises Refused where the line has made no value.
        """
        made = self.made.get((file_of(point.path), point.line))
        if not made:
            raise Refused(f"line {point.line} has made no value of this graph")
        spans = outermost(made)
        if point.column is not None:
            marked = dots(made)
            at = max((dot for dot in marked if dot <= point.column), default=min(marked))
            spans = {marked[at]}
        return [node for span in spans for node in made[span]]

    @cached_property
    def made(self) -> dict[tuple[str, int], dict[Span, list[Value]]]:
        """The values that each line of each file has made, by their columns."""
        made: dict[tuple[str, int], dict[Span, list[Value]]] = {}
        for node in self.numbers:
            site = None if node.constant else node.created_at
            if site:
                line = made.setdefault((file_of(site.filename), site.line), {})
                line.setdefault((site.column, site.end_column), []).append(node)
        return made

    def measure_here(self, watch: Watch) -> None:
        if not isinstance(watch, FirstWatch):
            super().measure_here(watch)
            return
        first = self.first(math.isnan if watch.text == "nan" else math.isinf)
        watch.measure = lambda: float(self.position == first)

    def first(self, bad: Callable[[float], bool]) -> int:
        """Return the position at which the first bad number has arrived, -1 where none does."""
        arrived = (step for step in self.trail if bad(step.contribution) or bad(step.after))
        return next((step.index + 1 for step in arrived), -1)


def outermost(spans: Iterable[Span]) -> set[Span]:
    """Return the spans that lie in no other: what a line computes in the end."""
    every = set(spans)
    return {
        (start, end)
        for start, end in every
        if not any(a <= start and end <= b and (a, b) != (start, end) for a, b in every)
    }


def dots(spans: Iterable[Span]) -> dict[int, Span]:
    """Return spans by the column that marks each: its first or, where two begin, a later one.

    Of spans that begin together, each is marked behind the one that is contained in it.
    """
    marked: dict[int, Span] = {}
    before = (-1, -1)
    for start, end in sorted(set(spans)):
        marked[before[1] if before[0] == start else start] = before = (start, end)
    return marked


@lru_cache(1000)
def file_of(filename: str) -> str:
    """Return one name for a file, however it is spelled."""
    return os.path.normcase(os.path.realpath(filename))


class Counting:
    """How a client counts lines and columns: from 1 or from 0, columns in units of UTF-16."""

    def __init__(self, first_line: int = 1, first_column: int = 1):
        self.first_line, self.first_column = first_line, first_column

    def line(self, line: int) -> int:
        """Return a line of ours, which are counted from 1, as the client counts."""
        return line - 1 + self.first_line

    def our_line(self, line: int) -> int:
        """Return a line of the client's."""
        return line + 1 - self.first_line

    def column(self, text: str, column: int) -> int:
        """Return a column in a text, from 0 and in characters, as the client counts.

        >>> Counting().column("𝑥 = a*b", 4)  # the first letter takes two units
        6
        """
        return len(text[:column].encode("utf-16-le", "surrogatepass")) // 2 + self.first_column

    def our_column(self, text: str, column: int) -> int:
        """Return a column of the client's in characters, from 0."""
        units = text.encode("utf-16-le", "surrogatepass")[: 2 * max(column - self.first_column, 0)]
        return len(units.decode("utf-16-le", "ignore"))

    def marks(self, site: Site) -> dict[str, int]:
        """Return where a subexpression stands."""
        return {
            "line": self.line(site.line),
            "column": self.column(site.text, site.column),
            "endLine": self.line(site.line),
            "endColumn": self.column(site.text, site.end_column),
        }


def line_of(path: str, line: int) -> str:
    """Return the text of a line of a file, "" where there is none."""
    return linecache.getline(path, line).rstrip("\n")
