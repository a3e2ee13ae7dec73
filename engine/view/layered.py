"""The built-in layout, for computers without dot: columns, rows, and wires that go around cards.

>>> from engine import Value
>>> from engine.view.scene import Scene
>>> x = Value(2.0, label="x")
>>> placed = layered(Scene.of(x * x))
>>> placed.cards[0], placed.cards[1][0] > placed.cards[0][0]
((72.0, 40.0), True)

Cards stand in even columns, a pill right beside its parent. A wire that spans more columns has a
dummy node in each of them: a place without width that other boxes leave free. The effort has a
limit: where the dummies are used up, the longest wires run beneath the picture. After Sugiyama,
Tagawa and Toda, Methods for visual understanding of hierarchical system structures, 1981.
"""

from bisect import bisect_right, insort
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import inf

from .scene import SMALL, Pill, Scene

Point = tuple[float, float]
GAP, DUMMY_GAP = 16.0, 9.0  # between two boxes of a column, between two dummies
DUMMIES, SWEEPS, EFFORT = 4_000, 12, 60_000
HIGH, LOWER = 1_000.0, 0.7  # a picture higher than that is placed once more; taken if as much lower
IN_LINE = 200.0  # how hard the additions of a long sum pull
STAGGER, MANY = 3, 8  # columns of the leaves of one node, where it has more than so many
STRAIGHT = 8.0  # how hard dummies pull at each other, and cards in a chain; others pull by 1.0


@dataclass
class Placed:
    """Centres of cards and pills, and the bends of wires from pill to child, by their positions."""

    cards: list[Point]
    pills: list[Point]
    bends: dict[int, list[Point]] = field(default_factory=dict)


@dataclass(eq=False, slots=True)
class _Item:
    """A card, a pill or a dummy; `left` and `right` are its neighbours in the next columns."""

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
    def is_dummy(self) -> bool:
        return not self.height


_Pulls = list[tuple[_Item, float]]  # neighbours, and how hard each pulls
_Columns = dict[int, list[_Item]]


def layered(scene: Scene) -> Placed:
    """Return the places of a scene that runs from left to right."""
    cards = [
        _Item(column, card.width, card.height) for card, column in zip(scene.cards, _columns(scene))
    ]
    wires = _wires(scene, cards)
    columns = _initial_order([*[wire[1] for wire in wires], *cards])
    _reduce_crossings(columns)
    _place_rows(columns)
    if not scene.is_bare:
        _align_pills(columns)
    _straighten(wires)
    _shift_to_0(columns)
    x = _column_places(columns, scene.gap)
    first = 0 if scene.is_bare else 1
    pills = [] if scene.is_bare else [(x[wire[1].column][0], wire[1].y) for wire in wires]
    bends = _bends([wire[first:] for wire in wires], columns, x, scene.gap)
    return Placed([(x[card.column][0], card.y) for card in cards], pills, bends)


# -- columns
# -------------------------------------------------------------------------------------------------


def _columns(scene: Scene) -> list[int]:
    """Return the column of every card: as far left of the root as its longest way there.

    A card with more operands than users stands right beside the operands.
    """
    number = {id(card): i for i, card in enumerate(scene.cards)}
    parents: list[list[int]] = [[] for _ in scene.cards]
    children: list[list[int]] = [[] for _ in scene.cards]
    back = [0] * len(scene.cards)
    for pill in scene.pills:  # in the order of the sweep, so that back[child] is final
        parent, child = number[id(pill.parent)], number[id(pill.child)]
        back[parent] = max(back[parent], back[child] + 1)
        parents[child].append(parent)
        children[parent].append(child)
    column = [max(back, default=0) - steps for steps in back]
    # A leaf with one user stands beside it.
    is_single = [not mine and len(set(users)) == 1 for mine, users in zip(parents, children)]
    for card in sorted(range(len(column)), key=column.__getitem__):
        pulling = [parent for parent in parents[card] if not is_single[parent]]
        if len(pulling) > len(children[card]) > 0:
            column[card] = max(column[parent] for parent in pulling) + 1
    beside = [
        column[users[0]] - 1 if single else own
        for own, users, single in zip(column, children, is_single)
    ]
    return [place - steps for place, steps in zip(beside, staggered(scene))]


def staggered(scene: Scene) -> list[int]:
    """Return how many columns further left a card stands.

    Of the many leaves of a single node, each of which is one line, two in three do.
    """
    user = {id(pill.parent): id(pill.child) for pill in scene.pills if pill.parent.is_small}
    crowds, turn = Counter(user.values()), Counter[int]()
    steps = []
    for card in scene.cards:
        of = user.get(id(card), 0)
        steps.append(turn[of] % STAGGER if crowds[of] > MANY else 0)
        turn[of] += 1
    return steps


def _wires(scene: Scene, cards: Sequence[_Item]) -> list[list[_Item]]:
    """Return the linked items along every edge: parent, pill, a dummy in every column, child.

    Where no dummies are left, the longest wires have none.
    """
    item_of = {id(card): item for card, item in zip(scene.cards, cards)}
    if not scene.is_bare:
        for card in cards:
            card.column *= 2
    wires = [[item_of[id(pill.parent)], item_of[id(pill.child)]] for pill in scene.pills]
    left = DUMMIES
    for wire, pill in sorted(zip(wires, scene.pills), key=_span):
        if not scene.is_bare:
            wire.insert(1, _Item(wire[0].column + 1, pill.width, pill.height))
        between = range(wire[-2].column + 1, wire[-1].column)
        left -= len(between)
        if left >= 0:
            wire[-1:-1] = [_Item(column) for column in between]
    _link_all(scene, wires)
    return wires


def _span(pair: tuple[list[_Item], Pill]) -> int:
    """Return how many columns a wire passes."""
    wire, _ = pair
    return wire[-1].column - wire[0].column


def _link_all(scene: Scene, wires: Iterable[list[_Item]]) -> None:
    """Link the items of each wire, operands in their order."""
    operands = Counter(pill.child.number for pill in scene.pills)
    uses = Counter(pill.parent.number for pill in scene.pills)
    in_order = sorted(
        zip(wires, scene.pills), key=lambda pair: (pair[1].child.number, pair[1].step.slot)
    )
    for wire, pill in in_order:
        is_chain = operands[pill.child.number] == uses[pill.parent.number] == 1
        for a, b in pairwise(wire):
            if b.column == a.column + 1:
                pull = STRAIGHT if is_chain or (a.is_dummy and b.is_dummy) else 1.0
                pull = IN_LINE if is_sum(pill) else pull
                a.right.append((b, pull))
                b.left.append((a, pull))


def is_sum(pill: Pill) -> bool:
    """Whether a wire goes from one addition of a long sum to the next: they stand in a line."""
    return pill.child.chip == pill.parent.chip == "+"


# -- the order in a column
# -------------------------------------------------------------------------------------------------


def _initial_order(items: Iterable[_Item]) -> _Columns:
    """Return the items of every column as they are met on the way from the root.

    The root is the last of `items`.
    """
    columns: _Columns = {}
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


def _reduce_crossings(columns: _Columns) -> None:
    """Sort each column by the means of its neighbours, back and forth, and keep the best order.

    Of equals that is the last: one by the left, in which the pills that arrive at a card stand
    together.
    """
    links = sum(len(item.right) for items in columns.values() for item in items)
    best, fewest = _copy(columns), _crossings(columns)
    for sweep in range(min(SWEEPS, EFFORT // (links + 1))):
        to_left = sweep % 2 == 0
        for column in sorted(columns, reverse=to_left):
            columns[column].sort(
                key=lambda item: _mean(item.right if to_left else item.left, item.y)
            )
            _stack(columns[column])
        if (count := _crossings(columns)) <= fewest:
            best, fewest = _copy(columns), count
    columns.update(best)


def _copy(columns: _Columns) -> _Columns:
    return {column: list(items) for column, items in columns.items()}


def _mean(neighbours: _Pulls, otherwise: float) -> float:
    return sum(item.y for item, _ in neighbours) / len(neighbours) if neighbours else otherwise


def _stack(items: Sequence[_Item]) -> None:
    """Place the items of a column below each other, their middle at 0."""
    y = 0.0
    for row, item in enumerate(items):
        y += _distance(items[row - 1], item) if row else 0.0
        item.row, item.y = row, y
    for item in items:
        item.y -= y / 2


def _distance(above: _Item, below: _Item) -> float:
    """Return how far apart the centres of two neighbours are at least."""
    is_narrow = max(above.height, below.height) <= SMALL
    gap = DUMMY_GAP if is_narrow else GAP
    return (above.height + below.height) / 2 + gap


def _crossings(columns: _Columns) -> int:
    count = 0
    for items in columns.values():
        above: list[int] = []
        for item in items:
            rows = [near.row for near, _ in item.right]
            count += sum(len(above) - bisect_right(above, row) for row in rows)
            for row in rows:
                insort(above, row)
    return count


# -- rows
# -------------------------------------------------------------------------------------------------


def _place_rows(columns: _Columns) -> None:
    """Place each item as near to its neighbours as the order of its column allows.

    First by those on one side, then by all. The second turn, by those on the left, can make a
    staircase of a long sum; where it does, it is left out.
    """
    _place_in_turns(columns, by_left=True)
    with_it, height = _heights(columns)
    if height > HIGH:
        _place_in_turns(columns, by_left=False)
        if _heights(columns)[1] > LOWER * height:
            for item, y in with_it.items():
                item.y = y


def _heights(columns: _Columns) -> tuple[dict[_Item, float], float]:
    """Return the place of each item, and the height of all."""
    places = {item: item.y for items in columns.values() for item in items}
    return places, max(places.values()) - min(places.values())


def _place_in_turns(columns: _Columns, by_left: bool) -> None:
    for items in columns.values():
        _stack(items)
        for above, below in pairwise(items):
            above.below, below.above = below, above
    for turn in range(8):
        for column in sorted(columns, reverse=turn % 2 == 0):
            items = columns[column]
            if turn == 0:
                _place_column(items, [item.right for item in items])
            elif turn == 1 and by_left:
                _place_column(items, [item.left for item in items])
            else:
                _place_column(items, [item.left + item.right for item in items])


def _place_column(items: Sequence[_Item], neighbours: Sequence[_Pulls]) -> None:
    """Set the places with the least sum of pull · distance² that keep the items apart.

    Items that would overlap form a block, whose place is the weighted mean of what its items
    aim at: the algorithm of pool adjacent violators.
    """
    blocks: list[list[float]] = []  # place of the first item, weight, how many items
    offset, offsets = 0.0, []
    for i, item in enumerate(items):
        offset += _distance(items[i - 1], item) if i else 0.0
        offsets.append(offset)
        weight = sum(pull for _, pull in neighbours[i])
        pulled = sum(other.y * pull for other, pull in neighbours[i])
        target = pulled / weight if weight else item.y
        block = [target - offset, weight or 1e-3, 1]
        while blocks and blocks[-1][0] > block[0]:
            place, other_weight, count = blocks.pop()
            both = other_weight + block[1]
            block = [(place * other_weight + block[0] * block[1]) / both, both, count + block[2]]
        blocks.append(block)
    places = [place for place, _, count in blocks for _ in range(int(count))]
    for item, place, offset in zip(items, places, offsets):
        item.y = place + offset


def _align_pills(columns: _Columns) -> None:
    """Place each pill at the height of its parent if it can, so that its wire is straight."""
    for column, items in columns.items():
        if column % 2:
            _place_column(items, [item.left for item in items])


def _straighten(wires: Iterable[list[_Item]]) -> None:
    """Keep a wire at its height from dummy to dummy as long as nothing is in its way."""
    for wire in wires:
        for before, item in pairwise(wire[1:-1]):
            low, high = _free_range(item)
            item.y = min(max(before.y, low), high)


def _free_range(dummy: _Item) -> Point:
    """Return from where to where a dummy can move; its neighbours may move as well."""
    low, high = -inf, inf
    if dummy.above:
        half_way = (dummy.above.y + dummy.y) / 2 + DUMMY_GAP / 2
        beside = dummy.above.y + _distance(dummy.above, dummy)
        low = half_way if dummy.above.is_dummy else beside
    if dummy.below:
        half_way = (dummy.below.y + dummy.y) / 2 - DUMMY_GAP / 2
        beside = dummy.below.y - _distance(dummy, dummy.below)
        high = half_way if dummy.below.is_dummy else beside
    return min(low, dummy.y), max(high, dummy.y)


def _shift_to_0(columns: _Columns) -> None:
    every = [item for items in columns.values() for item in items]
    top = min(item.y - item.height / 2 for item in every)
    for item in every:
        item.y -= top


# -- across
# -------------------------------------------------------------------------------------------------


def _column_places(columns: _Columns, gap: float) -> dict[int, Point]:
    """Return the centre and half the width of every column."""
    x, edge = {}, 0.0
    for column, items in columns.items():
        half = max(item.width for item in items) / 2
        x[column] = edge + half, half
        edge += 2 * half + gap
    return x


def _bends(
    wires: Sequence[list[_Item]], columns: _Columns, x: dict[int, Point], gap: float
) -> dict[int, list[Point]]:
    """Return the curves of all wires that pass other columns, as points of Bézier splines."""
    bends = {}
    lowest = max(item.y + item.height / 2 for items in columns.values() for item in items)
    beneath = lowest + GAP
    shortest_first = sorted(
        enumerate(wires), key=lambda pair: pair[1][-1].column - pair[1][0].column
    )
    for i, wire in shortest_first:
        (centre, half), (far, far_half) = x[wire[0].column], x[wire[-1].column]
        start, end = (centre + half, wire[0].y), (far - far_half, wire[-1].y)
        if len(wire) > 2:
            bends[i] = _curve([start, *_path(wire, x), end])
        elif wire[1].column > wire[0].column + 1:  # no dummies were left
            bends[i] = _curve([start, (start[0] + gap, beneath), (end[0] - gap, beneath), end])
            beneath += DUMMY_GAP
    return bends


def _path(wire: Sequence[_Item], x: dict[int, Point]) -> list[Point]:
    """Return where a wire has to pass columns.

    At those dummies that a curve from the place before to the next one would miss.
    """
    points: list[Point] = []
    last, low, high = wire[0], -inf, inf
    for item, following in pairwise(wire[1:]):
        free = _free_range(item)
        low, high = max(low, free[0]), min(high, free[1])
        if min(last.y, following.y) < low or max(last.y, following.y) > high:
            centre, half = x[item.column]
            points += [(centre - half, item.y), (centre + half, item.y)]
            last, low, high = item, -inf, inf
    return points


def _curve(points: Sequence[Point]) -> list[Point]:
    """Return a smooth spline through the points, level in each of them."""
    curve = [points[0]]
    for (x1, y1), (x2, y2) in pairwise(points):
        middle = (x1 + x2) / 2
        curve += [(middle, y1), (middle, y2), (x2, y2)]
    return curve
