"""The gradient debugger at a prompt: it reads commands, moves the session, writes what happened.

>>> import io
>>> from engine import Value
>>> x = Value(3.0, label="x")
>>> debugger = Debugger(Session(x * x), stdout=io.StringIO())
>>> debugger.stop = debugger.onecmd("step")
>>> print(debugger.stdout.getvalue())
x·x = 9    grad 1    #1
...
  1/2  x.grad += (x·x).grad × x = 1 × 3 = +3    0 → 3
<BLANKLINE>

Commands are named as in pdb, and as in gdb for going back. `debug(root)` is the way in. Lines are
read by `input`, in whose place a notebook or a page puts its own.
"""

import cmd
import linecache
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, ClassVar

from ..foreign import Foreign
from ..formula import expression, name
from ..printing import number, plural, printable
from ..value import Value
from .evaluate import Refused
from .interrupts import Interrupts
from .mistakes import MISTAKES, close, usual_mistake
from .screen import WINDOW, Screen, short_place, sign
from .session import Session, Stop, by_a_rule
from .writer import Line, encodable, split_words

INFO = ("node", "inputs", "outputs", "leaves", "breakpoints", "watch")
HELP_INDENT = 30  # where the meanings stand in the lines below
HELP = """\
forward  s(tep) [N]           the next contribution, one +=
         n(ext) [N]           all contributions out of the next node
         c(ontinue)           to a breakpoint or a watch, or to the end
         unt(il) X            until X's gradient is complete
         pass N               a script: on to its N-th backward()
back     back [N] or rs [N]   take contributions back, bit for bit
         rn, rc               one node back; back to a breakpoint or the start
         restart              to the start; breakpoints stay
         goto N               to where N contributions have arrived
stop     b(reak) X [if F]     at a label, #7, an operation or file.py:12
         tbreak X [if F]      the same, once
         condition N [F]      breakpoint N: only where F is not 0
         ignore N [COUNT]     breakpoint N: not the next COUNT times
         cl(ear) [N]          remove breakpoint, watch or display N
         watch F              when F changes; watch nan, watch inf
look     w(here)              the backward order, the current node marked
         why X [DEPTH]        the sum behind X.grad
         when X               every contribution to X.grad, by its number
         l(ist) [X]           your source, with the values made on each line
         info                 node, inputs, outputs, leaves, breakpoints, watch
         p F, display F       a value or a formula, now; at every stop
         plot [FILE]          a picture of this moment
learn    predict [X]          say X's gradient before you see it
leave    q(uit), h(elp) [COMMAND]; Enter repeats
F is a formula: arithmetic over labels, as in x.grad * 2 > 5. A bare label is \
its data, x.previous its gradient in the pass before, pass the number of the \
backward().
"""


def debug(root: Foreign, *, names: Mapping[str, Any] | None = None) -> None:
    """Step through the backward pass of `root` at a prompt.

    >>> from engine import Value
    >>> debug(Value(1.0) * 2.0)  # doctest: +SKIP
    (grad)

    `names` maps names to values that have no label; without it, the variables of the caller serve.
    Leaving before the end puts every grad back as it was; leaving at the end keeps them, as
    backward() would. A graph of another engine is read and left as it is, whatever is done here.
    Raises TypeError for what is no graph.
    """
    variables = sys._getframe(1).f_locals if names is None else names
    session = Session(root, variables)
    debugger = Debugger(session)
    with debugger.interrupts:
        interact(debugger)


def interact(debugger: "Debugger") -> None:
    """Read commands until the person leaves, then close the session, whatever happens."""
    with debugger.talks(), debugger.interrupts.during("command"):
        try:
            debugger.interact()
        finally:
            debugger.interrupts.switch("run")
            debugger.session.close(keep=not debugger.script)


class Debugger(cmd.Cmd):
    """The prompt of one session.

    In a `script`, the session is one of several passes: `c` at the end of one lets the script go
    on. Then `ran_on` says whether steps were taken without a stop, and `run_to` is the number of
    the pass that `pass N` asked for. `stop` is what the session has stopped at already.
    """

    prompt = "(grad) "
    talking: ClassVar["Debugger | None"] = None  # whose commands `input` reads

    def __init__(
        self,
        session: Session,
        stdin: Any = None,
        stdout: Any = None,
        script: bool = False,
        stop: Stop | None = None,
        thread: str = "",
        interrupts: Interrupts | None = None,
    ):
        super().__init__(stdin=stdin, stdout=stdout)
        self.use_rawinput = stdin is None
        self.session, self.script, self.thread = session, script, thread
        self.first_stop, self.ran_on, self.run_to, self.quitting = stop, False, 0, False
        self.interrupts = interrupts or Interrupts()
        session.interrupted = self.interrupts.taken
        self.screen = Screen(session, self.stdout)
        self.say, self.rows, self.call = self.screen.say, self.screen.rows, session.short

    # -- the prompt ----------------------------------------------------------------------------

    @contextmanager
    def talks(self) -> Iterator[None]:
        """Be the one that asks; a page that puts its own `input` in place draws its moment."""
        before, Debugger.talking = Debugger.talking, self
        try:
            yield
        finally:
            Debugger.talking = before

    def interact(self) -> None:
        """Write what there is to know at first, then do as the lines of input say."""
        with suppress(KeyboardInterrupt):
            self.open()
            if self.first_stop:
                self.report(self.first_stop)
        while True:
            try:
                self.cmdloop()
                return
            except KeyboardInterrupt:
                self.interrupts.switch("run")
                self.say("")

    def preloop(self) -> None:
        self.interrupts.switch("prompt")

    def precmd(self, line: str) -> str:
        self.interrupts.switch("command")
        return line

    def postcmd(self, stop: bool, line: str) -> bool:
        leaving = stop or self.quitting
        if not leaving:
            self.interrupts.switch("prompt")
        return leaving

    def open(self) -> None:
        """Write what a person should know before the first step."""
        session, root = self.session, self.session.root
        self.say(
            [
                ("backward pass of ", ""),
                (printable(expression(root), 48), "head"),
                (f" = {number(root.data)}", ""),
            ],
            [("   " + ", ".join(self.counts()), "dim")],
        )
        if session.trail:
            self.say(
                [
                    (f"the seed is set: {self.call(root)}.grad = 1", ""),
                    ("    s steps, h helps", "dim"),
                ]
            )
        else:
            reason = "only plain numbers" if root.parents else "a leaf"
            self.say(
                f"there is nothing to step through: {reason}; "
                f"{self.call(root)}.grad = {number(root.grad)}"
            )
        first_pass = session.pass_number < 2  # later in a script every graph is new
        if session.forward_only and session.trail and first_pass:
            self.note(
                "forward only so far: no backward() has reached it, so every gradient starts at 0",
                "dim",
            )
        if origin := session.nan_origin:
            self.note(f"{self.call(root)} is nan, from {origin}", "warn")
        if session.carried:
            some = ", ".join(
                f"{self.call(leaf)}.grad = {number(leaf.grad)}" for leaf in session.carried[:4]
            )
            more = ", …" * (len(session.carried) > 4)
            self.note(f"leaves accumulate: {some}{more} from before (zero_grad() clears)", "warn")
        if session.stale:
            self.note(
                "stale: a leaf's data was changed after the forward pass, so these are the "
                f"gradients of the old numbers; first at {self.call(session.stale[0])}",
                "warn",
            )

    def counts(self) -> list[str]:
        """Return how large the pass is, and which one of a script."""
        leaves = [leaf for leaf in self.session.leaves if not leaf.constant]
        return [
            plural(len(self.session.trail), "contribution"),
            plural(len(self.session.order), "operation"),
            plural(len(leaves), "leaf", "leaves"),
            *[f"backward() no. {self.session.pass_number:,}"] * (self.session.pass_number > 1),
            *[f"in thread {printable(self.thread)}"] * bool(self.thread),
        ]

    def note(self, text: str, style: str) -> None:
        """Write a sentence, on as many lines as it takes."""
        self.say(*split_words(text, style))

    def ask(self, question: str) -> str:
        """Ask a question within a command; the answer comes the way that commands come."""
        with self.interrupts.during("prompt"):
            if self.use_rawinput:
                try:
                    return input(encodable(question, self.screen.writer.encoding))
                except EOFError:
                    self.say("")
                    return ""
            self.stdout.write(encodable(question, self.screen.writer.encoding))
            self.stdout.flush()
            return self.stdin.readline() or "\n"

    def parseline(self, line: str) -> tuple[str | None, str | None, str]:
        """Take w.grad for a value, and not for the command w with an argument."""
        if re.match(r"\s*\w+\.\w", line):
            return None, None, line.strip()
        return super().parseline(line)

    def onecmd(self, line: str) -> bool:
        try:
            return bool(super().onecmd(line.replace("\x00", "")))
        except Refused as refused:
            self.refuse(refused)
        except Exception as error:
            if not by_a_rule(error):
                raise
            self.refuse(Refused(f"a rule raised {type(error).__name__}: {error}"))
        return False

    def refuse(self, refused: Refused) -> None:
        """Write why something can't be done."""
        self.note(f"*** {refused}", "error")

    def default(self, line: str) -> None:
        if line == "EOF":
            self.say("")
            self.do_quit("")
            return
        raise Refused(
            f"no command {printable(line.split()[0], 20)}: h lists them; "
            f"p {printable(line, 30)} for a value"
        )

    def do_help(self, arg: str) -> None:
        """h [COMMAND]: what it does."""
        command = getattr(self, "do_" + arg, None) if arg else None
        if arg and command is None:
            raise Refused(f"no command {printable(arg, 20)}: h lists them")
        if command:
            self.say(" ".join(str(command.__doc__).split()))
            return
        for line in HELP.splitlines():
            if line[HELP_INDENT - 1 : HELP_INDENT] == " ":
                meaning = split_words(line[HELP_INDENT:])
                self.say([(line[:HELP_INDENT], "")], *meaning, indent=HELP_INDENT)
            else:
                self.say(line)

    # -- moving --------------------------------------------------------------------------------

    def do_step(self, arg: str) -> None:
        """s [N]: the next N contributions, one += each."""
        count = _count(arg)
        self.forward(lambda: self.session.step(count))

    def do_next(self, arg: str) -> None:
        """n [N]: every contribution out of the next node, or the next N nodes."""
        count = _count(arg)
        self.forward(lambda: self.session.next(count))

    def do_continue(self, arg: str) -> bool:
        """c: run on to a breakpoint or a watch, or to the end.

        At the end of a script's backward(), to its next; with breakpoints or watches, through as
        many as it takes to meet one.
        """
        if self.session.done and self.script:
            return True
        stop = self.forward(self.session.proceed)
        self.ran_on = bool(self.script and self.session.armed and stop and not stop.reasons)
        return self.ran_on

    def do_pass(self, arg: str) -> bool:
        """pass N: run a script on to its N-th backward(), or to a breakpoint or a watch before."""
        if not self.script:
            raise Refused("pass is for scripts: python -m engine debug script.py")
        if not arg:
            self.say(f"this is backward() no. {self.session.pass_number:,}")
            return False
        target = _count(arg, least=self.session.pass_number + 1)
        stop = None if self.session.done else self.forward(self.session.proceed)
        if stop and stop.reasons:
            return False
        self.ran_on, self.run_to = stop is not None, target
        return True

    def do_until(self, arg: str) -> None:
        """unt X: run until X's gradient is complete."""
        if not arg:
            raise Refused("unt needs a value: unt w runs until w.grad is complete")
        nodes = self.session.find(arg)
        if all(map(self.session.complete, nodes)):
            self.say(f"{self.call(nodes[0])}.grad = {number(nodes[0].grad)} is complete already")
            return
        self.report(self.move(lambda: self.session.until(arg)))
        for node in nodes[:WINDOW]:
            if self.session.complete(node):
                self.say(
                    [
                        (f"{self.call(node)}.grad = {number(node.grad)}", "name"),
                        (", complete", "good"),
                    ]
                )

    def do_back(self, arg: str) -> None:
        """back [N] or rs [N]: take N contributions back; every grad gets the bits it had."""
        count = _count(arg)
        self.backward(lambda: self.session.back(count))

    def do_rn(self, arg: str) -> None:
        """rn: take back every contribution out of the last node."""
        self.backward(self.session.previous)

    def do_rc(self, arg: str) -> None:
        """rc: back to the last breakpoint or change of a watch, or to the start."""
        self.backward(self.session.retreat)

    def do_restart(self, arg: str) -> None:
        """restart: back to the start; breakpoints stay."""
        self.move(self.session.restart)
        self.screen.shown = None
        self.say(f"at the start: {self.call(self.session.root)}.grad = 1")

    def do_goto(self, arg: str) -> None:
        """goto N: go forward or back to where N contributions have arrived.

        when X lists those that changed X.grad.
        """
        if not arg:
            raise Refused(
                "goto needs the number of a contribution, as in goto 3; when X lists some"
            )
        position, length = _count(arg, least=0), len(self.session.trail)
        if position > length:
            raise Refused(f"there are {plural(length, 'contribution')}: goto {length} is the end")
        self.move(lambda: self.session.goto(position))
        self.screen.shown = None
        self.report(
            Stop(position, position, [], self.session.trail[max(position - 1, 0) : position])
        )
        if not position:
            self.say(f"at the start: {self.call(self.session.root)}.grad = 1")

    def move(self, move: Callable[[], Stop]) -> Stop:
        """Change the position; Ctrl-C stops it between two steps, never within one."""
        with self.interrupts.during("run"):
            return move()

    def forward(self, move: Callable[[], Stop]) -> Stop | None:
        """Go on and report, unless this is the end."""
        if self.session.done:
            more = (
                ": c lets the script go on, q ends it"
                if self.script
                else ": rs goes back, q leaves"
            )
            self.say("the backward pass is complete" + more)
            return None
        stop = self.move(move)
        self.report(stop)
        return stop

    def backward(self, move: Callable[[], Stop]) -> None:
        """Go back and report, unless this is the start."""
        if not self.session.position:
            self.say("this is the start: only the seed is set")
            return
        stop = self.move(move)
        self.screen.shown = None
        self.screen.steps(stop.steps[::-1], self.screen.undone)
        self.after_move(stop)
        if not self.session.position:
            self.say("back at the start: only the seed is set")

    def report(self, stop: Stop) -> None:
        """Write what a move forward has done."""
        self.screen.steps(stop.steps, self.screen.row)
        self.after_move(stop)
        if self.session.done:
            self.say(
                [("the backward pass is complete", "good")], [("  ", "")], *self.screen.totals()
            )

    def after_move(self, stop: Stop) -> None:
        """Write why a move stopped, and what is displayed at every stop."""
        for reason in stop.reasons:
            self.note(f"stopped at {reason}", "warn")
        if stop.reasons and not self.session.done:
            self.screen.heading(self.session.node)
        for key, text in self.session.displays.items():
            try:
                shown = number(self.session.value(text))
            except Refused:
                shown = "not in this graph"
            self.say([(f"  {key}: {printable(text)} = ", "dim"), (shown, "name")])

    # -- stopping ------------------------------------------------------------------------------

    def do_break(self, arg: str, temporary: bool = False) -> None:
        """b X [if F]: stop where the sweep reaches X (a label, #7, an operation, file.py:12).

        At a leaf, stop where a contribution arrives. Without X, list the breakpoints.
        """
        if not arg:
            self.info_breakpoints("")
            return
        where, _, condition = arg.partition(" if ")
        point = self.session.add_breakpoint(where.strip(), condition.strip(), temporary)
        nodes = sorted(point.nodes, key=self.session.numbers.__getitem__)
        some = ", ".join(self.session.called(node) for node in nodes[:3]) + ", …" * (len(nodes) > 3)
        self.say(f"{'temporary ' * temporary}breakpoint {point.number} at {some}")
        for node in nodes[:3]:
            if not node.parents and node not in self.session.arrivals and not node.constant:
                self.nothing_arrives(node)

    def do_tbreak(self, arg: str) -> None:
        """tbreak X [if F]: a breakpoint that goes away when it is hit."""
        self.do_break(arg, temporary=bool(arg))

    def do_condition(self, arg: str) -> None:
        """condition N [F]: let breakpoint N stop only where F is not 0; without F, always."""
        key, _, text = arg.partition(" ")
        point = self.session.breakpoint(key)
        self.session.set_condition(point, text.strip())
        when = f"if {printable(point.condition)}" if text else "always"
        self.say(f"breakpoint {point.number} stops {when}")

    def do_ignore(self, arg: str) -> None:
        """ignore N [COUNT]: pass breakpoint N COUNT times before it stops."""
        key, _, count = arg.partition(" ")
        point = self.session.breakpoint(key)
        point.ignored = _count(count, least=0)
        self.say(f"breakpoint {point.number} will be passed {plural(point.ignored, 'time')}")

    def do_clear(self, arg: str) -> None:
        """cl [N]: remove breakpoint, watch or display N; without N, all breakpoints."""
        self.session.clear(arg)
        self.say(f"{printable(arg)} is gone" if arg else "no breakpoints")

    def do_watch(self, arg: str) -> None:
        """watch F: stop when F changes; watch nan, watch inf: stop when one arrives.

        A label means its grad. In a script, data is watched from one backward() to the next, too.
        """
        if not arg:
            self.info_watch("")
            return
        watch = self.session.add_watch(arg)
        now = "" if arg in ("nan", "inf") else f" is {number(watch.old)}"
        self.say(f"watch {watch.number}: {printable(watch.text)}{now}")

    def do_display(self, arg: str) -> None:
        """display F: show F at every stop."""
        if not arg:
            self.after_move(Stop(0, 0, [], []))
            return
        key = self.session.add_display(arg)
        text = self.session.displays[key]
        self.say(f"  {key}: {printable(text)} = {number(self.session.value(text))}")

    # -- looking -------------------------------------------------------------------------------

    def do_where(self, arg: str) -> None:
        """w: the backward order around the current node."""
        self.screen.order()

    def do_why(self, arg: str) -> None:
        """why X [DEPTH]: the sum behind X.grad as far as it has come; to a depth, upstream."""
        label, _, depth = arg.rpartition(" ")
        if arg in self.session.labels or not (label and depth.isdecimal()):
            label, depth = arg, "1"
        for line in self.session.why(self.session.one(label or "node"), min(_count(depth), 20)):
            self.say(line, indent=len(line) - len(line.lstrip()) + 4)

    def do_when(self, arg: str) -> None:
        """when X: every contribution to X.grad with its number; goto N goes there."""
        node = self.session.one(arg or "node")
        steps = self.session.arrivals.get(node, [])
        if not steps:
            self.nothing_arrives(node)
            return
        self.rows(
            [
                [
                    (self.screen.count(step).strip(), "dim"),
                    (f"{step.contribution:+.4g}", sign(step.contribution)),
                    (f"from {printable(expression(step.node), 32)}", ""),
                    (f"{number(step.before)} → {number(step.after)}", "name"),
                    ("" if step.index < self.session.position else "to come", "dim"),
                ]
                for step in steps[:40]
            ]
        )
        if len(steps) > 40:
            self.say([(f"  … {len(steps) - 40:,} more", "dim")])

    def nothing_arrives(self, node: Value) -> None:
        """Write that nothing arrives at a node, and why."""
        self.say(f"nothing arrives at {self.call(node)}")
        self.screen.idle(self.session.zeros.children(node))

    def do_info(self, arg: str) -> None:
        """info node [X], inputs [X], outputs [X], leaves, breakpoints, watch."""
        topic, _, rest = arg.partition(" ")
        topics = [name for name in INFO if topic and name.startswith(topic)]
        if not topics:
            raise Refused("info needs one of: " + ", ".join(INFO))
        getattr(self, f"info_{topics[0]}")(rest.strip())

    def info_node(self, arg: str) -> None:
        """Write what a node is, and how much of its gradient is still to come."""
        node = self.session.one(arg) if arg else self.session.node
        self.screen.shown = None
        self.screen.heading(node)
        waiting = sum(
            step.index >= self.session.position for step in self.session.arrivals.get(node, ())
        )
        state = f"{plural(waiting, 'contribution')} to come" if waiting else "complete"
        kind = node.operation.name if node.operation else "leaf"
        self.say(
            f"  {self.session.called(node)}: {kind}, data {number(node.data)}, "
            f"grad {number(node.grad)}, {state}"
        )

    def info_inputs(self, arg: str) -> None:
        """Write the parents of a node, with the local derivatives."""
        node = self.session.one(arg) if arg else self.session.node
        if not node.parents:
            self.say(f"  {self.call(node)} is a leaf: it was computed from nothing")
            return
        self.rows(
            [
                [
                    (self.call(parent) + f" = {number(parent.data)}" * (not parent.constant), ""),
                    (f"∂{self.call(node)}/∂{self.call(parent)} = {number(local)}", ""),
                    (
                        "a plain number" if parent.constant else f"grad {number(parent.grad)}",
                        "name",
                    ),
                ]
                for parent, local in zip(node.parents[:WINDOW], node.local_derivatives())
            ]
        )
        if len(node.parents) > WINDOW:
            self.say([(f"  … {len(node.parents) - WINDOW:,} more", "dim")])

    def info_outputs(self, arg: str) -> None:
        """Write the children of a node, with what arrives from each, or why nothing does."""
        node = self.session.one(arg) if arg else self.session.node
        here = self.session.arrivals.get(node, [])
        if here:
            sent = self.session.position
            self.rows(
                [
                    [
                        (expression(step.node), ""),
                        ("sent" if step.index < sent else "will send", "dim"),
                        (f"{step.contribution:+.4g}", sign(step.contribution)),
                        (short_place(step.node), "dim"),
                    ]
                    for step in here[:WINDOW]
                ]
            )
        if len(here) > WINDOW:
            self.say([(f"  … {len(here) - WINDOW:,} more", "dim")])
        idle = self.session.zeros.children(node)
        self.screen.idle(idle)
        if not (here or idle):
            self.say(
                f"  {self.call(node)} is the root"
                if node is self.session.root
                else "  nothing sends to it"
            )

    def info_leaves(self, arg: str) -> None:
        """Write data and gradient of every leaf, and its gradient in the pass before."""
        leaves = [leaf for leaf in self.session.leaves if not leaf.constant]
        self.rows([self.leaf_row(leaf) for leaf in leaves[:40]])
        if len(leaves) > 40:
            self.say([(f"  … {len(leaves) - 40:,} more", "dim")])

    def leaf_row(self, leaf: Value) -> Line:
        """Return the cells of `info leaves`."""
        before = self.session.pass_before
        previous = f"previous {number(before[leaf.label])}" if leaf.label in before else ""
        return [
            (name(leaf), ""),
            (f"data {number(leaf.data)}", ""),
            (f"grad {number(leaf.grad)}", "name"),
            *[(previous, "dim")] * bool(before),
            ("complete", "good") if self.session.complete(leaf) else ("more to come", "dim"),
            (f"#{self.session.numbers[leaf]}", "dim"),
        ]

    def info_breakpoints(self, arg: str) -> None:
        """Write the breakpoints, with how often they were hit."""
        for point in self.session.breakpoints.values():
            condition = f" if {printable(point.condition)}" if point.condition else ""
            passed = f", will be passed {plural(point.ignored, 'time')}" if point.ignored else ""
            self.say(
                f"  {point.number}  {printable(point.place)}{condition}{'  once' * point.temporary}"
                f"  hit {plural(point.hits, 'time')}{passed}"
            )
        if not self.session.breakpoints:
            self.say("  no breakpoints")

    def info_watch(self, arg: str) -> None:
        """Write the watches, with what they come to now."""
        for watch in self.session.watches.values():
            self.say(f"  {watch.number}  {printable(watch.text)}  {number(watch.measure())}")
        if not self.session.watches:
            self.say("  no watches")

    def do_list(self, arg: str) -> None:
        """l [X]: your source around X or the current node, with the values made on each line."""
        node = self.session.one(arg) if arg else self.session.node
        site = node.created_at
        lines = linecache.getlines(site.filename) if site else []
        if not site or not lines:
            raise Refused(
                f"the source of {self.call(node)} is not at hand: it was typed, "
                "or its file has gone"
            )
        self.screen.source(node, site, lines)

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
        """plot [FILE]: a picture of this moment, as SVG or as the file's suffix says.

        Of a graph too large to read it shows the part around the current node.
        """
        file = Path(arg or "gradient.svg").expanduser()
        try:
            picture, part = self.picture()
            picture.save(file)
        except OSError as error:
            raise Refused(f"no picture: {error.strerror}: {printable(str(file), 200)}") from None
        except (ValueError, ImportError) as error:
            raise Refused(f"no picture: {printable(str(error), 200)}") from None
        self.say(f"drawn: {printable(str(file), 200)}{part}")

    def picture(self, direction: str = "LR") -> tuple[Any, str]:
        """Return the picture of this moment, and what to say of it if it isn't all of the graph."""
        from .. import draw

        node, to_come = self.session.node, self.session.trail[self.session.position :]
        try:
            return draw(self.session.root, to_come=to_come, direction=direction), ""
        except ValueError:  # too large to read
            part = draw(self.session.root, to_come=to_come, around=node, direction=direction)
            return part, f", the part around {self.session.called(node)}"

    # -- learning ------------------------------------------------------------------------------

    def do_predict(self, arg: str) -> None:
        """predict X: say what X's gradient will be before you see it.

        Without X, that of the next parent. Enter alone shows it.
        """
        node = self.session.one(arg) if arg else self.next_parent()
        right = self.session.final_grad(node)
        for _ in range(3):
            text = self.ask(f"{self.call(node)}.grad will be? ").strip()
            if not text:
                break
            try:
                answer = self.session.value(text)
            except Refused as refused:
                self.refuse(refused)
                continue
            if close(answer, right):
                self.say(
                    [("right", "good"), (f": {self.call(node)}.grad will be {number(right)}", "")]
                )
                return
            self.say([("no", "error"), (":", "")], *split_words(" " + self.mistake(node, answer)))
        alone = self.session.labels.get(node.label) == [node]
        typed = printable(node.label if alone else f"#{self.session.numbers[node]}")
        self.say(
            f"{self.call(node)}.grad will be {number(right)}: unt {typed} runs there, "
            f"why {typed} shows the sum"
        )

    def next_parent(self) -> Value:
        """Return the parent that the next contribution goes to."""
        if self.session.done:
            raise Refused("the backward pass is complete: restart, or name a value")
        parent: Value = self.session.trail[self.session.position].parent
        return parent

    def mistake(self, node: Value, answer: float) -> str:
        """Return what went wrong: a usual mistake, or one contribution or a part for the sum."""
        here = self.session.arrivals.get(node, [])
        carried = here[0].before if here else 0.0
        if carried and close(answer + carried, here[-1].after):
            return (
                f"leaves accumulate: {self.call(node)}.grad starts at {number(carried)}, "
                "from an earlier backward()"
            )
        usual = usual_mistake(self.session.root, node, answer - carried)
        part = self.part_of_the_sum(node, answer)
        if part and usual == MISTAKES["forward_order"].sentence:  # the part says the same, nearer
            return part
        return usual or part or "no usual mistake gives that"

    def part_of_the_sum(self, node: Value, answer: float) -> str:
        """Return which contributions alone make the answer, "" if it is no part of the sum."""
        here = self.session.arrivals.get(node, [])
        for step in here:
            if close(step.contribution, answer):
                return (
                    f"that is the contribution of {self.call(step.node)} alone; "
                    f"{self.call(node)} is used elsewhere, too"
                )
            if close(step.after, answer):
                return (
                    f"that is the sum up to the contribution of {self.call(step.node)}; "
                    "there is more to come"
                )
        return ""

    # -- leaving -------------------------------------------------------------------------------

    def do_quit(self, arg: str) -> bool:
        """q: leave.

        Before the end every grad is put back as it was; at the end they stay, as after backward().
        """
        self.quitting = True
        if self.script:
            self.say("left, and the script with it")
        elif not self.session.done:
            self.say("left before the end: every grad is as it was before")
        return True

    do_s, do_n, do_c, do_cont, do_unt = do_step, do_next, do_continue, do_continue, do_until
    do_rs, do_b, do_cl, do_w, do_l, do_h, do_q, do_exit = (
        do_back,
        do_break,
        do_clear,
        do_where,
        do_list,
        do_help,
        do_quit,
        do_quit,
    )

    # -- completion ----------------------------------------------------------------------------

    def completenames(self, text: str, *ignored: Any) -> list[str]:
        return sorted(name for name in super().completenames(text, *ignored) if len(name) > 2)

    def completedefault(self, *ignored: Any) -> list[str]:
        """Return labels, with `.data` and `.grad` behind them."""
        text = str(ignored[0])
        return sorted(name for name in self.typable() if name.startswith(text))[:200]

    def typable(self) -> Iterable[str]:
        """Yield the names of a formula that a terminal can show."""
        for label in self.session.labels:
            if printable(label) == label:
                yield from (label, f"{label}.grad", f"{label}.data")

    def complete_info(self, text: str, *ignored: Any) -> list[str]:
        return [name for name in INFO if name.startswith(text)]

    def complete_help(self, *args: Any) -> list[str]:
        return self.completenames(str(args[0]))

    complete_h = complete_help


def _count(text: str, least: int = 1) -> int:
    """Return a count that was typed; 1 without one."""
    if not text.strip():
        return 1
    if not text.strip().isdecimal() or len(text) > 9 or int(text) < least:
        raise Refused(f"a whole number from {least} on, please, not {printable(text, 20)}")
    return int(text)
