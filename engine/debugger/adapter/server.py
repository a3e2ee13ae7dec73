"""The adapter itself: which request is answered by what, who answers, and when it moves.

>>> import io
>>> adapter = Adapter(Connection(io.BytesIO(), io.BytesIO()))
>>> sorted(adapter.initialize({}))[:2]
['completionTriggerCharacters', 'exceptionBreakpointFilters']

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
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

from ...value import Value
from ..evaluate import Refused
from ..script import Quit
from ..session import Stop
from .breakpoints import DATA, EXCEPTIONS, FILTERS, LINES, Stops
from .console import Console
from .places import Counting, Pass
from .program import ClientPasses, Launch, flush, read_launch, run
from .protocol import Arguments, Body, Connection, Malformed, take
from .views import View

GRACE = 2.0  # seconds that a program has to end in when its client has left
THREAD = 1  # passes are taken one at a time: the client sees one thread
CAPABILITIES = (
    "supportsConfigurationDoneRequest",
    "supportsFunctionBreakpoints",
    "supportsConditionalBreakpoints",
    "supportsHitConditionalBreakpoints",
    "supportsDataBreakpoints",
    "supportsBreakpointLocationsRequest",
    "supportsEvaluateForHovers",
    "supportsCompletionsRequest",
    "supportsExceptionInfoRequest",
    "supportsStepBack",
    "supportsRestartFrame",
    "supportsTerminateRequest",
    "supportsDelayedStackTraceLoading",
)


class Adapter:
    """A debug adapter for one client and one program."""

    def __init__(self, connection: Connection):
        self.connection = connection
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
            if command not in ANSWERS:
                raise Refused(f"the request {command!r:.40} is not supported")
            self.respond(ANSWERS[command](self, arguments))
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

    def step_in(self, arguments: Arguments) -> Body:
        return self.on(self.session.step)

    def next(self, arguments: Arguments) -> Body:
        return self.on(self.session.next)

    def step_out(self, arguments: Arguments) -> Body:
        return self.on(self.session.proceed)

    def proceed(self, arguments: Arguments) -> Body:
        if self.stopped and self.session.done:
            return self.leave()
        return self.move(self.session.proceed)

    def step_back(self, arguments: Arguments) -> Body:
        return self.move(self.session.back)

    def reverse(self, arguments: Arguments) -> Body:
        return self.move(self.session.retreat)

    def restart_frame(self, arguments: Arguments) -> Body:
        """Go back to where a node began to send."""
        self.require_stop()
        node = self.view.frame(take(arguments, "frameId", int)).node
        start = self.session.starts.get(node, self.session.position)
        self.then = lambda: self.moved(lambda: self.session.goto(start), "restart", node)
        return {}

    def pause(self, arguments: Arguments) -> Body:
        """Stop after the contribution at hand, or at the next backward()."""
        if not self.stopped:
            self.passes.requests.press()
        return {}

    # -- beginning and end ---------------------------------------------------------------------

    def initialize(self, arguments: Arguments) -> Body:
        lines, columns = (
            int(take(arguments, key, bool, True)) for key in ("linesStartAt1", "columnsStartAt1")
        )
        self.counting = self.stops.counting = Counting(lines, columns)
        self.then = lambda: self.connection.event("initialized")
        return {
            **dict.fromkeys(CAPABILITIES, True),
            "completionTriggerCharacters": [".", " "],
            "exceptionBreakpointFilters": FILTERS,
        }

    def start(self, arguments: Arguments) -> Body:
        """Answer launch: the program starts when all stops have been set."""
        if self.launch:
            raise Refused("a program has been launched: an adapter runs one")
        self.launch = read_launch(arguments)
        self.highlight, self.passes.debug = self.launch.highlight, self.launch.debug
        if self.launch.stop_on_entry:
            self.entering = True
            self.passes.requests.press()
        self._begin()
        return {}

    def configuration_done(self, arguments: Arguments) -> Body:
        self.configured = True
        self._begin()
        return {}

    def _begin(self) -> None:
        if self.launch and self.configured:
            self.then = self.ready.set

    def terminate(self, arguments: Arguments) -> Body:
        """End the program: its `finally:` and `with` do their work."""
        self.then = self.quit
        return {}

    def disconnect(self, arguments: Arguments) -> Body:
        """End the program, in any case, for the client has left."""
        self.then = self.part
        return {}

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

    # -- looking -------------------------------------------------------------------------------

    def threads(self, arguments: Arguments) -> Body:
        name = f"backward() no. {self.session.pass_number:,}" if self.stopped else "the program"
        other = self.thread_name not in ("", threading.main_thread().name)
        within = f" in {self.thread_name}" * other
        return {"threads": [{"id": THREAD, "name": name + within}]}

    def stack(self, arguments: Arguments) -> Body:
        self.require_stop()
        return self.view.stack(
            max(0, take(arguments, "startFrame", int, 0)), max(0, take(arguments, "levels", int, 0))
        )

    def scopes(self, arguments: Arguments) -> Body:
        self.require_stop()
        return self.view.scopes(take(arguments, "frameId", int))

    def variables(self, arguments: Arguments) -> Body:
        self.require_stop()
        return self.view.variables(
            take(arguments, "variablesReference", int),
            max(0, take(arguments, "start", int, 0)),
            max(0, take(arguments, "count", int, 0)),
        )

    def exception_info(self, arguments: Arguments) -> Body:
        """Return which number was the first nan or inf, and the sum in which it stands."""
        self.require_stop()
        last = self.session.last
        if last is None or EXCEPTIONS not in {self.stops.kinds.get(n) for n in self.met(self.stop)}:
            raise Refused("this stop is not at a nan or inf")
        reason = next(text for text in self.stop.reasons if "arrived" in text)
        text = reason.partition(": ")[2]
        lines = self.session.why(last.parent)
        return {
            "exceptionId": text.split()[0],
            "description": "\n".join([text, *lines]),
            "breakMode": "always",
            "details": {"message": text, "stackTrace": "\n".join(lines)},
        }

    # -- the console ---------------------------------------------------------------------------

    def evaluate(self, arguments: Arguments) -> Body:
        self.require_stop()
        text = take(arguments, "expression", str)
        if take(arguments, "context", str, "") != "repl":
            return self.view.evaluate(text.strip())
        return {"result": self.command(text), "variablesReference": 0}

    def command(self, line: str) -> str:
        """Carry out a command of the debugger's and return what it says."""
        assert self.console is not None
        console = self.console
        self.stopped = False
        try:
            answer = console.run(line)
        finally:
            self.stopped = True
        self.stops.tell_removed()
        self.then = lambda: self.commanded(console)
        return answer

    def commanded(self, console: Console) -> None:
        """Tell the client of what a command has moved."""
        if self.leaving or not (console.leaving or console.stop):
            return
        self.connection.event("continued", threadId=THREAD, allThreadsContinued=True)
        if console.quitting:
            self.quit()
        elif console.leaving:
            self.leaving = True
            self.passes.run_to(console.run_to)
        elif console.stop:
            self.announce(console.stop, "goto")

    def ask(self, question: str) -> str:
        """Ask a question of `predict`; the next line that is typed is the answer."""
        said = self.console.said() if self.console else ""
        self.respond({"result": f"{said}\n{question}".strip(), "variablesReference": 0})
        self.stopped = True
        while not self.leaving:
            request = self.inbox.get()
            arguments = request.get("arguments") or {}
            if request.get("command") == "evaluate" and arguments.get("context") == "repl":
                self.request, self.stopped = request, False
                return str(arguments.get("expression", ""))
            self.answer(request)
        return ""

    def completions(self, arguments: Arguments) -> Body:
        self.require_stop()
        assert self.console is not None
        text = take(arguments, "text", str)
        column = take(arguments, "column", int) - self.counting.first_column
        text = text[: max(column, 0)]
        typed = len(text) - len(text.rpartition(" ")[2])
        return {
            "targets": [
                {
                    "label": label,
                    "start": typed + self.counting.first_column,
                    "length": len(text) - typed,
                }
                for label in self.console.completions(text)[:200]
            ]
        }


def _signal_main_thread() -> None:
    """Interrupt the main thread as Ctrl-C does, and what it waits for."""
    if sys.platform != "win32":
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
    else:
        _thread.interrupt_main()


def _of_stops(name: str) -> Callable[[Adapter, Arguments], Body]:
    return lambda adapter, arguments: getattr(adapter.stops, name)(arguments)


ANSWERS: dict[str, Callable[[Adapter, Arguments], Any]] = {
    "initialize": Adapter.initialize,
    "launch": Adapter.start,
    "configurationDone": Adapter.configuration_done,
    "setBreakpoints": _of_stops("set_lines"),
    "setFunctionBreakpoints": _of_stops("set_functions"),
    "setDataBreakpoints": _of_stops("set_data"),
    "setExceptionBreakpoints": _of_stops("set_exceptions"),
    "dataBreakpointInfo": _of_stops("data_info"),
    "breakpointLocations": _of_stops("locations"),
    "stepIn": Adapter.step_in,
    "next": Adapter.next,
    "stepOut": Adapter.step_out,
    "continue": Adapter.proceed,
    "stepBack": Adapter.step_back,
    "reverseContinue": Adapter.reverse,
    "restartFrame": Adapter.restart_frame,
    "pause": Adapter.pause,
    "threads": Adapter.threads,
    "stackTrace": Adapter.stack,
    "scopes": Adapter.scopes,
    "variables": Adapter.variables,
    "exceptionInfo": Adapter.exception_info,
    "evaluate": Adapter.evaluate,
    "completions": Adapter.completions,
    "terminate": Adapter.terminate,
    "disconnect": Adapter.disconnect,
}
