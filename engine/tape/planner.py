"""Writing the program: what becomes an instruction, and where its numbers stand.

Everything happens to all numbers, or to all terms of all sums, at once. A term is a row (x, y,
sign): x·y, or ±x alone where y is -1.

>>> from engine import Value
>>> from engine.tape.recording import recorded
>>> w = Value(2.0)
>>> make_plan(recorded(lambda x: w * x, [3.0]), "parameters", fuse=True).code.shape
(2, 5)
"""

from typing import Any

from .assignments import Assignments, Wanted, assigned
from .jit import numpy
from .kernels.arithmetic import EXP
from .kernels.expansion import KIND, MINUS_ONE, ONE, OP, X, Y, mark
from .kernels.fusion import Sums, fuse
from .kernels.plan import (
    CHOOSE,
    CONSTANT,
    EXPS,
    LEAF,
    LINK,
    PICK,
    RDOT,
    SCATTER,
    SDOT,
    UNIFORM,
    VARYING,
    VDOT,
    Plan,
)
from .kernels.registers import allocate
from .kernels.tiles import tiled
from .recording import Graph

np = numpy()


def make_plan(graph: Graph, wanted: Wanted, fuse: bool, summed: bool = True) -> Plan:
    """Return the program for the value and its gradient by the `wanted` leaves.

    `summed` sums the gradients over the examples; otherwise each example keeps its own. `fuse`
    makes one instruction of a sum of products, and multiplies a gradient of zero like any other.
    """
    return _Planner(graph, assigned(graph, wanted, fuse, summed), wanted, fuse, summed).plan()


def spans(starts: Any, stops: Any) -> tuple[Any, Any]:
    """Return the indices start … stop of all spans in a row: the span of each, and the index.

    >>> [part.tolist() for part in spans(np.array([5, 0]), np.array([7, 3]))]
    [[0, 0, 1, 1, 1], [5, 6, 0, 1, 2]]
    """
    counts = stops - starts
    owner = np.repeat(np.arange(counts.size), counts)
    return owner, np.arange(owner.size) + np.repeat(starts - (np.cumsum(counts) - counts), counts)


def pairs(places: Any) -> Any:
    """Return rows (i, places[i]), without those where the place is -1."""
    kept = np.flatnonzero(places >= 0)
    return np.column_stack([kept, places[kept]]).astype(np.int64)


class _Planner:
    """What the passes know of the numbers, and of the terms of their sums."""

    def __init__(self, graph: Graph, lines: Assignments, wanted: Wanted, fuse: bool, summed: bool):
        self.graph, self.lines, self.summed = graph, lines, summed
        self.op, self.kind = lines.code[:, OP].copy(), lines.code[:, KIND].copy()
        self.gradients = _gradients(graph, lines, wanted)
        if fuse:
            self.op[self.op == EXP] = EXPS
        self._count_uses()
        self._find_sums(fuse)
        self._give_slots()
        self._list_terms()

    def plan(self) -> Plan:
        graph = self.graph
        uniforms, uniform_code, uniform_terms, sum_slot = self._uniform_part()
        code, terms = self._varying_part(sum_slot)
        register, fixed, last, kept = self._registers_before(code, terms)
        free, used = np.empty_like(register), max(1, fixed.size)
        registers = allocate(code, terms, self.kind, last, register, used, free)
        inputs = fixed[self.kind[fixed] == VARYING]
        broadcast = fixed[self.kind[fixed] != VARYING]
        varies = (kept >= 0) & (self.kind[kept] == VARYING)
        return Plan(
            uniforms=uniforms,
            parameter_slots=pairs(self.slot[graph.first_parameter : graph.leaves]),
            uniform_code=uniform_code,
            uniform_terms=uniform_terms,
            registers=int(registers),
            loads=np.column_stack([inputs - graph.constants, register[inputs]]),
            broadcasts=np.column_stack([self.slot[broadcast], register[broadcast]]),
            code=code,
            terms=terms,
            results=np.where(varies, register[kept], -1),
            uniform_results=pairs(np.where((kept >= 0) & ~varies, self.slot[kept], -1)),
            gradients=self.gradients.size,
            hoisted=self._hoisted(sum_slot),
        )

    # -- what is alive, what is a sum

    def _count_uses(self) -> None:
        """Count the uses of each number, and how often it is a gradient summed over examples."""
        lines, gradients = self.lines, self.gradients
        self.uses = np.zeros(len(lines.code), np.int32)
        np.add.at(self.uses, gradients[gradients >= 0], 1)
        self.reduced = self.uses.copy() if self.summed else np.zeros_like(self.uses)
        self.uses[lines.root] += 1
        self.uses[[ONE, MINUS_ONE]] += 1
        np.add.at(self.uses, lines.scatters[:, :2], 1)
        mark(lines.code, self.uses)
        constant, no_instruction = self.kind == CONSTANT, (self.op == LEAF) | (self.op == LINK)
        self.computed = (self.uses > 0) & ~no_instruction & ~constant

    def _find_sums(self, fuse_them: bool) -> None:
        n = len(self.lines.code)
        self.sums = Sums(
            terms=np.empty((2 * n + 16 if fuse_them else 0, 3), np.int32),
            start=np.full(n, -1, np.int32),
            stop=np.full(n, -1, np.int32),
            absorbed=np.zeros(n, bool),
            inside=np.empty(n + 8, np.int32),
            stack=np.empty((n + 8, 2), np.int32),
        )
        if fuse_them:
            fuse(self.lines.code, self.uses, self.reduced, self.sums)

    def _give_slots(self) -> None:
        """Give every uniform number that is alive a slot."""
        alive = np.flatnonzero((self.uses > 0) & (self.kind != VARYING) & (self.op != LINK))
        self.slot = np.full(len(self.lines.code), -1, np.int64)
        self.slot[alive] = np.arange(alive.size)
        self.uniforms = self.lines.value[alive]

    def _list_terms(self) -> None:
        """List all terms: first of gradients summed over examples, then of sums within one."""
        kind, gradients, sums = self.kind, self.gradients, self.sums
        varying = (gradients >= 0) & (kind[gradients] == VARYING) & self.summed
        self.dissolved = np.flatnonzero(varying & sums.absorbed[gradients])
        self.whole = np.flatnonzero(varying & ~sums.absorbed[gradients])
        self.own = np.flatnonzero(self.computed & (sums.start >= 0) & ~sums.absorbed)
        every = np.concatenate([gradients[self.dissolved], self.own])
        self.owner, rows = spans(sums.start[every], sums.stop[every])
        nothing = (kind == CONSTANT) & (self.lines.value == 0.0)  # a bias of 0, say
        used = ~((sums.terms[rows, 1] < 0) & nothing[sums.terms[rows, 0]])
        self.owner, rows = self.owner[used], rows[used]
        self.x, self.y, sign = sums.terms[rows].T
        self.alone = self.y < 0  # ±x
        self.sign = np.where(sign > 0, ONE, MINUS_ONE)
        self.varying_x = kind[self.x] == VARYING
        self.varying_y = (kind[self.y] == VARYING) & ~self.alone
        self.shared = self.alone & ~self.varying_x  # terms that no example changes

    # -- the uniform part

    def _uniform_part(self) -> tuple[Any, Any, Any, Any]:
        """Return slots, code and terms, and the slot of the uniform terms of each sum, or -1."""
        count = np.bincount(self.owner[self.shared], minlength=self.dissolved.size + self.own.size)
        sum_slot = np.full(count.size, -1)
        single = self.shared & (count[self.owner] == 1) & (self.sign == ONE)
        sum_slot[self.owner[single]] = self.slot[self.x[single]]  # stands for itself
        new = (count > 0) & (sum_slot < 0)
        sum_slot[new] = self.uniforms.size + np.arange(new.sum())
        rest = self.shared & new[self.owner]
        i = np.flatnonzero(self.computed & (self.kind == UNIFORM))
        operands = self.lines.code[i, X:KIND]
        slots = np.where(operands < 0, 0, self.slot[operands])
        single_steps = np.column_stack([self.op[i], self.slot[i], slots])
        return (
            np.concatenate([self.uniforms, np.zeros(new.sum())]),
            _int32(np.concatenate([single_steps, _additions(sum_slot[new], count[new])])),
            _int32(np.column_stack([self.slot[self.x[rest]], self.slot[self.sign[rest]]])),
            sum_slot,
        )

    def _hoisted(self, sum_slot: Any) -> Any:
        """Pair gradients that have a part which is the same for all examples with its slot."""
        gradients = self.gradients
        uniform = (gradients >= 0) & (self.kind[gradients] != VARYING)
        places = np.where(uniform, self.slot[gradients], -1)
        places[self.dissolved] = sum_slot[: self.dissolved.size]
        return pairs(places if self.summed else places[:0])

    # -- the varying part

    def _varying_part(self, sum_slot: Any) -> tuple[Any, Any]:
        """Return its code and terms.

        The sums of a number stand where the number does, its RDOT after it.
        """
        single = (self.kind == VARYING) & ~self.sums.absorbed & (self.sums.start < 0)
        i = np.flatnonzero(self.computed & single & (self.op != PICK))
        single = np.column_stack([self.op[i], i, self.lines.code[i, X:KIND]])
        parts = [
            (single, np.empty((0, 2), int)),
            self._sdots(sum_slot),
            self._vdots(),
            self._picks(),
            self._rdots(),
            self._scatters(),
        ]
        first = 0
        for code, terms in parts[1:]:
            code[:, 2:4] += first
            first += terms.shape[0]
        code = _int32(np.concatenate([code for code, _ in parts]))
        place = [len(parts) * code[:, 1].astype(np.int64) + k for k, (code, _) in enumerate(parts)]
        scatters = parts[-1][0]  # wait for the index too
        place[-1] = len(parts) * np.maximum(scatters[:, 1], scatters[:, 4]) + len(parts) - 1
        terms = _int32(np.concatenate([terms for _, terms in parts]))
        return tiled(code[np.argsort(np.concatenate(place), kind="stable")], terms), terms

    def _sdots(self, sum_slot: Any) -> tuple[Any, Any]:
        """Return Σ uniform·varying; the uniform terms are the factor of a register of ones."""
        first = self.dissolved.size
        mine = ~self.shared & ~(self.varying_x & self.varying_y) & (self.owner >= first)
        x, y, varying_x = self.x[mine], self.y[mine], self.varying_x[mine]
        factor = np.where(self.alone[mine], self.sign[mine], np.where(varying_x, y, x))
        products = np.column_stack([self.slot[factor], np.where(varying_x, x, y)])
        slots = sum_slot[first:]
        have = np.flatnonzero(slots >= 0)
        ones = np.full(have.size, ONE)
        owner = np.concatenate([have, self.owner[mine] - first])
        order = np.argsort(owner, kind="stable")
        terms = np.concatenate([np.column_stack([slots[have], ones]), products])
        return _sums(SDOT, self.own, owner[order]), terms[order]

    def _vdots(self) -> tuple[Any, Any]:
        """Σ varying·varying, added to what an SDOT has begun."""
        first = self.dissolved.size
        mine = self.varying_x & self.varying_y & (self.owner >= first)
        code = _sums(VDOT, self.own, self.owner[mine] - first)
        return code[code[:, 2] < code[:, 3]], np.column_stack([self.x[mine], self.y[mine]])

    def _rdots(self) -> tuple[Any, Any]:
        """Gradients of parameters.

        Σ g·a over the examples, where g is the later of the two numbers.
        """
        mine = ~self.shared & (self.owner < self.dissolved.size)
        x, y = self.x[mine], np.where(self.alone, self.sign, self.y)[mine]
        swap = ~self.varying_x[mine] | (self.varying_y[mine] & (y > x))
        g = np.concatenate([np.where(swap, y, x), self.gradients[self.whole]])
        ones = np.full(self.whole.size, ONE)
        a = np.concatenate([np.where(swap, x, y), ones])
        p = np.concatenate([self.dissolved[self.owner[mine]], self.whole])
        order = np.lexsort((p, g))
        numbers, owner = np.unique(g[order], return_inverse=True)
        return _sums(RDOT, numbers, owner), np.column_stack([p, a])[order]

    def _picks(self) -> tuple[Any, Any]:
        """Return choices by an index: from slots if all numbers have one, else from registers."""
        numbers = np.flatnonzero(self.computed & (self.op == PICK))
        rows, terms = [], [np.empty((0, 2), np.int64)]
        for number, index, link in zip(numbers.tolist(), *self.lines.code[numbers, X : Y + 1].T):
            listed = self._listed(int(link))
            varies = self.kind[link] == VARYING
            start = sum(map(len, terms))
            rows.append([CHOOSE if varies else PICK, number, start, start + len(listed), index])
            terms.append(np.column_stack([self.slot[listed], listed]))
        return np.array(rows, np.int64).reshape(-1, 5), np.concatenate(terms)

    def _scatters(self) -> tuple[Any, Any]:
        """Return gradients that go to the parameter which an index chooses."""
        rows, terms = [], [np.empty((0, 2), np.int64)]
        for g, index, link in self.lines.scatters.tolist():
            listed = self._listed(link)
            start = sum(map(len, terms))
            rows.append([SCATTER, g, start, start + len(listed), index])
            place = listed - self.graph.first_parameter
            asked = (place >= 0) & (listed < self.graph.leaves)
            terms.append(np.column_stack([np.where(asked, place, -1), np.zeros_like(listed)]))
        return np.array(rows, np.int64).reshape(-1, 5), np.concatenate(terms)

    def _listed(self, link: int) -> Any:
        """Return the numbers of a list, the first first."""
        found = []
        while link >= 0:
            number, link = self.lines.code[link, X : Y + 1].tolist()
            found.append(number)
        return np.array(found[::-1], np.int64)

    # -- registers

    def _registers_before(self, code: Any, terms: Any) -> tuple[Any, Any, Any, Any]:
        """Return the registers given in advance, to which numbers, last uses, and what is kept.

        Inputs come first, then uniform numbers that instructions on registers use.
        """
        last = _last_uses(code, terms, len(self.lines.code))
        kept = np.array([self.lines.root, *([] if self.summed else self.gradients)], np.int64)
        broadcast = np.flatnonzero((last >= 0) & (self.kind != VARYING))
        last[kept[kept >= 0]] = code.shape[0]
        inputs = np.arange(self.graph.constants, self.graph.first_parameter)
        fixed = np.concatenate([inputs[last[inputs] >= 0], broadcast])
        register = np.full(len(self.lines.code), -1, np.int64)
        register[fixed] = np.arange(fixed.size)
        return register, fixed, last, kept


def _gradients(graph: Graph, lines: Assignments, wanted: Wanted) -> Any:
    """Return the numbers that are the gradients asked for."""
    first, middle, last = graph.constants, graph.first_parameter, graph.leaves
    start, stop = {
        "nothing": (first, first),
        "inputs": (first, middle),
        "parameters": (middle, last),
        "all": (first, last),
    }[wanted]
    return lines.gradients[start:stop]


def _int32(array: Any) -> Any:
    return np.ascontiguousarray(array, np.int32)


def _sums(op: int, numbers: Any, owner: Any) -> Any:
    """Return an instruction for each number.

    The terms stand in order, and `owner` says of which number each is.
    """
    stop = np.cumsum(np.bincount(owner, minlength=numbers.size))
    start = np.concatenate([[0], stop])[:-1]
    return np.column_stack([np.full(numbers.size, op), numbers, start, stop, np.zeros_like(stop)])


def _additions(slots: Any, counts: Any) -> Any:
    """Return the code of uniform sums.

    Each slot is cleared, then the products of its terms are added.
    """
    stop = np.cumsum(counts)
    nothing = np.zeros_like(slots)
    clear = np.column_stack([nothing + SDOT, slots, nothing, nothing, nothing])
    add = np.column_stack([nothing + VDOT, slots, stop - counts, stop, nothing])
    return np.stack([clear, add], axis=1).reshape(-1, 5)


def _last_uses(code: Any, terms: Any, count: int) -> Any:
    """Return for each number the last instruction that reads it, -1 for none."""
    last = np.full(count, -1, np.int64)
    single, choices = np.flatnonzero(code[:, 0] < SDOT), np.flatnonzero(code[:, 0] >= PICK)
    for operand in code[single, 2:].T:
        np.maximum.at(last, operand[operand >= 0], single[operand >= 0])
    np.maximum.at(last, code[choices, 4], choices)
    scatters = choices[code[choices, 0] == SCATTER]
    np.maximum.at(last, code[scatters, 1], scatters)
    spread = (code[:, 0] >= SDOT) & (code[:, 0] != PICK) & (code[:, 0] != SCATTER)
    sums = np.flatnonzero(spread)
    owner, rows = spans(code[sums, 2], code[sums, 3])
    np.maximum.at(last, terms[rows, 1], sums[owner])
    both = code[sums[owner], 0] == VDOT
    np.maximum.at(last, terms[rows[both], 0], sums[owner[both]])
    reduced = sums[code[sums, 0] == RDOT]
    np.maximum.at(last, code[reduced, 1], reduced)
    return last
