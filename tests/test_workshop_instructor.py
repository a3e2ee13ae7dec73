"""The teacher's pages: every number in them is the checker's own, every command runs, the minutes add up."""

import io
import re
import shlex
from pathlib import Path

import pytest
from test_docs import run_page

import engine.__main__
from demos.workshop import class_view
from demos.workshop.catalog import EXERCISES
from demos.workshop.commands import SUMMARIES
from demos.workshop.judge import TABLE

FOLDER = Path(class_view.__file__).parent
PAGE = (FOLDER / "INSTRUCTOR.md").read_text(encoding="utf-8")
README = (FOLDER / "README.md").read_text(encoding="utf-8")
PARTS = dict(re.findall(r"^## (\d+)\. [^\n]*\n(.*?)(?=^## )", PAGE, re.MULTILINE | re.DOTALL))
ROWS = [
    (number, *re.fullmatch(r"\| `(.+?)` \| (.+?) \| (.+?) \| (.+?) \|", line).groups())
    for number, part in PARTS.items()
    for line in part.splitlines()
    if line.startswith("| `")
]


def numbers(value):
    """The numbers that the checker has for one place; a list of two is a range."""
    return [f"{x:.4g}" for x in (value if isinstance(value, list) else [value])]


def measured(number, where, key):
    """Every number that a mistake gives at a place, on paper or in a check."""
    paper = TABLE["paper"].get(number, {}).get(where, {}).get(key, [])
    rows = [row for table in TABLE["used"][number] for row in TABLE["tables"][table]["rows"]]
    return [*paper, *(values[where] for keys, values in rows if keys == [key] and where in values)]


def test_every_exercise_has_its_rows():
    assert PARTS.keys() == {str(e.number) for e in EXERCISES}
    assert {row[0] for row in ROWS} == PARTS.keys()
    assert len(ROWS) >= 30


@pytest.mark.parametrize(("number", "where", "wrong", "right", "keys"), ROWS)
def test_a_fingerprint_is_the_checker_s(number, where, wrong, right, keys):
    tables = [TABLE["right"][number], *(TABLE["right"][n] for n in TABLE["used"][number])]
    place = next(table[where] for table in tables if where in table)
    assert right == " to ".join(numbers(place))
    for key in re.findall(r"`(\w+)`", keys):
        assert key in TABLE["sentences"]
        found = [x for x in measured(number, where, key) if x is not None]
        assert wrong in [f"{x:.4g}" for x in found], (key, found)


@pytest.mark.parametrize("part", PARTS.values(), ids=PARTS)
def test_an_exercise_has_all_that_a_teacher_needs(part):
    for word in ("Ask first", "Usual wrong answer", "Rescue", "Show", "If time is short"):
        assert f"- **{word}.**" in part
    [minutes, *spans] = re.match(
        r"\n(\d+) minutes: ask 0–(\d+), work (\d+)–(\d+), show (\d+)–(\d+)\.", part
    ).groups()
    ask, work, worked, show, shown = map(int, spans)
    assert (ask, worked, shown) == (work, show, int(minutes))


def test_the_minutes_are_the_catalog_s():
    for e in EXERCISES:
        assert PARTS[str(e.number)].startswith(f"\n{e.minutes} minutes:")
    for heading, end in (("The 90 minutes", 90), ("The three hours", 180)):
        [track] = re.findall(rf"^## {heading}\n(.*?)(?=^## )", PAGE, re.MULTILINE | re.DOTALL)
        starts = [
            (int(h) * 60 + int(m), text)
            for h, m, text in re.findall(r"^\| (\d):(\d\d) \|(.*)", track, re.M)
        ]
        ends = [start for start, _ in starts[1:]] + [end]
        for (start, text), after in zip(starts, ends, strict=True):
            exercise = re.match(r" \[(\d+)\. ", text)
            if exercise:
                assert after - start == EXERCISES[int(exercise[1]) - 1].minutes, text
        numbers = {int(n) for n in re.findall(r"\[(\d+)\. ", track)}
        shown_only = {9} if end == 90 else set()
        assert numbers - shown_only == {e.number for e in EXERCISES if e.short or end == 180}


@pytest.mark.parametrize("command", re.findall(r"^python -m engine (.*)", PAGE, re.MULTILINE))
def test_what_is_shown_runs(command, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", io.StringIO("w\nn\nq\n"))
    assert engine.__main__.main(shlex.split(command)) == 0
    assert capsys.readouterr().out


def test_the_page_s_output_is_what_comes_out(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run_page(PAGE, "INSTRUCTOR.md")


@pytest.mark.parametrize("page", [PAGE, README], ids=["INSTRUCTOR", "README"])
def test_links_to_a_heading_find_it(page):
    anchors = {
        name: {
            re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-")
            for h in re.findall(r"^##+ (.*)", text, re.M)
        }
        for name, text in (("README.md", README), ("INSTRUCTOR.md", PAGE))
    }
    own = "INSTRUCTOR.md" if page is PAGE else "README.md"
    for file, anchor in re.findall(r"\]\(([\w.]*)#([^)]+)\)", page):
        assert anchor in anchors[file or own], anchor


def test_the_commands_for_a_teacher_are_there():
    for command in set(re.findall(r"python -m demos\.workshop (\w+)", README)):
        assert command in SUMMARIES
