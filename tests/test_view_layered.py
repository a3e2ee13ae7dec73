"""The built-in layout: nothing overlaps, no wire runs behind a box, the effort has a limit."""

import random
import re
from itertools import pairwise

import pytest
from test_view import SVG, fanout, groups

import engine
from engine import Value
from engine.view import layered, layout
from engine.view.rows import in_rows
from engine.view.scene import Scene
from engine.view.svg import paint
from nn import MLP


def boxes(scene, placed):
    things = [*zip(scene.cards, placed.cards), *zip(scene.pills, placed.pills)]
    return [
        (x - box.width / 2, y - box.height / 2, x + box.width / 2, y + box.height / 2)
        for box, (x, y) in things
    ]


def curves(svg):
    """Points along every wire as it is painted, by the number of its edge."""
    for edge in groups(svg, "edge"):
        path = next(part.get("d") for part in edge if part.get("class") == "wire")
        points = []
        for piece in path.split("M")[1:]:
            numbers = [float(x) for x in re.findall(r"-?[\d.]+", piece)]
            ends = list(zip(numbers[::2], numbers[1::2]))
            for a, b, c, d in zip(ends[::3], ends[1::3], ends[2::3], ends[3::3]):
                points += [
                    tuple(
                        (1 - t) ** 3 * a[i]
                        + 3 * (1 - t) ** 2 * t * b[i]
                        + 3 * (1 - t) * t * t * c[i]
                        + t**3 * d[i]
                        for i in (0, 1)
                    )
                    for t in (k / 40 for k in range(41))
                ]
        yield int(edge.get("id").rpartition("-e")[2]), points


def check(scene):
    placed = layered.layered(scene)
    found = boxes(scene, placed)
    for i, (left, top, right, bottom) in enumerate(found):
        for other in found[:i]:
            assert right <= other[0] or other[2] <= left or bottom <= other[1] or other[3] <= top
    for i, points in curves(paint(scene, placed)):
        own = (scene.pills[i], scene.pills[i].child, scene.pills[i].parent)
        for box, (left, top, right, bottom) in zip(
            [*scene.cards, *([] if scene.is_bare else scene.pills)], found
        ):
            if not any(box is mine for mine in own):
                assert not any(left < x < right and top < y < bottom for x, y in points), (
                    i,
                    box.tooltip,
                )


def tangled(seed, size=30):
    """A random graph in which every value takes a recent one and any other."""
    chance, values = random.Random(seed), [Value(0.1 * i, label=f"v{i}") for i in range(6)]
    for _ in range(size):
        a, b = chance.choice(values[-8:]), chance.choice(values)
        values.append(
            chance.choice([lambda a, b: a * b, lambda a, b: a + b, lambda a, b: a.tanh()])(a, b)
        )
    return engine.total(values[-3:])


@pytest.mark.parametrize("constants", [False, True])
@pytest.mark.parametrize("seed", range(12))
def test_no_wire_runs_behind_a_box_and_nothing_overlaps(seed, constants):
    check(Scene.of(tangled(seed), constants=constants))
    check(Scene.of(tangled(seed, size=80), constants=constants))


@pytest.mark.parametrize("level", ["values", "neurons", "layers"])
def test_networks_are_laid_out_cleanly(level):
    net = MLP(3, [4, 4, 1], activation="tanh", seed=1, expanded=True)
    check(Scene.of(net([Value(0.5), Value(-0.25), Value(1.0)]), level=level))


def recurrent(turns):
    x = h = Value(1.0, label="x")
    for _ in range(turns):
        h = (h * x).sin()
    return h


def test_a_leaf_used_along_a_chain_has_its_wires_around_the_chain():
    check(Scene.of(recurrent(6)))


def test_where_there_is_no_room_for_dummies_long_wires_run_beneath(monkeypatch):
    monkeypatch.setattr(layered, "DUMMIES", 40)
    scene = Scene.of(recurrent(12))
    check(scene)
    placed = layered.layered(scene)
    lowest = max(box[3] for box in boxes(scene, placed))
    beneath = [bend for bend in placed.bends.values() if max(y for _, y in bend) > lowest]
    assert len(beneath) > 5 and len({max(y for _, y in bend) for bend in beneath}) == len(beneath)
    high = float(re.search(r'viewBox="0 0 [\d.]+ ([\d.]+)"', paint(scene, placed))[1])
    assert high > max(y for bend in beneath for _, y in bend)


def test_a_leaf_used_300_times_along_a_chain_keeps_the_number_of_dummies(monkeypatch):
    made = []
    monkeypatch.setattr(
        layered, "_Item", lambda *values, _make=layered._Item: made.append(values) or _make(*values)
    )
    scene = Scene.of(recurrent(300))
    layered.layered(scene)
    assert len(made) <= len(scene.cards) + layered.DUMMIES


def test_a_chain_is_a_straight_line():
    y = Value(0.5)
    for _ in range(30):
        y = y.sin()
    placed = layered.layered(Scene.of(y))
    assert {height for _, height in [*placed.cards, *placed.pills]} == {40.0}
    assert all(a[0] < b[0] for a, b in pairwise(placed.cards[1:]))


def test_operands_stand_in_their_order_and_pills_beside_their_parents():
    *_, f = fanout()
    scene = Scene.of(f)
    placed = layered.layered(scene)
    y = {card.title: at[1] for card, at in zip(scene.cards, placed.cards)}
    assert y["a"] < y["b"] and y["d"] < y["e"]
    arriving = [
        sorted(at[1] for pill, at in zip(scene.pills, placed.pills) if pill.parent.title == name)
        for name in "ab"
    ]
    assert arriving[0][-1] < arriving[1][0]
    assert [sum(pair) / 2 for pair in arriving] == [
        pytest.approx(y["a"], abs=1),
        pytest.approx(y["b"], abs=1),
    ]


def test_the_page_and_the_picture_take_the_same_layout(without_dot):
    *_, f = fanout()
    assert layout.place(Scene.of(f)) == layered.layered(Scene.of(f))
    assert engine.draw(f).svg == paint(Scene.of(f), layered.layered(Scene.of(f)))


# -- long and crowded pictures


def long_pictures():
    chain = Value(0.5, label="x")
    for _ in range(90):
        chain = chain.sin()
    short = Value(0.5, label="x")
    for _ in range(30):
        short = short.sin()
    a, b = Value(0.5, label="a"), Value(0.25, label="b")
    two = a
    for _ in range(20):  # a wire of b passes every cut
        two = (two.sin() + 1.0).exp()
    return {"chain": chain, "short": short, "two": two * b + a}


@pytest.mark.parametrize("name", ["chain", "short", "two"])
@pytest.mark.parametrize("direction", ["LR", "TB"])
def test_a_long_chain_is_wrapped_into_rows(name, direction, placing):
    scene = Scene.of(long_pictures()[name])
    scene.direction = direction
    placed = in_rows(scene, layout.place(scene))
    svg = paint(scene, placed)
    width, height = map(float, re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg).groups())
    assert max(width, height) < 4_500
    found = boxes(scene, placed)
    for i, (left, top, right, bottom) in enumerate(found):
        for other in found[:i]:
            assert right <= other[0] or other[2] <= left or bottom <= other[1] or other[3] <= top
    for i, points in curves(svg):
        own = (scene.pills[i], scene.pills[i].child, scene.pills[i].parent)
        for box, (left, top, right, bottom) in zip(
            [*scene.cards, *([] if scene.is_bare else scene.pills)], found
        ):
            if not any(box is mine for mine in own):
                assert not any(left < x < right and top < y < bottom for x, y in points)


def test_rows_are_read_as_a_text_is():
    scene = Scene.of(long_pictures()["short"])
    placed = in_rows(scene, layered.layered(scene))
    at = [placed.cards[0], *placed.cards[1:]]
    assert at == sorted(at, key=lambda point: (point[1], point[0]))
    assert len({y for _, y in at}) > 3 and len({x for x, _ in at}) < 12


def test_short_and_tangled_pictures_keep_their_places():
    for root in (fanout()[-1], recurrent(12)):
        scene = Scene.of(root)
        placed = layered.layered(scene)
        assert in_rows(scene, placed) is placed


def test_all_weights_of_a_network_fit_a_picture_that_is_not_a_tower(placing):
    net = MLP(2, [16, 16, 1], activation="tanh", seed=1)
    loss = (net([Value(0.5, label="x0"), Value(-0.3, label="x1")]) - 1.0) ** 2
    loss.backward()
    drawn = engine.draw(loss, collapse="none")
    width, height = map(float, re.search(r'width="([\d.]+)" height="([\d.]+)"', drawn.svg).groups())
    assert height < 9_000 and width < 9_000  # it was 29,357 high
    small = [card for card in drawn.scene.cards if card.is_small]
    assert len(small) == 32 + 256 + 16 + 33  # each weight and bias
    for card, group in zip(drawn.scene.cards, groups(drawn.svg, "node")):
        if card.is_small:
            words = ["".join(text.itertext()) for text in group.iter(f"{SVG}text")]
            assert words[1:] == [card.data, card.grad]


def test_sixty_wires_into_one_card_are_no_slab():
    y = engine.total([Value(0.1 * i + 1.0) * 0.5 for i in range(61)])
    y.backward()
    drawn = engine.draw(y)
    strokes = [
        float(part.get("stroke-width"))
        for group in groups(drawn.svg, "edge")
        for part in group
        if part.get("class") == "wire"
        and drawn.scene.pills[int(group.get("id").rpartition("-e")[2])].child.is_root
    ]
    assert len(strokes) == 61 and sum(strokes) < drawn.scene.cards[-1].height / 2


def test_a_chain_of_300_is_a_page_and_not_a_ribbon():
    y = Value(0.5)
    for _ in range(300):
        y = y.sin()
    svg = engine.draw(y).svg
    width, height = map(float, re.search(r'width="([\d.]+)" height="([\d.]+)"', svg).groups())
    assert max(width, height) < 4_000  # it was 118,374 wide
