"""Train 784-32-10 on 60,000 pictures of digits, from a graph of scalars, in seconds per epoch.

The pictures are made here: shipped digits of 8 × 8 pixels, enlarged to 28 × 28 and shifted, turned
and scaled at random. A third of the 1,797 shipped digits is held out: training sees no picture made
from those.

    python -m demos.train_big [--rows 60000] [--epochs 5]
"""

import argparse
import time
from collections.abc import Sequence
from typing import Any

import nn
from demos.data import digits, split

SIDE = 28


def pictures(
    shipped: Sequence[Sequence[float]], labels: Sequence[int], count: int, seed: int = 0
) -> tuple[Any, Any]:
    """An array of `count` rows of 784 pixels from 0 to 1, made from shipped digits, and the digit that each shows."""
    import numpy as np

    draw = np.random.default_rng(seed)
    small = np.array(shipped).reshape(-1, 8, 8)
    chosen = draw.integers(0, len(small), count)
    rows = np.empty((count, SIDE * SIDE))
    for start in range(0, count, 2000):
        part = chosen[start : start + 2000]
        rows[start : start + 2000] = _jittered(small[part], draw).reshape(len(part), -1)
    return rows, np.array(labels)[chosen]


def _jittered(small: Any, draw: Any) -> Any:
    """Every picture enlarged by bilinear interpolation at places shifted, turned and scaled a little."""
    import numpy as np

    n = len(small)
    turn, scale = draw.normal(0.0, 0.12, (n, 1, 1)), draw.normal(1.0, 0.07, (n, 1, 1))
    down, right = draw.normal(0.0, 0.4, (2, n, 1, 1))
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
    """The share of pictures whose largest logit is the right one, by matrices."""
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
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--rows", type=int, default=60_000, help="pictures to make and learn from (default 60000)"
    )
    parser.add_argument("--epochs", type=int, default=5, help="times through them (default 5)")
    parser.add_argument("--batch", type=int, default=64, help="pictures in a batch (default 64)")
    args = parser.parse_args(argv)
    learned, held = split(*digits())
    print(
        f"making {args.rows:,} pictures of {SIDE} × {SIDE} from {len(learned[0]):,} shipped digits …",
        flush=True,
    )
    rows, labels = pictures(*learned, args.rows)
    net = nn.MLP(SIDE * SIDE, [32, 10], seed=1)
    seconds = train(net, rows, labels, args.epochs, args.batch)
    print(f"{len(net.parameters()):,} parameters, {seconds:.1f} s an epoch")
    seen = correct(net, rows, labels)
    unseen = correct(net, *pictures(*held, max(100, args.rows // 10), seed=1))
    print(
        f"read correctly: {seen:.1%} of these, {unseen:.1%} of new pictures of the {len(held[0])} digits held out"
    )
    return {"net": net, "seconds": seconds, "seen": seen, "unseen": unseen}


def train(net: nn.MLP, rows: Any, labels: Any, epochs: int, batch: int) -> float:
    """Adam on shuffled batches; the seconds that an epoch took, without recording and compiling."""
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
    print(f"recorded and compiled in {time.perf_counter() - start - history.times[-1]:.1f} s")
    return history.times[-1] / epochs


if __name__ == "__main__":
    main()
