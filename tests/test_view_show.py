"""show() opens the file of a picture, a page or a film, and names of other libraries lead there."""

import sys
import urllib.parse
import urllib.request
from pathlib import Path
from types import SimpleNamespace

import pytest

import engine
from engine import Value

X = Value(3.0, label="x")
MOMENTS = [(0, 9.0, [3.0], [6.0])]
SHOWN = {
    "picture.svg": lambda: engine.draw(X * X),
    "stepper.html": lambda: engine.stepper(X * X),
    "film.html": lambda: engine.film(lambda y: X * y, {"x": X}, MOMENTS),
}
every = pytest.mark.parametrize("file", SHOWN)


@every
def test_show_opens_a_file_in_a_browser_which_outlives_the_call(file, monkeypatch, tmp_path):
    opened = []
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("webbrowser.open", lambda url: opened.append(url) or True)
    shown = SHOWN[file]()
    assert shown.show() is None
    (url,) = opened
    path = Path(urllib.request.url2pathname(urllib.parse.urlsplit(url).path))
    assert path.name == file and tmp_path in path.parents
    assert path.read_text("utf-8").strip() == (getattr(shown, "svg", "") or shown.html).strip()


@every
def test_in_a_notebook_it_is_shown_below_the_cell(file, monkeypatch):
    displayed = []
    ipython = SimpleNamespace(
        get_ipython=lambda: SimpleNamespace(kernel=1),
        display=SimpleNamespace(display=displayed.append),
    )
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setattr("webbrowser.open", lambda url: pytest.fail("opened"))
    shown = SHOWN[file]()
    shown.show()
    assert displayed == [shown]


@every
def test_without_a_browser_show_says_what_to_write(file, monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("webbrowser.open", lambda url: False)
    with pytest.raises(RuntimeError, match=f"^there is no browser to open: write save..{file}"):
        SHOWN[file]().show()
    monkeypatch.setattr("webbrowser.open", lambda url: pytest.fail("Python runs in the browser"))
    monkeypatch.setattr(sys, "platform", "emscripten")
    with pytest.raises(RuntimeError, match="there is no browser to open"):
        SHOWN[file]().show()


@every
def test_names_of_other_libraries_lead_to_show_and_save(file):
    shown = SHOWN[file]()
    kind = type(shown).__name__
    for name, remedy in [("view", "show()"), ("render", "save(path)"), ("savefig", "save(path)")]:
        with pytest.raises(AttributeError) as caught:
            getattr(shown, name)
        assert str(caught.value) == f"a {kind} has no {name!r}: write {remedy}"
    with pytest.raises(AttributeError, match=f"^a {kind} has no 'shwo'$"):
        _ = shown.shwo
