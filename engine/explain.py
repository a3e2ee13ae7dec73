"""Why each gradient is the number it is: every contribution as data, the sum behind a grad as text.

>>> from engine import Value
>>> a, b = Value(2.0, label="a"), Value(3.0, label="b")
>>> c = a * b + a; c.label = "c"
>>> for step in steps(c):
...     print(step.node, step.parent.label, step.local, step.contribution, step.after)
c=+(data=8, grad=0)  1.0 1.0 1.0
c=+(data=8, grad=0) a 1.0 1.0 1.0
*(data=6, grad=0) a 3.0 3.0 4.0
*(data=6, grad=0) b 2.0 2.0 2.0
"""

import linecache
from collections.abc import Iterator
from itertools import islice
from pathlib import PurePath
from types import CodeType
from typing import Any, NamedTuple

from .graph import stale, topological_order


class Step(NamedTuple):
    """One contribution of the backward pass: before + upstream × local = after, along one edge.

    `slot` is the parent's position in `node.parents`. `before` and `after` are the running sum of the
    parent's grad in this sweep, which starts at 0.0 whatever its grad is now.
    """

    index: int  # type: ignore[assignment]  # tuple.index gives way to the contract
    node: Any
    parent: Any
    slot: int
    local: float
    upstream: float
    contribution: float
    before: float
    after: float


class Site(NamedTuple):
    """A place in the user's source: line from 1, columns from 0 into `text`, which is the whole line."""

    filename: str
    line: int
    column: int
    end_column: int
    function: str
    text: str

    def __str__(self) -> str:
        return f"{printable(self.filename, 200)}:{self.line}"


def steps(root: Any) -> Iterator[Step]:
    """Every contribution of the backward pass in the order of the sweep; constants take no step."""
    order, _ = topological_order(root)
    grads = {root: 1.0}
    index = 0
    for node in reversed(order):
        upstream = grads.get(node, 0.0)
        if upstream == 0.0:
            continue
        for slot, (parent, local) in enumerate(zip(node.parents, node.local_derivatives(), strict=True)):
            before, contribution = grads.get(parent, 0.0), upstream * local
            grads[parent] = after = before + contribution
            if not parent.constant:
                yield Step(index, node, parent, slot, local, upstream, contribution, before, after)
                index += 1


def numbered(root: Any) -> dict[Any, int]:
    """Every node under `root` with its stable number: leaves as they were met, then the interior in order."""
    order, leaves = topological_order(root)
    return {node: number for number, node in enumerate(leaves + order)}


def site(code: CodeType | None, offset: int) -> Site | None:
    """The place in a source file of the instruction at `offset` in a code object; None where there is none."""
    if code is None:
        return None
    line, end_line, column, end_column = next(islice(code.co_positions(), offset // 2, None))
    line = line or code.co_firstlineno
    text = linecache.getline(code.co_filename, line).rstrip("\n")
    start = _characters(text, column or 0)
    end = _characters(text, end_column) if end_column and end_line == line else len(text)
    return Site(code.co_filename, line, start, end, code.co_name, text)


def _characters(text: str, column: int) -> int:
    """Python counts columns in bytes of utf-8."""
    return len(text.encode("utf-8", "replace")[:column].decode("utf-8", "ignore"))


def printable(text: str, limit: int = 60) -> str:
    """`text` fit for a terminal or a page: control characters and lone surrogates become U+FFFD, long is cut.

    >>> printable("red \\x1b[31m"), printable("A" * 100, limit=5)
    ('red �[31m', 'AAAA…')
    """
    if len(text) > limit:
        text = text[:limit - 1] + "…"
    return "".join("\ufffd" if c < " " or "\x7f" <= c <= "\x9f" or "\ud800" <= c <= "\udfff" else c for c in text)


def number(x: float) -> str:
    """Four significant digits, whole numbers whole.

    >>> number(-6.0), number(0.0013407)
    ('-6', '0.001341')
    """
    return f"{x:.4g}"


def describe(node: Any) -> str:
    """The one-line repr: label first, never the parents."""
    name = printable(node.label)
    if node.parents:
        name += f"={node.operation.symbol}" if name else node.operation.symbol
    return f"{name or 'Value'}(data={number(node.data)}, grad={number(node.grad)})"


# -- expressions ---------------------------------------------------------------------------------------------

_TIGHTNESS = {"add": 1, "subtract": 1, "multiply": 2, "divide": 2, "floor_divide": 2, "modulo": 2,
              "less": 0, "less_equal": 0, "greater": 0, "greater_equal": 0, "power": 4}
_SIGNS = {"*": "·", "-": " - ", "+": " + ", "/": " / ", "//": " // ", "%": " % "}
_LOOSE, _TIGHT = 0, 5


def name(node: Any) -> str:
    """What to call a node in text: its label, a leaf's number, or the expression that it is.

    >>> from engine import Value
    >>> x = Value(2.0, label="x")
    >>> name((x + 1) * x), name(x.exp())
    ('(x + 1)·x', 'exp(x)')
    """
    return _short(node, depth=3)[0]


def expression(node: Any) -> str:
    """A node as one operation on its parents: `z = x·w`, or `x·w` where it has no label."""
    text = _spelled(node, depth=2)[0]
    return f"{printable(node.label)} = {text}" if node.label else text


def _short(node: Any, depth: int) -> tuple[str, int]:
    """The text of a node and how tightly it holds together."""
    if node.label:
        return printable(node.label), _TIGHT
    if not node.parents:
        return number(node.data), _TIGHT if node.data >= 0.0 else _LOOSE
    return _spelled(node, depth - 1) if depth else ("…", _TIGHT)


def _spelled(node: Any, depth: int) -> tuple[str, int]:
    operation, parts = node.operation, [_short(parent, depth) for parent in node.parents[:8]]
    tightness = _TIGHTNESS.get(operation.name, _TIGHT)
    if tightness == _TIGHT:
        return _call(node, [text for text, _ in parts]), _TIGHT
    if len(parts) == 1:  # a power with a plain exponent
        return _held(*parts[0], _TIGHT) + operation.symbol, tightness
    sign = _SIGNS.get(operation.symbol, f" {operation.symbol} ")
    return _held(*parts[0], tightness) + sign + _held(*parts[1], tightness + (operation.symbol not in "+*")), tightness


def _held(text: str, tightness: int, needed: int) -> str:
    return text if tightness >= needed else f"({text})"


def _call(node: Any, texts: list[str]) -> str:
    if node.operation.name == "negative":
        return "-" + texts[0] if texts[0].isidentifier() else f"-({texts[0]})"
    more = ", …" if len(node.parents) > len(texts) else ""
    return f"{node.operation.name}({', '.join(texts)}{more})"


# -- the sum behind a gradient -------------------------------------------------------------------------------

def why(root: Any, x: Any, depth: int = 1) -> str:
    """The sum behind x.grad as text: a term for every edge along which something arrived.

    What the steps of this sweep do not account for (a second backward, another loss) is a term of its own.
    Raises ValueError where `x` is not in the graph of `root`.
    """
    if x not in numbered(root):
        raise ValueError(f"{describe(x)} is not in the graph of {describe(root)}: ask for a value it was made from")
    if x.grad == 0.0 and not _swept(root):
        return f"{name(x)}.grad = 0: forward only, call backward() on {describe(root)} first"
    arrivals: dict[Any, list[Step]] = {}
    for step in steps(root):
        arrivals.setdefault(step.parent, []).append(step)
    lines = [f"{name(x)}.grad = {number(x.grad)}", *_terms(root, x, arrivals, depth, "   ")]
    if stale(topological_order(root)[0]):
        lines.append("stale: a leaf's data was changed after the forward pass; build the graph again")
    return "\n".join(lines)


def _swept(root: Any) -> bool:
    return bool(root.grad != 0.0)


def _terms(root: Any, x: Any, arrivals: dict[Any, list[Step]], depth: int, margin: str) -> Iterator[str]:
    if x is root:
        yield f"{margin}{_signed(1.0)}  the seed: ∂{name(x)}/∂{name(x)} = 1"
    for step in arrivals.get(x, ()):
        node = step.node
        yield (f"{margin}{_signed(step.contribution)}  from {expression(node)}    "
               f"∂{name(node)}/∂{name(x)} = {number(step.local)}    {_place(node)}".rstrip())
        if depth > 1 and node is not root:
            yield f"{margin}    × {name(node)}.grad = {number(step.upstream)}"
            yield from _terms(root, node, arrivals, depth - 1, margin + "       ")
    elsewhere = x.grad - (arrivals[x][-1].after if x in arrivals else float(x is root))
    if elsewhere != 0.0 and x.grad == x.grad:
        yield f"{margin}{_signed(elsewhere)}  from elsewhere: another backward() or another root"


def _signed(x: float) -> str:
    return f"{x:+.4g}".rjust(10)


def _place(node: Any) -> str:
    made = node.created_at
    return f"{printable(PurePath(made.filename).name)}:{made.line}" if made else ""


def text(root: Any) -> str:
    """The step table: one line for every contribution, in the order of the sweep.

    >>> from engine import Value
    >>> a, b = Value(2.0, label="a"), Value(3.0, label="b")
    >>> print(text(a * b))
    step  node  parent  upstream  × local  = contribution  parent's grad
       1  a·b   a              1        3              +3  0 → 3
       2  a·b   b              1        2              +2  0 → 2
    """
    rows = [(name(step.node)[:24], name(step.parent)[:24], step) for step in steps(root)]
    wide = max([4, *(len(row[0]) for row in rows)])
    high = max([6, *(len(row[1]) for row in rows)])
    lines = [f"step  {'node':{wide}}  {'parent':{high}}  upstream  × local  = contribution  parent's grad"]
    for node, parent, step in rows:
        lines.append(f"{step.index + 1:4}  {node:{wide}}  {parent:{high}}  {number(step.upstream):>8}  "
                     f"{number(step.local):>7}  {step.contribution:>+14.4g}  "
                     f"{number(step.before)} → {number(step.after)}")
    return "\n".join(lines)
