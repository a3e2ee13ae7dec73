"""Who hears of what the engine does: of nodes as they are made, of backward passes, of decisions.

>>> from engine import Value
>>> class Count(Listener):
...     nodes = 0
...
...     def made(self, node):
...         self.nodes += 1
>>> with Count() as count:
...     y = Value(2.0) * 3.0 + 1.0
>>> count.nodes
2
"""

from threading import get_ident
from typing import TYPE_CHECKING, Any, Self

from .graph import listeners

if TYPE_CHECKING:
    from .value import Value


class Listener:
    """A context that is told what happens in the thread that entered it, and nothing of others."""

    records = False  # whether the graph will be run again on other numbers
    thread: int | None = None  # None: every thread, for a debugger that registers itself

    def __enter__(self) -> Self:
        self.thread = get_ident()
        listeners.append(self)
        return self

    def __exit__(self, *error: Any) -> None:
        listeners.remove(self)

    def made(self, node: "Value") -> None:
        """Hear of an interior node, when it is complete."""

    def before_backward(self, root: "Value") -> None:
        """Hear of a backward pass, before it changes anything."""

    def decided(self, comparison: "Value") -> None:
        """Hear of a comparison that Python branches on, as in `if x > 0`."""
