"""Serialize: 5,000 rows as one generic document beside small requests."""

from sevenstops._core import Plan, RequestSpec
from sevenstops.experiments.base import (
    Diagnostic,
    Experiment,
    Metric,
    Sample,
    Scene,
    failures,
    percentile,
)
from sevenstops.loading.plans import poisson


def plan(seed: int) -> Plan:
    """Small requests at 380 a second, large ones at 20."""
    return Plan(
        seed=seed,
        arrivals=[poisson(400, duration=3)],
        connections=64,
        requests=[
            RequestSpec(name="small", target="/healthz", weight=19),
            RequestSpec(name="large", target="/orders?limit=5000", weight=1),
        ],
    )


def run(scene: Scene, p: Plan) -> Sample:
    """One I/O thread serves both."""
    result = scene.load(p)
    serialize = scene.service.stops()["stops"]["serialize"]
    large = sum(result.by_name["large"].outcomes.values())
    return {
        "serialize_seconds_per_large_request": serialize["seconds"] / large,
        "small_latency_p99_seconds": percentile(result.by_name["small"].latency, 0.99),
        "requests_failed": failures(result, "small") + failures(result, "large"),
    }


EXPERIMENT = Experiment(
    stop="serialize",
    failure="unbounded-serialization",
    symptom="p99 of small requests tracks the size of large answers",
    fix="pages of 100 rows, a serializer compiled from the schema",
    lesson=(
        "Whoever shares a thread with a large answer waits until it has been written. Pages "
        "bound the work of one request, and a serializer that knows the schema does it "
        "without a tree of allocations."
    ),
    metrics=[
        Metric("serialize_seconds_per_large_request", "seconds", "service", "lower", "< 0.001"),
        Metric("small_latency_p99_seconds", "seconds", "client", "lower", "< 0.004"),
        Metric("requests_failed", "1", "client", "lower", "== 0", guard=True),
    ],
    plan=plan,
    run=run,
    diagnostics=(
        Diagnostic(
            symptom="p99 spikes track the size of answers",
            command="curl -s -o /dev/null -w '%{size_download}' "
            '"http://127.0.0.1:$PORT/orders?limit=5000"',
            when_it_is="hundreds of kilobytes in one answer: nothing bounds it",
            when_not="a page, whatever was asked for",
            proves=lambda said: int(said) > 100_000,
            promql='rate(sevenstops_stop_duration_seconds_sum{stop="serialize"}[5m]) > 0.05',
        ),
    ),
)
