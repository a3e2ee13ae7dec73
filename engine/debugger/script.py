"""`python -m engine debug script.py`: run a program of the user's and stop at its backward passes.

>>> import os, tempfile
>>> path = os.path.join(tempfile.mkdtemp(), "empty.py")
>>> with open(path, "w", encoding="utf-8") as file:
...     _ = file.write("print(6 * 7)")
>>> run_script(path)
42
empty.py ended without a backward(): there was nothing to step through
1
"""

import errno
import os
import runpy
import sys
from collections.abc import Sequence
from types import TracebackType
from typing import Any

from ..graph import listeners
from ..listeners import Listener
from ..printing import printable
from ..value import Value
from .session import Session
from .terminal import talk


class _Left(BaseException):
    """The person left the debugger, and the script with it."""


class _Stopper(Listener):
    """A listener that opens the debugger before every backward pass."""

    def __init__(self) -> None:
        self.passes = 0
        self.last: Session | None = None

    def before_backward(self, root: Value) -> None:
        self.passes += 1
        frame: Any = sys._getframe(1)
        while frame.f_globals.get("__name__", "").partition(".")[0] == "engine" and frame.f_back:
            frame = frame.f_back
        session = Session(root, frame.f_locals)
        if self.last:
            session.inherit(self.last)
        self.last = session
        found = session.proceed() if session.armed else None
        if found and not found.reasons:
            session.close()
        elif talk(session, script=self.passes, found=found).quitting:
            raise _Left


def run_script(path: str, arguments: Sequence[str] = ()) -> int:
    """Run a Python file as if it were started by itself, and stop at each backward(); the exit status.

    In the debugger, `c` at the end lets the script go on to its next backward(), or, where
    breakpoints or watches are set, to the first that is met; `q` ends both. The script's own
    exceptions are shown as Python shows them, from its first line on. Raises FileNotFoundError
    where there is no file.
    """
    if not os.path.isfile(path):
        raise FileNotFoundError(
            errno.ENOENT, "there is no such file: give the path of a Python program", path
        )
    before, stopper = (sys.argv, sys.path[:]), _Stopper()
    sys.argv = [path, *arguments]
    sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
    listeners.insert(0, stopper)
    try:
        runpy.run_path(path, run_name="__main__")
    except _Left:
        return 0
    except (Exception, KeyboardInterrupt) as error:
        own = _from_file(error.__traceback__, path)
        sys.excepthook(type(error), error.with_traceback(own), own)
        return 1
    finally:
        listeners.remove(stopper)
        sys.argv, sys.path[:] = before
    if not stopper.passes:
        print(
            f"{printable(os.path.basename(path))} ended without a backward(): there was nothing to step through"
        )
    return 0 if stopper.passes else 1


def _from_file(frames: TracebackType | None, path: str) -> TracebackType | None:
    """A traceback without what stands above the first line of the file."""
    while frames and frames.tb_frame.f_code.co_filename != path:
        frames = frames.tb_next
    return frames
