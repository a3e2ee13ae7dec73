"""The stepper page as text and as data: complete, inert, the same for the same graph."""

import base64
import hashlib
import json
import os
import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hostile import LABELS
from told import told

import engine
from engine import Value, stepper
from engine.cli.expression import build

GOLDEN = Path(__file__).parent / "golden" / "page.json"


def fan():
    a, b = Value(-2.0, label="a"), Value(3.0, label="b")
    d, e = a * b, a + b
    f = d * e
    d.label, e.label, f.label = "d", "e", "f"
    return f


class Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.attributes = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs


def read(page):
    reader = Reader()
    reader.feed(page.html)
    return reader


def test_data_is_golden():
    """Coordinates come from dot or from the built-in layout; everything else is this, letter by letter."""
    found = told(fan())
    for box in found["cards"] + found["edges"]:
        assert all(isinstance(x, float) for x in box.pop("at") + box.pop("down"))
        for other in ("bend", "bend_down"):
            box.pop(other, None)
    assert [place.partition(":")[0] for place in found["nodes"].pop("places")] == [
        "test_page.py"
    ] * 3
    assert json.loads(json.dumps(found)) == json.loads(GOLDEN.read_text("utf-8"))


def test_frames_follow_the_backward_pass():
    frames = told(fan())["frames"][4:]
    assert [frame["kind"] for frame in frames] == [
        "ready",
        "seed",
        "visit",
        "send",
        "send",
        "visit",
        "send",
        "send",
        "visit",
        "send",
        "send",
        "done",
    ]
    assert (
        "Everything that uses e has passed its contributions on, so its grad is final."
        in frames[5]["say"]
    )
    assert "∂d/∂a = b = 3" in " ".join(frame["say"] for frame in frames)


def test_the_page_has_one_word_for_a_contribution():
    html = stepper(fan()).html
    assert "contribution" in html and not re.search(r"\b(shares?|portions?|messages?)\b", html)


def test_forward_pass_in_symbols_and_in_numbers():
    frames = told(fan())["frames"]
    assert [frame["kind"] for frame in frames[:5]] == [
        "start",
        "compute",
        "compute",
        "compute",
        "ready",
    ]
    assert [(frame["rule"], frame["numbers"]) for frame in frames[1:4]] == [
        ("d = a·b", "= (−2)·3 = −6"),
        ("e = a + b", "= (−2) + 3 = 1"),
        ("f = d·e", "= (−6)·1 = −6"),
    ]


def test_forward_numbers_hold():
    """Read off the page: what stands between two = is worth what stands behind the second, to four digits."""
    x, y = Value(0.75, label="x"), Value(-1.25, label="y")
    frames = told(((x * y - x) / y + 3.0 * x) * -y - engine.weighted_sum([x, y], [y, 2.0], 1.0))[
        "frames"
    ]
    shown = [
        frame["numbers"].removeprefix("= ").split(" = ")
        for frame in frames
        if frame["kind"] == "compute"
    ]
    assert len(shown) == 9
    for words, result in shown:
        plain = words.replace("−", "-").replace("·", "*")
        assert float(build(plain + " + 0*nothing", {"nothing": 1.0}).data) == pytest.approx(
            float(result.replace("−", "-")), abs=2e-3
        )


def test_page_counts_the_steps_it_starts_with():
    assert (
        repr(stepper(fan())) == "<Page of 12 steps>"
        and repr(stepper(fan(), forward=True)) == "<Page of 16 steps>"
    )
    assert (
        '"forward":true' in stepper(fan(), forward=True).html
        and '"forward":false' in stepper(fan()).html
    )


def test_a_value_that_is_skipped_is_one_step():
    """ready, seed, the visit of relu and what it sends, the product that is skipped, done."""
    assert repr(stepper((Value(-1.0, label="x") * 2).relu())) == "<Page of 6 steps>"


def test_long_expressions_have_short_names_and_leave_no_trace():
    x = Value(0.5, label="x")
    inner = (x * 1.25 + x * 0.75) * x
    y = inner.tanh()
    names = [card["name"] for card in told(y)["cards"]]
    assert names == ["x", "x·1.25", "x·0.75", "v₁", "v₁·x", "tanh(v₁·x)"]
    assert inner.label == y.label == ""


def test_leaves_without_a_label_have_names_too():
    frames = told(Value(2.0) * Value(2.0) + 1.0)["frames"]
    assert [(frame["say"], frame["numbers"]) for frame in frames if frame["kind"] == "send"][
        1:
    ] == [
        ("v₁·v₂ sends its contribution to v₁:  ∂(v₁·v₂)/∂v₁ = v₂ = 2", "v₁.grad += 1 × 2 = 2"),
        ("v₁·v₂ sends its contribution to v₂:  ∂(v₁·v₂)/∂v₂ = v₁ = 2", "v₂.grad += 1 × 2 = 2"),
    ]


def test_what_stands_on_the_page_is_the_rule_and_its_numbers():
    frames = [frame for frame in told(fan())["frames"] if frame["kind"] == "send"]
    shown = frames[-1]
    assert shown["say"] == "d sends its contribution to b:  ∂d/∂b = a = −2"
    assert shown["rule"] == "b.grad += d.grad × ∂d/∂b"
    assert shown["numbers"] == "b.grad += 1 × (−2) = −2"
    assert shown["sum"] == "b.grad: −6 → −8" and shown["terms"] == "= −6 − 2"


def test_a_value_used_twice_by_one_node_has_a_step_for_each_operand():
    a = Value(3.0, label="a")
    sends = [frame for frame in told(a * a)["frames"] if frame["kind"] == "send"]  # d(a·a)/da is 6
    for word, frame in zip(("first", "second"), sends, strict=True):
        assert frame["say"] == f"a·a sends its contribution to a:  ∂(a·a)/∂({word} operand) = a = 3"
        assert frame["rule"] == f"a.grad += (a·a).grad × ∂(a·a)/∂({word} operand)"
        assert frame["numbers"] == "a.grad += 1 × 3 = 3"
    assert [frame["sum"] for frame in sends] == ["a.grad: 0 → 3", "a.grad: 3 → 6"]
    assert [edge["tip"] for edge in told(a * a)["edges"]] == [
        "∂(a·a)/∂(first operand) = a = 3",
        "∂(a·a)/∂(second operand) = a = 3",
    ]


def test_tiny_and_missing_numbers_keep_their_sign():
    x, y = Value(1e-9, label="x"), Value(-1.0, label="y")
    signs = {
        frame["numbers"].partition(".")[0]: frame["contribution_sign"]
        for frame in told(x * y)["frames"]
        if frame["kind"] == "send"
    }
    assert signs == {"x": "neg", "y": "pos"}
    lost = told(Value(float("nan"), label="x") * y)["frames"]
    assert [frame["contribution_sign"] for frame in lost if frame["kind"] == "send"] == [
        "neg",
        "nan",
    ]


def test_starts_from_zero_and_changes_nothing():
    f = fan()
    before = stepper(f).html
    f.backward()
    f.backward()
    grads = [p.grad for p in f.parents[0].parents]
    assert stepper(f).html == before
    assert [p.grad for p in f.parents[0].parents] == grads == [-6.0, -16.0]


def test_lines_of_the_loop_are_those_of_its_source():
    found = told(fan())
    send = next(frame for frame in found["frames"] if frame["kind"] == "send")
    visit = next(frame for frame in found["frames"] if frame["kind"] == "visit")
    assert "parent.grad += contribution" in found["code"][send["lines"][-1]]
    assert "for node in reversed(order)" in found["code"][visit["lines"][0]]
    source = (Path(engine.__file__).parent / "backward.py").read_text("utf-8")
    assert all(line.strip() in source for line in found["code"])


def test_stale_graph_says_so():
    f = fan()
    assert told(f)["note"] == ""
    f.parents[0].parents[0].data = 5.0
    assert told(f)["note"].startswith("Stale: a leaf's data was changed")


def test_zero_gradient_sends_nothing():
    x = Value(-1.0, label="x")
    kinds = [frame["kind"] for frame in told((x * 2).relu())["frames"]]
    assert kinds == [
        "start",
        "compute",
        "compute",
        "ready",
        "seed",
        "visit",
        "send",
        "skip",
        "done",
    ]


def test_the_page_says_why_a_value_sends_nothing():
    x = Value(-1.0, label="x")
    z = x * 2.0
    h = z.relu()
    y = h * 3.0 + z.step()
    z.label, h.label = "z", "h"
    [skip] = [frame for frame in told(y)["frames"] if frame["kind"] == "skip"]
    reason = engine.explain.zeros(y).reason(z)
    assert reason.startswith("z.grad = 0, for ∂step(z)/∂z = 0 at test_page.py:")
    assert skip["say"] == f"Visit z. It sends nothing, for {reason}."
    assert skip["rule"] == "z.grad = step(z).grad × ∂step(z)/∂z + h.grad × ∂h/∂z"
    assert skip["numbers"] == "z.grad = 1 × 0 + 3 × 0 = 0"
    assert all(len(frame["rule"]) < 90 for frame in told(y + x * 0.0 + z * 0.0)["frames"])


@pytest.mark.parametrize("special", [float("nan"), float("inf"), -0.0, 5e-324, 1.7e308])
def test_special_numbers_are_valid_json(special):
    found = told(Value(special, label="x") * Value(2.0, label="y"))
    json.dumps(found, allow_nan=False)


def test_single_value_and_many_uses():
    assert len(told(Value(1.0, label="x"))["cards"]) == 1
    x = Value(1.0, label="x")
    assert len(told(x * x)["edges"]) == 2


def test_too_large_a_graph_is_refused_with_advice():
    x = Value(1.0)
    for _ in range(3_000):
        x = x * 1.001
    with pytest.raises(ValueError, match="3,001 values are more than a page shows") as caught:
        stepper(x)
    assert "collapse=" not in str(caught.value)  # there is no neuron in it
    assert "stepper(value) of an inner value" in str(caught.value) and "engine.text(root)" in str(
        caught.value
    )


def test_plain_numbers_take_no_card():
    x = Value(0.3, label="x")
    y = x
    for _ in range(149):
        y = (y * 1.01).sin()
    assert len(told(y)["cards"]) == 299
    with pytest.raises(ValueError, match="301 values"):
        stepper((y + 1.0) * 2.0)


def test_the_refusal_names_the_level_that_would_do():
    import nn

    net = nn.MLP(2, [45, 45, 1], seed=1)
    loss = nn.squared_error([net([0.1, 0.2])], [0.0])
    for level, found in (("none", "values are more"), ("neurons", "cards and")):
        with pytest.raises(ValueError, match=found) as caught:
            stepper(loss, collapse=level)
        assert "collapse='layers'" in str(caught.value)
    assert stepper(loss, collapse="layers").html


def test_even_layers_can_be_too_many():
    import nn

    net = nn.MLP(2, [4, 1], seed=1)
    losses = [nn.squared_error([net([float(i), 1.0])], [0.0]) for i in range(150)]
    with pytest.raises(ValueError, match="cards and .* edges are more than a page shows") as caught:
        stepper(engine.mean(losses))
    assert "collapse=" not in str(caught.value)  # layers are what was tried
    assert stepper(losses[0]).html


def collapsible():
    """The loss of a 2-4-4-1 network by hand, with the neurons' outputs labelled; and all values by their labels."""
    made = {}

    def labelled(label, value):
        value.label, made[label] = label, value
        return value

    def neuron(label, inputs, activation):
        weights = [Value((hash_of(label) + 3 * i) % 7 / 5 - 0.63) for i in range(len(inputs))]
        z = engine.weighted_sum(weights, inputs, Value(hash_of(label) / 11 - 0.2))
        return labelled(label, z.tanh() if activation else z)

    def hash_of(label):
        return sum(label.encode()) % 5

    inputs = [labelled("x0", Value(0.75)), labelled("x1", Value(-1.25))]
    first = [neuron(f"h{i}", inputs, True) for i in range(4)]
    second = [neuron(f"k{i}", first, True) for i in range(4)]
    output = neuron("out", second, False)
    return labelled("loss", (labelled("miss", output - 1.0)) ** 2), made


def final_grads(found):
    last = {
        frame["node"]: float(frame["exact"])
        for frame in found["frames"]
        if frame["kind"] in ("seed", "send")
    }
    return {card["name"]: last.get(card["id"], 0.0) for card in found["cards"]}


def test_collapsed_steps_end_at_the_engines_gradients():
    loss, made = collapsible()
    found = told(loss, collapse="neurons")
    assert [card["leaf"] for card in found["cards"]] == [True] * 2 + [False] * 11
    assert len(found["edges"]) == 2 * 4 + 4 * 4 + 4 + 2
    loss.backward()
    grads = final_grads(found)
    assert grads == {label: value.grad for label, value in made.items()}
    assert (
        len(set(grads.values())) == 12 and 0.0 not in grads.values()
    )  # miss and out have the same


def test_collapsed_rules_hold_in_numbers():
    """Read off the page: every `p.grad += a × b = c` is true to its four digits, and so is every running sum."""
    loss, made = collapsible()
    found = told(loss, collapse="neurons")
    loss.backward()
    rules = [
        frame["numbers"].replace("−", "-") for frame in found["frames"] if frame["kind"] == "send"
    ]
    assert (
        len(rules)
        == len({frame["edge"] for frame in found["frames"] if frame["kind"] == "send"})
        == 30
    )
    sums = {}
    for rule in rules:
        parent, a, b, c = re.fullmatch(
            r"(\w+)\.grad \+= (\S+) × \(?([^ )]+)\)? = (\S+)", rule
        ).groups()
        assert float(a) * float(b) == pytest.approx(float(c), rel=2e-3)
        sums[parent] = sums.get(parent, 0.0) + float(c)
    assert sums == pytest.approx({label: made[label].grad for label in sums}, abs=1e-3)


def test_several_edges_from_one_value_are_a_sum_too():
    outputs = [value for label, value in collapsible()[1].items() if label.startswith("k")]
    found = told(engine.total(outputs), collapse="layers")
    assert found["edges"][-1]["local"] == "4 edges"
    assert "nan" not in json.dumps(found)


def test_layers_send_the_sum_over_their_edges():
    loss, made = collapsible()
    found = told(loss, collapse="layers")
    loss.backward()
    grads = final_grads(found)
    for layer, outputs in (("layer 0", "h"), ("layer 1", "k")):
        assert grads[layer] == pytest.approx(
            sum(made[f"{outputs}{i}"].grad for i in range(4)), rel=1e-12
        )
    assert grads["x0"] == made["x0"].grad and grads["x1"] == made["x1"].grad
    assert [edge["local"] for edge in found["edges"] if "edges" in edge["local"]] == [
        "4 edges",
        "4 edges",
        "16 edges",
        "4 edges",
    ]


def test_a_step_along_several_edges_says_how_many_and_lists_what_they_add():
    loss, made = collapsible()
    found = told(loss, collapse="layers")
    loss.backward()
    [output] = made["miss"].parents[:1]
    shares = [
        output.grad * weight.data for weight in output.parents[:4]
    ]  # out = b + w·k, so k sends w times its grad
    send = next(frame for frame in found["frames"] if "4 edges" in frame["say"])
    assert (
        send["say"]
        == "layer 2 sends its contribution to layer 1 along 4 edges. This step is their sum."
    )
    assert send["rule"] == "layer 1.grad += Σ grad × local, over 4 edges"
    terms, total = send["numbers"].replace("−", "-").removeprefix("layer 1.grad += ").split(" = ")
    assert [
        float(term) for term in terms.replace("- ", "-").replace("+ ", "").split()
    ] == pytest.approx(shares, rel=1e-3)
    assert float(total) == pytest.approx(sum(shares), rel=1e-3)
    [one] = told(
        engine.weighted_sum([Value(2.0)], [Value(3.0, label="x")], Value(1.0)), collapse="layers"
    )["frames"][-2:-1]
    assert (
        one["say"].endswith("sends its contribution to x:  ∂layer 0/∂x = 2")
        and one["numbers"] == "x.grad += 1 × 2 = 2"
    )
    many = next(frame for frame in found["frames"] if "16 edges" in frame["say"])
    assert "+ 10 more = " in many["numbers"]


def test_collapsed_page_starts_from_zero_too():
    loss, _ = collapsible()
    before = [stepper(loss, collapse=level).html for level in ("neurons", "layers")]
    loss.backward()
    loss.backward()
    assert [stepper(loss, collapse=level).html for level in ("neurons", "layers")] == before


def test_module_and_names_name_what_has_no_label_and_leave_no_trace():
    import nn

    model, x, y = nn.MLP(2, [4, 4, 1]), Value(1.0), Value(2.0)
    loss = (model([x, y]) - 1.0) ** 2
    before = stepper(loss).html
    cards = told(loss, module=model, names={"x": x, "y": y, "loss": loss}, collapse="neurons")[
        "cards"
    ]
    names = [card["name"] for card in cards]
    assert {"x", "y", "loss", "layer0.neuron3", "layer1.neuron0", "layer2.neuron0", "v₁"} <= set(
        names
    )
    assert x.label == y.label == loss.label == "" and stepper(loss).html == before


def test_collapse_is_automatic_where_draw_collapses():
    from nn import MLP

    loss = MLP(2, [16, 16, 1])([Value(1.0, label="x"), Value(2.0, label="y")])
    assert len(told(loss)["cards"]) == len(engine.draw(loss).scene.cards) < 40
    with pytest.raises(ValueError, match="more than a page shows"):
        stepper(loss, collapse="none")
    with pytest.raises(ValueError, match="collapse 'neurones'"):
        stepper(loss, collapse="neurones")


@pytest.mark.parametrize("label", LABELS)
def test_hostile_labels_are_inert(label):
    x = Value(2.0, label=label)
    y = x * x
    y.label = label
    page = stepper(y, title=label)
    reader = read(page)
    assert reader.tags.count("script") == 2
    assert "img" not in reader.tags and "table" not in reader.tags
    assert not [
        name
        for name, _ in reader.attributes
        if name.startswith("on") or name in ("src", "href", "srcdoc", "style")
    ]
    assert json.loads(page.html.split('type="application/json">')[1].split("</script>")[0])["cards"]
    assert not re.search("[\x00-\x08\x0b-\x1f\ud800-\udfff]", page.html)
    assert not re.search("[\u2028\u2029]", page.html.split("<script")[1])
    page.html.encode("utf-8")


@pytest.mark.parametrize("label", ["</script >", "</script\t", "</SCRIPT/x>", "<!--<script "])
def test_data_cannot_end_its_element(label):
    data = stepper(Value(2.0, label=label) * 3.0).html.split('type="application/json">')[1]
    data = data.split("</script>\n<script>")[0]  # where the page's own script begins
    cards = json.loads(data)["cards"]
    name = cards["rows"][0][cards["fields"].index("name")]
    assert "<" not in data and name in (label, label.replace("\t", "\ufffd"))


def test_policy_allows_this_script_and_this_style_alone():
    html = stepper(fan()).html
    policy = re.search('Content-Security-Policy" content="(.*?)"', html)[1]
    assert policy.startswith("default-src 'none'")
    for tag in ("script", "style"):
        text = re.search(f"<{tag}>(.*?)</{tag}>", html, re.DOTALL)[1]
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert "http" not in html.replace("http-equiv", "").replace("http://www.w3.org/2000/svg", "")


def test_save_writes_html_and_nothing_else(tmp_path):
    path = stepper(fan()).save(tmp_path / "f.html")
    assert path.read_bytes().startswith(b"<!doctype html>") and b"\r" not in path.read_bytes()
    with pytest.raises(ValueError, match=r"write f\.html"):
        stepper(fan()).save(tmp_path / "f.svg")
    with pytest.raises(FileNotFoundError, match=r"there is no folder .*gone: make it first"):
        stepper(fan()).save(tmp_path / "gone" / "f.html")
    assert [p.name for p in tmp_path.iterdir()] == ["f.html"]


def test_notebook_shows_a_sandboxed_frame_and_a_picture():
    bundle = stepper(fan())._repr_mimebundle_()
    assert set(bundle) == {"text/html", "image/svg+xml", "text/plain"}
    reader = Reader()
    reader.feed(bundle["text/html"])
    attributes = dict(reader.attributes)
    assert reader.tags == ["style", "iframe"] and attributes["sandbox"] == "allow-scripts"
    assert attributes["srcdoc"] == stepper(fan()).html


def test_height_of_the_frame_follows_the_graph():
    x = Value(1.0, label="x")
    heights = [
        int(re.search('height="([0-9]+)"', stepper(root)._repr_mimebundle_()["text/html"])[1])
        for root in (x, fan(), engine.total([x * 2.0 for _ in range(20)]))
    ]
    assert heights[0] == 600 < heights[1] < 760 == heights[2]


def test_two_processes_write_the_same_bytes(python):
    program = (
        "from engine import Value, stepper; import hashlib; a, b = Value(2.0, label='a'), Value(3.0); "
        "print(hashlib.sha256(stepper((a * b + a).tanh()).html.encode()).hexdigest())"
    )
    said = {
        subprocess.run(
            [python, "-c", program],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(said) == 1
