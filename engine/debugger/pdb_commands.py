"""pdb with two more commands, for the loop in backward.py: `edge` and `why`.

>>> {"do_edge", "do_why"} <= set(dir(GradPdb))
True

In a shell, `PYTHONBREAKPOINT=engine.debugger.set_trace`; for tests, `pytest
--pdbcls=engine.debugger:GradPdb`. Sorting, clearing and the total arithmetic are skipped, so that
`s` goes from root.backward() to the sum in a few presses.
"""

import pdb
import sys
from types import FrameType
from typing import Any

from ..explain import Step, account, arrivals, excerpt, expression, held, name, number, steps
from ..graph import topological_order
from ..value import Value

SKIPPED = ("engine.graph", "engine.ieee", "engine.operation", "engine.real")


class GradPdb(pdb.Pdb):
    """pdb for gradients: `edge` shows the contribution at hand, `why X` the sum behind X.grad."""

    def __init__(self, *args: Any, **options: Any):
        options["skip"] = [*(options.get("skip") or ()), *SKIPPED]
        super().__init__(*args, **options)

    def do_edge(self, arg: str) -> None:
        """edge
        The contribution at hand: node, parent, local derivative, what it adds.
        """
        loop = self._loop()
        if loop is None or "parent" not in loop.f_locals:
            self.error("no edge here: stop on the sum in engine/backward.py")
            return
        for line in edge(loop.f_locals):
            self.message(line)

    def do_why(self, arg: str) -> None:
        """why X
        why ROOT, X
        The sum behind X.grad; in the backward loop, as far as it has come.
        """
        loop = self._loop()
        values = labelled(loop.f_locals["root"], arg) if loop else []
        if not values:
            try:
                found: Any = self._getval(f"({arg or 'parent'},)")
            except Exception:
                return  # pdb has said what is wrong
            values = [value for value in found if isinstance(value, Value)]
        if not values or len(values) + bool(loop) < 2:
            self.error("name a Value: why x in the backward loop, why root, x elsewhere")
            return
        try:
            lines = (
                [values[0].why(values[-1])]
                if len(values) > 1 or loop is None
                else so_far(loop.f_locals, values[0])
            )
        except ValueError as error:
            self.error(str(error))
            return
        for line in lines:
            self.message(line)

    def _loop(self) -> FrameType | None:
        """The frame of engine.backward.backward, if it is among the callers."""
        frame = self.curframe
        while frame and not (
            frame.f_globals.get("__name__") == "engine.backward" and "node" in frame.f_locals
        ):
            frame = frame.f_back
        return frame


def edge(names: dict[str, Any]) -> list[str]:
    """The lines of `edge`, from the local variables of the backward loop."""
    node, parent, local = names["node"], names["parent"], names["local"]
    product = (
        f"{held(node)}.grad × ∂{held(node)}/∂{held(parent)} = {number(node.grad)} × {number(local)}"
    )
    made = node.created_at
    return [
        expression(node),
        *(excerpt(made) if made else ()),
        f"{held(parent)}.grad += {product} = {node.grad * local:+.4g}",
        f"{held(parent)}.grad is {number(parent.grad)}",
    ]


def labelled(root: Value, label: str) -> list[Value]:
    """The values under `root` with this label, so that `why w` works where only the loop's variables have names."""
    order, leaves = topological_order(root)
    return [node for node in (*order, *leaves) if label and node.label == label][:1]


def so_far(names: dict[str, Any], x: Value) -> list[str]:
    """The sum behind x.grad up to the node that is sending now."""
    sent: list[Step] = []
    for step in steps(names["root"]):
        if step.node is names["node"]:
            break
        sent.append(step)
    return [*account(names["root"], x, arrivals(sent)), f"   {name(names['node'])} is sending now"]


def set_trace(*, header: str | None = None) -> None:
    """Stop the caller in GradPdb; `PYTHONBREAKPOINT=engine.debugger.set_trace` makes breakpoint() do so."""
    debugger = GradPdb()
    if header is not None:
        debugger.message(header)
    debugger.set_trace(sys._getframe(1))
