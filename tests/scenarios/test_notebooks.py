"""Every notebook runs from top to bottom."""

import re
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import pytest

from sevenstops.experiments import all_experiments
from sevenstops.experiments.base import SIDES
from sevenstops.notebook import look

pytestmark = pytest.mark.alone

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def test_there_is_one_for_every_stop():
    from sevenstops.evidence.stops import STOPS

    wanted = ["0_overview", *(f"{n}_{stop}" for n, stop in enumerate(STOPS, 1))]
    assert [n.stem for n in NOTEBOOKS] == wanted


@pytest.fixture(scope="module")
def executed(measured):
    """Each notebook run anew, two at a time: kernels mostly start and import.

    What was measured once serves here too; sweeps have a test of their own, a short one.
    """

    def run(path):
        notebook = nbformat.read(path, as_version=4)
        notebook.cells = [c for c in notebook.cells if "sweep" not in c.metadata.get("tags", [])]
        nbclient.NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
        return notebook

    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(2) as threads:
        patch.setenv("SEVENSTOPS_NOTEBOOK_EVIDENCE", str(measured.file))
        running = {path: threads.submit(run, path) for path in NOTEBOOKS}
        wait(running.values())
    return running


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_it_runs_and_holds_outputs(path, executed):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    shown = [o for c in notebook.cells if c.cell_type == "code" for o in c.outputs]
    assert any("text/html" in o.get("data", {}) for o in shown), "committed without its figures"
    again = executed[path].result()
    outputs = [o for c in again.cells for o in c.get("outputs", [])]
    assert not [o for o in outputs if o.output_type == "error"]
    told = set()
    for cell in again.cells:
        if cell.cell_type == "code" and (found := LOOK.search(cell.source)):
            failure = failure_of(again, cell)
            text = cell.outputs[0]["data"]["text/markdown"]
            told.add((failure, found[1], "**no**" in text))
    stop = path.stem.partition("_")[2]
    here = [e.failure for e in all_experiments() if e.stop == stop]
    assert {(f, side) for f, side, _ in told} == {(f, s) for f in here for s in SIDES}
    # Where a threshold is relative to the side before, one look can't tell.
    plain = {e.failure for e in all_experiments() if not any(m.reference for m in e.metrics)}
    assert all(no for failure, side, no in told if side == "before" and failure in plain)


@pytest.mark.parametrize("side", SIDES)
def test_a_look_without_kept_evidence_is_a_run(side):
    text = look("shadowed-route", side)._repr_markdown_()
    assert ("**no**" in text) == (side == "before")


LOOK = re.compile(r'^look\(failure, "(before|after)"\)$', re.MULTILINE)


def failure_of(notebook, cell):
    """The failure that a cell is about: the last one named."""
    named = None
    for other in notebook.cells:
        if found := re.search(r'^failure = "(.+)"$', other.source, re.MULTILINE):
            named = found[1]
        if other is cell:
            return named
    raise AssertionError("not a cell of it")
