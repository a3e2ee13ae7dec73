# %% [markdown]
# # 9. Train, and forget zero_grad on purpose
#
# A **model** computes a prediction from an input, here w * x. An **example** is an input and the
# **target**, what the prediction should be. The **loss** of an example is the square of
# (prediction - target): 0 if it is right.
#
# **Training** makes the loss smaller. The gradient of the loss with respect to w says where it
# grows, so w takes a small step the other way: the **learning rate** times the gradient. Each
# example has a gradient of its own; several together, a **batch**, use the mean of theirs.
#
# `backward` adds to what is in `grad`. What an earlier step left there has to be set to 0 first.
# That is called **zero_grad**.

# %%
class Value:
    """A number that remembers what it was computed from."""

    def __init__(self, data, parents=(), local_derivatives=(), operation=""):
        self.data = data  # the number
        self.grad = 0.0  # its gradient, once it is known
        self.parents = parents  # the Values that it was computed from, in order
        self.local_derivatives = local_derivatives  # one number for each parent
        self.operation = operation  # "+", "*", "tanh": for pictures
        self.label = ""  # a name: for pictures

    def __repr__(self):
        return f"{self.label or 'Value'}(data={self.data}, grad={self.grad})"

    def __add__(self, other):
        data = self.data + other.data
        return Value(data, (self, other), (1.0, 1.0), "+")

    def __mul__(self, other):
        data = self.data * other.data
        return Value(data, (self, other), (other.data, self.data), "*")


def topological_order(root):
    """Return the Values under root, each one after its parents."""
    order, seen = [], set()

    def visit(node):
        if node not in seen:
            seen.add(node)
            for parent in node.parents:
                visit(parent)
            order.append(node)

    visit(root)
    return order


def backward(root):
    """Give each Value under root its gradient."""
    root.grad = 1.0
    for node in reversed(topological_order(root)):
        for parent, local in zip(node.parents, node.local_derivatives):
            contribution = node.grad * local
            parent.grad += contribution


def loss(w, x, target):
    """Return the loss of one example: (w * x - target) squared."""
    difference = w * Value(x) + Value(-target)
    return difference * difference


def single_gradients(w, examples):
    """Return for each example the gradient of its own loss."""
    gradients = []
    for x, target in examples:
        alone = Value(w)
        backward(loss(alone, x, target))
        gradients.append(alone.grad)
    return gradients


# %% [markdown]
# ## Your turn
#
# Write one step of training, in the place of `pass`:
#
# - set w.grad to 0;
# - call backward on the loss of each example (x, target): w.grad becomes the sum of their
#   gradients;
# - subtract from w.data the rate times the mean: the sum divided by the number of examples.


# %%
def train(w, examples, rate, steps):
    """Take that many steps; return w.data after each of them."""
    path = []
    for _ in range(steps):
        # ---- YOUR TURN -----------------------------------------------------------------------
        w.grad = 0.0
        for x, target in examples:
            backward(loss(w, x, target))
        w.data -= rate * w.grad / len(examples)
        # ---- END OF YOUR TURN ----------------------------------------------------------------
        path.append(w.data)
    return path


# %% [markdown]
# ## See it
#
# The gradient of each example alone at w = 0. They differ, and a step uses their mean. Then the
# first four steps of training, and where twenty lead.

# %%
examples = [(1.0, 2.0), (2.0, 7.0), (-1.0, -3.0)]

if __name__ == "__main__":
    print(single_gradients(0.0, examples))  # [-4.0, -28.0, -6.0]
    path = train(Value(0.0), examples, rate=0.1, steps=20)
    print([round(w, 3) for w in path[:4]], round(path[-1], 3))  # [1.267, 2.027, 2.483, 2.756] 3.167

# %% [markdown]
# Now forget zero_grad on purpose. One example, x = 1 with the target 3, so the loss is (w - 3)
# squared. Predict first: with the old gradients still in w.grad, will w still come to 3?


# %%
def train_and_forget(w, examples, rate, steps):
    """Train without zero_grad."""
    path = []
    for _ in range(steps):
        for x, target in examples:
            backward(loss(w, x, target))
        w.data -= rate * w.grad / len(examples)
        path.append(w.data)
    return path


if __name__ == "__main__":
    path = train(Value(0.0), [(1.0, 3.0)], rate=0.1, steps=24)
    print([round(w, 2) for w in path[::6]])  # [0.6, 2.37, 2.84, 2.96]
    path = train_and_forget(Value(0.0), [(1.0, 3.0)], rate=0.1, steps=24)
    print([round(w, 2) for w in path[::6]])

# %% [markdown]
# Save the file. `python -m demos.workshop check 9` says what is right and what is not yet.
