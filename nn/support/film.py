"""The film of a run that was recorded: `engine.film` of a module and its history.

>>> from nn import MLP, SGD, fit, squared_error
>>> net = MLP(2, [3, 1], seed=1)
>>> history = fit(net, [[0.0, 1.0], [1.0, 0.0]], [1.0, -1.0], loss=squared_error,
...               optimizer=SGD(net.parameters(), 0.1), epochs=4, record=1, progress=False)
>>> film(net, history)
<Film of 5 moments, 13 parameters>
"""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import engine
from engine import read_json

from ..module import Module, in_order
from .history import History, saved_moments

if TYPE_CHECKING:
    from engine.view import Film


def film(
    model: Module, history: History | str | Path, inputs: Iterable[Any] | None = None,
    targets: Iterable[Any] | None = None, *, title: str = "",
) -> "Film":  # fmt: skip
    """Return a page of a training run, scrubbed by epoch, for `.save("film.html")` or a notebook.

    It shows the network with its weights, their gradients and their changes, the loss, and, for a
    model of two inputs, the decision boundary, all computed for each epoch in the page itself. It
    is one file that asks no network. The run is a history of `fit(..., record=1)`, or the path of a
    checkpoint of such a run. `inputs` and `targets` are the examples that are shown: without them
    those of the history, which a checkpoint does not have. The model is as `fit` left it, or any of
    the same shape: its parameters are not read.

    Raises ValueError where nothing was recorded, or where it was of another model.
    """
    if not isinstance(history, History):
        history = _read(history, len(model.parameters()))
    if not history.moments:
        raise ValueError(
            "nothing was recorded: write fit(..., record=1), then film(model, history)"
        )
    named = model.named_parameters()
    if (count := len(history.moments[0].weights)) != len(named):
        raise ValueError(f"the history is of {count} parameters, and this model has {len(named)}")
    rows, answers = history.examples or ((), ())
    if inputs is not None:
        rows, answers = in_order(inputs), in_order(targets) if targets is not None else ()
    if len(answers) not in (0, len(rows)):
        raise ValueError(f"{len(rows)} inputs and {len(answers)} targets: give as many of both")
    kind = type(model)
    title = title or (repr(model) if kind.__repr__ is not object.__repr__ else kind.__name__)
    return engine.film(
        model, named, history.moments, inputs=rows, targets=answers,
        validation=history.validation, title=title,
    )  # fmt: skip


def _read(path: str | Path, parameters: int) -> History:
    """Return what a checkpoint knows of its run."""
    saved = read_json(path)
    if not isinstance(saved.get("moments"), list) or not isinstance(saved.get("validation"), list):
        raise ValueError(f"{str(path)!r}: this is not a checkpoint of fit(..., record=1)")
    try:
        moments = saved_moments(saved["moments"], parameters)
    except ValueError as error:
        raise ValueError(f"{str(path)!r}: {error}") from None
    return History(validation=saved["validation"], moments=moments)
