"""From a recorded graph to the flat program that replay interprets.

The passes (in kernels.py): expand the graph and its gradient into single assignments, folded and shared; mark what
is alive; fuse sums of products; write instructions; give every number a row of the buffer.

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
from .kernels import LANE, LEAF, SDOT, UNIFORM, VDOT
from .recording import Graph
from .tiles import tiled


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
    kind[:graph.inputs], kind[graph.inputs:base] = LANE, UNIFORM
    value[base:leaves] = graph.speller.values
    index, grad = np.empty(leaves + nodes, np.int64), np.full(leaves + nodes, -1, np.int64)
    count = np.array([leaves], np.int64)
    one = base + graph.speller.one
    scratch = np.empty(1 + max([0, *np.diff(fstart), *np.diff(dstart)]), np.int64)
    kernels.expand(leaves, _wanted(graph, wanted), graph.kinds, graph.starts, graph.args, fstart, fsteps, results,
                   dstart, dsteps, sstart, slots, flags, one, fast, index, grad, scratch,
                   code, kind, value, table, count)
    n = int(count[0])
    return Assignments(n, code[:n], kind[:n], value[:n], one, base + graph.speller.minus, int(index[-1]),
                       grad[:leaves])


def _arrays(capacity: int, leaves: int) -> tuple[Any, Any, Any, Any]:
    np = numpy()
    code = np.full((capacity, 4), -1, np.int32)
    code[:leaves, 0] = LEAF
    table = np.full(1 << (3 * capacity // 2).bit_length(), -1, np.int32)
    return code, np.zeros(capacity, np.int8), np.zeros(capacity), table


def _wanted(graph: Graph, wanted: str) -> Any:
    flags = numpy().zeros(graph.leaves, bool)
    end = graph.inputs + len(graph.parameters)
    if wanted in ("inputs", "all"):
        flags[:graph.inputs] = True
    if wanted in ("parameters", "all"):
        flags[graph.inputs:end] = True
    return flags


def _global(ref: int, base: int) -> int:
    """A template numbers its constants from 0; among all leaves they come after inputs and parameters."""
    return ref if ref >= 0 else ref - base


def _steps(lists: list[list[Any]], base: int) -> tuple[Any, Any]:
    np = numpy()
    starts = np.cumsum([0, *map(len, lists)])
    rows = [(op, _global(a, base), _global(b, base), _global(c, base)) for steps in lists for op, a, b, c in steps]
    return starts, np.array(rows, np.int64).reshape(-1, 4)


def _refs(lists: list[list[int]], base: int) -> tuple[Any, Any]:
    np = numpy()
    return np.cumsum([0, *map(len, lists)]), np.array([_global(r, base) for refs in lists for r in refs], np.int64)


def _pairs(places: Any) -> Any:
    """Rows (i, places[i]), without those where the place is -1."""
    np = numpy()
    kept = np.flatnonzero(places >= 0)
    return np.column_stack([kept, places[kept]]).astype(np.int64)


class Plan:
    """A program for one purpose: the value alone, or the value with gradients by parameters or inputs.

    `summed` sums the gradients of parameters over the examples; otherwise each example keeps its own. Read only
    once made, so that threads may share it.
    """

    def __init__(self, graph: Graph, wanted: str, fuse: bool, summed: bool = True):
        made = assignments(graph, wanted, fast=fuse)
        self.outputs = _outputs(graph, made, wanted)
        self.summed = summed
        _Writer(self, graph, made, fuse)

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
    stop = {"nothing": start, "inputs": graph.inputs}.get(wanted, graph.inputs + len(graph.parameters))
    return made.grads[start:stop]


class _Writer:
    """Fills a Plan, pass by pass."""

    def __init__(self, plan: Plan, graph: Graph, made: Assignments, fuse: bool):
        self.plan, self.graph, self.made = plan, graph, made
        self._mark()
        self._fuse(fuse)
        self._slots()
        self._reduce()
        self._write()
        plan.code = tiled(plan.code, plan.dot)
        self._place()

    def _mark(self) -> None:
        np, made, outputs = numpy(), self.made, self.plan.outputs
        self.reduced = np.zeros(made.count, np.int32)
        np.add.at(self.reduced, outputs[outputs >= 0], 1)
        self.uses = self.reduced.copy()
        self.uses[made.root] += 1
        self.uses[[made.one, made.minus]] += 1
        kernels.mark(made.code, made.count, self.uses)
        if not self.plan.summed:
            self.reduced[:] = 0

    def _fuse(self, fuse: bool) -> None:
        np, made, n = numpy(), self.made, self.made.count
        self.term = np.empty((2 * n + 16 if fuse else 1, 3), np.int32)
        self.term_start, self.term_stop = np.full(n, -1, np.int32), np.full(n, -1, np.int32)
        self.absorbed = np.zeros(n, np.int8)
        self.terms = 0
        if fuse:
            stack = np.empty((n + 8, 2), np.int32)
            self.terms = kernels.fuse(made.code, made.kind, self.uses, n, self.reduced, stack, self.term,
                                      self.term_start, self.term_stop, self.absorbed)

    def _slots(self) -> None:
        """Uniform numbers get slots: those alive, and room for one sum of uniform addends for every sum."""
        np, plan, made = numpy(), self.plan, self.made
        alive = np.flatnonzero((self.uses > 0) & (made.kind != LANE))
        self.uslot = np.full(made.count, -1, np.int32)
        self.uslot[alive] = np.arange(alive.size)
        sums = int((self.term_start >= 0).sum()) + 1
        plan.uniforms = np.concatenate([made.value[alive], np.zeros(sums)])
        first = self.graph.inputs
        ids = np.arange(first, first + len(self.graph.parameters))
        plan.parameter_slots = _pairs(self.uslot[ids])
        self.sizes = np.array([0, 0, alive.size, 0, 0, 0], np.int64)
        self.uterm, self.udot = np.zeros((self.terms + 1, 2), np.int32), np.zeros((sums, 3), np.int32)

    def _reduce(self) -> None:
        """Which products are summed over the examples into which parameter's gradient."""
        np, plan, made = numpy(), self.plan, self.made
        hoisted = np.full(plan.outputs.size, -1, np.int64)
        room = self.terms + plan.outputs.size + 1 if plan.summed else 0
        self.reduction = [np.empty(room, np.int32) for _ in range(3)]
        n = 0 if not plan.summed else kernels.reductions(plan.outputs, made.kind, self.absorbed, self.term, self.term_start, self.term_stop,  # noqa: E501
                               made.one, made.minus, hoisted, self.uslot, self.uterm, self.udot, self.sizes,
                               *self.reduction)
        self.reduction = [column[:n] for column in self.reduction]
        plan.hoisted = _pairs(hoisted)

    def _write(self) -> None:
        np, plan, made = numpy(), self.plan, self.made
        rg, ra, rp = self.reduction
        fused = int((self.term_start >= 0).sum())
        lanes = int(((self.uses > 0) & (made.kind == LANE)).sum()) + fused + np.unique(rg).size
        uniform = int(((self.uses > 0) & (made.kind == UNIFORM)).sum())
        self.code, uins = np.empty((lanes, 5), np.int32), np.empty((uniform, 5), np.int32)
        self.dot = np.empty((2 * self.terms + rg.size + 1, 2), np.int32)
        kernels.write(made.code, made.kind, self.uses, made.count, made.one, made.minus, self.term, self.term_start,
                      self.term_stop, self.absorbed, np.argsort(rg, kind="stable"), rg, ra, rp, self.uslot,
                      self.code, self.dot, uins, self.uterm, self.udot, self.sizes)
        plan.code, plan.dot = self.code[:self.sizes[4]].copy(), self.dot[:self.sizes[0]].copy()
        plan.uniform_code = np.concatenate([uins[:self.sizes[5]], self._uniform_sums()])
        plan.uniform_dot = self.uterm[:self.sizes[1] + 1].copy()
        plan.uniforms = plan.uniforms[:self.sizes[2]]

    def _uniform_sums(self) -> Any:
        np = numpy()
        rows = []
        for slot, start, stop in self.udot[:self.sizes[3]]:
            rows += [(SDOT, slot, 0, 0, 0), (VDOT, slot, start, stop, 0)]
        return np.array(rows, np.int32).reshape(-1, 5)

    def _place(self) -> None:
        np, plan, made = numpy(), self.plan, self.made
        n = plan.code.shape[0]
        last = np.full(made.count, -1, np.int64)
        kernels.last_uses(plan.code, n, plan.dot, last)
        splats = np.flatnonzero((last >= 0) & (made.kind != LANE))
        kept = np.array([made.root, *([] if plan.summed else plan.outputs)], np.int64)
        last[kept[kept >= 0]] = n
        row = np.full(made.count, -1, np.int64)
        used = self._fixed_rows(row, last, splats)
        free = np.empty(made.count, np.int64)
        plan.rows = int(kernels.place(plan.code, n, plan.dot, made.kind, last, row, used, free))
        is_lane = (kept >= 0) & (made.kind[kept] == LANE)
        plan.results = np.where(is_lane, row[kept], -1)
        plan.uniform_results = _pairs(np.where((kept >= 0) & ~is_lane, self.uslot[kept], -1))

    def _fixed_rows(self, row: Any, last: Any, splats: Any) -> int:
        """Inputs that are used, and uniform numbers among the lanes, have their rows before the first instruction."""
        np, plan = numpy(), self.plan
        inputs = np.flatnonzero(last[:self.graph.inputs] >= 0)
        row[inputs] = np.arange(inputs.size)
        row[splats] = inputs.size + np.arange(splats.size)
        plan.columns = np.column_stack([inputs, row[inputs]])
        plan.splats = np.column_stack([self.uslot[splats], row[splats]]).astype(np.int64)
        return max(1, int(inputs.size + splats.size))
