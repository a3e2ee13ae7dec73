"""`python -m engine debug`: Ctrl-C, `q`, threads, modules, errors, and training loops of many passes."""

import io
import os
import re
import signal
import subprocess
import sys
import threading
import time

import pytest
from loop import ROOT

from engine import Value
from engine.debugger import run_module, run_script
from engine.debugger.script import Passes
from engine.graph import listeners

LOOP = """\
import time
from engine import Value
w = Value(1.0, label="w")
for turn in range({turns}):
    x = Value(2.0, label="x")
    {forward}
    loss = (w * x - 3.0) ** 2
    w.grad = 0.0
    loss.backward()
    w.data -= 0.01 * w.grad
print("finished", turn)
"""


def program(tmp_path, text, name="program.py"):
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, encoding="utf-8", newline="\n")
    return str(file)


def loop(turns, forward="pass"):
    return LOOP.format(turns=turns, forward=forward)


def run(tmp_path, text, typed, *arguments):
    """Debug a program with these lines typed; the finished process."""
    done = subprocess.run(
        [sys.executable, "-m", "engine", "debug", program(tmp_path, text), *arguments],
        input=typed,
        text=True,
        timeout=300,
        capture_output=True,
        cwd=tmp_path,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    done.shown = done.stdout.replace("(grad) ", "")
    return done


# -- Ctrl-C ------------------------------------------------------------------------------------------------


@pytest.fixture
def terminal(tmp_path):
    """Debugs a program in a terminal, where Ctrl-C can be pressed."""
    pexpect = pytest.importorskip("pexpect", reason="a terminal is played by pexpect")
    if sys.platform == "win32":
        pytest.skip("pexpect plays terminals on POSIX only")
    children = []

    def started(text):
        child = pexpect.spawn(
            sys.executable,
            ["-m", "engine", "debug", program(tmp_path, text)],
            cwd=str(tmp_path),
            env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "TERM": "dumb"},
            timeout=300,
            encoding="utf-8",
            echo=False,
            dimensions=(50, 100),
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )  # a suite that runs in the background ignores Ctrl-C, and so would what it starts
        children.append(child)
        child.expect(PROMPT)
        return child

    yield started
    for child in children:
        child.close(force=True)


PROMPT = r"\(grad\) $"


def say(child, line):
    child.sendline(line)
    child.expect(PROMPT)
    return child.before


def test_ctrl_c_during_a_forward_pass_stops_at_the_next_backward(terminal):
    child = terminal(loop(3, forward='print("forward", turn); time.sleep(1)'))
    say(child, "watch nan")
    child.sendline("c")
    child.expect("forward 1")
    child.sendintr()
    child.expect("stops at the next backward")
    child.expect("stopped at Ctrl-C")
    child.expect(PROMPT)
    assert "w·x" in say(child, "w")
    child.sendline("c")
    child.expect("finished 2")
    assert child.wait() == 0


@pytest.mark.slow
def test_ctrl_c_at_any_instant_of_a_run_leads_to_the_prompt(terminal):
    child = terminal(loop(10**6))
    say(child, "watch nan")
    for press in range(25):
        child.sendline("c")
        time.sleep(0.15 + 0.003 * press)
        child.sendintr()
        child.expect(PROMPT)
        assert "stopped at Ctrl-C" in child.before
        assert re.search(r"^.+ = .* grad ", say(child, "info node"), re.MULTILINE)
    child.sendline("q")
    child.expect("left, and the script with it")
    assert child.wait() == 0


def test_ctrl_c_while_a_session_is_opened(terminal):
    """A graph of a hundred thousand nodes takes seconds to lay out."""
    child = terminal(
        "from engine import Value\n"
        "x = Value(1.0, label='x')\n"
        "(x * x).backward()\n"
        "h = x\n"
        "for _ in range(100_000):\n"
        "    h = h + x\n"
        "print('opening', flush=True)\n"
        "h.backward()\n"
        "print('finished', x.grad)\n"
    )
    say(child, "b x if x.grad > 1e9")
    child.sendline("c")
    child.expect("opening")
    time.sleep(0.05)
    child.sendintr()
    child.expect("stopped at Ctrl-C")
    child.expect(PROMPT)
    say(child, "cl")
    say(child, "c")
    child.sendline("c")
    child.expect(r"finished 100003\.0")
    assert child.wait() == 0


def test_a_second_ctrl_c_ends_a_script_that_comes_to_no_backward(terminal):
    child = terminal(
        "from engine import Value\nimport time\nx = Value(1.0)\n(x * x).backward()\n"
        "print('sleeping', flush=True)\ntime.sleep(60)\n"
    )
    say(child, "c")
    child.sendline("c")
    child.expect("sleeping")
    time.sleep(0.2)
    child.sendintr()
    child.expect("once more ends the script")
    child.sendintr()
    child.expect("KeyboardInterrupt")
    assert "time.sleep(60)" in child.before and "interrupts.py" not in child.before
    assert child.wait() == 130


def test_ctrl_c_at_the_prompt_asks_again(terminal):
    child = terminal(loop(2))
    for _ in range(3):
        time.sleep(0.2)  # the prompt is shown a moment before it listens
        child.sendintr()
        child.expect(PROMPT)
    child.sendline("predict w")
    child.expect(r"will be\? ")
    time.sleep(0.2)
    child.sendintr()
    child.expect(PROMPT)
    assert " 1/4 " in say(child, "s")


# -- leaving ------------------------------------------------------------------------------------------------

EXCEPT = """\
from engine import Value
w = Value(1.0, label="w")

def train():
    try:
        with open({file!r}, "w") as file:
            try:
                (w * w).backward()
            finally:
                file.write("closed")
    except:
        pass
    print("train went on")

while True:
    try:
        train()
    except:
        pass
    for turn in range(3):
        print("the loop went on")
"""


def test_a_bare_except_does_not_swallow_q(tmp_path):
    file = str(tmp_path / "closed.txt")
    done = run(tmp_path, EXCEPT.format(file=file), "s\nq\n")
    assert done.returncode == 0 and "went on" not in done.stdout and done.stderr == ""
    assert (tmp_path / "closed.txt").read_text(
        "utf-8"
    ) == "closed"  # finally and with did their work


@pytest.mark.parametrize("caught", ["except BaseException as error", "except SystemExit", "except"])
def test_whatever_the_script_catches(tmp_path, caught):
    text = (
        "from engine import Value\nx = Value(2.0)\nfor turn in range(9):\n    try:\n"
        f"        (x * x).backward()\n    {caught}:\n        print('caught')\n    print('went on')\n"
    )
    done = run(tmp_path, text, "q\n")
    assert done.returncode == 0 and "went on" not in done.stdout and done.stdout.count("caught") < 2


def test_the_trace_function_of_the_caller_comes_back(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", io.StringIO("q\n"))
    before = sys.gettrace(), sys.getprofile()
    seen = []
    sys.settrace(lambda frame, event, argument: seen.append(event))
    mine = sys.gettrace()
    try:
        file = str(tmp_path / "closed.txt")
        assert run_script(program(tmp_path, EXCEPT.format(file=file))) == 0
        assert sys.gettrace() is mine and sys.getprofile() is before[1]
    finally:
        sys.settrace(before[0])
    assert not listeners


def test_sys_exit_is_the_scripts_own(tmp_path):
    done = run(tmp_path, loop(2) + "raise SystemExit(3)\n", "b w if w.grad > 1e9\nc\n")
    assert done.returncode == 3 and "2 backward()s, no stop was met" in done.stdout


# -- threads ------------------------------------------------------------------------------------------------

THREADS = """\
import threading
from engine import Value

def work(number):
    x = Value(float(number), label=f"x{number}")
    (x * x).backward()
    print("done", number, x.grad, flush=True)
    (x * x).backward()
    print("twice", number, flush=True)

threads = [threading.Thread(target=work, args=(n,), name=f"worker {n}") for n in (1, 2, 3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("finished")
"""


def test_threads_are_debugged_one_pass_at_a_time_and_named(tmp_path):
    done = run(tmp_path, THREADS, "c\nc\n" * 6)
    assert done.returncode == 0 and "finished" in done.stdout and done.stderr == ""
    conversations = done.shown.split("backward pass of ")[1:]
    assert len(conversations) == 6
    for conversation in conversations:
        number = conversation[1]
        assert f"in thread worker {number}" in conversation.split("the seed")[0]
        others = {"1", "2", "3"} - {number}
        body = conversation.split("the backward pass is complete")[0]
        assert f"x{number}.grad += " in body
        assert not any(f"x{other}.grad" in body for other in others)


@pytest.mark.parametrize("heard", [True, False])
def test_q_in_a_thread_ends_them_all(tmp_path, heard):
    """Also where Ctrl-C is not heard, as in the background of a shell."""
    before = signal.signal(
        signal.SIGINT, signal.default_int_handler if heard else signal.SIG_IGN
    )  # which a program that is started inherits
    try:
        done = run(tmp_path, THREADS, "q\n")
    finally:
        signal.signal(signal.SIGINT, before)
    assert done.returncode == 0 and done.stderr == ""
    assert "done" not in done.stdout and "finished" not in done.stdout


# -- what is started ----------------------------------------------------------------------------------------


@pytest.fixture
def package(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    program(tmp_path, "", "trainer_of_ours/__init__.py")
    program(tmp_path, "FACTOR = 3.0\n", "trainer_of_ours/layers.py")
    program(
        tmp_path,
        "import sys\nfrom engine import Value\nfrom . import layers\n"
        "x = Value(layers.FACTOR, label='x')\n(x * x).backward()\n"
        "print('finished', __name__, x.grad, sys.argv[1:])\n",
        "trainer_of_ours/train.py",
    )
    yield
    for name in [name for name in sys.modules if name.startswith("trainer_of_ours")]:
        del sys.modules[name]


def started(*arguments, typed):
    return subprocess.run(
        [sys.executable, "-m", "engine", "debug", *arguments],
        input=typed,
        text=True,
        timeout=300,
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def test_a_module_with_relative_imports(package):
    done = started("-m", "trainer_of_ours.train", "--epochs", "3", typed="s\nc\nc\n")
    assert done.returncode == 0, done.stderr
    assert "train.py:5   (x * x).backward()" in done.stdout
    assert "finished __main__ 6.0 ['--epochs', '3']" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-m", "trainer_of_ours"], "name a module in it, as in -m trainer_of_ours.train"),
        (["-m", "no_such_module"], "there is no module no_such_module"),
        (["-m", "trainer_of_ours/train.py"], "-m takes the dotted name of a module"),
        (["-m"], "-m MODULE"),
        ([], "debug train.py"),
        (["no/such.py"], "no/such.py: there is no such file: give the path"),
        (["trainer_of_ours"], "trainer_of_ours: this is a folder: give the path"),
        (["x*"], "x*"),
        (["x*y", "x=3"], "y has no value"),
        (["\x1b[31m.py"], "\ufffd[31m.py: there is no such file"),
    ],
)
def test_mistakes_in_what_is_started_are_explained(package, arguments, message):
    done = started(*arguments, typed="")
    assert done.returncode == 1 and "Traceback" not in done.stderr and "\x1b" not in done.stderr
    assert message in done.stderr


def test_a_module_may_be_a_package_with_a_main(package, tmp_path, monkeypatch, capsys):
    program(tmp_path, "from . import train\n", "trainer_of_ours/__main__.py")
    monkeypatch.setattr("sys.stdin", io.StringIO("c\nc\n"))
    before = sys.argv, sys.path[:]
    assert run_module("trainer_of_ours") == 0
    assert "finished trainer_of_ours.train 6.0" in capsys.readouterr().out
    assert (sys.argv, sys.path) == before


def test_an_expression(package):
    done = started("x*x + w", "x=3", "w=1", typed="c\nq\n")
    assert done.returncode == 0 and "x.grad = 6  w.grad = 1" in done.stdout


def test_a_value_in_a_file(package, tmp_path):
    program(tmp_path, "from engine import Value\ndef f(x):\n    return x * x\n", "model.py")
    done = started("model.py:f", "x=3", typed="c\nq\n")
    assert "x.grad = 6" in done.stdout


# -- errors -------------------------------------------------------------------------------------------------


def test_a_rule_that_raises_opens_pdb_there_and_says_where_its_node_was_made(tmp_path):
    text = (
        "from engine import Value\nfrom engine.operation import Operation\n"
        "def rule(z, x):\n    raise ArithmeticError('no slope today')\n"
        "x = Value(2.0, label='x')\n"
        "y = Operation('odd', 'odd', lambda x: x, rule)(x) * 3.0\n"
        "y.backward()\n"
    )
    done = run(tmp_path, text, "edge\nw\nq\n")
    assert done.returncode == 1
    assert "backward() no. 1 cannot be stepped through: ArithmeticError" in done.stdout
    assert "no slope today" in done.stderr
    assert re.search(r"in the backward pass, at odd\(.*made at .*program\.py:6", done.stderr)
    assert "pdb opens where ArithmeticError was raised" in done.stdout
    assert "(Pdb) odd(x)" in done.stdout
    assert "program.py(4)odd()" in done.stdout.split("(Pdb)")[2]


def test_a_script_that_raises_opens_pdb_at_that_line(tmp_path):
    done = run(tmp_path, "x = 1\ny = x / 0\n", "p x + 41\nq\n")
    assert done.returncode == 1 and "(Pdb) 42" in done.stdout
    assert "ZeroDivisionError" in done.stderr and "runpy" not in done.stderr


def test_an_error_within_the_engine_opens_pdb_at_the_line_of_the_script(tmp_path):
    text = "from engine import Value\nx = Value(2.0, label='x')\ny = x * 3.0\nz = y + 'text'\n"
    done = run(tmp_path, text, "p y\nd\nq\n")
    assert "(Pdb) *(data=6, grad=0)" in done.stdout
    assert "program.py(4)<module>()" in done.stdout and "value.py" in done.stdout.split("(Pdb)")[2]


def test_why_and_edge_after_a_rule_has_raised(tmp_path):
    text = (
        "from engine import Value, primitive\n"
        "@primitive(rule=lambda z, x: (1.0, 2.0))\ndef f(x):\n    return x * 2\n"
        "x = Value(2.0, label='x')\ny = f(x) * 3.0 + x\ny.backward()\n"
    )
    done = run(tmp_path, text, "p x\nedge\nwhy x\nx.grad = 1.0\nwhy f(x) + 0, x\np 40 + 2\nq\n")
    assert "program.py(7)<module>()" in done.stdout and "(Pdb) x(data=2, grad=" in done.stdout
    assert "(Pdb) f(x)\n" in done.stdout
    shown = done.stdout.split("(Pdb) ")
    assert shown[3].splitlines()[-1] == "   the rule of f(x) raised TypeError"
    assert shown[3].startswith("x.grad = 0\n   +1  from f(x)·3 + x ")  # leaves are put back
    assert "TypeError: the rule of f returned 2" in shown[5] and shown[6] == "42\n"


def test_a_rule_of_a_node_that_sends_nothing_may_raise_at_the_prompt(tmp_path):
    text = (
        "from engine import Value, primitive\n"
        "def rule(z, x):\n    raise KeyError('no slope')\n"
        "@primitive(rule=rule)\ndef f(x):\n    return x * 2\n"
        "x = Value(-2.0, label='x')\nz = f(x)\n(z.relu() + x).backward()\n"
    )
    done = run(tmp_path, text, "info inputs z\nplot\np x\nc\nq\n")
    assert done.shown.count("*** a rule raised KeyError: 'no slope'") == 2
    assert "x(data=-2, grad=0)" in done.shown and "z = f(x) sends nothing, for z.grad" in done.shown
    assert done.returncode == 0 and not done.stderr


def test_an_error_that_the_script_catches_is_its_own_affair(tmp_path):
    text = (
        "from engine import Value\nx = Value(2.0)\n(x * x).backward()\n"
        "try:\n    1 / 0\nexcept ZeroDivisionError:\n    print('caught')\n"
    )
    done = run(tmp_path, text, "c\nc\n")
    assert done.returncode == 0 and "caught" in done.stdout and "Pdb" not in done.stdout


# -- loops of many passes -----------------------------------------------------------------------------------


def passes(typed, turns, body):
    """Run a loop of backward passes with these lines typed; what was shown, and whether it was left."""
    out = io.StringIO()
    listener = Passes(stdin=io.StringIO(typed), stdout=out)
    listeners.append(listener)
    try:
        for turn in range(turns):
            body(turn)
    except SystemExit:
        pass
    finally:
        listeners.remove(listener)
        sys.settrace(None)
        sys.setprofile(None)
    listener.report("program")
    return out.getvalue().replace("(grad) ", "")


def descent():
    """A parameter that goes down a parabola, and its history."""
    w = Value(1.0, label="w")
    history = []

    def body(turn):
        loss = (w * 2.0 - 3.0) ** 2
        loss.label = "loss"
        w.grad = 0.0
        loss.backward()
        history.append(w.grad)
        w.data -= 0.01 * w.grad

    return w, history, body


def test_a_run_without_a_stop_says_so():
    _w, history, body = descent()
    shown = passes("b w if w.grad > 1e9\nc\n", 1000, body)
    assert "1,000 backward()s, no stop was met" in shown and len(history) == 1000
    assert shown.splitlines()[-1] == "  breakpoint 1: w if w.grad > 1e9  hit 0 times"
    shown = passes("b w if pass == 3\nc\nc\n", 10, body)
    assert "7 backward()s, no stop was met" in shown  # the third stops where it is complete
    shown = passes("watch nan\nc\nc\n", 1, body)
    assert "1 backward(), no stop was met" in shown


def test_a_summary_at_the_end():
    _w, _history, body = descent()
    shown = " ".join(passes("c\nc\nc\nc\n", 2, body).split())
    assert shown.endswith(
        "program ended after 2 backward()s: the root was 1 in the first, 0.8464 in the last"
    )
    assert "no stop was met" not in shown


def test_a_condition_on_the_number_of_the_pass():
    _w, history, body = descent()
    shown = passes("b w if pass > 50\nc\np pass\np w.grad\nq\n", 100, body)
    assert "backward() no. 51" in shown or "stopped at breakpoint 1: w if pass > 50" in shown
    assert "\n51\n" in shown and len(history) == 50


def test_pass_runs_to_a_backward_by_its_number():
    _w, history, body = descent()
    shown = passes("pass\npass 40\npass\npass 40\npass 60\nq\n", 100, body)
    assert "this is backward() no. 1" in shown and "this is backward() no. 40" in shown
    assert "*** a whole number from 41 on, please, not 40" in shown
    assert "backward() no. 60" in shown and len(history) == 59


def test_pass_stops_at_a_breakpoint_before_its_number():
    _w, history, body = descent()
    passes("b w if pass == 7\npass 40\nq\n", 100, body)
    assert len(history) == 6
    shown = passes("pass 400\n", 100, body)
    assert "there was no backward() no. 400" in shown


def test_gradients_of_the_pass_before():
    _w, history, body = descent()
    typed = "info leaves\npass 8\ninfo leaves\nunt w\np w.previous\np w.grad / w.previous\nq\n"
    shown = passes(typed, 10, body)
    before = history[6]  # of the seventh pass
    assert f"previous {before:.4g}" in shown and "previous" not in shown.split("no. 8")[0]
    assert f"{before:.10g}\n" in shown and "0.92\n" in shown  # each step takes off 8 %


def test_a_watch_of_data_fires_between_passes():
    w, history, body = descent()
    shown = passes("watch w.data\nwatch w\nwatch w.data > 1.1\nc\nq\n", 10, body)
    assert "watch 2: w.grad was 0, is -4" in shown  # of the gradient, within the first pass
    w.data = 1.0
    shown = passes("watch w.data\nc\nc\nq\n", 10, body)
    assert "stopped at watch 1: w.data was 1, is 1.04" in shown and len(history) == 2
    assert "backward() no. 2" in shown.split("stopped at")[0]
    shown = passes("watch w.data > 1.2\nc\np w.data\nq\n", 100, body)
    assert "watch 1: w.data > 1.2 was 0, is 1" in shown


def test_a_watch_of_a_gradient_does_not_fire_because_a_pass_begins():
    _w, history, body = descent()
    shown = passes("c\nwatch loss.grad + w.grad\nc\nc\nq\n", 5, body)
    first, second = re.findall(r"stopped at (.*)", shown)
    assert first == f"watch 1: loss.grad + w.grad was 1, is {1.0 + history[1]:.4g}"
    assert second.startswith("watch 1: loss.grad + w.grad was 1, is ") and len(history) == 2


def test_a_breakpoint_at_the_root_stops_at_the_start_of_the_next_pass():
    _w, history, body = descent()
    shown = passes("b loss\nc\nq\n", 5, body)
    assert "stopped at breakpoint 1: loss" in shown and len(history) == 1


def test_when_and_goto():
    w = Value(2.0, label="w")

    def body(turn):
        y = w * w + w
        y.label = "y"
        y.backward()

    typed = "when w\ngoto 3\np w.grad\nwhen w\ngoto 1\np w.grad\ngoto 0\ngoto 9\ngoto\nwhen y\ngoto 4\nq\n"
    shown = passes(typed, 1, body)
    first = shown.split("2/4   +1")[1].split("4/4")[0]
    assert re.search(r"from y = w·w \+ w +0 → 1 +to come", first)
    assert re.search(r"3/4 +\+2 +from w·w +1 → 3 +to come", first)
    assert "\n3\n" in shown and re.search(r"3/4 +\+2 +from w·w +1 → 3\n", shown)
    assert "at the start: y.grad = 1" in shown
    assert "*** there are 4 contributions: goto 4 is the end" in shown
    assert "*** goto needs the number" in shown and "nothing arrives at y" in shown
    assert "the backward pass is complete  w.grad = 5" in shown.replace("    ", "  ")


def test_enter_repeats_across_passes():
    _w, history, body = descent()
    shown = passes("c\nc\n\n\n\n\nq\n", 10, body)
    assert len(history) == 3 and shown.count("the backward pass is complete") == 3


def test_a_rule_that_calls_backward_itself_is_not_debugged_within():
    """The debugger computes the pass before it asks: what is swept there is its own affair."""
    from engine.operation import Operation

    def rule(z, x):
        inner = Value(3.0)
        (inner * inner).backward()
        return (inner.grad,)

    x = Value(2.0, label="x")
    odd = Operation("odd", "odd", lambda x: x, rule)
    shown = passes("c\nq\n", 1, lambda turn: odd(x).backward())
    assert "x.grad = 6" in shown and shown.count("backward pass of") == 1


def test_passes_from_several_threads_wait_for_one_another():
    out, busy = io.StringIO(), []

    class Typed(io.StringIO):
        def readline(self, *size):
            busy.append(threading.active_count())
            time.sleep(0.01)
            return super().readline(*size)

    listener = Passes(stdin=Typed("c\nc\n" * 4), stdout=out)
    listeners.append(listener)

    def work():
        x = Value(3.0, label="x")
        (x * x).backward()

    try:
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    finally:
        listeners.remove(listener)
    assert out.getvalue().count("the backward pass is complete") == 4 and listener.count == 4
