"""Measuring side by side: in every round each contestant has its turn, and the best round of each counts.

>>> sorted(best_times({"one": lambda: None, "two": lambda: None}, rounds=2))
['one', 'two']
"""

import gc
import time
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

Run = Callable[[], object]

COUNTED = 3  # runs of a turn, after one to warm up
PEERS = {
    "micrograd": "micrograd",
    "xad": "xad",
    "torch": "torch==2.13.0",
}  # what to import: what pip installs


def best_times(runs: dict[str, Run], rounds: int, collector: bool = True) -> dict[str, float]:
    """The least CPU seconds that each run took, A B A B …, with Python's garbage collector on or off."""
    best = dict.fromkeys(runs, float("inf"))
    was_on = gc.isenabled()
    try:
        for _ in range(rounds):
            for name, run in runs.items():
                best[name] = min(best[name], _seconds(run, collector))
    finally:
        (gc.enable if was_on else gc.disable)()
    return best


def _seconds(run: Run, collector: bool) -> float:
    gc.enable()
    gc.collect()
    gc.freeze()  # what the other contestants imported would be walked at our expense
    if not collector:
        gc.disable()
    run()  # one step of training follows another: what counts starts with warm caches, not with the collector's
    start = time.process_time()
    for _ in range(COUNTED):
        run()
    seconds = time.process_time() - start
    gc.unfreeze()
    return seconds / COUNTED


def peers() -> dict[str, ModuleType]:
    """The other engines that are installed; a line names each one that is not, and how to install it."""
    found = {}
    for name, package in PEERS.items():
        if find_spec(name):
            found[name] = import_module(name)
        else:
            print(f"{name} is not installed and left out: pip install {package}")
    return found
