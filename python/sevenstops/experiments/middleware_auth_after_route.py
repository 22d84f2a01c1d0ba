"""Middleware: a protected route registered before the layer that protects it."""

from sevenstops import _core
from sevenstops.evidence import Metric
from sevenstops.experiments.base import Experiment, Lab, Sample, failures, request, service


def plan(seed: int) -> _core.Plan:
    """Callers with and without the token, each with a body of 64 KiB."""
    body = "b" * 65536
    p = _core.Plan()
    p.seed, p.arrivals, p.rate, p.duration, p.connections = seed, _core.Arrivals.constant, 100, 2, 16
    p.requests = [
        request("/admin/wipe", "intruder", "POST", body=body),
        request(
            "/admin/wipe", "admin", "POST", body=body,
            headers=[("Authorization", "Bearer let-me-in")],
        ),
    ]  # fmt: skip
    return p


def run(lab: Lab, settings: _core.Settings, p: _core.Plan) -> Sample:
    """One freshly started service."""
    with service(lab, settings) as s, lab.front(s) as port:
        result = _core.run_load(p, port)
        intruders = result.by_name["intruder"]
        return {
            "unauthenticated_2xx": intruders.outcomes.get("2xx", 0),
            "intruder_body_bytes_read": s.stops()["refused_body_bytes_total"]
            + intruders.outcomes.get("2xx", 0) * 65536,
            "admin_requests_failed": failures(result, "admin"),
        }


EXPERIMENT = Experiment(
    stop="middleware",
    failure="auth-after-route",
    symptom="a protected route answers without auth",
    fix="one ordered chain, routes closed unless declared open; auth before the body",
    metrics=[
        Metric("unauthenticated_2xx", "1", "client", "lower", "== 0"),
        Metric("intruder_body_bytes_read", "bytes", "service", "lower", "== 0"),
        Metric("admin_requests_failed", "1", "client", "lower", "== 0", guard=True),
    ],
    plan=plan,
    run=run,
)
