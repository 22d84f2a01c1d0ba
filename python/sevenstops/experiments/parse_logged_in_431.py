"""Parse: users whose cookies have grown meet a limit below the edge's."""

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


def run(lab: Lab, settings: Settings, p: Plan) -> Sample:
    """One freshly started service behind an edge that takes lines of 16 KiB."""
    with service(lab, settings) as s, front(lab, s) as port:
        result = run_plan(p, port)
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
    metrics=[
        Metric("logged_in_431_ratio", "1", "client", "lower", "== 0"),
        Metric("requests_failed_beside_431", "1", "client", "lower", "== 0", guard=True),
    ],
    plan=plan,
    run=run,
    order=1,
    before={"parse.header_limit": "8192"},
)
