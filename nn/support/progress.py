"""Progress: a bar in a terminal with rich, one line in a notebook, else some lines on stderr.

>>> with progress(10, show=False) as report:
...     report(1, 0.5)
"""

import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from importlib.util import find_spec
from threading import Timer
from typing import Any

Report = Callable[[float, float], None]  # called with the epochs done, whole or not, and the loss

LONG = 30.0  # seconds; a run that will take longer is shown a faster way
COMPILING = "preparing the replay: once on a machine, numba compiles for some seconds"
FASTER = "hint: compiled=True records the loss once and replays it, many times faster"


def warn(message: str) -> None:
    """Warn at the line that called nn, from whatever depth."""
    frame, level = sys._getframe(1), 2
    while frame.f_back and frame.f_globals.get("__name__", "").partition(".")[0] == "nn":
        frame, level = frame.f_back, level + 1
    warnings.warn(message, stacklevel=level)


@contextmanager
def notice(text: str, seconds: float = 1.0) -> Iterator[None]:
    """Print `text`, unless it is empty, if the block takes longer than some seconds."""
    timer = Timer(seconds, print_line, [text])
    timer.daemon = True
    if text:
        with suppress(RuntimeError):  # a browser has no threads
            timer.start()
    try:
        yield
    finally:
        timer.cancel()


@contextmanager
def progress(epochs: int, show: bool = True, hint: str = "") -> Iterator[Report]:
    """Show the progress that the block reports; if the run will be long, also a hint, once."""
    start, every, hints = time.perf_counter(), max(epochs // 10, 1), [hint] if hint else []
    bar = _bar() if show else None
    task = bar.add_task("", total=epochs, loss="") if bar else None
    notebook = type(sys.stderr).__module__.startswith("ipykernel")

    def report(done: float, loss: float) -> None:
        seconds = time.perf_counter() - start
        if bar:
            bar.update(task, completed=done, loss=f"loss {loss:.4g}")
        elif done % every == 0 or done in (1, epochs):
            count = f"{done:>{len(str(epochs))}}/{epochs}"
            line = f"epoch {count}  loss {loss:.4g}  {seconds:.1f} s"
            if notebook:  # what is written on standard error is red there
                print(f"\r{line}", end="\n" if done == epochs else "", flush=True)
            else:
                print_line(line)
        if hints and seconds / done * epochs > LONG:
            (bar.console.print if bar else print_line)(hints.pop())

    with bar or nullcontext():
        yield report if show else lambda done, loss: None


def print_line(text: str) -> None:
    """Print a line on standard error."""
    print(text, file=sys.stderr, flush=True)


def faster() -> str:
    """Return the hint at the faster way, and at what to install for it; "" in a browser."""
    if sys.platform == "emscripten":
        return ""
    return FASTER if find_spec("numba") else f"{FASTER}: pip install numba"


def _bar() -> Any:
    """Return rich's bar; None where rich is missing or standard error is not a terminal."""
    if sys.stderr is None or not sys.stderr.isatty():
        return None
    try:
        from rich import progress as rich
        from rich.console import Console
    except ImportError:
        return None
    columns = rich.TextColumn("training"), rich.BarColumn(), rich.MofNCompleteColumn()
    loss, rest = rich.TextColumn("{task.fields[loss]}"), rich.TimeRemainingColumn()
    console = Console(stderr=True, markup=False, highlight=False)
    return rich.Progress(*columns, loss, rest, console=console)
