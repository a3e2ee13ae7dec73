# %% [markdown]
# # 7. The two-line sum
#
# Now all parts are there: Values with parents and local derivatives, and an order. What is left
# of `backward` are two lines, and they are the whole of backpropagation: the chain rule, and the
# sum.
#
# For each Value, from the root back, and for each of its parents: what it sends is its own
# gradient times the local derivative; and that is added to what the parent has.

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


# %% [markdown]
# ## Your turn
#
# Write the two lines in the place of `pass`.


# %%
def backward(root):
    """Give each Value under root its gradient."""
    root.grad = 1.0
    for node in reversed(topological_order(root)):
        for parent, local in zip(node.parents, node.local_derivatives):
            # ---- YOUR TURN -------------------------------------------------------------------
            contribution = node.grad * local
            parent.grad += contribution
            # ---- END OF YOUR TURN ------------------------------------------------------------


# %% [markdown]
# ## See it
#
# The engine of this project steps through your Values, one contribution at a time. The first
# command makes a page for the browser, the second does it here. Both start before any gradient is
# there; the third draws what your own `backward` has left.
#
#     python -m engine step workshop/07_sum.py:before
#     python -m engine debug workshop/07_sum.py:before
#     python -m engine draw workshop/07_sum.py:fork -o fork.svg


# %%
def before():
    """Return y = h + h * x with h = tanh(x) at x = 0.5, before any backward pass."""
    x = Value(0.5)
    h = x.tanh()
    y = h + h * x
    x.label, h.label, y.label = "x", "h", "y"
    return y


def fork():
    """Return the same y after your backward pass."""
    y = before()
    backward(y)
    return y


if __name__ == "__main__":
    h = fork().parents[0]
    print(h.grad, round(h.parents[0].grad, 4))  # 1.5 1.6418

# %% [markdown]
# Save the file. `python -m demos.workshop check 7` says what is right and what is not yet.
