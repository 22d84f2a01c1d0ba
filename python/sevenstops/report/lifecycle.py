"""The lifecycle map: one page with what to watch at each stop, what it catches, what mends it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib import pyplot as plt

from sevenstops.evidence.quantities import change, must, sentence
from sevenstops.evidence.stops import HAPPENS
from sevenstops.report.sections import count, exposing, in_order, in_short
from sevenstops.report.transit import transit


@dataclass(frozen=True)
class Row:
    """One failure on the map."""

    stop: str
    watch: str
    threshold: str
    failure: str
    fix: str
    short: str
    change: str
    verdict: str


def rows(document: dict[str, Any]) -> list[Row]:
    """A row for each failure, in walking order of the stops; its first exposing metric speaks."""
    found = []
    for e in in_order(document):
        metric = exposing(e)
        found.append(
            Row(
                stop=e["stop"],
                watch=metric["name"],
                threshold=must(metric),
                failure=e["symptom"],
                fix=e["fix"],
                short=in_short(metric),
                change=change(metric),
                verdict=e["verdict"],
            )
        )
    return found


def markdown_map(document: dict[str, Any]) -> str:
    """The map as a Markdown table."""
    lines = [
        "# The life of a request, and where it fails", "",
        "| stop | what happens | watch | must be | failure it catches | fix | measured |",
        "|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    told = set()
    for row in rows(document):
        first = row.stop not in told
        told.add(row.stop)
        verdict = "" if row.verdict == "fixed" else f" **{row.verdict}**"
        lines.append(
            f"| {sentence(row.stop) if first else ''} | {HAPPENS[row.stop] if first else ''} "
            f"| `{row.watch}` | {row.threshold} | {row.failure} | {row.fix} "
            f"| {row.short} ({row.change}){verdict} |"
        )
    return "\n".join([*lines, "", where(document["environment"])]) + "\n"


def where(environment: dict[str, Any]) -> str:
    """A sentence about the place of the measurement."""
    return (
        f"Measured on {environment['cores']} cores, Linux {environment['kernel']}, behind "
        f"{environment['edge']}, each side under the identical plan."
    )


def draw_map(document: dict[str, Any], *paths: Path) -> None:
    """Draws the map on one A4 page into each of the paths (SVG, PDF, PNG by their endings)."""
    found = [
        (
            row.stop,
            [
                ("catches", sentence(row.failure)),
                ("bad" if row.verdict != "fixed" else "measured",
                 row.short if row.verdict == "fixed" else f"{row.verdict}: {row.short}"),
                ("watch", f"{row.watch}: {row.threshold}"),
                ("mend", row.fix),
            ],
        )
        for row in rows(document)
    ]  # fmt: skip
    figure = transit(found, f"{count(document)}. {where(document['environment'])}")
    for path in paths:
        figure.savefig(path, metadata={"Title": "The life of a request"} if path.suffix == ".pdf"
                       else None)  # fmt: skip
    plt.close(figure)
