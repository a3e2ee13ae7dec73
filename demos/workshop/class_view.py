"""The class view: what the progress files of a room say together.

>>> from demos.workshop.class_view import Learner, summary
>>> five = {"checks": 7, "mistakes": {"assign": 4}, "started": 0.0, "last": 900.0}
>>> done = {"passed": True, "started": 0.0, "passed_at": 240.0}
>>> ann = Learner("Ann", {1: done, 2: done, 3: done, 4: done, 5: five})
>>> print(summary([ann, Learner("Bo", {1: done})]))
2 learners
<BLANKLINE>
             1  2  3  4  5  6  7  8  9 10
Ann          ✓  ✓  ✓  ✓  7  ·  ·  ·  ·  ·
Bo           ✓  ·  ·  ·  ·  ·  ·  ·  ·  ·
passed       2  1  1  1  0  0  0  0  0  0
minutes      4  4  4  4  –  –  –  –  –  –
<BLANKLINE>
✓ passed, a number: checks so far, · not begun; minutes: median of those passed
<BLANKLINE>
Stuck
 5 Forks: a value that is used twice
   Ann: 7 checks in 15 min, no hint; assign 4 times
<BLANKLINE>
Common mistakes
assign                 1 of 2  only the last contribution is there: was = written for +=?

A teacher collects the files progress.json in one folder, each under the name of its learner or in a
folder of its own, at any depth. Nobody has to be online for that: a stick or a shared folder does.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from statistics import median
from textwrap import fill
from typing import Any, NamedTuple

from engine.printing import columns, plural, printable

from .catalog import EXERCISES, Exercise
from .judge import TABLE
from .progress import read
from .terminal import say

CHECKS = 5  # without passing: then somebody is stuck, however short the time
SHOWN = 8  # names under one exercise
NAME = 12  # columns of a name
STOPPED = {  # what is said of a file that did not get to the end
    "wrong_type": "no tuple or no Value where one belongs, or a missing return",
    "time": "it took too long",
    "flood": "it printed too much",
    "memory": "it took too much memory",
    "crash": "it made Python crash",
    "input": "it reads input",
    "exits": "it ends Python",
    "forks": "it starts another process",
    "syntax": "it is not Python yet",
    "encoding": "it is not UTF-8",
    "undefined": "a name that the exercise asks for is missing",
    "module": "a library is not installed",
    "recursion": "a function calls itself without end",
    "raises": "another error",
}
SENTENCES: dict[str, str] = TABLE["sentences"] | STOPPED  # of each key, what it means
IDLE = "not_started"  # no mistake: the marked place is still as it was
LEGEND = "✓ passed, a number: checks so far, · not begun; minutes: median of those passed"


class Learner(NamedTuple):
    """What one progress file says: a name, and a record for each exercise that was begun."""

    name: str
    records: dict[int, dict[str, Any]]

    @property
    def passed(self) -> list[int]:
        """Return the numbers of the exercises that have passed."""
        return [number for number, record in self.records.items() if record.get("passed")]

    @property
    def open(self) -> dict[int, dict[str, Any]]:
        """Return the records of the exercises that were begun and have not passed."""
        return {n: record for n, record in self.records.items() if n not in self.passed}


def run(folder: Path) -> int:
    """Print the class view of a folder; return 1 where there is nothing to sum up."""
    learners, refused = collect(folder)
    for line in refused:
        say(line)
    if not learners:
        say(
            f"no progress file in {folder}: collect each learner's workshop/progress.json there, "
            "as ann.json or ann/progress.json"
        )
        return 1
    say(summary(learners))
    return 0


def collect(folder: Path) -> tuple[list[Learner], list[str]]:
    """Return the learners of a folder, by name, and a line for each file that can't be read."""
    learners, refused = [], []
    for file in sorted(folder.rglob("*.json")):
        try:
            content = read(file)
            learners.append(Learner(_name(content, file, folder), _records(content, file)))
        except (OSError, ValueError) as error:
            refused.append(f"left out: {printable(str(error), 200)}")
    return sorted(learners, key=lambda learner: learner.name.casefold()), refused


def _name(content: dict[str, Any], file: Path, folder: Path) -> str:
    """Return the name in a file, else that of the file or, for progress.json, of its folder."""
    given = content.get("name")
    if isinstance(given, str) and given.strip():
        return printable(given.strip(), 40)
    return printable(file.stem if file.stem != "progress" else _owner(file, folder), 40)


def _owner(file: Path, folder: Path) -> str:
    """Return the folder of a progress.json; of ann/workshop/progress.json it is ann."""
    parents = [part for part in file.relative_to(folder).parts[:-1] if part != "workshop"]
    return parents[-1] if parents else folder.resolve().name


def _records(content: dict[str, Any], file: Path) -> dict[int, dict[str, Any]]:
    """Return the records by the number of the exercise. Raises ValueError for other contents."""
    known = {str(e.number): e.number for e in EXERCISES}
    records = {known[key]: record for key, record in content["exercises"].items() if key in known}
    for record in records.values():
        for key in ("checks", "hints", "started", "last", "passed_at"):
            if not isinstance(record.get(key) or 0, (int, float)):
                raise ValueError(f"{file}: {key} is {record[key]!r}, which is no number")
        if not isinstance(record.get("mistakes") or {}, dict):
            raise ValueError(f"{file}: mistakes is {record['mistakes']!r}, which is no table")
    return records


# -- the summary
# -------------------------------------------------------------------------------------------------


def summary(learners: Sequence[Learner]) -> str:
    """Return the class view as text of at most 80 columns but for names of learners."""
    parts = [
        [plural(len(learners), "learner")],
        [*_table(learners)],
        [LEGEND],
        ["Stuck", *(_stuck(learners) or ["nobody"])],
        ["Common mistakes", *(_mistakes(learners) or ["none was named"])],
    ]
    return "\n\n".join("\n".join(lines) for lines in parts)


def _table(learners: Iterable[Learner]) -> Iterator[str]:
    learners = list(learners)
    numbers = [e.number for e in EXERCISES]
    yield _row("", numbers)
    for learner in learners:
        yield _row(learner.name, [_mark(learner.records.get(n)) for n in numbers])
    yield _row("passed", [sum(n in learner.passed for learner in learners) for n in numbers])
    yield _row("minutes", [_usual_minutes(learners, n) for n in numbers])


def _row(name: str, cells: Iterable[Any]) -> str:
    return printable(name, NAME).ljust(NAME) + "".join(f"{cell:>3}" for cell in cells)


def _mark(record: dict[str, Any] | None) -> str:
    if record is None:
        return "·"
    return "✓" if record.get("passed") else str(min(record.get("checks") or 0, 99))


def _usual_minutes(learners: Iterable[Learner], number: int) -> str:
    """Return the median of the minutes from the first check to the one that passed."""
    records = [learner.records[number] for learner in learners if number in learner.passed]
    minutes = [_minutes(record, "passed_at") for record in records if record.get("passed_at")]
    return f"{median(minutes):.0f}" if minutes else "–"


def _minutes(record: dict[str, Any], end: str) -> float:
    started, ended = record.get("started") or 0.0, record.get(end) or 0.0
    return max(0.0, ended - started) / 60.0 if started is not None and ended else 0.0


def _stuck(learners: Iterable[Learner]) -> list[str]:
    """Return the exercises with those who are stuck there, the most first."""
    learners = list(learners)
    lines = []
    groups = [(e, [x for x in learners if _is_stuck(x, e)]) for e in EXERCISES]
    for e, group in sorted(groups, key=lambda item: -len(item[1])):
        if group:
            lines.append(f"{e.number:>2} {e.title}")
            lines += [f"   {x.name}: {_trouble(x.open[e.number])}" for x in group[:SHOWN]]
            if len(group) > SHOWN:
                lines.append(f"   and {len(group) - SHOWN} more")
    return lines


def _is_stuck(learner: Learner, e: Exercise) -> bool:
    """Whether somebody has not passed after many checks, or after the time that is planned."""
    record = learner.open.get(e.number)
    if record is None:
        return False
    return (record.get("checks") or 0) >= CHECKS or _minutes(record, "last") > e.minutes


def _trouble(record: dict[str, Any]) -> str:
    """Return how long somebody has tried, and what was wrong most often."""
    hints = record.get("hints") or 0
    tried = f"{plural(record.get('checks') or 0, 'check')} in {_minutes(record, 'last'):.0f} min"
    text = f"{tried}, {plural(hints, 'hint') if hints else 'no hint'}"
    mistakes = Counter(_counts(record)).most_common(2)
    named = [f"{key} {plural(count, 'time')}" for key, count in mistakes]
    return "; ".join([text, *named])


def _counts(record: dict[str, Any]) -> dict[str, int]:
    """Return how often each mistake was made, by the keys of README.md."""
    mistakes = record.get("mistakes") or {}
    keys = [key for key in mistakes if re.fullmatch("[a-z_]{1,24}", key) and key != IDLE]
    return {key: mistakes[key] for key in keys if isinstance(mistakes[key], int)}


def _mistakes(learners: Iterable[Learner]) -> list[str]:
    """Return a line for each mistake: how many learners made it, and what it is."""
    learners = list(learners)
    counts = Counter(
        key
        for learner in learners
        for key in {key for record in learner.records.values() for key in _counts(record)}
    )
    width = max([columns(key) for key in SENTENCES])
    in_order = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    starts = [f"{key:<{width}}  {count:>3} of {len(learners)}  " for key, count in in_order]
    return [
        fill(
            SENTENCES.get(key, "unknown to this version"),
            80,
            initial_indent=start,
            subsequent_indent=" " * len(start),
        )
        for start, (key, _) in zip(starts, in_order)
    ]
