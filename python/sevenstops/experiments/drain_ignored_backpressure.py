"""Drain: readers at 200 KB/s on the export."""

from sevenstops._core import Crowd, Plan, RequestSpec, Settings
from sevenstops.experiments.base import (
    Experiment,
    Lab,
    Metric,
    PeakMemory,
    Sample,
    failures,
    front,
    run_plan,
    service,
    warm_up,
)
from sevenstops.plans import constant

ROWS = 100_000


def plan(seed: int) -> Plan:
    """Ten slow readers of an export of about 9 MB, beside 200 good requests a second."""
    return Plan(
        seed=seed,
        arrivals=[constant(200, duration=4)],
        connections=16,
        requests=[RequestSpec(name="good", target="/healthz")],
        crowds=[Crowd(kind="slow_reader", target="/export.csv", count=10, rate=200_000)],
    )


def run(lab: Lab, settings: Settings, p: Plan) -> Sample:
    """One freshly started service; its memory is watched while the readers read."""
    with service(lab, settings, rows=ROWS) as s, front(lab, s) as port:
        warm_up(port, p.requests)
        with PeakMemory(s) as memory:
            result = run_plan(p, port)
        return {
            "rss_growth_bytes": memory.growth,
            "queued_bytes_max": s.stops()["queued_bytes_max"],
            "good_requests_failed": failures(result, "good"),
        }


EXPERIMENT = Experiment(
    stop="drain",
    failure="ignored-backpressure",
    symptom="memory climbs during downloads",
    fix="each write awaited within a high-water mark of 64 KiB",
    metrics=[
        Metric("rss_growth_bytes", "bytes", "smaps_rollup", "lower", "< 16777216"),
        Metric("queued_bytes_max", "bytes", "service", "lower", "< 2097152"),
        Metric("good_requests_failed", "1", "client", "lower", "== 0", guard=True),
    ],
    plan=plan,
    run=run,
)
