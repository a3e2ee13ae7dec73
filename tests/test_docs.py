"""What the documentation shows is what happens: doctests of every module, blocks of every page, links.

In a page, the blocks of one language after the other share one set of names:

    ```python            either a session with >>> prompts, or plain lines; what plain lines print must be
                         shown in a ```text block right after them
    ```console run       lines that begin with "$ python" or "$ chainrule" are run, the others are their output
    ```python skip       is only shown;  `needs=NAME` skips a block where that library is not installed
"""

import contextlib
import doctest
import importlib
import importlib.util
import io
import linecache
import re
import shlex
import subprocess
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch
from urllib.parse import unquote

import pytest

from engine.operations import OPERATIONS

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("engine", "nn", "demos")
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
PAGES = [
    p
    for p in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("docs/**/*.md"))]
    if p.exists()
]
WRITTEN = [
    p
    for folder in (".", *(f"{name}/**" for name in (*PACKAGES, "docs", "tests")))
    for p in sorted(ROOT.glob(f"{folder}/*.md"))
]
MODULES = [
    ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for package in PACKAGES
    for file in sorted((ROOT / package).rglob("*.py"))
    if file.stem.isidentifier()
]


class Block(NamedTuple):
    """A fenced block of a page: the words behind the fence, the text inside, the line it starts on."""

    words: list[str]
    text: str
    line: int


@pytest.fixture(autouse=True)
def the_table_of_operations_stays_as_it_was():
    """A page or a doctest may add an operation, to show how; the other tests don't see it."""
    with patch.dict(OPERATIONS):
        yield


@pytest.mark.parametrize("name", MODULES)
def test_module(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    failures, report = _doctests(_loaded(name))
    assert not failures, report


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_page(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run_page(page.read_text(encoding="utf-8"), page.name)


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page):
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    targets = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(
        r'(?:src|srcset|href)="([^"]+)"', text
    )
    local = [t.partition("#")[0] for t in targets if not re.match(r"[a-z]+:|#", t)]
    missing = [t for t in local if not (page.parent / unquote(t)).exists()]
    assert not missing


def test_the_readme_shows_the_pictures_that_its_lines_make(tmp_path, monkeypatch):
    """The same words and numbers: where they stand may differ from one layout to another."""
    monkeypatch.chdir(tmp_path)
    run_page((ROOT / "README.md").read_text(encoding="utf-8"), "README.md")
    drawn = list(tmp_path.glob("*.svg"))
    assert drawn
    for picture in drawn:
        assert _words(picture) == _words(ROOT / "docs" / "pictures" / picture.name)


def _words(picture: Path) -> list[str]:
    return sorted(re.findall(r"<text[^>]*>([^<]*)</text>", picture.read_text(encoding="utf-8")))


def run_page(text: str, name: str) -> None:
    """Run the blocks of a page from top to bottom; AssertionError names the first one that shows something else."""
    names: dict[str, Any] = {"__name__": "__main__"}
    blocks = list(_blocks(text))
    for block, following in zip(blocks, [*blocks[1:], None]):
        where = f"{name}, line {block.line}"
        if not _wanted(block):
            continue
        if block.words[0] == "python" and ">>> " in block.text:
            _run_session(block, names, where)
        elif block.words[0] == "python":
            shown = following.text if following and following.words[:1] == ["text"] else ""
            _compare(shown, _run_lines(block, names, where), where)
        elif block.words[:2] == ["console", "run"]:
            _run_commands(block, where)


# The reader of pages, tried on pages that are wrong.


@pytest.mark.parametrize(
    "text",
    [
        "```python\n>>> 1 + 1\n3\n```",
        "```python\nprint(2)\n```\n\n```text\n3\n```",
        "```python\nprint(2)\n```\nnothing shown",
        "```python\nx = 1\n```\n```python\n>>> x\n2\n```",
        "```python\nraise ValueError('no')\n```",
        "```console run\n$ python -c 'print(1)'\n2\n```",
        "```console run\n$ python -c 'import sys; sys.exit(3)'\n```",
    ],
)
def test_a_page_that_is_wrong_fails(text):
    with pytest.raises(AssertionError, match="page, line"):
        run_page(text, "page")


def test_a_doctest_fails_unless_a_library_is_missing():
    def failures_of(source: str) -> int:
        module = types.ModuleType("made_up")
        module.__doc__ = source
        return _doctests(module)[0]

    assert failures_of(">>> 1 + 1\n2\n") == 0
    assert failures_of(">>> 1 + 1\n3\n") == 1
    assert failures_of(">>> import no_such_library\n>>> 1 + 1\n3\n") == 0
    assert failures_of(">>> from engine import no_such_name\n") == 1
    assert failures_of(">>> import engine.no_such_module\n") == 1


def test_a_page_that_is_right_passes():
    run_page(
        "```python\nx = 2\nprint(x)\nprint(3)\n```\nprints\n```text\n2\n3\n```\n"
        "```python\n>>> x + 1\n3\n>>> list(range(x))\n[0, ...]\n```\n"
        "```python skip\nnonsense(\n```\n```python needs=no_such_library\nimport no_such_library\n```\n"
        "```console run\n$ python -c 'print(6)'\n6\n```\n```sh\nrm -rf everything\n```\n",
        "page",
    )


class LibraryMissing(Exception):
    """An example needs an optional library that is not installed."""


class Runner(doctest.DocTestRunner):
    """Runs the examples of one docstring, up to the first that needs a library that is not installed."""

    def report_unexpected_exception(self, out: Any, test: Any, example: Any, exc_info: Any) -> None:
        if isinstance(exc_info[1], ImportError) and _is_optional(exc_info[1]):
            raise LibraryMissing(str(exc_info[1]))
        super().report_unexpected_exception(out, test, example, exc_info)


def _is_optional(error: ImportError) -> bool:
    """Whether a library is missing, rather than a name of our own."""
    return (error.name or "engine").partition(".")[0] not in PACKAGES or "pip install" in str(error)


def _loaded(name: str) -> Any:
    """The module, or a skip that names the optional library that it needs."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        if not _is_optional(error):
            raise
        pytest.skip(str(error))


def _doctests(module: Any) -> tuple[int, str]:
    """How many examples fail, and what they say."""
    report = io.StringIO()
    runner = Runner(optionflags=OPTIONS, verbose=False)
    for test in doctest.DocTestFinder(exclude_empty=True).find(module):
        with contextlib.suppress(LibraryMissing):
            runner.run(test, out=report.write)
    return runner.failures, report.getvalue()


def _blocks(text: str) -> Iterator[Block]:
    for match in re.finditer(r"^( *)```(\w[^\n]*)\n(.*?)^\1```$", text, re.DOTALL | re.MULTILINE):
        body = re.sub(f"^{match[1]}", "", match[3], flags=re.MULTILINE)
        yield Block(match[2].split(), body, text.count("\n", 0, match.start()) + 1)


def _wanted(block: Block) -> bool:
    needs = [word.removeprefix("needs=") for word in block.words if word.startswith("needs=")]
    return "skip" not in block.words and all(importlib.util.find_spec(name) for name in needs)


def _run_session(block: Block, names: dict[str, Any], where: str) -> None:
    report = io.StringIO()
    runner = doctest.DocTestRunner(optionflags=OPTIONS, verbose=False)
    session = doctest.DocTestParser().get_doctest(block.text, names, where, where, block.line)
    runner.run(session, out=report.write, clear_globs=False)
    names.update(session.globs)
    assert not runner.failures, f"{where}\n{report.getvalue()}"


def _run_lines(block: Block, names: dict[str, Any], where: str) -> str:
    printed = io.StringIO()
    linecache.cache["example.py"] = (
        len(block.text),
        None,
        block.text.splitlines(keepends=True),
        "example.py",
    )
    try:
        with contextlib.redirect_stdout(printed):
            exec(
                compile(block.text, "example.py", "exec"), names
            )  # as if pasted into a file of that name
    except Exception as error:
        raise AssertionError(f"{where}: {type(error).__name__}: {error}") from error
    return printed.getvalue()


def _run_commands(block: Block, where: str) -> None:
    for command, shown in re.findall(
        r"^\$ ([^\n]*)\n((?:(?!\$ )[^\n]*\n)*)", block.text, re.MULTILINE
    ):
        program, *arguments = shlex.split(command)
        ours = {"python": [sys.executable], "chainrule": [sys.executable, "-m", "engine"]}[program]
        done = subprocess.run(
            [*ours, *arguments], capture_output=True, text=True, encoding="utf-8", timeout=300
        )
        assert done.returncode == 0, f"{where}: $ {command}\n{done.stderr}"
        _compare(shown, done.stdout, where)


def _compare(shown: str, printed: str, where: str) -> None:
    same = doctest.OutputChecker().check_output(shown, printed, OPTIONS)
    assert same, f"{where} prints\n{printed}\nbut the page shows\n{shown}"
