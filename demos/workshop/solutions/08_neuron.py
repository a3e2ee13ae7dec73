# %% [markdown]
# # 8. A neuron, a layer and four equations
#
# A **neuron** multiplies each of its inputs by a number of its own, the **weight** for this
# input; it adds these products, and one more number of its own, the **bias**. The sum is called
# z. The neuron's output is tanh(z).
#
# A **layer** is a number of neurons that have the same inputs. In a **network** the outputs of
# one layer are the inputs of the next. The **cost** says how wrong the network's output is; here
# it is the square of (output - target), where the target is what the output should be.
#
# Books write backpropagation as four equations. They call the gradient of the cost with respect
# to a neuron's z the **error** of this neuron:
#
# - Equation 1: the error of the last neuron = the slope of the cost at its output, times the
#   slope of tanh.
# - Equation 2: the error of an earlier neuron = the errors of all neurons that use its output,
#   each times the weight in between, added; and that times the slope of tanh.
# - Equation 3: the gradient of a bias = the error of its neuron.
# - Equation 4: the gradient of a weight = its input, times the error of its neuron.

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
# a) Write a neuron and a layer. `weights`, `inputs` and `biases` are lists of Values; for a
# layer, `weights` is a list of such lists, one for each neuron.
#
# b) Your `backward` knows none of the four equations, and yet it obeys them all. Each line below
# is a gradient as it works it out. Write the number of its equation, 1 to 4.


# %%
# ---- YOUR TURN --------------------------------------------------------------------------
def neuron(weights, inputs, bias):
    """Return the output of one neuron, a Value."""
    z = bias
    for weight, number in zip(weights, inputs):
        z = z + weight * number
    return z.tanh()


def layer(weights, inputs, biases):
    """Return the outputs of a layer, a list of Values."""
    return [neuron(row, inputs, bias) for row, bias in zip(weights, biases)]


equations = {
    "bias.grad = z.grad * 1": 3,
    "weight.grad = z.grad * input": 4,
    "z.grad = (v * z2.grad + w * z3.grad) * (1 - output * output)": 2,
    "z.grad = 2 * (output - target) * (1 - output * output)": 1,
}
# ---- END OF YOUR TURN -------------------------------------------------------------------

# %% [markdown]
# ## See it
#
# Two inputs, a layer of two neurons, and after it one neuron with the weights v and w and the
# bias b.


# %%
def values(*numbers):
    return [Value(number) for number in numbers]


def network():
    """Return the cost of a small network: (output - 1) squared."""
    rows = [values(0.5, 0.25), values(-1.0, 0.5)]
    inner = layer(rows, values(1.0, -2.0), values(0.1, 0.2))
    v, w, b = values(1.0, -0.5, 0.3)
    output = neuron([v, w], inner, b)
    v.label, w.label, b.label, output.label = "v", "w", "b", "output"
    difference = output + Value(-1.0)
    return difference * difference


if __name__ == "__main__":
    cost = network()
    backward(cost)
    named = {node.label: node for node in topological_order(cost) if node.label}
    for label in sorted(named):
        print(label, round(named[label].data, 4), round(named[label].grad, 4))
    # b 0.3 -0.3006
    # output 0.7029 -0.5941
    # v 1.0 -0.03
    # w -0.5 0.2846

# %% [markdown]
# The engine steps through your network, too. `c` goes to the end; then `why b` and `why v` show
# the sums behind two gradients. Which equations are they?
#
#     python -m engine debug workshop/08_neuron.py:network

# %% [markdown]
# Save the file. `python -m demos.workshop check 8` says what is right and what is not yet.
