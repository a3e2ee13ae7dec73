"""The film of a training run: what is on the page, against matrices in NumPy; every control in real browsers."""

import base64
import importlib.util
import json
import math
import random
import re
import shutil
import struct
import subprocess
from itertools import product
from pathlib import Path

import pytest
from browsers import Opened
from firefox import PROGRAM, Firefox
from hostile import LABELS, clean

import engine
import nn
from demos.data import moons
from engine import Value
from engine.view.html import COMMENT, asset
from engine.view.training import SCRIPTS, _check

MINUS = "−"


def trained(sizes=(3, 1), inputs=2, epochs=6, targets=None, loss=nn.squared_error, **options):
    """A small network, and the history of its run."""
    net = nn.MLP(inputs, sizes, activation="tanh", seed=4)
    points = product((-1.0, 0.5), repeat=inputs) if inputs > 1 else [[-1.0], [0.5], [2.0], [3.0]]
    rows = [list(row) for row in points]
    answers = targets or [1.0 if i % 3 else -1.0 for i in range(len(rows))]
    optimizer = nn.Adam(net.parameters(), 0.1)
    return net, nn.fit(
        net, rows, answers, loss=loss, optimizer=optimizer, epochs=epochs, record=1,
        progress=False, **options,
    )  # fmt: skip


def content(film):
    """The data of a page."""
    text = re.search(
        r'<script id="data" type="application/json">(.*?)</script>', film.html, re.DOTALL
    )[1]
    return json.loads(text)


def decoded(text, kind):
    numbers = base64.b64decode(text)
    return list(struct.unpack(f"<{len(numbers) // struct.calcsize(kind)}{kind}", numbers))


# -- what is on the page


def test_every_moment_is_there_bit_for_bit():
    net, history = trained(validation=([[0.0, 0.0]], [0.5]))
    told = content(nn.film(net, history))
    assert told["names"] == list(net.named_parameters())
    assert told["epochs"] == list(range(7))
    assert told["loss"] == [moment.loss for moment in history.moments]
    assert told["validation"] == history.validation
    weights = [x for moment in history.moments for x in moment.weights]
    gradients = [x for moment in history.moments for x in moment.gradient]
    assert decoded(told["weights"], "d") == weights
    assert decoded(told["gradients"], "f") == pytest.approx(gradients, rel=6e-8)


def test_the_network_has_a_wire_for_each_weight_and_a_rim_for_each_bias():
    net, history = trained((16, 16, 1), epochs=1)
    told = content(nn.film(net, history))
    circles, wires = told["network"]["circles"], told["network"]["wires"]
    assert [circle["name"] for circle in circles[:2]] == ["x₀", "x₁"]
    assert len(circles) == 35 and len(wires) == 2 * 16 + 16 * 16 + 16
    for start, end, parameter, path in wires:
        layer, neuron, weight = re.fullmatch(
            r"layer(\d)\.neuron(\d+)\.w(\d+)", told["names"][parameter]
        ).groups()
        assert circles[end]["name"] == f"layer{layer}.neuron{neuron}"
        before = f"layer{int(layer) - 1}.neuron{weight}" if layer != "0" else "x₀x₁"[2 * int(weight) :][:2]  # fmt: skip
        assert circles[start]["name"] == before and path.startswith("M")
    for circle in circles[2:]:
        assert told["names"][circle["bias"]] == f"{circle['name']}.b"
    captions = [words for _, words in told["network"]["captions"]]
    assert captions == ["layer0", "layer1", "layer2"] and told["why"] == ""


def test_several_outputs_have_no_sum_behind_them():
    net, history = trained((4, 3), targets=[0, 1, 2, 0], loss=nn.cross_entropy)
    told = content(nn.film(net, history))
    assert [circle["kind"] for circle in told["network"]["circles"]] == ["input"] * 2 + ["neuron"] * 7  # fmt: skip
    assert len(told["plane"]["outputs"]) == 3 and told["plane"]["targets"] == [0, 1, 2, 0]


def answers_of_the_page(film, moment):
    """What the page computes over the plane at a moment, by node: the outputs' and neurons' numbers."""
    node = shutil.which("node")
    if not node:
        pytest.skip("no node")
    script = re.search(r"<script>(.*?)</script>", film.html, re.DOTALL)[1]
    parts = [COMMENT.sub("", asset(name)) for name in SCRIPTS]
    wanted, rest = parts[:3], script.index(parts[3])
    assert all(part in script for part in wanted)
    reading = 'JSON.parse(document.getElementById("data").textContent)'
    head = script[:rest].replace(reading, json.dumps(content(film)))
    show = f"console.log(JSON.stringify([CELLS, [...fieldsAt({moment})].map(([i, f]) => [i, [...f]])]));"
    done = subprocess.run(
        [node, "-"], input=f"{head}{show}}})();", capture_output=True, text=True, check=True,
        timeout=60,
    )  # fmt: skip
    cells, fields = json.loads(done.stdout)
    return cells, dict(fields)


@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid", "gelu"])
def test_what_the_page_computes_over_the_plane_is_what_matrices_give(activation):
    np = pytest.importorskip("numpy", reason="the truth comes from matrices")
    net, history = trained(epochs=3)
    for layer in net.layers[:1]:
        for neuron in layer.neurons:
            neuron.activation = activation
    film = nn.film(net, history)
    plane, circles = content(film)["plane"], content(film)["network"]["circles"]
    functions = {
        "tanh": np.tanh,
        "relu": lambda z: np.maximum(z, 0.0),
        "sigmoid": lambda z: 1.0 / (1.0 + np.exp(-z)),
        "gelu": lambda z: z * 0.5 * np.vectorize(math.erfc)(-z / math.sqrt(2.0)),
    }
    for k in (0, 3):
        cells, fields = answers_of_the_page(film, k)
        (left, right), (low, high) = plane["range"]
        part = (np.arange(cells) + 0.5) / cells
        x, y = np.meshgrid(left + (right - left) * part, (low + (high - low) * part)[::-1])
        w = np.array(history.moments[k].weights)
        first, last = w[:9].reshape(3, 3), w[9:]
        z = np.stack([x.ravel(), y.ravel()], 1) @ first[:, :2].T + first[:, 2]
        hidden = functions[activation](z)
        for j in range(3):
            found = fields[circles[2 + j]["node"]]
            assert found == pytest.approx(hidden[:, j].tolist(), rel=1e-12, abs=1e-14)
        found = fields[plane["outputs"][0]]
        assert found == pytest.approx((hidden @ last[:3] + last[3]).tolist(), rel=1e-12, abs=1e-14)


def test_moons_over_40_epochs_have_less_than_a_megabyte():
    """The size depends on how many numbers there are, not on which; tests/test_demos_training.py trains."""
    net, rng = nn.MLP(2, [16, 16, 1], activation="relu", seed=0), random.Random(0)
    numbers = [[rng.gauss(0.0, 1.0) for _ in net.parameters()] for _ in range(82)]
    moments = [nn.Moment(k, rng.random(), *numbers[2 * k : 2 * k + 2]) for k in range(41)]
    history = nn.History([0.5] * 40, moments=moments, examples=moons(100, noise=0.1, seed=0))
    assert len(nn.film(net, history).html.encode()) < 340_000


def test_nothing_is_changed():
    net, history = trained()
    before = [(p.data, p.grad) for p in net.parameters()]
    moments = list(history.moments)
    nn.film(net, history)
    assert before == [(p.data, p.grad) for p in net.parameters()] and history.moments == moments


def test_a_loop_of_ones_own():
    w, b = Value(0.5, label="w"), Value(0.0, label="b")
    moments = []
    for epoch in range(3):
        loss = (engine.weighted_sum([w], [2.0], b) - 3.0) ** 2
        w.grad = b.grad = 0.0
        loss.backward()
        moments.append((epoch, loss.data, [w.data, b.data], [w.grad, b.grad]))
        w.data -= 0.1 * w.grad
        b.data -= 0.1 * b.grad
    film = engine.film(lambda x: engine.weighted_sum([w], x, b), {"w": w, "b": b}, moments)
    told = content(film)
    assert [circle["name"] for circle in told["network"]["circles"]] == ["x₀", "neuron 0"]
    assert told["loss"] == [4.0, 0.0, 0.0] and repr(film) == "<Film of 3 moments, 2 parameters>"
    assert told["noPlane"] == "it is drawn for two inputs, and this model has 1 input"


def test_a_checkpoint_is_a_film_too(tmp_path):
    path = tmp_path / "run.json"
    net, history = trained(checkpoint=path, validation=([[0.0, 0.0]], [0.5]))
    told, same = content(nn.film(net, path)), content(nn.film(net, history))
    assert told["plane"].pop("points") == told["plane"].pop("targets") == []
    assert told["plane"].pop("range") == [[-1.24, 1.24]] * 2
    for each in ("points", "targets", "range"):
        same["plane"].pop(each)
    assert told == same
    rows, targets = history.examples
    assert content(nn.film(net, str(path), rows, targets)) == content(nn.film(net, history))


def test_numbers_that_are_not_finite():
    net, history = trained(epochs=2)
    broken = history.moments[1]._replace(loss=math.nan)
    broken.weights[0], broken.gradient[1], broken.gradient[2] = math.inf, math.nan, 1e300
    history.moments[1] = broken
    told = content(nn.film(net, history))
    assert told["loss"][1] == "nan"
    assert decoded(told["weights"], "d")[13] == math.inf
    assert decoded(told["gradients"], "f")[15] == math.inf


# -- what can't be shown is said in one line


class Recurrent(nn.Module):
    def __init__(self):
        self.cell = nn.Layer(1 + 2, 2, activation="tanh", seed=0)
        self.out = nn.Neuron(2, activation="linear", seed=1)
        self.label_parameters()

    def forward(self, xs):
        state = [0.0] * 2
        for x in xs:
            state = self.cell([x, *state])
        return self.out(state)


class Decides(nn.Module):
    def __init__(self):
        self.one, self.other = nn.Neuron(2, seed=0), nn.Neuron(2, seed=1)

    def forward(self, x):
        return self.one(x) if x[0] > 0.0 else self.other(x)


class Hides(Decides):
    def forward(self, x):
        return self.one(x) if getattr(x[0], "data", x[0]) > 0.0 else self.other(x)


class Plain(nn.Module):
    def __init__(self):
        self.a = Value(0.5)

    def forward(self, x):
        return engine.sin(x * self.a)


class Nested(Plain):
    def forward(self, x):
        return [[self.a * x[0]], [self.a * x[1]]]


@engine.primitive(rule=lambda z, x: 1.0)
def same(x):
    return x


class Own(nn.Module):
    def __init__(self):
        self.neuron = nn.Neuron(2, activation=same, seed=0)

    def forward(self, x):
        return self.neuron(x)


def filmed(model, rows=((1.0, 2.0), (-1.0, 0.5)), targets=(1.0, -1.0)):
    count = len(model.parameters())
    weights = [p.data for p in model.parameters()]
    moments = [nn.Moment(k, 1.0, weights, [0.1] * count) for k in range(2)]
    history = nn.History([1.0], [0.1], moments=moments, examples=(list(rows), list(targets)))
    return content(nn.film(model, history))


def test_a_recurrent_network_is_unrolled():
    told = filmed(Recurrent(), rows=[[1.0, 2.0, 3.0]], targets=[0.0])
    names = [circle["name"] for circle in told["network"]["circles"]]
    assert names.count("cell.neuron0") == 1 and "cell.neuron0 (3)" in names and told["why"] == ""
    assert told["noPlane"] == "it is drawn for two inputs, and this model has 3 inputs"


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (Decides, "the model chooses by Python's if, which a page can't: engine.where can"),
        (Hides, "the model computes some examples in another way than the first"),
        (Own, "same is an operation of your own: it is not in JavaScript"),
    ],
)
def test_a_model_that_the_page_cannot_compute(model, words):
    told = filmed(model())
    assert told["plane"] is None and told["noPlane"] == words and told["network"]


@pytest.mark.parametrize(
    ("model", "rows", "words"),
    [
        (Plain, [1.0, 2.0], "The network can't be drawn: it has no neurons."),
        (Nested, [[1.0, 2.0]] * 2, "The network can't be drawn: the model returns no Value or list of Values."),
        (Plain, ["ab", "cd"], "The network can't be drawn: the model, called with a row of Values, says"),
    ],
)  # fmt: skip
def test_a_model_without_a_network_has_strips(model, rows, words):
    told = filmed(model(), rows=rows)
    assert told["network"] is None and told["why"].startswith(words)


@pytest.mark.parametrize(
    ("module", "limit", "words"),
    [
        (
            "network",
            "MOST_WIRES",
            "6 circles and 9 wires are too many to read (500 and 5 at most).",
        ),
        ("training", "EDGES", "7 values and 25 edges of an example are too many for a page."),
    ],
)
def test_a_network_that_is_too_large(module, limit, words, monkeypatch):
    monkeypatch.setattr(f"engine.view.{module}.{limit}", 5)
    told = filmed(nn.MLP(2, [3, 1], seed=0))
    assert told["network"] is None and told["why"] == f"The network can't be drawn: {words}"


def test_what_follows_the_neurons_of_several_outputs():
    net = nn.Sequential(nn.Layer(2, 3, "linear", seed=0), engine.softmax)
    told = filmed(net, targets=[0, 2])["network"]["circles"]
    assert [circle["name"] for circle in told][-1] == "outputs" and len(told) == 6


def test_parameters_outside_the_network_are_named():
    class Scaled(nn.Module):
        def __init__(self):
            self.net, self.scale = nn.MLP(2, [2, 1], seed=0), Value(2.0)

        def forward(self, x):
            return self.net(x)

    assert filmed(Scaled())["why"] == "Not in the network but under Parameters: scale."


def test_targets_that_are_no_numbers_colour_no_point():
    net = nn.MLP(2, [3, 1], seed=0)
    assert filmed(net, targets=["a", "b"])["plane"]["targets"] == []
    assert filmed(net, targets=[math.nan, 1.0])["plane"]["targets"] == []
    assert filmed(net, targets=[[1.0, 0.0], [0.0, 1.0]])["plane"]["targets"][0] == [1.0, 0.0]


def test_a_sigmoid_has_its_boundary_at_one_half():
    net = nn.MLP(2, [3, 1], output="sigmoid", seed=0)
    assert filmed(net)["plane"]["level"] == 0.5
    assert filmed(nn.MLP(2, [3, 1], seed=0))["plane"]["level"] == 0.0


# -- errors


def test_errors(tmp_path):
    net, history = trained(epochs=2)
    with pytest.raises(ValueError, match=r"nothing was recorded: write fit\(\.\.\., record=1\)"):
        nn.film(net, nn.History([1.0], [0.1]))
    with pytest.raises(ValueError, match="history is of 13 parameters, and this model has 9"):
        nn.film(nn.MLP(2, [2, 1], seed=0), history)
    with pytest.raises(ValueError, match="2 inputs and 1 targets"):
        nn.film(net, history, [[0.0, 1.0]] * 2, [1.0])
    with pytest.raises(ValueError, match=r"a film is an \.html file, not 'film.png': write film"):
        nn.film(net, history).save(tmp_path / "film.png")
    net.save(tmp_path / "weights.json")
    with pytest.raises(ValueError, match="this is not a checkpoint of fit"):
        nn.film(net, tmp_path / "weights.json")
    with pytest.raises(FileNotFoundError):
        nn.film(net, tmp_path / "none.json")


@pytest.mark.parametrize(
    ("moments", "parameters", "words"),
    [
        ([], 2, "0 moments of 2 parameters: there is no film"),
        ([(0, 1.0, [1.0], [1.0, 2.0])], 2, "epoch 0 has 1 numbers and 2 gradients for 2"),
        ([(1, 1.0, [1.0], [1.0])] * 2, 1, r"do not rise: \[1, 1\]"),
        ([(k, 1.0, range(4_000), range(4_000)) for k in range(800)], 4_000, "record fewer epochs"),
    ],
)
def test_moments_that_do_not_fit(moments, parameters, words):
    with pytest.raises(ValueError, match=words):
        _check(moments, parameters)


# -- text that somebody else chose


def hostile():
    """A network whose parts have hostile names."""

    class Host(nn.Module):
        def __init__(self):
            self.parts = {
                f"{i}{x[:50]}": nn.Neuron(2, "tanh", seed=i) for i, x in enumerate(LABELS)
            }
            self.top = nn.Neuron(len(LABELS), "linear", seed=3)
            self.label_parameters()

        def forward(self, x):
            return self.top([neuron(x) for neuron in self.parts.values()])

    model = Host()
    weights = [p.data for p in model.parameters()]
    moments = [nn.Moment(k, 1.0, weights, weights) for k in range(2)]
    examples = [[1.0, 2.0], [-1.0, 0.5]], [1.0, -1.0]
    history = nn.History([1.0], [0.1], moments=moments, examples=examples)
    return model, nn.film(model, history, title="</script><script>alert(1)</script>")


def test_hostile_names_are_text():
    model, film = hostile()
    told = content(film)
    assert told["names"] == [clean(str(name)) for name in model.named_parameters()]
    assert film.html.count("<script") == film.html.count("</script>") == 2
    assert "<img" not in film.html and "javascript:" not in film.html.replace("javascript:alert(1)", "")  # fmt: skip
    assert not re.search(r"""(?:src|href)\s*=\s*["']?(?:https?:)?//""", film.html)
    assert "default-src 'none'" in film.html


def test_a_notebook_shows_a_frame_that_may_run_its_script_and_nothing_else():
    html = nn.film(*trained(epochs=1))._repr_html_()
    assert '<iframe sandbox="allow-scripts"' in html and html.count("<script") == 0


# -- in a real browser


class InChromium:
    """The page in Chromium, with what it asked for and said."""

    def __init__(self, browser, path, fragment="", **options):
        self.shown = Opened(browser, path, **options)
        self.page = self.shown.page
        if fragment:
            self.page.goto("about:blank")
            self.page.goto(path.as_uri() + fragment)

    def text(self, selector):
        return self.page.text_content(selector)

    def press(self, *keys):
        self.shown.press(*keys)

    def click(self, selector):
        self.page.click(selector)

    def evaluate(self, function, *arguments):
        return self.page.evaluate(function, *arguments)

    def close(self):
        assert self.shown.trouble == []
        assert {url.partition(":")[0] for url in self.shown.requests} <= {"file", "about"}
        assert len({url.partition("#")[0] for url in self.shown.requests} - {"about:blank"}) == 1
        self.page.close()


class InFirefox:
    """The page in Firefox."""

    KEYS = {"ArrowRight": "\ue014", "ArrowLeft": "\ue012", "End": "\ue010", "Home": "\ue011",
            "Escape": "\ue00c", "Enter": "\ue007", "ArrowDown": "\ue015"}  # fmt: skip

    def __init__(self, folder, path, fragment=""):
        folder.mkdir()
        self.firefox = Firefox(folder)
        self.firefox.call("WebDriver:SetWindowRect", width=1180, height=845)
        self.firefox.call("WebDriver:Navigate", url=path.as_uri() + fragment)

    def text(self, selector):
        return self.evaluate("(selector) => document.querySelector(selector).textContent", selector)

    def press(self, *keys):
        self.firefox.press(*(self.KEYS.get(key, key) for key in keys))

    def click(self, selector):
        self.firefox.click(selector)

    def evaluate(self, function, *arguments):
        return self.firefox.evaluate(function, *arguments)

    def close(self):
        asked = "() => performance.getEntriesByType('resource').map((entry) => entry.name)"
        assert self.evaluate(asked) == []
        self.firefox.close()


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """The pages that the browsers open."""
    folder = tmp_path_factory.mktemp("films")
    small, history = trained(validation=([[0.0, 0.0]], [0.5]))
    classes = trained((4, 3), targets=[0, 1, 2, 0], loss=nn.cross_entropy)
    films = {
        "small": nn.film(small, history, title="Small"),
        "classes": nn.film(*classes),
        "four": nn.film(*trained((3, 1), inputs=4)),
        "hostile": hostile()[1],
    }
    return {name: film.save(folder / f"{name}.html") for name, film in films.items()}, history


@pytest.fixture
def opened_film(browser, saved):
    pages = []

    def open_page(name="small", fragment="", **options):
        pages.append(InChromium(browser, saved[0][name], fragment, **options))
        return pages[-1]

    yield open_page
    for page in pages:
        page.close()


def loss_text(history, epoch):
    return f"loss {history.moments[epoch].loss:.4g}"


def walk_through(page, history):
    """What every browser has to do: keys, buttons, the views, a neuron, the curve."""
    count = len(history.moments[0].weights)
    assert page.text("#count") == "epoch 0 of 6" and page.text("#now").startswith(loss_text(history, 0))  # fmt: skip
    page.press("ArrowRight", "ArrowRight")
    assert page.text("#count") == "epoch 2 of 6" and page.text("#now").startswith(loss_text(history, 2))  # fmt: skip
    page.press("End")
    assert page.text("#count") == "epoch 6 of 6"
    page.press("Home", "ArrowRight", "g")
    assert page.evaluate("() => document.getElementById('by-gradient').getAttribute('aria-pressed')") == "true"  # fmt: skip
    page.click("#next")
    page.click("[data-circle='2'] .rim")
    assert page.text("#panel-title") == "layer0.neuron0"
    cells = page.evaluate("() => [...document.querySelectorAll('#table tbody tr')].map((row) => [...row.children].map((cell) => cell.textContent))")  # fmt: skip
    moment, before = history.moments[2], history.moments[1]
    for p, cell in zip(range(3), cells, strict=True):
        numbers = moment.weights[p], moment.gradient[p], moment.weights[p] - before.weights[p]
        assert cell[2:] == [f"{x:.4g}".replace("-", MINUS) for x in numbers]
    assert page.text("#plane-title") == "What layer0.neuron0 gives"
    page.press("Escape")
    assert page.text("#panel-title").startswith("Layers: gradient, and change since epoch 1")
    norms = page.evaluate("() => [...document.querySelectorAll('#table tbody tr')].map((row) => row.children[1].textContent)")  # fmt: skip
    split = moment.gradient[:9], moment.gradient[9:]
    assert norms == [f"{math.hypot(*part):.4g}" for part in split]
    page.press("v")
    assert page.evaluate("() => document.getElementById('stage').hidden")
    page.click("#see-network")
    assert not page.evaluate("() => document.getElementById('stage').hidden")
    right = page.evaluate("""() => { const box = document.getElementById('curve').getBoundingClientRect();
        return [box.right - 12, box.top + box.height / 2]; }""")  # fmt: skip
    assert right[0] > 0 and count == 13


@pytest.mark.browser
def test_controls_in_chromium(opened_film, saved):
    page = opened_film()
    walk_through(page, saved[1])
    box = page.page.locator("#curve").bounding_box()
    page.page.mouse.click(box["x"] + box["width"] - 12, box["y"] + box["height"] / 2)
    assert page.text("#count") == "epoch 6 of 6"
    page.evaluate("""() => { const s = document.getElementById('scrub'); s.value = 4;
        s.dispatchEvent(new Event('input')); }""")
    assert page.text("#count") == "epoch 4 of 6"
    assert page.page.get_attribute("#scrub", "aria-valuetext") == f"epoch 4 of 6, {loss_text(saved[1], 4)}"  # fmt: skip
    page.click("#log")
    assert page.page.get_attribute("#log", "aria-pressed") in ("true", "false")
    page.page.focus("[data-circle='3']")
    page.press("Enter")
    assert page.text("#panel-title") == "layer0.neuron1" and page.text("#count") == "epoch 4 of 6"
    page.press("Enter")
    assert page.text("#panel-title").startswith("Layers")


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.skipif(not PROGRAM, reason="no Firefox is installed")
def test_controls_in_firefox(saved, tmp_path):
    page = InFirefox(tmp_path / "profile", saved[0]["small"])
    try:
        walk_through(page, saved[1])
    finally:
        page.close()


@pytest.mark.browser
@pytest.mark.slow
def test_play_goes_to_the_end_and_can_be_paused(opened_film):
    page = opened_film(reduced_motion="reduce")
    page.page.select_option("#speed", "4")
    page.press("Escape")
    page.click("#play")
    assert page.page.get_attribute("#play", "aria-pressed") == "true"
    page.shown.until("document.getElementById('count').textContent === 'epoch 6 of 6'")
    assert page.page.get_attribute("#play", "aria-pressed") == "false"
    page.page.select_option("#speed", "0.25")
    page.click("#play")
    page.click("#play")
    assert page.page.get_attribute("#play", "aria-pressed") == "false"


@pytest.mark.browser
@pytest.mark.slow
def test_a_wire_tells_its_three_numbers(opened_film, saved):
    page = opened_film(fragment="#epoch=3")
    page.page.dispatch_event("[data-wire='0'] .hit", "pointerover", {"bubbles": True})
    told, moments = page.text("#readout"), saved[1].moments
    name = content_of(saved[0]["small"])["network"]["wires"][0][2]
    w, g = moments[3].weights[name], moments[3].gradient[name]
    change = w - moments[2].weights[name]
    for x in (w, g, change):
        assert f"{x:.4g}".replace("-", MINUS) in told
    assert "since epoch 2" in told and page.text("[data-wire='0'] title") == told


def content_of(path):
    text = Path(path).read_text("utf-8")
    return json.loads(re.search(r'application/json">(.*?)</script>', text, re.DOTALL)[1])


@pytest.mark.browser
@pytest.mark.slow
def test_the_address_holds_the_moment(opened_film):
    page = opened_film(fragment="#epoch=3&by=change&circle=2")
    assert page.text("#count") == "epoch 3 of 6" and page.text("#panel-title") == "layer0.neuron0"
    assert page.page.get_attribute("#by-change", "aria-pressed") == "true"
    page.press("ArrowRight")
    page.shown.until("location.hash === '#epoch=4&by=change&circle=2'")
    page.evaluate("() => { location.hash = '#epoch=99'; }")
    page.shown.until("document.getElementById('count').textContent === 'epoch 6 of 6'")
    for bad in ("#epoch=x", "#circle=999", "#by=constructor", "#epoch=NaN&by=%"):
        page.evaluate("(hash) => { location.hash = hash; }", bad)
    assert page.text("#count") == "epoch 6 of 6"


@pytest.mark.browser
def test_the_colours_of_the_plane_are_those_of_the_output(opened_film, saved):
    """A cell in the page is orange where the network's output is above 0, and blue where it is below."""
    page = opened_film(fragment="#epoch=6")
    net = nn.MLP(2, [3, 1], activation="tanh", seed=4)
    for p, x in zip(net.parameters(), saved[1].moments[6].weights, strict=True):
        p.data = x
    seen = page.evaluate("""() => { const c = document.getElementById('plane'), g = c.getContext('2d');
        const { data } = g.getImageData(0, 0, c.width, c.height), parts = [0.1, 0.3, 0.5, 0.7, 0.9];
        const at = (x, y) => 4 * (Math.floor(y * c.height) * c.width + Math.floor(x * c.width));
        return parts.flatMap((y) => parts.map((x) => [x, y, ...data.slice(at(x, y), at(x, y) + 4)])); }""")  # fmt: skip
    (left, right), (low, high) = content_of(saved[0]["small"])["plane"]["range"]
    for x, y, red, _, blue, _ in seen:
        score = net.predict([[left + (right - left) * x, high - (high - low) * y]])[0]
        if abs(score) > 0.1:
            assert (red > blue) == (score > 0.0)


@pytest.mark.browser
@pytest.mark.slow
def test_one_of_several_outputs_is_chosen(opened_film):
    page = opened_film("classes")
    options = page.evaluate("() => [...document.querySelectorAll('#output option')].map((each) => each.textContent)")  # fmt: skip
    assert options == ["the largest: the class", "output 0", "output 1", "output 2"]
    assert page.page.locator("#plane-marks .boundary").count() == 3
    page.page.select_option("#output", "1")
    assert page.page.locator("#plane-marks .boundary").count() == 1
    assert page.page.locator("#plane-marks circle.point").count() == 1
    assert re.fullmatch(r"\d of 4 right", page.text("#right"))


@pytest.mark.browser
@pytest.mark.slow
def test_without_two_inputs_there_is_no_plane(opened_film):
    page = opened_film("four")
    assert page.page.locator("#plane-section").is_hidden()
    assert page.text("#why") == "No decision boundary: it is drawn for two inputs, and this model has 4 inputs."  # fmt: skip
    inside = page.evaluate("() => [...document.querySelectorAll('.circle.neuron .inside')].map((each) => each.textContent)")  # fmt: skip
    assert len(inside) == 4 and all(inside)


@pytest.mark.browser
def test_hostile_names_run_nothing(opened_film):
    page = opened_film("hostile")
    page.press("ArrowRight", "c", "v", "v")
    page.click("[data-circle='20'] .rim")
    assert page.page.locator("script").count() == 2
    assert page.page.locator("img, a, iframe").count() == 0
    assert page.text("#title") == "</script><script>alert(1)</script>"


@pytest.mark.browser
@pytest.mark.slow
def test_strips_by_mouse_and_keys(opened_film, saved):
    page = opened_film()
    page.click("#see-strips")
    page.page.focus("#strips-stage")
    page.press("ArrowDown", "ArrowDown")
    assert page.text("#readout").startswith("layer0.neuron0.w1 = ")
    box = page.page.locator("#strips").bounding_box()
    page.page.mouse.click(box["x"] + box["width"] - 5, box["y"] + box["height"] - 3)
    assert page.text("#readout").startswith("layer1.neuron0.b = ")
    assert page.text("#count") == "epoch 6 of 6"


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("size", [(1440, 900), (1024, 768), (1920, 1080), (390, 844)])
def test_it_fits_its_window(opened_film, size):
    width, height = size
    page = opened_film(viewport={"width": width, "height": height}, fragment="#epoch=3")
    wide, high = page.evaluate("() => [document.documentElement.scrollWidth, document.documentElement.scrollHeight]")  # fmt: skip
    assert wide == width and (high == height or width < 760)
    sections = page.page.locator("section").all()
    boxes = [section.bounding_box() for section in sections]
    assert all(box["x"] >= 0 and box["x"] + box["width"] <= width for box in boxes)
    stage = page.page.locator("#stage").bounding_box()
    for circle in page.page.locator(".circle .rim").all():
        box = circle.bounding_box()
        assert box["x"] >= stage["x"] and box["x"] + box["width"] <= stage["x"] + stage["width"] + 1
    sizes = page.evaluate("() => [...document.querySelectorAll('h1, h2, p, button, td, th, .tick, .label, .caption')].filter((e) => e.getClientRects().length).map((e) => parseFloat(getComputedStyle(e).fontSize))")  # fmt: skip
    assert min(sizes) >= 10.5


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("size", [(1440, 900), (1024, 768)])
def test_for_a_projector_everything_is_larger(opened_film, size):
    page = opened_film(viewport={"width": size[0], "height": size[1]}, fragment="#epoch=3")
    page.press("p")
    assert page.page.get_attribute("#present", "aria-pressed") == "true"
    sizes = page.evaluate("() => [...document.querySelectorAll('h1, h2, p, button, output, .tick, .axis, .label, .caption')].filter((e) => e.getClientRects().length).map((e) => parseFloat(getComputedStyle(e).fontSize))")  # fmt: skip
    assert min(sizes) >= 20
    shown = page.evaluate("() => [document.documentElement.scrollWidth, document.documentElement.scrollHeight]")  # fmt: skip
    assert shown == list(size)
    page.click("#present")
    assert page.page.locator("#panel").is_visible()


@pytest.mark.browser
@pytest.mark.slow
def test_on_paper_it_is_light_and_says_its_epoch(opened_film):
    page = opened_film(fragment="#epoch=3", color_scheme="dark")
    corner = "() => [...document.getElementById('answers').getContext('2d').getImageData(0, 0, 1, 1).data]"
    ink = "() => getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(ink) == "rgb(21, 23, 28)" and len(page.evaluate(corner)) == 4
    page.page.emulate_media(media="print")
    assert page.evaluate(ink) == "rgb(255, 255, 255)"
    assert page.page.locator("#count").is_visible() and page.page.locator("#play").is_hidden()


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_any_state(opened_film, scheme):
    found = importlib.util.find_spec("axe_playwright_python")
    if not found:
        pytest.skip("axe-core is not installed: pip install axe-playwright-python")
    axe = Path(found.origin).with_name("axe.min.js").read_text("utf-8")
    run = "async () => (await axe.run()).violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target)}`)"
    for name in ("small", "classes", "four"):
        page = opened_film(name, bypass_csp=True, color_scheme=scheme)
        page.evaluate(axe)
        for state in (
            "",
            "#next",
            "#by-gradient",
            "#by-change",
            "[data-circle='5'] .rim",
            "#see-strips",
            "#log",
        ):
            if state:
                page.click(state)
            assert page.evaluate(run) == [], (name, state)
