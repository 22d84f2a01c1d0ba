"""What the figures of mechanisms share: canvas, axes, and the words beside what they name."""

from collections.abc import Sequence
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from sevenstops.evidence.quantities import human, scale, three_digits
from sevenstops.report.letters import width

Item = dict[str, Any]
"""One of an evidence's `figures`."""

# Okabe and Ito, *Color Universal Design*: told apart in print and by colour-blind readers.
BEFORE = "#7f7f7f"
AFTER = "#0072B2"
THRESHOLD = "#D55E00"
INK = "#333333"
SHADE = "#E6E6E6"
COLOURS = {"before": BEFORE, "after": AFTER}

WIDTH = 324.0
"""Points; as many as a phone has pixels for it."""
LETTERS = 9.5
LEFT, RIGHT, BOTTOM, PLOT = 50.0, 70.0, 40.0, 130.0
"""Margins and the height of what is drawn, in points."""
ROW = 13.0
"""Height of a line of words above a plot, in points."""

STEPS = (1, 2, 2.5, 5, 10)
HUNDRED_TIMES = 100.0
PEAKS = "SYN sent again after"


def named(quantity: dict[str, str]) -> str:
    """A name by which evidence.quantities knows a share from a count."""
    shares = ("share", "ratio")
    share = quantity["unit"] == "1" and any(word in quantity["name"] for word in shares)
    return "_ratio" if share else ""


def stepped(values: Sequence[float], quantity: dict[str, str]) -> tuple[float, str]:
    """What to divide values by, and the unit that they then have."""
    if quantity["unit"] not in ("seconds", "bytes", "1"):
        return 1.0, quantity["unit"]
    largest = max((abs(value) for value in values), default=1.0)
    return scale(largest, quantity["unit"], named(quantity))


def said(value: float, quantity: dict[str, str]) -> str:
    """A value with its unit."""
    if quantity["unit"] in ("seconds", "bytes", "1"):
        return human(value, quantity["unit"], named(quantity))
    return f"{three_digits(value)} {quantity['unit']}"


def plain(value: float, _: int = 0) -> str:
    """A tick: thousands set apart, no zeros behind the point that say nothing."""
    return f"{value:,.10g}"


def canvas(plots: int, rows: int, right: float = RIGHT) -> tuple[Figure, list[Axes]]:
    """A figure of plots one above the other, with so many lines of words above the first."""
    gap = 10.0
    each = PLOT if plots == 1 else (PLOT + 40.0 - gap * (plots - 1)) / plots
    height = BOTTOM + plots * each + (plots - 1) * gap + rows * ROW + 4
    figure = plt.figure(figsize=(WIDTH / 72, height / 72))
    axes = []
    for n in range(plots):
        bottom = BOTTOM + (plots - 1 - n) * (each + gap)
        box = (LEFT / WIDTH, bottom / height, (WIDTH - LEFT - right) / WIDTH, each / height)
        axes.append(figure.add_axes(box))
    return figure, axes


def column(item: Item, n: int) -> list[float]:
    """The x (0) or y (1) of both sides."""
    return [point[n] for side in COLOURS for point in item.get(side, ())]


def axes_of(axis: Axes, item: Item) -> tuple[float, float]:
    """Sets frame and names of the axes; gives what x and y are to be divided by."""
    axis.spines[["top", "right"]].set_visible(False)
    axis.spines[["left", "bottom"]].set_color(INK)
    axis.tick_params(labelsize=LETTERS, colors=INK, length=3)
    x, y = (stepped(column(item, n), item["xy"[n]]) for n in (0, 1))
    name = item["x"]["name"]
    axis.set_xlabel(f"{name}, {x[1]}" if x[1] and x[1] != name else name,
                    fontsize=LETTERS, color=INK, labelpad=3)  # fmt: skip
    for scaled in (axis.xaxis, axis.yaxis):
        scaled.set_major_locator(MaxNLocator(5, steps=STEPS))
        scaled.set_major_formatter(FuncFormatter(plain))
    return x[0], y[0]


def logarithmic(axis: Axes, item: Item, which: str, divisor: float) -> None:
    """Makes an axis logarithmic; each of its ticks has its own unit."""
    scaled = axis.xaxis if which == "x" else axis.yaxis
    (axis.set_xscale if which == "x" else axis.set_yscale)("log")
    values = [value for value in column(item, "xy".index(which)) if value > 0]
    wide = bool(values) and max(values) > HUNDRED_TIMES * min(values)
    subs, most = ((1,), 5) if wide else ((1, 2, 5), 9)
    scaled.set_major_locator(LogLocator(subs=subs, numticks=most))
    scaled.set_minor_locator(NullLocator())

    def tick(value: float, _: int) -> str:
        step, symbol = stepped([value * divisor], item[which])
        return f"{plain(value * divisor / step)} {symbol}".rstrip()

    scaled.set_major_formatter(FuncFormatter(tick))


def above(item: Item) -> int:
    """How many lines of words stand above the plot: the axis' name and what marks a time."""
    return 1 + len(marks(item))


def marks(item: Item) -> list[tuple[float, str]]:
    """What is said above the plot, and the x that it is said of; each gets a line of its own."""
    found = []
    if item.get("shade"):
        shade = item["shade"]
        found.append(((shade["from"] + shade["to"]) / 2, shade["label"]))
    if item.get("censored_at") is not None:
        found.append((item["censored_at"], "end of the watch"))
    if item.get("peaks"):
        words = item.get("peaks_label", PEAKS)
        peaks = ", ".join(f"{plain(peak)} s" for peak in item["peaks"])
        found.append((item["peaks"][0], f"{words} {peaks}"))
    return found


def above_axis(axis: Axes, item: Item, divisors: tuple[float, float]) -> None:
    """The name of y, and below it the marks, each above the place that it speaks of."""
    log = axis.get_yscale() == "log"
    symbol = "" if log else stepped(column(item, 1), item["y"])[1]
    name = item["y"]["name"] + (f", {symbol}" if symbol and symbol != item["y"]["name"] else "")
    said_of = marks(item)
    offset: dict[str, Any] = {
        "textcoords": "offset points",
        "fontsize": LETTERS,
        "annotation_clip": False,
    }
    top = 4 + ROW * len(said_of)
    axis.annotate(name, (0, 1), xycoords="axes fraction", xytext=(4 - LEFT, top), color=INK,
                  **offset)  # fmt: skip
    box = axis.get_position()
    left, wide = box.x0 * WIDTH, box.width * WIDTH
    first, last = axis.get_xlim()
    for row, (x, words) in enumerate(said_of):
        at = left + wide * (x / divisors[0] - first) / (last - first)
        half = width(words, LETTERS) / 2
        centre = min(max(at, half + 4), WIDTH - half - 4)
        axis.annotate(words, (0, 1), xycoords="axes fraction",
                      xytext=(centre - left, 4 + ROW * (len(said_of) - 1 - row)), ha="center",
                      color=INK, **offset)  # fmt: skip


def ends(axis: Axes, item: Item, divisors: tuple[float, float]) -> None:
    """Names and last values at the right ends of the lines, moved apart where they would meet.

    Of memory it is the highest value that counts, and it stands there as a bound.
    """
    words = []
    for side in COLOURS:
        if points := item.get(side):
            last = points[-1][1]
            texts = [side, said(last, item["y"])]
            if item["y"]["unit"] == "bytes":
                texts[1] = f"≤ {said(max(y for _, y in points), item['y'])}"
            words.append((last / divisors[1], texts, COLOURS[side]))
    if item.get("threshold") is not None:
        limit = item["threshold"]
        words.append((limit / divisors[1], ["must hold", said(limit, item["y"])], THRESHOLD))
    line = LETTERS * 1.15
    # Limits that were left to matplotlib are set when they are asked for.
    first, _ = axis.get_xlim(), axis.get_ylim()
    to_share = axis.transData - axis.transAxes
    placed = [
        (float(to_share.transform((first[0], y))[1]) * PLOT, texts, colour)
        for y, texts, colour in words
    ]
    for at, texts, colour in spaced(placed, 2 * line + 2, PLOT):
        for n, text in enumerate(texts):
            axis.annotate(text, (1, 0), xycoords="axes fraction", xytext=(7, at + line * (0.5 - n)),
                          textcoords="offset points", fontsize=LETTERS, color=colour, va="center",
                          fontweight="bold" if colour != THRESHOLD else "normal",
                          annotation_clip=False)  # fmt: skip


def spaced(
    words: list[tuple[float, list[str], str]], room: float, height: float
) -> list[tuple[float, list[str], str]]:
    """The same from below, each at least `room` above the one before, as near as may be to where
    they were and within the plot."""
    if not words:
        return []
    found = sorted(words, key=lambda word: word[0])
    places = [word[0] for word in found]
    for _ in range(50):
        for n in range(1, len(places)):
            lack = room - (places[n] - places[n - 1])
            if lack > 0:
                places[n - 1] -= lack / 2
                places[n] += lack / 2
        places[0] = max(places[0], room / 2 - 4)
        places[-1] = min(places[-1], height - room / 2 + 2)
    return [(at, texts, colour) for at, (_, texts, colour) in zip(places, found, strict=True)]
