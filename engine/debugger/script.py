"""`python -m engine debug script.py`: run a program of the user's and stop at its backward passes.

>>> import os, tempfile
>>> path = os.path.join(tempfile.mkdtemp(), "empty.py")
>>> with open(path, "w", encoding="utf-8") as file:
...     _ = file.write("print(6 * 7)")
>>> run_script(path)
42
empty.py ended without a backward(): there was nothing to step through
1
"""

import _thread
import bdb
import errno
import os
import runpy
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dis import opmap
from importlib.util import find_spec
from types import FrameType, TracebackType
from typing import Any

from ..graph import listeners
from ..listeners import Listener
from ..printing import number, plural, printable
from ..value import Value
from . import interrupts
from .interrupts import Interrupts
from .pdb_commands import GradPdb
from .session import Session, Stop
from .terminal import Debugger, interact
from .writer import Writer

INTERRUPTED = 130  # what a shell calls a program that was ended by Ctrl-C


class Quit(SystemExit):
    """Raised in a script when the person has left the debugger."""


class Passes(Listener):
    """A listener that opens the debugger before the backward passes of a script.

    It takes one pass at a time, whichever thread it comes from. `stdin` and `stdout` are those of
    the terminal, unless a test gives others. `caller` is the frame that has called the script:
    those below it are ended by `q`, whatever they catch.
    """

    post_mortem = True  # whether pdb opens where the script raises

    def __init__(self, stdin: Any = None, stdout: Any = None, caller: FrameType | None = None):
        self.stdin, self.stdout, self.caller = stdin, stdout, caller
        self.count = 0
        self.since_prompt = 0  # the passes that were run without a stop since a person was asked
        self.quitting = False
        self.interrupts = Interrupts("script")
        self._lock = threading.RLock()
        self._open = False
        self._roots: list[float] = []  # the data of the first root and of the last
        self._last: Session | None = None
        self._last_command = ""
        self._run_to = 0

    def made(self, node: Value) -> None:
        """End the script where it goes on after `q`."""
        if self.quitting:
            raise _exit()

    def before_backward(self, root: Value) -> None:
        """Open the debugger, or run through the pass where there is nothing to stop for."""
        frame: Any = sys._getframe(1)
        while frame.f_globals.get("__name__", "").partition(".")[0] == "engine" and frame.f_back:
            frame = frame.f_back
        with self._lock:
            if self._open:  # a rule of the user's that calls backward() itself
                return
            self._open = True
            try:
                if not self.quitting:
                    with self.interrupts.during("run"):
                        self._pass(root, frame)
            finally:
                self._open = False
        if self.quitting:
            self._leave(frame)

    def _pass(self, root: Value, frame: FrameType) -> None:
        self.count += 1
        self.since_prompt += 1
        self._roots = [*self._roots[:1], root.data]
        armed = self._last is not None and self._last.armed
        passing = self.count < self._run_to if self._run_to else armed
        interrupted = self.interrupts.taken()
        if passing and not armed and not interrupted and self.count < self._run_to - 1:
            return  # nothing to stop at, and of no use for a comparison
        session = self._session(root, frame)
        if session is None:
            return
        reasons = session.inherit(self._last) if self._last else []
        self._last = session
        if interrupted or self.interrupts.taken():
            reasons.append("Ctrl-C")
        stop = Stop(0, 0, reasons, []) if reasons else session.proceed() if passing else None
        if stop and not stop.reasons:
            session.close()
        else:
            self._prompt(session, stop)

    def _session(self, root: Value, frame: FrameType) -> Session | None:
        """Return the session of a pass; None where a rule raises, as it will in backward()."""
        try:
            session = self.new_session(root, frame.f_locals)
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            self._say(f"backward() no. {self.count:,} cannot be stepped through: {reason}")
            return None
        session.pass_number, session.interrupted = self.count, self.interrupts.taken
        return session

    def new_session(self, root: Value, names: Mapping[str, Any]) -> Session:
        """Return the session of a pass, in which `names` are the variables of the script."""
        return Session(root, names)

    def _prompt(self, session: Session, stop: Stop | None) -> None:
        thread = threading.current_thread()
        debugger = Debugger(
            session,
            stdin=self.stdin,
            stdout=self.stdout,
            script=True,
            stop=stop,
            thread="" if _in_main_thread() else thread.name,
            interrupts=self.interrupts,
        )
        debugger.lastcmd = self._last_command
        interact(debugger)
        self._last_command, self._run_to = debugger.lastcmd, debugger.run_to
        self.quitting, self.since_prompt = debugger.quitting, int(debugger.ran_on)

    def _leave(self, frame: FrameType) -> None:
        """Raise Quit in this thread of the script; where it is another, in the main thread, too."""
        first, self.interrupts.error = self.interrupts.error is None, Quit
        if not _in_main_thread():
            if first:
                _thread.interrupt_main()
        elif self.caller:
            _raise_where_caught(frame, self.caller)
        raise _exit()

    def _say(self, text: str) -> None:
        Writer(self.stdout).write(printable(text, 400))

    def report(self, name: str) -> int:
        """Write how a script went that has ended: its passes, its breakpoints, no stop at all.

        Return the exit status: 1 where there was no pass.
        """
        if not self.count:
            self._say(f"{name} ended without a backward(): there was nothing to step through")
            return 1
        if self._run_to > self.count:
            self._say(f"there was no backward() no. {self._run_to:,}")
        if self.since_prompt and self._last and self._last.armed:
            self._say(f"{plural(self.since_prompt, 'backward()')}, no stop was met")
        if self.count > 1:
            first, last = map(number, self._roots)
            self._say(
                f"{name} ended after {plural(self.count, 'backward()')}: "
                f"the root was {first} in the first, {last} in the last"
            )
        for point in self._last.breakpoints.values() if self._last else ():
            condition = f" if {point.condition}" if point.condition else ""
            hits = plural(point.hits, "time")
            self._say(f"  breakpoint {point.number}: {point.place}{condition}  hit {hits}")
        return 0


def run_script(path: str, arguments: Sequence[str] = (), passes: Passes | None = None) -> int:
    """Run a Python file as if it were started by itself, and stop at each backward().

    In the debugger, `c` at the end lets the script go on to its next backward(), or, where
    breakpoints or watches are set, to the first that is met; `q` ends both. The script's own
    exceptions are shown as Python shows them, from its first line on, and pdb opens where they were
    raised. `passes` may be another debugger than that of the terminal. Returns the exit status.
    Raises FileNotFoundError where there is no file.
    """
    if not os.path.isfile(path):
        trouble = "this is a folder" if os.path.isdir(path) else "there is no such file"
        raise FileNotFoundError(errno.ENOENT, f"{trouble}: give the path of a Python program", path)
    with _started_as([path, *arguments], os.path.dirname(os.path.abspath(path))):
        return _run(
            lambda: runpy.run_path(path, run_name="__main__"),
            os.path.basename(path),
            path,
            passes or Passes(),
        )


def run_module(name: str, arguments: Sequence[str] = (), passes: Passes | None = None) -> int:
    """Run a module by its dotted name, as `python -m` does, and stop at each backward().

    `passes` and what is returned are those of `run_script`. Raises ImportError where there is
    no such module.
    """
    with _started_as([name, *arguments], os.getcwd()):
        spec = find_spec(_dotted(name))
        if spec and spec.submodule_search_locations is not None:
            spec = find_spec(f"{name}.__main__")
            if spec is None:
                raise ImportError(
                    f"{name} is a package: name a module in it, as in -m {name}.train"
                )
        if spec is None:
            raise ImportError(
                f"there is no module {printable(name)}: start in the folder that holds it"
            )
        return _run(
            lambda: runpy.run_module(name, run_name="__main__", alter_sys=True),
            name,
            spec.origin,
            passes or Passes(),
        )


def _dotted(name: str) -> str:
    """Return the name of a module; raise ImportError for what can't be one."""
    if name.endswith(".py") or not all(part.isidentifier() for part in name.split(".")):
        raise ImportError(
            f"-m takes the dotted name of a module, as in -m package.train, not {printable(name)}"
        )
    return name


@contextmanager
def _started_as(argv: list[str], folder: str) -> Iterator[None]:
    """Let sys.argv and sys.path be what a program finds that is started by itself."""
    before = sys.argv, sys.path[:]
    sys.argv = argv
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        sys.argv, sys.path[:] = before


def _run(program: Callable[[], Any], name: str, path: str | None, passes: Passes) -> int:
    """Run a program under the debugger; return its exit status."""
    passes.caller = sys._getframe()
    try:
        with _listening(passes), passes.interrupts:
            program()
    except bdb.BdbQuit:
        return 0
    except SystemExit:
        if passes.quitting:
            return 0
        passes.report(name)
        raise
    except (Exception, KeyboardInterrupt) as error:
        return _show(error, _from_file(error.__traceback__, path), passes.post_mortem)
    return passes.report(name)


@contextmanager
def _listening(passes: Passes) -> Iterator[None]:
    """Let `passes` hear of every backward pass; put the thread's trace function back at the end."""
    tracing, threads = (sys.gettrace(), sys.getprofile()), set(threading.enumerate())
    listeners.insert(0, passes)
    try:
        yield
    finally:
        sys.settrace(tracing[0])
        sys.setprofile(tracing[1])
        if passes.quitting:  # threads of the script end at the next node that they make
            _wait_for(set(threading.enumerate()) - threads)
        listeners.remove(passes)


def _wait_for(threads: Iterable[threading.Thread]) -> None:
    for thread in threads:
        if not thread.daemon:
            thread.join()


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


def _exit() -> SystemExit:
    """Return what ends this thread without a word."""
    return Quit() if _in_main_thread() else SystemExit()


def _show(error: BaseException, own: TracebackType | None, post_mortem: bool) -> int:
    """Show an error of the script's as Python shows it, and open pdb where it was raised."""
    if "relative import with no known parent" in str(error):
        error.add_note(
            "a module of a package is started so: python -m engine debug -m PACKAGE.MODULE"
        )
    sys.excepthook(type(error), error.with_traceback(own), own)
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED
    if own and sys.stdin and post_mortem:
        print(f"pdb opens where {type(error).__name__} was raised, with edge and why; q leaves")
        debugger = GradPdb()
        debugger.reset()
        with suppress(OSError):  # there may be nobody to ask
            debugger.interaction(None, own)
    return 1


def _from_file(frames: TracebackType | None, path: str | None) -> TracebackType | None:
    """Return a traceback without what stands above the first line of the file, and without ours."""
    while frames and frames.tb_frame.f_code.co_filename != path:
        frames = frames.tb_next
    last = frames
    while last and last.tb_next:
        if last.tb_next.tb_frame.f_code.co_filename == interrupts.__file__:
            last.tb_next = None
        last = last.tb_next
    return frames


# -- a script that catches everything ----------------------------------------------------------


def _raise_where_caught(frame: FrameType, caller: FrameType) -> None:
    """Raise Quit again in every frame between these that has caught it and goes on.

    A bare `except:` catches Quit like everything else. So a trace function looks at each line that
    these frames still execute: a handler, `finally:` or `with` may do its work (it begins with the
    instruction PUSH_EXC_INFO), but where no Quit is being handled any more, it was caught, and is
    raised once more. An exception in a trace function switches tracing off; a profile function
    switches it on again.
    """
    frames = list(_frames_between(frame, caller))

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        instruction = frame.f_code.co_code[frame.f_lasti]
        if event == "line" and instruction != opmap["PUSH_EXC_INFO"] and not _handling_quit():
            raise Quit
        return trace

    def profile(frame: FrameType, event: str, argument: Any) -> None:
        if sys.gettrace() is None:
            start()

    def start() -> None:
        for each in frames:
            each.f_trace = trace
        sys.settrace(lambda frame, event, argument: None)

    start()
    sys.setprofile(profile)


def _frames_between(frame: FrameType | None, caller: FrameType) -> Iterator[FrameType]:
    """Yield a frame and those that have called it, up to `caller`, without it."""
    while frame and frame is not caller:
        yield frame
        frame = frame.f_back


def _handling_quit() -> bool:
    """Return whether a Quit is being handled, or an error that came while one was."""
    error = sys.exc_info()[1]
    while error and not isinstance(error, Quit):
        error = error.__context__
    return error is not None
