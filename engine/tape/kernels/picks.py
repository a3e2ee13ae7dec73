"""Choosing one of several numbers by an index that differs from example to example.

>>> first_outside(np.array([[0.0], [1.0], [2.0]]), np.array([0]), np.array([2]))
(2, 0)
"""

# mypy: disallow-untyped-defs=False, disallow-incomplete-defs=False, disallow-untyped-calls=False
# mypy: check-untyped-defs=False

import math

from ..jit import jit, jit_inlined, jit_part, numpy

np = numpy()
unsigned = np.uint64


@jit_inlined
def chosen(index, start, stop):
    """Return the term that an index chooses, or -1 where it is out of range."""
    if 0.0 <= index < stop - start and index == np.floor(index):
        return np.int64(start) + np.int64(index)
    return np.int64(-1)


@jit_part
def pick(V, z, index, U, terms, start, stop, L):
    """Set register z to the slot that its index chooses in each example."""
    for i in range(L):
        t = chosen(V[index + i], start, stop)
        V[z + i] = U[unsigned(terms[t, 0])] if t >= 0 else math.nan


@jit_part
def choose(V, z, index, terms, start, stop, L):
    """Set register z to the register that its index chooses in each example."""
    for i in range(L):
        t = chosen(V[index + i], start, stop)
        V[z + i] = V[unsigned(terms[t, 1]) * L + i] if t >= 0 else math.nan


@jit_part
def scatter(total, V, g, index, terms, start, stop, n):
    """Add register g to the gradient that its index chooses in each of n examples."""
    for i in range(n):
        t = chosen(V[index + i], start, stop)
        if t >= 0 and terms[t, 0] >= 0:
            total[terms[t, 0]] += V[g + i]


@jit
def first_outside(rows, columns, counts):
    """Return the first row with an index out of range, and which of `columns` it is in, or -1s."""
    for i in range(rows.shape[0]):
        for j in range(columns.size):
            index = rows[i, columns[j]]
            if not (0.0 <= index < counts[j] and index == np.floor(index)):
                return i, j
    return -1, -1
