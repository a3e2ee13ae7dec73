"""The commands of the workshop: what they print, what they keep, what they refuse."""

import json
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest

from demos import show
from demos.workshop import __main__ as workshop
from demos.workshop import notebook
from demos.workshop.catalog import EXERCISES, exercise
from demos.workshop.commands import SUMMARIES, watch
from demos.workshop.progress import Progress
from demos.workshop.workspace import Workspace

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path / "workshop"


@pytest.fixture
def say(capsys):
    """Run a command; return its exit status and what it printed."""

    def run(*arguments):
        capsys.readouterr()
        status = workshop.main(list(arguments))
        return status, capsys.readouterr().out

    return run


def solve(folder, number):
    (folder / exercise(number).file_name).write_bytes(exercise(number).solution.read_bytes())


def spoil(folder, number, old, new):
    text = exercise(number).solution.read_text(encoding="utf-8")
    assert old in text
    (folder / exercise(number).file_name).write_text(text.replace(old, new), encoding="utf-8")


# -- list, check, progress


def test_without_a_command_the_exercises_are_listed(folder, say):
    status, out = say()
    assert (status, out) == (0, say("list")[1])
    assert [line for line in out.splitlines() if line.startswith(">")] == [out.splitlines()[0]]
    assert all(e.title in out for e in EXERCISES) and not folder.exists()


def test_the_first_check_copies_the_exercises_and_says_so(folder, say):
    status, out = say("check")
    assert status == 1 and sorted(p.name for p in folder.glob("*.py")) == [
        e.file_name for e in EXERCISES
    ]
    assert out.startswith("Ten exercises are now in workshop: edit them there.\n")
    assert not say("check")[1].startswith("Ten")


def test_a_wrong_file_is_told_and_a_right_one_passes(folder, say):
    say("check")
    spoil(folder, 7, "parent.grad += contribution", "parent.grad = contribution")
    status, out = say("check", "7")
    assert status == 1 and out.splitlines()[0].startswith("✗ 7  The two-line sum")
    assert "y = x * x at x = 3: x.grad is 3, should be 6." in out and "hint 7" in out
    solve(folder, 7)
    status, out = say("check", "sum")
    assert status == 0 and "  Right." in out and "Next: 8  " in out
    assert "✓  7" in say("list")[1]


@pytest.mark.parametrize("name", ["7", "07", "sum", "07_sum", "07_sum.py"])
def test_an_exercise_has_its_number_and_its_name(name, folder, say):
    assert "7  The two-line sum" in say("check", name)[1]


def test_check_goes_on_where_the_learner_is(folder, say):
    """With the one looked at last; once that has passed, with the next that has not, from the top again."""
    say("check")
    solve(folder, 4)
    assert say("check", "4")[0] == 0
    assert "5  Forks" in say("check")[1] and "5  Forks" in say("check")[1]
    say("hint", "2")
    assert "2  Gradients" in say("check")[1]
    for number in (2, 3, 5, 6, 7, 8, 9, 10):
        solve(folder, number)
        say("check", str(number))
    assert "1  Nudge" in say("check")[1]
    solve(folder, 1)
    assert say("check")[0] == 0 and "10  Bug hunt" in say("check")[1]


def test_json_is_the_verdict_alone(folder, say):
    status, out = say("check", "3", "--json")
    verdict = json.loads(out)
    assert status == 1 and list(verdict) == [
        "exercise",
        "passed",
        "mistakes",
        "got",
        "right",
        "message",
    ]
    assert (verdict["exercise"], verdict["got"], verdict["right"]) == (3, 0.0, 1.0)


def test_another_file_is_checked_and_nothing_is_recorded(folder, say, tmp_path):
    spoil(tmp_path, 5, "+= contribution", "= contribution")
    status, out = say("check", "--file", "05_forks.py", "--json")
    assert (status, json.loads(out)["mistakes"]) == (1, ["assign"]) and not folder.exists()
    (tmp_path / "mine.py").write_bytes(exercise(6).solution.read_bytes())
    assert say("check", "6", "--file", "mine.py")[0] == 0
    status = workshop.main(["check", "6", "--file", "none.py"])
    assert status == 2


@pytest.mark.parametrize(
    ("place", "named"),
    [("mine", "mine/05_forks.py"), ("my files", '"my files/05_forks.py"'), (".", "05_forks.py")],
)
def test_what_a_message_shows_names_the_file_where_it_is(place, named, folder, say, tmp_path):
    say("--folder", place, "list")
    say("--folder", place, "check", "5")
    solved = exercise(5).solution.read_text(encoding="utf-8")
    (tmp_path / place / "05_forks.py").write_text(solved.replace("+= contr", "= contr"), "utf-8")
    for more in ([], ["--json"]):
        out = say("--folder", place, "check", "5", *more)[1].replace('\\"', '"')
        command = f"python -m engine draw {named}:square -o square.svg".replace("/", os.sep)
        assert command in out.replace("\\\\", "\\")


def test_in_a_notebook_a_message_shows_a_cell_to_write(folder, say, tmp_path):
    for number, cell in (
        (6, "See it: in a new cell, from engine import draw; draw(fork())"),
        (1, "See it: a new cell lets you nudge by hand: slope(square, 5.0, 0.001)"),
    ):
        file = tmp_path / f"{exercise(number).name}.ipynb"
        text = notebook.notebook_of(exercise(number))
        file.write_text(text.replace('at 5\\": None', 'at 5\\": 1'), encoding="utf-8")
        out = say("check", "--file", str(file))[1]
        assert cell in out and ".py" not in out.split("\n", 1)[1]


def test_progress_counts_checks_mistakes_and_hints(folder, say):
    say("check")
    spoil(folder, 5, "+= contribution", "= contribution")
    say("check", "5")
    say("check", "5")
    say("hint", "5")
    say("progress", "--name", "Ann")
    solve(folder, 5)
    assert say("check", "5")[0] == 0
    kept = json.loads((folder / "progress.json").read_text(encoding="utf-8"))
    record = kept["exercises"]["5"]
    assert (kept["version"], kept["name"]) == (1, "Ann")
    assert (record["passed"], record["checks"], record["mistakes"]) == (True, 3, {"assign": 2})
    assert (record["hints"], record["solution"]) == (1, False)
    assert record["started"] <= record["passed_at"] == record["last"]
    status, out = say("progress")
    assert status == 0 and "1 of 10" in out and "checks: 3, hints: 1" in out
    assert out.startswith("Ann\n") and "solution shown" not in out
    say("solution", "7")
    assert "checks: 0, solution shown" in say("progress")[1]


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"last": "yesterday", "started": []},
        {"checks": "a", "mistakes": [], "hints": 99, "passed": None},
        {"checks": 1, "mistakes": {"assign": "b"}, "hints": -1},
    ],
)
def test_a_record_that_lacks_something_is_mended_and_not_a_traceback(record, folder, say):
    say("list")
    folder.mkdir(exist_ok=True)
    content = {"version": 1, "name": 5, "exercises": {"5": record}}
    for command in ("check", "hint", "progress", "solution", "list"):
        (folder / "progress.json").write_text(json.dumps(content), encoding="utf-8")
        say(command, *(["5"] if command in ("check", "hint", "solution") else []))
    (folder / "progress.json").write_text(json.dumps(content), encoding="utf-8")
    say("check", "5")
    kept = json.loads((folder / "progress.json").read_text(encoding="utf-8"))["exercises"]["5"]
    assert kept["checks"] == 1 + (record.get("checks") == 1) and kept["exercise"] == "05_forks"
    assert 0 <= kept["hints"] <= 3 and "assign" not in kept["mistakes"]


def test_a_progress_file_that_cannot_be_read_is_kept_and_said(folder, say, capsys):
    folder.mkdir()
    (folder / "progress.json").write_text("{ cut off", encoding="utf-8")
    assert workshop.main(["progress"]) == 0
    err = capsys.readouterr().err
    assert "is not JSON" in err and "kept as progress.unreadable.json" in " ".join(err.split())
    assert (folder / "progress.unreadable.json").read_text(encoding="utf-8") == "{ cut off"


@pytest.mark.parametrize(
    "text", ["[]", '{"exercises": []}', '{"exercises": {"5": 3}}', '{"exercises": {"x": {}}}']
)
def test_other_json_is_no_progress_file(text, tmp_path):
    (tmp_path / "progress.json").write_text(text, encoding="utf-8")
    assert "no progress file" in Progress(tmp_path / "progress.json").notice


def test_a_passed_exercise_stays_passed_and_a_kill_leaves_a_whole_file(tmp_path, monkeypatch):
    progress = Progress(tmp_path / "progress.json")
    progress.checked(1, True, [])
    progress.checked(1, False, ["sign"])
    progress.save()
    monkeypatch.setattr("os.replace", lambda *paths: (_ for _ in ()).throw(KeyboardInterrupt))
    progress.checked(2, True, [])
    with pytest.raises(KeyboardInterrupt):
        progress.save()
    assert Progress(tmp_path / "progress.json").passed(1) and not Progress(
        tmp_path / "progress.json"
    ).passed(2)


def test_the_short_track_goes_from_5_to_7(folder, say):
    listed = say("list", "--short")[1]
    assert "7  The two-line" in listed and "6  Order" not in listed and "watch" in listed
    say("check")
    solve(folder, 5)
    out = say("check", "5", "--short")[1]
    assert "Next: 7  The two-line sum" in out and "1 of 6" in out
    assert "6  Order" in say("hint", "--folder", "workshop")[1]
    say("hint", "5")
    assert "7  The two-line" in say("--short", "check")[1]


def test_a_copy_that_nobody_has_changed_follows_its_original(tmp_path, monkeypatch):
    originals = tmp_path / "kit"
    (originals / "exercises").mkdir(parents=True)
    for e in EXERCISES:
        (originals / "exercises" / e.file_name).write_bytes(e.start.read_bytes())
    monkeypatch.setattr("demos.workshop.catalog.FOLDER", originals)
    workspace = Workspace(tmp_path / "workshop")
    assert workspace.prepare() == 10
    workspace.file(2).write_text("mine", encoding="utf-8")
    for e in EXERCISES[:3]:
        e.start.write_text("new", encoding="utf-8")
    assert workspace.prepare() == 0
    assert [workspace.file(n).read_text(encoding="utf-8") for n in (1, 2, 3)] == [
        "new",
        "mine",
        "new",
    ]
    assert workspace.file(4).read_bytes() == exercise(4).start.read_bytes()
    workspace.note.write_text("{ cut off", encoding="utf-8")
    assert workspace.prepare() == 0 and not list(workspace.folder.glob("*.part"))


def test_the_folder_is_found_from_inside_and_from_below(folder, say, tmp_path, monkeypatch):
    say("check", "3")
    below = tmp_path / "notes" / "deep"
    below.mkdir(parents=True)
    for place in (folder, below):
        monkeypatch.chdir(place)
        assert str(folder / "03_plus_times.py") in say("check")[1]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["notes", "workshop"]
    assert not list(below.iterdir())


# -- hint, diff, reset, solution


def test_each_call_gives_one_hint_more(folder, say):
    shown = [say("hint", "6")[1].count("Hint ") for _ in range(4)]
    assert shown == [1, 2, 3, 3]


def test_diff_shows_what_was_changed(folder, say):
    assert say("diff", "7")[1].endswith("07_sum.py is as at the start\n")
    solve(folder, 7)
    added = [line for line in say("diff", "7")[1].splitlines() if line.startswith("+ ")]
    assert [line.split()[1] for line in added] == ["contribution", "parent.grad"]
    assert "is as the solution" in say("diff", "7", "--solution")[1]


def test_reset_asks_and_keeps_the_old_file(folder, say, monkeypatch):
    say("check")
    solve(folder, 7)
    for answer in ("n\n", "\n", ""):
        monkeypatch.setattr("sys.stdin", StringIO(answer))
        assert say("reset", "7") == (
            1,
            f"Put {Path('workshop/07_sum.py')} back to its start? [y/N] "
            + ("" if answer else "\n")
            + "Nothing was changed.\n",
        )
    monkeypatch.setattr("sys.stdin", StringIO("y\n"))
    status, out = say("reset", "7")
    assert status == 0 and "Your file is kept: " in out
    assert (folder / "07_sum.py").read_bytes() == exercise(7).start.read_bytes()
    assert (folder / "07_sum.old1.py").read_bytes() == exercise(7).solution.read_bytes()
    solve(folder, 7)
    assert say("reset", "7", "--yes")[0] == 0 and (folder / "07_sum.old2.py").exists()
    assert say("reset", "7")[1].endswith("is as at the start\n") and say("reset")[0] == 2


def test_solution_shows_the_marked_place_and_is_noted(folder, say):
    status, out = say("solution", "7")
    assert status == 0 and "parent.grad += contribution" in out and "class Value" not in out
    assert "class Value" in say("solution", "7", "--whole")[1]
    assert Progress(folder / "progress.json").record(7)["solution"] is True


# -- mistakes in what is typed


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["chek"], "invalid choice: 'chek'"),
        (["check", "11"], "there is no exercise 11: they are numbered 1 to 10"),
        (["check", "0"], "there is no exercise 0"),
        (["hint", "forkz"], "there is no exercise 'forkz'"),
        (["predict", "16"], "invalid choice: 16"),
    ],
)
def test_what_cannot_be_done_is_said_without_a_traceback(arguments, words, folder, capsys):
    with pytest.raises(SystemExit) as stop:
        workshop.main(arguments)
    assert stop.value.code == 2 and words in capsys.readouterr().err


@pytest.mark.parametrize("command", SUMMARIES)
def test_every_command_has_help(command, capsys):
    with pytest.raises(SystemExit) as stop:
        workshop.main([command, "--help"])
    assert stop.value.code == 0 and f"python -m demos.workshop {command}" in capsys.readouterr().out


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path, capsys):
    (tmp_path / "file").write_text("", encoding="utf-8")
    for command in ("check", "hint", "watch", "progress"):
        arguments = ["--folder", str(tmp_path / "file" / "below"), command]
        assert show.program(workshop.main, arguments) == 1
    assert "Traceback" not in capsys.readouterr().err


def test_output_into_a_narrow_encoding_and_a_closed_pipe(folder):
    command = [sys.executable, "-m", "demos.workshop", "--folder", str(folder), "list"]
    environment = os.environ | {"PYTHONIOENCODING": "ascii", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, env=environment)
    assert done.returncode == 0 and done.stderr == b"" and done.stdout.isascii()
    assert b">  1  Nudge" in done.stdout and b"+ and x" in done.stdout


# -- watch, without a terminal


@pytest.fixture
def watched(folder):
    workspace = Workspace(folder)
    workspace.prepare()
    return watch.Watch(workspace, 7)


def test_watch_checks_what_was_saved(watched, folder, capsys):
    watched.look()
    assert capsys.readouterr().out == ""
    spoil(folder, 7, "node.grad * local", "local")
    watched.look()
    assert "upstream" in capsys.readouterr().out
    watched.look()
    assert capsys.readouterr().out == "", "nothing was saved, and it was checked again"
    solve(folder, 3)
    watched.look()
    assert "✓ 3" in capsys.readouterr().out and watched.number == 3


def test_watch_waits_for_an_editor_that_writes_anew(watched, folder, capsys):
    """Such an editor empties or removes the file for a moment, or puts another in its place."""
    file = folder / "07_sum.py"
    content = exercise(7).solution.read_bytes()
    file.write_bytes(b"")
    watched.look()
    file.unlink()
    watched.look()
    assert capsys.readouterr().out == ""
    (folder / "new").write_bytes(content)
    (folder / "new").replace(file)
    watched.look()
    assert "✓ 7" in capsys.readouterr().out


def test_keys_of_watch(watched, capsys):
    for key, words in [
        ("h", "Hint 1 of 3"),
        ("H", "Hint 2 of 3"),
        ("l", "> "),
        ("n", "✗ 8"),
        ("p", "✗ 7"),
        ("c", "✗ 7"),
    ]:
        watched.press(key)
        assert words in capsys.readouterr().out
    watched.press("\n")
    assert capsys.readouterr().out == "" and not watched.finished
    watched.press("q")
    assert watched.finished
    watched.number = 10
    watched.press("n")
    assert watched.number == 10
    watched.number = 1
    watched.press("p")
    assert watched.number == 1


# -- predict


def test_the_game_asks_says_and_counts(say, monkeypatch):
    monkeypatch.setattr("sys.stdin", StringIO("6\nsix\n0,7864\nq\n"))
    status, out = say("predict", "3")
    assert (
        status == 0 and "6 is what those say who believe: = is enough where += is written." in out
    )
    assert "It is 3." in out and "0 of 1 predicted." in out
    status, out = say("predict", "4")
    assert "A number, please" in out and "Right: 0.7864." in out and "1 of 1 predicted." in out
    assert "04.svg" in out and 'python -m engine debug "tanh(x)" x=0.5' in out
    assert say("predict")[1].endswith("\n0 of 0 predicted.\n")
    assert say("predict", "--seed", "3")[1].endswith("0 of 0 predicted.\n"), "the input has ended"
