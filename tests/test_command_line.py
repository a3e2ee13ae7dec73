"""The command line: what it writes, what it prints, and that every mistake is explained."""

import os
import subprocess
from xml.etree import ElementTree

import pytest

from engine.__main__ import main

NEURON = ["tanh(w*x + b)", "w=-3", "x=2", "b=6.8813"]


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def run(*arguments, capsys):
    code = main(list(arguments))
    return (code, *capsys.readouterr())


def test_draw_writes_a_picture(tmp_path, capsys):
    assert run("draw", *NEURON, "-o", "neuron.svg", capsys=capsys)[:2] == (0, "neuron.svg\n")
    words = [text.text for text in ElementTree.parse(tmp_path / "neuron.svg").iter("{http://www.w3.org/2000/svg}text")]
    assert {"w", "x", "b", "0.7071"} <= set(words)
    assert [p.name for p in tmp_path.iterdir()] == ["neuron.svg"]


def test_step_writes_a_page(tmp_path, capsys):
    assert run("step", *NEURON, "--forward", capsys=capsys)[:2] == (0, "steps.html\n")
    assert "Content-Security-Policy" in (tmp_path / "steps.html").read_text("utf-8")


def test_draw_without_a_file_name_writes_a_sensible_one(tmp_path, capsys):
    assert run("draw", "a*b", "a=1", "b=2", capsys=capsys)[:2] == (0, "graph.svg\n")
    assert (tmp_path / "graph.svg").is_file()


def test_text_formats_are_printed(capsys):
    code, out, _ = run("draw", "a*b", "a=2", "b=3", "--format", "text", capsys=capsys)
    assert code == 0
    assert out.splitlines()[1].split() == ["1", "a·b", "a", "1", "3", "+3", "0", "→", "3"]


def test_dot_is_printed(capsys):
    pytest.importorskip("graphviz")
    code, out, _ = run("draw", "a*b", "a=2", "b=3", "--format", "dot", capsys=capsys)
    assert code == 0 and "digraph" in out and "->" in out


def test_file_gives_a_value_or_a_function(tmp_path, capsys):
    (tmp_path / "model.py").write_text(
        "from engine import Value\nw = Value(2.0)\nloss = w * w\n\ndef f(x, y=4.0):\n    return x * y + x\n", "utf-8")
    _, out, _ = run("draw", "model.py:loss", "--format", "text", capsys=capsys)
    assert out.split()[-3:] == ["2", "→", "4"]  # d(w*w)/dw = 2 + 2
    _, out, _ = run("draw", "model.py:f", "x=3", "y=2", "--format", "text", capsys=capsys)
    assert [line.split()[-1] for line in out.splitlines()[1:]] == ["1", "1", "3", "3"]


@pytest.mark.parametrize(("target", "words"), [
    ("gone.py:loss", "there is no file"), ("model.py", "say which"), ("model.py:los", "did you mean model.py:loss"),
    ("model.py:three", "is a int"), ("model.py:f", "needs a value for x"), ("model.py:number", "returned a float"),
    ("model.py:broken", "ZeroDivisionError"), ("model.py:quits", "SystemExit"),
])
def test_mistakes_in_files_are_explained(tmp_path, capsys, target, words):
    (tmp_path / "model.py").write_text(
        "from engine import Value\nimport sys\nthree = 3\nloss = Value(1.0).tanh()\ndef f(x):\n    return x\n"
        "def number():\n    return 1.0\ndef broken():\n    return 1/0\ndef quits():\n    sys.exit(3)\n", "utf-8")
    code, _, err = run("draw", target, capsys=capsys)
    assert code == 1 and words in err


@pytest.mark.parametrize(("arguments", "words"), [
    (["a*bb", "a=1", "b=2"], "a*bb\n  ^\nbb has no value: did you mean b?"), (["a*b", "a=1", "b"], "NAME=NUMBER"),
    (["a", "a=1", "-o", "x.exe"], ".svg, .png"), (["a", "a=1", "-o", "gone/x.svg"], "there is no folder"),
    (["a", "a=1", "-o", "x.svg", "--format", "dot"], "leave --format out"), (["a", "a=1", "--format", "png", "-o", "-"],
                                                                           "not for a terminal"),
])
def test_mistakes_are_explained(capsys, tmp_path, arguments, words):
    code, _, err = run("draw", *arguments, capsys=capsys)
    assert code == 1 and words in err and "Traceback" not in err
    assert not list(tmp_path.iterdir())


def test_failure_leaves_what_was_there(tmp_path, capsys):
    (tmp_path / "x.html").write_text("mine", "utf-8")
    long = "a" + "+a" * 150
    code, _, err = run("step", "; ".join([f"d{i} = {long if i == 0 else f'd{i - 1}+a' + '+a' * 150}" for i in range(3)]),
                       "a=1", "-o", "x.html", capsys=capsys)
    assert code == 1 and "values are more than a page shows" in err
    assert (tmp_path / "x.html").read_text("utf-8") == "mine"
    assert [p.name for p in tmp_path.iterdir()] == ["x.html"]


def test_doctor_as_a_program(python):
    done = subprocess.run([python, "-m", "engine", "doctor"], capture_output=True, text=True, encoding="utf-8", timeout=60)
    assert done.returncode == 0 and "ok       the engine" in done.stdout


def test_terminal_without_unicode(python):
    done = subprocess.run([python, "-X", "utf8=0", "-m", "engine", "draw", "a*b", "a=2", "b=3", "--format", "text"],
                          capture_output=True, timeout=60, env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0 and b"a*b" in done.stdout
