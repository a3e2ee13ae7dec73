"""The one breakpoint, in pdb, ipdb and pudb, with the engine installed: from a wheel, and by `pip install -e`.

The packages are built as pip builds them, and unpacked into an environment of their own, in which they are
not on the path by PYTHONPATH or by the folder that the program runs in.
"""

import re
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest
from loop import ROOT, SUM

pexpect = pytest.importorskip("pexpect", reason="a terminal is played by pexpect")
if sys.platform == "win32":
    pytest.skip("pexpect plays terminals on POSIX only", allow_module_level=True)
pytest.importorskip("setuptools", reason="the packages are built by setuptools")

PROGRAM = """\
from engine import Value
a, b = Value(2.0, label="a"), Value(-3.0, label="b")
root = a * b + a
{stop}
root.backward()
print("finished", a.grad)
"""
BREAK = "from engine.debugger import break_on_sum; break_on_sum()"
SEQUENCES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]|\x1b[()][A-Z0-9]|\x1b[=>]|[\x0e\x0f]")


def built(folder, how):
    """A wheel of the packages; pip asks the same function for it."""
    source = folder / "source"
    for package in ("engine", "nn", "demos"):
        shutil.copytree(
            ROOT / package, source / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    for file in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / file, source)
    program = f"from setuptools import build_meta; build_meta.build_{how}({str(folder)!r})"
    subprocess.run([sys.executable, "-c", program], cwd=source, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module", params=["wheel", "editable"])
def installed(request, tmp_path_factory):
    """An interpreter with the packages installed, and with the test's own debuggers."""
    folder = tmp_path_factory.mktemp(request.param)
    venv.create(folder / "venv", symlinks=True)
    site = Path(sysconfig.get_path("purelib", "venv", {"base": str(folder / "venv")}))
    with zipfile.ZipFile(built(folder, request.param)) as wheel:
        wheel.extractall(site)
    others = Path(pexpect.__file__).parent.parent  # of which the .pth files are not read
    (site / "others.pth").write_text(f"{others}\n", encoding="utf-8")
    return folder / "venv" / "bin" / "python"


@pytest.fixture
def start(installed, tmp_path):
    """Starts a program in a folder of its own, without PYTHONPATH."""
    children = []

    def started(stop, term="dumb"):
        (tmp_path / "program.py").write_text(PROGRAM.format(stop=stop), encoding="utf-8")
        (tmp_path / ".config" / "pudb").mkdir(parents=True)
        (tmp_path / ".config" / "pudb" / "pudb.cfg").write_text(
            "[pudb]\nseen_welcome = e999\nprompt_on_quit = False\n", encoding="utf-8"
        )
        environment = {"PATH": "/usr/bin:/bin", "TERM": term, "HOME": str(tmp_path)}
        child = pexpect.spawn(
            str(installed),
            ["program.py"],
            cwd=str(tmp_path),
            env={**environment, "PYTHONIOENCODING": "utf-8", "LANG": "C.UTF-8"},
            timeout=300,
            encoding="utf-8",
            echo=False,
            dimensions=(40, 200),
        )
        children.append(child)
        return child

    yield started
    for child in children:
        child.close(force=True)


def where_installed(child, prompt):
    """The engine that the program has imported, asked at the prompt."""
    child.sendline("__import__('engine').__file__")
    child.expect(prompt)
    return SEQUENCES.sub("", child.before)


@pytest.mark.parametrize(
    ("stop", "prompt"),
    [
        ("breakpoint()", r"\(Pdb\) "),
        ("import ipdb; ipdb.set_trace()", "ipdb> "),
        ("from engine.debugger import set_trace; set_trace()", r"\(Pdb\) "),
    ],
    ids=["pdb", "ipdb", "ours"],
)
def test_a_breakpoint_on_the_sum_from_the_prompt(start, stop, prompt):
    if "ipdb" in stop and find_spec("ipdb") is None:
        pytest.skip("this is about ipdb")
    child = start(stop)
    child.expect(prompt)
    assert str(ROOT) not in where_installed(child, prompt)
    child.sendline(BREAK)
    child.expect(prompt)
    assert f"backward.py:{SUM}, parent.grad += contribution" in SEQUENCES.sub("", child.before)
    child.sendline("c")
    child.expect(prompt)
    assert re.search(rf"backward\.py.*\b{SUM}\b.*backward\(\)", SEQUENCES.sub("", child.before))
    child.sendline("contribution, parent.label")
    child.expect(prompt)
    assert "(1.0, '')" in SEQUENCES.sub("", child.before)


def test_a_breakpoint_on_the_sum_in_pudb(start):
    if find_spec("pudb") is None:
        pytest.skip("this is about pudb")
    child = start(f"import pudb; pudb.set_trace()\n{BREAK}", term="xterm")
    child.expect("Clear")  # the button at the end of the screen
    child.send("nn")  # over the import, over the call
    child.send("c")
    child.expect(rf"backward\.py:{SUM}")
    child.expect("contribution")


def test_where_no_debugger_is_tracing_the_command_is_told(start):
    child = start(BREAK)
    child.expect(rf"in pdb and ipdb, type:  b (\S+engine/backward\.py:{SUM})\r\n")
    assert Path(child.match[1].rpartition(":")[0]).is_file()
    child.expect("finished -2.0")


def test_grad_pdb_finds_the_file_that_the_page_names(start):
    child = start("from engine.debugger import set_trace; set_trace()")
    child.expect(r"\(Pdb\) ")
    child.sendline(f"b engine/backward.py:{SUM}")
    child.expect(r"\(Pdb\) ")
    assert "Breakpoint 1 at " in child.before
    child.sendline("c")
    child.expect("-> parent.grad \\+= contribution")
