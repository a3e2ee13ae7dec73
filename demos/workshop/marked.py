"""The marked place of an exercise, and its hints.

>>> from .catalog import exercise
>>> print(turn(exercise(7).solution))
            contribution = node.grad * local
            parent.grad += contribution
>>> len(hints(7))
3
"""

import re
from pathlib import Path

from .catalog import exercise

BEGIN, END = "# ---- YOUR TURN ", "# ---- END OF YOUR TURN "


def turn(path: Path) -> str:
    """Return what stands in the marked place of a file."""
    inside, lines = False, []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip().startswith((BEGIN, END)):
            inside = line.strip().startswith(BEGIN)
        elif inside:
            lines.append(line)
    return "\n".join(lines).strip("\n")


def line_of_turn(path: Path) -> int:
    """Return the line at which the marked place begins; 0 if there is no mark, as in a notebook."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return next((i for i, line in enumerate(lines, 1) if line.strip().startswith(BEGIN)), 0)


def around(path: Path) -> tuple[str, str]:
    """Return what stands before the marked place and what stands after it."""
    text = path.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    return before, rest.partition(END)[2]


def hints(number: int) -> list[str]:
    """Return the hints of an exercise, the gentlest first."""
    text = exercise(number).hints.read_text(encoding="utf-8")
    parts = re.split(r"^## \d+$", text, flags=re.MULTILINE)[1:]
    return ["\n\n".join(map(_one_line, part.strip("\n").split("\n\n"))) for part in parts]


def _one_line(paragraph: str) -> str:
    """Return a paragraph without its line breaks; one that is indented, such as code, stays."""
    return paragraph if paragraph.startswith("    ") else " ".join(paragraph.split())
