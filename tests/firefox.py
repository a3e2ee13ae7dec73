"""Firefox without any library: its own protocol, Marionette, which is JSON on a socket."""

import json
import shutil
import socket
import subprocess
import time

PROGRAM = next(filter(None, map(shutil.which, ("firefox-esr", "firefox"))), None)


CENTRE = """(selector) => {
  const box = document.querySelector(selector).getBoundingClientRect();
  return [box.left + box.width / 2, box.top + box.height / 2];
}"""


class Firefox:
    """A headless Firefox with one page."""

    def __init__(self, folder):
        port = _free_port()
        (folder / "user.js").write_text(f'user_pref("marionette.port", {port});\n', "utf-8")
        self.process = subprocess.Popen(
            [PROGRAM, "--headless", "--no-remote", "--marionette", "--profile", str(folder)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            self.socket = _connected(port)
            self.count, self.rest = 0, b""
            self._read()  # it says hello
            self.call("WebDriver:NewSession", capabilities={"alwaysMatch": {}})
        except BaseException:
            self.process.kill()
            raise

    def call(self, command, **parameters):
        self.count += 1
        message = json.dumps([0, self.count, command, parameters])
        self.socket.sendall(f"{len(message.encode())}:{message}".encode())
        _, _, error, result = self._read()
        if error:
            raise RuntimeError(f"{command}: {error['message']}")
        return result

    def _read(self):
        while b":" not in self.rest:
            self.rest += self._more()
        size, _, self.rest = self.rest.partition(b":")
        while len(self.rest) < int(size):
            self.rest += self._more()
        message, self.rest = self.rest[: int(size)], self.rest[int(size) :]
        return json.loads(message)

    def _more(self):
        data = self.socket.recv(1 << 16)
        if not data:
            raise ConnectionError("Firefox has ended")
        return data

    def open(self, path):
        self.call("WebDriver:Navigate", url=path.as_uri())

    def evaluate(self, function, *arguments):
        """What a JavaScript function returns."""
        script = f"return ({function})(...arguments)"
        return self.call("WebDriver:ExecuteScript", script=script, args=list(arguments))["value"]

    def press(self, *keys):
        """Keys, by the characters that WebDriver has for them."""
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        source = {"type": "key", "id": "keyboard", "actions": actions}
        self.call("WebDriver:PerformActions", actions=[source])

    def click(self, selector):
        """A click in the middle of what is found, by a mouse."""
        x, y = self.evaluate(CENTRE, selector)
        move = {"type": "pointerMove", "x": int(x), "y": int(y), "duration": 0}
        presses = [{"type": kind, "button": 0} for kind in ("pointerDown", "pointerUp")]
        mouse = {"type": "pointer", "id": "mouse", "actions": [move, *presses]}
        self.call("WebDriver:PerformActions", actions=[mouse])

    def close(self):
        self.socket.close()
        self.process.terminate()
        self.process.wait(20)


def _free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def _connected(port):
    for _ in range(1800):
        try:
            found = socket.create_connection(("127.0.0.1", port), timeout=300)
        except OSError:
            time.sleep(0.1)
        else:
            return found
    raise ConnectionError("Firefox does not answer")
