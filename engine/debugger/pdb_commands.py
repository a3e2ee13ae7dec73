"""pdb with two more commands for the loop in backward.py, `edge` and `why`.

>>> {"do_edge", "do_why"} <= set(dir(GradPdb))
True

In a shell, `PYTHONBREAKPOINT=engine.debugger.set_trace`; for tests, `pytest
--pdbcls=engine.debugger:GradPdb`. Sorting, clearing and the total arithmetic are skipped, so that
`s` goes from root.backward() to the sum in a few presses. `break_on_sum()` sets the one breakpoint
that shows everything, in pdb, ipdb and pudb, wherever the engine is installed.
"""

import bdb
import os
import pdb
import sys
from contextlib import suppress
from types import FrameType, TracebackType
from typing import Any

from ..backward import backward
from ..diagnosis import Zeros
from ..explain import Step, account, arrivals, steps
from ..formula import bracketed, expression, name
from ..graph import topological_order
from ..location import excerpt
from ..printing import number
from ..value import Value

SKIPPED_MODULES = ["engine.graph", "engine.ieee", "engine.operation", "engine.real"]
_LOOP = backward.__code__
_LINES = sorted({line for *_, line in _LOOP.co_lines() if line})


class GradPdb(pdb.Pdb):
    """pdb for gradients: `edge` shows the contribution at hand, `why X` the sum behind X.grad."""

    def __init__(self, *args: Any, **options: Any):
        options["skip"] = [*(options.get("skip") or ()), *SKIPPED_MODULES]
        super().__init__(*args, **options)

    def stop_here(self, frame: FrameType) -> bool:
        """Let `s` and `n` go from cell to cell in a notebook, past what runs the cells."""
        return bool(super().stop_here(frame)) and not _runs_cells(frame)

    def setup(self, f: FrameType | None, tb: TracebackType | None) -> Any:
        """Open a traceback at the innermost frame that is not the engine's; `d` goes into those."""
        answer = super().setup(f, tb)
        own = [i for i, (frame, _) in enumerate(self.stack) if not _is_ours(frame)]
        if tb is not None and own and own[-1] < self.curindex:
            self.curindex = own[-1]
            self.curframe = self.stack[self.curindex][0]
            with suppress(AttributeError):  # from Python 3.13 on it follows curframe
                self.curframe_locals = self.curframe.f_locals
        return answer

    def do_edge(self, arg: str) -> None:
        """edge: the contribution at hand, by node, parent, local derivative and what it adds."""
        loop = self._loop()
        if loop is None:
            self.error("no edge here: stop on the sum in engine/backward.py")
            return
        at_sum = loop.f_lineno in _LINES[-2:]
        for line in edge(loop.f_locals) if at_sum else before_edges(loop.f_locals["node"]):
            self.message(line)

    def do_why(self, arg: str) -> None:
        """why X: in the backward loop, the sum behind X.grad as far as it has come.

        Elsewhere, `why ROOT, X`.
        """
        loop = self._loop()
        values = labelled(loop.f_locals["root"], arg) if loop else []
        if not values:
            try:
                named: Any = self._getval(f"({arg or 'parent'},)")
            except Exception:
                return  # pdb has said what is wrong
            values = [value for value in named if isinstance(value, Value)]
        if not values or len(values) + bool(loop) < 2:
            self.error("name a Value: why x in the backward loop, why root, x elsewhere")
            return
        try:
            for line in self._why(values, loop):
                self.message(line)
        except Exception as error:  # a rule of the user's may raise anything
            self.error(f"{type(error).__name__}: {error}")

    def _why(self, values: list[Value], loop: FrameType | None) -> list[str]:
        root, x = values[0], values[-1]
        if loop and (len(values) == 1 or root is loop.f_locals["root"]):
            return so_far(loop, x)
        return [root.why(x)]

    def _loop(self) -> FrameType | None:
        """Return the frame of engine.backward.backward, if it is among the callers.

        After an error it may have been called from here.
        """
        frame = self.curframe
        while frame and not _in_loop(frame):
            frame = frame.f_back
        return frame or next((each for each, _ in self.stack if _in_loop(each)), None)

    def lookupmodule(self, filename: str) -> str | None:
        """Find engine/backward.py wherever the engine is installed."""
        path: str | None = super().lookupmodule(filename)
        folder = os.path.dirname(os.path.dirname(_LOOP.co_filename))
        beside = os.path.join(folder, filename)
        return path or (beside if os.path.isfile(beside) else None)


def _in_loop(frame: FrameType) -> bool:
    return frame.f_code is _LOOP and "node" in frame.f_locals


def _is_ours(frame: FrameType) -> bool:
    return str(frame.f_globals.get("__name__")).partition(".")[0] == "engine"


def _runs_cells(frame: FrameType | None) -> bool:
    """Return whether a frame is IPython's, or was called by IPython and not by the user's code."""
    while frame and frame.f_globals.get("__name__") != "__main__":
        if str(frame.f_globals.get("__name__")).partition(".")[0] in ("IPython", "ipykernel"):
            return True
        frame = frame.f_back
    return False


def sum_location() -> tuple[str, int]:
    """Return the file and the line of `parent.grad += contribution`, the sum over children.

    >>> filename, line = sum_location()
    >>> import linecache; linecache.getline(filename, line).split("#")[0].strip()
    'parent.grad += contribution'
    """
    return os.path.abspath(_LOOP.co_filename), _LINES[-1]


def break_on_sum() -> None:
    """Set a breakpoint on the sum in the debugger that is tracing: pdb, ipdb, pudb or a relative.

    Where none of them is tracing, print the command that sets it.
    """
    filename, line = sum_location()
    debugger = getattr(sys.gettrace(), "__self__", None)
    if isinstance(debugger, bdb.Bdb):
        trouble = debugger.set_break(filename, line)
        print(trouble or f"breakpoint at {filename}:{line}, parent.grad += contribution")
    else:
        print(f"no debugger is tracing; in pdb and ipdb, type:  b {filename}:{line}")


def edge(names: dict[str, Any]) -> list[str]:
    """Return the lines of `edge`, from the local variables of the backward loop."""
    node, parent, local = names["node"], names["parent"], names["local"]
    z, x = bracketed(node), bracketed(parent)
    product = f"{z}.grad × ∂{z}/∂{x} = {number(node.grad)} × {number(local)}"
    return [
        *_heading(node),
        f"{x}.grad += {product} = {node.grad * local:+.4g}",
        f"{x}.grad is {number(parent.grad)}",
    ]


def before_edges(node: Value) -> list[str]:
    """Return the lines of `edge` where the loop has not come to a parent of the node yet."""
    return [*_heading(node), "its local derivatives are computed now; edge says more on the sum"]


def _heading(node: Value) -> list[str]:
    site = node.created_at
    return [expression(node), *(excerpt(site) if site else ())]


def labelled(root: Value, label: str) -> list[Value]:
    """Return the value under `root` with this label, so that `why w` works within the loop."""
    order, leaves = topological_order(root)
    return [node for node in (*order, *leaves) if label and node.label == label][:1]


def so_far(loop: FrameType, x: Value) -> list[str]:
    """Return the sum behind x.grad as far as the loop has come in its frame."""
    root, node = loop.f_locals["root"], loop.f_locals["node"]
    order, grads, trail = topological_order(root)[0], dict[Any, float](), list[Step]()
    raised = ""
    try:
        for step in steps(root, grads):
            trail.append(step)
    except (
        Exception
    ) as error:  # of a rule: what it would send, and all that comes after, is unknown
        raised = f"the rule of {name(node)} raised {type(error).__name__}"
        order = order[order.index(node) :]
    first = next((step.index for step in trail if step.node is node), len(trail))
    own = [step for step in trail if step.node is node]
    added = _added(loop, own)
    sending = f"{name(node)} is sending now: {added} of its {len(own)} contributions are added"
    return [
        *account(root, x, arrivals(trail[: first + added]), Zeros(order, grads)),
        f"   {raised or sending}",
    ]


def _added(loop: FrameType, own: list[Step]) -> int:
    """Return how many of the current node's steps have been added to their parents' grads.

    On the last two lines of the loop, all those before the parent at hand. Where that is not
    decided by which parent it is (x·x has the same one twice), or the loop stands at the next
    parent, it is the first number of steps that agrees with the grads that are there.
    """
    names, counts = loop.f_locals, list(range(len(own) + 1))
    if loop.f_lineno in _LINES[-2:]:
        slots = [
            slot for slot, parent in enumerate(names["node"].parents) if parent is names["parent"]
        ]
        counts = [sum(step.slot < slot for step in own) for slot in slots]
    return next((count for count in counts if _agrees(own, count)), counts[0])


def _agrees(own: list[Step], count: int) -> bool:
    """Return whether the parents' grads are what they are after `count` steps of the node."""
    expected: dict[Value, float] = {}
    for step in reversed(own):
        expected[step.parent] = step.before
    for step in own[:count]:
        expected[step.parent] = step.after
    return all(
        parent.grad == grad or (parent.grad != parent.grad and grad != grad)
        for parent, grad in expected.items()
    )


def set_trace(*, header: str | None = None) -> None:
    """Stop the caller in GradPdb.

    With `PYTHONBREAKPOINT=engine.debugger.set_trace`, breakpoint() does the same.
    """
    debugger = GradPdb()
    if header is not None:
        debugger.message(header)
    debugger.set_trace(sys._getframe(1))
