"""Serve the built site on this computer or, if asked, to a room.

>>> address("", 8000), address("192.0.2.7", 8000)
('http://localhost:8000/', 'http://192.0.2.7:8000/')
"""

import functools
import socket
import sys
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

LOOPBACK = "127.0.0.1"
TO_THE_ROOM = (
    "Everybody in this network can open it. Under an address of http that is not localhost, a "
    "browser offers no service worker: the pages open only while this server runs, and what they "
    "keep of the workshop belongs to this address."
)


class Handler(SimpleHTTPRequestHandler):
    """Serves files, and logs nothing."""

    extensions_map = SimpleHTTPRequestHandler.extensions_map | {
        ".mjs": "text/javascript",
        ".js": "text/javascript",
        ".wasm": "application/wasm",
    }

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""

    def end_headers(self) -> None:
        """Let the browser ask every time whether a file has changed."""
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()


class Server(ThreadingHTTPServer):
    """Serves a room: thirty browsers ask for several files each at the same moment."""

    request_queue_size = 256

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keep quiet where a browser broke off, as it does when a page is closed."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def server(folder: Path, host: str = LOOPBACK, port: int = 8000) -> ThreadingHTTPServer:
    """Return a server of `folder`; port 0 is any that is free.

    Raises FileNotFoundError if nothing was built yet, and OSError if the port is taken.
    """
    if not (folder / "index.html").is_file():
        raise FileNotFoundError(f"{folder} holds no site: build it by  make site")
    try:
        return Server((host, port), functools.partial(Handler, directory=str(folder)))
    except OSError as error:
        raise OSError(f"port {port}: {error.strerror}: take another, as in --port 8001") from None


def serve(folder: Path, lan: bool, port: int) -> None:
    """Serve `folder` until Ctrl-C, and print the address; with `lan`, to the whole network."""
    with server(folder, "" if lan else LOOPBACK, port) as running:
        site = address(own_address() if lan else "", running.server_address[1])
        print(f"{site}   Ctrl-C ends it")
        print(f"{site}workshop/   the exercises")
        if lan:
            print(TO_THE_ROOM)
        running.serve_forever()


def address(host: str, port: int) -> str:
    """Return what is typed into a browser."""
    return f"http://{host or 'localhost'}:{port}/"


def own_address() -> str:
    """Return the address of this computer in its network; no packet is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # an address for documentation, never reached
            return str(probe.getsockname()[0])
        except OSError:
            return socket.gethostname()
