"""One writer of files: the new content is there whole, or what was there before still is.

And one reader of numbers in JSON files, to the same bits.

>>> import pathlib, tempfile
>>> path = pathlib.Path(tempfile.mkdtemp()) / "hello.txt"
>>> write_file(path, "hello").read_bytes()
b'hello'

The content goes into a part, `hello.txt.….part`, beside the file, and the part takes the name of
the file in one step. While it is written it is locked, and a lock ends with its process: a part
that nobody holds was left by a process that was killed, and the next write to the path removes it.
"""

import errno
import json
import math
import os
import re
import reprlib
import stat
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from .printing import printable


def write_file(path: str | os.PathLike[str], content: str | bytes) -> Path:
    """Write a file whole or not at all, whatever interrupts it; return its path.

    A str is written as utf-8. A new file has the permissions that the umask leaves, an existing one
    keeps its own. A symbolic link stays one: the file that it points to is written. What is not a
    regular file, such as /dev/stdout, is written to directly. Raises OSError, which names `path`.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    try:
        mode = _mode(path)
        if mode is None or stat.S_ISREG(mode):
            _replace(os.path.realpath(path), data, mode)
        else:
            with open(path, "wb") as file:
                file.write(data)
    except OSError as error:
        if error.errno is None:
            raise
        raise OSError(error.errno, error.strerror, os.fspath(path)) from None
    return Path(path)


def write_json(path: str | os.PathLike[str], content: dict[str, Any]) -> Path:
    """Write an object as JSON. Raises ValueError for a nan or an infinity, before it writes."""
    return write_file(path, json.dumps(content, indent=1, allow_nan=False) + "\n")


def read_json(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the JSON object in a file, every number of it a finite float.

    Raises ValueError, which names the file and the fault: no JSON, a name twice, 1e999, …
    """
    numbers: Any = dict.fromkeys(["parse_float", "parse_int", "parse_constant"], _finite)
    shown = repr(os.fspath(path))
    try:
        text = Path(path).read_text(encoding="utf-8")
        content = json.loads(text, object_pairs_hook=_without_duplicates, **numbers)
        if not isinstance(content, dict):
            raise ValueError(f"expected an object with names, found {reprlib.repr(content)}")
    except RecursionError:
        fault = "nested too deeply; it was not saved by this program"
        raise ValueError(f"{shown}: {fault}") from None
    except ValueError as error:  # also what json and the decoder of utf-8 raise
        raise ValueError(f"{shown}: {error}") from None
    return content


def _finite(text: str) -> float:
    if math.isfinite(number := float(text)):
        return number
    raise ValueError(f"{reprlib.repr(text)} is not a finite number")


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        twice = next(name for i, (name, _) in enumerate(pairs) if name in dict(pairs[:i]))
        raise ValueError(f"the name {reprlib.repr(twice)} stands there twice")
    return content


def _mode(path: str | os.PathLike[str]) -> int | None:
    """Return the kind and the permissions of a file; None where there is none yet."""
    with suppress(FileNotFoundError, NotADirectoryError):
        return os.stat(path).st_mode
    return None


def _replace(target: str, data: bytes, mode: int | None) -> None:
    """Write a part and let it take the name of the target."""
    folder, name = os.path.split(target)
    if not os.path.isdir(folder):
        advice = f"there is no folder {printable(folder, 200)}: make it first"
        raise FileNotFoundError(errno.ENOENT, advice)
    _remove_abandoned(folder, name)
    written = False
    while not written:
        part = os.path.join(folder, f"{name[:40]}.{os.urandom(8).hex()}.part")
        try:
            with open(part, "xb") as file:
                written = _own(file)
                if written:
                    _fill(file, data, mode)
                    if os.name == "nt":
                        file.close()  # an open file can't change its name there
                    os.replace(part, target)
        finally:
            with suppress(FileNotFoundError):  # it has the name of the target now
                os.unlink(part)


def _fill(file: BinaryIO, data: bytes, mode: int | None) -> None:
    """Write the content. It outlives the process; to outlive the power, fsync would take 12 ms."""
    file.write(data)
    file.flush()
    os.close(os.dup(file.fileno()))  # a network's disk that is full says so when a file is closed
    if mode is not None:
        os.chmod(file.name, stat.S_IMODE(mode))


def _remove_abandoned(folder: str, name: str) -> None:
    """Remove the parts of a file that killed processes left."""
    part = re.compile(re.escape(name[:40]) + r"\.[0-9a-f]{16}\.part")
    with suppress(OSError):
        for entry in filter(part.fullmatch, os.listdir(folder)):
            with suppress(OSError):
                _remove_if_abandoned(os.path.join(folder, entry))


if sys.platform == "win32":

    def _own(file: BinaryIO) -> bool:
        """Return whether this process may write to its new part."""
        return True

    def _remove_if_abandoned(part: str) -> None:
        """Remove a part that is an hour old."""
        if time.time() - os.stat(part).st_mtime > 3600.0:
            os.unlink(part)

else:
    from fcntl import LOCK_EX, LOCK_NB, flock

    def _own(file: BinaryIO) -> bool:
        """Lock a new part; return False if another process found it unlocked and removes it."""
        try:
            flock(file, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:  # this file system has no locks
            return True
        return os.fstat(file.fileno()).st_nlink > 0

    def _remove_if_abandoned(part: str) -> None:
        """Remove a part that no living process holds; raise OSError if one does."""
        with open(part, "r+b") as file:
            flock(file, LOCK_EX | LOCK_NB)
            os.unlink(part)
