"""Handle: a slow query on the thread that serves everybody else."""

import contextlib
from collections.abc import Iterator

from sevenstops._core import Plan, RequestSpec, Settings
from sevenstops.experiments.base import (
    Diagnostic,
    Experiment,
    Lab,
    Metric,
    Sample,
    Scene,
    failures,
    percentile,
    plain_scene,
)
from sevenstops.loading.plans import constant

ROWS = 80_000
# A report of so many rows needs some 40 ms of a processor.
LIMIT = 0.015


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
def scene(lab: Lab, settings: Settings) -> Iterator[Scene]:
    """One service with a data set large enough for a slow query."""
    with plain_scene(lab, settings, rows=ROWS) as made:
        yield made


def run(scene: Scene, p: Plan) -> Sample:
    """How long /healthz took beside the reports, and whether both were answered."""
    result = scene.load(p)
    return {
        "latency_p99_seconds": percentile(result.by_name["good"].latency, 0.99),
        "good_requests_failed": failures(result, "good"),
        "reports_failed": failures(result, "report"),
    }


EXPERIMENT = Experiment(
    stop="handle",
    failure="blocked-event-loop",
    symptom="every request is slow while somebody asks for a report, health checks too",
    fix="blocking work on a pool of workers with bounds on its queue, off the I/O thread",
    lesson=(
        "An I/O thread serves thousands of connections as long as nobody makes it wait. One query "
        "that runs on it stops them all for as long as it takes, whatever they asked for. On a "
        "worker it takes as long, but only for the one who asked."
    ),
    metrics=[
        Metric("latency_p99_seconds", "seconds", "client", "lower", f"<= {LIMIT:g}"),
        Metric("good_requests_failed", "1", "client", "lower", "== 0", guard=True),
        Metric("reports_failed", "1", "client", "lower", "== 0", guard=True),
    ],
    plan=plan,
    run=run,
    scene=scene,
    order=2,
    before={"handle.off_loop": "false"},
    core=False,
    diagnostics=(
        Diagnostic(
            symptom="Health checks time out while the service is busy with one kind of request",
            command=(
                "curl -s -o /dev/null http://127.0.0.1:$PORT/report & sleep 0.005; "
                "curl -s -o /dev/null -w '%{time_starttransfer}' http://127.0.0.1:$PORT/healthz"
            ),
            when_it_is="the health check takes as long as what else was asked",
            when_not="a few milliseconds, whatever else is asked",
            proves=lambda said: float(said) > LIMIT,
            promql=(
                "histogram_quantile(0.99, rate("
                'sevenstops_stop_duration_seconds_bucket{stop="handle"}[5m])) > 0.05 '
                "and rate(sevenstops_queries_total[5m]) > 0"
            ),
        ),
    ),
)
