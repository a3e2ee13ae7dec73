"""The film of a training run: one page, scrubbed by epoch.

>>> from engine import Value, weighted_sum
>>> w, b = Value(0.0, label="w"), Value(1.0, label="b")
>>> moments = [(0, 5.0, [0.0, 1.0], [-4.0, -2.0]), (1, 1.0, [0.4, 1.2], [-2.0, -1.0])]
>>> film(lambda x: weighted_sum([w], x, b).tanh(), {"w": w, "b": b}, moments)
<Film of 2 moments, 2 parameters>

The page holds every parameter and gradient of each moment as base64. The network stands where
`draw(view="network")` has it; the function is there once more as JavaScript, made from the same
operations, so that what it gives over the plane of two inputs is computed when a moment is shown.
"""

import base64
import os
import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import isfinite
from numbers import Real
from pathlib import Path
from typing import Any, NamedTuple

from ..graph import topological_order
from ..javascript import arithmetic, statements
from ..listeners import Listener
from ..printing import printable
from ..sums import total
from ..types import Node
from ..value import Value
from .collapse import Group
from .html import assembled, asset, framed, save_html, script_of
from .network import Drawing, captions, placed, wire_paths
from .neurons import operation_of
from .scene import Card, Scene
from .selection import rebuilt_data
from .show import Shown

STYLES = ("theme.css", "film.css")
SCRIPTS = (
    "text.js",
    "elements.js",
    "film/moments.js",
    "film/network.js",
    "film/plane.js",
    "film/curve.js",
    "film/strips.js",
    "film/panel.js",
    "film/film.js",
)  # in this order they are one script
MOST = 6_000_000  # numbers: 48 MB
POINTS = 1_000  # of the examples, that are drawn
LARGEST, EDGES = 5_000, 60_000  # values of one example, and edges between them
TRIED = 8  # examples on which the program is compared with the function
HEIGHT = 760  # of the frame in a notebook
DIGITS = "₀₁₂₃₄₅₆₇₈₉"

Moments = Iterable[tuple[int, float, Sequence[float], Sequence[float]]]
Function = Callable[[Any], Any]


class Film(Shown):
    """The finished page: its `html`, `show()`, which opens it, and `save(path)`."""

    file = "film.html"

    def __init__(self, html: str, moments: int, parameters: int):
        self.html = html
        self._counts = moments, parameters

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the page, whole or not at all, and return the path.

        Raises ValueError unless it ends in .html.
        """
        return save_html(path, self.html, "a film")

    def _repr_html_(self) -> str:
        """Return a frame for a notebook, which may run the page's script and nothing else."""
        return framed(self.html, "A training run, epoch by epoch", HEIGHT)

    def __repr__(self) -> str:
        return f"<Film of {self._counts[0]} moments, {self._counts[1]} parameters>"


def film(
    function: Function,
    parameters: Mapping[str, Value],
    moments: Moments,
    *,
    inputs: Sequence[Any] = (),
    targets: Sequence[Any] = (),
    validation: Sequence[float] = (),
    title: str = "",
) -> Film:
    """Return a page of a training run, scrubbed by epoch: network, loss, and decision boundary.

    `function` is what is trained, called with one row of `inputs` at a time; without rows with as
    many numbers as it takes, one to four. `parameters` are by their names. A moment is an epoch,
    the loss, the parameters' numbers and their gradient, in the order of `parameters`; the epochs
    rise. `validation` has a loss for each epoch, from 1 on. Nothing is changed.

    Of a function of two inputs the page shows the decision boundary with the examples, and in each
    neuron what it gives over the plane. What it can't show, it says in one line. Raises ValueError
    where numbers do not fit each other, or are too many for a page.
    """
    kept, names = list(moments), list(map(str, parameters))
    _check(kept, len(names))
    rows = list(inputs)
    graph, why = _traced(function, list(parameters.values()), rows)
    shown: dict[str, Any] = {"network": None, "plane": None}
    program, title = "", printable(title or "A training run", 120)
    if graph is not None:
        shown, why = _network(graph, named=dict(zip(graph.parameters, names)))
        program, no_plane = _program(graph, function, rows)
        plane, no_plane = _plane(graph, rows, list(targets)) if program else (None, no_plane)
        shown |= {"plane": plane, "noPlane": no_plane, "size": len(graph.numbers)}
    content = {
        "title": title,
        "names": [printable(name, 200) for name in names],
        "epochs": [moment[0] for moment in kept],
        "loss": [_number(moment[1]) for moment in kept],
        "validation": [_number(x) for x in validation],
        "weights": _packed("d", [x for moment in kept for x in moment[2]]),
        "gradients": _packed("f", [x for moment in kept for x in moment[3]]),
        "why": printable(why, 300),
        **shown,
    }
    script = script_of(map(asset, SCRIPTS), program or "null")
    page = assembled("film.html", STYLES, script, title, content)
    return Film(page, len(kept), len(names))


def _check(moments: Sequence[Any], parameters: int) -> None:
    """Raise ValueError for moments that are none, that do not fit, or that are too many."""
    if not moments or not parameters:
        raise ValueError(f"{len(moments)} moments of {parameters} parameters: there is no film")
    for epoch, _, weights, gradient in moments:
        if not len(weights) == len(gradient) == parameters:
            raise ValueError(
                f"the moment of epoch {epoch} has {len(weights)} numbers and {len(gradient)} "
                f"gradients for {parameters} parameters"
            )
    epochs = [moment[0] for moment in moments]
    if epochs != sorted(set(epochs)):
        raise ValueError(f"the epochs of the moments do not rise: {epochs!r:.200}")
    if (count := 2 * parameters * len(moments)) > MOST:
        raise ValueError(
            f"{len(moments)} moments of {parameters:,} parameters are {count:,} numbers, more than "
            f"a page can hold ({MOST:,}): record fewer epochs, as with record=10"
        )


def _number(x: float) -> float | str:
    """Return a number as JSON can have it."""
    return float(x) if isfinite(x) else f"{float(x)}"


def _packed(kind: str, numbers: Sequence[float]) -> str:
    """Return numbers in base64, as 64-bit floats ("d") or 32-bit ("f"), little-endian."""
    if kind == "f":
        limit = 3.4028234663852886e38
        numbers = [x if x != x or abs(x) <= limit else x * float("inf") for x in numbers]
    return base64.b64encode(struct.pack(f"<{len(numbers)}{kind}", *numbers)).decode("ascii")


# -- the function as a graph
# -------------------------------------------------------------------------------------------------


class _Graph(NamedTuple):
    """The graph of one example: leaves, order, and what it gives."""

    inputs: list[Value]
    parameters: list[Value]
    outputs: list[Value]
    order: list[Value]
    numbers: dict[Value, int]  # inputs, then parameters, then the nodes
    decides: bool  # whether Python branched on a number

    @property
    def root(self) -> Value:
        """The output; of several their sum, which is not drawn."""
        return self.outputs[0] if len(self.outputs) == 1 else total(self.outputs)


class _Decisions(Listener):
    """Hears whether Python branches on a comparison."""

    heard = False

    def decided(self, comparison: Value) -> None:
        self.heard = True


def _traced(
    function: Function, parameters: list[Value], rows: Sequence[Any]
) -> tuple[_Graph | None, str]:
    """Return the graph of the function for one example, or None and why there is none."""
    why = ""
    for example in [_floats(rows[0]) or []] if rows else [[0.5] * n for n in (1, 2, 3, 4)]:
        inputs = [Value(x, label=_input_name(i)) for i, x in enumerate(example)]
        is_single = bool(rows) and not hasattr(rows[0], "__len__")
        try:
            with _Decisions() as decisions:
                result = function(inputs[0] if is_single else inputs)
            outputs = list(result) if isinstance(result, (list, tuple)) else [result]
        except Exception as error:
            why = f"the model, called with a row of Values, says “{error}”"
            continue
        if outputs and all(isinstance(x, Value) and x.parents for x in outputs):
            graph = _graph(inputs, parameters, outputs, decisions.heard)
            values, edges = len(graph.order), sum(len(node.parents) for node in graph.order)
            if values <= LARGEST and edges <= EDGES:
                return graph, ""
            why = f"{values:,} values and {edges:,} edges of an example are too many for a page"
            break
        why = "the model returns no Value or list of Values"
    return None, f"The network can't be drawn: {why}."


def _graph(
    inputs: list[Value], parameters: list[Value], outputs: list[Value], decides: bool
) -> _Graph:
    order, _ = topological_order(outputs[0] if len(outputs) == 1 else total(outputs))
    nodes = [node for node in order if len(outputs) == 1 or node is not order[-1]]
    numbers = {node: i for i, node in enumerate(dict.fromkeys([*inputs, *parameters, *nodes]))}
    return _Graph(inputs, parameters, outputs, nodes, numbers, decides)


def _floats(row: Any) -> list[float] | None:
    """Return a row as floats, or None where it is not numbers."""
    numbers = list(row) if hasattr(row, "__len__") and not isinstance(row, str) else [row]
    return [float(x) for x in numbers] if all(isinstance(x, Real) for x in numbers) else None


def _input_name(i: int) -> str:
    return "x" + "".join(DIGITS[int(digit)] for digit in str(i))


def _program(graph: _Graph, function: Function, rows: Sequence[Any]) -> tuple[str, str]:
    """Return the forward pass as JavaScript, or "" and why the page can't compute it."""
    if graph.decides:
        return "", "the model chooses by Python's if, which a page can't: engine.where can"
    try:
        lines = statements(graph.order, graph.numbers)
    except TypeError as error:
        return "", printable(str(error), 200)
    if not all(_agrees(graph, function, row) for row in rows[:: max(1, len(rows) // TRIED)]):
        return "", "the model computes some examples in another way than the first"
    body = "\n".join(lines)
    return f"(() => {{\n{arithmetic(body)}\nreturn (v) => {{\n{body}\n}};\n}})()", ""


def _agrees(graph: _Graph, function: Function, row: Any) -> bool:
    """Whether the graph, computed anew for a row, gives what the function gives."""
    numbers = _floats(row)
    if numbers is None or len(numbers) != len(graph.inputs):
        return False
    before = [leaf.data for leaf in graph.inputs]
    _set_data(graph.inputs, numbers)
    rebuilt = rebuilt_data(graph.order)
    _set_data(graph.inputs, before)
    ours = [rebuilt.get(output, output.data) for output in graph.outputs]
    result = function(row)
    own = [x.data for x in (result if isinstance(result, (list, tuple)) else [result])]
    return repr(own) == repr(ours)


def _set_data(leaves: Iterable[Value], numbers: Iterable[float]) -> None:
    for leaf, x in zip(leaves, numbers):
        leaf.data = x


# -- what the page shows
# -------------------------------------------------------------------------------------------------


def _network(graph: _Graph, named: Mapping[Node, str]) -> tuple[dict[str, Any], str]:
    """Return the circles and wires of the network, or None in their place and why."""
    names = {node: name for node, name in named.items() if not node.label}
    scene = Scene.of(graph.root, names=names, level="uses")
    _drop_sum(scene, graph)
    position: dict[Node, int] = {leaf: i for i, leaf in enumerate(graph.inputs)}
    scene.cards.sort(key=lambda card: position.get(card.node, len(position)))
    try:
        drawing = placed(scene)
    except ValueError as error:
        why = str(error).partition(":")[0] if "too many" in str(error) else "it has no neurons"
        return {"network": None}, f"The network can't be drawn: {why}."
    cards = {card.number: i for i, card in enumerate(scene.cards)}
    shown = {
        "circles": [_circle(card, drawing, graph) for card in scene.cards],
        "wires": [
            [cards[pill.parent.number], cards[pill.child.number], _weight(pill.weight, graph), path]
            for pill, path in zip(scene.pills, wire_paths(drawing))
        ],
        "captions": [
            [cards[of[0].number], printable(caption, 60)] for of, caption in captions(drawing)
        ],
    }
    return {"network": shown}, _unseen(shown, graph, list(named.values()))


def _drop_sum(scene: Scene, graph: _Graph) -> None:
    """Take the sum of several outputs out of the picture, if nothing else is behind the neurons."""
    root = next(card for card in scene.cards if card.is_root)
    neurons = [card.node for card in scene.cards if card.kind == "neuron"]
    outputs = {x for node in neurons if isinstance(node, Group) for x in node.outputs}
    if len(graph.outputs) > 1 and outputs.issuperset(graph.outputs):
        scene.cards = [card for card in scene.cards if card is not root]
        scene.pills = [pill for pill in scene.pills if pill.child is not root]


def _circle(card: Card, drawing: Drawing, graph: _Graph) -> dict[str, Any]:
    node, (x, y) = card.node, drawing.centres[card.number]
    use = node.uses[0] if isinstance(node, Group) and node.uses else None
    bias = use.bias if use and use.bias is not None else node
    seen = node.outputs[-1] if isinstance(node, Group) else node
    return {
        "name": printable(_name(card, graph), 120),
        "kind": "input" if seen in graph.inputs else card.kind,
        "at": [x, y],
        "column": drawing.column[card.number],
        "bias": _parameter(bias, graph),
        "node": graph.numbers.get(seen, -1) if isinstance(seen, Value) else -1,
        "operation": operation_of(use.output).name if use and use.output is not use.sum else "",
        "output": [i for i, output in enumerate(graph.outputs) if output is seen],
    }


def _name(card: Card, graph: _Graph) -> str:
    """Return what a circle is called; an operation by its symbol, as its numbers change."""
    if card.is_root and len(graph.outputs) > 1:
        return "outputs"
    is_named = card.kind not in ("rest", "operation") or card.node.label
    return card.name if is_named else card.chip


def _weight(weight: Any, graph: _Graph) -> int:
    return -1 if weight is None else _parameter(weight.node, graph)


def _parameter(node: Node, graph: _Graph) -> int:
    """Return the position of a parameter among them all; -1 for what is none."""
    position = graph.numbers.get(node, -1) - len(graph.inputs) if isinstance(node, Value) else -1
    return position if 0 <= position < len(graph.parameters) else -1


def _unseen(shown: Mapping[str, Any], graph: _Graph, names: Sequence[str]) -> str:
    """Return a line about parameters that are neither a weight nor a bias in the picture."""
    seen = {wire[2] for wire in shown["wires"]} | {circle["bias"] for circle in shown["circles"]}
    missing = [name for i, name in enumerate(names) if i not in seen]
    if not missing:
        return ""
    some = ", ".join(missing[:3]) + (", …" if len(missing) > 3 else "")
    return f"Not in the network but under Parameters: {printable(some, 200)}."


def _plane(
    graph: _Graph, rows: Sequence[Any], targets: Sequence[Any]
) -> tuple[dict[str, Any] | None, str]:
    """Return what the decision boundary is made of, or None and why there is none."""
    if (count := len(graph.inputs)) != 2:
        inputs = "1 input" if count == 1 else f"{count} inputs"
        return None, f"it is drawn for two inputs, and this model has {inputs}"
    step = max(1, -(-len(rows) // POINTS))
    points = [_floats(row) or [] for row in rows[::step]]
    points = [point for point in points if len(point) == 2 and all(map(isfinite, point))]
    answers = [_target(y) for y in targets[::step]]
    last = graph.outputs[0]
    is_probability = operation_of(last).name == "sigmoid" and len(graph.outputs) == 1
    return {
        "points": points,
        "targets": answers if len(answers) == len(points) and None not in answers else [],
        "range": [_range([point[i] for point in points]) for i in (0, 1)],
        "outputs": [graph.numbers[output] for output in graph.outputs],
        "inputs": [leaf.label for leaf in graph.inputs],
        "level": 0.5 if is_probability else 0.0,
    }, ""


def _target(y: Any) -> float | list[float] | None:
    """Return the target of an example as numbers, or None where it is something else."""
    numbers = _floats(y)
    if not numbers or not all(map(isfinite, numbers)):
        return None
    return numbers if hasattr(y, "__len__") and len(numbers) > 1 else numbers[0]


def _range(numbers: Sequence[float]) -> list[float]:
    """Return from where to where an axis goes: around the numbers, with a margin."""
    low, high = min(numbers, default=-1.0), max(numbers, default=1.0)
    margin = 0.12 * (high - low) or 1.0
    return [low - margin, high + margin]
