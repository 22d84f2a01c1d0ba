"""Every notebook runs from top to bottom."""

from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def test_there_is_one_for_every_stop():
    from sevenstops.service import STOPS

    wanted = ["0_overview", *(f"{n}_{stop}" for n, stop in enumerate(STOPS, 1))]
    assert [n.stem for n in NOTEBOOKS] == wanted


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_it_runs_and_holds_outputs(path, monkeypatch):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    shown = [o for c in notebook.cells if c.cell_type == "code" for o in c.outputs]
    assert any("text/html" in o.get("data", {}) for o in shown), "committed without its figures"
    monkeypatch.setenv("SEVENSTOPS_NOTEBOOK_ROUNDS", "1")
    again = nbformat.read(path, as_version=4)
    nbclient.NotebookClient(again, timeout=300, kernel_name="python3").execute()
    assert not [o for c in again.cells for o in c.get("outputs", []) if o.output_type == "error"]
