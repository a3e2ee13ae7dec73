r"""Write the pages that come from the code: the API from docstrings, commands from their parsers.

>>> print(readable(["Return `x` * 2, unless x_ is None.", "", "    f(x)"]))
['Return ``x`` \\* 2, unless x\\_ is None.', '', '::', '', '    f(x)']
"""

import ast
import inspect
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import engine
import nn
from demos import show
from engine import formula
from engine.operation import Operation

COMMANDS: dict[str, tuple[str, ...]] = {  # with what each of them is called
    "engine": ("draw", "step", "debug", "dap", "doctor"),
    "demos": ("tour", "gpt"),
    "demos.workshop": (
        *("list", "check", "watch", "hint", "diff", "reset", "progress", "solution"),
        *("predict", "notebooks", "poster", "quiz"),
    ),
    "demos.workshop.bundle": (),
    "demos.site": ("build", "serve"),
    "demos.benchmarks": (),
}
WIDTH = "96"


def write(folder: Path) -> None:
    """Write the pages of the reference, as sources for Sphinx."""
    folder.mkdir(parents=True, exist_ok=True)
    values = [name for name in engine.__all__ if not _is_operation(name)]
    pages = {
        "engine": _page("engine", "The package engine", engine.__doc__, values),
        "functions": "\n".join(_functions()),
        "nn": _page("nn", "The package nn", nn.__doc__, list(nn.__all__)),
        "commands": "\n".join(_commands()),
    }
    for name, text in pages.items():
        (folder / f"{name}.rst").write_text(text + "\n", encoding="utf-8", newline="\n")


def readable(lines: list[str]) -> list[str]:
    """Return a docstring as reStructuredText: code stays as it is, signs of the markup are escaped.

    Indented text is shown as it stands, a doctest too, `x` is set as code.
    """
    result: list[str] = []
    in_doctest = False
    for previous, line in zip(["", *lines], lines):
        in_doctest = line.lstrip().startswith(">>>") or (in_doctest and bool(line.strip()))
        if in_doctest:
            result.append(line)
        elif line.startswith("    "):
            result += ["::", ""] * (not previous.startswith("    ")) + [line]
        else:
            result.append(_escaped(line))
    return result


def _escaped(line: str) -> str:
    """Return a line of prose; the parts between backticks are set as code."""
    parts = line.split("`")
    if len(parts) % 2 == 0:  # a stray backtick
        return re.sub(r"([*_|`\\])", r"\\\1", line)
    prose = [re.sub(r"([*_|\\])", r"\\\1", part) for part in parts[::2]]
    code = [f"``{part}``" for part in parts[1::2]]
    return "".join(part for pair in zip(prose, [*code, ""]) for part in pair)


def _page(module: str, title: str, doc: str | None, names: list[str]) -> str:
    """Return a page with each public name of a package."""
    head = [title, "=" * len(title), "", *readable((doc or "").strip().splitlines()), ""]
    package = {"engine": engine, "nn": nn}[module]
    parts = [_entry(module, name, getattr(package, name)) for name in sorted(names, key=_order)]
    return "\n".join([*head, *parts])


def _order(name: str) -> tuple[bool, str]:
    return name != "Value", name.lower()


def _entry(module: str, name: str, thing: object) -> str:
    """Return what Sphinx reads for one name."""
    if inspect.isclass(thing):
        members = "\n   :members:\n   :undoc-members:\n   :exclude-members: operation, label"
        return f".. autoclass:: {module}.{name}{members}\n"
    if inspect.isroutine(thing):
        return f".. autofunction:: {module}.{name}\n"
    return f".. py:data:: {module}.{name}\n\n   ``{thing}``\n"


def _is_operation(name: str) -> bool:
    return isinstance(getattr(engine, name), Operation)


def _functions() -> Iterator[str]:
    """Yield the page of the functions that are rows of the table of operations."""
    described = dict(_stubs())
    yield "Functions\n=========\n"
    yield (
        "Called with plain numbers each returns a float, with a Value among them a Value. Below "
        "each stands its local derivative, as the engine's own rule gives it; at kinks and "
        "infinities see :doc:`values and gradients at the edges </docs/edges>`.\n"
    )
    for name in engine.__all__:
        if _is_operation(name):
            yield f".. py:function:: engine.{name}{inspect.signature(getattr(engine, name))}\n"
            yield f"   {_escaped(described.get(name, ''))}\n"
            yield f"   ::\n\n      {formula.rule(name)}\n"


def _stubs() -> Iterator[tuple[str, str]]:
    """Yield each function of signatures.pyi with the line below it."""
    path = show.ROOT / "engine" / "signatures.pyi"
    body = ast.parse(path.read_text(encoding="utf-8")).body
    for statement, following in pairwise(body):
        if isinstance(statement, ast.AnnAssign) and isinstance(following, ast.Expr):
            yield ast.unparse(statement.target), " ".join(ast.literal_eval(following.value).split())


def _commands() -> Iterator[str]:
    """Yield the page of the commands, as their own --help has it."""
    yield "Commands\n========\n"
    yield "What each command says when it is called with ``--help``.\n"
    for command in commands():
        title = f"python -m {command}"
        yield f"{title}\n{'-' * len(title)}\n\n.. code-block:: text\n"
        yield "\n".join(f"   {line}".rstrip() for line in _help(command).splitlines()) + "\n"


def commands() -> list[str]:
    """Return every command of the reference, each followed by its parts."""
    return [f"{name} {part}".strip() for name, parts in COMMANDS.items() for part in ("", *parts)]


def _help(command: str) -> str:
    """Return the help of a command."""
    done = subprocess.run(
        [sys.executable, "-m", *command.split(), "--help"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=show.ROOT,
        env=os.environ | {"COLUMNS": WIDTH, "PYTHONUTF8": "1", "NO_COLOR": "1"},
        check=True,
    )
    return done.stdout
