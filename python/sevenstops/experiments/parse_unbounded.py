"""Parse: endless heads and a declared 64 MiB body are buffered before they are refused."""

from sevenstops._core import Crowd, Plan, RequestSpec, Settings
from sevenstops.experiments.base import (
    Experiment,
    Lab,
    Metric,
    PeakMemory,
    Sample,
    failures,
    run_plan,
    service,
    warm_up,
)
from sevenstops.plans import constant

MIB = 1 << 20


def plan(seed: int) -> Plan:
    """Two endless heads and two 64 MiB bodies beside 200 good requests a second."""
    return Plan(
        seed=seed,
        arrivals=[constant(200, duration=2)],
        connections=16,
        requests=[RequestSpec(name="good", target="/healthz")],
        crowds=[
            Crowd(kind="endless_header", target="/healthz", count=2, bytes=80 * MIB),
            Crowd(kind="endless_body", target="/echo", count=2, bytes=64 * MIB),
        ],
    )


def run(lab: Lab, settings: Settings, p: Plan) -> Sample:
    """One freshly started service."""
    with service(lab, settings) as s:
        warm_up(s.port, p.requests)
        with PeakMemory(s) as memory:
            result = run_plan(p, s.port)
        counters = s.stops()
        statuses = [sorted(c.statuses) for c in result.crowds]
        return {
            "buffered_bytes_per_refused_request": counters["refused_buffered_bytes_max"],
            "rss_growth_bytes": memory.growth,
            "wrong_refusals": float(statuses != [[431], [413]]),
            "good_requests_failed": failures(result, "good"),
        }


EXPERIMENT = Experiment(
    stop="parse",
    failure="unbounded-head-and-body",
    symptom="memory climbs with refused uploads",
    fix="limits checked before buffering",
    metrics=[
        Metric("buffered_bytes_per_refused_request", "bytes", "service", "lower", "< 65536"),
        Metric("rss_growth_bytes", "bytes", "smaps_rollup", "lower", "< 1048576"),
        Metric("wrong_refusals", "1", "client", "lower", "== 0", guard=True),
        Metric("good_requests_failed", "1", "client", "lower", "== 0", guard=True),
    ],
    plan=plan,
    run=run,
    without_edge="nginx bounds heads itself and answers before the service sees them",
)
