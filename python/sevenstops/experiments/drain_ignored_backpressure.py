"""Drain: readers at 200 KB/s on the export."""

import re
from functools import partial

from sevenstops._core import Crowd, Plan, RequestSpec
from sevenstops.experiments.base import (
    Diagnostic,
    Experiment,
    Metric,
    PeakMemory,
    Sample,
    Scene,
    failures,
    plain_scene,
    warm_up,
)
from sevenstops.loading.plans import constant

ROWS = 100_000
MOST_QUEUED = 2 << 20


def plan(seed: int) -> Plan:
    """Ten slow readers of an export of about 9 MB, beside 200 good requests a second."""
    return Plan(
        seed=seed,
        arrivals=[constant(200, duration=4)],
        connections=16,
        requests=[RequestSpec(name="good", target="/healthz")],
        crowds=[Crowd(kind="slow_reader", target="/export.csv", count=10, rate=200_000)],
    )


def run(scene: Scene, p: Plan) -> Sample:
    """The service's memory is watched while the readers read."""
    warm_up(scene.port, p.requests)
    with PeakMemory(scene.service) as memory:
        result = scene.load(p)
    return {
        "rss_growth_bytes": memory.growth,
        "queued_bytes_max": scene.service.stops()["queued_bytes_max"],
        "good_requests_failed": failures(result, "good"),
    }


def much_queued(said: str) -> bool:
    """Whether the gauge shows more than the high-water marks of a few connections."""
    found = re.search(r"^sevenstops_queued_bytes_max (\d+)", said, re.M)
    return found is not None and int(found[1]) > MOST_QUEUED


EXPERIMENT = Experiment(
    stop="drain",
    failure="ignored-backpressure",
    symptom="memory climbs during downloads",
    fix="each write awaited within a high-water mark of 64 KiB",
    lesson=(
        "A socket that takes no more is the reader saying 'wait'. Who goes on producing keeps "
        "the difference in memory, for every slow reader. Awaiting each write makes the "
        "database cursor wait for the client instead."
    ),
    metrics=[
        Metric("rss_growth_bytes", "bytes", "smaps_rollup", "lower", "< 16777216"),
        Metric("queued_bytes_max", "bytes", "service", "lower", f"< {MOST_QUEUED}"),
        Metric("good_requests_failed", "1", "client", "lower", "== 0", guard=True),
    ],
    plan=plan,
    run=run,
    scene=partial(plain_scene, rows=ROWS),
    diagnostics=(
        Diagnostic(
            symptom="RSS climbs while users download",
            command="curl -s http://127.0.0.1:$ADMIN_PORT/metrics "
            "| grep '^sevenstops_queued_bytes'; grep VmRSS /proc/$PID/status",
            when_it_is="megabytes queued that clients have not taken, and VmRSS follows",
            when_not="at most a high-water mark for each connection: the memory is elsewhere",
            proves=much_queued,
            promql="sum(sevenstops_queued_bytes) > 2097152",
        ),
    ),
)
