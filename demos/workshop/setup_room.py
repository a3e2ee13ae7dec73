"""Set up a laptop for the workshop, without network, by `python setup_room.py`.

This file lies in the unpacked bundle, beside the folder wheels. It needs Python 3.11 or later and
nothing else: pip is among the wheels, and all that is installed goes into one new folder. Nothing
of the computer is changed; who wants to be rid of the workshop deletes the folder.

>>> installer(Path("wheels"), ["chainrule-0.1-py3-none-any.whl", "pip-26.0-py3-none-any.whl"]).name
'pip'
"""

# Older Pythons have to read this file as far as their refusal, so types that they lack are quoted.

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

OLDEST = (3, 11)
PROJECT = "chainrule"
FOLDER = "workshop-room"
COPIED = ("pages", "sheets")  # of the bundle, into the new folder
POSIX = '#!/bin/sh\ncd "$(dirname "$0")" && exec env/bin/python -m demos.workshop "$@"\n'
WINDOWS = """@echo off
pushd "%~dp0"
env\\Scripts\\python -m demos.workshop %*
set status=%errorlevel%
popd
exit /b %status%
""".replace("\n", "\r\n")
TRIAL = (
    "import engine; x = engine.Value(3.0, label='x'); y = x * x; y.backward(); "
    "assert x.grad == 6.0; engine.draw(y).save('first-picture.svg')"
)


class Refused(Exception):
    """Why nothing can be set up, and what to do."""


def main(argv: "list[str] | None" = None) -> int:
    """Set up a room in the folder that is named, or in workshop-room; return the exit status."""
    arguments = sys.argv[1:] if argv is None else argv
    if {"-h", "--help"} & {*arguments}:
        print((__doc__ or "").partition("\n>>>")[0].strip())
        print(f"\npython setup_room.py [FOLDER]    the new folder (default: {FOLDER})")
        return 0
    try:
        set_up(Path(__file__).resolve().parent, Path(arguments[0] if arguments else FOLDER))
    except Refused as refused:
        print(refused, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped by Ctrl-C: delete the folder and start again", file=sys.stderr)
        return 130
    return 0


def set_up(bundle: Path, folder: Path) -> None:
    """Install from a bundle into a folder, try it, and say how to begin."""
    require_python(*sys.version_info[:2])
    wheels = bundle / "wheels"
    names = sorted(path.name for path in wheels.glob("*.whl"))
    pip = installer(wheels, names)
    make_folder(folder)
    print(f"Setting up {folder}, without network ...", flush=True)
    python = make_environment(folder.absolute() / "env")
    install(python, pip, "--no-deps", PROJECT)
    install_extras(python, pip, sorted({n.partition("-")[0] for n in names} - {PROJECT, "pip"}))
    for name in COPIED:
        if (bundle / name).is_dir():
            shutil.copytree(bundle / name, folder / name)
    start = write_start(folder)
    try_out(python, folder)
    print(f'Ready. Now:\n    cd "{folder}"\n    {start} list       the exercises')
    print(f"    {start} watch      checks a file whenever you save it")
    print(f"Where a text says  python  type  {python.relative_to(folder.absolute())}")


def require_python(major: int, minor: int) -> None:
    """Raise Refused for a Python that is too old."""
    if (major, minor) < OLDEST:
        raise Refused(
            f"the workshop needs Python 3.11 or later, and this is {major}.{minor}: "
            "start it with another, as in  python3.12 setup_room.py"
        )


def installer(wheels: Path, names: "list[str]") -> Path:
    """Return the pip that is among the wheels, as something that Python can run."""
    pips = [name for name in names if name.startswith("pip-")]
    if not pips or not any(name.startswith(f"{PROJECT}-") for name in names):
        raise Refused(
            f"{wheels} lacks the wheels of {PROJECT} and pip: unpack the whole zip file, "
            "and start the setup_room.py that lies in it"
        )
    return wheels / pips[-1] / "pip"


def make_folder(folder: Path) -> None:
    """Make the new folder; raise Refused where something is there already."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Refused(
            f"{folder} is there already: delete it, or name another, as in  "
            "python setup_room.py other-folder"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Refused(f"can't make {folder}: {error.strerror}") from None


def make_environment(folder: Path) -> Path:
    """Make an environment without pip, which some computers lack; return its Python."""
    venv.create(folder, symlinks=os.name != "nt")
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def install(python: Path, pip: Path, *names: str) -> None:
    """Install from the wheels alone; raise Refused with pip's last lines."""
    command = [str(python), str(pip), "install", "--quiet", "--no-index", "--no-cache-dir"]
    command += ["--find-links", str(pip.parents[1]), "--disable-pip-version-check", *names]
    done = subprocess.run(command, env=surroundings(), capture_output=True, text=True)
    if done.returncode:
        last = "\n".join((done.stdout + done.stderr).strip().splitlines()[-4:])
        raise Refused(f"can't install {names[-1]}:\n{last}")
    print(f"  installed: {', '.join(name for name in names if name[0] != '-')}", flush=True)


def install_extras(python: Path, pip: Path, names: "list[str]") -> None:
    """Install what makes the workshop nicer: all at once, else one by one, as far as it goes."""
    try:
        if names:
            install(python, pip, *names)
    except Refused:
        for name in names:
            try:
                install(python, pip, name)
            except Refused:
                print(f"  left out: {name}, which the workshop can do without")


def surroundings() -> "dict[str, str]":
    """Return the environment without what somebody has set for pip and Python."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "PYTHON"))}
    return {**kept, "PIP_CONFIG_FILE": os.devnull, "PYTHONUTF8": "1"}


def write_start(folder: Path) -> str:
    """Write the file that starts the workshop; return what to type."""
    name, text = ("learn.bat", WINDOWS) if os.name == "nt" else ("learn.sh", POSIX)
    (folder / name).write_bytes(text.encode())
    (folder / name).chmod(0o755)
    return ".\\learn" if os.name == "nt" else "./learn.sh"


def try_out(python: Path, folder: Path) -> None:
    """Compute and draw one gradient; raise Refused where that fails."""
    command = [str(python), "-c", TRIAL]
    done = subprocess.run(command, cwd=folder, env=surroundings(), capture_output=True, text=True)
    if done.returncode:
        raise Refused(f"installed, but it does not run:\n{done.stderr.strip()[-400:]}")
    print("  tried: the gradient of x*x at 3 is 6, drawn in first-picture.svg")


if __name__ == "__main__":
    sys.exit(main())
