"""The container: whatever a learner's file does, the check ends in time and says what happened."""

import json
import re
import sys
import threading
import time
from pathlib import Path

import pytest

from demos.workshop import class_view, container, limits
from demos.workshop.catalog import exercise
from demos.workshop.checker import check
from demos.workshop.container import run
from demos.workshop.fingerprints import unmarked
from demos.workshop.judge import judge

RIGHT = unmarked(7)
SEED = "    root.grad = 1.0\n"
PATIENCE = 50.0  # seconds: what would hold a check up lasts 60, or for ever
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals and forks as POSIX has them")
linux = pytest.mark.skipif(sys.platform != "linux", reason="the system limits memory on Linux")


def write(tmp_path, source):
    file = tmp_path / "07_sum.py"
    file.write_bytes(source if isinstance(source, bytes) else source.encode("utf-8"))
    return file


# What stops a file, what the file does, and words of what is said of it.
STOPPED = [
    (
        "input",
        "\nname = input('who? ')\n",
        "At line {line}, name = input('who? '): it waits for input",
    ),
    ("input", "\nimport sys\nsys.stdin.readline()\n", "nobody types"),
    ("input", "\nimport sys\nfor line in sys.stdin:\n    pass\n", "nobody types"),
    ("exits", "\nexit()\n", "At line {line}, exit(): it ends Python"),
    ("exits", "\nimport sys\nsys.exit(0)\n", "it ends Python"),
    ("exits", "\nimport os\nos._exit(0)\n", "it ends Python"),
    ("forks", "\nimport os\nos.fork()\n", "starts another process"),
    ("forks", "\nimport subprocess\nsubprocess.run(['true'])\n", "starts another process"),
    ("memory", "\nmuch = bytearray(10**12)\n", "more than 512 MB of memory"),
    ("memory", "\nmuch = [1]\nwhile True:\n    much += much\n", "a list that grows without end"),
    ("syntax", "\ndef backward(root:\n    pass\n", "Line {line} is not Python yet"),
    ("syntax", "\n\0\n", "is not Python yet"),
    ("encoding", b"\n# \xff\n", "save it as UTF-8"),
    ("undefined", "\ndel backward\n", "backward is not defined"),
    ("raises", "\n1 / 0\n", "At line {line}, 1 / 0: ZeroDivisionError: division by zero"),
    ("module", "\nimport no_such_library\n", "No module named 'no_such_library'"),
]


@pytest.mark.parametrize(("kind", "added", "words"), STOPPED, ids=lambda value: str(value)[:12])
def test_what_a_file_does_is_contained_and_told_in_its_own_words(kind, added, words, tmp_path):
    if kind == "forks" and "os.fork" in added and sys.platform == "win32":
        pytest.skip("there is no fork")
    if kind == "memory" and sys.platform != "linux":
        pytest.skip("the system limits memory on Linux")
    source = RIGHT.encode() + added if isinstance(added, bytes) else RIGHT + added
    start = time.monotonic()
    verdict = check(7, write(tmp_path, source))
    assert (verdict.passed, verdict.mistakes) == (False, [kind])
    assert words.format(line=RIGHT.count("\n") + 2) in verdict.message
    assert time.monotonic() - start < PATIENCE


@pytest.mark.parametrize(
    ("old", "new", "column"),
    [
        ("", "while True:\n    pass\n", ""),
        (SEED, SEED + "    while True:\n        pass\n", "y = x * x at x = 3: x.grad"),
        (
            "",
            "while True:\n    try:\n        input()\n    except BaseException:\n        pass\n",
            "",
        ),
    ],
)
def test_a_loop_is_stopped_and_what_was_being_measured_is_named(old, new, column, tmp_path):
    source = RIGHT.replace(old, new) if old else RIGHT + new
    start = time.monotonic()
    outcome = run(7, write(tmp_path, source), seconds=0.3)
    assert (outcome.stopped, outcome.column) == ("time", column)
    assert 0.3 <= time.monotonic() - start < PATIENCE
    assert "Is there a loop that does not end?" in judge(7, outcome).message


@pytest.mark.parametrize(
    "stream", ["print('much ' * 1000)", "import sys; sys.stderr.write('x' * 9999)"]
)
def test_a_flood_is_stopped(stream, tmp_path):
    outcome = run(7, write(tmp_path, f"{RIGHT}\nwhile True:\n    {stream}\n"))
    assert outcome.stopped == "flood" and "prints more than 1,000,000" in judge(7, outcome).message


def test_what_a_file_prints_in_good_measure_is_no_flood(tmp_path):
    source = RIGHT.replace(SEED, SEED + "    print('backward', '=' * 1000)\n")
    assert check(7, write(tmp_path, source)).passed


@posix
def test_a_crash_of_python_itself_is_told(tmp_path):
    verdict = check(7, write(tmp_path, RIGHT + "\nimport os\nos.kill(os.getpid(), 11)\n"))
    assert verdict.mistakes == ["crash"] and "made Python crash" in verdict.message


def test_an_error_is_told_with_its_line_its_column_and_a_traceback_of_the_file_alone(tmp_path):
    source = RIGHT.replace("node.grad * local", "nod.grad * local")
    verdict = check(7, write(tmp_path, source))
    line = source[: source.index("nod.grad")].count("\n") + 1
    first, second = verdict.message.split("\n")
    assert (
        first
        == f"At line {line}, contribution = nod.grad * local: NameError: name 'nod' is not defined."
    )
    assert second == "It happened at y = x * x at x = 3: x.grad"
    assert verdict.traceback == [
        f"line {line}, in backward: contribution = nod.grad * local",
        "NameError: name 'nod' is not defined",
    ]


def test_a_function_that_calls_itself_without_end_is_told(tmp_path):
    verdict = check(7, write(tmp_path, RIGHT.replace(SEED, "    backward(root)\n")))
    assert verdict.mistakes == ["recursion"] and "calls itself without end" in verdict.message


def test_a_missing_return_is_guessed(tmp_path):
    source = RIGHT.replace('        return Value(data, (self, other), (1.0, 1.0), "+")\n', "")
    said = check(7, write(tmp_path, source)).message
    assert "NoneType" in said and "Is a return missing?" in said


def test_a_library_that_is_installed_may_be_used(tmp_path):
    pytest.importorskip("numpy")
    source = "import numpy as np\n" + RIGHT.replace("math.tanh(self.data)", "np.tanh(self.data)")
    assert check(7, write(tmp_path, source)).passed


def test_what_is_told_and_not_judged_cannot_fail_a_check(tmp_path):
    """A sort that is right and slow, or that ends Python: the chain of 3,000 comes after the numbers."""
    data = "        self.data = data  # the number\n"
    for disaster in ("while True:\n                pass", "raise SystemExit", "print('x' * 9**7)"):
        count = f"        made.append(1)\n        if len(made) > 2500:\n            {disaster}\n"
        source = "made = []\n" + RIGHT.replace(data, data + count)
        start = time.monotonic()
        assert check(7, write(tmp_path, source)).passed
        assert time.monotonic() - start < PATIENCE


def test_threads_and_exit_handlers_do_not_hold_a_check_up(tmp_path):
    added = (
        "\nimport atexit, threading, time\natexit.register(time.sleep, 60)\n"
        "threading.Thread(target=time.sleep, args=(60,)).start()\n"
    )
    start = time.monotonic()
    assert check(7, write(tmp_path, RIGHT + added)).passed
    assert time.monotonic() - start < PATIENCE


@posix
def test_no_process_is_left_behind(tmp_path):
    """A child made past Python's hook, by the C library, is ended with the rest of its group."""
    mark = tmp_path / "alive"
    added = (
        "\nimport ctypes, time\nif ctypes.CDLL(None).fork() == 0:\n    time.sleep(0.6)\n"
        f"    open({str(mark)!r}, 'w').close()\n    time.sleep(60)\n"
    )
    assert run(7, write(tmp_path, RIGHT + added)).complete
    time.sleep(0.8)
    assert not mark.exists()


@posix
def test_where_the_system_does_not_limit_memory_a_thread_does(tmp_path):
    """As on macOS: the thread looks at what the process has, and ends it."""
    added = (
        "\nimport resource, demos.workshop.process as p\n"
        "p.MEMORY = 40 << 20\np.watch_memory(0.001)\nmuch = []\n"
        "while True:\n    much.append(bytearray(100_000))\n"
    )
    assert run(7, write(tmp_path, RIGHT + added)).stopped == "memory"


def test_a_file_that_is_not_there_raises_and_a_notebook_is_read(tmp_path):
    with pytest.raises(FileNotFoundError):
        run(7, tmp_path / "none.py")
    cell = {"cell_type": "code", "source": RIGHT.splitlines(keepends=True)}
    magic = {"cell_type": "code", "source": ["%time 1\n", "!ls\n"]}
    file = tmp_path / "a.ipynb"
    file.write_text(
        json.dumps({"cells": [cell, magic, {"cell_type": "markdown"}]}),
        encoding="utf-8",
    )
    assert check(7, file).passed


def test_a_check_takes_less_than_three_tenths_of_a_second():
    """Of the processor's time, which does not depend on what else the computer does."""
    resource = pytest.importorskip("resource")
    before = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    for _ in range(3):
        assert check(7, exercise(7).solution).passed
    after = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    used = sum(b.ru_utime + b.ru_stime - a.ru_utime - a.ru_stime for a, b in zip(before, after))
    assert used / 3 < 0.3


@pytest.mark.parametrize(
    ("part", "known"),
    [
        ("columns", set()),
        ("contained", set()),
        ("probe", {"columns", "contained"}),
        ("process", {"contained", "limits", "probe"}),
        ("judge", {"columns", "limits", "outcome"}),
        ("container", {"limits", "outcome", "probe", "process"}),
        ("outcome", set()),
        ("limits", set()),
    ],
)
def test_the_parts_stand_apart(part, known):
    """The probe knows no right number, the judge starts nothing; the container passes numbers on."""
    source = (Path(container.__file__).parent / f"{part}.py").read_text(encoding="utf-8")
    assert {*re.findall(r"^from \.(\w+) import", source, re.MULTILINE)} == known
    assert ("subprocess" in source) == (part in ("container", "contained"))


def test_interrupting_a_check_leaves_no_process(tmp_path, monkeypatch):
    ended = []
    monkeypatch.setattr(
        container, "_end", lambda process: (ended.append(process), process.kill(), process.wait())
    )

    def interrupt(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(container, "_wait", interrupt)
    with pytest.raises(KeyboardInterrupt):
        run(7, write(tmp_path, RIGHT + "\nwhile True:\n    pass\n"))
    assert ended[0].poll() is not None and threading.active_count() < 20


def test_the_page_says_what_the_limits_are():
    page = (Path(container.__file__).parent / "README.md").read_text(encoding="utf-8")
    assert f"it has {limits.SECONDS:g} seconds, {limits.MEMORY >> 20} MB of memory" in page
    assert limits.OUTPUT == 1_000_000 and "a million characters of output" in page


@pytest.mark.parametrize(
    ("number", "old", "new", "said"),
    [
        (4, "(1.0 - data * data,)", "(1.0 - data * data)", "are 0.7864, should be a tuple: with one parent it is (0.7864,), and the comma"),
        (3, "(1.0, 1.0)", "(1.0)", "are 1, should be a tuple: write one number for each parent"),
        (3, "(other.data, self.data)", "{other.data, self.data}", "put each number in its place"),
        (2, '    "a": 6.0,\n', "", 'gradients has no "a": put the line back, with your answer.'),
        (10, 'leaks = {', "leaks = [1, 2]\nother = {", "leaks is [1, 2], should be a dict"),
        (8, "return z.tanh()", "z.tanh()", "neuron gives None, should be a Value: is a return missing?"),
        (8, "return z.tanh()", "return math.tanh(z.data)", "compute with Values, and not with .data"),
        (8, "return [neuron(", "x = [neuron(", "layer gives None, should be a list of Values"),
        (8, "return [neuron(row, inputs, bias) for row, bias in zip(weights, biases)]", "return neuron(weights[0], inputs, biases[0])", "one for each neuron."),
    ],
)  # fmt: skip
def test_what_is_no_tuple_or_no_value_is_told_without_a_traceback(number, old, new, said, tmp_path):
    text = exercise(number).solution.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "learner.py"
    path.write_text(text.replace(old, new), encoding="utf-8")
    verdict = check(number, path)
    assert verdict.mistakes == ["wrong_type"] and said in verdict.message, verdict.message
    assert verdict.traceback == [] and "It happened at" in verdict.message


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("(1.0, 1.0)", "(1.0 1.0)", r"Line \d+ is not Python yet: .*[^.?][.?]"),
        ("(1.0, 1.0)", "(x for x in None)", r".*: TypeError: 'NoneType' object .*\. Is a return missing\?"),
        ("(1.0, 1.0)", "(None + 1, 1)", r".*unsupported operand type.*'int'\."),
    ],
)  # fmt: skip
def test_a_sentence_ends_once_and_asks_for_a_return_only_where_one_can_be_missing(
    old, new, line, tmp_path
):
    text = exercise(3).solution.read_text(encoding="utf-8").replace(old, new)
    path = tmp_path / "learner.py"
    path.write_text(text, encoding="utf-8")
    assert re.fullmatch(line, check(3, path).message.split("\n")[0])


def test_the_readme_lists_every_key_and_the_class_view_has_a_sentence_for_each():
    page = (Path(container.__file__).parent / "README.md").read_text(encoding="utf-8")
    table = page[page.index("## The keys of the mistakes") : page.index("## How it is made")]
    first = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    assert {*re.findall(r"`(\w+)`", " ".join(first))} == {*class_view.SENTENCES}


@pytest.mark.parametrize(
    ("added", "line"),
    [
        ("assert False", "At line {n}, assert False: AssertionError."),
        ("raise ValueError('ä')", "At line {n}, raise ValueError('ä'): ValueError: ä."),
        ("x = '\0'", "The file is not Python yet: source code string cannot contain null bytes."),
    ],
)
def test_an_error_without_words_or_without_a_line_is_told_whole(added, line, tmp_path):
    number = len(RIGHT.splitlines()) + 1
    verdict = check(7, write(tmp_path, f"{RIGHT}{added}\n"))
    assert verdict.message.split("\n")[0] == line.format(n=number)
