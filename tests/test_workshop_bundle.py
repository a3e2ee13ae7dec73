"""The bundle for a room without network: what is in it, and that it installs with the network cut off."""

import ast
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from demos import show
from demos.workshop import bundle, setup_room
from demos.workshop.catalog import EXERCISES
from demos.workshop.setup_room import Refused

START = (Path(bundle.__file__).parent / "START.txt").read_text(encoding="utf-8")


# -- the making of it


def test_every_platform_and_version_is_asked_for():
    runs = bundle.runs(bundle.PLATFORMS)
    systems = {platform.partition(",")[0] for platform, _, _ in runs}
    assert systems == {"Linux", "macOS", "Windows"}
    assert {version for _, version, _ in runs} == {"3.11", "3.12", "3.13", "3.14"}
    assert len(runs) == len(bundle.PLATFORMS) * 4
    assert ("--platform=win_amd64", "--python-version=3.14") in {tuple(o) for *_, o in runs}


def test_pip_is_asked_once_for_each_and_for_wheels_only(monkeypatch, tmp_path):
    calls = []
    monkeypatch.setattr(bundle, "pip", lambda *arguments: calls.append(arguments))
    bundle.download(["pip", "rich"], tmp_path, bundle.PLATFORMS)
    assert len(calls) == 20
    assert all(call[:2] == ("download", "--only-binary=:all:") for call in calls)
    assert all("pip" in call and "rich" in call for call in calls)
    assert not any("colorama" in call for call in calls)
    calls.clear()
    bundle.download(["ipykernel"], tmp_path, bundle.PLATFORMS)
    assert sum("colorama" in call for call in calls) == 4  # on Windows alone
    assert sum("appnope" in call for call in calls) == 8  # on both kinds of macOS


def test_what_pip_says_is_one_line(monkeypatch):
    said = (
        "ERROR: Could not find a version that satisfies x\nERROR: No matching distribution for x\n"
    )
    monkeypatch.setattr(
        bundle.subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 1, "", said)
    )
    with pytest.raises(OSError, match=r"^pip download: ERROR: No matching distribution for x$"):
        bundle.pip("download", "x")


def test_without_a_checkout_nothing_is_built(tmp_path):
    with pytest.raises(FileNotFoundError, match="clone the repository first"):
        bundle.build_wheel(tmp_path, root=tmp_path)


def test_the_files_at_hand(tmp_path):
    pytest.importorskip("nbformat")
    bundle.copy_files(tmp_path)
    names = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")}
    assert {f"exercises/{e.file_name}" for e in EXERCISES} <= names
    assert {"START.txt", "setup_room.py", "teacher/INSTRUCTOR.md", "docs/debugger.md"} <= names
    assert not any("solution" in name for name in names)
    assert len([name for name in names if name.endswith(".ipynb")]) == 10


def test_without_nbformat_there_is_one_line(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "nbformat", None)
    bundle.write_notebooks(tmp_path / "notebooks")
    assert (
        capsys.readouterr().out == "no notebooks: a notebook needs nbformat: pip install nbformat\n"
    )
    assert not (tmp_path / "notebooks").exists()


def test_the_pages(tmp_path):
    bundle.write_pages(tmp_path / "pages")
    pages = sorted((tmp_path / "pages").iterdir())
    assert [page.stem for page in pages][:3] == ["a-fork", "a-neuron", "a-product"]
    assert len(pages) == 7
    assert (tmp_path / "pages/misconceptions.html").read_text(encoding="utf-8").count(
        "<details>"
    ) == 15
    for page in pages:
        text = page.read_text(encoding="utf-8").replace("http://www.w3.org", "")
        assert not re.search(r"https?://", text)
    root = bundle.graphs()["a-fork"]
    root.backward()
    [x] = [node for node in root.parents[0].parents]
    assert x.grad == pytest.approx(1.642, abs=5e-4)  # as measured: h + h·x at x = 0.5


def test_the_same_folder_gives_the_same_zip(tmp_path):
    top = tmp_path / "top"
    (top / "wheels").mkdir(parents=True)
    for name in ("b.txt", "a.txt", "wheels/c.whl"):
        (top / name).write_text(name)
    hashes = set()
    for name in ("one.zip", "two.zip", "two.zip"):
        path = bundle.pack(top, tmp_path / name)
        hashes.add(hashlib.sha256(path.read_bytes()).hexdigest())
        os.utime(top / "a.txt", (1, 1))
    assert len(hashes) == 1
    with zipfile.ZipFile(tmp_path / "two.zip") as archive:
        names = [f"chainrule-workshop/{name}" for name in ("a.txt", "b.txt", "wheels/c.whl")]
        assert archive.namelist() == names
    assert not list(tmp_path.glob("*.part"))


def test_one_page_of_instructions():
    lines = START.splitlines()
    assert len(lines) <= 60 and max(map(len, lines)) <= 100
    assert START.isascii()  # an editor of any system shows it
    assert setup_room.FOLDER in START
    for message in re.findall(r'^    "(.*)"', START, re.MULTILINE):
        assert message in Path(setup_room.__file__).read_text(encoding="utf-8")


# -- what setup_room.py refuses


def test_an_old_python_reads_as_far_as_the_refusal():
    ast.parse(Path(setup_room.__file__).read_text(encoding="utf-8"), feature_version=(3, 7))
    imports = re.findall(r"^(?:import|from) (\w+)", Path(setup_room.__file__).read_text(), re.M)
    assert {*imports} <= {*sys.stdlib_module_names}
    with pytest.raises(
        Refused, match=r"^the workshop needs Python 3\.11 or later, and this is 3\.9: "
    ):
        setup_room.require_python(3, 9)
    setup_room.require_python(3, 11)


def test_a_zip_that_was_not_unpacked_is_refused(tmp_path, capsys, monkeypatch):
    shutil.copy(setup_room.__file__, tmp_path)
    done = subprocess.run(
        [sys.executable, "setup_room.py"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 1 and done.stdout == ""
    assert "lacks the wheels of chainrule and pip: unpack the whole zip file" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_folder_with_something_in_it_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(Refused, match="is there already: delete it, or name another"):
        setup_room.make_folder(tmp_path)
    with pytest.raises(Refused, match="is there already"):
        setup_room.make_folder(tmp_path / "notes.txt")
    with pytest.raises(Refused, match="can't make"):
        setup_room.make_folder(tmp_path / "notes.txt" / "room")
    setup_room.make_folder(tmp_path / "new" / "room")
    setup_room.make_folder(tmp_path / "new" / "room")  # empty still


def test_what_fails_to_install_is_said_with_pip_s_own_words(tmp_path):
    with pytest.raises(Refused, match="can't install chainrule:\n"):
        setup_room.install(
            Path(sys.executable), tmp_path / "wheels" / "pip.whl" / "pip", "chainrule"
        )


def test_extras_are_left_out_one_by_one(monkeypatch, capsys):
    def install(python, pip, *names):
        if "rich" in names:
            raise Refused("no")
        print("installed", *names)

    monkeypatch.setattr(setup_room, "install", install)
    setup_room.install_extras(Path("python"), Path("pip"), ["graphviz", "rich"])
    assert capsys.readouterr().out.splitlines() == [
        "installed graphviz",
        "  left out: rich, which the workshop can do without",
    ]


def test_pip_and_python_are_run_without_what_somebody_has_set(monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "https://example.invalid")
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    kept = setup_room.surroundings()
    assert not {"PIP_INDEX_URL", "PYTHONPATH"} & {*kept}
    assert kept["PIP_CONFIG_FILE"] == os.devnull


@pytest.mark.parametrize(
    ("system", "name", "typed"),
    [("nt", "learn.bat", ".\\learn"), ("posix", "learn.sh", "./learn.sh")],
)
def test_the_file_that_starts_the_workshop(system, name, typed, tmp_path, monkeypatch):
    monkeypatch.setattr(setup_room, "os", type("os", (), {"name": system}))
    assert setup_room.write_start(tmp_path) == typed
    assert b"-m demos.workshop" in (tmp_path / name).read_bytes()
    assert typed in START


# -- the installation itself, in CI only: it takes half a minute and asks the index for wheels


def offline():
    """The command that cuts a program off the network, and what to set where there is none."""
    if shutil.which("unshare") and not subprocess.run(["unshare", "-rn", "true"]).returncode:
        return ["unshare", "-rn"], {}
    nowhere = "http://127.0.0.1:9"
    return [], {"http_proxy": nowhere, "https_proxy": nowhere, "PIP_INDEX_URL": nowhere}


@pytest.mark.skipif(not os.environ.get("CI"), reason="asks the package index: set CI=true")
def test_a_room_without_network(tmp_path, monkeypatch):
    """From the zip file to a passed exercise and a drawn graph; then without the extras."""
    here = "{}.{}".format(*sys.version_info)
    monkeypatch.setattr(bundle, "VERSIONS", (here,))
    try:
        path = bundle.bundle(tmp_path / "dist", bundle.LIBRARIES, {"this computer": ()})
    except OSError as error:
        pytest.skip(f"no wheels to be had: {error}")
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path)
    top = tmp_path / bundle.NAME
    cut, nowhere = offline()

    def run(*command, cwd, status=0):
        environment = {**os.environ, **nowhere, "PYTHONPATH": ""}
        done = subprocess.run(
            [*cut, *command], cwd=cwd, env=environment, capture_output=True, text=True
        )
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout

    out = run(sys.executable, "setup_room.py", cwd=top)
    assert "installed: chainrule\n" in out and "rich" in out and "left out" not in out
    room = top / setup_room.FOLDER
    assert (room / "first-picture.svg").read_text(encoding="utf-8").startswith("<svg")
    if os.name == "posix":
        assert "Nudge" in run("./learn.sh", "list", cwd=room)
        run("./learn.sh", "check", "3", cwd=room, status=1)
        shutil.copy(show.ROOT / "demos/workshop/solutions/03_plus_times.py", room / "workshop")
        assert json.loads(run("./learn.sh", "check", "3", "--json", cwd=room))["passed"] is True
    for wheel in (top / "wheels").glob("*.whl"):
        if not wheel.name.startswith(("chainrule-", "pip-")):
            wheel.unlink()
    assert "tried" in run(sys.executable, "setup_room.py", "bare room", cwd=top)
    [python] = [p for p in (top / "bare room/env").glob("*/python*") if p.stem == "python"]
    run(str(python), "-c", "import graphviz", cwd=top, status=1)
    assert "Nudge" in run(str(python), "-m", "demos.workshop", "list", cwd=tmp_path)
