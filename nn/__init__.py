"""Networks of Values: neurons, layers and MLPs, losses, optimizers, and `fit`, which trains them.

>>> import nn
>>> net = nn.MLP(2, [3, 1], activation="tanh", seed=1)
>>> net
MLP(2, [3, 1], activation="tanh", output="linear")
>>> history = nn.fit(net, [[0.0, 1.0], [1.0, 0.0]], [1.0, -1.0], loss=nn.squared_error,
...                  optimizer=nn.SGD(net.parameters(), 0.1), epochs=50, progress=False)
>>> [round(y, 2) for y in net.predict([[0.0, 1.0], [1.0, 0.0]])]
[1.0, -1.0]

Reading order: module, layers, losses, optim, trainer, train, transformer, then compiled, sources; `files`,
`progress` and `habits` serve them.
"""

from typing import TYPE_CHECKING, NoReturn

from .habits import missing
from .layers import MLP, Layer, Neuron
from .losses import (
    binary_cross_entropy,
    cross_entropy,
    l2,
    max_margin,
    mean_cross_entropy,
    squared_error,
)
from .module import Module
from .optim import SGD, Adam, Optimizer, clip_by_norm, clip_by_value
from .train import History, average_gradient, batches, example_gradients, fit
from .transformer import GPT

__all__ = [
    "Module",
    "Neuron",
    "Layer",
    "MLP",
    "GPT",
    "squared_error",
    "max_margin",
    "cross_entropy",
    "mean_cross_entropy",
    "binary_cross_entropy",
    "l2",
    "Optimizer",
    "SGD",
    "Adam",
    "clip_by_norm",
    "clip_by_value",
    "fit",
    "History",
    "batches",
    "example_gradients",
    "average_gradient",
]


if not TYPE_CHECKING:  # type checkers know by themselves which names there are

    def __getattr__(name: str) -> NoReturn:
        raise missing("nn", name)
