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
    """Write `content` as JSON, whole or not at all: see engine.write_file.

    Raises ValueError for a nan or an infinity, before anything is written.
    """
    write_file(path, json.dumps(content, indent=1, allow_nan=False) + "\n")


def read(path: str | Path) -> dict[str, Any]:
    """Return the JSON object in a file, every number of it a finite float.

    Raises ValueError, which names the file and the fault: not JSON, not an object, nested too
    deeply, a key twice, a number that is nan or infinite (also one that is too large to be a float,
    such as 1e999).
    """
    shown = repr(str(path))
    try:
        text = Path(path).read_text(encoding="utf-8")
        content = json.loads(
            text,
            parse_float=finite,
            parse_int=finite,
            parse_constant=finite,
            object_pairs_hook=_without_duplicates,
        )
    except RecursionError:
        raise ValueError(f"{shown}: nested too deeply; it was not saved by this program") from None
    except ValueError as error:  # also what json and the decoder of utf-8 raise
        raise ValueError(f"{shown}: {error}") from None
    if not isinstance(content, dict):
        raise ValueError(f"{shown}: expected an object with names, found {reprlib.repr(content)}")
    return content


def finite(text: str) -> float:
    """Return the finite number that `text` spells. Raises ValueError for any other."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{reprlib.repr(text)} is not a finite number")
    return number


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
    content: dict[str, Any] = {}
    for name, value in pairs:
        if name in content:
            raise ValueError(f"the name {reprlib.repr(name)} stands there twice")
        content[name] = value
    return content
