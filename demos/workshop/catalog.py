"""The ten exercises: their numbers, names and minutes.

>>> exercise(5).name, exercise(5).minutes
('05_forks', 15)
>>> sum(e.minutes for e in EXERCISES if e.short)
70
"""

from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent


class Exercise(NamedTuple):
    """One exercise: what it is called, how long it takes, and whether the short track has it."""

    number: int
    name: str
    title: str
    minutes: int
    short: bool = True

    @property
    def file_name(self) -> str:
        """Return the name of its file."""
        return self.name + ".py"

    @property
    def start(self) -> Path:
        """Return the file as a learner first sees it."""
        return FOLDER / "exercises" / self.file_name

    @property
    def solution(self) -> Path:
        """Return the file with the marked place filled in."""
        return FOLDER / "solutions" / self.file_name

    @property
    def hints(self) -> Path:
        """Return the file with its three hints."""
        return FOLDER / "hints" / f"{self.name}.md"


EXERCISES = (
    Exercise(1, "01_nudge", "Nudge a number and see what the result does", 10),
    Exercise(2, "02_paper", "Gradients on paper", 10),
    Exercise(3, "03_plus_times", "The local derivatives of + and ×", 10),
    Exercise(4, "04_functions", "The local derivatives of tanh, relu and exp", 15),
    Exercise(5, "05_forks", "Forks: a value that is used twice", 15),
    Exercise(6, "06_order", "Order: every Value after its parents", 20, short=False),
    Exercise(7, "07_sum", "The two-line sum", 10),
    Exercise(8, "08_neuron", "A neuron, a layer and four equations", 25, short=False),
    Exercise(9, "09_train", "Train, and forget zero_grad on purpose", 25, short=False),
    Exercise(
        10, "10_leaks", "Bug hunt: gradients that vanish, explode or are nan", 20, short=False
    ),
)


def exercise(number: int) -> Exercise:
    """Return the exercise of this number. Raises ValueError, which says which there are."""
    if not 1 <= number <= len(EXERCISES):
        raise ValueError(f"there is no exercise {number}: they are numbered 1 to {len(EXERCISES)}")
    return EXERCISES[number - 1]
