"""The frames that a stepper page plays: one for every step of the forward and of the backward pass.

>>> from engine import Value
>>> from engine.view.scene import Scene
>>> a, b = Value(-2.0, label="a"), Value(3.0, label="b")
>>> root = a * b
>>> frames = Frames(Scene.of(root), root, Notation({}))
>>> [frame.kind for frame in frames.backward()]
['ready', 'seed', 'visit', 'send', 'send', 'done']
"""

import ast
import inspect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import inf

from ..backward import backward
from ..explain import steps, zeros
from ..formula import (
    SUM,
    Names,
    Symbol,
    constant,
    derivatives,
    expression,
    forward,
    name,
    symbol,
)
from ..printing import plural, printable
from ..types import Node
from ..value import Value
from .collapse import Group
from .neurons import operation_of
from .scene import MINUS, Card, Pill, Scene, nothing_sent, sign, signed, text

TERMS = 6  # of a sum that are spelled out


@dataclass
class Frame:
    """One step. `rule` is in symbols, `numbers` the same in numbers; "" and None where it has none.

    `grad` is what the grad of the card becomes, `exact` the same with all digits. `bar` and
    `weight` are the grad and the contribution as parts of the largest number, from -1 to 1.
    """

    kind: str
    node: int | None = None
    edge: int | None = None
    say: str = ""
    rule: str = ""
    numbers: str = ""
    sum: str = ""
    lines: tuple[int, ...] = ()
    grad: str = ""
    exact: str = ""
    sign: str = ""
    bar: float = 0.0
    terms: str = ""
    contribution: str = ""
    contribution_sign: str = ""
    weight: float = 0.0


class Notation:
    """How values and derivatives are written on the page; `names` are for nodes without a label."""

    def __init__(self, names: Names):
        self.names = names

    def name(self, node: Node) -> str:
        """Return what to call a node."""
        return name(node, self.names)

    def expression(self, node: Node) -> str:
        """Return a node as one operation on its parents."""
        return expression(node, self.names)

    def bracketed(self, node: Node) -> str:
        """Return the name of a node beside ∂ and .grad: several operands are in brackets."""
        shown = self.name(node)
        is_named = bool(node.label or self.names.get(node) or not node.parents)
        is_call = shown[0].isalpha() and shown.endswith(")")
        return shown if is_named or is_call else f"({shown})"

    def derivative(self, node: Node, parent: Node, operand: str = "") -> str:
        """Return `∂d/∂a`, or, for one of several operands that are a, `∂d/∂(first operand)`."""
        by = f"({operand})" if operand else self.bracketed(parent)
        return f"∂{self.bracketed(node)}/∂{by}"

    def slopes(self, node: Node) -> list[str]:
        """Return the local derivatives in symbols; "" where a rule can't be written so."""
        operands = [symbol(x, names=self.names) for x in node.parents]
        result = symbol(node, names=self.names)
        slopes = derivatives(operation_of(node), operands, result)
        if slopes is None:
            return [""] * len(node.parents)
        return [x.inside(SUM) if isinstance(x, Symbol) else constant(x).text for x in slopes]

    def equation(self, pill: Pill) -> str:
        """Return `∂(a·b)/∂a = b = 3`.

        The number alone stands where the symbols are the number, or where a border is crossed.
        """
        node, parent = pill.step.node, pill.step.parent
        if not pill.is_single:
            return f"the sum over {edge_count(pill)}"
        is_plain = not isinstance(node, Group) and not isinstance(parent, Group)
        slope = self.slopes(node)[pill.step.slot] if is_plain else ""
        left = self.derivative(node, parent, pill.operand)
        return f"{left} = {_equation(slope, text(pill.step.local))}"

    def computation(self, node: Node) -> tuple[str, str]:
        """Return what the forward pass computes for a node, in symbols and in numbers."""
        if isinstance(node, Group):
            count = len(node.outputs)
            what = f"the sum of its {count} outputs" if count > 1 else "its output"
            return f"{node.label}: {len(node.members)} values inside", f"{what} = {text(node.data)}"
        numbers = [_signed_in_brackets(parent.data) for parent in node.parents]
        formula = _once_bracketed(forward(operation_of(node), numbers), numbers)
        formula = printable(formula, 160).replace("-", MINUS)
        return printable(self.expression(node), 200), f"= {_equation(formula, text(node.data))}"


class Frames:
    """The frames of a scene in order; nothing of the graph is changed."""

    def __init__(self, scene: Scene, root: Value, notation: Notation):
        self.notation, self.lines = notation, loop_lines()
        self.cards: dict[Node, Card] = {card.node: card for card in scene.cards}
        self.root = next(card.node for card in scene.cards if card.is_root)
        self.order = [node for node in self.cards if not is_leaf(node)]
        self.edges = edge_numbers(scene.pills)
        self.pills_of: dict[Node, list[Pill]] = {node: [] for node in self.order}
        for pill in scene.pills:
            self.pills_of[pill.step.node].append(pill)
        self.contributions = _contributions(scene, root)
        self.idle = zeros(root, notation.names)
        sizes = [abs(x) for pill in scene.pills for x in (pill.step.after, pill.step.contribution)]
        self.largest = max([1.0, *(size for size in sizes if size < inf)])
        self.terms: dict[Node, list[float]] = {}  # what has arrived at every node so far

    def forward(self) -> Iterator[Frame]:
        """Yield a frame for every value that is computed."""
        say = "The forward pass: every operation computes its data, from the leaves to the root."
        yield Frame("start", say=say)
        for node in self.order:
            rule, numbers = self.notation.computation(node)
            say = f"Compute {self.notation.name(node)}."
            yield Frame("compute", self.cards[node].number, say=say, rule=rule, numbers=numbers)

    def backward(self) -> Iterator[Frame]:
        """Yield a frame for every visit, and one for every contribution."""
        say = "Every grad starts at 0. The backward pass walks the order in reverse, from the root."
        yield Frame("ready", say=say)
        yield self._seed()
        grads = {self.root: 1.0}
        for node in reversed(self.order):
            grad, pills = grads.get(node, 0.0), self.pills_of[node]
            if grad == 0.0 and all(pill.step.contribution == 0.0 for pill in pills):
                yield self._skip(node)
                continue
            yield self._visit(node, grad)
            for pill in pills:
                grads[pill.step.parent] = pill.step.after
                yield self._send(pill, grad)
        yield Frame("done", say="Done: every grad is the sum of all contributions that arrived.")

    def _seed(self) -> Frame:
        root, notation = self.root, self.notation
        return self._arrival(
            Frame(
                "seed",
                say=f"The seed: {notation.name(root)} changes as fast as itself.",
                rule=f"{notation.derivative(root, root)} = 1",
                numbers=f"{notation.bracketed(root)}.grad = 1",
            ),
            root,
            grad=1.0,
            contribution=1.0,
        )

    def _skip(self, node: Node) -> Frame:
        nothing = nothing_sent(node, self.idle) or "; its grad is 0, so it sends nothing"
        return Frame(
            "skip",
            self.cards[node].number,
            lines=self.lines["skip"],
            numbers=f"{self.notation.bracketed(node)}.grad = 0",
            say=f"Visit {self.notation.name(node)}{nothing}.",
        )

    def _visit(self, node: Node, grad: float) -> Frame:
        name = self.notation.name(node)
        reason = f"Everything that uses {name} has sent its share, so its grad is final."
        if node is self.root:
            reason = "It is the root: its grad is the seed."
        return Frame(
            "visit",
            self.cards[node].number,
            say=f"Visit {name}. {reason}",
            numbers=f"{self.notation.bracketed(node)}.grad = {text(grad)}",
            lines=self.lines["visit"],
        )

    def _send(self, pill: Pill, grad: float) -> Frame:
        step, notation = pill.step, self.notation
        to = f"{notation.bracketed(step.parent)}.grad"
        if pill.is_single:
            how = f":  {notation.equation(pill)}"
            derivative = notation.derivative(step.node, step.parent, pill.operand)
            rule = f"{notation.bracketed(step.node)}.grad × {derivative}"
            numbers = f"{text(grad)} × {_signed_in_brackets(step.local)}"
        else:
            is_sum, edges = pill.edges > 1, edge_count(pill)
            how = f" along {edges}." + (" This step is their sum." if is_sum else "")
            rule = f"{'Σ ' if is_sum else ''}grad × local, over {edges}"
            numbers = _sum(self.contributions.get((step.node, step.parent), []))
        names = notation.name(step.node), notation.name(step.parent)
        return self._arrival(
            Frame(
                "send",
                edge=self.edges[id(pill)],
                say=f"{names[0]} sends its contribution to {names[1]}{how}",
                rule=f"{to} += {rule}",
                numbers=f"{to} += {_equation(numbers, text(step.contribution))}",
                sum=f"{to}: {text(step.before)} → {text(step.after)}",
            ),
            step.parent,
            grad=step.after,
            contribution=step.contribution,
        )

    def _arrival(self, frame: Frame, to: Node, grad: float, contribution: float) -> Frame:
        """Return a frame with what arrives at a node, and its grad from then on."""
        self.terms.setdefault(to, []).append(contribution)
        frame.node, frame.lines = self.cards[to].number, self.lines[frame.kind]
        frame.grad, frame.exact, frame.sign = text(grad), repr(grad), sign(grad)
        frame.bar, frame.terms = self._part(grad), _sum_line(self.terms[to])
        frame.contribution, frame.contribution_sign = signed(contribution), sign(contribution)
        frame.weight = self._part(contribution)
        return frame

    def _part(self, x: float) -> float:
        """Return `x` as a part of the largest, from -1 to 1; 0 for nan."""
        return 0.0 if x != x else round(max(-1.0, min(1.0, x / self.largest)), 6)


def is_leaf(node: Node) -> bool:
    """Whether a box is one leaf."""
    return not node.parents and not isinstance(node, Group)


def edge_numbers(pills: Iterable[Pill]) -> dict[int, int]:
    """Return the number of every edge, by the id of its pill: operands in their order."""
    in_order = sorted(pills, key=lambda pill: (pill.child.number, pill.step.slot))
    return {id(pill): i for i, pill in enumerate(in_order)}


def edge_count(pill: Pill) -> str:
    """Return how many edges a pill stands for."""
    return plural(max(1, pill.edges), "edge")


def _contributions(scene: Scene, root: Value) -> dict[tuple[Node, Node], list[float]]:
    """Return the contributions from card to card, where one of the two is a group."""
    box_of: dict[Node, Node] = {
        value: card.node
        for card in scene.cards
        if isinstance(card.node, Group)
        for value in card.node.members
    }
    contributions: dict[tuple[Node, Node], list[float]] = {}
    for step in steps(root) if box_of else ():
        ends = box_of.get(step.node, step.node), box_of.get(step.parent, step.parent)
        contributions.setdefault(ends, []).append(step.contribution)
    return contributions


# -- texts
# -------------------------------------------------------------------------------------------------


def _equation(formula: str, number: str) -> str:
    """Return `b = 3`, or the number alone where the formula says no more."""
    return number if formula.replace("-", MINUS) in ("", number) else f"{formula} = {number}"


def _once_bracketed(formula: str, numbers: Iterable[str]) -> str:
    """Return a formula without second brackets around numbers that have some."""
    for number in numbers:
        if number.startswith("("):
            formula = formula.replace(f"({number})", number)
    return formula


def _signed_in_brackets(x: float) -> str:
    return f"({text(x)})" if x < 0 else text(x)


def _sum_line(terms: Sequence[float]) -> str:
    """Return the sum as it stands under a grad; one term is the grad itself."""
    if len(terms) < 2:
        return ""
    line = f"= {_sum(terms)}"
    return line if len(line) <= 20 else f"= Σ of {len(terms)} terms"


def _sum(terms: Sequence[float]) -> str:
    """Return the first terms of a sum, and how many more there are."""
    first = [text(term) for term in terms[:1]]
    following = [f"{MINUS if term < 0 else '+'} {text(abs(term))}" for term in terms[1:TERMS]]
    more = [f"+ {len(terms) - TERMS} more"] if len(terms) > TERMS else []
    return " ".join([*first, *following, *more])


# -- the loop
# -------------------------------------------------------------------------------------------------


@cache
def loop_source() -> list[str]:
    """Return the lines of the backward loop, from its source."""
    source = inspect.getsource(backward).splitlines()
    loop = source[_loop().lineno - 1 :]
    margin = len(loop[0]) - len(loop[0].lstrip())
    return [line[margin:] for line in loop]


@cache
def loop_lines() -> Mapping[str, tuple[int, ...]]:
    """Return which lines of the loop each kind of frame runs."""
    loop = _loop()
    [over_nodes] = loop.body
    assert isinstance(over_nodes, ast.For)
    is_zero, over_parents = over_nodes.body
    assert isinstance(is_zero, ast.If) and isinstance(over_parents, ast.For)
    runs: dict[str, list[ast.stmt]] = {
        "seed": [loop],
        "visit": [over_nodes],
        "skip": [is_zero, *is_zero.body],
        "send": over_parents.body,
    }
    first = loop.lineno
    return {kind: tuple(line.lineno - first for line in lines) for kind, lines in runs.items()}


def _loop() -> ast.With:
    """Return the syntax of the loop, which stands in a `with` statement."""
    [function] = ast.parse(inspect.getsource(backward)).body
    assert isinstance(function, ast.FunctionDef)
    loop = function.body[-1]
    assert isinstance(loop, ast.With)
    return loop
