r"""The usual mistakes, as changes of the solutions, each in the spellings in which people make it.

>>> mutant = next(m for m in MUTANTS if m.key == "no_seed")
>>> apply(mutant, "    root.grad = 1.0\n    for node in order: pass")
'    for node in order: pass'

`fingerprints.py` runs them and writes down their numbers. The thirteen mistakes of a backward pass
are those of `engine.debugger.mistakes`; the sentences of the others stand here.
"""

from typing import NamedTuple

LOCALS = "zip(node.parents, node.local_derivatives)"
SUM = "            contribution = node.grad * local\n            parent.grad += contribution\n"
LOOP = (
    "    for node in reversed(topological_order(root)):\n"
    f"        for parent, local in {LOCALS}:\n{SUM}"
)
SEED = "    root.grad = 1.0\n"
SEND = "            parent.grad += node.grad * local\n"
VISIT = (
    "    def visit(node):\n"
    "        if node not in seen:\n"
    "            seen.add(node)\n"
    "            for parent in node.parents:\n"
    "                visit(parent)\n"
    "            order.append(node)\n"
)
TWO = "contribution = node.grad * local\n            parent.grad += contribution"


class Mutant(NamedTuple):
    """A mistake in one spelling: what is replaced by what in the solutions of some exercises."""

    key: str
    exercises: tuple[int, ...]
    edits: tuple[tuple[str, str], ...]


def apply(mutant: Mutant, source: str) -> str:
    """Return the source with the mistake in it; "" if there is no place for it."""
    for old, new in mutant.edits:
        if old not in source:
            return ""
        source = source.replace(old, new)
    return source


def _one(key: str, exercises: tuple[int, ...], old: str, *spellings: str) -> list[Mutant]:
    """Return one mutant a spelling, each a replacement of the same text."""
    return [Mutant(key, exercises, ((old, new),)) for new in spellings]


def _sweep(key: str, *bodies: str) -> list[Mutant]:
    """Return mutants that have another body of backward in the place of the loop."""
    return _one(key, (5, 6, 7), LOOP, *bodies)


BACK = (5, 6, 7)
SLOPES = (4, 5, 6, 7)
ALL = (3, 4, 5, 6, 7)

ASSIGN = _one(
    "assign",
    BACK,
    "parent.grad += contribution",
    "parent.grad = contribution",
    "parent.grad = 0.0 + contribution",
    "parent.grad =+ contribution",
    "setattr(parent, 'grad', contribution)",
) + _one("assign", BACK, TWO, "parent.grad = node.grad * local")

SET = [
    *_one(
        "parents_as_set",
        ALL,
        "self.parents = parents",
        "self.parents = set(parents)",
        "self.parents = frozenset(parents)",
        "self.parents = tuple(dict.fromkeys(parents))",
        "self.parents = tuple(p for i, p in enumerate(parents) if p not in parents[:i])",
    ),
    *_one("parents_as_set", BACK, LOCALS, f"dict({LOCALS}).items()", f"set({LOCALS})"),
    *_one(
        "parents_as_set",
        BACK,
        f"        for parent, local in {LOCALS}:\n",
        f"        sent = set()\n        for parent, local in {LOCALS}:\n"
        "            if parent in sent:\n                continue\n            sent.add(parent)\n",
    ),
]

RECURSION = [
    *_sweep(
        "naive_recursion",
        # after all contributions of a node, on to each parent
        "    def send(node):\n"
        f"        for parent, local in {LOCALS}:\n{SEND}"
        "        for parent in node.parents:\n            send(parent)\n\n    send(root)\n",
        # after each contribution, on to its parent
        "    def send(node):\n"
        f"        for parent, local in {LOCALS}:\n{SEND}"
        "            send(parent)\n\n    send(root)\n",
        # a stack and a queue, without a note of what has been visited
        "    waiting = [root]\n    while waiting:\n        node = waiting.pop()\n"
        f"        for parent, local in {LOCALS}:\n{SEND}            waiting.append(parent)\n",
        "    waiting = [root]\n    while waiting:\n        node = waiting.pop(0)\n"
        f"        for parent, local in {LOCALS}:\n{SEND}            waiting.append(parent)\n",
        # along every path with the right numbers
        "    def send(node, upstream):\n        node.grad += upstream\n"
        f"        for parent, local in {LOCALS}:\n            send(parent, upstream * local)\n\n"
        "    root.grad = 0.0\n    send(root, 1.0)\n",
    ),
    *_one(
        "naive_recursion",
        BACK,
        "        if node not in seen:\n            seen.add(node)\n",
        "        if True:\n",
    ),
    # each once in the list, and found again and again
    *_one(
        "naive_recursion",
        BACK,
        VISIT,
        "    def visit(node):\n        for parent in node.parents:\n            visit(parent)\n"
        "        if node not in order:\n            order.append(node)\n",
    ),
]

FORWARD = [
    *_one(
        "forward_order",
        BACK,
        "reversed(topological_order(root))",
        "topological_order(root)",
        "list(reversed(topological_order(root)))[::-1]",
    ),
    *_one("forward_order", BACK, "order.append(node)", "order.insert(0, node)"),
    *_one("forward_order", BACK, "    return order\n", "    return order[::-1]\n"),
    *_one(
        "forward_order",
        BACK,
        VISIT,
        VISIT.replace("            order.append(node)\n", "").replace(
            "seen.add(node)\n", "seen.add(node)\n            order.append(node)\n"
        ),
    ),
]

FIRST_MET_LIST = Mutant(
    "pre_order",
    BACK,
    (
        ("            order.append(node)\n", ""),
        (
            "            seen.add(node)\n",
            "            seen.add(node)\n            order.append(node)\n",
        ),
        ("reversed(topological_order(root))", "topological_order(root)"),
    ),
)
FIRST_MET = _sweep(
    "pre_order",
    "    seen = set()\n\n    def send(node):\n        if node in seen:\n            return\n"
    f"        seen.add(node)\n        for parent, local in {LOCALS}:\n{SEND}"
    "        for parent in node.parents:\n            send(parent)\n\n    send(root)\n",
    "    seen = set()\n\n    def send(node):\n        if node in seen:\n            return\n"
    f"        seen.add(node)\n        for parent, local in {LOCALS}:\n{SEND}"
    "            send(parent)\n\n    send(root)\n",
    "    seen, waiting = set(), [root]\n    while waiting:\n        node = waiting.pop()\n"
    "        if node in seen:\n            continue\n        seen.add(node)\n"
    f"        for parent, local in {LOCALS}:\n{SEND}            waiting.append(parent)\n",
    # noted when it is put on the stack, and not when it is taken from it
    "    seen, waiting = {root}, [root]\n    while waiting:\n        node = waiting.pop()\n"
    f"        for parent, local in {LOCALS}:\n{SEND}            if parent not in seen:\n"
    "                seen.add(parent)\n                waiting.append(parent)\n",
    "    seen, waiting = set(), [root]\n    while waiting:\n        node = waiting.pop(0)\n"
    "        if node in seen:\n            continue\n        seen.add(node)\n"
    f"        for parent, local in {LOCALS}:\n{SEND}            waiting.append(parent)\n",
)

FACTORS = [
    *_one("no_seed", BACK, SEED, "", "    root.grad = 0.0\n", "    root.gradient = 1.0\n"),
    Mutant("no_seed", BACK, ((SEED, ""), (LOOP, LOOP + SEED.replace("root.grad", "root.seed")))),
    *_one(
        "no_upstream",
        BACK,
        "contribution = node.grad * local",
        "contribution = local",
        "contribution = root.grad * local",
        "contribution = 1.0 * local",
    ),
    *_one("no_upstream", BACK, TWO, "parent.grad += local"),
    *_one(
        "product_unswapped",
        ALL,
        "(other.data, self.data)",
        "(self.data, other.data)",
        "tuple(p.data for p in (self, other))",
        "(self.data, data / self.data)",
    ),
]

TANH = [
    *_one(
        "tanh_without_square",
        SLOPES,
        "(1.0 - data * data,)",
        "(1.0 - data,)",
        "(1 - math.tanh(self.data),)",
        "(1.0 - (data),)",
    ),
    *_one(
        "tanh_of_input",
        SLOPES,
        "(1.0 - data * data,)",
        "(1.0 - self.data * self.data,)",
        "(1 - self.data**2,)",
        "(1.0 - pow(self.data, 2),)",
    ),
]
OTHERS = [
    *_one(
        "exp_is_input",
        SLOPES,
        'Value(data, (self,), (data,), "exp")',
        'Value(data, (self,), (self.data,), "exp")',
        'Value(data, (self,), (math.log(data),), "exp")',
    ),
    *_one(
        "relu_always_one",
        SLOPES,
        "(1.0 if self.data > 0.0 else 0.0,)",
        "(1.0,)",
        "(1,)",
        "(1.0 if data >= 0.0 else 0.0,)",
        "(float(data >= 0),)",
    ),
]
TWICE = [
    # the gradients inside set back, and not set back
    *_sweep(
        "backward_twice",
        "    for _ in range(2):\n        for node in topological_order(root):\n"
        "            if node.parents:\n                node.grad = 0.0\n        root.grad = 1.0\n"
        + "".join(f"    {line}\n" for line in LOOP.splitlines()),
        "    for _ in range(2):\n        root.grad = 1.0\n"
        + "".join(f"    {line}\n" for line in LOOP.splitlines()),
    ),
    Mutant("backward_twice", BACK, ((SEED + LOOP, (SEED + LOOP) * 2),)),
    Mutant("backward_twice", (9,), (("        w.grad = 0.0\n", ""),)),
    Mutant("backward_twice", (9,), (("        w.grad = 0.0\n", "        w.gradient = 0.0\n"),)),
]

# -- mistakes of single exercises, with what is said of them

SENTENCES = {
    "not_started": "these are the numbers of the start: what is written there has no effect yet",
    "value_for_slope": "that is what the function gives there, not its slope",
    "sign": "the sign is the other one: below 0 means that one falls while the other grows",
    "data_for_gradient": "that is the number itself, and not the gradient with respect to it",
    "one_sided": "that is a nudge to one side: the central difference uses f(x + h) - f(x - h)",
    "nudge_counted_once": "from x - h to x + h the input changes by 2 * h: divide by that",
    "relu_one_at_zero": "the slope of relu is 1 above 0 only: at 0 itself it is 0 here",
    "not_tanh": "a neuron's output is tanh(z), not z itself",
    "bias_missing": "the bias is added to the products",
    "first_input_only": "every weight has an input of its own: one product each, all added",
    "uphill": "the gradient says where the loss grows: w has to move the other way, with -=",
    "sum_for_mean": "the sum of the gradients has to be divided by the number of examples",
    "one_by_one": "one step moves w once, after all examples, and not after each of them",
    "zeroed_between": "set to 0 between the examples, w.grad holds the last of them only",
    "no_local": "the gradient of the node alone: was the local derivative left out?",
    "not_every_parent": "not every parent gets its contribution: does the inner loop end early?",
    "rate_missing": "the step is the rate times the mean gradient",
}
# What is said instead in an exercise that has not explained the words yet, or asks otherwise.
PRODUCT = (
    "a product x * y moves y times as much as x, and x times as much as y: are the two swapped?"
)
PLAIN: dict[int, dict[str, str]] = {
    2: {
        "no_upstream": "that is one step alone: multiply it by the gradient of its result",
        "product_unswapped": "a product moves as many times as the other factor says: swapped?",
    },
    3: {
        "product_unswapped": PRODUCT,
        "parents_as_set": "in x * x the parents are x and x: are they kept in a set?",
    },
    4: {
        "product_unswapped": PRODUCT,
        "parents_as_set": "in x * x the parents are x and x: are they kept in a set?",
    },
    5: {"product_unswapped": PRODUCT},
    6: {
        "product_unswapped": PRODUCT,
        "naive_recursion": "a Value is visited each time that it is used: note what has been seen",
        "forward_order": "backward begins with the leaves: is your list the other way round?",
        "pre_order": "a Value stands in the list before one of its parents: append it after them",
    },
    7: {"product_unswapped": PRODUCT},
}
PLAIN |= {
    n: PLAIN[n] | {"backward_twice": "an earlier backward is still in it: does backward run twice?"}
    for n in (5, 6, 7)
}

OWN = [
    *_one(
        "one_sided",
        (1,),
        "(f(x + h) - f(x - h)) / (2.0 * h)",
        "(f(x + h) - f(x)) / h",
        "(f(x) - f(x - h)) / h",
        "slope(f, x, h)",
    ),
    *_one(
        "nudge_counted_once",
        (1,),
        "(f(x + h) - f(x - h)) / (2.0 * h)",
        "(f(x + h) - f(x - h)) / h",
        "2 * (f(x + h) - f(x - h)) / (2.0 * h)",
    ),
    *_one(
        "relu_one_at_zero",
        SLOPES,
        "(1.0 if self.data > 0.0 else 0.0,)",
        "(1.0 if self.data >= 0.0 else 0.0,)",
        "(0.0 if self.data < 0.0 else 1.0,)",
    ),
    *_one("not_tanh", (8,), "return z.tanh()", "return z"),
    *_one("bias_missing", (8,), "z = bias\n", "z = Value(0.0)\n"),
    *_one("first_input_only", (8,), "z = z + weight * number", "z = bias + weight * number"),
    *_one("uphill", (9,), "w.data -= rate", "w.data += rate"),
    *_one("sum_for_mean", (9,), " / len(examples)", ""),
    *_one(
        "one_by_one",
        (9,),
        "        w.data -= rate * w.grad / len(examples)",
        "            w.data -= rate * w.grad / len(examples)",
    ),
    Mutant(
        "one_by_one",
        (9,),
        (
            ("        w.grad = 0.0\n", ""),
            (
                "            backward(loss(w, x, target))\n"
                "        w.data -= rate * w.grad / len(examples)",
                "            w.grad = 0.0\n            backward(loss(w, x, target))\n"
                "            w.data -= rate * w.grad",
            ),
        ),
    ),
    *_one(
        "zeroed_between",
        (9,),
        "            backward(loss(w, x, target))\n        w.data",
        "            w.grad = 0.0\n            backward(loss(w, x, target))\n        w.data",
        "            w.grad *= 0.0\n            backward(loss(w, x, target))\n        w.data",
    ),
    *_one("rate_missing", (9,), "rate * w.grad", "w.grad"),
    *_one("no_local", (5, 7), TWO, "parent.grad += node.grad"),
    *_one("no_local", (5, 7), "node.grad * local", "node.grad", "node.grad * 1.0"),
    *_one(
        "not_every_parent",
        (5, 7),
        SUM,
        f"{SUM}            break\n",
        f"{SUM}            if parent: break\n",
        SUM.replace("            parent", "        parent"),
    ),
    *_one("not_every_parent", (5, 7), SUM, f"{SUM}            return\n"),
]
# Wrong sorts of exercise 6, written where its marked place is.
SORTS = [
    *_one(
        "pre_order",
        (6,),
        f"    order, seen = [], set()\n\n{VISIT}\n    visit(root)\n    return order\n",
        "    order, seen = [], set()\n\n    def visit(node):\n        if node not in seen:\n"
        "            seen.add(node)\n            order.append(node)\n"
        "            for parent in node.parents:\n                visit(parent)\n\n"
        "    visit(root)\n    return order[::-1]\n",
        "    order, waiting = [], [root]\n    while waiting:\n        node = waiting.pop(0)\n"
        "        if node not in order:\n            order.append(node)\n"
        "            waiting.extend(node.parents)\n    return order[::-1]\n",
        "    order, waiting = [], [root]\n    while waiting:\n        node = waiting.pop()\n"
        "        if node not in order:\n            order.append(node)\n"
        "            waiting.extend(node.parents)\n    return order[::-1]\n",
    ),
]
# A part of the marked place is filled in, and a part is as at the start.
STARTS = [
    *_one("not_started", (1,), "return (f(x + h) - f(x - h)) / (2.0 * h)", "return 0.0"),
    *_one("not_started", (3,), '(1.0, 1.0), "+"', '(0.0, 0.0), "+"'),
    *_one("not_started", (3,), '(other.data, self.data), "*"', '(0.0, 0.0), "*"'),
    *_one("not_started", (4,), '(1.0 - data * data,), "tanh"', '(0.0,), "tanh"'),
    *_one("not_started", (4,), "(1.0 if self.data > 0.0 else 0.0,)", "(0.0,)"),
    *_one("not_started", (4,), '(data,), "exp"', '(0.0,), "exp"'),
    *_one(
        "not_started",
        (8,),
        "[neuron(row, inputs, bias) for row, bias in zip(weights, biases)]",
        "[]",
    ),
]

MUTANTS = (
    *ASSIGN,
    *SET,
    *RECURSION,
    *FORWARD,
    *FIRST_MET,
    FIRST_MET_LIST,
    *FACTORS,
    *TANH,
    *OTHERS,
    *TWICE,
    *OWN,
    *SORTS,
    *STARTS,
)
