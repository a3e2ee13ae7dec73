"""The tour as a notebook runs from top to bottom in a fresh kernel, and shows what it promises."""

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed")
nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed")
pytest.importorskip("ipykernel", reason="ipykernel is not installed")

SVG = "{http://www.w3.org/2000/svg}"
ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def outputs():
    tour = nbformat.read(ROOT / "demos" / "tour.ipynb", as_version=4)
    nbformat.validate(tour)
    place = {"metadata": {"path": str(ROOT)}}
    nbclient.NotebookClient(tour, timeout=120, kernel_name="python3", resources=place).execute()
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
    said = "".join(output.get("text", "") for output in outputs)
    assert "of 100 points on their side" in said and "layer1.neuron0.w0.grad" in said


def test_the_last_picture_has_coloured_wires_and_its_sum_has_terms(outputs):
    """The loss of the point is active: its gradient flows through the whole network, 2·8 + 8·8 + 8 weights."""
    svg = [output for output in outputs if "image/svg+xml" in output.get("data", {})][-1]
    wires = [
        (group.get("class"), group[0].text)
        for group in ET.fromstring(svg["data"]["image/svg+xml"]).iter(f"{SVG}g")
        if any(part.get("class") == "wire" for part in group)
    ]
    assert len(wires) == 16 + 64 + 8 + 1 and {kind for kind, _ in wires} == {"pos", "neg"}
    assert not [tip for _, tip in wires if tip.endswith("passes back 0")]
    why = outputs[-1]["text"].splitlines()
    assert why[0].startswith("layer1.neuron0.w0.grad = ") and not why[0].endswith(" = 0")
    assert len(why) >= 4 and all(
        "from " in line for line in why[1::2]
    )  # two terms, one upstream of the other


def test_stored_without_outputs():
    tour = nbformat.read(ROOT / "demos" / "tour.ipynb", as_version=4)
    assert all(
        not cell.outputs and cell.execution_count is None
        for cell in tour.cells
        if cell.cell_type == "code"
    )
