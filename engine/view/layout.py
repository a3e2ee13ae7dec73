"""Where everything goes: by Graphviz's dot, or, where dot is missing or too slow, by a small layered layout.

Both give the centre of every card and pill; dot also gives the way of a long wire around what lies between.

>>> from engine import Value
>>> from engine.view.scene import Scene
>>> x = Value(2.0, label="x")
>>> placed = layered(Scene.of(x * x))
>>> placed.cards[0], placed.cards[1][0] > placed.cards[0][0]
((72.0, 40.0), True)
"""

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass, field, replace

from .scene import Scene

Point = tuple[float, float]
GAP_X, GAP_Y = 30.0, 16.0
_hinted = False


@dataclass
class Placed:
    """Centres of cards and pills, by their positions in the scene, and the bends of wires from pill to child."""

    cards: list[Point]
    pills: list[Point]
    bends: dict[int, list[Point]] = field(default_factory=dict)


def place(scene: Scene, seconds: float = 10.0) -> Placed:
    """dot's layout if dot is here and answers in time, else the built-in one."""
    if scene.direction == "TB":
        return _turned(place(_lying(scene), seconds))
    try:
        return by_dot(scene, seconds)
    except (OSError, subprocess.SubprocessError, ValueError, ImportError) as error:
        _hint(error)
        return layered(scene)


def _lying(scene: Scene) -> Scene:
    """The scene with every box on its side: laid out from left to right and turned, it runs from top to bottom."""
    cards = [replace(card, width=card.height, tall=card.width) for card in scene.cards]
    of = {id(old): new for old, new in zip(scene.cards, cards)}
    pills = [replace(pill, width=pill.height, height=pill.width, child=of[id(pill.child)], parent=of[id(pill.parent)])
             for pill in scene.pills]
    return replace(scene, cards=cards, pills=pills, direction="LR")


def _turned(placed: Placed) -> Placed:
    return Placed([(y, x) for x, y in placed.cards], [(y, x) for x, y in placed.pills],
                  {i: [(y, x) for x, y in bend] for i, bend in placed.bends.items()})


def _hint(error: Exception) -> None:
    global _hinted
    if not _hinted:
        why = "took too long" if isinstance(error, subprocess.TimeoutExpired) else "is not installed"
        print(f"engine.draw: Graphviz's dot {why}; the built-in layout takes its place", file=sys.stderr)
        _hinted = True


def source(scene: Scene) -> str:
    """The boxes for dot, without a single label: fonts and user text cannot change the layout."""
    import graphviz
    graph = graphviz.Digraph(graph_attr={"rankdir": "LR", "nodesep": "0.22", "ordering": "in",
                                         "ranksep": "1.4" if scene.bare else "0.42"},
                             node_attr={"shape": "box", "fixedsize": "true", "label": ""})
    for i, card in enumerate(scene.cards):
        graph.node(f"c{i}", width=f"{card.width / 72:.4f}", height=f"{card.height / 72:.4f}")
    place_of = {id(card): i for i, card in enumerate(scene.cards)}
    for i, pill in enumerate([] if scene.bare else scene.pills):
        graph.node(f"p{i}", width=f"{pill.width / 72:.4f}", height=f"{pill.height / 72:.4f}")
    for i, pill in sorted(enumerate(scene.pills), key=lambda item: (item[1].child.number, item[1].step.slot)):
        start = f"c{place_of[id(pill.parent)]}"
        if not scene.bare:
            graph.edge(start, f"p{i}", weight="4")
            start = f"p{i}"
        graph.edge(start, f"c{place_of[id(pill.child)]}", id=f"w{i}")
    return str(graph.source)


def by_dot(scene: Scene, seconds: float) -> Placed:
    """Run dot ourselves, for the graphviz package has no time limit: source on standard input, JSON back."""
    program = shutil.which("dot")
    if program is None:
        raise OSError("dot is not on PATH")
    done = subprocess.run([program, "-Tjson"], input=source(scene).encode(), capture_output=True, timeout=seconds,
                          check=True)
    answer = json.loads(done.stdout)
    top = float(answer["bb"].split(",")[3])
    boxes = {box["name"]: box for box in answer.get("objects", [])}
    centre = {name: (float(x), top - float(y)) for name, box in boxes.items() for x, y in [box["pos"].split(",")]}
    placed = Placed([centre[f"c{i}"] for i in range(len(scene.cards))],
                    [] if scene.bare else [centre[f"p{i}"] for i in range(len(scene.pills))])
    for edge in answer.get("edges", []):
        if edge.get("id", "").startswith("w"):
            placed.bends[int(edge["id"][1:])] = _points(edge["pos"], top)
    return placed


def _points(spline: str, top: float) -> list[Point]:
    """The points of a spline that dot spells `e,x,y x,y …`; the arrow's end, which comes first, is left out."""
    pairs = [pair.split(",") for pair in spline.split() if not pair.startswith(("e", "s"))]
    return [(float(x), top - float(y)) for x, y in pairs]


def layered(scene: Scene) -> Placed:
    """Columns by distance from the root, rows by the mean place of the neighbours, a few times back and forth.

    Cards stand in even columns, pills in odd ones; there are no other boxes, so that a leaf used 300 times
    costs 300 pills and no more. The effort is linear in the edges.
    """
    number = {id(card): i for i, card in enumerate(scene.cards)}
    ends = [(number[id(pill.parent)], number[id(pill.child)]) for pill in scene.pills]
    column = _columns(len(scene.cards), ends)
    if scene.bare:
        return _without_pills(scene, ends, column)
    items = [("c", i) for i in range(len(scene.cards))] + [("p", i) for i in range(len(scene.pills))]
    where = {("c", i): 2 * column[i] for i in range(len(scene.cards))}
    where |= {("p", i): 2 * column[parent] + 1 for i, (parent, _) in enumerate(ends)}
    near: dict[tuple[str, int], list[tuple[str, int]]] = {item: [] for item in items}
    for i, (parent, child) in enumerate(ends):
        for card in (parent, child):
            near["p", i].append(("c", card))
            near["c", card].append(("p", i))
    columns: dict[int, list[tuple[str, int]]] = {}
    for item in items:
        columns.setdefault(where[item], []).append(item)
    size = {("c", i): (card.width, card.height) for i, card in enumerate(scene.cards)}
    size |= {("p", i): (pill.width, pill.height) for i, pill in enumerate(scene.pills)}
    y = _rows(columns, near, size, {item: where[item] for item in items})
    x = _across(columns, size)
    return Placed([(x[where["c", i]], y["c", i]) for i in range(len(scene.cards))],
                  [(x[where["p", i]], y["p", i]) for i in range(len(ends))])


def _without_pills(scene: Scene, ends: list[tuple[int, int]], column: list[int]) -> Placed:
    items = [("c", i) for i in range(len(scene.cards))]
    near: dict[Item, list[Item]] = {item: [] for item in items}
    columns: dict[int, list[Item]] = {}
    for parent, child in ends:
        near["c", parent].append(("c", child))
        near["c", child].append(("c", parent))
    for item in items:
        columns.setdefault(column[item[1]], []).append(item)
    size = {("c", i): (card.width, card.height) for i, card in enumerate(scene.cards)}
    y = _rows(columns, near, size, {item: column[item[1]] for item in items})
    x = _across(columns, size, 100.0)
    return Placed([(x[column[i]], y["c", i]) for i in range(len(scene.cards))], [])


def _columns(count: int, ends: list[tuple[int, int]]) -> list[int]:
    """A card's column: as far left of the root as its longest way there; leaves close to their first user."""
    back = [0] * count
    for parent, child in ends:  # in the order of the sweep: a child's column is known before its parents'
        back[parent] = max(back[parent], back[child] + 1)
    far = max(back, default=0)
    return [far - steps for steps in back]


Item = tuple[str, int]


def _rows(columns: dict[int, list[Item]], near: dict[Item, list[Item]], size: dict[Item, tuple[float, float]],
          where: dict[Item, int]) -> dict[Item, float]:
    y: dict[Item, float] = {}
    for column in sorted(columns):
        _stack(columns[column], y, size)
    for sweep in range(8):
        for column in sorted(columns, reverse=sweep % 2 == 0):
            wish = {item: _mean([y[other] for other in near[item]], y[item]) for item in columns[column]}
            columns[column].sort(key=lambda item: (wish[item], item))
            _settle(columns[column], wish, y, size)
    top = min(y[item] - size[item][1] / 2 for item in y)
    return {item: place - top for item, place in y.items()}


def _stack(items: list[Item], y: dict[Item, float], size: dict[Item, tuple[float, float]]) -> None:
    place = 0.0
    for item in items:
        y[item] = place + size[item][1] / 2
        place += size[item][1] + GAP_Y


def _settle(items: list[Item], wish: dict[Item, float], y: dict[Item, float],
            size: dict[Item, tuple[float, float]]) -> None:
    """Each item as near to its wish as the order allows: pushed down by those above, then back up as a whole."""
    below = float("-inf")
    for item in items:
        y[item] = max(wish[item], below + size[item][1] / 2)
        below = y[item] + size[item][1] / 2 + GAP_Y
    drift = sum(y[item] - wish[item] for item in items) / len(items)
    for item in items:
        y[item] -= drift


def _mean(numbers: list[float], otherwise: float) -> float:
    return sum(numbers) / len(numbers) if numbers else otherwise


def _across(columns: dict[int, list[Item]], size: dict[Item, tuple[float, float]],
            gap: float = GAP_X) -> dict[int, float]:
    x, edge = {}, 0.0
    for column in sorted(columns):
        width = max(size[item][0] for item in columns[column])
        x[column] = edge + width / 2
        edge += width + gap
    return x
