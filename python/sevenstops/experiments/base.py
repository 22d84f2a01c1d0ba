"""What every experiment is made of."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from sevenstops import _core
from sevenstops.edges import edge_named
from sevenstops.environment import Lab
from sevenstops.errors import LabError
from sevenstops.evidence import Evidence, Metric, Sample
from sevenstops.loading import run_plan
from sevenstops.plans import closed
from sevenstops.processes import pinned
from sevenstops.service import Service, ServiceOptions, settings_with

__all__ = [
    "Experiment", "Lab", "Metric", "PeakMemory", "Sample",
    "failures", "front", "run_plan", "service", "warm_up",
]  # fmt: skip

Settings = _core.Settings


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
    # One run of a freshly started service.
    run: Callable[[Lab, Settings, _core.Plan], Sample]
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

    def measure(
        self,
        lab: Lab,
        rounds: int,
        progress: Callable[[str, int], None] = lambda side, done: None,
        sides: tuple[Settings, Settings] | None = None,
    ) -> Evidence:
        """Runs both sides `rounds` times each, in ABBA order, under the identical plan.

        `progress` is told the side and the round before each run; `sides` stand for the
        experiment's own settings before and after.
        """
        if self.without_edge:
            lab = replace(lab, edge="none")
        plan = self.plan(lab.seed)
        before, after = sides or self.sides()
        evidence = Evidence(
            stop=self.stop,
            failure=self.failure,
            symptom=self.symptom,
            fix=self.fix,
            fingerprint=plan.fingerprint(),
            seed=lab.seed,
            metrics=self.metrics,
            edge=edge_named(lab.edge).version(),
            settings=difference(before, after),
            without_edge=self.without_edge,
        )
        with pinned(lab.load_cpus):
            for n in range(rounds):
                order = ("before", "after") if n % 2 == 0 else ("after", "before")
                for side in order:
                    progress(side, n)
                    same = self.plan(lab.seed)
                    if same.fingerprint() != evidence.fingerprint:
                        raise LabError(f"{self.failure}: the plans of two runs are not identical")
                    settings = before if side == "before" else after
                    getattr(evidence, side).append(self.run(lab, settings, same))
        return evidence


def difference(before: Settings, after: Settings) -> dict[str, dict[str, str]]:
    """The fields whose values differ, by name."""
    names = [info.name for info in _core.field_infos()]
    return {
        name: {"before": before.get(name), "after": after.get(name)}
        for name in names
        if before.get(name) != after.get(name)
    }


def service(lab: Lab, settings: Settings, **options: Any) -> Service:
    """A service on the lab's processors, with options as ServiceOptions names them."""
    return Service(settings, ServiceOptions(cpus=lab.service_cpus, **options))


@contextlib.contextmanager
def front(lab: Lab, behind: Service, header_limit: int = 16384) -> Iterator[int]:
    """The port that clients talk to: the edge's, or the service's own without one."""
    with edge_named(lab.edge)(behind.port, header_limit, lab.edge_cpus) as edge:
        yield edge.port


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


def failures(result: _core.LoadResult, name: str) -> int:
    """Requests of this name that got no 2xx."""
    outcomes = result.by_name[name].outcomes
    return sum(n for kind, n in outcomes.items() if kind != "2xx")
