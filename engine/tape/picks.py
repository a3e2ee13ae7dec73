"""Indices that `pick` chooses by, on a tape: every row is asked for a value that there is.

The indices that are inputs are looked at before a replay. One that is computed from inputs gives
nan where it is out of range, so it is looked at where a result is not finite.

>>> from engine import Value, pick
>>> from engine.tape.recording import recorded
>>> graph = recorded(lambda i: pick([Value(5.0), Value(6.0)], i), [0.0])
>>> Picks(graph).check(np.array([[1.0], [2.0]]))
Traceback (most recent call last):
    ...
IndexError: row 1: pick of 2 values at index 2: give a whole number from 0 to 1
"""

from collections.abc import Callable
from typing import Any

from ..sums import out_of_range
from .jit import numpy
from .kernels.picks import first_outside
from .recording import Graph

np = numpy()


class Picks:
    """The indices of a recorded graph, and for each the number of values that it chooses from."""

    def __init__(self, graph: Graph):
        self.graph = graph
        first, last = graph.constants, graph.first_parameter
        places = [(i - first, n) for i, n in graph.picks if first <= i < last]
        self.columns, self.counts = np.array(places, np.int64).reshape(-1, 2).T.copy()
        self.computed = [(i, n) for i, n in graph.picks if i >= graph.leaves]

    def check(self, rows: Any) -> None:
        """Raise IndexError for the first row in which an input is an index out of range."""
        if self.columns.size:
            row, place = first_outside(rows, self.columns, self.counts)
            if row >= 0:
                index, count = rows[row, self.columns[place]], self.counts[place]
                raise IndexError(f"row {row}: {out_of_range(float(index), int(count))}")

    def check_computed(self, values: Callable[[Graph], Any]) -> None:
        """Raise IndexError likewise for indices that are computed; `values` replays a graph."""
        for i, count in self.computed:
            numbers = values(self.graph.up_to(i))[:, None]
            row, _ = first_outside(numbers, np.zeros(1, np.int64), np.array([count]))
            if row >= 0:
                raise IndexError(f"row {row}: {out_of_range(float(numbers[row, 0]), count)}")
