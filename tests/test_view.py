"""Pictures, by their structure: cards, pills, sums, states, hostile labels, both layouts."""

import json
import math
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from hostile import LABELS, assert_nothing_acts, clean
from hypothesis import given, settings
from strategies import programs, run

import engine
from engine import Value
from engine.printing import columns
from engine.view import export, layout, picture, svg
from engine.view.animation import animation
from engine.view.scene import Scene, rebuilt_data, sum_lines, sum_text
from engine.view.selection import Graph

GOLDEN = Path(__file__).parent / "golden"
SVG = "{http://www.w3.org/2000/svg}"


def fanout():
    a, b = Value(-2.0, label="a"), Value(3.0, label="b")
    d, e = a * b, a + b
    f = d * e
    d.label, e.label, f.label = "d", "e", "f"
    return a, b, d, e, f


def number(text):
    return float(text.replace("−", "-"))


def groups(svg, kind):
    return [
        g
        for g in ET.fromstring(svg).iter(f"{SVG}g")
        if (g.get("class") or "").split(" ")[:1] == [kind]
    ]


def texts(element):
    return ["".join(t.itertext()) for t in element.iter(f"{SVG}text")]


def test_the_small_graph(placing):
    *_, f = fanout()
    f.backward()
    svg = engine.draw(f).svg
    cards = {
        words[1] if words[0] in "×+" else words[0]: words
        for words in map(texts, groups(svg, "node"))
    }
    assert cards["a"] == ["a", "leaf", "data", "−2", "grad", "−3", "= 3 − 6"]  # as its pills stand
    assert cards["b"] == ["b", "leaf", "data", "3", "grad", "−8", "= −2 − 6"]
    assert cards["f"] == ["×", "f", "data", "−6", "grad", "1"]
    assert [texts(pill) for pill in groups(svg, "edge")] == [
        ["× 1", "+1"],
        ["× −6", "−6"],
        ["× 1", "−6"],
        ["× 1", "−6"],
        ["× 3", "+3"],
        ["× −2", "−2"],
    ]


def test_one_value_used_twice_by_one_node_has_two_pills(placing):
    a = Value(3.0, label="a")
    y = a * a
    y.backward()
    assert [texts(pill) for pill in groups(engine.draw(y).svg, "edge")] == [
        ["× 3", "+3"],
        ["× 3", "+3"],
    ]


@settings(max_examples=50, deadline=None)
@given(programs(longest=12))
def test_pills_and_elsewhere_make_the_grad(program):
    _, root = run(program)
    root.backward()
    root.backward()  # so that leaves have something from elsewhere
    scene = Scene.of(root, constants=True)
    for card in scene.cards:
        pills = [pill.step.contribution for pill in scene.pills if pill.parent is card]
        terms = [1.0] * card.is_root + pills
        shown = [number(t.removesuffix(" elsewhere")) for t in card.terms]
        assert len(shown) in (len(terms), len(terms) + 1)
        if (
            all(map(math.isfinite, [card.node.grad, *terms]))
            and max(map(abs, [0.0, *terms])) < 1e150
        ):
            size = sum(map(abs, terms)) + abs(card.node.grad)
            assert sum(shown) == pytest.approx(card.node.grad, rel=1e-3, abs=1e-3 * size + 1e-300)


def test_forward_only_shows_no_gradient():
    *_, f = fanout()
    svg = engine.draw(f).svg
    assert "forward only" in svg
    assert all(words[-1] == "–" for words in map(texts, groups(svg, "node")))


def test_a_stale_graph_says_so():
    a, *_, f = fanout()
    f.backward()
    a.data = 7.0
    assert "stale" in engine.draw(f).svg


def test_tooltips_say_the_rule_in_words():
    *_, f = fanout()
    f.backward()
    tips = [tip.text for tip in ET.fromstring(engine.draw(f).svg).iter(f"{SVG}title")][1:]
    assert "∂d/∂a = b = 3: d changes 3 times as fast as a; it adds 1 × 3 = 3 to a.grad" in tips
    assert (
        "∂d/∂b = a = −2: d changes 2 times as fast as b, the other way; it adds 1 × −2 = −2 to b.grad"
        in tips
    )
    assert "∂e/∂b = 1: e changes as fast as b; it adds −6 × 1 = −6 to b.grad" in tips
    assert "b, a leaf; data = 3; grad = −8 = −2 − 6" in tips
    assert "f = d·e; data = −6; grad = 1; the root: its grad starts at 1, the seed" in tips


def test_a_tooltip_says_why_a_value_sends_nothing():
    x, w = Value(2.0, label="x"), Value(-3.0, label="w")
    z = x * w
    h = z.relu()
    y = h * 3.0 + 1.0
    z.label, h.label = "z", "h"
    forward_only = engine.draw(y).svg
    assert "sends nothing" not in forward_only
    y.backward()
    tips = [tip.text for tip in ET.fromstring(engine.draw(y).svg).iter(f"{SVG}title")][1:]
    reason = f"for z.grad = 0, for ∂h/∂z = 0 at test_view.py:{h.created_at.line}"
    assert f"z = x·w; data = −6; grad = 0; it sends nothing, {reason}" in tips
    assert sum("sends nothing" in tip for tip in tips) == 3  # z, and its edges to x and w


def test_the_title_and_the_description_read_well():
    a, *_, f = fanout()
    heard = []
    for change in (lambda: None, f.backward, lambda: setattr(a, "data", 0.0)):
        change()
        root = ET.fromstring(engine.draw(f).svg)
        assert root.get("role") == "img" and root.find(f"{SVG}title").text == "f = −6"
        assert root.get("aria-labelledby").split() == [
            root.find(f"{SVG}{tag}").get("id") for tag in ("title", "desc")
        ]
        heard.append(root.find(f"{SVG}desc").text)
    grads = "5 cards, 6 edges. The gradient of a is −3. The gradient of b is −8."
    assert heard == [
        "5 cards, 6 edges. Forward only: backward() has not been called.",
        grads,
        grads + " Stale: a leaf was changed after the forward pass.",
    ]


def test_every_card_whose_data_no_longer_follows_says_what_it_would_be(placing):
    a, b, _, _, f = fanout()
    g = f + b.exp()
    g.backward()
    a.data = 7.0
    svg = engine.draw(g).svg
    stale = {
        words[1]: [word for word in words if word.startswith("would be")]
        for words in map(texts, groups(svg, "node"))
        if any(word.startswith("would") for word in words)
    }
    assert (
        stale["d"] == ["would be 21"]
        and stale["e"] == ["would be 10"]
        and stale["f"] == ["would be 210"]
    )
    assert len(stale) == 4  # and the sum, but neither the leaves nor exp(b)
    marked = [
        group
        for group in ET.fromstring(svg).iter(f"{SVG}g")
        if "stale" in (group.get("class") or "").split()
    ]
    assert len(marked) == 4
    assert all(
        "built again, its data would be" in group.findtext(f"{SVG}title") for group in marked
    )


def test_a_graph_that_is_stale_in_nothing_marks_nothing():
    a, *_, f = fanout()
    f.backward()
    a.data = -2.0
    assert "would be" not in engine.draw(f).svg and "stale:" not in engine.draw(f).svg


def test_a_stale_nan_is_a_change_in_one_direction_only():
    x = Value(-1.0, label="x")
    y = engine.log(x)
    assert rebuilt_data([y]) == {}
    x.data = 1.0
    assert rebuilt_data([y]) == {y: 0.0}


@pytest.mark.parametrize(
    "grad, arrived, elsewhere",
    [
        (math.nan, math.nan, 0.0),
        (3.0, math.nan, 0.0),
        (math.inf, math.inf, 0.0),
        (3.0, math.inf, 0.0),
        (-math.inf, math.inf, 0.0),
        (math.inf, 3.0, math.inf),
        (math.nan, 3.0, math.nan),
        (5.0, 3.0, 2.0),
    ],
)
def test_elsewhere_is_named_only_where_it_makes_the_sum(grad, arrived, elsewhere):
    x = Value(arrived, label="x")
    w = Value(1.0, label="w")
    (w * x).backward()
    assert repr(w.grad) == repr(arrived)
    w.grad = grad
    y = w * x
    y.grad, x.grad = 1.0, 1.0  # as backward() leaves them
    card = next(card for card in Scene.of(y).cards if card.title == "w")
    assert repr(card.elsewhere) == repr(elsewhere)
    assert any("elsewhere" in term for term in card.terms) == (elsewhere != 0.0)


@pytest.mark.parametrize(
    "before, lines",
    [
        (2.0, ["= 3 + 3 + 2 elsewhere"]),
        (11.0, ["= 3 + 3", "+ 11 elsewhere"]),
        (-0.00012345, ["= 3 + 3", "− 0.0001235 elsewhere"]),
    ],
)
def test_the_lines_under_a_grad_fit_their_card(before, lines):
    x = Value(3.0, label="x")
    y = x * x
    x.grad = before
    y.backward()
    [card, _] = Scene.of(y).cards
    assert sum_lines(card) == lines
    assert all(len(line) * 6.02 <= card.width - 16 for line in lines)


def classes(svg, kind):
    return [group.get("class").split()[1] for group in groups(svg, kind)]


def numbers(path):
    return [float(x) for x in re.findall(r"-?[\d.]+", path)]


def test_a_card_has_the_colour_of_its_grad_and_an_edge_that_of_what_it_carries(placing):
    *_, f = fanout()  # data −2, 3, −6, 1, −6 with grads −3, −8, 1, −6, 1
    f.backward()
    svg = engine.draw(f).svg
    assert classes(svg, "node") == ["neg", "neg", "pos", "neg", "pos"]
    assert classes(svg, "edge") == ["pos", "neg", "neg", "neg", "pos", "neg"]  # +1 −6 −6 −6 +3 −2


def test_a_bar_goes_the_way_of_its_grad_and_is_as_long_as_the_root_of_its_part(placing):
    *_, f = fanout()
    f.backward()
    for group, grad in zip(groups(engine.draw(f).svg, "node"), [-3, -8, 1, -6, 1], strict=True):
        [bar] = [part for part in group if part.get("class") == "bar"]
        start, length = float(bar.get("x")), float(bar.get("width"))
        assert length == pytest.approx((144 / 2 - 10) * math.sqrt(abs(grad) / 8), abs=0.1)
        assert start == pytest.approx(72 - length if grad < 0 else 72, abs=0.1)


def test_a_wire_is_as_thick_as_the_root_of_what_it_carries(placing):
    *_, f = fanout()
    f.backward()
    widths = [
        float(part.get("stroke-width"))
        for group in groups(engine.draw(f).svg, "edge")
        for part in group
        if part.get("class") == "wire"
    ]
    carried = [1, 6, 6, 6, 3, 2]
    assert widths == [pytest.approx(1.2 + 3.3 * math.sqrt(x / 6), abs=0.06) for x in carried]


def test_a_wire_that_carries_nothing_is_dashed():
    x = Value(-1.0, label="x")
    y = x.relu()
    y.backward()
    svg = engine.draw(y).svg
    assert classes(svg, "edge") == ["zero"]
    assert re.search(r"\.zero \.wire\{stroke-dasharray:[1-9]", svg)
    assert not re.search(r"\.(pos|neg) \.wire\{[^}]*stroke-dasharray", svg)


def test_an_arrow_points_at_the_parent(placing):
    *_, f = fanout()
    f.backward()
    drawn = engine.draw(f)
    right = [
        numbers(group.get("transform"))[0] + 144 for group in groups(drawn.svg, "node")
    ]  # of a card
    for group, pill in zip(groups(drawn.svg, "edge"), drawn.scene.pills, strict=True):
        [tip] = [part for part in group if part.get("class") == "tip"]
        x, _, length, *_ = numbers(tip.get("d"))
        assert x == pytest.approx(right[pill.parent.number], abs=0.1) and length > 0


def test_the_two_signs_have_their_own_colours():
    for theme, palette in (("light", svg.LIGHT), ("dark", svg.DARK)):
        *_, f = fanout()
        f.backward()
        drawn = engine.draw(f, theme=theme).svg
        red, green, blue = (int(palette["pos"][i : i + 2], 16) for i in (1, 3, 5))
        assert red > green > blue  # orange; blue is for negative
        red, green, blue = (int(palette["neg"][i : i + 2], 16) for i in (1, 3, 5))
        assert red < green < blue
        assert f".pos .wire{{stroke:{palette['pos']}}}" in drawn
        assert f".neg .wire{{stroke:{palette['neg']}}}" in drawn
        assert "prefers-color-scheme" not in drawn
    dark = engine.draw(f).svg.partition("@media(prefers-color-scheme:dark)")[2]
    assert f".pos .wire{{stroke:{svg.DARK['pos']}}}" in dark


def test_minus_zero_keeps_its_sign_and_takes_no_plus():
    x, y = Value(-0.0, label="x"), Value(0.0, label="y")
    z = x * y
    z.backward()  # dz/dx = y = 0 and dz/dy = x = −0
    drawn = engine.draw(z).svg
    assert [texts(pill) for pill in groups(drawn, "edge")] == [["× 0", "0"], ["× −0", "−0"]]
    cards = [texts(card) for card in groups(drawn, "node")]
    assert cards[0] == ["x", "leaf", "data", "−0", "grad", "0"]
    assert cards[1] == ["y", "leaf", "data", "0", "grad", "0"]  # 0 + −0 is 0
    assert classes(drawn, "edge") == ["zero", "zero"]


def test_what_may_still_be_cancelled_has_not_been_sent():
    x = Value(5.0, label="x")
    a = -x
    y = a - a  # a's grad is 1 for a moment, and 0 when its turn comes
    _, second = y.steps()
    scene = Scene.of(y, to_come=[second])
    shown = {(pill.child.name, pill.parent.name, pill.contribution) for pill in scene.pills}
    assert {("-x", "x", "0"), ("-x - (-x)", "-x", "+1"), ("-x - (-x)", "-x", "not sent")} == shown


def test_drawing_changes_nothing():
    a, b, d, e, f = fanout()
    f.backward()
    before = [(v.data, v.grad, v.label) for v in (a, b, d, e, f)]
    engine.draw(f)
    assert before == [(v.data, v.grad, v.label) for v in (a, b, d, e, f)]


@pytest.mark.parametrize("label", LABELS, ids=range(len(LABELS)))
def test_hostile_labels_are_inert(label, placing):
    x = Value(2.0, label=label)
    y = x * 3.0
    y.backward()
    svg = engine.draw(y).svg
    svg.encode("utf-8")
    assert len(groups(svg, "node")) == 2
    assert_nothing_acts(svg)
    shown = texts(groups(svg, "node")[0])[0]
    assert clean(label).startswith(shown.removesuffix("…"))
    assert "<script" not in svg and "url(" not in svg and "@import" not in svg


@pytest.mark.parametrize("label", LABELS, ids=range(len(LABELS)))
def test_hostile_labels_are_inert_in_the_picture_of_the_lecture(label):
    graphviz = pytest.importorskip("graphviz")
    dot = engine.draw_dot(Value(2.0, label=label) * 3.0)
    try:
        svg = dot.pipe().decode()
    except graphviz.ExecutableNotFound:
        pytest.skip("needs Graphviz's dot")
    root = ET.fromstring(svg)
    assert len([g for g in root.iter(f"{SVG}g") if g.get("class") == "node"]) == 4
    assert not list(root.iter(f"{SVG}a")) and "<script" not in svg


def test_two_pictures_on_one_page_share_no_ids():
    *_, f = fanout()
    x = Value(1.0, label="x")
    pages = [engine.draw(f).svg, engine.draw(x * x).svg]
    ids = [re.findall(r' id="([^"]+)"', page) for page in pages]
    assert all(len(found) == len(set(found)) for found in ids)
    assert not set(ids[0]) & set(ids[1])


def test_pictures_that_differ_in_one_number_share_no_ids():
    ids = []
    for data in (1.0, 2.0):
        y = Value(data) * 0.0
        y.label = "y"
        ids.append(re.search(r' id="([^"]+)"', engine.draw(y).svg)[1])
    assert ids[0] != ids[1]


def test_text_stands_out_from_what_is_behind_it():
    """A contrast of 4.5 to 1 by the formula of WCAG 2: https://www.w3.org/TR/WCAG21/#dfn-contrast-ratio."""

    def light(colour):
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        red, green, blue = (
            x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts
        )
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    kinds = ("pos", "neg", "zero", "nan")
    pairs = [
        ("ink", "card"),
        ("ink", "head"),
        ("soft", "bg"),
        ("soft", "head"),
        ("soft", "card"),
        ("on", "chip"),
        ("old", "card"),
        *[(kind, "card") for kind in kinds],
        *[(kind, f"{kind}-bg") for kind in kinds],
        *[("soft", f"{kind}-bg") for kind in kinds],
    ]
    for colours in (svg.LIGHT, svg.DARK):
        for text, behind in pairs:
            low, high = sorted([light(colours[text]), light(colours[behind])])
            assert (high + 0.05) / (low + 0.05) >= 4.5, (text, behind)


def test_the_same_bytes_in_every_process():
    code = (
        "import engine\nfrom engine import Value\na, b = Value(2.0, 'a'), Value(3.0, 'b')\nc = (a * b + a).tanh()\n"
        "c.backward()\nimport sys\nsys.stdout.buffer.write(engine.draw(c).svg.encode())"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            check=True,
            timeout=300,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in "12"
    ]
    assert runs[0] == runs[1]


@pytest.mark.parametrize("x", [0.0, -0.0, math.inf, -math.inf, math.nan, 5e-324, 1e308])
def test_special_numbers(x, placing):
    v = Value(x, label="v")
    for root in (v, v * 2.0, engine.exp(v)):
        root.backward()
        ET.fromstring(engine.draw(root).svg)


def test_a_leaf_used_300_times_and_a_chain_3000_deep(placing, monkeypatch):
    monkeypatch.setattr(picture, "LARGEST", 10_000)
    x = Value(1.0, label="x")
    wide = engine.total([x.exp() for _ in range(300)])
    wide.backward()
    assert len(groups(engine.draw(wide).svg, "edge")) == 600


def test_a_graph_too_large_to_read_is_refused_with_advice():
    y = Value(1.0)
    for _ in range(3000):
        y = y * 0.999
    with pytest.raises(ValueError, match="draw a part"):
        engine.draw(y)


def test_a_slow_dot_gives_way_to_the_built_in_layout(monkeypatch, capsys):
    if layout.shutil.which("dot") is None:
        pytest.skip("needs Graphviz's dot")
    monkeypatch.setattr(layout, "_has_hinted", False)
    *_, f = fanout()
    placed = layout.place(Scene.of(f), seconds=1e-9)
    assert placed == layout.layered(Scene.of(f))
    assert "took too long" in capsys.readouterr().err


@pytest.mark.parametrize(
    "error, words",
    [
        (FileNotFoundError("dot"), "dot is not installed"),
        (ImportError("graphviz"), "needs the graphviz package"),
        (subprocess.CalledProcessError(1, "dot"), "dot failed"),
        (ValueError("no JSON"), "dot failed"),
    ],
)
def test_one_hint_says_why_dot_is_not_used(monkeypatch, capsys, error, words):
    def fails(scene, seconds):
        raise error

    monkeypatch.setattr(layout, "_has_hinted", False)
    monkeypatch.setattr(layout, "by_dot", fails)
    *_, f = fanout()
    first, second = engine.draw(f), engine.draw(f)
    said = capsys.readouterr().err
    assert words in said and said.count("\n") == 1 and first.svg == second.svg


def test_saving(tmp_path):
    *_, f = fanout()
    drawn = engine.draw(f)
    path = drawn.save(tmp_path / "f.svg")
    assert path.read_text(encoding="utf-8") == drawn.svg
    with pytest.raises(ValueError, match=r"\.svg"):
        drawn.save(tmp_path / "f.docx")


def test_saving_as_png_and_pdf(tmp_path):
    try:
        import cairosvg  # noqa: F401
    except (ImportError, OSError):
        pytest.skip("needs cairosvg")
    *_, f = fanout()
    assert engine.draw(f).save(tmp_path / "f.png").read_bytes().startswith(b"\x89PNG")
    assert engine.draw(f).save(tmp_path / "f.pdf").read_bytes().startswith(b"%PDF")


def test_a_label_counts_more_than_the_callers_variable():
    weight, x = Value(2.0, label="w"), Value(3.0)
    cards = engine.draw(weight * x, names=locals()).scene.cards
    assert [card.name for card in cards][:2] == ["w", "x"]


@pytest.mark.parametrize(
    "to_come, words",
    [(0, "pill: × local derivative, = what it adds to grad"), (2, "what it has added so far")],
)
def test_the_legend_says_at_which_moment_the_picture_is(to_come, words):
    *_, f = fanout()
    f.backward()
    steps = list(f.steps())
    last = texts(ET.fromstring(engine.draw(f, to_come=steps[len(steps) - to_come :]).svg))[-1]
    assert last.endswith(words)


def test_names_of_the_callers_variables():
    weight, x = Value(2.0), Value(3.0)
    y = weight * x
    svg = engine.draw(y, names=locals()).svg
    assert [texts(g)[0] for g in groups(svg, "node")][:2] == ["weight", "x"]


@pytest.mark.parametrize(
    "label", ["W" * 50, "漢字" * 20, "layer0.neuron12.w345.of.something", "🙂" * 30, "i"]
)
def test_the_texts_of_a_header_do_not_overlap(label):
    x = Value(2.0, label=label)
    y = engine.weighted_sum([x, 1234.5], [-6789.1, 9876.5], 1e300) + engine.logaddexp(x, 1e-300)
    y.label = label
    for card in Scene.of(y).cards:
        start = svg.chip_width(card.chip) + 13 if card.chip else 8.0
        end = card.width - 8 - (6.02 * columns(card.note) + 6 if card.note else 0.0)
        assert start + 7.83 * columns(card.title) <= end + 0.1


def test_constants_stand_in_the_header_of_the_node_that_uses_them():
    x = Value(2.0, label="x")
    y = x * 3.0
    assert len(groups(engine.draw(y).svg, "node")) == 2
    assert "3" in texts(groups(engine.draw(y).svg, "node")[1])
    with_cards = [texts(group) for group in groups(engine.draw(y, constants=True).svg, "node")]
    assert len(with_cards) == 3 and sum("3" in words for words in with_cards) == 1


def test_a_notebook_gets_svg_and_text():
    *_, f = fanout()
    bundle = engine.draw(f)._repr_mimebundle_()
    assert set(bundle) == {"image/svg+xml", "text/plain"}


@pytest.mark.parametrize("length, fitted", [(1, False), (2, True), (3, False)])
def test_a_notebook_gets_a_picture_that_fits_a_cell_where_it_stays_readable(length, fitted):
    y = Value(1.0, label="x")
    for _ in range(length):
        y = y.exp()
    picture = engine.draw(y)
    whole, shown = (
        ET.fromstring(svg) for svg in (picture.svg, picture._repr_mimebundle_()["image/svg+xml"])
    )
    size, in_cell = (
        [float(root.get(key)) for key in ("width", "height")] for root in (whole, shown)
    )
    assert (700 < size[0] <= 1000) == fitted and whole.get("viewBox") == shown.get("viewBox")
    scale = 700 / size[0] if fitted else 1.0
    assert in_cell == [pytest.approx(x * scale, abs=0.06) for x in size]


def test_the_dot_text_of_the_lectures_picture():
    pytest.importorskip("graphviz")
    *_, f = fanout()
    g = (f * -0.5).tanh()
    g.label = "g | {x}"
    g.backward()
    assert engine.draw_dot(g).source == (GOLDEN / "lecture.dot").read_text("utf-8")


def test_the_lecture_draws_an_edge_for_every_parent():
    pytest.importorskip("graphviz")
    x = Value(2.0, label="x")
    assert engine.draw_dot(x * x).source.count("->") == 3


def test_the_lectures_format_and_direction():
    x = Value(2.0, label="x")
    dot = engine.draw_dot(x * x, format="png", rankdir="TB")
    assert dot.format == "png" and "rankdir=TB" in dot.source
    assert engine.draw_dot(x).format == "svg" and "rankdir=LR" in engine.draw_dot(x).source
    for slip in ({"rankdir": "down"}, {"format": "tiff2"}):
        with pytest.raises(ValueError, match=next(iter(slip.values()))):
            engine.draw_dot(x, **slip)


def test_a_very_long_chain_is_refused_at_once_with_its_own_numbers():
    y, m, b = Value(1.0), Value(0.5), Value(0.25)
    for _ in range(100_000):
        y = y * m + b
    for refuse in (engine.draw, engine.stepper):
        with pytest.raises(ValueError, match="200,003 values"):
            refuse(y)


def tips(picture):
    return [tip.text for tip in ET.fromstring(picture.svg).iter(f"{SVG}title")][1:]


def test_a_value_used_twice_by_one_node_has_a_derivative_for_each_operand():
    x = Value(3.0, label="x")
    y = x * x  # dy/dx is 6, by each operand alone 3
    y.label = "y"
    y.backward()
    for number, word in enumerate(("first", "second")):
        assert tips(engine.draw(y))[number] == (
            f"∂y/∂({word} operand) = x = 3: y changes 3 times as fast as its {word} operand, x; "
            "it adds 1 × 3 = 3 to x.grad"
        )
    assert "∂y/∂x" not in " ".join(tips(engine.draw(y)))


def test_only_the_operands_that_are_the_same_value_are_counted():
    x, b = Value(3.0, label="x"), Value(2.0, label="b")
    y = engine.where(b, x, x)
    y.label = "y"
    y.backward()
    starts = [tip.partition(" = ")[0] for tip in tips(engine.draw(y))[:3]]
    assert starts == ["∂y/∂b", "∂y/∂(second operand)", "∂y/∂(third operand)"]
    many = tips(engine.draw(engine.total([x] * 9)))
    assert "its eighth operand, x" in many[7] and "its operand 9, x" in many[8]


def test_a_neuron_with_the_same_input_twice_has_a_derivative_for_each_input():
    x, v, w = Value(3.0, label="x"), Value(2.0), Value(5.0)
    y = engine.weighted_sum([v, w], [x, x])
    y.label = "y"
    y.backward()
    first, second = tips(engine.draw(y, collapse="neurons"))[:2]
    assert first.startswith("∂y/∂(first input) = 2: ") and "to x.grad" in first
    assert second.startswith("∂y/∂(second input) = 5: ") and "to x.grad" in second


def test_operations_and_arrays_among_the_callers_variables_are_no_values():
    np = pytest.importorskip("numpy")
    from engine import tanh

    grid, path, x = np.zeros(3), Path("x"), Value(2.0)
    y = tanh(x)
    shown = engine.draw(y, names=locals()).scene.cards
    assert [card.name for card in shown] == ["x", "y"] and grid.sum() == len(path.parents) - 1 == 0
    assert {
        card["name"] for card in animation(Graph(y), names={**locals(), "tanh": tanh})["cards"]
    } == {
        "x",
        "y",
    }


@pytest.mark.parametrize("kind", ["float64", "float32", "float16", "int64", "uint8", "bool_"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_numbers_of_numpy_are_drawn_as_floats(kind, when):
    np = pytest.importorskip("numpy")
    x, w, numpy_number = Value(1.0, label="x"), Value(1.0, label="w"), getattr(np, kind)
    if when == "before":
        x.data = w.data = numpy_number(1)
    nodes = [x * w, x / w, x**w, x.log(), x.relu(), x % w, engine.weighted_sum([w], [x], 1.0)]
    y = engine.total(nodes)
    y.backward()
    if when == "after":
        x.data = w.data = numpy_number(1)
    x.grad = numpy_number(1)
    for options in ({}, {"collapse": "neurons"}, {"view": "network"}):
        picture = engine.draw(y, **options)
        ET.fromstring(picture.svg)
        cards = json.loads(export.json(picture.scene))["cards"]
        assert {type(card[key]) for card in cards for key in ("data", "grad")} == {float}
    page = engine.stepper(y).html
    assert "np." not in page and json.dumps(animation(Graph(y)), allow_nan=False)


# -- names, numbers and sums that could mislead


@pytest.mark.parametrize(
    "labels",
    [
        [f"layer{i}.neuron{j}.w{k}" for i in range(2) for j in range(3) for k in range(2)],
        [f"the_gradient_of_the_loss_{i}_by_a_weight" for i in range(3)],
        [f"{'漢字' * 10}{i}{'仮名' * 10}" for i in range(3)],
        ["A" * 40 + str(i) + "B" * 40 for i in range(12)],
    ],
)
def test_names_that_are_cut_stay_different(labels):
    leaves = [Value(1.0, label=label) for label in labels]
    cards = Scene.of(engine.total(leaves)).cards[: len(labels)]
    assert len({card.title for card in cards}) == len(labels)
    for card in cards:
        room = card.width - 8 - 8 - (6.02 * columns(card.note) + 6)
        assert 7.83 * columns(card.title) <= room + 0.1


def test_a_name_is_cut_at_the_end_of_a_word_and_not_at_all_where_there_is_room():
    titles = {
        label: Scene.of(Value(1.0, label=label)).cards[0].title
        for label in ("learning rate", "layer0.neuron1.w2", "the rate at which it learns today")
    }
    assert titles["learning rate"] == "learning rate"
    assert titles["layer0.neuron1.w2"] == "layer0.neuron1.w2"  # its card is wider
    assert titles["the rate at which it learns today"] == "the rate at which…"


@pytest.mark.parametrize("x", [12345.0, 12346.0, -99999.0, 1234567.0, 12345678.0, 54321.5])
def test_numbers_of_five_digits_and_more_are_written_out(x):
    v = Value(x, label="v")
    y = v * 1.0
    y.backward()
    shown = texts(groups(engine.draw(y).svg, "node")[0])[3]
    assert number(shown) == x and "e" not in shown


def test_numbers_of_an_operation_stand_on_its_card():
    x = Value(0.5, label="x")
    made = {
        "clamp": (engine.clamp(x, -1.25, 2.5), ["−1.25", "2.5"]),
        "leaky_relu": (engine.leaky_relu(x, 0.125), ["0.125"]),
        "elu": (engine.elu(x, 1.5), ["1.5"]),
    }
    y = engine.total([node for node, _ in made.values()])
    for constants in (False, True):
        cards = {card.chip: card for card in Scene.of(y, constants=constants).cards}
        for name, (_, numbers) in made.items():
            assert cards[name].note == ", ".join(numbers)
    json_cards = {
        card["operation"]: card["parameters"]
        for card in json.loads(export.json(Scene.of(y + x**2.5)))["cards"]
    }
    assert json_cards["clamp"] == [-1.25, 2.5] and json_cards["x**2.5"] == [2.5]


def test_a_product_that_gradient_makes_says_what_it_is():
    x = Value(0.5, label="x")
    [slope] = engine.gradient(engine.tanh(x) ** 2, [x])
    cards = [card for card in Scene.of(slope).cards if card.node.operation]
    products = [card for card in cards if card.node.operation.name == "masked"]
    assert products and all(card.chip == "grad ×" for card in products)
    assert all("a gradient times a local derivative" in card.tooltip for card in products)
    assert not any("share" in card.chip + card.title for card in cards)


def test_a_sum_under_a_grad_is_spelled_out_in_the_order_of_its_pills(placing):
    x = Value(1.0, label="x")
    y = engine.total([x * (10.0 * i + 1.25) for i in (3, 1, 4, 2, 0, 5)])
    y.backward()
    drawn = engine.draw(y)
    words = texts(groups(drawn.svg, "node")[0])
    lines = words[words.index("grad") + 2 :]
    said = [number(term) for term in re.findall(r"[\d.]+", " ".join(lines))]
    pills = [
        (float(part.get("y")), number(texts(edge)[1].removeprefix("+")))
        for edge, pill in zip(groups(drawn.svg, "edge"), drawn.scene.pills, strict=True)
        for part in edge
        if part.get("class") == "pill" and pill.parent.title == "x"
    ]
    assert said == [amount for _, amount in sorted(pills)] and len(said) == 6
    assert not any("terms" in line for line in lines)
    assert float(drawn.scene.cards[0].height) >= 80 + 14 + 13 * (len(lines) - 1)


def test_a_sum_that_is_too_long_for_its_card_is_in_the_tooltip():
    x = Value(1.0, label="x")
    y = engine.total([x * (i + 0.5) for i in range(31)])
    y.backward()
    [card, *_] = Scene.of(y).cards
    assert sum_lines(card) == ["= Σ of 31 terms"]
    said = card.tooltip.partition("grad = ")[2].split(" = ")[1]
    assert sorted(map(number, said.split(" + "))) == [i + 0.5 for i in range(31)]


def test_many_edges_between_two_values_are_one_with_their_sum(placing):
    x = Value(2.0, label="x")
    y = engine.total([x] * 60)
    y.label = "y"
    y.backward()
    drawn = engine.draw(y)
    [pill] = drawn.scene.pills
    assert pill.local == "60 uses" and pill.step.contribution == 60.0 and pill.edges == 60
    assert [texts(group) for group in groups(drawn.svg, "edge")] == [["60 uses", "+60"]]
    y = engine.total([x] * 12)
    assert len(engine.draw(y).scene.pills) == 12


@pytest.mark.parametrize("most", [("MOST_PIXELS", 300), ("MOST_AREA", 30_000.0)])
def test_a_png_that_would_be_too_large_is_drawn_smaller(most, monkeypatch):
    *_, f = fanout()
    drawn = engine.draw(f)
    full, smaller = picture._zoom(drawn.svg), 2.0
    monkeypatch.setattr(picture, *most)
    width, height = picture._size(drawn.svg)
    smaller = picture._zoom(drawn.svg)
    assert full == 2.0 and smaller < 1.0
    assert max(width, height) * smaller < 301 or width * height * smaller**2 < 30_100
    try:
        png = picture.converted(drawn.svg, ".png")
    except ImportError:
        pytest.skip("needs cairosvg or rsvg-convert")
    shown = int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")
    assert shown == (pytest.approx(width * smaller, abs=2), pytest.approx(height * smaller, abs=2))


@pytest.mark.parametrize("direction", ["LR", "TB"])
def test_terms_stand_in_the_order_of_the_pills(placing, direction):
    """On the card and in its tooltip, from top to bottom or from left to right."""
    x, w = Value(2.0, label="x"), Value(-3.0, label="w")
    y = x * w + (x + w) * x.exp() - (w * 5.0).tanh() * x + x.sin()
    y.label = "y"
    y.backward()
    picture = engine.draw(y, direction=direction)
    across, orders = int(direction == "LR"), []
    for card, group in zip(picture.scene.cards, groups(picture.svg, "node"), strict=True):
        arriving = sorted(
            (centre[across], pill.contribution.removeprefix("+"))
            for centre, pill in zip(picture.placed.pills, picture.scene.pills)
            if pill.parent is card
        )
        if len(arriving) > 1:
            terms = [amount for _, amount in arriving]
            lines = [line for line in texts(group) if line[:2] in ("= ", "+ ", "− ")]
            assert " ".join(lines) == f"= {sum_text(terms)}"
            assert f" = {sum_text(terms)};" in group.find(f"{SVG}title").text + ";"
            orders.append(terms == card.terms)
    assert len(orders) == 2 and not all(orders), "the sweep adds in another order"
