"""Route: a parameter shadows a static path, and odd spellings slip past."""

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

# Spelling and the handler that has to answer it.
SPELLINGS = (
    ("/users/me", "user_me"),
    ("//users/me", "user_me"),
    ("/users//me", "user_me"),
    ("/users/%6De", "user_me"),
    ("/./users/me", "user_me"),
    ("/users/me/", "user_me"),
    ("/users/42", "user"),
    ("/users/%34%32", "user"),
)


def plan(seed: int) -> Plan:
    """Good traffic, beside which each spelling is asked for."""
    odd = [
        RequestSpec(name=target, target=target, weight=0.05, expect=f'"handler":"{handler}"')
        for target, handler in SPELLINGS
    ]
    return Plan(
        seed=seed,
        arrivals=[constant(500, duration=1)],
        connections=8,
        requests=[RequestSpec(name="good", target="/users/42"), *odd],
    )


def run(lab: Lab, settings: Settings, p: Plan) -> Sample:
    """One freshly started service behind an edge that passes paths on as they are."""
    with service(lab, settings) as s, front(lab, s) as port:
        result = run_plan(p, port)
        misrouted = sum(result.by_name[target].unexpected for target, _ in SPELLINGS)
        return {
            "misrouted_requests": misrouted,
            "good_requests_failed": failures(result, "good"),
        }


EXPERIMENT = Experiment(
    stop="route",
    failure="shadowed-route",
    symptom="the wrong handler answers",
    fix="radix tree, static before parameter; one normal form for paths",
    metrics=[
        Metric("misrouted_requests", "1", "client", "lower", "== 0"),
        Metric("good_requests_failed", "1", "client", "lower", "== 0", guard=True),
    ],
    plan=plan,
    run=run,
)
