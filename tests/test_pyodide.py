"""A second interpreter: the tests of the engine under the Python that runs in browsers, here in node."""

import os
import re
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from demos.site import playground

ROOT = Path(__file__).resolve().parent.parent
# All pure Python. Of Hypothesis, newer releases have a compiled part, so an older one is fetched.
LIBRARIES = ("pytest", "pluggy", "iniconfig", "packaging", "pygments", "mpmath", "sortedcontainers")
HYPOTHESIS = (
    "hypothesis==6.150.0 "
    "--hash=sha256:caf1f752418c49ac805f11d909c5831aaceb96762aa3895e0c702468dedbe3fe\n"
)
# What needs no subprocess, no numpy and no dot; a single test that does is skipped there.
FILES = """bits micrograd primitive ieee anomaly edges exact location nn_losses differences orders
    debugger_why operations explain value calculus backward check diagnosis forward formula graph
    nested_derivatives printing""".split()
# A browser has no threads, an address there has 32 bits, and its stack ends where a chain of 10,000
# values is freed, for CPython's guard against that does not know how much of the stack is left.
WITHOUT = "not thread and not a_node_is_small and not deep and not depth and not thousands"


@pytest.mark.skipif(os.environ.get("CI") != "true", reason="takes two minutes: CI=true runs it")
@pytest.mark.skipif(not (shutil.which("node") and shutil.which("npm")), reason="needs Node.js")
def test_the_engine_passes_its_tests_in_the_python_of_browsers(tmp_path, record_property):
    pyodide = playground.install(tmp_path / "page") / "pyodide"
    libraries = fetched(copied(tmp_path / "libraries"))
    chosen = [f"tests/test_{name}.py" for name in FILES]
    node = ["node", ROOT / "tests" / "pyodide.mjs"]
    done = subprocess.run(
        [*node, pyodide, ROOT, libraries, "-k", WITHOUT, *chosen],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=1800,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    python = re.search(r"^Python 3\.1[4-9]\.\d+ emscripten$", done.stdout, re.MULTILINE)
    passed = re.search(r"(\d+) passed", done.stdout)
    assert python and passed and int(passed[1]) > 2000
    record_property("measured", f"{python[0]}: {done.stdout.splitlines()[-1]}")


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


def fetched(folder: Path) -> Path:
    """The folder with Hypothesis in it, by its checksum from the package registry."""
    wanted = folder.with_suffix(".txt")
    wanted.write_text(HYPOTHESIS, encoding="utf-8")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    pure = ["--no-deps", "--only-binary=:all:", "--platform=any", "--python-version=3.14"]
    place = ["--target", folder, "--require-hashes", "--requirement", wanted]
    done = subprocess.run([*pip, *pure, *place], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder
