r"""What code in the page prints, and what it asks: `input()` waits until the page sends a line.

>>> printed = Printed()
>>> with contextlib.redirect_stdout(printed), asking(printed, lambda message: "4"):
...     print(input("How many? "))
>>> printed.content()
'How many? 4\n4\n'

The engine's debugger, pdb and people's code all ask by `input`, so the page puts its own function
in that one place, as notebooks do.
"""

import builtins
import contextlib
import importlib
import io
import json
import os
import sys
from collections.abc import Callable, Iterator
from typing import Any

from engine import Value
from engine.debugger import Debugger

KEPT = 20_000  # characters of output
BREAKPOINT = "PYTHONBREAKPOINT"
PDB = "engine.debugger.set_trace"  # what breakpoint() calls: pdb that knows gradients
NO_DEBUGGER = (
    "engine.debug() waits for commands, and in this browser Python cannot wait: "
    "the buttons of Debug, which is open, step through the same graph"
)
NO_INPUT = (
    "input() and breakpoint() wait for a line, and in this browser Python cannot wait: "
    "write the value into the code; Debug steps through a graph"
)

Send = Callable[[str], str]


class CannotWait(RuntimeError):
    """Raised where something is asked and the browser can't let Python wait for the answer.

    `root` is the graph that a debugger has opened, None where none asks.
    """

    def __init__(self, debugger: Debugger | None):
        super().__init__(NO_DEBUGGER if debugger else NO_INPUT)
        self.root: Value | None = debugger.session.root if debugger else None


class Printed(io.StringIO):
    """The output of the code, of which the first KEPT characters are kept; a debugger's apart."""

    def __init__(self) -> None:
        super().__init__()
        self.dropped = 0
        self.talk = ""  # what a debugger has said since the last prompt

    def write(self, text: str, /) -> int:
        """Keep as much as there is room for."""
        if Debugger.talking:
            self.talk = (self.talk + text)[-KEPT:]
            return len(text)
        room = max(0, KEPT - self.tell())
        self.dropped += len(text[room:])
        super().write(text[:room])
        return len(text)

    def content(self) -> str:
        """Return what was kept, and how much was not."""
        more = f"\n… and {self.dropped:,} more characters" if self.dropped else ""
        return self.getvalue() + more

    def said(self) -> str:
        """Return what a debugger has said since the last call."""
        talk, self.talk = self.talk, ""
        return talk


class Lines(io.TextIOBase):
    """Standard input, whose lines are asked for."""

    def readline(self, size: int | None = -1, /) -> str:  # type: ignore[override]
        """Return one line, whatever its size."""
        return input() + "\n"


@contextlib.contextmanager
def asking(printed: Printed, send: Send | None, moment: Callable[[], Any] = dict) -> Iterator[None]:
    """Let `input` ask the page for a while, and `breakpoint` open a pdb that knows gradients.

    `send` takes a message and returns the line that was typed; without it, asking raises
    CannotWait. `moment` returns what the page shows beside the question.
    """

    def ask(question: object = "", /) -> str:
        if send is None:
            raise CannotWait(Debugger.talking)
        message = {"question": str(question), "said": printed.said(), **moment()}
        line = send(json.dumps(message | {"output": printed.content()}))
        printed.write(f"{question}{line}\n")  # as a terminal shows it
        return line

    before = builtins.input, sys.stdin, sys.gettrace()
    vars(builtins)["input"], sys.stdin = ask, Lines()
    breaks = BREAKPOINT not in os.environ
    if breaks:
        os.environ[BREAKPOINT] = PDB
    try:
        yield
    finally:
        vars(builtins)["input"], sys.stdin = before[:2]
        sys.settrace(before[2])  # as pdb may still be on its way
        if breaks:
            del os.environ[BREAKPOINT]


def sender(ask: Any) -> Send | None:
    """Return how the page is asked: `ask` returns a promise, for which Python waits if it can.

    That needs WebAssembly's promise integration (JSPI), and a call by callPromising.
    """
    if ask is None:
        return None
    waiting = importlib.import_module("pyodide.ffi")
    return (lambda message: str(waiting.run_sync(ask(message)))) if waiting.can_run_sync() else None
