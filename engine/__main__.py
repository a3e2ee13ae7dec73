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
import tempfile
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .cli import doctor, model_file
from .cli.expression import ExpressionError, build, numbers
from .explain import text
from .value import Value

PAGES = ("html",)
PICTURES = ("svg", "png", "pdf")
TEXTS = ("dot", "mermaid", "json", "text")
ENDINGS = {
    "gv": "dot",
    "mmd": "mermaid",
    "txt": "text",
    "htm": "html",
}  # where an ending isn't the format's name
LEVELS = ("auto", "none", "neurons", "layers")
INTERRUPTED = 130  # what a shell calls a program that was ended by Ctrl-C
_EXAMPLES = """examples:
  {0} draw "tanh(w*x + b)" w=-3 x=2 b=6.8813 -o neuron.svg
  {0} draw "d = a*b; e = a+b; d*e" a=-2 b=3 --format mermaid
  {0} draw model.py:loss -o loss.png
  {0} step "tanh(w*x + b)" w=-3 x=2 b=6.8813 -o neuron.html
  {0} debug train.py --epochs 3
  {0} doctor
"""


class UsageError(ValueError):
    """A command that contradicts itself, or a file that can't be written."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns what the process exits with: 0, or 1 after an error that was explained."""
    options = _options(list(sys.argv[1:] if argv is None else argv))
    try:
        code = int(options.run(options))
        if sys.stdout:
            sys.stdout.flush()  # here a reader that has gone is noticed in time
        return code
    except (ExpressionError, model_file.TargetError, UsageError, ImportError) as error:
        _say(str(error), sys.stderr)
    except BrokenPipeError:  # the reader of our output has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        _say(f"{error.filename or 'the output'}: {error.strerror}", sys.stderr)
    except KeyboardInterrupt:
        return INTERRUPTED
    return 1


def _options(argv: list[str]) -> argparse.Namespace:
    """What was asked for. Values may also stand behind the options."""
    parser = _parser("chainrule" if Path(sys.argv[0]).stem == "chainrule" else "python -m engine")
    if not argv:
        parser.exit(2, parser.format_help())
    options, more = parser.parse_known_args(_no_options(argv))
    unknown = [word for word in more if word.startswith("-") or "values" not in options]
    if unknown:
        parser.error(f"unrecognized arguments: {' '.join(unknown)}")
    if more:
        options.values += more
    return options


def _no_options(argv: list[str]) -> list[str]:
    """An expression that starts with a minus gets a space in front, for it is no option."""
    option = re.compile(r"-|-[oh]|-o(-|.+\.[A-Za-z]+)|--.*")
    return [
        f" {word}"
        if word.startswith("-") and argv[0] in ("draw", "step") and not option.fullmatch(word)
        else word
        for word in argv
    ]


def _parser(program: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
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
    debug = commands.add_parser("debug", help="run a script, and stop in its backward pass")
    debug.add_argument("script", help="a Python file")
    debug.add_argument(
        "arguments", nargs=argparse.REMAINDER, help="what the script finds in sys.argv"
    )
    debug.set_defaults(run=_debug)
    commands.add_parser(
        "doctor", help="what is installed, what is missing, and the command that mends it"
    ).set_defaults(run=_doctor)
    return parser


def _graph_command(
    commands: Any,
    name: str,
    run: Callable[[Any], int],
    words: str,
    formats: tuple[str, ...],
    above: argparse.ArgumentParser,
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=words,
        description=words,
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
        "-o", "--output", metavar="FILE", help="its ending says the format; - is the terminal"
    )
    parser.add_argument("--format", choices=formats, help="without -o, text formats are printed")
    parser.add_argument(
        "--collapse", choices=LEVELS, default="auto", help="one card for a neuron, or for a layer"
    )
    parser.set_defaults(run=run, formats=formats)
    return parser


def _draw(options: Any) -> int:
    form, file = _form(options, "svg", "graph")
    root = _root(options)
    if form in PAGES:
        return _page(root, file, collapse=options.collapse)
    if form == "text":
        return _deliver(text(root), file)
    from .view import draw, export

    with _explained():
        picture = draw(root, theme=options.theme, collapse=options.collapse)
    return (
        _deliver(getattr(export, form)(picture.scene), file)
        if form in TEXTS
        else _wrote(picture, file)
    )


def _step(options: Any) -> int:
    form, file = _form(options, "html", "steps")
    root = _root(options)
    if form == "text":
        return _deliver(text(root), file)
    return _page(root, file, forward=options.forward, collapse=options.collapse)


def _page(root: Value, file: str, **options: Any) -> int:
    from .view import stepper

    with _explained():
        page = stepper(root, **options)
    return _wrote(page, file)


@contextmanager
def _explained() -> Iterator[None]:
    """What the engine refuses with advice is no accident: the advice is shown without a traceback."""
    try:
        yield
    except ValueError as error:
        raise UsageError(str(error)) from None


def _debug(options: Any) -> int:
    from .debugger import run_script  # type: ignore[import-not-found, unused-ignore]

    return int(run_script(options.script, options.arguments) or 0)


def _doctor(options: Any) -> int:
    _say(doctor.report())
    return 0


def _form(options: Any, usual: str, stem: str) -> tuple[str, str]:
    """The format, and the file to write; no file for what is printed."""
    file, form = options.output or "", options.format
    suffix = Path(file).suffix[1:].lower()
    ending = ENDINGS.get(suffix, suffix)
    if Path(file).is_dir() and file:
        raise UsageError(
            f"-o {file} is a folder: name a file in it, as in -o {Path(file) / stem}.{form or usual}"
        )
    if file and file != "-" and form and ending != form:
        raise UsageError(
            f"-o {file} does not end as {form} does: leave --format out, or end the name in .{form}"
        )
    form = form or (ending if file and file != "-" else "text" if file else usual)
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


def _root(options: Any) -> Value:
    """The graph that is asked for, swept."""
    values = numbers(options.values)
    from_file = model_file.split(options.target) is not None
    root = _from_file(options.target, values) if from_file else build(options.target, values)
    if root.grad == 0.0:
        root.backward()
    return root


def _from_file(target: str, values: dict[str, float]) -> Value:
    """A mistake in the user's own file is shown as Python shows it, from the user's first line on."""
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
        told = "".join([*traceback.format_list(own), *traceback.format_exception_only(error)])
        raise model_file.TargetError(f"{target} did not run to its end:\n{told.rstrip()}") from None


def _wrote(thing: Any, file: str) -> int:
    """Save beside the file and rename, so that a failure leaves what was there."""
    path = Path(file)
    if not path.parent.is_dir():
        raise UsageError(f"{path}: there is no folder {path.parent}: make it first")
    try:
        _save(thing, path)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    _say(str(path))
    return 0


def _save(thing: Any, path: Path) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=path.suffix)
    os.close(handle)
    try:
        thing.save(temporary)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    finally:
        Path(temporary).unlink(missing_ok=True)


class _Text:
    """A text that saves itself, as pictures do."""

    def __init__(self, text: str):
        self.text = text

    def save(self, path: str) -> None:
        with open(path, "w", encoding="utf-8", newline="\n") as file:
            file.write(self.text.rstrip("\n") + "\n")


def _deliver(words: str, file: str) -> int:
    if file:
        return _wrote(_Text(words), file)
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
