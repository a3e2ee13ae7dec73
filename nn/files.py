"""Numbers in JSON files: written whole or not at all, read to the same bits or refused.

>>> import pathlib, tempfile
>>> path = pathlib.Path(tempfile.mkdtemp()) / "numbers.json"
>>> write(path, {"third": 1 / 3, "steps": 2})
>>> read(path)
{'third': 0.3333333333333333, 'steps': 2.0}
"""

import json
import math
import reprlib
import sys
from pathlib import Path
from typing import Any

from engine import write_file


def write(path: str | Path, content: dict[str, Any]) -> None:
    """Write `content` as JSON; raises ValueError for a nan or an infinity, before it writes."""
    write_file(path, json.dumps(content, indent=1, allow_nan=False) + "\n")


def read(path: str | Path) -> dict[str, Any]:
    """Return the JSON object in a file, every number of it a finite float.

    Raises ValueError, which names the file and the fault: no JSON, a name twice, 1e999, …
    """
    numbers: Any = dict.fromkeys(["parse_float", "parse_int", "parse_constant"], finite)
    try:
        text = Path(path).read_text(encoding="utf-8")
        content = json.loads(text, object_pairs_hook=_without_duplicates, **numbers)
        if not isinstance(content, dict):
            found = reprlib.repr(content)
            raise ValueError(f"expected an object with names, found {found}")
    except RecursionError:
        fault = "nested too deeply; it was not saved by this program"
        raise ValueError(f"{str(path)!r}: {fault}") from None
    except ValueError as error:  # also what json and the decoder of utf-8 raise
        raise ValueError(f"{str(path)!r}: {error}") from None
    return content


def finite(text: str) -> float:
    """Return the finite number that `text` spells. Raises ValueError for any other."""
    if math.isfinite(number := float(text)):
        return number
    raise ValueError(f"{reprlib.repr(text)} is not a finite number")


def finite_numbers(content: Any, name: str, count: int | None = None) -> list[float]:
    """Return a list that was read. Raises ValueError unless it holds `count` finite numbers."""
    numbers: list[Any] = content if isinstance(content, list) else [None]
    if count not in (None, len(numbers)) or not all(_is_finite(x) for x in numbers):
        expected = "finite numbers" if count is None else f"{count} finite numbers"
        raise ValueError(f"{name} is not a list of {expected}")
    return [float(x) for x in numbers]


def whole_number(content: Any, name: str, largest: int) -> int:
    """Return a number that was read. Raises ValueError unless it is whole, from 0 to `largest`."""
    if not _is_finite(content) or not 0 <= content <= largest or content != int(content):
        shown = reprlib.repr(content)
        raise ValueError(f"{name} has {shown}, which is not a whole number from 0 to {largest}")
    return int(content)


def _is_finite(x: Any) -> bool:
    return type(x) in (int, float) and abs(x) <= sys.float_info.max


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        twice = next(name for i, (name, _) in enumerate(pairs) if name in dict(pairs[:i]))
        raise ValueError(f"the name {reprlib.repr(twice)} stands there twice")
    return content
