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
from pathlib import Path
from typing import Any

from ..explain import expression, name, number, printable
from ..value import Value
from .formula import Refused
from .mistakes import close, likely
from .writer import many, words
from .screen import WINDOW, Screen, short_place, sign
from .session import Session, Stop

INFO = ("node", "inputs", "outputs", "leaves", "breakpoints", "watch")
HELP = """\
forward  s(tep) [N]           the next contribution, one +=
         n(ext) [N]           all that the next node sends
         c(ontinue)           to a breakpoint or a watch, or to the end
         unt(il) X            until X's gradient is complete
back     back [N] or rs [N]   take contributions back, bit for bit
         rn, rc               one node back; back to a breakpoint or the start
         restart              to the start; breakpoints stay
stop     b(reak) X [if F]     at a label, #7, an operation or file.py:12
         tbreak X [if F]      the same, once
         condition, ignore, cl(ear)   a breakpoint, by its number
         watch F              when F changes; watch nan, watch inf
look     w(here)              the backward order, this node marked
         why X [DEPTH]        the sum behind X.grad
         l(ist) [X]           your source, with the values born on each line
         info                 node, inputs, outputs, leaves, breakpoints, watch
         p F, display F       a value or a formula, now; at every stop
         plot [FILE]          a picture of this moment
learn    predict [X]          say X's gradient before you see it
leave    q(uit), h(elp) [COMMAND]; Enter repeats
A formula F is arithmetic over labels: x.grad * 2 > 5. A bare label is its data.
"""


def debug(root: Value, *, names: Mapping[str, Any] | None = None) -> None:
    """Step through the backward pass of `root` at a prompt.

    >>> from engine import Value
    >>> debug(Value(1.0) * 2.0)  # doctest: +SKIP
    (grad)

    `names` maps names to values that have no label; without it, the variables of the caller serve.
    Leaving before the end puts every grad back as it was; leaving at the end keeps them, as
    backward() would. Raises TypeError for what is not a Value.
    """
    if not isinstance(root, Value):
        raise TypeError(
            f"engine.debug takes the Value at the root, not {type(root).__name__}: pass the loss itself"
        )
    session = Session(root, sys._getframe(1).f_locals if names is None else names)
    talk(session)


def talk(session: Session, **options: Any) -> "Debugger":
    """Read commands until the person leaves; the graph gets back what was borrowed whatever happens."""
    debugger = Debugger(session, **options)
    try:
        debugger.converse()
    finally:
        session.close(keep=debugger.script == 0)
    return debugger


class Debugger(cmd.Cmd):
    """The conversation about one session."""

    prompt = "(grad) "

    def __init__(
        self,
        session: Session,
        stdin: Any = None,
        stdout: Any = None,
        script: int = 0,
        found: Stop | None = None,
    ):
        """`script` counts the backward()s of a script, `found` is the stop that it has run to."""
        super().__init__(stdin=stdin, stdout=stdout)
        self.use_rawinput = stdin is None
        self.session, self.script, self.found, self.quitting = session, script, found, False
        self.screen = Screen(session, self.stdout)
        self.say, self.lay, self.call = self.screen.say, self.screen.lay, session.short

    # -- the conversation
    # ------------------------------------------------------------------------------------------

    def converse(self) -> None:
        self.open()
        if self.found:
            self.report(self.found)
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
        counts = [
            many(len(session.trail), "contribution"),
            many(len(session.order), "operation"),
            many(len(leaves), "leaf", "leaves"),
            *[f"backward() no. {self.script}"] * (self.script > 1),
        ]
        self.say(
            [
                ("backward pass of ", ""),
                (printable(expression(root), 48), "head"),
                (f" = {number(root.data)}", ""),
            ],
            [("   " + ", ".join(counts), "dim")],
        )
        if session.trail:
            self.say(
                [
                    (f"the seed is set: {self.call(root)}.grad = 1", ""),
                    ("    s steps, h helps", "dim"),
                ]
            )
        else:
            self.say(
                f"there is nothing to step through: {'only plain numbers' if root.parents else 'a leaf'}; "
                f"{self.call(root)}.grad = {number(root.grad)}"
            )
        if (
            session.forward_only and session.trail and self.script < 2
        ):  # in a script every graph is, as a rule
            self.say(
                *words(
                    "forward only so far: no backward() has reached it, so every gradient starts at 0",
                    "dim",
                )
            )
        if session.carried:
            some = ", ".join(
                f"{self.call(leaf)}.grad = {number(leaf.grad)}" for leaf in session.carried[:4]
            )
            self.say(
                *words(
                    f"leaves accumulate: {some}{', …' * (len(session.carried) > 4)} from before "
                    "(zero_grad() clears)",
                    "warn",
                )
            )
        if session.stale:
            self.say(
                *words(
                    "stale: a leaf's data was changed after the forward pass, so these are the gradients of "
                    f"the old numbers; first at {self.call(session.stale[0])}",
                    "warn",
                )
            )

    def ask(self, question: str) -> str:
        """A line from the person, through the same door as the commands."""
        if self.use_rawinput:
            try:
                return input(self.screen.painter.legible(question))
            except EOFError:
                self.say("")
                return ""
        self.stdout.write(self.screen.painter.legible(question))
        self.stdout.flush()
        return self.stdin.readline() or "\n"

    def onecmd(self, line: str) -> bool:
        try:
            return bool(super().onecmd(line.replace("\x00", "")))
        except Refused as refused:
            self.refuse(refused)
        return False

    def refuse(self, refused: Refused) -> None:
        self.say(*words(f"*** {refused}", "error"))

    def default(self, line: str) -> None:
        if line == "EOF":
            self.say("")
            self.do_quit("")
            return
        raise Refused(
            f"no command {printable(line.split()[0], 20)}: h lists them; p {printable(line, 30)} for a value"
        )

    def postcmd(self, stop: bool, line: str) -> bool:
        return stop or self.quitting

    def do_help(self, arg: str) -> None:
        """h [COMMAND]: what it does."""
        found = getattr(self, "do_" + arg, None) if arg else None
        if arg and found is None:
            raise Refused(f"no command {printable(arg, 20)}: h lists them")
        if found:
            self.say(" ".join(str(found.__doc__).split()))
            return
        for line in HELP.splitlines():
            self.say([(line, "")])

    # -- moving
    # ----------------------------------------------------------------------------------------------------

    def do_step(self, arg: str) -> None:
        """s [N]: the next N contributions, one += each."""
        self.forward(lambda: self.session.step(_count(arg)))

    def do_next(self, arg: str) -> None:
        """n [N]: every contribution out of the next node, or the next N nodes."""
        self.forward(lambda: self.session.next(_count(arg)))

    def do_continue(self, arg: str) -> bool:
        """c: run on to a breakpoint or a watch, or to the end. At the end of a script's backward(), to its next; with
        breakpoints or watches, through as many as it takes to meet one."""
        if self.session.done and self.script:
            return True
        stop = self.forward(self.session.proceed)
        return bool(self.script and self.session.armed and stop and not stop.reasons)

    def do_until(self, arg: str) -> None:
        """unt X: run until X's gradient is complete."""
        nodes = self.session.find(arg)
        if all(map(self.session.complete, nodes)):
            self.say(f"{self.call(nodes[0])}.grad = {number(nodes[0].grad)} is complete already")
            return
        self.report(self.session.until(arg))
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
        self.screen.shown = None
        self.say(f"at the start: {self.call(self.session.root)}.grad = 1")

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
        stop = move()
        self.report(stop)
        return stop

    def backward(self, move: Callable[[], Stop]) -> None:
        if not self.session.position:
            self.say("this is the start: only the seed is set")
            return
        stop = move()
        self.screen.shown = None
        self.screen.steps(stop.steps[::-1], self.screen.undone)
        self.aftermath(stop)
        if not self.session.position:
            self.say("back at the start: only the seed is set")

    def report(self, stop: Stop) -> None:
        """What a move forward has done."""
        self.screen.steps(stop.steps, self.screen.row)
        self.aftermath(stop)
        if self.session.done:
            self.say(
                [("the backward pass is complete", "good")], [("  ", "")], *self.screen.totals()
            )

    def aftermath(self, stop: Stop) -> None:
        for reason in stop.reasons:
            self.say([(f"stopped at {reason}", "warn")])
        if stop.reasons and not self.session.done:
            self.screen.heading(self.session.node)
        for key, text in self.session.displays.items():
            try:
                shown = number(self.session.value(text))
            except Refused:
                shown = "not in this graph"
            self.say([(f"  {key}: {printable(text)} = ", "dim"), (shown, "name")])

    # -- stopping
    # --------------------------------------------------------------------------------------------------

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
        self.say(
            f"breakpoint {point.number} stops "
            + (f"if {printable(point.condition)}" if text else "always")
        )

    def do_ignore(self, arg: str) -> None:
        """ignore N [COUNT]: pass breakpoint N COUNT times before it stops."""
        key, _, count = arg.partition(" ")
        point = self.session.breakpoint(key)
        point.ignored = _count(count, least=0)
        self.say(f"breakpoint {point.number} will be passed {many(point.ignored, 'time')}")

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
        self.say(
            f"watch {made.number}: {printable(arg)}"
            + ("" if arg in ("nan", "inf") else f" is {number(made.old)}")
        )

    def do_display(self, arg: str) -> None:
        """display F: show F at every stop."""
        if not arg:
            self.aftermath(Stop(0, 0, [], []))
            return
        made = self.session.add_display(arg)
        self.say(
            f"  {made}: {printable(shown := self.session.displays[made])} = {number(self.session.value(shown))}"
        )

    # -- looking
    # ---------------------------------------------------------------------------------------------------

    def do_where(self, arg: str) -> None:
        """w: the backward order around the node whose turn it is."""
        self.screen.order()

    def do_why(self, arg: str) -> None:
        """why X [DEPTH]: the sum behind X.grad as far as it has come; with a depth, followed upstream."""
        label, _, depth = arg.rpartition(" ")
        if arg in self.session.labels or not (label and depth.isdecimal()):
            label, depth = arg, "1"
        for line in self.session.why(self.session.one(label or "node"), min(_count(depth), 20)):
            self.say(line, indent=len(line) - len(line.lstrip()) + 4)

    def do_info(self, arg: str) -> None:
        """info node [X], inputs [X], outputs [X], leaves, breakpoints, watch."""
        word, _, rest = arg.partition(" ")
        found = [name for name in INFO if word and name.startswith(word)]
        if not found:
            raise Refused("info needs one of: " + ", ".join(INFO))
        getattr(self, f"info_{found[0]}")(rest.strip())

    def info_node(self, arg: str) -> None:
        node = self.session.one(arg) if arg else self.session.node
        self.screen.shown = None
        self.screen.heading(node)
        waiting = sum(
            step.index >= self.session.position for step in self.session.arrivals.get(node, ())
        )
        state = f"{many(waiting, 'contribution')} to come" if waiting else "complete"
        kind = node.operation.name if node.operation else "leaf"
        self.say(
            f"  {self.session.called(node)}: {kind}, data {number(node.data)}, grad {number(node.grad)}, {state}"
        )

    def info_inputs(self, arg: str) -> None:
        node = self.session.one(arg) if arg else self.session.node
        if node.local_derivatives is None:
            self.say(f"  {self.call(node)} is a leaf: it was computed from nothing")
            return
        self.lay(
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
        node = self.session.one(arg) if arg else self.session.node
        here = self.session.arrivals.get(node, [])
        if here:
            sent = self.session.position
            self.lay(
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
        if not here:
            self.say(
                f"  {self.call(node)} is the root"
                if node is self.session.root
                else "  nothing sends to it"
            )

    def info_leaves(self, arg: str) -> None:
        leaves = [leaf for leaf in self.session.leaves if not leaf.constant]
        self.lay(
            [
                [
                    (name(leaf), ""),
                    (f"data {number(leaf.data)}", ""),
                    (f"grad {number(leaf.grad)}", "name"),
                    self.state(leaf),
                    (f"#{self.session.numbers[leaf]}", "dim"),
                ]
                for leaf in leaves[:40]
            ]
        )
        if len(leaves) > 40:
            self.say([(f"  … {len(leaves) - 40:,} more", "dim")])

    def state(self, node: Value) -> tuple[str, str]:
        return ("complete", "good") if self.session.complete(node) else ("more to come", "dim")

    def info_breakpoints(self, arg: str) -> None:
        for point in self.session.breakpoints.values():
            condition = f" if {printable(point.condition)}" if point.condition else ""
            passed = f", will be passed {many(point.ignored, 'time')}" if point.ignored else ""
            self.say(
                f"  {point.number}  {printable(point.place)}{condition}{'  once' * point.temporary}"
                f"  hit {many(point.hits, 'time')}{passed}"
            )
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
            raise Refused(
                f"the source of {self.call(node)} is not at hand: it was typed, or its file has gone"
            )
        self.screen.source(node, made, lines)

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
        except OSError as error:
            raise Refused(f"no picture: {error.strerror}: {printable(str(file), 200)}") from None
        except (ValueError, ImportError) as error:
            raise Refused(f"no picture: {printable(str(error), 200)}") from None
        self.say(f"drawn: {printable(str(file), 200)}{part}")

    def picture(self) -> tuple[Any, str]:
        """The picture of this moment, and what to say of it if it isn't all of the graph."""
        from .. import draw

        node, to_come = self.session.node, self.session.trail[self.session.position :]
        try:
            return draw(self.session.root, to_come=to_come), ""
        except ValueError:  # too large to read
            part = draw(self.session.root, to_come=to_come, around=node)
            return part, f", the part around {self.session.called(node)}"

    # -- learning
    # --------------------------------------------------------------------------------------------------

    def do_predict(self, arg: str) -> None:
        """predict X: say what X's gradient will be before you see it; without X, that of the next parent. Enter alone
        shows it."""
        node = self.session.one(arg) if arg else self.coming()
        right = (
            self.session.arrivals[node][-1].after if node in self.session.arrivals else node.grad
        )
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
            self.say([("no", "error"), (":", "")], *words(" " + self.mistake(node, answer)))
        name = (
            node.label
            if self.session.labels.get(node.label) == [node]
            else f"#{self.session.numbers[node]}"
        )
        self.say(
            f"{self.call(node)}.grad will be {number(right)}: unt {printable(name)} runs there, "
            f"why {printable(name)} shows the sum"
        )

    def coming(self) -> Value:
        if self.session.done:
            raise Refused("the backward pass is complete: restart, or name a value")
        return self.session.trail[self.session.position].parent  # type: ignore[no-any-return]

    def mistake(self, node: Value, answer: float) -> str:
        """What went wrong: a usual mistake, or only one of the contributions, or a part of the sum."""
        here = self.session.arrivals.get(node, [])
        carried = here[0].before if here else 0.0
        if carried and close(answer + carried, here[-1].after):
            return f"leaves accumulate: {self.call(node)}.grad starts at {number(carried)}, from an earlier backward()"
        usual = likely(self.session.root, node, answer - carried)
        if usual:
            return usual
        for step in here:
            if close(step.contribution, answer):
                return f"that is the share of {self.call(step.node)} alone; {self.call(node)} is used elsewhere, too"
            if close(step.after, answer):
                return f"that is the sum up to the share of {self.call(step.node)}; there is more to come"
        return "no usual mistake gives that"

    # -- leaving
    # ---------------------------------------------------------------------------------------------------

    def do_quit(self, arg: str) -> bool:
        """q: leave. Before the end every grad is put back as it was; at the end they stay, as after backward()."""
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

    # -- completion
    # ------------------------------------------------------------------------------------------------

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


def _count(text: str, least: int = 1) -> int:
    """A count that was typed; 1 without one."""
    if not text.strip():
        return 1
    if not text.strip().isdecimal() or len(text) > 9 or int(text) < least:
        raise Refused(f"a whole number from {least} on, please, not {printable(text, 20)}")
    return int(text)
