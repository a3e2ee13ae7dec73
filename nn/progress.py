"""Progress on standard error: a bar where rich is installed and someone watches, else a few plain lines.

>>> with progress(10, show=False) as report:
...     for epoch in range(10):
...         report(epoch + 1, 0.5)
"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from threading import Timer
from typing import Any

Report = Callable[[float, float], None]

LONG = 30.0  # seconds; a run that will take longer is told of a faster way
COMPILING = "preparing the replay: once on a machine, numba compiles for some seconds"


def hint() -> str:
    """What to tell those who will wait for long, and what to install for it."""
    install = "" if find_spec("numba") else ": pip install numba"
    return f"hint: compiled=True records the loss once and replays it, many times faster{install}"


@contextmanager
def patience(text: str, seconds: float = 1.0) -> Iterator[None]:
    """Say `text` if what is done inside takes longer than a moment; nothing where there is no text."""
    timer = Timer(seconds, print_line, [text])
    timer.daemon = True
    if text:
        timer.start()
    try:
        yield
    finally:
        timer.cancel()


@contextmanager
def progress(epochs: int, show: bool = True, hint: str = "") -> Iterator[Report]:
    """A function to call after each step with the epochs that are done, a whole number or not, and the loss.

    `hint` is a line for those who will wait for long. Nothing is printed unless `show` is true.
    """
    bar = _bar() if show else None
    if not show:
        yield lambda epoch, loss: None
    elif bar is None:
        yield _hinting(_lines(epochs), print_line, epochs, hint)
    else:
        with bar:
            task = bar.add_task("", total=epochs, loss="")
            yield _hinting(
                lambda epoch, loss: bar.update(task, completed=epoch, loss=f"loss {loss:.4g}"),
                bar.console.print,
                epochs,
                hint,
            )


def print_line(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _lines(epochs: int) -> Report:
    """About ten lines a run, however long it is."""
    start, pause = time.perf_counter(), max(epochs // 10, 1)

    def report(epoch: float, loss: float) -> None:
        if epoch % pause == 0 or epoch in (1, epochs):
            seconds = time.perf_counter() - start
            print_line(
                f"epoch {epoch:>{len(str(epochs))}}/{epochs}  loss {loss:.4g}  {seconds:.1f} s"
            )

    return report


def _hinting(report: Report, say: Callable[[str], Any], epochs: int, hint: str) -> Report:
    """`report`, which also says the hint once, as soon as it is clear that the run will be long."""
    start, waiting = time.perf_counter(), [hint] if hint else []

    def hinting(epoch: float, loss: float) -> None:
        report(epoch, loss)
        if waiting and (time.perf_counter() - start) / epoch * epochs > LONG:
            say(waiting.pop())

    return hinting


def _bar() -> Any:
    """rich's bar, or None where rich is missing or standard error is a file."""
    if sys.stderr is None or not sys.stderr.isatty():
        return None
    try:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )
    except ImportError:
        return None
    return Progress(
        TextColumn("training"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[loss]}"),
        TimeRemainingColumn(),
        console=Console(stderr=True, markup=False, highlight=False),
    )
