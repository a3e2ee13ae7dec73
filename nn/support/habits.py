"""Habits from PyTorch: a name that is not here is answered with what to write in its place.

>>> import nn
>>> nn.Linear(2, 3)
Traceback (most recent call last):
    ...
AttributeError: nn has no 'Linear': write nn.Layer(2, 3, activation="linear")
"""

from numbers import Real
from typing import TYPE_CHECKING, Any, NoReturn

from engine import Value

_REMEDIES = {
    "Linear": 'write nn.Layer(2, 3, activation="linear")',
    "ReLU Tanh Sigmoid GELU SiLU ELU": 'write its name, as in nn.Layer(2, 3, activation="relu")',
    "Parameter": "write Value(0.0), an attribute of a Module",
    "Softmax LogSoftmax": "leave it out: nn.cross_entropy takes logits; or engine.softmax(z)",
    "Dropout Dropout1d": "leave it out; weight_decay= and l2= keep weights small",
    "ModuleList": "write a list, an attribute of a Module",
    "MSELoss mse_loss mse": "write loss=nn.mean_squared_error, the mean over one example's outputs",
    "HuberLoss SmoothL1Loss": "write loss=nn.huber",
    "AdamW": "write nn.Adam(parameters, weight_decay=0.01)",
    "CrossEntropyLoss": "write loss=nn.cross_entropy",
    "BCEWithLogitsLoss BCELoss": "write loss=nn.binary_cross_entropy, which takes a logit",
    "NLLLoss": "write loss=nn.cross_entropy, and leave out the softmax",
    "functional": "write engine.relu(v), nn.cross_entropy(logits, index) and so on",
    "DataLoader": "write nn.fit(…, batch_size=20), or nn.batches(100, 20, seed=0, epoch=0)",
    "lr_scheduler StepLR": "write lr=nn.cosine(0.1, steps=1000), or any function of the step",
    "state_dict": "write weights(), or save(path)",
    "load_state_dict": "write set_weights(numbers), or load(path)",
    "train eval": "leave it out; predict(rows) makes no graph",
    "to cpu cuda double": "leave it out; the numbers are Python's floats",
    "requires_grad_": "write optimizer.freeze(module.parameters())",
    "param_groups": "write optimizer.learning_rate, or optimizer.parameters",
}


def missing(thing: str, name: str) -> AttributeError:
    """Return the error for a name that a thing does not have."""
    remedies = [f": {text}" for names, text in _REMEDIES.items() if name in names.split()]
    return AttributeError(f"{thing} has no {name!r}{''.join(remedies)}")


def listed(parameters: Any, call: str, kinds: Any = Value) -> list[Any]:
    """Return parameters as a list; a single one may stand for itself.

    >>> listed(3.0, "clip_by_norm(net.parameters(), 1.0)")
    Traceback (most recent call last):
        ...
    TypeError: 3.0 is not a parameter: write clip_by_norm(net.parameters(), 1.0)

    Raises TypeError, with the call that is meant, for a module, for a list of them, and for
    anything else that is not of one of these kinds.
    """
    each: list[Any] = list(parameters) if hasattr(parameters, "__iter__") else [parameters]
    for p in each:
        if not isinstance(p, kinds):
            raise TypeError(f"{p!r} is not a parameter: write {call}")
    return each


class Parameters(list[Value]):
    """A list of parameters, in which no plain number may take the place of one.

    >>> w = Parameters([Value(1.0)])
    >>> w[0] = 0.5
    Traceback (most recent call last):
        ...
    TypeError: w[0] is a parameter: to set its number, write w[0].data = 0.5

    It would be a constant from then on, which nothing trains.
    """

    def __setitem__(self, place: Any, thing: Any) -> None:
        new = list(thing) if isinstance(place, slice) else [thing]
        numbers = [x for x in new if isinstance(x, Real)]
        if numbers:
            i = place if len(new) == 1 and not isinstance(place, slice) else "i"
            called = f"w[{i}]"
            raise TypeError(
                f"{called} is a parameter: to set its number, write {called}.data = {numbers[0]!r}"
            )
        super().__setitem__(place, new if isinstance(place, slice) else thing)


class Remedied:
    """A class whose instances say what to write in place of a name that they do not have."""

    if not TYPE_CHECKING:  # type checkers know by themselves which names there are

        def __getattr__(self, name: str) -> NoReturn:
            raise missing(type(self).__name__, name)
