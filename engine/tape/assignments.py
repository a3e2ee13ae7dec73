"""From a recorded graph to single assignments: forward pass and gradient, one number a line.

>>> from engine import Value
>>> from engine.tape.recording import recorded
>>> lines = assigned(recorded(lambda x: x * x, [3.0]), wanted="inputs", fast=True)
>>> lines.root, lines.gradients.tolist()  # 0 and 1 are 1 and -1, 2 is x, 3 is x·x, 4 is x + x
(3, [-1, -1, 4])
"""

from itertools import chain
from typing import Any, Literal, NamedTuple

from .jit import numpy
from .kernels.arithmetic import value_of
from .kernels.expansion import KIND, OP, Nodes, Progress, Table, Templates, X, expand
from .kernels.plan import CONSTANT, LEAF, UNIFORM, VARYING
from .lowering import Step, Template
from .recording import Graph

Wanted = Literal["nothing", "parameters", "inputs", "all"]
np = numpy()


class Assignments(NamedTuple):
    """Rows of `code` and `value` as in kernels/expansion.py, and where some numbers stand."""

    code: Any
    value: Any
    root: int
    gradients: Any  # for each leaf the number that is its gradient, -1 where nothing arrives
    scatters: Any  # rows: a gradient that goes to one of a list of leaves, the index, the list


def assigned(graph: Graph, wanted: Wanted, fast: bool, summed: bool = False) -> Assignments:
    """Return the assignments of the graph and of its gradient by `wanted` leaves, simplified.

    See kernels.expansion.expand for `fast`. Gradients that are to be `summed` over examples may go
    to leaves that an index chooses.
    """
    nodes = Nodes(graph.leaves, graph.kinds, graph.starts, graph.operands)
    templates = _templates(graph.lowering.templates)
    table = _table(graph, graph.leaves + _most(graph, templates, wanted))
    progress = _progress(graph, templates, wanted)
    expand(nodes, templates, table, progress, fast, fast and summed)
    count = int(table.count[0])
    code, value = table.code[:count], table.value[:count]
    _fold(code, value)
    scatters = progress.scatters[progress.scatters[:, 0] >= 0]
    gradients = progress.gradient[: graph.leaves]
    return Assignments(code, value, int(progress.index[-1]), gradients, scatters)


def _most(graph: Graph, templates: Templates, wanted: Wanted) -> int:
    """Return the most assignments that the nodes can expand to."""
    most = np.diff(templates.forward_start)
    if wanted != "nothing":
        most = most + np.diff(templates.derivative_start) + 3 * np.diff(templates.local_start)
    return int(most[graph.kinds].sum())


def _table(graph: Graph, capacity: int) -> Table:
    """Return a table that has the leaves, with room for the rest."""
    code, value = np.empty((capacity, KIND + 1), np.int32), np.empty(capacity)
    code[: graph.leaves, :KIND] = LEAF, -1, -1, -1
    code[: graph.constants, KIND] = CONSTANT
    code[graph.constants : graph.first_parameter, KIND] = VARYING
    code[graph.first_parameter : graph.leaves, KIND] = UNIFORM
    value[: graph.constants] = graph.lowering.values
    buckets = np.full(1 << (3 * capacity // 2).bit_length(), -1, np.int32)
    return Table(code, value, buckets, count=np.array([graph.leaves], np.int64))


def _progress(graph: Graph, templates: Templates, wanted: Wanted) -> Progress:
    nodes = graph.leaves + graph.kinds.size
    leads = np.zeros(nodes, bool)
    leads[graph.constants : graph.first_parameter] = wanted in ("inputs", "all")
    leads[graph.first_parameter : graph.leaves] = wanted in ("parameters", "all")
    steps = [*np.diff(templates.forward_start), *np.diff(templates.derivative_start)]
    return Progress(
        index=np.arange(nodes, dtype=np.int64),
        gradient=np.full(nodes, -1, np.int64),
        leads=leads,
        steps=np.empty(max(1, *steps), np.int64),
        scatters=np.full((np.count_nonzero(templates.pick[graph.kinds]), 3), -1, np.int64),
    )


def _fold(code: Any, value: Any) -> None:
    """Fold calls of the mathematical library with the engine's functions; `expand` does not."""
    calls = np.flatnonzero((code[:, KIND] == UNIFORM) & (code[:, OP] < LEAF))
    operands = code[calls, X:KIND]
    fixed = (operands < 0) | (code[operands, KIND] == CONSTANT)
    if not fixed.all(axis=1).any():
        return
    for i, row in zip(calls.tolist(), operands.tolist()):
        if all(j < 0 or code[j, KIND] == CONSTANT for j in row):
            numbers = [float(value[j]) if j >= 0 else 0.0 for j in row]
            code[i, KIND], value[i] = CONSTANT, value_of(code[i, OP], *numbers)


def _templates(templates: list[Template]) -> Templates:
    """Return all templates as arrays, one after the other."""
    return Templates(
        _starts([t.forward for t in templates]),
        _steps([t.forward for t in templates]),
        np.array([t.result for t in templates], np.int64),
        _starts([t.derivative for t in templates]),
        _steps([t.derivative for t in templates]),
        _starts([t.local for t in templates]),
        np.array([operand for t in templates for operand in t.local], np.int64),
        np.array([t.tame for t in templates], bool),
        np.array([t.domain for t in templates], bool),
        np.array([t.pick for t in templates], bool),
    )


def _starts(lists: list[list[Any]]) -> Any:
    return np.cumsum([0, *map(len, lists)], dtype=np.int64)


def _steps(lists: list[list[Step]]) -> Any:
    return np.array(list(chain.from_iterable(lists)), np.int64).reshape(-1, 4)
