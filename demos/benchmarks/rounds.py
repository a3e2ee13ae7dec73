"""Measuring side by side: in every round each contestant has its turn, and the best round of each counts.

>>> sorted(best_times({"one": lambda: None, "two": lambda: None}, rounds=2))
['one', 'two']
"""

import gc
import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

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


class Contestant(NamedTuple):
    """Who takes part: its line in the table, its name in trial.py, and the checkout it comes from if not this one."""

    label: str
    name: str
    checkout: str = ""


class Turns(NamedTuple):
    """What a contestant computed, and the CPU seconds of its processes with the collector on (True) and off."""

    result: list[float]
    seconds: dict[bool, list[float]]


def in_processes(task: str, contestants: Sequence[Contestant], processes: int) -> dict[str, Turns]:
    """Let each contestant run a task in fresh processes, A B A B …: where memory lies differs between processes."""
    turns: dict[str, Turns] = {}
    for _ in range(processes):
        for collector in (True, False):
            for contestant in contestants:
                turn = _trial(task, contestant, collector)
                kept = turns.setdefault(
                    contestant.label, Turns(turn["result"], {True: [], False: []})
                )
                kept.seconds[collector].append(turn["seconds"])
    return turns


def _trial(task: str, contestant: Contestant, collector: bool) -> Any:
    words = [task, contestant.name, "on" if collector else "off"]
    if contestant.checkout:
        words.append(str(Path(contestant.checkout).resolve()))
    done = subprocess.run(
        [sys.executable, "-m", "demos.benchmarks.trial", *words],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        text=True,
    )
    if done.returncode:
        raise SystemExit(f"{contestant.label} failed at {task}, as said above")
    return json.loads(done.stdout)


def peers() -> list[str]:
    """The other engines that are installed; a line names each one that is not, and how to install it."""
    for name, package in PEERS.items():
        if not find_spec(name):
            print(f"{name} is not installed and left out: pip install {package}")
    return [name for name in PEERS if find_spec(name)]
