"""How a moment looks: a row for a step, a heading for a node, the order, the source with its values.

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

from ..explain import Site, Step, columns, excerpt, expression, name, number, place, printable
from ..value import Value
from .writer import Line, Painter, many, table
from .session import Session

WINDOW = 12  # as many steps or nodes as are shown at once


class Screen:
    """Writes what a session is like now; it changes nothing in it."""

    def __init__(self, session: Session, stream: Any):
        self.session, self.call = session, session.short
        self.painter = Painter(stream)
        self.shown: Value | None = None  # the node whose heading was written last

    def say(self, *parts: Line | str, indent: int = 4) -> None:
        self.painter.write(*parts, indent=indent)

    def lay(self, rows: list[Line]) -> None:
        """Rows whose cells stand below one another."""
        for row in table(rows, self.painter.width - 2):
            self.say([("  ", ""), *row])

    # -- steps
    # -------------------------------------------------------------------------------------------------------

    def steps(self, steps: list[Step], show: Callable[[Step], None]) -> None:
        """The steps; of very many the last, behind which the person stands now."""
        shown = steps if len(steps) <= WINDOW else steps[-WINDOW // 2 :]
        if len(shown) < len(steps):
            self.say([(f"    … {many(len(steps) - len(shown), 'contribution')}", "dim")])
        for step in shown:
            show(step)

    def heading(self, node: Value) -> None:
        """The node whose turn it is, and the line that made it."""
        if node is self.shown or not node.parents:
            return
        self.shown = node
        rest = [
            (f" = {number(node.data)}", ""),
            (f"    grad {number(node.grad)}", "name"),
            ("" if node.label else f"    #{self.session.numbers[node]}", "dim"),
        ]
        room = self.painter.width - sum(len(text) for text, _ in rest)
        self.say([(printable(expression(node), room), "head"), *rest])
        made = node.created_at
        if made and made.text:
            source, carets = excerpt(made, self.painter.width - 4)
            self.say([("    " + source, "dim")])
            self.say([("    " + carets, "caret")])

    def row(self, step: Step) -> None:
        """One += in letters, in numbers, and in what it does to the sum."""
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

    def undone(self, step: Step) -> None:
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
        every = f"{len(self.session.trail)}"
        return f"  {step.index + 1:{len(every)}}/{every}  "

    def totals(self) -> list[Line]:
        """The gradients of the first leaves."""
        leaves = [
            leaf
            for leaf in self.session.leaves
            if not leaf.constant and leaf in self.session.arrivals
        ]
        return [
            [(f"  {self.call(leaf)}.grad = {number(leaf.grad)}", "")] for leaf in leaves[:6]
        ] + [[("  … (info leaves)", "dim")]] * (len(leaves) > 6)

    # -- nodes and source
    # --------------------------------------------------------------------------------------------

    def order(self) -> None:
        """The backward order around the node whose turn it is."""
        order, here = self.session.order[::-1], self.session.node
        if not order:
            self.say("  there is no order: the root is a leaf")
            return
        at = len(order) - 1 - (self.session.numbers[here] - len(self.session.leaves))
        first = max(0, at - WINDOW // 2)
        shown = order[first : first + WINDOW + 1]
        if first:
            self.say([(f"    … {first:,} before", "dim")])
        self.lay([self.in_order(node, node is here) for node in shown])
        if first + len(shown) < len(order):
            self.say([(f"    … {len(order) - first - len(shown):,} to come", "dim")])

    def in_order(self, node: Value, current: bool) -> Line:
        sent = (
            self.session.starts.get(node, len(self.session.trail)) < self.session.position
            and not current
        )
        state = "its turn" if current else "has sent" if sent else "waits"
        state = "sends nothing" if node not in self.session.starts else state
        if current and self.session.done:
            state = "sent last"
        return [
            (f"{'▸' if current else ' '} {expression(node)}", "head" if current else ""),
            (f"grad {number(node.grad)}", ""),
            (state, "good" if sent else "dim"),
            (f"#{self.session.numbers[node]}", "dim"),
            (short_place(node), "dim"),
        ]

    def source(self, node: Value, made: Site, lines: list[str]) -> None:
        """The lines around the one that made a node, with the values that were born on each."""
        room = self.painter.width - 10
        texts = {
            at: printable(lines[at - 1].rstrip().expandtabs(4), room)
            for at in range(max(1, made.line - 5), min(len(lines), made.line + 5) + 1)
        }
        self.say([(printable(PurePath(made.filename).name), "dim")])
        self.annotated(texts, made.line, self.born(made.filename, texts, node))

    def annotated(self, texts: dict[int, str], here: int, born: dict[int, list[str]]) -> None:
        """Lines of source with notes in a column beside them; where a line is too long for that, below it."""
        longest = max([columns(note) for notes in born.values() for note in notes], default=0)
        room = self.painter.width - 13 - longest
        margin = max([wide for at in born if (wide := columns(texts[at])) <= room], default=0)
        for at, text in texts.items():
            notes = born.get(at, [])
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

    def born(self, filename: str, lines: Container[int], first: Value) -> dict[int, list[str]]:
        """What was made on these lines of a file, `first` before others; three values of a line are spelled out."""
        found: dict[int, list[Value]] = {}
        for node in self.session.numbers:
            made = node.created_at if not node.constant else None
            if made and made.filename == filename and made.line in lines:
                found.setdefault(made.line, []).append(node)
        for nodes in found.values():
            nodes.sort(key=lambda node: node is not first)
        return {
            at: [
                f"{printable(name(node), 24)} = {number(node.data)}, grad {number(node.grad)}"
                for node in nodes[:3]
            ]
            + [f"… {len(nodes) - 3:,} more"] * (len(nodes) > 3)
            for at, nodes in found.items()
        }


def slope(step: Step, plain: str, call: Callable[[Value], str]) -> str:
    """The local derivative of a step in letters, from the rule itself; `plain` where it is long or a number."""
    from ..symbols import Symbol, spelled

    if len(step.node.parents) > 64:
        return plain
    found = spelled(step.node.operation, [call(x) for x in step.node.parents], call(step.node))
    slope = found[step.slot] if found else None
    if not isinstance(slope, Symbol) or len(slope.text) > 28:
        return plain
    # 3 is a sign: sums and products get brackets
    return f"({slope.text})" if " " in slope.text and slope.tightness < 3 else slope.text


def short_place(node: Value) -> str:
    """Where it was made; of a long file name the end, which has the line."""
    text = place(node)
    return text if len(text) <= 20 else "…" + text[-19:]


def _bracketed(x: float) -> str:
    return f"({number(x)})" if x < 0.0 else number(x)


def sign(x: float) -> str:
    """The style of a number."""
    return "plus" if x > 0.0 else "minus" if x < 0.0 else "dim"
