"""Numbers as a person would say them: three significant digits and a unit."""

import math
from typing import Any

Metric = dict[str, Any]
"""A metric of the evidence document."""

WORDS = {"==": "exactly", "<=": "at most", "<": "below", ">=": "at least", ">": "above"}
SECONDS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"))
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


def change(metric: Metric) -> str:
    """The effect with its interval: "211 × lower [120 to 260]"."""
    low, high = metric["effect"]["low"], metric["effect"]["high"]
    before, after = metric["before"]["median"], metric["after"]["median"]
    if metric["effect"]["kind"] == "difference":
        unit, name = metric["unit"], metric["name"]
        if low == high == 0:
            return "none"
        middle = human(after - before, unit, name)
        return f"{middle} [{human(low, unit, name)} to {human(high, unit, name)}]"
    if after == 0:
        return "to 0" if high == 0 else f"to 0 [0 to {three_digits(high)} ×]"
    ratio = after / before
    if low > 0 and high < 1:
        return f"{three_digits(1 / ratio)} × lower {_range(1 / high, 1 / low)}"
    return f"{three_digits(ratio)} × {_range(low, high)}"


def _range(low: float, high: float) -> str:
    return f"[{three_digits(low)} to {three_digits(high)}]"


def sentence(text: str) -> str:
    """A text with a capital at its start."""
    return text[:1].upper() + text[1:]
