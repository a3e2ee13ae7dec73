# %% [markdown]
# # 3. The local derivatives of + and ×
#
# From now on Python does what you did on paper. A `Value` is a number that remembers what it was
# computed from: its **parents**. For `e = a * b` the parents of e are a and b, in this order.
#
# For each parent it also keeps a **local derivative**: how many times as much as this parent the
# result moves, in this one step alone. These are the two rules of the exercise before.

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

    # ---- YOUR TURN --------------------------------------------------------------------------
    def __add__(self, other):
        data = self.data + other.data
        return Value(data, (self, other), (1.0, 1.0), "+")

    def __mul__(self, other):
        data = self.data * other.data
        return Value(data, (self, other), (other.data, self.data), "*")

    # ---- END OF YOUR TURN -------------------------------------------------------------------


# %% [markdown]
# ## Your turn
#
# In the class above, each operation makes a new Value out of four things: the number, the
# parents, their local derivatives, and a sign for pictures. Write the local derivatives in the
# place of `(0.0, 0.0)`: first the one for `self`, then the one for `other`. `self` is what stands
# left of the sign, `other` what stands right of it.
#
# ## See it

# %%
if __name__ == "__main__":
    a, b = Value(3.0), Value(4.0)
    print((a + b).parents)  # (Value(data=3.0, grad=0.0), Value(data=4.0, grad=0.0))
    print((a + b).local_derivatives)  # (1.0, 1.0)
    print((a * b).data, (a * b).local_derivatives)  # 12.0 (4.0, 3.0)

# %% [markdown]
# Save the file. `python -m demos.workshop check 3` says what is right and what is not yet.
