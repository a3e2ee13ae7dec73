"""Gradients as Values, so that they can be differentiated again.

`gradient` walks the same order as `backward()` and applies the same rules, but to the nodes
themselves instead of their numbers; what comes out is a graph like any other.

>>> from engine import Value
>>> x = Value(2.0, label="x")
>>> [slope] = gradient(x ** 3, [x])
>>> [curvature] = gradient(slope, [x])
>>> slope.data, curvature.data
(12.0, 12.0)

`jacobian`, `hessian` and `hessian_vector_product` are `gradient` once or twice over; `jvp` is the
forward sweep. A function f that is passed in is called as f(*xs).
"""

import math
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from .explain import stale
from .forward import forward
from .graph import listening, topological_order
from .listeners import Listener
from .operation import Operation
from .operations import masked, where
from .real import real
from .sums import weighted_sum
from .value import Value, lift

if TYPE_CHECKING:
    from .types import Number


def gradient(root: Value, wrt: Iterable[Value]) -> list[Value]:
    """Return the derivatives of `root` by each of `wrt`, as Values; no `.grad` is touched.

    >>> x, y = Value(3.0), Value(4.0)
    >>> [slope.data for slope in gradient(x * y, [x, y])]
    [4.0, 3.0]

    A Value that `root` does not depend on gets the constant 0. Raises RuntimeError where the graph
    is stale: a leaf's data was changed after the forward pass. Griewank and Walther, Evaluating
    Derivatives, 2008, ch. 3.
    """
    if not hasattr(wrt, "__iter__"):  # a Value, or a network
        values = "net.parameters()" if hasattr(wrt, "parameters") else "[x]"
        raise TypeError(f"gradient takes a list of Values: write gradient(root, {values})")
    wrt = list(wrt)
    order, _ = topological_order(root)
    _refuse_stale(order)
    leading = _leading_to(wrt, order)
    grads: dict[Value, Value] = {root: lift(1.0)}
    recording = _recording()
    with Listener():  # while somebody listens, a new node's place is the user's line, not ours
        for node in reversed(order):
            if node in grads and node in leading:
                _pass_on(node, grads, leading, recording)
    return [grads[x] if x in grads else lift(0.0) for x in wrt]


def _pass_on(node: Value, grads: dict[Value, Value], leading: set[Value], recording: bool) -> None:
    """Do what the body of the backward loop does, with Values for numbers.

    masked() is the product that skips a zero grad. A branch that was not taken gets nothing at all,
    so that a nan in it can't come back at the next order; but a tape keeps both, and the choice.
    """
    grad = grads[node]
    skipped = None if recording or not math.isfinite(grad.data) else _branch_not_taken(node)
    chosen = _chooser(node) if recording else None
    for slot, (parent, local) in enumerate(
        zip(node.parents, _slopes(node, recording), strict=True)
    ):
        if parent in leading and slot != skipped:
            contribution = chosen(slot, grad) if chosen else masked(grad, local)
            grads[parent] = grads[parent] + contribution if parent in grads else contribution


def _recording() -> bool:
    return any(listener.records for listener in listening())


def _slopes(node: Value, recording: bool) -> tuple[Any, ...]:
    """Return the rule at the node and its parents themselves; nan where the value is nan.

    That nan is the node itself, so that its slopes, at the next order, are nan as well. A tape
    needs the choice between both.
    """
    operation = node.operation
    assert operation is not None
    slopes = operation.rule(node, *node.parents)
    if operation.domain and (recording or node.data != node.data):
        return tuple([where(node >= node, slope, node) for slope in slopes])
    return slopes


def _chooser(node: Value) -> Callable[[int, Value], Any] | None:
    """Return what passes x to an operand of a where, if it is chosen, and else 0, never nan·0."""
    if node.operation is not where:
        return None
    condition = node.parents[0]
    return lambda slot, x: (lift(0.0), where(condition, x, 0.0), where(condition, 0.0, x))[slot]


def _branch_not_taken(node: Value) -> int | None:
    if node.operation is not where:
        return None
    return 2 if node.parents[0].data else 1


def _leading_to(wrt: list[Value], order: list[Value]) -> set[Value]:
    """Return the nodes through which `wrt` is reached; only along these need anything flow."""
    leading = set(wrt)
    for node in order:
        if any(parent in leading for parent in node.parents):
            leading.add(node)
    return leading


def _refuse_stale(order: list[Value]) -> None:
    changed = stale(order)
    if changed:
        raise RuntimeError(
            f"the graph is stale: {changed[0]!r} no longer follows from its parents, for a leaf's "
            "data was changed after the forward pass; build the graph again"
        )


def derivative(f: Callable[[Any], Any], n: int = 1) -> "Callable[[Number], Any]":
    """Return the n-th derivative of a function of one number, itself such a function.

    >>> derivative(lambda x: x ** 4, n=2)(3.0)
    108.0

    Given a plain number it returns a float; given a Value, or where f computes with a Value of the
    caller (a parameter), it returns a Value. Raises ValueError for n < 0.
    """
    _check(f)
    if not isinstance(n, int):
        raise TypeError(
            f"derivative counts how often to differentiate, n=1, not {n!r}: "
            "write derivative(f)(3.0)"
        )
    if n < 0:
        raise ValueError(f"the {n}-th derivative: n counts how often to differentiate, from 0")

    def slope(x: "Number") -> Any:
        point = _own_point(x)
        result = _one(f(point))
        for _ in range(n):
            [result] = gradient(result, [point])
        alone = _numbers_alone([x], topological_order(result)[1], [point])
        return result.data if alone else result

    return slope


def jacobian(f: Callable[..., Any], xs: "Iterable[Number]") -> list[list[Value]]:
    """Return the derivative of every output of f(*xs) by every x, as Values: a row an output.

    >>> rows = jacobian(lambda x, y: [x * y, x + y], [3.0, 4.0])
    >>> [[slope.data for slope in row] for row in rows]
    [[4.0, 3.0], [1.0, 1.0]]

    `f` returns a list, or one number, which makes one row. Plain numbers among `xs` become leaves.
    """
    points = _points(f, xs)
    outputs = f(*points)
    rows = outputs if isinstance(outputs, (list, tuple)) else [outputs]
    return [gradient(lift(output), points) for output in rows]


def hessian(f: Callable[..., Any], xs: "Iterable[Number]") -> list[list[Value]]:
    """Return the second derivatives of f(*xs), one number, by every pair of arguments, as Values.

    >>> rows = hessian(lambda x, y: x * x * y, [3.0, 4.0])
    >>> [[entry.data for entry in row] for row in rows]
    [[8.0, 6.0], [6.0, 0.0]]

    The Jacobian of the gradient: symmetric up to rounding where f is smooth.
    """
    points = _points(f, xs)
    return [gradient(slope, points) for slope in gradient(_one(f(*points)), points)]


def hessian_vector_product(
    f: Callable[..., Any], xs: "Iterable[Number]", vector: "Iterable[Number]"
) -> list[Value]:
    """Return the Hessian of f(*xs) times a vector, by the gradient of (gradient · vector).

    >>> product = hessian_vector_product(lambda x, y: x * x * y, [3.0, 4.0], [1.0, -1.0])
    >>> [entry.data for entry in product]
    [2.0, 6.0]

    Costs about two gradients whatever the number of arguments. Raises ValueError where the lengths
    differ. Pearlmutter, Fast Exact Multiplication by the Hessian, 1994.
    """
    points, vector = _points(f, xs), list(vector)
    _refuse_lengths(vector, points)
    slopes = gradient(_one(f(*points)), points)
    return gradient(lift(weighted_sum(vector, slopes)), points)


def jvp(
    f: Callable[..., Any], xs: "Iterable[Number]", vector: "Iterable[Number]"
) -> tuple[Any, Any]:
    """Return f(*xs) and its derivative along `vector`: the Jacobian times the vector, in one sweep.

    >>> jvp(lambda x, y: x * y, [3.0, 4.0], [1.0, 0.5])
    (12.0, 5.5)

    `vector` has one number for each x. Where f returns a list, value and tangent are lists, and one
    sweep still serves them all. They are floats; but if an x, a number of the vector, or anything
    that f computes with is a Value of the caller, they are Values, and the tangent can be
    differentiated again. Raises ValueError where the lengths differ.
    """
    _check(f)
    xs = _listed(xs, "the arguments of the function are")
    vector = _listed(vector, "the vector is")
    _refuse_lengths(vector, xs)
    points = [_own_point(x) for x in xs]
    result = f(*points)
    several = isinstance(result, (list, tuple))
    outputs = [lift(y) for y in (result if several else [result])]
    root = lift(_ABOVE.apply(tuple(outputs)))
    order, leaves = topological_order(root)
    pairs: list[tuple[Any, Any]]
    if _numbers_alone([*xs, *vector], leaves, points):
        tangents = forward(root, dict(zip(points, map(real, vector), strict=True)))
        pairs = [(y.data, tangents[y]) for y in outputs]
    else:
        slopes = _tangents(order[:-1], dict(zip(points, map(lift, vector), strict=True)))
        pairs = [(y, slopes[y] if y in slopes else lift(0.0)) for y in outputs]
    return ([y for y, _ in pairs], [t for _, t in pairs]) if several else pairs[0]


# A node above all outputs, which computes nothing: one sort puts everything under them in order.
_ABOVE = Operation("above", "", lambda *xs: 0.0, lambda z, *xs: (0.0,) * len(xs))


def _numbers_alone(given: list[Any], leaves: list[Value], points: list[Value]) -> bool:
    """Return whether no Value of the caller has a part in it."""
    own = set(points)
    return not any(isinstance(x, Value) for x in given) and all(
        leaf.constant or leaf in own for leaf in leaves
    )


def _tangents(order: list[Value], tangents: dict[Value, Value]) -> dict[Value, Value]:
    """Run the forward loop with Values for numbers; a node without a tangent stands still."""
    _refuse_stale(order)
    recording = _recording()
    for node in order:
        skipped = None if recording else _branch_not_taken(node)
        chosen = _chooser(node) if recording else None
        slopes = _slopes(node, recording)
        for slot, (parent, local) in enumerate(zip(node.parents, slopes, strict=True)):
            if parent in tangents and slot != skipped:
                tangent = tangents[parent]
                contribution = chosen(slot, tangent) if chosen else _product(tangent, local)
                tangents[node] = tangents[node] + contribution if node in tangents else contribution
    return tangents


def _product(tangent: Value, local: Any) -> Value:
    """Return their product, 0 where either is: nothing to pass on, not 0·inf."""
    return masked(tangent, local) if math.isfinite(tangent.data) else masked(local, tangent)


def _own_point(x: Any) -> Value:
    """Return a point for one argument alone: where f uses the Value x elsewhere, x stands still."""
    return x * 1.0 if isinstance(x, Value) else Value(x)


def _points(f: Callable[..., Any], xs: Iterable[Any]) -> list[Value]:
    _check(f)
    return [_own_point(x) for x in _listed(xs, "the arguments of the function are")]


def _one(result: Any) -> Value:
    """Return the result of a function as a Value, where one number is differentiated."""
    if isinstance(result, (list, tuple)):
        raise TypeError("the function returns a list, not one number: take jacobian for that")
    return lift(result)


def _listed(xs: Any, subject: str) -> list[Any]:
    if isinstance(xs, Value) or not isinstance(xs, Iterable):
        raise TypeError(f"{subject} a list: write [x] for {xs!r}")
    return list(xs)


def _refuse_lengths(vector: list[Any], xs: list[Any]) -> None:
    if len(vector) != len(xs):
        raise ValueError(
            f"a vector of {len(vector)} numbers for {len(xs)} arguments: give one for each"
        )


def _check(f: Any) -> None:
    if not callable(f):
        raise TypeError(
            f"this takes a function, such as lambda x: x * x, and not {f!r}: for the derivatives "
            "of a Value that is there already, write gradient(root, [x])"
        )
