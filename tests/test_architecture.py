"""What the pages say of the architecture is true: the picture, the four walks, the table of imports."""

import ast
import re

import pytest
import test_layering as layering

from demos import architecture, show

DOCS = show.ROOT / "docs"
PAGE = (DOCS / "architecture.md").read_text(encoding="utf-8")
CONTRIBUTING = (show.ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
ROW = re.compile(r"^    ([a-z, ]+?) +→ ([a-z, ]+?)(?:  .*)?$", re.MULTILINE)


@pytest.mark.parametrize(
    ("name", "theme"), [("architecture", "auto"), ("architecture-dark", "dark")]
)
def test_the_picture_is_current(name, theme):
    file = DOCS / "pictures" / f"{name}.svg"
    remedy = "run python -m demos.architecture"
    assert file.read_text(encoding="utf-8") == architecture.paint(theme), remedy


def test_the_floors_are_those_of_the_imports():
    """The layering test reads the imports in another way; here both readers agree."""
    read = {room: set[str]() for room in architecture.imports()}
    for file in layering._files("engine"):
        own = layering._chapter(layering._module(file))
        chapters = {
            layering._chapter(i.target) for i in layering._imports(file) if i.target[:6] == "engine"
        }
        read[own] |= chapters - {own, "__init__"}
    assert read == architecture.imports()
    level = {room: n for n, floor in enumerate(architecture.floors()) for room in floor}
    assert level.keys() == read.keys()
    assert all(level[name] < level[room] for room, names in read.items() for name in names)


def test_the_heart_is_that_of_the_layering_test():
    closure = layering._closure(show.ROOT / "engine" / "value.py")
    assert architecture.heart() == {file.stem for file in closure}


def test_a_circle_of_imports_is_refused(monkeypatch):
    monkeypatch.setattr(architecture, "imports", lambda: {"graph": {"value"}, "value": {"graph"}})
    with pytest.raises(ValueError, match=r"a circle of imports: \['graph', 'value'\]"):
        architecture.floors()


@pytest.mark.parametrize("walk", architecture.ROUTES)
def test_the_page_and_the_picture_walk_the_same_way(walk):
    """Each stop is an item of a numbered list, which begins with a link to the file."""
    [section] = re.findall(rf"^## A {walk}\n(.*?)(?=^## )", PAGE, re.MULTILINE | re.DOTALL)
    links = re.findall(r"^\d\. \[`[^`]+`\]\(\.\./(\S+)\)", section, re.MULTILINE)
    rooms = [_room(link) for link in links]
    assert tuple(rooms) == architecture.ROUTES[walk]


def _room(link: str) -> str:
    package, _, rest = link.partition("/")
    return rest.partition("/")[0].removesuffix(".py") if package == "engine" else package


def test_every_file_that_the_page_names_is_there():
    names = re.findall(r"`((?:engine|nn|demos|tests)/[\w/]+\.py)`", PAGE)
    assert len(names) > 10
    assert [name for name in names if not (show.ROOT / name).exists()] == []


def test_the_table_of_imports_is_that_of_the_layering_test():
    table = {
        name: set() if allowed == "nothing" else set(allowed.split(", "))
        for names, allowed in ROW.findall(CONTRIBUTING)
        for name in names.split(", ")
    }
    assert table == layering.CORE


def test_what_the_table_allows_is_used():
    """An import that nobody makes any more is not allowed either."""
    spare = {
        name: allowed - architecture.imports()[name] for name, allowed in layering.CORE.items()
    }
    assert {name: names for name, names in spare.items() if names} == {}


def test_the_design_principles_quote_the_limits_that_are_held():
    source = (show.ROOT / "tests" / "test_layering.py").read_text(encoding="utf-8")
    limits = {n.value for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Constant)}
    for text, limit in re.findall(r"((\d+) lines at most)", CONTRIBUTING):
        assert int(limit) in limits, text
    assert "850 lines at most" in CONTRIBUTING
