"""The doctor tells what is missing, what works without it, and one command that mends it."""

import sys
from pathlib import Path

import pytest

from engine.cli import doctor


def test_what_is_missing_is_in_the_one_command(monkeypatch):
    monkeypatch.setitem(
        doctor.LIBRARIES, "rich", ("no_such_module_of_ours", "colours", "plain text")
    )
    told = doctor.report()
    assert "missing  rich" in told and "without it: plain text" in told
    remedy = told.splitlines()[-1]
    assert remedy.startswith("To mend it:  ") and " rich" in remedy and "pip install" in remedy


def test_computer_without_dot(without_dot):
    assert next(check for check in doctor.examine() if check.name == "dot").version == ""
    assert "missing  dot" in doctor.report()


@pytest.mark.parametrize(
    ("system", "command"),
    [
        ("linux", "sudo apt-get install graphviz"),
        ("darwin", "brew install graphviz"),
        ("win32", "winget install graphviz"),
    ],
)
def test_dot_has_a_remedy_on_every_system(system, command):
    ill = [doctor.Check("dot", "", "", "", "")]
    assert doctor.remedy(ill, system) == f"To mend it:  {command}"
    assert doctor.remedy([], system) == "Nothing is missing."


def test_what_is_switched_off_is_switched_on_and_not_installed():
    off = doctor.Check("numba", "", "numba is switched off: unset NUMBA_DISABLE_JIT", "", "")
    assert doctor.remedy([off], "linux") == "To mend it:  unset NUMBA_DISABLE_JIT"
    both = doctor.remedy([doctor.Check("rich", "", "", "", ""), off], "linux")
    assert both.endswith("-m pip install rich && unset NUMBA_DISABLE_JIT")


def test_what_is_compiled_anew_by_itself_is_not_installed():
    damaged = doctor.Check("numba", "", "a.nbi is damaged: the next tape compiles it anew", "", "")
    assert doctor.remedy([damaged], "linux") == "Nothing is missing."


def test_library_that_breaks_while_it_is_loaded(tmp_path, monkeypatch):
    (tmp_path / "halfcairo.py").write_text(
        "raise OSError('no library called cairo-2 was found')", "utf-8"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setitem(doctor.LIBRARIES, "cairosvg", ("halfcairo", "PNG", "SVG"))
    monkeypatch.setattr(doctor.shutil, "which", lambda name: None)
    told = doctor.report()
    assert "broken   cairosvg" in told and "no library called cairo-2" in told


def test_the_engine_is_tried_out(monkeypatch):
    monkeypatch.setattr(doctor.operations, "multiply", doctor.operations.add)
    assert doctor._engine().startswith("BROKEN")


def test_rsvg_convert_stands_in_for_cairosvg(monkeypatch):
    monkeypatch.setitem(doctor.LIBRARIES, "cairosvg", ("no_such_module_of_ours", "PNG", "SVG"))
    monkeypatch.setattr(
        doctor.shutil, "which", lambda name: f"/bin/{name}" if name == "rsvg-convert" else None
    )
    assert "ok       rsvg-convert   PNG (in place of cairosvg)" in doctor.report()


@pytest.mark.parametrize("found", ["here", "elsewhere", "nowhere"])
def test_the_remedy_is_for_this_interpreter(monkeypatch, found):
    """A virtual environment that is not activated: `python` at the prompt is another one."""
    folder = Path(sys.executable).parent if found == "here" else Path("/another/bin")
    monkeypatch.setattr(
        doctor.shutil, "which", lambda name: None if found == "nowhere" else str(folder / name)
    )
    command = doctor.remedy([doctor.Check("numba", "", "", "", "")], "linux")
    expected = "python" if found == "here" else sys.executable
    assert command in (
        f"To mend it:  {expected} -m pip install numba",
        f'To mend it:  "{expected}" -m pip install numba',
    )


def test_nothing_but_the_engine(monkeypatch):
    for name in doctor.LIBRARIES:
        monkeypatch.setitem(doctor.LIBRARIES, name, ("no_such_module_of_ours", "use", "the rest"))
    monkeypatch.setattr(doctor.shutil, "which", lambda name: None)
    checks = doctor.examine()
    assert not any(check.version for check in checks)
    told = doctor.report()
    assert (
        told.count("missing  ") == len(checks) == 1 + len(doctor.LIBRARIES)
        and "ok       the engine" in told
    )


def test_training_on_several_computers_needs_distributed(monkeypatch):
    """fit(client=True) starts a cluster of dask.distributed: dask alone has none."""
    monkeypatch.setitem(sys.modules, "distributed", None)
    told = doctor.report()
    assert "missing  distributed    training on several computers" in told
    assert "distributed" in told.splitlines()[-1].split("pip install")[1].split()
    assert doctor.LIBRARIES.keys() & {"dask", "distributed"} == {"distributed"}
