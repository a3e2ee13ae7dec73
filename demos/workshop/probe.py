"""The probe: it runs a learner's file and collects numbers. It judges nothing and limits nothing.

A container runs it where the file can do no harm: process.py in a process of its own, a browser in
a worker. For each column that it measures it yields two facts: {"begin": column}, then {"column":
column, "number": number}. What stops the file is a fact as well; a last one says that nothing did.

>>> import tempfile
>>> path = tempfile.mkdtemp() + "/exercise.py"
>>> with open(path, "w") as file:
...     print("gradients = dict.fromkeys('dfceba')", file=file)
>>> [fact["number"] for fact in report(2, path) if "number" in fact]
[None, None, None, None, None, None]
"""

import json

from .columns import COLUMNS, NOTES, REQUIRED
from .contained import Contained

TYPE_CHECKING = False  # a check is quicker without the module typing
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    Names = dict[str, Any]

END = {"end": True}  # all has been measured


def plain(got: object) -> object:
    """Return a number as a float, None and a str as they are, anything else as text."""
    if hasattr(got, "__float__"):  # an int, a Fraction, a number of another library
        number = float(got)
        return number if abs(number) < 1e300 else str(number)  # JSON has no inf and no nan
    return got if got is None or isinstance(got, str) else repr(got)[:80]


def measured(number: int, names: "Names") -> "Iterator[dict[str, Any]]":
    """Yield what is begun and what came out, for each column of an exercise."""
    for column, measure in COLUMNS[number].items():
        yield {"begin": column}
        yield {"column": column, "number": plain(measure(names))}


def noted(number: int, names: "Names") -> "Iterator[dict[str, Any]]":
    """Yield what is told of an exercise that has passed; what goes wrong here is no matter."""
    for column, measure in NOTES.get(number, {}).items():
        try:
            yield {"column": column, "number": plain(measure(names))}
        except Exception:
            return


# -- the learner's file


def source_of(path: str) -> str:
    """Return the Python text of a file; of a notebook, that of its cells."""
    with open(path, encoding="utf-8-sig") as file:
        text = file.read()
    if not path.endswith(".ipynb"):
        return text
    cells = json.loads(text)["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    lines = "\n\n".join(code).split("\n")
    return "\n".join("" if line.lstrip()[:1] in ("%", "!") else line for line in lines)


def lines_of(path: str) -> "list[str]":
    """Return the lines of a file; none if it is not text."""
    try:
        return source_of(path).split("\n")
    except ValueError:
        return []


def load(path: str) -> "Names":
    """Run a file as an import would: what stands under __name__ == "__main__" is not run."""
    names: Names = {"__name__": "exercise", "__file__": path}
    exec(compile(source_of(path), path, "exec"), names)
    return names


QUIET = ("input", "forks", "exits", "memory", "wrong_type")  # said in full, without a traceback


def failure(error: BaseException, path: str) -> "dict[str, Any]":
    """Return what stopped a file: the kind, the line and its text, the traceback."""
    kind = (
        error.args[0]
        if isinstance(error, Contained)
        else {
            "SystemExit": "exits",
            "MemoryError": "memory",
            "RecursionError": "recursion",
            "ModuleNotFoundError": "module",
            "UnicodeDecodeError": "encoding",
            "WrongType": "wrong_type",
        }.get(type(error).__name__, "raises")
    )
    syntax = isinstance(error, SyntaxError) and error.filename in (path, None)
    line = error.lineno if syntax and isinstance(error, SyntaxError) else line_in(error, path)
    return {
        "error": "syntax" if syntax else kind,
        "type": type(error).__name__,
        "says": error.msg if isinstance(error, SyntaxError) else str(error)[:300],
        "line": line,
        "text": text_of(path, line),
        "traceback": [] if kind in QUIET or syntax else trace(error, path),
    }


def line_in(error: BaseException, path: str) -> "int | None":
    """Return the line of the learner's file that was running, the innermost one."""
    line, traceback = None, error.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == path:
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return line


def text_of(path: str, line: "int | None") -> str:
    lines = lines_of(path)
    return lines[line - 1].strip() if line and line <= len(lines) else ""


def trace(error: BaseException, path: str) -> "list[str]":
    """Return the lines of a traceback that speak of the learner's file, at most the last five."""
    import traceback

    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == path]
    lines = [f"line {frame.lineno}, in {frame.name}: {frame.line}" for frame in frames[-5:]]
    return [*lines, f"{type(error).__name__}: {str(error)[:300]}"]


def report(number: int, path: str) -> "Iterator[dict[str, Any]]":
    """Yield all that there is to say about a learner's file."""
    yield {"ready": True}
    try:
        names = load(path)
        for name in REQUIRED[number]:
            if name not in names:
                yield {"error": "undefined", "name": name}
                return
        yield from measured(number, names)
        yield END
        yield from noted(number, names)
    except BaseException as error:
        yield failure(error, path)
