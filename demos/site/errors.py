"""What went wrong in the code of the page: one line, and the place to underline.

>>> told(ZeroDivisionError("division by zero"), "")["message"]
'ZeroDivisionError: division by zero'
>>> told(ModuleNotFoundError("No module named 'numpy'", name="numpy"), "")["message"]
'numpy does not run in this page: install chainrule on your computer for it'
"""

import sys
import traceback
from bdb import BdbQuit
from collections.abc import Iterator
from typing import Any

from engine.cli.doctor import LIBRARIES
from engine.cli.expression import ExpressionError
from engine.printing import printable

from .prompt import CannotWait

FILE = "page.py"  # what the code is called in messages
OTHERS = ("scipy", "torch", "tensorflow", "pandas", "sklearn", "jax")  # that people ask for
ON_A_COMPUTER = "install chainrule on your computer for it"
ELSEWHERE = f"does not run in this page: {ON_A_COMPUTER}"
NOT_HERE = {  # what Python says in a browser: what it means
    "does not support processes": f"another program {ELSEWHERE}",
    "lacks multiprocessing": f"another process {ELSEWHERE}",
    "Function not implemented": f"what this line asks of the operating system {ELSEWHERE}",
    "can't start new thread": f"a thread {ELSEWHERE}",
    "TLS not supported": "code in this page can open no connection",
    "RemoteDisconnected": "code in this page can open no connection",
}
INSTEAD = {  # what the engine needs a library for: what to do here
    "draw_dot needs": "engine.draw(root) draws here",
    "DOT needs": "engine.draw(root) draws here",
    "file needs": "save as .svg",
}
NEEDS = ": pip install"  # what follows the name of a library that is missing

Place = dict[str, Any]


def told(error: BaseException, source: str) -> Place:
    """Return an error as the page shows it: the message, and the place to underline."""
    if isinstance(error, ExpressionError):
        return _place_in_expression(error, source) | {"message": error.message}
    return next(_places(error), {}) | {"message": printable(message(error), 500)}


def message(error: BaseException) -> str:
    """Return what an error of Python code means in the page, in one line."""
    if isinstance(error, CannotWait):
        return str(error)
    if isinstance(error, BdbQuit):
        return "pdb was left by q, and the code with it"
    if isinstance(error, SystemExit):
        return "the code ended Python by exit(): take it out to see the graph"
    usual = "".join(traceback.format_exception_only(error)).strip().splitlines()[-1]
    if isinstance(error, ImportError):
        return _not_imported(error) or usual
    if isinstance(error, FileNotFoundError):
        return f"{usual}: this page has no files but those that the code writes"
    return next((meant for said, meant in NOT_HERE.items() if said in usual), usual)


def _not_imported(error: ImportError) -> str:
    """Return what is not here, and what to do; "" for another error in an import."""
    needs, separator, _ = str(error).partition(NEEDS)
    if separator:
        instead = next((do for what, do in INSTEAD.items() if what in needs), ON_A_COMPUTER)
        return f"{needs}, not available in this page: {instead}"
    library = (error.name or "").partition(".")[0]
    lacks = isinstance(error, ModuleNotFoundError)
    if library in (*LIBRARIES, *OTHERS) or (lacks and library in sys.stdlib_module_names):
        return f"{library.lstrip('_')} {ELSEWHERE}"
    if lacks:
        return f"{error.name} is not in this page: it has Python's own library, engine and nn"
    return ""


def _place_in_expression(error: ExpressionError, source: str) -> Place:
    lines = source.strip().splitlines() or [""]
    before = len(source) - len(source.lstrip())
    line = lines.index(error.line) if error.line in lines else 0
    column = error.column + (before - source.rfind("\n", 0, before) - 1) * (line == 0)
    return {"line": line + 1 + source.count("\n", 0, before), "column": column, "end": column + 1}


def _places(error: BaseException) -> Iterator[Place]:
    """Yield where in the code an error happened, the innermost place first."""
    if isinstance(error, SyntaxError) and error.filename == FILE and error.lineno:
        column = max(0, (error.offset or 1) - 1)
        end = (error.end_offset or 0) - 1 if error.end_lineno == error.lineno else 0
        yield {"line": error.lineno, "column": column, "end": max(end, column + 1)}
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename == FILE:
            start, end = frame.colno or 0, frame.end_colno or 0
            alone = frame.end_lineno == frame.lineno
            yield {"line": frame.lineno, "column": start, "end": end if alone else start + 1}
