"""Places in the user's source: the exact subexpression, on lines of any length and any width."""

import sys
import types

from engine import Value
from engine.location import Site, excerpt, place


def test_the_exact_subexpression():
    x, w = Value(0.0, label="x"), Value(2.0)
    h = x * w + (x * 3.0) ** 0.5
    source, carets = excerpt(h.parents[1].created_at)
    assert source[carets.index("^") :].rstrip() == "(x * 3.0) ** 0.5" and len(carets) == len(source)


def test_of_a_long_line_the_part_around_the_subexpression_is_shown():
    line = "total = " + " + ".join(f"term{number} * weight{number}" for number in range(20))
    start = line.index("term17")
    source, carets = excerpt(Site("user.py", 3, start, start + 17, "f", line), 60)
    assert (
        source[carets.index("^") : carets.index("^") + len(carets.strip())] == "term17 * weight17"
    )
    assert len(source) <= 60 and source.startswith("user.py:3   …") and "term16" not in carets


def test_wide_letters_and_no_source():
    assert excerpt(Site("梯.py", 1, 4, 9, "f", "梯 = x * w"))[1] == " " * 15 + "^" * 5
    assert excerpt(Site("<stdin>", 1, 0, 3, "f", "")) == ["<stdin>:1"]


def test_a_place_in_short_and_in_full():
    made = Value(1.0).created_at
    assert place(Value(1.0)).startswith("test_location.py:") and made.text.endswith(".created_at")
    assert str(made) == f"{__file__}:{made.line}" and made.function.startswith("test_a_place")


def test_in_a_notebook_a_place_is_a_cell_and_a_line(monkeypatch):
    """As IPython names code: in a terminal with its number, in a kernel with a hash that its compiler knows."""

    class Compiler:
        def format_code_name(self, name):
            return ("Cell", "In[7]") if name == "/tmp/ipykernel_12/2502347746.py" else None

    class Shell:
        compile = Compiler()

    class Terminal:
        pass

    for shell, filename, short, full in (
        (Shell(), "/tmp/ipykernel_12/2502347746.py", "cell 7, line 2", "cell 7, line 2"),
        (Shell(), "/tmp/ipykernel_12/1.py", "1.py:2", "/tmp/ipykernel_12/1.py:2"),
        (Shell(), "/home/user.py", "user.py:2", "/home/user.py:2"),
        (Terminal(), "<ipython-input-3-0a1b>", "cell 3, line 2", "cell 3, line 2"),
        (None, "/home/user.py", "user.py:2", "/home/user.py:2"),
    ):
        ipython = types.SimpleNamespace(get_ipython=lambda shell=shell: shell)
        monkeypatch.setitem(sys.modules, "IPython", ipython)
        at = Site(filename, 2, 4, 9, "f", "h = x * w")
        assert (at.short, str(at)) == (short, full)
        assert excerpt(at) == [f"{short}   h = x * w", " " * (len(short) + 7) + "^" * 5]
