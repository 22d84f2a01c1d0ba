"""Serialize: 5,000 rows as one generic document beside small requests."""

from sevenstops import _core
from sevenstops.evidence import Metric
from sevenstops.experiments.base import Experiment, Lab, Sample, failures, request, service


def plan(seed: int) -> _core.Plan:
    """Small requests at 380 a second, large ones at 20."""
    p = _core.Plan()
    p.seed, p.arrivals, p.rate, p.duration, p.connections = seed, _core.Arrivals.poisson, 400, 3, 64
    p.requests = [
        request("/healthz", "small", weight=19),
        request("/orders?limit=5000", "large", weight=1),
    ]
    return p


def run(lab: Lab, settings: _core.Settings, p: _core.Plan) -> Sample:
    """One freshly started service with one I/O thread."""
    with service(lab, settings) as s, lab.front(s) as port:
        result = _core.run_load(p, port)
        large = sum(result.by_name["large"].outcomes.values())
        return {
            "serialize_seconds_per_large_request": s.stops()["stops"]["serialize"]["seconds"] / large,
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
