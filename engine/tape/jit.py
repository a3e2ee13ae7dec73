"""What the tape needs from other libraries: NumPy always, numba where it is installed.

numba compiles the loops of kernels.py once per machine and keeps them on disk beside the source,
or, where that folder is not writable, in the user's cache. Without numba those that make a program
run as plain Python, and lanes.py takes the place of those that run it.

>>> numpy().float64
<class 'numpy.float64'>
"""

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

HAS_NUMBA = find_spec("numba") is not None


def numpy() -> Any:
    """The module numpy, or one line that says how to get it."""
    try:
        import numpy
    except ImportError as error:
        raise ImportError(
            "recording needs NumPy, and numba to be fast: pip install numpy numba"
        ) from error
    return numpy


def jit(function: Callable[..., Any]) -> Any:
    """`function` compiled to machine code, exact: every operation rounds as it does in Python."""
    return _compiled(function)


def jit_part(function: Callable[..., Any]) -> Any:
    """The same for what only compiled functions call: without an entrance for Python it compiles in half the time."""
    return _compiled(function, no_cpython_wrapper=True)


def jit_sum(function: Callable[..., Any]) -> Any:
    """The same with leave to reorder sums and to round a product and a sum at once."""
    return _compiled(function, no_cpython_wrapper=True, fastmath={"contract", "reassoc"})


def _compiled(function: Callable[..., Any], **options: Any) -> Any:
    if not HAS_NUMBA:
        return function
    import numba

    options.update(error_model="numpy", nogil=True, no_cfunc_wrapper=True, no_rewrites=True)
    try:
        return numba.njit(cache=True, **options)(function)
    except RuntimeError:  # no folder to keep compiled code in: compile in every process
        return numba.njit(**options)(function)


def _wide() -> Any:
    """Ask for the widest vectors in the function that calls it: LLVM takes half of AVX-512 if it isn't asked."""
    from numba.core import types
    from numba.extending import intrinsic

    def asked(context: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            attributes = builder.function.attributes
            if isinstance(attributes, set):  # which it is, but refuses what it doesn't know
                set.add(attributes, '"prefer-vector-width"="512"')
            return context.get_dummy_value()

        return types.void(), generate

    return intrinsic(asked)


wide = _wide() if HAS_NUMBA else lambda: None
