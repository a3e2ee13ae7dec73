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
from pathlib import Path
from sys import _getframe as _frame
from types import FrameType
from typing import TYPE_CHECKING, Any, NamedTuple

from .diagnosis import Zeros, operands, origin_of_nan
from .foreign import Foreign, as_values, by_original
from .formula import UNNAMED, Names, bracketed, expression, name
from .graph import topological_order
from .location import place
from .options import whole
from .printing import columns, describe, encodable, number, printable

if TYPE_CHECKING:
    from .value import Value

TERMS, ZEROS, LINES = 24, 6, 400  # of one sum, and of one answer, that are shown


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


def steps(
    root: "Value", grads: dict[Any, float] | None = None, order: "list[Value] | None" = None
) -> Iterator[Step]:
    """Yield the contributions of the backward pass in the order of the sweep; constants get none.

    `grads` are the sums to start from, 0.0 for a value that is not among them; at the end it holds
    what backward() would leave. `order` is the topological order, where it is known.
    """
    order = topological_order(root)[0] if order is None else order
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


def zeros(root: "Value", names: Names = UNNAMED, order: "list[Value] | None" = None) -> Zeros:
    """Return which nodes under `root` send nothing in its backward pass, and why.

    `order` is the topological order, where it is known.
    """
    grads: dict[Any, float] = {}
    order = topological_order(root)[0] if order is None else order
    for _ in steps(root, grads, order):
        pass
    return Zeros(order, grads, names)


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


def why(root: Foreign, x: Foreign, depth: int = 1) -> str:
    """Return the sum behind x.grad as text: a term for every contribution that arrived.

    `depth=2` follows each term upstream, to the sum behind the gradient that it came from, and so
    on. A child that sends nothing gets a line that says why, and so does the first nan. What a
    backward() of `root` does not account for is a term of its own, and terms that have not arrived
    are counted. A node without a label is called by the variable that it is bound to where `why` is
    called, else by its expression. The text has only characters that sys.stdout can write. Raises
    TypeError for what is no Value, and ValueError where `x` is not in the graph.
    """
    root, depth = as_values(root), whole("depth", depth, least=1)
    order, leaves = topological_order(root)
    node = by_original(leaves + order).get(id(x))
    if node is None:
        raise _not_in_the_graph(root, x)
    names = variables(leaves + order, _caller())
    if root.grad == 0.0 == node.grad:
        grad = f"{bracketed(node, names)}.grad = 0"
        return f"{grad}: forward only, call backward() on {describe(root)} first"
    grads: dict[Any, float] = {}
    trail = list(steps(root, grads))
    lines = account(root, node, arrivals(trail), Zeros(order, grads, names), depth, names)
    lines += nan_lines(root, node, trail, names)
    if stale(order):
        advice = "stale: a leaf's data was changed after the forward pass; build the graph again"
        lines.append(advice)
    return encodable("\n".join(lines))


def _not_in_the_graph(root: "Value", x: Any) -> Exception:
    try:
        called = describe(as_values(x))
    except TypeError:
        return TypeError(f"why takes a Value of the graph, not {type(x).__name__}: y.why(x)")
    return ValueError(
        f"{called} is not in the graph of {describe(root)}: ask for a value it was made from"
    )


def account(
    root: "Value",
    x: "Value",
    arrivals: Mapping[Any, list[Step]],
    zeros: Zeros,
    depth: int = 1,
    names: Names = UNNAMED,
) -> list[str]:
    """Return the lines of `why`, from steps that are sorted by where they arrive."""
    lines = list(islice(_account(root, x, arrivals, zeros, depth, names), LINES))
    return [*lines, "…"] if len(lines) == LINES else lines


def _account(
    root: "Value",
    x: "Value",
    arrivals: Mapping[Any, list[Step]],
    zeros: Zeros,
    depth: int,
    names: Names,
) -> Iterator[str]:
    """Yield the gradient, a line for each term, and, below a term, the sum that it came from."""
    yield f"{bracketed(x, names)}.grad = {number(x.grad)}"
    steps, idle = arrivals.get(x, []), zeros.children(x)
    shown, others = steps[:TERMS], _other_terms(root, x, steps, names)
    amounts = [step.contribution for step in shown] + [amount for amount, _ in others]
    texts = [f"{amount:+.4g}" for amount in amounts]
    width = max([len(text) for text in texts] + [2] * bool(idle), default=0)
    sources = _aligned([printable(expression(step.node, names), 32) for step in shown])
    slopes = _aligned([_slope(step, names) for step in shown])
    for step, amount, source, slope in zip(shown, texts, sources, slopes, strict=False):
        line = f"   {amount:>{width}}  from {source}    {slope}    {place(step.node)}"
        yield line.rstrip()
        if depth > 1:
            for line in _account(root, step.node, arrivals, zeros, depth - 1, names):
                yield " " * (width + 5) + line
    for child in idle[:ZEROS]:
        yield f"   {'0':>{width}}  {zeros.sentence(child)}"
        if depth > 1:
            for line in _account(root, child, arrivals, zeros, depth - 1, names):
                yield " " * (width + 5) + line
    if len(idle) > ZEROS:
        yield f"   {'0':>{width}}  from {len(idle) - ZEROS:,} more, which send nothing"
    for amount, (_, reason) in zip(texts[len(shown) :], others, strict=True):
        yield f"   {amount:>{width}}  {reason}"
    if missing := _missing(x, steps):
        some = f"the last {missing} of these terms {'is' if missing == 1 else 'are'} not in it"
        which = "none of these terms is in it" if missing == len(steps) else some
        yield f"   {which}: the grad was set since, or its pass is not over"


def nan_lines(
    root: "Value", x: "Value", steps: Iterable[Step], names: Names = UNNAMED
) -> list[str]:
    """Return where a nan in `root` or `x` began, as the last line of `why`; [] if there is none."""
    if x.data != x.data or x.grad != x.grad:
        origin = origin_of_nan([root, x], steps, names)
        return [f"   nan comes from {origin}"] if origin else []
    if root.data != root.data:
        return [f"   {bracketed(root, names)} is nan, from {origin_of_nan([root], (), names)}"]
    return []


def _aligned(texts: list[str]) -> list[str]:
    """Return the texts, each as wide as the widest."""
    width = max(map(columns, texts), default=0)
    return [text + " " * (width - columns(text)) for text in texts]


def _slope(step: Step, names: Names) -> str:
    """Return ∂z/∂x = 3, or × 3 where the names are too long to help."""
    slope = f"∂{bracketed(step.node, names)}/∂{bracketed(step.parent, names)}"
    return f"{slope} = {number(step.local)}" if len(slope) <= 24 else f"× {number(step.local)}"


def _other_terms(
    root: "Value", x: "Value", steps: list[Step], names: Names
) -> list[tuple[float, str]]:
    """Return the terms of x.grad that are no step of their own, each with its reason.

    They are the seed, the steps that are too many to show, what this sweep does not account for.
    """
    terms = []
    if x is root:
        terms.append((1.0, f"the seed: ∂{bracketed(x, names)}/∂{bracketed(x, names)} = 1"))
    rest = steps[TERMS:]
    if rest:
        terms.append((sum(step.contribution for step in rest), f"from {len(rest):,} more"))
    start, end = (steps[0].before, steps[-1].after) if steps else (0.0, float(x is root))
    accounted = x.grad == end or end != end  # beside nan, or an unknown number, a rest says nothing
    if start:
        terms.append((start, "there before this backward(): zero_grad() clears"))
    if not accounted and not _missing(x, steps):
        elsewhere = (
            f"not from a backward() of {bracketed(root, names)}: each makes interior grads afresh"
            if x.parents
            else "from elsewhere, such as another backward(); grad = 0.0 starts afresh"
        )
        terms.append((x.grad - end, elsewhere))
    return terms


def _missing(x: "Value", steps: list[Step]) -> int:
    """Return how many of the last steps are not in x.grad, if it is the sum of the others."""
    if not steps or x.grad == steps[-1].after:
        return 0
    return next((len(steps) - k for k, step in enumerate(steps) if x.grad == step.before), 0)


def text(root: Foreign) -> str:
    """Return the step table: one line for every contribution, in the order of the sweep.

    >>> from engine import Value
    >>> a, b = Value(2.0, label="a"), Value(3.0, label="b")
    >>> print(text(a * b))
    step  node  parent  upstream  × local  = contribution  parent's grad
       1  a·b   a              1        3              +3  0 → 3
       2  a·b   b              1        2              +2  0 → 2

    Where the sweep comes to a node that sends nothing, a line says why. Names and characters are as
    in `why`.
    """
    root = as_values(root)
    order, leaves = topological_order(root)
    grads: dict[Any, float] = {}
    rows, names = list(steps(root, grads)), variables(leaves + order, _caller())
    idle = Zeros(order, grads, names)
    turns = idle.at(rows)
    nodes = _aligned(["node", *(printable(name(step.node, names), 24) for step in rows)])
    parents = _aligned(["parent", *(printable(name(step.parent, names), 24) for step in rows)])
    lines = [f"step  {nodes[0]}  {parents[0]}  upstream  × local  = contribution  parent's grad"]
    for position, row in enumerate(map(_row, rows, nodes[1:], parents[1:])):
        lines += [row, *(f"      {idle.sentence(node)}" for node in turns.get(position + 1, ()))]
    return encodable("\n".join(lines))


def _row(step: Step, node: str, parent: str) -> str:
    return (
        f"{step.index + 1:4}  {node}  {parent}  {number(step.upstream):>8}  {number(step.local):>7}"
        f"  {step.contribution:>+14.4g}  {number(step.before)} → {number(step.after)}"
    )


# -- what the reader calls the nodes
# ---------------------------------------------------------------------------------------------

_HERE = Path(__file__).parent
_CHAPTERS = {str(_HERE / "explain.py"), str(_HERE / "value.py")}
ELEMENTS = 1000  # of a list whose elements are looked for


def _caller() -> FrameType | None:
    """Return the frame of the user's code that asks; None where another part of the engine does."""
    frame: FrameType | None = _frame(1)
    while frame and frame.f_code.co_filename in _CHAPTERS:
        frame = frame.f_back
    inside = frame and _HERE in Path(frame.f_code.co_filename).parents
    return None if inside else frame


def variables(nodes: list["Value"], frame: FrameType | None) -> dict["Value", str]:
    """Return names for nodes without a label: the variables that they are bound to in `frame`.

    A local variable comes before a global one, a variable before an element of a list, `xs[0]`. No
    node gets a name that is the label of another. A leaf that has neither name nor label is written
    as the call that makes it, for a number would look like a constant.
    """
    if frame is None:
        return {}
    unlabelled = by_original(node for node in nodes if not (node.label or node.constant))
    labels = {node.label for node in nodes}
    local = dict(frame.f_locals)
    scope = {**local, **frame.f_globals, **local}  # the order of the first, the values of the last
    shown = [x for x in scope.items() if _is_variable(x[0]) and x[0] not in labels]
    names: dict[Value, str] = {}
    for variable, x in shown:
        if id(x) in unlabelled:
            names.setdefault(unlabelled[id(x)], variable)
    for variable, xs in shown:
        if type(xs) in (list, tuple) and len(xs) <= ELEMENTS:
            for i, x in enumerate(xs):
                if id(x) in unlabelled:
                    names.setdefault(unlabelled[id(x)], f"{variable}[{i}]")
    for leaf in unlabelled.values():
        if not leaf.parents:
            names.setdefault(leaf, f"Value({number(leaf.data)})")
    return names


def _is_variable(name: Any) -> bool:
    return type(name) is str and name.isidentifier() and not name.startswith("_")


def stale(order: Iterable["Value"]) -> list["Value"]:
    """Return the nodes whose data is not what their operation makes of their parents' data now."""
    return [node for node in order if _changed(node)]


def _changed(node: "Value") -> bool:
    assert node.operation is not None
    numbers = tuple([parent.data for parent in node.parents])
    if numbers == operands(node) and node.data == node._z:  # a forward may draw random numbers
        return False
    now = node.operation.forward(*numbers)
    return now != node.data and (now == now or node.data == node.data)  # nan is nan
