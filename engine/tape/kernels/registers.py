"""Register allocation: where in the buffer every varying number stands.

One pass over the program (a linear scan): a register is free again after the last instruction that
reads its number, and never within that instruction, so no instruction overwrites what it reads.

>>> np.zeros(2).tolist()
[0.0, 0.0]
"""

# mypy: disallow-untyped-defs=False, disallow-incomplete-defs=False, disallow-untyped-calls=False
# mypy: check-untyped-defs=False
# ruff: noqa: SIM109 - numba compiles comparisons with == to a switch

from ..jit import jit, jit_part, numpy
from .plan import PICK, RDOT, SCATTER, SDOT, VARYING, VDOT

np = numpy()


@jit_part
def _release(i, k, kind, last, register, free, top):
    """Free the register of number i if instruction k is the last to read it."""
    if i >= 0 and kind[i] == VARYING and last[i] == k:
        last[i] = -2
        free[top] = register[i]
        return top + 1
    return top


@jit
def allocate(code, terms, kind, last, register, used, free):
    """Replace numbers by registers in `code` and `terms`; return how many registers there are.

    `last` has the last instruction that reads each number; `register` comes with the `used` first
    registers given to numbers that are there before the first instruction, and -1 elsewhere. `free`
    is room for as many registers as there are numbers.
    """
    top = 0
    for k in range(code.shape[0]):
        op, d = code[k, 0], code[k, 1]
        if op == RDOT or op == SCATTER:
            top = _release(d, k, kind, last, register, free, top)
        elif register[d] < 0:
            if top:
                top -= 1
                register[d] = free[top]
            else:
                register[d] = used
                used += 1
        if op >= PICK:
            i = code[k, 4]
            top = _release(i, k, kind, last, register, free, top)
            code[k, 4] = register[i]
        if op >= SDOT and op != PICK and op != SCATTER:
            for t in range(code[k, 2], code[k, 3]):
                top = _release(terms[t, 1], k, kind, last, register, free, top)
                terms[t, 1] = register[terms[t, 1]]
                if op == VDOT:
                    top = _release(terms[t, 0], k, kind, last, register, free, top)
                    terms[t, 0] = register[terms[t, 0]]
        elif op < SDOT:
            for j in range(2, 5):
                i = code[k, j]
                top = _release(i, k, kind, last, register, free, top)
                code[k, j] = register[i] if i >= 0 else 0
        code[k, 1] = register[d]
    return used
