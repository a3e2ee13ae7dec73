"""How each operation is spelled in the instructions of the tape: its forward and, from its own rule, its slopes.

A *template* is worked out once for each operation and number of operands, by calling the
operation's rule with leaves for z and the operands and reading the graph that comes back. So the
tape has no table of derivatives.

>>> from engine.operations import multiply
>>> spell = Speller()
>>> spell.template(multiply, 2).slots  # the slope by operand 0 is operand 1, and the other way round
[1, 0]
"""

from collections.abc import Callable
from math import copysign, sqrt
from typing import Any, NamedTuple

from ..graph import topological_order
from ..operation import OPERATIONS, Operation
from ..operations import erfc, exp, expm1, log1p, maximum, minimum, raise_to, sigmoid, where
from ..value import Value, lift
from .kernels import CODES

Step = tuple[
    int, int, int, int
]  # operation (+ 256 with a second operand, + 512 with a third), operands
_TAME = {
    CODES[name]
    for name in (
        "greater",
        "greater_equal",
        "add",
        "subtract",
        "multiply",
        "negative",
        "step",
        "sign",
        "sin",
        "cos",
        "sigmoid",
        "erfc",
        "exp",
        "floor",
    )
}  # finite for finite operands


class Template(NamedTuple):
    """Operands are numbered 0 … n-1, the node itself n, the steps from n + 1; a constant leaf c is -1 - c."""

    forward: list[Step]
    result: int
    derivative: list[Step]
    slots: list[int]
    flags: (
        int  # 1: every slope is finite where the operands are; 2: slopes are nan where the value is
    )


class Speller:
    """Templates by operation and number of operands, and the constants that they and the graph use."""

    def __init__(self) -> None:
        self.constants: dict[tuple[float, float] | str, int] = {}
        self.values: list[float] = []
        self.templates: dict[tuple[Operation, int], int] = {}
        self.made: list[Template] = []
        self.one, self.minus = self.constant(1.0), self.constant(-1.0)

    def constant(self, x: float) -> int:
        """The number of the constant x among the constants; equal bits share one."""
        key = (x, copysign(1.0, x)) if x == x else "nan"
        if key not in self.constants:
            self.constants[key] = len(self.values)
            self.values.append(x)
        return self.constants[key]

    def number(self, operation: Operation, n: int) -> int:
        """The number of the template of an operation of n operands."""
        key = (operation, n)
        if key not in self.templates:
            self.templates[key] = len(self.made)
            self.made.append(self.template(operation, n))
        return self.templates[key]

    def template(self, operation: Operation, n: int) -> Template:
        forward: list[Step] = []
        result = self._inline(forward, n, operation, list(range(n)))
        z, operands = Value(1.0), [Value(1.0) for _ in range(n)]
        refs = {leaf: i for i, leaf in enumerate([*operands, z])}
        derivative: list[Step] = []
        slopes = operation.rule(z, *operands)
        slots = [self._graph(derivative, n, lift(slope), refs) for slope in slopes]
        tame = all(step[0] & 255 in _TAME for step in derivative)
        return Template(forward, result, derivative, slots, tame + 2 * operation.domain)

    def _graph(self, steps: list[Step], n: int, root: Value, refs: dict[Value, int]) -> int:
        """Append what computes `root`; `refs` knows the leaves and learns the nodes."""
        for node in topological_order(root)[0]:
            if node not in refs:
                operands = [self._leaf(refs, parent) for parent in node.parents]
                assert node.operation is not None
                refs[node] = self._inline(steps, n, node.operation, operands)
        return self._leaf(refs, root)

    def _leaf(self, refs: dict[Value, int], node: Value) -> int:
        return refs[node] if node in refs else -1 - self.constant(node.data)

    def _inline(self, steps: list[Step], n: int, operation: Operation, operands: list[int]) -> int:
        """Append one operation: an instruction, or the instructions that it is short for."""
        if operation.name in CODES and OPERATIONS.get(operation.name) is operation:
            a, b, c = [*operands, 0, 0][:3]
            steps.append(
                (
                    CODES[operation.name] + 256 * (len(operands) > 1) + 512 * (len(operands) > 2),
                    a,
                    b,
                    c,
                )
            )
            return n + len(steps)
        leaves = [Value(1.0) for _ in operands]
        root = lift(_spelled(operation, leaves))
        return self._graph(steps, n, root, dict(zip(leaves, operands, strict=True)))


def _spelled(operation: Operation, leaves: list[Value]) -> Any:
    """The operation written in simpler ones; a user's primitive is spelled by its own forward."""
    spelling: Callable[..., Any]
    if operation.parameters and operation.name in _FAMILIES:
        return _FAMILIES[operation.name](leaves[0], *operation.parameters)
    spelling = (
        _SPELLINGS[operation.name]
        if OPERATIONS.get(operation.name) is operation
        else operation.forward
    )
    try:
        return spelling(*leaves)
    except TypeError as error:
        raise TypeError(
            f"the tape can't record {operation.name}: its forward takes plain floats only; write it with "
            "the functions of engine (engine.sin for math.sin), or build it from operations"
        ) from error


def _weighted_sum(*xs: Any) -> Any:
    z = xs[-1]
    for value, weight in zip(xs[len(xs) // 2 : -1], xs):
        z = z + weight * value
    return z


def _add_up(xs: Any) -> Any:
    z = lift(0.0)
    for x in xs:
        z = z + x
    return z


def _product(*xs: Any) -> Any:
    z = lift(1.0)
    for x in xs:
        z = z * x
    return z


def _logsumexp(*xs: Any) -> Any:
    """peak + log(1 + Σ exp(x - peak)) over all but the first largest; peak itself where it is not finite."""
    peak = lift(xs[0])
    for x in xs[1:]:
        peak = maximum(peak, x)
    rest = _rest(xs, peak) if len(xs) > 2 else [exp(minimum(xs[0], x) - peak) for x in xs[1:]]
    return where(peak - peak, peak, peak + log1p(_add_up(rest)))  # inf - inf is nan, hence true


def _rest(xs: Any, peak: Value) -> list[Value]:
    """exp(x - peak) for each x, but 0 for the first that is the peak."""
    met, terms = lift(0.0), []
    for x in xs:
        term = exp(x - peak)
        terms.append(where(met, term, where(x >= peak, 0.0, term)))
        met = maximum(met, x >= peak)
    return terms


_SPELLINGS: dict[str, Callable[..., Any]] = {
    "less": lambda x, y: y > x,
    "less_equal": lambda x, y: y >= x,
    "square": lambda x: x * x,
    "reciprocal": lambda x: 1.0 / x,
    "softplus": lambda x: _logsumexp(x, 0.0),
    "logaddexp": _logsumexp,
    "logsumexp": _logsumexp,
    "silu": lambda x: x * sigmoid(x),
    "gelu": lambda x: 0.5 * x * erfc(-x * sqrt(0.5)),
    "weighted_sum": _weighted_sum,
    "total": lambda *xs: _add_up(xs),
    "mean": lambda *xs: _add_up(xs) / float(len(xs)),
    "product": _product,
}
_FAMILIES: dict[str, Callable[..., Any]] = {
    "power": lambda x, p: raise_to(x, lift(p)),
    "leaky_relu": lambda x, slope: where(x > 0.0, x, slope * x),
    "elu": lambda x, alpha: where(x > 0.0, x, alpha * expm1(x)),
    "clamp": lambda x, low, high: where(x < low, low, where(x > high, high, x)),
}
