"""What was measured, and the verdict on it."""

import itertools
import operator
import statistics
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

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


def effect(before: list[float], after: list[float]) -> dict[str, Any]:
    """The 95 % percentile-bootstrap interval (Efron and Tibshirani, *An Introduction to the
    Bootstrap*, 13.3) of the ratio after/before of the medians, or of their difference where a
    sample before is not above 0. Up to five samples every resample is taken, beyond that 4,000.
    """

    def medians(samples: list[float]) -> list[float]:
        if len(samples) <= 5:
            resamples = itertools.product(samples, repeat=len(samples))
            return [statistics.median(resample) for resample in resamples]
        draws = np.random.default_rng(7).choice(samples, size=(4000, len(samples)))
        return [float(m) for m in np.median(draws, axis=1)]

    kind = "ratio" if min(before) > 0 else "difference"
    befores, afters = np.array(medians(before)), np.array(medians(after))
    pairs = (
        afters[:, None] / befores[None, :]
        if kind == "ratio"
        else afters[:, None] - befores[None, :]
    )
    low, high = np.percentile(pairs, [2.5, 97.5])
    return {"kind": kind, "low": float(low), "high": float(high)}


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

    def samples(self, metric: Metric) -> tuple[list[float], list[float]]:
        """The metric's samples before and after."""
        return [s[metric.name] for s in self.before], [s[metric.name] for s in self.after]

    def verdict(self) -> str:
        """`fixed` when every threshold holds of every sample after, every exposing metric broke it
        in every sample before, and its interval shows the change; `inconclusive` when the failure
        was not exposed before; else `not fixed`.
        """
        exposed = True
        for metric in self.metrics:
            before, after = self.samples(metric)
            if not all(metric.holds(value) for value in after):
                return "not fixed"
            if metric.guard:
                continue
            if any(metric.holds(value) for value in before):
                exposed = False
            elif not improved(metric, effect(before, after)):
                return "not fixed"
        return "fixed" if exposed else "inconclusive"

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
