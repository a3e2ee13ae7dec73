"""Tiles of sums: what makes a layer of scalar neurons nearly as fast as a product of matrices.

A sum Σ wᵢ·xᵢ alone reads a number from memory for every multiplication, and a processor multiplies
several times faster than it reads. But the neurons of a layer weight the same numbers. So four sums
over the same registers are computed at once: each number is read once and multiplied four times.
And four terms are added at a time, so that the sum itself, z, is read and written once for four
terms instead of four times. A tile is thus 4 sums × 4 terms, 16 products for 4 reads, and what it
works on fits into the registers of the processor. Matrix libraries do the same.

    z0 += p0·A + p1·B + p2·C + p3·D        A, B, C, D: one example's numbers in the four registers
    z1 += q0·A + q1·B + q2·C + q3·D        p, q, r, s: the weights of the four neurons
    z2 += r0·A + r1·B + r2·C + r3·D
    z3 += s0·A + s1·B + s2·C + s3·D

Each line is a loop over the examples of the block, of which the processor does eight at once. The
gradients of the weights are the same the other way round: four gradients E, F, G, H times the same
four registers are 16 sums over the examples.

A graph of scalars doesn't say what a layer is: `tiled` finds it by comparing the terms of sums. An
SDOT may move up to the first of its kind, since all need the same registers, and an RDOT down to
the last, since nothing waits for it. The first of four has a 4 in its last place, which only the
interpreter of blocks looks at.

>>> later = [[SDOT, 11 + i, 1, 2, 0] for i in range(3)]
>>> code = np.array([[SDOT, 9, 0, 1, 0], [7, 10, 9, -1, -1], *later])
>>> tiled(code, np.array([[0, 5], [1, 5]]))[:, [1, 4]].tolist()
[[9, 4], [11, 0], [12, 0], [13, 0], [10, -1]]
"""

# mypy: disallow-untyped-defs=False, disallow-incomplete-defs=False, disallow-untyped-calls=False
# mypy: check-untyped-defs=False

from collections.abc import Iterator
from typing import Any

from ..jit import jit_part, jit_sum, numpy, wide_vectors
from .plan import RDOT, SDOT

np = numpy()
unsigned = np.uint64  # positions: then the compiler knows that they don't count from the end
wide = wide_vectors()
REACH = unsigned(128)  # the most examples of a block


# -- finding them
# -----------------------------------------------------------------------------------


def tiled(code: Any, terms: Any) -> Any:
    """Return the instructions in their new order."""
    place = np.arange(len(code))
    for alike in _alike(code, terms):
        for i in range(0, len(alike) - 3, 4):
            four = alike[i : i + 4]
            place[four] = alike[0] if code[four[0], 0] == SDOT else four[-1]
            code[four[0], 4] = 4
    return code[np.argsort(place, kind="stable")]


def _alike(code: Any, terms: Any) -> Iterator[list[int]]:
    """Yield the places of sums of one kind over the same registers, four of them or more."""
    alike: dict[Any, list[int]] = {}
    sums = np.flatnonzero((code[:, 0] == SDOT) | (code[:, 0] == RDOT))
    for k, (op, _, start, stop, _) in zip(sums.tolist(), code[sums].tolist()):
        if start < stop:
            alike.setdefault((op, terms[start:stop, 1].tobytes()), []).append(k)
    return (members for members in alike.values() if len(members) >= 4)


# -- computing them
# --------------------------------------------------------------------------------- V holds register
# after register, L examples each; U holds the slots. Where the terms are no multiple of four, the
# first ones are added one at a time.


@jit_part
def _starts(terms, t, L):
    """Return where the registers of four terms begin."""
    return (
        unsigned(terms[t, 1]) * L,
        unsigned(terms[t + 1, 1]) * L,
        unsigned(terms[t + 2, 1]) * L,
        unsigned(terms[t + 3, 1]) * L,
    )


@jit_part
def _weights(U, terms, t):
    """Return the weights of four terms."""
    return (
        U[unsigned(terms[t, 0])],
        U[unsigned(terms[t + 1, 0])],
        U[unsigned(terms[t + 2, 0])],
        U[unsigned(terms[t + 3, 0])],
    )


@jit_part
def _add(total, terms, t, s0, s1, s2, s3):
    """Add to the gradients of four terms."""
    total[unsigned(terms[t, 0])] += s0
    total[unsigned(terms[t + 1, 0])] += s1
    total[unsigned(terms[t + 2, 0])] += s2
    total[unsigned(terms[t + 3, 0])] += s3


@jit_sum
def sdot(V, z, U, terms, start, stop, L):
    """Set register z to Σ slot·register."""
    wide()
    fours = start + (stop - start) % 4
    for i in range(L):
        V[z + i] = 0.0
    for t in range(start, fours):
        w, a = U[unsigned(terms[t, 0])], unsigned(terms[t, 1]) * L
        for i in range(L):
            V[z + i] += w * V[a + i]
    for t in range(fours, stop, 4):
        w0, w1, w2, w3 = _weights(U, terms, t)
        a, b, c, d = _starts(terms, t, L)
        for i in range(L):
            V[z + i] += w0 * V[a + i] + w1 * V[b + i] + w2 * V[c + i] + w3 * V[d + i]


@jit_sum
def sdot_tile(V, code, k, room, U, terms, L):
    """Do the four SDOTs from instruction k on.

    The sums grow side by side in the room at the end of V, where the compiler sees that they don't
    overlap.
    """
    wide()
    n = code[k, 3] - code[k, 2]
    p, q, r, s = code[k, 2], code[k + 1, 2], code[k + 2, 2], code[k + 3, 2]
    z0, z1, z2, z3 = room, room + REACH, room + unsigned(2) * REACH, room + unsigned(3) * REACH
    for i in range(L):
        V[z0 + i] = V[z1 + i] = V[z2 + i] = V[z3 + i] = 0.0
    for t in range(n % 4):
        a = unsigned(terms[p + t, 1]) * L
        w0, w1 = U[unsigned(terms[p + t, 0])], U[unsigned(terms[q + t, 0])]
        w2, w3 = U[unsigned(terms[r + t, 0])], U[unsigned(terms[s + t, 0])]
        for i in range(L):
            A = V[a + i]
            V[z0 + i] += w0 * A
            V[z1 + i] += w1 * A
            V[z2 + i] += w2 * A
            V[z3 + i] += w3 * A
    for t in range(n % 4, n, 4):
        a, b, c, d = _starts(terms, p + t, L)
        p0, p1, p2, p3 = _weights(U, terms, p + t)
        q0, q1, q2, q3 = _weights(U, terms, q + t)
        r0, r1, r2, r3 = _weights(U, terms, r + t)
        s0, s1, s2, s3 = _weights(U, terms, s + t)
        for i in range(L):
            A, B, C, D = V[a + i], V[b + i], V[c + i], V[d + i]
            V[z0 + i] += p0 * A + p1 * B + p2 * C + p3 * D
            V[z1 + i] += q0 * A + q1 * B + q2 * C + q3 * D
            V[z2 + i] += r0 * A + r1 * B + r2 * C + r3 * D
            V[z3 + i] += s0 * A + s1 * B + s2 * C + s3 * D
    for j in range(4):
        z, sums = unsigned(code[k + j, 1]) * L, room + unsigned(j) * REACH
        for i in range(L):
            V[z + i] = V[sums + i]


@jit_sum
def vdot(V, z, terms, start, stop, L):
    """Add Σ register·register to register z."""
    wide()
    for t in range(start, stop):
        a, b = unsigned(terms[t, 0]) * L, unsigned(terms[t, 1]) * L
        for i in range(L):
            V[z + i] += V[a + i] * V[b + i]


@jit_sum
def rdot(total, V, g, terms, start, stop, L):
    """Add to the gradient of each term the sum over the examples of register g · its register."""
    wide()
    fours = start + (stop - start) % 4
    for t in range(start, fours):
        a, s0 = unsigned(terms[t, 1]) * L, 0.0
        for i in range(L):
            s0 += V[g + i] * V[a + i]
        total[unsigned(terms[t, 0])] += s0
    for t in range(fours, stop, 4):
        a, b, c, d = _starts(terms, t, L)
        s0 = s1 = s2 = s3 = 0.0
        for i in range(L):
            G = V[g + i]
            s0 += G * V[a + i]
            s1 += G * V[b + i]
            s2 += G * V[c + i]
            s3 += G * V[d + i]
        _add(total, terms, t, s0, s1, s2, s3)


@jit_sum
def rdot_tile(total, V, code, k, terms, L):
    """Do the four RDOTs from instruction k on: four gradients times the same registers."""
    wide()
    n = code[k, 3] - code[k, 2]
    p, q, r, s = code[k, 2], code[k + 1, 2], code[k + 2, 2], code[k + 3, 2]
    e, f = unsigned(code[k, 1]) * L, unsigned(code[k + 1, 1]) * L
    g, h = unsigned(code[k + 2, 1]) * L, unsigned(code[k + 3, 1]) * L
    for t in range(n % 4):
        a = unsigned(terms[p + t, 1]) * L
        p0 = q0 = r0 = s0 = 0.0
        for i in range(L):
            A = V[a + i]
            p0 += V[e + i] * A
            q0 += V[f + i] * A
            r0 += V[g + i] * A
            s0 += V[h + i] * A
        total[unsigned(terms[p + t, 0])] += p0
        total[unsigned(terms[q + t, 0])] += q0
        total[unsigned(terms[r + t, 0])] += r0
        total[unsigned(terms[s + t, 0])] += s0
    for t in range(n % 4, n, 4):
        a, b, c, d = _starts(terms, p + t, L)
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
        _add(total, terms, p + t, p0, p1, p2, p3)
        _add(total, terms, q + t, q0, q1, q2, q3)
        _add(total, terms, r + t, r0, r1, r2, r3)
        _add(total, terms, s + t, s0, s1, s2, s3)
