"""`watch`: check an exercise whenever its file is saved; keys ask for the rest."""

import argparse
import time
from collections.abc import Callable

from ..catalog import EXERCISES, exercise
from ..checker import check
from ..keys import Keys
from ..terminal import clear, say, styled
from ..workspace import Workspace
from . import check as check_command
from . import chosen, hint, number_argument, prepare
from . import list as list_command

EVERY = 0.1  # seconds between two looks at the files
MENU = "h hint   n next   p previous   l list   c check again   q quit"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add N."""
    number_argument(parser)


def run(options: argparse.Namespace, workspace: Workspace) -> int:
    """Watch until q or Ctrl-C."""
    prepare(workspace)
    watch = Watch(workspace, chosen(options, workspace))
    with Keys() as keys:
        watch.check()
        while not watch.finished:
            watch.look()
            key = keys.pressed(EVERY)
            if key:
                watch.press(key)
    number = workspace.current()
    say(f"Until next time. You go on with {number}  {exercise(number).title}")
    return 0


class Watch:
    """Which exercise is being watched, and what its files held when they were looked at last."""

    def __init__(self, workspace: Workspace, number: int):
        self.workspace, self.number, self.finished = workspace, number, False
        self.seen = self.contents()

    def contents(self) -> dict[int, bytes]:
        """Return what the files hold. A file that is missing or empty is just being written."""
        held = {}
        for e in EXERCISES:
            try:
                held[e.number] = self.workspace.file(e.number).read_bytes()
            except OSError:
                continue
        return {number: content for number, content in held.items() if content}

    def look(self) -> None:
        """Check the exercise whose file has changed, the watched one first."""
        self.workspace.refresh()
        now = self.contents()
        changed = [number for number in now if now[number] != self.seen.get(number)]
        self.seen |= now
        if changed:
            self.number = self.number if self.number in changed else changed[0]
            self.check()

    def check(self) -> None:
        """Check the watched exercise and show what came out."""
        file = self.workspace.file(self.number)
        clear()
        try:
            verdict = check(self.number, file)
        except OSError as error:
            say(f"{file}: {error.strerror}. python -m demos.workshop brings it back.")
            return
        check_command.record(self.workspace, verdict)
        check_command.show(verdict, file, self.workspace, key="h")
        self.menu()

    def menu(self) -> None:
        """Print the keys and the time: a second check of the same says the same, a little later."""
        say(styled(f"  {MENU}    {time.strftime('%H:%M:%S')}", "dim"))

    def press(self, key: str) -> None:
        """Do what a key asks for."""
        actions: dict[str, Callable[[], None]] = {
            "h": self.hint,
            "n": lambda: self.go(self.workspace.beside(self.number, 1)),
            "p": lambda: self.go(self.workspace.beside(self.number, -1)),
            "l": self.list,
            "c": self.check,
            "q": self.quit,
        }
        if key.lower() in actions:
            actions[key.lower()]()

    def hint(self) -> None:
        """Show one hint more."""
        say()
        hint.show(self.number, self.workspace)
        self.menu()

    def list(self) -> None:
        """Show all exercises."""
        clear()
        list_command.run(argparse.Namespace(), self.workspace)
        self.menu()

    def go(self, number: int | None) -> None:
        """Watch another exercise, if there is one."""
        self.number = self.number if number is None else number
        self.check()

    def quit(self) -> None:
        """Stop watching."""
        self.finished = True
