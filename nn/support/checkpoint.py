"""Checkpoints: what `fit` writes after every epoch, and goes on from.

>>> from nn import SGD, Neuron
>>> neuron = Neuron(1, "linear", seed=0)
>>> resume("none.json", neuron, SGD(neuron.parameters()), {}, epochs=9)
(History(0 epochs), [])
"""

import hashlib
from array import array
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from engine import read_json, write_json

from ..module import Module
from ..optim import Optimizer, finite_numbers
from ..trainer import Trainer
from .history import History, saved_moments
from .interrupts import assign_all

_COLUMNS = ("loss", "times", "validation")  # of a History, in this order


def save(path: str | Path, model: Module, optimizer: Optimizer, more: dict[str, Any]) -> None:
    """Write parameters, optimizer state, and, of `more`, columns, moments, run, best weights."""
    moments = [moment.saved() for moment in more["moments"]]
    state: dict[str, Any] = {"parameters": model.weights(), "moments": moments}
    state["optimizer"] = optimizer.state_dict()
    write_json(path, {name: more[name] for name in ("run", *_COLUMNS, "best")} | state)


def resume(
    path: str | Path, model: Module, optimizer: Optimizer, run: dict[str, Any], epochs: int
) -> tuple[History, list[float]]:
    """Set model and optimizer to a checkpoint, if there is one; return history and best weights.

    Raises ValueError, and changes nothing, where it is of another run.
    """
    if not Path(path).parent.is_dir():
        raise FileNotFoundError(f"the folder of the checkpoint {str(path)!r} is not there")
    if not Path(path).exists():
        return History(), []
    saved = read_json(path)
    try:
        if {*saved} - {"moments"} != {"run", *_COLUMNS, "best", "optimizer", "parameters"}:
            raise ValueError("this is not a checkpoint of fit: remove it, or give another path")
        other = saved["run"] if isinstance(saved["run"], dict) else {}
        for name in run:
            if other.get(name) != run[name]:
                differs = f"its {name} is {str(other.get(name))!r:.200}, not {str(run[name])!r}"
                raise ValueError(f"it is of another run, {differs}: give another path")
        loss, times, losses, best = [finite_numbers(saved[x], x) for x in (*_COLUMNS, "best")]
        if len(loss) != len(times) or len(losses) not in (0, len(loss)):
            raise ValueError("its columns have different lengths")
        if len(loss) > epochs:
            raise ValueError(f"{len(loss)} epochs are done, and epochs={epochs} are fewer")
        moments = saved_moments(saved.get("moments", []), len(model.parameters()))
        changes = optimizer.state_changes(saved["optimizer"])
        changes += model.weight_changes(saved["parameters"])
    except ValueError as error:
        raise ValueError(f"{str(path)!r}: {error}") from None
    assign_all(changes)
    return History(loss, times, losses, moments=moments), best


def identity(trainer: Trainer, seed: int | None, batch_size: int | None) -> dict[str, Any]:
    """Return what a run must have in common with the one that it goes on from."""
    frozen = ", ".join(trainer.names[p] for p in trainer.optimizer.frozen())
    data = _digest(trainer.inputs) + _digest(trainer.targets)
    validated = str(trainer.validation is not None)
    return {
        "seed": str(seed),
        "batch_size": int(batch_size or 0),
        "examples": len(trainer.inputs),
        "data": data,
        "validation": validated,
        "frozen": frozen,
    }


def _digest(rows: Sequence[Any]) -> str:
    """Return a text that tells data apart: the same numbers have the same, in any container."""
    digest = hashlib.sha256()
    for row in rows:
        with suppress(TypeError):  # not numbers alone
            digest.update(array("d", row if hasattr(row, "__iter__") else [row]).tobytes())
    return digest.hexdigest()[:16]
