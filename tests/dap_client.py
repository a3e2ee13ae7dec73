"""A small client of the Debug Adapter Protocol, for the tests: it starts an adapter and drives it."""

import json
import os
import queue
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIMIT = 120  # seconds that any answer may take


class Failed(Exception):
    """The adapter has answered that a request can't be done."""


class Client:
    """An adapter in a process of its own, reached by its stdin and stdout or by a port."""

    def __init__(self, port=False, folder=None):
        command = [sys.executable, "-m", "engine", "dap", *["--port", "0"] * port]
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        self.source, self.sink = self.process.stdout, self.process.stdin
        if port:
            number = int(self.process.stdout.readline().rpartition(b":")[2])
            self.socket = socket.create_connection(("127.0.0.1", number))
            self.source, self.sink = self.socket.makefile("rb"), self.socket.makefile("wb")
        self.sequence, self.holding = 0, False
        self.arrived, self.waiting = queue.Queue(), []
        threading.Thread(target=self._listen, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            stream.close()

    def _listen(self):
        try:
            while header := self.source.readline():
                length = int(header.partition(b":")[2])
                assert self.source.readline() == b"\r\n"
                self.arrived.put(json.loads(self.source.read(length)))
        except (OSError, ValueError):
            pass
        self.arrived.put(None)

    # -- messages ------------------------------------------------------------------------------

    def write(self, data):
        self.sink.write(data)
        if not self.holding:
            self.sink.flush()

    @contextmanager
    def together(self):
        """Send several messages at once."""
        self.holding = True
        yield
        self.holding = False
        self.sink.flush()

    def send(self, command, **arguments):
        """Send a request; return its number."""
        self.sequence += 1
        message = {"seq": self.sequence, "type": "request", "command": command}
        body = json.dumps({**message, "arguments": arguments}).encode()
        self.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        return self.sequence

    def wait(self, wanted):
        """Return the first message that is wanted; keep the others, in their order."""
        for i, message in enumerate(self.waiting):
            if wanted(message):
                return self.waiting.pop(i)
        while True:
            message = self.arrived.get(timeout=LIMIT)
            assert message is not None, ("the adapter has gone", self.waiting)
            if wanted(message):
                return message
            self.waiting.append(message)

    def response(self, number):
        return self.wait(lambda m: m["type"] == "response" and m["request_seq"] == number)

    def answer(self, number):
        """Return the body of the response to a request."""
        message = self.response(number)
        if not message["success"]:
            raise Failed(message["message"])
        return message.get("body", {})

    def ask(self, command, **arguments):
        return self.answer(self.send(command, **arguments))

    def event(self, name):
        return self.wait(lambda m: m["type"] == "event" and m["event"] == name)["body"]

    # -- what every test does --------------------------------------------------------------------

    def launch(self, program=None, *, before=lambda client: None, **more):
        """Start a program; `before` sets breakpoints."""
        self.capabilities = self.ask("initialize", adapterID="gradients")
        self.event("initialized")
        started = self.send("launch", **({"program": str(program)} if program else {}), **more)
        before(self)
        self.ask("configurationDone")
        self.answer(started)

    def stopped(self):
        """Wait for a stop; return its reason and where it is."""
        body = self.event("stopped")
        return body["reason"], body["description"]

    def move(self, command, **arguments):
        self.ask(command, threadId=1, **arguments)
        return self.stopped()

    def stack(self, **arguments):
        return self.ask("stackTrace", threadId=1, **arguments)["stackFrames"]

    def variables(self, reference):
        """Return the variables of a reference by their names."""
        answer = self.ask("variables", variablesReference=reference)
        return {each["name"]: each for each in answer["variables"]}

    def scopes(self, frame=1):
        """Return the variables of each scope of a frame, as texts."""
        return {
            scope["name"]: {
                name: each["value"]
                for name, each in self.variables(scope["variablesReference"]).items()
            }
            for scope in self.ask("scopes", frameId=frame)["scopes"]
        }

    def value(self, text):
        return self.ask("evaluate", expression=text, context="watch")["result"]

    def console(self, line):
        return self.ask("evaluate", expression=line, context="repl")["result"]

    def wrote(self, text):
        """Wait until the program has written a text."""
        self.wait(lambda m: m.get("event") == "output" and text in m["body"]["output"])

    def end(self):
        """Wait for the end of the program; return its exit status and all that it has written."""
        status = self.event("exited")["exitCode"]
        self.event("terminated")
        written = self.written()
        self.ask("disconnect")
        self.process.wait(timeout=LIMIT)
        return status, written

    def written(self):
        """Return what has been written so far, by its category."""
        texts = {}
        for message in self.waiting:
            if message.get("event") == "output":
                body = message["body"]
                texts[body["category"]] = texts.get(body["category"], "") + body["output"]
        return texts
