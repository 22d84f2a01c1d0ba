"""`sevenstops framing`: whether proxy and service agree on where a request ends."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from sevenstops.cli.options import STDOUT, JsonOption, isolate
from sevenstops.cli.progress import console, points_progress
from sevenstops.evidence.files import make_folder, require_writable, write_json
from sevenstops.framing import matrix
from sevenstops.framing.cases import all_cases


def command(
    edge: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help=f"{', '.join(matrix.proxies())}; repeatable; without, all of them."
        ),
    ] = None,
    json_file: JsonOption = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write table and figure here.")
    ] = None,
) -> None:
    """Prove that proxies and the service behind them agree where a request ends.

    Raw requests that parsers read in different ways go through each proxy, as the distribution has
    it and hardened. What comes out is read by its framing headers, and sent to the service.

    Exits with 0 when the hardened service disagrees nowhere, else with 1.
    """
    names = list(dict.fromkeys(edge or matrix.proxies()))
    matrix.require(names)
    to_stdout = json_file == STDOUT
    if json_file and not to_stdout:
        require_writable(json_file)
    if out:
        make_folder(out)
    isolate()
    with points_progress(console(stderr=True), "framing") as progress:
        document = matrix.run(names, all_cases(), progress)
    from sevenstops.report.framing import framing_lines, write_framing

    if to_stdout:
        print(json.dumps(document))
    else:
        print("\n".join(framing_lines(document)))
    if json_file and not to_stdout:
        write_json(json_file, document)
    if out:
        print(f"The table is in {write_framing(document, out)}", file=sys.stderr)
    if any(one["disagreements"]["hardened"] for one in document["edges"]):
        raise typer.Exit(1)
