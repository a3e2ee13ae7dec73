"""The adapter itself: who answers when, what a stop is, how a program begins and ends.

>>> import io
>>> said = io.BytesIO()
>>> answers = {"greet": lambda adapter, arguments: {"to": "you"}}
>>> Adapter(Connection(io.BytesIO(), said), answers).answer({"seq": 7, "command": "greet"})
>>> print(said.getvalue().decode().splitlines()[-1])
{"seq": 1, "type": "response", "request_seq": 7, "command": "greet", "success": true, "body": ...}

Requests are read by a thread of their own. While the program runs, that thread answers; while a
backward pass is open, the program's thread does, also between two steps of a run. So `pause` and
`disconnect` are always heard.
"""

import _thread
import os
import re
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from queue import SimpleQueue
from typing import Any

from ...value import Value
from ..evaluate import Refused
from ..script import Quit
from ..session import Stop
from .breakpoints import DATA, LINES, Stops
from .console import Console
from .places import Counting, Pass
from .program import ClientPasses, Launch, flush, run
from .protocol import Arguments, Body, Connection, Malformed, take
from .views import View

GRACE = 2.0  # seconds that a program has to end in when its client has left
THREAD = 1  # passes are taken one at a time: the client sees one thread


class Adapter:
    """A debug adapter for one client and one program. `answers` are functions, by requests."""

    def __init__(self, connection: Connection, answers: "Mapping[str, Answer]"):
        self.connection, self.answers = connection, answers
        self.inbox: SimpleQueue[Body] = SimpleQueue()
        self.turn = threading.Lock()  # held by the thread that answers
        self.ready, self.over = threading.Event(), threading.Event()
        self.launch: Launch | None = None
        self.configured = self.running = self.stopped = self.leaving = self.entering = False
        self.reader = threading.Thread(target=self.listen, name="client", daemon=True)
        self.passes = ClientPasses(self)
        self.session = Pass(Value(0.0))  # what holds the stops before the first pass
        self.passes.hold(self.session)
        self.stops = Stops(self.session, lambda body: connection.event("breakpoint", **body))
        self.counting, self.highlight = Counting(), True
        self.view = View(self.session, self.session.root)
        self.thread_name, self.status = "", 0
        self.console: Console | None = None
        self.stop = Stop(0, 0, [], [])
        self.request: Body | None = None  # the one that is being answered
        self.then: Callable[[], None] | None = None  # what to do when it is answered

    # -- the two threads -----------------------------------------------------------------------

    def serve(self) -> int:
        """Run the program that the client asks for; return its exit status."""
        self.reader.start()
        self.ready.wait()
        if self.launch and not self.passes.quitting:
            self.running, self.status = True, 1
            self.status = run(self.launch, self)
            self.running = False
            self.connection.event("exited", exitCode=self.status)
        self.connection.event("terminated")
        self.over.wait(GRACE)
        return self.status

    def listen(self) -> None:
        """Read requests until the client leaves."""
        while not self.over.is_set():
            try:
                message = self.connection.read()
            except Malformed as error:
                self.connection.answer({}, problem=str(error))
                continue
            except (OSError, ValueError):
                message = None
            self.connection.gone = message is None
            self.inbox.put({"command": "disconnect"} if message is None else message)
            self.answer_if_free()
            if message is None:
                return

    def answer_if_free(self) -> None:
        """Answer what has come, unless another thread does."""
        while not self.inbox.empty() and self.turn.acquire(blocking=False):
            try:
                self.answer_waiting()
            finally:
                self.turn.release()

    def answer_waiting(self) -> None:
        """Answer what has come, in the thread that has the turn."""
        while not self.inbox.empty():
            self.answer(self.inbox.get())

    def answer(self, request: Body) -> None:
        """Answer one request, whatever it is, and then do what it asks for."""
        if request.get("type", "request") != "request":
            return
        before, self.request = self.request, request
        try:
            arguments = take(request, "arguments", dict, {})
            command = take(request, "command", str)
            if command not in self.answers:
                raise Refused(f"the request {command!r:.40} is not supported")
            self.respond(self.answers[command](self, arguments))
        except Refused as refused:
            self.respond(problem=str(refused))
        except Exception as error:
            self.respond(problem=f"{type(error).__name__}: {error}")
        self.request = before
        then, self.then = self.then, None
        if then:
            then()

    def respond(self, body: Body | None = None, problem: str = "") -> None:
        """Answer the request at hand, once."""
        if self.request is not None:
            self.connection.answer(self.request, body, problem)
        self.request = None

    # -- a pass --------------------------------------------------------------------------------

    def enter(self, session: Pass) -> None:
        """Take up a new pass, with the stops of the one before."""
        self.session = session
        self.stops.enter(session)

    def inspect(self, stop: Stop, thread: str) -> None:
        """Answer the client at a stop, until it lets the program go on."""
        self.thread_name, self.leaving, self.stopped = thread, False, True
        self.console = Console(self.session, self.ask)
        flush()
        self.say(self.console.opening())
        self.announce(stop, "entry")
        while not self.leaving:
            self.answer(self.inbox.get())
        self.stopped, self.console = False, None

    def announce(self, stop: Stop, reason: str, top: Value | None = None) -> None:
        """Tell the client where the session has stopped, and why."""
        self.stop = stop
        top = self.sender(stop) if top is None else top
        self.view = View(self.session, top, self.counting, self.highlight)
        position, length = self.session.position, len(self.session.trail)
        end = ", the end of the pass" if self.session.done else ""
        body: Body = {"description": f"step {position} of {length}{end}"}
        if stop.reasons and not self.entering:
            body["text"] = "; ".join(stop.reasons)
            self.say("\n".join(f"stopped at {reason}" for reason in stop.reasons))
        if met := self.met(stop):
            body["hitBreakpointIds"] = met
        self.connection.event(
            "stopped",
            reason=self.kind(stop, reason),
            threadId=THREAD,
            allThreadsStopped=True,
            **body,
        )
        self.entering = False

    def say(self, text: str) -> None:
        """Write lines to the Debug Console."""
        self.connection.event("output", category="console", output=text + "\n")

    def sender(self, stop: Stop) -> Value:
        """Return what stands at the top of the stack: who has sent or, at its breakpoint, will."""
        last, coming = self.session.last, self.session.node
        points = self.session.breakpoints.values()
        for idle in self.session.idle(self.session.position) if self.met(stop) else ():
            if any(idle in point.nodes for point in points):
                return idle
        if last is None:
            return coming
        at_leaf = any(last.parent in point.nodes for point in points if not last.parent.parents)
        begins = self.session.starts.get(coming) == self.session.position
        at_breakpoint = any(reason.startswith("breakpoint") for reason in stop.reasons)
        node: Value = coming if at_breakpoint and begins and not at_leaf else last.node
        return node

    def met(self, stop: Stop) -> list[int]:
        """Return the numbers of the breakpoints and watches that a stop is due to."""
        found = (re.match(r"(?:breakpoint|watch) (\d+)", reason) for reason in stop.reasons)
        return [int(match[1]) for match in found if match]

    def kind(self, stop: Stop, reason: str) -> str:
        """Return a reason of a stop in the protocol's words."""
        if met := self.met(stop):
            typed = DATA if stop.reasons[0].startswith("watch") else LINES
            return self.stops.kinds.get(met[0], typed)
        if stop.reasons and not self.entering:  # Ctrl-C, which stands for pause
            return "pause"
        return "entry" if self.entering else reason

    def require_stop(self) -> None:
        """Raise Refused where no backward pass is open."""
        if not self.stopped:
            raise Refused("the program is running: pause stops it at its next backward()")

    # -- moving --------------------------------------------------------------------------------

    def move(self, action: Callable[[], Stop], reason: str = "step") -> Body:
        """Move in the pass when the request is answered, and say where that has led."""
        self.require_stop()
        self.then = lambda: self.moved(action, reason)
        return {"allThreadsContinued": True}

    def moved(self, action: Callable[[], Stop], reason: str, top: Value | None = None) -> None:
        """Move, and announce where that has led; what comes meanwhile finds the program running."""
        self.stopped = False
        try:
            stop = action()
        except Refused as refused:  # a condition that can't be computed here
            stop = Stop(self.session.position, self.session.position, [str(refused)], [])
        self.stopped = True
        if not self.leaving:
            self.announce(stop, reason, top)

    def on(self, action: Callable[[], Stop]) -> Body:
        """Move forward or, at the end of the pass, go on to the start of the next."""
        return self.leave(entering=True) if self.session.done else self.move(action)

    def leave(self, entering: bool = False) -> Body:
        """Let the program go on to its next stop or, `entering`, to its next backward()."""
        self.require_stop()
        self.leaving, self.entering = True, entering
        if entering:
            self.passes.requests.press()
        return {"allThreadsContinued": True}

    # -- beginning and end ---------------------------------------------------------------------

    def begin(self) -> None:
        """Start the program, once it is launched and all stops have been set."""
        if self.launch and self.configured:
            self.then = self.ready.set

    def part(self) -> None:
        """Give the program a little time to end in."""
        ending = threading.Timer(GRACE, lambda: os._exit(self.status))
        ending.daemon = True
        ending.start()
        self.over.set()
        self.quit()

    def quit(self) -> None:
        """End the program where it runs, or where it is stopped."""
        self.passes.quitting = self.leaving = True
        self.passes.requests.press()
        self.ready.set()
        if self.running and threading.current_thread() is self.reader:
            self.passes.interrupts.error = Quit
            threading.Thread(target=self._wake_program, daemon=True).start()

    def _wake_program(self) -> None:
        """Let the main thread hear of Quit; it may have fallen asleep just before the signal."""
        while self.running and not self.passes.requests.heard:
            _signal_main_thread()
            time.sleep(0.1)

    # -- the console ---------------------------------------------------------------------------

    def ask(self, question: str) -> str:
        """Ask a question of `predict`; the next line that is typed is the answer."""
        said = self.console.said() if self.console else ""
        self.respond({"result": f"{said}\n{question}".strip(), "variablesReference": 0})
        self.stopped = True
        while not self.leaving:
            request = self.inbox.get()
            arguments = request.get("arguments")
            typed = isinstance(arguments, dict) and arguments.get("context") == "repl"
            if typed and request.get("command") == "evaluate":
                self.request, self.stopped = request, False
                return str(request["arguments"].get("expression", ""))
            self.answer(request)
        return ""


def _signal_main_thread() -> None:
    """Interrupt the main thread as Ctrl-C does, and what it waits for."""
    if sys.platform != "win32":
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
    else:
        _thread.interrupt_main()


Answer = Callable[[Adapter, Arguments], Any]  # returns the body of the response, or None
