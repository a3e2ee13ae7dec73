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
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf, isfinite, nextafter
from typing import Any, NamedTuple

from ..diagnosis import Zeros
from ..explain import Step, arrivals, numbered, zeros
from ..foreign import Unknown
from ..formula import SUM, Symbol, derivatives, expression, forward, name, symbol
from ..graph import topological_order
from ..ieee import add_up
from ..printing import columns, plural, printable
from ..types import Node
from ..value import Value
from .collapse import UNSENT, Bundle, Group, Unsent, collapsed, with_running_sums
from .neurons import operation_of, output_names

CHIPS = {
    "*": "×",
    "-": "−",
    "/": "÷",
    "sum": "Σ",
    "dot": "Σ w·a",
    "prod": "Π",
    "<=": "≤",
    ">=": "≥",
}
MINUS = "−"
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")
PILLS = 60  # edges; above it there are wires without pills
WIDTH, GROUP_WIDTH = 144.0, 196.0  # of a card: for one value, for several
EM = 0.602  # the width of a character, as a part of the font's size


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
    fixed_height: float = 0.0  # where its lines don't say it
    rebuilt: float | None = None  # in a stale graph: its data if the graph were built again
    rebuilt_text: str = ""  # what the card says of it; "" where it is the data that it has

    @property
    def is_sum(self) -> bool:
        """Whether data and grad are sums over several outputs."""
        return isinstance(self.node, Group) and self.node.is_sum

    @property
    def height(self) -> float:
        """The room for its lines."""
        lines = (len(self.terms) > 1) + bool(self.rebuilt_text)
        return self.fixed_height or 80.0 + 14.0 * lines


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

    @property
    def is_single(self) -> bool:
        """Whether there is one local derivative; else it is a sum over edges."""
        return not isinstance(self.step, Bundle)


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
            return min(260.0, 100.0 + 0.5 * len(self.pills))
        return 30.0 if self.direction == "LR" else 46.0  # from top to bottom wires go farther aside

    @classmethod
    def of(
        cls,
        root: Value,
        names: Mapping[Node, str] | None = None,
        constants: bool = False,
        level: str = "values",
        part: Container[Node] | None = None,
        to_come: Iterable[Step] = (),
    ) -> "Scene":
        """Return the scene of a graph; `select` takes the same options."""
        return cls.of_selection(select(root, names, constants, level, part, to_come))

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
        title = selection.names.get(root) or name(root)
        title = f"{printable(title, 100)} = {text(root.data)}"
        summary = _summary(cards, pills, state)
        return cls(list(cards.values()), pills, state, title, summary, selection.level)


# -- what is drawn
# -------------------------------------------------------------------------------------------------


class Selection(NamedTuple):
    """What of a graph is drawn: values or groups as boxes, and a step for every edge."""

    root: Value
    names: Mapping[Node, str]
    steps: list[Step]
    state: str
    boxes: list[Node]
    rebuilt: Mapping[Node, float]
    constants: bool
    level: str


def select(
    root: Value,
    names: Mapping[Node, str] | None = None,
    constants: bool = False,
    level: str = "values",
    part: Container[Node] | None = None,
    to_come: Iterable[Step] = (),
) -> Selection:
    """Return the boxes and steps of a scene; no card is made yet.

    `names` override labels, `constants` gives plain numbers boxes of their own, `level` draws
    neurons or layers as one box, `part` are the values that are drawn, and the edges of `to_come`
    have not sent yet.
    """
    order: list[Node] = [*topological_order(root)[0]]
    names = output_names(order, names or {}) | dict(names or {})
    rebuilt, waiting = rebuilt_data(order), {(step.node, step.slot) for step in to_come}
    state = "stale" if rebuilt else "under way" if waiting else _swept(root, order)
    steps = _edges(root, order, constants, waiting)
    boxes: list[Node] = [x for x in numbered(root) if constants or not x.constant or x is root]
    if part is not None:
        boxes = [node for node in boxes if node in part]
        steps = [step for step in steps if step.node in part and step.parent in part]
        steps = with_running_sums(steps, root)
        order = [node for node in order if node in part]
    if level != "values":
        boxes, steps = collapsed(root, order, boxes, steps, level, names)
    return Selection(root, names, steps, state, boxes, rebuilt, constants, level)


def _swept(root: Node, order: Iterable[Node]) -> str:
    is_swept = root.grad != 0.0 or any(node.grad != 0.0 for node in order)
    return "swept" if is_swept else "forward only"


def rebuilt_data(order: Iterable[Node]) -> dict[Node, float]:
    """Return the data of a graph built again from its leaves as they are now, where it differs.

    >>> from engine import Value
    >>> x = Value(2.0); y = x * 3; x.data = 5.0
    >>> rebuilt_data([y])[y]
    15.0
    """
    rebuilt: dict[Node, float] = {}
    for node in order:
        numbers = [rebuilt.get(parent, float(parent.data)) for parent in node.parents]
        data = float(operation_of(node).forward(*numbers))
        are_both_nan = data != data and node.data != node.data
        if data != node.data and not are_both_nan:
            rebuilt[node] = data
    return rebuilt


def _edges(
    root: Node, order: Sequence[Node], constants: bool, waiting: Container[tuple[Node, int]]
) -> list[Step]:
    """Return a step for every edge in the order of the sweep; one that carries nothing adds 0.

    From the first edge on that waits, nothing has been sent: what a grad is at that moment may
    still be cancelled by what is to come.
    """
    grads = {root: 1.0}
    steps: list[Step] = []
    is_to_come = False
    for node in reversed(order):
        upstream = grads.get(node, 0.0)
        for slot, (parent, local) in enumerate(zip(node.parents, node.local_derivatives())):
            is_waiting = (node, slot) in waiting
            is_to_come = is_to_come or is_waiting
            sent = 0.0 if is_to_come else upstream
            local = local if isinstance(local, float) else float(local)
            contribution = sent * local if sent else 0.0
            before = grads.get(parent, 0.0)
            grads[parent] = before + contribution
            if constants or not parent.constant:
                make = Unsent if is_waiting else Step
                numbers = local, sent, contribution, before, grads[parent]
                steps.append(make(len(steps), node, parent, slot, *numbers))
    return steps


# -- texts
# -------------------------------------------------------------------------------------------------


def text(x: float) -> str:
    """Return four significant digits, with a true minus sign."""
    return f"{x:.4g}".replace("-", MINUS)


def signed(x: float) -> str:
    """Return the text of a number, with a plus where it is greater than 0."""
    return "+" + text(x) if x > 0.0 else text(x)


def sign(x: float) -> str:
    """Return the class of colour of a number."""
    return "nan" if x != x else "pos" if x > 0.0 else "neg" if x < 0.0 else "zero"


def cut(label: str, width: float, size: float) -> str:
    """Return as much of a label as fits into a width, at a size of the font.

    >>> cut("layer0.neuron1.w2", 96, 13), cut("a very long label", 96, 13)
    ('…neuron1.w2', 'a very long…')
    >>> cut("漢字の名前です", 96, 13)
    '漢字の名前…'

    A character is 0.602 of its size wide, a CJK one twice that. Dotted names keep their end.
    """
    room = max(1, int(width / (EM * size)))
    if len(label) > room and "." in label and label.replace(".", "_").isidentifier():
        ends = ["…" + label[i + 1 :] for i, c in enumerate(label) if c == "."]
        label = next((end for end in ends if len(end) <= room), label)
    limit = room
    while columns(shown := printable(label, limit)) > room and limit > 1:
        limit -= 1
    return shown


def sum_text(terms: Sequence[str]) -> str:
    """Return terms with a sign between each two.

    >>> sum_text(["−6", "3", "−2"])
    '−6 + 3 − 2'
    """
    written = terms[0]
    for term in terms[1:]:
        written += f" {MINUS} {term[1:]}" if term.startswith(MINUS) else f" + {term}"
    return written


def sum_line(card: Card) -> str:
    """Return the line under a grad: its terms, or, where they are too long, how many there are."""
    room, last = (card.width - 17) / (EM * 10), card.terms[-1]
    lines = ["= " + sum_text(card.terms), f"= Σ of {len(card.terms)} terms"]
    if last == "…":
        lines[1:] = [f"= Σ of {len(card.terms) - 1} terms + …", "= Σ + …"]
    if last.endswith("elsewhere"):
        lines[1:] = ["= " + sum_text(["Σ", last]), "= Σ + elsewhere"]
    return next((line for line in lines if len(line) <= room), lines[-1])


def _in_brackets(title: str) -> str:
    """Return an expression in brackets, so that ∂ and .grad belong to all of it."""
    return f"({title})" if any(c in title for c in " ·()*/+") else title


# -- cards
# -------------------------------------------------------------------------------------------------


def _cards(selection: Selection) -> dict[Node, Card]:
    arriving = arrivals(selection.steps)
    largest = _largest([node.grad for node in selection.boxes])
    cards = {
        node: _card(node, number, arriving.get(node, []), largest, selection)
        for number, node in enumerate(selection.boxes)
    }
    for card in cards.values():
        if card.kind == "operation" and selection.constants:
            card.note = ""  # its constants may have cards of their own
        _compare(card, selection.rebuilt)
    if selection.state != "forward only":
        idle = zeros(selection.root, selection.names)
        for node, card in cards.items():
            card.tooltip = printable(card.tooltip + nothing_sent(node, idle), 400)
    return cards


def nothing_sent(node: Node, idle: Zeros) -> str:
    """Return why a value sends nothing, or a neuron in all of its uses; "" for one that sends."""
    sums: list[Any] = [use.sum for use in node.uses] if isinstance(node, Group) else [node]
    is_idle = sums and idle.nodes.issuperset(sums)
    return f"; it sends nothing, for {idle.reason(sums[0])}" if is_idle else ""


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
    width = GROUP_WIDTH if isinstance(node, Group) else WIDTH
    chip, short_title, note = _fitted(*_header(node), title or _short_expression(node), width)
    elsewhere = _elsewhere(node, is_root, steps) if is_swept else 0.0
    terms = _terms(is_root, steps, elsewhere) if is_swept else []
    bar = max(-1.0, min(1.0, float(node.grad) / largest)) if node.grad == node.grad else 0.0
    return Card(
        node,
        number,
        short_title,
        chip,
        note,
        text(node.data),
        text(node.grad) if is_swept else "–",
        terms,
        sign(node.grad) if is_swept else "zero",
        bar if is_swept else 0.0,
        _card_tooltip(node, names, is_root, is_swept, terms),
        is_root,
        width,
        name=title or name(node),
        elsewhere=elsewhere,
        kind=_kind(node),
    )


def _kind(node: Node) -> str:
    if isinstance(node, Group):
        return node.kind
    return "operation" if node.parents else "constant" if node.constant else "leaf"


def _terms(is_root: bool, steps: Iterable[Step], elsewhere: float) -> list[str]:
    """Return the terms of a grad: the seed, what has arrived, what is still to come, the rest."""
    terms = ["1"] if is_root else []
    terms += [text(step.contribution) for step in steps if _has_sent(step)]
    if any(isinstance(step, UNSENT) for step in steps):
        terms.append("…")
    if elsewhere:
        terms.append(f"{text(elsewhere)} elsewhere")
    return terms


def _elsewhere(node: Node, is_root: bool, steps: Sequence[Step]) -> float:
    """Return what this sweep does not account for, such that arrived + elsewhere = grad.

    0.0 where no number does that: after nan has arrived, or inf where grad is finite.
    """
    grad, arrived = float(node.grad), steps[-1].after if steps else float(is_root)
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
        card.rebuilt_text = f"would be {text(card.rebuilt)}"
        tooltip = f"stale: built again, its data {card.rebuilt_text}; {card.tooltip}"
        card.tooltip = printable(tooltip, 400)


def _card_tooltip(
    node: Node, names: Mapping[Node, str], is_root: bool, is_swept: bool, terms: Sequence[str]
) -> str:
    grad = text(node.grad) if is_swept else "–"
    tooltip = f"{_description(node, names)}; data = {text(node.data)}; grad = {grad}"
    if len(terms) > 1:
        tooltip += " = " + sum_text(terms)
    if is_root and is_swept:
        tooltip += "; the root: its grad starts at 1, the seed"
    return printable(tooltip, 400)


def _description(node: Node, names: Mapping[Node, str]) -> str:
    """Return what a card stands for, in words or as a formula."""
    if isinstance(node, Group):
        count = len(node.uses)
        uses = f" used {count} times" if node.kind == "neuron" and count > 1 else ""
        return f"{node.label}: one card for a {node.kind}{uses}, {len(node.members)} values inside"
    if not node.parents:
        return f"{names.get(node) or name(node)}, {'a plain number' if node.constant else 'a leaf'}"
    return f"{names[node]} = {expression(node)}" if node in names else expression(node)


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
    plain = [text(parent.data) for parent in node.parents if parent.constant and not parent.label]
    note = ", ".join(plain[:3]) + (", …" if len(plain) > 3 else "")
    return printable(chip.replace("-", MINUS), 10), printable(note, 14)


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
        note = cut(note, max(24.1, room - EM * 13 * columns(title) - 6), 10)
        room -= EM * 10 * columns(note) + 6
    return chip, cut(title, room, 13) if room > 15 else "", note


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
    local = plural(edges, "edge") if isinstance(step, Bundle) else text(step.local)
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
    pill.tooltip = printable(pill.tooltip, 400)
    return pill


def _has_sent(step: Step) -> bool:
    """Whether anything has arrived along an edge, be it 0."""
    return step.contribution != 0.0 or not isinstance(step, UNSENT)


def _operand(step: Step) -> str:
    """Return which operand of its node a step goes to, such as `second operand`."""
    slot, what = step.slot, "operand"
    if isinstance(step.node, Group):  # a neuron, whose operands are weights, then inputs
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
    speed = "as fast as" if abs(local) == 1.0 else f"{text(abs(local))} times as fast as"
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
    if not isinstance(slope, Symbol) or slope.text.replace("-", MINUS) == text(step.local):
        return ""
    return f"{slope.inside(SUM)} = "


def _addition_in_words(step: Step, child: str, parent: str, local: str) -> str:
    """Return in words what a step adds to the grad of its parent."""
    if step.upstream == 0.0:
        return f"{child} sends nothing, for {child}.grad = 0"
    product = f"{text(step.upstream)} × {local} = " if not isinstance(step.node, Group) else ""
    return f"it adds {product}{text(step.contribution)} to {parent}.grad"


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
