"""What a session looks like: a row for a step, a heading for a node, the order, the source.

>>> import io
>>> from engine import Value
>>> x = Value(3.0, label="x")
>>> screen = Screen(Session(x * x), out := io.StringIO())
>>> screen.row(screen.session.step().steps[0])
>>> print(out.getvalue().splitlines()[-1])
  1/2  x.grad += (x·x).grad × x = 1 × 3 = +3    0 → 3
"""

from collections.abc import Callable, Container
from pathlib import PurePath
from typing import Any

from ..explain import Step
from ..formula import expression, name
from ..location import Site, excerpt, place
from ..printing import columns, number, plural, printable
from ..value import Value
from .session import Session
from .writer import Line, Writer, split_words, table

WINDOW = 12  # as many steps or nodes as are shown at once
IDLE = 3  # of the nodes that send nothing, in a row


class Screen:
    """Writes what a session is like at its position; it changes nothing in it."""

    def __init__(self, session: Session, stream: Any):
        self.session, self.call = session, session.short
        self.writer = Writer(stream)
        self.shown: Value | None = None  # the node whose heading was written last

    def say(self, *parts: Line | str, indent: int = 4) -> None:
        """Write one line, as Writer.write does."""
        self.writer.write(*parts, indent=indent)

    def rows(self, rows: list[Line]) -> None:
        """Write rows with their cells aligned."""
        for row in table(rows, self.writer.width - 2):
            self.say([("  ", ""), *row])

    # -- steps ---------------------------------------------------------------------------------

    def steps(self, steps: list[Step], show: Callable[[Step], None]) -> None:
        """Write the steps; of very many only the last, which end at this position."""
        shown = steps if len(steps) <= WINDOW else steps[-WINDOW // 2 :]
        if len(shown) < len(steps):
            self.say([(f"    … {plural(len(steps) - len(shown), 'contribution')}", "dim")])
        for step in shown:
            show(step)

    def heading(self, node: Value) -> None:
        """Write a node with the line of source that made it, unless it was written last."""
        if node is self.shown or not node.parents:
            return
        self.shown = node
        rest = [
            (f" = {number(node.data)}", ""),
            (f"    grad {number(node.grad)}", "name"),
            ("" if node.label else f"    #{self.session.numbers[node]}", "dim"),
        ]
        room = self.writer.width - sum(len(text) for text, _ in rest)
        self.say([(printable(expression(node), room), "head"), *rest])
        site = node.created_at
        if site and site.text:
            source, carets = excerpt(site, self.writer.width - 4)
            self.say([("    " + source, "dim")])
            self.say([("    " + carets, "caret")])

    def row(self, step: Step) -> None:
        """Write one += in letters, in numbers, and with what it does to the sum."""
        self.heading(step.node)
        parent, node = self.call(step.parent), self.call(step.node)
        finished = self.session.completed_at(step.parent) == step.index + 1
        local = slope(step, f"∂{node}/∂{parent}", self.call)
        self.say(
            [
                (self.count(step), "dim"),
                (f"{parent}.grad", "name"),
                (f" += {node}.grad × {local}", ""),
            ],
            [
                (f" = {_bracketed(step.upstream)} × {_bracketed(step.local)} = ", ""),
                (f"{step.contribution:+.4g}", sign(step.contribution)),
            ],
            [
                (f"    {number(step.before)} → ", "dim"),
                (number(step.after), "name"),
                ("   complete" if finished else "", "good"),
            ],
            indent=len(self.count(step)),
        )
        self.idle(self.session.idle(step.index + 1), len(self.count(step)))

    def idle(self, nodes: list[Value], margin: int = 2) -> None:
        """Write which nodes send nothing, and why."""
        for node in nodes[:IDLE]:
            self.say(
                *split_words(" " * margin + self.session.zeros.sentence(node), "dim"),
                indent=margin + 2,
            )
        if len(nodes) > IDLE:
            more = f"{len(nodes) - IDLE:,} more, which send nothing"
            self.say([(f"{' ' * margin}… {more}", "dim")])

    def undone(self, step: Step) -> None:
        """Write a step that was taken back."""
        self.say(
            [
                (self.count(step), "dim"),
                (f"{self.call(step.parent)}.grad", "name"),
                (" gives back ", ""),
                (f"{step.contribution:+.4g}", sign(step.contribution)),
                (f" from {self.call(step.node)}", ""),
            ],
            [(f"    {number(step.after)} → ", "dim"), (number(step.before), "name")],
            indent=len(self.count(step)),
        )

    def count(self, step: Step) -> str:
        """Return the number of a step, of how many."""
        total = f"{len(self.session.trail)}"
        return f"  {step.index + 1:{len(total)}}/{total}  "

    def totals(self) -> list[Line]:
        """Return the gradients of the first leaves, for one line."""
        leaves = [
            leaf
            for leaf in self.session.leaves
            if not leaf.constant and leaf in self.session.arrivals
        ]
        return [
            [(f"  {self.call(leaf)}.grad = {number(leaf.grad)}", "")] for leaf in leaves[:6]
        ] + [[("  … (info leaves)", "dim")]] * (len(leaves) > 6)

    # -- nodes and source ----------------------------------------------------------------------

    def order(self) -> None:
        """Write the backward order around the current node."""
        order, here = self.session.order[::-1], self.session.node
        if not order:
            self.say("  there is no order: the root is a leaf")
            return
        at = len(order) - 1 - (self.session.numbers[here] - len(self.session.leaves))
        first = max(0, at - WINDOW // 2)
        shown = order[first : first + WINDOW + 1]
        if first:
            self.say([(f"    … {first:,} before", "dim")])
        self.rows([self.in_order(node, node is here) for node in shown])
        if first + len(shown) < len(order):
            self.say([(f"    … {len(order) - first - len(shown):,} to come", "dim")])

    def in_order(self, node: Value, current: bool) -> Line:
        """Return the row of a node in the backward order."""
        sent = (
            self.session.starts.get(node, len(self.session.trail)) < self.session.position
            and not current
        )
        state = "its turn" if current else "has sent" if sent else "waits"
        state = "sends nothing" if node in self.session.zeros.nodes else state
        if current and self.session.done:
            state = "sent last"
        return [
            (f"{'▸' if current else ' '} {expression(node)}", "head" if current else ""),
            (f"grad {number(node.grad)}", ""),
            (state, "good" if sent else "dim"),
            (f"#{self.session.numbers[node]}", "dim"),
            (short_place(node), "dim"),
        ]

    def source(self, node: Value, site: Site, lines: list[str]) -> None:
        """Write the lines around the one that made a node, with the values that each line made."""
        room = self.writer.width - 10
        texts = {
            line: printable(lines[line - 1].rstrip().expandtabs(4), room)
            for line in range(max(1, site.line - 5), min(len(lines), site.line + 5) + 1)
        }
        self.say([(printable(PurePath(site.filename).name), "dim")])
        self.annotated(texts, site.line, self.made_on(site.filename, texts, node))

    def annotated(self, texts: dict[int, str], here: int, values: dict[int, list[str]]) -> None:
        """Write lines of source with notes beside them, or below a line that is too long."""
        longest = max([columns(note) for notes in values.values() for note in notes], default=0)
        room = self.writer.width - 13 - longest
        margin = max([wide for at in values if (wide := columns(texts[at])) <= room], default=0)
        for at, text in texts.items():
            notes = values.get(at, [])
            beside = "   " + notes.pop(0) if notes and columns(text) <= margin else ""
            self.say(
                [
                    ("  ▸ " if at == here else "    ", "caret"),
                    (f"{at:4}  ", "dim"),
                    (text + " " * (margin - columns(text)), "head" if at == here else ""),
                    (beside, "name"),
                ]
            )
            for note in notes:
                self.say([(" " * (13 + margin) + note, "name")])

    def made_on(self, filename: str, lines: Container[int], first: Value) -> dict[int, list[str]]:
        """Return notes on the values that these lines made, three a line, `first` before others."""
        values: dict[int, list[Value]] = {}
        for node in self.session.numbers:
            site = node.created_at if not node.constant else None
            if site and site.filename == filename and site.line in lines:
                values.setdefault(site.line, []).append(node)
        for nodes in values.values():
            nodes.sort(key=lambda node: node is not first)
        return {
            line: [
                f"{printable(name(node), 24)} = {number(node.data)}, grad {number(node.grad)}"
                for node in nodes[:3]
            ]
            + [f"… {len(nodes) - 3:,} more"] * (len(nodes) > 3)
            for line, nodes in values.items()
        }


def slope(step: Step, plain: str, call: Callable[[Value], str]) -> str:
    """Return the local derivative in letters, by its rule; `plain` where it is long or a number."""
    from ..formula import PRODUCT, Symbol, derivatives

    if len(step.node.parents) > 64:
        return plain
    assert step.node.operation is not None
    names = [call(x) for x in step.node.parents]
    slopes = derivatives(step.node.operation, names, call(step.node))
    slope = slopes[step.slot] if slopes else None
    if not isinstance(slope, Symbol) or len(slope.text) > 28:
        return plain
    return slope.inside(PRODUCT)


def short_place(node: Value) -> str:
    """Return where a node was made; of a long file name the end, which has the line."""
    text = place(node)
    return text if len(text) <= 20 else "…" + text[-19:]


def _bracketed(x: float) -> str:
    return f"({number(x)})" if x < 0.0 else number(x)


def sign(x: float) -> str:
    """Return the style of a number by its sign."""
    return "plus" if x > 0.0 else "minus" if x < 0.0 else "dim"
