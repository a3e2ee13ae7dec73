"""The command line: draw a graph, step through its backward pass, debug a script, ask the doctor.

>>> from engine.__main__ import main
>>> main(["draw", "w*x", "w=2", "x=3", "--format", "text"])
step  node  parent  upstream  × local  = contribution  parent's grad
   1  w·x   w              1        3              +3  0 → 3
   2  w·x   x              1        2              +2  0 → 2
0
"""

import argparse
import os
import re
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn, Protocol

from .cli import doctor, model_file
from .cli.expression import ExpressionError, build, numbers
from .debugger.writer import encodable
from .explain import text
from .files import write_file
from .foreign import original
from .printing import printable
from .value import Value

PAGES = ("html",)
PICTURES = ("svg", "png", "pdf")
TEXTS = ("dot", "mermaid", "json", "text")
SUFFIXES = {"gv": "dot", "mmd": "mermaid", "txt": "text", "htm": "html"}  # other names of formats
LEVELS = ("auto", "none", "neurons", "layers")
INTERRUPTED = 130  # what a shell calls a program that was ended by Ctrl-C
MESSAGE = 2_000  # as many characters of a message as are shown
_EXAMPLES = """examples:
  {0} draw "tanh(w*x + b)" w=-3 x=2 b=6.8813 -o neuron.svg
  {0} draw "d = a*b; e = a+b; d*e" a=-2 b=3 --format mermaid
  {0} draw model.py:loss -o loss.png
  {0} step "tanh(w*x + b)" w=-3 x=2 b=6.8813 -o neuron.html
  {0} debug train.py --epochs 3
  {0} debug -m package.train
  {0} debug "x*x" x=3
  {0} dap --install
  {0} doctor
"""


class UsageError(ValueError):
    """A command that contradicts itself, or a file that can't be written."""


class Savable(Protocol):
    """A picture, a page or a text: whatever writes itself to a file."""

    def save(self, path: Path) -> object:
        """Write it to `path`."""


class Parser(argparse.ArgumentParser):
    """A parser whose errors show no control characters of what was typed."""

    def error(self, message: str) -> NoReturn:
        """Write the usage and the message to stderr and exit with 2."""
        super().error(printable(message, MESSAGE))


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return the exit status, 0, or 1 after an error that was explained."""
    options = _options(list(sys.argv[1:] if argv is None else argv))
    try:
        code = int(options.run(options))
        if sys.stdout:
            sys.stdout.flush()  # here a reader that has gone is noticed in time
        return code
    except (ExpressionError, model_file.TargetError, UsageError, ImportError) as error:
        _explain(str(error))
    except BrokenPipeError:  # the reader of our output has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        _explain(f"{error.filename or 'the output'}: {error.strerror or error}")
    except KeyboardInterrupt:
        return INTERRUPTED
    return 1


def _options(argv: list[str]) -> argparse.Namespace:
    """Return what was asked for. Values may also stand behind the options."""
    parser = _parser("chainrule" if Path(sys.argv[0]).stem == "chainrule" else "python -m engine")
    if not argv:
        parser.exit(2, parser.format_help())
    options, more = parser.parse_known_args(_escape_minus(argv))
    unknown = [arg for arg in more if arg.startswith("-") or "values" not in options]
    if unknown:
        parser.error(f"unrecognized arguments: {' '.join(unknown)}")
    if more:
        options.values += more
    return options


def _escape_minus(argv: list[str]) -> list[str]:
    """Return the arguments; an expression that starts with a minus gets a space in front."""
    option = re.compile(r"-|-[ohm]|-o(-|.+\.[A-Za-z]+)|--.*")
    if argv[0] == "debug":  # what follows a script is its own
        return [*argv[:1], *(_escaped(arg, option) for arg in argv[1:2]), *argv[2:]]
    if argv[0] not in ("draw", "step"):
        return argv
    return [_escaped(arg, option) for arg in argv]


def _escaped(arg: str, option: re.Pattern[str]) -> str:
    return f" {arg}" if arg.startswith("-") and not option.fullmatch(arg) else arg


def _parser(program: str) -> argparse.ArgumentParser:
    parser = Parser(
        prog=program,
        epilog=_EXAMPLES.format(program),
        description=("See every gradient: draw a graph, step through its backward pass."),
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"chainrule {doctor.version()}")
    commands = parser.add_subparsers(required=True, metavar="command")
    draw = _graph_command(
        commands,
        "draw",
        _draw,
        "draw the graph of an expression, or of a file's Value",
        (*PICTURES, *TEXTS, *PAGES),
        parser,
    )
    draw.add_argument(
        "--theme", choices=("auto", "light", "dark"), default="auto", help="colours of the picture"
    )
    step = _graph_command(
        commands,
        "step",
        _step,
        "make a page that plays the backward pass",
        (*PAGES, "text"),
        parser,
    )
    step.add_argument("--forward", action="store_true", help="play the forward pass first")
    _debug_command(commands)
    _dap_command(commands)
    commands.add_parser(
        "doctor", help="what is installed, what is missing, and the command that installs it"
    ).set_defaults(run=_doctor)
    return parser


def _graph_command(
    commands: Any,
    name: str,
    run: Callable[[argparse.Namespace], int],
    description: str,
    formats: tuple[str, ...],
    above: argparse.ArgumentParser,
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=description,
        description=description,
        allow_abbrev=False,
        epilog=above.epilog,
        formatter_class=above.formatter_class,
    )
    parser.add_argument("target", help='an expression such as "tanh(w*x + b)", or model.py:loss')
    parser.add_argument(
        "values",
        nargs="*",
        metavar="NAME=NUMBER",
        default=[],
        help="a value for each name, as in w=-3",
    )
    parser.add_argument(
        "-o", "--output", metavar="FILE", help="its suffix says the format; - is the terminal"
    )
    suffixes = [suffix for suffix, form in SUFFIXES.items() if form in formats]
    parser.add_argument(
        "--format", choices=[*formats, *suffixes], help="without -o, text formats are printed"
    )
    parser.add_argument(
        "--collapse", choices=LEVELS, default="auto", help="one card for a neuron, or for a layer"
    )
    parser.set_defaults(run=run, formats=formats)
    return parser


def _debug_command(commands: Any) -> None:
    parser = commands.add_parser(
        "debug", help="run a script and stop in its backward passes; or debug an expression"
    )
    parser.add_argument(
        "-m",
        dest="module",
        nargs=argparse.REMAINDER,
        help="run a module by its dotted name, as python -m does; then its arguments",
    )
    parser.add_argument(
        "target", nargs="?", help='a Python file, an expression such as "x*x", or model.py:loss'
    )
    parser.add_argument(
        "arguments",
        nargs=argparse.REMAINDER,
        help="what the script finds in sys.argv; values of an expression, as in x=3",
    )
    parser.set_defaults(run=_debug)


def _dap_command(commands: Any) -> None:
    parser = commands.add_parser(
        "dap", help="step through gradients in VS Code, Neovim or Emacs: what they start"
    )
    parser.add_argument(
        "--port", type=int, metavar="N", help="wait for a client at 127.0.0.1:N; 0 is any free port"
    )
    parser.add_argument(
        "--install", action="store_true", help="install what VS Code needs, and say what went where"
    )
    parser.set_defaults(run=_dap)


def _draw(options: argparse.Namespace) -> int:
    form, file = _form(options, "svg", "graph")
    root = _root(options)
    if form in PAGES:
        return _page(root, file, collapse=options.collapse)
    if form == "text":
        return _deliver(text(root), file)
    from .view import draw, export

    with _advice_only():
        picture = draw(root, theme=options.theme, collapse=options.collapse)
    return (
        _deliver(getattr(export, form)(picture.scene), file)
        if form in TEXTS
        else _write(picture, file)
    )


def _step(options: argparse.Namespace) -> int:
    form, file = _form(options, "html", "steps")
    root = _root(options)
    if form == "text":
        return _deliver(text(root), file)
    return _page(root, file, forward=options.forward, collapse=options.collapse)


def _page(root: Value, file: str, **options: Any) -> int:
    from .view import stepper

    with _advice_only():
        page = stepper(root, **options)
    return _write(page, file)


@contextmanager
def _advice_only() -> Iterator[None]:
    """Show the advice of an error of the engine's without a traceback."""
    try:
        yield
    except ValueError as error:
        raise UsageError(str(error)) from None


def _debug(options: argparse.Namespace) -> int:
    """Run a module, a script, or the graph of an expression under the debugger."""
    from .debugger import debug, run_module, run_script

    if options.module:
        return run_module(options.module[0], options.module[1:])
    if not options.target:
        raise UsageError("debug needs a script, -m MODULE or an expression: debug train.py")
    is_script = re.fullmatch(r".+\.pyw?", options.target, re.DOTALL)
    if is_script or os.path.exists(options.target):
        return run_script(options.target, options.arguments)
    debug(_graph(options.target, numbers(options.arguments)), names={})
    return 0


def _dap(options: argparse.Namespace) -> int:
    """Serve an editor that speaks the Debug Adapter Protocol, or install what VS Code needs."""
    from .debugger.adapter import install, serve

    if options.install:
        for line in install():
            _say(line)
        return 0
    with _advice_only():
        return serve(options.port)


def _doctor(options: argparse.Namespace) -> int:
    """Report what is installed, and where pdb finds the line to stop at."""
    from .debugger import sum_location

    _say(doctor.report())
    filename, line = sum_location()
    _say(f"In pdb or ipdb, this stops at every sum of a backward pass:  b {filename}:{line}")
    return 0


def _form(options: argparse.Namespace, usual: str, stem: str) -> tuple[str, str]:
    """Return the format, and the file to write; no file for what is printed."""
    file, form = options.output or "", SUFFIXES.get(options.format, options.format)
    if options.output == "":
        raise UsageError(f"-o needs a file: name one, as in -o {stem}.{form or usual}")
    suffix = Path(file).suffix[1:].lower()
    named = SUFFIXES.get(suffix, suffix)
    if Path(file).is_dir() and file:
        raise UsageError(
            f"-o {file} is a folder: name a file in it, "
            f"as in -o {Path(file) / stem}.{form or usual}"
        )
    if file and file != "-" and form and named != form:
        raise UsageError(
            f"-o {file} does not end as {form} does: leave --format out, or end the name in .{form}"
        )
    form = form or (named if file and file != "-" else "text" if file else usual)
    if form not in options.formats:
        known = ", ".join(
            "." + {"mermaid": "mmd", "text": "txt"}.get(each, each) for each in options.formats
        )
        raise UsageError(f"-o {file}: the ending of the name says the format: one of {known}")
    if not file and form not in TEXTS:
        file = f"{stem}.{form}"
    if file == "-" and form not in TEXTS:
        raise UsageError(f"{form} is not for a terminal: name a file, as in -o {stem}.{form}")
    return form, "" if file == "-" else file


def _root(options: argparse.Namespace) -> Value:
    """Return the graph that is asked for, after its backward pass; another engine's as it is."""
    root = _graph(options.target, numbers(options.values))
    if root.grad == 0.0 and original(root) is root:
        root.backward()
    return root


def _graph(target: str, values: dict[str, float]) -> Value:
    """Return the root of an expression, or the Value in a file."""
    from_file = model_file.split(target) is not None
    return _from_file(target, values) if from_file else build(target, values)


def _from_file(target: str, values: dict[str, float]) -> Value:
    """Return the Value of a file; an error of the file's own is shown from its first line on."""
    try:
        return model_file.load(target, values)
    except model_file.TargetError:
        raise
    except (Exception, SystemExit) as error:
        frames = traceback.extract_tb(error.__traceback__)
        own = [
            frame
            for frame in frames
            if "importlib" not in frame.filename
            and frame.filename != model_file.__file__
            and frame.filename != __file__
        ]
        shown = "".join([*traceback.format_list(own), *traceback.format_exception_only(error)])
        raise model_file.TargetError(
            f"{target} did not run to its end:\n{shown.rstrip()}"
        ) from None


def _write(content: Savable, file: str) -> int:
    """Save a picture, a page or a text, whole or not at all, and print where."""
    try:
        content.save(Path(file))
    except OSError as error:
        raise UsageError(f"{printable(file, MESSAGE)}: {error.strerror}") from None
    _say(printable(file, MESSAGE))
    return 0


class _Text:
    """A text that saves itself, as pictures do."""

    def __init__(self, text: str):
        self.text = text

    def save(self, path: Path) -> None:
        write_file(path, self.text.rstrip("\n") + "\n")


def _deliver(content: str, file: str) -> int:
    if file:
        return _write(_Text(content), file)
    _say(content)
    return 0


def _explain(message: str) -> None:
    """Write a message to stderr."""
    _say(message, sys.stderr)


def _say(message: str, stream: Any = None) -> None:
    """Print what the terminal can show of it, and no control characters of what it quotes."""
    stream = stream or sys.stdout
    encoding = getattr(stream, "encoding", None) or "utf-8"
    parts = re.split("([\n\t])", message)  # the signs between what others chose
    harmless = [part if part in "\n\t" else printable(part, len(part)) for part in parts]
    print(encodable("".join(harmless), encoding), file=stream)


if __name__ == "__main__":
    sys.exit(main())
