"""What runs in the worker of the workshop's page: the probe on one side, the judge on the other.

>>> source = exercise(7).solution.read_text(encoding="utf-8")
>>> facts = []
>>> done = answer({"do": "probe", "number": 7, "source": source}, facts.append)
>>> answer({"do": "judge", "number": 7, "facts": facts, "stopped": ""}, print)["message"]
'Right.'

The page is the container: it is told of each fact at once, ends the worker when the time or the
output is used up, and hands what it was told to the judge, in a worker that no file has spoiled.
It needs no browser: tests call it in any Python. All that it returns is plain JSON.
"""

import builtins
import functools
import importlib
import io
import json
import linecache
import math
import shlex
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, TypeAlias

from demos.site import in_browser as playground
from demos.site.prompt import Send, sender
from engine import draw
from engine.cli import model_file
from engine.cli.expression import build, numbers
from engine.foreign import original

from . import columns, judge, probe
from .catalog import exercise
from .contained import Contained, NoInput, contain
from .limits import OUTPUT
from .outcome import outcome
from .progress import Progress, read

Answer: TypeAlias = dict[str, Any]
Fact: TypeAlias = dict[str, Any]
Tell: TypeAlias = Callable[[Fact], object]

FOLDER = Path("workshop")  # as the commands in messages name a learner's file
SHOWN = 20_000  # characters of output that the page is told
EVERY = 0.1  # seconds between two tellings of output
WATCHED = (builtins, math, json, columns, probe, judge)  # what a file could have spoiled
SAID_HERE = {  # what Python says in a browser: what the same file would have done in a process
    "does not support processes": "forks",
    "module 'os' has no attribute 'fork'": "forks",
    "cannot fit 'int' into an index-sized integer": "memory",
}


def handle(request: str, ask: Any = None) -> str:
    """Answer one message of the page; both are JSON. `ask` asks the page for a line."""
    worker: Any = importlib.import_module("js")  # the names of a browser's worker: only there
    contained()

    def tell(fact: Fact) -> None:
        worker.postMessage(json.dumps(fact))

    return json.dumps(answer(json.loads(request), tell, sender(ask)))


def answer(request: Answer, tell: Tell, send: Send | None = None) -> Answer:
    """Do what the page asks for; `tell` is called with each fact at once.

    `send` asks the page for a line, which the debugger's `predict` needs.
    """
    asked = dict(request)
    answers: dict[str, Callable[..., Answer]] = {
        "judge": judged,
        "progress": progress,
        "debug": functools.partial(playground.debug, send=send),
    }
    runs: dict[str, Callable[..., Iterator[Fact]]] = {
        "probe": probed,
        "run": ran,
        "look": looked,
    }
    do = asked.pop("do")
    return told(runs[do](**asked), tell) if do in runs else answers[do](**asked)


contained = functools.cache(contain)  # once is enough


# -- what runs a learner's file


def told(facts: Iterator[Fact], tell: Tell) -> Answer:
    """Tell each fact of a run; return whether the file has spoiled this Python for the next one."""
    before, printed = _state(), Printed(tell)
    stdin, sys.stdin = sys.stdin, NoInput()
    try:
        with redirect_stdout(printed), redirect_stderr(printed):
            for fact in facts:
                printed.flush()
                tell(_as_in_a_process(fact))
    finally:
        sys.stdin = stdin
    return {"spoiled": _state() != before}


def _state() -> list[object]:
    """Return what tells whether a file has put something of its own into Python's modules."""
    names = [{name: id(value) for name, value in vars(module).items()} for module in WATCHED]
    return [sys.getrecursionlimit(), *names]


def _as_in_a_process(fact: Fact) -> Fact:
    """Return a fact as it would be in a process of its own."""
    for message, error in SAID_HERE.items():
        if message in fact.get("says", ""):
            return fact | {"error": error, "traceback": []}
    return fact


class Printed(io.TextIOBase):
    """The output of a file: the page is told of the first SHOWN characters, now and then."""

    def __init__(self, tell: Tell):
        self.tell_page, self.waiting, self.count, self.last = tell, "", 0, time.monotonic()

    def write(self, text: str, /) -> int:
        """Keep the text for the page. Raises Contained if it is too much altogether."""
        self.waiting += text[: max(0, SHOWN - self.count)]
        self.count += len(text)
        if self.count > OUTPUT:
            self.flush()
            self.tell_page({"flood": True})
            raise Contained("flood")
        if time.monotonic() - self.last > EVERY:
            self.flush()
        return len(text)

    def flush(self) -> None:
        """Tell the page what waits."""
        if self.waiting:
            self.tell_page({"printed": self.waiting})
        self.waiting, self.last = "", time.monotonic()


def _written(number: int, source: str) -> str:
    """Write a learner's file to where messages say it is; return its path."""
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / exercise(number).file_name
    path.write_text(source, encoding="utf-8", newline="\n")
    linecache.checkcache(str(path))
    return str(path)


def probed(number: int, source: str) -> Iterator[Fact]:
    """Yield the facts of a check."""
    yield from probe.report(number, _written(number, source))


def ran(number: int, source: str) -> Iterator[Fact]:
    """Yield the facts of a run of the whole file, with what stands under __main__."""
    path = _written(number, source)
    yield {"ready": True}
    try:
        exec(compile(source, path, "exec"), {"__name__": "__main__", "__file__": path})
    except SystemExit:
        pass
    except BaseException as error:
        yield probe.failure(error, path)
        return
    yield probe.END


def looked(number: int, source: str, command: str) -> Iterator[Fact]:
    """Yield what a command of a message shows: a picture, a page, or the debugger's first words."""
    path = _written(number, source)
    yield {"ready": True}
    try:
        yield _shown(command)
    except BaseException as error:
        failure = probe.failure(error, path)
        if isinstance(error, ValueError):  # an expression or a target, which says it all
            failure |= {"error": "said", "traceback": []}
        yield failure
        return
    yield probe.END


def _shown(command: str) -> Fact:
    """Return what `python -m engine draw`, `step` or `debug` would show."""
    arguments = shlex.split(command.partition(", and in it")[0])
    do, target, *rest = arguments[arguments.index("engine") + 1 :]
    values = numbers(word for word in rest if "=" in word)
    load = model_file.load if model_file.split(target) else build
    root = load(target, values)
    if root.grad == 0.0 and original(root) is root:
        root.backward()
    if do == "draw":
        return {"svg": draw(root).svg}
    playground.close()
    playground.shown.root, playground.shown.names = root, {}
    return playground.debug("") if do == "debug" else playground.play()


# -- what runs none


def judged(number: int, facts: list[Fact], stopped: str) -> Answer:
    """Return the verdict on the facts that the page was told."""
    numbers = [_as_floats(fact) for fact in facts]
    return judge.judge(number, outcome(numbers, stopped))._asdict()


def _as_floats(fact: Fact) -> Fact:
    """Return a fact as the probe gave it: JavaScript writes 10.0 as 10.

    >>> _as_floats({"column": "x.grad", "number": 10})["number"]
    10.0
    """
    number = fact.get("number")
    return fact | {"number": float(number)} if isinstance(number, int) else fact


def progress(name: str, text: str) -> Answer:
    """Return the content of a progress file, mended, or a sentence that says what is wrong."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "progress.json"
        file.write_text(text, encoding="utf-8")
        try:
            read(file)
        except ValueError as error:
            return {"refused": str(error).replace(str(file), name)}
        return {"content": Progress(file).content}
