"""The same picture as text for other programs: DOT, Mermaid, and JSON.

>>> from engine import Value, draw
>>> x = Value(3.0, label="x")
>>> y = x * x; y.label = "y"
>>> y.backward()
>>> print(mermaid(draw(y).scene))
flowchart LR
    c0["x<br/>data 3<br/>grad 6"]
    c1[["× y<br/>data 9<br/>grad 1"]]
    c1 -->|"× 3 = #43;3"| c0
    c1 -->|"× 3 = #43;3"| c0

Labels are text in all three: nothing in them is read as a command. An edge points the way the
gradient flows, from a value to the operands it was computed from. docs/picture-schema.md describes
the JSON.
"""

import json as _json
import math
from typing import TypedDict

from ..printing import printable
from .scene import Card, Pill, Row, Scene, sum_text

Number = float | str  # a str where JSON has no number: "nan", "inf", "-inf"


class WeightRecord(TypedDict):
    """A weight or bias inside a neuron in JSON."""

    name: str
    data: Number
    grad: Number | None
    elsewhere: Number


class CardRecord(TypedDict):
    """A card in JSON."""

    id: int
    name: str
    operation: str
    kind: str
    root: bool
    data: Number
    grad: Number | None
    seed: float
    elsewhere: Number
    would_be: Number | None
    parameters: list[Number]
    weights: list[WeightRecord]


class PillRecord(TypedDict):
    """A pill in JSON."""

    child: int
    parent: int
    edges: int
    slot: int | None
    local: Number | None
    contribution: Number | None
    weight: str | None


def dot(scene: Scene) -> str:
    """Return the picture in Graphviz's language; the graphviz package quotes it.

    Raises ImportError without the package.
    """
    try:
        import graphviz
    except ImportError:
        raise ImportError("DOT needs the graphviz package: pip install graphviz") from None
    graph = graphviz.Digraph(
        graph_attr={"rankdir": "LR"},
        node_attr={"shape": "box", "fontname": "monospace"},
        edge_attr={"dir": "back", "fontname": "monospace"},
    )
    for card in scene.cards:
        graph.node(f"c{card.number}", label="\\n".join(map(_dot_text, _lines(card))))
    for pill in scene.pills:
        label = _dot_text(_edge_text(pill))
        graph.edge(f"c{pill.parent.number}", f"c{pill.child.number}", label=label)
    return str(graph.source)


def _dot_text(text: str) -> str:
    """Return text in which nothing is an escape (backslash) or an entity (&amp;) of DOT."""
    text = text.replace("&", "&amp;").replace("\\", "\\\\")
    return text.replace("<", "&lt;").replace(">", "&gt;")


def mermaid(scene: Scene) -> str:
    """Return the picture as a Mermaid flowchart, which GitHub and GitLab draw in their pages."""
    lines = ["flowchart LR"]
    for card in scene.cards:
        text = "<br/>".join(map(_mermaid_text, _lines(card)))
        is_leaf = card.kind in ("leaf", "constant")
        box = f'["{text}"]' if is_leaf else f'[["{text}"]]'
        lines.append(f"    c{card.number}{box}")
    for pill in scene.pills:
        text = _mermaid_text(_edge_text(pill))
        lines.append(f'    c{pill.child.number} -->|"{text}"| c{pill.parent.number}')
    return "\n".join(lines)


def _mermaid_text(text: str) -> str:
    """Return text in which all but letters, digits and plain signs are written by their number."""
    plain = " .,×÷−–=·∂Σ…\ufffd"
    return "".join(c if c.isalnum() or c in plain else f"#{ord(c)};" for c in text)


def json(scene: Scene) -> str:
    """Return the numbers behind the picture, all digits; nan and inf as strings."""
    picture = {
        "format": "chainrule-picture",
        "version": 1,
        "title": scene.title,
        "state": scene.state,
        "cards": [_card(card, scene.state) for card in scene.cards],
        "pills": [_pill(pill) for pill in scene.pills],
    }
    return _json.dumps(picture, ensure_ascii=True, allow_nan=False, indent=1) + "\n"


def _card(card: Card, state: str) -> CardRecord:
    is_swept = state != "forward only"
    return {
        "id": card.number,
        "name": printable(card.name, 200),
        "operation": card.chip,
        "kind": card.kind,
        "root": card.is_root,
        "data": _number(card.node.data),
        "grad": _number(card.node.grad) if is_swept else None,
        "seed": 1.0 if card.is_root and is_swept else 0.0,
        "elsewhere": _number(card.elsewhere),
        "would_be": None if card.rebuilt is None else _number(card.rebuilt),
        "parameters": [_number(x) for x in card.node.operation.parameters]
        if card.node.operation
        else [],
        "weights": [_weight(row, is_swept) for row in card.rows],
    }


def _pill(pill: Pill) -> PillRecord:
    return {
        "child": pill.child.number,
        "parent": pill.parent.number,
        "edges": pill.edges,
        "slot": pill.step.slot if pill.is_single else None,
        "local": _number(pill.step.local) if pill.is_single else None,
        "contribution": _number(pill.step.contribution) if pill.sent else None,
        "weight": pill.weight.name if pill.weight else None,
    }


def _weight(row: Row, is_swept: bool) -> WeightRecord:
    return {
        "name": printable(row.name, 200),
        "data": _number(row.node.data),
        "grad": _number(row.node.grad) if is_swept else None,
        "elsewhere": _number(row.elsewhere),
    }


def _number(x: float) -> Number:
    return float(x) if math.isfinite(x) else str(float(x))


def _lines(card: Card) -> list[str]:
    """Return the lines of a card."""
    head = " ".join(filter(None, [card.chip, printable(card.name, 40)]))
    data = ", ".join(filter(None, [f"data {card.data}", card.rebuilt_text]))
    sums = ["= " + sum_text(card.terms)] if card.elsewhere else []
    return [head, data, f"grad {card.grad}", *sums]


def _edge_text(pill: Pill) -> str:
    """Return what an edge multiplies by, and what it adds."""
    local = f"× {pill.local}" if pill.is_single else pill.local
    if pill.sent:
        return f"{local} = {pill.contribution}"
    return f"{local}, not sent" if pill.contribution else local
