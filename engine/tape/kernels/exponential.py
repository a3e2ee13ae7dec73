"""exp of all examples of a block, eight at once: a library's exp takes one number at a time.

2ⁿ·eʳ with a whole n and |r| ≤ ½·log 2, eʳ by its Taylor series. Within 1 unit of the last place, so
only programs with fusion call it. On AVX-512 it takes an eighth of the time of math.exp.

>>> from engine import exp, record
>>> record(exp, [0.0]).forward([[1.0], [-1000.0], [710.0]]).round(6).tolist()
[2.718282, 0.0, inf]
"""

# mypy: disallow-untyped-defs=False, disallow-incomplete-defs=False, disallow-untyped-calls=False
# mypy: check-untyped-defs=False

import math

from ..jit import float_of_bits, jit_vector, numpy, wide_vectors

np = numpy()
unsigned = np.uint64
wide, as_float = wide_vectors(), float_of_bits()
LOG2_E = 1.0 / math.log(2.0)
LOG_2, REST = (
    6.93147180369123816490e-01,
    1.90821492927058770002e-10,
)  # their sum is log 2; n·LOG_2 is exact
ROUND = 6755399441055744.0  # 1.5·2⁵²: adding it leaves no room for a fraction
LEAST, MOST = -746.0, 710.0  # beyond them the result is 0 and inf
FACTORS = tuple(1.0 / math.factorial(k) for k in range(14))


@jit_vector
def _power_of_two(n):
    """Return 2ⁿ, whose exponent is the bits from 52 on."""
    return as_float((np.int64(n) + np.int64(1023)) << np.int64(52))


@jit_vector
def exps(V, z, x, L):
    """Set register z to exp of register x."""
    wide()
    for i in range(L):
        a = V[x + i]
        b = a if a > LEAST else LEAST
        b = b if b < MOST else MOST
        n = (b * LOG2_E + ROUND) - ROUND
        r = (b - n * LOG_2) - n * REST
        e = FACTORS[13]
        e = e * r + FACTORS[12]
        e = e * r + FACTORS[11]
        e = e * r + FACTORS[10]
        e = e * r + FACTORS[9]
        e = e * r + FACTORS[8]
        e = e * r + FACTORS[7]
        e = e * r + FACTORS[6]
        e = e * r + FACTORS[5]
        e = e * r + FACTORS[4]
        e = e * r + FACTORS[3]
        e = e * r + 0.5
        e = e * r + 1.0
        e = e * r + 1.0
        half = np.floor(
            0.5 * n
        )  # in two steps: 2ⁿ itself may be out of range where the result isn't
        y = e * _power_of_two(half) * _power_of_two(n - half)
        V[z + i] = y if a == a else a
