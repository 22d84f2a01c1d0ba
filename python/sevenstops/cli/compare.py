"""`sevenstops compare`: tells what got worse since a baseline."""

from typing import Annotated

import typer

from sevenstops import experiments
from sevenstops.evidence.baselines import compare, load_baseline, machines_differ


def command(
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
        new = experiments.run(*failures, edge=edge, quick=quick)
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
