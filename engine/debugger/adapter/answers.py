"""What a client may ask, and what it is answered: a table of requests.

>>> sorted(ANSWERS)[:4]
['breakpointLocations', 'completions', 'configurationDone', 'continue']

An answer is a function of the adapter and of the arguments of a request. What is to be done when
the request has been answered, such as a move, it leaves in `adapter.then`. It raises Refused where
there is no answer.
"""

import threading

from ..evaluate import Refused
from .breakpoints import EXCEPTIONS, FILTERS
from .console import Console
from .places import Counting
from .program import read_launch
from .protocol import Arguments, Body, take
from .server import THREAD, Adapter, Answer

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


# -- beginning and end --------------------------------------------------------------------------


def initialize(adapter: Adapter, arguments: Arguments) -> Body:
    """Say what this adapter can do."""
    lines, columns = (
        int(take(arguments, key, bool, True)) for key in ("linesStartAt1", "columnsStartAt1")
    )
    adapter.counting = adapter.stops.counting = Counting(lines, columns)
    adapter.then = lambda: adapter.connection.event("initialized")
    return {
        **dict.fromkeys(CAPABILITIES, True),
        "completionTriggerCharacters": [".", " "],
        "exceptionBreakpointFilters": FILTERS,
    }


def launch(adapter: Adapter, arguments: Arguments) -> Body:
    """Answer launch: the program starts when all stops have been set."""
    if adapter.launch:
        raise Refused("a program has been launched: an adapter runs one")
    adapter.launch = read_launch(arguments)
    adapter.highlight, adapter.passes.debug = adapter.launch.highlight, adapter.launch.debug
    if adapter.launch.stop_on_entry:
        adapter.entering = True
        adapter.passes.requests.press()
    adapter.begin()
    return {}


def configuration_done(adapter: Adapter, arguments: Arguments) -> Body:
    """Start the program, if it is launched."""
    adapter.configured = True
    adapter.begin()
    return {}


def terminate(adapter: Adapter, arguments: Arguments) -> Body:
    """End the program: its `finally:` and `with` do their work."""
    adapter.then = adapter.quit
    return {}


def disconnect(adapter: Adapter, arguments: Arguments) -> Body:
    """End the program, in any case, for the client has left."""
    adapter.then = adapter.part
    return {}


# -- moving -------------------------------------------------------------------------------------


def step_in(adapter: Adapter, arguments: Arguments) -> Body:
    """Take the next contribution, one `+=`."""
    return adapter.on(adapter.session.step)


def next_node(adapter: Adapter, arguments: Arguments) -> Body:
    """Take every contribution out of the next node."""
    return adapter.on(adapter.session.next)


def step_out(adapter: Adapter, arguments: Arguments) -> Body:
    """Go to the end of the pass, or to a stop."""
    return adapter.on(adapter.session.proceed)


def proceed(adapter: Adapter, arguments: Arguments) -> Body:
    """Go on to a stop or to the end of the pass; from there, let the program go on."""
    if adapter.stopped and adapter.session.done:
        return adapter.leave()
    return adapter.move(adapter.session.proceed)


def step_back(adapter: Adapter, arguments: Arguments) -> Body:
    """Take the last contribution back."""
    return adapter.move(adapter.session.back)


def reverse(adapter: Adapter, arguments: Arguments) -> Body:
    """Go back to a stop, or to the start of the pass."""
    return adapter.move(adapter.session.retreat)


def restart_frame(adapter: Adapter, arguments: Arguments) -> Body:
    """Go back to where a node began to send."""
    adapter.require_stop()
    node = adapter.view.frame(take(arguments, "frameId", int)).node
    start = adapter.session.starts.get(node, adapter.session.position)
    adapter.then = lambda: adapter.moved(lambda: adapter.session.goto(start), "restart", node)
    return {}


def pause(adapter: Adapter, arguments: Arguments) -> Body:
    """Stop after the contribution at hand, or at the next backward()."""
    if not adapter.stopped:
        adapter.passes.requests.press()
    return {}


# -- looking ------------------------------------------------------------------------------------


def threads(adapter: Adapter, arguments: Arguments) -> Body:
    name = f"backward() no. {adapter.session.pass_number:,}" if adapter.stopped else "the program"
    other = adapter.thread_name not in ("", threading.main_thread().name)
    within = f" in {adapter.thread_name}" * other
    return {"threads": [{"id": THREAD, "name": name + within}]}


def stack(adapter: Adapter, arguments: Arguments) -> Body:
    adapter.require_stop()
    return adapter.view.stack(
        max(0, take(arguments, "startFrame", int, 0)), max(0, take(arguments, "levels", int, 0))
    )


def scopes(adapter: Adapter, arguments: Arguments) -> Body:
    adapter.require_stop()
    return adapter.view.scopes(take(arguments, "frameId", int))


def variables(adapter: Adapter, arguments: Arguments) -> Body:
    adapter.require_stop()
    return adapter.view.variables(
        take(arguments, "variablesReference", int),
        max(0, take(arguments, "start", int, 0)),
        max(0, take(arguments, "count", int, 0)),
    )


def exception_info(adapter: Adapter, arguments: Arguments) -> Body:
    """Return which number was the first nan or inf, and the sum in which it stands."""
    adapter.require_stop()
    last = adapter.session.last
    kinds = {adapter.stops.kinds.get(number) for number in adapter.met(adapter.stop)}
    if last is None or EXCEPTIONS not in kinds:
        raise Refused("this stop is not at a nan or inf")
    reason = next(text for text in adapter.stop.reasons if "arrived" in text)
    text = reason.partition(": ")[2]
    lines = adapter.session.why(last.parent)
    return {
        "exceptionId": text.split()[0],
        "description": "\n".join([text, *lines]),
        "breakMode": "always",
        "details": {"message": text, "stackTrace": "\n".join(lines)},
    }


# -- the console --------------------------------------------------------------------------------


def evaluate(adapter: Adapter, arguments: Arguments) -> Body:
    adapter.require_stop()
    text = take(arguments, "expression", str)
    if take(arguments, "context", str, "") != "repl":
        return adapter.view.evaluate(text.strip())
    return {"result": command(adapter, text), "variablesReference": 0}


def command(adapter: Adapter, line: str) -> str:
    """Carry out a command of the debugger's and return what it says."""
    assert adapter.console is not None
    console = adapter.console
    adapter.stopped = False
    try:
        answer = console.run(line)
    finally:
        adapter.stopped = True
    adapter.stops.tell_removed()
    adapter.then = lambda: commanded(adapter, console)
    return answer


def commanded(adapter: Adapter, console: Console) -> None:
    """Tell the client of what a command has moved."""
    if adapter.leaving or not (console.leaving or console.stop):
        return
    adapter.connection.event("continued", threadId=THREAD, allThreadsContinued=True)
    if console.quitting:
        adapter.quit()
    elif console.leaving:
        adapter.leaving = True
        adapter.passes.run_to(console.run_to)
    elif console.stop:
        adapter.announce(console.stop, "goto")


def completions(adapter: Adapter, arguments: Arguments) -> Body:
    adapter.require_stop()
    assert adapter.console is not None
    text = take(arguments, "text", str)
    column = take(arguments, "column", int) - adapter.counting.first_column
    text = text[: max(column, 0)]
    typed = len(text) - len(text.rpartition(" ")[2])
    return {
        "targets": [
            {
                "label": label,
                "start": typed + adapter.counting.first_column,
                "length": len(text) - typed,
            }
            for label in adapter.console.completions(text)[:200]
        ]
    }


def _of_stops(name: str) -> Answer:
    return lambda adapter, arguments: getattr(adapter.stops, name)(arguments)


ANSWERS: dict[str, Answer] = {
    "initialize": initialize,
    "launch": launch,
    "configurationDone": configuration_done,
    "setBreakpoints": _of_stops("set_lines"),
    "setFunctionBreakpoints": _of_stops("set_functions"),
    "setDataBreakpoints": _of_stops("set_data"),
    "setExceptionBreakpoints": _of_stops("set_exceptions"),
    "dataBreakpointInfo": _of_stops("data_info"),
    "breakpointLocations": _of_stops("locations"),
    "stepIn": step_in,
    "next": next_node,
    "stepOut": step_out,
    "continue": proceed,
    "stepBack": step_back,
    "reverseContinue": reverse,
    "restartFrame": restart_frame,
    "pause": pause,
    "threads": threads,
    "stackTrace": stack,
    "scopes": scopes,
    "variables": variables,
    "exceptionInfo": exception_info,
    "evaluate": evaluate,
    "completions": completions,
    "terminate": terminate,
    "disconnect": disconnect,
}
