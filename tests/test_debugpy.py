"""debugpy, the debugger of VS Code, driven over its protocol with the settings of .vscode/launch.json."""

import itertools
import json
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from loop import BACKWARD, ROOT, SUM

from engine.debugger import SKIPPED_MODULES
from engine.operations import OPERATIONS

pytest.importorskip("debugpy", reason="this is about debugpy")

PROGRAM = """\
from engine import Value
a, b = Value(2.0, label="a"), Value(-3.0, label="b")
root = (a * b).tanh()
root.backward()
"""


def settings():
    """The first configuration of launch.json, which may hold comments."""
    text = (ROOT / ".vscode" / "launch.json").read_text(encoding="utf-8")
    return json.loads(re.sub(r"^\s*//.*$", "", text, flags=re.MULTILINE))["configurations"][0]


class Client:
    """As much of the Debug Adapter Protocol as it takes to look at variables."""

    def __init__(self, port):
        deadline = time.monotonic() + 300
        while True:
            try:
                self.socket = socket.create_connection(("127.0.0.1", port), timeout=300)
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
        self.file = self.socket.makefile("rb")
        self.numbers = itertools.count(1)
        self.waiting = []

    def send(self, command, **arguments):
        number = next(self.numbers)
        body = json.dumps(
            {"seq": number, "type": "request", "command": command, "arguments": arguments}
        ).encode()
        self.socket.sendall(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        return number

    def ask(self, command, **arguments):
        number = self.send(command, **arguments)
        answer = self.until(lambda m: m["type"] == "response" and m["request_seq"] == number)
        assert answer["success"], answer
        return answer.get("body", {})

    def event(self, name):
        return self.until(lambda m: m["type"] == "event" and m["event"] == name)

    def until(self, wanted):
        for message in self.waiting:
            if wanted(message):
                self.waiting.remove(message)
                return message
        while not wanted(message := self.read()):
            self.waiting.append(message)
        return message

    def read(self):
        length = 0
        while (line := self.file.readline()) not in (b"\r\n", b""):
            length = int(line.partition(b":")[2])
        return json.loads(self.file.read(length))

    def stop(self):
        """Wait for a stop: the thread, the top frame, its variables by name."""
        thread = self.event("stopped")["body"]["threadId"]
        frame = self.ask("stackTrace", threadId=thread, levels=1)["stackFrames"][0]
        scope = self.ask("scopes", frameId=frame["id"])["scopes"][0]
        reference = scope["variablesReference"]
        self.variables = self.ask("variables", variablesReference=reference)["variables"]
        return thread, frame, {variable["name"]: variable["value"] for variable in self.variables}

    def place(self):
        """Wait for a stop: the function, the file, the thread."""
        thread = self.event("stopped")["body"]["threadId"]
        frame = self.ask("stackTrace", threadId=thread, levels=1)["stackFrames"][0]
        return frame["name"], Path(frame["source"]["path"]).name, thread

    def step(self, thread, command):
        self.ask(command, threadId=thread)
        return self.stop()


@pytest.fixture
def client(tmp_path):
    (tmp_path / "program.py").write_text(PROGRAM, encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [
            sys.executable,
            "-Xfrozen_modules=off",
            "-m",
            "debugpy",
            "--listen",
            f"127.0.0.1:{port}",
            "--wait-for-client",
            str(tmp_path / "program.py"),
        ],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    talk = None
    try:
        talk = Client(port)
        talk.ask(
            "initialize",
            adapterID="debugpy",
            pathFormat="path",
            linesStartAt1=True,
            columnsStartAt1=True,
        )
        chosen = settings()
        talk.send(
            "attach",
            justMyCode=chosen["justMyCode"],
            rules=chosen["rules"],
            variablePresentation=chosen["variablePresentation"],
        )
        talk.event("initialized")
        yield talk
    finally:
        if talk:
            talk.socket.close()
        process.kill()
        process.wait()


def test_one_breakpoint_shows_everything_among_the_variables(client):
    client.ask("setBreakpoints", source={"path": str(BACKWARD)}, breakpoints=[{"line": SUM}])
    client.ask("configurationDone")
    thread, frame, names = client.stop()
    assert (frame["line"], Path(frame["source"]["path"]).name) == (SUM, "backward.py")
    assert names["node"].startswith("tanh(data=") and names["parent"].startswith("*(data=-6")
    assert float(names["local"]) == float(names["contribution"]) == pytest.approx(2.4576547405e-05)
    thread, _, names = client.step(thread, "continue")
    assert names["parent"].startswith("a(data=2") and float(names["local"]) == -3.0


def test_a_function_breakpoint_stops_in_the_rule(client):
    client.ask("setFunctionBreakpoints", breakpoints=[{"name": "multiply"}])
    client.ask("configurationDone")
    _, frame, names = client.stop()
    assert Path(frame["source"]["path"]).name == "operations.py"
    assert (float(names["x"]), float(names["y"])) == (2.0, -3.0)


def test_a_node_opens_to_its_numbers(client):
    """Not to the methods of Value, of which there are fifty."""
    client.ask("setBreakpoints", source={"path": str(BACKWARD)}, breakpoints=[{"line": SUM}])
    client.ask("configurationDone")
    client.stop()
    node = next(variable for variable in client.variables if variable["name"] == "node")
    inside = client.ask("variables", variablesReference=node["variablesReference"])["variables"]
    names = [variable["name"] for variable in inside]
    assert len(names) <= 12 and names.index("data") < 6
    assert {"data", "grad", "label", "operation", "parents"} <= set(names)
    values = {variable["name"]: variable["value"] for variable in inside}
    assert (float(values["data"]), float(values["grad"])) == (pytest.approx(-0.99998771165), 1.0)


EVERY = """\
from engine import Value
from engine.operations import OPERATIONS
for name, operation in OPERATIONS.items():
    numbers = [1.5] if name == "acosh" else [0.5, 0.6, 0.7][: operation.arity or 3]
    operation(*map(Value, numbers)).backward()
print("the end")
"""


@pytest.mark.slow
def test_a_function_breakpoint_stops_in_the_rule_of_every_operation(client, tmp_path):
    (tmp_path / "program.py").write_text(EVERY, encoding="utf-8")
    client.ask("setFunctionBreakpoints", breakpoints=[{"name": name} for name in OPERATIONS])
    client.ask(
        "setBreakpoints", source={"path": str(tmp_path / "program.py")}, breakpoints=[{"line": 6}]
    )
    client.ask("configurationDone")
    stopped = []
    while (place := client.place())[1] != "program.py":
        stopped.append(place)
        client.ask("continue", threadId=place[2])
    assert [
        name for name in OPERATIONS if (name, "operations.py") not in {p[:2] for p in stopped}
    ] == []


def test_the_rules_skip_the_modules_that_pdb_skips():
    paths = {rule["path"] for rule in settings()["rules"] if not rule["include"]}
    assert paths == {f"**/{name.replace('.', '/')}.py" for name in SKIPPED_MODULES}


def test_stepping_skips_the_sort(client, tmp_path):
    client.ask(
        "setBreakpoints", source={"path": str(tmp_path / "program.py")}, breakpoints=[{"line": 4}]
    )
    client.ask("configurationDone")
    thread, _frame, _ = client.stop()
    files = []
    for _ in range(40):
        thread, frame, _ = client.step(thread, "stepIn")
        files.append(Path(frame["source"]["path"]).name)
        if files[-1] == "backward.py" and frame["line"] == SUM:
            break
    assert files[-1] == "backward.py" and "graph.py" not in files and "ieee.py" not in files
