"""The demos: `python -m demos` lists them, `python -m demos moons iris` runs some, `python -m demos all` runs all.

>>> NAMES[0], summary("moons")
('chain_network', 'Two moons: a network with fixed architecture bends a line until every point is on its side.')
"""

import ast
import difflib
import sys
import time
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

NAMES = (
    "chain_network",
    "layer_sums",
    "four_equations",
    "two_modes",
    "descent",
    "most_wrong",
    "linear_regression",
    "logistic_regression",
    "perceptron",
    "lda",
    "moons",
    "iris",
    "digits",
    "parametric",
    "tour",
)
FOLDER = Path(__file__).parent


def summary(name: str) -> str:
    """The first line of a demo, read without running it."""
    source = (FOLDER / f"{name}.py").read_text(encoding="utf-8")
    return (ast.get_docstring(ast.parse(source)) or "").partition("\n")[0]


def present() -> list[str]:
    return [name for name in NAMES if (FOLDER / f"{name}.py").exists()]


def takes(name: str, option: str) -> bool:
    return f'"{option}"' in (FOLDER / f"{name}.py").read_text(encoding="utf-8")


def run(name: str, options: Sequence[str]) -> None:
    """Run one demo with those of the options that it has."""
    print(f"\n== {name}: {summary(name)}\n", flush=True)
    start = time.perf_counter()
    own = [o for o in options if not o.startswith("--quick") or takes(name, "--quick")]
    import_module(f"demos.{name}").main(own)
    print(f"-- {name}: {time.perf_counter() - start:.1f} s", flush=True)


def main(argv: Sequence[str] | None = None) -> int:
    arguments = list(sys.argv[1:] if argv is None else argv)
    first = next((i for i, word in enumerate(arguments) if word.startswith("-")), len(arguments))
    names, options = arguments[:first], arguments[first:]
    if not names:
        print("python -m demos NAME … [--quick] [--out FOLDER] [--seed N]   or: all\n")
        print("\n".join(f"  {name:20} {summary(name)}" for name in present()))
        return 0
    wanted = present() if names == ["all"] else names
    for name in wanted:
        if name not in present():
            near = difflib.get_close_matches(name, present(), 1)
            remedy = f"did you mean {near[0]}?" if near else "python -m demos lists them"
            print(f"there is no demo {name!r}: {remedy}", file=sys.stderr)
            return 2
    for name in wanted:
        run(name, options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
