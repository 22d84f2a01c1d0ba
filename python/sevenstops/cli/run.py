"""`sevenstops run`: measures failures before and after their fix."""

import json
import sys
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from sevenstops import hardened
from sevenstops.cli.options import STDOUT, JsonOption, SeedOption, isolate
from sevenstops.cli.progress import RunProgress, console
from sevenstops.errors import LabError
from sevenstops.evidence.baselines import baseline_path, save
from sevenstops.evidence.documents import evidence_document
from sevenstops.evidence.files import make_folder, require_writable, write_json
from sevenstops.evidence.stops import STOPS
from sevenstops.evidence.verdict import Evidence
from sevenstops.experiments import QUICK_ROUNDS, ROUNDS, Experiment, choose, guides
from sevenstops.experiments.ablation import ablate
from sevenstops.lab.edges import edge_named, edges
from sevenstops.lab.environment import Lab
from sevenstops.lab.settings import SideSettings, parse_changes
from sevenstops.report.table import terminal_table

SaidOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=VALUE", help="Change a setting of this side for a look; repeatable."
    ),
]


def those_possible(chosen: list[Experiment]) -> list[Experiment]:
    """The experiments that can be measured here; what is left out is said. LabError for none."""
    possible = [e for e in chosen if e.possible()]
    left_out = [e for e in chosen if not e.possible()]
    for experiment in left_out:
        said = f"{experiment.failure} is left out, no network namespace is allowed"
        print(f"sevenstops: {said}: {experiment.needs_network}", file=sys.stderr)
    if not possible:
        raise LabError("nothing is left to measure")
    return possible


def say_runbook(evidence: list[Evidence]) -> bool:
    """Says how many of the runbook's commands told the sides apart, and which did not; whether all
    did.
    """
    lines = [line for one in evidence for line in one.runbook]
    blind = [line for line in lines if not line["before"]["shows"] or line["after"]["shows"]]
    for line in blind:
        print(f"sevenstops: the runbook does not tell: {line['symptom']}", file=sys.stderr)
    told = len(lines) - len(blind)
    print(f"{told} of {len(lines)} commands of the runbook tell the sides apart", file=sys.stderr)
    return not blind


def command(
    stops: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[STOP]...", help=f"{', '.join(STOPS)}, or a failure; without, the core ones."
        ),
    ] = None,
    edge: Annotated[str, typer.Option(help=f"One of {', '.join(sorted(edges()))}.")] = "nginx",
    quick: Annotated[
        bool, typer.Option("--quick", help=f"{QUICK_ROUNDS} runs of each side, not {ROUNDS}.")
    ] = False,
    json_file: JsonOption = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write the report with its figures here.")
    ] = None,
    seed: SeedOption = 7,
    rounds: Annotated[
        int | None, typer.Option(min=1, max=1000, help="Runs of each side, said exactly.")
    ] = None,
    max_time: Annotated[
        float,
        typer.Option(
            min=0.0,
            metavar="SECONDS",
            help="Go on with each failure until its intervals are narrow, for so long at most.",
        ),
    ] = 0.0,
    keep: Annotated[
        str | None,
        typer.Option("--save", metavar="NAME", help="Keep the evidence to compare with later."),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every experiment there is.")] = False,
    with_ablation: Annotated[
        bool,
        typer.Option("--ablate", help="Take back each setting of a fix alone, and apply it alone."),
    ] = False,
    with_runbook: Annotated[
        bool,
        typer.Option("--runbook", help="Run the runbook's commands under load, on both sides."),
    ] = False,
    before: SaidOption = None,
    after: SaidOption = None,
) -> None:
    """Measure failures before and after their fix, under identical load.

    --before and --after change settings of a side for a look, whatever they do: the evidence says
    that it was altered, and is no baseline.

    Exits with 0 when every failure is fixed, with 1 when one is not or can't be told, or with
    --runbook when a command doesn't tell the sides apart.
    """
    chosen = choose(stops or (), everything)
    said = {"before": parse_changes(before or ()), "after": parse_changes(after or ())}
    altered = any(said.values())
    for changes in said.values():
        SideSettings(hardened()).changed(changes)
    if with_ablation and altered:
        raise LabError("--ablate takes back the fix's own settings: not with --before or --after")
    if keep and altered:
        raise LabError("a run with --before or --after is a look, and is not kept as a baseline")
    if keep:
        baseline_path(keep)
    edge_named(edge).version()
    to_stdout = json_file == STDOUT
    if json_file and not to_stdout:
        require_writable(json_file)
    if out:
        make_folder(out)
    isolate()
    chosen = those_possible(chosen)
    lab = Lab(edge, seed)
    rounds = rounds or (QUICK_ROUNDS if quick else ROUNDS)
    evidence = []
    with RunProgress(console(stderr=True), chosen, rounds, seed) as progress:
        for experiment in chosen:
            told = partial(progress.side, experiment)
            measured = experiment.measure(lab, rounds, told, said, max_time, with_runbook)
            if with_ablation:
                measured.ablation = ablate(experiment, measured, lab, rounds, told)
            evidence.append(measured)
            progress.ended(experiment, measured.verdict())
    document = evidence_document(lab.environment(), evidence)
    if to_stdout:
        print(json.dumps(document))
    else:
        screen = console()
        screen.print(terminal_table(document, screen.width))
    if json_file and not to_stdout:
        write_json(json_file, document)
    if out:
        from sevenstops.report.markdown import write_report

        print(f"The report is in {write_report(document, out, guides())}", file=sys.stderr)
    if keep:
        print(f"The evidence is kept in {save(keep, document)}", file=sys.stderr)
    told_apart = say_runbook(evidence) if with_runbook else True
    if any(e.verdict() != "fixed" for e in evidence) or not told_apart:
        raise typer.Exit(1)
