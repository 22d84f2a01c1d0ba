"""Bars of before and after, for what has no figure of its own, and one picture for each stop."""

from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from sevenstops.evidence.quantities import alike, bound, middle, must, scale, sentence
from sevenstops.report.frame import COLOURS, INK, LETTERS, STEPS, THRESHOLD, WIDTH, plain
from sevenstops.report.letters import LINE, width, wrapped

LANES = {"before": 1.0, "after": 0.0}
SIDE, PLOT, BELOW = 10.0, 76.0, 24.0
"""Points beside the bars, of the bars of one metric, and below them for the ticks."""


def bars(evidence: dict[str, Any]) -> Figure:
    """A panel for each metric that exposed one failure."""
    panels = [m for m in evidence["metrics"] if not m.get("guard")]
    return stacked([(metric, "") for metric in panels])


def described_bars(evidence: dict[str, Any]) -> str:
    """The bars in words."""
    return "; ".join(
        f"{m['name']} {middle(m, 'before')} before and {middle(m, 'after')} after"
        for m in evidence["metrics"]
        if not m.get("guard")
    )


def draw_stop(document: dict[str, Any], stop: str, path: Path) -> None:
    """Writes a PNG with a panel for each metric that exposed a failure of this stop.

    Of more than two failures it has the first metric each: the others are in the tables.
    """
    found = [e for e in document["evidence"] if e["stop"] == stop]
    panels = [(e, m) for e in found for m in e["metrics"] if not m.get("guard")]
    if len(found) > 2:
        panels = [next(p for p in panels if p[0] is e) for e in found]
    title = f"{len(found)} failures"
    if len(found) <= 2:
        title = " / ".join(e["symptom"] for e in found)
    verdicts = " / ".join(sorted({e["verdict"] for e in found}))
    figure = stacked(
        [(m, e["failure"] if len(found) > 1 else "") for e, m in panels],
        f"{sentence(stop)}: {title}; {verdicts}",
    )
    figure.savefig(path, dpi=160, facecolor="white")
    plt.close(figure)


def stacked(panels: list[tuple[dict[str, Any], str]], title: str = "") -> Figure:
    """Panels one above the other, each under the words that name it."""
    lines = wrapped(title, WIDTH - 12, LETTERS + 1, bold=True) if title else []
    row = LETTERS * LINE
    heads = [_head(metric, failure) for metric, failure in panels]
    heights = [(len(head) + 1) * row + PLOT + BELOW + 8 for head in heads]
    height = 4 + sum(heights) + (len(lines) * (LETTERS + 1) * LINE + 4 if lines else 0)
    figure = plt.figure(figsize=(WIDTH / 72, height / 72))
    top = height - 4
    for line in lines:
        figure.text(4 / WIDTH, top / height, line, fontsize=LETTERS + 1, fontweight="bold",
                    color=INK, va="top")  # fmt: skip
        top -= (LETTERS + 1) * LINE
    top = sum(heights)
    for (metric, _), head, tall in zip(panels, heads, heights, strict=True):
        for n, line in enumerate(head):
            figure.text(4 / WIDTH, (top - n * row) / height, line, fontsize=LETTERS, color=INK,
                        va="top")  # fmt: skip
        bottom = top - tall + 8 + BELOW
        box = (SIDE / WIDTH, bottom / height, 1 - 2 * SIDE / WIDTH, PLOT / height)
        _panel(figure.add_axes(box), metric)
        top -= tall
    return figure


def _unit(metric: dict[str, Any]) -> tuple[float, str]:
    largest = max(*metric["before"]["samples"], *metric["after"]["samples"])
    return scale(largest, metric["unit"], metric["name"])


def _head(metric: dict[str, Any], failure: str) -> list[str]:
    """The failure and the metric, with the unit of the ticks."""
    name = metric["name"].removesuffix("_" + metric["unit"]).replace("_", " ")
    symbol = _unit(metric)[1]
    said = f"{f'{failure}: ' if failure else ''}{name}, {symbol or 'count'}"
    return wrapped(said, WIDTH - 8, LETTERS)


def _panel(axis: Axes, metric: dict[str, Any]) -> None:
    divisor, _ = _unit(metric)
    limit = bound(metric) / divisor
    samples = {side: [v / divisor for v in metric[side]["samples"]] for side in LANES}
    right = max(*samples["before"], *samples["after"], limit, 1e-9) * 1.04
    runs = f" in all {alike(metric)} runs" if alike(metric) else ""
    for side, lane in LANES.items():
        colour = COLOURS[side]
        axis.barh(lane, metric[side]["median"] / divisor, height=0.34, color=colour, alpha=0.35)
        axis.hlines(lane, min(samples[side]), max(samples[side]), color=colour, linewidth=1.5)
        axis.plot(samples[side], [lane] * len(samples[side]), "o", color=colour, markersize=4.5,
                  clip_on=False)  # fmt: skip
        axis.annotate(
            f"{side} {middle(metric, side)}{runs}", (0, lane + 0.22), xytext=(2, 1),
            textcoords="offset points", fontsize=LETTERS, color=colour, fontweight="bold",
            bbox={"facecolor": "#ffffff", "edgecolor": "none", "pad": 0.5}, zorder=4,
        )  # fmt: skip
    axis.axvline(limit, color=THRESHOLD, linewidth=1.0, zorder=1)
    said = f"must be {must(metric)}"
    room = WIDTH - 2 * SIDE
    half = width(said, LETTERS) / 2
    centre = min(max(room * (limit + 0.01 * right) / (1.01 * right), half), room - half)
    axis.annotate(said, (0, 1), xycoords="axes fraction", xytext=(centre, 2), ha="center",
                  textcoords="offset points", fontsize=LETTERS, color=THRESHOLD)  # fmt: skip
    axis.set_xlim(-0.01 * right, right)
    axis.set_ylim(-0.3, 1.75)
    axis.set_yticks([])
    axis.xaxis.set_major_locator(MaxNLocator(5, steps=STEPS))
    axis.xaxis.set_major_formatter(FuncFormatter(plain))
    axis.tick_params(labelsize=LETTERS, colors=INK, length=3)
    axis.spines[["top", "right", "left"]].set_visible(False)
    axis.spines["bottom"].set_color(INK)
