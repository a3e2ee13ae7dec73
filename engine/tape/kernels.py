"""The loops that numba compiles: one interpreter for every tape, and the passes that make its programs.

They stand in one file because numba keeps compiled code for as long as the file of a function is
unchanged, and sees only that file. They are long, plain loops over arrays of numbers because that
is what it compiles well; a program of a million nodes passes through them in a second. Nothing here
recurses or knows a Value.

A program has two parts. The *uniform* part works on numbers that all examples share (constants,
parameters and what follows from them alone) and runs once per replay. The *lane* part runs once per
block of examples: a row of the buffer `V` holds one value for every example of the block.

>>> CODES["multiply"], apply(CODES["multiply"], 3.0, 4.0, 0.0)
(2, 12.0)
"""

# mypy: disallow-untyped-defs=False, disallow-incomplete-defs=False, disallow-untyped-calls=False
# mypy: check-untyped-defs=False
# ruff: noqa: SIM109, SIM905 - numba compiles comparisons with == to a switch

import math

from .jit import HAS_NUMBA, jit, jit_part, jit_sum, numpy, wide

np = numpy()
unsigned = np.uint64

_NAMES = (
    "add subtract multiply divide negative absolute relu maximum minimum greater greater_equal "
    "where share guard step sign floor ceil trunc floor_divide modulo fmod power exp exp2 expm1 log log2 log10 log1p "
    "sqrt cbrt sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh sigmoid erf erfc hypot atan2 copysign"
).split()
CODES = {name: code for code, name in enumerate(_NAMES)}
NAMES = dict(enumerate(_NAMES))

(
    ADD,
    SUB,
    MUL,
    DIV,
    NEG,
    ABS,
    RELU,
    MAX,
    MIN,
    GT,
    GE,
    WHERE,
    SHARE,
    GUARD,
    STEP,
    SIGN,
    FLOOR,
    CEIL,
    TRUNC,
    FLOORDIV,
    MOD,
    FMOD,
    POW,
    EXP,
    EXP2,
    EXPM1,
    LOG,
    LOG2,
    LOG10,
    LOG1P,
    SQRT,
    CBRT,
    SIN,
    COS,
    TAN,
    ASIN,
    ACOS,
    ATAN,
    SINH,
    COSH,
    TANH,
    ASINH,
    ACOSH,
    ATANH,
    SIGMOID,
    ERF,
    ERFC,
    HYPOT,
    ATAN2,
    COPYSIGN,
) = range(len(_NAMES))
LEAF, SDOT, VDOT, RDOT = (
    100,
    101,
    102,
    103,
)  # a leaf; Σ uniform·lane; Σ lane·lane; gradients summed over lanes
REACH = unsigned(128)  # the most lanes of a block
CONSTANT, UNIFORM, LANE = 0, 1, 2  # what a number depends on: nothing, parameters, the example


# -- one operation on numbers
# ---------------------------------------------------------------------------------


@jit_part
def _python_mod(x, y):
    if y == 0.0:
        return math.nan
    r = np.fmod(x, y)
    if r == 0.0:
        return math.copysign(0.0, y)
    return r + y if (y < 0.0) != (r < 0.0) else r


@jit_part
def _python_floordiv(x, y):
    if y == 0.0:
        return x / y
    mod = np.fmod(x, y)
    div = (x - mod) / y
    if mod != 0.0 and (y < 0.0) != (mod < 0.0):
        div -= 1.0
    if div == 0.0:
        return math.copysign(0.0, x / y)
    whole = np.floor(div)
    return whole + 1.0 if div - whole > 0.5 else whole


@jit_part
def _sigmoid(x):
    e = math.exp(-abs(x))
    return 1.0 / (1.0 + e) if x >= 0.0 else e / (1.0 + e)


@jit_part
def _function(op, x, y):
    """The operations that are calls of the mathematical library."""
    if op == EXP:
        return math.exp(x)
    if op == TANH:
        return math.tanh(x)
    if op == COSH:
        return math.cosh(x)
    if op == LOG:
        return math.log(x)
    if op == SIGMOID:
        return _sigmoid(x)
    if op == SQRT:
        return math.sqrt(x)
    if op == SIN:
        return math.sin(x)
    if op == COS:
        return math.cos(x)
    if op == POW:
        return math.pow(x, y)
    if op == STEP:
        return x if x != x else (1.0 if x > 0.0 else 0.0)
    if op == SIGN:
        return x if x != x or x == 0.0 else math.copysign(1.0, x)
    if op == FLOOR:
        return np.floor(x)
    if op == CEIL:
        return np.ceil(x)
    if op == TRUNC:
        return np.trunc(x)
    if op == FLOORDIV:
        return _python_floordiv(x, y)
    if op == MOD:
        return _python_mod(x, y)
    if op == FMOD:
        return np.fmod(x, y)
    if op == EXP2:
        return math.pow(2.0, x)
    if op == EXPM1:
        return math.expm1(x)
    if op == LOG2:
        return np.log2(x)
    if op == LOG10:
        return math.log10(x)
    if op == LOG1P:
        return math.log1p(x)
    if op == CBRT:
        return np.cbrt(x)
    if op == TAN:
        return math.tan(x)
    if op == ASIN:
        return math.asin(x)
    if op == ACOS:
        return math.acos(x)
    if op == ATAN:
        return math.atan(x)
    if op == SINH:
        return math.sinh(x)
    if op == ASINH:
        return math.asinh(x)
    if op == ACOSH:
        return math.acosh(x)
    if op == ATANH:
        return math.atanh(x)
    if op == ERF:
        return math.erf(x)
    if op == ERFC:
        return math.erfc(x)
    if op == HYPOT:
        return math.hypot(x, y)
    if op == ATAN2:
        return math.atan2(x, y)
    if op == COPYSIGN:
        return math.copysign(x, y)
    return math.nan


@jit_part
def _call(op, x, y):
    """The same; outside a domain the processor's nan has a minus sign, the engine's has none (copysign sees it)."""
    z = _function(op, x, y)
    return z if z == z or x != x else math.nan


@jit_part
def _arithmetic(op, x, y, z):
    """The operations that are no calls; `guard(x, y)` is y, but nan where x is."""
    if op == ADD:
        return x + y
    if op == SUB:
        return x - y
    if op == MUL:
        return x * y
    if op == DIV:
        return x / y
    if op == NEG:
        return -x
    if op == ABS:
        return abs(x)
    if op == RELU:
        return x if x > 0.0 or x != x else 0.0
    if op == MAX:
        return x if x >= y or x != x else y
    if op == MIN:
        return x if x <= y or x != x else y
    if op == GT:
        return 1.0 if x > y else 0.0
    if op == GE:
        return 1.0 if x >= y else 0.0
    if op == WHERE:
        return y if x != 0.0 else z
    if op == SHARE:
        return x * y if x != 0.0 else 0.0
    return y if x == x else math.nan


@jit
def _apply(op, x, y, z):
    """The value of any operation."""
    return _arithmetic(op, x, y, z) if op <= GUARD else _call(op, x, y)


def _forward(op, x, y, z):
    """The same without numba, by the engine's own total functions."""
    from ..operation import OPERATIONS

    if op == GUARD:
        return y if x == x else math.nan
    operation = OPERATIONS[NAMES[int(op)]]
    return operation.forward(*map(float, (x, y, z)[: operation.arity]))


apply, arithmetic = (_apply, _arithmetic) if HAS_NUMBA else (_forward, _forward)


# -- from the graph to single assignments
# --------------------------------------------------------------------- Every number gets an index;
# its row of `code` is (operation, operands), -1 for none; `kind` and `value` go with it. `table` is
# a hash table of all rows, so that what is computed twice is there once.


@jit_part
def emit(op, a, b, c, one, code, kind, value, table, count):
    """The index of op(a, b, c): folded, simplified, found, or new. `one` is the index of the constant 1."""
    if (op == WHERE or op == SHARE or op == GUARD) and kind[
        a
    ] == CONSTANT:  # decided once and for all
        if op == WHERE:
            return b if value[a] != 0.0 else c
        if op == GUARD and value[a] == value[a]:
            return b
        if op == SHARE and value[a] == 0.0:
            return a
        if op == SHARE:
            op = MUL
    if op == MUL or op == SHARE:
        if b == one:
            return a
        if a == one:
            return b
    if (op == DIV or op == POW) and b == one:
        return a
    if op == NEG and code[a, 0] == NEG:
        return np.int64(code[a, 1])
    if op == SUB and kind[b] == CONSTANT and value[b] == 0.0 and math.copysign(1.0, value[b]) > 0.0:
        return a  # but x + 0.0 stays, for it turns -0.0 into 0.0
    if (op == MUL or op == ADD) and a > b:
        a, b = b, a
    mask = table.size - 1
    h = (((op * 31 + a) * 1000003 + b) * 1000003 + c) & 0x3FFFFFFFFFFFFF
    h = (h ^ (h >> 17) ^ (h >> 31)) & mask
    while table[h] >= 0:
        i = np.int64(table[h])
        if code[i, 0] == op and code[i, 1] == a and code[i, 2] == b and code[i, 3] == c:
            return i
        h = (h + 1) & mask
    i = count[0]
    count[0] = i + 1
    table[h] = i
    code[i, 0], code[i, 1], code[i, 2], code[i, 3] = op, a, b, c
    k = kind[a]
    if b >= 0 and kind[b] > k:
        k = kind[b]
    if c >= 0 and kind[c] > k:
        k = kind[c]
    if k == CONSTANT and op > GUARD:  # a call of the library: program.py folds it
        k = UNIFORM
    kind[i] = k
    if k == CONSTANT:
        value[i] = arithmetic(
            op, value[a], value[b] if b >= 0 else 0.0, value[c] if c >= 0 else 0.0
        )
    return i


@jit_part
def _operand(ref, n, first, z, args, temporary, index):
    """What an operand of a template stands for at a node: a parent, the node itself, a step, a constant."""
    if ref < 0:
        return -1 - ref
    if ref < n:
        return index[args[first + ref]]
    if ref == n:
        return z
    return temporary[ref - n - 1]


@jit_part
def _play(
    start, stop, steps, n, first, z, args, temporary, index, one, code, kind, value, table, count
):
    """Emit the steps of a template at a node; `temporary` then holds their indices."""
    for s in range(start, stop):
        a = _operand(steps[s, 1], n, first, z, args, temporary, index)
        b = _operand(steps[s, 2], n, first, z, args, temporary, index) if steps[s, 0] & 256 else -1
        c = _operand(steps[s, 3], n, first, z, args, temporary, index) if steps[s, 0] & 512 else -1
        temporary[s - start] = emit(
            np.int64(steps[s, 0] & 255), a, b, c, one, code, kind, value, table, count
        )


@jit
def expand(
    leaves,
    leading,
    kinds,
    starts,
    args,
    fstart,
    fsteps,
    fresult,
    dstart,
    dsteps,
    sstart,
    slots,
    plain,
    one,
    fast,
    index,
    grad,
    temporary,
    code,
    kind,
    value,
    table,
    count,
):
    """The forward pass and the gradient of the last node as single assignments.

    Nodes 0 … leaves-1 are the leaves, the rest the graph in topological order. `leading` comes with
    the leaves marked whose gradient is asked for, and learns which nodes lead to them. index[node]
    and grad[node] receive the indices (grad -1 where nothing arrives). The order of the sums is
    that of backward(). With `fast`, the product that skips a zero gradient is a plain product
    wherever both factors are numbers of the graph, and no slope is made nan by hand.
    """
    none, add, guard = (
        np.int64(-1),
        np.int64(ADD),
        np.int64(GUARD),
    )  # one type, so emit is compiled once
    nodes = kinds.size
    for i in range(leaves):
        index[i] = i
    for i in range(nodes):
        t, first = kinds[i], starts[i]
        n = starts[i + 1] - first
        _play(
            fstart[t],
            fstart[t + 1],
            fsteps,
            n,
            first,
            none,
            args,
            temporary,
            index,
            one,
            code,
            kind,
            value,
            table,
            count,
        )
        index[leaves + i] = _operand(fresult[t], n, first, none, args, temporary, index)
        for k in range(first, starts[i + 1]):
            leading[leaves + i] |= leading[args[k]]
    root = leaves + nodes - 1
    grad[root] = one
    for i in range(nodes - 1, -1, -1):
        g = grad[leaves + i]
        if g < 0 or not leading[leaves + i]:
            continue
        t, first, z = kinds[i], starts[i], index[leaves + i]
        n = starts[i + 1] - first
        _play(
            dstart[t],
            dstart[t + 1],
            dsteps,
            n,
            first,
            z,
            args,
            temporary,
            index,
            one,
            code,
            kind,
            value,
            table,
            count,
        )
        for k in range(n):
            parent = args[first + k]
            if not leading[parent]:
                continue
            local = _operand(slots[sstart[t] + k], n, first, z, args, temporary, index)
            if plain[t] & 2 and not fast:  # a function: where its value is nan, so are its slopes
                local = emit(guard, z, local, none, one, code, kind, value, table, count)
            op = (
                np.int64(MUL)
                if fast and (plain[t] & 1 or kind[local] == CONSTANT)
                else np.int64(SHARE)
            )
            c = emit(op, g, local, none, one, code, kind, value, table, count)
            grad[parent] = (
                c
                if grad[parent] < 0
                else emit(add, grad[parent], c, none, one, code, kind, value, table, count)
            )


@jit
def mark(code, kind, count, uses):
    """Count the uses of every number; `uses` comes with 1 at the results. What stays at 0 is dead."""
    for i in range(count - 1, -1, -1):
        if uses[i] > 0 and code[i, 0] != LEAF and kind[i] != CONSTANT:
            for k in range(1, 4):
                if code[i, k] >= 0:
                    uses[code[i, k]] += 1


# -- sums of products
# -----------------------------------------------------------------------------------------


@jit_part
def _terms_of(root, code, kind, uses, stack, term, first):
    """Write the addends of `root` as rows (x, y, sign) from row `first` on: x·y, or x alone where y is -1."""
    top, last = 0, first
    stack[0, 0], stack[0, 1] = root, 1
    while top >= 0:
        i, sign = stack[top, 0], stack[top, 1]
        top -= 1
        free = i == root or (uses[i] == 1 and kind[i] == LANE)
        op, x, y = code[i, 0], code[i, 1], code[i, 2]
        if free and (op == ADD or op == SUB):
            stack[top + 1, 0], stack[top + 1, 1] = y, -sign if op == SUB else sign
            stack[top + 2, 0], stack[top + 2, 1] = x, sign
            top += 2
            continue
        if free and op == NEG:
            y, sign = -1, -sign
        elif not (free and op == MUL and sign > 0):
            x, y = i, -1
        term[last, 0], term[last, 1], term[last, 2] = x, y, sign
        last += 1
    return last


@jit_part
def _absorb(root, code, kind, uses, stack, absorbed):
    """Mark what `_terms_of` took in: these numbers are never computed by themselves."""
    top = 0
    stack[0, 0], stack[0, 1] = root, 1
    while top >= 0:
        i, sign = stack[top, 0], stack[top, 1]
        top -= 1
        if i != root and not (uses[i] == 1 and kind[i] == LANE):
            continue
        op = code[i, 0]
        if op == ADD or op == SUB:
            stack[top + 1, 0], stack[top + 1, 1] = code[i, 2], -sign if op == SUB else sign
            stack[top + 2, 0], stack[top + 2, 1] = code[i, 1], sign
            top += 2
        if op == ADD or op == SUB or op == NEG or (op == MUL and sign > 0):
            absorbed[i] = 1


@jit
def fuse(code, kind, uses, count, reduced, stack, term, term_start, term_stop, absorbed):
    """Find the sums of at least three addends, and take apart those that are only summed over examples.

    `reduced` holds the indices of the gradients of parameters. absorbed is 1 for a number that
    became part of a sum, term_start … term_stop are the rows of `term` of a sum.
    """
    last = np.int64(0)
    for i in range(count):
        if reduced[i] and uses[i] == reduced[i] and kind[i] == LANE:
            if code[i, 0] > MUL and code[i, 0] != NEG:
                continue
            term_start[i] = last
            last = _terms_of(i, code, kind, uses, stack, term, last)
            term_stop[i] = last
            _absorb(i, code, kind, uses, stack, absorbed)
            absorbed[i] = 1
    for i in range(count - 1, -1, -1):
        if (
            uses[i]
            and not absorbed[i]
            and kind[i] == LANE
            and (code[i, 0] == ADD or code[i, 0] == SUB)
        ):
            end = _terms_of(i, code, kind, uses, stack, term, last)
            if end - last >= 3:
                term_start[i], term_stop[i] = last, end
                last = end
                _absorb(i, code, kind, uses, stack, absorbed)
                absorbed[i] = 0
    return last


# -- rows of the buffer
# ---------------------------------------------------------------------------------------


@jit_part
def _release(i, k, kind, last, row, free, top):
    if i >= 0 and kind[i] == LANE and last[i] == k:
        last[i] = -2
        free[top] = row[i]
        return top + 1
    return top


@jit
def place(ins, dot, kind, last, row, used, free):
    """Give every number a row; a row whose number is no longer needed serves again, never within one instruction."""
    top = 0
    for k in range(ins.shape[0]):
        op, d = ins[k, 0], ins[k, 1]
        if op != RDOT and row[d] < 0:
            if top:
                top -= 1
                row[d] = free[top]
            else:
                row[d] = used
                used += 1
        if op == RDOT:
            top = _release(d, k, kind, last, row, free, top)
        if op >= SDOT:
            for t in range(ins[k, 2], ins[k, 3]):
                top = _release(dot[t, 1], k, kind, last, row, free, top)
                dot[t, 1] = row[dot[t, 1]]
                if op == VDOT:
                    top = _release(dot[t, 0], k, kind, last, row, free, top)
                    dot[t, 0] = row[dot[t, 0]]
        else:
            for j in range(2, 5):
                i = ins[k, j]
                top = _release(i, k, kind, last, row, free, top)
                ins[k, j] = row[i] if i >= 0 else 0
        ins[k, 1] = row[d]
    return used


# -- the interpreters
# -----------------------------------------------------------------------------------------


@jit_part
def run_one(ins, dot, U, V, acc):
    """Run a program on single numbers: the uniform part, or the lane part where there is one example."""
    for k in range(ins.shape[0]):
        op, d, a, b = ins[k, 0], unsigned(ins[k, 1]), unsigned(ins[k, 2]), unsigned(ins[k, 3])
        if op == MUL:  # the two that most programs consist of come first
            V[d] = V[a] * V[b]
        elif op == ADD:
            V[d] = V[a] + V[b]
        elif op == SDOT:
            z = 0.0
            for t in range(a, b):
                z += U[unsigned(dot[t, 0])] * V[unsigned(dot[t, 1])]
            V[d] = z
        elif op == VDOT:
            z = V[d]
            for t in range(a, b):
                z += V[unsigned(dot[t, 0])] * V[unsigned(dot[t, 1])]
            V[d] = z
        elif op == RDOT:
            g = V[d]
            for t in range(a, b):
                acc[unsigned(dot[t, 0])] += g * V[unsigned(dot[t, 1])]
        else:
            V[d] = apply(np.int64(op), V[a], V[b], V[unsigned(ins[k, 4])])


@jit
def finish(out, acc, U, hoisted, uniform_results):
    """Sums over the examples become means; what is the same for every example is added. Whether all is finite."""
    n = out.shape[1]
    for k in range(acc.size if n else 0):
        acc[k] /= n
    for k in range(hoisted.shape[0]):
        acc[hoisted[k, 0]] += U[hoisted[k, 1]]
    for k in range(uniform_results.shape[0]):
        for i in range(n):
            out[uniform_results[k, 0], i] = U[uniform_results[k, 1]]
    odd = 0.0  # becomes nan with the first number that is not finite
    for k in range(acc.size):
        odd += acc[k] * 0.0
    for k in range(out.shape[0]):
        for i in range(n):
            odd += out[k, i] * 0.0
    return odd == 0.0


# Sums of products. Terms that are no multiple of four come first, one at a time. What is written
# here in fours stays in registers: a sum then costs hardly more than its multiplications.


@jit_part
def _lane(dot, t, L):
    """Where the lanes of a term begin."""
    return unsigned(dot[t, 1]) * L


@jit_part
def _lanes(dot, t, L):
    """The same of four terms."""
    return _lane(dot, t, L), _lane(dot, t + 1, L), _lane(dot, t + 2, L), _lane(dot, t + 3, L)


@jit_part
def _weight(U, dot, t):
    return U[unsigned(dot[t, 0])]


@jit_part
def _weights(U, dot, t):
    return (
        _weight(U, dot, t),
        _weight(U, dot, t + 1),
        _weight(U, dot, t + 2),
        _weight(U, dot, t + 3),
    )


@jit_part
def _gain(acc, dot, t, s):
    acc[unsigned(dot[t, 0])] += s


@jit_part
def _gains(acc, dot, t, s0, s1, s2, s3):
    _gain(acc, dot, t, s0)
    _gain(acc, dot, t + 1, s1)
    _gain(acc, dot, t + 2, s2)
    _gain(acc, dot, t + 3, s3)


@jit_sum
def _sdot(V, z, U, dot, start, stop, L):
    wide()
    fours = start + (stop - start) % 4
    for i in range(L):
        V[z + i] = 0.0
    for t in range(start, fours):
        w, a = _weight(U, dot, t), _lane(dot, t, L)
        for i in range(L):
            V[z + i] += w * V[a + i]
    for t in range(fours, stop, 4):
        w0, w1, w2, w3 = _weights(U, dot, t)
        a, b, c, d = _lanes(dot, t, L)
        for i in range(L):
            V[z + i] += w0 * V[a + i] + w1 * V[b + i] + w2 * V[c + i] + w3 * V[d + i]


@jit_sum
def _sdot_tile(V, ins, k, room, U, dot, L):
    """Four sums over the same lanes at once: each lane is read once for all of them.

    They grow side by side in the room at the end of V, where the compiler sees that they don't
    overlap.
    """
    wide()
    n = ins[k, 3] - ins[k, 2]
    p, q, r, s = ins[k, 2], ins[k + 1, 2], ins[k + 2, 2], ins[k + 3, 2]
    z0, z1, z2, z3 = room, room + REACH, room + unsigned(2) * REACH, room + unsigned(3) * REACH
    for i in range(L):
        V[z0 + i] = V[z1 + i] = V[z2 + i] = V[z3 + i] = 0.0
    for t in range(n % 4):
        a = _lane(dot, p + t, L)
        w0, w1, w2, w3 = (
            _weight(U, dot, p + t),
            _weight(U, dot, q + t),
            _weight(U, dot, r + t),
            _weight(U, dot, s + t),
        )
        for i in range(L):
            A = V[a + i]
            V[z0 + i] += w0 * A
            V[z1 + i] += w1 * A
            V[z2 + i] += w2 * A
            V[z3 + i] += w3 * A
    for t in range(n % 4, n, 4):
        a, b, c, d = _lanes(dot, p + t, L)
        p0, p1, p2, p3 = _weights(U, dot, p + t)
        q0, q1, q2, q3 = _weights(U, dot, q + t)
        r0, r1, r2, r3 = _weights(U, dot, r + t)
        s0, s1, s2, s3 = _weights(U, dot, s + t)
        for i in range(L):
            A, B, C, D = V[a + i], V[b + i], V[c + i], V[d + i]
            V[z0 + i] += p0 * A + p1 * B + p2 * C + p3 * D
            V[z1 + i] += q0 * A + q1 * B + q2 * C + q3 * D
            V[z2 + i] += r0 * A + r1 * B + r2 * C + r3 * D
            V[z3 + i] += s0 * A + s1 * B + s2 * C + s3 * D
    for j in range(4):
        z, found = unsigned(ins[k + j, 1]) * L, room + unsigned(j) * REACH
        for i in range(L):
            V[z + i] = V[found + i]


@jit_sum
def _vdot(V, z, dot, start, stop, L):
    wide()
    for t in range(start, stop):
        a, b = unsigned(dot[t, 0]) * L, _lane(dot, t, L)
        for i in range(L):
            V[z + i] += V[a + i] * V[b + i]


@jit_sum
def _rdot(acc, V, g, dot, start, stop, L):
    wide()
    fours = start + (stop - start) % 4
    for t in range(start, fours):
        a, s0 = _lane(dot, t, L), 0.0
        for i in range(L):
            s0 += V[g + i] * V[a + i]
        _gain(acc, dot, t, s0)
    for t in range(fours, stop, 4):
        a, b, c, d = _lanes(dot, t, L)
        s0 = s1 = s2 = s3 = 0.0
        for i in range(L):
            G = V[g + i]
            s0 += G * V[a + i]
            s1 += G * V[b + i]
            s2 += G * V[c + i]
            s3 += G * V[d + i]
        _gains(acc, dot, t, s0, s1, s2, s3)


@jit_sum
def _rdot_tile(acc, V, ins, k, dot, L):
    """Four gradients times the same lanes, summed at once."""
    wide()
    n = ins[k, 3] - ins[k, 2]
    p, q, r, s = ins[k, 2], ins[k + 1, 2], ins[k + 2, 2], ins[k + 3, 2]
    e, f = unsigned(ins[k, 1]) * L, unsigned(ins[k + 1, 1]) * L
    g, h = unsigned(ins[k + 2, 1]) * L, unsigned(ins[k + 3, 1]) * L
    for t in range(n % 4):
        a = _lane(dot, p + t, L)
        p0 = q0 = r0 = s0 = 0.0
        for i in range(L):
            A = V[a + i]
            p0 += V[e + i] * A
            q0 += V[f + i] * A
            r0 += V[g + i] * A
            s0 += V[h + i] * A
        _gain(acc, dot, p + t, p0)
        _gain(acc, dot, q + t, q0)
        _gain(acc, dot, r + t, r0)
        _gain(acc, dot, s + t, s0)
    for t in range(n % 4, n, 4):
        a, b, c, d = _lanes(dot, p + t, L)
        p0 = p1 = p2 = p3 = q0 = q1 = q2 = q3 = r0 = r1 = r2 = r3 = s0 = s1 = s2 = s3 = 0.0
        for i in range(L):
            A, B, C, D = V[a + i], V[b + i], V[c + i], V[d + i]
            E, F, G, H = V[e + i], V[f + i], V[g + i], V[h + i]
            p0 += E * A
            p1 += E * B
            p2 += E * C
            p3 += E * D
            q0 += F * A
            q1 += F * B
            q2 += F * C
            q3 += F * D
            r0 += G * A
            r1 += G * B
            r2 += G * C
            r3 += G * D
            s0 += H * A
            s1 += H * B
            s2 += H * C
            s3 += H * D
        _gains(acc, dot, p + t, p0, p1, p2, p3)
        _gains(acc, dot, q + t, q0, q1, q2, q3)
        _gains(acc, dot, r + t, r0, r1, r2, r3)
        _gains(acc, dot, s + t, s0, s1, s2, s3)


@jit
def replay(
    parameters,
    rows,
    start,
    stop,
    width,
    out,
    acc,
    U,
    V,
    parameter_slots,
    uins,
    udot,
    ins,
    dot,
    columns,
    splats,
    results,
):
    """Run the uniform part, then the lane part for examples start … stop, `width` at a time.

    U has the constants in their slots, V is the buffer row after row with four rows of room at the
    end. Lanes beyond the last example repeat it and are left out of every sum and result. Positions
    are unsigned: then the compiler knows that they don't count from the end, and does a loop eight
    numbers at a time. The operations that it can't do so share the last loop.
    """
    wide()
    for k in range(parameter_slots.shape[0]):
        U[parameter_slots[k, 1]] = parameters[parameter_slots[k, 0]]
    run_one(uins, udot, U, U, acc)
    L = unsigned(width)
    room = unsigned(V.size) - unsigned(4) * REACH
    for j in range(splats.shape[0]):
        z = unsigned(splats[j, 1]) * L
        for i in range(L):
            V[z + i] = U[splats[j, 0]]
    if rows.shape[0] == 1:
        for j in range(columns.shape[0]):
            V[columns[j, 1]] = rows[0, columns[j, 0]]
        run_one(ins, dot, U, V, acc)
        for j in range(results.size):
            out[j, 0] = V[results[j]] if results[j] >= 0 else 0.0
        return
    for first in range(start, stop, width):
        n = min(width, stop - first)
        for i in range(0, width, 8):
            for j in range(columns.shape[0]):
                z, column = unsigned(columns[j, 1]) * L + unsigned(i), columns[j, 0]
                for e in range(8):
                    V[z + unsigned(e)] = rows[first + min(i + e, n - 1), column]
        k = np.int64(0)
        while k < ins.shape[0]:
            op = ins[k, 0]
            z, x, y = unsigned(ins[k, 1]) * L, unsigned(ins[k, 2]) * L, unsigned(ins[k, 3]) * L
            if op == SDOT and ins[k, 4] == 4:
                _sdot_tile(V, ins, k, room, U, dot, L)
                k += 3
            elif op == SDOT:
                _sdot(V, z, U, dot, ins[k, 2], ins[k, 3], L)
            elif op == RDOT:
                four = ins[k, 4] == 4
                for j in range(4 if four else 1):
                    g = unsigned(ins[k + j, 1]) * L
                    for i in range(n, width):
                        V[g + unsigned(i)] = 0.0
                if four:
                    _rdot_tile(acc, V, ins, k, dot, L)
                    k += 3
                else:
                    _rdot(acc, V, z, dot, ins[k, 2], ins[k, 3], L)
            elif op == VDOT:
                _vdot(V, z, dot, ins[k, 2], ins[k, 3], L)
            elif op == ADD:
                for i in range(L):
                    V[z + i] = V[x + i] + V[y + i]
            elif op == MUL:
                for i in range(L):
                    V[z + i] = V[x + i] * V[y + i]
            elif op == SUB:
                for i in range(L):
                    V[z + i] = V[x + i] - V[y + i]
            elif op == DIV:
                for i in range(L):
                    V[z + i] = V[x + i] / V[y + i]
            elif op == NEG:
                for i in range(L):
                    V[z + i] = -V[x + i]
            elif op == ABS:
                for i in range(L):
                    V[z + i] = abs(V[x + i])
            elif op == RELU:
                for i in range(L):
                    a = V[x + i]
                    V[z + i] = 0.0 if a <= 0.0 else a
            elif op == MAX:
                for i in range(L):
                    a, b = V[x + i], V[y + i]
                    V[z + i] = a if (a >= b) | (a != a) else b
            elif op == MIN:
                for i in range(L):
                    a, b = V[x + i], V[y + i]
                    V[z + i] = a if (a <= b) | (a != a) else b
            elif op == GT:
                for i in range(L):
                    V[z + i] = 1.0 if V[x + i] > V[y + i] else 0.0
            elif op == GE:
                for i in range(L):
                    V[z + i] = 1.0 if V[x + i] >= V[y + i] else 0.0
            elif op == WHERE:
                c = unsigned(ins[k, 4]) * L
                for i in range(L):
                    V[z + i] = V[y + i] if V[x + i] != 0.0 else V[c + i]
            elif op == SHARE:
                for i in range(L):
                    a = V[x + i]
                    V[z + i] = a * V[y + i] if a != 0.0 else 0.0
            elif op == GUARD:
                for i in range(L):
                    a = V[x + i]
                    V[z + i] = V[y + i] if a == a else math.nan
            else:
                for i in range(L):
                    V[z + i] = _call(np.int64(op), V[x + i], V[y + i])
            k += 1
        for j in range(results.size):
            if results[j] >= 0:
                z = unsigned(results[j]) * L
                for i in range(n):
                    out[j, first + i] = V[z + unsigned(i)]
