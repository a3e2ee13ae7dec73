"""Run the benchmarks: `python -m demos.benchmarks`, or one part of them by name."""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from demos import show

PARTS = {
    "eager": "build a graph and run it backward, each time anew",
    "replay": "record a graph once and replay it",
    "gpt": "a small GPT, in scalars and in matrices",
}


def main(argv: Sequence[str] | None = None) -> None:
    listed = "\n".join(f"  {name:<8}{text}" for name, text in PARTS.items())
    parser = argparse.ArgumentParser(
        prog="python -m demos.benchmarks",
        epilog=f"parts:\n{listed}",
        description="CPU-time ratios beside other engines, side by side in one run.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "parts", nargs="*", metavar="part", help=f"{' or '.join(PARTS)} (default: all)"
    )
    parser.add_argument("--quick", action="store_true", help="few rounds: a glance")
    parser.add_argument("--only", metavar="TABLE", help="one table of a part, such as gpt of eager")
    parser.add_argument(
        "--against", metavar="CHECKOUT", help="eager: time another checkout of this project too"
    )
    args = parser.parse_args(argv)
    parts = args.parts or list(PARTS)
    for name in parts:
        if name not in PARTS:
            parser.error(f"no part {name!r}: take {' or '.join(PARTS)}")
    modules = {name: import_module(f"demos.benchmarks.{name}") for name in parts}
    if args.only:
        modules = {name: module for name, module in modules.items() if args.only in module.TABLES}
        if not modules:
            tables = [table for name in parts for table in _tables(name)]
            parser.error(f"no table {args.only!r}: take {', '.join(tables)}")
    if args.against and not Path(args.against, "engine", "__init__.py").is_file():
        parser.error(f"no engine in {args.against}: --against takes a checkout of this project")
    for module in modules.values():
        module.main(quick=args.quick, only=args.only or "", against=args.against or "")


def _tables(part: str) -> list[str]:
    return list(import_module(f"demos.benchmarks.{part}").TABLES)


if __name__ == "__main__":
    sys.exit(show.program(main))
