"""Take the screenshots in the documentation, light and dark: of the pages, or of VS Code.

It needs playwright and a Chromium; the pages themselves need neither. With --vscode it needs
code-server: see demos/vscode.py.
"""

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import nn
from demos import data, moons, show, vscode
from engine import Value, stepper
from engine.view import Film, Page


class Screenshot(NamedTuple):
    """One picture: which page, after how many steps, in which colours, in how large a window."""

    name: str
    page: str
    steps: int
    scheme: str = "light"
    width: int = 1180
    height: int = 700
    moment: str = ""  # behind the address


SCREENSHOTS = [
    Screenshot("stepper_light", "small", 9),
    Screenshot("stepper_dark", "small", 9, "dark"),
    Screenshot("forward_light", "neuron", 4),
    Screenshot("forward_dark", "neuron", 4, "dark"),
    Screenshot("layers_light", "layers", 9),
    Screenshot("layers_dark", "layers", 9, "dark"),
    Screenshot("stepper_phone", "small", 9, "light", 390, 844),
    Screenshot("film_light", "film", 0, "light", 1180, 760, "#epoch=24&by=gradient"),
    Screenshot("film_dark", "film", 0, "dark", 1180, 760, "#epoch=24&by=gradient"),
]


def small() -> Value:
    """Return the small graph of the README."""
    a, b = Value(-2.0, label="a"), Value(3.0, label="b")
    d = a * b
    e = a + b
    f: Value = d * e
    d.label, e.label, f.label = "d", "e", "f"
    return f


def neuron() -> Value:
    """Return one tanh neuron, spelled out, as in the micrograd lecture."""
    x1, w1 = Value(2.0, label="x1"), Value(-3.0, label="w1")
    x2, w2, b = Value(0.0, label="x2"), Value(1.0, label="w2"), Value(6.8813735870195432, label="b")
    n = x1 * w1 + x2 * w2 + b
    o: Value = n.tanh()
    n.label, o.label = "n", "o"
    return o


def layers() -> Value:
    """Return the loss of a network of 33 neurons for one point."""
    net = nn.MLP(2, [16, 16, 1], activation="tanh", seed=1)
    score = net([Value(0.5, label="x"), Value(-1.0, label="y")])
    loss: Value = nn.squared_error([score], [1.0])
    loss.label = "loss"
    return loss


def film() -> Film:
    """Return the film of the two moons, as docs/nn.md has it."""
    rows, signs = data.moons(100, noise=0.1, seed=0)
    net = moons.network(seed=0)
    history = moons.train(net, rows, signs, 40, 1e-4, compiled=False, record=1)
    return nn.film(net, history, title="Two moons")


def main(argv: Sequence[str] | None = None) -> None:
    default = show.ROOT / "docs" / "screenshots"
    parser = show.documentation(__doc__, "screenshots", default)
    parser.add_argument("--vscode", action="store_true", help="of VS Code, in place of the page")
    options = parser.parse_args(argv)
    if options.vscode:
        for scheme in ("light", "dark"):
            vscode.picture(scheme, options.out / f"vscode_{scheme}.png")
    else:
        take(options.out)


def take(out: Path) -> None:
    """Take the pictures of the pages."""
    playwright = show.load("playwright.sync_api", "a screenshot")
    with tempfile.TemporaryDirectory() as folder, playwright.sync_playwright() as play:
        pages: dict[str, Page | Film] = {
            "small": stepper(small(), title="f = (a·b) · (a + b)"),
            "layers": stepper(layers()),
            "neuron": stepper(neuron(), title="One tanh neuron", forward=True),
            "film": film(),
        }
        files = {name: page.save(Path(folder) / f"{name}.html") for name, page in pages.items()}
        browser = play.chromium.launch(
            executable_path=vscode.chromium(), args=["--no-sandbox", "--disable-gpu"]
        )
        for screenshot in SCREENSHOTS:
            address = files[screenshot.page].as_uri() + screenshot.moment
            capture(browser, address, screenshot, out / f"{screenshot.name}.png")
        browser.close()


def capture(browser: Any, address: str, screenshot: Screenshot, file: Path) -> None:
    """Open the page, go to the step, and save what is in the window."""
    page = browser.new_page(
        viewport={"width": screenshot.width, "height": screenshot.height},
        color_scheme=screenshot.scheme,
        reduced_motion="reduce",
    )
    page.goto(address)
    for _ in range(screenshot.steps):
        page.keyboard.press("ArrowRight")
    page.wait_for_timeout(300)
    page.screenshot(path=file)
    page.close()
    print(file)


if __name__ == "__main__":
    sys.exit(show.program(main))
