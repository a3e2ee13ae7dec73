"""A quiz: random expressions, and every gradient worked out.

>>> from demos.workshop.quiz import questions, task, worked
>>> [question] = questions(seed=7, level=2, count=1)
>>> print(task(question))
f = (c - b)²·b + a    a = 2, b = 3, c = 5
>>> for line in worked(question):
...     print(line)
u = c - b = 2
v = u² = 4
w = v·b = 12
f = w + a = 14
f.grad = 1
w.grad = 1 × 1 = 1
v.grad = 1 × 3 = 3
u.grad = 3 × 4 = 12
a.grad = 1 × 1 = 1
b.grad = 1 × 4 + 12 × (-1) = 4 + (-12) = -8
c.grad = 12 × 1 = 12

The same seed and level give the same quiz on every computer. Level 1 has + and × and uses each
letter once. In level 2 a letter is used twice, and there are − and squares. Level 3 adds tanh, relu
and exp. All numbers of levels 1 and 2 are whole, so that paper is enough.
"""

import html
from collections.abc import Iterable, Iterator, Sequence
from random import Random
from typing import NamedTuple

from engine import Value
from engine.explain import arrivals
from engine.formula import expression, symbol
from engine.graph import topological_order
from engine.printing import number

from .poster import tall_picture

WHOLE = (-4, -3, -2, 2, 3, 4, 5)
PARTS = (-2.0, -1.5, -1.0, -0.5, 0.5, 1.0, 1.5, 2.0)
LARGEST = 60.0  # of a number that somebody computes on paper
LEVELS = (1, 2, 3)
MOST = 40  # questions of one quiz
ROUNDED = "Numbers are shown with four digits and computed with all of them."


class Question(NamedTuple):
    """One expression, f: as text, as a graph whose nodes have letters, and its leaves in order."""

    text: str
    root: Value
    leaves: list[Value]


def questions(seed: int, level: int, count: int = 6) -> list[Question]:
    """Return so many different expressions of a level."""
    random = Random(f"quiz {seed} {level}")
    by_text: dict[str, Question] = {}
    while len(by_text) < count:
        question = _drawn(random, level)
        if _is_fair(question, level):
            by_text.setdefault(question.text, question)
    return list(by_text.values())


def _drawn(random: Random, level: int) -> Question:
    """Return a random expression: two parts at a time become one, until one is left."""
    letters = "abc" if random.random() < 0.6 else "abcd"[: 2 if level > 1 else 4]
    choice = PARTS if level == 3 else WHOLE
    leaves = [Value(random.choice(choice), label=letter) for letter in letters]
    parts = [*leaves, *random.sample(leaves, min(level - 1, len(leaves)))]
    signs = "+×" if level == 1 else "++××−"
    random.shuffle(parts)
    functions = level - 1
    while len(parts) > 1:
        a, b = parts.pop(), parts.pop(random.randrange(len(parts)))
        sign = random.choice(signs)
        part = a + b if sign == "+" else a * b if sign == "×" else a - b
        if functions and random.random() < 0.4:
            part, functions = _function(random, level, part), functions - 1
        parts.append(part)
    [root] = parts
    question = Question(f"f = {symbol(root, depth=99)}", root, leaves)
    for node, letter in zip(topological_order(root)[0], "uvwxyzpqrst"):
        node.label = letter
    root.label = "f"
    return question


def _function(random: Random, level: int, x: Value) -> Value:
    if level == 2:
        return x**2
    return random.choice([x.tanh, x.relu, x.exp, x.square])()


def _is_fair(question: Question, level: int) -> bool:
    """Whether every number can be computed on paper, and every letter has a gradient."""
    order, leaves = topological_order(question.root)
    question.root.backward()
    numbers = [abs(x) for node in (*order, *leaves) for x in (node.data, node.grad)]
    names = [node.operation.name for node in order if node.operation]
    return (
        max(numbers) <= LARGEST
        and all(node.grad for node in leaves)
        and all(node.data for node in order)
        and not any(_is_idle(node) for node in order)
        and (level < 3 or bool({"tanh", "relu", "exp"} & {*names}))
        and len({*names}) > min(level, 2)
    )


def _is_idle(node: Value) -> bool:
    """Whether a node is x - x or x + x, which nobody writes, or a saturated tanh."""
    name = node.operation.name if node.operation else ""
    twice = len(node.parents) == 2 and node.parents[0] is node.parents[1]
    return (twice and name != "multiply") or (name == "tanh" and abs(node.data) > 0.95)


# -- texts
# -------------------------------------------------------------------------------------------------


def task(question: Question) -> str:
    """Return the expression and the numbers of its letters on one line."""
    return f"{question.text}    {given(question)}"


def given(question: Question) -> str:
    """Return the numbers of the letters."""
    return ", ".join(f"{leaf.label} = {number(leaf.data)}" for leaf in question.leaves)


def worked(question: Question) -> list[str]:
    """Return the forward pass, a value a line, and the backward pass, a gradient a line."""
    order, _ = topological_order(question.root)
    nodes = [*reversed(order), *question.leaves]
    sums = arrivals(question.root.steps())
    forward = [f"{expression(node)} = {number(node.data)}" for node in order]
    backward = ["f.grad = 1"]
    for node in nodes[1:]:
        terms = [f"{_factor(step.upstream)} × {_factor(step.local)}" for step in sums[node]]
        parts = [_factor(step.contribution) for step in sums[node]]
        middle = f" = {' + '.join(parts)}" if len(parts) > 1 else ""
        total = number(sums[node][-1].after)
        backward.append(f"{node.label}.grad = {' + '.join(terms)}{middle} = {total}")
    return [*forward, *backward]


def _factor(x: float) -> str:
    """Return a number as a factor or a term: in brackets if it has a sign."""
    return f"({number(x)})" if x < 0.0 else number(x)


def terminal_pages(asked: Sequence[Question], title: str) -> tuple[str, str]:
    """Return the page with the questions and the page with the answers."""
    ask = [title, "", "Compute f, then the gradient of f by every letter.", ""]
    ask += [f"{i:>2}  {task(question)}" for i, question in enumerate(asked, 1)]
    answers = ["Answers", *_note(asked)]
    for i, question in enumerate(asked, 1):
        answers += [
            "",
            f"{i:>2}  {task(question)}",
            *(f"      {line}" for line in worked(question)),
        ]
    return "\n".join(ask), "\n".join(answers)


def _note(asked: Sequence[Question]) -> list[str]:
    """Return what to say of the digits, unless all numbers are whole."""
    numbers = [leaf.grad for question in asked for leaf in question.leaves]
    return [] if all(x.is_integer() for x in numbers) else [ROUNDED]


# -- the printed page
# -------------------------------------------------------------------------------------------------

STYLE = """
body { font: 20px/1.5 Georgia, serif; color: #1f2430; background: #fff }
body { margin: 2em auto; padding: 0 1em; max-width: 56em }
h1 { font-size: 1.5em } h2 { break-before: page; font-size: 1.5em }
ol > li { margin: 0 0 1.4em; break-inside: avoid }
code, pre { font: 20px/1.45 'DejaVu Sans Mono', Menlo, Consolas, monospace }
pre { margin: .4em 0; white-space: pre-wrap }
.blank { display: inline-block; width: 4.5em; border-bottom: 2px solid #626773 }
.field { white-space: nowrap; margin-right: 1.4em }
.given { margin-left: 1em }
summary { cursor: pointer; color: #0062a3 }
svg { max-width: 100%; height: auto }
@media print { body, code, pre { font-size: 12pt } body { margin: 0; max-width: none } }
@media print { svg { max-height: 15cm } details:not([open]) { display: none } }
@page { size: A4; margin: 16mm }
"""


def html_page(asked: Sequence[Question], title: str) -> str:
    """Return one page to print: the questions, and on a sheet of their own the answers."""
    parts = [
        "<p>Compute f, from the inside to the outside. Then compute the gradient of f by every",
        "letter, from the outside to the inside.</p>\n<ol>",
        *(line for question in asked for line in _asked(question)),
        "</ol>\n<h2>Answers</h2>",
        *(f"<p>{line}</p>" for line in _note(asked)),
        "<ol>",
        *(line for question in asked for line in _answered(question)),
        "</ol>",
    ]
    return document(title, parts)


def document(title: str, parts: Iterable[str]) -> str:
    """Return a page of HTML that asks no network, to project and to print."""
    name = html.escape(title)
    style = "\n".join(line.strip() for line in STYLE.strip().splitlines())
    head = (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{name}</title>'
    )
    body = "\n".join([f"<h1>{name}</h1>", *parts])
    return f"{head}\n<style>\n{style}\n</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"


def _asked(question: Question) -> Iterator[str]:
    blanks = ["f", *(f"{leaf.label}.grad" for leaf in question.leaves)]
    fields = [f'<span class="field">{name} = <span class="blank"></span></span>' for name in blanks]
    yield f"<li>{_task_in_html(question)}<br>"
    yield "".join(fields) + "</li>"


def _answered(question: Question) -> Iterator[str]:
    yield f"<li>{_task_in_html(question)}"
    yield f"<pre>{html.escape(chr(10).join(worked(question)))}</pre>"
    yield "<details><summary>The picture</summary>"
    yield tall_picture(question.root) + "</details></li>"


def _task_in_html(question: Question) -> str:
    text, numbers = html.escape(question.text), html.escape(given(question))
    return f'<code>{text}</code> <span class="given">at {numbers}</span>'
