"""What the tape needs from other libraries: NumPy always, numba where it works.

numba compiles the loops in kernels/ once per machine and keeps the machine code on disk (see
cache.py). Where numba is missing, does not load, or is switched off by NUMBA_DISABLE_JIT=1, the
loops that make a program run as plain Python, and numpy_replay.py replaces those that run it.

>>> numpy().float64
<class 'numpy.float64'>
"""

from collections.abc import Callable
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from typing import Any

from .cache import kernel_cache


def numpy() -> Any:
    """Return the module numpy, or raise one line that says how to get it."""
    try:
        import numpy
    except ImportError as error:
        raise ImportError(
            "recording needs NumPy, and numba to be fast: pip install numpy numba"
        ) from error
    return numpy


@cache
def why_no_numba() -> str:
    """Return one line on why tapes cannot use numba, with the remedy; "" where they can."""
    if find_spec("numba") is None:
        return "numba is not installed: pip install numba"
    try:
        import numba
    except Exception as error:  # a library may fail in any way while it is loaded
        reason = str(error).partition("\n")[0]
        return f"numba does not load ({reason}): pip install --upgrade numba numpy"
    if numba.config.DISABLE_JIT:
        return "numba is switched off: unset NUMBA_DISABLE_JIT"
    return ""


def jit(function: Callable[..., Any]) -> Any:
    """Compile `function` to machine code in which every operation rounds as it does in Python."""
    return _compiled(function, keep=True)


def jit_part(function: Callable[..., Any]) -> Any:
    """Compile a function that only compiled functions call.

    Half the work, and no file of its own.
    """
    return _compiled(function, no_cpython_wrapper=True)


def jit_inlined(function: Callable[..., Any]) -> Any:
    """Compile such a function into each that calls it: a call costs as much as some operations."""
    return _compiled(function, no_cpython_wrapper=True, forceinline=True)


def jit_sum(function: Callable[..., Any]) -> Any:
    """Compile such a function, free to reorder sums and to round a product and a sum at once."""
    return _compiled(
        function, no_cpython_wrapper=True, fastmath={"contract", "reassoc"}, forceinline=True
    )


def jit_vector(function: Callable[..., Any]) -> Any:
    """Compile such a function, free to round a product and a sum at once, but not to reorder."""
    return _compiled(function, no_cpython_wrapper=True, fastmath={"contract"})


def _compiled(function: Callable[..., Any], keep: bool = False, **options: Any) -> Any:
    if why_no_numba():
        return function
    import numba

    options.update(error_model="numpy", nogil=True, no_cfunc_wrapper=True, no_rewrites=True)
    options.update(_nrt=keep)
    compiled = numba.njit(**options)(function)
    if keep:
        # Without a folder to keep files in, or with a numba of another cache, every process
        # compiles.
        with suppress(RuntimeError, ImportError, AttributeError):
            compiled._cache = kernel_cache(function)
    return compiled


def wide_vectors() -> Any:
    """Return a function whose caller gets the widest vectors.

    Unasked, LLVM uses half of AVX-512.
    """
    if why_no_numba():
        return lambda: None
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


def float_of_bits() -> Any:
    """Return a function of 64 bits, an int, that returns the float which they are."""
    if why_no_numba():
        return lambda bits: numpy().int64(bits).view(float)
    from numba.core import types
    from numba.extending import intrinsic

    def as_float(context: Any, bits: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return builder.bitcast(arguments[0], context.get_value_type(types.float64))

        return types.float64(types.int64), generate

    return intrinsic(as_float)
