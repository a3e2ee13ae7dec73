"""Fifteen usual misconceptions about gradients, each with the computation that shows what is true.

>>> tanh = MISCONCEPTIONS[3]
>>> print(tanh.question)
y = tanh(x) at x = 0.5. What is x.grad?
>>> shown(tanh.usual()), shown(tanh.number())
('0.75', '0.7864')

The game `python -m demos.workshop predict` asks them, and `python -m demos.workshop.build` writes
them as a page, misconceptions.md, with a picture each.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

from engine import Value, clamp
from engine.debugger.mistakes import MISTAKES, gradients

Facts = dict[str, Callable[[], float]]


class Misconception(NamedTuple):
    """What many believe, a question that tells, the usual wrong answer, and what is true."""

    belief: str
    question: str
    usual: Callable[[], float | str]  # what people say who believe it
    number: Callable[[], float]  # what is right
    why: str
    graph: Callable[[], Value]  # what the picture shows
    command: str  # the same in a terminal
    facts: Facts = {}  # noqa: RUF012 - further numbers: {name} in the question or in `why`

    def told(self, text: str) -> str:
        """Return a text of this misconception with its numbers computed."""
        return text.format(**{name: shown(fact()) for name, fact in self.facts.items()})


def leaf(x: float, label: str = "x") -> Value:
    return Value(x, label=label)


def swept(root: Value, label: str = "y") -> Value:
    """Return the root after a backward pass."""
    root.label = root.label or label
    root.backward()
    return root


def grad(f: Callable[[Value], Value], at: float) -> Callable[[], float]:
    """Return the function that computes x.grad of f(x)."""

    def number() -> float:
        x = leaf(at)
        f(x).backward()
        return x.grad

    return number


def picture(f: Callable[[Value], Value], at: float, label: str = "x") -> Callable[[], Value]:
    """Return the function that gives f(x) after a backward pass."""
    return lambda: swept(f(leaf(at, label)))


def square(x: Value) -> Value:
    y: Value = x * x
    return y


def cube(x: Value) -> Value:
    y: Value = x * x * x
    return y


def parabola(w: Value) -> Value:
    y: Value = (w - 3.0) ** 2
    return y


def descend(steps: int, zero_grad: bool, at: float = 0.0) -> float:
    """Return w after that many steps of gradient descent on (w - 3)², with rate 0.1."""
    w = leaf(at, "w")
    for _ in range(steps):
        if zero_grad:
            w.grad = 0.0
        parabola(w).backward()
        w.data -= 0.1 * w.grad
    return w.data


def twice() -> tuple[Value, Value]:
    """Return a and the root of a·a, with a = 3z at z = 2, after two backward passes."""
    a: Value = 3.0 * leaf(2.0, "z")
    a.label = "a"
    y = swept(a * a)
    y.backward()
    return a, y


def tripled(z: Value) -> Value:
    y: Value = (3.0 * z) * (3.0 * z)
    return y


def inside_once() -> float:
    """Return a.grad after one backward pass of a·a, with a = 3z at z = 2."""
    a: Value = 3.0 * leaf(2.0, "z")
    (a * a).backward()
    return a.grad


def assigned() -> float:
    """Return what a sweep with = for += leaves in x.grad, for x·x at 3."""
    x = leaf(3.0)
    return gradients(x * x, MISTAKES["assign"].ways[0])[x]


def two_neurons(first: Value, second: Value) -> Value:
    x = 1.5
    output: Value = 0.7 * (first * x).tanh() + 0.7 * (second * x).tanh()
    return parabola(output)


def distance_of_equal_weights() -> float:
    """Return how far two weights are apart after 100 steps, if they start at the same number."""
    weights = leaf(0.2, "w1"), leaf(0.2, "w2")
    for _ in range(100):
        for w in weights:
            w.grad = 0.0
        two_neurons(*weights).backward()
        for w in weights:
            w.data -= 0.1 * w.grad
    return abs(weights[0].data - weights[1].data)


def clipped(x: Value) -> Value:
    y: Value = clamp(x, -1.0, 1.0)
    return y


def sum_of_losses(w: Value) -> Value:
    y: Value = (w - 1.0) ** 2 + (w - 2.0) ** 2 + (w - 1.0) ** 2
    return y


def mean_loss(w: Value) -> Value:
    y: Value = sum_of_losses(w) / 3.0
    return y


def after_backward() -> float:
    w = leaf(1.0, "w")
    parabola(w).backward()
    return w.data


def power(w: Value) -> Value:
    y: Value = w**30
    return y


def slope_of_cube(h: float) -> float:
    """Return the slope of x³ at 2, estimated with one nudge."""
    return ((2.0 + h) ** 3 - 2.0**3) / h


def sum_of_two(x: Value) -> Value:
    y: Value = (x + leaf(2.0, "b")) * 4.0
    return y


MISCONCEPTIONS = (
    Misconception(
        "zero_grad is not needed",
        "The loss is (w - 3)², w starts at 0, the learning rate is 0.1. With zero_grad, w is "
        "{with} after 7 steps. Without zero_grad, what is w after 7 steps?",
        lambda: descend(7, zero_grad=True),
        lambda: descend(7, zero_grad=False),
        "Old gradients stay in w.grad and are added to the new one, so w goes too far, turns late, "
        "and swings around 3 for ever.",
        picture(parabola, 0.0, "w"),
        'python -m engine debug "(w - 3)**2" w=0',
        {"with": lambda: descend(7, zero_grad=True)},
    ),
    Misconception(
        "the gradients inside the graph have to be set to 0 as well",
        "a = 3z and y = a·a, at z = 2. y.backward() is called twice, and nothing is set to 0 in "
        "between. What is a.grad?",
        lambda: 2.0 * inside_once(),
        lambda: twice()[0].grad,
        "Each backward() of the engine starts the inside at 0; only leaves, such as z, add up: "
        "z.grad is {twice}, two times {once}.",
        lambda: twice()[1],
        'python -m engine debug "a = 3*z; a*a" z=2',
        {"twice": lambda: twice()[0].parents[1].grad, "once": lambda: grad(tripled, 2.0)()},
    ),
    Misconception(
        "= is enough where += is written",
        "y = x·x at x = 3. A backward pass writes each contribution to its parent with = and not "
        "with +=. What does it leave in x.grad?",
        grad(square, 3.0),
        assigned,
        "x is used twice and gets {one} two times. The second = replaces the first; only += gives "
        "{both}.",
        picture(square, 3.0),
        'python -m engine debug "x*x" x=3',
        {"one": assigned, "both": grad(square, 3.0)},
    ),
    Misconception(
        "the slope of tanh is 1 - x², with the input x",
        "y = tanh(x) at x = 0.5. What is x.grad?",
        lambda: 1.0 - 0.5**2,
        grad(lambda x: x.tanh(), 0.5),
        "The slope is 1 minus the square of the output: 1 - tanh(x)².",
        picture(lambda x: x.tanh(), 0.5),
        'python -m engine debug "tanh(x)" x=0.5',
    ),
    Misconception(
        "the slope of exp is its input",
        "y = exp(x) at x = 1. What is x.grad?",
        lambda: 1.0,
        grad(lambda x: x.exp(), 1.0),
        "The slope of exp is its output, exp(x).",
        picture(lambda x: x.exp(), 1.0),
        'python -m engine debug "exp(x)" x=1',
    ),
    Misconception(
        "a grad of 0 before backward() is the gradient",
        "y = x·x at x = 3, and backward() has not been called: x.grad is 0. What is the gradient "
        "of y with respect to x?",
        lambda: 0.0,
        grad(square, 3.0),
        "The 0 means that nothing has arrived yet. A picture shows it as – and says: forward only.",
        lambda: square(leaf(3.0)),
        'python -m engine draw "x*x" x=3 -o forward.svg',
    ),
    Misconception(
        "weights that start equal learn to differ",
        "Two neurons have the same input and start with the same weight, 0.2. After 100 steps of "
        "training, how far are the two weights apart?",
        lambda: "more than 0",
        distance_of_equal_weights,
        "Equal weights get equal gradients, in each step, for ever. That is why weights start at "
        "random.",
        lambda: swept(two_neurons(leaf(0.2, "w1"), leaf(0.2, "w2"))),
        'python -m engine debug "(0.7*tanh(1.5*a) + 0.7*tanh(1.5*b) - 3)**2" a=0.2 b=0.2',
    ),
    Misconception(
        "a dead relu recovers by itself",
        "y = relu(2w) at w = -1.5. What is w.grad?",
        lambda: 2.0,
        grad(lambda x: (2.0 * x).relu(), -1.5),
        "Below 0 the slope of relu is 0, and 2 times 0 is 0: w gets no gradient and stays there.",
        picture(lambda x: (2.0 * x).relu(), -1.5, "w"),
        'python -m engine debug "relu(2*w)" w=-1.5',
    ),
    Misconception(
        "a saturated neuron goes on learning",
        "y = tanh(20x) at x = 1. What is x.grad?",
        lambda: 20.0,
        grad(lambda x: (20.0 * x).tanh(), 1.0),
        "tanh(20) is so near to 1 that the slope of tanh is as good as 0 there, and so is 20 times "
        "this slope.",
        picture(lambda x: (20.0 * x).tanh(), 1.0),
        'python -m engine debug "tanh(20*x)" x=1',
    ),
    Misconception(
        "depth does no harm",
        "y = w multiplied by itself thirty times, w³⁰, at w = 1.5. What is w.grad, about?",
        lambda: 30.0 * 1.5,
        grad(power, 1.5),
        "The slope is 30·w²⁹, and 1.5²⁹ is {large}: the gradient explodes. At w = 0.5 it vanishes: "
        "{small}.",
        picture(power, 1.5, "w"),
        'python -m engine debug "w**30" w=1.5',
        {"large": lambda: 1.5**29, "small": grad(power, 0.5)},
    ),
    Misconception(
        "to clip a value is to clip its gradient",
        "y = clamp(x, -1, 1) at x = 5: y is 1. What is x.grad?",
        lambda: 1.0,
        grad(clipped, 5.0),
        "Where the value is cut off, y no longer moves with x, so the gradient is not small but 0.",
        picture(clipped, 5.0),
        'python -m engine debug "clamp(x, -1, 1)" x=5',
    ),
    Misconception(
        "a smaller nudge is always better",
        "The slope of x³ at 2 is {slope}. What does one nudge of h = 0.00000000000000001 say?",
        grad(cube, 2.0),
        lambda: slope_of_cube(1e-17),
        "2 + h is 2 for the computer, so nothing moves. With h = 0.001 the same formula says "
        "{better}.",
        picture(cube, 2.0),
        'python -m engine debug "x*x*x" x=2',
        {"slope": grad(cube, 2.0), "better": lambda: slope_of_cube(0.001)},
    ),
    Misconception(
        "backpropagation is gradient descent",
        "The loss is (w - 3)² and w = 1. loss.backward() is called. What is w now?",
        lambda: descend(1, zero_grad=True, at=1.0),
        after_backward,
        "backward() computes gradients and changes no data. The step, w -= rate · w.grad, is left "
        "to you.",
        picture(parabola, 1.0, "w"),
        'python -m engine debug "(w - 3)**2" w=1',
    ),
    Misconception(
        "it makes no difference whether losses are summed or averaged",
        "Three losses, (w - 1)², (w - 2)² and (w - 1)², at w = 2. The gradient of their sum is "
        "{sum}. What is the gradient of their mean?",
        grad(sum_of_losses, 2.0),
        grad(mean_loss, 2.0),
        "The mean is a third of the sum, and so is its gradient. With sums, the learning rate has "
        "to change when the batch does.",
        picture(mean_loss, 2.0, "w"),
        'python -m engine debug "((w - 1)**2 + (w - 2)**2 + (w - 1)**2)/3" w=2',
        {"sum": grad(sum_of_losses, 2.0)},
    ),
    Misconception(
        "a sum splits the gradient among its parents",
        "y = (a + b)·4. What is a.grad?",
        lambda: 2.0,
        grad(sum_of_two, 1.0),
        "A sum hands the whole gradient to each of its parents: {a} to a, and {b} to b.",
        picture(sum_of_two, 1.0, "a"),
        'python -m engine debug "(a + b)*4" a=1 b=2',
        {"a": grad(sum_of_two, 1.0), "b": grad(sum_of_two, 2.0)},
    ),
)


def right(answer: float, number: float | str) -> bool:
    """Return whether an answer is right to the digits that a person types.

    >>> right(0.79, 0.7864), right(0.75, 0.7864), right(4e6, 3834939.9)
    (True, False, True)
    """
    if isinstance(number, str):
        return False
    return math.isclose(answer, number, rel_tol=0.05 if abs(number) > 1000 else 0.01, abs_tol=1e-9)


def shown(number: float | str) -> str:
    """Return a number as the page and the game show it.

    >>> shown(0.78644), shown(6.0), shown(3834939.9)
    ('0.7864', '6', '3,834,940')
    """
    if isinstance(number, str):
        return number
    return f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.4g}"
