"""A small GPT spelled out in + - * / ** exp log relu, for any scalar engine.

It reads a name letter by letter and predicts the next letter at each position. One layer: embedding
16, attention with four heads, a relu MLP of four times the width, RMSNorm before each of them,
residuals, no biases; the output head has weights of its own. The 27 tokens are the letters a to z
and the boundary of a name. These are 4,192 parameters, and about 76,000 nodes for eight letters.

>>> from demos.benchmarks.bare import Bare
>>> model = SmallGPT(Bare)
>>> len(model.parameters)
4192
>>> loss = model.loss("meredith")
>>> 3.2 < loss.data < 3.4  # fresh weights know nothing: about log(27)
True

Run it alone: `python -m demos.benchmarks eager --only gpt`.
"""

import random
from collections.abc import Callable
from itertools import pairwise
from typing import Any

Vector = list[Any]  # of an engine's Values
Matrix = list[Vector]

WIDTH, HEADS, BLOCK, TOKENS = 16, 4, 16, 27
HEAD_WIDTH = WIDTH // HEADS
BOUNDARY = TOKENS - 1  # the token before the first letter and after the last
SHAPES = {
    "token": (TOKENS, WIDTH),
    "position": (BLOCK, WIDTH),
    "query": (WIDTH, WIDTH),
    "key": (WIDTH, WIDTH),
    "value": (WIDTH, WIDTH),
    "mix": (WIDTH, WIDTH),
    "widen": (4 * WIDTH, WIDTH),
    "narrow": (WIDTH, 4 * WIDTH),
    "head": (TOKENS, WIDTH),
}


class SmallGPT:
    """The weights as leaves of one engine, and the loss of a name as its graph."""

    def __init__(self, leaf: Callable[[float], Any], seed: int = 0):
        rng = random.Random(seed)
        self.weights: dict[str, Matrix] = {
            name: [[leaf(rng.gauss(0.0, 0.08)) for _ in range(columns)] for _ in range(rows)]
            for name, (rows, columns) in SHAPES.items()
        }
        self.parameters = [w for matrix in self.weights.values() for row in matrix for w in row]

    def loss(self, name: str) -> Any:
        """Return the mean cross-entropy of the predicted tokens of `name`, its end included."""
        tokens = [BOUNDARY, *(ord(letter) - ord("a") for letter in name), BOUNDARY]
        keys: Matrix = []
        values: Matrix = []
        losses = []
        for position, (token, following) in enumerate(pairwise(tokens)):
            logits = self.logits(token, position, keys, values)
            losses.append(-softmax(logits)[following].log())
        return sum(losses) / len(losses)

    def logits(self, token: int, position: int, keys: Matrix, values: Matrix) -> Vector:
        """Return the logits of the token after `token`; add its key and value to the lists."""
        weights = self.weights
        x = add(weights["token"][token], weights["position"][position])
        x = rms_norm(x)
        x = add(x, self.attention(rms_norm(x), keys, values))
        hidden = [h.relu() for h in linear(weights["widen"], rms_norm(x))]
        x = add(x, linear(weights["narrow"], hidden))
        return linear(weights["head"], x)

    def attention(self, x: Vector, keys: Matrix, values: Matrix) -> Vector:
        weights = self.weights
        query = linear(weights["query"], x)
        keys.append(linear(weights["key"], x))
        values.append(linear(weights["value"], x))
        out: Vector = []
        for start in range(0, WIDTH, HEAD_WIDTH):
            part = slice(start, start + HEAD_WIDTH)
            scores = [dot(query[part], key[part]) / HEAD_WIDTH**0.5 for key in keys]
            attended = softmax(scores)
            out += [
                sum(a * value[i] for a, value in zip(attended, values))
                for i in range(start, start + HEAD_WIDTH)
            ]
        return linear(weights["mix"], out)


def add(x: Vector, y: Vector) -> Vector:
    return [a + b for a, b in zip(x, y)]


def dot(x: Vector, y: Vector) -> Any:
    return sum(a * b for a, b in zip(x, y))


def linear(weights: Matrix, x: Vector) -> Vector:
    return [dot(row, x) for row in weights]


def rms_norm(x: Vector) -> Vector:
    """Return x over the root of its mean square."""
    scale = (sum(a * a for a in x) / len(x) + 1e-5) ** -0.5
    return [a * scale for a in x]


def softmax(logits: Vector) -> Vector:
    """Return probabilities. The largest logit is subtracted, as a number, against overflow."""
    largest = max(logit.data for logit in logits)
    exps = [(logit - largest).exp() for logit in logits]
    total = sum(exps)
    return [e / total for e in exps]


def step(leaf: Callable[[float], Any], name: str = "meredith") -> Callable[[], list[float]]:
    """Return a function that builds the loss, runs it backward, and returns loss and gradients."""
    model = SmallGPT(leaf)

    def value_and_gradient() -> list[float]:
        for p in model.parameters:
            p.grad = 0.0
        loss = model.loss(name)
        loss.backward()
        return [loss.data, *[p.grad for p in model.parameters]]

    return value_and_gradient
