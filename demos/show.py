"""What every demo shares: options, tables, pictures, and how a program ends when it can't go on.

>>> print(table(["layer", "delta"], [[1, 0.25], [2, -1.0 / 3.0]]))
layer      delta
-----  ---------
    1       0.25
    2  -0.333333
"""

import argparse
import contextlib
import importlib
import io
import math
import os
import re
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import nn
    from engine import Value

# The colours of the pictures that engine.draw makes.
POSITIVE, NEGATIVE, ZERO = "#a94300", "#0062a3", "#626773"
PAPER, INK = "#fbfaf7", "#1f2430"

INTERRUPTED = 130  # the exit status that shells give to Ctrl-C
ROOT = Path(__file__).resolve().parent.parent
OUR_PACKAGES = ("engine", "nn", "demos")

STYLE = {
    "figure.facecolor": PAPER,
    "axes.facecolor": PAPER,
    "savefig.facecolor": PAPER,
    "text.color": INK,
    "axes.edgecolor": "#c9ccd4",
    "axes.labelcolor": INK,
    "xtick.color": ZERO,
    "ytick.color": ZERO,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "font.size": 10,
    "legend.facecolor": PAPER,
    "legend.edgecolor": PAPER,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "svg.hashsalt": "chainrule",
}


# -- the terminal
# ------------------------------------------------------------------------------------------------


def table(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Return text and numbers in columns; numbers have six significant digits and stand right."""
    cells = [[_cell(x) for x in row] for row in rows]
    lines = [list(heads), ["-" * len(head) for head in heads], *cells]
    widths = [max(len(line[i]) for line in lines) for i in range(len(heads))]
    lines[1] = ["-" * width for width in widths]
    numeric = [all(_is_number(row[i]) for row in cells) for i in range(len(heads))]
    spaced = [
        [x.rjust(w) if right else x.ljust(w) for x, w, right in zip(line, widths, numeric)]
        for line in lines
    ]
    return "\n".join("  ".join(line).rstrip() for line in spaced)


def _cell(x: Any) -> str:
    return f"{x:.6g}" if isinstance(x, float) else str(x)


def _is_number(text: str) -> bool:
    try:
        float(text.rstrip("%"))
    except ValueError:
        return False
    return True


def columns() -> int:
    """Return the width to fill: that of the terminal, at most 80 columns."""
    return min(80, shutil.get_terminal_size().columns)


def filled(text: str) -> str:
    """Break the paragraphs of a text into lines that fit the terminal; indented ones stay."""
    parts = re.split(r"(\n\n+)", text)
    return "".join(
        textwrap.fill(" ".join(part.split()), columns()) if part[:1].strip() else part
        for part in parts
    )


def say(text: str) -> None:
    """Print a text in lines that fit the terminal."""
    print(filled(text))


def progress(steps: int, label: str) -> Iterable[int]:
    """Return range(steps), with a bar on a terminal if rich is installed."""
    if sys.stderr.isatty():
        with contextlib.suppress(ImportError):
            from rich.console import Console
            from rich.progress import track

            bar: Iterable[int] = track(
                range(steps), label, console=Console(stderr=True), transient=True
            )
            return bar
    return range(steps)


# -- a demo as a program
# ------------------------------------------------------------------------------------------------


def options(doc: str | None, *, name: str = "", **more: tuple[Any, ...]) -> argparse.ArgumentParser:
    """Return the parser of a demo: its docstring as help, --out, --seed, --quick and `more`.

    Each of `more` is (default, help) or (default, help, least); the least number is 1 for whole
    numbers and 0 for others, if it is not given. A folder that can't be written is refused here,
    before anything is computed.
    """
    parser = argparse.ArgumentParser(
        prog=f"python -m demos {name}" if name else None,
        description=filled((doc or "").partition("\n>>>")[0].strip()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        conflict_handler="resolve",  # a demo may say what --quick does
    )
    parser.add_argument(
        "--out", type=folder, default="out", help="folder for pictures (default: out)"
    )
    parser.add_argument(
        "--seed", type=_number(0, 0), default=0, help="seed of the random numbers (default: 0)"
    )
    parser.add_argument("--quick", action="store_true", help="no difference here: it is quick")
    for option, (default, text, *least) in more.items():
        parser.add_argument(
            "--" + option.replace("_", "-"),
            type=_number(default, *least),
            default=default,
            help=f"{text} (default: {default})",
        )
    return parser


def _number(default: int | float, least: float | None = None) -> Callable[[str], int | float]:
    """Return a reader of numbers of the default's type, none below `least`."""
    whole = isinstance(default, int)
    if least is None:
        least = 1 if whole else 0

    def read(text: str) -> int | float:
        try:
            number = int(text) if whole else float(text)
        except ValueError:
            kind = "a whole number" if whole else "a number"
            raise argparse.ArgumentTypeError(f"{text!r} is not {kind}") from None
        if not least <= number < math.inf:
            raise argparse.ArgumentTypeError(f"{text} is out of range: at least {least:g}")
        return number

    return read


def named(path: object) -> str:
    """Return the name of a file, which anyone may have chosen, fit for a terminal."""
    from engine.printing import printable

    return printable(str(path), 200)


def folder(text: str) -> Path:
    """Return the path of a folder, created if need be, that can be written."""
    path = Path(text)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise argparse.ArgumentTypeError(f"can't use {named(path)}: {error.strerror}") from None
    if not os.access(path, os.W_OK):
        raise argparse.ArgumentTypeError(f"can't use {named(path)}: it can't be written")
    return path


def documentation(doc: str | None, name: str, default: Path) -> argparse.ArgumentParser:
    """Return the parser of a program that writes into docs/: its one option is --out.

    Where the package is installed without a checkout around it, there is no docs/ and --out is
    required.
    """
    parser = argparse.ArgumentParser(
        prog=f"python -m demos {name}",
        description=filled((doc or "").partition("\n>>>")[0].strip()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    checkout = (ROOT / "setup.cfg").is_file()
    text = (
        f"folder (default: {default.relative_to(ROOT)} of the checkout)" if checkout else "folder"
    )
    parser.add_argument(
        "--out",
        type=folder,
        default=str(default) if checkout else None,
        required=not checkout,
        help=text,
    )
    return parser


def finished(history: "nn.History") -> None:
    """End the demo where Ctrl-C ended the run, for `fit` returns what it has by then."""
    if history.stopped.startswith("Ctrl-C"):
        raise KeyboardInterrupt


def program(main: Callable[[Sequence[str] | None], Any], argv: Sequence[str] | None = None) -> int:
    """Run a main and return its exit status; what stops it is one line, not a traceback.

    A Ctrl-C gives 130, as in a shell; a missing library, a file that can't be written and a
    computation that overflows give 1. An error of the demo itself keeps its traceback.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # where the terminal's encoding has no ∂
    try:
        status = main(argv)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return _stopped("stopped by Ctrl-C", INTERRUPTED)
    except RuntimeError as error:  # Python 3.11 wraps what interrupts the making of a class
        if not isinstance(error.__cause__, KeyboardInterrupt):
            raise
        return _stopped("stopped by Ctrl-C", INTERRUPTED)
    except BrokenPipeError:  # the reader, such as head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except ImportError as error:
        if (error.name or "").partition(".")[0] in OUR_PACKAGES:
            raise
        remedy = "" if "pip install" in str(error) else f": pip install {error.name}"
        return _stopped(f"{error}{remedy}")
    except OSError as error:
        name = f"{named(error.filename)}: {error.strerror}"
        return _stopped(name if error.filename else str(error))
    except ArithmeticError as error:
        return _stopped(str(error))
    return status if isinstance(status, int) else 0


def _stopped(sentence: str, status: int = 1) -> int:
    start = "\n" if sys.stderr.isatty() and status == INTERRUPTED else ""  # after ^C and a bar
    print(f"{start}{filled(sentence)}", file=sys.stderr, flush=True)
    return status


def load(module: str, purpose: str) -> Any:
    """Return an optional module. Raises ImportError that says what it is for and how to get it."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        text = f"{purpose} needs {package}: pip install {package}"
        raise ImportError(text, name=package) from error


# -- pictures
# ------------------------------------------------------------------------------------------------


def figure(width: float = 7.0, height: float = 4.2, columns: int = 1) -> Any:
    """Return a matplotlib figure and its axes in our colours, or (None, None) without it."""
    try:
        import matplotlib
    except ImportError:
        print("no plot: it needs matplotlib, pip install matplotlib")
        return None, None
    matplotlib.use("Agg")
    from matplotlib import pyplot

    pyplot.rcParams.update(STYLE)
    return pyplot.subplots(1, columns, figsize=(width, height), layout="constrained")


def draw(root: "Value", out: Path, name: str, **how: Any) -> None:
    """Draw a graph with engine.draw and save it; say so where it is too large to draw."""
    import engine

    try:
        picture = engine.draw(root, **how)
    except ValueError as error:
        say(f"no picture: {error}")
    else:
        save(picture, out, name)


def save(picture: Any, out: Path, name: str) -> None:
    """Save a figure of matplotlib or a picture of engine.draw as out/name; nothing for None."""
    if picture is None:
        return
    path = out / name
    if hasattr(picture, "savefig"):
        drawn = io.BytesIO()
        picture.savefig(drawn, dpi=150, format=path.suffix[1:])
        importlib.import_module("engine").write_file(path, drawn.getvalue())
    else:
        picture.save(path)
    print(f"picture: {path}")
