"""Handle: hedges that cost work, when every replica is slow at once."""

import contextlib
from collections.abc import Iterator
from contextlib import AbstractContextManager

from sevenstops._core import Plan, RequestSpec, Settings
from sevenstops.experiments.base import (
    Diagnostic,
    Experiment,
    Lab,
    Metric,
    Sample,
    Scene,
    extra_requests,
    goodput,
    tree_scene,
)
from sevenstops.loading.plans import constant

REPLICAS = 4
WORKERS = 4
# With 1 % stragglers of 200 ms some 6.2 ms on average: 4 times 4 workers can do 2,580 a second.
FAULTS = ("latency=lognormal/0.004/0.3", "straggle=0.01/0.2", f"workers={WORKERS}")
RATE = 1000
SLOWDOWN = 3
BEGIN = 4.0
SLOW_FOR = 2.0
END = BEGIN + SLOW_FOR
# By then the tokens that were saved up are spent.
SPENT = 0.5
GRACE = 2.0
WATCHED = 6.0


def plan(seed: int) -> Plan:
    """Pages at four tenths of what the replicas can do, before, during and after the slowness."""
    return Plan(
        seed=seed,
        arrivals=[constant(RATE, duration=END + GRACE + WATCHED)],
        connections=2048,
        requests=[RequestSpec(name="page", target="/page")],
    )


@contextlib.contextmanager
def replicas_scene(lab: Lab, settings: Settings, *faults: str) -> Iterator[Scene]:
    """A page of one leaf with four replicas that have these faults as well, and no breaker."""
    own = settings.copy()
    # Neither breaker nor retry is to help, or to be blamed.
    own.set("handle.breaker.share", "0")
    own.set("handle.retry.most", "0")
    replicas = [(*FAULTS, *faults, f"seed={lab.seed + n}") for n in range(REPLICAS)]
    with tree_scene(lab, own, {"leaf": replicas}) as made:
        yield made


def scene(lab: Lab, settings: Settings) -> AbstractContextManager[Scene]:
    """All four replicas are slow for 2 s."""
    return replicas_scene(lab, settings, f"slowdown={SLOWDOWN}/{BEGIN}/{SLOW_FOR}")


def run(scene: Scene, p: Plan) -> Sample:
    """Goodput before and after the slowness, and the share of hedges while it lasts."""
    result, (early, late) = scene.load_and_look(p, (BEGIN + SPENT, END))
    series = result.series
    return {
        "goodput_ratio": goodput(series, END + GRACE, END + GRACE + WATCHED),
        "extra_requests_ratio": extra_requests(late, early),
        "goodput_before_ratio": goodput(series, 1, BEGIN),
    }


EXPERIMENT = Experiment(
    stop="handle",
    failure="hedging-under-overload",
    symptom="hedges that cut the tail on a good day bring the service down on a slow one",
    fix="hedges at a quantile of what is measured, within 5 % of requests; losers are called off",
    lesson=(
        "When one replica is slow, another one is quick, and a hedge costs next to nothing. When "
        "all are slow, every request is hedged, which makes a load that none of them can carry, "
        "for as long as it lasts and beyond. The budget knows the difference by volume alone: "
        "hedges that would be more than one in twenty are not sent."
    ),
    metrics=[
        Metric("goodput_ratio", "1", "client", "higher", ">= 0.95"),
        Metric("extra_requests_ratio", "1", "service", "lower", "<= 0.055"),
        Metric("goodput_before_ratio", "1", "client", "higher", ">= 0.99", guard=True),
    ],
    plan=plan,
    run=run,
    scene=scene,
    order=4,
    before={
        "handle.hedge.delay": "0.01",
        "handle.hedge.budget": "10",
        "handle.cancel": "false",
        "handle.propagate_deadline": "false",
    },
    core=False,
    diagnostics=(
        Diagnostic(
            symptom="A dependency is overloaded although its callers get no more requests",
            command=(
                "curl -s http://127.0.0.1:$ADMIN_PORT/metrics | awk "
                "'/^sevenstops_dependency_hedges_total/ {h = $2} "
                "/^sevenstops_dependency_requests_total/ {n = $2} END {print h / (n - h)}'"
            ),
            when_it_is="hedges are a good part of the requests: turn them off, then bound them",
            when_not="hedges are one in twenty at most",
            proves=lambda said: float(said) > 0.1,
            promql=(
                "rate(sevenstops_dependency_hedges_total[5m]) > "
                "0.1 * rate(sevenstops_dependency_requests_total[5m])"
            ),
        ),
    ),
)
