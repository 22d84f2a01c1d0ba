"""Metrics, and what must hold of them."""

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "==": operator.eq,
    "<=": operator.le,
    "<": operator.lt,
    ">=": operator.ge,
    ">": operator.gt,
}

BEFORE = "before"
"""What a threshold is relative to when it is the metric's own median before."""

Sample = dict[str, float]
"""One run of a freshly started service: a number for each metric, by its name."""


class Censored(float):
    """A time that the end of the watch cut off: it is at least this, how much more nobody saw."""


@dataclass(frozen=True)
class Metric:
    """A number that a run gives, in base units, and what must hold of it.

    `threshold` is said of the hardened side: "<= 65536", or relative to what the same machine
    measured: "<= 0.5 before" (half of this metric's median before) or "<= 0.5 query_seconds" (half
    of that metric's median over all runs), where a faster or slower processor would turn a number.
    `rule` says in words where a threshold comes from. A `guard` shows that useful work was
    delivered: its threshold is the margin within which it must stay; it does not have to change.
    `slack` is allowed besides, in the metric's unit: two shares near nothing differ by luck.
    """

    name: str
    unit: str
    source: str
    better: Literal["lower", "higher"]
    threshold: str
    guard: bool = False
    rule: str = ""
    slack: float = 0.0

    @property
    def reference(self) -> str:
        """The metric that the threshold is relative to, or `BEFORE`; empty for a plain number."""
        parts = self.threshold.split()
        return parts[2] if len(parts) == 3 else ""

    @property
    def paced(self) -> bool:
        """Whether it depends on how fast things go, so that a neighbour could turn it: a time, or a
        share of what was done in time. Counts and bytes are what they are at any pace.
        """
        return self.unit == "seconds" or self.better == "higher"

    @property
    def timed(self) -> bool:
        """Whether it rests on the client's clock, so that late timers make it a doubtful number."""
        return self.unit == "seconds" and self.source == "client"

    def resolved(self, reference: float = 0.0) -> "Threshold":
        """The threshold as a number, of what it is relative to."""
        symbol, number, *relative = self.threshold.split()
        bound = float(number) * (reference if relative else 1.0)
        return Threshold(symbol, bound + (self.slack if self.better == "lower" else -self.slack))

    def improved(self, low: float, high: float, unchanged: float) -> bool:
        """Whether a whole interval lies on the better side of no change."""
        return high < unchanged if self.better == "lower" else low > unchanged


@dataclass(frozen=True)
class Threshold:
    """What must hold of a number."""

    symbol: str
    bound: float

    def holds(self, value: float) -> bool:
        """Whether it holds of one value.

        A value that was cut off may be any larger one: an upper bound does not hold of it.
        """
        if isinstance(value, Censored) and self.symbol in ("<", "<=", "=="):
            return False
        return OPERATORS[self.symbol](value, self.bound)

    def beyond(self, value: float) -> float:
        """How far a value lies above the bound; cut off where the value is."""
        above = value - self.bound
        return Censored(above) if isinstance(value, Censored) else above

    def __str__(self) -> str:
        """As the evidence contract has it: "<= 0.3"."""
        return f"{self.symbol} {self.bound:.10g}"
