"""Conversations with the debugger, word for word: tests/transcripts/*.txt, and the same in docs/debugger.md.

A transcript is a program, a line of dashes, and what the terminal shows when it runs; without a debug() in it, when it
is run by `python -m engine debug main.py`. Behind the dashes may stand the command that starts it: then the command line
is called with it. What a person types stands behind a prompt, "(grad) ", "(Pdb) " or a question that ends in "? ". To
write one, put down the program and the lines typed, and run `python tests/test_transcripts.py FILE [LINE …]`; then read
every line of the answer before you keep it.
"""

import contextlib
import io
import linecache
import os
import re
import shlex
import sys
import tempfile
from pathlib import Path

import pytest

from engine.__main__ import main
from engine.debugger import Session
from engine.debugger.script import Passes
from engine.debugger.terminal import Debugger, interact
from engine.graph import listeners

HERE = Path(__file__).resolve().parent
FILES = sorted((HERE / "transcripts").glob("*.txt"))
DOCUMENT = HERE.parent / "docs" / "debugger.md"
TYPED = re.compile(r"^(?:\(grad\) |\(Pdb\) |.*\? )(.*)$")
RULE = re.compile(r"^---- ?(.*)\n", re.MULTILINE)
# Of a traceback: the frames of the engine, and the marks below a line, which depend on the version of Python.
OUR_FRAMES = re.compile(r'(?:  File "[^"]*/engine/[^"]*", line .*\n(?:    .*\n)*)+')
MARKS = re.compile(r'(  File "[^"]*", line .*\n    .*\n) +[~^]+\n')
pytestmark = pytest.mark.drawing  # one of them plots


class Typist(io.StringIO):
    """A standard input whose lines show in the output, as a terminal shows them."""

    def __init__(self, lines, out):
        super().__init__("".join(line + "\n" for line in lines))
        self.out = out

    def readline(self, *size):
        line = super().readline(*size)
        self.out.write(line or "\n")
        return line


def run(program, typed, command=""):
    """What a terminal shows when `program` runs and these lines are typed at its debugger."""
    out = io.StringIO()
    if command:
        return started(command, program, Typist(typed, out), out)
    linecache.cache["main.py"] = (len(program), None, program.splitlines(keepends=True), "main.py")

    def conversation(root):
        interact(Debugger(Session(root, names), stdin=Typist(typed, out), stdout=out))

    code = compile(program.replace("import Value, debug", "import Value"), "main.py", "exec")
    names = {"debug": conversation}
    if "debug(" in program:
        exec(code, names)
    else:
        debugged(code, names, Passes(Typist(typed, out), out))
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


def started(command, program, typist, out):
    """What a command shows, in a folder that has the program as main.py."""
    Path("main.py").write_text(program, encoding="utf-8", newline="\n")
    linecache.clearcache()  # of other programs that are called main.py
    arguments = shlex.split(command)
    assert arguments[:3] == ["python", "-m", "engine"]
    with pytest.MonkeyPatch.context() as patch:
        for name, stream in (("stdin", typist), ("stdout", out), ("stderr", out)):
            patch.setattr(sys, name, stream)
        with contextlib.suppress(SystemExit):
            main(arguments[3:])
    linecache.clearcache()
    shown = out.getvalue().replace(os.path.join(os.getcwd(), ""), "")
    return MARKS.sub(r"\1", OUR_FRAMES.sub("  …\n", shown))


def debugged(code, names, passes):
    """Run a program under the debugger, as `python -m engine debug` does."""
    listeners.insert(0, passes)
    try:
        with contextlib.redirect_stdout(passes.stdout), contextlib.suppress(SystemExit):
            exec(code, names)
            passes.report("main.py")
    finally:
        listeners.remove(passes)


def parted(text):
    """The program of a transcript, what it shows, what was typed, and the command that starts it."""
    program, command, shown = RULE.split(text, maxsplit=1)
    typed = [match[1] for line in shown.splitlines() if (match := TYPED.match(line))]
    return program, shown, typed, command


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """What is plotted is written there."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_transcript(file):
    program, shown, typed, command = parted(file.read_text(encoding="utf-8"))
    assert typed, "nothing is typed in it"
    assert run(program, typed, command) == shown


def test_the_document_shows_these_transcripts():
    document = DOCUMENT.read_text(encoding="utf-8")
    for file in FILES:
        program, shown, _, command = parted(file.read_text(encoding="utf-8"))
        assert program.strip() in document, f"the program of {file.name}"
        assert command in document, f"the command of {file.name}"
        assert shown.strip() in document, f"the conversation of {file.name}"


def test_the_document_shows_the_picture_of_that_moment(tmp_path):
    """The same words and numbers: where they stand may differ from one layout to another."""
    program, _, typed, _ = parted((HERE / "transcripts" / "forks.txt").read_text(encoding="utf-8"))
    run(program, typed)
    shown = [
        sorted(re.findall(r"<text[^>]*>([^<]*)</text>", file.read_text(encoding="utf-8")))
        for file in (
            tmp_path / "now.svg",
            HERE.parent / "docs/pictures/under-way.svg",
            HERE.parent / "docs/pictures/under-way-dark.svg",
        )
    ]
    assert shown[0] == shown[1] == shown[2] and "not sent" in shown[0]


def test_a_wrong_word_would_be_noticed():
    forks = HERE / "transcripts" / "forks.txt"
    program, shown, typed, _ = parted(forks.read_text(encoding="utf-8"))
    assert run(program, typed[:-2]) != shown


def test_every_command_is_spoken_somewhere():
    spoken = {
        line.split()[0]
        for file in FILES
        for line in parted(file.read_text(encoding="utf-8"))[2]
        if line
    }
    wanted = {
        "s",
        "n",
        "c",
        "unt",
        "b",
        "tbreak",
        "condition",
        "ignore",
        "cl",
        "watch",
        "display",
        "back",
        "rs",
        "rn",
        "rc",
        "w",
        "why",
        "info",
        "l",
        "p",
        "plot",
        "restart",
        "predict",
        "pass",
        "when",
        "goto",
        "q",
    }
    assert wanted <= spoken, wanted - spoken


if __name__ == "__main__":
    file = Path(sys.argv[1]).resolve()
    program, _, typed, command = parted(file.read_text(encoding="utf-8"))
    typed = sys.argv[2:] or typed
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        shown = run(program, typed, command)
    rule = f"---- {command}".rstrip() + "\n"
    file.write_text(program + rule + shown, encoding="utf-8", newline="\n")
