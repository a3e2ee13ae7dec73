"""Numbers in JSON files: written whole or not at all, read back to the same bits or refused with the reason.

>>> import pathlib, tempfile
>>> path = pathlib.Path(tempfile.mkdtemp()) / "numbers.json"
>>> write(path, {"third": 1 / 3, "steps": 2})
>>> read(path)
{'third': 0.3333333333333333, 'steps': 2.0}
"""

import json
import math
import reprlib
from pathlib import Path
from typing import Any, NoReturn

from engine import write_file


def write(path: str | Path, content: dict[str, Any]) -> None:
    """Write `content` as JSON, whole or not at all: see engine.write_file.

    Raises ValueError for a nan or an infinity, before anything is written.
    """
    write_file(path, json.dumps(content, indent=1, allow_nan=False) + "\n")


def read(path: str | Path) -> dict[str, Any]:
    """The JSON object in a file, every number of it a finite float.

    Raises ValueError, which names the file and the fault: not JSON, not an object, nested too
    deeply, a key twice, a number that is nan or infinite (also one that is too large to be a float,
    such as 1e999).
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
        found = json.loads(
            text,
            parse_float=finite,
            parse_int=finite,
            parse_constant=_no_number,
            object_pairs_hook=_without_duplicates,
        )
    except RecursionError:
        raise ValueError(
            f"{str(path)!r}: brackets are nested too deeply; it is not a file that was saved here"
        ) from None
    except ValueError as error:  # also what json and the decoder of utf-8 raise
        raise ValueError(f"{str(path)!r}: {error}") from None
    if not isinstance(found, dict):
        raise ValueError(
            f"{str(path)!r}: expected an object with names, found {reprlib.repr(found)}"
        )
    return found


def finite(text: str) -> float:
    """The finite number that `text` spells. Raises ValueError for any other."""
    number = float(text)
    return number if math.isfinite(number) else _no_number(text)


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{reprlib.repr(text)} is not a finite number")


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"the name {reprlib.repr(name)} stands there twice")
        found[name] = value
    return found
