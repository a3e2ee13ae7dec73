"""Writing the program: what becomes an instruction, and where its numbers stand.

Everything happens to all numbers, or to all addends of all sums, at once. An addend is a row (x, y,
sign): x·y, or ±x alone where y is -1.

>>> [part.tolist() for part in spans(numpy().array([5, 0]), numpy().array([7, 3]))]
[[0, 0, 1, 1, 1], [5, 6, 0, 1, 2]]
"""

from typing import TYPE_CHECKING, Any

from . import kernels
from .jit import numpy
from .kernels import LANE, LEAF, RDOT, SDOT, UNIFORM, VDOT
from .tiles import tiled

if TYPE_CHECKING:
    from .program import Assignments, Plan
    from .recording import Graph


def spans(starts: Any, stops: Any) -> tuple[Any, Any]:
    """The indices start … stop of all spans one after the other: which span each is of, and the index."""
    np, counts = numpy(), stops - starts
    owner = np.repeat(np.arange(counts.size), counts)
    return owner, np.arange(owner.size) + np.repeat(starts - (np.cumsum(counts) - counts), counts)


def pairs(places: Any) -> Any:
    """Rows (i, places[i]), without those where the place is -1."""
    np = numpy()
    kept = np.flatnonzero(places >= 0)
    return np.column_stack([kept, places[kept]]).astype(np.int64)


class Writer:
    """Fills a Plan, pass by pass."""

    def __init__(self, plan: "Plan", graph: "Graph", made: "Assignments", fuse: bool):
        self.plan, self.graph, self.made = plan, graph, made
        self._mark()
        self._fuse(fuse)
        self._slots()
        self._sums()
        self._uniform()
        self._lanes()
        self._place()

    def _mark(self) -> None:
        np, made, outputs = numpy(), self.made, self.plan.outputs
        self.reduced = np.zeros(made.count, np.int32)
        np.add.at(self.reduced, outputs[outputs >= 0], 1)
        self.uses = self.reduced.copy()
        self.uses[made.root] += 1
        self.uses[[made.one, made.minus]] += 1
        kernels.mark(made.code, made.kind, made.count, self.uses)
        if not self.plan.summed:
            self.reduced[:] = 0
        self.computed = (self.uses > 0) & (made.code[:, 0] != LEAF)

    def _fuse(self, fuse: bool) -> None:
        """Sum i has the addends in rows start[i] … stop[i] of `term`; what was absorbed is not computed by itself."""
        np, made, n = numpy(), self.made, self.made.count
        self.term = np.empty((2 * n + 16 if fuse else 0, 3), np.int32)
        self.start, self.stop = np.full(n, -1, np.int32), np.full(n, -1, np.int32)
        self.absorbed = np.zeros(n, bool)
        if fuse:
            stack = np.empty((n + 8, 2), np.int32)
            kernels.fuse(
                made.code,
                made.kind,
                self.uses,
                n,
                self.reduced,
                stack,
                self.term,
                self.start,
                self.stop,
                self.absorbed,
            )

    def _slots(self) -> None:
        """Every uniform number that is alive gets a slot."""
        np, plan, made = numpy(), self.plan, self.made
        alive = np.flatnonzero((self.uses > 0) & (made.kind != LANE))
        self.slot = np.full(made.count, -1, np.int64)
        self.slot[alive] = np.arange(alive.size)
        plan.uniforms = made.value[alive]
        first = self.graph.inputs
        plan.parameter_slots = pairs(self.slot[first : first + len(self.graph.parameters)])

    def _sums(self) -> None:
        """All addends: first of the gradients that are summed over the examples, then of sums within an example."""
        np, made, outputs = numpy(), self.made, self.plan.outputs
        lane = (made.kind == LANE) & self.plan.summed
        self.split = np.flatnonzero((outputs >= 0) & lane[outputs] & self.absorbed[outputs])
        self.whole = np.flatnonzero((outputs >= 0) & lane[outputs] & ~self.absorbed[outputs])
        self.own = np.flatnonzero(self.computed & (self.start >= 0) & ~self.absorbed)
        sums = np.concatenate([outputs[self.split], self.own])
        self.owner, rows = spans(self.start[sums], self.stop[sums])
        self.x, self.y, self.sign = self.term[rows].T
        self.bare = self.y < 0
        self.one = np.where(self.sign > 0, made.one, made.minus)
        self.lane_x = made.kind[self.x] == LANE
        self.lane_y = (made.kind[self.y] == LANE) & ~self.bare
        self.shared = self.bare & ~self.lane_x  # addends that no example changes

    def _uniform(self) -> None:
        """The uniform part; the uniform addends of a sum are added up there, in a slot of their own."""
        np, plan, made = numpy(), self.plan, self.made
        count = np.bincount(self.owner[self.shared], minlength=self.split.size + self.own.size)
        self.shared_slot = np.full(count.size, -1)
        alone = self.shared & (count[self.owner] == 1) & (self.sign > 0)  # stands for itself
        self.shared_slot[self.owner[alone]] = self.slot[self.x[alone]]
        new = (count > 0) & (self.shared_slot < 0)
        self.shared_slot[new] = plan.uniforms.size + np.arange(new.sum())
        plan.uniforms = np.concatenate([plan.uniforms, np.zeros(new.sum())])
        rest = self.shared & new[self.owner]
        plan.uniform_dot = _int32(
            np.column_stack([self.slot[self.x[rest]], self.slot[self.one[rest]]])
        )
        i = np.flatnonzero(self.computed & (made.kind == UNIFORM))
        operands = made.code[i, 1:]
        plain = np.column_stack(
            [made.code[i, 0], self.slot[i], np.where(operands < 0, 0, self.slot[operands])]
        )
        plan.uniform_code = _int32(
            np.concatenate([plain, _added(self.shared_slot[new], count[new])])
        )
        plan.hoisted = self._hoisted()

    def _hoisted(self) -> Any:
        """Gradients that have a part which is the same for all examples."""
        np, outputs = numpy(), self.plan.outputs
        places = np.where(
            (outputs >= 0) & (self.made.kind[outputs] != LANE), self.slot[outputs], -1
        )
        places[self.split] = self.shared_slot[: self.split.size]
        return pairs(places if self.plan.summed else places[:0])

    def _lanes(self) -> None:
        """The lane part: the dots of a number stand where the number does, its reduction after it."""
        np, plan, made = numpy(), self.plan, self.made
        i = np.flatnonzero(self.computed & (made.kind == LANE) & ~self.absorbed & (self.start < 0))
        plain = np.column_stack([made.code[i, 0], i, made.code[i, 1:]])
        parts = [(plain, np.empty((0, 2), int)), self._sdots(), self._vdots(), self._rdots()]
        first = 0
        for code, terms in parts[1:]:
            code[:, 2:4] += first
            first += terms.shape[0]
        code = _int32(np.concatenate([code for code, _ in parts]))
        place = np.concatenate(
            [4 * code[:, 1].astype(np.int64) + k for k, (code, _) in enumerate(parts)]
        )
        plan.dot = _int32(np.concatenate([terms for _, terms in parts]))
        plan.code = tiled(code[np.argsort(place)], plan.dot)

    def _sdots(self) -> tuple[Any, Any]:
        """Σ uniform·lane; the sum of the uniform addends comes first, as a factor of 1."""
        np, first = numpy(), self.split.size
        mine = ~self.shared & ~(self.lane_x & self.lane_y) & (self.owner >= first)
        x, y, known = self.x[mine], self.y[mine], self.shared_slot[first:]
        factor = np.where(self.bare[mine], self.one[mine], np.where(self.lane_x[mine], y, x))
        terms = np.column_stack([self.slot[factor], np.where(self.lane_x[mine], x, y)])
        starts = np.flatnonzero(known >= 0)
        owner = np.concatenate([starts, self.owner[mine] - first])
        terms = np.concatenate(
            [np.column_stack([known[starts], np.full(starts.size, self.made.one)]), terms]
        )
        order = np.argsort(owner, kind="stable")
        return _dots(SDOT, self.own, owner[order]), terms[order]

    def _vdots(self) -> tuple[Any, Any]:
        """Σ lane·lane, added to what an SDOT has begun."""
        first = self.split.size
        mine = self.lane_x & self.lane_y & (self.owner >= first)
        code = _dots(VDOT, self.own, self.owner[mine] - first)
        return code[code[:, 2] < code[:, 3]], numpy().column_stack([self.x[mine], self.y[mine]])

    def _rdots(self) -> tuple[Any, Any]:
        """Gradients of parameters: Σ g·a over the examples, where g is the later of the two numbers."""
        np, outputs = numpy(), self.plan.outputs
        mine = ~self.shared & (self.owner < self.split.size)
        x, y = self.x[mine], np.where(self.bare, self.one, self.y)[mine]
        swap = ~self.lane_x[mine] | (self.lane_y[mine] & (y > x))
        g = np.concatenate([np.where(swap, y, x), outputs[self.whole]])
        a = np.concatenate([np.where(swap, x, y), np.full(self.whole.size, self.made.one)])
        p = np.concatenate([self.split[self.owner[mine]], self.whole])
        order = np.lexsort((p, g))
        numbers, owner = np.unique(g[order], return_inverse=True)
        return _dots(RDOT, numbers, owner), np.column_stack([p, a])[order]

    def _place(self) -> None:
        """Rows of the buffer for inputs, then for uniform numbers among the lanes, then for what is computed."""
        np, plan, made = numpy(), self.plan, self.made
        last = _last_uses(plan.code, plan.dot, made.count)
        splats = np.flatnonzero((last >= 0) & (made.kind != LANE))
        kept = np.array([made.root, *([] if plan.summed else plan.outputs)], np.int64)
        last[kept[kept >= 0]] = plan.instructions
        inputs = np.flatnonzero(last[: self.graph.inputs] >= 0)
        row = np.full(made.count, -1, np.int64)
        fixed = np.concatenate([inputs, splats])
        row[fixed] = np.arange(fixed.size)
        plan.columns = np.column_stack([inputs, row[inputs]])
        plan.splats = np.column_stack([self.slot[splats], row[splats]])
        free = np.empty(made.count, np.int64)
        plan.rows = int(
            kernels.place(plan.code, plan.dot, made.kind, last, row, max(1, fixed.size), free)
        )
        lane = (kept >= 0) & (made.kind[kept] == LANE)
        plan.results = np.where(lane, row[kept], -1)
        plan.uniform_results = pairs(np.where((kept >= 0) & ~lane, self.slot[kept], -1))


def _int32(array: Any) -> Any:
    return numpy().ascontiguousarray(array, numpy().int32)


def _dots(op: int, numbers: Any, owner: Any) -> Any:
    """A dot for each number; the terms stand in order, and `owner` says of which number each is."""
    np = numpy()
    stop = np.cumsum(np.bincount(owner, minlength=numbers.size))
    start = np.concatenate([[0], stop])[:-1]
    return np.column_stack([np.full(numbers.size, op), numbers, start, stop, np.zeros_like(stop)])


def _added(slots: Any, counts: Any) -> Any:
    """Uniform sums: each slot is cleared, then the products of its terms are added."""
    np = numpy()
    stop = np.cumsum(counts)
    nothing = np.zeros_like(slots)
    clear = np.column_stack([nothing + SDOT, slots, nothing, nothing, nothing])
    add = np.column_stack([nothing + VDOT, slots, stop - counts, stop, nothing])
    return np.stack([clear, add], axis=1).reshape(-1, 5)


def _last_uses(code: Any, dot: Any, count: int) -> Any:
    """For each number the instruction after which its lanes are no longer needed, -1 if they never are."""
    np = numpy()
    last = np.full(count, -1, np.int64)
    plain, dots = np.flatnonzero(code[:, 0] < SDOT), np.flatnonzero(code[:, 0] >= SDOT)
    for operand in code[plain, 2:].T:
        np.maximum.at(last, operand[operand >= 0], plain[operand >= 0])
    owner, terms = spans(code[dots, 2], code[dots, 3])
    np.maximum.at(last, dot[terms, 1], dots[owner])
    both = code[dots[owner], 0] == VDOT
    np.maximum.at(last, dot[terms[both], 0], dots[owner[both]])
    reduced = dots[code[dots, 0] == RDOT]
    np.maximum.at(last, code[reduced, 1], reduced)
    return last
