"""Where everything goes: by Graphviz's dot, or, where dot is missing or too slow, by a layout of our own.

Both give the centre of every card and pill, and the way of a long wire around what lies between.

>>> from engine import Value
>>> from engine.view.scene import Scene
>>> x = Value(2.0, label="x")
>>> placed = place(Scene.of(x * x))
>>> len(placed.cards), len(placed.pills)
(2, 2)
"""

import json
import shutil
import subprocess
import sys
from dataclasses import replace

from .layered import Placed, Point, layered
from .scene import Scene

_hinted = False


def place(scene: Scene, seconds: float = 4.0) -> Placed:
    """dot's layout if dot is here and answers in time, else the built-in one."""
    lying = scene if scene.direction == "LR" else _lying(scene)
    try:
        placed = by_dot(lying, seconds)
    except (OSError, subprocess.SubprocessError, ValueError, ImportError) as error:
        _hint(error)
        placed = layered(lying)
    return placed if scene.direction == "LR" else _turned(placed)


def _lying(scene: Scene) -> Scene:
    """The scene with every box on its side: laid out from left to right and turned, it runs from top to bottom."""
    cards = [replace(card, width=card.height, tall=card.width) for card in scene.cards]
    of = {id(old): new for old, new in zip(scene.cards, cards)}
    pills = [
        replace(
            pill,
            width=pill.height,
            height=pill.width,
            child=of[id(pill.child)],
            parent=of[id(pill.parent)],
        )
        for pill in scene.pills
    ]
    return replace(scene, cards=cards, pills=pills)


def _turned(placed: Placed) -> Placed:
    return Placed(
        [(y, x) for x, y in placed.cards],
        [(y, x) for x, y in placed.pills],
        {i: [(y, x) for x, y in bend] for i, bend in placed.bends.items()},
    )


def _hint(error: Exception) -> None:
    global _hinted
    if not _hinted:
        print(f"engine.draw: {_fault(error)}; the built-in layout takes its place", file=sys.stderr)
        _hinted = True


def _fault(error: Exception) -> str:
    if isinstance(error, ImportError):
        return "Graphviz's dot needs the graphviz package (pip install graphviz)"
    if isinstance(error, subprocess.TimeoutExpired):
        return "Graphviz's dot took too long"
    return (
        "Graphviz's dot is not installed" if isinstance(error, OSError) else "Graphviz's dot failed"
    )


def source(scene: Scene) -> str:
    """The boxes for dot, without a single label: fonts and user text cannot change the layout."""
    import graphviz

    graph = graphviz.Digraph(
        graph_attr={
            "rankdir": "LR",
            "nodesep": "0.22",
            "ordering": "in",
            "ranksep": f"{scene.gap / 72:.2f}",
        },
        node_attr={"shape": "box", "fixedsize": "true", "label": ""},
    )
    for i, card in enumerate(scene.cards):
        graph.node(f"c{i}", width=f"{card.width / 72:.4f}", height=f"{card.height / 72:.4f}")
    place_of = {id(card): i for i, card in enumerate(scene.cards)}
    for i, pill in enumerate([] if scene.bare else scene.pills):
        graph.node(f"p{i}", width=f"{pill.width / 72:.4f}", height=f"{pill.height / 72:.4f}")
    for i, pill in sorted(
        enumerate(scene.pills), key=lambda item: (item[1].child.number, item[1].step.slot)
    ):
        start = f"c{place_of[id(pill.parent)]}"
        if not scene.bare:
            graph.edge(f"{start}:e", f"p{i}:w", weight="4")
            start = f"p{i}"
        graph.edge(f"{start}:e", f"c{place_of[id(pill.child)]}:w", id=f"w{i}")
    return str(graph.source)


def by_dot(scene: Scene, seconds: float) -> Placed:
    """Run dot ourselves, for the graphviz package has no time limit: source on standard input, JSON back."""
    program = shutil.which("dot")
    if program is None:
        raise OSError("dot is not on PATH")
    done = subprocess.run(
        [program, "-Tjson"],
        input=source(scene).encode(),
        capture_output=True,
        timeout=seconds,
        check=True,
    )
    answer = json.loads(done.stdout)
    top = float(answer["bb"].split(",")[3])
    boxes = {box["name"]: box for box in answer.get("objects", [])}
    centre = {
        name: (float(x), top - float(y))
        for name, box in boxes.items()
        for x, y in [box["pos"].split(",")]
    }
    placed = Placed(
        [centre[f"c{i}"] for i in range(len(scene.cards))],
        [] if scene.bare else [centre[f"p{i}"] for i in range(len(scene.pills))],
    )
    for edge in answer.get("edges", []):
        points = _points(edge["pos"], top) if edge.get("id", "").startswith("w") else []
        if (
            points and points[-1][0] - points[0][0] > 2 * scene.gap
        ):  # to the next column no bends are needed
            placed.bends[int(edge["id"][1:])] = points
    return placed


def _points(spline: str, top: float) -> list[Point]:
    """The points of a spline that dot spells `e,x,y x,y …`; the arrow's end, which comes first, is left out."""
    pairs = [pair.split(",") for pair in spline.split() if not pair.startswith(("e", "s"))]
    return [(float(x), top - float(y)) for x, y in pairs]
