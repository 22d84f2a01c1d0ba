"""Writes notebooks/ from the experiments and runs them, so that they hold what was really measured.

.venv/bin/python tools/notebooks.py [--evidence FILE] [NAME]...

With --evidence they show that file's runs in place of new ones, and sweeps stay as they were.
"""

import argparse
import os
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from sevenstops.evidence.quantities import sentence
from sevenstops.evidence.stops import HAPPENS, STOPS
from sevenstops.experiments import Experiment, all_experiments
from sevenstops.notebook import EVIDENCE_VARIABLE
from sevenstops.sweeps import SWEEPS

FOLDER = Path(__file__).parents[1] / "notebooks"


def section(e: Experiment) -> list[nbformat.NotebookNode]:
    """One failure: break, look, fix, look again, measure."""
    edge = f"No edge here: {e.without_edge}." if e.without_edge else "Behind a real nginx."
    return [
        new_markdown_cell(f"## {sentence(e.symptom)}\n\n{e.lesson}\n\n{e.plan.__doc__} {edge}"),
        new_markdown_cell("### Break it"),
        new_code_cell(f'failure = "{e.failure}"\nlook(failure, "before")'),
        new_markdown_cell(f"### Mend it\n\n{sentence(e.fix)}."),
        new_code_cell("changes(failure)"),
        new_code_cell('look(failure, "after")'),
        new_markdown_cell(
            "### Was it luck?\n\nSeveral runs of each side, each of a freshly started service, in "
            "random order within a round. Dots are runs; the line is what must hold."
        ),
        new_code_cell("measure(failure)"),
    ]


def sweep_cell(name: str) -> nbformat.NotebookNode:
    """One sweep, which a check of the notebook may leave out: it takes minutes."""
    cell = new_code_cell(f'sweep("{name}")')
    cell.metadata["tags"] = ["sweep"]
    return cell


def of_stop(stop: str) -> nbformat.NotebookNode:
    """The notebook of one stop."""
    number = STOPS.index(stop) + 1
    cells = [
        new_markdown_cell(
            f"# {number}. {sentence(stop)}\n\nHere {HAPPENS[stop]}. Start a service, break this "
            "stop, look at the metric that shows it, mend this stop and nothing else, look again."
        ),
        new_code_cell(
            "from sevenstops.notebook import changes, look, measure"
            + (", sweep" if stop == "handle" else "")
        ),
    ]
    for e in all_experiments():
        if e.stop == stop:
            cells += section(e)
    for s in SWEEPS if stop == "handle" else ():
        cells += [new_markdown_cell(f"## {s.title}\n\n{s.question}"), sweep_cell(s.name)]
    return new_notebook(cells=cells)


def overview() -> nbformat.NotebookNode:
    """A request's way, and a first load against a service of one's own."""
    stops = "\n".join(f"{n}. **{sentence(s)}**: {HAPPENS[s]}" for n, s in enumerate(STOPS, 1))
    return new_notebook(
        cells=[
            new_markdown_cell(
                f"# The seven stops of a request\n\n{stops}\n\nEach has a notebook of its own. "
                "This one starts a service behind nginx, sends it a load, and asks every stop what "
                "it saw."
            ),
            new_code_cell("from sevenstops import Service, edge_named, load, poisson"),
            new_code_cell(
                "with Service() as service, edge_named('nginx')(service.port) as edge:\n"
                "    report = load(f'{edge.url}/users/42', arrivals=[poisson(500, 3)], "
                "connections=32)\n"
                "    stops = service.stops()['stops']\n"
                "report.outcomes"
            ),
            new_markdown_cell(
                "Latency counts from the time a request was *meant* to be sent, so a stalled "
                "service can't hide behind a waiting client."
            ),
            new_code_cell(
                "{f'p{100 * q:g}': f'{report.latency.quantile(q) * 1000:.3f} ms' "
                "for q in (0.5, 0.9, 0.99)}"
            ),
            new_markdown_cell("What each stop saw, and the time it took for a request:"),
            new_code_cell(
                "{name: (s['entered'], f\"{1e6 * s['seconds'] / max(1, s['timed']):.1f} µs\")\n"
                " for name, s in stops.items()}"
            ),
            new_markdown_cell("And one failure with its fix, measured:"),
            new_code_cell("from sevenstops.notebook import measure\n\nmeasure('shadowed-route')"),
        ]
    )


def keep_sweeps(notebook: nbformat.NotebookNode, old: Path) -> list[nbformat.NotebookNode]:
    """Gives sweeps the outputs that they have in the file, and gives all other cells."""
    shown = {c.source: c for c in nbformat.read(old, as_version=4).cells} if old.exists() else {}
    others = []
    for cell in notebook.cells:
        if "sweep" in cell.metadata.get("tags", []) and cell.source in shown:
            cell.outputs = shown[cell.source].outputs
        else:
            others.append(cell)
    return others


def main() -> None:
    """Writes and runs all, or those whose names are given."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--evidence", type=Path)
    parser.add_argument("names", nargs="*", metavar="NAME")
    given = parser.parse_args()
    if given.evidence:
        os.environ[EVIDENCE_VARIABLE] = str(given.evidence.resolve())
    made = {"0_overview": overview()}
    made |= {f"{n}_{stop}": of_stop(stop) for n, stop in enumerate(STOPS, 1)}
    for name, notebook in made.items():
        if given.names and name not in given.names:
            continue
        file = FOLDER / f"{name}.ipynb"
        for n, cell in enumerate(notebook.cells):
            # Stable, so that writing them again changes only what was measured.
            cell.id = f"{name.replace('_', '-')}-{n}"
        print(name, flush=True)
        executed = nbformat.v4.new_notebook()
        executed.cells = keep_sweeps(notebook, file) if given.evidence else notebook.cells
        NotebookClient(executed, timeout=900, kernel_name="python3").execute()
        for cell in notebook.cells:
            cell.metadata.pop("execution", None)
        notebook.metadata = {"kernelspec": {"display_name": "Python 3", "language": "python",
                                            "name": "python3"}}  # fmt: skip
        nbformat.write(notebook, file)


if __name__ == "__main__":
    main()
