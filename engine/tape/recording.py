"""Calling the user's function once, and keeping its graph as arrays of numbers.

>>> from engine import Value
>>> w = Value(2.0, label="w")
>>> graph = recorded(lambda x: w * x + 1.0, [3.0])
>>> graph.parameters, graph.kinds.size, graph.inputs
([w(data=2, grad=0)], 2, 1)
"""

import gc
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ..graph import topological_order
from ..listeners import Listener
from ..value import Value, lift
from .jit import numpy
from .spelling import Speller


class FrozenBranchWarning(UserWarning):
    """A Python branch was decided by a comparison of inputs: the tape keeps the way it went for the example."""


@dataclass
class Graph:
    """A recorded graph. Leaves are numbered inputs, then parameters, then constants; nodes follow in order."""

    inputs: int
    parameters: list[Value]
    speller: Speller
    kinds: Any  # the template of each node
    starts: Any  # where its operands start in args
    args: Any

    @property
    def leaves(self) -> int:
        return self.inputs + len(self.parameters) + len(self.speller.values)


class _Recorder(Listener):
    """Keeps the nodes that the function makes, and the comparisons that Python branched on."""

    records = True

    def __init__(self) -> None:
        self.nodes: list[Value] = []
        self.decisions: list[Value] = []

    def made(self, node: Value) -> None:
        self.nodes.append(node)

    def decided(self, comparison: Value) -> None:
        self.decisions.append(comparison)


def recorded(function: Callable[..., Any], example: Iterable[Any]) -> Graph:
    """The graph of function(*example), where every number of the example becomes a fresh leaf.

    The garbage collector rests meanwhile: nothing of a growing graph is garbage, and it would look
    at all of it.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        return _recorded(function, example)
    finally:
        if collects:
            gc.enable()


def _recorded(function: Callable[..., Any], example: Iterable[Any]) -> Graph:
    inputs = [Value(x) for x in example]
    with _Recorder() as recorder:
        root = _result(function, inputs)
    _warn(recorder.decisions, inputs)
    return _flat(root if root.parents else root * 1.0, inputs, recorder.nodes)


def _result(function: Callable[..., Any], inputs: list[Value]) -> Value:
    result = function(*inputs)
    if isinstance(result, (list, tuple)) or hasattr(result, "shape"):
        raise TypeError(
            f"a tape records a function of one result, not a {type(result).__name__}: return its loss, "
            "or the sum of what you want the gradient of"
        )
    return lift(result)


def _warn(decided: list[Value], inputs: list[Value]) -> None:
    """Say where a Python branch went by an input."""
    depends = dict.fromkeys(inputs, True)
    told = set()
    for node in decided:
        for each in topological_order(node)[0] if node not in depends else ():
            depends[each] = any(depends.get(parent, False) for parent in each.parents)
        site = node.created_at
        if depends[node] and site and (site.filename, site.line) not in told:
            told.add((site.filename, site.line))
            warnings.warn_explicit(
                f"this branch was decided by an input: the tape keeps the way it went for the example "
                f"({site.text.strip()}); write engine.where(condition, a, b) to choose anew for every row",
                FrozenBranchWarning,
                site.filename,
                site.line,
            )


def _flat(root: Value, inputs: list[Value], made: list[Value]) -> Graph:
    numpy()
    order, _ = topological_order(root)
    index = {leaf: i for i, leaf in enumerate(inputs)}
    parameters = _parameters(made, order, index)
    base = len(index)
    speller = Speller()
    kinds = _kinds(order, speller)
    args = _operands(order, index, base, speller)
    return _renumbered(
        len(inputs), parameters, speller, kinds, args, [len(node.parents) for node in order]
    )


def _parameters(made: Sequence[Value], order: list[Value], index: dict[Value, int]) -> list[Value]:
    """Every leaf that is neither input nor constant, in order of first use; `index` learns them."""
    found = []
    for nodes in (made, order):
        for node in nodes:
            for parent in node.parents:
                if not parent.parents and not parent.constant and parent not in index:
                    index[parent] = len(index)
                    found.append(parent)
    return found


def _kinds(order: list[Value], speller: Speller) -> list[int]:
    known = speller.templates
    kinds = []
    for node in order:
        key = (node.operation, len(node.parents))
        kinds.append(known[key] if key in known else speller.number(*key))  # type: ignore[arg-type]
    return kinds


def _operands(
    order: list[Value], index: dict[Value, int], base: int, speller: Speller
) -> list[int]:
    """The operands of all nodes: leaves from 0, interior nodes below zero until the constants are counted."""
    args = []
    for i, node in enumerate(order):
        for parent in node.parents:
            if parent not in index:
                index[parent] = base + speller.constant(parent.data)
            args.append(index[parent])
        index[node] = -1 - i
    return args


def _renumbered(
    inputs: int,
    parameters: list[Value],
    speller: Speller,
    kinds: list[int],
    args: list[int],
    counts: list[int],
) -> Graph:
    np = numpy()
    operands = np.array(args, np.int64)
    starts = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=starts[1:])
    graph = Graph(inputs, parameters, speller, np.array(kinds, np.int64), starts, operands)
    interior = operands < 0
    operands[interior] = graph.leaves - 1 - operands[interior]
    return graph
