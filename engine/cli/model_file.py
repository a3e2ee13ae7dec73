"""Take a graph from a file: `model.py:loss` names a Value, or a function that returns one.

>>> split("model.py:loss"), split("w*x")
(('model.py', 'loss'), None)
"""

import inspect
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from ..foreign import as_values, by_original
from ..graph import topological_order
from ..printing import printable
from ..value import Value


class TargetError(ValueError):
    """A file that can't be read as asked: which one, why, and what to write instead."""


def split(target: str) -> tuple[str, str] | None:
    """Return the file and the name in `model.py:loss`, or None for an expression.

    The name is empty where the target is only a file.
    """
    match = re.fullmatch(r"(.+\.pyw?)(?::(.*))?", target.strip(), re.DOTALL)
    return (match[1], match[2] or "") if match else None


def load(target: str, values: Mapping[str, float]) -> Value:
    """Return the Value that `model.py:loss` names.

    Values that have no label get the name of their variable. A function is called with a Value for
    each of its parameters. The graph may be one of another engine. Raises TargetError.
    """
    path, name = split(target) or (target, "")
    module = _imported(Path(path))
    target_object = getattr(module, name, None) if name else None
    _label(vars(module).items())
    if _is_node(target_object):
        if values:
            raise TargetError(
                f"{name} is a Value, not a function: {', '.join(values)} can't be given to it"
            )
        return _graph(target_object, vars(module))
    if not callable(target_object):
        raise TargetError(_not_usable(module, path, name, target_object))
    return _graph(_result(target_object, name, values), vars(module))


def _is_node(x: Any) -> bool:
    """Whether it is a Value, or looks like one of another engine."""
    return isinstance(x, Value) or (
        not isinstance(x, type) and hasattr(x, "data") and hasattr(x, "grad")
    )


def _graph(root: Any, variables: Mapping[str, Any]) -> Value:
    """Return the graph as Values, those of another engine called like their variables, too."""
    try:
        values = as_values(root)
    except (TypeError, ValueError) as error:
        raise TargetError(str(error)) from None
    if values is not root:
        order, leaves = topological_order(values)
        nodes = by_original([*leaves, *order])
        _label((name, nodes.get(id(value))) for name, value in variables.items())
    return values


def _label(variables: Iterable[tuple[str, Any]]) -> None:
    for name, value in variables:
        if isinstance(value, Value) and not value.label and not name.startswith("_"):
            value.label = name


def _imported(path: Path) -> ModuleType:
    """Run the file as an import would run it, with its folder first on the path."""
    if not path.is_file():
        shown = printable(str(path), 200)
        raise TargetError(
            f"{shown} is a folder: name a file in it, as in {shown}/model.py:loss"
            if path.is_dir()
            else f"there is no file {shown}: name one that exists, as in model.py:loss"
        )
    spec = spec_from_file_location(path.stem, path.resolve())
    if spec is None or spec.loader is None:
        raise TargetError(f"{printable(str(path), 200)} is not a Python file")
    module = module_from_spec(spec)
    sys.modules.setdefault(path.stem, module)
    sys.path.insert(0, str(path.resolve().parent))
    spec.loader.exec_module(module)
    return module


def _not_usable(module: ModuleType, path: str, name: str, target_object: object) -> str:
    """Return what is wrong with the name, and which names of the file will do."""
    usable = [
        n
        for n, x in vars(module).items()
        if _is_node(x) or (inspect.isfunction(x) and x.__module__ == module.__name__)
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
    if target_object is not None:
        return (
            f"{name} in {path} has type {type(target_object).__name__}, "
            f"neither a Value nor a function: {advice}"
        )
    return f"{path} has no {printable(name)}: {advice}"


def _result(function: Callable[..., object], name: str, values: Mapping[str, float]) -> Any:
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
        example = " ".join(n + "=1.0" for n in needed)
        raise TargetError(f"{name} needs a value for {', '.join(needed)}: add {example}")
    operands = [
        Value(values[p.name], label=p.name) for p in parameters if p.kind is p.POSITIONAL_ONLY
    ]
    options = {
        p.name: Value(values[p.name], label=p.name)
        for p in parameters
        if p.kind is not p.POSITIONAL_ONLY and p.name in values
    }
    result = function(*operands, **options)
    if not _is_node(result):
        raise TargetError(
            f"{name} returned type {type(result).__name__}, not a Value: return the root of a graph"
        )
    return result
