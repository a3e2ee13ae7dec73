"""The tape: what `record` returns, and the arrays that go in and come out.

>>> from engine import Value, record
>>> w = Value(3.0)
>>> tape = record(lambda x: w * x, [1.0])
>>> mean, gradient = tape.value_and_gradient([5.0], [[1.0], [2.0]])  # no Value is touched
>>> mean, gradient.tolist(), w.grad
(7.5, [1.5], 0.0)
"""

from collections.abc import Callable, Iterable
from typing import Any

from ..value import Value
from .assignments import Wanted
from .jit import numpy
from .kernels.plan import Plan
from .picks import Picks
from .planner import make_plan
from .recording import Graph, recorded
from .replay import Result, run

np = numpy()


class Tape:
    """A recorded function, ready to replay. `parameters` are its other leaves, by first use.

    Safe to replay from several threads: a replay works on buffers of its own. The expert's name is
    Wengert list.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        example: Iterable[Any],
        fuse: bool,
        numba: bool,
        threads: int | None,
        parameters: Iterable[Value] = (),
    ):
        self._graph = recorded(function, example, parameters)
        self._picks = Picks(self._graph)
        self._fuse, self._numba, self._threads = fuse, numba, threads
        self._plans: dict[tuple[Wanted, bool, bool], Plan] = {}

    @property
    def parameters(self) -> list[Value]:
        """The shared leaves, in order of first use."""
        return list(self._graph.parameters)

    @property
    def inputs(self) -> int:
        """How many numbers a row has."""
        return self._graph.inputs

    def __repr__(self) -> str:
        return (
            f"<tape of {self._graph.kinds.size} nodes, {self.inputs} inputs, "
            f"{len(self._graph.parameters)} parameters>"
        )

    def replay(self, rows: Any) -> Any:
        """Return the loss of every row; the mean gradient is added to each parameter's grad.

        `rows` is an (examples × inputs) array. The parameters' data is read anew each time. No rows
        add nothing.
        """
        rows = self._rows(rows)
        result = self._run("parameters", self._data(), rows)
        for parameter, slope in zip(self._graph.parameters, result.gradient.tolist(), strict=True):
            parameter.grad += slope
        return result.values[0]

    def value_and_gradient(self, parameters: Any, rows: Any) -> tuple[float, Any]:
        """Return the mean loss and its gradient at the given parameters, as plain numbers.

        The parameters are numbers, or Values, which stand for their data; none is touched. Of no
        rows the loss and the gradient are 0.0: they are sums that nothing was added to, so that the
        parts of a batch may be empty.
        """
        rows = self._rows(rows)
        result = self._run("parameters", self._vector(parameters), rows)
        return float(result.values[0].sum() / max(rows.shape[0], 1)), result.gradient

    def forward(self, rows: Any, parameters: Any = None) -> Any:
        """Return the loss of every row, with the parameters' present data or the numbers given."""
        rows = self._rows(rows)
        vector = self._data() if parameters is None else self._vector(parameters)
        return self._run("nothing", vector, rows).values[0]

    def gradients(self, rows: Any, parameters: Any = None) -> tuple[Any, Any]:
        """Return every row's loss and gradient by the parameters: (n,) and (n × parameters)."""
        return self._each("parameters", rows, parameters)

    def input_gradients(self, rows: Any, parameters: Any = None) -> tuple[Any, Any]:
        """Return the loss of every row, and its gradient by its numbers: (n,) and (n × inputs)."""
        return self._each("inputs", rows, parameters)

    def source(self, language: str = "python") -> str:
        """Return source of the value and its gradient, in one of source.LANGUAGES.

        >>> from engine import record
        >>> print(record(lambda x: x * x, [3.0]).source("numpy").splitlines()[-3:])
        ['    v1 = v0 * v0', '    v2 = v0 + v0', '    return v1, [v2]']
        """
        from .source import source

        return source(self._graph, language)

    def _each(self, wanted: Wanted, rows: Any, parameters: Any) -> tuple[Any, Any]:
        rows = self._rows(rows)
        vector = self._data() if parameters is None else self._vector(parameters)
        values = self._run(wanted, vector, rows, summed=False).values
        return values[0], values[1:].T

    def _run(self, wanted: Wanted, parameters: Any, rows: Any, summed: bool = True) -> Result:
        """Run the program; if a number is not finite, run it again as it is without fusion.

        With fusion a product may meet 0·inf, which the engine skips.
        """
        self._picks.check(rows)
        plan = self._plan(wanted, self._fuse, summed)
        result = run(plan, parameters, rows, self._threads, self._numba)
        if self._picks.computed and not result.finite:
            self._picks.check_computed(lambda graph: self._values(graph, parameters, rows))
        if self._fuse and wanted != "nothing" and not result.finite:
            plan = self._plan(wanted, False, summed)
            result = run(plan, parameters, rows, self._threads, self._numba)
        return result

    def _values(self, graph: Graph, parameters: Any, rows: Any) -> Any:
        """Return the value of every row by a part of the graph."""
        plan = make_plan(graph, "nothing", fuse=False)
        return run(plan, parameters, rows, self._threads, self._numba).values[0]

    def _plan(self, wanted: Wanted, fuse: bool, summed: bool = True) -> Plan:
        key = (wanted, fuse, summed)
        if key not in self._plans:
            self._plans[key] = make_plan(self._graph, wanted, fuse, summed)
        return self._plans[key]

    def _data(self) -> Any:
        return np.array([parameter.data for parameter in self._graph.parameters], float)

    def _vector(self, parameters: Any) -> Any:
        vector = np.asarray(parameters)
        if hasattr(parameters, "named_parameters"):
            raise TypeError(f"{parameters!r} is a module: give the tape its .parameters")
        if vector.dtype == object:
            vector = np.array([p.data if isinstance(p, Value) else p for p in parameters])
        if vector.shape != (len(self._graph.parameters),):
            raise ValueError(
                f"parameters of shape {vector.shape} for a tape of shape "
                f"({len(self._graph.parameters)},): "
                "give one number for each of tape.parameters"
            )
        return _real(vector, "parameters")

    def _rows(self, rows: Any) -> Any:
        array = np.asarray(rows)
        if array.ndim != 2 or array.shape[1] != self.inputs:
            raise ValueError(
                f"rows of shape {array.shape} for a tape of shape (examples, {self.inputs}): give "
                "an array with one row for each example and one column for each input"
            )
        return _real(array, "rows")


def _real(array: Any, what: str) -> Any:
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{what} of dtype {array.dtype}: give real numbers, such as float64")
    floats = np.ascontiguousarray(array, float)
    return (
        floats if floats.flags.writeable else floats.copy()
    )  # numba's type has it: not two kernels
