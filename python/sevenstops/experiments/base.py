"""What every experiment is made of."""

import random
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Any

from sevenstops import _core
from sevenstops.errors import LabError
from sevenstops.evidence.metrics import Metric, Sample
from sevenstops.evidence.verdict import Evidence
from sevenstops.lab.edges import edge_named
from sevenstops.lab.environment import Lab
from sevenstops.lab.measurements import (
    PeakMemory,
    extra_requests,
    failures,
    goodput,
    orphaned_work,
    percentile,
    recovery,
)
from sevenstops.lab.processes import pinned
from sevenstops.lab.scenes import Scene, chain_scene, plain_scene, tree_scene
from sevenstops.lab.settings import Settings, difference, settings_with
from sevenstops.loading.plans import closed
from sevenstops.loading.running import run_plan

__all__ = [
    "Diagnostic", "Experiment", "Lab", "Metric", "PeakMemory", "Sample", "Scene", "Settings",
    "chain_scene", "difference", "extra_requests", "failures", "goodput", "orphaned_work",
    "percentile", "plain_scene", "recovery", "tree_scene", "warm_up",
]  # fmt: skip

Side = str


@dataclass(frozen=True)
class Diagnostic:
    """A line of the runbook: the first command for a symptom, and how to read what it says.

    `command` is for sh, which knows $PORT, the service's, $ADMIN_PORT, its admin listener's, and
    $PID, its process; within single quotes it would not. `proves` reads its output: true when it is
    this failure. A test runs each against the fragile service in its failure and against the
    hardened one.
    """

    symptom: str
    command: str
    when_it_is: str
    when_not: str
    proves: Callable[[str], bool]
    # The same question to Prometheus; empty where there is no such counter.
    promql: str = ""

    def as_dict(self) -> dict[str, str]:
        """What people read of it, as the evidence contract has it."""
        return {
            "symptom": self.symptom,
            "command": self.command,
            "when_it_is": self.when_it_is,
            "when_not": self.when_not,
            "promql": self.promql,
        }


@dataclass(frozen=True)
class Experiment:
    """One failure of one stop: what is sent, what is measured, and which settings differ."""

    stop: str
    failure: str
    symptom: str
    fix: str
    metrics: list[Metric]
    # The plan for a seed: the same for both sides, or they could not be compared.
    plan: Callable[[int], _core.Plan]
    # One run in a fresh scene.
    run: Callable[[Scene, _core.Plan], Sample]
    scene: Callable[[Lab, Settings], AbstractContextManager[Scene]] = plain_scene
    # What the on-call engineer does first.
    diagnostics: tuple[Diagnostic, ...] = ()
    # Why it fails and why the fix mends it, in two or three sentences.
    lesson: str = ""
    # Place among the experiments of its stop.
    order: int = 0
    # Changes to the hardened preset that make this failure, where the stop's fragile preset would
    # make another one as well.
    before: dict[str, str] = field(default_factory=dict)
    # Why the edge stays out, where it would hide the failure.
    without_edge: str = ""
    # Whether it belongs to a run that names no stop.
    core: bool = True

    def sides(self) -> tuple[Settings, Settings]:
        """The settings before and after: they differ in this stop only."""
        hardened = _core.hardened()
        if not self.before:
            return settings_with(hardened, self.stop, _core.fragile()), hardened
        fragile = hardened.copy()
        for name, value in self.before.items():
            fragile.set(name, value)
        return fragile, hardened

    def lab_of(self, lab: Lab) -> Lab:
        """The lab as this experiment uses it: without an edge that would hide the failure."""
        return replace(lab, edge="none") if self.without_edge else lab

    def evidence(self, lab: Lab, before: Settings, after: Settings) -> Evidence:
        """Evidence of these two sides, for samples to be added to."""
        return Evidence(
            **self.guide(),
            fingerprint=self.plan(lab.seed).fingerprint(),
            seed=lab.seed,
            metrics=self.metrics,
            edge=edge_named(lab.edge).version(),
            settings=difference(before, after),
            without_edge=self.without_edge,
        )

    def guide(self) -> dict[str, Any]:
        """What there is to say of it without a measurement: a part of its evidence."""
        return {
            "stop": self.stop,
            "failure": self.failure,
            "symptom": self.symptom,
            "fix": self.fix,
            "lesson": self.lesson,
            "diagnostics": [d.as_dict() for d in self.diagnostics],
        }

    def measure(
        self,
        lab: Lab,
        rounds: int,
        progress: Callable[[Side, int], None] = lambda side, done: None,
        sides: tuple[Settings, Settings] | None = None,
        max_time: float = 0.0,
    ) -> Evidence:
        """Runs both sides `rounds` times each under the identical plan, each round in random order.

        With `max_time` goes on in rounds until every exposing metric's interval is narrow, or so
        many seconds are over. `progress` is told the side and the round before each run; `sides`
        stand for the experiment's own settings before and after.
        """
        lab = self.lab_of(lab)
        before, after = sides or self.sides()
        evidence = self.evidence(lab, before, after)
        order = random.Random(lab.seed)
        end = time.monotonic() + max_time
        n = 0
        with pinned(lab.load_cpus):
            while n < rounds or (max_time and time.monotonic() < end and not evidence.narrow()):
                for side in order.sample(("before", "after"), 2):
                    progress(side, n)
                    same = self.plan(lab.seed)
                    if same.fingerprint() != evidence.fingerprint:
                        raise LabError(f"{self.failure}: the plans of two runs are not identical")
                    with self.scene(lab, before if side == "before" else after) as scene:
                        sample = self.run(scene, same)
                    evidence.sides[side].add(sample, "; ".join(scene.doubts))
                n += 1
        return evidence


def warm_up(port: int, requests: list[_core.RequestSpec], connections: int = 16) -> None:
    """Sends good traffic for 0.3 s: pages touched by any first request are nobody's failure."""
    run_plan(_core.Plan(arrivals=[closed(0.3)], requests=requests, connections=connections), port)
