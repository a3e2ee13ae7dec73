"""What the client shows of a moment: the chain rule's path as call stack, scopes, variables.

>>> from engine import Value
>>> x = Value(3.0, label="x")
>>> session = Session((x * x).tanh())
>>> view = View(session.step() and session, session.last.node)
>>> [frame["name"] for frame in view.stack()["stackFrames"]]
['tanh(x·x)   grad 1']
>>> view = View(session.step() and session, session.last.node)
>>> [frame["name"] for frame in view.stack()["stackFrames"]]
['x·x   grad 6.092e-08', 'tanh(x·x)   grad 1']
>>> scopes = view.scopes(1)["scopes"]
>>> [scope["name"] for scope in scopes]
['Values', 'This step', 'Sum behind x.grad']
>>> for variable in view.variables(scopes[2]["variablesReference"])["variables"]:
...     print(variable["name"], "=", variable["value"])
1 from x·x = +1.828e-07
2 from x·x = +1.828e-07   to come
"""

import os
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import PurePath
from typing import Any, NamedTuple

from ...explain import Step
from ...formula import expression
from ...printing import number, printable
from ...value import Value
from ..evaluate import Refused
from ..session import Session
from .places import Counting
from .protocol import Body

FRAMES, VARIABLES = 1000, 1000  # as many as are sent at once
Variables = list[Body]


class Frame(NamedTuple):
    """A node on the path, and the contribution that it has sent to the one below, or will send."""

    node: Value
    step: Step | None


class View:
    """One moment of a session, with `top` as the node at the top of the stack.

    A frame has its place in the stack as its number, from 1. A reference to variables is valid as
    long as the moment is.
    """

    def __init__(
        self,
        session: Session,
        top: Value,
        counting: Counting | None = None,
        highlight: bool = True,
    ):
        self.session, self.counting, self.highlight = session, counting or Counting(), highlight
        self._frames = [Frame(top, self._own_step(top))]
        self._lists: list[Callable[[], Iterable[Body]]] = []
        self._references: dict[Value, int] = {}

    def _own_step(self, node: Value) -> Step | None:
        """Return the last contribution that a node has sent or, before its first, that one."""
        last, start = self.session.last, self.session.starts.get(node)
        if last and last.node is node:
            return last
        if start is None:
            return None
        step: Step = self.session.trail[start]
        return step

    # -- the call stack ------------------------------------------------------------------------

    def stack(self, start: int = 0, levels: int = 0) -> Body:
        """Return `levels` frames from `start` on; of a path whose end is not met, not the total."""
        end = start + min(levels or FRAMES, FRAMES)
        whole = self._follow(end + 1)
        frames = [self._frame(i) for i in range(start, min(end, len(self._frames)))]
        return {"stackFrames": frames, **({"totalFrames": len(self._frames)} if whole else {})}

    def _follow(self, count: int) -> bool:
        """Follow the path to `count` nodes; return whether it has come to the root."""
        while len(self._frames) < count:
            arrived = self.session.arrivals.get(self._frames[-1].node)
            if not arrived:
                return True
            step = max(arrived, key=_weight)
            self._frames.append(Frame(step.node, step))
        return False

    def _frame(self, index: int) -> Body:
        node = self._frames[index].node
        name = f"{printable(expression(node), 60)}   grad {number(node.grad)}"
        site = node.created_at
        if site is None or not site.line:
            return {"id": index + 1, "name": name, "line": 0, "column": 0}
        marks = self.counting.marks(site)
        if not self.highlight:
            del marks["endLine"], marks["endColumn"]
        source: dict[str, Any] = {"name": printable(PurePath(site.filename).name)}
        if os.path.isfile(site.filename):
            source["path"] = os.path.abspath(site.filename)
        else:
            source["presentationHint"] = "deemphasize"
        return {"id": index + 1, "name": name, "source": source, **marks}

    def frame(self, frame_id: int) -> Frame:
        """Return a frame by its number; raise Refused where there is none."""
        self._follow(frame_id)
        if not 0 < frame_id <= len(self._frames):
            raise Refused(f"there is no frame {frame_id}: the path has {len(self._frames)}")
        return self._frames[frame_id - 1]

    # -- scopes and variables ------------------------------------------------------------------

    def scopes(self, frame_id: int) -> Body:
        """Return the scopes of a frame: all values, its contribution, the sum that it goes to."""
        step = self.frame(frame_id).step
        scopes = [self._scope("Values", self._values, presentationHint="locals")]
        if step:
            receiver = self.session.short(step.parent)
            scopes.append(self._scope("This step", lambda: self._step(step)))
            scopes.append(
                self._scope(f"Sum behind {receiver}.grad", lambda: self._sum(step.parent))
            )
        return {"scopes": scopes}

    def _scope(self, name: str, variables: Callable[[], Iterable[Body]], **more: str) -> Body:
        reference = self._refer(variables)
        return {"name": name, "variablesReference": reference, "expensive": False, **more}

    def _refer(self, variables: Callable[[], Iterable[Body]]) -> int:
        """Return the reference of a list of variables that is made when it is asked for."""
        self._lists.append(variables)
        return len(self._lists)

    def variables(self, reference: int, start: int = 0, count: int = 0) -> Body:
        """Return the variables of a reference; raise Refused where it is of an earlier moment."""
        if not 0 < reference <= len(self._lists):
            raise Refused(f"the variables {reference} are of an earlier moment")
        limit = min(count or VARIABLES, VARIABLES)
        shown = list(islice(self._lists[reference - 1](), start, start + limit + 1))
        if len(shown) > limit and not count:
            shown[limit:] = [self._variable("…", "there are more: ask for one by its name")]
        return {"variables": shown[:limit] if count else shown}

    def _values(self) -> Iterator[Body]:
        """Yield the values that have a label."""
        for label, nodes in self.session.labels.items():
            for node in nodes:
                typed = label if len(nodes) == 1 else f"#{self.session.numbers[node]}"
                key = printable(label if len(nodes) == 1 else f"{label} {typed}")
                yield self._variable(key, self.describe(node), node, evaluateName=typed)

    def describe(self, node: Value) -> str:
        """Return the numbers of a node; the sum ends in … while it grows."""
        growing = "" if self.session.complete(node) else " …"
        return f"{number(node.data)}   grad {number(node.grad)}{growing}"

    def _step(self, step: Step) -> Iterator[Body]:
        """Yield a contribution: where it comes from, how large it is, what it does to the sum."""
        waits = "" if step.index < self.session.position else ", to come"
        yield self._variable("step", f"{step.index + 1} of {len(self.session.trail)}{waits}")
        yield self._variable("node", printable(expression(step.node)), step.node)
        yield self._variable("parent", printable(expression(step.parent)), step.parent)
        for name in ("upstream", "local"):
            yield self._variable(name, number(getattr(step, name)))
        yield self._variable("contribution", f"{step.contribution:+.4g}")
        yield self._variable("sum", f"{number(step.before)} → {number(step.after)}")

    def _sum(self, node: Value) -> Iterator[Body]:
        """Yield the terms of a gradient, with those that are still to come."""
        arrived = self.session.arrivals.get(node, [])
        if node is self.session.root:
            yield self._variable("seed", "+1")
        elif arrived and arrived[0].before:
            yield self._variable("before this pass", f"{arrived[0].before:+.4g}")
        for count, step in enumerate(arrived, 1):
            waits = "" if step.index < self.session.position else "   to come"
            name = f"{count} from {printable(expression(step.node), 40)}"
            yield self._variable(name, f"{step.contribution:+.4g}{waits}", step.node)
        for child in self.session.zeros.children(node):
            name = printable(expression(child), 40)
            reason = f"sends nothing, for {self.session.zeros.reason(child)}"
            yield self._variable(name, reason, child)

    def _inside(self, node: Value) -> Iterator[Body]:
        """Yield what a value opens to: its numbers in full, and the sum behind its gradient."""
        yield self._variable("data", repr(node.data))
        yield self._variable("grad", repr(node.grad))
        yield from self._sum(node)

    def _variable(self, name: str, value: str, node: Value | None = None, **more: str) -> Body:
        reference = 0 if node is None or node.constant else self.reference(node)
        return {"name": name, "value": value, "variablesReference": reference, **more}

    def reference(self, node: Value) -> int:
        """Return the reference of what a node opens to."""
        if node not in self._references:
            self._references[node] = self._refer(lambda: self._inside(node))
        return self._references[node]

    # -- formulas ------------------------------------------------------------------------------

    def evaluate(self, text: str) -> Body:
        """Return a value, which can be opened, or what a formula comes to, in full."""
        try:
            node = self.session.one(text)
        except Refused:
            return {"result": repr(self.session.value(text)), "variablesReference": 0}
        return {"result": self.describe(node), "variablesReference": self.reference(node)}


def _weight(step: Step) -> float:
    """Return how much a contribution counts in the choice of the path; nan counts most."""
    size = abs(step.contribution)
    return size if size == size else float("inf")
