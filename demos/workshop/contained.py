"""What a learner's file is refused wherever it runs: input, and the start of other processes.

>>> refuse("subprocess.Popen", ())
Traceback (most recent call last):
    ...
demos.workshop.contained.Contained: forks
"""

import builtins
import io
import sys

FORKS = ("os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.exec", "os.system")


class Contained(BaseException):
    """Raised in place of something that a check can't do; its argument says what."""


def contain() -> None:
    """Refuse it in this Python from now on."""
    sys.stdin = NoInput()
    vars(builtins).update(exit=sys.exit, quit=sys.exit)  # as in a Python with site-packages
    sys.addaudithook(refuse)


def refuse(event: str, arguments: object) -> None:
    """Refuse to start other processes: a hook of Python, on every system."""
    if event in FORKS or event in ("subprocess.Popen", "os.startfile"):
        raise Contained("forks")


class NoInput(io.TextIOBase):
    """A standard input that nobody types into."""

    def read(self, size: "int | None" = -1, /) -> str:
        """Refuse."""
        raise Contained("input")

    def readline(self, size: int = -1, /) -> str:  # type: ignore[override]
        """Refuse."""
        raise Contained("input")
