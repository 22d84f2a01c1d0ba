"""Handle: a second of slowness at the end of a chain whose every hop tries again.

A metastable failure (Bronson et al., *Metastable Failures in Distributed Systems*, HotOS 2021).
"""

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
    chain_scene,
    extra_requests,
    goodput,
    orphaned_work,
    recovery,
)
from sevenstops.loading.plans import constant

# Inventory can do 500 requests a second, and is asked for half of that.
WORKERS = 2
WORK = 0.004
RATE = 250
ATTEMPT = 0.1
SLOWDOWN = 20
BEGIN = 2.0
SLOW_FOR = 1.0
# What counts begins some time after the cause is gone, and goes on for 10 s.
GRACE = 2.0
WATCHED = 10.0
END = BEGIN + SLOW_FOR


def plan(seed: int) -> Plan:
    """Pages at a constant rate before, during and after the slowness."""
    return Plan(
        seed=seed,
        arrivals=[constant(RATE, duration=END + GRACE + WATCHED)],
        connections=512,
        requests=[RequestSpec(name="page", target="/page")],
    )


@contextlib.contextmanager
def scene(lab: Lab, settings: Settings) -> Iterator[Scene]:
    """The chain of three hops; inventory's work takes 20 times as long for a second."""
    own = settings.copy()
    own.set("handle.retry.attempt_timeout", str(ATTEMPT))
    with chain_scene(
        lab,
        own,
        f"latency=lognormal/{WORK}/0.3",
        f"workers={WORKERS}",
        f"slowdown={SLOWDOWN}/{BEGIN}/{SLOW_FOR}",
    ) as made:
        yield made


def run(scene: Scene, p: Plan) -> Sample:
    """Goodput before the slowness and long after it, and what was asked beyond need."""
    series = scene.load(p).series
    return {
        "goodput_ratio": goodput(series, END + GRACE, END + GRACE + WATCHED),
        "recovery_seconds": recovery(series, END, END + GRACE + WATCHED),
        "extra_requests_ratio": extra_requests(scene.service.stops()),
        "orphaned_work_ratio": orphaned_work(scene.others["inventory"].stops()),
        "goodput_before_ratio": goodput(series, 0.5, BEGIN),
    }


EXPERIMENT = Experiment(
    stop="handle",
    failure="retry-storm",
    symptom="a short slowness is over, and the service stays down",
    fix="retries within a budget, with jitter and deadline; work of those who left is given up",
    lesson=(
        "A request that was not answered in time is sent again, by every hop, while the first one "
        "is still queued. So a second of slowness makes a load that is several times the usual "
        "one, all requests wait longer than their callers do, and the overload feeds itself: a "
        "metastable failure. A budget that lets a tenth of requests be repeated, whatever "
        "happens, and work that ends with its caller take away what it feeds on."
    ),
    metrics=[
        Metric("goodput_ratio", "1", "client", "higher", ">= 0.95"),
        Metric("recovery_seconds", "seconds", "client", "lower", f"<= {GRACE:g}"),
        Metric("extra_requests_ratio", "1", "service", "lower", "<= 0.1"),
        Metric("orphaned_work_ratio", "1", "service", "lower", "<= 0.01"),
        Metric("goodput_before_ratio", "1", "client", "higher", ">= 0.99", guard=True),
    ],
    plan=plan,
    run=run,
    scene=scene,
    order=3,
    before={
        "handle.propagate_deadline": "false",
        "handle.cancel": "false",
        "handle.retry.most": "1000",
        "handle.retry.budget": "1000",
        "handle.retry.jitter": "false",
        "handle.breaker.share": "0",
    },
    core=False,
    diagnostics=(
        Diagnostic(
            symptom="The cause is mended, the load is as usual, and the service stays down",
            command=(
                "curl -s http://127.0.0.1:$ADMIN_PORT/metrics | awk "
                "'/^sevenstops_dependency_retries_total/ {r = $2} "
                "/^sevenstops_dependency_requests_total/ {n = $2} END {print r / (n - r)}'"
            ),
            when_it_is="most requests to the services beneath are repeats: shed load to end it",
            when_not="repeats are a tenth of the requests at most",
            proves=lambda said: float(said) > 0.5,
            promql=(
                "rate(sevenstops_dependency_retries_total[5m]) > "
                "0.2 * rate(sevenstops_dependency_requests_total[5m])"
            ),
        ),
    ),
)
