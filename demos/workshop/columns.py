"""What is measured of a learner's file: for each exercise a table of columns.

A column has a name, which is also how a message quotes it, and a function that takes the names of
the learner's file and returns a number. What is right is not said here.

>>> names = {"central_difference": lambda f, x, h: (f(x + h) - f(x)) / h}
>>> round(COLUMNS[1]["central_difference of x * x * x at x = 2, h = 0.5"](names), 4)
15.25
"""

TYPE_CHECKING = False  # a check is quicker without the module typing
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Names = dict[str, Any]
    Measure = Callable[[Names], Any]

MOST_READS = 10_000  # of `parents`, for 29 Values: much for any order, little for all paths

# What a file has to define; the names that are missing are told before anything is measured.
REQUIRED = {
    1: ("estimates", "central_difference"),
    2: ("gradients",),
    3: ("Value",),
    4: ("Value",),
    5: ("Value", "predictions", "backward"),
    6: ("Value", "topological_order", "backward"),
    7: ("Value", "topological_order", "backward"),
    8: ("Value", "neuron", "layer", "equations", "backward"),
    9: ("Value", "train", "backward"),
    10: ("leaks", "leak"),
}


class WrongType(TypeError):
    """Raised where a number, a tuple or a Value belongs and something else is; it says what."""


# -- what is measured


def answer(table: str, key: str) -> "Measure":
    """Return the measure of an answer that was written into a dict."""

    def measure(names: "Names") -> object:
        answers = names[table]
        if not isinstance(answers, dict):
            raise WrongType(f"{table} is {text(answers)}, should be a dict: keep the names in it")
        if key not in answers:
            raise WrongType(f'{table} has no "{key}": put the line back, with your answer')
        return answers[key]

    return measure


def local(build: "Callable[..., Any]", *at: float, slot: int = 0) -> "Measure":
    """Return the measure of a local derivative: that for the parent number `slot`."""

    def measure(names: "Names") -> object:
        derivatives = derivatives_of(build(*map(names["Value"], at)))
        return derivatives[slot] if slot < len(derivatives) else "nothing"

    return measure


def derivatives_of(node: "Any") -> "list[Any]":
    """Return the local derivatives of a Value. Raises WrongType if they are no tuple or list."""
    held = a_value(node, "the operation").local_derivatives
    if isinstance(held, (tuple, list)):
        return [*held]
    remedy = "put each number in its place: (for self, for other)"
    if not hasattr(held, "__iter__"):
        remedy = f"with one parent it is ({text(held)},), and the comma makes it a tuple"
        if len(node.parents) > 1:
            remedy = "write one number for each parent: (for self, for other)"
    raise WrongType(f"the local derivatives are {text(held)}, should be a tuple: {remedy}")


def text(got: object) -> str:
    return f"{got:.4g}" if isinstance(got, float) else f"{got!r:.60}"


def a_value(got: "Any", what: str) -> "Any":
    """Return what a learner's function gave. Raises WrongType if it is no Value."""
    if hasattr(got, "parents"):
        return got
    remedy = "is a return missing?" if got is None else "compute with Values, and not with .data"
    raise WrongType(f"{what} gives {text(got)}, should be a Value: {remedy}")


def how_many_derivatives(build: "Callable[..., Any]", *at: float) -> "Measure":
    return lambda names: len(derivatives_of(build(*map(names["Value"], at))))


def grad(build: "Callable[[Any], Any]", at: float) -> "Measure":
    """Return the measure of x.grad after the learner's backward pass."""

    def measure(names: "Names") -> object:
        x = names["Value"](at)
        names["backward"](build(x))
        return x.grad

    return measure


def fork(h: "Any", x: "Any") -> "Any":
    return h + h * x


def fork_reversed(h: "Any", x: "Any") -> "Any":
    return h * x + h


def deep(x: "Any") -> "Any":
    """Return a computation in which no two ways of visiting give the same numbers by chance."""
    a = x * x
    b = (a + x) * a
    c = b + a
    return c * b + a


def seed(names: "Names") -> object:
    root = names["Value"](2.0) * names["Value"](3.0)
    names["backward"](root)
    return root.grad


def kept(names: "Names") -> object:
    x = names["Value"](3.0)
    return len((x * x).parents)


def doubled(value: "Any", times: int) -> "Any":
    for _ in range(times):
        value = value + value
    return value


class Enough(BaseException):
    """Raised where `parents` was read too often; no `except Exception` catches it."""


def again_and_again(names: "Names") -> object:
    """Return 1 if the work doubles with each Value of a chain, 0 if it doesn't."""
    cls, reads = names["Value"], 0
    before = cls.__dict__.get("parents")  # a slot, or nothing

    def get(self: "Any") -> object:
        nonlocal reads
        reads += 1
        if reads > MOST_READS:
            raise Enough
        return before.__get__(self, cls) if before else self.__dict__["parents"]

    def put(self: "Any", value: object) -> None:
        if before:
            before.__set__(self, value)
        else:
            self.__dict__["parents"] = value

    cls.parents = property(get, put)
    try:
        names["backward"](doubled(cls(1.0), 28))
    except Enough:
        return 1
    finally:
        if before:
            cls.parents = before
        else:
            del cls.parents
    return 0


def order_of(names: "Names") -> "tuple[list[Any], list[Any]]":
    """Return what the learner's topological_order gives for a root, and all its Values."""
    x = names["Value"](0.5)
    root = deep(fork(x.tanh(), x))
    every, waiting = [root], [root]
    while waiting:
        new = [p for p in waiting.pop().parents if not any(p is e for e in every)]
        new = [p for i, p in enumerate(new) if not any(p is q for q in new[:i])]
        every += new
        waiting += new
    return list(names["topological_order"](root)), every


def place(node: object, order: "list[Any]") -> int:
    return next((i for i, other in enumerate(order) if other is node), -1)


def missing(names: "Names") -> object:
    order, every = order_of(names)
    return sum(place(node, order) < 0 for node in every if node.parents)


def twice(names: "Names") -> object:
    order, _ = order_of(names)
    return sum(place(node, order) < i for i, node in enumerate(order))


def too_early(names: "Names") -> object:
    order, _ = order_of(names)
    return sum(
        any(place(parent, order) > i for parent in getattr(node, "parents", ()))
        for i, node in enumerate(order)
    )


def deep_chain(names: "Names") -> object:
    """Return 1 if a chain of 3,000 Values works, 0 if Python's limit of calls is in the way."""
    y = x = names["Value"](1.0)
    for _ in range(3000):
        y = y + x
    try:
        names["backward"](y)
    except RecursionError:
        return 0
    return 1


def neuron(quantity: "Callable[..., Any]") -> "Measure":
    """Return the measure of something of a neuron with two inputs."""

    def measure(names: "Names") -> object:
        weights, inputs = [*map(names["Value"], (0.5, -0.25))], [*map(names["Value"], (1.0, 2.0))]
        bias = names["Value"](0.75)
        output = a_value(names["neuron"](weights, inputs, bias), "neuron")
        names["backward"](output)
        return quantity(output, weights, inputs, bias)

    return measure


def layer(quantity: "Callable[[Any], Any]") -> "Measure":
    """Return the measure of something of the outputs of a layer of three neurons."""

    def measure(names: "Names") -> object:
        value = names["Value"]
        weights = [[value(a), value(b)] for a, b in ((0.5, -0.25), (1.0, 0.5), (0.0, 2.0))]
        biases = [*map(value, (0.75, -1.0, 0.25))]
        outputs = names["layer"](weights, [value(1.0), value(2.0)], biases)
        if outputs is None or not hasattr(outputs, "__iter__"):
            remedy = "is a return missing?" if outputs is None else "one for each neuron"
            raise WrongType(f"layer gives {text(outputs)}, should be a list of Values: {remedy}")
        return quantity([a_value(output, "a neuron of the layer") for output in outputs])

    return measure


def trained(examples: "list[tuple[float, float]]", step: int) -> "Measure":
    """Return the measure of w after a number of steps with rate 0.1, from 0."""

    def measure(names: "Names") -> object:
        path = names["train"](names["Value"](0.0), examples, 0.1, step)
        return path[step - 1] if len(path) >= step else "nothing"

    return measure


def size_of_leak(letter: str) -> "Measure":
    return lambda names: abs(names["leak"](letter).grad)


POINT = "at x = 3, y = 4"
OTHER = "at x = -2, y = 0.5"  # so that numbers which are written down for one point do not pass
PLUS_TIMES: "dict[str, Measure]" = {
    f"z = x + y {POINT}: z.data": lambda names: (names["Value"](3.0) + names["Value"](4.0)).data,
    f"z = x + y {POINT}: the local derivative for x": local(lambda x, y: x + y, 3.0, 4.0),
    f"z = x + y {POINT}: the local derivative for y": local(lambda x, y: x + y, 3.0, 4.0, slot=1),
    f"z = x * y {POINT}: z.data": lambda names: (names["Value"](3.0) * names["Value"](4.0)).data,
    f"z = x * y {POINT}: the local derivative for x": local(lambda x, y: x * y, 3.0, 4.0),
    f"z = x * y {POINT}: the local derivative for y": local(lambda x, y: x * y, 3.0, 4.0, slot=1),
    f"z = x + y {POINT}: how many local derivatives z has": how_many_derivatives(
        lambda x, y: x + y, 3.0, 4.0
    ),
    f"z = x * y {POINT}: how many local derivatives z has": how_many_derivatives(
        lambda x, y: x * y, 3.0, 4.0
    ),
    f"z = x + y {OTHER}: the local derivative for x": local(lambda x, y: x + y, -2.0, 0.5),
    f"z = x * y {OTHER}: the local derivative for x": local(lambda x, y: x * y, -2.0, 0.5),
    f"z = x * y {OTHER}: the local derivative for y": local(lambda x, y: x * y, -2.0, 0.5, slot=1),
    "z = x * x: how many parents z has": kept,
}
FUNCTIONS: "dict[str, Measure]" = {
    "tanh(x) at x = 0.5: the local derivative": local(lambda x: x.tanh(), 0.5),
    "tanh(x) at x = -2: the local derivative": local(lambda x: x.tanh(), -2.0),
    "relu(x) at x = -1.5: the local derivative": local(lambda x: x.relu(), -1.5),
    "relu(x) at x = 0.5: the local derivative": local(lambda x: x.relu(), 0.5),
    "relu(x) at x = 0: the local derivative": local(lambda x: x.relu(), 0.0),
    "exp(x) at x = 1: the local derivative": local(lambda x: x.exp(), 1.0),
    "exp(x) at x = -2: the local derivative": local(lambda x: x.exp(), -2.0),
    "tanh(x) at x = 0.5: its data": lambda names: names["Value"](0.5).tanh().data,
    "exp(x) at x = 1: its data": lambda names: names["Value"](1.0).exp().data,
    "relu(x) at x = 0.5: its data": lambda names: names["Value"](0.5).relu().data,
    "relu(x) at x = -0.5: its data": lambda names: names["Value"](-0.5).relu().data,
}
BACKWARD: "dict[str, Measure]" = {
    "y = x * x at x = 3: x.grad": grad(lambda x: x * x, 3.0),
    "y = x + x at x = 3: x.grad": grad(lambda x: x + x, 3.0),
    "h = tanh(x); y = h + h*x at x = 0.5: x.grad": grad(lambda x: fork(x.tanh(), x), 0.5),
    "h = tanh(x); y = h*x + h at x = 0.5: x.grad": grad(lambda x: fork_reversed(x.tanh(), x), 0.5),
    "y = exp(x) at x = 1: x.grad": grad(lambda x: x.exp(), 1.0),
    "h = exp(x); y = h + h*x at x = 1: x.grad": grad(lambda x: fork(x.exp(), x), 1.0),
    "y = relu(x) at x = -1.5: x.grad": grad(lambda x: x.relu(), -1.5),
    "h = relu(x); y = h + h*x at x = 2: x.grad": grad(lambda x: fork(x.relu(), x), 2.0),
    "a = x*x; b = (a + x)*a; c = b + a; y = c*b + a at x = 1.5: x.grad": grad(deep, 1.5),
    "y = x * w at x = 2, w = 3: y.grad": seed,
    "z = x * x: how many parents z has": kept,
    "29 Values, each the one before plus itself: is one visited again and again": again_and_again,
}
ORDER: "dict[str, Measure]" = {
    "topological_order: how many Values are missing": missing,
    "topological_order: how many are in it twice": twice,
    "topological_order: how many stand before one of their parents": too_early,
}
COLUMNS: "dict[int, dict[str, Measure]]" = {
    1: {
        f'estimates["{key}"]': answer("estimates", key)
        for key in ("square at 5", "line at 10", "inverse at 2")
    }
    | {
        "central_difference of x * x * x at x = 2, h = 0.5": lambda names: names[
            "central_difference"
        ](lambda x: x * x * x, 2.0, 0.5),
        "central_difference of 1 / x at x = 0.5, h = 0.25": lambda names: names[
            "central_difference"
        ](lambda x: 1.0 / x, 0.5, 0.25),
    },
    2: {f'gradients["{key}"]': answer("gradients", key) for key in "dfceba"},
    3: PLUS_TIMES,
    4: PLUS_TIMES | FUNCTIONS,
    5: {
        f'predictions["{key}"]': answer("predictions", key)
        for key in ("y = x * x, at x = 3", "h = x + x; y = h + h * x, at x = 2")
    }
    | BACKWARD
    | FUNCTIONS,
    6: ORDER | BACKWARD | FUNCTIONS,
    7: BACKWARD | FUNCTIONS,
    8: {
        "neuron of w = 0.5, -0.25, x = 1, 2, b = 0.75: the output": neuron(lambda o, *_: o.data),
        "neuron of w = 0.5, -0.25, x = 1, 2, b = 0.75: b.grad": neuron(lambda o, w, x, b: b.grad),
        "neuron of w = 0.5, -0.25, x = 1, 2, b = 0.75: the grad of the second weight": neuron(
            lambda o, w, x, b: w[1].grad
        ),
        "layer of three neurons: how many outputs": layer(len),
        "layer of three neurons: the sum of the outputs": layer(
            lambda outputs: sum(output.data for output in outputs)
        ),
    }
    | {
        f'equations["{key}"]': answer("equations", key)
        for key in (
            "bias.grad = z.grad * 1",
            "weight.grad = z.grad * input",
            "z.grad = (v * z2.grad + w * z3.grad) * (1 - output * output)",
            "z.grad = 2 * (output - target) * (1 - output * output)",
        )
    },
    9: {
        "(w - 3) squared: w after step 1": trained([(1.0, 3.0)], 1),
        "(w - 3) squared: w after step 2": trained([(1.0, 3.0)], 2),
        "(w - 3) squared: w after step 7": trained([(1.0, 3.0)], 7),
        "two examples, (1, 2) and (2, 8): w after step 1": trained([(1.0, 2.0), (2.0, 8.0)], 1),
        "two examples, (1, 2) and (2, 8): w after step 3": trained([(1.0, 2.0), (2.0, 8.0)], 3),
    },
    10: {f'leaks["{letter}"]': answer("leaks", letter) for letter in "ABCD"}
    | {f"the size of the gradient of x in {letter}": size_of_leak(letter) for letter in "ABCD"},
}
# Measured as well, and not judged: what is said when the exercise has passed.
NOTES: "dict[int, dict[str, Measure]]" = {
    6: {"a chain of 3,000": deep_chain},
}
