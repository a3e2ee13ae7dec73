"""A scripted learner in a real terminal: wrong answers first, watch running, Ctrl-C, a crash, and on."""

import os
import re
import signal
import sys
from pathlib import Path

import pytest
from learner import FIRST, right, wrong

from demos.workshop.catalog import EXERCISES, exercise
from demos.workshop.mutants import MUTANTS, apply
from demos.workshop.progress import Progress
from demos.workshop.workspace import Workspace

pexpect = pytest.importorskip("pexpect")
pytestmark = pytest.mark.skipif(os.name != "posix", reason="a terminal as POSIX has it")
ROOT = Path(__file__).resolve().parent.parent
WAIT = 180  # seconds; it takes far less


@pytest.fixture
def terminal(tmp_path):
    """Start the program in a terminal; every one that is left is ended."""
    started = []

    def start(*arguments):
        environment = os.environ | {"PYTHONPATH": str(ROOT), "TERM": "xterm-256color"}
        for name in ("NO_COLOR", "COLUMNS", "LINES"):  # the terminal has a size of its own
            environment.pop(name, None)
        child = pexpect.spawn(
            sys.executable,
            ["-m", "demos.workshop", *arguments],
            cwd=tmp_path,
            env=environment,
            encoding="utf-8",
            timeout=WAIT,
            dimensions=(40, 100),
        )
        started.append(child)
        return child

    yield start
    for child in started:
        child.close(force=True)


def save(tmp_path, number, text):
    """Save as some editors do: write another file, and let it take the name."""
    new = tmp_path / "workshop" / "saved"
    new.write_text(text, encoding="utf-8")
    new.replace(tmp_path / "workshop" / exercise(number).file_name)


def learn(child, tmp_path, numbers):
    """Go through exercises while watch is running: wrong, then right, then on to the next."""
    for number in numbers:
        child.expect(rf"✗.*{number}  {re.escape(exercise(number).title[:12])}")
        child.expect("q quit")
        text, words = wrong(number)
        save(tmp_path, number, text)
        child.expect("(?i)" + r"\s+".join(map(re.escape, words.split())))
        child.expect("q quit")
        save(tmp_path, number, right(number))
        child.expect("✓")
        child.expect("q quit")
        child.send("n")


def test_a_learner_goes_through_all_ten_with_an_interrupt_and_a_crash_on_the_way(
    terminal, tmp_path
):
    progress = tmp_path / "workshop" / "progress.json"

    child = terminal("watch")
    child.expect("Ten exercises are now in workshop")
    learn(child, tmp_path, [1, 2, 3])
    child.expect("4  The local")
    child.expect("A hint: press h")
    child.send("h")
    child.expect("Hint 1 of 3")
    child.sendintr()  # Ctrl-C
    child.expect("stopped by Ctrl-C")
    child.expect(pexpect.EOF)
    child.wait()
    assert child.exitstatus == 130 and Workspace(progress.parent).current() == 4

    child = terminal("watch")  # it goes on where it was
    learn(child, tmp_path, [4, 5, 6])
    child.expect("✗.*7  The two-line")
    os.kill(child.pid, signal.SIGKILL)  # a crash
    child.wait()
    assert Workspace(progress.parent).current() == 7

    child = terminal("watch")
    learn(child, tmp_path, [7, 8, 9, 10])
    child.expect("✓.*10  Bug hunt")
    child.send("q")
    child.expect(pexpect.EOF)
    child.wait()
    assert child.exitstatus == 0

    kept = Progress(progress)
    assert all(kept.passed(e.number) for e in EXERCISES)
    assert kept.record(5)["mistakes"] == {"not_started": 1, "assign": 1}
    assert kept.record(4)["hints"] == 1 and kept.record(7)["mistakes"]["syntax"] == 1


def test_the_terminal_is_put_back_and_keys_are_not_echoed(terminal):
    child = terminal("watch", "2")
    child.expect("q quit")
    assert not child.getecho()
    child.sendintr()
    child.expect("stopped by Ctrl-C")
    assert child.getecho()


def test_check_is_coloured_in_a_terminal_and_interrupted_without_a_traceback(terminal, tmp_path):
    child = terminal("check", "3")
    child.expect("\x1b\\[1;31m✗\x1b\\[0m")
    child.expect(pexpect.EOF)
    save(tmp_path, 3, "while True:\n    pass\n")
    child = terminal("check", "3")
    with pytest.raises(pexpect.TIMEOUT):
        child.expect("✗", timeout=0.5)
    child.sendintr()
    child.expect("stopped by Ctrl-C")
    child.expect(pexpect.EOF)
    child.wait()
    assert child.exitstatus == 130 and "Traceback" not in child.before


def test_the_mistakes_of_this_learner_are_those_of_the_table():
    """Where the mutants have the same change, the script above does not make up one of its own."""
    known = {m.edits[0] for m in MUTANTS}
    assert sum((old, new) in known for old, new, _ in FIRST.values()) >= 3
    assert all(apply(m, "") == "" for m in MUTANTS)
