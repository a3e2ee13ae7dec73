"""The finished program.

It has two parts. The *uniform* part works on numbers that all examples share (constants, parameters
and what follows from them alone): it runs once per replay, and each of its numbers has a slot. The
*varying* part works on numbers that differ from example to example: it runs once per block of
examples, and each of its numbers has a register, which holds one value for every example of the
block.

>>> from engine import Value
>>> from engine.tape.planner import make_plan
>>> from engine.tape.recording import recorded
>>> w = Value(2.0)
>>> plan = make_plan(recorded(lambda x: (w + 1.0) * x, [3.0]), "parameters", fuse=True)
>>> len(plan.uniform_code), len(plan.code)  # w + 1; the product, and the sum of x over the examples
(1, 2)
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

# What a number depends on: nothing, parameters, the example.
CONSTANT, UNIFORM, VARYING = 0, 1, 2

# Beside the operations of arithmetic.py an instruction may be a sum of products over a span of
# terms: of uniform and varying factors, of varying factors, and of a gradient that is summed over
# examples. Or it chooses one of the terms by an index: a slot, a register, the gradient to add to.
LEAF, SDOT, VDOT, RDOT = 100, 101, 102, 103  # a leaf is no instruction
PICK, CHOOSE, SCATTER = 104, 105, 106
EXPS = 60  # exp, of eight examples at once (exponential.py)
SPAN, COLUMNS, OUTER = 108, 109, 110  # sums of one example (single.py)
LINK = 120  # no instruction: a number and the link before it, which make a list to pick from


@dataclass(frozen=True)
class Plan:
    """The program for one purpose: the value alone, or with gradients by parameters or inputs.

    An instruction is a row (operation, result, operands x, y, z) of int32. That of a sum has the
    span of its terms for x and y, rows (factor, factor) of `terms`; z = 4 at the first of four in a
    tile. That of a choice has the index for z. Plans are read only, so that threads may share one.
    """

    uniforms: Any  # the constants in their slots; the other slots are filled by the uniform part
    parameter_slots: Any  # pairs: a parameter, its slot
    uniform_code: Any  # instructions on slots
    uniform_terms: Any
    registers: int  # how many there are
    loads: Any  # pairs: an input, its register
    broadcasts: Any  # pairs: a slot, the register that repeats its number for every example
    code: Any  # instructions on registers
    terms: Any  # SDOT: a slot and a register; VDOT: two registers; RDOT: a gradient and a register;
    # PICK: a slot; CHOOSE: a register; SCATTER: a gradient or -1
    results: Any  # the registers of the value and of gradients kept per example; -1 for none
    uniform_results: Any  # pairs: a result that is the same for every example, its slot
    gradients: int  # how many gradients were asked for
    hoisted: Any  # pairs: a gradient that is a mean over examples, the slot of its uniform part

    @cached_property
    def program(self) -> tuple[Any, ...]:
        """The arrays that the interpreter reads.

        Of a plain tuple numba knows the type in half the time.
        """
        return (
            self.parameter_slots,
            self.uniform_code,
            self.uniform_terms,
            self.loads,
            self.broadcasts,
            self.code,
            self.terms,
            self.results,
        )

    @cached_property
    def size(self) -> int:
        """How many instructions and terms there are for an example."""
        return len(self.code) + len(self.terms)
