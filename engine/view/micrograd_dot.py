"""The graph as the micrograd lecture draws it: a box for each value, an ellipse for each operation.

>>> from engine import Value
>>> x = Value(2.0, label="x")
>>> print(draw_dot(x * x).source.count("->"))
3
"""

from typing import TYPE_CHECKING

from ..explain import numbered
from ..foreign import Foreign, as_values
from ..options import string
from ..printing import printable

if TYPE_CHECKING:
    import graphviz

DIRECTIONS = ("LR", "RL", "TB", "BT")


def draw_dot(root: Foreign, format: str = "svg", rankdir: str = "LR") -> "graphviz.Digraph":
    """Return a graphviz.Digraph that a notebook shows as it is; needs Graphviz's dot to render.

    One edge for each parent, so x*x has two. `format` is what rendering writes, such as "png";
    `rankdir` is the direction from leaves to root, such as "TB" for downwards. Raises ValueError
    for what Graphviz does not know, ImportError where the graphviz package is missing.
    """
    try:
        import graphviz
    except ImportError:
        raise ImportError("draw_dot needs the graphviz package: pip install graphviz") from None
    if rankdir not in DIRECTIONS:
        raise ValueError(
            f"draw_dot has no rankdir={rankdir!r}: choose from {', '.join(DIRECTIONS)}"
        )
    dot = graphviz.Digraph(format=string("format", format, "png"), graph_attr={"rankdir": rankdir})
    numbers = numbered(as_values(root))
    for node, number in numbers.items():
        dot.node(
            f"v{number}",
            shape="record",
            label=f"{{ {_field(node.label)} | data {node.data:.4f} | grad {node.grad:.4f} }}",
        )
        if node.operation:
            dot.node(f"o{number}", label=graphviz.escape(printable(node.operation.symbol)))
            dot.edge(f"o{number}", f"v{number}")
            for parent in node.parents:
                dot.edge(f"v{numbers[parent]}", f"o{number}")
    return dot


def _field(label: str) -> str:
    """Return a label as a field of a record; what records or escapes act on is escaped."""
    return "".join("\\" + c if c in '{}|<>\\" ' else c for c in printable(label, 60))
