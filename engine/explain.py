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

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple

from .formula import expression, held, name
from .graph import stale, topological_order
from .location import place
from .printing import columns, describe, number, padded, printable


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


# -- the sum behind a gradient
# -------------------------------------------------------------------------------

TERMS, LINES = 24, 400  # as many terms of one sum, lines of one answer, as a person will read


def why(root: Any, x: Any, depth: int = 1) -> str:
    """The sum behind x.grad as text: a term for every edge along which something arrived.

    `depth=2` follows each term upstream, to the sum behind the gradient that it came from, and so
    on. What the steps of this sweep do not account for (a second backward, another loss) is a term
    of its own. Raises ValueError where `x` is not in the graph of `root`.
    """
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


def _slope(step: Step) -> str:
    """∂z/∂x = 3, or × 3 where the names are too long to help."""
    names = f"∂{held(step.node)}/∂{held(step.parent)}"
    return f"{names} = {number(step.local)}" if len(names) <= 24 else f"× {number(step.local)}"


def _rest(root: Any, x: Any, here: list[Step]) -> Iterable[tuple[float, str]]:
    """The terms of a sum that are not steps of their own: the seed, those too many to show, and what came before."""
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
    for amount in (start, 0.0 if accounted else x.grad - end):
        if amount:
            rest.append(
                (amount, "from elsewhere: another backward() or root; grad = 0.0 starts afresh")
            )
    return rest


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
