"""The command line: run, serve, load."""

import json
import os
import signal
import sys
from functools import partial
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from sevenstops.baseline import (
    baseline_path,
    compare,
    load_baseline,
    machines_differ,
    read_evidence,
    save,
)
from sevenstops.document import evidence_document, require_writable, write_json
from sevenstops.edges import edge_named, edges
from sevenstops.environment import ISOLATION_VARIABLE, Lab
from sevenstops.errors import LabError
from sevenstops.experiments import QUICK_ROUNDS, ROUNDS, choose
from sevenstops.experiments import run as measure_apart
from sevenstops.load_command import JsonOption, load_command
from sevenstops.processes import EXECUTABLE
from sevenstops.progress import RunProgress, console, points_progress
from sevenstops.report.markdown import write_report
from sevenstops.report.sweep import write_sweep
from sevenstops.report.table import terminal_table
from sevenstops.service import STOPS, Service, ServiceOptions, settings_from
from sevenstops.sweeps import ROUNDS as ROUNDS_OF_A_SWEEP
from sevenstops.sweeps import SWEEPS, sweep_named

# Click's own exception, whether typer depends on click or carries it.
CommandLineError: type[Exception] = typer.BadParameter.__mro__[2]

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="How an HTTP service fails at each of its seven stops, and what mends it: measured.",
)

app.command("load")(load_command)


def isolate() -> None:
    """Begins this process anew in a network namespace of its own, unless it is in one."""
    if ISOLATION_VARIABLE not in os.environ:
        arguments = [sys.executable, "-m", "sevenstops", *sys.argv[1:]]
        os.execv(EXECUTABLE, [str(EXECUTABLE), "--isolate", *arguments])


@app.command()
def run(
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
    seed: Annotated[int, typer.Option(min=0, max=2**63 - 1, help="Of every plan.")] = 7,
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
) -> None:
    """Measure failures before and after their fix, under identical load.

    Exits with 0 when every failure is fixed, with 1 when one is not or can't be told.
    """
    chosen = choose(stops or (), everything)
    if keep:
        baseline_path(keep)
    edge_named(edge).version()
    to_stdout = json_file == Path("-")
    if json_file and not to_stdout:
        require_writable(json_file)
    if out:
        make_folder(out)
    isolate()
    lab = Lab(edge, seed)
    rounds = rounds or (QUICK_ROUNDS if quick else ROUNDS)
    evidence = []
    with RunProgress(console(stderr=True), chosen, rounds, seed) as progress:
        for experiment in chosen:
            measured = experiment.measure(
                lab, rounds, partial(progress.side, experiment), max_time=max_time
            )
            evidence.append(measured)
            progress.ended(experiment, measured.verdict())
    document = evidence_document(lab, evidence)
    if to_stdout:
        print(json.dumps(document))
    else:
        console().print(terminal_table(document))
    if json_file and not to_stdout:
        write_json(json_file, document)
    if out:
        print(f"The report is in {write_report(document, out)}", file=sys.stderr)
    if keep:
        print(f"The evidence is kept in {save(keep, document)}", file=sys.stderr)
    if any(e.verdict() != "fixed" for e in evidence):
        raise typer.Exit(1)


@app.command("sweep")
def sweep_command(
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
    rounds: Annotated[
        int, typer.Option(min=1, max=1000, help="Runs of each point.")
    ] = ROUNDS_OF_A_SWEEP,
    seed: Annotated[int, typer.Option(min=0, max=2**63 - 1, help="Of every plan.")] = 7,
) -> None:
    """Measure over a range: fan-outs, hedge points, loads, and what ends an overload."""
    chosen = [sweep_named(name) for name in names] if names else list(SWEEPS)
    edge_named(edge).version()
    make_folder(out)
    isolate()
    lab = Lab(edge, seed)
    for sweep in chosen:
        with points_progress(console(stderr=True), sweep.name) as progress:
            document = sweep.run(lab, rounds, progress)
        print(f"{sweep.title}: {write_sweep(document, out)}")


@app.command("report")
def report_command(
    evidence: Annotated[Path, typer.Argument(metavar="FILE", help="Evidence, as --json wrote it.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Write everything here.")] = Path("out"),
) -> None:
    """Write report, lifecycle map and runbook of evidence that was measured before."""
    document = read_evidence(evidence)
    make_folder(out)
    print(f"The report is in {write_report(document, out)}")


@app.command("compare")
def compare_command(
    name: Annotated[str, typer.Argument(help="What was kept, by its name or file.")],
    other: Annotated[
        str | None, typer.Argument(metavar="[NAME2]", help="What to hold against it.")
    ] = None,
    edge: Annotated[str, typer.Option(help="Of the run, without NAME2.")] = "nginx",
    quick: Annotated[bool, typer.Option("--quick", help="A quick run, without NAME2.")] = False,
    fail_on_regression: Annotated[
        bool, typer.Option("--fail-on-regression", help="End with 1 when something got worse.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Compare across different machines.")
    ] = False,
) -> None:
    """Tell what got worse since a baseline: of other evidence, or of a run made now."""
    old = load_baseline(name)
    if other:
        new = load_baseline(other)
    else:
        failures = [e["failure"] for e in old["evidence"]]
        new = measure_apart(*failures, edge=edge, quick=quick)
    differ = machines_differ(new, old)
    regressions = compare(new, old, force)
    if differ:
        print(f"beware: the machines differ: {differ}")
    for stop, sentence in regressions:
        print(f"{stop}: {sentence}")
    if not regressions:
        print("nothing got worse")
    if regressions and fail_on_regression:
        raise typer.Exit(1)


def make_folder(folder: Path) -> None:
    """Makes `folder` where it is missing. Raises LabError where it can't be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LabError(f"{folder} cannot be made: {error.strerror}") from error
    require_writable(folder / "report.md")


@app.command()
def serve(
    preset: Annotated[str, typer.Option(help="fragile or hardened.")] = "hardened",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any that is free.")] = 8080,
    admin_port: Annotated[int, typer.Option(min=0, max=65535, help="Of /metrics and /stops.")] = 0,
    threads: Annotated[int, typer.Option(min=0, max=1024, help="0: one per processor.")] = 0,
    rows: Annotated[int, typer.Option(min=0, max=10_000_000, help="Orders to serve.")] = 20000,
    changes: Annotated[
        list[str] | None, typer.Option("--set", metavar="STOP.FIELD=VALUE", help="A setting.")
    ] = None,
) -> None:
    """Run the service until Ctrl-C."""
    settings = settings_from(preset, changes or [])
    with Service(settings, ServiceOptions(port, admin_port, threads, rows)) as service:
        print(f"{preset} service on {service.url}")
        print(f"/metrics and /stops on http://127.0.0.1:{service.admin_port}", flush=True)
        service.process.popen.wait()
    raise LabError("the service ended by itself")


def main() -> NoReturn:
    """The entry point: what goes wrong outside the lab is one sentence and a non-zero exit."""
    # Ends as an exception does, so that every child and folder goes with it.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        code = app(standalone_mode=False)
    except LabError as error:
        print(f"sevenstops: {error}", file=sys.stderr)
        code = 2
    except CommandLineError as error:
        words = " ".join(error.format_message().split())  # type: ignore[attr-defined]
        print(f"sevenstops: {words}", file=sys.stderr)
        code = 2
    except (KeyboardInterrupt, typer.Abort):
        print("sevenstops: interrupted", file=sys.stderr)
        code = 130
    except BrokenPipeError:
        # The reader has left; what is still buffered has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    sys.exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()
