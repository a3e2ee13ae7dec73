# %% [markdown]
# # 5. Forks: a value that is used twice
#
# In y = h + h * x the Value h is used twice: by the sum and by the product. Nudge h, and y moves
# for two reasons. The gradient is the **sum** of both.
#
# `backward` computes all gradients. The gradient of the last Value, the **root**, is 1: it moves
# once as much as itself. Then it goes from Value to Value. Each sends to each of its parents one
# **contribution**: its own gradient, here called **upstream**, times the local derivative. What
# arrives at a Value makes its gradient.
#
# A Value in such a computation is also called a **node**; a node without parents, such as x, is a
# **leaf**.

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


# %% [markdown]
# `topological_order` lists all Values that the root was computed from, each one after its
# parents. It is given here; exercise 6 is about it. `backward` walks through it from the end, so
# that a Value sends when everything has arrived.
#
# ## Your turn
#
# a) Before you run anything: predict the gradient of x for the two roots below.
#
# b) One line of `backward` forgets what has arrived before. Mend it.


# %%
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


# ---- YOUR TURN --------------------------------------------------------------------------
predictions = {
    "y = x * x, at x = 3": 6.0,
    "h = x + x; y = h + h * x, at x = 2": 10.0,
}


def backward(root):
    """Give each Value under root its gradient."""
    root.grad = 1.0
    for node in reversed(topological_order(root)):
        for parent, local in zip(node.parents, node.local_derivatives):
            contribution = node.grad * local
            parent.grad += contribution


# ---- END OF YOUR TURN -------------------------------------------------------------------

# %% [markdown]
# ## See it


# %%
def square():
    """Return y = x * x at x = 3, after your backward pass."""
    x = Value(3.0)
    y = x * x
    x.label, y.label = "x", "y"
    backward(y)
    return y


def fork():
    """Return y = h + h * x with h = x + x at x = 2, after your backward pass."""
    x = Value(2.0)
    h = x + x
    y = h + h * x
    x.label, h.label, y.label = "x", "h", "y"
    backward(y)
    return y


if __name__ == "__main__":
    print(square().parents[0].grad)
    print(fork().parents[0].parents[0].grad)

# %% [markdown]
# The engine of this project draws your Values, with each contribution on its way. Where a
# gradient of yours is not the sum of what arrives, the picture says how much comes from
# elsewhere, or goes missing. Draw `square` before and after you mend the line:
#
#     python -m engine draw workshop/05_forks.py:square -o square.svg

# %% [markdown]
# Save the file. `python -m demos.workshop check 5` says what is right and what is not yet.
