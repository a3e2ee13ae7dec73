"""Put the playground together: Pyodide and the editor from npm, pinned by checksum, and our code.

>>> [name for name in archive_names() if name.endswith("backward.py")]
['engine/backward.py']

page/package-lock.json holds the checksum of everything that npm fetches, and `npm ci` refuses what
differs. The site gets five files of Pyodide, two scripts, and one archive of engine and nn.
"""

import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from demos import show

from . import workshop

PAGE = Path(__file__).with_name("page")
PYODIDE = (
    "pyodide.mjs",
    "pyodide.asm.mjs",
    "pyodide.asm.wasm",
    "python_stdlib.zip",
    "pyodide-lock.json",
)
COUNTED = ("pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json")  # by fetch in the worker
PARTS = (
    "demos/__init__.py",
    "demos/site/__init__.py",
    "demos/site/errors.py",
    "demos/site/in_browser.py",
    "demos/site/prompt.py",
)
WORKSHOP = """__init__.py catalog.py columns.py contained.py fingerprints.json in_browser.py
    judge.py limits.py outcome.py probe.py progress.py"""
EPOCH = (1980, 1, 1, 0, 0, 0)  # the same files give the same archive


def build(out: Path) -> None:
    """Write the playground into the folder `out`, and the workshop into the folder beside it.

    Raises ImportError if npm is not there, and ValueError with npm's own words if it fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        modules = install(Path(folder))
        (out / "pyodide").mkdir(parents=True)
        for name in PYODIDE:
            shutil.copyfile(modules / "pyodide" / name, out / "pyodide" / name)
        for name in ("index.html", "style.css"):
            shutil.copyfile(PAGE / name, out / name)
        workshop.write(out.parent / "workshop", Path(folder))
        write_archive(out / "chainrule.zip")
        fetched = [out / "pyodide" / name for name in COUNTED] + [out / "chainrule.zip"]
        total = sum(file.stat().st_size for file in fetched)
        bundle = [
            "npx",
            "--no-install",
            "esbuild",
            f"{out.name}/app=app.js",
            f"{out.name}/worker=worker.js",
            "workshop/workshop=workshop.js",
            f"--outdir={out.parent.resolve()}",
        ]
        bundle += ["--splitting", f"--chunk-names={out.name}/[name]-[hash]"]  # what both pages use
        bundle += ["--bundle", "--format=esm", "--minify", "--charset=utf8", "--log-level=error"]
        bundle += [f"--define:TOTAL_BYTES={total}", "--external:./pyodide/pyodide.mjs"]
        bundle += ["--external:../keep.js"]
        call(bundle, Path(folder))


def install(folder: Path, *, tests: bool = False) -> Path:
    """Copy the sources into `folder`, let npm fetch what they need, and return where that is."""
    shutil.copytree(PAGE, folder, dirs_exist_ok=True)
    without = [] if tests else ["--omit=dev"]
    call(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", *without], folder)
    return folder / "node_modules"


def call(command: list[str], folder: Path) -> None:
    """Run npm or what it has fetched."""
    program = shutil.which(command[0])
    if program is None:
        raise ImportError("the playground needs Node.js and its npm: install them from nodejs.org")
    done = subprocess.run(
        [program, *command[1:]], cwd=folder, capture_output=True, text=True, encoding="utf-8"
    )
    if done.returncode:
        raise ValueError(f"{' '.join(command[:2])}: {(done.stderr or done.stdout).strip()[-1500:]}")


def archive_names() -> Iterator[str]:
    """Yield the paths of the files that Python in the page needs."""
    yield from PARTS
    yield from (f"demos/workshop/{name}" for name in WORKSHOP.split())
    for package in ("engine", "nn"):
        for file in sorted((show.ROOT / package).rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts and file.suffix != ".pyi":
                yield file.relative_to(show.ROOT).as_posix()


def write_archive(path: Path) -> None:
    """Write the archive; the same files give the same bytes."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in archive_names():
            info = zipfile.ZipInfo(name, EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, (show.ROOT / name).read_bytes())
