"""Drain: readers at 1.6 MB/s on the export."""

import re
from functools import partial
from hashlib import sha256

from sevenstops._core import Crowd, Plan, RequestSpec, Target, fetch
from sevenstops.experiments.base import (
    Diagnostic,
    Experiment,
    Figure,
    Metric,
    PeakMemory,
    Sabotage,
    Sample,
    Scene,
    failures,
    plain_scene,
    warm_up,
)
from sevenstops.loading.plans import constant

# An export of about 9 MB: the kernel holds some 4 of them for each reader, the rest is to be seen.
ROWS = 100_000
READERS = 10
RATE = 1_600_000
MOST_QUEUED = 8 << 20


def plan(seed: int) -> Plan:
    """Ten readers who need 5.6 s for an export, beside 200 good requests a second."""
    return Plan(
        seed=seed,
        arrivals=[constant(200, duration=6.3)],
        connections=16,
        requests=[RequestSpec(name="good", target="/healthz")],
        crowds=[Crowd(kind="slow_reader", target="/export.csv", count=READERS, rate=RATE)],
    )


def run(scene: Scene, p: Plan) -> Sample:
    """The service's memory is watched while the readers read."""
    warm_up(scene.port, p.requests)
    with PeakMemory(scene.service) as memory:
        result = scene.load(p)
    scene.curves["memory"] = memory.course
    queued = scene.service.stops()["queued_bytes_max"]
    whole = sha256(fetch(Target(scene.service.port), "/export.csv")[1].encode()).hexdigest()
    return {
        "rss_growth_bytes": memory.growth,
        "queued_bytes_max": queued,
        "readers_without_the_whole_export": READERS
        - sum(c.whole and c.sha256 == whole for c in result.crowds[0].clients),
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
    fix="each write awaited, within a high-water mark",
    switch={"drain.await_writes": ("false", "true")},
    lesson=(
        "A socket that takes no more is the reader saying 'wait'. Who goes on producing keeps "
        "the difference in memory, for every slow reader. Awaiting each write makes the "
        "database cursor wait for the client instead."
    ),
    in_the_wild=(
        "Node's write() returns false and takes the data all the same: 20 slow clients of 16 MiB "
        "each cost Node 20 331 MiB where that is ignored, 29 where it is not."
    ),
    metrics=[
        Metric("rss_growth_bytes", "bytes", "smaps_rollup", "lower", f"< {16 << 20}"),
        Metric("queued_bytes_max", "bytes", "service", "lower", f"< {MOST_QUEUED}"),
        Metric(
            "readers_without_the_whole_export",
            "1",
            "client",
            "lower",
            "== 0",
            guard=True,
            rule="each reader's bytes have the hash of an export that was fetched at once",
        ),
        Metric("good_requests_failed", "1", "client", "lower", "== 0", guard=True),
    ],
    plan=plan,
    run=run,
    scene=partial(plain_scene, rows=ROWS),
    figures=(
        Figure(
            "memory",
            "over_time",
            "What readers have not taken is kept for them, or not made yet",
            ("time", "seconds"),
            ("memory above the start", "bytes"),
        ),
    ),
    sabotages=(
        Sabotage(
            {"drain.write_timeout": "0.01"},
            ("readers_without_the_whole_export",),
            "readers are cut off",
        ),
    ),
    diagnostics=(
        Diagnostic(
            symptom="RSS climbs while users download",
            command="curl -s http://127.0.0.1:$ADMIN_PORT/metrics "
            "| grep '^sevenstops_queued_bytes'; grep VmRSS /proc/$PID/status",
            when_it_is="megabytes queued that clients have not taken, and VmRSS follows",
            when_not="at most a high-water mark for each connection: the memory is elsewhere",
            proves=much_queued,
            # Twice the default high-water mark for each stream, on average.
            promql="sevenstops_queued_bytes > 131072 * sevenstops_streams_open",
        ),
    ),
)
