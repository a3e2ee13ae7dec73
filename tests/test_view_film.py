"""The backward pass as a moving picture: every moment's numbers, the animated SVG, the GIF."""

import io
import re
import xml.etree.ElementTree as ET

import pytest
from hostile import LABELS, assert_nothing_acts
from test_view import SVG, fanout, groups, number, texts
from test_view_collapse import network

import engine
from engine import Value
from engine.view import film, layered
from engine.view.scene import Scene


def test_each_moment_shows_the_grads_that_have_arrived():
    *_, f = fanout()
    f.backward()
    f.backward()  # what is there already is left out
    scene = Scene.of(f)
    steps = list(f.steps())
    for count in range(len(steps) + 1):
        grads = {f: 1.0}
        for step in steps[:count]:
            grads[step.parent] = step.after
        shown = film.moment(scene, count)
        assert [number(card.grad) for card in shown.cards] == [
            grads.get(card.node, 0.0) for card in shown.cards
        ]
        assert [pill.sent for pill in shown.pills] == [i < count for i in range(6)]
        for card in shown.cards:
            assert sum(map(number, card.terms)) == pytest.approx(number(card.grad))


def test_no_backward_is_needed_and_nothing_changes():
    *_, f = fanout()
    drawn = engine.draw(f)
    svg = drawn.svg
    assert number(film.moment(drawn.scene, 6).cards[0].grad) == -3.0
    assert drawn.animated().svg.count("@keyframes") > 6
    assert drawn.svg == svg and f.grad == 0.0


def test_all_moments_are_equally_large():
    *_, f = fanout()
    scene = Scene.of(f)
    sizes = {
        re.search(r'viewBox="[^"]+"', svg)[0] for svg in film.frames(scene, layered.layered(scene))
    }
    assert len(sizes) == 1


def visible(svg, time):
    """The texts that are seen at a time, a part of the whole film from 0 to 1, by its key frames."""
    frames = {
        name: [
            (float(at) / 100, float(opacity))
            for at, opacity in re.findall(r"([\d.]+)%\{opacity:(\d)\}", body)
        ]
        for name, body in re.findall(r"@keyframes ([\w-]+)\{((?:[\d.]+%\{opacity:\d\})+)\}", svg)
    }
    plays = dict(re.findall(r"\.(at\d+-\d+)\{animation:([\w-]+) ", svg))
    seen = []

    def walk(element):
        for child in element:
            first = (child.get("class") or "").split(" ")[0]
            if first in plays:
                opacity = [value for at, value in frames[plays[first]] if at <= time][-1]
                if not opacity:
                    continue
            if child.tag == f"{SVG}text":
                seen.append("".join(child.itertext()))
            walk(child)

    walk(ET.fromstring(svg))
    return seen


def test_the_animated_svg_shows_moment_after_moment():
    *_, f = fanout()
    drawn = engine.draw(f)
    svg = drawn.animated().svg
    seconds = film.SECONDS * 6 + film.HOLD
    for count in range(7):
        frame = film.frames(drawn.scene, drawn.placed)[count]
        now = visible(svg, (film.SECONDS * count + 0.1) / seconds)
        assert sorted(now) == sorted(texts(ET.fromstring(frame)))
    still = [g for g in ET.fromstring(svg).iter(f"{SVG}g") if "past" not in (g.get("class") or "")]
    assert still and "prefers-reduced-motion" in svg and "<script" not in svg


def test_ids_stay_different():
    *_, f = fanout()
    svg = engine.draw(f).animated().svg
    ids = re.findall(r' id="([^"]+)"', svg)
    assert len(ids) == len(set(ids))


def test_a_collapsed_network_is_animated_and_a_blackboard_is_not(tmp_path):
    _, loss = network(2, 3, 1)
    svg = engine.draw(loss, collapse="layers").animated().svg
    assert len(groups(svg, "node")) >= 6
    board = engine.draw(loss, view="network")
    for make in (
        board.animated,
        lambda: board.save(tmp_path / "b.gif"),
        lambda: board.save(tmp_path / "b.tex"),
    ):
        with pytest.raises(ValueError, match="view='graph'"):
            make()


def test_a_film_of_too_many_steps_is_refused():
    y = Value(0.5)
    for _ in range(201):
        y = y.sin()
    with pytest.raises(ValueError, match="201 steps is too long"):
        engine.draw(y).animated()


def test_a_gif_has_a_frame_for_every_moment(tmp_path):
    image = pytest.importorskip("PIL.Image")
    x = Value(3.0, label="x")
    drawn = engine.draw(x * x)
    try:
        path = drawn.save(tmp_path / "backward.gif")
    except ImportError:
        pytest.skip("needs cairosvg or rsvg-convert")
    opened = image.open(io.BytesIO(path.read_bytes()))
    assert opened.format == "GIF" and opened.n_frames == 3 and opened.info["loop"] == 0
    colours = set()
    for frame in range(3):
        opened.seek(frame)
        bytes_ = opened.convert("RGB").tobytes()
        pixels = set(zip(bytes_[::3], bytes_[1::3], bytes_[2::3]))
        colours.add(any(r > 150 and g < 90 and b < 40 for r, g, b in pixels))
    assert colours == {True}  # the seed is positive from the first moment on


@pytest.mark.parametrize("label", LABELS, ids=range(len(LABELS)))
def test_hostile_labels_are_inert(label):
    y = Value(2.0, label=label) * 3.0
    svg = engine.draw(y).animated().svg
    assert_nothing_acts(svg)
