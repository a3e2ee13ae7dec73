"""The built-in layout, for computers without dot: columns, rows with few crossings, wires that go around cards.

>>> from engine import Value
>>> from engine.view.scene import Scene
>>> x = Value(2.0, label="x")
>>> placed = layered(Scene.of(x * x))
>>> placed.cards[0], placed.cards[1][0] > placed.cards[0][0]
((72.0, 40.0), True)

After Sugiyama, Tagawa and Toda, Methods for visual understanding of hierarchical system structures,
1981. Cards stand in even columns, a pill right beside its parent; a wire that spans more columns
makes a *turn* in each of them, a place without width that other boxes leave free. The effort has a
limit: where the turns are used up, the longest wires run beneath the picture.
"""

from bisect import bisect_right, insort
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise

from .scene import Scene

Point = tuple[float, float]
GAP_Y, LANE = 16.0, 9.0
TURNS, SWEEPS, EFFORT = 4_000, 12, 60_000
STRAIGHT = (
    8.0  # how hard turns pull at each other, and cards in a chain; other neighbours pull by 1.0
)


@dataclass
class Placed:
    """Centres of cards and pills, by their positions in the scene, and the bends of wires from pill to child."""

    cards: list[Point]
    pills: list[Point]
    bends: dict[int, list[Point]] = field(default_factory=dict)


@dataclass(eq=False, slots=True)
class _Item:
    """A card, a pill or a turn. `left` and `right` are its neighbours in the next columns and how hard each pulls."""

    column: int
    width: float = 0.0
    height: float = 0.0
    y: float = 0.0
    row: int = 0
    left: "_Pulls" = field(default_factory=list)
    right: "_Pulls" = field(default_factory=list)
    above: "_Item | None" = None
    below: "_Item | None" = None

    @property
    def is_turn(self) -> bool:
        return not self.height


_Pulls = list[tuple[_Item, float]]


def layered(scene: Scene) -> Placed:
    """The scene laid out from left to right."""
    cards = [
        _Item(column, card.width, card.height) for card, column in zip(scene.cards, _columns(scene))
    ]
    wires = _wires(scene, cards)
    columns = _listed([*[wire[1] for wire in wires], *cards])
    _untangle(columns)
    _settle_all(columns)
    if not scene.bare:
        _beside_parents(columns)
    _level(wires)
    _down_from_0(columns)
    x = _across(columns, scene.gap)
    pills = [] if scene.bare else [(x[wire[1].column][0], wire[1].y) for wire in wires]
    bends = _bends([wire[not scene.bare :] for wire in wires], columns, x, scene.gap)
    return Placed([(x[card.column][0], card.y) for card in cards], pills, bends)


# -- columns
# -------------------------------------------------------------------------------------------------


def _columns(scene: Scene) -> list[int]:
    """A card's column: as far left of the root as its longest way there, or closer to its operands if more pull."""
    number = {id(card): i for i, card in enumerate(scene.cards)}
    parents: list[list[int]] = [[] for _ in scene.cards]
    children: list[list[int]] = [[] for _ in scene.cards]
    back = [0] * len(scene.cards)
    for (
        pill
    ) in scene.pills:  # in the order of the sweep: a child's column is known before its parents'
        parent, child = number[id(pill.parent)], number[id(pill.child)]
        back[parent] = max(back[parent], back[child] + 1)
        parents[child].append(parent)
        children[parent].append(child)
    column = [max(back, default=0) - steps for steps in back]
    alone = [
        not mine and len(set(users)) == 1 for mine, users in zip(parents, children)
    ]  # stands beside its user
    for card in sorted(range(len(column)), key=column.__getitem__):
        pulling = [parent for parent in parents[card] if not alone[parent]]
        if len(pulling) > len(children[card]) > 0:
            column[card] = max(column[parent] for parent in pulling) + 1
    return [
        column[users[0]] - 1 if single else own
        for own, users, single in zip(column, children, alone)
    ]


def _wires(scene: Scene, cards: list[_Item]) -> list[list[_Item]]:
    """The items along every edge, linked: the parent, the pill, a turn in every column between, the child.

    Where there are no places left for turns, the longest wires have none.
    """
    of = {id(card): item for card, item in zip(scene.cards, cards)}
    for card in cards:
        card.column *= 1 if scene.bare else 2
    wires = [[of[id(pill.parent)], of[id(pill.child)]] for pill in scene.pills]
    left = TURNS
    for wire, pill in sorted(
        zip(wires, scene.pills), key=lambda pair: pair[0][1].column - pair[0][0].column
    ):
        if not scene.bare:
            wire.insert(1, _Item(wire[0].column + 1, pill.width, pill.height))
        between = range(wire[-2].column + 1, wire[-1].column)
        left -= len(between)
        if left >= 0:
            wire[-1:-1] = [_Item(column) for column in between]
    operands, uses = (
        Counter(getattr(pill, end).number for pill in scene.pills) for end in ("child", "parent")
    )
    for wire, pill in sorted(
        zip(wires, scene.pills), key=lambda pair: (pair[1].child.number, pair[1].step.slot)
    ):
        _link(wire, operands[pill.child.number] == uses[pill.parent.number] == 1)
    return wires


def _link(wire: list[_Item], alone: bool) -> None:
    for a, b in pairwise(wire):
        if b.column == a.column + 1:
            pull = STRAIGHT if alone or (a.is_turn and b.is_turn) else 1.0
            a.right.append((b, pull))
            b.left.append((a, pull))


# -- rows
# ----------------------------------------------------------------------------------------------------


def _listed(items: list[_Item]) -> dict[int, list[_Item]]:
    """The items of every column as they are met on the way from the root, which is the last, operands in order."""
    columns: dict[int, list[_Item]] = {}
    seen: set[_Item] = set()
    stack = list(items)
    while stack:
        item = stack.pop()
        if item not in seen:
            seen.add(item)
            columns.setdefault(item.column, []).append(item)
            stack += [near for near, _ in reversed(item.left)]
    for column in columns.values():
        _stack(column)
    return dict(sorted(columns.items()))


def _untangle(columns: dict[int, list[_Item]]) -> None:
    """Each column in the order of its neighbours' means, a few times back and forth; the best order is kept.

    Of equals the last: that is one by the left, in which the pills that arrive at a card stand
    together.
    """
    links = sum(len(item.right) for items in columns.values() for item in items)
    best, least = {column: list(items) for column, items in columns.items()}, _crossings(columns)
    for sweep in range(min(SWEEPS, EFFORT // (links + 1))):
        side = "left" if sweep % 2 else "right"
        for column in sorted(columns, reverse=side == "right"):
            columns[column].sort(key=lambda item: _mean(getattr(item, side), item.y))
            _stack(columns[column])
        if (count := _crossings(columns)) <= least:
            best, least = {column: list(items) for column, items in columns.items()}, count
    columns.update(best)


def _mean(near: _Pulls, otherwise: float) -> float:
    return sum(item.y for item, _ in near) / len(near) if near else otherwise


def _stack(items: list[_Item]) -> None:
    """The items of a column below each other, their middle at 0."""
    place = 0.0
    for row, item in enumerate(items):
        place += _apart(items[row - 1], item) if row else 0.0
        item.row, item.y = row, place
    for item in items:
        item.y -= place / 2


def _apart(above: _Item, below: _Item) -> float:
    """How far the centres of two neighbours are at least."""
    gap = LANE if above.is_turn and below.is_turn else GAP_Y
    return (above.height + below.height) / 2 + gap


def _crossings(columns: dict[int, list[_Item]]) -> int:
    count = 0
    for items in columns.values():
        above: list[int] = []
        for item in items:
            rows = [near.row for near, _ in item.right]
            count += sum(len(above) - bisect_right(above, row) for row in rows)
            for row in rows:
                insort(above, row)
    return count


def _settle_all(columns: dict[int, list[_Item]]) -> None:
    """Each item as near to its neighbours as the order of its column allows: by those on one side, then by all."""
    for items in columns.values():
        _stack(items)
        for above, below in pairwise(items):
            above.below, below.above = below, above
    for turn, sides in enumerate([("right",), ("left",), *[("left", "right")] * 6]):
        for column in sorted(columns, reverse=turn % 2 == 0):
            items = columns[column]
            _settle(
                items, [[near for side in sides for near in getattr(item, side)] for item in items]
            )


def _settle(items: list[_Item], near: list[_Pulls]) -> None:
    """The places with the least sum of pull · distance² that keep the items apart.

    Items that would overlap form a block, which stands where its items on the average want it to:
    the algorithm of pool adjacent violators.
    """
    blocks: list[list[float]] = []  # place of the first item, weight, how many items
    offset, offsets = 0.0, []
    for i, item in enumerate(items):
        offset += _apart(items[i - 1], item) if i else 0.0
        offsets.append(offset)
        weight = sum(pull for _, pull in near[i])
        wish = sum(other.y * pull for other, pull in near[i]) / weight if weight else item.y
        block = [wish - offset, weight or 1e-3, 1]
        while blocks and blocks[-1][0] > block[0]:
            place, other_weight, count = blocks.pop()
            both = other_weight + block[1]
            block = [(place * other_weight + block[0] * block[1]) / both, both, count + block[2]]
        blocks.append(block)
    places = [place for place, _, count in blocks for _ in range(int(count))]
    for item, place, offset in zip(items, places, offsets):
        item.y = place + offset


def _beside_parents(columns: dict[int, list[_Item]]) -> None:
    """Cards stand where they are; a pill goes to the height of its parent if it can, so that its wire is straight."""
    for column, items in columns.items():
        if column % 2:
            _settle(items, [item.left for item in items])


def _level(wires: list[list[_Item]]) -> None:
    """A wire keeps its height from turn to turn as long as nothing is in its way."""
    for wire in wires:
        for before, item in pairwise(wire[1:-1]):
            low, high = _free(item)
            item.y = min(max(before.y, low), high)


def _free(turn: _Item) -> tuple[float, float]:
    """From where to where a turn can move without coming too near to its neighbours, which may move as well."""
    low, high = float("-inf"), float("inf")
    if turn.above:
        low = (
            (turn.above.y + turn.y) / 2 + LANE / 2
            if turn.above.is_turn
            else turn.above.y + _apart(turn.above, turn)
        )
    if turn.below:
        high = (
            (turn.below.y + turn.y) / 2 - LANE / 2
            if turn.below.is_turn
            else turn.below.y - _apart(turn, turn.below)
        )
    return min(low, turn.y), max(high, turn.y)


def _down_from_0(columns: dict[int, list[_Item]]) -> None:
    everything = [item for items in columns.values() for item in items]
    top = min(item.y - item.height / 2 for item in everything)
    for item in everything:
        item.y -= top


# -- across
# --------------------------------------------------------------------------------------------------


def _across(columns: dict[int, list[_Item]], gap: float) -> dict[int, tuple[float, float]]:
    """The centre and the half width of every column."""
    x, edge = {}, 0.0
    for column, items in columns.items():
        half = max(item.width for item in items) / 2
        x[column] = edge + half, half
        edge += 2 * half + gap
    return x


def _bends(
    wires: list[list[_Item]],
    columns: dict[int, list[_Item]],
    x: dict[int, tuple[float, float]],
    gap: float,
) -> dict[int, list[Point]]:
    """The curves of all wires that pass other columns, as points of Bézier splines."""
    bends, lane = (
        {},
        max(item.y + item.height / 2 for items in columns.values() for item in items) + GAP_Y,
    )
    for i, wire in sorted(
        enumerate(wires), key=lambda pair: pair[1][-1].column - pair[1][0].column
    ):
        (centre, half), (far, far_half) = x[wire[0].column], x[wire[-1].column]
        start, end = (
            (centre + half, wire[0].y),
            (far - far_half, wire[-1].y),
        )  # a card may be narrower than its column
        if len(wire) > 2:
            bends[i] = _curve([start, *_path(wire, x), end])
        elif wire[1].column > wire[0].column + 1:  # no turns were left
            bends[i] = _curve([start, (start[0] + gap, lane), (end[0] - gap, lane), end])
            lane += LANE
    return bends


def _path(wire: list[_Item], x: dict[int, tuple[float, float]]) -> list[Point]:
    """Where a wire has to pass columns: at the turns that a curve from the place before to the next would miss."""
    points: list[Point] = []
    last, low, high = wire[0], float("-inf"), float("inf")
    for item, following in pairwise(wire[1:]):
        free = _free(item)
        low, high = max(low, free[0]), min(high, free[1])
        if min(last.y, following.y) < low or max(last.y, following.y) > high:
            centre, half = x[item.column]
            points += [(centre - half, item.y), (centre + half, item.y)]
            last, low, high = item, float("-inf"), float("inf")
    return points


def _curve(points: list[Point]) -> list[Point]:
    """A smooth spline through the points, level in each of them."""
    curve = points[:1]
    for (x1, y1), (x2, y2) in pairwise(points):
        middle = (x1 + x2) / 2
        curve += [(middle, y1), (middle, y2), (x2, y2)]
    return curve
