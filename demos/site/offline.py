"""List the files of a site for use without a network: each with its size and its checksum.

>>> import tempfile
>>> folder = Path(tempfile.mkdtemp())
>>> (folder / "a.txt").write_bytes(b"abc")
3
>>> files(folder)
[{'path': 'a.txt', 'size': 3, 'checksum': 'sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0='}]

page/keep.js reads the list and keeps what is in it; page/offline.js answers from there when the
server is silent. Whatever the build has written is listed, so a new part of the site falls under
it. The scripts stand at the top of the site, for a service worker answers for what is below it.
"""

import base64
import hashlib
import json
import shutil
from pathlib import Path

PAGE = Path(__file__).with_name("page")
LIST = "files.json"
SCRIPTS = ("keep.js", "offline.js")
NOT_SHOWN = {".map", ".inv"}  # what no page asks for


def write(out: Path) -> None:
    """Write the scripts and, last, the list into the folder `out` of a site that is complete."""
    for name in SCRIPTS:
        shutil.copyfile(PAGE / name, out / name)
    text = json.dumps(files(out), indent=0)
    (out / LIST).write_text(text + "\n", encoding="utf-8", newline="\n")


def files(folder: Path) -> list[dict[str, str | int]]:
    """Return the path, the size in bytes and the checksum of every file that a page may ask for."""
    return [entry(folder, file) for file in sorted(folder.rglob("*")) if is_shown(file)]


def is_shown(file: Path) -> bool:
    """Return whether a page may ask for a file."""
    if file.name in (LIST, ".nojekyll") or file.suffix in NOT_SHOWN:
        return False
    return file.is_file()


def entry(folder: Path, file: Path) -> dict[str, str | int]:
    """Return what the list says of a file."""
    data = file.read_bytes()
    path = file.relative_to(folder).as_posix()
    return {"path": path, "size": len(data), "checksum": checksum(data)}


def checksum(data: bytes) -> str:
    """Return a checksum as browsers compare it."""
    return "sha256-" + base64.b64encode(hashlib.sha256(data).digest()).decode("ascii")
