"""What a picture shows, before it is known where: a card for every value, a pill for every edge.

>>> from engine import Value
>>> a, b = Value(-2.0, label="a"), Value(3.0, label="b")
>>> f = (a * b) * (a + b); f.label = "f"
>>> f.backward()
>>> scene = Scene.of(f)
>>> [(card.title, card.grad, card.terms) for card in scene.cards][:2]
[('a', '−3', ['−6', '3']), ('b', '−8', ['−6', '−2'])]
>>> [(pill.local, pill.contribution) for pill in scene.pills][:2]
[('1', '+1'), ('−6', '−6')]
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import hypot, inf, isfinite, nextafter
from typing import Any, NamedTuple

from ..diagnosis import Zeros
from ..explain import Step, arrivals
from ..foreign import Unknown
from ..formula import SUM, Symbol, derivatives, expression, forward, name, symbol
from ..ieee import add_up
from ..printing import columns, plural, printable
from ..types import Node
from ..value import Value
from .collapse import UNSENT, Bundle, Group, edge_of
from .neurons import operation_of
from .selection import Graph as Graph
from .selection import Selection as Selection
from .selection import rebuilt_data as rebuilt_data
from .selection import select as select

CHIPS = {
    "*": "×",
    "-": "−",
    "/": "÷",
    "sum": "Σ",
    "dot": "Σ w·a",
    "prod": "Π",
    "<=": "≤",
    ">=": "≥",
    "·": "grad ×",
}
WORDS = {"masked": "a gradient times a local derivative; 0 where the gradient is 0"}
MINUS = "−"
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")
PILLS = 60  # edges; above it there are wires without pills
CROWD, SMALL = 80, 26.0  # leaves with one user each that are one line each, and its height
LINES = 4  # under a grad, for its sum
ROWS, CARDS_WITH_ROWS = 8, 24  # weights on a card, and how many such cards a picture has
LISTED, LONGEST = 24, 2_000  # weights and terms in a tooltip, and its characters
WIDTH, GROUP_WIDTH = 144.0, 196.0  # of a card: for one value, for several
MORE_WIDTH = 52.0  # for a long name
LINE = 13.0  # how far apart small lines on a card are
EM = 0.602  # the width of a character, as a part of the font's size


class Row(NamedTuple):
    """A weight or bias inside a neuron: its name and its numbers.

    `elsewhere` is what the edges inside the neuron do not account for.
    """

    node: Node
    name: str
    data: str
    grad: str
    sign: str
    elsewhere: float


@dataclass
class Card:
    """One value: its texts are ready to be set, `sign` is the class of colour of its grad."""

    node: Node
    number: int
    title: str
    chip: str  # "" at a leaf
    note: str  # to the right of the header: "leaf", or the plain numbers that the operation took
    data: str
    grad: str
    terms: list[str]
    sign: str
    bar: float  # the grad as a part of the largest |grad| in the picture, -1 … 1
    tooltip: str
    is_root: bool = False
    width: float = WIDTH
    name: str = ""  # the label, not cut; else the expression that it is
    elsewhere: float = 0.0  # seed and pills + elsewhere = grad
    kind: str = "operation"  # or leaf, constant, neuron, layer
    nothing: str = ""  # why it sends nothing, for a tooltip
    fixed_height: float = 0.0  # where its lines don't say it
    rebuilt: float | None = None  # in a stale graph: its data if the graph were built again
    rebuilt_text: str = ""  # what the card says of it; "" where it is the data that it has
    rows: list[Row] = field(default_factory=list)  # of a group: its weights and biases
    shows_rows: bool = False  # else one line says how many they are
    rows_text: str = ""  # that line
    per_output: str = ""  # of a sum over several outputs: the range of their grads
    bar_from: float = 0.0  # where the bar starts: at 0, or at the least of several grads
    is_small: bool = False  # one line alone: a leaf among very many

    @property
    def is_sum(self) -> bool:
        """Whether data and grad are sums over several outputs."""
        return isinstance(self.node, Group) and self.node.is_sum

    @property
    def height(self) -> float:
        """The room for its lines."""
        if self.is_small:
            return SMALL
        lines = bool(self.rebuilt_text) + bool(self.per_output) + bool(sum_lines(self))
        more = LINE * max(0, len(sum_lines(self)) - 1)
        rows = len(self.rows) + 1 if self.shows_rows else bool(self.rows_text)
        return self.fixed_height or 80.0 + 14.0 * lines + more + LINE * rows + 4.0 * bool(rows)


@dataclass
class Pill:
    """One edge: by what the child's grad is multiplied, and what that adds to the parent's grad."""

    step: Step
    child: Card
    parent: Card
    local: str
    contribution: str
    sign: str
    stroke: float
    tooltip: str
    width: float = 90.0
    height: float = 32.0
    edges: int = 1  # more where it stands for all edges between two groups
    sent: bool = True  # False in a graph that is forward only, and at an edge that has not sent yet
    operand: str = ""  # where the child takes the parent more than once: which operand this is
    behind: list[Step] = field(default_factory=list)  # the edges of the graph that it stands for
    weight: Row | None = None  # of a neuron's edge to an input: by what it multiplies the input

    @property
    def is_single(self) -> bool:
        """Whether there is one local derivative; else it is a sum over edges."""
        return not isinstance(self.step, Bundle)

    @property
    def parts(self) -> list[float]:
        """What each of several edges adds."""
        several = [] if self.is_single or not self.sent else self.behind
        return [step.contribution for step in several]


@dataclass
class Scene:
    """All cards, leaves first, then in the order of computation; all pills in that of the sweep."""

    cards: list[Card]
    pills: list[Pill]
    state: str = "swept"  # or "forward only", "under way", "stale"
    title: str = ""
    summary: str = ""
    level: str = "values"  # or neurons, layers: what a card stands for
    direction: str = "LR"  # leaves left, root right; or TB, leaves at the top

    @property
    def is_bare(self) -> bool:
        """Whether there are so many edges that they are wires only, with tooltips."""
        return len(self.pills) > PILLS

    @property
    def edges(self) -> int:
        """How many edges all pills stand for."""
        return sum(pill.edges for pill in self.pills)

    @property
    def gap(self) -> float:
        """The room between two columns: where there are only wires, the more of them the wider."""
        if self.is_bare:
            return min(260.0, 52.0 + 0.8 * self._most_between_columns())
        return 30.0 if self.direction == "LR" else 46.0  # from top to bottom wires go farther aside

    @cached_property
    def crowds(self) -> Mapping[int, int]:
        """How many wires meet each card on one side, by its id."""
        uses = Counter(id(pill.parent) for pill in self.pills)
        return uses | Counter(id(pill.child) for pill in self.pills)

    def _most_between_columns(self) -> int:
        """Return how many wires there are between two neighbouring columns, at most."""
        column: dict[int, int] = {}
        for pill in reversed(self.pills):  # from the leaves to the root
            parent, child = id(pill.parent), id(pill.child)
            column[child] = max(column.get(child, 0), column.get(parent, 0) + 1)
        ends = [(column.get(id(x.parent), 0), column[id(x.child)]) for x in self.pills]
        counts = Counter(last for first, last in ends if last == first + 1)
        return max(counts.values(), default=0)

    @classmethod
    def of(cls, root: Value, **options: Any) -> "Scene":
        """Return the scene of a graph; the options are those of `select`."""
        return cls.of_selection(select(Graph(root), **options))

    @property
    def is_network(self) -> bool:
        """Whether cards are painted as circles, as on a blackboard."""
        return self.level == "uses"

    @classmethod
    def of_selection(cls, selection: "Selection") -> "Scene":
        """Return the scene of what has been selected."""
        root, steps, state = selection.root, selection.steps, selection.state
        cards = _cards(selection)
        largest = _largest([step.contribution for step in steps])
        count = Counter((step.node, step.parent) for step in steps)
        pills = [
            _pill(step, cards, state, largest, is_repeated=count[step.node, step.parent] > 1)
            for step in steps
        ]
        for pill in pills:
            pill.behind = selection.behind.get(edge_of(pill.step), [pill.step])
            _add_parts(pill, largest)
        title = selection.names.get(root) or name(root)
        title = f"{printable(title, 100)} = {shown(root.data)}"
        summary = _summary(cards, pills, state)
        scene = cls(list(cards.values()), pills, state, title, summary, selection.level)
        if scene.is_bare:
            _make_small(pills)
        return scene


# -- texts
# -------------------------------------------------------------------------------------------------


def text(x: float) -> str:
    """Return four significant digits, with a true minus sign."""
    return f"{x:.4g}".replace("-", MINUS)


def shown(x: float) -> str:
    """Return a number as a card has room for it: as `text`, but without an exponent up to 10⁸.

    >>> shown(12345.0), shown(-12346.0), shown(12345.678), shown(1234.5)
    ('12345', '−12346', '12345.7', '1234')
    """
    size = abs(x)
    if not 1e4 <= size < 1e8:
        return text(x)
    return f"{x:.{max(6, len(str(int(size))))}g}".replace("-", MINUS)


def signed(x: float) -> str:
    """Return the text of a number, with a plus where it is greater than 0."""
    return "+" + shown(x) if x > 0.0 else shown(x)


def sign(x: float) -> str:
    """Return the class of colour of a number."""
    return "nan" if x != x else "pos" if x > 0.0 else "neg" if x < 0.0 else "zero"


def cut(label: str, width: float, size: float) -> str:
    """Return as much of a label as fits into a width, at a size of the font.

    >>> cut("layer0.neuron1.w2", 96, 13), cut("a very long label", 96, 13)
    ('l0.n1.w2', 'a very long…')
    >>> cut("漢字の名前です", 96, 13)
    '漢字の名前…'

    A character is 0.602 of its size wide, a CJK one twice that. Of dotted names the parts before
    the last are shortened, so that two names stay two; other texts end at a word where they can.
    """
    room = max(1, int(width / (EM * size)))
    if len(label) > room and "." in label and label.replace(".", "_").isidentifier():
        label = _dotted(label, room)
    limit = room
    while columns(fitting := printable(label, limit)) > room and limit > 1:
        limit -= 1
    words = fitting.removesuffix("…").rpartition(" ")[0]
    is_in_a_word = len(fitting) < len(label) and not label[len(fitting) - 1].isspace()
    if is_in_a_word and len(words) > len(fitting) / 2:
        return words.rstrip() + "…"
    return fitting


def _dotted(label: str, room: int) -> str:
    """Return a dotted name with its first parts as short as needed: `l0.n1.w2`."""
    parts = label.split(".")
    for i, part in enumerate(parts[:-1]):
        digits = part[len(part.rstrip("0123456789")) :]
        parts[i] = part[:1] + digits
        if len(".".join(parts)) <= room:
            return ".".join(parts)
    ends = ["…" + ".".join(parts[i:]) for i in range(1, len(parts))]
    return next((end for end in ends if len(end) <= room), ends[-1])


def _told_apart(names: Sequence[str], titles: Sequence[str], widths: Sequence[float]) -> list[str]:
    """Return titles of which none that was cut is the same as that of another name.

    >>> _told_apart(["gradient_of_a", "gradient_of_b"], ["gradient_o…"] * 2, [86, 86])
    ['gradi…of_a', 'gradi…of_b']
    """
    of_title: dict[str, set[str]] = {}
    for full, title in zip(names, titles):
        of_title.setdefault(title, set()).add(full)
    apart, used = list(titles), Counter[str]()
    for i, (full, title, width) in enumerate(zip(names, titles, widths)):
        if not title or len(of_title[title]) == 1:
            continue
        room = max(3, int(width / (EM * 13)))
        apart[i] = _without_middle(printable(full, 10_000), room)
        used[apart[i]] += 1
    for i, full in enumerate(names):
        if used[apart[i]] > 1 and len(of_title[titles[i]]) > 1:
            number = f"…{sorted(of_title[titles[i]]).index(full) + 1}"
            apart[i] = apart[i][: -len(number)] + number
    return apart


def _without_middle(name: str, room: int) -> str:
    """Return the beginning and the end of a name."""
    half = room // 2
    while half > 1 and columns(name[:half]) + 1 + columns(name[-(room - half - 1) :]) > room:
        half, room = half - 1, room - 1
    return name if columns(name) <= room else f"{name[:half]}…{name[-(room - half - 1) :]}"


def sum_text(terms: Sequence[str]) -> str:
    """Return terms with a sign between each two.

    >>> sum_text(["−6", "3", "−2"])
    '−6 + 3 − 2'
    """
    written = terms[0]
    for term in terms[1:]:
        written += f" {MINUS} {term[1:]}" if term.startswith(MINUS) else f" + {term}"
    return written


def sum_lines(card: Card) -> list[str]:
    """Return the lines under a grad: its terms, or, where they are too many, their number.

    How many lines they are does not depend on the order of the terms. Of a sum over outputs the
    sum has a line even where it is a single term.
    """
    if len(card.terms) < 2:
        return []
    room = int((card.width - 17) / (EM * 10))
    if len(line := "= " + sum_text(card.terms)) <= room:
        return [line]
    last = [term for term in card.terms[-1:] if term == "…" or term.endswith("elsewhere")]
    terms = card.terms[: len(card.terms) - len(last)]
    in_a_line = max(1, (room + 1) // (max(map(len, terms), default=1) + 3))
    lines = [sum_text(terms[i : i + in_a_line]) for i in range(0, len(terms), in_a_line)]
    if len(lines) > LINES:
        lines = [f"Σ of {plural(len(terms), 'term')}"]
    first, *others = [*lines, *last]
    return ["= " + first, *[_signed_in_front(line) for line in others]]


def _signed_in_front(line: str) -> str:
    return f"{MINUS} {line[1:]}" if line.startswith(MINUS) else f"+ {line}"


def _in_brackets(title: str) -> str:
    """Return an expression in brackets, so that ∂ and .grad belong to all of it."""
    return f"({title})" if any(c in title for c in " ·()*/+") else title


# -- cards
# -------------------------------------------------------------------------------------------------


def _cards(selection: Selection) -> dict[Node, Card]:
    arriving = arrivals(selection.steps)
    largest = _largest([x for node in selection.boxes for x in (node.grad, *_range(node))])
    cards = {
        node: _card(node, number, arriving.get(node, []), largest, selection)
        for number, node in enumerate(selection.boxes)
    }
    for card in cards.values():
        if card.kind == "operation" and selection.constants:
            card.note = _parameters(card.node)  # its constants may have cards of their own
        _compare(card, selection.rebuilt)
    _set_rows(cards.values(), selection)
    every = list(cards.values())
    widths = [_room_for_title(card) for card in every]
    titles = _told_apart([x.name for x in every], [x.title for x in every], widths)
    for card, title in zip(every, titles):
        card.title = title
    if selection.state != "forward only":
        idle = selection.graph.zeros(selection.names)
        for node, card in cards.items():
            card.nothing = nothing_sent(node, idle)
            card.tooltip = printable(card.tooltip + card.nothing, LONGEST)
    return cards


def nothing_sent(node: Node, idle: Zeros) -> str:
    """Return why a value sends nothing, or a neuron in all of its uses; "" for one that sends."""
    sums: list[Any] = [use.sum for use in node.uses] if isinstance(node, Group) else [node]
    is_idle = sums and idle.nodes.issuperset(sums)
    return f"; it sends nothing, for {idle.reason(sums[0])}" if is_idle else ""


def _set_rows(cards: Iterable[Card], selection: Selection) -> None:
    """Give each group its weights and biases: in lines if they are few, else in one line."""
    groups = [(card, card.node) for card in cards if isinstance(card.node, Group)]
    groups = [(card, group) for card, group in groups if group.parameters]
    most = max([len(group.parameters) for _, group in groups], default=0)
    is_swept = selection.state != "forward only"
    for card, group in groups:
        card.rows = _rows(group, selection.names, is_swept)
        is_single = card.kind == "neuron"
        card.shows_rows = is_single and most <= ROWS and len(groups) <= CARDS_WITH_ROWS
        if not card.shows_rows:
            size = hypot(*[float(row.node.grad) for row in card.rows])
            count = plural(len(card.rows), "weight")
            card.rows_text = f"{count}, ‖grad‖ {text(size)}" if is_swept else count
        card.tooltip = printable(f"{card.tooltip}; {_rows_in_words(card.rows)}", LONGEST)


def _rows(group: Group, names: Mapping[Node, str], is_swept: bool) -> list[Row]:
    return [
        Row(
            node,
            group.parameter_name(node, names),
            shown(node.data),
            shown(node.grad) if is_swept else "–",
            sign(node.grad) if is_swept else "zero",
            _beyond_rounding(float(node.grad), arrived) if is_swept else 0.0,
        )
        for node, arrived in group.parameters.items()
        if not node.constant
    ]


def _beyond_rounding(grad: float, arrived: float) -> float:
    """Return what is missing in a grad; 0.0 where only the order of the additions differs."""
    rest = _rest(grad, arrived)
    return 0.0 if abs(rest) <= 1e-12 * abs(grad) else rest


def _rows_in_words(rows: Sequence[Row]) -> str:
    """Return the first weights with their gradients, and how many more there are."""
    shown = [f"{row.name} = {row.data}, grad {row.grad}" for row in rows[:LISTED]]
    more = [f"and {len(rows) - LISTED} more"] if len(rows) > LISTED else []
    return "; ".join([*shown, *more])


def _largest(numbers: Iterable[float]) -> float:
    """Return the largest size of those that are finite; 1.0 where all are 0."""
    return max([abs(x) for x in numbers if isfinite(x)], default=0.0) or 1.0


def _card(
    node: Node, number: int, steps: Sequence[Step], largest: float, selection: Selection
) -> Card:
    root, names = selection.root, selection.names
    is_root = node is root or (isinstance(node, Group) and root in node.outputs)
    is_swept = selection.state != "forward only"
    title = names.get(node) or node.label
    header, written = _header(node), title or _short_expression(node)
    width = _width(*header, title, GROUP_WIDTH if isinstance(node, Group) else WIDTH)
    chip, short_title, note = _fitted(*header, written, width)
    elsewhere = _elsewhere(node, is_root, steps) if is_swept else 0.0
    terms = _terms(is_root, steps, elsewhere) if is_swept else []
    low, high = _range(node) if is_swept else (0.0, 0.0)
    grad = float(node.grad)
    return Card(
        node,
        number,
        short_title,
        chip,
        note,
        shown(node.data),
        shown(grad) if is_swept else "–",
        terms,
        sign(grad) if is_swept else "zero",
        _part(high if low < high else grad, largest) if is_swept else 0.0,
        _card_tooltip(node, names, is_root, is_swept, terms),
        is_root,
        width,
        name=title or name(node),
        elsewhere=elsewhere,
        kind=_kind(node),
        per_output=f"per output {text(low)} … {text(high)}" if low < high else "",
        bar_from=_part(low, largest) if low < high else 0.0,
    )


def _range(node: Node) -> tuple[float, float]:
    """Return the least and the largest grad of the outputs of a box; 0, 0 beside nan."""
    grads = [float(x.grad) for x in node.outputs] if isinstance(node, Group) else []
    if not grads or any(grad != grad for grad in grads):
        return 0.0, 0.0
    return min(grads), max(grads)


def _part(x: float, largest: float) -> float:
    """Return a number as a part of the largest, -1 … 1; 0 for nan."""
    return max(-1.0, min(1.0, x / largest)) if x == x else 0.0


def _width(chip: str, note: str, title: str, least: float) -> float:
    """Return how wide a card is: for a long name wider, by 52 pixels at most."""
    start = chip_width(chip) + 13 if chip else 8.0
    needed = start + EM * 13 * columns(title) + 8 + (EM * 10 * columns(note) + 6 if note else 0.0)
    return min(least + MORE_WIDTH, max(least, float(-(-needed // 1))))


def _room_for_title(card: Card) -> float:
    start = chip_width(card.chip) + 13 if card.chip else 8.0
    note = EM * 10 * columns(card.note) + 6 if card.note else 0.0
    return card.width - 8 - start - note


def _kind(node: Node) -> str:
    if isinstance(node, Group):
        return node.kind
    return "operation" if node.parents else "constant" if node.constant else "leaf"


def _terms(is_root: bool, steps: Iterable[Step], elsewhere: float) -> list[str]:
    """Return the terms of a grad: the seed, what has arrived, what is still to come, the rest."""
    terms = ["1"] if is_root else []
    terms += [shown(step.contribution) for step in steps if _has_sent(step)]
    if any(isinstance(step, UNSENT) for step in steps):
        terms.append("…")
    if elsewhere:
        terms.append(f"{shown(elsewhere)} elsewhere")
    return terms


def _elsewhere(node: Node, is_root: bool, steps: Sequence[Step]) -> float:
    """Return what this sweep does not account for, such that arrived + elsewhere = grad.

    0.0 where no number does that: after nan has arrived, or inf where grad is finite.
    """
    return _rest(float(node.grad), steps[-1].after if steps else float(is_root))


def _rest(grad: float, arrived: float) -> float:
    """Return what is missing between what has arrived and a grad; 0.0 where no number is."""
    if grad == arrived or arrived != arrived:
        return 0.0
    rest = grad - arrived
    if not isfinite(rest):
        total = arrived + rest
        are_both_nan = total != total and grad != grad
        return rest if total == grad or are_both_nan else 0.0
    near = (rest, nextafter(rest, inf), nextafter(rest, -inf))  # the difference was rounded
    return next((x for x in near if arrived + x == grad), rest)


def _compare(card: Card, rebuilt: Mapping[Node, float]) -> None:
    """Say on a card what its data would be, where that is no longer what it is."""
    outputs = card.node.outputs if isinstance(card.node, Group) else [card.node]
    if any(node in rebuilt for node in outputs):
        card.rebuilt = add_up([rebuilt.get(node, node.data) for node in outputs])
        card.rebuilt_text = f"would be {shown(card.rebuilt)}"
        tooltip = f"stale: built again, its data {card.rebuilt_text}; {card.tooltip}"
        card.tooltip = printable(tooltip, LONGEST)


def _card_tooltip(
    node: Node, names: Mapping[Node, str], is_root: bool, is_swept: bool, terms: Sequence[str]
) -> str:
    grad = shown(node.grad) if is_swept else "–"
    tooltip = f"{printable(_description(node, names), 300)}; data = {shown(node.data)}"
    tooltip += f"; grad = {grad}"
    if len(terms) > 1:
        tooltip += " = " + sum_text(terms)
    low, high = _range(node)
    if is_swept and low < high:
        tooltip += f"; the grads of its outputs are from {shown(low)} to {shown(high)}"
    if is_root and is_swept:
        tooltip += "; the root: its grad starts at 1, the seed"
    return printable(tooltip, LONGEST)


def _description(node: Node, names: Mapping[Node, str]) -> str:
    """Return what a card stands for, in words or as a formula."""
    if isinstance(node, Group) and node.kind == "rest":
        inside = plural(len(node.members), "value")
        return f"{node.label or node.chip}: all that follows the last neurons, {inside} inside"
    if isinstance(node, Group):
        count = len(node.uses)
        uses = f" used {count} times" if node.kind == "neuron" and count > 1 else ""
        return f"{node.label}: one card for a {node.kind}{uses}, {len(node.members)} values inside"
    if not node.parents:
        return f"{names.get(node) or name(node)}, {'a plain number' if node.constant else 'a leaf'}"
    written = f"{names[node]} = {expression(node)}" if node in names else expression(node)
    words = WORDS.get(operation_of(node).name)
    return f"{written}, {words}" if words else written


def _header(node: Node) -> tuple[str, str]:
    """Return the chip with the operation, and as a note the plain numbers among its operands."""
    if isinstance(node, Group):
        return CHIPS.get(node.chip, printable(node.chip, 10)), node.note
    if not node.parents:
        return "", "constant" if node.constant else "leaf"
    operation = operation_of(node)
    chip = CHIPS.get(operation.symbol, operation.symbol)
    if operation.name == "power":
        chip = forward(operation)
    plain = [shown(parent.data) for parent in node.parents if parent.constant and not parent.label]
    plain += [_parameters(node)] if _parameters(node) else []
    note = ", ".join(plain[:3]) + (", …" if len(plain) > 3 else "")
    return printable(chip.replace("-", MINUS), 11), printable(note, 14)


def _parameters(node: Node) -> str:
    """Return the plain numbers of an operation itself, such as the bounds of a clamp.

    "" for an exponent, which the chip has.
    """
    operation = operation_of(node)
    numbers = () if operation.name == "power" else operation.parameters
    return ", ".join(map(shown, numbers))


def _short_expression(node: Node) -> str:
    """Return an expression of a few characters; "" for a longer one, which the tooltip has."""
    short = name(node) if node.parents and len(node.parents) <= 2 else ""
    return short if len(short) <= 8 else ""


def _fitted(chip: str, note: str, title: str, width: float) -> tuple[str, str, str]:
    """Return chip, title and note of a header, cut so that they do not overlap.

    The title is cut last; of the note stay four characters at least.
    """
    start = chip_width(chip) + 13 if chip else 8.0
    room = width - 8 - start
    if note:
        note = _fitted_note(note, max(24.1, room - EM * 13 * columns(title) - 6))
        room -= EM * 10 * columns(note) + 6
    return chip, cut(title, room, 13) if room > 15 else "", note


def _fitted_note(note: str, width: float) -> str:
    """Return as much of a note as fits into a width; of numbers whole ones, for `1e+3…` misleads.

    >>> _fitted_note("-1.25, 2.5", 50), _fitted_note("1e+300", 30), _fitted_note("leaf", 24.1)
    ('-1.25, …', '…', 'leaf')
    """
    fitting = cut(note, width, 10)
    if fitting == note or note[0].isalpha() or " " in note.replace(", ", ""):
        return fitting
    whole = note.split(", ")
    while whole and EM * 10 * columns(", ".join([*whole, "…"])) > width:
        whole.pop()
    return ", ".join([*whole, "…"])


def chip_width(chip: str) -> float:
    """Return how wide a chip is, in pixels."""
    return max(20.0, 7.4 * len(chip) + 10)


# -- pills
# -------------------------------------------------------------------------------------------------


def _pill(
    step: Step, cards: Mapping[Node, Card], state: str, largest: float, is_repeated: bool
) -> Pill:
    child, parent = cards[step.node], cards[step.parent]
    ends = _in_brackets(child.title or child.name), _in_brackets(parent.title or parent.name)
    edges = step.slot if isinstance(step, Bundle) else 1
    of = "edge" if isinstance(step.node, Group) or isinstance(step.parent, Group) else "use"
    local = plural(edges, of) if isinstance(step, Bundle) else shown(step.local)
    operand = _operand(step) if is_repeated and not isinstance(step, Bundle) else ""
    tooltip = _derivative_in_words(step, *ends, local, operand)
    pill = Pill(step, child, parent, local, "", "zero", 1.2, tooltip, edges=edges, operand=operand)
    if state == "forward only":
        pill.sent = False
    elif not _has_sent(step):
        pill.contribution, pill.sent = "not sent", False
    else:
        pill.contribution = signed(step.contribution) + " + …" * isinstance(step, UNSENT)
        pill.sign, pill.stroke = sign(step.contribution), _stroke(step.contribution, largest)
        pill.tooltip += f"; {_addition_in_words(step, *ends, local)}"
    pill.weight = _weight(pill)
    if pill.weight:
        pill.tooltip += f"; {_weight_in_words(pill.weight, pill.child)}"
    pill.tooltip = printable(pill.tooltip, 600)
    return pill


def _weight(pill: Pill) -> Row | None:
    """Return the weight behind an edge from one use of a neuron to an input."""
    group, step = pill.child.node, pill.step
    if not isinstance(group, Group) or group.is_sum or isinstance(step, Bundle) or not group.uses:
        return None
    weights = group.uses[0].weights
    if not len(weights) <= step.slot < 2 * len(weights):
        return None
    weight = weights[step.slot - len(weights)]
    return next((row for row in pill.child.rows if row.node is weight), None)


def _weight_in_words(weight: Row, child: Card) -> str:
    """Return a weight with its gradient, and that of the bias beside it."""
    words = f"weight {weight.name} = {weight.data}, its grad {weight.grad}"
    if weight.elsewhere:
        words += f", of which {shown(weight.elsewhere)} from elsewhere"
    return words


def _add_parts(pill: Pill, largest: float) -> None:
    """Say of a sum over several edges what they add one by one, above all where they cancel."""
    if not (parts := pill.parts):
        return
    low, high, size = min(parts), max(parts), max(map(abs, parts))
    if len(parts) > 1 and low < high:
        pill.tooltip += f"; one by one from {shown(low)} to {shown(high)}"
    if low < 0.0 < high and abs(pill.step.contribution) < 1e-6 * size:
        pill.contribution += f" (±{text(size)})"
        pill.stroke = _stroke(size, max(largest, size))


def _has_sent(step: Step) -> bool:
    """Whether anything has arrived along an edge, be it 0."""
    return step.contribution != 0.0 or not isinstance(step, UNSENT)


def _operand(step: Step) -> str:
    """Return which operand of its node a step goes to, such as `second operand`."""
    slot, what = step.slot, "operand"
    if (
        isinstance(step.node, Group) and step.node.uses
    ):  # a neuron, whose operands are weights, then inputs
        weights = len(step.node.uses[0].weights)
        slot, what = (slot - weights, "input") if slot >= weights else (slot, "weight")
    return f"{ORDINALS[slot]} {what}" if slot < len(ORDINALS) else f"{what} {slot + 1}"


def _stroke(contribution: float, largest: float) -> float:
    """Return how thick a wire is: by the root of what it carries of the largest contribution."""
    size = abs(contribution) / largest
    return 1.2 + 3.3 * min(1.0, size) ** 0.5 if size == size else 2.0


def _derivative_in_words(step: Step, child: str, parent: str, local: str, operand: str) -> str:
    """Return the local derivative as a formula, and how fast one value changes with the other."""
    if isinstance(step, Bundle):
        return f"{local} from {child} to {parent}"
    formula = f"∂{child}/∂{f'({operand})' if operand else parent} = {_rule(step, child)}{local}"
    by = f"its {operand}, {parent}" if operand else parent
    return f"{formula}: {_speed(step.local, child, by)}"


def _speed(local: float, child: str, parent: str) -> str:
    """Return in words how fast a child changes with a parent."""
    if isinstance(local, Unknown):
        return f"how fast {child} changes with {parent} is not known"
    if local != local:
        return f"{child} has no slope here"
    if local == 0.0:
        return f"{child} does not change with {parent}"
    speed = "as fast as" if abs(local) == 1.0 else f"{shown(abs(local))} times as fast as"
    return f"{child} changes {speed} {parent}" + (", the other way" if local < 0.0 else "")


def _rule(step: Step, child: str) -> str:
    """Return the rule of the local derivative in symbols: `b = ` for a product with b.

    "" where it says no more than the number.
    """
    if isinstance(step.node, Group) or len(step.node.parents) > 4:
        return ""
    parents = [symbol(parent) for parent in step.node.parents]
    names = [Symbol(printable(parent.text, 20), parent.precedence) for parent in parents]
    slopes = derivatives(step.node.operation, names, child)
    slope = slopes[step.slot] if slopes else None
    if not isinstance(slope, Symbol) or slope.text.replace("-", MINUS) == shown(step.local):
        return ""
    return f"{slope.inside(SUM)} = "


def _addition_in_words(step: Step, child: str, parent: str, local: str) -> str:
    """Return in words what a step adds to the grad of its parent."""
    if step.upstream == 0.0:
        return f"{child} sends nothing, for {child}.grad = 0"
    is_single = not isinstance(step.node, Group) and not isinstance(step, Bundle)
    product = f"{shown(step.upstream)} × {local} = " if is_single else ""
    return f"it adds {product}{shown(step.contribution)} to {parent}.grad"


def _make_small(pills: Sequence[Pill]) -> None:
    """Draw leaves with a single user in one line where they are a crowd, such as all weights."""
    uses = Counter(id(pill.parent) for pill in pills)
    crowd = [pill.parent for pill in pills if uses[id(pill.parent)] == 1]
    crowd = [card for card in crowd if card.kind in ("leaf", "constant") and len(card.terms) < 2]
    if len(crowd) > CROWD:
        for card in crowd:
            card.is_small, card.width = True, GROUP_WIDTH


def _summary(cards: Mapping[Node, Card], pills: Sequence[Pill], state: str) -> str:
    """Return the picture in a few sentences, for those who hear it."""
    edges = sum(pill.edges for pill in pills)
    sizes = f"{plural(len(cards), 'card')}, {plural(edges, 'edge')}."
    if state == "forward only":
        return f"{sizes} Forward only: backward() has not been called."
    leaves = [card for node, card in cards.items() if not node.parents and card.title][:12]
    grads = [f"The gradient of {card.title} is {card.grad}." for card in leaves]
    stale = ["Stale: a leaf was changed after the forward pass."] if state == "stale" else []
    return " ".join([sizes, *grads, *stale])
