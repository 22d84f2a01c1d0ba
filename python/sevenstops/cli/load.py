"""`sevenstops load`: sends a plan, shows it on its way, and holds it against conditions."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from sevenstops import _core
from sevenstops.cli.load_screen import LoadScreen, print_load
from sevenstops.cli.options import STDOUT, JsonOption
from sevenstops.cli.progress import console
from sevenstops.errors import LabError
from sevenstops.evidence.files import require_writable, write_json
from sevenstops.loading.conditions import Condition, condition
from sevenstops.loading.plans import closed, constant, poisson, read_plan
from sevenstops.loading.running import LoadReport, load

ARRIVALS = {"constant": constant, "poisson": poisson}


def command(
    url: Annotated[str, typer.Argument(metavar="URL", help="http[s]://HOST[:PORT]/PATH")],
    duration: Annotated[float | None, typer.Option(help="Seconds.")] = None,
    connections: Annotated[int | None, typer.Option(help="At once.")] = None,
    rate: Annotated[
        float | None, typer.Option(help="Requests a second; without, each waits for an answer.")
    ] = None,
    arrivals: Annotated[str, typer.Option(help="With a rate: constant or poisson.")] = "constant",
    threads: Annotated[int | None, typer.Option(help="That send; 1.")] = None,
    plan_file: Annotated[
        Path | None,
        typer.Option("--plan", metavar="FILE", help="A whole plan, .toml or .json."),
    ] = None,
    new_connections: Annotated[
        bool, typer.Option("--new-connections", help="One for each request.")
    ] = False,
    http2: Annotated[bool, typer.Option("--http2", help="Speak HTTP/2.")] = False,
    streams: Annotated[int | None, typer.Option(help="Of each HTTP/2 connection; 100.")] = None,
    warm_up: Annotated[
        float | None, typer.Option(help="Seconds at the start that are not recorded; 0.")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, max=2**63 - 1, help="Of the plan; 7.")] = None,
    engine: Annotated[str, typer.Option(help="auto, io_uring or epoll.")] = "auto",
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Don't check the certificate.")
    ] = False,
    authorities: Annotated[
        Path | None, typer.Option("--cacert", metavar="FILE", help="Certificates to trust (PEM).")
    ] = None,
    allow_remote: Annotated[
        list[str] | None,
        typer.Option(metavar="HOST", help="Allow a load to go to this host, not this machine."),
    ] = None,
    fail_if: Annotated[
        list[str] | None,
        typer.Option(metavar="CONDITION", help="E.g. 'p99 > 50ms': end with 1 when it holds."),
    ] = None,
    json_file: JsonOption = None,
    hdr_file: Annotated[
        Path | None,
        typer.Option("--hdr", metavar="FILE", help="Write an HdrHistogram V2 log here."),
    ] = None,
) -> None:
    """Send a load and tell what became of it; latency counts from the intended send time.

    Exits with 1 when a condition of --fail-if holds.
    """
    conditions = [condition(text) for text in fail_if or ()]
    for file in (json_file, hdr_file):
        if file and file != STDOUT:
            require_writable(file)
    fields: dict[str, Any] = {
        "connections": connections,
        "threads": threads,
        "warm_up": warm_up,
        "seed": seed,
    }
    given = {name: value for name, value in fields.items() if value is not None}
    if http2:
        given |= {"protocol": "h2", "http2": _core.Http2Spec(streams=streams or 100)}
    elif streams is not None:
        raise LabError("--streams belongs to --http2")
    if new_connections:
        given["keep_alive"] = False
    options: dict[str, Any] = {"engine": engine, "verify": not insecure}
    options["authorities"] = str(authorities or "")
    if plan_file:
        if given or duration is not None or rate is not None:
            raise LabError("--plan says all about the load: no other option of it goes with it")
        plan = read_plan(plan_file)
        plan.allow = [*plan.allow, *(allow_remote or ())]
        options["plan"] = plan
    else:
        if duration is None or connections is None:
            raise LabError("a load needs --duration and --connections, or a --plan")
        if arrivals not in ARRIVALS:
            raise LabError(f"arrivals are constant or poisson, not '{arrivals}'")
        phase = closed(duration) if rate is None else ARRIVALS[arrivals](rate, duration)
        options |= {"arrivals": [phase], "allow": allow_remote or [], **given}
    with LoadScreen(console(stderr=True)) as screen:
        report = load(url, watch=screen.show, **options)
    tell(report, json_file, hdr_file, conditions)


def tell(
    report: LoadReport, json_file: Path | None, hdr_file: Path | None, conditions: list[Condition]
) -> None:
    """Writes and prints a report; ends with 1 and names the conditions that hold of it."""
    if json_file == STDOUT:
        print(json.dumps(report.as_dict()))
    else:
        print_load(report, console())
    if json_file and json_file != STDOUT:
        write_json(json_file, report.as_dict())
    if hdr_file:
        from sevenstops.loading.hdr import write_log

        write_log(report, hdr_file)
    broken = [c for c in conditions if c.met(report)]
    for c in broken:
        print(f"sevenstops: failed, since {c.text}: it is {c.value(report):.6g}", file=sys.stderr)
    if broken:
        raise typer.Exit(1)
