"""Long pictures in rows: a chain that would be a hundred screens wide is wrapped as a text is.

>>> from engine import Value
>>> from engine.view.layered import layered
>>> from engine.view.scene import Scene
>>> y = Value(0.5)
>>> for _ in range(40):
...     y = y.sin()
>>> scene = Scene.of(y)
>>> chain = layered(scene)
>>> wrapped = in_rows(scene, chain)
>>> len({v for _, v in chain.cards}), len({v for _, v in wrapped.cards})
(1, 8)

A cut goes between two columns, behind pills. A wire that is cut leaves its row on the right, goes
back beneath it, and enters the next row from the left; those that go far are led to one track.
"""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise

from .layered import Placed, Point
from .scene import Card, Pill, Scene

LONGEST = 3_400.0  # pixels that a picture may be wide before it is wrapped
BETTER = 0.75  # only where the rows, to fit a screen, are made smaller by that much less
MOST_ROWS = 16
MUST, FEW = 12_000.0, 6  # a picture with more wires to cut than that is wrapped only if so wide
COLUMN = 120.0  # about half of a column, so that the last row is not a single card
SHAPE = 1.9  # the width of a screen, as a part of its height
BETWEEN, TRACK, TRACKS = 34.0, 7.0, 5  # between two rows; between two wires there, and how many
CORNER = 10.0  # the radius of a wire's bends around a row

Box = tuple[float, float, float, float]  # left, top, right, bottom
Piece = tuple[Point, Point, Point, Point]  # a cubic Bézier curve


def in_rows(scene: Scene, placed: Placed) -> Placed:
    """Return the places with long pictures wrapped into rows; short ones as they are.

    It works along the flow: of a picture from top to bottom the rows are columns.
    """
    is_down = scene.direction == "TB"
    if is_down:
        placed = _transposed(placed)
    boxes = _boxes(scene, placed, is_down)
    width = max(box[2] for box in boxes) - min(box[0] for box in boxes)
    if width > LONGEST:
        cuts = _best_cuts(scene, placed, boxes, width, is_down)
        if cuts:
            placed = _wrapped(scene, placed, boxes, cuts, is_down)
    return _transposed(placed) if is_down else placed


def _transposed(placed: Placed) -> Placed:
    return Placed(
        [(y, x) for x, y in placed.cards],
        [(y, x) for x, y in placed.pills],
        {i: [(y, x) for x, y in bend] for i, bend in placed.bends.items()},
    )


def _boxes(scene: Scene, placed: Placed, is_down: bool) -> list[Box]:
    """Return left, top, right and bottom of all cards, then of all pills, along the flow."""
    things: list[tuple[Card | Pill, Point]] = [
        *zip(scene.cards, placed.cards),
        *zip(scene.pills, placed.pills),
    ]
    sizes = [(x.height, x.width) if is_down else (x.width, x.height) for x, _ in things]
    return [
        (u - along / 2, v - across / 2, u + along / 2, v + across / 2)
        for (_, (u, v)), (along, across) in zip(things, sizes)
    ]


def _best_cuts(
    scene: Scene, placed: Placed, boxes: Sequence[Box], width: float, is_down: bool
) -> list[float]:
    """Return the cuts with which the letters are largest on a screen; [] for none."""
    wires = _pieces(scene, placed, is_down)
    best, smallest = [], BETTER * _extent(boxes, [])
    for count in range(2, MOST_ROWS + 1):
        cuts = _cuts(scene, placed, boxes, max(LONGEST / 2, width / count + COLUMN))
        is_clean = width > MUST or _most_cut(wires, cuts) <= FEW
        if is_clean and (extent := _extent(boxes, cuts)) < smallest:
            best, smallest = cuts, extent
    return best


def _extent(boxes: Sequence[Box], cuts: Sequence[float]) -> float:
    """Return how high a screen has to be for the picture with these cuts, in pixels."""
    rows: list[list[Box]] = [[] for _ in range(len(cuts) + 1)]
    for box in boxes:
        rows[bisect_right(cuts, (box[0] + box[2]) / 2)].append(box)
    heights = [max(box[3] for box in row) - min(box[1] for box in row) for row in rows]
    widths = [max(box[2] for box in row) - min(box[0] for box in row) for row in rows]
    return max(max(widths) / SHAPE, sum(heights) + BETWEEN * len(cuts))


def _cuts(
    scene: Scene,
    placed: Placed,
    boxes: Sequence[Box],
    width: float,
) -> list[float]:
    """Return where the picture is cut: between columns, and never between a card and its pills."""
    number = {id(card): i for i, card in enumerate(scene.cards)}
    spans = sorted((left, right) for left, _, right, _ in boxes)
    spans += [
        (boxes[number[id(pill.parent)]][2], at[0]) for pill, at in zip(scene.pills, placed.pills)
    ]
    spans.sort()
    free, end = [], spans[0][1]
    for left, right in spans:
        if left > end + 1.0:
            free.append((end + left) / 2)
        end = max(end, right)
    cuts, start = [], spans[0][0]
    for here, following in pairwise([*free, end]):
        if following - start > width and here > start:
            cuts.append(here)
            start = here
    return cuts


def _most_cut(wires: Sequence[Sequence[Piece]], cuts: Sequence[float]) -> int:
    """Return how many wires pass a cut, at most."""
    passing = [sum(wire[0][0][0] < cut < wire[-1][3][0] for wire in wires) for cut in cuts]
    return max(passing, default=0)


def _wrapped(
    scene: Scene,
    placed: Placed,
    boxes: Sequence[Box],
    cuts: Sequence[float],
    is_down: bool,
) -> Placed:
    """Return the places after the cuts, every row at the left border."""
    starts = [min(box[0] for box in boxes), *cuts]
    starts[1:] = [
        min(box[0] for box in boxes if box[0] > cut) for cut in cuts
    ]  # a row begins with its first box
    row_of = [bisect_right(cuts, (box[0] + box[2]) / 2) for box in boxes]
    wires = _pieces(scene, placed, is_down)
    ends = [
        (bisect_right(cuts, wire[0][0][0]), bisect_right(cuts, wire[-1][3][0])) for wire in wires
    ]
    tops, bottoms, rights = [], [], []
    for row in range(len(starts)):
        inside = [box for box, of in zip(boxes, row_of) if of == row]
        points = [
            point
            for wire, (first, last) in zip(wires, ends)
            if first == last == row
            for piece in wire
            for point in piece
        ]
        tops.append(min([box[1] for box in inside] + [v for _, v in points]))
        bottoms.append(max([box[3] for box in inside] + [v for _, v in points]))
        rights.append(max(box[2] for box in inside) - starts[row])
    crossing = sum(first < last for first, last in ends)
    between = BETWEEN + TRACK * min(crossing, TRACKS)
    shifts, y = [], 0.0
    for start, top, bottom in zip(starts, tops, bottoms):
        shifts.append((-start, y - top))
        y += bottom - top + between
    right = max(rights)
    beneath = [bottom + dy + BETWEEN / 2 for bottom, (_, dy) in zip(bottoms, shifts)]
    bends, track = {}, 0
    for i, (wire, (first, last)) in enumerate(zip(wires, ends)):
        if first == last:
            if i in placed.bends:
                bends[i] = [_moved(point, shifts[first]) for point in placed.bends[i]]
            continue
        side = TRACK * (track % TRACKS)
        track += 1
        before = _before(wire, cuts[first])
        behind = _behind(wire, cuts[last - 1])
        before = [_piece_moved(piece, shifts[first]) for piece in before]
        behind = [_piece_moved(piece, shifts[last]) for piece in behind]
        leave, enter = before[-1][3], behind[0][0]
        way = [
            leave,
            (right + 12 + side, leave[1]),
            (right + 12 + side, beneath[first] + side),
            (-14 - side, beneath[first] + side),
            (-14 - side, enter[1]),
            enter,
        ]
        bends[i] = _joined([*before, *_rounded(way), *behind])
    count = len(placed.cards)
    centres = [_moved(at, shifts[row]) for at, row in zip([*placed.cards, *placed.pills], row_of)]
    return Placed(centres[:count], centres[count:], bends)


# -- wires
# -------------------------------------------------------------------------------------------------


def _pieces(scene: Scene, placed: Placed, is_down: bool) -> list[list[Piece]]:
    """Return the curves of all wires to their children: from pills, or, without pills, parents."""
    centre = {id(card): at for card, at in zip(scene.cards, placed.cards)}
    wires = []
    for i, pill in enumerate(scene.pills):
        if bend := placed.bends.get(i):
            ends = zip(bend[:-1:3], bend[1::3], bend[2::3], bend[3::3], strict=True)
            wires.append(list(ends))
            continue
        source: Card | Pill = pill.parent if scene.is_bare else pill
        u1, v1 = centre[id(source)] if scene.is_bare else placed.pills[i]
        u2, v2 = centre[id(pill.child)]
        start, end = (
            (u1 + _along(source, is_down) / 2, v1),
            (u2 - _along(pill.child, is_down) / 2, v2),
        )
        middle = (start[0] + end[0]) / 2
        wires.append([(start, (middle, start[1]), (middle, end[1]), end)])
    return wires


def _along(box: Card | Pill, is_down: bool) -> float:
    return box.height if is_down else box.width


def _before(pieces: Sequence[Piece], cut: float) -> list[Piece]:
    """Return the part of a curve left of a cut."""
    kept: list[Piece] = []
    for piece in pieces:
        if piece[3][0] <= cut:
            kept.append(piece)
            continue
        if piece[0][0] < cut or not kept:
            kept.append(_split(piece, _at(piece, cut))[0])
        break
    return kept


def _behind(pieces: Sequence[Piece], cut: float) -> list[Piece]:
    """Return the part of a curve right of a cut."""
    kept: list[Piece] = []
    for piece in reversed(pieces):
        if piece[0][0] >= cut:
            kept.insert(0, piece)
            continue
        if piece[3][0] > cut or not kept:
            kept.insert(0, _split(piece, _at(piece, cut))[1])
        break
    return kept


def _at(piece: Piece, cut: float) -> float:
    """Return the parameter at which a curve passes a cut, by halving."""
    low, high = 0.0, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if _split(piece, middle)[0][3][0] < cut else (low, middle)
    return low


def _split(piece: Piece, t: float) -> tuple[Piece, Piece]:
    """Return the two parts of a curve, by de Casteljau's algorithm."""
    a, b, c, d = piece
    ab, bc, cd = _mix(a, b, t), _mix(b, c, t), _mix(c, d, t)
    abc, bcd = _mix(ab, bc, t), _mix(bc, cd, t)
    middle = _mix(abc, bcd, t)
    return (a, ab, abc, middle), (middle, bcd, cd, d)


def _mix(a: Point, b: Point, t: float) -> Point:
    return a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t


def _rounded(points: Sequence[Point]) -> list[Piece]:
    """Return lines through the points with round corners."""
    pieces: list[Piece] = []
    here = points[0]
    for corner, following in pairwise(points[1:]):
        before = _toward(corner, here, CORNER)
        after = _toward(corner, following, CORNER)
        pieces += [_line(here, before), (before, corner, corner, after)]
        here = after
    return [*pieces, _line(here, points[-1])]


def _toward(a: Point, b: Point, distance: float) -> Point:
    """Return the point that is `distance` away from a on the way to b, at most half of it."""
    length = ((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2) ** 0.5
    return _mix(a, b, min(0.5, distance / length)) if length else a


def _line(a: Point, b: Point) -> Piece:
    return a, _mix(a, b, 1 / 3), _mix(a, b, 2 / 3), b


def _joined(pieces: Sequence[Piece]) -> list[Point]:
    return [pieces[0][0], *[point for piece in pieces for point in piece[1:]]]


def _piece_moved(piece: Piece, by: Point) -> Piece:
    a, b, c, d = (_moved(point, by) for point in piece)
    return a, b, c, d


def _moved(point: Point, by: Point) -> Point:
    return point[0] + by[0], point[1] + by[1]
