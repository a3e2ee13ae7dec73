r"""A graph as JavaScript: a row for each node, with its forward and its local derivatives.

>>> from engine import Value
>>> x, y = Value(2.0), Value(3.0)
>>> print("\n".join(rows([x * y])))
[2, () => v[0] * v[1], () => [v[1], v[0]]],

`v` holds the data of the nodes, leaves first. The slopes come from the rule of each operation,
which is called with Values; the functions that a row calls are those of `ARITHMETIC`.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from importlib import resources
from itertools import pairwise
from math import copysign, isfinite

from .graph import topological_order
from .operation import OPERATIONS, Operation
from .types import Number
from .value import Value, lift

_DEFINED = re.compile(r"^(?:function|const) (\w+)", re.M)
ARITHMETIC = (resources.files(__package__) / "javascript.js").read_text("utf-8")
INFIX = {"add": "{0} + {1}", "subtract": "{0} - {1}", "multiply": "{0} * {1}", "negative": "-{0}"}
_WORDS = {*INFIX, *re.findall(r"\w+", ARITHMETIC)}
_PARAMETERS = {"power": 1, "leaky_relu": 1, "elu": 1, "clamp": 2}  # how many a family has


def rows(order: Sequence[Value], numbers: Mapping[Value, int] | None = None) -> list[str]:
    """Return a row of JavaScript for each node of an order: number, forward, local derivatives.

    `numbers` are those of all nodes; without them leaves are numbered as they are met. Raises
    TypeError for a user's own operation, whose forward is known to Python only.
    """
    if numbers is None:
        leaves = dict.fromkeys(x for node in order for x in node.parents if not x.parents)
        numbers = {node: i for i, node in enumerate([*leaves, *order])}
    return [_row(node, numbers) for node in order]


def statements(order: Sequence[Value], numbers: Mapping[Value, int]) -> list[str]:
    """Return a statement of JavaScript for each node of an order, without local derivatives.

    >>> from engine import Value
    >>> x, y = Value(2.0), Value(3.0)
    >>> statements([z := x * y], {x: 0, y: 1, z: 2})
    ['v[2] = v[0] * v[1];']

    Leaves without a number are written as they are. Raises TypeError as `rows` does.
    """
    return [f"v[{numbers[node]}] = {_expression(node, numbers)};" for node in order]


def _expression(node: Value, numbers: Mapping[Value, int]) -> str:
    """Return the forward of a node; a weighted sum is spelled out, in the engine's own order."""
    assert node.operation is not None
    known = {x: f"v[{numbers[x]}]" if x in numbers else literal(x.data) for x in node.parents}
    texts = [known[x] for x in node.parents]
    if node.operation.name == "weighted_sum":
        half = len(texts) // 2
        products = [f"{w} * {a}" for w, a in zip(texts[:half], texts[half:])]
        return " + ".join([texts[-1], *products])
    operands = [Value(1.0) for _ in node.parents]
    call = lift(_forward(node.operation, operands))
    return _texts([call], {x: known[parent] for x, parent in zip(operands, node.parents)})[0][call]


def arithmetic(program: str) -> str:
    """Return what of ARITHMETIC a program needs: the functions that it calls, and what these call.

    >>> "sigmoid" in arithmetic("silu(v[0])"), "sigmoid" in arithmetic("tanh(v[0])")
    (True, False)
    """
    starts = [match.start() for match in _DEFINED.finditer(ARITHMETIC)]
    blocks = [ARITHMETIC[i:j] for i, j in pairwise([*starts, len(ARITHMETIC)])]
    names = [_DEFINED.match(block) for block in blocks]
    needed, used = set[int](), set(re.findall(r"\w+", program))
    for _ in blocks:
        more = {i for i, match in enumerate(names) if match and match[1] in used} - needed
        if not more:
            break
        needed |= more
        used |= {word for i in more for word in re.findall(r"\w+", blocks[i])}
    return ARITHMETIC[: starts[0]] + "".join(blocks[i] for i in sorted(needed))


def _row(node: Value, numbers: Mapping[Value, int]) -> str:
    assert node.operation is not None
    operation, z = node.operation, Value(1.0)
    operands = [Value(1.0) for _ in node.parents]
    known = {leaf: _operand(parent, numbers) for leaf, parent in zip(operands, node.parents)}
    known[z] = f"v[{numbers[node]}]"
    slopes = [lift(slope) for slope in operation.rule(z, *operands)]
    forward = _function([_forward(operation, operands)], known, "{}")
    pattern = f"within({known[z]}, [{{}}])" if operation.domain else "[{}]"
    return f"[{numbers[node]}, {forward}, {_function(slopes, known, pattern)}],"


def _operand(node: Value, numbers: Mapping[Value, int]) -> str:
    is_number = node.constant and not node.parents
    return literal(node.data) if is_number else f"v[{numbers[node]}]"


def _forward(operation: Operation, operands: Sequence[Value]) -> Number:
    if not _is_known(operation):
        raise TypeError(f"{operation.name} is an operation of your own: it is not in JavaScript")
    return lift(operation(*operands))


def _is_known(operation: Operation) -> bool:
    """Whether javascript.js has a function for the operation."""
    in_table = OPERATIONS.get(operation.name) is operation and operation.name in _WORDS
    return in_table or _PARAMETERS.get(operation.name) == len(operation.parameters) > 0


# -- a graph as an expression
# -------------------------------------------------------------------------------------------------


def _function(results: Sequence[Number], known: Mapping[Value, str], pattern: str) -> str:
    """Return an arrow function of the results; what is used more than once is a constant in it."""
    texts, statements = _texts([lift(x) for x in results], known)
    result = pattern.format(", ".join(texts[lift(x)] for x in results))
    if not statements:
        return f"() => {result}"
    return f"() => {{ {' '.join(statements)} return {result}; }}"


def _texts(
    results: Sequence[Value], known: Mapping[Value, str]
) -> tuple[dict[Value, str], list[str]]:
    """Return the text of each node under the results, and the statements that stand before."""
    texts, statements = dict(known), list[str]()
    order, uses = _order(results, known)
    for node in order:
        if node in texts:
            continue
        text = _text(node, texts) if node.parents else literal(node.data)
        if node.parents and uses[node] > 1:
            name = f"t{len(statements)}"
            statements.append(f"const {name} = {text};")
            text = name
        texts[node] = text
    return texts, statements


def _order(
    results: Iterable[Value], known: Mapping[Value, str]
) -> tuple[list[Value], Counter[Value]]:
    """Return the nodes under the results, parents first, and how often each is used."""
    order: dict[Value, None] = {}
    for result in results:
        nodes, leaves = topological_order(result)
        order |= dict.fromkeys([*leaves, *nodes])
    uses = Counter(parent for node in order for parent in node.parents)
    uses.update(results)
    return list(order), uses


def _text(node: Value, texts: Mapping[Value, str]) -> str:
    operation = node.operation
    assert operation is not None
    operands = [texts[parent] for parent in node.parents]
    if operation.name in INFIX and _is_known(operation):
        return INFIX[operation.name].format(*map(_bracketed, operands))
    if not _is_known(operation):
        raise TypeError(f"{operation.name}, in a rule, is not in JavaScript")
    return f"{operation.name}({', '.join([*operands, *map(literal, operation.parameters)])})"


def _bracketed(text: str) -> str:
    is_atom = text.replace(".", "").isalnum() or (text.endswith("]") and " " not in text)
    is_call = text.endswith(")") and text[0].isalpha() and _closes_at_the_end(text)
    is_bracketed = text.startswith("(") and _closes_at_the_end(text)
    return text if is_atom or is_call or is_bracketed else f"({text})"


def _closes_at_the_end(text: str) -> bool:
    """Whether the first bracket of a text is closed by its last character."""
    depth = 0
    for i, sign in enumerate(text):
        depth += (sign == "(") - (sign == ")")
        if depth == 0 and sign == ")":
            return i == len(text) - 1
    return False


def literal(x: float) -> str:
    """Return a number as JavaScript, all digits of it.

    >>> literal(0.1), literal(-2.0), literal(float("-inf"))
    ('0.1', '(-2.0)', '(-Infinity)')
    """
    size = "NaN" if x != x else repr(abs(x)) if isfinite(x) else "Infinity"
    return f"(-{size})" if copysign(1.0, x) < 0.0 and x == x else size
