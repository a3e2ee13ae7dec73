"""Build the site into out/site, or serve it: `python -m demos.site build` and `serve`.

>>> parse(["serve", "--port", "8001"]).port
8001
"""

import argparse
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from demos import show

from . import documentation, links, offline, playground
from .serve import serve


def main(argv: Sequence[str] | None = None) -> int:
    """Build or serve; return the exit status."""
    options = parse(sys.argv[1:] if argv is None else argv)
    try:
        if options.command == "serve":
            serve(options.out, options.lan, options.port)
        else:
            build(options.out)
    except (ImportError, ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print()
        return show.INTERRUPTED
    return 0


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(
        prog="python -m demos.site", description="Build the site, or serve what was built."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    builder = commands.add_parser("build", help="write the site into a folder; needs npm")
    server = commands.add_parser("serve", help="serve what was built to a browser")
    server.add_argument(
        "--lan", action="store_true", help="to everybody in this network, not to this computer only"
    )
    server.add_argument("--port", type=int, default=8000, help="(default: 8000)")
    for command in (builder, server):
        command.add_argument(
            "--out", default=Path("out/site"), type=Path, help="folder (default: out/site)"
        )
    return parser.parse_args(argv)


def build(out: Path) -> None:
    """Write the whole site, check its links, and print its size."""
    begun = time.monotonic()
    shutil.rmtree(out, ignore_errors=True)
    documentation.build(out)
    playground.build(out / "playground")
    offline.write(out)
    links.check(out)
    size = sum(file.stat().st_size for file in out.rglob("*") if file.is_file())
    print(f"{out}: {size / 1e6:.1f} MB, {time.monotonic() - begun:.0f} s")


if __name__ == "__main__":
    sys.exit(main())
