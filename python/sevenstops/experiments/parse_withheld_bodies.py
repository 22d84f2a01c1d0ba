"""Parse: bodies of which the last byte is withheld are held until their time is up."""

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
UPLOAD = 64 << 10
BUDGET = 32 * MIB
END = 3.5
# Bytes a second of an upload on a slow line.
HONEST = 32 << 10
NO_RATE = {"parse.body_rate": "0"}


def upload() -> RequestSpec:
    """An honest upload."""
    return RequestSpec(name="upload", method="POST", target="/echo", body_size=UPLOAD)


def plan(seed: int) -> Plan:
    """20 bodies of 1 MiB a second whose last byte never comes, beside 20 uploads of 64 KiB; five
    uploads that take two seconds.
    """
    return Plan(
        seed=seed,
        arrivals=[constant(40, duration=END)],
        connections=8,
        requests=[upload(), RequestSpec(name="withheld", client="withheld")],
        crowds=[
            Crowd(kind="withheld_body", name="withheld", target="/echo", count=0, bytes=MIB),
            Crowd(
                kind="slow_body", name="honest", target="/echo", count=5, bytes=UPLOAD, rate=HONEST
            ),
        ],
    )  # fmt: skip


def run(scene: Scene, p: Plan) -> Sample:
    """The service's memory is watched while the bodies come."""
    warm_up(scene.port, [upload()], connections=8)
    with PeakMemory(scene.service) as memory:
        result = scene.load(p)
    scene.curves["memory"] = memory.course
    uploads, slow = result.by_name["upload"], result.crowds[1]
    return {
        "rss_growth_bytes": memory.growth,
        "honest_uploads_failed": failures(result, "upload"),
        "slow_uploads_failed": slow.due - slow.statuses.get(200, 0),
        "honest_bytes_missing": max(0, uploads.due * UPLOAD - uploads.bytes_sent),
    }


def much_held(said: str) -> bool:
    """Whether more is held than the budget allows."""
    return float(said.split()[-1]) > BUDGET


EXPERIMENT = Experiment(
    stop="parse",
    failure="withheld-bodies",
    symptom="memory climbs with uploads under way",
    fix="bodies, output and buffers of all connections share a budget of bytes",
    switch={"parse.byte_budget": (str(1 << 30), str(BUDGET))},
    lesson=(
        "Every body is within its limit, and so is every connection's time; nothing bounds their "
        "sum. Whoever withholds a last byte makes the service keep all that came before it. A "
        "budget for all that connections hold ends those that have come to a standstill, the "
        "slowest first, and refuses a newcomer only where nobody is slow."
    ),
    in_the_wild=(
        "Envoy buffers up to 1 MiB for each connection by default, and bounds the sum only where "
        "its overload manager is configured, as its best practices for edges ask for."
    ),
    metrics=[
        Metric("rss_growth_bytes", "bytes", "smaps_rollup", "lower", f"< {BUDGET + 16 * MIB}",
               rule="the budget and a half; 70 MiB are withheld in all"),
        Metric("honest_uploads_failed", "1", "client", "lower", "== 0", guard=True),
        Metric("slow_uploads_failed", "1", "client", "lower", "== 0", guard=True,
               rule="of five that take two seconds each, as on a slow line"),
        Metric("honest_bytes_missing", "bytes", "client", "lower", "== 0", guard=True),
    ],
    plan=plan,
    run=run,
    order=7,
    core=False,
    without_edge="an edge that waits for whole bodies, as nginx does by default, holds them",
    figures=(
        Figure(
            "memory", "over_time",
            "Each body is small enough; their sum has no bound",
            ("time", "seconds"), ("memory above the start", "bytes"),
        ),
    ),
    sabotages=(
        Sabotage(
            {"parse.body_limit": "0"}, ("honest_uploads_failed", "slow_uploads_failed"),
            "nobody may upload anything",
        ),
        Sabotage(
            {"parse.byte_budget": str(1 << 30), "parse.body_timeout": "0.1", **NO_RATE},
            ("slow_uploads_failed",),
            "no body is held for long, whoever sends it",
        ),
    ),
    diagnostics=(
        Diagnostic(
            symptom="Memory climbs with uploads that do not end, and nothing is refused",
            command="curl -s http://127.0.0.1:$ADMIN_PORT/metrics "
            "| grep '^sevenstops_held_bytes_max'",
            when_it_is=f"more than the {BUDGET // MIB} MiB that connections may hold together",
            when_not="within the budget: what grows is not what connections hold",
            proves=much_held,
            promql=f"sevenstops_held_bytes > {BUDGET}",
            at=2.8,
        ),
    ),
)  # fmt: skip
