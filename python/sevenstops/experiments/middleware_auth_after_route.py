"""Middleware: a protected route registered before the layer that protects it."""

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
from sevenstops.plans import constant

BODY = "b" * 65536


def plan(seed: int) -> Plan:
    """Callers with and without the token, each with a body of 64 KiB."""
    token = [("Authorization", "Bearer let-me-in")]
    return Plan(
        seed=seed,
        arrivals=[constant(100, duration=2)],
        connections=16,
        requests=[
            RequestSpec(name="intruder", method="POST", target="/admin/wipe", body=BODY),
            RequestSpec(
                name="admin", method="POST", target="/admin/wipe", body=BODY, headers=token
            ),
        ],
    )


def run(lab: Lab, settings: Settings, p: Plan) -> Sample:
    """One freshly started service."""
    with service(lab, settings) as s, front(lab, s) as port:
        result = run_plan(p, port)
        intruders = result.by_name["intruder"]
        return {
            "unauthenticated_2xx": intruders.outcomes.get("2xx", 0),
            "intruder_body_bytes_read": s.stops()["unauthenticated_body_bytes_total"],
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
