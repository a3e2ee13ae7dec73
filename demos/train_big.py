"""Train 784-32-10 on 60,000 pictures of digits, from a graph of scalars, in seconds per epoch.

The pictures are made here: the 1,797 shipped digits of 8 × 8 pixels, enlarged to 28 × 28 and shifted, turned and
scaled at random.

    python -m demos.train_big [--rows 60000] [--epochs 3]
"""

import argparse
import time
from collections.abc import Sequence
from typing import Any

import engine
from demos.data import digits
from nn import MLP, Adam, cross_entropy

SIDE = 28


def pictures(count: int, seed: int = 0) -> tuple[Any, Any]:
    """An array of `count` rows of 784 pixels from 0 to 1, and the digit that each shows."""
    import numpy as np

    draw = np.random.default_rng(seed)
    shipped, labels = digits()
    small = np.array(shipped).reshape(-1, 8, 8)
    chosen = draw.integers(0, len(small), count)
    rows = np.empty((count, SIDE * SIDE))
    for start in range(0, count, 2000):
        part = chosen[start:start + 2000]
        rows[start:start + 2000] = _jittered(small[part], draw).reshape(len(part), -1)
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
    return ((1 - a) * ((1 - b) * padded[k, i, j] + b * padded[k, i, j + 1])
            + a * ((1 - b) * padded[k, i + 1, j] + b * padded[k, i + 1, j + 1]))


def correct(net: MLP, rows: Any, labels: Any) -> float:
    """The share of pictures whose largest logit is the right one, by matrices."""
    import numpy as np

    hidden, out = [(np.array([[w.data for w in n.w] for n in layer.neurons]), np.array([n.b.data for n in layer.neurons]))  # noqa: E501
                   for layer in net.layers]
    logits = np.maximum(rows @ hidden[0].T + hidden[1], 0.0) @ out[0].T + out[1]
    return float((logits.argmax(axis=1) == labels).mean())


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Train 784-32-10 on digits, replayed from a recorded graph of scalars.")  # noqa: E501
    parser.add_argument("--rows", type=int, default=60_000)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--batch", type=int, default=200)
    args = parser.parse_args(argv)
    print(f"making {args.rows:,} pictures of {SIDE} × {SIDE} from the 1,797 shipped digits …", flush=True)
    rows, labels = pictures(args.rows)
    test_rows, test_labels = pictures(max(100, args.rows // 10), seed=1)
    net = MLP(SIDE * SIDE, [32, 10], seed=1)
    train(net, rows, labels, args.epochs, args.batch)
    print(f"{correct(net, test_rows, test_labels):.1%} of {len(test_rows):,} new pictures of the same digits are read correctly")  # noqa: E501


def train(net: MLP, rows: Any, labels: Any, epochs: int, batch: int) -> None:
    """Adam on shuffled batches, with a line that moves."""
    import numpy as np

    start = time.perf_counter()
    tape = engine.record(lambda *row: cross_entropy(net(list(row[:-1])), row[-1]), [*rows[0].tolist(), int(labels[0])])
    table = np.column_stack([rows, labels])
    tape.forward(table[:1])
    print(f"recorded {tape!r} in {time.perf_counter() - start:.1f} s", flush=True)
    optimizer, draw = Adam(net.parameters(), 0.003), np.random.default_rng(0)
    for epoch in range(epochs):
        start, order, losses = time.perf_counter(), draw.permutation(len(table)), []
        for first in range(0, len(table), batch):
            optimizer.zero_grad()
            losses.append(tape.replay(table[order[first:first + batch]]).mean())
            optimizer.step()
            if first // batch % 10 == 0:
                print(f"\repoch {epoch + 1}  {first:6,} of {len(table):,}  loss {np.mean(losses[-50:]):.3f} ", end="", flush=True)  # noqa: E501
        print(f"\repoch {epoch + 1}  {len(table):6,} pictures  loss {np.mean(losses):.3f}  {time.perf_counter() - start:.1f} s")  # noqa: E501


if __name__ == "__main__":
    main()
