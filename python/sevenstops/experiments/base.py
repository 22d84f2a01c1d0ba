"""What every experiment is made of."""

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from sevenstops import _core
from sevenstops.edges.nginx import Nginx
from sevenstops.evidence import Evidence, Metric
from sevenstops.service import Service, ServiceOptions, settings_with

Sample = dict[str, float]


@dataclass(frozen=True)
class Lab:
    """How the runs are made: edge, seed, and which processors belong to whom."""

    edge: str = "nginx"
    seed: int = 7
    cpus: tuple[int, ...] = field(default_factory=lambda: tuple(sorted(os.sched_getaffinity(0))))

    @property
    def service_cpus(self) -> frozenset[int]:
        """The service's processor; none is set apart where there is only one."""
        return frozenset(self.cpus[:1]) if len(self.cpus) > 1 else frozenset()

    @property
    def other_cpus(self) -> frozenset[int]:
        """The processors of edge and load."""
        return frozenset(self.cpus[1:])

    @contextlib.contextmanager
    def front(self, service: Service, header_buffer: int = 16384) -> Iterator[int]:
        """The port that clients talk to: the edge's, or the service's own without one."""
        if self.edge == "none":
            yield service.port
            return
        with Nginx(service.port, header_buffer, self.other_cpus) as edge:
            yield edge.port


@dataclass(frozen=True)
class Experiment:
    """One failure of one stop: what is sent, what is measured, and which settings differ."""

    stop: str
    failure: str
    symptom: str
    fix: str
    metrics: list[Metric]
    plan: Callable[[int], _core.Plan]
    run: Callable[[Lab, _core.Settings, _core.Plan], Sample]
    order: int = 0
    # Changes to the fragile preset of this stop that make this failure and not another.
    before: dict[str, str] = field(default_factory=dict)
    # Why the edge stays out, where it would hide the failure.
    without_edge: str = ""

    def sides(self) -> tuple[_core.Settings, _core.Settings]:
        """The settings before and after: they differ in this stop only."""
        hardened = _core.hardened()
        fragile = settings_with(hardened, self.stop, _core.fragile())
        if self.before:
            fragile = hardened.copy()
            for name, value in self.before.items():
                fragile.set(name, value)
        return fragile, hardened

    def measure(
        self,
        lab: Lab,
        rounds: int,
        progress: Callable[[str, int], None] = lambda side, done: None,
        sides: tuple[_core.Settings, _core.Settings] | None = None,
    ) -> Evidence:
        """Runs both sides `rounds` times each, in ABBA order, under the identical plan."""
        if self.without_edge:
            lab = Lab("none", lab.seed, lab.cpus)
        plan = self.plan(lab.seed)
        plan.check()
        evidence = Evidence(
            self.stop, self.failure, self.symptom, self.fix, plan.fingerprint(), lab.seed,
            self.metrics, lab.edge,
        )  # fmt: skip
        before, after = sides or self.sides()
        for n in range(rounds):
            order = ("before", "after") if n % 2 == 0 else ("after", "before")
            for side in order:
                progress(side, n)
                settings = before if side == "before" else after
                getattr(evidence, side).append(self.run(lab, settings, plan))
        return evidence


def service(lab: Lab, settings: _core.Settings, **options: object) -> Service:
    """A service on the lab's processors, with options as ServiceOptions names them."""
    return Service(settings, ServiceOptions(cpus=lab.service_cpus, **options))  # type: ignore[arg-type]


def request(
    target: str, name: str = "request", method: str = "GET", weight: float = 1, body: str = "",
    headers: list[tuple[str, str]] | None = None,
) -> _core.RequestSpec:  # fmt: skip
    """One kind of request of a plan's mix."""
    spec = _core.RequestSpec()
    spec.name, spec.method, spec.target, spec.weight, spec.body = name, method, target, weight, body
    spec.headers = headers or []
    return spec


def crowd(kind: str, target: str, count: int, bytes: int = 0, rate: float = 0) -> _core.Crowd:
    """Misbehaving clients of a plan."""
    c = _core.Crowd()
    c.kind, c.target, c.count, c.bytes, c.rate = kind, target, count, bytes, rate
    return c


def failures(result: _core.LoadResult, name: str) -> int:
    """Requests of this name that got no 2xx."""
    outcomes = result.by_name[name].outcomes
    return sum(n for kind, n in outcomes.items() if kind != "2xx")
