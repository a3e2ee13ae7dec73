"""The tour as a notebook runs from top to bottom in a fresh kernel, and shows what it promises."""

import re
from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed")
nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed")
pytest.importorskip("ipykernel", reason="ipykernel is not installed")

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def outputs():
    """What every code cell of the tour shows, after a run in a fresh kernel."""
    tour = nbformat.read(ROOT / "demos" / "tour.ipynb", as_version=4)
    nbformat.validate(tour)
    place = {"metadata": {"path": str(ROOT)}}
    nbclient.NotebookClient(tour, timeout=300, kernel_name="python3", resources=place).execute()
    return [output for cell in tour.cells if cell.cell_type == "code" for output in cell.outputs]


def test_tour_runs_and_shows_picture_and_page(outputs):
    shown = [set(output.get("data", {})) for output in outputs]
    assert any("image/svg+xml" in kinds and "text/html" not in kinds for kinds in shown), (
        "the picture"
    )
    assert sum({"text/html", "image/svg+xml", "text/plain"} <= kinds for kinds in shown) == 2, (
        "two stepper pages"
    )
    assert any(output.get("data", {}).get("text/plain") == "(-3.0, -8.0)" for output in outputs)
    assert "of 100 points on their side" in _printed(outputs)


def test_the_last_picture_has_coloured_wires_and_the_sum_has_terms(outputs):
    pictures = [o["data"]["image/svg+xml"] for o in outputs if "image/svg+xml" in o.get("data", {})]
    network = re.findall(
        r'<g class="(neg|pos|zero)"><title>[^<]*</title><path class="wire"', pictures[-1]
    )
    assert network.count("neg") > 20 and network.count("pos") > 20
    assert "zero" not in network
    why = _printed(outputs).partition("layer0.neuron0.w0.grad = ")[2].splitlines()
    assert float(why[0]) != 0.0
    terms = [line.split()[0] for line in why[1:] if "  from " in line]
    assert len(terms) == 10 and all(float(term) != 0.0 for term in terms)


def _printed(outputs):
    return "".join(output.get("text", "") for output in outputs)


def test_stored_without_outputs():
    tour = nbformat.read(ROOT / "demos" / "tour.ipynb", as_version=4)
    assert all(
        not cell.outputs and cell.execution_count is None
        for cell in tour.cells
        if cell.cell_type == "code"
    )


CELLS = [
    "import engine\nfrom engine import Value\nx = Value(3.0, label='x')",
    "a = 1\ny = x * x\ny.label = 'y'\ny.backward()",
    "print(y.why(x))\nprint(y.created_at, x.created_at.short)",
    "x.data = None",
    "import os\ndef f(x):\n    return x * 2.0\nz = f(x)\nprint(engine.location.place(z), z.created_at.text)",
]


def test_places_in_a_notebook_are_cells_and_lines(tmp_path):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in CELLS])
    place = {"metadata": {"path": str(ROOT)}}
    client = nbclient.NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources=place, allow_errors=True
    )
    client.execute()
    why, error, last = [cell.outputs for cell in notebook.cells[2:]]
    assert why[0]["text"].splitlines() == [
        "x.grad = 6",
        "   +3  from y = x·x    ∂y/∂x = 3    cell 2, line 2",
        "   +3  from y = x·x    ∂y/∂x = 3    cell 2, line 2",
        "cell 2, line 2 cell 1, line 3",
    ]
    assert "ipykernel_" not in error[0]["evalue"]
    assert last[0]["text"] == "cell 5, line 3     return x * 2.0\n"
