"""Conditions on a load's result, as a person writes them: "p99 > 50ms", "failed > 0"."""

import math
import re
from dataclasses import dataclass

from sevenstops.errors import LabError
from sevenstops.evidence.metrics import OPERATORS
from sevenstops.loading.running import QUANTILES, LoadReport

UNITS = {"": 1.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "%": 0.01, "/s": 1.0}

FORM = re.compile(r"\s*([a-z0-9_.]+)\s*(<=|>=|==|<|>)\s*([0-9.]+(?:e-?[0-9]+)?)\s*(\S*)\s*", re.I)


@dataclass(frozen=True)
class Condition:
    """A number of a load held against a bound: `text` is how it was written."""

    text: str
    name: str
    symbol: str
    bound: float

    def value(self, report: LoadReport) -> float:
        """The number that the condition speaks of, in base units."""
        outcomes = report.outcomes
        # Without an answer there is no latency, and certainly no good one.
        if self.name in (*QUANTILES, "max", "mean") and report.latency.total == 0:
            return math.inf
        if self.name in QUANTILES:
            return report.latency.quantile(QUANTILES[self.name])
        if self.name == "max":
            return report.latency.max
        if self.name == "mean":
            return report.latency.mean
        if self.name == "rate":
            return report.rate
        failed = sum(n for kind, n in outcomes.items() if kind != "2xx")
        if self.name in ("failed", "failed_ratio"):
            return failed / (max(1, report.result.requests) if "_" in self.name else 1)
        if self.name == "requests":
            return report.result.requests
        if self.name == "blocked":
            return report.result.blocked.no_connection
        if self.name == "saturated":
            return float(bool(report.saturation))
        return outcomes.get(self.name, 0)

    def holds(self, value: float) -> bool:
        """Whether the condition holds of a number."""
        return OPERATORS[self.symbol](value, self.bound)

    def met(self, report: LoadReport) -> bool:
        """Whether the condition holds of a load."""
        return self.holds(self.value(report))


NAMES = (*QUANTILES, "max", "mean", "rate", "failed", "failed_ratio", "requests", "blocked",
         "saturated")  # fmt: skip
OUTCOMES = ("1xx", "2xx", "3xx", "4xx", "5xx", "connect_timeout", "connect_error", "read_timeout",
            "reset", "closed_early", "malformed", "no_socket", "tls_error", "lost")  # fmt: skip


def condition(text: str) -> Condition:
    """Reads a condition. Raises LabError that says what is wrong with it."""
    found = FORM.fullmatch(text)
    if not found:
        raise LabError(f"a condition is like 'p99 > 50ms' or 'failed > 0', not '{text}'")
    name, symbol, number, unit = found.groups()
    if name not in NAMES and name not in OUTCOMES:
        raise LabError(f"'{text}' speaks of '{name}'; there are {', '.join((*NAMES, *OUTCOMES))}")
    if unit not in UNITS:
        raise LabError(f"'{text}' has the unit '{unit}'; there are s, ms, us and %")
    try:
        return Condition(text, name, symbol, float(number) * UNITS[unit])
    except ValueError as error:
        raise LabError(f"'{number}' in '{text}' is not a number") from error
