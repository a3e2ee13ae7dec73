"""Ctrl-C while the debugger is at work: a run stops after its step, a command leads to the prompt.

Python's own answer to Ctrl-C, an exception at whatever instruction is being executed, would end a
script, or a move between its two halves. Here it sets a flag that a run reads after every step, and
a script at its next backward(). A second Ctrl-C in the script is Python's own again.

>>> with Interrupts("run") as interrupts:
...     signal.raise_signal(signal.SIGINT)
...     interrupts.taken(), interrupts.taken()
(True, False)
"""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any, Literal

Mode = Literal["script", "command", "run", "prompt"]
HINT = b"\nCtrl-C: stops at the next backward(); once more ends the script\n"


class Interrupts:
    """A context in which Ctrl-C does what the mode asks for.

    In mode "run", steps are taken, and a flag is set. In mode "script" a script of the user's runs:
    a flag is set at first, then KeyboardInterrupt is raised. In the modes "command" and "prompt" it
    is raised at once. `error`, once it is set, is what a signal raises. Only the main thread hears
    of signals: in another the context does nothing.
    """

    def __init__(self, mode: Mode = "command"):
        self.mode: Mode = mode
        self.error: type[BaseException] | None = None
        self._pending = False
        self._thread = 0  # the one that has set the mode
        self._before: Any = None

    def __enter__(self) -> "Interrupts":
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._interrupt) or signal.SIG_DFL
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def taken(self) -> bool:
        """Return whether Ctrl-C was pressed since the last call."""
        pending, self._pending = self._pending, False
        return pending

    def switch(self, mode: Mode) -> None:
        """Set the mode; what was pressed before a prompt is forgotten there."""
        self._thread, self.mode = threading.get_ident(), mode
        self._pending = self._pending and mode != "prompt"

    @contextmanager
    def during(self, mode: Mode) -> Iterator[None]:
        """Set the mode for a while."""
        before, thread = self.mode, self._thread
        try:
            self.switch(mode)
            yield
        finally:
            self.mode, self._thread = before, thread

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        if self.error:
            raise self.error
        if self._before == signal.SIG_IGN:  # as in what a shell runs in the background
            return
        if self.mode in ("command", "prompt"):
            if self._thread == threading.get_ident():
                self.mode = "run"  # until the prompt is there again
                raise KeyboardInterrupt
        elif self._pending and self.mode == "script":
            raise KeyboardInterrupt
        else:
            self._pending = True
            if self.mode == "script":
                os.write(2, HINT)  # print() may be what was interrupted
