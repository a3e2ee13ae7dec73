"""The stepper page in a real Chromium: every control by mouse and by keyboard, nothing runs that is not ours."""

from collections.abc import Iterator
from io import BytesIO
from urllib.parse import quote

import pytest
from browsers import Opened, launch
from hostile import LABELS
from test_page import collapsible, fan

import nn
from engine import Value, draw, stepper

pytestmark = pytest.mark.browser
LAST = 11  # the index of the last step of fan()


@pytest.fixture(scope="module", params=["light", "dark"])
def system(request, running) -> Iterator:
    """A browser on a light or dark system, which Playwright's own emulation would not show to a frame's owner."""
    number = {"dark": 0, "light": 1}[request.param]
    browser = launch(running, f"--blink-settings=preferredColorScheme={number}")
    yield browser, request.param
    browser.close()


def test_final_gradients_are_those_of_the_engine(opened):
    shown = opened()
    shown.press("End")
    assert shown.grads() == {"a": -3.0, "b": -8.0, "d": 1.0, "e": -6.0, "f": 1.0}
    assert shown.text("#card-0 .grad") == "−3" and shown.text("#card-0 .terms") == "= 3 − 6"


def test_collapsed_gradients_are_those_of_the_engine(opened):
    loss, made = collapsible()
    shown = opened(loss, collapse="neurons")
    assert shown.page.locator("#graph .edge .pill").count() == 30
    shown.press("End")
    loss.backward()
    assert shown.grads() == {label: value.grad for label, value in made.items()}
    layers = opened(loss, collapse="layers")
    assert "16 edges" in layers.page.locator(".local").all_text_contents()


def test_buttons(opened):
    shown = opened()
    assert shown.page.is_disabled("#back") and shown.page.is_disabled("#start")
    shown.page.click("#next")
    shown.page.click("#next")
    shown.page.click("#next")
    assert shown.index == 3 and "f sends its contribution to d" in shown.text("#say")
    shown.page.click("#back")
    assert shown.index == 2
    shown.page.click("#start")
    assert shown.index == 0
    shown.page.click("#continue")  # no breakpoint: to the end
    assert shown.index == LAST and shown.page.is_disabled("#next")


def test_keys(opened):
    shown = opened()
    for key, index in (
        ("ArrowRight", 1),
        ("ArrowRight", 2),
        ("ArrowLeft", 1),
        ("End", LAST),
        ("Home", 0),
        ("c", LAST),
    ):
        shown.press(key)
        assert shown.index == index, key


@pytest.mark.slow
@pytest.mark.parametrize("how", ["mouse", "keyboard"])
def test_play_and_pause(opened, how):
    shown = opened()
    shown.page.select_option("#speed", "200")
    toggle = (
        (lambda: shown.page.click("#play")) if how == "mouse" else (lambda: shown.press("Space"))
    )
    shown.page.evaluate("document.activeElement.blur()")
    toggle()
    assert shown.page.get_attribute("#play", "aria-pressed") == "true"
    shown.until("parseInt(document.getElementById('count').textContent) >= 3")
    toggle()
    stopped = shown.index
    shown.page.wait_for_timeout(500)
    assert shown.index == stopped >= 2
    toggle()
    shown.until(f"document.getElementById('count').textContent.startsWith('{LAST + 1} /')")
    assert shown.page.get_attribute("#play", "aria-pressed") == "false"


@pytest.mark.parametrize("how", ["mouse", "keyboard"])
def test_breakpoint_stops(opened, how):
    shown = opened()
    if how == "mouse":
        shown.page.click("#card-3 .box")
        shown.page.click("#value-break")
        shown.page.click("#continue")
    else:
        shown.page.focus("#card-3")
        shown.press("Enter", "b", "c")
    assert shown.page.get_attribute("#value-break", "aria-pressed") == "true"
    assert shown.page.get_attribute("#card-3", "aria-label").endswith(", breakpoint")
    assert shown.index == 5 and "Visit e" in shown.text("#say")
    shown.page.focus("#card-3")
    shown.press("b", "Home", "c")  # taken away again
    assert shown.index == LAST


def test_breakpoint_stops_play_and_a_leaf_has_breakpoints_too(opened):
    shown = opened()
    shown.page.click("#card-0 .box")
    shown.press("b")
    shown.page.select_option("#speed", "200")
    shown.page.click("#play")
    shown.until(
        "document.getElementById('say').textContent.startsWith('e sends its contribution to a')"
    )
    shown.page.wait_for_timeout(400)
    assert shown.index == 6


def test_back_and_scrubbing_restore_exactly(opened):
    shown = opened(reduced_motion="reduce")
    seen = []
    for _ in range(LAST + 1):
        seen.append(shown.state())
        shown.press("ArrowRight")
    assert len(set(seen)) == LAST + 1
    for expected in reversed(seen[:-1]):
        shown.press("ArrowLeft")
        assert shown.state() == expected
    for index in (7, 2, LAST, 0, 5):
        shown.page.evaluate(
            """(k) => { const s = document.getElementById('scrub');
            s.value = k; s.dispatchEvent(new Event('input')); }""",
            index,
        )
        assert shown.index == index and shown.state() == seen[index]
    shown.page.focus("#scrub")
    shown.press("ArrowRight")
    assert shown.index == 6


def test_scrub_by_mouse(opened):
    shown = opened()
    box = shown.page.locator("#scrub").bounding_box()
    shown.page.mouse.click(box["x"] + box["width"] - 2, box["y"] + box["height"] / 2)
    assert shown.index == LAST


def test_current_line_node_edge_and_sum_are_lit(opened):
    shown = opened()
    shown.press(*["ArrowRight"] * 7)  # e has sent to a and to b
    assert [shown.text(line) for line in ("#rule", "#numbers", "#sum")] == [
        "b.grad += e.grad × ∂e/∂b",
        "b.grad += −6 × 1 = −6",
        "b.grad: 0 → −6",
    ]
    assert "parent.grad += contribution" in shown.page.text_content("#code .now:last-of-type")
    assert shown.page.get_attribute("#card-3", "class").split() == ["card", "active"]
    assert shown.page.get_attribute("#card-1", "class").split() == ["card", "target"]
    assert shown.page.locator("#graph .edge.active .pill").count() == 1
    assert shown.page.get_attribute(".explanation div", "aria-live") == "polite"
    shown.until("document.querySelectorAll('.spark').length === 0")


def test_contribution_travels_from_the_node_to_its_parent(opened):
    shown = opened(still=True)
    shown.press(*["ArrowRight"] * 4)
    assert shown.page.locator(".spark").all_text_contents() == ["−6"]
    seen = """() => ['.spark', '#card-3', '#card-4'].map((s) => document.querySelector(s).getBoundingClientRect().left)"""
    places = []
    for _ in range(5):
        tag, parent, node = shown.page.evaluate(seen)
        assert parent < tag < node
        places.append(tag)
        shown.page.clock.run_for(120)
    assert len(set(places)) == 5 and places == sorted(places, reverse=True), "it goes one way"
    shown.page.clock.run_for(1000)
    assert shown.page.locator(".spark").count() == 0


def test_nothing_travels_where_motion_is_reduced(opened):
    shown = opened(reduced_motion="reduce", forward=True)
    for _ in range(8):
        shown.press("ArrowRight")
        assert shown.page.locator(".spark").count() == 0


def test_dark_mode(opened):
    colours = [
        opened(color_scheme=scheme).page.evaluate("getComputedStyle(document.body).backgroundColor")
        for scheme in ("light", "dark")
    ]
    assert colours == ["rgb(251, 250, 247)", "rgb(21, 23, 28)"]


def test_phone(opened):
    shown = opened(viewport={"width": 390, "height": 844})
    shown.press("End")
    assert shown.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_stale_graph_is_told(opened):
    f = fan()
    assert opened(f).page.locator("#note").is_hidden()
    f.parents[0].parents[0].data = 5.0
    assert "Build the graph again." in opened(f).text("#note")


FORWARD = 4  # frames of the first act of fan()


def test_forward_act(opened):
    shown = opened(forward=True)
    data = [shown.page.locator(f"#card-{i} .data") for i in range(5)]
    seen = []
    for _ in range(FORWARD):
        seen.append([each.text_content() for each in data])
        shown.press("ArrowRight")
    assert seen == [
        ["−2", "3", "–", "–", "–"],
        ["−2", "3", "−6", "–", "–"],
        ["−2", "3", "−6", "1", "–"],
        ["−2", "3", "−6", "1", "−6"],
    ]
    assert shown.index == FORWARD and shown.text("#say").startswith("Every grad starts at 0")
    shown.press("ArrowLeft")
    assert (shown.text("#rule"), shown.text("#numbers")) == ("f = d·e", "= (−6)·1 = −6")


def test_operands_travel_forward_and_local_derivatives_appear_when_they_are_known(opened):
    shown = opened(forward=True, still=True)
    shown.press("ArrowRight")
    assert shown.page.locator(".spark.forth").all_text_contents() == ["−2", "3"]
    assert sorted(filter(None, shown.page.locator(".local").all_text_contents())) == ["× 3", "× −2"]


@pytest.mark.parametrize("how", ["mouse", "keyboard"])
def test_forward_act_is_switched_on_and_skipped(opened, how):
    shown = opened()
    toggle = (
        (lambda: shown.page.click("#forward")) if how == "mouse" else (lambda: shown.press("f"))
    )
    assert shown.page.get_attribute("#forward", "aria-pressed") == "false"
    shown.press(*["ArrowRight"] * 5)
    toggle()
    assert shown.page.get_attribute("#forward", "aria-pressed") == "true"
    assert shown.index == 0 and shown.text("#count") == f"1 / {LAST + FORWARD + 1}"
    assert shown.text("#card-4 .data") == "–"
    shown.press("ArrowRight", "ArrowRight")
    toggle()  # on to the backward pass
    assert shown.index == 0 and shown.text("#count") == f"1 / {LAST + 1}"
    assert shown.text("#card-4 .data") == "−6"
    toggle()
    shown.press(*["ArrowRight"] * (FORWARD + 5))
    before = shown.text("#say")
    toggle()  # within the backward pass nothing else changes
    assert shown.index == 5 and shown.text("#say") == before
    shown.press("End")
    assert shown.grads()["a"] == -3.0


def test_breakpoint_and_play_in_the_forward_act(opened):
    shown = opened(forward=True)
    shown.page.click("#card-3 .box")
    shown.press("b")
    shown.page.click("#continue")
    assert shown.text("#say") == "Compute e."
    shown.page.click("#continue")
    assert shown.text("#say").startswith("Visit e.")
    shown.press("Home")
    shown.page.select_option("#speed", "200")
    shown.page.click("#play")
    shown.until("document.getElementById('play').getAttribute('aria-pressed') === 'false'")
    assert shown.text("#say") == "Compute e."


def chain(length):
    x = Value(0.7, label="x")
    for _ in range(length):
        x = x.sin() * 1.1
    return x


def test_small_graph_fills_its_window_and_needs_no_map(opened):
    for width, height in ((1280, 800), (1440, 900), (1024, 700), (1920, 1080)):
        shown = opened(viewport={"width": width, "height": height})
        shown.press("ArrowRight")
        page = shown.page.evaluate(
            "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
        )
        assert page == [width, height]
        assert shown.page.locator("#map").is_hidden()
        box = shown.page.locator("#graph").bounding_box()
        assert box["width"] > 0.8 * width or box["height"] > 0.35 * height


def test_large_graph_follows_its_step_and_has_a_map(opened):
    shown = opened(chain(20), reduced_motion="reduce")
    assert shown.page.locator("#map").is_visible()
    window = shown.page.locator(".stage").bounding_box()

    def in_window(box):
        return box["x"] >= window["x"] and box["x"] + box["width"] <= window["x"] + window["width"]

    for _ in range(60):
        shown.press("ArrowRight")
        for card in shown.page.query_selector_all(".card.active, .card.target"):
            assert in_window(card.bounding_box())
    root = shown.page.locator(".card.root")
    assert not in_window(root.bounding_box())
    box = shown.page.locator("#map").bounding_box()
    shown.page.mouse.click(box["x"] + box["width"] - 4, box["y"] + box["height"] / 2)
    assert in_window(root.bounding_box())


def test_enlarged_text_keeps_every_control_in_reach(opened):
    """A browser's zoom of 200 % on a laptop is a window of half the size."""
    shown = opened(viewport={"width": 640, "height": 400}, device_scale_factor=2)
    for control in (
        "#start",
        "#back",
        "#play",
        "#next",
        "#continue",
        "#forward",
        "#speed",
        "#scrub",
    ):
        shown.page.locator(control).scroll_into_view_if_needed()
        box = shown.page.locator(control).bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 640
    assert shown.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_hostile_labels_run_nothing(opened):
    values = [Value(float(i), label=label) for i, label in enumerate(LABELS)]
    root = values[0]
    for value in values[1:]:
        root = root + value
    root.label = "</script><script>alert(1)</script>"
    shown = opened(root, title='"><img src=x onerror=alert(1)>')
    shown.press("End", "Home", "c")
    assert (
        shown.page.locator("script").count() == 2
        and shown.page.locator("img, a, table, iframe").count() == 0
    )
    tips = "\n".join(shown.page.locator(".card title").all_text_contents())
    assert "<script>alert(1)</script>" in tips and "梯度 🙂" in tips and "\ufffd" in tips
    assert shown.text("#title") == '"><img src=x onerror=alert(1)>'


def test_frame_that_is_shown_later(browser, tmp_path):
    path = tmp_path / "notebook.html"
    path.write_text(
        f'<!doctype html><div id="cell" style="width:0">{stepper(fan())._repr_mimebundle_()["text/html"]}</div>',
        "utf-8",
    )
    shown = Opened(browser, path)
    frame = shown.page.frames[1]
    frame.evaluate("document.getElementById('next').click()")
    shown.page.evaluate("document.getElementById('cell').style.width = '900px'")
    graph = shown.page.frame_locator("iframe").locator("#graph")
    for _ in range(100):
        if graph.bounding_box()["width"] > 700:
            break
        shown.page.wait_for_timeout(50)
    assert 700 < graph.bounding_box()["width"] < 900 and shown.trouble == []
    shown.page.close()


@pytest.mark.parametrize("width", [700, 900, 1300])
def test_frame_of_a_notebook_is_readable_at_any_width(browser, tmp_path, width):
    path = tmp_path / "notebook.html"
    frame = stepper(fan() * Value(2.0, label="g"))._repr_mimebundle_()["text/html"]
    path.write_text(f'<!doctype html><div id="cell">{frame}</div>', "utf-8")
    shown = Opened(browser, path, viewport={"width": 1400, "height": 900})
    shown.page.evaluate(f"document.getElementById('cell').style.width = '{width}px'")
    frame = shown.page.frame_locator("iframe")
    frame.locator("#next").click()
    card, words = (
        frame.locator("#card-0 .box").bounding_box(),
        frame.locator(".explanation").bounding_box(),
    )
    assert card["width"] > 0.69 * 144
    outer = shown.page.locator("iframe").bounding_box()
    assert outer["height"] <= 760 and words["y"] + words["height"] <= outer["y"] + outer["height"]
    shown.page.close()


def test_frame_of_a_notebook_works_in_its_sandbox(browser, tmp_path):
    path = tmp_path / "notebook.html"
    path.write_text("<!doctype html>" + stepper(fan())._repr_mimebundle_()["text/html"], "utf-8")
    shown = Opened(browser, path)
    frame = shown.page.frame_locator("iframe")
    frame.locator("#continue").click()
    assert frame.locator("#card-1").get_attribute("data-grad") == "-8.0"
    assert shown.trouble == [] and not [url for url in shown.requests if url.startswith("http")]
    shown.page.close()


PAPER = {"light": (251, 250, 247), "dark": (21, 23, 28)}


def cells(*outputs, body=""):
    """A notebook's outputs as JupyterLab shows them: SVG in an image, HTML as it is."""
    shown = "".join(f'<div class="jp-OutputArea-output">{output}</div>' for output in outputs)
    return f"<!doctype html><body {body}>{shown}"


def image(svg):
    return f'<img src="data:image/svg+xml,{quote(svg)}">'


def colour(page, selector):
    """The colour of an element near its upper edge, as it is painted."""
    image = pytest.importorskip("PIL.Image")
    box = page.locator(selector).bounding_box()
    shot = image.open(BytesIO(page.screenshot())).convert("RGB")
    return shot.getpixel((int(box["x"] + box["width"] / 2), int(box["y"] + 3)))


@pytest.mark.parametrize(
    "body, theme",
    [
        ('data-jp-theme-light="false" style="color-scheme:dark"', "dark"),  # JupyterLab
        ('data-jp-theme-light="true" style="color-scheme:light"', "light"),
        ('data-jp-theme-light="false"', "dark"),  # a notebook that was exported as HTML
        ('data-jp-theme-light="true"', "light"),
        ("", None),  # not known: as the system is
    ],
)
def test_picture_and_page_have_the_theme_of_the_notebook(system, tmp_path, body, theme):
    browser, scheme = system
    picture, page = draw(fan())._repr_mimebundle_(), stepper(fan())._repr_mimebundle_()
    path = tmp_path / "notebook.html"
    path.write_text(cells(image(picture["image/svg+xml"]), page["text/html"], body=body), "utf-8")
    shown = browser.new_page(color_scheme="null", viewport={"width": 900, "height": 1200})
    shown.goto(path.as_uri())
    shown.frame_locator("iframe").locator("#next").wait_for()
    assert colour(shown, "img") == colour(shown, "iframe") == PAPER[theme or scheme]
    shown.close()


def test_pictures_fit_a_cell(browser, tmp_path):
    net = nn.MLP(2, [16, 16, 1], activation="tanh", seed=1)
    loss = nn.max_margin(net([0.5, -0.25]), 1)
    loss.backward()
    drawn = [draw(fan()), draw(loss, view="network"), draw(loss), draw(chain(60))]
    outputs = [image(picture._repr_mimebundle_()["image/svg+xml"]) for picture in drawn]
    path = tmp_path / "notebook.html"
    path.write_text(cells(*outputs), "utf-8")
    shown = Opened(browser, path)
    widths = [each.bounding_box()["width"] for each in shown.page.query_selector_all("img")]
    assert max(widths[:2]) <= 700 and widths[3] > 2000  # which would be too small to read
    shown.page.close()


@pytest.mark.parametrize("width", [390, 600, 700, 820, 1000, 1300])
def test_the_loop_is_never_cut(browser, tmp_path, width):
    path = tmp_path / "notebook.html"
    path.write_text("<!doctype html>" + stepper(fan())._repr_mimebundle_()["text/html"], "utf-8")
    shown = Opened(browser, path, viewport={"width": width + 16, "height": 900})
    frame = shown.page.frames[1]
    frame.evaluate("document.getElementById('next').click()")
    wide, seen, bottom, high = frame.evaluate("""() => {
        const code = document.getElementById('code');
        return [code.scrollWidth, code.clientWidth, code.getBoundingClientRect().bottom, innerHeight];
    }""")
    assert wide <= seen and (bottom <= high or width == 390)  # a phone scrolls down
    spans = frame.locator("#code span")
    if width >= 600:  # a line of the loop is a line on the page
        assert len({spans.nth(i).bounding_box()["height"] for i in range(spans.count())}) == 1
    shown.page.close()
