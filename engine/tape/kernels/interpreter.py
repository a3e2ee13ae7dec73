"""The interpreter: one loop over instructions runs every tape, a block of examples at a time.

V is the buffer, register after register with four rows of room at the end; U has the slots. What an
instruction costs beside its arithmetic is paid once for a whole block. The sums over the examples
go by parts: a fixed number of examples each, whose totals are added in their order. So the bits of
a gradient don't depend on how many threads shared the parts.

>>> from engine import Value, record
>>> record(lambda x: x * Value(2.0), [1.0]).forward([[1.0], [2.0]]).tolist()
[2.0, 4.0]
"""

# mypy: disallow-untyped-defs=False, disallow-incomplete-defs=False, disallow-untyped-calls=False
# mypy: check-untyped-defs=False

import math

from ..jit import jit, jit_inlined, jit_part, jit_sum, numpy
from .arithmetic import (
    ABS,
    ADD,
    DIV,
    GE,
    GT,
    GUARD,
    MASKED,
    MAX,
    MIN,
    MUL,
    NEG,
    RELU,
    SUB,
    WHERE,
    arithmetic,
    call,
)
from .exponential import exps
from .picks import choose, pick, scatter
from .plan import CHOOSE, EXPS, PICK, RDOT, SCATTER, SDOT, VDOT
from .single import run_sums
from .tiles import REACH, rdot, rdot_tile, sdot, sdot_tile, unsigned, vdot, wide

np = numpy()


@jit
def replay(program, parameters, rows, width, part, first_part, last_part, out, totals, U, V):
    """Run the uniform part, then the varying part for some parts of the examples.

    A part has `part` examples, which go through the buffer `width` at a time. The results go into
    the columns of `out`, the gradients of part i, summed, into totals[i]. Each operation is a loop
    over the block, of which the processor does eight numbers at once. The operations that it can't
    do so share the last loop.
    """
    wide()
    slots, uniform_code, uniform_terms, loads, broadcasts, code, terms, results = program
    L = unsigned(width)
    room = unsigned(V.size) - unsigned(4) * REACH
    for j in range(slots.shape[0]):
        U[slots[j, 1]] = parameters[slots[j, 0]]
    _run_one(uniform_code, uniform_terms, U, U)
    for j in range(broadcasts.shape[0]):
        z = unsigned(broadcasts[j, 1]) * L
        for i in range(L):
            V[z + i] = U[broadcasts[j, 0]]
    for p in range(first_part, last_part):
        stop = min(rows.shape[0], (p + 1) * part)
        for first in range(p * part, stop, width):
            n = min(
                width, stop - first
            )  # beyond them the last example is repeated, and left out of sums
            for i in range(0, width, 8):
                for j in range(loads.shape[0]):
                    z, column = unsigned(loads[j, 1]) * L + unsigned(i), loads[j, 0]
                    for e in range(8):
                        V[z + unsigned(e)] = rows[first + min(i + e, n - 1), column]
            k = np.int64(0)
            while k < code.shape[0]:
                op = code[k, 0]
                z = unsigned(code[k, 1]) * L
                if op == SDOT and code[k, 4] == 4:
                    sdot_tile(V, code, k, room, U, terms, L)
                    k += 3
                elif op == SDOT:
                    sdot(V, z, U, terms, code[k, 2], code[k, 3], L)
                elif op == RDOT and code[k, 4] == 4:
                    for j in range(4):
                        for i in range(n, width):
                            V[unsigned(code[k + j, 1]) * L + unsigned(i)] = 0.0
                    rdot_tile(totals[p], V, code, k, terms, L)
                    k += 3
                elif op == RDOT:
                    for i in range(n, width):
                        V[z + unsigned(i)] = 0.0
                    rdot(totals[p], V, z, terms, code[k, 2], code[k, 3], L)
                elif op == VDOT:
                    vdot(V, z, terms, code[k, 2], code[k, 3], L)
                elif op == PICK:
                    pick(V, z, unsigned(code[k, 4]) * L, U, terms, code[k, 2], code[k, 3], L)
                elif op == CHOOSE:
                    choose(V, z, unsigned(code[k, 4]) * L, terms, code[k, 2], code[k, 3], L)
                elif op == SCATTER:
                    index = unsigned(code[k, 4]) * L
                    scatter(totals[p], V, z, index, terms, code[k, 2], code[k, 3], unsigned(n))
                else:
                    run_elementwise(op, code, k, k + 1, V, L, room)
                k += 1
            for j in range(results.size):
                if results[j] >= 0:
                    z = unsigned(results[j]) * L
                    for i in range(n):
                        out[j, first + i] = V[z + unsigned(i)]


@jit_inlined
def run_elementwise(op, code, first, last, V, L, room):
    """Run the rows first … last, all of one operation, which is not a sum.

    The numbers of a block of L examples stand side by side; of a single one, where L is 1, those
    that the row counts. An operand that all of them share is repeated in the room behind.
    """
    wide()
    for k in range(first, last):
        z, x = unsigned(code[k, 1]) * L, unsigned(code[k, 2]) * L
        y, c, n = unsigned(code[k, 3]) * L, unsigned(code[k, 4]) * L, L
        if code.shape[1] > 5:
            n = unsigned(code[k, 5])
            if n == 1:
                V[z] = _operation(op, V[x], V[y], V[c])
                continue
            x = _side_by_side(V, x, code[k, 6], n, room)
            y = _side_by_side(V, y, code[k, 7], n, room + n)
            c = _side_by_side(V, c, code[k, 8], n, room + n + n)
        if op == ADD:
            for i in range(n):
                V[z + i] = V[x + i] + V[y + i]
        elif op == MUL:
            for i in range(n):
                V[z + i] = V[x + i] * V[y + i]
        elif op == SUB:
            for i in range(n):
                V[z + i] = V[x + i] - V[y + i]
        elif op == DIV:
            for i in range(n):
                V[z + i] = V[x + i] / V[y + i]
        elif op == NEG:
            for i in range(n):
                V[z + i] = -V[x + i]
        elif op == ABS:
            for i in range(n):
                V[z + i] = abs(V[x + i])
        elif op == RELU:
            for i in range(n):
                a = V[x + i]
                V[z + i] = 0.0 if a <= 0.0 else a
        elif op == MAX:
            for i in range(n):
                a, b = V[x + i], V[y + i]
                V[z + i] = a if (a >= b) | (a != a) else b
        elif op == MIN:
            for i in range(n):
                a, b = V[x + i], V[y + i]
                V[z + i] = a if (a <= b) | (a != a) else b
        elif op == GT:
            for i in range(n):
                V[z + i] = 1.0 if V[x + i] > V[y + i] else 0.0
        elif op == GE:
            for i in range(n):
                V[z + i] = 1.0 if V[x + i] >= V[y + i] else 0.0
        elif op == WHERE:
            for i in range(n):
                V[z + i] = V[y + i] if V[x + i] != 0.0 else V[c + i]
        elif op == MASKED:
            for i in range(n):
                a = V[x + i]
                V[z + i] = a * V[y + i] if a != 0.0 else 0.0
        elif op == GUARD:
            for i in range(n):
                a = V[x + i]
                V[z + i] = V[y + i] if a == a else math.nan
        elif op == EXPS:
            exps(V, z, x, n)
        else:
            for i in range(n):
                V[z + i] = call(np.int64(op), V[x + i], V[y + i])


@jit
def replay_single(program, parameters, row, out, total, U, V):
    """Run the uniform part, then the program for a single example (single.py)."""
    wide()
    slots, uniform_code, uniform_terms, loads, broadcasts, code, terms, results, size = program
    for j in range(slots.shape[0]):
        U[slots[j, 1]] = parameters[slots[j, 0]]
    _run_one(uniform_code, uniform_terms, U, U)
    for j in range(broadcasts.shape[0]):
        V[broadcasts[j, 1]] = U[broadcasts[j, 0]]
    for j in range(loads.shape[0]):
        V[loads[j, 1]] = row[loads[j, 0]]
    k = np.int64(0)
    while k < code.shape[0]:
        op, last = code[k, 0], np.int64(code[k, 9])
        if op >= SDOT:
            run_sums(op, code, k, last, U, V, terms, total)
        else:
            run_elementwise(op, code, k, last, V, unsigned(1), unsigned(size))
        k = last
    for j in range(results.size):
        out[j, 0] = V[results[j]] if results[j] >= 0 else 0.0


@jit_inlined
def _operation(op, x, y, z):
    """Return the value of an operation that is not a sum on single numbers."""
    if op == MUL:  # the two that most programs consist of come first
        return x * y
    if op == ADD:
        return x + y
    if op == EXPS:
        return math.exp(x)
    return arithmetic(np.int64(op), x, y, z) if op <= GUARD else call(np.int64(op), x, y)


@jit_inlined
def _side_by_side(V, x, stride, n, room):
    """Return where n operands stand: from x on, or, if it is one for all, from `room` on."""
    if stride == 1:
        return x
    for i in range(n):
        V[room + i] = V[x]
    return room


@jit
def finish(out, totals, U, hoisted, uniform_results):
    """Make means of the sums, add what is the same for every example.

    Return whether all is finite.
    """
    n, total = out.shape[1], totals[0]
    for i in range(1, totals.shape[0]):
        for k in range(total.size):
            total[k] += totals[i, k]
    for k in range(total.size):
        total[k] /= n
    for k in range(hoisted.shape[0]):
        total[hoisted[k, 0]] += U[hoisted[k, 1]]
    for k in range(uniform_results.shape[0]):
        for i in range(n):
            out[uniform_results[k, 0], i] = U[uniform_results[k, 1]]
    return _zero(total) + _zero(out.reshape(out.size)) == 0.0


@jit_sum
def _zero(numbers):
    """Return 0, or nan if a number is not finite."""
    wide()
    odd = 0.0
    for k in range(numbers.size):
        odd += numbers[k] * 0.0
    return odd


@jit_part
def _run_one(code, terms, U, V):
    """Run a program on single numbers: the uniform part."""
    for k in range(code.shape[0]):
        op, d = code[k, 0], unsigned(code[k, 1])
        a, b = unsigned(code[k, 2]), unsigned(code[k, 3])
        if op == SDOT:
            V[d] = 0.0
        elif op == VDOT:
            z = V[d]
            for t in range(a, b):
                z += V[unsigned(terms[t, 0])] * V[unsigned(terms[t, 1])]
            V[d] = z
        else:
            V[d] = _operation(op, V[a], V[b], V[unsigned(code[k, 4])])
