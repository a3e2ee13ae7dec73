"""The command line: draw a graph, step through its backward pass, debug a script, ask the doctor.

>>> from engine.__main__ import main
>>> main(["draw", "w*x", "w=2", "x=3", "--format", "text"])
step  node  parent  upstream  × local  = contribution  parent's grad
   1  w·x   w              1        3              +3  0 → 3
   2  w·x   x              1        2              +2  0 → 2
0
"""

import argparse
import importlib
import os
import sys
import tempfile
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from .command import doctor, model_file
from .command.expression import ExpressionError, build, numbers
from .explain import text
from .value import Value

PAGES = ("html",)
PICTURES = ("svg", "png", "pdf")
TEXTS = ("dot", "mermaid", "json", "text")
_EXAMPLES = """examples:
  python -m engine draw "tanh(w*x + b)" w=-3 x=2 b=6.8813 -o neuron.svg
  python -m engine draw "d = a*b; e = a+b; d*e" a=-2 b=3 --format mermaid
  python -m engine draw model.py:loss -o loss.png
  python -m engine step "tanh(w*x + b)" w=-3 x=2 b=6.8813 -o neuron.html
  python -m engine debug train.py --epochs 3
  python -m engine doctor
"""


class UsageError(ValueError):
    """A command that contradicts itself, or a file that can't be written."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns what the process exits with: 0, or 1 after an error that was explained."""
    options = _parser().parse_args(argv)
    try:
        return int(options.run(options))
    except (ExpressionError, model_file.TargetError, UsageError, ImportError) as error:
        _say(str(error), sys.stderr)
    except BrokenPipeError:  # the reader of our output has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        _say(f"{error.filename or 'a file'}: {error.strerror}", sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m engine", epilog=_EXAMPLES, description=(
        "See every gradient: draw a graph, step through its backward pass."), allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True, metavar="command")
    draw = _graph_command(commands, "draw", _draw, "draw the graph of an expression, or of a file's Value", (
        *PICTURES, *TEXTS, *PAGES))
    draw.add_argument("--theme", choices=("auto", "light", "dark"), default="auto", help="colours of the picture")
    step = _graph_command(commands, "step", _step, "make a page that plays the backward pass", (*PAGES, "text"))
    step.add_argument("--forward", action="store_true", help="play the forward pass first")
    debug = commands.add_parser("debug", help="run a script, and stop in its backward pass")
    debug.add_argument("script", help="a Python file")
    debug.add_argument("arguments", nargs=argparse.REMAINDER, help="what the script finds in sys.argv")
    debug.set_defaults(run=_debug)
    commands.add_parser("doctor", help="what is installed, what is missing, and the command that mends it"
                        ).set_defaults(run=_doctor)
    return parser


def _graph_command(commands: Any, name: str, run: Callable[[Any], int], words: str,
                   formats: tuple[str, ...]) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=words, description=words, epilog=_EXAMPLES,
                                                          formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", help='an expression such as "tanh(w*x + b)", or model.py:loss')
    parser.add_argument("values", nargs="*", metavar="NAME=NUMBER", help="a value for each name, as in w=-3")
    parser.add_argument("-o", "--output", metavar="FILE", help="its ending says the format; - is the terminal")
    parser.add_argument("--format", choices=formats, help="without -o, text formats are printed")
    parser.set_defaults(run=run, formats=formats)
    return parser


def _draw(options: Any) -> int:
    form, file = _form(options, "svg", "graph")
    root, names = _root(options)
    if form in PAGES:
        return _page(root, file, False)
    if form in TEXTS:
        return _deliver(_as_text(root, form, names), file)
    from .view import draw
    return _wrote(lambda: draw(root, names=names, theme=options.theme), file)


def _step(options: Any) -> int:
    form, file = _form(options, "html", "steps")
    root, _ = _root(options)
    return _deliver(text(root), file) if form == "text" else _page(root, file, options.forward)


def _page(root: Value, file: str, forward: bool) -> int:
    from .view import stepper
    return _wrote(lambda: stepper(root, forward=forward), file)


def _debug(options: Any) -> int:
    from .debugger import run_script  # type: ignore[import-not-found, unused-ignore]
    return int(run_script(options.script, options.arguments) or 0)


def _doctor(options: Any) -> int:
    _say(doctor.report())
    return 0


def _form(options: Any, usual: str, stem: str) -> tuple[str, str]:
    """The format, and the file to write; no file for what is printed."""
    file, form = options.output or "", options.format
    ending = {"gv": "dot", "mmd": "mermaid", "txt": "text", "htm": "html"}.get(
        Path(file).suffix[1:].lower(), Path(file).suffix[1:].lower())
    if file and file != "-" and form and ending != form:
        raise UsageError(f"-o {file} does not end as {form} does: leave --format out, or end the name in .{form}")
    form = form or (ending if file and file != "-" else "text" if file else usual)
    if form not in options.formats:
        raise UsageError(f"-o {file}: the ending of the name says the format: one of "
                         f"{', '.join('.' + known for known in options.formats)}")
    if not file and form not in TEXTS:
        file = f"{stem}.{form}"
    if file == "-" and form not in TEXTS:
        raise UsageError(f"{form} is not for a terminal: name a file, as in -o {stem}.{form}")
    return form, "" if file == "-" else file


def _root(options: Any) -> tuple[Value, dict[str, Any]]:
    """The graph that is asked for, swept, and the variables of its file."""
    values = numbers(options.values)
    if model_file.split(options.target) is None:
        root, names = build(options.target, values), dict[str, Any]()
    else:
        root, names = _from_file(options.target, values)
    if root.grad == 0.0:
        root.backward()
    return root, names


def _from_file(target: str, values: dict[str, float]) -> tuple[Value, dict[str, Any]]:
    """A mistake in the user's own file is shown as Python shows it, from the user's first line on."""
    try:
        return model_file.load(target, values)
    except (model_file.TargetError, KeyboardInterrupt):
        raise
    except (Exception, SystemExit) as error:
        frames = traceback.extract_tb(error.__traceback__)
        own = [frame for frame in frames if "importlib" not in frame.filename and frame.filename != model_file.__file__
               and frame.filename != __file__]
        told = "".join([*traceback.format_list(own), *traceback.format_exception_only(error)])
        raise model_file.TargetError(f"{target} did not run to its end:\n{told.rstrip()}") from None


def _as_text(root: Value, form: str, names: dict[str, Any]) -> str:
    if form == "text":
        return text(root)
    export: Any
    try:
        export = importlib.import_module("engine.view.export")
    except ModuleNotFoundError:
        export = None
    if export is None or not hasattr(export, form):
        if form == "dot":
            from .view import draw_dot
            return str(draw_dot(root).source)
        raise UsageError(f"this version writes no {form}: take svg, dot or text")
    from .view import draw
    return str(getattr(export, form)(draw(root, names=names).scene))


def _wrote(make: Callable[[], Any], file: str) -> int:
    """Save beside the file and rename, so that a failure leaves what was there."""
    path = Path(file)
    if not path.parent.is_dir():
        raise UsageError(f"{path}: there is no folder {path.parent}: make it first")
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=path.suffix)
    os.close(handle)
    try:
        make().save(temporary)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except ValueError as error:
        raise UsageError(str(error)) from None
    finally:
        Path(temporary).unlink(missing_ok=True)
    _say(str(path))
    return 0


class _Text:
    """A text that saves itself, as pictures do."""

    def __init__(self, text: str):
        self.text = text

    def save(self, path: str) -> None:
        with open(path, "w", encoding="utf-8", newline="\n") as file:
            file.write(self.text.rstrip("\n") + "\n")


def _deliver(words: str, file: str) -> int:
    if file:
        return _wrote(lambda: _Text(words), file)
    _say(words)
    return 0


def _say(words: str, stream: Any = None) -> None:
    """Print what the terminal can show of it."""
    stream = stream or sys.stdout
    encoding = getattr(stream, "encoding", None) or "utf-8"
    plain = words.translate(str.maketrans("×→−·∂…", "x>-*d~"))
    try:
        words.encode(encoding)
    except UnicodeEncodeError:
        words = plain.encode(encoding, "replace").decode(encoding)
    print(words, file=stream)


if __name__ == "__main__":
    sys.exit(main())
