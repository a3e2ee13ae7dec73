"""Sums over neighbours, eight numbers at once, spelled out in LLVM's own instructions.

LLVM makes vectors of a loop by itself, but it prepares for long ones: of sixteen numbers, such as
the weights of a neuron, it adds most one by one.

>>> import numpy
>>> U, V = numpy.arange(20.0), numpy.ones(20)
>>> dot_of_eights, add_eights = vector_loops()
"""

from collections.abc import Callable
from typing import Any

from .jit import why_no_numba


def vector_loops() -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Return two functions for compiled code; each takes arrays, where they begin, how many eights.

    `dot(U, u, V, v, n)` returns Σ U·V over 8n neighbours. `add(T, t, g, V, v, n)` adds g·V to T.
    """
    if why_no_numba():
        return _no_loop, _no_loop
    from llvmlite import ir
    from numba.core import cgutils, types
    from numba.extending import intrinsic

    eight = ir.VectorType(ir.DoubleType(), 8)

    def place(context: Any, builder: Any, kind: Any, array: Any, start: Any, index: Any) -> Any:
        """Return the address of eight numbers of an array."""
        data = context.make_array(kind)(context, builder, array).data
        offset = builder.add(start, builder.mul(index, ir.Constant(start.type, 8)))
        return builder.bitcast(builder.gep(data, [offset]), eight.as_pointer())

    def load(builder: Any, address: Any) -> Any:
        numbers = builder.load(address)
        numbers.align = 8
        return numbers

    def times_plus(builder: Any, a: Any, b: Any, c: Any) -> Any:
        free = ["contract"]  # to be one instruction where the processor has it
        return builder.fadd(builder.fmul(a, b, flags=free), c, flags=free)

    def dot(context: Any, U: Any, u: Any, V: Any, v: Any, n: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            first, i, second, j, count = arguments
            sums = cgutils.alloca_once_value(builder, ir.Constant(eight, [0.0] * 8))
            with cgutils.for_range(builder, count) as loop:
                a = load(builder, place(context, builder, U, first, i, loop.index))
                b = load(builder, place(context, builder, V, second, j, loop.index))
                builder.store(times_plus(builder, a, b, builder.load(sums)), sums)
            kind = ir.FunctionType(ir.DoubleType(), [ir.DoubleType(), eight])
            name = "llvm.vector.reduce.fadd.v8f64"
            add_up = cgutils.get_or_insert_function(builder.module, kind, name)
            zero = ir.Constant(ir.DoubleType(), 0.0)
            return builder.call(add_up, [zero, builder.load(sums)], fastmath=["reassoc"])

        return types.float64(U, types.uint64, V, types.uint64, types.uint64), generate

    def add(context: Any, T: Any, t: Any, g: Any, V: Any, v: Any, n: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            totals, i, factor, array, j, count = arguments
            lanes = ir.Constant(ir.VectorType(ir.IntType(32), 8), [0] * 8)
            undefined = ir.Constant(eight, ir.Undefined)
            one = builder.insert_element(undefined, factor, ir.Constant(ir.IntType(32), 0))
            factors = builder.shuffle_vector(one, undefined, lanes)
            with cgutils.for_range(builder, count) as loop:
                a = load(builder, place(context, builder, V, array, j, loop.index))
                address = place(context, builder, T, totals, i, loop.index)
                builder.store(
                    times_plus(builder, factors, a, load(builder, address)), address, align=8
                )
            return context.get_dummy_value()

        return types.void(T, types.uint64, types.float64, V, types.uint64, types.uint64), generate

    return intrinsic(dot), intrinsic(add)


def _no_loop(*arguments: Any) -> Any:
    raise RuntimeError(why_no_numba())
