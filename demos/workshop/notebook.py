r"""Notebooks, made from the scripts: each `# %%` begins a cell.

>>> from .catalog import exercise
>>> kinds = [kind for kind, _ in cells("# %% [markdown]\n# # Title\n\n# %%\nx = 1\n")]
>>> kinds
['markdown', 'code']
"""

import re
from typing import Any

from demos import show

from .catalog import Exercise


def cells(script: str) -> list[tuple[str, str]]:
    """Return the kind and the text of each cell of a script."""
    parts = re.split(r"^# %%(.*)$", script, flags=re.MULTILINE)[1:]
    pairs = []
    for head, body in zip(parts[::2], parts[1::2]):
        if "[markdown]" in head:
            lines = [line.removeprefix("#").removeprefix(" ") for line in body.split("\n")]
            pairs.append(("markdown", "\n".join(lines).strip("\n")))
        else:
            pairs.append(("code", body.strip("\n")))
    return pairs


def notebook_of(e: Exercise) -> str:
    """Return the notebook of an exercise as JSON. Raises ImportError if nbformat is missing."""
    nbformat: Any = show.load("nbformat", "a notebook")
    make = {"markdown": nbformat.v4.new_markdown_cell, "code": nbformat.v4.new_code_cell}
    parts = cells(e.start.read_text(encoding="utf-8"))
    built = [make[kind](text) for kind, text in [*parts, ("code", _check(e))]]
    for i, cell in enumerate(built):
        cell["id"] = f"cell-{i}"  # the same bytes each time
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = nbformat.v4.new_notebook(cells=built, metadata={"kernelspec": kernel})
    text: str = nbformat.writes(notebook)
    return text + "\n"


def _check(e: Exercise) -> str:
    python = "!{__import__('sys').executable}"
    command = f"{python} -m demos.workshop check {e.number} --file {e.name}.ipynb"
    return f"# Save the notebook first.\n{command}"
