"""The barest engine there is: what every scalar engine does, and nothing else.

A node keeps a number, a gradient, the nodes it was computed from and the derivative by each of
them, computed at once. No labels, no places, no checks, no second derivatives, and no deep graphs,
because the sort recurses. The small GPT is measured against it.

>>> x, y = Bare(2.0), Bare(3.0)
>>> z = (x * y).log() + x**2
>>> z.backward()
>>> x.grad, y.grad
(4.5, 0.3333333333333333)
"""

import math
from typing import Union

Operand = Union["Bare", float]


class Bare:
    """A number, its operands (children, in the words of such engines) and the slope by each."""

    __slots__ = ("children", "data", "grad", "local_gradients")

    def __init__(
        self,
        data: float,
        children: tuple["Bare", ...] = (),
        local_gradients: tuple[float, ...] = (),
    ):
        self.data = data
        self.grad = 0.0
        self.children = children
        self.local_gradients = local_gradients

    def __add__(self, other: Operand) -> "Bare":
        other = other if isinstance(other, Bare) else Bare(other)
        return Bare(self.data + other.data, (self, other), (1.0, 1.0))

    def __sub__(self, other: Operand) -> "Bare":
        other = other if isinstance(other, Bare) else Bare(other)
        return Bare(self.data - other.data, (self, other), (1.0, -1.0))

    def __mul__(self, other: Operand) -> "Bare":
        other = other if isinstance(other, Bare) else Bare(other)
        return Bare(self.data * other.data, (self, other), (other.data, self.data))

    def __truediv__(self, other: Operand) -> "Bare":
        other = other if isinstance(other, Bare) else Bare(other)
        z = self.data / other.data
        return Bare(z, (self, other), (1.0 / other.data, -z / other.data))

    def __pow__(self, exponent: float) -> "Bare":
        slope = exponent * self.data ** (exponent - 1.0)
        return Bare(self.data**exponent, (self,), (slope,))

    def __neg__(self) -> "Bare":
        return Bare(-self.data, (self,), (-1.0,))

    def __radd__(self, other: float) -> "Bare":
        return self + other

    def __rmul__(self, other: float) -> "Bare":
        return self * other

    def exp(self) -> "Bare":
        z = math.exp(self.data)
        return Bare(z, (self,), (z,))

    def log(self) -> "Bare":
        return Bare(math.log(self.data), (self,), (1.0 / self.data,))

    def relu(self) -> "Bare":
        return Bare(max(0.0, self.data), (self,), (1.0 if self.data > 0.0 else 0.0,))

    def backward(self) -> None:
        """Add to every node's grad the derivative of this one by it."""
        order: list[Bare] = []
        seen: set[Bare] = set()

        def visit(node: Bare) -> None:
            if node not in seen:
                seen.add(node)
                for child in node.children:
                    visit(child)
                order.append(node)

        visit(self)
        self.grad = 1.0
        for node in reversed(order):
            for child, local in zip(node.children, node.local_gradients):
                child.grad += local * node.grad
