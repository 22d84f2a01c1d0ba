"""Handle: three hops with a timeout each, the last one slow."""

import contextlib

from sevenstops import _core
from sevenstops.evidence import Metric
from sevenstops.experiments.base import Experiment, Lab, Sample, failures, request, service

SLOW = 2.0


def plan(seed: int) -> _core.Plan:
    """Pages at 10 a second beside /healthz at 100."""
    p = _core.Plan()
    p.seed, p.arrivals, p.rate, p.duration, p.connections = seed, _core.Arrivals.constant, 110, 3, 64
    p.requests = [request("/page", "page", weight=1), request("/healthz", "good", weight=10)]
    return p


def run(lab: Lab, settings: _core.Settings, p: _core.Plan) -> Sample:
    """page → catalog → pricing → inventory, each a process; inventory needs 2 s."""
    with contextlib.ExitStack() as stack:

        def hop(hops_below: int, beneath: tuple[tuple[str, int], ...], *faults: str):  # type: ignore[no-untyped-def]
            own = settings.copy()
            own.set("handle.hops_below", str(hops_below))
            return stack.enter_context(
                service(lab, own, dependencies=beneath, faults=faults, rows=1)
            )

        inventory = hop(0, (), f"slow-dependency={SLOW}")
        pricing = hop(1, (("inventory", inventory.port),))
        catalog = hop(2, (("pricing", pricing.port),))
        front = hop(3, (("catalog", catalog.port),))
        port = stack.enter_context(lab.front(front))
        result = _core.run_load(p, port)
        # Work that was begun is let come to its end before it is counted.
        rest = _core.Plan()
        rest.arrivals, rest.rate, rest.duration = _core.Arrivals.constant, 1, SLOW + 0.2
        _core.run_load(rest, port)
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
