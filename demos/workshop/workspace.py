"""The learner's folder: a copy of each exercise, and the progress.

>>> import tempfile
>>> space = Workspace(Path(tempfile.mkdtemp()) / "workshop")
>>> space.prepare()
10
>>> space.file(1).name, space.prepare(), space.reset(1).name
('01_nudge.py', 0, '01_nudge.old1.py')
"""

import hashlib
import itertools
import json
import os
from pathlib import Path

from .catalog import EXERCISES, Exercise, exercise
from .progress import Progress

DEFAULT = Path("workshop")
NOTE = ".copied.json"  # what the originals were like; it also marks a learner's folder


def default() -> Path:
    """Return the learner's folder: here, or in a folder above, or a new one here."""
    here = Path.cwd()
    above = [place for folder in (here, *here.parents) for place in (folder, folder / DEFAULT)]
    return next(filter(_is_marked, [DEFAULT, *above]), DEFAULT)


def _is_marked(folder: Path) -> bool:
    try:
        return (folder / NOTE).exists()
    except OSError:  # a folder above may be closed to us
        return False


class Workspace:
    """A folder with the learner's copies of the exercises and the file progress.json.

    `numbers` are the exercises of the track: all of them, or those of the 90 minutes.
    """

    def __init__(self, folder: Path | None = None, short: bool = False):
        self.folder = folder = folder or default()
        self.numbers = [e.number for e in EXERCISES if e.short or not short]
        self.progress = Progress(folder / "progress.json")
        self.note = folder / NOTE

    def file(self, number: int) -> Path:
        """Return the learner's file of an exercise."""
        return self.folder / exercise(number).file_name

    def current(self) -> int:
        """Return the exercise to go on with."""
        return self.progress.current(self.numbers)

    def beside(self, number: int, step: int) -> int | None:
        """Return the exercise of the track that comes after this one, or before it."""
        others = [n for n in self.numbers if (n - number) * step > 0]
        return min(others, key=lambda n: abs(n - number), default=None)

    def prepare(self) -> int:
        """Copy the exercises that are not there yet; return how many were copied."""
        self.folder.mkdir(parents=True, exist_ok=True)
        new = [e for e in EXERCISES if not self.file(e.number).exists()]
        self._copy(new)
        self.refresh()
        return len(new)

    def refresh(self) -> None:
        """Let the copies that nobody has changed follow their originals: no stale copy stays."""
        copied = self._copied()
        self._copy([e for e in EXERCISES if self._is_stale(e, copied.get(e.name))])

    def _is_stale(self, e: Exercise, copied: str | None) -> bool:
        """Return whether a copy is as it was copied, and its original is not any more."""
        file = self.file(e.number)
        return copied not in (None, _digest(e.start)) and file.exists() and copied == _digest(file)

    def _copied(self) -> dict[str, str]:
        """Return what the originals were like when they were copied."""
        try:
            digests: dict[str, str] = json.loads(self.note.read_text(encoding="utf-8"))
        except (OSError, ValueError):  # it is a help, and not needed
            return {}
        return digests

    def _copy(self, exercises: list[Exercise]) -> None:
        if not exercises:
            return
        for e in exercises:
            self._write(e)
        copied = self._copied() | {e.name: _digest(e.start) for e in exercises}
        self.note.write_text(json.dumps(copied, indent=1) + "\n", encoding="utf-8", newline="\n")

    def _write(self, e: Exercise) -> None:
        """Copy an exercise, whole or not at all."""
        part = self.folder / f"{e.name}.part"
        part.write_bytes(e.start.read_bytes())
        os.replace(part, self.file(e.number))

    def reset(self, number: int) -> Path:
        """Put an exercise back to its start; return the new name of the file that was there."""
        file = self.file(number)
        kept = next(k for i in itertools.count(1) if not (k := _kept(file, i)).exists())
        file.rename(kept)
        self._write(exercise(number))
        return kept


def _kept(file: Path, i: int) -> Path:
    return file.with_name(f"{file.stem}.old{i}.py")


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
