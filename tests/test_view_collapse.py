"""Networks drawn by neurons and layers: sums at the border hold, against the engine's own gradients and by hand."""

import json
import math
import random
import xml.etree.ElementTree as ET

import pytest
from hostile import LABELS
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import programs, run
from test_view import SVG, groups, number, texts

import engine
from engine import Value
from engine.graph import topological_order
from engine.operations import OPERATIONS
from engine.view import export, focus, picture, scene
from engine.view.neurons import neurons
from nn import MLP


def network(*sizes, rows=1, values=True):
    net = MLP(sizes[0], list(sizes[1:]), activation="tanh", seed=1)
    losses = []
    for row in range(rows):
        x = [math.sin(1 + i + 3 * row) for i in range(sizes[0])]
        x = [Value(number, label=f"x{i}") for i, number in enumerate(x)] if values else x
        losses.append((net(x) - 1.0) ** 2)
    loss = engine.total(losses) if rows > 1 else losses[0]
    loss.label = "loss"
    loss.backward()
    return net, loss


def spelled_out(sizes, seed=1):
    """The network of the micrograd lecture, written by hand: sum((w·x …), b), then tanh; no labels anywhere."""
    chance = random.Random(seed)
    x = [Value(math.sin(1 + i), label=f"x{i}") for i in range(sizes[0])]
    for size in sizes[1:]:
        rows = [[Value(chance.uniform(-1, 1)) for _ in x] for _ in range(size)]
        x = [sum((w * a for w, a in zip(row, x)), Value(0.1)).tanh() for row in rows]
    loss = (x[0] - 1.0) ** 2
    loss.label = "loss"
    loss.backward()
    return loss


def card(picture, name):
    return next(card for card in picture.scene.cards if card.name == name)


def arrivals(picture, card):
    return [pill.step.contribution for pill in picture.scene.pills if pill.parent is card]


@pytest.mark.parametrize("sizes, rows", [((3, 4, 4, 1), 1), ((2, 16, 16, 1), 1), ((2, 5, 1), 6)])
@pytest.mark.parametrize("level", ["neurons", "layers", "none"])
def test_seed_pills_and_elsewhere_are_the_grad(sizes, rows, level):
    _, loss = network(*sizes, rows=rows)
    picture = engine.draw(loss, collapse=level)
    for found in picture.scene.cards:
        total = math.fsum([1.0 * found.is_root, *arrivals(picture, found), found.elsewhere])
        assert total == pytest.approx(found.node.grad, rel=1e-12, abs=1e-15)
        assert found.elsewhere == 0.0


NEURAL = [OPERATIONS[name] for name in ("add", "multiply", "total", "weighted_sum", "tanh", "relu")]


@settings(max_examples=150)
@given(programs(operations=NEURAL, longest=15), st.sampled_from(["neurons", "layers"]))
def test_the_sum_behind_every_grad_holds_in_any_graph(program, level):
    _, root = run(program)
    root.backward()
    root.backward()  # so that leaves have something from elsewhere
    picture = engine.draw(root, collapse=level)
    for found in picture.scene.cards:
        terms = [1.0 * found.is_root, *arrivals(picture, found), found.elsewhere]
        size = math.fsum(map(abs, terms))
        if math.isfinite(size) and size < 1e150:
            assert math.fsum(terms) == pytest.approx(found.node.grad, rel=1e-9, abs=1e-12 * size)


@settings(max_examples=100)
@given(programs(operations=NEURAL, longest=15))
def test_a_neuron_found_is_the_weighted_sum_of_its_inputs(program):
    _, root = run(program)
    for neuron in neurons(topological_order(root)[0]):
        terms = [w.data * x.data for w, x in zip(neuron.weights, neuron.inputs)]
        constants = [
            p.data
            for node in neuron.inside
            for p in node.parents
            if p.constant and node.operation.name != "multiply"
        ]
        bias = 0.0 if neuron.bias is None else neuron.bias.data
        size = sum(map(abs, [*terms, bias, *constants])) + 1e-300
        if neuron.products:
            assert neuron.sum.data == pytest.approx(
                math.fsum([*terms, bias, *constants]), abs=1e-12 * size
            )


def test_what_a_second_backward_left_in_the_inputs_stays_elsewhere_in_the_collapsed_picture():
    _, loss = network(3, 4, 4, 1)
    once = card(engine.draw(loss), "x0").node.grad
    loss.backward()
    found = card(engine.draw(loss), "x0")
    assert found.elsewhere == pytest.approx(once, rel=1e-12) and found.node.grad == pytest.approx(
        2 * once
    )


def test_a_small_network_has_a_card_for_every_neuron(placing):
    _, loss = network(3, 4, 4, 1)
    picture = engine.draw(loss)
    neurons = [found for found in picture.scene.cards if found.kind == "neuron"]
    assert [found.name for found in neurons] == [
        f"layer{i}.neuron{j}" for i, n in enumerate([4, 4, 1]) for j in range(n)
    ]
    assert len(picture.scene.cards) == 3 + 9 + 2
    assert len(picture.scene.pills) == 12 + 16 + 4 + 2
    assert len(groups(picture.svg, "node")) == 14 and picture.svg.count('class="pill"') == 34


def test_the_local_derivative_of_a_neuron_goes_through_its_activation():
    w, x, b = Value(0.5, label="w"), Value(2.0, label="x"), Value(-1.0, label="n.b")
    y = engine.weighted_sum([w], [x], b).tanh()  # tanh(0): slope 1 - 0² = 1, so ∂y/∂x = w
    z = engine.weighted_sum([w], [x], Value(0.0)).tanh()  # tanh(1): ∂z/∂x = w·(1 - tanh(1)²)
    for root, slope in [(y, 0.5), (z, 0.5 * (1 - math.tanh(1) ** 2))]:
        root.backward()
        [pill] = [
            pill
            for pill in engine.draw(root, collapse="neurons").scene.pills
            if pill.parent.name == "x"
        ]
        assert pill.step.local == pytest.approx(slope, rel=1e-14)
        assert pill.step.contribution == pytest.approx(slope, rel=1e-14)


def test_a_large_network_has_a_card_for_every_layer(placing):
    _, loss = network(2, 16, 16, 1)
    picture = engine.draw(loss)
    assert repr(picture) == "<Picture of loss: 7 cards, 306 edges>"  # 2·16 + 16·16 + 16 + 2
    layers = [found for found in picture.scene.cards if found.kind == "layer"]
    assert [(found.name, found.note) for found in layers] == [
        ("layer0", "16 neurons"),
        ("layer1", "16 neurons"),
        ("layer2", "1 neuron"),
    ]
    assert [pill.edges for pill in picture.scene.pills if pill.child.name == "layer1"] == [256]


def test_sixteen_neurons_a_layer_have_wires_in_place_of_pills(placing):
    _, loss = network(2, 16, 16, 1)
    picture = engine.draw(loss, collapse="neurons")
    assert len(groups(picture.svg, "edge")) == 32 + 256 + 16 + 2
    assert 'class="pill"' not in picture.svg


@pytest.mark.parametrize("level", ["neurons", "layers"])
def test_a_sum_that_is_spelled_out_collapses_to_the_same_cards(level):
    shown = []
    for expanded in (False, True):
        net = MLP(3, [4, 4, 1], activation="tanh", seed=1, expanded=expanded)
        loss = (
            net([Value(0.5, label="x0"), Value(-0.3, label="x1"), Value(0.2, label="x2")]) - 1.0
        ) ** 2
        loss.label = "loss"
        loss.backward()
        picture = engine.draw(loss, collapse=level)
        edges = {
            (pill.child.title, pill.parent.title, pill.step.slot, pill.local, pill.contribution)
            for pill in picture.scene.pills
        }
        shown.append(
            (
                sorted(
                    (c.title, c.kind, c.chip, c.note, c.data, c.grad, sorted(c.terms))
                    for c in picture.scene.cards
                ),
                edges,
            )
        )
    assert shown[0] == shown[1]


def test_what_a_neuron_hands_on_is_called_as_the_neuron_is():
    _, loss = network(2, 2, 1)
    called = {
        found.name
        for found in engine.draw(loss, collapse="none").scene.cards
        if found.chip in ("tanh", "Σ w·a")
    }
    assert {"layer0.neuron0", "layer0.neuron1", "layer1.neuron0"} <= called
    _, loss = network(2, 2, 1, rows=2)  # every neuron is used twice: neither use is the neuron
    assert not any(
        found.name == "layer0.neuron0" for found in engine.draw(loss, collapse="none").scene.cards
    )


@pytest.mark.parametrize("expanded", [False, True])
def test_a_module_names_neurons_and_layers_whose_values_have_no_labels(expanded):
    net = MLP(2, [2, 1], activation="tanh", seed=1, expanded=expanded)
    for parameter in net.parameters():
        parameter.label = ""
    loss = (net([Value(0.5, label="x0"), Value(-0.3, label="x1")]) - 1.0) ** 2
    for level, names in [
        ("neurons", {"layer0.neuron0", "layer0.neuron1", "layer1.neuron0"}),
        ("layers", {"layer0", "layer1"}),
    ]:
        cards = engine.draw(loss, module=net, collapse=level).scene.cards
        assert {found.name for found in cards if found.kind in ("neuron", "layer")} == names


def test_a_module_without_named_parameters_is_refused_with_advice():
    _, loss = network(2, 2, 1)
    with pytest.raises(TypeError, match=r"a list has no named_parameters\(\).* names="):
        engine.draw(loss, module=[])


def test_the_lectures_network_is_found_by_structure_alone(placing):
    loss = spelled_out([3, 4, 4, 1])
    picture = engine.draw(loss)
    assert [found.name for found in picture.scene.cards if found.kind == "neuron"] == [
        f"neuron {i}" for i in range(9)
    ]
    assert len(picture.scene.pills) == 12 + 16 + 4 + 2
    for found in picture.scene.cards:
        assert found.elsewhere == 0.0
        assert math.fsum([1.0 * found.is_root, *arrivals(picture, found)]) == pytest.approx(
            found.node.grad, rel=1e-12
        )
    layers = engine.draw(spelled_out([2, 16, 16, 1])).scene.cards
    assert [found.note for found in layers if found.kind == "layer"] == [
        "16 neurons",
        "16 neurons",
        "1 neuron",
    ]


@pytest.mark.parametrize(
    "spell",
    [
        lambda w, v, x, y, b: (w * x + v * y + b).tanh(),
        lambda w, v, x, y, b: (b + (w * x + v * y)).tanh(),
        lambda w, v, x, y, b: (x * w + y * v + b).tanh(),
        lambda w, v, x, y, b: (sum([w * x, v * y]) + b).tanh(),
        lambda w, v, x, y, b: (engine.total([w * x, v * y, b])).tanh(),
    ],
)
def test_the_local_derivative_of_a_sum_in_any_spelling(spell):
    w, v, b = Value(0.5, label="w"), Value(-2.0, label="v"), Value(0.5, label="b")
    a = Value(1.0, label="a")
    spell(w, v, a.exp(), a + 1.0, b).backward()
    x, y = Value(2.0, label="x").exp(), Value(0.75, label="y").relu()
    root = spell(w, v, x, y, b)
    root.backward()
    picture = engine.draw(root, collapse="neurons")
    slope = 1 - math.tanh(0.5 * math.exp(2.0) - 1.5 + 0.5) ** 2
    assert {found.name for found in picture.scene.cards if found.kind != "neuron"} == {
        "x",
        "y",
        "exp(x)",
        "relu(y)",
    }
    assert {
        pill.parent.name: pill.step.local for pill in picture.scene.pills if pill.child.is_root
    } == {
        "exp(x)": pytest.approx(0.5 * slope, rel=1e-12),
        "relu(y)": pytest.approx(-2.0 * slope, rel=1e-12),
    }


def test_between_two_leaves_the_weight_stands_where_weights_stand_further_in():
    (u, v, w, s), x = (Value(0.1 * i + 0.2) for i in range(4)), Value(0.3, label="x")
    for left in (False, True):
        hidden = [(a * x + 1.0 if left else x * a + 1.0).tanh() for a in (u, v)]
        y = w * hidden[0] + s * hidden[1] if left else hidden[0] * w + hidden[1] * s
        assert [n.inputs for n in neurons(topological_order(y)[0])] == [(x,), (x,), tuple(hidden)]


@pytest.mark.parametrize(
    "sum_",
    [
        lambda p, q: sum(w * w for w in p),  # a penalty on weights
        lambda p, q: p[0] * q[0] + (p[1] + q[1]),  # two leaves are added: which is the bias?
        lambda p, q: p[0] + 1.0 + q[0],  # no products
        lambda p, q: 2.0 * p[0].exp() + 1.0,  # no weight
        lambda p, q: (z := p[0] * q[0]) + z * z,  # a product that others use
        lambda p, q: p[0] * q[0] - p[1] * q[1],  # a difference
        lambda p, q: engine.total([p[0] * 0.01 for _ in range(300)]),  # one leaf, used often
        lambda p, q: engine.weighted_sum([p[0], p[0]], q),
    ],
)
def test_what_is_not_a_neuron(sum_):
    root = sum_([Value(1.0), Value(2.0)], [Value(3.0), Value(4.0)])
    assert neurons(topological_order(root)[0]) == []


def test_neurons_whose_outputs_are_added_stay_apart():
    p = [Value(0.1 * i) for i in range(6)]
    z = [p[0] * p[1] + p[2], p[3] * p[4] + p[5]]
    assert [n.sum for n in neurons(topological_order(z[0] + z[1])[0])] == z


def test_a_very_long_sum_is_one_neuron():
    weights, x = [Value(1.0) for _ in range(30_000)], Value(2.0)
    [found] = neurons(topological_order(sum(w * x for w in weights) + Value(1.0))[0])
    assert found.weights == tuple(weights)


def test_uses_with_the_same_weights_are_one_neuron():
    _, loss = network(2, 5, 1, rows=6)
    assert (
        sum(found.kind == "neuron" for found in engine.draw(loss, collapse="neurons").scene.cards)
        == 6
    )


def test_inputs_that_are_plain_numbers_do_not_split_a_layer():
    _, loss = network(2, 16, 16, 1, values=False)
    assert sum(found.kind == "layer" for found in engine.draw(loss).scene.cards) == 3


def test_a_recurrent_neuron_is_drawn_once_for_each_turn():
    w, b, x = Value(0.5), Value(0.1), Value(1.0, label="x")
    h = x
    for _ in range(4):
        h = engine.weighted_sum([w], [h], b).tanh()
    h.backward()
    picture = engine.draw(h, collapse="layers")
    assert sum(found.kind in ("neuron", "layer") for found in picture.scene.cards) == 4
    for found in picture.scene.cards:
        assert math.fsum([1.0 * found.is_root, *arrivals(picture, found)]) == pytest.approx(
            found.node.grad, rel=1e-12
        )


def test_around_a_value_what_comes_from_outside_is_elsewhere():
    a, b, c = (Value(float(i), label=name) for i, name in ((2, "a"), (3, "b"), (4, "c")))
    d, e = a * b, a * c
    f = d + e
    f.backward()
    picture = engine.draw(f, around=d, depth=1)
    assert {found.name for found in picture.scene.cards} == {"a", "b", "a·b", "a·b + a·c"}
    assert card(picture, "a").elsewhere == 4.0  # ∂f/∂a along e, which is not drawn
    with pytest.raises(ValueError, match="not in this graph"):
        engine.draw(f, around=Value(1.0))


@pytest.mark.parametrize("expanded", [False, True])
@pytest.mark.parametrize("level", ["neurons", "layers", "auto"])
def test_a_part_that_is_large_is_collapsed_and_what_comes_from_outside_is_elsewhere(
    level, expanded, placing
):
    net = MLP(3, [8, 8, 8, 1], activation="tanh", seed=2, expanded=expanded)
    loss = (
        net([Value(0.5, label="x0"), Value(-0.3, label="x1"), Value(0.2, label="x2")]) - 1.0
    ) ** 2
    loss.backward()
    order = topological_order(loss)[0]
    middle = [node for node in order if node.operation.name == "tanh"][10]
    picture = engine.draw(loss, around=middle, depth=12 if expanded else 2, collapse=level)
    assert any(found.is_root for found in picture.scene.cards) == expanded
    found = next(
        found
        for found in picture.scene.cards
        if found.kind in ("neuron", "layer") and middle in found.node.outputs
    )
    assert found.node.grad == pytest.approx(
        sum(output.grad for output in found.node.outputs), rel=1e-12
    )
    for found in picture.scene.cards:
        terms = [1.0 * found.is_root, *arrivals(picture, found), found.elsewhere]
        assert math.fsum(terms) == pytest.approx(found.node.grad, rel=1e-9)


def two_losses():
    """Three neurons under two losses, both swept: 2·Σh sends 2 to each, 5·Σh sends 5."""
    x = Value(0.5, label="x")
    hidden = [
        engine.weighted_sum([Value(w, label=f"layer0.h{w}.w0")], [x]).tanh()
        for w in (1.0, -2.0, 3.0)
    ]
    first, second = engine.total(hidden) * 2.0, engine.total(hidden) * 5.0
    first.backward()
    second.backward()  # makes the interior's grads afresh: 5 at each neuron
    return first, hidden


def test_what_another_loss_sent_to_a_layer_is_elsewhere_on_its_card():
    first, hidden = two_losses()
    [layer] = [
        found
        for found in engine.draw(first, collapse="layers").scene.cards
        if found.kind == "layer"
    ]
    assert [h.grad for h in hidden] == [5.0, 5.0, 5.0]
    assert (
        layer.node.grad == 15.0 and layer.elsewhere == 9.0 and layer.terms == ["6", "9 elsewhere"]
    )
    svg = engine.draw(first, collapse="layers").svg
    assert ["Σ grad", "15", "= 6 + 9 elsewhere"] in [
        words[-3:] for words in map(texts, groups(svg, "node"))
    ]
    found = json.loads(export.json(engine.draw(first, collapse="layers").scene))["cards"]
    assert [(c["grad"], c["elsewhere"]) for c in found if c["kind"] == "layer"] == [(15.0, 9.0)]


def test_what_another_loss_sent_to_a_neuron_is_elsewhere_on_its_card():
    first, _ = two_losses()
    neurons = [c for c in engine.draw(first, collapse="neurons").scene.cards if c.kind == "neuron"]
    assert [(c.node.grad, c.elsewhere, c.terms) for c in neurons] == [
        (5.0, 3.0, ["2", "3 elsewhere"])
    ] * 3


def test_a_grad_ends_at_the_sum_that_the_sweep_made_in_its_order():
    """1 + -1e16 + 1e16 is 0, and 1e16 + -1e16 + 1 is 1: the order in which cards send is another one."""
    x = Value(1.0, label="x")
    neurons = [engine.weighted_sum([Value(w)], [x]) for w in (1e16, -1e16)]
    y = engine.total([*neurons, x * 1.0])
    y.backward()
    for level in ("neurons", "layers"):
        found = card(engine.draw(y, collapse=level), "x")
        assert found.node.grad == 0.0 and found.elsewhere == 0.0


def test_a_layer_shows_the_sums_over_its_outputs():
    _, hidden = two_losses()  # tanh(½·w) of w = 1, −2, 3
    total = sum(math.tanh(0.5 * w) for w in (1.0, -2.0, 3.0))
    y = engine.total(hidden)
    y.backward()
    [layer] = [c for c in engine.draw(y, collapse="layers").scene.cards if c.kind == "layer"]
    assert number(layer.data) == pytest.approx(total, rel=1e-3) and layer.grad == "3"
    hidden[0].parents[0].parents[1].data = 1.0  # x: the layer's data would be the sum at 1
    [layer] = [c for c in engine.draw(y, collapse="layers").scene.cards if c.kind == "layer"]
    assert layer.rebuilt == pytest.approx(sum(map(math.tanh, (1.0, -2.0, 3.0))), rel=1e-12)


def test_between_two_values_only_the_paths():
    a, b = Value(2.0, label="a"), Value(3.0, label="b")
    d = a.exp()
    f = d * b + a
    f.backward()
    picture = engine.draw(f, between=(a, d))
    assert [found.name for found in picture.scene.cards] == ["a", "exp(a)"]
    assert card(picture, "a").elsewhere == 1.0
    with pytest.raises(ValueError, match="no path"):
        engine.draw(f, between=(b, a))


def test_a_part_of_a_graph_that_is_too_large_can_be_drawn():
    x = y = Value(1.0, label="x")
    for _ in range(3000):
        y = y * 0.999
    y.backward()
    with pytest.raises(ValueError, match="around="):
        engine.draw(y)
    assert len(engine.draw(y, around=x, depth=3).scene.cards) == 4


def test_120_values_drawn_in_full(placing):
    x = [Value(0.1 * i, label=f"x{i}") for i in range(60)]
    y = engine.total([v * v for v in x[:59]])
    y.backward()
    picture = engine.draw(y)
    assert len(picture.scene.cards) == 119 and len(groups(picture.svg, "node")) == 119
    assert len(groups(picture.svg, "edge")) == 59 * 3


def test_what_leaves_a_neuron_with_several_outputs_has_no_one_local_derivative():
    _, loss = network(2, 5, 1, rows=6)
    pills = [
        pill
        for pill in engine.draw(loss, collapse="neurons").scene.pills
        if pill.child.kind == "neuron"
    ]
    assert {pill.local for pill in pills} == {"6 edges", "1 edge"}
    assert not any(pill.is_single for pill in pills)
    neuron = pills[0].child
    assert (
        neuron.note == "6×" and "used 6 times, 12 values inside" in neuron.tooltip
    )  # 6 sums, 5 weights, a bias
    assert [
        "Σ data" in words
        for words in map(texts, groups(engine.draw(loss, collapse="neurons").svg, "node"))
    ].count(True) == 6
    assert {
        pill["slot"]
        for pill in json.loads(export.json(engine.draw(loss, collapse="layers").scene))["pills"]
        if pill["edges"] > 1
    } == {None}


@pytest.mark.parametrize("level", ["neurons", "layers"])
def test_neurons_and_layers_say_what_their_data_would_be(level):
    net, loss = network(2, 3, 1)
    x = [card.node for card in engine.draw(loss).scene.cards if card.name in ("x0", "x1")]
    net.parameters()[
        -1
    ].data += 1.0  # the bias of the last neuron, which is linear: its data would be 1 more
    found = {
        card.name: card.rebuilt - card.node.data
        for card in engine.draw(loss, collapse=level).scene.cards
        if card.rebuilt_text
    }
    last = "layer1.neuron0" if level == "neurons" else "layer1"
    assert found[last] == pytest.approx(1.0) and not any(
        name.startswith("layer0") for name in found
    )
    again = (net(x) - 1.0) ** 2
    assert found["loss"] == pytest.approx(again.data - loss.data, rel=1e-12)
    cards = json.loads(export.json(engine.draw(loss, collapse=level).scene))["cards"]
    assert [card["would_be"] for card in cards if card["name"] == "loss"] == [again.data]


def test_unknown_levels_are_named():
    _, loss = network(2, 2, 1)
    with pytest.raises(ValueError, match="collapse 'cells'"):
        engine.draw(loss, collapse="cells")


@pytest.mark.parametrize("label", LABELS, ids=range(len(LABELS)))
@pytest.mark.parametrize("level", ["neurons", "layers"])
def test_hostile_labels_are_inert_in_a_stale_collapsed_picture(label, level):
    w, x, b = (
        Value(1.0, label=f"{label}.w"),
        Value(1.0, label=label),
        Value(1.0, label=f"{label}.n.b"),
    )
    y = (w * x + b).tanh()
    y.backward()
    x.data = 2.0
    picture = engine.draw(y, collapse=level, direction="TB")
    root = ET.fromstring(picture.svg)
    assert len(groups(picture.svg, "node")) == 2 and "would be 0.9951" in texts(root)
    for element in root.iter():
        assert element.tag.removeprefix(SVG) in {
            "svg",
            "title",
            "desc",
            "style",
            "rect",
            "g",
            "path",
            "text",
        }
        assert not any(name.startswith("on") or name.endswith("href") for name in element.attrib)
    assert "<script" not in picture.svg
    assert len(json.loads(export.json(picture.scene))["cards"]) == 2


@pytest.mark.parametrize("level", ["neurons", "layers"])
def test_networks_that_overflow_are_drawn(level, placing):
    x, w = Value(math.inf, label="x"), [Value(1.0), Value(-1.0)]
    hidden = [engine.weighted_sum([v], [x]).tanh() for v in w]
    y = engine.weighted_sum([Value(math.inf), Value(math.inf)], hidden)
    y.backward()
    picture = engine.draw(y, collapse=level)
    assert ET.fromstring(picture.svg).tag == f"{SVG}svg"
    assert (
        any(math.isnan(card.node.grad) for card in picture.scene.cards)
        and "elsewhere" not in picture.svg
    )


def test_from_top_to_bottom_a_parent_stands_above_its_child(placing):
    a = Value(3.0, label="a")
    y = a * a
    y.backward()
    heights = []
    for direction in ("LR", "TB"):
        svg = engine.draw(y, direction=direction).svg
        at = [
            group.get("transform")[len("translate(") : -1].split() for group in groups(svg, "node")
        ]
        heights.append([(float(x), float(y)) for x, y in at])
    assert heights[0][0][0] < heights[0][1][0] and heights[1][0][1] + 94 < heights[1][1][1]
    with pytest.raises(ValueError, match="direction 'RL'"):
        engine.draw(y, direction="RL")


class Counted:
    """What a part of a graph is looked for in: it counts how often a node's parents are asked for, and its hash."""

    asked = hashed = 0

    def __init__(self, *parents):
        self._parents = parents

    @property
    def parents(self):
        Counted.asked += 1
        return self._parents

    def __hash__(self):
        Counted.hashed += 1
        return id(self) // 16

    __eq__ = object.__eq__


def layered_graph(layers, width=8):
    """Layers of which each node takes all of the last one; the paths to the root are width to the power of layers."""
    nodes = [Counted() for _ in range(width)]
    order = []
    for _ in range(layers):
        nodes = [Counted(*nodes) for _ in range(width)]
        order += nodes
    root = Counted(*nodes)
    return [*order, root], root


@pytest.mark.parametrize("layers", [4, 8, 16, 32])
@pytest.mark.parametrize("depth", [2, 33, 10**9])
def test_a_part_is_found_with_a_few_looks_at_every_edge(layers, depth):
    order, root = layered_graph(layers)
    edges = 64 * layers + 8
    Counted.asked = Counted.hashed = 0
    part = focus.around(order, root, depth)
    assert len(part) == 1 + 8 * min(depth, layers + 1)
    assert Counted.asked <= 2 * len(order) + 8 and Counted.hashed <= 8 * edges
    first = order[0].parents[0]
    Counted.asked = Counted.hashed = 0
    assert len(focus.between(order, first, root)) == len(order) + 1
    assert Counted.asked <= 3 * len(order) and Counted.hashed <= 8 * edges


def test_around_stops_where_its_part_is_too_large():
    order, root = layered_graph(100)
    Counted.asked = 0
    assert len(focus.around(order, root, 10**9, most=20)) == 21
    assert Counted.asked <= len(order) + 20


@pytest.mark.parametrize("options", [{}, {"collapse": "none"}, {"collapse": "layers"}])
def test_a_part_that_is_too_large_is_refused_before_a_card_is_made(options, monkeypatch):
    x = y = Value(1.0, label="x")
    for _ in range(3000):
        y = y * 0.999
    monkeypatch.setattr(scene, "_card", None)  # a card can't be made
    for part in ({"around": y, "depth": 10**9}, {"between": (x, y)}):
        with pytest.raises(ValueError, match=r"3,00. \w+ and 3,000 edges is too large"):
            engine.draw(y, **part, **options)
    monkeypatch.setattr(
        picture, "select", None
    )  # nor is anything computed where the part is larger than all that can be collapsed
    monkeypatch.setattr(picture, "MOST", 5_000)
    for part in ({"around": y, "depth": 10**9}, {"between": (x, y)}):
        with pytest.raises(ValueError, match="is too large"):
            engine.draw(y, **part, **options)


def test_a_part_of_a_network_whose_depth_goes_far_beyond_it_is_all_of_it():
    _, loss = network(4, *[8] * 9, 1)
    far, whole = (
        repr(engine.draw(loss, **options)) for options in ({"around": loss, "depth": 10**9}, {})
    )
    assert far == whole


def test_the_card_of_a_neuron_that_is_flat_says_so():
    net = MLP(2, [2, 1], seed=1)
    for value in net.parameters():
        value.data = -1.0
    root = net([1.0, 1.0])
    root.backward()
    cards = engine.draw(root, collapse="neurons").scene.cards
    told = {card.name: "it sends nothing, for" in card.tooltip for card in cards}
    assert told == {"layer0.neuron0": True, "layer0.neuron1": True, "layer1.neuron0": False}
