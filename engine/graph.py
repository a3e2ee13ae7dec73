"""The graph around a root: its topological order, and what a sweep needs before and after it.

A *node* is anything with `parents` (the operands it was computed from; none at a leaf) and `grad`. Nothing
here recurses, so depth costs nothing, and nothing here depends on where objects lie in memory, so the order
is the same in every run.

>>> from engine import Value
>>> a = Value(2.0, label="a"); b = a * a; c = b + a
>>> order, leaves = topological_order(c)
>>> [node.operation.symbol for node in order], leaves
(['*', '+'], [a(data=2, grad=0)])
"""

from typing import Any

watchers: list[Any] = []  # engine.anomaly() listens here: .made(node), .before_backward(root)


def topological_order(root: Any) -> tuple[list[Any], list[Any]]:
    """The interior nodes under `root`, parents before children, and the leaves as they were met.

    Depth first on a stack of our own. A node whose parents are not all placed goes back, below them and with the
    mark None, which says that they are placed when it comes off again.
    """
    if not hasattr(root, "parents"):
        raise TypeError(f"a graph starts at a Value, such as a loss, not at a {type(root).__name__}: give its root")
    order, leaves = list[Any](), list[Any]()
    seen, stack = set(), [root]
    while stack:
        node = stack.pop()
        if node is None:
            order.append(stack.pop())
        elif node not in seen:
            seen.add(node)
            if not node.parents:
                leaves.append(node)
            elif len(node.parents) > 2 and seen.issuperset(node.parents):  # seen and not placed would be a circle
                order.append(node)
            else:
                stack += node, None
                for parent in reversed(node.parents):  # the first operand ends on top, so it is placed first
                    if parent not in seen:
                        stack.append(parent)
    return order, leaves


class prepared:
    """A graph made ready for one backward sweep: `with prepared(root) as order: …`

    Interior grads start at 0 and the root's at 1.0, the seed. A leaf keeps what it has: leaves accumulate. If
    the sweep fails, leaves are put back as they were, the interior is cleared, and the error says where the
    node was made.
    """

    def __init__(self, root: Any):
        for watcher in watchers:
            watcher.before_backward(root)
        self.order, self.leaves = topological_order(root)
        self.grads = [leaf.grad for leaf in self.leaves]
        self.root = root

    def __enter__(self) -> list[Any]:
        self.clear()
        self.root.grad = 1.0 if self.order else self.root.grad + 1.0
        return self.order

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        if error is None:
            return
        node = traceback.tb_frame.f_locals.get("node")
        if node is not None:
            error.add_note(f"in the backward pass, at {node!r}, made at {node.created_at}")
        for leaf, grad in zip(self.leaves, self.grads, strict=True):
            leaf.grad = grad
        self.clear()

    def clear(self) -> None:
        for node in self.order:
            node.grad = 0.0


def stale(order: list[Any]) -> list[Any]:
    """The nodes of `order` whose data is not what their operation makes of their parents' data now."""
    return [node for node in order if (now := node.operation.forward(*[p.data for p in node.parents])) != node.data
            and (now == now or node.data == node.data)]  # nan is nan
