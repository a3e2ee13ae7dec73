"""From the graph to single assignments: forward pass, then gradient in backward()'s order.

Every number gets an index. Its row of `code` says how it is computed, an operation of the numbers
X, Y and Z (-1: none), and what kind of number it is; `value` has the constants. What is computed
twice gets one index: `buckets` is a hash table of all rows, by linear probing.

>>> Table._fields
('code', 'value', 'buckets', 'count')
"""

# mypy: disallow-untyped-defs=False, disallow-incomplete-defs=False, disallow-untyped-calls=False
# mypy: check-untyped-defs=False
# ruff: noqa: SIM109, SIM110 - numba compiles comparisons with == to a switch

import math
from typing import Any, NamedTuple

from ..jit import jit, jit_part, numpy
from .arithmetic import ADD, DIV, GUARD, MASKED, MUL, NEG, POW, SUB, WHERE, folded
from .plan import CONSTANT, LEAF, LINK, PICK, UNIFORM, VARYING

np = numpy()

OP, X, Y, Z, KIND = range(5)  # the columns of `code`
ONE, MINUS_ONE = 0, 1  # the indices of the constants 1.0 and -1.0
NONE = np.int64(-1)
ABSENT = -(1 << 40)  # an operand that a step of a template does not have


class Nodes(NamedTuple):
    """The graph in topological order after its leaves.

    Node i has the operands start[i] … start[i + 1].
    """

    leaves: int
    template: Any
    start: Any
    operands: Any  # numbers of leaves and nodes


class Templates(NamedTuple):
    """The steps of all operations in a row: template t has those of start[t] … start[t + 1].

    A step is a row (op, x, y, z). An operand is numbered 0 … n-1 for a parent, n for the node
    itself, from n + 1 for the steps; below zero stand constants, -1 - index.
    """

    forward_start: Any
    forward: Any
    result: Any
    derivative_start: Any
    derivative: Any
    local_start: Any
    local: Any  # the operand that is the local derivative, one for each parent
    tame: Any  # every local derivative is finite where the operands are
    domain: Any  # every local derivative is nan where the value is
    pick: Any  # the operation is pick: its last operand chooses one of the others


class Table(NamedTuple):
    """The assignments, with room for all that may come."""

    code: Any
    value: Any
    buckets: Any  # indices; -1 where a bucket is free
    count: Any  # one number: how many assignments there are


class Progress(NamedTuple):
    """Where the nodes stand among the assignments."""

    index: Any  # of each node's value
    gradient: Any  # the index of each node's gradient, -1 where nothing arrives
    leads: Any  # whether a node leads to a leaf whose gradient is asked for
    steps: Any  # the indices of the steps of the template at hand
    scatters: Any  # rows: a gradient that goes to one of a list of leaves, the index, the list


@jit_part
def _simpler(op, x, y, z, code, value):
    """Return the number that op(x, y, z) equals without a computation, or -1."""
    if op == MUL or op == MASKED:
        if y == ONE:
            return x
        if x == ONE:
            return y
    if (op == DIV or op == POW) and y == ONE:
        return x
    if op == NEG and code[x, OP] == NEG:
        return np.int64(code[x, X])
    if op == SUB and code[y, KIND] == CONSTANT and value[y] == 0.0:
        return x if math.copysign(1.0, value[y]) > 0.0 else NONE  # x - -0.0 is 0.0 where x is -0.0
    if code[x, KIND] == CONSTANT:  # a choice that is made once and for all
        if op == WHERE:
            return y if value[x] != 0.0 else z
        if op == GUARD and value[x] == value[x]:
            return y
        if op == MASKED and value[x] == 0.0:
            return x
    return NONE


@jit_part
def emit(op, x, y, z, code, value, buckets, count):
    """Return the index of op(x, y, z).

    Of an equal number, of one that is computed already, or a new one.
    """
    equal = _simpler(op, x, y, z, code, value)
    if equal >= 0:
        return equal
    if op == MASKED and code[x, KIND] == CONSTANT:
        op = MUL
    if (op == MUL or op == ADD) and x > y:
        x, y = y, x
    mask = buckets.size - 1
    h = (((op * 31 + x) * 1000003 + y) * 1000003 + z) & 0x3FFFFFFFFFFFFF
    h = (h ^ (h >> 17) ^ (h >> 31)) & mask
    while buckets[h] >= 0:
        i = np.int64(buckets[h])
        if code[i, OP] == op and code[i, X] == x and code[i, Y] == y and code[i, Z] == z:
            return i
        h = (h + 1) & mask
    i = count[0]
    count[0] = i + 1
    buckets[h] = i
    _assign(i, op, x, y, z, code, value)
    return i


@jit_part
def _assign(i, op, x, y, z, code, value):
    """Write row i. Arithmetic of constants is folded here.

    Calls are left to assignments.py, in Python.
    """
    kind = code[x, KIND]
    if y >= 0:
        kind = max(kind, code[y, KIND])
    if z >= 0:
        kind = max(kind, code[z, KIND])
    if kind == CONSTANT and op > GUARD:
        kind = UNIFORM
    code[i, OP], code[i, X], code[i, Y], code[i, Z], code[i, KIND] = op, x, y, z, kind
    if kind == CONSTANT:
        b = value[y] if y >= 0 else 0.0
        c = value[z] if z >= 0 else 0.0
        value[i] = folded(op, value[x], b, c)


@jit_part
def _operand(operand, n, first, z, operands, index, steps):
    """Return the index of a template's operand at a node whose n parents begin at `first`.

    Z is its own.
    """
    if operand < 0:
        return -1 - operand if operand != ABSENT else NONE
    if operand < n:
        return index[operands[first + operand]]
    if operand == n:
        return z
    return steps[operand - n - 1]


@jit_part
def _play(start, stop, template, n, first, z, operands, index, steps, code, value, buckets, count):
    """Emit the steps start … stop of a template at a node."""
    for s in range(start, stop):
        a = _operand(template[s, X], n, first, z, operands, index, steps)
        b = _operand(template[s, Y], n, first, z, operands, index, steps)
        c = _operand(template[s, Z], n, first, z, operands, index, steps)
        steps[s - start] = emit(template[s, OP], a, b, c, code, value, buckets, count)


@jit_part
def _listed(first, last, operands, index, code, value, buckets, count):
    """Return the last link of the list of the numbers operands[first … last]."""
    link = NONE
    for j in range(first, last):
        link = emit(np.int64(LINK), index[operands[j]], link, NONE, code, value, buckets, count)
    return link


@jit_part
def _all_leaves(first, last, operands, leaves):
    for j in range(first, last):
        if operands[j] >= leaves:
            return False
    return True


@jit
def expand(nodes, templates, table, progress, fast, scatter):
    """Emit the forward pass and the gradient of the last node.

    `progress.leads` comes with the leaves marked whose gradient is asked for. The order of the sums
    is that of backward(). With `fast`, the product that skips a zero gradient is a plain product
    wherever both factors are numbers of the graph, no local derivative is made nan by hand, and
    one of several numbers is chosen at once. With `scatter` a gradient goes likewise to the leaf
    that was chosen; else to each as a product with 0 or 1. What a slope of 0 sends is 0, or nan if
    the gradient is not finite: it goes straight to the first leaf, where a nan is seen.
    """
    leaves, template, start, operands = nodes
    forward_start, forward, result = templates.forward_start, templates.forward, templates.result
    derivative_start, derivative = templates.derivative_start, templates.derivative
    local_start, local, tame, domain = (
        templates.local_start, templates.local, templates.tame, templates.domain
    )  # fmt: skip
    code, value, buckets, count = table
    index, gradient, leads, steps, scatters = progress
    scattered = 0
    for i in range(template.size):
        t, first, n = template[i], start[i], start[i + 1] - start[i]
        by = index[operands[first + n - 1]]
        if templates.pick[t] and fast and code[by, KIND] == VARYING:
            link = _listed(first, first + n - 1, operands, index, code, value, buckets, count)
            op = np.int64(PICK)
            index[leaves + i] = emit(op, by, link, NONE, code, value, buckets, count)
        else:
            _play(
                forward_start[t], forward_start[t + 1], forward,
                n, first, NONE, operands, index, steps, code, value, buckets, count,
            )  # fmt: skip
            index[leaves + i] = _operand(result[t], n, first, NONE, operands, index, steps)
        for j in range(first, first + n):
            leads[leaves + i] |= leads[operands[j]]
    gradient[leaves + template.size - 1] = ONE
    watch = np.int64(0)
    while watch < leaves - 1 and not leads[watch]:
        watch += 1
    for i in range(template.size - 1, -1, -1):
        g, z = gradient[leaves + i], index[leaves + i]
        if g < 0 or not leads[leaves + i]:
            continue
        t, first, n = template[i], start[i], start[i + 1] - start[i]
        at_once = scatter and templates.pick[t] and code[z, OP] == PICK
        if at_once and _all_leaves(first, first + n - 1, operands, leaves):
            scatters[scattered, 0], scatters[scattered, 1] = g, code[z, X]
            scatters[scattered, 2] = code[z, Y]
            scattered += 1
            continue
        _play(
            derivative_start[t], derivative_start[t + 1], derivative,
            n, first, z, operands, index, steps, code, value, buckets, count,
        )  # fmt: skip
        for j in range(n):
            parent = operands[first + j]
            if not leads[parent]:
                continue
            slope = _operand(local[local_start[t] + j], n, first, z, operands, index, steps)
            if fast and code[slope, KIND] == CONSTANT and value[slope] == 0.0:
                parent = watch
            if domain[t] and not fast:
                slope = emit(np.int64(GUARD), z, slope, NONE, code, value, buckets, count)
            plain = fast and (tame[t] or code[slope, KIND] == CONSTANT)
            op = np.int64(MUL) if plain else np.int64(MASKED)
            c = emit(op, g, slope, NONE, code, value, buckets, count)
            if gradient[parent] >= 0:
                c = emit(np.int64(ADD), gradient[parent], c, NONE, code, value, buckets, count)
            gradient[parent] = c


@jit
def mark(code, uses):
    """Count the uses of every number.

    `uses` comes with 1 at the results. What stays at 0 is dead.
    """
    for i in range(code.shape[0] - 1, -1, -1):
        if uses[i] > 0 and code[i, OP] != LEAF and code[i, KIND] != CONSTANT:
            for k in range(X, KIND):
                if code[i, k] >= 0:
                    uses[code[i, k]] += 1
