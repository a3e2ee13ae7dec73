"""The same picture as text for other programs: DOT, Mermaid, and JSON as docs/picture-schema.md describes it.

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
gradient flows, from a value to the operands it was computed from.
"""

import json as _json
import math
from typing import Any

from ..printing import printable
from .scene import Card, Pill, Scene


def dot(scene: Scene) -> str:
    """The picture in Graphviz's language; the graphviz package quotes it. Raises ImportError without it."""
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
        graph.node(f"c{card.number}", label="\\n".join(map(_quoted, _lines(card))))
    for pill in scene.pills:
        graph.edge(f"c{pill.parent.number}", f"c{pill.child.number}", label=_quoted(_flow(pill)))
    return str(graph.source)


def _quoted(words: str) -> str:
    """Neither an escape (backslash) nor an entity (&amp;) of DOT's."""
    return (
        words.replace("&", "&amp;").replace("\\", "\\\\").replace("<", "&lt;").replace(">", "&gt;")
    )


def mermaid(scene: Scene) -> str:
    """The picture as a Mermaid flowchart, which GitHub and GitLab draw in their pages."""
    lines = ["flowchart LR"]
    for card in scene.cards:
        words = "<br/>".join(map(_entities, _lines(card)))
        lines.append(
            f'    c{card.number}["{words}"]'
            if card.kind in ("leaf", "constant")
            else f'    c{card.number}[["{words}"]]'
        )
    lines += [
        f'    c{pill.child.number} -->|"{_entities(_flow(pill))}"| c{pill.parent.number}'
        for pill in scene.pills
    ]
    return "\n".join(lines)


def _entities(words: str) -> str:
    """Mermaid's own way to write a character by its number; only letters, digits and plain signs stay."""
    return "".join(c if c.isalnum() or c in " .,×÷−–=·∂Σ…\ufffd" else f"#{ord(c)};" for c in words)


def json(scene: Scene) -> str:
    """The numbers behind the picture, all digits; nan and inf, for which JSON has no number, as strings."""
    return (
        _json.dumps(
            {
                "format": "chainrule-picture",
                "version": 1,
                "title": scene.title,
                "state": scene.state,
                "cards": [_card(card, scene.state) for card in scene.cards],
                "pills": [_pill(pill) for pill in scene.pills],
            },
            ensure_ascii=True,
            allow_nan=False,
            indent=1,
        )
        + "\n"
    )


def _card(card: Card, state: str) -> dict[str, Any]:
    swept = state != "forward only"
    return {
        "id": card.number,
        "name": printable(card.name, 200),
        "operation": card.chip,
        "kind": card.kind,
        "root": card.is_root,
        "data": _number(card.node.data),
        "grad": _number(card.node.grad) if swept else None,
        "seed": 1.0 if card.is_root and swept else 0.0,
        "elsewhere": _number(card.elsewhere),
        "would_be": None if card.rebuilt is None else _number(card.rebuilt),
    }


def _pill(pill: Pill) -> dict[str, Any]:
    return {
        "child": pill.child.number,
        "parent": pill.parent.number,
        "edges": pill.edges,
        "slot": pill.step.slot if pill.single else None,
        "local": _number(pill.step.local) if pill.single else None,
        "contribution": _number(pill.step.contribution) if pill.sent else None,
    }


def _number(x: float) -> float | str:
    return float(x) if math.isfinite(x) else str(float(x))


def _lines(card: Card) -> list[str]:
    head = " ".join(filter(None, [card.chip, printable(card.name, 40)]))
    behind = ["= " + " + ".join(card.terms)] if card.elsewhere else []
    data = ", ".join(filter(None, [f"data {card.data}", card.now]))
    return [head, data, f"grad {card.grad}", *behind]


def _flow(pill: Pill) -> str:
    share = f" = {pill.contribution}" if pill.sent else ", not sent" * bool(pill.contribution)
    return "× " * pill.single + pill.local + share
