"""`sevenstops list`: what the registries know."""

from collections.abc import Callable, Iterator
from typing import Annotated

import typer

from sevenstops.errors import LabError

Lines = Iterator[tuple[str, ...]]


def failures() -> Lines:
    """Stop and symptom."""
    from sevenstops.experiments import all_experiments

    for e in all_experiments():
        yield e.failure, e.stop, e.symptom


def sweeps() -> Lines:
    """Title."""
    from sevenstops.sweeps import SWEEPS

    for sweep in SWEEPS:
        yield sweep.name, sweep.title


def settings() -> Lines:
    """The hardened preset's value and the fragile one's, unit, range and meaning."""
    from sevenstops import _core

    hardened, fragile = _core.hardened(), _core.fragile()
    for info in _core.field_infos():
        values = f"{hardened.get(info.name)} (fragile: {fragile.get(info.name)})"
        span = f"{info.unit} {info.low:.10g} to {info.high:.10g}".lstrip()
        bounds = info.type if info.words else span
        says = values if info.type == "true or false" else f"{values}, {bounds}"
        yield info.name, f"{says}: {info.meaning}"


def crowds() -> Lines:
    """What each kind does."""
    from sevenstops import _core

    yield from _core.client_kinds().items()


def edges() -> Lines:
    """What each is."""
    from sevenstops.lab.edges import edges

    for name, edge in edges().items():
        yield name, edge.about


def faults() -> Lines:
    """Usage and meaning."""
    from sevenstops import _core

    yield from _core.fault_kinds().items()


REGISTRIES: dict[str, Callable[[], Lines]] = {
    "failures": failures,
    "sweeps": sweeps,
    "settings": settings,
    "crowds": crowds,
    "edges": edges,
    "faults": faults,
}


def aligned(rows: list[tuple[str, ...]]) -> Iterator[str]:
    """The rows as lines whose columns stand below each other."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()


def command(
    registry: Annotated[
        str, typer.Argument(metavar="|".join(REGISTRIES), help="What to list, one a line.")
    ],
) -> None:
    """List what there is: failures, sweeps, settings, crowds, edges or faults."""
    if registry not in REGISTRIES:
        raise LabError(f"'{registry}' can't be listed: there are {', '.join(REGISTRIES)}")
    for line in aligned(list(REGISTRIES[registry]())):
        print(line)
