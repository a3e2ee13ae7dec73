"""Demos as programs: every one with a wrong option, without a folder, interrupted, at 80 columns."""

import argparse
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from unicodedata import combining, east_asian_width

import pytest

from demos import __main__ as demos
from demos import show
from engine import Value

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = (*demos.NAMES, *demos.APART)
EVERY = (*PROGRAMS, *demos.DOCUMENTATION)
posix = pytest.mark.skipif(os.name != "posix", reason="signals and pipes as POSIX has them")


def test_every_file_of_the_package_is_listed_or_shared():
    files = {file.stem for file in (ROOT / "demos").glob("*.py")} - {"__init__", "__main__"}
    assert files == {*EVERY, "show", "learning", "vscode", "gallery"}


# -- wrong options and folders


@pytest.mark.parametrize("name", EVERY)
def test_a_wrong_option_gives_the_usage_and_a_sentence(name, capsys):
    with pytest.raises(SystemExit) as stop:
        demos.main([name, "--no-such-option"])
    err = capsys.readouterr().err
    assert stop.value.code == 2 and err.startswith(f"usage: python -m demos {name} [-h]")
    assert "unrecognized arguments: --no-such-option" in err


def _numeric_options(name, monkeypatch):
    """Return the numeric options of a demo: what its parser knows when it is asked to parse."""
    parsers = []

    def parse_args(self, argv=None):
        parsers.append(self)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(argparse.ArgumentParser, "parse_args", parse_args)
        assert demos.main([name]) == show.INTERRUPTED
    [parser] = parsers
    return [a.option_strings[0] for a in parser._actions if a.type not in (None, show.folder)]


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_number_out_of_range_is_refused_before_anything_runs(name, monkeypatch, capsys, tmp_path):
    options = _numeric_options(name, monkeypatch)
    assert "--seed" in options
    for option in options:
        for text, sentence in (
            ("many", "'many' is not a"),
            ("-1", "-1 is out of range: at least "),
            ("nan", "nan"),
            ("1e999", "1e999"),
        ):
            capsys.readouterr()
            with pytest.raises(SystemExit) as stop:
                demos.main([name, "--out", str(tmp_path), option, text])
            out, err = capsys.readouterr()
            assert stop.value.code == 2 and f"argument {option}: " in err and sentence in err
            assert out.startswith("== ") and out.count("\n") <= 3, "it ran"


@pytest.mark.parametrize("name", EVERY)
def test_a_folder_that_cannot_be_one_is_refused_before_anything_runs(name, tmp_path, capsys):
    file = tmp_path / "file"
    file.write_text("here")
    for out in (file, file / "below"):
        with pytest.raises(SystemExit) as stop:
            demos.main([name, "--out", str(out)])
        written, err = capsys.readouterr()
        assert stop.value.code == 2 and f"argument --out: can't use {out}: " in err
        assert written.count("\n") <= 3, "it ran"
    assert file.read_text() == "here"


@posix
@pytest.mark.skipif(os.name == "posix" and os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_is_read_only_is_refused(tmp_path, capsys):
    tmp_path.chmod(0o500)
    with pytest.raises(SystemExit):
        demos.main(["moons", "--out", str(tmp_path)])
    assert "can't be written" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["all", "moons"], "write python -m demos all"),
        (["moons", "all"], "write python -m demos all"),
        (["moon"], "there is no demo 'moon': did you mean moons?"),
        (["iris", "xyzzy"], "there is no demo 'xyzzy': python -m demos lists them"),
        (["--quick"], "name a demo before its options"),
        (["benchmarks"], "write python -m demos.benchmarks"),
        (["train-big"], "did you mean train_big?"),
    ],
)
def test_a_wrong_name_is_a_sentence_and_runs_nothing(arguments, sentence, capsys):
    assert demos.main(arguments) == 2
    out, err = capsys.readouterr()
    assert sentence in " ".join(err.split()) and not out
    assert err.startswith("usage: python -m demos NAME")
    assert max(map(len, err.splitlines())) <= 80


# -- interruptions


INTERRUPTED_AT_ONCE = """
import argparse, os, signal, sys, time
def parse_args(self, argv=None):
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(10)
argparse.ArgumentParser.parse_args = parse_args
from demos import __main__ as demos, show
sys.exit(show.program(demos.main, sys.argv[1:]))
"""


@posix
@pytest.mark.parametrize("names", [*([name] for name in EVERY), ["all"]], ids="-".join)
def test_ctrl_c_ends_in_one_line(names, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED_AT_ONCE, *names],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert (done.returncode, done.stderr) == (130, "stopped by Ctrl-C\n")
    assert done.stdout.count("== ") == 1, "the next demo of all began"


@posix
@pytest.mark.parametrize("how", [["-m", "demos", "moons"], ["-m", "demos.moons"]])
def test_ctrl_c_while_a_network_learns(how, tmp_path):
    child = subprocess.Popen(
        [sys.executable, *how, "--epochs", "100000", "--out", str(tmp_path)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert child.stderr.readline().startswith("epoch")
        child.send_signal(signal.SIGINT)
        rest = child.communicate(timeout=300)[1].splitlines()
    finally:
        child.kill()
    assert child.returncode == 130 and rest[-1] == "stopped by Ctrl-C"
    assert all(
        line.startswith(("epoch", "fit returns")) or "compiled" in line or not line
        for line in rest[:-1]
    )


@posix
def test_a_reader_that_has_seen_enough_is_no_error(tmp_path):
    child = subprocess.Popen(
        [sys.executable, "-m", "demos", "chain_network", "--layers", "30", "--out", str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    child.stdout.readline()
    child.stdout.close()
    assert child.stderr.read() == "" and child.wait(60) in (0, 1)
    child.stderr.close()


def test_ctrl_c_while_a_class_is_made(capsys):
    class Interrupted:
        def __set_name__(self, owner, name):
            raise KeyboardInterrupt

    def main(argv):
        type("Made", (), {"x": Interrupted()})

    assert show.program(main) == 130  # in Python 3.11 it arrives as a RuntimeError
    assert capsys.readouterr().err == "stopped by Ctrl-C\n"


# -- what a missing library, a full disk and a bug look like


def _raising(error):
    def main(argv):
        raise error

    return main


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (OSError(28, "No space left on device", "out/a.png"), "out/a.png: No space left on device"),
        (
            FileNotFoundError(2, "not there", "a\x1b[31m\u202e.py"),
            "a\ufffd[31m\ufffd.py: not there",
        ),
        (OSError("dot failed"), "dot failed"),
        (ArithmeticError("the loss is nan"), "the loss is nan"),
        (
            ModuleNotFoundError("No module named 'numpy'", name="numpy"),
            "No module named 'numpy': pip install numpy",
        ),
        (ImportError("x needs y: pip install y", name="y"), "x needs y: pip install y"),
    ],
)
def test_what_stops_a_demo_is_one_line(error, line, capsys):
    assert show.program(_raising(error)) == 1
    assert capsys.readouterr().err == line + "\n"


@pytest.mark.parametrize(
    "error",
    [
        ValueError("a bug"),
        TypeError("a bug"),
        RuntimeError("a bug"),
        ImportError("no name", name="engine.view"),
        ImportError("no name", name="demos"),
    ],
)
def test_a_bug_keeps_its_traceback(error):
    with pytest.raises(type(error), match=str(error)):
        show.program(_raising(error))


WITHOUT = """
import sys
for name in ("numpy", "matplotlib", "numba", "rich", "playwright"):
    sys.modules[name] = None
from demos import __main__ as demos, show
sys.exit(show.program(demos.main, sys.argv[1:]))
"""
NEED_NUMPY = {
    "four_equations": "the four equations in matrices needs numpy: pip install numpy",
    "parametric": "kernel regression needs numpy: pip install numpy",
    "train_big": "training on arrays needs numpy: pip install numpy",
    "screenshots": "a screenshot needs playwright: pip install playwright",
}


@pytest.mark.parametrize("name", ["perceptron", "chain_network", *NEED_NUMPY])
def test_without_other_peoples_libraries(name, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, name, "--out", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=300,
    )
    if name in NEED_NUMPY:
        assert (done.returncode, done.stderr) == (1, NEED_NUMPY[name] + "\n")
    else:
        assert (done.returncode, done.stderr) == (0, "")


def test_all_goes_on_after_a_demo_that_lacks_a_library(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(demos, "NAMES", ("four_equations", "perceptron"))
    monkeypatch.setitem(sys.modules, "numpy", None)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert demos.main(["all", "--out", str(tmp_path)]) == 1
    out, err = capsys.readouterr()
    assert "needs numpy" in err and "Novikoff's bound" in out


def test_compiled_without_numpy_is_a_sentence(monkeypatch, capsys, tmp_path):
    monkeypatch.setitem(sys.modules, "numpy", None)
    assert demos.main(["moons", "--quick", "--compiled", "--out", str(tmp_path)]) == 1
    assert "pip install numpy numba" in capsys.readouterr().err


def test_a_graph_that_is_too_large_to_draw_is_no_error(capsys, tmp_path):
    y = Value(1.0)
    for _ in range(3000):
        y = y * 1.5
    show.draw(y, tmp_path, "large.svg")
    out = capsys.readouterr().out
    assert out.startswith("no picture: ") and "too large" in out and wide(out) == []
    assert not list(tmp_path.iterdir())


# -- 80 columns


def columns(line):
    return sum(2 if east_asian_width(c) in "WF" else not combining(c) for c in line)


def wide(text):
    """Return the lines that are wider than 80 columns; a path is as long as it is."""
    return [line for line in text.splitlines() if columns(line) > 80]


@pytest.mark.slow
@pytest.mark.parametrize("name", PROGRAMS)
def test_what_a_demo_prints_fits_80_columns(name, tmp_path):
    if name in ("train_big",):
        pytest.importorskip("numba")
    if name in NEED_NUMPY:
        pytest.importorskip("numpy")
    done = subprocess.run(
        [sys.executable, "-m", "demos", name, "--quick"],
        cwd=tmp_path,
        env={**os.environ, "COLUMNS": "80"},
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert wide(done.stdout) == [] and wide(done.stderr) == []
    assert done.stdout.startswith(f"== {name}: ") and f"-- {name}: " in done.stdout
    assert {path.name for path in tmp_path.iterdir()} == {"out"}, "files beside out/"


@pytest.mark.parametrize("name", EVERY)
def test_help_fits_80_columns_and_says_what_is_taught(name, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit) as stop:
        demos.main([name, "--help"])
    out = capsys.readouterr().out
    assert stop.value.code == 0 and wide(out) == []
    assert out.startswith(f"usage: python -m demos {name} [-h]")
    assert demos.summary(name) in " ".join(out.split())


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"]])
def test_the_list_fits_80_columns(arguments, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "80")
    assert demos.main(arguments) == 0
    out = capsys.readouterr().out
    assert wide(out) == [] and all(f"  {name} " in out for name in EVERY)
    assert all(demos.summary(name) in " ".join(out.split()) for name in EVERY)


def test_the_measure_of_columns_sees_what_is_too_wide():
    assert wide("a" * 80 + "\n" + "b" * 81) == ["b" * 81]
    assert wide("∂" * 80) == [] and wide("梯" * 41) == ["梯" * 41]


def test_a_terminal_that_cannot_write_greek_gets_what_it_can_write(tmp_path):
    for name in ("chain_network", "layer_sums"):
        done = subprocess.run(
            [sys.executable, "-m", f"demos.{name}", "--out", str(tmp_path)],
            capture_output=True,
            env={**os.environ, "PYTHONIOENCODING": "ascii"},
        )
        assert done.returncode == 0, done.stderr.decode()
        assert done.stdout.isascii() and len(done.stdout) > 200


# -- programs that write into docs/


def test_pictures_of_the_documentation_go_into_the_checkout_or_where_they_are_told(tmp_path):
    elsewhere, out = tmp_path / "elsewhere", tmp_path / "out"
    elsewhere.mkdir()
    before = time.time()
    done = subprocess.run(
        [sys.executable, "-m", "demos", "pictures", "--out", str(out)],
        cwd=elsewhere,
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    assert not list(elsewhere.iterdir()) and (out / "graph-dark.svg").exists()
    docs = ROOT / "docs" / "pictures"
    assert all(file.stat().st_mtime < before for file in docs.iterdir())


@pytest.mark.parametrize("name", demos.DOCUMENTATION)
def test_the_default_folder_is_in_the_checkout_and_there_is_none_without_one(
    name, monkeypatch, tmp_path, capsys
):
    monkeypatch.chdir(tmp_path)
    folder = {"derivatives": "docs", "architecture": "docs/pictures"}.get(name, f"docs/{name}")
    parser = show.documentation("text", name, show.ROOT / folder)
    assert parser.parse_args([]).out == ROOT / folder
    monkeypatch.setattr(show, "ROOT", tmp_path)
    with pytest.raises(SystemExit):
        show.documentation("text", name, tmp_path / folder).parse_args([])
    assert "required: --out" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_the_gallery_has_each_graph_light_and_dark_with_and_without_dot(tmp_path, monkeypatch):
    from demos import gallery, pictures

    every = gallery.graphs()
    assert len(every) >= 30
    few = {name: every[name] for name in ("inf, nan and zero", "a blackboard")}
    monkeypatch.setattr(gallery, "graphs", lambda: few)
    path = os.environ["PATH"]
    pictures.main(["--gallery", "--out", str(tmp_path)])
    assert os.environ["PATH"] == path
    page = (tmp_path / "gallery.html").read_text("utf-8")
    files = sorted(file.name for file in tmp_path.glob("*.svg"))
    assert len(files) == 8 and all(f'src="{file}"' in page for file in files)
    dark = (tmp_path / "a-blackboard-own-dark.svg").read_text("utf-8")
    assert "#15171c" in dark and "#fbfaf7" not in dark
