"""Calling the user's function once, and keeping its graph as arrays of numbers.

>>> from engine import Value
>>> w = Value(2.0, label="w")
>>> graph = recorded(lambda x: w * x + 1.0, [3.0])
>>> graph.parameters, graph.kinds.size, graph.inputs
([w(data=2, grad=0)], 2, 1)
"""

import gc
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import chain, count
from typing import Any

from ..graph import parents as parents_of
from ..graph import topological_order
from ..operations import pick
from ..value import Value, lift
from .jit import numpy
from .lowering import Lowering
from .recorded import FrozenBranchWarning, Recorder

np = numpy()


@dataclass
class Graph:
    """A recorded graph. Leaves are numbered constants, then inputs, then parameters.

    Nodes follow in order.
    """

    inputs: int
    parameters: list[Value]
    lowering: Lowering
    kinds: Any  # the template of each node
    starts: Any  # where its operands start in `operands`, and where the last one's end
    operands: Any  # numbers of leaves and nodes
    picks: list[tuple[int, int]]  # the number of each index that chooses, and of how many values

    @property
    def constants(self) -> int:
        """How many constants there are, which is the number of the first input."""
        return len(self.lowering.values)

    @property
    def first_parameter(self) -> int:
        """The number of the first parameter."""
        return self.constants + self.inputs

    @property
    def leaves(self) -> int:
        """How many leaves there are, which is the number of the first node."""
        return self.first_parameter + len(self.parameters)

    def up_to(self, number: int) -> "Graph":
        """Return the graph whose last node has this number: those before it are enough for it."""
        n = number - self.leaves + 1
        return replace(self, kinds=self.kinds[:n], starts=self.starts[: n + 1])


def recorded(
    function: Callable[..., Any], example: Iterable[Any], parameters: Iterable[Value] = ()
) -> Graph:
    """Return the graph of function(*example); every number of the example is a fresh leaf.

    The garbage collector is off meanwhile: nothing of a growing graph is garbage, and it would look
    at all of it.
    """
    collects = gc.isenabled()
    try:
        gc.disable()
        return _recorded(function, example, parameters)
    finally:
        if collects:
            gc.enable()


def _recorded(
    function: Callable[..., Any], example: Iterable[Any], parameters: Iterable[Value]
) -> Graph:
    inputs = [Value(x) for x in example]
    with Recorder(inputs, parameters) as recorder:
        root = _result(function, inputs)
    for (filename, line), message in recorder.hazards().items():
        warnings.warn_explicit(message, FrozenBranchWarning, filename, line)
    return _flat(root if root.parents else root * 1.0, inputs, recorder.nodes)


def _result(function: Callable[..., Any], inputs: list[Value]) -> Value:
    result = function(*inputs)
    if isinstance(result, (list, tuple)) or hasattr(result, "shape"):
        raise TypeError(
            f"a tape records a function of one result, not a {type(result).__name__}: return its "
            "loss, or the sum of what you want the gradient of"
        )
    return lift(result)


def _flat(root: Value, inputs: list[Value], nodes: list[Value]) -> Graph:
    """Return the graph under `root` as arrays.

    `nodes` are those that the function made, in order.
    """
    order, leaves = topological_order(root)
    parents = list(map(parents_of, order))
    used = list(chain.from_iterable(parents))
    parameters = _parameters(nodes, leaves, inputs)
    counts = list(map(len, parents))
    lowering = Lowering()
    operations = [node.operation for node in order if node.operation]
    calls = list(zip(operations, counts))
    numbers = {call: lowering.number(*call) for call in dict.fromkeys(calls)}
    excluded = {*inputs, *parameters}
    number = {leaf: lowering.constant(leaf.data) for leaf in leaves if leaf not in excluded}
    number.update(zip(chain(inputs, parameters, order), count(len(lowering.values))))
    picks = [(number[xs[-1]], len(xs) - 1) for f, xs in zip(operations, parents) if f is pick]
    return Graph(
        len(inputs),
        parameters,
        lowering,
        np.fromiter(map(numbers.__getitem__, calls), np.int64, len(calls)),
        np.cumsum([0, *counts], dtype=np.int64),
        np.fromiter(map(number.__getitem__, used), np.int64, len(used)),
        list(dict.fromkeys(picks)),
    )


def _parameters(
    nodes: Iterable[Value], leaves: Iterable[Value], inputs: list[Value]
) -> list[Value]:
    """Return every leaf that is neither input nor constant, in order of first use."""
    operands = chain.from_iterable(map(parents_of, nodes))
    excluded = {*inputs}
    return [
        leaf
        for leaf in dict.fromkeys(x for x in chain(operands, leaves) if x.operation is None)
        if not leaf.constant and leaf not in excluded
    ]
