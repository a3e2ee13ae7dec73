"""Single keys from a terminal, without Enter; nothing where the input is no terminal.

>>> with Keys() as keys:
...     keys.pressed(0.0)
''
"""

import sys
import time
from typing import Any


def typing() -> bool:
    """Return whether somebody types into a terminal."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()


if sys.platform == "win32":
    import msvcrt

    class Keys:
        """The keys of a console."""

        def __enter__(self) -> "Keys":
            self.typing = typing()
            return self

        def __exit__(self, *error: Any) -> None:
            pass

        def pressed(self, seconds: float) -> str:
            """Return the key that is pressed within this time, "" if none is."""
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                if self.typing and msvcrt.kbhit():
                    return msvcrt.getwch()
                time.sleep(0.02)
            return ""

else:
    import os
    import select
    import termios
    import tty

    class Keys:
        """The keys of a terminal; Ctrl-C stays what it is, and the terminal is put back."""

        def __enter__(self) -> "Keys":
            self.typing = typing()
            if self.typing:
                self.before = termios.tcgetattr(sys.stdin)
                tty.setcbreak(sys.stdin)
            return self

        def __exit__(self, *error: Any) -> None:
            if self.typing:
                termios.tcsetattr(sys.stdin, termios.TCSADRAIN, self.before)

        def pressed(self, seconds: float) -> str:
            """Return the key that is pressed within this time, "" if none is."""
            if not self.typing:
                time.sleep(seconds)
                return ""
            ready, _, _ = select.select([sys.stdin], [], [], seconds)
            if not ready:
                return ""
            typed = os.read(sys.stdin.fileno(), 1)  # sys.stdin would read ahead
            return typed.decode("utf-8", "replace") if typed else "q"  # the terminal is gone
