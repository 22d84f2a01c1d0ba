"""What every experiment is made of."""

import hashlib
import random
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Any

from sevenstops import _core
from sevenstops.evidence.metrics import Censored, Metric, Sample
from sevenstops.evidence.runs import Run
from sevenstops.evidence.verdict import Evidence
from sevenstops.experiments.figures import Figure
from sevenstops.lab.commands import Answer, Command
from sevenstops.lab.edges import edge_named
from sevenstops.lab.environment import Lab
from sevenstops.lab.measurements import (
    PeakMemory,
    extra_requests,
    failures,
    goodput,
    goodput_curve,
    histogram_curve,
    kept_connections,
    orphaned_work,
    percentile_curve,
    percentile_seen,
    recovery,
    slowest_curve,
)
from sevenstops.lab.network import link_possible, own_network_possible
from sevenstops.lab.processes import pinned
from sevenstops.lab.scenes import Scene, chain_scene, plain_scene, replicas_scene, tree_scene
from sevenstops.lab.settings import SideSettings
from sevenstops.loading.plans import closed, constant
from sevenstops.loading.running import run_plan

__all__ = [
    "Censored", "Diagnostic", "Experiment", "Figure", "Lab", "Metric", "PeakMemory", "Sabotage",
    "Sample", "Scene", "SideSettings", "chain_scene", "extra_requests", "failures", "goodput",
    "goodput_curve", "histogram_curve", "kept_connections", "orders_and_pages", "orphaned_work",
    "percentile_curve", "percentile_seen", "plain_scene", "recovery", "replicas_scene",
    "round_seed", "slowest_curve", "tree_scene", "warm_up",
]  # fmt: skip

Side = str
SIDES: tuple[Side, Side] = ("before", "after")


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
    # Whether Prometheus wakes somebody for it: "page", or "ticket" for what can wait for the day.
    severity: str = "page"
    # Seconds into the load from which on it tells the sides apart.
    at: float = 3.0
    # Whether its own requests would be counted among the load's.
    counted: bool = False

    def as_dict(self) -> dict[str, str]:
        """What people read of it, as the evidence contract has it."""
        return {
            "symptom": self.symptom,
            "command": self.command,
            "when_it_is": self.when_it_is,
            "when_not": self.when_not,
            "promql": self.promql,
            "severity": self.severity,
        }


@dataclass(frozen=True)
class Sabotage:
    """A harmful "fix": settings that stop the symptom and the service's use with it.

    `guards` name the metrics that must not let it pass: without them it would. It is done to the
    hardened side, or with `alone` to the fragile one, whose symptom it stops by itself.
    """

    changes: Mapping[str, str]
    guards: tuple[str, ...]
    # What it does to users.
    harm: str
    alone: bool = False


@dataclass(frozen=True)
class Experiment:
    """One failure of one stop: what is sent, what is measured, and which setting is the fix.

    Both sides have the hardened preset with `settings`; `switch` alone differs.
    """

    stop: str
    failure: str
    symptom: str
    fix: str
    # The settings named as the fix, and their values before and after: one, wherever one mends it.
    switch: Mapping[str, tuple[str, str]]
    metrics: list[Metric]
    # The plan for a seed: the same for both sides, or they could not be compared.
    plan: Callable[[int], _core.Plan]
    # One run in a fresh scene.
    run: Callable[[Scene, _core.Plan], Sample]
    scene: Callable[[Lab, SideSettings], AbstractContextManager[Scene]] = plain_scene
    # Changes to the hardened preset that both sides have.
    settings: Mapping[str, str] = field(default_factory=dict)
    # What the on-call engineer does first.
    diagnostics: tuple[Diagnostic, ...] = ()
    # Why it fails and why the fix mends it, in two or three sentences.
    lesson: str = ""
    # A framework's default with its version, or a public incident, that made the same mistake.
    in_the_wild: str = ""
    # What shows the mechanism: its points are the scene's curves.
    figures: tuple[Figure, ...] = ()
    # Fixes that must not pass.
    sabotages: tuple[Sabotage, ...] = ()
    # Place among the experiments of its stop.
    order: int = 0
    # Why the edge stays out, where it would hide the failure.
    without_edge: str = ""
    # Why there is an edge even where none was asked for.
    needs_edge: str = ""
    # Why it needs a network namespace for itself; it is left out where the system allows none.
    needs_network: str = ""
    # Whether that is a link as well.
    needs_link: bool = False
    # Whether it belongs to a run that names no stop.
    core: bool = True

    def sides(self) -> tuple[SideSettings, SideSettings]:
        """The settings before and after: they differ in the switch alone."""
        shared = SideSettings(_core.hardened()).changed(self.settings)
        before = shared.changed({name: values[0] for name, values in self.switch.items()})
        after = shared.changed({name: values[1] for name, values in self.switch.items()})
        return before, after

    def possible(self) -> bool:
        """Whether this process may have what it needs."""
        possible = link_possible if self.needs_link else own_network_possible
        return not self.needs_network or possible()

    def lab_of(self, lab: Lab) -> Lab:
        """The lab as this experiment uses it: without an edge that would hide the failure, or with
        nginx where there is no failure without an edge.
        """
        if self.without_edge:
            return replace(lab, edge="none")
        return replace(lab, edge="nginx") if self.needs_edge and lab.edge == "none" else lab

    def evidence(self, lab: Lab, named: Mapping[str, tuple[str, str]] | None = None) -> Evidence:
        """Evidence for rounds to be added to; `named` are the settings that may differ."""
        switch = self.switch if named is None else named
        return Evidence(
            **self.guide(),
            metrics=self.metrics,
            edge=edge_named(lab.edge).version(),
            settings={name: {"before": b, "after": a} for name, (b, a) in switch.items()},
            without_edge=self.without_edge,
            figures=[figure.as_dict() for figure in self.figures],
        )

    def guide(self) -> dict[str, Any]:
        """What there is to say of it without a measurement: a part of its evidence."""
        return {
            "stop": self.stop,
            "failure": self.failure,
            "symptom": self.symptom,
            "fix": self.fix,
            "lesson": self.lesson,
            "in_the_wild": self.in_the_wild,
            "diagnostics": [d.as_dict() for d in self.diagnostics],
        }

    def once(self, lab: Lab, settings: SideSettings, plan: _core.Plan) -> Run:
        """One run of a freshly started scene."""
        with self.scene(lab, settings) as scene:
            return scene.run(self.run(scene, plan))

    def measure(
        self,
        lab: Lab,
        rounds: int,
        progress: Callable[[Side, int], None] = lambda side, done: None,
        said: Mapping[Side, Mapping[str, str]] | None = None,
        max_time: float = 0.0,
        with_runbook: bool = False,
    ) -> Evidence:
        """Runs both sides `rounds` times each: in a round under one plan and seed, in random order.

        With `max_time` goes on in rounds until every exposing metric's range is narrow, or so many
        seconds are over. `progress` is told the side and the round before each run. `said` changes
        settings of a side for a look; they win over what the scene sets, and mark the evidence.
        Raises LabError.
        """
        lab = self.lab_of(lab)
        said = {side: changes for side, changes in (said or {}).items() if changes}
        sides = dict(zip(SIDES, self.sides(), strict=True))
        for side, changes in said.items():
            sides[side] = sides[side].saying(changes)
        named = {*self.switch, *(name for changes in said.values() for name in changes)}
        values = {
            n: (sides["before"].settings.get(n), sides["after"].settings.get(n)) for n in named
        }
        evidence = self.evidence(lab, dict(sorted(values.items())))
        evidence.altered = bool(said)
        asked = self.diagnostics if with_runbook else ()
        apart = [d for d in asked if self.apart(d, rounds, max_time)]
        beside = [d for d in asked if d not in apart]
        order = random.Random(lab.seed)
        end = time.monotonic() + max_time
        n = 0

        def both(diagnostics: Sequence[Diagnostic]) -> dict[Side, Run]:
            runs = {}
            for side in order.sample(SIDES, 2):
                progress(side, n)
                here = replace(lab, seed=seed, commands=commands_of(diagnostics, plan))
                runs[side] = self.once(here, sides[side], plan)
            return runs

        with pinned(lab.load_cpus):
            while n < rounds or (max_time and time.monotonic() < end and not evidence.narrow()):
                seed = round_seed(lab.seed, n)
                plan = self.plan(seed)
                if n == 0 and apart:
                    evidence.runbook += told(apart, both(apart))
                runs = both(beside if n == 0 else ())
                evidence.add_round(seed, plan.fingerprint(), runs["before"], runs["after"])
                if n == 0:
                    evidence.runbook += told(beside, runs)
                n += 1
        return evidence

    def apart(self, diagnostic: Diagnostic, rounds: int, max_time: float = 0.0) -> bool:
        """Whether a diagnostic has a run of each side for itself."""
        return diagnostic.counted or rounds > 1 or max_time > 0


def commands_of(diagnostics: Sequence[Diagnostic], plan: _core.Plan) -> tuple[Command, ...]:
    """The diagnostics as a scene runs them, before the load ends, however short it is."""
    latest = 0.8 * plan.duration
    return tuple(Command(d.command, min(latest, d.at)) for d in diagnostics)


def shown(diagnostic: Diagnostic, answer: Answer) -> bool | None:
    """Whether an answer shows the failure; None where it can't be read."""
    if not answer.told:
        return None
    try:
        return diagnostic.proves(answer.stdout)
    except (ValueError, LookupError, ZeroDivisionError):
        return None


def told(diagnostics: Sequence[Diagnostic], runs: Mapping[Side, Run]) -> list[dict[str, Any]]:
    """What each diagnostic said in a run of each side, as evidence has it."""
    found = []
    for n, diagnostic in enumerate(diagnostics):
        line: dict[str, Any] = {"symptom": diagnostic.symptom, "command": diagnostic.command}
        for side in SIDES:
            answer = runs[side].answers[n]
            line[side] = {
                "said": answer.stdout + answer.stderr,
                "status": answer.status,
                "shows": shown(diagnostic, answer),
            }
        found.append(line)
    return found


def round_seed(seed: int, n: int) -> int:
    """The seed of a run's round `n`: the first round's is the run's own, and all derive from it."""
    if n == 0:
        return seed
    return int.from_bytes(hashlib.sha256(f"{seed}/{n}".encode()).digest()[:4], "big")


def warm_up(port: int, requests: list[_core.RequestSpec], connections: int = 16) -> None:
    """Sends good traffic for 0.3 s: pages touched by any first request are nobody's failure."""
    run_plan(_core.Plan(arrivals=[closed(0.3)], requests=requests, connections=connections), port)


def orders_and_pages(seed: int, seconds: float) -> _core.Plan:
    """900 orders and 100 pages a second: what goes on while a service is replaced or stopped."""
    body = '{"item":7,"count":1}'
    order = _core.RequestSpec(
        name="order", method="POST", target="/echo", body=body, weight=9, expect=body
    )
    page = _core.RequestSpec(name="page", target="/page", weight=1, expect='"page"')
    return _core.Plan(
        seed=seed,
        arrivals=[constant(1000, duration=seconds)],
        cool_down=1,
        connections=64,
        requests=[order, page],
    )
