"""The gradient debugger at a prompt: it reads commands, asks the session, and says what happened.

>>> import io
>>> from engine import Value
>>> x = Value(3.0, label="x")
>>> talk = Debugger(Session(x * x), stdout=io.StringIO())
>>> talk.stop = talk.onecmd("step")
>>> print(talk.stdout.getvalue())
x·x = 9    grad 1    #1
...
  1/2  x.grad += (x·x).grad × x = 1 × 3 = +3    0 → 3
<BLANKLINE>

Commands are named as in pdb, and as in gdb for going back. `debug(root)` is the way in.
"""

import cmd
import linecache
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path, PurePath
from typing import Any

from ..explain import Step, columns, excerpt, expression, held, number, place, printable
from ..value import Value
from .formula import Refused
from .mistakes import close, likely
from .paint import Line, Painter
from .session import Session, Stop

WINDOW = 12  # as many steps or nodes as are shown at once

INFO = ("node", "inputs", "outputs", "leaves", "breakpoints", "watch")
HELP = """
 forward   s(tep) [N]        the next contribution, one +=        n(ext)       all that the next node sends
           c(ontinue)        to a breakpoint or the end           unt(il) X    until X's gradient is complete
 back      back [N] or rs    take contributions back              rn, rc       one node back; back to a stop
           restart           to the start
 stop      b(reak) X [if F]  where X is reached: a label, #7,     tbreak X     once
                             an operation, or file.py:12          condition, ignore, cl(ear)   by number
           watch F           when F changes; watch nan, watch inf
 look      w(here)           the order, this node marked          why X [D]    the sum behind X.grad
           l(ist) [X]        your source with its values          p F          a value, or a formula
           info node, inputs, outputs, leaves, breakpoints, watch
           display F         at every stop                        plot [FILE]  a picture of this moment
 learn     predict X         say X's gradient before you see it
 leave     q(uit), h(elp) [COMMAND]; Enter repeats

 A formula F is arithmetic over labels: x.grad * 2 > 5. A bare label is its data.
"""


def debug(root: Value, *, names: Mapping[str, Any] | None = None) -> None:
    """Step through the backward pass of `root` at a prompt.

    >>> from engine import Value
    >>> debug(Value(1.0) * 2.0)  # doctest: +SKIP
    (grad)

    `names` maps names to values that have no label; without it, the variables of the caller serve. Leaving before the
    end puts every grad back as it was; leaving at the end keeps them, as backward() would. Raises TypeError for
    what is not a Value.
    """
    if not isinstance(root, Value):
        raise TypeError(f"engine.debug takes the Value at the root, not {type(root).__name__}: pass the loss itself")
    session = Session(root, sys._getframe(1).f_locals if names is None else names)
    talk(session)


def talk(session: Session, **options: Any) -> "Debugger":
    """Read commands until the person leaves; the graph gets back what was borrowed whatever happens."""
    debugger = Debugger(session, **options)
    try:
        debugger.converse()
    finally:
        session.close(keep=not debugger.script)
    return debugger


class Debugger(cmd.Cmd):
    """The conversation about one session."""

    prompt = "(grad) "
    doc_header = "commands"

    def __init__(self, session: Session, stdin: Any = None, stdout: Any = None, script: bool = False):
        super().__init__(stdin=stdin, stdout=stdout)
        self.use_rawinput = stdin is None
        self.session, self.script, self.quitting = session, script, False
        self.painter = Painter(self.stdout)
        self.shown: Value | None = None  # the node whose heading was printed last

    # -- the conversation ------------------------------------------------------------------------------------------

    def converse(self) -> None:
        self.open()
        while True:
            try:
                self.cmdloop()
                return
            except KeyboardInterrupt:
                self.say("")

    def open(self) -> None:
        """What the person should know before the first step."""
        session, root = self.session, self.session.root
        leaves = [leaf for leaf in session.leaves if not leaf.constant]
        self.say([("backward pass of ", ""), (printable(expression(root)), "head"), (f" = {number(root.data)}", ""),
                  (f"   {_many(len(session.trail), 'contribution')}, {_many(len(session.order), 'operation')}, "
                   f"{_many(len(leaves), 'leaf', 'leaves')}", "dim")])
        if session.trail:
            self.say([(f"the seed is set: {held(root)}.grad = 1", ""), ("    s steps, h helps", "dim")])
        else:
            self.say(f"there is nothing to step through: {'a leaf' if not root.parents else 'all slopes are 0'}; "
                     f"{held(root)}.grad = {number(root.grad)}")
        if session.forward_only:
            self.say([("forward only so far: no backward() has reached it, so every gradient starts at 0", "dim")])
        if session.carried:
            some = ", ".join(f"{held(leaf)}.grad = {number(leaf.grad)}" for leaf in session.carried[:4])
            self.say([(f"leaves accumulate: {some}{', …' * (len(session.carried) > 4)} from before "
                       "(zero_grad() clears)", "warn")])
        if session.stale:
            self.say([("stale: a leaf's data was changed after the forward pass, so these are the gradients of the old "
                       f"numbers; first at {held(session.stale[0])}", "warn")])

    def say(self, line: Line | str) -> None:
        self.painter.write(line)

    def ask(self, question: str) -> str:
        """A line from the person, through the same door as the commands."""
        if self.use_rawinput:
            return input(self.painter.legible(question))
        self.stdout.write(question)
        self.stdout.flush()
        return self.stdin.readline() or "\n"

    def onecmd(self, line: str) -> bool:
        try:
            return bool(super().onecmd(line.replace("\x00", "")))
        except Refused as refused:
            self.say([(f"*** {refused}", "error")])
        return False

    def default(self, line: str) -> None:
        if line == "EOF":
            self.say("")
            self.do_quit("")
            return
        raise Refused(f"no command {printable(line.split()[0], 20)}: h lists them; p {printable(line, 30)} for a value")

    def postcmd(self, stop: bool, line: str) -> bool:
        return stop or self.quitting

    def do_help(self, arg: str) -> None:
        """h [COMMAND]: what it does."""
        found = getattr(self, "do_" + arg, None) if arg else None
        if arg and found is None:
            raise Refused(f"no command {printable(arg, 20)}: h lists them")
        self.say(str(found.__doc__) if found else HELP.strip("\n"))

    # -- moving ----------------------------------------------------------------------------------------------------

    def do_step(self, arg: str) -> None:
        """s [N]: the next N contributions, one += each."""
        self.forward(lambda: self.session.step(_count(arg)))

    def do_next(self, arg: str) -> None:
        """n [N]: every contribution out of the next node, or the next N nodes."""
        for _ in range(_count(arg)):
            if not self.forward(self.session.next):
                break

    def do_continue(self, arg: str) -> bool:
        """c: run on to a breakpoint or a watch, or to the end."""
        if self.session.done and self.script:
            return True
        self.forward(self.session.proceed)
        return False

    def do_until(self, arg: str) -> None:
        """unt X: run until X's gradient is complete."""
        nodes = self.session.find(arg)
        if all(map(self.session.complete, nodes)):
            self.say(f"{held(nodes[0])}.grad = {number(nodes[0].grad)} is complete already")
            return
        stop = self.session.until(arg)
        self.report(stop)
        for node in nodes[:WINDOW]:
            if self.session.complete(node):
                self.say([(f"{held(node)}.grad = {number(node.grad)}", "name"), (", complete", "good")])

    def do_back(self, arg: str) -> None:
        """back [N] or rs [N]: take N contributions back; every grad gets the bits it had."""
        self.backward(lambda: self.session.back(_count(arg)))

    def do_rn(self, arg: str) -> None:
        """rn: take back everything that the last node sent."""
        self.backward(self.session.previous)

    def do_rc(self, arg: str) -> None:
        """rc: back to the last breakpoint or change of a watch, or to the start."""
        self.backward(self.session.retreat)

    def do_restart(self, arg: str) -> None:
        """restart: back to the start; breakpoints stay."""
        self.session.restart()
        self.shown = None
        self.say(f"at the start: {held(self.session.root)}.grad = 1")

    def forward(self, move: Callable[[], Stop]) -> bool:
        """Go on and report; False if it stopped short of a whole move or there was nothing to do."""
        if self.session.done:
            more = ": c lets the script go on, q ends it" if self.script else ": rs goes back, q leaves"
            self.say("the backward pass is complete" + more)
            return False
        stop = move()
        self.report(stop)
        return not stop.reasons and not self.session.done

    def backward(self, move: Callable[[], Stop]) -> None:
        if not self.session.position:
            self.say("this is the start: only the seed is set")
            return
        stop = move()
        self.shown = None
        self.several(stop.steps[::-1], self.undone)
        self.aftermath(stop)
        if not self.session.position:
            self.say("back at the start: only the seed is set")

    def report(self, stop: Stop) -> None:
        """What a move forward has done."""
        self.several(stop.steps, self.row)
        self.aftermath(stop)
        if self.session.done:
            self.say([("the backward pass is complete", "good"),
                      (f"    {self.totals()}" if self.totals() else "", "")])

    def aftermath(self, stop: Stop) -> None:
        for reason in stop.reasons:
            self.say([(f"stopped at {reason}", "warn")])
        if stop.reasons and not self.session.done:
            self.heading(self.session.node)
        for key, text in self.session.displays.items():
            self.say([(f"  {key}: {printable(text)} = ", "dim"), (number(self.session.value(text)), "name")])

    def totals(self) -> str:
        leaves = [leaf for leaf in self.session.leaves if not leaf.constant and leaf in self.session.arrivals]
        return "  ".join(f"{held(leaf)}.grad = {number(leaf.grad)}" for leaf in leaves[:6]) + "  …" * (len(leaves) > 6)

    def several(self, steps: list[Step], show: Callable[[Step], None]) -> None:
        """The first steps and the last one, and how many lie between."""
        for step in steps[:WINDOW]:
            show(step)
        if len(steps) > WINDOW + 1:
            self.say([(f"       … {len(steps) - WINDOW - 1:,} more", "dim")])
        for step in steps[max(WINDOW, len(steps) - 1):]:
            show(step)

    def heading(self, node: Value) -> None:
        """The node whose turn it is, and the line that made it."""
        if node is self.shown or not node.parents:
            return
        self.shown = node
        self.say([(printable(expression(node)), "head"), (f" = {number(node.data)}", ""),
                  (f"    grad {number(node.grad)}", "name"),
                  ("" if node.label else f"    #{self.session.numbers[node]}", "dim")])
        made = node.created_at
        if made and made.text:
            source, carets = excerpt(made)
            self.say([("    " + source, "dim")])
            self.say([("    " + carets, "caret")])

    def row(self, step: Step) -> None:
        """One += in letters, in numbers, and in what it does to the sum."""
        self.heading(step.node)
        parent, node, sign = self.call(step.parent), self.call(step.node), _sign(step.contribution)
        finished = self.session.completed_at(step.parent) == step.index + 1
        local = slope(step, f"∂{node}/∂{parent}", self.call)
        product = f"{node}.grad × {local} = {_bracketed(step.upstream)} × {_bracketed(step.local)} = "
        self.say([(self.where(step), "dim"), (f"{parent}.grad", "name"), (" += ", ""), (product, ""),
                  (f"{step.contribution:+.4g}", sign), (f"    {number(step.before)} → ", "dim"),
                  (number(step.after), "name"), ("   complete" if finished else "", "good")])

    def undone(self, step: Step) -> None:
        self.say([(self.where(step), "dim"), (f"{self.call(step.parent)}.grad", "name"), (" gives back ", ""),
                  (f"{step.contribution:+.4g}", _sign(step.contribution)), (f" from {self.call(step.node)}", ""),
                  (f"    {number(step.after)} → ", "dim"), (number(step.before), "name")])

    def call(self, node: Value) -> str:
        """A short name: the label, a short expression in brackets, or the number that commands take as well."""
        text = held(node)
        return text if node.label or not node.parents or (len(text) < 16 and "…" not in text) else (
            f"#{self.session.numbers[node]}")

    def where(self, step: Step) -> str:
        every = f"{len(self.session.trail)}"
        return f"  {step.index + 1:{len(every)}}/{every}  "

    # -- stopping --------------------------------------------------------------------------------------------------

    def do_break(self, arg: str, temporary: bool = False) -> None:
        """b X [if F]: stop where the sweep reaches X (a label, #7, an operation, file.py:12); at a leaf, where a
        contribution arrives. Without X, list the breakpoints."""
        if not arg:
            self.info_breakpoints("")
            return
        where, _, condition = arg.partition(" if ")
        made = self.session.add_breakpoint(where.strip(), condition.strip(), temporary)
        nodes = sorted(made.nodes, key=self.session.numbers.__getitem__)
        some = ", ".join(self.session.called(node) for node in nodes[:3]) + ", …" * (len(nodes) > 3)
        self.say(f"{'temporary ' * temporary}breakpoint {made.number} at {some}")

    def do_tbreak(self, arg: str) -> None:
        """tbreak X [if F]: a breakpoint that goes away when it is hit."""
        self.do_break(arg, temporary=bool(arg))

    def do_condition(self, arg: str) -> None:
        """condition N [F]: let breakpoint N stop only where F is not 0; without F, always."""
        key, _, text = arg.partition(" ")
        point = self.session.breakpoint(key)
        self.session.condition(point, text.strip())
        self.say(f"breakpoint {point.number} stops " + (f"if {printable(point.condition)}" if text else "always"))

    def do_ignore(self, arg: str) -> None:
        """ignore N [COUNT]: pass breakpoint N COUNT times before it stops."""
        key, _, count = arg.partition(" ")
        point = self.session.breakpoint(key)
        point.ignored = _count(count, least=0)
        self.say(f"breakpoint {point.number} will be passed {_many(point.ignored, 'time')}")

    def do_clear(self, arg: str) -> None:
        """cl [N]: remove breakpoint, watch or display N; without N, all breakpoints."""
        self.session.clear(arg)
        self.say(f"{printable(arg)} is gone" if arg else "no breakpoints")

    def do_watch(self, arg: str) -> None:
        """watch F: stop when F changes (a label means its grad); watch nan, watch inf: stop when one arrives."""
        if not arg:
            self.info_watch("")
            return
        made = self.session.add_watch(arg)
        self.say(f"watch {made.number}: {printable(arg)}" + (
            "" if arg in ("nan", "inf") else f" is {number(made.old)}"))

    def do_display(self, arg: str) -> None:
        """display F: show F at every stop."""
        if not arg:
            self.aftermath(Stop(0, 0, [], []))
            return
        text = arg + ".grad" if arg in self.session.labels else arg
        self.say(f"  {self.session.add_display(text)}: {printable(text)} = {number(self.session.value(text))}")

    # -- looking ---------------------------------------------------------------------------------------------------

    def do_where(self, arg: str) -> None:
        """w: the backward order around the node whose turn it is."""
        order, here = self.session.order[::-1], self.session.node
        if here not in order[:1] and len(order) > 1:
            at = len(order) - 1 - (self.session.numbers[here] - len(self.session.leaves))
        else:
            at = 0
        first = max(0, at - WINDOW // 2)
        shown = order[first:first + WINDOW + 1]
        if first:
            self.say([(f"    … {first:,} before", "dim")])
        wide = max((columns(printable(expression(node), 40)) for node in shown), default=0)
        for node in shown:
            self.in_order(node, node is here, wide)
        if first + len(shown) < len(order):
            self.say([(f"    … {len(order) - first - len(shown):,} to come", "dim")])

    def in_order(self, node: Value, current: bool, wide: int) -> None:
        text = printable(expression(node), 40)
        sent = self.session.starts.get(node, len(self.session.trail)) < self.session.position and not current
        state = "its turn" if current else "has sent" if sent else "waits"
        state = "sends nothing" if node not in self.session.starts else state
        if current and self.session.done:
            state = "was the last to send"
        self.say([("  ▸ " if current else "    ", "caret"),
                  (text + " " * (wide - columns(text)), "head" if current else ""),
                  (f"    grad {number(node.grad):<10} ", ""), (f"{state:20}", "good" if sent else "dim"),
                  (f"  #{self.session.numbers[node]}  {place(node)}", "dim")])

    def do_why(self, arg: str) -> None:
        """why X [DEPTH]: the sum behind X.grad as far as it has come; with a depth, followed upstream."""
        label, _, depth = arg.rpartition(" ")
        if not (label and depth.isdecimal()):
            label, depth = arg, "1"
        for line in self.session.why(self.session.one(label or "node"), min(_count(depth), 20)):
            self.say(line)

    def do_info(self, arg: str) -> None:
        """info node [X], inputs [X], outputs [X], leaves, breakpoints, watch."""
        word, _, rest = arg.partition(" ")
        found = [name for name in INFO if word and name.startswith(word)]
        if not found:
            raise Refused("info needs one of: " + ", ".join(INFO))
        getattr(self, f"info_{found[0]}")(rest.strip())

    def info_node(self, arg: str) -> None:
        node = self.session.one(arg) if arg else self.session.node
        self.shown = None
        self.heading(node)
        waiting = sum(step.index >= self.session.position for step in self.session.arrivals.get(node, ()))
        state = f"{_many(waiting, 'contribution')} to come" if waiting else "complete"
        kind = node.operation.name if node.operation else "leaf"
        self.say(f"  {self.session.called(node)}: {kind}, data {number(node.data)}, grad {number(node.grad)}, {state}")

    def info_inputs(self, arg: str) -> None:
        node = self.session.one(arg) if arg else self.session.node
        for parent, local in zip(node.parents, node.local_derivatives() if node.local_derivatives else ()):
            self.say(f"  {held(parent)} = {number(parent.data)}    ∂{held(node)}/∂{held(parent)} = {number(local)}    "
                     f"grad {number(parent.grad)}")
        if not node.parents:
            self.say(f"  {held(node)} is a leaf: it was computed from nothing")

    def info_outputs(self, arg: str) -> None:
        node = self.session.one(arg) if arg else self.session.node
        here = self.session.arrivals.get(node, [])
        for step in here[:WINDOW]:
            done = "sent" if step.index < self.session.position else "will send"
            self.say(f"  {printable(expression(step.node))}    {done} {step.contribution:+.4g}    {place(step.node)}")
        if len(here) > WINDOW:
            self.say([(f"  … {len(here) - WINDOW:,} more", "dim")])
        if not here:
            self.say(f"  {held(node)} is the root" if node is self.session.root else "  nothing sends to it")

    def info_leaves(self, arg: str) -> None:
        leaves = [leaf for leaf in self.session.leaves if not leaf.constant]
        for leaf in leaves[:40]:
            state = "complete" if self.session.complete(leaf) else "more to come"
            self.say(f"  {self.session.called(leaf)}    data {number(leaf.data)}    grad {number(leaf.grad)}    "
                     f"{state}")
        if len(leaves) > 40:
            self.say([(f"  … {len(leaves) - 40:,} more", "dim")])

    def info_breakpoints(self, arg: str) -> None:
        for point in self.session.breakpoints.values():
            condition = f" if {printable(point.condition)}" if point.condition else ""
            passed = f", will be passed {_many(point.ignored, 'time')}" if point.ignored else ""
            self.say(f"  {point.number}  {printable(point.place)}{condition}{'  once' * point.temporary}"
                     f"  hit {_many(point.hits, 'time')}{passed}")
        if not self.session.breakpoints:
            self.say("  no breakpoints")

    def info_watch(self, arg: str) -> None:
        for watch in self.session.watches.values():
            self.say(f"  {watch.number}  {printable(watch.text)}  {number(watch.measure())}")
        if not self.session.watches:
            self.say("  no watches")

    def do_list(self, arg: str) -> None:
        """l [X]: your source around X or the node whose turn it is, with the values that were born on each line."""
        node = self.session.one(arg) if arg else self.session.node
        made = node.created_at
        lines = linecache.getlines(made.filename) if made else []
        if not made or not lines:
            raise Refused(f"the source of {held(node)} is not at hand")
        born = self.born(made.filename)
        first, last = max(1, made.line - 6), min(len(lines), made.line + 6)
        texts = {at: printable(lines[at - 1].rstrip().expandtabs(4), 60) for at in range(first, last + 1)}
        wide = max(map(columns, texts.values()))
        self.say([(printable(PurePath(made.filename).name), "dim")])
        for at, text in texts.items():
            self.say([("  ▸ " if at == made.line else "    ", "caret"), (f"{at:4}  ", "dim"),
                      (text + " " * (wide - columns(text)), "head" if at == made.line else ""),
                      ("   " + printable("; ".join(born.get(at, [])), max(24, 92 - wide)), "name")])

    def born(self, filename: str) -> dict[int, list[str]]:
        """What was made on each line of a file: at most four values of a line are spelled out."""
        found: dict[int, list[Value]] = {}
        for node in self.session.numbers:
            made = node.created_at if not node.constant else None
            if made and made.filename == filename:
                found.setdefault(made.line, []).append(node)
        return {at: [f"{held(node)} = {number(node.data)}, grad {number(node.grad)}" for node in nodes[:4]]
                + [f"… {len(nodes) - 4:,} more"] * (len(nodes) > 4) for at, nodes in found.items()}

    def do_p(self, arg: str) -> None:
        """p F: a value, or what a formula comes to."""
        try:
            nodes = self.session.find(arg)
        except Refused:
            self.say(f"{self.session.value(arg):.10g}")
            return
        for node in nodes[:WINDOW]:
            self.say(repr(node) + ("" if self.session.complete(node) else "    more to come"))

    def do_plot(self, arg: str) -> None:
        """plot [FILE]: a picture of this moment, as SVG or as the file's suffix says; of a graph too large to read,
        the part around the node whose turn it is."""
        file = Path(arg or "gradient.svg").expanduser()
        try:
            picture, part = self.picture()
            picture.save(file)
        except (OSError, ValueError, ImportError) as error:
            raise Refused(f"no picture: {printable(str(error), 200)}") from None
        self.say(f"drawn: {printable(str(file), 200)}{part}")

    def picture(self) -> tuple[Any, str]:
        """The picture of this moment, and what to say of it if it isn't all of the graph."""
        from .. import draw

        node, to_come = self.session.node, self.session.trail[self.session.position:]
        try:
            return draw(self.session.root, to_come=to_come), ""
        except ValueError:  # too large to read
            part = draw(self.session.root, to_come=to_come, around=node)
            return part, f", the part around {self.session.called(node)}"

    # -- learning --------------------------------------------------------------------------------------------------

    def do_predict(self, arg: str) -> None:
        """predict X: say what X's gradient will be before you see it; without X, that of the next parent."""
        node = self.session.one(arg) if arg else self.coming()
        right = self.session.arrivals[node][-1].after if node in self.session.arrivals else node.grad
        for _ in range(3):
            answer = self.answer(f"{held(node)}.grad will be? ")
            if answer is None:
                break
            if close(answer, right):
                self.say([("right", "good"), (f": {held(node)}.grad will be {number(right)}", "")])
                return
            self.say([("no", "error"), (": " + (likely(self.session.root, node, answer) or self.partial(node, answer)
                                              or "no usual mistake gives that"), "")])
        self.say(f"{held(node)}.grad will be {number(right)}: run there (unt) and ask why")

    def coming(self) -> Value:
        if self.session.done:
            raise Refused("the backward pass is complete: restart, or name a value")
        return self.session.trail[self.session.position].parent  # type: ignore[no-any-return]

    def answer(self, question: str) -> float | None:
        text = self.ask(question).strip()
        try:
            return self.session.value(text) if text else None
        except Refused as refused:
            self.say([(f"*** {refused}", "error")])
            return None

    def partial(self, node: Value, answer: float) -> str:
        """Is it one of the contributions, or a part of the sum?"""
        for step in self.session.arrivals.get(node, ()):
            if close(step.contribution, answer):
                return f"that is the share of {held(step.node)} alone; {held(node)} is used elsewhere, too"
            if close(step.after, answer):
                return f"that is the sum up to the share of {held(step.node)}; there is more to come"
        return ""

    # -- leaving ---------------------------------------------------------------------------------------------------

    def do_quit(self, arg: str) -> bool:
        """q: leave. Before the end every grad is put back as it was; at the end they stay, as after backward()."""
        self.quitting = True
        if not self.session.done and not self.script:
            self.say("left before the end: every grad is as it was before")
        return True

    do_s, do_n, do_c, do_cont, do_unt = do_step, do_next, do_continue, do_continue, do_until
    do_rs, do_b, do_cl, do_w, do_l, do_h, do_q, do_exit = (
        do_back, do_break, do_clear, do_where, do_list, do_help, do_quit, do_quit)

    # -- completion ------------------------------------------------------------------------------------------------

    def completenames(self, text: str, *ignored: Any) -> list[str]:
        return sorted(name for name in super().completenames(text, *ignored) if len(name) > 2)

    def completedefault(self, *ignored: Any) -> list[str]:
        """Labels, with `.data` and `.grad` behind them."""
        text = str(ignored[0])
        return sorted(word for word in self.words() if word.startswith(text))[:200]

    def words(self) -> Iterable[str]:
        for label in self.session.labels:
            if printable(label) == label:
                yield from (label, f"{label}.grad", f"{label}.data")

    def complete_info(self, text: str, *ignored: Any) -> list[str]:
        return [name for name in INFO if name.startswith(text)]

    def complete_help(self, *args: Any) -> list[str]:
        return self.completenames(str(args[0]))

    complete_h = complete_help


def slope(step: Step, plain: str, call: Callable[[Value], str]) -> str:
    """The local derivative of a step in letters, from the rule itself; `plain` where it is long or a number."""
    from ..symbols import Symbol

    if len(step.node.parents) > 64:
        return plain
    try:
        found = step.node.operation.rule(Symbol(call(step.node)), *[Symbol(call(x)) for x in step.node.parents])()
        text, tightness = found[step.slot].text, found[step.slot].tightness
    except (TypeError, ValueError, ArithmeticError, AttributeError, IndexError):
        return plain
    if len(text) > 28:
        return plain
    return f"({text})" if " " in text and tightness < 3 else text  # 3 is a sign: sums and products get brackets


def _bracketed(x: float) -> str:
    return f"({number(x)})" if x < 0.0 else number(x)


def _sign(x: float) -> str:
    return "plus" if x > 0.0 else "minus" if x < 0.0 else "dim"


def _many(count: int, one: str, several: str = "") -> str:
    return f"{count:,} {one if count == 1 else several or one + 's'}"


def _count(text: str, least: int = 1) -> int:
    """A count that was typed; 1 without one."""
    if not text.strip():
        return 1
    if not text.strip().isdecimal() or len(text) > 9 or int(text) < least:
        raise Refused(f"a number, please, not {printable(text, 20)}")
    return int(text)
