"""The rules of the house, read from the source: who imports whom, how long things are, what nobody calls."""

import ast
import graphlib
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, get_origin

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("engine", "nn", "demos")

# Who may import whom inside the engine. CONTRIBUTING.md shows the same table; test_architecture.py compares.
CORE = {
    "ieee": set(),
    "real": set(),
    "types": set(),
    "graph": set(),
    "listeners": {"graph"},
    "operation": {"real"},
    "operations": {"ieee", "operation"},
    "functions": {"operations", "real", "value"},
    "backward": {"graph"},
    "forward": {"graph"},
    "value": {"operation", "operations", "graph", "backward", "real"},
    "printing": {"types"},
    "options": {"printing"},
    "location": {"printing", "types"},
    "files": {"printing"},
    "formula": {"operation", "operations", "printing", "types"},
    "foreign": {"operation", "operations", "printing", "real", "types", "value"},
    "diagnosis": {"formula", "graph", "location", "operation", "printing"},
    "explain": {"diagnosis", "foreign", "formula", "graph", "location", "options", "printing"},
    "javascript": {"graph", "operation", "types", "value"},
    "differences": set(),
    "exact": {"operation"},
    "anomaly": {"explain", "formula", "graph", "listeners", "location", "printing"},
    "sums": {"operations", "real", "value"},
    "calculus": set("explain forward graph listeners operation operations real sums value".split()),
}
# Everything else in the engine (check, primitive, tape, view, debugger, …) stands on the core and on itself alone;
# only these two see the whole engine.
FRONT_DOORS = ("__init__", "__main__")

# Calls that nobody makes, but for the exceptions that say why.
FORBIDDEN_CALLS = {"eval", "exec", "setrecursionlimit", "system", "popen"}
FORBIDDEN_MODULES = {"pickle", "marshal", "shelve", "dill", "cloudpickle"}
EXCEPTIONS: dict[tuple[str, str], str] = {
    ("demos/workshop/probe.py", "exec"): "it runs a learner's file, in a process of its own",
    (
        "demos/site/in_browser.py",
        "exec",
    ): "it runs a person's code, in a worker of their own browser",
    ("demos/workshop/in_browser.py", "exec"): "it runs a learner's file, in a browser's worker",
    ("demos/workshop/fingerprints.py", "exec"): "it runs the solutions with mistakes put into them",
}


class Import(NamedTuple):
    """One imported module or name, where it stands and whether it runs when the file is loaded."""

    target: str
    line: int
    at_top: bool


def test_the_heart_is_read_in_one_sitting():
    lines = {
        file.stem: len(_text(file).splitlines()) for file in _closure(ROOT / "engine" / "value.py")
    }
    assert sum(lines.values()) <= 850, lines
    assert {"value", "operations", "operation", "ieee", "real", "graph", "backward"} <= set(lines)


def test_nn_is_read_in_one_sitting():
    """Its chapters, that is: what serves them stands in nn/support, and a transformer is a model."""
    chapters = [file for file in (ROOT / "nn").glob("*.py") if file.stem != "transformer"]
    lines = {file.stem: len(_text(file).splitlines()) for file in chapters}
    assert sum(lines.values()) <= 1750, lines


def test_functions_are_short():
    lengths = {where: n for file in _files("engine", "nn") for where, n in _function_lengths(file)}
    assert statistics.median(lengths.values()) <= 8, sorted(
        lengths.items(), key=lambda item: -item[1]
    )[:20]


def test_the_core_of_the_engine_is_layered():
    wrong = [
        f"{_where(file, i)} imports {i.target}; {name} may import {sorted(allowed) or 'nothing of the engine'}"
        for name, allowed in CORE.items()
        for file in [ROOT / "engine" / f"{name}.py"]
        for i in _imports(file)
        if _is_of(i.target, "engine") and _chapter(i.target) not in allowed
    ]
    assert not wrong, "\n".join(wrong)


def test_the_rest_of_the_engine_stands_on_the_core_and_on_itself():
    wrong = [
        f"{_where(file, i)} imports {i.target}; engine/{own} stands on the engine's core and on itself alone"
        for file in _files("engine")
        for own in [_chapter(_module(file))]
        if own not in CORE and own not in FRONT_DOORS
        for i in _imports(file)
        if _is_of(i.target, "engine") and _chapter(i.target) not in {*CORE, own, "__init__"}
    ]
    assert not wrong, "\n".join(wrong)


def test_no_module_imports_itself_by_way_of_others():
    """Also by imports inside functions; what stands under TYPE_CHECKING runs nowhere."""
    files = {_module(file).removesuffix(".__init__"): file for file in _files("engine", "nn")}
    graph = {
        module: {name for i in _imports(file) if (name := _imported_module(i.target, files))}
        for module, file in files.items()
    }
    for module in graph:
        graph[module] -= {module, "engine", "nn"}  # a package's __init__ hands out what it has
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        pytest.fail(" → ".join(error.args[1]))


def _imported_module(target: str, files: dict[str, Path]) -> str:
    """Return the module that a dotted name is, or lies in."""
    while target and target not in files:
        target = target.rpartition(".")[0]
    return target


@pytest.mark.parametrize(
    ("package", "below"),
    [("engine", ["nn", "demos", "tests"]), ("nn", ["demos", "tests"]), ("demos", ["tests"])],
)
def test_nobody_imports_upward(package, below):
    wrong = [
        f"{_where(file, i)} imports {i.target}"
        for file in _files(package)
        for i in _imports(file)
        if any(_is_of(i.target, name) for name in below)
    ]
    assert not wrong, "\n".join(wrong)


def test_nn_uses_only_the_public_names_of_the_engine():
    import engine

    used = [
        (file, i.target.removeprefix("engine."), i)
        for file in _files("nn")
        for i in _imports(file)
        if i.target.startswith("engine.")
    ]
    used += [
        (file, i.target.removeprefix("engine."), i)
        for file in _files("nn")
        for i in _attributes_of_engine(file)
    ]
    wrong = [
        f"{_where(file, i)} uses engine.{name}"
        for file, name, i in used
        if name not in engine.__all__
    ]
    assert not wrong, "\n".join(wrong)


def test_total_arithmetic_needs_only_math():
    targets = {i.target.partition(".")[0] for i in _imports(ROOT / "engine" / "ieee.py")}
    assert targets <= {"math", "typing", "collections", "functools", "operator"}


def test_engine_and_nn_import_other_peoples_libraries_on_first_use_only():
    ours = {*sys.stdlib_module_names, *PACKAGES}
    wrong = [
        f"{_where(file, i)} imports {i.target} when it is loaded; import it inside the function that needs it"
        for file in _files("engine", "nn")
        for i in _imports(file)
        if i.at_top and i.target.partition(".")[0] not in ours
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("package", ["engine", "nn"])
def test_importing_loads_only_the_standard_library(package):
    program = f"import sys; before = set(sys.modules); import {package}; print(*set(sys.modules) - before)"
    out = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout
    loaded = {name.partition(".")[0] for name in out.split()}
    assert package in loaded
    assert loaded - {*sys.stdlib_module_names, "engine", "nn"} == set()


def test_every_name_can_be_imported_without_other_peoples_libraries():
    hidden = "; ".join(
        f"sys.modules[{name!r}] = None"
        for name in ("numpy", "numba", "rich", "graphviz", "matplotlib")
    )
    program = f"import sys; {hidden}\nfrom engine import *\nfrom nn import *\nprint(record.__name__, MLP.__name__)"
    out = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout
    assert out == "record MLP\n"


def test_nobody_raises_limits_evaluates_text_or_unpickles():
    calls = {
        (_path(file), name): line for file in _files(*PACKAGES) for name, line in _forbidden(file)
    }
    wrong = [
        f"{path}:{line} {name}"
        for (path, name), line in calls.items()
        if (path, name) not in EXCEPTIONS
    ]
    assert not wrong, "\n".join(wrong)
    assert set(EXCEPTIONS) <= set(calls), "an exception that is no longer needed"


def test_every_chapter_opens_with_a_paragraph_and_a_doctest():
    silent = []
    for file in _files("engine", "nn"):
        opening = ast.get_docstring(ast.parse(_text(file))) or ""
        if file.stem != "__main__" and not ("\n\n" in opening and ">>> " in opening):
            silent.append(_path(file))
    assert not silent


def test_every_public_name_is_there_and_explained():
    import engine
    import nn

    for package in (engine, nn):
        for name in package.__all__:
            value = getattr(package, name)
            if get_origin(value):  # an alias of types can't have a docstring
                continue
            assert (value.__doc__ or "").strip(), f"{package.__name__}.{name} has no docstring"


# The readers above, tried on sources that break the rules: a test that cannot fail is no test.


def test_the_reader_sees_every_kind_of_import(tmp_path):
    package = tmp_path / "engine" / "view"
    package.mkdir(parents=True)
    file = package / "svg.py"
    file.write_text(
        "import math, numpy.linalg\n"
        "from ..value import Value\n"
        "from .. import graph\n"
        "from . import pills\n"
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    import nn\n"
        "def draw():\n    import graphviz\n    from engine.tape import record\n"
        "try:\n    import rich\nexcept ImportError:\n    pass\n",
        encoding="utf-8",
    )
    assert [(i.target, i.line, i.at_top) for i in _imports(file, tmp_path)] == [
        ("math", 1, True),
        ("numpy.linalg", 1, True),
        ("engine.value.Value", 2, True),
        ("engine.graph", 3, True),
        ("engine.view.pills", 4, True),
        ("typing.TYPE_CHECKING", 5, True),
        ("graphviz", 9, False),
        ("engine.tape.record", 10, False),
        ("rich", 12, True),
    ]


def test_the_reader_sees_forbidden_calls_and_counts_lines(tmp_path):
    file = tmp_path / "bad.py"
    file.write_text(
        "import sys, pickle\n"
        "def f(x):\n    '''Two\n    lines.'''\n    sys.setrecursionlimit(9)\n\n    return eval(x)\n"
        "def g(model):\n    model.eval()\n    return model.execute()\n",
        encoding="utf-8",
    )
    assert sorted(_forbidden(file)) == [("eval", 7), ("pickle", 1), ("setrecursionlimit", 5)]
    assert [n for _, n in _function_lengths(file, tmp_path)] == [2, 2]


def _files(*packages: str) -> list[Path]:
    """The modules of the packages. A learner's exercise (01_nudge.py) is no module: its name says so."""
    return [f for p in packages for f in sorted((ROOT / p).rglob("*.py")) if f.stem.isidentifier()]


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8")


def _path(file: Path, root: Path = ROOT) -> str:
    return file.relative_to(root).as_posix()


def _where(file: Path, imported: Import) -> str:
    return f"{_path(file)}:{imported.line}"


def _module(file: Path, root: Path = ROOT) -> str:
    return ".".join(file.relative_to(root).with_suffix("").parts)


def _chapter(module: str) -> str:
    """The module or subpackage of the engine that a dotted name lies in; `__init__` for the engine itself."""
    first = [*module.split("."), "__init__"][1]
    is_module = (ROOT / "engine" / f"{first}.py").exists() or (ROOT / "engine" / first).is_dir()
    return first if is_module else "__init__"


def _is_of(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")


def _imports(file: Path, root: Path = ROOT) -> Iterator[Import]:
    """What a file imports, as absolute dotted names; what stands under TYPE_CHECKING is for typing only."""
    parents = _module(file, root).split(".")

    def walk(node: ast.AST, at_top: bool) -> Iterator[Import]:
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, node.lineno, at_top) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = parents[: -node.level] if node.level else []
            start = ".".join([*base, *([node.module] if node.module else [])])
            yield from (
                Import(f"{start}.{alias.name}", node.lineno, at_top) for alias in node.names
            )
        elif not (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)):
            inside = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            for child in ast.iter_child_nodes(node):
                yield from walk(child, at_top and not inside)

    yield from walk(ast.parse(_text(file)), True)


def _closure(file: Path) -> set[Path]:
    """The file and whatever of the engine it needs to be loaded: its imports and theirs."""
    closure, waiting = set[Path](), [file]
    while waiting:
        file = waiting.pop()
        if file not in closure:
            closure.add(file)
            names = {
                _chapter(i.target)
                for i in _imports(file)
                if i.at_top and _is_of(i.target, "engine")
            }
            waiting += [ROOT / "engine" / f"{name}.py" for name in names - {"__init__"}]
    return closure


def _attributes_of_engine(file: Path) -> Iterator[Import]:
    """What a file that says `import engine` takes from it with a dot."""
    for node in ast.walk(ast.parse(_text(file))):
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id == "engine"
        ):
            yield Import(f"engine.{node.attr}", node.lineno, False)


def _forbidden(file: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(_text(file))):
        if isinstance(node, ast.Call):
            name = _called(node.func)
            if name in FORBIDDEN_CALLS:
                yield name, node.lineno
    for i in _imports(file, file.parent):
        if (name := i.target.partition(".")[0]) in FORBIDDEN_MODULES:
            yield name, i.line


def _called(function: ast.expr) -> str:
    """The name of a builtin, or of a function of sys, os or builtins; a method of something else is its own affair."""
    if isinstance(function, ast.Name):
        return function.id
    if isinstance(function, ast.Attribute) and ast.unparse(function.value) in {
        "sys",
        "os",
        "builtins",
    }:
        return function.attr
    return ""


def _function_lengths(file: Path, root: Path = ROOT) -> Iterator[tuple[str, int]]:
    """For each function: the lines of its body that are neither docstring nor empty."""
    text = _text(file)
    lines = text.splitlines()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body
            span = lines[body[0].lineno - 1 : node.end_lineno] if body else []
            yield (
                f"{_path(file, root)}:{node.lineno} {node.name}",
                sum(1 for line in span if line.strip()),
            )
