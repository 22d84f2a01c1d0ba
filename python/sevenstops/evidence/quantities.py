"""Numbers as a person would say them: three significant digits and a unit."""

import math
from typing import Any

Metric = dict[str, Any]
"""A metric of the evidence document."""

WORDS = {"==": "exactly", "<=": "at most", "<": "below", ">=": "at least", ">": "above"}
SECONDS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))
BYTES = ((2.0**30, "GiB"), (2.0**20, "MiB"), (2.0**10, "KiB"), (1.0, "B"))


def scale(largest: float, unit: str, name: str = "") -> tuple[float, str]:
    """What to divide values up to `largest` by, and the unit that they then have."""
    if unit == "1":
        return (0.01, "%") if name.endswith("_ratio") else (1.0, "")
    steps = SECONDS if unit == "seconds" else BYTES
    return next((step for step in steps if abs(largest) >= step[0]), steps[-1])


def three_digits(value: float) -> str:
    """1220, 12.2, 0.122: three significant digits, thousands set apart."""
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else str(value)
    decimals = 2 - math.floor(math.log10(abs(value)))
    rounded = round(value, decimals)
    return f"{rounded:,.{max(0, decimals)}f}"


def human(value: float, unit: str, name: str = "") -> str:
    """A value with its unit: "1.90 s", "64.0 KiB", "25.0 %"."""
    divisor, symbol = scale(value, unit, name)
    if value == 0:
        return "0"
    if unit == "1" and value == int(value) and abs(value) < 100 and not symbol:
        return f"{value:.0f}"
    return f"{three_digits(value / divisor)} {symbol}".rstrip()


def bound(metric: Metric) -> float:
    """The threshold's number."""
    return float(metric["threshold"].split()[-1])


def must(metric: Metric) -> str:
    """The threshold in words: "below 64.0 KiB"."""
    word = WORDS[metric["threshold"].split()[1]]
    return f"{word} {human(bound(metric), metric['unit'], metric['name'])}"


def censored(metric: Metric, side: str, index: int) -> bool:
    """Whether a sample is only a lower bound: the watch ended before what it measures did."""
    return index in metric.get("censored", {}).get(side, ())


def median_censored(metric: Metric, side: str) -> bool:
    """Whether a side's median is only a lower bound. Those that are stand after their equals."""
    samples = metric[side].get("samples", ())
    order = sorted(range(len(samples)), key=lambda i: (samples[i], censored(metric, side, i)))
    middle = order[(len(order) - 1) // 2 : len(order) // 2 + 1]
    return any(censored(metric, side, i) for i in middle)


def middle(metric: Metric, side: str) -> str:
    """A side's median; a lower bound is said as one: "> 12.0 s"."""
    text = human(metric[side]["median"], metric["unit"], metric["name"])
    return f"> {text}" if median_censored(metric, side) else text


def each(metric: Metric, side: str) -> list[str]:
    """A side's samples in the order of the runs, lower bounds as such."""
    return [
        ("> " if censored(metric, side, i) else "") + human(value, metric["unit"], metric["name"])
        for i, value in enumerate(metric[side]["samples"])
    ]


def alike(metric: Metric) -> int:
    """How many runs of each side gave the same; 0 where any differed or there was one only."""
    sides = [metric[side].get("samples", ()) for side in ("before", "after")]
    same = all(len(set(samples)) == 1 for samples in sides)
    runs = min(map(len, sides))
    return runs if same and runs > 1 else 0


def change(metric: Metric) -> str:
    """The effect with its range: "211 × lower [120 to 260]", "3 of 3 runs, 10 to 12 × lower".

    What was the same in all runs has no range: that the runs agree is all it says.
    """
    bounds = [median_censored(metric, side) for side in ("before", "after")]
    if all(bounds):
        return "unknown: both sides outlast the watch"
    effect, runs = metric["effect"], alike(metric)
    if effect.get("kind_of_range") == "extremes" and not runs:
        return _of_extremes(metric)
    text, extent = _with_interval(metric)
    if any(bounds) and "×" in text:
        growing = metric["after"]["median"] > metric["before"]["median"]
        text = f"{'at least' if growing == bounds[1] else 'at most'} {text}"
    if any(bounds):
        # The ends of an interval would be those of the watch.
        return text
    if runs and text != "none":
        return f"{text}, the same in all {runs} runs"
    return f"{text} {extent}".rstrip()


def _with_interval(metric: Metric) -> tuple[str, str]:
    """The change of the medians, and its interval in brackets."""
    low, high = metric["effect"]["low"], metric["effect"]["high"]
    before, after = metric["before"]["median"], metric["after"]["median"]
    if metric["effect"]["kind"] == "difference":
        unit, name = metric["unit"], metric["name"]
        if low == high == 0:
            return "none", ""
        extent = f"[{human(low, unit, name)} to {human(high, unit, name)}]"
        return human(after - before, unit, name), extent
    if after == 0:
        return "to 0", "" if high == 0 else f"[0 to {three_digits(high)} ×]"
    ratio = after / before
    if low > 0 and high < 1:
        return f"{three_digits(1 / ratio)} × lower", _range(1 / high, 1 / low)
    return f"{three_digits(ratio)} ×", _range(low, high)


def _of_extremes(metric: Metric) -> str:
    """How many runs after are better than all before, and the extremes of the effect.

    No share of certainty is said: so few runs have none to speak of.
    """
    before, after = (metric[side]["samples"] for side in ("before", "after"))
    lower = metric.get("better", "lower") == "lower"
    better = [value < min(before) if lower else value > max(before) for value in after]
    counted = f"{sum(better)} of {len(after)} runs"
    low, high = metric["effect"]["low"], metric["effect"]["high"]
    if metric["effect"]["kind"] == "difference":
        if low == high == 0:
            return "none"
        sides = [human(value, metric["unit"], metric["name"]) for value in (low, high)]
        if low > 0:
            return f"{counted}, {sides[0]} to {sides[1]} higher"
        return f"{counted}, by {sides[0]} to {sides[1]}"
    if high == 0:
        return f"{counted}, to 0"
    if high < 1:
        if low == 0 or any(median_censored(metric, side) for side in ("before", "after")):
            return f"{counted}, at least {_two_digits(1 / high)} × lower"
        return f"{counted}, {_two_digits(1 / high)} to {_two_digits(1 / low)} × lower"
    word = " higher" if low > 1 else ""
    return f"{counted}, {_two_digits(low)} to {_two_digits(high)} ×{word}"


def _two_digits(value: float) -> str:
    """12, 1.7, 0.98: what the extremes of a few runs are worth."""
    if value == 0:
        return "0"
    decimals = 1 - math.floor(math.log10(abs(value)))
    return f"{round(value, decimals):,.{max(0, decimals)}f}"


def _range(low: float, high: float) -> str:
    return f"[{three_digits(low)} to {three_digits(high)}]"


def sentence(text: str) -> str:
    """A text with a capital at its start."""
    return text[:1].upper() + text[1:]
