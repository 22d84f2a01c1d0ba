"""Middleware: a protected route registered before the layer that protects it."""

from sevenstops._core import Plan, RequestSpec
from sevenstops.experiments.base import (
    Diagnostic,
    Experiment,
    Metric,
    Sample,
    Scene,
    failures,
)
from sevenstops.loading.plans import constant

BODY_BYTES = 65536


def plan(seed: int) -> Plan:
    """Callers with and without the token, each with a body of 64 KiB."""
    admin = RequestSpec(name="admin", method="POST", target="/admin/wipe", body_size=BODY_BYTES)
    admin.headers = [("Authorization", "Bearer let-me-in")]
    intruder = RequestSpec(
        name="intruder", method="POST", target="/admin/wipe", body_size=BODY_BYTES
    )
    return Plan(
        seed=seed,
        arrivals=[constant(100, duration=2)],
        connections=16,
        requests=[intruder, admin],
    )


def run(scene: Scene, p: Plan) -> Sample:
    """What the intruders got, and what was read for them."""
    result = scene.load(p)
    return {
        "unauthenticated_2xx": result.by_name["intruder"].outcomes.get("2xx", 0),
        "intruder_body_bytes_read": scene.service.stops()["unauthenticated_body_bytes_total"],
        "admin_requests_failed": failures(result, "admin"),
    }


EXPERIMENT = Experiment(
    stop="middleware",
    failure="auth-after-route",
    symptom="a protected route answers without auth",
    fix="one ordered chain, routes closed unless declared open; auth before the body",
    lesson=(
        "A layer that guards what is registered after it forgets what was registered before. "
        "Routes that are closed unless they are declared open can't be forgotten, and who is "
        "not admitted need not have his body read."
    ),
    metrics=[
        Metric("unauthenticated_2xx", "1", "client", "lower", "== 0"),
        Metric("intruder_body_bytes_read", "bytes", "service", "lower", "== 0"),
        Metric("admin_requests_failed", "1", "client", "lower", "== 0", guard=True),
    ],
    plan=plan,
    run=run,
    diagnostics=(
        Diagnostic(
            symptom="A protected route answers without auth",
            command="curl -s -o /dev/null -w '%{http_code}' -X POST "
            "http://127.0.0.1:$PORT/admin/wipe",
            when_it_is="200 for a request without a token",
            when_not="401, with WWW-Authenticate",
            proves=lambda said: said.strip() == "200",
            promql="increase(sevenstops_unauthenticated_body_bytes_total[5m]) > 0",
        ),
    ),
)
