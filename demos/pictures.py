"""Draw the pictures of the documentation again.

Each is written as NAME.svg, which follows the light or dark scheme of the page around it, and as
NAME-dark.svg for pages that choose.

>>> sorted(graphs())[:6]
['alias', 'collapsed', 'elsewhere', 'expression', 'forward-only', 'graph']
"""

import sys
from collections.abc import Sequence
from typing import Any

from demos import gallery, show
from engine import Value, draw
from engine.foreign import as_values
from nn import MLP

OPTIONS: dict[str, dict[str, Any]] = {
    "collapsed": {"collapse": "neurons"},
    "layers": {"collapse": "layers"},
    "network": {"view": "network"},
}


def graphs() -> dict[str, Value]:
    """Return the root of every picture, by the picture's name."""
    return {
        "graph": _graph(),
        "expression": _expression(),
        "neuron": _neuron(),
        "alias": _alias(),
        "forward-only": _forward_only(),
        "elsewhere": _elsewhere(),
        "stale": _stale(),
        "collapsed": _loss([4, 4, 1]),
        "layers": _loss([16, 16, 1]),
        "other-engine": _other_engine(),
        "network": _loss([16, 16, 1]),
    }


def _graph() -> Value:
    a, b = Value(-2.0, label="a"), Value(3.0, label="b")
    d, e = a * b, a + b
    f: Value = d * e
    d.label, e.label, f.label = "d", "e", "f"
    f.backward()
    return f


def _expression() -> Value:
    """Return the expression of micrograd's README: g = 24.7041, grads 138.8338 and 645.5773."""
    a, b = Value(-4.0, label="a"), Value(2.0, label="b")
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    g: Value = f / 2.0
    g += 10.0 / f
    c.label, d.label, e.label, f.label, g.label = "c", "d", "e", "f", "g"
    g.backward()
    return g


class Lesson:
    """A number of another engine, of the kind that a lesson writes."""

    def __init__(self, data: float, grad: float, label: str, parents: tuple[Any, ...] = ()):
        self.data, self.grad, self.label, self.parents = data, grad, label, parents
        self.local_derivatives = tuple(parent.data for parent in reversed(parents))
        self.operation = "*" if parents else ""


def _other_engine() -> Value:
    """Return x·x at 3 with the gradient that `=` in place of `+=` leaves."""
    x = Lesson(3.0, 3.0, "x")
    return as_values(Lesson(9.0, 1.0, "y", (x, x)))


def _neuron() -> Value:
    x1, x2 = Value(2.0, label="x1"), Value(0.0, label="x2")
    w1, w2, b = (
        Value(-3.0, label="w1"),
        Value(1.0, label="w2"),
        Value(6.8813735870195432, label="b"),
    )
    n = x1 * w1 + x2 * w2 + b
    o: Value = n.tanh()
    n.label, o.label = "n", "o"
    o.backward()
    return o


def _alias() -> Value:
    a = Value(3.0, label="a")
    b = a + a
    c: Value = b * a
    b.label, c.label = "b", "c"
    c.backward()
    return c


def _forward_only() -> Value:
    x = Value(0.5, label="x")
    y: Value = (2 * x + 1).tanh() * x
    y.label = "y"
    return y


def _elsewhere() -> Value:
    """Return the second of two roots that use x: what the first one sent stands apart."""
    x = Value(3.0, label="x")
    (5 * x).backward()
    y: Value = x * x
    y.label = "y"
    y.backward()
    return y


def _stale() -> Value:
    """Return the small graph after a step that changed its leaf a."""
    f = _graph()
    a = f.parents[0].parents[0]
    a.data -= 0.1 * a.grad
    return f


def _loss(sizes: list[int]) -> Value:
    """Return the squared error of a small network at one point."""
    net = MLP(2, sizes, activation="tanh", seed=1)
    output: Any = net([Value(0.5, label="x0"), Value(-0.3, label="x1")])
    loss: Value = (output - 1.0) ** 2
    loss.label = "loss"
    loss.backward()
    return loss


def main(argv: Sequence[str] | None = None) -> None:
    default = show.ROOT / "docs" / "pictures"
    parser = show.documentation(__doc__, "pictures", default)
    parser.add_argument(
        "--gallery", action="store_true", help="write a page of many graphs into the folder instead"
    )
    options = parser.parse_args(argv)
    out = options.out
    if options.gallery:
        print(gallery.write(show.ROOT / "out" / "gallery" if out == default else out))
        return
    for name, root in graphs().items():
        drawn = OPTIONS.get(name, {})
        print(draw(root, **drawn).save(out / f"{name}.svg"))
        print(draw(root, **drawn, theme="dark").save(out / f"{name}-dark.svg"))


if __name__ == "__main__":
    sys.exit(show.program(main))
