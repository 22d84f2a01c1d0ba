"""Parse: endless heads and a declared 64 MiB body are buffered before they are refused."""

from sevenstops import _core
from sevenstops.evidence import Metric
from sevenstops.experiments.base import Experiment, Lab, Sample, crowd, failures, request, service

MIB = 1 << 20


def plan(seed: int) -> _core.Plan:
    """Two endless heads and two 64 MiB bodies beside 200 good requests a second."""
    p = _core.Plan()
    p.seed, p.arrivals, p.rate, p.duration, p.connections = seed, _core.Arrivals.constant, 200, 2, 16
    p.requests = [request("/healthz", "good")]
    p.crowds = [
        crowd("endless_header", "/healthz", 2, bytes=80 * MIB),
        crowd("endless_body", "/echo", 2, bytes=64 * MIB),
    ]
    return p


def run(lab: Lab, settings: _core.Settings, p: _core.Plan) -> Sample:
    """One freshly started service."""
    with service(lab, settings) as s:
        # Pages touched by any first request are not the attack's.
        warm = _core.Plan()
        warm.requests, warm.duration, warm.connections = p.requests, 0.3, 16
        _core.run_load(warm, s.port)
        rss = s.memory()
        result = _core.run_load(p, s.port)
        counters = s.stops()
        statuses = [sorted(c.statuses) for c in result.crowds]
        return {
            "buffered_bytes_per_refused_request": counters["refused_buffered_bytes_max"],
            "rss_growth_bytes": max(0, s.memory() - rss),
            "wrong_refusals": float(statuses != [[431], [413]]),
            "good_requests_failed": failures(result, "good"),
        }


EXPERIMENT = Experiment(
    stop="parse",
    failure="unbounded-head-and-body",
    symptom="memory climbs with refused uploads",
    fix="limits checked before buffering",
    metrics=[
        Metric("buffered_bytes_per_refused_request", "bytes", "service", "lower", "< 65536"),
        Metric("rss_growth_bytes", "bytes", "smaps_rollup", "lower", "< 1048576"),
        Metric("wrong_refusals", "1", "client", "lower", "== 0", guard=True),
        Metric("good_requests_failed", "1", "client", "lower", "== 0", guard=True),
    ],
    plan=plan,
    run=run,
    without_edge="nginx bounds heads itself and answers before the service sees them",
)
