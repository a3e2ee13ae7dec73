"""A GPT in scalars: it learns to spell names, and then says why.

A transformer of one layer, 4,192 Values, reads a name letter by letter and predicts the next one.
It is trained on first names of the 1990 census of the United States; a tenth of them is held out.
Its bits per letter there are compared with those of letter frequencies and of pairs of letters, and
it draws 20 names of its own, which may be in the data. No weight decay, no L2.

Then a gradient is asked why: which weight does one name move most, and which letter is to blame?

>>> encode("ann")
([26, 0, 13, 13], [0, 13, 13, 26])
>>> decode([0, 13, 13])
'ann'
"""

import math
import random
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import nn
from demos import data, learning, show
from engine import Value, mean

ALPHABET = "abcdefghijklmnopqrstuvwxyz"
BOUNDARY = len(ALPHABET)  # the token before the first letter and after the last
TOKENS = BOUNDARY + 1
Examples = tuple[list[list[int]], list[list[int]]]  # tokens, and the tokens that follow them


def encode(name: str) -> tuple[list[int], list[int]]:
    """Return the tokens of a name, from the boundary on, and for each the one that follows."""
    tokens = [BOUNDARY, *map(ALPHABET.index, name), BOUNDARY]
    return tokens[:-1], tokens[1:]


def decode(tokens: Iterable[int]) -> str:
    return "".join(f"{ALPHABET}·"[token] for token in tokens)


def examples(names: Iterable[str]) -> Examples:
    pairs = [encode(name) for name in names]
    return [tokens for tokens, _ in pairs], [following for _, following in pairs]


# -- what to compare with
# ------------------------------------------------------------------------------------------


def bits(names: Iterable[str], probability: Callable[[int, int], float]) -> float:
    """Return the bits per letter: the mean over names of the mean over a name's letters.

    `probability(token, following)` is that of the next token; the end of a name counts as a letter.
    """
    each = []
    for name in names:
        letters = [-math.log2(probability(*pair)) for pair in zip(*encode(name), strict=True)]
        each.append(math.fsum(letters) / len(letters))
    return math.fsum(each) / len(each)


def frequencies(names: Iterable[str]) -> Callable[[int, int], float]:
    """Return the probability of a letter, whatever stands before it: one more than it was seen."""
    counts = Counter(token for name in names for token in encode(name)[1])
    total = counts.total() + TOKENS
    return lambda token, following: (counts[following] + 1) / total


def letter_pairs(names: Iterable[str]) -> Callable[[int, int], float]:
    """Return the probability of a letter behind another: one more than the pair was seen."""
    counts: Counter[tuple[int, int]] = Counter()
    for name in names:
        counts.update(zip(*encode(name), strict=True))
    firsts: Counter[int] = Counter()
    for (token, _), count in counts.items():
        firsts[token] += count
    return lambda token, following: (counts[token, following] + 1) / (firsts[token] + TOKENS)


# -- training
# ------------------------------------------------------------------------------------------


class Course(NamedTuple):
    """How much to train: `epochs` times over the first `names`, in batches."""

    names: int
    epochs: int
    batch: int

    @property
    def steps(self) -> int:
        return self.epochs * -(-self.names // self.batch)


def course(steps: int, batch: int, available: int) -> Course:
    """Return a course of so many steps: over as many names as they need, or over all, repeatedly.

    >>> course(100, 4, 1000), course(1000, 4, 1000)
    (Course(names=400, epochs=1, batch=4), Course(names=1000, epochs=4, batch=4))
    """
    if steps * batch <= available:
        return Course(steps * batch, 1, batch)
    return Course(available, round(steps * batch / available), batch)


def train(
    gpt: nn.GPT, names: Sequence[str], held_out: Sequence[str], plan: Course, seed: int, eager: bool
) -> nn.History:
    """Train with Adam, whose learning rate falls from 0.01 to 0 along a line."""
    optimizer = nn.Adam(gpt.parameters(), lambda step: 0.01 * max(0.0, 1.0 - step / plan.steps))
    return nn.fit(
        gpt,
        *examples(names[: plan.names]),
        loss=nn.mean_cross_entropy,
        optimizer=optimizer,
        epochs=plan.epochs,
        batch_size=plan.batch,
        seed=seed,
        compiled=not eager,
        validation=examples(held_out),
    )


def main(argv: Sequence[str] | None = None) -> dict[str, Any]:
    parser = show.options(
        __doc__,
        name="gpt",
        steps=(3000, "steps of the optimizer"),
        batch=(16, "names of a step"),
        temperature=(0.7, "of the names it draws: 0 takes the likeliest letter"),
    )
    parser.add_argument("--quick", action="store_true", help="60 steps of 8 names: a glance")
    parser.add_argument("--eager", action="store_true", help="a graph for each name, no tape")
    parser.add_argument("--name", default="meredith", help="the name to ask about")
    args = parser.parse_args(argv)
    if not 0 < len(args.name) < 16 or not set(args.name) <= set(ALPHABET):
        parser.error(f"argument --name: {args.name!r} is no name of 1 to 15 small letters")
    names, held_out = data.names(seed=args.seed)
    if args.quick:
        args.steps, args.batch, held_out = 60, 8, held_out[:40]
    gpt, plan = nn.GPT(TOKENS, seed=args.seed), course(args.steps, args.batch, len(names))
    history = train(gpt, names, held_out, plan, args.seed, args.eager)
    measured = report(gpt, history, names[: plan.names], held_out, plan)
    rng = random.Random(args.seed)
    drawn = [draw(gpt, args.temperature, rng) for _ in range(20)]
    own = f"20 names at a temperature of {args.temperature:g}: {', '.join(drawn)}"
    show.say(f"\n{show.filled(own)}\n")
    rows: Any = [encode(name)[0] for name in held_out[:3]]
    other = nn.GPT(TOKENS, seed=args.seed + 1)
    same = learning.report_saving(gpt, other, args.out / "gpt.json", rows)
    training_picture(gpt, history, measured, args.out)
    attention_picture(gpt, args.name, args.out)
    why = explain(gpt, args.name)
    print(f"\n{why.text}\n")
    head_picture(gpt, args.name[:2], args.out)
    return {**measured, "names": drawn, "same": same, "gpt": gpt, "why": why, "history": history}


def draw(gpt: nn.GPT, temperature: float, rng: random.Random) -> str:
    """Return a name that the network draws letter by letter."""
    return decode(gpt.generate([BOUNDARY], end=BOUNDARY, temperature=temperature, rng=rng))


def report(
    gpt: nn.GPT, history: nn.History, names: Sequence[str], held_out: Sequence[str], plan: Course
) -> dict[str, float]:
    """Print and return the bits per letter of the network and of both baselines."""
    measured = {
        "frequencies": bits(held_out, frequencies(names)),
        "pairs": bits(held_out, letter_pairs(names)),
        "bits": history.validation[-1] / math.log(2.0),
    }
    labels = ("letter frequencies", "pairs of letters", "the GPT")
    rows = [[label, f"{x:.3f}"] for label, x in zip(labels, measured.values())]
    print(show.table([f"{len(held_out)} held-out names", "bits per letter"], rows))
    seconds, count = history.times[-1], len(history.loss) * plan.names
    steps = plan.steps * len(history.loss) // plan.epochs
    print(
        f"\n{len(gpt.parameters()):,} parameters, {steps:,} steps of {plan.batch}: "
        f"{seconds:.1f} s, {count / seconds:,.0f} names a second"
    )
    return measured


# -- why
# ------------------------------------------------------------------------------------------


class Why(NamedTuple):
    """What was found about one name."""

    weight: str  # that it moves most
    letter: str  # whose prediction was most wrong
    surprise: float  # in bits
    text: str


class Reading(NamedTuple):
    """The graph of one name, with names on what a reader asks about."""

    loss: Value
    losses: list[Value]
    logits: list[list[Value]]
    memory: Any


def read(gpt: nn.GPT, name: str) -> Reading:
    """Return the graph of the loss of a name, after backward()."""
    tokens, following = encode(name)
    memories = gpt.memories()
    logits = [gpt.read(token, place, memories) for place, token in enumerate(tokens)]
    cross_entropy: Callable[[Any, int], Any] = nn.cross_entropy
    losses: list[Value] = [cross_entropy(row, token) for row, token in zip(logits, following)]
    for place, (row, one) in enumerate(zip(logits, losses)):
        so_far = decode(tokens[: place + 1])
        one.label = f"loss {so_far}→{decode([following[place]])}"
        for token, logit in enumerate(row):
            logit.label = f"{so_far}→{decode([token])}"
    loss = mean(losses)
    loss.label = "loss"
    gpt.zero_grad()
    loss.backward()
    return Reading(loss, losses, logits, memories[0])


def explain(gpt: nn.GPT, name: str) -> Why:
    """Ask the weight that a name moves most why, down to the letter that was most wrong."""
    reading, (_, following) = read(gpt, name), encode(name)
    gradient, n = gpt.named_gradient(), len(following)
    weight = max(gradient, key=lambda key: abs(gradient[key]))
    worst = max(range(n), key=lambda place: reading.losses[place].data)
    letter = reading.losses[worst].label.removeprefix("loss ")
    surprise = reading.losses[worst].data / math.log(2.0)
    probability = 2.0**-surprise
    pulls = f"Of all weights, {name} moves {weight} most: every letter that is predicted pulls."
    blame = (
        f"The prediction that was most wrong is {letter}: its probability was {probability:.4f}, "
        f"{surprise:.1f} bits. So its logit gets ({probability:.4f} - 1)/{n}, and the letters that "
        "seemed likelier are to blame:"
    )
    whole = _narrow(reading.loss.why(gpt.named_parameters()[weight]))
    part = _largest(reading.loss.why(reading.logits[worst][following[worst]]))
    text = f"{show.filled(pulls)}\n\n{whole}\n\n{show.filled(blame)}\n\n{part}"
    return Why(weight, letter, surprise, text)


def _narrow(why: str) -> str:
    """Return a sum without the expressions and the places of its terms, for 80 columns."""
    head, *terms = why.splitlines()
    matches = [re.match(r"(.*from \S+) = .*?    (∂\S+ = \S+)", term) for term in terms]
    width = max([len(match[1]) for match in matches if match], default=0)
    short = [
        f"{match[1]:{width}}    {match[2]}" if match else term
        for match, term in zip(matches, terms)
    ]
    return "\n".join([head, *short])


def _largest(why: str, most: int = 5) -> str:
    """Return the sum behind a gradient with its largest terms only, the largest first."""
    head, *terms = why.splitlines()
    terms = [line for line in terms if " more" not in line]
    terms.sort(key=lambda line: -abs(float(line.split()[0])))
    return "\n".join([head, *terms[:most], "     and smaller ones"])


# -- pictures
# ------------------------------------------------------------------------------------------


def training_picture(
    gpt: nn.GPT, history: nn.History, measured: dict[str, float], out: Path
) -> None:
    """Draw the bits per letter over the epochs, and the letters where their embeddings lie."""
    figure, axes = show.figure(10.0, 4.2, columns=2)
    if figure is None:
        return
    epochs = range(1, len(history.loss) + 1)
    for losses, colour, label in (
        (history.loss, show.ZERO, "training"),
        (history.validation, show.POSITIVE, "held out"),
    ):
        axes[0].plot(
            epochs, [x / math.log(2.0) for x in losses], color=colour, label=label, marker="o"
        )
    for key, label in (("frequencies", "letter frequencies"), ("pairs", "pairs of letters")):
        axes[0].axhline(measured[key], color=show.NEGATIVE, linewidth=1, linestyle="dashed")
        axes[0].annotate(
            label, (1.0, measured[key]), xycoords=("axes fraction", "data"), ha="right", va="bottom"
        )
    axes[0].set(title="bits per letter", xlabel="epoch")
    axes[0].xaxis.get_major_locator().set_params(integer=True)
    axes[0].legend(frameon=False, loc=(0.66, 0.68))
    plot_letters(axes[1], gpt)
    show.save(figure, out, "gpt.png")


def plot_letters(axes: Any, gpt: nn.GPT) -> None:
    """Plot the token embeddings in the plane in which they differ most (principal components)."""
    import numpy as np

    vectors = np.array([[w.data for w in row.w] for row in gpt.token.rows])
    vectors /= np.sqrt((vectors**2).mean(axis=1, keepdims=True))  # as the network scales them
    centred = vectors - vectors.mean(axis=0)
    _, _, directions = np.linalg.svd(centred, full_matrices=False)
    plane = centred @ directions[:2].T
    plane *= np.sign(plane[0])  # else the sign is a matter of chance
    for letter, (x, y) in zip(f"{ALPHABET}·", plane.tolist()):
        colour = (
            show.POSITIVE if letter in "aeiouy" else show.NEGATIVE if letter == "·" else show.INK
        )
        axes.text(x, y, letter, color=colour, ha="center", va="center", fontsize=13)
    reach = 1.15 * float(np.abs(plane).max())
    axes.set(title="the letters' embeddings; vowels in orange", xlim=(-reach, reach))
    axes.set(ylim=(-reach, reach), xticks=[], yticks=[])


def attention_picture(gpt: nn.GPT, name: str, out: Path) -> None:
    """Draw, for each head, how much each letter of a name takes from those before it."""
    tokens, _ = encode(name)
    heads = gpt.attention(tokens)[0]
    figure, axes = show.figure(3.1 * len(heads), 3.4, columns=len(heads))
    if figure is None:
        return
    from matplotlib.colors import LinearSegmentedColormap

    colours = LinearSegmentedColormap.from_list("share", [show.PAPER, show.POSITIVE])
    letters = list(decode(tokens))
    for k, (place, rows) in enumerate(zip(axes, heads)):
        square = [[*row, *[math.nan] * (len(rows) - len(row))] for row in rows]
        place.imshow(square, cmap=colours, vmin=0.0, vmax=1.0)
        place.set(title=f"head {k}", xticks=range(len(letters)), yticks=range(len(letters)))
        place.set_xticklabels(letters)
        place.set_yticklabels(letters)
        place.tick_params(length=0)
        place.spines[:].set_visible(False)
    axes[0].set_ylabel("this letter takes")
    axes[0].set_xlabel("from this one")
    show.save(figure, out, "gpt_attention.png")


def head_picture(gpt: nn.GPT, name: str, out: Path, head: int = 0) -> None:
    """Draw one attention head at the last letter of a short name, as cards that sum up."""
    reading, letters = read(gpt, name), decode(encode(name)[0])
    shares = reading.memory.weights[-1][head]
    for letter, share in zip(letters, shares):
        exp = share.parents[0]
        score = exp.parents[0].parents[0]
        match = score.parents[0]
        share.label, exp.label, score.label = (
            f"share of {letter}",
            f"exp {letter}",
            f"score {letter}",
        )
        match.label = f"match {letter}"
    query = match.parents[0]
    query.label = f"query {letter}"
    taken = next(step.node for step in reading.loss.steps() if step.parent is share)
    taken.label = "taken"
    show.draw(reading.loss, out, "gpt_head.svg", between=(query, taken))


if __name__ == "__main__":
    sys.exit(show.program(main))
