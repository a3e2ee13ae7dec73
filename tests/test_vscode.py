"""The debug adapter with clients of others: the official one for tests, and the real VS Code, where they are installed.

The first is npm's @vscode/debugadapter-testsupport, found by NODE_PATH; for VS Code see demos/vscode.py.
"""

import json
import shutil
import subprocess
import sys

import pytest
from test_adapter import AROUND

from demos import vscode

NODE = shutil.which("node")


def has_test_client():
    ask = "require.resolve('@vscode/debugadapter-testsupport')"
    return NODE and not subprocess.run([NODE, "-e", ask], capture_output=True).returncode


OFFICIAL = """
const { DebugClient } = require("@vscode/debugadapter-testsupport");
const assert = require("assert");
const [port, program] = [Number(process.argv[2]), process.argv[3]];

async function main() {
    const client = new DebugClient("python", "engine", "gradients");
    client.defaultTimeout = 20000;
    await client.start(port);
    await client.hitBreakpoint(
        { type: "gradients", program }, { path: program, line: 6, verified: false });
    const { stackFrames } = (await client.stackTraceRequest({ threadId: 1 })).body;
    assert.equal(stackFrames[0].name, "h = tanh(z)   grad -3.81");
    const moved = async request => (await Promise.all([request, client.waitForEvent("stopped")]))[1].body.description;
    assert.equal(await moved(client.stepInRequest({ threadId: 1 })), "step 6 of 8");
    assert.equal(await moved(client.nextRequest({ threadId: 1 })), "step 8 of 8, the end of the pass");
    assert.equal(await moved(client.stepBackRequest({ threadId: 1 })), "step 7 of 8");
    assert.equal(await moved(client.reverseContinueRequest({ threadId: 1 })), "step 5 of 8");
    assert.equal((await client.threadsRequest()).body.threads.length, 1);
    const { scopes } = (await client.scopesRequest({ frameId: 1 })).body;
    const { variables } = (await client.variablesRequest({ variablesReference: scopes[0].variablesReference })).body;
    assert.deepEqual(variables.map(each => each.name), ["x", "w", "z", "h", "loss"]);
    await moved(client.stepOutRequest({ threadId: 1 }));
    await Promise.all([
        client.continueRequest({ threadId: 1 }),
        client.assertOutput("stdout", "w.grad -6.34"),
        client.waitForEvent("terminated")]);
    await client.disconnectRequest({});
    console.log("done");
    process.exit(0);
}
main().catch(error => { console.log(error); process.exit(1); });
"""


@pytest.mark.skipif(not has_test_client(), reason="@vscode/debugadapter-testsupport is not there")
def test_the_official_test_client(tmp_path):
    (tmp_path / "main.py").write_text(AROUND, encoding="utf-8")
    (tmp_path / "drive.js").write_text(OFFICIAL, encoding="utf-8")
    adapter = subprocess.Popen(
        [sys.executable, "-m", "engine", "dap", "--port", "0"], stdout=subprocess.PIPE, text=True
    )
    try:
        port = adapter.stdout.readline().rpartition(":")[2].strip()
        drive = [NODE, str(tmp_path / "drive.js"), port, str(tmp_path / "main.py")]
        done = subprocess.run(drive, capture_output=True, text=True, timeout=300)
        assert done.stdout == "done\n", done.stdout + done.stderr
        adapter.wait(timeout=20)
    finally:
        adapter.kill()
        adapter.stdout.close()


ENDLESS = "import sys, time\nprint('runs', sys.argv[1:], flush=True)\ntime.sleep(600)\n"
RAISES = "from engine import Value\nimport time\ntime.sleep(3)\nprint(1 / 0)\n"
CONFIGURATION = {"type": "gradients", "request": "launch", "name": "With words", "args": ["words"]}
needs_vscode = [
    pytest.mark.browser,
    pytest.mark.skipif(not shutil.which("code-server"), reason="code-server is not installed"),
]


@pytest.fixture
def editor(tmp_path, request):
    pytest.importorskip("playwright.sync_api")
    (tmp_path / "main.py").write_text(request.param, encoding="utf-8")
    if request.param == ENDLESS:
        configuration = {**CONFIGURATION, "program": "${workspaceFolder}/main.py"}
        (tmp_path / ".vscode").mkdir()
        (tmp_path / ".vscode" / "launch.json").write_text(
            json.dumps({"version": "0.2.0", "configurations": [configuration]}), encoding="utf-8"
        )
    with vscode.Editor(tmp_path, "main.py") as editor:
        yield editor


@pytest.mark.parametrize("editor", [pytest.param(AROUND, marks=needs_vscode)], indirect=True)
def test_the_real_vs_code_steps_back(editor):
    editor.go_to(6)
    editor.command("Debug: Add Conditional Breakpoint...")
    editor.page.locator(".breakpoint-widget").wait_for()
    editor.page.keyboard.type("h.grad < -3")
    editor.press("Enter")
    editor.start()
    editor.stopped("step 5 of 8")  # the breakpoint with its condition
    assert editor.stack()[:2] == ["h = tanh(z)   grad -3.81", "h - 1   grad -3.81"]
    editor.press("F11")
    editor.stopped("step 6 of 8")
    editor.press("F11")
    editor.stopped("step 7 of 8")
    assert editor.stack()[0] == "z = x·w   grad -0.6885"
    editor.wait_for(".view-lines", "w = -3   grad -6 …".replace(" ", "\xa0"))  # an inline value
    editor.button("Step Back")
    editor.stopped("step 6 of 8")
    editor.button("Reverse")
    editor.stopped("step 5 of 8")
    editor.type_in_console("why h")
    editor.wait_for(".repl", "from h - 1")
    editor.press("F5")
    editor.stopped("step 8 of 8")
    editor.press("F5")
    editor.wait_for(".repl", "w.grad -6.34")


@pytest.mark.parametrize("editor", [pytest.param(ENDLESS, marks=needs_vscode)], indirect=True)
def test_the_real_vs_code_stops_a_program_that_runs(editor):
    editor.start()
    editor.wait_for(".repl", "runs ['words']")  # by launch.json
    editor.press("Shift+F5")
    editor.page.locator(".debug-toolbar").wait_for(state="hidden")


@pytest.mark.parametrize("editor", [pytest.param(RAISES, marks=needs_vscode)], indirect=True)
def test_the_real_vs_code_shows_why_a_program_ends(editor):
    editor.start()
    editor.wait_for(".repl", "ZeroDivisionError")
