"""What a run finds: services, freshly started, behind an edge."""

import contextlib
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from sevenstops import _core
from sevenstops.errors import core_errors
from sevenstops.lab.edges import edge_named
from sevenstops.lab.environment import Lab
from sevenstops.lab.service import Service, ServiceOptions
from sevenstops.lab.settings import Settings
from sevenstops.loading.running import LoadReport, run_plan


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
    lab: Lab, settings: Settings, beneath: Mapping[str, Sequence[tuple[str, ...]]]
) -> Iterator[Scene]:
    """A service behind the lab's edge over dependencies, whose replicas are processes each.

    `beneath` has the faults of each replica of a dependency, under its name as ServiceOptions take
    it; all have the same settings. `others` holds them as "name0", "name1".
    """
    with contextlib.ExitStack() as stack:
        others: dict[str, Service] = {}
        dependencies: list[tuple[str, tuple[int, ...]]] = []
        for name, replicas in beneath.items():
            ports = []
            for n, faults in enumerate(replicas):
                options = ServiceOptions(cpus=lab.load_cpus, rows=1, faults=faults)
                replica = stack.enter_context(Service(settings, options))
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
