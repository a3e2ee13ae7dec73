"""The history of a run: its columns, and their picture.

>>> History([0.5, 0.25, 0.125], [0.1, 0.2, 0.3], validation=[0.6, 0.3, 0.4])
History(3 epochs, loss 0.5 → 0.125, validation 0.6 → 0.4, best after epoch 2, 0.3 s)
"""

import base64
import io
import struct
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Self

from engine import write_file


class Moment(NamedTuple):
    """What `fit(..., record=k)` keeps: parameters after an epoch, and the gradient there.

    >>> moment = Moment(3, 0.25, array("d", [1.0, -2.0]), array("d", [0.5, 0.0]))
    >>> Moment.of_saved(moment.saved(), parameters=2) == moment
    True

    `loss` is the mean over all examples, with the penalty if `fit` was given l2; `gradient` is its
    gradient. The numbers are in the order of the model's parameters. Epoch 0 is the start.
    """

    epoch: int
    loss: float
    weights: "array[float]"
    gradient: "array[float]"

    def saved(self) -> list[Any]:
        """Return the epoch, and all other numbers bit for bit in base64."""
        numbers = [self.loss, *self.weights, *self.gradient]
        packed = struct.pack(f"<{len(numbers)}d", *numbers)
        return [self.epoch, base64.b64encode(packed).decode("ascii")]

    @classmethod
    def of_saved(cls, saved: Any, parameters: int) -> Self:
        """Return what `saved` returned. Raises ValueError for anything else."""
        try:
            epoch, text = saved
            numbers = struct.unpack(f"<{2 * parameters + 1}d", base64.b64decode(text))
        except (TypeError, ValueError, struct.error):
            raise ValueError(f"its moments are not those of {parameters} parameters") from None
        if not isinstance(epoch, (int, float)) or not (epoch >= 0 and epoch == int(epoch)):
            raise ValueError(f"the epoch of a moment is {epoch!r:.200}: a whole number is expected")
        middle = 1 + parameters
        return cls(
            int(epoch), numbers[0], array("d", numbers[1:middle]), array("d", numbers[middle:])
        )


def saved_moments(saved: Any, parameters: int) -> list[Moment]:
    """Return the moments of a checkpoint, in their order. Raises ValueError if they are none."""
    if not isinstance(saved, list):
        raise ValueError("its moments are not a list")
    moments = [Moment.of_saved(one, parameters) for one in saved]
    epochs = [moment.epoch for moment in moments]
    if epochs != sorted(set(epochs)):
        raise ValueError("the epochs of its moments do not rise")
    return moments


@dataclass
class History:
    """After each epoch: the mean of its losses, the seconds since the start, the validation loss.

    `stopped` says why the run ended before its last epoch. Of a run that was recorded, `moments`
    are what was kept, and `examples` the inputs and targets that it was trained on.
    """

    loss: list[float] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    validation: list[float] = field(default_factory=list)
    stopped: str = ""
    moments: list[Moment] = field(default_factory=list)
    examples: tuple[Sequence[Any], Sequence[Any]] | None = field(default=None, compare=False)

    def columns(self) -> dict[str, list[Any]]:
        """Return the columns by name, a number an epoch, as pandas.DataFrame takes them."""
        epochs = list(range(1, len(self.loss) + 1))
        validation = {"validation": self.validation} if self.validation else {}
        return {"epoch": epochs, "loss": self.loss, **validation, "seconds": self.times}

    @property
    def best_epoch(self) -> int:
        """The epoch, from 1, with the least validation loss; 0 where there is none."""
        losses = [x for x in self.validation if x == x]
        return self.validation.index(min(losses)) + 1 if losses else 0

    def plot(self, path: str | Path, title: str = "loss over epochs") -> Path:
        """Draw the losses over the epochs into a picture file, of the kind that its suffix says.

        The scale is logarithmic where the loss falls by more than a factor of 20. Raises
        ModuleNotFoundError, with what to install, where matplotlib is missing.
        """
        return draw(path, self._curves(), title, "epoch", 1)

    def _repr_png_(self) -> bytes | None:
        """Return the picture that a notebook shows; None, and so the text, without matplotlib."""
        try:
            return picture(self._curves(), "loss over epochs", "epoch", 1)
        except ModuleNotFoundError:
            return None

    def _curves(self) -> dict[str, list[float]]:
        return {"training": self.loss} | (
            {"validation": self.validation} if self.validation else {}
        )

    def __repr__(self) -> str:
        shown = [f"{len(self.loss)} epochs"]
        for name, curve in (("loss", self.loss), ("validation", self.validation)):
            shown += [f"{name} {curve[0]:.4g} → {curve[-1]:.4g}"] if curve else []
        shown += [f"best after epoch {self.best_epoch}"] if self.best_epoch else []
        shown += [f"{self.times[-1]:.1f} s"] if self.times else []
        return f"History({', '.join([*shown, *filter(None, [self.stopped])])})"


def draw(path: str | Path, curves: dict[str, Any], title: str, below: str, start: int = 0) -> Path:
    """Draw curves into a picture file, whole or not at all; see `picture`."""
    kind = Path(path).suffix[1:] or "png"
    return write_file(path, picture(curves, title, below, start, kind))


def picture(
    curves: dict[str, Any], title: str, below: str, start: int = 0, kind: str = "png"
) -> bytes:
    """Return a picture of curves over the whole numbers from `start`; see History.plot."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        install = "this picture needs matplotlib: pip install matplotlib"
        raise ModuleNotFoundError(install) from None
    ink, grey, grid, paper = "#22252b", "#626773", "#e2e0d9", "#fbfaf7"
    figure = Figure(figsize=(6.4, 3.8), facecolor=paper, layout="constrained")  # inches
    axes: Any = figure.add_subplot(facecolor=paper)
    for (name, curve), colour in zip(curves.items(), ("#a94300", "#0062a3")):
        axes.plot(range(start, start + len(curve)), curve, color=colour, linewidth=1.8, label=name)
    numbers = [x for curve in curves.values() for x in curve]
    if numbers and min(numbers) > 0.0 and max(numbers) > 20.0 * min(numbers):
        axes.set_yscale("log")
    axes.grid(axis="y", color=grid, linewidth=0.8)
    axes.set_title(title, loc="left", color=ink, fontsize=12)
    axes.set_xlabel(below, color=grey)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.tick_params(which="both", colors=grey, length=0, labelsize=9)
    axes.spines[:].set_visible(False)
    axes.margins(x=0.02)
    if len(curves) > 1:
        axes.legend(frameon=False, labelcolor=grey)
    drawn = io.BytesIO()
    figure.savefig(drawn, dpi=144, format=kind)
    return drawn.getvalue()
