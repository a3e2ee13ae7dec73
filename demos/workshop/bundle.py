"""Make one zip file for a room without network: `make bundle`, or python -m demos.workshop.bundle.

>>> [len(runs(platforms)) for platforms in (PLATFORMS, {})]
[20, 0]

It holds wheels for Linux, macOS and Windows and Python 3.11 to 3.14, the exercises, pages, the
poster and one page of instructions; setup_room.py in it installs from them. The wheels come from
the package index, so this one command needs a network, the evening before.
"""

import argparse
import html
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import engine
from demos import show
from engine import Value, stepper

from . import poster, quiz
from .catalog import EXERCISES, FOLDER
from .misconceptions import MISCONCEPTIONS, Misconception, shown
from .notebook import notebook_of
from .terminal import say

NAME = "chainrule-workshop"
VERSIONS = ("3.11", "3.12", "3.13", "3.14")
PLATFORMS = {  # names that wheels for it may have, as pip spells them
    "Linux, x86": ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64"),
    "Linux, ARM": ("manylinux_2_28_aarch64", "manylinux_2_17_aarch64", "manylinux2014_aarch64"),
    "macOS, Apple silicon": ("macosx_14_0_arm64", "macosx_12_0_arm64", "macosx_11_0_arm64"),
    "macOS, Intel": ("macosx_14_0_x86_64", "macosx_11_0_x86_64", "macosx_10_13_x86_64"),
    "Windows": ("win_amd64",),
}
LIBRARIES = ("pip", "rich", "graphviz")  # graphviz asks dot for a layout; without it there is ours
ONLY_THERE = {"Windows": ("colorama",), "macOS": ("appnope",)}  # pip asks this system for markers
SOURCES = ("engine", "nn", "demos")
FILES = ("setup.cfg", "pyproject.toml", "README.md", "LICENSE")


def main(argv: Sequence[str] | None = None) -> int:
    """Make the zip file and print its path and size."""
    parser = argparse.ArgumentParser(
        prog="python -m demos.workshop.bundle",
        description="Make one zip file for a room without network.",
    )
    parser.add_argument("--out", type=show.folder, default="dist", help="folder (default: dist)")
    parser.add_argument(
        "--with",
        dest="more",
        nargs="*",
        default=[],
        metavar="LIBRARY",
        help="more libraries, such as numpy: their wheels for every platform make it large",
    )
    options = parser.parse_args(argv)
    path = bundle(Path(options.out), [*LIBRARIES, *options.more])
    say(f"{path}: {path.stat().st_size / 1e6:.1f} MB. Unpack it and read START.txt.")
    return 0


def bundle(
    out: Path, libraries: Sequence[str], platforms: Mapping[str, Sequence[str]] = PLATFORMS
) -> Path:
    """Write the zip file for these platforms and return its path; an old one is replaced."""
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder) / NAME
        (top / "wheels").mkdir(parents=True)
        build_wheel(top / "wheels")
        download(libraries, top / "wheels", platforms)
        write_pages(top / "pages")
        for line in poster.write(top / "sheets"):
            if line.startswith("no "):
                say(line)
        copy_files(top)
        return pack(top, out / f"{NAME}.zip")


# -- wheels
# -------------------------------------------------------------------------------------------------


def build_wheel(folder: Path, root: Path = show.ROOT) -> None:
    """Build the project's own wheel, from a copy, so that nothing is left in the checkout.

    Raises FileNotFoundError where there is no checkout.
    """
    if not (root / "setup.cfg").is_file():
        raise FileNotFoundError(f"there is no checkout around {root}: clone the repository first")
    with tempfile.TemporaryDirectory() as temporary:
        source = Path(temporary) / "source"
        for name in SOURCES:
            shutil.copytree(
                root / name, source / name, ignore=shutil.ignore_patterns("__pycache__")
            )
        for name in FILES:
            shutil.copy(root / name, source)
        pip("wheel", "--no-deps", "--wheel-dir", str(folder), str(source))


def runs(platforms: Mapping[str, Sequence[str]]) -> list[tuple[str, str, list[str]]]:
    """Return every version of Python on every platform, with the options that say so to pip."""
    return [
        (platform, version, [*(f"--platform={tag}" for tag in tags), f"--python-version={version}"])
        for platform, tags in platforms.items()
        for version in VERSIONS
    ]


def download(
    libraries: Sequence[str], folder: Path, platforms: Mapping[str, Sequence[str]]
) -> None:
    """Fetch the wheels of libraries and of what they need; raise OSError where there is none."""
    has_more = not {*libraries} <= {*LIBRARIES}
    for platform, version, options in runs(platforms):
        say(f"{platform}, Python {version}")
        names = [*libraries, *(ONLY_THERE.get(platform.partition(",")[0], ()) if has_more else ())]
        pip("download", "--only-binary=:all:", "--dest", str(folder), *options, *names)


def pip(*arguments: str) -> None:
    """Run pip; raise OSError with its last line where it fails."""
    patience = ("--timeout=20", "--retries=2")
    command = [sys.executable, "-m", "pip", *arguments, "--quiet", "--disable-pip-version-check"]
    done = subprocess.run([*command, *patience], capture_output=True, text=True)
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["pip failed"]
        errors = [line for line in lines if line.startswith("ERROR")]
        raise OSError(f"pip {arguments[0]}: {(errors or lines)[-1]}")


# -- what is read
# -------------------------------------------------------------------------------------------------


def write_pages(folder: Path) -> None:
    """Write the pages that play a backward pass, and a quiz of each level."""
    folder.mkdir(parents=True)
    for name, root in graphs().items():
        stepper(root, forward=True, title=name.replace("-", " ")).save(folder / f"{name}.html")
    for level in quiz.LEVELS:
        title = f"Gradients: level {level}, quiz 1"
        page = quiz.html_page(quiz.questions(1, level), title)
        engine.write_file(folder / f"quiz-level-{level}.html", page)
    title = f"{len(MISCONCEPTIONS)} misconceptions"
    items = [line for m in MISCONCEPTIONS for line in _misconception(m)]
    page = quiz.document(title, ["<ol>", *items, "</ol>"])
    engine.write_file(folder / "misconceptions.html", page)


def _misconception(m: Misconception) -> Iterator[str]:
    """Yield one misconception; the answer shows when it is asked for."""
    yield f"<li><b>{html.escape(m.belief)}</b><p>{html.escape(m.told(m.question))}</p>"
    yield f"<details><summary>The answer</summary><p>Usually: {html.escape(shown(m.usual()))}."
    yield f"Right: <b>{html.escape(shown(m.number()))}</b>. {html.escape(m.told(m.why))}</p>"
    yield f"<pre>{html.escape(m.command)}</pre>"
    yield poster.tall_picture(m.graph()) + "</details></li>"


def graphs() -> dict[str, Value]:
    """Return the graphs of the pages, by the name of the page."""
    return {"a-product": _product(), "a-fork": _fork(), "a-neuron": _neuron()}


def _product() -> Value:
    a, b = Value(-2.0, label="a"), Value(3.0, label="b")
    return _named(a * b, "f")


def _fork() -> Value:
    x = Value(0.5, label="x")
    h = _named(x.tanh(), "h")
    return _named(h + h * x, "y")


def _neuron() -> Value:
    x1, x2, b = Value(2.0, label="x1"), Value(-1.0, label="x2"), Value(0.5, label="b")
    w1, w2 = Value(0.5, label="w1"), Value(1.5, label="w2")
    return _named(_named(w1 * x1 + w2 * x2 + b, "z").tanh(), "a")


def _named(node: Value, label: str) -> Value:
    node.label = label
    return node


def copy_files(top: Path) -> None:
    """Copy the exercises, the documentation, the teacher's pages and what stands at the top."""
    (top / "exercises").mkdir()
    (top / "teacher").mkdir()
    for exercise in EXERCISES:
        shutil.copy(exercise.start, top / "exercises")
    write_notebooks(top / "notebooks")
    for name in ("README.md", "INSTRUCTOR.md"):
        shutil.copy(FOLDER / name, top / "teacher")
    for file in (FOLDER / "START.txt", FOLDER / "setup_room.py", show.ROOT / "LICENSE"):
        shutil.copy(file, top)
    shutil.copytree(show.ROOT / "docs", top / "docs")


def write_notebooks(folder: Path) -> None:
    """Write the exercises as notebooks; say so where nbformat, which makes them, is missing."""
    folder.mkdir()
    try:
        for e in EXERCISES:
            engine.write_file(folder / f"{e.name}.ipynb", notebook_of(e))
    except ImportError as error:
        folder.rmdir()
        say(f"no notebooks: {error}")


# -- the zip file
# -------------------------------------------------------------------------------------------------


def pack(top: Path, path: Path) -> Path:
    """Write a folder as a zip file, whole or not at all; the same folder gives the same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in _files(top):
            name = f"{NAME}/{file.relative_to(top).as_posix()}"
            info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            info.external_attr = 0o644 << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, file.read_bytes())
    os.replace(part, path)
    return path


def _files(top: Path) -> Iterator[Path]:
    return (path for path in sorted(top.rglob("*")) if path.is_file())


if __name__ == "__main__":
    sys.exit(show.program(main))
