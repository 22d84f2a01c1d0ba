"""Parse: endless heads and a declared 64 MiB body are buffered before they are refused.

The mechanism of CVE-2024-27316: httpd and nghttp2 kept header fields past their limit, to answer
with a proper refusal at the end.
"""

import re

from sevenstops._core import Crowd, Plan, RequestSpec
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
    warm_up,
)
from sevenstops.loading.plans import constant

MIB = 1 << 20
UPLOAD = 256 << 10


def plan(seed: int) -> Plan:
    """Two endless heads and two 64 MiB bodies beside good requests and honest uploads."""
    return Plan(
        seed=seed,
        arrivals=[constant(200, duration=2)],
        connections=16,
        requests=[
            RequestSpec(name="good", target="/healthz", weight=19),
            RequestSpec(name="upload", method="POST", target="/echo", body_size=UPLOAD),
        ],
        crowds=[
            Crowd(kind="endless_header", target="/healthz", count=2, bytes=80 * MIB),
            Crowd(kind="endless_body", target="/echo", count=2, bytes=64 * MIB),
        ],
    )


def run(scene: Scene, p: Plan) -> Sample:
    """The service's memory is watched while the senders send."""
    warm_up(scene.port, p.requests)
    with PeakMemory(scene.service) as memory:
        result = scene.load(p)
    scene.curves["memory"] = memory.course
    statuses = [sorted(c.statuses) for c in result.crowds]
    return {
        "rss_growth_bytes": memory.growth,
        "wrong_refusals": float(statuses != [[431], [413]]),
        "good_requests_failed": failures(result, "good"),
        "honest_uploads_failed": failures(result, "upload"),
    }


def much_buffered(said: str) -> bool:
    """Whether the gauge shows more than a refused request should cost."""
    found = re.search(r"^sevenstops_refused_buffered_bytes_max (\d+)", said, re.M)
    return found is not None and int(found[1]) > 65536


EXPERIMENT = Experiment(
    stop="parse",
    failure="unbounded-head-and-body",
    symptom="memory climbs with refused uploads",
    fix="limits checked as the bytes come, before they are kept",
    switch={"parse.check_before_buffering": ("false", "true")},
    # The process's budget would bound what this limit is to bound.
    settings={"parse.byte_budget": str(1 << 30)},
    lesson=(
        "A limit that is checked when the head or the body is whole has been paid for by "
        "then: each refused request costs what its sender likes. Checked against the declared "
        "length, and against every byte of the head as it comes, the refusal costs one small "
        "buffer."
    ),
    in_the_wild=(
        "CVE-2024-27316: Apache httpd before 2.4.59 kept HTTP/2 header fields past its limit, to "
        "refuse them in full."
    ),
    metrics=[
        Metric(
            "rss_growth_bytes",
            "bytes",
            "smaps_rollup",
            "lower",
            f"< {8 * MIB}",
            rule="room for the honest uploads under way; a thirtieth of what is refused",
        ),
        Metric("wrong_refusals", "1", "client", "lower", "== 0", guard=True),
        Metric("good_requests_failed", "1", "client", "lower", "== 0", guard=True),
        Metric("honest_uploads_failed", "1", "client", "lower", "== 0", guard=True),
    ],
    plan=plan,
    run=run,
    figures=(
        Figure(
            "memory",
            "over_time",
            "What will be refused is kept until it is whole",
            ("time", "seconds"),
            ("memory above the start", "bytes"),
        ),
    ),
    sabotages=(
        Sabotage(
            {"parse.body_limit": "0"}, ("honest_uploads_failed",), "nobody may upload anything"
        ),
    ),
    without_edge="nginx bounds heads itself and answers before the service sees them",
    diagnostics=(
        Diagnostic(
            symptom="Memory climbs, and 413 or 431 climb with it",
            command="curl -s http://127.0.0.1:$ADMIN_PORT/metrics "
            "| grep '^sevenstops_refused_buffered_bytes_max'",
            when_it_is="megabytes held for one request that was then refused",
            when_not="at most 64 KiB: refusals are cheap, look at Drain",
            proves=much_buffered,
            promql="increase(sevenstops_refused_costly_total[5m]) > 0",
        ),
    ),
)
