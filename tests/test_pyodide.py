"""A second interpreter: the tests of the engine under the Python that runs in browsers, here in node."""

import os
import re
import shutil
import subprocess
from importlib import metadata
from pathlib import Path

import pytest

from demos.site import playground

ROOT = Path(__file__).resolve().parent.parent
LIBRARIES = ("pytest", "pluggy", "iniconfig", "packaging", "pygments", "mpmath")  # all pure Python
# What needs no subprocess, no numpy, no dot and no library with compiled parts, as Hypothesis is.
FILES = """micrograd primitive ieee anomaly edges exact location nn_losses differences orders
    debugger_why operations explain""".split()
WITHOUT = "not thread"  # a browser has none


@pytest.mark.skipif(os.environ.get("CI") != "true", reason="takes a minute: CI=true runs it")
@pytest.mark.skipif(not (shutil.which("node") and shutil.which("npm")), reason="needs Node.js")
def test_the_engine_passes_its_tests_in_the_python_of_browsers(tmp_path):
    pyodide = playground.install(tmp_path / "page") / "pyodide"
    libraries = copied(tmp_path / "libraries")
    chosen = [f"tests/test_{name}.py" for name in FILES]
    done = subprocess.run(
        ["node", ROOT / "tests" / "pyodide.mjs", pyodide, ROOT, libraries, "-k", WITHOUT, *chosen],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=600,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert re.search(r"^Python 3\.1[4-9]\.\d+ emscripten$", done.stdout, re.MULTILINE)
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed and int(passed[1]) > 1000
    print(done.stdout.splitlines()[-1])


def copied(folder: Path) -> Path:
    """The installed pytest and what it stands on, in a folder that another Python can read."""
    for name in LIBRARIES:
        distribution = metadata.distribution(name)
        for file in distribution.files or ():
            if ".." not in file.parts and file.suffix != ".pyc":
                target = folder / file
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(distribution.locate_file(file), target)
    return folder
