"""Photographs of the stepper page for the documentation, light and dark: python -m demos.screenshots

Needs playwright and a Chromium; the pages themselves need neither.
"""

import shutil
import sys
import tempfile
from pathlib import Path

from engine import Value, stepper

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "screenshots"
STEPS = 10  # into the neuron's backward pass: the sum sends its share


def neuron() -> Value:
    """One tanh neuron, spelled out, as in the micrograd lecture."""
    x1, w1 = Value(2.0, label="x1"), Value(-3.0, label="w1")
    x2, w2, b = Value(0.0, label="x2"), Value(1.0, label="w2"), Value(6.8813735870195432, label="b")
    n = x1 * w1 + x2 * w2 + b
    o: Value = n.tanh()
    n.label, o.label = "n", "o"
    return o


def main(folder: Path = FOLDER) -> int:
    """Write stepper_light.png, stepper_dark.png and stepper_phone.png; returns 1 where no browser is installed."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        chromium = None
    if chromium is None:
        print("screenshots need playwright and Chromium: pip install playwright; apt-get install chromium",
              file=sys.stderr)
        return 1
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as play:
        page_file = stepper(neuron(), title="One tanh neuron").save(Path(scratch) / "neuron.html")
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for name, scheme, width, height in (("light", "light", 1180, 660), ("dark", "dark", 1180, 660),
                                            ("phone", "light", 390, 844)):
            page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme,
                                    reduced_motion="reduce")
            page.goto(page_file.as_uri())
            for _ in range(STEPS):
                page.keyboard.press("ArrowRight")
            page.wait_for_timeout(300)
            page.screenshot(path=folder / f"stepper_{name}.png")
            print(folder / f"stepper_{name}.png")
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
