"""Handle: three hops with a timeout each, the last one slow."""

import contextlib
import time

from sevenstops._core import Plan, RequestSpec, Settings
from sevenstops.experiments.base import (
    Experiment,
    Lab,
    Metric,
    Sample,
    failures,
    front,
    run_plan,
    service,
)
from sevenstops.plans import constant
from sevenstops.service import Service

SLOW = 2.0


def plan(seed: int) -> Plan:
    """Pages at 10 a second beside /healthz at 100."""
    return Plan(
        seed=seed,
        arrivals=[constant(110, duration=3)],
        connections=64,
        requests=[
            RequestSpec(name="page", target="/page", weight=1),
            RequestSpec(name="good", target="/healthz", weight=10),
        ],
    )


def run(lab: Lab, settings: Settings, p: Plan) -> Sample:
    """page → catalog → pricing → inventory, each a process; inventory needs 2 s."""
    with contextlib.ExitStack() as stack:

        def hop(beneath: int, below: Service | None = None, *faults: str) -> Service:
            own = settings.copy()
            own.set("handle.hops_below", str(beneath))
            chain = ((f"hop{beneath}", below.port),) if below else ()
            return stack.enter_context(service(lab, own, dependencies=chain, faults=faults, rows=1))

        inventory = hop(0, None, f"slow-dependency={SLOW}")
        pricing = hop(1, inventory)
        catalog = hop(2, pricing)
        entry = hop(3, catalog)
        port = stack.enter_context(front(lab, entry))
        result = run_plan(p, port)
        # Work that was begun is let come to its end before it is counted.
        time.sleep(SLOW + 0.2)
        return {
            "latency_p99_seconds": result.by_name["page"].latency.quantile(0.99),
            "orphaned_work": inventory.stops()["work_orphaned_total"],
            "good_requests_failed": failures(result, "good"),
        }


EXPERIMENT = Experiment(
    stop="handle",
    failure="deadline-not-propagated",
    symptom="a slow dependency sets the tail, and works on for callers who have left",
    fix="one deadline of 0.3 s passed down the hops",
    metrics=[
        Metric("latency_p99_seconds", "seconds", "client", "lower", "<= 0.33"),
        Metric("orphaned_work", "1", "service", "lower", "== 0"),
        Metric("good_requests_failed", "1", "client", "lower", "== 0", guard=True),
    ],
    plan=plan,
    run=run,
)
