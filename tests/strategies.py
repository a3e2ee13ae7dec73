"""Random graphs for property tests: shared nodes, duplicate parents, plain numbers, every operation.

`programs()` draws a program: the data of the leaves, then instructions (operation, operands), where an operand is
an int, the number of an earlier result, which may be used twice, or a float, a plain number that becomes a constant.
`run(program)` makes the Values; `run` with `leaves=` makes the same graph on other leaves.
"""

from hypothesis import strategies as st

from engine import Value
from engine.operations import FAMILIES, OPERATIONS

NUMBERS = st.one_of(st.floats(-3.0, 3.0), st.sampled_from([0.0, -0.0, 1.0, -1.0, 0.5, 2.0]))
MANY = {"total", "mean", "product", "logsumexp", "pick"}
FAMILY = [
    FAMILIES["power_of"](2.0),
    FAMILIES["power_of"](0.5),
    FAMILIES["power_of"](-1.0),
    FAMILIES["power_of"](0.0),
    FAMILIES["leaky_relu_of"](0.1),
    FAMILIES["elu_of"](1.0),
    FAMILIES["clamp_of"](-0.5, 0.5),
]
EVERY = [*OPERATIONS.values(), *FAMILY]


@st.composite
def programs(draw, operations=EVERY, longest=25):
    """(leaf data, instructions): instructions are (operation, operands); the last result is the root."""
    leaves = draw(st.lists(NUMBERS, min_size=1, max_size=5))
    instructions = []
    for number in range(draw(st.integers(1, longest))):
        operation = draw(st.sampled_from(operations))
        count = operation.arity or (
            5 if operation.name == "weighted_sum" else draw(st.integers(1, 5))
        )
        operand = st.integers(0, len(leaves) + number - 1)
        either = st.one_of(operand, operand, operand, NUMBERS)
        operands = [
            draw(operand),
            *(draw(either) for _ in range(count - 1)),
        ]  # one at least is a Value
        turn = draw(st.integers(0, count - 1))
        instructions.append((operation, tuple(operands[turn:] + operands[:turn])))
    return leaves, instructions


def run(program, leaves=None):
    """The leaves and the root of a program's graph."""
    data, instructions = program
    leaves = [Value(x, f"x{i}") for i, x in enumerate(data)] if leaves is None else leaves
    results = list(leaves)
    for operation, operands in instructions:
        results.append(operation(*[results[x] if isinstance(x, int) else x for x in operands]))
    return leaves, results[-1]
