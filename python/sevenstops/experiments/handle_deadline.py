"""Handle: three hops with a timeout each, the last one slow."""

import contextlib
import time
from collections.abc import Iterator

from sevenstops._core import Plan, RequestSpec, Settings
from sevenstops.edges import edge_named
from sevenstops.experiments.base import (
    Diagnostic,
    Experiment,
    Lab,
    Metric,
    Sample,
    Scene,
    failures,
    percentile,
)
from sevenstops.plans import constant
from sevenstops.service import Service, ServiceOptions

SLOW = 2.0
DEADLINE = 0.3


def plan(seed: int) -> Plan:
    """Pages at 50 a second beside /healthz at 100."""
    return Plan(
        seed=seed,
        arrivals=[constant(150, duration=3)],
        connections=128,
        requests=[
            RequestSpec(name="page", target="/page", weight=1),
            RequestSpec(name="good", target="/healthz", weight=2),
        ],
    )


@contextlib.contextmanager
def scene(lab: Lab, settings: Settings) -> Iterator[Scene]:
    """page → catalog → pricing → inventory, each a process; inventory needs 2 s."""
    with contextlib.ExitStack() as stack:

        def hop(beneath: int, below: Service | None = None, *faults: str) -> Service:
            own = settings.copy()
            own.set("handle.hops_below", str(beneath))
            chain = ((f"hop{beneath}", below.port),) if below else ()
            options = ServiceOptions(
                cpus=lab.service_cpus, dependencies=chain, faults=faults, rows=1
            )
            return stack.enter_context(Service(own, options))

        inventory = hop(0, None, f"slow-dependency={SLOW}")
        pricing = hop(1, inventory)
        catalog = hop(2, pricing)
        entry = hop(3, catalog)
        edge = stack.enter_context(edge_named(lab.edge)(entry.port, cpus=lab.edge_cpus))
        yield Scene(
            entry,
            edge.port,
            {"catalog": catalog, "pricing": pricing, "inventory": inventory},
        )


def run(scene: Scene, p: Plan) -> Sample:
    """How long pages took, and what inventory did for callers who had left."""
    result = scene.load(p)
    # Work that was begun is let come to its end before it is counted.
    time.sleep(SLOW + 0.2)
    return {
        "latency_p99_seconds": percentile(result.by_name["page"].latency, 0.99),
        "orphaned_work": scene.others["inventory"].stops()["work_orphaned_total"],
        "good_requests_failed": failures(result, "good"),
    }


EXPERIMENT = Experiment(
    stop="handle",
    failure="deadline-not-propagated",
    symptom="a slow dependency sets the tail, and works on for callers who have left",
    fix="one deadline of 0.3 s passed down the hops",
    lesson=(
        "Timeouts that each hop has of its own add up, and nobody beneath knows that the "
        "caller has gone. One deadline that travels with the request bounds the whole, and "
        "lets every hop stop when there is nobody to answer."
    ),
    metrics=[
        Metric("latency_p99_seconds", "seconds", "client", "lower", f"<= {DEADLINE * 1.1:g}"),
        Metric("orphaned_work", "1", "service", "lower", "== 0"),
        Metric("good_requests_failed", "1", "client", "lower", "== 0", guard=True),
    ],
    plan=plan,
    run=run,
    scene=scene,
    diagnostics=(
        Diagnostic(
            symptom="The page is slow although every service says it is healthy",
            command="curl -s -o /dev/null -w '%{{time_total}}' http://127.0.0.1:{port}/page",
            when_it_is="a multiple of the hop timeout: the hops wait one after the other",
            when_not="at most the deadline, whatever the dependency does",
            proves=lambda said: float(said) > 1.5 * DEADLINE,
            promql="histogram_quantile(0.99, rate("
            f'sevenstops_stop_duration_seconds_bucket{{stop="handle"}}[5m])) > {DEADLINE * 1.1:g}',
        ),
    ),
)
