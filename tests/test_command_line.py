"""The command line: what it writes, what it prints, and that every mistake is explained."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from xml.etree import ElementTree

import pytest
from loop import BACKWARD, SUM

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
    words = [
        text.text
        for text in ElementTree.parse(tmp_path / "neuron.svg").iter(
            "{http://www.w3.org/2000/svg}text"
        )
    ]
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


def test_every_text_format_says_the_same(tmp_path, capsys):
    pytest.importorskip("graphviz")
    for form, ending in (("dot", "dot"), ("mermaid", "mmd"), ("json", "json"), ("text", "txt")):
        code, printed, _ = run("draw", *NEURON, "--format", form, capsys=capsys)
        assert code == 0 and printed
        assert run("draw", *NEURON, "-o", f"n.{ending}", capsys=capsys)[0] == 0
        assert (tmp_path / f"n.{ending}").read_text("utf-8").rstrip() == printed.rstrip()
    cards = json.loads((tmp_path / "n.json").read_text("utf-8"))["cards"]
    grads = {card["name"]: card["grad"] for card in cards if card["kind"] == "leaf"}
    assert grads == pytest.approx(
        {"w": 1.0, "x": -1.5, "b": 0.5}, abs=1e-3
    )  # 1 - tanh² = ½ at 0.8814, times x, w, 1


@pytest.mark.parametrize(
    ("ending", "form"), [("txt", "text"), ("mmd", "mermaid"), ("gv", "dot"), ("json", "json")]
)
def test_a_format_may_be_given_by_its_ending(tmp_path, capsys, ending, form):
    pytest.importorskip("graphviz")
    code, printed, _ = run("draw", *NEURON, "--format", ending, capsys=capsys)
    assert (code, printed) == run("draw", *NEURON, "--format", form, capsys=capsys)[:2]
    run("draw", *NEURON, "--format", ending, "-o", f"n.{ending}", capsys=capsys)
    assert (tmp_path / f"n.{ending}").read_text("utf-8").rstrip() == printed.rstrip()


def test_a_page_may_be_called_htm(tmp_path, capsys):
    assert run("step", *NEURON, "--format", "htm", capsys=capsys)[:2] == (0, "steps.html\n")
    assert run("step", *NEURON, "-o", "page.htm", capsys=capsys)[:2] == (0, "page.htm\n")


def test_png(tmp_path, capsys):
    code, out, err = run("draw", *NEURON, "--format", "png", capsys=capsys)
    if code and "cairosvg" in err:
        pytest.skip("neither cairosvg nor rsvg-convert is installed")
    assert out == "graph.png\n" and (tmp_path / "graph.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "arguments",
    [
        ["-a*b", "a=2", "b=3", "--format", "text"],
        ["-a*b", "--format", "text", "a=2", "b=3"],
        ["--format", "text", "-a*b", "a=2", "b=3"],
        ["-a*b", "a=2", "--format=text", "b=3", "-o", "-"],
        ["-o-", "-a*b", "a=2", "b=3"],
    ],
)
def test_order_of_arguments_and_a_minus_in_front(capsys, arguments):
    code, out, _ = run("draw", *arguments, capsys=capsys)
    assert (
        code == 0 and out.splitlines()[-1].split()[-1] == "-3"
    )  # d(-a·b)/da = -b, and the sweep ends at a


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "examples:"),
        (["draw"], "required: target\n"),
        (["bogus"], "invalid choice: 'bogus'"),
        (["draw", "a", "a=1", "--bogus"], "unrecognized arguments: --bogus"),
        (["doctor", "x=1"], "unrecognized arguments: x=1"),
        (["draw", "a", "a=1", "--format", "jpg"], "invalid choice: 'jpg'"),
        (["draw", "a", "-o"], "expected one argument"),
    ],
)
def test_what_argparse_refuses_shows_the_usage(capsys, arguments, words):
    with pytest.raises(SystemExit) as left:
        main(arguments)
    told = capsys.readouterr().err
    assert left.value.code == 2 and told.startswith("usage: ") and words in told


def test_the_script_is_called_by_its_name(capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["/somewhere/bin/chainrule"])
    with pytest.raises(SystemExit) as left:
        main(["--help"])
    told = capsys.readouterr().out
    assert left.value.code == 0 and told.startswith("usage: chainrule ") and "python -m" not in told


def test_variables_of_a_file_name_its_values(tmp_path, capsys):
    (tmp_path / "model.py").write_text(
        "from engine import Value\nw, x = Value(2.0), Value(3.0, label='input')\n"
        "loss = again = w * x\n",
        "utf-8",
    )
    _, out, _ = run("draw", "model.py:loss", "--format", "text", capsys=capsys)
    assert [line.split()[1:3] for line in out.splitlines()[1:]] == [
        ["loss", "w"],
        ["loss", "input"],
    ]
    run("step", "model.py:again", capsys=capsys)
    assert "loss.grad" in (tmp_path / "steps.html").read_text("utf-8")


def test_collapse(tmp_path, capsys):
    (tmp_path / "model.py").write_text(
        "import nn\nfrom engine import Value\nnet = nn.MLP(2, [3, 1], seed=1)\n"
        "loss = nn.squared_error([net([Value(1.0), Value(2.0)])], [1.0])\n",
        "utf-8",
    )
    cards = {}
    for level in ("none", "neurons", "layers"):
        _, out, _ = run(
            "draw", "model.py:loss", "--format", "json", "--collapse", level, capsys=capsys
        )
        cards[level] = sum(card["kind"] in ("neuron", "layer") for card in json.loads(out)["cards"])
        assert run("step", "model.py:loss", "--collapse", level, capsys=capsys)[0] == 0
    assert cards == {"none": 0, "neurons": 4, "layers": 2}


def test_file_gives_a_value_or_a_function(tmp_path, capsys):
    (tmp_path / "model.py").write_text(
        "from engine import Value\nw = Value(2.0)\nloss = w * w\n\ndef f(x, y=4.0):\n    return x * y + x\n",
        "utf-8",
    )
    _, out, _ = run("draw", "model.py:loss", "--format", "text", capsys=capsys)
    assert out.split()[-3:] == ["2", "→", "4"]  # d(w*w)/dw = 2 + 2
    _, out, _ = run("draw", "model.py:f", "x=3", "y=2", "--format", "text", capsys=capsys)
    assert [line.split()[-1] for line in out.splitlines()[1:]] == ["1", "1", "3", "3"]


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("gone.py:loss", "there is no file"),
        ("model.py", "say which"),
        ("model.py:los", "did you mean model.py:loss"),
        ("model.py:three", "has type int"),
        ("model.py:f", "needs a value for x"),
        ("model.py:number", "returned type float"),
        ("model.py:broken", "ZeroDivisionError"),
        ("model.py:quits", "SystemExit"),
        ("model.py:many q=1", "many has no parameter q: it has a, b, k\n"),
        ("model.py:many", "needs a value for a: add a=1.0"),
    ],
)
def test_mistakes_in_files_are_explained(tmp_path, capsys, target, words):
    (tmp_path / "model.py").write_text(
        "from engine import Value\nimport sys\nthree = 3\nloss = Value(1.0).tanh()\ndef f(x):\n    return x\n"
        "def number():\n    return 1.0\ndef broken():\n    return 1/0\ndef quits():\n    sys.exit(3)\n"
        "def many(a, b=2.0, *rest, k=1.0, **more):\n    return a * b\n",
        "utf-8",
    )
    code, _, err = run("draw", *target.split(), capsys=capsys)
    assert code == 1 and words in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["a*bb", "a=1", "b=2"], "a*bb\n  ^\nbb has no value: did you mean b?"),
        (["a*b", "a=1", "b"], "NAME=NUMBER"),
        (["a", "a=1", "-o", "x.exe"], ".svg, .png"),
        (["a", "a=1", "-o", "gone/x.svg"], "there is no folder"),
        (["a", "a=1", "-o", "x.svg", "--format", "dot"], "leave --format out"),
        (["a", "a=1", "--format", "png", "-o", "-"], "not for a terminal"),
        (["a", "a=1", "-o", "."], "-o . is a folder: name a file in it"),
        (["a", "a=1", "-o", ""], "-o needs a file: name one, as in -o graph.svg"),
        (["a", "a=1", "--format", "txt", "-o", "x.svg"], "leave --format out"),
        (["a", "a=1", "-o", "x" * 300 + ".svg"], "x.svg: "),
        (["a", "a=1", "-o", "x"], "one of .svg, .png, .pdf, .dot"),
        (["a·b", "a=1", "b=2"], "a·b\n^\nwrite * for a product"),
    ],
)
def test_mistakes_are_explained(capsys, tmp_path, arguments, words):
    code, _, err = run("draw", *arguments, capsys=capsys)
    assert code == 1 and words in err and "Traceback" not in err
    assert not list(tmp_path.iterdir())


def test_a_folder_is_no_file(tmp_path, capsys):
    (tmp_path / "model.py").mkdir()
    for arguments in (["draw", "model.py:loss"], ["debug", "model.py:loss"]):
        code, _, err = run(*arguments, capsys=capsys)
        assert (code, err) == (
            1,
            "model.py is a folder: name a file in it, as in model.py/model.py:loss\n",
        )
    code, _, err = run("debug", "model.py", capsys=capsys)
    assert (code, err) == (1, "model.py: this is a folder: give the path of a Python program\n")


CONTROL = "\x1b[31m\x07"


@pytest.mark.parametrize(
    "arguments",
    [
        ["draw", f"{CONTROL}.py:loss"],
        ["draw", f"model.py:{CONTROL}"],
        ["draw", "x", "x=1", "-o", f"{CONTROL}/x.svg"],
        ["draw", "x", "x=1", "-o", f"{CONTROL}.exe"],
        ["draw", "x", "x=1", "-o", f"{CONTROL}.svg"],
        ["draw", "x", "x=1", "--format", "txt", "-o", f"{CONTROL}.svg"],
        ["draw", f"x{CONTROL}", "x=1"],
        ["draw", "x", f"x{CONTROL}=1"],
        ["draw", "x", "x=1", f"--{CONTROL}"],
        ["draw", "x", "x=1", "--format", CONTROL],
        [CONTROL],
        ["doctor", CONTROL],
        ["debug", f"{CONTROL}.py"],
        ["debug", "-m", CONTROL],
        ["debug", CONTROL],
        ["debug", "x", f"x{CONTROL}=1"],
    ],
)
@pytest.mark.skipif(os.name == "nt", reason="such names of files are for POSIX")
def test_a_message_holds_no_control_characters(tmp_path, capsys, arguments):
    (tmp_path / "model.py").write_text("loss = 1\n", "utf-8")
    with contextlib.suppress(SystemExit):
        main(arguments)
    told = "".join(capsys.readouterr())
    assert told and not any(c < " " and c != "\n" for c in told)


def test_failure_leaves_what_was_there(tmp_path, capsys):
    (tmp_path / "x.html").write_text("mine", "utf-8")
    long = "a" + "+a" * 150
    code, _, err = run(
        "step",
        "; ".join([f"d{i} = {long if i == 0 else f'd{i - 1}+a' + '+a' * 150}" for i in range(3)]),
        "a=1",
        "-o",
        "x.html",
        capsys=capsys,
    )
    assert code == 1 and "values are more than a page shows" in err
    assert (tmp_path / "x.html").read_text("utf-8") == "mine"
    assert [p.name for p in tmp_path.iterdir()] == ["x.html"]


def test_too_large_a_graph_is_refused_in_every_format(tmp_path, capsys):
    (tmp_path / "deep.py").write_text(
        "from engine import Value\ny = x = Value(1.0)\nfor _ in range(3_000):\n    y = y * x\n",
        "utf-8",
    )
    for form in ("svg", "dot", "mermaid", "json", "html"):
        code, _, err = run("draw", "deep.py:y", "--format", form, capsys=capsys)
        assert (
            code == 1
            and err.startswith(("a graph of 3,001 values", "3,001 values"))
            and "Traceback" not in err
        )
    assert [
        path.name
        for path in tmp_path.iterdir()
        if path.suffix != ".py" and path.name != "__pycache__"
    ] == []


def test_a_folder_that_cannot_be_written_to_is_named_and_no_temporary_file(
    tmp_path, capsys, monkeypatch
):
    def full(*_, **__):
        raise OSError(28, "No space left on device", str(tmp_path / ".temporary.svg"))

    monkeypatch.setattr("engine.files.os.replace", full)
    code, _, err = run("draw", "a", "a=1", "-o", "x.svg", capsys=capsys)
    assert (code, err) == (1, "x.svg: No space left on device\n")


@pytest.mark.skipif(os.name == "nt", reason="signals and closed outputs of POSIX")
def test_interrupted_program_says_nothing(python, tmp_path):
    (tmp_path / "slow.py").write_text(
        "import time\nprint('begun', flush=True)\ntime.sleep(60)\n", "utf-8"
    )
    program = subprocess.Popen(
        [python, "-m", "engine", "draw", "slow.py:loss"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert program.stdout.readline() == "begun\n"
    program.send_signal(signal.SIGINT)
    assert program.communicate(timeout=300) == ("", "") and program.returncode == 130


@pytest.mark.skipif(os.name == "nt", reason="signals and closed outputs of POSIX")
@pytest.mark.parametrize("how", ["| true", ">&-", "| head -1"])
def test_closed_output_is_no_traceback(python, how):
    done = subprocess.run(
        f'"{python}" -m engine draw "a*b" a=2 b=3 --format text {how}',
        shell=True,
        text=True,
        capture_output=True,
        timeout=300,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.stderr == ""


def test_doctor_as_a_program(python):
    done = subprocess.run(
        [python, "-m", "engine", "doctor"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
    )
    assert done.returncode == 0 and "ok       the engine" in done.stdout
    assert done.stdout.endswith(f"b {BACKWARD}:{SUM}\n")


def test_terminal_without_unicode(python):
    done = subprocess.run(
        [python, "-X", "utf8=0", "-m", "engine", "draw", "a*b", "a=2", "b=3", "--format", "text"],
        capture_output=True,
        timeout=300,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )
    assert done.returncode == 0 and b"a*b" in done.stdout


def test_the_version_is_told(capsys):
    with pytest.raises(SystemExit) as left:
        main(["--version"])
    assert left.value.code == 0 and capsys.readouterr().out.startswith("chainrule ")
