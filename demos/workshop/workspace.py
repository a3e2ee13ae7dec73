"""The learner's folder: a copy of each exercise, and the progress.

>>> import tempfile
>>> space = Workspace(Path(tempfile.mkdtemp()) / "workshop")
>>> space.file(1).name
'01_nudge.py'
"""

import shutil
from pathlib import Path

from .catalog import EXERCISES, exercise
from .progress import Progress

DEFAULT = Path("workshop")


class Workspace:
    """A folder with the learner's copies of the exercises and the file progress.json."""

    def __init__(self, folder: Path = DEFAULT):
        self.folder = folder
        self.progress = Progress(folder / "progress.json")

    def file(self, number: int) -> Path:
        """Return the learner's file of an exercise."""
        return self.folder / exercise(number).file_name

    def prepare(self) -> int:
        """Copy the exercises that are not there yet; return how many were copied."""
        self.folder.mkdir(parents=True, exist_ok=True)
        missing = [e for e in EXERCISES if e.start.exists() and not self.file(e.number).exists()]
        for e in missing:
            shutil.copyfile(e.start, self.file(e.number))
        return len(missing)
