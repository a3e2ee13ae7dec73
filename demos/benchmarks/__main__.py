"""Run the benchmarks: `python -m demos.benchmarks`, or one part of them by name."""

import argparse
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec

PARTS = {
    "eager": "build a graph and run it backward, each time anew",
    "replay": "record a graph once and replay it",
}


def main(argv: Sequence[str] | None = None) -> None:
    listed = "\n".join(f"  {name:<8}{text}" for name, text in PARTS.items())
    parser = argparse.ArgumentParser(
        prog="python -m demos.benchmarks",
        epilog=f"parts:\n{listed}",
        description="CPU-time ratios beside other engines, side by side in one run.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    there = [name for name in PARTS if find_spec(f"demos.benchmarks.{name}")]
    parser.add_argument(
        "parts", nargs="*", metavar="part", help=f"{' or '.join(there)} (default: all)"
    )
    parser.add_argument(
        "--quick", action="store_true", help="few rounds: a glance, not a measurement"
    )
    args = parser.parse_args(argv)
    for name in args.parts or there:
        if name not in there:
            parser.error(f"no part {name!r}: take {' or '.join(there)}")
        import_module(f"demos.benchmarks.{name}").main(quick=args.quick)


if __name__ == "__main__":
    main()
