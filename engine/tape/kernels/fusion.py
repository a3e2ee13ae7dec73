"""Fusion: sums of at least three addends become one instruction, however they were spelled.

A term is a row (x, y, sign): x·y, or ±x alone where y is -1. A sum is dissolved into terms as far
as its parts are used nowhere else. The gradient of a parameter, which only leaves the tape as a sum
over examples, is dissolved even if it has a single term.

>>> Sums._fields
('terms', 'start', 'stop', 'absorbed', 'inside', 'stack')
"""

# mypy: disallow-untyped-defs=False, disallow-incomplete-defs=False, disallow-untyped-calls=False
# mypy: check-untyped-defs=False
# ruff: noqa: SIM109 - numba compiles comparisons with == to a switch

from typing import Any, NamedTuple

from ..jit import jit, jit_part, numpy
from .arithmetic import ADD, MUL, NEG, SUB
from .expansion import KIND, OP, X, Y
from .plan import VARYING

np = numpy()


class Sums(NamedTuple):
    """The terms of sum i are those of start[i] … stop[i].

    What is absorbed is not computed by itself.
    """

    terms: Any
    start: Any  # -1 for what is no sum
    stop: Any
    absorbed: Any
    inside: Any  # for the sum at hand: the numbers that were dissolved
    stack: Any  # what is still to be looked at: rows (number, sign)


@jit_part
def _dissolve(root, code, uses, first, sums):
    """Write the terms of `root` from row `first` on.

    Return where they end, and how many numbers are inside.
    """
    stack, terms = sums.stack, sums.terms
    top, last, count = 0, first, 0
    stack[0, 0], stack[0, 1] = root, 1
    while top >= 0:
        i, sign = stack[top, 0], stack[top, 1]
        top -= 1
        op, x, y = code[i, OP], code[i, X], code[i, Y]
        dissolved = i == root or (uses[i] == 1 and code[i, KIND] == VARYING)
        if dissolved and (op == ADD or op == SUB):
            stack[top + 1, 0], stack[top + 1, 1] = y, -sign if op == SUB else sign
            stack[top + 2, 0], stack[top + 2, 1] = x, sign
            top += 2
        else:
            if dissolved and op == NEG:
                y, sign = -1, -sign
            elif not (dissolved and op == MUL and sign > 0):
                x, y, dissolved = i, -1, False
            terms[last, 0], terms[last, 1], terms[last, 2] = x, y, sign
            last += 1
        if dissolved:
            sums.inside[count] = i
            count += 1
    return last, count


@jit
def fuse(code, uses, summed, sums):
    """Find the sums; `summed` counts how often a number is a gradient summed over examples."""
    last = np.int64(0)
    for i in range(code.shape[0]):
        op, only_summed = code[i, OP], summed[i] > 0 and uses[i] == summed[i]
        dissolves = op == ADD or op == SUB or op == MUL or op == NEG
        if only_summed and dissolves and code[i, KIND] == VARYING:
            end, inside = _dissolve(i, code, uses, last, sums)
            _absorb(i, last, end, inside, sums)
            last = end
    for i in range(code.shape[0] - 1, -1, -1):
        op, computed = code[i, OP], uses[i] > 0 and not sums.absorbed[i]
        if computed and (op == ADD or op == SUB) and code[i, KIND] == VARYING:
            end, inside = _dissolve(i, code, uses, last, sums)
            if end - last >= 3:
                _absorb(i, last, end, inside, sums)
                sums.absorbed[i] = False
                last = end


@jit_part
def _absorb(root, first, end, inside, sums):
    sums.start[root], sums.stop[root] = first, end
    for j in range(inside):
        sums.absorbed[sums.inside[j]] = True
