"""Compute the table of fingerprints: the numbers by which the judge knows a mistake.

`python -m demos.workshop.fingerprints` runs each mutant, singly and two at a time, through the
probe's columns, and writes fingerprints.json. A row has the keys of its mistakes and the numbers
that differ from what is right; null where a number depends on the order of a set.

>>> table = computed_table(3)
>>> [keys for keys, differing in table["rows"] if differing.get(table["columns"][4]) == 3.0]
[['product_unswapped'], ['parents_as_set', 'product_unswapped'], ['product_unswapped', ...]]
"""

import functools
import json
import random
import sys
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

from engine import Value
from engine.debugger.mistakes import MISTAKES, gradients

from .catalog import EXERCISES, exercise
from .columns import BACKWARD, COLUMNS, FUNCTIONS, ORDER
from .mutants import LOCALS, MUTANTS, PLAIN, SENTENCES, STARTS, Mutant, apply
from .probe import plain

FILE = Path(__file__).with_name("fingerprints.json")

# Exercises 5 to 7 end in the same engine: the table of 7 serves all three, and that of 6 has what
# can go wrong with the order.
USED = {5: [7], 6: [6, 7]}
TABLE_COLUMNS = {6: ORDER | BACKWARD, 7: BACKWARD | FUNCTIONS}
OF_ORDER = ("naive_recursion", "forward_order", "pre_order")

# What is right where that is not one number: from, to.
RANGES: dict[str, tuple[float, float]] = {
    'estimates["square at 5"]': (9.5, 10.5),
    'estimates["line at 10"]': (4.75, 5.25),
    'estimates["inverse at 2"]': (-0.2625, -0.2375),
} | {f"the size of the gradient of x in {letter}": (0.01, 100.0) for letter in "ABCD"}

Numbers = dict[str, Any]
Row = tuple[list[str], Numbers]


# -- running


@functools.cache
def unmarked(number: int) -> str:
    """Return the solution of an exercise without the comments around the marked place."""
    lines = exercise(number).solution.read_text(encoding="utf-8").splitlines(keepends=True)
    return "".join(line for line in lines if "# ---- " not in line)


def numbers_of(source: str, columns: dict[str, Any], order: int = 0) -> Numbers:
    """Return what the columns measure of a source, rounded; {} if it raises.

    `order` seeds the order in which a set of Values is walked.
    """
    names: dict[str, Any] = {"__name__": "exercise"}
    try:
        exec(compile(source, "mutant", "exec"), names)
        if _has_sets(source):
            _mix_sets(names["Value"], order)
        return {column: _rounded(measure(names)) for column, measure in columns.items()}
    except Exception:
        return {}


def _has_sets(source: str) -> bool:
    return "set(parents)" in source or f"set({LOCALS})" in source


def _mix_sets(cls: Any, order: int) -> None:
    rng = random.Random(order)
    cls.__hash__ = lambda self: self.__dict__.setdefault("mixed", rng.randrange(1 << 30))


def _rounded(number: Any) -> Any:
    number = plain(number)
    return float(f"{number:.6g}") if isinstance(number, float) else number


def row(mutants: Sequence[Mutant], number: int, columns: dict[str, Any]) -> Row | None:
    """Return the fingerprint of these mistakes together; None if they can't be made together."""
    source = unmarked(number)
    for mutant in mutants:
        source = apply(mutant, source)
    orders = range(8) if _has_sets(source) else (0,)
    runs = [numbers_of(source, columns, order) for order in orders]
    if not source or not all(runs):
        return None
    right = right_numbers(number)
    keys = list(dict.fromkeys(mutant.key for mutant in mutants))
    return keys, {
        column: runs[0][column] if all(r[column] == runs[0][column] for r in runs) else None
        for column in columns
        if any(r[column] != right[column] for r in runs)
    }


# -- tables


@functools.cache
def right_numbers(number: int) -> Numbers:
    """Return the numbers of a solution."""
    return numbers_of(unmarked(number), COLUMNS[number])


@functools.cache
def computed_table(number: int) -> dict[str, Any]:
    """Return the columns of an exercise that name mistakes, and a row for each fingerprint."""
    columns = TABLE_COLUMNS.get(number, COLUMNS[number])
    columns = {c: measure for c, measure in columns.items() if not c.endswith('"]')}
    mutants = [m for m in MUTANTS if number in m.exercises and (number != 6 or m.key in OF_ORDER)]
    pairs = [[a, b] for a, b in combinations(mutants, 2) if a.key != b.key or a in STARTS]
    rows: list[Row] = []
    for group in [[m] for m in mutants] + ([] if number == 6 else pairs):
        entry = row(group, number, columns)
        if entry and entry[1] and entry not in rows:
            rows.append(entry)
    return {"columns": list(columns), "rows": _with_start(rows, number, columns)}


def _with_start(rows: list[Row], number: int, columns: dict[str, Any]) -> list[Row]:
    """Return the rows and that of the start state, if no mistake has its numbers."""
    source = exercise(number).start.read_text(encoding="utf-8")
    numbers, right = numbers_of(source, columns), right_numbers(number)
    start = {c: n for c, n in numbers.items() if n != right[c]}
    if not start or start in [differing for _, differing in rows]:
        return rows
    return [(["not_started"], start), *rows]


# -- answers that people write down


def paper(number: int) -> dict[str, dict[str, list[float]]]:
    """Return for each written answer the numbers that the usual mistakes give."""
    if number == 1:
        return {
            'estimates["square at 5"]': {"value_for_slope": [25.0]},
            'estimates["line at 10"]': {"value_for_slope": [52.0]},
            'estimates["inverse at 2"]': {"value_for_slope": [0.5], "sign": [0.25]},
        }
    if number == 2:
        root, named = _paper_graph()
        return {f'gradients["{key}"]': _on_paper(root, x) for key, x in named.items()}
    if number == 5:
        x = Value(3.0)
        z = Value(2.0)
        h = z + z
        return {
            'predictions["y = x * x, at x = 3"]': _given(x * x, x),
            'predictions["h = x + x; y = h + h * x, at x = 2"]': _given(h + h * z, z),
        }
    return {}


def _on_paper(root: Value, x: Value) -> dict[str, list[float]]:
    """Return what people give for the gradient of x who know of no code yet."""
    given = {key: n for key, n in _given(root, x).items() if key in PLAIN[2]}
    right = gradients(root)[x]
    return given | {"sign": [-right], "data_for_gradient": [x.data]}


def _paper_graph() -> tuple[Value, dict[str, Value]]:
    a, b, c, d = Value(2.0), Value(-3.0), Value(10.0), Value(-2.0)
    e = a * b
    f = e + c
    return f * d, {"d": d, "f": f, "c": c, "e": e, "b": b, "a": a}


def _given(root: Value, x: Value) -> dict[str, list[float]]:
    """Return what each mistake gives for the gradient of x where that is not what is right."""
    right = gradients(root)[x]
    given = {
        key: sorted({_rounded(gradients(root, way).get(x, right)) for way in mistake.ways})
        for key, mistake in MISTAKES.items()
    }
    wrong = {key: [n for n in numbers if n != right] for key, numbers in given.items()}
    return {key: numbers for key, numbers in wrong.items() if numbers}


# -- the file


def content() -> dict[str, Any]:
    """Return all that the judge reads."""
    numbers = [e.number for e in EXERCISES]
    return {
        "sentences": {key: mistake.sentence for key, mistake in MISTAKES.items()} | SENTENCES,
        "plain": {str(n): PLAIN.get(n, {}) for n in numbers},
        "right": {str(n): right_numbers(n) | _ranges(n) for n in numbers},
        "used": {str(n): list(map(str, USED.get(n, [n]))) for n in numbers},
        "tables": {str(n): computed_table(n) for n in numbers if n != 5},
        "paper": {str(n): paper(n) for n in numbers},
    }


def _ranges(number: int) -> dict[str, list[float]]:
    return {column: list(RANGES[column]) for column in COLUMNS[number] if column in RANGES}


def text() -> str:
    """Return the content as JSON, one row a line."""
    rows: dict[str, str] = {}

    def short(value: Any) -> Any:
        if isinstance(value, tuple):
            rows[key := f"row {len(rows)}"] = json.dumps(value, ensure_ascii=False)
            return key
        if isinstance(value, dict):
            return {key: short(entry) for key, entry in value.items()}
        return [short(entry) for entry in value] if isinstance(value, list) else value

    written = json.dumps(short(content()), indent=1, ensure_ascii=False)
    for key, line in rows.items():
        written = written.replace(f'"{key}"', line, 1)
    return written + "\n"


def main(argv: Sequence[str] | None = None) -> int:
    """Write fingerprints.json beside this file."""
    FILE.write_text(text(), encoding="utf-8", newline="\n")
    print(f"written: {FILE.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
