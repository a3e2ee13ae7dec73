"""Every function of one or two numbers and its derivatives, in mpmath alone, and floats of every size to try them at."""

import math
import random
import struct

import mpmath as mp
from mpmath import mpf

DIGITS = 60
MANY = 700  # the quotient of two floats has up to 650 digits before the point


def sigmoid(x):
    return 1 / (1 + mp.exp(-x))


def bell(x):
    return mp.exp(-x * x / 2)


def _sigmoid2(x):
    return sigmoid(x) * sigmoid(-x) * (sigmoid(-x) - sigmoid(x))


def _sigmoid1(x):
    return sigmoid(x) * sigmoid(-x)


def _sigmoid3(x):
    s, q = sigmoid(x), sigmoid(-x)
    return s * q * ((q - s) ** 2 - 2 * s * q)


def _root(x):
    return mp.sign(x) * mp.cbrt(abs(x))


with mp.workdps(DIGITS):
    ROOT_PI, ROOT_2PI = mp.sqrt(mp.pi), mp.sqrt(2 * mp.pi)
    L2, L10 = mp.log(2), mp.log(10)

# name: the function and its first, second and third derivative
SMOOTH = {
    "negative": (lambda x: -x, lambda x: -1, lambda x: 0, lambda x: 0),
    "exp": (mp.exp,) * 4,
    "exp2": tuple(lambda x, n=n: L2**n * mpf(2) ** x for n in range(4)),
    "expm1": (mp.expm1, mp.exp, mp.exp, mp.exp),
    "log": (mp.log, lambda x: 1 / x, lambda x: -1 / x**2, lambda x: 2 / x**3),
    "log2": (
        lambda x: mp.log(x) / L2,
        lambda x: 1 / (x * L2),
        lambda x: -1 / (x**2 * L2),
        lambda x: 2 / (x**3 * L2),
    ),
    "log10": (
        lambda x: mp.log(x) / L10,
        lambda x: 1 / (x * L10),
        lambda x: -1 / (x**2 * L10),
        lambda x: 2 / (x**3 * L10),
    ),
    "log1p": (
        mp.log1p,
        lambda x: 1 / (1 + x),
        lambda x: -1 / (1 + x) ** 2,
        lambda x: 2 / (1 + x) ** 3,
    ),
    "sqrt": (
        mp.sqrt,
        lambda x: 1 / (2 * mp.sqrt(x)),
        lambda x: -1 / (4 * x * mp.sqrt(x)),
        lambda x: 3 / (8 * x * x * mp.sqrt(x)),
    ),
    "cbrt": (
        _root,
        lambda x: 1 / (3 * _root(x) ** 2),
        lambda x: -2 / (9 * _root(x) ** 5),
        lambda x: 10 / (27 * _root(x) ** 8),
    ),
    "square": (lambda x: x * x, lambda x: 2 * x, lambda x: 2, lambda x: 0),
    "reciprocal": (lambda x: 1 / x, lambda x: -1 / x**2, lambda x: 2 / x**3, lambda x: -6 / x**4),
    "sin": (mp.sin, mp.cos, lambda x: -mp.sin(x), lambda x: -mp.cos(x)),
    "cos": (mp.cos, lambda x: -mp.sin(x), lambda x: -mp.cos(x), mp.sin),
    "tan": (
        mp.tan,
        lambda x: mp.sec(x) ** 2,
        lambda x: 2 * mp.tan(x) * mp.sec(x) ** 2,
        lambda x: 2 * mp.sec(x) ** 2 * (mp.sec(x) ** 2 + 2 * mp.tan(x) ** 2),
    ),
    "asin": (
        mp.asin,
        lambda x: 1 / mp.sqrt(1 - x * x),
        lambda x: x / mp.sqrt(1 - x * x) ** 3,
        lambda x: (1 + 2 * x * x) / mp.sqrt(1 - x * x) ** 5,
    ),
    "acos": (
        mp.acos,
        lambda x: -1 / mp.sqrt(1 - x * x),
        lambda x: -x / mp.sqrt(1 - x * x) ** 3,
        lambda x: -(1 + 2 * x * x) / mp.sqrt(1 - x * x) ** 5,
    ),
    "atan": (
        mp.atan,
        lambda x: 1 / (1 + x * x),
        lambda x: -2 * x / (1 + x * x) ** 2,
        lambda x: (6 * x * x - 2) / (1 + x * x) ** 3,
    ),
    "sinh": (mp.sinh, mp.cosh, mp.sinh, mp.cosh),
    "cosh": (mp.cosh, mp.sinh, mp.cosh, mp.sinh),
    "tanh": (
        mp.tanh,
        lambda x: mp.sech(x) ** 2,
        lambda x: -2 * mp.tanh(x) * mp.sech(x) ** 2,
        lambda x: 2 * mp.sech(x) ** 2 * (2 * mp.tanh(x) ** 2 - mp.sech(x) ** 2),
    ),
    "sech": (
        mp.sech,
        lambda x: -mp.sech(x) * mp.tanh(x),
        lambda x: mp.sech(x) * (mp.tanh(x) ** 2 - mp.sech(x) ** 2),
        lambda x: mp.sech(x) * mp.tanh(x) * (5 * mp.sech(x) ** 2 - mp.tanh(x) ** 2),
    ),
    "asinh": (
        mp.asinh,
        lambda x: 1 / mp.sqrt(1 + x * x),
        lambda x: -x / mp.sqrt(1 + x * x) ** 3,
        lambda x: (2 * x * x - 1) / mp.sqrt(1 + x * x) ** 5,
    ),
    "acosh": (
        mp.acosh,
        lambda x: 1 / mp.sqrt(x * x - 1),
        lambda x: -x / mp.sqrt(x * x - 1) ** 3,
        lambda x: (2 * x * x + 1) / mp.sqrt(x * x - 1) ** 5,
    ),
    "atanh": (
        mp.atanh,
        lambda x: 1 / (1 - x * x),
        lambda x: 2 * x / (1 - x * x) ** 2,
        lambda x: (6 * x * x + 2) / (1 - x * x) ** 3,
    ),
    "sigmoid": (sigmoid, _sigmoid1, _sigmoid2, _sigmoid3),
    "softplus": (lambda x: mp.log1p(mp.exp(x)), sigmoid, _sigmoid1, _sigmoid2),
    "silu": (
        lambda x: x * sigmoid(x),
        lambda x: sigmoid(x) + x * _sigmoid1(x),
        lambda x: 2 * _sigmoid1(x) + x * _sigmoid2(x),
        lambda x: 3 * _sigmoid2(x) + x * _sigmoid3(x),
    ),
    "gaussian": (
        bell,
        lambda x: -x * bell(x),
        lambda x: (x * x - 1) * bell(x),
        lambda x: (3 * x - x**3) * bell(x),
    ),
    "erf": (
        mp.erf,
        lambda x: 2 / ROOT_PI * bell(x) ** 2,
        lambda x: -4 * x / ROOT_PI * bell(x) ** 2,
        lambda x: (8 * x * x - 4) / ROOT_PI * bell(x) ** 2,
    ),
    "erfc": (
        mp.erfc,
        lambda x: -2 / ROOT_PI * bell(x) ** 2,
        lambda x: 4 * x / ROOT_PI * bell(x) ** 2,
        lambda x: (4 - 8 * x * x) / ROOT_PI * bell(x) ** 2,
    ),
    "normal_cdf": (
        mp.ncdf,
        lambda x: bell(x) / ROOT_2PI,
        lambda x: -x * bell(x) / ROOT_2PI,
        lambda x: (x * x - 1) * bell(x) / ROOT_2PI,
    ),
    "gelu": (
        lambda x: x * mp.ncdf(x),
        lambda x: mp.ncdf(x) + x * bell(x) / ROOT_2PI,
        lambda x: (2 - x * x) * bell(x) / ROOT_2PI,
        lambda x: (x**3 - 4 * x) * bell(x) / ROOT_2PI,
    ),
}
# name: the function and its slope, where it has no corner
KINKED = {
    "absolute": (abs, mp.sign),
    "relu": (lambda x: max(x, mpf(0)), lambda x: mpf(x > 0)),
    "step": (lambda x: mpf(x > 0), lambda x: 0),
    "sign": (mp.sign, lambda x: 0),
    "floor": (mp.floor, lambda x: 0),
    "ceil": (mp.ceil, lambda x: 0),
    "trunc": (lambda x: mp.sign(x) * mp.floor(abs(x)), lambda x: 0),
}


def power(x, y):
    return mpf(1) if y == 0 else mpf(0) if x == 0 else mp.power(x, y)


def _truncated(x):
    return mp.sign(x) * mp.floor(abs(x))


def flat(x, y):
    return 0


def decayed(f):
    """The function, at 1e4 in place of anything beyond: it is the same there, and mpmath fails further out."""
    return lambda x: f(min(max(x, mpf(-10000)), mpf(10000)))


for _name in ("gaussian", "erf", "erfc", "normal_cdf"):
    SMOOTH[_name] = tuple(map(decayed, SMOOTH[_name]))
SMOOTH["gelu"] = (lambda x: x * SMOOTH["normal_cdf"][0](x), *map(decayed, SMOOTH["gelu"][1:]))

# name and parameters: the function and its slope
FAMILY = {
    **{
        ("power_of", p): (lambda x, p=p: mpf(x) ** p, lambda x, p=p: p * mpf(x) ** (mpf(p) - 1))
        for p in (3.0, -2.0, 0.5, 2.5, 1 / 3, 0.1, -0.3, 2.0000001)
    },
    ("leaky_relu_of", 0.01): (
        lambda x: x if x > 0 else 0.01 * x,
        lambda x: mpf(1) if x > 0 else mpf(0.01),
    ),
    ("elu_of", 1.5): (
        lambda x: x if x > 0 else 1.5 * mp.expm1(x),
        lambda x: mpf(1) if x > 0 else 1.5 * mp.exp(x),
    ),
    ("clamp_of", -1.0, 1.0): (lambda x: min(max(x, mpf(-1)), mpf(1)), lambda x: mpf(abs(x) <= 1)),
}

# name: the function and its slopes by both
TWO = {
    "add": (lambda x, y: x + y, lambda x, y: 1, lambda x, y: 1),
    "subtract": (lambda x, y: x - y, lambda x, y: 1, lambda x, y: -1),
    "multiply": (lambda x, y: x * y, lambda x, y: y, lambda x, y: x),
    "divide": (lambda x, y: x / y, lambda x, y: 1 / y, lambda x, y: -x / y**2),
    "floor_divide": (lambda x, y: mp.floor(x / y), flat, flat),
    "modulo": (
        lambda x, y: x - y * mp.floor(x / y),
        lambda x, y: 1,
        lambda x, y: -mp.floor(x / y),
    ),
    "fmod": (
        lambda x, y: x - y * _truncated(x / y),
        lambda x, y: 1,
        lambda x, y: -_truncated(x / y),
    ),
    "power": (power, lambda x, y: y * power(x, y - 1), lambda x, y: power(x, y) * mp.log(x)),
    "less": (lambda x, y: mpf(x < y), flat, flat),
    "less_equal": (lambda x, y: mpf(x <= y), flat, flat),
    "greater": (lambda x, y: mpf(x > y), flat, flat),
    "greater_equal": (lambda x, y: mpf(x >= y), flat, flat),
    "masked": (lambda x, y: x * y, lambda x, y: y, lambda x, y: x),
    "maximum": (max, lambda x, y: mpf(x > y), lambda x, y: mpf(y > x)),
    "minimum": (min, lambda x, y: mpf(x < y), lambda x, y: mpf(y < x)),
    "hypot": (mp.hypot, lambda x, y: x / mp.hypot(x, y), lambda x, y: y / mp.hypot(x, y)),
    "copysign": (
        lambda x, y: abs(x) * mp.sign(y),
        lambda x, y: mp.sign(x) * mp.sign(y),
        flat,
    ),
    "logaddexp": (
        lambda x, y: max(x, y) + mp.log1p(mp.exp(-abs(x - y))),
        lambda x, y: sigmoid(x - y),
        lambda x, y: sigmoid(y - x),
    ),
    "atan2": (mp.atan2, lambda y, x: x / (x * x + y * y), lambda y, x: -y / (x * x + y * y)),
}
# name: second derivatives by the first twice, by both, by the second twice
SECOND = {
    "multiply": (flat, lambda x, y: 1, flat),
    "divide": (flat, lambda x, y: -1 / y**2, lambda x, y: 2 * x / y**3),
    "hypot": (
        lambda x, y: y * y / mp.hypot(x, y) ** 3,
        lambda x, y: -x * y / mp.hypot(x, y) ** 3,
        lambda x, y: x * x / mp.hypot(x, y) ** 3,
    ),
    "atan2": (
        lambda y, x: -2 * x * y / mp.hypot(x, y) ** 4,
        lambda y, x: (y * y - x * x) / mp.hypot(x, y) ** 4,
        lambda y, x: 2 * x * y / mp.hypot(x, y) ** 4,
    ),
}


def numbers(seed):
    """Floats of every size, without end: random bits, tiny, huge, ±50, ±800, subnormal."""
    draw = random.Random(seed)
    sign = lambda: draw.choice((-1.0, 1.0))  # noqa: E731
    while True:
        yield from (
            _random_bits(draw),
            sign() * 10 ** draw.uniform(-323, 308),
            draw.uniform(-50, 50),
            draw.uniform(-800, 800),
            sign() * 10 ** draw.uniform(-6, 4),
            sign() * draw.uniform(1e308, 1.797e308),
            sign() * (draw.uniform(0, 1e-307) * 10 ** -draw.uniform(0, 16) + 5e-324),
            sign() * draw.uniform(26, 40),
            draw.uniform(-1, 1),
        )


def _random_bits(draw):
    while True:
        [x] = struct.unpack("<d", struct.pack("<Q", draw.getrandbits(64)))
        if math.isfinite(x) and x:
            return x


def pairs(seed):
    """Pairs of such floats, half of them of like size."""
    draw, xs, ys = random.Random(seed), numbers(seed + 1), numbers(seed + 2)
    for x, y in zip(xs, ys):
        near = x * draw.uniform(-3.0, 3.0)
        yield x, near if draw.random() < 0.5 and math.isfinite(near) and near not in (0.0, x) else y


def ulps(actual, true):
    """The distance in units in the last place of what is true, rounded to a float; inf where one is nan."""
    true = float(true)
    if actual == true:
        return 0.0
    if math.isinf(true) or math.isinf(actual):  # rounding may go one way or the other
        return 0.0 if min(abs(actual), abs(true)) > 1.7976931348623e308 else math.inf
    return abs(actual - true) / math.ulp(true) if actual == actual else math.inf
