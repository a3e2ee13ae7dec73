"""The place of every card and pill: by Graphviz's dot, or, without it, by a layout of our own.

Both give centres, and the way of a long wire around what lies between.

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

from .layered import Placed, Point, is_sum, layered, staggered
from .scene import Scene

_has_hinted = False


def place(scene: Scene, seconds: float = 4.0) -> Placed:
    """Return dot's layout if dot is here and answers in time, else the built-in one."""
    from_left = scene if scene.direction == "LR" else _transposed(scene)
    try:
        placed = by_dot(from_left, seconds)
    except (OSError, subprocess.SubprocessError, ValueError, ImportError) as error:
        _hint(error)
        placed = layered(from_left)
    return placed if scene.direction == "LR" else _transposed_back(placed)


def _transposed(scene: Scene) -> Scene:
    """Return the scene with every box on its side.

    Laid out from left to right and transposed back, it runs from top to bottom.
    """
    cards = [replace(card, width=card.height, fixed_height=card.width) for card in scene.cards]
    new_card = {id(old): new for old, new in zip(scene.cards, cards)}
    pills = [
        replace(
            pill,
            width=pill.height,
            height=pill.width,
            child=new_card[id(pill.child)],
            parent=new_card[id(pill.parent)],
        )
        for pill in scene.pills
    ]
    return replace(scene, cards=cards, pills=pills)


def _transposed_back(placed: Placed) -> Placed:
    return Placed(
        [(y, x) for x, y in placed.cards],
        [(y, x) for x, y in placed.pills],
        {i: [(y, x) for x, y in bend] for i, bend in placed.bends.items()},
    )


def _hint(error: Exception) -> None:
    global _has_hinted
    if not _has_hinted and sys.platform != "emscripten":  # a browser runs no programs
        print(f"engine.draw: {_cause(error)}: using the built-in layout", file=sys.stderr)
        _has_hinted = True


def _cause(error: Exception) -> str:
    if isinstance(error, ImportError):
        return "Graphviz's dot needs the graphviz package (pip install graphviz)"
    if isinstance(error, subprocess.TimeoutExpired):
        return "Graphviz's dot took too long"
    if isinstance(error, OSError):
        return "Graphviz's dot is not installed"
    return "Graphviz's dot failed"


# -- dot
# -------------------------------------------------------------------------------------------------


def source(scene: Scene) -> str:
    """Return the boxes for dot, without labels: fonts and user text cannot change the layout."""
    import graphviz

    graph = graphviz.Digraph(
        graph_attr={
            "rankdir": "LR",
            "nodesep": "0.06" if any(card.is_small for card in scene.cards) else "0.22",
            "ordering": "in",
            "ranksep": f"{scene.gap / 72:.2f}",
        },
        node_attr={"shape": "box", "fixedsize": "true", "label": ""},
    )
    for i, card in enumerate(scene.cards):
        graph.node(f"c{i}", width=_inches(card.width), height=_inches(card.height))
    for i, pill in enumerate([] if scene.is_bare else scene.pills):
        graph.node(f"p{i}", width=_inches(pill.width), height=_inches(pill.height))
    index = {id(card): i for i, card in enumerate(scene.cards)}
    steps = staggered(scene)
    in_order = sorted(
        enumerate(scene.pills), key=lambda item: (item[1].child.number, item[1].step.slot)
    )
    for i, pill in in_order:
        start = f"c{index[id(pill.parent)]}"
        if not scene.is_bare:
            graph.edge(f"{start}:e", f"p{i}:w", weight="4")
            start = f"p{i}"
        length = {"minlen": str(1 + steps[index[id(pill.parent)]])} if scene.is_bare else {}
        if is_sum(pill):
            length["weight"] = "8"
        graph.edge(f"{start}:e", f"c{index[id(pill.child)]}:w", id=f"w{i}", **length)
    return str(graph.source)


def _inches(pixels: float) -> str:
    return f"{pixels / 72:.4f}"


def by_dot(scene: Scene, seconds: float) -> Placed:
    """Return the layout of dot, which is run here: the graphviz package has no time limit."""
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
    height = float(answer["bb"].split(",")[3])  # dot counts upwards
    centre = {box["name"]: _points(box["pos"], height)[0] for box in answer.get("objects", [])}
    placed = Placed(
        [centre[f"c{i}"] for i in range(len(scene.cards))],
        [] if scene.is_bare else [centre[f"p{i}"] for i in range(len(scene.pills))],
    )
    gap = scene.gap
    for edge in answer.get("edges", []):
        if not edge.get("id", "").startswith("w"):
            continue
        points = _points(edge["pos"], height)
        is_long = points and points[-1][0] - points[0][0] > 2 * gap
        if is_long:  # a wire to the next column needs no bends
            placed.bends[int(edge["id"][1:])] = points
    return placed


def _points(spline: str, height: float) -> list[Point]:
    """Return the points of a spline that dot writes as `e,x,y x,y …`, without the arrow's end."""
    pairs = [pair.split(",") for pair in spline.split() if not pair.startswith(("e", "s"))]
    return [(float(x), height - float(y)) for x, y in pairs]
