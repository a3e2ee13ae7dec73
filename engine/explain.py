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

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from .formula import bracketed, expression, name
from .graph import topological_order
from .location import place
from .printing import columns, describe, number, printable

if TYPE_CHECKING:
    from .value import Value

TERMS, LINES = 24, 400  # of one sum, and of one answer, that are shown


class Step(NamedTuple):
    """One contribution of the backward pass: before + upstream × local = after, along one edge.

    `slot` is the parent's position in `node.parents`. `before` and `after` are the running sum of
    the parent's grad in this sweep, which starts at 0.0 whatever its grad is now.
    """

    index: int  # type: ignore[assignment]  # tuple.index gives way to the contract
    node: Any  # a Value; in a picture also what stands for several
    parent: Any
    slot: int
    local: float
    upstream: float
    contribution: float
    before: float
    after: float


def steps(root: "Value", grads: dict[Any, float] | None = None) -> Iterator[Step]:
    """Yield the contributions of the backward pass in the order of the sweep; constants get none.

    `grads` are the sums to start from, 0.0 for a value that is not among them; at the end it holds
    what backward() would leave.
    """
    order, _ = topological_order(root)
    grads = {} if grads is None else grads
    grads[root] = grads.get(root, 0.0) + 1.0
    index = 0
    for node in reversed(order):
        upstream = grads.get(node, 0.0)
        if upstream == 0.0:
            continue
        locals_ = node.local_derivatives()
        for slot, (parent, local) in enumerate(zip(node.parents, locals_, strict=True)):
            before, contribution = grads.get(parent, 0.0), upstream * local
            grads[parent] = after = before + contribution
            if not parent.constant:
                yield Step(index, node, parent, slot, local, upstream, contribution, before, after)
                index += 1


def numbered(root: "Value") -> "dict[Value, int]":
    """Return the nodes under `root` with their numbers: leaves as they are met, then the others."""
    order, leaves = topological_order(root)
    return {node: i for i, node in enumerate(leaves + order)}


def arrivals(steps: Iterable[Step]) -> dict[Any, list[Step]]:
    """Return the steps by the parent that they arrive at."""
    by_parent: dict[Any, list[Step]] = {}
    for step in steps:
        by_parent.setdefault(step.parent, []).append(step)
    return by_parent


# -- the sum behind a gradient
# ---------------------------------------------------------------------------------------------


def why(root: "Value", x: "Value", depth: int = 1) -> str:
    """Return the sum behind x.grad as text: a term for every contribution that arrived.

    `depth=2` follows each term upstream, to the sum behind the gradient that it came from, and so
    on. What a backward() of `root` does not account for is a term of its own, and terms that have
    not arrived are counted. Raises TypeError for what is no Value, and ValueError where `x` is not
    in the graph of `root`.
    """
    if not hasattr(x, "parents"):
        raise TypeError(f"why takes a Value of the graph, not {type(x).__name__}: y.why(x)")
    order, leaves = topological_order(root)
    if x not in {root, *order, *leaves}:
        raise ValueError(
            f"{describe(x)} is not in the graph of {describe(root)}: "
            "ask for a value it was made from"
        )
    if root.grad == 0.0 == x.grad:
        return f"{bracketed(x)}.grad = 0: forward only, call backward() on {describe(root)} first"
    lines = account(root, x, arrivals(steps(root)), depth)
    if stale(order):
        advice = "stale: a leaf's data was changed after the forward pass; build the graph again"
        lines.append(advice)
    return "\n".join(lines)


def account(
    root: "Value", x: "Value", arrivals: Mapping[Any, list[Step]], depth: int = 1
) -> list[str]:
    """Return the lines of `why`, from steps that are sorted by where they arrive."""
    lines = list(islice(_account(root, x, arrivals, depth), LINES))
    return [*lines, "…"] if len(lines) == LINES else lines


def _account(
    root: "Value", x: "Value", arrivals: Mapping[Any, list[Step]], depth: int
) -> Iterator[str]:
    """Yield the gradient, a line for each term, and, below a term, the sum that it came from."""
    yield f"{bracketed(x)}.grad = {number(x.grad)}"
    steps = arrivals.get(x, [])
    shown, others = steps[:TERMS], _other_terms(root, x, steps)
    amounts = [step.contribution for step in shown] + [amount for amount, _ in others]
    texts = [f"{amount:+.4g}" for amount in amounts]
    width = max(map(len, texts), default=0)
    sources = _aligned([printable(expression(step.node), 32) for step in shown])
    slopes = _aligned([_slope(step) for step in shown])
    for step, amount, source, slope in zip(shown, texts, sources, slopes, strict=False):
        line = f"   {amount:>{width}}  from {source}    {slope}    {place(step.node)}"
        yield line.rstrip()
        if depth > 1:
            for line in _account(root, step.node, arrivals, depth - 1):
                yield " " * (width + 5) + line
    for amount, (_, reason) in zip(texts[len(shown) :], others, strict=True):
        yield f"   {amount:>{width}}  {reason}"
    if missing := _missing(x, steps):
        some = f"the last {missing} of these terms {'is' if missing == 1 else 'are'} not in it"
        which = "none of these terms is in it" if missing == len(steps) else some
        yield f"   {which}: the grad was set since, or its pass is not over"


def _aligned(texts: list[str]) -> list[str]:
    """Return the texts, each as wide as the widest."""
    width = max(map(columns, texts), default=0)
    return [text + " " * (width - columns(text)) for text in texts]


def _slope(step: Step) -> str:
    """Return ∂z/∂x = 3, or × 3 where the names are too long to help."""
    names = f"∂{bracketed(step.node)}/∂{bracketed(step.parent)}"
    return f"{names} = {number(step.local)}" if len(names) <= 24 else f"× {number(step.local)}"


def _other_terms(root: "Value", x: "Value", steps: list[Step]) -> list[tuple[float, str]]:
    """Return the terms of x.grad that are no step of their own, each with its reason.

    They are the seed, the steps that are too many to show, what this sweep does not account for.
    """
    terms = []
    if x is root:
        terms.append((1.0, f"the seed: ∂{bracketed(x)}/∂{bracketed(x)} = 1"))
    rest = steps[TERMS:]
    if rest:
        terms.append((sum(step.contribution for step in rest), f"from {len(rest):,} more"))
    start, end = (steps[0].before, steps[-1].after) if steps else (0.0, float(x is root))
    accounted = x.grad == end or (x.grad != x.grad and end != end)  # nan - nan would say nothing
    if start:
        terms.append((start, "there before this backward(): zero_grad() clears"))
    if not accounted and not _missing(x, steps):
        elsewhere = (
            f"not from a backward() of {bracketed(root)}: interior grads are made afresh by each"
            if x.parents
            else "from elsewhere: another backward() or root; grad = 0.0 starts afresh"
        )
        terms.append((x.grad - end, elsewhere))
    return terms


def _missing(x: "Value", steps: list[Step]) -> int:
    """Return how many of the last steps are not in x.grad, if it is the sum of the others."""
    if not steps or x.grad == steps[-1].after:
        return 0
    return next((len(steps) - k for k, step in enumerate(steps) if x.grad == step.before), 0)


def text(root: "Value") -> str:
    """Return the step table: one line for every contribution, in the order of the sweep.

    >>> from engine import Value
    >>> a, b = Value(2.0, label="a"), Value(3.0, label="b")
    >>> print(text(a * b))
    step  node  parent  upstream  × local  = contribution  parent's grad
       1  a·b   a              1        3              +3  0 → 3
       2  a·b   b              1        2              +2  0 → 2
    """
    rows = list(steps(root))
    nodes = _aligned(["node", *(printable(name(step.node), 24) for step in rows)])
    parents = _aligned(["parent", *(printable(name(step.parent), 24) for step in rows)])
    head = f"step  {nodes[0]}  {parents[0]}  upstream  × local  = contribution  parent's grad"
    return "\n".join([head, *map(_row, rows, nodes[1:], parents[1:])])


def _row(step: Step, node: str, parent: str) -> str:
    return (
        f"{step.index + 1:4}  {node}  {parent}  {number(step.upstream):>8}  {number(step.local):>7}"
        f"  {step.contribution:>+14.4g}  {number(step.before)} → {number(step.after)}"
    )


def stale(order: Iterable["Value"]) -> list["Value"]:
    """Return the nodes whose data is not what their operation makes of their parents' data now."""
    return [node for node in order if _changed(node)]


def _changed(node: "Value") -> bool:
    assert node.operation is not None
    now = node.operation.forward(*[parent.data for parent in node.parents])
    return now != node.data and (now == now or node.data == node.data)  # nan is nan
