"""The debug adapter, driven by a client: every move, every stop, every mistake is answered in time."""

import json
import os
import random
import subprocess
import sys
import textwrap
import zipfile
from pathlib import Path

import pytest
from dap_client import LIMIT, ROOT, Client, Failed

from engine import Value
from engine.debugger.adapter import answers, extension
from engine.debugger.adapter.breakpoints import counter
from engine.debugger.adapter.places import Counting, dots, outermost
from engine.debugger.evaluate import Refused
from engine.graph import topological_order

AROUND = """\
from engine import Value

x = Value(0.5, label="x")
w = Value(-3.0, label="w")
z = x * w
h = z.tanh()
loss = (h - 1.0) ** 2 + w ** 2
loss.backward()
print("w.grad", w.grad)
"""
LOOP = """\
from engine import Value

x, w = Value(2.0, label="x"), Value(0.5, label="w")
h = x
for turn in range(3):
    h = h * w + x
h.backward()
"""


@pytest.fixture(params=["stdio", "port"])
def client(request):
    with Client(port=request.param == "port") as client:
        yield client


@pytest.fixture
def script(tmp_path):
    def write(text, name="main.py"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text), encoding="utf-8")
        return file

    return write


def lines(file, *asked):
    """What sets breakpoints on lines of a file before it runs."""
    return lambda client: client.ask(
        "setBreakpoints", source={"path": str(file)}, breakpoints=list(asked)
    )


def names(client):
    """The frames of the stack, without their gradients."""
    return [frame["name"].partition("   ")[0] for frame in client.stack()]


# -- moving --------------------------------------------------------------------------------------


def test_a_pass_forward_and_back(client, script):
    file = script(AROUND)
    client.launch(file)
    assert client.stopped() == ("entry", "step 0 of 8")
    assert names(client) == ["loss = (h - 1)² + w²"]
    assert client.move("next") == ("step", "step 2 of 8")
    for _ in range(5):
        reason, where = client.move("stepIn")
    assert (reason, where) == ("step", "step 7 of 8")
    top, *others = client.stack()
    assert names(client) == ["z = x·w", "h = tanh(z)", "h - 1", "(h - 1)²", "loss = (h - 1)² + w²"]
    assert [top[key] for key in ("line", "column", "endLine", "endColumn")] == [5, 5, 5, 10]
    assert top["source"]["path"] == str(file)
    assert [(frame["line"], frame["column"], frame["endColumn"]) for frame in others] == [
        (6, 5, 13),
        (7, 9, 16),
        (7, 8, 22),
        (7, 8, 31),
    ]
    assert client.scopes() == {
        "Values": {
            "x": "0.5   grad 2.066",
            "w": "-3   grad -6 …",
            "z": "-1.5   grad -0.6885",
            "h": "-0.9051   grad -3.81",
            "loss": "12.63   grad 1",
        },
        "This step": {
            "step": "7 of 8",
            "node": "z = x·w",
            "parent": "x",
            "upstream": "-0.6885",
            "local": "-3",
            "contribution": "+2.066",
            "sum": "0 → 2.066",
        },
        "Sum behind x.grad": {"1 from z = x·w": "+2.066"},
    }
    assert client.scopes(2)["This step"]["contribution"] == "-0.6885"
    assert client.move("stepOut") == ("step", "step 8 of 8, the end of the pass")
    assert client.move("stepBack") == ("step", "step 7 of 8")
    assert client.move("restartFrame", frameId=2) == ("restart", "step 5 of 8")
    assert names(client)[0] == "h = tanh(z)"
    assert client.scopes()["This step"]["step"] == "6 of 8, to come"
    assert client.value("z.grad") == "0.0"
    assert client.move("reverseContinue") == ("step", "step 0 of 8")
    assert client.move("stepBack") == ("step", "step 0 of 8")
    assert client.move("continue") == ("step", "step 8 of 8, the end of the pass")
    client.ask("continue")
    status, written = client.end()
    assert status == 0 and written["stdout"].startswith("w.grad -6.344")


def random_graph(chance):
    """A graph of a few operations; its values in order, the root last."""
    values = [Value(chance.uniform(-2, 2), label=f"v{i}") for i in range(3)]
    for i in range(3, 9):
        a, b = chance.choice(values), chance.choice(values)
        values.append(chance.choice([a + b, a * b, a - b, a.tanh(), a * a, a / (b * b + 1.0)]))
        values[-1].label = f"v{i}"
    return values


def moments(root):
    """The grads of all labelled values after each += of a plain backward pass."""
    order, leaves = topological_order(root)
    root.grad = 1.0
    seen = [{v.label: v.grad for v in [*leaves, *order] if v.label}]
    for node in reversed(order):
        if node.grad == 0.0:
            continue
        for parent, local in zip(node.parents, node.local_derivatives()):
            parent.grad += node.grad * local
            if not parent.constant:
                seen.append({v.label: v.grad for v in [*leaves, *order] if v.label})
    return seen


def test_random_graphs_forward_and_back_bit_for_bit(script):
    seeds = range(4)
    program = f"""
        import random, sys
        sys.path.insert(0, {str(Path(__file__).parent)!r})
        from test_adapter import random_graph
        for seed in {list(seeds)}:
            values = random_graph(random.Random(seed))
            values[-1].backward()
            print([value.grad for value in values])
        """
    with Client() as client:
        client.launch(script(program))
        for seed in seeds:
            values = random_graph(random.Random(seed))
            expected = moments(values[-1])

            def grads(moment):
                return {label: float(client.value(f"{label}.grad")) for label in moment}

            client.stopped()
            for i, moment in enumerate(expected):
                assert grads(moment) == moment
                if i + 1 < len(expected):
                    client.move("stepIn")
            for moment in expected[-2::-1]:
                client.move("stepBack")
                assert grads(moment) == moment
            for _ in range(3):
                client.move(random.Random(seed).choice(["next", "stepIn", "continue"]))
            client.move("reverseContinue")
            assert grads(expected[0]) == expected[0]
            client.move("continue")
            assert grads(expected[-1]) == expected[-1]
            client.ask("continue")
        _, written = client.end()
    finals = [random_graph(random.Random(seed)) for seed in seeds]
    for values in finals:
        moments(values[-1])
    assert written["stdout"].splitlines() == [str([v.grad for v in values]) for values in finals]


@pytest.mark.slow
def test_a_hundred_thousand_contributions(script):
    file = script("""
        from engine import Value
        x = Value(0.5, label="x")
        y = x
        for turn in range(33_334):
            y = y * 1.0001 + x
        y.label = "y"
        y.backward()
        """)
    with Client() as client:
        client.launch(file, before=lines(file, {"line": 6, "hitCondition": "% 10000"}))
        for count in (1, 2, 3):
            assert client.stopped() == ("breakpoint", f"step {3 * 10_000 * count - 3} of 100002")
            client.ask("continue")
        assert client.stopped()[1].endswith("the end of the pass")
        total = float(client.value("x.grad"))
        frames = client.ask("stackTrace", threadId=1, startFrame=0, levels=20)
        assert len(frames["stackFrames"]) == 20 and "totalFrames" not in frames
        assert len(client.stack(startFrame=66_660, levels=50)) == 8
        for _ in range(20):
            client.move("stepBack")
            client.stack(levels=20), client.scopes()
        client.ask("setBreakpoints", source={"path": str(file)}, breakpoints=[])
        assert client.move("reverseContinue")[1] == "step 0 of 100002"
        client.ask("setFunctionBreakpoints", breakpoints=[{"name": "x", "condition": "x.grad < 0"}])
        with client.together():
            going, pausing = client.send("continue", threadId=1), client.send("pause", threadId=1)
        client.answer(going), client.answer(pausing)
        assert client.stopped()[0] == "pause"
        client.ask("setFunctionBreakpoints", breakpoints=[])
        assert float(client.value("x.grad")) == 0.0
        client.move("continue")
        assert float(client.value("x.grad")) == total


def test_passes_follow_one_another(script):
    program = """
        from engine import Value
        w = Value(0.0, label="w")
        for turn in range(4):
            loss = (w - 1.0) ** 2
            w.grad = 0.0
            loss.backward()
            w.data -= 0.1 * w.grad
        """
    with Client() as client:
        client.launch(script(program))
        assert client.stopped() == ("entry", "step 0 of 2")
        client.move("continue")
        assert client.move("stepIn") == ("entry", "step 0 of 2")
        assert client.ask("threads")["threads"] == [{"id": 1, "name": "backward() no. 2"}]
        info = client.ask("dataBreakpointInfo", name="w.data")
        client.ask("setDataBreakpoints", breakpoints=[{"dataId": info["dataId"]}])
        client.move("continue")
        assert client.move("continue") == ("data breakpoint", "step 0 of 2")
        assert client.value("pass") == "3.0"
        client.ask("setDataBreakpoints", breakpoints=[])
        client.console("pass 4")
        assert client.stopped()[0] == "entry"
        assert client.value("pass") == "4.0" and client.value("w.previous")[:5] == "-1.27"
        client.console("q")
        assert client.end()[0] == 0


# -- stops ---------------------------------------------------------------------------------------


def test_a_line_stops_once_for_each_execution(script):
    file = script(LOOP)
    with Client() as client:
        client.launch(file, before=lines(file, {"line": 6}))
        for position in (0, 4, 8):
            assert client.stopped() == ("breakpoint", f"step {position} of 12")
            assert client.stack()[0]["line"] == 6
            client.ask("continue")
        assert client.stopped()[1].endswith("the end of the pass")


def test_a_column_chooses_a_subexpression(script):
    file = script(AROUND)
    source = {"path": str(file)}
    with Client() as client:
        client.launch(file)
        client.stopped()
        found = client.ask("breakpointLocations", source=source, line=7)["breakpoints"]
        assert [(each["column"], each["endColumn"]) for each in found] == [
            (8, 22),  # (h - 1.0) ** 2
            (9, 16),  # h - 1.0
            (22, 31),  # the sum begins as its first term does: its dot is at the plus
            (25, 31),  # w ** 2
        ]
        (state,) = client.ask(
            "setBreakpoints", source=source, breakpoints=[{"line": 7, "column": 9}]
        )["breakpoints"]
        assert state["verified"]
        assert client.move("continue") == ("breakpoint", "step 4 of 8")
        assert names(client)[0] == "h - 1"


def test_conditions_hit_counts_and_verification(script):
    file = script(LOOP)

    def before(client):
        states = lines(
            file,
            {"line": 6, "condition": "node.data < 3.6", "hitCondition": "2"},
            {"line": 1},
            {"line": 6, "hitCondition": "soon"},
            {"line": 6, "condition": "x +"},
        )(client)["breakpoints"]
        assert [state["verified"] for state in states] == [False] * 4
        assert "hit count is a number" in states[2]["message"]
        assert "a formula is arithmetic" in states[3]["message"]

    with Client() as client:
        client.launch(file, before=before)
        changed = client.event("breakpoint")
        assert changed["reason"] == "changed" and changed["breakpoint"]["verified"]
        stop = client.event("stopped")
        assert stop["description"] == "step 8 of 12"
        assert stop["hitBreakpointIds"] == [changed["breakpoint"]["id"]]
        states = lines(file, {"line": 1}, {"line": 3})(client)["breakpoints"]
        assert [state["verified"] for state in states] == [False, True]
        assert "line 1 has made no value" in states[0]["message"]


def test_function_and_data_breakpoints(script):
    file = script(AROUND)

    def before(client):
        states = client.ask(
            "setFunctionBreakpoints",
            breakpoints=[
                {"name": "tanh"},
                {"name": "w", "condition": "w.grad < -6.1"},
                {"name": "?"},
            ],
        )["breakpoints"]
        assert not any(state["verified"] for state in states)
        assert [state["message"] for state in states] == [
            f"stops at {name}, once a backward() has a value or an operation of that name"
            for name in ("tanh", "w", "?")
        ]
        asked = [{"dataId": "w.grad"}, {"dataId": "nothing"}]
        states = client.ask("setDataBreakpoints", breakpoints=asked)["breakpoints"]
        assert [state["message"] for state in states] == [
            f"stops when {name} changes, once a backward() has it" for name in ("w.grad", "nothing")
        ]
        client.ask("setDataBreakpoints", breakpoints=[])

    with Client() as client:
        client.launch(file, before=before)
        assert client.stopped() == ("function breakpoint", "step 5 of 8")
        assert names(client)[0] == "h = tanh(z)"
        assert client.move("continue") == (
            "function breakpoint",
            "step 8 of 8, the end of the pass",
        )
        states = client.ask("setFunctionBreakpoints", breakpoints=[])["breakpoints"]
        assert states == []
        info = client.ask("dataBreakpointInfo", name="w", variablesReference=1)
        assert info["dataId"] == "w.grad" and info["accessTypes"] == ["write"]
        assert client.ask("dataBreakpointInfo", name="nothing")["dataId"] is None
        client.ask(
            "setDataBreakpoints",
            breakpoints=[
                {"dataId": "w.grad", "condition": "w.grad == 0"},
                {"dataId": "x.grad", "hitCondition": "== 2"},
            ],
        )
        assert client.move("reverseContinue") == ("data breakpoint", "step 2 of 8")
        assert client.move("continue") == ("data breakpoint", "step 7 of 8")  # x, its second change


def test_the_first_nan_and_the_first_inf(script):
    program = """
        from engine import Value
        x = Value(0.0, label="x")
        h = x.sqrt()
        h.label = "h"
        y = h * x + h * 3.0
        y.backward()
        """

    def before(client):
        client.ask("setExceptionBreakpoints", filters=["nan", "inf", "unheard of"])

    with Client() as client:
        client.launch(script(program), before=before)
        filters = client.capabilities["exceptionBreakpointFilters"]
        assert {each["filter"] for each in filters} == {"nan", "inf"}
        assert client.stopped() == ("exception", "step 6 of 6, the end of the pass")
        info = client.ask("exceptionInfo", threadId=1)
        assert info["exceptionId"] == "inf" and "inf arrived in x.grad" in info["description"]
        assert "+inf  from h = sqrt(x)" in info["details"]["stackTrace"]
        client.move("stepBack")
        with pytest.raises(Failed, match="not at a nan"):
            client.ask("exceptionInfo", threadId=1)


def test_the_path_leads_to_where_nan_came_from(script):
    program = """
        from engine import Value
        x = Value(-1.0, label="x")
        z = x * 1.0
        y = z * 1e9 + z.sqrt() + z * 1e9
        y.backward()
        """

    def before(client):
        client.ask("setExceptionBreakpoints", filters=["nan"])

    with Client() as client:
        client.launch(script(program), before=before)
        assert client.stopped()[0] == "exception"
        assert client.ask("exceptionInfo", threadId=1)["exceptionId"] == "nan"
        assert names(client)[0] == "sqrt(z)"
        client.move("continue")  # nan goes on to x, but it is the first that counts
        assert client.value("x.grad") == "nan" and names(client)[:2] == ["z = x·1", "sqrt(z)"]


def test_a_value_that_sends_nothing_stops_and_says_why(script):
    program = """
        from engine import Value
        x, w = Value(2.0, label="x"), Value(-1.0, label="w")
        z = x * w
        h = z.relu()
        y = h * 3.0 + 1.0
        y.backward()
        """

    def before(client):
        client.ask("setFunctionBreakpoints", breakpoints=[{"name": "z"}])

    with Client() as client:
        client.launch(script(program), before=before)
        assert client.event("stopped")["text"].startswith("breakpoint 1: z; z = x·w sends nothing")
        assert names(client)[:2] == ["z = x·w", "h = relu(z)"]
        said = client.written()["console"]
        assert said.startswith("backward pass of y = h·3 + 1 = 1")
        assert "stopped at breakpoint 1: z; z = x·w sends nothing" in said


def test_pause_while_the_program_runs_and_while_it_waits(script):
    program = """
        import time
        from engine import Value
        x = Value(1.0, label="x")
        while True:
            y = x * x
            time.sleep(0.01)
            y.backward()
            print("swept")
        """
    file = script(program)
    with Client() as client:
        client.launch(file, before=lines(file, {"line": 6, "condition": "x.data > 5"}))
        client.wrote("swept")
        with pytest.raises(Failed, match="the program is running: pause stops it"):
            client.ask("stackTrace", threadId=1)
        for command in ("next", "continue", "stepBack", "restartFrame"):
            with pytest.raises(Failed, match="running"):
                client.ask(command, threadId=1, frameId=1)
        assert client.ask("threads")["threads"] == [{"id": 1, "name": "the program"}]
        client.ask("pause", threadId=1)
        assert client.stopped()[0] == "pause"
        assert client.move("stepIn") == ("step", "step 1 of 2")
        client.ask("setFunctionBreakpoints", breakpoints=[{"name": "multiply"}])
        client.move("continue")
        client.ask("continue")
        assert client.stopped()[0] == "function breakpoint"


# -- evaluating ----------------------------------------------------------------------------------


def test_values_open_into_their_sums_and_hovers_are_answered(script):
    with Client() as client:
        client.launch(script(AROUND))
        client.stopped()
        client.move("continue")
        answer = client.ask("evaluate", expression="w", context="hover")
        assert answer["result"] == "-3   grad -6.344"
        inside = client.variables(answer["variablesReference"])
        assert {name: each["value"] for name, each in inside.items()} == {
            "data": "-3.0",
            "grad": repr(-6.0 + float(client.value("z.grad")) * 0.5),
            "1 from w²": "-6",
            "2 from z = x·w": "-0.3443",
        }
        above = client.variables(inside["2 from z = x·w"]["variablesReference"])
        assert above["1 from h = tanh(z)"]["value"] == "-0.6885"
        assert client.value("abs(w.grad) > 6 and 2 * x.data") == "1.0"
        for text in ("w.backward", "__import__('os')", ""):
            with pytest.raises(Failed):
                client.ask("evaluate", expression=text, context="hover")
        client.move("stepBack")
        with pytest.raises(Failed, match="earlier moment"):
            client.variables(99)


def test_the_console_takes_the_commands_of_the_debugger(script):
    with Client() as client:
        client.launch(script(AROUND))
        client.stopped()
        assert client.console("unt h").endswith("h.grad = -3.81, complete")
        client.event("continued")
        assert client.stopped() == ("goto", "step 5 of 8")
        assert "w.grad = -6" in client.console("why w")
        assert client.console("w.grad * 2") == "-12"
        assert client.console("nonsense").startswith("*** no command nonsense")
        assert client.console("b z") == "breakpoint 1 at z"
        client.console("c")
        assert client.stopped() == ("breakpoint", "step 6 of 8")
        (state,) = client.ask("setFunctionBreakpoints", breakpoints=[{"name": "x"}])["breakpoints"]
        client.console("cl")
        assert client.event("breakpoint")["reason"] == "removed"
        assert "no breakpoints" in client.console("info breakpoints") and state["id"] == 2
        labels = {
            target["label"]
            for target in client.ask("completions", text="watch w", column=8)["targets"]
        }
        assert labels == {"w", "w.grad", "w.data"}
        (target,) = client.ask("completions", text="rest", column=5)["targets"]
        assert target == {"label": "restart", "start": 1, "length": 4}
        assert (
            client.ask("completions", text="info le", column=8)["targets"][0]["label"] == "leaves"
        )


def test_predict_asks_and_the_next_line_is_the_answer(script):
    with Client() as client:
        client.launch(script(AROUND))
        client.stopped()
        assert client.console("predict z") == "z.grad will be?"
        assert client.console("-7.26").splitlines()[0].startswith("no: the slope of tanh")
        assert client.value("x") == "0.5   grad 0 …"
        assert client.console("-0.6885").startswith("right")
        assert client.move("stepIn") == ("step", "step 1 of 8")
        client.console("predict")
        client.ask("terminate")
        client.end()


# -- the program ---------------------------------------------------------------------------------


def test_a_program_gets_its_arguments_folder_environment_and_streams(script, tmp_path):
    script("", "package/__init__.py")
    script("", "package/part.py")
    script(
        """
        import os, subprocess, sys
        from . import part
        print(sys.argv[1:], os.environ["COLOUR"], os.environ.get("HOME"), os.getcwd())
        print("no newline", end="", file=sys.stderr)
        subprocess.run([sys.executable, "-c", "print('Content-Length: 5')"])
        sys.stdout.buffer.write("ü€".encode() + b"\\xff\\n")
        try:
            input()
        except EOFError:
            print("nothing to read")
        sys.exit("at the end")
        """,
        "package/train.py",
    )
    with Client() as client:
        client.launch(
            module="package.train",
            args=["--epochs", "3"],
            cwd=str(tmp_path),
            env={"COLOUR": "blue", "HOME": None},
        )
        status, written = client.end()
    assert status == 1
    assert (
        written["stdout"] == f"['--epochs', '3'] blue None {tmp_path}\nü€\ufffd\nnothing to read\n"
    )
    assert written["stderr"] == "no newlineat the end\n"


@pytest.mark.parametrize(
    ("program", "status", "said"),
    [
        ("from engine import Value\n1 / 0", 1, "line 2, in <module>"),
        ("def f(:", 1, "SyntaxError"),
        ("raise SystemExit(3)", 3, ""),
        ("from engine import Value\n(Value(1.0) * 2.0).nothing()", 1, "AttributeError"),
    ],
)
def test_a_program_that_raises_ends_in_words(script, program, status, said):
    with Client() as client:
        client.launch(script(program))
        ended, written = client.end()
        assert ended == status == client.process.returncode
        assert said in written.get("stderr", "")
        assert "engine/debugger" not in written.get("stderr", "")
        assert client.process.stderr.read() == b""


def test_what_cannot_be_started_is_said(script, tmp_path):
    file = str(script(AROUND))
    wrong = [
        ({"program": str(tmp_path / "absent.py")}, "there is no file .*absent.py"),
        ({"program": str(tmp_path)}, "there is no file"),
        ({}, "a launch needs a program"),
        ({"program": file, "module": "main"}, "and not both"),
        ({"program": 3}, "program is a text, not 3"),
        ({"program": file, "cwd": "/absent"}, "there is no folder /absent"),
        ({"program": file, "args": 3}, "args is a list"),
        ({"program": file, "env": {"A": 1}}, "env is names and texts"),
    ]
    with Client() as client:
        client.ask("initialize")
        for arguments, said in wrong:
            with pytest.raises(Failed, match=said):
                client.ask("launch", **arguments)
        client.launch(module="absent.module")
        status, written = client.end()
        assert status == 1 and "No module named 'absent'" in written["stderr"]


def test_without_debugging_nothing_stops(script):
    file = script(AROUND)
    with Client() as client:
        client.launch(file, before=lines(file, {"line": 5}), noDebug=True)
        status, written = client.end()
        assert status == 0 and written == {"stdout": "w.grad -6.344272937567423\n"}


def test_entry_is_a_stop_on_request(script):
    file = script(AROUND)
    with Client() as client:
        client.launch(file, before=lines(file, {"line": 5}), stopOnEntry=True, highlight=False)
        assert client.stopped() == ("entry", "step 0 of 8")
        assert "endColumn" not in client.stack()[0]
        assert client.move("continue") == ("breakpoint", "step 6 of 8")


# -- ends ----------------------------------------------------------------------------------------

ENDLESS = """
    import time
    from engine import Value
    x = Value(1.0, label="x")
    y = x * x
    y.backward()
    print("asleep", flush=True)
    try:
        time.sleep(60)
    finally:
        print("cleared up", flush=True)
    """
STUBBORN = """
    from engine import Value
    x = Value(1.0, label="x")
    print("running", flush=True)
    while True:
        try:
            y = x * x
            y.backward()
        except:
            pass
    """


def test_a_program_is_ended_while_it_sleeps(script):
    with Client() as client:
        client.launch(script(ENDLESS))
        client.stopped()
        client.move("continue")
        client.ask("continue")
        client.wrote("asleep")
        client.ask("terminate")
        status, written = client.end()
        assert status == 0 and "cleared up" in written["stdout"]


@pytest.mark.parametrize("command", ["terminate", "disconnect"])
def test_a_program_that_catches_everything_is_ended(script, command):
    with Client() as client:
        client.launch(script(STUBBORN))
        client.stopped()
        client.ask(command)
        client.process.wait(timeout=LIMIT)


def test_a_program_that_cannot_be_ended_is_ended_all_the_same(script):
    program = """
        import time
        print("asleep")
        while True:
            try:
                time.sleep(60)
            except BaseException:
                pass
        """
    with Client() as client:
        client.launch(script(program))
        client.wrote("asleep")
        client.ask("disconnect")
        assert client.process.wait(timeout=LIMIT) == 1


def test_a_client_that_vanishes(client, script):
    client.launch(script(ENDLESS))
    client.stopped()
    if hasattr(client, "socket"):
        client.socket.shutdown(2)
    else:
        client.sink.close()
    client.process.wait(timeout=LIMIT)
    assert b"Traceback" not in client.process.stderr.read()


def test_a_client_that_vanishes_while_the_program_runs_or_before(script):
    with Client() as early, Client() as late:
        early.ask("initialize")
        early.sink.write(b"Content-Length: 100\r\n\r\n{")
        early.sink.close()
        late.launch(script(ENDLESS))
        late.stopped()
        late.move("continue")
        late.ask("continue")
        late.wrote("asleep")
        late.sink.close()
        for client in (early, late):
            client.process.wait(timeout=LIMIT)


# -- mistakes of a client ------------------------------------------------------------------------


def problem(client):
    """The message of an error that answers no request that could be read."""
    return client.wait(lambda m: m["type"] == "response" and not m["success"])["message"]


def test_malformed_messages_are_answered(client, script):
    for message, said in [
        (b"Hello: there\r\n\r\n", "Content-Length"),
        (b"Content-Length: -5\r\n\r\n", "Content-Length"),
        (b"Content-Length: many\r\n\r\n", "Content-Length"),
        (b"Content-Length: 999999999\r\n\r\n", "Content-Length"),
        (b"Content-Length: 3\r\n\r\n{{{", "JSON"),
        (b"Content-Length: 2\r\n\r\n\xff\xfe", "JSON"),
        (b"Content-Length: 2\r\n\r\n[]", "object"),
        (b"Content-Length: 2\r\n\r\n{}", "command is missing"),
        (b'Content-Length: 13\r\n\r\n{"command":3}', "command is a text, not 3"),
        (b'\r\nContent-Length: 17\r\n\r\n{"command":"fly"}', "'fly' is not supported"),
    ]:
        client.write(message)
        assert said in problem(client)
    deep = b"[" * 100_000
    client.write(b"Content-Length: %d\r\n\r\n%s" % (len(deep), deep))
    assert "JSON" in problem(client)
    client.launch(script(AROUND))
    assert client.stopped() == ("entry", "step 0 of 8")


JUNK = [
    {},
    {"source": 3, "breakpoints": 3, "name": 3, "expression": 3, "text": 3, "frameId": "one"},
    {"source": {}, "breakpoints": [3], "filters": [3, None], "threadId": "x", "levels": -1},
    {
        "source": {"path": "\0"},
        "breakpoints": [{"line": -1, "name": "\0", "dataId": "("}],
        "line": 0,
    },
    {"source": {"path": "a"}, "breakpoints": [{"line": 10**30, "column": -5}], "endLine": 10**9},
    {"frameId": -1, "variablesReference": -7, "start": -1, "count": -1, "expression": "x" * 10_000},
    {
        "frameId": 10**40,
        "variablesReference": True,
        "text": "\ud800",
        "column": 10**9,
        "name": "x.",
    },
]


def test_requests_out_of_order_and_of_no_sense_are_answered(script):
    commands = [
        name for name in answers.ANSWERS if name not in ("terminate", "disconnect", "launch")
    ]
    moving = {"configurationDone", "initialize", "continue", "stepIn", "stepOut", "next"}

    def try_all(client, commands):
        sent = [client.send(command, **junk) for command in commands for junk in JUNK]
        for number in sent:
            client.response(number)

    with Client() as client:
        for command in ("stackTrace", "next", "stepBack", "scopes", "evaluate", "restartFrame"):
            with pytest.raises(Failed, match="the program is running"):
                client.ask(command, expression="x", frameId=1)
        client.ask("configurationDone")
        try_all(client, commands)
        client.ask("launch", program=str(script(AROUND)))
        client.stopped()
        with pytest.raises(Failed, match="an adapter runs one"):
            client.ask("launch", program="main.py")
        try_all(client, [name for name in commands if name not in moving])
        client.console("restart")
        client.ask("setFunctionBreakpoints", breakpoints=[])
        client.waiting.clear()
        assert client.move("stepIn") == ("step", "step 1 of 8")
        assert client.value("x.data") == "0.5"


def test_random_requests_leave_every_gradient_as_stepping_does(script):
    chance = random.Random(15)
    moves = ["stepIn", "next", "stepBack", "reverseContinue", "continue", "pause", "restartFrame"]
    lines_typed = ["b z", "watch w", "rs 2", "goto 3", "cl", "unt h", "rn", "rc", "tbreak multiply"]
    with Client() as client:
        client.launch(script(AROUND))
        client.stopped()
        names = {}
        exec(AROUND.replace("loss.backward()", ""), names)
        expected = moments(names["loss"])
        at = 0
        for _ in range(120):
            if chance.random() < 0.3:
                client.console(chance.choice(lines_typed))
            elif at == len(expected) - 1:
                client.ask("stepBack")
            else:
                client.ask(chance.choice(moves), frameId=1)
            at = position(client, at)
            grads = {label: float(client.value(f"{label}.grad")) for label in expected[at]}
            assert grads == expected[at]


def position(client, before):
    """Where the last stop was, after a request that may have moved."""
    while True:
        try:
            client.value("x")
            break
        except Failed:  # still running
            pass
    stops = [m["body"]["description"] for m in client.waiting if m.get("event") == "stopped"]
    client.waiting.clear()
    return int(stops[-1].split()[1]) if stops else before


# -- parts ---------------------------------------------------------------------------------------


def test_hit_counts():
    def hits(text):
        return [count for count in range(1, 8) if counter(text)(count)]

    assert hits("3") == hits(">= 3") == hits(">2") == [3, 4, 5, 6, 7]
    assert hits("== 3") == hits("=3") == [3]
    assert hits("% 3") == [3, 6] and hits("% 0") == []
    assert hits("< 3") == hits("<=2") == [1, 2]
    for text in ("%= 3", "!3", "-1", "three", "3.5", "1 2"):
        with pytest.raises(Refused, match="a hit count is a number"):
            counter(text)


def test_dots_are_at_columns_of_their_own():
    spans = [(0, 3), (0, 7), (0, 12), (10, 12)]
    marked = dots(spans)
    assert marked == {0: (0, 3), 3: (0, 7), 7: (0, 12), 10: (10, 12)}
    assert outermost(spans) == {(0, 12)} and outermost([(0, 3), (5, 8)]) == {(0, 3), (5, 8)}


def test_columns_count_utf16_units_from_where_the_client_does():
    text = "𝑥𝑦 = a*b"
    for first in (0, 1):
        counting = Counting(first, first)
        assert counting.column(text, 5) == 7 + first
        assert counting.our_column(text, 7 + first) == 5
        assert counting.our_line(counting.line(3)) == 3 and counting.line(1) == first


# -- the extension -------------------------------------------------------------------------------


def test_the_vsix_holds_an_extension(tmp_path):
    said = extension.install(tmp_path, programs=())
    assert said[0] == f"written: {tmp_path / 'gradients.vsix'}" and "Install from VSIX" in said[-1]
    with zipfile.ZipFile(tmp_path / "gradients.vsix") as file:
        assert file.testzip() is None
        package = json.loads(file.read("extension/package.json"))
        script = file.read("extension/extension.js").decode()
        assert b'Publisher="chainrule"' in file.read("extension.vsixmanifest")
    settings = package["contributes"]["configuration"]["properties"]
    assert settings["gradients.python"]["default"] == sys.executable
    assert package["contributes"]["debuggers"][0]["type"] == "gradients"
    assert package["contributes"]["configurationDefaults"]["debug.inlineValues"] == "on"
    assert len(script.splitlines()) <= 10
    launch = package["contributes"]["debuggers"][0]["configurationAttributes"]["launch"]
    assert {"program", "module", "args", "cwd", "env", "stopOnEntry", "highlight"} <= set(
        launch["properties"]
    )


@pytest.mark.skipif(os.name == "nt", reason="the editor is a shell script")
def test_editors_that_are_there_install_it(tmp_path, monkeypatch):
    for name, line in (("code", 'echo "$@" > said'), ("codium", "echo no room >&2; exit 3")):
        (tmp_path / name).write_text(f"#!/bin/sh\ncd {tmp_path}\n{line}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    monkeypatch.chdir(tmp_path)
    said = extension.install(programs=("code", "codium", "cursor"))
    assert said[2:] == [
        f"installed by {tmp_path / 'code'}: open a Python file there and press F5",
        f"{tmp_path / 'codium'} did not install it: no room",
    ]
    words = (tmp_path / "said").read_text().split()
    assert words == ["--install-extension", str(tmp_path / "gradients.vsix"), "--force"]


def test_the_command_line(tmp_path):
    def dap(*arguments):
        command = [sys.executable, "-m", "engine", "dap", *arguments]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PATH": ""}
        return subprocess.run(
            command, capture_output=True, text=True, cwd=tmp_path, env=environment, timeout=LIMIT
        )

    assert "written: " in dap("--install").stdout and (tmp_path / "gradients.vsix").is_file()
    wrong = dap("--port", "70000")
    assert wrong.returncode == 1 and "from 0 (any free one) to 65535, not 70000" in wrong.stderr
