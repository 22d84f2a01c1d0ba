"""A sweep as a table and a figure."""

from pathlib import Path
from typing import IO, Any

import matplotlib as mpl

mpl.use("Agg")

from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from sevenstops.evidence.files import write_json, write_whole
from sevenstops.evidence.quantities import human, scale
from sevenstops.report.frame import INK

# Okabe and Ito, *Color Universal Design*, with a marker each for print without colour.
LINES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#7f7f7f", "#E69F00", "#56B4E9")
MARKERS = "osD^vPX"
DECADES = 200
"""How many times the first place the last is where an axis is logarithmic."""


def write_sweep(document: dict[str, Any], folder: Path) -> Path:
    """Writes NAME.json, NAME.png and NAME.md into `folder`; gives the last."""
    name = document["sweep"]
    write_json(folder / f"{name}.json", document)
    draw_sweep(document, folder / f"{name}.png")
    text = folder / f"{name}.md"
    write_whole(text, markdown_sweep(document))
    return text


def sweep_table(document: dict[str, Any]) -> list[str]:
    """A Markdown table's lines; a median of several runs has their range behind it."""
    units = document["units"]
    axes = [name for name in (document["line"], document["axis"]) if name]
    theory = sorted({name for row in document["rows"] for name in row["theory"]})
    head = [*axes, *(name.removesuffix("_seconds").replace("_", " ") for name in units)]
    head += [f"{name.replace('_', ' ')}, theory" for name in theory]
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(axes) + "--:|" * (len(head) - len(axes))]
    for row in document["rows"]:
        cells = [cell for cell in (row["line"], row["at"]) if cell]
        for name, unit in units.items():
            cells.append(_with_range(row["median"][name], row["samples"][name], unit, name))
        for name in theory:
            cells.append(
                human(row["theory"][name], units[name], name) if name in row["theory"] else ""
            )
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def markdown_sweep(document: dict[str, Any]) -> str:
    """Title, question, figure and table."""
    environment = document["environment"]
    runs = document["rounds"]
    of = f"Medians of {runs} runs each, with their range" if runs > 1 else "One run each"
    edge = environment.get("edge", "")
    behind = ", without an edge" if edge == "none" else f", behind {edge}" if edge else ""
    doubts = sorted(set(document["doubts"]))
    return "\n".join(
        [
            f"# {document['title']}",
            "",
            document["question"],
            "",
            f"![{document['title']}]({document['sweep']}.png)",
            "",
            *sweep_table(document),
            "",
            f"{of}, in random order; seed {document['seed']}; {environment['cores']} cores, Linux "
            f"{environment['kernel']}{behind}.",
            *([f"The client's own doubts: {'; '.join(doubts)}."] if doubts else []),
            "",
        ]
    )


def _with_range(middle: float, samples: list[float], unit: str, name: str) -> str:
    text = human(middle, unit, name)
    low, high = (human(value, unit, name) for value in (min(samples), max(samples)))
    return text if low == high else f"{text} [{low} to {high}]"


def _lines(document: dict[str, Any]) -> list[str]:
    return list(dict.fromkeys(row["line"] for row in document["rows"]))


def draw_sweep(document: dict[str, Any], out: Path | IO[bytes]) -> None:
    """Writes a PNG: a course over time, a line over the axis, or a bar for each setting."""
    figure, axis = plt.subplots(figsize=(7.2, 3.8), layout="constrained")
    if document["curve"]:
        _courses(axis, document)
    elif _lines(document)[0]:
        _over_axis(axis, document)
    else:
        _bars(axis, document)
    # Of the whole figure: bars have their names to the left of the axis.
    figure.suptitle(document["title"], x=0.01, ha="left", fontsize=10.5, color=INK, weight="bold")
    axis.tick_params(labelsize=8, colors=INK)
    axis.spines[["top", "right"]].set_visible(False)
    figure.savefig(out, dpi=144, facecolor="white", format="png")
    plt.close(figure)


def _style(n: int) -> dict[str, Any]:
    return {
        "color": LINES[n % len(LINES)],
        "marker": MARKERS[n % len(MARKERS)],
        "markersize": 4,
        "linewidth": 1.4,
    }


def _courses(axis: Axes, document: dict[str, Any]) -> None:
    # Documents of before had one step, and one kind of course.
    step = document.get("curve_step", 0.5)
    of = document.get("curve_of", "requests")
    for n, row in enumerate(document["rows"]):
        times = [step * (i + 0.5) for i in range(len(row["course"]))]
        axis.plot(times, row["course"], label=row["line"], **_style(n))
    axis.set_xlabel("seconds", fontsize=8, color=INK)
    axis.set_ylabel(f"{document['curve']}, share of {of}", fontsize=8, color=INK)
    axis.set_ylim(bottom=-0.02)
    axis.legend(fontsize=7.5, frameon=False)


def _quantity(document: dict[str, Any]) -> tuple[float, str]:
    name = document["drawn"]
    largest = max(max(row["samples"][name]) for row in document["rows"])
    divisor, symbol = scale(largest, document["units"][name], name)
    return divisor, f"{name.removesuffix('_seconds').replace('_', ' ')}, {symbol}".strip(", ")


def _over_axis(axis: Axes, document: dict[str, Any]) -> None:
    name = document["drawn"]
    divisor, label = _quantity(document)
    for n, line in enumerate(_lines(document)):
        rows = [row for row in document["rows"] if row["line"] == line]
        at = [float(row["at"]) for row in rows]
        axis.plot(at, [r["median"][name] / divisor for r in rows], label=line, **_style(n))
        theory = [(float(r["at"]), r["theory"][name] / divisor) for r in rows if r["theory"]]
        if theory:
            axis.plot(*zip(*theory, strict=True), ":", color=INK, linewidth=1.2, label="theory")
    axis.set_yscale("log" if document["logarithmic"] else "linear")
    places = [float(row["at"]) for row in document["rows"]]
    if min(places) > 0 and max(places) >= DECADES * min(places):
        axis.set_xscale("log")
    axis.set_xlabel(document["axis"], fontsize=8, color=INK)
    axis.set_ylabel(label, fontsize=8, color=INK)
    axis.legend(fontsize=7.5, frameon=False)


def _bars(axis: Axes, document: dict[str, Any]) -> None:
    name = document["drawn"]
    divisor, label = _quantity(document)
    rows = document["rows"]
    places = range(len(rows))
    values = [row["median"][name] / divisor for row in rows]
    axis.barh(places, values, height=0.5, color=LINES[0], alpha=0.35)
    for place, row in zip(places, rows, strict=True):
        samples = [value / divisor for value in row["samples"][name]]
        axis.plot(samples, [place] * len(samples), "o", color=LINES[0], markersize=4)
        extra = row["median"].get("extra_requests_ratio", 0.0)
        text = human(row["median"][name], document["units"][name], name)
        text += f" for {100 * extra:.1f} % more requests" if extra else ""
        axis.annotate(
            text, (max(samples), place),
            xytext=(8, 0), textcoords="offset points", va="center", fontsize=8, color=INK,
        )  # fmt: skip
    axis.set_yticks(places, [row["at"] for row in rows])
    axis.invert_yaxis()
    axis.set_xscale("log" if document["logarithmic"] else "linear")
    axis.set_xlim(right=max(values) * (30 if document["logarithmic"] else 1.5))
    axis.set_xlabel(label, fontsize=8, color=INK)
