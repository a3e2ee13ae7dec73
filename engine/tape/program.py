"""From a recorded graph to the flat program that replay interprets.

The passes: expand the graph and its gradient into single assignments, folded and shared
(kernels.py); mark what is alive, fuse sums of products, write instructions, give every number a row
of the buffer (writing.py).

>>> from engine import Value
>>> from engine.tape.recording import recorded
>>> w = Value(2.0)
>>> plan = Plan(recorded(lambda x: w * x, [3.0]), wanted="parameters", fuse=True)
>>> plan.instructions
2
"""

from dataclasses import dataclass
from typing import Any

from . import kernels
from .jit import numpy
from .kernels import CONSTANT, LANE, LEAF, UNIFORM
from .recording import Graph
from .writing import Writer


@dataclass
class Assignments:
    """Every number of the forward pass and the gradient: number i is code[i] = (operation, operands)."""

    count: int
    code: Any
    kind: Any
    value: Any
    one: int
    minus: int
    root: int
    grads: Any  # for each leaf the index of its gradient, -1 where nothing arrives


def assignments(graph: Graph, wanted: str, fast: bool) -> Assignments:
    """The graph, and its gradient by the `wanted` leaves (parameters, inputs, all or nothing), simplified."""
    np = numpy()
    made = graph.speller.made
    base, leaves, nodes = graph.inputs + len(graph.parameters), graph.leaves, graph.kinds.size
    fstart, fsteps = _steps([t.forward for t in made], base)
    dstart, dsteps = _steps([t.derivative for t in made], base)
    sstart, slots = _refs([t.slots for t in made], base)
    results = np.array([_global(t.result, base) for t in made], np.int64)
    flags = np.array([t.flags for t in made], np.int64)
    each = np.diff(fstart) + (np.diff(dstart) + 3 * np.diff(sstart) if wanted != "nothing" else 0)
    capacity = leaves + int(each[graph.kinds].sum()) + 1
    code, kind, value, table = _arrays(capacity, leaves)
    kind[: graph.inputs], kind[graph.inputs : base] = LANE, UNIFORM
    value[base:leaves] = graph.speller.values
    index, grad = np.empty(leaves + nodes, np.int64), np.full(leaves + nodes, -1, np.int64)
    count = np.array([leaves], np.int64)
    one = base + graph.speller.one
    scratch = np.empty(1 + max([0, *np.diff(fstart), *np.diff(dstart)]), np.int64)
    kernels.expand(
        leaves,
        _leading(graph, wanted),
        graph.kinds,
        graph.starts,
        graph.args,
        fstart,
        fsteps,
        results,
        dstart,
        dsteps,
        sstart,
        slots,
        flags,
        one,
        fast,
        index,
        grad,
        scratch,
        code,
        kind,
        value,
        table,
        count,
    )
    n = int(count[0])
    _fold(code[:n], kind[:n], value[:n])
    return Assignments(
        n,
        code[:n],
        kind[:n],
        value[:n],
        one,
        base + graph.speller.minus,
        int(index[-1]),
        grad[:leaves],
    )


def _arrays(capacity: int, leaves: int) -> tuple[Any, Any, Any, Any]:
    np = numpy()
    code = np.full((capacity, 4), -1, np.int32)
    code[:leaves, 0] = LEAF
    table = np.full(1 << (3 * capacity // 2).bit_length(), -1, np.int32)
    return code, np.zeros(capacity, np.int8), np.zeros(capacity), table


def _fold(code: Any, kind: Any, value: Any) -> None:
    """Fold calls of the mathematical library, which `expand` leaves alone: without them it compiles sooner."""
    np = numpy()
    uniform = np.flatnonzero((kind == UNIFORM) & (code[:, 0] < LEAF))
    fixed = (code[uniform, 1:] < 0) | (kind[code[uniform, 1:]] == CONSTANT)
    if not fixed.all(axis=1).any():
        return
    for i in uniform.tolist():
        op, *operands = code[i].tolist()
        if all(j < 0 or kind[j] == CONSTANT for j in operands):
            kind[i], value[i] = (
                CONSTANT,
                kernels.apply(op, *[float(value[j]) if j >= 0 else 0.0 for j in operands]),
            )


def _leading(graph: Graph, wanted: str) -> Any:
    """Marks on the leaves whose gradient is wanted, and room for the nodes."""
    flags = numpy().zeros(graph.leaves + graph.kinds.size, bool)
    end = graph.inputs + len(graph.parameters)
    if wanted in ("inputs", "all"):
        flags[: graph.inputs] = True
    if wanted in ("parameters", "all"):
        flags[graph.inputs : end] = True
    return flags


def _global(ref: int, base: int) -> int:
    """A template numbers its constants from 0; among all leaves they come after inputs and parameters."""
    return ref if ref >= 0 else ref - base


def _steps(lists: list[list[Any]], base: int) -> tuple[Any, Any]:
    np = numpy()
    starts = np.cumsum([0, *map(len, lists)])
    rows = [
        (op, _global(a, base), _global(b, base), _global(c, base))
        for steps in lists
        for op, a, b, c in steps
    ]
    return starts, np.array(rows, np.int64).reshape(-1, 4)


def _refs(lists: list[list[int]], base: int) -> tuple[Any, Any]:
    np = numpy()
    return np.cumsum([0, *map(len, lists)]), np.array(
        [_global(r, base) for refs in lists for r in refs], np.int64
    )


class Plan:
    """A program for one purpose: the value alone, or the value with gradients by parameters or inputs.

    `summed` sums the gradients of parameters over the examples; otherwise each example keeps its
    own. Read only once made, so that threads may share it.
    """

    def __init__(self, graph: Graph, wanted: str, fuse: bool, summed: bool = True):
        made = assignments(graph, wanted, fast=fuse)
        self.outputs = _outputs(graph, made, wanted)
        self.summed = summed
        Writer(self, graph, made, fuse)

    @property
    def instructions(self) -> int:
        return int(self.code.shape[0])

    code: Any  # instructions of the lane part, and the terms of their sums
    dot: Any
    uniform_code: Any  # the same of the uniform part
    uniform_dot: Any
    uniforms: Any  # constants in their slots
    parameter_slots: Any  # pairs: a parameter, its slot
    rows: int  # of the buffer
    columns: Any  # pairs: an input, its row
    splats: Any  # pairs: the slot of a uniform number that lane instructions use, a row of its own
    results: Any  # the row of the root and, unless summed, of every gradient; -1 where it is uniform or zero
    uniform_results: Any  # pairs: a result that is uniform, its slot
    hoisted: Any  # pairs: a summed gradient, the slot of its uniform part


def _outputs(graph: Graph, made: Assignments, wanted: str) -> Any:
    """The indices of the gradients asked for."""
    start = 0 if wanted in ("inputs", "all") else graph.inputs
    stop = {"nothing": start, "inputs": graph.inputs}.get(
        wanted, graph.inputs + len(graph.parameters)
    )
    return made.grads[start:stop]
