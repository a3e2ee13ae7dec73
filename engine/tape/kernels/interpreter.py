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

from ..jit import jit, jit_part, numpy
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
from .plan import RDOT, SDOT, VDOT
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
    _run_one(uniform_code, uniform_terms, U, U, totals[0])
    for j in range(broadcasts.shape[0]):
        z = unsigned(broadcasts[j, 1]) * L
        for i in range(L):
            V[z + i] = U[broadcasts[j, 0]]
    if rows.shape[0] == 1:
        for j in range(loads.shape[0]):
            V[loads[j, 1]] = rows[0, loads[j, 0]]
        _run_one(code, terms, U, V, totals[0])
        for j in range(results.size):
            out[j, 0] = V[results[j]] if results[j] >= 0 else 0.0
        return
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
                z, x, y = (
                    unsigned(code[k, 1]) * L,
                    unsigned(code[k, 2]) * L,
                    unsigned(code[k, 3]) * L,
                )
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
                elif op == ADD:
                    for i in range(L):
                        V[z + i] = V[x + i] + V[y + i]
                elif op == MUL:
                    for i in range(L):
                        V[z + i] = V[x + i] * V[y + i]
                elif op == SUB:
                    for i in range(L):
                        V[z + i] = V[x + i] - V[y + i]
                elif op == DIV:
                    for i in range(L):
                        V[z + i] = V[x + i] / V[y + i]
                elif op == NEG:
                    for i in range(L):
                        V[z + i] = -V[x + i]
                elif op == ABS:
                    for i in range(L):
                        V[z + i] = abs(V[x + i])
                elif op == RELU:
                    for i in range(L):
                        a = V[x + i]
                        V[z + i] = 0.0 if a <= 0.0 else a
                elif op == MAX:
                    for i in range(L):
                        a, b = V[x + i], V[y + i]
                        V[z + i] = a if (a >= b) | (a != a) else b
                elif op == MIN:
                    for i in range(L):
                        a, b = V[x + i], V[y + i]
                        V[z + i] = a if (a <= b) | (a != a) else b
                elif op == GT:
                    for i in range(L):
                        V[z + i] = 1.0 if V[x + i] > V[y + i] else 0.0
                elif op == GE:
                    for i in range(L):
                        V[z + i] = 1.0 if V[x + i] >= V[y + i] else 0.0
                elif op == WHERE:
                    c = unsigned(code[k, 4]) * L
                    for i in range(L):
                        V[z + i] = V[y + i] if V[x + i] != 0.0 else V[c + i]
                elif op == MASKED:
                    for i in range(L):
                        a = V[x + i]
                        V[z + i] = a * V[y + i] if a != 0.0 else 0.0
                elif op == GUARD:
                    for i in range(L):
                        a = V[x + i]
                        V[z + i] = V[y + i] if a == a else math.nan
                else:
                    for i in range(L):
                        V[z + i] = call(np.int64(op), V[x + i], V[y + i])
                k += 1
            for j in range(results.size):
                if results[j] >= 0:
                    z = unsigned(results[j]) * L
                    for i in range(n):
                        out[j, first + i] = V[z + unsigned(i)]


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
    odd = 0.0  # becomes nan with the first number that is not finite
    for k in range(total.size):
        odd += total[k] * 0.0
    for k in range(out.shape[0]):
        for i in range(n):
            odd += out[k, i] * 0.0
    return odd == 0.0


@jit_part
def _run_one(code, terms, U, V, total):
    """Run a program on single numbers: the uniform part, or the varying part for one example."""
    for k in range(code.shape[0]):
        op, d = code[k, 0], unsigned(code[k, 1])
        a, b = unsigned(code[k, 2]), unsigned(code[k, 3])
        if op == MUL:  # the two that most programs consist of come first
            V[d] = V[a] * V[b]
        elif op == ADD:
            V[d] = V[a] + V[b]
        elif op == SDOT:
            z = 0.0
            for t in range(a, b):
                z += U[unsigned(terms[t, 0])] * V[unsigned(terms[t, 1])]
            V[d] = z
        elif op == VDOT:
            z = V[d]
            for t in range(a, b):
                z += V[unsigned(terms[t, 0])] * V[unsigned(terms[t, 1])]
            V[d] = z
        elif op == RDOT:
            g = V[d]
            for t in range(a, b):
                total[unsigned(terms[t, 0])] += g * V[unsigned(terms[t, 1])]
        elif op <= GUARD:
            V[d] = arithmetic(np.int64(op), V[a], V[b], V[unsigned(code[k, 4])])
        else:
            V[d] = call(np.int64(op), V[a], V[b])
