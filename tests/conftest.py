"""What every test shares: settings of Hypothesis, a quiet matplotlib, a computer without dot."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsers import browser, opened, running  # noqa: F401 - fixtures
from site_browsers import axe, insecure, site  # noqa: F401 - the site is built once for all who ask

ROOT = Path(__file__).resolve().parent.parent

# Programs that a test starts find the packages too, installed or not.
os.environ["PYTHONPATH"] = os.pathsep.join(
    filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")])
)
os.environ["PYTHONUTF8"] = "1"
os.environ.setdefault("MPLBACKEND", "Agg")

# A shell's background job ignores Ctrl-C, and so would the programs that the tests interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

try:
    from hypothesis import HealthCheck, settings
except ImportError:  # only the tests that use it are skipped
    pass
else:
    quiet = [HealthCheck.too_slow, HealthCheck.data_too_large]
    settings.register_profile("default", deadline=None, suppress_health_check=quiet)
    # In CI the same examples every time: a red run there is about the change, not about luck.
    settings.register_profile("ci", deadline=None, suppress_health_check=quiet, derandomize=True)
    # In the Python of browsers, which is several times slower: the same, and fewer.
    settings.register_profile("few", settings.get_profile("ci"), max_examples=10)
    chosen = "ci" if os.environ.get("CI") else "default"
    settings.load_profile("few" if sys.platform == "emscripten" else chosen)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave the slow tests to CI: `make test` is for every change, and ends within four minutes."""
    for item in items:
        if os.environ.get("CI") != "true" and item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.skip(reason="takes long: CI=true runs it"))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print what tests have measured and kept by record_property("measured", text)."""
    reports = [report for each in terminalreporter.stats.values() for report in each]
    for report in reports:
        for name, text in getattr(report, "user_properties", ()):
            if name == "measured" and report.when == "call":
                terminalreporter.write_line(text)


@pytest.fixture
def python() -> str:
    """The interpreter that runs the tests, to start a fresh process with."""
    return sys.executable


@pytest.fixture
def without_dot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A computer on which Graphviz is not installed: no program at all is on PATH."""
    empty = tmp_path / "empty-path"
    empty.mkdir()
    monkeypatch.setenv("PATH", str(empty))
    yield


@pytest.fixture(params=["dot", "built in"])
def placing(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test that asks for it runs with dot's layout (where dot is) and with the built-in one."""
    from engine.view import layout

    if request.param == "built in":
        monkeypatch.setattr(layout.shutil, "which", lambda name: None)
    elif layout.shutil.which("dot") is None:
        pytest.skip("needs Graphviz's dot")
