"""A real Chromium by Playwright, for the tests of the page; what is missing is skipped and says so."""

import shutil
from collections.abc import Iterator

import pytest

from engine import stepper

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)


def launch(p, *args):
    return p.chromium.launch(
        executable_path=CHROMIUM,
        args=[
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            "--disable-dev-shm-usage",
            *args,
        ],
    )


@pytest.fixture(scope="module")
def running() -> Iterator:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed")
    with playwright.sync_playwright() as p:
        yield p


@pytest.fixture(scope="module")
def browser(running) -> Iterator:
    browser = launch(running)
    yield browser
    browser.close()


class Opened:
    """One page, with all that it asked for, said or broke."""

    def __init__(self, browser, path, still=False, **options):
        self.page = browser.new_page(
            viewport=options.pop("viewport", {"width": 1180, "height": 760}), **options
        )
        if still:  # time passes only when a test says so
            self.page.clock.install(time=0)
        self.requests, self.trouble = [], []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("pageerror", lambda error: self.trouble.append(str(error)))
        self.page.on("console", lambda message: self.trouble.append(message.text))
        self.page.on(
            "dialog", lambda dialog: (self.trouble.append(dialog.message), dialog.dismiss())
        )
        self.page.goto(path.as_uri())
        if still:
            self.page.clock.pause_at(3600)

    @property
    def index(self):
        return int(self.page.text_content("#count").split("/")[0]) - 1

    def text(self, selector):
        return self.page.text_content(selector)

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)

    def until(self, condition):
        """Wait for a condition; not by wait_for_function, which evaluates text in the page, as the policy forbids."""
        for _ in range(2400):
            if self.page.evaluate(condition):
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(f"never: {condition}")

    def grads(self):
        return {
            card.query_selector(".name").text_content(): float(card.get_attribute("data-grad"))
            for card in self.page.query_selector_all(".card")
        }

    def state(self):
        """Everything that is shown, without the focus and the spark that is on its way."""
        self.page.evaluate("document.activeElement.blur()")
        return self.page.evaluate("""() => [document.querySelector('main').innerText, ...Array.from(
            document.querySelectorAll('#graph .edge, #graph .card'), (e) => e.outerHTML)].join('\\n')""")


@pytest.fixture
def opened(browser, tmp_path):
    pages = []

    def open_page(root=None, title="", forward=False, collapse="auto", **options):
        from test_page import fan

        page = stepper(
            root if root is not None else fan(), title=title, forward=forward, collapse=collapse
        )
        path = page.save(tmp_path / "page.html")
        pages.append(Opened(browser, path, **options))
        return pages[-1]

    yield open_page
    for each in pages:
        assert each.trouble == []
        assert len(each.requests) == 1 and each.requests[0].startswith("file:"), (
            "only the page itself is read"
        )
        each.page.close()
