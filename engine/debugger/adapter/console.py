"""The Debug Console: every command of the terminal's debugger, and completions.

>>> from engine import Value
>>> x = Value(3.0, label="x")
>>> console = Console(Session(x * x), ask=lambda question: "9")
>>> print(console.run("s"))
x·x = 9    grad 1    #1
...
  1/2  x.grad += (x·x).grad × x = 1 × 3 = +3    0 → 3
>>> console.run("x.grad * 2"), console.completions("watch x.g")
('6', ['x.grad'])
"""

import io
from collections.abc import Callable

from ..evaluate import Refused
from ..session import Session, Stop
from ..terminal import Debugger


class Console(Debugger):
    """A debugger that returns what it has to say. `stop` is where its last command has led.

    `ask` is called with a question of `predict`, and returns what was typed.
    """

    def __init__(self, session: Session, ask: Callable[[str], str]):
        self.said_so_far, interrupted = io.StringIO(), session.interrupted
        super().__init__(session, stdout=self.said_so_far, script=True)
        session.interrupted = interrupted
        self._ask = ask
        self.stop: Stop | None = None
        self.leaving = False

    def ask(self, question: str) -> str:
        return self._ask(question)

    def opening(self) -> str:
        """Return what a person should know before the first step."""
        self.open()
        return self.said()

    def run(self, line: str) -> str:
        """Carry out a command, or evaluate a formula; return the answer."""
        self.stop, self.leaving = None, False
        if self.is_command(line):
            self.leaving = self.onecmd(line)
        else:
            self.evaluate(line)
        return self.said()

    def said(self) -> str:
        """Return what was written since this was called last."""
        text = self.said_so_far.getvalue().rstrip("\n")
        self.said_so_far.seek(0)
        self.said_so_far.truncate()
        return text

    def is_command(self, line: str) -> bool:
        """Return whether a line begins with a command."""
        return not line.strip() or hasattr(self, f"do_{line.split()[0]}")

    def evaluate(self, line: str) -> None:
        """Write a value or a formula that was typed without `p`; else say what is wrong with it."""
        try:
            self.do_p(line.strip())
        except Refused:
            self.onecmd(line)

    def move(self, move: Callable[[], Stop]) -> Stop:
        self.stop = super().move(move)
        return self.stop

    def completions(self, text: str) -> list[str]:
        """Return what the last word of a line may be."""
        *words, last = text.replace("\t", " ").split(" ")
        words = [word for word in words if word]
        if not words:
            return self.completenames(last) + self.completedefault(last)
        complete = getattr(self, f"complete_{words[0]}", self.completedefault)
        found: list[str] = complete(last)
        return found
