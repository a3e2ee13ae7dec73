# %% [markdown]
# # 4. The local derivatives of tanh, relu and exp
#
# Not everything is a sum or a product. Here are three functions, each with one parent:
#
# - `exp` is e to the power x. Its slope at x is its own result, exp x.
# - `tanh` squeezes every number between -1 and 1. Its slope is 1 minus the square of its result.
# - `relu` keeps a number above 0 and makes 0 of every other. Its slope is 1 above 0, and 0
#   elsewhere.
#
# **Result** is the word to watch: it is `data` below, not `self.data`, which is the input.

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

    # ---- YOUR TURN --------------------------------------------------------------------------
    def tanh(self):
        data = math.tanh(self.data)
        return Value(data, (self,), (0.0,), "tanh")

    def relu(self):
        data = self.data if self.data > 0.0 else 0.0
        return Value(data, (self,), (0.0,), "relu")

    def exp(self):
        data = math.exp(self.data)
        return Value(data, (self,), (0.0,), "exp")

    # ---- END OF YOUR TURN -------------------------------------------------------------------


# %% [markdown]
# ## Your turn
#
# Write the three local derivatives in the place of `0.0`. There is a comma behind each, because
# Python needs it to make a tuple of one thing: `(0.0,)`.
#
# ## See it
#
# A nudge to both sides, as in exercise 1, says whether a local derivative is right.


# %%
def central_difference(f, x, h=0.0001):
    return (f(x + h) - f(x - h)) / (2.0 * h)


if __name__ == "__main__":
    print(round(Value(0.5).tanh().local_derivatives[0], 4))  # 0.7864
    print(round(central_difference(math.tanh, 0.5), 4))  # 0.7864
    print(round(Value(1.0).exp().local_derivatives[0], 4))  # 2.7183
    print(round(central_difference(math.exp, 1.0), 4))  # 2.7183
    print(Value(-1.5).relu().local_derivatives)  # (0.0,)
    print(Value(2.0).relu().local_derivatives)  # (1.0,)

# %% [markdown]
# Save the file. `python -m demos.workshop check 4` says what is right and what is not yet.
