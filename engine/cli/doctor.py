"""The doctor: what is installed, what is missing, what works without it, and the one command that mends it.

>>> checks = [Check("numpy", "2.3.1", "", "tapes over many rows", ""),
...           Check("dot", "", "", "lays out pictures", "pictures in the built-in layout")]
>>> print(prescription(checks, "linux"))
To mend it:  sudo apt-get install graphviz
"""

import importlib
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from typing import NamedTuple

from .. import operations
from ..value import Value


class Check(NamedTuple):
    """One thing that was looked for: its version if it works, its trouble if it is there but does not."""

    name: str
    version: str
    trouble: str
    use: str
    without: str


LIBRARIES = {  # the package to import, what it is for, and what works without it
    "graphviz": ("graphviz", "hands graphs to dot", "pictures in the built-in layout"),
    "rich": ("rich", "colours in the debugger", "the debugger in plain text"),
    "numpy": ("numpy", "tapes over many rows at once", "training in plain Python"),
    "numba": ("numba", "compiled tapes, fast training", "tapes without a compiler"),
    "matplotlib": ("matplotlib", "plots of the demos", "the demos' numbers and graphs"),
    "cairosvg": ("cairosvg", "pictures as PNG and PDF", "pictures as SVG and pages"),
    "dask": ("dask", "training on several computers", "training on this one"),
    "nbclient": ("nbclient", "running notebooks from the shell", "notebooks in a browser"),
}
DOT_REMEDIES = {
    "linux": "sudo apt-get install graphviz",
    "darwin": "brew install graphviz",
    "win32": "winget install graphviz",
}


def examine() -> list[Check]:
    """Look for everything; nothing is changed, and no network is asked."""
    return [_dot(), *(_converter() if name == "cairosvg" else _library(name) for name in LIBRARIES)]


def report() -> str:
    """The whole examination as text."""
    checks = examine()
    return "\n".join(
        [_heading(), "", f"  {_heart()}", *_rows(checks), "", prescription(checks, sys.platform)]
    )


def prescription(checks: list[Check], system: str) -> str:
    """One command for all that is missing, or the good news."""
    ill = [check.name for check in checks if not check.version]
    commands = [DOT_REMEDIES.get(system, "install graphviz from https://graphviz.org/download")] * (
        "dot" in ill
    )
    packages = " ".join(name for name in ill if name != "dot")
    if packages:
        commands.append(f"{_python()} -m pip install {packages}")
    return f"To mend it:  {' && '.join(commands)}" if commands else "Nothing is missing."


def _python() -> str:
    """What this interpreter is called at the prompt: a short name, if it is the one that the prompt would find."""
    here = os.path.dirname(sys.executable)
    for name in ("python", "python3", "py"):
        found = shutil.which(name)
        if found and os.path.dirname(found) == here:
            return name
    return f'"{sys.executable}"' if " " in sys.executable else sys.executable or "python"


def version() -> str:
    """What is installed, as --version says it."""
    try:
        return metadata.version("chainrule")
    except metadata.PackageNotFoundError:
        return "(from its folder)"


def _heading() -> str:
    return f"chainrule {version()}, Python {platform.python_version()}, {platform.system() or sys.platform}"


def _heart() -> str:
    x = Value(3.0)
    operations.multiply(x, x).backward()
    works = x.grad == 6.0
    return (
        "ok       the engine     gradients, draw, step, debug, train: only Python is needed"
        if works
        else ("BROKEN   the engine     d(x*x)/dx at 3 should be 6: install chainrule afresh")
    )


def _rows(checks: list[Check]) -> Iterator[str]:
    for check in checks:
        if check.version:
            yield f"  ok       {check.name:<13}  {check.use} ({check.version})"
        else:
            state = "broken " if check.trouble else "missing"
            yield f"  {state}  {check.name:<13}  {check.use}; without it: {check.without}"
            if check.trouble:
                yield f"                          {check.trouble}"


def _library(name: str) -> Check:
    module, use, without = LIBRARIES[name]
    try:
        importlib.import_module(module)
        return Check(name, metadata.version(name), "", use, without)
    except ModuleNotFoundError:
        return Check(name, "", "", use, without)
    except Exception as error:  # a library may fail in any way while it is loaded
        return Check(
            name, "", f"{type(error).__name__}: {error}".splitlines()[0][:90], use, without
        )


def _converter() -> Check:
    """cairosvg, or the program that does the same."""
    found = _library("cairosvg")
    if not found.version and shutil.which("rsvg-convert"):
        return found._replace(name="rsvg-convert", version="in place of cairosvg", trouble="")
    return found


def _dot() -> Check:
    use, without = "lays out pictures", "pictures in the built-in layout"
    path = shutil.which("dot")
    if path is None:
        return Check("dot", "", "", use, without)
    try:
        answer = subprocess.run([path, "-V"], capture_output=True, text=True, timeout=20)
        words = (answer.stderr + answer.stdout).split()
        if answer.returncode == 0 and "version" in words[:-1]:
            return Check("dot", words[words.index("version") + 1], "", use, without)
        trouble = "it does not start"
    except (OSError, subprocess.TimeoutExpired) as error:
        trouble = str(error)[:90]
    return Check("dot", "", trouble, use, without)
