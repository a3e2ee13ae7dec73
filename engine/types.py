"""The types that signatures name: a node of a graph, and a number that may be one.

Nothing here runs; an editor and a type checker read it.

>>> from engine import Value
>>> x = Value(2.0, label="x")
>>> node: Node = x * x
>>> number: Number = 3.0
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, TypeAlias, Union

if TYPE_CHECKING:
    from .location import Site
    from .operation import Operation
    from .value import Value

Number: TypeAlias = Union[float, "Value"]


class Node(Protocol):
    """What a graph is made of: as much of it as explanations, pictures and debuggers ask for."""

    data: float
    grad: float
    label: str

    @property
    def constant(self) -> bool:
        """Whether it is a plain number that met a Value."""

    @property
    def operation(self) -> "Operation | None":
        """The operation that computed it; None at a leaf."""

    @property
    def parents(self) -> "Sequence[Node]":
        """The operands in order, duplicates kept; none at a leaf."""

    @property
    def created_at(self) -> "Site | None":
        """The place in the user's source where it was made."""

    def local_derivatives(self) -> tuple[float, ...]:
        """Return ∂node/∂parent for each parent, in order; () at a leaf."""
