"""GPT: a small transformer, whose every weight, score and probability is one Value.

>>> gpt = GPT(27, seed=0)
>>> len(gpt.parameters())
4192
>>> logits = gpt([26, 0, 13, 13])  # 26 is the boundary of a name; then a, n, n
>>> len(logits), len(logits[0])  # a logit for each of 27 letters, at each position
(4, 27)

A token is a number. At each position the network reads one token and gives a logit for every token
that may come next. What it knows of earlier tokens it gets by attention, from the keys and values
that they left behind. GPT stands for generative pre-trained transformer: Radford et al., Improving
Language Understanding by Generative Pre-Training, 2018.
"""

import random
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import engine
from engine import Number, Value, pick, softmax, weighted_sum

from .layers import Seed, _count, _generator
from .module import Module
from .support.habits import Parameters

Vector = list[Any]  # `width` Values, or plain numbers in a prediction
SPREAD = 0.08  # the standard deviation of the weights at the start


class Memory(NamedTuple):
    """What the earlier positions of one layer left behind, a vector each."""

    keys: list[Vector]
    values: list[Vector]
    weights: list[list[Vector]]  # of each position, of each head: how much it took from each before


class Row(Module):
    """A list `w` of weights and no bias: a row of a matrix.

    >>> row = Row(2, seed=0)
    >>> row.w[0].data, row.w[1].data = 3.0, 4.0
    >>> row([1.0, 10.0])
    dot(data=43, grad=0)
    """

    def __init__(self, width: int, *, seed: Seed = None):
        rng = _generator(seed)
        self.w: list[Value] = Parameters(
            Value(rng.gauss(0.0, SPREAD)) for _ in range(_count(width, "weights"))
        )

    def forward(self, x: Sequence[Number]) -> Any:
        """Return Σ wᵢ·xᵢ, one node."""
        return weighted_sum(self.w, x)


def rows(count: int, width: int, seed: Seed) -> list[Row]:
    """Return the rows of a matrix of count × width."""
    rng = _generator(seed)
    return [Row(width, seed=rng) for _ in range(_count(count, "rows"))]


def linear(matrix: list[Row], x: Vector) -> Vector:
    """Return the product of a matrix and a vector."""
    return [row(x) for row in matrix]


def add(x: Vector, y: Vector) -> Vector:
    """Return the sum of two vectors, number by number."""
    return [a + b for a, b in zip(x, y, strict=True)]


def rms_norm(x: Vector) -> Vector:
    """Return x / √(mean of x² + 10⁻⁵): a vector whose numbers are about 1 in size.

    >>> rms_norm([3.0, -3.0])
    [0.9999994444449074, -0.9999994444449074]

    Zhang and Sennrich, Root Mean Square Layer Normalization, 2019, without its gains.
    """
    scale = engine.reciprocal(engine.sqrt(weighted_sum(x, x) / len(x) + 1e-5))
    return [a * scale for a in x]


class Embedding(Module):
    """A row of weights for each of `count` tokens; called with a token, it returns that row.

    >>> embedding = Embedding(3, 2, seed=0)
    >>> embedding(1) == embedding.rows[1].w
    True
    """

    def __init__(self, count: int, width: int, *, seed: Seed = None):
        self.rows = rows(count, width, seed)
        self.label_parameters()

    def forward(self, token: Number) -> Vector:
        columns = zip(*[row.w for row in self.rows], strict=True)
        return [pick(column, token) for column in columns]


class Attention(Module):
    """Causal attention with several heads: a position takes from itself and from those before it.

    >>> attention = Attention(4, heads=2, seed=0)
    >>> memory = Memory([], [], [])
    >>> first, second = attention([1.0] * 4, memory), attention([0.5] * 4, memory)
    >>> [len(taken) for taken in memory.weights[1]]  # of the second position: two from each head
    [2, 2]

    Each head compares its part of the query with its part of every key, and takes the values by how
    well they match. Vaswani et al., Attention Is All You Need, 2017.
    """

    def __init__(self, width: int, heads: int = 4, *, seed: Seed = None):
        if width % _count(heads, "heads"):
            raise ValueError(
                f"a width of {width} can't be shared by {heads} heads: take a multiple"
            )
        rng, self.heads = _generator(seed), heads
        self.query = rows(width, width, rng)
        self.key = rows(width, width, rng)
        self.value = rows(width, width, rng)
        self.mix = rows(width, width, rng)
        self.label_parameters()

    def forward(self, x: Vector, memory: Memory) -> Vector:
        """Return what a position takes; its own key and value are added to the memory."""
        query = linear(self.query, x)
        memory.keys.append(linear(self.key, x))
        memory.values.append(linear(self.value, x))
        size, taken = len(query) // self.heads, list[Any]()
        memory.weights.append([])
        for start in range(0, len(query), size):
            part = slice(start, start + size)
            scores = [weighted_sum(query[part], key[part]) / size**0.5 for key in memory.keys]
            weights = softmax(scores)
            memory.weights[-1].append(weights)
            columns = zip(*[value[part] for value in memory.values], strict=True)
            taken += [weighted_sum(weights, column) for column in columns]
        return linear(self.mix, taken)


class FeedForward(Module):
    """An MLP of one hidden layer, four times as wide as its input, with relu and no biases.

    >>> len(FeedForward(2, seed=0)([1.0, -1.0]))
    2
    """

    def __init__(self, width: int, *, seed: Seed = None):
        rng = _generator(seed)
        self.widen = rows(4 * width, width, rng)
        self.narrow = rows(width, 4 * width, rng)
        self.label_parameters()

    def forward(self, x: Vector) -> Vector:
        hidden = [engine.relu(h) for h in linear(self.widen, x)]
        return linear(self.narrow, hidden)


class Block(Module):
    """A layer of a GPT: attention, then an MLP; each adds to what comes in.

    >>> block = Block(4, heads=2, seed=0)
    >>> len(block([1.0, 2.0, 3.0, 4.0], Memory([], [], [])))
    4
    """

    def __init__(self, width: int, heads: int = 4, *, seed: Seed = None):
        rng = _generator(seed)
        self.attention = Attention(width, heads, seed=rng)
        self.mlp = FeedForward(width, seed=rng)
        self.label_parameters()

    def forward(self, x: Vector, memory: Memory) -> Vector:
        x = add(x, self.attention(rms_norm(x), memory))
        return add(x, self.mlp(rms_norm(x)))


class GPT(Module):
    """A small transformer: a list of tokens in, for each position the logits of the next token out.

    >>> gpt = GPT(3, block=4, width=4, heads=2, seed=0)
    >>> list(gpt.named_parameters())[-1], gpt.layers[0].attention.query[3].w[1].label
    ('head2.w3', 'layer0.attention.query3.w1')
    >>> [round(x, 2) for x in gpt.predict([[2, 0]])[0][1]]
    [-0.26, 0.07, 0.11]

    `vocabulary` is the number of tokens, `block` the most positions, `width` how many numbers a
    position has. There are no biases; weights are drawn with a standard deviation of 0.08. The
    tokens may be Values, as on a tape. Raises ValueError for more tokens than positions, or none.
    """

    def __init__(
        self,
        vocabulary: int,
        block: int = 16,
        width: int = 16,
        heads: int = 4,
        layers: int = 1,
        *,
        seed: Seed = None,
    ):
        rng, self.block = _generator(seed), _count(block, "positions")
        self.token = Embedding(vocabulary, width, seed=rng)
        self.position = Embedding(block, width, seed=rng)
        self.layers = [Block(width, heads, seed=rng) for _ in range(_count(layers, "layers"))]
        self.head = rows(vocabulary, width, rng)
        self.label_parameters()

    def forward(self, tokens: Iterable[Number]) -> list[Vector]:
        """Return the logits at each position."""
        memories, given = self.memories(), list(tokens)
        if not 0 < len(given) <= self.block:
            raise ValueError(f"{len(given)} tokens for a GPT of 1 to {self.block} positions")
        return [self.read(token, place, memories) for place, token in enumerate(given)]

    def memories(self) -> list[Memory]:
        """Return an empty memory for each layer."""
        return [Memory([], [], []) for _ in self.layers]

    def read(self, token: Number, place: int, memories: list[Memory]) -> Vector:
        """Return the logits of the token after this one, which stands at `place`."""
        x = rms_norm(add(self.token(token), self.position(place)))
        for layer, memory in zip(self.layers, memories, strict=True):
            x = layer(x, memory)
        return linear(self.head, x)

    def generate(
        self,
        start: Iterable[int],
        *,
        end: int | None = None,
        temperature: float = 1.0,
        rng: random.Random | None = None,
    ) -> list[int]:
        """Return tokens drawn one after the other behind `start`, until `end` or the block is full.

        >>> GPT(3, block=4, width=4, heads=2, seed=0).generate([2], rng=random.Random(0))
        [2, 2, 1, 0]

        A logit is divided by the temperature: below 1 the likely tokens become likelier, at 0 only
        the likeliest is taken. `start` and `end` are not in the result. No graph is built.
        """
        plain, draw = self.plain(), rng or random.Random()
        memories, tokens, logits = self.memories(), list[int](), list[float]()
        given = list(start)
        if not 0 < len(given) <= self.block:
            raise ValueError(f"{len(given)} tokens for a GPT of 1 to {self.block} positions")
        for place in range(self.block):
            token = given[place] if place < len(given) else tokens[-1]
            logits = plain.read(token, place, memories)
            if place >= len(given) - 1:
                tokens.append(_drawn(logits, temperature, draw))
                if tokens[-1] == end:
                    return tokens[:-1]
        return tokens

    def attention(self, tokens: Iterable[int]) -> list[list[list[Vector]]]:
        """Return how much each position takes from those before it, by layer, head and position.

        >>> gpt = GPT(3, block=4, width=4, heads=2, seed=0)
        >>> maps = gpt.attention([2, 0, 1])
        >>> len(maps), len(maps[0]), [len(row) for row in maps[0][1]], maps[0][1][0]
        (1, 2, [1, 2, 3], [1.0])
        """
        plain, memories = self.plain(), self.memories()
        for place, token in enumerate(tokens):
            plain.read(token, place, memories)
        return [[list(head) for head in zip(*memory.weights)] for memory in memories]


def _drawn(logits: Vector, temperature: float, rng: random.Random) -> int:
    """Return a token by the probabilities of its logit."""
    if temperature == 0.0:
        return max(range(len(logits)), key=lambda k: float(logits[k]))
    if not temperature > 0.0:
        raise ValueError(f"temperature is {temperature!r}: give a number of 0 or more")
    likely = softmax([logit / temperature for logit in logits])
    return rng.choices(range(len(likely)), likely)[0]
