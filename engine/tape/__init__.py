"""Record a function of Values once, replay it over many rows at machine speed.

A scalar engine is slow because Python builds the graph again for every example. `record` calls the function once,
keeps its graph and the graph of its gradient as a flat program, and `replay` interprets that program for a whole
batch. docs/replay.md tells how, and what is frozen.

>>> from engine import Value
>>> w, b = Value(2.0, label="w"), Value(0.5, label="b")
>>> tape = record(lambda x, y: (w * x + b - y) ** 2, [1.0, 3.0])
>>> tape.replay([[1.0, 3.0], [2.0, 4.0]]).tolist(), w, b
([0.25, 0.25], w(data=2, grad=0.5), b(data=0.5, grad=0))
"""

from .recording import FrozenBranchWarning
from .tape import Tape, record

__all__ = ["FrozenBranchWarning", "Tape", "record"]
