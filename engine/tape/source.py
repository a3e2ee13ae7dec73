"""A recorded function as straight-line source for other tools, a statement for each number.

Two functions come out, `value` and `value_and_gradient`. Their arguments are the inputs, then the
parameters; every name is a v with a number, every constant is exact, and no text of the user's is
in it.

>>> from engine import Value
>>> from engine.tape.recording import recorded
>>> print(source(recorded(lambda x: x * 3.0, [2.0]), "numpy"))
# Inputs: v0. Parameters: none. The gradient is in that order.
import numpy as np
<BLANKLINE>
<BLANKLINE>
def value(v0):
    v1 = v0 * 3.0
    return v1
<BLANKLINE>
<BLANKLINE>
def value_and_gradient(v0):
    v1 = v0 * 3.0
    return v1, [3.0]
<BLANKLINE>
"""

import math
from collections.abc import Iterator

from ..javascript import ARITHMETIC, INFIX, literal
from .assignments import Assignments, assigned
from .jit import numpy
from .kernels.arithmetic import NAMES
from .kernels.expansion import KIND, OP, mark
from .kernels.plan import CONSTANT, LEAF
from .recording import Graph

np = numpy()
LANGUAGES = ("python", "numpy", "jax", "torch", "c", "javascript")

_PYTHON = {
    **INFIX,
    "absolute": "abs({0})",
    "relu": "{0} if {0} > 0.0 or {0} != {0} else 0.0",
    "maximum": "{0} if {0} >= {1} or {0} != {0} else {1}",
    "minimum": "{0} if {0} <= {1} or {0} != {0} else {1}",
    "greater": "float({0} > {1})",
    "greater_equal": "float({0} >= {1})",
    "where": "{1} if {0} else {2}",
    "masked": "{0} * {1} if {0} else 0.0",
    "guard": "{1} if {0} == {0} else math.nan",
    "step": "float({0} > 0.0) if {0} == {0} else {0}",
    "sign": "{0} if {0} != {0} or {0} == 0.0 else math.copysign(1.0, {0})",
}
_ARRAY = {
    **INFIX,
    "divide": "{0} / {1}",
    "absolute": "@.abs({0})",
    "relu": "@.where({0} <= 0.0, 0.0, {0})",
    "maximum": "@.where(({0} >= {1}) | ({0} != {0}), {0}, {1})",
    "minimum": "@.where(({0} <= {1}) | ({0} != {0}), {0}, {1})",
    "greater": "@.where({0} > {1}, 1.0, 0.0)",
    "greater_equal": "@.where({0} >= {1}, 1.0, 0.0)",
    "where": "@.where({0} != 0.0, {1}, {2})",
    "masked": "@.where({0} != 0.0, {0} * {1}, 0.0)",
    "guard": "@.where({0} == {0}, {1}, @.nan)",
    "step": "@.where({0} == {0}, @.where({0} > 0.0, 1.0, 0.0), {0})",
    "power": "{0} ** {1}",
    "atan2": "@.arctan2({0}, {1})",
    "modulo": "@.mod({0}, {1})",
    "asin": "@.arcsin({0})",
    "acos": "@.arccos({0})",
    "atan": "@.arctan({0})",
    "asinh": "@.arcsinh({0})",
    "acosh": "@.arccosh({0})",
    "atanh": "@.arctanh({0})",
    "sigmoid": "@.where({0} >= 0.0, 1.0, @.exp(-@.abs({0}))) / (1.0 + @.exp(-@.abs({0})))",
    "gaussian": "@.exp(-0.5 * {0} * {0})",
    "normal_cdf": "0.5 * special.erfc(-{0} * 0.5**0.5)",
    "erf": "special.erf({0})",
    "erfc": "special.erfc({0})",
}
_TORCH = {
    "cbrt": "torch.sign({0}) * torch.abs({0}) ** (1.0 / 3.0)",
    "modulo": "torch.remainder({0}, {1})",
    "sign": "torch.where({0} == {0}, torch.sign({0}), {0})",
    "normal_cdf": "0.5 * torch.erfc(-{0} * 0.5**0.5)",
    "erf": "torch.erf({0})",
    "erfc": "torch.erfc({0})",
    "atan2": "torch.atan2({0}, {1})",
    "greater": "({0} > {1}).double()",
    "greater_equal": "({0} >= {1}).double()",
    "step": "torch.where({0} == {0}, ({0} > 0.0).double(), {0})",
    **{
        name: f"torch.{name}({{0}})" for name in ("asin", "acos", "atan", "asinh", "acosh", "atanh")
    },
}
_C = {
    **INFIX,
    "divide": "{0} / {1}",
    "absolute": "fabs({0})",
    "relu": "{0} <= 0.0 ? 0.0 : {0}",
    "maximum": "{0} >= {1} || {0} != {0} ? {0} : {1}",
    "minimum": "{0} <= {1} || {0} != {0} ? {0} : {1}",
    "greater": "{0} > {1}",
    "greater_equal": "{0} >= {1}",
    "where": "{0} != 0.0 ? {1} : {2}",
    "masked": "{0} != 0.0 ? {0} * {1} : 0.0",
    "guard": "{0} == {0} ? {1} : NAN",
    "step": "{0} == {0} ? {0} > 0.0 : {0}",
    "sign": "{0} != {0} || {0} == 0.0 ? {0} : copysign(1.0, {0})",
    "power": "pow({0}, {1})",
    "sigmoid": "({0} >= 0.0 ? 1.0 : exp(-fabs({0}))) / (1.0 + exp(-fabs({0})))",
}

_PYTHON_HEAD = '''import math


def total(function, sign=1.0):
    """The function with nan outside its domain, inf where it is too large."""
    def call(*numbers):
        try:
            return function(*numbers)
        except ValueError:
            return math.nan
        except OverflowError:
            return -math.inf if function is math.sinh and numbers[0] < 0.0 else math.inf
    return call


def divide(x, y):
    if y != 0.0:
        return x / y
    return math.nan if x == 0.0 or x != x else math.copysign(math.inf, x) * math.copysign(1.0, y)


def power(x, y):
    try:
        return math.pow(x, y)
    except ValueError:
        if x != 0.0:
            return math.nan
    except OverflowError:
        pass
    return -math.inf if math.copysign(1.0, x) < 0.0 and y % 2.0 == 1.0 else math.inf


def logarithm(function, pole=0.0):
    return lambda x: function(x) if x > pole else -math.inf if x == pole else math.nan


def whole(function):
    return lambda x: math.copysign(function(x), x) if math.isfinite(x) else x


def atanh(x):
    if abs(x) == 1.0:
        return math.copysign(math.inf, x)
    return math.atanh(x) if abs(x) < 1.0 else math.nan


def sigmoid(x):
    e = math.exp(-abs(x))
    return 1.0 / (1.0 + e) if x >= 0.0 else e / (1.0 + e)


def lost(x):
    a = 134217729.0 * x - (134217729.0 * x - x)
    return a * a - x * x + (x - a) * (x + a)


def gaussian(x):
    """exp(-x²/2); `lost` is what x² loses by rounding."""
    x = min(abs(x), 40.0)
    return math.exp(-0.5 * x * x) * (1.0 - 0.5 * lost(x))


def normal_cdf(x):
    t = -x * math.sqrt(0.5)
    p = 0.5 * math.erfc(t)
    return p * (1.0 - (0.5 * x * x - t * t) - (0.5 * lost(x) - lost(t))) if -40.0 < x < 0.0 else p


def floor_divide(x, y):
    return x // y if y != 0.0 else divide(x, y)


def modulo(x, y):
    return x % y if y != 0.0 else math.nan


exp, exp2, expm1, sqrt, fmod = map(total, (math.exp, math.exp2, math.expm1, math.sqrt, math.fmod))
sin, cos, tan, asin, acos = map(total, (math.sin, math.cos, math.tan, math.asin, math.acos))
sinh, cosh, acosh = map(total, (math.sinh, math.cosh, math.acosh))
log, log2, log10 = map(logarithm, (math.log, math.log2, math.log10))
log1p = logarithm(math.log1p, -1.0)
floor, ceil, trunc = map(whole, (math.floor, math.ceil, math.trunc))
from math import asinh, atan, atan2, cbrt, copysign, erf, erfc, hypot, tanh
'''
_C_HEAD = """#include <math.h>

static double modulo(double x, double y) {
    double r = fmod(x, y);
    if (r == 0.0) return copysign(0.0, y);
    return r != 0.0 && (y < 0.0) != (r < 0.0) ? r + y : r;
}

static double floor_divide(double x, double y) {
    if (y == 0.0) return x / y;
    double r = fmod(x, y), q = (x - r) / y;
    if (r != 0.0 && (y < 0.0) != (r < 0.0)) q -= 1.0;
    if (q == 0.0) return copysign(0.0, x / y);
    double whole = floor(q);
    return q - whole > 0.5 ? whole + 1.0 : whole;
}

static double lost(double x) {
    double a = 134217729.0 * x - (134217729.0 * x - x);
    return a * a - x * x + (x - a) * (x + a);
}

static double gaussian(double x) {
    if (fabs(x) > 40.0) return 0.0;
    return exp(-0.5 * x * x) * (1.0 - 0.5 * lost(x));
}

static double normal_cdf(double x) {
    double t = -x * sqrt(0.5), p = 0.5 * erfc(t);
    if (x >= 0.0 || !(x > -40.0)) return p;
    return p * (1.0 - (0.5 * x * x - t * t) - (0.5 * lost(x) - lost(t)));
}
"""
_HEADS = {
    "python": _PYTHON_HEAD,
    "numpy": "import numpy as np\n",
    "c": _C_HEAD,
    "javascript": ARITHMETIC,
    "torch": "import torch\n",
    "jax": "import jax\nimport jax.numpy as np\nfrom jax.scipy import special\n\n"
    'jax.config.update("jax_enable_x64", True)\n',
}


def source(graph: Graph, language: str) -> str:
    """Return the source in one of LANGUAGES.

    Raises ValueError for another. C takes an array v and fills an array.
    """
    if language not in LANGUAGES:
        raise ValueError(f"no source in {language!r}: choose one of {', '.join(LANGUAGES)}")
    made = assigned(graph, "all", fast=False)
    count = graph.inputs + len(graph.parameters)
    inputs, parameters = _between(0, graph.inputs), _between(graph.inputs, count)
    text = _Text(made, range(graph.constants, graph.leaves), language)
    mark_of = "//" if language in ("c", "javascript") else "#"
    opening = (
        f"{mark_of} Inputs: {inputs}. Parameters: {parameters}. The gradient is in that order.\n"
    )
    functions = [
        text.function("value", []),
        text.function("value_and_gradient", made.gradients[graph.constants :].tolist()),
    ]
    body = "\n\n".join("\n".join(lines) + "\n" for lines in functions)
    needs_special = language == "numpy" and "special." in body
    head = _HEADS[language] + ("from scipy import special\n" if needs_special else "")
    return opening + head + ("\n" if mark_of == "//" else "\n\n") + body


def _between(start: int, stop: int) -> str:
    """Return the names of the numbers from `start` up to `stop`, which is left out.

    >>> _between(0, 3), _between(3, 4), _between(4, 4)
    ('v0 … v2', 'v3', 'none')
    """
    names = [f"v{start}", f"v{stop - 1}"][: stop - start]
    return " … ".join(names) or "none"


class _Text:
    """Statements of one language for the assignments that a result needs."""

    def __init__(self, made: Assignments, arguments: range, language: str):
        self.made, self.arguments, self.language = made, arguments, language
        self.names: dict[int, str] = {}

    def function(self, name: str, grads: list[int]) -> list[str]:
        arguments = [f"v{i}" for i in range(len(self.arguments))]
        self.names = dict(zip(self.arguments, arguments))
        statements = list(self._statements([self.made.root, *grads]))
        value, slopes = self._name(self.made.root), [self._name(i) for i in grads]
        if self.language == "c":
            return self._c_function(name, arguments, statements, value, slopes)
        if self.language == "javascript":
            result = f"[{value}, [{', '.join(slopes)}]]" if name != "value" else value
            lines = [*(f"const {line};" for line in statements), f"return {result};"]
            opening = f"function {name}({', '.join(arguments)}) {{"
            return [opening, *(f"  {line}" for line in lines), "}"]
        result = f"{value}, [{', '.join(slopes)}]" if name != "value" else value
        return [
            f"def {name}({', '.join(arguments)}):",
            *(f"    {line}" for line in statements),
            f"    return {result}",
        ]

    def _c_function(
        self, name: str, arguments: list[str], statements: list[str], value: str, slopes: list[str]
    ) -> list[str]:
        out = ", double *gradient" if name != "value" else ""
        loads = [f"double v{i} = v[{i}];" for i in range(len(arguments))]
        stores = [f"gradient[{i}] = {slope};" for i, slope in enumerate(slopes)]
        lines = [*loads, *(f"double {line};" for line in statements), *stores, f"return {value};"]
        return [f"double {name}(const double *v{out}) {{", *(f"    {line}" for line in lines), "}"]

    def _statements(self, results: list[int]) -> Iterator[str]:
        code = self.made.code
        uses = np.zeros(len(code), np.int32)
        uses[[i for i in results if i >= 0]] = 1
        mark(code, uses)
        for i in np.flatnonzero(uses).tolist():
            if code[i, KIND] != CONSTANT and code[i, OP] != LEAF:
                expression = self._expression(*code[i, :KIND].tolist())
                self.names[i] = f"v{len(self.names)}"
                yield f"{self.names[i]} = {expression}"

    def _expression(self, op: int, *operands: int) -> str:
        name = NAMES[op]
        texts = [self._name(i) for i in operands if i >= 0]
        if name in ("add", "multiply") and operands[0] not in self.names:
            texts.reverse()  # v0 * 3.0, not 3.0 * v0
        pattern = self._pattern(name, len(texts))
        needs_tensors = pattern.startswith("torch.") and (
            name in ("where", "guard") or "torch.where" not in pattern
        )
        if self.language == "torch" and needs_tensors:  # two plain numbers would become float32
            texts = [
                t if t.startswith("v") else f"torch.tensor({t}, dtype=torch.float64)" for t in texts
            ]
        return pattern.format(*texts)

    def _pattern(self, name: str, n: int) -> str:
        call = f"{name}({', '.join(f'{{{i}}}' for i in range(n))})"
        if self.language == "python":
            return _PYTHON.get(name, call)
        if self.language == "c":
            return _C.get(name, call)
        if self.language == "javascript":
            return INFIX.get(name, call)
        module = "torch" if self.language == "torch" else "np"
        table = {**_ARRAY, **_TORCH} if module == "torch" else _ARRAY
        return table.get(name, "@." + call).replace("@", module)

    def _name(self, i: int) -> str:
        if i < 0:
            return "0.0"
        return self.names[i] if i in self.names else self._number(float(self.made.value[i]))

    def _number(self, x: float) -> str:
        if self.language == "javascript":
            return literal(x)
        if math.isfinite(x):
            return repr(x) if x >= 0.0 and math.copysign(1.0, x) > 0.0 else f"({x!r})"
        name = "nan" if x != x else "inf"
        module = {"python": "math.", "torch": "torch.", "c": ""}.get(self.language, "np.")
        text = {"nan": "NAN", "inf": "INFINITY"}[name] if self.language == "c" else module + name
        return f"(-{text})" if x < 0.0 else text
