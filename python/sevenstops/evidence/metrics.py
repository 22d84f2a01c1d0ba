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

Sample = dict[str, float]
"""One run of a freshly started service: a number for each metric, by its name."""


@dataclass(frozen=True)
class Metric:
    """A number that a run gives, in base units, and what must hold of it.

    `threshold` is said of the hardened side, as "<= 65536". A `guard` shows that good traffic is
    unharmed: its threshold must hold, but it does not have to change.
    """

    name: str
    unit: str
    source: str
    better: Literal["lower", "higher"]
    threshold: str
    guard: bool = False

    def holds(self, value: float) -> bool:
        """Whether the threshold holds of one value."""
        symbol, bound = self.threshold.split()
        return OPERATORS[symbol](value, float(bound))
