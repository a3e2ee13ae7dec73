"""The built site in a real Chromium and a real Firefox, for the tests of its pages; only in CI."""

import os
import shutil
import threading
import time
from importlib.util import find_spec

import pytest
from browsers import launch

IN_CI = os.environ.get("CI") == "true"


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The whole site, built once, and the address under which it is served, below a path."""
    if not IN_CI:
        pytest.skip("takes a minute: CI=true builds the site")
    if not (all(map(find_spec, ("sphinx", "myst_parser", "furo"))) and shutil.which("npm")):
        pytest.skip("sphinx, myst-parser, furo or npm is not installed")
    # Here and not above: conftest.py loads this module in the Python of browsers, too.
    from demos.site import __main__ as command
    from demos.site.serve import server

    top = tmp_path_factory.mktemp("site")
    command.build(top / "out")
    (top / "index.html").touch()
    with server(top, port=0) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield top / "out", f"http://127.0.0.1:{running.server_address[1]}/out/"
        running.shutdown()


class Chromium:
    """A page in Chromium, with all that it asked for."""

    def __init__(self, play, *more):
        self.browser = launch(play, *more)
        self.page = self.browser.new_page(
            viewport={"width": 1440, "height": 900}, color_scheme="light"
        )
        self.requests = []
        self.page.context.on("request", lambda request: self.requests.append(request.url))

    def open(self, address):
        self.page.goto(address)

    def reload(self):
        self.page.reload()

    def evaluate(self, function, *arguments):
        return self.page.evaluate(f"(all) => ({function})(...all)", [*arguments])

    def close(self):
        self.browser.close()


class Fox:
    """A page in Firefox, driven by its own protocol."""

    def __init__(self, folder):
        self.firefox = pytest.importorskip("firefox").Firefox(folder)

    def open(self, address):
        self.firefox.call("WebDriver:Navigate", url=address)

    def reload(self):
        # by the page itself: WebDriver's own passes the service worker by
        self.evaluate(FORGET)
        self.evaluate("() => { setTimeout(() => location.reload()); }")

    def evaluate(self, function, *arguments):
        return self.firefox.evaluate(function, *arguments)

    def close(self):
        self.firefox.close()


@pytest.fixture(scope="module", params=["Chromium", "Firefox"])
def either(request, site, tmp_path_factory):
    if request.param == "Firefox":
        if not shutil.which("firefox") and not shutil.which("firefox-esr"):
            pytest.skip("no Firefox is installed")
        browser = Fox(tmp_path_factory.mktemp("profile"))
        yield browser
        browser.close()
        return
    browser = Chromium(request.getfixturevalue("running"))
    yield browser
    browser.close()


@pytest.fixture
def insecure(site, running):
    """Chromium at an address that is neither https nor localhost, as in a room."""
    browser = Chromium(running, "--host-resolver-rules=MAP room.test 127.0.0.1")
    yield browser, site[1].replace("127.0.0.1", "room.test")
    browser.close()


@pytest.fixture(scope="module")
def axe(browser, tmp_path_factory):
    """Where axe is, for the browser that it is asked in: one is enough."""
    if isinstance(browser, Fox):
        pytest.skip("one browser is enough for axe")
    from demos.site import playground  # see `site`

    modules = playground.install(tmp_path_factory.mktemp("axe"), tests=True)
    return modules / "axe-core" / "axe.min.js"


def asks_nobody_else(browser, address):
    """Hold that a page has asked no other host for anything."""
    hosts = browser.evaluate(
        "() => [...new Set(performance.getEntriesByType('resource').map((e) => new URL(e.name).host))]"
    )
    assert set(hosts) <= {browser.evaluate("() => location.host"), ""}
    for asked in getattr(browser, "requests", []):
        assert asked.startswith((address, "data:", "blob:", "about:")), asked


def until(browser, condition, *arguments, seconds=180):
    """Wait until a function of the page returns something true, and return that."""
    end = time.monotonic() + seconds
    while not (found := browser.evaluate(condition, *arguments)):
        assert time.monotonic() < end, f"never: {condition} {arguments}; {browser.evaluate(STATE)}"
        time.sleep(0.05)
    return found


FORGET = """() => ['status', 'result'].forEach((id) => {
    if (document.getElementById(id)) document.getElementById(id).textContent = ''; })"""
STATE = """() => ['status', 'error', 'result', 'offline'].map(
    (id) => `${id}: ${document.getElementById(id)?.textContent}`).join('; ')"""
TEXT = "(id) => document.getElementById(id).textContent"
CLICK = "(selector) => document.querySelector(selector).click()"
SAYS = "(id, text) => document.getElementById(id).textContent.includes(text)"
VIOLATIONS = """() => axe.run().then((all) => all.violations.map(
    ({ id, nodes }) => [id, nodes[0].html]))"""
