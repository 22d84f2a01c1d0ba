"""Serialize: 5,000 rows as one generic document beside small requests."""

from sevenstops._core import Plan, RequestSpec, Settings
from sevenstops.experiments.base import (
    Experiment,
    Lab,
    Metric,
    Sample,
    failures,
    front,
    run_plan,
    service,
)
from sevenstops.plans import poisson


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


def run(lab: Lab, settings: Settings, p: Plan) -> Sample:
    """One freshly started service with one I/O thread."""
    with service(lab, settings) as s, front(lab, s) as port:
        result = run_plan(p, port)
        serialize = s.stops()["stops"]["serialize"]
        large = sum(result.by_name["large"].outcomes.values())
        return {
            "serialize_seconds_per_large_request": serialize["seconds"] / large,
            "small_latency_p99_seconds": result.by_name["small"].latency.quantile(0.99),
            "requests_failed": failures(result, "small") + failures(result, "large"),
        }


EXPERIMENT = Experiment(
    stop="serialize",
    failure="unbounded-serialization",
    symptom="p99 of small requests tracks the size of large answers",
    fix="pages of 100 rows, a serializer compiled from the schema",
    metrics=[
        Metric("serialize_seconds_per_large_request", "seconds", "service", "lower", "< 0.001"),
        Metric("small_latency_p99_seconds", "seconds", "client", "lower", "< 0.004"),
        Metric("requests_failed", "1", "client", "lower", "== 0", guard=True),
    ],
    plan=plan,
    run=run,
)
