"""Layers: sums over the same lanes stand side by side, four and four, so that one pass over the lanes serves all four.

The neurons of a layer weight the same numbers, and their gradients are multiplied by the same numbers. A graph of
scalars doesn't say so; it is found here by comparing the lists of what is summed.
"""

from typing import Any

from .jit import numpy
from .kernels import RDOT, SDOT


def tiled(code: Any, dot: Any) -> Any:
    np = numpy()
    place, size = np.arange(len(code)), np.zeros(len(code), int)
    for four in _fours(code, dot):
        place[four] = four[0] if code[four[0], 0] == SDOT else four[-1]
        size[four[0]] = 4
    order = np.argsort(place, kind="stable")
    code[:, 4] = np.where(code[:, 0] >= SDOT, size, code[:, 4])
    return code[order]


def _fours(code: Any, dot: Any) -> Any:
    groups: dict[Any, list[int]] = {}
    for k in numpy().flatnonzero((code[:, 0] == SDOT) | (code[:, 0] == RDOT)).tolist():
        op, _, start, stop, _ = code[k].tolist()
        groups.setdefault((op, dot[start:stop, 1].tobytes()), []).append(k)
    for members in groups.values():
        for i in range(0, len(members) - 3, 4):
            yield members[i:i + 4]
