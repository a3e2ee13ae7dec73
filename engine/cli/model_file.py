"""A graph out of somebody's file: `model.py:loss` names a Value, or a function that returns one.

>>> split("model.py:loss"), split("w*x")
(('model.py', 'loss'), None)
"""

import inspect
import re
import sys
from collections.abc import Mapping
from difflib import get_close_matches
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from ..explain import printable
from ..value import Value


class TargetError(ValueError):
    """A file that can't be read as asked: which one, why, and what to write instead."""


def split(target: str) -> tuple[str, str] | None:
    """The file and the name in `model.py:loss`; the name is empty in `model.py`; None for an expression."""
    found = re.fullmatch(r"(.+\.pyw?)(?::(.*))?", target.strip(), re.DOTALL)
    return (found[1], found[2] or "") if found else None


def load(target: str, values: Mapping[str, float]) -> Value:
    """The Value that `model.py:loss` names. Values that have no label get the name of their variable.

    A function is called with a Value for each of its parameters. Raises TargetError.
    """
    path, name = split(target) or (target, "")
    module = _imported(Path(path))
    found = getattr(module, name, None) if name else None
    _label(vars(module))
    if isinstance(found, Value):
        if values:
            raise TargetError(
                f"{name} is a Value, not a function: {', '.join(values)} can't be given to it"
            )
        return found
    if not callable(found):
        raise TargetError(_not_there(module, path, name, found))
    return _result(found, name, values)


def _label(variables: Mapping[str, Any]) -> None:
    for name, value in variables.items():
        if isinstance(value, Value) and not value.label and not name.startswith("_"):
            value.label = name


def _imported(path: Path) -> ModuleType:
    """The file, run as an import would run it, with its folder first on the path."""
    if not path.is_file():
        raise TargetError(
            f"there is no file {printable(str(path), 200)}: name one that exists, as in model.py:loss"
        )
    spec = spec_from_file_location(path.stem, path.resolve())
    if spec is None or spec.loader is None:
        raise TargetError(f"{printable(str(path), 200)} is not a Python file")
    module = module_from_spec(spec)
    sys.modules.setdefault(path.stem, module)
    sys.path.insert(0, str(path.resolve().parent))
    spec.loader.exec_module(module)
    return module


def _not_there(module: ModuleType, path: str, name: str, found: Any) -> str:
    usable = [
        n
        for n, x in vars(module).items()
        if isinstance(x, Value) or (inspect.isfunction(x) and x.__module__ == module.__name__)
    ]
    near = get_close_matches(name, usable, 1) if name else []
    advice = (
        f"did you mean {path}:{near[0]}?"
        if near
        else f"it has {', '.join(usable) or 'no Value and no function'}"
    )
    if not name:
        first = usable[0] if usable else "loss"
        return f"say which Value or function of {path} is meant, as in {path}:{first}; {advice}"
    if found is not None:
        return f"{name} in {path} has type {type(found).__name__}, is neither a Value nor a function: {advice}"
    return f"{path} has no {printable(name)}: {advice}"


def _result(function: Any, name: str, values: Mapping[str, float]) -> Value:
    parameters = [
        p
        for p in inspect.signature(function).parameters.values()
        if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
    ]
    known = [p.name for p in parameters]
    odd = [given for given in values if given not in known]
    if odd:
        raise TargetError(
            f"{name} has no parameter {', '.join(odd)}: it has {', '.join(known) or 'none'}"
        )
    needed = [p.name for p in parameters if p.default is p.empty and p.name not in values]
    if needed:
        raise TargetError(
            f"{name} needs a value for {', '.join(needed)}: add {' '.join(n + '=1.0' for n in needed)}"
        )
    operands = [
        Value(values[p.name], label=p.name) for p in parameters if p.kind is p.POSITIONAL_ONLY
    ]
    options = {
        p.name: Value(values[p.name], label=p.name)
        for p in parameters
        if p.kind is not p.POSITIONAL_ONLY and p.name in values
    }
    result = function(*operands, **options)
    if not isinstance(result, Value):
        raise TargetError(
            f"{name} returned type {type(result).__name__}, not a Value: return the root of a graph"
        )
    return result
