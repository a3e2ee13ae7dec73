"""List the demos, run some of them by name, or run all of them.

    python -m demos                     the list
    python -m demos moons iris --quick  some
    python -m demos all                 all

>>> NAMES[0], summary("moons")
('chain_network', 'Two moons: a network with fixed architecture bends a line between two classes.')
"""

import ast
import difflib
import sys
import textwrap
import time
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from demos import show

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
    "gpt",
    "parametric",
    "tour",
)
APART = ("train_big",)  # runs for minutes: by its name alone, not with `all`
DOCUMENTATION = (
    "derivatives",
    "architecture",
    "pictures",
    "screenshots",
)  # they write pages and pictures of docs/
USAGE = "usage: python -m demos NAME … [--quick] [--out FOLDER] [--seed N]"
FOLDER = Path(__file__).parent


def summary(name: str) -> str:
    """Return the first line of a demo's docstring, read without running it."""
    source = (FOLDER / f"{name}.py").read_text(encoding="utf-8")
    return (ast.get_docstring(ast.parse(source)) or "").partition("\n")[0]


def listing() -> str:
    """Return the names of all programs of this package, each with its first line."""
    parts = [
        f"{USAGE}\n       python -m demos all\n",
        *map(_entry, NAMES),
        "\nNot run by `all`, because it takes minutes:\n",
        *map(_entry, APART),
        "\nFor the documentation, in a checkout:\n",
        *map(_entry, DOCUMENTATION),
        "\nSpeed beside other engines: python -m demos.benchmarks",
        "Ten exercises for a workshop: python -m demos.workshop",
        "The documentation as a site: python -m demos.site build",
    ]
    return "\n".join(parts)


def _entry(name: str) -> str:
    lines = textwrap.wrap(summary(name), show.columns() - 22)
    return f"  {name:<20}" + f"\n{'':<22}".join(lines)


def run(name: str, options: Sequence[str]) -> int:
    """Run one demo between its title and its time, and return its exit status."""
    if not {"-h", "--help"} & set(options):
        print(show.filled(f"== {name}: {summary(name)}"), end="\n\n", flush=True)
    start = time.perf_counter()
    status = show.program(lambda argv: import_module(f"demos.{name}").main(argv), options)
    if status == 0:
        print(f"-- {name}: {time.perf_counter() - start:.1f} s\n", flush=True)
    return status


def refusal(names: Sequence[str]) -> str:
    """Return what is wrong with the names in a sentence, or an empty string."""
    known = (*NAMES, *APART, *DOCUMENTATION)
    if "all" in names and len(names) > 1:
        return "all runs every demo by itself: write python -m demos all"
    for name in names:
        if name in ("benchmarks", "workshop"):
            return f"{name} has a program of its own: write python -m demos.{name}"
        if name not in (*known, "all"):
            near = difflib.get_close_matches(name, known, 1)
            remedy = f"did you mean {near[0]}?" if near else "python -m demos lists them"
            return f"there is no demo {name!r}: {remedy}"
    return ""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demos that are named and return the largest exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    first = next((i for i, word in enumerate(arguments) if word.startswith("-")), len(arguments))
    names, options = arguments[:first], arguments[first:]
    if not names and not set(options) - {"-h", "--help"}:
        print(listing())
        return 0
    wrong = refusal(names) if names else "name a demo before its options"
    if wrong:
        print(USAGE, show.filled(f"python -m demos: {wrong}"), sep="\n", file=sys.stderr)
        return 2
    worst = 0
    for name in NAMES if names == ["all"] else names:
        status = run(name, options)
        worst = max(worst, status)
        if status == show.INTERRUPTED:
            break
    return worst


if __name__ == "__main__":
    sys.exit(show.program(main))
