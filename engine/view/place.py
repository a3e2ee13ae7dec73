"""Where cards and pills stand on the stepper page: dot's answer, or columns of our own where there is no dot.

>>> centres, _ = columns({"a": (144, 84), "a:b": (90, 32), "b": (144, 84)}, [("a", "a:b"), ("a:b", "b")])
>>> [x for x, y in centres.values()]
[72.0, 219.0, 366.0]
"""

import shutil
import subprocess
from collections.abc import Mapping

Point = tuple[float, float]
Sizes = Mapping[str, Point]
Edges = list[tuple[str, str]]
Placed = tuple[dict[str, Point], dict[tuple[str, str], list[Point]]]  # centres, and dot's way of each edge
GAP_X, GAP_Y, SECONDS = 30.0, 16.0, 8.0


def place(sizes: Sizes, edges: Edges) -> Placed:
    """The centre of every box; an edge's first end stands to the left of its second."""
    try:
        return _by_dot(sizes, edges)
    except (OSError, subprocess.SubprocessError):
        return columns(sizes, edges)


def _by_dot(sizes: Sizes, edges: Edges) -> Placed:
    """Ask dot, with names of our own and no text of the user's. Raises OSError where there is none."""
    path = shutil.which("dot")
    if path is None:
        raise FileNotFoundError("dot")
    answer = subprocess.run([path, "-Tplain"], input=_source(sizes, edges), capture_output=True, text=True,
                            timeout=SECONDS, check=True).stdout
    rows = [line.split() for line in answer.splitlines()]
    keys, top = list(sizes), float(rows[0][3])

    def points(numbers: list[str]) -> list[Point]:
        return [(float(x) * 72.0, (top - float(y)) * 72.0) for x, y in zip(numbers[::2], numbers[1::2], strict=True)]

    centres = {keys[int(row[1][1:])]: points(row[2:4])[0] for row in rows if row[0] == "node"}
    ways = {(keys[int(row[1][1:])], keys[int(row[2][1:])]): points(row[4:4 + 2 * int(row[3])])
            for row in rows if row[0] == "edge"}
    return centres, ways


def _source(sizes: Sizes, edges: Edges) -> str:
    number = {key: i for i, key in enumerate(sizes)}
    lines = ['digraph { rankdir=LR nodesep=0.22 ranksep=0.42 ordering=in node [shape=box fixedsize=true label=""]']
    lines += [f"n{number[key]} [width={w / 72:.4f} height={h / 72:.4f}]" for key, (w, h) in sizes.items()]
    lines += [f"n{number[a]} -> n{number[b]} [weight={4 if i % 2 == 0 else 1}]" for i, (a, b) in enumerate(edges)]
    return "\n".join([*lines, "}"])


def columns(sizes: Sizes, edges: Edges) -> Placed:
    """Columns by the longest way to the root; boxes of a column in the order of what they are joined to."""
    column = _columns(sizes, edges)
    across = _across(sizes, column)
    levels: dict[int, list[str]] = {}
    near: dict[str, list[str]] = {key: [] for key in sizes}
    for key in sizes:
        levels.setdefault(column[key], []).append(key)
    for a, b in edges:
        near[a].append(b)
        near[b].append(a)
    y = {key: 100.0 * i for level in levels.values() for i, key in enumerate(level)}
    for sweep in range(8):
        for at in sorted(levels, reverse=sweep % 2 == 0):
            wish = {key: sum(y[n] for n in near[key]) / max(1, len(near[key])) for key in levels[at]}
            levels[at].sort(key=wish.__getitem__)
            y.update(_stacked(levels[at], wish, sizes))
    top = min(y[key] - sizes[key][1] / 2 for key in sizes)
    return {key: (across[column[key]], y[key] - top) for key in sizes}, {}


def _columns(sizes: Sizes, edges: Edges) -> dict[str, int]:
    """`edges` are in topological order by their second ends, so one look at each, from the back, is enough."""
    back = dict.fromkeys(sizes, 0)
    for a, b in reversed(edges):
        back[a] = max(back[a], back[b] + 1)
    far = max(back.values())
    return {key: far - steps for key, steps in back.items()}


def _across(sizes: Sizes, column: dict[str, int]) -> list[float]:
    wide = [0.0] * (max(column.values()) + 1)
    for key, (width, _) in sizes.items():
        wide[column[key]] = max(wide[column[key]], width)
    centres, x = [], 0.0
    for width in wide:
        centres.append(x + width / 2)
        x += width + GAP_X
    return centres


def _stacked(level: list[str], wish: dict[str, float], sizes: Sizes) -> dict[str, float]:
    """The heights closest to what is wished for that leave a gap between neighbours."""
    y, floor = dict[str, float](), float("-inf")
    for key in level:
        half = sizes[key][1] / 2
        y[key] = max(wish[key], floor + half)
        floor = y[key] + half + GAP_Y
    drift = sum(y[key] - wish[key] for key in level) / len(level)
    return {key: at - drift for key, at in y.items()}
