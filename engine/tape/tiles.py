"""Layers: sums over the same lanes are brought side by side, by fours, so that one pass over the lanes serves four.

The neurons of a layer weight the same numbers, and their gradients are multiplied by the same
numbers. A graph of scalars doesn't say so; it is found here by comparing what is summed. An SDOT
may move up to the first of its four, since all need the same lanes, and an RDOT down to the last,
since nothing waits for it. The first of four has a 4 in its last place, which only the interpreter
of blocks looks at.

>>> np = numpy()
>>> code = np.array([[SDOT, 9, 0, 1, 0], [7, 10, 9, -1, -1], *([SDOT, 11 + i, 1, 2, 0] for i in range(3))])
>>> tiled(code, np.array([[0, 5], [1, 5]]))[:, [1, 4]].tolist()
[[9, 4], [11, 0], [12, 0], [13, 0], [10, -1]]
"""

from collections.abc import Iterator
from typing import Any

from .jit import numpy
from .kernels import RDOT, SDOT


def tiled(code: Any, dot: Any) -> Any:
    """The instructions in their new order."""
    np = numpy()
    place = np.arange(len(code))
    for four in _fours(code, dot):
        place[four] = four[0] if code[four[0], 0] == SDOT else four[-1]
        code[four[0], 4] = 4
    return code[np.argsort(place, kind="stable")]


def _fours(code: Any, dot: Any) -> Iterator[list[int]]:
    """Sums of one kind over the same lanes, in the order in which they stand."""
    alike: dict[Any, list[int]] = {}
    sums = numpy().flatnonzero((code[:, 0] == SDOT) | (code[:, 0] == RDOT))
    for k, (op, _, start, stop, _) in zip(sums.tolist(), code[sums].tolist()):
        alike.setdefault((op, dot[start:stop, 1].tobytes()), []).append(k)
    for members in alike.values():
        for i in range(0, len(members) - 3, 4):
            yield members[i : i + 4]
