"""The program for a single example: instructions of one kind side by side, whole vectors at a time.

A block has the numbers of many examples side by side, and one operation works on all of them. One
example has nothing side by side until its program is put in another order. Every instruction gets a
level, one more than that of what it reads, so that those of one level may run in any order. Sorted
by level and operation, the relus of a layer follow one another. A register for each number, in that
order and those of a sum together, puts them side by side in memory:

    SPAN      a sum of products of neighbouring slots and neighbouring registers: a neuron
    COLUMNS   neighbouring sums over the same registers, of neighbouring slots: gradients of inputs
    OUTER     one gradient times neighbouring registers, added to neighbouring totals
    the rest  `count` operations on neighbouring registers, or what it is in a block of one example

`line_up` finds them by comparing numbers, as tiles.py finds layers.

>>> code = np.array([[2, 5, 0, 1, 0], [2, 6, 0, 2, 0]])  # two products of register 0
>>> out, arity = np.zeros((2, 10), np.int64), np.full(9, 2)
>>> line_up(code, np.zeros((0, 2), np.int64), np.ones(2, np.int64), arity, out)
1
>>> out[0].tolist()  # one row: two operations, of one x and of neighbouring y
[2, 5, 0, 1, 0, 2, 0, 1, 1, 1]
"""

# mypy: disallow-untyped-defs=False, disallow-incomplete-defs=False, disallow-untyped-calls=False
# mypy: check-untyped-defs=False

import math

from ..jit import jit, jit_inlined, jit_part, jit_sum, numpy, wide_vectors
from ..vectors import vector_loops
from .picks import chosen
from .plan import COLUMNS, OUTER, PICK, RDOT, SCATTER, SDOT, SPAN, VDOT

np = numpy()
unsigned = np.uint64
wide = wide_vectors()
dot_of_eights, add_eights = vector_loops()
LEAST = 4  # a vector that is shorter is not worth it


# -- putting the program in order
# -----------------------------------------------------------------------------


@jit
def rename(code, terms, arity, registers):
    """Give every number a register of its own.

    Return the level of each instruction, which register stands for each at the end, and how many
    there are. `arity` has the operands of each operation that is no sum.
    """
    now, level = np.arange(registers), np.zeros(registers + code.shape[0], np.int64)
    levels, top = np.zeros(code.shape[0], np.int64), registers
    for k in range(code.shape[0]):
        op, d, deepest = code[k, 0], code[k, 1], np.int64(0)
        if op >= SDOT:
            for t in range(code[k, 2], code[k, 3]):
                if op != PICK and op != SCATTER:
                    terms[t, 1] = now[terms[t, 1]]
                    deepest = max(deepest, level[terms[t, 1]])
                if op == VDOT:
                    terms[t, 0] = now[terms[t, 0]]
                    deepest = max(deepest, level[terms[t, 0]])
            if op >= PICK:
                code[k, 4] = now[code[k, 4]]
                deepest = max(deepest, level[code[k, 4]])
        else:
            for j in range(2, 2 + arity[op]):
                code[k, j] = now[code[k, j]]
                deepest = max(deepest, level[code[k, j]])
        adds = op == RDOT or op == SCATTER or op == VDOT  # to what is there
        if not adds:
            now[d] = top
            top += 1
        code[k, 1] = now[d]
        levels[k] = max(deepest, level[code[k, 1]]) + 1
        if op != RDOT and op != SCATTER:
            level[code[k, 1]] = levels[k]
    return levels, now, top


@jit
def neighbours(code, terms, count):
    """Return a place for each of `count` registers: those of a sum, in the order of its terms."""
    place, top = np.full(count, -1), 0
    for k in range(code.shape[0]):
        if code[k, 0] == SDOT or code[k, 0] == RDOT:
            for t in range(code[k, 2], code[k, 3]):
                if place[terms[t, 1]] < 0:
                    place[terms[t, 1]] = top
                    top += 1
    for k in range(code.shape[0]):
        if place[code[k, 1]] < 0:
            place[code[k, 1]] = top
            top += 1
    for i in range(count):
        if place[i] < 0:
            place[i] = top
            top += 1
    return place


@jit
def move(code, terms, arity, place):
    """Give every register its place."""
    for k in range(code.shape[0]):
        op = code[k, 0]
        code[k, 1] = place[code[k, 1]]
        if op < SDOT:
            for j in range(2, 2 + arity[op]):
                code[k, j] = place[code[k, j]]
        elif op >= PICK:
            code[k, 4] = place[code[k, 4]]
        for t in range(code[k, 2], code[k, 3] if op >= SDOT else 0):
            if op != PICK and op != SCATTER:
                terms[t, 1] = place[terms[t, 1]]
            if op == VDOT:
                terms[t, 0] = place[terms[t, 0]]


@jit_part
def _is_next(code, terms, k, j):
    """Return whether sum k + j has the registers of sum k, and slots that are j further."""
    first, last, start = code[k, 2], code[k, 3], code[k + j, 2]
    same = code[k + j, 0] == SDOT and code[k + j, 3] - start == last - first
    if not same or code[k + j, 1] != code[k, 1] + j:
        return False
    for t in range(last - first):
        if terms[start + t, 0] != terms[first + t, 0] + j:
            return False
        if terms[start + t, 1] != terms[first + t, 1]:
            return False
    return True


@jit_part
def _follows(code, terms, t):
    """Return whether both numbers of term t are one further than those of the term before."""
    return terms[t, 0] == terms[t - 1, 0] + 1 and terms[t, 1] == terms[t - 1, 1] + 1


@jit_part
def _strides(code, levels, k, j, n, out):
    """Return whether instruction k + j continues k; its first successor decides on the strides."""
    if code[k + j, 0] != code[k, 0] or levels[k + j] != levels[k]:
        return False
    if code[k + j, 1] != code[k, 1] + j:
        return False
    for o in range(2, 2 + n):
        step = code[k + j, o] - code[k, o]
        if j == 1 and (step == 0 or step == 1):
            out[o + 4] = step
        elif step != j * out[o + 4]:
            return False
    return True


@jit
def line_up(code, terms, levels, arity, out):
    """Write the rows of the program to `out`; return how many there are.

    A row is (operation, z, x, y, c, count, the strides of x, y and c, 0 or 1, and the first row
    after it that has another operation).
    """
    rows, k = 0, np.int64(0)
    while k < code.shape[0]:
        row, op, j = out[rows], code[k, 0], np.int64(1)
        for i in range(10):
            row[i] = code[k, i] if i < 5 else 1
        if op == SDOT:
            while k + j < code.shape[0] and _is_next(code, terms, k, j):
                j += 1
            if j >= LEAST:
                row[0], row[5] = COLUMNS, j
            else:
                j, t = np.int64(1), code[k, 3] - 1
                while t > code[k, 2] and _follows(code, terms, t):
                    t -= 1
                if code[k, 3] - t >= LEAST:
                    row[0], row[4] = SPAN, t
        elif op == RDOT:
            t = code[k, 2] + 1
            while t < code[k, 3] and _follows(code, terms, t):
                t += 1
            if t - code[k, 2] >= LEAST:
                row[0], row[4] = OUTER, t
        elif op < SDOT:
            while k + j < code.shape[0] and _strides(code, levels, k, j, arity[op], row):
                j += 1
            row[5] = j
        rows, k = rows + 1, k + j
    last = rows
    for i in range(rows - 1, -1, -1):
        if i + 1 < rows and out[i, 0] != out[i + 1, 0]:
            last = i + 1
        out[i, 9] = last
    return rows


# -- running it
# -----------------------------------------------------------------------------------------------


@jit_sum
def run_sums(op, code, first, last, U, V, terms, total):
    """Run the rows first … last, all of one operation: sums of products and choices."""
    wide()
    for k in range(first, last):
        z, c, n = unsigned(code[k, 1]), code[k, 4], unsigned(code[k, 5])
        start, stop = code[k, 2], code[k, 3]
        if op == SPAN:
            s = 0.0
            for t in range(start, c):
                s += U[unsigned(terms[t, 0])] * V[unsigned(terms[t, 1])]
            V[z] = s + _dot(U, unsigned(terms[c, 0]), V, unsigned(terms[c, 1]), unsigned(stop - c))
        elif op == COLUMNS:
            _columns(U, V, z, terms, start, stop, n)
        elif op == OUTER:
            g, n = V[z], unsigned(c - start)
            _outer(total, unsigned(terms[start, 0]), g, V, unsigned(terms[start, 1]), n)
            for t in range(c, stop):
                total[unsigned(terms[t, 0])] += g * V[unsigned(terms[t, 1])]
        elif op == SDOT:
            s, r, fours = 0.0, 0.0, start + (stop - start) % 4
            for t in range(start, fours):
                s += U[unsigned(terms[t, 0])] * V[unsigned(terms[t, 1])]
            for t in range(
                fours, stop, 4
            ):  # an addition waits for the one before, so two go at once
                s += (
                    U[unsigned(terms[t, 0])] * V[unsigned(terms[t, 1])]
                    + U[unsigned(terms[t + 1, 0])] * V[unsigned(terms[t + 1, 1])]
                )
                r += (
                    U[unsigned(terms[t + 2, 0])] * V[unsigned(terms[t + 2, 1])]
                    + U[unsigned(terms[t + 3, 0])] * V[unsigned(terms[t + 3, 1])]
                )
            V[z] = s + r
        elif op == VDOT:
            s = V[z]
            for t in range(start, stop):
                s += V[unsigned(terms[t, 0])] * V[unsigned(terms[t, 1])]
            V[z] = s
        elif op == RDOT:
            g = V[z]
            for t in range(start, stop):
                total[unsigned(terms[t, 0])] += g * V[unsigned(terms[t, 1])]
        else:
            _choose(op, U, V, z, chosen(V[unsigned(c)], start, stop), terms, total)


@jit_sum
def _dot(U, u, V, v, n):
    """Return Σ U·V over n neighbours."""
    s = dot_of_eights(U, u, V, v, n >> unsigned(3))
    for i in range(n & ~unsigned(7), n):
        s += U[u + i] * V[v + i]
    return s


@jit_sum
def _outer(total, p, g, V, v, n):
    """Add g·V to n neighbouring totals."""
    add_eights(total, p, g, V, v, n >> unsigned(3))
    for i in range(n & ~unsigned(7), n):
        total[p + i] += g * V[v + i]


@jit_sum
def _columns(U, V, z, terms, start, stop, n):
    """Set n registers from z on to Σ slot·register; each has the slot after the one before."""
    wide()
    for i in range(n):
        V[z + i] = 0.0
    fours = start + (stop - start) % 4
    for t in range(start, fours):
        a, g = unsigned(terms[t, 0]), V[unsigned(terms[t, 1])]
        for i in range(n):
            V[z + i] += g * U[a + i]
    for t in range(fours, stop, 4):
        a, b = unsigned(terms[t, 0]), unsigned(terms[t + 1, 0])
        c, d = unsigned(terms[t + 2, 0]), unsigned(terms[t + 3, 0])
        e, f = V[unsigned(terms[t, 1])], V[unsigned(terms[t + 1, 1])]
        g, h = V[unsigned(terms[t + 2, 1])], V[unsigned(terms[t + 3, 1])]
        for i in range(n):
            V[z + i] += e * U[a + i] + f * U[b + i] + g * U[c + i] + h * U[d + i]


@jit_inlined
def _choose(op, U, V, z, t, terms, total):
    """Run a choice of term t, -1 for none."""
    if op == SCATTER:
        if t >= 0 and terms[t, 0] >= 0:
            total[terms[t, 0]] += V[z]
    elif t < 0:
        V[z] = math.nan
    else:
        V[z] = U[terms[t, 0]] if op == PICK else V[terms[t, 1]]
