"""Exports, parsed back: DOT by dot itself, JSON by json, Mermaid by its grammar; hostile labels among them."""

import html
import json
import math
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hostile import LABELS, clean
from test_view import fanout

import engine
from engine import Value
from engine.view import export, picture


def drawn(label):
    y = Value(2.0, label=label) * 3.0
    y.backward()
    return engine.draw(y)


def test_the_dot_text_of_the_small_graph():
    pytest.importorskip("graphviz")
    *_, f = fanout()
    f.backward()
    assert export.dot(engine.draw(f).scene).expandtabs(4) == GOLDEN


GOLDEN = r"""digraph {
    graph [rankdir=LR]
    node [fontname=monospace shape=box]
    edge [dir=back fontname=monospace]
    c0 [label="a\ndata −2\ngrad −3"]
    c1 [label="b\ndata 3\ngrad −8"]
    c2 [label="× d\ndata −6\ngrad 1"]
    c3 [label="+ e\ndata 1\ngrad −6"]
    c4 [label="× f\ndata −6\ngrad 1"]
    c2 -> c4 [label="× 1 = +1"]
    c3 -> c4 [label="× −6 = −6"]
    c0 -> c3 [label="× 1 = −6"]
    c1 -> c3 [label="× 1 = −6"]
    c0 -> c2 [label="× 3 = +3"]
    c1 -> c2 [label="× −2 = −2"]
}
"""


@pytest.mark.drawing
@pytest.mark.parametrize("label", LABELS, ids=range(len(LABELS)))
def test_dot_reads_back_the_very_label(label):
    pytest.importorskip("graphviz")
    program = shutil.which("dot")
    if program is None:
        pytest.skip("needs Graphviz's dot")
    text = export.dot(drawn(label).scene)
    svg = subprocess.run(
        [program, "-Tsvg"], input=text.encode(), capture_output=True, check=True, timeout=300
    ).stdout
    words = [
        html.unescape(found) for found in re.findall(r"<text[^>]*>([^<]*)</text>", svg.decode())
    ]
    assert svg.count(b'class="node"') == 2 and b"<a " not in svg and b"<script" not in svg
    shown = words[0].replace("\xa0", " ")
    assert not label or clean(label).startswith(shown.removesuffix("…").rstrip())


@pytest.mark.parametrize("label", LABELS, ids=range(len(LABELS)))
def test_json_reads_back_the_very_label(label):
    found = json.loads(export.json(drawn(label).scene))
    name = found["cards"][0]["name"]
    assert not label or clean(label).startswith(name.removesuffix("…"))
    assert len(found["cards"]) == 2 and len(found["pills"]) == 1


@pytest.mark.parametrize("label", LABELS, ids=range(len(LABELS)))
def test_mermaid_has_a_line_for_every_card_and_edge_and_nothing_else(label):
    first, *lines = export.mermaid(drawn(label).scene).split("\n")
    assert first == "flowchart LR" and len(lines) == 3
    inside = re.fullmatch(r'    c0\["([^"]*)"\]', lines[0]).group(1)
    words = re.sub(r"#(\d+);", lambda found: chr(int(found.group(1))), inside).split("<br/>")
    assert "<" not in inside.replace("<br/>", "")
    assert not label or clean(label).startswith(words[0].removesuffix("…"))
    assert re.fullmatch(r'    c1 -->\|"[^"<>|]*"\| c0', lines[2])


def test_json_adds_up_and_keeps_every_digit():
    a, _, _, _, f = fanout()
    f.backward()
    f.backward()
    found = json.loads(export.json(engine.draw(f).scene))
    for card in found["cards"]:
        total = card["seed"]
        for pill in found["pills"]:
            total += pill["contribution"] * (pill["parent"] == card["id"])
        assert total + card["elsewhere"] == card["grad"]
    assert found["cards"][0]["grad"] == a.grad == -6.0
    assert found["cards"][0]["elsewhere"] == -3.0


def test_json_has_words_for_nan_and_inf():
    x = Value(math.inf, label="x")
    y = x - x
    y.backward()
    cards = json.loads(export.json(engine.draw(y).scene))["cards"]
    assert [card["data"] for card in cards] == ["inf", "nan"]


def test_the_schema_names_every_key():
    page = (Path(__file__).parent.parent / "docs" / "picture-schema.md").read_text("utf-8")
    top, cards, pills = [
        set(re.findall(r"`(\w+)`", " ".join(re.findall(r"^\| (`.*?) \|", part, re.M))))
        for part in re.split(r"^A (?:card|pill):$", page, flags=re.M)
    ]
    *_, f = fanout()
    found = json.loads(export.json(engine.draw(f).scene))
    assert set(found) == top and set(found["cards"][0]) == cards and set(found["pills"][0]) == pills


def test_forward_only_has_no_contributions():
    *_, f = fanout()
    found = json.loads(export.json(engine.draw(f).scene))
    assert (
        {pill["contribution"] for pill in found["pills"]}
        == {None}
        == {card["grad"] for card in found["cards"]}
    )


@pytest.mark.parametrize(
    "suffix, start",
    [(".dot", "digraph"), (".gv", "digraph"), (".mmd", "flowchart"), (".json", "{")],
)
def test_the_suffix_says_the_format(suffix, start, tmp_path):
    pytest.importorskip("graphviz")
    *_, f = fanout()
    path = engine.draw(f).save(tmp_path / f"f{suffix}")
    assert path.read_text(encoding="utf-8").startswith(start)


def test_a_page_is_another_function(tmp_path):
    *_, f = fanout()
    with pytest.raises(ValueError, match="stepper"):
        engine.draw(f).save(tmp_path / "f.html")


def test_png_by_the_program_where_the_library_is_missing():
    if shutil.which("rsvg-convert") is None:
        pytest.skip("needs rsvg-convert")
    *_, f = fanout()
    assert picture._by_program(engine.draw(f).svg, "png").startswith(b"\x89PNG")
    assert picture._by_program(engine.draw(f).svg, "pdf").startswith(b"%PDF")


def test_no_converter_says_what_to_install(without_dot):
    with pytest.raises(ImportError, match="cairosvg"):
        picture._by_program("<svg/>", "png")
