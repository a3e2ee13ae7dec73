"""Record a function of Values once, replay it over many rows at machine speed.

A scalar engine is slow because Python builds the graph again for every example. `record` calls the
function once, keeps its graph and the graph of its gradient as a flat program, and `replay`
interprets that program for a whole batch. docs/replay.md tells how, and what is frozen.

>>> from engine import Value
>>> w, b = Value(2.0, label="w"), Value(0.5, label="b")
>>> tape = record(lambda x, y: (w * x + b - y) ** 2, [1.0, 3.0])
>>> tape.replay([[1.0, 3.0], [2.0, 4.0]]).tolist(), w, b
([0.25, 0.25], w(data=2, grad=0.5), b(data=0.5, grad=0))
"""

from collections.abc import Callable, Iterable
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..value import Value
    from .recorded import FrozenBranchWarning
    from .tape import Tape

__all__ = ["FrozenBranchWarning", "Tape", "record"]

_ON_FIRST_USE = {
    "FrozenBranchWarning": "recorded",
    "Tape": "tape",
}  # they need NumPy, which may be missing


def record(
    function: Callable[..., Any],
    example: Iterable[Any],
    *,
    fuse: bool = True,
    backend: str | None = None,
    threads: int | None = None,
    parameters: "Iterable[Value]" = (),
) -> "Tape":
    """Return a tape of function(*example): its numbers become inputs, other leaves parameters.

    >>> from engine import Value
    >>> w = Value(3.0, label="w")
    >>> record(lambda x, target: (w * x - target) ** 2, [1.0, 2.0]).parameters
    [w(data=3, grad=0)]

    Targets are inputs too. `fuse=False` keeps every operation apart, and rounds exactly as the
    graph does. `backend` is "numba" or "numpy" (None: numba where it works), `threads` a number
    (None: all cores where it pays), which changes no bit of any result.

    Warns with FrozenBranchWarning, at the line, where Python learned a number that changes from row
    to row: a branch decided by an input, or `.data` or `==` of an input or a node. Of leaves named
    in `parameters` that holds too.
    """
    if not callable(function) or not hasattr(example, "__iter__"):
        raise TypeError(
            "a tape records a function of the numbers of a list: write "
            "record(lambda x: x * x, [3.0])"
        )
    if backend not in (None, "numba", "numpy"):
        raise ValueError(
            f"backend={backend!r}: choose 'numba', 'numpy', or None for the faster one installed"
        )
    from .jit import why_no_numba

    if backend == "numba" and why_no_numba():
        raise ImportError(why_no_numba())
    from .tape import Tape

    compiled = not why_no_numba() if backend is None else backend == "numba"
    return Tape(function, example, fuse, compiled, threads, parameters)


def trouble() -> str:
    """Return one line on what keeps tapes from being compiled, with the remedy, or ""."""
    from .jit import why_no_numba

    if reason := why_no_numba():
        return reason
    from .cache import damaged_files
    from .kernels.interpreter import replay

    files = damaged_files(replay)
    return f"{files[0]} is damaged: the next tape compiles it anew" if files else ""


def __getattr__(name: str) -> Any:
    if name not in _ON_FIRST_USE:
        raise AttributeError(f"engine.tape has no {name!r}")
    return getattr(import_module(f"engine.tape.{_ON_FIRST_USE[name]}"), name)
