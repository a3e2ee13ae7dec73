"""The site: what is laid out for Sphinx, what comes from the code, links; in CI the whole build."""

import base64
import builtins
import json
import math
import os
import re
import subprocess
import sys
import threading
import time
import urllib.request
import zipfile
from pathlib import Path

import pytest
from site_browsers import (
    CLICK,
    SAYS,
    TEXT,
    VIOLATIONS,
    Chromium,
    asks_nobody_else,
    either,
    until,
)

import engine
import nn
from demos.site import __main__ as command
from demos.site import documentation, in_browser, links, offline, pages, playground, reference
from demos.site.serve import server
from engine.cli import doctor

ROOT = Path(__file__).resolve().parent.parent
browser = either  # the fixture: each test runs in Chromium and in Firefox


# -- links


@pytest.mark.parametrize(
    ("target", "leads"),
    [
        ("b.html", True),
        ("b.html#there", True),
        ("b.html#%74here", True),
        ("b.html#gone", False),
        ("#here", True),
        ("#gone", False),
        ("gone.html", False),
        ("sub/", True),
        ("sub/index.html#in", True),
        ("../b.html", False),
        ("p.png", True),
        ("gone.png", False),
        ("https://example.org/gone", True),
        ("mailto:someone@example.org", True),
    ],
)
def test_links_are_followed(target, leads):
    files = {
        "a.html": f'<p id="here"><a href="{target}">',
        "b.html": '<a name="there">',
        "sub/index.html": '<p id="in">',
        "p.png": "",
    }
    assert links.broken(files) == ([] if leads else [f"a.html: {target}"])


def test_pictures_frames_and_sources_are_links_too():
    page = '<img src="x.png"><source srcset="y.png 2x, z.png"><iframe src="f.html"></iframe>'
    assert [wrong.partition(": ")[2] for wrong in links.broken({"sub/a.html": page})] == [
        "x.png", "y.png", "z.png", "f.html",
    ]  # fmt: skip


def test_a_folder_with_a_broken_link_is_refused(tmp_path):
    (tmp_path / "index.html").write_text('<a href="gone.html">', encoding="utf-8")
    with pytest.raises(ValueError, match=r"1 links lead nowhere:\n  index\.html: gone\.html"):
        links.check(tmp_path)


# -- the pages


def test_every_page_of_the_guide_is_on_the_site():
    listed = pages.contents().split()
    for page in pages.sources():
        assert page == "README.md" or page.removesuffix(".md") in listed
    assert {f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")} <= {*pages.sources()}
    assert not any("hints" in page or "exercises" in page for page in pages.sources())


def test_links_become_those_of_the_site_and_code_stays():
    text = "[a](../README.md#ten-lines) [b](../engine/value.py)\n```python\nx = [f](../nn)\n```\n"
    assert pages.converted("docs/nn.md", text) == (
        "[a](../index.md#ten-lines) [b](../source/engine/value.py.md)\n"
        "```python\nx = [f](../nn)\n```\n"
    )


def test_a_picture_of_two_themes_follows_the_theme_of_the_site():
    text = '<picture>\n<source media="(prefers-color-scheme: dark)" srcset="p/x-dark.svg">\n'
    text = pages.converted("docs/nn.md", text + '<img alt="An x" src="p/x.svg">\n</picture>')
    assert "```{image} p/x.svg\n:alt: An x\n:class: only-light" in text
    assert "```{image} p/x-dark.svg\n:alt: An x\n:class: only-dark" in text


def test_what_is_linked_has_a_page(tmp_path):
    pages.stage(tmp_path)
    assert "parent.grad += contribution" in (
        tmp_path / "source" / "engine" / "backward.py.md"
    ).read_text(encoding="utf-8")
    index = (tmp_path / "index.md").read_text(encoding="utf-8")
    assert index.startswith("# chainrule\n") and "playground/index.html" in index
    assert 'src="../live/stepper.html"' in (tmp_path / "docs" / "stepper.md").read_text("utf-8")
    assert set(pages.LIVE) == set(documentation.EXPRESSIONS)


def test_a_link_to_a_file_that_is_not_there_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(pages, "ROOT", tmp_path)
    (tmp_path / "README.md").write_text("# A\n\n[b](docs/gone.md)\n", encoding="utf-8")
    with pytest.raises(
        ValueError, match=r"^README\.md links to docs/gone\.md, which is not there$"
    ):
        pages.stage(tmp_path / "staged")


def test_the_small_graph_that_is_played_is_the_readmes():
    root = documentation.graphs()["stepper"]
    root.backward()
    grads = {node.label: node.grad for step in root.steps() for node in (step.node, step.parent)}
    assert grads == {"f": 1.0, "d": 1.0, "e": -6.0, "a": -3.0, "b": -8.0}


# -- what comes from the code


@pytest.mark.parametrize(
    ("line", "read"),
    [
        ("f(*xs) and x_", "f(\\*xs) and x\\_"),
        ("`a*b` is |c|", "``a*b`` is \\|c\\|"),
        ("a stray ` stays", "a stray \\` stays"),
        ("    code*", ["::", "", "    code*"]),
        (">>> a*b", ">>> a*b"),
    ],
)
def test_docstrings_are_plain_text(line, read):
    assert reference.readable([line]) == (read if isinstance(read, list) else [read])


def test_every_public_name_is_in_the_reference(tmp_path):
    reference.write(tmp_path)
    text = {path.stem: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()}
    for name in engine.__all__:
        assert f" engine.{name}" in text["engine"] + text["functions"]
    for name in nn.__all__:
        assert f" nn.{name}\n" in text["nn"]
    tanh = text["functions"].partition("engine.tanh(x)\n")[2]
    assert tanh.split("\n\n")[0:3:2] == ["\n   Return the hyperbolic tangent of x, from -1 to 1.",
                                         "      ∂z/∂x = (1 / cosh(x))²"]  # fmt: skip
    assert "python -m engine draw\n---" in text["commands"] and "--collapse" in text["commands"]
    for name in reference.commands():  # each part that a help lists has a help of its own
        _, _, help = text["commands"].partition(f"\npython -m {name}\n---")
        parts = re.findall(r"^ {7}([a-z]+)(?: {2,}|$)", help.partition("options:")[0], re.MULTILINE)
        if name != "demos":  # it lists every program of its folder
            assert {f"{name} {part}" for part in parts} <= {*reference.commands()}


# -- building and serving


def test_without_sphinx_there_is_one_line(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "sphinx.cmd.build", None)
    assert command.main(["build", "--out", str(tmp_path / "site")]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "pip install sphinx myst-parser furo" in said


def test_nothing_to_serve_is_one_line(tmp_path, capsys):
    assert command.main(["serve", "--out", str(tmp_path)]) == 1
    assert capsys.readouterr().err == f"{tmp_path} holds no site: build it by  make site\n"


@pytest.mark.parametrize("lan", [False, True])
def test_serving_says_where_the_workshop_is_and_what_http_cannot_do(
    lan, tmp_path, capsys, monkeypatch
):
    def interrupt(self):
        raise KeyboardInterrupt

    monkeypatch.setattr("demos.site.serve.own_address", lambda: "192.0.2.7")
    monkeypatch.setattr("demos.site.serve.Server.serve_forever", interrupt)
    (tmp_path / "index.html").touch()
    options = ["--lan"] if lan else []
    assert command.main(["serve", "--out", str(tmp_path), "--port", "0", *options]) == 130
    lines = capsys.readouterr().out.splitlines()
    host = "192.0.2.7" if lan else "localhost"
    assert re.fullmatch(rf"http://{host}:\d+/   Ctrl-C ends it", lines[0])
    assert re.fullmatch(rf"http://{host}:\d+/workshop/   the exercises", lines[1])
    assert ("no service worker" in "".join(lines)) == lan


def test_files_are_served_on_this_computer_alone(tmp_path):
    (tmp_path / "index.html").write_text("hello", encoding="utf-8")
    (tmp_path / "x.mjs").write_text("1", encoding="utf-8")
    with server(tmp_path, port=0) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        host, port = running.server_address[:2]
        assert host == "127.0.0.1"
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/") as answer:
            assert answer.read() == b"hello"
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/x.mjs") as answer:
            assert answer.headers["Content-Type"] == "text/javascript"
        running.shutdown()


def test_every_file_of_the_site_is_listed_with_its_checksum(tmp_path):
    (tmp_path / "workshop").mkdir()
    (tmp_path / "workshop" / "index.html").write_bytes(b"abc")
    (tmp_path / ".nojekyll").touch()
    (tmp_path / "style.css.map").touch()
    offline.write(tmp_path)
    listed = json.loads((tmp_path / "files.json").read_text(encoding="utf-8"))
    assert [file["path"] for file in listed] == ["keep.js", "offline.js", "workshop/index.html"]
    assert listed[2]["size"] == 3
    assert (
        listed[2]["checksum"] == "sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="
    )  # FIPS 180
    before = (tmp_path / "files.json").read_bytes()
    offline.write(tmp_path)
    assert (tmp_path / "files.json").read_bytes() == before


# -- what answers in the page


def test_an_expression_is_shown_with_its_numbers():
    values = {"w": -3.0, "x": 2.0, "b": 6.8813735870195432}
    answer = in_browser.run("expression", "tanh(w*x + b)", values)
    slope = 1 - math.tanh(0.8813735870195432) ** 2
    assert {leaf["name"]: leaf["grad"] for leaf in answer["leaves"]} == pytest.approx(
        {"w": 2 * slope, "x": -3 * slope, "b": slope}, rel=1e-12
    )
    assert answer["svg"].startswith("<svg") and "w.grad = 1" in answer["why"]
    assert json.loads(json.dumps(answer)) == answer


def test_a_new_name_begins_at_one_and_a_function_is_no_name():
    answer = in_browser.run("expression", "exp(new) + old", {"old": 5.0, "gone": 7.0})
    assert {leaf["name"]: leaf["data"] for leaf in answer["leaves"]} == {"new": 1.0, "old": 5.0}
    assert "no function foo" in in_browser.run("expression", "foo(x)", {})["error"]["message"]


@pytest.mark.parametrize(
    ("mode", "source", "place", "message"),
    [
        ("expression", "a*b + )", (1, 6, 7), None),
        ("expression", "\n\n  a = b + 'c'; a", (3, 10, 11), "not a number"),
        ("python", "x = 1\ny = x + gone*2\n", (2, 8, 12), "NameError: name 'gone'"),
        ("python", "x = 1\ndef f(:\n", (2, 6, 7), "invalid syntax"),
        ("python", "import sys\nsys.exit(3)", (2, 0, 11), "take it out"),
        ("python", "def f():\n    1 / 0\nf()", (2, 4, 9), "ZeroDivisionError"),
    ],
)
def test_an_error_names_its_place(mode, source, place, message):
    error = in_browser.run(mode, source, {})["error"]
    assert (error["line"], error["column"], error["end"]) == place
    assert message is None or message in error["message"]


@pytest.mark.parametrize(
    ("raised", "said"),
    [
        ("ImportError('no', name='numpy')", "numpy does not run in this page"),
        ("OSError(138, 'emscripten does not support processes.')", "another program does not run"),
        ('RuntimeError("can\'t start new thread")', "a thread does not run in this page"),
        ("OSError(52, 'Function not implemented')", "the operating system does not run in this"),
        ("FileNotFoundError(44, 'No such file', 'rows.csv')", "'rows.csv': this page has no files"),
        ("ModuleNotFoundError('no', name='_multiprocessing')", "multiprocessing does not run in"),
        ("ModuleNotFoundError('no', name='nmpy')", "nmpy is not in this page"),
        ("ImportError('cannot import name x', name='math')", "ImportError: cannot import name x"),
        ("ImportError('draw_dot needs it: pip install it')", "engine.draw(root) draws here"),
        (
            "ImportError('a .png file needs it: pip install it, or')",
            "in this page: save as .svg",
        ),
        ("ImportError('recording needs it: pip install it')", "install chainrule on your computer"),
    ],
)
def test_what_does_not_run_there_is_one_line(raised, said):
    message = in_browser.run("python", f"raise {raised}", {})["error"]["message"]
    assert said in message and "\n" not in message


def test_the_last_line_is_shown_else_the_last_value():
    code = "from engine import Value\nx = Value(3.0)\ny = x * x\nz = y + x\n"
    assert in_browser.run("python", code, {})["result"] == "z = y + x = 12"
    assert in_browser.run("python", code + "y", {})["result"] == "y = x·x = 9"
    assert in_browser.run("python", "1 + 1", {}) == {"output": "2\n"}


def test_a_flood_is_cut_off():
    output = in_browser.run("python", "for _ in range(3000): print('x' * 99)", {})["output"]
    assert output.endswith("… and 280,000 more characters") and len(output) < 20_100


def test_the_debugger_is_driven_by_commands():
    in_browser.run("expression", "x*x + y", {"x": 3.0, "y": 1.0})
    assert "the seed is set" in in_browser.debug("")["said"]
    answer = in_browser.debug("step 3")
    assert (answer["at"], answer["of"]) == (3, 4) and answer["svg"].startswith("<svg")
    assert "+3" in in_browser.debug("why x")["said"]
    assert "cannot wait" in in_browser.debug("predict x")["said"]
    assert "no command nonsense" in in_browser.debug("nonsense")["said"]
    assert "x.grad" in in_browser.play()["page"]


class Typist:
    """Types lines where the page asks for them, and keeps the questions."""

    def __init__(self, *lines):
        self.lines, self.asked = list(lines), []

    def __call__(self, message):
        self.asked.append(json.loads(message))
        return self.lines.pop(0)


LOOP = """from engine import Value, debug
w = Value(3.0, label="w")
for x in (1.0, 2.0):
    y = w * x + w
    debug(y)
    print("x is", x, "and the gradient", w.grad)
y
"""


def test_code_stops_at_its_debugger_and_takes_commands():
    typist = Typist("s 2", "why w", "nonsense", "q", "c", "help goto", "predict w", "2", "3", "q")
    answer = in_browser.run("python", LOOP, {}, send=typist)
    assert not typist.lines and answer["result"] == "y = w·2 + w = 9"
    assert answer["output"] == "x is 1.0 and the gradient 0.0\nx is 2.0 and the gradient 3.0\n"
    questions = [message["question"] for message in typist.asked]
    assert questions == ["(grad) "] * 7 + ["w.grad will be? "] * 2 + ["(grad) "]
    said = [message["said"] for message in typist.asked]
    assert said[0].startswith("backward pass of y = w·1 + w = 6")
    assert said[1].startswith("(grad) s 2\n") and "0 → 1" in said[1]
    assert "no command nonsense" in said[3] and "left before the end" in said[4]
    assert "backward pass of y = w·2 + w = 9" in said[4] and "complete" in said[5]
    assert "no:" in said[8] and "right: w.grad will be 3" in said[9]
    assert all(message["debugger"] and "<svg" in message["svg"] for message in typist.asked)
    assert typist.asked[0]["svg"] != typist.asked[1]["svg"]  # of this moment
    assert typist.asked[4]["output"] == "x is 1.0 and the gradient 0.0\n"


def test_input_and_breakpoint_wait_for_a_line():
    code = "n = int(input('How many? '))\nbreakpoint()\nprint(n + 1)\n"
    before = builtins.input, dict(os.environ)
    typist = Typist("4", "p n * 10", "c")
    answer = in_browser.run("python", code, {}, send=typist)
    assert answer["output"].startswith("How many? 4\n> ") and answer["output"].endswith("\n5\n")
    assert "\n-> print(n + 1)\n" in answer["output"].replace("-> breakpoint()", "-> print(n + 1)")
    assert "(Pdb) p n * 10\n40\n" in answer["output"]
    assert [message.get("debugger") for message in typist.asked] == [None] * 3
    left = in_browser.run("python", code, {}, send=Typist("4", "q"))
    assert left["error"]["message"] == "pdb was left by q, and the code with it"
    assert (builtins.input, dict(os.environ)) == before


def test_where_python_cannot_wait_the_buttons_step_through_the_graph():
    answer = in_browser.run("python", LOOP, {})
    assert answer["error"]["line"] == 5 and "the buttons of Debug" in answer["error"]["message"]
    assert answer["open"] == "debug" and answer["result"] == "y = w·1 + w = 6"
    assert "backward pass of y = w·1 + w = 6" in in_browser.debug("")["said"]
    assert "left before the end" in in_browser.debug("q")["said"]
    assert "backward pass of y" in in_browser.debug("step")["said"]  # a new session
    for code in ("input()", "breakpoint()"):
        message = in_browser.run("python", code + "\nx = 1", {})["error"]["message"]
        assert "write the value into the code" in message and "\n" not in message


def test_the_doctor_knows_the_browser():
    checks = [doctor.Check("numpy", "", "", "tapes", "plain Python")]
    assert doctor.remedy(checks, "emscripten").startswith("This is a browser")


def test_the_archive_holds_what_the_page_needs_and_is_always_the_same(tmp_path):
    playground.write_archive(tmp_path / "a.zip")
    playground.write_archive(tmp_path / "b.zip")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        archive.extractall(tmp_path / "there")
    code = "from demos.site import in_browser as b; print(b.run('expression', 'x*x', {})['result'])"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path[:0] = ['there']; {code}"],
        cwd=tmp_path, capture_output=True, text=True, encoding="utf-8",
    )  # fmt: skip
    assert done.stdout == "x·x = 1\n", done.stderr


def test_everything_that_npm_fetches_is_pinned():
    lock = json.loads((playground.PAGE / "package-lock.json").read_text(encoding="utf-8"))
    asked = json.loads((playground.PAGE / "package.json").read_text(encoding="utf-8"))
    assert lock["packages"][""]["dependencies"] == asked["dependencies"]
    fetched = {name: entry for name, entry in lock["packages"].items() if name}
    assert all(entry["integrity"].startswith("sha512-") for entry in fetched.values())
    assert all(re.fullmatch(r"[\d.]+", version) for version in asked["dependencies"].values())


def test_without_npm_there_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(playground.shutil, "which", lambda name: None)
    with pytest.raises(ImportError, match=r"^the playground needs Node.js and its npm: .*org$"):
        playground.build(tmp_path)


# -- the whole site, in CI


def test_the_site_is_built_without_a_warning(site):
    folder, _ = site
    value = (folder / "reference" / "engine.html").read_text(encoding="utf-8")
    assert 'id="engine.Value.backward"' in value and "&gt;&gt;&gt; </span>" in value
    assert "stepper" in (folder / "searchindex.js").read_text(encoding="utf-8")
    assert "../playground/index.html" in (folder / "docs" / "nn.html").read_text(encoding="utf-8")
    fetched = {path.name for path in (folder / "playground" / "pyodide").iterdir()}
    assert fetched == set(playground.PYODIDE)


LEAVES = """() => Object.fromEntries([...document.querySelectorAll('.leaf')].map(
    (row) => [row.dataset.name, Number(row.querySelector('output').dataset.grad)]))"""
DRAG = """(name, value) => { const range = document.querySelector(`[data-name=${name}] [type=range]`);
    range.value = value; range.dispatchEvent(new Event('input')); }"""


def opened(browser, address, mode, source, values=None):
    """Open the playground by a link that holds something; where it is open, Python stays."""
    text = json.dumps([mode, source, values or {}]).encode("utf-8")
    link = base64.urlsafe_b64encode(text).decode("ascii").rstrip("=")
    if address in browser.evaluate("() => location.href"):
        browser.evaluate("(link) => { location.hash = link; }", link)
        until(
            browser,
            "(text) => document.querySelector('.cm-content').innerText.includes(text)",
            source[:5],
        )
    else:
        browser.open(f"{address}playground/index.html#{link}")
    until(browser, "() => document.getElementById('status').textContent === 'Ready'")
    if mode == "python":
        assert "press Run" in browser.evaluate(TEXT, "error")
        browser.evaluate(CLICK, "#run")


def test_a_dragged_leaf_gives_the_numbers_of_any_python(browser, site, record_property):
    begun = time.monotonic()
    opened(browser, site[1], "expression", "tanh(w*x + b)", {"w": -3.0, "x": 2.0, "b": 6.88})
    until(browser, SAYS, "result", "tanh(w·x + b) = 0.7064")
    name, seconds = type(browser).__name__, time.monotonic() - begun
    record_property("measured", f"{name}: the playground is ready after {seconds:.1f} s")
    browser.evaluate(DRAG, "w", -2.75)
    until(browser, SAYS, "result", "= 0.881")
    slope = 1 - math.tanh(-2.75 * 2 + 6.88) ** 2
    expected = {"w": 2 * slope, "x": -2.75 * slope, "b": slope}
    assert browser.evaluate(LEAVES) == pytest.approx(expected, rel=1e-6)
    assert "-2.75" in browser.evaluate("() => document.querySelector('#picture svg').textContent"
                                       ).replace("−", "-")  # fmt: skip
    asks_nobody_else(browser, site[1])


def test_stop_ends_a_loop_that_catches_everything(browser, site):
    loop = "while True:\n    try:\n        while True: pass\n    except: pass\n"
    opened(browser, site[1], "python", loop)
    until(browser, "() => document.getElementById('stop').classList.contains('urgent')")
    time.sleep(3)  # on a quiet machine the spare one is ready then
    begun = time.monotonic()
    browser.evaluate(CLICK, "#stop")
    until(browser, SAYS, "error", "Stopped.")
    print(f"the loop is stopped after {time.monotonic() - begun:.2f} s")
    browser.evaluate(CLICK, "[data-mode=expression]")
    until(browser, "() => document.getElementById('status').textContent === 'Ready'")


def test_a_python_that_was_ended_is_replaced(browser, site):
    opened(browser, site[1], "python", "import os\nos._exit(3)\n")
    until(browser, SAYS, "error", "a fresh one is in its place")
    browser.evaluate(
        "() => { const all = document.getElementById('examples'); all.value = 'A small graph';"
        "all.dispatchEvent(new Event('change')); }"
    )
    until(browser, SAYS, "result", "d·e = -6")
    assert browser.evaluate(LEAVES) == {"a": -3.0, "b": -8.0}


def test_an_error_is_underlined_and_what_does_not_run_is_said(browser, site):
    opened(browser, site[1], "python", "x = 1\nimport numpy\n")
    until(browser, SAYS, "error", "line 2: numpy does not run in this page")
    mark = "() => document.querySelector('.cm-lintRange-error')?.textContent"
    assert until(browser, mark) == "import numpy"


def test_a_flood_is_cut_off_in_the_page(browser, site):
    opened(browser, site[1], "python", "for _ in range(3000): print('x' * 99)\n")
    until(browser, SAYS, "output", "and 280,000 more characters")


def test_the_views_and_the_debugger(browser, site):
    opened(browser, site[1], "expression", "d = a*b; e = a + b; d*e", {"a": -2.0, "b": 3.0})
    until(browser, SAYS, "sums", "b.grad = -8")
    browser.evaluate(CLICK, "#tab-play")
    until(browser, "() => document.querySelector('#play iframe')?.srcdoc.includes('parent.grad')")
    browser.evaluate(CLICK, "#tab-debug")
    until(browser, SAYS, "said", "the seed is set")
    browser.evaluate(CLICK, "[data-command=next]")
    until(browser, SAYS, "said", "2/6")
    assert browser.evaluate(
        "() => document.querySelector('#moment svg').textContent.includes('not sent')"
    )


TYPE = """(form, text) => { const all = document.getElementById(form);
    all.querySelector('input').value = text; all.requestSubmit(); }"""
SAID = "() => document.getElementById('said').textContent"


def test_code_stops_and_waits_for_commands(browser, site):
    opened(browser, site[1], "python", LOOP)
    if not browser.evaluate("() => 'Suspending' in WebAssembly"):
        until(browser, SAYS, "error", "the buttons of Debug")
        until(browser, SAYS, "said", "the seed is set")
        return
    until(browser, SAYS, "status", "waits for a command")
    browser.evaluate(TYPE, "prompt", "s")
    until(browser, SAYS, "said", "1/3")
    browser.evaluate(CLICK, "[data-command=next]")
    until(browser, SAYS, "said", "2/3")
    assert "not sent" in browser.evaluate("() => document.querySelector('#moment').textContent")
    browser.evaluate(TYPE, "prompt", "q")
    until(browser, SAYS, "output", "x is 1.0")
    until(browser, SAYS, "said", "w·2 + w = 9")
    browser.evaluate(TYPE, "prompt", "c")
    until(browser, SAYS, "said", "the backward pass is complete")
    browser.evaluate(TYPE, "prompt", "q")
    until(browser, SAYS, "output", "x is 2.0 and the gradient 3.0")
    until(browser, SAYS, "status", "Ready")
    assert "(grad) c" in browser.evaluate(SAID)


def test_stop_ends_code_that_waits_for_a_line(browser, site):
    opened(browser, site[1], "python", "while True:\n    print(input('Again? '))\n")
    if not browser.evaluate("() => 'Suspending' in WebAssembly"):
        until(browser, SAYS, "error", "cannot wait")
        return
    until(browser, SAYS, "asked", "Again?")
    browser.evaluate(TYPE, "input", "yes")
    until(browser, SAYS, "output", "Again? yes\nyes")
    until(browser, "() => !document.getElementById('input').hidden")
    browser.evaluate(CLICK, "#stop")
    until(browser, SAYS, "error", "Stopped.")
    assert browser.evaluate("() => document.getElementById('input').hidden")


def test_in_a_browser_that_lets_no_python_wait_the_buttons_serve(site, running):
    without = "delete WebAssembly.Suspending;\n"
    source = (site[0] / "playground" / "worker.js").read_text(encoding="utf-8")
    browser = Chromium(running)
    browser.page.context.route(
        "**/worker.js",
        lambda route: route.fulfill(body=without + source, content_type="text/javascript"),
    )
    opened(browser, site[1], "python", LOOP)
    until(browser, SAYS, "error", "line 5: engine.debug() waits for commands")
    until(browser, SAYS, "said", "the seed is set")
    browser.evaluate(CLICK, "[data-command=step]")
    until(browser, SAYS, "said", "1/3")
    browser.close()


def test_without_its_server_the_page_opens_again(browser, site):
    with server(site[0].parent, port=0) as own:
        threading.Thread(target=own.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{own.server_address[1]}/out/"
        opened(browser, address, "expression", "x*x", {"x": 3.0})
        until(browser, SAYS, "offline", "opens without a network")
        own.shutdown()
    browser.reload()
    until(browser, SAYS, "result", "x·x = 9")


KEPT = """(path) => caches.keys().then((names) => Promise.all(names.map((name) => caches.open(name)
    .then((kept) => kept.match(name + path, { ignoreSearch: true }))))
    .then((found) => found.some(Boolean)))"""


def test_a_page_of_the_guide_keeps_the_guide(browser, site):
    with server(site[0].parent, port=0) as own:
        threading.Thread(target=own.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{own.server_address[1]}/out/"
        browser.open(address + "docs/nn.html")
        until(browser, KEPT, "files.json")  # it comes last
        assert not browser.evaluate(KEPT, "playground/pyodide/pyodide.asm.wasm")
        own.shutdown()
    for path, title in (("docs/calculus.html", "Derivatives"), ("", "chainrule")):
        browser.open(address + path)
        assert browser.evaluate("() => document.title").startswith(title)
    browser.open(f"{address}search.html?q=backward")
    until(
        browser, "() => document.querySelector('#search-results li a')?.href.includes('backward')"
    )


def test_on_an_insecure_address_it_says_what_is_missing(insecure):
    browser, address = insecure
    opened(browser, address, "expression", "x*x", {"x": 3.0})
    until(browser, SAYS, "result", "x·x = 9")
    assert "only while its server runs" in browser.evaluate(TEXT, "offline")


GUIDE = ("index.html", "docs/nn.html", "docs/stepper.html", "docs/derivatives.html",
         "reference/engine.html", "reference/commands.html", "search.html?q=gradient")  # fmt: skip


def test_the_page_is_accessible_on_a_projector_and_a_phone(browser, site, axe):
    opened(browser, site[1], "expression", "tanh(w*x + b)")
    until(browser, SAYS, "result", "tanh")
    browser.page.add_script_tag(path=axe)
    for scheme in ("light", "dark"):
        browser.page.emulate_media(color_scheme=scheme)
        for width, height in ((1440, 900), (390, 844)):
            browser.page.set_viewport_size({"width": width, "height": height})
            for tab in ("picture", "why", "debug"):
                browser.evaluate(CLICK, f"#tab-{tab}")
                assert browser.page.evaluate(VIOLATIONS) == []
                assert browser.evaluate("() => document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("path", GUIDE)
def test_the_guide_is_accessible(browser, site, axe, path):
    browser.open(site[1] + path)
    if "search" in path:
        until(browser, "() => document.querySelector('#search-results li')")
    browser.page.add_script_tag(path=axe)
    for scheme in ("light", "dark"):
        browser.page.emulate_media(color_scheme=scheme)
        assert browser.page.evaluate(VIOLATIONS) == []
        assert browser.evaluate("() => document.documentElement.scrollWidth") <= 1440
