"""Handle: one slow dependency holds the connections that all others need."""

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
    goodput_curve,
    percentile_seen,
    tree_scene,
)
from sevenstops.loading.plans import constant

SLOW = 2.0
DEADLINE = 0.3
# Open connections to both together, on either side.
TOTAL = 16
# Of ten answers of the slow one, nine take 2 s.
SLOW_SHARE = 0.9
LIMIT = 0.05


def plan(seed: int) -> Plan:
    """Pages of a quick dependency and of a slow one, at 150 a second each."""
    return Plan(
        seed=seed,
        arrivals=[constant(300, duration=4)],
        connections=256,
        requests=[
            RequestSpec(name="quick", target="/page?of=quick", weight=1),
            RequestSpec(name="slow", target="/page?of=slow", weight=1),
        ],
    )


@contextlib.contextmanager
def scene(lab: Lab, settings: SideSettings) -> Iterator[Scene]:
    """Two dependencies, of which one is slow most of the time, and few connections to both."""
    usual = ("latency=lognormal/0.002/0.3", f"seed={lab.seed}")
    slow = (*usual, f"straggle={SLOW_SHARE}/{SLOW}")
    with tree_scene(lab, settings, {"quick": [usual], "slow": [slow]}) as made:
        yield made


def run(scene: Scene, p: Plan) -> Sample:
    """What became of pages that have nothing to do with the slow dependency."""
    result = scene.load(p)
    quick, slow = result.by_name["quick"], result.by_name["slow"]
    scene.curves["goodput"] = goodput_curve(result.series)
    return {
        "goodput_ratio": quick.outcomes.get("2xx", 0) / sum(quick.outcomes.values()),
        "latency_p99_seconds": percentile_seen(quick.latency, 0.99),
        "slow_goodput_ratio": slow.outcomes.get("2xx", 0) / sum(slow.outcomes.values()),
        "slow_p99_seconds": percentile_seen(slow.latency, 0.99),
    }


def late_pages(said: str) -> bool:
    """Whether some pages were late: lines of a count and a status."""
    counts = {status: int(count) for count, status in map(str.split, said.splitlines())}
    return counts.get("504", 0) >= 3


EXPERIMENT = Experiment(
    stop="handle",
    failure="pool-exhaustion",
    symptom="one slow dependency takes down pages that never ask it",
    fix="a bulkhead: of 16 connections no dependency may hold more than 8",
    switch={"handle.pool.limit": (str(TOTAL), str(TOTAL // 2))},
    settings={
        "handle.pool.total": str(TOTAL),
        "handle.deadline": str(DEADLINE),
        # A breaker would give the connections back in its own way.
        "handle.breaker.share": "0",
        "handle.retry.most": "0",
        "handle.hedge.most": "0",
    },
    lesson=(
        "A connection to a slow service is held until its answer or its deadline. With one limit "
        "for all, the slow one soon holds every connection, and requests for others wait for one "
        "to come back. A limit for each lets it exhaust its own share only, out of the same number."
    ),
    in_the_wild=(
        "Netflix, Fault Tolerance in a High Volume, Distributed System (2012): threads all held by "
        "one slow dependency; Go's http.Transport has no limit per host by default."
    ),
    metrics=[
        Metric("goodput_ratio", "1", "client", "higher", ">= 0.99"),
        Metric("latency_p99_seconds", "seconds", "client", "lower", f"<= {LIMIT:g}"),
        Metric(
            "slow_goodput_ratio",
            "1",
            "client",
            "higher",
            ">= 0.2 before",
            guard=True,
            rule="the slow one has half the connections; 30 points for chance, of few pages",
        ),
        Metric(
            "slow_p99_seconds", "seconds", "client", "lower", f"<= {1.1 * DEADLINE:g}", guard=True
        ),
    ],
    plan=plan,
    run=run,
    scene=scene,
    order=6,
    figures=(
        Figure(
            "goodput",
            "over_time",
            "Sixteen connections, all of them held by the slow one",
            ("time", "seconds"),
            ("pages answered", "1"),
        ),
    ),
    sabotages=(
        Sabotage(
            {"handle.pool.limit": "1"},
            ("slow_goodput_ratio",),
            "a dependency that is sometimes slow gets one connection",
        ),
    ),
    core=False,
    diagnostics=(
        Diagnostic(
            symptom="Pages fail although the only service that they ask is quick",
            command=(
                "for i in $(seq 40); do curl -s -o /dev/null -w '%{http_code}\\n' "
                '"http://127.0.0.1:$PORT/page?of=quick" & done | sort | uniq -c'
            ),
            when_it_is=(
                "504 among them: those waited for a connection until their deadline "
                "(pool_timeouts_total)"
            ),
            when_not="200 for all: no page waits for connections that somebody else holds",
            proves=late_pages,
            promql=(
                "rate(sevenstops_pool_starved_total[5m]) > "
                "0.01 * rate(sevenstops_dependency_requests_total[5m])"
            ),
        ),
    ),
)
