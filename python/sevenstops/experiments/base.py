"""What every experiment is made of."""

import contextlib
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Any

from sevenstops import _core
from sevenstops.edges import edge_named
from sevenstops.environment import Lab
from sevenstops.errors import LabError, core_errors
from sevenstops.evidence import Evidence, Metric, Sample
from sevenstops.loading import LoadReport, run_plan
from sevenstops.plans import closed
from sevenstops.processes import pinned
from sevenstops.service import Service, ServiceOptions, settings_with

__all__ = [
    "Diagnostic", "Experiment", "Lab", "Metric", "PeakMemory", "Sample", "Scene", "chain_scene",
    "extra_requests", "failures", "goodput", "percentile", "plain_scene", "recovery", "tree_scene",
    "warm_up",
]  # fmt: skip

Settings = _core.Settings
Side = str


@dataclass
class Scene:
    """A freshly started service as one run finds it.

    `port` is the one that clients talk to: the edge's, or the service's own without one. `others`
    are the services beneath, by name. `doubts` collects why the run's numbers may be the client's.
    """

    service: Service
    port: int
    others: dict[str, Service] = field(default_factory=dict)
    doubts: list[str] = field(default_factory=list)

    def load(self, plan: _core.Plan) -> _core.LoadResult:
        """Sends the plan and waits for its end."""
        result = run_plan(plan, self.port)
        saturation = LoadReport(plan, result).saturation
        if saturation:
            self.doubts.append(saturation)
        return result

    def load_and_look(
        self, plan: _core.Plan, times: Sequence[float]
    ) -> tuple[_core.LoadResult, list[dict[str, Any]]]:
        """Sends the plan, and gives the service's counters as they were so many seconds into it."""

        def look() -> list[dict[str, Any]]:
            began = time.monotonic()
            seen = []
            for at in times:
                time.sleep(max(0.0, began + at - time.monotonic()))
                seen.append(self.service.stops())
            return seen

        with ThreadPoolExecutor(1) as thread:
            looked = thread.submit(look)
            return self.load(plan), looked.result()

    @contextlib.contextmanager
    def under_load(self, plan: _core.Plan) -> Iterator[_core.LoadRun]:
        """Sends the plan while a block runs, and ends it with the block."""
        with core_errors():
            run = _core.LoadRun(plan, _core.Target(self.port))
        try:
            yield run
        finally:
            run.cancel()
            run.result()


@contextlib.contextmanager
def plain_scene(lab: Lab, settings: Settings, **options: Any) -> Iterator[Scene]:
    """One service behind the lab's edge; `options` are those of ServiceOptions."""
    with (
        Service(settings, ServiceOptions(cpus=lab.service_cpus, **options)) as service,
        edge_named(lab.edge)(service.port, cpus=lab.edge_cpus) as edge,
    ):
        yield Scene(service, edge.port)


@contextlib.contextmanager
def tree_scene(
    lab: Lab,
    settings: Settings,
    beneath: Mapping[str, Sequence[tuple[str, ...]]],
    below: Settings | None = None,
) -> Iterator[Scene]:
    """A service behind the lab's edge over dependencies, whose replicas are processes each.

    `beneath` has the faults of each replica of a dependency, under its name as ServiceOptions take
    it; `below` their settings, where they aren't the same. `others` holds them as "name0", "name1".
    """
    with contextlib.ExitStack() as stack:
        others: dict[str, Service] = {}
        dependencies: list[tuple[str, tuple[int, ...]]] = []
        for name, replicas in beneath.items():
            ports = []
            for n, faults in enumerate(replicas):
                options = ServiceOptions(cpus=lab.load_cpus, rows=1, faults=faults)
                replica = stack.enter_context(Service(below or settings, options))
                others[f"{name.split('*')[0]}{n}"] = replica
                ports.append(replica.port)
            dependencies.append((name, tuple(ports)))
        with plain_scene(lab, settings, rows=1, dependencies=tuple(dependencies)) as scene:
            scene.others.update(others)
            yield scene


@contextlib.contextmanager
def chain_scene(lab: Lab, settings: Settings, *faults: str) -> Iterator[Scene]:
    """page → catalog → pricing → inventory, each a process; the faults are inventory's."""
    with contextlib.ExitStack() as stack:
        others: dict[str, Service] = {}
        below: tuple[tuple[str, int], ...] = ()
        for beneath, name in enumerate(("inventory", "pricing", "catalog")):
            own = settings.copy()
            own.set("handle.hops_below", str(beneath))
            options = ServiceOptions(
                cpus=lab.service_cpus, dependencies=below, faults=() if below else faults, rows=1
            )
            others[name] = stack.enter_context(Service(own, options))
            below = ((name, others[name].port),)
        entry = settings.copy()
        entry.set("handle.hops_below", str(len(others)))
        with plain_scene(lab, entry, rows=1, dependencies=below) as scene:
            scene.others.update(others)
            yield scene


@dataclass(frozen=True)
class Diagnostic:
    """A line of the runbook: the first command for a symptom, and how to read what it says.

    `command` is for a shell; {port} is the service's, {admin_port} its admin listener's, {pid} its
    process. `proves` reads its output: true when it is this failure. A test runs each against the
    fragile service in its failure and against the hardened one.
    """

    symptom: str
    command: str
    when_it_is: str
    when_not: str
    proves: Callable[[str], bool]
    # The same question to Prometheus; empty where there is no such counter.
    promql: str = ""


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
            stop=self.stop,
            failure=self.failure,
            symptom=self.symptom,
            fix=self.fix,
            fingerprint=self.plan(lab.seed).fingerprint(),
            seed=lab.seed,
            metrics=self.metrics,
            edge=edge_named(lab.edge).version(),
            settings=difference(before, after),
            without_edge=self.without_edge,
        )

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
                    getattr(evidence, side).append(sample)
                    getattr(evidence, f"{side}_doubts").append("; ".join(scene.doubts))
                n += 1
        return evidence


def difference(before: Settings, after: Settings) -> dict[str, dict[str, str]]:
    """The fields whose values differ, by name."""
    names = [info.name for info in _core.field_infos()]
    return {
        name: {"before": before.get(name), "after": after.get(name)}
        for name in names
        if before.get(name) != after.get(name)
    }


class PeakMemory:
    """Watches how far a service's resident memory climbs while a block runs.

    `growth` is in bytes, from the block's start; looked at every 20 ms and at its end.
    """

    PERIOD = 0.02

    def __init__(self, watched: Service) -> None:
        """Watches nothing yet."""
        self._service = watched
        self._done = threading.Event()
        self._start = self._peak = 0

    @property
    def growth(self) -> int:
        """Bytes above the start at the peak."""
        return self._peak - self._start

    def _look(self) -> None:
        self._peak = max(self._peak, self._service.memory())

    def _watch(self) -> None:
        # A service that has died is noticed by whoever asks it next.
        with contextlib.suppress(LabError):
            while not self._done.wait(self.PERIOD):
                self._look()

    def __enter__(self) -> "PeakMemory":
        """Begins to watch."""
        self._start = self._peak = self._service.memory()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *trouble: object) -> None:
        """Looks a last time and stops."""
        self._done.set()
        self._thread.join()
        with contextlib.suppress(LabError):
            self._look()


def warm_up(port: int, requests: list[_core.RequestSpec], connections: int = 16) -> None:
    """Sends good traffic for 0.3 s: pages touched by any first request are nobody's failure."""
    run_plan(_core.Plan(arrivals=[closed(0.3)], requests=requests, connections=connections), port)


def percentile(histogram: _core.Histogram, q: float) -> float:
    """The latency in seconds that a share `q` did not exceed.

    Raises LabError for fewer than 1 / (1 - q) samples: 100 for p99, 1,000 for p99.9. With fewer it
    would be the largest of them, whatever its name.
    """
    least = round(1 / (1 - q))
    if histogram.total < least:
        raise LabError(f"p{100 * q:g} needs {least:,} samples, and there are {histogram.total}")
    return histogram.quantile(q)


def extra_requests(counters: Mapping[str, Any], since: Mapping[str, Any] | None = None) -> float:
    """A service's hedges and repeats, as a share of the requests beneath that it can't do without.

    `counters` are its `stops()`, and `since` those of an earlier time from which to count.
    """

    def count(name: str) -> int:
        return int(counters[name]) - (int(since[name]) if since else 0)

    extra = count("dependency_hedges_total") + count("dependency_retries_total")
    return extra / max(1, count("dependency_requests_total") - extra)


INTERVAL = 0.1
"""Seconds of one interval of a load's series."""


def goodput(series: Sequence[_core.Interval], begin: float, end: float) -> float:
    """Answers without a server error as a share of what was sent, between two times of a load."""
    part = series[round(begin / INTERVAL) : round(end / INTERVAL)]
    return sum(i.answered - i.errors for i in part) / max(1, sum(i.sent for i in part))


def recovery(series: Sequence[_core.Interval], begin: float, end: float) -> float:
    """Seconds from `begin` until the goodput of every second that begins later is at least 0.95.

    Looked at in steps of half a second; `end - begin` when that is never so.
    """
    step = 0.5
    bad = [
        n
        for n in range(round((end - begin - 1) / step) + 1)
        if goodput(series, begin + n * step, begin + n * step + 1) < 0.95
    ]
    last = round((end - begin - 1) / step)
    return end - begin if bad and bad[-1] == last else step * (bad[-1] + 1) if bad else 0.0


def failures(result: _core.LoadResult, name: str) -> int:
    """Requests of this name that got no 2xx."""
    outcomes = result.by_name[name].outcomes
    return sum(n for kind, n in outcomes.items() if kind != "2xx")
