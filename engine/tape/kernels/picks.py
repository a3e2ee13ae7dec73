"""Choosing one of several numbers by an index that differs from example to example.

>>> first_outside(np.array([[0.0], [1.0], [2.0]]), np.array([0]), np.array([2]))
(2, 0)
"""

# mypy: disallow-untyped-defs=False, disallow-incomplete-defs=False, disallow-untyped-calls=False
# mypy: check-untyped-defs=False

from ..jit import jit, numpy

np = numpy()


@jit
def first_outside(rows, columns, counts):
    """Return the first row with an index out of range, and which of `columns` it is in, or -1s."""
    for i in range(rows.shape[0]):
        for j in range(columns.size):
            index = rows[i, columns[j]]
            if not (0.0 <= index < counts[j] and index == np.floor(index)):
                return i, j
    return -1, -1
