"""The site: what is laid out for Sphinx, what comes from the code, links; in CI the whole build."""

import os
import sys
import threading
import urllib.request
from importlib.util import find_spec
from pathlib import Path

import pytest

import engine
import nn
from demos.site import __main__ as command
from demos.site import documentation, links, pages, reference
from demos.site.serve import server

IN_CI = os.environ.get("CI") == "true"
ROOT = Path(__file__).resolve().parent.parent


# -- links


@pytest.mark.parametrize(
    ("target", "leads"),
    [
        ("b.html", True),
        ("b.html#there", True),
        ("b.html#%74here", True),
        ("b.html#gone", False),
        ("#here", True),
        ("#gone", False),
        ("gone.html", False),
        ("sub/", True),
        ("sub/index.html#in", True),
        ("../b.html", False),
        ("p.png", True),
        ("gone.png", False),
        ("https://example.org/gone", True),
        ("mailto:someone@example.org", True),
    ],
)
def test_links_are_followed(target, leads):
    files = {
        "a.html": f'<p id="here"><a href="{target}">',
        "b.html": '<a name="there">',
        "sub/index.html": '<p id="in">',
        "p.png": "",
    }
    assert links.broken(files) == ([] if leads else [f"a.html: {target}"])


def test_pictures_frames_and_sources_are_links_too():
    page = '<img src="x.png"><source srcset="y.png 2x, z.png"><iframe src="f.html"></iframe>'
    assert [wrong.partition(": ")[2] for wrong in links.broken({"sub/a.html": page})] == [
        "x.png", "y.png", "z.png", "f.html",
    ]  # fmt: skip


def test_a_folder_with_a_broken_link_is_refused(tmp_path):
    (tmp_path / "index.html").write_text('<a href="gone.html">', encoding="utf-8")
    with pytest.raises(ValueError, match=r"1 links lead nowhere:\n  index\.html: gone\.html"):
        links.check(tmp_path)


# -- the pages


def test_every_page_of_the_guide_is_on_the_site():
    listed = pages.contents().split()
    for page in pages.sources():
        assert page == "README.md" or page.removesuffix(".md") in listed
    assert {f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")} <= {*pages.sources()}
    assert not any("hints" in page or "exercises" in page for page in pages.sources())


def test_links_become_those_of_the_site_and_code_stays():
    text = "[a](../README.md#ten-lines) [b](../engine/value.py)\n```python\nx = [f](../nn)\n```\n"
    assert pages.converted("docs/nn.md", text) == (
        "[a](../index.md#ten-lines) [b](../source/engine/value.py.md)\n"
        "```python\nx = [f](../nn)\n```\n"
    )


def test_a_picture_of_two_themes_follows_the_theme_of_the_site():
    text = '<picture>\n<source media="(prefers-color-scheme: dark)" srcset="p/x-dark.svg">\n'
    text = pages.converted("docs/nn.md", text + '<img alt="An x" src="p/x.svg">\n</picture>')
    assert "```{image} p/x.svg\n:alt: An x\n:class: only-light" in text
    assert "```{image} p/x-dark.svg\n:alt: An x\n:class: only-dark" in text


def test_what_is_linked_has_a_page(tmp_path):
    pages.stage(tmp_path)
    assert "parent.grad += contribution" in (
        tmp_path / "source" / "engine" / "backward.py.md"
    ).read_text(encoding="utf-8")
    assert (tmp_path / "index.md").read_text(encoding="utf-8").startswith("# chainrule\n")
    assert 'src="../live/stepper.html"' in (tmp_path / "docs" / "stepper.md").read_text("utf-8")
    assert set(pages.LIVE) == set(documentation.EXPRESSIONS)


def test_the_small_graph_that_is_played_is_the_readmes():
    root = documentation.graphs()["stepper"]
    root.backward()
    grads = {node.label: node.grad for step in root.steps() for node in (step.node, step.parent)}
    assert grads == {"f": 1.0, "d": 1.0, "e": -6.0, "a": -3.0, "b": -8.0}


# -- what comes from the code


@pytest.mark.parametrize(
    ("line", "read"),
    [
        ("f(*xs) and x_", "f(\\*xs) and x\\_"),
        ("`a*b` is |c|", "``a*b`` is \\|c\\|"),
        ("a stray ` stays", "a stray \\` stays"),
        ("    code*", ["::", "", "    code*"]),
        (">>> a*b", ">>> a*b"),
    ],
)
def test_docstrings_are_plain_text(line, read):
    assert reference.readable([line]) == (read if isinstance(read, list) else [read])


def test_every_public_name_is_in_the_reference(tmp_path):
    reference.write(tmp_path)
    text = {path.stem: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()}
    for name in engine.__all__:
        assert f" engine.{name}" in text["engine"] + text["functions"]
    for name in nn.__all__:
        assert f" nn.{name}\n" in text["nn"]
    tanh = text["functions"].partition("engine.tanh(x)\n")[2]
    assert tanh.split("\n\n")[0:3:2] == ["\n   Return the hyperbolic tangent of x, from -1 to 1.",
                                         "      ∂z/∂x = (1 / cosh(x))²"]  # fmt: skip
    assert "python -m engine draw\n---" in text["commands"] and "--collapse" in text["commands"]


# -- building and serving


def test_without_sphinx_there_is_one_line(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "sphinx.cmd.build", None)
    assert command.main(["build", "--out", str(tmp_path / "site")]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "pip install sphinx myst-parser furo" in said


def test_nothing_to_serve_is_one_line(tmp_path, capsys):
    assert command.main(["serve", "--out", str(tmp_path)]) == 1
    assert capsys.readouterr().err == f"{tmp_path} holds no site: build it by  make site\n"


def test_files_are_served_on_this_computer_alone(tmp_path):
    (tmp_path / "index.html").write_text("hello", encoding="utf-8")
    (tmp_path / "x.mjs").write_text("1", encoding="utf-8")
    with server(tmp_path, port=0) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        host, port = running.server_address[:2]
        assert host == "127.0.0.1"
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/") as answer:
            assert answer.read() == b"hello"
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/x.mjs") as answer:
            assert answer.headers["Content-Type"] == "text/javascript"
        running.shutdown()


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The whole site, built once."""
    if not IN_CI:
        pytest.skip("takes a minute: CI=true builds the site")
    if not all(map(find_spec, ("sphinx", "myst_parser", "furo"))):
        pytest.skip("sphinx, myst-parser or furo is not installed")
    out = tmp_path_factory.mktemp("site") / "out"
    command.build(out)
    return out


def test_the_site_is_built_without_a_warning(site):
    assert (
        "parent.grad" in (site / "_modules" / "engine" / "backward.html").read_text("utf-8")
        or (site / "source" / "engine" / "backward.py.html").is_file()
    )
    value = (site / "reference" / "engine.html").read_text(encoding="utf-8")
    assert 'id="engine.Value.backward"' in value and ">>> </span>" in value
    assert "stepper" in (site / "searchindex.js").read_text(encoding="utf-8")
