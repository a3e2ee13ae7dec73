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
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import PurePath
from types import CodeType
from typing import Any, NamedTuple
from unicodedata import combining, east_asian_width

from .graph import stale, topological_order


class Step(NamedTuple):
    """One contribution of the backward pass: before + upstream × local = after, along one edge.

    `slot` is the parent's position in `node.parents`. `before` and `after` are the running sum of
    the parent's grad in this sweep, which starts at 0.0 whatever its grad is now.
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


def steps(root: Any, grads: dict[Any, float] | None = None) -> Iterator[Step]:
    """Every contribution of the backward pass in the order of the sweep; constants take no step.

    `grads` are the sums to start from, 0.0 where it is silent; at the end it holds what backward()
    would leave.
    """
    order, _ = topological_order(root)
    grads = {} if grads is None else grads
    grads[root] = grads.get(root, 0.0) + 1.0
    index = 0
    for node in reversed(order):
        upstream = grads.get(node, 0.0)
        if upstream == 0.0:
            continue
        for slot, (parent, local) in enumerate(
            zip(node.parents, node.local_derivatives(), strict=True)
        ):
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
    line, end_line, column, end_column = _positions(code)[offset // 2]
    line = line or code.co_firstlineno
    text = linecache.getline(code.co_filename, line).rstrip("\n")
    start = _characters(text, column or 0)
    end = _characters(text, end_column) if end_column and end_line == line else len(text)
    return Site(code.co_filename, line, start, end, code.co_name, text)


_read: dict[int, tuple[CodeType, list[Any]]] = {}


def _positions(code: CodeType) -> list[Any]:
    """The positions of all instructions of `code`, kept: a module of 10,000 lines would be read 10,000 times."""
    if id(code) not in _read:
        if len(_read) > 99:
            _read.clear()
        _read[id(code)] = code, list(code.co_positions())
    return _read[id(code)][1]


def excerpt(made: Site, width: int = 76) -> list[str]:
    """The source line of a site and, below it, the exact subexpression underlined; of a long line, the part around it.

    >>> print(*excerpt(Site("user.py", 3, 4, 9, "f", "h = x * w + x")), sep="\\n")
    user.py:3   h = x * w + x
                    ^^^^^
    """
    place = f"{printable(PurePath(made.filename).name)}:{made.line}"
    text, indent = made.text.strip(), len(made.text) - len(made.text.lstrip())
    if not text:
        return [place]
    start, end, room = (
        max(made.column - indent, 0),
        made.end_column - indent,
        max(24, width - columns(place) - 3),
    )
    skipped = max(0, min(start - 8, len(text) - room)) if end > room else 0
    shown = printable("…" * bool(skipped) + text[skipped + bool(skipped) :], room)
    before, marked = shown[: start - skipped], shown[start - skipped : end - skipped]
    return [
        f"{place}   {shown}",
        " " * (columns(place) + 3 + columns(before)) + "^" * columns(marked),
    ]


def columns(text: str) -> int:
    """How many columns of a terminal `text` takes: a CJK character takes two, a combining one none.

    >>> columns("abc"), columns("梯度")
    (3, 4)
    """
    return sum(2 if east_asian_width(c) in "WF" else not combining(c) for c in text)


def padded(text: str, width: int) -> str:
    """`text` and as many spaces as it takes to be `width` columns wide."""
    return text + " " * (width - columns(text))


def _characters(text: str, column: int) -> int:
    """Python counts columns in bytes of utf-8."""
    return len(text.encode("utf-8", "replace")[:column].decode("utf-8", "ignore"))


def printable(text: str, limit: int = 60) -> str:
    """`text` fit for a terminal or a page: control characters and lone surrogates become U+FFFD, long is cut.

    >>> printable("red \\x1b[31m"), printable("A" * 100, limit=5)
    ('red �[31m', 'AAAA…')
    """
    if len(text) > limit:
        text = text[: limit - 1] + "…"
    return "".join(
        "\ufffd"
        if c < " " or "\x7f" <= c <= "\x9f" or "\ud800" <= c <= "\udfff" or c in "\ufffe\uffff"
        else c
        for c in text
    )  # the last two are no characters, XML forbids them


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


# -- expressions
# ---------------------------------------------------------------------------------------------

_TIGHTNESS = {
    "add": 1,
    "subtract": 1,
    "multiply": 2,
    "divide": 2,
    "floor_divide": 2,
    "modulo": 2,
    "less": 0,
    "less_equal": 0,
    "greater": 0,
    "greater_equal": 0,
    "power": 4,
}
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


def held(node: Any) -> str:
    """The name of a node as it stands before `.grad` or behind `∂`: in brackets unless it holds together.

    >>> from engine import Value
    >>> x = Value(2.0, label="x")
    >>> held(x + 1), held((x * 1.25 + x * 1.5 + x * 1.75).tanh())
    ('(x + 1)', 'tanh(… + … + x·1.75)')
    """
    for depth in (3, 2, 1):
        text, tightness = _short(node, depth)
        if len(text) <= 24:
            break
    return _held(printable(text, 24), tightness, _TIGHT)


def expression(node: Any) -> str:
    """A node as one operation on its parents: `z = x·w`, or `x·w` where it has no label; a leaf's name."""
    if not node.parents:
        return name(node)
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
    if operation.name == "weighted_sum":
        return _products(node, depth), 1
    tightness = _TIGHTNESS.get(operation.name, _TIGHT)
    if tightness == _TIGHT:
        return _call(
            node, [text for text, _ in parts]
        ), 3 if operation.name == "negative" else _TIGHT  # (-x)**2
    if len(parts) == 1:  # a power with a plain exponent
        return _held(*parts[0], _TIGHT) + operation.symbol, tightness
    sign = _SIGNS.get(operation.symbol, f" {operation.symbol} ")
    return _held(*parts[0], tightness) + sign + _held(
        *parts[1], tightness + (operation.symbol not in "+*")
    ), tightness


def _products(node: Any, depth: int) -> str:
    """w₀·a₀ + w₁·a₁ + … + b, the parents of a weighted sum being w…, a…, b."""
    *factors, bias = node.parents
    half = len(factors) // 2
    texts = [_held(*_short(x, depth), 2) for x in (*factors[:half][:3], *factors[half:][:3])]
    terms = ["·".join(pair) for pair in zip(texts, texts[len(texts) // 2 :], strict=False)] + [
        "…"
    ] * (half > 3)
    if not (bias.constant and bias.data == 0.0):
        terms.append(_held(*_short(bias, depth), 1))
    return " + ".join(terms)


def _held(text: str, tightness: int, needed: int) -> str:
    return text if tightness >= needed else f"({text})"


def _call(node: Any, texts: list[str]) -> str:
    if node.operation.name == "negative":
        return "-" + texts[0] if texts[0].isidentifier() else f"-({texts[0]})"
    more = ", …" if len(node.parents) > len(texts) else ""
    return f"{node.operation.name}({', '.join(texts)}{more})"


# -- the sum behind a gradient
# -------------------------------------------------------------------------------

TERMS, LINES = 24, 400  # as many terms of one sum, lines of one answer, as a person will read


def why(root: Any, x: Any, depth: int = 1) -> str:
    """The sum behind x.grad as text: a term for every edge along which something arrived.

    `depth=2` follows each term upstream, to the sum behind the gradient that it came from, and so
    on. What a backward() of `root` does not account for is a term of its own, and terms that have
    not arrived are counted. Raises ValueError where `x` is not in the graph of `root`.
    """
    if not hasattr(x, "parents"):
        raise TypeError(f"why takes a Value of the graph, not {type(x).__name__}: y.why(x)")
    order, leaves = topological_order(root)
    if x not in {root, *order, *leaves}:
        raise ValueError(
            f"{describe(x)} is not in the graph of {describe(root)}: ask for a value it was made from"
        )
    if root.grad == 0.0 == x.grad:
        return f"{held(x)}.grad = 0: forward only, call backward() on {describe(root)} first"
    lines = account(root, x, arrivals(steps(root)), depth)
    if stale(order):
        lines.append(
            "stale: a leaf's data was changed after the forward pass; build the graph again"
        )
    return "\n".join(lines)


def arrivals(steps: Iterable[Step]) -> dict[Any, list[Step]]:
    """The steps by the parent that they arrive at."""
    found: dict[Any, list[Step]] = {}
    for step in steps:
        found.setdefault(step.parent, []).append(step)
    return found


def account(root: Any, x: Any, arrivals: dict[Any, list[Step]], depth: int = 1) -> list[str]:
    """The lines of `why`, from steps that are already sorted by where they arrive."""
    lines = list(islice(_account(root, x, arrivals, depth), LINES))
    return [*lines, "…"] if len(lines) == LINES else lines


def _account(root: Any, x: Any, arrivals: dict[Any, list[Step]], depth: int) -> Iterator[str]:
    here = arrivals.get(x, [])
    shown = here[:TERMS]
    yield f"{held(x)}.grad = {number(x.grad)}"
    rest = _rest(root, x, here)
    amounts = [f"{step.contribution:+.4g}" for step in shown] + [
        f"{amount:+.4g}" for amount, _ in rest
    ]
    wide = max(map(len, amounts), default=0)
    sources = [printable(expression(step.node), 32) for step in shown]
    slopes = [_slope(step) for step in shown]
    source, slope = (max(map(columns, texts), default=0) for texts in (sources, slopes))
    for step, amount, made_by, by in zip(shown, amounts, sources, slopes, strict=False):
        yield (
            f"   {amount:>{wide}}  from {padded(made_by, source)}    {padded(by, slope)}    "
            f"{place(step.node)}".rstrip()
        )
        if depth > 1:
            for line in _account(root, step.node, arrivals, depth - 1):
                yield " " * (wide + 5) + line
    for amount, (_, words) in zip(amounts[len(shown) :], rest, strict=True):
        yield f"   {amount:>{wide}}  {words}"
    missing = _missing(x, here)
    if missing:
        which = (
            "none of these terms is in it"
            if missing == len(here)
            else f"the last {missing} of these terms {'is' if missing == 1 else 'are'} not in it"
        )
        yield f"   {which}: the grad was set since, or its pass is not over"


def _slope(step: Step) -> str:
    """∂z/∂x = 3, or × 3 where the names are too long to help."""
    names = f"∂{held(step.node)}/∂{held(step.parent)}"
    return f"{names} = {number(step.local)}" if len(names) <= 24 else f"× {number(step.local)}"


def _rest(root: Any, x: Any, here: list[Step]) -> Iterable[tuple[float, str]]:
    """Return the terms that are no steps: the seed, those too many to show, what is not of it."""
    rest = []
    if x is root:
        rest.append((1.0, f"the seed: ∂{held(x)}/∂{held(x)} = 1"))
    if len(here) > TERMS:
        rest.append(
            (sum(step.contribution for step in here[TERMS:]), f"from {len(here) - TERMS:,} more")
        )
    start, end = (here[0].before, here[-1].after) if here else (0.0, float(x is root))
    accounted = x.grad == end or (
        x.grad != x.grad and end != end
    )  # nan minus nan would say nothing
    if start:
        rest.append((start, "there before this backward(): zero_grad() clears"))
    if not accounted and not _missing(x, here):
        elsewhere = (
            f"not from a backward() of {held(root)}: interior grads are made afresh by each"
            if x.parents
            else "from elsewhere: another backward() or root; grad = 0.0 starts afresh"
        )
        rest.append((x.grad - end, elsewhere))
    return rest


def _missing(x: Any, here: list[Step]) -> int:
    """Return how many of the last steps are not in x.grad, if it is the sum of the others."""
    if not here or x.grad == here[-1].after:
        return 0
    return next((len(here) - k for k, step in enumerate(here) if x.grad == step.before), 0)


def place(node: Any) -> str:
    """Where a node was made, in short: file and line, or nothing."""
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
    taken = list(steps(root))
    names = {node: printable(name(node), 24) for step in taken for node in (step.node, step.parent)}
    wide, high = (
        max(map(columns, [head, *(names[node] for node in nodes)]))
        for head, nodes in (
            ("node", [step.node for step in taken]),
            ("parent", [step.parent for step in taken]),
        )
    )
    lines = [
        f"step  {'node':{wide}}  {'parent':{high}}  upstream  × local  = contribution  parent's grad"
    ]
    for step in taken:
        node, parent = padded(names[step.node], wide), padded(names[step.parent], high)
        lines.append(
            f"{step.index + 1:4}  {node}  {parent}  {number(step.upstream):>8}  {number(step.local):>7}  "
            f"{step.contribution:>+14.4g}  {number(step.before)} → {number(step.after)}"
        )
    return "\n".join(lines)
