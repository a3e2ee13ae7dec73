"""Networks of Values: neurons, layers and MLPs, losses, optimizers, and `fit`, which trains them.

>>> import nn
>>> net = nn.MLP(2, [3, 1], activation="tanh", seed=1)
>>> net
MLP(2, [3, 1], activation="tanh", output="linear")
>>> history = nn.fit(net, [[0.0, 1.0], [1.0, 0.0]], [1.0, -1.0], loss=nn.squared_error,
...                  optimizer=nn.SGD(net.parameters(), 0.1), epochs=50, progress=False)
>>> [round(y, 2) for y in net.predict([[0.0, 1.0], [1.0, 0.0]])]
[1.0, -1.0]

Reading order: module, layers, losses, optim, reach, trainer, train, compiled, lengths, and then
transformer; what serves them is in the folder `support`.
"""

from typing import TYPE_CHECKING, NoReturn

from .layers import MLP, Layer, Neuron, Sequential
from .losses import (
    accuracy,
    binary_cross_entropy,
    cross_entropy,
    huber,
    l2,
    max_margin,
    mean_cross_entropy,
    mean_squared_error,
    squared_error,
)
from .module import Module
from .optim import SGD, Adam, Optimizer, RMSprop, clip_by_norm, clip_by_value, cosine, warm_up
from .support.film import film
from .support.habits import missing
from .support.history import History, Moment
from .train import average_gradient, batches, example_gradients, fit
from .transformer import GPT

__all__ = [
    "Module", "Neuron", "Layer", "MLP", "Sequential", "GPT",
    "squared_error", "mean_squared_error", "huber", "max_margin", "cross_entropy",
    "mean_cross_entropy", "binary_cross_entropy", "l2", "accuracy",
    "Optimizer", "SGD", "Adam", "RMSprop", "cosine", "warm_up", "clip_by_norm", "clip_by_value",
    "fit", "film", "History", "Moment", "batches", "example_gradients", "average_gradient",
]  # fmt: skip

if not TYPE_CHECKING:  # type checkers know by themselves which names there are

    def __getattr__(name: str) -> NoReturn:
        raise missing("nn", name)
