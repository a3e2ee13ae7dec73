"""A gallery of pictures to look at: every kind of graph, light and dark, with and without dot.

>>> len(graphs()) >= 30
True

`python -m demos.pictures --gallery` writes it: four SVG files for each graph, and one page.
"""

import html
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import engine
from engine import Value, draw, write_file
from nn import MLP, cross_entropy

Entry = tuple[Value, dict[str, Any]]
WAYS = {"dot": "placed by dot", "own": "placed without dot"}
PAGE = """<!doctype html>
<meta charset="utf-8"><title>Pictures of gradients</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2rem; background: #777; color: #fff }}
img {{ max-width: 100%; display: block; margin: .3rem 0 }}
</style>
<h1>{count} graphs, light and dark, with and without dot</h1>
{body}
"""


def graphs() -> dict[str, Entry]:
    """Return the roots, swept, and the options with which they are drawn, by their names."""
    small, networks = dict(_small()), dict(_networks())
    return small | networks | dict(_large())


def _swept(root: Value, label: str = "y") -> Value:
    root.label = label
    root.backward()
    return root


def _leaves(**data: float) -> list[Value]:
    return [Value(x, label=name) for name, x in data.items()]


def _small() -> Iterator[tuple[str, Entry]]:
    a, b, x, w, c, d, e, f = _leaves(a=-2.0, b=3.0, x=3.0, w=0.5, c=3.0, d=3.0, e=2.0, f=0.5)
    yield "a product of sums", (_swept((a * b) * (a + b), "f"), {})
    yield "one value twice", (_swept(x * x), {})
    yield "from top to bottom", (_swept(c.sin() * c), {"direction": "TB"})
    (5 * d).backward()
    yield "another loss", (_swept(d * d), {})
    stale = _swept((e * f).tanh())
    f.data = 1.5
    yield "stale", (stale, {})
    yield "a branch", (_swept(engine.where(w > 0.0, w * 2.0, 1.0 - w)), {})
    a, b, x, w, c, d, e, f = _leaves(a=-2.0, b=3.0, x=0.5, w=0.5, c=0.5, d=-0.2, e=1.0, f=1.0)
    yield "forward only", (a.exp() * b, {})
    clamps = engine.clamp(x, -1.25, 2.5) + engine.leaky_relu(x, 0.125) + engine.elu(x, 1.5) + x**2.5
    yield "numbers of operations", (_swept(clamps), {})
    yield "constants as cards", (_swept((w * 2.0 + 1.0) ** 2), {"constants": True})
    [slope] = engine.gradient((c * d).tanh() ** 2, [c])
    yield "a second derivative", (_swept(slope, "slope"), {})
    sixfold = engine.total([e * (10.0 * i + 1.25) for i in (3, 1, 4, 2, 0, 5)])
    yield "a sum of six", (_swept(sixfold), {})
    yield "a sum of 31", (_swept(engine.total([f * (i + 0.5) for i in range(31)])), {})
    a, b, c, d, e, f = _leaves(a=12345.0, b=12346.0, c=float("inf"), d=0.0, e=0.5, f=1.0)
    yield "large numbers", (_swept(a * b - b * 1e300), {})
    yield "inf, nan and zero", (_swept(c * d + d * 2.0), {})
    yield "in print", (_swept((e - f) * (e + f)), {"theme": "print"})
    [x] = _leaves(x=1.0)
    yield "sixty uses", (_swept(engine.total([x] * 60)), {})
    names = [f"layer{i}.neuron{j}.weight{k}" for i in range(2) for j in range(2) for k in range(2)]
    long = [Value(0.5, label=name) for name in names]
    yield "long names", (_swept(engine.total([w * 2.0 for w in long])), {})
    characters = [
        Value(0.5, label=name) for name in ("漢字の名前です", "∂C/∂w", "<b>&amp;", "🙂 ü")
    ]
    yield "characters", (_swept(engine.product(characters)), {})


def _net(*sizes: int, seed: int = 1, activation: str = "tanh", expanded: bool = False) -> Any:
    inputs = _leaves(x0=0.5, x1=-0.3)
    net = MLP(2, list(sizes), activation=activation, seed=seed, expanded=expanded)
    return net(inputs)


def _loss(*sizes: int, **options: Any) -> Value:
    return _swept((_net(*sizes, **options) - 1.0) ** 2, "loss")


def _networks() -> Iterator[tuple[str, Entry]]:
    yield "a neuron", (_swept(_net(1, expanded=True)), {"collapse": "none"})
    yield "a small network", (_loss(3, 1), {"collapse": "neurons"})
    yield "a network", (_loss(4, 4, 1), {"collapse": "neurons"})
    yield "layers", (_loss(16, 16, 1), {"collapse": "layers"})
    yield "a blackboard", (_loss(4, 4, 1), {"view": "network"})
    yield "gradients of weights", (_loss(8, 8, 1), {"view": "network", "wires": "weight gradient"})
    yield (
        "weights in print",
        (
            _loss(4, 4, 1),
            {"view": "network", "wires": "weight", "theme": "print"},
        ),
    )
    yield "a blackboard from above", (_loss(4, 3, 1), {"view": "network", "direction": "TB"})
    yield "one circle for a layer", (_loss(16, 16, 1), {"view": "network", "collapse": "layers"})
    classes = cross_entropy(_net(4, 3), 1)
    yield "logits that cancel", (_swept(classes, "loss"), {"collapse": "layers"})
    yield "logits on a blackboard", (classes, {"view": "network"})
    softplus = _swept(engine.softplus(_net(3, 1)), "loss")
    yield "a softplus is a loss", (softplus, {"collapse": "neurons"})
    x = _leaves(x0=0.5, x1=-0.3)
    nets: list[Any] = [MLP(2, [3, 1], activation="tanh", seed=seed) for seed in (1, 2)]
    two = _swept((nets[0](x) - 1.0) ** 2 + (nets[1](x) + 1.0) ** 2, "loss")
    yield "two networks in layers", (two, {"collapse": "layers"})
    yield "two networks on a blackboard", (two, {"view": "network"})
    rows = [[Value(float(i), label=f"a{i}"), Value(1.0 - i, label=f"b{i}")] for i in range(3)]
    net: Any = MLP(2, [3, 1], activation="tanh", seed=1)
    batch = engine.total([(net(row) - 1.0) ** 2 for row in rows])
    yield "three examples", (_swept(batch, "loss"), {"collapse": "neurons"})
    yield "three examples on a blackboard", (batch, {"view": "network"})
    yield "by hand", (_by_hand(), {"view": "network"})
    state, w, b = _leaves(x0=0.5, w=-0.8, b=0.25)
    for _ in range(4):
        state = engine.weighted_sum([w], [state], b).tanh()
    yield "recurrent", (_swept(state, "h"), {"view": "network"})


def _by_hand() -> Value:
    x, y = _leaves(x=0.5, y=-0.3)
    w = _leaves(w0=0.1, w1=0.4, w2=-0.3, w3=0.7)
    hidden = [(x * w[0] + w[1] * y).tanh(), (w[2] * x + y * w[3]).tanh()]
    last = _leaves(v0=0.3, v1=0.4)
    return _swept(hidden[0] * last[0] + last[1] * hidden[1], "o")


def _large() -> Iterator[tuple[str, Entry]]:
    labelled, leaves = ([Value(0.1 * i, label=f"x{i}") for i in range(31)] for _ in range(2))
    yield "a sum of labelled leaves", (_swept(engine.total([x * 2 for x in labelled])), {})
    weights = sum((w * (i + 0.5) for i, w in enumerate(leaves)), Value(0.0, label="b"))
    yield "a sum of weights", (_swept(weights), {})
    [chain] = _leaves(x=0.5)
    for _ in range(40):
        chain = chain.sin()
    yield "a long chain", (_swept(chain), {})
    a, y = _leaves(a=0.9, y=0.5)
    for _ in range(10):
        y = (y * a).sin()
    yield "a leaf along a chain", (_swept(y), {})
    yield "all weights", (_loss(8, 8, 1), {"collapse": "none"})
    yield "wires", (_loss(16, 16, 1), {"collapse": "neurons"})


def write(out: Path) -> Path:
    """Write the gallery into a folder, and return its page."""
    parts = []
    for name, (root, options) in graphs().items():
        parts.append(f"<h2>{html.escape(name)}</h2>")
        for way, words in WAYS.items():
            for theme in ("light", "dark"):
                file = f"{name.replace(' ', '-').replace(',', '')}-{way}-{theme}.svg"
                with _without_dot(way == "own"):
                    draw(root, **{"theme": theme, **options}).save(out / file)
                parts.append(f'<img alt="{html.escape(name)}, {words}, {theme}" src="{file}">')
    page = PAGE.format(count=len(graphs()), body="\n".join(parts))
    return write_file(out / "gallery.html", page)


@contextmanager
def _without_dot(hidden: bool) -> Iterator[None]:
    """Hide all programs, dot among them, as on a computer where it is not installed."""
    before: Mapping[str, str] = dict(os.environ)
    if hidden:
        os.environ["PATH"] = ""
    try:
        yield
    finally:
        os.environ["PATH"] = before.get("PATH", "")
