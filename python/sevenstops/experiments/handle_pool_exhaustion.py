"""Handle: one slow dependency holds the connections that all others need."""

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
    tree_scene,
)
from sevenstops.loading.plans import constant

SLOW = 2.0
DEADLINE = 0.3
CONNECTIONS = 16
LIMIT = 0.05


def plan(seed: int) -> Plan:
    """Pages of a quick dependency at 200 a second beside those of a slow one at 100."""
    return Plan(
        seed=seed,
        arrivals=[constant(300, duration=4)],
        connections=256,
        requests=[
            RequestSpec(name="quick", target="/page?of=quick", weight=2),
            RequestSpec(name="slow", target="/page?of=slow", weight=1),
        ],
    )


@contextlib.contextmanager
def scene(lab: Lab, settings: Settings) -> Iterator[Scene]:
    """Two dependencies, of which one needs 2 s, and few connections to either."""
    own = settings.copy()
    own.set("handle.deadline", str(DEADLINE))
    own.set("handle.pool.total", str(CONNECTIONS))
    if own.get("handle.pool.limit") != str(CONNECTIONS):
        own.set("handle.pool.limit", str(CONNECTIONS // 2))
    # A breaker would give the connections back in its own way.
    own.set("handle.breaker.share", "0")
    quick = [("latency=lognormal/0.002/0.3",)]
    with tree_scene(lab, own, {"quick": quick, "slow": [(f"slow-dependency={SLOW}",)]}) as made:
        yield made


def run(scene: Scene, p: Plan) -> Sample:
    """What became of pages that have nothing to do with the slow dependency."""
    result = scene.load(p)
    quick = result.by_name["quick"]
    answered = sum(quick.outcomes.values()) - failures(result, "quick")
    return {
        "goodput_ratio": answered / sum(quick.outcomes.values()),
        "latency_p99_seconds": percentile(quick.latency, 0.99),
        "slow_p99_seconds": percentile(result.by_name["slow"].latency, 0.99),
    }


def late_pages(said: str) -> bool:
    """Whether some pages were late: lines of a count and a status."""
    counts = {status: int(count) for count, status in map(str.split, said.splitlines())}
    return counts.get("504", 0) >= 3


EXPERIMENT = Experiment(
    stop="handle",
    failure="pool-exhaustion",
    symptom="one slow dependency takes down pages that never ask it",
    fix="a limit of connections for each replica, not one for all: a bulkhead",
    lesson=(
        "A connection to a slow service is held until its answer or its deadline. With one limit "
        "for all, the slow one soon holds every connection, and requests for others wait for one "
        "to come back. A limit for each replica lets it exhaust its own share only."
    ),
    metrics=[
        Metric("goodput_ratio", "1", "client", "higher", ">= 0.99"),
        Metric("latency_p99_seconds", "seconds", "client", "lower", f"<= {LIMIT:g}"),
        Metric(
            "slow_p99_seconds", "seconds", "client", "lower", f"<= {1.1 * DEADLINE:g}", guard=True
        ),
    ],
    plan=plan,
    run=run,
    scene=scene,
    order=5,
    before={"handle.pool.limit": str(CONNECTIONS)},
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
                "rate(sevenstops_pool_wait_duration_seconds_sum[5m]) > "
                '0.5 * rate(sevenstops_stop_duration_seconds_sum{stop="handle"}[5m])'
            ),
        ),
    ),
)
