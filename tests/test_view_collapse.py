"""Networks drawn by neurons and layers: sums at the border hold, against the engine's own gradients and by hand."""

import json
import math
import random
import xml.etree.ElementTree as ET

import pytest
from hostile import LABELS, assert_nothing_acts
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import programs, run
from test_view import SVG, groups, number, texts

import engine
from engine import Value, diagnosis, explain
from engine.graph import topological_order
from engine.operations import OPERATIONS
from engine.view import export, focus, picture, scene, selection
from engine.view.neurons import neurons
from nn import MLP, cross_entropy


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
        lambda p, q: engine.total([p[0] * 2.0, p[1] * 2.0, q[0] * 3.0]),  # just a sum
        lambda p, q: p[0] * 0.5 + q[0] * engine.exp(q[1]),
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
    assert any(
        ["Σ grad", "15", "= 6 + 9 elsewhere"] == words[i : i + 3]
        for words in map(texts, groups(svg, "node"))
        for i in range(len(words))
    )
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
    assert_nothing_acts(picture.svg)
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
    circles = engine.draw(root, view="network").svg
    assert circles.count("it sends nothing, for") == 2


# -- what is a neuron, and what stays visible


@pytest.mark.parametrize(
    "make",
    [
        lambda xs: engine.total([x * 2 for x in xs]),
        lambda xs: sum((w * (i + 0.5) for i, w in enumerate(xs)), 0.0),
        lambda xs: sum(w * engine.exp(w) for w in xs),
        lambda xs: engine.weighted_sum(xs, [0.5] * len(xs)).sigmoid(),
    ],
)
def test_a_sum_of_31_labelled_leaves_shows_every_one_of_them(make):
    xs = [Value(0.1 * i, label=f"x{i}") for i in range(31)]
    y = make(xs) + 0.0 * engine.total([Value(float(i)) for i in range(40)])
    y.backward()
    picture = engine.draw(y)
    shown = {found.name: found for found in picture.scene.cards}
    for x in xs:
        assert number(shown[x.label].grad) == pytest.approx(x.grad, rel=1e-3)
        arrived = math.fsum(arrivals(picture, shown[x.label]))
        assert arrived == pytest.approx(x.grad, rel=1e-12)
    assert not any(found.kind in ("neuron", "layer") for found in picture.scene.cards)


def test_weights_inside_a_neuron_are_listed_with_their_gradients():
    net, loss = network(2, 3, 1)
    picture = engine.draw(loss, collapse="neurons")
    found = card(picture, "layer0.neuron1")
    weights = [*net.layers[0].neurons[1].w, net.layers[0].neurons[1].b]
    assert [row.name for row in found.rows] == ["w0", "w1", "b"]
    for row, weight in zip(found.rows, weights, strict=True):
        assert number(row.data) == pytest.approx(weight.data, rel=1e-3)
        assert number(row.grad) == pytest.approx(weight.grad, rel=1e-3)
        assert f"{row.name} = {row.data}, grad {row.grad}" in found.tooltip
    [svg] = [g for g in groups(picture.svg, "node") if "layer0.neuron1" in texts(g)]
    assert all(part in texts(svg) for row in found.rows for part in row[1:4])
    [record] = [
        record
        for record in json.loads(export.json(picture.scene))["cards"]
        if record["name"] == "layer0.neuron1"
    ]
    assert [weight["grad"] for weight in record["weights"]] == [weight.grad for weight in weights]
    assert {weight["elsewhere"] for weight in record["weights"]} == {0.0}


def test_many_weights_are_one_line_and_the_norm_of_their_gradient():
    net, loss = network(2, 16, 1)
    [layer, _] = [x for x in engine.draw(loss, collapse="layers").scene.cards if x.kind == "layer"]
    size = math.hypot(*[p.grad for neuron in net.layers[0].neurons for p in (*neuron.w, neuron.b)])
    count, _, norm = layer.rows_text.partition(", ‖grad‖ ")
    assert count == "48 weights" and number(norm) == pytest.approx(size, rel=1e-3)


def test_a_weights_wire_says_its_gradient_and_what_came_from_elsewhere():
    w, x = Value(0.5, label="w"), Value(2.0, label="x")
    w.grad = 7.0
    y = engine.weighted_sum([w], [x], Value(0.0, label="b")).tanh()
    y.label = "y"
    y.backward()
    [pill] = engine.draw(y, collapse="neurons").scene.pills
    slope = 1 - math.tanh(1.0) ** 2
    assert pill.weight.node is w and pill.weight.elsewhere == pytest.approx(7.0, rel=1e-12)
    assert number(pill.weight.grad) == pytest.approx(7.0 + 2.0 * slope, rel=1e-3)
    assert "weight w = 0.5, its grad 7.84, of which 7 from elsewhere" in pill.tooltip


def two_networks():
    x = [Value(0.5, label="x0"), Value(-0.3, label="x1")]
    nets = [MLP(2, [3, 1], activation="tanh", seed=seed) for seed in (1, 2)]
    loss = (nets[0](x) - 1.0) ** 2 + (nets[1](x) + 1.0) ** 2
    loss.label = "loss"
    loss.backward()
    return loss


@pytest.mark.parametrize("labels", [True, False])
def test_two_networks_in_one_loss_stay_two(labels):
    loss = two_networks()
    if not labels:
        for leaf in topological_order(loss)[1]:
            leaf.label = ""
    layers = [x for x in engine.draw(loss, collapse="layers").scene.cards if x.kind == "layer"]
    assert [len(found.node.uses) for found in layers] == [3, 3, 1, 1]
    assert len({found.name for found in layers}) == len({found.title for found in layers}) == 4


def test_a_loss_that_is_softplus_of_a_logit_is_no_activation():
    net = MLP(2, [3, 1], activation="tanh", seed=1)
    loss = engine.softplus(net([Value(0.5, label="x0"), Value(-0.3, label="x1")]))
    loss.label = "loss"
    loss.backward()
    for options in ({"collapse": "neurons"}, {"collapse": "layers"}, {"view": "network"}):
        cards = engine.draw(loss, **options).scene.cards
        assert cards[-1].is_root and cards[-1].name == "loss"
        assert cards[-1].kind in ("operation", "rest")
        assert any(found.name.startswith("layer1") for found in cards)


def test_softplus_between_layers_is_an_activation():
    net = MLP(2, [3, 1], activation="softplus", seed=1)
    every = neurons(topological_order(net([Value(0.5), Value(-0.3)]))[0])
    assert [found.output.operation.name for found in every] == ["softplus"] * 3 + ["weighted_sum"]


def test_gradients_of_a_layer_that_cancel_are_shown_by_output():
    net = MLP(2, [4, 3], activation="tanh", seed=1)
    outputs = net([Value(0.5, label="x0"), Value(-0.3, label="x1")])
    loss = cross_entropy(outputs, 1)  # the gradients of logits add up to 0
    loss.backward()
    picture = engine.draw(loss, collapse="layers")
    [layer] = [found for found in picture.scene.cards if found.name == "layer1"]
    low, _, high = layer.per_output.removeprefix("per output ").partition(" … ")
    grads = [output.grad for output in outputs]
    assert number(low) == pytest.approx(min(grads), rel=1e-3) and min(grads) < -0.1
    assert number(high) == pytest.approx(max(grads), rel=1e-3) and max(grads) > 0.1
    assert layer.bar_from < 0.0 < layer.bar and layer.bar - layer.bar_from > 0.5
    cancelling = [pill for pill in picture.scene.pills if pill.parent is layer]
    for pill in cancelling:
        assert pill.parts == pytest.approx([pill.parts[0], -pill.parts[0]])
        assert f"(±{picture_number(max(pill.parts))})" in pill.contribution
    drawn = [g for g in groups(picture.svg, "edge") if "cancel" in g.get("class").split()]
    assert len(drawn) == len(cancelling) == 2


def picture_number(x):
    return f"{x:.4g}"


@pytest.mark.parametrize("order", ["w·x", "x·w", "both"])
@pytest.mark.parametrize("activation", [True, False])
def test_weights_that_are_written_on_either_side_are_no_inputs(order, activation):
    x = [Value(0.5, label="p"), Value(-0.3, label="q")]
    w = [[Value(0.1 * i + 0.3 * j, label=f"u{j}{i}") for i in range(2)] for j in range(3)]

    def product(a, b, turn):
        return b * a if order == "x·w" or (order == "both" and turn % 2) else a * b

    hidden = [
        sum(product(a, b, i + j) for j, (a, b) in enumerate(zip(row, x))) for i, row in enumerate(w)
    ]
    hidden = [h.tanh() for h in hidden] if activation else hidden
    y = sum(h * Value(0.2, label=f"v{i}") for i, h in enumerate(hidden))
    y.label = "y"
    y.backward()
    scene = engine.draw(y, view="network").scene
    assert {found.name for found in scene.cards if found.kind == "leaf"} == {"p", "q"}
    assert len(scene.pills) == 6 + 3 and all(pill.weight for pill in scene.pills)


def test_one_neuron_whose_weights_could_be_its_inputs_goes_by_the_labels():
    x1, x2, b = Value(2.0, label="x1"), Value(0.5, label="x2"), Value(6.88, label="b")
    w1, w2 = Value(-3.0, label="w1"), Value(1.0, label="w2")
    [neuron] = neurons(topological_order((x1 * w1 + x2 * w2 + b).tanh())[0])
    assert neuron.inputs == (x1, x2) and neuron.weights == (w1, w2)


def test_a_weight_that_is_also_in_a_penalty_keeps_its_whole_gradient():
    net = MLP(2, [3, 1], activation="tanh", seed=1)
    error = (net([Value(0.5, label="x0"), Value(-0.3, label="x1")]) - 1.0) ** 2
    loss = error + 0.1 * engine.total([p * p for p in net.parameters()])
    loss.label = "loss"
    loss.backward()
    scene = engine.draw(loss, view="network").scene
    w = net.layers[0].neurons[0].w[0]
    row = next(row for found in scene.cards for row in found.rows if row.node is w)
    assert row.elsewhere == pytest.approx(0.2 * w.data, rel=1e-9)


@pytest.mark.parametrize("make", [engine.draw, engine.stepper])
def test_the_order_and_the_neurons_of_a_graph_are_found_once(monkeypatch, make):
    """One way through the house: whatever follows reads what has been found."""
    _, loss = network(2, 4, 4, 1)
    found = []

    def counted(function, is_of_the_graph):
        def counting(argument):
            if is_of_the_graph(argument):
                found.append(function.__name__)
            return function(argument)

        return counting

    for module in (selection, explain, diagnosis):
        counting = counted(module.topological_order, lambda root: root is loss)
        monkeypatch.setattr(module, "topological_order", counting)
    monkeypatch.setattr(selection, "neurons", counted(selection.neurons, lambda order: True))
    for collapse in ("none", "neurons", "layers"):
        make(loss, collapse=collapse)
        assert sorted(found) == ["neurons", "topological_order"]
        found.clear()


def chain_of(count):
    """Return the values of a chain of additions of x, which has no names with a dot."""
    x = Value(0.001, label="x")
    values = [x * 1.5]
    while len(values) < count:
        values.append(values[-1] + x)
    return values


@pytest.mark.parametrize("part", ["around", "between"])
def test_a_part_of_a_large_graph_makes_steps_of_its_own_edges_alone(part, monkeypatch):
    """Objects for all other edges took most of the time, of Python's garbage collector too."""
    made = []

    def counted(*fields):
        made.append(fields)
        return explain.Step(*fields)

    values = chain_of(3000)
    monkeypatch.setattr(selection, "Step", counted)
    monkeypatch.setattr(selection, "neurons", lambda order: pytest.fail("searched all the graph"))
    options = {"around": {"around": values[2000]}, "between": {"between": values[1997:2003:5]}}
    drawn = engine.draw(values[-1], depth=1, **options[part]).scene
    assert len(drawn.cards) >= 4 and len(made) == len(drawn.pills) < 15


def test_the_steps_of_a_part_are_those_of_the_whole_graph():
    _, loss = network(3, 4, 1)
    graph = selection.Graph(loss)
    for middle in graph.order[::7]:
        part = focus.around(graph.order, middle, 3)
        inside = [
            step
            for step in selection.select(graph).steps
            if step.node in part and step.parent in part
        ]
        steps = selection.select(graph, part=part).steps
        assert steps == selection.with_running_sums(inside, loss) and len(steps) > 2


def test_a_graph_too_large_to_draw_is_refused_before_anything_is_looked_up_in_it(monkeypatch):
    values = chain_of(300)
    monkeypatch.setattr(picture, "MOST", 500)
    monkeypatch.setattr(picture, "by_original", lambda nodes: pytest.fail("looked up"))
    with pytest.raises(ValueError, match="a graph of 302 values and 600 edges is too large"):
        engine.draw(values[-1])
