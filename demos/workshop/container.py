"""The container: it runs the probe in a process of its own, with limits, and reads what it writes.

>>> from .catalog import exercise
>>> outcome = run(7, exercise(7).solution)
>>> outcome.stopped, outcome.numbers["y = x * x at x = 3: x.grad"]
('', 6.0)

Limited are the time, the output, other processes and reading on every system; memory on Linux by
the system and on macOS by a thread that looks at it. On Windows memory is limited by the time only.
What the system ends, a crash or a lack of memory, is told as such.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, TypeAlias

from .limits import OUTPUT, SECONDS
from .outcome import Outcome, outcome
from .probe import END
from .process import MEMORY_EXIT

NOTE_SECONDS = 0.5  # for what is told and not judged, after all has been measured
START_SECONDS = 30.0  # for Python itself to start, on a computer that is busy

COMPLETE = json.dumps(END).encode()
ROOT = Path(__file__).resolve().parents[2]
START = "import sys; sys.path.insert(0, sys.argv[3]); from demos.workshop import process; " + (
    "process.main(int(sys.argv[1]), sys.argv[2])"
)
# No site-packages and no settings of the environment: quick, and the same for everybody.
PLAIN = ("-I", "-S")
# A library of linear algebra takes memory for each thread that it starts.
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


Process: TypeAlias = "subprocess.Popen[bytes]"


def run(number: int, path: Path, seconds: float = SECONDS) -> Outcome:
    """Run a learner's file through the columns of an exercise. Raises OSError if there is no file.

    A file that imports a library runs once more, with the libraries that are installed.
    """
    with open(path, "rb"):
        pass
    outcome = _run(number, path, seconds, PLAIN)
    if outcome.stopped == "module":
        outcome = _run(number, path, seconds, ())
    return outcome


def _run(number: int, path: Path, seconds: float, options: tuple[str, ...]) -> Outcome:
    command = [sys.executable, *options, "-X", "utf8", "-c", START]
    process = subprocess.Popen(
        [*command, str(number), str(path.resolve()), str(ROOT)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=path.resolve().parent,
        env=os.environ | ONE_THREAD,
        **_of_its_own(),
    )
    assert process.stdout and process.stderr
    facts, printed = Reader(process.stdout), Reader(process.stderr)
    try:
        stopped = _wait(process, (facts, printed), seconds)
    finally:
        _end(process)
    for reader in (facts, printed):
        reader.join(0.5)
    return outcome([*_facts(bytes(facts.content))], stopped)


def _of_its_own() -> dict[str, Any]:
    """Return what makes a process the first of a group, so that all of it can be ended."""
    if sys.platform == "win32":
        how: dict[str, Any] = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    else:
        how = {"start_new_session": True}
    return how


class Reader(threading.Thread):
    """Reads a stream, at most OUTPUT bytes of it."""

    def __init__(self, stream: IO[bytes]):
        super().__init__(daemon=True)
        self.stream, self.content, self.full = stream, bytearray(), False
        self.start()

    def run(self) -> None:
        """Read until the end, or until there is too much."""
        with contextlib.suppress(OSError, ValueError):
            while chunk := os.read(self.stream.fileno(), 65536):
                self.content += chunk
                if len(self.content) > OUTPUT:
                    self.full = True
                    return


def _wait(process: Process, readers: tuple["Reader", "Reader"], seconds: float) -> str:
    """Wait for the end of a process; return what stopped it, "" if it ended by itself.

    The time of the learner's file runs from the probe's first line, so a slow start costs nothing.
    """
    facts, _ = readers
    until, begun, complete = time.monotonic() + START_SECONDS, False, False
    while True:
        if not begun and facts.content:
            until, begun = time.monotonic() + seconds, True
        if not complete and COMPLETE in facts.content:
            until, complete = min(until, time.monotonic() + NOTE_SECONDS), True
        left = until - time.monotonic()
        if complete and left <= 0:
            return ""
        if any(reader.full for reader in readers):
            return "flood"
        if left <= 0:
            return "time"
        facts.join(min(left, 0.05))  # the output ends when the process does, unless it has children
        if process.poll() is not None or not (facts.is_alive() or facts.full):
            return _ended(process, left)


def _ended(process: Process, left: float) -> str:
    """Return how a process ended that has closed its output."""
    try:
        status = process.wait(left)
    except subprocess.TimeoutExpired:
        return "time"
    return "memory" if status == MEMORY_EXIT else "crash" if status < 0 else ""


def _end(process: Process) -> None:
    """End a process and all of its group."""
    if sys.platform == "win32":
        process.kill()
    else:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _facts(written: bytes) -> Iterator[dict[str, Any]]:
    """Yield what the lines of the probe say."""
    for line in written.split(b"\n"):
        with contextlib.suppress(ValueError):  # a line that was cut off
            yield json.loads(line)
