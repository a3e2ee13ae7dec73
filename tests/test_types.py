"""What editors show: the types of every public name as mypy and pyright read them, from the built wheel."""

import ast
import importlib.util
import inspect
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from itertools import pairwise
from pathlib import Path

import pytest

import engine
import nn
from engine import Value

ROOT = Path(__file__).resolve().parent.parent
NAMES = ROOT / "tests" / "typed" / "public_names.py"


def test_every_public_name_has_its_types_asserted():
    text = NAMES.read_text(encoding="utf-8")
    for package in (engine, nn):
        used = set(re.findall(rf"\b{package.__name__}\.(\w+)", text))
        assert set(package.__all__) - used == set()


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """An interpreter with nothing but the packages, from a wheel."""
    pytest.importorskip("setuptools", reason="setuptools builds the wheel: pip install setuptools")
    folder = tmp_path_factory.mktemp("wheel")
    for package in ("engine", "nn", "demos"):
        skipped = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / package, folder / "source" / package, ignore=skipped)
    for file in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / file, folder / "source")
    program = f"from setuptools import build_meta; build_meta.build_wheel({str(folder)!r})"
    _run(folder / "source", sys.executable, "-c", program)
    venv.create(folder / "venv", symlinks=os.name != "nt")
    paths = {"base": str(folder / "venv")}
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        wheel.extractall(sysconfig.get_path("purelib", "venv", paths))
    shutil.copy(NAMES, folder)
    (folder / "graphviz.pyi").write_text("class Digraph: ...\n")
    return Path(sysconfig.get_path("scripts", "venv", paths)) / Path(sys.executable).name


def test_mypy_reads_them(installed):
    _needs("mypy")
    _check(installed, "mypy", "--strict", f"--python-executable={installed}")


def test_pyright_reads_them(installed):
    _needs("pyright")
    _check(installed, "pyright", f"--pythonpath={installed}")


def _needs(checker):
    if importlib.util.find_spec(checker) is None:
        pytest.skip(f"{checker} is not installed: pip install {checker}")


def _check(installed, checker, *options):
    """Have a checker read the names, and then the same with one type made wrong."""
    folder = installed.parents[2]
    wrong = NAMES.read_text(encoding="utf-8").replace("exp(x), Value", "exp(x), float", 1)
    (folder / "wrong.py").write_text(wrong, encoding="utf-8")
    files = [NAMES.name, "wrong.py"]
    done = _run(folder, sys.executable, "-m", checker, *options, *files, check=False)
    if checker == "pyright" and " error" not in done.stdout:
        pytest.skip("pyright can't fetch its program: it needs Node.js and, once, the network")
    errors = [line for line in done.stdout.splitlines() if "error" in line and ":" in line]
    assert len(errors) == 1 and "wrong.py" in errors[0], done.stdout + done.stderr


def _run(folder, *command, check=True):
    """Run a program that sees no packages but those of its own environment."""
    own = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        command, cwd=folder, env=own, check=check, capture_output=True, text=True, encoding="utf-8"
    )


# What is shown and what runs are the same.


def _stub(name):
    return ast.parse((ROOT / "engine" / f"{name}.pyi").read_text(encoding="utf-8"))


def test_the_methods_that_are_shown_are_those_that_run():
    [shown] = [node for node in _stub("methods").body if isinstance(node, ast.ClassDef)]
    methods = {node.name for node in shown.body if isinstance(node, ast.FunctionDef)}
    assert methods <= set(vars(Value))
    source = ast.parse(inspect.getsource(Value))
    assigned = {
        node.id
        for node in ast.walk(source)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    functions = {n for n in assigned if inspect.isfunction(getattr(Value, n, None))}
    assert functions - methods == {
        "backward",
        "local_derivatives",
    }  # which have a body of their own


def test_the_functions_that_are_shown_are_those_that_run():
    shown = {
        node.target.id: node.annotation.id
        for node in _stub("signatures").body
        if isinstance(node, ast.AnnAssign)
    }
    operands = {"_Unary": ["x"], "_Binary": ["x", "y"], "_Angle": ["y", "x"]}
    operands["_Choice"] = ["condition", "x", "y"]
    rows = {n for n in engine.__all__ if isinstance(getattr(engine, n), engine.operation.Operation)}
    assert set(shown) == rows
    for name, kind in shown.items():
        assert list(inspect.signature(getattr(engine, name)).parameters) == operands[kind]


def test_every_function_and_method_that_is_shown_has_a_line_of_its_own():
    methods = [node for node in ast.walk(_stub("methods")) if isinstance(node, ast.FunctionDef)]
    assert len(methods) > 50 and all(ast.get_docstring(node) for node in methods)
    body = _stub("signatures").body
    for node, after in pairwise(body):
        if isinstance(node, ast.AnnAssign):
            assert isinstance(after, ast.Expr) and after.value.value.startswith("Return ")


def test_help_shows_the_operands_of_an_operation():
    assert str(inspect.signature(engine.atan2)) == "(y, x)"
    assert str(inspect.signature(engine.operations.total)) == "(*xs)"
    assert str(inspect.signature((engine.Value(2.0) ** 3).operation)) == "(x)"
    assert engine.atan2.__doc__.startswith("Return atan2 of")
    with pytest.raises(AttributeError, match="'Operation' object has no attribute 'nonsense'"):
        _ = engine.atan2.nonsense

    @engine.primitive(rule=lambda z, x: 0.0)
    def height(metres):
        """Return the height in metres."""
        return metres

    assert str(inspect.signature(height)) == "(metres)"
    assert height.__doc__ == "Return the height in metres."


# Tab, and "Did you mean".


@pytest.mark.parametrize("package", [engine, nn])
def test_tab_shows_every_public_name(package):
    assert set(package.__all__) <= set(dir(package))


@pytest.mark.parametrize(
    ("slip", "meant"),
    [
        ("engine.steper", "stepper"),
        ("engine.jacobien", "jacobian"),
        ("engine.check_gradient", "check_gradients"),
        ("engine.recrod", "record"),
        ("engine.drow", "draw"),
        ("engine.tanhh", "tanh"),
        ("nn.Layr", "Layer"),
        ("nn.Adamm", "Adam"),
    ],
)
def test_a_misspelt_name_is_suggested(slip, meant, python):
    package = slip.partition(".")[0]
    done = subprocess.run(
        [python, "-c", f"import {package}\n{slip}"], capture_output=True, text=True, cwd=ROOT
    )
    assert done.stderr.splitlines()[-1].endswith(f"Did you mean: '{meant}'?")


def test_an_unknown_name_says_whose_it_is():
    with pytest.raises(AttributeError, match="engine has no 'nonsense'") as caught:
        _ = engine.nonsense
    assert (caught.value.name, caught.value.obj) == ("nonsense", engine)
