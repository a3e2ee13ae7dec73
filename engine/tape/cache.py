"""Compiled code on disk: numba's cache, with a stamp of all kernels and a digest in every file.

numba keeps the machine code of a function for as long as the file of that function is unchanged.
But the code of its callees is compiled into it, and they stand in other files. So the stamp that is
compared here is a digest of every file in kernels/, and of jit.py, which has the options.

A file that was cut short or damaged (a full disk, a lost power supply) makes numba raise EOFError
or UnpicklingError in every run, or the processor execute rubbish. So each file ends with the
SHA-256 of what stands before it, where unpickling does not look. A file without it is removed, and
what it held is compiled anew.

>>> import tempfile
>>> file = Path(tempfile.mkdtemp(), "code")
>>> written = file.write_bytes(signed(b"machine code"))
>>> is_intact(file), file.write_bytes(b"machine"), is_intact(file)
(True, 7, False)
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any


def signed(content: bytes) -> bytes:
    """Return `content` with its digest at the end."""
    return content + sha256(content).digest()


def is_intact(file: Path) -> bool:
    """Return whether a file ends with the digest of what stands before it."""
    try:
        content = file.read_bytes()
    except OSError:
        return False
    return signed(content[:-32]) == content


def damaged_files(compiled: Any) -> list[Path]:
    """Return the files that are not intact in the folder where a compiled function is kept."""
    if not compiled._cache.cache_path:
        return []
    return _damaged(Path(compiled._cache.cache_path), "*")


def _damaged(folder: Path, name: str) -> list[Path]:
    return [file for file in sorted(folder.glob(f"{name}.nb[ci]")) if not is_intact(file)]


@cache
def _stamp() -> str:
    """Return the digest of all sources that machine code depends on."""
    here = Path(__file__).parent
    files = [*sorted((here / "kernels").glob("*.py")), here / "jit.py"]
    return sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def kernel_cache(function: Callable[..., Any]) -> Any:
    """Return the cache of one function; raises RuntimeError where no folder can be written."""
    return _cache_class()(function)


@cache
def _cache_class() -> Any:
    """Derive the classes when numba is loaded."""
    from numba.core.caching import FunctionCache, IndexDataCacheFile

    class SignedFiles(IndexDataCacheFile):  # type: ignore[misc]
        """The index of a function and the code of its overloads."""

        @contextmanager
        def _open_for_write(self, path: str) -> Iterator[Any]:
            content = BytesIO()
            yield content
            with super()._open_for_write(path) as file:
                file.write(signed(content.getvalue()))

    class KernelCache(FunctionCache):  # type: ignore[misc]
        """What numba asks for the code of a function, and gives it to."""

        def __init__(self, function: Callable[..., Any]):
            super().__init__(function)
            self._name_of_files = self._impl.filename_base
            self._cache_file = SignedFiles(self._cache_path, self._name_of_files, _stamp())

        def load_overload(self, signature: Any, context: Any) -> Any:
            try:
                for file in _damaged(Path(self._cache_path), f"{self._name_of_files}*"):
                    file.unlink()
            except OSError:  # it cannot be removed: this process compiles for itself
                self.disable()
            return super().load_overload(signature, context)

        def save_overload(self, signature: Any, code: Any) -> None:
            with suppress(OSError):  # the disk is full: this process has its code all the same
                super().save_overload(signature, code)

    return KernelCache
