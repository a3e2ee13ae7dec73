"""Lowering: each operation in the tape's instructions, its forward and, by its rule, its slopes.

A *template* is worked out once for each operation and number of operands, by calling the
operation's rule with leaves for z and the operands and reading the graph that comes back. So the
tape has no table of derivatives.

>>> from engine.operations import multiply
>>> Lowering().template(multiply, 2).local  # the slope by operand 0 is operand 1, and conversely
[1, 0]
"""

from collections.abc import Callable, Sequence
from math import copysign, nan
from typing import NamedTuple

from ..graph import topological_order
from ..operation import OPERATIONS, Operation
from ..operations import (
    absolute,
    divide,
    exp,
    expm1,
    log1p,
    maximum,
    minimum,
    normal_cdf,
    pick,
    raise_to,
    sigmoid,
    where,
)
from ..types import Number
from ..value import Value, lift
from .kernels.arithmetic import CODES
from .kernels.expansion import ABSENT

Step = tuple[int, int, int, int]  # an operation's code and its operands x, y, z

# Operations whose values are finite where their operands are.
_TAME = (
    "greater greater_equal add subtract multiply negative step sign sin cos sigmoid erfc exp floor "
    "gaussian normal_cdf"
)
_TAME_CODES = {CODES[name] for name in _TAME.split()}


class Template(NamedTuple):
    """The steps of an operation of n operands.

    See kernels.expansion.Templates for how operands are numbered.
    """

    forward: list[Step]
    result: int
    derivative: list[Step]
    local: list[int]
    tame: bool
    domain: bool
    pick: bool


class Lowering:
    """Templates by operation and number of operands, and the constants of them and the graph."""

    def __init__(self) -> None:
        self.constants: dict[tuple[float, float] | str, int] = {}
        self.values: list[float] = []
        self.numbers: dict[tuple[Operation, int], int] = {}
        self.templates: list[Template] = []
        for x in (1.0, -1.0):  # ONE and MINUS_ONE
            self.constant(x)

    def constant(self, x: float) -> int:
        """Return the number of the constant x among the constants; equal bits share one."""
        key = (x, copysign(1.0, x)) if x == x else "nan"
        if key not in self.constants:
            self.constants[key] = len(self.values)
            self.values.append(x)
        return self.constants[key]

    def number(self, operation: Operation, n: int) -> int:
        """Return the number of the template of an operation of n operands."""
        key = (operation, n)
        if key not in self.numbers:
            self.numbers[key] = len(self.templates)
            self.templates.append(self.template(operation, n))
        return self.numbers[key]

    def template(self, operation: Operation, n: int) -> Template:
        """Work out the template of an operation of n operands."""
        forward: list[Step] = []
        result = self._inline(forward, n, operation, list(range(n)))
        z, operands = Value(1.0), [Value(1.0) for _ in range(n)]
        known = {leaf: i for i, leaf in enumerate([*operands, z])}
        derivative: list[Step] = []
        slopes = operation.rule(z, *operands)
        local = [self._graph(derivative, n, lift(slope), known) for slope in slopes]
        tame = all(code in _TAME_CODES for code, *_ in derivative)
        picks = operation is pick
        return Template(forward, result, derivative, local, tame, operation.domain, picks)

    def _graph(self, steps: list[Step], n: int, root: Value, known: dict[Value, int]) -> int:
        """Append what computes `root`.

        `known` has the operands that leaves stand for, and learns the nodes.
        """
        for node in topological_order(root)[0]:
            if node not in known:
                operands = [self._leaf(known, parent) for parent in node.parents]
                assert node.operation is not None
                known[node] = self._inline(steps, n, node.operation, operands)
        return self._leaf(known, root)

    def _leaf(self, known: dict[Value, int], node: Value) -> int:
        return known[node] if node in known else -1 - self.constant(node.data)

    def _inline(self, steps: list[Step], n: int, operation: Operation, operands: list[int]) -> int:
        """Append one operation: an instruction, or the instructions that it is short for."""
        if operation.name in CODES and OPERATIONS.get(operation.name) is operation:
            x, y, z = [*operands, ABSENT, ABSENT][:3]
            steps.append((CODES[operation.name], x, y, z))
            return n + len(steps)
        leaves = [Value(1.0) for _ in operands]
        root = lift(_lowered(operation, leaves))
        return self._graph(steps, n, root, dict(zip(leaves, operands, strict=True)))


def _lowered(operation: Operation, leaves: list[Value]) -> Number:
    """Return the operation written in simpler ones.

    A user's primitive is written by its own forward.
    """
    if operation.parameters and operation.name in _FAMILIES:
        return _FAMILIES[operation.name](leaves[0], *operation.parameters)
    in_table = OPERATIONS.get(operation.name) is operation
    written: Callable[..., Number] = _LOWERED[operation.name] if in_table else operation.forward
    try:
        return written(*leaves)
    except TypeError as error:
        raise TypeError(
            f"the tape can't record {operation.name}: its forward takes plain floats only; write "
            "it with the functions of engine (engine.sin for math.sin), or build it from operations"
        ) from error


def _weighted_sum(*xs: Value) -> Value:
    z = xs[-1]
    for x, weight in zip(xs[len(xs) // 2 : -1], xs):
        z = z + weight * x
    return z


def _add_up(xs: Sequence[Value]) -> Value:
    z = lift(0.0)
    for x in xs:
        z = z + x
    return z


def _product(*xs: Value) -> Value:
    z = lift(1.0)
    for x in xs:
        z = z * x
    return z


def _logsumexp(*xs: Number) -> Value:
    """Return peak + log(1 + Σ exp(x - peak)) without the first largest x.

    Peak where it is not finite.
    """
    peak = lift(xs[0])
    for x in xs[1:]:
        peak = maximum(peak, x)
    rest = _rest(xs, peak) if len(xs) > 2 else [exp(minimum(xs[0], x) - peak) for x in xs[1:]]
    z = peak + log1p(_add_up(rest))
    return lift(where(peak - peak, peak, z))  # inf - inf is nan, hence true


def _rest(xs: Sequence[Number], peak: Value) -> list[Value]:
    """Return exp(x - peak) for each x, but 0 for the first that is the peak."""
    met, terms = lift(0.0), []
    for x in xs:
        term = exp(x - peak)
        terms.append(where(met, term, where(x >= peak, 0.0, term)))
        met = maximum(met, x >= peak)
    return terms


def _sech(x: Number) -> Number:
    e = exp(-absolute(x))
    return divide(2.0 * e, 1.0 + e * e)


def _pick(*xs: Value) -> Value:
    """Return x₀ where the index is 0, else x₁ where it is 1, … else nan: so unless fused."""
    *values, index = xs
    chosen = lift(nan)
    for k, x in enumerate(values):
        chosen = lift(where(index - k, chosen, x))
    return chosen


_LOWERED: dict[str, Callable[..., Number]] = {
    "less": lambda x, y: y > x,
    "less_equal": lambda x, y: y >= x,
    "square": lambda x: x * x,
    "reciprocal": lambda x: 1.0 / x,
    "softplus": lambda x: _logsumexp(x, 0.0),
    "logaddexp": _logsumexp,
    "logsumexp": _logsumexp,
    "sech": _sech,
    "silu": lambda x: x * sigmoid(x),
    "gelu": lambda x: x * normal_cdf(x),
    "weighted_sum": _weighted_sum,
    "total": lambda *xs: _add_up(xs),
    "mean": lambda *xs: _add_up(xs) / float(len(xs)),
    "product": _product,
    "pick": _pick,
}
_FAMILIES: dict[str, Callable[..., Number]] = {
    "power": lambda x, p: raise_to(x, lift(p)),
    "leaky_relu": lambda x, slope: where(x > 0.0, x, slope * x),
    "elu": lambda x, alpha: where(x > 0.0, x, alpha * expm1(x)),
    "clamp": lambda x, low, high: where(x < low, low, where(x > high, high, x)),
}
