"""Handle: a slow query on the thread that serves everybody else."""

import contextlib
from collections.abc import Iterator

from sevenstops._core import Plan, RequestSpec
from sevenstops.experiments.base import (
    Diagnostic,
    Experiment,
    Figure,
    Lab,
    Metric,
    Sabotage,
    Sample,
    Scene,
    SideSettings,
    failures,
    percentile_curve,
    percentile_seen,
    plain_scene,
)
from sevenstops.loading.plans import constant

ROWS = 25_000
# A report of so many rows takes tens of milliseconds; what is too long depends on the processor.
SHARE = 0.5


def plan(seed: int) -> Plan:
    """/healthz at 200 a second beside 5 reports a second."""
    return Plan(
        seed=seed,
        arrivals=[constant(205, duration=4)],
        connections=128,
        requests=[
            RequestSpec(name="good", target="/healthz", weight=40),
            RequestSpec(name="report", target="/report", weight=1),
        ],
    )


@contextlib.contextmanager
def scene(lab: Lab, settings: SideSettings) -> Iterator[Scene]:
    """One service with a data set large enough for a slow query."""
    with plain_scene(lab, settings, rows=ROWS) as made:
        yield made


def run(scene: Scene, p: Plan) -> Sample:
    """How long /healthz took beside the reports, and whether both were answered."""
    result = scene.load(p)
    good, report = result.by_name["good"], result.by_name["report"]
    scene.curves["latency"] = percentile_curve(good.latency)
    return {
        "latency_p99_seconds": percentile_seen(good.latency, 0.99),
        "report_latency_p50_seconds": report.latency.quantile(0.5),
        "good_requests_failed": failures(result, "good"),
        "reports_failed": failures(result, "report"),
    }


def held_up(said: str) -> bool:
    """Whether the shorter of two times is more than half of the longer one."""
    shorter, longer = sorted(map(float, said.split()))
    return shorter > SHARE * longer


EXPERIMENT = Experiment(
    stop="handle",
    failure="blocked-event-loop",
    symptom="every request is slow while somebody asks for a report, health checks too",
    fix="blocking work on a pool of workers, off the I/O thread",
    switch={"handle.off_loop": ("false", "true")},
    # A report may take as long as it takes, on any processor.
    settings={"handle.deadline": "10", "handle.hop_timeout": "10", "handle.queue_time": "10"},
    lesson=(
        "An I/O thread serves thousands of connections as long as nobody makes it wait. One query "
        "that runs on it stops them all for as long as it takes, whatever they asked for. On a "
        "worker it takes as long, but only for the one who asked."
    ),
    in_the_wild=(
        'Node runs every callback on one thread; its guide "Don\'t Block the Event Loop" is about '
        "this. So do asyncio, and Netty's event loops."
    ),
    metrics=[
        Metric(
            "latency_p99_seconds",
            "seconds",
            "client",
            "lower",
            f"<= {SHARE:g} report_latency_p50_seconds",
            rule="half of what the report itself takes here",
        ),
        Metric(
            "report_latency_p50_seconds",
            "seconds",
            "client",
            "lower",
            "<= 2 before",
            guard=True,
            rule="who asks for a report waits at most twice as long as before",
        ),
        Metric("good_requests_failed", "1", "client", "lower", "== 0", guard=True),
        Metric("reports_failed", "1", "client", "lower", "== 0", guard=True),
    ],
    plan=plan,
    run=run,
    scene=scene,
    order=2,
    figures=(
        Figure(
            "latency",
            "percentiles",
            "One query in the loop is everybody's latency",
            ("share of health checks", "1"),
            ("time to the answer", "seconds"),
        ),
    ),
    sabotages=(
        Sabotage({"handle.deadline": "0.002"}, ("reports_failed",), "nobody gets a report"),
    ),
    core=False,
    diagnostics=(
        Diagnostic(
            symptom="Health checks time out while the service is busy with one kind of request",
            command=(
                "curl -s -o /dev/null -w '%{time_total}\\n' http://127.0.0.1:$PORT/report & "
                "sleep 0.005; "
                "curl -s -o /dev/null -w '%{time_total}\\n' http://127.0.0.1:$PORT/healthz; wait"
            ),
            when_it_is="the health check takes about as long as the report: a half, at least",
            when_not="a fraction of what the report takes",
            proves=held_up,
            # The bound of a bucket: between two, a quantile is a guess.
            promql=(
                "histogram_quantile(0.95, rate("
                "sevenstops_loop_late_duration_seconds_bucket[5m])) > 0.016384"
            ),
        ),
    ),
)
