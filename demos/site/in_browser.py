"""What runs in the page's worker: an expression or code comes in, what there is to see goes out.

>>> answer = run("expression", "tanh(w*x + b)", {"w": -3.0, "x": 2.0, "b": 6.8813})
>>> answer["result"], [(leaf["name"], round(leaf["grad"], 2)) for leaf in answer["leaves"]]
('tanh(w·x + b) = 0.7071', [('w', 1.0), ('x', -1.5), ('b', 0.5)])
>>> run("expression", "w*(x", {})["error"]["message"]
"'(' was never closed"

It needs no browser: tests call it in any Python. Everything that it returns is plain JSON.
"""

import ast
import contextlib
import functools
import io
import json
import linecache
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from engine import Value, draw, stepper, text
from engine.cli.expression import FUNCTIONS, build
from engine.debugger import Debugger, Session
from engine.formula import expression, name
from engine.graph import topological_order
from engine.printing import number, printable
from engine.view import Picture

from .errors import FILE, told
from .prompt import CannotWait, Printed, Send, asking, sender

LAST = "__last__"  # what keeps the value of the last line
FEW = 40  # leaves whose sums are spelled out
START = 1.0  # the value of a name that has none yet
Answer = dict[str, Any]


class Shown:
    """The graph that the page shows, and the debugger that the buttons of Debug drive."""

    root: Value | None = None
    names: Mapping[str, Any] = {}
    direction = "LR"  # of its pictures
    debugger: Debugger | None = None


shown = Shown()


def handle(request: str, ask: Any = None) -> str:
    """Answer one message of the page; both are JSON. `ask` asks the page for a line of input."""
    asked, send = json.loads(request), sender(ask)
    answers: dict[str, Callable[..., Answer]] = {
        "run": functools.partial(run, send=send),
        "play": play,
        "debug": functools.partial(debug, send=send),
    }
    answer = answers[asked.pop("do")](**asked)
    return json.dumps(answer)


def run(
    mode: str,
    source: str,
    values: Mapping[str, float],
    direction: str = "LR",
    send: Send | None = None,
) -> Answer:
    """Return what there is to see of an expression with these values, or of Python code.

    `direction` is that of the pictures, as `engine.draw` has it.
    """
    printed, names = Printed(), dict[str, Any]()
    shown.direction = direction
    close()
    try:
        with _streams(printed, send):
            root = _read(source, values) if mode == "expression" else _executed(source, names)
            answer = _look(root, names) if root is not None else {}
    except CannotWait as error:
        answer = {"error": told(error, source)}
        if error.root is not None:
            answer |= _look(error.root, names) | {"open": "debug"}
    except BaseException as error:  # also what code raises to end Python
        answer = {"error": told(error, source)}
    return {"output": printed.content(), **answer}


@contextlib.contextmanager
def _streams(printed: Printed, send: Send | None) -> Iterator[None]:
    out, err = contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed)
    with out, err, asking(printed, send, _moment):
        yield


def _moment() -> Answer:
    """Return what is shown beside a question of the debugger, nothing beside another."""
    debugger = Debugger.talking
    return {"debugger": True} | _paused(debugger) if debugger else {}


def _paused(debugger: Debugger) -> Answer:
    """Return the picture of the step that the debugger is at."""
    return _drawn(lambda: debugger.picture(shown.direction)[0])


def close() -> None:
    """Forget the debugger; the grads are put back."""
    if shown.debugger:
        shown.debugger.session.close()
    shown.debugger = None


# -- an expression


def _read(source: str, values: Mapping[str, float]) -> Value:
    """Return the graph of an expression; a name without a value begins at START."""
    wanted = free_names(source)
    return build(source, {each: float(values.get(each, START)) for each in wanted})


def free_names(source: str) -> list[str]:
    """Return the names of an expression that need a value, in order of their first use.

    >>> free_names("d = a*b; tanh(d) + pi")
    ['a', 'b']
    """
    try:
        tree = ast.parse(source.strip())
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []  # the reader of expressions says what is wrong
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    assigned = {node.id for node in names if isinstance(node.ctx, ast.Store)}
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    used = sorted(names, key=lambda node: (node.lineno, node.col_offset))
    used = [node for node in used if id(node) not in called]
    known = {*FUNCTIONS, *assigned, "pi"}
    return list(dict.fromkeys(node.id for node in used if node.id not in known))


# -- code


def _executed(source: str, names: dict[str, Any]) -> Value | None:
    """Run code and return the Value of its last line, else the one that was assigned last."""
    tree = ast.parse(source, FILE)
    names["__name__"] = "__main__"
    for path in (FILE, os.path.abspath(FILE)):  # as tracebacks and as pdb call it
        linecache.cache[path] = (len(source), None, source.splitlines(keepends=True), path)
    last = tree.body[-1] if tree.body else None
    if isinstance(last, ast.Expr):  # shown as at a prompt
        tree.body[-1] = ast.Assign([ast.Name(LAST, ast.Store())], last.value)
        ast.copy_location(tree.body[-1], last)
        ast.fix_missing_locations(tree)
    exec(compile(tree, FILE, "exec"), names)
    result = names.pop(LAST, None)
    if isinstance(result, Value):
        return result
    if result is not None:
        print(repr(result))
    roots = [value for value in names.values() if isinstance(value, Value) and value.parents]
    return roots[-1] if roots else None


# -- what is seen


def _look(root: Value, names: Mapping[str, Any]) -> Answer:
    """Return the picture, the sums and the table of a graph, after its backward pass."""
    _label(names)
    if root.grad == 0.0:
        root.backward()
    shown.root, shown.names = root, names
    leaves = [leaf for leaf in topological_order(root)[1] if not leaf.constant]
    return {
        "result": f"{printable(expression(root), 60)} = {number(root.data)}",
        "leaves": [
            {"name": name(leaf), "data": leaf.data, "grad": leaf.grad} for leaf in leaves[:FEW]
        ],
        "why": "\n\n".join(root.why(leaf) for leaf in leaves[:FEW]),
        "table": text(root),
        **_drawn(lambda: draw(root, names=names, direction=shown.direction)),
    }


def _label(names: Mapping[str, Any]) -> None:
    """Call the Values without a label as their variables are called."""
    for variable, value in names.items():
        if isinstance(value, Value) and not value.label and not variable.startswith("_"):
            value.label = variable


def _drawn(picture: Callable[[], Picture]) -> Answer:
    """Return a picture, or why there is none: the graph may be too large for one."""
    try:
        with contextlib.redirect_stderr(io.StringIO()):  # there is no dot, and nobody misses it
            return {"svg": picture().svg}
    except ValueError as error:
        return {"svg": "", "too_large": str(error)}


def play(forward: bool = False) -> Answer:
    """Return the stepper page of the graph that is shown."""
    if shown.root is None:
        return {"page": ""}
    close()
    try:
        return {"page": stepper(shown.root, forward=forward, names=shown.names).html}
    except ValueError as error:
        return {"page": "", "too_large": str(error)}


def debug(command: str, send: Send | None = None) -> Answer:
    """Do one command of the gradient debugger; an empty one begins anew."""
    if shown.root is None:
        return {"said": "there is no graph yet: run something first\n"}
    printed, current = Printed(), shown.debugger if command else None
    debugger = current or _debugger(shown.root)
    with _streams(printed, send), debugger.talks():
        if not current:
            debugger.open()
        leaves = _commanded(debugger, command) if command else False
        answer = {"said": printed.said(), "at": debugger.session.position}
    answer |= {"of": len(debugger.session.trail)} | _paused(debugger)
    if leaves:
        close()
    return answer


def _commanded(debugger: Debugger, command: str) -> bool:
    """Do one command; return whether it leaves."""
    try:
        return debugger.onecmd(command)
    except CannotWait:
        print("predict asks for a number, and in this browser Python cannot wait for it")
        return False


class Output(io.TextIOBase):
    """Whatever sys.stdout is at the moment."""

    def write(self, text: str, /) -> int:
        """Write it there."""
        return sys.stdout.write(text)


def _debugger(root: Value) -> Debugger:
    """Begin a session in which every gradient starts at 0."""
    close()
    for leaf in topological_order(root)[1]:
        leaf.grad = 0.0
    shown.debugger = Debugger(Session(root, shown.names), stdout=Output())
    return shown.debugger
