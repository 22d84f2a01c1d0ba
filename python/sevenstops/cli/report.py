"""`sevenstops report`: writes the report of evidence that was measured before."""

from pathlib import Path
from typing import Annotated

import typer

from sevenstops.evidence.documents import read_evidence
from sevenstops.evidence.files import make_folder
from sevenstops.experiments import explained, guides


def command(
    evidence: Annotated[Path, typer.Argument(metavar="FILE", help="Evidence, as --json wrote it.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Write everything here.")] = Path("out"),
) -> None:
    """Write report, lifecycle map and runbook of evidence that was measured before."""
    # It draws: whoever asks for help need not wait for that.
    from sevenstops.report.markdown import write_report

    document = explained(read_evidence(evidence))
    make_folder(out)
    print(f"The report is in {write_report(document, out, guides())}")
