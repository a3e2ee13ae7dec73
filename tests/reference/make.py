"""Makes operations.json beside this file: values and derivatives of every operation in 50-digit arithmetic.

    python tests/reference/make.py        needs mpmath; run it by hand after adding an operation, and commit the result

The functions below are written with mpmath alone, so that the table owes nothing to the code that it tests.
Operands are floats, taken as exact; what comes out is rounded once, to the nearest double.
"""

import json
import math
from pathlib import Path

import mpmath
from mpmath import mpf

mpmath.mp.dps = (
    150  # derivatives are taken by differences, which costs digits; 50 are left over and more
)


def _sigmoid(x):
    return 1 / (1 + mpmath.exp(-x))


EVERYWHERE = [-3.25, -0.7, -1e-3, 1e-8, 0.3, 1.0, 2.5, 11.0]
POSITIVE = [1e-300, 1e-8, 0.2, 0.9999, 1.0000001, 3.0, 700.0, 1e250]
INSIDE = [-0.999999, -0.6, -1e-9, 0.1, 0.5, 0.99999999]
MODERATE = [-4.5, -2.0, -0.3, 1e-7, 0.4, 1.5, 4.9]
PAIRS = [(0.5, 2.0), (3.0, -1.5), (1e-3, 7.0), (12.5, 0.25)]

SMOOTH = {  # name: (function, operands)
    "negative": (lambda x: -x, EVERYWHERE),
    "exp": (mpmath.exp, [*EVERYWHERE, -700.0, 700.0]),
    "exp2": (lambda x: mpf(2) ** x, [*EVERYWHERE, -1000.0, 1000.0]),
    "expm1": (mpmath.expm1, [*EVERYWHERE, -40.0, 40.0]),
    "log": (mpmath.log, POSITIVE),
    "log2": (lambda x: mpmath.log(x) / mpmath.log(2), POSITIVE),
    "log10": (mpmath.log10, POSITIVE),
    "log1p": (mpmath.log1p, [-0.999, -1e-8, 1e-12, 0.5, 20.0]),
    "sqrt": (mpmath.sqrt, POSITIVE),
    "cbrt": (lambda x: mpmath.sign(x) * mpmath.cbrt(abs(x)), [-8.0, -0.1, 0.3, 27.5, 1e30]),
    "square": (lambda x: x * x, EVERYWHERE),
    "reciprocal": (lambda x: 1 / x, [-3.0, -1e-8, 1e-8, 0.3, 1e100]),
    "sin": (mpmath.sin, [*EVERYWHERE, 100.0]),
    "cos": (mpmath.cos, [*EVERYWHERE, 100.0]),
    "tan": (mpmath.tan, [*EVERYWHERE, 1.57]),
    "asin": (mpmath.asin, INSIDE),
    "acos": (mpmath.acos, INSIDE),
    "atan": (mpmath.atan, [*EVERYWHERE, 1e9]),
    "sinh": (mpmath.sinh, [*EVERYWHERE, 300.0]),
    "cosh": (mpmath.cosh, [*EVERYWHERE, 300.0]),
    "tanh": (mpmath.tanh, [*EVERYWHERE, 6.7, -19.0]),
    "sech": (mpmath.sech, [*EVERYWHERE, -19.0, 300.0]),
    "asinh": (mpmath.asinh, [*EVERYWHERE, 1e9]),
    "acosh": (mpmath.acosh, [1.0000001, 1.5, 3.0, 1e9]),
    "atanh": (mpmath.atanh, INSIDE),
    "sigmoid": (_sigmoid, [*EVERYWHERE, -40.0, 36.0]),
    "softplus": (lambda x: mpmath.log1p(mpmath.exp(x)), [*EVERYWHERE, -40.0, 36.0]),
    "silu": (lambda x: x * _sigmoid(x), MODERATE),
    "gaussian": (lambda x: mpmath.exp(-x * x / 2), MODERATE),
    "normal_cdf": (mpmath.ncdf, MODERATE),
    "erf": (mpmath.erf, MODERATE),
    "erfc": (mpmath.erfc, MODERATE),
    "gelu": (lambda x: x * mpmath.ncdf(x), MODERATE),
    "add": (lambda x, y: x + y, PAIRS),
    "subtract": (lambda x, y: x - y, PAIRS),
    "multiply": (lambda x, y: x * y, PAIRS),
    "divide": (lambda x, y: x / y, PAIRS),
    "power": (
        lambda x, y: x**y,
        [*PAIRS, (1e-90, 1 / 3), (1e80, 0.3), (1e-60, 0.1), (1e80, -0.7), (1e-60, -0.3)],
    ),
    "hypot": (mpmath.hypot, PAIRS),
    "atan2": (mpmath.atan2, [*PAIRS, (-1e200, 1e200)]),
    "logaddexp": (lambda x, y: mpmath.log(mpmath.exp(x) + mpmath.exp(y)), PAIRS),
    "masked": (lambda g, local: g * local, PAIRS),
    "weighted_sum": (lambda v, w, x, y, b: b + v * x + w * y, [(0.5, -2.0, 3.0, 0.25, 1.0)]),
    "total": (lambda x, y, z: x + y + z, [(0.5, -2.0, 3.0)]),
    "mean": (lambda x, y, z: (x + y + z) / 3, [(0.5, -2.0, 3.0)]),
    "product": (lambda x, y, z: x * y * z, [(0.5, -2.0, 3.0), (0.0, 4.0, 5.0)]),
    "logsumexp": (
        lambda x, y, z: mpmath.log(sum(map(mpmath.exp, (x, y, z)))),
        [(0.5, -2.0, 3.0), (30.0, 31.0, -2.0), (1000.0, 1000.5, 990.0)],
    ),
    "power_of": (
        lambda x, p: x**p,
        [
            (1.7, 3.0),
            (0.3, -2.0),
            (2.5, 0.5),
            (-1.5, 4.0),
            (1e-90, 1 / 3),
            (1e80, 0.3),
            (1e-60, 0.1),
            (1e5, -0.3),
        ],
    ),
    "elu_of": (
        lambda x, a: x if x > 0 else a * mpmath.expm1(x),
        [(2.0, 1.0), (-1.5, 0.5), (-30.0, 1.0)],
    ),
}
KINKED = {  # one-sided functions at points where they are smooth
    "absolute": (abs, EVERYWHERE),
    "relu": (lambda x: max(x, mpf(0)), EVERYWHERE),
    "step": (lambda x: mpf(x > 0), EVERYWHERE),
    "sign": (mpmath.sign, EVERYWHERE),
    "floor": (mpmath.floor, [-2.5, -0.1, 0.1, 7.75]),
    "ceil": (mpmath.ceil, [-2.5, -0.1, 0.1, 7.75]),
    "trunc": (lambda x: mpmath.sign(x) * mpmath.floor(abs(x)), [-2.5, -0.1, 0.1, 7.75]),
    "floor_divide": (lambda x, y: mpmath.floor(x / y), [(7.5, 2.0), (-7.5, 2.0), (3.0, -0.7)]),
    "modulo": (lambda x, y: x - y * mpmath.floor(x / y), [(7.5, 2.0), (-7.5, 2.0), (3.0, -0.7)]),
    "fmod": (
        lambda x, y: x - y * mpmath.sign(x / y) * mpmath.floor(abs(x / y)),
        [(7.5, 2.0), (-7.5, 2.0), (3.0, -0.7)],
    ),
    "less": (lambda x, y: mpf(x < y), PAIRS),
    "less_equal": (lambda x, y: mpf(x <= y), PAIRS),
    "greater": (lambda x, y: mpf(x > y), PAIRS),
    "greater_equal": (lambda x, y: mpf(x >= y), PAIRS),
    "where": (lambda c, x, y: x if c else y, [(1.0, 2.0, 3.0)]),
    "pick": (
        lambda x, y, index: (x, y)[mpmath.nint(index) == 1],
        [(2.0, 3.0, 0.0), (2.0, 3.0, 1.0)],
    ),
    "maximum": (max, PAIRS),
    "minimum": (min, PAIRS),
    "copysign": (lambda x, y: abs(x) * mpmath.sign(y), [*PAIRS, (-2.0, 3.0)]),
    "leaky_relu_of": (lambda x, s: x if x > 0 else s * x, [(2.0, 0.01), (-2.0, 0.01)]),
    "clamp_of": (
        lambda x, low, high: min(max(x, low), high),
        [(0.5, -1.0, 1.0), (2.0, -1.0, 1.0), (-2.0, -1.0, 1.0)],
    ),
}
PARAMETERS = {
    "power_of": 1,
    "elu_of": 1,
    "leaky_relu_of": 1,
    "clamp_of": 2,
}  # trailing numbers that are not operands


def rows():
    for kind, table in (("smooth", SMOOTH), ("kinked", KINKED)):
        for name, (f, points) in table.items():
            for point in points:
                yield _row(name, kind, f, point if isinstance(point, tuple) else (point,))


def _row(name, kind, f, point):
    n = len(point) - PARAMETERS.get(name, 0)
    operands, parameters = [mpf(x) for x in point[:n]], [mpf(x) for x in point[n:]]
    g = lambda *xs: f(*xs, *parameters)  # noqa: E731
    row = {
        "operation": name,
        "kind": kind,
        "operands": list(point[:n]),
        "parameters": list(point[n:]),
        "value": float(g(*operands)),
        "slopes": [_derivative(g, operands, [i]) for i in range(n)],
    }
    if name == "where":
        row["slopes"][0] = 0.0
    if kind == "smooth":
        row["second"] = [[_derivative(g, operands, [i, j]) for j in range(n)] for i in range(n)]
        row["third"] = [_derivative(g, operands, [i, i, i]) for i in range(n)]
    return row


def _derivative(f, operands, which):
    """The partial derivative by the operands that `which` names, at a step that suits the size of each."""
    slope, step = _difference(f, operands, which), mpf(1)
    for i in which:
        step *= _step(operands[i])
    noise = (
        mpf(10) ** -130 * abs(f(*operands)) / step
    )  # what rounding leaves of a derivative that is zero
    return float(slope) if abs(slope) > noise else 0.0


def _step(x):
    return mpf(10) ** -30 * (abs(x) or 1)


def _difference(f, operands, which):
    if not which:
        return f(*operands)
    i, rest = which[0], which[1:]
    h = _step(operands[i])
    up, down = ([x + (s * h if k == i else 0) for k, x in enumerate(operands)] for s in (1, -1))
    return (_difference(f, up, rest) - _difference(f, down, rest)) / (
        2 * h
    )  # error h²/6·f‴: beyond 50 digits


if __name__ == "__main__":
    found = list(rows())
    assert all(math.isfinite(row["value"]) for row in found)
    text = ",\n".join(json.dumps(row) for row in found)
    about = json.dumps(
        f"made by make.py with mpmath {mpmath.__version__} at {mpmath.mp.dps} digits, each number rounded once"
    )
    Path(__file__).with_name("operations.json").write_text(
        f'{{"about": {about}, "rows": [\n{text}\n]}}\n', encoding="utf-8", newline="\n"
    )
    print(len(found), "rows")
