"""Pictures of gradients: a card for every value, a pill for every edge, and every grad the sum of its pills.

>>> from engine import Value, draw
>>> x = Value(3.0, label="x")
>>> y = x * x
>>> y.backward()
>>> draw(y).svg.count('class="pill"')
2

scene says what is shown, layout where (by dot, or by layered), svg paints it. neurons finds
neurons, collapse draws them and their layers as one card, focus takes a part of a graph, network is
the blackboard view, export writes DOT, Mermaid and JSON; `lecture` is the small picture of the
micrograd lecture.
"""

from .lecture import draw_dot
from .page import Page, stepper
from .picture import Picture, draw

__all__ = ["Page", "Picture", "draw", "draw_dot", "stepper"]
