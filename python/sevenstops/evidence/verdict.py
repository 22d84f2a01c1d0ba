"""The evidence of one failure, and the verdict on it."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sevenstops.errors import LabError
from sevenstops.evidence.metrics import BEFORE, Censored, Metric, Threshold
from sevenstops.evidence.runs import Run, Runs, matters
from sevenstops.evidence.scenes import differences, fingerprint, without
from sevenstops.evidence.statistics import drifts, effect, range_of


@dataclass
class Evidence:
    """For one failure: plan, scene, metrics, every sample before and after.

    Rounds are added in pairs, which share plan and seed.
    """

    stop: str
    failure: str
    symptom: str
    fix: str
    metrics: list[Metric]
    edge: str
    # The settings named as the fix, and their values before and after.
    settings: dict[str, dict[str, str]]
    # Why the edge stayed out; empty where it did not.
    without_edge: str = ""
    # Why it fails and why the fix mends it.
    lesson: str = ""
    # Where the fragile side's mistake was made by others.
    in_the_wild: str = ""
    # Lines of the runbook, as the evidence contract has them.
    diagnostics: list[dict[str, str]] = field(default_factory=list)
    # What figures show, as the contract has it, but for their points.
    figures: Sequence[Mapping[str, Any]] = ()
    # Whether settings were changed by hand, for a look.
    altered: bool = False
    before: Runs = field(default_factory=Runs)
    after: Runs = field(default_factory=Runs)
    # Seed and plan's fingerprint of each round.
    seeds: list[dict[str, Any]] = field(default_factory=list)
    # A row for each setting; None where it was not asked for.
    ablation: list[dict[str, Any]] | None = None
    # What each diagnostic said on both sides, where they were run.
    runbook: list[dict[str, Any]] = field(default_factory=list)

    @property
    def sides(self) -> Mapping[str, Runs]:
        """The runs before and after, by these names."""
        return {"before": self.before, "after": self.after}

    def add_round(self, seed: int, plan: str, before: Run, after: Run) -> None:
        """One run of each side under the plan of this fingerprint.

        Raises LabError when the scenes differ in more than the settings named as the fix.
        """
        old, new = (without(run.scene, self.settings) for run in (before, after))
        if old != new:
            more = "; ".join(differences(old, new))
            raise LabError(
                f"{self.failure}: the scenes differ in more than the fix's settings: {more}"
            )
        self.seeds.append({"seed": seed, "fingerprint": plan})
        self.before.add(before)
        self.after.add(after)

    def samples(self, metric: Metric) -> tuple[list[float], list[float]]:
        """The metric's samples before and after."""
        return self.before.of(metric.name), self.after.of(metric.name)

    def threshold(self, metric: Metric) -> Threshold:
        """What must hold after, as a number, of what was measured here."""
        if not metric.reference:
            return metric.resolved()
        name = metric.name if metric.reference == BEFORE else metric.reference
        samples = self.before.of(name)
        if metric.reference != BEFORE:
            samples = samples + self.after.of(name)
        return metric.resolved(statistics.median(samples))

    def doubt(self) -> str:
        """Why the samples say nothing, whatever they are; empty where they do.

        The load was not sent whole, others took the processors in more than a third of a side's
        runs and a metric depends on the pace, the client's timers were late in as many by more than
        a tenth of a bound in seconds, or a side has a drift.
        """
        for side, runs in self.sides.items():
            not_sent = runs.doubts("sent")
            if not_sent:
                return f"the load was not sent whole {side}: {not_sent[0]}"
            if runs.doubtful("machine") and any(metric.paced for metric in self.metrics):
                found = runs.doubts("machine")
                return f"the machine was busy in {len(found)} runs {side}: {found[0]}"
            if runs.doubtful("timers") and matters(runs.late(), self.bounds()):
                found = runs.doubts("timers")
                return f"the client was the bottleneck in {len(found)} runs {side}: {found[0]}"
            for metric in self.metrics:
                if drifts(runs.of(metric.name)):
                    return f"{metric.name} drifts {side}: early runs and late ones differ"
        return ""

    def bounds(self) -> list[float]:
        """The bounds of all thresholds in seconds by the client's clock."""
        return [self.threshold(m).bound for m in self.metrics if m.timed]

    def any_doubt(self) -> str:
        """The first doubt of any run; empty where there is none."""
        for side, runs in self.sides.items():
            for about in ("machine", "timers"):
                for text in runs.doubts(about):
                    return f"a run {side} is doubtful: {text}"
        return ""

    def narrow(self) -> bool:
        """Whether every exposing metric's range is no wider than a fifth of its middle."""
        for metric in self.metrics:
            if not metric.guard:
                found = effect(*self.samples(metric))
                low, high = found["low"], found["high"]
                if high - low > 0.2 * abs(low + high) / 2:
                    return False
        return True

    def judge(self) -> tuple[str, str]:
        """The verdict, and why it is not `fixed`; the reason is empty where it is.

        It rests on ranges: the interval of a side's median from five runs on, the lowest and
        highest of fewer. `fixed` when the range after lies on the right side of every threshold,
        guards included, the range before of every exposing metric on the wrong side, and the range
        of the change excludes no change. `inconclusive` when there is a doubt, or the failure was
        not exposed before. What a doubtful run may have spoilt is never called `not fixed`.
        """
        doubt = self.doubt()
        if doubt:
            return "inconclusive", doubt
        verdict, reason = self._judged()
        doubt = self.any_doubt() if verdict == "not fixed" else ""
        return ("inconclusive", f"{reason}, but {doubt}") if doubt else (verdict, reason)

    def _judged(self) -> tuple[str, str]:
        hidden = ""
        for metric in self.metrics:
            before, after = self.samples(metric)
            must = self.threshold(metric)
            if not self.holds(metric):
                return "not fixed", f"{metric.name} after is not always {must}"
            if metric.guard:
                continue
            spread = range_of(before)
            # What must fall to a share of its value before was there before.
            shown = metric.reference == BEFORE
            if not shown and (must.holds(spread.low) or must.holds(spread.high)):
                hidden = hidden or f"{metric.name} was {must} before as well"
                continue
            change = effect(before, after)
            unchanged = 1.0 if change["kind"] == "ratio" else 0.0
            if not metric.improved(change["low"], change["high"], unchanged):
                return "not fixed", f"{metric.name}: the interval does not exclude no change"
        return ("inconclusive", hidden) if hidden else ("fixed", "")

    def holds(self, metric: Metric) -> bool:
        """Whether the whole range after lies on the right side of the threshold.

        What is held against its own value before is compared in pairs, run by run: a processor that
        gets faster or slower between rounds then changes neither side.
        """
        must, spread = self.threshold(metric), range_of(self.after.of(metric.name))
        if metric.reference == BEFORE:
            pairs = zip(*self.samples(metric), strict=True)
            spread = range_of([metric.resolved(old).beyond(new) for old, new in pairs])
            must = Threshold(must.symbol, 0.0)
        return must.holds(spread.low) and must.holds(spread.high)

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
            "in_the_wild": self.in_the_wild,
            "diagnostics": self.diagnostics,
            "edge": self.edge,
            "without_edge": self.without_edge,
            "settings": self.settings,
            "altered": self.altered,
            "plan": {"fingerprint": self.seeds[0]["fingerprint"], "seed": self.seeds[0]["seed"]},
            "seeds": self.seeds,
            "scene": self._scene(),
            "sent": {name: [dict(r.sent) for r in side.runs] for name, side in self.sides.items()},
            "machine": {
                name: [dict(r.machine) for r in side.runs] for name, side in self.sides.items()
            },
            "metrics": [self._metric(metric) for metric in self.metrics],
            "guards": [
                {
                    "name": metric.name,
                    "source": metric.source,
                    "margin": f"after {self.threshold(metric)}",
                    "held": self.holds(metric),
                }
                for metric in self.metrics
                if metric.guard
            ],
            "ablation": self.ablation,
            "runbook": self.runbook,
            "figures": [self._figure(figure) for figure in self.figures],
            "verdict": verdict,
            "reason": reason,
        }

    def _scene(self) -> dict[str, Any]:
        before, after = (side.runs[0].scene for side in self.sides.values())
        if not before:
            return {}
        shared = without(after, self.settings)
        return {
            "fingerprint": {
                "before": fingerprint(before),
                "after": fingerprint(after),
                "shared": fingerprint(shared),
            },
            "content": dict(after),
        }

    def _figure(self, figure: Mapping[str, Any]) -> dict[str, Any]:
        described = {k: v for k, v in figure.items() if k != "name"}
        points = {
            name: [list(point) for point in side.runs[0].curves.get(figure["name"], ())]
            for name, side in self.sides.items()
        }
        return {**described, **points}

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
            "censored": {"before": cut_off(before), "after": cut_off(after)},
            "effect": effect(before, after),
            "threshold": f"after {self.threshold(metric)}",
            "threshold_rule": metric.rule or rule_of(metric),
            "pass": self.holds(metric),
        }


def cut_off(samples: Sequence[float]) -> list[int]:
    """Which of the samples the end of the watch cut off."""
    return [n for n, value in enumerate(samples) if isinstance(value, Censored)]


def rule_of(metric: Metric) -> str:
    """Where the threshold comes from, in words."""
    if not metric.reference:
        return "the margin of the guard" if metric.guard else "a bound of its own"
    _, share, _ = metric.threshold.split()
    whose = "its own median before" if metric.reference == BEFORE else metric.reference
    return f"{share} of {whose}, as this machine measured it"
