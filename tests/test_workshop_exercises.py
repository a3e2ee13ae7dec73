"""The exercises of the workshop: start and solution, what they print, hints, notebooks."""

import contextlib
import io
import json
import re
import shlex
import tokenize

import pytest

from demos.workshop import judge, marked, notebook
from demos.workshop.catalog import EXERCISES, exercise
from demos.workshop.columns import COLUMNS
from demos.workshop.probe import source_of
from demos.workshop.workspace import Workspace
from engine.__main__ import main as engine_main

each = pytest.mark.parametrize("e", EXERCISES, ids=lambda e: e.name)


def printed(source, name="__main__"):
    """Return what a file prints when it is run as a script."""
    with contextlib.redirect_stdout(io.StringIO()) as out:
        exec(compile(source, "exercise.py", "exec"), {"__name__": name})
    return out.getvalue()


def test_there_are_ten_and_two_tracks():
    assert [e.number for e in EXERCISES] == [*range(1, 11)]
    assert [e.number for e in EXERCISES if e.short] == [1, 2, 3, 4, 5, 7]
    assert (
        sum(e.minutes for e in EXERCISES if e.short) == 70
        and sum(e.minutes for e in EXERCISES) == 160
    )
    for number in (0, 11):
        with pytest.raises(ValueError, match=f"there is no exercise {number}: .* 1 to 10"):
            exercise(number)


@each
def test_start_and_solution_differ_in_the_marked_place_alone(e):
    assert marked.around(e.start) == marked.around(e.solution)
    assert marked.turn(e.start) != marked.turn(e.solution)
    for path in (e.start, e.solution):
        text = path.read_text(encoding="utf-8")
        assert text.count("YOUR TURN --") == 2 and text.count(marked.BEGIN) == 1


@each
def test_what_a_file_says_that_it_prints_is_what_it_prints(e):
    """A comment behind a print is its output, and so are those below a loop; answers have none."""
    text = e.solution.read_text(encoding="utf-8")
    main = text[text.index('__name__ == "__main__"') :].split("\n")
    said = [m[1] for line in main if (m := re.match(r" *(?:print\(.*\)  |   )# (.+)$", line))]
    silent = [line for line in main if re.match(r" *print\(", line) and "  # " not in line]
    out = printed(text).splitlines()
    rest = iter(out)
    assert [line for line in said if line not in rest] == []
    assert said or e.number in (5, 10)
    assert len(silent) == {2: 1, 5: 2, 6: 1, 8: 1, 9: 1, 10: 1}.get(e.number, 0), (
        "answers, and loops"
    )


@each
def test_a_start_state_runs_as_a_script_and_says_nothing_when_it_is_imported(e):
    printed(e.start.read_text(encoding="utf-8"))
    for path in (e.start, e.solution):
        assert printed(path.read_text(encoding="utf-8"), "exercise") == ""


@each
def test_the_title_is_that_of_the_list_and_the_last_cell_says_how_to_check(e):
    text = e.start.read_text(encoding="utf-8")
    assert text.startswith(f"# %% [markdown]\n# # {e.number}. {e.title}\n")
    assert f"`python -m demos.workshop check {e.number}`" in text.split("# %%")[-1]
    assert len(text.splitlines()) <= 170, "small enough for one sitting"


@each
def test_there_are_three_hints_and_only_the_last_may_give_it_away(e):
    hints = marked.hints(e.number)
    assert len(hints) == 3 and len({*hints}) == 3
    assert not any(
        line in hints[0] for line in marked.turn(e.solution).splitlines() if len(line) > 20
    )


def numbers_of_the_hints(e):
    """Return the numbers that the hints of an exercise may quote, each from where it comes from."""
    d = -2.0  # of exercise 2, and so the slope of L along f
    of_hints = {
        1: [5.0, 0.001, 2.0],  # the call that is proposed, and the formula's 2h
        2: [d],
        3: [0.1],  # the nudge
        4: [1.0, 0.0],
        5: [3.0, 3.0 + 0.01, 3.0**2, (3.0 + 0.01) ** 2, 2.0, 2.0 + 0.001],
        9: [0.0],
        10: [0.0, 1.0],
    }
    solved = [float(x) for x in re.findall(r"= (\d+\.\d+) ", marked.turn(e.solution))]
    return [*of_hints.get(e.number, ()), *(solved if e.number == 10 else ())]


@each
def test_the_numbers_of_the_hints_are_those_of_the_exercise(e):
    hints = re.sub(r"^## \d", "", e.hints.read_text("utf-8"), flags=re.MULTILINE)
    quoted = [
        float(x) for x in re.findall(r"-?\d+\.\d+|(?<=from )\d+|(?<=goes from )\d+|-\d+", hints)
    ]
    allowed = numbers_of_the_hints(e)
    assert [x for x in quoted if not any(abs(x - y) < 1e-12 for y in allowed)] == []


def test_forgetting_zero_grad_in_exercise_9_does_harm_within_ten_steps():
    """w' = w - (g + 2(w - 3))/10 with the old g still in it, from 0: by hand, without the exercise."""
    names = {"__name__": "exercise"}
    exec(exercise(9).solution.read_text(encoding="utf-8"), names)
    w, g, by_hand = 0.0, 0.0, []
    for _ in range(24):
        g += 2.0 * (w - 3.0)
        w -= 0.1 * g
        by_hand.append(w)
    forgotten = names["train_and_forget"](names["Value"](0.0), [(1.0, 3.0)], 0.1, 24)
    kept = names["train"](names["Value"](0.0), [(1.0, 3.0)], 0.1, 24)
    assert forgotten == pytest.approx(by_hand)
    assert [round(w, 2) for w in forgotten[::6]] == [0.6, 5.99, -0.02, 5.49]
    assert max(abs(w - 3.0) for w in forgotten[:10]) > 2.9 > 0.4 > abs(kept[9] - 3.0)


def test_the_value_grows_from_file_to_file():
    """What a file has of the class Value, the next one that has it repeats word for word."""
    methods = [_methods(e.solution.read_text(encoding="utf-8")) for e in EXERCISES[2:]]
    assert methods[0].keys() == {"__init__", "__repr__", "__add__", "__mul__"}
    known = {}
    for found in methods:
        for name, body in found.items():
            assert known.setdefault(name, body) == body
    assert {"tanh", "relu", "exp", "log"} <= known.keys()


def _methods(text):
    text = "".join(line for line in text.splitlines(keepends=True) if "# ---- " not in line)
    found = re.findall(
        r"^    def (\w+)\(self.*?\n(?=\n    def|\n\n\S|\Z)", text, re.DOTALL | re.MULTILINE
    )
    bodies = re.findall(
        r"(^    def \w+\(self.*?\n)(?=\s*    def|\n\n\S|\Z)", text, re.DOTALL | re.MULTILINE
    )
    return dict(zip(found, (body.strip() for body in bodies)))


# A word that the field has given a meaning is explained, in bold, before or where it is first used.
WORDS = {
    "nudge": 1,
    "slope": 1,
    "central difference": 1,
    "gradient": 2,
    "chain rule": 2,
    "parents": 3,
    "local derivative": 3,
    "root": 5,
    "contribution": 5,
    "upstream": 5,
    "node": 5,
    "leaf": 5,
    "topological order": 6,
    "neuron": 8,
    "weight": 8,
    "bias": 8,
    "layer": 8,
    "network": 8,
    "cost": 8,
    "error": 8,
    "model": 9,
    "example": 9,
    "loss": 9,
    "learning rate": 9,
    "batch": 9,
    "zero_grad": 9,
    "saturated": 10,
    "dead relu": 10,
    "exploding": 10,
}


@pytest.mark.parametrize("word", WORDS)
def test_no_word_is_used_before_it_is_explained(word):
    for e in EXERCISES[: WORDS[word]]:
        cells = notebook.cells(e.start.read_text(encoding="utf-8"))
        text = "\n\n".join(text for kind, text in cells if kind == "markdown")
        text = re.sub(r"^#+ .*$|^ {4}.*$|`[^`]*`", "", text, flags=re.MULTILINE)
        text = " ".join(text.split())
        use = re.search(rf"\b{word}s?\b", text)
        if e.number < WORDS[word]:
            assert not use, f"{e.name} uses {word!r}: {text[use.start() - 30 : use.end() + 30]}"
        else:
            assert use and text[use.start() - 2 : use.start()] == "**", f"{word!r} in {e.name}"


@pytest.fixture
def engine_command(monkeypatch, tmp_path, capsys):
    """Run a command of the engine beside a learner's folder with the solutions, and press q."""
    workspace = Workspace(tmp_path / "workshop")
    workspace.prepare()
    for e in EXERCISES:
        workspace.file(e.number).write_bytes(e.solution.read_bytes())
    monkeypatch.chdir(tmp_path)

    def run(command, typed="c\nq\n"):
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        status = engine_main(shlex.split(command)[3:])
        return status, capsys.readouterr()

    return run


@pytest.mark.drawing
def test_every_command_that_an_exercise_names_runs(engine_command, tmp_path):
    texts = [e.start.read_text(encoding="utf-8") for e in EXERCISES]
    found = {c for text in texts for c in re.findall(r"^#     (python -m engine .*)$", text, re.M)}
    inline = [
        c
        for text in texts
        for c in re.findall(r"`(python -m engine[^`]*)`", text.replace("\n# ", " "))
    ]
    shown = [judge._look(n, column) for n in COLUMNS for column in [*COLUMNS[n], judge.AGAIN]]
    lines = [line.partition(": ")[2] for look in shown for line in look.split("\n")]
    looks = [line.partition(", and in it")[0] for line in lines]
    commands = {*found, *inline, *(look for look in looks if "-m engine" in look)}
    assert len(found) >= 7 and len(inline) >= 1 and len(commands) >= 25
    for command in sorted(commands):
        status, said = engine_command(command)
        assert status == 0, f"{command}\n{said.err}"
    assert (tmp_path / "square.svg").exists() and (tmp_path / "steps.html").exists()


def test_the_debugger_stops_where_the_nan_of_exercise_10_is_born(engine_command):
    text = exercise(10).start.read_text(encoding="utf-8")
    command = re.search(r"^#     (python -m engine debug .*)$", text, re.M)[1]
    assert command in judge.LOOKS[10]
    said = engine_command(command, "watch nan\nc\nq\n")[1].out
    assert "u.grad" in said and "→ nan" in said.split("(grad)")[2]
    assert "the backward pass is complete" not in said


@each
def test_a_notebook_has_the_cells_of_the_script(e, tmp_path):
    nbformat = pytest.importorskip("nbformat")
    file = tmp_path / f"{e.name}.ipynb"
    file.write_text(notebook.notebook_of(e), encoding="utf-8")
    made = nbformat.read(file, as_version=4)
    nbformat.validate(made)
    script = e.start.read_text(encoding="utf-8")
    assert len(made.cells) == script.count("# %%") + 1
    assert made.cells[0].source.startswith(f"# {e.number}. {e.title}\n")
    assert _code(source_of(str(file))) == _code(script)
    assert notebook.notebook_of(e) == file.read_text(encoding="utf-8"), "not the same bytes twice"
    assert json.loads(file.read_text(encoding="utf-8"))["cells"][-1]["source"][1].startswith("!")


def _code(text):
    """Return the tokens of a source, without comments and empty lines."""
    skipped = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.ENDMARKER)
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return [t.string for t in tokens if t.type not in skipped and t.string.strip()]


def test_a_debugger_that_an_exercise_names_ends_in_the_right_gradients(engine_command):
    """What the exercise itself has swept would be swept twice: "there before this backward()"."""
    for e in EXERCISES:
        text = e.start.read_text(encoding="utf-8")
        for command in re.findall(r"^#     (python -m engine debug workshop/.*)$", text, re.M):
            status, printed = engine_command(command)
            assert status == 0 and "the backward pass is complete" in printed.out
            assert "before" not in printed.out.replace(":before", ""), command
            if e.number == 7:
                assert "x.grad = 1.642" in printed.out
