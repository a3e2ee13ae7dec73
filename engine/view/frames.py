"""The frames that a stepper page plays: one for every step of the forward and of the backward pass.

Their texts are templates: where a number belongs stands what it is the number of, such as the grad
of card 3, and the page puts the numbers in, which change with its leaves.

>>> from engine import Value
>>> from engine.view.scene import Scene
>>> a, b = Value(-2.0, label="a"), Value(3.0, label="b")
>>> root = a * b
>>> frames = Frames(Scene.of(root), Notation({}))
>>> told = list(frames.backward())
>>> [frame.kind for frame in told]
['ready', 'seed', 'skip', 'visit', 'send', 'send', 'done']
>>> print(told[4].numbers.replace(MARK, "|"))
a.grad += |g2| × |(l0| = |c0|
"""

import ast
import inspect
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from ..backward import backward
from ..formula import (
    CHAINS,
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
from .collapse import Group
from .neurons import operation_of
from .scene import MINUS, Card, Pill, Scene

MOST = 24  # terms of a sum or product that are spelled out in numbers
MARK = "\x7f"  # around what stands for a number; `printable` lets no label have one


def number_of(kind: str, of: int, in_brackets: bool = False) -> str:
    """Return what stands for a number: `v` for the data of a node.

    Of a card `d` is the data and `g` the grad. Of an edge `l` is the local derivative, `c` the
    contribution, `b` and `a` are the parent's grad before and after it, `s` is the sum of what the
    edge carries, and `t` its rule with its numbers. Of a card that sends nothing `w` is the reason.
    Brackets stand around a negative number.
    """
    return f"{MARK}{'(' * in_brackets}{kind}{of}{MARK}"


@dataclass
class Frame:
    """One step, in templates. `rule` is in symbols, `numbers` the same in numbers.

    They are "" and None where it has none. Of a card that is visited the page plays either `skip`
    or `visit` with what it sends.
    """

    kind: str
    node: int | None = None
    edge: int | None = None
    say: str = ""
    rule: str = ""
    numbers: str = ""
    sum: str = ""


class Notation:
    """How values and derivatives are written on the page; `names` are for nodes without a label."""

    def __init__(self, names: Names, numbers: Mapping[Node, int] = MappingProxyType({})):
        self.names, self.numbers = names, numbers  # of the nodes, as `explain.numbered` has them

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

    def equation(self, pill: Pill, edge: int) -> str:
        """Return `∂(a·b)/∂a = b = 3`, with the number of the edge for 3.

        The number alone stands where the symbols are the number, or where a border is crossed.
        """
        node, parent = pill.step.node, pill.step.parent
        if not pill.is_single:
            return f"the sum over {edge_count(pill)}"
        is_plain = not isinstance(node, Group) and not isinstance(parent, Group)
        slope = self.slopes(node)[pill.step.slot] if is_plain else ""
        left = self.derivative(node, parent, pill.operand)
        return f"{left} = {_equation(slope, number_of('l', edge))}"

    def computation(self, node: Node, card: int) -> tuple[str, str]:
        """Return what the forward pass computes for a card, in symbols and in numbers."""
        data = number_of("d", card)
        if isinstance(node, Group):
            count = len(node.outputs)
            what = f"the sum of its {count} outputs" if count > 1 else "its output"
            return f"{node.label}: {len(node.members)} values inside", f"{what} = {data}"
        return printable(self.expression(node), 200), f"= {_equation(self._formula(node), data)}"

    def _formula(self, node: Node) -> str:
        """Return a node as its operation on the numbers of its operands; "" of too many."""
        if not 1 < len(node.parents) <= MOST and operation_of(node).name in CHAINS:
            return ""
        numbers = [number_of("v", self.numbers[x], in_brackets=True) for x in node.parents]
        formula = forward(operation_of(node), numbers).replace("-", MINUS)
        formula = MARK.join(printable(part, 400) for part in formula.split(MARK))
        for number in numbers:  # brackets around a number need no second ones
            formula = formula.replace(f"({number})", f"({number.replace('(', '', 1)})")
        return formula


class Frames:
    """The frames of a scene in order; nothing of the graph is changed."""

    def __init__(self, scene: Scene, notation: Notation):
        self.notation = notation
        self.cards: dict[Node, Card] = {card.node: card for card in scene.cards}
        self.root = next(card.node for card in scene.cards if card.is_root)
        self.order = [node for node in self.cards if not is_leaf(node)]
        self.edges = edge_numbers(scene.pills)
        self.pills_of: dict[Node, list[Pill]] = {node: [] for node in self.order}
        for pill in scene.pills:
            self.pills_of[pill.step.node].append(pill)

    def forward(self) -> Iterator[Frame]:
        """Yield a frame for every value that is computed."""
        say = "The forward pass: every operation computes its data, from the leaves to the root."
        yield Frame("start", say=say)
        for node in self.order:
            number = self.cards[node].number
            rule, numbers = self.notation.computation(node, number)
            say = f"Compute {self.notation.name(node)}."
            yield Frame("compute", number, say=say, rule=rule, numbers=numbers)

    def backward(self) -> Iterator[Frame]:
        """Yield frames for every visit, and one for every contribution."""
        say = "Every grad starts at 0. The backward pass walks the order in reverse, from the root."
        yield Frame("ready", say=say)
        yield self._seed()
        for node in reversed(self.order):
            yield self._skip(node)
            yield self._visit(node)
            yield from map(self._send, self.pills_of[node])
        yield Frame("done", say="Done: every grad is the sum of all contributions that arrived.")

    def count(self) -> int:
        """Return how many frames of the backward pass are played, with the numbers as they are."""
        grads = {self.root: 1.0}
        for node in reversed(self.order):
            for pill in self.pills_of[node]:
                grads[pill.step.parent] = pill.step.after
        played = 3  # ready, seed, done
        for node, pills in self.pills_of.items():
            is_quiet = all(pill.step.contribution == 0.0 for pill in pills)
            is_skipped = grads.get(node, 0.0) == 0.0 and is_quiet
            played += 1 if is_skipped else 1 + len(pills)
        return played

    def _seed(self) -> Frame:
        root, notation = self.root, self.notation
        return Frame(
            "seed",
            self.cards[root].number,
            say=f"The seed: {notation.name(root)} changes as fast as itself.",
            rule=f"{notation.derivative(root, root)} = 1",
            numbers=f"{notation.bracketed(root)}.grad = 1",
        )

    def _skip(self, node: Node) -> Frame:
        grad = f"{self.notation.bracketed(node)}.grad"
        rule, numbers = self._sum_of(node)
        reason = number_of("w", self.cards[node].number)
        return Frame(
            "skip",
            self.cards[node].number,
            rule=f"{grad} = {rule}" if rule else "",
            numbers=f"{grad} = {_equation(numbers, '0')}",
            say=f"Visit {self.notation.name(node)}. It sends nothing, for {reason}.",
        )

    def _sum_of(self, node: Node) -> tuple[str, str]:
        """Return the sum behind a grad, in symbols and in numbers; "" of many or bundled edges."""
        pills = [pill for each in reversed(self.order) for pill in self.pills_of[each]]
        pills = [pill for pill in pills if pill.step.parent is node]
        if len(pills) > 3 or not all(pill.is_single for pill in pills):
            return "", ""
        notation = self.notation
        rules = [
            f"{notation.bracketed(pill.step.node)}.grad × "
            f"{notation.derivative(pill.step.node, node, pill.operand)}"
            for pill in pills
        ]
        numbers = [
            f"{number_of('g', pill.child.number)} × {number_of('l', self.edges[id(pill)], True)}"
            for pill in pills
        ]
        return " + ".join(rules), " + ".join(numbers)

    def _visit(self, node: Node) -> Frame:
        name, number = self.notation.name(node), self.cards[node].number
        users = f"Everything that uses {name} has passed its contributions on"
        reason = f"{users}, so its grad is final."
        if node is self.root:
            reason = "It is the root: its grad is the seed."
        return Frame(
            "visit",
            number,
            say=f"Visit {name}. {reason}",
            numbers=f"{self.notation.bracketed(node)}.grad = {number_of('g', number)}",
        )

    def _send(self, pill: Pill) -> Frame:
        step, notation, edge = pill.step, self.notation, self.edges[id(pill)]
        to = f"{notation.bracketed(step.parent)}.grad"
        if pill.is_single:
            how = f":  {number_of('t', edge)}"
            derivative = notation.derivative(step.node, step.parent, pill.operand)
            rule = f"{notation.bracketed(step.node)}.grad × {derivative}"
            grad = number_of("g", pill.child.number)
            numbers = f"{grad} × {number_of('l', edge, in_brackets=True)}"
        else:
            is_sum, edges = pill.edges > 1, edge_count(pill)
            how = f" along {edges}." + (" This step is their sum." if is_sum else "")
            rule = f"{'Σ ' if is_sum else ''}grad × local, over {edges}"
            numbers = number_of("s", edge) if is_sum else ""
        names = notation.name(step.node), notation.name(step.parent)
        return Frame(
            "send",
            pill.parent.number,
            edge,
            say=f"{names[0]} sends its contribution to {names[1]}{how}",
            rule=f"{to} += {rule}",
            numbers=f"{to} += {_equation(numbers, number_of('c', edge))}",
            sum=f"{to}: {number_of('b', edge)} → {number_of('a', edge)}",
        )


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


# -- texts
# -------------------------------------------------------------------------------------------------


def _equation(formula: str, number: str) -> str:
    """Return `b = 3`, or the number alone where the formula is a number too."""
    return number if not formula or _is_number(formula) else f"{formula} = {number}"


def _is_number(formula: str) -> bool:
    try:
        float(formula.replace(MINUS, "-"))
    except ValueError:
        return False
    return True


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
