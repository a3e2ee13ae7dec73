"""The curve of a loss as a picture, by matplotlib, which is loaded on first use.

>>> import pathlib, tempfile
>>> curve([1.0, 0.5, 0.25], pathlib.Path(tempfile.mkdtemp()) / "loss.svg").name  # doctest: +SKIP
'loss.svg'
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

POSITIVE, NEGATIVE, INK, GREY, GRID, PAPER = (
    "#a94300",
    "#0062a3",
    "#22252b",
    "#626773",
    "#e2e0d9",
    "#fbfaf7",
)


def figure(width: float, height: float) -> tuple[Any, Any]:
    """An empty matplotlib figure and its axes, `width` × `height` inches, in the project's colours.

    Raises ModuleNotFoundError, with what to install, where matplotlib is missing.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise ModuleNotFoundError("this picture needs matplotlib: pip install matplotlib") from None
    made = Figure(figsize=(width, height), facecolor=PAPER, layout="constrained")
    axes = made.add_subplot(facecolor=PAPER)
    axes.tick_params(colors=GREY, length=0, labelsize=9)
    for side in axes.spines.values():
        side.set_visible(False)
    return made, axes


def curve(loss: Sequence[float], path: Path, title: str) -> Path:
    """The loss of each epoch; on a logarithmic scale where it falls by more than a factor of 20."""
    made, axes = figure(6.4, 3.8)
    axes.plot(range(1, len(loss) + 1), loss, color=POSITIVE, linewidth=1.8)
    if min(loss) > 0.0 and max(loss) > 20.0 * min(loss):
        axes.set_yscale("log")
    axes.grid(axis="y", color=GRID, linewidth=0.8)
    axes.set_title(title, loc="left", color=INK, fontsize=12)
    axes.set_xlabel("epoch", color=GREY)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.margins(x=0.02)
    made.savefig(path, dpi=144)
    return path
