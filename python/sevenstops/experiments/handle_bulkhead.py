"""Handle: slow jobs take every worker, and quick ones wait behind them."""

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

ROWS = 40_000
REPORTS = 40
ORDERS = 200
RATE = REPORTS + ORDERS
# A job of a millisecond that took so many seconds has waited for a worker.
WAIT = 0.03


def plan(seed: int) -> Plan:
    """/orders at 200 a second beside 40 reports a second, more than there are workers for."""
    return Plan(
        seed=seed,
        arrivals=[constant(RATE, duration=3)],
        connections=256,
        requests=[
            RequestSpec(name="orders", target="/orders?limit=20", weight=ORDERS / REPORTS,
                        expect='"id":20'),
            RequestSpec(name="report", target="/report", weight=1),
        ],
    )  # fmt: skip


@contextlib.contextmanager
def scene(lab: Lab, settings: SideSettings) -> Iterator[Scene]:
    """One service with a data set large enough for a slow query."""
    with plain_scene(lab, settings, rows=ROWS, threads=1) as made:
        yield made


def run(scene: Scene, p: Plan) -> Sample:
    """What became of quick requests beside reports, and how many reports there were."""
    result = scene.load(p)
    orders, report = result.by_name["orders"], result.by_name["report"]
    scene.curves["latency"] = percentile_curve(orders.latency)
    return {
        "orders_failed_ratio": max(failures(result, "orders"), orders.unexpected) / orders.due,
        "latency_p99_seconds": percentile_seen(orders.latency, 0.99),
        "reports_answered": report.outcomes.get("2xx", 0),
    }


def waits(said: str) -> bool:
    """Whether a time is one that a job of a millisecond has only where it waits for a worker."""
    return float(said) > WAIT


EXPERIMENT = Experiment(
    stop="handle",
    failure="starved-by-reports",
    symptom="quick requests are refused while somebody asks for reports",
    fix="a bulkhead: of two workers one is for reports, and one for what is quick",
    switch={"handle.bulkheads": ("false", "true")},
    # A report may take as long as it takes; a job waits 0.1 s for a worker at most.
    settings={"handle.deadline": "3", "handle.hop_timeout": "3", "handle.queue_time": "0.1"},
    lesson=(
        "Workers that take whatever comes first are soon all at work for the slowest kind of "
        "job, and jobs of a millisecond wait behind jobs of fifty. With workers for each kind the "
        "slow ones can only wait for each other. It costs next to nothing, since who waited "
        "for a processor before does so still."
    ),
    in_the_wild=(
        "Netflix, Fault Tolerance in a High Volume, Distributed System (2012), which gave each "
        "kind of work a pool of its own (Hystrix); Node has four threads for files, DNS and "
        "compression of everybody (UV_THREADPOOL_SIZE)."
    ),
    metrics=[
        Metric("orders_failed_ratio", "1", "client", "lower", "<= 0.01"),
        Metric("latency_p99_seconds", "seconds", "client", "lower", "<= 0.5 before",
               rule="half of what it was"),
        Metric("reports_answered", "1", "client", "higher", ">= 0.5 before", guard=True,
               rule="half of the workers do half of the reports, at the least"),
    ],
    plan=plan,
    run=run,
    scene=scene,
    order=9,
    figures=(
        Figure(
            "latency", "percentiles", "Quick requests behind slow ones, and beside them",
            ("share of /orders", "1"), ("time to the answer", "seconds"),
        ),
    ),
    sabotages=(
        Sabotage({"handle.deadline": "0.002"}, ("reports_answered",), "nobody gets a report"),
    ),
    core=False,
    diagnostics=(
        Diagnostic(
            symptom="Quick requests take as long as reports do, or get 503",
            command=(
                "for i in $(seq 40); do curl -s -o /dev/null -w '%{time_total}\\n' "
                '"http://127.0.0.1:$PORT/orders?limit=1"; done | sort -n | sed -n 39p'
            ),
            when_it_is=(
                "tens of milliseconds: all workers are busy with another kind of job "
                "(worker_queue_time among the refusals)"
            ),
            when_not="a few milliseconds: of forty requests one at most waited",
            proves=waits,
            promql=(
                'rate(sevenstops_stop_refused_total{stop="handle",reason="worker_queue_time"}[5m]) '
                "> ignoring(stop, reason) 0.2 * rate(sevenstops_requests_total[5m])"
            ),
            at=2.0,
        ),
    ),
)  # fmt: skip
