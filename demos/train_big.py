"""Train 784-32-10 on 60,000 pictures of digits, from a graph of scalars, in seconds an epoch.

The pictures are computed here: shipped digits of 8 × 8 pixels, enlarged to 28 × 28 and shifted,
turned and scaled at random. A third of the 1,797 shipped digits is held out: training sees no
picture of those.
"""

import sys
import time
from collections.abc import Sequence
from typing import Any

import nn
from demos import show
from demos.data import Labels, Rows, digits, split

SIDE = 28


def pictures(shipped: Rows, labels: Labels, count: int, seed: int = 0) -> tuple[Any, Any]:
    """Return `count` rows of 784 pixels from 0 to 1, varied from shipped digits, and labels."""
    import numpy as np

    rng = np.random.default_rng(seed)
    small = np.array(shipped).reshape(-1, 8, 8)
    chosen = rng.integers(0, len(small), count)
    rows = np.empty((count, SIDE * SIDE))
    for start in range(0, count, 2000):
        part = chosen[start : start + 2000]
        rows[start : start + 2000] = _jittered(small[part], rng).reshape(len(part), -1)
    return rows, np.array(labels)[chosen]


def _jittered(small: Any, rng: Any) -> Any:
    """Enlarge pictures by bilinear interpolation on grids shifted, turned and scaled a little."""
    import numpy as np

    n = len(small)
    turn, scale = rng.normal(0.0, 0.12, (n, 1, 1)), rng.normal(1.0, 0.07, (n, 1, 1))
    down, right = rng.normal(0.0, 0.4, (2, n, 1, 1))
    y, x = np.meshgrid(*[np.linspace(-4.0, 4.0, SIDE)] * 2, indexing="ij")
    rows = scale * (np.cos(turn) * y - np.sin(turn) * x) + 3.5 + down
    columns = scale * (np.sin(turn) * y + np.cos(turn) * x) + 3.5 + right
    padded = np.pad(small, ((0, 0), (2, 2), (2, 2)))
    rows, columns = np.clip(rows + 2, 0.0, 10.99), np.clip(columns + 2, 0.0, 10.99)
    i, j, k = rows.astype(int), columns.astype(int), np.arange(n)[:, None, None]
    a, b = rows - i, columns - j
    return (1 - a) * ((1 - b) * padded[k, i, j] + b * padded[k, i, j + 1]) + a * (
        (1 - b) * padded[k, i + 1, j] + b * padded[k, i + 1, j + 1]
    )


def correct(net: nn.MLP, rows: Any, labels: Any) -> float:
    """Return the fraction of pictures whose largest logit is the right one, by matrices."""
    import numpy as np

    hidden, out = [
        (
            np.array([[w.data for w in neuron.w] for neuron in layer.neurons]),
            np.array([neuron.b.data for neuron in layer.neurons]),
        )
        for layer in net.layers
    ]
    logits = np.maximum(rows @ hidden[0].T + hidden[1], 0.0) @ out[0].T + out[1]
    return float((logits.argmax(axis=1) == labels).mean())


def main(argv: Sequence[str] | None = None) -> dict[str, Any]:
    parser = show.options(
        __doc__,
        name="train_big",
        rows=(60_000, "pictures to compute and learn from"),
        epochs=(5, "times through them"),
        batch=(64, "pictures in a batch"),
    )
    parser.add_argument("--quick", action="store_true", help="3,000 pictures")
    args = parser.parse_args(argv)
    show.load("numpy", "training on arrays")
    count = 3000 if args.quick else args.rows
    learned, held = split(*digits())
    print(f"{count:,} pictures of {SIDE} × {SIDE} from {len(learned[0]):,} digits …", flush=True)
    rows, labels = pictures(*learned, count, seed=args.seed)
    net = nn.MLP(SIDE * SIDE, [32, 10], seed=args.seed + 1)
    seconds = train(net, rows, labels, args.epochs, args.batch)
    print(f"{len(net.parameters()):,} parameters, {seconds:.1f} s an epoch")
    seen = correct(net, rows, labels)
    unseen = correct(net, *pictures(*held, max(100, count // 10), seed=args.seed + 1))
    show.say(
        f"read correctly: {seen:.1%} of these pictures, {unseen:.1%} of new pictures of the "
        f"{len(held[0])} digits held out"
    )
    return {"net": net, "seconds": seconds, "seen": seen, "unseen": unseen}


def train(net: nn.MLP, rows: Any, labels: Any, epochs: int, batch: int) -> float:
    """Train by Adam; return the seconds of an epoch, without those of recording and compiling."""
    start = time.perf_counter()
    history = nn.fit(
        net,
        rows,
        labels,
        loss=nn.cross_entropy,
        optimizer=nn.Adam(net.parameters(), 0.003),
        epochs=epochs,
        batch_size=batch,
        compiled=True,
    )
    show.finished(history)
    print(f"recorded and compiled in {time.perf_counter() - start - history.times[-1]:.1f} s")
    return history.times[-1] / len(history.loss)


if __name__ == "__main__":
    sys.exit(show.program(main))
