"""TikZ: the same shapes and texts as the SVG, nothing of a label a command; compiled where LaTeX is."""

import re
import shutil
import subprocess
import xml.etree.ElementTree as ET

import pytest
from hostile import LABELS
from test_view import SVG, fanout
from test_view_collapse import network

import engine
from engine import Value
from engine.view.tikz import SIGNS, latex, tikz


def pictures():
    *_, f = fanout()
    f.backward()
    x = Value(3.0, label="∂C/∂w₁ & 50%")
    stale = (x * x).relu()
    stale.backward()
    x.data = 1.0
    _, loss = network(2, 3, 1)
    return {
        "small": engine.draw(f),
        "down": engine.draw(f, direction="TB"),
        "stale": engine.draw(stale),
        "layers": engine.draw(loss, collapse="layers"),
        "neurons": engine.draw(loss, collapse="neurons"),
    }


@pytest.mark.parametrize("name", ["small", "down", "stale", "layers", "neurons"])
def test_every_shape_and_text_of_the_svg_is_there(name):
    drawn = pictures()[name]
    document = tikz(drawn.svg)
    root = ET.fromstring(drawn.svg)
    words = ["".join(text.itertext()) for text in root.iter(f"{SVG}text")]
    nodes = re.findall(
        r"\\node\[[^\]]*\] at \([-\d.]+,[-\d.]+\) \{\\fontsize\{[\d.]+\}\{[\d.]+\}\\selectfont(?:\\bfseries)? (.*)\};",
        document,
    )
    assert nodes == [latex(word) for word in words]
    shapes = len(list(root.iter(f"{SVG}path"))) + len(list(root.iter(f"{SVG}rect"))) - 1
    assert len(re.findall(r"^\\path\[", document, re.M)) == shapes
    assert document.startswith("\\documentclass") and document.endswith("\\end{document}\n")
    for kind in re.findall(r"(?:draw|fill|text)=(\w+)", document):
        assert f"\\definecolor{{{kind}}}" in document


def test_places_are_those_of_the_svg():
    *_, f = fanout()
    drawn = engine.draw(f)
    document = tikz(drawn.svg)
    cards = re.findall(
        r"fill=card,[^\]]*\] \(([-\d.]+),([-\d.]+)\) rectangle \(([-\d.]+),([-\d.]+)\)", document
    )
    xs, ys = zip(*drawn.placed.cards)
    shift = (
        float(cards[0][0]) - (xs[0] - 72),
        float(cards[0][1]) - (ys[0] - drawn.scene.cards[0].height / 2),
    )
    for (left, top, right, bottom), (x, y), card in zip(
        cards, drawn.placed.cards, drawn.scene.cards, strict=True
    ):
        assert float(left) + float(right) == pytest.approx(2 * (x + shift[0]), abs=0.3)
        assert float(top) + float(bottom) == pytest.approx(2 * (y + shift[1]), abs=0.3)
        assert float(bottom) - float(top) == pytest.approx(card.height, abs=0.3)


@pytest.mark.parametrize("label", LABELS, ids=range(len(LABELS)))
def test_no_label_is_a_command(label):
    written = latex(label)
    for known in sorted({*SIGNS.values()}, key=len, reverse=True):
        written = written.replace(known, "")
    assert not re.search(r"[\\{}$&#^_%~]", written)
    assert all(c.isascii() or "À" <= c <= "ſ" for c in written)


@pytest.mark.parametrize("name", ["small", "stale", "neurons"])
def test_it_compiles(name, tmp_path):
    program = shutil.which("pdflatex")
    if (
        program is None
        or subprocess.run(
            ["kpsewhich", "standalone.cls", "tikz.sty"], capture_output=True
        ).returncode
    ):
        pytest.skip("needs pdflatex with standalone and tikz")
    path = pictures()[name].save(tmp_path / "picture.tex")
    done = subprocess.run(
        [program, "-interaction=nonstopmode", "-halt-on-error", path.name],
        cwd=tmp_path, capture_output=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:]
    assert (tmp_path / "picture.pdf").read_bytes().startswith(b"%PDF")
