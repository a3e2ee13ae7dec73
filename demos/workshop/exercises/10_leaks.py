# %% [markdown]
# # 10. Bug hunt: gradients that vanish, explode or are nan
#
# `backward` is right, and still nothing is learned: somewhere on the way a gradient is lost. Four
# such leaks are below, A to D, each with a number that you can change.
#
# - **saturated**: tanh is so near to 1 or -1 that its slope is 0, and what comes from above is
#   multiplied by 0.
# - **dead relu**: the input of relu is below 0, so its slope is 0.
# - **exploding**: one weight is used again and again, and each time the gradient is multiplied by
#   it.
# - **nan**: infinity minus infinity is no number, and Python writes nan. The slope of the
#   logarithm is infinite at 0.

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

    def log(self):
        data = math.log(self.data) if self.data > 0.0 else -math.inf
        slope = 1.0 / self.data if self.data > 0.0 else math.inf
        return Value(data, (self,), (slope,), "log")


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


# %% [markdown]
# ## Your turn
#
# Run the file and look at the four gradients. Then say for each leak which one it is:
# "saturated", "dead relu", "exploding" or "nan". And change its number so that the gradient of x
# is more than 0.01 and less than 100, above 0 or below.

# %%
# ---- YOUR TURN --------------------------------------------------------------------------
leaks = {"A": None, "B": None, "C": None, "D": None}
weight_a = 20.0  # A: y = tanh(weight_a * x) at x = 1
bias_b = 0.0  # B: y = relu(2 * x + bias_b) at x = -1.5
weight_c = 1.6  # C: y = x * weight_c * weight_c * ... thirty times, at x = 1
floor_d = 0.0  # D: y = 2 * log(u) - log(3 * u) with u = x + floor_d, at x = 0
# ---- END OF YOUR TURN -------------------------------------------------------------------


# %%
def leak(letter):
    """Return x after a backward pass through one of the four computations."""
    x = Value({"A": 1.0, "B": -1.5, "C": 1.0, "D": 0.0}[letter])
    if letter == "A":
        backward((Value(weight_a) * x).tanh())
    if letter == "B":
        backward((Value(2.0) * x + Value(bias_b)).relu())
    if letter == "C":
        y = x
        for _ in range(30):
            y = y * Value(weight_c)
        backward(y)
    if letter == "D":
        u = x + Value(floor_d)
        backward(Value(2.0) * u.log() + Value(-1.0) * (Value(3.0) * u).log())
    return x


if __name__ == "__main__":
    for letter in "ABCD":
        print(letter, leak(letter).grad)

# %% [markdown]
# ## See it
#
# In the gradient debugger `watch nan` and then `c` stop at the contribution where the nan is
# born:
#
#     python -m engine debug "u = x + f; 2*log(u) - log(3*u)" x=0 f=0

# %% [markdown]
# Save the file. `python -m demos.workshop check 10` says what is right and what is not yet.
