"""The repository as a whole: types and lint are clean, files are plain, nothing speaks of one person's machine."""

import configparser
import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
BINARY = {".png", ".gz", ".pdf", ".ico"}
SOMEBODYS_FOLDER = re.compile(r"(?<![\w.~])/(?:work|root|home/\w+|Users/\w+|tmp/(?:venv|lab))/")


@pytest.mark.parametrize(
    "command",
    [["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"]],
    ids=["ruff", "format", "mypy"],
)
def test_types_and_lint_are_clean(command):
    if importlib.util.find_spec(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed: pip install {command[0]}")
    done = subprocess.run(
        [sys.executable, "-m", *command], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_files_are_utf8_with_unix_line_ends():
    for file in _text_files():
        text = file.read_bytes().decode("utf-8")
        assert "\r" not in text, file
        assert not text or text.endswith("\n"), f"{file}: the last line does not end"


def test_nothing_speaks_of_one_persons_machine():
    mentions = [
        f"{file.relative_to(ROOT)}: {match[0]}"
        for file in _text_files()
        for match in SOMEBODYS_FOLDER.finditer(file.read_text(encoding="utf-8"))
    ]
    assert not mentions


@pytest.mark.parametrize("text", ["cd |home/ann/x", "'|root/a'", "in |tmp/venv/bin"])
def test_a_machines_folder_is_recognised(
    text,
):  # | stands for the slash, or this file would be one of those found
    assert SOMEBODYS_FOLDER.search(text.replace("|", "/"))


@pytest.mark.parametrize(
    "text", ["https://example.org/root/a", "out/home/me/x", "~/work/notes", "/tmp/x"]
)
def test_other_folders_are_not(text):
    assert not SOMEBODYS_FOLDER.search(text)


def test_the_version_stands_in_the_changelog():
    version = re.search(
        r"^version = (\S+)$", (ROOT / "setup.cfg").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert version and f"## [{version[1]}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_every_file_beside_the_modules_is_installed_with_them():
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    data = config["options.package_data"]
    patterns = [p.removeprefix("**/") for p in data["*"].split()]
    beside = [
        f.relative_to(ROOT)
        for f in _text_files()
        if f.relative_to(ROOT).parts[0] in ("engine", "nn", "demos")
    ]
    beside = [f for f in beside if f.suffix != ".py" or not f.stem.isidentifier()]
    assert beside
    assert [f for f in beside if not any(f.match(p) for p in patterns)] == []


def _text_files() -> list[Path]:
    """The files that git keeps, or, in an unpacked archive, all that look like them."""
    if shutil.which("git") and (ROOT / ".git").exists():
        listed = subprocess.run(
            ["git", "ls-files", "-z"], capture_output=True, cwd=ROOT, check=True
        ).stdout
        files = [ROOT / name for name in listed.decode("utf-8").split("\0") if name]
    else:
        files = [
            f for p in ("engine", "nn", "demos", "tests", "docs") for f in (ROOT / p).rglob("*.*")
        ]
    return [
        f for f in files if f.is_file() and f.suffix not in BINARY and "__pycache__" not in f.parts
    ]
