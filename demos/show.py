"""How a demo shows what it found: a table of numbers on the screen, a picture in out/.

>>> print(table(["layer", "delta"], [[1, 0.25], [2, -1.0 / 3.0]]))
layer      delta
-----  ---------
    1       0.25
    2  -0.333333
"""

import argparse
import contextlib
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

POSITIVE, NEGATIVE, ZERO = (
    "#a94300",
    "#0062a3",
    "#626773",
)  # the colours of the pictures that engine.draw makes
PAPER, INK = "#fbfaf7", "#1f2430"


def table(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Rows of words and numbers in columns; numbers have six significant digits and stand to the right."""
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


def options(doc: str | None, **more: tuple[Any, str]) -> argparse.ArgumentParser:
    """The options of a demo: its docstring as help, --out, --seed and `more`, each with its default and its help."""
    text = (doc or "").partition("\n>>>")[0].strip()
    parser = argparse.ArgumentParser(
        description=text, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--out", type=Path, default=Path("out"), help="folder for pictures (default: out)"
    )
    parser.add_argument("--seed", type=int, default=0, help="where chance starts (default: 0)")
    for name, (default, words) in more.items():
        parser.add_argument(
            "--" + name.replace("_", "-"),
            type=type(default),
            default=default,
            help=f"{words} (default: {default})",
        )
    return parser


def progress(steps: int, words: str) -> Iterable[int]:
    """range(steps) with a bar on a terminal, where rich is installed; elsewhere in silence."""
    if sys.stderr.isatty():
        with contextlib.suppress(ImportError):
            from rich.console import Console
            from rich.progress import track

            bar: Iterable[int] = track(
                range(steps), words, console=Console(stderr=True), transient=True
            )
            return bar
    return range(steps)


def numpy(what: str) -> Any:
    """The module numpy, or an end of the program that says `what` needs it."""
    try:
        import numpy
    except ImportError:
        raise SystemExit(f"{what} NumPy: pip install numpy") from None
    return numpy


def figure(width: float = 7.0, height: float = 4.2, columns: int = 1) -> Any:
    """A matplotlib figure and its axes in the colours of the pictures, or (None, None) and a line of advice."""
    try:
        import matplotlib
    except ImportError:
        print("no plot: it needs matplotlib, pip install matplotlib")
        return None, None
    matplotlib.use("Agg")
    from matplotlib import pyplot

    style = {
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
        "legend.frameon": False,
        "axes.titlesize": 11,
        "axes.titlelocation": "left",
        "svg.hashsalt": "chainrule",
    }
    with pyplot.rc_context(style):
        return pyplot.subplots(1, columns, figsize=(width, height), layout="constrained")


def save(picture: Any, folder: Path, name: str) -> None:
    """Save a figure of matplotlib or a picture of engine.draw as folder/name, and say so; nothing for None."""
    if picture is None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    if hasattr(picture, "savefig"):
        picture.savefig(path, dpi=150)
    else:
        picture.save(path)
    print(f"picture: {path}")
