"""The framing matrix for people: a table, what was disagreed on, and a figure."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from sevenstops.evidence.files import write_whole
from sevenstops.report.frame import AFTER, BEFORE, INK, SHADE, THRESHOLD

COLUMNS = (
    "edge", "version", "config", "refused", "rewritten", "forwarded", "fragile", "hardened",
)  # fmt: skip
OUTCOMES = {"refused": BEFORE, "rewritten": SHADE, "forwarded": AFTER}
LEGEND = (
    "fragile, hardened: those in which the service with this",
    "preset understood something else than the proxy wrote.",
)
TITLE = "What each proxy does with requests that parsers read in different ways"


def rows(document: dict[str, Any]) -> list[tuple[str, ...]]:
    """A row for each configuration of each edge."""
    return [
        (
            edge["name"], edge["version"], edge["configuration"],
            *(str(edge[kind]) for kind in OUTCOMES),
            *(str(edge["disagreements"][preset]) for preset in ("fragile", "hardened")),
        )
        for edge in document["edges"]
    ]  # fmt: skip


def disagreements(document: dict[str, Any], preset: str) -> list[tuple[str, str, str, str]]:
    """Edge, configuration, case and what both thought, where they differed."""
    return [
        (edge["name"], edge["configuration"], case["id"], case[preset]["disagreement"])
        for edge in document["edges"]
        for case in edge["cases"]
        if case[preset]["disagreement"]
    ]


def framing_lines(document: dict[str, Any]) -> Iterator[str]:
    """For a terminal of 80 columns: the table, and where the hardened service disagreed."""
    table = [COLUMNS, *rows(document)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        cells = [
            cell.ljust(width) if n < 3 else cell.rjust(width)
            for n, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()
    yield ""
    yield f"{document['cases']} cases. {LEGEND[0]}"
    yield LEGEND[1]
    for name, which, case, words in disagreements(document, "hardened"):
        yield f"{name} ({which}), {case}:"
        yield f"  {words}"


def write_framing(document: dict[str, Any], folder: Path) -> Path:
    """Writes framing.md and framing.png into `folder`; gives the first."""
    draw(document, folder / "framing.png")
    text = folder / "framing.md"
    write_whole(text, markdown(document))
    return text


def markdown(document: dict[str, Any]) -> str:
    """Title, figure, table and the list of what was disagreed on."""
    lines = [
        "# Where a request ends: proxies and the service behind them",
        "",
        f"{document['cases']} raw requests went through each proxy, as the distribution has it and "
        "hardened. What came out was read by its framing headers and sent to the service.",
        "",
        f"![{TITLE}](framing.png)",
        "",
        f"| {' | '.join(COLUMNS)} |",
        "|---|---|---|--:|--:|--:|--:|--:|",
        *(f"| {' | '.join(row)} |" for row in rows(document)),
        "",
        f"Cases; {' '.join(LEGEND)}",
        "",
    ]
    for preset in ("hardened", "fragile"):
        for name, which, case, words in disagreements(document, preset):
            lines.append(f"- {preset}: {name} ({which}), `{case}`: {words}")
    return "\n".join(lines).rstrip() + "\n"


def draw(document: dict[str, Any], path: Path) -> None:
    """Writes a PNG: a bar for each configuration, and the disagreements behind it."""
    bars = document["edges"]
    figure, axis = plt.subplots(figsize=(7.2, 1.3 + 0.36 * len(bars)), layout="constrained")
    _bars(axis, bars)
    axis.set_xlabel(f"cases, of {document['cases']}", fontsize=8, color=INK)
    axis.tick_params(labelsize=8, colors=INK)
    axis.spines[["top", "right"]].set_visible(False)
    figure.suptitle(TITLE, fontsize=10.5, x=0.01, ha="left", color=INK, fontweight="bold")
    figure.legend(loc="outside lower center", ncols=3, fontsize=8, frameon=False)
    figure.savefig(path, dpi=144, facecolor="white", format="png")
    plt.close(figure)


def _bars(axis: Axes, bars: list[dict[str, Any]]) -> None:
    places = range(len(bars))
    left = [0] * len(bars)
    for kind, colour in OUTCOMES.items():
        counts = [bar[kind] for bar in bars]
        axis.barh(places, counts, left=left, color=colour, label=kind, height=0.72)
        ink = INK if kind == "rewritten" else "#ffffff"
        for place, start, count in zip(places, left, counts, strict=True):
            if count:
                axis.text(start + count / 2, place, str(count), ha="center", va="center",
                          fontsize=8, color=ink)  # fmt: skip
        left = [start + count for start, count in zip(left, counts, strict=True)]
    for place, end, bar in zip(places, left, bars, strict=True):
        said = bar["disagreements"]
        words = f" disagree: {said['fragile']} fragile, {said['hardened']} hardened"
        axis.text(end, place, words, va="center", fontsize=8,
                  color=THRESHOLD if any(said.values()) else INK)  # fmt: skip
    axis.set_yticks(
        places, [f"{bar['name']} {bar['version']}, {bar['configuration']}" for bar in bars]
    )
    axis.invert_yaxis()
    axis.set_xlim(0, max([*left, 1]) * 1.5)
