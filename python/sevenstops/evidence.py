"""What was measured, and the verdict on it."""

import itertools
import operator
import statistics
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from scipy import stats

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


def medians(samples: list[float]) -> tuple[np.ndarray, np.ndarray]:
    """The medians that resamples of `samples` have, and how often each comes up.

    Every resample of up to five samples, 4,000 of more. An odd number of samples has no more
    medians than samples, so counting them makes two sides quick to hold against each other.
    """
    if len(samples) <= 5:
        draws = np.array(list(itertools.product(samples, repeat=len(samples))))
    else:
        draws = np.random.default_rng(7).choice(samples, size=(4000, len(samples)))
    values, counts = np.unique(np.median(draws, axis=1), return_counts=True)
    return values, counts


def effect(before: list[float], after: list[float]) -> dict[str, Any]:
    """The 95 % percentile-bootstrap interval (Efron and Tibshirani, *An Introduction to the
    Bootstrap*, 13.3) of the ratio after/before of the medians, or of their difference where a
    sample before is not above 0.
    """
    kind = "ratio" if min(before) > 0 else "difference"
    old, old_counts = medians(before)
    new, new_counts = medians(after)
    pairs = (new[:, None] / old if kind == "ratio" else new[:, None] - old).ravel()
    weights = (new_counts[:, None] * old_counts).ravel()
    order = np.argsort(pairs)
    share = np.cumsum(weights[order]) / weights.sum()
    low, high = (float(pairs[order][np.searchsorted(share, q)]) for q in (0.025, 0.975))
    return {"kind": kind, "low": low, "high": high}


DRIFT_SAMPLES = 8
"""Fewer samples of a side can't show a drift at the 1 % level with any power."""


def drifts(samples: list[float]) -> bool:
    """Whether the samples of one side, in the order of their runs, have a trend."""
    if len(samples) < DRIFT_SAMPLES or min(samples) == max(samples):
        return False
    trend = stats.kendalltau(range(len(samples)), samples)
    half = len(samples) // 2
    early, late = statistics.median(samples[:half]), statistics.median(samples[-half:])
    return bool(trend.pvalue < 0.01 and abs(late - early) > 0.1 * max(abs(early), abs(late)))


def improved(metric: Metric, interval: dict[str, Any]) -> bool:
    """Whether the whole interval lies on the better side of no change."""
    unchanged = 1.0 if interval["kind"] == "ratio" else 0.0
    if metric.better == "lower":
        return bool(interval["high"] < unchanged)
    return bool(interval["low"] > unchanged)


@dataclass
class Evidence:
    """For one failure: plan, metrics, every sample before and after."""

    stop: str
    failure: str
    symptom: str
    fix: str
    fingerprint: str
    seed: int
    metrics: list[Metric]
    edge: str
    # A setting's name, and its value before and after.
    settings: dict[str, dict[str, str]]
    # Why the edge stayed out; empty where it did not.
    without_edge: str = ""
    before: list[Sample] = field(default_factory=list)
    after: list[Sample] = field(default_factory=list)
    # For each run why its numbers may be the client's own; empty where they are not.
    before_doubts: list[str] = field(default_factory=list)
    after_doubts: list[str] = field(default_factory=list)

    def samples(self, metric: Metric) -> tuple[list[float], list[float]]:
        """The metric's samples before and after."""
        return [s[metric.name] for s in self.before], [s[metric.name] for s in self.after]

    def doubt(self) -> str:
        """Why the samples say nothing, whatever they are; empty where they do.

        The client was the bottleneck in more than a third of a side's runs, or a side drifted: with
        DRIFT_SAMPLES of them or more, Kendall's rank correlation with the order of the runs is
        significant at 1 % (Mann, *Nonparametric Tests Against Trend*) and the medians of its halves
        differ by more than a tenth.
        """
        for side in ("before", "after"):
            doubts = [d for d in getattr(self, f"{side}_doubts") if d]
            if 3 * len(doubts) > len(getattr(self, side)):
                return f"the client was the bottleneck in {len(doubts)} runs {side}: {doubts[0]}"
            for metric in self.metrics:
                if drifts([s[metric.name] for s in getattr(self, side)]):
                    return f"{metric.name} drifts {side}: early runs and late ones differ"
        return ""

    def narrow(self) -> bool:
        """Whether every exposing metric's interval is no wider than a fifth of its middle."""
        for metric in self.metrics:
            if not metric.guard:
                interval = effect(*self.samples(metric))
                low, high = interval["low"], interval["high"]
                if high - low > 0.2 * abs(low + high) / 2:
                    return False
        return True

    def judge(self) -> tuple[str, str]:
        """The verdict, and why it is not `fixed`; the reason is empty where it is.

        `fixed` when every threshold holds of every sample after, every exposing metric broke it in
        every sample before, and its interval shows the change; `inconclusive` when there is a doubt
        or the failure was not exposed before; else `not fixed`.
        """
        doubt = self.doubt()
        if doubt:
            return "inconclusive", doubt
        hidden = ""
        for metric in self.metrics:
            before, after = self.samples(metric)
            if not all(metric.holds(value) for value in after):
                return "not fixed", f"{metric.name} after is not always {metric.threshold}"
            if metric.guard:
                continue
            if any(metric.holds(value) for value in before):
                hidden = hidden or f"{metric.name} was {metric.threshold} before as well"
            elif not improved(metric, effect(before, after)):
                return "not fixed", f"{metric.name}: the interval does not exclude no change"
        return ("inconclusive", hidden) if hidden else ("fixed", "")

    def verdict(self) -> str:
        """`fixed`, `not fixed` or `inconclusive`."""
        return self.judge()[0]

    def as_dict(self) -> dict[str, Any]:
        """The form of the evidence contract (schemas/evidence-1.json)."""
        return {
            "stop": self.stop,
            "failure": self.failure,
            "symptom": self.symptom,
            "fix": self.fix,
            "edge": self.edge,
            "without_edge": self.without_edge,
            "settings": self.settings,
            "plan": {"fingerprint": self.fingerprint, "seed": self.seed},
            "metrics": [self._metric(metric) for metric in self.metrics],
            "verdict": self.verdict(),
            "reason": self.judge()[1],
        }

    def _metric(self, metric: Metric) -> dict[str, Any]:
        before, after = self.samples(metric)
        return {
            "name": metric.name,
            "unit": metric.unit,
            "source": metric.source,
            "better": metric.better,
            "guard": metric.guard,
            "before": {"samples": before, "median": statistics.median(before)},
            "after": {"samples": after, "median": statistics.median(after)},
            "effect": effect(before, after),
            "threshold": f"after {metric.threshold}",
            "pass": all(metric.holds(value) for value in after),
        }
