r"""Messages of the Debug Adapter Protocol: read from a client, checked, and written to it.

>>> import io
>>> message = b'{"seq": 1, "type": "request", "command": "threads"}'
>>> client = io.BytesIO(b"Content-Length: %d\r\n\r\n%s" % (len(message), message))
>>> Connection(client, io.BytesIO()).read()
{'seq': 1, 'type': 'request', 'command': 'threads'}

A message is a header, an empty line, and a body of JSON. The protocol:
https://microsoft.github.io/debug-adapter-protocol/specification
"""

import codecs
import io
import json
import threading
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO, cast

from ..evaluate import Refused

LONGEST_LINE = 4096  # bytes of a header
LONGEST_BODY = 1 << 26  # bytes; no client sends as much
_KINDS = {str: "a text", int: "a whole number", bool: "true or false", list: "a list"}

Arguments = Mapping[str, Any]
Body = dict[str, Any]


class Malformed(ValueError):
    """What was read is no message; the one behind it can be read all the same."""


class Connection:
    """A client at the other end of two streams. Any thread may write; one thread reads."""

    def __init__(self, source: BinaryIO, sink: BinaryIO):
        self.source, self.sink = source, sink
        self.gone = False  # whether the client has closed its end
        self._sequence = 0
        self._lock = threading.Lock()

    def read(self) -> Body | None:
        """Return the next message, None at the end. Raises Malformed for what is no message."""
        length = self._read_header()
        if length is None:
            return None
        body = self.source.read(length)
        if len(body) < length:
            return None
        try:
            message = json.loads(body)
        except (ValueError, RecursionError):
            raise Malformed("the body of a message is JSON; this one is not") from None
        if not isinstance(message, dict):
            raise Malformed("a message is a JSON object, {…}; this one is not")
        return message

    def _read_header(self) -> int | None:
        """Return the length of the body; None where the stream ends before it."""
        length, empty = "", True
        while (line := self.source.readline(LONGEST_LINE)).strip() or (line and empty):
            empty = empty and not line.strip()
            name, _, value = line.decode("latin-1").partition(":")
            if name.strip().lower() == "content-length":
                length = value.strip()
        if not line:
            return None
        if not length.isdecimal() or len(length) > 9 or int(length) > LONGEST_BODY:
            raise Malformed("a message begins with Content-Length: and a number of bytes")
        return int(length)

    def event(self, name: str, **body: Any) -> None:
        """Tell the client of something."""
        self._write({"type": "event", "event": name, "body": body})

    def answer(self, request: Body, body: Body | None = None, problem: str = "") -> None:
        """Answer a request, or say why it can't be done."""
        response: Body = {
            "type": "response",
            "request_seq": _whole(request.get("seq")),
            "command": str(request.get("command", "")),
            "success": not problem,
        }
        if problem:
            error = {"id": 1, "format": "{problem}", "variables": {"problem": problem}}
            response |= {"message": problem, "body": {"error": {**error, "showUser": True}}}
        elif body:
            response["body"] = body
        self._write(response)

    def _write(self, message: Body) -> None:
        if self.gone:
            return
        with self._lock:
            self._sequence += 1
            text = json.dumps({"seq": self._sequence, **message}).encode("ascii")
            try:
                self.sink.write(b"Content-Length: %d\r\n\r\n%s" % (len(text), text))
                self.sink.flush()
            except (OSError, ValueError):  # the client has gone; the reader will notice, too
                self.gone = True


def _whole(number: Any) -> int:
    return number if type(number) is int else 0


def take(arguments: Arguments, name: str, kind: type, default: Any = ...) -> Any:
    """Return an argument of a request, the default where it is left out or null.

    Raises Refused where it is of another kind, or missing and without a default.

    >>> take({"line": 3}, "line", int), take({}, "column", int, None)
    (3, None)
    """
    value = arguments.get(name)
    if value is None and default is not ...:
        return default
    if value is None:
        raise Refused(f"{name} is missing: it is {_KINDS.get(kind, 'an object')}")
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise Refused(f"{name} is {_KINDS.get(kind, 'an object')}, not {value!r:.40}")
    return value


def output(connection: Connection, category: str) -> io.TextIOWrapper:
    """Return a stream whose text goes to the client line by line, as output of a category."""
    raw = _Output(lambda text: connection.event("output", category=category, output=text))
    buffered = io.BufferedWriter(cast(io.RawIOBase, raw))
    return io.TextIOWrapper(
        buffered, encoding="utf-8", errors="replace", newline="\n", line_buffering=True
    )


class _Output(io.RawIOBase):
    """A stream of bytes that gives the text in them to a function."""

    def __init__(self, send: Callable[[str], None]):
        self.send = send
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        if text := self.decoder.decode(bytes(data)):
            self.send(text)
        return len(data)
