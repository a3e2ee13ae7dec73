"""The graph around a root: a node's parents and slopes, the topological order, what a sweep needs.

Nothing recurses, so depth costs nothing; no order depends on where objects lie in memory.

>>> from engine import Value
>>> a = Value(2.0, label="a"); b = a * a; c = b + a
>>> order, leaves = topological_order(c)
>>> [node.operation.symbol for node in order], leaves
(['*', '+'], [a(data=2, grad=0)])
"""

from importlib import import_module
from math import nan
from threading import get_ident
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .value import Value


listeners: list[Any] = []  # see listeners.py; of all threads, and empty while nobody listens


def listening() -> list[Any]:
    """Return the listeners of this thread, in the order in which they were entered."""
    return [listener for listener in listeners if listener.thread in (get_ident(), None)]


def parents(node: "Value") -> "tuple[Value, ...]":
    """Return `node.parents`: the operands in order, duplicates kept; none at a leaf."""
    return node._first if node._second is None else (node._first, node._second)


def local_derivatives(node: "Value") -> tuple[float, ...]:
    """Return `node.local_derivatives()`: ∂node/∂parent for each parent; () at a leaf.

    This is the node's chain-rule closure. A closure is a function and its environment, and a node
    records both: the rule in its operation, and the numbers of the forward pass in its slots. So a
    leaf's data can change later without corrupting a gradient.
    """
    z: float = node._z
    operation: Any = node.operation
    if z != z and operation and operation.domain:  # a function whose value is nan has slopes of nan
        return (nan,) * len(node.parents)
    if node._second is not None:
        return operation.rule(z, node._x, node._y)
    return operation.rule(z, *node._x) if operation else ()


def topological_order(root: "Value") -> "tuple[list[Value], list[Value]]":
    """Return the interior nodes under `root`, parents before children, and the leaves as first met.

    Depth first, first operand first. A node waits on the stack for its operands: one of two alone,
    one of one below the mark None, and for any other `rests` lists those still to be visited.
    """
    if not hasattr(root, "_first"):
        kind = f"a {type(root).__name__}"
        raise TypeError(f"a graph starts at a Value, such as a loss, not at {kind}: give its root")
    order, leaves, seen = list["Value"](), list["Value"](), set["Value"]()
    stack, rests = list[Any](), list[Any]()
    see, place, wait, top = seen.add, order.append, stack.append, stack.pop
    node: Any = root
    while True:
        see(node)  # going down
        first, second = node._first, node._second
        if second is not None:
            if first not in seen:
                wait(node)
                node = first
                continue
            if second not in seen:
                wait(node)
                node = second
                continue
            place(node)
        elif not first:
            leaves.append(node)
        elif seen.issuperset(first):
            place(node)
        elif len(first) == 1:
            stack += node, None
            node = first[0]
            continue
        else:
            wait(node)
            rests.append(iter(first))
        while stack:  # coming up
            node = top()
            if node is None:
                place(top())
                continue
            operand = node._second
            if operand is None:
                for operand in rests[-1]:
                    if operand not in seen:
                        break
                else:
                    rests.pop()
                    operand = node
            if operand in seen:
                place(node)
            else:
                wait(node)
                node = operand
                break
        else:
            return order, leaves


class prepared:
    """A graph made ready for one backward sweep, as in `with prepared(root) as order: …`.

    Interior grads start at 0, the root's at 1.0, the seed; leaves accumulate. If the sweep fails,
    leaves are put back, the interior is cleared, and the error says where the node was made.
    """

    def __init__(self, root: "Value"):
        for listener in listening() if listeners else ():
            listener.before_backward(root)
        self.order, self.leaves = topological_order(root)
        self.grads = [leaf.grad for leaf in self.leaves]
        if {*map(type, self.grads)} != {float}:  # somebody wrote 0, or None
            self.grads = import_module("engine.habits").make_grads_floats(self.leaves)
        self.root = root

    def __enter__(self) -> "list[Value]":
        self.clear()
        self.root.grad = 1.0 if self.order else self.root.grad + 1.0
        return self.order

    def __exit__(self, kind: Any, error: BaseException | None, traceback: Any) -> None:
        if error is None:
            return
        node = traceback.tb_frame.f_locals.get("node")
        if node is not None:
            error.add_note(f"in the backward pass, at {node!r}, made at {node.created_at}")
        for leaf, grad in zip(self.leaves, self.grads, strict=True):
            leaf.grad = grad
        self.clear()

    def clear(self) -> None:
        """Set the grad of every interior node to 0."""
        for node in self.order:
            node.grad = 0.0
