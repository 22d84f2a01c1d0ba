"""Figures that show how a failure comes about: a drawer for each kind of the evidence document.

Each fits a phone of 390 px whole: its letters have 9 px there, and more where there is room.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from sevenstops.evidence.quantities import three_digits
from sevenstops.report.frame import (
    COLOURS,
    HUNDRED_TIMES,
    INK,
    LETTERS,
    SHADE,
    STEPS,
    THRESHOLD,
    Item,
    above,
    above_axis,
    axes_of,
    canvas,
    column,
    ends,
    logarithmic,
    plain,
    said,
    stepped,
)

LINE_WIDTHS = {"before": 1.6, "after": 2.4}
TEN_TIMES = 10.0
QUANTILES = (0.5, 0.9, 0.99, 0.999)


def drawn(item: Item) -> Figure:
    """The figure without its title. Raises KeyError for a kind that nobody draws."""
    return DRAWERS[item["kind"]](item)


def described(item: Item) -> str:
    """The figure in words."""
    sides = []
    for side in COLOURS:
        values = [y for _, y in item.get(side, ())]
        sides.append(f"{said(max(values), item['y']) if values else 'none'} {side}")
    return f"{item['title'].rstrip('.')}: {item['y']['name']} up to {' and '.join(sides)}"


def over_time(item: Item) -> Figure:
    """A line for each side over the seconds of a run."""
    figure, (axis,) = canvas(1, above(item))
    divisors = axes_of(axis, item)
    lines(axis, item, divisors)
    furnish(axis, item, divisors)
    ends(axis, item, divisors)
    return figure


def by_size(item: Item) -> Figure:
    """Points joined by lines; logarithmic where sizes or values spread far."""
    figure, (axis,) = canvas(1, above(item))
    divisors = axes_of(axis, item)
    for scaled, n in ((axis.xaxis, 0), (axis.yaxis, 1)):
        values = column(item, n)
        if min(values, default=0) > 0 and max(values) > HUNDRED_TIMES * min(values):
            logarithmic(axis, item, "xy"[n], divisors[n])
        else:
            scaled.set_major_locator(MaxNLocator(4, steps=STEPS))
    lines(axis, item, divisors, marker="o", markersize=4.5)
    furnish(axis, item, divisors)
    ends(axis, item, divisors)
    return figure


def percentiles(item: Item) -> Figure:
    """Latency over the quantile, as HdrHistogram draws it: each nine takes the same room."""
    spread = {
        **item,
        **{side: [[nines(q), y] for q, y in item.get(side, ())] for side in COLOURS},
    }
    figure, (axis,) = canvas(1, above(item))
    divisors = (1.0, axes_of(axis, spread)[1])
    if far_apart(item):
        logarithmic(axis, item, "y", divisors[1])
    lines(axis, spread, divisors)
    axis.set_xlim(0, nines(QUANTILES[-1]))
    axis.set_xticks([nines(q) for q in QUANTILES], [f"{plain(100 * q)} %" for q in QUANTILES])
    axis.set_xlabel(item["x"]["name"] or "share of requests")
    furnish(axis, spread, divisors)
    ends(axis, spread, divisors)
    return figure


def nines(q: float) -> float:
    """Where a quantile stands: 0 for none, 1 for 90 %, 2 for 99 %."""
    return -math.log10(max(1 - q, 1e-9))


def far_apart(item: Item) -> bool:
    """Whether the sides differ somewhere by more than ten times."""
    before, after = (np.array(sorted(item.get(side, ()))) for side in ("before", "after"))
    if not before.size or not after.size or min(column(item, 1)) <= 0:
        return False
    ratios = before[:, 1] / np.interp(before[:, 0], after[:, 0], after[:, 1])
    return bool(max(ratios.max(), 1 / ratios.min()) > TEN_TIMES)


def histogram(item: Item) -> Figure:
    """A plot for each side, one above the other, with the same axes: how often each value came."""
    figure, axes = canvas(2, above(item), right=12.0)
    divisors = (stepped(column(item, 0), item["x"])[0], 1.0)
    counts = [y for y in column(item, 1) if y > 0]
    log = bool(counts) and max(counts) > HUNDRED_TIMES * min(counts)
    places = [x / divisors[0] for x in column(item, 0)] + [
        peak / divisors[0] for peak in item.get("peaks", ())
    ]
    low, high = min(places, default=0.0), max(places, default=1.0)
    room = (high - low or 1.0) * 0.06
    for axis, side in zip(axes, ("before", "after"), strict=True):
        axes_of(axis, item)
        points = [(x / divisors[0], y) for x, y in item.get(side, ())]
        for peak in item.get("peaks", ()):
            axis.axvline(peak / divisors[0], color=INK, linewidth=0.8, linestyle=(0, (1, 2)))
        bar = (high - low or 1.0) * 0.018
        axis.bar([x for x, _ in points], [y for _, y in points], width=bar, color=COLOURS[side])
        if log:
            axis.set_yscale("log")
            axis.yaxis.set_major_locator(LogLocator(numticks=4))
            axis.yaxis.set_minor_locator(NullLocator())
        top = max(counts, default=1.0)
        axis.set_ylim(0.7 if log else 0, top * 2.5 if log else top * 1.15)
        axis.set_xlim(low - room, high + room)
        axis.yaxis.set_major_formatter(FuncFormatter(plain))
        total = three_digits(sum(y for _, y in points))
        words = f"{side}, {total} in all" if points else f"{side}: none"
        axis.text(0.985, 0.93, words, transform=axis.transAxes, ha="right", va="top",
                  color=COLOURS[side], fontweight="bold", fontsize=LETTERS,
                  bbox={"facecolor": "#ffffff", "edgecolor": "none", "pad": 1.5})  # fmt: skip
        if item.get("peaks"):
            axis.set_xticks([0, *(peak / divisors[0] for peak in item["peaks"])])
    axes[0].set_xlabel("")
    axes[0].tick_params(labelbottom=False)
    above_axis(axes[0], item, divisors)
    return figure


DRAWERS: dict[str, Callable[[Item], Figure]] = {
    "over_time": over_time,
    "percentiles": percentiles,
    "histogram": histogram,
    "by_size": by_size,
}


def furnish(axis: Axes, item: Item, divisors: tuple[float, float]) -> None:
    """The trigger's shade, the end of the watch, the threshold, and the words for them."""
    if item.get("shade"):
        shade = item["shade"]
        axis.axvspan(shade["from"] / divisors[0], shade["to"] / divisors[0], color=SHADE, zorder=0,
                     linewidth=0)  # fmt: skip
    if item.get("censored_at") is not None:
        axis.axvline(item["censored_at"] / divisors[0], color=INK, linewidth=1.0, linestyle="--")
    if item.get("threshold") is not None:
        limit = item["threshold"] / divisors[1]
        axis.axhline(limit, color=THRESHOLD, linewidth=1.0, zorder=2)
    above_axis(axis, item, divisors)


def lines(axis: Axes, item: Item, divisors: tuple[float, float], **style: Any) -> None:
    """A line for each side that there is."""
    for side, colour in COLOURS.items():
        points = item.get(side, ())
        if points:
            xs, ys = zip(*points, strict=True)
            axis.plot(np.array(xs) / divisors[0], np.array(ys) / divisors[1], color=colour,
                      linewidth=LINE_WIDTHS[side], solid_capstyle="round", clip_on=False,
                      zorder=3, **style)  # fmt: skip
    if axis.get_yscale() == "linear" and min(column(item, 1), default=0.0) >= 0:
        highest = max([*column(item, 1), item.get("threshold") or 0.0]) / divisors[1]
        axis.set_ylim(0, highest * 1.06 or 1.0)
