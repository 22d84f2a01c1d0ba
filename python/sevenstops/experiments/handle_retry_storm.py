"""Handle: a second of slowness at the end of a chain whose every hop tries again.

A metastable failure (Bronson et al., *Metastable Failures in Distributed Systems*, HotOS 2021).
"""

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
    chain_scene,
    goodput,
    goodput_curve,
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
# A page sent later than so long before the slowness may still be there when it begins.
LAST = 0.1
# What counts begins some time after the cause is gone, and goes on for 4 s.
GRACE = 5.0
WATCHED = 4.0
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
def scene(lab: Lab, settings: SideSettings) -> Iterator[Scene]:
    """The chain of three hops; inventory's work takes 20 times as long for a second."""
    faults = (
        f"latency=lognormal/{WORK}/0.3",
        f"workers={WORKERS}",
        f"slowdown={SLOWDOWN}/{BEGIN}/{SLOW_FOR}",
        f"seed={lab.seed}",
    )
    with chain_scene(lab, settings, {"inventory": faults}) as made:
        yield made


def run(scene: Scene, p: Plan) -> Sample:
    """Goodput before the slowness, while it lasts and long after it, and what was asked for."""
    result = scene.load(p)
    series = result.series
    scene.curves["goodput"] = goodput_curve(series)
    # At whichever hop: a storm that wears out the first ones lets little through to the last.
    hops = (scene.service, *scene.others.values())
    repeats = sum(hop.stops()["dependency_retries_total"] for hop in hops)
    return {
        "goodput_ratio": goodput(series, END + GRACE, END + GRACE + WATCHED),
        "recovery_seconds": recovery(series, END, END + GRACE + WATCHED),
        "repeats_per_page": repeats / result.requests,
        "goodput_before_ratio": goodput(series, 0.5, BEGIN - LAST),
        "goodput_during_ratio": goodput(series, BEGIN, END),
    }


EXPERIMENT = Experiment(
    stop="handle",
    failure="retry-storm",
    symptom="a short slowness is over, and the service stays down",
    fix="retries within a budget: a tenth of requests",
    switch={"handle.retry.budget": ("1000", "0.1")},
    settings={
        "handle.retry.most": "2",
        "handle.retry.attempt_timeout": str(ATTEMPT),
        # What else would end a storm is left out of it: the budget alone is looked at.
        "handle.retry.jitter": "false",
        "handle.propagate_deadline": "false",
        "handle.cancel": "false",
        "handle.breaker.share": "0",
        "handle.hedge.most": "0",
    },
    lesson=(
        "A request that was not answered in time is sent again, by every hop, while the first one "
        "is still queued. So a second of slowness makes a load that is several times the usual "
        "one, all requests wait longer than their callers do, and the overload feeds itself: a "
        "metastable failure. Two retries at each of three hops are 27 requests at the last one. A "
        "budget that lets a tenth of requests be repeated, whatever happens, takes away what it "
        "feeds on."
    ),
    in_the_wild=(
        "The AWS SDKs' standard mode tries three times; Huang et al. (OSDI 2022) found 22 "
        "metastable failures at 11 organisations, retries in most."
    ),
    metrics=[
        Metric("goodput_ratio", "1", "client", "higher", ">= 0.95"),
        Metric(
            "recovery_seconds",
            "seconds",
            "client",
            "lower",
            f"<= {GRACE + 1:g}",
            rule="what had queued up by then is worked off, at twice the load that comes",
        ),
        Metric(
            "repeats_per_page",
            "1",
            "service",
            "lower",
            "<= 0.4",
            rule="a tenth at each of three hops, of 1, 1.1 and 1.21 requests for a page, and some",
        ),
        Metric("goodput_before_ratio", "1", "client", "higher", ">= 0.99", guard=True),
        Metric(
            "goodput_during_ratio",
            "1",
            "client",
            "higher",
            ">= 0.5 before",
            guard=True,
            slack=0.02,
            rule=(
                "half of what it was before, less two pages in a hundred; next to nothing gets "
                "through on either side while the cause lasts, so this guard speaks only where "
                "four in a hundred did before"
            ),
        ),
    ],
    plan=plan,
    run=run,
    scene=scene,
    order=3,
    figures=(
        Figure(
            "goodput",
            "over_time",
            "The cause lasts a second, the failure as long as one looks",
            ("time", "seconds"),
            ("pages answered", "1"),
            shade=(BEGIN, END, "inventory is slow"),
            end=END + GRACE + WATCHED,
        ),
    ),
    sabotages=(
        Sabotage(
            {"handle.hop_timeout": "0.002"},
            ("goodput_ratio", "recovery_seconds", "goodput_before_ratio"),
            "no page is answered",
        ),
    ),
    core=False,
    diagnostics=(
        Diagnostic(
            symptom="The cause is mended, the load is as usual, and the service stays down",
            command=(
                "curl -s http://127.0.0.1:$ADMIN_PORT/metrics | awk "
                "'/^sevenstops_dependency_retries_total/ {r = $2} "
                "/^sevenstops_dependency_requests_total/ {n = $2} "
                "END {d = n - r; print d ? r / d : 0}'"
            ),
            when_it_is="most requests to the services beneath are repeats: shed load to end it",
            when_not="repeats are a tenth of the requests at most",
            proves=lambda said: float(said) > 0.5,
            at=END + 2,
            promql=(
                "rate(sevenstops_dependency_retries_total[5m]) > "
                "0.2 * rate(sevenstops_dependency_requests_total[5m])"
            ),
        ),
    ),
)
