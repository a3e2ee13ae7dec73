"""What the teacher of a workshop has: the class view, the quiz, the poster and the card."""

import json
import math
import os
import re
import runpy
import subprocess
import xml.etree.ElementTree
from pathlib import Path

import pytest
from hostile import LABELS

import engine
from demos.workshop import catalog, class_view, poster, quiz
from demos.workshop.__main__ import main
from demos.workshop.class_view import Learner, collect, summary
from demos.workshop.progress import Progress
from engine import Value
from engine.debugger import Session
from engine.debugger.terminal import HELP
from engine.graph import topological_order

# -- the class view


def learner(folder, name, passed, stuck_at=0, checks=0, mistakes=(), minutes=3.0):
    """Write the progress file of somebody who passed some exercises, by the kit's own writer."""
    folder.mkdir(parents=True)
    progress = Progress(folder / "progress.json")
    progress.content["name"] = name
    for number in passed:
        progress.checked(number, passed=False, mistakes=[], now=100.0)
        progress.checked(number, passed=True, mistakes=[], now=100.0 + 60.0 * minutes)
    for i in range(checks):
        progress.checked(stuck_at, passed=False, mistakes=mistakes, now=1000.0 + 30.0 * i)
    progress.save()


@pytest.fixture
def room(tmp_path):
    learner(tmp_path / "ann", "Ann", [1, 2, 3], 4, 6, ["tanh_without_square"])
    learner(tmp_path / "bo" / "workshop", "", [1, 2], minutes=5.0)
    learner(tmp_path / "cy", "Cy", [1], 2, 4, ["assign", "no_seed"])
    (tmp_path / "dee.json").write_bytes((tmp_path / "ann" / "progress.json").read_bytes())
    content = json.loads((tmp_path / "dee.json").read_text())
    (tmp_path / "dee.json").write_text(json.dumps(content | {"name": ""}))
    return tmp_path


def test_the_table_has_a_row_for_each_learner(room):
    lines = summary(collect(room)[0]).splitlines()
    rows = {line.split()[0]: line.split()[1:] for line in lines[3:9]}
    assert rows["Ann"] == rows["dee"] == ["✓", "✓", "✓", "6", *"······"]
    assert rows["bo"] == ["✓", "✓", *"········"]
    assert rows["Cy"] == ["✓", "4", *"········"]
    assert rows["passed"] == ["4", "3", "2", *"0000000"]
    assert rows["minutes"] == ["3", "3", "3", *"–––––––"]  # of 3, 3, 3 and 5; of 3, 3 and 5


def test_who_is_stuck_where_and_which_mistakes_are_common(room):
    text = summary(collect(room)[0])
    assert "   Ann: 6 checks in 2 min, no hint; tanh_without_square 6 times" in text
    assert "   dee: 6 checks" in text
    assert "   Cy: 4 checks" not in text  # four checks in two minutes are not stuck
    mistakes = text.split("Common mistakes\n")[1].splitlines()
    assert [line.split()[:4] for line in mistakes if line[0] != " "] == [
        ["tanh_without_square", "2", "of", "4"],
        ["assign", "1", "of", "4"],
        ["no_seed", "1", "of", "4"],
    ]
    assert max(map(len, text.splitlines())) <= 80


def test_somebody_is_stuck_when_the_planned_time_is_over():
    record = {"checks": 1, "started": 0.0, "last": 601.0}  # exercise 1 has ten minutes
    assert "Ann: 1 check in 10 min" in summary([Learner("Ann", {1: record})])
    assert "Stuck\nnobody" in summary([Learner("Ann", {1: record | {"last": 600.0}})])


def test_many_who_are_stuck_are_counted():
    room = [Learner(f"L{i}", {3: {"checks": 9}}) for i in range(30)]
    assert "   and 22 more" in summary(room)
    assert summary(room).count("9 checks") == 8


def test_the_command_sums_up_a_folder(room, capsys, monkeypatch):
    monkeypatch.chdir(room)
    assert main(["progress", "--class", str(room)]) == 0
    assert capsys.readouterr().out.startswith("4 learners\n")


def test_what_cannot_be_read_is_left_out_and_said(room, capsys):
    (room / "torn.json").write_text('{"exercises": {')
    (room / "list.json").write_text("[1]")
    (room / "text.json").write_text('{"exercises": {"1": {"checks": "many"}}}')
    (room / "odd.json").write_text('{"exercises": {"1": {"mistakes": [1]}}}')
    assert class_view.run(room) == 0
    out = capsys.readouterr().out
    assert [line for line in out.splitlines() if line.startswith("left out: ")] == [
        f"left out: {room / 'list.json'} is no progress file of the workshop",
        f"left out: {room / 'odd.json'}: mistakes is [1], which is no table",
        f"left out: {room / 'text.json'}: checks is 'many', which is no number",
        f"left out: {room / 'torn.json'} is not JSON",
    ]
    assert "4 learners" in out


def test_an_empty_folder_says_what_to_collect(tmp_path, capsys):
    assert class_view.run(tmp_path) == 1
    assert "collect each learner's workshop/progress.json there" in capsys.readouterr().out


@pytest.mark.parametrize("name", LABELS[3::4])
def test_hostile_names_and_keys_do_no_harm(name, tmp_path):
    content = {"name": name, "exercises": {"1": {"checks": 9, "mistakes": {name: 3, "assign": 1}}}}
    (tmp_path / "x.json").write_text(json.dumps(content))
    text = summary(collect(tmp_path)[0])
    assert not any(ord(c) < 32 and c != "\n" for c in text)
    assert "assign 1 time" in text


# -- the quiz


def recomputed(text, values):
    """Return f and its gradients by central differences of the text, read as Python."""
    python = text.removeprefix("f = ").replace("·", "*").replace("²", "**2")
    functions = {"tanh": math.tanh, "exp": math.exp, "relu": lambda x: max(x, 0.0)}

    def f(**letters):
        return eval(python, functions | letters)

    def slope(letter, h=1e-6):
        up, down = (f(**values | {letter: values[letter] + d}) for d in (h, -h))
        return (up - down) / (2 * h)

    return f(**values), {letter: slope(letter) for letter in values}


@pytest.mark.parametrize("level", quiz.LEVELS)
def test_the_answers_are_right(level):
    """Against Python's own reading of the text, and differences of it."""
    for question in quiz.questions(seed=3, level=level, count=20):
        values = {leaf.label: leaf.data for leaf in question.leaves}
        f, slopes = recomputed(question.text, values)
        lines = quiz.worked(question)
        answers = {line.split(" = ")[0]: float(line.split(" = ")[-1]) for line in lines}
        assert answers["f"] == pytest.approx(f, rel=1e-3)
        for letter, slope in slopes.items():
            assert answers[f"{letter}.grad"] == pytest.approx(slope, rel=1e-3, abs=1e-6)


@pytest.mark.parametrize("level", [1, 2])
def test_paper_is_enough_for_the_first_two_levels(level):
    for seed in range(10):
        for question in quiz.questions(seed, level):
            numbers = [
                node.grad for node in (*topological_order(question.root)[0], *question.leaves)
            ]
            assert all(x.is_integer() and abs(x) <= 60 for x in numbers)
            assert "…" not in question.text and "tanh" not in question.text
            assert all(leaf.grad for leaf in question.leaves)  # a 0 would be a riddle on paper
            assert all(node.data for node in topological_order(question.root)[0])


def test_what_each_level_adds():
    def uses(question):
        return [question.text.count(leaf.label) for leaf in question.leaves]

    assert all({*uses(q)} == {1} for q in quiz.questions(5, 1, 20))
    assert all(max(uses(q)) > 1 for q in quiz.questions(5, 2, 20))
    assert all(re.search("tanh|exp|relu", q.text) for q in quiz.questions(5, 3, 20))


def test_a_quiz_is_the_same_everywhere(python):
    program = "from demos.workshop.quiz import *; print([q.text for q in questions(7, 2)])"
    outs = {
        subprocess.run(
            [python, "-c", program], env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True, text=True, check=True,
        ).stdout
        for seed in ("0", "1")
    }  # fmt: skip
    assert outs == {str([q.text for q in quiz.questions(7, 2)]) + "\n"}
    texts = [q.text for q in quiz.questions(7, 2, 40)]
    assert len(set(texts)) == 40


def test_the_pages_of_a_quiz(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["quiz", "--seed", "7", "--level", "2"]) == 0
    out = capsys.readouterr().out
    assert out.index("f = (c - b)²·b + a") < out.index("Answers") < out.index("u = c - b = 2")
    assert quiz.ROUNDED not in out
    assert main(["quiz", "--seed", "7", "--level", "3", "--count", "2", "--html", "quiz.html"]) == 0
    page = (tmp_path / "quiz.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 2 and page.count("</li>") == 4 and quiz.ROUNDED in page
    body = re.sub("<!doctype html>|<meta[^>]*>", "", page).replace("<br>", "")
    assert xml.etree.ElementTree.fromstring(body).tag == "html"
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "")  # it asks no network


@pytest.mark.parametrize(
    "wrong", [["--level", "4"], ["--count", "0"], ["--count", "41"], ["--seed", "x"]]
)
def test_a_quiz_that_does_not_exist_is_refused(wrong, capsys):
    with pytest.raises(SystemExit):
        main(["quiz", *wrong])
    assert "error: argument" in capsys.readouterr().err


# -- the poster and the debugger card

SVG = "{http://www.w3.org/2000/svg}"
SHEETS = {"poster": poster.poster, "debugger-card": poster.card}


def letters(node, scale=1.0, sizes=None):
    """Yield each text of a sheet: its size in pixels, its left edge and its right edge."""
    if node.tag == SVG + "svg" and node.get("viewBox"):
        scale *= float(node.get("width")) / float(node.get("viewBox").split()[2])
    style = "".join(part.text or "" for part in node.findall(SVG + "style"))
    sizes = {**(sizes or {}), **dict(re.findall(r"\.(\w+)\{[^}]*font-size:(\d+)px", style))}
    usual = re.findall(r"text\{font-size:(\d+)px", style)
    sizes |= {"": usual[0]} if usual else {}
    if node.tag == SVG + "text":
        named = [sizes[name] for name in (node.get("class") or "").split() if name in sizes]
        size = scale * float(node.get("font-size") or [*named, sizes.get("")][0])
        x = float(node.get("x"))
        yield size, x, x + 0.602 * size * len(node.text)
    for child in node:
        yield from letters(child, scale, sizes)


@pytest.mark.parametrize("sheet", SHEETS)
def test_a_projector_of_1024_pixels_shows_letters_of_20(sheet):
    tree = xml.etree.ElementTree.fromstring(SHEETS[sheet]())
    assert tree.get("viewBox") == "0 0 1024 768"
    sizes = list(letters(tree))
    assert len(sizes) > 20
    assert min(size for size, _, _ in sizes) >= 20.0
    assert max(right for _, _, right in sizes) <= 1024.0
    assert max(float(text.get("y")) for text in tree.findall(SVG + "text")) <= 760.0


@pytest.mark.parametrize("sheet", SHEETS)
def test_the_sheets_in_the_folder_are_current(sheet):
    folder = Path(poster.__file__).parent / "sheets"
    remedy = "run python -m demos.workshop poster --out demos/workshop/sheets"
    assert (folder / f"{sheet}.svg").read_text(encoding="utf-8") == SHEETS[sheet](), remedy
    assert (folder / f"{sheet}.pdf").read_bytes().startswith(b"%PDF-")


def test_the_poster_s_local_derivatives_are_the_engine_s():
    """Read as Python at a = 1.5 and b = −0.5, beside the rules of engine/operations.py."""
    a, b = Value(1.5), Value(-0.5)
    nodes = [a + b, a * b, a**2, a.exp(), a.tanh(), a.relu()]
    for (text, slopes), node in zip(poster.RULES, nodes, strict=True):
        names = {"a": a.data, "b": b.data, "z": node.data}
        slopes = slopes.replace("·", "*").replace("²", "**2").replace("−", "-")
        values = [eval(s.replace(", else", " else"), names) for s in slopes.split(" and ")]
        assert values == pytest.approx(node.local_derivatives()), text


def test_the_sheets_say_what_the_engine_does():
    assert re.findall(
        r"(contribution = node\.grad \* local|parent\.grad \+= contribution)", poster.poster()
    )
    for line in HELP.splitlines():
        for word in re.findall(r"[\w()]+", line):
            assert word in poster.card()


def test_without_a_converter_there_is_one_line(tmp_path, monkeypatch, capsys):
    def missing(svg, suffix):
        raise ImportError("a .pdf file needs cairosvg: pip install cairosvg, or save as .svg")

    monkeypatch.setattr(poster, "converted", missing)
    assert main(["poster", "--out", str(tmp_path)]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["debugger-card.svg", "poster.svg"]
    assert (
        "no poster.pdf: a .pdf file needs cairosvg: pip install cairosvg" in capsys.readouterr().out
    )


# -- the learner's own graph


@pytest.mark.parametrize("name", ["05_forks", "06_order", "07_sum", "08_neuron"])
def test_an_exercise_s_own_graph_is_shown(name):
    """h + h·x with h = tanh x at x = 0.5: 1.642, as measured; every view has the learner's own grads."""
    learner = runpy.run_path(str(catalog.FOLDER / "solutions" / f"{name}.py"))
    x = learner["Value"](0.5)
    h = x.tanh()
    y = h + h * x
    learner["backward"](y)
    assert engine.why(y, x).splitlines()[0] == "x.grad = 1.642"
    assert "elsewhere" not in engine.draw(y).svg
    assert engine.draw(y, names={"x": x}).scene.cards[0].grad == "1.642"
    assert engine.text(y).count("\n") == 5
    assert "tanh" in engine.stepper(y).html
    assert Session(y).leaves[0].grad == x.grad


def test_an_exercise_s_mistake_is_seen_in_its_picture():
    """Exercise 5 begins with = for +=, and x·x at 3 gives 3: the picture says that 3 is missing."""
    learner = runpy.run_path(str(catalog.FOLDER / "exercises" / "05_forks.py"))
    x = learner["Value"](3.0)
    y = x * x
    learner["backward"](y)
    assert x.grad == 3.0
    assert engine.draw(y).scene.cards[0].terms == ["3", "3", "−3 elsewhere"]
