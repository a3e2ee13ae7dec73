"""The workshop's page in Chromium and in Firefox; in CI, as it takes the whole site."""

import json
import re
import threading

import pytest
from learner import right, wrong
from site_browsers import CLICK, SAYS, TEXT, VIOLATIONS, Fox, asks_nobody_else, either, until
from test_workshop_container import RIGHT, SEED

from demos.site.serve import server
from demos.workshop import __main__ as kit
from demos.workshop.catalog import EXERCISES, exercise
from demos.workshop.checker import check

pytestmark = pytest.mark.slow
browser = either  # the fixture: each test runs in Chromium and in Firefox

# Opens a file as its button does.
TAKE = """(name, text) => { const held = new DataTransfer(); held.items.add(new File([text], name));
    const input = document.getElementById('files'); input.files = held.files;
    input.dispatchEvent(new Event('change')); }"""
GO = "(name) => { location.hash = name; }"
HEADING = "(text) => document.querySelector('#text h2')?.textContent.startsWith(text)"
VERDICT = """() => [...document.querySelectorAll('#verdict > p, #verdict > pre')].map((line) => {
    const copy = line.cloneNode(true); copy.querySelectorAll('button, .here').forEach((each) => each.remove());
    return copy.textContent; }).join('\\n')"""
ANEW = """() => { document.getElementById('notice').textContent = '';
    document.getElementById('verdict').replaceChildren(); }"""
PASSED = """() => [...document.querySelectorAll('#list button')]
    .filter((each) => each.textContent.endsWith(' passed')).map((each) => each.title)"""
KEPT = "(name) => localStorage.getItem(`chainrule.workshop.${name}`)"
FORGET = "() => localStorage.clear()"
TYPE = """(line) => { const form = document.querySelector('#seen form');
    form.querySelector('input').value = line; form.requestSubmit(); }"""


def opened(browser, address, number):
    """Open an exercise; where the page is open, Python stays."""
    e = exercise(number)
    if f"{address}workshop/" in browser.evaluate("() => location.href"):
        browser.evaluate(GO, e.name)
    else:
        browser.open(f"{address}workshop/index.html#{e.name}")
    until(browser, HEADING, f"{number}. ")
    until(browser, "() => document.getElementById('status').textContent === 'Ready'")


def taken(browser, number, text):
    browser.evaluate(ANEW)
    browser.evaluate(TAKE, exercise(number).file_name, text)
    until(browser, SAYS, "notice", f"{exercise(number).file_name} was opened")


def checked(browser, number, text):
    """What the page says of a text of the exercise that is open."""
    taken(browser, number, text)
    browser.evaluate(CLICK, "#check")
    until(browser, "() => document.querySelector('#verdict > p')")
    until(browser, "() => document.getElementById('stop').disabled")
    return browser.evaluate(VERDICT)


def kits(number, text, folder):
    """What the kit says of it in a terminal: the message, and the lines of the traceback."""
    path = folder / "workshop" / exercise(number).file_name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")
    verdict = check(number, path.relative_to(folder))
    return "\n".join(filter(None, [verdict.message, *verdict.traceback]))


def test_the_scripted_learner_passes_all_ten(browser, site, tmp_path, monkeypatch):
    """Wrong first, then right: what is said is what the kit says, and the list says what passed."""
    monkeypatch.chdir(tmp_path)
    opened(browser, site[1], 1)
    for e in EXERCISES:
        opened(browser, site[1], e.number)
        text, words = wrong(e.number)
        said = checked(browser, e.number, text)
        assert " ".join(words.lower().split()) in " ".join(said.lower().split())
        assert said == kits(e.number, text, tmp_path)
        said = checked(browser, e.number, right(e.number))
        assert said.removesuffix("That was the last one.").strip() == kits(
            e.number, right(e.number), tmp_path
        )
        assert e.title in browser.evaluate(PASSED)
    assert browser.evaluate(PASSED) == [e.title for e in EXERCISES]
    assert "10 of 10 passed" in browser.evaluate(TEXT, "done")
    asks_nobody_else(browser, site[1])


CONTAINED = {
    "a loop": RIGHT.replace(SEED, SEED + "    while True:\n        pass\n"),
    "a loop that catches everything": RIGHT
    + "while True:\n    try:\n        input()\n    except:\n        pass\n",
    "a flood": RIGHT + "while True:\n    print('much ' * 1000)\n",
    "os._exit": RIGHT + "import os\nos._exit(0)\n",
    "another process": RIGHT + "import subprocess\nsubprocess.run(['true'])\n",
    "a fork": RIGHT + "import os\nos.fork()\n",
    "memory at once": RIGHT + "much = bytearray(10**12)\n",
    "memory bit by bit": RIGHT + "much = bytearray(3 << 27)\nmore = bytearray(3 << 27)\n",
    "input": RIGHT + "name = input('who? ')\n",
    "exit": RIGHT + "exit()\n",
    "no Python": RIGHT + "def backward(root:\n    pass\n",
    "no library": RIGHT + "import no_such_library\n",
    "without end": RIGHT.replace(SEED, "    backward(root)\n"),
}


@pytest.mark.parametrize("name", CONTAINED)
def test_whatever_a_file_does_is_told_as_in_the_kit_and_the_text_stays(
    name, browser, site, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    opened(browser, site[1], 7)
    text = CONTAINED[name]
    said, meant = checked(browser, 7, text), kits(7, text, tmp_path)
    assert said == meant
    assert browser.evaluate(KEPT, "07_sum") == text
    assert "Right." in checked(browser, 7, right(7))


def test_what_a_file_did_to_python_is_gone_with_the_next_check(browser, site):
    opened(browser, site[1], 7)
    said = checked(browser, 7, right(7) + "\nmath.tanh = lambda x: x\n")
    assert said.startswith("Not right yet")
    assert "Right." in checked(browser, 7, right(7))


def test_stop_ends_a_run_that_goes_on(browser, site):
    opened(browser, site[1], 3)
    taken(browser, 3, "print('begun', flush=True)\nwhile True: pass\n")
    browser.evaluate(CLICK, "#run")
    browser.evaluate(CLICK, "#stop")
    # Stop or the limit of time, whichever a busy machine comes to first
    until(browser, "() => /Stopped|was stopped/.test(document.getElementById('work').textContent)")
    until(browser, "() => document.getElementById('status').textContent === 'Ready'")
    taken(browser, 3, right(3))
    browser.evaluate(CLICK, "#run")
    until(browser, SAYS, "output", "(1.0, 1.0)")


def test_hints_come_one_by_one_and_the_solution_is_asked_for(browser, site):
    opened(browser, site[1], 4)
    browser.evaluate("() => { document.getElementById('solution').click(); }")
    until(browser, "() => document.getElementById('ask').open")
    browser.evaluate(CLICK, "#ask [value=no]")
    before = browser.evaluate("() => document.querySelectorAll('#hints > div').length")
    assert before == 0
    for hint in (1, 2, 3):
        browser.evaluate(CLICK, "#hint")
        until(browser, SAYS, "hints", f"Hint {hint} of 3")
    assert browser.evaluate("() => document.getElementById('hint').disabled")
    browser.evaluate("() => { document.getElementById('solution').click(); }")
    browser.evaluate(CLICK, "#ask [value=yes]")
    until(browser, SAYS, "hints", "The solution: the marked place")
    record = json.loads(browser.evaluate(KEPT, "progress"))["exercises"]["4"]
    assert (record["hints"], record["solution"]) == (3, True)


def test_reset_asks_first_and_can_be_taken_back(browser, site):
    opened(browser, site[1], 2)
    taken(browser, 2, right(2))
    browser.evaluate(CLICK, "#reset")
    until(browser, "() => document.getElementById('ask').open")
    browser.evaluate(CLICK, "#ask [value=no]")
    assert browser.evaluate(KEPT, "02_paper") == right(2)
    browser.evaluate(CLICK, "#reset")
    browser.evaluate(CLICK, "#ask [value=yes]")
    until(browser, SAYS, "notice", "02_paper.py is as at the start. Your text is kept")
    assert browser.evaluate(KEPT, "02_paper") is None
    browser.evaluate(CLICK, "#notice button")
    assert browser.evaluate(KEPT, "02_paper") == right(2)


def test_what_a_message_points_to_is_shown(browser, site):
    opened(browser, site[1], 5)
    said = checked(browser, 5, wrong(5)[0])
    assert "See it: python -m engine debug" in said and "your own Values" in said
    browser.evaluate(CLICK, "#verdict p:last-of-type .see")
    until(browser, "() => document.querySelector('#seen svg')?.textContent.includes('elsewhere')")
    browser.evaluate(CLICK, "#verdict .see")
    until(browser, "() => document.querySelector('#seen .said')?.textContent.includes('the seed')")
    browser.evaluate(CLICK, "#seen [data-command=continue]")
    until(browser, "() => document.querySelector('#seen .said').textContent.includes('2/2')")
    if browser.evaluate("() => 'Suspending' in WebAssembly"):  # then Python can wait for a number
        browser.evaluate(TYPE, "predict x")
        until(browser, "() => document.querySelector('#seen .question').textContent !== '(grad)'")
        browser.evaluate(TYPE, "3")
        until(
            browser,
            "() => document.querySelector('#seen .said').textContent.includes('= written for')",
        )
    opened(browser, site[1], 7)
    taken(browser, 7, right(7))
    browser.evaluate(CLICK, "#text .see")
    until(browser, "() => document.querySelector('#seen iframe')?.srcdoc.includes('parent.grad')")


def test_from_the_browser_to_the_terminal_and_back(browser, site, tmp_path, monkeypatch, capsys):
    """The same two files, in both directions: progress.json and the exercise."""
    monkeypatch.chdir(tmp_path)
    browser.open(f"{site[1]}workshop/index.html#05_forks")
    browser.evaluate(FORGET)
    browser.reload()
    opened(browser, site[1], 5)
    checked(browser, 5, wrong(5)[0])
    (tmp_path / "workshop").mkdir(exist_ok=True)
    for name in ("progress", "05_forks"):
        path = tmp_path / "workshop" / f"{name}.{'json' if name == 'progress' else 'py'}"
        path.write_text(browser.evaluate(KEPT, name), encoding="utf-8", newline="\n")
    assert kit.main(["progress"]) == 0 and "checks: 1" in capsys.readouterr().out
    path.write_text(right(5), encoding="utf-8", newline="\n")
    assert kit.main(["check", "5"]) == 0
    assert kit.main(["progress", "--class", "."]) == 0
    capsys.readouterr()
    text = (tmp_path / "workshop" / "progress.json").read_text(encoding="utf-8")
    browser.evaluate(TAKE, "progress.json", text)
    until(browser, SAYS, "notice", "progress.json was opened: 1 of 10 passed.")
    assert json.loads(browser.evaluate(KEPT, "progress")) == json.loads(text)
    browser.evaluate(TAKE, "another.json", "[]")
    until(browser, SAYS, "notice", "another.json is no progress file of the workshop")


def test_without_its_server_the_page_opens_again_and_checks(browser, site):
    with server(site[0].parent, port=0) as own:
        threading.Thread(target=own.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{own.server_address[1]}/out/"
        opened(browser, address, 3)
        taken(browser, 3, right(3))
        until(browser, SAYS, "offline", "is kept in this browser and opens without a network")
        own.shutdown()
    browser.reload()
    until(browser, "() => document.getElementById('status')?.textContent === 'Ready'")
    assert browser.evaluate(KEPT, "03_plus_times") == right(3)
    browser.evaluate(CLICK, "#check")
    until(browser, SAYS, "verdict", "Right.")


def test_on_an_insecure_address_all_runs_and_it_says_what_is_missing(insecure):
    browser, address = insecure
    opened(browser, address, 3)
    assert "Right." in checked(browser, 3, right(3))
    assert "only while its server runs" in browser.evaluate(TEXT, "offline")


def test_a_browser_that_keeps_nothing_is_told_so(insecure):
    browser, address = insecure
    browser.page.add_init_script(
        "Object.defineProperty(window, 'localStorage', { get() { throw new Error('refused'); } });"
    )
    opened(browser, address, 3)
    assert "Right." in checked(browser, 3, right(3))
    assert "save progress.json and your files" in browser.evaluate(TEXT, "storage")


# -- how it looks


SIZES = {"desk": (1440, 900), "projector": (1024, 768), "phone": (390, 844)}
SMALL = """() => [...document.querySelectorAll('main *')].filter((each) => each.checkVisibility()
    && [...each.childNodes].some((part) => part.nodeType === 3 && part.data.trim())
    && !each.closest('svg') && parseFloat(getComputedStyle(each).fontSize) < 20).map((each) => each.outerHTML)"""


def test_the_page_is_accessible_at_every_size_in_every_state(browser, site, axe):
    opened(browser, site[1], 5)
    checked(browser, 5, wrong(5)[0])
    browser.evaluate(CLICK, "#hint")
    browser.evaluate(CLICK, "#verdict .see")
    until(browser, "() => document.querySelector('#seen .said')?.textContent.includes('the seed')")
    browser.evaluate(CLICK, "#run")
    until(browser, SAYS, "output", "3.0")
    browser.page.add_script_tag(path=axe)
    for scheme in ("light", "dark"):
        browser.page.emulate_media(color_scheme=scheme)
        for width, height in SIZES.values():
            browser.page.set_viewport_size({"width": width, "height": height})
            assert browser.page.evaluate(VIOLATIONS) == []
            assert browser.evaluate("() => document.documentElement.scrollWidth") <= width
    browser.evaluate(CLICK, "#reset")
    assert browser.page.evaluate(VIOLATIONS) == []
    browser.evaluate(CLICK, "#ask [value=no]")
    taken(browser, 5, right(5))
    browser.evaluate(CLICK, "#check")
    until(browser, SAYS, "verdict", "Right.")
    assert browser.page.evaluate(VIOLATIONS) == []


def test_on_a_phone_an_exercise_begins_at_its_text(browser, site):
    if isinstance(browser, Fox):
        pytest.skip("Firefox in these tests keeps its window")
    opened(browser, site[1], 5)
    wide = browser.page.viewport_size
    browser.page.set_viewport_size({"width": 390, "height": 844})
    opened(browser, site[1], 1)
    for _ in range(3):  # the editor scrolls when the next frame is drawn
        browser.page.evaluate("() => new Promise(requestAnimationFrame)")
    assert browser.evaluate("() => scrollY") == 0
    browser.evaluate("() => document.getElementById('editor').scrollIntoView()")
    until(browser, "() => document.querySelector('.cm-content').innerText.includes('YOUR TURN')")
    browser.page.set_viewport_size(wide)


def test_what_a_projector_shows_has_twenty_pixels(browser, site):
    opened(browser, site[1], 5)
    checked(browser, 5, wrong(5)[0])
    browser.evaluate(CLICK, "#hint")
    large = "() => document.getElementById('large').getAttribute('aria-pressed') === 'true'"
    if not browser.evaluate(large):
        browser.evaluate(CLICK, "#large")
    assert browser.evaluate(SMALL) == []
    browser.evaluate(CLICK, "#large")


def test_everything_can_be_done_with_the_keys(browser, site):
    if isinstance(browser, Fox):
        pytest.skip("the keys are those of the editor, which is the same")
    opened(browser, site[1], 3)
    browser.evaluate(ANEW)
    page = browser.page
    page.set_viewport_size({"width": 1440, "height": 900})
    page.focus(".cm-content")
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(right(3))
    page.keyboard.press("Control+Enter")
    until(browser, SAYS, "verdict", "Right.")
    page.keyboard.press("Shift+Enter")
    until(browser, SAYS, "output", "(4.0, 3.0)")
    named = "() => document.activeElement.id || document.activeElement.tagName"
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(page.evaluate(named))
    assert {"check", "run", "hint", "solution", "reset", "large", "short", "SUMMARY"} <= reached
    page.focus("summary")
    page.keyboard.press("Enter")
    for button in ("name", "save", "keep", "open"):
        page.keyboard.press("Tab")
        assert page.evaluate(named) == button
    page.focus("#list li:nth-child(4) button")
    page.keyboard.press("Enter")
    until(browser, HEADING, "4. ")


def test_a_link_names_an_exercise_and_the_site_leads_here(browser, site):
    opened(browser, site[1], 8)
    assert re.search(r"#08_neuron$", browser.evaluate("() => location.href"))
    for page in ("index.html", "demos/workshop/README.html", "playground/index.html"):
        assert "workshop/index.html" in (site[0] / page).read_text(encoding="utf-8"), page
