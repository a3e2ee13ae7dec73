"""Compute what the kit ships with: the fingerprints, the page of misconceptions, its pictures.

    python -m demos.workshop.build

>>> page().splitlines()[0]
'# Fifteen misconceptions'
"""

import sys
from collections.abc import Sequence

from engine import draw

from . import fingerprints
from .catalog import FOLDER
from .misconceptions import MISCONCEPTIONS, Misconception, shown

PICTURES = FOLDER / "pictures"
INTRODUCTION = """\
Each of these is believed by many who learn about gradients. Cover the answer, say the number, then
look. `python -m demos.workshop predict` asks the same questions in a terminal. This page and its
pictures are written by `python -m demos.workshop.build`, which computes every number.
"""


def page() -> str:
    """Return the page of misconceptions as Markdown."""
    sections = [section(i, m) for i, m in enumerate(MISCONCEPTIONS, 1)]
    return "\n".join(["# Fifteen misconceptions\n", INTRODUCTION, *sections])


def section(number: int, m: Misconception) -> str:
    """Return one misconception: the question, the usual answer, what is right, the picture."""
    return f"""## {number}. “{m.belief}”

{m.told(m.question)}

- The usual answer: {shown(m.usual())}
- What is right: **{shown(m.number())}**. {m.told(m.why)}
- See it: `{m.command}`

![The computation with its gradients](pictures/{number:02}.svg)
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Write all of it."""
    fingerprints.main()
    PICTURES.mkdir(exist_ok=True)
    for i, m in enumerate(MISCONCEPTIONS, 1):
        draw(m.graph()).save(PICTURES / f"{i:02}.svg")
    (FOLDER / "misconceptions.md").write_text(page(), encoding="utf-8", newline="\n")
    print("written: misconceptions.md and its pictures")
    return 0


if __name__ == "__main__":
    sys.exit(main())
