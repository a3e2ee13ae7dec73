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

from collections.abc import Callable, Iterable
from typing import Any

from .forward import forward
from .graph import stale, topological_order
from .operation import Operation
from .operations import share
from .real import real
from .sums import weighted_sum
from .value import Value, lift


def gradient(root: Value, wrt: Iterable[Value]) -> list[Value]:
    """The derivatives of `root` by each of `wrt`, as Values; no `.grad` is touched.

    >>> x, y = Value(3.0), Value(4.0)
    >>> [slope.data for slope in gradient(x * y, [x, y])]
    [4.0, 3.0]

    A Value that `root` does not depend on gets the constant 0. Raises RuntimeError where the graph
    is stale: a leaf's data was changed after the forward pass. Griewank and Walther, Evaluating
    Derivatives, 2008, ch. 3.
    """
    if isinstance(wrt, Value):
        raise TypeError("gradient takes a list of Values: write gradient(root, [x])")
    wrt = list(wrt)
    order, _ = topological_order(root)
    _refuse_stale(order)
    leading = _leading_to(wrt, order)
    grads: dict[Value, Value] = {root: lift(1.0)}
    for node in reversed(order):
        if node in grads and node in leading:
            _pass_on(node, grads, leading)
    return [grads[x] if x in grads else lift(0.0) for x in wrt]


def _pass_on(node: Value, grads: dict[Value, Value], leading: set[Value]) -> None:
    """The body of the backward loop, with Values for numbers: share() is the product that skips a zero grad."""
    assert node.operation is not None
    locals_ = node.operation.local_derivatives(node.data, node, *node.parents)()
    for parent, local in zip(node.parents, locals_, strict=True):
        if parent in leading:
            contribution = share(grads[node], local)
            grads[parent] = grads[parent] + contribution if parent in grads else contribution


def _leading_to(wrt: list[Value], order: list[Value]) -> set[Value]:
    """The nodes through which `wrt` is reached; only along these need anything flow."""
    leading = set(wrt)
    for node in order:
        if any(parent in leading for parent in node.parents):
            leading.add(node)
    return leading


def _refuse_stale(order: list[Value]) -> None:
    changed = stale(order)
    if changed:
        raise RuntimeError(
            f"the graph is stale: {changed[0]!r} no longer follows from its parents, for a leaf's data "
            "was changed after the forward pass; build the graph again"
        )


def derivative(f: Callable[[Any], Any], n: int = 1) -> Callable[[Any], Any]:
    """The n-th derivative of a function of one number.

    >>> derivative(lambda x: x ** 4, n=2)(3.0)
    108.0

    Given a plain number it returns a float, given a Value it returns a Value. Raises ValueError for
    n < 0.
    """
    _check(f)
    if not isinstance(n, int):
        raise TypeError(
            f"derivative counts how often to differentiate, n=1, not {n!r}: write derivative(f)(3.0)"
        )
    if n < 0:
        raise ValueError(f"the {n}-th derivative: n counts how often to differentiate, from 0")

    def slope(x: Any) -> Any:
        point = x if isinstance(x, Value) else Value(x)
        result = lift(f(point))
        for _ in range(n):
            [result] = gradient(result, [point])
        return result if point is x else result.data

    return slope


def jacobian(f: Callable[..., Any], xs: Iterable[Any]) -> list[list[Value]]:
    """The derivatives of every output of f(*xs) by every x: a row for each output, as Values.

    >>> rows = jacobian(lambda x, y: [x * y, x + y], [3.0, 4.0])
    >>> [[slope.data for slope in row] for row in rows]
    [[4.0, 3.0], [1.0, 1.0]]

    `f` returns a list, or one number, which makes one row. Plain numbers among `xs` become leaves.
    """
    points = _points(f, xs)
    outputs = f(*points)
    rows = outputs if isinstance(outputs, (list, tuple)) else [outputs]
    return [gradient(lift(output), points) for output in rows]


def hessian(f: Callable[..., Any], xs: Iterable[Any]) -> list[list[Value]]:
    """The second derivatives of f(*xs), one number, by every pair of its arguments, as Values.

    >>> rows = hessian(lambda x, y: x * x * y, [3.0, 4.0])
    >>> [[entry.data for entry in row] for row in rows]
    [[8.0, 6.0], [6.0, 0.0]]

    The Jacobian of the gradient: symmetric up to rounding where f is smooth.
    """
    points = _points(f, xs)
    return [gradient(slope, points) for slope in gradient(lift(f(*points)), points)]


def hessian_vector_product(
    f: Callable[..., Any], xs: Iterable[Any], vector: Iterable[Any]
) -> list[Value]:
    """The Hessian of f(*xs) times a vector, without the Hessian: the gradient of (gradient · vector).

    >>> [entry.data for entry in hessian_vector_product(lambda x, y: x * x * y, [3.0, 4.0], [1.0, -1.0])]
    [2.0, 6.0]

    Costs about two gradients whatever the number of arguments. Raises ValueError where the lengths
    differ. Pearlmutter, Fast Exact Multiplication by the Hessian, 1994.
    """
    points, vector = _points(f, xs), list(vector)
    _refuse_lengths(vector, points)
    slopes = gradient(lift(f(*points)), points)
    return gradient(lift(weighted_sum(vector, slopes)), points)


def jvp(f: Callable[..., Any], xs: Iterable[Any], vector: Iterable[Any]) -> tuple[Any, Any]:
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
    root = lift(_ABOVE.of(tuple(outputs)))
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
_ABOVE = Operation("above", "", lambda *xs: 0.0, lambda z, *xs: lambda: (0.0,) * len(xs), None)


def _numbers_alone(given: list[Any], leaves: list[Value], points: list[Value]) -> bool:
    """Return whether no Value of the caller has a part in it."""
    own = set(points)
    return not any(isinstance(x, Value) for x in given) and all(
        leaf.constant or leaf in own for leaf in leaves
    )


def _tangents(order: list[Value], tangents: dict[Value, Value]) -> dict[Value, Value]:
    """Run the forward loop with Values for numbers; a node without a tangent stands still."""
    _refuse_stale(order)
    for node in order:
        assert node.operation is not None
        locals_ = node.operation.local_derivatives(node.data, node, *node.parents)()
        for parent, local in zip(node.parents, locals_, strict=True):
            if parent in tangents:
                contribution = share(tangents[parent], local)
                tangents[node] = tangents[node] + contribution if node in tangents else contribution
    return tangents


def _own_point(x: Any) -> Value:
    """Return a point for one argument alone: elsewhere in f the Value x stands still."""
    return x * 1.0 if isinstance(x, Value) else Value(x)


def _points(f: Callable[..., Any], xs: Iterable[Any]) -> list[Value]:
    _check(f)
    return [
        x if isinstance(x, Value) else Value(x)
        for x in _listed(xs, "the arguments of the function are")
    ]


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
            f"this takes a function, such as lambda x: x * x, and not {f!r}: for the derivatives of a "
            "Value that is there already, write gradient(root, [x])"
        )
