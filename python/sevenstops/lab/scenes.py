"""What a run finds: services, freshly started, behind an edge."""

import contextlib
import math
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from typing import Any

from sevenstops import _core
from sevenstops.errors import LabError, core_errors
from sevenstops.evidence.metrics import Sample
from sevenstops.evidence.runs import Doubt, Run, sent_doubt
from sevenstops.lab.commands import Answer, run_beside
from sevenstops.lab.edges import Edge, EdgeOptions, edge_named
from sevenstops.lab.edges.none import NoEdge
from sevenstops.lab.environment import Lab
from sevenstops.lab.machine import Witness, machine_doubts
from sevenstops.lab.network import CONGESTION, SERVICE_ADDRESS, Link, LinkOptions
from sevenstops.lab.service import Service, ServiceOptions
from sevenstops.lab.settings import SideSettings
from sevenstops.loading.running import BUSY, LoadReport, run_plan

FRONT = "service"
"""The name of the service that clients ask, in a scene's content."""

TOKEN = "known-to-the-lab-only"
"""What protected routes of a scene's services ask for: plans are made before services start."""


@dataclass
class Scene:
    """A freshly started service as one run finds it.

    `port` is the one that clients talk to: the edge's, or the service's own without one, at
    `address`; where there is a `link`, clients are at its other end. `others`
    are the services beneath, by name. `content` is what the scene's fingerprint covers. A run's
    `doubts`, what it `sent`, how the `machine` fared, the `curves` for figures and the `answers` of
    the lab's commands gather here.
    """

    service: Service
    edge: Edge
    content: dict[str, Any]
    lab: Lab
    others: dict[str, Service] = field(default_factory=dict)
    doubts: list[Doubt] = field(default_factory=list)
    sent: dict[str, Any] = field(default_factory=dict)
    machine: dict[str, Any] = field(default_factory=dict)
    curves: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    answers: list[Answer] = field(default_factory=list)
    address: str = "127.0.0.1"
    link: Link | None = None
    _begun: bool = False

    @property
    def port(self) -> int:
        """Where clients ask."""
        return self.edge.port

    def begin_faults(self) -> None:
        """Starts the clock of every service's faults, once."""
        if not self._begun:
            self._begun = True
            for service in (*self.others.values(), self.service):
                service.begin_faults()

    def load(self, plan: _core.Plan) -> _core.LoadResult:
        """Sends the plan, with which the faults' clock starts, and waits for its end."""
        roles = {
            FRONT: [self.service.process.pid],
            "edge": self.edge.pids(),
            "upstreams": [other.process.pid for other in self.others.values()],
            "load": [os.getpid()],
        }
        variables = {
            "PORT": self.service.port,
            "ADMIN_PORT": self.service.admin_port,
            "PID": self.service.process.pid,
        }
        with (
            run_beside(self.lab.commands, variables) as self.answers,
            Witness(roles, self.lab.cpus) as witness,
        ):
            self.begin_faults()
            with self.link.clients() if self.link else contextlib.nullcontext():
                result = run_plan(plan, self.port, self.address)
        report = LoadReport(plan, result)
        self.machine = witness.report
        self.sent = what_was_sent(report)
        self.doubts += machine_doubts(witness.report) + sent_doubt(self.sent)
        if report.saturation:
            client = result.client
            late = math.inf if client.busiest > BUSY else client.lateness.quantile(0.99)
            self.doubts.append(Doubt("timers", report.saturation, late))
        return result

    def past_the_edge(self, plan: _core.Plan) -> _core.LoadResult:
        """Sends a plan to the service itself, beside the run's own load."""
        return run_plan(plan, self.service.port)

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
            self.begin_faults()
            run = _core.LoadRun(plan, _core.Target(self.port))
        try:
            yield run
        finally:
            run.cancel()
            run.result()

    def run(self, sample: Sample) -> Run:
        """The run as evidence takes it, with the sample that it gave."""
        return Run(
            sample, tuple(self.doubts), self.sent, self.content, self.machine, dict(self.curves),
            tuple(self.answers),
        )  # fmt: skip


def what_was_sent(report: LoadReport) -> dict[str, Any]:
    """What the client counted of a load: requests, bytes, and each crowd's, as evidence has it."""
    result = report.result
    crowds = zip(report.plan.crowds, result.crowds, strict=True)
    return {
        "due": result.due,
        "sent": result.sent,
        "answered": result.answered,
        "bytes_sent": result.bytes_sent,
        "bytes_received": result.bytes_received,
        "crowds": [
            {
                "kind": crowd.kind,
                "due": record.due,
                "started": record.started,
                "answered": record.answered,
                "bytes_sent": record.bytes_sent,
                "bytes_read": record.bytes_read,
            }
            for crowd, record in crowds
        ],
    }


def described(settings: SideSettings, options: ServiceOptions) -> dict[str, Any]:
    """One service of a scene as its fingerprint covers it."""
    return {
        "settings": settings.as_dict(),
        "faults": list(options.faults),
        "rows": options.rows,
        "threads": options.threads,
        "dependencies": {
            name: 1 if isinstance(ports, int) else len(ports)
            for name, ports in options.dependencies
        },
    }


HEAD_LIMIT = "parse.header_limit"


def compare_limits(settings: SideSettings, edge_lets_pass: int) -> None:
    """Raises LabError where the service takes shorter heads than its edge lets pass, by its own
    settings: what was said by hand is let be.
    """
    taken = int(settings.settings.get(HEAD_LIMIT))
    if taken < edge_lets_pass and HEAD_LIMIT not in settings.said:
        raise LabError(
            f"the edge lets heads of {edge_lets_pass} bytes pass, and the service takes {taken} "
            f"({HEAD_LIMIT}): give the scene limits_agree=False if that is what it shows"
        )


@contextlib.contextmanager
def plain_scene(
    lab: Lab,
    settings: SideSettings,
    deny: str = "",
    kept: int = 0,
    replicas: tuple[int, ...] = (),
    limits_agree: bool = True,
    **options: Any,
) -> Iterator[Scene]:
    """One service behind the lab's edge, which is told `deny`, `kept` and `replicas` as
    EdgeOptions has them.

    `options` are those of ServiceOptions. The edge's limits follow from the hardened service's, and
    are the same on both sides. Raises LabError where the service's are narrower, unless they are
    not meant to agree.
    """
    given = ServiceOptions(cpus=lab.service_cpus, hold_faults=True, token=TOKEN, **options)
    lets_pass = int(_core.hardened().get(HEAD_LIMIT))
    if limits_agree and lab.edge != NoEdge.name:
        compare_limits(settings, lets_pass)
    agreed = EdgeOptions(
        header_limit=lets_pass,
        deny=deny,
        cpus=lab.edge_cpus,
        replicas=replicas,
        kept=kept,
    )
    with (
        Service(settings.settings, given) as service,
        edge_named(lab.edge)(service.port, agreed) as edge,
    ):
        content = {
            "services": {FRONT: described(settings, given)},
            "edge": {"version": edge.version(), "configuration": edge.configuration},
        }
        yield Scene(service, edge, content, lab)


@contextlib.contextmanager
def distant_scene(
    lab: Lab, settings: SideSettings, between: LinkOptions, **options: Any
) -> Iterator[Scene]:
    """One service, and its clients at the other end of a link. There is no edge.

    `options` are those of ServiceOptions; a plan has SERVICE_ADDRESS in its `allow`.
    """
    with (
        Link(between) as made,
        plain_scene(lab, settings, address="0.0.0.0", **options) as scene,
    ):
        scene.address, scene.link = SERVICE_ADDRESS, made
        scene.content["link"] = {**asdict(between), "congestion": CONGESTION}
        yield scene


@contextlib.contextmanager
def replicas_scene(lab: Lab, settings: SideSettings, **options: Any) -> Iterator[Scene]:
    """Two replicas of a service behind the lab's edge; `others` holds the second as "replica".

    `options` are those of ServiceOptions.
    """
    given = ServiceOptions(cpus=lab.service_cpus, hold_faults=True, token=TOKEN, **options)
    with (
        Service(settings.settings, given) as replica,
        plain_scene(lab, settings, replicas=(replica.port,), **options) as scene,
    ):
        scene.others["replica"] = replica
        scene.content["services"]["replica"] = described(settings, given)
        yield scene


@contextlib.contextmanager
def tree_scene(
    lab: Lab,
    settings: SideSettings,
    beneath: Mapping[str, Sequence[tuple[str, ...]]],
    own: Mapping[str, str] | None = None,
) -> Iterator[Scene]:
    """A service behind the lab's edge over dependencies, whose replicas are processes each.

    `beneath` has the faults of each replica of a dependency, under its name as ServiceOptions take
    it; all have the same settings, but for what replicas have of their `own`. `others` holds them
    as "name0", "name1".
    """
    with contextlib.ExitStack() as stack:
        others: dict[str, Service] = {}
        content = {}
        dependencies: list[tuple[str, tuple[int, ...]]] = []
        theirs = settings.changed(own or {})
        for name, replicas in beneath.items():
            ports = []
            for n, faults in enumerate(replicas):
                options = ServiceOptions(
                    cpus=lab.load_cpus, rows=1, faults=faults, hold_faults=True
                )
                replica = stack.enter_context(Service(theirs.settings, options))
                called = f"{name.split('*')[0]}{n}"
                others[called] = replica
                content[called] = described(theirs, options)
                ports.append(replica.port)
            dependencies.append((name, tuple(ports)))
        with plain_scene(lab, settings, rows=1, dependencies=tuple(dependencies)) as scene:
            scene.others.update(others)
            scene.content["services"].update(content)
            yield scene


CHAIN = ("inventory", "pricing", "catalog")


@contextlib.contextmanager
def chain_scene(
    lab: Lab, settings: SideSettings, faults: Mapping[str, tuple[str, ...]]
) -> Iterator[Scene]:
    """page → catalog → pricing → inventory, each a process; `faults` by their names."""
    with contextlib.ExitStack() as stack:
        others: dict[str, Service] = {}
        content = {}
        below: tuple[tuple[str, int], ...] = ()
        for beneath, name in enumerate(CHAIN):
            own = settings.changed({"handle.hops_below": str(beneath)})
            options = ServiceOptions(
                cpus=lab.service_cpus, dependencies=below, faults=faults.get(name, ()), rows=1,
                hold_faults=True,
            )  # fmt: skip
            others[name] = stack.enter_context(Service(own.settings, options))
            content[name] = described(own, options)
            below = ((name, others[name].port),)
        entry = settings.changed({"handle.hops_below": str(len(others))})
        with plain_scene(lab, entry, rows=1, dependencies=below) as scene:
            scene.others.update(others)
            scene.content["services"].update(content)
            yield scene
