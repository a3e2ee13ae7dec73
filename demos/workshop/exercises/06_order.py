# %% [markdown]
# # 6. Order: every Value after its parents
#
# A Value may send when everything has arrived at it, and not before. So `backward` needs an
# order. In a **topological order** each Value stands after its parents; read from the end, each
# one stands after all that use it.
#
# `along_every_path` below does without an order. It is right, but from a Value that is used twice
# it goes on twice, from each parent of that again twice, and so on. Watch how often it calls
# itself.

# %%
import math


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

    def tanh(self):
        data = math.tanh(self.data)
        return Value(data, (self,), (1.0 - data * data,), "tanh")

    def relu(self):
        data = self.data if self.data > 0.0 else 0.0
        return Value(data, (self,), (1.0 if self.data > 0.0 else 0.0,), "relu")

    def exp(self):
        data = math.exp(self.data)
        return Value(data, (self,), (data,), "exp")


# %%
calls = 0


def along_every_path(node, upstream=1.0):
    """Add to the gradients what arrives along each path from the root, one path at a time."""
    global calls
    calls += 1
    node.grad += upstream
    for parent, local in zip(node.parents, node.local_derivatives):
        along_every_path(parent, upstream * local)


def doubled(value, times):
    """Return value + value, and that plus itself, and so on."""
    for _ in range(times):
        value = value + value
    return value


if __name__ == "__main__":
    for times in (5, 10, 15):
        calls = 0
        along_every_path(doubled(Value(1.0), times))
        print(times + 1, "Values,", calls, "calls")
    # 6 Values, 63 calls
    # 11 Values, 2047 calls
    # 16 Values, 65535 calls

# %% [markdown]
# ## Your turn
#
# Write `topological_order`. It returns a list with every Value that root was computed from, and
# root itself: each one once, and after its parents.
#
# One way: a function `visit(node)` that visits the parents of a node first and then appends the
# node; a `set` of what has been seen keeps it from doing the work twice.


# %%
# ---- YOUR TURN --------------------------------------------------------------------------
def topological_order(root):
    """Return the Values under root, each one after its parents."""
    return [root]


# ---- END OF YOUR TURN -------------------------------------------------------------------


# %%
def backward(root):
    """Give each Value under root its gradient."""
    root.grad = 1.0
    for node in reversed(topological_order(root)):
        for parent, local in zip(node.parents, node.local_derivatives):
            contribution = node.grad * local
            parent.grad += contribution


# %% [markdown]
# ## See it


# %%
def fork():
    """Return y = h + h * x with h = tanh(x) at x = 0.5, after a backward pass in your order."""
    x = Value(0.5)
    h = x.tanh()
    y = h + h * x
    x.label, h.label, y.label = "x", "h", "y"
    backward(y)
    return y


if __name__ == "__main__":
    y = fork()
    print([node.label or node.operation for node in topological_order(y)])  # ['x', 'h', '*', 'y']

    print(len(topological_order(doubled(Value(1.0), 28))))  # 29

# %% [markdown]
# `python -m engine draw workshop/06_order.py:fork -o fork.svg` draws your Values and what has
# been sent.

# %% [markdown]
# A function that calls itself has a limit: Python allows about 1,000 calls inside one another.
# For a longer computation the order has to be found with a loop and a list of what is still to be
# visited. `engine/graph.py` does that; here you need not.

# %% [markdown]
# Save the file. `python -m demos.workshop check 6` says what is right and what is not yet.
