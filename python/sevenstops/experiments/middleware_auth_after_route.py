"""Middleware: a protected route registered before the layer that protects it."""

from sevenstops._core import Crowd, Plan, RequestSpec
from sevenstops.experiments.base import (
    Diagnostic,
    Experiment,
    Metric,
    Sabotage,
    Sample,
    Scene,
    failures,
)
from sevenstops.lab.scenes import TOKEN
from sevenstops.loading.plans import constant

BODY_BYTES = 65536
# As long as the right one: a service that compares lengths would take it.
WRONG = "x" * len(TOKEN)
FLOOD = 900 << 20
MOST_TAKEN = 32 << 20


def wipe(name: str, token: str = "") -> RequestSpec:
    """A request to the protected route, with a body."""
    spec = RequestSpec(name=name, method="POST", target="/admin/wipe", body_size=BODY_BYTES)
    spec.headers = [("Authorization", f"Bearer {token}")] if token else []
    return spec


def plan(seed: int) -> Plan:
    """Callers with the token, without one, and with a wrong one, each with a body of 64 KiB."""
    return Plan(
        seed=seed,
        arrivals=[constant(200, duration=1)],
        connections=16,
        requests=[wipe("intruder"), wipe("forger", WRONG), wipe("admin", TOKEN)],
    )


def flood(seed: int) -> Plan:
    """Two callers without a token who push bodies of 900 MiB at the service itself."""
    pushers = Crowd(kind="endless_body", target="/admin/wipe", count=2, bytes=FLOOD)
    one = RequestSpec(name="good", target="/healthz")
    return Plan(seed=seed, arrivals=[constant(50, 0.8)], requests=[one], crowds=[pushers])


def run(scene: Scene, p: Plan) -> Sample:
    """What callers without the right token got, and how much was taken from them."""
    result = scene.load(p)
    strangers = [result.by_name[name] for name in ("intruder", "forger")]
    pushed = scene.past_the_edge(flood(p.seed)).crowds[0].bytes_sent
    return {
        "unauthenticated_2xx": sum(r.outcomes.get("2xx", 0) for r in strangers),
        "bytes_taken_from_a_flood": pushed,
        "admin_requests_failed": failures(result, "admin"),
    }


EXPERIMENT = Experiment(
    stop="middleware",
    failure="auth-after-route",
    symptom="a protected route answers without auth",
    fix="one ordered chain: routes are closed unless they are declared open",
    switch={"middleware.closed_by_default": ("false", "true")},
    lesson=(
        "A layer that guards what is registered after it forgets what was registered before. "
        "Routes that are closed unless they are declared open can't be forgotten. Who is not "
        "admitted need not have his body read, and the time that a refusal is given to reach him "
        "has a bound in bytes."
    ),
    in_the_wild=(
        "Express runs layers in the order of registration: a route that stands above app.use(auth) "
        "answers everybody."
    ),
    metrics=[
        Metric("unauthenticated_2xx", "1", "client", "lower", "== 0"),
        Metric(
            "bytes_taken_from_a_flood", "bytes", "client", "lower", f"< {MOST_TAKEN}", guard=True,
            rule="of 1.8 GiB: what the linger takes, and what the kernel's buffers hold",
        ),
        Metric("admin_requests_failed", "1", "client", "lower", "== 0", guard=True),
    ],
    plan=plan,
    run=run,
    sabotages=(
        Sabotage({"parse.body_limit": "0"}, ("admin_requests_failed",), "nobody may do anything"),
    ),
    diagnostics=(
        Diagnostic(
            symptom="A protected route answers without auth",
            command="curl -s -o /dev/null -w '%{http_code}' -X POST "
            "http://127.0.0.1:$PORT/admin/wipe",
            when_it_is="200 for a request without a token",
            when_not="401, with WWW-Authenticate",
            proves=lambda said: said.strip() == "200",
            promql="increase(sevenstops_unauthenticated_admitted_total[5m]) > 0",
        ),
    ),
)  # fmt: skip
