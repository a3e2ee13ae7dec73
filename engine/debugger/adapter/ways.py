"""How a client reaches the adapter: by its standard input and output, or by a port of this machine.

>>> serve(port=-1)
Traceback (most recent call last):
    ...
ValueError: a port is a number from 0 (any free one) to 65535, not -1
"""

import os
import socket
import sys

from .answers import ANSWERS
from .protocol import Connection
from .server import Adapter

HOST = "127.0.0.1"  # nobody else's: a client may run any program
HINT = """\
This program speaks the Debug Adapter Protocol with an editor, which starts it. To install what VS
Code needs: python -m engine dap --install. Other editors: docs/debugger.md. Ctrl-C leaves.
"""


def serve(port: int | None = None) -> int:
    """Serve one client, by stdin and stdout or at a port; return the exit status of its program.

    Port 0 is any free one; its number is printed. Raises ValueError for what is no port, and
    OSError where the port is taken.
    """
    return _serve_stdio() if port is None else _serve_port(port)


def _serve_stdio() -> int:
    """Speak through descriptors of our own: what else is written to 1 must not reach the client."""
    if sys.stdin and sys.stdin.isatty():
        sys.stderr.write(HINT)
    source, sink = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    return Adapter(Connection(source, sink), ANSWERS).serve()


def _serve_port(port: int) -> int:
    if not 0 <= port < 65536:
        raise ValueError(f"a port is a number from 0 (any free one) to 65535, not {port}")
    with socket.create_server((HOST, port)) as server:
        print(f"waiting for a client at {HOST}:{server.getsockname()[1]}", flush=True)
        client, _ = server.accept()
    with client:
        source, sink = client.makefile("rb"), client.makefile("wb")
        return Adapter(Connection(source, sink), ANSWERS).serve()
