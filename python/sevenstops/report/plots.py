"""One before/after figure for each stop."""

from pathlib import Path
from typing import IO, Any

import matplotlib as mpl

mpl.use("Agg")

from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from sevenstops.evidence.quantities import bound, human, must, scale, sentence

# Okabe and Ito, *Color Universal Design*: told apart in print and by colour-blind readers.
BEFORE = "#7f7f7f"
AFTER = "#0072B2"
THRESHOLD = "#D55E00"
INK = "#333333"
LANES = {"before": 1.0, "after": 0.0}


def draw_failure(evidence: dict[str, Any], out: IO[str]) -> None:
    """Writes an SVG with a panel for each metric that exposed one failure."""
    panels = [m for m in evidence["metrics"] if not m.get("guard")]
    figure, axes = plt.subplots(
        len(panels), 1, figsize=(7.2, 0.3 + 1.35 * len(panels)), squeeze=False, layout="constrained"
    )
    for axis, metric in zip(axes[:, 0], panels, strict=True):
        _panel(axis, metric, "")
    figure.savefig(out, format="svg", transparent=True, metadata={"Date": None})
    plt.close(figure)


def draw_stop(document: dict[str, Any], stop: str, path: Path) -> None:
    """Writes a PNG with a panel for each metric that exposed a failure of this stop.

    Of more than two failures it has the first metric each: the others are in the tables.
    """
    found = [e for e in document["evidence"] if e["stop"] == stop]
    panels = [(e, m) for e in found for m in e["metrics"] if not m.get("guard")]
    if len(found) > 2:
        panels = [next(p for p in panels if p[0] is e) for e in found]
    figure, axes = plt.subplots(
        len(panels), 1, figsize=(7.2, 0.7 + 1.4 * len(panels)), squeeze=False, layout="constrained"
    )
    for axis, (evidence, metric) in zip(axes[:, 0], panels, strict=True):
        _panel(axis, metric, evidence["failure"] if len(found) > 1 else "")
    title = f"{len(found)} failures"
    if len(found) <= 2:
        title = " / ".join(e["symptom"] for e in found)
    verdicts = {e["verdict"] for e in found}
    figure.suptitle(
        f"{sentence(stop)}: {title}; {' / '.join(sorted(verdicts))}", fontsize=10.5, x=0.01,
        ha="left", color=INK, fontweight="bold",
    )  # fmt: skip
    figure.savefig(path, dpi=144, facecolor="white")
    plt.close(figure)


def _panel(axis: Axes, metric: dict[str, Any], failure: str) -> None:
    largest = max(*metric["before"]["samples"], *metric["after"]["samples"])
    divisor, symbol = scale(largest, metric["unit"], metric["name"])
    limit = bound(metric) / divisor
    right = max(largest / divisor, limit, 1e-9)
    for side, colour in (("before", BEFORE), ("after", AFTER)):
        samples = [value / divisor for value in metric[side]["samples"]]
        median = metric[side]["median"]
        axis.barh(LANES[side], median / divisor, height=0.5, color=colour, alpha=0.35)
        axis.hlines(LANES[side], min(samples), max(samples), color=colour, linewidth=1.5)
        axis.plot(samples, [LANES[side]] * len(samples), "o", color=colour, markersize=4)
        axis.annotate(
            f"{side} {human(median, metric['unit'], metric['name'])}",
            (max(samples), LANES[side]), xytext=(8, 0), textcoords="offset points",
            va="center", fontsize=9, color=colour, fontweight="bold",
            bbox={"facecolor": "#ffffff", "edgecolor": "none", "pad": 1},
        )  # fmt: skip
    axis.axvline(limit, color=THRESHOLD, linewidth=0.9, zorder=1)
    axis.annotate(
        f"must be {must(metric)}", (limit, 1), xycoords=("data", "axes fraction"),
        xytext=(4, 2), textcoords="offset points", fontsize=7, color=THRESHOLD,
    )  # fmt: skip
    name = metric["name"].removesuffix("_" + metric["unit"]).replace("_", " ")
    axis.set_title(
        f"{name}{f' ({failure})' if failure else ''}", fontsize=9, loc="right", color=INK, pad=14
    )
    axis.set_xlabel(symbol or "count", fontsize=8, color=INK)
    axis.set_xlim(-0.01 * right, right * 1.25)
    axis.set_ylim(-0.5, 1.5)
    axis.set_yticks([])
    axis.tick_params(labelsize=8, colors=INK)
    axis.spines[["top", "right", "left"]].set_visible(False)
