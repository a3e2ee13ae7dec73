"""The program that is debugged: how it is started, and its backward passes, as the adapter runs it.

>>> read_launch({"program": "train.py", "module": "train"})
Traceback (most recent call last):
    ...
engine.debugger.evaluate.Refused: a launch needs a program (a file) or a module, and not both
"""

import io
import os
import shlex
import sys
import threading
import traceback
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from types import FrameType
from typing import TYPE_CHECKING, Any

from ...printing import printable
from ...value import Value
from ..evaluate import Refused
from ..interrupts import Interrupts
from ..script import INTERRUPTED, Passes, run_module, run_script
from ..session import Session, Stop
from .places import Pass
from .protocol import Arguments, output, take

if TYPE_CHECKING:
    from .server import Adapter


@dataclass
class Launch:
    """What the client wants to be run, and how."""

    program: str = ""
    module: str = ""
    arguments: list[str] = field(default_factory=list)
    folder: str = ""
    environment: dict[str, str | None] = field(default_factory=dict)
    stop_on_entry: bool = False
    highlight: bool = True
    debug: bool = True


def read_launch(asked: Arguments) -> Launch:
    """Return the arguments of a launch request; raise Refused for what cannot be started."""
    launch = Launch(
        take(asked, "program", str, ""),
        take(asked, "module", str, ""),
        _arguments(asked.get("args")),
        take(asked, "cwd", str, ""),
        _environment(take(asked, "env", dict, {})),
        take(asked, "stopOnEntry", bool, False),
        take(asked, "highlight", bool, True),
        not take(asked, "noDebug", bool, False),
    )
    if bool(launch.program) == bool(launch.module):
        raise Refused("a launch needs a program (a file) or a module, and not both")
    if launch.folder and not os.path.isdir(launch.folder):
        raise Refused(f"there is no folder {printable(launch.folder, 200)}: cwd is an existing one")
    launch.program = launch.program and os.path.abspath(os.path.join(launch.folder, launch.program))
    if launch.program and not os.path.isfile(launch.program):
        raise Refused(
            f"there is no file {printable(launch.program, 200)}: program is a Python file"
        )
    return launch


def _arguments(given: Any) -> list[str]:
    """Return the arguments of a program, a list or, as typed at a prompt, a text."""
    arguments = shlex.split(given) if isinstance(given, str) else given or []
    if not isinstance(arguments, list):
        raise Refused(f"args is a list, not {given!r:.40}")
    return [str(argument) for argument in arguments]


def _environment(given: Mapping[str, Any]) -> dict[str, str | None]:
    for key, value in given.items():
        if not (value is None or isinstance(value, str)) or "=" in key or "\0" in f"{key}{value}":
            raise Refused(f"env is names and texts, not {printable(key)}: {value!r:.40}")
    return dict(given)


def run(launch: Launch, adapter: "Adapter") -> int:
    """Run the program to its end; return its exit status. What it writes goes to the client."""
    sys.stdout, sys.stderr = (
        output(adapter.connection, "stdout"),
        output(adapter.connection, "stderr"),
    )
    sys.stdin = io.StringIO()  # the real one may be the client's
    try:
        return _run(launch, adapter.passes)
    except SystemExit as end:
        return _status(end)
    except (ImportError, OSError) as error:
        where = f": {printable(str(error.filename), 200)}" if isinstance(error, OSError) else ""
        print(f"{getattr(error, 'strerror', None) or error}{where}", file=sys.stderr)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BaseException:
        traceback.print_exc()
    finally:
        flush()
    return 1


def flush() -> None:
    """Let the client have what the program has written so far."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):  # a program may have put anything in their place, or closed them
            stream.flush()


def _run(launch: Launch, passes: Passes) -> int:
    if launch.folder or launch.program:
        os.chdir(launch.folder or os.path.dirname(launch.program))
    for key, value in launch.environment.items():
        if value is None:
            os.environ.pop(key, None)
        else:
            os.environ[key] = value
    if launch.module:
        return run_module(launch.module, launch.arguments, passes)
    return run_script(launch.program, launch.arguments, passes)


def _status(end: SystemExit) -> int:
    """Return the exit status of a SystemExit; one that is a text is an error."""
    if end.code is None or isinstance(end.code, int):
        return end.code or 0
    print(end.code, file=sys.stderr)
    return 1


class Requests(Interrupts):
    """Interrupts that a client's `pause` causes as Ctrl-C does.

    A run asks after every step whether to stop; what the client has sent meanwhile is answered
    then.
    """

    def __init__(self, adapter: "Adapter"):
        super().__init__("script")
        self.adapter = adapter
        self.heard = False  # whether a signal has arrived

    def taken(self) -> bool:
        self.adapter.answer_waiting()
        return super().taken()

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        self.heard = True
        super()._interrupt(number, frame)

    def press(self) -> None:
        """Stop after the step at hand, or at the next backward()."""
        self._pending = True


class ClientPasses(Passes):
    """The backward passes of a program, opened in a client rather than in a terminal.

    While one is open, its thread answers the client; else the thread that reads does.
    """

    post_mortem = False
    debug = True

    def __init__(self, adapter: "Adapter"):
        super().__init__(stdout=output(adapter.connection, "console"))
        self.adapter, self.requests = adapter, Requests(adapter)
        self.interrupts = self.requests

    def run_to(self, number: int) -> None:
        """Run to the pass with this number, if it is not 0."""
        self._run_to = number

    def hold(self, session: Pass) -> None:
        """Let the stops of a session be those of the first pass."""
        self._last = session

    def before_backward(self, root: Value) -> None:
        if self.debug:
            super().before_backward(root)

    def _pass(self, root: Value, frame: Any) -> None:
        with self.adapter.turn:
            super()._pass(root, frame)
        self.adapter.answer_if_free()

    def new_session(self, root: Value, names: Mapping[str, Any]) -> Session:
        self.adapter.turn.release()  # a large graph takes its time, and the client is answered
        try:
            session = Pass(root, names)
        finally:
            self.adapter.turn.acquire()
        session.heard = self.adapter.enter
        return session

    def _prompt(self, session: Session, stop: Stop | None) -> None:
        self.since_prompt = 0
        self.adapter.inspect(stop or Stop(0, 0, [], []), threading.current_thread().name)
        session.close()

    def report(self, name: str) -> int:
        if self.debug:
            super().report(name)
        return 0
