"""Assertions on what was measured, whose messages name stop, metric, interval and remedy."""

import math
from dataclasses import dataclass
from typing import Any

from scipy import stats

from sevenstops import _core
from sevenstops.experiments import experiment_named
from sevenstops.loading import QUANTILES, LoadReport
from sevenstops.report.quantities import change, human, must
from sevenstops.report.runbook import PLACES
from sevenstops.thresholds import Condition, condition


def quantile_interval(
    histogram: _core.Histogram, q: float, confidence: float
) -> tuple[float, float]:
    """Bounds in seconds of a quantile, by order statistics of its samples; endless without any.

    Distribution-free (Hahn and Meeker, *Statistical Intervals*, 5.2). The samples of one run are
    taken as independent, which latencies of one service seldom are: a narrow interval says that
    there were many requests, not that another run would give the same.
    """
    n = histogram.total
    if n == 0:
        return math.inf, math.inf
    tail = (1 - confidence) / 2
    ranks = stats.binom.ppf([tail, 1 - tail], n, q)
    low, high = (min(max(rank, 0), n) / n for rank in (ranks[0], ranks[1] + 1))
    return histogram.quantile(low), histogram.quantile(high)


@dataclass(frozen=True)
class CheckedLoad:
    """A load's report that can be asserted upon."""

    report: LoadReport
    # Of the test's marker; empty where it has none.
    stop: str = ""

    def assert_that(self, text: str, confidence: float = 0.95) -> None:
        """Asserts a condition such as "p99 < 50ms" or "failed == 0".

        Of a percentile the whole interval at this confidence has to lie on the right side; a load
        whose client was the bottleneck shows nothing.
        """
        wanted = condition(text)
        if self.report.saturation:
            raise AssertionError(self._message(wanted, f"not shown: {self.report.saturation}"))
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


@dataclass(frozen=True)
class CheckedEvidence:
    """One failure's part of an evidence document that can be asserted upon."""

    evidence: dict[str, Any]
    # What got worse since the baseline, a sentence each.
    regressions: tuple[str, ...] = ()

    @property
    def verdict(self) -> str:
        """`fixed`, `not fixed` or `inconclusive`."""
        return str(self.evidence["verdict"])

    def assert_fixed(self) -> None:
        """Asserts that the failure was shown before, is gone after, and nothing got worse."""
        if self.verdict == "fixed" and not self.regressions:
            return
        raise AssertionError(self.message())

    def message(self) -> str:
        """Stop, failure, each metric with its interval, and the first diagnostic."""
        e = self.evidence
        lines = [f"{e['stop']}: {e['failure']} is {e['verdict']}"]
        if e.get("reason"):
            lines[0] += f", since {e['reason']}"
        for m in e["metrics"]:
            sides = [human(m[side]["median"], m["unit"], m["name"]) for side in ("before", "after")]
            held = "" if m["pass"] else "  <- does not hold"
            lines.append(
                f"  {m['name']}: {sides[0]} before, {sides[1]} after, {change(m)}; "
                f"must be {must(m)}{held}"
            )
        lines += [f"  worse than the baseline: {r}" for r in self.regressions]
        for diagnostic in experiment_named(e["failure"]).diagnostics[:1]:
            lines.append(f"  first diagnostic: {diagnostic.command.format(**PLACES)}")
            lines.append(f"    when it is this: {diagnostic.when_it_is}")
        return "\n".join(lines)
