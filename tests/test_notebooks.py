"""The tour as a notebook runs from top to bottom in a fresh kernel, and shows what it promises."""

from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed")
nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed")
pytest.importorskip("ipykernel", reason="ipykernel is not installed")

ROOT = Path(__file__).resolve().parent.parent


def test_tour_runs_and_shows_picture_and_page():
    tour = nbformat.read(ROOT / "demos" / "tour.ipynb", as_version=4)
    nbformat.validate(tour)
    place = {"metadata": {"path": str(ROOT)}}
    nbclient.NotebookClient(tour, timeout=120, kernel_name="python3", resources=place).execute()
    outputs = [output for cell in tour.cells if cell.cell_type == "code" for output in cell.outputs]
    shown = [set(output.get("data", {})) for output in outputs]
    assert any("image/svg+xml" in kinds and "text/html" not in kinds for kinds in shown), (
        "the picture"
    )
    assert sum({"text/html", "image/svg+xml", "text/plain"} <= kinds for kinds in shown) == 2, (
        "two stepper pages"
    )
    assert any(output.get("data", {}).get("text/plain") == "(-3.0, -8.0)" for output in outputs)
    said = "".join(output.get("text", "") for output in outputs)
    assert "of 100 points on their side" in said and "layer1.neuron0.w0.grad" in said


def test_stored_without_outputs():
    tour = nbformat.read(ROOT / "demos" / "tour.ipynb", as_version=4)
    assert all(
        not cell.outputs and cell.execution_count is None
        for cell in tour.cells
        if cell.cell_type == "code"
    )
