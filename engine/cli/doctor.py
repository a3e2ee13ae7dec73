"""The doctor: what is installed, what is missing, and the one command that installs it.

>>> checks = [Check("numpy", "2.3.1", "", "tapes over many rows", ""),
...           Check("dot", "", "", "lays out pictures", "pictures in the built-in layout")]
>>> print(remedy(checks, "linux"))
To mend it:  sudo apt-get install graphviz
"""

import importlib
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from typing import NamedTuple

from .. import operations
from ..value import Value


class Check(NamedTuple):
    """One thing that was looked for: its version if it works, its trouble if it is broken."""

    name: str
    version: str
    trouble: str
    use: str
    without: str


LIBRARIES = {  # by its name for pip: the module, what it is for, and what works without it
    "graphviz": ("graphviz", "hands graphs to dot", "pictures in the built-in layout"),
    "rich": ("rich", "colours in the debugger", "the debugger in plain text"),
    "numpy": ("numpy", "tapes over many rows at once", "training in plain Python"),
    "numba": ("numba", "compiled tapes, fast training", "tapes without a compiler"),
    "matplotlib": ("matplotlib", "plots of the demos", "the demos' numbers and graphs"),
    "cairosvg": ("cairosvg", "pictures as PNG and PDF", "pictures as SVG and pages"),
    "distributed": ("distributed", "training on several computers", "training on this one"),
    "nbclient": ("nbclient", "running notebooks from the shell", "notebooks in a browser"),
}
DOT_REMEDIES = {
    "linux": "sudo apt-get install graphviz",
    "darwin": "brew install graphviz",
    "win32": "winget install graphviz",
}


def examine() -> list[Check]:
    """Return what was looked for; nothing is changed, and no network is asked."""
    others = {"cairosvg": _converter, "numba": _compiler}
    return [_dot(), *(others[name]() if name in others else _library(name) for name in LIBRARIES)]


def report() -> str:
    """Return the whole examination as text."""
    checks = examine()
    return "\n".join(
        [_heading(), "", f"  {_engine()}", *_rows(checks), "", remedy(checks, sys.platform)]
    )


def remedy(checks: list[Check], system: str) -> str:
    """Return one command that mends all that is missing or switched off, or that nothing is."""
    if system == "emscripten":
        return "This is a browser: nothing can be installed, and the engine needs nothing."
    off = [check.trouble.partition(": ")[2] for check in checks if ": unset" in check.trouble]
    missing = [
        check.name
        for check in checks
        if not check.version and not re.search(": unset|compiles it anew", check.trouble)
    ]
    download = "install graphviz from https://graphviz.org/download"
    commands = [DOT_REMEDIES.get(system, download)] * ("dot" in missing)
    packages = " ".join(name for name in missing if name != "dot")
    if packages:
        commands.append(f"{_python()} -m pip install {packages}")
    commands += off
    return f"To mend it:  {' && '.join(commands)}" if commands else "Nothing is missing."


def _python() -> str:
    """Return what starts this interpreter in a shell: a short name, if it is first on PATH."""
    here = os.path.dirname(sys.executable)
    for name in ("python", "python3", "py"):
        path = shutil.which(name)
        if path and os.path.dirname(path) == here:
            return name
    return f'"{sys.executable}"' if " " in sys.executable else sys.executable or "python"


def version() -> str:
    """Return the version that is installed, as --version says it."""
    try:
        return metadata.version("chainrule")
    except metadata.PackageNotFoundError:
        return "(from its folder)"


def _heading() -> str:
    system = platform.system() or sys.platform
    return f"chainrule {version()}, Python {platform.python_version()}, {system}"


def _engine() -> str:
    """Return the row of the engine itself, which is tried out."""
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


def _compiler() -> Check:
    """Look for numba, and whether tapes can use it and what it keeps for them."""
    check = _library("numba")
    trouble = importlib.import_module("engine.tape").trouble() if check.version else ""
    return check._replace(version="", trouble=trouble) if trouble else check


def _converter() -> Check:
    """Look for cairosvg, or for the program that does the same."""
    check = _library("cairosvg")
    if not check.version and shutil.which("rsvg-convert"):
        return check._replace(name="rsvg-convert", version="in place of cairosvg", trouble="")
    return check


def _dot() -> Check:
    use, without = "lays out pictures", "pictures in the built-in layout"
    path = shutil.which("dot")
    if path is None:
        return Check("dot", "", "", use, without)
    try:
        answer = subprocess.run([path, "-V"], capture_output=True, text=True, timeout=20)
        version = re.search(r"version (\S+)", answer.stderr + answer.stdout)
        if answer.returncode == 0 and version:
            return Check("dot", version[1], "", use, without)
        trouble = "it does not start"
    except (OSError, subprocess.TimeoutExpired) as error:
        trouble = str(error)[:90]
    return Check("dot", "", trouble, use, without)
