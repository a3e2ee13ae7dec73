"""What runs in the worker of the workshop's page, here in any Python: the kit's own verdicts."""

import builtins
import json
import math
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from learner import right, wrong
from test_workshop_container import RIGHT, SEED, STOPPED

from demos.site import playground, workshop
from demos.workshop import in_browser, judge, limits
from demos.workshop.catalog import EXERCISES, exercise
from demos.workshop.checker import check
from demos.workshop.progress import Progress

PAGE = playground.PAGE


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A folder of its own, as the worker has one, and Python as it was afterwards."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "workshop").mkdir()
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield tmp_path
    for e in EXERCISES:
        sys.modules.pop(e.name, None)


def asked(do, number, source, **more):
    """What is told and what is answered, as both come through JSON."""
    facts = []
    request = {"do": do, "number": number, "source": source, **more}
    answer = in_browser.answer(request, lambda fact: facts.append(json.loads(json.dumps(fact))))
    return facts, answer


def judged(number, source, stopped=""):
    facts, _ = asked("probe", number, source)
    facts = as_javascript_writes(facts)
    request = {"do": "judge", "number": number, "facts": facts, "stopped": stopped}
    return in_browser.answer(request, print)


def as_javascript_writes(facts):
    return json.loads(re.sub(r"\b(\d+)\.0\b", r"\1", json.dumps(facts)))


def kits(number, source):
    path = Path("workshop") / exercise(number).file_name
    path.write_text(source, encoding="utf-8", newline="\n")
    return check(number, path)._asdict()


@pytest.mark.parametrize("number", [e.number for e in EXERCISES])
def test_the_page_says_of_an_exercise_what_the_kit_says(number):
    source, words = wrong(number)
    said = judged(number, source)
    assert words.lower() in said["message"].lower() and said == kits(number, source)
    assert judged(number, right(number)) == kits(number, right(number))
    assert judged(number, right(number))["passed"]


HERE = [  # the others are contained by the browser: tests/test_site_workshop.py has them
    stop
    for stop in STOPPED
    if stop[0] not in ("forks", "memory", "encoding") and "_exit" not in stop[1]
]


@pytest.mark.parametrize(("kind", "added", "words"), HERE, ids=lambda value: str(value)[:12])
def test_what_stops_a_file_is_told_as_the_kit_tells_it(kind, added, words):
    said = judged(7, RIGHT + added)
    assert said["mistakes"] == [kind]
    assert words.format(line=RIGHT.count("\n") + 2) in said["message"]
    if "\nexit()" not in added:  # which the browser's Python gets from the container
        assert said == kits(7, RIGHT + added)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ("OSError(138, 'emscripten does not support processes.')", "forks"),
        ("AttributeError(\"module 'os' has no attribute 'fork'\")", "forks"),
        ("OverflowError(\"cannot fit 'int' into an index-sized integer\")", "memory"),
        ("OSError('another')", "raises"),
    ],
)
def test_what_a_browser_has_not_is_told_as_in_a_process(error, kind):
    assert judged(7, f"{RIGHT}\nraise {error}\n")["mistakes"] == [kind]


def test_the_page_learns_what_was_being_measured_when_it_ends_a_worker():
    facts, _ = asked("probe", 7, RIGHT)
    begun = next(i for i, fact in enumerate(facts) if "begin" in fact)
    request = {"do": "judge", "number": 7, "facts": facts[: begun + 1], "stopped": "time"}
    said = in_browser.answer(request, print)["message"]
    assert said.startswith(f"{facts[begun]['begin']} takes more than 3 seconds")
    request = {"do": "judge", "number": 7, "facts": facts, "stopped": "time"}
    assert in_browser.answer(request, print)["passed"]  # what comes after the end is not judged


def test_a_flood_is_told_at_once_and_what_is_printed_in_good_measure_comes_in_parts():
    facts, _ = asked("probe", 7, f"{RIGHT}\nwhile True:\n    print('much ' * 1000)\n")
    assert {"flood": True} in facts and facts[-1]["error"] == "flood"
    printed = "".join(fact.get("printed", "") for fact in facts)
    assert len(printed) <= in_browser.SHOWN + 5001 < limits.OUTPUT
    facts, _ = asked("probe", 7, RIGHT.replace(SEED, SEED + "    print('backward')\n"))
    assert {"end": True} in facts and {"printed": "backward\n"} in facts


def test_a_run_prints_what_the_file_prints_and_an_error_is_told():
    facts, _ = asked("run", 5, right(5))
    assert "".join(fact.get("printed", "") for fact in facts) == "6.0\n10.0\n"
    assert facts[-1] == {"end": True}
    assert asked("run", 5, "print(1)\nraise SystemExit\n")[0][-1] == {"end": True}
    failed = asked("run", 5, "print(1)\n1 / 0\n")[0][-1]
    assert (failed["error"], failed["line"], failed["text"]) == ("raises", 2, "1 / 0")


@pytest.mark.parametrize(
    ("added", "spoiled"),
    [
        ("", False),
        ("import json, random\nrandom.random()\n", False),
        ("import math\nmath.tanh = math.sin\n", True),
        ("import builtins\nbuiltins.reversed = list\n", True),
        ("import sys\nsys.setrecursionlimit(1234)\n", True),
        ("import demos.workshop.columns as c\nc.MOST_READS = 1\n", True),
    ],
)
def test_what_a_file_does_to_python_itself_is_noticed(added, spoiled, monkeypatch):
    from demos.workshop import columns

    for module, name in ((math, "tanh"), (builtins, "reversed"), (columns, "MOST_READS")):
        monkeypatch.setattr(module, name, getattr(module, name))  # put back afterwards
    limit = sys.getrecursionlimit()
    try:
        assert asked("probe", 2, added + right(2))[1] == {"spoiled": spoiled}
    finally:
        sys.setrecursionlimit(limit)


COMMANDS = [
    (number, command)
    for number, lines in {
        **{number: [look] for number, look in judge.LOOKS.items()},
        10: [judge.LOOKS[10], *judge.LEAKS.values()],
    }.items()
    for command in lines
    if command.startswith("python -m engine")
]
OWN = list(judge.OWN.items()) + [
    (e.number, command.strip("`"))
    for e in EXERCISES
    for command in re.findall(r"(?m)^#     (python -m engine .*)|`(python -m engine [^`]*)`",
                              e.start.read_text(encoding="utf-8"))
    for command in command if command
]  # fmt: skip


@pytest.mark.parametrize(("number", "command"), [*COMMANDS, *OWN])
def test_every_command_of_a_message_or_a_text_is_shown_in_the_page(number, command):
    """A picture for draw, a page for step, the debugger for debug; its next words come after it."""
    facts, _ = asked("look", number, right(number), command=command)
    assert facts[0] == {"ready": True} and facts[-1] == {"end": True}, facts
    seen = facts[1]
    if " draw " in command:
        assert seen["svg"].startswith("<svg")
    elif " step " in command:
        assert "parent.grad" in seen["page"]
    else:
        assert "backward pass of" in seen["said"] and seen["svg"].startswith("<svg")
        assert "1/" in in_browser.answer({"do": "debug", "command": "step"}, print)["said"]


def test_the_learners_own_gradients_are_drawn_as_they_are():
    source, _ = wrong(5)
    svg = asked("look", 5, source, command=judge.OWN[5])[0][1]["svg"]
    assert "elsewhere" in svg
    assert "elsewhere" not in asked("look", 5, right(5), command=judge.OWN[5])[0][1]["svg"]


@pytest.mark.parametrize(
    ("source", "says"),
    [("x = 1\n", "has no square"), ("def square(: pass", "invalid syntax"), ("1/0", "division")],
)
def test_what_cannot_be_shown_is_said(source, says):
    facts, _ = asked("look", 5, source, command=judge.OWN[5])
    assert says in facts[-1]["says"]


def test_a_progress_file_is_mended_or_refused_in_the_kits_words():
    def ask(text):
        return in_browser.answer({"do": "progress", "name": "ann.json", "text": text}, print)

    assert ask("{") == {"refused": "ann.json is not JSON"}
    assert ask("[]") == {"refused": "ann.json is no progress file of the workshop"}
    content = ask('{"exercises": {"5": {"passed": true, "checks": "many"}}}')["content"]
    assert content["exercises"]["5"]["passed"] and content["exercises"]["5"]["checks"] == 0


EVENTS = [
    ("checked", 5, False, ["assign"]),
    ("hinted", 5, 1),
    ("checked", 5, False, ["assign", "no_seed"]),
    ("solutionSeen", 5),
    ("checked", 5, True, []),
    ("checked", 5, True, []),
    ("checked", 6, False, ["pre_order"]),
]


@pytest.mark.skipif(not shutil.which("node"), reason="needs Node.js")
def test_the_page_writes_the_progress_file_that_the_kit_writes(tmp_path):
    """Records in JavaScript, Progress in Python: the same events, the same file."""
    progress = Progress(tmp_path / "progress.json")
    for moment, (name, *arguments) in enumerate(EVENTS, 100):
        name = {"solutionSeen": "solution_seen"}.get(name, name)
        getattr(progress, name)(*arguments, now=moment / 8)
    progress.save()
    names = {e.number: e.name for e in EXERCISES}
    script = f"""import {{ Records }} from {json.dumps((PAGE / "records.js").as_uri())};
        let now = 100;
        const records = new Records({json.dumps(names)}, undefined, () => now++ / 8);
        for (const [name, ...all] of {json.dumps(EVENTS)}) records[name](...all);
        const shown = JSON.parse(records.text());
        console.log(JSON.stringify([shown, records.current([1, 2, 3, 4, 5, 6, 7]), records.current([1, 2, 5])]));"""
    done = subprocess.run(
        ["node", "--input-type=module", "-e", script],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=os.environ | {"NODE_NO_WARNINGS": "1"},
    )
    assert done.returncode == 0, done.stderr
    content, current, short = json.loads(done.stdout)
    written = json.loads((tmp_path / "progress.json").read_text(encoding="utf-8"))
    assert content == written
    assert (current, short) == (
        progress.current([1, 2, 3, 4, 5, 6, 7]),
        progress.current([1, 2, 5]),
    )


# -- the page that is built


def test_the_page_shows_every_text_and_every_hint():
    for e, shown in zip(EXERCISES, workshop.exercises(), strict=True):
        lines = shown["start"].splitlines()
        assert shown["start"] == e.start.read_text(encoding="utf-8")
        texts = [part for part in shown["parts"] if "html" in part]
        assert len(texts) == shown["start"].count("# %% [markdown]")
        assert texts[0]["html"].startswith(f"<h2>{e.number}. {e.title}")
        assert all(
            lines[part["first"] - 1].strip() or "html" not in part for part in shown["parts"]
        )
        said = " ".join(part["html"] for part in texts)
        assert "demos.workshop" not in said and "<b>Check</b> (Ctrl+Enter) says" in said
        assert len(shown["hints"]) == 3 and all(shown["hints"])
        assert shown["solution"] in e.solution.read_text(encoding="utf-8")


def test_the_archive_has_what_the_workshop_needs(tmp_path):
    playground.write_archive(tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        archive.extractall(tmp_path / "there")
    request = {"do": "progress", "name": "a", "text": '{"exercises": {}}'}
    code = f"from demos.workshop import in_browser as b; print(b.answer({request}, print))"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path[:0] = ['there']; {code}"],
        cwd=tmp_path, capture_output=True, text=True, encoding="utf-8",
    )  # fmt: skip
    assert "'exercises': {}" in done.stdout, done.stderr
    assert not (tmp_path / "there" / "demos" / "workshop" / "solutions").exists()


def test_without_a_reader_of_markdown_there_is_one_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "markdown_it", None)
    with pytest.raises(ImportError, match=r"^the site needs markdown-it-py: pip install "):
        workshop.text("x")
