"""The gradient debugger: step through a backward pass, one `+=` at a time, forwards and backwards.

>>> from engine.debugger import Session
>>> from engine import Value
>>> a, b = Value(2.0, label="a"), Value(3.0, label="b")
>>> session = Session(a * b + a)
>>> session.step().steps[-1].contribution, len(session.trail)
(1.0, 4)

`debug(root)` asks in a terminal, in a notebook's input prompt or in the page of the playground;
`run_script` and `run_module` are `python -m engine debug`. For those who prefer pdb there is
`GradPdb`, and `set_trace` for PYTHONBREAKPOINT; `break_on_sum` and `SKIPPED_MODULES` are for every
debugger of pdb's family.
"""

from .pdb_commands import SKIPPED_MODULES, GradPdb, break_on_sum, set_trace, sum_location
from .script import run_module, run_script
from .session import Session
from .terminal import Debugger, debug

__all__ = [
    "SKIPPED_MODULES",
    "Debugger",
    "GradPdb",
    "Session",
    "break_on_sum",
    "debug",
    "run_module",
    "run_script",
    "set_trace",
    "sum_location",
]
