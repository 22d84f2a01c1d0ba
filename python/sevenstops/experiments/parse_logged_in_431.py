"""Parse: users whose cookies have grown meet a limit below the edge's."""

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


def plan(seed: int) -> Plan:
    """One request in four carries 12 KiB of cookies."""
    cookies = "; ".join(f"c{i}={'v' * 1000}" for i in range(12))
    return Plan(
        seed=seed,
        arrivals=[constant(400, duration=2)],
        connections=16,
        requests=[
            RequestSpec(name="anonymous", target="/users/me", weight=3),
            RequestSpec(name="logged_in", target="/users/me", headers=[("Cookie", cookies)]),
        ],
    )


def run(scene: Scene, p: Plan) -> Sample:
    """Behind an edge that takes lines of 16 KiB."""
    result = scene.load(p)
    users = result.by_name["logged_in"]
    total = sum(users.outcomes.values())
    return {
        "logged_in_431_ratio": users.statuses.get(431, 0) / total,
        "requests_failed_beside_431": failures(result, "anonymous")
        + failures(result, "logged_in")
        - users.statuses.get(431, 0),
    }


EXPERIMENT = Experiment(
    stop="parse",
    failure="logged-in-431",
    symptom="431 for logged-in users only",
    fix="one header limit, 16 KiB, shared by edge and service",
    lesson=(
        "Cookies grow with every feature that sets one, and who is logged in has the most. A "
        "service that takes less than its edge refuses what the edge has let through. One "
        "limit for both, and an alarm on 431 long before it is reached, not a limit that is "
        "raised for ever."
    ),
    metrics=[
        Metric("logged_in_431_ratio", "1", "client", "lower", "== 0"),
        Metric("requests_failed_beside_431", "1", "client", "lower", "== 0", guard=True),
    ],
    plan=plan,
    run=run,
    order=1,
    before={"parse.header_limit": "8192"},
    diagnostics=(
        Diagnostic(
            symptom="431 for logged-in users, nobody else can reproduce it",
            command="curl -s -o /dev/null -w '%{http_code}' -H \"Cookie: c=$(printf 'v%.0s' "
            '$(seq 12000))" http://127.0.0.1:$PORT/users/me',
            when_it_is="431 with 12 KB of cookies, 200 without",
            when_not="200: the limit is not what refuses them",
            proves=lambda said: said.strip() == "431",
            promql='rate(sevenstops_stop_refused_total{stop="parse",reason="header_limit"}'
            "[5m]) > 0",
        ),
    ),
)
