"""The lifecycle map: one page with what to watch at each stop, what it catches, what mends it."""

import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib import pyplot as plt
from matplotlib.lines import Line2D

from sevenstops.evidence.quantities import change, human, must, sentence
from sevenstops.evidence.stops import HAPPENS, STOPS

A4 = (11.69, 8.27)
"""Landscape, in inches (ISO 216)."""

INK, MUTED, STRONG, BAD = "#222222", "#666666", "#0072B2", "#D55E00"


@dataclass(frozen=True)
class Row:
    """One failure on the map."""

    stop: str
    watch: str
    threshold: str
    failure: str
    fix: str
    effect: str
    verdict: str


def rows(document: dict[str, Any]) -> list[Row]:
    """A row for each failure, in walking order of the stops; its first exposing metric speaks."""
    found = []
    for e in sorted(document["evidence"], key=lambda e: STOPS.index(e["stop"])):
        metric = next(m for m in e["metrics"] if not m.get("guard"))
        before, after = (
            human(metric[side]["median"], metric["unit"], metric["name"])
            for side in ("before", "after")
        )
        found.append(
            Row(
                stop=e["stop"],
                watch=metric["name"],
                threshold=must(metric),
                failure=e["symptom"],
                fix=e["fix"],
                effect=f"{before} → {after} ({change(metric)})",
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
            f"| {row.effect}{verdict} |"
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
    found = rows(document)
    figure = plt.figure(figsize=A4)
    figure.text(0.04, 0.945, "The life of a request, and where it fails", fontsize=17,
                fontweight="bold", color=INK)  # fmt: skip
    figure.text(0.04, 0.915, where(document["environment"]), fontsize=8, color=MUTED)
    columns = ((0.04, "stop"), (0.24, "watch, and what must hold"), (0.47, "failure it catches"),
               (0.68, "fix, and its measured effect"))  # fmt: skip
    for x, name in columns:
        figure.text(x, 0.872, name, fontsize=8.5, color=MUTED)
    height = 0.83 / max(len(found), 1)
    # Many rows are set smaller, with as many more letters to a line.
    size: float = min(1.0, (height / 0.1) ** 0.5)
    line_height = 1.3 * 9 * size / (72 * A4[1])

    def write(x: float, y: float, said: str, width: int, points: float, **more: Any) -> float:
        lines = textwrap.wrap(said, round(width / size))
        figure.text(x, y, "\n".join(lines), fontsize=points * size, va="top", **more)
        return y - len(lines) * line_height

    top = 0.86
    told = ""
    for row in found:
        rule = Line2D([0.04, 0.97], [top, top], color="#cccccc", linewidth=0.6)
        figure.add_artist(rule)
        y = top - 0.8 * line_height
        if row.stop != told:
            number = STOPS.index(row.stop) + 1
            write(0.04, y, f"{number}  {sentence(row.stop)}", 36, 12.5, color=STRONG,
                  fontweight="bold")  # fmt: skip
            write(0.04, y - 1.4 * line_height, HAPPENS[row.stop], 38, 7.5, color=MUTED)
            told = row.stop
        under = write(0.24, y, row.watch, 60, 8.5, family="monospace", color=INK)
        write(0.24, under, row.threshold, 60, 8.5, color=INK)
        write(0.47, y, row.failure, 34, 9, color=INK)
        under = write(0.68, y, row.fix, 50, 9, color=INK)
        colour = STRONG if row.verdict == "fixed" else BAD
        said = row.effect if row.verdict == "fixed" else f"{row.verdict}: {row.effect}"
        write(0.68, under, said, 54, 8.5, color=colour, fontweight="bold")
        top -= height
    for path in paths:
        figure.savefig(path, metadata={"Title": "The life of a request"} if path.suffix == ".pdf"
                       else None)  # fmt: skip
    plt.close(figure)
