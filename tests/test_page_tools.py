"""What can be done on the living page, by mouse, keyboard and touch, in a real Chromium."""

import importlib.util
import io
import json
import math
import random
import re
import shutil
import subprocess
import xml.etree.ElementTree
from pathlib import Path

import pytest
from browsers import Opened
from firefox import PROGRAM, Firefox
from graphs import GRAPHS
from hostile import LABELS
from test_browser import chain
from test_living import numbers_script
from test_page import collapsible, fan

import engine
import nn
from engine import Value, stepper
from engine.debugger.mistakes import MISTAKES, gradients
from engine.explain import numbered, zeros
from engine.javascript import literal
from engine.view.animation import _all_names, animation
from engine.view.html import asset
from engine.view.page import _rows, _script, _with_tables
from engine.view.scene import Scene
from engine.view.selection import Graph, rebuilt_data


def put(shown, label, x):
    shown.page.fill(f"#leaf-{label}", str(x))


# -- leaves
# -------------------------------------------------------------------------------------------------


@pytest.mark.browser
def test_a_leaf_is_typed_and_everything_follows(opened):
    """f = a·b·(a + b): ∂f/∂a = 2ab + b², ∂f/∂b = a² + 2ab; at (1, 3) 15 and 7."""
    shown = opened()
    shown.page.click("#tab-leaves")
    put(shown, 0, 1)
    shown.press("Escape")
    shown.page.evaluate("document.activeElement.blur()")
    shown.press("End")
    assert shown.grads() == {"a": 15.0, "b": 7.0, "d": 4.0, "e": 3.0, "f": 1.0}
    assert shown.text("#card-0 .terms") == "= 12 + 3" and shown.text("#title") == "f = d·e = 12"
    assert "was −2" in shown.text("#card-0") and "was" not in shown.text("#card-1")
    shown.press(*["ArrowLeft"] * 2)
    assert shown.text("#numbers") == "a.grad += 4 × 3 = 12"
    assert shown.text("#sum") == "a.grad: 3 → 15"
    assert "∂d/∂a = b = 3" in shown.text("#say")
    shown.page.click("#reset")
    assert shown.text("#sum") == "a.grad: −6 → −3" and "was" not in shown.text("#card-0")
    assert shown.page.is_disabled("#reset")


@pytest.mark.browser
def test_a_leaf_is_dragged_and_stepped(opened):
    shown = opened(viewport={"width": 1440, "height": 900})
    box = shown.page.locator("#rows .leaf:nth-child(2) [type=range]").bounding_box()
    shown.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    shown.page.mouse.down()
    shown.page.mouse.move(box["x"] + box["width"] - 1, box["y"] + box["height"] / 2, steps=3)
    assert float(shown.page.get_attribute("#card-1", "data-data")) > 5.5
    most = shown.page.get_attribute("#rows .leaf:nth-child(2) [type=range]", "max")
    shown.page.mouse.up()
    grown = shown.page.get_attribute("#rows .leaf:nth-child(2) [type=range]", "max")
    assert float(grown) > float(most) == 6.0, "a range that is pushed grows"
    shown.page.focus("#leaf-0")
    shown.press("ArrowUp")
    assert float(shown.page.get_attribute("#card-0", "data-data")) == pytest.approx(-1.9)
    shown.page.focus("#rows .leaf:nth-child(1) [type=range]")
    shown.press("ArrowRight")
    assert float(shown.page.get_attribute("#card-0", "data-data")) == pytest.approx(-1.85)
    assert shown.index == 0, "keys in a field are the field's"


@pytest.mark.browser
def test_a_visit_that_is_skipped_comes_back(opened):
    x = Value(-1.0, label="x")
    shown = opened((x * 2.0).relu())
    count = int(shown.text("#count").split("/")[1])
    shown.page.click("#tab-leaves")
    put(shown, 0, 1.5)
    assert int(shown.text("#count").split("/")[1]) == count + 1  # a visit and a contribution
    shown.page.evaluate("document.activeElement.blur()")
    shown.press("End")
    assert shown.grads()["x"] == 2.0


@pytest.mark.browser
def test_a_branch_follows(opened):
    x, y = Value(1.0, label="x"), Value(2.0, label="y")
    shown = opened(engine.where(x > y, x * 10.0, y * 3.0))
    shown.press("End")
    assert (shown.grads()["x"], shown.grads()["y"]) == (0.0, 3.0)
    shown.page.click("#tab-leaves")
    put(shown, 0, 5)
    assert (shown.grads()["x"], shown.grads()["y"]) == (10.0, 0.0)


@pytest.mark.browser
def test_weights_inside_a_neuron_are_leaves_too(opened):
    net = nn.MLP(2, [3, 1], activation="tanh", seed=1)
    loss = nn.squared_error([net([0.5, -1.0])], [1.0])
    path = stepper(loss, module=net, collapse="neurons")
    shown = opened(loss, collapse="neurons")
    shown.page.click("#tab-leaves")
    assert shown.page.locator("#rows .leaf").count() == len(net.parameters())
    label = "layer0.neuron1.w0"
    [node] = [i for i, leaf in enumerate(numbered(loss)) if leaf is net.named_parameters()[label]]
    put(shown, node, 0.25)
    net.named_parameters()[label].data = 0.25
    again = nn.squared_error([net([0.5, -1.0])], [1.0])
    root = shown.page.get_attribute(".card.root", "data-data")
    assert float(root) == pytest.approx(again.data, rel=1e-14) and repr(path)


@pytest.mark.browser
def test_a_page_that_is_not_live_has_no_leaves(opened, tmp_path, browser):
    @engine.primitive(rule=lambda z, x: 2.0 * x)
    def squared_by_me(x):
        return x * x

    quiet = stepper(fan(), live=False)
    own = stepper(squared_by_me(Value(3.0, label="x")) * 2.0)
    assert "const program = null" in quiet.html and "const program = null" in own.html
    for page, words in ((quiet, ""), (own, "squared_by_me is an operation of your own")):
        shown = Opened(browser, page.save(tmp_path / "quiet.html"))
        assert shown.page.locator("#tab-leaves").is_hidden()
        assert words in shown.text("#not-live")
        shown.press("End")
        assert shown.trouble == []
        shown.page.close()


@pytest.mark.browser
def test_hostile_labels_of_leaves_run_nothing(opened):
    values = [Value(float(i), label=label) for i, label in enumerate(LABELS)]
    shown = opened(engine.total(values))
    shown.page.click("#tab-leaves")
    put(shown, 3, 7)
    shown.page.click("#tab-learn")
    shown.page.click("#step")
    shown.page.locator(".card").nth(30).click()
    assert shown.page.locator("script").count() == 2
    assert shown.page.locator("img, a, table, iframe").count() == 0


# -- learn, ask, value
# -------------------------------------------------------------------------------------------------


@pytest.mark.browser
def test_learning_steps_against_the_gradient(opened):
    """(w·3 - 6)² at w = 1: the gradient is 2·(-3)·3 = -18, so w += 0.01·18; and undo."""
    w = Value(1.0, label="w")
    shown = opened((w * 3.0 - 6.0) ** 2)
    shown.page.click("#tab-learn")
    shown.page.fill("#rate", "0.01")
    shown.page.click("#step")
    assert shown.text("#updates").startswith("w −= 0.01 × (−18)   → 1.18")
    assert "9 → 6.052 after 1 step" in shown.text("#losses")
    assert float(shown.page.get_attribute("#card-0", "data-data")) == 1.18
    shown.page.click("#step")
    assert len(shown.page.get_attribute("#curve-line", "points").split()) == 6
    shown.page.click("#undo")
    shown.page.click("#undo")
    assert float(shown.page.get_attribute("#card-0", "data-data")) == 1.0
    assert shown.page.is_disabled("#undo")
    shown.page.click("#run")
    shown.until("parseFloat(document.getElementById('card-0').dataset.data) > 1.5")
    shown.page.click("#run")
    shown.page.click("#tab-learn")


@pytest.mark.browser
def test_a_parameter_that_is_not_chosen_stays(opened):
    shown = opened()
    shown.page.click("#tab-learn")
    shown.page.click("summary")
    shown.page.uncheck("#chosen label:nth-child(2) input")
    shown.page.click("#step")
    data = [float(shown.page.get_attribute(f"#card-{i}", "data-data")) for i in (0, 1)]
    assert data == [pytest.approx(-1.7), 3.0]


@pytest.mark.browser
def test_the_next_number_is_asked_for(opened):
    shown = opened()
    shown.page.click("#ask")
    shown.press(*["ArrowRight"] * 3)
    assert shown.text("#card-2 .grad") == "?" and shown.text("#numbers") == ""
    assert shown.text("#asked") == "d.grad was 0. What does it become?"
    shown.page.fill("#answer", "-6")  # ∂(d·e)/∂d is e = 1
    shown.press("Enter")
    assert "No: the product rule: ∂(x·y)/∂x is y, not x. Swapped?" in shown.text("#verdict")
    assert shown.text("#card-2 .grad") == "?"
    shown.page.fill("#answer", "1")
    shown.press("Enter")
    assert shown.text("#verdict") == "Right." and shown.text("#card-2 .grad") == "1"
    shown.page.click("#next")
    shown.page.click("#reveal")
    assert shown.text("#card-3 .grad") == "−6"
    shown.press(*["ArrowRight"] * 6)  # b's second contribution, -2 on top of -6
    shown.page.fill("#answer", "-2")
    shown.press("Enter")
    assert MISTAKES["assign"].sentence in shown.text("#verdict")


def test_the_mistakes_have_the_words_of_the_debugger():
    text = asset("ask.js")
    for key, mistake in MISTAKES.items():
        assert f'{key}: ["{mistake.sentence}"' in text
    assert len(re.findall(r"^  \w+: \[\"", text, re.M)) == len(MISTAKES)


@pytest.mark.skipif(not shutil.which("node"), reason="no node")
def test_the_mistakes_give_the_numbers_of_the_debugger():
    text = asset("ask.js").partition("function usualMistake")[0]
    parts, chosen = [], [0, 5, 13, 14, 19, 20, 25]
    for i in chosen:
        run = "all.push(Object.values(MISTAKES).map(([, ways]) => ways.map((way) => mistaken(way).map(String))));"
        now = "const now = numbersOf(recorded.data, recorded.slopes);"
        head = numbers_script(i).rpartition("})();")[0]
        parts.append(f"{head}\n{now}\n{text}\n{run}\n}})();")
    program = "const all = [];\n" + "\n".join(parts) + "\nconsole.log(JSON.stringify(all));"
    done = subprocess.run(
        ["node", "-"], input=program, capture_output=True, text=True, check=True, timeout=300
    )
    for i, found in zip(chosen, json.loads(done.stdout), strict=True):
        root = GRAPHS[i].root()
        nodes = numbered(root)
        for mistake, ways in zip(MISTAKES.values(), found, strict=True):
            for way, numbers in zip(mistake.ways, ways, strict=True):
                true = gradients(root, way)
                shown = [true[node] for node in nodes if not node.constant] if true else []
                kept = [float(x) for x, node in zip(numbers, nodes) if not node.constant]
                assert kept == pytest.approx(shown, rel=1e-9, nan_ok=True), (i, mistake, way)


@pytest.mark.browser
def test_a_click_spells_the_sum(opened):
    f = fan()
    shown = opened(f)
    shown.page.click("#card-0 .box")
    assert shown.text("#value-name") == "a"
    terms = shown.page.locator("#value-sum p").all_text_contents()
    assert terms == ["grad = −3", "+3  from d    ∂d/∂a = 3", "−6  from e    ∂e/∂a = 1"]
    assert "(f(x + h) − f(x − h)) / 2h = −3, the same" in shown.text("#value-check")
    assert "test_page.py:" in shown.text("#value-place")
    shown.page.click("#card-3 .box")  # an inner value
    assert "= −6, the same" in shown.text("#value-check")
    assert shown.text("#value-tip") == "e = a + b = 1"


@pytest.mark.browser
def test_space_on_a_card_chooses_it_and_plays_nothing(opened):
    shown = opened()
    shown.page.focus("#card-2")
    shown.press("Space")
    assert shown.text("#value-name") == "d"
    assert shown.page.get_attribute("#play", "aria-pressed") == "false"


@pytest.mark.browser
def test_a_group_shows_what_is_inside(opened):
    loss, made = collapsible()
    shown = opened(loss, collapse="neurons")
    shown.page.locator(".card", has_text="k0").first.click()
    loss.backward()
    inside = shown.page.locator("#value-inside dd").all_text_contents()
    weight = made["k0"].parents[0].parents[0]
    shown_grad = f"{weight.grad:.4g}".replace("-", "−")
    assert any(text.endswith(f"grad {shown_grad}") for text in inside)


@pytest.mark.browser
def test_hovering_shows_the_path_to_the_root(opened):
    shown = opened(chain(3))
    shown.page.hover("#card-0 .box")
    assert shown.page.locator("#graph .edge.path .pill").count() == 6
    shown.page.hover("#title")
    assert shown.page.locator("#graph .edge.path").count() == 0


# -- finding, zooming, the address, files
# -------------------------------------------------------------------------------------------------


@pytest.mark.browser
def test_slash_finds_a_label(opened):
    shown = opened()
    shown.press("/")
    shown.page.keyboard.type("e")
    assert "found" in shown.page.get_attribute("#card-3", "class")
    shown.press("Enter")
    assert shown.text("#value-name") == "e"


@pytest.mark.browser
def test_zoom_and_pan(opened):
    shown = opened()
    size = "document.getElementById('graph').getBoundingClientRect().width"
    fitted = shown.page.evaluate(size)
    shown.page.mouse.move(400, 300)
    shown.page.keyboard.down("Control")
    shown.page.mouse.wheel(0, -300)
    shown.page.keyboard.up("Control")
    shown.until(f"{size} > {fitted} * 2")
    before = shown.page.evaluate("document.querySelector('.stage').scrollLeft")
    shown.page.mouse.move(600, 300)
    shown.page.mouse.down()
    shown.page.mouse.move(500, 300, steps=4)
    shown.page.mouse.up()
    assert shown.page.evaluate("document.querySelector('.stage').scrollLeft") > before + 80
    assert shown.text("#value-name") == "Choose a value: click its card.", "a drag is no click"
    shown.press("0")
    assert shown.page.evaluate(size) == fitted


@pytest.mark.browser
def test_two_fingers_zoom(opened):
    shown = opened(viewport={"width": 800, "height": 900}, has_touch=True)
    size = "document.getElementById('graph').getBoundingClientRect().width"
    fitted = shown.page.evaluate(size)
    box = shown.page.locator(".stage").bounding_box()
    y, middle = box["y"] + box["height"] / 2, box["x"] + box["width"] / 2
    touch = shown.page.context.new_cdp_session(shown.page)

    def fingers(kind, apart):
        points = [{"x": middle + side * apart, "y": y, "id": i} for i, side in enumerate((-1, 1))]
        touch.send(
            "Input.dispatchTouchEvent",
            {"type": kind, "touchPoints": points if kind != "touchEnd" else []},
        )

    fingers("touchStart", 50)
    for apart in (60, 80, 100):
        fingers("touchMove", apart)
    fingers("touchEnd", 0)
    shown.until(f"{size} > {1.6 * fitted}")


@pytest.mark.browser
def test_escape_closes_the_panel(opened):
    shown = opened()
    shown.page.click("#tab-help")
    assert shown.page.locator("#help").is_visible()
    shown.page.evaluate("document.activeElement.blur()")
    shown.press("Escape")
    assert shown.page.locator("#panel").is_hidden()


@pytest.mark.browser
def test_the_address_keeps_the_moment(opened, browser, tmp_path):
    shown = opened(reduced_motion="reduce")
    shown.page.click("#tab-leaves")
    put(shown, 0, 2.5)
    shown.page.click("#tab-leaves")
    shown.page.evaluate("document.activeElement.blur()")
    shown.press(*["ArrowRight"] * 6)
    shown.until("location.hash === '#step=7&a=2.5'")
    seen = shown.state()
    shown.page.reload()
    shown.requests.pop()
    assert shown.state() == seen
    other = shown.page.url.replace("a=2.5", "b=-1&nothing=3").replace("step=7", "step=900")
    shown.page.goto("about:blank")
    shown.page.goto(other)
    shown.requests.pop()
    assert shown.index == 11 and "was 3" in shown.text("#card-1")


@pytest.mark.browser
def test_the_link_to_the_moment_is_copied(opened):
    shown = opened(permissions=["clipboard-read", "clipboard-write"])
    shown.press("ArrowRight", "ArrowRight")
    shown.page.click("#tab-help")
    shown.page.click("#copy")
    shown.until("document.getElementById('copy').textContent === 'Copied'")
    assert shown.page.evaluate("navigator.clipboard.readText()").endswith("page.html#step=3")


@pytest.mark.browser
def test_of_many_leaves_some_are_listed_and_all_are_found(opened):
    shown = opened(engine.total([Value(float(i), label=f"w{i}") for i in range(100)]))
    shown.page.click("#tab-leaves")
    assert shown.page.locator("#rows .leaf").count() == 60
    assert shown.page.locator("input[type=search]").count() == 1, "one field finds cards and leaves"
    assert shown.text("#more") == "60 of 100 leaves: find shows those with a part of a name"
    shown.page.fill("#find", "w97")
    assert shown.page.locator("#rows .leaf").count() == 1
    put(shown, 97, 0)
    assert shown.page.get_attribute(".card.root", "data-data") == str(99 * 50 - 97)


@pytest.mark.browser
def test_the_moment_as_a_file(opened):
    shown = opened()
    shown.press(*["ArrowRight"] * 4)
    shown.page.click("#tab-help")
    with shown.page.expect_download() as saved:
        shown.page.click("#save-svg")
    svg = Path(saved.value.path()).read_text("utf-8")
    tree = xml.etree.ElementTree.fromstring(svg)
    assert "−6" in "".join(tree.itertext()) and "var(" not in svg
    with shown.page.expect_download() as saved:
        shown.page.click("#save-png")
    data = Path(saved.value.path()).read_bytes()
    image = pytest.importorskip("PIL.Image").open(io.BytesIO(data))
    assert image.width > 1000 and len(image.convert("RGB").getcolors(1 << 20)) > 50
    shown.requests[:] = [url for url in shown.requests if not url.startswith("data:")]


# -- for all eyes and hands
# -------------------------------------------------------------------------------------------------

SMALLEST = """() => Math.min(...[...document.querySelectorAll('body *')].filter((e) => e.checkVisibility()
  && !e.closest('#map, script, style') && [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim())).map((e) => {
    const graph = e.closest('svg#graph'), scale = graph ? graph.getBoundingClientRect().width / graph.viewBox.baseVal.width : 1;
    return parseFloat(getComputedStyle(e).fontSize) * scale;
  }))"""


@pytest.mark.browser
@pytest.mark.parametrize("size", [(1024, 768), (1440, 900)])
def test_presenting_nothing_is_smaller_than_20_pixels(opened, size):
    shown = opened(viewport={"width": size[0], "height": size[1]})
    shown.press("p", "ArrowRight", "ArrowRight", "ArrowRight")
    assert shown.page.evaluate(SMALLEST) >= 20.0
    shown.page.click("#present")
    assert shown.page.evaluate(SMALLEST) < 20.0


@pytest.mark.browser
def test_on_a_phone_the_graph_runs_down_and_is_whole(opened):
    shown = opened(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    boxes = [shown.page.locator(f"#card-{i}").bounding_box() for i in range(5)]
    assert boxes[0]["y"] < boxes[2]["y"] < boxes[4]["y"]
    assert all(0 <= box["x"] and box["x"] + box["width"] <= 390 for box in boxes)
    shown.page.tap("#next")
    assert shown.index == 1
    shown.page.tap("#card-1")
    assert shown.text("#value-name") == "b"
    shown.page.tap("#tab-leaves")
    put(shown, 0, 1)
    assert shown.page.get_attribute("#card-4", "data-data") == "12"


@pytest.mark.browser
def test_the_page_opens_at_what_it_speaks_of_and_follows_play(opened):
    shown = opened(chain(30))
    seen = """(selector) => { const w = document.querySelector('.stage').getBoundingClientRect();
      const c = document.querySelector(selector).getBoundingClientRect();
      return c.left >= w.left - 1 && c.right <= w.right + 1; }"""
    assert shown.page.evaluate(seen, ".card.root")
    shown.page.select_option("#speed", "200")
    shown.page.click("#play")
    for _ in range(12):
        shown.page.wait_for_timeout(110)
        if shown.page.locator(".card.active").count():
            assert shown.page.evaluate(seen, ".card.active")


@pytest.mark.slow
@pytest.mark.browser
def test_axe_finds_nothing_in_any_state(opened):
    found = importlib.util.find_spec("axe_playwright_python")
    if not found:
        pytest.skip("axe-core is not installed: pip install axe-playwright-python")
    axe = Path(found.origin).with_name("axe.min.js").read_text("utf-8")
    shown = opened(bypass_csp=True, viewport={"width": 1440, "height": 900})
    run = "async () => (await axe.run()).violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target)}`)"
    states = [
        "", "#next", "#next", "#next", "#tab-value", "#tab-learn", "#step", "#tab-help", "#ask", "#next",
        "#reveal", "#forward", "#present",
    ]  # fmt: skip
    shown.page.evaluate(axe)
    for state in states:
        if state:
            shown.page.click(state)
        assert shown.page.evaluate(run) == [], state
    shown = opened(collapsible()[0], collapse="neurons", bypass_csp=True)
    shown.page.evaluate(axe)
    shown.page.locator(".card", has_text="k0").first.click()
    shown.press("u", "End")
    assert shown.page.locator(".unfolded").count() == 1 and shown.page.evaluate(run) == []


def three_hundred():
    """Three hundred values that use each other, and the root of all."""
    draw = random.Random(2)
    values = [Value(draw.uniform(-1.0, 1.0), label=f"x{i}") for i in range(20)]
    unused = list(values)
    while len(values) < 299:
        a, b = unused.pop(0), draw.choice(values)
        values.append(draw.choice([a * b, a + b, a - b, a.tanh()]))
        unused.append(values[-1])
    return engine.total(unused)


def test_sizes():
    assert len(stepper(fan()).html.encode()) < 76_000
    y = Value(0.3, label="x")
    for _ in range(149):
        y = (y * 1.01).sin()
    assert len(stepper(y).html.encode()) < 700_000
    assert len(stepper(three_hundred(), collapse="none").html.encode()) < 700_000


REPAINT = """() => {
  const input = document.querySelector("#rows input"), times = [];
  for (let i = 0; i < 41; i += 1) {
    const begun = performance.now();
    input.value = i / 20 - 1;
    input.dispatchEvent(new Event("input"));
    document.getElementById("graph").getBoundingClientRect();  // has the browser lay everything out
    times.push(performance.now() - begun);
  }
  return times.sort((a, b) => a - b);
}"""


@pytest.mark.slow
@pytest.mark.browser
def test_an_edit_repaints_three_hundred_cards(opened, capsys):
    """The time is printed and not asserted: it is the machine's, too."""
    root = three_hundred()
    shown = opened(root, collapse="none", viewport={"width": 1440, "height": 900})
    assert shown.page.locator(".card").count() == 300
    shown.press("End")
    if shown.page.locator("#leaves").is_hidden():
        shown.page.click("#tab-leaves")
    times = shown.page.evaluate(REPAINT)
    with capsys.disabled():
        print(f"\nan edit on 300 cards: median {times[20]:.0f} ms, most {times[-1]:.0f} ms")
    leaf = shown.text("#rows .leaf label")
    next(node for node in numbered(root) if node.label == leaf).data = 1.0
    found = float(shown.page.get_attribute(".card.root", "data-data"))
    assert found == pytest.approx(rebuilt_data(Graph(root).order)[root], rel=1e-12)


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.skipif(not PROGRAM, reason="no Firefox is installed")
def test_firefox_by_mouse_and_keyboard(tmp_path):
    (tmp_path / "profile").mkdir()
    firefox = Firefox(tmp_path / "profile")
    text = "(selector) => document.querySelector(selector).textContent"
    try:
        firefox.open(stepper(fan()).save(tmp_path / "page.html"))
        firefox.press(*["\ue014"] * 3)  # →
        assert "f sends its contribution to d" in firefox.evaluate(text, "#say")
        firefox.click("#card-2")
        assert firefox.evaluate(text, "#value-name") == "d"
        firefox.click("#tab-learn")
        firefox.click("#step")
        assert "a −= 0.1 × (−3)" in firefox.evaluate(text, "#updates")
        firefox.click("#undo")
        firefox.click("#ask")
        assert firefox.evaluate(text, "#card-2 .grad") == "?"
        firefox.click("#reveal")
        firefox.click("#title")
        firefox.press("\ue010")  # End
        assert firefox.evaluate(text, "#count") == "12 / 12"
        asked = firefox.evaluate(
            "() => performance.getEntriesByType('resource').map((entry) => entry.name)"
        )
        assert asked == []
    finally:
        firefox.close()


# -- what unfolds, and why a gradient is 0
# -------------------------------------------------------------------------------------------------


def inner(shown):
    """What stands inside: the texts of each box, and of each edge its tooltip."""
    boxes = shown.page.evaluate(
        """() => [...document.querySelectorAll(".unfolded .inner")].map((box) => {
          const texts = [];
          for (let next = box.nextSibling; next && next.tagName === "text"; next = next.nextSibling) texts.push(next.textContent);
          return texts;
        })"""
    )
    wires = shown.page.locator(".unfolded .edge title").all_text_contents()
    return {name: (data, grad) for name, _, data, _, grad in boxes}, wires


def short(x):
    return f"{x:.4g}".replace("-", "−")


@pytest.mark.browser
@pytest.mark.parametrize("expanded", [False, True])
def test_a_neuron_unfolds_into_products_sum_and_activation(opened, expanded):
    net = nn.MLP(2, [3, 1], activation="tanh", seed=1, expanded=expanded)

    def loss():
        xs = [Value(0.5, label="x0"), Value(-1.0, label="x1")]
        root = nn.squared_error([net(xs)], [1.0])
        net.zero_grad()
        root.backward()
        return root, xs

    root, _ = loss()
    named = net.named_parameters()
    shown = opened(root, collapse="neurons")
    shown.page.locator(".card", has_text="neuron1").first.click()
    shown.press("u")
    _, wires = inner(shown)
    assert len(wires) == 8 and not any("=" in wire for wire in wires), "nothing is sent yet"
    shown.press("End")

    def holds():
        _, xs = loss()
        w0, w1, b = (named[f"layer0.neuron1.{name}"] for name in ("w0", "w1", "b"))
        z = w0.data * 0.5 - w1.data + b.data
        tanh = math.tanh(z)
        boxes, wires = inner(shown)
        dz = b.grad  # z = w0·x0 + w1·x1 + b
        assert {name: boxes[name] for name in ("w0", "w1", "b", "x0", "x1")} == {
            name: (short(x.data), short(x.grad))
            for name, x in zip(("w0", "w1", "b", "x0", "x1"), (w0, w1, b, *xs))
        }
        assert boxes["w0·x0"] == (short(w0.data * 0.5), short(dz))
        assert boxes["w1·x1"] == (short(-w1.data), short(dz))
        assert boxes["z"] == (short(z), short(dz))
        assert boxes["tanh"] == (short(tanh), short(dz / (1 - tanh * tanh)))
        sign = {True: "+", False: ""}
        sent = [
            ("tanh", "z", 1 - tanh * tanh, dz), ("z", "w0·x0", 1.0, dz), ("w0·x0", "w0", 0.5, 0.5 * dz),
            ("w0·x0", "x0", w0.data, w0.data * dz), ("z", "w1·x1", 1.0, dz), ("w1·x1", "w1", -1.0, -dz),
            ("w1·x1", "x1", w1.data, w1.data * dz), ("z", "b", 1.0, dz),
        ]  # fmt: skip
        assert wires == [
            f"from {child} to {parent}: × {short(slope)} = {sign[x > 0]}{short(x)}"
            for child, parent, slope, x in sent
        ]

    holds()
    shown.page.click("#tab-leaves")
    [node] = [i for i, leaf in enumerate(numbered(root)) if leaf is named["layer0.neuron1.w1"]]
    put(shown, node, 0.75)
    named["layer0.neuron1.w1"].data = 0.75
    holds()
    shown.page.locator(".unfolded .sheet").dispatch_event("dblclick")
    assert shown.page.locator(".unfolded").count() == 0, "it folds again"


@pytest.mark.browser
@pytest.mark.parametrize("viewport", [(1180, 760), (390, 844)])
def test_what_unfolds_stands_under_its_card_and_is_in_the_picture(opened, viewport):
    root, _ = collapsible()
    shown = opened(root, collapse="layers", viewport=dict(zip(("width", "height"), viewport)))
    cards = shown.page.locator(".card", has_text="neurons")
    for i in range(cards.count()):
        cards.nth(i).dispatch_event("dblclick")
    assert shown.page.locator(".unfolded").count() == cards.count() == 2
    svg = shown.page.locator("#graph").bounding_box()
    for card, sheet in zip(cards.all(), shown.page.locator(".unfolded").all()):
        card, sheet = card.bounding_box(), sheet.bounding_box()
        assert abs(card["x"] - sheet["x"]) < 9 and abs(card["y"] + card["height"] - sheet["y"]) < 12
        assert svg["x"] <= sheet["x"] and sheet["x"] + sheet["width"] <= svg["x"] + svg["width"]
        assert sheet["y"] + sheet["height"] <= svg["y"] + svg["height"]
    boxes, wires = inner(shown)
    assert len(boxes) > 4 and len(wires) == 2 * 4 + 4 * 4


def named(label, value):
    value.label = label
    return value


DEAD = {  # gradients that are 0 for every reason that engine/diagnosis.py knows, as functions of two leaves
    "slope": lambda x, w: named("h", named("z", x * w).relu()) * w + x,
    "two slopes": lambda x, w: sum((f(z := x * w) for f in (Value.relu, Value.step)), x) + z.step(),
    "constants": lambda x, w: (x * w).relu() * 5.0 + (Value(2.0) * 0.0 + 1.0) * 2.0 + w * x * 0.0,
    "a long way": lambda x, w: ((((x * w).relu() * 2.0).tanh() * 3.0).exp() * 2.0).sin() + x,
    "many": lambda x, w: (lambda z: engine.total([(z * (i + 1.0)).relu() for i in range(5)]))(x * w),
    "cancels": lambda x, w: (lambda z: z * 4.0 - z * 4.0 + z - z + w)(named("z", x * w)),
    "cancels much": lambda x, w: (lambda z: engine.total([z, z, z, -z, -z, -z]) + w)(x * w),
    "underflows": lambda x, w: (x * w) * 1e-200 * 1e-200 + w,
    "a branch": lambda x, w: engine.where(x > 0.0, x * w * 2.0, w.sigmoid()),
    "flat": lambda x, w: x.floor() * w.sign() + (w * x).clamp(0.0, 1.0),
    "long names": lambda x, w: named("a_name_that_is_far_too_long", (x * w * 2.0).exp()).relu() * (x * 0.0),
}  # fmt: skip


@pytest.mark.skipif(not shutil.which("node"), reason="no node")
@pytest.mark.parametrize("name", DEAD)
def test_the_page_gives_the_reasons_of_the_engine(name):
    """Sentence by sentence those of `why`, with the names of the page, also after a leaf has changed."""

    def built(x, w):
        return DEAD[name](Value(x, label="x"), Value(w, label="w"))

    page = Graph(built(-2.0, 3.0))
    parts = [asset(part) for part in ("text.js", "numbers.js", "why.js")]
    script = _script([*parts[:2], "let now;", parts[2]], _rows(page)[0])
    reading = 'JSON.parse(document.getElementById("data").textContent)'
    script = script.replace(reading, json.dumps(_with_tables(animation(page)))).rpartition("})();")[
        0
    ]
    told = 0
    for numbers in ((-2.0, 3.0), (1.5, 0.5), (0.25, -3.0)):
        leaves = {"x": numbers[0], "w": numbers[1]}
        given = [literal(leaves.get(x.label, x.data)) for x in page.leaves]
        tail = f"""
          now = numbersOf(forward([{", ".join(given)}]), slopesNow());
          const idle = (i) => (i >= firstNode && sendsNothing(i) ? reason(i) : "");
          console.log(JSON.stringify(nodes.data.map((_, i) => idle(i))));
        }})();"""
        done = subprocess.run(
            ["node", "-"], input=script + tail, capture_output=True, text=True, timeout=60
        )
        assert done.stderr == ""
        graph = Graph(built(*numbers))
        names = _all_names(Scene.of(graph.root), graph, {})
        idle = zeros(graph.root, names)
        expected = [idle.reason(node) if node in idle.nodes else "" for node in graph.numbers]
        assert [text.replace("−", "-") for text in json.loads(done.stdout)] == expected
        told += sum(map(bool, expected))
    assert told > 0


@pytest.mark.browser
def test_the_reason_follows_the_leaves(opened):
    x = Value(-1.0, label="x")
    z = x * 2.0
    h = z.relu()
    y = h * 3.0 + x
    z.label, h.label = "z", "h"
    shown = opened(y)
    shown.page.locator(".card", has_text="z").first.click()
    at = str(z.created_at.line + 1)
    reason = f"z sends nothing, for z.grad = 0, for ∂h/∂z = 0 at test_page_tools.py:{at}"
    assert shown.page.locator("#value-sum p").all_text_contents()[-1] == reason
    shown.press("End", "ArrowLeft")
    assert shown.text("#say") == f"Visit z. It {reason[2:]}."
    shown.page.click("#tab-leaves")
    put(shown, 0, 1)
    assert "sends nothing" not in shown.text("#value-sum") + shown.text("#say")


@pytest.mark.browser
def test_the_map_covers_no_card_that_the_text_speaks_of(opened):
    a, b, c, d, e, f = (Value(0.5 + i, label=label) for i, label in enumerate("abcdef"))
    shown = opened((a * b + c * d - e * f) / c, viewport={"width": 390, "height": 844})
    sides = set()
    for _ in range(8):
        own = shown.page.locator("#map").bounding_box()
        for card in shown.page.locator(".card.active, .card.target").all():
            box = card.bounding_box()
            is_beside = box["x"] + box["width"] <= own["x"] or own["x"] + own["width"] <= box["x"]
            is_above = box["y"] + box["height"] <= own["y"] or own["y"] + own["height"] <= box["y"]
            assert is_beside or is_above
        sides.add(shown.page.get_attribute("#map", "class"))
        shown.press("ArrowRight")
    assert sides == {"shown", "shown left"}
