"""The learner's folder: a copy of each exercise, and the progress.

>>> import tempfile
>>> space = Workspace(Path(tempfile.mkdtemp()) / "workshop")
>>> space.prepare()
10
>>> space.file(1).name, space.prepare(), space.reset(1).name
('01_nudge.py', 0, '01_nudge.old1.py')
"""

import itertools
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

    def reset(self, number: int) -> Path:
        """Put an exercise back to its start; return the new name of the file that was there."""
        file = self.file(number)
        kept = next(k for i in itertools.count(1) if not (k := _kept(file, i)).exists())
        file.rename(kept)
        shutil.copyfile(exercise(number).start, file)
        return kept


def _kept(file: Path, i: int) -> Path:
    return file.with_name(f"{file.stem}.old{i}.py")
