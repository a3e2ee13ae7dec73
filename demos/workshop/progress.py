"""What a learner has done so far, as a file that a teacher can read.

>>> import tempfile
>>> file = Path(tempfile.mkdtemp()) / "progress.json"
>>> progress = Progress(file)
>>> progress.checked(5, passed=False, mistakes=["assign"], now=100.0)
>>> progress.checked(5, passed=True, mistakes=[], now=160.0)
>>> progress.save()
>>> Progress(file).record(5)["mistakes"], Progress(file).record(5)["passed"]
({'assign': 1}, True)

README.md beside this file has the format, key by key.
"""

import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .catalog import EXERCISES, exercise

VERSION = 1


class Progress:
    """The progress file of one learner. `notice` is a sentence if the file could not be read."""

    def __init__(self, file: Path):
        self.file = file
        self.notice = ""
        self.content: dict[str, Any] = {"version": VERSION, "name": "", "exercises": {}}
        try:
            self.content |= read(file)
            records = self.content["exercises"]
            self.content["exercises"] = {key: _mended(key, records[key]) for key in records}
            self.content["name"] = str(self.content["name"])
        except FileNotFoundError:
            pass
        except ValueError as error:
            aside = file.with_suffix(".unreadable.json")
            os.replace(file, aside)
            self.notice = f"{error}: it is kept as {aside.name}, and progress starts anew"

    def record(self, number: int) -> dict[str, Any]:
        """Return what is known of an exercise; an empty record at first."""
        record: dict[str, Any] = self.content["exercises"].setdefault(str(number), _empty(number))
        return record

    def checked(
        self, number: int, passed: bool, mistakes: Sequence[str], now: float | None = None
    ) -> None:
        """Note one check. An exercise that has passed once stays passed."""
        record, moment = self.record(number), self._seen(number, now)
        record["checks"] += 1
        for key in mistakes:
            record["mistakes"][key] = record["mistakes"].get(key, 0) + 1
        if passed and not record["passed"]:
            record["passed"], record["passed_at"] = True, moment

    def hinted(self, number: int, hints: int, now: float | None = None) -> None:
        """Note that this many hints of an exercise have been shown."""
        self._seen(number, now)
        self.record(number)["hints"] = hints

    def solution_seen(self, number: int, now: float | None = None) -> None:
        """Note that the solution of an exercise was shown."""
        self._seen(number, now)
        self.record(number)["solution"] = True

    def _seen(self, number: int, now: float | None) -> float:
        record = self.record(number)
        record["last"] = round(time.time() if now is None else now, 3)
        if record["started"] is None:
            record["started"] = record["last"]
        moment: float = record["last"]
        return moment

    def passed(self, number: int) -> bool:
        """Return whether an exercise has passed."""
        return bool(self.content["exercises"].get(str(number), {}).get("passed"))

    def current(self, numbers: Sequence[int]) -> int:
        """Return which of these exercises to go on with.

        That is the one that was looked at last, or the next that has not passed, or the first that
        has not passed; the last one if all have.
        """
        records = self.content["exercises"]
        at = max(records, key=lambda number: records[number].get("last") or 0.0, default="1")
        turned = [n for n in numbers if n >= int(at)] + [n for n in numbers if n < int(at)]
        return next((n for n in turned if not self.passed(n)), numbers[-1])

    def save(self) -> None:
        """Write the file whole: the old one is there until the new one is."""
        part = self.file.with_suffix(".part")
        text = json.dumps(self.content, indent=1, ensure_ascii=False) + "\n"
        part.write_text(text, encoding="utf-8", newline="\n")
        os.replace(part, self.file)


def _empty(number: int) -> dict[str, Any]:
    return {
        "exercise": exercise(number).name,
        "passed": False,
        "checks": 0,
        "mistakes": {},
        "hints": 0,
        "solution": False,
        "started": None,
        "last": None,
        "passed_at": None,
    }


def _mended(number: str, record: dict[str, Any]) -> dict[str, Any]:
    """Return a record with every key: what is missing or of another type is as at the start.

    >>> _mended("5", {"passed": True, "checks": "many"})["checks"]
    0
    """
    mended = _empty(int(number))
    for key, default in mended.items():
        kind = (int, float, type(None)) if default is None else type(default)
        if isinstance(record.get(key, default), kind):
            mended[key] = record.get(key, default)
    counts = mended["mistakes"].items()
    mended["mistakes"] = {key: count for key, count in counts if isinstance(count, int)}
    mended["hints"] = min(max(mended["hints"], 0), 3)
    return mended


def read(file: Path) -> dict[str, Any]:
    """Return the content of a progress file. Raises ValueError, which says what is wrong."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except ValueError:
        raise ValueError(f"{file} is not JSON") from None
    records = content.get("exercises") if isinstance(content, dict) else None
    numbers = {str(e.number) for e in EXERCISES}
    if (
        not isinstance(records, dict)
        or not set(records) <= numbers
        or not all(isinstance(record, dict) for record in records.values())
    ):
        raise ValueError(f"{file} is no progress file of the workshop")
    return content  # type: ignore[no-any-return]
