"""`sevenstops sweep`: measures over a range."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from sevenstops.cli.options import SeedOption, isolate
from sevenstops.cli.progress import console, points_progress
from sevenstops.errors import LabError
from sevenstops.evidence.files import make_folder
from sevenstops.lab.edges import edge_named, edges
from sevenstops.lab.environment import Lab
from sevenstops.sweeps import ROUNDS, SWEEPS, sweep_named


def command(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME]...", help=f"{', '.join(s.name for s in SWEEPS)}; without, all of them."
        ),
    ] = None,
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Write each as JSON, table and figure here.")
    ] = Path("out"),
    edge: Annotated[str, typer.Option(help=f"One of {', '.join(sorted(edges()))}.")] = "nginx",
    rounds: Annotated[int, typer.Option(min=1, max=1000, help="Runs of each point.")] = ROUNDS,
    seed: SeedOption = 7,
) -> None:
    """Measure over a range: fan-outs, hedge points, loads, and what ends an overload."""
    chosen = [sweep_named(name) for name in names] if names else list(SWEEPS)
    edge_named(edge).version()
    make_folder(out)
    isolate()
    lab = Lab(edge, seed)
    from sevenstops.report.sweep import write_sweep

    possible = [sweep for sweep in chosen if sweep.possible()]
    for sweep in chosen:
        if sweep not in possible:
            print(
                f"sevenstops: {sweep.name} is left out: this system allows no TUN device in a "
                "network namespace",
                file=sys.stderr,
            )
    if not possible:
        raise LabError("nothing is left to measure")
    for sweep in possible:
        with points_progress(console(stderr=True), sweep.name) as progress:
            document = sweep.run(lab, rounds, progress)
        print(f"{sweep.title}: {write_sweep(document, out)}")
