"""Timing side by side: the contestants take turns, A B A B …, here or each in its own process.

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
}  # module: what pip installs


def best_times(runs: dict[str, Run], rounds: int, collector: bool = True) -> dict[str, float]:
    """Return the least CPU seconds of each run, with Python's garbage collector on or off."""
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
    """Return the mean CPU seconds of the counted runs of one turn."""
    gc.enable()
    gc.collect()
    gc.freeze()  # else the run pays for the walk over all that was imported
    if not collector:
        gc.disable()
    run()  # warm up: steps of training follow one another, with warm caches
    start = time.process_time()
    for _ in range(COUNTED):
        run()
    seconds = time.process_time() - start
    gc.unfreeze()
    return seconds / COUNTED


class Contestant(NamedTuple):
    """Who takes part: a label for the table, a name for trial.py, the checkout if not this one."""

    label: str
    name: str
    checkout: str = ""


class Turns(NamedTuple):
    """What a contestant computed, and the CPU seconds of each of its processes.

    The keys of `seconds` say whether the garbage collector was on.
    """

    result: list[float]
    seconds: dict[bool, list[float]]


def in_processes(task: str, contestants: Sequence[Contestant], processes: int) -> dict[str, Turns]:
    """Run a task of every contestant in new processes, A B A B …, and return their turns by label.

    In a new process the objects lie elsewhere in memory, which changes the time by some percent.
    """
    turns: dict[str, Turns] = {}
    for _ in range(processes):
        for collector in (True, False):
            for contestant in contestants:
                result, seconds = _trial(task, contestant, collector)
                turn = turns.setdefault(contestant.label, Turns(result, {True: [], False: []}))
                turn.seconds[collector].append(seconds)
    return turns


def _trial(task: str, contestant: Contestant, collector: bool) -> tuple[list[float], float]:
    """Run trial.py, and return what the contestant computed and its CPU seconds."""
    arguments = [task, contestant.name, "on" if collector else "off"]
    if contestant.checkout:
        arguments.append(str(Path(contestant.checkout).resolve()))
    done = subprocess.run(
        [sys.executable, "-m", "demos.benchmarks.trial", *arguments],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # a Ctrl-C is for the parent, which ends the child
    )
    if done.returncode:
        raise SystemExit(f"{contestant.label} failed at {task}: the reason is above")
    answer: Any = json.loads(done.stdout)
    return answer["result"], answer["seconds"]


def peers() -> list[str]:
    """Return the names of the engines that are installed; say how to install the others."""
    for name, package in PEERS.items():
        if not find_spec(name):
            print(f"{name} is not installed and left out: pip install {package}")
    return [name for name in PEERS if find_spec(name)]
