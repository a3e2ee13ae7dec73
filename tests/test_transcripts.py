"""Conversations with the debugger, word for word: tests/transcripts/*.txt, and the same in docs/debugger.md.

A transcript is a program, a line of dashes, and what the terminal shows when it runs; without a debug() in it, when it
is run by `python -m engine debug main.py`. What a person types stands behind a prompt, "(grad) " or a question that ends
in "? ". To write one, put down the program and the lines typed, and run `python tests/test_transcripts.py FILE [LINE …]`;
then read every line of the answer before you keep it.
"""

import contextlib
import io
import linecache
import re
import sys
from pathlib import Path

import pytest

from engine.debugger import Session
from engine.debugger.script import Passes
from engine.debugger.terminal import Debugger, interact
from engine.graph import listeners

HERE = Path(__file__).resolve().parent
FILES = sorted((HERE / "transcripts").glob("*.txt"))
DOCUMENT = HERE.parent / "docs" / "debugger.md"
TYPED = re.compile(r"^(?:\(grad\) |.*\? )(.*)$")
RULE = "----\n"
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


def run(program, typed):
    """What a terminal shows when `program` runs and these lines are typed at its debugger."""
    out = io.StringIO()
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
    """The program of a transcript, what it shows, and what was typed."""
    program, _, shown = text.partition(RULE)
    return program, shown, [match[1] for line in shown.splitlines() if (match := TYPED.match(line))]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """What is plotted is written there."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_transcript(file):
    program, shown, typed = parted(file.read_text(encoding="utf-8"))
    assert typed, "nothing is typed in it"
    assert run(program, typed) == shown


def test_the_document_shows_these_transcripts():
    document = DOCUMENT.read_text(encoding="utf-8")
    for file in FILES:
        program, shown, _ = parted(file.read_text(encoding="utf-8"))
        assert program.strip() in document, f"the program of {file.name}"
        assert shown.strip() in document, f"the conversation of {file.name}"


def test_the_document_shows_the_picture_of_that_moment(tmp_path):
    """The same words and numbers: where they stand may differ from one layout to another."""
    program, _, typed = parted((HERE / "transcripts" / "forks.txt").read_text(encoding="utf-8"))
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
    program, shown, typed = parted(FILES[0].read_text(encoding="utf-8"))
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
    program, _, typed = parted(Path(sys.argv[1]).read_text(encoding="utf-8"))
    if len(sys.argv) > 2:
        typed = sys.argv[2:]
    Path(sys.argv[1]).write_text(
        program + RULE + run(program, typed), encoding="utf-8", newline="\n"
    )
