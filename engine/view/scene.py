"""What a picture shows, before anyone says where: a card for every value, a pill for every edge.

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
from collections.abc import Container, Iterable
from dataclasses import dataclass
from math import inf, isfinite, nextafter
from typing import Any, NamedTuple

from ..explain import Step, arrivals, numbered
from ..formula import SUM, Symbol, derivatives, expression, forward, name, symbol
from ..graph import topological_order
from ..ieee import add_up
from ..printing import columns, plural, printable
from .collapse import UNSENT, Bundle, Group, Unsent, contracted, running
from .neurons import output_names

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
GROUP = 196.0  # the width of a card that stands for several values


@dataclass
class Card:
    """One value: its texts are ready to be set, `sign` is the class of colour of its grad."""

    node: Any
    number: int
    title: str
    chip: str  # "" at a leaf
    note: str  # to the right of the header: "leaf", or the plain numbers that the operation took
    data: str
    grad: str
    terms: list[str]
    sign: str
    share: float  # of the largest |grad| in the picture, -1 … 1: the length of the bar
    tip: str
    is_root: bool = False
    width: float = 144.0
    name: str = ""  # the label, not cut; else the expression that it is
    elsewhere: float = 0.0  # seed and pills + elsewhere = grad
    kind: str = "operation"  # or leaf, constant, neuron, layer
    tall: float = 0.0  # the height, where its lines don't say it
    now: str = ""  # in a stale graph: the data that it would have if the graph were built again, where that differs
    rebuilt: float | None = None  # the same as a number

    @property
    def is_sum(self) -> bool:
        """Whether it stands for a group with several outputs, so that data and grad are sums over them."""
        return isinstance(self.node, Group) and self.node.is_sum

    @property
    def height(self) -> float:
        return self.tall or 80.0 + 14.0 * (len(self.terms) > 1) + 14.0 * bool(self.now)


@dataclass
class Pill:
    """One edge: what the child's grad is multiplied by, and what that adds to the parent's grad."""

    step: Step
    child: Card
    parent: Card
    local: str
    contribution: str
    sign: str
    stroke: float
    tip: str
    width: float = 90.0
    height: float = 32.0
    edges: int = 1  # more where it stands for all edges between two groups
    sent: bool = True  # False in a graph that is forward only, and at an edge that has not sent yet
    operand: str = ""  # where the child takes the parent more than once: which operand this is

    @property
    def single(self) -> bool:
        """Whether one local derivative tells how a grad comes through; else it is a sum over edges."""
        return not isinstance(self.step, Bundle)


@dataclass
class Scene:
    """All cards (leaves first, then in order of computation) and all pills (in the order of the sweep)."""

    cards: list[Card]
    pills: list[Pill]
    state: str = "swept"  # or "forward only", "under way", "stale"
    title: str = ""
    summary: str = ""
    level: str = "values"  # or neurons, layers: what a card stands for
    direction: str = "LR"  # leaves left, root right; or TB, leaves at the top

    @property
    def bare(self) -> bool:
        """So many edges that they are wires only, whose tooltips say what a pill would."""
        return len(self.pills) > PILLS

    @property
    def edges(self) -> int:
        return sum(pill.edges for pill in self.pills)

    @property
    def gap(self) -> float:
        """The room between two columns: where there are only wires, the more of them the wider."""
        if self.bare:
            return min(260.0, 100.0 + 0.5 * len(self.pills))
        return 30.0 if self.direction == "LR" else 46.0  # from top to bottom wires go farther aside

    @classmethod
    def of(
        cls,
        root: Any,
        names: dict[Any, str] | None = None,
        constants: bool = False,
        level: str = "values",
        part: Container[Any] | None = None,
        to_come: Iterable[Step] = (),
    ) -> "Scene":
        """The scene of a graph; `names` overrides labels, `constants` gives plain numbers cards of their own,
        `level` draws neurons or layers as one, only the values of `part` are drawn, and the edges
        of `to_come` have not sent yet."""
        return cls.of_selection(select(root, names, constants, level, part, to_come))

    @classmethod
    def of_selection(cls, chosen: "Selection") -> "Scene":
        """Return the scene of what has been selected."""
        root, names, steps, state = chosen.root, chosen.names, chosen.steps, chosen.state
        cards = _cards(root, chosen.boxes, steps, names, state)
        for card in cards.values():
            if card.kind == "operation" and chosen.constants:
                card.note = ""  # its constants may have cards of their own
            _compare(card, chosen.rebuilt)
        top = _largest([step.contribution for step in steps])
        times = Counter((step.node, step.parent) for step in steps)
        pills = [
            _pill(step, cards, state, top, times[step.node, step.parent] > 1) for step in steps
        ]
        title = f"{printable(names.get(root) or name(root), 100)} = {text(root.data)}"
        summary = _summary(cards, pills, state)
        return cls(list(cards.values()), pills, state, title, summary, chosen.level)


class Selection(NamedTuple):
    """What of a graph is drawn: values or groups as boxes, and a step for every edge between two."""

    root: Any
    names: dict[Any, str]
    boxes: list[Any]
    steps: list[Step]
    state: str
    rebuilt: dict[Any, float]
    constants: bool
    level: str


def select(
    root: Any,
    names: dict[Any, str] | None = None,
    constants: bool = False,
    level: str = "values",
    part: Container[Any] | None = None,
    to_come: Iterable[Step] = (),
) -> Selection:
    """Return the boxes and steps of a scene, whose options these are; no card is made yet."""
    order, _ = topological_order(root)
    names = output_names(order, names or {}) | (names or {})
    rebuilt, waiting = changed(order), {(step.node, step.slot) for step in to_come}
    state = "stale" if rebuilt else "under way" if waiting else _swept(root, order)
    steps = _edges(root, order, constants, waiting)
    shown = [node for node in numbered(root) if constants or not node.constant or node is root]
    if part is not None:
        shown = [node for node in shown if node in part]
        steps = running([step for step in steps if step.node in part and step.parent in part], root)
        order = [node for node in order if node in part]
    if level != "values":
        shown, steps = contracted(root, order, shown, steps, level, names)
    return Selection(root, names, shown, steps, state, rebuilt, constants, level)


def _cards(
    root: Any, shown: list[Any], steps: list[Step], names: dict[Any, str], state: str
) -> dict[Any, Card]:
    arriving = arrivals(steps)
    largest = _largest([node.grad for node in shown])
    return {
        node: _card(node, i, names, arriving.get(node, []), _holds(node, root), state, largest)
        for i, node in enumerate(shown)
    }


def _largest(numbers: list[float]) -> float:
    """The largest size of those that are finite; 1.0 where all are 0."""
    return max([abs(x) for x in numbers if isfinite(x)], default=0.0) or 1.0


def _holds(node: Any, root: Any) -> bool:
    return node is root or (isinstance(node, Group) and root in node.outputs)


def _swept(root: Any, order: list[Any]) -> str:
    return (
        "forward only" if root.grad == 0.0 and all(node.grad == 0.0 for node in order) else "swept"
    )


def changed(order: list[Any]) -> dict[Any, float]:
    """The data that nodes would have if the graph were built again from its leaves as they are now, where it differs.

    >>> from engine import Value
    >>> x = Value(2.0); y = x * 3; x.data = 5.0
    >>> changed([y])[y]
    15.0
    """
    now: dict[Any, float] = {}
    for node in order:
        data = float(node.operation.forward(*[now.get(x, float(x.data)) for x in node.parents]))
        if data != node.data and (data == data or node.data == node.data):  # nan is nan
            now[node] = data
    return now


def _compare(card: Card, rebuilt: dict[Any, float]) -> None:
    """Say on a card what its data would be, where that is no longer what it is."""
    outputs = card.node.outputs if isinstance(card.node, Group) else [card.node]
    if any(node in rebuilt for node in outputs):
        card.rebuilt = add_up([rebuilt.get(node, node.data) for node in outputs])
        card.now = f"would be {text(card.rebuilt)}"
        card.tip = printable(f"stale: built again, its data {card.now}; {card.tip}", 400)


def _edges(
    root: Any, order: list[Any], constants: bool, waiting: Container[tuple[Any, int]]
) -> list[Step]:
    """Return a step for every edge in the order of the sweep; one that carries nothing adds 0.

    From the first edge that waits on, nothing has been sent: what a grad is at that moment may still
    be cancelled by what is to come.
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
            contribution = sent * float(local) if sent else 0.0
            before = grads.get(parent, 0.0)
            grads[parent] = before + contribution
            if constants or not parent.constant:
                make = Unsent if is_waiting else Step
                numbers = float(local), sent, contribution, before, grads[parent]
                steps.append(make(len(steps), node, parent, slot, *numbers))
    return steps


def text(x: float) -> str:
    """Four significant digits with a true minus sign."""
    return f"{x:.4g}".replace("-", MINUS)


def signed(x: float) -> str:
    return text(x) if x < 0.0 or x == 0.0 or x != x else "+" + text(x)


def sign(x: float) -> str:
    return "nan" if x != x else "pos" if x > 0.0 else "neg" if x < 0.0 else "zero"


def cut(words: str, width: float, size: float) -> str:
    """As much as fits: a character is 0.602 of its size wide, a CJK one twice that; dotted names keep their end.

    >>> cut("layer0.neuron1.w2", 96, 13), cut("a very long label", 96, 13), cut("漢字の名前です", 96, 13)
    ('…neuron1.w2', 'a very long…', '漢字の名前…')
    """
    room = max(1, int(width / (0.602 * size)))
    if len(words) > room and "." in words and words.replace(".", "_").isidentifier():
        ends = ["…" + words[i + 1 :] for i, c in enumerate(words) if c == "."]
        words = next((end for end in ends if len(end) <= room), words)
    limit = room
    while columns(shown := printable(words, limit)) > room and limit > 1:
        limit -= 1
    return shown


def _card(
    node: Any,
    number: int,
    names: dict[Any, str],
    steps: list[Step],
    is_root: bool,
    state: str,
    largest: float,
) -> Card:
    terms = [1.0] * is_root + [step.contribution for step in steps if _sent(step)]
    swept = state != "forward only"
    elsewhere = (
        _elsewhere(node.grad, steps[-1].after if steps else float(is_root)) if swept else 0.0
    )
    words = [text(x) for x in terms] + ["…"] * any(isinstance(step, UNSENT) for step in steps)
    if elsewhere:
        words.append(f"{text(elsewhere)} elsewhere")
    width = GROUP if isinstance(node, Group) else 144.0
    chip, title, note = _fitted(
        *_header(node), names.get(node) or node.label or _unnamed(node), width
    )
    share = max(-1.0, min(1.0, node.grad / largest)) if swept and node.grad == node.grad else 0.0
    grad = text(node.grad) if swept else "–"
    tip = f"{_said(node, names)}; data = {text(node.data)}; grad = {grad}"
    if len(words) > 1 and swept:
        tip += " = " + _sum(words)
    if is_root and swept:
        tip += "; the root: its grad starts at 1, the seed"
    return Card(
        node,
        number,
        title,
        chip,
        note,
        text(node.data),
        grad,
        words if swept else [],
        sign(node.grad) if swept else "zero",
        share,
        printable(tip, 400),
        is_root,
        width,
        name=names.get(node) or node.label or name(node),
        elsewhere=elsewhere,
        kind=_kind(node),
    )


def _said(node: Any, names: dict[Any, str]) -> str:
    """What a card stands for, in words or as a formula."""
    if isinstance(node, Group):
        uses = (
            f" used {len(node.applications)} times"
            if node.kind == "neuron" and len(node.applications) > 1
            else ""
        )
        return f"{node.label}: one card for a {node.kind}{uses}, {len(node.members)} values inside"
    if not node.parents:
        return f"{names.get(node) or name(node)}, {'a plain number' if node.constant else 'a leaf'}"
    return f"{names[node]} = {expression(node)}" if node in names else expression(node)


def _kind(node: Any) -> str:
    if isinstance(node, Group):
        return node.kind
    return "operation" if node.parents else "constant" if node.constant else "leaf"


def _elsewhere(grad: float, arrived: float) -> float:
    """What the sum of this sweep does not account for, such that arrived + elsewhere = grad.

    0.0 where no number does that: after nan has arrived, or inf where grad is finite.
    """
    if grad == arrived or arrived != arrived:
        return 0.0
    rest = grad - arrived
    if not isfinite(rest):
        whole = arrived + rest
        return rest if whole == grad or (whole != whole and grad != grad) else 0.0
    return next(
        (x for x in (rest, nextafter(rest, inf), nextafter(rest, -inf)) if arrived + x == grad),
        rest,
    )


def _fitted(chip: str, note: str, title: str, width: float) -> tuple[str, str, str]:
    """What stands in a header, cut so that nothing overlaps: the title first, of the note four characters at least."""
    start = chip_width(chip) + 13 if chip else 8.0
    room = width - 8 - start
    if note:
        note = cut(note, max(24.1, room - 7.83 * columns(title) - 6), 10)
        room -= 6.02 * columns(note) + 6
    return chip, cut(title, room, 13) if room > 15 else "", note


def chip_width(chip: str) -> float:
    return max(20.0, 7.4 * len(chip) + 10)


def _unnamed(node: Any) -> str:
    """An expression of a few characters says more than nothing; a longer one is left to the tooltip."""
    words = name(node) if node.parents and len(node.parents) <= 2 else ""
    return words if len(words) <= 8 else ""


def _header(node: Any) -> tuple[str, str]:
    """The chip with the operation, and the plain numbers among its operands."""
    if isinstance(node, Group):
        return CHIPS.get(node.chip, printable(node.chip, 10)), node.note
    if not node.parents:
        return "", "constant" if node.constant else "leaf"
    chip = CHIPS.get(node.operation.symbol, node.operation.symbol)
    if node.operation.name == "power":
        chip = forward(node.operation)
    plain = [text(parent.data) for parent in node.parents if parent.constant and not parent.label]
    return printable(chip.replace("-", MINUS), 10), printable(
        ", ".join(plain[:3]) + (", …" if len(plain) > 3 else ""), 14
    )


def _sum(words: list[str]) -> str:
    joined = words[0]
    for word in words[1:]:
        joined += f" {MINUS} {word[1:]}" if word.startswith(MINUS) else f" + {word}"
    return joined


def summed(card: Card) -> str:
    """The sum behind a grad, as it stands under it; where it is too long, how many terms it has."""
    room, last = (card.width - 17) / 6.02, card.terms[-1]
    lines = ["= " + _sum(card.terms), f"= Σ of {len(card.terms)} terms"]
    if last == "…":
        lines[1:] = [f"= Σ of {len(card.terms) - 1} terms + …", "= Σ + …"]
    if last.endswith("elsewhere"):
        lines[1:] = ["= " + _sum(["Σ", last]), "= Σ + elsewhere"]
    return next((line for line in lines if len(line) <= room), lines[-1])


def _pill(step: Step, cards: dict[Any, Card], state: str, top: float, is_repeated: bool) -> Pill:
    child, parent = cards[step.node], cards[step.parent]
    up, down = _held(child.title or child.name), _held(parent.title or parent.name)
    edges = step.slot if isinstance(step, Bundle) else 1
    local = plural(edges, "edge") if isinstance(step, Bundle) else text(step.local)
    operand = _operand(step) if is_repeated and not isinstance(step, Bundle) else ""
    if isinstance(step, Bundle):
        tip = f"{local} from {up} to {down}"
    elif operand:
        words = _in_words(up, f"its {operand}, {down}", step.local)
        tip = f"∂{up}/∂({operand}) = {_rule(step, up)}{local}: {words}"
    else:
        tip = f"∂{up}/∂{down} = {_rule(step, up)}{local}: {_in_words(up, down, step.local)}"
    pill = Pill(step, child, parent, local, "", "zero", 1.2, tip, edges=edges, operand=operand)
    if state == "forward only" or not _sent(step):
        pill.contribution, pill.sent = "" if state == "forward only" else "not sent", False
    else:
        pill.contribution = signed(step.contribution) + " + …" * isinstance(step, UNSENT)
        pill.sign, pill.stroke = sign(step.contribution), _stroke(step.contribution, top)
        pill.tip += f"; {_addition(step, up, down, local)}"
    pill.tip = printable(pill.tip, 400)
    return pill


def _operand(step: Step) -> str:
    """Return which operand of its node a step goes to, such as `second operand`."""
    slot, what = step.slot, "operand"
    if isinstance(step.node, Group):  # a neuron, whose operands are weights, then inputs
        weights = len(step.node.applications[0].weights)
        slot, what = (slot - weights, "input") if slot >= weights else (slot, "weight")
    return f"{ORDINALS[slot]} {what}" if slot < len(ORDINALS) else f"{what} {slot + 1}"


def _stroke(contribution: float, top: float) -> float:
    """Return how thick a wire is: by the root of what it carries of the largest contribution."""
    size = abs(contribution) / top
    return 1.2 + 3.3 * min(1.0, size) ** 0.5 if size == size else 2.0


def _addition(step: Step, up: str, down: str, local: str) -> str:
    """Return in words what a step adds to the grad of its parent."""
    if step.upstream == 0.0:
        return f"{up}.grad is 0, so nothing is passed on"
    product = f"{text(step.upstream)} × {local} = " if not isinstance(step.node, Group) else ""
    return f"it adds {product}{text(step.contribution)} to {down}.grad"


def _sent(step: Step) -> bool:
    """Whether anything has come along an edge, be it 0."""
    return step.contribution != 0.0 or not isinstance(step, UNSENT)


def _in_words(up: str, down: str, local: float) -> str:
    """What a local derivative says: how fast one value changes with the other."""
    if local == 0.0 or local != local:
        return f"{up} does not change with {down}" if local == 0.0 else f"{up} has no slope here"
    speed = "as fast as" if abs(local) == 1.0 else f"{text(abs(local))} times as fast as"
    return f"{up} changes {speed} {down}" + ", the other way" * (local < 0.0)


def _held(words: str) -> str:
    """An expression in brackets, so that ∂ and .grad have one thing to belong to."""
    return f"({words})" if any(c in words for c in " ·()*/+") else words


def _rule(step: Step, child: str) -> str:
    """The rule that gave the local derivative, in symbols: `b = ` at a product with b; "" where it says no more."""
    if isinstance(step.node, Group) or len(step.node.parents) > 4:
        return ""
    parents = [symbol(parent) for parent in step.node.parents]
    names = [Symbol(printable(parent.text, 20), parent.precedence) for parent in parents]
    found = derivatives(step.node.operation, names, child)
    slope = found[step.slot] if found else None
    if not isinstance(slope, Symbol) or slope.text.replace("-", MINUS) == text(step.local):
        return ""
    return f"{slope.inside(SUM)} = "


def _summary(cards: dict[Any, Card], pills: list[Pill], state: str) -> str:
    """The picture in a few sentences, for those who hear it."""
    sizes = f"{plural(len(cards), 'card')}, {plural(sum(pill.edges for pill in pills), 'edge')}"
    if state == "forward only":
        return f"{sizes}. Forward only: backward() has not been called."
    leaves = [card for node, card in cards.items() if not node.parents and card.title][:12]
    stale = " Stale: a leaf was changed after the forward pass." * (state == "stale")
    return (
        f"{sizes}."
        + "".join(f" The gradient of {card.title} is {card.grad}." for card in leaves)
        + stale
    )
