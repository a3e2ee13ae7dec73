"""The network view: a circle for every neuron and input, a wire for every weight, the most wrong in rings."""

import json
import math
import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest
from hostile import LABELS, assert_nothing_acts
from test_view import SVG, number
from test_view_collapse import network, two_networks

import engine
from engine import Value
from engine.printing import columns
from engine.view import export
from engine.view.network import RADIUS
from engine.view.scene import shown
from nn import MLP


def parts(svg, kind):
    return [found for found in ET.fromstring(svg).iter() if found.get("class") == kind]


def titles(svg):
    return [found.text for found in ET.fromstring(svg).iter(f"{SVG}title")]


def test_a_circle_for_every_neuron_and_a_wire_for_every_weight():
    _, loss = network(2, 16, 16, 1)
    svg = engine.draw(loss, view="network").svg
    assert len(parts(svg, "dot")) == 2 + 16 + 16 + 1 + 1
    assert len(parts(svg, "wire")) == 32 + 256 + 16 + 1
    assert len(parts(svg, "ring")) == 3
    assert len({found.get("cx") for found in parts(svg, "dot")}) == 5  # columns


def test_a_network_that_is_spelled_out_looks_the_same():
    drawn = []
    for expanded in (False, True):
        net = MLP(2, [4, 1], activation="tanh", seed=1, expanded=expanded)
        loss = (net([Value(0.5, label="x0"), Value(-0.3, label="x1")]) - 1.0) ** 2
        loss.backward()
        drawn.append(sorted(titles(engine.draw(loss, view="network").svg)))
    assert drawn[0] == drawn[1] and "x0 to layer0.neuron0; weight" in " ".join(drawn[0])


def test_what_flows_back_along_a_wire():
    w, x, b = Value(0.5, label="w"), Value(2.0, label="x"), Value(-1.0)
    y = engine.weighted_sum([w], [x], b).tanh()
    y.label = "y"
    y.backward()
    assert "x to y; weight 0.5, its grad 2; passes back 0.5" in titles(
        engine.draw(y, view="network").svg
    )  # tanh'(0) = 1
    assert x.grad == 0.5


def test_what_flows_back_goes_through_the_slope_of_the_activation():
    w, x, b = Value(0.5, label="w"), Value(2.0, label="x"), Value(0.25)
    y = engine.weighted_sum([w], [x], b).tanh()  # tanh(1.25)
    y.label = "y"
    y.backward()
    back = 0.5 * (1 - math.tanh(1.25) ** 2)
    assert x.grad == pytest.approx(back, rel=1e-12)
    [title] = [title for title in titles(engine.draw(y, view="network").svg) if " to y; " in title]
    assert number(title.partition("passes back ")[2]) == pytest.approx(back, rel=1e-3)


def circle(svg, name):
    """The group of a circle, by the name with which its tooltip begins."""
    return next(
        group
        for group in ET.fromstring(svg).iter(f"{SVG}g")
        if (group.findtext(f"{SVG}title") or "").startswith(f"{name}: ")
    )


def test_colours_shades_and_rings_are_those_of_the_gradients():
    x, weights = Value(1.0, label="x"), {"h0": 5.0, "h1": -4.0, "h2": 3.0, "h3": 0.25, "h4": 0.0}
    hidden = []
    for i, name in enumerate(weights):  # the data are in the other order, 5, 4, 3, …, all positive
        h = engine.weighted_sum([Value(float(len(weights) - i))], [x])
        h.label = name
        hidden.append(h)
    slopes = {"h0": 0.25, "h1": -1.0, "h2": 4.0, "h3": -9.0, "h4": 0.0}
    y = engine.weighted_sum([Value(slope) for slope in slopes.values()], hidden)
    y.label = "y"
    z = y * 0.25  # dz/dh = slope / 4, dz/dy = ¼
    z.backward()
    svg = engine.draw(z, view="network").svg
    ring = set()
    for name, slope in {**slopes, "y": 1.0}.items():
        group = circle(svg, name)
        assert group.get("class") == ("pos" if slope > 0 else "neg" if slope < 0 else "zero")
        [dot] = [part for part in group if part.get("class") == "dot"]
        assert float(dot.get("fill-opacity")) == pytest.approx(
            0.55 * math.sqrt(abs(slope) / 9), abs=0.006
        )
        ring |= {name for part in group if part.get("class") == "ring"}
    assert ring == {"h3", "h2"}  # the others have less than a third of the largest
    group = circle(svg, "x")
    assert [p.get("fill-opacity") for p in group if p.get("class") == "dot"] == ["0.00"]  # an input
    wires = {
        title.partition(";")[0]: (
            float(path.get("stroke-width")),
            float(path.get("stroke-opacity")),
        )
        for group in ET.fromstring(svg).iter(f"{SVG}g")
        for title in [group.findtext(f"{SVG}title") or ""]
        for path in group
        if path.get("class") == "wire"
    }
    back = {f"{name} to y": abs(slope) / 4 for name, slope in slopes.items()}
    back |= {
        f"x to h{i}": w * abs(s) / 4
        for (i, w), s in zip(enumerate([5.0, 4.0, 3.0, 2.0, 1.0]), slopes.values())
    }
    assert "y to ×; passes back 0.25" in titles(svg)  # its grad, not the root's
    top = 2.0 * 9.0 / 4
    for wire, amount in back.items():
        part = math.sqrt(amount / top)
        assert wires[wire] == (
            pytest.approx(0.5 + 3 * part, abs=0.06),
            pytest.approx(0.12 + 0.83 * part, abs=0.006),
        )


@pytest.mark.parametrize("wires, kind", [("weight", "pos"), ("gradient", "neg")])
def test_wires_by_weight_or_by_gradient(wires, kind):
    w, x = Value(3.0), Value(2.0, label="x")
    loss = -engine.weighted_sum([w], [x])  # the weight is positive, what flows back is -3
    loss.backward()
    svg = engine.draw(loss, view="network", wires=wires).svg
    wire = next(
        g
        for g in ET.fromstring(svg).iter(f"{SVG}g")
        if "weight 3" in (g.findtext(f"{SVG}title") or "")
    )
    assert wire.get("class") == kind


@pytest.mark.parametrize("state", ["swept", "stale", "forward only"])
def test_texts_fit_their_places(state):
    net = MLP(2, [2, 1], activation="tanh", seed=1)
    loss = (net([Value(0.5, label="W" * 40), Value(-0.3, label="漢字" * 20)]) - 1e6) ** 2
    loss.label = "L" * 40
    if state != "forward only":
        loss.backward()
    net.parameters()[0].data += state == "stale"
    root = ET.fromstring(engine.draw(loss, view="network").svg)
    wide = float(root.get("width"))
    for text in root.iter(f"{SVG}text"):
        kinds, x = (text.get("class") or "").split(), float(text.get("x"))
        size = columns("".join(text.itertext())) * (6.02 if "mid" in kinds else 6.63)
        if "mid" in kinds:
            assert size <= 2 * RADIUS + 1
        if "end" in kinds:
            assert x - size >= 0.0
        if kinds == ["ink"]:
            assert x + size <= wide
        if not kinds:  # the legend
            assert 16 + x + size <= wide


@pytest.mark.parametrize("data", [0.0, -0.3, -1.32, -12345.0, -4e-5, -1e300, -1e-300])
def test_a_number_stays_inside_its_circle(data):
    picture = engine.draw(engine.weighted_sum([Value(1.0)], [Value(data)]), view="network")
    text = next(
        found for found in ET.fromstring(picture.svg).iter() if found.get("class") == "mid ink"
    )
    font = float(re.findall(r"[\d.]+", text.get("style") or "10")[0])
    rim, below = (
        RADIUS - 0.65,
        3.5,
    )  # its inner edge, and how far the number stands under the centre
    assert 0.602 * font * len(text.text) <= 2 * math.sqrt(rim**2 - below**2)


@pytest.mark.parametrize(
    "sizes, widest", [((2, 16, 16, 1), 700), ((3, 4, 1), 700), ((2, 8, 8, 8, 8, 8, 1), 1200)]
)
def test_five_columns_fit_a_cell_and_tags_cover_no_circle(sizes, widest):
    _, loss = network(*sizes)
    svg = engine.draw(loss, view="network").svg
    assert float(ET.fromstring(svg).get("width")) <= widest
    circles = [
        (float(found.get("cx")), float(found.get("cy")), float(found.get("r")))
        for kind in ("dot", "ring")
        for found in parts(svg, kind)
    ]
    columns = sorted({x for x, _, _ in circles})
    assert min(b - a for a, b in pairwise(columns)) > 129.9
    for tag in parts(svg, "tag"):
        left, top, width, height = (float(tag.get(key)) for key in ("x", "y", "width", "height"))
        for x, y, r in circles:
            outside = x + r <= left + 0.1 or left + width <= x - r + 0.1
            assert outside or y + r <= top or top + height <= y - r


def test_a_column_is_headed_by_its_layer():
    _, loss = network(2, 3, 1)
    assert [
        "".join(found.itertext())
        for found in parts(engine.draw(loss, view="network").svg, "caption")
    ] == ["layer0", "layer1"]


def test_forward_only_shows_weights_and_no_ring():
    w, x = Value(3.0), Value(2.0, label="x")
    svg = engine.draw(engine.weighted_sum([w], [x]), view="network").svg
    assert "forward only" in svg and not parts(svg, "ring")


def test_a_stale_network_says_so():
    net, loss = network(2, 3, 1)
    assert "stale:" not in engine.draw(loss, view="network").svg
    net.parameters()[-1].data += 1.0  # the bias of the last neuron, which is linear
    svg = engine.draw(loss, view="network").svg
    now = [
        title.partition("; stale: built again, its data would be ")
        for title in titles(svg)
        if "would be" in title
    ]
    assert [(name.partition(":")[0], number(data)) for name, _, data in now] == [
        ("layer1.neuron0", pytest.approx(loss.parents[0].parents[0].data + 1.0, rel=1e-3)),
        ("loss", pytest.approx((loss.parents[0].data + 1.0) ** 2, rel=1e-3)),
    ]


def test_a_graph_without_neurons_says_what_a_neuron_is():
    with pytest.raises(ValueError, match="weighted_sum"):
        engine.draw(Value(1.0) * 2.0, view="network")


@pytest.mark.parametrize(
    "options",
    [{"view": "tree"}, {"view": "network", "wires": "red"}, {"view": "network", "theme": "blue"}],
)
def test_unknown_options_are_named(options):
    _, loss = network(2, 2, 1)
    with pytest.raises(ValueError, match="use"):
        engine.draw(loss, **options)


@pytest.mark.parametrize("label", LABELS, ids=range(len(LABELS)))
def test_hostile_labels_are_inert(label):
    y = engine.weighted_sum(
        [Value(1.0, label=label)], [Value(2.0, label=label)], Value(0.0, label=label)
    ).tanh()
    y.label = label
    y.backward()
    svg = engine.draw(y, view="network").svg
    assert_nothing_acts(svg, "circle")
    assert len(parts(svg, "dot")) == 2


# -- one way: all options, the same numbers


@pytest.mark.parametrize("collapse", ["auto", "neurons", "layers"])
def test_its_json_holds_what_it_shows_and_every_sum(collapse):
    _, loss = network(2, 4, 3, 1)
    picture = engine.draw(loss, view="network", collapse=collapse)
    found = json.loads(export.json(picture.scene))
    assert len(found["cards"]) == len(parts(picture.svg, "dot"))
    assert len(found["pills"]) == len(parts(picture.svg, "wire"))
    for card in found["cards"]:
        terms = [pill["contribution"] for pill in found["pills"] if pill["parent"] == card["id"]]
        total = math.fsum([card["seed"], *terms, card["elsewhere"]])
        assert total == pytest.approx(card["grad"], rel=1e-12, abs=1e-15)


def test_around_and_between_draw_a_part_of_the_network():
    _, loss = network(2, 4, 3, 1)
    whole = engine.draw(loss, view="network").scene
    middle = next(card.node.outputs[0] for card in whole.cards if card.name == "layer1.neuron1")
    names = {
        card.name for card in engine.draw(loss, view="network", around=middle, depth=1).scene.cards
    }
    assert "layer1.neuron1" in names and "layer1.neuron0" not in names
    x = next(card.node for card in whole.cards if card.name == "x0")
    cards = engine.draw(loss, view="network", between=(x, middle)).scene.cards
    assert {card.name for card in cards} == {"x0", "layer1.neuron1"} | {
        f"layer0.neuron{i}" for i in range(4)
    }
    elsewhere = {card.name for card in cards if card.elsewhere}
    assert elsewhere == {f"layer0.neuron{i}" for i in range(4)} | {"layer1.neuron1"}


def test_constants_and_collapse_are_heard():
    _, loss = network(2, 4, 3, 1)
    count = {
        key: len(parts(engine.draw(loss, view="network", **options).svg, "dot"))
        for key, options in {
            "": {},
            "constants": {"constants": True},
            "layers": {"collapse": "layers"},
        }.items()
    }
    assert count == {"": 2 + 8 + 1, "constants": 2 + 8 + 1 + 1, "layers": 2 + 3 + 1 + 1}


def test_from_top_to_bottom_the_inputs_are_above():
    _, loss = network(2, 3, 1)
    heights = {}
    for direction in ("LR", "TB"):
        svg = engine.draw(loss, view="network", direction=direction).svg
        heights[direction] = [
            float(parts_of.get("cy")) for parts_of in parts(svg, "dot")
        ]  # in the order of the cards: inputs, neurons, the loss
    down = heights["TB"]
    assert down[0] == down[1] < min(down[2:5]) and max(down[:-1]) < down[-1]
    assert heights["LR"][0] != heights["LR"][1]


def test_wires_of_the_graph_are_refused():
    _, loss = network(2, 3, 1)
    with pytest.raises(ValueError, match="only view='network'"):
        engine.draw(loss, wires="weight")


@pytest.mark.parametrize("wires, of", [("weight", "data"), ("weight gradient", "grad")])
def test_wires_have_the_sign_of_what_they_are_asked_for(wires, of):
    net, loss = network(2, 3, 1)
    svg = engine.draw(loss, view="network", wires=wires).svg
    for i, neuron in enumerate(net.layers[0].neurons):
        for j, w in enumerate(neuron.w):
            [group] = [
                g
                for g in ET.fromstring(svg).iter(f"{SVG}g")
                if (g.findtext(f"{SVG}title") or "").startswith(f"x{j} to layer0.neuron{i}; ")
            ]
            assert group.get("class") == ("pos" if getattr(w, of) > 0 else "neg")
            title = group.findtext(f"{SVG}title")
            assert f"; weight {shown(w.data)}, its grad {shown(w.grad)}; passes back " in title


def test_a_circle_lists_its_bias_and_weights():
    net, loss = network(2, 3, 1)
    bias = net.layers[0].neurons[0].b
    group = circle(engine.draw(loss, view="network").svg, "layer0.neuron0")
    assert f"; b = {shown(bias.data)}, grad {shown(bias.grad)}" in group.findtext(f"{SVG}title")


def test_two_networks_have_blocks_of_their_own_below_each_other():
    svg = engine.draw(two_networks(), view="network").svg
    dots = [(float(dot.get("cx")), float(dot.get("cy"))) for dot in parts(svg, "dot")]
    column = sorted(y for x, y in dots if x == dots[2][0])
    assert len(column) == 6 and column[3] - column[2] > 1.5 * (column[1] - column[0])
    assert len(parts(svg, "caption")) == 4


def test_wires_that_pass_a_column_stay_away_from_its_circles():
    x = h = Value(0.5, label="x")
    for _ in range(4):
        w, u, b = Value(0.5), Value(0.25), Value(0.1)
        h = engine.weighted_sum([w, u], [h, x], b).tanh()
    h.backward()
    drawn = engine.draw(h, view="network")
    dots = [(float(dot.get("cx")), float(dot.get("cy"))) for dot in parts(drawn.svg, "dot")]
    for wire in parts(drawn.svg, "wire"):
        numbers = [float(n) for n in re.findall(r"-?[\d.]+", wire.get("d"))]
        ends = list(zip(numbers[::2], numbers[1::2]))
        curve = [
            tuple(
                (1 - t) ** 3 * a[i]
                + 3 * (1 - t) ** 2 * t * b[i]
                + 3 * (1 - t) * t * t * c[i]
                + t**3 * d[i]
                for i in (0, 1)
            )
            for a, b, c, d in zip(ends[::3], ends[1::3], ends[2::3], ends[3::3])
            for t in [k / 20 for k in range(21)]
        ]
        far = [
            dot for dot in dots if math.dist(dot, curve[0]) > 20 and math.dist(dot, curve[-1]) > 20
        ]
        assert all(math.dist(dot, point) > RADIUS for dot in far for point in curve)


@pytest.mark.parametrize(
    "x", [0.0, 1e-9, 0.0049, -0.5, 9.99, 12345.0, 1e300, -1e300, -1e-300, math.inf]
)
def test_numbers_stay_inside_their_circles(x):
    w, a = Value(1.0), Value(x, label="x")
    svg = engine.draw(engine.weighted_sum([w], [a]).tanh(), view="network").svg
    for text in ET.fromstring(svg).iter(f"{SVG}text"):
        if "mid" in (text.get("class") or ""):
            size = re.search(r"[\d.]+", text.get("style") or "10")
            assert len(text.text) * 0.602 * float(size[0]) <= 2 * RADIUS + 1
            assert text.text not in (".00", "−.00") and "e+" not in text.text


@pytest.mark.parametrize("theme", ["auto", "light", "dark", "print"])
def test_a_negative_sign_shows_without_colour(theme):
    """In a grey copy: what is negative is dashed, and nothing else is, but in a stale graph what is stale."""
    net = MLP(2, [3, 1], activation="tanh", seed=1)
    x = Value(0.5, label="x")
    loss = (net([x, Value(-1.0, label="y")]) - 1.0) ** 2
    loss.backward()
    assert dashed(loss, theme) == {".neg .wire", ".neg .dot", ".stale .dot"}
    x.data = 2.0
    assert dashed(loss, theme) == {".neg .wire", ".stale .dot"}


def dashed(loss, theme):
    """What the style of the network view draws dashed."""
    svg = engine.draw(loss, view="network", theme=theme).svg
    [style] = [element.text for element in ET.fromstring(svg).iter(f"{SVG}style")]
    return set(re.findall(r"\.\w+ ([^{},]*)\{[^}]*stroke-dasharray", style))
