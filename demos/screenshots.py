"""Photographs of the stepper page for the documentation, light and dark: python -m demos.screenshots

Needs playwright and a Chromium; the pages themselves need neither.
"""

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import nn
from engine import Value, stepper

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "screenshots"


class Photograph(NamedTuple):
    """One picture: which page, after how many steps, in which colours and in how large a window."""

    name: str
    page: str
    steps: int
    scheme: str = "light"
    width: int = 1180
    height: int = 700


PHOTOGRAPHS = [
    Photograph("stepper_light", "small", 9),
    Photograph("stepper_dark", "small", 9, "dark"),
    Photograph("forward_light", "neuron", 4),
    Photograph("forward_dark", "neuron", 4, "dark"),
    Photograph("layers_light", "layers", 9),
    Photograph("layers_dark", "layers", 9, "dark"),
    Photograph("stepper_phone", "small", 9, "light", 390, 844),
]


def small() -> Value:
    """The small graph of the README."""
    a, b = Value(-2.0, label="a"), Value(3.0, label="b")
    d = a * b
    e = a + b
    f: Value = d * e
    d.label, e.label, f.label = "d", "e", "f"
    return f


def neuron() -> Value:
    """One tanh neuron, spelled out, as in the micrograd lecture."""
    x1, w1 = Value(2.0, label="x1"), Value(-3.0, label="w1")
    x2, w2, b = Value(0.0, label="x2"), Value(1.0, label="w2"), Value(6.8813735870195432, label="b")
    n = x1 * w1 + x2 * w2 + b
    o: Value = n.tanh()
    n.label, o.label = "n", "o"
    return o


def layers() -> Value:
    """The loss of a network of 33 neurons for one point."""
    net = nn.MLP(2, [16, 16, 1], activation="tanh", seed=1)
    score = net([Value(0.5, label="x"), Value(-1.0, label="y")])
    loss: Value = nn.squared_error([score], [1.0])
    loss.label = "loss"
    return loss


def main(folder: Path = FOLDER) -> int:
    """Write the photographs; returns 1 where no browser is installed."""
    chromium = next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        chromium = None
    if chromium is None:
        print(
            "screenshots need playwright and Chromium: pip install playwright; apt-get install chromium",
            file=sys.stderr,
        )
        return 1
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as play:
        pages = {
            "small": stepper(small(), title="f = (a·b) · (a + b)"),
            "layers": stepper(layers()),
            "neuron": stepper(neuron(), title="One tanh neuron", forward=True),
        }
        files = {name: page.save(Path(scratch) / f"{name}.html") for name, page in pages.items()}
        browser = play.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        for photograph in PHOTOGRAPHS:
            take(
                browser,
                files[photograph.page].as_uri(),
                photograph,
                folder / f"{photograph.name}.png",
            )
        browser.close()
    return 0


def take(browser: Any, address: str, photograph: Photograph, file: Path) -> None:
    """Open the page, go to the step, and keep what is in the window."""
    page = browser.new_page(
        viewport={"width": photograph.width, "height": photograph.height},
        color_scheme=photograph.scheme,
        reduced_motion="reduce",
    )
    page.goto(address)
    for _ in range(photograph.steps):
        page.keyboard.press("ArrowRight")
    page.wait_for_timeout(300)
    page.screenshot(path=file)
    page.close()
    print(file)


if __name__ == "__main__":
    sys.exit(main())
