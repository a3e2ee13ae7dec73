"""Pictures of gradients: a card for every value, a pill for every edge; a grad is a sum of pills.

>>> from engine import Value, draw
>>> x = Value(3.0, label="x")
>>> y = x * x
>>> y.backward()
>>> draw(y).svg.count('class="pill"')
2

A picture is made on one way: focus takes a part of the graph, selection its values or groups of
them (neurons finds neurons, collapse makes one box of a neuron or a layer) with all edges between,
scene says what a card and a pill show, layout where they stand (by dot, or by layered), and svg
paints them; network paints the cards as circles, as on a blackboard. export writes DOT, Mermaid and
JSON. A page takes the same scene: animation has its data, frames its steps, html makes one file of
them. film moves a picture; training is the page of a training run, with the network of its scene.
show opens pictures and pages in a browser; micrograd_dot is the small picture of the micrograd
lecture.
"""

from .micrograd_dot import draw_dot
from .page import Page, stepper
from .picture import Picture, draw
from .training import Film  # its function is engine.film: the name film is a module's here

__all__ = ["Film", "Page", "Picture", "draw", "draw_dot", "stepper"]
