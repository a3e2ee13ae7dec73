"""What the losses depend on: parameters that no loss reaches, leaves that belong to nobody.

>>> w, lost = Value(2.0), Value(0.5, label="lost")
>>> reach = Reach({w: "w"})
>>> reach.add(w * lost, [])
>>> reach.unreached, reach.strangers
({}, {lost(data=0.5, grad=0)})
"""

from collections.abc import Iterable
from typing import Any

from engine import Value

from .module import parts
from .support.progress import warn


class Reach:
    """The parameters that no loss has reached yet, and the other leaves that losses have met."""

    def __init__(self, names: dict[Value, str]):
        self.names, self.unreached = names, dict(names)
        self.strangers, self.graphs, self.closed = set[Value](), 0, False

    def add(self, loss: Value, row: Any) -> None:
        """Look at the graph of one example's loss, while there is something left to find out."""
        if self.graphs > 1 and (self.closed or not self.unreached):
            return
        self.graphs += 1
        known = {id(part) for _, part in parts(row)} | set(map(id, self.names))
        order, seen = [loss], {loss}
        for node in order:
            new = [parent for parent in dict.fromkeys(node.parents) if parent not in seen]
            seen.update(new)
            order += new
            self.unreached.pop(node, None)
            if node in self.strangers:  # no point of one evaluation: it stays
                place = f" ({node.created_at.short})" if node.created_at else ""
                warn(
                    f"the loss depends on {node!r}{place}, which neither the model nor the "
                    "optimizer has: nothing trains or saves it. Make it an attribute of the model, "
                    "or write a plain number"
                )
            elif not node.parents and not node.constant and id(node) not in known:
                self.strangers.add(node)

    def note(self, parameters: Iterable[Value]) -> None:
        """Note parameters that losses depend on, as a tape knows them."""
        for p in parameters:
            self.unreached.pop(p, None)

    def refuse_detached(self) -> None:
        """Raise ValueError where no loss has reached a parameter."""
        if self.graphs and not self.closed and len(self.unreached) == len(self.names):
            raise ValueError(
                "the loss depends on no parameter, so nothing would be trained: compute it with "
                "the outputs themselves, (o - y)**2 and not Value((o.data - y)**2)"
            )

    def close(self, frozen: list[Value]) -> None:
        """Warn of parameters that no loss has reached in an epoch."""
        names = [name for p, name in self.unreached.items() if p not in frozen]
        if names and not self.closed:
            shown = ", ".join(names[:4]) + (", …" if len(names) > 4 else "")
            warn(f"no loss depends on {shown}: their gradient stays 0")
        self.closed = True
