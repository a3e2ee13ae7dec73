"""The gradient debugger: step through a backward pass, one `+=` at a time, forwards and backwards.

>>> from engine.debugger import Session
>>> from engine import Value
>>> a, b = Value(2.0, label="a"), Value(3.0, label="b")
>>> session = Session(a * b + a)
>>> session.step().steps[-1].contribution, len(session.trail)
(1.0, 4)

`debug(root)` talks in a terminal or a notebook's input prompt; `run_script` is `python -m engine
debug`. For those who prefer pdb there is `GradPdb`, and `set_trace` for PYTHONBREAKPOINT.
"""

from .pdb_commands import GradPdb, set_trace
from .script import run_script
from .session import Session
from .terminal import Debugger, debug

__all__ = ["Debugger", "GradPdb", "Session", "debug", "run_script", "set_trace"]
