"""The evidence of one failure, and the verdict on it."""

import statistics
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sevenstops.evidence.metrics import Metric, Sample
from sevenstops.evidence.statistics import drifts, effect


def improved(metric: Metric, interval: dict[str, Any]) -> bool:
    """Whether the whole interval lies on the better side of no change."""
    unchanged = 1.0 if interval["kind"] == "ratio" else 0.0
    if metric.better == "lower":
        return bool(interval["high"] < unchanged)
    return bool(interval["low"] > unchanged)


@dataclass
class Runs:
    """The runs of one side, in their order.

    `doubts` has for each run why its numbers may be the client's own; empty where they are not.
    """

    samples: list[Sample] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)

    def add(self, sample: Sample, doubt: str = "") -> None:
        """One more run."""
        self.samples.append(sample)
        self.doubts.append(doubt)

    def of(self, metric: Metric) -> list[float]:
        """The samples of one metric."""
        return [sample[metric.name] for sample in self.samples]


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
    # Why it fails and why the fix mends it.
    lesson: str = ""
    # Lines of the runbook, as the evidence contract has them.
    diagnostics: list[dict[str, str]] = field(default_factory=list)
    before: Runs = field(default_factory=Runs)
    after: Runs = field(default_factory=Runs)

    @property
    def sides(self) -> Mapping[str, Runs]:
        """The runs before and after, by these names."""
        return {"before": self.before, "after": self.after}

    def samples(self, metric: Metric) -> tuple[list[float], list[float]]:
        """The metric's samples before and after."""
        return self.before.of(metric), self.after.of(metric)

    def doubt(self) -> str:
        """Why the samples say nothing, whatever they are; empty where they do.

        The client was the bottleneck in more than a third of a side's runs, or a side drifted.
        """
        for side, runs in self.sides.items():
            doubts = [d for d in runs.doubts if d]
            if 3 * len(doubts) > len(runs.samples):
                return f"the client was the bottleneck in {len(doubts)} runs {side}: {doubts[0]}"
            for metric in self.metrics:
                if drifts(runs.of(metric)):
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
        verdict, reason = self.judge()
        return {
            "stop": self.stop,
            "failure": self.failure,
            "symptom": self.symptom,
            "fix": self.fix,
            "lesson": self.lesson,
            "diagnostics": self.diagnostics,
            "edge": self.edge,
            "without_edge": self.without_edge,
            "settings": self.settings,
            "plan": {"fingerprint": self.fingerprint, "seed": self.seed},
            "metrics": [self._metric(metric) for metric in self.metrics],
            "verdict": verdict,
            "reason": reason,
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
