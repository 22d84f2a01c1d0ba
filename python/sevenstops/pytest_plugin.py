"""pytest plugin: the lab's experiments and loads as regression checks.

Fixtures `stops_service`, `stops_edge`, `stops_load`, `stops_evidence`, `stops_costs`; the marker
`stop`; options --stops-edge, --stops-quick, --stops-report, --stops-baseline, --stops-reference,
--stops-fault. What measures is serialised between
pytest-xdist's workers, since two loads on one machine measure each other.
"""

import contextlib
import fcntl
import json
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sevenstops.evidence.stops import STOPS

if TYPE_CHECKING:
    from sevenstops.evidence.checks import CheckedEvidence
    from sevenstops.evidence.costs import StopCosts
    from sevenstops.lab.edges import Edge
    from sevenstops.lab.service import Service
    from sevenstops.loading.checks import CheckedLoad

COLLECTED = pytest.StashKey[list[dict[str, Any]]]()
LOCK = Path(tempfile.gettempdir()) / "sevenstops-measuring.lock"


def pytest_addoption(parser: pytest.Parser) -> None:
    """The command line's options."""
    group = parser.getgroup("sevenstops", "sevenstops: how an HTTP service fails")
    group.addoption(
        "--stops-edge",
        default="nginx",
        help="the proxy in front; `sevenstops list edges` names all",
    )
    group.addoption("--stops-quick", action="store_true", help="three runs a side, not five")
    group.addoption("--stops-report", metavar="DIR", help="write a report of the evidence here")
    group.addoption(
        "--stops-baseline", metavar="FILE", help="evidence that nothing may be worse than"
    )
    group.addoption(
        "--stops-reference",
        metavar="PROGRAM",
        help="the sevenstops-service of another build, for stops_costs to hold this one against",
    )
    group.addoption(
        "--stops-fault",
        metavar="FAULT",
        action="append",
        default=[],
        help="a fault in what stops_costs measures, such as slow-stop=serialize/0.10",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Makes the marker known."""
    config.stash[COLLECTED] = []
    config.addinivalue_line("markers", "stop(name): the stop of the service that a test is about")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuses a marker that names no stop, before anything is measured."""
    for item in items:
        marker = item.get_closest_marker("stop")
        if marker and marker.args[:1] and marker.args[0] not in STOPS:
            raise pytest.UsageError(
                f"{item.nodeid}: no stop is called '{marker.args[0]}': there are {', '.join(STOPS)}"
            )


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Keeps every other measuring test of this machine waiting."""
    with LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def stop_of(request: pytest.FixtureRequest) -> str:
    """The stop that the test's marker names; empty without one."""
    marker = request.node.get_closest_marker("stop")
    return str(marker.args[0]) if marker and marker.args else ""


@pytest.fixture
def stops_service() -> Iterator[Callable[..., "Service"]]:
    """A factory of services: `stops_service("fragile", set={"parse.header_limit": 8192})`.

    Takes a preset, changes to its settings, and the fields of ServiceOptions; each service ends
    with its test.
    """
    from sevenstops.lab.service import Service, ServiceOptions
    from sevenstops.lab.settings import settings_from

    with contextlib.ExitStack() as stack:

        def start(
            preset: str = "hardened",
            set: dict[str, object] | None = None,
            **options: Any,
        ) -> Service:
            settings = settings_from(preset, [f"{k}={text(v)}" for k, v in (set or {}).items()])
            return stack.enter_context(Service(settings, ServiceOptions(**options)))

        yield start


def text(value: object) -> str:
    """A setting's value as settings are written."""
    return str(value).lower() if isinstance(value, bool) else str(value)


@pytest.fixture
def stops_edge(pytestconfig: pytest.Config) -> Iterator[Callable[["Service"], "Edge"]]:
    """A factory of edges before a service, of the kind that --stops-edge names; its limit of a head
    is the service's, or the hardened preset's where that is less.
    """
    from sevenstops.lab.edges import EdgeOptions, edge_named

    with contextlib.ExitStack() as stack:
        kind = edge_named(pytestconfig.getoption("--stops-edge"))

        def start(service: "Service") -> "Edge":
            # HAProxy would hold as much of an answer too.
            most = EdgeOptions().header_limit
            limit = min(most, int(service.settings.get("parse.header_limit")))
            return stack.enter_context(kind(service.port, EdgeOptions(header_limit=limit)))

        yield start


@pytest.fixture
def stops_load(
    request: pytest.FixtureRequest,
    record_property: Callable[[str, object], None],
) -> Callable[..., "CheckedLoad"]:
    """Sends a load as `sevenstops.load` does; its result has `assert_that("p99 < 50ms")`."""
    from sevenstops.evidence.statistics import quantile_interval
    from sevenstops.loading.checks import CheckedLoad
    from sevenstops.loading.running import load

    def send(url: str, *args: Any, **fields: Any) -> CheckedLoad:
        with alone():
            report = load(url, *args, **fields)
        stop = stop_of(request)
        if stop:
            record_property("stop", stop)
        record_property("latency_p99_seconds", report.latency.quantile(0.99))
        low, high = quantile_interval(report.latency, 0.99, 0.95)
        record_property("latency_p99_seconds_interval", f"{low:.6g} to {high:.6g}")
        return CheckedLoad(report, stop)

    return send


@pytest.fixture
def stops_evidence(
    pytestconfig: pytest.Config,
    record_property: Callable[[str, object], None],
) -> Callable[..., "CheckedEvidence"]:
    """Measures one failure before and after its fix: `stops_evidence("shadowed-route", rounds=9)`.

    Without `rounds` there are five, or three with --stops-quick. The result has `assert_fixed()`.
    It is measured in a child interpreter with a network namespace of its own, where there is one.
    """
    from sevenstops import experiments
    from sevenstops.evidence.baselines import compare, load_baseline
    from sevenstops.evidence.checks import CheckedEvidence

    def measure(failure: str, rounds: int | None = None) -> CheckedEvidence:
        experiments.experiment_named(failure)
        with alone():
            document = experiments.run(
                failure,
                edge=pytestconfig.getoption("--stops-edge"),
                quick=pytestconfig.getoption("--stops-quick"),
                rounds=rounds,
            )
        pytestconfig.stash[COLLECTED].append(document)
        evidence = document["evidence"][0]
        for name in ("stop", "failure", "verdict"):
            record_property(name, evidence[name])
        for metric in evidence["metrics"]:
            found = metric["effect"]
            interval = f"{found['kind']} {found['low']:.6g} to {found['high']:.6g}"
            record_property(f"{metric['name']}_effect", interval)
        kept = pytestconfig.getoption("--stops-baseline")
        regressions = compare(document, load_baseline(kept)) if kept else []
        return CheckedEvidence(evidence, tuple(sentence for _, sentence in regressions))

    return measure


@pytest.fixture
def stops_costs(
    pytestconfig: pytest.Config, record_property: Callable[[str, object], None]
) -> Callable[..., "StopCosts"]:
    """Measures what each stop costs, beside a reference: `stops_costs(set={...})`.

    Takes a preset and changes to its settings; the reference has the hardened preset. The result
    has `assert_no_stop_slower()`.
    """
    from sevenstops.lab.costs import Side, stop_costs
    from sevenstops.lab.processes import EXECUTABLE
    from sevenstops.lab.service import ServiceOptions
    from sevenstops.lab.settings import settings_from

    def measure(preset: str = "hardened", set: dict[str, object] | None = None) -> "StopCosts":
        settings = settings_from(preset, [f"{k}={text(v)}" for k, v in (set or {}).items()])
        faults = tuple(pytestconfig.getoption("--stops-fault"))
        program = Path(pytestconfig.getoption("--stops-reference") or EXECUTABLE)
        with alone():
            costs = stop_costs(
                Side(settings, ServiceOptions(rows=2000, faults=faults)),
                Side(options=ServiceOptions(rows=2000, executable=program)),
            )
        for stop in costs.reference:
            low, high = costs.interval(stop)
            record_property(f"{stop}_cost_ratio", f"{low:.3f} to {high:.3f}")
        return costs

    return measure


class Gathering:
    """On xdist's controller: takes what each worker measured."""

    def __init__(self, config: pytest.Config) -> None:
        """`config` is the controller's."""
        self._config = config

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """A worker has ended."""
        output = getattr(node, "workeroutput", {})
        self._config.stash[COLLECTED] += json.loads(output.get("sevenstops", "[]"))


def pytest_sessionstart(session: pytest.Session) -> None:
    """Listens to workers where there may be some."""
    if not hasattr(session.config, "workeroutput"):
        session.config.pluginmanager.register(Gathering(session.config), "sevenstops-gathering")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker hands over what it measured."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["sevenstops"] = json.dumps(session.config.stash[COLLECTED])


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """The table of what was measured, and the report where one was asked for."""
    documents = config.stash[COLLECTED]
    if not documents:
        return
    from io import StringIO

    from rich.console import Console

    from sevenstops.evidence.documents import merged
    from sevenstops.report.table import terminal_table

    document = merged(documents)
    out = StringIO()
    Console(file=out, width=160, no_color=True).print(terminal_table(document))
    terminalreporter.section("sevenstops")
    terminalreporter.write(out.getvalue())
    folder = config.getoption("--stops-report")
    if folder:
        from sevenstops.experiments import guides
        from sevenstops.report.markdown import write_report

        Path(folder).mkdir(parents=True, exist_ok=True)
        report = write_report(document, Path(folder), guides())
        terminalreporter.write_line(f"report: {report}")
