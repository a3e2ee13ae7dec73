"""Correct spellings of the exercises of the workshop, as changes of the solutions."""

SUM = "            contribution = node.grad * local\n            parent.grad += contribution\n"
ZIP = "        for parent, local in zip(node.parents, node.local_derivatives):\n"
ORDER = """    order, seen = [], set()

    def visit(node):
        if node not in seen:
            seen.add(node)
            for parent in node.parents:
                visit(parent)
            order.append(node)

    visit(root)
    return order
"""
CENTRAL = "return (f(x + h) - f(x - h)) / (2.0 * h)"
PAPER = (
    '    "d": 4.0,\n    "f": -2.0,\n    "c": -2.0,\n    "e": -2.0,\n    "b": -4.0,\n    "a": 6.0,\n'
)
ADD, MUL = '(1.0, 1.0), "+"', '(other.data, self.data), "*"'
TANH, RELU, EXP = "(1.0 - data * data,)", "(1.0 if self.data > 0.0 else 0.0,)", '(data,), "exp"'
NEURON = """    z = bias
    for weight, number in zip(weights, inputs):
        z = z + weight * number
    return z.tanh()
"""
LAYER = "return [neuron(row, inputs, bias) for row, bias in zip(weights, biases)]"
STEP = """        w.grad = 0.0
        for x, target in examples:
            backward(loss(w, x, target))
        w.data -= rate * w.grad / len(examples)
"""
SUMS = [
    (SUM, "            parent.grad += node.grad * local\n"),
    (SUM, "            parent.grad += local * node.grad\n"),
    (SUM, "            parent.grad = parent.grad + node.grad * local\n"),
    (SUM, "            parent.grad = node.grad * local + parent.grad\n"),
    (
        ZIP + SUM,
        "        for i in range(len(node.parents)):\n"
        "            node.parents[i].grad += node.local_derivatives[i] * node.grad\n",
    ),
    (
        ZIP + SUM,
        "        i = 0\n        while i < len(node.parents):\n"
        "            parent = node.parents[i]\n"
        "            setattr(parent, 'grad', parent.grad + node.grad * node.local_derivatives[i])\n"
        "            i += 1\n",
    ),
    (
        "        self.data = data  # the number\n",
        "        self.data = float(data)\n        self._backward = lambda: None\n",
    ),
    (
        "    def __init__(",
        '    __slots__ = ("data", "grad", "parents", "local_derivatives", "operation", "label")\n\n'
        "    def __init__(",
    ),
]

SPELLINGS: dict[int, list[tuple[str, str]]] = {
    1: [
        (CENTRAL, "return 0.5 * (f(x + h) - f(x - h)) / h"),
        (CENTRAL, "return (f(x - h) - f(x + h)) / (-2 * h)"),
        (CENTRAL, "return (slope(f, x, h) + slope(f, x, -h)) / 2"),
        (CENTRAL, "a, b = x - h, x + h\n    return (f(b) - f(a)) / (b - a)"),
        (CENTRAL, "return f(x + h) / (2 * h) - f(x - h) / (2 * h)"),
        ('"square at 5": 10.0', '"square at 5": 10.01'),
        ('"inverse at 2": -0.25', '"inverse at 2": -1 / 4'),
    ],
    2: [
        (PAPER, '    "a": 6, "b": -4, "c": -2, "d": 4, "e": -2, "f": -2,\n'),
        (PAPER, '    "d": f, "f": d, "c": d, "e": d, "b": d * a, "a": d * b,\n'),
        (PAPER, "".join(f'    "{k}": {v},\n' for k, v in zip("dfceba", "4 -2 -2 -2 -4 6".split()))),
        ("-2.0,\n", "-(2.0),\n"),
        ("gradients = {\n" + PAPER + "}", "gradients = dict(d=4, f=-2, c=-2, e=-2, b=-4, a=6)"),
        ('"a": 6.0', '"a": __import__("fractions").Fraction(6)'),
    ],
    3: [
        (ADD, '(1, 1), "+"'),
        (ADD, '[1.0, 1.0], "+"'),
        (MUL, '[other.data, self.data], "*"'),
        (MUL, 'tuple(p.data for p in (other, self)), "*"'),
        (MUL, '(data / self.data, data / other.data), "*"'),
        ("data = self.data * other.data", "x, y = self.data, other.data\n        data = y * x"),
    ],
    4: [
        (TANH, "(1 - data**2,)"),
        (TANH, "(1 / math.cosh(self.data) ** 2,)"),
        (TANH, "[(1 - data) * (1 + data)]"),
        (TANH, "(1 - math.tanh(self.data) ** 2,)"),
        (RELU, "(float(self.data > 0),)"),
        (RELU, "(self.data > 0,)"),
        (RELU, "(1 if data else 0,)"),
        ("self.data if self.data > 0.0 else 0.0", "max(0, self.data)"),
        (EXP, '(math.exp(self.data),), "exp"'),
        ("math.exp(self.data)", "math.e**self.data"),
        (
            "math.tanh(self.data)",
            "(math.exp(2 * self.data) - 1) / (math.exp(2 * self.data) + 1)",
        ),
    ],
    5: [*SUMS, ('"y = x * x, at x = 3": 6.0', '"y = x * x, at x = 3": 2 * 3')],
    6: [
        # a function that makes the list of its parents first
        (
            ORDER,
            "    order = []\n\n    def visit(node):\n        for parent in node.parents:\n"
            "            if parent not in order:\n                visit(parent)\n"
            "        order.append(node)\n\n    visit(root)\n    return order\n",
        ),
        # a stack with a mark for the second visit
        (
            ORDER,
            "    order, seen, stack = [], set(), [(root, False)]\n    while stack:\n"
            "        node, ready = stack.pop()\n        if ready:\n            order.append(node)\n"
            "        elif node not in seen:\n            seen.add(node)\n"
            "            stack.append((node, True))\n"
            "            stack += [(parent, False) for parent in node.parents]\n    return order\n",
        ),
        # iterators on a stack
        (
            ORDER,
            "    order, seen = [], {id(root)}\n    stack = [(root, iter(root.parents))]\n"
            "    while stack:\n        node, parents = stack[-1]\n"
            "        parent = next(parents, None)\n        if parent is None:\n"
            "            stack.pop()\n            order.append(node)\n"
            "        elif id(parent) not in seen:\n            seen.add(id(parent))\n"
            "            stack.append((parent, iter(parent.parents)))\n    return order\n",
        ),
        # Kahn: what nobody waits for any more comes next
        (
            ORDER,
            "    waiting, users = [root], {root: 0}\n    while waiting:\n"
            "        for parent in waiting.pop().parents:\n            if parent not in users:\n"
            "                users[parent] = 0\n                waiting.append(parent)\n"
            "            users[parent] += 1\n    free, order = [root], []\n    while free:\n"
            "        node = free.pop()\n        order.append(node)\n"
            "        for parent in node.parents:\n            users[parent] -= 1\n"
            "            if users[parent] == 0:\n                free.append(parent)\n"
            "    return order[::-1]\n",
        ),
        # looking for what is ready, again and again
        (
            ORDER,
            "    every = [root]\n    for node in every:\n"
            "        for parent in node.parents:\n            if parent not in every:\n"
            "                every.append(parent)\n    order = []\n"
            "    while len(order) < len(every):\n        for node in every:\n"
            "            ready = all(parent in order for parent in node.parents)\n"
            "            if ready and node not in order:\n                order.append(node)\n"
            "    return order\n",
        ),
        # the standard library
        (
            ORDER,
            "    import graphlib\n\n    graph, waiting = {}, [root]\n    while waiting:\n"
            "        node = waiting.pop()\n        if node not in graph:\n"
            "            graph[node] = list(node.parents)\n            waiting += graph[node]\n"
            "    return list(graphlib.TopologicalSorter(graph).static_order())\n",
        ),
        # without the leaves, which send nothing; as a tuple; with a dict; with a generator
        (
            "            order.append(node)\n",
            "            if node.parents:\n                order.append(node)\n",
        ),
        ("    return order\n", "    return tuple(order)\n"),
        (
            ORDER,
            "    order = {}\n\n    def visit(node):\n        if node in order:\n            return\n"
            "        for parent in node.parents:\n            visit(parent)\n"
            "        order[node] = True\n\n    visit(root)\n    return list(order)\n",
        ),
        (
            ORDER,
            "    seen = set()\n\n    def visit(node):\n        if node not in seen:\n"
            "            seen.add(node)\n            for parent in node.parents:\n"
            "                yield from visit(parent)\n            yield node\n\n"
            "    return [*visit(root)]\n",
        ),
    ],
    7: SUMS,
    8: [
        (NEURON, "    return sum((w * x for w, x in zip(weights, inputs)), bias).tanh()\n"),
        (
            NEURON,
            "    z = weights[0] * inputs[0]\n    for i in range(1, len(weights)):\n"
            "        z = z + inputs[i] * weights[i]\n    return (z + bias).tanh()\n",
        ),
        (
            NEURON,
            "    from functools import reduce\n"
            "    pairs = zip(weights, inputs)\n"
            "    return reduce(lambda z, p: z + p[0] * p[1], pairs, bias).tanh()\n",
        ),
        (NEURON, NEURON.replace("z = bias\n", "z = Value(0.0) + bias\n")),
        (LAYER, "return [*map(neuron, weights, [inputs] * len(biases), biases)]"),
        (LAYER, "return tuple(neuron(weights[i], inputs, biases[i]) for i in range(len(biases)))"),
        (LAYER, LAYER.replace("return ", "outputs = ") + "\n    return outputs"),
    ],
    9: [
        (STEP, STEP.replace("        w.grad = 0.0\n", "") + "        w.grad = 0.0\n"),
        (STEP, STEP.replace("w.data -= rate", "w.data = w.data - rate")),
        (STEP, STEP.replace("w.grad = 0.0", "w.grad -= w.grad")),
        (
            STEP,
            "        w.data -= rate * sum(single_gradients(w.data, examples)) / len(examples)\n",
        ),
        (
            STEP,
            STEP.replace("rate * w.grad / len(examples)", "rate * mean").replace(
                "        w.data", "        mean = w.grad / len(examples)\n        w.data"
            ),
        ),
        (
            STEP,
            "        total = 0.0\n        for x, target in examples:\n            w.grad = 0\n"
            "            backward(loss(w, x, target))\n            total += w.grad\n"
            "        w.data += -rate * total / len(examples)\n",
        ),
    ],
    10: [
        ('"saturated"', '"Saturated"'),
        ('"dead relu"', '"dead ReLU"'),
        ('"dead relu"', '"dead_relu"'),
        ('"dead relu"', '"Dead-ReLU"'),
        ("weight_a = 1.0", "weight_a = 2"),
        ("bias_b = 4.0", "bias_b = 3.001"),
        ("weight_c = 1.0", "weight_c = -0.9"),
        ("floor_d = 0.1", "floor_d = 1"),
    ],
}
