r"""The workshop as a page: the texts of the exercises as HTML, and the page that shows them.

>>> page = exercises()[6]
>>> page["title"], len(page["hints"]), page["solution"].splitlines()[1].strip()
('The two-line sum', 3, 'parent.grad += contribution')
>>> text("Save the file. `python -m demos.workshop check 7` says what is right.")
'<p><b>Check</b> (Ctrl+Enter) says what is right.</p>\n'

The exercises, the probe, the judge and every message are those of demos/workshop; what is written
here lays them out.
"""

import importlib
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from demos.workshop import limits, marked
from demos.workshop.catalog import EXERCISES
from demos.workshop.container import NOTE_SECONDS

PAGE = Path(__file__).with_name("page")
TERMINAL = (  # what an exercise says of a terminal: what the page has for it
    (
        r"Save the file\. `python -m demos\.workshop check \d+` says",
        "<b>Check</b> (Ctrl+Enter) says",
    ),
    (r"Run the file", "<b>Run</b> the file (Shift+Enter)"),
)


def write(out: Path, scripts: Path) -> None:
    """Write the page into the folder `out`, and what its script knows to where that is built."""
    out.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(PAGE / "workshop.html", out / "index.html")
    shutil.copyfile(PAGE / "workshop.css", out / "workshop.css")
    (scripts / "exercises.json").write_text(content(), encoding="utf-8", newline="\n")


def content() -> str:
    """Return what the page's script knows, as JSON."""
    known = {
        "seconds": limits.SECONDS,
        "noteSeconds": NOTE_SECONDS,
        "memory": limits.MEMORY,
        "exercises": exercises(),
    }
    return json.dumps(known, ensure_ascii=False, indent=1) + "\n"


def exercises() -> list[dict[str, Any]]:
    """Return all that the page shows of each exercise."""
    return [
        {
            "number": e.number,
            "name": e.name,
            "title": e.title,
            "minutes": e.minutes,
            "short": e.short,
            "start": (start := e.start.read_text(encoding="utf-8")),
            "parts": [*parts(start)],
            "hints": [text(hint) for hint in marked.hints(e.number)],
            "solution": marked.turn(e.solution),
        }
        for e in EXERCISES
    ]


def parts(script: str) -> Iterator[dict[str, Any]]:
    r"""Yield the cells of a script: a text as HTML, code by its first and its last line.

    >>> [*parts("# %% [markdown]\n# Hello\n\n# %%\nx = 1\n")]
    [{'first': 1, 'last': 2, 'html': '<p>Hello</p>\n'}, {'first': 5, 'last': 5}]
    """
    lines = script.rstrip("\n").split("\n")
    heads = [i for i, line in enumerate(lines) if line.startswith("# %%")]
    for head, following in zip(heads, [*heads[1:], len(lines)]):
        body = lines[head + 1 : following]
        while body and not body[-1].strip():
            body.pop()
        last = head + 1 + len(body)
        if "[markdown]" in lines[head]:
            markdown = [line.removeprefix("#").removeprefix(" ") for line in body]
            yield {"first": head + 1, "last": last, "html": text("\n".join(markdown))}
        else:
            yield {"first": head + 2, "last": last}


def text(markdown: str) -> str:
    """Return Markdown as HTML; what it says of a terminal, as the page has it."""
    try:
        markdown_it: Any = importlib.import_module("markdown_it")
    except ImportError:
        raise ImportError("the site needs markdown-it-py: pip install markdown-it-py") from None
    for said, here in TERMINAL:
        markdown = re.sub(said, here, markdown)
    html: str = markdown_it.MarkdownIt("commonmark").render(markdown)
    return re.sub(r"<(/?)h([12])>", lambda tag: f"<{tag[1]}h{int(tag[2]) + 1}>", html)
