"""Training from a tape: the loss of one example is recorded once, and replayed for every batch.

`fit(..., compiled=True)` comes here. A row of the tape is an example's inputs followed by its targets.

>>> from nn import MLP, squared_error
>>> net = MLP(1, [2, 1], seed=1)
>>> average = averaging(net, [[0.0], [1.0]], [0.0, 1.0], squared_error)
>>> abs(average([0, 1]) - (net([0.0]).data ** 2 + (net([1.0]).data - 1.0) ** 2) / 2) < 1e-12
True
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .module import Module


def averaging(model: "Module", inputs: Sequence[Any], targets: Sequence[Any], loss: Callable[[Any, Any], Any],
              client: Any = None) -> Callable[[Sequence[int]], float]:
    """A function that, for a group of examples, sets every parameter's grad to its mean and returns the mean loss.

    With a Dask `client` (or `client=True` for an embedded cluster) the rows live on its workers.
    """
    rows = table(inputs, targets)
    recipe = (model, loss, _width(inputs[0]), _width(targets[0]) if hasattr(targets[0], "__len__") else 0)
    if client is not None and client is not False:
        from .cluster import Cluster

        return Cluster(client, recipe, rows).average
    return _local(recipe, rows)


def _local(recipe: Any, rows: Any) -> Callable[[Sequence[int]], float]:
    from engine import record

    tape = record(loss_of_rows(*recipe), rows[0].tolist())
    model = recipe[0]
    parameters = model.parameters()

    def average(group: Sequence[int]) -> float:
        for p in parameters:
            p.grad = 0.0
        chosen = rows if list(group) == list(range(len(rows))) else rows[list(group)]
        return float(tape.replay(chosen).mean())
    return average


def loss_of_rows(model: "Module", loss: Callable[[Any, Any], Any], inputs: int, targets: int) -> Callable[..., Any]:
    """The loss as a function of a row's numbers; `targets` is 0 where the target is a single number."""
    def split(*row: Any) -> Any:
        target = list(row[inputs:]) if targets else row[inputs]
        return loss(model(list(row[:inputs])), target)
    return split


def table(inputs: Sequence[Any], targets: Sequence[Any]) -> Any:
    """An array with a row for each example: its inputs, then its targets."""
    try:
        import numpy
    except ImportError as error:
        raise ImportError("compiled=True needs NumPy, and numba to be fast: pip install chainrule[fast]") from error
    columns = [numpy.asarray(part, float).reshape(len(inputs), -1) for part in (inputs, targets)]
    return numpy.concatenate(columns, axis=1)


def _width(row: Any) -> int:
    return len(row) if hasattr(row, "__len__") else 1
