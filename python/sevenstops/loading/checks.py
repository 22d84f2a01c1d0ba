"""Assertions on a load, whose messages name stop, condition and interval."""

from dataclasses import dataclass

from sevenstops.evidence.quantities import human
from sevenstops.evidence.statistics import quantile_interval
from sevenstops.loading.conditions import OUTCOMES, Condition, condition
from sevenstops.loading.running import QUANTILES, LoadReport

COUNTS = ("failed", "failed_ratio", "requests")
"""What is counted, besides outcomes: it is what it is, however late."""


@dataclass(frozen=True)
class CheckedLoad:
    """A load's report that can be asserted upon."""

    report: LoadReport
    # Of the test's marker; empty where it has none.
    stop: str = ""

    def assert_that(self, text: str, confidence: float = 0.95) -> None:
        """Asserts a condition such as "p99 < 50ms" or "failed == 0".

        Of a percentile the whole interval at this confidence has to lie on the right side; a load
        whose client was the bottleneck shows nothing, and one that was late no times.
        """
        wanted = condition(text)
        counts = wanted.name in (*OUTCOMES, *COUNTS)
        if doubt := self.report.business if counts else self.report.saturation:
            raise AssertionError(self._message(wanted, f"not shown: {doubt}"))
        values = self._bounds(wanted, confidence)
        if not all(wanted.holds(value) for value in values):
            unit = "seconds" if wanted.name in (*QUANTILES, "max", "mean") else "1"
            said = " to ".join(human(v, unit) for v in dict.fromkeys(values))
            interval = f" ({confidence:.0%} interval)" if wanted.name in QUANTILES else ""
            raise AssertionError(self._message(wanted, f"it is {said}{interval}"))

    def _bounds(self, wanted: Condition, confidence: float) -> tuple[float, ...]:
        if wanted.name in QUANTILES:
            return quantile_interval(self.report.latency, QUANTILES[wanted.name], confidence)
        return (wanted.value(self.report),)

    def _message(self, wanted: Condition, why: str) -> str:
        lines = [f"{self.stop or 'load'}: {wanted.text} does not hold: {why}"]
        outcomes = ", ".join(f"{k} {n}" for k, n in sorted(self.report.outcomes.items()))
        lines.append(f"outcomes: {outcomes or 'none'}")
        return "\n".join(lines)
